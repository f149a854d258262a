//! The page of the team: every agent on one row, then the rules by which the turn is played.
//!
//! Rows begin with what matters most, so that a narrow screen cuts off what matters least. States
//! and rule sentences are the fold's; nothing moves by itself here, so that the page needs no clock.

use super::{
    block::Block,
    flow::Flow,
    ink::{Role, Words},
    phrase::{self, clean},
    scroll::Scroll,
    votes,
};
use crate::{
    run::{AgentState, Turn},
    text::width,
    tui::shared::Shared,
};

/// Columns of a name at most.
const NAME: usize = 16;
/// Columns of the widest state word with its sign.
const STATE: usize = 12;
/// Columns of a label.
const LABEL: usize = 10;
/// Columns of a vote.
const VOTE: usize = 12;
/// Columns of tokens.
const TOKENS: usize = 9;
/// Columns of money.
const MONEY: usize = 14;

/// The page.
pub(super) fn page(turn: &Turn, scroll: Scroll, shared: &Shared) -> Flow {
    let mut flow = Flow::new(scroll);
    let count = phrase::count(turn.agents.len() as u64, "agent", "agents");
    let working = turn
        .agents
        .iter()
        .filter(|agent| agent.activity.is_working())
        .count();
    let title = if turn.is_over() || !shared.live {
        format!("Team: {count}")
    } else {
        format!("Team: {count}, {working} at work")
    };
    votes::heading(&mut flow, Role::Accent, &title);
    let names = turn.agents.iter().map(|agent| width::of(&agent.card.name));
    let name = names.max().unwrap_or(0).clamp(4, NAME);
    flow.push(Block::row(captions(name)));
    for agent in &turn.agents {
        flow.push(Block::row(row(agent, name)));
    }
    votes::heading(&mut flow, Role::Accent, "Rules in force");
    for (what, sentence) in turn.rule_words() {
        flow.push(Block::note(
            "·",
            Role::Text,
            &format!("{what}: {}", clean(&sentence)),
        ));
    }
    flow
}

fn captions(name: usize) -> Words {
    let cells = [
        (" # ", 4),
        ("name", name + 1),
        ("state", STATE + 1),
        ("answer", LABEL + 1),
        ("votes for", VOTE + 1),
        ("tokens", TOKENS + 1),
        ("money", MONEY + 1),
    ];
    let words: String = cells
        .iter()
        .map(|(word, columns)| width::pad(word, *columns))
        .collect();
    Words::of(Role::Dim, words).and(Role::Dim, "model")
}

fn row(agent: &AgentState, name: usize) -> Words {
    let fit = |text: &str, columns: usize| width::pad(&width::fit(text, columns), columns + 1);
    let role = phrase::role(&agent.activity);
    let state = format!("{} {}", agent.activity.glyph(), agent.activity.word());
    let answer = agent
        .current
        .map_or_else(|| "–".to_owned(), |label| label.to_string());
    let vote = match &agent.ballot {
        None => "–".to_owned(),
        Some(ballot) => ballot
            .target
            .map_or_else(|| "abstained".to_owned(), |label| label.to_string()),
    };
    let tokens = phrase::total(agent.usage, agent.streamed);
    let money = match phrase::money(agent.usage) {
        money if money.is_empty() => "–".to_owned(),
        money => money,
    };
    let mut model = clean(&agent.card.model);
    if let Some(was) = agent.was.last() {
        model = format!("{model} (was {})", clean(was));
    }
    Words::of(Role::Dim, format!("{:>3} ", agent.card.id.0))
        .and(Role::Strong, fit(&clean(&agent.card.name), name))
        .and(role, fit(&state, STATE))
        .and(Role::Info, fit(&answer, LABEL))
        .and(Role::Text, fit(&vote, VOTE))
        .and(Role::Dim, fit(&phrase::tokens(tokens), TOKENS))
        .and(Role::Dim, fit(&money, MONEY))
        .and(Role::Dim, model)
}
