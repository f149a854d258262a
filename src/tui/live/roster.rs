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

/// The page.
pub(super) fn page(turn: &Turn, scroll: Scroll, shared: &Shared) -> Flow {
    let mut flow = Flow::new(scroll);
    let count = phrase::count(turn.agents.len() as u64, "agent", "agents");
    let working = turn
        .agents
        .iter()
        .filter(|agent| agent.activity.is_working())
        .count();
    let title = if turn.is_over() || !shared.lively() {
        format!("Team: {count}")
    } else {
        format!("Team: {count}, {working} at work")
    };
    votes::heading(&mut flow, Role::Accent, &title);
    let mut rows = vec![captions()];
    rows.extend(turn.agents.iter().map(cells));
    for row in table(&rows) {
        flow.push(Block::row(row));
    }
    let smaller = &turn.record.spending.compactions.agents;
    if !smaller.is_empty() {
        votes::heading(&mut flow, Role::Accent, "Conversations made smaller");
    }
    for row in smaller {
        if let Some(words) = row.all.words() {
            let who = clean(turn.name(row.agent));
            flow.push(Block::note("↧", Role::Text, &format!("{who}: {words}")));
        }
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

/// Cells of a row with their roles; the columns are as wide as the widest of them.
type Cells = [(Role, String); 8];

fn captions() -> Cells {
    let words = [
        "#",
        "name",
        "state",
        "answer",
        "votes for",
        "tokens",
        "money",
        "model",
    ];
    words.map(|word| (Role::Dim, word.to_owned()))
}

fn cells(agent: &AgentState) -> Cells {
    let nothing = || "–".to_owned();
    let answer = agent
        .current
        .map_or_else(nothing, |label| label.to_string());
    let vote = agent.ballot.as_ref().map_or_else(nothing, |ballot| {
        ballot
            .target
            .map_or_else(|| "abstained".to_owned(), |label| label.to_string())
    });
    let money = match phrase::money(agent.usage) {
        money if money.is_empty() => nothing(),
        money => money,
    };
    let mut model = clean(&agent.card.model);
    if let Some(was) = agent.was.last() {
        model = format!("{model} (was {})", clean(was));
    }
    let state = format!("{} {}", agent.glyph(), agent.word());
    let tokens = phrase::total(agent.usage, agent.streamed);
    let name = width::fit(&clean(&agent.card.name), NAME).into_owned();
    [
        (Role::Dim, agent.card.id.0.to_string()),
        (Role::Strong, name),
        (phrase::role(agent), state),
        (Role::Info, answer),
        (Role::Text, vote),
        (Role::Dim, phrase::tokens(tokens)),
        (Role::Dim, money),
        (Role::Dim, model),
    ]
}

/// Rows whose columns stand below each other.
fn table(rows: &[Cells]) -> Vec<Words> {
    let mut widths = [0; 8];
    for row in rows {
        for (column, (_, text)) in widths.iter_mut().zip(row) {
            *column = width::of(text).max(*column);
        }
    }
    rows.iter()
        .map(|row| {
            let mut words = Words::of(Role::Text, " ");
            for ((role, text), column) in row.iter().zip(widths) {
                words.push(*role, format!("{} ", width::pad(text, column)));
            }
            words
        })
        .collect()
}
