//! Verification: an agent that did not write the final text looks at it, and the team may work again.
//!
//! The verdict is read strictly; whoever gives none is replaced once, then the text stands and the
//! log says that nobody verified it. A verdict against the text begins another attempt while the
//! rules and the money allow: the named agents (or all) lose their ballots and are asked again with
//! the instructions, the others' ballots keep standing, every answer stays eligible. Caps on answers
//! and rounds, and the turn's time, hold per attempt, so a turn ends after a known number of
//! attempts.

use crate::protocol::{
    AgentId, BallotDrop, BallotDropReason, OutcomeEnd, Phase, Purpose, ReviewEvent, RoundEnd,
    RunEvent, Setback, Verdict,
};

use super::{
    Action, Ask, Brief, Cause, Coordination, Refusal, Report, Review, Timer,
    state::{FirstAnswer, Funds, Voting},
};

/// Agents that are asked for a verdict before the text stands unverified.
const VERIFIERS: usize = 2;
/// Longest instructions that are passed on, in bytes.
const LONGEST: usize = 8 * 1024;

/// The attempts of a turn.
#[derive(Clone, Debug, Default)]
pub(super) struct Attempts {
    /// Times the team has begun again.
    pub again: u32,
    /// The final text under verification and who presented it.
    pub text: Option<(String, Option<AgentId>)>,
    /// Who may still be asked for a verdict, next last.
    pub verifiers: Vec<AgentId>,
    /// Answers there were when this attempt began.
    pub answers: u32,
    /// The team's budget for work is used up, in this attempt or an earlier one.
    pub out_of_budget: bool,
    /// After a break: verifiers that gave no verdict in this attempt, and what was told last.
    pub tried: Vec<AgentId>,
    pub told: Option<Told>,
}

/// What a log that breaks off says about the verification.
#[derive(Clone, Debug)]
pub(super) enum Told {
    /// A verdict; what follows from it is missing.
    Verdict(Verdict),
    /// The text stands; the outcome is missing.
    Skipped,
}

impl Attempts {
    /// The running attempt, starting at 1.
    pub const fn number(&self) -> u32 {
        self.again.saturating_add(1)
    }
}

impl Coordination {
    /// Attempts there may be.
    fn attempts(&self) -> u32 {
        let rule = self.rules().finishing.verify;
        rule.map_or(1, |verify| verify.restarts.saturating_add(1))
    }

    /// The final text is there: it is verified or given.
    pub(super) fn answer_with(&mut self, text: String, presenter: Option<AgentId>) {
        let Some(settled) = &self.ending.settled else {
            return;
        };
        let writer = presenter.unwrap_or(settled.winner.agent);
        let author = settled.winner.agent;
        let stopped = settled.end == OutcomeEnd::Stopped;
        let rule = self.rules().finishing.verify;
        // After a break in the last step only the outcome is missing.
        let over = self.phase == Phase::Done;
        let Some(rule) = rule.filter(|_| !stopped && !over) else {
            return self.close_with(text, presenter);
        };
        let mut order: Vec<_> = self.members.iter().map(|member| member.id).collect();
        if let Some(by) = rule.by {
            order.sort_by_key(|id| *id != by);
        }
        order.retain(|id| {
            *id != writer && *id != author && self.find(*id).is_some_and(|i| self.can_serve(i))
        });
        order.retain(|id| !self.attempts.tried.contains(id));
        order.truncate(VERIFIERS.saturating_sub(self.attempts.tried.len()));
        order.reverse();
        self.attempts.verifiers = order;
        self.attempts.text = Some((text, presenter));
        let why = if self.members.len() < 2 {
            "there is no other agent than its author."
        } else {
            "no other agent is left."
        };
        self.verify_next(why);
    }

