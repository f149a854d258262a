//! What agents may do with the folder the program was started in.
//!
//! A choice of the person for this start; the demo team never touches the folder, so it is not asked
//! about there.

use ratatui::text::{Line, Span};

use super::{
    Pick, Setup, Wish,
    rows::{Maker, Row, plain},
};
use crate::{text::width, tui::effect::Here};

impl Here {
    /// The choices in their order; what was said elsewhere only when something was.
    fn choices(said: usize) -> &'static [Self] {
        const ALL: &[Here] = &[Here::AsSaid, Here::Nothing, Here::Read, Here::Write];
        const UNSAID: &[Here] = &[Here::AsSaid, Here::Read, Here::Write];
        if said > 0 { ALL } else { UNSAID }
    }

    /// What it means, and the same in short.
    fn words(self, said: usize) -> (String, &'static str) {
        match self {
            Self::AsSaid if said == 1 => ("as configured: 1 folder".to_owned(), "as configured"),
            Self::AsSaid if said > 1 => (format!("as configured: {said} folders"), "as configured"),
            Self::AsSaid | Self::Nothing => ("agents only talk".to_owned(), "not used"),
            Self::Read => ("agents look at it".to_owned(), "read"),
            Self::Write => (
                "each agent changes a copy, you take what you like".to_owned(),
                "a copy each",
            ),
        }
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
        let choices = Here::choices(self.offer.folders);
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
        let (long, short) = self.setup.here.words(self.setup.offer.folders);
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
