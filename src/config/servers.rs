//! Tool servers of agents: `mcp_servers` as `MassGen` has it, and `mcpServers` as other programs do.
//!
//! At an agent's `backend`, or at the top of the file for all agents; a text there names a file such as
//! `.mcp.json`, which is then part of the configuration and of what is approved with it. What a server gets of the
//! environment is collected here, so that nothing else of it can reach a server. What is wrong with the
//! shapes is the key tables' business and passed over.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use secrecy::SecretString;
use serde_json::Value;

use super::diagnostic::{Finding, Severity};
use super::excerpt::clean;
use super::expand::expand;
use super::layers::Seen;
use super::load::Env;
use super::node::{Entry, Kind, Node};
use super::yaml;

/// What an agent works with besides files.
#[derive(Clone, Debug, Default)]
pub struct AgentTools {
    /// Its servers. Names are its own, and used once.
    pub servers: Vec<ToolServer>,
    /// It is offered these tools only; `None`: all.
    pub only: Option<Vec<String>>,
    /// It is never offered these.
    pub never: Vec<String>,
    /// Until it presents, tools change nothing.
    pub planning: bool,
}

/// A server of tools.
#[derive(Clone, Debug)]
pub struct ToolServer {
    /// Its name in the configuration.
    pub name: String,
    /// How it is reached.
    pub reached: Reached,
    /// Tools of it that are offered, by its own names; `None`: all.
    pub only: Option<Vec<String>>,
    /// Tools of it that are not.
    pub never: Vec<String>,
    /// How long it is waited for.
    pub patience: Patience,
    /// One connection serves all agents.
    pub shared: bool,
    /// Without it the agent does not work.
    pub required: bool,
}

/// How a server is reached.
#[derive(Clone, Debug)]
pub enum Reached {
    /// It is a program that is started.
    Started(Started),
    /// It answers over HTTP.
    Remote(Remote),
}

/// In words of a command: the folder of the agent that starts it.
pub const FOLDER: &str = "${cwd}";

/// A server that is a program.
#[derive(Clone, Debug)]
pub struct Started {
    /// Program and arguments. Never empty. [`FOLDER`] stands for a folder that is made when it starts.
    pub command: Vec<String>,
    /// Everything it sees of the environment.
    pub env: Vec<(String, SecretString)>,
    /// Where it runs; `None`: where this program does.
    pub cwd: Option<String>,
    /// What it speaks.
    pub speaks: Speaks,
    /// It is started only while this holds.
    pub seal: Option<Seal>,
}

/// What a program speaks.
#[derive(Clone, Debug)]
pub enum Speaks {
    /// The Model Context Protocol.
    Mcp,
    /// One JSON object per line, a process per call. These are its tools, as an MCP server would list
    /// them.
    Lines(Arc<Vec<Value>>),
}

/// The content that a program was approved with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// The folder with all its files.
    pub folder: PathBuf,
    /// The sum over them.
    pub sum: String,
}

/// A server elsewhere.
#[derive(Clone, Debug)]
pub struct Remote {
    /// Its address.
    pub url: String,
    /// Headers of every request.
    pub headers: Vec<(String, SecretString)>,
}

/// How long a server is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Until it is there.
    pub start: Duration,
    /// For each page of its list.
    pub list: Duration,
    /// For a call, from the last sign of progress on.
    pub call: Duration,
    /// For a call, in all.
    pub total: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            start: Duration::from_secs(30),
            list: Duration::from_secs(10),
            call: Duration::from_mins(1),
            total: Duration::from_mins(30),
        }
    }
}

/// Variables that every server may see: where it is and how it gets out.
pub(super) const COMMON: [&str; 22] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
];
/// Words in names of variables whose values are kept from logs.
const SECRET: [&str; 6] = ["KEY", "TOKEN", "SECRET", "PASS", "AUTH", "COOKIE"];
/// The keys that hold servers.
const KEYS: [&str; 2] = ["mcp_servers", "mcpServers"];
/// Words for the transport that is spoken over HTTP.
const HTTP: [&str; 4] = [
    "http",
    "streamable-http",
    "streamable_http",
    "streamableHttp",
];

impl AgentTools {
    /// Values that must never reach a log.
    pub fn secrets(&self) -> Vec<String> {
        use secrecy::ExposeSecret as _;
        let pairs = self
            .servers
            .iter()
            .flat_map(|server| match &server.reached {
                Reached::Started(started) => started.env.iter(),
                Reached::Remote(remote) => remote.headers.iter(),
            });
        let secret = |name: &str| {
            let name = name.to_ascii_uppercase();
            SECRET.iter().any(|word| name.contains(word))
        };
        pairs
            .filter(|(name, value)| secret(name) && value.expose_secret().len() >= 8)
            .map(|(_, value)| value.expose_secret().to_owned())
            .collect()
    }
}

