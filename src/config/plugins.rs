//! The manifest of a plugin: `plugin.yaml` in a folder of the person's own plugins.
//!
//! Everything that is wrong is found at once, with its place, as for configurations. What comes out is
//! a server of tools like any other. Reading starts nothing; whether the plugin was approved is not
//! known here. The keys are told in `docs/plugins.md`.

use std::{
    path::{Component, Path},
    sync::Arc,
    time::Duration,
};

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::diagnostic::{Finding, Report, Severity, nearest};
use super::excerpt::{Source, clean};
use super::load::Env;
use super::node::{Kind, Node, Span};
use super::program;
use super::servers::{Patience, Reached, Speaks, Started, ToolServer, common, texts};
use super::yaml;

/// Name of the manifest in a plugin's folder.
pub const MANIFEST: &str = "plugin.yaml";
/// Largest manifest, in bytes.
const LARGEST: u64 = 256 * 1024;
/// Longest name of a plugin: tools are offered as `mcp__PLUGIN__TOOL`.
const NAME: usize = 24;
/// Most tools that a manifest may list.
const TOOLS: usize = 64;
/// Longest wait for a call, in seconds.
const LONGEST: f64 = 3_600.0;
/// Keys of a manifest.
const KEYS: [&str; 8] = [
    "name",
    "description",
    "command",
    "protocol",
    "tools",
    "env",
    "timeout",
    "start_seconds",
];
/// Keys of a tool, as MCP names them.
const TOOL_KEYS: [&str; 4] = ["name", "description", "inputSchema", "annotations"];
/// What a tool may say of itself, as MCP names it.
const HINTS: [&str; 5] = [
    "readOnlyHint",
    "destructiveHint",
    "idempotentHint",
    "openWorldHint",
    "title",
];

/// What a manifest says.
#[derive(Debug)]
pub struct Manifest {
    /// What it is for; empty when it could not be read.
    pub description: String,
    /// Variables of the environment that it gets beside the usual ones.
    pub variables: Vec<String>,
    /// The server that it is; `None` when the report has an error.
    pub server: Option<ToolServer>,
    /// Every finding.
    pub report: Report,
}

/// Reads the manifest in a plugin's folder.
#[must_use]
pub fn read(folder: &Path, env: Env) -> Manifest {
    let path = folder.join(MANIFEST);
    let name = path.display().to_string();
    match bytes(&path) {
        Ok(bytes) => of_bytes(&name, &bytes, folder, env),
        Err(error) => {
            let finding = Finding::new(Severity::Error, "unreadable", Span::default(), "")
                .message(format!("the manifest cannot be read: {error}"))
                .help("`massgen-tui tools new NAME` writes one to begin with");
            Manifest {
                description: String::new(),
                variables: Vec::new(),
                server: None,
                report: Report::new(Source::new(&name, "", None), vec![finding]),
            }
        }
    }
}

fn bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read as _;
    let file = std::fs::File::open(path)?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(std::io::Error::other("it is larger than 256 KB"));
    }
    Ok(bytes)
}

fn of_bytes(name: &str, bytes: &[u8], folder: &Path, env: Env) -> Manifest {
    let parsed = yaml::parse(bytes);
    let source = Source::new(name, &parsed.text, parsed.root.as_ref());
    let mut reader = Reader {
        folder,
        env,
        findings: parsed.findings,
    };
    let mut manifest = Manifest {
        description: String::new(),
        variables: Vec::new(),
        server: None,
        report: Report::default(),
    };
    if let Some(root) = &parsed.root {
        manifest.description = reader.text(root, "description").unwrap_or_default();
        manifest.variables = reader.variables(root);
        manifest.server = reader.server(root, &manifest.variables);
    }
    manifest.report = Report::new(source, reader.findings);
    if manifest.report.has_errors() {
        manifest.server = None;
    }
    manifest
}

/// True for what a plugin may be called.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty() && name.len() <= NAME && name.chars().all(letter) && !name.starts_with('-')
}

