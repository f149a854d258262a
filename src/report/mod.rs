//! What a session says about itself, counted from its events without any model.
//!
//! Where the time went, who waited for whom, what each agent, phase and round cost and how much of it came to
//! nothing, what failed and why, who voted for whom, which tools were used, and what is odd. The same
//! figures as parts and rows ([`sheet()`]), as a page of Markdown ([`markdown()`]) and as data (they
//! serialise). What a model makes of them is in [`analysis`]. It judges the process
//! and never says whether an answer is right: no log knows that.

pub mod analysis;
mod compare;
mod markdown;
mod odd;
mod paused;
mod rounds;
mod sheet;
#[cfg(test)]
mod tests;
mod tools;
mod trouble;
mod votes;

use serde::Serialize;

pub use self::{
    compare::{Subject, compare, compare_markdown, csv, unified},
    markdown::{markdown, page},
    odd::Odd,
    rounds::{Cause, Round},
    sheet::{sheet, sheet_of},
    tools::Tool,
    trouble::Trouble,
    votes::{Edge, Habit, Voting},
};

use crate::{
    protocol::{AgentId, Event, EventKind, Outcome, Phase, RunEvent, RunId, Usage},
    run::{RunState, Turn},
};

/// Version of the figures and their names.
pub const VERSION: u32 = 2;

/// The outcome of a turn without an end.
const UNFINISHED: &str = "unfinished";
/// The same while it is at work.
const RUNNING: &str = "running";

/// A session in figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// [`VERSION`].
    pub version: u32,
    /// The session.
    pub run: RunId,
    /// Number of the last event it was made from: a session that has more has outgrown it.
    pub last_event: u64,
    /// Its turns.
    pub turns: Vec<Of>,
    /// How each model votes, over all turns.
    pub habits: Vec<Habit>,
}

/// A turn in figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Of {
    /// Which, starting at 1.
    pub turn: u32,
    /// Which part of the session it is.
    #[serde(flatten)]
    pub part: Part,
    /// Its task.
    pub prompt: String,
    /// `answered`, `no answer`, `unfinished`, or `running` while somebody still writes it.
    pub outcome: &'static str,
    /// The winning answer, as `agent2.1`, and the name of its agent.
    pub winner: Option<(String, String)>,
    /// Wall-clock time in milliseconds.
    pub took_ms: u64,
    /// Tokens and money.
    pub usage: Usage,
    /// The part of them that came to nothing.
    pub wasted: Usage,
    /// Where the time and the money went, by phase.
    pub phases: Vec<PhaseShare>,
    /// The agents, in the order of the team.
    pub agents: Vec<AgentShare>,
    /// Every round, in the order of their beginnings.
    pub rounds: Vec<Round>,
    /// The vote.
    pub voting: Voting,
    /// Failed calls, by agent and kind.
    pub troubles: Vec<Trouble>,
    /// Tools, most time first.
    pub tools: Vec<Tool>,
    /// What is odd, in the order it happened.
    pub odd: Vec<Odd>,
}

/// A turn's part of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Which of the turns with this number, and how many there are: another program may begin a turn
    /// anew.
    pub attempt: (u32, u32),
    /// Number of its first event and of its last.
    pub events: (u64, u64),
}

/// A phase.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PhaseShare {
    /// Which.
    pub phase: Phase,
    /// How long it took, in milliseconds.
    pub ms: u64,
    /// What rounds that began in it used.
    pub usage: Usage,
}

/// An agent's part of a turn. The times do not overlap and sum up to the turn's for an agent that was there
/// all the time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgentShare {
    /// Who.
    pub agent: AgentId,
    /// Its name.
    pub name: String,
    /// Its model.
    pub model: String,
    /// Milliseconds in rounds, tools and repeats of failed calls left out.
    pub working_ms: u64,
    /// Milliseconds in rounds while a tool ran.
    pub tools_ms: u64,
    /// Milliseconds in rounds between a failed call and the next word.
    pub retrying_ms: u64,
    /// Milliseconds between rounds: it waited for the others, or was out.
    pub waiting_ms: u64,
    /// Rounds it began.
    pub rounds: usize,
    /// Answers it published.
    pub answers: usize,
    /// Tokens and money.
    pub usage: Usage,
    /// The part of them that came to nothing: rounds that failed or were cut off, and votes that stopped
    /// counting.
    pub wasted: Usage,
    /// Why it was out, if it was.
    pub lost: Option<String>,
}

impl Report {
    /// The same of a session that is still written: a last turn without an end is at work, and there is
    /// nothing odd about that.
    #[must_use]
    pub fn still_written(mut self) -> Self {
        if let Some(turn) = self.turns.last_mut()
            && turn.outcome == UNFINISHED
        {
            turn.outcome = RUNNING;
            turn.odd.retain(|odd| odd.words != odd::BROKEN_OFF);
        }
        self
    }
}

