//! `webhooks.yaml` in the person's own folder of settings: whom to tell when something happens in a run.
//!
//! A file of its own, so that a configuration that is shared with MassGen stays one file, and nothing that
//! lies in a project can add to it: whoever made a project does not say what is run or told here. An entry
//! that cannot be understood is an error and no entry counts: a hook that silently does nothing would be
//! worse. As it starts programs, a file that everybody may write is not read.

use std::{fs, io, io::Read as _, os::unix::fs::PermissionsExt as _, path::Path};

use super::{Node, Paths, Severity, Span, yaml};

/// Name of the file.
const FILE: &str = "webhooks.yaml";
/// Largest file that is read.
const LARGEST: u64 = 4 * 1024 * 1024;
/// Most hooks.
const MOST: usize = 32;
/// Longest time of one try, in seconds.
const LONGEST: f64 = 60.0;

/// An entry of `webhooks` as it was written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// Its name.
    pub name: String,
    /// The address to tell.
    pub url: Option<String>,
    /// The program to tell, with its arguments.
    pub command: Vec<String>,
    /// The variable that holds the secret for signing.
    pub secret_env: Option<String>,
    /// Whether the address may lead to a private network.
    pub private: bool,
    /// Kinds of moments.
    pub events: Vec<String>,
    /// How a task ended.
    pub outcomes: Vec<String>,
    /// Names of agents.
    pub agents: Vec<String>,
    /// Whether words are told, too.
    pub full: bool,
    /// Longest time of one try, in seconds.
    pub timeout_seconds: f64,
}

const KEYS: [&str; 10] = [
    "name",
    "url",
    "command",
    "secret_env",
    "private",
    "events",
    "outcomes",
    "agents",
    "content",
    "timeout_seconds",
];

/// The hooks of the person; none without a file.
///
/// # Errors
/// A file that cannot be read or that everybody may write, an entry that cannot be understood; with file,
/// line and column.
pub fn hooks(paths: &Paths) -> Result<Vec<Said>, String> {
    let Some(path) = paths.config.as_ref().map(|folder| folder.join(FILE)) else {
        return Ok(Vec::new());
    };
    let Some(bytes) = bytes(&path)? else {
        return Ok(Vec::new());
    };
    let place = |at: Span, what: &str| {
        let (line, column) = (at.line.max(1), at.column.max(1));
        format!("{}:{line}:{column}: {what}", path.display())
    };
    let parsed = yaml::parse(&bytes);
    let mut findings = parsed.findings.iter();
    if let Some(wrong) = findings.find(|finding| finding.severity == Severity::Error) {
        return Err(place(wrong.span, &wrong.message));
    }
    let Some(root) = parsed.root else {
        return Err(place(
            Span::default(),
            "it has to be YAML with a list `webhooks:`",
        ));
    };
    if let Some(other) = root.entries().iter().find(|entry| entry.key != "webhooks") {
        let what = format!(
            "`{}` does not belong here; only `webhooks:` does",
            other.key
        );
        return Err(place(other.key_span, &what));
    }
    let Some(node) = root.some("webhooks") else {
        return Err(place(
            Span::default(),
            "it has to be YAML with a list `webhooks:`",
        ));
    };
    if node.items().is_empty() || node.items().len() > MOST {
        return Err(place(
            node.span,
            &format!("`webhooks` has to be a list of 1 to {MOST} hooks"),
        ));
    }
    let mut all: Vec<Said> = Vec::new();
    for item in node.items() {
        let said = one(item).map_err(|what| place(item.span, &what))?;
        if all.iter().any(|known| known.name == said.name) {
            let what = format!("there are two hooks `{}`", said.name);
            return Err(place(item.span, &what));
        }
        all.push(said);
    }
    Ok(all)
}

/// What the file holds; `None` when it is not there or empty.
fn bytes(path: &Path) -> Result<Option<Vec<u8>>, String> {
    let unread = |error: io::Error| format!("{} cannot be read: {error}", path.display());
    let file = match fs::File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(unread)?,
    };
    let about = file.metadata().map_err(unread)?;
    if about.permissions().mode() & 0o002 != 0 {
        let path = path.display();
        return Err(format!(
            "everybody may write {path}, and it starts programs: chmod o-w {path}"
        ));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(unread)?;
    if bytes.len() as u64 > LARGEST {
        let path = path.display();
        return Err(format!("{path} is larger than {} MiB", LARGEST >> 20));
    }
    Ok(Some(bytes).filter(|bytes| !bytes.trim_ascii().is_empty()))
}

