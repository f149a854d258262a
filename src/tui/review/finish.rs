//! From what was taken to the person's files: built, a destination, what it would write, written.
//!
//! Nothing is written before the person has seen which files, where, and what stands in the way, and
//! has said yes to exactly that. Every step can be gone back from; what was applied can be undone.

use std::collections::BTreeMap;

use super::{
    Action, Page, Review, Standing, Step, Take, TakenBack, View, What, Wish, Wishes, asks::Wait,
    comments::Writing, undoing::Deciding,
};
use crate::{
    protocol::{
        AgentId, Failure, Label, Level,
        change::{Applied, Built, Decision, Destination, DriftState, Preview, RepoPath, Selection},
    },
    tui::{effect::Ticket, moves::Move},
};

/// Whose version of a file is taken.
pub(super) use crate::protocol::change::Take as Choice;

/// How far it has got.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stage {
    /// The result is being built.
    Building(Ticket),
    /// Where to?
    Choosing,
    /// What it would do is being found out.
    Previewing(Ticket),
    /// Shall it be done?
    Asking(Box<Preview>),
    /// It is being done, as it was shown.
    Applying(Ticket, Box<Preview>),
    /// It was done.
    Done(Box<Applied>),
    /// Files were changed since: what becomes of them?
    Deciding(Box<Deciding>),
    /// It is being taken back.
    Undoing(Ticket),
    /// It was taken back.
    Undone(Box<TakenBack>),
    /// It failed, and nothing was written.
    Failed(Failure),
}

/// Destinations by their place in the list.
pub(super) const PLACES: usize = 5;

/// A result on its way.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Finish {
    pub(super) stage: Stage,
    pub(super) selection: Selection,
    pub(super) built: Option<Built>,
    /// The destination under the cursor.
    pub(super) cursor: usize,
    /// The file to decide on under the cursor.
    pub(super) row: usize,
    /// The first row in sight.
    pub(super) top: usize,
    pub(super) message: String,
    pub(super) branch: String,
    pub(super) patch: String,
    /// What was decided about files that both sides changed.
    pub(super) decisions: BTreeMap<RepoPath, Choice>,
    /// The field that the editor is open for.
    pub(super) field: Field,
    /// Why it was not written, and what was to be written; the folder is being looked at anew.
    pub(super) refused: Option<(Failure, Box<Preview>)>,
    /// Whether the folder is another one than the person saw before.
    pub(super) moved: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// The message of the commit.
    Message,
    /// The name of the branch.
    Branch,
    /// The patch file.
    Patch,
}

impl Finish {
    /// A page at a stage, with nothing chosen yet.
    pub(super) const fn new(stage: Stage, selection: Selection) -> Self {
        Self {
            stage,
            selection,
            built: None,
            decisions: BTreeMap::new(),
            cursor: 0,
            row: 0,
            top: 0,
            message: String::new(),
            branch: String::new(),
            patch: String::new(),
            field: Field::Message,
            refused: None,
            moved: false,
        }
    }

    pub(super) const fn waits(&self) -> bool {
        matches!(
            self.stage,
            Stage::Building(_) | Stage::Previewing(_) | Stage::Applying(..) | Stage::Undoing(_)
        )
    }

    /// What keys are good for.
    pub(super) fn standing(&self) -> Standing {
        match &self.stage {
            Stage::Choosing if self.cursor < 2 => Standing::Choosing,
            Stage::Choosing => Standing::Naming,
            Stage::Asking(preview) if Self::open(preview).is_empty() => Standing::Asking,
            Stage::Asking(_) => Standing::Deciding,
            Stage::Done(_) => Standing::Written,
            Stage::Deciding(_) => Standing::Choosing,
            Stage::Building(_)
            | Stage::Previewing(_)
            | Stage::Applying(..)
            | Stage::Undoing(_)
            | Stage::Undone(_)
            | Stage::Failed(_) => Standing::Other,
        }
    }

