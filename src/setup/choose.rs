//! Who becomes a member: what a template wants, out of what is at hand.

use super::{Agent, Hand, Kind, Model, Template, Tier, Way, free_id, of_backend, template::From};

/// Members, and what is missing for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// They. Never empty.
    pub agents: Vec<Agent>,
    /// What the person must do before it can run, as a sentence.
    pub missing: Option<String>,
}

/// The members of a template. Where nothing is at hand, members that need a key or a server, and a
/// sentence that says so.
#[must_use]
pub fn members(template: Template, hand: &Hand) -> Chosen {
    let wanted = template.wanted();
    let mut places = fitting(template, hand);
    let missing = places.is_empty().then(|| match wanted.from {
        From::Here => {
            places.push(Place::model("ollama", "qwen3:4b"));
            "No model server was found on this machine: start one, or install Ollama and run \
             `ollama pull qwen3:4b`."
                .to_owned()
        }
        From::Any | From::Everything => {
            let curated = of_backend("openai");
            let model = curated.iter().find(|one| one.tier == wanted.tier);
            let model = model.or(curated.first()).map_or("gpt-5.4", |one| &one.id);
            places.push(Place::model("openai", model));
            "No key, model server or agent program was found: set OPENAI_API_KEY, or keep it with \
             `massgen-tui keys set OPENAI_API_KEY`."
                .to_owned()
        }
    });
    let count = match wanted.from {
        From::Everything => places.len().clamp(2, 4),
        From::Any | From::Here => wanted.agents,
    };
    Chosen {
        agents: seated(template, &places, count),
        missing,
    }
}

/// So many members of a template on these places, each in its turn.
#[must_use]
pub fn seated(template: Template, places: &[Place], count: usize) -> Vec<Agent> {
    let duties = template.wanted().duties;
    let mut agents: Vec<Agent> = Vec::new();
    for (number, place) in places.iter().cycle().take(count).enumerate() {
        let duty = duties.get(number % duties.len().max(1));
        let name = duty.map_or_else(|| short(&place.backend), |(id, _)| *id);
        agents.push(Agent {
            id: free_id(name, &agents),
            backend: place.backend.clone(),
            model: place.model.clone(),
            base_url: place.base_url.clone(),
            duty: duty.map(|(_, words)| (*words).to_owned()),
        });
    }
    agents
}

/// Something that a member can be put on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Backend type.
    pub backend: String,
    /// Model; `None` for a program that chooses itself.
    pub model: Option<String>,
    /// Address, where the backend type does not say it.
    pub base_url: Option<String>,
}

impl Place {
    fn model(backend: &str, model: &str) -> Self {
        Self {
            backend: backend.to_owned(),
            model: Some(model.to_owned()),
            base_url: None,
        }
    }
}

/// What a template can be put on, best first: vendors, then servers here, then programs. A template that
/// takes everything takes one of each.
#[must_use]
pub fn fitting(template: Template, hand: &Hand) -> Vec<Place> {
    let wanted = template.wanted();
    let of = |kind: Kind| -> Vec<Place> {
        let usable = hand.of(kind).filter(|way| way.is_usable());
        usable.filter_map(|way| place(way, wanted.tier)).collect()
    };
    let (vendors, here, programs) = (of(Kind::Vendor), of(Kind::Here), of(Kind::Program));
    match wanted.from {
        From::Here => here,
        From::Everything => {
            let mut all: Vec<Place> = vendors.into_iter().take(3).collect();
            all.extend(here.into_iter().take(1));
            all.extend(programs);
            all.truncate(4);
            all
        }
        From::Any if !vendors.is_empty() => vendors,
        From::Any if !here.is_empty() => here.into_iter().take(1).collect(),
        From::Any => programs,
    }
}

fn place(way: &Way, tier: Tier) -> Option<Place> {
    let model = match way.kind {
        Kind::Program => None,
        Kind::Vendor | Kind::Here => Some(way.model(tier).map(|Model { id, .. }| id.clone())?),
    };
    Some(Place {
        backend: way.backend.clone(),
        model,
        base_url: way.base_url.clone(),
    })
}

/// What an agent is called after its backend.
#[must_use]
pub fn short(backend: &str) -> &str {
    match backend {
        "openai" | "azure_openai" => "gpt",
        "claude_code" => "claude-code",
        "gemini_cli" => "gemini-cli",
        "chatcompletion" => "local",
        other => other,
    }
}
