//! Taking and leaving: files, hunks, lines, ranges, all; a hunk rewritten in `$EDITOR`.
//!
//! Picks are of the change since the session began; while only the change since the last look is
//! shown, nothing can be taken, and a word says so.

use super::{
    Focus, Raw, Review, Since, Take, Told, What, Wish, Wishes,
    ask::News,
    asks::Wait,
    files,
    pick::{self, Taken},
    sheet::Item,
};
use crate::{
    protocol::{
        AgentId, Failure, Level,
        change::{Body, FileChange, Part},
    },
    tui::effect::{Draft, Effect, Effects},
};

/// A hunk that `$EDITOR` has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Editing {
    agent: AgentId,
    file: FileChange,
    hunk: usize,
    /// What it is spliced into.
    raw: Raw,
}

impl Review {
    pub(super) fn take(&mut self, take: Take) -> Wishes {
        let wishes = match take {
            Take::Range => return self.range(),
            Take::Edit => match self.comment_here() {
                Some(id) => return self.change_comment(id),
                None => return self.edit_hunk(),
            },
            Take::Reviewed => self.reviewed(),
            Take::This | Take::Hunk | Take::File | Take::All
                if self.at.since == Since::LastLook =>
            {
                return hint(
                    "This is what changed since you last looked; {since} shows all of it, to take from.",
                );
            }
            Take::This => self.take_this(),
            Take::Hunk => self.take_hunk(),
            Take::File => self.take_files(),
            Take::All => self.take_all(),
        };
        let mut wishes = wishes;
        wishes.push(Wish::Do(self.keep()));
        wishes
    }

    fn range(&mut self) -> Wishes {
        self.at.focus = Focus::Lines;
        let Some(pane) = self.pane_mut() else {
            return hint("There are no lines here.");
        };
        if pane.anchor.take().is_none() {
            pane.anchor = Some(pane.cursor);
            return hint(
                "A range: move, then {take} takes it, {comment} comments on it, {range} ends it.",
            );
        }
        Wishes::new()
    }

    fn take_this(&mut self) -> Wishes {
        if self.at.focus == Focus::Files {
            return self.take_files();
        }
        let Some(pane) = self.pane() else {
            return hint("There is nothing to take here.");
        };
        let Some(file) = pane.file() else {
            return hint("An answer is read, not taken: its files are below it in the list.");
        };
        // A change of mode or name alone has no lines.
        if file.body != Body::Text || (pane.lines().is_some() && !pane.has_hunks()) {
            return self.take_file();
        }
        let range = pane.anchor.is_some();
        match pane.sheet.item(pane.cursor) {
            Some(Item::Head(_)) if !range => self.take_hunk(),
            Some(Item::Row { .. } | Item::Head(_) | Item::Same { .. } | Item::Fold { .. }) => {
                self.take_lines()
            }
            Some(Item::Note(_)) => {
                hint("This is a comment; {edit} changes it, {delete-comment} takes it away.")
            }
            None => self.take_file(),
        }
    }

    fn take_lines(&mut self) -> Wishes {
        let Some(pane) = self.pane() else {
            return Wishes::new();
        };
        let (Some(content), Some(file)) = (pane.lines(), pane.file()) else {
            return hint("Its lines are not there yet.");
        };
        let (from, to) = pane.range();
        let lines = pane.sheet.changed(from, to, &content.diff.hunks);
        if lines.is_empty() {
            return hint(
                "Nothing changed on this line; {take-hunk} takes the hunk, {take-file} the file.",
            );
        }
        let (agent, file) = (pane.agent, file.clone());
        let part = self.book.part(agent, self.at.context, &file);
        if let Some(words) = rewritten(part) {
            return words;
        }
        let part = pick::toggle_lines(part, &lines, &file, &content.diff);
        if let Some(pane) = self.pane_mut() {
            pane.anchor = None;
            // The next line, as in a list.
            let next = pane.cursor + 1;
            if from == to && next < pane.sheet.len() {
                pane.go(next);
            }
        }
        self.set_part(agent, &file, part);
        Wishes::new()
    }