    /// The words above the editor.
    pub(super) const fn field(&self) -> &'static str {
        match self.field {
            Field::Message => "message of the commit",
            Field::Branch => "name of the new branch",
            Field::Patch => "file for the patch",
        }
    }

    /// The destination under the cursor.
    pub(super) fn destination(&self) -> Destination {
        match self.cursor {
            0 => Destination::WorkingTree,
            1 => Destination::Index,
            2 => Destination::Commit {
                message: self.message.clone(),
            },
            3 => Destination::Branch {
                name: self.branch.clone(),
                message: self.message.clone(),
            },
            _ => Destination::Patch {
                path: self.patch.clone(),
            },
        }
    }

    /// Files that can be decided on: those that both sides changed, those that cannot be written.
    pub(super) fn open(preview: &Preview) -> Vec<(&RepoPath, &'static [Choice])> {
        let drift = preview.drift.iter().filter_map(|drift| {
            let choices: &[Choice] = match drift.state {
                DriftState::Same => return None,
                DriftState::Merged | DriftState::Conflict => {
                    &[Choice::Both, Choice::Mine, Choice::Theirs]
                }
                DriftState::Choice => &[Choice::Mine, Choice::Theirs],
            };
            Some((&drift.path, choices))
        });
        let stops = preview.stops.iter();
        drift
            .chain(stops.map(|stop| (&stop.path, &[Choice::Mine][..])))
            .collect()
    }

    /// What was decided about a file; both sides where both can stand and nothing was said.
    pub(super) fn decided(&self, path: &RepoPath, choices: &[Choice]) -> Option<Choice> {
        let said = self.decisions.get(path).copied();
        said.or_else(|| choices.contains(&Choice::Both).then_some(Choice::Both))
    }

    /// Files that must be decided on before anything is applied.
    pub(super) fn undecided(&self, preview: &Preview) -> usize {
        let open = Self::open(preview).into_iter();
        open.filter(|(path, choices)| self.decided(path, choices).is_none())
            .count()
    }

    /// The next choice for the file under the cursor; false when there is none to make.
    fn decide(&mut self) -> bool {
        let Stage::Asking(preview) = &self.stage else {
            return false;
        };
        let open = Self::open(preview);
        let Some((path, choices)) = open.get(self.row.min(open.len().saturating_sub(1))) else {
            return false;
        };
        let now = self.decided(path, choices);
        let at = now.and_then(|now| choices.iter().position(|choice| *choice == now));
        let next = at.map_or(0, |at| (at + 1) % choices.len());
        let Some(choice) = choices.get(next).copied() else {
            return false;
        };
        self.decisions.insert((*path).clone(), choice);
        true
    }

    fn said(&self) -> Vec<Decision> {
        let decisions = self.decisions.iter();
        decisions
            .map(|(path, take)| Decision {
                path: path.clone(),
                take: *take,
            })
            .collect()
    }
}

impl Review {
    pub(super) fn begin_build(&mut self) -> Wishes {
        let Some(place) = self.place() else {
            return Wishes::new();
        };
        let selection = self.book.selection(self.at.context, &place.tree);
        if selection.picks.is_empty() {
            return hint(
                "Nothing is taken yet: {take} takes a file, hunk or line, {take-all} all files.",
            );
        }
        let what = What::Build(Box::new(selection.clone()));
        let (ticket, effects) = self.query(Wait::Step, what);
        let agents = self.authors(&selection);
        self.page = Page::Finish(Box::new(Finish {
            message: format!("Changes of {agents}"),
            branch: format!("massgen/{}", self.subject.run),
            patch: format!("{}.patch", self.subject.run),
            ..Finish::new(Stage::Building(ticket), selection)
        }));
        vec![Wish::Do(effects)]
    }

