//! What tools say in words, beside their data: how far a run is, what it came to.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Value, json};

use super::{answering, calls::Done};
use crate::{
    app::host::{RunResult, Seen, State, Status},
    headless::words,
    protocol::{Failure, FailureKind, Question},
};

/// A run that is still at work, where its result was asked for.
pub fn still(status: &Status) -> Done {
    let text = format!(
        "Session {} is still at work; ask run_result again later.\n{}",
        status.run,
        told(status)
    );
    let open = format!("massgen-tui open {}", status.run);
    Done {
        text,
        data: json!({"run": status.run, "turn": status.turn, "state": status.state, "text": null,
            "message": "still at work", "winner": null, "winner_name": null, "open": open}),
    }
}

/// The answer of a run that is over.
///
/// # Errors
/// It came to no answer, and why.
pub fn concluded(seen: &Seen) -> Result<Done, Failure> {
    let Some(result) = &seen.result else {
        return Ok(still(&seen.status));
    };
    if result.text.is_none() && result.state != State::Stopped {
        let what = format!(
            "Session {} ended without an answer: {}",
            result.run, result.message
        );
        return Err(Failure::new(FailureKind::Local, what)
            .hint(format!("Look at it with `{}`.", result.open)));
    }
    Ok(Done {
        text: answer(result),
        data: data(result),
    })
}

fn answer(result: &RunResult) -> String {
    let mut text = String::new();
    match &result.text {
        Some(answer) => text.push_str(answer),
        None => text.push_str("The run was stopped before anybody had published an answer."),
    }
    let _ = write!(
        text,
        "\n\n---\nSession {} is {}",
        result.run,
        result.state.words()
    );
    if let (Some(winner), Some(name)) = (result.winner, &result.winner_name) {
        let votes = result
            .answers
            .iter()
            .find(|line| line.label == winner)
            .map_or(0, |line| line.voters.len());
        let votes = words::counted(votes as u64, "vote");
        let _ = write!(text, ": {winner} by {name} won with {votes}");
    }
    let _ = write!(
        text,
        " ({}, {}). A person looks at all of it with `{}`.",
        words::duration(result.elapsed_ms),
        words::money(result.usage.cost),
        result.open
    );
    if result.changed_files {
        text.push_str(" Files were changed: run_changes lists them.");
    }
    text
}

/// A question that waits, with what can be answered.
fn asked(status: &Status, question: &Question) -> String {
    let asker = status
        .agents
        .iter()
        .find(|agent| Some(agent.id) == question.asker)
        .map_or("the program", |agent| agent.name.as_str());
    answering::words(question, asker)
}

/// A status as data. Some clients show their model nothing else, so questions say how they are answered.
pub fn standing(status: &Status) -> Value {
    let mut value = data(status);
    let rows = value.get_mut("questions").and_then(Value::as_array_mut);
    for (row, question) in rows.into_iter().flatten().zip(&status.questions) {
        if let Some(row) = row.as_object_mut() {
            row.insert("words".to_owned(), asked(status, question).into());
        }
    }
    value
}

/// A status in words.
pub fn told(status: &Status) -> String {
    let mut text = format!(
        "Session {}: {}, {} after {}; {}, {}\n",
        status.run,
        status.state.words(),
        status.phase.word(),
        words::duration(status.elapsed_ms),
        words::counted(status.answers as u64, "answer"),
        words::money(status.usage.cost),
    );
    for agent in &status.agents {
        let _ = write!(
            text,
            "{} {} ({}): {}",
            agent.id, agent.name, agent.model, agent.doing
        );
        if let Some(answer) = agent.answer {
            let _ = write!(text, ", answer {answer}");
        }
        if let Some(vote) = agent.vote {
            let _ = write!(text, ", votes for {vote}");
        }
        text.push('\n');
    }
    for question in &status.questions {
        let _ = writeln!(text, "{}", asked(status, question));
    }
    for notice in &status.notices {
        let _ = writeln!(text, "note: {notice}");
    }
    let _ = write!(text, "Look at it: `massgen-tui open {}`", status.run);
    text
}

/// Plain data always serialises.
pub fn data<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
