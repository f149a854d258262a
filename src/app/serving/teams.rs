//! The teams that a client can name: the person's own configuration, saved ones, templates with what is at
//! hand, scripted ones.
//!
//! A name is looked up in a list, never made a path of. Files are looked at away from those who wait for
//! the network.

use std::path::{Path, PathBuf};

use crate::{
    app::{
        host::{Host, TeamChoice},
        setup,
        trust::{Chosen, Refusal},
    },
    config::Paths,
    demo,
    serve::http::port::{Pick, Refused, Team, Why},
    setup::Template,
};

/// Name of the team of the person's own configuration.
const OWN: &str = "default";
/// What stands before the name of a scenario.
const DEMO: &str = "demo:";
/// What stands before the name of a saved configuration.
const SAVED: &str = "config:";
/// What stands before the name of a template.
const TEMPLATE: &str = "team/";
/// Most saved configurations that are listed.
const MOST_SAVED: usize = 200;

/// Teams by name.
pub struct Teams {
    host: Host,
    paths: Paths,
}

impl Teams {
    /// Those of a host.
    pub fn new(host: Host, paths: Paths) -> Self {
        Self { host, paths }
    }

    /// All that can be started by name. Templates are among them where there is somebody to work.
    ///
    /// # Errors
    /// The program is leaving.
    pub async fn all(&self) -> Result<Vec<Team>, Refused> {
        let services = self.host.services();
        let found = setup::look(&services.client, &services.environment).await;
        let mut servers = found.servers.iter();
        let here = servers.any(|server| !server.needs_key && !server.models.is_empty());
        let mut programs = found.programs.iter();
        let logged_in = programs.any(|program| program.login != setup::Login::NotFound);
        let any = here || logged_in || !found.keys.is_empty();
        let paths = self.paths.clone();
        blocking(move || {
            let mut teams = configured(&paths);
            let fits = |one: &Template| {
                if *one == Template::LocalOnly {
                    here
                } else {
                    any
                }
            };
            teams.extend(Template::ALL.into_iter().filter(fits).map(template));
            teams.extend(demo::scenarios().iter().map(scripted));
            Ok(teams)
        })
        .await
    }

    /// The team that is meant; in a further turn of a session nothing said means its own.
    ///
    /// # Errors
    /// There is no such team or file, or nobody approved it.
    pub async fn choice(&self, pick: Pick, further: bool) -> Result<TeamChoice, Refused> {
        let (host, paths) = (self.host.clone(), self.paths.clone());
        blocking(move || match pick {
            Pick::Default if further => Ok(TeamChoice::Usual),
            Pick::Default => own(&host, &paths),
            Pick::Named(name) => named(&host, &paths, &name),
            Pick::File(path) => {
                let shown = path.display().to_string();
                if !path.is_file() {
                    return Err(missing(format!("There is no file {shown}.")));
                }
                approved(&host, &host.configuration(&shown)?)?;
                Ok(TeamChoice::Config(shown))
            }
            Pick::Models { base_url, models } => Ok(TeamChoice::Models { base_url, models }),
        })
        .await
    }
}

/// Work with files, away from those who wait for the network.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<T, Refused> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(super::broke(&error)))
}

fn missing(what: String) -> Refused {
    Refused::new(Why::Missing, what).hint("/api/v1/teams lists what can be started by name.")
}

/// The person's own configuration.
fn own(host: &Host, paths: &Paths) -> Result<TeamChoice, Refused> {
    let Some(path) = paths.default_config() else {
        return Err(missing("There is no configuration of your own.".to_owned()));
    };
    approved(host, &path)?;
    Ok(TeamChoice::Usual)
}

fn named(host: &Host, paths: &Paths, name: &str) -> Result<TeamChoice, Refused> {
    let known = || missing(format!("There is no team `{name}`."));
    if name == OWN {
        return own(host, paths);
    }
    if let Some(wanted) = name.strip_prefix(TEMPLATE) {
        let mut all = Template::ALL.into_iter();
        let template = all.find(|one| one.name() == wanted).ok_or_else(known)?;
        return Ok(TeamChoice::Template(template.name().to_owned()));
    }
    if let Some(scenario) = name.strip_prefix(DEMO) {
        let there = demo::scenarios().iter().any(|one| one.name == scenario);
        return there
            .then(|| TeamChoice::Demo(scenario.to_owned()))
            .ok_or_else(known);
    }
    let wanted = name.strip_prefix(SAVED);
    let file = saved(paths)
        .into_iter()
        .find(|file| file_name(file) == wanted)
        .ok_or_else(known)?;
    approved(host, &file)?;
    Ok(TeamChoice::Config(file.display().to_string()))
}

