//! What coordinators write, read strictly, with a fallback for everything that is not there.
//!
//! Pure and total. The text comes from a model: sizes are bounded, unknown agents are left out, a
//! circle of parts loses its order.

use serde_json::Value;

use crate::protocol::{
    AgentId,
    rules::{Part, Persona, Personas, circle},
    stage::{Chunk, Source},
};

/// Longest words of one part or persona, in bytes.
const LONGEST: usize = 4 * 1024;
/// Longest title of a chunk, in characters.
const TITLE: usize = 60;

/// `{"subtasks": {"agent1": {"subtask": "…", "after": ["agent2"]}}}` for this team.
pub(super) fn parts(text: Option<&str>, team: &[AgentId]) -> (Vec<Part>, Source) {
    let map = text.and_then(object);
    let list = map.as_ref().and_then(|map| map.get("subtasks"));
    let mut parts = Vec::new();
    let mut made = 0;
    for (at, agent) in team.iter().enumerate() {
        let entry = list.and_then(|list| list.get(agent.to_string()));
        let words = entry.and_then(|entry| said(entry.get("subtask").unwrap_or(entry)));
        made += usize::from(words.is_some());
        let after = entry.and_then(|entry| entry.get("after"));
        let after = after.and_then(Value::as_array).into_iter().flatten();
        let after: Vec<AgentId> = after
            .filter_map(|name| name.as_str()?.parse().ok())
            .filter(|on| team.contains(on))
            .collect();
        let share = format!(
            "Your own share, number {} of {}, of the whole task.",
            at + 1,
            team.len()
        );
        parts.push(match (words, list.is_some()) {
            (Some(text), _) => Part {
                agent: *agent,
                text,
                after,
            },
            (None, true) => free(
                *agent,
                "Whatever the task needs and the other parts do not cover.".into(),
            ),
            (None, false) => free(*agent, share),
        });
    }
    let round = circle(&parts).is_some();
    if round {
        for part in &mut parts {
            part.after.clear();
        }
    }
    let source = match made {
        0 => Source::Fallback,
        _ if made == team.len() && !round => Source::Made,
        _ => Source::Completed,
    };
    if source == Source::Fallback {
        for (at, part) in parts.iter_mut().enumerate() {
            let number = at + 1;
            let of = team.len();
            part.text = format!("Your own share, number {number} of {of}, of the whole task.");
        }
    }
    (parts, source)
}

fn free(agent: AgentId, text: String) -> Part {
    Part {
        agent,
        text,
        after: Vec::new(),
    }
}

/// `{"personas": {"agent1": "…"}}` for this team; given personas stay.
pub(super) fn personas(
    text: Option<&str>,
    team: &[AgentId],
    given: &Personas,
) -> (Vec<Persona>, Source) {
    let map = text.and_then(object);
    let list = map.as_ref().and_then(|map| map.get("personas"));
    let mut made = 0;
    let mut wanted = 0;
    let mut personas = Vec::new();
    for (at, agent) in team.iter().enumerate() {
        let own = given.of(*agent);
        let role = own.map_or_else(String::new, |one| one.role.clone());
        if let Some(own) = own.filter(|one| !one.text.is_empty()) {
            personas.push(own.clone());
            continue;
        }
        wanted += 1;
        let entry = list.and_then(|list| list.get(agent.to_string()));
        let words = entry.and_then(|entry| said(entry.get("persona").unwrap_or(entry)));
        made += usize::from(words.is_some());
        personas.push(Persona {
            agent: *agent,
            role,
            text: words.unwrap_or_else(|| USUAL[at % USUAL.len()].to_owned()),
        });
    }
    let source = match made {
        0 => Source::Fallback,
        _ if made == wanted => Source::Made,
        _ => Source::Completed,
    };
    (personas, source)
}

/// Personas for when nobody makes any.
const USUAL: [&str; 5] = [
    "Begin with what could go wrong: look for errors, edge cases and hidden assumptions first.",
    "Begin with the simplest thing that could possibly answer the task, and add only what it lacks.",
    "Work from first principles: derive the answer step by step and trust no received wisdom.",
    "Think of the person who will use the answer: what do they do with it, and what do they need?",
    "Look at the task from an unusual side: which answer would nobody else in the team think of?",
];

/// A plan in chunks: one per `## ` heading, else one per item of its numbered list, else all of it.
/// What is beyond `most` joins the last one.
pub(super) fn chunks(text: &str, most: u32) -> Vec<Chunk> {
    let heading = |line: &str| line.strip_prefix("## ").map(str::to_owned);
    let numbered = |line: &str| {
        let (number, rest) = line.split_once(['.', ')'])?;
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        (digits && rest.starts_with(' ')).then(|| rest.trim().to_owned())
    };
    let mut chunks = split(text, heading);
    if chunks.is_empty() {
        chunks = split(text, numbered);
    }
    if chunks.is_empty() {
        chunks.push(Chunk {
            title: "the whole plan".to_owned(),
            text: text.trim().to_owned(),
        });
    }
    let most = usize::try_from(most.max(1)).unwrap_or(usize::MAX);
    if chunks.len() > most {
        let rest = chunks.split_off(most);
        if let Some(last) = chunks.last_mut() {
            last.title = format!("{} (and {} more)", last.title, rest.len());
            for chunk in rest {
                last.text = format!("{}\n\n{}\n\n{}", last.text, chunk.title, chunk.text);
            }
        }
    }
    chunks
}

