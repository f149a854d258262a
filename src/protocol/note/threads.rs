//! What a set of records comes to: threads, and what of them a person has not seen.
//!
//! The fold sorts the records first, so it is a function of the set. When two records contradict each
//! other the later one holds (the greater one when they are of the same moment), except that a note is
//! written once, by the first, and that what was taken back stays so. Only who wrote a note, by name,
//! changes or takes back its words; anybody settles a thread.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Act, NoteId, NoteOn, Record};
use crate::protocol::{Seq, Timestamp};

/// Replies to replies that are followed; nobody's program nests at all.
const DEEPEST: usize = 16;

/// A note as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// Its name.
    pub id: NoteId,
    /// What it is on.
    pub on: NoteOn,
    /// Who wrote it.
    pub by: String,
    /// Its words; empty when it was taken back.
    pub text: String,
    /// When it was written.
    pub written: Timestamp,
    /// When its words were changed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited: Option<Timestamp>,
    /// The note it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<NoteId>,
    /// True when its author took it back.
    pub removed: bool,
}

impl Note {
    /// When its words became what they are.
    #[must_use]
    pub fn changed(&self) -> Timestamp {
        self.edited.unwrap_or(self.written).max(self.written)
    }
}

/// A note and what was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Thread {
    /// The first note. Taken back, it stands here without words while there are replies.
    pub first: Note,
    /// Replies, oldest first.
    pub replies: Vec<Note>,
    /// Who settled it and when; `None` while it is open.
    pub resolved: Option<(String, Timestamp)>,
}

impl Thread {
    /// All notes, the first one first.
    pub fn notes(&self) -> impl Iterator<Item = &Note> {
        std::iter::once(&self.first).chain(&self.replies)
    }

    /// True while nobody settled it.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.resolved.is_none()
    }
}

/// All threads of a session, in the order of what they are on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Threads(pub Vec<Thread>);

impl Threads {
    /// The threads that these records make, in whatever order and however often they come.
    #[must_use]
    pub fn of<'a>(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let records: BTreeSet<&Record> = records.into_iter().collect();
        let mut notes: BTreeMap<NoteId, Note> = BTreeMap::new();
        for record in &records {
            if let Act::Written { on, text, reply } = &record.act {
                notes.entry(record.note).or_insert_with(|| Note {
                    id: record.note,
                    on: on.clone(),
                    by: record.by.clone(),
                    text: text.clone(),
                    written: record.at,
                    edited: None,
                    reply: *reply,
                    removed: false,
                });
            }
        }
        let firsts: BTreeMap<NoteId, NoteId> = notes
            .keys()
            .map(|id| (*id, first_of(&notes, *id)))
            .collect();
        let mut settled: BTreeMap<NoteId, Option<(String, Timestamp)>> = BTreeMap::new();
        for record in &records {
            let (Some(note), Some(first)) = (notes.get_mut(&record.note), firsts.get(&record.note))
            else {
                continue;
            };
            match &record.act {
                Act::Edited { text } if note.by == record.by => {
                    note.text.clone_from(text);
                    note.edited = Some(record.at);
                }
                Act::Removed if note.by == record.by => note.removed = true,
                Act::Resolved => {
                    settled.insert(*first, Some((record.by.clone(), record.at)));
                }
                Act::Reopened => {
                    settled.insert(*first, None);
                }
                Act::Edited { .. } | Act::Removed | Act::Written { .. } => {}
            }
        }
        Self(gathered(notes, &firsts, settled))
    }

    /// All notes.
    pub fn notes(&self) -> impl Iterator<Item = &Note> {
        self.0.iter().flat_map(Thread::notes)
    }

    /// The thread that a note stands in.
    #[must_use]
    pub fn thread_of(&self, id: NoteId) -> Option<&Thread> {
        let stands = |thread: &&Thread| thread.notes().any(|note| note.id == id);
        self.0.iter().find(stands)
    }

    /// The note with this name.
    #[must_use]
    pub fn note(&self, id: NoteId) -> Option<&Note> {
        self.notes().find(|note| note.id == id)
    }

    /// The notes that `who` has not seen as they are now: those of others that are new or changed.
    pub fn unread<'a>(&'a self, who: &'a str, seen: &'a Seen) -> impl Iterator<Item = &'a Note> {
        self.notes().filter(move |note| seen.lacks(note, who))
    }
}

/// The first note of a thread. Who answers a note that is not here, or answers in a circle, begins a
/// thread.
fn first_of(notes: &BTreeMap<NoteId, Note>, id: NoteId) -> NoteId {
    let mut at = id;
    for _ in 0..DEEPEST {
        let above = notes.get(&at).and_then(|note| note.reply);
        match above {
            Some(above) if notes.contains_key(&above) => at = above,
            Some(_) | None => return at,
        }
    }
    id
}

