//! Pictures of the running program's screen: where they are kept.
//!
//! `<state>/captures/` has three files of each, named by the time: PNG, SVG and text. They are private and
//! never replace another file. Blocking.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
};

use crate::{
    capture::{self, Print},
    protocol::{Failure, FailureKind},
    store,
    tui::ports::Picture,
};

/// Writes all forms of a picture and returns the path of the PNG.
///
/// # Errors
/// The folder or a file cannot be written.
pub(super) fn save(folder: &Path, picture: &Picture) -> Result<String, Failure> {
    let Picture { buffer, title } = picture;
    let name = store::new_run_id(crate::engine::outbox::now().0).0;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| trouble(folder, &error))?;
    let path = |ending: &str| folder.join(format!("{name}.{ending}"));
    let png = path("png");
    let picture = capture::png(buffer, title, Print::default());
    let picture = picture.map_err(|error| trouble(&png, &error))?;
    for (path, content) in [
        (&path("svg"), capture::svg(buffer, title).into_bytes()),
        (&path("txt"), capture::text(buffer).into_bytes()),
        // Last: whoever sees it finds the others beside it.
        (&png, picture),
    ] {
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .and_then(|mut file| file.write_all(&content))
            .map_err(|error| trouble(path, &error))?;
    }
    Ok(png.display().to_string())
}

fn trouble(path: &Path, error: &io::Error) -> Failure {
    let words = format!("{} could not be written: {error}.", path.display());
    Failure::new(FailureKind::Local, words)
}
