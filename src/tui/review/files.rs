//! The list of changed files: flat or as a tree, filtered, with one line under the cursor.
//!
//! Rows name files by their place in the change set; nothing is painted here. Building the rows of
//! 10 000 files happens when the set, the filter or the form changes, never per frame.

use std::{collections::HashSet, sync::Arc};

use crate::{
    protocol::change::{ChangeSet, FileChange},
    text::clean,
};

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// The agent's answer.
    Answer,
    /// A folder of the tree.
    Folder {
        /// Its path, cleaned.
        path: String,
        /// How deep it is.
        depth: usize,
        /// Files below it.
        files: usize,
        /// Whether they are listed.
        open: bool,
    },
    /// A file, by its place in the set.
    File {
        /// Its place.
        index: usize,
        /// How deep it is.
        depth: usize,
    },
}

/// Whether folders are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// One line a file.
    #[default]
    Flat,
    /// Folders with their files below them.
    Tree,
}

/// The list.
#[derive(Clone, Debug, Default)]
pub struct FileList {
    set: Option<Arc<ChangeSet>>,
    /// Paths, cleaned, by the place of their file.
    paths: Vec<String>,
    lines: Vec<Line>,
    /// The line under the cursor.
    pub cursor: usize,
    /// The first line in sight.
    pub top: usize,
    form: Form,
    filter: String,
    closed: HashSet<String>,
}

impl FileList {
    /// Other files. The cursor stays on its path when it is still there; an answer's line stays.
    pub fn show(&mut self, set: Option<Arc<ChangeSet>>) {
        let under = self.path().map(str::to_owned);
        let on_answer = self.line() == Some(&Line::Answer) && self.set.is_some();
        self.paths = set.as_ref().map_or_else(Vec::new, |set| {
            let paths = set.files.iter();
            paths
                .map(|file| clean::line(&file.path.to_string()).into_owned())
                .collect()
        });
        self.set = set;
        self.build();
        let same = under.and_then(|path| self.find(&path));
        let first = self
            .lines
            .iter()
            .position(|line| matches!(line, Line::File { .. }));
        self.cursor = match same {
            Some(place) => place,
            None if on_answer => 0,
            None => first.unwrap_or(0),
        };
    }

    /// The set.
    #[must_use]
    pub fn set(&self) -> Option<&Arc<ChangeSet>> {
        self.set.as_ref()
    }

    /// All lines.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The line under the cursor.
    #[must_use]
    pub fn line(&self) -> Option<&Line> {
        self.lines.get(self.cursor)
    }

    /// The file under the cursor.
    #[must_use]
    pub fn file(&self) -> Option<&FileChange> {
        match self.line()? {
            Line::File { index, .. } => self.set.as_ref()?.files.get(*index),
            Line::Answer | Line::Folder { .. } => None,
        }
    }

    /// The files that a line stands for: one, all below a folder, none.
    #[must_use]
    pub fn files_of(&self, line: &Line) -> Vec<&FileChange> {
        let files = self.set.iter().flat_map(|set| &set.files);
        match line {
            Line::Answer => Vec::new(),
            Line::File { index, .. } => files.skip(*index).take(1).collect(),
            Line::Folder { path, .. } => files
                .zip(&self.paths)
                .filter(|(_, own)| below(own, path) && self.passes(own))
                .map(|(file, _)| file)
                .collect(),
        }
    }

    /// A file's path, cleaned.
    #[must_use]
    pub fn path_of(&self, index: usize) -> &str {
        self.paths.get(index).map_or("", String::as_str)
    }

    /// What paths must contain.
    #[must_use]
    pub fn filter(&self) -> &str {
        &self.filter
    }

    /// Another filter.
    pub fn narrow(&mut self, filter: &str) {
        let under = self.path().map(str::to_owned);
        filter.to_lowercase().clone_into(&mut self.filter);
        self.build();
        self.cursor = under.and_then(|path| self.find(&path)).unwrap_or_else(|| {
            let mut lines = self.lines.iter();
            lines
                .position(|line| matches!(line, Line::File { .. }))
                .unwrap_or(0)
        });
    }

    /// Flat or tree.
    pub fn toggle_form(&mut self) {
        let under = self.path().map(str::to_owned);
        self.form = match self.form {
            Form::Flat => Form::Tree,
            Form::Tree => Form::Flat,
        };
        self.build();
        self.cursor = under.and_then(|path| self.find(&path)).unwrap_or(0);
    }

