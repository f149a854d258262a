//! What people note on a session: on a moment, an answer, an agent, a place in a file, or all of it.
//!
//! Notes are records that are only ever added: written, edited, resolved, reopened, removed, each with
//! who and when. What a set of records comes to is [`Threads::of`]; it depends on the set alone, not on
//! the order, on repetitions, or on how many files the records were gathered from. So copies that two
//! people annotated are joined by putting their records together.
//!
//! Names are what people call themselves: a claim, no proof. Texts are as they were written; whoever
//! shows one cleans it.

mod threads;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

pub use threads::{Note, Seen, Thread, Threads};

use super::{AgentId, Label, Seq, Timestamp, change::Spot};

/// Longest text of a note, in bytes.
pub const LONGEST_TEXT: usize = 16 * 1024;
/// Longest name of an author, in bytes.
pub const LONGEST_NAME: usize = 200;
/// The year 3000: what claims to be later is no record of anybody's.
const LATEST: Timestamp = Timestamp(32_503_680_000_000);

/// Name of a note: 16 hexadecimal digits, drawn at random, so that no two people draw the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoteId(pub u64);

impl fmt::Display for NoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The text is not 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoteIdParseError;

impl fmt::Display for NoteIdParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a note is 16 hexadecimal digits")
    }
}

impl std::error::Error for NoteIdParseError {}

impl FromStr for NoteId {
    type Err = NoteIdParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if text.len() != 16 || !digits {
            return Err(NoteIdParseError);
        }
        let number = u64::from_str_radix(text, 16);
        number.map(Self).map_err(|_| NoteIdParseError)
    }
}

impl Serialize for NoteId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NoteId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

/// One record. Their order (the derived one: by time, then by everything else) is the order in which
/// they are folded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Record {
    /// When, by the writer's clock; never before another record of the same note that the writer knew.
    pub at: Timestamp,
    /// Which note.
    pub note: NoteId,
    /// Who.
    pub by: String,
    /// What was done.
    pub act: Act,
}

impl Record {
    /// False for what no version of this program writes: it is not taken from a file.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let text = match &self.act {
            Act::Written { text, .. } | Act::Edited { text } => {
                !text.trim().is_empty() && text.len() <= LONGEST_TEXT
            }
            Act::Resolved | Act::Reopened | Act::Removed => true,
        };
        let name = !self.by.trim().is_empty() && self.by.len() <= LONGEST_NAME;
        text && name && self.at <= LATEST
    }
}

/// What is done to a note.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// It is written.
    Written {
        /// What it is on. Of a reply, what the first note is on.
        on: NoteOn,
        /// Its words.
        text: String,
        /// The first note of the thread that it answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply: Option<NoteId>,
    },
    /// Its author gave it other words.
    Edited {
        /// The words.
        text: String,
    },
    /// Its thread is settled.
    Resolved,
    /// Its thread is open again.
    Reopened,
    /// Its author took it back, for good.
    Removed,
}

/// What a note is on. The numbers are those of the session's events.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "about")]
pub enum NoteOn {
    /// The session as a whole.
    Session,
    /// A turn.
    Turn {
        /// Which, starting at 1.
        turn: u32,
        /// The event that began it.
        seq: Seq,
    },
    /// An event.
    Event {
        /// Which.
        seq: Seq,
    },
    /// What an agent did in a turn.
    Agent {
        /// Whose work.
        agent: AgentId,
        /// The event that began the turn.
        seq: Seq,
    },
    /// An answer.
    Answer {
        /// Which. Turns have the same labels; the event tells which turn it is.
        label: Label,
        /// The event that published it.
        seq: Seq,
    },
    /// Lines of a file that an agent changed.
    Code {
        /// The event that published the answer.
        seq: Seq,
        /// Which lines.
        spot: Spot,
    },
}

impl NoteOn {
    /// The event where it is looked at; `None` for the session as a whole.
    #[must_use]
    pub const fn seq(&self) -> Option<Seq> {
        match self {
            Self::Session => None,
            Self::Turn { seq, .. }
            | Self::Event { seq }
            | Self::Agent { seq, .. }
            | Self::Answer { seq, .. }
            | Self::Code { seq, .. } => Some(*seq),
        }
    }

    /// What it is on, in words: `answer agent2.1`, `src/a.rs:3-7 in agent2.1`. Paths are as they are in
    /// the file.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Session => "the session".to_owned(),
            Self::Turn { turn, .. } => format!("turn {turn}"),
            Self::Event { seq } => format!("event {}", seq.0),
            Self::Agent { agent, .. } => format!("the work of {agent}"),
            Self::Answer { label, .. } => format!("answer {label}"),
            Self::Code { spot, .. } => {
                let label = spot.label;
                let lines = match spot.lines {
                    Some((from, to)) if from == to => format!(":{from}"),
                    Some((from, to)) => format!(":{from}-{to}"),
                    None => String::new(),
                };
                match &spot.file {
                    Some(file) => format!("{}{lines} in {label}", file.path),
                    None => format!("the files of {label}"),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_notes_read_back_as_written() {
        let id = NoteId(0x00ab_cdef_0123_4567);
        assert_eq!(id.to_string(), "00abcdef01234567");
        assert_eq!("00abcdef01234567".parse(), Ok(id));
        for wrong in [
            "",
            "ab",
            "00abcdef0123456g",
            "+0abcdef01234567",
            "00abcdef012345678",
        ] {
            assert_eq!(wrong.parse::<NoteId>(), Err(NoteIdParseError), "{wrong}");
        }
    }

    #[test]
    fn records_stay_readable() {
        let line = r#"{"at":5,"note":"00000000000000ff","by":"Mia","act":{"written":{"on":{"about":"answer","label":"agent2.1","seq":48},"text":"why?"}}}"#;
        let record: Record = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_string(&record).unwrap(), line);
        let settled = r#"{"at":6,"note":"00000000000000ff","by":"Bo","act":"resolved"}"#;
        let record: Record = serde_json::from_str(settled).unwrap();
        assert_eq!(serde_json::to_string(&record).unwrap(), settled);
    }

    #[test]
    fn what_nobody_writes_is_no_record() {
        let sound = |at: u64, by: &str, text: &str| {
            let text = text.to_owned();
            let act = Act::Edited { text };
            Record {
                at: Timestamp(at),
                note: NoteId(1),
                by: by.to_owned(),
                act,
            }
            .is_sound()
        };
        assert!(sound(1, "Mia", "words"));
        assert!(!sound(u64::MAX, "Mia", "words"), "from the far future");
        assert!(!sound(1, " ", "words"), "of nobody");
        assert!(!sound(1, &"x".repeat(LONGEST_NAME + 1), "words"));
        assert!(!sound(1, "Mia", " \n"), "empty");
        assert!(!sound(1, "Mia", &"x".repeat(LONGEST_TEXT + 1)), "huge");
    }
}
