//! Search through everything on the shelf: the index is brought up to date, then asked.
//!
//! Both are blocking work for a thread of its own; neither is part of the other, so that a screen can show
//! what is known while the index still grows: [`Shelf::index`] tells how far it is and can be stopped,
//! [`Shelf::search`] answers from what is there. What the person deleted or hid is not found.

use std::{collections::HashSet, path::Path};

use jiff::tz::TimeZone;

use super::shelf::{MassGen, Shelf};
use crate::{
    catalog::{Filter, Ground},
    protocol::{Failure, FailureKind, Hits},
    store::{
        self, Imported, Store,
        search::{Go, Index, Progress, Query},
    },
};

impl Shelf {
    /// Brings the index up to date, oldest session first. `watch` is told how far it is, several times a
    /// second, and may stop it: what is done stays done. Says whether it was stopped.
    ///
    /// # Errors
    /// Our folder cannot be listed, or the index cannot be kept.
    pub fn index(&self, watch: &mut dyn FnMut(Progress) -> Go) -> Result<Go, Failure> {
        let now = crate::engine::outbox::now();
        let mut index = self.kept()?;
        index.update(self.store(), &self.imported(), &MassGen, now, watch)
    }

    /// The newest `limit` passages that meet a query (`docs/search.md` has its words), from what is
    /// indexed.
    ///
    /// # Errors
    /// A query that asks for nothing or names what does not exist; an index that cannot be read.
    pub fn search(&self, words: &str, limit: usize) -> Result<Hits, Failure> {
        self.ask(&mut self.kept()?, words, limit)
    }

    /// The index, when it is the same one the next time.
    fn kept(&self) -> Result<Index, Failure> {
        // There may be logs of MassGen and nothing of ours yet. What cannot be made is told below.
        let _ = Store::open(self.state_dir());
        let index = Index::open(self.state_dir())?;
        if index.is_kept() {
            return Ok(index);
        }
        let folder = self.state_dir().join("index");
        Err(Failure::new(
            FailureKind::Local,
            format!("No index can be kept in {}.", folder.display()),
        )
        .hint(
            "Make that folder writable for you; `massgen-tui logs search` finds words without it.",
        ))
    }

    /// Both one after the other, also where no index can be kept.
    ///
    /// # Errors
    /// As [`Self::index`] and [`Self::search`].
    pub fn search_now(
        &self,
        words: &str,
        limit: usize,
        watch: &mut dyn FnMut(Progress) -> Go,
    ) -> Result<Hits, Failure> {
        // A query that makes no sense is told before anything is read.
        self.within(&Query::parse(words)?)?;
        let now = crate::engine::outbox::now();
        let mut index = Index::open(self.state_dir())?;
        index.update(self.store(), &self.imported(), &MassGen, now, watch)?;
        self.ask(&mut index, words, limit)
    }

    fn ask(&self, index: &mut Index, words: &str, limit: usize) -> Result<Hits, Failure> {
        let query = Query::parse(words)?;
        let within = self.within(&query)?;
        index.find(self.store(), &query, &within, limit)
    }

    /// What relative words of a filter are relative to.
    #[must_use]
    pub fn ground(&self) -> Ground {
        Ground {
            now: crate::engine::outbox::now(),
            zone: TimeZone::system(),
            here: Some(project(self.here()).to_string_lossy().into_owned()),
        }
    }

    /// The sessions that a query means, by what the index knows them by.
    fn within(&self, query: &Query) -> Result<HashSet<String>, Failure> {
        if !query.sessions.is_empty() {
            let filter = Filter::parse(&query.sessions, &self.ground())
                .map_err(|wrong| Failure::new(FailureKind::Local, wrong.what).hint(wrong.hint))?;
            let entries = self.entries()?.into_iter();
            let meant = entries.filter(|entry| !entry.deleted && filter.matches(entry));
            return Ok(meant
                .map(|entry| {
                    if entry.is_ours() {
                        entry.summary.run.0
                    } else {
                        entry.log
                    }
                })
                .collect());
        }
        let ours = self.store().runs()?.into_iter().map(|run| run.0);
        let hidden = |log: &Imported| store::labels(&self.store().beside_imported(&log.run)).hidden;
        let theirs = self.imported().into_iter().filter(|log| !hidden(log));
        let theirs = theirs.map(|log| log.root.to_string_lossy().into_owned());
        Ok(ours.chain(theirs).collect())
    }
}

