//! Comments: where they are put, shown, gone through and sent.

use super::{
    Page, Review, Say, Wish, Wishes,
    book::{self},
    message::message,
    pane::{Pane, Shown},
    sheet::{Anchors, Item},
};
use crate::{
    protocol::{
        Target,
        change::{Comment, CommentKind, Face, Spot, SpotFile},
    },
    tui::effect::{Effect, Effects},
};

/// Longest comment, in characters.
const LONGEST: usize = 8_000;

/// What the editor is open for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Writing {
    /// A new comment.
    New {
        /// Its kind.
        kind: CommentKind,
        /// What it is about.
        on: Box<Spot>,
        /// The lines it is about.
        quote: Vec<String>,
    },
    /// A comment that is there.
    Old {
        /// Its number.
        id: u32,
        /// Its kind.
        kind: CommentKind,
    },
    /// A field of the page that applies.
    Field,
}

impl Review {
    /// The words above the editor.
    #[must_use]
    pub fn rule(&self) -> String {
        match &self.writing {
            Some(Writing::New { kind, on, .. }) => {
                format!("{} on {}", kind.word(), super::message::place(on))
            }
            Some(Writing::Old { kind, .. }) => format!("{}, changed", kind.word()),
            Some(Writing::Field) => match &self.page {
                Page::Finish(finish) => finish.field().to_owned(),
                Page::Diff | Page::Send(_) => String::new(),
            },
            None => String::new(),
        }
    }

    /// Keeps what stood in the editor before a comment was begun.
    pub fn set_aside(&mut self, draft: String) {
        self.typing.aside = draft;
    }

    /// Gives it back.
    pub fn take_aside(&mut self) -> String {
        std::mem::take(&mut self.typing.aside)
    }

    /// Where comments of a column stand.
    pub(super) fn anchors(&self, pane: &Pane) -> Anchors {
        let mut anchors = Anchors::new();
        for comment in self.book.comments.values() {
            if !self.is_on(comment, pane) {
                continue;
            }
            let key = match comment.on.lines {
                Some((_, last)) if !self.is_stale(comment, pane) => (last, comment.on.face),
                _ => (0, Face::New),
            };
            anchors.entry(key).or_default().push(comment.id);
        }
        anchors
    }

    /// True when a comment belongs to what a column shows.
    pub(super) fn is_on(&self, comment: &Comment, pane: &Pane) -> bool {
        comment.on.label.agent == pane.agent
            && match (&comment.on.file, &pane.shown) {
                (None, Shown::Answer) => true,
                (Some(spot), Shown::File(file)) => {
                    spot.context == self.at.context && spot.path == file.path
                }
                (None, Shown::File(_)) | (Some(_), Shown::Answer) => false,
            }
    }

    /// True when what a comment is about has changed since.
    pub(super) fn is_stale(&self, comment: &Comment, pane: &Pane) -> bool {
        if let (Some(spot), Shown::File(file)) = (&comment.on.file, &pane.shown) {
            return spot.blob != book::content(file);
        }
        let agent = self.subject.agent(pane.agent);
        agent.and_then(|agent| agent.label) != Some(comment.on.label)
    }

    /// Puts the comments anew where they stand.
    pub(super) fn annotate(&mut self) {
        for index in 0..self.desk.panes.len() {
            let Some(pane) = self.desk.panes.get(index) else {
                continue;
            };
            let anchors = self.anchors(pane);
            if let Some(pane) = self.desk.panes.get_mut(index) {
                let top = pane.top;
                pane.relaid(|sheet| sheet.annotate(anchors));
                pane.top = top;
            }
        }
    }

    pub(super) fn say(&mut self, say: Say) -> Wishes {
        match say {
            Say::Comment => self.begin_comment(),
            Say::CommentFile => self.begin_on_file(),
            Say::Next => self.go_to_comment(false),
            Say::Previous => self.go_to_comment(true),
            Say::Delete => self.delete_comment(),
            Say::Send => self.choose_hearers(),
            Say::Copy => self.copy(),
            Say::Kind => self.next_kind(),
            Say::Save | Say::Cancel => Wishes::new(),
        }
    }

    fn next_kind(&mut self) -> Wishes {
        match &mut self.writing {
            Some(Writing::New { kind, .. } | Writing::Old { kind, .. }) => {
                *kind = kind.next();
                Wishes::new()
            }
            Some(Writing::Field) | None => hint("This is no comment."),
        }
    }

    /// The comment under the cursor.
    pub(super) fn comment_here(&self) -> Option<u32> {
        let pane = self.pane()?;
        match pane.sheet.item(pane.cursor)? {
            Item::Note(id) => Some(id),
            Item::Fold { .. } | Item::Same { .. } | Item::Head(_) | Item::Row { .. } => None,
        }
    }

