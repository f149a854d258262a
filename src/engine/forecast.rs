//! What a turn may cost, told before its first call.
//!
//! A rule of thumb with its numbers in sight: calls at least and at most, tokens of a typical call,
//! prices as far as they are known. Low: everybody answers once (once per layer), votes once
//! where the mode has votes, and one presents. High:
//! everybody uses all its answers and votes after each of them. Tools and long documents come on
//! top.

use super::{Member, outbox::Outbox};
use crate::{
    protocol::{BudgetEvent, EventKind, Finish, Forecast, Limits, Mode, Rules, RunEvent, Span},
    provider::Price,
};

/// Tokens of the engine's own prompt.
const PROMPT: u64 = 700;
/// Tokens of a short and of a long answer.
const ANSWER: Span<u64> = Span {
    low: 200,
    high: 1_200,
};
/// Tokens of a vote with its reason.
const VOTE: Span<u64> = Span { low: 40, high: 150 };

/// What the forecast needs to know.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    /// Prices in team order.
    pub prices: &'a [Option<Price>],
    /// Tokens of the task.
    pub task: u64,
    /// Answers of one agent.
    pub answers: Span<u64>,
    /// Whether there is a vote.
    pub votes: bool,
    /// Calls after the vote: presentation, verification.
    pub finish: Span<u64>,
    /// Attempts there may be.
    pub attempts: u64,
}

/// Tells the forecast of a turn, and whose price is unknown under a money limit.
pub async fn tell(
    (limits, rules): (&Limits, &Rules),
    team: &[Member],
    prompt: &str,
    outbox: &Outbox,
) {
    let prices: Vec<_> = team.iter().flat_map(all_prices).collect();
    let finishing = &rules.finishing;
    let presents = u64::from(finishing.finish != Finish::Reuse && team.len() > 1);
    let verify = finishing.verify.filter(|_| team.len() > 1);
    let verifies = u64::from(verify.is_some());
    let mut forecast = estimate(Basis {
        prices: &prices,
        task: (prompt.len() / 4) as u64,
        answers: answers(limits, &rules.mode),
        votes: team.len() > 1 && !rules.deciding.skip_voting && has_votes(&rules.mode),
        finish: Span {
            low: presents + verifies,
            high: 2 * (presents + verifies),
        },
        attempts: verify.map_or(1, |rule| u64::from(rule.restarts) + 1),
    });
    let unpriced: Vec<_> = team
        .iter()
        .filter(|member| all_prices(member).contains(&None))
        .map(|member| member.card.id)
        .collect();
    forecast.unpriced.clone_from(&unpriced);
    say(outbox, BudgetEvent::Forecast(forecast)).await;
    let limited = |id| {
        let own = limits.of(id).is_some_and(|own| own.budget.usd.is_some());
        own || limits.budget.usd.is_some()
    };
    let agents: Vec<_> = unpriced.into_iter().filter(|id| limited(*id)).collect();
    if !agents.is_empty() {
        let rule = limits.budget.unknown_price;
        say(outbox, BudgetEvent::Unpriced { agents, rule }).await;
    }
}

/// Answers each agent publishes: one per layer, at least one where there are none.
fn answers(limits: &Limits, mode: &Mode) -> Span<u64> {
    let layers = match mode {
        Mode::Rounds { least, .. } => Some((*least).max(1)),
        _ => mode.layers(),
    };
    let high = match mode {
        Mode::Parts(_) => 1,
        _ => u64::from(limits.answers_per_agent),
    };
    Span {
        low: layers.map_or(1, u64::from).min(high),
        high,
    }
}

/// Whether the team votes before somebody presents.
const fn has_votes(mode: &Mode) -> bool {
    !mode.by_agreement() && !matches!(mode, Mode::Parts(_))
}

/// What the models of a member cost: one, or those of the team that it is and its voice.
fn all_prices(member: &Member) -> Vec<Option<Price>> {
    let mut prices = vec![member.provider.price()];
    if let Some(group) = member.provider.group() {
        prices.extend(group.prices());
    }
    prices
}

