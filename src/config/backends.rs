//! The backend table as data: `assets/backends.json`.
//!
//! For each backend type of MassGen (and for Ollama and llama.cpp, which MassGen reaches through
//! `chatcompletion`): where it is, which variables hold its key, its default model, or why this
//! version cannot run it.

use std::sync::LazyLock;

use serde::Deserialize;

use super::diagnostic::nearest;
use super::model::Wire;
use super::program::ProgramEntry;

/// One backend type.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backend {
    /// Name in configurations.
    pub r#type: String,
    /// Product, for people.
    pub name: String,
    /// Which API it speaks.
    #[serde(default)]
    pub wire: Wire,
    /// Where it is; `None` when the configuration must say.
    pub base_url: Option<String>,
    /// Variable that holds its address.
    pub base_variable: Option<String>,
    /// Host suffixes that belong to it.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Variables that may hold its key, first set one wins.
    #[serde(default)]
    pub keys: Vec<String>,
    /// It works without a key.
    #[serde(default)]
    pub optional_key: bool,
    /// It usually runs on a machine of the user's own.
    #[serde(default)]
    pub local: bool,
    /// Model when none is named.
    pub model: Option<String>,
    /// Other names for it.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Beginnings of model names that are plainly its own.
    #[serde(default)]
    pub models: Vec<String>,
    /// The program that it is, where it is no server.
    pub program: Option<ProgramEntry>,
    /// Why this version cannot run it.
    pub unserved: Option<String>,
    /// What to use instead.
    pub instead: Option<String>,
}

static TABLE: LazyLock<Vec<Backend>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../assets/backends.json")).unwrap_or_default()
});

/// Every backend type.
#[must_use]
pub fn all() -> &'static [Backend] {
    &TABLE
}

/// The backend of a type name or alias; case, spaces and `-` for `_` do not matter.
#[must_use]
pub fn find(name: &str) -> Option<&'static Backend> {
    let name = name.trim().to_lowercase().replace([' ', '-'], "_");
    all()
        .iter()
        .find(|backend| backend.r#type == name || backend.aliases.contains(&name))
}

/// The type name most like a word.
#[must_use]
pub fn nearest_type(word: &str) -> Option<&'static str> {
    nearest(
        word,
        all()
            .iter()
            .flat_map(|backend| std::iter::once(&backend.r#type).chain(&backend.aliases))
            .map(String::as_str),
    )
}

/// The vendor whose host this is.
#[must_use]
pub fn by_host(host: &str) -> Option<&'static Backend> {
    all().iter().find(|backend| {
        backend.hosts.iter().any(|suffix| {
            host.strip_suffix(suffix.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    })
}

/// The vendor whose model this plainly is, by the beginning of its name.
#[must_use]
pub fn by_model(model: &str) -> Option<&'static Backend> {
    let model = model.to_lowercase();
    all()
        .iter()
        .find(|backend| backend.models.iter().any(|start| model.starts_with(start)))
}

/// Host of an `http` or `https` URL, lower case, without port and user; `None` when it is no such
/// URL.
#[must_use]
pub fn host(url: &str) -> Option<String> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit('@').next()?;
    let host = if let Some(six) = authority.strip_prefix('[') {
        six.split(']').next()?
    } else {
        let (host, port) = authority.split_once(':').unwrap_or((authority, "80"));
        port.parse::<u16>().ok()?;
        host
    };
    let fit = !host.is_empty()
        && host
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'));
    fit.then(|| host.to_lowercase())
}

/// True for hosts on this machine or in a private network.
#[must_use]
pub fn is_private(host: &str) -> bool {
    use std::net::IpAddr;
    let top = host.rsplit('.').next().unwrap_or_default();
    if matches!(top, "localhost" | "local" | "internal") {
        return true;
    }
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => {
            ip.is_loopback() || ip.is_private() || ip.is_unspecified() || ip.is_link_local()
        }
        Ok(IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local(),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_read_and_every_type_is_served_or_explained() {
        let table: Vec<Backend> =
            serde_json::from_str(include_str!("../../assets/backends.json")).unwrap();
        assert_eq!(table.len(), 31);
        for backend in table {
            let name = &backend.r#type;
            if backend.unserved.is_some() {
                assert!(backend.instead.is_some(), "{name}");
            } else {
                let needs_none = backend.optional_key || backend.program.is_some();
                assert!(needs_none || !backend.keys.is_empty(), "{name}");
                if let Some(url) = &backend.base_url {
                    assert!(host(url).is_some() && !url.ends_with('/'), "{name}");
                }
            }
        }
    }

    #[test]
    fn names_are_found_whatever_their_case() {
        for (name, found) in [
            ("openai", "openai"),
            ("OpenAI", "openai"),
            ("anthropic", "claude"),
            ("Claude Code", "claude_code"),
            ("google", "gemini"),
            ("xAI", "grok"),
            ("llama.cpp", "llamacpp"),
            ("lm-studio", "lmstudio"),
        ] {
            assert_eq!(find(name).map(|one| one.r#type.as_str()), Some(found));
        }
        assert!(find("opnai").is_none());
        assert_eq!(nearest_type("opnai"), Some("openai"));
    }

    #[test]
    fn hosts_are_told_apart() {
        for (url, expected) in [
            ("https://api.openai.com/v1", Some("api.openai.com")),
            ("http://localhost:1234/v1", Some("localhost")),
            ("http://[::1]:8080", Some("::1")),
            ("https://user:pw@Example.COM/x", Some("example.com")),
            ("ftp://x", None),
            ("not a url", None),
            ("http://", None),
            ("http://a b/", None),
            ("http://a:99999/", None),
        ] {
            assert_eq!(host(url).as_deref(), expected, "{url}");
        }
        let vendor = |name| by_host(name).map(|one| one.r#type.as_str());
        assert_eq!(vendor("openrouter.ai"), Some("openrouter"));
        assert_eq!(vendor("api.together.xyz"), Some("together"));
        assert_eq!(vendor("evilopenrouter.ai"), None);
        assert_eq!(vendor("openrouter.ai.evil.example"), None);
        assert!(is_private("127.0.0.1") && is_private("192.168.1.4") && is_private("::1"));
        assert!(!is_private("8.8.8.8") && !is_private("api.openai.com"));
    }
}
