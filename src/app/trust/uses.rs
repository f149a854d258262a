//! What a configuration would use, in plain words: where it sends what, which programs it starts,
//! which folders it opens, what it permits.
//!
//! Pure. Everything here is outside text and leaves cleaned and short.

use std::fmt;

use crate::{
    config::{
        BackendConfig, Config, Node, ToolServer, clean, layers::ReadFile, servers::Reached, yaml,
    },
    protocol::{ApprovePolicy, Network, Offered, Own, Working, change::Access},
};

/// Cells of one name.
const NAME: usize = 200;
/// Most variables that are named.
const VARIABLES: usize = 12;

/// One thing that a configuration would use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// Texts, and perhaps a key, go to a server.
    Sends {
        /// Address.
        to: String,
        /// Models there.
        models: Vec<String>,
        /// What goes along to be let in.
        key: Option<String>,
    },
    /// A program is started.
    Runs(String),
    /// A program is started that offers tools to agents.
    Tools {
        /// Its name in the configuration.
        name: String,
        /// What is started.
        command: String,
    },
    /// Calls of tools go to a server.
    Calls {
        /// Its name in the configuration.
        name: String,
        /// Address.
        to: String,
        /// Names of the headers that go along.
        headers: Vec<String>,
    },
    /// A folder is opened.
    Folder {
        /// The folder.
        path: String,
        /// Whether agents change a copy of it.
        writes: bool,
    },
    /// Agents make files in an empty folder of the run.
    Own,
    /// Something is permitted that is not by itself.
    Permits(String),
    /// Values of the environment are put into it.
    Takes(String),
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sends { to, models, key } => {
                let models = models.join(", ");
                match key {
                    Some(key) => write!(f, "send tasks, files and {key} to {to} ({models})"),
                    None => write!(f, "send tasks and files to {to} ({models})"),
                }
            }
            Self::Runs(command) => write!(f, "run the program: {command}"),
            Self::Tools { name, command } => {
                write!(f, "run the program of the tool server {name}: {command}")
            }
            Self::Calls { name, to, headers } if headers.is_empty() => {
                write!(f, "let agents call tools of {name} at {to}")
            }
            Self::Calls { name, to, headers } => {
                let headers = headers.join(", ");
                write!(f, "let agents call tools of {name} at {to}, with {headers}")
            }
            Self::Folder { path, writes: true } => {
                write!(f, "read the folder {path} and propose changes to it")
            }
            Self::Folder {
                path,
                writes: false,
            } => write!(f, "read the folder {path}"),
            Self::Own => f.write_str("let agents make files in an empty folder of the session"),
            Self::Permits(what) => write!(f, "permit: {what}"),
            Self::Takes(names) => write!(f, "take these from your environment: {names}"),
        }
    }
}

impl Use {
    /// The same with every text given through `mask`: a command or an address may have been made with
    /// a key of the environment.
    #[must_use]
    pub fn masked(self, mask: &dyn Fn(&str) -> String) -> Self {
        match self {
            Self::Sends { to, models, key } => Self::Sends {
                to: mask(&to),
                models: models.iter().map(|model| mask(model)).collect(),
                key: key.as_deref().map(mask),
            },
            Self::Runs(command) => Self::Runs(mask(&command)),
            Self::Tools { name, command } => Self::Tools {
                name: mask(&name),
                command: mask(&command),
            },
            Self::Calls { name, to, headers } => Self::Calls {
                name: mask(&name),
                to: mask(&to),
                headers: headers.iter().map(|header| mask(header)).collect(),
            },
            Self::Folder { path, writes } => Self::Folder {
                path: mask(&path),
                writes,
            },
            Self::Own => Self::Own,
            Self::Permits(what) => Self::Permits(mask(&what)),
            Self::Takes(names) => Self::Takes(names),
        }
    }
}

/// Everything that a configuration would use, its inner teams included; each thing once.
#[must_use]
pub fn uses(config: &Config) -> Vec<Use> {
    let mut all = Vec::new();
    team(config, &mut all);
    all
}

fn team(config: &Config, all: &mut Vec<Use>) {
    for agent in &config.agents {
        backend(&agent.backend, all);
        for server in &agent.tools.servers {
            tools(server, all);
        }
        if let Some(inner) = &agent.team {
            team(inner, all);
        }
    }
    folders(&config.rules.working, all);
    permissions(config, all);
}

fn folders(working: &Working, all: &mut Vec<Use>) {
    let folder = |path: &str, access| Use::Folder {
        path: clean(path, NAME),
        writes: access == Access::Write,
    };
    for one in &working.folders {
        add(all, folder(&one.path, one.access));
    }
    match &working.own {
        Own::At(path) => add(all, folder(path, Access::Write)),
        Own::Empty if !working.is_changed() => add(all, Use::Own),
        Own::Empty | Own::None => {}
    }
}

