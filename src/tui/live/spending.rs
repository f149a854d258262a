//! Where tokens and money went and what was said about the final text: sections of the pages.
//!
//! Numbers and sentences are the fold's; nothing is added up here that is not shown by it.

use super::{
    block::Block,
    flow::Flow,
    ink::{Role, Words},
    phrase, votes,
};
use crate::{
    protocol::{BudgetEvent, Share, Usage},
    run::{Turn, short},
};

/// Rounds that are listed one by one; more say how many there are.
const ROUNDS: usize = 40;

/// Verifications: who said what in which attempt. Nothing when none was asked for.
pub(super) fn reviews(flow: &mut Flow, turn: &Turn) {
    let reviews = &turn.record.reviews;
    if reviews.verdicts.is_empty() && reviews.skipped.is_none() && reviews.asked.is_none() {
        return;
    }
    let attempts = if reviews.of > 1 {
        format!(", attempt {} of {}", reviews.attempt, reviews.of)
    } else {
        String::new()
    };
    votes::heading(flow, Role::Accent, &format!("Verification{attempts}"));
    for verdict in &reviews.verdicts {
        let (sign, role) = if verdict.accept {
            ("✓", Role::Ok)
        } else {
            ("↺", Role::Warn)
        };
        let words = turn.verdict_words(verdict);
        let text = if reviews.of > 1 {
            format!("attempt {}: {words}", verdict.attempt)
        } else {
            words
        };
        flow.push(Block::note(sign, role, &text));
    }
    if let Some(why) = &reviews.skipped {
        flow.push(Block::note(
            "!",
            Role::Warn,
            &format!("not verified: {why}"),
        ));
    }
    if let Some(by) = reviews.asked {
        let text = format!("{} is looking at it…", turn.name(by));
        flow.push(Block::note("·", Role::Dim, &text));
    }
}

/// The whole account: forecast, limits, agents, phases, rounds, refused calls.
pub(super) fn account(flow: &mut Flow, turn: &Turn) {
    let spending = &turn.record.spending;
    let usage = turn.usage();
    if usage.calls == 0 && spending.forecast.is_none() {
        return;
    }
    votes::heading(flow, Role::Accent, "Tokens and money");
    if let Some(forecast) = &spending.forecast {
        row(flow, "forecast", &turn.forecast_words(forecast));
    }
    let limits = turn.spent_of_limit();
    if !limits.is_empty() {
        row(flow, "limits", &limits.join(", "));
    }
    row(flow, "all", &sum(usage));
    for agent in turn.agents.iter().filter(|agent| agent.usage.calls > 0) {
        row(flow, &agent.card.name, &sum(agent.usage));
    }
    for (phase, usage) in spending.phases() {
        row(flow, phase.word(), &sum(usage));
    }
    let rounds: Vec<&Share> = spending
        .shares
        .iter()
        .filter(|share| share.usage.calls > 0)
        .collect();
    for share in rounds.iter().take(ROUNDS) {
        let what = share.purpose.map_or("aside", phrase::purpose);
        let who = format!("{} {}", turn.name(share.agent), share.round);
        row(flow, &who, &format!("{what}: {}", sum(share.usage)));
    }
    if rounds.len() > ROUNDS {
        let more = format!("{} more rounds", rounds.len() - ROUNDS);
        row(flow, "…", &more);
    }
    for refused in &spending.refused {
        let text = turn.budget_words(&BudgetEvent::Refused(*refused));
        flow.push(Block::note("⊘", Role::Warn, &text));
    }
}

fn row(flow: &mut Flow, what: &str, text: &str) {
    let words = Words::of(Role::Strong, format!("{:<12} ", phrase::clean(what)))
        .and(Role::Text, phrase::clean(text));
    flow.push(Block::row(words));
}

/// `12k tokens in 7 calls, $0.12`.
fn sum(usage: Usage) -> String {
    let money = phrase::money(usage);
    let calls = phrase::count(u64::from(usage.calls), "call", "calls");
    format!(
        "{} tokens in {calls}, {money}",
        short(usage.input + usage.output)
    )
}
