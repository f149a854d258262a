//! What a team did, as OpenAI's clients read it.

use serde_json::{Value, json};

use crate::protocol::{RunId, Usage};

/// Longest piece of a streamed answer, in bytes.
const PIECE: usize = 2048;

/// One answer, whole or in pieces.
#[derive(Clone, Debug)]
pub struct Completion {
    /// The run it is of.
    pub run: RunId,
    /// When it was asked for, in seconds.
    pub created: u64,
    /// Name of the team.
    pub model: String,
}

impl Completion {
    /// The whole answer.
    #[must_use]
    pub fn whole(&self, text: &str, reasoning: &str, usage: Usage) -> Value {
        let mut message = json!({"role": "assistant", "content": text, "refusal": null});
        if !reasoning.is_empty() {
            message["reasoning_content"] = json!(reasoning);
        }
        json!({
            "id": self.id(),
            "object": "chat.completion",
            "created": self.created,
            "model": self.model,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": null}],
            "usage": counted(usage),
        })
    }

    /// The first piece of a stream.
    #[must_use]
    pub fn opening(&self) -> Value {
        self.piece(&json!({"role": "assistant", "content": ""}), None)
    }

    /// A line about the work.
    #[must_use]
    pub fn reasoning(&self, text: &str) -> Value {
        self.piece(&json!({"reasoning_content": text}), None)
    }

    /// The answer in pieces, and that it ends.
    #[must_use]
    pub fn content(&self, text: &str) -> Vec<Value> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let at = rest.floor_char_boundary(PIECE.min(rest.len()));
            let (piece, more) = rest.split_at(at);
            pieces.push(self.piece(&json!({"content": piece}), None));
            rest = more;
        }
        pieces.push(self.piece(&json!({}), Some("stop")));
        pieces
    }

    /// The tokens of a stream.
    #[must_use]
    pub fn usage(&self, usage: Usage) -> Value {
        let mut last = self.piece(&json!({}), None);
        last["choices"] = json!([]);
        last["usage"] = counted(usage);
        last
    }

    fn piece(&self, delta: &Value, end: Option<&str>) -> Value {
        json!({
            "id": self.id(),
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
            "choices": [{"index": 0, "delta": delta, "finish_reason": end, "logprobs": null}],
        })
    }

    fn id(&self) -> String {
        format!("chatcmpl-{}", self.run)
    }
}

/// Tokens of all agents together, and what they cost.
fn counted(usage: Usage) -> Value {
    json!({
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input.saturating_add(usage.output),
        "prompt_tokens_details": {"cached_tokens": usage.cached},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
        "massgen": {"calls": usage.calls, "estimated": usage.estimated, "usd": usage.cost.usd, "usd_partial": usage.cost.partial},
    })
}

/// Teams as a list of models.
#[must_use]
pub fn models<'a>(teams: impl Iterator<Item = &'a str>) -> Value {
    let data: Vec<Value> = teams.map(model).collect();
    json!({"object": "list", "data": data})
}

/// A team as a model.
#[must_use]
pub fn model(team: &str) -> Value {
    json!({"id": team, "object": "model", "created": 0, "owned_by": "massgen-tui"})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_answer() {
        let completion = Completion {
            run: RunId("r".into()),
            created: 7,
            model: "demo:quick".into(),
        };
        for text in [String::new(), "kurz".into(), "ä€😀".repeat(1500)] {
            let pieces = completion.content(&text);
            let joined: String = pieces
                .iter()
                .filter_map(|piece| piece["choices"][0]["delta"]["content"].as_str())
                .collect();
            assert_eq!(joined, text);
            let ends = pieces
                .iter()
                .filter(|piece| piece["choices"][0]["finish_reason"] == "stop");
            assert_eq!(ends.count(), 1);
        }
        let usage = Usage {
            input: 5,
            output: 7,
            ..Usage::default()
        };
        let whole = completion.whole("x", "", usage);
        assert_eq!(whole["usage"]["total_tokens"], 12);
        assert_eq!(whole["id"], "chatcmpl-r");
        assert!(
            whole["choices"][0]["message"]
                .get("reasoning_content")
                .is_none()
        );
        assert_eq!(completion.usage(usage)["choices"], json!([]));
    }
}
