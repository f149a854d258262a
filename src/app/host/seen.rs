//! What is known of a session, in a few words and figures for a program: where it is, what it came to.
//!
//! Both are made from the same fold that the screen shows. All words of models and files are cleaned here.

use serde::Serialize;

use crate::{
    engine::outbox,
    protocol::{
        AgentId, Event, Label, Level, Origin, Outcome, OutcomeEnd, Phase, Question, RunId, Seq,
        TallyRow, Usage,
    },
    run::{AgentState, RunState, Turn},
    text::clean,
};

/// Longest part of a task that a status repeats, in characters.
const TASK: usize = 500;
/// Warnings and errors that a status repeats, the newest.
const NOTICES: usize = 5;

/// How far a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It has not said anything yet.
    Starting,
    /// It is at work in this process.
    Running,
    /// Another process of this machine is at work on it.
    RunningElsewhere,
    /// It has an answer that the team agreed on, or was asked for at once.
    Answered,
    /// It has an answer, but a limit ended it before everyone had agreed.
    Limit,
    /// It was stopped; the best answer so far stands if there is one.
    Stopped,
    /// It ended without an answer.
    NoAnswer,
    /// It broke off: its log has no end. It can be resumed.
    BrokenOff,
}

impl State {
    /// The words of the state.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::RunningElsewhere => "running in another process",
            Self::Answered => "answered",
            Self::Limit => "answered at a limit",
            Self::Stopped => "stopped",
            Self::NoAnswer => "without an answer",
            Self::BrokenOff => "broken off",
        }
    }

    /// Whether something may still happen.
    #[must_use]
    pub const fn is_running(self) -> bool {
        matches!(
            self,
            Self::Starting | Self::Running | Self::RunningElsewhere
        )
    }

    fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::NoAnswer {
                reason: crate::protocol::NoAnswerReason::Cancelled,
                ..
            } => Self::Stopped,
            Outcome::NoAnswer { .. } => Self::NoAnswer,
            Outcome::Answered { end, .. } => match end {
                OutcomeEnd::Consensus | OutcomeEnd::AnswerNow | OutcomeEnd::AgentsLost => {
                    Self::Answered
                }
                OutcomeEnd::Limit => Self::Limit,
                OutcomeEnd::Stopped => Self::Stopped,
            },
        }
    }
}

/// One agent now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgentStatus {
    /// Its number.
    pub id: AgentId,
    /// Its configured name.
    pub name: String,
    /// Its model.
    pub model: String,
    /// What it does, in words.
    pub doing: String,
    /// Characters it has streamed since its last finished model call.
    pub streamed: u64,
    /// Its current answer.
    pub answer: Option<Label>,
    /// The answer it votes for.
    pub vote: Option<Label>,
    /// Tokens and money.
    pub usage: Usage,
}

/// Where a session is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    /// Its name.
    pub run: RunId,
    /// How far it is.
    pub state: State,
    /// The running or last turn.
    pub turn: u32,
    /// Where that turn is.
    pub phase: Phase,
    /// The beginning of its task.
    pub task: String,
    /// Where the team comes from, in words.
    pub team: String,
    /// Milliseconds at work.
    pub elapsed_ms: u64,
    /// The agents.
    pub agents: Vec<AgentStatus>,
    /// Answers published so far.
    pub answers: usize,
    /// Standing votes over current answers.
    pub votes: Vec<TallyRow>,
    /// Tokens and money of the turn.
    pub usage: Usage,
    /// Questions that wait for an answer.
    pub questions: Vec<Question>,
    /// The newest warnings and errors.
    pub notices: Vec<String>,
    /// Number of the last event.
    pub last: Seq,
}

/// One published answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AnswerLine {
    /// Its label.
    pub label: Label,
    /// Who published it.
    pub name: String,
    /// Its length in characters.
    pub characters: usize,
    /// Who voted for it at the end.
    pub voters: Vec<String>,
}

/// What a session came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunResult {
    /// Its name.
    pub run: RunId,
    /// The turn.
    pub turn: u32,
    /// How it ended.
    pub state: State,
    /// The final answer; `None` without one.
    pub text: Option<String>,
    /// Why there is none, or what else there is to say.
    pub message: String,
    /// The winning answer.
    pub winner: Option<Label>,
    /// Who wrote it.
    pub winner_name: Option<String>,
    /// Every answer of the turn, oldest first.
    pub answers: Vec<AnswerLine>,
    /// Whether the winner changed files of a folder.
    pub changed_files: bool,
    /// Tokens and money of the session.
    pub usage: Usage,
    /// Milliseconds at work.
    pub elapsed_ms: u64,
    /// What a person types to look at it.
    pub open: String,
}

/// What is known of a session.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Where it is.
    pub status: Status,
    /// What it came to; `None` while it runs.
    pub result: Option<RunResult>,
}

impl Seen {
    /// Of a run of this process.
    pub(super) fn of(run: &RunId, state: &RunState, running: bool) -> Self {
        let standing = match &state.turn {
            None if running => State::Starting,
            Some(turn) => match turn.last_word() {
                Some(outcome) => State::of(outcome),
                None if running => State::Running,
                None => State::BrokenOff,
            },
            None => State::BrokenOff,
        };
        // A run whose log is still being closed is over for nobody yet.
        let standing = if running && !standing.is_running() {
            State::Running
        } else {
            standing
        };
        Self::standing(run, state, standing)
    }

