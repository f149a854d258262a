//! `massgen-tui screenshot`: a screen of a stored session as a picture, without a terminal.
//!
//! The screen is the real one over the session's events up to a moment, so a picture shows what was to be
//! seen then. The same session and flags give the same bytes on every machine: a time of day is read by
//! the machine's clock unless `--utc` is given, nothing else depends on where one is.

mod moment;
mod out;

use std::{fmt::Write as _, path::PathBuf, sync::Arc};

use jiff::tz::TimeZone;
use ratatui::layout::Size;
use tokio::sync::mpsc;

use self::moment::At;
pub use self::out::Format;
use super::{
    Globals,
    launch::{self, Trouble},
    rules::RuleArgs,
};
use crate::{
    app::{
        Hub, World, compare, notes,
        shelf::{Shelf, Volume},
        stills::{self, NoShot, Shot, Wanted},
        tape::Tape,
    },
    capture::{self, Print, Tone},
    headless::words,
    protocol::RunId,
    text::clean,
    tui::{
        still::{Missing, Room, Scene},
        theme::Theme,
    },
};

/// Most columns and rows.
const LARGEST: Size = Size::new(500, 250);

/// Arguments of `screenshot`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Session id, its start or its last four letters, or a folder of MassGen; without it the latest.
    #[arg(default_value = "latest")]
    pub id: String,
    /// Other sessions, for --screen compare.
    #[arg(value_name = "OTHER")]
    pub others: Vec<String>,
    /// When: `end`, an event (120), an answer (agent1.2), a time since the beginning (+90s), a share (50%)
    /// or a time of day (14:03:22).
    #[arg(
        long,
        value_name = "MOMENT",
        default_value = "end",
        allow_hyphen_values = true
    )]
    pub at: String,
    /// Which screen: live (whatever it shows by itself), agents, answer, answers (with revisions),
    /// votes, timeline, cost, team, review, browser (all sessions), report, notes, compare (with the
    /// OTHER sessions).
    #[arg(long, value_name = "SCREEN", default_value = "live")]
    pub screen: String,
    /// The pane of one agent alone, by its name or number.
    #[arg(long, value_name = "NAME")]
    pub pane: Option<String>,
    /// Columns and rows.
    #[arg(long, value_name = "COLUMNSxROWS", default_value = "140x40")]
    pub size: String,
    /// Colours: dark, light, plain (none, on dark), paper (none, on light).
    #[arg(long, value_name = "THEME", default_value = "dark")]
    pub theme: String,
    /// Pixels of a point of a PNG, 1 to 4.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=4))]
    pub scale: u8,
    /// Where to; "-" is stdout. Without it a file in this folder, named after session and screen.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// png, svg, txt or ans; without it what the file's ending says.
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Replace a file that is there.
    #[arg(long)]
    pub force: bool,
    /// Read a time of day as UTC.
    #[arg(long)]
    pub utc: bool,
}

/// Colours of the screen and of its picture.
#[derive(Clone, Copy, Debug)]
struct Colours {
    theme: Theme,
    tone: Tone,
}

/// Runs `screenshot`; returns the exit code.
pub async fn run(globals: &Globals, args: &Args) -> u8 {
    match take(globals, args).await {
        Ok(()) => 0,
        Err(trouble) => trouble.tell(),
    }
}

async fn take(globals: &Globals, args: &Args) -> Result<(), Trouble> {
    let scene = one_of("screen", &args.screen, &Scene::ALL)?;
    let colours = colours(&args.theme)?;
    let size = size(&args.size)?;
    let at: At = args
        .at
        .parse()
        .map_err(|words| Trouble::Usage(format!("{words}.")))?;
    let format = out::format(args.output.as_deref(), args.format.as_deref())?;
    if args.pane.is_some() && !matches!(scene, Scene::Live | Scene::Agents) {
        let words = "--pane shows one agent alone; it goes with --screen live or agents.";
        return Err(Trouble::Usage(words.to_owned()));
    }
    if (scene == Scene::Room(Room::Compare)) == args.others.is_empty() {
        let words = "--screen compare takes two sessions or more, every other screen takes one.";
        return Err(Trouble::Usage(words.to_owned()));
    }
    let (services, _) = launch::services(globals, "1", &RuleArgs::default())?;
    let shelf = super::logs::shelf(&services.state_dir);
    let volume = shelf.find(&args.id)?;
    let compared = compared(&shelf, &volume, &args.others)?;
    let name = name(&volume);
    let target = out::target(args.output.as_deref(), || {
        format!("massgen-tui-{name}-{}.{}", args.screen, format.ending())
    });
    target.free(args.force)?;
    let tape = Tape::open(&shelf, &volume)?;
    let began = tape.span().map(|((_, at), _)| at);
    let wanted = Wanted {
        moment: at.of(began.unwrap_or_default(), &zone(args)),
        scene,
        compared,
        pane: args.pane.clone(),
        size,
        theme: colours.theme,
    };
    // What a screen asks is answered as in the program; nothing is started here.
    let (sender, _events) = mpsc::channel(1);
    let (hub, _closed) = Hub::spawn(Arc::clone(&services), sender);
    let world = World::new(Arc::clone(&services), hub, None);
    let shot = stills::take(tape, &world, &wanted).await;
    let shot = shot.map_err(|why| no_shot(why, &name))?;
    if let Some(damage) = &shot.damage {
        super::complain(&format!("The log of {name}: {damage}."));
    }
    let print = Print {
        tone: colours.tone,
        scale: args.scale,
    };
    target.write(&bytes(&shot, format, print)?, args.force)?;
    Ok(())
}

