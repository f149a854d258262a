//! A text as blocks of items: which lines belong together, without knowing what they mean.
//!
//! An item is a key or a dash with everything below it. Lines that only go on with a value (block text,
//! open brackets and quotes, folded words) are kept as they are and moved as one.

/// Deepest nesting that is read.
const DEEPEST: usize = 60;

/// A whole file.
#[derive(Debug, Default)]
pub struct Page {
    /// Lines before the first document mark, the mark included.
    pub head: Vec<String>,
    /// The top level.
    pub block: Block,
}

/// Items of one level.
#[derive(Debug, Default)]
pub struct Block {
    /// Keys or dashes.
    pub items: Vec<Item>,
    /// Comments after the last of them.
    pub tail: Vec<String>,
}

/// A key or a dash.
#[derive(Debug, Default)]
pub struct Item {
    /// Comments and blank lines (empty texts) before it.
    pub lead: Vec<String>,
    /// It is a dash of a list.
    pub dash: Dash,
    /// What stands on its line, without the dash; empty for a dash alone.
    pub line: String,
    /// Lines that go on with its value.
    pub more: Option<More>,
    /// What is below it.
    pub below: Block,
}

/// Whether an item is a dash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dash {
    /// It is a key.
    #[default]
    None,
    /// A dash with its value, or the first key of it, on its line.
    Begun,
    /// A dash with its value below it.
    Alone,
}

/// Lines that go on with a value, without the blanks they have in common.
#[derive(Debug)]
pub struct More {
    /// The lines.
    pub lines: Vec<String>,
    /// Their common indentation is told by a number in the text: how far it was from the item.
    pub fixed: Option<usize>,
}

/// A line: how far it is indented, and the rest of it.
#[derive(Clone, Copy)]
struct Line<'a> {
    indent: usize,
    text: &'a str,
    whole: &'a str,
}

impl Line<'_> {
    fn is_dash(&self) -> bool {
        self.text == "-" || self.text.starts_with("- ")
    }

    fn is_content(&self) -> bool {
        !self.text.is_empty() && !self.text.starts_with('#')
    }
}

/// Reads a text.
///
/// # Errors
/// The form that is not known, in words.
pub fn read(text: &str) -> Result<Page, String> {
    let mut lines: Vec<Line> = text
        .split('\n')
        .map(|line| {
            let whole = line.strip_suffix('\r').unwrap_or(line);
            let text = whole.trim_start_matches(' ');
            Line {
                indent: whole.len() - text.len(),
                text: text.trim_end(),
                whole,
            }
        })
        .collect();
    let mut page = Page::default();
    if let Some(mark) = lines
        .iter()
        .position(|line| line.text == "---" && line.indent == 0)
    {
        let before = lines.drain(..=mark);
        let mut content = false;
        for line in before {
            content |= line.is_content() && line.text != "---";
            page.head.push(line.text.to_owned());
        }
        if content {
            return Err("it has directives or more than one document".to_owned());
        }
    }
    if lines
        .iter()
        .any(|line| line.indent == 0 && (line.text.starts_with("--- ") || line.text == "..."))
    {
        return Err("it has marks of documents in the middle".to_owned());
    }
    let mut reader = Reader { lines, next: 0 };
    page.block = reader.block(0, 0)?;
    let mut rest = reader.lines.iter().skip(reader.next);
    if rest.any(|line| !line.text.is_empty()) {
        let line = page.head.len() + reader.next + 1;
        return Err(format!(
            "line {line} is indented in a way that is not known here"
        ));
    }
    Ok(page)
}

struct Reader<'a> {
    lines: Vec<Line<'a>>,
    next: usize,
}

