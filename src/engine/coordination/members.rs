//! Changes of the team while it works: every change is legal at any moment, and each is answered by
//! exactly one event, made or declined.
//!
//! Members are never removed and numbers never used again: who is out keeps its answers and a ballot
//! that stands. A pause ends the round (the conversation is kept) and gives it back, a few times; the
//! others wait for a paused agent for a bounded time only.

use crate::protocol::{
    AgentCard, AgentId, BallotDrop, BallotDropReason, Failure, FailureKind, Hiding, Mode,
    OutcomeEnd, Phase, RoundEnd, RunEvent, TeamCommand, TeamEvent,
};

use super::{
    Action, Change, Coordination, Timer,
    state::{FirstAnswer, Member, Running},
};

/// Rounds that pauses and new models give back to one agent, so that every game stays finite.
const REFUNDS: u32 = 8;

/// Where an agent stands with the person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Presence {
    /// It takes part.
    #[default]
    Here,
    /// Paused; the others wait for it.
    Paused,
    /// Paused for too long; nobody waits.
    Overdue,
    /// Taken out.
    Retired,
}

/// Whether an agent is asked in this turn at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is.
    #[default]
    Its,
    /// Another one is asked alone: it is there and waits for the next turn.
    Others,
}

/// What changes of the team left behind on one member.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Standing {
    pub presence: Presence,
    pub turn: Turn,
    /// Rounds that were given back.
    pub refunds: u32,
}

/// Agents that the rules have asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Recruits {
    /// So far.
    pub asked: u32,
    /// One is on its way: the driver answers at once.
    pub pending: bool,
}

/// What a change that was told before meant for the size of the team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Replayed {
    /// One more.
    Joined,
    /// As many as before.
    Changed,
}

impl Coordination {
    /// A change, or the word that it could not be prepared.
    pub(super) fn change(&mut self, change: Change) {
        let (asked, made) = match change {
            Change::Add { card, like, why } => {
                let model = Some(card.model.clone());
                (TeamCommand::Add { like, model }, self.add(card, like, why))
            }
            Change::Retire(id) => (TeamCommand::Retire(id), self.retire_agent(id)),
            Change::Pause(id) => (TeamCommand::Pause(id), self.pause(id)),
            Change::Resume(id) => (TeamCommand::Resume(id), self.unpause(id)),
            Change::Retry(id) => (TeamCommand::Retry(id), self.retry(id)),
            Change::Replace(card) => {
                let (id, model) = (card.id, card.model.clone());
                (TeamCommand::Replace { id, model }, self.replace(card))
            }
            Change::Hide(hiding) => (TeamCommand::Hide(hiding), self.hide(hiding)),
            Change::Unavailable { change, reason } => {
                self.recruits.pending = false;
                (change, Err(reason))
            }
        };
        if let Err(reason) = made {
            let change = asked;
            self.emit(RunEvent::Team(TeamEvent::Declined { change, reason }));
        }
        self.stand_in();
        self.advance();
    }

    /// From the beginning of the turn only the agent at `i` is asked.
    pub(super) fn ask_alone(&mut self, i: usize) {
        for (at, member) in self.members.iter_mut().enumerate() {
            if at != i {
                member.standing.turn = Turn::Others;
            }
        }
    }

    /// How many agents the turn asks.
    pub(super) fn asked(&self) -> usize {
        let asked = |member: &&Member| member.standing.turn == Turn::Its;
        self.members.iter().filter(asked).count()
    }

    fn add(&mut self, card: AgentCard, like: AgentId, why: String) -> Result<(), String> {
        self.recruits.pending = false;
        if self.phase != Phase::Work {
            return Err(format!("the team is {} already", self.phase.word()));
        }
        if self.asked() < self.members.len() {
            return Err("this turn is one agent's alone".to_owned());
        }
        let most = self.rules().scaling.agents as usize;
        if self.members.len() >= most {
            return Err(format!("a team has at most {most} agents"));
        }
        // Numbers only grow, so that a label never means another agent.
        if self.members.iter().any(|member| member.id >= card.id) {
            return Err(format!("the number {} is not free", card.id.0));
        }
        self.join(card.id);
        self.team_event(TeamEvent::Added { card, like, why });
        Ok(())
    }

