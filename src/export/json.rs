//! A session as one JSON object: what it came to, its figures, what is missing, and every event.
//!
//! The events come last and one by one. Texts are as the log has them (masked, not cleaned): whoever shows
//! them cleans them for where they are shown.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Cut, Format, JSON_VERSION, Particulars, Survey, Tape};
use crate::{
    protocol::{AgentEvent, Ballot, Event, EventKind, ToolEvent},
    run::Turn,
};

/// Most bytes of an argument or output when streams are cut.
const SHORT: usize = 4 * 1024;

/// Writes the object.
pub(super) fn write(
    tape: &dyn Tape,
    survey: &Survey,
    about: &Particulars,
    cut: Cut,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut left_out = about.left_out.clone();
    left_out.extend(survey.left_out.iter().cloned());
    left_out.extend(cut.left_out(Format::Json, survey, about));
    let attachments = if cut < Cut::Files {
        about.attachments.as_slice()
    } else {
        &[]
    };
    let mut first = "{\n";
    let mut field = |name: &str, value: &Value, out: &mut dyn Write| {
        write!(out, "{first}\"{name}\": {value}")?;
        first = ",\n";
        io::Result::Ok(())
    };
    field("massgen_tui", &json!("export"), out)?;
    field("version", &json!(JSON_VERSION), out)?;
    field("session", &json!(about.run), out)?;
    field("log_version", &json!(about.version), out)?;
    field("damage", &json!(about.damage), out)?;
    field("shared_by", &json!(about.by), out)?;
    field("turns_chosen", &json!(about.turns), out)?;
    field("left_out", &json!(left_out), out)?;
    field("masked", &json!(about.masked), out)?;
    field("usage", &json!(survey.state.usage()), out)?;
    let turns: Vec<Value> = survey.state.turns().map(turn).collect();
    field("turns", &json!(turns), out)?;
    field("report", &json!(survey.report), out)?;
    field("notes", &json!(about.remarks), out)?;
    field("files", &json!(attachments), out)?;
    out.write_all(b",\n\"events\": [")?;
    let mut any = false;
    tape.play(&mut |event| {
        let Some(event) = kept(event, cut) else {
            return Ok(());
        };
        out.write_all(if any { b",\n" } else { b"\n" })?;
        any = true;
        serde_json::to_writer(&mut *out, &event).map_err(io::Error::from)
    })?;
    out.write_all(b"\n]\n}\n")
}

/// An event, or what the cut leaves of it.
fn kept(mut event: Event, cut: Cut) -> Option<Event> {
    if cut < Cut::Streams {
        return Some(event);
    }
    let most = if cut == Cut::Streams { SHORT } else { 0 };
    if let EventKind::Agent { event, .. } = &mut event.kind {
        match event {
            AgentEvent::Delta { .. } => return None,
            AgentEvent::Tool(ToolEvent::Started { arguments, .. }) => shorten(arguments, most),
            AgentEvent::Tool(ToolEvent::Finished { output, .. }) => shorten(output, most),
            _ => {}
        }
    }
    Some(event)
}

fn shorten(text: &mut String, most: usize) {
    let shown = super::tools::shortened(text, most).0.len();
    text.truncate(shown);
}

fn turn(turn: &Turn) -> Value {
    let timeline: Vec<Value> = (turn.timeline.iter())
        .map(|entry| {
            json!({
                "at": entry.at, "event": entry.seq, "agent": entry.agent, "text": turn.sentence(entry),
            })
        })
        .collect();
    let ballots: Vec<&Ballot> = turn.ballots().collect();
    let answers: Vec<Value> = (turn.answers.iter())
        .map(|published| json!({"at": published.at, "answer": published.answer}))
        .collect();
    json!({
        "turn": turn.start.turn,
        "prompt": turn.start.prompt,
        "team": turn.cards(),
        "started": turn.started,
        "ended": turn.ended,
        "outcome": turn.outcome,
        "decision": turn.decision,
        "answers": answers,
        "ballots": ballots,
        "dropped": turn.dropped,
        "timeline": timeline,
        "usage": turn.usage(),
    })
}