    fn begin_comment(&mut self) -> Wishes {
        // In the list it is the file that is under the cursor.
        if self.at.focus == super::Focus::Files {
            return self.begin_on_file();
        }
        if let Some(id) = self.comment_here() {
            return self.change_comment(id);
        }
        let Some(pane) = self.pane() else {
            return hint("There is nothing to comment on here.");
        };
        if pane.lines().is_none() {
            return hint("Its lines are not there yet.");
        }
        let (lines, face, quote) = pane.lines_here();
        if lines.is_none() {
            return self.begin_on_file();
        }
        self.begin(lines, face, quote)
    }

    /// The lines of a file, or the file, under the cursor; of what the agent published last.
    #[must_use]
    pub fn spot(&self) -> Option<Spot> {
        let pane = self.pane()?;
        let list = self.at.focus == super::Focus::Files;
        let (lines, face) = match pane.lines() {
            Some(_) if !list => {
                let (lines, face, _) = pane.lines_here();
                (lines, face)
            }
            _ => (None, Face::New),
        };
        self.spot_on(lines, face)
    }

    fn spot_on(&self, lines: Option<(u32, u32)>, face: Face) -> Option<Spot> {
        let pane = self.pane()?;
        let agent = self.subject.agent(pane.agent);
        let file = pane.file().map(|file| SpotFile {
            context: self.at.context,
            path: file.path.clone(),
            blob: book::content(file),
        });
        Some(Spot {
            label: agent.and_then(|agent| agent.label)?,
            file,
            lines,
            face: if lines.is_some() { face } else { Face::New },
        })
    }

    fn begin_on_file(&mut self) -> Wishes {
        if self.pane().is_none() {
            return hint("There is nothing to comment on here.");
        }
        self.begin(None, Face::New, Vec::new())
    }

    fn begin(&mut self, lines: Option<(u32, u32)>, face: Face, quote: Vec<String>) -> Wishes {
        if self.pane().is_none() {
            return Wishes::new();
        }
        let Some(on) = self.spot_on(lines, face) else {
            return hint("This agent has not published anything yet.");
        };
        let on = Box::new(on);
        self.writing = Some(Writing::New {
            kind: CommentKind::Issue,
            on,
            quote,
        });
        vec![Wish::Write(String::new())]
    }

    pub(super) fn change_comment(&mut self, id: u32) -> Wishes {
        let Some(comment) = self.book.comments.get(&id) else {
            return Wishes::new();
        };
        self.writing = Some(Writing::Old {
            id,
            kind: comment.kind,
        });
        vec![Wish::Write(comment.text.clone())]
    }

    /// The editor is done: with a text, or without one.
    pub fn written(&mut self, text: Option<&str>) -> Wishes {
        let Some(writing) = self.writing.take() else {
            return vec![Wish::Written];
        };
        let mut wishes = vec![Wish::Written];
        let text = text.map(str::trim);
        match (writing, text) {
            (Writing::Field, text) => wishes.extend(self.filled(text)),
            (_, None) => wishes.extend(hint("Nothing was written.")),
            (Writing::New { .. }, Some("")) => {
                wishes.extend(hint("An empty comment says nothing."));
            }
            (Writing::New { kind, on, quote }, Some(text)) => {
                let comment = Comment {
                    id: 0,
                    kind,
                    on: *on,
                    text: text.chars().take(LONGEST).collect(),
                    quote,
                    sent: false,
                };
                self.book.comment(comment);
                if let Some(pane) = self.pane_mut() {
                    pane.anchor = None;
                }
                self.annotate();
                wishes.extend(hint(
                    "Noted. {send} sends all comments, {next-comment} goes to the next.",
                ));
            }
            (Writing::Old { id, kind }, Some(text)) => {
                if text.is_empty() {
                    self.book.comments.remove(&id);
                } else if let Some(comment) = self.book.comments.get_mut(&id) {
                    comment.kind = kind;
                    comment.text = text.chars().take(LONGEST).collect();
                    comment.sent = false;
                }
                self.book.revision += 1;
                self.annotate();
            }
        }
        wishes.push(Wish::Do(self.keep_now()));
        wishes
    }

    /// The next comment, in this column first, then in the other files of this agent.
    fn go_to_comment(&mut self, back: bool) -> Wishes {
        if self.book.comments.is_empty() {
            return hint("There are no comments yet; {comment} writes one.");
        }
        let here = self.pane().and_then(|pane| {
            let count = pane.sheet.len();
            let is_note = |place: &usize| matches!(pane.sheet.item(*place), Some(Item::Note(_)));
            let own = self
                .book
                .comments
                .values()
                .filter(|note| self.is_on(note, pane))
                .count();
            if own == 0 {
                None
            } else if back {
                (0..pane.cursor).rev().find(is_note)
            } else {
                (pane.cursor + 1..count).find(is_note)
            }
        });
        if let Some(place) = here {
            self.at.focus = super::Focus::Lines;
            if let Some(pane) = self.pane_mut() {
                pane.go(place);
            }
            return Wishes::new();
        }
        self.other_comment(back)
    }

