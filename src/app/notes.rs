//! Notes on sessions: who writes them, where they are kept, what they are on, how copies are joined.
//!
//! Reads and writes files; blocking. Notes of a log of MassGen stand in our own state folder.

use std::{env, path::Path};

use super::{
    sharing,
    shelf::{Shelf, Volume},
};
use crate::{
    config::{self, Paths},
    engine::outbox::now,
    massgen,
    protocol::{
        AgentId, Event, Failure, FailureKind, Label, RunId, Seq,
        change::{ContextId, Face, RepoPath, Spot, SpotFile},
        note::{Act, LONGEST_NAME, Note, NoteId, NoteOn, Record, Threads},
    },
    run::{RunState, Turn},
    store::{self, KeptNotes, NoteFolder},
    text::{clean, width},
    workspace,
};

/// The variable that says who writes notes.
pub const AUTHOR_VARIABLE: &str = "MASSGEN_TUI_AUTHOR";
/// Cells of a name.
const NAME: usize = 60;
/// Fewest characters of a note's name that stand for it.
const SHORTEST: usize = 4;

/// Who writes: `said` by a flag, else the variable, `notes.author` of their own configuration, git's
/// `user.name`, or the name of the account.
#[must_use]
pub fn author(said: Option<&str>) -> String {
    let told = |name: &str| env::var(name).ok();
    let names = [
        said.map(str::to_owned),
        told(AUTHOR_VARIABLE),
        config::sharing::author(&Paths::discover(env::current_dir().unwrap_or_default())),
        env::current_dir()
            .ok()
            .and_then(|here| workspace::person(&here)),
        told("USER"),
        told("LOGNAME"),
    ];
    let mut names = names.into_iter().flatten().map(|name| tidy(&name));
    names
        .find(|name| !name.is_empty())
        .unwrap_or_else(|| "somebody".to_owned())
}

/// A name that fits a line, and a record.
fn tidy(name: &str) -> String {
    let clean = clean::line(name);
    let mut tidy = width::fit(clean.trim(), NAME).into_owned();
    while tidy.len() > LONGEST_NAME {
        tidy.pop();
    }
    tidy
}

/// The notes of a session.
#[must_use]
pub fn folder(shelf: &Shelf, volume: &Volume) -> NoteFolder {
    NoteFolder::new(shelf.beside(volume), run_of(volume)).masking(shelf.redactor())
}

/// The name of a session.
#[must_use]
pub fn run_of(volume: &Volume) -> RunId {
    match volume {
        Volume::Ours(run) => run.clone(),
        Volume::MassGen(folder) => massgen::name(folder),
    }
}

/// What somebody wants to note something on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// An event, by its number.
    pub event: Option<u64>,
    /// A turn; of an answer or an agent, in which turn. The last one when it is not said.
    pub turn: Option<u32>,
    /// An answer.
    pub answer: Option<Label>,
    /// An agent.
    pub agent: Option<AgentId>,
    /// A file that the agent changed.
    pub file: Option<String>,
    /// First and last line of it.
    pub lines: Option<(u32, u32)>,
    /// The side of the change that the lines are counted on.
    pub face: Face,
}

/// What of the session that is.
///
/// # Errors
/// The session has no such thing; the failure says what it has.
pub fn target(events: &[Event], wanted: &Wanted) -> Result<NoteOn, Failure> {
    if let Some(seq) = wanted.event {
        return event(events, Seq(seq));
    }
    let mut state = RunState::default();
    for event in events {
        state.apply(event);
    }
    if *wanted == Wanted::default() {
        return Ok(NoteOn::Session);
    }
    let turn = turn_of(&state, wanted.turn)?;
    let began = turn.began();
    let label = match (wanted.answer, wanted.agent) {
        (Some(label), _) => Some(label),
        (None, Some(agent)) => {
            if turn.agent(agent).is_none() {
                let names = turn.agents.iter().map(|agent| agent.card.id.to_string());
                return Err(missing(format!(
                    "The turn has no {agent}; it has {}.",
                    listed(names)
                )));
            }
            let last = turn
                .answers
                .iter()
                .rfind(|one| one.answer.label.agent == agent);
            let label = last.map(|one| one.answer.label);
            if wanted.file.is_none() {
                return Ok(NoteOn::Agent { agent, seq: began });
            }
            label
        }
        (None, None) if wanted.file.is_some() => None,
        (None, None) => {
            return Ok(NoteOn::Turn {
                turn: turn.start.turn,
                seq: began,
            });
        }
    };
    let Some(label) = label else {
        return Err(missing("Whose file is it?".to_owned())
            .hint("Name an answer with --answer agent2.1; `logs show` lists them."));
    };
    let Some(seq) = turn.published_by(label) else {
        let labels = turn.answers.iter().map(|one| one.answer.label.to_string());
        return Err(missing(format!(
            "The turn has no answer {label}; it has {}.",
            listed(labels)
        )));
    };
    Ok(match &wanted.file {
        None => NoteOn::Answer { label, seq },
        Some(path) => NoteOn::Code {
            seq,
            spot: Spot {
                label,
                file: Some(SpotFile {
                    context: ContextId::default(),
                    path: RepoPath::from(path.as_str()),
                    blob: None,
                }),
                lines: wanted.lines,
                face: wanted.face,
            },
        },
    })
}

