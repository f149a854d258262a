//! What a file in the inbox says: a message to agents, or an answer to a question. Pure.

use crate::protocol::{
    AgentCard, Command, Question, QuestionId, QuestionKind, Reply, SteerMode, Target,
    address::address,
};

/// What a file came to: the command, and the receipt in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// What is asked of the session.
    pub command: Command,
    /// For the person.
    pub receipt: String,
}

/// Reads a file whose name is complete and whose content is whole.
///
/// # Errors
/// Why it is refused, for the person.
pub fn read(
    name: &str,
    content: &str,
    team: &[AgentCard],
    waiting: &[Question],
) -> Result<Taken, String> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    match question(stem) {
        Some(id) => answer(id, content, waiting),
        None => message(content, team),
    }
}

/// The question that a file name such as `q3.md` answers.
fn question(stem: &str) -> Option<QuestionId> {
    let digits = stem.strip_prefix('q')?;
    let whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    whole.then(|| digits.parse().ok().map(QuestionId))?
}

fn answer(id: QuestionId, content: &str, waiting: &[Question]) -> Result<Taken, String> {
    let question = waiting
        .iter()
        .find(|question| question.id == id)
        .ok_or_else(|| format!("{id} is not waiting for an answer."))?;
    let text = content.trim();
    if text.is_empty() {
        return Err("The file is empty. Write `skip` to skip the question.".into());
    }
    let first = text.split_whitespace().next().unwrap_or_default();
    let word = first.trim_end_matches(':').to_lowercase();
    let rest = text[first.len()..].trim();
    let reply = match (&question.kind, word.as_str()) {
        (_, "skip") if rest.is_empty() => Reply::Skipped,
        (QuestionKind::Plan { .. }, "approve" | "approved") if rest.is_empty() => Reply::Approved,
        (QuestionKind::Plan { .. }, "reject" | "rejected") => Reply::Rejected(rest.to_owned()),
        (QuestionKind::Plan { .. }, _) => Reply::Edited(text.to_owned()),
        (QuestionKind::Approval(_), "yes" | "y" | "approve" | "approved") if rest.is_empty() => {
            Reply::Approved
        }
        (QuestionKind::Approval(_), "always") if rest.is_empty() => Reply::Always,
        (QuestionKind::Approval(_), "edit" | "run") => Reply::Edited(rest.to_owned()),
        // Whatever is not a clear yes is a no: a stray word must not run a command.
        (QuestionKind::Approval(_), "no" | "n" | "reject" | "rejected") => {
            Reply::Rejected(rest.to_owned())
        }
        (QuestionKind::Approval(_), _) => Reply::Rejected(text.to_owned()),
        (QuestionKind::Question { options }, number) if !options.is_empty() && rest.is_empty() => {
            number
                .parse()
                .map_or_else(|_| Reply::Text(text.to_owned()), Reply::Option)
        }
        (QuestionKind::Question { .. }, _) => Reply::Text(text.to_owned()),
    };
    match question.objection(&reply) {
        Some(why) => Err(why),
        None => Ok(Taken {
            receipt: format!("answer to {id}: {}", question.words(&reply)),
            command: Command::Answer { id, reply },
        }),
    }
}

fn message(content: &str, team: &[AgentCard]) -> Result<Taken, String> {
    let mut target = Target::All;
    let mut mode = SteerMode::Queue;
    let mut rest = content.trim_start_matches('\u{feff}').trim_start();
    // At most a few lines of settings stand before the words.
    for _ in 0..4 {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let Some(settings) = settings(line) else {
            break;
        };
        for (key, value) in settings {
            match (key, value.to_lowercase().as_str()) {
                ("to", _) => target = address(&value, team)?,
                (_, "now") => mode = SteerMode::Now,
                (_, "queue") => mode = SteerMode::Queue,
                (_, other) => {
                    return Err(format!(
                        "\"{other}\" is no mode; write `mode: now` or `mode: queue`."
                    ));
                }
            }
        }
        rest = after;
    }
    let text = rest.trim();
    if text.is_empty() {
        return Err("There are no words for the agents in it.".into());
    }
    let names: Vec<&str> = team
        .iter()
        .filter(|card| target.includes(card.id))
        .map(|card| card.name.as_str())
        .collect();
    let how = match mode {
        SteerMode::Queue => "at their next safe point",
        SteerMode::Now => "at once",
    };
    Ok(Taken {
        receipt: format!("message to {}, {how}", names.join(", ")),
        command: Command::Steer {
            target,
            text: text.to_owned(),
            mode,
        },
    })
}

