//! How everything is that a model could be asked through: endpoints, servers nearby, programs.
//!
//! All at once; every endpoint has the same bound. The one place behind `massgen-tui health` and the
//! list of endpoints on the screen, so both say the same.

use std::time::Duration;

use super::{Services, Source, endpoints, toolservers};
use crate::{
    config::backends,
    protocol::{Discovered, Health, HealthOf, HealthState, KeyState},
    provider::{discovery, health},
};

/// Checks the endpoints of `team` (fallbacks and teams inside it too), of the vendors whose keys are
/// set, of the servers on this machine, and looks for the command-line agents. Rows in that order.
pub async fn checkup(services: &Services, team: Option<&Source>, bound: Duration) -> Vec<Health> {
    let client = &services.client;
    let mut subjects = team.map_or_else(Vec::new, endpoints::of_team);
    subjects.extend(endpoints::of_vendors(services));
    let targets = discovery::Targets::from_env(|name| services.environment.get(name));
    let nearby = async {
        let found = discovery::discover(client, &targets).await;
        let subjects = found.iter().map(endpoints::of_server).collect();
        (health::check(client, subjects, bound).await, found)
    };
    let folders = services.environment.get("PATH").unwrap_or_default();
    let commands = team.map_or_else(Vec::new, endpoints::programs_of_team);
    // Folders of programs may be on a slow disk.
    let programs = tokio::task::spawn_blocking(move || programs(commands, &folders));
    let asked = health::check(client, subjects, bound);
    let (mut rows, (mut nearby, found), programs) = tokio::join!(asked, nearby, programs);
    for row in rows.iter_mut().chain(&mut nearby) {
        note_loaded(row, &found);
    }
    // Without it nothing is known of programs, and nothing is claimed.
    let programs = programs.unwrap_or_default();
    let of_team = rows.iter().take_while(|row| row.of == HealthOf::Team);
    let place = of_team.count();
    rows.extend(nearby);
    let (own, other): (Vec<_>, Vec<_>) = programs
        .into_iter()
        .partition(|row| row.of == HealthOf::Team);
    rows.splice(place..place, own);
    rows.extend(other);
    rows.extend(toolservers::rows(services, team).await);
    rows
}

/// What the servers nearby said about models in memory.
fn note_loaded(row: &mut Health, found: &[Discovered]) {
    // The table of backends says localhost, the search 127.0.0.1.
    let address = row.base_url.replace("://localhost", "://127.0.0.1");
    let Some(server) = found.iter().find(|one| one.base_url == address) else {
        return;
    };
    let known: Vec<bool> = server.models.iter().filter_map(|one| one.loaded).collect();
    if known.is_empty() {
        return;
    }
    row.loaded = Some(known.iter().filter(|loaded| **loaded).count());
    let own = server
        .models
        .iter()
        .find(|model| row.model.as_ref() == Some(&model.id));
    if row.state == HealthState::Up && own.is_some_and(|model| model.loaded == Some(false)) {
        "Not loaded yet: the first call loads it, which may take minutes."
            .clone_into(&mut row.hint);
    }
}

/// A command-line agent to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought {
    /// Whose it is.
    pub of: HealthOf,
    /// For people.
    pub name: String,
    /// Backend type.
    pub backend: String,
    /// Program.
    pub command: String,
    /// What installs it.
    pub install: String,
    /// What logs it in.
    pub login: String,
}

/// The programs of the team, there or not, and those of the table that are there.
fn programs(commands: Vec<Sought>, folders: &str) -> Vec<Health> {
    let of_table = backends::all().iter().filter_map(|backend| {
        let program = backend.program.as_ref()?;
        Some(Sought {
            of: HealthOf::Program,
            name: backend.name.clone(),
            backend: backend.r#type.clone(),
            command: program.command.first()?.clone(),
            install: program.install.clone(),
            login: program.login.clone(),
        })
    });
    commands
        .into_iter()
        .chain(of_table)
        .map(|sought| look(sought, folders))
        .filter(|row| row.of == HealthOf::Team || row.state == HealthState::Installed)
        .collect()
}

fn look(sought: Sought, folders: &str) -> Health {
    let path = crate::config::program::find(&sought.command, folders);
    let (state, hint) = match &path {
        Some(_) if sought.login.is_empty() => (HealthState::Installed, String::new()),
        Some(_) => {
            let hint = format!("Log in once with `{}`.", sought.login);
            (HealthState::Installed, hint)
        }
        None if sought.install.is_empty() => {
            let hint = "Check `command:`; the program is not in the folders of PATH.".to_owned();
            (HealthState::NotInstalled, hint)
        }
        None => {
            let hint = format!("Install it: `{}`.", sought.install);
            (HealthState::NotInstalled, hint)
        }
    };
    Health {
        of: sought.of,
        name: sought.name,
        backend: sought.backend,
        base_url: path.map_or(sought.command, |path| path.display().to_string()),
        model: None,
        state,
        key: KeyState::OwnLogin,
        latency_ms: None,
        models: None,
        loaded: None,
        rests_ms: None,
        hint,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{ModelInfo, ServerKind};

    fn sought(of: HealthOf, command: &str) -> Sought {
        Sought {
            of,
            name: "mia".to_owned(),
            backend: "codex".to_owned(),
            command: command.to_owned(),
            install: "npm install -g it".to_owned(),
            login: "it login".to_owned(),
        }
    }

    #[test]
    fn a_program_of_the_team_is_listed_also_when_it_is_not_there() {
        let rows = programs(vec![sought(HealthOf::Team, "sh")], "/bin:/usr/bin");
        assert_eq!(rows[0].state, HealthState::Installed);
        assert!(rows[0].base_url.ends_with("/sh"), "{rows:?}");
        let rows = programs(vec![sought(HealthOf::Team, "no-such")], "/nowhere");
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert_eq!(rows[0].state, HealthState::NotInstalled);
        assert!(rows[0].hint.contains("npm install -g it"), "{rows:?}");
    }

    #[test]
    fn a_model_that_is_not_in_memory_is_told() {
        let model = |id: &str, loaded| ModelInfo {
            id: id.to_owned(),
            context: None,
            loaded: Some(loaded),
        };
        let found = Discovered {
            kind: ServerKind::LmStudio,
            base_url: "http://127.0.0.1:1234/v1".to_owned(),
            models: vec![model("a", true), model("b", false)],
            needs_key: false,
        };
        let mut row = look(sought(HealthOf::Team, "no-such"), "");
        row.base_url = "http://localhost:1234/v1".to_owned();
        row.state = HealthState::Up;
        row.model = Some("a".to_owned());
        row.hint.clear();
        note_loaded(&mut row, std::slice::from_ref(&found));
        assert_eq!((row.loaded, row.hint.as_str()), (Some(1), ""));
        row.model = Some("b".to_owned());
        note_loaded(&mut row, &[found]);
        assert!(row.hint.contains("Not loaded"), "{row:?}");
    }
}
