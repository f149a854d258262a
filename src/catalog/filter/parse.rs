//! From what a person typed to the words of a filter.
//!
//! Any text gives words or one [`Wrong`]; nothing here panics, and a place of an error always lies on
//! the borders of characters.

mod value;

use std::ops::Range;

use super::{
    Wrong,
    term::{Ended, Field, Figure, Ground, Is, Source, Term, Test},
};

/// What may stand before a colon.
const KEYS: &str = "outcome: winner: agent: model: tag: from: cost: turns: agents: answers: \
                    duration: files: notes: since: until: is: here:";

/// Values of `outcome:`.
const OUTCOMES: &[(&str, &[Ended])] = &[
    ("answered", &[Ended::Answered]),
    ("failed", &[Ended::NoAnswer, Ended::Damaged, Ended::Crashed]),
    ("no-answer", &[Ended::NoAnswer]),
    ("cancelled", &[Ended::Cancelled]),
    ("crashed", &[Ended::Crashed]),
    ("unfinished", &[Ended::Crashed, Ended::Running]),
    ("damaged", &[Ended::Damaged]),
    ("running", &[Ended::Running]),
];

/// Values of `is:`.
const IS: &[(&str, &[Is])] = &[
    ("pinned", &[Is::Pinned]),
    ("archived", &[Is::Archived]),
    ("live", &[Is::Live]),
    ("analysed", &[Is::Analysed]),
    ("analyzed", &[Is::Analysed]),
    ("demo", &[Is::Demo]),
    ("deleted", &[Is::Deleted]),
    ("noted", &[Is::Noted]),
    ("tagged", &[Is::Tagged]),
];

/// Values of `from:`.
const SOURCES: &[(&str, &[Source])] = &[("ours", &[Source::Ours]), ("massgen", &[Source::MassGen])];

/// A piece of the text between blanks.
#[derive(Debug)]
struct Piece {
    at: Range<usize>,
    /// With its quotes.
    raw: String,
}

/// One value and where it stands.
#[derive(Debug)]
struct Value {
    at: Range<usize>,
    text: String,
}

pub(super) fn terms(text: &str, ground: &Ground) -> Result<Vec<Term>, Wrong> {
    let pieces = pieces(text)?;
    pieces.iter().map(|piece| term(piece, ground)).collect()
}

/// Cuts at blanks that are not quoted.
fn pieces(text: &str) -> Result<Vec<Piece>, Wrong> {
    let mut pieces = Vec::new();
    let mut open: Option<usize> = None;
    let mut start: Option<usize> = None;
    for (at, c) in text.char_indices() {
        if c == '"' {
            open = if open.is_some() { None } else { Some(at) };
        }
        if c.is_whitespace() && open.is_none() {
            pieces.extend(start.take().map(|start| piece(text, start..at)));
        } else {
            start.get_or_insert(at);
        }
    }
    if let Some(at) = open {
        return Err(wrong(
            at..text.len(),
            "A quote is open.",
            "End it with another \".",
        ));
    }
    pieces.extend(start.map(|start| piece(text, start..text.len())));
    Ok(pieces)
}

fn piece(text: &str, at: Range<usize>) -> Piece {
    let raw = text.get(at.clone()).unwrap_or_default().to_owned();
    Piece { at, raw }
}

fn term(piece: &Piece, ground: &Ground) -> Result<Term, Wrong> {
    let (not, raw, start) = match piece.raw.strip_prefix('-') {
        Some(rest) if !rest.is_empty() => (true, rest, piece.at.start + 1),
        _ => (false, piece.raw.as_str(), piece.at.start),
    };
    let test = match unquoted(raw, ':') {
        Some(colon) => {
            let key = raw.get(..colon).unwrap_or_default();
            let rest = raw.get(colon + 1..).unwrap_or_default();
            keyed(key, rest, start, ground)?
        }
        None => Test::Word(plain(raw).to_lowercase()),
    };
    Ok(Term { not, test })
}

/// The place of the first `c` outside quotes.
fn unquoted(text: &str, c: char) -> Option<usize> {
    let mut open = false;
    text.char_indices().find_map(|(at, other)| {
        open ^= other == '"';
        (other == c && !open).then_some(at)
    })
}

/// Without its quotes.
fn plain(text: &str) -> String {
    text.chars().filter(|c| *c != '"').collect()
}

