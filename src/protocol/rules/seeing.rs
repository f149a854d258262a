//! Who is shown what of the others' work.

use serde::{Deserialize, Serialize};

/// Who is shown what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seeing {
    /// Whose answers an agent may see.
    pub visibility: Visibility,
    /// Most times that answers arrive in the middle of a round; `None` for no bound, 0 for news at
    /// the beginning of rounds only. What a vote needs to be seen is shown all the same.
    pub midstream: Option<u32>,
    /// Agents are never told how many votes an answer has before the vote is settled.
    pub hide_tally: bool,
    /// Agents are never told who wrote or voted what: peers are numbers, ballots are secret.
    pub hide_identities: bool,
}

/// What agents are not told, so that they do not follow the herd. Can be changed while they work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hiding {
    /// As [`Seeing::hide_tally`].
    pub tally: bool,
    /// As [`Seeing::hide_identities`].
    pub identities: bool,
}

impl Hiding {
    /// The words for screens and logs: `tally hidden, names shown`.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match (self.tally, self.identities) {
            (true, true) => "tally and names hidden",
            (true, false) => "tally hidden, names shown",
            (false, true) => "tally shown, names hidden",
            (false, false) => "tally and names shown",
        }
    }
}

impl Seeing {
    /// What agents are not told.
    #[must_use]
    pub const fn hiding(&self) -> Hiding {
        Hiding {
            tally: self.hide_tally,
            identities: self.hide_identities,
        }
    }

    /// Hides this, and shows the rest.
    pub const fn hide(&mut self, hiding: Hiding) {
        self.hide_tally = hiding.tally;
        self.hide_identities = hiding.identities;
    }
}

impl Default for Seeing {
    /// All, once one has an answer of one's own; as soon as there is news; nothing that herds.
    fn default() -> Self {
        Self {
            visibility: Visibility::default(),
            midstream: None,
            hide_tally: true,
            hide_identities: true,
        }
    }
}

/// Whose answers an agent may see and vote for. Its own is always among them. The relation is
/// symmetric: who may see a peer is seen by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everybody's, from the beginning.
    All,
    /// Everybody's, after an own first answer (or when none can be written any more).
    #[default]
    AfterOwn,
    /// Those of the agents before and after it in the configuration, the last and the first joined;
    /// after an own first answer.
    Ring,
    /// Those of its island: agents as configured in groups of `neighbours` + 1. The first of each island
    /// also sees the first of the islands before and after. After an own first answer.
    Islands {
        /// Peers that an agent sees inside its island, at least one.
        neighbours: u16,
    },
}

impl Visibility {
    /// The words for screens and logs.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::All => "all from the start".to_owned(),
            Self::AfterOwn => "all after the own answer".to_owned(),
            Self::Ring => "ring".to_owned(),
            Self::Islands { neighbours } => format!("islands of {}", u32::from(neighbours) + 1),
        }
    }

    /// True when nobody is kept from seeing anybody.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::All | Self::AfterOwn)
    }
}
