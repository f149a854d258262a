//! A session as one page: no request leaves it, and everything can be read without its script.
//!
//! A policy in its head forbids whatever is not in the file; style and script are named by their sums, so
//! that nothing else can run even if it got in. Attributes are ours alone. The replay is for those whose
//! browser runs scripts; it only ever sets text.

mod notes;
mod parts;
mod replay;

use std::io::{self, Write};

use super::{
    Cut, Format, LeftOut, Particulars, Survey, Tape, base64, sha256,
    tools::{self, Told, shortened},
};
use crate::{
    headless::words,
    protocol::Outcome,
    run::Turn,
    text::{
        clean,
        markdown::html::{escape, html},
    },
};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("replay.js");

/// Most bytes of an argument or output that is shown when it has to be short.
const SHORT: usize = 4 * 1024;
/// Most bytes of one that is shown at all; a bundle and JSON have the rest.
const LONG: usize = 256 * 1024;

/// What is written to, with words for HTML.
pub(super) struct Out<'a> {
    out: &'a mut dyn Write,
}

impl Out<'_> {
    /// Markup of ours.
    fn raw(&mut self, markup: &str) -> io::Result<()> {
        self.out.write_all(markup.as_bytes())
    }

    /// Text of anybody.
    fn text(&mut self, text: &str) -> io::Result<()> {
        let mut safe = String::with_capacity(text.len());
        escape(&clean::text(text), &mut safe);
        self.raw(&safe)
    }

    /// Text of anybody that must stay on its line.
    fn line(&mut self, text: &str) -> io::Result<()> {
        self.text(&clean::line(text))
    }

    /// Text of anybody between tags of ours.
    fn within(&mut self, before: &str, text: &str, after: &str) -> io::Result<()> {
        self.raw(before)?;
        self.text(text)?;
        self.raw(after)
    }

    /// A table, cells being text of anybody.
    fn table(&mut self, heads: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
        self.raw("<div class=\"wide\"><table><tr>")?;
        for head in heads {
            self.within("<th>", head, "</th>")?;
        }
        self.raw("</tr>\n")?;
        for row in rows {
            self.raw("<tr>")?;
            for cell in row {
                self.raw("<td>")?;
                self.line(cell)?;
                self.raw("</td>")?;
            }
            self.raw("</tr>\n")?;
        }
        self.raw("</table></div>\n")
    }
}

/// Writes the page.
pub(super) fn write(
    tape: &dyn Tape,
    survey: &Survey,
    about: &Particulars,
    cut: Cut,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut page = Out { out };
    let turns: Vec<&Turn> = survey.state.turns().collect();
    head(&mut page, about, &turns)?;
    ways(&mut page, survey, about, cut)?;
    for (place, turn) in turns.iter().enumerate() {
        let until = turns.get(place + 1).map_or(u64::MAX, |next| next.began().0);
        let notes = parts::Notes {
            all: &about.remarks,
            until,
        };
        parts::turn(&mut page, turn, (place, turns.len()), notes)?;
    }
    let mut left_out = about.left_out.clone();
    left_out.extend(survey.left_out.iter().cloned());
    left_out.extend(cut.left_out(Format::Html, survey, about));
    if survey.tools > 0 {
        calls(&mut page, tape, cut, &mut left_out)?;
    }
    if cut < Cut::Files && !about.attachments.is_empty() {
        parts::attachments(&mut page, &about.attachments)?;
    }
    if let Some(report) = &survey.report {
        parts::costs(&mut page, report)?;
    }
    if !about.remarks.is_empty() {
        notes::all(&mut page, &about.remarks)?;
    }
    if cut < Cut::Replay {
        replay::write(&mut page, tape, survey, &mut left_out)?;
    }
    parts::colophon(&mut page, about, &left_out)?;
    page.raw("</main>\n")?;
    if cut < Cut::Replay {
        page.raw("<script>")?;
        page.raw(SCRIPT)?;
        page.raw("</script>\n")?;
    }
    page.raw("</body>\n</html>\n")
}

/// Everything before the first turn.
fn head(page: &mut Out<'_>, about: &Particulars, turns: &[&Turn]) -> io::Result<()> {
    let sum = |text: &str| base64(&sha256(text.as_bytes()));
    page.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")?;
    page.raw(&format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">\n",
        sum(STYLE),
        sum(SCRIPT)
    ))?;
    page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"robots\" content=\"noindex\">\n")?;
    let task = turns.first().map_or("", |turn| turn.start.prompt.as_str());
    let title: String = clean::line(task.trim().lines().next().unwrap_or_default())
        .chars()
        .take(80)
        .collect();
    page.within(
        "<title>",
        &format!("{title} · {}", about.name()),
        "</title>\n<style>",
    )?;
    page.raw(STYLE)?;
    page.raw("</style>\n</head>\n<body>\n<main>\n<header>\n")?;
    page.within("<p class=\"dim\">Session ", about.name(), "")?;
    if let Some(by) = &about.by {
        page.within(", shared by ", &clean::line(by), "")?;
    }
    if let Some(turns) = &about.turns {
        page.within(", turns ", turns, " only")?;
    }
    page.raw("</p>\n")?;
    if let Some(damage) = &about.damage {
        page.within(
            "<p class=\"bad\">Not all of the log could be read: ",
            damage,
            ".</p>\n",
        )?;
    }
    if turns.is_empty() {
        page.raw("<h1>An empty session</h1>\n<p>It ended before its first turn began.</p>\n")?;
    }
    page.raw("</header>\n")
}

