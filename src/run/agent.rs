//! One agent as the fold knows it: what it does, since when, what it has seen, how it voted.
//!
//! Words and glyphs of states live here so that screen, headless output and reports say the same.
//! Colours do not (see the theme).

use crate::protocol::{
    AgentCard, AgentEvent, Ballot, CallEvent, Channel, CircuitState, Failure, FailureKind, Label,
    Purpose, Timestamp, ToolEvent, Usage,
};

use super::{Away, Happening, RunState, compacted};

/// One agent of a turn.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentState {
    /// Who.
    pub card: AgentCard,
    /// What it does now.
    pub activity: Activity,
    /// Since when.
    pub since: Timestamp,
    /// Round, 0 before the first.
    pub round: u32,
    /// What the running round asks for; `None` between rounds.
    pub purpose: Option<Purpose>,
    /// Labels it has been shown, the latest of each author.
    pub view: Vec<Label>,
    /// Its current answer.
    pub current: Option<Label>,
    /// Its standing ballot.
    pub ballot: Option<Ballot>,
    /// Tokens and money so far in this turn.
    pub usage: Usage,
    /// Tokens streamed since the last usage report, estimated as characters / 4.
    pub streamed: u64,
    /// Characters streamed since the last usage report.
    pub characters: u64,
    /// Tool calls that run, oldest first.
    pub tools: Vec<RunningTool>,
    /// Models that sat here before, oldest first.
    pub was: Vec<String>,
    /// What is known about the run of the team that this agent is; `None` for a single model.
    pub nested: Option<Box<RunState>>,
    /// Since when a call of it waits for the person's leave.
    pub leave: Option<Timestamp>,
}

/// A tool call that has started and not finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningTool {
    /// Call id.
    pub call: String,
    /// Tool name.
    pub name: String,
    /// When it started.
    pub since: Timestamp,
}

/// What an agent is doing; decides word, glyph and colour of its state.
#[derive(Clone, Debug, PartialEq)]
pub enum Activity {
    /// Before its first round.
    Starting,
    /// Request sent, no byte yet.
    Asked,
    /// Reasoning text arrives.
    Thinking,
    /// Reply text arrives.
    Writing,
    /// An answer is being written.
    Drafting,
    /// A tool runs.
    Tool {
        /// Its name.
        name: String,
    },
    /// A failed call will be repeated.
    Retrying {
        /// When.
        until: Timestamp,
        /// Attempt that will follow; 1 when the call is held back before it is made.
        attempt: u32,
        /// Why.
        failure: Failure,
    },
    /// Has a standing ballot and waits.
    Voted,
    /// Between rounds.
    Waiting,
    /// Presents the final answer.
    Presenting,
    /// Asked nothing: out, paused or retired.
    Away(Away),
    /// The turn is over.
    Done,
}

impl Activity {
    /// The word of the state, lower case, at most ten characters.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Asked => "asked",
            Self::Thinking => "thinking",
            Self::Writing => "writing",
            Self::Drafting => "drafting",
            Self::Tool { .. } => "tool",
            Self::Retrying { attempt: 1, .. } => "held",
            Self::Retrying { .. } => "retrying",
            Self::Voted => "voted",
            Self::Waiting => "waiting",
            Self::Presenting => "presenting",
            Self::Away(away) => away.word(),
            Self::Done => "done",
        }
    }

    /// The sign of the state: one cell wide, different for every state, none of them an emoji, all
    /// of them in common monospace fonts.
    #[must_use]
    pub const fn glyph(&self) -> &'static str {
        match self {
            Self::Starting => "·",
            Self::Asked => "○",
            Self::Thinking => "◐",
            Self::Writing => "●",
            Self::Drafting => "✎",
            Self::Tool { .. } => "◆",
            Self::Retrying { .. } => "↻",
            Self::Voted => "✓",
            Self::Waiting => "…",
            Self::Presenting => "★",
            Self::Away(away) => away.glyph(),
            Self::Done => "■",
        }
    }

    /// True while the agent costs tokens or is about to: something may change without anybody
    /// else's doing.
    #[must_use]
    pub const fn is_working(&self) -> bool {
        match self {
            Self::Starting
            | Self::Asked
            | Self::Thinking
            | Self::Writing
            | Self::Drafting
            | Self::Tool { .. }
            | Self::Retrying { .. }
            | Self::Presenting => true,
            Self::Voted | Self::Waiting | Self::Away(_) | Self::Done => false,
        }
    }
}

