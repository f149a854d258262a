//! Three sides of each changed file: the base, the result over it, and what stands there now.
//!
//! "There" is the person's folder, their index or their HEAD: anything that can be asked by path
//! ([`Ours`]). Everything here is about objects; nothing is written but blobs.

use std::collections::BTreeMap;

use git2::{AttrCheckFlags, AttrValue, FileFavor, MergeFileInput, MergeFileOptions, Oid};

use super::tree::Entry;
use crate::{
    protocol::change::{ChangeSet, Decision, DriftState, FileChange, FileMode, RepoPath, Take},
    workspace::{
        Repo, Trouble,
        convert::{Conversion, Rules, Way},
        lines, names,
    },
};

/// What stands there now.
pub(super) trait Ours {
    /// The file at `path`.
    fn file(&self, path: &[u8]) -> Result<Option<Entry>, Trouble>;

    /// Where the file went that was at `path` in the base, when it has another name now.
    fn moved(&self, path: &[u8]) -> Result<Option<Vec<u8>>, Trouble>;
}

/// The name of the person's side in conflict markers.
pub(super) const YOURS: &str = "yours";

/// One file of the result, met with what stands there.
#[derive(Debug)]
pub(super) struct Met {
    /// The file as the result names it.
    pub(super) path: Vec<u8>,
    /// Whether both sides changed it, and whether that fits.
    pub(super) drift: Option<DriftState>,
    /// What has to be written: paths and what they hold then.
    pub(super) puts: BTreeMap<Vec<u8>, Option<Entry>>,
    /// It has conflict markers.
    pub(super) marked: bool,
    /// The person has to decide first.
    pub(super) undecided: bool,
    /// Base, ours and theirs, for an index that tells of the conflict.
    pub(super) sides: [Option<Entry>; 3],
}

/// What a merge needs to know besides its three sides.
pub(super) struct Merging<'a> {
    /// Where the objects are.
    pub(super) repo: &'a Repo,
    /// What there is to bring, from the base to the result.
    pub(super) changes: &'a ChangeSet,
    /// What the person decided.
    pub(super) decisions: &'a [Decision],
    /// Whose a file is, for conflict markers.
    pub(super) label: &'a dyn Fn(&RepoPath) -> String,
}

impl Merging<'_> {
    /// Every changed file, met with `ours`.
    pub(super) fn all(&self, ours: &dyn Ours) -> Result<Vec<Met>, Trouble> {
        let rules = Rules::of(self.repo.git());
        self.changes
            .files
            .iter()
            .map(|file| self.one(&rules, file, ours))
            .collect()
    }

    fn one(&self, rules: &Rules, file: &FileChange, ours: &dyn Ours) -> Result<Met, Trouble> {
        let path = file.path.as_bytes();
        let from = file.was.as_ref().map_or(path, RepoPath::as_bytes);
        let base = file.old.as_ref().map(Entry::of).transpose()?;
        let theirs = file.new.as_ref().map(Entry::of).transpose()?;
        let mut met = Met {
            path: path.to_vec(),
            drift: None,
            puts: BTreeMap::new(),
            marked: false,
            undecided: false,
            sides: [base, None, theirs],
        };
        // Where the person has it now: at its old place, or at the place they or the result moved it.
        let mut at = from.to_vec();
        let mut now = ours.file(&at)?;
        if now.is_none() && base.is_some() {
            if from != path && ours.file(path)?.is_some() {
                at = path.to_vec();
                now = ours.file(path)?;
            } else if let Some(moved) = ours.moved(&at)? {
                now = ours.file(&moved)?;
                at = moved;
            }
        }
        met.sides[1] = now;
        let place = Place {
            from,
            to: path,
            at: &at,
        };
        let theirs_wins = || place.put(theirs);
        let renamed = from != path;
        let blocked = renamed && at != path && ours.file(path)?.is_some();
        let decision = self.decisions.iter().find(|one| one.path == file.path);
        let take = decision.map(|one| one.take);
        let fate = if blocked || (renamed && at != from && at != path) {
            // The new name is taken, or both sides gave it a name of their own.
            Fate::Choice
        } else if now == base && at == from {
            Fate::Clean
        } else if now == theirs && (at == path || theirs.is_none()) {
            Fate::Same
        } else {
            self.fit(rules, &place, base, now, theirs)?
        };
        match fate {
            Fate::Clean => met.puts = theirs_wins(),
            Fate::Same => met.drift = Some(DriftState::Same),
            Fate::Merged(entry) => {
                met.drift = Some(DriftState::Merged);
                match take {
                    Some(Take::Mine) => {}
                    Some(Take::Theirs) => met.puts = theirs_wins(),
                    Some(Take::Both) | None => met.puts = place.put(Some(entry)),
                }
            }
            Fate::Conflict(entry) => {
                met.drift = Some(DriftState::Conflict);
                match take {
                    Some(Take::Mine) => {}
                    Some(Take::Theirs) => met.puts = theirs_wins(),
                    Some(Take::Both) | None => {
                        met.puts = place.put(Some(entry));
                        met.marked = true;
                    }
                }
            }
            Fate::Choice => {
                met.drift = Some(DriftState::Choice);
                match take {
                    Some(Take::Mine) => {}
                    Some(Take::Theirs) => met.puts = theirs_wins(),
                    Some(Take::Both) | None => met.undecided = true,
                }
            }
        }
        Ok(met)
    }

    /// What two different changes of one file come to.
    fn fit(
        &self,
        rules: &Rules,
        place: &Place<'_>,
        base: Option<Entry>,
        now: Option<Entry>,
        theirs: Option<Entry>,
    ) -> Result<Fate, Trouble> {
        let (Some(now), Some(theirs)) = (now, theirs) else {
            return Ok(Fate::Choice);
        };
        let Some(mode) = mode(base.map(|entry| entry.mode), now.mode, theirs.mode) else {
            return Ok(Fate::Choice);
        };
        let old = base.map(|entry| entry.blob);
        let settled = if old == Some(now.blob) || now.blob == theirs.blob {
            Some(theirs.blob)
        } else if old == Some(theirs.blob) {
            Some(now.blob)
        } else {
            None
        };
        if let Some(blob) = settled {
            return Ok(Fate::Merged(Entry { mode, blob }));
        }
        if !plain(now.mode) || !plain(theirs.mode) || base.is_some_and(|entry| !plain(entry.mode)) {
            return Ok(Fate::Choice);
        }
        let favor = match self.manner(rules, place.to) {
            Manner::Whole => return Ok(Fate::Choice),
            Manner::Lines => FileFavor::Normal,
            Manner::Union => FileFavor::Union,
        };
        let read = |blob: Option<Oid>| match blob {
            Some(blob) => self.repo.blob(&names::object(blob)),
            None => Ok(Vec::new()),
        };
        let (old, ours, new) = (read(old)?, read(Some(now.blob))?, read(Some(theirs.blob))?);
        if [&old, &ours, &new]
            .into_iter()
            .any(|text| lines::is_binary(text))
        {
            return Ok(Fate::Choice);
        }
        let label = (self.label)(&RepoPath::new(place.to.to_vec()));
        let (text, fits) = three(&old, &ours, &new, &label, favor)
            .map_err(|error| self.repo.trouble("cannot merge a file", &error))?;
        let blob = self
            .repo
            .git()
            .blob(&text)
            .map_err(|error| self.repo.trouble("cannot keep a file's content", &error))?;
        let entry = Entry { mode, blob };
        Ok(if fits {
            Fate::Merged(entry)
        } else {
            Fate::Conflict(entry)
        })
    }

    /// How a file is merged: what its attributes say, and never line by line when its stored content
    /// is not what the person sees (Git LFS).
    fn manner(&self, rules: &Rules, path: &[u8]) -> Manner {
        let git = self.repo.git();
        if rules.of_path(git, path, Way::In) == Conversion::Filter {
            return Manner::Whole;
        }
        let flags = AttrCheckFlags::FILE_THEN_INDEX;
        let value = git.get_attr_bytes(names::path(path), "merge", flags);
        match value.map(AttrValue::always_bytes) {
            Ok(AttrValue::False | AttrValue::Bytes(b"binary")) => Manner::Whole,
            Ok(AttrValue::Bytes(b"union")) => Manner::Union,
            _ => Manner::Lines,
        }
    }
}

