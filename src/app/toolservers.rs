//! How the tool servers of a team are: for the list of endpoints (F5, `health`) and for `doctor`.
//!
//! The list tells how running connections are and looks whether the programs of others are there; it
//! starts nothing. `doctor` starts each server once, asks for its tools and ends it.

use std::time::Duration;

use futures_util::future::join_all;

use super::{
    Services, Source,
    plugins::{self, Plugin},
};
use crate::{
    config::{
        Config, ToolServer, program,
        servers::{Reached, Speaks},
    },
    mcp::{Effect, Keeper, State, rehearse},
    protocol::{Health, HealthOf, HealthState, KeyState},
    text::clean,
};

/// Whose plugins are, in a list of agents.
const EVERY: &str = "every agent";

/// The servers of a team with the names of their agents; teams inside it included.
#[must_use]
pub fn of_team(source: &Source) -> Vec<(String, ToolServer)> {
    fn of_config(config: &Config, all: &mut Vec<(String, ToolServer)>) {
        for agent in &config.agents {
            if let Some(team) = &agent.team {
                of_config(team, all);
            } else {
                let servers = agent.tools.servers.iter().cloned();
                all.extend(servers.map(|server| (agent.name.clone(), server)));
            }
        }
    }
    let mut all = Vec::new();
    if let Source::Config(config) = source {
        of_config(config, &mut all);
    }
    all
}

/// A row for each server of each agent.
pub async fn rows(services: &Services, team: Option<&Source>) -> Vec<Health> {
    let mut seen = services.tools.rows();
    seen.retain(|(.., state)| *state != State::Idle);
    let rows = seen.iter();
    let rows = rows.map(|(agent, server, state)| running(agent, server, state.clone()));
    let mut rows: Vec<Health> = rows.collect();
    let folders = services.environment.get("PATH").unwrap_or_default();
    let mut wanted = team.map_or_else(Vec::new, of_team);
    let plugins = plugins::all(services).await;
    let idle = |server: &ToolServer| seen.iter().all(|(_, name, _)| *name != server.name);
    let used = plugins.iter().filter_map(Plugin::trusted).filter(idle);
    wanted.extend(used.map(|server| (EVERY.to_owned(), server)));
    let known: Vec<String> = rows.iter().map(|row| row.name.clone()).collect();
    let looked = tokio::task::spawn_blocking(move || {
        let rows = wanted
            .into_iter()
            .map(|(agent, server)| waiting(&agent, &server, &folders));
        rows.filter(|row| !known.contains(&row.name))
            .collect::<Vec<_>>()
    });
    rows.extend(looked.await.unwrap_or_default());
    rows.extend(plugins.iter().filter_map(unused));
    rows
}

/// A plugin that agents do not get.
fn unused(plugin: &Plugin) -> Option<Health> {
    let (what, hint) = plugin.trouble()?;
    Some(Health {
        model: Some(what),
        hint,
        ..row("plugin", &plugin.name, HealthState::Down)
    })
}

fn row(agent: &str, server: &str, state: HealthState) -> Health {
    Health {
        of: HealthOf::Tools,
        name: clean::line(&format!("{server} ({agent})")).into_owned(),
        backend: "tools".to_owned(),
        base_url: String::new(),
        model: None,
        state,
        key: KeyState::NotNeeded,
        latency_ms: None,
        models: None,
        loaded: None,
        rests_ms: None,
        hint: String::new(),
    }
}

/// A server that was wanted already.
fn running(agent: &str, server: &str, state: State) -> Health {
    let with = |state, model: String, hint: String| Health {
        model: Some(model),
        hint,
        ..row(agent, server, state)
    };
    match state {
        State::Idle => with(HealthState::Busy, "not asked yet".to_owned(), String::new()),
        State::Starting => with(HealthState::Busy, "starting".to_owned(), String::new()),
        State::Up(tools) => {
            let noun = if tools == 1 { "tool" } else { "tools" };
            with(HealthState::Up, format!("{tools} {noun}"), String::new())
        }
        State::Ended(words) => {
            let words = if words.is_empty() {
                "It is started again when a tool of it is called.".to_owned()
            } else {
                format!("It is started again when a tool of it is called. Its last words: {words}")
            };
            with(HealthState::Down, "ended by itself".to_owned(), words)
        }
        State::Failed(why) => with(HealthState::Down, "cannot be used".to_owned(), why),
    }
}

