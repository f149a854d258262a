//! Plain lines: every finished line is final, and so is every row of an unfinished line but its last
//! two, because wrapping depends on nothing before the row it resumes at (see [`super::super::wrap`]).

use super::{
    super::{
        Row,
        wrap::{self, Indent, Run},
    },
    Shape, Source,
    store::Rows,
};

/// Layout of plain lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Plain {
    /// Everything before this place is final.
    done: u64,
}

impl Plain {
    pub(super) const fn restart(&mut self, base: u64) {
        self.done = base;
    }

    pub(super) const fn cut(&mut self, base: u64) -> bool {
        let lost = self.done < base;
        if lost {
            self.done = base;
        }
        lost
    }

    pub(super) fn advance(&mut self, source: &Source, shape: Shape, rows: &mut Rows) {
        rows.clear_tail();
        let mut rest = source.since(self.done);
        while let Some(end) = rest.find('\n') {
            wrap_line(&rest[..end], self.done, shape, &mut |row| rows.freeze(row));
            self.done += end as u64 + 1;
            rest = &rest[end + 1..];
        }
        if rest.is_empty() {
            return;
        }
        // The last two rows of an unfinished line may change.
        let mut open: [Option<Row>; 2] = [None, None];
        wrap_line(rest, self.done, shape, &mut |row| {
            let [older, newer] = &mut open;
            let shifted = newer.replace(row);
            if let Some(row) = std::mem::replace(older, shifted) {
                rows.freeze(row);
            }
        });
        if let Some(first) = &open[0] {
            self.done = first.at;
        }
        for row in open.into_iter().flatten() {
            rows.push_tail(row);
        }
    }
}

fn wrap_line(line: &str, at: u64, shape: Shape, sink: &mut dyn FnMut(Row)) {
    let run = Run::new(line, shape.styles.body, at);
    wrap::wrap(
        &[run],
        shape.columns,
        &Indent::default(),
        wrap::Breaks::Words,
        sink,
    );
}
