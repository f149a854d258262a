//! Known repairs: what a refusal says about a server's limits, and the request that avoids them.
//!
//! Pure. Each repair can happen once, so a call is repeated at most three times for this reason; what
//! was learnt is kept per base URL and model by `http`.

use crate::protocol::ToolChoice;

use super::hosted;
use super::wire::{Adaptation, as_text};
use super::{Endpoint, Request, ToolCalling, Wire};

const NO_TOOLS: &[&str] = &[
    "does not support tools",
    "do not support tools",
    "doesn't support tools",
    "tools are not supported",
    "tools is not supported",
    "tool use is not supported",
    "does not support tool use",
    "that support tool use",
    "tool calling is not supported",
    "does not support tool calling",
    "tool calls are not supported",
    "function calling is not supported",
    "does not support function calling",
    "does not support functions",
    "tools param requires",
    "unsupported parameter: 'tools'",
    "unsupported parameter: tools",
    "unknown field \"tools\"",
    "unrecognized request argument supplied: tools",
];

/// The adaptation to try after a refusal; `None` when the refusal is not about one of these.
#[must_use]
pub fn repair(
    status: u16,
    body: &str,
    endpoint: &Endpoint,
    request: &Request,
    now: Adaptation,
) -> Option<Adaptation> {
    if !matches!(status, 400 | 404 | 405 | 415 | 422 | 500 | 501) {
        return None;
    }
    let lower = body.to_lowercase();
    if let Some(better) = of_upkeep(endpoint.wire, status, &lower, now) {
        return Some(better);
    }
    if status < 500 && hosted::is_refusal(endpoint, &lower, now) {
        return Some(Adaptation {
            no_hosted: true,
            ..now
        });
    }
    if let Some(better) = of_family(endpoint.wire, status, &lower, now) {
        return Some(better);
    }
    let sent_tools = !request.tools.is_empty() && !as_text(endpoint, now);
    let may_go_text = sent_tools && endpoint.tool_calling == ToolCalling::Auto && !now.no_tools;
    let without_tools = Adaptation {
        no_tools: true,
        ..now
    };
    if may_go_text && NO_TOOLS.iter().any(|words| lower.contains(words)) {
        return Some(without_tools);
    }
    if status >= 500 {
        return None;
    }
    if !now.no_stream_options && lower.contains("stream_options") {
        return Some(Adaptation {
            no_stream_options: true,
            ..now
        });
    }
    if sent_tools && (lower.contains("tool_choice") || lower.contains("tool choice")) {
        if request.choice != ToolChoice::Auto && !now.no_forced_choice {
            return Some(Adaptation {
                no_forced_choice: true,
                ..now
            });
        }
        // vLLM without --enable-auto-tool-choice: tools only when forced, so none for us.
        return may_go_text.then_some(without_tools);
    }
    None
}

/// Repairs of what keeps a conversation small: betas of one vendor, which a model or an account may lack.
fn of_upkeep(wire: Wire, status: u16, lower: &str, now: Adaptation) -> Option<Adaptation> {
    if wire != Wire::Messages || status >= 500 {
        return None;
    }
    let has = |words: &[&str]| words.iter().any(|words| lower.contains(words));
    if !now.no_edits
        && has(&[
            "context_management",
            "context-management",
            "clear_tool_uses",
        ])
    {
        return Some(Adaptation {
            no_edits: true,
            ..now
        });
    }
    // A block of an earlier compaction that is not taken back: the conversation as it was.
    (!now.no_compact && has(&["compaction", "compact-2026"])).then_some(Adaptation {
        no_compact: true,
        ..now
    })
}

