//! From a choice to a team: members with their models, limits, rules.

use std::{collections::BTreeMap, sync::Arc};

use secrecy::SecretString;
use serde_json::Map;

use super::{Services, inbox::Inbox, plugins, ways::Ways};
use crate::{
    config::{AgentTools, BackendConfig, Config, Overlay, ToolServer},
    demo::{self, Actor, Scenario},
    engine::{Member, SessionSetup, nested::NestedTeam},
    mcp::{Shared, Tools},
    protocol::{
        AgentCard, AgentId, Context, Failure, Form, Limits, Origin, Own, Rules, RunId, Working,
    },
    provider::{Endpoint, Manners, Price, RateLimit, ToolCalling, Wire},
    store::redact::Redactor,
    tool::Outside,
    tui::options::Given,
};

/// Where a team comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A scenario of the scripted demo team.
    Demo(String),
    /// A configuration that loaded without errors.
    Config(Arc<Config>),
    /// Models from flags or from discovery, one agent each.
    Backends(Vec<BackendConfig>),
}

/// A team ready to start.
pub struct Team {
    /// Members in configuration order.
    pub members: Vec<Member>,
    /// Limits.
    pub limits: Limits,
    /// Rules.
    pub rules: Rules,
    /// Where it comes from.
    pub origin: Origin,
    /// Values that must never reach disk.
    pub secrets: Vec<String>,
    /// The folder of the person's words and answers, if the rules name one.
    pub inbox: Option<Inbox>,
}

/// An agent before it has a number.
struct Draft {
    name: String,
    system: Option<String>,
    model: String,
    backend: String,
    ways: Ways,
    /// The team that it is; the ways lead to its voice then.
    below: Option<Team>,
    /// Its servers of tools.
    tools: AgentTools,
}

/// What stands in place of a model where an agent is a team.
fn team_words(members: usize) -> String {
    format!("team of {members}")
}

impl Source {
    /// Whether the team works on folders.
    #[must_use]
    pub fn works_on_folders(&self) -> bool {
        match self {
            Self::Demo(name) => demo::find(name).is_ok_and(|scenario| !scenario.files.is_empty()),
            Self::Config(config) => given(&config.rules.working) != Given::Nothing,
            Self::Backends(_) => false,
        }
    }

    /// Builds the team.
    ///
    /// # Errors
    /// Unknown scenario, a demo server that cannot start, an inbox that is no folder.
    pub async fn build(&self, services: &Services) -> Result<Team, Failure> {
        self.build_over(services, &services.overlay_now()).await
    }

    /// The same under these settings in place of the program's own. A configuration was loaded under its
    /// settings already.
    ///
    /// # Errors
    /// As for [`Source::build`].
    pub async fn build_over(
        &self,
        services: &Services,
        overlay: &Overlay,
    ) -> Result<Team, Failure> {
        let mut team = self.members(services, overlay).await?;
        let inbox = team.rules.talking.inbox.as_deref();
        team.inbox = inbox.map(Inbox::open).transpose()?;
        Ok(team)
    }

    async fn members(&self, services: &Services, overlay: &Overlay) -> Result<Team, Failure> {
        match self {
            Self::Demo(name) => demo_team(name, services, overlay).await,
            Self::Config(config) => {
                let plugins = plugins::servers(services).await;
                Ok(config_team(config, &plugins, services))
            }
            Self::Backends(backends) => {
                let drafts = named(backends);
                let (limits, rules) = overlay.layered(&names(&drafts));
                let plugins = plugins::servers(services).await;
                let from = (Origin::Direct, &*plugins);
                Ok(team(drafts, limits, rules, from, services))
            }
        }
    }

    /// Name and model of each agent, for the start screen.
    #[must_use]
    pub fn roster(&self) -> Vec<(String, String)> {
        match self {
            Self::Demo(name) => {
                let actors = demo::find(name).map_or_else(|_| Vec::new(), |one| one.agents.clone());
                let model = |actor: &Actor| match &actor.team {
                    Some(team) => team_words(team.agents.len()),
                    None => actor.model.clone(),
                };
                actors
                    .iter()
                    .map(|one| (one.name.clone(), model(one)))
                    .collect()
            }
            Self::Config(config) => config
                .agents
                .iter()
                .map(|agent| {
                    let model = match &agent.team {
                        Some(team) => team_words(team.agents.len()),
                        None => agent.backend.model.clone(),
                    };
                    (agent.name.clone(), model)
                })
                .collect(),
            Self::Backends(backends) => named(backends)
                .into_iter()
                .map(|draft| (draft.name, draft.model))
                .collect(),
        }
    }