    /// Whose changes a selection is made of, by name.
    fn authors(&self, selection: &Selection) -> String {
        let mut agents: Vec<AgentId> = selection.picks.iter().map(|pick| pick.from.agent).collect();
        agents.sort_unstable();
        agents.dedup();
        let names: Vec<&str> = agents
            .into_iter()
            .filter_map(|id| self.subject.agent(id))
            .map(|agent| agent.name.as_str())
            .collect();
        names.join(", ")
    }

    /// The answers of all agents.
    pub(super) fn labels(&self) -> Vec<Label> {
        let agents = self.subject.agents.iter();
        agents.filter_map(|agent| agent.label).collect()
    }

    /// An action while a page covers the lines.
    pub(super) fn on_page(&mut self, action: Action) -> Wishes {
        match (&mut self.page, action) {
            (Page::Send(cursor), Action::Move(Move::Up)) => {
                *cursor = cursor.saturating_sub(1);
                Wishes::new()
            }
            (Page::Send(cursor), Action::Move(Move::Down)) => {
                let cursor = *cursor + 1;
                self.page = Page::Send(cursor.min(self.hearers().len().saturating_sub(1)));
                Wishes::new()
            }
            (Page::Send(cursor), Action::View(View::Open)) => {
                let place = *cursor;
                self.send(place)
            }
            (Page::Send(_), Action::Step(Step::Back)) => {
                self.page = Page::Diff;
                Wishes::new()
            }
            (Page::Send(_), _) => hint("{open} sends, {back} goes back."),
            (Page::Finish(_), Action::View(View::Open)) => self.onward(),
            (Page::Finish(_), Action::Step(Step::Back)) => self.backward(),
            (Page::Finish(_), Action::Step(Step::Undo)) => self.undo(),
            (Page::Finish(_), Action::Take(Take::Edit)) => self.edit_field(),
            (Page::Finish(finish), Action::Take(Take::This)) => {
                if finish.decide() {
                    Wishes::new()
                } else {
                    hint("There is nothing to decide about here.")
                }
            }
            (Page::Finish(finish), Action::Move(step)) => {
                finish.moved(step);
                Wishes::new()
            }
            (Page::Finish(_), _) => hint("{open} goes on, {back} goes back."),
            (Page::Diff, _) => Wishes::new(),
        }
    }

    pub(super) fn wheel_on_page(&mut self, wheel: i32) -> Wishes {
        if let Page::Finish(finish) = &mut self.page {
            finish.top = finish.top.saturating_add_signed(wheel as isize);
        }
        Wishes::new()
    }

    fn onward(&mut self) -> Wishes {
        let Page::Finish(finish) = &self.page else {
            return Wishes::new();
        };
        match &finish.stage {
            Stage::Choosing => self.preview(),
            Stage::Asking(preview) => {
                if finish.undecided(preview) > 0 {
                    return hint(
                        "Some files cannot be written as they are: {take} decides about each.",
                    );
                }
                if preview.files.is_empty() {
                    return hint("There is nothing to write: your files are like this already.");
                }
                let what = What::Apply {
                    selection: Box::new(finish.selection.clone()),
                    to: finish.destination(),
                    decisions: finish.said(),
                    labels: self.labels(),
                    preview: preview.clone(),
                };
                let preview = preview.clone();
                let (ticket, effects) = self.query(Wait::Step, what);
                self.set_stage(Stage::Applying(ticket, preview));
                vec![Wish::Do(effects)]
            }
            Stage::Done(_) | Stage::Undone(_) | Stage::Failed(_) => {
                self.page = Page::Diff;
                Wishes::new()
            }
            Stage::Deciding(_) => self.decide_undo(),
            Stage::Building(_) | Stage::Previewing(_) | Stage::Applying(..) | Stage::Undoing(_) => {
                hint("This is still at work.")
            }
        }
    }

    fn preview(&mut self) -> Wishes {
        let Page::Finish(finish) = &mut self.page else {
            return Wishes::new();
        };
        let built = finish.built.as_ref();
        if built.is_some_and(|built| built.provenance.is_empty()) {
            return hint("Nothing is left of what was taken: all of it clashes.");
        }
        finish.moved = false;
        self.look_anew()
    }

