//! Models that are saved: one word in the team's own file, everything else kept byte for byte.
//!
//! A file of a project is changed only while exactly its content is approved; what comes of it is then
//! approved in the same way, since it is the person's own change.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use super::{Services, local};
use crate::{
    app::{
        setup,
        trust::{Standing, sum},
    },
    config::{self, Loaded, Purpose, clean, yaml},
    protocol::Failure,
    store::approvals::How,
};

/// A file that was changed: what it was, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Swap {
    file: PathBuf,
    old: Vec<u8>,
    new: Vec<u8>,
}

/// True for the model of an agent.
pub(super) fn is_model(key: &str) -> bool {
    let agent = key.starts_with("agents[") || key.starts_with("agent.");
    // Not those of a team inside an agent.
    agent && key.ends_with("backend.model") && key.matches('.').count() == 2
}

/// Writes the model of an agent into the file of the team.
pub(super) fn save(
    services: &Services,
    file: &Path,
    key: &str,
    model: &str,
) -> Result<Swap, Failure> {
    let loaded = loaded(services, file);
    let Some(read) = loaded.files.first() else {
        let name = shown(file);
        return Err(local(format!("{name} cannot be read now.")));
    };
    let old = read.bytes.to_vec();
    let text = std::str::from_utf8(&old);
    let text = text.map_err(|_| local(format!("{} is not UTF-8.", shown(file))))?;
    let new = config::replaced(text, key, model).map_err(local)?;
    let swap = Swap {
        file: file.to_owned(),
        old,
        new: new.into_bytes(),
    };
    put(services, &swap.file, &loaded, &swap.new)?;
    Ok(swap)
}

/// Puts the old text back, as long as nobody has changed the file since.
pub(super) fn undo(services: &Services, swap: &Swap) -> Result<(), Failure> {
    let loaded = loaded(services, &swap.file);
    let now = loaded.files.first().map(|file| file.bytes.to_vec());
    if now.as_ref() != Some(&swap.new) {
        let name = shown(&swap.file);
        return Err(local(format!(
            "{name} was changed since, so it is left as it is."
        )));
    }
    put(services, &swap.file, &loaded, &swap.old)
}

fn loaded(services: &Services, file: &Path) -> Loaded {
    let lookup = |name: &str| services.environment.get(name);
    config::load_file(file, &lookup, Purpose::Check)
}

/// Replaces the file that was just read, whole or not at all.
fn put(services: &Services, file: &Path, before: &Loaded, bytes: &[u8]) -> Result<(), Failure> {
    let name = shown(file);
    let standing = services.trust.of(file, &before.files);
    if let Standing::Unapproved { .. } = standing {
        let words = format!("{name} was not approved as it is now, so nothing is written into it.");
        return Err(local(words).hint("Start again: you are asked about it."));
    }
    let written = setup::replace(file, bytes);
    written.map_err(|error| local(format!("{name} cannot be written: {error}.")))?;
    if standing == Standing::Own {
        return Ok(());
    }
    let after = sum(&loaded(services, file).files);
    if services.trust.approved(file, &sum(&before.files)) {
        services.trust.approve(file, &after, How::Approved)
    } else {
        // Allowed for this run, and no longer.
        services.trust.allow_once(file, &after);
        Ok(())
    }
}

/// The bytes of a configuration, when it can be read and is not too large for one.
pub(super) fn bytes(file: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = yaml::MAX_BYTES as u64 + 1;
    let open = std::fs::File::open(file).ok()?;
    open.take(most).read_to_end(&mut bytes).ok()?;
    (bytes.len() <= yaml::MAX_BYTES).then_some(bytes)
}

/// Its name for people.
pub(super) fn shown(file: &Path) -> String {
    clean(&file.display().to_string(), 300)
}