fn split(text: &str, begins: impl Fn(&str) -> Option<String>) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = Vec::new();
    for line in text.lines() {
        if let Some(title) = begins(line) {
            let plain = title.replace(['*', '`', '#'], "");
            let short: String = plain.trim().chars().take(TITLE).collect();
            chunks.push(Chunk {
                title: short,
                text: title.trim().to_owned(),
            });
        } else if let Some(chunk) = chunks.last_mut() {
            chunk.text.push('\n');
            chunk.text.push_str(line);
        }
    }
    for chunk in &mut chunks {
        chunk.text = chunk.text.trim().to_owned();
    }
    chunks.retain(|chunk| !chunk.title.is_empty());
    chunks
}

/// A text that says something, bounded.
fn said(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    let cut = text.floor_char_boundary(LONGEST);
    (!text.is_empty()).then(|| text[..cut].to_owned())
}

/// The object in a text: in a fence, or between the outermost braces.
fn object(text: &str) -> Option<Value> {
    let fenced = text
        .split("```")
        .skip(1)
        .step_by(2)
        .map(|block| block.trim_start_matches(|c: char| c.is_ascii_alphabetic()));
    let braces = text
        .find('{')
        .zip(text.rfind('}'))
        .and_then(|(from, to)| text.get(from..=to));
    fenced
        .chain(braces)
        .filter_map(|text| serde_json::from_str::<Value>(text.trim()).ok())
        .find(Value::is_object)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEAM: [AgentId; 2] = [AgentId(1), AgentId(2)];

    #[test]
    fn parts_are_read_from_what_models_write() {
        let check = |text: Option<&str>, first: &str, after: &[u16], source: Source| {
            let (parts, got) = super::parts(text, &TEAM);
            assert_eq!(got, source, "{text:?}");
            assert_eq!(parts.len(), 2);
            assert!(parts[0].text.starts_with(first), "{:?}", parts[0]);
            let on: Vec<u16> = parts[1].after.iter().map(|id| id.0).collect();
            assert_eq!(on, after);
        };
        let good = r#"{"subtasks": {"agent1": {"subtask": "front"}, "agent2": {"subtask": "back", "after": ["agent1", "agent7"]}}}"#;
        check(Some(good), "front", &[1], Source::Made);
        let fenced = format!("Here it is:\n```json\n{good}\n```\nDone.");
        check(Some(&fenced), "front", &[1], Source::Made);
        let short = r#"{"subtasks": {"agent1": "front"}}"#;
        check(Some(short), "front", &[], Source::Completed);
        let round = r#"{"subtasks": {"agent1": {"subtask": "a", "after": ["agent2"]}, "agent2": {"subtask": "b", "after": ["agent1"]}}}"#;
        check(Some(round), "a", &[], Source::Completed);
        for nonsense in [
            "",
            "no",
            "{",
            "[1]",
            r#"{"subtasks": 3}"#,
            r#"{"agent1": "x"}"#,
        ] {
            check(
                Some(nonsense),
                "Your own share, number 1 of 2",
                &[],
                Source::Fallback,
            );
        }
        check(None, "Your own share, number 1 of 2", &[], Source::Fallback);
    }

    #[test]
    fn personas_given_stay_and_missing_ones_are_filled_in() {
        let given = Personas {
            given: vec![Persona {
                agent: AgentId(2),
                role: "critic".into(),
                text: "doubt".into(),
            }],
            ..Personas::default()
        };
        let (got, source) = personas(Some(r#"{"personas": {"agent1": "hope"}}"#), &TEAM, &given);
        assert_eq!(
            (got[0].text.as_str(), got[1].text.as_str()),
            ("hope", "doubt")
        );
        assert_eq!(source, Source::Made);
        let (got, source) = personas(None, &TEAM, &Personas::default());
        assert_eq!(source, Source::Fallback);
        assert_ne!(got[0].text, got[1].text);
    }

    #[test]
    fn a_plan_is_cut_into_chunks() {
        let titles = |text: &str, most| {
            let chunks = chunks(text, most);
            chunks
                .into_iter()
                .map(|chunk| chunk.title)
                .collect::<Vec<_>>()
        };
        let plan = "Intro\n## **Collect**\n- a\n## Write\n- b\n### deeper\n## Check";
        assert_eq!(titles(plan, 5), ["Collect", "Write", "Check"]);
        assert_eq!(titles(plan, 2), ["Collect", "Write (and 1 more)"]);
        assert!(chunks(plan, 2)[1].text.contains("Check"));
        assert_eq!(
            titles("1. Collect\n   more\n2. Write", 5),
            ["Collect", "Write"]
        );
        assert_eq!(titles("just do it", 5), ["the whole plan"]);
        assert_eq!(titles("", 0), ["the whole plan"]);
    }

    proptest! {
        #[test]
        fn any_text_gives_a_part_for_everybody_and_at_least_one_chunk(
            text in "\\PC{0,200}|[{}\"a-z0-9:#. \n]{0,80}", most in 0_u32..4,
        ) {
            prop_assert_eq!(parts(Some(&text), &TEAM).0.len(), 2);
            prop_assert_eq!(personas(Some(&text), &TEAM, &Personas::default()).0.len(), 2);
            let chunks = chunks(&text, most);
            prop_assert!(!chunks.is_empty() && chunks.len() <= most.max(1) as usize);
        }
    }
}
