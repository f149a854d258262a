//! Whether git stores a file's bytes as they are, or converted by attributes and configuration.

use std::path::Path;

use git2::{AttrCheckFlags, AttrValue};

use super::names;

/// Who has to convert a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Conversion {
    /// Nobody: the stored bytes are the file's bytes.
    None,
    /// Line ends or `$Id$`: libgit2 can.
    Lines,
    /// An external filter or another encoding: only the `git` binary can.
    Filter,
}

/// What the configuration of a repository says about conversion.
#[derive(Debug)]
pub(super) struct Rules {
    /// `core.autocrlf` is `true` or `input`.
    auto: bool,
    /// Files without an attribute are written with `\r\n`.
    crlf_out: bool,
    /// Names of the filters that are configured.
    filters: Vec<Vec<u8>>,
}

impl Rules {
    /// Reads the configuration of `git`.
    pub(super) fn of(git: &git2::Repository) -> Self {
        let Ok(mut config) = git.config() else {
            return Self {
                auto: true,
                crlf_out: true,
                filters: Vec::new(),
            };
        };
        let config = config.snapshot().unwrap_or(config);
        let text = |name: &str| {
            config
                .get_string(name)
                .unwrap_or_default()
                .to_ascii_lowercase()
        };
        let auto = text("core.autocrlf");
        let on = git2::Config::parse_bool(auto.as_str()).unwrap_or(false);
        Self {
            auto: on || auto == "input",
            crlf_out: on || (auto != "input" && text("core.eol") == "crlf"),
            filters: filters(&config),
        }
    }

    /// How the file at `path` is converted when it is read into git (`Way::In`) or written out.
    pub(super) fn of_path(&self, git: &git2::Repository, path: &[u8], way: Way) -> Conversion {
        let path = names::path(path);
        let attribute = |name: &str| {
            let flags = AttrCheckFlags::FILE_THEN_INDEX;
            match git.get_attr_bytes(path, name, flags) {
                Ok(value) => Value::from(AttrValue::from_bytes(value)),
                Err(_) => Value::Unset,
            }
        };
        if let Value::Text(name) = attribute("filter")
            && self.filters.contains(&name)
        {
            return Conversion::Filter;
        }
        if matches!(attribute("working-tree-encoding"), Value::Text(_)) {
            return Conversion::Filter;
        }
        if attribute("ident") == Value::True {
            return Conversion::Lines;
        }
        let eol = attribute("eol");
        let text = match attribute("text") {
            Value::Unset => attribute("crlf"),
            said => said,
        };
        if text == Value::False {
            return Conversion::None;
        }
        let asked = text != Value::Unset || matches!(eol, Value::Text(_));
        let converted = match way {
            Way::In => asked || self.auto,
            Way::Out => {
                let crlf = eol == Value::Text(b"crlf".to_vec());
                let lf = eol == Value::Text(b"lf".to_vec());
                crlf || (!lf && self.crlf_out && (asked || self.auto))
            }
        };
        if converted {
            Conversion::Lines
        } else {
            Conversion::None
        }
    }

    /// True when any file that gives attributes may be read.
    pub(super) fn has_attributes(git: &git2::Repository, index: &git2::Index) -> bool {
        let configured = git
            .config()
            .and_then(|config| config.get_path("core.attributesfile"))
            .is_ok();
        let given = |folder: Option<std::path::PathBuf>| {
            folder.is_some_and(|folder| folder.join("git/attributes").exists())
        };
        let home = |below: &str| std::env::var_os("HOME").map(|home| Path::new(&home).join(below));
        configured
            || git.commondir().join("info/attributes").exists()
            || Path::new("/etc/gitattributes").exists()
            || given(std::env::var_os("XDG_CONFIG_HOME").map(Into::into))
            || given(home(".config"))
            || index
                .iter()
                .any(|entry| entry.path.ends_with(b".gitattributes"))
    }

    /// True when files without any attribute are written as they are stored.
    pub(super) const fn is_plain_out(&self) -> bool {
        !self.crlf_out
    }
}

/// Which way a file goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// From the folder into git.
    In,
    /// Out of git into the folder.
    Out,
}

/// The value of an attribute.
#[derive(Debug, PartialEq, Eq)]
enum Value {
    Unset,
    True,
    False,
    Text(Vec<u8>),
}

impl From<AttrValue<'_>> for Value {
    fn from(value: AttrValue<'_>) -> Self {
        match value {
            AttrValue::Unspecified => Self::Unset,
            AttrValue::True => Self::True,
            AttrValue::False => Self::False,
            AttrValue::String(text) => Self::Text(text.as_bytes().to_vec()),
            AttrValue::Bytes(bytes) => Self::Text(bytes.to_vec()),
        }
    }
}

/// The names between `filter.` and `.clean`, `.smudge` or `.process`.
fn filters(config: &git2::Config) -> Vec<Vec<u8>> {
    let mut names = Vec::new();
    if let Ok(entries) = config.entries(Some(r"^filter\..*\.(clean|smudge|process)$")) {
        // An entry that cannot be read is a filter that git cannot run either.
        let _ = entries.for_each(|entry| {
            let name = entry.name_bytes();
            let name = name.strip_prefix(b"filter.").unwrap_or(name);
            let end = name.iter().rposition(|byte| *byte == b'.');
            names.push(name[..end.unwrap_or(name.len())].to_vec());
        });
    }
    names.sort_unstable();
    names.dedup();
    names
}
