//! Who voted for what and why: a row below the panes, and a page with every ballot.
//!
//! Ballots that stopped counting stay in sight, struck out and with the word "dropped". Counts are
//! the fold's; nothing is counted here.

use super::{
    block::Block,
    count,
    flow::Flow,
    ink::{Role, Words},
    phrase::clean,
    scroll::Scroll,
    transcript::{because, name},
};
use crate::{
    protocol::{AgentId, Ballot, BallotDrop, Label, TallyRow},
    run::Turn,
};

/// Agents up to which votes are drawn as a bar as well as counted.
const BAR: usize = 8;
/// Dropped ballots named below the panes; the page has all.
const SHOWN: usize = 8;
/// Columns from which votes are drawn below the panes.
const DRAWN: u16 = 60;

/// Columns from which the row says in full that agents are not told the count.
const TOLD: u16 = 120;

/// Rows below the panes: what stands, and what was dropped. None before the first answer.
pub(super) fn strip(turn: &Turn, columns: u16) -> Vec<Words> {
    let standing = turn.standing();
    if standing.is_empty() {
        return Vec::new();
    }
    if !turn.votes_are_taken() {
        return vec![answers(turn, &standing)];
    }
    let hidden = count_is_hidden(turn);
    let word = if hidden && columns < TOLD {
        "hidden votes"
    } else {
        "votes"
    };
    let mut row = Words::of(Role::Dim, format!(" {} ", title(turn, word)));
    if hidden && columns >= TOLD {
        row.push(Role::Dim, "(agents do not see the count) ");
    }
    for tally in &standing {
        row.append(if columns < DRAWN {
            short_count(turn, tally)
        } else {
            count(turn, tally)
        });
        let voters = names(turn, &tally.voters);
        if !voters.is_empty() {
            row.push(Role::Dim, format!(" {voters}"));
        }
        row.push(Role::Text, "   ");
    }
    let abstained = turn.abstained();
    if !abstained.is_empty() {
        let who = names(turn, &abstained);
        row.push(Role::Dim, format!("○ abstained: {who}"));
    }
    let mut rows = vec![row];
    if !turn.dropped.is_empty() {
        let mut row = Words::of(Role::Warn, " dropped ");
        for drop in turn.dropped.iter().rev().take(SHOWN) {
            row.push(Role::Gone, choice(turn, &drop.ballot));
            row.push(Role::Dim, format!(" ({})   ", drop.reason.words()));
        }
        rows.push(row);
    }
    rows
}

/// The answers alone, where nobody votes.
fn answers(turn: &Turn, standing: &[TallyRow]) -> Words {
    let mut row = Words::of(Role::Dim, " answers, no votes ");
    for tally in standing {
        row.push(Role::Info, tally.label.to_string());
        row.push(
            Role::Strong,
            format!(" {}   ", name(turn, tally.label.agent)),
        );
    }
    row
}

/// `agent1.2 mia 2`.
fn short_count(turn: &Turn, tally: &TallyRow) -> Words {
    Words::of(Role::Info, tally.label.to_string())
        .and(Role::Strong, format!(" {} ", name(turn, tally.label.agent)))
        .and(Role::Strong, tally.voters.len().to_string())
}

/// `agent1.2 mia ██░ 2`; without any vote only the 0.
pub(super) fn count(turn: &Turn, tally: &TallyRow) -> Words {
    let votes = tally.voters.len();
    let mut words = Words::of(Role::Info, tally.label.to_string())
        .and(Role::Strong, format!(" {} ", name(turn, tally.label.agent)));
    let all = turn.agents.len();
    if (1..=BAR).contains(&all) && votes > 0 && !turn.is_judged() {
        words.push(Role::Ok, "█".repeat(votes.min(all)));
        words.push(Role::Dim, "░".repeat(all.saturating_sub(votes)));
        words.push(Role::Text, " ");
    }
    words.and(Role::Strong, votes.to_string())
}

/// Names of agents, one after the other.
pub(super) fn names(turn: &Turn, agents: &[AgentId]) -> String {
    agents
        .iter()
        .map(|id| name(turn, *id))
        .collect::<Vec<_>>()
        .join(", ")
}

/// `mia → agent1.2`, `mia abstained`.
fn choice(turn: &Turn, ballot: &Ballot) -> String {
    let voter = name(turn, ballot.voter);
    match ballot.target {
        Some(label) => format!("{voter} → {label}"),
        None => format!("{voter} abstained"),
    }
}

/// A heading and, in brackets, the policy when it is not the usual one: `Votes (Borda count)`.
pub(super) fn title(turn: &Turn, word: &str) -> String {
    match count::policy(turn) {
        None => word.to_owned(),
        Some(policy) => format!("{word} ({policy})"),
    }
}