    /// A new member, at the last place of the team.
    fn join(&mut self, id: AgentId) {
        self.members.push(Member::new(id));
    }

    fn retire_agent(&mut self, id: AgentId) -> Result<(), String> {
        let i = self.known(id)?;
        if self.members[i].standing.presence == Presence::Retired {
            return Err("it is retired already".to_owned());
        }
        self.away(i, Presence::Retired, TeamEvent::Retired(id));
        self.miss_steering(i);
        Ok(())
    }

    fn pause(&mut self, id: AgentId) -> Result<(), String> {
        let i = self.known(id)?;
        self.here(i)?;
        self.refund(i);
        self.away(i, Presence::Paused, TeamEvent::Paused(id));
        if self.coordinating() {
            self.arm_pause(id);
        } else {
            // Nothing is waited for now; should the team begin again, it begins without.
            self.members[i].standing.presence = Presence::Overdue;
            self.team_event(TeamEvent::Overdue(id));
        }
        Ok(())
    }

    fn unpause(&mut self, id: AgentId) -> Result<(), String> {
        let i = self.known(id)?;
        match self.members[i].standing.presence {
            Presence::Paused | Presence::Overdue => {}
            Presence::Here => return Err("it is not paused".to_owned()),
            Presence::Retired => return Err("it is retired".to_owned()),
        }
        self.disarm(Timer::Pause(id));
        self.members[i].standing.presence = Presence::Here;
        self.team_event(TeamEvent::Resumed(id));
        Ok(())
    }

    /// Whoever is out starts over with a new conversation: the old one led to where it is.
    fn retry(&mut self, id: AgentId) -> Result<(), String> {
        let i = self.known(id)?;
        let retired = self.members[i].standing.presence == Presence::Retired;
        if self.members[i].benched.is_none() && !retired {
            return Err("it is not out".to_owned());
        }
        self.usable(i)?;
        self.revive(i);
        self.team_event(TeamEvent::Retried(id));
        Ok(())
    }

    fn replace(&mut self, card: AgentCard) -> Result<(), String> {
        let i = self.known(card.id)?;
        self.usable(i)?;
        self.refund(i);
        self.end_round(i, RoundEnd::Interrupted);
        let id = card.id;
        let paused = matches!(
            self.members[i].standing.presence,
            Presence::Paused | Presence::Overdue
        );
        self.revive(i);
        self.team_event(TeamEvent::Replaced(card));
        if paused {
            // A new model does not end a pause.
            self.members[i].standing.presence = Presence::Overdue;
            self.team_event(TeamEvent::Overdue(id));
        }
        Ok(())
    }

    /// From now on agents are told this of each other. What they know already stays known.
    fn hide(&mut self, hiding: Hiding) -> Result<(), String> {
        if !self.coordinating() {
            return Err(format!("the team is {} already", self.phase.word()));
        }
        if self.rules().seeing.hiding() == hiding {
            return Err(format!("{} is the rule already", hiding.words()));
        }
        self.setup.rules.seeing.hide(hiding);
        self.team_event(TeamEvent::Hidden(hiding));
        Ok(())
    }

    /// Nobody waits any more for an agent that is still paused.
    pub(super) fn pause_elapsed(&mut self, id: AgentId) {
        if let Some(i) = self.find(id)
            && self.members[i].standing.presence == Presence::Paused
        {
            self.members[i].standing.presence = Presence::Overdue;
            self.team_event(TeamEvent::Overdue(id));
        }
    }

    /// An agent has said nothing for long: it is out, unless nobody else would be left.
    pub(super) fn stalled(&mut self, agent: AgentId, round: u32) {
        let Some(i) = self.find(agent) else { return };
        let runs = |running: &Running| running.round == round;
        let Some(seconds) = self.rules().scaling.stall_seconds else {
            return;
        };
        let others = self
            .everyone()
            .any(|other| other != i && self.is_here(other));
        if self.members[i].running.as_ref().is_some_and(runs) && others {
            let failure = Failure::new(
                FailureKind::Transient,
                format!("No output for {seconds} s."),
            );
            self.bench(i, failure.hint("Give it another chance, or another model."));
        }
    }

