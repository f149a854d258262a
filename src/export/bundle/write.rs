//! Writes a bundle: once over everything for the sums, once more for the bytes.

use std::io::{self, Write};

use flate2::{Compression, GzBuilder, write::GzEncoder};

use super::{LOG, MANIFEST, MARK, Manifest, Part, VERSION, is_name};
use crate::{
    export::{Cut, Format, LeftOut, Particulars, Sha256, Survey, Tape, hex},
    protocol::RunId,
};

/// Bytes of a block of an archive.
const BLOCK: usize = 512;

/// Writes a bundle.
///
/// # Errors
/// The tape cannot be played or tells something else each time, or the output cannot be written.
pub(in crate::export) fn write(
    tape: &dyn Tape,
    survey: &Survey,
    about: &Particulars,
    cut: Cut,
    out: &mut dyn Write,
) -> io::Result<()> {
    let run = about.run.clone().unwrap_or_else(|| RunId("session".into()));
    let mut left_out = about.left_out.clone();
    left_out.extend(cut.left_out(Format::Bundle, survey, about));
    let mut parts = Vec::new();
    let mut sum = Sum::default();
    log(tape, about, &run, &mut sum)?;
    parts.push(sum.part(LOG));
    let attachments = if cut < Cut::Files {
        about.attachments.as_slice()
    } else {
        &[]
    };
    let (kept, odd): (Vec<_>, Vec<_>) = attachments.iter().partition(|one| is_name(&one.name));
    for one in odd {
        left_out.push(LeftOut::new(
            &one.title,
            "its name cannot stand in a bundle",
        ));
    }
    for one in &kept {
        let mut sum = Sum::default();
        sum.write_all(one.text.as_bytes())?;
        parts.push(sum.part(&one.name));
    }
    let manifest = Manifest {
        massgen_tui: MARK.to_owned(),
        version: VERSION,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        run: run.clone(),
        by: about.by.clone(),
        at_ms: about.by.as_ref().and(about.at).map(|at| at.0),
        masked: about.masked.clone(),
        left_out,
        parts,
    };
    let text = serde_json::to_vec_pretty(&manifest)?;
    let mut archive: GzEncoder<&mut dyn Write> =
        GzBuilder::new().mtime(0).write(out, Compression::default());
    header(&mut archive, MANIFEST, text.len() as u64)?;
    archive.write_all(&text)?;
    pad(&mut archive, text.len() as u64)?;
    for part in &manifest.parts {
        header(&mut archive, &part.name, part.bytes)?;
        let mut bytes = Exactly {
            out: &mut archive,
            left: part.bytes,
        };
        match kept.iter().find(|one| one.name == part.name) {
            Some(one) => bytes.write_all(one.text.as_bytes())?,
            None => log(tape, about, &run, &mut bytes)?,
        }
        if bytes.left > 0 {
            return Err(changed());
        }
        pad(&mut archive, part.bytes)?;
    }
    archive.write_all(&[0; 2 * BLOCK])?;
    archive.finish()?.flush()
}

/// The log as it stands on disk: a header line, one line per event.
fn log(tape: &dyn Tape, about: &Particulars, run: &RunId, out: &mut dyn Write) -> io::Result<()> {
    let header = serde_json::json!({
        "massgen_tui": "session", "schema": about.schema, "version": about.version, "run": run,
    });
    writeln!(out, "{header}")?;
    tape.play(&mut |event| {
        serde_json::to_writer(&mut *out, &event)?;
        out.write_all(b"\n")
    })
}

fn header(out: &mut dyn Write, name: &str, bytes: u64) -> io::Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_path(name)?;
    header.set_size(bytes);
    header.set_mode(0o600);
    header.set_mtime(0);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    out.write_all(header.as_bytes())
}

fn pad(out: &mut dyn Write, bytes: u64) -> io::Result<()> {
    let over = (bytes % BLOCK as u64) as usize;
    if over > 0 {
        out.write_all(&vec![0; BLOCK - over])?;
    }
    Ok(())
}

fn changed() -> io::Error {
    io::Error::other("the session changed while it was written")
}

/// Counts and sums what is written.
#[derive(Default)]
struct Sum {
    bytes: u64,
    sum: Sha256,
}

impl Sum {
    fn part(self, name: &str) -> Part {
        Part {
            name: name.to_owned(),
            bytes: self.bytes,
            sha256: hex(&self.sum.finish()),
        }
    }
}

impl Write for Sum {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += bytes.len() as u64;
        self.sum.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Lets as many bytes through as were promised.
struct Exactly<'a> {
    out: &'a mut dyn Write,
    left: u64,
}

impl Write for Exactly<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.left = self
            .left
            .checked_sub(bytes.len() as u64)
            .ok_or_else(changed)?;
        self.out.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