impl<'a> Reader<'a> {
    /// The next line with content, from here on.
    fn content(&self) -> Option<Line<'a>> {
        self.lines
            .iter()
            .skip(self.next)
            .find(|line| line.is_content())
            .copied()
    }

    /// The items of one level. Comments at its end stay in it when they are indented like it.
    fn block(&mut self, indent: usize, depth: usize) -> Result<Block, String> {
        if depth > DEEPEST {
            return Err("it is nested too deep".to_owned());
        }
        let mut block = Block::default();
        loop {
            let start = self.next;
            let mut lead = Vec::new();
            while let Some(line) = self.lines.get(self.next).filter(|line| !line.is_content()) {
                lead.push((line.indent, line.text.to_owned()));
                self.next += 1;
            }
            let begun = block
                .items
                .first()
                .map(|first: &Item| first.dash != Dash::None);
            let Some(line) = self
                .lines
                .get(self.next)
                .copied()
                // A list may be as deep as the key before it; the next key ends it.
                .filter(|line| {
                    line.indent == indent && begun.is_none_or(|dash| dash == line.is_dash())
                })
            else {
                // What is indented like this level belongs to it, unless a key of the same depth follows.
                let shared = self
                    .lines
                    .get(self.next)
                    .is_some_and(|line| line.indent == indent);
                let least = indent + usize::from(shared);
                let own = lead
                    .iter()
                    .take_while(|(at, text)| text.is_empty() || *at >= least)
                    .count();
                let own = lead
                    .iter()
                    .take(own)
                    .rposition(|(_, text)| !text.is_empty());
                let own = own.map_or(0, |last| last + 1);
                self.next = start + own;
                block.tail = lead.into_iter().take(own).map(|(_, text)| text).collect();
                return Ok(block);
            };
            let mut item = self.item(line.text, indent, depth)?;
            item.lead = lead.into_iter().map(|(_, text)| text).collect();
            block.items.push(item);
        }
    }

    /// One item whose line begins at a column; the line itself is passed over here.
    fn item(&mut self, text: &'a str, indent: usize, depth: usize) -> Result<Item, String> {
        if text.starts_with("? ") || text == "?" {
            return Err("it has keys that are no plain words".to_owned());
        }
        let dash = text == "-" || text.starts_with("- ");
        if !dash {
            self.next += 1;
            return self.value(
                Item {
                    line: text.to_owned(),
                    ..Item::default()
                },
                indent,
                depth,
            );
        }
        let rest = text.get(1..).unwrap_or_default();
        let inner = rest.trim_start();
        let column = indent + 1 + (rest.len() - inner.len());
        let mut item = Item {
            dash: Dash::Begun,
            ..Item::default()
        };
        if inner.is_empty() || inner.starts_with('#') {
            inner.clone_into(&mut item.line);
            item.dash = Dash::Alone;
            self.next += 1;
            if let Some(below) = self.content().filter(|line| line.indent > indent) {
                item.below = self.block(below.indent, depth + 1)?;
            }
            return Ok(item);
        }
        if key_end(inner).is_none() && inner != "-" && !inner.starts_with("- ") {
            self.next += 1;
            inner.clone_into(&mut item.line);
            return self.value(item, indent, depth);
        }
        // The first key of a map stands on the line of the dash.
        let first = self.item(inner, column, depth + 1)?;
        item.below = self.block(column, depth + 1)?;
        item.below.items.insert(0, first);
        Ok(item)
    }

    /// What follows the line of an item: more of its value, or a level below.
    fn value(&mut self, mut item: Item, indent: usize, depth: usize) -> Result<Item, String> {
        let value = match key_end(&item.line) {
            Some(end) => item.line.get(end..).unwrap_or_default(),
            None => item.line.as_str(),
        };
        let keyed = key_end(&item.line).is_some();
        let plain = without_comment(value).trim();
        let plain = without_marks(plain);
        if plain.starts_with(['|', '>']) {
            let fixed = plain.chars().any(|c| c.is_ascii_digit());
            item.more = self.deeper(indent, fixed, |_| true);
        } else if plain.is_empty() && keyed {
            let below = self.content().filter(|line| {
                let list = line.text == "-" || line.text.starts_with("- ");
                line.indent > indent || line.indent == indent && list
            });
            if let Some(below) = below {
                item.below = self.block(below.indent, depth + 1)?;
            }
        } else if let Some(open) = Open::of(plain) {
            item.more = self.as_far_as_closed(open);
        } else {
            // Words that go on, deeper than their key.
            item.more = self.deeper(indent, false, |line| !line.starts_with('#'));
        }
        Ok(item)
    }

    /// Lines that are deeper than the item, or blank with such a line after them, as long as they are
    /// taken.
    fn deeper(&mut self, indent: usize, fixed: bool, takes: impl Fn(&str) -> bool) -> Option<More> {
        let lines = self.lines.iter().skip(self.next);
        let count = lines
            .take_while(|line| line.text.is_empty() || line.indent > indent && takes(line.text))
            .count();
        self.take(count, fixed.then_some(indent))
    }

    /// Lines as far as the one that closes what is open.
    fn as_far_as_closed(&mut self, open: Open) -> Option<More> {
        let mut open = Some(open);
        let mut count = 0;
        for line in self.lines.iter().skip(self.next) {
            let Some(still) = open else { break };
            open = still.after(line.text);
            count += 1;
        }
        self.take(count, None)
    }

    /// So many lines, without blank ones at the end.
    fn take(&mut self, count: usize, fixed: Option<usize>) -> Option<More> {
        let all: Vec<Line> = self
            .lines
            .iter()
            .skip(self.next)
            .take(count)
            .copied()
            .collect();
        let last = all.iter().rposition(|line| !line.text.is_empty())?;
        let taken = all.get(..=last)?;
        self.next += taken.len();
        let common = taken
            .iter()
            .filter(|line| !line.text.is_empty())
            .map(|line| line.indent)
            .min()
            .unwrap_or(0);
        let lines = taken
            .iter()
            .map(|line| line.whole.get(common..).unwrap_or_default().to_owned())
            .collect();
        let fixed = fixed.map(|indent| common.saturating_sub(indent));
        Some(More { lines, fixed })
    }
}