fn one(node: &Node) -> Result<Said, String> {
    if let Some(entry) = node
        .entries()
        .iter()
        .find(|entry| !KEYS.contains(&entry.key.as_str()))
    {
        return Err(format!(
            "`{}` is no key of a hook; it has {}",
            entry.key,
            KEYS.join(", ")
        ));
    }
    let text = |key: &str| of(node, key, "a text", |value| value.text().map(str::to_owned));
    let said = Said {
        name: text("name")?.unwrap_or_default(),
        url: text("url")?,
        command: texts(node, "command")?,
        secret_env: text("secret_env")?,
        private: of(node, "private", "true or false", Node::bool)?.unwrap_or_default(),
        events: texts(node, "events")?,
        outcomes: texts(node, "outcomes")?,
        agents: texts(node, "agents")?,
        full: match text("content")?.as_deref() {
            None | Some("short") => false,
            Some("full") => true,
            Some(other) => return Err(format!("`content` is \"{other}\"; short or full")),
        },
        timeout_seconds: of(node, "timeout_seconds", "a number", Node::number)?.unwrap_or(10.0),
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if said.name.is_empty() || said.name.len() > 64 || !said.name.chars().all(fits) {
        return Err("`name` has to be 1 to 64 letters, digits, dots and dashes".to_owned());
    }
    if said.url.is_some() != said.command.is_empty() {
        return Err(format!("{}: either `url` or `command`", said.name));
    }
    if said
        .url
        .as_ref()
        .is_some_and(|url| !url.starts_with("https://") && !url.starts_with("http://"))
    {
        return Err(format!(
            "{}: `url` has to begin with https:// or http://",
            said.name
        ));
    }
    if !(0.1..=LONGEST).contains(&said.timeout_seconds) {
        return Err(format!(
            "{}: `timeout_seconds` from 0.1 to {LONGEST}",
            said.name
        ));
    }
    Ok(said)
}

/// A value of its kind; `None` when nothing is said.
fn of<T>(
    node: &Node,
    key: &str,
    kind: &str,
    read: impl Fn(&Node) -> Option<T>,
) -> Result<Option<T>, String> {
    let Some(value) = node.some(key) else {
        return Ok(None);
    };
    let wrong = || format!("`{key}` has to be {kind}, not {}", value.noun());
    read(value).map(Some).ok_or_else(wrong)
}

/// A list of texts, or one text.
fn texts(node: &Node, key: &str) -> Result<Vec<String>, String> {
    let Some(value) = node.some(key) else {
        return Ok(Vec::new());
    };
    if let Some(text) = value.text() {
        return Ok(vec![text.to_owned()]);
    }
    let items = value.items().iter();
    let texts: Option<Vec<String>> = items.map(|item| item.text().map(str::to_owned)).collect();
    texts
        .filter(|texts| !texts.is_empty())
        .ok_or_else(|| format!("`{key}` has to be a list of texts"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Said>, String> {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("own");
        fs::create_dir_all(&config).unwrap();
        fs::write(config.join(FILE), text).unwrap();
        let cwd = folder.path().join("project");
        fs::create_dir_all(cwd.join(".massgen")).unwrap();
        let evil = "webhooks: [{name: evil, command: [rm]}]";
        fs::write(cwd.join(".massgen/config.yaml"), evil).unwrap();
        fs::write(cwd.join("massgen-tui.yaml"), evil).unwrap();
        hooks(&Paths {
            cwd,
            home: Some(folder.path().join("home")),
            config: Some(config),
            state: None,
        })
    }

    #[test]
    fn hooks_come_from_the_persons_own_file_alone() {
        let hooks = read(
            "webhooks:\n  - name: chat\n    url: https://hooks.example/x\n    secret_env: S\n    events: [ended, question]\n  \
             - {name: bell, command: [notify-send, done], outcomes: answered, content: full, timeout_seconds: 2}\n",
        )
        .unwrap();
        let names: Vec<&str> = hooks.iter().map(|hook| hook.name.as_str()).collect();
        assert_eq!(names, ["chat", "bell"]);
        assert_eq!(hooks[0].events, ["ended", "question"]);
        assert_eq!(hooks[1].outcomes, ["answered"]);
        assert!(hooks[1].full && !hooks[0].full);
        assert_eq!(read("").unwrap(), []);
        let twice = "webhooks: [{name: a, url: 'https://x'}, {name: a, url: 'https://y'}]";
        assert!(read(twice).unwrap_err().contains("two hooks"));
    }

    #[test]
    fn a_file_that_everybody_may_write_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        fs::write(&path, "webhooks: [{name: a, command: [b]}]").unwrap();
        let paths = Paths {
            cwd: folder.path().to_owned(),
            home: None,
            config: Some(folder.path().to_owned()),
            state: None,
        };
        fs::set_permissions(&path, fs::Permissions::from_mode(0o602)).unwrap();
        assert!(hooks(&paths).unwrap_err().contains("chmod o-w"));
        // A group of one's own is usual.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o664)).unwrap();
        assert_eq!(hooks(&paths).unwrap().len(), 1);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(hooks(&paths).unwrap_err().contains("cannot be read"));
    }

    #[test]
    fn what_cannot_be_understood_is_told() {
        for (text, told) in [
            ("webhooks: 1", "a list"),
            ("webhooks: [{name: a}]", "either"),
            ("webhooks: [{name: a, url: 'ftp://x'}]", "https://"),
            ("webhooks: [{name: 'a b', url: 'https://x'}]", "`name`"),
            (
                "webhooks: [{name: a, url: 'https://x', command: [y]}]",
                "either",
            ),
            (
                "webhooks: [{name: a, url: 'https://x', colour: 1}]",
                "colour",
            ),
            (
                "webhooks:\n  - {name: a, url: 'https://x', timeout_seconds: 0}",
                "yaml:2:5: a: `timeout_seconds`",
            ),
            (
                "webhooks: [{name: a, url: 'https://x', secret_env: 5}]",
                "`secret_env` has to be a text",
            ),
            (
                "webhooks: [{name: a, url: 'https://x', private: maybe}]",
                "`private` has to be true or false",
            ),
            (
                "webhooks: [{name: a, url: 'https://x', timeout_seconds: long}]",
                "`timeout_seconds` has to be a number",
            ),
            ("hooks: []\nwebhooks: []", "`hooks` does not belong here"),
            ("webhooks: [", "yaml:1"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
