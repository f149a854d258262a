//! The card where a person chooses as what sessions are given away, and sees before what that would be:
//! size, what is masked, what is left out, what stands in the way.
//!
//! One look is under way at a time; an answer to an older choice makes the card ask again. What is being
//! written or sent tells how far it is, and Esc stops it; the card stays until that is done. A look that
//! nobody waits for any more, because the card was closed or something else was chosen, is stopped too.

mod paint;

use ratatui::layout::Rect;

use super::{Action, Wish};
use crate::{
    protocol::{FailureKind, RunId},
    tui::giving::{Ask, Files, Format, Look, News, Order, Progress, Suspects, Told, Turns, What},
};

/// Characters of a place.
const LONGEST: usize = 500;

/// What is known.
#[derive(Clone, Debug, PartialEq)]
enum State {
    /// The sessions are read; how far that is, when it was told.
    Looking(Option<Progress>),
    /// What the files would be.
    Looked(Look),
    /// Why not.
    Failed(String),
    /// Something is being done; how far it is, when that was told.
    Working(Option<Progress>),
    /// The person stopped it, and it is about to end.
    Stopping,
    /// The files stand here.
    Done(Vec<String>),
    /// They were brought there.
    Sent(Vec<String>),
}

/// How a line is meant.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Tone {
    Plain,
    Dim,
    Bad,
    Key(&'static str),
}

/// What came of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Taken {
    /// No card waits for it.
    Nobody,
    /// It was taken in.
    Yes,
    /// It was about an older choice; this is to be asked now.
    Ask(Ask),
}

/// The card.
#[derive(Clone, Debug, PartialEq)]
pub struct Give {
    runs: Vec<RunId>,
    place: usize,
    turns: Turns,
    /// The numbers of the session's turns, when it is one session.
    parts: Vec<u32>,
    files: Files,
    suspects: Suspects,
    /// Where to, while that is typed.
    to: Option<String>,
    state: State,
    /// A look is under way.
    asked: bool,
    body: Vec<(Tone, String)>,
    deeds: Vec<(Tone, String)>,
    /// First line of the body that is shown, and how many are.
    top: usize,
    fits: usize,
    roomy: bool,
    area: Rect,
}

impl Give {
    /// The card for these sessions, and what to ask first.
    pub fn new(runs: Vec<RunId>) -> (Self, Ask) {
        let card = Self {
            runs,
            place: 0,
            turns: Turns::All,
            parts: Vec::new(),
            files: Files::With,
            suspects: Suspects::Stop,
            to: None,
            state: State::Looking(None),
            asked: true,
            body: Vec::new(),
            deeds: Vec::new(),
            top: 0,
            fits: 1,
            roomy: true,
            area: Rect::ZERO,
        };
        let ask = card.ask(What::Look);
        (card, ask)
    }

    fn format(&self) -> Format {
        let format = Format::ALL.get(self.place);
        format.copied().unwrap_or(Format::Html)
    }

    /// A bundle holds a whole session.
    fn turns(&self) -> Turns {
        match self.format() {
            Format::Bundle => Turns::All,
            Format::Html | Format::Md | Format::Json | Format::Cast => self.turns,
        }
    }

    /// After all of them and the last one come the others, one by one.
    fn next_turns(&self) -> Turns {
        let others = self
            .parts
            .split_last()
            .map_or(&[][..], |(_, others)| others);
        let first = others.first().copied();
        match self.turns {
            Turns::All => Turns::Latest,
            Turns::Latest => first.map_or(Turns::All, Turns::One),
            Turns::One(one) => {
                let next = others.iter().find(|other| **other > one);
                next.map_or(Turns::All, |next| Turns::One(*next))
            }
        }
    }

    fn ask(&self, what: What) -> Ask {
        Ask {
            order: Order {
                runs: self.runs.clone(),
                format: self.format(),
                turns: self.turns(),
                files: self.files,
                suspects: self.suspects,
            },
            what,
        }
    }

    /// Takes in an answer.
    pub(super) fn take(&mut self, told: &Told) -> Taken {
        if told.ask.order.runs != self.runs {
            return Taken::Nobody;
        }
        if told.ask.what == What::Look {
            self.asked = false;
            if !matches!(self.state, State::Looking(_)) {
                return Taken::Yes;
            }
            // Also when it was stopped for another choice, and the first one was taken again.
            let stopped =
                matches!(&told.news, Err(failure) if failure.kind == FailureKind::Cancelled);
            if stopped || told.ask != self.ask(What::Look) {
                self.asked = true;
                return Taken::Ask(self.ask(What::Look));
            }
        }
        self.state = match &told.news {
            Ok(News::Progress(progress)) => {
                // A choice that was changed has its own.
                let older = told.ask != self.ask(What::Hear);
                match &mut self.state {
                    State::Looking(seen) | State::Working(seen) if !older => {
                        *seen = Some(*progress);
                        return Taken::Ask(told.ask.clone());
                    }
                    _ => return Taken::Yes,
                }
            }
            Ok(News::Stopping) => return Taken::Yes,
            Ok(News::Look(look)) => {
                self.parts.clone_from(&look.turns);
                State::Looked(look.clone())
            }
            Ok(News::Written(paths)) => State::Done(paths.clone()),
            Ok(News::Text(_)) => State::Done(Vec::new()),
            Ok(News::Sent(said)) => State::Sent(said.clone()),
            Err(failure) => State::Failed(failure.words()),
        };
        Taken::Yes
    }

