//! One line about a session, gathered while its events pass by.
//!
//! A small scan of its own, because listing a thousand sessions must not fold a thousand logs: the
//! writer keeps one running and stores its result beside the log at the end of every turn.

use serde::{Deserialize, Serialize};

use crate::protocol::{
    AgentCard, AgentEvent, AgentId, Cost, Damage, Event, EventKind, Member, NoAnswerReason, Origin,
    Outcome, RunEvent, RunId, SessionSummary, StageEvent, TeamEvent, Timestamp, change::Access,
};

/// Longest prompt kept in a summary, in characters; the log has all of it.
const PROMPT_CHARS: usize = 500;

/// What `summary.json` holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Stored {
    /// Version of this file.
    pub(super) summary: u32,
    /// Length of the log it was made from: another length means that it is out of date.
    pub(super) log_bytes: u64,
    /// The line of the list.
    pub(super) session: SessionSummary,
}

/// Version of `summary.json`; another one is rebuilt from the log.
pub(super) const VERSION: u32 = 3;

/// What agents made, and where.
#[derive(Clone, Debug, Default)]
struct Work {
    /// Working folder of the first turn.
    folder: String,
    /// Answers, all revisions of all turns.
    answers: u32,
    /// Agents may change files.
    writable: bool,
    /// Files the result of the turn differs in.
    files: Option<u32>,
}

/// Gathers a summary from events in order.
#[derive(Clone, Debug)]
pub struct Scan {
    run: RunId,
    prompt: String,
    started: Option<Timestamp>,
    last: Timestamp,
    turns: u32,
    team: Vec<(AgentId, Member)>,
    agents: u32,
    work: Work,
    word: &'static str,
    /// How the last turn ended.
    last_word: &'static str,
    /// The last turn is one of several of its task.
    staged: bool,
    winner: Option<String>,
    cost: Option<Cost>,
    demo: bool,
    from: Option<String>,
}

impl Scan {
    /// Nothing seen yet of session `run`.
    #[must_use]
    pub fn new(run: RunId) -> Self {
        Self {
            run,
            prompt: String::new(),
            started: None,
            last: Timestamp(0),
            turns: 0,
            team: Vec::new(),
            agents: 0,
            work: Work::default(),
            word: "unfinished",
            last_word: "unfinished",
            staged: false,
            winner: None,
            cost: None,
            demo: false,
            from: None,
        }
    }

    /// Takes in one event.
    pub fn apply(&mut self, event: &Event) {
        self.started.get_or_insert(event.at);
        self.last = self.last.max(event.at);
        match &event.kind {
            EventKind::Run(event) => self.apply_run(event),
            EventKind::Agent { id: _, event } => match event {
                AgentEvent::Usage(usage) if usage.cost.usd > 0.0 || !usage.cost.partial => {
                    self.cost = Some(self.cost.unwrap_or_default() + usage.cost);
                }
                AgentEvent::Published(_) => {
                    self.work.answers = self.work.answers.saturating_add(1);
                }
                _ => {}
            },
        }
    }

    fn apply_run(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Started(start) => {
                if self.turns == 0 {
                    self.prompt = start.prompt.chars().take(PROMPT_CHARS).collect();
                    self.work.folder.clone_from(&start.cwd);
                }
                if start.resumed.is_none() || self.turns == 0 {
                    self.turns += 1;
                }
                self.agents = u32::try_from(start.team.len()).unwrap_or(u32::MAX);
                self.team = start.team.iter().map(member).collect();
                let mut places = start.places.iter();
                self.work.writable = places.any(|place| place.access == Access::Write);
                self.work.files = None;
                self.word = "unfinished";
                self.last_word = self.word;
                self.staged = start.stage.is_some();
                self.winner = None;
                self.demo |= matches!(start.origin, Origin::Demo { .. });
                if let Origin::Imported { program } = &start.origin {
                    self.from = Some(program.clone());
                }
            }
            RunEvent::Decided(decision) => self.winner = Some(self.name(decision.winner.agent)),
            RunEvent::Ended(outcome) => {
                self.last_word = word(outcome);
                // A task in several turns is over when it says so, not with its first turn.
                if !self.staged {
                    self.word = self.last_word;
                }
                if let Outcome::Answered {
                    winner, changes, ..
                } = outcome
                {
                    self.winner = Some(self.name(winner.agent));
                    let files = changes.iter().map(|snapshot| snapshot.files);
                    let files = files.fold(0, u32::saturating_add);
                    self.work.files = (self.work.writable || files > 0).then_some(files);
                }
            }
            RunEvent::Stage(StageEvent::Over { outcome }) => {
                self.word = outcome.as_ref().map_or(self.last_word, word);
            }
            RunEvent::Team(TeamEvent::Added { card, .. }) => {
                self.agents = self.agents.saturating_add(1);
                self.team.push(member(card));
            }
            RunEvent::Team(TeamEvent::Replaced(card)) => {
                if let Some(seat) = self.team.iter_mut().find(|(id, _)| *id == card.id) {
                    *seat = member(card);
                }
            }
            RunEvent::Phase(_)
            | RunEvent::Team(_)
            | RunEvent::BallotsDropped(_)
            | RunEvent::Steer { .. }
            | RunEvent::Stage(_)
            | RunEvent::Question(_)
            | RunEvent::Budget(_)
            | RunEvent::Review(_)
            | RunEvent::Notice { .. } => {}
        }
    }

    fn name(&self, agent: AgentId) -> String {
        let mut team = self.team.iter();
        let found = team.find(|(id, _)| *id == agent);
        found.map_or_else(|| agent.to_string(), |(_, member)| member.name.clone())
    }

    /// The summary of what has passed by.
    #[must_use]
    pub fn summary(&self, damage: Option<&Damage>) -> SessionSummary {
        let lost = damage.is_some_and(Damage::lost_events);
        SessionSummary {
            run: self.run.clone(),
            prompt: self.prompt.clone(),
            started_ms: self.started.unwrap_or_default().0,
            duration_ms: self.last.since(self.started.unwrap_or_default()),
            turns: self.turns,
            agents: self.agents,
            outcome: if lost { "damaged" } else { self.word }.to_owned(),
            winner: self.winner.clone(),
            cost_usd: self.cost.map(|cost| cost.usd),
            demo: self.demo,
            from: self.from.clone(),
            team: self.team.iter().map(|(_, member)| member.clone()).collect(),
            folder: self.work.folder.clone(),
            files_changed: self.work.files,
            answers: self.work.answers,
        }
    }
}

fn member(card: &AgentCard) -> (AgentId, Member) {
    let member = Member {
        name: card.name.clone(),
        model: card.model.clone(),
    };
    (card.id, member)
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Answered { .. } => "answered",
        Outcome::NoAnswer { reason, .. } => match reason {
            NoAnswerReason::AllFailed | NoAnswerReason::Limit => "no answer",
            NoAnswerReason::Cancelled => "cancelled",
        },
    }
}