/// The turn with this number, or the last one.
fn turn_of(state: &RunState, number: Option<u32>) -> Result<&Turn, Failure> {
    let found = match number {
        // An attempt that was begun anew has the same number: the last one counts.
        Some(number) => state
            .turns()
            .filter(|turn| turn.start.turn == number)
            .last(),
        None => state.turn.as_ref(),
    };
    found.ok_or_else(|| {
        missing(match number {
            Some(number) => {
                let all = state.turns().count();
                format!("The session has no turn {number}; it has {all}.")
            }
            None => "The session has no turn yet.".to_owned(),
        })
    })
}

fn event(events: &[Event], seq: Seq) -> Result<NoteOn, Failure> {
    if events.iter().any(|event| event.seq == seq) {
        return Ok(NoteOn::Event { seq });
    }
    let last = events.last().map_or(0, |event| event.seq.0);
    Err(missing(format!(
        "The session has no event {}; the last one is {last}.",
        seq.0
    )))
}

fn missing(words: String) -> Failure {
    Failure::new(FailureKind::Request, words)
        .hint("`massgen-tui logs show ID` tells what there is.")
}

fn listed(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// A new name for a note.
#[must_use]
pub fn new_id() -> NoteId {
    NoteId(fastrand::u64(..))
}

/// Writes one record, now.
///
/// # Errors
/// The notes cannot be written, or the text is empty or too long.
pub fn write(folder: &NoteFolder, by: &str, note: NoteId, act: Act) -> Result<(), Failure> {
    folder.write(by, now(), vec![(note, act)]).map(|_| ())
}

/// The note that `name` means: its name or the beginning of it.
///
/// # Errors
/// None is called so, or several begin so.
pub fn find<'a>(threads: &'a Threads, name: &str) -> Result<&'a Note, Failure> {
    let name = name.trim().to_ascii_lowercase();
    let mut found: Vec<&Note> = threads
        .notes()
        .filter(|note| name.len() >= SHORTEST && note.id.to_string().starts_with(&name))
        .collect();
    let words = match found.len() {
        1 => return Ok(found.swap_remove(0)),
        0 => format!("No note of this session is called {name:?}."),
        many => format!("{name:?} fits {many} notes."),
    };
    let hint =
        "`massgen-tui logs notes ID` shows them; four or more characters of a name stand for it.";
    Err(Failure::new(FailureKind::Request, words).hint(hint))
}

/// What joining another copy came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The session.
    pub run: RunId,
    /// Records that were not here.
    pub new: Vec<Record>,
    /// Records that the copy has.
    pub all: usize,
    /// What of the copy could not be read.
    pub damage: Option<String>,
}

/// Joins the notes of another copy, `path`, with ours of the same session: of `into`, or of the one that
/// the copy names. A copy is a file of notes, the folder of a session, or a bundle.
///
/// # Errors
/// The copy is of another session or tells another story, the session is not here, or a file cannot be
/// read or written.
pub fn merge(shelf: &Shelf, path: &Path, into: Option<&Volume>) -> Result<Merged, Failure> {
    if sharing::is_bundle(&path.to_string_lossy()) {
        let unpacked = sharing::unpacked(shelf.state_dir(), path)?;
        let copy = store::other_copy(&unpacked.folder)?;
        // What was masked in it is no other story.
        return join(shelf, (path, copy), into, store::same_times);
    }
    let copy = store::other_copy(path)?;
    join(shelf, (path, copy), into, store::same_session)
}

