//! Model servers on this machine, found in parallel within half a second.
//!
//! Every target is asked at once; a server is recognised by what it answers, not by its port, and a
//! web page or an unknown path is no model server. No probe costs tokens or loads a model, and none
//! carries a key. Public addresses are never probed, also when a variable names one.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::protocol::{Discovered, ModelInfo, ServerKind};

use super::http::{Answer, Client, Probe};
use super::{Endpoint, host::host, listing};

/// Time for everything together.
pub const BOUND: Duration = Duration::from_millis(500);

/// Addresses to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Targets {
    /// Roots such as `http://127.0.0.1:1234`, without `/v1`.
    pub roots: Vec<String>,
    /// Time for everything together.
    pub bound: Duration,
}

impl Targets {
    /// The usual ports of LM Studio, Ollama, vLLM, `SGLang` and llama.cpp on this machine.
    #[must_use]
    pub fn usual() -> Self {
        Self::from_env(|_| None)
    }

    /// The usual ports, and what `OLLAMA_HOST`, `LMSTUDIO_BASE_URL`, `LMSTUDIO_HOST` and
    /// `OPENAI_BASE_URL` name, as `lookup` returns them. Public addresses are left out.
    #[must_use]
    pub fn from_env(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let named = [
            ("OLLAMA_HOST", 11434),
            ("LMSTUDIO_BASE_URL", 1234),
            ("LMSTUDIO_HOST", 1234),
            ("OPENAI_BASE_URL", 80),
        ]
        .into_iter()
        .filter_map(|(name, port)| root(&lookup(name)?, port))
        .filter(|root| is_private(host(root)));
        let usual = [1234, 11434, 8000, 30000, 8080]
            .into_iter()
            .map(|port| format!("http://127.0.0.1:{port}"));
        let mut seen = HashSet::new();
        let roots = usual
            .chain(named)
            .filter(|root| seen.insert(root.clone()))
            .collect();
        Self {
            roots,
            bound: BOUND,
        }
    }
}

/// Asks all targets. Sorted by kind, then address; servers that are slower than the bound are left
/// out, or listed without what they did not tell in time.
pub async fn discover(client: &Client, targets: &Targets) -> Vec<Discovered> {
    let start = Instant::now();
    let probes = targets
        .roots
        .iter()
        .map(|root| examine(client, root, start, targets.bound));
    let mut found: Vec<Discovered> = join_all(probes).await.into_iter().flatten().collect();
    for server in &found {
        client.note(&server.base_url, &server.models);
    }
    found.sort_by(|one, other| {
        (rank(one.kind), &one.base_url).cmp(&(rank(other.kind), &other.base_url))
    });
    found
}

/// The models of the server behind an endpoint, with what is in memory and which window is in force.
/// Asked with the endpoint's key only when the server wants one. `None` when it does not say in time.
pub async fn models(client: &Client, endpoint: &Endpoint) -> Option<Vec<ModelInfo>> {
    let base = endpoint.base_url.trim().trim_end_matches('/');
    let root = base.strip_suffix("/v1")?;
    let found = examine(client, root, Instant::now(), BOUND).await?;
    if !found.needs_key {
        return Some(found.models);
    }
    let list = timeout_at(Instant::now() + BOUND, listing::list(client, endpoint));
    list.await.ok()?.ok()
}