    /// What ends the look that is under way, when there is one.
    pub fn look_ends(&self) -> Option<Ask> {
        self.asked.then(|| self.ask(What::Stop))
    }

    /// True while a place is typed.
    pub(super) const fn types(&self) -> bool {
        self.to.is_some()
    }

    /// Text for the place.
    pub(super) fn type_text(&mut self, text: &str) {
        if let Some(to) = &mut self.to {
            let plain = text.chars().filter(|c| !c.is_control());
            let room = LONGEST.saturating_sub(to.chars().count());
            to.extend(plain.take(room));
        }
    }

    /// A key while a place is typed.
    fn typed(&mut self, mut to: String, action: Action) -> Wish {
        match action {
            Action::Close => return Wish::Nothing,
            Action::Erase => {
                to.pop();
            }
            Action::Accept if to.trim().is_empty() => {
                self.to = Some(to);
                return Wish::Tell("Type a place first; Esc leaves it.");
            }
            Action::Accept => return self.begin(What::Send(to.trim().to_owned())),
            _ => {}
        }
        self.to = Some(to);
        Wish::Nothing
    }

    pub(super) fn update(&mut self, action: Action) -> Wish {
        if let Some(to) = self.to.take() {
            return self.typed(to, action);
        }
        match action {
            Action::Close if matches!(self.state, State::Working(_)) => {
                self.state = State::Stopping;
                return Wish::Give(self.ask(What::Stop));
            }
            Action::Close => return Wish::Close,
            Action::PageUp => {
                self.top = self.top.saturating_sub(self.fits);
                return Wish::Nothing;
            }
            // Where that is too far, the next frame knows.
            Action::PageDown => {
                self.top += self.fits;
                return Wish::Nothing;
            }
            _ => {}
        }
        match &self.state {
            State::Working(_) => return Wish::Tell("It is under way; Esc stops it."),
            State::Stopping => {
                return Wish::Tell("It is about to end; Esc does not wait for that.");
            }
            State::Done(_) | State::Sent(_) => {
                return match action {
                    Action::Accept => Wish::Close,
                    _ => Wish::Nothing,
                };
            }
            State::Looking(_) | State::Looked(_) | State::Failed(_) => {}
        }
        let last = Format::ALL.len() - 1;
        match action {
            Action::Up => self.choose(self.place.saturating_sub(1)),
            Action::Down => self.choose((self.place + 1).min(last)),
            Action::First => self.choose(0),
            Action::Last => self.choose(last),
            Action::Accept | Action::Pick(1) => self.begin(What::File),
            Action::Pick(2) if !self.can_copy() => {
                Wish::Tell("The clipboard takes the text of one session: html, md, json or cast.")
            }
            Action::Pick(2) => self.begin(What::Text),
            Action::Pick(3) if self.blocked() => {
                self.suspects = Suspects::Mask;
                self.look()
            }
            Action::Pick(4) if self.format() == Format::Bundle => {
                Wish::Tell("A bundle holds a whole session.")
            }
            Action::Pick(4) => {
                self.turns = self.next_turns();
                self.look()
            }
            Action::Pick(5) => {
                self.files = match self.files {
                    Files::With => Files::Without,
                    Files::Without => Files::With,
                };
                self.look()
            }
            // It says why not.
            Action::Pick(6) if self.blocked() => self.begin(What::File),
            Action::Pick(6) => {
                self.to = Some(String::new());
                Wish::Nothing
            }
            Action::Refresh => self.look(),
            Action::Close | Action::PageUp | Action::PageDown | Action::Erase | Action::Pick(_) => {
                Wish::Nothing
            }
        }
    }

    fn choose(&mut self, place: usize) -> Wish {
        if place == self.place {
            return Wish::Nothing;
        }
        self.place = place;
        self.look()
    }

    fn look(&mut self) -> Wish {
        self.state = State::Looking(None);
        self.top = 0;
        if self.asked {
            // It is about an older choice; its answer makes the card ask again.
            return Wish::Give(self.ask(What::Stop));
        }
        self.asked = true;
        Wish::Give(self.ask(What::Look))
    }

    fn begin(&mut self, what: What) -> Wish {
        match &self.state {
            State::Looked(_) if self.blocked() => {
                Wish::Tell("Something may be a secret: 3 masks it, Esc leaves everything as it is.")
            }
            State::Looked(_) => {
                self.state = State::Working(None);
                Wish::Give(self.ask(what))
            }
            State::Failed(_) => self.look(),
            State::Looking(_)
            | State::Working(_)
            | State::Stopping
            | State::Done(_)
            | State::Sent(_) => Wish::Tell("The session is still being read."),
        }
    }

    /// Whether something that may be a secret stands in the way.
    fn blocked(&self) -> bool {
        matches!(&self.state, State::Looked(look) if !look.suspects.is_empty())
    }

    fn can_copy(&self) -> bool {
        self.runs.len() == 1 && self.format() != Format::Bundle
    }
}
