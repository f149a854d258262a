//! A session as Markdown that reads well on GitHub.
//!
//! Words of models stand as quotations ([`quotation`]): they stay Markdown and cannot leave their place.
//! Everything else of the log is one line of escaped text or a fenced block that nothing in it closes.

use std::io::{self, Write};

use super::{
    AttachmentKind, Cut, Format, LeftOut, Particulars, Remark, Survey, Tape, Words, ballots,
    page::{moment, outcome},
    remarks::between,
    tools::{self, Told, shortened},
};
use crate::{
    headless::words,
    protocol::{Outcome, Seq},
    run::Turn,
    text::{
        clean,
        markdown::tame::{fence, quotation},
    },
};

/// Most bytes of an argument or output that are shown.
const LONG: usize = 16 * 1024;
const SHORT: usize = 2 * 1024;

/// Writes the page.
pub(super) fn write(
    tape: &dyn Tape,
    survey: &Survey,
    about: &Particulars,
    cut: Cut,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "# Session {}\n", line(about.name()))?;
    if let Some(by) = &about.by {
        writeln!(out, "Shared by {}.\n", line(by))?;
    }
    if let Some(turns) = &about.turns {
        writeln!(out, "Turns {turns} only.\n")?;
    }
    if let Some(damage) = &about.damage {
        writeln!(
            out,
            "**Not all of the log could be read:** {}.\n",
            line(damage)
        )?;
    }
    let turns: Vec<&Turn> = survey.state.turns().collect();
    if turns.is_empty() {
        writeln!(out, "It ended before its first turn began.\n")?;
    }
    for (place, one) in turns.iter().enumerate() {
        let until = turns.get(place + 1).map_or(u64::MAX, |next| next.began().0);
        turn(one, turns.len(), (&about.remarks, until), out)?;
    }
    let mut left_out = about.left_out.clone();
    left_out.extend(survey.left_out.iter().cloned());
    left_out.extend(cut.left_out(Format::Md, survey, about));
    if survey.tools > 0 {
        calls(tape, cut, &mut left_out, out)?;
    }
    if cut < Cut::Files {
        files(about, out)?;
    }
    if let Some(report) = &survey.report {
        costs(report, out)?;
    }
    notes(about, &turns, out)?;
    end(about, &left_out, out)
}

/// Outside text on one line, which means nothing in Markdown.
fn line(text: &str) -> String {
    let mut safe = String::new();
    for c in clean::line(text).trim().chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '!' | '@' => {
                safe.push('\\');
                safe.push(c);
            }
            c => safe.push(c),
        }
    }
    safe
}

fn table(heads: &[&str], rows: &[Vec<String>], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "| {} |", heads.join(" | "))?;
    writeln!(out, "|{}", "---|".repeat(heads.len()))?;
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| line(cell)).collect();
        writeln!(out, "| {} |", cells.join(" | "))?;
    }
    writeln!(out)
}

/// One turn of so many; of the notes, with the event that begins the next turn, those on its events.
fn turn(turn: &Turn, of: usize, notes: (&[Remark], u64), out: &mut dyn Write) -> io::Result<()> {
    if of > 1 {
        writeln!(out, "## Turn {}\n", turn.start.turn)?;
    } else {
        writeln!(out, "## Task\n")?;
    }
    let prompt = clean::text(turn.start.prompt.trim());
    let around = fence(&prompt);
    writeln!(out, "{around}text\n{prompt}\n{around}\n")?;
    let last = turn.timeline.last().map_or(turn.started, |entry| entry.at);
    let winner = match &turn.outcome {
        Some(Outcome::Answered { winner, .. }) => {
            format!(" · won by **{}** ({winner})", line(turn.name(winner.agent)))
        }
        _ => String::new(),
    };
    writeln!(
        out,
        "**{}**{winner} · {} · {} · {} tokens · {}\n",
        outcome(turn).0,
        words::duration(turn.elapsed(last)),
        words::money(turn.usage().cost),
        words::count(turn.usage().input + turn.usage().output),
        moment(turn.started.0),
    )?;
    let rows: Vec<Vec<String>> = (turn.agents.iter())
        .map(|agent| {
            vec![
                agent.card.name.clone(),
                agent.card.model.clone(),
                words::count(agent.usage.input + agent.usage.output),
                words::money(agent.usage.cost),
            ]
        })
        .collect();
    table(&["agent", "model", "tokens", "cost"], &rows, out)?;
    writeln!(out, "### Final answer\n")?;
    match &turn.outcome {
        Some(Outcome::Answered { text, .. }) => writeln!(out, "{}", quotation(text))?,
        Some(Outcome::NoAnswer { message, .. }) => writeln!(out, "No answer: {}\n", line(message))?,
        None => writeln!(
            out,
            "The log ends while the turn was {}.\n",
            turn.phase.word()
        )?,
    }
    votes(turn, out)?;
    answers(turn, notes.0, out)?;
    timeline(turn, notes, out)
}

