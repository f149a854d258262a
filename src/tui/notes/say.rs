//! What a person says in the room: new notes, answers, other words, and what becomes of a thread.

use super::{Known, Notes, Say, To, Visit, What, Wish, Wishes, Writing, hint};
use crate::protocol::note::{Act, LONGEST_TEXT, Note, NoteId, NoteOn, Thread};

impl Notes {
    pub(super) fn say(&mut self, say: Say, armed: Option<NoteId>, draft: &str) -> Wishes {
        match say {
            Say::Save => return self.written(Some(draft)),
            Say::Cancel => return self.written(None),
            Say::Other => return self.other(),
            Say::New | Say::Session | Say::Reply | Say::Edit | Say::Resolve | Say::Remove => {}
        }
        if !matches!(self.known, Known::Book(_)) {
            return hint("The notes are not there yet.");
        }
        let draft = draft.to_owned();
        if say == Say::Session {
            let places = vec![NoteOn::Session];
            return self.begin(To::New { places, at: 0 }, draft, String::new());
        }
        if say == Say::New {
            let mut places: Vec<NoteOn> = self.on_line().into_iter().collect();
            places.extend(
                self.places
                    .iter()
                    .filter(|on| !places.contains(on))
                    .cloned()
                    .collect::<Vec<_>>(),
            );
            if !places.contains(&NoteOn::Session) {
                places.push(NoteOn::Session);
            }
            return self.begin(To::New { places, at: 0 }, draft, String::new());
        }
        let Some(thread) = self.thread() else {
            return hint("There is no note on this line.");
        };
        let first = thread.first.id;
        let own = self.own(thread).cloned();
        match (say, own) {
            (Say::Reply, _) => {
                let to = To::Reply(first, thread.first.on.clone());
                self.begin(to, draft, String::new())
            }
            (Say::Resolve, _) => {
                let act = if thread.is_open() {
                    Act::Resolved
                } else {
                    Act::Reopened
                };
                vec![write(Some(first), act)]
            }
            (Say::Edit, Some(own)) => self.begin(To::Edit(own.id), draft, own.text),
            (Say::Remove, Some(own)) if armed == Some(own.id) => {
                vec![write(Some(own.id), Act::Removed)]
            }
            (Say::Remove, Some(own)) => {
                self.armed = Some(own.id);
                hint("Once more takes your last words here back, for good.")
            }
            _ => hint("None of these words are yours; you can answer them."),
        }
    }

    pub(super) fn begin(&mut self, to: To, aside: String, text: String) -> Wishes {
        self.writing = Some(Writing { to, aside });
        vec![Wish::Write(text)]
    }

    /// The editor is done: with a text, or without one.
    fn written(&mut self, text: Option<&str>) -> Wishes {
        let Some(writing) = self.writing.clone() else {
            return Wishes::new();
        };
        let text = text.map(str::trim);
        let mut wishes = match text {
            Some("") => return hint("Write a word or two, or leave it."),
            Some(text) if text.len() > LONGEST_TEXT => {
                return hint(&format!(
                    "A note has at most {LONGEST_TEXT} bytes; this one has {}.",
                    text.len()
                ));
            }
            Some(text) => {
                let text = text.to_owned();
                match writing.to {
                    To::New { mut places, at } => {
                        let at = at.min(places.len().saturating_sub(1));
                        let on = if places.is_empty() {
                            NoteOn::Session
                        } else {
                            places.swap_remove(at)
                        };
                        vec![write(
                            None,
                            Act::Written {
                                on,
                                text,
                                reply: None,
                            },
                        )]
                    }
                    To::Reply(first, on) => {
                        let reply = Some(first);
                        vec![write(None, Act::Written { on, text, reply })]
                    }
                    To::Edit(id) => vec![write(Some(id), Act::Edited { text })],
                }
            }
            None => hint("Nothing was noted."),
        };
        self.writing = None;
        wishes.insert(0, Wish::Written(writing.aside));
        if self.visit == Visit::Writing {
            wishes.push(Wish::Leave);
        }
        wishes
    }

    fn other(&mut self) -> Wishes {
        match self.writing.as_mut().map(|writing| &mut writing.to) {
            Some(To::New { places, at }) if places.len() > 1 => {
                *at = (*at + 1) % places.len();
                Wishes::new()
            }
            _ => hint("There is nothing else it could be on."),
        }
    }

    /// The person's last words in a thread.
    fn own<'a>(&self, thread: &'a Thread) -> Option<&'a Note> {
        let Known::Book(book) = &self.known else {
            return None;
        };
        thread
            .notes()
            .filter(|note| note.by == book.who && !note.removed)
            .last()
    }
}

pub(super) fn write(note: Option<NoteId>, act: Act) -> Wish {
    Wish::Ask(What::Write {
        note,
        act: Box::new(act),
    })
}