    fn backward(&mut self) -> Wishes {
        let Page::Finish(finish) = &mut self.page else {
            return Wishes::new();
        };
        match finish.stage {
            Stage::Applying(..) | Stage::Undoing(_) => {
                return hint("Files are being written; this ends by itself.");
            }
            Stage::Previewing(ticket) => {
                finish.stage = Stage::Choosing;
                let refused = finish.refused.take();
                self.asks.waits.remove(&ticket);
                // What was refused is told, also when nobody waits for what has changed.
                let told = refused.map(|(failure, _)| failure.to_string());
                return told
                    .map(|words| Wish::Tell(Level::Error, words))
                    .into_iter()
                    .collect();
            }
            Stage::Asking(_) => finish.stage = Stage::Choosing,
            Stage::Failed(_) if finish.built.is_some() => finish.stage = Stage::Choosing,
            Stage::Building(ticket) => {
                self.asks.waits.remove(&ticket);
                self.page = Page::Diff;
            }
            Stage::Choosing
            | Stage::Done(_)
            | Stage::Deciding(_)
            | Stage::Undone(_)
            | Stage::Failed(_) => {
                self.page = Page::Diff;
            }
        }
        Wishes::new()
    }

    /// The editor for what the destination needs.
    fn edit_field(&mut self) -> Wishes {
        let Page::Finish(finish) = &mut self.page else {
            return Wishes::new();
        };
        if finish.stage != Stage::Choosing {
            return hint("{back} goes back to the destinations.");
        }
        let (field, text) = match finish.cursor {
            2 => (Field::Message, &finish.message),
            3 => (Field::Branch, &finish.branch),
            4 => (Field::Patch, &finish.patch),
            _ => return hint("There is nothing to write for this one."),
        };
        finish.field = field;
        let text = text.clone();
        self.writing = Some(Writing::Field);
        vec![Wish::Write(text)]
    }

    /// A field was written.
    pub(super) fn filled(&mut self, text: Option<&str>) -> Wishes {
        let Page::Finish(finish) = &mut self.page else {
            return Wishes::new();
        };
        let Some(text) = text else {
            return hint("It was left as it was.");
        };
        if text.is_empty() {
            return hint("It cannot be empty; it was left as it was.");
        }
        let first = text.lines().next().unwrap_or_default().trim().to_owned();
        match finish.field {
            Field::Message => text.clone_into(&mut finish.message),
            Field::Branch => finish.branch = first,
            Field::Patch => finish.patch = first,
        }
        Wishes::new()
    }

    pub(super) fn set_stage(&mut self, stage: Stage) {
        if let Page::Finish(finish) = &mut self.page {
            finish.stage = stage;
            finish.top = 0;
        }
    }
}

impl Finish {
    fn moved(&mut self, step: Move) {
        if let Stage::Deciding(deciding) = &mut self.stage
            && deciding.step(step)
        {
            return;
        }
        let choosing = self.stage == Stage::Choosing;
        if let Stage::Asking(preview) = &self.stage {
            let last = Self::open(preview).len().saturating_sub(1);
            match step {
                Move::Up if self.row > 0 => {
                    self.row -= 1;
                    return;
                }
                Move::Down if self.row < last => {
                    self.row += 1;
                    return;
                }
                _ => {}
            }
        }
        match step {
            Move::Up if choosing => self.cursor = self.cursor.saturating_sub(1),
            Move::Down if choosing => self.cursor = (self.cursor + 1).min(PLACES - 1),
            Move::Up => self.top = self.top.saturating_sub(1),
            Move::Down => self.top += 1,
            Move::PageUp => self.top = self.top.saturating_sub(10),
            Move::PageDown => self.top += 10,
            Move::First => self.top = 0,
            Move::Last => self.top = usize::MAX / 2,
        }
    }
}

fn hint(words: &str) -> Wishes {
    vec![Wish::Hint(words.to_owned())]
}