/// The folder of the project that `folder` is in: the nearest one with a repository, else itself.
fn project(folder: &Path) -> &Path {
    let mut above = folder.ancestors();
    let found = above.find(|folder| folder.join(".git").exists());
    found.unwrap_or(folder)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{
        config::Paths,
        protocol::{RunId, Seq},
        store::samples,
    };

    fn shelf(folder: &Path) -> Shelf {
        let paths = Paths {
            cwd: folder.join("cwd"),
            ..Paths::default()
        };
        Shelf::new(&folder.join("state"), &paths, None)
    }

    async fn session(folder: &Path, run: &str) {
        let store = Store::open(&folder.join("state")).unwrap();
        let log = store.write(RunId(run.into())).unwrap();
        for event in samples::session(run) {
            log.append(event).await;
        }
        log.close().await;
    }

    #[test]
    fn a_project_is_the_nearest_folder_with_a_repository() {
        let root = tempfile::tempdir().unwrap();
        let deep = root.path().join("project/src/deep");
        fs::create_dir_all(&deep).unwrap();
        fs::create_dir_all(root.path().join("project/.git")).unwrap();
        assert_eq!(project(&deep), root.path().join("project"));
        let alone = Path::new("/nowhere/at/all");
        assert_eq!(project(alone), alone);
    }

    fn found(shelf: &Shelf, words: &str) -> Vec<String> {
        let hits = shelf.search_now(words, 50, &mut |_| Go::On).unwrap().hits;
        let mut runs: Vec<String> = hits.into_iter().map(|hit| hit.run.0).collect();
        runs.dedup();
        runs
    }

    #[tokio::test]
    async fn sessions_of_both_kinds_are_found_and_secrets_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let ours = "20260101-000000-aaaa";
        session(folder, ours).await;
        let attempt =
            folder.join("cwd/.massgen/massgen_logs/log_20260201_000000_000001/turn_1/attempt_1");
        fs::create_dir_all(&attempt).unwrap();
        let key = "sk-proj-0123456789abcdefghijklmnopqrstuvwxyz";
        let metadata = format!("query: 'the sky with {key}'\ntimestamp: '2026-02-01T12:00:00'\n");
        fs::write(attempt.join("execution_metadata.yaml"), metadata).unwrap();
        let shelf = shelf(folder);
        let theirs = "massgen-20260201-000000-000001";
        assert_eq!(found(&shelf, "sky"), [ours, theirs]);
        assert_eq!(found(&shelf, "0123456789abc*"), Vec::<String>::new());
        assert_eq!(found(&shelf, "sky from:massgen"), [theirs]);
        assert_eq!(found(&shelf, "sky -from:massgen outcome:answered"), [ours]);
        assert!(shelf.search("sky outcome:nonsense", 5).is_err());
        let beside = shelf.store().beside_imported(&RunId(theirs.into()));
        store::edit_labels(&beside, &[crate::catalog::Edit::Hidden(true)]).unwrap();
        assert_eq!(found(&shelf, "sky"), [ours]);
        let first = shelf.search("blue in:prompt", 1).unwrap().hits.remove(0);
        assert_eq!((first.run.0.as_str(), first.seq), (ours, Some(Seq(1))));
        let now = crate::engine::outbox::now();
        shelf.store().delete(&RunId(ours.into()), now).unwrap();
        assert_eq!(found(&shelf, "sky"), Vec::<String>::new());
    }

    #[tokio::test]
    async fn without_a_place_for_the_index_it_is_made_for_once() {
        let folder = tempfile::tempdir().unwrap();
        let run = "20260101-000000-aaaa";
        session(folder.path(), run).await;
        fs::write(folder.path().join("state/index"), "in the way").unwrap();
        let shelf = shelf(folder.path());
        assert_eq!(found(&shelf, "sky"), [run]);
        // Where one call makes it and another asks it, it is told that this cannot be.
        for failure in [
            shelf.index(&mut |_| Go::On).unwrap_err(),
            shelf.search("sky", 5).unwrap_err(),
        ] {
            assert!(failure.message.contains("state/index"), "{failure}");
        }
    }
}
