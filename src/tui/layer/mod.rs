//! Overlays: help, palette, questions, the list of notices. The top-most takes the keys.
//!
//! An overlay knows what it shows and nothing of what lies under it; what it wants done it says
//! with a [`Wish`]. The passing notice line lives here too, see [`Notices`].

mod action;
mod approval;
mod confirm;
mod crew;
mod give;
mod health;
mod help;
mod left;
mod list;
mod messages;
mod notices;
mod palette;
mod prompts;
mod questions;
mod talk;
mod trust;

use ratatui::{Frame, layout::Size};

pub use action::Action;
pub use confirm::{Confirm, Question, Reply};
pub use crew::{Crew, Team};
pub use give::{Give, Taken};
pub use health::HealthList;
pub use help::Help;
pub use left::LeftList;
pub use messages::Messages;
pub use notices::{Notice, NoticeList, Notices};
pub use palette::Palette;
pub use prompts::{Prompts, Written};
pub use questions::Questions;
pub use talk::Talk;
pub use trust::TrustCard;

use super::{
    effect::Ticket,
    giving,
    keymap::{Context, Over},
    left::LeftAsk,
    theme::Theme,
};
use crate::{
    protocol::{Command, Health, Left, QuestionId, RunId, Timestamp},
    run::Turn,
};

/// One overlay.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// All keys.
    Help(Help),
    /// All commands.
    Palette(Palette),
    /// A question.
    Confirm(Confirm),
    /// The latest notices.
    Notices(NoticeList),
    /// What agents ask.
    Questions(Questions),
    /// What the person said.
    Messages(Messages),
    /// One agent's place in the team.
    Crew(Crew),
    /// How all endpoints are.
    Health(HealthList),
    /// What a crash left behind.
    Left(LeftList),
    /// Sessions that are given away.
    Give(Give),
    /// May a configuration of a project be used?
    Trust(TrustCard),
    /// Prompts that are kept.
    Prompts(Prompts),
}

/// What an overlay wants after a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Nothing.
    Nothing,
    /// To be closed.
    Close,
    /// To be closed and this done.
    Perform(super::action::Action),
    /// To be closed with this answer.
    Answer(Reply),
    /// To have this sent to the engine.
    Send(Command),
    /// To be closed and to have this sent to the engine.
    CloseAndSend(Command),
    /// To have the words for a question written in `$EDITOR`.
    Edit(QuestionId, String),
    /// To have this said.
    Tell(&'static str),
    /// To have all endpoints asked again.
    CheckUp,
    /// To have this done with worktrees.
    Left(LeftAsk),
    /// To have this done with sessions that are given away.
    Give(giving::Ask),
    /// To be closed and to have this session shown.
    Open(RunId),
}

/// The overlays, the last on top.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layers(Vec<Layer>);

impl Layers {
    /// The top-most.
    pub fn top(&self) -> Option<&Layer> {
        self.0.last()
    }

    /// Puts one on top. One of the same kind that is already there goes away first.
    pub fn open(&mut self, layer: Layer) {
        self.0
            .retain(|open| std::mem::discriminant(open) != std::mem::discriminant(&layer));
        self.0.push(layer);
    }

    /// Takes the top-most away.
    pub fn close(&mut self) {
        self.0.pop();
    }

    /// Takes all away.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The question on top, if there is one.
    pub fn question(&self) -> Option<Question> {
        match self.top() {
            Some(Layer::Confirm(confirm)) => Some(confirm.question),
            Some(
                Layer::Help(_)
                | Layer::Palette(_)
                | Layer::Notices(_)
                | Layer::Questions(_)
                | Layer::Messages(_)
                | Layer::Crew(_)
                | Layer::Health(_)
                | Layer::Left(_)
                | Layer::Give(_)
                | Layer::Trust(_)
                | Layer::Prompts(_),
            )
            | None => None,
        }
    }

