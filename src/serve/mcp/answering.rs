//! Answers to questions of agents.
//!
//! Leave is given by saying what is allowed, word for word: a client asks its own person before it calls a
//! tool, and that person then sees what would be done, not a number. Whatever does not fit is refused, and
//! the question goes on waiting.

use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::Value;

use crate::{
    protocol::{Approval, Deed, Failure, FailureKind, Question, QuestionKind, Reply},
    text::clean,
};

/// What is said to a plan that is to be carried out.
const PLAN: &str = "plan";

/// An answer, as a client gives it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The session, as it was named.
    pub id: String,
    /// The number of the question.
    pub question: u32,
    option: Option<u32>,
    text: Option<String>,
    allow: Option<String>,
    refuse: Option<String>,
    #[serde(default)]
    skip: bool,
}

impl Answer {
    /// The reply to this question; `question` is clean, as it was told.
    ///
    /// # Errors
    /// No answer or several are given, or it does not fit the question.
    pub fn reply(self, question: &Question) -> Result<Reply, Failure> {
        let mut given = [
            self.option.map(Reply::Option),
            self.text.map(Reply::Text),
            self.refuse.map(Reply::Rejected),
            self.skip.then_some(Reply::Skipped),
        ]
        .into_iter()
        .flatten();
        let reply = match (given.next(), self.allow, given.next()) {
            (Some(reply), None, None) => reply,
            (None, Some(words), None) => allowed(question, &words)?,
            _ => {
                return Err(refused("Give one answer.")
                    .hint("One of option, text, allow, refuse and skip."));
            }
        };
        match question.objection(&reply) {
            Some(why) => Err(refused(&why).hint("run_status shows the question.")),
            None => Ok(reply),
        }
    }
}

fn allowed(question: &Question, words: &str) -> Result<Reply, Failure> {
    let fits = match &question.kind {
        QuestionKind::Plan { .. } => words.trim() == PLAN,
        QuestionKind::Approval(approval) => is_meant(approval, words.trim()),
        QuestionKind::Question { .. } => {
            return Err(refused(&format!("{} asks for no leave.", question.id))
                .hint("Answer with option, text or skip."));
        }
    };
    if fits {
        return Ok(Reply::Approved);
    }
    Err(refused("These are not the words of what would be done.")
        .hint(format!("allow is {}.", wanted(&question.kind))))
}

/// Whether these words say what would be done.
fn is_meant(approval: &Approval, words: &str) -> bool {
    let Deed::Tool {
        tool, arguments, ..
    } = &approval.deed
    else {
        return words == approval.deed.target().trim();
    };
    let (name, given) = words
        .split_once(char::is_whitespace)
        .unwrap_or((words, "{}"));
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    // Arguments that were too long to be told are no JSON any more, and cannot be allowed from here.
    name == tool && read(arguments).is_some_and(|all| read(given) == Some(all))
}

/// What `allow` has to be.
fn wanted(kind: &QuestionKind) -> String {
    match kind {
        QuestionKind::Question { .. } => "of no use here".to_owned(),
        QuestionKind::Plan { .. } => format!("\"{PLAN}\""),
        QuestionKind::Approval(approval) => match &approval.deed {
            Deed::Tool {
                tool, arguments, ..
            } => format!("the name and the arguments: {tool} {arguments}"),
            deed => format!("exactly: {}", deed.target()),
        },
    }
}

/// A question in words, with what can be answered; `question` is clean.
#[must_use]
pub fn words(question: &Question, asker: &str) -> String {
    let number = question.id.0;
    let mut text = format!("question {number}: {asker} ");
    match &question.kind {
        QuestionKind::Question { options } => {
            let _ = write!(text, "asks: {}", question.text.trim());
            for (number, option) in (1..).zip(options) {
                let _ = write!(text, "\n  option {number}: {option}");
            }
            text.push_str("\n  run_answer takes text or skip");
            if !options.is_empty() {
                text.push_str(", or the number of an option");
            }
        }
        QuestionKind::Plan { plan } => {
            let _ = write!(
                text,
                "wants a plan approved:\n{plan}\n  run_answer takes allow: \"{PLAN}\", or refuse with \
                 why not"
            );
        }
        QuestionKind::Approval(approval) => {
            let _ = write!(text, "wants leave for {}: ", approval.tool);
            deed(&approval.deed, &mut text);
            for more in [&approval.why, &approval.held] {
                if !more.is_empty() {
                    let _ = write!(text, "\n  {more}");
                }
            }
            let _ = write!(
                text,
                "\n  run_answer takes refuse, or allow, which is {}",
                wanted(&question.kind)
            );
        }
    }
    let _ = write!(
        text,
        "\n  Agents wait {} s for it and then go on without.",
        question.seconds
    );
    text
}

