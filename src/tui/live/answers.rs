//! The page with every answer of a turn: each revision whole, or what changed from one to another.
//!
//! Compared is line by line, and within a line word by word: `[-gone-]` and `{+new+}` stand in it, as `git`
//! writes them, so that nothing depends on colour.

use super::{
    block::{Block, Draft, Fold, Head},
    flow::Flow,
    ink::{Role, Words},
    phrase::{self, clean, clock},
    scroll::Scroll,
    timeline,
    transcript::name,
};
use crate::{
    protocol::Label,
    run::{Published, Turn},
    text::words::{
        self,
        lines::{self, Line},
    },
    tui::shared::Shared,
};

/// What each answer is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Against {
    /// Nothing: texts are shown whole.
    #[default]
    Nothing,
    /// The answer that its author published before.
    Before,
    /// This one.
    One(Label),
}

/// The page: by author, oldest revision first.
pub(super) fn page(turn: &Turn, against: Against, scroll: Scroll, shared: &Shared) -> Flow {
    let mut flow = Flow::new(scroll);
    flow.push(Block::note("·", Role::Dim, &what(turn, against)));
    if turn.answers.is_empty() {
        flow.push(Block::row(Words::of(
            Role::Dim,
            "No answer has been published yet.",
        )));
    }
    for agent in &turn.agents {
        let mut before: Option<&Published> = None;
        for published in &turn.answers {
            if published.answer.label.agent != agent.card.id {
                continue;
            }
            head(&mut flow, turn, published, shared);
            let other = match against {
                Against::Nothing => None,
                Against::Before => before,
                Against::One(label) => turn
                    .answers
                    .iter()
                    .find(|one| one.answer.label == label)
                    .filter(|one| one.answer.label != published.answer.label),
            };
            if let Some(other) = other {
                changes(&mut flow, other, published);
            } else {
                let head = Head::Draft(Draft::Published(published.answer.label));
                let body = Block::markdown(head).folded(Fold::Open);
                flow.push(body.saying(&published.answer.text));
            }
            before = Some(published);
        }
    }
    flow
}

/// The answer that the selected block of the page belongs to.
pub(super) fn label_of(flow: &Flow, block: u64) -> Option<Label> {
    match flow.block(block).map(|block| &block.head) {
        Some(Head::Draft(Draft::Published(label))) => Some(*label),
        _ => None,
    }
}

fn what(turn: &Turn, against: Against) -> String {
    match against {
        Against::Nothing => {
            let count = phrase::count(turn.answers.len() as u64, "answer", "answers");
            format!("{count} · U shows what changed; with one selected by ], from that one on")
        }
        Against::Before => {
            "what changed from each answer to the next of its author · [-gone-] {+new+} · U: whole texts"
                .to_owned()
        }
        Against::One(label) => format!(
            "what is different in each answer from {label} by {} · [-gone-] {{+new+}} · U: whole texts",
            name(turn, label.agent)
        ),
    }
}

/// Who, which, when, and whether it still stands.
fn head(flow: &mut Flow, turn: &Turn, published: &Published, shared: &Shared) {
    let label = published.answer.label;
    let current = turn
        .agent(label.agent)
        .is_some_and(|agent| agent.current == Some(label));
    let won = turn
        .decision
        .as_ref()
        .is_some_and(|decision| decision.winner == label);
    let mut words = Words::of(Role::Strong, name(turn, label.agent))
        .and(Role::Info, format!(" {label}"))
        .and(Role::Dim, format!(" · {}", clock(turn.time(published.at))));
    if won {
        words.push(Role::Ok, " · won");
    } else if !current {
        words.push(Role::Dim, " · replaced");
    }
    if published.answer.auto {
        words.push(Role::Dim, " · taken from its text");
    }
    let seq = turn.published_by(label).map(|seq| seq.0);
    if let Some(note) = timeline::noted(shared, seq) {
        words.push(Role::Warn, format!(" · {note}"));
    }
    flow.push(Block::row(words).apart());
}

/// What differs between two answers.
fn changes(flow: &mut Flow, old: &Published, new: &Published) {
    let (from, to) = (old.answer.label, new.answer.label);
    let Some(all) = lines::compared(&old.answer.text, &new.answer.text) else {
        let words = format!("{from} and {to} are too long to be compared.");
        flow.push(Block::note("·", Role::Warn, &words));
        return;
    };
    if all.is_empty() {
        let words = format!("{to} says the same as {from}.");
        flow.push(Block::note("·", Role::Dim, &words));
        return;
    }
    let caption = Words::of(Role::Dim, format!("from {from} to {to}"));
    flow.push(Block::row(caption));
    let mut rest = all.as_slice();
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        let (sign, role, text) = match *first {
            Line::Same(line) => (" ", Role::Dim, line.to_owned()),
            Line::New(line) => ("+", Role::Ok, line.to_owned()),
            Line::Skipped(lines) => {
                let lines = phrase::count(lines as u64, "line", "lines");
                ("⋯", Role::Dim, format!("{lines} alike"))
            }
            Line::Gone(line) => {
                // One that came at its place may be the same line with other words.
                let gone = more.iter().take_while(|line| matches!(line, Line::Gone(_)));
                let at = gone.count();
                match more.get(at) {
                    Some(Line::New(new)) if at == 0 => match woven(line, new) {
                        Some(both) => {
                            rest = more.get(1..).unwrap_or_default();
                            ("~", Role::Text, both)
                        }
                        None => ("-", Role::Bad, line.to_owned()),
                    },
                    _ => ("-", Role::Bad, line.to_owned()),
                }
            }
        };
        let text = clean(&text);
        if text.trim().is_empty() && sign == " " {
            continue;
        }
        flow.push(Block::note(sign, role, &text));
    }
}

/// One line with the words of both; `None` for two different lines.
fn woven(old: &str, new: &str) -> Option<String> {
    let changed = words::changed(old, new)?;
    let mut out = String::new();
    let (mut gone, mut came) = (changed.old.iter(), changed.new.iter());
    let (mut next_gone, mut next_came) = (gone.next(), came.next());
    let (mut before, mut after) = (0, 0);
    while before < old.len() || after < new.len() {
        if let Some(range) = next_gone.filter(|range| range.start == before) {
            out.push_str("[-");
            out.push_str(&old[range.clone()]);
            out.push_str("-]");
            before = range.end;
            next_gone = gone.next();
        } else if let Some(range) = next_came.filter(|range| range.start == after) {
            out.push_str("{+");
            out.push_str(&new[range.clone()]);
            out.push_str("+}");
            after = range.end;
            next_came = came.next();
        } else {
            // What both have, up to the next change of either.
            let left = next_gone.map_or(old.len(), |range| range.start) - before;
            let right = next_came.map_or(new.len(), |range| range.start) - after;
            let step = left.min(right);
            if step == 0 {
                return None;
            }
            out.push_str(&new[after..after + step]);
            before += step;
            after += step;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::woven;

    #[test]
    fn both_lines_stand_in_one() {
        for (old, new, both) in [
            (
                "the sky is blue",
                "the sky is very blue",
                Some("the sky is {+very +}blue"),
            ),
            (
                "light is bent by air",
                "light is scattered by air",
                Some("light is [-bent-]{+scattered+} by air"),
            ),
            (
                "über den Wolken",
                "über den Bergen",
                Some("über den [-Wolken-]{+Bergen+}"),
            ),
            ("something else", "日本語", None),
        ] {
            assert_eq!(woven(old, new).as_deref(), both, "{old:?} {new:?}");
        }
    }
}
