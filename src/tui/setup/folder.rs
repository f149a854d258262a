//! What agents may do with the folder the program was started in.
//!
//! A choice of the person for this start; the demo team never touches the folder, so it is not asked
//! about there.

use ratatui::text::{Line, Span};

use super::{
    Pick, Setup, Wish,
    rows::{Maker, Row, plain},
};
use crate::{
    text::width,
    tui::{effect::Here, options::Given},
};

impl Here {
    /// The choices in their order; what was said elsewhere only when something was.
    fn choices(said: Given) -> &'static [Self] {
        const ALL: &[Here] = &[Here::AsSaid, Here::Nothing, Here::Read, Here::Write];
        const UNSAID: &[Here] = &[Here::AsSaid, Here::Read, Here::Write];
        match said {
            Given::Nothing => UNSAID,
            Given::Folders(_) | Given::Own => ALL,
        }
    }

    /// What it means, and the same in short.
    fn words(self, said: Given) -> (String, &'static str) {
        let (long, short) = match (self, said) {
            (Self::AsSaid, Given::Folders(1)) => ("as configured: 1 folder", "as configured"),
            (Self::AsSaid, Given::Folders(many)) => {
                let long = format!("as configured: {many} folders");
                return (long, "as configured");
            }
            (Self::AsSaid, Given::Own) => (
                "not used: as configured, agents make files in an empty one",
                "not this: an empty one",
            ),
            (Self::AsSaid, Given::Nothing) | (Self::Nothing, _) => ("agents only talk", "not used"),
            (Self::Read, _) => ("agents look at it", "read"),
            (Self::Write, _) => (
                "each agent changes a copy, you take what you like",
                "a copy each",
            ),
        };
        (long.to_owned(), short)
    }
}

impl Setup {
    /// Whether the picked team would work on the folder.
    pub(super) fn works_here(&self) -> bool {
        self.picked != Pick::Demo && !self.offer.folder.is_empty()
    }

    /// The next choice, or the one before.
    pub(super) fn change_folder(&mut self, forward: bool) -> Wish {
        if !self.works_here() {
            return Wish::Tell(
                "The demo team leaves your folder alone; pick another team to work on it.",
            );
        }
        let choices = Here::choices(self.offer.given);
        let at = choices.iter().position(|one| *one == self.here);
        let all = choices.len();
        let next = (at.unwrap_or(0) + if forward { 1 } else { all - 1 }) % all;
        self.here = choices.get(next).copied().unwrap_or_default();
        Wish::Nothing
    }
}

impl Maker<'_> {
    /// The row of the folder.
    pub(super) fn folder(&self, rows: &mut Vec<Row>, place: usize) {
        let (long, short) = self.setup.here.words(self.setup.offer.given);
        let folder = &self.setup.offer.folder;
        let room = usize::from(self.room);
        let wide = room >= 18 + width::of(&long) + width::of(folder).min(24);
        let words = if wide { long.as_str() } else { short };
        let left = room.saturating_sub(18 + width::of(words));
        let mut spans = vec![
            Span::styled(self.cursor(place), self.theme.accent),
            Span::styled("Folder ", self.theme.strong),
        ];
        if left >= 4 {
            let shown = if width::of(folder) <= left {
                folder.as_str()
            } else {
                folder.rsplit('/').next().unwrap_or_default()
            };
            let shown = width::fit(shown, left).into_owned();
            spans.push(Span::styled(shown, self.theme.text));
        }
        spans.push(Span::styled(
            format!(" \u{2039} {words} \u{203a}"),
            self.theme.accent,
        ));
        rows.push(plain(Line::default()));
        rows.push(self.row(spans, place));
    }
}
