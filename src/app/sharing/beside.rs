//! What goes along with the events: labels, notes and analyses beside the log, what agents changed in files.
//!
//! Everything is bounded, and what is over a bound is told. Links are not followed. Of a session of ours
//! every changed tree is a patch; of a log of MassGen the text files of the final workspaces go along.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{Watch, Workspace, veil::Veil};
use crate::{
    app::shelf::{Shelf, Volume},
    export::{Attachment, AttachmentKind, LeftOut, Survey},
    protocol::{Label, RunId, change::Snapshot},
    store::NOTES_FILE,
    workspace::{Manifest, Repo, apply},
};

/// Largest file that goes along.
const LARGEST: u64 = 4 * 1024 * 1024;
/// Most bytes of all of them.
const ALL: u64 = 64 * 1024 * 1024;
/// Most files of a workspace.
const FILES: usize = 500;

/// What was found, and what was not taken.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) attachments: Vec<Attachment>,
    pub(super) left_out: Vec<LeftOut>,
    bytes: u64,
}

impl Found {
    fn leave(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.left_out.push(LeftOut::new(what, why));
    }

    /// Whether the same file of the same workspace goes along already.
    fn holds(&self, title: &str, text: &str) -> bool {
        let inside = |title: &str| title.split_once("final/").map(|(_, rest)| rest.to_owned());
        let own = inside(title);
        let mut all = self.attachments.iter();
        all.any(|one| inside(&one.title) == own && one.text == text)
    }

    /// Takes a text along, when there is room.
    fn take(&mut self, name: String, title: String, text: String, kind: AttachmentKind) {
        let bytes = text.len() as u64;
        if bytes > LARGEST {
            return self.leave(title, "it is larger than 4 MB");
        }
        if self.bytes + bytes > ALL {
            return self.leave(title, "files and diffs have more than 64 MB together");
        }
        self.bytes += bytes;
        self.attachments.push(Attachment {
            name,
            title,
            text,
            kind,
        });
    }
}

/// Gathers what goes along; less, when it is stopped.
pub(super) fn gather(
    shelf: &Shelf,
    volume: &Volume,
    state: &Path,
    survey: &Survey,
    (workspace, watch): (Workspace, &Watch),
) -> Found {
    let mut found = Found::default();
    records(&shelf.beside(volume), &mut found);
    if workspace == Workspace::Without {
        found.leave("files and diffs of the agents", "--no-workspace");
        return found;
    }
    match volume {
        Volume::Ours(run) => {
            let wanted = wanted(survey);
            let several = survey.turns.len() > 1;
            let beside = shelf.beside(volume);
            patches(state, run, &beside, (wanted, several), watch, &mut found);
        }
        Volume::MassGen(root) => files(root, watch, &mut found),
    }
    found
}

/// The text of an attachment as it may leave. In a record of ours only the words are masked, so that it
/// stays one.
pub(super) fn covered(one: &Attachment, veil: &Veil) -> String {
    if one.kind != AttachmentKind::Record {
        return veil.cover(one.text.clone(), 0);
    }
    let line = |text: &str| match serde_json::from_str::<Value>(text) {
        Ok(mut value) => {
            cover(&mut value, veil);
            value.to_string()
        }
        Err(_) => veil.cover(text.to_owned(), 0),
    };
    if ends(&one.name, "jsonl") {
        let lines = one.text.lines().map(|text| line(text) + "\n");
        lines.collect()
    } else {
        line(&one.text)
    }
}

fn cover(value: &mut Value, veil: &Veil) {
    match value {
        Value::String(text) => *text = veil.cover(std::mem::take(text), 0),
        Value::Array(all) => all.iter_mut().for_each(|value| cover(value, veil)),
        Value::Object(all) => all.values_mut().for_each(|value| cover(value, veil)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Labels, notes, analyses.
fn records(folder: &Path, found: &mut Found) {
    let mut names = vec!["labels.json".to_owned(), NOTES_FILE.to_owned()];
    let analyses = fs::read_dir(folder.join("analysis")).into_iter().flatten();
    let mut numbered: Vec<String> = analyses
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| ends(name, "json"))
        .map(|name| format!("analysis/{name}"))
        .collect();
    numbered.sort_unstable();
    names.extend(numbered);
    for name in names {
        match text(&folder.join(&name)) {
            Ok(Some(text)) => found.take(name.clone(), name, text, AttachmentKind::Record),
            Ok(None) => {}
            Err(why) => found.leave(name, why),
        }
    }
}

/// Whether a file has this ending.
fn ends(name: &str, ending: &str) -> bool {
    Path::new(name).extension().is_some_and(|end| end == ending)
}

/// A text file; `None` when there is none.
fn text(path: &Path) -> Result<Option<String>, String> {
    let Ok(about) = fs::symlink_metadata(path) else {
        return Ok(None);
    };
    if !about.is_file() {
        return Err("it is a link or no file".to_owned());
    }
    if about.len() > LARGEST {
        return Err("it is larger than 4 MB".to_owned());
    }
    let mut bytes = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes));
    read.map_err(|error| format!("it cannot be read ({error})"))?;
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|_| "it is no text".to_owned())
}