    /// Opens or closes the folder under the cursor; false when there is none.
    pub fn toggle_folder(&mut self) -> bool {
        let Some(Line::Folder { path, .. }) = self.line() else {
            return false;
        };
        let path = path.clone();
        if !self.closed.remove(&path) {
            self.closed.insert(path);
        }
        self.build();
        true
    }

    /// Moves the cursor.
    pub fn go(&mut self, place: usize) {
        self.cursor = place.min(self.lines.len().saturating_sub(1));
    }

    /// The place of the nearest file line from the cursor on, in a direction.
    #[must_use]
    pub fn next_file(&self, back: bool, accept: impl Fn(&FileChange) -> bool) -> Option<usize> {
        let fits = |place: &usize| match self.lines.get(*place) {
            Some(Line::File { index, .. }) => self
                .set
                .as_ref()
                .and_then(|set| set.files.get(*index))
                .is_some_and(&accept),
            _ => false,
        };
        if back {
            (0..self.cursor).rev().find(fits)
        } else {
            (self.cursor + 1..self.lines.len()).find(fits)
        }
    }

    /// The line of a path.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<usize> {
        self.lines.iter().position(|line| match line {
            Line::File { index, .. } => self.path_of(*index) == path,
            Line::Answer | Line::Folder { .. } => false,
        })
    }

    fn path(&self) -> Option<&str> {
        match self.line()? {
            Line::File { index, .. } => self.paths.get(*index).map(String::as_str),
            Line::Answer | Line::Folder { .. } => None,
        }
    }

    fn passes(&self, path: &str) -> bool {
        self.filter.is_empty() || path.to_lowercase().contains(&self.filter)
    }

    fn build(&mut self) {
        let mut lines = Vec::new();
        if self.filter.is_empty() {
            lines.push(Line::Answer);
        }
        let shown: Vec<usize> = (0..self.paths.len())
            .filter(|index| self.passes(self.path_of(*index)))
            .collect();
        match self.form {
            Form::Flat => lines.extend(
                shown
                    .into_iter()
                    .map(|index| Line::File { index, depth: 0 }),
            ),
            Form::Tree => self.branches(&shown, &mut lines),
        }
        self.lines = lines;
        self.cursor = self.cursor.min(self.lines.len().saturating_sub(1));
    }

    /// Folders and files in order; a folder whose only content is a folder is one line with it.
    fn branches(&self, shown: &[usize], lines: &mut Vec<Line>) {
        let mut stack: Vec<(String, bool)> = Vec::new();
        let mut at = 0;
        while let Some(index) = shown.get(at).copied() {
            let path = self.path_of(index);
            while stack.last().is_some_and(|(folder, _)| !below(path, folder)) {
                stack.pop();
            }
            let start = stack.last().map_or(0, |(folder, _)| folder.len() + 1);
            let rest = path.get(start..).unwrap_or_default();
            let hidden = stack.last().is_some_and(|(_, open)| !open);
            let slash = rest.find('/').filter(|_| !hidden);
            if let Some(slash) = slash {
                let folder = self.joined(shown, at, start + slash);
                let files = shown
                    .iter()
                    .skip(at)
                    .take_while(|index| below(self.path_of(**index), &folder));
                let open = !self.closed.contains(&folder);
                lines.push(Line::Folder {
                    depth: stack.len(),
                    files: files.count(),
                    open,
                    path: folder.clone(),
                });
                stack.push((folder, open));
                continue;
            }
            if !hidden {
                lines.push(Line::File {
                    index,
                    depth: stack.len(),
                });
            }
            at += 1;
        }
    }

    /// The longest folder from `end` on that all files of the shorter one share.
    fn joined(&self, shown: &[usize], at: usize, end: usize) -> String {
        let path = shown.get(at).map_or("", |index| self.path_of(*index));
        let mut end = end;
        loop {
            let folder = path.get(..end).unwrap_or_default();
            let group = || {
                let from = shown.iter().skip(at).map(|index| self.path_of(*index));
                from.take_while(|path| below(path, folder))
            };
            let Some(next) = path.get(end + 1..).and_then(|rest| rest.find('/')) else {
                return folder.to_owned();
            };
            let longer = path.get(..end + 1 + next).unwrap_or_default();
            if !group().all(|path| below(path, longer)) {
                return folder.to_owned();
            }
            end += 1 + next;
        }
    }
}

/// True when a path lies in a folder.
fn below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.starts_with('/'))
}
