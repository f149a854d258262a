//! Parts of the page: a turn with its answer, votes, revisions and timeline; files; costs; what is missing.

use std::io;

use super::{Out, moment, notes, outcome, prose};
use crate::{
    export::{Attachment, AttachmentKind, LeftOut, Particulars, Remark, ballots},
    headless::words,
    protocol::{Level, Outcome},
    report::{Of, Report},
    run::Turn,
    text::words::lines::{self, Line},
};

/// The notes of a session, and where a turn ends among its events.
#[derive(Clone, Copy)]
pub(super) struct Notes<'a> {
    /// All of them.
    pub all: &'a [Remark],
    /// The event that begins the next turn.
    pub until: u64,
}

/// One turn; `place` is which of how many.
pub(super) fn turn(
    page: &mut Out<'_>,
    turn: &Turn,
    place: (usize, usize),
    notes: Notes<'_>,
) -> io::Result<()> {
    let (index, of) = place;
    heading(page, turn, index, of)?;
    answer(page, turn, index)?;
    votes(page, turn, index)?;
    answers(page, turn, index, notes)?;
    timeline(page, turn, index, notes)?;
    notices(page, turn)
}

fn heading(page: &mut Out<'_>, turn: &Turn, index: usize, of: usize) -> io::Result<()> {
    let start = &turn.start;
    let title = if of == 1 {
        "Task".to_owned()
    } else {
        format!("Turn {} ({} of {of})", start.turn, index + 1)
    };
    page.raw(&format!("<h1 id=\"turn-{}\">{title}</h1>\n", index + 1))?;
    page.within("<div class=\"task\">", start.prompt.trim(), "</div>\n")?;
    let (word, class) = outcome(turn);
    page.raw(&format!(
        "<ul class=\"facts\">\n<li><b>Outcome</b> <span class=\"{class}\">{word}</span></li>\n"
    ))?;
    if let Some(Outcome::Answered { winner, .. }) = &turn.outcome {
        page.within("<li><b>Winner</b> ", turn.name(winner.agent), "")?;
        page.raw(&format!(" <span class=\"dim\">{winner}</span></li>\n"))?;
    }
    let last = turn.timeline.last().map_or(turn.started, |entry| entry.at);
    page.raw(&format!(
        "<li><b>Time</b> {}</li>\n<li><b>Cost</b> {}</li>\n<li><b>Tokens</b> {}</li>\n<li><b>Started</b> {}</li>\n</ul>\n",
        words::duration(turn.elapsed(last)),
        words::money(turn.usage().cost),
        words::count(turn.usage().input + turn.usage().output),
        moment(turn.started.0)
    ))?;
    let rows: Vec<Vec<String>> = (turn.agents.iter())
        .map(|agent| {
            vec![
                agent.card.name.clone(),
                agent.card.model.clone(),
                agent.card.backend.clone(),
                words::count(agent.usage.input + agent.usage.output),
                words::money(agent.usage.cost),
            ]
        })
        .collect();
    page.table(&["agent", "model", "backend", "tokens", "cost"], &rows)?;
    let place = index + 1;
    page.raw(&format!(
        "<nav><a href=\"#answer-{place}\">Answer</a> <a href=\"#votes-{place}\">Votes</a> <a href=\"#answers-{place}\">All answers</a> <a href=\"#timeline-{place}\">Timeline</a></nav>\n"
    ))
}

fn answer(page: &mut Out<'_>, turn: &Turn, index: usize) -> io::Result<()> {
    page.raw(&format!(
        "<h2 id=\"answer-{}\">Final answer</h2>\n",
        index + 1
    ))?;
    match &turn.outcome {
        Some(Outcome::Answered {
            winner,
            text,
            presenter,
            ..
        }) => {
            page.raw("<p class=\"dim\">")?;
            page.raw(&format!("{winner} by "))?;
            page.line(turn.name(winner.agent))?;
            match presenter {
                Some(id) => page.within(", presented by ", turn.name(*id), "")?,
                None => page.raw(", as published")?,
            }
            page.raw("</p>\n<div class=\"answer won\">\n")?;
            prose(page, text)?;
            page.raw("</div>\n")
        }
        Some(Outcome::NoAnswer { message, .. }) => {
            page.within("<p class=\"bad\">No answer: ", message, "</p>\n")
        }
        None => page.raw(&format!(
            "<p class=\"bad\">The log ends while the turn was {}.</p>\n",
            turn.phase.word()
        )),
    }
}

