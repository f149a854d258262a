//! Follows a hosted run and says in lines what happens, in the words of headless output.

use std::sync::Arc;

use crate::{
    app::host::{Feed, Host, Told},
    headless::{self, words},
    protocol::{Event, Failure, RunId, Seq},
    run::{AgentState, RunState, Turn},
    text::clean,
};

/// Agents that a summary names.
const NAMED: usize = 8;

/// What happened.
pub struct Beat {
    /// The event; `None` for a gap.
    pub event: Option<Arc<Event>>,
    /// It in words, when it moved the turn.
    pub line: Option<String>,
}

/// A run that is followed.
pub struct Follower {
    feed: Feed,
    state: RunState,
    /// Up to here everything is taken in without a word.
    quiet: Seq,
}

impl Follower {
    /// Follows a run from its first event on; what happened up to `quiet` is not told.
    ///
    /// # Errors
    /// No session is called so.
    pub async fn new(host: &Host, run: &RunId, quiet: Seq) -> Result<Self, Failure> {
        Ok(Self {
            feed: host.subscribe(&run.0, Seq(1)).await?,
            state: RunState::default(),
            quiet,
        })
    }

    /// The next thing that happened; `None` at the end of the run. Dropping the future loses nothing.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn next(&mut self) -> Result<Option<Beat>, Failure> {
        loop {
            let Some(told) = self.feed.next().await? else {
                return Ok(None);
            };
            let Told::Event(event) = told else {
                let line = Some("some events could not be read".to_owned());
                return Ok(Some(Beat { event: None, line }));
            };
            self.state.apply(&event);
            if event.seq <= self.quiet {
                continue;
            }
            let line = headless::told(&event, &self.state);
            let event = Some(event);
            return Ok(Some(Beat { event, line }));
        }
    }

    /// What is known.
    #[must_use]
    pub fn state(&self) -> &RunState {
        &self.state
    }

    /// Where everybody is, in a line: for when nothing was told for a while.
    #[must_use]
    pub fn summary(&self, elapsed: &str) -> String {
        let Some(turn) = &self.state.turn else {
            return format!("{elapsed}  starting");
        };
        let mut parts: Vec<String> = turn.agents.iter().take(NAMED).map(agent).collect();
        if turn.agents.len() > NAMED {
            parts.push("…".to_owned());
        }
        parts.push(counts(turn));
        let line = format!("{elapsed}  {}: {}", turn.phase.word(), parts.join(" · "));
        clean::line(&line).into_owned()
    }
}

fn agent(agent: &AgentState) -> String {
    let name = &agent.card.name;
    match agent.characters {
        0 => format!("{name} {}", agent.word()),
        count => format!(
            "{name} {} {}",
            agent.word(),
            words::counted(count, "character")
        ),
    }
}

fn counts(turn: &Turn) -> String {
    let votes = turn.standing();
    let votes: usize = votes.iter().map(|row| row.voters.len()).sum();
    format!(
        "{}, {}",
        words::counted(turn.answers.len() as u64, "answer"),
        words::counted(votes as u64, "vote")
    )
}
