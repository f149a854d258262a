//! `orchestrator.coordination.broadcast*` and what happens to questions when nobody is there.
//!
//! Wrong shapes and words are the key tables' business; a value that is wrong counts as absent here.

use super::diagnostic::{Finding, Severity};
use super::node::{Kind, Node};
use crate::protocol::{Asking, Degree, QuestionPolicy, Talking};

/// Reads the rules of talking.
pub fn read(orchestrator: &Node, findings: &mut Vec<Finding>) -> Talking {
    let mut talking = Talking {
        questions: orchestrator
            .get("questions")
            .and_then(Node::text)
            .and_then(QuestionPolicy::named),
        inbox: orchestrator
            .get("inbox")
            .and_then(Node::text)
            .filter(|path| !path.trim().is_empty())
            .map(str::to_owned),
        ..Talking::default()
    };
    let Some(coordination) = orchestrator.get("coordination") else {
        return talking;
    };
    let number = |key| {
        let number = coordination.get(key)?.number()?;
        (number.is_finite() && number >= 1.0).then_some(number.ceil() as u64)
    };
    if let Some(node) = coordination.get("broadcast") {
        talking.ask = whom(node, findings);
    }
    if let Some(seconds) = number("broadcast_timeout") {
        talking.ask_seconds = seconds;
    }
    if let Some(most) = number("max_broadcasts_per_agent") {
        talking.asks_per_agent = u32::try_from(most).unwrap_or(u32::MAX);
    }
    if let Some(waits) = coordination
        .get("broadcast_wait_by_default")
        .and_then(Node::bool)
    {
        talking.ask_waits = waits;
    }
    let degree = |key| {
        Some(match coordination.get(key)?.text()? {
            "low" => Degree::Low,
            "high" => Degree::High,
            _ => Degree::Medium,
        })
    };
    talking.eagerness = degree("broadcast_sensitivity").unwrap_or_default();
    talking.depth = degree("response_depth").unwrap_or_default();
    talking
}

fn whom(node: &Node, findings: &mut Vec<Finding>) -> Asking {
    match (&node.kind, node.text()) {
        (_, Some("agents")) => Asking::Agents,
        (_, Some("human")) => Asking::Person,
        (_, Some("both")) => Asking::Both,
        (Kind::Bool(true), _) => {
            findings.push(
                Finding::new(
                    Severity::Error,
                    "broadcast",
                    node.span,
                    "orchestrator.coordination.broadcast",
                )
                .message("`true` does not say who is asked")
                .help("write `agents`, `human`, `both` or `false`"),
            );
            Asking::Nobody
        }
        _ => Asking::Nobody,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::yaml::parse;

    fn talking(text: &str) -> (Talking, Vec<Finding>) {
        let root = parse(text.as_bytes()).root.unwrap();
        let mut findings = Vec::new();
        let talking = read(&root, &mut findings);
        (talking, findings)
    }

    #[test]
    fn massgen_keys_say_who_is_asked() {
        let (got, _) = talking(
            "questions: first\ninbox: box\ncoordination: {broadcast: human, broadcast_timeout: 90, \
             max_broadcasts_per_agent: 2, broadcast_wait_by_default: false, \
             broadcast_sensitivity: high, response_depth: low}",
        );
        let expected = Talking {
            ask: Asking::Person,
            ask_seconds: 90,
            ask_waits: false,
            asks_per_agent: 2,
            eagerness: Degree::High,
            depth: Degree::Low,
            questions: Some(QuestionPolicy::First),
            inbox: Some("box".into()),
        };
        assert_eq!(got, expected);
    }

    #[test]
    fn nobody_is_asked_unless_it_is_said_who() {
        for (text, ask, errors) in [
            ("a: 1", Asking::Nobody, 0),
            ("coordination: {broadcast: false}", Asking::Nobody, 0),
            ("coordination: {broadcast: agents}", Asking::Agents, 0),
            ("coordination: {broadcast: both}", Asking::Both, 0),
            ("coordination: {broadcast: true}", Asking::Nobody, 1),
        ] {
            let (got, findings) = talking(text);
            assert_eq!((got.ask, findings.len()), (ask, errors), "{text}");
        }
    }
}
