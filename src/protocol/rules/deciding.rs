//! When and how votes become a winner.

use serde::{Deserialize, Serialize};

use super::Policy;
use crate::protocol::AgentId;

/// When and how votes become a winner.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Deciding {
    /// Nobody votes before every live agent has published.
    pub defer_voting: bool,
    /// No voting at all: the turn is decided when every live agent has published once.
    pub skip_voting: bool,
    /// How ballots are cast and counted.
    pub policy: Policy,
    /// What answers are scored on with [`Policy::Score`]; empty for [`Criterion::usual`].
    pub criteria: Vec<Criterion>,
    /// How readily agents accept an answer. With [`Policy::Score`] the bar is held in code;
    /// `None` is [`Gate::USUAL`] there and no bar elsewhere.
    pub gate: Option<Gate>,
    /// Who judges with [`Policy::Judge`] and writes no answer; `None` leaves it to the engine.
    pub judge: Option<AgentId>,
    /// Voting ends as soon as the votes that are missing cannot change the winner.
    pub early_stop: bool,
}

/// One thing that answers are scored on, from 0 to 10.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Criterion {
    /// Short name, unique among the criteria.
    pub name: String,
    /// Weight in the mean, 1 to 100.
    pub weight: u32,
    /// What it means, one sentence; may be empty.
    #[serde(default)]
    pub meaning: String,
}

impl Criterion {
    /// The criteria that are used when none are given.
    #[must_use]
    pub fn usual() -> Vec<Self> {
        [
            ("correct", 3, "What it says is true and answers the task."),
            ("complete", 2, "Nothing that the task asks for is missing."),
            (
                "clear",
                1,
                "The reader can use it as it stands; nothing is padding.",
            ),
        ]
        .into_iter()
        .map(|(name, weight, meaning)| Self {
            name: name.to_owned(),
            weight,
            meaning: meaning.to_owned(),
        })
        .collect()
    }
}

/// Two numbers in place of adjectives: how good is good enough, and how often to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// Mean score that an answer needs, in tenths: 0 to 100.
    pub bar: u32,
    /// Improvements an agent may publish after its first answer.
    pub budget: u32,
}

impl Gate {
    /// The gate of scored votes when nothing is said: `balanced`.
    pub const USUAL: Self = Self { bar: 70, budget: 2 };

    /// Tenths by which the bar has sunk when the last improvement is used up.
    const SLOPE: u32 = 20;

    /// The bar in tenths for an agent that can publish `left` more improvements out of its budget:
    /// the full bar with all of them left, falling by equal steps, nothing when none is left. Fewer
    /// left never raises it.
    #[must_use]
    pub fn bar_with(self, left: u32) -> u32 {
        if left == 0 {
            return 0;
        }
        let budget = self.budget.max(1);
        let used = budget.saturating_sub(left);
        let eased = u64::from(Self::SLOPE) * u64::from(used) / u64::from(budget);
        self.bar
            .saturating_sub(u32::try_from(eased).unwrap_or(Self::SLOPE))
    }
}

impl Deciding {
    /// The criteria in force.
    #[must_use]
    pub fn criteria(&self) -> Vec<Criterion> {
        if self.criteria.is_empty() {
            Criterion::usual()
        } else {
            self.criteria.clone()
        }
    }

    /// Every text in it, for masking and cleaning.
    pub fn texts_mut(&mut self, with: &mut dyn FnMut(&mut String)) {
        for criterion in &mut self.criteria {
            with(&mut criterion.name);
            with(&mut criterion.meaning);
        }
    }

    /// The gate in force, if there is one.
    #[must_use]
    pub fn gate(&self) -> Option<Gate> {
        match self.policy {
            Policy::Score => Some(self.gate.unwrap_or(Gate::USUAL)),
            Policy::Plurality
            | Policy::Majority
            | Policy::Unanimity
            | Policy::Approval
            | Policy::InstantRunoff
            | Policy::Borda
            | Policy::Judge => self.gate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_sinks_with_what_is_left_and_is_gone_at_the_end() {
        let gate = Gate { bar: 70, budget: 2 };
        let bars: Vec<_> = (0..5).map(|left| gate.bar_with(left)).collect();
        assert_eq!(bars, [0, 60, 70, 70, 70]);
        for bar in [0, 15, 100] {
            for budget in 0..6 {
                let gate = Gate { bar, budget };
                for left in 0..8 {
                    assert!(gate.bar_with(left) <= gate.bar_with(left + 1));
                    assert!(gate.bar_with(left) <= bar);
                }
            }
        }
    }
}
