//! What is at hand: keys, servers nearby, programs; and lists of their models.
//!
//! Whether a program is logged in is told by the traces that its login leaves; where it leaves none that
//! can be read, nothing is claimed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use crate::{
    config::{self, Environment, backends, program},
    protocol::{Discovered, Failure, FailureKind, ModelInfo, ServerKind},
    provider::{catalog, discovery, http::Client, listing},
    setup::{Hand, Kind, Model, Tier, Way, curated, of_backend},
    text::clean,
};

/// Time for the list of one vendor.
const LIST: Duration = Duration::from_secs(4);
/// Most models of one list.
const MODELS: usize = 2_000;

/// Everything that was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Keys that are set.
    pub keys: Vec<FoundKey>,
    /// Servers that answered.
    pub servers: Vec<Discovered>,
    /// Agent programs that are installed.
    pub programs: Vec<FoundProgram>,
}

/// A key that is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundKey {
    /// Backend type.
    pub backend: String,
    /// The vendor, for people.
    pub name: String,
    /// The variable.
    pub variable: String,
    /// Where it is set, in words.
    pub from: String,
}

/// An agent program that is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundProgram {
    /// Backend type.
    pub backend: String,
    /// For people.
    pub name: String,
    /// Where it is.
    pub path: String,
    /// Whether it is logged in.
    pub login: Login,
    /// What logs it in.
    pub how: String,
}

/// Whether a program is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// By this: a variable or a file.
    Found(String),
    /// No trace of a login.
    NotFound,
}

/// Looks for everything at once; no part waits for another.
pub async fn look(client: &Client, env: &Environment) -> Found {
    let (servers, programs) = tokio::join!(servers(client, env), programs(env));
    Found {
        keys: keys(env),
        servers,
        programs,
    }
}

/// The vendors whose key is set.
#[must_use]
pub fn keys(env: &Environment) -> Vec<FoundKey> {
    let served = backends::all().iter().filter(|one| {
        one.unserved.is_none() && one.program.is_none() && !one.local && !one.keys.is_empty()
    });
    served
        .filter_map(|one| {
            let set = |name: &&String| env.get(name).is_some_and(|key| !key.trim().is_empty());
            let variable = one.keys.iter().find(set)?;
            let from = env.origin(variable)?.words();
            Some(FoundKey {
                backend: one.r#type.clone(),
                name: one.name.clone(),
                variable: variable.clone(),
                from: clean::line(&from).into_owned(),
            })
        })
        .collect()
}

/// The model servers on this machine and at the addresses of its variables.
pub async fn servers(client: &Client, env: &Environment) -> Vec<Discovered> {
    let targets = discovery::Targets::from_env(|name| env.get(name));
    let mut found = discovery::discover(client, &targets).await;
    for server in &mut found {
        // Names of models come from whoever listens there.
        for model in &mut server.models {
            model.id = clean::line(&model.id).into_owned();
        }
    }
    found
}