/// Notes as threads; what was taken back is gone, unless a thread hangs on it.
fn gathered(
    notes: BTreeMap<NoteId, Note>,
    firsts: &BTreeMap<NoteId, NoteId>,
    mut settled: BTreeMap<NoteId, Option<(String, Timestamp)>>,
) -> Vec<Thread> {
    let mut replies: BTreeMap<NoteId, Vec<Note>> = BTreeMap::new();
    let mut heads: Vec<Note> = Vec::new();
    for (id, mut note) in notes {
        let first = firsts.get(&id).copied().unwrap_or(id);
        if note.removed {
            note.text.clear();
        }
        if first == id {
            heads.push(note);
        } else if !note.removed {
            replies.entry(first).or_default().push(note);
        }
    }
    let mut threads: Vec<Thread> = (heads.into_iter())
        .map(|first| {
            let mut replies = replies.remove(&first.id).unwrap_or_default();
            replies.sort_by_key(|note| (note.written, note.id));
            Thread {
                resolved: settled.remove(&first.id).flatten(),
                first,
                replies,
            }
        })
        .filter(|thread| !thread.first.removed || !thread.replies.is_empty())
        .collect();
    threads.sort_by_key(|thread| {
        let first = &thread.first;
        (first.on.seq(), first.written, first.id)
    });
    threads
}

/// What a person has looked at in a session. Joined, it only grows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seen {
    /// Notes, and how new they were.
    pub notes: BTreeMap<NoteId, Timestamp>,
    /// Answers, by the event that published them.
    pub answers: BTreeSet<Seq>,
}

impl Seen {
    /// True for a note of others that is new, or has changed since.
    #[must_use]
    pub fn lacks(&self, note: &Note, who: &str) -> bool {
        let known = self.notes.get(&note.id);
        note.by != who && !note.removed && known.is_none_or(|known| *known < note.changed())
    }

    /// A note was looked at as it is now.
    pub fn note(&mut self, note: &Note) {
        let known = self.notes.entry(note.id).or_default();
        *known = (*known).max(note.changed());
    }