    fn take_hunk(&mut self) -> Wishes {
        let Some(pane) = self.pane() else {
            return hint("There is no hunk here.");
        };
        let (Some(content), Some(file)) = (pane.lines(), pane.file()) else {
            return hint("There is no hunk here.");
        };
        let Some(hunk) = pane.sheet.hunk_at(pane.cursor) else {
            return hint("There is no hunk here; {take-file} takes the file.");
        };
        let (agent, file) = (pane.agent, file.clone());
        let part = self.book.part(agent, self.at.context, &file);
        if let Some(words) = rewritten(part) {
            return words;
        }
        let part = pick::toggle_hunk(part, hunk, &file, &content.diff);
        self.set_part(agent, &file, part);
        Wishes::new()
    }

    fn take_file(&mut self) -> Wishes {
        let Some((agent, file)) = self
            .pane()
            .and_then(|pane| Some((pane.agent, pane.file()?.clone())))
        else {
            return hint("There is no file here.");
        };
        let part = pick::toggle_file(self.book.part(agent, self.at.context, &file));
        self.set_part(agent, &file, part);
        Wishes::new()
    }

    /// The file under the cursor, or all files of the folder under it.
    fn take_files(&mut self) -> Wishes {
        if self.at.focus == Focus::Lines {
            return self.take_file();
        }
        let Some(line) = self.files.line().cloned() else {
            return hint("There is no file here.");
        };
        if line == files::Line::Answer {
            return hint("An answer is read, not taken: its files are below it in the list.");
        }
        let files: Vec<FileChange> = self.files.files_of(&line).into_iter().cloned().collect();
        self.toggle(&files);
        if matches!(line, files::Line::File { .. }) {
            self.files.go(self.files.cursor + 1);
            return vec![Wish::Do(self.show_file())];
        }
        Wishes::new()
    }

    fn take_all(&mut self) -> Wishes {
        let Some(set) = self.files.set().cloned() else {
            return hint("There are no files here.");
        };
        if set.files.is_empty() {
            return hint("There are no files here.");
        }
        let all = self.toggle(&set.files);
        let name = self
            .subject
            .agent(self.at.agent)
            .map_or("", |agent| &agent.name);
        hint(&if all {
            format!(
                "All {} files of {name} are taken; {{build}} builds the result.",
                set.files.len()
            )
        } else {
            format!("Nothing of {name} is taken.")
        })
    }

    /// Takes these files, or leaves them when all are taken; true when they are taken now.
    fn toggle(&mut self, files: &[FileChange]) -> bool {
        let (agent, context) = (self.at.agent, self.at.context);
        let all = files
            .iter()
            .all(|file| pick::of_file(self.book.part(agent, context, file)) == Taken::All);
        let Some(tree) = self.tree(agent).cloned() else {
            return false;
        };
        for file in files {
            let part = (!all).then_some(Part::Whole);
            // What was rewritten by hand stays as it was written.
            let edited = matches!(self.book.part(agent, context, file), Some(Part::Edited(_)));
            if all || !edited {
                self.book.pick((agent, context), &tree, file, part);
            }
        }
        !all
    }

    fn set_part(&mut self, agent: AgentId, file: &FileChange, part: Option<Part>) {
        if let Some(tree) = self.tree(agent).cloned() {
            self.book.pick((agent, self.at.context), &tree, file, part);
        }
    }

    fn reviewed(&mut self) -> Wishes {
        let agent = self.pane().map_or(self.at.agent, |pane| pane.agent);
        let Some(file) = self.files.file().cloned() else {
            return hint("There is no file here.");
        };
        let context = self.at.context;
        if !self.book.toggle_reviewed(agent, context, &file) {
            return hint("The mark is gone.");
        }
        let open = |file: &FileChange| !self.book.is_reviewed(agent, context, file);
        let next = self
            .files
            .next_file(false, open)
            .or_else(|| self.files.next_file(true, open));
        match next {
            Some(place) => {
                self.files.go(place);
                vec![Wish::Do(self.show_file())]
            }
            None => hint("Reviewed; no file is left. {build} builds the result of what was taken."),
        }
    }

