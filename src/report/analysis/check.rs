//! Claims held against the log: whether the events are there, and whether an answer is judged.

use super::{super::Of, Cited, Claim, Draft, Evidence, Found};

/// Words that judge whether something is right.
const JUDGES: &[&str] = &[
    "correct",
    "correctly",
    "incorrect",
    "incorrectly",
    "right answer",
    "is right",
    "are right",
    "was right",
    "were right",
    "is wrong",
    "was wrong",
    "are wrong",
    "wrong answer",
    "wrongly",
    "accurate",
    "inaccurate",
    "erroneous",
    "true answer",
    "is true",
    "is false",
    "factually",
    "best answer",
    "mistaken",
];

/// The claims of a draft, checked against the turn and what was shown of it. `exists` knows the
/// numbers of the events of the log.
#[must_use]
pub fn check(
    draft: &Draft,
    turn: &Of,
    evidence: &Evidence,
    exists: &dyn Fn(u64) -> bool,
) -> Vec<Claim> {
    let (first, last) = turn.part.events;
    let found = |event: u64| {
        let shown = |span: &(u64, u64)| (span.0..=span.1).contains(&event);
        if !(first..=last).contains(&event) || !exists(event) {
            Found::No
        } else if evidence.shown.iter().any(shown) {
            Found::Yes
        } else {
            Found::NotShown
        }
    };
    let claims = draft.claims.iter();
    claims
        .map(|(topic, text, cites)| Claim {
            topic: *topic,
            text: text.clone(),
            cites: cites
                .iter()
                .map(|&event| Cited {
                    event,
                    found: found(event),
                })
                .collect(),
            judges: judges(text),
        })
        .collect()
}

/// True for words that say whether something is right.
pub(super) fn judges(text: &str) -> bool {
    let letters = text.to_lowercase();
    let words: Vec<&str> = letters
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let line = format!(" {} ", words.join(" "));
    JUDGES
        .iter()
        .any(|judge| line.contains(&format!(" {judge} ")))
}
