//! A short list of good models per backend, from `assets/setup/models.json`. It has a date and says so:
//! vendors change their models faster than programs are released.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// How able and how expensive a model is among those of its vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Small and quick.
    Cheap,
    /// Good for most work.
    Balanced,
    /// The best that its vendor has for every day.
    Strong,
}

impl Tier {
    /// One word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cheap => "cheap",
            Self::Balanced => "balanced",
            Self::Strong => "strong",
        }
    }

    /// This tier, then the others, nearest first.
    #[must_use]
    pub const fn nearest(self) -> [Self; 3] {
        match self {
            Self::Cheap => [Self::Cheap, Self::Balanced, Self::Strong],
            Self::Balanced => [Self::Balanced, Self::Strong, Self::Cheap],
            Self::Strong => [Self::Strong, Self::Balanced, Self::Cheap],
        }
    }
}

/// One model of the list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Curated {
    /// Backend type in configurations.
    pub backend: String,
    /// Model id.
    pub id: String,
    /// Its place among its vendor's.
    pub tier: Tier,
}

#[derive(Default, Deserialize)]
struct List {
    dated: String,
    models: Vec<Curated>,
}

static LIST: LazyLock<List> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../assets/setup/models.json")).unwrap_or_default()
});

/// All of them. Empty only if the embedded list were damaged, which a test rules out.
#[must_use]
pub fn curated() -> &'static [Curated] {
    &LIST.models
}

/// The day of the list, `2026-11-20`.
#[must_use]
pub fn dated() -> &'static str {
    &LIST.dated
}

/// Those of a backend, the strongest first.
#[must_use]
pub fn of_backend(backend: &str) -> Vec<&'static Curated> {
    let mut found: Vec<_> = curated()
        .iter()
        .filter(|one| one.backend == backend)
        .collect();
    found.sort_by_key(|one| std::cmp::Reverse(one.tier));
    found
}