    /// Whether the others may have to wait for this agent.
    pub(super) fn counts(&self, i: usize) -> bool {
        let member = &self.members[i];
        member.is_live() && member.standing.presence != Presence::Overdue
    }

    /// Whether it can be asked at all.
    pub(super) fn is_here(&self, i: usize) -> bool {
        let member = &self.members[i];
        member.is_live() && member.standing.presence == Presence::Here
    }

    /// True while a paused agent would have something to do, and its time is not up.
    pub(super) fn waits_for_paused(&self) -> bool {
        self.phase == Phase::Work
            && self.everyone().any(|i| {
                self.members[i].standing.presence == Presence::Paused && self.wanted(i).is_some()
            })
    }

    /// True when the rules ask for one more agent because the votes are split; the driver is told.
    pub(super) fn recruits_on_split(&mut self) -> bool {
        if self.recruits.pending {
            return self.phase == Phase::Work;
        }
        let scaling = &self.rules().scaling;
        // The other modes have given every seat its work when the vote comes; a newcomer has none.
        let room = self.rules().mode == Mode::Team
            && self.recruits.asked < scaling.add_on_split
            && self.members.len() < scaling.agents as usize
            && self.epoch() < self.setup.limits.answers_total
            && self.setup.limits.answers_per_agent > 0
            && self.setup.limits.rounds_per_agent > 0;
        let Some(leader) = self.split().filter(|_| room && self.phase == Phase::Work) else {
            return false;
        };
        self.recruits.asked += 1;
        self.recruits.pending = true;
        let why = "the votes are split".to_owned();
        self.act(Action::Recruit { like: leader, why });
        true
    }

    /// The author of the leading answer, when no answer has more than half of the votes.
    fn split(&self) -> Option<AgentId> {
        let cast: Vec<_> = self.ballots().filter_map(|ballot| ballot.target).collect();
        let votes = |label| cast.iter().filter(|other| **other == label).count();
        // Of equally many votes the earlier answer leads, whatever the order of the team.
        let leader = self
            .answers
            .iter()
            .map(|answer| answer.label)
            .filter(|label| cast.contains(label))
            .rev()
            .max_by_key(|label| votes(*label))?;
        (votes(leader) * 2 <= cast.len()).then_some(leader.agent)
    }

    /// Waits for those who were paused when the turn broke off.
    pub(super) fn wait_for_paused(&mut self) {
        for i in self.everyone() {
            if self.members[i].standing.presence == Presence::Paused {
                self.arm_pause(self.members[i].id);
            }
        }
    }

    fn arm_pause(&mut self, id: AgentId) {
        let seconds = self.rules().scaling.pause_seconds.max(1);
        self.arm(Timer::Pause(id), seconds.saturating_mul(1000));
    }

    /// A change that an earlier process has told; `interrupted` is whose round was ended for it.
    pub(super) fn replay_change(
        &mut self,
        change: &TeamEvent,
        interrupted: Option<usize>,
    ) -> Replayed {
        let (id, presence) = match change {
            TeamEvent::Added { card, why, .. } => {
                if self.find(card.id).is_some() {
                    return Replayed::Changed;
                }
                self.join(card.id);
                self.recruits.asked += u32::from(!why.is_empty());
                return Replayed::Joined;
            }
            TeamEvent::Hidden(hiding) => {
                self.setup.rules.seeing.hide(*hiding);
                return Replayed::Changed;
            }
            TeamEvent::Declined { .. } => return Replayed::Changed,
            TeamEvent::Retired(id) => (*id, Presence::Retired),
            TeamEvent::Paused(id) => (*id, Presence::Paused),
            TeamEvent::Overdue(id) => (*id, Presence::Overdue),
            TeamEvent::Resumed(id) | TeamEvent::Retried(id) => (*id, Presence::Here),
            TeamEvent::Replaced(card) => (card.id, Presence::Here),
        };
        let Some(i) = self.find(id) else {
            return Replayed::Changed;
        };
        let gives_back = matches!(change, TeamEvent::Paused(_) | TeamEvent::Replaced(_));
        let member = &mut self.members[i];
        if gives_back && interrupted == Some(i) && member.standing.refunds < REFUNDS {
            member.standing.refunds += 1;
            member.stint.again += 1;
        }
        member.standing.presence = presence;
        if let TeamEvent::Retried(_) | TeamEvent::Replaced(_) = change {
            member.benched = None;
            if member.revisions == 0 {
                member.first = FirstAnswer::Expected;
            }
        }
        Replayed::Changed
    }

