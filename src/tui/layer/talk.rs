//! What can be done with questions and messages, as data with stable names.

use crate::tui::action::Named;

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Talk {
    /// Show the questions that wait.
    Questions,
    /// Show the messages and how far they got.
    Messages,
    /// To the next question.
    Next,
    /// To the question before.
    Previous,
    /// Let the asker decide.
    Skip,
    /// Write the answer in `$EDITOR`.
    Editor,
    /// Take the marked message back.
    Withdraw,
}

impl Talk {
    /// Name, help and meaning of every action.
    pub const TABLE: &'static [Named<Self>] = &[
        ("questions", "answer what agents ask", Self::Questions),
        (
            "messages",
            "show your messages and who heard them",
            Self::Messages,
        ),
        ("next", "the next question", Self::Next),
        ("previous", "the question before", Self::Previous),
        ("skip", "skip the question: the asker decides", Self::Skip),
        ("editor", "write the answer in $EDITOR", Self::Editor),
        (
            "withdraw",
            "take the marked message back from who has not heard it",
            Self::Withdraw,
        ),
    ];
}