/// Whether the count in sight is one that agents are not told.
fn count_is_hidden(turn: &Turn) -> bool {
    turn.decision.is_none() && !turn.is_over() && turn.start.rules.seeing.hide_tally
}

/// What agents know of the votes while they are cast.
fn secrecy(turn: &Turn) -> String {
    let words = turn.sight_words();
    if turn.votes_are_taken() && count_is_hidden(turn) {
        format!("agents do not see this count until the vote is settled · {words}")
    } else {
        words
    }
}

/// The page with every ballot.
pub(super) fn page(turn: &Turn, scroll: Scroll) -> Flow {
    let mut flow = Flow::new(scroll);
    if let Some(policy) = count::policy(turn) {
        heading(&mut flow, Role::Accent, &format!("decided by {policy}"));
    }
    flow.push(Block::note("·", Role::Dim, &secrecy(turn)));
    if turn.votes_are_taken() {
        tally(&mut flow, turn, &turn.standing());
    } else {
        flow.push(Block::note("·", Role::Text, turn.why_no_votes()));
    }
    abstentions(&mut flow, turn);
    if let Some(decision) = &turn.decision {
        count::settled(&mut flow, turn, decision);
    }
    let open: Vec<_> = turn
        .agents
        .iter()
        .filter(|agent| agent.ballot.is_none())
        .map(|agent| agent.card.id)
        .collect();
    if turn.is_judged() {
        if turn.agents.iter().all(|agent| agent.ballot.is_none()) {
            heading(&mut flow, Role::Dim, "the judge has not decided yet");
        }
    } else if !open.is_empty() && turn.votes_are_taken() {
        let who = names(turn, &open);
        heading(&mut flow, Role::Dim, "has not voted");
        flow.push(Block::note("·", Role::Dim, &who));
    }
    if !turn.dropped.is_empty() {
        heading(&mut flow, Role::Warn, "dropped, no longer counted");
        for drop in turn.dropped.iter().rev() {
            dropped(&mut flow, turn, drop);
        }
    }
    flow
}

fn dropped(flow: &mut Flow, turn: &Turn, drop: &BallotDrop) {
    let words = Words::of(Role::Warn, "⊘ ")
        .and(Role::Gone, choice(turn, &drop.ballot))
        .and(Role::Dim, format!(" dropped: {}", drop.reason.words()));
    flow.push(Block::row(words));
    let reason = drop.ballot.reason.trim();
    if !reason.is_empty() {
        flow.push(Block::note("", Role::Dim, reason));
    }
}

/// Every answer with its votes and the voters' words.
pub(super) fn tally(flow: &mut Flow, turn: &Turn, rows: &[TallyRow]) {
    if rows.is_empty() {
        let words = if turn.outcome.is_some() {
            "No answer was published, so there was nothing to vote for."
        } else {
            "No answer has been published yet, so there is nothing to vote for."
        };
        flow.push(Block::row(Words::of(Role::Dim, words)));
        return;
    }
    for row in rows {
        let block = Block::row(count(turn, row));
        let block = if flow.is_empty() {
            block
        } else {
            block.apart()
        };
        flow.push(block);
        for voter in &row.voters {
            flow.push(vote(turn, *voter, row.label));
        }
    }
}

/// One voter's words.
fn vote(turn: &Turn, voter: AgentId, label: Label) -> Block {
    let ballot = turn
        .agent(voter)
        .and_then(|agent| agent.ballot.as_ref())
        .filter(|ballot| ballot.supports(label));
    let reason = ballot.map_or("", |ballot| ballot.reason.as_str());
    let marks = ballot.map_or_else(String::new, |ballot| count::marks(turn, ballot));
    let marks = match marks.as_str() {
        "" => marks,
        marks => format!(" ({marks})"),
    };
    let own = if voter == label.agent {
        " (own answer)"
    } else {
        ""
    };
    let text = format!("{}{own}{marks}{}", name(turn, voter), because(reason));
    Block::note("✓", Role::Text, &text)
}

/// Who abstained and why.
pub(super) fn abstentions(flow: &mut Flow, turn: &Turn) {
    let who = turn.abstained();
    if who.is_empty() {
        return;
    }
    heading(flow, Role::Dim, "abstained");
    for id in who {
        let reason = turn
            .agent(id)
            .and_then(|agent| agent.ballot.as_ref())
            .map_or("", |ballot| ballot.reason.as_str());
        let text = format!("{}{}", name(turn, id), because(reason));
        flow.push(Block::note("○", Role::Text, &text));
    }
}

/// A heading with a blank row before it.
pub(super) fn heading(flow: &mut Flow, role: Role, text: &str) {
    let block = Block::row(Words::of(role, clean(text)));
    let block = if flow.is_empty() {
        block
    } else {
        block.apart()
    };
    flow.push(block);
}