/// One target. The list decides whether there is a server, the rest tells which; each stage has its
/// share of the time, so that a slow detail never hides a server.
async fn examine(
    client: &Client,
    root: &str,
    start: Instant,
    bound: Duration,
) -> Option<Discovered> {
    let stage = |share: u32| start + bound * share / 10;
    let mut root = root.to_owned();
    let mut first = ask(client, &root, "/v1/models", stage(6)).await;
    if first == Probe::Refused
        && let Some(port) = root.strip_prefix("http://127.0.0.1:")
    {
        // Some servers listen on the other loopback only.
        root = format!("http://[::1]:{port}");
        first = ask(client, &root, "/v1/models", stage(6)).await;
    }
    let Probe::Answer(list) = first else {
        return None;
    };
    let base_url = format!("{root}/v1");
    if list.status == 401 {
        let kind = identify(client, &root, &Value::Null, stage(8)).await;
        return Some(Discovered {
            kind,
            base_url,
            models: Vec::new(),
            needs_key: true,
        });
    }
    if list.status == 503 && list.body.to_lowercase().contains("loading model") {
        // Only llama.cpp's server is up before its model is.
        return Some(Discovered {
            kind: ServerKind::LlamaCpp,
            base_url,
            models: Vec::new(),
            needs_key: false,
        });
    }
    let list = json(&list)?;
    let mut models = listing::parse(&list)?;
    let kind = identify(client, &root, &list, stage(8)).await;
    detail(client, &root, kind, &mut models, stage(10)).await;
    models.sort_by_key(|model| match model.loaded {
        Some(true) => 0,
        None => 1,
        Some(false) => 2,
    });
    Some(Discovered {
        kind,
        base_url,
        models,
        needs_key: false,
    })
}

async fn identify(client: &Client, root: &str, list: &Value, deadline: Instant) -> ServerKind {
    let get = |path: &'static str| async move {
        match ask(client, root, path, deadline).await {
            Probe::Answer(answer) => json(&answer),
            Probe::Refused | Probe::Silent => None,
        }
    };
    let (greeting, info, props, version) = tokio::join!(
        get("/lmstudio-greeting"),
        get("/get_model_info"),
        get("/props"),
        get("/api/version"),
    );
    kind_of(
        list,
        &Signs {
            greeting,
            info,
            props,
            version,
        },
    )
}

/// Answers that give a server away.
#[derive(Debug, Default)]
struct Signs {
    greeting: Option<Value>,
    info: Option<Value>,
    props: Option<Value>,
    version: Option<Value>,
}

/// The order matters: `SGLang` and llama.cpp imitate parts of Ollama, so Ollama comes late.
fn kind_of(list: &Value, signs: &Signs) -> ServerKind {
    let has = |sign: &Option<Value>, field: &str| {
        sign.as_ref()
            .is_some_and(|value| value.get(field).is_some())
    };
    let row = list.pointer("/data/0");
    let owner = row
        .and_then(|row| row.get("owned_by")?.as_str())
        .unwrap_or_default();
    let lm_studio = signs
        .greeting
        .as_ref()
        .and_then(|value| value.get("lmstudio")?.as_bool());
    if lm_studio == Some(true) {
        ServerKind::LmStudio
    } else if has(&signs.info, "model_path") || owner == "sglang" {
        ServerKind::Sglang
    } else if has(&signs.props, "default_generation_settings") || owner == "llamacpp" {
        ServerKind::LlamaCpp
    } else if owner == "vllm" || row.is_some_and(|row| row.get("max_model_len").is_some()) {
        ServerKind::Vllm
    } else if has(&signs.version, "version") {
        ServerKind::Ollama
    } else {
        ServerKind::Compatible
    }
}

/// Windows and load states, from the server's own lists.
async fn detail(
    client: &Client,
    root: &str,
    kind: ServerKind,
    models: &mut Vec<ModelInfo>,
    deadline: Instant,
) {
    match kind {
        ServerKind::LmStudio => {
            let (new, old) = tokio::join!(
                ask(client, root, "/api/v1/models", deadline),
                ask(client, root, "/api/v0/models", deadline),
            );
            let better = [new, old].into_iter().find_map(|probe| match probe {
                Probe::Answer(answer) => listing::parse(&json(&answer)?),
                Probe::Refused | Probe::Silent => None,
            });
            if let Some(better) = better.filter(|better| !better.is_empty()) {
                *models = better;
            }
        }
        ServerKind::Ollama => {
            if let Probe::Answer(answer) = ask(client, root, "/api/ps", deadline).await
                && let Some(running) = json(&answer)
            {
                running_models(&running, models);
            }
        }
        // These serve exactly what they list, unless they say otherwise.
        ServerKind::Vllm | ServerKind::Sglang | ServerKind::LlamaCpp => {
            if kind == ServerKind::LlamaCpp
                && let Probe::Answer(answer) = ask(client, root, "/props", deadline).await
                && let Some(slot) = json(&answer).as_ref().and_then(slot_window)
            {
                // The window is shared by the slots; a request has one.
                for model in models.iter_mut() {
                    model.context = Some(slot);
                }
            }
            for model in models {
                model.loaded = model.loaded.or(Some(true));
            }
        }
        ServerKind::Compatible => {}
    }
}

