//! Markdown as HTML that can be put into a page of ours.
//!
//! Whatever the source says, the output holds only tags from a short list and no attribute that came from
//! the source: raw HTML is text, a link is its words followed by its address as text, an image is its
//! description. Nothing in it can be clicked, loaded or run. Every tag that is opened is closed.

use std::fmt::Write as _;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::text::clean;

/// Longest source that is laid out; a longer one is shown as it is written.
const LONGEST: usize = 1024 * 1024;
/// Deepest nesting of quotes and lists; browsers and people lose track further down.
const DEEPEST: usize = 24;

/// The source as HTML.
#[must_use]
pub fn html(source: &str) -> String {
    let source = clean::text(source);
    let mut out = String::with_capacity(source.len() + source.len() / 4);
    if source.len() > LONGEST {
        out.push_str("<pre>");
        escape(&source, &mut out);
        out.push_str("</pre>\n");
        return out;
    }
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut page = Page {
        out,
        ..Page::default()
    };
    for event in Parser::new_ext(&source, options) {
        page.event(event);
    }
    page.out
}

/// Text that means nothing to a browser: cleaned before, escaped here.
pub fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}

/// What was written so far, and what is open.
#[derive(Default)]
struct Page {
    out: String,
    /// Quotes, lists and items around.
    depth: usize,
    /// Addresses of the links and images around.
    addresses: Vec<String>,
    /// In the head of a table.
    head: bool,
}

impl Page {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            Event::Code(text) => {
                self.out.push_str("<code>");
                self.text(&text);
                self.out.push_str("</code>");
            }
            Event::SoftBreak | Event::HardBreak => self.out.push_str("<br>\n"),
            Event::Rule => self.out.push_str("<hr>\n"),
            Event::TaskListMarker(done) => self.out.push_str(if done { "☑ " } else { "☐ " }),
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                self.text(&text);
            }
        }
    }

    fn text(&mut self, text: &str) {
        // What the parser decoded has not passed the gate.
        escape(&clean::text(text), &mut self.out);
    }

    /// Opens a block within which blocks stand.
    fn open(&mut self, tag: &str) {
        self.depth += 1;
        if self.depth <= DEEPEST {
            self.out.push_str(tag);
        }
    }

    fn close(&mut self, tag: &str) {
        if self.depth <= DEEPEST {
            self.out.push_str(tag);
        }
        self.depth = self.depth.saturating_sub(1);
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => self.out.push_str("<p>"),
            Tag::Heading { level, .. } => {
                let _ = write!(self.out, "<h{}>", heading(level));
            }
            Tag::BlockQuote(_) => self.open("<blockquote>\n"),
            Tag::CodeBlock(_) => self.out.push_str("<pre><code>"),
            Tag::List(None) => self.open("<ul>\n"),
            Tag::List(Some(1)) => self.open("<ol>\n"),
            Tag::List(Some(first)) => {
                self.open(&format!("<ol start=\"{}\">\n", first.min(999_999)));
            }
            Tag::Item => self.open("<li>"),
            Tag::Table(_) => self.out.push_str("<table>\n"),
            Tag::TableHead => {
                self.head = true;
                self.out.push_str("<tr>");
            }
            Tag::TableRow => self.out.push_str("<tr>"),
            Tag::TableCell => self.out.push_str(if self.head { "<th>" } else { "<td>" }),
            Tag::Emphasis => self.out.push_str("<em>"),
            Tag::Strong => self.out.push_str("<strong>"),
            Tag::Strikethrough => self.out.push_str("<s>"),
            Tag::Link { dest_url, .. } => self.addresses.push(dest_url.to_string()),
            Tag::Image { dest_url, .. } => {
                self.addresses.push(dest_url.to_string());
                self.out.push_str("[picture: ");
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.out.push_str("</p>\n"),
            TagEnd::Heading(level) => {
                let _ = writeln!(self.out, "</h{}>", heading(level));
            }
            TagEnd::BlockQuote(_) => self.close("</blockquote>\n"),
            TagEnd::CodeBlock => self.out.push_str("</code></pre>\n"),
            TagEnd::List(true) => self.close("</ol>\n"),
            TagEnd::List(false) => self.close("</ul>\n"),
            TagEnd::Item => self.close("</li>\n"),
            TagEnd::Table => self.out.push_str("</table>\n"),
            TagEnd::TableHead => {
                self.head = false;
                self.out.push_str("</tr>\n");
            }
            TagEnd::TableRow => self.out.push_str("</tr>\n"),
            TagEnd::TableCell => self.out.push_str(if self.head { "</th>" } else { "</td>" }),
            TagEnd::Emphasis => self.out.push_str("</em>"),
            TagEnd::Strong => self.out.push_str("</strong>"),
            TagEnd::Strikethrough => self.out.push_str("</s>"),
            TagEnd::Link => self.address(),
            TagEnd::Image => {
                self.out.push(']');
                self.address();
            }
            _ => {}
        }
    }

    /// The address behind a link, when its words are not the address itself.
    fn address(&mut self) {
        let address = self.addresses.pop().unwrap_or_default();
        let mut shown = String::new();
        escape(&clean::line(&address), &mut shown);
        if !shown.is_empty() && !self.out.ends_with(&shown) {
            let _ = write!(self.out, " <span class=\"url\">({shown})</span>");
        }
    }
}