/// What is read beside the file itself, and the weight of a variable that is not set.
pub struct Around<'a> {
    /// Variables.
    pub env: Env<'a>,
    /// Weight of one that is missing.
    pub unset: Severity,
    /// The folder of the configuration.
    pub folder: &'a Path,
    /// Takes in what was read.
    pub seen: &'a Seen,
}

impl Around<'_> {
    /// The servers of another file, such as `.mcp.json`: what stands under `mcpServers` there.
    fn included(&self, node: &Node, path: &str, findings: &mut Vec<Finding>) -> Option<Node> {
        let name = node.text()?;
        let file = self.folder.join(name);
        let shown = clean(name, 120);
        let mut failed = |severity, code, message: String| {
            let help = "name a file with `mcpServers` in it, such as `.mcp.json`";
            findings.push(
                Finding::new(severity, code, node.span, path)
                    .message(message)
                    .help(help),
            );
        };
        let bytes = match read_file(&file) {
            Ok(bytes) => bytes,
            Err(error) => {
                let message = format!("`{shown}` cannot be read: {error}");
                failed(Severity::Error, "unreadable", message);
                return None;
            }
        };
        self.seen.note(&file, &bytes);
        let parsed = yaml::parse(&bytes);
        for finding in &parsed.findings {
            let message = format!("in `{shown}`: {}", finding.message);
            failed(finding.severity, finding.code, message);
        }
        let mut root = parsed.root?;
        let mut unset = Vec::new();
        expand(&mut root, self.env, self.unset, &mut unset);
        for finding in unset {
            let message = format!("in `{shown}`: {}", finding.message);
            failed(finding.severity, finding.code, message);
        }
        let servers = KEYS.iter().find_map(|key| root.get(key));
        if servers.is_none() {
            let message = format!("`{shown}` has no `mcpServers`");
            failed(Severity::Error, "no-servers", message);
        }
        servers.cloned()
    }
}

/// The bytes of a file, at most what is accepted.
fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path)?;
    file.take(yaml::MAX_BYTES as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The tools of an agent: the file's own servers first, then its backend's; a server of the backend
/// stands in the place of one of the file with the same name.
#[must_use]
pub fn read(
    root: &Node,
    backend: Option<&Node>,
    around: &Around,
    findings: &mut Vec<Finding>,
) -> AgentTools {
    let mut tools = AgentTools::default();
    let cwd = backend
        .and_then(|node| node.some("cwd"))
        .and_then(Node::text);
    for (node, path) in [(Some(root), ""), (backend, "backend.")] {
        for key in KEYS {
            let Some(servers) = node.and_then(|node| node.some(key)) else {
                continue;
            };
            let other = around.included(servers, &format!("{path}{key}"), findings);
            let reader = Reader {
                env: around.env,
                cwd,
                milliseconds: key == "mcpServers" || other.is_some(),
            };
            for (name, server) in named(other.as_ref().unwrap_or(servers)) {
                let path = format!("{path}{key}.{}", clean(&name, 60));
                let Some(server) = reader.server(name, server, &path, findings) else {
                    continue;
                };
                tools.servers.retain(|known| known.name != server.name);
                tools.servers.push(server);
            }
        }
    }
    if let Some(backend) = backend {
        tools.only = texts(backend.some("allowed_tools"));
        tools.never = texts(backend.some("exclude_tools")).unwrap_or_default();
    }
    let coordination = root
        .get("orchestrator")
        .and_then(|node| node.get("coordination"));
    let planning = coordination.and_then(|node| node.get("enable_planning_mode"));
    tools.planning = planning.and_then(Node::bool) == Some(true);
    tools
}

/// Servers with their names, from a list or a map. A map that is one server has its name inside.
fn named(node: &Node) -> Vec<(String, &Node)> {
    let inside = |node: &Node| node.get("name").and_then(Node::text).map(str::to_owned);
    match &node.kind {
        Kind::List(items) => items
            .iter()
            .filter_map(|item| Some((inside(item)?, item)))
            .collect(),
        Kind::Map(entries) => entries
            .iter()
            .filter(|entry| matches!(entry.value.kind, Kind::Map(_)))
            .map(|Entry { key, value, .. }| (key.clone(), value))
            .collect(),
        _ => Vec::new(),
    }
}

struct Reader<'a> {
    env: Env<'a>,
    /// The folder that `${cwd}` stands for.
    cwd: Option<&'a str>,
    /// `timeout` is in milliseconds.
    milliseconds: bool,
}

