//! A team that is being put together, and what a task of it may cost.

use super::{Hand, Kind, Template, Way};

/// Most agents of a team that is put together here.
pub const MOST_AGENTS: usize = 5;

/// Calls of each agent in a turn that goes straight to its end.
const CALLS: f64 = 2.0;
/// Tokens of a short call, in and out.
const SHORT: (f64, f64) = (2_000.0, 600.0);
/// Tokens of a long call, in and out.
const LONG: (f64, f64) = (6_000.0, 1_500.0);
/// How many times more calls a turn has whose agents look at files.
const WITH_FILES: f64 = 6.0;

/// A team that is being put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What it is for.
    pub template: Template,
    /// Its members, 1 to [`MOST_AGENTS`].
    pub agents: Vec<Agent>,
    /// What agents may do with the folder that a run starts in.
    pub write: Write,
    /// Most US cents a task may cost.
    pub cents: Limit,
    /// Most minutes a turn may take.
    pub minutes: u32,
    /// The theme of the screen by its name; `None` leaves it as it is.
    pub theme: Option<String>,
}

/// One member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Name in panes and reports.
    pub id: String,
    /// Backend type.
    pub backend: String,
    /// Model; `None` for a program that chooses itself.
    pub model: Option<String>,
    /// Address, where the backend type does not say it.
    pub base_url: Option<String>,
    /// What it looks at, for the system message.
    pub duty: Option<String>,
}

/// What agents may do with the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Write {
    /// Nothing: they only talk.
    Talk,
    /// Look at it.
    Read,
    /// Change copies of it.
    Change,
}

impl Write {
    /// All, from the least on.
    pub const ALL: [Self; 3] = [Self::Talk, Self::Read, Self::Change];

    /// What it is called in flags.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Talk => "talk",
            Self::Read => "read",
            Self::Change => "write",
        }
    }

    /// What it means, for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Talk => "only talk, no files",
            Self::Read => "read the folder",
            Self::Change => "change copies of the folder; you review",
        }
    }

    /// By its word.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// A limit that may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// None.
    Open,
    /// At most so many.
    Most(u32),
}

impl Limit {
    /// Limits of money that are offered, in US cents.
    pub const CENTS: [Self; 9] = [
        Self::Most(5),
        Self::Most(10),
        Self::Most(25),
        Self::Most(50),
        Self::Most(100),
        Self::Most(200),
        Self::Most(500),
        Self::Most(2_000),
        Self::Open,
    ];
    /// Limits of time that are offered, in minutes.
    pub const MINUTES: [u32; 7] = [2, 5, 10, 15, 30, 60, 120];

    /// The sum, for people.
    #[must_use]
    pub fn dollars(self) -> String {
        match self {
            Self::Open => "no limit".to_owned(),
            Self::Most(cents) => format!("${}.{:02}", cents / 100, cents % 100),
        }
    }
}

/// What a task may cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cost {
    /// Between these, in USD.
    About(f64, f64),
    /// Nothing is paid by the token.
    Free,
    /// No price is known of at least one member.
    Unknown,
}

impl Cost {
    /// For people: `about $0.01 to $0.20 a task`.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::About(low, high) => {
                format!("about {} to {} a task", money(low), money(high))
            }
            Self::Free => "nothing is paid by the token".to_owned(),
            Self::Unknown => "price unknown".to_owned(),
        }
    }
}

/// A sum with as many digits as say something.
fn money(usd: f64) -> String {
    if usd < 0.001 {
        "less than $0.001".to_owned()
    } else if usd < 0.01 {
        format!("${usd:.3}")
    } else {
        format!("${usd:.2}")
    }
}

impl Draft {
    /// The draft of a template with what is at hand, and what is missing for it.
    #[must_use]
    pub fn of(template: Template, hand: &Hand) -> (Self, Option<String>) {
        let chosen = super::members(template, hand);
        let wanted = template.wanted();
        let draft = Self {
            template,
            agents: chosen.agents,
            write: wanted.write,
            cents: wanted.cents,
            minutes: wanted.minutes,
            theme: None,
        };
        (draft, chosen.missing)
    }

    /// What a task may cost with these members.
    #[must_use]
    pub fn cost(&self, hand: &Hand) -> Cost {
        let ways = |agent: &Agent| hand.way(&agent.backend, agent.base_url.as_deref());
        let priced: Option<Vec<(f64, f64)>> = self
            .agents
            .iter()
            .map(|agent| price(ways(agent)?, agent.model.as_deref()))
            .collect();
        priced.map_or(Cost::Unknown, |prices| cost(&prices, self.write))
    }
}

/// USD per million tokens of an agent.
fn price(way: &Way, model: Option<&str>) -> Option<(f64, f64)> {
    match way.kind {
        Kind::Here => Some((0.0, 0.0)),
        Kind::Program => None,
        Kind::Vendor => {
            let model = way
                .models
                .iter()
                .find(|one| Some(one.id.as_str()) == model)?;
            model.price
        }
    }
}

/// What a task may cost of agents with these prices: from short calls straight to the end up to long
/// ones, more of them where files are looked at. An estimate, not a limit.
#[must_use]
pub fn cost(prices: &[(f64, f64)], write: Write) -> Cost {
    let sum = |(read, written): (f64, f64)| -> f64 {
        let one = |(input, output): &(f64, f64)| (input * read + output * written) / 1e6;
        prices.iter().map(one).sum::<f64>() * CALLS
    };
    let files = match write {
        Write::Talk => 1.0,
        Write::Read | Write::Change => WITH_FILES,
    };
    let (low, high) = (sum(SHORT), sum(LONG) * files);
    if high <= 0.0 {
        return Cost::Free;
    }
    Cost::About(low, high)
}

/// `wanted`, or with a number behind it when another agent has that name.
#[must_use]
pub fn free_id(wanted: &str, agents: &[Agent]) -> String {
    let taken = |id: &str| agents.iter().any(|agent| agent.id == id);
    if !taken(wanted) {
        return wanted.to_owned();
    }
    let numbered = (2..).map(|number| format!("{wanted}-{number}"));
    numbered
        .into_iter()
        .find(|id| !taken(id))
        .unwrap_or_else(|| wanted.to_owned())
}