/// The agent programs that are installed.
pub async fn programs(env: &Environment) -> Vec<FoundProgram> {
    let folders = env.process("PATH").unwrap_or_default().to_owned();
    let env = env.clone();
    // Folders of programs may be on a slow disk.
    let looked = tokio::task::spawn_blocking(move || {
        let entries = backends::all().iter().filter_map(|backend| {
            let entry = backend.program.as_ref()?;
            let path = program::find(entry.command.first()?, &folders)?;
            Some(FoundProgram {
                backend: backend.r#type.clone(),
                name: backend.name.clone(),
                path: clean::line(&path.display().to_string()).into_owned(),
                login: login(&backend.r#type, &backend.keys, &env),
                how: entry.login.clone(),
            })
        });
        entries.collect()
    });
    // Without it nothing is known of programs, and nothing is claimed.
    looked.await.unwrap_or_default()
}

/// The trace of a login: a key in the environment that the program reads, or the file its login leaves.
fn login(backend: &str, keys: &[String], env: &Environment) -> Login {
    let home = env.process("HOME").map(PathBuf::from);
    let folder = |variable: &str, usual: &str| {
        let named = env.process(variable).map(PathBuf::from);
        named.or_else(|| Some(home.as_ref()?.join(usual)))
    };
    let token = (backend == "claude_code").then(|| "CLAUDE_CODE_OAUTH_TOKEN".to_owned());
    let mut variables = keys.iter().cloned().chain(token);
    if let Some(variable) = variables.find(|name| env.get(name).is_some()) {
        return Login::Found(variable);
    }
    let file = |folder: Option<PathBuf>, name: &str| {
        folder
            .map(|folder| folder.join(name))
            .filter(|path| path.is_file())
    };
    let trace = match backend {
        "claude_code" => {
            file(folder("CLAUDE_CONFIG_DIR", ".claude"), ".credentials.json").or_else(|| {
                file(home.clone(), ".claude.json").filter(|path| holds(path, "oauthAccount"))
            })
        }
        "codex" => file(folder("CODEX_HOME", ".codex"), "auth.json"),
        "gemini_cli" => file(folder("GEMINI_CLI_HOME", ".gemini"), "oauth_creds.json"),
        _ => None,
    };
    trace.map_or(Login::NotFound, |path| {
        Login::Found(clean::line(&path.display().to_string()).into_owned())
    })
}

/// Whether the beginning of a file says a word.
fn holds(path: &Path, word: &str) -> bool {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path)
        .and_then(|file| file.take(4 * 1024 * 1024).read_to_end(&mut bytes));
    read.is_ok() && String::from_utf8_lossy(&bytes).contains(word)
}

/// What members can be chosen from. Vendors without a curated list are asked for theirs.
pub async fn hand(client: &Client, env: &Environment, found: &Found) -> Hand {
    let vendors = found.keys.iter().map(|key| async {
        let mut models = suggested(&key.backend);
        if models.is_empty() {
            let way = vendor(key, Vec::new());
            models = list(client, env, &way).await.unwrap_or_default();
        }
        vendor(key, models)
    });
    let mut ways = join_all(vendors).await;
    ways.extend(found.servers.iter().filter(|one| !one.needs_key).map(here));
    let logged_in = found.programs.iter();
    ways.extend(
        logged_in
            .filter(|one| one.login != Login::NotFound)
            .map(FoundProgram::way),
    );
    Hand { ways }
}

fn vendor(key: &FoundKey, models: Vec<Model>) -> Way {
    Way {
        kind: Kind::Vendor,
        backend: key.backend.clone(),
        name: key.name.clone(),
        base_url: None,
        variable: Some(key.variable.clone()),
        models,
    }
}

impl FoundProgram {
    /// It as a way to a model.
    pub fn way(&self) -> Way {
        Way {
            kind: Kind::Program,
            backend: self.backend.clone(),
            name: self.name.clone(),
            base_url: None,
            variable: None,
            models: Vec::new(),
        }
    }
}

/// A server as a way; its address is said where its type alone would lead elsewhere.
fn here(server: &Discovered) -> Way {
    let backend = match server.kind {
        ServerKind::LmStudio => "lmstudio",
        ServerKind::Ollama => "ollama",
        ServerKind::Vllm => "vllm",
        ServerKind::Sglang => "sglang",
        ServerKind::LlamaCpp => "llamacpp",
        ServerKind::Compatible => "chatcompletion",
    };
    let usual = backends::find(backend).and_then(|entry| entry.base_url.clone());
    let same =
        usual.is_some_and(|url| url.replace("://localhost", "://127.0.0.1") == server.base_url);
    Way {
        kind: Kind::Here,
        backend: backend.to_owned(),
        name: server.kind.name().to_owned(),
        base_url: (!same).then(|| server.base_url.clone()),
        variable: None,
        models: server.models.iter().map(local).collect(),
    }
}

fn local(info: &ModelInfo) -> Model {
    Model {
        id: info.id.clone(),
        tier: None,
        price: Some((0.0, 0.0)),
        context: info.context,
        loaded: info.loaded,
    }
}

