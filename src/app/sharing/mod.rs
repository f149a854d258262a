//! Giving sessions away, and taking in what others give: exports, targets, bundles, the scan for secrets.
//!
//! [`prepare`] reads a session twice: for what deltas hide, and for its fold, its figures and what had to be
//! masked. Then everything about the file is known (its size, what is in it, what is not) before a byte of it
//! leaves. What killed processes left aside goes before. Blocking, except for sending.

mod aside;
mod beside;
mod film;
mod import;
mod output;
mod remarks;
mod s3;
pub mod scan;
mod send;
mod tape;
mod targets;
mod veil;
mod watch;

pub use aside::Aside;
pub use import::{Imported, Unpacked, import, is_bundle, sum, unpacked};
pub use output::{Existing, save};
pub use send::{Delivered, Parcel, Voice, deliver, read};
pub use targets::Target;
pub use veil::{Rules, Surroundings};
pub use watch::{Doing, Watch};

use std::{
    io::{self, Write},
    path::Path,
};

use self::{
    tape::{Masked as MaskedTape, Source},
    veil::Veil,
};
use super::shelf::{Shelf, Volume};
use crate::{
    config::{Paths, dotenv::Environment},
    engine::outbox::now,
    export::{self, AttachmentKind, Cut, Format, LeftOut, Particulars, Selection, Survey},
    protocol::{Failure, FailureKind, RunId},
    store::{NOTES_FILE, Reader, redact::Hit},
};

/// What is to be given away, and how.
#[derive(Clone, Debug)]
pub struct Order {
    /// Which session, as [`Shelf::find`] takes it.
    pub id: String,
    /// As what.
    pub format: Format,
    /// Which turns.
    pub turns: Selection,
    /// Whether files and diffs go along.
    pub workspace: Workspace,
    /// Most bytes of the file.
    pub most: Option<u64>,
    /// What is masked.
    pub rules: Rules,
    /// Who gives it, when they want to say so.
    pub by: Option<String>,
    /// Tells how far it is, and may end it.
    pub watch: Watch,
}

/// Whether files and diffs go along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workspace {
    /// They do.
    With,
    /// They do not.
    Without,
}

/// A session that is ready to be written.
pub struct Prepared {
    /// Its name.
    pub run: RunId,
    /// As what it is written.
    pub format: Format,
    /// What is known of it.
    pub about: Particulars,
    /// Size of the file.
    pub bytes: u64,
    /// What is not in it, cut for size included.
    pub left_out: Vec<LeftOut>,
    /// What may be a secret and is not masked, with the number of its event (0: beside the events).
    pub suspects: Vec<(u64, Hit)>,
    /// The numbers of the session's turns, also of those that are not taken.
    pub turns: Vec<u32>,
    watch: Watch,
    survey: Survey,
    tape: MaskedTape,
    cut: Cut,
}

/// Who and where the person is, from the environment.
#[must_use]
pub fn surroundings(paths: &Paths, environment: &Environment) -> Surroundings {
    let home = paths.home.as_ref().map(|home| home.display().to_string());
    let own = |name: &str| environment.process(name).map(str::to_owned);
    let folder = paths.home.as_ref().and_then(|home| home.file_name());
    let names = [own("USER"), own("LOGNAME"), own("HOSTNAME")]
        .into_iter()
        .chain([folder.map(|name| name.to_string_lossy().into_owned())]);
    let mut names: Vec<String> = names.flatten().collect();
    names.sort_unstable();
    names.dedup();
    Surroundings {
        secrets: environment.secrets(),
        home,
        names,
    }
}

/// Reads a session and finds out all there is to know about its file.
///
/// # Errors
/// There is no such session, it cannot be read, a turn that is not there was asked for, or it does not fit.
pub fn prepare(
    shelf: &Shelf,
    state: &Path,
    around: &Surroundings,
    order: &Order,
) -> Result<Prepared, Failure> {
    aside::sweep(state, now());
    let volume = shelf.find(&order.id)?;
    let (source, mut about) = open(shelf, &volume, &order.watch)?;
    let run = about.run.clone().unwrap_or_else(|| RunId(order.id.clone()));
    let turns = turns(&source).map_err(|error| trouble(&error))?;
    let selection = chosen(order, &run, &turns, &mut about)?;
    let veil = Veil::new(around, order.rules.clone());
    let tape = MaskedTape::new(source, selection.clone(), veil).map_err(|error| trouble(&error))?;
    let survey = export::survey(&run, &tape).map_err(|error| trouble(&error))?;
    let veil = tape.veil();
    // A change after this would count twice.
    let along = (order.workspace, &order.watch);
    let found = beside::gather(shelf, &volume, state, &survey, along);
    order.watch.go_on().map_err(|error| trouble(&error))?;
    take_along(found, order.format, veil, &mut about);
    if matches!(order.format, Format::Html | Format::Md | Format::Json) {
        let wanted = |event: u64| {
            let before = turns.iter().take_while(|(_, began)| *began <= event);
            let turn = before.last().or(turns.first());
            turn.is_none_or(|(number, _)| selection.takes(*number))
        };
        let (remarks, gone) = remarks::read(&shelf.beside(&volume), veil, &wanted);
        about.remarks = remarks;
        about.left_out.extend(gone);
    }
    about.by = order.by.as_ref().map(|by| veil.cover(by.clone(), 0));
    about.at = order.by.as_ref().map(|_| now());
    about.masked = veil.taken();
    let mut suspects = veil.left();
    suspects.sort_by(|one, other| (one.0, &one.1.kind).cmp(&(other.0, &other.1.kind)));
    suspects.dedup_by(|one, other| one.0 == other.0 && one.1.excerpt == other.1.excerpt);
    let fitted = film::fit(order.format, &tape, (&survey, &about), order.most);
    let (cut, bytes) = fitted.map_err(|error| match error.kind() {
        io::ErrorKind::FileTooLarge => local(format!("It does not fit: {error}."))
            .hint("Allow more with --max-size, choose turns, or another format."),
        _ => trouble(&error),
    })?;
    let mut left_out = about.left_out.clone();
    left_out.extend(survey.left_out.iter().cloned());
    left_out.extend(cut.left_out(order.format, &survey, &about));
    Ok(Prepared {
        run,
        format: order.format,
        about,
        bytes,
        left_out,
        suspects,
        turns: turns.iter().map(|(number, _)| *number).collect(),
        watch: order.watch.clone(),
        survey,
        tape,
        cut,
    })
}