    /// Performs an action on the top-most.
    pub fn update(&mut self, action: Action) -> Wish {
        match self.0.last_mut() {
            Some(layer) => layer.update(action),
            None => Wish::Nothing,
        }
    }

    /// Performs an action on the card of questions or the list of messages, if one is on top.
    pub fn talk(&mut self, talk: Talk) -> Wish {
        match self.0.last_mut() {
            Some(Layer::Questions(questions)) => questions.talk(talk),
            Some(Layer::Messages(messages)) => messages.talk(talk),
            Some(
                Layer::Help(_)
                | Layer::Palette(_)
                | Layer::Confirm(_)
                | Layer::Notices(_)
                | Layer::Crew(_)
                | Layer::Health(_)
                | Layer::Left(_)
                | Layer::Give(_)
                | Layer::Trust(_)
                | Layer::Prompts(_),
            )
            | None => Wish::Nothing,
        }
    }

    /// Types into the top-most; `None` when it takes no text.
    pub fn type_text(&mut self, text: &str) -> Option<Wish> {
        match self.0.last_mut() {
            Some(Layer::Help(help)) => help.list.type_text(text),
            Some(Layer::Palette(palette)) => palette.list.type_text(text),
            Some(Layer::Crew(crew)) => crew.type_text(text),
            Some(Layer::Prompts(prompts)) => prompts.type_text(text),
            Some(Layer::Questions(questions)) => return Some(questions.type_text(text)),
            Some(Layer::Give(card)) if card.types() => card.type_text(text),
            Some(
                Layer::Confirm(_)
                | Layer::Notices(_)
                | Layer::Messages(_)
                | Layer::Health(_)
                | Layer::Left(_)
                | Layer::Give(_)
                | Layer::Trust(_),
            )
            | None => return None,
        }
        Some(Wish::Nothing)
    }

    /// Takes in what became of questions and messages. A card without questions goes away.
    pub fn follow(&mut self, turn: &Turn) {
        for layer in &mut self.0 {
            match layer {
                Layer::Questions(questions) => questions.follow(turn),
                Layer::Messages(messages) => messages.follow(turn),
                Layer::Help(_)
                | Layer::Palette(_)
                | Layer::Confirm(_)
                | Layer::Notices(_)
                | Layer::Crew(_)
                | Layer::Health(_)
                | Layer::Left(_)
                | Layer::Give(_)
                | Layer::Trust(_)
                | Layer::Prompts(_) => {}
            }
        }
        self.0
            .retain(|layer| !matches!(layer, Layer::Questions(card) if card.is_empty()));
    }

    /// The list of endpoints waits for the answer to this ticket.
    pub fn checking(&mut self, ticket: Ticket) {
        for layer in &mut self.0 {
            if let Layer::Health(list) = layer {
                list.asking(ticket);
            }
        }
    }

    /// Takes in how the endpoints are, if that is still waited for.
    pub fn checked(&mut self, ticket: Ticket, rows: Vec<Health>) {
        for layer in &mut self.0 {
            if let Layer::Health(list) = layer
                && list.waits_for(ticket)
            {
                list.take(rows);
                return;
            }
        }
    }

    /// Takes in what a crash left behind.
    pub fn left(&mut self, left: &[Left], now: Timestamp) {
        for layer in &mut self.0 {
            if let Layer::Left(list) = layer {
                list.take(left, now);
            }
        }
    }

    /// Takes in what was told about sessions that are given away.
    pub fn given(&mut self, told: &giving::Told) -> Taken {
        for layer in &mut self.0 {
            if let Layer::Give(card) = layer {
                return card.take(told);
            }
        }
        Taken::Nobody
    }

    /// What was asked about worktrees failed: nothing is being done any more.
    pub fn left_waits(&mut self) {
        for layer in &mut self.0 {
            if let Layer::Left(list) = layer {
                list.settle();
            }
        }
    }