    /// What it gives agents to work on.
    #[must_use]
    pub fn given(&self, services: &Services) -> Given {
        match self {
            Self::Demo(_) => Given::Nothing,
            Self::Config(config) => given(&config.rules.working),
            Self::Backends(_) => given(&services.overlay.layered(&[]).1.working),
        }
    }

    /// The task that comes with the team, when there is one.
    #[must_use]
    pub fn default_task(&self) -> Option<String> {
        match self {
            Self::Demo(name) => demo::find(name)
                .ok()
                .map(|scenario| scenario.prompt.trim().to_owned()),
            Self::Config(config) => config.prompt.clone(),
            Self::Backends(_) => None,
        }
    }

    /// Where the team comes from, as the log will say.
    #[must_use]
    pub fn origin(&self) -> Origin {
        match self {
            Self::Demo(scenario) => Origin::Demo {
                scenario: scenario.clone(),
            },
            Self::Config(config) => Origin::Config {
                path: config.source.clone(),
            },
            Self::Backends(_) => Origin::Direct,
        }
    }
}

/// What rules give agents to work on.
#[must_use]
pub fn given(working: &Working) -> Given {
    let more = match &working.own {
        Own::Empty if !working.is_changed() => return Given::Own,
        // Whether it is there is seen when the run begins.
        Own::At(_) => 1,
        Own::Empty | Own::None => 0,
    };
    match working.folders.len() + more {
        0 => Given::Nothing,
        folders => Given::Folders(folders),
    }
}

async fn demo_team(name: &str, services: &Services, overlay: &Overlay) -> Result<Team, Failure> {
    let scenario = demo::find(name)?;
    let server = services.demo_server().await?;
    let base_url = server.session();
    let key = SecretString::from(server.token().to_owned());
    let endpoint = |model: &str| Endpoint {
        backend: "demo".into(),
        wire: Wire::Chat,
        base_url: base_url.clone(),
        model: model.to_owned(),
        key: Some(key.clone()),
        key_variable: None,
        parameters: Map::new(),
        tool_calling: ToolCalling::Native,
        local: true,
        price: None,
        rate_limit: RateLimit::default(),
        manners: Manners::default(),
        context: Context::default(),
    };
    Ok(scripted(&scenario, &endpoint, overlay, services))
}

/// The team of a script, with the teams inside it.
fn scripted(
    scenario: &Scenario,
    endpoint: &dyn Fn(&str) -> Endpoint,
    overlay: &Overlay,
    services: &Services,
) -> Team {
    let below = |team: &Scenario| scripted(team, endpoint, &Overlay::default(), services);
    let drafts: Vec<Draft> = scenario
        .agents
        .iter()
        .map(|actor| Draft {
            name: actor.name.clone(),
            system: None,
            model: actor.model.clone(),
            backend: "demo".into(),
            ways: Ways::one(endpoint(&actor.model)),
            below: scenario.below(actor).as_ref().map(below),
            tools: AgentTools::default(),
        })
        .collect();
    let origin = Origin::Demo {
        scenario: scenario.name.clone(),
    };
    let (limits, rules) = overlay.rules(&scenario.settings, &names(&drafts));
    // Scripts would not call a plugin.
    team(drafts, limits, rules, (origin, &[]), services)
}

fn names(drafts: &[Draft]) -> Vec<String> {
    drafts.iter().map(|draft| draft.name.clone()).collect()
}

fn config_team(config: &Config, plugins: &[ToolServer], services: &Services) -> Team {
    let below = |team: &Config| config_team(team, plugins, services);
    let drafts = config
        .agents
        .iter()
        .map(|agent| Draft {
            name: agent.name.clone(),
            system: agent.system_message.clone(),
            model: agent.backend.model.clone(),
            backend: agent.backend.kind.clone(),
            ways: Ways::of(&agent.backend),
            below: agent.team.as_deref().map(below),
            tools: agent.tools.clone(),
        })
        .collect();
    let origin = Origin::Config {
        path: config.source.clone(),
    };
    team(
        drafts,
        config.limits.clone(),
        config.rules.clone(),
        (origin, plugins),
        services,
    )
}