/// The window of one slot, from llama.cpp's `/props`.
fn slot_window(props: &Value) -> Option<u64> {
    let tokens = props.pointer("/default_generation_settings/n_ctx")?;
    tokens.as_u64().filter(|tokens| *tokens > 0)
}

/// Ollama's `/api/ps`: what is loaded, with the window in force.
fn running_models(running: &Value, models: &mut [ModelInfo]) {
    let Some(rows) = running.get("models").and_then(Value::as_array) else {
        return;
    };
    for model in models {
        let row = rows
            .iter()
            .find(|row| row.get("name").and_then(Value::as_str) == Some(model.id.as_str()));
        model.loaded = Some(row.is_some());
        let context = row.and_then(|row| row.get("context_length")?.as_u64());
        model.context = context.or(model.context);
    }
}

async fn ask(client: &Client, root: &str, path: &str, deadline: Instant) -> Probe {
    timeout_at(deadline, client.probe(&format!("{root}{path}")))
        .await
        .unwrap_or(Probe::Silent)
}

fn json(answer: &Answer) -> Option<Value> {
    if answer.status != 200 {
        return None;
    }
    serde_json::from_str(&answer.body).ok()
}

const fn rank(kind: ServerKind) -> u8 {
    match kind {
        ServerKind::LmStudio => 0,
        ServerKind::Ollama => 1,
        ServerKind::Vllm => 2,
        ServerKind::Sglang => 3,
        ServerKind::LlamaCpp => 4,
        ServerKind::Compatible => 5,
    }
}

/// `host`, `host:port`, `:port` or a URL as a root; `port` is used when there is none in a bare host.
fn root(value: &str, port: u16) -> Option<String> {
    let value = value.trim().trim_end_matches('/');
    let value = value.strip_suffix("/v1").unwrap_or(value);
    if value.is_empty() || value.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return None;
    }
    let (scheme, rest) = value.split_once("://").unwrap_or(("http", value));
    if !matches!(scheme, "http" | "https") {
        return None;
    }
    let bare = !value.contains("://");
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let authority = authority.rsplit('@').next().unwrap_or_default();
    let (name, own_port) = match authority.rsplit_once(':') {
        Some((name, digits)) if digits.parse::<u16>().is_ok() => (name, Some(digits)),
        _ => (authority, None),
    };
    // Ollama's "listen everywhere" is this machine for a client.
    let name = match name {
        "" | "0.0.0.0" | "localhost" => "127.0.0.1",
        "[::]" => "[::1]",
        other => other,
    };
    let port = match own_port {
        Some(digits) => format!(":{digits}"),
        None if bare => format!(":{port}"),
        None => String::new(),
    };
    Some(format!("{scheme}://{name}{port}{path}"))
}

