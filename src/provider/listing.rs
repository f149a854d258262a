//! The models that one server offers: `GET {base}/models`.
//!
//! Reads every known shape of that list. Models that cannot chat (embeddings, speech, images …) are
//! left out where their id or type gives them away.

use serde_json::Value;

use crate::protocol::{Failure, FailureKind, ModelInfo};

use super::classify::{self, Reply};
use super::http::Client;
use super::words::{hint, who};
use super::{Endpoint, catalog};

/// Words in the id of a model that does something else than chat.
const NOT_CHAT: &[&str] = &[
    "embed",
    "embedding",
    "embeddings",
    "rerank",
    "reranker",
    "whisper",
    "tts",
    "image",
    "moderation",
    "ocr",
    "transcribe",
];

/// Asks a server for its models. Uses the endpoint's key; never costs tokens.
///
/// # Errors
///
/// The server does not answer, refuses, or answers with something else than a list.
pub async fn list(client: &Client, endpoint: &Endpoint) -> Result<Vec<ModelInfo>, Failure> {
    let answer = client.get(endpoint, "/models").await?;
    if answer.status != 200 {
        return Err(classify::classify(
            Reply {
                status: answer.status,
                body: &answer.body,
                ..Reply::default()
            },
            endpoint,
        ));
    }
    let models = serde_json::from_str::<Value>(&answer.body)
        .ok()
        .as_ref()
        .and_then(parse);
    models.map_or_else(
        || {
            let message = format!("{} did not answer with a list of models", who(endpoint));
            Err(Failure::new(FailureKind::Request, message)
                .hint(hint(FailureKind::Request, endpoint)))
        },
        |mut models| {
            for model in &mut models {
                if model.context.is_none() {
                    model.context =
                        catalog::find(&endpoint.backend, &model.id).and_then(|row| row.context);
                }
            }
            Ok(models)
        },
    )
}

/// Reads `{data:[…]}`, `{models:[…]}` or a bare array; `None` for anything else. Order as sent.
#[must_use]
pub fn parse(answer: &Value) -> Option<Vec<ModelInfo>> {
    let rows = answer
        .get("data")
        .or_else(|| answer.get("models"))
        .unwrap_or(answer)
        .as_array()?;
    let models = rows.iter().filter(|row| can_chat(row)).filter_map(|row| {
        Some(ModelInfo {
            id: id(row)?.to_owned(),
            context: context(row),
            loaded: loaded(row),
        })
    });
    Some(models.collect())
}

fn id(row: &Value) -> Option<&str> {
    ["id", "key", "name", "model"]
        .into_iter()
        .find_map(|field| row.get(field)?.as_str())
        // Google's list names resources.
        .map(|id| id.strip_prefix("models/").unwrap_or(id))
        .filter(|id| !id.is_empty())
}

/// The window that is in force, before the one the model was trained for.
fn context(row: &Value) -> Option<u64> {
    [
        "/loaded_instances/0/config/context_length",
        "/loaded_context_length",
        "/max_model_len",
        "/meta/n_ctx",
        "/context_length",
        "/context_window",
        "/max_context_length",
        "/max_input_tokens",
        "/inputTokenLimit",
        "/meta/n_ctx_train",
    ]
    .into_iter()
    .find_map(|path| row.pointer(path)?.as_u64())
    .filter(|tokens| *tokens > 0)
}

fn loaded(row: &Value) -> Option<bool> {
    if let Some(instances) = row.get("loaded_instances").and_then(Value::as_array) {
        return Some(!instances.is_empty());
    }
    let state = row
        .get("state")
        .or_else(|| row.pointer("/status/value"))?
        .as_str()?;
    Some(state == "loaded")
}

fn can_chat(row: &Value) -> bool {
    let kind = row.get("type").and_then(Value::as_str).unwrap_or_default();
    if matches!(
        kind,
        "embedding" | "embeddings" | "rerank" | "image" | "audio" | "moderation" | "transcribe"
    ) {
        return false;
    }
    let methods = row
        .get("supportedGenerationMethods")
        .and_then(Value::as_array);
    if methods.is_some_and(|methods| !methods.iter().any(|method| method == "generateContent")) {
        return false;
    }
    let id = id(row).unwrap_or_default().to_ascii_lowercase();
    let silent = id
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .any(|part| NOT_CHAT.contains(&part));
    !silent && !id.contains("dall-e")
}

/// The model of a list that an endpoint means: Ollama's tag may be left out, and a server of one model
/// takes any name.
#[must_use]
pub fn matching<'a>(endpoint: &Endpoint, models: &'a [ModelInfo]) -> Option<&'a ModelInfo> {
    let wanted = endpoint.model.as_str();
    let named = models
        .iter()
        .find(|model| model.id == wanted || model.id.strip_suffix(":latest") == Some(wanted));
    let any_name = matches!(endpoint.backend.as_str(), "llamacpp" | "sglang");
    named.or(match models {
        [only] if any_name => Some(only),
        _ => None,
    })
}

/// Characters in a row that two names must share to be taken for each other.
const ALIKE: usize = 4;

