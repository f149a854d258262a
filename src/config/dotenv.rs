//! Variables from the process and from `.env` files.
//!
//! The process environment always wins, then `./.env` (looked for upwards as far as the repository
//! root), `./configs/.env`, the `.env` of our own settings folder, `~/.config/massgen/.env`,
//! `~/.massgen/.env`, and last what the keyring of the operating system has. Nothing is ever put into the
//! process environment. A `.env` belongs to whatever folder one stands in, so names that move our own
//! folders, the home folder, programs or network traffic are not taken from one. A project's gives
//! keys and nothing else until its content was approved: any other value could stand for an address in
//! the person's own configuration, and their keys would go there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{excerpt::clean, layers::ReadFile};

/// Largest `.env` that is read, in bytes; of a larger one nothing is.
const MAX_BYTES: u64 = 256 * 1024;

/// Longest sentence about a file, in letters.
const LONGEST_TROUBLE: usize = 400;

/// Where a variable comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The process environment.
    Process,
    /// A `.env` file.
    File(PathBuf),
    /// The keyring of the operating system.
    Keyring,
}

impl Origin {
    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Process => "environment".to_owned(),
            Self::File(path) => path.display().to_string(),
            Self::Keyring => "keyring".to_owned(),
        }
    }
}

/// One `.env` file that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvFile {
    /// Path.
    pub path: PathBuf,
    /// Variables in it, refused ones left out.
    pub variables: BTreeMap<String, String>,
    /// Lines that could not be read, by number.
    pub bad_lines: Vec<u32>,
    /// It is larger than what is read, so nothing of it is.
    pub too_large: bool,
    /// Names that are not taken from a file.
    pub refused: Vec<String>,
    /// Variables that are no keys, in a file of a project that nobody approved.
    pub held: BTreeMap<String, String>,
    /// The file as it was read, when it lies in a project.
    pub project: Option<ReadFile>,
}

impl EnvFile {
    /// What of it is left out, a sentence; no value and no name that is not one.
    fn trouble(&self) -> Option<String> {
        let mut left_out = Vec::new();
        if self.too_large {
            left_out.push(format!(
                "it is larger than {} KiB; keep nothing but NAME=value in it",
                MAX_BYTES >> 10
            ));
        }
        if let Some(first) = self.bad_lines.first() {
            let more = match self.bad_lines.len() - 1 {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            left_out.push(format!("line {first}{more}: not NAME=value"));
        }
        if !self.refused.is_empty() {
            let names = self.refused.join(", ");
            left_out.push(format!("{names}: set in your environment or not at all"));
        }
        if left_out.is_empty() {
            return None;
        }
        let words = format!(
            "{}: left out: {}.",
            self.path.display(),
            left_out.join("; ")
        );
        Some(clean(&words, LONGEST_TROUBLE))
    }
}

/// Variables of the process and of files, strongest first.
#[derive(Clone, Default)]
pub struct Environment {
    process: BTreeMap<String, String>,
    files: Vec<EnvFile>,
    keyring: BTreeMap<String, String>,
}

impl std::fmt::Debug for Environment {
    /// Names only: values may be keys.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let files: Vec<&Path> = self.files.iter().map(|file| file.path.as_path()).collect();
        f.debug_struct("Environment")
            .field("process", &self.process.len())
            .field("files", &files)
            .field("keyring", &self.keyring.len())
            .finish()
    }
}

impl Environment {
    /// Variables of the process and of these files, the strongest file first.
    #[must_use]
    pub fn new(process: impl IntoIterator<Item = (String, String)>, files: Vec<EnvFile>) -> Self {
        Self {
            process: process.into_iter().collect(),
            files,
            keyring: BTreeMap::new(),
        }
    }

    /// The same with what a keyring has; everything else counts more.
    #[must_use]
    pub fn with_keyring(mut self, keyring: BTreeMap<String, String>) -> Self {
        self.keyring = keyring;
        self
    }

    /// Names that the keyring has.
    pub fn keyring(&self) -> impl Iterator<Item = &str> {
        self.keyring.keys().map(String::as_str)
    }