    /// Asks the next verifier, or lets the text stand and says why nobody looked at it.
    pub(super) fn verify_next(&mut self, why: &str) {
        match self.attempts.told.take() {
            Some(Told::Verdict(verdict)) => return self.follow(&verdict),
            Some(Told::Skipped) => return self.final_text_stands(),
            None => {}
        }
        let next = self.attempts.verifiers.pop();
        let able = next
            .and_then(|id| self.find(id))
            .filter(|i| self.can_serve(*i));
        if let Some(i) = able {
            return self.ask_to_verify(i);
        }
        let why = why.to_owned();
        self.emit(RunEvent::Review(ReviewEvent::Skipped { why }));
        self.final_text_stands();
    }

    /// The text is given as it is.
    pub(super) fn final_text_stands(&mut self) {
        if let Some((text, presenter)) = self.attempts.text.take() {
            self.close_with(text, presenter);
        }
    }

    /// Starts a verification: a new conversation.
    fn ask_to_verify(&mut self, i: usize) {
        let (Some((text, presenter)), Some(settled)) =
            (self.attempts.text.clone(), &self.ending.settled)
        else {
            return;
        };
        let winner = settled.winner;
        if self.phase != Phase::Verifying {
            self.enter(Phase::Verifying);
        }
        self.arm_phase(self.setup.limits.present_seconds);
        let (attempt, of) = (self.attempts.number(), self.attempts());
        let by = self.members[i].id;
        self.emit(RunEvent::Review(ReviewEvent::Asked { by, attempt, of }));
        let round = self.open(i, Purpose::Verify);
        self.members[i].stint.talking = false;
        self.start_round(i, Vec::new());
        let agents = self.live_ids();
        let steering = self.heard(i);
        self.act(Action::Ask(Ask {
            agent: by,
            round,
            purpose: Purpose::Verify,
            fresh: true,
            winner: None,
            review: Some(Box::new(Review {
                text,
                winner,
                presenter,
                agents,
            })),
            brief: Brief {
                verifies: true,
                steering,
                ..Brief::default()
            },
        }));
    }

    fn live_ids(&self) -> Vec<AgentId> {
        let live = self.members.iter().filter(|member| member.is_live());
        live.map(|member| member.id).collect()
    }

    /// A verifier reports.
    pub(super) fn verifier_report(&mut self, i: usize, report: Report) {
        match report {
            Report::Verdict {
                accept,
                instructions,
                agents,
            } => self.verdict(i, accept, &instructions, &agents),
            Report::Boundary => self.go_on(i, Cause::Boundary),
            Report::Failed(failure) => {
                self.bench(i, failure);
                self.verify_next("the verifier failed.");
            }
            Report::Unaffordable(_) => {
                self.end_round(i, RoundEnd::Interrupted);
                self.verify_next("there is no budget left for it.");
            }
            Report::Miss { .. }
            | Report::Presented { .. }
            | Report::Publish { .. }
            | Report::Vote { .. } => self.no_verdict(i),
        }
    }

    /// A reply without a verdict: asked again within the limit of misses.
    fn no_verdict(&mut self, i: usize) {
        let limit = self.setup.limits.misses_per_round;
        let Some(running) = &mut self.members[i].running else {
            return;
        };
        running.misses += 1;
        let left = limit.saturating_sub(running.misses);
        self.refused(i, "reply", "It gave no verdict.", Setback::Refused);
        if left == 0 {
            self.give_up_verifying(i);
        } else {
            self.go_on(i, Cause::Missed { left });
        }
    }

    /// This verifier has had its calls.
    pub(super) fn give_up_verifying(&mut self, i: usize) {
        self.end_round(i, RoundEnd::Interrupted);
        self.verify_next("no verdict was given.");
    }

