//! What can be done while a stored session is read or played, as data with stable names.

use crate::tui::action::Named;

/// One thing to do with a stored session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Play it, from the beginning or from where it stands.
    Start,
    /// Go on playing, or pause.
    Play,
    /// Twice as fast.
    Faster,
    /// Half as fast.
    Slower,
    /// To the next or previous place where the screen looks different.
    Change(Way),
    /// One event on or back.
    Event(Way),
    /// To the next or previous event of a kind.
    Jump(Jump, Way),
    /// To the first event.
    First,
    /// To the last event.
    Last,
    /// Stop reading, or show the session as it ended.
    Leave,
}

/// Directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// Towards the end.
    On,
    /// Towards the beginning.
    Back,
}

/// Events that one can jump to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Jump {
    /// A published answer.
    Answer,
    /// A ballot.
    Vote,
    /// Something that failed.
    Error,
    /// A settled vote, or the end of a turn.
    Decision,
}

impl Action {
    /// Name and help of every action.
    pub const TABLE: &'static [Named<Self>] = &[
        ("start", "play the session that is shown again", Self::Start),
        ("play", "play, or pause", Self::Play),
        ("faster", "play twice as fast, up to 32x", Self::Faster),
        ("slower", "play half as fast", Self::Slower),
        (
            "next-change",
            "go on until the screen changes",
            Self::Change(Way::On),
        ),
        (
            "previous-change",
            "go back to the step before, past text that streamed in",
            Self::Change(Way::Back),
        ),
        ("next-event", "go on by one event", Self::Event(Way::On)),
        (
            "previous-event",
            "go back by one event",
            Self::Event(Way::Back),
        ),
        (
            "next-answer",
            "go to the next answer",
            Self::Jump(Jump::Answer, Way::On),
        ),
        (
            "previous-answer",
            "go to the answer before",
            Self::Jump(Jump::Answer, Way::Back),
        ),
        (
            "next-vote",
            "go to the next vote",
            Self::Jump(Jump::Vote, Way::On),
        ),
        (
            "previous-vote",
            "go to the vote before",
            Self::Jump(Jump::Vote, Way::Back),
        ),
        (
            "next-error",
            "go to the next thing that failed",
            Self::Jump(Jump::Error, Way::On),
        ),
        (
            "previous-error",
            "go to the thing that failed before",
            Self::Jump(Jump::Error, Way::Back),
        ),
        (
            "next-decision",
            "go to the next decision or end of a turn",
            Self::Jump(Jump::Decision, Way::On),
        ),
        (
            "previous-decision",
            "go to the decision or end of a turn before",
            Self::Jump(Jump::Decision, Way::Back),
        ),
        ("first", "go to the first event", Self::First),
        ("last", "go to the last event", Self::Last),
        (
            "leave",
            "stop reading, or show the session as it ended",
            Self::Leave,
        ),
    ];
}
