//! Runs a task to its end: one turn, or a chain of them, with the question about the plan in between.
//!
//! Between two turns the person is heard as within them: stop, answer now and leaving end the wait
//! for an approval. The last event of a chain is `Over`.

use tokio::sync::mpsc;

use super::{Chain, Leg, Mark, Next, files_of};
use crate::{
    engine::{
        SessionSetup, broken,
        coordination::Input,
        desk::Draft,
        driver::{Ended, Ways},
        history::Earlier,
        notice,
        past::Past,
        premises::{self, Start},
        roster::Roster,
        turn,
    },
    protocol::{
        AgentId, Command, EventKind, Outcome, QuestionKind, Reply, RunEvent, StageEvent, StageKind,
        rules::Persona,
    },
};

/// Seconds a plan waits for its approval: a day.
const PATIENCE: u64 = 24 * 60 * 60;

/// Where a task runs.
pub(in crate::engine) struct Room<'a> {
    pub setup: &'a SessionSetup,
    pub roster: &'a mut Roster,
    pub ways: &'a Ways,
    pub history: &'a [Earlier],
    pub commands: &'a mut mpsc::Receiver<Command>,
    /// Number of the last turn.
    pub number: &'a mut u32,
}

impl Room<'_> {
    /// Runs a task from its first turn to its last; also the personas that are to be kept.
    pub async fn task(&mut self, prompt: &str) -> (Ended, Option<Vec<Persona>>) {
        let team: Vec<AgentId> = self.roster.cards().iter().map(|card| card.id).collect();
        match Chain::new(prompt, &self.setup.rules, &self.setup.limits, &team) {
            Some(chain) => self.chain(chain, None).await,
            None => (self.turn(prompt, None).await, None),
        }
    }

    /// Goes on with what a log broke off in: a turn, a chain, or a chain between two of its turns.
    /// `ends`: only as far as it takes to end it with what there is.
    pub async fn go_on(&mut self, past: Past, ends: bool) -> (String, Ended) {
        let chain = past.chain(self.setup);
        let mut prompt = chain
            .as_ref()
            .map_or_else(String::new, |one| one.prompt().to_owned());
        let mut ended = None;
        let mut kind = None;
        let before = past.marks.iter().rev().find_map(|mark| match mark {
            Mark::Ended(_, outcome) => Some(outcome.clone()),
            Mark::Spent(_) | Mark::Step(_) => None,
        });
        if let Some(open) = past.open {
            let first = if ends { Input::Stop } else { Input::Start };
            prompt.clone_from(&open.start.prompt);
            kind = open.start.stage.as_ref().map(|stage| stage.kind);
            let (ways, history) = (self.ways, self.history);
            // A coordinator works alone also when its turn goes on.
            let seats = &open.start.team;
            let alone = kind.is_some() && seats.len() == 1 && self.roster.team().len() > 1;
            let one = seats.first().and_then(|card| self.roster.find(card.id));
            let mut one = Roster::new(one.filter(|_| alone).cloned().into_iter().collect());
            let roster = if one.team().is_empty() {
                &mut *self.roster
            } else {
                &mut one
            };
            let turn = broken::turn(roster, ways, *open, history, first, self.commands);
            ended = Some(turn.await);
        }
        let close = ended.as_ref().is_some_and(|ended| ended.close);
        let Some(mut chain) = chain else {
            let nothing = Ended {
                outcome: None,
                answers: Vec::new(),
                close: false,
                spent: Vec::new(),
            };
            return (prompt, ended.unwrap_or(nothing));
        };
        if let (Some(kind), Some(ended)) = (kind, &ended) {
            chain.pay(&ended.spent);
            chain.take(kind, ended.outcome.as_ref());
        }
        if ends || close {
            chain.stop();
        }
        let (last, answers) = ended.map_or((None, Vec::new()), |one| (one.outcome, one.answers));
        let begins = last.clone().or(before);
        let (mut ended, _) = self.chain(chain, begins).await;
        ended.outcome = ended.outcome.or(last);
        if ended.answers.is_empty() && answers_the_task(kind) {
            ended.answers = answers;
        }
        ended.close |= close;
        (prompt, ended)
    }

    async fn turn(&mut self, prompt: &str, leg: Option<&Leg>) -> Ended {
        *self.number += 1;
        let place = (*self.number, prompt, leg);
        let alone = leg.and_then(|leg| leg.alone);
        let one = alone.and_then(|id| self.roster.team().iter().find(|one| one.card.id == id));
        match one.cloned() {
            Some(one) => {
                let mut one = Roster::new(vec![one]);
                turn(
                    self.setup,
                    &mut one,
                    self.ways,
                    place,
                    self.history,
                    self.commands,
                )
                .await
            }
            None => {
                turn(
                    self.setup,
                    self.roster,
                    self.ways,
                    place,
                    self.history,
                    self.commands,
                )
                .await
            }
        }
    }

    /// Runs what is left of a chain. Each step begins with the files that the one before ended with.
    async fn chain(
        &mut self,
        mut chain: Chain,
        mut last: Option<Outcome>,
    ) -> (Ended, Option<Vec<Persona>>) {
        let mut close = false;
        let mut answers = Vec::new();
        loop {
            match chain.next() {
                Next::Run(leg) => {
                    let prompt = chain.prompt().to_owned();
                    let files = last.as_ref().map(files_of).unwrap_or_default();
                    if !files.is_empty() {
                        let start = Start::Step(files.to_vec());
                        premises::begin(&self.ways.grounds, start, &self.ways.outbox).await;
                    }
                    let ended = self.turn(&prompt, Some(&leg)).await;
                    chain.told();
                    chain.pay(&ended.spent);
                    chain.take(leg.stage.kind, ended.outcome.as_ref());
                    last = ended.outcome;
                    answers = Some(ended.answers)
                        .filter(|_| answers_the_task(Some(leg.stage.kind)))
                        .unwrap_or_default();
                    if ended.close {
                        close = true;
                        chain.stop();
                    }
                }
                Next::Approve(plan) => close |= self.approve(&mut chain, plan).await,
                Next::Over(outcome) => {
                    let missing = chain.missing();
                    if !missing.is_empty() {
                        let event = StageEvent::Missing { parts: missing };
                        self.tell(event).await;
                    }
                    let over = StageEvent::Over {
                        outcome: outcome.clone(),
                    };
                    self.tell(over).await;
                    let kept = chain.personas().map(<[Persona]>::to_vec);
                    let ended = Ended {
                        outcome: outcome.or(last),
                        answers,
                        close,
                        spent: Vec::new(),
                    };
                    return (ended, kept);
                }
            }
        }
    }

    async fn tell(&self, event: StageEvent) {
        let event = EventKind::Run(RunEvent::Stage(event));
        self.ways.outbox.emit(event).await;
    }

    /// Has a plan approved; true when the person leaves meanwhile.
    async fn approve(&mut self, chain: &mut Chain, plan: String) -> bool {
        if !chain.asks() {
            chain.approve_by_policy();
            return false;
        }
        let draft = Draft {
            asker: None,
            text: "The plan is made. Approve it, change it, or say what is wrong with it."
                .to_owned(),
            kind: QuestionKind::Plan { plan },
            seconds: PATIENCE,
        };
        let asked = self.ways.desk.ask(draft);
        tokio::pin!(asked);
        loop {
            tokio::select! {
                answer = &mut asked => {
                    let reply: Option<Reply> = answer.map(|(_, reply)| reply);
                    chain.approve(reply.as_ref());
                    return false;
                }
                command = self.commands.recv() => match command {
                    None | Some(Command::Close) => {
                        chain.stop();
                        return true;
                    }
                    Some(Command::Stop | Command::AnswerNow) => {
                        chain.stop();
                        return false;
                    }
                    Some(_) => {
                        let text = "A plan waits for your approval; nobody is at work.";
                        self.ways.outbox.emit(notice(text)).await;
                    }
                },
            }
        }
    }
}

/// Whether what is published in a turn answers the task itself, and not a step of it only.
pub(in crate::engine) fn answers_the_task(kind: Option<StageKind>) -> bool {
    kind.is_none_or(|kind| kind == StageKind::Work)
}

/// The chain that a log breaks off in, as far as it got.
pub(in crate::engine) fn unfinished(mut chain: Chain, marks: &[Mark]) -> Chain {
    // What holds for all of it stands in the log.
    chain.told();
    for mark in marks {
        match mark {
            Mark::Spent(shares) => chain.pay(shares),
            Mark::Ended(kind, outcome) => chain.take(*kind, Some(outcome)),
            Mark::Step(event) => chain.replay(event),
        }
    }
    chain
}