    /// The first comment in another file, or of another agent.
    fn other_comment(&mut self, back: bool) -> Wishes {
        let Some(pane) = self.pane() else {
            return hint("There is no further comment.");
        };
        let others = self
            .book
            .comments
            .values()
            .filter(|note| !self.is_on(note, pane));
        let mut spots: Vec<Spot> = others.map(|note| note.on.clone()).collect();
        let order = |spot: &Spot| {
            let path = spot.file.as_ref().map(|file| file.path.clone());
            (spot.label.agent, path, spot.lines)
        };
        spots.sort_by_key(order);
        let path = pane.file().map(|file| file.path.clone());
        let now = (pane.agent, path, None);
        let after = spots.iter().find(|spot| order(spot) > now);
        let before = spots.iter().rev().find(|spot| order(spot) < now);
        let next = if back {
            before.or(spots.last())
        } else {
            after.or(spots.first())
        };
        let Some(spot) = next.cloned() else {
            // They are all in this file: round and round.
            let place = self.pane().and_then(|pane| {
                let mut places: Box<dyn Iterator<Item = usize>> = if back {
                    Box::new((0..pane.sheet.len()).rev())
                } else {
                    Box::new(0..pane.sheet.len())
                };
                places.find(|place| matches!(pane.sheet.item(*place), Some(Item::Note(_))))
            });
            if let (Some(place), Some(pane)) = (place, self.pane_mut()) {
                pane.go(place);
                return Wishes::new();
            }
            return hint("There is no further comment in sight; {more} shows more lines.");
        };
        self.go_to_spot(&spot)
    }

    /// Shows what a comment is about.
    fn go_to_spot(&mut self, spot: &Spot) -> Wishes {
        let mut effects = Effects::none();
        self.at.focus = super::Focus::Lines;
        self.at.since = super::Since::Start;
        if self.at.agent != spot.label.agent {
            self.at.agent = spot.label.agent;
            effects = effects.and(self.show_tree());
        }
        if let Some(file) = &spot.file {
            let path = file.path.to_string();
            let path = crate::text::clean::line(&path);
            match self.files.find(&path) {
                Some(place) => self.files.go(place),
                None => return hint("The file of the next comment is not among these changes."),
            }
        } else {
            self.files.go(0);
        }
        effects = effects.and(self.show_file());
        if let Some(pane) = self.pane_mut() {
            let mut places = 0..pane.sheet.len();
            let note = places.find(|place| matches!(pane.sheet.item(*place), Some(Item::Note(_))));
            if let Some(place) = note {
                pane.go(place);
            }
        }
        vec![Wish::Do(effects)]
    }

    fn delete_comment(&mut self) -> Wishes {
        let Some(id) = self.comment_here() else {
            return hint("There is no comment under the cursor; {next-comment} goes to the next.");
        };
        self.book.comments.remove(&id);
        self.book.revision += 1;
        self.annotate();
        vec![
            Wish::Hint("The comment is gone.".to_owned()),
            Wish::Do(self.keep_now()),
        ]
    }

    fn copy(&mut self) -> Wishes {
        let comments: Vec<&Comment> = self.book.comments.values().collect();
        if comments.is_empty() {
            return hint("There are no comments yet; {comment} writes one.");
        }
        let text = message(&comments);
        vec![
            Wish::Do(Effects::one(Effect::Copy(text))),
            Wish::Hint(format!("Copied {} comments.", comments.len())),
        ]
    }

    /// Comments that nobody has been told yet.
    pub(super) fn unsent(&self) -> Vec<&Comment> {
        self.book
            .comments
            .values()
            .filter(|comment| !comment.sent)
            .collect()
    }

    fn choose_hearers(&mut self) -> Wishes {
        if self.unsent().is_empty() {
            return hint(if self.book.comments.is_empty() {
                "There are no comments yet; {comment} writes one."
            } else {
                "All comments were sent."
            });
        }
        self.page = Page::Send(0);
        Wishes::new()
    }

    /// Who may hear the comments, with the words for it.
    pub(super) fn hearers(&self) -> Vec<(Target, String)> {
        let mut hearers = Vec::new();
        if let Some(winner) = self.subject.winner.and_then(|id| self.subject.agent(id)) {
            hearers.push((
                Target::One(winner.id),
                format!("the winner, {}", winner.name),
            ));
        }
        hearers.push((Target::All, "all agents".to_owned()));
        for agent in &self.subject.agents {
            if Some(agent.id) != self.subject.winner {
                hearers.push((Target::One(agent.id), agent.name.clone()));
            }
        }
        hearers
    }

    /// Sends what was not sent yet.
    pub(super) fn send(&mut self, place: usize) -> Wishes {
        let Some((to, _)) = self.hearers().into_iter().nth(place) else {
            return Wishes::new();
        };
        let text = message(&self.unsent());
        for comment in self.book.comments.values_mut() {
            comment.sent = true;
        }
        self.book.revision += 1;
        self.page = Page::Diff;
        vec![Wish::Do(self.keep_now()), Wish::Say { to, text }]
    }
}

fn hint(words: &str) -> Wishes {
    vec![Wish::Hint(words.to_owned())]
}
