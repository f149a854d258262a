//! What the review screen asks of the world, and what it is told.
//!
//! The screen names trees and files; whoever holds the repository reads them. Texts that come back
//! have passed the text gate, except [`News::Raw`], which goes into an editor and is never painted.

use std::sync::Arc;

use crate::{
    protocol::{
        Failure, Label, RunId,
        change::{
            Applied, ApplyId, Built, ChangeSet, ContextId, Decision, Destination, FileChange,
            FileDiff, ObjectId, Preview, RepoPath, ReviewNotes, Selection,
        },
    },
    text::clean,
};

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The session.
    pub run: RunId,
    /// What.
    pub what: What,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The review as it was left.
    Notes,
    /// To keep the review as it is.
    Keep(Box<ReviewNotes>),
    /// The files that differ between two trees.
    Changes {
        /// Which folder.
        context: ContextId,
        /// The tree before.
        base: ObjectId,
        /// The tree after.
        tree: ObjectId,
    },
    /// The lines of a file.
    File {
        /// Which folder.
        context: ContextId,
        /// The file.
        change: Box<FileChange>,
    },
    /// Both sides of a file, byte for byte, for an editor.
    Raw {
        /// Which folder.
        context: ContextId,
        /// The file.
        change: Box<FileChange>,
    },
    /// What a selection comes to.
    Build(Box<Selection>),
    /// What applying it would do.
    Preview {
        /// The selection.
        selection: Box<Selection>,
        /// Where to.
        to: Destination,
        /// The answers that the agents' work is told by.
        labels: Vec<Label>,
    },
    /// To apply it, when the person's tree is still the one of the preview.
    Apply {
        /// The selection.
        selection: Box<Selection>,
        /// Where to.
        to: Destination,
        /// What was decided about files that both sides changed.
        decisions: Vec<Decision>,
        /// The answers that the agents' work is told by.
        labels: Vec<Label>,
        /// What was shown.
        preview: Box<Preview>,
    },
    /// To take an application back.
    Undo {
        /// Which.
        id: ApplyId,
        /// What becomes of files that were changed since.
        later: Later,
    },
}

/// What becomes of files that the person changed after they were applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Later {
    /// Nothing is taken back; they are told.
    Ask,
    /// They stay as they are, the others go back.
    Leave,
    /// The later change is kept and the rest of the file goes back.
    Merge,
}

impl Ask {
    /// Whether something is written: such questions are answered one after the other, and leaving waits
    /// for them.
    #[must_use]
    pub const fn writes(&self) -> bool {
        match self.what {
            What::Keep(_) | What::Apply { .. } | What::Undo { .. } => true,
            What::Notes
            | What::Changes { .. }
            | What::File { .. }
            | What::Raw { .. }
            | What::Build(_)
            | What::Preview { .. } => false,
        }
    }
}

/// The answer.
pub type Told = Result<News, Failure>;

/// What is told.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// The review as it was left; empty when there was none.
    Notes(Box<ReviewNotes>),
    /// The review is kept.
    Kept,
    /// Files; and what lies in the agent's worktree and is not in the tree, each with the reason.
    Changes(Arc<ChangeSet>, Vec<String>),
    /// Lines.
    File(Arc<Content>),
    /// Both sides of a file as text; `None` where there is none or it is no text.
    Raw(Box<Raw>),
    /// What a selection comes to.
    Built(Box<Built>),
    /// What applying would do.
    Preview(Box<Preview>),
    /// It was applied.
    Applied(Box<Applied>),
    /// It was taken back.
    Undone(Box<TakenBack>),
    /// Nothing was taken back: these files were changed since.
    Changed(Box<ChangedSince>),
}

/// Files that were changed after they were applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedSince {
    /// The application.
    pub id: ApplyId,
    /// The files.
    pub files: Vec<RepoPath>,
}

/// An application that was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenBack {
    /// Which.
    pub id: ApplyId,
    /// Files that are as they were before it.
    pub files: Vec<RepoPath>,
    /// Files that stayed as they are.
    pub kept: Vec<RepoPath>,
    /// Files with conflict markers.
    pub conflicts: Vec<RepoPath>,
    /// It did not stand any more: nothing was done now.
    pub already: bool,
}

/// The lines of a file on both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// The hunks.
    pub diff: FileDiff,
    /// All lines before; `None` when there are none or too many.
    pub old: Option<Arc<Vec<String>>>,
    /// All lines after.
    pub new: Option<Arc<Vec<String>>>,
}

impl Content {
    /// Takes raw lines through the text gate. Line for line, so numbers stay as they are.
    #[must_use]
    pub fn cleaned(mut self) -> Self {
        for hunk in &mut self.diff.hunks {
            gate(&mut hunk.heading);
            for line in &mut hunk.lines {
                gate(&mut line.text);
            }
        }
        for side in [&mut self.old, &mut self.new].into_iter().flatten() {
            Arc::make_mut(side).iter_mut().for_each(gate);
        }
        self
    }
}

fn gate(text: &mut String) {
    if let std::borrow::Cow::Owned(clean) = clean::line(text) {
        *text = clean;
    }
}

/// Both sides of a file, byte for byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raw {
    /// Before.
    pub old: String,
    /// After.
    pub new: String,
    /// The hunks, uncleaned.
    pub diff: FileDiff,
}
