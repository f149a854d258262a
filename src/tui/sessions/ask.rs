//! What the list of sessions asks of the world, and what it is told.

use crate::{
    catalog::{Edit, Entry, Ground, Labels},
    protocol::{Failure, RunId, Seq},
    text::clean,
};

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Which sessions are there?
    List,
    /// Change labels.
    Edit(Vec<RunId>, Vec<Edit>),
    /// Take sessions off the list.
    Delete(Vec<RunId>),
    /// Put deleted sessions back.
    Undelete(Vec<RunId>),
    /// Read on in logs that the search does not know yet, for a while.
    Index,
    /// Where do these words stand, as far as the search knows?
    Find(String),
}

impl Ask {
    /// True for what is written down.
    #[must_use]
    pub const fn writes(&self) -> bool {
        match self {
            Self::Edit(..) | Self::Delete(_) | Self::Undelete(_) => true,
            Self::List | Self::Index | Self::Find(_) => false,
        }
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// All sessions.
    Listed(Result<Listed, Failure>),
    /// The labels as they are now, and what could not be changed.
    Edited(Vec<(RunId, Labels)>, Vec<Failure>),
    /// Which were taken off the list, and why others were not.
    Deleted(Vec<RunId>, Vec<Failure>),
    /// Which are back, and why others are not.
    Undeleted(Vec<RunId>, Vec<Failure>),
    /// How far reading is; `None` when everything is read.
    Indexed(Result<Option<Reading>, Failure>),
    /// What was found for these words.
    Found(String, Result<Found, Failure>),
}

/// All sessions and what the words of a filter are relative to.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// The sessions, deleted ones that are still kept included.
    pub entries: Vec<Entry>,
    /// Now, the zone, this project.
    pub ground: Ground,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// By session, the newest first.
    pub sessions: Vec<FoundSession>,
    /// There are more places than these.
    pub more: bool,
}

/// How far the search has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Logs read.
    pub done: usize,
    /// Logs there are.
    pub of: usize,
}

/// What was found in one session.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundSession {
    /// The session.
    pub run: RunId,
    /// Places in it, the newest first.
    pub hits: Vec<Hit>,
}

/// One place.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The event; `None` for what is on the session as a whole, which opens at its end.
    pub seq: Option<Seq>,
    /// Whose words, and what they are: `critic · answer`.
    pub who: String,
    /// The words around it; true for what was looked for.
    pub snippet: Vec<(bool, String)>,
}

/// Cleans whatever comes from logs and files of others.
#[must_use]
pub fn cleaned(told: Told) -> Told {
    match told {
        Told::Listed(Ok(mut listed)) => {
            listed.entries.iter_mut().for_each(clean_entry);
            Told::Listed(Ok(listed))
        }
        Told::Edited(mut labels, failures) => {
            for (_, labels) in &mut labels {
                name(labels);
            }
            Told::Edited(labels, failures.into_iter().map(failure).collect())
        }
        Told::Deleted(runs, failures) => {
            Told::Deleted(runs, failures.into_iter().map(failure).collect())
        }
        Told::Undeleted(runs, failures) => {
            Told::Undeleted(runs, failures.into_iter().map(failure).collect())
        }
        Told::Found(query, Ok(mut found)) => {
            let hits = found.sessions.iter_mut().flat_map(|one| &mut one.hits);
            for hit in hits {
                line(&mut hit.who);
                hit.snippet.iter_mut().for_each(|(_, text)| line(text));
            }
            Told::Found(query, Ok(found))
        }
        Told::Indexed(Ok(reading)) => Told::Indexed(Ok(reading)),
        Told::Indexed(Err(trouble)) => Told::Indexed(Err(failure(trouble))),
        Told::Listed(Err(trouble)) => Told::Listed(Err(failure(trouble))),
        Told::Found(query, Err(trouble)) => Told::Found(query, Err(failure(trouble))),
    }
}

fn clean_entry(entry: &mut Entry) {
    name(&mut entry.labels);
    line(&mut entry.log);
    if let Some(by) = entry.shared.as_mut().and_then(|shared| shared.by.as_mut()) {
        line(by);
    }
    let summary = &mut entry.summary;
    summary.prompt = clean::text(&summary.prompt).into_owned();
    line(&mut summary.outcome);
    line(&mut summary.folder);
    for text in summary.winner.iter_mut().chain(&mut summary.from) {
        line(text);
    }
    for member in &mut summary.team {
        line(&mut member.name);
        line(&mut member.model);
    }
}

/// A file of labels may be anybody's: what is no tag is left out.
fn name(labels: &mut Labels) {
    if let Some(name) = &mut labels.name {
        line(name);
    }
    labels.tags.retain(|word| crate::catalog::tag(word).is_ok());
}

fn line(text: &mut String) {
    if let std::borrow::Cow::Owned(clean) = clean::line(text) {
        *text = clean;
    }
}

fn failure(mut failure: Failure) -> Failure {
    failure.message = clean::text(&failure.message).into_owned();
    failure.hint = clean::text(&failure.hint).into_owned();
    failure
}