/// `key:rest`, where `start` is the place of the key.
fn keyed(key: &str, rest: &str, start: usize, ground: &Ground) -> Result<Test, Wrong> {
    let all = start..start + key.len() + 1 + rest.len();
    let lower = key.to_lowercase();
    if lower == "here" {
        return here(rest, all, ground);
    }
    let values = values(rest, start + key.len() + 1);
    let needs = |example: &str| {
        wrong(
            all.clone(),
            format!("{lower}: needs a value."),
            format!("For example {lower}:{example}."),
        )
    };
    let text = |field, example| {
        if values.is_empty() {
            return Err(needs(example));
        }
        let values = values.iter().map(|value| value.text.to_lowercase());
        Ok(Test::Text(field, values.collect()))
    };
    let figure = |figure, example| {
        if values.is_empty() {
            return Err(needs(example));
        }
        let ranges = values
            .iter()
            .map(|value| value::bounds(&lower, figure, value));
        Ok(Test::Figure(figure, ranges.collect::<Result<_, _>>()?))
    };
    match lower.as_str() {
        "outcome" => Ok(Test::Outcome(chosen(&lower, &values, &all, OUTCOMES)?)),
        "is" => Ok(Test::Is(chosen(&lower, &values, &all, IS)?)),
        "from" => Ok(Test::From(chosen(&lower, &values, &all, SOURCES)?)),
        "winner" => text(Field::Winner, "critic"),
        "agent" => text(Field::Agent, "critic"),
        "model" => text(Field::Model, "qwen"),
        "tag" if values.is_empty() => Err(needs("good")),
        "tag" => tags(&values),
        "cost" => figure(Figure::Cost, ">1"),
        "turns" => figure(Figure::Turns, ">1"),
        "agents" => figure(Figure::Agents, "3"),
        "answers" => figure(Figure::Answers, ">3"),
        "duration" => figure(Figure::Duration, ">5m"),
        "files" => figure(Figure::Files, ">0"),
        "notes" => figure(Figure::Notes, ">0"),
        "since" | "until" => match values.as_slice() {
            [] => Err(needs("2d")),
            [one] if lower == "since" => Ok(Test::Since(value::since(one, ground)?)),
            [one] => Ok(Test::Before(value::until(one, ground)?)),
            [_, other, ..] => Err(wrong(
                other.at.clone(),
                format!("{lower}: takes one day."),
                "Leave the others out.",
            )),
        },
        _ => Err(wrong(
            all,
            format!("{key}: is no word of the filter."),
            format!("There are {KEYS} To search for a colon, put quotes round it."),
        )),
    }
}

fn here(rest: &str, all: Range<usize>, ground: &Ground) -> Result<Test, Wrong> {
    if !rest.is_empty() {
        return Err(wrong(
            all,
            "here: takes no value.",
            "It means the folder of this project.",
        ));
    }
    match &ground.here {
        Some(folder) => Ok(Test::Here(folder.clone())),
        None => Err(wrong(
            all,
            "There is no project folder here.",
            "Leave here: out.",
        )),
    }
}

/// The values between commas that are not quoted; empty ones are left out.
fn values(rest: &str, start: usize) -> Vec<Value> {
    let mut values = Vec::new();
    let (mut at, mut left) = (start, rest);
    loop {
        let cut = unquoted(left, ',');
        let one = left.get(..cut.unwrap_or(left.len())).unwrap_or_default();
        let text = plain(one);
        if !text.trim().is_empty() {
            values.push(Value {
                at: at..at + one.len(),
                text,
            });
        }
        let Some(cut) = cut else {
            return values;
        };
        at += cut + 1;
        left = left.get(cut + 1..).unwrap_or_default();
    }
}

/// What a closed list of words has for the values.
fn chosen<T: Copy>(
    key: &str,
    values: &[Value],
    all: &Range<usize>,
    known: &[(&str, &[T])],
) -> Result<Vec<T>, Wrong> {
    let list = || {
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        format!("There are {}.", words.join(", "))
    };
    if values.is_empty() {
        return Err(wrong(all.clone(), format!("{key}: needs a value."), list()));
    }
    let mut chosen = Vec::new();
    for value in values {
        let word = value.text.trim().to_lowercase().replace([' ', '_'], "-");
        match known.iter().find(|(known, _)| *known == word) {
            Some((_, means)) => chosen.extend_from_slice(means),
            None => {
                return Err(wrong(
                    value.at.clone(),
                    format!("{key}:{} is not known.", value.text),
                    list(),
                ));
            }
        }
    }
    Ok(chosen)
}

fn tags(values: &[Value]) -> Result<Test, Wrong> {
    let tags = values.iter().map(|value| {
        crate::catalog::tag(&value.text)
            .map_err(|error| wrong(value.at.clone(), error.to_string(), "Write tag:good."))
    });
    Ok(Test::Tag(tags.collect::<Result<_, _>>()?))
}

fn wrong(at: Range<usize>, what: impl Into<String>, hint: impl Into<String>) -> Wrong {
    Wrong {
        at,
        what: what.into(),
        hint: hint.into(),
    }
}