    /// The process environment as given and the `.env` files that belong to a working folder, our own
    /// settings folder and a home folder. Files that are not there or cannot be read are passed over.
    #[must_use]
    pub fn gather(
        process: impl IntoIterator<Item = (String, String)>,
        cwd: &Path,
        own: Option<&Path>,
        home: Option<&Path>,
    ) -> Self {
        let own_files = own_places(own, home);
        let files = places(cwd, own, home)
            .into_iter()
            .filter_map(|path| {
                let mut file = read(&path)?;
                if own_files.contains(&path) {
                    file.project = None;
                } else {
                    file.hold();
                }
                Some(file)
            })
            .collect();
        Self::new(process, files)
    }

    /// Takes all variables of those files of projects that may be used.
    #[must_use]
    pub fn released(mut self, may: &dyn Fn(&ReadFile) -> bool) -> Self {
        for file in &mut self.files {
            if !file.held.is_empty() && file.project.as_ref().is_some_and(may) {
                let held = std::mem::take(&mut file.held);
                file.variables.extend(held);
            }
        }
        self
    }

    /// The file of a project that sets this variable and may not.
    #[must_use]
    pub fn held(&self, name: &str) -> Option<&Path> {
        let mut files = self.files.iter();
        files
            .find(|file| file.held.contains_key(name))
            .map(|file| file.path.as_path())
    }

    /// The value of a variable. An empty value counts as not set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        self.find(name).map(|(value, _)| value.to_owned())
    }

    /// The value of a variable in the process environment alone: for what describes this terminal
    /// or moves our folders.
    #[must_use]
    pub fn process(&self, name: &str) -> Option<&str> {
        let value = self.process.get(name)?.as_str();
        (!value.is_empty()).then_some(value)
    }

    /// All variables of the process, and of no file.
    pub fn all_of_process(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.process.iter();
        all.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Values of variables whose names say that they are secrets, wherever they are set: what must not
    /// leave the machine whatever its shape.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        /// Shorter values are no keys, and would blank out words.
        const SHORTEST: usize = 12;
        let files = self.files.iter().flat_map(|file| &file.variables);
        let all = self.process.iter().chain(&self.keyring).chain(files);
        let telling = |name: &str| {
            // People number them: `OPENAI_API_KEY_2`.
            let name = name.to_ascii_uppercase();
            let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
            ["KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD"]
                .iter()
                .any(|end| name.ends_with(end))
        };
        let mut values: Vec<String> = all
            .filter(|(name, value)| telling(name) && value.trim().len() >= SHORTEST)
            .map(|(_, value)| value.trim().to_owned())
            .collect();
        values.sort_unstable();
        values.dedup();
        values
    }

    /// What of the files is left out and why, a sentence for each.
    pub fn troubles(&self) -> impl Iterator<Item = String> {
        self.files.iter().filter_map(EnvFile::trouble)
    }

    /// Where the value of a variable comes from.
    #[must_use]
    pub fn origin(&self, name: &str) -> Option<Origin> {
        self.find(name).map(|(_, origin)| origin)
    }

    /// The files that were read, strongest first.
    #[must_use]
    pub fn files(&self) -> &[EnvFile] {
        &self.files
    }

    /// Names that two places set to different values, with the places in order of strength.
    #[must_use]
    pub fn conflicts(&self) -> Vec<(String, Vec<Origin>)> {
        let names: std::collections::BTreeSet<&String> = self
            .files
            .iter()
            .flat_map(|file| file.variables.keys())
            .collect();
        names
            .into_iter()
            .filter_map(|name| {
                let places: Vec<(&str, Origin)> = self.all(name).collect();
                let (first, _) = places.first()?;
                let differ = places.iter().any(|(value, _)| value != first);
                differ.then(|| {
                    let origins = places.iter().map(|(_, origin)| origin.clone()).collect();
                    (name.clone(), origins)
                })
            })
            .collect()
    }

    fn find<'a>(&'a self, name: &'a str) -> Option<(&'a str, Origin)> {
        self.all(name).next()
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, Origin)> {
        let process = self
            .process
            .get(name)
            .map(|value| (value.as_str(), Origin::Process));
        let files = self.files.iter().filter_map(move |file| {
            let value = file.variables.get(name)?;
            Some((value.as_str(), Origin::File(file.path.clone())))
        });
        let keyring = self
            .keyring
            .get(name)
            .map(|value| (value.as_str(), Origin::Keyring));
        process
            .into_iter()
            .chain(files)
            .chain(keyring)
            .filter(|(value, _)| !value.is_empty())
    }
}