    fn edit_hunk(&mut self) -> Wishes {
        if self.at.since == Since::LastLook {
            return hint("{since} shows the whole change; a hunk of it can be edited.");
        }
        let Some((pane, file)) = self.pane().and_then(|pane| Some((pane, pane.file()?))) else {
            return hint("There is no hunk here.");
        };
        if file.body != Body::Text || file.new.is_none() {
            return hint("Only text that is still there can be edited.");
        }
        let Some(hunk) = pane.sheet.hunk_at(pane.cursor) else {
            return hint("There is no hunk here.");
        };
        if let Some(Part::Edited(_)) = self.book.part(pane.agent, self.at.context, file) {
            return hint(
                "This file was edited already; {take-file} leaves it, then it can be edited anew.",
            );
        }
        let (agent, file) = (pane.agent, Box::new(file.clone()));
        let wait = Wait::Raw {
            file: file.clone(),
            agent,
            hunk,
        };
        let context = self.at.context;
        let what = What::Raw {
            context,
            change: file,
        };
        vec![Wish::Do(self.query(wait, what).1)]
    }

    /// The bytes of a file are there: the hunk goes to the editor.
    pub(super) fn raw(
        &mut self,
        file: FileChange,
        agent: AgentId,
        hunk: usize,
        told: Told,
    ) -> Wishes {
        let raw = match told {
            Ok(News::Raw(raw)) => *raw,
            Ok(_) => return Wishes::new(),
            Err(failure) => {
                return vec![Wish::Tell(
                    Level::Error,
                    format!("The hunk cannot be edited: {failure}"),
                )];
            }
        };
        let Some(text) = raw
            .diff
            .hunks
            .get(hunk)
            .map(|hunk| pick::hunk_text(&raw.new, hunk))
        else {
            return hint("This hunk is not there any more.");
        };
        let editing = Editing {
            agent,
            file,
            hunk,
            raw,
        };
        let ticket = self.asks.issue(Wait::Edit(Box::new(editing)));
        vec![Wish::Do(Effects::one(Effect::Edit {
            ticket,
            text,
            draft: Draft::Code,
        }))]
    }

    /// The hunk is back from the editor.
    pub(super) fn edited(
        &mut self,
        editing: Editing,
        result: Result<Option<String>, Failure>,
    ) -> Wishes {
        let text = match result {
            Ok(Some(text)) => text,
            Ok(None) => return hint("The hunk was left as it was."),
            Err(failure) => {
                return vec![Wish::Tell(
                    Level::Error,
                    format!("The editor failed: {failure}"),
                )];
            }
        };
        let Editing {
            agent,
            file,
            hunk,
            raw,
        } = editing;
        let part = self.book.part(agent, self.at.context, &file).cloned();
        let words = (raw.old.as_str(), raw.new.as_str());
        let whole = pick::compose(words, &raw.diff, part.as_ref(), Some((hunk, &text)));
        self.set_part(agent, &file, Some(Part::Edited(whole)));
        let wishes = hint("Your version of the hunk is taken; {take-file} leaves it.");
        let keep = Wish::Do(self.keep_now());
        wishes.into_iter().chain([keep]).collect()
    }

    /// Files not reviewed yet, and all files.
    pub(super) fn left(&self) -> (usize, usize) {
        let Some(set) = self.files.set() else {
            return (0, 0);
        };
        (
            set.files.len().saturating_sub(self.book.counted()),
            set.files.len(),
        )
    }
}

/// A file that was rewritten is taken or left as a whole.
fn rewritten(part: Option<&Part>) -> Option<Wishes> {
    matches!(part, Some(Part::Edited(_)))
        .then(|| hint("You edited this file: it is taken as you wrote it. {take-file} leaves it."))
}

fn hint(words: &str) -> Wishes {
    vec![Wish::Hint(words.to_owned())]
}
