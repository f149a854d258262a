//! Conversations that were made smaller: how often, what it took off, what it cost.

use crate::protocol::{CallEvent, CompactedBy, Failure, Usage};

use super::{money::short, usd};

/// All compactions of a turn.
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
}

impl Compactions {
    /// Counts one, if the event is one.
    pub(super) fn count(&mut self, call: &CallEvent) {
        if let CallEvent::Compacted {
            before,
            after,
            spent,
            ..
        } = call
        {
            self.times += 1;
            self.before = self.before.saturating_add(*before);
            self.after = self.after.saturating_add(*after);
            self.spent += *spent;
        }
    }

    /// `2 times, 120k → 18k tokens: 102k fewer in each later call; it took 9.1k tokens, $0.02`;
    /// `None` when there was none.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        let times = match self.times {
            0 => return None,
            1 => "once".to_owned(),
            times => format!("{times} times"),
        };
        let fewer = short(self.before.saturating_sub(self.after));
        Some(format!(
            "{times}, {} → {} tokens: {fewer} fewer in each later call; it took {}",
            short(self.before),
            short(self.after),
            took(self.spent),
        ))
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

    #[test]
    fn the_saving_is_told_with_its_price() {
        let mut all = Compactions::default();
        assert_eq!(all.words(), None);
        let spent = Usage {
            input: 4_000,
            output: 200,
            calls: 1,
            ..Usage::default()
        };
        for _ in 0..2 {
            all.count(&CallEvent::Compacted {
                before: 61_000,
                after: 9_000,
                way: CompactedBy::Summary,
                spent,
                instead: None,
            });
        }
        assert_eq!(
            all.words().as_deref(),
            Some(
                "2 times, 122k → 18k tokens: 104k fewer in each later call; it took 8.4k tokens, $0.00"
            )
        );
        let failure = Failure::new(FailureKind::Transient, "It hung up.");
        let nothing = Usage::default();
        assert_eq!(
            compacted((61_000, 900), CompactedBy::Trim, &nothing, Some(&failure)),
            "61k → 900 tokens (cut), because a better way failed: It hung up."
        );
    }
}