/// The curated models of a backend with what the table knows of them, balanced ones first.
fn suggested(backend: &str) -> Vec<Model> {
    let mut all = of_backend(backend);
    all.sort_by_key(|one| one.tier.nearest()[0] != Tier::Balanced);
    all.into_iter()
        .map(|one| known(backend, &one.id, Some(one.tier)))
        .collect()
}

/// A model with what the table knows of it.
fn known(backend: &str, id: &str, tier: Option<Tier>) -> Model {
    let entry = catalog::find(backend, id);
    Model {
        id: id.to_owned(),
        tier,
        price: catalog::price(backend, id).map(|price| (price.input, price.output)),
        context: entry.and_then(|entry| entry.context),
        loaded: None,
    }
}

/// All models of a way: the curated ones first, then what its server lists now. A server that cannot be
/// asked leaves what the tables know.
///
/// # Errors
/// Neither the server nor a table has a list.
pub async fn list(client: &Client, env: &Environment, way: &Way) -> Result<Vec<Model>, Failure> {
    if way.kind == Kind::Program {
        return Ok(way.models.clone());
    }
    let base_url = way.base_url.as_deref();
    let lookup = |name: &str| env.get(name);
    let backend = config::direct(Some(&way.backend), base_url, Some("-"), &lookup);
    let live = match backend {
        Ok(backend) => {
            let endpoint = super::super::endpoint(&backend);
            match timeout(LIST, listing::list(client, &endpoint)).await {
                Ok(listed) => listed,
                Err(_) => Err(Failure::new(
                    FailureKind::Transient,
                    format!("{} did not list its models in time.", way.name),
                )),
            }
        }
        Err(_) => Err(Failure::new(
            FailureKind::Request,
            format!("{} cannot be asked for its models.", way.name),
        )),
    };
    match live {
        Ok(listed) if way.kind == Kind::Here => Ok(listed.iter().map(local).collect()),
        Ok(listed) => Ok(merged(&way.backend, &listed)),
        Err(failure) => {
            let tables = from_tables(&way.backend);
            if tables.is_empty() {
                Err(failure)
            } else {
                Ok(tables)
            }
        }
    }
}

/// What a vendor lists, those of the curated list first; a reseller's name ends in the vendor's.
fn merged(backend: &str, listed: &[ModelInfo]) -> Vec<Model> {
    let plain = |id: &str| id.rsplit('/').next().unwrap_or(id).replace('.', "-");
    let own = of_backend(backend);
    let tier = |id: &str| {
        if own.is_empty() {
            let bare = plain(id);
            let mut all = curated().iter();
            all.find(|one| plain(&one.id) == bare).map(|one| one.tier)
        } else {
            own.iter().find(|one| one.id == id).map(|one| one.tier)
        }
    };
    let mut models: Vec<Model> = listed
        .iter()
        .take(MODELS)
        .map(|info| {
            let id = clean::line(&info.id).into_owned();
            let mut model = known(backend, &id, tier(&id));
            model.context = info.context.or(model.context);
            model
        })
        .collect();
    models.sort_by_key(|model| {
        let rank = model.tier.map(|tier| tier.nearest()[0]);
        match rank {
            Some(Tier::Balanced) => 0,
            Some(Tier::Strong) => 1,
            Some(Tier::Cheap) => 2,
            None => 3,
        }
    });
    models
}

