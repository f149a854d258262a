//! Conversations that were made smaller: how often, what it took off, what it cost.

use crate::protocol::{AgentId, CallEvent, CompactedBy, Failure, Purpose, Usage};

use super::{money::short, usd};

/// All compactions of a turn, or of one agent in it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Compactions {
    /// How many.
    pub times: u64,
    /// Prompt tokens before, summed.
    pub before: u64,
    /// Prompt tokens after, summed.
    pub after: u64,
    /// What they took; part of the usage of their agents.
    pub spent: Usage,
    /// Prompt tokens that later calls did not send again, so far.
    pub saved: u64,
    /// What those would have cost at least, in USD, read from a cache.
    pub worth: f64,
    /// Some of them have no known price.
    pub unpriced: bool,
}

/// The compactions of one agent, and what each further call of its conversation saves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Smaller {
    /// Whose.
    pub agent: AgentId,
    /// So far.
    pub all: Compactions,
    /// Tokens that each call sends less.
    fewer: u64,
    /// What those are worth, in USD; `None` where no price is known.
    usd: Option<f64>,
}

/// Every compaction of a turn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    /// One row per agent that had any.
    pub agents: Vec<Smaller>,
}

impl Ledger {
    /// The sum over all agents.
    #[must_use]
    pub fn all(&self) -> Compactions {
        let mut sum = Compactions::default();
        for Smaller { all, .. } in &self.agents {
            sum.times += all.times;
            sum.before = sum.before.saturating_add(all.before);
            sum.after = sum.after.saturating_add(all.after);
            sum.spent += all.spent;
            sum.saved = sum.saved.saturating_add(all.saved);
            sum.worth += all.worth;
            sum.unpriced |= all.unpriced;
        }
        sum
    }

    /// Those of one agent.
    #[must_use]
    pub fn of(&self, agent: AgentId) -> Option<&Compactions> {
        let row = self.agents.iter().find(|row| row.agent == agent);
        row.map(|row| &row.all)
    }

    /// Counts one, if the event is one.
    pub(super) fn count(&mut self, agent: AgentId, call: &CallEvent) {
        let CallEvent::Compacted {
            before,
            after,
            spent,
            worth,
            ..
        } = call
        else {
            return;
        };
        let at = self.agents.iter().position(|row| row.agent == agent);
        let at = at.unwrap_or_else(|| {
            self.agents.push(Smaller {
                agent,
                all: Compactions::default(),
                fewer: 0,
                usd: Some(0.0),
            });
            self.agents.len() - 1
        });
        let Some(Smaller {
            all, fewer, usd, ..
        }) = self.agents.get_mut(at)
        else {
            return;
        };
        all.times += 1;
        all.before = all.before.saturating_add(*before);
        all.after = all.after.saturating_add(*after);
        all.spent += *spent;
        let gone = before.saturating_sub(*after);
        *fewer = fewer.saturating_add(gone);
        *usd = usd
            .zip(*worth)
            .map(|(usd, worth)| usd + gone as f64 * worth / 1_000_000.0);
    }

    /// A further call of the agent's conversation was paid for.
    pub(super) fn called(&mut self, agent: AgentId, usage: Usage) {
        let calls = u64::from(usage.calls);
        let row = self.agents.iter_mut().find(|row| row.agent == agent);
        if let Some(row) = row.filter(|row| row.fewer > 0 && calls > 0) {
            let all = &mut row.all;
            all.saved = all.saved.saturating_add(row.fewer.saturating_mul(calls));
            match row.usd {
                Some(usd) => all.worth += usd * calls as f64,
                None => all.unpriced = true,
            }
        }
    }

    /// A round begins. Some begin another conversation, which was never made smaller.
    pub(super) fn begin(&mut self, agent: AgentId, purpose: Purpose) {
        let same = matches!(purpose, Purpose::Work | Purpose::Revote | Purpose::VoteOnly);
        let row = self.agents.iter_mut().find(|row| row.agent == agent);
        if let Some(row) = row.filter(|_| !same) {
            row.fewer = 0;
            row.usd = Some(0.0);
        }
    }
}

impl Compactions {
    /// `2 times, 122k → 18k tokens; it took 8.4k tokens, $0.0250; 312k tokens were not sent again,
    /// worth at least $0.0936: $0.0686 less in all`; `None` when there was none.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        let times = match self.times {
            0 => return None,
            1 => "once".to_owned(),
            times => format!("{times} times"),
        };
        let mut words = format!(
            "{times}, {} → {} tokens",
            short(self.before),
            short(self.after)
        );
        if self.spent.calls > 0 {
            words.push_str("; it took ");
            words.push_str(&took(self.spent));
        }
        words.push_str("; ");
        words.push_str(&self.net());
        Some(words)
    }

    /// What came of it so far.
    fn net(&self) -> String {
        if self.saved == 0 {
            return "no call has followed yet that is shorter for it".to_owned();
        }
        let saved = format!("{} tokens were not sent again", short(self.saved));
        if self.unpriced || self.spent.cost.partial {
            let took = self.spent.input + self.spent.output;
            return match self.saved.checked_sub(took) {
                Some(net) => format!("{saved}: {} fewer in all", short(net)),
                None => format!("{saved}: {} more in all", short(took - self.saved)),
            };
        }
        let net = self.worth - self.spent.cost.usd;
        let sense = if net < 0.0 { "more" } else { "less" };
        format!(
            "{saved}, worth at least {} (from a cache): {} {sense} in all",
            usd(self.worth),
            usd(net.abs())
        )
    }
}

