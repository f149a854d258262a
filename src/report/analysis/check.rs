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

/// Words after which "that" or "if" begins what is said to be open.
const KNOWING: &[&str] = &[
    "know",
    "known",
    "knows",
    "say",
    "says",
    "show",
    "shows",
    "tell",
    "tells",
    "told",
    "prove",
    "proves",
    "confirm",
    "confirms",
    "establish",
    "establishes",
];
/// Words that deny one of these.
const DENYING: &[&str] = &["not", "cannot", "t", "no", "nothing", "nobody", "never"];
/// Words before a judgement within which it may be left open.
const NEAR: usize = 8;

/// True for words that say whether something is right. "Whether it is right is not known" does not.
pub(super) fn judges(text: &str) -> bool {
    let letters = text.to_lowercase();
    // A judgement is left open within its own clause only.
    letters
        .split(['.', '!', '?', ';', ':', ',', '\n'])
        .any(clause)
}

fn clause(text: &str) -> bool {
    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    (0..words.len()).any(|place| {
        let (before, from) = words.split_at(place);
        let judging = JUDGES.iter().any(|judge| {
            let mut judge = judge.split(' ');
            let mut from = from.iter();
            judge.all(|word| from.next() == Some(&word))
        });
        judging && !left_open(before)
    })
}

/// Whether the words before a judgement say that it is not known.
fn left_open(before: &[&str]) -> bool {
    let near = before
        .get(before.len().saturating_sub(NEAR)..)
        .unwrap_or_default();
    let denied = |place: usize| {
        let mut ahead = near.iter().take(place).rev().take(3);
        ahead.any(|word| DENYING.contains(word))
    };
    let mut pairs = near.windows(2).enumerate();
    near.contains(&"whether")
        || pairs.any(|(place, pair)| match pair {
            [knowing, "that" | "if"] => KNOWING.contains(knowing) && denied(place),
            _ => false,
        })
}
