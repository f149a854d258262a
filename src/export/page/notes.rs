//! Notes of people on the page: whole threads at the answer they are on and in a list of all, links to
//! the list in the timeline.

use std::io;

use super::{Out, moment, prose};
use crate::export::{Remark, Words, remarks::between};

/// The list of all.
pub(super) fn all(page: &mut Out<'_>, all: &[Remark]) -> io::Result<()> {
    page.raw("<h2 id=\"notes\">Notes</h2>\n")?;
    for (place, one) in all.iter().enumerate() {
        thread(page, one, &format!(" id=\"note-{}\"", place + 1))?;
    }
    Ok(())
}

/// The threads on one event, where it is shown.
pub(super) fn at(page: &mut Out<'_>, all: &[Remark], event: u64) -> io::Result<()> {
    for (_, one) in between(all, event, event.saturating_add(1)) {
        thread(page, one, "")?;
    }
    Ok(())
}

/// Links to the threads on events from one number to before another.
pub(super) fn links(page: &mut Out<'_>, all: &[Remark], span: (u64, u64)) -> io::Result<()> {
    for (place, one) in between(all, span.0, span.1) {
        page.raw(&format!(" <a href=\"#note-{}\">note by ", place + 1))?;
        page.line(&one.first.author)?;
        page.raw("</a>")?;
    }
    Ok(())
}

fn thread(page: &mut Out<'_>, one: &Remark, id: &str) -> io::Result<()> {
    let class = if one.resolved.is_some() {
        "note settled"
    } else {
        "note"
    };
    page.raw(&format!("<div class=\"{class}\"{id}>\n"))?;
    words(page, &one.first, &|page| {
        page.raw(", on ")?;
        page.line(&one.on)?;
        if let Some(who) = &one.resolved {
            page.raw(" · <span class=\"ok\">resolved</span> by ")?;
            page.line(who)?;
        }
        Ok(())
    })?;
    for reply in &one.replies {
        page.raw("<div class=\"reply\">\n")?;
        words(page, reply, &|_| Ok(()))?;
        page.raw("</div>\n")?;
    }
    page.raw("</div>\n")
}

fn words(
    page: &mut Out<'_>,
    words: &Words,
    more: &dyn Fn(&mut Out<'_>) -> io::Result<()>,
) -> io::Result<()> {
    page.raw("<p class=\"dim\"><b>")?;
    page.line(&words.author)?;
    page.raw(&format!("</b>, {}", moment(words.at_ms)))?;
    if words.edited {
        page.raw(", edited")?;
    }
    more(page)?;
    page.raw("</p>\n")?;
    match &words.text {
        Some(text) => prose(page, text),
        None => page.raw("<p class=\"dim\">taken back</p>\n"),
    }
}
