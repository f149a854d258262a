//! Takes in a bundle of somebody else: everything is checked aside before it stands among the sessions.
//!
//! A session that came so is marked by `shared.json` beside its log: it is looked at like any other and
//! never written on. The same bundle twice is no trouble; another session of the same name is not replaced.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, BufReader, BufWriter, Read as _, Write},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use crate::{
    export::{
        Sha256,
        bundle::{self, LOG, Limits, Manifest, Part},
        hex,
    },
    protocol::{Failure, FailureKind, RunId},
    store::{Reader, SHARED_FILE, Store},
};

/// A session that was taken in.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Its name.
    pub run: RunId,
    /// Whether it was here before.
    pub known: bool,
    /// What its bundle says.
    pub manifest: Manifest,
}

/// Whether a path is a bundle rather than the name of a session: a file that begins as one.
#[must_use]
pub fn is_bundle(name: &str) -> bool {
    let path = Path::new(name);
    let mut start = [0; 2];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    let named = path.extension().is_some_and(|end| end == "mgt");
    path.is_file() && (named || read.is_ok() && start == [0x1f, 0x8b])
}

/// Takes a bundle in.
///
/// # Errors
/// It cannot be read, is refused, or another session of that name is here.
pub fn import(state: &Path, file: &Path) -> Result<Imported, Failure> {
    take(&Store::open(state)?, &unpacked(state, file)?)
}

/// A bundle that was checked and lies aside, until this is dropped.
#[derive(Debug)]
pub struct Unpacked {
    /// The folder with its parts.
    pub folder: PathBuf,
    manifest: Manifest,
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        // Gone already when it was taken in; else it is private, and harms nobody.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Unpacks a bundle aside, and checks everything.
///
/// # Errors
/// It cannot be read, or is refused.
pub fn unpacked(state: &Path, file: &Path) -> Result<Unpacked, Failure> {
    let store = Store::open(state)?;
    let opened = File::open(file).map_err(|error| {
        local(format!("{} cannot be opened: {error}.", file.display())).hint("Check the path.")
    })?;
    let aside = store
        .folder()
        .join(format!(".import-{:08x}", fastrand::u32(..)));
    DirBuilder::new()
        .mode(0o700)
        .create(&aside)
        .map_err(|error| trouble("A folder for it cannot be made", &error))?;
    let unpacked = bundle::unpack(
        &mut BufReader::new(opened),
        Limits::default(),
        &mut |part| place(&aside, part),
    );
    let manifest = unpacked.map_err(|refusal| {
        let _ = fs::remove_dir_all(&aside);
        match refusal {
            bundle::Refusal::Newer(..) => {
                local(format!("{} is not opened. {refusal}.", file.display()))
                    .hint("Update massgen-tui to open it.")
            }
            refusal => refused(file, &refusal.to_string()),
        }
    })?;
    let unpacked = Unpacked {
        folder: aside,
        manifest,
    };
    // The log has to be one, and the one that it is said to be.
    let mut reader = Reader::open(&unpacked.folder.join(LOG))?;
    while reader.next()?.is_some() {}
    let said = &unpacked.manifest.run;
    if reader.header().run != *said || !Store::names(said) {
        return Err(refused(file, "Its log is of another session than it says"));
    }
    Ok(unpacked)
}

fn refused(file: &Path, words: &str) -> Failure {
    local(format!("{} is not opened. {words}.", file.display()))
        .hint("Ask whoever gave it to you for another one; nothing of it was kept.")
}

fn take(store: &Store, unpacked: &Unpacked) -> Result<Imported, Failure> {
    let manifest = unpacked.manifest.clone();
    let aside = unpacked.folder.as_path();
    let run = manifest.run.clone();
    let home = store.folder().join(&run.0);
    if fs::symlink_metadata(&home).is_ok() {
        let same = sum(&home.join(LOG)).ok().zip(sum(&aside.join(LOG)).ok());
        return match same {
            Some((here, there)) if here == there => Ok(Imported {
                run,
                known: true,
                manifest,
            }),
            _ => Err(local(format!(
                "Another session {run} is here already, with another log."
            ))
            .hint("Rename or delete it first (`massgen-tui logs delete`); nothing was replaced.")),
        };
    }
    let mark = serde_json::to_vec_pretty(&manifest)
        .map_err(io::Error::from)
        .and_then(|text| private(&aside.join(SHARED_FILE))?.write_all(&text))
        .and_then(|()| fs::rename(aside, &home));
    mark.map_err(|error| trouble("It cannot be put among the sessions", &error))?;
    Ok(Imported {
        run,
        known: false,
        manifest,
    })
}

/// A new private file for a part; its name was checked.
fn place(aside: &Path, part: &Part) -> io::Result<Box<dyn Write>> {
    let path: PathBuf = aside.join(&part.name);
    if let Some(folder) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    Ok(Box::new(BufWriter::new(private(&path)?)))
}

/// A new file that only its owner reads.
fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// The SHA-256 of a file, in hexadecimal digits.
///
/// # Errors
/// It cannot be read.
pub fn sum(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut sum = Sha256::default();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(hex(&sum.finish()));
        }
        sum.update(buffer.get(..count).unwrap_or_default());
    }
}

fn local(message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Local, message)
}

fn trouble(what: &str, error: &io::Error) -> Failure {
    local(format!("{what}: {error}."))
        .hint("Check the state folder (`massgen-tui doctor` names it).")
}