    fn verdict(&mut self, i: usize, accept: bool, instructions: &str, named: &[String]) {
        let agents = match self.named(named) {
            Ok(agents) => agents,
            Err(name) => return self.refuse(i, "verdict", Refusal::UnknownChoice(name)),
        };
        let cut = instructions.floor_char_boundary(LONGEST);
        let instructions = instructions[..cut].trim().to_owned();
        let verdict = Verdict {
            by: self.members[i].id,
            attempt: self.attempts.number(),
            accept,
            instructions,
            agents,
        };
        self.end_round(i, RoundEnd::Verified);
        self.emit(RunEvent::Review(ReviewEvent::Verdict(verdict.clone())));
        self.follow(&verdict);
    }

    /// What follows from a verdict.
    fn follow(&mut self, verdict: &Verdict) {
        let restarts = self.attempts.number() < self.attempts() && !self.attempts.out_of_budget;
        if verdict.accept || !restarts {
            return self.final_text_stands();
        }
        self.begin_again(&verdict.agents, &verdict.instructions);
    }

    /// The live agents behind names of a verdict.
    fn named(&self, names: &[String]) -> Result<Vec<AgentId>, String> {
        let mut agents = Vec::new();
        for name in names {
            let id = super::choice::parse(name).map(|(id, _)| id);
            match id.filter(|id| self.find(*id).is_some()) {
                Some(id) if !agents.contains(&id) => agents.push(id),
                Some(_) => {}
                None => return Err(name.chars().take(80).collect()),
            }
        }
        Ok(agents)
    }

    /// Another attempt.
    fn begin_again(&mut self, named: &[AgentId], instructions: &str) {
        let able = |machine: &Self, i: usize| machine.is_here(i);
        let mut again: Vec<usize> = self
            .everyone()
            .filter(|i| named.contains(&self.members[*i].id) && able(self, *i))
            .collect();
        if again.is_empty() {
            again = self.everyone().filter(|i| able(self, *i)).collect();
        }
        if again.is_empty() {
            return self.final_text_stands();
        }
        self.disarm(Timer::Phase);
        let agents: Vec<_> = again.iter().map(|i| self.members[*i].id).collect();
        self.count_attempt(&agents, instructions);
        self.emit(RunEvent::Review(ReviewEvent::Again {
            attempt: self.attempts.number(),
            of: self.attempts(),
            agents,
        }));
        self.drop_revised();
        self.enter(Phase::Work);
        let seconds = self.setup.limits.turn_seconds;
        self.arm(Timer::Turn, seconds.saturating_mul(1000));
        self.wait_for_paused();
        self.advance();
    }

    /// Another attempt begins: caps count anew, the named agents have instructions to hear.
    pub(super) fn count_attempt(&mut self, agents: &[AgentId], instructions: &str) {
        self.attempts = Attempts {
            again: self.attempts.again.saturating_add(1),
            answers: self.epoch(),
            out_of_budget: self.attempts.out_of_budget,
            ..Attempts::default()
        };
        self.ending.settled = None;
        self.ending.forced = None;
        self.voting = Voting::default();
        self.reopen_layers();
        let judge = self.rules().deciding.judge.filter(|_| self.judged());
        for member in &mut self.members {
            member.stint.base_rounds = member.rounds;
            member.stint.again = 0;
            member.stint.base_revisions = member.revisions;
            // Answers are independent in the first attempt; from now on everybody may look.
            let judges = judge == Some(member.id);
            if member.revisions == 0 && member.stint.funds == Funds::Open && !judges {
                member.first = FirstAnswer::Agreed;
            }
        }
        for id in agents {
            if let Some(i) = self.find(*id) {
                self.members[i].stint.revise = Some(instructions.to_owned());
            }
        }
    }

    /// Whoever is to work again has no vote.
    pub(super) fn drop_revised(&mut self) {
        let mut drops = Vec::new();
        for member in &mut self.members {
            if member.stint.revise.is_some()
                && let Some(ballot) = member.ballot.take()
            {
                let reason = BallotDropReason::Revising;
                drops.push(BallotDrop { ballot, reason });
            }
        }
        if !drops.is_empty() {
            self.emit(RunEvent::BallotsDropped(drops));
        }
    }
}
