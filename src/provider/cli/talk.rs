//! Which part of a conversation a program does not know yet. Pure.
//!
//! A program keeps its own conversation. A request that begins with everything the last one held
//! continues it, and only the rest is told; anything else is a new conversation, told from the start.

use std::fmt::Write as _;

use crate::protocol::Message;

/// How a request follows the one before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It does not: a new conversation.
    Fresh,
    /// It continues.
    Further(Further),
}

/// What is new.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Further {
    /// Results of calls: call id and text.
    pub results: Vec<(String, String)>,
    /// Words of the user.
    pub words: String,
    /// What the program said since, as the conversation has it.
    pub said: String,
}

impl Further {
    /// All of it as a prompt. `cut` says that the reply was interrupted, so that the program may not
    /// know how far it got.
    #[must_use]
    pub fn prompt(&self, cut: bool) -> String {
        let mut parts = Vec::new();
        if cut {
            let so_far = self.said.trim();
            parts.push(if so_far.is_empty() {
                "You were interrupted.".to_owned()
            } else {
                format!("You were interrupted. So far you had said:\n\n{so_far}")
            });
        }
        parts.extend(self.results.iter().map(|(_, text)| text.clone()));
        if !self.words.trim().is_empty() {
            parts.push(self.words.clone());
        }
        if parts.is_empty() || (cut && parts.len() == 1) {
            parts.push("Go on where you stopped.".to_owned());
            parts.join("\n\n")
        } else {
            parts.join("\n\n")
        }
    }
}

/// Compares a request with what the program knows.
#[must_use]
pub fn step(known: Option<&[Message]>, now: &[Message]) -> Step {
    let Some(known) = known.filter(|known| !known.is_empty()) else {
        return Step::Fresh;
    };
    let (head, last) = known.split_at(known.len() - 1);
    let (Some(begins), Some(rest)) = (now.get(..head.len()), now.get(known.len()..)) else {
        return Step::Fresh;
    };
    let mut further = Further::default();
    if begins != head {
        return Step::Fresh;
    }
    match (last.first(), now.get(head.len())) {
        (Some(before), Some(after)) if before == after => {}
        // Words of the user that follow each other are joined into one message.
        (Some(Message::User { text: before }), Some(Message::User { text: after })) => {
            match after.strip_prefix(before.as_str()) {
                Some(more) => further.words.push_str(more.trim_start()),
                None => return Step::Fresh,
            }
        }
        _ => return Step::Fresh,
    }
    for message in rest {
        match message {
            Message::System { .. } => return Step::Fresh,
            Message::Assistant { text, .. } => join(&mut further.said, text),
            Message::Tool { call_id, text, .. } => {
                further.results.push((call_id.clone(), text.clone()));
            }
            Message::User { text } => join(&mut further.words, text),
        }
    }
    Step::Further(further)
}

fn join(all: &mut String, text: &str) {
    if !all.is_empty() && !text.is_empty() {
        all.push_str("\n\n");
    }
    all.push_str(text);
}

/// The whole conversation for a program that knows nothing of it: instructions and prompt.
#[must_use]
pub fn whole(messages: &[Message]) -> (String, String) {
    let mut system = String::new();
    let mut rest = Vec::new();
    for message in messages {
        match message {
            Message::System { text } => join(&mut system, text),
            other => rest.push(other),
        }
    }
    if let [Message::User { text }] = rest.as_slice() {
        return (system, text.clone());
    }
    let mut prompt = String::from("The conversation so far; go on with it.\n");
    for message in rest {
        let _ = match message {
            Message::System { .. } => Ok(()),
            Message::User { text } => write!(prompt, "\n[User]\n{text}\n"),
            Message::Tool { name, text, .. } => write!(prompt, "\n[Result of {name}]\n{text}\n"),
            Message::Assistant { text, calls, .. } => {
                let mut told = write!(prompt, "\n[You]\n{text}\n");
                for call in calls {
                    told = told.and(writeln!(
                        prompt,
                        "[You called {} with {}]",
                        call.name, call.arguments
                    ));
                }
                told
            }
        };
    }
    (system, prompt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ToolCall;

    fn system(text: &str) -> Message {
        Message::System { text: text.into() }
    }

    fn user(text: &str) -> Message {
        Message::User { text: text.into() }
    }

    fn said(text: &str) -> Message {
        Message::Assistant {
            text: text.into(),
            calls: vec![ToolCall {
                id: "c".into(),
                name: "vote".into(),
                arguments: "{}".into(),
            }],
            carried: None,
        }
    }

    fn result(text: &str) -> Message {
        Message::Tool {
            call_id: "c".into(),
            name: "vote".into(),
            text: text.into(),
        }
    }

    #[test]
    fn only_what_is_new_is_told() {
        let known = [system("s"), user("task")];
        let further = |results: &[&str], words: &str, said: &str| {
            let results = results
                .iter()
                .map(|text| ("c".to_owned(), (*text).to_owned()))
                .collect();
            Step::Further(Further {
                results,
                words: words.into(),
                said: said.into(),
            })
        };
        for (now, expected) in [
            (
                vec![system("s"), user("task"), said("hm"), result("no")],
                further(&["no"], "", "hm"),
            ),
            (
                vec![
                    system("s"),
                    user("task"),
                    said(""),
                    result("no"),
                    user("more"),
                ],
                further(&["no"], "more", ""),
            ),
            (
                vec![system("s"), user("task\n\nmore")],
                further(&[], "more", ""),
            ),
            (vec![system("s"), user("task")], further(&[], "", "")),
            (vec![system("s"), user("other")], Step::Fresh),
            (vec![system("t"), user("task"), user("x")], Step::Fresh),
            (vec![system("s")], Step::Fresh),
            (vec![], Step::Fresh),
        ] {
            assert_eq!(step(Some(&known), &now), expected, "{now:?}");
        }
        assert_eq!(step(None, &known), Step::Fresh);
    }

    #[test]
    fn prompts() {
        let nothing = Further::default();
        assert_eq!(nothing.prompt(false), "Go on where you stopped.");
        let told = Further {
            words: "w".into(),
            said: "half".into(),
            ..Further::default()
        };
        assert_eq!(told.prompt(false), "w");
        assert!(told.prompt(true).contains("half") && told.prompt(true).ends_with('w'));
        let (instructions, prompt) = whole(&[system("s"), user("task"), said("hm"), result("no")]);
        assert_eq!(instructions, "s");
        for part in [
            "task",
            "hm",
            "[You called vote with {}]",
            "[Result of vote]\nno",
        ] {
            assert!(prompt.contains(part), "{part}: {prompt}");
        }
        assert_eq!(whole(&[system("s"), user("task")]).1, "task");
    }
}