fn votes(page: &mut Out<'_>, turn: &Turn, index: usize) -> io::Result<()> {
    page.raw(&format!("<h2 id=\"votes-{}\">Votes</h2>\n", index + 1))?;
    let rows = ballots::rows(turn);
    if rows.is_empty() {
        return page.raw("<p>Nobody voted.</p>\n");
    }
    if let Some(decision) = &turn.decision {
        page.within("<p><b>", turn.name(decision.winner.agent), "</b>")?;
        page.raw(&format!(
            " won with {} by {}.</p>\n",
            decision.winner,
            decision.how()
        ))?;
        for remark in decision.remarks() {
            page.within("<p>", &remark, "</p>\n")?;
        }
        let tally: Vec<Vec<String>> = (decision.tally.iter())
            .map(|row| {
                let voters: Vec<&str> = row.voters.iter().map(|id| turn.name(*id)).collect();
                vec![
                    row.label.to_string(),
                    turn.name(row.label.agent).to_owned(),
                    row.voters.len().to_string(),
                    voters.join(", "),
                ]
            })
            .collect();
        page.table(&["answer", "by", "votes", "from"], &tally)?;
    }
    page.table(&ballots::HEADS, &rows)
}

fn answers(page: &mut Out<'_>, turn: &Turn, index: usize, notes: Notes<'_>) -> io::Result<()> {
    page.raw(&format!(
        "<h2 id=\"answers-{}\">All answers</h2>\n",
        index + 1
    ))?;
    if turn.answers.is_empty() {
        return page.raw("<p>Nobody published an answer.</p>\n");
    }
    let winner = match &turn.outcome {
        Some(Outcome::Answered { winner, .. }) => Some(*winner),
        _ => None,
    };
    for agent in &turn.agents {
        let own = turn
            .answers
            .iter()
            .filter(|one| one.answer.label.agent == agent.card.id);
        let mut before: Option<&str> = None;
        for published in own {
            let answer = &published.answer;
            let time = words::duration(published.at.since(turn.started));
            let class = if winner == Some(answer.label) {
                " class=\"won\""
            } else {
                ""
            };
            page.raw(&format!("<details{class}><summary>"))?;
            page.line(&agent.card.name)?;
            page.raw(&format!(
                " <span class=\"dim\">{} <time>at {time}</time></span>",
                answer.label
            ))?;
            if winner == Some(answer.label) {
                page.raw(" <span class=\"ok\">winner</span>")?;
            }
            page.raw("</summary>\n")?;
            prose(page, &answer.text)?;
            for files in &answer.changes {
                page.raw(&format!(
                    "<p class=\"dim\">{} files changed, +{} −{}</p>\n",
                    files.files, files.added, files.removed
                ))?;
            }
            if let Some(seq) = turn.published_by(answer.label) {
                notes::at(page, notes.all, seq.0)?;
            }
            page.raw("</details>\n")?;
            if let Some(before) = before {
                page.raw(&format!(
                    "<details><summary class=\"dim\">what {} changed</summary>\n",
                    answer.label
                ))?;
                revision(page, before, &answer.text)?;
                page.raw("</details>\n")?;
            }
            before = Some(&answer.text);
        }
    }
    Ok(())
}

fn revision(page: &mut Out<'_>, old: &str, new: &str) -> io::Result<()> {
    let Some(told) = lines::compared(old, new) else {
        return page.raw("<p class=\"dim\">Too long to compare here.</p>\n");
    };
    if told.is_empty() {
        return page.raw("<p class=\"dim\">Nothing: the words are the same.</p>\n");
    }
    page.raw("<pre class=\"diff\">")?;
    for line in told {
        match line {
            Line::Same(text) => page.within("<span>  ", text, "</span>")?,
            Line::Gone(text) => page.within("<del>- ", text, "</del>")?,
            Line::New(text) => page.within("<ins>+ ", text, "</ins>")?,
            Line::Skipped(count) => {
                page.raw(&format!("<span class=\"hunk\">… {count} lines</span>"))?;
            }
        }
    }
    page.raw("</pre>\n")
}

/// A unified diff.
pub(super) fn patch(page: &mut Out<'_>, diff: &str) -> io::Result<()> {
    page.raw("<pre class=\"diff\">")?;
    for line in diff.lines() {
        match line.as_bytes().first() {
            Some(b'+') if !line.starts_with("+++ ") => page.within("<ins>", line, "</ins>")?,
            Some(b'-') if !line.starts_with("--- ") => page.within("<del>", line, "</del>")?,
            Some(b' ') => page.within("<span>", line, "</span>")?,
            _ => page.within("<span class=\"hunk\">", line, "</span>")?,
        }
    }
    page.raw("</pre>\n")
}