impl Prepared {
    /// The name its file has when none is given.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}.{}", self.run.0, self.format.extension())
    }

    /// Turns and events it holds.
    #[must_use]
    pub fn extent(&self) -> (usize, u64) {
        (self.survey.turns.len(), self.survey.events)
    }

    /// The task of its first turn.
    #[must_use]
    pub fn task(&self) -> &str {
        let first = self.survey.state.turns().next();
        first.map_or("", |turn| turn.start.prompt.as_str())
    }

    /// Writes it.
    ///
    /// # Errors
    /// The session cannot be read any more, or the output cannot be written.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.format == Format::Cast {
            return film::write(&self.tape, out);
        }
        export::write(
            self.format,
            &self.tape,
            &self.survey,
            &self.about,
            self.cut,
            out,
        )
    }
}

/// Which turns are taken; what is not is told.
fn chosen(
    order: &Order,
    run: &RunId,
    turns: &[(u32, u64)],
    about: &mut Particulars,
) -> Result<Selection, Failure> {
    let numbers: Vec<u32> = turns.iter().map(|(number, _)| *number).collect();
    let selection = order.turns.clone().settled(&numbers);
    if let Selection::Spans(_) = &selection {
        let numbers = |taken: &dyn Fn(u32) -> bool| {
            let numbers = turns.iter().map(|(number, _)| *number);
            let words = numbers.filter(|number| taken(*number));
            words.map(|number| number.to_string()).collect::<Vec<_>>()
        };
        let taken = numbers(&|number| selection.takes(number));
        if taken.is_empty() {
            return Err(local(format!("Session {run} has no such turn."))
                .hint(format!("It has turns {}.", numbers(&|_| true).join(", "))));
        }
        if taken.len() < turns.len() {
            if order.format == Format::Bundle {
                return Err(local("A bundle holds a whole session.")
                    .hint("Export single turns as html, md or json."));
            }
            about.turns = Some(taken.join(", "));
            about
                .left_out
                .push(LeftOut::new("the other turns", "--turns"));
        }
    }
    Ok(selection)
}

/// Takes along what a format shows of what lies beside the session.
fn take_along(found: beside::Found, format: Format, veil: &Veil, about: &mut Particulars) {
    if format == Format::Cast {
        let what = "files, diffs and notes";
        let why = "a recording holds screens alone";
        return about.left_out.push(LeftOut::new(what, why));
    }
    about.left_out.extend(found.left_out);
    for mut one in found.attachments {
        let goes = match (one.kind, format) {
            (AttachmentKind::Patch | AttachmentKind::File, _) | (_, Format::Bundle) => true,
            // Its notes stand in a field of their own.
            (AttachmentKind::Record, Format::Json) => one.name != NOTES_FILE,
            (AttachmentKind::Record, Format::Html | Format::Md | Format::Cast) => false,
        };
        if goes && about.turns.is_some() && one.name.starts_with("analysis/") {
            let why = "it is about all turns";
            about.left_out.push(LeftOut::new(one.name, why));
        } else if goes {
            one.text = beside::covered(&one, veil);
            one.title = veil.cover(one.title, 0);
            about.attachments.push(one);
        }
    }
}

/// The events of a session and what is known about its log.
fn open(shelf: &Shelf, volume: &Volume, watch: &Watch) -> Result<(Source, Particulars), Failure> {
    let mut about = Particulars::default();
    let source = match volume {
        Volume::Ours(run) => {
            let path = shelf.store().log(run);
            let mut reader = Reader::open(&path)?;
            // To its end: what is damaged is known only then.
            while reader.next()?.is_some() {
                watch.read().map_err(|error| trouble(&error))?;
            }
            about.run = Some(run.clone());
            about.version.clone_from(&reader.header().version);
            about.schema = crate::store::SCHEMA;
            about.damage = reader.damage().map(|damage| damage.to_string());
            Source::Log(path, watch.clone())
        }
        Volume::MassGen(_) => {
            let session = shelf.read(volume)?;
            about.run = Some(session.header.run);
            about.version = session.header.version;
            about.schema = session.header.schema;
            Source::Events(session.events)
        }
    };
    Ok((source, about))
}

/// The turns of a session: their numbers, and the events that began them.
fn turns(source: &Source) -> io::Result<Vec<(u32, u64)>> {
    use crate::{
        export::Tape as _,
        protocol::{EventKind, RunEvent},
    };
    let mut turns = Vec::new();
    source.play(&mut |event| {
        if let EventKind::Run(RunEvent::Started(start)) = event.kind
            && (start.resumed.is_none() || turns.is_empty())
        {
            turns.push((start.turn, event.seq.0));
        }
        Ok(())
    })?;
    Ok(turns)
}

fn local(message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Local, message)
}

fn trouble(error: &io::Error) -> Failure {
    local(format!("The session cannot be read: {error}."))
}
