//! A turn in which one agent is asked alone, between turns of the whole team.
//!
//! It goes on from its own answer of the turn before: from its files, and with its text in the prompt
//! when another's is told as the result. Where it gave none, it goes on from the result, as everybody
//! does in a further turn. Nothing of it outlives the turn: the rules of the session stay as they are.

use super::{
    Member, SessionSetup, driver::Ways, history::Earlier, notice_of, prompt::defuse, stages,
};
use crate::protocol::{AgentId, Answer, EventKind, Level, Outcome, Rules, change::Snapshot};

/// The next turn: its task, and who is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub prompt: String,
    /// Who is asked alone; `None`: everybody.
    pub asked: Option<AgentId>,
}

impl Order {
    /// A task of the whole team.
    pub const fn to_all(prompt: String) -> Self {
        Self {
            prompt,
            asked: None,
        }
    }
}

/// The session as it is for one turn.
pub(super) fn set_up(setup: &SessionSetup, agent: AgentId) -> SessionSetup {
    SessionSetup {
        rules: setup.rules.for_one(agent),
        limits: setup.limits.for_one(),
        ..setup.clone()
    }
}

/// The ways out of a turn: who is asked alone cannot ask the others.
pub(super) fn ways(ways: &Ways, rules: &Rules) -> Ways {
    let mut ways = ways.clone();
    if rules.asked.is_some() {
        ways.talking.ask = ways.talking.ask.without_agents();
    }
    ways
}

/// The members that the turn asks.
pub(super) fn asked(team: &[Member], rules: &Rules) -> Vec<Member> {
    let asks = |member: &&Member| rules.asked.is_none_or(|one| one == member.card.id);
    team.iter().filter(asks).cloned().collect()
}

/// The files that a further turn begins with, as long as the person has touched nothing since.
pub(super) fn files(last: Option<&Earlier>, asked: Option<AgentId>) -> &[Snapshot] {
    let own = asked.and_then(|agent| own(last?, agent));
    if let Some(answer) = own {
        return &answer.changes;
    }
    let outcome = last.and_then(|turn| turn.outcome.as_ref());
    outcome.map(stages::files_of).unwrap_or_default()
}

/// What an agent reads that is asked alone, after what was before; empty for everybody else.
pub(super) fn words(last: Option<&Earlier>, asked: Option<AgentId>) -> String {
    let Some(agent) = asked else {
        return String::new();
    };
    let mut words = String::from(
        "In this turn only you are asked: the other agents wait, nobody votes, and the answer that you \
         publish is the result.\n",
    );
    if let Some(answer) = last.and_then(|turn| own(turn, agent)) {
        words += "Your own answer to the task before, which you go on from, was this one:\n";
        words += "<answer given>\n";
        words += &defuse(answer.text.trim());
        words += "\n<end of answer given>\n";
    } else if last.is_some_and(|turn| wins(turn, agent)) {
        words += "The answer given above is your own.\n";
    }
    words.push('\n');
    words
}

/// The agent that was to be asked is not there.
pub(super) fn nobody(agent: AgentId) -> EventKind {
    let words = format!("{agent} is not in this team any more: nobody was asked.");
    notice_of(Level::Warning, &words)
}

/// The last answer of an agent in a turn that ended with another's.
fn own(turn: &Earlier, agent: AgentId) -> Option<&Answer> {
    let mut answers = turn.answers.iter().rev();
    answers
        .find(|answer| answer.label.agent == agent)
        .filter(|_| !wins(turn, agent))
}

/// Whether a turn ended with this agent's answer.
fn wins(turn: &Earlier, agent: AgentId) -> bool {
    matches!(&turn.outcome, Some(Outcome::Answered { winner, .. }) if winner.agent == agent)
}
