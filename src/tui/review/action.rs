//! What can be done on the review screen, as data with stable names.

use crate::tui::{action::Named, moves::Move};

/// One thing to do on the review screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Move over the lines.
    Move(Move),
    /// Move further.
    Go(Go),
    /// Look at it in another way.
    View(View),
    /// Search and filter.
    Find(Find),
    /// Take, or leave.
    Take(Take),
    /// Comments.
    Say(Say),
    /// Whose work, where.
    Turn(Turn),
    /// Build and apply.
    Step(Step),
}

/// Further moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Go {
    /// Half a page up.
    HalfUp,
    /// Half a page down.
    HalfDown,
    /// The next hunk.
    NextHunk,
    /// The hunk before.
    PreviousHunk,
    /// The next file.
    NextFile,
    /// The file before.
    PreviousFile,
}

/// Ways to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum View {
    /// The files, or the lines.
    Focus,
    /// Opens what the cursor is on: a file, a folder, a fold, a comment.
    Open,
    /// Unified or side by side.
    Split,
    /// Long lines in several rows.
    Wrap,
    /// Blanks as dots, and changes of blanks alone dimmed.
    Blanks,
    /// More lines around the hunks.
    More,
    /// Only the hunks.
    Less,
    /// A tree of folders, or one line a file.
    Tree,
    /// Further to the left.
    Left,
    /// Further to the right.
    Right,
    /// The same file of all agents side by side.
    Compare,
    /// What changed since the last look.
    Since,
}

/// Searching.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Find {
    /// Search in the lines.
    Search,
    /// The next hit.
    Next,
    /// The hit before.
    Previous,
    /// Only files whose path contains this.
    Filter,
}

/// Taking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Take {
    /// What is under the cursor: a file, a hunk, a line, a range.
    This,
    /// The hunk under the cursor.
    Hunk,
    /// The whole file.
    File,
    /// All files of this agent.
    All,
    /// Begin or end a range of lines.
    Range,
    /// Edit the hunk or the comment.
    Edit,
    /// Done with this file.
    Reviewed,
}

/// Comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Say {
    /// On the line or the range.
    Comment,
    /// On the whole file, or the answer.
    CommentFile,
    /// To the next comment.
    Next,
    /// To the comment before.
    Previous,
    /// Take the comment away.
    Delete,
    /// Send them.
    Send,
    /// Copy them.
    Copy,
    /// Another kind of comment, while it is written.
    Kind,
    /// Done with writing.
    Save,
    /// Write nothing.
    Cancel,
}

/// Whose work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Turn {
    /// The agent with this place, from 1.
    Agent(u8),
    /// The next agent.
    Next,
    /// The agent before.
    Previous,
    /// The next folder of the session.
    Place,
    /// What the agents have come to by now.
    Newest,
}

/// Building and applying.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Build the result.
    Build,
    /// Take the last application back.
    Undo,
    /// Back to where one came from.
    Back,
}

