//! Markdown that grows: which blocks are final, and the rows of the rest.
//!
//! A top-level block is final once another top-level block begins after it on a finished line that
//! nothing can join to it: a line after a blank line, or a code fence. Block structure is decided
//! line by line from left to right, so no later text changes where such a block begins. Everything
//! before it is rendered for the last time; the rest, the tail, is parsed again by every layout.
//!
//! The tail is bounded: within an open top-level fence finished lines are final (see
//! [`super::fence`]), and any other block that reaches [`WINDOW`] bytes is cut at a line (else at a
//! space), what follows goes on as a block of its own without a blank row. Where it is cut depends
//! on the text alone, never on the chunks.
//!
//! A link definition that comes after its use is known too late for final rows, so a document with
//! definitions is laid out once more when it is finished.

use std::{collections::HashMap, sync::Arc};

use ratatui::text::Line;

use super::{
    super::{
        Row,
        markdown::{self, Block, Code, Context, Highlights, Rendered, code},
        wrap::Indent,
    },
    Shape, Source, cut,
    fence::Fence,
    store::Rows,
};

/// Most bytes that are parsed at once.
pub(super) const WINDOW: usize = 16 << 10;
/// Most link definitions that a document keeps.
const MAX_DEFINITIONS: usize = 1000;

/// Layout of markdown.
#[derive(Clone, Debug)]
pub(super) struct Blocks {
    /// Everything before this place is final.
    done: u64,
    /// The open top-level fence; `done` is within it.
    fence: Option<OpenFence>,
    /// No blank row before the next block: it goes on where a long block was cut.
    glued: bool,
    /// Some row was made.
    begun: bool,
    definitions: HashMap<String, String>,
    /// Definitions were known from the beginning of this layout.
    informed: bool,
    highlights: Highlights,
    /// Final blocks with code that may be highlighted, by code block.
    painted: HashMap<u64, Painted>,
    codes: Vec<Code>,
    /// Bytes given to the parser.
    pub(super) parsed: u64,
    /// Most bytes parsed at once; tests use small ones.
    pub(super) window: usize,
}

/// A top-level fence whose end has not been seen.
#[derive(Clone, Debug)]
struct OpenFence {
    fence: Fence,
    /// Beginning of its first line.
    start: u64,
    /// Number of its first row.
    first_row: u64,
}

/// A final block that holds code.
#[derive(Clone, Copy, Debug)]
struct Painted {
    start: u64,
    end: u64,
    /// Number of its first row.
    first_row: u64,
    rows: usize,
}

impl Default for Blocks {
    fn default() -> Self {
        Self {
            done: 0,
            fence: None,
            glued: false,
            begun: false,
            definitions: HashMap::new(),
            informed: false,
            highlights: Highlights::new(),
            painted: HashMap::new(),
            codes: Vec::new(),
            parsed: 0,
            window: WINDOW,
        }
    }
}

impl Blocks {
    /// Lays out from the first kept byte on. Definitions and highlights stay.
    pub(super) fn restart(&mut self, base: u64) {
        self.done = base;
        self.fence = None;
        self.glued = false;
        self.begun = false;
        self.informed = false;
        self.painted.clear();
        self.codes.clear();
        self.highlights.retain(|at, _| *at >= base);
    }

    /// The text before `base` is gone. True when some of it was never laid out.
    pub(super) fn cut(&mut self, base: u64) -> bool {
        self.painted.retain(|at, _| *at >= base);
        self.highlights.retain(|at, _| *at >= base);
        let lost = self.done < base;
        if lost {
            // Within an open fence the text goes on as code.
            self.done = base;
            self.begun = false;
        }
        lost
    }

    pub(super) fn forget_highlights(&mut self) {
        self.highlights.clear();
    }

    /// Code blocks that became final.
    pub(super) fn take_codes(&mut self) -> Vec<Code> {
        std::mem::take(&mut self.codes)
    }

    /// Lays out what is new.
    pub(super) fn advance(
        &mut self,
        source: &Source,
        shape: Shape,
        finished: bool,
        rows: &mut Rows,
    ) {
        rows.clear_tail();
        while self.segment(source, shape, finished, rows) {}
        if finished && !self.definitions.is_empty() && !self.informed {
            rows.clear();
            let definitions = std::mem::take(&mut self.definitions);
            self.restart(source.base);
            self.definitions = definitions;
            self.informed = true;
            while self.segment(source, shape, finished, rows) {}
        }
    }