/// Advice for an unknown model: the names that come closest, or the first of the list.
#[must_use]
pub fn suggestion(wanted: &str, models: &[ModelInfo]) -> Option<String> {
    let wanted = wanted.to_lowercase();
    let mut ranked: Vec<(usize, &str)> = models
        .iter()
        .map(|model| {
            (
                likeness(&wanted, &model.id.to_lowercase()),
                model.id.as_str(),
            )
        })
        .collect();
    ranked.sort_by_key(|(likeness, _)| std::cmp::Reverse(*likeness));
    let (best, first) = ranked.first()?;
    if *best >= ALIKE {
        return Some(format!("Did you mean {first}?"));
    }
    let names: Vec<&str> = models
        .iter()
        .take(4)
        .map(|model| model.id.as_str())
        .collect();
    let more = models.len().saturating_sub(names.len());
    let tail = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    Some(format!("It offers {}{tail}.", names.join(", ")))
}

/// Length of the longest run of characters that both names share.
fn likeness(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().take(128).collect();
    let mut before = vec![0_usize; other.len() + 1];
    let mut best = 0;
    for letter in one.chars().take(128) {
        let mut row = vec![0_usize; other.len() + 1];
        for (column, candidate) in other.iter().enumerate() {
            if *candidate == letter {
                let run = before.get(column).copied().unwrap_or(0) + 1;
                best = best.max(run);
                if let Some(cell) = row.get_mut(column + 1) {
                    *cell = run;
                }
            }
        }
        before = row;
    }
    best
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn model(id: &str, context: Option<u64>, loaded: Option<bool>) -> ModelInfo {
        ModelInfo {
            id: id.to_owned(),
            context,
            loaded,
        }
    }

    #[test]
    fn a_tag_may_be_left_out_and_a_server_of_one_model_takes_any_name() {
        let model = |id: &str| ModelInfo {
            id: id.to_owned(),
            context: None,
            loaded: None,
        };
        let models = [model("qwen3:latest"), model("qwen3:4b")];
        let mut endpoint = crate::provider::test_support::endpoint("http://h/v1");
        for (wanted, expected) in [
            ("qwen3", Some("qwen3:latest")),
            ("qwen3:4b", Some("qwen3:4b")),
            ("qwen", None),
        ] {
            wanted.clone_into(&mut endpoint.model);
            let found = matching(&endpoint, &models).map(|model| model.id.as_str());
            assert_eq!(found, expected, "{wanted}");
        }
        assert!(matching(&endpoint, &models[..1]).is_none());
        "llamacpp".clone_into(&mut endpoint.backend);
        assert!(matching(&endpoint, &models[..1]).is_some());
    }

    #[test]
    fn every_shape_of_the_list() {
        for (name, answer, expected) in [
            (
                "openai",
                json!({"object":"list","data":[{"id":"gpt-x","object":"model"}]}),
                Some(vec![model("gpt-x", None, None)]),
            ),
            (
                "together, a bare array",
                json!([{"id":"a/b","type":"chat","context_length":4096},{"id":"c","type":"embedding"}]),
                Some(vec![model("a/b", Some(4096), None)]),
            ),
            (
                "vllm",
                json!({"data":[{"id":"m","owned_by":"vllm","max_model_len":32768}]}),
                Some(vec![model("m", Some(32_768), None)]),
            ),
            (
                "lm studio",
                json!({"models":[
                    {"type":"llm","key":"q","max_context_length":99,
                     "loaded_instances":[{"config":{"context_length":8}}]},
                    {"type":"llm","key":"r","max_context_length":99,"loaded_instances":[]},
                    {"type":"embedding","key":"nomic"}]}),
                Some(vec![
                    model("q", Some(8), Some(true)),
                    model("r", Some(99), Some(false)),
                ]),
            ),
            (
                "lm studio before",
                json!({"data":[{"id":"q","type":"llm","state":"not-loaded","max_context_length":5}]}),
                Some(vec![model("q", Some(5), Some(false))]),
            ),
            (
                "llama.cpp",
                json!({"data":[{"id":"m.gguf","meta":{"n_ctx":256,"n_ctx_train":512}}],"models":[]}),
                Some(vec![model("m.gguf", Some(256), None)]),
            ),
            (
                "gemini",
                json!({"models":[
                    {"name":"models/g","inputTokenLimit":9,"supportedGenerationMethods":["generateContent"]},
                    {"name":"models/e","supportedGenerationMethods":["embedContent"]}]}),
                Some(vec![model("g", Some(9), None)]),
            ),
            (
                "no chat",
                json!({"data":[{"id":"text-embedding-3-large"},{"id":"whisper-1"},{"id":"tts-1"},
                    {"id":"dall-e-3"},{"id":"gpt-image-1"},{"id":"mistral-ocr-latest"},{"id":"x"}]}),
                Some(vec![model("x", None, None)]),
            ),
            ("nothing", json!({"data":[]}), Some(vec![])),
            ("no list", json!({"hello":"world"}), None),
            ("rows of nonsense", json!([1, {}, {"id":""}]), Some(vec![])),
        ] {
            assert_eq!(parse(&answer), expected, "{name}");
        }
    }

    #[test]
    fn suggestions() {
        let models = [
            model("qwen3-8b", None, None),
            model("gemma-3-4b", None, None),
        ];
        for (wanted, expected) in [
            ("qwen-8b", "Did you mean qwen3-8b?"),
            ("Gemma", "Did you mean gemma-3-4b?"),
            ("zz", "It offers qwen3-8b, gemma-3-4b."),
        ] {
            assert_eq!(suggestion(wanted, &models).as_deref(), Some(expected));
        }
        assert_eq!(suggestion("x", &[]), None);
    }
}