/// A server that nobody wanted yet.
fn waiting(agent: &str, server: &ToolServer, folders: &str) -> Health {
    match &server.reached {
        Reached::Remote(remote) => Health {
            model: Some("asked when an agent begins".to_owned()),
            base_url: clean::line(&remote.url).into_owned(),
            ..row(agent, &server.name, HealthState::Installed)
        },
        Reached::Started(started) => {
            let command = started.command.first().map_or("", String::as_str);
            let found = program::find(command, folders);
            let state = match found {
                Some(_) => HealthState::Installed,
                None => HealthState::NotInstalled,
            };
            let hint = match found {
                Some(_) => String::new(),
                None => "Check `command:`; the program is not in the folders of PATH.".to_owned(),
            };
            let when = match started.speaks {
                Speaks::Mcp => "started when an agent begins",
                Speaks::Lines(_) => "started for each call",
            };
            Health {
                model: Some(when.to_owned()),
                base_url: clean::line(&started.command.join(" ")).into_owned(),
                hint,
                ..row(agent, &server.name, state)
            }
        }
    }
}

/// Starts every server once, each name once, and ends it: how many tools it has, or why it has none.
/// Plugins that nobody approved are not started.
pub async fn tried(
    services: &Services,
    team: Option<&Source>,
) -> Vec<(String, Result<usize, String>)> {
    let mut servers: Vec<ToolServer> = Vec::new();
    let of_team = team.map_or_else(Vec::new, of_team).into_iter();
    let plugins = plugins::all(services).await;
    let of_plugins = plugins.iter().filter_map(Plugin::trusted);
    for server in of_team.map(|(_, server)| server).chain(of_plugins) {
        if servers.iter().all(|known| known.name != server.name) {
            servers.push(server);
        }
    }
    let mut all = join_all(servers.iter().map(try_one)).await;
    all.extend(plugins.iter().filter_map(|plugin| {
        let (what, hint) = plugin.trouble()?;
        Some((plugin.name.clone(), Err(format!("{what}. {hint}"))))
    }));
    all
}

/// Longest wait beyond a server's own patience.
const BEYOND: Duration = Duration::from_secs(15);

async fn try_one(server: &ToolServer) -> (String, Result<usize, String>) {
    let said = listed(server).await.map(|tools| tools.len());
    (clean::line(&server.name).into_owned(), said)
}

/// Starts a server, asks for its tools, and ends it. Nothing is called.
///
/// # Errors
/// Why it cannot be used.
pub async fn listed(server: &ToolServer) -> Result<Vec<(String, Effect)>, String> {
    if let Reached::Started(started) = &server.reached {
        rehearse(started, &server.patience).await?;
    }
    let keeper = Keeper::new(server);
    let bound = server.patience.start + server.patience.list + BEYOND;
    let reached = tokio::time::timeout(bound, keeper.reach(0)).await;
    let said = match reached {
        Ok(Ok(_)) => Ok(keeper
            .tools()
            .iter()
            .map(|tool| (clean::line(&tool.name).into_owned(), tool.effect))
            .collect()),
        Ok(Err(why)) => Err(why),
        Err(_) => Err("no answer".to_owned()),
    };
    keeper.close().await;
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_row() {
        for (state, word, facts) in [
            (State::Starting, HealthState::Busy, "starting"),
            (State::Up(1), HealthState::Up, "1 tool"),
            (State::Up(2), HealthState::Up, "2 tools"),
            (
                State::Ended(String::new()),
                HealthState::Down,
                "ended by itself",
            ),
            (
                State::Failed("why".into()),
                HealthState::Down,
                "cannot be used",
            ),
        ] {
            let row = running("finch", "files", state);
            assert_eq!((row.state, row.facts().as_str()), (word, facts));
            assert_eq!(row.name, "files (finch)");
        }
    }
}