/// `to: 1,3`, `mode: now`, or both on one line; `None` for any other line.
fn settings(line: &str) -> Option<Vec<(&'static str, String)>> {
    let line = line.trim();
    let lower = line.to_ascii_lowercase();
    let mut places: Vec<(usize, &'static str)> = ["to:", "mode:"]
        .into_iter()
        .filter_map(|key| {
            let at = lower.find(key)?;
            let free = at == 0 || lower[..at].ends_with([' ', ';', '\t']);
            free.then_some((at, key))
        })
        .collect();
    places.sort_unstable();
    if places.first()?.0 != 0 {
        return None;
    }
    let mut found = Vec::new();
    for (index, (at, key)) in places.iter().enumerate() {
        let end = places.get(index + 1).map_or(line.len(), |(next, _)| *next);
        let value = line[at + key.len()..end]
            .trim()
            .trim_end_matches(';')
            .trim();
        // "to: the point" is a sentence, and a long one is no list of agents.
        if *key == "mode:" && value.split_whitespace().count() != 1 {
            return None;
        }
        found.push((key.trim_end_matches(':'), value.to_owned()));
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::AgentId;

    fn team() -> Vec<AgentCard> {
        [("mia", 2), ("noah", 3), ("ada", 1)]
            .map(|(name, id)| AgentCard {
                id: AgentId(id),
                name: name.into(),
                model: String::new(),
                backend: String::new(),
            })
            .into()
    }

    fn waiting() -> Vec<Question> {
        let question = |id, kind| Question {
            id: QuestionId(id),
            asker: None,
            text: "?".into(),
            kind,
            seconds: 60,
        };
        vec![
            question(
                1,
                QuestionKind::Question {
                    options: vec!["a".into(), "b".into()],
                },
            ),
            question(2, QuestionKind::Plan { plan: "p".into() }),
            question(3, QuestionKind::Question { options: vec![] }),
        ]
    }

    #[test]
    fn messages_name_their_hearers_and_their_hurry() {
        use SteerMode::{Now, Queue};
        let one = Target::One(AgentId(2));
        let two = Target::Several(vec![AgentId(1), AgentId(2)]);
        for (content, target, mode, text) in [
            ("look again\n", Target::All, Queue, "look again"),
            ("to: 1,3\nlook", two.clone(), Queue, "look"),
            (
                "To: mia mode: NOW\n\nlook\nthere",
                one.clone(),
                Now,
                "look\nthere",
            ),
            ("mode: now\nto: 1 ada\nlook", two, Now, "look"),
            ("\u{feff}to: 1\r\nlook", one, Queue, "look"),
            ("come to: nobody", Target::All, Queue, "come to: nobody"),
        ] {
            let taken = read("note.md", content, &team(), &[]).expect(content);
            let text = text.to_owned();
            assert_eq!(
                taken.command,
                Command::Steer { target, text, mode },
                "{content}"
            );
        }
        for (content, told) in [
            ("to: 9\nlook", "is no agent"),
            ("mode: soon\nlook", "is no mode"),
            ("to: 1\n", "no words"),
            ("", "no words"),
        ] {
            let why = read("note.txt", content, &team(), &[]).expect_err(content);
            assert!(why.contains(told), "{why}");
        }
    }

    #[test]
    fn answers_fit_their_question() {
        for (name, content, reply) in [
            ("q1.md", "2\n", Reply::Option(2)),
            ("q1.txt", "neither", Reply::Text("neither".into())),
            ("q1.md", "skip", Reply::Skipped),
            ("q2.md", "approve", Reply::Approved),
            (
                "q2.md",
                "reject: too long",
                Reply::Rejected("too long".into()),
            ),
            (
                "q2.md",
                "1. other plan",
                Reply::Edited("1. other plan".into()),
            ),
            ("q3.md", "2", Reply::Text("2".into())),
        ] {
            let taken = read(name, content, &team(), &waiting()).expect(content);
            let Command::Answer { reply: got, .. } = taken.command else {
                panic!("an answer");
            };
            assert_eq!(got, reply, "{name}: {content}");
        }
        for (name, content, told) in [
            ("q9.md", "yes", "q9 is not waiting"),
            ("q1.md", "7", "options 1 to 2"),
            ("q1.md", " ", "empty"),
        ] {
            let why = read(name, content, &team(), &waiting()).expect_err(name);
            assert!(why.contains(told), "{why}");
        }
    }

    proptest! {
        /// Whatever lies in the folder is read or refused.
        #[test]
        fn any_file_is_read_or_refused(name in "[q0-9a-z.]{1,8}", content in any::<String>()) {
            let _ = read(&name, &content, &team(), &waiting());
            let _ = read("note.md", &format!("to: {content}\nmode: {content}\n{content}"), &team(), &[]);
        }
    }
}