/// Where `.env` files are looked for, strongest first.
#[must_use]
pub fn places(cwd: &Path, own: Option<&Path>, home: Option<&Path>) -> Vec<PathBuf> {
    let mut places = Vec::new();
    places.extend(project_file(cwd, home));
    places.push(cwd.join("configs").join(".env"));
    for place in own_places(own, home) {
        // Who stands in one of these folders has met it already.
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// Those of them that are the person's own, wherever they stand.
fn own_places(own: Option<&Path>, home: Option<&Path>) -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> = own.map(|own| own.join(".env")).into_iter().collect();
    if let Some(home) = home {
        places.push(home.join(".config").join("massgen").join(".env"));
        places.push(home.join(".massgen").join(".env"));
    }
    places
}

/// The nearest `.env` from a folder upwards, as far as the root of its repository; outside a
/// repository only the folder itself counts, so that a file in a shared parent is never taken.
fn project_file(cwd: &Path, home: Option<&Path>) -> Option<PathBuf> {
    let root = cwd
        .ancestors()
        .take_while(|folder| home != Some(*folder) || *folder == cwd)
        .find(|folder| folder.join(".git").exists())
        .unwrap_or(cwd);
    cwd.ancestors()
        .take_while(|folder| folder.starts_with(root))
        .map(|folder| folder.join(".env"))
        .find(|path| path.is_file())
}

fn read(path: &Path) -> Option<EnvFile> {
    use std::io::Read as _;
    // Looked at before it is opened: a pipe would be waited for.
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    let file = std::fs::File::open(path).ok()?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).ok()?;
    if bytes.len() as u64 > MAX_BYTES {
        return Some(EnvFile {
            path: path.to_owned(),
            too_large: true,
            ..EnvFile::default()
        });
    }
    let mut parsed = parse(&String::from_utf8_lossy(&bytes));
    path.clone_into(&mut parsed.path);
    parsed.project = Some(ReadFile {
        path: path.to_owned(),
        bytes: bytes.into(),
    });
    Some(parsed)
}

impl EnvFile {
    /// Holds back what is no key.
    fn hold(&mut self) {
        let all = std::mem::take(&mut self.variables);
        for (name, value) in all {
            if is_key(&name) {
                self.variables.insert(name, value);
            } else {
                self.held.insert(name, value);
            }
        }
    }
}

/// True for a name that stands for a key, and not for a place that one could be sent to.
#[must_use]
pub fn is_key(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    has(&["KEY", "TOKEN", "SECRET", "PASSWORD"])
        && !has(&[
            "URL", "URI", "HOST", "ENDPOINT", "BASE", "PROXY", "ADDR", "PATH",
        ])
}

/// Reads the text of a `.env` file: `NAME=value`, `export NAME="value"`, comments. Later lines win.
/// Single quotes keep text as it is, double quotes know `\n`, `\t`, `\"`, `\\`; both may run over
/// lines. Nothing is substituted.
#[must_use]
pub fn parse(text: &str) -> EnvFile {
    let mut file = EnvFile::default();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut number = 0_u32;
    while !rest.is_empty() {
        number = number.saturating_add(1);
        let (line, tail) = rest.split_once('\n').unwrap_or((rest, ""));
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            rest = tail;
            continue;
        }
        let assignment = trimmed.strip_prefix("export ").unwrap_or(trimmed);
        let name = assignment.split_once('=').map(|(name, _)| name.trim());
        let Some(name) = name.filter(|name| is_name(name)) else {
            file.bad_lines.push(number);
            rest = tail;
            continue;
        };
        let after = rest.split_once('=').map_or("", |(_, after)| after);
        let Some((value, used)) = value(after) else {
            file.bad_lines.push(number);
            rest = tail;
            continue;
        };
        let (inside, tail) = after.split_at(used);
        let lines = inside.matches('\n').count();
        number = number.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        rest = tail.split_once('\n').map_or("", |(_, tail)| tail);
        if is_refused(name) {
            file.refused.push(name.to_owned());
        } else {
            file.variables.insert(name.to_owned(), value);
        }
    }
    file
}