/// Headings of an answer stand below those of the page.
const fn heading(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 4,
        HeadingLevel::H2 => 5,
        _ => 6,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn markdown_becomes_html_and_html_becomes_text() {
        for (source, expected) in [
            (
                "a *b* **c** `d`",
                "<p>a <em>b</em> <strong>c</strong> <code>d</code></p>\n",
            ),
            ("# one\n## two", "<h4>one</h4>\n<h5>two</h5>\n"),
            (
                "3. x\n4. y",
                "<ol start=\"3\">\n<li>x</li>\n<li>y</li>\n</ol>\n",
            ),
            (
                "```rust\" onload=x\nlet a = \"<b>\";\n```",
                "<pre><code>let a = &quot;&lt;b&gt;&quot;;\n</code></pre>\n",
            ),
            (
                "<script>alert(1)</script>",
                "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n",
            ),
            (
                "[click](javascript:alert(1))",
                "<p>click <span class=\"url\">(javascript:alert(1))</span></p>\n",
            ),
            ("<https://x.y>", "<p>https://x.y</p>\n"),
            (
                "![cat](https://x.y/c.png \"t\")",
                "<p>[picture: cat] <span class=\"url\">(https://x.y/c.png)</span></p>\n",
            ),
            ("&#27;[31m&lt;i&gt;", "<p>␛[31m&lt;i&gt;</p>\n"),
            (
                "|a|b|\n|-|-|\n|1|<i>|",
                "<table>\n<tr><th>a</th><th>b</th></tr>\n<tr><td>1</td><td>&lt;i&gt;</td></tr>\n</table>\n",
            ),
        ] {
            assert_eq!(html(source), expected, "{source}");
        }
    }

    /// Every tag that may occur, as it is written.
    fn is_known(tag: &str) -> bool {
        let name = tag.trim_start_matches('/');
        let plain = [
            "p",
            "h4",
            "h5",
            "h6",
            "blockquote",
            "pre",
            "code",
            "ul",
            "ol",
            "li",
            "table",
            "tr",
            "th",
            "td",
            "em",
            "strong",
            "s",
            "br",
            "hr",
            "span",
            "span class=\"url\"",
        ];
        let start = name
            .strip_prefix("ol start=\"")
            .and_then(|rest| rest.strip_suffix('"'));
        plain.contains(&name) || start.is_some_and(|digits| digits.parse::<u32>().is_ok())
    }

    proptest! {
        #[test]
        fn only_our_own_tags_and_all_of_them_closed(source in "([a-z<>/\"'=&;:#*_`|\\-\\[\\]()! \n]|<script |javascript:|\n> |\n- |\n1. |```){0,60}") {
            let page = html(&source);
            let mut open: Vec<&str> = Vec::new();
            for (at, _) in page.match_indices('<') {
                let tag = page[at + 1..].split('>').next().unwrap();
                prop_assert!(is_known(tag), "{tag:?} in {page}");
                let name = tag.split(' ').next().unwrap();
                match name.strip_prefix('/') {
                    Some(name) => prop_assert_eq!(open.pop(), Some(name)),
                    None if name == "br" || name == "hr" => {}
                    None => open.push(name),
                }
            }
            prop_assert!(open.is_empty(), "{open:?} left open in {page}");
        }
    }

    #[test]
    fn bottomless_quotes_have_a_bottom() {
        let page = html(&format!("{}x", "> ".repeat(500)));
        assert_eq!(page.matches("<blockquote>").count(), DEEPEST);
        assert_eq!(page.matches("</blockquote>").count(), DEEPEST);
    }
}