impl Action {
    /// Name, help and meaning of every action.
    pub const TABLE: &'static [Named<Self>] = &[
        ("half-up", "half a page up", Self::Go(Go::HalfUp)),
        ("half-down", "half a page down", Self::Go(Go::HalfDown)),
        ("next-hunk", "to the next hunk", Self::Go(Go::NextHunk)),
        (
            "previous-hunk",
            "to the hunk before",
            Self::Go(Go::PreviousHunk),
        ),
        ("next-file", "to the next file", Self::Go(Go::NextFile)),
        (
            "previous-file",
            "to the file before",
            Self::Go(Go::PreviousFile),
        ),
        (
            "focus",
            "from the files to the lines and back",
            Self::View(View::Focus),
        ),
        (
            "open",
            "open the file, folder, fold or comment",
            Self::View(View::Open),
        ),
        (
            "split",
            "unified, or before and after side by side",
            Self::View(View::Split),
        ),
        (
            "wrap",
            "long lines in several rows, or cut",
            Self::View(View::Wrap),
        ),
        (
            "blanks",
            "show blanks, dim changes of blanks alone",
            Self::View(View::Blanks),
        ),
        (
            "more",
            "more lines around the hunks",
            Self::View(View::More),
        ),
        ("less", "only the hunks", Self::View(View::Less)),
        (
            "tree",
            "folders as a tree, or one line a file",
            Self::View(View::Tree),
        ),
        ("left", "scroll to the left", Self::View(View::Left)),
        ("right", "scroll to the right", Self::View(View::Right)),
        (
            "compare",
            "this file of all agents side by side",
            Self::View(View::Compare),
        ),
        (
            "since",
            "only what changed since you last looked",
            Self::View(View::Since),
        ),
        ("search", "search in the lines", Self::Find(Find::Search)),
        ("search-next", "next hit", Self::Find(Find::Next)),
        ("search-previous", "hit before", Self::Find(Find::Previous)),
        (
            "filter",
            "only files whose path contains a text",
            Self::Find(Find::Filter),
        ),
        (
            "take",
            "take or leave the file, hunk, line or range",
            Self::Take(Take::This),
        ),
        (
            "take-hunk",
            "take or leave the hunk",
            Self::Take(Take::Hunk),
        ),
        (
            "take-file",
            "take or leave the whole file",
            Self::Take(Take::File),
        ),
        (
            "take-all",
            "take or leave all files of this agent",
            Self::Take(Take::All),
        ),
        (
            "range",
            "begin or end a range of lines",
            Self::Take(Take::Range),
        ),
        (
            "edit",
            "edit the comment, or the hunk in $EDITOR",
            Self::Take(Take::Edit),
        ),
        (
            "reviewed",
            "done with this file, on to the next",
            Self::Take(Take::Reviewed),
        ),
        (
            "comment",
            "comment on the line or the range",
            Self::Say(Say::Comment),
        ),
        (
            "comment-file",
            "comment on the whole file or answer",
            Self::Say(Say::CommentFile),
        ),
        ("next-comment", "to the next comment", Self::Say(Say::Next)),
        (
            "previous-comment",
            "to the comment before",
            Self::Say(Say::Previous),
        ),
        (
            "delete-comment",
            "take the comment away",
            Self::Say(Say::Delete),
        ),
        ("send", "send the comments to agents", Self::Say(Say::Send)),
        ("copy", "copy the comments", Self::Say(Say::Copy)),
        (
            "kind",
            "issue, suggestion, question or note",
            Self::Say(Say::Kind),
        ),
        ("save", "done with writing", Self::Say(Say::Save)),
        ("cancel", "write nothing", Self::Say(Say::Cancel)),
        ("agent-1", "the work of agent 1", Self::Turn(Turn::Agent(1))),
        ("agent-2", "the work of agent 2", Self::Turn(Turn::Agent(2))),
        ("agent-3", "the work of agent 3", Self::Turn(Turn::Agent(3))),
        ("agent-4", "the work of agent 4", Self::Turn(Turn::Agent(4))),
        ("agent-5", "the work of agent 5", Self::Turn(Turn::Agent(5))),
        ("agent-6", "the work of agent 6", Self::Turn(Turn::Agent(6))),
        ("agent-7", "the work of agent 7", Self::Turn(Turn::Agent(7))),
        ("agent-8", "the work of agent 8", Self::Turn(Turn::Agent(8))),
        ("agent-9", "the work of agent 9", Self::Turn(Turn::Agent(9))),
        (
            "next-agent",
            "the work of the next agent",
            Self::Turn(Turn::Next),
        ),
        (
            "previous-agent",
            "the work of the agent before",
            Self::Turn(Turn::Previous),
        ),
        (
            "folder",
            "the next folder of the session",
            Self::Turn(Turn::Place),
        ),
        (
            "newest",
            "what the agents have come to by now",
            Self::Turn(Turn::Newest),
        ),
        (
            "build",
            "build the result of what was taken",
            Self::Step(Step::Build),
        ),
        (
            "undo",
            "take back what was applied last",
            Self::Step(Step::Undo),
        ),
        ("back", "back", Self::Step(Step::Back)),
    ];
}