async fn say(outbox: &Outbox, event: BudgetEvent) {
    outbox.emit(EventKind::Run(RunEvent::Budget(event))).await;
}

/// The forecast; `unpriced` is left to the caller.
#[must_use]
pub fn estimate(basis: Basis) -> Forecast {
    let team = basis.prices.len() as u64;
    let answers = Span {
        low: basis.answers.low.max(1),
        high: basis.answers.high.max(1).saturating_mul(basis.attempts),
    };
    // Votes once at least, at most after every answer of anybody else that comes by itself.
    let votes = if basis.votes {
        Span {
            low: 1,
            high: answers.high,
        }
    } else {
        Span::default()
    };
    let peers = team.saturating_sub(1);
    let mut forecast = Forecast {
        calls: Span::default(),
        tokens: Span::default(),
        usd: Span::default(),
        unpriced: Vec::new(),
    };
    // A conversation grows: a later call reads what the earlier ones wrote.
    let seen = |answer: u64| PROMPT + basis.task + answer * (peers + 1);
    for price in basis.prices {
        for at in [Side::Low, Side::High] {
            let (answers, votes) = (at.of(answers), at.of(votes));
            let (answer, vote) = (at.of(ANSWER), at.of(VOTE));
            let input = answers * (PROMPT + basis.task)
                + answers.saturating_sub(1) * answer * (peers + 1)
                + votes * seen(answer);
            let output = answers * answer + votes * vote;
            add(&mut forecast, at, answers + votes, input, output, *price);
        }
    }
    let first = basis.prices.iter().flatten().next().copied();
    for at in [Side::Low, Side::High] {
        let calls = at.of(basis.finish) * if at == Side::Low { 1 } else { basis.attempts };
        let answer = at.of(ANSWER);
        let (input, output) = (calls * seen(answer), calls * answer);
        add(&mut forecast, at, calls, input, output, first);
    }
    forecast
}

/// An end of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Low,
    High,
}

impl Side {
    const fn of(self, span: Span<u64>) -> u64 {
        match self {
            Self::Low => span.low,
            Self::High => span.high,
        }
    }
}

fn add(
    forecast: &mut Forecast,
    at: Side,
    calls: u64,
    input: u64,
    output: u64,
    price: Option<Price>,
) {
    let usd = price.map_or(0.0, |price| {
        (input as f64 * price.input + output as f64 * price.output) / 1e6
    });
    match at {
        Side::Low => {
            forecast.calls.low += calls;
            forecast.tokens.low += input + output;
            forecast.usd.low += usd;
        }
        Side::High => {
            forecast.calls.high += calls;
            forecast.tokens.high += input + output;
            forecast.usd.high += usd;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICE: Price = Price::flat(1.0, 1.0, 1.0);

    fn basis(prices: &[Option<Price>]) -> Basis<'_> {
        Basis {
            prices,
            task: 100,
            answers: Span { low: 1, high: 3 },
            votes: true,
            finish: Span { low: 1, high: 2 },
            attempts: 1,
        }
    }

    #[test]
    fn low_is_one_answer_one_vote_and_one_presentation() {
        let forecast = estimate(basis(&[Some(PRICE), Some(PRICE), None]));
        assert_eq!(forecast.calls, Span { low: 7, high: 20 });
        assert!(forecast.tokens.low < forecast.tokens.high);
        // Two of three have a price, at a dollar per million tokens.
        assert!(forecast.usd.low * 1e6 < forecast.tokens.low as f64);
        assert!(forecast.usd.low > 0.0);
    }

    #[test]
    fn more_of_anything_costs_more() {
        let prices = [Some(PRICE); 3];
        let usual = estimate(basis(&prices));
        let four = [Some(PRICE); 4];
        let attempts = Basis {
            attempts: 2,
            ..basis(&prices)
        };
        for other in [estimate(basis(&four)), estimate(attempts)] {
            assert!(other.tokens.high > usual.tokens.high);
            assert!(other.usd.high > usual.usd.high);
        }
    }
}
