//! One session in full: as text for people, as one JSON object, or event by event.

use std::{
    io::{self, Write},
    path::Path,
};

use serde_json::{Value, json};

use crate::{
    catalog::Shared,
    headless::words,
    protocol::{AgentId, Ballot, Failure, Origin, Outcome, Timestamp, Usage},
    run::{RunState, Turn},
    store::{Reader, Session},
    text::{clean, width},
};

/// Every event as a JSON line behind the header, read and written one by one.
pub(super) fn events(log: &Path, out: &mut dyn Write) -> Result<(), Failure> {
    let mut reader = Reader::open(log)?;
    let header = serde_json::to_string(reader.header()).unwrap_or_default();
    let mut written = writeln!(out, "{header}");
    while written.is_ok()
        && let Some(event) = reader.next()?
    {
        written = serde_json::to_writer(&mut *out, &event)
            .map_err(io::Error::from)
            .and_then(|()| out.write_all(b"\n"));
    }
    super::written(written)
}

/// The same for a session that is no log of ours.
pub(super) fn told(session: &Session, out: &mut dyn Write) -> Result<(), Failure> {
    let header = serde_json::to_string(&session.header).unwrap_or_default();
    let mut written = writeln!(out, "{header}");
    for event in &session.events {
        written = written.and_then(|()| {
            serde_json::to_writer(&mut *out, event)?;
            out.write_all(b"\n")
        });
    }
    super::written(written)
}

fn fold(session: &Session) -> RunState {
    let mut state = RunState::default();
    for event in &session.events {
        state.apply(event);
    }
    state
}

/// The session as text.
pub(super) fn text(
    session: &Session,
    shared: Option<&Shared>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let state = fold(session);
    writeln!(out, "Session {}", clean::line(&session.header.run.0))?;
    if let Some(shared) = shared {
        let words = shared.words(|at| words::moment(Timestamp(at)));
        writeln!(out, "  Shared {}", clean::line(&words))?;
    }
    if let Some(damage) = &session.damage {
        writeln!(out, "  Not all of it could be read: {damage}.")?;
    }
    let turns: Vec<&Turn> = state.turns().collect();
    if turns.is_empty() {
        return writeln!(out, "  It ended before its first turn began.");
    }
    for turn in &turns {
        heading(turn, turns.len(), out)?;
        team(turn, out)?;
        timeline(turn, out)?;
        votes(turn, out)?;
        spent(turn, out)?;
        ending(turn, out)?;
    }
    Ok(())
}

fn heading(turn: &Turn, turns: usize, out: &mut dyn Write) -> io::Result<()> {
    let start = &turn.start;
    let length = turn.timeline.last().map_or(0, |last| turn.elapsed(last.at));
    let origin = match &start.origin {
        Origin::Demo { scenario } => format!("demo \"{scenario}\": a script, no model"),
        Origin::Config { path } => format!("team of {path}"),
        Origin::Direct => "team of the command line".to_owned(),
        Origin::Imported { program } => format!("imported from {program}"),
    };
    writeln!(
        out,
        "\nTurn {} of {turns}: started {}, took {} ({})",
        start.turn,
        words::moment(turn.started),
        words::duration(length),
        clean::line(&origin),
    )?;
    writeln!(out, "  in {}", clean::line(&start.cwd))?;
    section("Task", out)?;
    indented(&start.prompt, out)
}

fn section(name: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{name}")
}

fn indented(text: &str, out: &mut dyn Write) -> io::Result<()> {
    for line in clean::text(text).trim().lines() {
        writeln!(out, "{}", format!("  {line}").trim_end())?;
    }
    Ok(())
}

fn team(turn: &Turn, out: &mut dyn Write) -> io::Result<()> {
    section("Team", out)?;
    for agent in &turn.agents {
        let card = &agent.card;
        writeln!(
            out,
            "  {}  {}  {} ({})",
            width::pad(&card.id.to_string(), 7),
            name(turn, card.id),
            clean::line(&card.model),
            clean::line(&card.backend),
        )?;
    }
    Ok(())
}

fn timeline(turn: &Turn, out: &mut dyn Write) -> io::Result<()> {
    section("Timeline", out)?;
    for entry in &turn.timeline {
        let time = words::duration(entry.at.since(turn.started));
        let sentence = turn.sentence(entry);
        writeln!(out, "  {time:>7}  {}", clean::line(&sentence))?;
    }
    Ok(())
}

fn votes(turn: &Turn, out: &mut dyn Write) -> io::Result<()> {
    let standing: Vec<&Ballot> = turn.ballots().collect();
    if standing.is_empty() && turn.dropped.is_empty() {
        return Ok(());
    }
    section("Votes", out)?;
    for ballot in standing {
        writeln!(out, "  {}", vote(turn, ballot))?;
    }
    for drop in &turn.dropped {
        let why = drop.reason.words();
        writeln!(out, "  dropped ({why}): {}", vote(turn, &drop.ballot))?;
    }
    if let Some(decision) = &turn.decision {
        writeln!(
            out,
            "  {}: {} by {} won by {}",
            decision.policy.word(),
            decision.winner,
            name(turn, decision.winner.agent),
            decision.how()
        )?;
        for remark in decision.remarks() {
            writeln!(out, "  {remark}")?;
        }
    }
    Ok(())
}