fn deed(deed: &Deed, text: &mut String) {
    let _ = match deed {
        Deed::Command { line, folder } => write!(text, "run {line} in {folder}"),
        Deed::Read { path } => write!(text, "read {path}"),
        Deed::Write { path, diff } => write!(text, "write {path}\n{diff}"),
        Deed::Fetch { url } => write!(text, "fetch {url}"),
        Deed::Tool {
            tool,
            arguments,
            changed,
        } => write!(text, "call {tool} {arguments} {changed}"),
        Deed::Other { words } => write!(text, "{words}"),
    };
}

fn refused(what: &str) -> Failure {
    Failure::new(FailureKind::Request, clean::text(what).into_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::QuestionId;

    fn question(kind: QuestionKind) -> Question {
        Question {
            id: QuestionId(3),
            asker: None,
            text: "Which?".into(),
            kind,
            seconds: 60,
        }
    }

    fn leave(deed: Deed) -> Question {
        question(QuestionKind::Approval(Box::new(Approval {
            tool: "run_command".into(),
            deed,
            why: "no rule allows it".into(),
            always: None,
            held: String::new(),
            fixed: false,
        })))
    }

    fn reply(question: &Question, given: &Value) -> Result<Reply, String> {
        let mut whole = json!({"id": "latest", "question": 3});
        for (key, value) in given.as_object().into_iter().flatten() {
            whole[key] = value.clone();
        }
        let answer: Answer = serde_json::from_value(whole).expect("an answer");
        answer.reply(question).map_err(|failure| failure.words())
    }

    #[test]
    fn leave_is_given_by_saying_what_is_allowed() {
        let command = leave(Deed::Command {
            line: "npm test".into(),
            folder: ".".into(),
        });
        let said = |given: Value| reply(&command, &given);
        assert_eq!(said(json!({"allow": "npm test"})), Ok(Reply::Approved));
        for wrong in ["yes", "npm", "plan", ""] {
            let told = said(json!({ "allow": wrong })).expect_err(wrong);
            assert!(told.contains("exactly: npm test"), "{told}");
        }
        assert!(said(json!({"option": 1})).is_err());
        assert!(said(json!({})).is_err());
        assert!(said(json!({"allow": "npm test", "refuse": "no"})).is_err());
        assert_eq!(
            said(json!({"refuse": "no"})),
            Ok(Reply::Rejected("no".into()))
        );
        let told = words(&command, "ada");
        assert!(told.contains("ada wants leave for run_command: run npm test in ."));
        let tool = |arguments: &str| {
            leave(Deed::Tool {
                tool: "mcp__db__drop".into(),
                arguments: arguments.into(),
                changed: String::new(),
            })
        };
        let given = json!({"allow": "mcp__db__drop {\"b\": 1, \"a\": 2}"});
        let whole = tool("{\n  \"a\": 2,\n  \"b\": 1\n}");
        assert_eq!(reply(&whole, &given), Ok(Reply::Approved));
        assert!(reply(&whole, &json!({"allow": "mcp__db__drop"})).is_err());
        assert!(reply(&tool("{\n… 9 bytes more"), &given).is_err());
    }

    #[test]
    fn questions_and_plans_are_answered_in_their_own_way() {
        let choice = question(QuestionKind::Question {
            options: vec!["a".into(), "b".into()],
        });
        assert_eq!(reply(&choice, &json!({"option": 2})), Ok(Reply::Option(2)));
        assert!(reply(&choice, &json!({"option": 3})).is_err());
        assert!(reply(&choice, &json!({"allow": "a"})).is_err());
        assert_eq!(reply(&choice, &json!({"skip": true})), Ok(Reply::Skipped));
        assert!(words(&choice, "ada").contains("option 2: b"));
        let plan = question(QuestionKind::Plan {
            plan: "1. x".into(),
        });
        assert_eq!(reply(&plan, &json!({"allow": "plan"})), Ok(Reply::Approved));
        assert!(reply(&plan, &json!({"allow": "yes"})).is_err());
        assert!(words(&plan, "ada").contains("1. x"));
    }
}
