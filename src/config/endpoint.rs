//! `backend:` to an address: which server, which model, which key.
//!
//! A key of one vendor is never sent to the host of another, and an address is never made up: a
//! server that the table does not know must be named.

use secrecy::SecretString;

use super::agents::AgentBuilder;
use super::backends::{self, Backend};
use super::diagnostic::Severity;
use super::excerpt::{clean, is_reference};
use super::hosted;
use super::model::{BackendConfig, ToolCalling, Wire};
use super::node::{Node, Span};
use super::params::parameters;
use super::ways::rate_limit;
use super::yaml::join;

impl AgentBuilder<'_> {
    /// One backend with its other ways; `None` when it cannot be run.
    pub fn backend(&mut self, node: &Node, path: &str, at: Span) -> Option<BackendConfig> {
        let mut backend = self.plain_backend(node, path, at)?;
        backend.endpoints = self.ways(node, "endpoints", path);
        backend.fallbacks = self.ways(node, "fallbacks", path);
        Some(backend)
    }

    /// One backend by itself; `None` when it cannot be run.
    pub fn plain_backend(&mut self, node: &Node, path: &str, at: Span) -> Option<BackendConfig> {
        let entry = self.kind(node, path, at)?;
        if let Some(program) = &entry.program {
            return self.program((entry, program), node, path, at);
        }
        let model = self.model(node, entry, path, at);
        let base_url = self.base_url(node, entry, path, at);
        let (model, base_url) = (model?, base_url?);
        let host = backends::host(&base_url).unwrap_or_default();
        let private = backends::is_private(&host);
        let (key, key_variable) = self.key(node, entry, &host, path, at);
        if key.is_some() && base_url.starts_with("http://") && !private {
            let span = node.get("base_url").map_or(at, |node| node.span);
            self.push(
                Severity::Warning,
                "insecure-url",
                span,
                &join(path, "base_url"),
                format!("the key travels unencrypted to `{}`", clean(&host, 80)),
                "use https://",
            );
        }
        let tool_calling = match node.get("tool_calling").and_then(Node::text) {
            Some("native") => ToolCalling::Native,
            Some("text") => ToolCalling::Text,
            _ => ToolCalling::Auto,
        };
        // Its own tools live in its newer API alone.
        let wire = match wire(node, entry) {
            Wire::Chat
                if entry.r#type == "grok" && node.get("wire").is_none() && hosted::asks(node) =>
            {
                Wire::Responses
            }
            wire => wire,
        };
        let mut parameters = parameters(entry, &model, wire, node, path, &mut self.findings);
        hosted::plugin(node, entry, &mut parameters);
        let mut manners = self.manners(node, entry, path);
        manners.hosted = self.hosted(node, entry, wire, path);
        Some(BackendConfig {
            kind: entry.r#type.clone(),
            wire,
            parameters,
            model,
            base_url,
            key,
            key_variable,
            tool_calling,
            local: entry.local || private,
            rate_limit: rate_limit(node),
            manners,
            context: super::context::read(node),
            program: None,
            endpoints: Vec::new(),
            fallbacks: Vec::new(),
        })
    }

    /// The backend's type as named, by an alias, or guessed.
    fn kind(&mut self, node: &Node, path: &str, at: Span) -> Option<&'static Backend> {
        let key = join(path, "type");
        let Some(named) = node.some("type") else {
            return self.guess(node, &key, at);
        };
        let text = named.text()?;
        let Some(entry) = backends::find(text) else {
            let help = match backends::nearest_type(text) {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    "for a server with an OpenAI-style API use `type: chatcompletion` and `base_url:`"
                        .to_owned()
                }
            };
            let message = format!("{} is not a backend type", named.shown());
            self.error("unknown-backend", named.span, &key, message, &help);
            return None;
        };
        if let (Some(why), Some(instead)) = (&entry.unserved, &entry.instead) {
            let message = format!(
                "this version cannot run `{}` ({}): {why}",
                entry.r#type, entry.name
            );
            self.error("backend-not-served", named.span, &key, message, instead);
            return None;
        }
        if text != entry.r#type {
            let message = format!("{} is read as `{}`", named.shown(), entry.r#type);
            self.push(
                Severity::Note,
                "backend-alias",
                named.span,
                &key,
                message,
                "",
            );
        }
        Some(entry)
    }

    fn guess(&mut self, node: &Node, key: &str, at: Span) -> Option<&'static Backend> {
        let model = node.some("model").and_then(Node::text);
        let url = node.some("base_url").and_then(Node::text);
        let guess = match (url.and_then(backends::host), model) {
            (Some(host), _) => {
                backends::by_host(&host).or_else(|| backends::find("chatcompletion"))
            }
            (None, Some(model)) => backends::by_model(model),
            (None, None) => None,
        };
        match guess {
            Some(entry) => {
                let message = format!("the backend has no `type`; `{}` is assumed", entry.r#type);
                self.push(Severity::Note, "guessed-type", at, key, message, "");
            }
            None => self.error(
                "no-type",
                at,
                key,
                "the backend has no `type`".to_owned(),
                "add `type:`, for example `type: openai`",
            ),
        }
        guess
    }

    fn model(&mut self, node: &Node, entry: &Backend, path: &str, at: Span) -> Option<String> {
        let key = join(path, "model");
        if let Some(named) = node.some("model") {
            let model = named.text()?.trim().to_owned();
            if model.is_empty() {
                let help = "name the model as the server lists it";
                self.error(
                    "no-model",
                    named.span,
                    &key,
                    "`model` is empty".to_owned(),
                    help,
                );
                return None;
            }
            if let Some(vendor) = backends::by_model(&model)
                && !entry.models.is_empty()
                && vendor.r#type != entry.r#type
                && node.some("base_url").is_none()
            {
                let message = format!(
                    "{} looks like a model of {}, the backend is `{}`",
                    named.shown(),
                    vendor.name,
                    entry.r#type
                );
                let help = format!("did you mean `type: {}`?", vendor.r#type);
                self.push(
                    Severity::Warning,
                    "model-of-other-vendor",
                    named.span,
                    &key,
                    message,
                    &help,
                );
            } else if Self::at_home(node, entry)
                && let Some((message, help)) = super::models::doubt(&entry.r#type, &model)
            {
                let message = format!("{}: {message}", named.shown());
                self.push(
                    Severity::Warning,
                    "unknown-model",
                    named.span,
                    &key,
                    message,
                    &help,
                );
            }
            return Some(model);
        }
        if let Some(model) = &entry.model {
            let message = format!("the backend has no `model`; `{model}` is used");
            self.push(Severity::Note, "default-model", at, &key, message, "");
            return Some(model.clone());
        }
        let help = if entry.local {
            "name a model that the server lists; `massgen-tui doctor` shows them"
        } else {
            "add `model:` with a name that the server lists"
        };
        let message = format!("`{}` needs a `model`", entry.r#type);
        self.error("no-model", at, &key, message, help);
        None
    }

    /// True when the backend is the vendor's own server.
    fn at_home(node: &Node, entry: &Backend) -> bool {
        let Some(url) = node.some("base_url") else {
            return true;
        };
        let host = url.text().and_then(backends::host);
        host.and_then(|host| backends::by_host(&host))
            .is_some_and(|vendor| vendor.r#type == entry.r#type)
    }

    fn base_url(&mut self, node: &Node, entry: &Backend, path: &str, at: Span) -> Option<String> {
        let named = node
            .some("base_url")
            .or_else(|| node.some("azure_endpoint"));
        let url = if let Some(named) = named {
            let text = named.text()?.trim();
            if is_reference(text) || text.contains("${") {
                return None; // an unset variable, reported where it was expanded
            }
            if backends::host(text).is_none() {
                // An address may carry a password.
                let shown = if text.contains('@') {
                    "this".to_owned()
                } else {
                    named.shown()
                };
                let message = format!("{shown} is not an http or https address");
                self.error(
                    "bad-url",
                    named.span,
                    &join(path, "base_url"),
                    message,
                    "write it like `https://host/v1`",
                );
                return None;
            }
            text.to_owned()
        } else if let Some(url) = &entry.base_url {
            url.clone()
        } else if let Some(url) = entry.base_variable.as_deref().and_then(self.env) {
            url
        } else {
            let help = match &entry.base_variable {
                Some(variable) => format!("add `base_url:` or set {variable}"),
                None => "add `base_url:`, for example `http://localhost:8000/v1`".to_owned(),
            };
            // The address may be in a variable that only the machine of the run has.
            let severity = match entry.base_variable {
                Some(_) => self.purpose.missing(),
                None => Severity::Error,
            };
            let message = format!("`{}` needs a `base_url`", entry.r#type);
            self.push(
                severity,
                "no-base-url",
                at,
                &join(path, "base_url"),
                message,
                &help,
            );
            return None;
        };
        let url = tidy_url(&url, entry);
        let version = node.some("api_version").and_then(Node::text);
        Some(
            match version.map(str::trim).filter(|text| !text.is_empty()) {
                // A deployment's own address wants a version, Azure's v1 API wants none.
                Some(version) if url.contains("/deployments/") && !url.contains("api-version=") => {
                    let mark = if url.contains('?') { '&' } else { '?' };
                    format!("{url}{mark}api-version={version}")
                }
                _ => url,
            },
        )
    }

    /// The key and the variable it comes from. Keys of one vendor are never sent to the host of
    /// another.
    fn key(
        &mut self,
        node: &Node,
        entry: &Backend,
        host: &str,
        path: &str,
        at: Span,
    ) -> (Option<SecretString>, Option<String>) {
        if let Some(given) = node.some("api_key") {
            return self.given_key(given, path);
        }
        let vendor = backends::by_host(host);
        let (keys, optional) = match vendor {
            Some(vendor) => (&vendor.keys, false),
            None => (
                &entry.keys,
                entry.optional_key || backends::is_private(host),
            ),
        };
        let found = keys.iter().find_map(|name| {
            let value = (self.env)(name)?;
            let value = value.trim();
            (!value.is_empty()).then(|| (SecretString::from(value), name.clone()))
        });
        let span = node.get("type").map_or(at, |node| node.span);
        let key = join(path, "api_key");
        if let Some((secret, name)) = found {
            if vendor.is_none() && !entry.local && !backends::is_private(host) {
                let message = format!("{name} will be sent to `{}`", clean(host, 80));
                let help = format!("write `api_key: ${{{name}}}` if that is meant");
                self.push(
                    Severity::Warning,
                    "key-to-other-host",
                    span,
                    &key,
                    message,
                    &help,
                );
            }
            return (Some(secret), Some(name));
        }
        if !optional {
            let message = format!(
                "no key for {}: {} is not set",
                vendor.map_or(entry.name.as_str(), |vendor| &vendor.name),
                keys.join(" or ")
            );
            let first = keys.first().map_or("the variable", String::as_str);
            let help = format!(
                "set {first} in the environment or in `.env`, or keep it with `massgen-tui keys set {first}`"
            );
            self.push(self.purpose.missing(), "no-key", span, &key, message, &help);
        }
        (None, keys.first().cloned())
    }

    fn given_key(&mut self, given: &Node, path: &str) -> (Option<SecretString>, Option<String>) {
        let Some(text) = given.text().map(str::trim) else {
            return (None, None);
        };
        let written = given.written.as_deref().map(str::trim);
        let variable = written
            .filter(|written| is_reference(written))
            .and_then(|written| written.get(2..written.len().saturating_sub(1)))
            .map(str::to_owned);
        if text.contains("${") {
            return (None, variable); // an unset variable, reported where it was expanded
        }
        let placeholder = matches!(
            text.to_ascii_lowercase().as_str(),
            "" | "empty" | "none" | "null" | "dummy" | "not-needed" | "lm-studio" | "ollama"
        );
        if written.is_none() && !placeholder {
            self.push(
                Severity::Warning,
                "inline-secret",
                given.span,
                &join(path, "api_key"),
                "the key stands in the file itself".to_owned(),
                "put it in `.env` and write `api_key: ${NAME}`",
            );
        }
        let key = (!text.is_empty()).then(|| SecretString::from(text));
        (key, variable)
    }
}

/// The API as named, or that of the backend.
fn wire(node: &Node, entry: &Backend) -> Wire {
    match node.get("wire").and_then(Node::text) {
        Some("chat") => Wire::Chat,
        Some("responses") => Wire::Responses,
        Some("messages") => Wire::Messages,
        Some("gemini") => Wire::Gemini,
        // Google's copy of chat completions.
        _ if node
            .get("base_url")
            .and_then(Node::text)
            .is_some_and(|url| {
                entry.wire == Wire::Gemini && url.trim_end_matches('/').ends_with("/openai")
            }) =>
        {
            Wire::Chat
        }
        _ => entry.wire,
    }
}

/// The base without a slash at the end and without a path that the program adds itself. Azure's
/// resource address gets the path of its OpenAI-style API.
fn tidy_url(url: &str, entry: &Backend) -> String {
    let url = url.trim().trim_end_matches('/');
    let url = url.strip_suffix("/chat/completions").unwrap_or(url);
    let url = url.strip_suffix("/responses").unwrap_or(url);
    let url = url.strip_suffix("/messages").unwrap_or(url);
    if entry.r#type == "azure_openai" && !url.contains("/openai/") {
        let url = url.strip_suffix("/openai").unwrap_or(url);
        return format!("{url}/openai/v1");
    }
    url.to_owned()
}
