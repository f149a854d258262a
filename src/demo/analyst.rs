//! `demo/analyst`: a script in the place of a model that reads a log, so that the way can be seen without
//! any key. Pure.
//!
//! It understands nothing: it picks a few events out of what it was sent and says that it is a script. It
//! answers in the form that is wanted, by a call where a tool is on offer.

use serde_json::json;

use super::{
    score::Score,
    wire::{Ask, WireMessage},
};

/// The model's id at the demo server.
pub const MODEL: &str = "demo/analyst";

/// Whether a request names it. Gemini's API has the name in the path, where no slash can stand.
pub fn is_meant(model: &str) -> bool {
    model == MODEL || Some(model) == MODEL.strip_prefix("demo/")
}

/// Tokens per second.
const SPEED: f64 = 60.0;

/// The reply to a request, whatever stands in it.
#[must_use]
pub fn reply(ask: &Ask, prefix: String) -> Score {
    let text: String = ask.messages.iter().map(WireMessage::text).collect();
    let find = |words: &str| event_of(&text, words);
    let claims = [
        (
            "process",
            "This is where the turn begins",
            "the turn begins",
        ),
        ("answers", "An answer was published here", " published "),
        ("votes", "Somebody voted here", " voted for "),
        ("votes", "The vote was settled here", "the vote is settled"),
        (
            "failures",
            "A call of a model failed here",
            "a model call failed",
        ),
        ("tools", "A tool was called here", "calls a tool"),
    ];
    let mut claims: Vec<_> = claims
        .into_iter()
        .filter_map(|(topic, words, sign)| {
            let event = find(sign)?;
            Some(json!({"topic": topic, "text": format!("{words}."), "events": [event]}))
        })
        .collect();
    claims.push(json!({
        "topic": "other",
        "text": "A claim whose event does not exist looks like this.",
        "events": [999_999_999]
    }));
    let analysis = json!({
        "summary": "This was written by a script of the demo, not by a model. It only shows where an \
                    analysis stands and how a claim leads to its event.",
        "claims": claims
    });
    let mut score = Score::new(SPEED, prefix);
    match ask.tools.first() {
        Some(tool) => score.call(&tool.function.name, &analysis.to_string()),
        None => score.text(&format!("```json\n{analysis:#}\n```")),
    }
    score
}

/// The number of the first event whose head holds these words; lines of others begin with a bar.
fn event_of(text: &str, words: &str) -> Option<u64> {
    let mut heads = text.lines().filter(|line| line.starts_with("[e"));
    let head = heads.find(|line| line.contains(words))?;
    let digits = head.strip_prefix("[e")?.split([']', '-']).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::wire::{Delta, Family};

    #[test]
    fn it_says_that_it_is_a_script_and_cites_what_is_there() {
        let body = json!({"model": MODEL, "messages": [{"role": "user", "content":
            "| [e9] x published y\n[e12-e14] +1.0s ann published agent1.1:\n| [e3] voted for"}]});
        let body = serde_json::to_vec(&body).unwrap();
        let ask = Ask::read(Family::Chat, None, &body).unwrap();
        let text: String = reply(&ask, "call".into())
            .deltas()
            .into_iter()
            .filter_map(|delta| match delta {
                Delta::Text(text) => Some(text),
                _ => None,
            })
            .collect();
        assert!(
            text.contains("not by a model") && text.contains("12"),
            "{text}"
        );
        assert!(!text.contains("voted here"), "{text}");
    }
}