/// One compaction in words: `61k → 9.0k tokens (summary, 4.2k tokens, $0.0100)`.
#[must_use]
pub fn compacted(
    (before, after): (u64, u64),
    way: CompactedBy,
    spent: &Usage,
    instead: Option<&Failure>,
) -> String {
    let mut words = format!(
        "{} → {} tokens ({}",
        short(before),
        short(after),
        way.word()
    );
    if spent.calls > 0 {
        words.push_str(", ");
        words.push_str(&took(*spent));
    }
    words.push(')');
    if let Some(failure) = instead {
        words.push_str(", because a better way failed: ");
        words.push_str(&failure.message);
    }
    words
}

fn took(spent: Usage) -> String {
    let tokens = short(spent.input + spent.output);
    let money = match (spent.cost.partial, spent.cost.usd > 0.0) {
        (true, false) => "price unknown".to_owned(),
        (true, true) => format!("at least {}", usd(spent.cost.usd)),
        (false, _) => usd(spent.cost.usd),
    };
    format!("{tokens} tokens, {money}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::FailureKind;

    fn made(spent: Usage, worth: Option<f64>) -> CallEvent {
        CallEvent::Compacted {
            before: 61_000,
            after: 9_000,
            way: CompactedBy::Summary,
            spent,
            instead: None,
            worth,
        }
    }

    fn call() -> Usage {
        Usage {
            calls: 1,
            ..Usage::default()
        }
    }

    #[test]
    fn the_saving_is_told_net_of_its_price() {
        let (one, two) = (AgentId(1), AgentId(2));
        let mut ledger = Ledger::default();
        assert_eq!(ledger.all().words(), None);
        let spent = Usage {
            input: 4_000,
            output: 200,
            cost: crate::protocol::Cost {
                usd: 0.0125,
                partial: false,
            },
            ..call()
        };
        ledger.called(one, spent);
        ledger.count(one, &made(spent, Some(0.3)));
        let words = |ledger: &Ledger| ledger.all().words().expect("words");
        assert_eq!(
            words(&ledger),
            "once, 61k → 9.0k tokens; it took 4.2k tokens, $0.0125; no call has followed yet that \
             is shorter for it"
        );
        for _ in 0..2 {
            ledger.called(one, call());
            ledger.called(two, call());
        }
        assert_eq!(ledger.of(one).map(|all| all.saved), Some(104_000));
        assert_eq!(ledger.of(two), None);
        assert_eq!(
            words(&ledger),
            "once, 61k → 9.0k tokens; it took 4.2k tokens, $0.0125; 104k tokens were not sent \
             again, worth at least $0.0312 (from a cache): $0.0187 less in all"
        );
        // A second one adds to what each call saves; another conversation saves nothing.
        ledger.count(one, &made(spent, Some(0.3)));
        ledger.called(one, call());
        assert_eq!(ledger.all().saved, 208_000);
        ledger.begin(one, Purpose::Revote);
        ledger.called(one, call());
        ledger.begin(one, Purpose::Present);
        ledger.called(one, call());
        assert_eq!(ledger.all().saved, 312_000);
    }

    #[test]
    fn without_a_price_the_saving_is_told_in_tokens() {
        let mut ledger = Ledger::default();
        let spent = Usage {
            input: 60_000,
            ..call()
        };
        ledger.count(AgentId(1), &made(spent, None));
        ledger.called(AgentId(1), call());
        let more = "52k tokens were not sent again: 8.0k more in all";
        assert!(
            ledger
                .all()
                .words()
                .is_some_and(|words| words.ends_with(more))
        );
        ledger.called(AgentId(1), call());
        let fewer = "104k tokens were not sent again: 44k fewer in all";
        assert!(
            ledger
                .all()
                .words()
                .is_some_and(|words| words.ends_with(fewer))
        );
    }

    #[test]
    fn one_of_them_says_how_and_why() {
        let failure = Failure::new(FailureKind::Transient, "It hung up.");
        let nothing = Usage::default();
        assert_eq!(
            compacted((61_000, 900), CompactedBy::Trim, &nothing, Some(&failure)),
            "61k → 900 tokens (cut), because a better way failed: It hung up."
        );
    }
}