fn timeline(page: &mut Out<'_>, turn: &Turn, index: usize, notes: Notes<'_>) -> io::Result<()> {
    page.raw(&format!(
        "<h2 id=\"timeline-{}\">Timeline</h2>\n<ul class=\"timeline\">\n",
        index + 1
    ))?;
    for (place, entry) in turn.timeline.iter().enumerate() {
        let next = turn.timeline.get(place + 1);
        let until = next.map_or(notes.until, |next| next.seq);
        let time = words::duration(entry.at.since(turn.started));
        page.raw(&format!("<li><time>{time}</time><span>"))?;
        page.line(&turn.sentence(entry))?;
        page.raw(&format!(" <span class=\"dim\">#{}</span>", entry.seq))?;
        notes::links(page, notes.all, (entry.seq, until))?;
        page.raw("</span></li>\n")?;
    }
    page.raw("</ul>\n")
}

fn notices(page: &mut Out<'_>, turn: &Turn) -> io::Result<()> {
    if turn.record.notices.is_empty() {
        return Ok(());
    }
    page.raw("<h3>Notices</h3>\n<ul>\n")?;
    for (_, level, text) in &turn.record.notices {
        let class = match level {
            Level::Info => "dim",
            Level::Warning | Level::Error => "bad",
        };
        page.within(&format!("<li class=\"{class}\">"), text, "</li>\n")?;
    }
    page.raw("</ul>\n")
}

/// Files and diffs.
pub(super) fn attachments(page: &mut Out<'_>, all: &[Attachment]) -> io::Result<()> {
    page.raw("<h2 id=\"files\">Files</h2>\n")?;
    for one in all {
        if one.kind == AttachmentKind::Record {
            continue;
        }
        page.within("<details><summary>", &one.title, "</summary>\n")?;
        match one.kind {
            AttachmentKind::Patch => patch(page, &one.text)?,
            AttachmentKind::File | AttachmentKind::Record => {
                page.within("<pre>", &one.text, "</pre>\n")?;
            }
        }
        page.raw("</details>\n")?;
    }
    Ok(())
}

/// Where time and money went.
pub(super) fn costs(page: &mut Out<'_>, report: &Report) -> io::Result<()> {
    page.raw("<h2 id=\"costs\">Time and cost</h2>\n")?;
    for turn in &report.turns {
        if report.turns.len() > 1 {
            page.raw(&format!("<h3>Turn {}</h3>\n", turn.turn))?;
        }
        of(page, turn)?;
    }
    Ok(())
}

fn of(page: &mut Out<'_>, turn: &Of) -> io::Result<()> {
    let rows: Vec<Vec<String>> = (turn.phases.iter())
        .map(|share| {
            vec![
                share.phase.word().to_owned(),
                words::duration(share.ms),
                words::count(share.usage.input + share.usage.output),
                words::money(share.usage.cost),
            ]
        })
        .collect();
    page.table(&["phase", "time", "tokens", "cost"], &rows)?;
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
    page.table(
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
    )?;
    if !turn.odd.is_empty() {
        page.raw("<h3>Worth a look</h3>\n<ul>\n")?;
        for odd in &turn.odd {
            page.within("<li>", &odd.words, "")?;
            page.raw(&format!(
                " <span class=\"dim\">#{}</span></li>\n",
                odd.event
            ))?;
        }
        page.raw("</ul>\n")?;
    }
    Ok(())
}

/// What was masked and left out, and where this came from.
pub(super) fn colophon(
    page: &mut Out<'_>,
    about: &Particulars,
    left_out: &[LeftOut],
) -> io::Result<()> {
    page.raw("<h2 id=\"end\">About this file</h2>\n")?;
    if !left_out.is_empty() {
        page.raw("<p>Not in this file:</p>\n<ul>\n")?;
        for one in left_out {
            page.within("<li>", &format!("{}: {}", one.what, one.why), "</li>\n")?;
        }
        page.raw("</ul>\n")?;
    }
    if !about.masked.is_empty() {
        page.raw("<p>Masked before it was written:</p>\n<ul>\n")?;
        for one in &about.masked {
            page.raw(&format!(
                "<li>{} ({} times)</li>\n",
                one.kind.word(),
                one.times
            ))?;
        }
        page.raw("</ul>\n")?;
    }
    page.within(
        "<p class=\"dim\">Written by massgen-tui from the log of session ",
        about.name(),
        "",
    )?;
    page.within(
        " (version ",
        &about.version,
        "). It loads nothing from anywhere.</p>\n",
    )
}