    /// Makes the next part final. False when the rest is the tail.
    fn segment(&mut self, source: &Source, shape: Shape, finished: bool, rows: &mut Rows) -> bool {
        if self.fence.is_some() {
            return self.fence_lines(source, shape, finished, rows);
        }
        let rest = source.since(self.done);
        let blank = cut::blank_lines(rest, self.window);
        if blank > 0 {
            self.done += blank as u64;
            self.glued = false;
            return true;
        }
        if let Some((line, _)) = rest.split_once('\n')
            && line.len() < self.window
            && let Some(fence) = Fence::open(line)
        {
            self.open_fence(fence, line.len() as u64 + 1, shape, rows);
            return true;
        }
        if rest.is_empty() {
            return false;
        }
        let whole = rest.len() <= self.window;
        let window = if whole {
            cut::visible(rest)
        } else {
            cut::finished_lines(rest, self.window)
        };
        let rendered = self.render(window, self.done, shape);
        let boundary = rendered
            .blocks
            .iter()
            .skip(1)
            .rev()
            .find(|block| cut::final_start(window, block));
        match boundary.map(|block| block.start) {
            Some(end) => {
                self.freeze(rendered, end, rows);
                true
            }
            None if whole && finished => {
                self.freeze(rendered, window.len(), rows);
                false
            }
            None if whole => {
                self.show_tail(rendered.blocks, rows);
                false
            }
            None => {
                let part = cut::part(rest, self.window);
                let rendered = self.render(part, self.done, shape);
                self.freeze(rendered, part.len(), rows);
                self.glued = true;
                true
            }
        }
    }

    fn render(&mut self, text: &str, at: u64, shape: Shape) -> Rendered {
        self.parsed += text.len() as u64;
        let context = Context {
            columns: shape.columns,
            styles: &shape.styles,
            base: at,
            definitions: &self.definitions,
            highlights: &self.highlights,
        };
        markdown::render(text, &context)
    }

    /// Makes the blocks before `end` (in the rendered text) final.
    fn freeze(&mut self, rendered: Rendered, end: usize, rows: &mut Rows) {
        let Rendered {
            blocks,
            codes,
            definitions,
        } = rendered;
        let base = self.done;
        let stops: Vec<usize> = blocks
            .iter()
            .skip(1)
            .map(|block| block.start)
            .chain([end])
            .collect();
        for (block, stop) in blocks
            .into_iter()
            .zip(stops)
            .take_while(|(block, _)| block.start < end)
        {
            let start = base + block.start as u64;
            let stop = base + stop as u64;
            self.gap(block.rows.first(), rows, Rows::freeze);
            let first_row = rows.made();
            let painted = Painted {
                start,
                end: stop,
                first_row,
                rows: block.rows.len(),
            };
            for code in codes.iter().filter(|code| (start..stop).contains(&code.at)) {
                self.painted.insert(code.at, painted);
            }
            for row in block.rows {
                rows.freeze(row);
            }
        }
        self.codes
            .extend(codes.into_iter().filter(|code| code.end <= end));
        for (_, label, target) in definitions.into_iter().filter(|(stop, ..)| *stop <= end) {
            if self.definitions.len() < MAX_DEFINITIONS {
                self.definitions.entry(label).or_insert(target);
            }
        }
        self.done = base + end as u64;
    }

    /// Shows blocks that may still change.
    fn show_tail(&mut self, blocks: Vec<Block>, rows: &mut Rows) {
        let (begun, glued) = (self.begun, self.glued);
        for block in blocks {
            self.gap(block.rows.first(), rows, Rows::push_tail);
            for row in block.rows {
                rows.push_tail(row);
            }
        }
        (self.begun, self.glued) = (begun, glued);
    }

    /// The blank row before a block, if it has rows and is not the first.
    fn gap(&mut self, first: Option<&Row>, rows: &mut Rows, put: fn(&mut Rows, Row)) {
        let Some(first) = first else { return };
        if std::mem::replace(&mut self.begun, true) && !std::mem::take(&mut self.glued) {
            put(rows, Row::new(Line::default(), first.at));
        }
    }

