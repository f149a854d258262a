//! What is at hand on a machine: vendors whose key is set, model servers, programs. Found elsewhere.

use super::Tier;

/// Everything that can be asked right away.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hand {
    /// Ways to models, in the order in which they are offered.
    pub ways: Vec<Way>,
}

/// What kind of way it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A vendor's API with a key.
    Vendor,
    /// A model server on this machine or in its network.
    Here,
    /// A command-line agent with its own login.
    Program,
}

/// A way to models.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// Its kind.
    pub kind: Kind,
    /// Backend type in configurations.
    pub backend: String,
    /// For people.
    pub name: String,
    /// Its address, where the configuration must say it.
    pub base_url: Option<String>,
    /// The variable of its key, when it has one.
    pub variable: Option<String>,
    /// Its models, the best to begin with first; empty for a program that chooses itself.
    pub models: Vec<Model>,
}

/// A model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// Id to send.
    pub id: String,
    /// Its place in the curated list.
    pub tier: Option<Tier>,
    /// USD per million tokens, in and out, when it is known.
    pub price: Option<(f64, f64)>,
    /// Window in tokens, when it is known.
    pub context: Option<u64>,
    /// Whether it is in memory, when its server tells.
    pub loaded: Option<bool>,
}

impl Hand {
    /// The ways of a kind.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Way> {
        self.ways.iter().filter(move |way| way.kind == kind)
    }

    /// The way of a backend; with an address, the one at that address.
    #[must_use]
    pub fn way(&self, backend: &str, base_url: Option<&str>) -> Option<&Way> {
        let mut fitting = self.ways.iter().filter(|way| way.backend == backend);
        match base_url {
            Some(url) => fitting.find(|way| way.base_url.as_deref() == Some(url)),
            None => fitting.next(),
        }
    }
}

impl Way {
    /// The model of a tier, or of the one nearest to it, or the first; `None` where there is none.
    #[must_use]
    pub fn model(&self, tier: Tier) -> Option<&Model> {
        let of = |wanted: Tier| self.models.iter().find(|one| one.tier == Some(wanted));
        let found = tier.nearest().into_iter().find_map(of);
        found.or_else(|| self.models.first())
    }

    /// Whether an agent can be put on it.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.kind == Kind::Program || !self.models.is_empty()
    }
}