    /// Takes in what was seen elsewhere.
    pub fn join(&mut self, other: &Self) {
        for (id, at) in &other.notes {
            let known = self.notes.entry(*id).or_default();
            *known = (*known).max(*at);
        }
        self.answers.extend(&other.answers);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(at: u64, note: u64, by: &str, act: Act) -> Record {
        Record {
            at: Timestamp(at),
            note: NoteId(note),
            by: by.to_owned(),
            act,
        }
    }

    fn written(seq: u64, text: &str, reply: Option<u64>) -> Act {
        Act::Written {
            on: NoteOn::Event { seq: Seq(seq) },
            text: text.to_owned(),
            reply: reply.map(NoteId),
        }
    }

    fn edited(text: &str) -> Act {
        Act::Edited {
            text: text.to_owned(),
        }
    }

    /// Threads in a line each: `first[+reply…][ resolved]`.
    fn told(records: &[Record]) -> Vec<String> {
        let told = |thread: &Thread| {
            let notes: Vec<&str> = thread.notes().map(|note| note.text.as_str()).collect();
            let resolved = if thread.is_open() { "" } else { " resolved" };
            format!("{}{resolved}", notes.join("+"))
        };
        Threads::of(records).0.iter().map(told).collect()
    }

    #[test]
    fn records_make_threads() {
        let a = record(1, 1, "Mia", written(9, "first", None));
        let b = record(2, 2, "Bo", written(9, "second", Some(1)));
        let c = record(3, 3, "Mia", written(4, "earlier event", None));
        let all = |more: Vec<Record>| {
            let mut all = vec![a.clone(), b.clone(), c.clone()];
            all.extend(more);
            told(&all)
        };
        assert_eq!(all(vec![]), ["earlier event", "first+second"]);
        let check = |what: Act, on: u64, by: &str, expected: &[&str]| {
            let more = vec![record(5, on, by, what.clone())];
            assert_eq!(all(more), expected, "{by} {what:?} {on}");
        };
        check(
            edited("other"),
            1,
            "Mia",
            &["earlier event", "other+second"],
        );
        check(edited("other"), 1, "Bo", &["earlier event", "first+second"]);
        check(Act::Removed, 2, "Bo", &["earlier event", "first"]);
        check(Act::Removed, 3, "Mia", &["first+second"]);
        check(Act::Removed, 1, "Mia", &["earlier event", "+second"]);
        check(Act::Removed, 1, "Bo", &["earlier event", "first+second"]);
        let settled = ["earlier event", "first+second resolved"];
        check(Act::Resolved, 1, "Bo", &settled);
        check(Act::Resolved, 2, "anybody", &settled);
        let again = vec![
            record(5, 1, "Bo", Act::Resolved),
            record(6, 2, "Mia", Act::Reopened),
        ];
        assert_eq!(all(again), ["earlier event", "first+second"]);
    }

    #[test]
    fn the_later_words_hold_and_what_is_gone_stays_gone() {
        let a = record(1, 1, "Mia", written(9, "one", None));
        let edits = [
            record(7, 1, "Mia", edited("three")),
            record(5, 1, "Mia", edited("two")),
        ];
        let mut all = vec![a.clone()];
        all.extend(edits);
        assert_eq!(told(&all), ["three"]);
        all.push(record(2, 1, "Mia", Act::Removed));
        assert_eq!(told(&all), Vec::<String>::new());
        // Somebody who draws the same name, or forges it, does not take the place of the first.
        let forged = record(2, 1, "Eve", written(9, "forged", None));
        assert_eq!(told(&[forged, a]), ["one"]);
    }

    #[test]
    fn circles_and_lost_parents_are_threads_of_their_own() {
        let circle = [
            record(1, 1, "Mia", written(1, "a", Some(2))),
            record(2, 2, "Mia", written(2, "b", Some(1))),
            record(3, 3, "Mia", written(3, "c", Some(3))),
            record(4, 4, "Mia", written(4, "d", Some(99))),
        ];
        assert_eq!(told(&circle), ["a", "b", "c", "d"]);
        let found = record(0, 99, "Bo", written(0, "found", None));
        let with: Vec<Record> = circle.into_iter().chain([found]).collect();
        assert_eq!(told(&with), ["found+d", "a", "b", "c"]);
    }

    #[test]
    fn unread_is_what_others_wrote_or_changed_since() {
        let mut records = vec![
            record(1, 1, "Mia", written(9, "mine", None)),
            record(2, 2, "Bo", written(9, "theirs", Some(1))),
        ];
        let mut seen = Seen::default();
        let unread = |records: &[Record], seen: &Seen| -> Vec<String> {
            let threads = Threads::of(records);
            let unread = threads.unread("Mia", seen);
            unread.map(|note| note.text.clone()).collect()
        };
        assert_eq!(unread(&records, &seen), ["theirs"]);
        seen.note(Threads::of(&records).note(NoteId(2)).unwrap());
        assert_eq!(unread(&records, &seen), Vec::<String>::new());
        records.push(record(3, 2, "Bo", edited("changed")));
        assert_eq!(unread(&records, &seen), ["changed"]);
    }

    fn act() -> impl Strategy<Value = Act> {
        let reply = proptest::option::of((0..5u64).prop_map(NoteId));
        prop_oneof![
            3 => (0..4u64, "[ab]{1,2}", reply).prop_map(|(seq, text, reply)| Act::Written {
                on: NoteOn::Event { seq: Seq(seq) },
                text,
                reply,
            }),
            2 => "[ab]{1,2}".prop_map(|text| Act::Edited { text }),
            1 => Just(Act::Resolved),
            1 => Just(Act::Reopened),
            1 => Just(Act::Removed),
        ]
    }

    fn records() -> impl Strategy<Value = Vec<Record>> {
        let one = (0..6u64, 0..5u64, "[MB]", act())
            .prop_map(|(at, note, by, act)| record(at, note, &by, act));
        proptest::collection::vec(one, 0..24)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        /// Commutative, associative, idempotent: whatever way the records come together.
        #[test]
        fn any_order_repetition_and_split_gives_the_same_threads(
            records in records(),
            order in any::<u64>(),
            cut in any::<prop::sample::Index>(),
            twice in any::<prop::sample::Index>(),
        ) {
            let whole = Threads::of(&records);
            let mut mixed = records.clone();
            fastrand::Rng::with_seed(order).shuffle(&mut mixed);
            prop_assert_eq!(&Threads::of(&mixed), &whole);
            if !records.is_empty() {
                mixed.push(records[twice.index(records.len())].clone());
                prop_assert_eq!(&Threads::of(&mixed), &whole);
            }
            let cut = cut.index(mixed.len() + 1);
            let (one, other) = mixed.split_at(cut);
            prop_assert_eq!(&Threads::of(other.iter().chain(one)), &whole);
            prop_assert_eq!(&Threads::of(one.iter().chain(other).chain(one)), &whole);
        }

        /// Every note that stands is in one thread, once.
        #[test]
        fn every_note_stands_once(records in records()) {
            let threads = Threads::of(&records);
            let mut ids: Vec<NoteId> = threads.notes().map(|note| note.id).collect();
            let all = ids.len();
            ids.sort_unstable();
            ids.dedup();
            prop_assert_eq!(ids.len(), all);
            for record in &records {
                let gone = records.iter().any(|one| one.note == record.note && one.act == Act::Removed);
                if matches!(record.act, Act::Written { .. }) && !gone {
                    prop_assert!(ids.binary_search(&record.note).is_ok());
                }
            }
        }

        #[test]
        fn what_was_seen_only_grows(
            one in proptest::collection::btree_map(0..5u64, 0..9u64, 0..5),
            other in proptest::collection::btree_map(0..5u64, 0..9u64, 0..5),
        ) {
            let seen = |map: &BTreeMap<u64, u64>| Seen {
                notes: map.iter().map(|(id, at)| (NoteId(*id), Timestamp(*at))).collect(),
                answers: map.keys().map(|seq| Seq(*seq)).collect(),
            };
            let (one, other) = (seen(&one), seen(&other));
            let joined = |a: &Seen, b: &Seen| { let mut a = a.clone(); a.join(b); a };
            let both = joined(&one, &other);
            prop_assert_eq!(&joined(&other, &one), &both);
            prop_assert_eq!(&joined(&both, &one), &both);
        }
    }
}
