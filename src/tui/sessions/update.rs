//! What keys and the mouse do to the list.

use super::{
    Action, Ask, Bin, Details, Label, Mark, Sessions, View, Wish, find::Search, list::Scope,
    typing::Typing,
};
use crate::{
    catalog::{Edit, Entry, Shown, Sort, Standing},
    protocol::RunId,
    tui::{moves::Move, widget::Pen},
};

impl Sessions {
    /// Performs an action.
    pub fn update(&mut self, action: Action) -> Vec<Wish> {
        if self.search.is_some()
            && !matches!(
                action,
                Action::Show
                    | Action::Back
                    | Action::Open
                    | Action::Move(_)
                    | Action::View(View::Search | View::Details)
            )
        {
            let words = "That is for the list; {back} goes back to it.";
            return vec![Wish::Hint(self.keys.say(words))];
        }
        match action {
            Action::Show => vec![Wish::Leave],
            Action::Back => match self.search.take() {
                Some(_) => Vec::new(),
                None => vec![Wish::Leave],
            },
            Action::Open => self.open(),
            Action::Resume => self.resume(),
            Action::Move(step) => {
                self.go(step);
                Vec::new()
            }
            Action::Mark(mark) => {
                match mark {
                    Mark::This => {
                        self.list.toggle();
                        self.list.step(1);
                    }
                    Mark::All => self.list.mark_all(),
                    Mark::None => self.list.unmark(),
                }
                Vec::new()
            }
            Action::Label(label) => self.label(label),
            Action::Bin(Bin::Delete) => self.delete(),
            Action::Bin(Bin::Undo) => self.undelete(),
            Action::View(view) => self.look(view),
        }
    }

    /// The mouse: a turned wheel, or a click on a row of the list.
    pub fn mouse(&mut self, place: (u16, u16), wheel: i32) {
        let by = wheel as isize;
        let row = self.painted.row_at(place);
        match (&mut self.search, row) {
            (Some(search), _) if by != 0 => search.step(by),
            (None, _) if by != 0 => self.list.step(by),
            (Some(search), Some(row)) => search.click(row),
            (None, Some(row)) if self.list.top() + row < self.list.count() => {
                self.list.jump(self.list.top() + row);
            }
            (_, _) => {}
        }
    }

    fn go(&mut self, step: Move) {
        let page = isize::from(self.painted.page().max(1));
        let by = match step {
            Move::Up => -1,
            Move::Down => 1,
            Move::PageUp => -page,
            Move::PageDown => page,
            Move::First => isize::MIN,
            Move::Last => isize::MAX,
        };
        match &mut self.search {
            Some(search) => search.step(by),
            None => self.list.step(by),
        }
    }

    /// The session under the cursor.
    pub fn under(&self) -> Option<crate::protocol::RunId> {
        match &self.search {
            Some(search) => search.chosen().map(|(run, _)| run),
            None => self.list.current().map(|entry| entry.summary.run.clone()),
        }
    }

    fn open(&mut self) -> Vec<Wish> {
        let (run, at) = match &self.search {
            Some(search) => match search.chosen() {
                Some(chosen) => chosen,
                None => return Vec::new(),
            },
            None => match self.list.current() {
                Some(entry) => (entry.summary.run.clone(), None),
                None => return vec![Wish::Hint("There is nothing to open.".to_owned())],
            },
        };
        let entry = self.list.get(&run);
        if entry.is_some_and(|entry| entry.deleted && entry.is_ours()) {
            let words = "It is in the trash; {undo} gets it back.";
            return vec![Wish::Hint(self.keys.say(words))];
        }
        vec![Wish::Open { run, at }]
    }

    fn resume(&self) -> Vec<Wish> {
        let hint = |words: &str| vec![Wish::Hint(self.keys.say(words))];
        let Some(entry) = self.list.current() else {
            return Vec::new();
        };
        match (entry.standing, entry.is_ours()) {
            _ if entry.deleted => hint("It is in the trash; {undo} gets it back."),
            (Standing::Live, _) => hint("It is still running; {open} follows it."),
            (Standing::Over, false) => hint("A log of another program cannot be gone on with."),
            (Standing::Over, true) if entry.summary.is_unfinished() => {
                vec![Wish::Resume(entry.summary.run.clone())]
            }
            (Standing::Over, true) => {
                hint("It is over; {open} opens it, and a next task can be written there.")
            }
        }
    }

