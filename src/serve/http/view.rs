//! Sessions as JSON, in the words of the schemas.

use serde_json::{Value, json};

use super::port::{Listed, Picture, Standing, Team};
use crate::{
    protocol::{Outcome, QuestionKind, RunId, SessionSummary, Usage},
    run::Turn,
};

/// A list of sessions.
#[must_use]
pub fn list(listed: &Listed) -> Value {
    let runs: Vec<Value> = listed
        .sessions
        .iter()
        .map(|(summary, standing)| session(summary, *standing))
        .collect();
    json!({"runs": runs, "fitting": listed.fitting})
}

/// A session as the list has it.
fn session(summary: &SessionSummary, standing: Standing) -> Value {
    let agents: Vec<Value> = summary
        .team
        .iter()
        .map(|member| json!({"name": member.name, "model": member.model}))
        .collect();
    json!({
        "id": summary.run,
        "state": standing.word(),
        "prompt": summary.prompt,
        "started_ms": summary.started_ms,
        "duration_ms": summary.duration_ms,
        "turns": summary.turns,
        "agents": agents,
        "answers": summary.answers,
        "outcome": summary.outcome,
        "winner": summary.winner,
        "cost_usd": summary.cost_usd,
        "demo": summary.demo,
        "from": summary.from,
        "folder": summary.folder,
        "files_changed": summary.files_changed,
    })
}

/// All there is to know of a session now.
#[must_use]
pub fn run(picture: &Picture) -> Value {
    let mut value = session(&picture.summary, picture.standing);
    let turn = picture.state.turn.as_ref();
    value["last"] = json!(picture.state.last_seq);
    value["phase"] = json!(turn.map(|turn| turn.phase));
    value["published"] = turn.map_or_else(|| json!([]), published);
    value["questions"] = turn.map_or_else(|| json!([]), questions);
    value["usage"] = usage(picture.state.usage());
    value
}

fn published(turn: &Turn) -> Value {
    let answers = turn.answers.iter().map(|published| {
        let answer = &published.answer;
        json!({
            "label": answer.label,
            "agent": turn.name(answer.label.agent),
            "text": answer.text,
            "auto": answer.auto,
        })
    });
    answers.collect()
}

/// The questions that wait.
fn questions(turn: &Turn) -> Value {
    let told = turn.waiting().map(|asked| {
        let question = &asked.question;
        let options = match &question.kind {
            QuestionKind::Question { options } => options.clone(),
            QuestionKind::Plan { .. } | QuestionKind::Approval(_) => Vec::new(),
        };
        json!({"id": question.id, "text": question.text, "options": options})
    });
    told.collect()
}

fn usage(usage: Usage) -> Value {
    json!({
        "input": usage.input,
        "cached": usage.cached,
        "written": usage.written,
        "output": usage.output,
        "reasoning": usage.reasoning,
        "calls": usage.calls,
        "estimated": usage.estimated,
        "usd": usage.cost.usd,
        "usd_partial": usage.cost.partial,
    })
}

/// What came of a session, so far.
#[must_use]
pub fn result(run: &RunId, picture: &Picture) -> Value {
    let mut value = json!({
        "id": run,
        "state": picture.standing.word(),
        "outcome": null,
        "text": null,
        "winner": null,
        "end": null,
        "reason": null,
        "message": null,
        "files_changed": 0,
        "usage": usage(picture.state.usage()),
    });
    match picture.state.turn.as_ref().and_then(Turn::last_word) {
        Some(Outcome::Answered {
            winner,
            text,
            presenter: _,
            end,
            changes,
        }) => {
            let files: u32 = changes.iter().map(|snapshot| snapshot.files).sum();
            value["outcome"] = json!("answered");
            value["text"] = json!(text);
            value["winner"] = json!(winner);
            value["end"] = json!(end);
            value["files_changed"] = json!(files);
        }
        Some(Outcome::NoAnswer { reason, message }) => {
            value["outcome"] = json!("no_answer");
            value["reason"] = json!(reason);
            value["message"] = json!(message);
        }
        None => {}
    }
    value
}

/// The teams that can be started by name.
#[must_use]
pub fn teams(teams: &[Team]) -> Value {
    let teams: Vec<Value> = teams
        .iter()
        .map(|team| json!({"id": team.id, "title": team.title, "agents": team.agents}))
        .collect();
    json!({"teams": teams})
}
