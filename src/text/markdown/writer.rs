//! From parser events to rows: which block stands in which, marks, indents, blank rows.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Tag, TagEnd};
use ratatui::{
    style::Modifier,
    text::{Line, Span},
};

use super::{
    super::{
        Row,
        wrap::{self, Breaks, Indent, spans_width},
    },
    Block, Code, Context, code,
    inline::Inline,
    passed,
    table::Table,
};

/// Collects rows while events pass.
pub(super) struct Writer<'a> {
    source: &'a str,
    context: &'a Context<'a>,
    blocks: Vec<Block>,
    codes: Vec<Code>,
    containers: Vec<Container>,
    inline: Inline<'a>,
    table: Option<Table<'a>>,
    code: Option<OpenCode>,
}

/// A block that holds blocks.
enum Container {
    Quote {
        children: usize,
    },
    List {
        /// Number of the next item; `None` for bullets.
        next: Option<u64>,
        /// True when items stand apart.
        loose: bool,
        items: usize,
    },
    Item {
        /// Taken by the first row.
        mark: Option<String>,
        width: usize,
        children: usize,
    },
}

/// A code block being read.
struct OpenCode {
    info: String,
    text: String,
    /// Where each line begins in the document.
    starts: Vec<u64>,
    at: u64,
}

/// What a block needs around it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Paragraph,
    Other,
}

impl<'a> Writer<'a> {
    pub(super) fn new(source: &'a str, context: &'a Context<'a>) -> Self {
        Self {
            source,
            context,
            blocks: Vec::new(),
            codes: Vec::new(),
            containers: Vec::new(),
            inline: Inline::new(source, context.base, *context.styles),
            table: None,
            code: None,
        }
    }

    pub(super) fn finish(mut self) -> (Vec<Block>, Vec<Code>) {
        self.flush();
        (self.blocks, self.codes)
    }

