//! `logs rename`, `tag`, `pin`, `archive`, `delete` and their ways back.
//!
//! Each says in one line what is now. Several sessions are done one after the other; one that cannot
//! be done is told at the end and does not keep the others from being done.

use std::io::{self, BufRead as _, IsTerminal as _};

use clap::Subcommand;

use super::Page;
use crate::{
    app::shelf::Shelf,
    catalog::{Edit, Labels},
    engine::outbox,
    protocol::{Failure, FailureKind},
    store::TRASH_DAYS,
    text::clean,
};

/// Subcommands that label sessions and take them off the list.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Give a session a name; without one its prompt stands in the list again.
    Rename {
        /// Session id, its start or its last four letters; `latest` is the newest.
        id: String,
        /// The name.
        name: Vec<String>,
    },
    /// Add tags to a session, or take them away: `+good -draft`.
    Tag {
        /// Session id, its start or its last four letters; `latest` is the newest.
        id: String,
        /// Tags; one with a minus is taken away.
        #[arg(required = true, allow_hyphen_values = true, value_name = "+TAG|-TAG")]
        tags: Vec<String>,
    },
    /// Keep sessions on top of the list.
    Pin(Ids),
    /// Let them stand where they belong again.
    Unpin(Ids),
    /// Take sessions out of sight; they are found by `is:archived`.
    Archive(Ids),
    /// Put them back in sight.
    Unarchive(Ids),
    /// Move sessions into the trash, where they are kept for 30 days. A log of MassGen is only taken off
    /// the list.
    Delete(Ids),
    /// Get deleted sessions back.
    Undelete(Ids),
    /// Remove deleted sessions for good, now.
    EmptyTrash {
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

/// Which sessions.
#[derive(Clone, Debug, clap::Args)]
pub struct Ids {
    /// Session ids, their starts or their last four letters.
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<String>,
}

/// Does it.
pub(super) fn run(shelf: &Shelf, command: &Command, page: &mut Page<'_>) -> Result<(), Failure> {
    match command {
        Command::Rename { id, name } => {
            let labels = edit(shelf, id, &[Edit::Name(name.join(" "))])?;
            say(page, &format!("{id}: {}", words(&labels)))
        }
        Command::Tag { id, tags } => {
            let edits: Vec<Edit> = tags.iter().map(|word| tagged(word)).collect();
            let labels = edit(shelf, id, &edits)?;
            say(page, &format!("{id}: {}", words(&labels)))
        }
        Command::Pin(ids) => each_labelled(shelf, ids, &Edit::Pinned(true), page),
        Command::Unpin(ids) => each_labelled(shelf, ids, &Edit::Pinned(false), page),
        Command::Archive(ids) => each_labelled(shelf, ids, &Edit::Archived(true), page),
        Command::Unarchive(ids) => each_labelled(shelf, ids, &Edit::Archived(false), page),
        Command::Delete(ids) => each(ids, page, |id| {
            let volume = shelf.find(id)?;
            shelf.delete(&volume, outbox::now())?;
            Ok(format!(
                "deleted; `massgen-tui logs undelete {id}` gets it back for {TRASH_DAYS} days."
            ))
        }),
        Command::Undelete(ids) => each(ids, page, |id| {
            let run = shelf.undelete(id)?;
            Ok(format!("{run} is back."))
        }),
        Command::EmptyTrash { yes } => empty(shelf, *yes, page),
    }
}

fn each_labelled(
    shelf: &Shelf,
    ids: &Ids,
    change: &Edit,
    page: &mut Page<'_>,
) -> Result<(), Failure> {
    each(ids, page, |id| {
        let labels = edit(shelf, id, std::slice::from_ref(change))?;
        Ok(words(&labels))
    })
}

/// One line for each that could be done; then the failure of the first that could not.
fn each(
    ids: &Ids,
    page: &mut Page<'_>,
    mut act: impl FnMut(&str) -> Result<String, Failure>,
) -> Result<(), Failure> {
    let mut failed: Vec<Failure> = Vec::new();
    for id in &ids.ids {
        match act(id) {
            Ok(done) => say(page, &format!("{id}: {done}"))?,
            Err(failure) => failed.push(failure),
        }
    }
    let more = failed.len().saturating_sub(1);
    match failed.into_iter().next() {
        None => Ok(()),
        Some(first) if more == 0 => Err(first),
        Some(first) => {
            let message = format!("{} ({more} more could not be done.)", first.message);
            Err(Failure { message, ..first })
        }
    }
}

fn edit(shelf: &Shelf, id: &str, edits: &[Edit]) -> Result<Labels, Failure> {
    shelf.label(&shelf.find(id)?, edits)
}

/// `+good` and `good` add, `-good` takes away.
fn tagged(word: &str) -> Edit {
    match word.strip_prefix('-') {
        Some(word) => Edit::Untag(word.to_owned()),
        None => Edit::Tag(word.strip_prefix('+').unwrap_or(word).to_owned()),
    }
}

/// Labels in one line.
fn words(labels: &Labels) -> String {
    let mut words = Vec::new();
    words.extend(labels.name.as_ref().map(|name| format!("named {name:?}")));
    if !labels.tags.is_empty() {
        let tags: Vec<&str> = labels.tags.iter().map(String::as_str).collect();
        words.push(format!("tags {}", tags.join(" ")));
    }
    for (set, word) in [
        (labels.pinned, "pinned"),
        (labels.archived, "archived"),
        (labels.hidden, "off the list"),
    ] {
        if set {
            words.push(word.to_owned());
        }
    }
    if words.is_empty() {
        "no labels.".to_owned()
    } else {
        format!("{}.", words.join(", "))
    }
}

fn say(page: &mut Page<'_>, line: &str) -> Result<(), Failure> {
    super::written(writeln!(page.out, "{}", clean::line(line)))
}

/// Empties the trash after a question.
fn empty(shelf: &Shelf, yes: bool, page: &mut Page<'_>) -> Result<(), Failure> {
    let count = shelf.store().trash().list(0)?.total;
    if count == 0 {
        return say(page, "The trash is empty.");
    }
    let sessions = match count {
        1 => "1 session".to_owned(),
        _ => format!("{count} sessions"),
    };
    if !yes {
        if !io::stdin().is_terminal() {
            return Err(Failure::new(
                FailureKind::Request,
                format!("{sessions} would be removed for good, and nobody can be asked here."),
            )
            .hint("Say --yes."));
        }
        super::written(write!(page.out, "Remove {sessions} for good? [y/N] "))?;
        super::written(page.out.flush())?;
        let mut answer = String::new();
        let read = io::stdin().lock().read_line(&mut answer);
        if read.is_err() || !matches!(answer.trim(), "y" | "Y" | "yes") {
            return say(page, "Nothing was removed.");
        }
    }
    let emptied = shelf.store().empty_trash(None)?;
    say(
        page,
        &format!(
            "{} of {sessions} removed for good, {} KiB.",
            emptied.sessions,
            emptied.bytes.div_ceil(1024)
        ),
    )?;
    if emptied.failed > 0 {
        return Err(Failure::new(
            FailureKind::Local,
            format!(
                "{} could not be removed from {}.",
                emptied.failed,
                shelf.store().trash().folder().display()
            ),
        )
        .hint("Look at the rights of that folder."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{
        config::Paths,
        protocol::RunId,
        store::{Store, samples},
    };

    const RUN: &str = "20261121-101530-k3f9";
    const THEIRS: &str = "massgen-20260131-120000-000001";

    /// A state folder with one session of ours and one log of MassGen.
    async fn shelf() -> (tempfile::TempDir, Shelf) {
        let root = tempfile::tempdir().unwrap();
        let state = root.path().join("state");
        let store = Store::open(&state).unwrap();
        let log = store.write(RunId(RUN.into())).unwrap();
        for event in samples::session(RUN) {
            log.append(event).await;
        }
        log.close().await;
        let attempt = "logs/log_20260131_120000_000001/turn_1/attempt_1";
        let attempt = root.path().join(attempt);
        fs::create_dir_all(&attempt).unwrap();
        let metadata = "query: 'theirs'\ntimestamp: '2026-01-31T12:00:00'\n";
        fs::write(attempt.join("execution_metadata.yaml"), metadata).unwrap();
        let paths = Paths {
            cwd: root.path().join("cwd"),
            ..Paths::default()
        };
        let base = root.path().join("logs");
        let shelf = Shelf::new(&state, &paths, Some(base.into()));
        (root, shelf)
    }

    fn says(shelf: &Shelf, command: &Command) -> Result<String, Failure> {
        let mut out = Vec::new();
        let mut page = Page {
            out: &mut out,
            columns: None,
        };
        run(shelf, command, &mut page)?;
        Ok(String::from_utf8(out).unwrap())
    }

    fn ids(names: &[&str]) -> Ids {
        Ids {
            ids: names.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    fn tag(id: &str, tags: &[&str]) -> Command {
        Command::Tag {
            id: id.to_owned(),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        }
    }

    #[tokio::test]
    async fn sessions_of_both_kinds_are_labelled() {
        let (_root, shelf) = shelf().await;
        let rename = |id: &str, words: &[&str]| Command::Rename {
            id: id.to_owned(),
            name: words.iter().map(|word| (*word).to_owned()).collect(),
        };
        let said = says(&shelf, &rename("k3f9", &["my", "run"])).unwrap();
        assert_eq!(said, "k3f9: named \"my run\".\n");
        let said = says(&shelf, &tag(THEIRS, &["+good", "fine", "-bad"])).unwrap();
        assert_eq!(said, format!("{THEIRS}: tags fine good.\n"));
        let said = says(&shelf, &Command::Pin(ids(&["k3f9", THEIRS]))).unwrap();
        assert!(said.contains("named \"my run\", pinned."), "{said}");
        assert!(said.contains("tags fine good, pinned."), "{said}");
        let entries = shelf.entries().unwrap();
        assert!(entries.iter().all(|entry| entry.labels.pinned));
        let wrong = says(&shelf, &tag("k3f9", &["a b"])).unwrap_err();
        assert!(wrong.message.contains("cannot stand in a tag"), "{wrong}");
        let said = says(&shelf, &rename("k3f9", &[])).unwrap();
        assert_eq!(said, "k3f9: pinned.\n");
        says(&shelf, &Command::Unpin(ids(&["k3f9"]))).unwrap();
        let said = says(&shelf, &Command::Archive(ids(&["k3f9"]))).unwrap();
        assert_eq!(said, "k3f9: archived.\n");
        let said = says(&shelf, &Command::Unarchive(ids(&["k3f9"]))).unwrap();
        assert_eq!(said, "k3f9: no labels.\n");
    }

    #[tokio::test]
    async fn what_is_deleted_comes_back_until_the_trash_is_emptied() {
        let (root, shelf) = shelf().await;
        let both = ids(&["nothing", "k3f9", THEIRS]);
        let failure = says(&shelf, &Command::Delete(both)).unwrap_err();
        assert!(failure.message.contains("nothing"), "{failure}");
        assert_eq!(shelf.list(9).unwrap().total, 0);
        let theirs = root.path().join("logs/log_20260131_120000_000001");
        assert!(theirs.is_dir(), "a log of MassGen is never touched");
        let both = ids(&["k3f9", THEIRS]);
        let said = says(&shelf, &Command::Undelete(both.clone())).unwrap();
        assert!(said.contains(&format!("{RUN} is back.")), "{said}");
        assert!(said.contains(&format!("{THEIRS} is back.")), "{said}");
        assert_eq!(shelf.list(9).unwrap().total, 2);
        assert!(says(&shelf, &Command::Undelete(both)).is_err());
        says(&shelf, &Command::Delete(ids(&["k3f9"]))).unwrap();
        let empty = Command::EmptyTrash { yes: true };
        let said = says(&shelf, &empty).unwrap();
        assert!(
            said.starts_with("1 of 1 session removed for good"),
            "{said}"
        );
        assert_eq!(says(&shelf, &empty).unwrap(), "The trash is empty.\n");
        assert!(says(&shelf, &Command::Undelete(ids(&["k3f9"]))).is_err());
    }
}