/// What the tables know of a vendor: the curated list, then the catalogue.
fn from_tables(backend: &str) -> Vec<Model> {
    let mut models = suggested(backend);
    let of_vendor = catalog::entries().iter().filter(|entry| {
        entry.deprecated_after.is_none()
            && backends::find(&entry.provider).is_some_and(|one| one.r#type == backend)
    });
    for entry in of_vendor {
        if models.iter().all(|model| model.id != entry.id) {
            models.push(known(backend, &entry.id, None));
        }
    }
    models
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Environment {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Environment::new(pairs, Vec::new())
    }

    #[test]
    fn a_key_is_found_where_it_is_set_and_never_shown() {
        let found = keys(&env(&[
            ("OPENAI_API_KEY", "sk-secret"),
            ("GEMINI_API_KEY", "also-secret"),
            ("ANTHROPIC_API_KEY", "  "),
        ]));
        let names: Vec<&str> = found.iter().map(|key| key.variable.as_str()).collect();
        assert_eq!(names, ["OPENAI_API_KEY", "GEMINI_API_KEY"]);
        assert_eq!(found[0].from, "environment");
        assert!(!format!("{found:?}").contains("secret"));
    }

    #[test]
    fn a_login_is_told_by_its_traces() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().display().to_string();
        let with = |more: &[(&str, &str)]| {
            let mut all = vec![("HOME", path.as_str())];
            all.extend(more);
            login("codex", &["CODEX_API_KEY".to_owned()], &env(&all))
        };
        assert_eq!(with(&[]), Login::NotFound);
        let key = [("CODEX_API_KEY", "x")];
        assert_eq!(with(&key), Login::Found("CODEX_API_KEY".to_owned()));
        std::fs::create_dir(home.path().join(".codex")).expect("a folder");
        std::fs::write(home.path().join(".codex/auth.json"), "{}").expect("a file");
        assert!(matches!(with(&[]), Login::Found(path) if path.ends_with("auth.json")));
        let claude = || login("claude_code", &[], &env(&[("HOME", path.as_str())]));
        std::fs::write(home.path().join(".claude.json"), "{}").expect("a file");
        assert_eq!(claude(), Login::NotFound);
        std::fs::write(home.path().join(".claude.json"), r#"{"oauthAccount":{}}"#).expect("a file");
        assert!(matches!(claude(), Login::Found(_)));
    }

    #[test]
    fn what_a_reseller_lists_is_known_by_the_vendors_names() {
        let info = |id: &str| ModelInfo {
            id: id.to_owned(),
            context: None,
            loaded: None,
        };
        let listed = ["a/odd", "openai/gpt-6-luna", "anthropic/claude-sonnet-5.5"];
        let models = merged("openrouter", &listed.map(info));
        let ids: Vec<&str> = models.iter().map(|model| model.id.as_str()).collect();
        assert_eq!(
            ids,
            ["anthropic/claude-sonnet-5.5", "openai/gpt-6-luna", "a/odd"]
        );
        assert_eq!(models[0].tier, Some(Tier::Balanced));
        // A curated model that the vendor no longer lists is not offered.
        let models = merged("openai", &[info("gpt-6-luna"), info("new")]);
        assert_eq!(models.len(), 2);
    }

    #[test]
    fn an_address_is_said_only_where_it_is_not_the_usual_one() {
        let server = |kind, url: &str| Discovered {
            kind,
            base_url: url.to_owned(),
            models: Vec::new(),
            needs_key: false,
        };
        for (kind, url, said) in [
            (ServerKind::Ollama, "http://127.0.0.1:11434/v1", false),
            (ServerKind::Ollama, "http://127.0.0.1:9/v1", true),
            (ServerKind::Compatible, "http://127.0.0.1:8000/v1", true),
        ] {
            assert_eq!(here(&server(kind, url)).base_url.is_some(), said, "{url}");
        }
    }

    #[test]
    fn every_curated_model_is_in_the_table_and_can_call_tools() {
        assert!(curated().len() > 20 && crate::setup::dated().len() == 10);
        for one in curated() {
            let name = format!("{}/{}", one.backend, one.id);
            assert!(backends::find(&one.backend).is_some(), "{name}");
            let entry = catalog::find(&one.backend, &one.id);
            let entry = entry.unwrap_or_else(|| panic!("{name} is not in the table"));
            assert_eq!(entry.id, one.id, "{name}");
            assert!(entry.tools && entry.deprecated_after.is_none(), "{name}");
            assert!(catalog::price(&one.backend, &one.id).is_some(), "{name}");
        }
    }
}