/// Loopback, private and link-local addresses, and names without a public domain.
fn is_private(host: &str) -> bool {
    if let Ok(address) = host.parse::<std::net::Ipv4Addr>() {
        return address.is_loopback() || address.is_private() || address.is_link_local();
    }
    if let Ok(address) = host.parse::<std::net::Ipv6Addr>() {
        let first = address.segments().first().copied().unwrap_or_default();
        return address.is_loopback() || first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80;
    }
    !host.is_empty()
        && match host.rsplit_once('.') {
            None => true,
            Some((_, domain)) => matches!(domain, "local" | "localhost" | "lan" | "internal"),
        }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn addresses_from_variables() {
        for (value, port, expected) in [
            ("127.0.0.1:11434", 11434, Some("http://127.0.0.1:11434")),
            ("0.0.0.0", 11434, Some("http://127.0.0.1:11434")),
            (":5000", 11434, Some("http://127.0.0.1:5000")),
            ("box", 11434, Some("http://box:11434")),
            (
                "http://localhost:1234/v1/",
                1234,
                Some("http://127.0.0.1:1234"),
            ),
            (
                "https://box.local/llm/v1",
                80,
                Some("https://box.local/llm"),
            ),
            ("http://[::]:8080", 80, Some("http://[::1]:8080")),
            ("http://u:p@box:1", 80, Some("http://box:1")),
            ("ftp://box", 80, None),
            ("", 80, None),
            ("two words", 80, None),
        ] {
            assert_eq!(root(value, port).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn public_addresses_are_left_out() {
        let targets = Targets::from_env(|name| match name {
            "OPENAI_BASE_URL" => Some("https://api.openai.com/v1".to_owned()),
            "OLLAMA_HOST" => Some("192.168.1.5".to_owned()),
            "LMSTUDIO_HOST" => Some("127.0.0.1:1234".to_owned()),
            _ => None,
        });
        assert_eq!(targets.roots.len(), 6, "{targets:?}");
        assert_eq!(
            targets.roots.last().map(String::as_str),
            Some("http://192.168.1.5:11434")
        );
        for (host, private) in [
            ("127.0.0.1", true),
            ("10.1.2.3", true),
            ("8.8.8.8", false),
            ("::1", true),
            ("fd00::1", true),
            ("2001:db8::1", false),
            ("box", true),
            ("box.local", true),
            ("example.com", false),
            ("", false),
        ] {
            assert_eq!(is_private(host), private, "{host}");
        }
    }

    #[test]
    fn servers_are_known_by_their_answers() {
        let version = Some(json!({"version": "1"}));
        for (name, list, signs, expected) in [
            (
                "lm studio",
                json!({"data":[]}),
                Signs {
                    greeting: Some(json!({"lmstudio": true})),
                    ..Signs::default()
                },
                ServerKind::LmStudio,
            ),
            (
                "sglang imitates ollama",
                json!({"data":[{"owned_by":"sglang","max_model_len":5}]}),
                Signs {
                    info: Some(json!({"model_path": "x"})),
                    version: version.clone(),
                    ..Signs::default()
                },
                ServerKind::Sglang,
            ),
            (
                "llama.cpp",
                json!({"data":[{"owned_by":"llamacpp"}]}),
                Signs::default(),
                ServerKind::LlamaCpp,
            ),
            (
                "llama.cpp by its props",
                json!({"data":[]}),
                Signs {
                    props: Some(json!({"default_generation_settings": {}})),
                    ..Signs::default()
                },
                ServerKind::LlamaCpp,
            ),
            (
                "vllm has a version too",
                json!({"data":[{"id":"m","max_model_len":5}]}),
                Signs {
                    version: version.clone(),
                    ..Signs::default()
                },
                ServerKind::Vllm,
            ),
            (
                "ollama",
                json!({"data":[{"owned_by":"library"}]}),
                Signs {
                    version,
                    ..Signs::default()
                },
                ServerKind::Ollama,
            ),
            (
                "another",
                json!({"data":[{"id":"x"}]}),
                Signs {
                    greeting: Some(json!({"lmstudio": false})),
                    ..Signs::default()
                },
                ServerKind::Compatible,
            ),
        ] {
            assert_eq!(kind_of(&list, &signs), expected, "{name}");
        }
    }

    #[test]
    fn ollama_tells_what_runs() {
        let mut models = vec![
            ModelInfo {
                id: "a:1b".to_owned(),
                context: None,
                loaded: None,
            },
            ModelInfo {
                id: "b:2b".to_owned(),
                context: None,
                loaded: None,
            },
        ];
        let running = json!({"models":[{"name":"b:2b","context_length":4096}]});
        running_models(&running, &mut models);
        let state: Vec<_> = models.iter().map(|m| (m.loaded, m.context)).collect();
        assert_eq!(state, vec![(Some(false), None), (Some(true), Some(4096))]);
    }
}