fn timeline(turn: &Turn, notes: (&[Remark], u64), out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<details><summary>Timeline</summary>\n")?;
    for (place, entry) in turn.timeline.iter().enumerate() {
        let time = words::duration(entry.at.since(turn.started));
        let sentence = line(&turn.sentence(entry));
        write!(out, "- {time} {sentence} (event {})", entry.seq)?;
        let next = turn.timeline.get(place + 1);
        let until = next.map_or(notes.1, |next| next.seq);
        for (_, one) in between(notes.0, entry.seq, until) {
            write!(out, " · note by {}", line(&one.first.author))?;
        }
        writeln!(out)?;
    }
    for (_, _, text) in &turn.record.notices {
        writeln!(out, "- notice: {}", line(text))?;
    }
    writeln!(out, "\n</details>\n")
}

fn votes(turn: &Turn, out: &mut dyn Write) -> io::Result<()> {
    let rows = ballots::rows(turn);
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "### Votes\n")?;
    if let Some(decision) = &turn.decision {
        writeln!(
            out,
            "{} by {} won by {}.\n",
            decision.winner,
            line(turn.name(decision.winner.agent)),
            decision.how()
        )?;
    }
    table(&ballots::HEADS, &rows, out)
}

fn answers(turn: &Turn, notes: &[Remark], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "### All answers\n")?;
    for published in &turn.answers {
        let answer = &published.answer;
        writeln!(
            out,
            "<details><summary>{} by {}, at {}</summary>\n",
            answer.label,
            line(turn.name(answer.label.agent)),
            words::duration(published.at.since(turn.started)),
        )?;
        writeln!(out, "{}", quotation(&answer.text))?;
        if let Some(seq) = turn.published_by(answer.label) {
            for (_, one) in between(notes, seq.0, seq.0 + 1) {
                thread(one, out)?;
            }
        }
        writeln!(out, "</details>\n")?;
    }
    Ok(())
}

fn block(
    name: &str,
    language: &str,
    text: &str,
    most: usize,
    out: &mut dyn Write,
) -> io::Result<usize> {
    if text.trim().is_empty() {
        return Ok(0);
    }
    let text = clean::text(text);
    let (shown, rest) = shortened(&text, most);
    let around = fence(shown);
    writeln!(
        out,
        "{name}\n\n{around}{language}\n{}\n{around}\n",
        shown.trim_end()
    )?;
    if rest > 0 {
        writeln!(
            out,
            "… {} more bytes are not in this file.\n",
            words::count(rest as u64)
        )?;
    }
    Ok(usize::from(rest > 0))
}

fn calls(
    tape: &dyn Tape,
    cut: Cut,
    left_out: &mut Vec<LeftOut>,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "## Tools\n")?;
    let most = match cut {
        Cut::Nothing | Cut::Replay => LONG,
        Cut::Streams => SHORT,
        Cut::Outputs | Cut::Files => 0,
    };
    let mut long = 0;
    tools::play(tape, &mut |told| match told {
        Told::Turn(number) => writeln!(out, "### Calls of turn {number}\n"),
        Told::Call(call) => {
            writeln!(
                out,
                "<details><summary>{} by {}: {} (at {}, event {})</summary>\n",
                line(&call.name),
                line(&call.who),
                call.outcome(),
                words::duration(call.at_ms),
                call.event,
            )?;
            for remark in call.remarks() {
                writeln!(out, "{}\n", line(&remark))?;
            }
            if most > 0 {
                long += block("Arguments", "json", &call.arguments, most, out)?;
                for diff in call.diffs() {
                    long += block("Change", "diff", diff, most, out)?;
                }
                if let Some((_, output, _)) = &call.end {
                    long += block("Output", "text", output, most, out)?;
                }
            }
            writeln!(out, "</details>\n")
        }
    })?;
    if long > 0 && most == LONG {
        left_out.push(LeftOut::new(
            format!("the rest of {long} long arguments and outputs of tools"),
            "Markdown shows 16 KB of each; a bundle or JSON has all of them",
        ));
    }
    Ok(())
}