/// Repairs that belong to one wire family: servers that lack a newer API, models without encrypted
/// reasoning, items of another organisation or model, summaries that need a verified account, caches
/// that take no marks.
fn of_family(wire: Wire, status: u16, lower: &str, now: Adaptation) -> Option<Adaptation> {
    let has = |words: &[&str]| words.iter().any(|words| lower.contains(words));
    let absent = matches!(status, 404 | 405 | 501) && !lower.contains("model");
    let (summary, opaque, marks): (&[&str], &[&str], &[&str]) = match wire {
        Wire::Chat => return None,
        Wire::Responses if absent && !now.only_chat => {
            return Some(Adaptation {
                only_chat: true,
                ..now
            });
        }
        Wire::Responses => (
            &["reasoning.summary"],
            &["encrypted content", "encrypted_content"],
            &[],
        ),
        Wire::Messages => (
            &[],
            &["signature", "thinking block", "`thinking`"],
            &["cache_control"],
        ),
        Wire::Gemini => (
            &["includethoughts", "include_thoughts", "thinking_config"],
            &["thought_signature", "thoughtsignature", "thought signature"],
            &[],
        ),
    };
    let refused = status < 500;
    if refused && !now.no_summary && has(summary) {
        return Some(Adaptation {
            no_summary: true,
            ..now
        });
    }
    if refused && !now.no_cache_marks && has(marks) {
        return Some(Adaptation {
            no_cache_marks: true,
            ..now
        });
    }
    (refused && !now.no_carried && has(opaque)).then_some(Adaptation {
        no_carried: true,
        ..now
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::test_support::endpoint;
    use super::*;
    use crate::protocol::ToolSpec;

    fn request(choice: ToolChoice) -> Request {
        Request {
            messages: vec![],
            tools: vec![ToolSpec {
                name: "f".to_owned(),
                description: String::new(),
                parameters: json!({}),
            }],
            choice,
        }
    }

    #[test]
    fn refusals_and_repairs() {
        let none = Adaptation::default();
        let no_options = Adaptation {
            no_stream_options: true,
            ..none
        };
        let no_force = Adaptation {
            no_forced_choice: true,
            ..none
        };
        let no_tools = Adaptation {
            no_tools: true,
            ..none
        };
        let auto = request(ToolChoice::Auto);
        let forced = request(ToolChoice::Required);
        let vllm = "\"auto\" tool choice requires --enable-auto-tool-choice and --tool-call-parser";
        let ollama = "registry.ollama.ai/library/gemma does not support tools";
        for (name, status, body, request, now, expected) in [
            (
                "options",
                400,
                "Unknown field: stream_options",
                &auto,
                none,
                Some(no_options),
            ),
            (
                "options, pydantic",
                422,
                r#"{"loc":["body","stream_options"]}"#,
                &auto,
                none,
                Some(no_options),
            ),
            (
                "options again",
                400,
                "stream_options",
                &auto,
                no_options,
                None,
            ),
            (
                "moonshot",
                400,
                "tool_choice 'required' is incompatible",
                &forced,
                none,
                Some(no_force),
            ),
            (
                "moonshot again",
                400,
                "tool_choice 'required'",
                &forced,
                no_force,
                Some(Adaptation {
                    no_tools: true,
                    ..no_force
                }),
            ),
            ("vllm", 400, vllm, &auto, none, Some(no_tools)),
            ("ollama", 400, ollama, &auto, none, Some(no_tools)),
            ("ollama, forced", 400, ollama, &forced, none, Some(no_tools)),
            (
                "openrouter",
                404,
                "No endpoints found that support tool use",
                &auto,
                none,
                Some(no_tools),
            ),
            (
                "llama.cpp",
                500,
                "tools param requires --jinja flag",
                &auto,
                none,
                Some(no_tools),
            ),
            ("not twice", 400, ollama, &auto, no_tools, None),
            ("another matter", 400, "bad temperature", &auto, none, None),
            ("a key", 401, "tool_choice", &forced, none, None),
            ("500 names a field", 500, "tool_choice", &forced, none, None),
        ] {
            let endpoint = endpoint("http://h/v1");
            assert_eq!(
                repair(status, body, &endpoint, request, now),
                expected,
                "{name}"
            );
        }
    }

    #[test]
    fn upkeep_that_a_model_lacks_is_left_out_and_known_by_its_name() {
        let none = Adaptation::default();
        let mut claude = endpoint("http://h/v1");
        claude.wire = Wire::Messages;
        let edits = "Unexpected value(s) `context-management-2025-06-27` for the beta header";
        let no_edits = Adaptation {
            no_edits: true,
            ..none
        };
        let no_compact = Adaptation {
            no_compact: true,
            ..none
        };
        for (body, now, expected) in [
            (edits, none, Some(no_edits)),
            (edits, no_edits, None),
            ("compaction_signature_invalid", none, Some(no_compact)),
            ("max_tokens: too large", none, None),
        ] {
            let request = request(ToolChoice::Auto);
            let repaired = repair(400, body, &claude, &request, now);
            assert_eq!(repaired, expected, "{body}");
        }
    }

    #[test]
    fn native_tools_stay_native() {
        let mut endpoint = endpoint("http://h/v1");
        endpoint.tool_calling = ToolCalling::Native;
        let body = "this model does not support tools";
        let request = request(ToolChoice::Auto);
        assert_eq!(
            repair(400, body, &endpoint, &request, Adaptation::default()),
            None
        );
    }
}