    /// Of a log; `elsewhere` when another process writes it.
    pub(super) fn of_log(run: &RunId, events: &[Event], elsewhere: bool) -> Self {
        let mut state = RunState::default();
        for event in events {
            state.apply(event);
        }
        let mut seen = Self::of(run, &state, false);
        if elsewhere {
            seen.status.state = State::RunningElsewhere;
            seen.result = None;
        }
        seen
    }

    fn standing(run: &RunId, state: &RunState, standing: State) -> Self {
        let Some(turn) = &state.turn else {
            return Self {
                status: nothing(run, standing),
                result: None,
            };
        };
        let result = (!standing.is_running()).then(|| result(run, state, turn, standing));
        Self {
            status: status(run, state, turn, standing),
            result,
        }
    }
}

/// A session that has not said anything.
fn nothing(run: &RunId, state: State) -> Status {
    Status {
        run: run.clone(),
        state,
        turn: 0,
        phase: Phase::Work,
        task: String::new(),
        team: String::new(),
        elapsed_ms: 0,
        agents: Vec::new(),
        answers: 0,
        votes: Vec::new(),
        usage: Usage::default(),
        questions: Vec::new(),
        notices: Vec::new(),
        last: Seq(0),
    }
}

fn status(run: &RunId, state: &RunState, turn: &Turn, standing: State) -> Status {
    let questions = turn.waiting().map(|asked| {
        let mut question = asked.question.clone();
        clean::question(&mut question);
        question
    });
    let notices = turn.record.notices.iter().rev();
    let notices = notices.filter(|(_, level, _)| *level != Level::Info);
    let mut notices: Vec<String> = notices
        .take(NOTICES)
        .map(|(_, _, text)| clean::text(text).into_owned())
        .collect();
    notices.reverse();
    let task: String = turn.start.prompt.chars().take(TASK).collect();
    Status {
        run: run.clone(),
        state: standing,
        turn: turn.start.turn,
        phase: turn.phase,
        task: clean::text(&task).into_owned(),
        team: team(&turn.start.origin),
        elapsed_ms: elapsed(turn, standing),
        agents: turn.agents.iter().map(agent).collect(),
        answers: turn.answers.len(),
        votes: turn.standing(),
        usage: turn.usage(),
        questions: questions.collect(),
        notices,
        last: Seq(state.last_seq),
    }
}

fn agent(agent: &AgentState) -> AgentStatus {
    AgentStatus {
        id: agent.card.id,
        name: line(&agent.card.name),
        model: line(&agent.card.model),
        doing: line(&agent.status(outbox::now())),
        streamed: agent.characters,
        answer: agent.current,
        vote: agent.ballot.as_ref().and_then(|ballot| ballot.target),
        usage: agent.usage,
    }
}

fn result(run: &RunId, state: &RunState, turn: &Turn, standing: State) -> RunResult {
    let (mut text, mut winner, mut message) = (None, None, String::new());
    match turn.last_word() {
        Some(Outcome::Answered {
            winner: won,
            text: said,
            ..
        }) => {
            winner = Some(*won);
            text = Some(clean::text(said).trim_end().to_owned());
        }
        Some(Outcome::NoAnswer { message: why, .. }) => message = line(why),
        None => {
            message = format!(
                "The session broke off. Go on with it: `massgen-tui resume {run}`, or look at what was \
                 written: `massgen-tui open {run}`."
            );
        }
    }
    let votes = turn.standing();
    let answers = turn.answers.iter().map(|published| {
        let label = published.answer.label;
        let row = votes.iter().find(|row| row.label == label);
        let voters = row.map_or(&[][..], |row| &row.voters);
        AnswerLine {
            label,
            name: line(turn.name(label.agent)),
            characters: published.answer.text.chars().count(),
            voters: voters.iter().map(|id| line(turn.name(*id))).collect(),
        }
    });
    let places = &turn.start.places;
    let changed = turn.final_files().iter().any(|snapshot| {
        let place = places
            .iter()
            .find(|place| place.context == snapshot.context);
        place.is_some_and(|place| place.tree != snapshot.tree)
    });
    RunResult {
        run: run.clone(),
        turn: turn.start.turn,
        state: standing,
        text,
        message,
        winner,
        winner_name: winner.map(|label| line(turn.name(label.agent))),
        answers: answers.collect(),
        changed_files: changed,
        usage: state.usage(),
        elapsed_ms: elapsed(turn, standing),
        open: format!("massgen-tui open {run}"),
    }
}

/// Milliseconds that the turn has been at work; of one that broke off, unknown.
fn elapsed(turn: &Turn, standing: State) -> u64 {
    match (turn.ended, standing) {
        (None, State::BrokenOff) => turn.timeline.last().map_or(0, |last| turn.elapsed(last.at)),
        _ => turn.elapsed(outbox::now()),
    }
}

/// Where a team comes from, in words.
fn team(origin: &Origin) -> String {
    match origin {
        Origin::Demo { scenario } => format!("demo {} (a script, no model)", line(scenario)),
        Origin::Config { path } => format!("configuration {}", line(path)),
        Origin::Direct => "models named at the start".to_owned(),
        Origin::Imported { program } => format!("log of {}", line(program)),
    }
}

/// Outside words as one line.
fn line(words: &str) -> String {
    clean::line(words).into_owned()
}