    /// What was filled in for a prompt, once.
    pub fn written(&mut self) -> Option<Written> {
        match self.0.last_mut() {
            Some(Layer::Prompts(prompts)) => prompts.take(),
            _ => None,
        }
    }

    /// Takes in what was written in `$EDITOR` for a question.
    pub fn edited(&mut self, id: QuestionId, text: &str) {
        for layer in &mut self.0 {
            if let Layer::Questions(questions) = layer {
                questions.edited(id, text);
            }
        }
    }

    /// Makes the rows of all open overlays.
    pub fn prepare(&mut self, theme: &Theme, size: Size) {
        for layer in &mut self.0 {
            match layer {
                Layer::Help(help) => help.prepare(theme, size),
                Layer::Palette(palette) => palette.prepare(theme, size),
                Layer::Confirm(confirm) => confirm.prepare(size),
                Layer::Notices(list) => list.prepare(theme, size),
                Layer::Questions(questions) => questions.prepare(size),
                Layer::Messages(messages) => messages.prepare(size),
                Layer::Crew(crew) => crew.prepare(size),
                Layer::Health(list) => list.prepare(theme, size),
                Layer::Left(list) => list.prepare(size),
                Layer::Give(card) => card.prepare(size),
                Layer::Trust(card) => card.prepare(size),
                Layer::Prompts(prompts) => prompts.prepare(size),
            }
        }
    }

    /// Paints all open overlays, the top-most last.
    pub fn view(&self, theme: &Theme, frame: &mut Frame<'_>) {
        for layer in &self.0 {
            match layer {
                Layer::Help(help) => help.view(theme, frame),
                Layer::Palette(palette) => palette.view(theme, frame),
                Layer::Confirm(confirm) => confirm.view(theme, frame),
                Layer::Notices(list) => list.view(theme, frame),
                Layer::Questions(questions) => questions.view(theme, frame),
                Layer::Messages(messages) => messages.view(theme, frame),
                Layer::Crew(crew) => crew.view(theme, frame),
                Layer::Health(list) => list.view(theme, frame),
                Layer::Left(list) => list.view(theme, frame),
                Layer::Give(card) => card.view(theme, frame),
                Layer::Trust(card) => card.view(theme, frame),
                Layer::Prompts(prompts) => prompts.view(theme, frame),
            }
        }
    }
}

impl Layer {
    /// Where its keys are looked up.
    pub const fn context(&self) -> Context {
        match self {
            Self::Help(_)
            | Self::Palette(_)
            | Self::Notices(_)
            | Self::Messages(_)
            | Self::Crew(_)
            | Self::Health(_)
            | Self::Prompts(_) => Context::Over(Over::List),
            Self::Confirm(_)
            | Self::Questions(_)
            | Self::Left(_)
            | Self::Give(_)
            | Self::Trust(_) => Context::Over(Over::Confirm),
        }
    }

    /// True when characters are text for it.
    pub const fn takes_text(&self) -> bool {
        match self {
            Self::Help(_)
            | Self::Palette(_)
            | Self::Questions(_)
            | Self::Crew(_)
            | Self::Prompts(_) => true,
            Self::Give(card) => card.types(),
            Self::Confirm(_)
            | Self::Notices(_)
            | Self::Messages(_)
            | Self::Health(_)
            | Self::Left(_)
            | Self::Trust(_) => false,
        }
    }

    fn update(&mut self, action: Action) -> Wish {
        match self {
            Self::Help(help) => help.update(action),
            Self::Palette(palette) => palette.update(action),
            Self::Confirm(confirm) => confirm.update(action),
            Self::Notices(list) => list.update(action),
            Self::Questions(questions) => questions.update(action),
            Self::Messages(messages) => messages.update(action),
            Self::Crew(crew) => crew.update(action),
            Self::Health(list) => list.update(action),
            Self::Left(list) => list.update(action),
            Self::Give(card) => card.update(action),
            Self::Trust(card) => card.update(action),
            Self::Prompts(prompts) => prompts.update(action),
        }
    }
}
