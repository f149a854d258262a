//! What can be done on the start screen, as data with stable names.

use crate::tui::action::Named;

/// One thing to do on the start screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Run the task with the picked team.
    Run,
    /// Take what the cursor is on.
    Choose,
    /// Cursor up.
    Up,
    /// Cursor down.
    Down,
    /// One agent more or less, or another scenario.
    Adjust(Step),
    /// On to the teams, the samples, the sessions, the editor.
    NextSection,
    /// The other way round.
    PreviousSection,
    /// Put this sample into the editor, counted from 1.
    Sample(u8),
    /// Change what agents may do with the folder.
    Folder,
    /// Look for local servers again.
    Refresh,
    /// Back to the editor.
    Editor,
    /// Put the error away.
    Dismiss,
}

/// Direction of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// One less, or the one before.
    Less,
    /// One more, or the one after.
    More,
}

impl Action {
    /// Name, help and meaning of every action.
    pub const TABLE: &'static [Named<Self>] = &[
        ("run", "run the task with the picked team", Self::Run),
        (
            "choose",
            "pick the team, take the sample, open the session",
            Self::Choose,
        ),
        ("up", "one line up", Self::Up),
        ("down", "one line down", Self::Down),
        (
            "less",
            "one agent less, or the scenario before",
            Self::Adjust(Step::Less),
        ),
        (
            "more",
            "one agent more, or the scenario after",
            Self::Adjust(Step::More),
        ),
        (
            "next-section",
            "on to the teams, the samples, the sessions, the editor",
            Self::NextSection,
        ),
        (
            "previous-section",
            "back to the sessions, the samples, the teams, the editor",
            Self::PreviousSection,
        ),
        ("sample-1", "take the first sample", Self::Sample(1)),
        ("sample-2", "take the second sample", Self::Sample(2)),
        ("sample-3", "take the third sample", Self::Sample(3)),
        (
            "folder",
            "change what agents may do with the folder",
            Self::Folder,
        ),
        ("refresh", "look for local servers again", Self::Refresh),
        ("editor", "back to the editor", Self::Editor),
        ("dismiss", "put the error away", Self::Dismiss),
    ];
}