/// What answers changed.
fn wanted(survey: &Survey) -> Vec<(Label, Snapshot)> {
    let mut wanted = Vec::new();
    for turn in survey.state.turns() {
        for published in &turn.answers {
            let answer = &published.answer;
            let all = answer.changes.iter().filter(|files| files.files > 0);
            wanted.extend(all.map(|files| (answer.label, files.clone())));
        }
    }
    wanted
}

/// The patch of each change; of `several` turns labels come twice.
fn patches(
    state: &Path,
    run: &RunId,
    beside: &Path,
    (wanted, several): (Vec<(Label, Snapshot)>, bool),
    watch: &Watch,
    found: &mut Found,
) {
    if wanted.is_empty() {
        return;
    }
    let manifest = Manifest::read(state, run);
    for (place, (label, files)) in wanted.into_iter().enumerate() {
        if watch.is_stopped() {
            return;
        }
        let context = files.context.0;
        let name = format!(
            "patches/{label}-{context}{}.patch",
            if several {
                format!("-{place}")
            } else {
                String::new()
            }
        );
        let title = format!(
            "{label}: {} files, +{} −{}",
            files.files, files.added, files.removed
        );
        // A session that came as a bundle has its patches beside it.
        if let Ok(Some(text)) = text(&beside.join(&name)) {
            found.take(name, title, text, AttachmentKind::Patch);
            continue;
        }
        let made = manifest
            .as_ref()
            .map_err(ToString::to_string)
            .and_then(|manifest| {
                let base = manifest
                    .place(files.context)
                    .map_err(|trouble| trouble.to_string())?;
                let repo = Repo::open_kept(manifest, files.context)
                    .map_err(|trouble| trouble.to_string())?;
                apply::patch(&repo, &base.place.tree, &files.tree)
                    .map_err(|trouble| trouble.to_string())
            });
        match made {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                found.take(name, title, text, AttachmentKind::Patch);
            }
            Err(why) => found.leave(format!("what {label} changed in files"), why),
        }
    }
}

/// The text files of the final workspaces of a log of MassGen.
fn files(root: &Path, watch: &Watch, found: &mut Found) {
    let mut folders = vec![(root.to_owned(), 0)];
    let mut all: Vec<PathBuf> = Vec::new();
    while let Some((folder, depth)) = folders.pop() {
        let mut entries: Vec<_> = fs::read_dir(&folder)
            .into_iter()
            .flatten()
            .flatten()
            .collect();
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            let path = entry.path();
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            if kind.is_dir() && !hidden && depth < 12 {
                folders.push((path, depth + 1));
            } else if kind.is_file() && !hidden && is_final(root, &path) {
                all.push(path);
            }
        }
    }
    all.sort();
    if all.len() > FILES {
        found.leave(
            format!("{} files of workspaces", all.len() - FILES),
            format!("at most {FILES} go along"),
        );
        all.truncate(FILES);
    }
    for (place, path) in all.iter().enumerate() {
        if watch.is_stopped() {
            return;
        }
        let title = path
            .strip_prefix(root)
            .unwrap_or(path)
            .display()
            .to_string();
        let end: String = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
            .take(60)
            .collect();
        match text(path) {
            // MassGen keeps the same files in the folder of the attempt and in that of the turn.
            Ok(Some(text)) if found.holds(&title, &text) => {}
            Ok(Some(text)) => {
                found.take(
                    format!("files/{place}-{end}"),
                    title,
                    text,
                    AttachmentKind::File,
                );
            }
            Ok(None) => {}
            Err(why) => found.leave(title, why),
        }
    }
}

/// Whether a file is one that agents left at the end: `…/final/<agent>/workspace/…`.
fn is_final(root: &Path, path: &Path) -> bool {
    let inside = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = inside
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts
        .windows(3)
        .any(|three| matches!(three, [first, _, third] if first == "final" && third == "workspace"))
}