/// Where the parts are that do not belong to a turn.
fn ways(page: &mut Out<'_>, survey: &Survey, about: &Particulars, cut: Cut) -> io::Result<()> {
    page.raw("<nav>")?;
    for (place, name, there) in [
        ("tools", "Tools", survey.tools > 0),
        (
            "files",
            "Files",
            cut < Cut::Files && !about.attachments.is_empty(),
        ),
        ("costs", "Time and cost", survey.report.is_some()),
        ("notes", "Notes", !about.remarks.is_empty()),
        ("replay", "Replay", cut < Cut::Replay),
        ("end", "About this file", true),
    ] {
        if there {
            page.raw(&format!("<a href=\"#{place}\">{name}</a> "))?;
        }
    }
    page.raw("</nav>\n")
}

/// The calls of tools of all turns.
fn calls(
    page: &mut Out<'_>,
    tape: &dyn Tape,
    cut: Cut,
    left_out: &mut Vec<LeftOut>,
) -> io::Result<()> {
    page.raw("<h2 id=\"tools\">Tools</h2>\n")?;
    let most = match cut {
        Cut::Nothing | Cut::Replay => LONG,
        Cut::Streams => SHORT,
        Cut::Outputs | Cut::Files => 0,
    };
    let mut long = 0;
    tools::play(tape, &mut |told| match told {
        Told::Turn(number) => page.raw(&format!("<h3>Turn {number}</h3>\n")),
        Told::Call(call) => {
            page.raw("<details><summary><code>")?;
            page.line(&call.name)?;
            page.raw("</code> by ")?;
            page.line(&call.who)?;
            let time = words::duration(call.at_ms);
            page.raw(&format!(
                " <span class=\"{}\">{}</span> <time>at {time}",
                if call.outcome() == "failed" {
                    "bad"
                } else {
                    "dim"
                },
                call.outcome()
            ))?;
            if let Some((_, _, took)) = &call.end {
                page.raw(&format!(", took {}", words::duration(*took)))?;
            }
            page.raw(&format!(
                "</time> <span class=\"dim\">event {}</span></summary>\n",
                call.event
            ))?;
            for remark in call.remarks() {
                page.within("<p class=\"dim\">", &remark, "</p>\n")?;
            }
            if most > 0 {
                long += block(page, "Arguments", &call.arguments, most)?;
                for diff in call.diffs() {
                    parts::patch(page, shortened(diff, most).0)?;
                    long += usize::from(diff.len() > most);
                }
                if let Some((_, output, _)) = &call.end {
                    long += block(page, "Output", output, most)?;
                }
            }
            page.raw("</details>\n")
        }
    })?;
    if long > 0 && most == LONG {
        left_out.push(LeftOut::new(
            format!("the rest of {long} long arguments and outputs of tools"),
            "a page shows 256 KB of each; a bundle or JSON has all of them",
        ));
    }
    Ok(())
}

/// A block of text with a name; 1 when not all of it is shown.
fn block(page: &mut Out<'_>, name: &str, text: &str, most: usize) -> io::Result<usize> {
    if text.trim().is_empty() {
        return Ok(0);
    }
    let (shown, rest) = shortened(text, most);
    page.raw(&format!("<p class=\"dim\">{name}</p>\n"))?;
    page.within("<pre>", shown, "</pre>\n")?;
    if rest > 0 {
        page.raw(&format!(
            "<p class=\"dim\">… {} more bytes are not in this file.</p>\n",
            words::count(rest as u64)
        ))?;
    }
    Ok(usize::from(rest > 0))
}

/// How a turn ended, in words.
pub(super) fn outcome(turn: &Turn) -> (&'static str, &'static str) {
    match &turn.outcome {
        Some(Outcome::Answered { .. }) => ("answered", "ok"),
        Some(Outcome::NoAnswer { .. }) => ("no answer", "bad"),
        None => ("unfinished", "bad"),
    }
}

/// A moment in UTC: whoever reads the page may be anywhere.
pub(super) fn moment(ms: u64) -> String {
    i64::try_from(ms)
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .map_or_else(
            || "?".to_owned(),
            |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        )
}

/// Markdown of a model.
fn prose(page: &mut Out<'_>, text: &str) -> io::Result<()> {
    page.raw(&html(text))
}