fn files(about: &Particulars, out: &mut dyn Write) -> io::Result<()> {
    let mut heading = "## Files\n\n";
    for one in &about.attachments {
        let language = match one.kind {
            AttachmentKind::Patch => "diff",
            AttachmentKind::File => "text",
            AttachmentKind::Record => continue,
        };
        write!(
            out,
            "{heading}<details><summary>{}</summary>\n\n",
            line(&one.title)
        )?;
        heading = "";
        let text = clean::text(&one.text);
        let around = fence(&text);
        writeln!(
            out,
            "{around}{language}\n{}\n{around}\n\n</details>\n",
            text.trim_end()
        )?;
    }
    Ok(())
}

fn costs(report: &crate::report::Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## Time and cost\n")?;
    for turn in &report.turns {
        let rows: Vec<Vec<String>> = (turn.agents.iter())
            .map(|agent| {
                vec![
                    agent.name.clone(),
                    words::duration(agent.working_ms),
                    words::duration(agent.tools_ms),
                    words::duration(agent.waiting_ms),
                    agent.rounds.to_string(),
                    words::money(agent.usage.cost),
                    words::money(agent.wasted.cost),
                ]
            })
            .collect();
        if report.turns.len() > 1 {
            writeln!(out, "### Time and cost of turn {}\n", turn.turn)?;
        }
        table(
            &[
                "agent",
                "worked",
                "tools",
                "waited",
                "rounds",
                "cost",
                "came to nothing",
            ],
            &rows,
            out,
        )?;
    }
    Ok(())
}

/// The notes that are on no answer.
fn notes(about: &Particulars, turns: &[&Turn], out: &mut dyn Write) -> io::Result<()> {
    let published = |turn: &Turn, seq: u64| {
        let mut answers = turn.answers.iter();
        answers.any(|one| turn.published_by(one.answer.label) == Some(Seq(seq)))
    };
    let shown = |one: &Remark| {
        one.event
            .is_some_and(|seq| turns.iter().any(|turn| published(turn, seq)))
    };
    let mut heading = "## Notes\n\n";
    for one in about.remarks.iter().filter(|one| !shown(one)) {
        write!(out, "{heading}")?;
        heading = "";
        thread(one, out)?;
    }
    Ok(())
}

/// A note with what was answered.
fn thread(one: &Remark, out: &mut dyn Write) -> io::Result<()> {
    let settled = match &one.resolved {
        Some(who) => format!(", resolved by {}", line(who)),
        None => String::new(),
    };
    said(
        "",
        &one.first,
        &format!(", on {}{settled}", line(&one.on)),
        out,
    )?;
    for reply in &one.replies {
        said("↳ ", reply, "", out)?;
    }
    Ok(())
}

/// What somebody wrote; `more` is Markdown of ours.
fn said(before: &str, one: &Words, more: &str, out: &mut dyn Write) -> io::Result<()> {
    let edited = if one.edited { ", edited" } else { "" };
    let (author, at) = (line(&one.author), moment(one.at_ms));
    match &one.text {
        Some(text) => writeln!(
            out,
            "{before}**{author}**, {at}{edited}{more}:\n\n{}",
            quotation(text)
        ),
        None => writeln!(out, "{before}**{author}**, {at}{more}: taken back\n"),
    }
}

fn end(about: &Particulars, left_out: &[LeftOut], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## About this file\n")?;
    for one in left_out {
        writeln!(out, "- not in it: {} ({})", line(&one.what), line(&one.why))?;
    }
    for one in &about.masked {
        writeln!(out, "- masked: {} ({} times)", one.kind.word(), one.times)?;
    }
    writeln!(
        out,
        "- written by massgen-tui from the log of session {} (version {})",
        line(about.name()),
        line(&about.version)
    )
}
