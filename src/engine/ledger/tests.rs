//! The ledger against examples and random play.

use proptest::prelude::*;

use super::*;
use crate::{
    protocol::{AgentLimits, Cost},
    provider::LongPrice,
};

const PRICE: Price = Price::flat(1.0, 0.1, 10.0);

fn limits(budget: Budget) -> Limits {
    Limits {
        budget,
        ..Limits::default()
    }
}

fn wish(agent: u16, tier: Tier, prompt: u64) -> Wish {
    Wish {
        agent: AgentId(agent),
        ticket: Ticket::Own,
        tier,
        prompt,
        price: Some(PRICE),
    }
}

fn used(input: u64, output: u64) -> Usage {
    Usage {
        input,
        output,
        calls: 1,
        cost: Cost {
            usd: (input as f64 + 10.0 * output as f64) / 1e6,
            partial: false,
        },
        ..Usage::default()
    }
}

fn refusal(answer: Answer) -> (BudgetScope, BudgetLimit) {
    match answer {
        Answer::Refused(refused) => (refused.scope, refused.limit),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn without_limits_nothing_is_refused() {
    let mut ledger = Ledger::new(Limits::default(), 3);
    assert!(ledger.is_open());
    let answer = ledger.reserve(wish(1, Tier::Work, 1_000_000_000));
    assert_eq!(answer, Answer::Granted(None));
}

#[test]
fn the_call_after_the_limit_is_refused_and_the_shares_are_kept() {
    let mut ledger = Ledger::new(
        limits(Budget {
            tokens: Some(10_000),
            ..Budget::default()
        }),
        1,
    );
    // 75 % of 10 000 are for work.
    assert_eq!(
        ledger.reserve(wish(1, Tier::Work, 2_000)),
        Answer::Granted(Some(5_500))
    );
    ledger.settle(AgentId(1), Ticket::Own, Some(used(2_000, 5_300)));
    let answer = ledger.reserve(wish(1, Tier::Work, 100));
    assert_eq!(refusal(answer), (BudgetScope::Team, BudgetLimit::Tokens));
    assert!(matches!(
        ledger.reserve(wish(1, Tier::Vote, 100)),
        Answer::Granted(_)
    ));
    ledger.settle(AgentId(1), Ticket::Own, Some(used(100, 900)));
    assert!(matches!(
        ledger.reserve(wish(1, Tier::Vote, 100)),
        Answer::Refused(_)
    ));
    assert!(matches!(
        ledger.reserve(wish(1, Tier::Finish, 100)),
        Answer::Granted(_)
    ));
}

#[test]
fn what_runs_is_waited_for_before_it_is_refused() {
    let mut ledger = Ledger::new(
        limits(Budget {
            usd: Some(0.01),
            vote_percent: 0,
            present_percent: 0,
            ..Budget::default()
        }),
        1,
    );
    // 1 000 tokens in and 900 out are a cent.
    assert_eq!(
        ledger.reserve(wish(1, Tier::Work, 1_000)),
        Answer::Granted(Some(900))
    );
    assert_eq!(ledger.reserve(wish(2, Tier::Work, 1_000)), Answer::Later);
    ledger.settle(AgentId(1), Ticket::Own, Some(used(1_000, 100)));
    assert!(matches!(
        ledger.reserve(wish(2, Tier::Work, 1_000)),
        Answer::Granted(Some(700))
    ));
    ledger.settle(AgentId(2), Ticket::Own, Some(used(1_000, 700)));
    let answer = ledger.reserve(wish(1, Tier::Work, 10));
    assert_eq!(refusal(answer), (BudgetScope::Team, BudgetLimit::Usd));
}

#[test]
fn an_unknown_price_is_never_zero() {
    let unpriced = Wish {
        price: None,
        ..wish(1, Tier::Work, 1_000_000)
    };
    let budget = |unknown_price| Budget {
        usd: Some(0.001),
        unknown_price,
        ..Budget::default()
    };
    let mut warned = Ledger::new(limits(budget(UnknownPrice::Warn)), 1);
    assert_eq!(warned.reserve(unpriced), Answer::Granted(None));
    let mut refused = Ledger::new(limits(budget(UnknownPrice::Refuse)), 1);
    let answer = refused.reserve(unpriced);
    assert_eq!(refusal(answer), (BudgetScope::Agent, BudgetLimit::Price));
    // Tokens are limited with or without a price.
    let mut tokens = budget(UnknownPrice::Warn);
    tokens.tokens = Some(1_000);
    let answer = Ledger::new(limits(tokens), 1).reserve(unpriced);
    assert_eq!(refusal(answer), (BudgetScope::Team, BudgetLimit::Tokens));
}

#[test]
fn an_agent_stays_within_its_own_budget_and_the_team_goes_on() {
    let own = AgentLimits {
        budget: Budget {
            calls: Some(1),
            ..Budget::default()
        },
        ..AgentLimits::none(AgentId(1))
    };
    let mut ledger = Ledger::new(
        Limits {
            agents: vec![own],
            ..Limits::default()
        },
        2,
    );
    assert!(!ledger.is_open());
    assert_eq!(
        ledger.reserve(wish(1, Tier::Work, 10)),
        Answer::Granted(None)
    );
    ledger.settle(AgentId(1), Ticket::Own, Some(used(10, 10)));
    let answer = ledger.reserve(wish(1, Tier::Work, 10));
    assert_eq!(refusal(answer), (BudgetScope::Agent, BudgetLimit::Calls));
    assert_eq!(
        ledger.reserve(wish(2, Tier::Work, 10)),
        Answer::Granted(None)
    );
}

proptest! {
    /// Whatever is asked and used: nothing goes over a limit by more than what running calls use
    /// beyond their grants, and the shares are the sum of what was settled.
    #[test]
    fn limits_are_kept(
        tokens in proptest::option::of(0_u64..50_000),
        usd in proptest::option::of(0.0_f64..0.3),
        calls in proptest::option::of(0_u32..20),
        percents in (0_u8..60, 0_u8..60),
        moves in proptest::collection::vec(((1_u16..4, 0_u32..3), 0_u8..3, 0_u64..5_000, 0.0_f64..1.0, any::<bool>()), 0..80),
    ) {
        let budget = Budget {
            usd, tokens, calls,
            vote_percent: percents.0,
            present_percent: percents.1,
            ..Budget::default()
        };
        let mut ledger = Ledger::new(limits(budget.clone()), 3);
        let mut granted: BTreeMap<(u16, Ticket), (u64, Option<u64>)> = BTreeMap::new();
        let mut total = Usage::default();
        for ((agent, side), tier, prompt, part, settle) in moves {
            // Its own call, or one of two answers that it pays for beside it.
            let ticket = if side == 0 { Ticket::Own } else { Ticket::Side(side) };
            let tier = [Tier::Work, Tier::Vote, Tier::Finish][usize::from(tier)];
            if let Some((prompt, reply)) = granted.remove(&(agent, ticket)) {
                let output = (reply.unwrap_or(5_000) as f64 * part) as u64;
                let usage = settle.then(|| used(prompt, output));
                ledger.settle(AgentId(agent), ticket, usage);
                total += usage.unwrap_or_default();
            }
            match ledger.reserve(Wish { ticket, ..wish(agent, tier, prompt) }) {
                Answer::Granted(reply) => {
                    granted.insert((agent, ticket), (prompt, reply));
                }
                Answer::Later => prop_assert!(!granted.is_empty(), "nobody to wait for"),
                Answer::Refused(refused) => {
                    prop_assert!(refused.needs > refused.left, "{refused:?}");
                }
            }
            prop_assert!(tokens.is_none_or(|cap| total.input + total.output <= cap));
            prop_assert!(usd.is_none_or(|cap| total.cost.usd <= cap + 1e-9));
            prop_assert!(calls.is_none_or(|cap| total.calls <= cap));
        }
        let sum = ledger.shares().iter().fold(Usage::default(), |sum, share| sum + share.usage);
        prop_assert_eq!((sum.input, sum.output, sum.calls), (total.input, total.output, total.calls));
    }
}

proptest! {
    /// Teams and calls side by side: what is used and held never goes over a limit, as long as teams
    /// keep to what they were given.
    #[test]
    fn teams_never_take_more_than_is_left(
        calls in 1_u32..40,
        tokens in 1_000_u64..200_000,
        plays in prop::collection::vec((1_u16..4, any::<bool>(), 1_u64..2_000, 0_u64..4_000), 1..60),
    ) {
        let mut ledger = Ledger::new(
            limits(Budget { calls: Some(calls), tokens: Some(tokens), ..Budget::default() }),
            3,
        );
        for (agent, team, prompt, output) in plays {
            let wish = wish(agent, Tier::Work, prompt);
            if team {
                let Allotment::Granted(allowance) = ledger.allot(wish) else { continue };
                let (mut calls_left, mut tokens_left) =
                    (allowance.calls.unwrap(), allowance.tokens.unwrap());
                prop_assert!(calls_left >= 1);
                while calls_left > 0 && tokens_left >= prompt + output {
                    ledger.draw(wish.agent, used(prompt, output));
                    calls_left -= 1;
                    tokens_left -= prompt + output;
                }
            } else if let Answer::Granted(longest) = ledger.reserve(wish) {
                let output = output.min(longest.unwrap());
                ledger.settle(wish.agent, Ticket::Own, Some(used(prompt, output)));
            }
            let used = ledger.used.iter().map(|(id, amount)| (*id, *amount));
            let all = sum(used, BudgetScope::Team, wish.agent);
            prop_assert!(all.calls <= u64::from(calls), "{} of {calls}", all.calls);
            prop_assert!(all.tokens <= tokens, "{} of {tokens}", all.tokens);
            if team {
                ledger.settle(wish.agent, Ticket::Own, None);
            }
        }
    }
}

#[test]
fn long_prompts_and_writing_to_a_cache_are_reserved_at_what_they_cost() {
    let budget = Budget {
        usd: Some(0.01),
        vote_percent: 0,
        present_percent: 0,
        ..Budget::default()
    };
    let reply = |price: Price, prompt: u64| {
        let wish = Wish {
            price: Some(price),
            ..wish(1, Tier::Work, prompt)
        };
        match Ledger::new(limits(budget.clone()), 1).reserve(wish) {
            Answer::Granted(reply) => reply.unwrap(),
            Answer::Later | Answer::Refused(_) => 0,
        }
    };
    let writes = Price {
        written: 2.0,
        ..PRICE
    };
    let long = Price {
        long: Some(LongPrice {
            above: 1_999,
            input: 2.0,
            cached: 0.2,
            output: 20.0,
        }),
        ..PRICE
    };
    // 10 000 millionths of a dollar; 2 000 tokens of prompt at 1 or 2 of them, a reply at 10 or 20.
    assert_eq!(reply(PRICE, 2_000), 800);
    assert_eq!(reply(writes, 2_000), 600);
    assert_eq!(reply(long, 2_000), 300);
    assert_eq!(reply(long, 1_999), 800);
    assert_eq!(reply(long, 4_000), 0, "nothing is left for a reply");
}
