//! What a nested team may do: the smaller of its own limits and of what is left above.

use crate::{
    protocol::{Limits, Mode, Rules, UnknownPrice, rules},
    provider::Allowance,
};

/// Of the larger team's patience, the part after which a nested team is stopped: what is left is for
/// its last words.
const USABLE: (u64, u64) = (9, 10);

/// The seconds a nested team may take.
#[must_use]
pub const fn usable(seconds: u64) -> u64 {
    seconds.saturating_mul(USABLE.0) / USABLE.1
}

/// Its limits. Of its time, six tenths are for work and one each for publications, votes, the
/// presentation and its stand-in, as far as its own limits are not smaller.
#[must_use]
pub fn limits(own: &Limits, allowance: Allowance) -> Limits {
    let mut limits = own.clone();
    let budget = &mut limits.budget;
    budget.usd = least(budget.usd, allowance.usd, f64::min);
    budget.tokens = least(budget.tokens, allowance.tokens, u64::min);
    budget.calls = least(budget.calls, allowance.calls, u32::min);
    budget.tool_calls = least(budget.tool_calls, allowance.tool_calls, u32::min);
    if allowance.usd.is_some() && allowance.unknown_price == UnknownPrice::Refuse {
        budget.unknown_price = UnknownPrice::Refuse;
    }
    limits.depth = limits.depth.min(allowance.depth.saturating_sub(1));
    if let Some(seconds) = allowance.seconds {
        let seconds = usable(seconds);
        let part = |tenths: u64| (seconds.saturating_mul(tenths) / 10).max(1);
        limits.turn_seconds = limits.turn_seconds.min(part(6));
        limits.round_seconds = limits.round_seconds.min(limits.turn_seconds);
        limits.vote_seconds = limits.vote_seconds.min(part(1));
        limits.present_seconds = limits.present_seconds.min(part(1));
    }
    limits
}

fn least<T>(own: Option<T>, above: Option<T>, min: fn(T, T) -> T) -> Option<T> {
    match (own, above) {
        (Some(own), Some(above)) => Some(min(own, above)),
        (own, above) => own.or(above),
    }
}

/// Its rules: as configured, but for what needs the person.
#[must_use]
pub fn rules(own: &Rules) -> Rules {
    let mut rules = own.clone();
    rules.talking.ask = if own.talking.ask.agents() {
        rules::Asking::Agents
    } else {
        rules::Asking::Nobody
    };
    rules.talking.inbox = None;
    rules.working.given(Vec::new());
    if let Mode::Plan(planning) = &mut rules.mode {
        planning.approval = rules::Approval::Auto;
    }
    rules
}