impl Reader<'_> {
    fn server(
        &self,
        name: String,
        node: &Node,
        path: &str,
        findings: &mut Vec<Finding>,
    ) -> Option<ToolServer> {
        let flag = |key: &str| node.get(key).and_then(Node::bool);
        if flag("disabled") == Some(true) {
            return None;
        }
        let kind = node.get("type").and_then(Node::text);
        let url = node.some("url").or_else(|| node.some("httpUrl"));
        let url = url.and_then(Node::text);
        let remote = kind.map_or(url.is_some(), |kind| HTTP.contains(&kind));
        let reached = match (remote, kind, url) {
            (true, _, Some(url)) => Reached::Remote(Self::remote(url, node, path, findings)),
            (false, None | Some("stdio"), _) => Reached::Started(self.started(node)?),
            // What is missing or not spoken was said.
            _ => return None,
        };
        let only = ["allowed_tools", "enabled_tools", "includeTools"];
        let never = ["exclude_tools", "disabled_tools", "excludeTools"];
        let first = |keys: [&str; 3]| keys.iter().find_map(|key| texts(node.some(key)));
        Some(ToolServer {
            name,
            reached,
            only: first(only),
            never: first(never).unwrap_or_default(),
            patience: self.patience(node),
            shared: flag("shared") == Some(true),
            required: flag("required") == Some(true),
        })
    }

    fn started(&self, node: &Node) -> Option<Started> {
        let mut command = match node.some("command") {
            Some(one) if one.text().is_some() => {
                let words = one.text().unwrap_or_default().split_whitespace();
                words.map(str::to_owned).collect()
            }
            list => texts(list).unwrap_or_default(),
        };
        let args = node.some("args").map_or(&[][..], Node::items);
        command.extend(args.iter().filter_map(|arg| match arg.text() {
            Some(text) => Some(text.to_owned()),
            None => arg.json().map(|value| value.to_string()),
        }));
        for word in &mut command {
            if let Some(cwd) = self.cwd.filter(|cwd| Path::new(cwd).is_absolute()) {
                *word = word.replace(FOLDER, cwd);
            }
        }
        if command.is_empty() {
            return None;
        }
        let mut env = common(self.env);
        for (name, value) in pairs(node.some("env")) {
            env.retain(|(known, _)| *known != name);
            env.push((name, value));
        }
        let cwd = node.some("cwd").and_then(Node::text);
        Some(Started {
            command,
            env,
            cwd: cwd.map(str::to_owned),
            speaks: Speaks::Mcp,
            seal: None,
        })
    }

    fn remote(url: &str, node: &Node, path: &str, findings: &mut Vec<Finding>) -> Remote {
        let headers = pairs(node.some("headers"));
        let host = url.strip_prefix("http://").unwrap_or_default();
        let host = host.split(['/', ':']).next().unwrap_or_default();
        let local = ["localhost", "127.0.0.1", "[", ""].contains(&host);
        if !local && !headers.is_empty() {
            findings.push(
                Finding::new(Severity::Warning, "plain-http", node.span, path)
                    .message("headers of this server go over the network in clear text".to_owned())
                    .help("use https://"),
            );
        }
        Remote {
            url: url.to_owned(),
            headers,
        }
    }

    fn patience(&self, node: &Node) -> Patience {
        let usual = Patience::default();
        let seconds = |key: &str| {
            let number = node.get(key).and_then(Node::number)?;
            (number.is_finite() && number > 0.0 && number <= 86_400_000.0).then_some(number)
        };
        let timeout = seconds("timeout").map(|number| {
            if self.milliseconds {
                number / 1_000.0
            } else {
                number
            }
        });
        let or = |said: Option<f64>, usual: Duration| said.map_or(usual, Duration::from_secs_f64);
        let call = or(seconds("call_seconds").or(timeout), usual.call);
        Patience {
            start: or(seconds("start_seconds"), usual.start),
            list: or(seconds("list_seconds"), usual.list),
            call,
            total: or(seconds("total_seconds"), usual.total).max(call),
        }
    }
}

/// What every server sees of the environment.
pub(super) fn common(env: Env) -> Vec<(String, SecretString)> {
    let value = |name: &str| Some((name.to_owned(), SecretString::from(env(name)?)));
    COMMON.iter().filter_map(|name| value(name)).collect()
}

/// Texts of a map, numbers and booleans as they are written.
fn pairs(node: Option<&Node>) -> Vec<(String, SecretString)> {
    let entries = node.map_or(&[][..], Node::entries);
    let text = |node: &Node| match node.text() {
        Some(text) => Some(text.to_owned()),
        None => node
            .json()
            .filter(|value| value.is_number() || value.is_boolean())
            .map(|value| value.to_string()),
    };
    entries
        .iter()
        .filter_map(|entry| Some((entry.key.clone(), SecretString::from(text(&entry.value)?))))
        .collect()
}