    fn known(&self, id: AgentId) -> Result<usize, String> {
        self.find(id)
            .ok_or_else(|| "there is no such agent".to_owned())
    }

    fn here(&self, i: usize) -> Result<(), String> {
        let member = &self.members[i];
        if let Some(failure) = &member.benched {
            return Err(format!("it is out: {}", failure.kind.word()));
        }
        match member.standing.presence {
            Presence::Here if member.standing.turn == Turn::Others => {
                Err("it is not asked in this turn".to_owned())
            }
            Presence::Here => Ok(()),
            Presence::Paused | Presence::Overdue => Err("it is paused already".to_owned()),
            Presence::Retired => Err("it is retired".to_owned()),
        }
    }

    /// Whether a round could be had for this agent.
    fn usable(&self, i: usize) -> Result<(), String> {
        if !self.coordinating() {
            return Err(format!("the team is {} already", self.phase.word()));
        }
        if self.is_spent(i) {
            return Err("its rounds are used up".to_owned());
        }
        Ok(())
    }

    /// The round that runs is given back.
    fn refund(&mut self, i: usize) {
        let member = &mut self.members[i];
        if member.is_running() && member.standing.refunds < REFUNDS {
            member.standing.refunds += 1;
            member.stint.again += 1;
        }
    }

    fn away(&mut self, i: usize, presence: Presence, event: TeamEvent) {
        let id = self.members[i].id;
        self.disarm(Timer::Pause(id));
        self.end_round(i, RoundEnd::Interrupted);
        self.members[i].standing.presence = presence;
        self.team_event(event);
    }

    fn revive(&mut self, i: usize) {
        let id = self.members[i].id;
        self.disarm(Timer::Pause(id));
        let member = &mut self.members[i];
        member.benched = None;
        member.standing.presence = Presence::Here;
        member.stint.talking = false;
        // Nothing was said yet in the new conversation.
        member.seen.clear();
        let gave_up = member
            .ballot
            .take_if(|ballot| ballot.target.is_none())
            .map(|ballot| BallotDrop {
                ballot,
                reason: BallotDropReason::Replaced,
            });
        if member.revisions == 0 {
            member.first = FirstAnswer::Expected;
        }
        // An abstention was the word of one that had given up.
        if let Some(drop) = gave_up {
            self.emit(RunEvent::BallotsDropped(vec![drop]));
        }
    }

    /// The presenter or verifier was taken away: somebody else stands in.
    fn stand_in(&mut self) {
        let idle = !self.members.iter().any(Member::is_running);
        match self.phase {
            Phase::Presenting if idle => self.present_next(),
            Phase::Verifying if idle => self.verify_next("the verifier was taken away."),
            _ => {}
        }
    }

    fn team_event(&mut self, event: TeamEvent) {
        self.emit(RunEvent::Team(event));
    }

    /// The words for a turn without an answer in which agents were away.
    pub(super) fn away_words(&self) -> String {
        let count = |presence: &[Presence]| {
            let away = |member: &&Member| presence.contains(&member.standing.presence);
            self.members.iter().filter(away).count()
        };
        let retired = count(&[Presence::Retired]);
        let paused = count(&[Presence::Paused, Presence::Overdue]);
        match (retired, paused) {
            (0, 0) => String::new(),
            (retired, 0) => format!("{retired} retired."),
            (0, paused) => format!("{paused} paused."),
            (retired, paused) => format!("{retired} retired, {paused} paused."),
        }
    }

    /// Whether coordination ended without an agent that was waited for.
    pub(super) fn somebody_overdue(&self) -> Option<OutcomeEnd> {
        self.everyone()
            .any(|i| {
                let member = &self.members[i];
                member.standing.presence == Presence::Overdue && member.ballot.is_none()
            })
            .then_some(OutcomeEnd::Limit)
    }
}