/// The picture in a format.
fn bytes(shot: &Shot, format: Format, print: Print) -> Result<Vec<u8>, Trouble> {
    Ok(match format {
        Format::Png => capture::png(&shot.buffer, &shot.title, print).map_err(|error| {
            Trouble::Usage(format!("{error}; choose a smaller --size or --scale."))
        })?,
        Format::Svg => capture::svg_in(&shot.buffer, &shot.title, print.tone).into_bytes(),
        Format::Txt => capture::text(&shot.buffer).into_bytes(),
        Format::Ans => capture::ansi(&shot.buffer).into_bytes(),
    })
}

/// The name of a session for people and for files.
fn name(volume: &Volume) -> String {
    match volume {
        Volume::Ours(run) => run.0.clone(),
        Volume::MassGen(root) => {
            let name = root.file_name().unwrap_or_default().to_string_lossy();
            clean::line(&name).into_owned()
        }
    }
}

/// The sessions of a comparison, the one that is looked at first.
fn compared(shelf: &Shelf, first: &Volume, others: &[String]) -> Result<Vec<RunId>, Trouble> {
    if others.is_empty() {
        return Ok(Vec::new());
    }
    let mut runs = vec![notes::run_of(first)];
    for other in others {
        let run = notes::run_of(&shelf.find(other)?);
        if runs.contains(&run) {
            return Err(Trouble::Usage(format!("{run} is named twice.")));
        }
        runs.push(run);
    }
    if runs.len() > compare::MOST {
        let most = compare::MOST;
        return Err(Trouble::Usage(format!(
            "At most {most} sessions are compared."
        )));
    }
    Ok(runs)
}

fn zone(args: &Args) -> TimeZone {
    if args.utc {
        TimeZone::UTC
    } else {
        TimeZone::system()
    }
}

/// What a word means; names all words where it means nothing.
fn one_of<T: Copy>(what: &str, word: &str, known: &[(&str, T)]) -> Result<T, Trouble> {
    let found = known.iter().find(|(name, _)| *name == word);
    found.map(|(_, meaning)| *meaning).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let names = names.join(", ");
        Trouble::Usage(format!("There is no {what} {word:?}; there are: {names}."))
    })
}

fn colours(word: &str) -> Result<Colours, Trouble> {
    let of = |theme, tone| Colours { theme, tone };
    let known = [
        ("dark", of(Theme::ansi(), Tone::Dark)),
        ("light", of(Theme::ansi(), Tone::Light)),
        ("plain", of(Theme::plain(), Tone::Dark)),
        ("paper", of(Theme::plain(), Tone::Light)),
    ];
    one_of("theme", word, &known)
}

fn size(text: &str) -> Result<Size, Trouble> {
    let parts = text.split_once(['x', 'X', '×']);
    let size = parts.and_then(|(columns, rows)| {
        Some(Size::new(
            columns.trim().parse().ok()?,
            rows.trim().parse().ok()?,
        ))
    });
    let fits = |size: &Size| {
        (1..=LARGEST.width).contains(&size.width) && (1..=LARGEST.height).contains(&size.height)
    };
    size.filter(fits).ok_or_else(|| {
        Trouble::Usage(format!(
            "{text:?} is no size; it is columns and rows, for example 140x40, at most {}x{}.",
            LARGEST.width, LARGEST.height
        ))
    })
}

/// Why there is no picture, in words.
fn no_shot(why: NoShot, name: &str) -> Trouble {
    let words = match why {
        NoShot::Failed(failure) => return failure.into(),
        NoShot::Moment { events: None, .. } => format!("The log of {name} holds no events."),
        NoShot::Moment {
            events: Some((first, last)),
            lasts,
        } => format!(
            "{name} has no such moment: it has the events {} to {} and lasts {}.",
            first.0,
            last.0,
            words::duration(lasts)
        ),
        NoShot::Missing(Missing::Team) => {
            format!("At that moment {name} has no team to show; choose a later one.")
        }
        NoShot::Missing(Missing::Folder) => {
            format!("The agents of {name} work on no folder, so there is nothing to review.")
        }
        NoShot::Missing(Missing::Others) => "There is nothing to compare it with.".to_owned(),
        NoShot::Missing(Missing::Agent(known)) => {
            let mut words = "There is no such agent at that moment; there are:".to_owned();
            for (index, name) in known.iter().enumerate() {
                let comma = if index > 0 { "," } else { "" };
                let _ = write!(words, "{comma} {name}");
            }
            words + "."
        }
    };
    Trouble::Usage(words)
}
