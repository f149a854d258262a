//! What gives way when a file may not be larger than so much: the least missed first, and told.

use std::io::{self, Write};

use super::{Format, LeftOut, Particulars, Survey, Tape};
use crate::headless::words;

/// How much is cut; each holds all before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cut {
    /// Nothing.
    #[default]
    Nothing,
    /// The replay.
    Replay,
    /// The streamed text of a JSON file, and what is long in arguments and outputs of tools.
    Streams,
    /// Arguments and outputs of tools altogether.
    Outputs,
    /// Files and diffs.
    Files,
}

impl Cut {
    /// From nothing to most.
    const ALL: [Self; 5] = [
        Self::Nothing,
        Self::Replay,
        Self::Streams,
        Self::Outputs,
        Self::Files,
    ];

    /// What is not in a file that was cut so.
    #[must_use]
    pub fn left_out(self, format: Format, survey: &Survey, about: &Particulars) -> Vec<LeftOut> {
        let why = "the file would be larger than --max-size allows";
        let mut all = Vec::new();
        let page = matches!(format, Format::Html | Format::Md | Format::Json);
        if matches!(format, Format::Html | Format::Md) && survey.nested > 0 {
            let calls = words::counted(survey.nested_calls, "tool call");
            let what = format!("what teams inside the team did ({calls})");
            all.push(LeftOut::new(what, "json and bundles have it"));
        }
        let mut gone = |what: &str| all.push(LeftOut::new(what, why));
        if format == Format::Html && self >= Self::Replay {
            gone("the replay");
        }
        if format == Format::Json && self >= Self::Streams && survey.streamed > 0 {
            gone("streamed text of the agents");
        }
        if page && survey.tools > 0 {
            match self {
                Self::Streams => gone("the rest of long arguments and outputs of tools"),
                Self::Outputs | Self::Files => gone("arguments and outputs of tools"),
                Self::Nothing | Self::Replay => {}
            }
        }
        if self >= Self::Files && !about.attachments.is_empty() {
            gone(&format!("{} files and diffs", about.attachments.len()));
        }
        all
    }
}

/// The least cut with which a file is not larger than `most`, and how large it is then. Without a limit
/// nothing is cut.
///
/// # Errors
/// The tape cannot be played, or even the smallest file is too large: then the error says how large.
pub fn fit(
    format: Format,
    tape: &dyn Tape,
    survey: &Survey,
    about: &Particulars,
    most: Option<u64>,
) -> io::Result<(Cut, u64)> {
    let mut smallest = 0;
    for cut in Cut::ALL {
        let mut count = Count(0);
        super::write(format, tape, survey, about, cut, &mut count)?;
        if most.is_none_or(|most| count.0 <= most) {
            return Ok((cut, count.0));
        }
        smallest = count.0;
    }
    Err(io::Error::new(
        io::ErrorKind::FileTooLarge,
        format!("even without everything that can be left out it has {smallest} bytes"),
    ))
}

/// Counts bytes.
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
