//! Questions of a team as an editor asks them: a choice of options, and what was chosen.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    protocol::{Approval, Deed, Question, QuestionKind, Reply, approval},
    text::clean,
};

/// The request for an answer; `None` when the protocol has no way to ask it.
#[must_use]
pub fn request(session: &str, question: &Question, asker: &str) -> Option<Value> {
    let option = |id: &str, name: &str, kind: &str| json!({"optionId": id, "name": clean::line(name), "kind": kind});
    let (title, detail, options) = match &question.kind {
        QuestionKind::Approval(approval) => {
            let mut options = vec![option("allow", "Allow this once", "allow_once")];
            if let Some(rule) = &approval.always {
                options.push(option(
                    "always",
                    &format!("Allow for this run: {rule}"),
                    "allow_always",
                ));
            }
            options.push(option("reject", "Refuse", "reject_once"));
            let title = format!("{asker}: {} {}", approval.tool, approval.deed.target());
            (title, deed(approval), options)
        }
        QuestionKind::Plan { plan } => {
            let options = vec![
                option("allow", "Go on with this plan", "allow_once"),
                option("reject", "Not this plan", "reject_once"),
            ];
            (format!("{asker}: a plan"), plan.clone(), options)
        }
        QuestionKind::Question { options } if options.is_empty() => return None,
        QuestionKind::Question { options } => {
            let mut all: Vec<Value> = (1..)
                .zip(options)
                .map(|(number, words)| option(&format!("option-{number}"), words, "allow_once"))
                .collect();
            all.push(option("skip", "Leave it to the team", "reject_once"));
            (format!("{asker} asks"), question.text.clone(), all)
        }
    };
    let text = clean::text(&detail).into_owned();
    Some(json!({
        "sessionId": session,
        "toolCall": {
            "toolCallId": format!("question-{}", question.id),
            "title": clean::line(&title),
            "kind": "other",
            "status": "pending",
            "content": [{"type": "content", "content": {"type": "text", "text": text}}],
        },
        "options": options,
    }))
}

/// What would be done, whole, why it is asked, and what holds it: nobody allows what they have not seen.
fn deed(approval: &Approval) -> String {
    let what = match &approval.deed {
        Deed::Command { line, folder } => format!("{line}\n\nin {folder}"),
        Deed::Read { path } => path.clone(),
        Deed::Write { path, diff } => format!("{path}\n\n{diff}"),
        Deed::Fetch { url } => url.clone(),
        Deed::Tool {
            tool,
            arguments,
            changed,
        } => format!("{tool}\n\n{arguments}\n\n{changed}"),
        Deed::Other { words } => words.clone(),
    };
    let parts = [what.trim(), approval.why.trim(), approval.held.trim()];
    let said: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    said.join("\n\n")
}

#[derive(Deserialize)]
struct Answered {
    outcome: Outcome,
}

#[derive(Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Outcome {
    Selected {
        #[serde(rename = "optionId")]
        option: String,
    },
    #[serde(other)]
    Cancelled,
}

/// What the person chose; whatever cannot be read is a refusal.
#[must_use]
pub fn reply(question: &Question, answer: Option<Value>) -> Reply {
    let chosen = answer
        .and_then(|answer| serde_json::from_value::<Answered>(answer).ok())
        .and_then(|answered| match answered.outcome {
            Outcome::Selected { option } => Some(option),
            Outcome::Cancelled => None,
        });
    match (&question.kind, chosen.as_deref()) {
        (QuestionKind::Approval(_) | QuestionKind::Plan { .. }, Some("allow")) => Reply::Approved,
        (QuestionKind::Approval(approval), Some("always")) if approval.always.is_some() => {
            Reply::Always
        }
        (QuestionKind::Approval(_), Some("reject")) | (QuestionKind::Plan { .. }, _) => {
            Reply::Rejected(String::new())
        }
        (QuestionKind::Approval(_), _) => Reply::Rejected(approval::NOBODY.to_owned()),
        (QuestionKind::Question { options }, Some(option)) => option
            .strip_prefix("option-")
            .and_then(|number| number.parse::<u32>().ok())
            .filter(|number| (1..=options.len()).contains(&(*number as usize)))
            .map_or(Reply::Skipped, Reply::Option),
        (QuestionKind::Question { .. }, None) => Reply::Skipped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::QuestionId;

    fn question(kind: QuestionKind) -> Question {
        Question {
            id: QuestionId(1),
            asker: None,
            text: "Which?".into(),
            kind,
            seconds: 60,
        }
    }

    fn selected(option: &str) -> Value {
        json!({"outcome": {"outcome": "selected", "optionId": option}})
    }

    #[test]
    fn only_a_clear_word_allows() {
        let leave = question(QuestionKind::Approval(Box::new(Approval {
            tool: "run_command".into(),
            deed: Deed::Other { words: "ls".into() },
            why: String::new(),
            always: None,
            held: String::new(),
            fixed: false,
        })));
        let asked = request("s", &leave, "ada").expect("a request");
        assert_eq!(asked["options"].as_array().map(Vec::len), Some(2));
        let call = question(QuestionKind::Approval(Box::new(Approval {
            tool: "mcp__db__drop".into(),
            deed: Deed::Tool {
                tool: "mcp__db__drop".into(),
                arguments: "{\"table\": \"users\"}".into(),
                changed: String::new(),
            },
            why: "it may destroy something".into(),
            always: None,
            held: "Nothing holds it.".into(),
            fixed: false,
        })));
        let asked = request("s", &call, "ada").expect("a request").to_string();
        for part in ["users", "it may destroy something", "Nothing holds it."] {
            assert!(asked.contains(part), "{part}: {asked}");
        }
        assert_eq!(reply(&leave, Some(selected("allow"))), Reply::Approved);
        for other in [
            None,
            Some(selected("always")),
            Some(selected("x")),
            Some(json!({"outcome": {"outcome": "cancelled"}})),
            Some(json!({"outcome": 5})),
        ] {
            assert!(
                matches!(reply(&leave, other.clone()), Reply::Rejected(_)),
                "{other:?}"
            );
        }
        let choice = question(QuestionKind::Question {
            options: vec!["a".into(), "b".into()],
        });
        assert_eq!(reply(&choice, Some(selected("option-2"))), Reply::Option(2));
        assert_eq!(reply(&choice, Some(selected("option-3"))), Reply::Skipped);
        assert_eq!(reply(&choice, None), Reply::Skipped);
        let open = question(QuestionKind::Question {
            options: Vec::new(),
        });
        assert!(request("s", &open, "ada").is_none());
    }
}