/// Whether a configuration may be used. What else is wrong with it is told when it is started.
fn approved(host: &Host, path: &Path) -> Result<(), Refused> {
    match host.services().configuration(path, Chosen::Found) {
        Err(refusal @ Refusal::Unapproved(_)) => Err(Refused {
            why: Why::Forbidden,
            failure: refusal.failure(),
        }),
        Err(Refusal::Broken(_)) | Ok(_) => Ok(()),
    }
}

/// The person's own configuration and saved ones.
fn configured(paths: &Paths) -> Vec<Team> {
    let own = paths.default_config().map(|path| Team {
        id: OWN.to_owned(),
        title: format!("The configuration {}", path.display()),
        agents: Vec::new(),
    });
    let saved = saved(paths).into_iter().filter_map(|file| {
        Some(Team {
            id: format!("{SAVED}{}", file_name(&file)?),
            title: "A saved configuration".to_owned(),
            agents: Vec::new(),
        })
    });
    own.into_iter().chain(saved).collect()
}

fn template(template: Template) -> Team {
    Team {
        id: format!("{TEMPLATE}{}", template.name()),
        title: template.purpose().to_owned(),
        agents: Vec::new(),
    }
}

fn scripted(info: &demo::Info) -> Team {
    let agents = demo::find(&info.name).map(|scenario| scenario.agents());
    let agents = agents.unwrap_or_default().into_iter();
    Team {
        id: format!("{DEMO}{}", info.name),
        title: format!("{} (a script, no model)", info.title),
        agents: agents.map(|(name, _)| name).collect(),
    }
}

fn file_name(file: &Path) -> Option<&str> {
    file.file_name()?.to_str()
}

/// The configurations that the person saved, those with a name that fits into an address.
fn saved(paths: &Paths) -> Vec<PathBuf> {
    let home = paths.home.as_ref();
    let folder = home.map(|home| home.join(".config/massgen/agents"));
    let Some(Ok(folder)) = folder.map(std::fs::read_dir) else {
        return Vec::new();
    };
    let fits = |file: &PathBuf| {
        let ending = file.extension().and_then(|ending| ending.to_str());
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        matches!(ending, Some("yaml" | "yml" | "json"))
            && file_name(file).is_some_and(|name| name.len() <= 100 && name.chars().all(plain))
            && file.is_file()
    };
    let files = folder.flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = files.filter(fits).collect();
    files.sort_unstable();
    files.truncate(MOST_SAVED);
    files
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        app::{Services, host::Bounds},
        config::Environment,
        demo::Speed,
    };

    #[tokio::test]
    async fn a_name_is_looked_up_and_leads_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        let saved = home.join(".config/massgen/agents");
        std::fs::create_dir_all(&saved).unwrap();
        std::fs::write(saved.join("mine.yaml"), "agents: []").unwrap();
        std::fs::write(saved.join("odd name.yaml"), "agents: []").unwrap();
        std::fs::write(home.join(".config/massgen/hidden.yaml"), "agents: []").unwrap();
        let environment = Environment::gather([], &home, None, None);
        let services = Services::new(environment, home.join("state"), Speed::Max);
        let (host, _runs) = Host::spawn(Arc::new(services), Bounds::default());
        let paths = Paths {
            cwd: folder.path().to_owned(),
            home: Some(home.clone()),
            config: None,
            state: None,
        };
        let teams = Teams::new(host, paths);
        let named = |name: &str| teams.choice(Pick::Named(name.to_owned()), false);
        for (name, choice) in [
            ("demo:quick", TeamChoice::Demo("quick".into())),
            ("team/mixed", TeamChoice::Template("mixed".into())),
        ] {
            assert_eq!(named(name).await.unwrap(), choice);
        }
        for name in [
            "",
            "mine.yaml",
            "config:../hidden.yaml",
            "config:odd name.yaml",
            "config:",
            "team/../mixed",
            "team/",
            "demo:",
            "demo:none",
            "default",
        ] {
            let refused = named(name).await.unwrap_err();
            assert_eq!(refused.why, Why::Missing, "{name}");
        }
        let all = teams.all().await.unwrap();
        let ids: Vec<&str> = all.iter().map(|team| team.id.as_str()).collect();
        assert!(ids.contains(&"config:mine.yaml") && ids.contains(&"demo:quick"));
        assert!(!ids.contains(&"default") && !ids.contains(&"config:odd name.yaml"));
    }
}