    fn label(&mut self, label: Label) -> Vec<Wish> {
        let targets = self.list.targets();
        if targets.is_empty() {
            return vec![Wish::Hint("There is no session here.".to_owned())];
        }
        if targets.iter().any(|entry| entry.deleted && entry.is_ours()) {
            let words = "What is in the trash cannot be labelled; {undo} gets it back.";
            return vec![Wish::Hint(self.keys.say(words))];
        }
        let runs: Vec<RunId> = targets.iter().map(|one| one.summary.run.clone()).collect();
        // What is so for all of them is turned round; else it becomes so for all.
        let turned = |is: fn(&Entry) -> bool| !targets.iter().all(|entry| is(entry));
        let edit = match label {
            Label::Rename => {
                let Some(entry) = self.list.current() else {
                    return Vec::new();
                };
                let text = entry.labels.name.clone().unwrap_or_default();
                let run = entry.summary.run.clone();
                self.pen = Pen::default();
                self.typing = Some(Typing::Name { run, text });
                return Vec::new();
            }
            Label::Tag => {
                self.pen = Pen::default();
                self.typing = Some(Typing::Tags {
                    runs,
                    text: String::new(),
                    wrong: None,
                });
                return Vec::new();
            }
            Label::Pin => Edit::Pinned(turned(|entry| entry.labels.pinned)),
            Label::Archive => Edit::Archived(turned(|entry| entry.labels.archived)),
        };
        let said = match &edit {
            Edit::Archived(true) if self.wanted.shown != Shown::Usual => {
                Some("Archived; {archive} again brings it back.")
            }
            Edit::Archived(true) => {
                Some("Archived; {hidden} shows archived ones, {archive} there brings them back.")
            }
            _ => None,
        };
        let hint = said.map(|words| Wish::Hint(self.keys.say(words)));
        let ask = Wish::Ask(Ask::Edit(runs, vec![edit]));
        std::iter::once(ask).chain(hint).collect()
    }

    fn delete(&mut self) -> Vec<Wish> {
        let targets = self.list.targets();
        let there: Vec<RunId> = targets
            .iter()
            .filter(|entry| !entry.deleted)
            .map(|entry| entry.summary.run.clone())
            .collect();
        if there.is_empty() {
            let words = if targets.is_empty() {
                "There is no session here."
            } else {
                "It is deleted already; {undo} gets it back."
            };
            return vec![Wish::Hint(self.keys.say(words))];
        }
        vec![Wish::Ask(Ask::Delete(there))]
    }

    fn undelete(&mut self) -> Vec<Wish> {
        let targets = self.list.targets();
        let deleted: Vec<RunId> = targets
            .iter()
            .filter(|entry| entry.deleted)
            .map(|entry| entry.summary.run.clone())
            .collect();
        let runs = if deleted.is_empty() {
            self.undo.clone()
        } else {
            deleted
        };
        if runs.is_empty() {
            let words = if self.shows_deleted() {
                "Nothing was deleted here; move to a deleted session."
            } else {
                "Nothing was deleted here; {hidden} shows what was deleted before."
            };
            return vec![Wish::Hint(self.keys.say(words))];
        }
        vec![Wish::Ask(Ask::Undelete(runs))]
    }

    fn look(&mut self, view: View) -> Vec<Wish> {
        match view {
            View::Filter => {
                self.pen = Pen::default();
                self.typing = Some(Typing::Filter);
            }
            View::Search => {
                self.pen = Pen::default();
                if let Some(search) = &mut self.search {
                    search.typing = true;
                } else {
                    self.search = Some(Search::begun());
                    return self.index();
                }
            }
            View::Sort => self.sort(Sort::by(self.wanted.sort.key.next())),
            View::Reverse => self.sort(self.wanted.sort.reversed()),
            View::Scope => return self.scope(),
            View::Hidden => {
                self.wanted.shown = self.wanted.shown.next();
                self.list.arrange(&self.wanted);
                let words = match self.wanted.shown {
                    Shown::Usual => "Archived and deleted ones are not shown.",
                    Shown::Archived => "Archived ones are shown as well.",
                    Shown::All => "Archived and deleted ones are shown as well.",
                };
                return vec![Wish::Hint(words.to_owned())];
            }
            View::Details => {
                let seen = self.painted.shows_details();
                self.details = if seen { Details::Off } else { Details::On };
            }
            View::Refresh => return self.refresh(),
            View::Copy => {
                let run = self.list.current().map(|entry| entry.summary.run.0.clone());
                return run.map(Wish::Copy).into_iter().collect();
            }
        }
        Vec::new()
    }

    fn sort(&mut self, sort: Sort) {
        self.wanted.sort = sort;
        self.list.arrange(&self.wanted);
    }

    fn scope(&mut self) -> Vec<Wish> {
        self.chosen = true;
        let (scope, words) = match (self.wanted.scope, &self.ground.here) {
            (Scope::Here, _) => (Scope::Machine, "All sessions of this machine.".to_owned()),
            (Scope::Machine, Some(here)) => (Scope::Here, format!("Sessions of {here}.")),
            (Scope::Machine, None) => {
                let words = "This folder is not known.".to_owned();
                return vec![Wish::Hint(words)];
            }
        };
        self.wanted.scope = scope;
        self.list.arrange(&self.wanted);
        vec![Wish::Hint(words)]
    }
}
