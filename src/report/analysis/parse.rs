//! A model's reply as claims: from a tool call, from structured output, from JSON in a text, or as the
//! plain text it is.
//!
//! Any bytes come to something bounded or to [`Nothing`]; nothing in a reply is believed here.

use serde_json::Value;

use super::{
    Shape, TOOL, Topic,
    repair::{self, Reading},
};
use crate::{protocol::ToolCall, text::clean};

/// Most claims that are kept.
const CLAIMS: usize = 100;
/// Most events of a claim.
const CITES: usize = 40;
/// Longest text of a claim, in characters.
const LONGEST: usize = 4_000;
/// Longest summary, in characters.
const SUMMARY: usize = 8_000;

/// What a reply says, unchecked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// In which shape it came.
    pub shape: Shape,
    /// What happened.
    pub summary: String,
    /// Topic, words, cited events.
    pub claims: Vec<(Topic, String, Vec<u64>)>,
}

/// The reply says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nothing;

/// Reads a reply: its text and its calls.
///
/// # Errors
/// There is nothing in it.
pub fn read(text: &str, calls: &[ToolCall]) -> Result<Draft, Nothing> {
    let call = calls
        .iter()
        .find(|call| call.name == TOOL)
        .or_else(|| calls.first());
    let from_call = call.and_then(|call| structured(&call.arguments));
    if let Some(draft) = from_call.or_else(|| structured(text)) {
        return Ok(draft);
    }
    if let Some(draft) = blocks(text) {
        return Ok(draft);
    }
    // JSON that says nothing says nothing as text either.
    if matches!(repair::json(text), Some(Reading::Sound(_))) {
        return Err(Nothing);
    }
    plain(text)
}

/// A reply that is JSON by itself.
fn structured(text: &str) -> Option<Draft> {
    let (value, shape) = match repair::json(text)? {
        Reading::Sound(value) => (value, Shape::AsAsked),
        Reading::Mended(value) => (value, Shape::Mended),
    };
    draft(&value, shape)
}

/// JSON somewhere in a text: in a fence, or from a bracket on.
fn blocks(text: &str) -> Option<Draft> {
    let fenced = text.split("```").skip(1).step_by(2).filter_map(|block| {
        let from = block.find(['{', '['])?;
        block.get(from..)
    });
    if let Some(draft) = fenced.filter_map(structured).last() {
        return Some(draft);
    }
    let from = text.find('{')?;
    let draft = structured(text.get(from..)?)?;
    // Words before it were not asked for.
    Some(Draft {
        shape: Shape::Mended,
        ..draft
    })
}

/// Claims from JSON, whatever a model calls their parts.
fn draft(value: &Value, shape: Shape) -> Option<Draft> {
    // Some put the object into another one, or into a string.
    let inner = ["analysis", "arguments", "parameters", TOOL];
    let value = inner
        .iter()
        .find_map(|key| value.get(*key).filter(|inner| inner.is_object()))
        .unwrap_or(value);
    let text = |keys: &[&str]| {
        let found = keys.iter().find_map(|key| value.get(*key)?.as_str());
        found.map(|text| tidy(text, SUMMARY)).unwrap_or_default()
    };
    let summary = text(&["summary", "overview", "conclusion"]);
    let lists = ["claims", "findings", "observations", "advice"];
    let mut claims: Vec<(Topic, String, Vec<u64>)> = Vec::new();
    for key in lists {
        let fallback = if key == "advice" {
            Topic::Advice
        } else {
            Topic::Other
        };
        let items = value.get(key).and_then(Value::as_array);
        claims.extend(
            items
                .into_iter()
                .flatten()
                .filter_map(|item| claim(item, fallback)),
        );
    }
    if let Some(items) = value.as_array() {
        claims.extend(items.iter().filter_map(|item| claim(item, Topic::Other)));
    }
    claims.truncate(CLAIMS);
    (!summary.is_empty() || !claims.is_empty()).then_some(Draft {
        shape,
        summary,
        claims,
    })
}