    /// `line` bytes from `done` on open a fence.
    fn open_fence(&mut self, fence: Fence, line: u64, shape: Shape, rows: &mut Rows) {
        let start = self.done;
        let at = start + fence.indent as u64;
        if let Some(header) = code::header(
            &fence.info,
            shape.columns,
            &Indent::default(),
            &shape.styles,
            at,
        ) {
            self.gap(Some(&header), rows, Rows::freeze);
            self.fence = Some(OpenFence {
                fence,
                start,
                first_row: rows.made(),
            });
            rows.freeze(header);
        } else {
            // The gap comes with the first line, if there is one.
            self.fence = Some(OpenFence {
                fence,
                start,
                first_row: rows.made(),
            });
        }
        self.done = start + line;
    }

    /// Lines of the open fence: finished ones are final. False when the rest is the tail.
    fn fence_lines(
        &mut self,
        source: &Source,
        shape: Shape,
        finished: bool,
        rows: &mut Rows,
    ) -> bool {
        let Some(mut open) = self.fence.take() else {
            return false;
        };
        let at = open.start + open.fence.indent as u64;
        let highlights = self.highlights.get(&at).cloned();
        let mut number = if highlights.is_some() {
            source
                .between(open.start, self.done)
                .lines()
                .count()
                .saturating_sub(1)
        } else {
            0
        };
        loop {
            let rest = source.since(self.done);
            let (line, ended) = match rest.split_once('\n') {
                Some((line, _)) => (line, true),
                None => (rest, false),
            };
            if open.fence.closes(line) && (ended || finished) {
                let stop = self.done;
                self.done += line.len() as u64 + u64::from(ended);
                self.close_fence(&open, stop, source, rows);
                return true;
            }
            let (text, taken) = open.fence.content(line);
            if (!ended && text.trim().is_empty()) || open.fence.closes(line) {
                if finished {
                    self.close_fence(&open, self.done, source, rows);
                } else {
                    self.fence = Some(open);
                }
                return false;
            }
            let place = self.done + taken as u64;
            let highlighted = highlights.as_ref().and_then(|lines| lines.get(number));
            let mut made = Vec::new();
            let sink = &mut |row| made.push(row);
            code::line(
                text,
                highlighted,
                shape.columns,
                &Indent::default(),
                &shape.styles,
                place,
                sink,
            );
            number += 1;
            let last = !ended && !finished;
            let (begun, glued) = (self.begun, self.glued);
            let put = if last { Rows::push_tail } else { Rows::freeze };
            if rows.made() == open.first_row {
                self.gap(made.first(), rows, put);
                open.first_row = rows.made();
            }
            for row in made {
                put(rows, row);
            }
            if last {
                (self.begun, self.glued) = (begun, glued);
                self.fence = Some(open);
                return false;
            }
            self.done += line.len() as u64 + u64::from(ended);
        }
    }

    /// The fence is over; its lines end at `stop`, and `done` is after its last line.
    fn close_fence(&mut self, open: &OpenFence, stop: u64, source: &Source, rows: &Rows) {
        if open.start < source.base {
            return;
        }
        let at = open.start + open.fence.indent as u64;
        let body = source.between(open.start, stop);
        let lines = body.split_inclusive('\n').skip(1);
        let text: String = lines.map(|line| open.fence.content(line).0).collect();
        let count = usize::try_from(rows.made() - open.first_row).unwrap_or(0);
        let painted = Painted {
            start: open.start,
            end: self.done,
            first_row: open.first_row,
            rows: count,
        };
        self.painted.insert(at, painted);
        let language = code::language(&open.fence.info);
        self.codes.push(Code {
            at,
            language,
            source: text,
            end: 0,
        });
    }

    /// Paints a final block again, now with highlighted code.
    pub(super) fn highlighted(
        &mut self,
        block: u64,
        lines: Arc<[Line<'static>]>,
        source: &Source,
        shape: Shape,
        rows: &mut Rows,
    ) {
        self.highlights.insert(block, lines);
        let Some(painted) = self.painted.get(&block).copied() else {
            return;
        };
        if painted.start < source.base || shape.columns == 0 {
            return;
        }
        let text = source.between(painted.start, painted.end);
        let rendered = self.render(text, painted.start, shape);
        let fresh: Vec<Row> = rendered
            .blocks
            .into_iter()
            .flat_map(|block| block.rows)
            .collect();
        if fresh.len() == painted.rows {
            rows.replace(painted.first_row, fresh);
        }
    }
}
