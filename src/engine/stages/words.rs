//! What a stage asks for, in words for the model, and the text of a chain that nobody assembled.
//!
//! The words stand between `<step NAME>` and `<end of step>` below the task. What models wrote in
//! earlier stages is fenced as data.

use std::fmt::Write as _;

use super::{Chain, Plan, text_of};
use crate::{
    engine::prompt::fenced,
    protocol::{
        Mode, Outcome,
        rules::{Diversity, Planning},
        stage::Chunk,
    },
};

/// Longest excerpt of an earlier result, in bytes, and most bytes of all of them.
const RESULT: usize = 24 * 1024;
const RESULTS: usize = 96 * 1024;

fn step(name: &str, text: &str) -> String {
    format!("\n<step {name}>\n{}\n<end of step>\n", text.trim())
}

fn ids(chain: &Chain) -> String {
    let ids: Vec<String> = chain.team.iter().map(ToString::to_string).collect();
    ids.join(", ")
}

pub(super) fn personas(chain: &Chain) -> String {
    let rules = &chain.rules.personas;
    let differ = match rules.diversity.unwrap_or_default() {
        Diversity::Perspective => "look at the problem from different points of view",
        Diversity::Implementation => "prefer different kinds of solution",
        Diversity::Methodology => "work in different ways: in another order, with other checks",
    };
    let mut text = format!(
        "Do not work on the task yet. You cast the team that will work on it: {}. Write for each agent \
         a persona of two or three sentences, addressed to it, that fits the task. The personas \
         should {differ}, so that first answers differ in substance and each could be the best.\n\n\
         Publish with `new_answer` nothing but JSON of this form:\n\
         {{\"personas\": {{\"agent1\": \"You …\"}}}}",
        ids(chain)
    );
    hints(&mut text, &rules.guidelines);
    step("personas", &text)
}

pub(super) fn divide(chain: &Chain) -> String {
    let mut text = format!(
        "Do not work on the task yet. You divide it among the agents of the team: {}. Give each \
         exactly one part, of comparable effort, in two or three sentences that say what belongs to \
         it, where it touches the others, and how good it must be. Together the parts are the whole \
         task. Let parts begin at the same time where you can; name in `after` only those a part \
         cannot begin without, and never in a circle.\n\n\
         Publish with `new_answer` nothing but JSON of this form:\n\
         {{\"subtasks\": {{\"agent1\": {{\"subtask\": \"…\", \"after\": []}}}}}}",
        ids(chain)
    );
    if let Mode::Parts(decomposition) = &chain.rules.mode {
        hints(&mut text, &decomposition.guidelines);
    }
    step("divide", &text)
}

fn hints(text: &mut String, guidelines: &str) {
    if !guidelines.trim().is_empty() {
        let _ = write!(
            text,
            "\n\nThe person who asked adds:\n{}",
            guidelines.trim()
        );
    }
}

pub(super) fn plan(planning: &Planning, plan: &Plan) -> String {
    let steps = match planning.steps {
        Some(steps) => format!(" Aim at about {steps} steps in all."),
        None => String::new(),
    };
    let mut text = format!(
        "Do not carry the task out yet: make a plan for it. Write Markdown with one `## ` heading \
         for each chunk of work, at most {}, and under each its steps and how to see that it is \
         done.{steps} A chunk is worked off by the whole team before the next one begins, and its \
         result is all that later chunks see of it. A person reads the plan, may change it, and \
         approves it before anything is done.",
        planning.chunks
    );
    if let Some(words) = &plan.objection {
        let _ = write!(
            text,
            "\n\nAn earlier plan was rejected. The person who asked said:\n{}",
            if words.trim().is_empty() {
                "nothing further"
            } else {
                words.trim()
            }
        );
    }
    step("plan", &text)
}

pub(super) fn chunk(chunks: &[Chunk], results: &[Outcome]) -> String {
    let at = results.len();
    let number = at + 1;
    let mut text = String::from("The task is worked off by an approved plan, chunk by chunk:\n");
    for (place, chunk) in chunks.iter().enumerate() {
        let mark = match place {
            place if place < at => "done",
            place if place == at => "now",
            _ => "later",
        };
        let _ = writeln!(text, "- chunk {} ({mark}): {}", place + 1, chunk.title);
    }
    text.push_str(&earlier(results));
    if let Some(chunk) = chunks.get(at) {
        let _ = write!(
            text,
            "\nWork on chunk {number} now, and on nothing else:\n{}\nPublish the result of this chunk.",
            fenced("chunk", &chunk.text)
        );
    }
    step(&format!("chunk {number}"), &text)
}

pub(super) fn assemble(chunks: &[Chunk], results: &[Outcome]) -> String {
    let mut text = String::from(
        "The task was worked off by a plan, chunk by chunk. Put the results together into one answer \
         to the whole task: nothing lost, nothing twice, contradictions settled. Where a chunk has no \
         result, say so plainly and do not invent it.\n",
    );
    for (place, chunk) in chunks.iter().enumerate() {
        let there = results.get(place).and_then(text_of).is_some();
        let mark = if there { "" } else { " (no result)" };
        let _ = writeln!(text, "- chunk {}{mark}: {}", place + 1, chunk.title);
    }
    text.push_str(&earlier(results));
    text.push_str("\nPublish the final answer with `new_answer`.");
    step("assemble", &text)
}

/// Results so far, the latest in full as far as there is room.
fn earlier(results: &[Outcome]) -> String {
    let mut left = RESULTS;
    let mut blocks = Vec::new();
    for (place, outcome) in results.iter().enumerate().rev() {
        let Some(text) = text_of(outcome) else {
            continue;
        };
        let cut = text.floor_char_boundary(RESULT.min(left));
        left -= cut;
        let mut part = text[..cut].to_owned();
        if cut < text.len() {
            let _ = write!(part, "\n[{} bytes more were cut]", text.len() - cut);
        }
        let number = place + 1;
        blocks.push(format!(
            "\nResult of chunk {number}:\n{}",
            fenced("result", &part)
        ));
    }
    blocks.reverse();
    blocks.concat()
}

/// The results one after the other.
pub(super) fn joined(chunks: &[Chunk], results: &[Outcome]) -> String {
    let mut text = String::new();
    for (chunk, outcome) in chunks.iter().zip(results) {
        if let Some(result) = text_of(outcome) {
            let _ = write!(text, "## {}\n\n{}\n\n", chunk.title, result.trim());
        }
    }
    text.trim_end().to_owned()
}

/// The plan that was to be carried out.
pub(super) fn outline(chunks: &[Chunk]) -> String {
    let mut text = String::new();
    for chunk in chunks {
        let (first, rest) = chunk.text.split_once('\n').unwrap_or((&chunk.text, ""));
        // The heading itself, unless it was too long for a title.
        let body = if first.replace(['*', '`', '#'], "").trim() == chunk.title {
            rest
        } else {
            &chunk.text
        };
        let _ = write!(text, "## {}\n\n{}", chunk.title, body.trim());
        text.truncate(text.trim_end().len());
        text.push_str("\n\n");
    }
    text.trim_end().to_owned()
}

/// The names of what is missing, below the text.
pub(super) fn with_missing(mut text: String, missing: &[String]) -> String {
    if !missing.is_empty() {
        text.push_str("\n\n---\n\n**Not delivered:**\n");
        for part in missing {
            let _ = write!(text, "\n- {part}");
        }
        text.push('\n');
    }
    text
}
