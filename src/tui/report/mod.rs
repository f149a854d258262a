//! The report of a session: its figures, what models made of it, and the way to have one read it.
//!
//! Every row that rests on an event opens the session there. The figures are counted elsewhere; here
//! are pages, a cursor, a list of models with their prices, and an analysis under way. Nothing is sent before
//! the price was shown and Enter was pressed.

mod action;
mod ask;
mod frame;
mod page;
mod picker;
mod rows;
#[cfg(test)]
mod tests;

pub use action::{Action, Fold, Go, Save};
pub use ask::{Analysis, Ask, Choice, Form, Heard, Page, Paper, Papers, Preview, Told, Turn, What};

use frame::Sight;
use page::Spot;
use picker::Picker;

use ratatui::text::Line;

use super::effect::{Load, Ticket};
use crate::protocol::{FailureKind, Level, RunId, Seq};

/// Which part of the screen takes keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The pages.
    Main,
    /// The list of models, while a search is typed.
    Models,
    /// What would be sent, and an analysis under way.
    Asking,
}

/// What the screen wishes.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// To ask the world.
    Ask(What),
    /// A quiet word.
    Hint(String),
    /// A word that stays listed.
    Tell(Level, String),
    /// This text on the clipboard.
    Copy(String),
    /// The session at this event.
    Open(Seq),
    /// Back to where it was opened.
    Leave,
}

/// The screen.
#[derive(Debug)]
pub struct Report {
    run: RunId,
    papers: Load<Box<Papers>>,
    /// The page: 0 for the figures, then the analyses.
    page: usize,
    /// Where the cursor stands on each page.
    spots: Vec<Spot>,
    stage: Stage,
    /// The number of the analysis to be shown when the papers come.
    wanted: Option<u32>,
    sight: Sight,
}

/// What the screen shows.
#[derive(Debug, Default)]
enum Stage {
    /// The pages.
    #[default]
    Reading,
    /// The list of models.
    Picking(Box<Picker>),
    /// What would be sent.
    Asking(Asking),
    /// An analysis under way.
    Running(Running),
}

/// What would be sent.
#[derive(Debug)]
struct Asking {
    turn: Turn,
    model: String,
    preview: Load<Preview>,
    /// The first line that is seen, and the last that can be the first.
    top: usize,
    tops: usize,
    /// Its lines, and the width for which they were made.
    lines: Option<(u16, Vec<Line<'static>>)>,
}

/// An analysis under way.
#[derive(Debug)]
struct Running {
    model: String,
    heard: Heard,
    stopping: bool,
}

impl Report {
    /// The report of a session; its papers are asked for with the first wish.
    pub fn open(run: RunId) -> (Self, Vec<Wish>) {
        let report = Self {
            run,
            papers: Load::Idle,
            page: 0,
            spots: vec![Spot::default()],
            stage: Stage::Reading,
            wanted: None,
            sight: Sight::default(),
        };
        (report, vec![Wish::Ask(What::Papers)])
    }

    /// Whose report it is.
    pub const fn run(&self) -> &RunId {
        &self.run
    }

    /// Which part takes keys.
    pub const fn place(&self) -> Place {
        match self.stage {
            Stage::Reading => Place::Main,
            Stage::Picking(_) => Place::Models,
            Stage::Asking(_) | Stage::Running(_) => Place::Asking,
        }
    }

    /// True while a model reads the log.
    pub const fn is_running(&self) -> bool {
        matches!(self.stage, Stage::Running(_))
    }

    /// True while there are figures only, and no analysis to turn to.
    pub fn is_alone(&self) -> bool {
        self.papers()
            .is_none_or(|papers| papers.analyses.is_empty())
    }

    /// True while something moves by itself.
    pub const fn waits(&self) -> bool {
        match &self.stage {
            Stage::Running(_) => true,
            Stage::Picking(picker) => picker.is_loading(),
            Stage::Asking(asking) => matches!(asking.preview, Load::Loading(_)),
            Stage::Reading => matches!(self.papers, Load::Loading(_)),
        }
    }

    /// A question has gone out under this ticket.
    pub fn sent(&mut self, ticket: Ticket, what: &What) {
        match what {
            // Pages that are there stay until the new ones come.
            What::Papers if !matches!(self.papers, Load::Ready(_)) => {
                self.papers = Load::Loading(ticket);
            }
            What::Models(_) => {
                if let Stage::Picking(picker) = &mut self.stage {
                    picker.sent(ticket);
                }
            }
            What::Preview(..) => {
                if let Stage::Asking(asking) = &mut self.stage {
                    asking.preview = Load::Loading(ticket);
                }
            }
            What::Papers | What::Start(..) | What::Listen(_) | What::Stop | What::Write(..) => {}
        }
    }

    /// Does what a person wants.
    pub fn update(&mut self, action: Action) -> Vec<Wish> {
        match &mut self.stage {
            Stage::Reading => self.read(action),
            Stage::Picking(_) => self.pick(action),
            Stage::Asking(_) => self.ask(action),
            Stage::Running(running) => match action {
                Action::Back if !running.stopping => {
                    running.stopping = true;
                    vec![Wish::Ask(What::Stop)]
                }
                _ => vec![Wish::Hint(
                    "Esc stops the analysis; nothing is kept then.".to_owned(),
                )],
            },
        }
    }

    /// Takes letters of a search.
    pub fn type_text(&mut self, text: &str) -> bool {
        match &mut self.stage {
            Stage::Picking(picker) => {
                picker.type_text(text);
                true
            }
            Stage::Reading | Stage::Asking(_) | Stage::Running(_) => false,
        }
    }