/// Where the value of a key begins; `None` when the line is no key.
pub fn key_end(line: &str) -> Option<usize> {
    let mut chars = line.char_indices().peekable();
    if let Some((_, quote @ ('"' | '\''))) = chars.peek().copied() {
        chars.next();
        while let Some((_, c)) = chars.next() {
            if c == '\\' && quote == '"' {
                chars.next();
            } else if c == quote {
                break;
            }
        }
        let (at, colon) = chars.next()?;
        let ends = chars.peek().is_none_or(|(_, c)| *c == ' ');
        return (colon == ':' && ends).then_some(at + 1);
    }
    if line.starts_with(['{', '[', '#', '|', '>']) {
        return None;
    }
    let mut last = ' ';
    while let Some((at, c)) = chars.next() {
        if c == '#' && last == ' ' {
            return None;
        }
        if c == ':' && chars.peek().is_none_or(|(_, c)| matches!(c, ' ' | '\t')) {
            return Some(at + 1);
        }
        last = c;
    }
    None
}

/// A value without the comment behind it.
fn without_comment(value: &str) -> &str {
    let mut quote = None;
    let mut last = ' ';
    for (at, c) in value.char_indices() {
        match (quote, c) {
            (None, '#') if last == ' ' || last == '\t' => {
                return value.get(..at).unwrap_or_default();
            }
            (None, '"' | '\'') if matches!(last, ' ' | '[' | '{' | ',' | ':') => quote = Some(c),
            (Some(open), c) if open == c && last != '\\' => quote = None,
            _ => {}
        }
        last = c;
    }
    value
}

/// A value without its anchor and tag.
fn without_marks(mut value: &str) -> &str {
    while value.starts_with(['&', '!']) {
        let end = value.find(' ').unwrap_or(value.len());
        value = value.get(end..).unwrap_or_default().trim_start();
    }
    value
}

/// Brackets and quotes that are open at the end of a line.
#[derive(Clone, Copy)]
struct Open {
    depth: usize,
    quote: Option<char>,
}

impl Open {
    /// What a value leaves open; `None` for nothing.
    fn of(value: &str) -> Option<Self> {
        value.starts_with(['[', '{', '"', '\'']).then_some(())?;
        Self {
            depth: 0,
            quote: None,
        }
        .after(value)
    }

    /// What is open after another line.
    fn after(mut self, line: &str) -> Option<Self> {
        let mut last = ' ';
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            match (self.quote, c) {
                (Some('"'), '\\') => {
                    chars.next();
                }
                (Some(open), c) if open == c => self.quote = None,
                (None, '#') if last == ' ' => break,
                (None, '"' | '\'') if matches!(last, ' ' | '[' | '{' | ',' | ':') => {
                    self.quote = Some(c);
                }
                (None, '[' | '{') => self.depth += 1,
                (None, ']' | '}') => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            last = c;
        }
        (self.depth > 0 || self.quote.is_some()).then_some(self)
    }
}
