//! Markdown of a model within a Markdown page of ours.
//!
//! The words stay Markdown, so that the page reads well where it is rendered, but they cannot leave their
//! place: every line is quoted, raw HTML is text, pictures are links (looking at the page loads nothing), and
//! links that are no web addresses are text. Lines keep their order and number.

use std::{fmt::Write as _, ops::Range};

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag};

use crate::text::clean;

/// Rounds of taming: taking one thing apart can make another of the same characters.
const ROUNDS: usize = 4;

/// The source as a quotation.
#[must_use]
pub fn quotation(source: &str) -> String {
    let mut words = clean::text(source).into_owned();
    for _ in 0..ROUNDS {
        words = tamed(&words);
        let page = quoted(&words);
        if harms(&page).is_empty() {
            return page;
        }
    }
    // What cannot be tamed is shown as it is written.
    let fence = fence(&words);
    quoted(&format!("{fence}text\n{}\n{fence}", words.trim_end()))
}

/// A fence that nothing in the text closes.
#[must_use]
pub fn fence(text: &str) -> String {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    "`".repeat(longest.max(2) + 1)
}

fn quoted(words: &str) -> String {
    let mut out = String::with_capacity(words.len() + words.len() / 16);
    for line in words.trim_end().lines() {
        let _ = writeln!(out, "{}", format!("> {line}").trim_end());
    }
    out
}

/// The source with what could do harm made text.
fn tamed(source: &str) -> String {
    // Where a byte is replaced, and by what; by place, because links within pictures come out of order.
    let mut edits: Vec<(usize, &str)> = Vec::new();
    for (harm, range) in harms(source) {
        let (from, to, bytes) = match harm {
            Harm::Html => ("<", "&lt;", range.len()),
            Harm::Address => ("<", "&lt;", 1),
            Harm::Link => ("[", "\\[", 1),
            Harm::Picture => ("!", "\\!", 1),
        };
        let text = source
            .get(range.start..range.start + bytes)
            .unwrap_or_default();
        let places = text.match_indices(from);
        edits.extend(places.map(|(at, _)| (range.start + at, to)));
    }
    edits.sort_unstable();
    edits.dedup_by_key(|(at, _)| *at);
    let mut out = String::with_capacity(source.len() + edits.len() * 3);
    let mut from = 0;
    for (at, with) in edits {
        out.push_str(source.get(from..at).unwrap_or_default());
        out.push_str(with);
        from = at + 1;
    }
    out.push_str(source.get(from..).unwrap_or_default());
    out
}

/// What may not stand in a page of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Harm {
    /// HTML.
    Html,
    /// An address in angle brackets that is not of the web.
    Address,
    /// A link to such an address.
    Link,
    /// A picture, which would be loaded.
    Picture,
}

/// Where harm is.
fn harms(source: &str) -> Vec<(Harm, Range<usize>)> {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let events = Parser::new_ext(source, options).into_offset_iter();
    let harm = |event: &Event<'_>| match event {
        Event::Html(_) | Event::InlineHtml(_) => Some(Harm::Html),
        Event::Start(Tag::Image { .. }) => Some(Harm::Picture),
        Event::Start(Tag::Link {
            link_type,
            dest_url,
            ..
        }) if !is_web(dest_url) => Some(match link_type {
            LinkType::Autolink | LinkType::Email => Harm::Address,
            _ => Harm::Link,
        }),
        _ => None,
    };
    events
        .filter_map(|(event, range)| Some((harm(&event)?, range)))
        .collect()
}

/// Addresses that a page may link to.
fn is_web(address: &str) -> bool {
    let address = address.trim_start().to_ascii_lowercase();
    ["https://", "http://", "mailto:", "#"]
        .iter()
        .any(|scheme| address.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_stay_and_harm_goes() {
        for (source, expected) in [
            ("# a\n\n*b*", "> # a\n>\n> *b*\n"),
            ("<script>x</script>", "> &lt;script>x&lt;/script>\n"),
            ("a <img src=x> b", "> a &lt;img src=x> b\n"),
            ("`<b>`", "> `<b>`\n"),
            ("[x](javascript:alert(1))", "> \\[x](javascript:alert(1))\n"),
            ("[x](https://a.b)", "> [x](https://a.b)\n"),
            ("![x](https://a.b/t.png)", "> \\![x](https://a.b/t.png)\n"),
            ("<javascript:alert>", "> &lt;javascript:alert>\n"),
            ("```\nopen", "> ```\n> open\n"),
        ] {
            assert_eq!(quotation(source), expected, "{source}");
        }
    }

    proptest! {
        #[test]
        fn nothing_in_it_is_html_or_a_script(source in "([a-z<>/\"'=:#*`!\\[\\]() \n]|<script |javascript:|\n> |\n- |```|!\\[){0,50}") {
            let page = quotation(&source);
            prop_assert_eq!(harms(&page), Vec::new(), "{:?}", page);
        }
    }
}