    pub(super) fn event(&mut self, mut event: Event<'a>, range: Range<usize>) {
        if self.code.is_some() && self.code_event(&event, &range) {
            return;
        }
        if self.inline.event(&mut event, &range) {
            return;
        }
        match event {
            Event::Start(tag) => self.start(tag, &range),
            Event::End(tag) => self.end(tag, &range),
            Event::Rule => {
                self.begin(Kind::Other, &range, false);
                let room = self.room();
                let rule = Span::styled("─".repeat(room), self.context.styles.mark);
                self.own_row(vec![rule], self.at(&range));
            }
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'a>, range: &Range<usize>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => self.begin(Kind::Paragraph, range, false),
            Tag::Heading { level, .. } => {
                self.begin(Kind::Other, range, false);
                let style = self.context.styles.heading;
                self.inline.push(match level {
                    HeadingLevel::H1 => style.add_modifier(Modifier::UNDERLINED),
                    HeadingLevel::H2 => style,
                    _ => style.add_modifier(Modifier::ITALIC),
                });
            }
            Tag::BlockQuote(_) => {
                self.begin(Kind::Other, range, false);
                self.containers.push(Container::Quote { children: 0 });
            }
            Tag::CodeBlock(kind) => {
                let (info, fenced) = match kind {
                    CodeBlockKind::Fenced(info) => (info.to_string(), true),
                    CodeBlockKind::Indented => (String::new(), false),
                };
                self.begin(Kind::Other, range, fenced);
                let at = self.at(range);
                self.code = Some(OpenCode {
                    info,
                    text: String::new(),
                    starts: Vec::new(),
                    at,
                });
            }
            Tag::List(next) => {
                self.begin(Kind::Other, range, false);
                self.containers.push(Container::List {
                    next,
                    loose: false,
                    items: 0,
                });
            }
            Tag::Item => self.item(),
            Tag::Table(alignments) => {
                self.begin(Kind::Other, range, false);
                self.table = Some(Table {
                    alignments,
                    at: self.at(range),
                    ..Table::default()
                });
            }
            Tag::TableHead => self.inline.push(self.context.styles.strong),
            Tag::TableRow => {
                if let Some(table) = &mut self.table {
                    table.body.push(Vec::new());
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd, range: &Range<usize>) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.flush(),
            TagEnd::Heading(_) => {
                self.flush();
                self.inline.pop();
            }
            TagEnd::BlockQuote(_) | TagEnd::List(_) => {
                self.flush();
                self.containers.pop();
            }
            TagEnd::Item => self.end_item(range),
            TagEnd::CodeBlock => self.end_code(range),
            TagEnd::TableCell => {
                let cell = self.inline.take();
                if let Some(table) = &mut self.table {
                    table.body.last_mut().unwrap_or(&mut table.head).push(cell);
                }
            }
            TagEnd::TableHead => self.inline.pop(),
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    for row in table.rows(self.room(), self.context.styles) {
                        self.own_row(row.line.spans, row.at);
                    }
                }
            }
            _ => {}
        }
    }

    fn item(&mut self) {
        self.flush();
        let depth = self
            .containers
            .iter()
            .filter(|c| matches!(c, Container::List { .. }))
            .count();
        let Some(Container::List { next, items, .. }) = self.containers.last_mut() else {
            return;
        };
        *items += 1;
        let mark = match next {
            Some(number) => {
                let mark = format!("{number}. ");
                *number = number.saturating_add(1);
                mark
            }
            None => ["• ", "◦ ", "▪ "][depth.saturating_sub(1) % 3].to_owned(),
        };
        let width = super::super::width::of(&mark);
        self.containers.push(Container::Item {
            mark: Some(mark),
            width,
            children: 0,
        });
    }

    fn end_item(&mut self, range: &Range<usize>) {
        if self.inline.is_empty()
            && matches!(
                self.containers.last(),
                Some(Container::Item { mark: Some(_), .. })
            )
        {
            // An empty item still shows its mark.
            self.own_row(Vec::new(), self.at(range));
        } else {
            self.flush();
        }
        self.containers.pop();
    }

    /// A block begins: what was open ends, a blank row parts it from the block before it.
    fn begin(&mut self, kind: Kind, range: &Range<usize>, fenced: bool) {
        self.flush();
        if self.containers.is_empty() {
            let start = self
                .source
                .get(..range.start)
                .map_or(0, |before| before.rfind('\n').map_or(0, |at| at + 1));
            self.blocks.push(Block {
                start,
                fenced,
                rows: Vec::new(),
            });
            return;
        }
        let depth = self.containers.len() - 1;
        let (outer, last) = self.containers.split_at_mut(depth);
        let gap = match (outer.last_mut(), last.first_mut()) {
            (_, Some(Container::Quote { children })) => {
                *children += 1;
                (*children > 1).then_some(depth + 1)
            }
            (
                Some(Container::List { loose, items, .. }),
                Some(Container::Item { children, .. }),
            ) => {
                *children += 1;
                *loose |= kind == Kind::Paragraph;
                if *children > 1 {
                    loose.then_some(depth + 1)
                } else {
                    (*loose && *items > 1).then_some(depth)
                }
            }
            _ => None,
        };
        if let Some(depth) = gap {
            let (_, mut rest) = self.prefix(depth);
            while rest
                .last()
                .is_some_and(|span| span.content.trim().is_empty())
            {
                rest.pop();
            }
            let row = Row::new(Line::from(rest), self.at(range));
            self.row(row);
        }
    }

    /// Writes the text read so far.
    fn flush(&mut self) {
        if self.inline.is_empty() {
            return;
        }
        let mut indent = self.indent();
        for line in self.inline.take() {
            let mut rows = wrap::rows(&line, self.context.columns, &indent);
            for row in rows.drain(..) {
                self.row(row);
            }
            indent.first.clone_from(&indent.rest);
        }
    }

    /// Takes in an event within a code block.
    fn code_event(&mut self, event: &Event<'a>, range: &Range<usize>) -> bool {
        let (Event::Text(text), Some(code)) = (event, &mut self.code) else {
            return false;
        };
        let text = passed(text.clone(), self.source, range);
        let mut at = self.context.base + range.start as u64;
        for line in text.split_inclusive('\n') {
            if code.text.is_empty() || code.text.ends_with('\n') {
                code.starts.push(at);
            }
            code.text.push_str(line);
            at += line.len() as u64;
        }
        true
    }

    fn end_code(&mut self, range: &Range<usize>) {
        let Some(open) = self.code.take() else { return };
        let OpenCode {
            info,
            text,
            starts,
            at,
        } = open;
        let styles = self.context.styles;
        let columns = self.context.columns;
        let mut indent = self.indent();
        let mut rows = Vec::new();
        if let Some(header) = code::header(&info, columns, &indent, styles, at) {
            rows.push(header);
            indent.first.clone_from(&indent.rest);
        }
        let highlights = self.context.highlights.get(&at);
        for (index, (line, at)) in text.lines().zip(starts).enumerate() {
            let highlighted = highlights.and_then(|lines| lines.get(index));
            code::line(
                line,
                highlighted,
                columns,
                &indent,
                styles,
                at,
                &mut |row| rows.push(row),
            );
            indent.first.clone_from(&indent.rest);
        }
        for row in rows {
            self.row(row);
        }
        let language = code::language(&info);
        self.codes.push(Code {
            at,
            language,
            source: text,
            end: range.end,
        });
    }

    /// A row made here, behind the indent.
    fn own_row(&mut self, mut spans: Vec<Span<'static>>, at: u64) {
        let mut line = self.indent().first;
        if spans_width(&line) + spans_width(&spans) > usize::from(self.context.columns) {
            line.clear();
        }
        line.append(&mut spans);
        let columns = self.context.columns;
        if spans_width(&line) <= usize::from(columns) {
            self.row(Row::new(Line::from(line), at));
            return;
        }
        // Only the narrowest screens: what does not fit is wrapped like code.
        let runs: Vec<_> = line
            .iter()
            .map(|span| wrap::Run::new(&*span.content, span.style, at))
            .collect();
        let mut rows = Vec::new();
        wrap::wrap(
            &runs,
            columns,
            &Indent::default(),
            Breaks::Anywhere,
            &mut |row| rows.push(row),
        );
        for row in rows {
            self.row(row);
        }
    }

    fn row(&mut self, row: Row) {
        if self.blocks.is_empty() {
            self.blocks.push(Block {
                start: 0,
                fenced: false,
                rows: Vec::new(),
            });
        }
        if let Some(block) = self.blocks.last_mut() {
            block.rows.push(row);
        }
    }

    /// The indent for the next rows. List marks are taken: they stand before one row only.
    fn indent(&mut self) -> Indent {
        let (first, rest) = self.prefix(self.containers.len());
        for container in &mut self.containers {
            if let Container::Item { mark, .. } = container {
                *mark = None;
            }
        }
        Indent { first, rest }
    }

    /// What the outermost `depth` containers put before a first row and before others. Takes at most
    /// half of the width; then the innermost count.
    fn prefix(&self, depth: usize) -> (Vec<Span<'static>>, Vec<Span<'static>>) {
        let style = self.context.styles.mark;
        let mut budget = usize::from(self.context.columns) / 2;
        let (mut first, mut rest) = (Vec::new(), Vec::new());
        for container in self.containers.iter().take(depth).rev() {
            let (mark, blank, width) = match container {
                Container::Quote { .. } => {
                    (Span::styled("▎ ", style), Span::styled("▎ ", style), 2)
                }
                Container::List { .. } => continue,
                Container::Item { mark, width, .. } => {
                    let blank = Span::raw(" ".repeat(*width));
                    let mark = mark
                        .as_ref()
                        .map_or_else(|| blank.clone(), |mark| Span::styled(mark.clone(), style));
                    (mark, blank, *width)
                }
            };
            let Some(left) = budget.checked_sub(width) else {
                break;
            };
            budget = left;
            first.push(mark);
            rest.push(blank);
        }
        first.reverse();
        rest.reverse();
        (first, rest)
    }

    /// Cells behind the indent.
    fn room(&self) -> usize {
        let (first, _) = self.prefix(self.containers.len());
        usize::from(self.context.columns).saturating_sub(spans_width(&first))
    }

    const fn at(&self, range: &Range<usize>) -> u64 {
        self.context.base + range.start as u64
    }
}
