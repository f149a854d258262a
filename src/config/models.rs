//! Is a model's name one that its vendor has? By the dated list of `assets/models.json`.
//!
//! The list is not the world: a name that is not in it may be misspelt, retired or new, and is said to
//! be one of these, never refused. Only vendors whose models are listed as a whole are asked about, and
//! of the others only names that are plainly a slip of the pen.

use std::sync::LazyLock;

use serde::Deserialize;

use super::diagnostic::{is_slip, nearest};

/// The list of models as it is written.
pub const TABLE: &str = include_str!("../../assets/models.json");

#[derive(Default, Deserialize)]
struct Table {
    extracted: String,
    models: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    provider: String,
    id: String,
}

static LISTED: LazyLock<Table> = LazyLock::new(|| serde_json::from_str(TABLE).unwrap_or_default());

/// The vendor's name in the list, and whether the list has all of its models.
fn vendor(kind: &str) -> Option<(&'static str, bool)> {
    Some(match kind {
        "openai" => ("openai", true),
        "claude" => ("anthropic", true),
        "gemini" => ("google", true),
        "grok" => ("xai", true),
        "zai" => ("zai", false),
        "cerebras" => ("cerebras", false),
        "together" => ("together", false),
        "fireworks" => ("fireworks", false),
        "groq" => ("groq", false),
        "moonshot" => ("moonshot", false),
        "nebius" => ("nebius", false),
        "qwen" => ("qwen", false),
        _ => return None,
    })
}

/// What is to be said about a model that its vendor does not list: a message and what to do; `None`
/// when it is listed or nobody knows.
#[must_use]
pub fn doubt(kind: &str, model: &str) -> Option<(String, String)> {
    let (vendor, whole) = vendor(kind)?;
    let ids = || {
        LISTED
            .models
            .iter()
            .filter(move |one| one.provider == vendor)
            .map(|one| one.id.as_str())
    };
    let bare = model.rsplit_once('/').map_or(model, |(_, bare)| bare);
    let known = ids().any(|id| id == model || id == bare)
        // A dated or tuned form of one that is known: `gpt-5-2026-01-01`, `ft:gpt-4.1:…`.
        || ids().any(|id| bare.strip_prefix(id).is_some_and(|rest| rest.starts_with("-20")))
        || model.starts_with("ft:");
    if known {
        return None;
    }
    let near = nearest(model, ids());
    let slip = near.filter(|near| is_slip(model, near));
    if !whole && slip.is_none() {
        return None;
    }
    let message = format!(
        "no such model in the list of {}: it is misspelt, retired or newer",
        LISTED.extracted
    );
    let help = match (slip, near) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, Some(near)) => {
            format!("the nearest name is `{near}`; `massgen-tui models` shows what there is")
        }
        (None, None) => "`massgen-tui models` shows what there is".to_owned(),
    };
    Some((message, help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_and_retired_models_are_doubted_and_others_are_not() {
        for (kind, model, help) in [
            ("openai", "gpt-5-mini", None),
            ("openai", "gpt-5-mini-2026-10-01", None),
            ("openai", "ft:gpt-4.1:me", None),
            ("openai", "gpt-5-minni", Some("did you mean `gpt-5-mini`?")),
            ("gemini", "models/gemini-2.5-flash", None),
            ("grok", "grok-3-mini", Some("massgen-tui models")),
            ("groq", "some-new-model", None),
            ("vllm", "anything", None),
            ("chatcompletion", "anything", None),
        ] {
            let got = doubt(kind, model);
            assert_eq!(got.is_some(), help.is_some(), "{kind} {model}: {got:?}");
            if let (Some((message, said)), Some(help)) = (got, help) {
                assert!(said.contains(help), "{said}");
                assert!(message.contains("misspelt") && !message.contains("list of :"));
            }
        }
    }
}