fn claim(item: &Value, fallback: Topic) -> Option<(Topic, String, Vec<u64>)> {
    if let Some(text) = item.as_str() {
        let text = tidy(text, LONGEST);
        let cites = numbers(&text);
        return (!text.is_empty()).then_some((fallback, text, cites));
    }
    let mut keys = ["text", "claim", "statement", "description", "finding"].iter();
    let text = tidy(keys.find_map(|key| item.get(*key)?.as_str())?, LONGEST);
    if text.is_empty() {
        return None;
    }
    let topic = item.get("topic").and_then(Value::as_str);
    let mut keys = ["events", "event", "evidence", "event_ids", "cites"].iter();
    let cited = keys.find_map(|key| item.get(*key));
    let mut cites = Vec::new();
    match cited {
        Some(Value::Array(list)) => list.iter().for_each(|one| cites.extend(number(one))),
        Some(one) => cites.extend(number(one)),
        None => cites = numbers(&text),
    }
    let mut seen = Vec::new();
    cites.retain(|cite| {
        !seen.contains(cite) && seen.len() < CITES && {
            seen.push(*cite);
            true
        }
    });
    Some((topic.map_or(fallback, topic_of), text, cites))
}

fn topic_of(word: &str) -> Topic {
    let word = word.trim().to_lowercase();
    let mut all = Topic::ALL.into_iter();
    all.find(|topic| topic.key() == word).unwrap_or_default()
}

/// Numbers of events in a value: `12`, `"e12"`, `"[e12]"`, `"12"`, `"e12-e14"`.
fn number(value: &Value) -> Vec<u64> {
    if let Some(number) = value.as_u64() {
        return vec![number];
    }
    let Some(text) = value.as_str() else {
        return Vec::new();
    };
    match text.trim().parse() {
        Ok(number) => vec![number],
        Err(_) => numbers(text),
    }
}

/// Numbers of events in a text: e12, also behind a bracket or in a row.
fn numbers(text: &str) -> Vec<u64> {
    let mut numbers = Vec::new();
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    for word in words.take(20_000) {
        let digits = word.strip_prefix('e').or_else(|| word.strip_prefix('E'));
        if let Some(number) = digits.and_then(|digits| digits.parse().ok())
            && !numbers.contains(&number)
            && numbers.len() < CITES
        {
            numbers.push(number);
        }
    }
    numbers
}

/// A reply in no known form: each paragraph or point is a claim with the events that it names.
fn plain(text: &str) -> Result<Draft, Nothing> {
    let mut points: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        let line = line.trim();
        let point = line.trim_start_matches(['-', '*', '•', '#', ' ']);
        if line.is_empty() || line.starts_with("```") {
            open = false;
        } else if open && point.len() == line.len() {
            if let Some(last) = points.last_mut() {
                last.push(' ');
                last.push_str(line);
            }
        } else if point.chars().any(char::is_alphanumeric) {
            points.push(point.to_owned());
            open = true;
        }
    }
    let points: Vec<String> = points.iter().map(|point| tidy(point, LONGEST)).collect();
    if points.iter().all(String::is_empty) {
        return Err(Nothing);
    }
    let claims = points.into_iter().filter(|point| !point.is_empty());
    let claims = claims.map(|point| {
        let cites = numbers(&point);
        (Topic::Other, point, cites)
    });
    Ok(Draft {
        shape: Shape::Plain,
        summary: String::new(),
        claims: claims.take(CLAIMS).collect(),
    })
}

/// Outside text as one clean paragraph of bounded length.
fn tidy(text: &str, most: usize) -> String {
    let cut = text.char_indices().nth(most.saturating_mul(2));
    let text = cut.map_or(text, |(at, _)| text.get(..at).unwrap_or_default());
    let clean = clean::text(text);
    let words: Vec<&str> = clean.split_whitespace().collect();
    let mut text = words.join(" ");
    if let Some((at, _)) = text.char_indices().nth(most) {
        text.truncate(at);
        text.push('…');
    }
    text
}