struct Reader<'a> {
    folder: &'a Path,
    env: Env<'a>,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    fn error(&mut self, code: &'static str, span: Span, key: &str, message: String, help: &str) {
        let finding = Finding::new(Severity::Error, code, span, key).message(message);
        self.findings.push(finding.help(help));
    }

    fn warning(&mut self, code: &'static str, span: Span, key: &str, message: String, help: &str) {
        let finding = Finding::new(Severity::Warning, code, span, key).message(message);
        self.findings.push(finding.help(help));
    }

    fn wrong(&mut self, node: &Node, key: &str, wanted: &str) {
        let message = format!("`{key}` must be {wanted}, not {}", node.noun());
        self.error("wrong-type", node.span, key, message, "");
    }

    fn unknown(&mut self, node: &Node, known: &[&str], path: &str) {
        for entry in node.entries() {
            if !known.contains(&entry.key.as_str()) {
                let help = match nearest(&entry.key, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known are: {}", known.join(", ")),
                };
                let message = format!("`{}` is not a key here", clean(&entry.key, 60));
                let key = yaml::join(path, &entry.key);
                self.error("unknown-key", entry.key_span, &key, message, &help);
            }
        }
    }

    fn text(&mut self, node: &Node, key: &str) -> Option<String> {
        let value = node.some(key)?;
        if value.text().is_none() {
            self.wrong(value, key, "text");
        }
        value.text().map(str::to_owned)
    }

    fn variables(&mut self, root: &Node) -> Vec<String> {
        let Some(node) = root.some("env") else {
            return Vec::new();
        };
        if !matches!(node.kind, Kind::List(_)) {
            self.wrong(node, "env", "a list of names of variables");
        }
        let mut names = Vec::new();
        for item in node.items() {
            let name = item.text().unwrap_or_default();
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if name.is_empty() || !name.chars().all(fits) {
                let message = format!("{} is no name of a variable", item.shown());
                let help =
                    "write names only, such as `- WEATHER_KEY`; values come from your environment";
                self.error("bad-variable", item.span, "env", message, help);
                continue;
            }
            if (self.env)(name).is_none() {
                let message = format!("`{name}` is not set here; the plugin does not get it");
                self.warning("unset-variable", item.span, "env", message, "");
            }
            names.push(name.to_owned());
        }
        names
    }

    fn server(&mut self, root: &Node, variables: &[String]) -> Option<ToolServer> {
        self.unknown(root, &KEYS, "");
        let name = self.name(root);
        let command = self.command(root);
        let speaks = self.speaks(root);
        let call = self.seconds(root, "timeout");
        let start = self.seconds(root, "start_seconds");
        let mut env = common(self.env);
        for name in variables {
            if let Some(value) = (self.env)(name) {
                env.retain(|(known, _)| known != name);
                env.push((name.clone(), SecretString::from(value)));
            }
        }
        // Compiled leftovers beside a script would change what was approved.
        env.push((
            "PYTHONDONTWRITEBYTECODE".to_owned(),
            SecretString::from("1"),
        ));
        let usual = Patience::default();
        let call = call.unwrap_or(usual.call);
        Some(ToolServer {
            name: name?,
            reached: Reached::Started(Started {
                command: command?,
                env,
                cwd: Some(self.folder.to_str()?.to_owned()),
                speaks: speaks?,
                seal: None,
            }),
            only: None,
            never: Vec::new(),
            patience: Patience {
                start: start.unwrap_or(usual.start),
                call,
                total: usual.total.max(call),
                ..usual
            },
            shared: false,
            required: false,
        })
    }

    fn name(&mut self, root: &Node) -> Option<String> {
        let folder = self.folder.file_name()?.to_str().unwrap_or_default();
        let Some(name) = self.text(root, "name") else {
            if root.some("name").is_none() {
                let help = format!("add `name: {}`", clean(folder, NAME));
                self.error(
                    "missing-key",
                    Span::default(),
                    "name",
                    "`name` is missing".to_owned(),
                    &help,
                );
            }
            return None;
        };
        let span = root.get("name").map(|node| node.span).unwrap_or_default();
        if !is_name(&name) {
            let help = format!("small letters, digits and `-`, at most {NAME}");
            let message = "this name cannot be used".to_owned();
            self.error("bad-name", span, "name", message, &help);
        } else if name != folder {
            let message = format!(
                "the plugin's folder has another name, `{}`",
                clean(folder, 60)
            );
            self.error("bad-name", span, "name", message, "give both the same name");
        }
        Some(name)
    }

    fn command(&mut self, root: &Node) -> Option<Vec<String>> {
        let Some(node) = root.some("command") else {
            let message = "`command` is missing".to_owned();
            let help = "name the program, such as `command: [python3, my_tool.py]`";
            self.error("missing-key", Span::default(), "command", message, help);
            return None;
        };
        let mut words: Vec<String> = match node.text() {
            Some(line) => line.split_whitespace().map(str::to_owned).collect(),
            None => texts(Some(node)).unwrap_or_default(),
        };
        let whole = node.text().is_some() || node.items().len() == words.len();
        let Some(first) = words.first_mut().filter(|_| whole) else {
            self.wrong(node, "command", "text, or a list of texts");
            return None;
        };
        let span = node.items().first().map_or(node.span, |first| first.span);
        if Path::new(first)
            .components()
            .any(|part| part == Component::ParentDir)
        {
            let help =
                "put the program into the plugin's folder: only what is there is approved with it";
            self.error(
                "outside",
                span,
                "command",
                "this leads out of the plugin's folder".to_owned(),
                help,
            );
            return None;
        }
        let inside = self.folder.join(&*first);
        if inside.is_file() {
            // From the folder, not from where this program happens to run.
            inside.to_str()?.clone_into(first);
        }
        let path = (self.env)("PATH").unwrap_or_default();
        if program::find(first, &path).is_none() {
            let message = format!(
                "there is no program {}",
                node.items().first().unwrap_or(node).shown()
            );
            let help = "put it into the plugin's folder, or install it into a folder of PATH";
            self.error("no-program", span, "command", message, help);
        } else if first.contains('/') && !program::is_program(Path::new(&*first)) {
            let message = "this file may not be run".to_owned();
            self.error(
                "no-program",
                span,
                "command",
                message,
                "chmod +x on it, or name its interpreter first",
            );
        }
        Some(words)
    }

    fn speaks(&mut self, root: &Node) -> Option<Speaks> {
        let said = self.text(root, "protocol");
        let span = root
            .get("protocol")
            .map(|node| node.span)
            .unwrap_or_default();
        let tools = root.some("tools");
        match said.as_deref() {
            Some("mcp") => {
                if let Some(tools) = tools {
                    let message = "an MCP server lists its tools itself".to_owned();
                    self.error(
                        "unknown-key",
                        tools.span,
                        "tools",
                        message,
                        "leave `tools` out",
                    );
                }
                Some(Speaks::Mcp)
            }
            Some("lines") => Some(Speaks::Lines(Arc::new(self.tools(tools)))),
            Some(_) => {
                let message = "this protocol is not known".to_owned();
                self.error("bad-value", span, "protocol", message, "`lines` or `mcp`");
                None
            }
            None => {
                if root.some("protocol").is_none() {
                    let message = "`protocol` is missing".to_owned();
                    self.error(
                        "missing-key",
                        span,
                        "protocol",
                        message,
                        "`protocol: lines` or `protocol: mcp`",
                    );
                }
                None
            }
        }
    }

    fn seconds(&mut self, root: &Node, key: &str) -> Option<Duration> {
        let node = root.some(key)?;
        let number = node
            .number()
            .filter(|number| (0.1..=LONGEST).contains(number));
        if number.is_none() {
            let message = format!("`{key}` is a number of seconds, 0.1 to {LONGEST}");
            self.error("out-of-range", node.span, key, message, "");
        }
        number.map(Duration::from_secs_f64)
    }

    fn tools(&mut self, node: Option<&Node>) -> Vec<Value> {
        let items = node.map_or(&[][..], Node::items);
        if items.is_empty() {
            let span = node.map(|node| node.span).unwrap_or_default();
            let message = "a plugin of lines lists its tools here; there is none".to_owned();
            self.error("missing-key", span, "tools", message, "see docs/plugins.md");
        }
        if let Some(over) = items.get(TOOLS) {
            let message = format!("a plugin has at most {TOOLS} tools");
            self.error("out-of-range", over.span, "tools", message, "");
        }
        let mut tools: Vec<Value> = Vec::new();
        for (index, item) in items.iter().take(TOOLS).enumerate() {
            let path = format!("tools[{index}]");
            let Some(tool) = self.tool(item, &path) else {
                continue;
            };
            if tools
                .iter()
                .any(|known| known.get("name") == tool.get("name"))
            {
                let message = "another tool has this name already".to_owned();
                self.error("duplicate-name", item.span, &path, message, "");
            }
            tools.push(tool);
        }
        tools
    }

    fn tool(&mut self, item: &Node, path: &str) -> Option<Value> {
        if !matches!(item.kind, Kind::Map(_)) {
            self.wrong(item, path, "a map");
            return None;
        }
        self.unknown(item, &TOOL_KEYS, path);
        let name = self.text(item, "name").unwrap_or_default();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if name.is_empty() || name.len() > 40 || !name.chars().all(fits) {
            let message =
                "a tool needs a `name` of letters, digits, `_` and `-`, at most 40".to_owned();
            let span = item.get("name").map_or(item.span, |node| node.span);
            self.error("bad-name", span, path, message, "");
        }
        let words = self.text(item, "description").unwrap_or_default();
        if words.trim().is_empty() {
            let message = "without a `description` no model knows when to use it".to_owned();
            self.warning(
                "missing-key",
                item.span,
                path,
                message,
                "say in a sentence what it does",
            );
        }
        let mut tool = Map::new();
        tool.insert("name".to_owned(), Value::String(name));
        tool.insert("description".to_owned(), Value::String(words));
        tool.insert("inputSchema".to_owned(), self.schema(item, path)?);
        if let Some(hints) = item.some("annotations") {
            self.hints(hints, path);
            tool.insert("annotations".to_owned(), hints.json()?);
        }
        Some(Value::Object(tool))
    }

    fn schema(&mut self, item: &Node, path: &str) -> Option<Value> {
        let Some(node) = item.some("inputSchema") else {
            return Some(serde_json::json!({"type": "object", "properties": {}}));
        };
        let kind = node.some("type").and_then(Node::text);
        let json = node.json();
        if kind != Some("object") || json.is_none() {
            let message = "`inputSchema` is a JSON Schema with `type: object`".to_owned();
            let help = "{type: object, properties: {text: {type: string}}, required: [text]}";
            self.error(
                "bad-schema",
                node.span,
                &format!("{path}.inputSchema"),
                message,
                help,
            );
        }
        json
    }

    fn hints(&mut self, node: &Node, path: &str) {
        let path = format!("{path}.annotations");
        if !matches!(node.kind, Kind::Map(_)) {
            self.wrong(node, &path, "a map");
        }
        self.unknown(node, &HINTS, &path);
        for entry in node.entries().iter().filter(|entry| entry.key != "title") {
            if entry.value.bool().is_none() {
                self.wrong(
                    &entry.value,
                    &yaml::join(&path, &entry.key),
                    "true or false",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn findings(text: &str) -> Vec<(&'static str, u32)> {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("mine");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join(MANIFEST), text).unwrap();
        fs::write(folder.join("tool.sh"), "").unwrap();
        let read = read(&folder, &|_| None);
        assert_eq!(read.server.is_none(), read.report.has_errors());
        let findings = read.report.findings().iter();
        findings.map(|one| (one.code, one.span.line)).collect()
    }

    #[test]
    fn every_slip_is_found_in_its_line() {
        let good = "name: mine\ncommand: /bin/sh tool.sh\nprotocol: lines\n\
                    tools:\n  - {name: t, description: does it}\n";
        assert_eq!(findings(good), []);
        let mcp = "name: mine\ncommand: [/bin/sh, tool.sh]\nprotocol: mcp\ntimeout: 5\n";
        assert_eq!(findings(mcp), []);
        for (from, to, code, line) in [
            ("name: mine", "name: other", "bad-name", 1),
            ("name: mine", "name: ../x", "bad-name", 1),
            ("name: mine", "title: mine", "unknown-key", 1),
            ("/bin/sh tool.sh", "../sh", "outside", 2),
            ("/bin/sh tool.sh", "no-such-thing", "no-program", 2),
            ("/bin/sh tool.sh", "tool.sh", "no-program", 2),
            ("/bin/sh tool.sh", "[1]", "wrong-type", 2),
            ("lines", "smoke", "bad-value", 3),
            ("lines", "mcp", "unknown-key", 5),
            ("tools:", "timeout: -1\ntools:", "out-of-range", 4),
            ("tools:", "env: [A=b]\ntools:", "bad-variable", 4),
            ("tools:", "env: [A_KEY]\ntools:", "unset-variable", 4),
            ("name: t,", "name: a b,", "bad-name", 5),
            (
                "description: does it",
                "inputSchema: {type: text}",
                "bad-schema",
                5,
            ),
            (
                "description: does it",
                "description: x, annotations: {readonly: true}",
                "unknown-key",
                5,
            ),
            (
                "description: does it}",
                "description: x}\n  - {name: t, description: y}",
                "duplicate-name",
                6,
            ),
        ] {
            let found = findings(&good.replace(from, to));
            assert!(found.contains(&(code, line)), "{to}: {found:?}");
        }
        for text in ["", "[]", "a: [", "name: 3", "tools: 3\nprotocol: lines"] {
            assert!(!findings(text).is_empty(), "{text}");
        }
    }
}