/// Joins a copy, which is known by its path, when `same` finds no other story in its log.
fn join(
    shelf: &Shelf,
    (path, copy): (&Path, store::OtherCopy),
    into: Option<&Volume>,
    same: fn(&Path, &Path) -> Result<(), Failure>,
) -> Result<Merged, Failure> {
    let found;
    let volume = match (into, &copy.run) {
        (Some(volume), _) => volume,
        (None, Some(run)) => {
            found = shelf.find(&run.0).map_err(|_| {
                let words = format!(
                    "{} belongs to session {run}, which is not here.",
                    path.display()
                );
                let hint = "Copy the whole session here first, or name one with --into.";
                Failure::new(FailureKind::Local, words).hint(hint)
            })?;
            &found
        }
        (None, None) => {
            let words = format!("{} does not say which session it is of.", path.display());
            let hint = "Name the session with --into ID.";
            return Err(Failure::new(FailureKind::Request, words).hint(hint));
        }
    };
    let run = run_of(volume);
    if let Some(theirs) = &copy.run
        && *theirs != run
    {
        let words = format!(
            "{} belongs to session {theirs}, not to {run}.",
            path.display()
        );
        let hint = "Leave --into out, or name that session.";
        return Err(Failure::new(FailureKind::Request, words).hint(hint));
    }
    if let (Volume::Ours(run), Some(log)) = (volume, &copy.log) {
        same(&shelf.store().log(run), log)?;
    }
    let KeptNotes {
        records, damage, ..
    } = copy.notes;
    let all = records.len();
    let new = folder(shelf, volume).join(records)?;
    Ok(Merged {
        run,
        new,
        all,
        damage,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::samples;

    fn words(wanted: &Wanted) -> String {
        let events = samples::session("20261121-101530-k3f9");
        match target(&events, wanted) {
            Ok(on) => format!("{} at {:?}", on.words(), on.seq().map(|seq| seq.0)),
            Err(failure) => failure.message,
        }
    }

    #[test]
    fn what_a_note_is_on_is_looked_for_in_the_session() {
        let label = "agent1.1".parse().ok();
        let check = |wanted: Wanted, told: &str| {
            let got = words(&wanted);
            assert!(got.starts_with(told), "{wanted:?}: {got}");
        };
        let wanted = Wanted::default;
        check(wanted(), "the session at None");
        check(
            Wanted {
                event: Some(2),
                ..wanted()
            },
            "event 2 at Some(2)",
        );
        check(
            Wanted {
                event: Some(9999),
                ..wanted()
            },
            "The session has no event 9999",
        );
        check(
            Wanted {
                turn: Some(1),
                ..wanted()
            },
            "turn 1 at Some(1)",
        );
        check(
            Wanted {
                turn: Some(7),
                ..wanted()
            },
            "The session has no turn 7",
        );
        check(
            Wanted {
                answer: label,
                turn: Some(1),
                ..wanted()
            },
            "answer agent1.1 at",
        );
        let agent = Some(AgentId(2));
        check(
            Wanted {
                agent,
                turn: Some(1),
                ..wanted()
            },
            "the work of agent2 at Some(1)",
        );
        let nobody = Some(AgentId(9));
        check(
            Wanted {
                agent: nobody,
                turn: Some(1),
                ..wanted()
            },
            "The turn has no agent9; it has",
        );
        let file = Some("src/a.rs".to_owned());
        let lines = Some((3, 7));
        let code = Wanted {
            answer: label,
            turn: Some(1),
            file: file.clone(),
            lines,
            ..wanted()
        };
        check(code, "src/a.rs:3-7 in agent1.1 at");
        check(Wanted { file, ..wanted() }, "Whose file is it?");
        let gone = "agent1.9".parse().ok();
        check(
            Wanted {
                answer: gone,
                turn: Some(1),
                ..wanted()
            },
            "The turn has no answer agent1.9",
        );
    }

    #[test]
    fn names_of_people_fit_a_line() {
        assert_eq!(tidy(" Mia\u{1b}[31m Sol\n"), "Mia␛ Sol");
        assert!(tidy(&"日".repeat(500)).len() <= LONGEST_NAME);
        assert_eq!(author(Some("Mia")), "Mia");
    }
}