/// A server of tools: a program that is started, or an address that calls go to.
fn tools(server: &ToolServer, all: &mut Vec<Use>) {
    let name = clean(&server.name, NAME);
    let one = match &server.reached {
        Reached::Started(started) => Use::Tools {
            name,
            command: clean(&started.command.join(" "), NAME),
        },
        Reached::Remote(remote) => {
            let headers = remote.headers.iter();
            Use::Calls {
                name,
                to: clean(&without_password(&remote.url), NAME),
                headers: headers.map(|(header, _)| clean(header, 60)).collect(),
            }
        }
    };
    add(all, one);
}

fn backend(backend: &BackendConfig, all: &mut Vec<Use>) {
    if let Some(program) = &backend.program {
        let words = program.command.iter().chain(&program.extra_args);
        let line: Vec<&str> = words.map(String::as_str).collect();
        add(all, Use::Runs(clean(&line.join(" "), NAME)));
    } else {
        sends(backend, all);
    }
    for other in backend.endpoints.iter().chain(&backend.fallbacks) {
        self::backend(other, all);
    }
}

/// Servers are told once, with all their models.
fn sends(backend: &BackendConfig, all: &mut Vec<Use>) {
    let to = clean(&without_password(&backend.base_url), NAME);
    let model = clean(&backend.model, NAME);
    let key = key(backend);
    for one in all.iter_mut() {
        if let Use::Sends {
            to: same,
            models,
            key: with,
        } = one
            && *same == to
            && *with == key
        {
            if !models.contains(&model) {
                models.push(model);
            }
            return;
        }
    }
    all.push(Use::Sends {
        to,
        models: vec![model],
        key,
    });
}

fn key(backend: &BackendConfig) -> Option<String> {
    let named = backend.key_variable.as_deref();
    let mut parts: Vec<String> = match (&backend.key, named) {
        (Some(_), Some(name)) => vec![format!("the key of {}", clean(name, NAME))],
        (Some(_), None) => vec!["a key".to_owned()],
        (None, _) => Vec::new(),
    };
    let headers = &backend.manners.headers;
    parts.extend(
        headers
            .iter()
            .map(|(name, _)| format!("the header {}", clean(name, 60))),
    );
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn permissions(config: &Config, all: &mut Vec<Use>) {
    let permits = &config.rules.permitting;
    let mut say = |what: String| add(all, Use::Permits(what));
    if permits.network == Network::On {
        say("commands of agents reach the network".to_owned());
    }
    if permits.web_fetch == Offered::Yes {
        say("agents fetch web pages".to_owned());
    }
    if permits.approve == Some(ApprovePolicy::Auto) {
        say("what would be asked first is done without asking".to_owned());
    }
    for rule in &permits.allow {
        say(format!("without asking {}", clean(rule, NAME)));
    }
    for folder in &permits.read {
        say(format!("commands read {}", clean(folder, NAME)));
    }
    if let Some(inbox) = &config.rules.talking.inbox {
        let inbox = clean(inbox, NAME);
        say(format!("files in {inbox} count as your words"));
    }
    for agent in &config.agents {
        for tool in &agent.backend.manners.hosted {
            say(format!("{} at the server of the model", tool.word()));
        }
    }
}

fn add(all: &mut Vec<Use>, one: Use) {
    if !all.contains(&one) {
        all.push(one);
    }
}

/// Variables that the files name as `${NAME}`: their values go wherever the file puts them.
#[must_use]
pub fn variables(files: &[ReadFile]) -> Option<Use> {
    let mut names: Vec<String> = Vec::new();
    for file in files {
        // The text as it stands may hide a name behind escapes; the values cannot.
        if let Some(root) = yaml::parse(&file.bytes).root {
            named(&root, &mut names);
        }
    }
    let more = names.len().saturating_sub(VARIABLES);
    names.truncate(VARIABLES);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    (!names.is_empty()).then(|| Use::Takes(names.join(", ")))
}

/// Collects the variables in every text below a node.
fn named(node: &Node, names: &mut Vec<String>) {
    let text = node.text().unwrap_or_default();
    for part in text.split("${").skip(1) {
        let Some((name, _)) = part.split_once('}') else {
            continue;
        };
        let name = clean(name, 64);
        if name != "cwd" && !names.contains(&name) {
            names.push(name);
        }
    }
    let values = node.entries().iter().map(|entry| &entry.value);
    for below in values.chain(node.items()) {
        named(below, names);
    }
}

/// An address may carry a password: it is nothing to be shown.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let host = rest.split('/').next().unwrap_or(rest);
    match host.rsplit_once('@') {
        Some((_, bare)) => {
            let path = rest.get(host.len()..).unwrap_or_default();
            format!("{scheme}://…@{bare}{path}")
        }
        None => url.to_owned(),
    }
}
