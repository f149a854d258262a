//! Text within a block: a stack of styles, links, line breaks.

use std::{borrow::Cow, ops::Range};

use pulldown_cmark::{CowStr, Event, LinkType, Tag, TagEnd};
use ratatui::style::Style;

use super::{
    super::{TextStyles, clean, wrap::Run},
    passed,
};

/// Characters of a source line from which on a break after it counts as wrapping.
const WRAPPED: usize = 60;

/// Lines of styled text, as they grow.
pub(super) struct Inline<'a> {
    source: &'a str,
    base: u64,
    styles: TextStyles,
    lines: Vec<Vec<Run<'a>>>,
    stack: Vec<Style>,
    links: Vec<OpenLink>,
}

/// A link whose text is being read.
struct OpenLink {
    target: String,
    text: String,
    /// Automatic links show their target already.
    shown: bool,
}

impl<'a> Inline<'a> {
    pub(super) const fn new(source: &'a str, base: u64, styles: TextStyles) -> Self {
        Self {
            source,
            base,
            styles,
            lines: Vec::new(),
            stack: Vec::new(),
            links: Vec::new(),
        }
    }

    /// True when there is no text.
    pub(super) const fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Takes the lines and begins anew.
    pub(super) fn take(&mut self) -> Vec<Vec<Run<'a>>> {
        std::mem::take(&mut self.lines)
    }

    /// Everything until the matching `pop` is painted with this style on top.
    pub(super) fn push(&mut self, style: Style) {
        self.stack.push(self.style().patch(style));
    }

    /// Ends the last `push`.
    pub(super) fn pop(&mut self) {
        self.stack.pop();
    }

    /// Takes in an event. False when it is not about text within a block.
    pub(super) fn event(&mut self, event: &mut Event<'a>, range: &Range<usize>) -> bool {
        match event {
            Event::Text(text) => self.text(take(text), range, Style::new()),
            Event::Code(code) => self.code(take(code), range),
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                self.text(take(text), range, Style::new());
            }
            Event::InlineHtml(html) => {
                if is_break(html) {
                    self.line_break();
                } else {
                    self.text(take(html), range, self.styles.mark);
                }
            }
            Event::Html(html) => self.text(take(html), range, Style::new()),
            Event::SoftBreak if self.is_wrapped(range) => {
                self.run(Cow::Borrowed(" "), Style::new(), self.at(range));
            }
            Event::SoftBreak | Event::HardBreak => self.line_break(),
            Event::TaskListMarker(done) => {
                let mark = if *done { "[x] " } else { "[ ] " };
                self.run(Cow::Borrowed(mark), self.styles.mark, self.at(range));
            }
            Event::Start(tag) => return self.start(tag),
            Event::End(tag) => return self.end(*tag, range),
            Event::Rule => return false,
        }
        true
    }

    /// True when the line before a break is so long that somebody wrapped a paragraph there. After a
    /// short line the break is meant: verses, addresses, one thing per line.
    fn is_wrapped(&self, range: &Range<usize>) -> bool {
        let before = self.source.get(..range.start).unwrap_or_default();
        let line = before.rfind('\n').map_or(before, |at| &before[at + 1..]);
        line.chars().nth(WRAPPED).is_some()
    }

    fn start(&mut self, tag: &Tag<'a>) -> bool {
        match tag {
            Tag::Emphasis => self.push(self.styles.emphasis),
            Tag::Strong => self.push(self.styles.strong),
            Tag::Strikethrough => self.push(self.styles.strike),
            Tag::Link {
                link_type,
                dest_url,
                ..
            } => {
                self.open(
                    dest_url,
                    matches!(link_type, LinkType::Autolink | LinkType::Email),
                );
            }
            Tag::Image { dest_url, .. } => self.open(dest_url, false),
            _ => return false,
        }
        true
    }

    fn end(&mut self, tag: TagEnd, range: &Range<usize>) -> bool {
        match tag {
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => self.pop(),
            TagEnd::Link | TagEnd::Image => self.close(range),
            _ => return false,
        }
        true
    }

    fn open(&mut self, target: &str, shown: bool) {
        let target = clean::line(target).into_owned();
        self.links.push(OpenLink {
            target,
            text: String::new(),
            shown,
        });
        self.push(self.styles.link);
    }

    /// Ends a link: its target stands behind its text, so that nobody is sent elsewhere unseen.
    fn close(&mut self, range: &Range<usize>) {
        self.pop();
        let Some(link) = self.links.pop() else { return };
        if let Some(outer) = self.links.last_mut() {
            outer.text.push_str(&link.text);
        }
        if link.shown || link.target.is_empty() || link.text == link.target {
            return;
        }
        let end = self.base + range.end.saturating_sub(1) as u64;
        let space = if link.text.is_empty() { "" } else { " " };
        self.run(
            format!("{space}({})", link.target).into(),
            self.styles.mark,
            end,
        );
    }

    fn code(&mut self, code: CowStr<'a>, range: &Range<usize>) {
        let style = self.styles.code;
        self.text(code, range, style);
    }

    fn text(&mut self, text: CowStr<'a>, range: &Range<usize>, style: Style) {
        let text = passed(text, self.source, range);
        let at = self.at(range);
        let style = self.style().patch(style);
        for link in &mut self.links {
            link.text.push_str(&text);
        }
        if !text.contains('\n') {
            self.run(text, style, at);
            return;
        }
        let mut offset = at;
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                self.line_break();
            }
            self.run(Cow::Owned(line.to_owned()), style, offset);
            offset += line.len() as u64 + 1;
        }
    }

    fn run(&mut self, text: Cow<'a, str>, style: Style, at: u64) {
        if self.lines.is_empty() {
            self.lines.push(Vec::new());
        }
        if let Some(line) = self.lines.last_mut().filter(|_| !text.is_empty()) {
            line.push(Run { text, style, at });
        }
    }

    fn line_break(&mut self) {
        if self.lines.is_empty() {
            self.lines.push(Vec::new());
        }
        self.lines.push(Vec::new());
    }

    fn style(&self) -> Style {
        self.stack.last().copied().unwrap_or(self.styles.body)
    }

    const fn at(&self, range: &Range<usize>) -> u64 {
        self.base + range.start as u64
    }
}

fn take<'a>(text: &mut CowStr<'a>) -> CowStr<'a> {
    std::mem::replace(text, CowStr::Borrowed(""))
}

/// `<br>`, which models write in table cells.
fn is_break(html: &str) -> bool {
    let name = html
        .trim_start_matches('<')
        .trim_end_matches('>')
        .trim_end_matches('/')
        .trim();
    name.eq_ignore_ascii_case("br")
}
