//! Where tokens and money went and what was said about the final text: sections of the pages.
//!
//! Numbers and sentences are the fold's; nothing is added up here that is not shown by it.

use super::{
    block::Block,
    flow::Flow,
    ink::{Role, Words},
    phrase,
    scroll::Scroll,
    votes,
};
use crate::{
    protocol::{BudgetEvent, Share, Usage},
    run::{Turn, short},
    text::width,
};

/// Rounds that are listed one by one; more say how many there are.
const ROUNDS: usize = 200;
/// Refused calls that are told one by one.
const REFUSED: usize = 8;
/// Columns of a name at most, with the number of a round.
const NAME: usize = 18;
/// Columns of the shortest name column: the longest name of a phase.
const PHASE: usize = 10;
/// Columns of a number of tokens.
const TOKENS: usize = 7;
/// Columns of a share.
const SHARE: usize = 6;
/// Columns of a sum of money.
const MONEY: usize = 14;
/// Columns of a number of calls.
const CALLS: usize = 7;

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

/// The page of tokens and money.
pub(super) fn page(turn: &Turn, scroll: Scroll) -> Flow {
    let mut flow = Flow::new(scroll);
    account(&mut flow, turn);
    if flow.is_empty() {
        let words = if turn.outcome.is_some() {
            "No model was called, so nothing was spent."
        } else {
            "No model has been called yet, so nothing was spent."
        };
        flow.push(Block::row(Words::of(Role::Dim, words)));
    }
    flow
}

/// The sum alone, for pages that are about something else.
pub(super) fn summary(flow: &mut Flow, turn: &Turn) {
    let usage = turn.usage();
    if usage.calls == 0 {
        return;
    }
    votes::heading(flow, Role::Accent, "Tokens and money");
    row(flow, "all", &sum(usage));
    let limits = turn.spent_of_limit();
    if !limits.is_empty() {
        row(flow, "limits", &limits.join(", "));
    }
    if let Some(words) = turn.record.spending.compactions.all().words() {
        row(flow, "conversations made smaller", &words);
    }
    refusals(flow, turn);
    let words = "The page Cost has the forecast and the shares of agents, phases and rounds.";
    flow.push(Block::note("", Role::Dim, words));
}

/// The whole account: forecast, limits, agents, phases, rounds, refused calls.
fn account(flow: &mut Flow, turn: &Turn) {
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
    if limits.is_empty() {
        row(flow, "limits", "none of money, tokens or calls");
    } else {
        row(flow, "limits", &limits.join(", "));
    }
    if let Some(words) = spending.compactions.all().words() {
        row(flow, "conversations made smaller", &words);
    }
    refusals(flow, turn);
    let longest = turn.agents.iter().map(|agent| width::of(&agent.card.name));
    let table = Table {
        all: usage.input + usage.output,
        // A blank and two digits of a round follow the name.
        name: longest.max().unwrap_or(0).clamp(PHASE - 3, NAME - 3) + 4,
    };
    flow.push(Block::row(table.captions()).apart());
    flow.push(Block::row(table.row("all", usage, "")));
    if usage.calls == 0 {
        return;
    }
    votes::heading(flow, Role::Accent, "By agent");
    for agent in &turn.agents {
        flow.push(Block::row(table.row(
            &agent.card.name,
            agent.usage,
            &agent.card.model,
        )));
    }
    votes::heading(flow, Role::Accent, "By phase");
    for (phase, usage) in spending.phases() {
        flow.push(Block::row(table.row(phase.word(), usage, "")));
    }
    votes::heading(flow, Role::Accent, "By round");
    let rounds: Vec<&Share> = spending
        .shares
        .iter()
        .filter(|share| share.usage.calls > 0)
        .collect();
    for share in rounds.iter().take(ROUNDS) {
        let what = share.purpose.map_or("aside", phrase::purpose);
        let who = format!("{} {}", turn.name(share.agent), share.round);
        flow.push(Block::row(table.row(&who, share.usage, what)));
    }
    if rounds.len() > ROUNDS {
        let more = format!(
            "{} more rounds; the log has them all",
            rounds.len() - ROUNDS
        );
        row(flow, "…", &more);
    }
}

/// Calls that a limit refused.
fn refusals(flow: &mut Flow, turn: &Turn) {
    let refused = &turn.record.spending.refused;
    for refused in refused.iter().take(REFUSED) {
        let text = turn.budget_words(&BudgetEvent::Refused(*refused));
        flow.push(Block::note("⊘", Role::Warn, &text));
    }
    let more = refused.len().saturating_sub(REFUSED) as u64;
    if more > 0 {
        let calls = phrase::count(more, "more call was refused", "more calls were refused");
        flow.push(Block::note("⊘", Role::Warn, &calls));
    }
}

/// Rows with columns, the most important first: a narrow screen cuts off the last ones.
struct Table {
    /// Tokens that are 100 %.
    all: u64,
    /// Columns of the first column.
    name: usize,
}

impl Table {
    fn captions(&self) -> Words {
        let cells = [
            ("", self.name),
            ("tokens", TOKENS),
            ("share", SHARE),
            ("money", MONEY),
            ("calls", CALLS),
            ("prompt", TOKENS),
            ("reply", TOKENS),
        ];
        let words: String = cells
            .iter()
            .map(|(word, columns)| width::pad(word, *columns))
            .collect();
        Words::of(Role::Dim, words)
    }

    fn row(&self, who: &str, usage: Usage, what: &str) -> Words {
        let tokens = usage.input + usage.output;
        let share = match (tokens * 100).checked_div(self.all) {
            Some(0) if tokens > 0 => "<1 %".to_owned(),
            Some(percent) => format!("{percent} %"),
            None => "–".to_owned(),
        };
        let who = phrase::clean(who);
        let money = match phrase::money(usage) {
            money if money.is_empty() => "–".to_owned(),
            money => money,
        };
        Words::of(
            Role::Strong,
            width::pad(&width::fit(&who, self.name - 1), self.name),
        )
        .and(Role::Text, width::pad(&short(tokens), TOKENS))
        .and(Role::Dim, width::pad(&share, SHARE))
        .and(Role::Text, width::pad(&money, MONEY))
        .and(Role::Dim, width::pad(&usage.calls.to_string(), CALLS))
        .and(Role::Dim, width::pad(&short(usage.input), TOKENS))
        .and(Role::Dim, width::pad(&short(usage.output), TOKENS))
        .and(Role::Dim, phrase::clean(what))
    }
}

fn row(flow: &mut Flow, what: &str, text: &str) {
    let text = format!("{}: {}", phrase::clean(what), phrase::clean(text));
    flow.push(Block::note("·", Role::Text, &text));
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
