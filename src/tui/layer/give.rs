//! The card where a person chooses as what sessions are given away, and sees before what that would be:
//! size, what is masked, what is left out, what stands in the way.
//!
//! One look is under way at a time; an answer to an older choice makes the card ask again.

use ratatui::{
    Frame,
    layout::{Rect, Size},
    style::Style,
    text::{Line, Span},
    widgets::Widget as _,
};

use super::{Action, Wish};
use crate::{
    protocol::RunId,
    text::width,
    tui::{
        giving::{Ask, Files, Format, Look, News, Order, Suspects, Told, Turns, What},
        layout,
        theme::Theme,
        widget::{bytes, paragraph, scrollbar, window},
    },
};

/// Cells of the card, where there is room.
const WIDEST: u16 = 84;
/// Characters of a place.
const LONGEST: usize = 500;
/// Things of a kind that are listed.
const SHOWN: usize = 20;
/// Rows of a screen on which there is room for gaps, and for what a format is.
const ROOMY: u16 = 16;

/// What is known.
#[derive(Clone, Debug, PartialEq)]
enum State {
    /// The sessions are read.
    Looking,
    /// What the files would be.
    Looked(Look),
    /// Why not.
    Failed(String),
    /// Something is being done.
    Working,
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
            files: Files::With,
            suspects: Suspects::Stop,
            to: None,
            state: State::Looking,
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
            if self.state != State::Looking {
                return Taken::Yes;
            }
            if told.ask != self.ask(What::Look) {
                self.asked = true;
                return Taken::Ask(self.ask(What::Look));
            }
        }
        self.state = match &told.news {
            Ok(News::Look(look)) => State::Looked(look.clone()),
            Ok(News::Written(paths)) => State::Done(paths.clone()),
            Ok(News::Text(_)) => State::Done(Vec::new()),
            Ok(News::Sent(said)) => State::Sent(said.clone()),
            Err(failure) => State::Failed(failure.words()),
        };
        Taken::Yes
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
            State::Working => return Wish::Tell("It is being written; Esc leaves it to that."),
            State::Done(_) | State::Sent(_) => {
                return match action {
                    Action::Accept => Wish::Close,
                    _ => Wish::Nothing,
                };
            }
            State::Looking | State::Looked(_) | State::Failed(_) => {}
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
                self.turns = match self.turns {
                    Turns::All => Turns::Latest,
                    Turns::Latest => Turns::All,
                };
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
        self.state = State::Looking;
        self.top = 0;
        if self.asked {
            // Its answer makes the card ask again.
            return Wish::Nothing;
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
                self.state = State::Working;
                Wish::Give(self.ask(what))
            }
            State::Failed(_) => self.look(),
            State::Looking | State::Working | State::Done(_) | State::Sent(_) => {
                Wish::Tell("The session is still being read.")
            }
        }
    }

    /// Whether something that may be a secret stands in the way.
    fn blocked(&self) -> bool {
        matches!(&self.state, State::Looked(look) if !look.suspects.is_empty())
    }

    fn can_copy(&self) -> bool {
        self.runs.len() == 1 && self.format() != Format::Bundle
    }

    fn words(&self) -> Vec<(Tone, String)> {
        let mut all = Vec::new();
        match &self.state {
            State::Looking => all.push((Tone::Dim, "Reading the session …".to_owned())),
            State::Working => all.push((Tone::Dim, "Writing …".to_owned())),
            State::Failed(words) => all.push((Tone::Bad, words.clone())),
            State::Done(paths) if paths.is_empty() => {
                all.push((Tone::Plain, "Copied. The terminal has it now.".to_owned()));
            }
            State::Sent(said) => {
                all.push((Tone::Plain, "Sent:".to_owned()));
                all.extend(said.iter().map(|line| (Tone::Plain, line.clone())));
            }
            State::Done(paths) => {
                all.push((Tone::Plain, "Written, readable by you alone:".to_owned()));
                all.extend(paths.iter().map(|path| (Tone::Plain, path.clone())));
            }
            State::Looked(look) => {
                let size = |(_, bytes): &(String, u64)| *bytes;
                let sum = bytes(look.files.iter().map(size).sum());
                all.push(match look.files.as_slice() {
                    [(name, _)] => (Tone::Plain, format!("{name}, {sum}")),
                    files => (Tone::Plain, format!("{} files, {sum}", files.len())),
                });
                listed(
                    &mut all,
                    (Tone::Bad, "May be a secret, so nothing is written"),
                    &look.suspects,
                );
                listed(&mut all, (Tone::Dim, "Masked"), &look.masked);
                listed(&mut all, (Tone::Dim, "Not in it"), &look.left_out);
                let turns = match self.turns() {
                    Turns::All => "all turns",
                    Turns::Latest => "the last turn alone",
                };
                let files = match self.files {
                    Files::With => "files and diffs of agents",
                    Files::Without => "no files and diffs of agents",
                };
                all.push((Tone::Dim, format!("Chosen: {turns}, {files}")));
            }
        }
        all
    }

    fn doings(&self) -> Vec<(Tone, String)> {
        let deed = |key: &'static str, words: &str| (Tone::Key(key), words.to_owned());
        if let Some(to) = &self.to {
            return vec![
                deed("To:", &format!("{to}▏")),
                deed(
                    "",
                    "gist, snippet, a name of share.targets, a folder, a file, https://…",
                ),
                deed("Enter", "send it there"),
                deed("Esc", "another way"),
            ];
        }
        match &self.state {
            State::Looking => vec![deed("Esc", "leave it")],
            State::Working => vec![deed("Esc", "leave it to that")],
            State::Done(_) | State::Sent(_) => vec![deed("Enter", "close")],
            State::Failed(_) => vec![deed("Enter", "try again"), deed("Esc", "leave it")],
            State::Looked(_) if self.blocked() => {
                vec![deed("3", "mask it"), deed("Esc", "leave it")]
            }
            State::Looked(look) => {
                let mut all = vec![deed("Enter", &format!("write it to {}", look.folder))];
                if self.can_copy() {
                    all.push(deed("2", "copy it"));
                }
                all.push(deed(
                    "6",
                    "send it elsewhere: a gist, a snippet, a file, a folder …",
                ));
                all.push(deed("4 5", "other turns, with or without files"));
                all.push(deed("Esc", "leave it"));
                all
            }
        }
    }

    pub(super) fn prepare(&mut self, size: Size) {
        let wide = WIDEST.min(size.width);
        let room = wide.saturating_sub(4).max(1);
        self.deeds = self.doings();
        let words = self.words().into_iter();
        self.body = words
            .flat_map(|(tone, words)| {
                let lines = paragraph(&words, room);
                lines.into_iter().map(move |line| (tone, line))
            })
            .collect();
        self.roomy = size.height >= ROOMY;
        // Frame and formats; what the format is, and a gap before and after the body.
        let rest = 2 + 1 + if self.roomy { 3 } else { 0 } + self.deeds.len();
        let wanted = u16::try_from(self.body.len() + rest).unwrap_or(u16::MAX);
        self.area = layout::centred(size, wide, wanted);
        self.fits = usize::from(self.area.height).saturating_sub(rest).max(1);
        self.top = self.top.min(self.body.len().saturating_sub(self.fits));
    }

    pub(super) fn view(&self, theme: &Theme, frame: &mut Frame<'_>) {
        let title = match self.runs.as_slice() {
            [run] => format!("Export {}", run.0),
            runs => format!("Export {} sessions", runs.len()),
        };
        let inner = window(&title, theme, frame, self.area);
        let room = usize::from(inner.width.saturating_sub(2));
        let formats = Format::ALL.iter().map(|format| {
            let chosen = *format == self.format();
            let style = if chosen {
                theme.strong.patch(theme.selection)
            } else {
                theme.text
            };
            let mark = if chosen { "▸" } else { " " };
            Span::styled(format!("{mark}{} ", format.name()), style)
        });
        let about = width::fit(self.format().about(), room).into_owned();
        let body = self
            .body
            .iter()
            .skip(self.top)
            .take(self.fits)
            .map(|(tone, line)| {
                let style: Style = match tone {
                    Tone::Plain | Tone::Key(_) => theme.text,
                    Tone::Dim => theme.dim,
                    Tone::Bad => theme.bad,
                };
                Line::styled(format!(" {line}"), style)
            });
        let deeds = self.deeds.iter().map(|(tone, words)| {
            let key = match tone {
                Tone::Key(key) => key,
                Tone::Plain | Tone::Dim | Tone::Bad => "",
            };
            let words = width::fit(words, room.saturating_sub(width::of(key) + 1)).into_owned();
            Line::from(vec![
                Span::styled(format!(" {key} "), theme.accent),
                Span::styled(words, theme.text),
            ])
        });
        let gap = || self.roomy.then(Line::default);
        let about = Line::styled(format!(" {about}"), theme.dim);
        let head = std::iter::once(Line::from(formats.collect::<Vec<_>>()))
            .chain(self.roomy.then_some(about))
            .chain(gap());
        let lines = head.chain(body).chain(gap()).chain(deeds);
        for (line, y) in lines.zip(inner.y..inner.bottom()) {
            let place = Rect {
                y,
                height: 1,
                ..inner
            };
            line.render(place, frame.buffer_mut());
        }
        let above = if self.roomy { 3 } else { 1 };
        let shown = Rect {
            y: inner.y.saturating_add(above),
            height: u16::try_from(self.fits).unwrap_or(u16::MAX),
            ..inner
        };
        scrollbar(
            self.body.len(),
            self.top,
            theme,
            frame,
            shown.intersection(inner),
        );
    }
}

/// A list behind its name, when there is something in it.
fn listed(all: &mut Vec<(Tone, String)>, (tone, name): (Tone, &str), what: &[String]) {
    if what.is_empty() {
        return;
    }
    let mut words = what.iter().take(SHOWN).cloned().collect::<Vec<_>>();
    if what.len() > SHOWN {
        words.push(format!("and {} more", what.len() - SHOWN));
    }
    all.push((tone, format!("{name}: {}", words.join("; "))));
}
