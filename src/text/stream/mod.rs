//! The incremental document of a pane: text comes in deltas, rows come out for one width.
//!
//! Finished parts are laid out once and become immutable rows; only the unfinished tail is redone,
//! and the tail is bounded, so a delta costs the same however much was said before. A new width or
//! new styles redo everything once.
//!
//! Invariants, held by property tests:
//! - the rows after any chunking are the rows of the whole text given at once;
//! - `layout` twice is `layout` once;
//! - no row is wider than the width.
//!
//! Bounds: at most [`MAX_ROWS`] rows and about [`MAX_BYTES`] bytes of source are kept. What is older
//! is gone from here, a row at the top says so; the session log has it. Beyond these bounds the
//! chunking may show in which old rows are left, nowhere else.
//!
//! Not here: cleaning (text must have passed [`super::clean`]), scrolling, painting.

mod blocks;
mod cut;
mod fence;
mod find;
mod plain;
#[cfg(test)]
pub(crate) mod samples;
mod store;
#[cfg(test)]
mod tests;

use std::{collections::HashSet, sync::Arc};

use ratatui::text::{Line, Span};

use super::{HighlightJob, Highlighted, Row, TextStyles, markdown::Code, width};

use self::{blocks::Blocks, plain::Plain, store::Rows};

pub use self::{find::Hit, store::Mark};

/// Rows that a document keeps.
pub const MAX_ROWS: usize = 20_000;
/// Bytes of source that a document keeps, give or take 1 MiB.
pub const MAX_BYTES: usize = 4 << 20;
/// Bytes by which the source may exceed its bound before its front is cut off.
const SLACK: usize = 1 << 20;
/// The row at the top when something older is gone.
const EARLIER: &str = "… earlier output: open the session log";

/// Largest code block that is highlighted, in bytes.
const MAX_CODE_BYTES: usize = 512 << 10;
/// Most lines of a code block that is highlighted.
const MAX_CODE_LINES: usize = 10_000;
/// Longest line of a code block that is highlighted, in bytes.
const MAX_CODE_LINE: usize = 4 << 10;

/// Bounds of a document; tests use small ones.
#[derive(Clone, Copy, Debug)]
struct Limits {
    rows: usize,
    bytes: usize,
    slack: usize,
}

const LIMITS: Limits = Limits {
    rows: MAX_ROWS,
    bytes: MAX_BYTES,
    slack: SLACK,
};

/// A growing document.
#[derive(Clone, Debug)]
pub struct Doc {
    engine: Engine,
    source: Source,
    rows: Rows,
    shape: Option<Shape>,
    finished: bool,
    /// Something changed since the last layout.
    stale: bool,
    jobs: Vec<HighlightJob>,
    /// Code blocks that were given out for highlighting.
    asked: HashSet<u64>,
    limits: Limits,
}

/// How text becomes rows.
#[derive(Clone, Debug)]
enum Engine {
    Markdown(Box<Blocks>),
    Plain(Plain),
}

/// What rows depend on besides the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    columns: u16,
    revision: u64,
    styles: TextStyles,
}

/// The kept text. Places are counted from the beginning of the document, kept or not.
#[derive(Clone, Debug, Default)]
struct Source {
    text: String,
    base: u64,
}

impl Source {
    /// The text from a place on.
    fn since(&self, at: u64) -> &str {
        let start = usize::try_from(at.saturating_sub(self.base)).unwrap_or(usize::MAX);
        self.text.get(start..).unwrap_or_default()
    }

    /// The text between two places.
    fn between(&self, from: u64, to: u64) -> &str {
        let length = usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX);
        self.since(from).get(..length).unwrap_or_default()
    }
}

impl Doc {
    /// An empty markdown document.
    #[must_use]
    pub fn markdown() -> Self {
        Self::new(Engine::Markdown(Box::default()))
    }

    /// An empty document of plain lines.
    #[must_use]
    pub fn plain() -> Self {
        Self::new(Engine::Plain(Plain::default()))
    }

    fn new(engine: Engine) -> Self {
        Self {
            engine,
            source: Source::default(),
            rows: Rows::default(),
            shape: None,
            finished: false,
            stale: false,
            jobs: Vec::new(),
            asked: HashSet::new(),
            limits: LIMITS,
        }
    }

    /// Appends text that has passed the gate. Cheap: nothing is laid out before the next `layout`.
    /// Text after [`Doc::finish`] opens the document again.
    pub fn push(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.source.text.push_str(text);
        self.stale = true;
        if std::mem::take(&mut self.finished) {
            // What finishing froze may go on now.
            self.shape = None;
        }
        if self.source.text.len() > self.limits.bytes + self.limits.slack {
            self.cut_front();
        }
    }

    /// No more text will come: the next layout makes everything final.
    pub fn finish(&mut self) {
        self.stale |= !self.finished;
        self.finished = true;
    }

