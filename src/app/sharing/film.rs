//! An export as a recording: the session's screens as an asciicast. Nothing in it can be cut for size.

use std::io::{self, Write};

use crate::{
    app::casting::{Casting, Film},
    export::{self, Cut, Format, Particulars, Survey, Tape},
};

/// Writes the recording.
///
/// # Errors
/// The tape cannot be played, or the output cannot be written.
pub(super) fn write(tape: &dyn Tape, out: &mut dyn Write) -> io::Result<()> {
    let mut film = Film::new(Casting::default(), out);
    tape.play(&mut |event| film.take(event))?;
    film.end().map(|_| ())
}

/// What is cut of an export of any format so that it fits, and how large it is then.
///
/// # Errors
/// The tape cannot be played, or even the smallest file is larger than `most`.
pub(super) fn fit(
    format: Format,
    tape: &dyn Tape,
    (survey, about): (&Survey, &Particulars),
    most: Option<u64>,
) -> io::Result<(Cut, u64)> {
    if format != Format::Cast {
        return export::fit(format, tape, survey, about, most);
    }
    let mut count = Count(0);
    write(tape, &mut count)?;
    if let Some(most) = most.filter(|most| count.0 > *most) {
        let words = format!("the recording has {} bytes, {most} are allowed", count.0);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, words));
    }
    Ok((Cut::Nothing, count.0))
}

/// Counts what is written.
struct Count(u64);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
