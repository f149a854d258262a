//! Top-level code fences (`CommonMark` 0.31, section 4.5), read line by line without the parser: a line
//! within an open fence is final as soon as it ends, however long the block grows.

/// An opening fence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fence {
    mark: u8,
    length: usize,
    /// Spaces before the fence; as many are taken off its lines.
    pub(super) indent: usize,
    /// What follows the marks.
    pub(super) info: String,
}

impl Fence {
    /// Reads an opening line, without its line break. Info strings with escapes are left to the
    /// parser, which decodes them.
    pub(super) fn open(line: &str) -> Option<Self> {
        let (indent, mark, length) = marks(line)?;
        let info = line.get(indent + length..)?.trim();
        let plain = !info.contains(['\\', '&']) && (mark != b'`' || !info.contains('`'));
        (length >= 3 && plain).then(|| Self {
            mark,
            length,
            indent,
            info: info.to_owned(),
        })
    }

    /// True for the line that ends the block.
    pub(super) fn closes(&self, line: &str) -> bool {
        marks(line).is_some_and(|(indent, mark, length)| {
            mark == self.mark
                && length >= self.length
                && line
                    .get(indent + length..)
                    .is_some_and(|rest| rest.bytes().all(|byte| byte == b' '))
        })
    }

    /// A line of the block without the indent of the fence, and how much was taken off.
    pub(super) fn content<'a>(&self, line: &'a str) -> (&'a str, usize) {
        let spaces = line
            .bytes()
            .take(self.indent)
            .take_while(|byte| *byte == b' ')
            .count();
        (line.get(spaces..).unwrap_or_default(), spaces)
    }
}

/// Indent (at most 3), mark and number of marks at the beginning of a line.
fn marks(line: &str) -> Option<(usize, u8, usize)> {
    let bytes = line.as_bytes();
    let indent = bytes.iter().take_while(|byte| **byte == b' ').count();
    let mark = *bytes
        .get(indent)
        .filter(|mark| matches!(mark, b'`' | b'~'))?;
    let length = bytes
        .get(indent..)?
        .iter()
        .take_while(|byte| **byte == mark)
        .count();
    (indent <= 3).then_some((indent, mark, length))
}