    fn pick(&mut self, action: Action) -> Vec<Wish> {
        let Stage::Picking(picker) = &mut self.stage else {
            return Vec::new();
        };
        match action {
            Action::Move(step) => picker.step(step),
            Action::Erase => picker.erase(),
            Action::Back => self.stage = Stage::Reading,
            Action::Refresh => return vec![Wish::Ask(What::Models(picker.turn()))],
            Action::Take => match picker.chosen() {
                Ok(model) => {
                    let turn = picker.turn();
                    let wish = Wish::Ask(What::Preview(turn, model.clone()));
                    self.stage = Stage::Asking(Asking {
                        turn,
                        model,
                        preview: Load::Idle,
                        top: 0,
                        tops: 0,
                        lines: None,
                    });
                    return vec![wish];
                }
                Err(words) => return vec![Wish::Hint(words)],
            },
            Action::Go(_)
            | Action::Fold(_)
            | Action::NextPage
            | Action::PreviousPage
            | Action::Save(_)
            | Action::Ask => {}
        }
        Vec::new()
    }

    fn ask(&mut self, action: Action) -> Vec<Wish> {
        let Stage::Asking(asking) = &mut self.stage else {
            return Vec::new();
        };
        match action {
            Action::Move(step) => {
                let page = self.sight.page();
                asking.top = step.over(asking.top, asking.tops + 1, page);
                Vec::new()
            }
            Action::Take if matches!(asking.preview, Load::Ready(_)) => {
                let (turn, model) = (asking.turn, asking.model.clone());
                let start = Wish::Ask(What::Start(turn, model.clone()));
                self.stage = Stage::Running(Running {
                    model,
                    heard: Heard::default(),
                    stopping: false,
                });
                vec![start, Wish::Ask(What::Listen(0))]
            }
            Action::Back => {
                let turn = asking.turn;
                self.stage = Stage::Picking(Box::new(Picker::new(turn)));
                vec![Wish::Ask(What::Models(turn))]
            }
            _ => Vec::new(),
        }
    }

    /// Takes an answer of the world.
    pub fn told(&mut self, ticket: Ticket, told: Told) -> Vec<Wish> {
        match told {
            Told::Papers(papers) => self.arrived(papers),
            Told::Models(models) => {
                if let Stage::Picking(picker) = &mut self.stage {
                    picker.arrived(ticket, models);
                }
                Vec::new()
            }
            Told::Preview(preview) => {
                if let Stage::Asking(asking) = &mut self.stage
                    && asking.preview.waits_for(ticket)
                {
                    asking.preview = match preview {
                        Ok(preview) => Load::Ready(preview),
                        Err(failure) => Load::Failed(failure),
                    };
                }
                Vec::new()
            }
            Told::Heard(heard) => self.heard(*heard),
            Told::Written(Ok(path)) => {
                vec![Wish::Tell(Level::Info, format!("Written: {path}"))]
            }
            Told::Written(Err(failure)) => vec![Wish::Tell(Level::Error, failure.words())],
        }
    }

    fn heard(&mut self, heard: Heard) -> Vec<Wish> {
        let Stage::Running(running) = &mut self.stage else {
            return Vec::new();
        };
        match heard.over.clone() {
            None => {
                let number = heard.number;
                running.heard = heard;
                vec![Wish::Ask(What::Listen(number))]
            }
            Some(Ok(number)) => {
                let words = format!("{} has read the log: analysis {number}.", running.model);
                self.stage = Stage::Reading;
                self.wanted = Some(number);
                vec![Wish::Tell(Level::Info, words), Wish::Ask(What::Papers)]
            }
            Some(Err(failure)) if failure.kind == FailureKind::Cancelled => {
                self.stage = Stage::Reading;
                vec![Wish::Hint("Stopped; nothing was kept.".to_owned())]
            }
            Some(Err(failure)) => {
                let words = format!("No analysis by {}: {}", running.model, failure.words());
                self.stage = Stage::Reading;
                vec![Wish::Tell(Level::Error, words)]
            }
        }
    }

    /// The papers, or why there are none. Pages that are there stay.
    fn arrived(&mut self, papers: Result<Box<Papers>, crate::protocol::Failure>) -> Vec<Wish> {
        match papers {
            Ok(papers) => {
                self.spots
                    .resize(papers.analyses.len() + 1, Spot::default());
                let wanted = self.wanted.take();
                let place = wanted.and_then(|wanted| {
                    let mut all = papers.analyses.iter();
                    all.position(|analysis| analysis.number == wanted)
                });
                self.page = match place {
                    Some(place) => place + 1,
                    None => self.page.min(papers.analyses.len()),
                };
                let unread = papers.unread;
                self.papers = Load::Ready(papers);
                self.sight.forget();
                if unread > 0 {
                    let words = format!("{unread} kept analyses cannot be read.");
                    return vec![Wish::Tell(Level::Warning, words)];
                }
                Vec::new()
            }
            Err(failure) if matches!(self.papers, Load::Ready(_)) => {
                vec![Wish::Tell(Level::Error, failure.words())]
            }
            Err(failure) => {
                self.papers = Load::Failed(failure);
                Vec::new()
            }
        }
    }

    /// The papers, when they are here.
    fn papers(&self) -> Option<&Papers> {
        match &self.papers {
            Load::Ready(papers) => Some(papers),
            Load::Idle | Load::Loading(_) | Load::Failed(_) => None,
        }
    }
}