/// Agents without names of their own are called by their models.
fn named(backends: &[BackendConfig]) -> Vec<Draft> {
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    backends
        .iter()
        .map(|backend| {
            let model = backend.model.as_str();
            let short = model.rsplit('/').next().unwrap_or(model);
            let count = seen.entry(short).or_default();
            *count += 1;
            Draft {
                name: match *count {
                    1 => short.to_owned(),
                    count => format!("{short} #{count}"),
                },
                system: None,
                model: backend.model.clone(),
                backend: backend.kind.clone(),
                ways: Ways::of(backend),
                below: None,
                tools: AgentTools::default(),
            }
        })
        .collect()
}

/// Numbers the agents by the lexicographic order of their names (equal names by their place) and
/// connects them. Every agent that is no team has these plugins.
fn team(
    mut drafts: Vec<Draft>,
    limits: Limits,
    rules: Rules,
    (origin, plugins): (Origin, &[ToolServer]),
    services: &Services,
) -> Team {
    let mut order: Vec<usize> = (0..drafts.len()).collect();
    order.sort_by_key(|index| &drafts[*index].name);
    let mut numbers = vec![AgentId(u16::MAX); drafts.len()];
    for (number, index) in (1..).zip(order) {
        numbers[index] = AgentId(number);
    }
    for draft in drafts.iter_mut().filter(|draft| draft.below.is_none()) {
        plugins::add(&mut draft.tools, plugins);
    }
    let mut secrets = Vec::new();
    for draft in &drafts {
        secrets.extend(draft.ways.secrets());
        secrets.extend(draft.tools.secrets());
        secrets.extend(draft.below.iter().flat_map(|below| below.secrets.clone()));
    }
    let form = rules.deciding.policy.form();
    let shared = Shared::default();
    let members = drafts.into_iter().zip(numbers);
    let members = members
        .map(|(mut draft, id)| {
            let said = limits
                .price_of(id)
                .map(|price| Price::flat(price.input, price.cached, price.output));
            draft.ways.price(said);
            draft.ways.context(&rules.context);
            member(draft, id, (form, &shared), services)
        })
        .collect();
    Team {
        members,
        limits,
        rules,
        origin,
        secrets,
        inbox: None,
    }
}

/// Seats an agent: a model, or a team with its voice.
fn member(
    draft: Draft,
    id: AgentId,
    (form, shared): (Form, &Shared),
    services: &Services,
) -> Member {
    let Draft {
        name,
        system,
        model,
        backend,
        ways,
        below,
        tools,
    } = draft;
    // Members of a team have tools of their own; its voice has none.
    let tools = match &below {
        None => Tools::new(&name, &tools, shared, &services.tools),
        Some(_) => None,
    };
    let (model, backend) = match &below {
        Some(below) => (team_words(below.members.len()), "team".to_owned()),
        None => (model, backend),
    };
    let voice = ways.connect(&services.client, form);
    let provider = match below {
        Some(below) => Arc::new(NestedTeam {
            setup: SessionSetup {
                run: RunId(name.clone()),
                team: below.members,
                limits: below.limits,
                rules: below.rules,
                origin: below.origin,
                cwd: String::new(),
                grounds: None,
                gate: None,
            },
            voice,
            redactor: Redactor::new(&below.secrets),
        }),
        None => voice,
    };
    Member {
        card: AgentCard {
            id,
            name,
            model,
            backend,
        },
        system,
        provider,
        tools: tools.map(|tools| Arc::new(tools) as Arc<dyn Outside>),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Environment, demo::Speed};

    #[test]
    fn every_agent_has_a_number_of_its_own_whatever_it_is_called() {
        let folder = tempfile::tempdir().expect("a folder");
        let environment = Environment::gather([], folder.path(), None, None);
        let services = Services::new(environment, folder.path().join("state"), Speed::default());
        let models = ["b", "a", "a #2", "a", "org/a"];
        let backends: Vec<BackendConfig> = models
            .iter()
            .map(|model| services.found("http://127.0.0.1:1/v1", model))
            .collect::<Result<_, _>>()
            .expect("backends");
        let drafts = named(&backends);
        let (limits, rules) = (Limits::default(), Rules::default());
        let team = team(drafts, limits, rules, (Origin::Direct, &[]), &services);
        let cards: Vec<(u16, &str)> = team
            .members
            .iter()
            .map(|member| (member.card.id.0, member.card.name.as_str()))
            .collect();
        assert_eq!(
            cards,
            [(5, "b"), (1, "a"), (2, "a #2"), (3, "a #2"), (4, "a #3")]
        );
    }
}