/// A list of texts.
pub(super) fn texts(node: Option<&Node>) -> Option<Vec<String>> {
    let Kind::List(items) = &node?.kind else {
        return None;
    };
    Some(
        items
            .iter()
            .filter_map(Node::text)
            .map(str::to_owned)
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::yaml::parse;
    use secrecy::ExposeSecret as _;

    fn tools(text: &str) -> AgentTools {
        let root = parse(text.as_bytes()).root.unwrap();
        let env =
            |name: &str| (name == "PATH" || name == "OPENAI_API_KEY").then(|| "value".to_owned());
        let mut findings = Vec::new();
        let backend = root.get("backend");
        let around = Around {
            env: &env,
            unset: Severity::Error,
            folder: Path::new("."),
            seen: &Seen::default(),
        };
        let read = read(&root, backend, &around, &mut findings);
        assert!(findings.is_empty(), "{findings:?}");
        read
    }

    #[test]
    fn both_forms_are_read_and_the_environment_is_small() {
        let list = tools(
            "backend: {cwd: /w, mcp_servers: [{name: a, type: stdio, command: npx -y, args: [x, 3, '${cwd}/y'], \
             env: {A: 1, B_TOKEN: 'longsecret'}, timeout: 5}]}",
        );
        let map = tools("backend: {mcpServers: {a: {command: npx, args: [x], timeout: 5000}}}");
        let [one] = list.servers.as_slice() else {
            panic!("{list:?}")
        };
        let Reached::Started(started) = &one.reached else {
            panic!("{one:?}")
        };
        assert_eq!(started.command, ["npx", "-y", "x", "3", "/w/y"]);
        let env: Vec<(&str, &str)> = started
            .env
            .iter()
            .map(|(name, value)| (name.as_str(), value.expose_secret()))
            .collect();
        assert_eq!(
            env,
            [("PATH", "value"), ("A", "1"), ("B_TOKEN", "longsecret")]
        );
        assert_eq!(list.secrets(), ["longsecret"]);
        assert_eq!(one.patience.call, Duration::from_secs(5));
        assert_eq!(map.servers[0].patience.call, Duration::from_secs(5));
    }

    #[test]
    fn a_file_that_is_named_is_read_and_noted() {
        let folder = tempfile::tempdir().unwrap();
        let text = r#"{"mcpServers": {"a": {"command": "npx", "args": ["${KEY:-none}", "${PATH}"]}, "b": {"command": "x", "env": {"K": "${GONE}"}}}}"#;
        std::fs::write(folder.path().join(".mcp.json"), text).unwrap();
        let root = parse(b"mcp_servers: .mcp.json").root.unwrap();
        let env = |name: &str| (name == "PATH").then(|| "value".to_owned());
        let seen = Seen::default();
        let around = Around {
            env: &env,
            unset: Severity::Error,
            folder: folder.path(),
            seen: &seen,
        };
        let mut findings = Vec::new();
        let read = super::read(&root, None, &around, &mut findings);
        let Reached::Started(started) = &read.servers[0].reached else {
            panic!("{read:?}")
        };
        assert_eq!(started.command, ["npx", "none", "value"]);
        assert_eq!(seen.all().len(), 1);
        assert!(
            findings[0].message.contains("in `.mcp.json`"),
            "{findings:?}"
        );
        let root = parse(b"mcp_servers: none.json").root.unwrap();
        let mut findings = Vec::new();
        let _ = super::read(&root, None, &around, &mut findings);
        assert_eq!(findings[0].code, "unreadable");
    }

    #[test]
    fn servers_of_the_file_are_everybodys_and_an_agents_own_come_before() {
        let read = tools(
            "mcp_servers: {a: {url: 'http://127.0.0.1:1/mcp'}, b: {type: http, url: 'https://x/mcp', headers: {Authorization: 'Bearer x'}}}\n\
             orchestrator: {coordination: {enable_planning_mode: true}}\n\
             backend: {allowed_tools: [mcp__a__x], exclude_tools: [y], mcp_servers: [{name: a, command: other, shared: true, required: true, allowed_tools: [x]}, {name: c, command: z, disabled: true}]}",
        );
        let names: Vec<&str> = read.servers.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["b", "a"]);
        assert!(read.planning && read.servers[1].shared && read.servers[1].required);
        assert_eq!(read.servers[1].only.as_deref(), Some(&["x".to_owned()][..]));
        assert_eq!(read.only.as_deref(), Some(&["mcp__a__x".to_owned()][..]));
        assert_eq!(read.never, ["y"]);
    }
}