    /// True after [`Doc::finish`].
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        self.finished
    }

    /// Makes the rows for a width in cells. Only what is new is laid out; everything is redone when
    /// the width or `revision` (of the styles) changed. Nothing happens when nothing changed.
    pub fn layout(&mut self, width: u16, styles: &TextStyles, revision: u64) {
        let shape = Shape {
            columns: width,
            revision,
            styles: *styles,
        };
        if self.shape != Some(shape) {
            if self.shape.is_some_and(|old| old.revision != revision) {
                self.forget_highlights();
            }
            self.shape = Some(shape);
            self.rows.clear();
            self.engine.restart(self.source.base);
        } else if !self.stale {
            return;
        }
        self.stale = false;
        if width == 0 {
            return;
        }
        self.engine
            .advance(&self.source, shape, self.finished, &mut self.rows);
        if let Engine::Markdown(blocks) = &mut self.engine {
            for code in blocks.take_codes() {
                if self.asked.insert(code.at) {
                    self.jobs.extend(job(code));
                }
            }
        }
        let gone = self.source.base > 0 || self.rows.over(self.limits.rows);
        self.rows
            .bound(self.limits.rows, gone.then(|| earlier(width, styles)));
    }

    /// Number of rows of the last layout.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.rows.len()
    }

    /// One row of the last layout.
    #[must_use]
    pub fn row(&self, index: usize) -> Option<&Row> {
        self.rows.get(index)
    }

    /// Rows of the last layout, from `first` on.
    pub fn rows_from(&self, first: usize) -> impl Iterator<Item = &Row> {
        self.rows.from(first)
    }

    /// The place of a row, for scroll positions that survive deltas, resizes and dropped rows.
    #[must_use]
    pub fn mark(&self, row: usize) -> Mark {
        self.rows.mark(row)
    }

    /// The row of a place in the last layout; the first row when it is gone.
    #[must_use]
    pub fn row_of(&self, mark: Mark) -> usize {
        self.rows.row_of(mark)
    }

    /// Finished code blocks (as of the last layout) that were not given out before. `colour` is
    /// true; the caller clears it under `NO_COLOR`.
    pub fn take_jobs(&mut self) -> Vec<HighlightJob> {
        std::mem::take(&mut self.jobs)
    }

    /// Takes in the answer to a job. Answers about blocks that are gone, or that do not say the same
    /// text, change nothing.
    pub fn highlighted(&mut self, answer: Highlighted) {
        let Engine::Markdown(blocks) = &mut self.engine else {
            return;
        };
        let lines: Arc<[Line<'static>]> = answer.lines.into();
        let Some(shape) = self.shape else { return };
        blocks.highlighted(answer.block, lines, &self.source, shape, &mut self.rows);
    }

    /// The kept source, for copying.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.source.text
    }

    /// True when nothing was ever pushed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.source.text.is_empty() && self.source.base == 0
    }

    /// Search on the rows of the last layout, within rows: without case, unless the needle has an
    /// upper-case letter.
    #[must_use]
    pub fn find(&self, needle: &str) -> Vec<Hit> {
        find::find(self.rows.from(0), needle)
    }

    /// Bytes of memory that it takes, about: its text, the text of its rows, and the rows.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.source.text.capacity() + self.source.text.len() + self.rows.weight()
    }

    /// Bytes given to the markdown parser so far: what a delta costs, as a number that tests and
    /// benches can compare.
    #[must_use]
    pub const fn parsed_bytes(&self) -> u64 {
        match &self.engine {
            Engine::Markdown(blocks) => blocks.parsed,
            Engine::Plain(_) => 0,
        }
    }

    /// Cuts the front off, at the beginning of a line if there is one near.
    fn cut_front(&mut self) {
        let text = &self.source.text;
        let least = text.len().saturating_sub(self.limits.bytes);
        let line = text
            .as_bytes()
            .get(least..)
            .and_then(|rest| rest.iter().position(|byte| *byte == b'\n'));
        let mut cut = line
            .filter(|at| *at < self.limits.slack)
            .map_or(least, |at| least + at + 1);
        while !text.is_char_boundary(cut) {
            cut += 1;
        }
        self.source.text.drain(..cut);
        self.source.base += cut as u64;
        if self.engine.cut(self.source.base) {
            self.rows.drop_all();
        }
        self.rows.drop_before(self.source.base);
        let base = self.source.base;
        self.asked.retain(|block| *block >= base);
    }

    fn forget_highlights(&mut self) {
        self.asked.clear();
        self.jobs.clear();
        if let Engine::Markdown(blocks) = &mut self.engine {
            blocks.forget_highlights();
        }
    }
}

impl Engine {
    fn restart(&mut self, base: u64) {
        match self {
            Self::Markdown(blocks) => blocks.restart(base),
            Self::Plain(plain) => plain.restart(base),
        }
    }

    fn advance(&mut self, source: &Source, shape: Shape, finished: bool, rows: &mut Rows) {
        match self {
            Self::Markdown(blocks) => blocks.advance(source, shape, finished, rows),
            Self::Plain(plain) => plain.advance(source, shape, rows),
        }
    }

    /// The text before `base` is gone. True when some of it was never laid out.
    fn cut(&mut self, base: u64) -> bool {
        match self {
            Self::Markdown(blocks) => blocks.cut(base),
            Self::Plain(plain) => plain.cut(base),
        }
    }
}

/// The row that says that older ones are gone.
fn earlier(columns: u16, styles: &TextStyles) -> Row {
    let text = width::fit(EARLIER, usize::from(columns)).into_owned();
    Row::new(Line::from(Span::styled(text, styles.mark)), 0)
}

/// The job for a code block, if it is worth one and within the guards.
fn job(code: Code) -> Option<HighlightJob> {
    let Code {
        at,
        language,
        source,
        ..
    } = code;
    let fits = source.len() <= MAX_CODE_BYTES
        && source.lines().count() <= MAX_CODE_LINES
        && source.lines().all(|line| line.len() <= MAX_CODE_LINE);
    (fits && !language.is_empty() && !source.is_empty()).then(|| HighlightJob {
        block: at,
        language,
        source: source.into(),
        colour: true,
    })
}