/// The figures of a session.
#[must_use]
pub fn of(run: &RunId, events: &[Event]) -> Report {
    let events = &*paused::without(events);
    let mut state = RunState::default();
    for event in events {
        state.apply(event);
    }
    let parts = parts(events);
    let turns = state.turns().zip(parts);
    let mut turns: Vec<Of> = turns.map(|(turn, events)| turn_of(turn, events)).collect();
    number(&mut turns);
    let mut habits = Vec::new();
    for turn in &turns {
        votes::add(&mut habits, &turn.voting.habits);
    }
    Report {
        version: VERSION,
        run: run.clone(),
        last_event: state.last_seq,
        turns,
        habits,
    }
}

/// Numbers the attempts of each turn.
fn number(turns: &mut [Of]) {
    let numbers: Vec<u32> = turns.iter().map(|turn| turn.turn).collect();
    for (place, turn) in turns.iter_mut().enumerate() {
        let same = |number: &&u32| **number == turn.turn;
        let before = numbers.iter().take(place).filter(same).count();
        let all = numbers.iter().filter(same).count();
        turn.part.attempt = (before as u32 + 1, all as u32);
    }
}

/// The events of each turn. One that goes on in another process is the same turn, unless the log lost its
/// beginning.
fn parts(events: &[Event]) -> Vec<&[Event]> {
    let mut starts: Vec<usize> = Vec::new();
    for (place, event) in events.iter().enumerate() {
        if let EventKind::Run(RunEvent::Started(start)) = &event.kind
            && (start.resumed.is_none() || starts.is_empty())
        {
            starts.push(place);
        }
    }
    let ends = starts.iter().skip(1).copied().chain([events.len()]);
    let spans = starts.iter().zip(ends);
    spans
        .filter_map(|(from, to)| events.get(*from..to))
        .collect()
}

fn turn_of(turn: &Turn, events: &[Event]) -> Of {
    let end = events.last().map_or(turn.started, |event| event.at);
    let end = turn.ended.unwrap_or(end);
    let rounds = rounds::of(turn, events, end);
    let voting = votes::of(turn, events);
    let winner = match &turn.outcome {
        Some(Outcome::Answered { winner, .. }) => Some(*winner),
        _ => None,
    };
    let troubles = trouble::of(turn, events);
    let tools = tools::of(events);
    let odd = odd::of(turn, events, &rounds, &voting, &tools);
    let agents: Vec<AgentShare> = (turn.agents.iter())
        .map(|agent| rounds::share(turn, agent, &rounds, end))
        .collect();
    let wasted = agents.iter().map(|agent| agent.wasted);
    let seq = |event: Option<&Event>| event.map_or(0, |event| event.seq.0);
    Of {
        turn: turn.start.turn,
        part: Part {
            attempt: (1, 1),
            events: (seq(events.first()), seq(events.last())),
        },
        wasted: wasted.fold(Usage::default(), |sum, usage| sum + usage),
        prompt: turn.start.prompt.clone(),
        outcome: match &turn.outcome {
            Some(Outcome::Answered { .. }) => "answered",
            Some(Outcome::NoAnswer { .. }) => "no answer",
            None => UNFINISHED,
        },
        winner: winner.map(|label| (label.to_string(), turn.name(label.agent).to_owned())),
        took_ms: turn.elapsed(end),
        usage: turn.usage(),
        phases: phases(turn, events, end.0),
        agents,
        rounds,
        voting,
        troubles,
        tools,
        odd,
    }
}

/// How long each phase took and what its rounds used.
fn phases(turn: &Turn, events: &[Event], end: u64) -> Vec<PhaseShare> {
    let mut spans: Vec<(Phase, u64)> = vec![(Phase::Work, turn.started.0)];
    spans.extend(events.iter().filter_map(|event| match &event.kind {
        EventKind::Run(RunEvent::Phase(phase)) => Some((*phase, event.at.0)),
        _ => None,
    }));
    let ends = spans.iter().skip(1).map(|(_, at)| *at).chain([end]);
    let mut shares: Vec<PhaseShare> = Vec::new();
    for ((phase, from), to) in spans.iter().zip(ends) {
        let ms = to.saturating_sub(*from);
        match shares.iter_mut().find(|share| share.phase == *phase) {
            Some(share) => share.ms += ms,
            None => shares.push(PhaseShare {
                phase: *phase,
                ms,
                usage: turn.record.spending.sum(|share| share.phase == *phase),
            }),
        }
    }
    // What comes after the end is no phase of the work.
    shares.retain(|share| {
        let over = share.phase == Phase::Done && share.usage.calls == 0;
        !over && (share.ms > 0 || share.usage.calls > 0)
    });
    shares
}