/// Merges three texts; true when they fit without markers.
pub(super) fn three(
    base: &[u8],
    ours: &[u8],
    theirs: &[u8],
    label: &str,
    favor: FileFavor,
) -> Result<(Vec<u8>, bool), git2::Error> {
    let input = |text| {
        let mut input = MergeFileInput::new();
        input.content(text);
        input
    };
    let (base, ours, theirs) = (input(base), input(ours), input(theirs));
    let mut options = MergeFileOptions::new();
    options
        .our_label(YOURS)
        .their_label(label)
        .style_standard(true)
        .favor(favor);
    let merged = git2::merge_file(&base, &ours, &theirs, Some(&mut options))?;
    Ok((merged.content().to_vec(), merged.is_automergeable()))
}

/// The three names of a file that may have moved.
struct Place<'a> {
    /// In the base.
    from: &'a [u8],
    /// In the result.
    to: &'a [u8],
    /// Now.
    at: &'a [u8],
}

impl Place<'_> {
    /// The file holds `entry` then, under the result's name, or under the person's when only they
    /// gave it another.
    fn put(&self, entry: Option<Entry>) -> BTreeMap<Vec<u8>, Option<Entry>> {
        let to = if self.from == self.to {
            self.at
        } else {
            self.to
        };
        let mut puts = BTreeMap::new();
        if self.at != to {
            puts.insert(self.at.to_vec(), None);
        }
        puts.insert(to.to_vec(), entry);
        puts
    }
}

enum Fate {
    /// Only the result changed it.
    Clean,
    /// Both changed it in the same way.
    Same,
    /// Both changes fit.
    Merged(Entry),
    /// They do not; this has markers.
    Conflict(Entry),
    /// One side has to be chosen.
    Choice,
}

#[derive(Clone, Copy)]
enum Manner {
    Lines,
    Union,
    Whole,
}

fn plain(mode: FileMode) -> bool {
    matches!(mode, FileMode::File | FileMode::Executable)
}

/// The kind of file that two changes come to; `None` when they contradict.
fn mode(base: Option<FileMode>, ours: FileMode, theirs: FileMode) -> Option<FileMode> {
    if ours == theirs || base == Some(theirs) {
        Some(ours)
    } else if base == Some(ours) {
        Some(theirs)
    } else {
        None
    }
}
