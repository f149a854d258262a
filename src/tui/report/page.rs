//! The pages: cursor, folds, what the cursor leads to, what is copied and written.

use std::collections::BTreeSet;

use super::{
    Action, Fold, Form, Go, Page, Paper, Papers, Picker, Report, Save, Stage, Turn, What, Wish,
    rows::Row,
};

/// Where the cursor stands on a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Spot {
    /// Row of the cursor.
    pub cursor: usize,
    /// First row that is seen.
    pub top: usize,
    /// Parts that are folded.
    pub folded: BTreeSet<usize>,
}

impl Papers {
    /// The paper of a page.
    pub(super) fn paper(&self, page: usize) -> Option<&Paper> {
        match page.checked_sub(1) {
            None => Some(&self.figures),
            Some(place) => self.analyses.get(place).map(|analysis| &analysis.paper),
        }
    }
}

impl Report {
    /// What a person does on the pages.
    pub(super) fn read(&mut self, action: Action) -> Vec<Wish> {
        match action {
            Action::Move(step) => {
                let (rows, page) = (self.sight.rows.len(), self.sight.page());
                if let Some(spot) = self.spot() {
                    spot.cursor = step.over(spot.cursor, rows, page);
                }
                Vec::new()
            }
            Action::Go(go) => {
                self.go(go);
                Vec::new()
            }
            Action::Take => self.take(),
            Action::Fold(fold) => {
                self.fold(fold);
                Vec::new()
            }
            Action::NextPage => self.turn_page(1),
            Action::PreviousPage => self.turn_page(-1),
            Action::Save(save) => self.save(save),
            Action::Ask => self.models(),
            Action::Refresh => vec![
                Wish::Ask(What::Papers),
                Wish::Hint("Reading the log anew.".to_owned()),
            ],
            Action::Erase => Vec::new(),
            Action::Back => vec![Wish::Leave],
        }
    }

    fn spot(&mut self) -> Option<&mut Spot> {
        self.spots.get_mut(self.page)
    }

    /// The row under the cursor, as it was last prepared.
    fn row(&self) -> Option<&Row> {
        let spot = self.spots.get(self.page)?;
        self.sight.rows.get(spot.cursor)
    }

    fn go(&mut self, go: Go) {
        let part = self.row().map_or(0, |row| row.part);
        let heads = self.sight.rows.iter().enumerate();
        let mut heads = heads.filter(|(_, row)| row.head);
        let found = match go {
            Go::NextPart => heads.find(|(_, row)| row.part > part),
            Go::PreviousPart => {
                let cursor = self.spots.get(self.page).map_or(0, |spot| spot.cursor);
                heads.rfind(|(place, _)| *place < cursor)
            }
        };
        let found = found.map(|(place, _)| place);
        if let (Some(place), Some(spot)) = (found, self.spot()) {
            spot.cursor = place;
        }
    }

    /// The cursor on the row at a place of the screen, on whichever page stands there.
    pub fn click(&mut self, column: u16, row: u16) {
        let Some((page, row)) = self.at(column, row) else {
            return;
        };
        self.page = page;
        if let Some(spot) = self.spot() {
            // Beyond the last row is the last one: that is seen to when the page is prepared.
            spot.cursor = spot.top + row;
        }
    }

    fn take(&mut self) -> Vec<Wish> {
        let Some(row) = self.row() else {
            return Vec::new();
        };
        if row.head {
            self.fold(Fold::This);
            return Vec::new();
        }
        match row.event {
            Some(event) => vec![Wish::Open(event)],
            None => vec![Wish::Hint("No event stands behind this line.".to_owned())],
        }
    }

    fn fold(&mut self, fold: Fold) {
        let part = self.row().map_or(0, |row| row.part);
        let paper = self.papers().and_then(|papers| papers.paper(self.page));
        let parts = paper.map(|paper| paper.sheet.parts.as_slice());
        let below: Vec<usize> = parts
            .unwrap_or_default()
            .iter()
            .enumerate()
            .filter(|(_, part)| !part.top)
            .map(|(place, _)| place)
            .collect();
        let Some(spot) = self.spot() else {
            return;
        };
        match fold {
            Fold::This => {
                if !spot.folded.remove(&part) {
                    spot.folded.insert(part);
                }
            }
            Fold::All if spot.folded.is_empty() => spot.folded.extend(below),
            Fold::All => spot.folded.clear(),
        }
        self.sight.stay_on(part);
    }

    fn turn_page(&mut self, by: isize) -> Vec<Wish> {
        let pages = self.papers().map_or(1, |papers| papers.analyses.len() + 1);
        if pages == 1 {
            return vec![Wish::Hint(
                "There are the figures only; m has a model read the log.".to_owned(),
            )];
        }
        let pages = pages.cast_signed();
        self.page = (self.page.cast_signed() + by)
            .rem_euclid(pages)
            .cast_unsigned();
        Vec::new()
    }

    fn save(&mut self, save: Save) -> Vec<Wish> {
        let Some(papers) = self.papers() else {
            return vec![Wish::Hint("There is nothing yet.".to_owned())];
        };
        let page = match self.page.checked_sub(1) {
            None => Page::Figures,
            Some(place) => match papers.analyses.get(place) {
                Some(analysis) => Page::Analysis(analysis.number),
                None => Page::Figures,
            },
        };
        match save {
            Save::Clipboard => match papers.paper(self.page) {
                Some(paper) => vec![
                    Wish::Copy(paper.markdown.clone()),
                    Wish::Hint("The page is on the clipboard, as Markdown.".to_owned()),
                ],
                None => Vec::new(),
            },
            Save::Markdown => vec![Wish::Ask(What::Write(page, Form::Markdown))],
            Save::Json => vec![Wish::Ask(What::Write(page, Form::Json))],
        }
    }

    /// Opens the list of models for the turn under the cursor.
    fn models(&mut self) -> Vec<Wish> {
        let Some(turn) = self.turn() else {
            return vec![Wish::Hint(
                "There is no turn that a model could read.".to_owned(),
            )];
        };
        self.stage = Stage::Picking(Box::new(Picker::new(turn)));
        vec![Wish::Ask(What::Models(turn))]
    }

    /// The turn under the cursor, else the last.
    fn turn(&self) -> Option<Turn> {
        let papers = self.papers()?;
        if let Some(place) = self.page.checked_sub(1) {
            return papers.analyses.get(place).map(|analysis| analysis.turn);
        }
        let part = self.row().map_or(0, |row| row.part);
        let parts = papers.figures.sheet.parts.iter().take(part + 1);
        let tops = parts.filter(|part| part.top).count();
        let under = papers.turns.get(tops.saturating_sub(1));
        under.or_else(|| papers.turns.last()).copied()
    }
}