impl AgentState {
    /// An agent before its first round.
    pub(super) fn new(card: AgentCard, at: Timestamp) -> Self {
        Self {
            card,
            activity: Activity::Starting,
            since: at,
            round: 0,
            purpose: None,
            view: Vec::new(),
            current: None,
            ballot: None,
            usage: Usage::default(),
            streamed: 0,
            characters: 0,
            tools: Vec::new(),
            was: Vec::new(),
            nested: None,
            leave: None,
        }
    }

    /// The word of its state: that it waits for leave stands before all else.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self.leave {
            Some(_) => "leave?",
            None => self.activity.word(),
        }
    }

    /// The sign of its state.
    #[must_use]
    pub const fn glyph(&self) -> &'static str {
        match self.leave {
            Some(_) => "?",
            None => self.activity.glyph(),
        }
    }

    /// What it does and what it waits for, for a status line: `tool grep 4 s`,
    /// `retrying in 3 s: server busy`, `out: no access`, otherwise the word of the state.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> String {
        if let Some(since) = self.leave {
            return format!("waits for leave {} s", now.since(since) / 1000);
        }
        if let Some(words) = self.team_status().filter(|_| self.is_open()) {
            return words;
        }
        match &self.activity {
            Activity::Tool { name } => {
                let since = self.tools.last().map_or(self.since, |tool| tool.since);
                format!("tool {name} {} s", now.since(since) / 1000)
            }
            Activity::Retrying {
                until, attempt: 1, ..
            } => {
                let left = until.since(now).div_ceil(1000);
                format!("waits {left} s: rate limit of its key")
            }
            Activity::Retrying { until, failure, .. } => {
                let left = until.since(now).div_ceil(1000);
                format!("retrying in {left} s: {}", failure.kind.word())
            }
            Activity::Away(away) => away.status(),
            Activity::Voted if self.ballot.as_ref().is_some_and(|b| b.target.is_none()) => {
                "abstained".to_owned()
            }
            other => other.word().to_owned(),
        }
    }

    /// Takes in one event about this agent. Answers and ballots concern the turn and are taken in
    /// there.
    pub(super) fn apply(&mut self, event: &AgentEvent, at: Timestamp) -> Option<Happening> {
        match event {
            AgentEvent::RoundStarted {
                round,
                purpose,
                view,
            } => {
                self.round = *round;
                self.purpose = Some(*purpose);
                self.view.clear();
                self.show(view);
                let activity = match purpose {
                    Purpose::Present => Activity::Presenting,
                    Purpose::Work
                    | Purpose::Revote
                    | Purpose::VoteOnly
                    | Purpose::Judge
                    | Purpose::Weigh
                    | Purpose::Verify => Activity::Asked,
                };
                self.wait_for(activity, at);
            }
            AgentEvent::RoundEnded { .. } => self.rest(at),
            AgentEvent::Delta { channel, text } => self.hear(*channel, text, at),
            AgentEvent::Tool(tool) => self.tool(tool, at),
            AgentEvent::Call(call) => return Some(self.call(call, at)),
            AgentEvent::Usage(usage) => self.spend(*usage),
            AgentEvent::Refused { .. } => self.wait_for(Activity::Asked, at),
            AgentEvent::Delivered { labels } => self.show(labels),
            AgentEvent::Benched(failure) => {
                self.turn_to(Activity::Away(Away::Failed(failure.clone())), at);
                return Some(Happening::Benched);
            }
            AgentEvent::Nested(event) => self.below(event, at),
            AgentEvent::Published(_) | AgentEvent::Ballot(_) => {}
        }
        None
    }

    fn call(&mut self, call: &CallEvent, at: Timestamp) -> Happening {
        match call {
            CallEvent::Retrying {
                attempt,
                wait_ms,
                failure,
            } => {
                let activity = Activity::Retrying {
                    until: Timestamp(at.0.saturating_add(*wait_ms)),
                    attempt: *attempt,
                    failure: failure.clone(),
                };
                self.wait_for(activity, at);
                Happening::Retrying(*attempt)
            }
            CallEvent::Switched { to, failure } => {
                self.wait_for(Activity::Asked, at);
                let why = failure.kind.word();
                Happening::Told(format!("{} goes on with {to}: {why}", self.card.name))
            }
            CallEvent::Compacted {
                before,
                after,
                way,
                spent,
                instead,
                ..
            } => {
                self.wait_for(Activity::Asked, at);
                let words = compacted((*before, *after), *way, spent, instead.as_ref());
                let who = &self.card.name;
                Happening::Told(format!("{who} made its conversation smaller: {words}"))
            }
            CallEvent::Circuit { server, state } => {
                let activity = match state {
                    CircuitState::Open { next_ms } => Activity::Retrying {
                        until: Timestamp(at.0.saturating_add(*next_ms)),
                        attempt: 1,
                        failure: Failure::new(FailureKind::Overloaded, state.words(server)),
                    },
                    CircuitState::Trial | CircuitState::Closed => Activity::Asked,
                };
                self.wait_for(activity, at);
                Happening::Told(format!("{}: {}", self.card.name, state.words(server)))
            }
            CallEvent::Loading { loading } => {
                self.wait_for(Activity::Asked, at);
                Happening::Told(format!("{}: {}", self.card.name, loading.words()))
            }
            CallEvent::Held { held_ms } => {
                let until = Timestamp(at.0.saturating_add(*held_ms));
                let why = "the plan of its key, or a pause that the server asked for";
                let activity = Activity::Retrying {
                    until,
                    attempt: 1,
                    failure: Failure::new(FailureKind::RateLimit, why),
                };
                self.wait_for(activity, at);
                let seconds = held_ms.div_ceil(1000);
                let who = &self.card.name;
                Happening::Told(format!(
                    "{who} waits {seconds} s for the rate limit of its key"
                ))
            }
        }
    }

    /// Changes the activity; `since` moves only when the state itself changes.
    pub(super) fn turn_to(&mut self, activity: Activity, at: Timestamp) {
        if self.activity != activity {
            self.activity = activity;
            self.since = at;
        }
    }

    /// Whether streamed text may still change the state: late text of a closed round may not.
    pub(super) fn is_open(&self) -> bool {
        match self.activity {
            Activity::Away(_) | Activity::Done => false,
            _ => self.purpose.is_some() || self.round == 0,
        }
    }

    /// Streamed text arrived.
    fn hear(&mut self, channel: Channel, text: &str, at: Timestamp) {
        self.characters += text.chars().count() as u64;
        self.streamed = self.characters / 4;
        if !self.is_open() {
            return;
        }
        let presenting = self.purpose == Some(Purpose::Present);
        let activity = match channel {
            Channel::Thinking => Activity::Thinking,
            Channel::Final => Activity::Presenting,
            Channel::Text | Channel::Draft if presenting => Activity::Presenting,
            Channel::Text => Activity::Writing,
            Channel::Draft => Activity::Drafting,
        };
        self.turn_to(activity, at);
    }

    /// A tool call began or ended.
    fn tool(&mut self, event: &ToolEvent, at: Timestamp) {
        match event {
            ToolEvent::Started { call, name, .. } => self.tools.push(RunningTool {
                call: call.clone(),
                name: name.clone(),
                since: at,
            }),
            ToolEvent::Noted { .. } => return,
            ToolEvent::Finished { call, .. } => self.tools.retain(|tool| tool.call != *call),
        }
        if self.is_open() {
            let activity = match self.tools.last() {
                Some(tool) => Activity::Tool {
                    name: tool.name.clone(),
                },
                None => Activity::Asked,
            };
            self.turn_to(activity, at);
        }
    }

    /// A call failed and waits for its repetition, or was refused and goes on.
    fn wait_for(&mut self, activity: Activity, at: Timestamp) {
        if self.is_open() {
            self.turn_to(activity, at);
        }
    }

    /// A model call was paid for.
    fn spend(&mut self, usage: Usage) {
        self.usage += usage;
        self.characters = 0;
        self.streamed = 0;
    }

    /// Puts labels into the view; an older label of the same author gives way.
    pub(super) fn show(&mut self, labels: &[Label]) {
        for label in labels {
            match self.view.iter_mut().find(|old| old.agent == label.agent) {
                Some(old) => *old = *label,
                None => self.view.push(*label),
            }
        }
    }

    /// The round is over.
    pub(super) fn rest(&mut self, at: Timestamp) {
        self.purpose = None;
        self.tools.clear();
        self.cut_below(at);
        if !matches!(self.activity, Activity::Away(_) | Activity::Done) {
            let activity = match self.ballot {
                Some(_) => Activity::Voted,
                None => Activity::Waiting,
            };
            self.turn_to(activity, at);
        }
    }
}