/// The value that starts here and how many bytes it takes; `None` for a quote that is never closed.
fn value(text: &str) -> Option<(String, usize)> {
    let start = text.len() - text.trim_start_matches([' ', '\t']).len();
    let body = text.get(start..)?;
    match body.chars().next() {
        Some('\'') => {
            let inside = body.get(1..)?;
            let end = inside.find('\'')?;
            Some((inside.get(..end)?.to_owned(), start + end + 2))
        }
        Some('"') => {
            let mut value = String::new();
            let mut chars = body.char_indices().skip(1);
            while let Some((at, c)) = chars.next() {
                match c {
                    '"' => return Some((value, start + at + 1)),
                    '\\' => match chars.next()?.1 {
                        'n' => value.push('\n'),
                        't' => value.push('\t'),
                        'r' => value.push('\r'),
                        c @ ('"' | '\\' | '$') => value.push(c),
                        c => value.extend(['\\', c]),
                    },
                    c => value.push(c),
                }
            }
            None
        }
        _ => {
            let line = body.split('\n').next()?;
            let comment = line.find(" #").unwrap_or(line.len());
            let plain = line.get(..comment)?;
            let plain = if plain.starts_with('#') { "" } else { plain };
            Some((plain.trim().to_owned(), start + line.len()))
        }
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// True for names that a file must not set: they move folders, programs or traffic.
#[must_use]
pub fn is_refused(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let starts = ["MASSGEN_TUI_", "XDG_", "LD_", "DYLD_", "GIT_", "SSL_CERT_"];
    let exact = [
        "HOME",
        "USERPROFILE",
        "APPDATA",
        "LOCALAPPDATA",
        "PATH",
        "SHELL",
        "EDITOR",
        "VISUAL",
        "PAGER",
        "BROWSER",
        "TMPDIR",
        "TEMP",
        "TMP",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
    ];
    starts.iter().any(|start| name.starts_with(start)) || exact.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_people_write_them() {
        for (text, name, value) in [
            ("A=b", "A", Some("b")),
            ("export A=b", "A", Some("b")),
            ("  A = b  ", "A", Some("b")),
            ("A=b # comment", "A", Some("b")),
            ("A=b#c", "A", Some("b#c")),
            ("A='b # c'", "A", Some("b # c")),
            ("A=\"b\\nc\" # d", "A", Some("b\nc")),
            ("A=\"b\nc\"\nB=d", "B", Some("d")),
            ("A=\"b\nc\"\nB=d", "A", Some("b\nc")),
            ("A=\"never closed\nB=d", "B", Some("d")),
            ("A=", "A", Some("")),
            ("A=1\nA=2", "A", Some("2")),
            ("A=$B", "A", Some("$B")),
            ("\u{feff}A=b\r\nC=d\r\n", "A", Some("b")),
            ("# A=b", "A", None),
            ("A", "A", None),
            ("1A=b", "1A", None),
            ("a=é", "a", Some("é")),
        ] {
            let file = parse(text);
            assert_eq!(
                file.variables.get(name).map(String::as_str),
                value,
                "{text:?}"
            );
        }
        let file = parse("ok=1\nnot a line\nX=\"open\n");
        assert_eq!(file.bad_lines, [2, 3]);
    }

    #[test]
    fn a_file_cannot_move_folders_or_traffic() {
        let file = parse("HOME=/x\nMASSGEN_TUI_STATE_DIR=/x\nhttps_proxy=x\nOPENAI_API_KEY=k\n");
        assert_eq!(file.variables.len(), 1);
        assert_eq!(file.refused.len(), 3);
    }

    #[test]
    fn a_projects_file_gives_keys_and_nothing_else_until_it_may() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(path("own")).unwrap();
        let text =
            "X_API_KEY=k\nAZURE_OPENAI_ENDPOINT=https://evil.example\nMY_KEY_URL=u\nDEBUG=1\n";
        std::fs::write(path(".env"), text).unwrap();
        std::fs::write(path("own/.env"), "PLACE=mine\n").unwrap();
        let gather = |cwd: &str| Environment::gather([], &path(cwd), Some(&path("own")), None);
        let env = gather(".");
        assert_eq!(env.get("X_API_KEY").as_deref(), Some("k"));
        assert_eq!(env.get("PLACE").as_deref(), Some("mine"));
        for name in ["AZURE_OPENAI_ENDPOINT", "MY_KEY_URL", "DEBUG"] {
            assert_eq!(env.get(name), None, "{name}");
            assert!(env.held(name).is_some(), "{name}");
        }
        let env = env.released(&|file| *file.bytes == *text.as_bytes());
        assert_eq!(env.get("DEBUG").as_deref(), Some("1"));
        assert!(env.held("DEBUG").is_none());
        // One's own folder is one's own, also for who stands in it.
        assert_eq!(gather("own").get("PLACE").as_deref(), Some("mine"));
    }

    #[test]
    fn what_is_no_plain_file_or_too_large_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let (sender, read_it) = std::sync::mpsc::sync_channel(1);
        let pipe = path.clone();
        std::thread::spawn(move || sender.send(read(&pipe).is_none()));
        let waited = std::time::Duration::from_secs(20);
        assert_eq!(
            read_it.recv_timeout(waited),
            Ok(true),
            "nobody waits for it"
        );
        std::fs::remove_file(&path).unwrap();
        // A part of a key is no key.
        let text = format!(
            "# {}\nA_KEY=0123456789",
            " ".repeat(MAX_BYTES as usize - 10)
        );
        std::fs::write(&path, text).unwrap();
        let file = read(&path).unwrap();
        assert!(file.too_large && file.variables.is_empty());
    }

    #[test]
    fn what_is_left_out_is_told_without_a_value() {
        let of = |text: &str| EnvFile {
            path: PathBuf::from("/p/.env"),
            ..parse(text)
        };
        assert_eq!(of("A_KEY=x\n# y\n").trouble(), None);
        let text = "sk-secret\nA=\"open\nPATH=/evil\nanother\n";
        let environment = Environment::new([], vec![of(text)]);
        let told: Vec<String> = environment.troubles().collect();
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("/p/.env: left out: line 1"), "{told:?}");
        assert!(
            !told[0].contains("secret") && !told[0].contains("evil"),
            "{told:?}"
        );
        let large = EnvFile {
            too_large: true,
            ..of("")
        };
        assert!(large.trouble().unwrap().contains("256 KiB"));
    }

    #[test]
    fn a_second_key_is_a_secret_too() {
        let env = |name: &str| (name.to_owned(), format!("value-of-{name}"));
        let names = [
            "A_API_KEY",
            "A_API_KEY_2",
            "A_TOKEN3",
            "KEYBOARD",
            "MONKEY_NAME",
        ];
        let env = Environment::new(names.map(env), Vec::new());
        assert_eq!(
            env.secrets(),
            [
                "value-of-A_API_KEY",
                "value-of-A_API_KEY_2",
                "value-of-A_TOKEN3"
            ]
        );
    }

    #[test]
    fn the_process_wins_and_empty_is_not_set() {
        let file = |name: &str, text: &str| EnvFile {
            path: name.into(),
            ..parse(text)
        };
        let env = Environment::new(
            [
                ("A".to_owned(), "p".to_owned()),
                ("B".to_owned(), String::new()),
            ],
            vec![
                file("one", "A=1\nB=1\nC=1\n"),
                file("two", "B=2\nC=1\nD=2\n"),
            ],
        );
        let got = |name| env.get(name);
        assert_eq!(got("A").as_deref(), Some("p"));
        assert_eq!(got("B").as_deref(), Some("1"));
        assert_eq!(env.origin("D"), Some(Origin::File("two".into())));
        assert_eq!(env.origin("A"), Some(Origin::Process));
        assert_eq!(env.get("E"), None);
        let conflicts: Vec<String> = env.conflicts().into_iter().map(|(name, _)| name).collect();
        assert_eq!(conflicts, ["A", "B"]);
        assert!(!format!("{env:?}").contains('p') || !format!("{env:?}").contains("\"p\""));
    }

    #[test]
    fn the_project_file_is_looked_for_up_to_the_repository_root() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().join("repo");
        let deep = root.join("a/b");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(temp.path().join(".env"), "X_KEY=outside").unwrap();
        std::fs::write(root.join(".env"), "X_KEY=repo").unwrap();
        assert_eq!(project_file(&deep, None), None);
        std::fs::create_dir(root.join(".git")).unwrap();
        assert_eq!(project_file(&deep, None), Some(root.join(".env")));
        let env = Environment::gather([], &deep, None, None);
        assert_eq!(env.get("X_KEY").as_deref(), Some("repo"));
    }
}