fn vote(turn: &Turn, ballot: &Ballot) -> String {
    let act = match ballot.target {
        Some(label) => format!("for {label} by {}", name(turn, label.agent)),
        None => "abstained".to_owned(),
    };
    let reason = match ballot.reason.trim() {
        "" => String::new(),
        reason => format!(": {}", clean::line(reason)),
    };
    format!("{} {act}{reason}", name(turn, ballot.voter))
}

fn name(turn: &Turn, id: AgentId) -> String {
    clean::line(turn.name(id)).into_owned()
}

fn spent(turn: &Turn, out: &mut dyn Write) -> io::Result<()> {
    section("Tokens and cost", out)?;
    let widest = turn
        .agents
        .iter()
        .map(|agent| width::of(&name(turn, agent.card.id)))
        .chain([5])
        .max()
        .unwrap_or_default();
    let mut line = |who: &str, usage: &Usage| {
        writeln!(
            out,
            "  {}  {} in ({} cached), {} out ({} reasoning), {}, {}{}",
            width::pad(who, widest),
            words::count(usage.input),
            words::count(usage.cached),
            words::count(usage.output),
            words::count(usage.reasoning),
            words::counted(u64::from(usage.calls), "call"),
            words::money(usage.cost),
            if usage.estimated { ", estimated" } else { "" },
        )
    };
    for agent in &turn.agents {
        line(&name(turn, agent.card.id), &agent.usage)?;
    }
    line("total", &turn.usage())?;
    for row in &turn.record.spending.compactions.agents {
        if let Some(words) = row.all.words() {
            let who = name(turn, row.agent);
            writeln!(out, "  {who}: conversation made smaller {words}")?;
        }
    }
    Ok(())
}

fn ending(turn: &Turn, out: &mut dyn Write) -> io::Result<()> {
    match &turn.outcome {
        None => {
            section("No outcome", out)?;
            writeln!(
                out,
                "  The log ends while the turn was {}.",
                turn.phase.word()
            )
        }
        Some(Outcome::NoAnswer { message, .. }) => {
            section("No answer", out)?;
            indented(message, out)
        }
        Some(Outcome::Answered {
            winner,
            text,
            presenter,
            ..
        }) => {
            let by = match presenter {
                Some(id) => format!("presented by {}", name(turn, *id)),
                None => "as published".to_owned(),
            };
            section(
                &format!("Answer: {winner} by {}, {by}", name(turn, winner.agent)),
                out,
            )?;
            writeln!(out, "\n{}", clean::text(text).trim())
        }
    }
}

/// The session as one JSON object.
pub(super) fn json(
    session: &Session,
    shared: Option<&Shared>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let state = fold(session);
    let value = json!({
        "run": session.header.run,
        "schema": session.header.schema,
        "version": session.header.version,
        "damage": session.damage.as_ref().map(ToString::to_string),
        "shared": shared,
        "usage": state.usage(),
        "turns": state.turns().map(turn).collect::<Vec<_>>(),
    });
    serde_json::to_writer_pretty(&mut *out, &value)?;
    out.write_all(b"\n")
}

fn turn(turn: &Turn) -> Value {
    let timeline: Vec<Value> = turn
        .timeline
        .iter()
        .map(|entry| {
            json!({
                "at": entry.at,
                "seq": entry.seq,
                "agent": entry.agent,
                "text": turn.sentence(entry),
            })
        })
        .collect();
    let ballots: Vec<&Ballot> = turn.ballots().collect();
    let answers: Vec<Value> = turn
        .answers
        .iter()
        .map(|published| json!({"at": published.at, "answer": published.answer}))
        .collect();
    let usage: Vec<Value> = turn
        .agents
        .iter()
        .map(|agent| {
            let made = turn.record.spending.compactions.of(agent.card.id);
            let made = made.map(|all| {
                json!({
                    "times": all.times, "before": all.before, "after": all.after,
                    "spent": all.spent, "not_sent_again": all.saved,
                    "worth_usd": (!all.unpriced).then_some(all.worth),
                })
            });
            json!({
                "agent": agent.card.id, "name": agent.card.name, "usage": agent.usage,
                "made_smaller": made,
            })
        })
        .collect();
    json!({
        "start": turn.start,
        "started": turn.started,
        "ended": turn.ended,
        "phase": turn.phase,
        "timeline": timeline,
        "answers": answers,
        "ballots": ballots,
        "dropped": turn.dropped,
        "decision": turn.decision,
        "outcome": turn.outcome,
        "usage": usage,
    })
}
