//! The pictures of README and docs, and the law behind them: a still is what was on the screen.
//!
//! They are stills of a session of the demo team that lies in `tests/fixtures`, so they are the same on every
//! machine. `MASSGEN_TUI_WRITE_DOCS=1 cargo test --test it pictures` makes them again.

use std::{fs, io::Cursor, path::PathBuf};

use massgen_tui::{
    capture::{self, Print},
    protocol::{Event, Timestamp},
    store,
    tui::{
        still::{Scene, Still},
        theme::Theme,
    },
};
use ratatui::layout::Size;

use super::harness::app::{self, App, World};

const SIZE: Size = Size::new(132, 34);

/// Name of the file, the last event on it, the screen.
const PICTURES: [(&str, u64, Scene); 4] = [
    ("run.svg", 140, Scene::Live),
    ("run.png", 140, Scene::Live),
    ("final.svg", u64::MAX, Scene::Live),
    ("votes.svg", u64::MAX, Scene::Votes),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn events() -> Vec<Event> {
    let path = root().join("tests/fixtures/sessions/pictures.jsonl");
    store::read(&path).unwrap().events
}

fn still(until: u64, scene: Scene, size: Size) -> Still {
    let mut still = Still::new(size, Theme::ansi());
    for event in events().into_iter().filter(|event| event.seq.0 <= until) {
        still.take(event);
    }
    still.show(scene).unwrap();
    still
}

/// Size and pixels of a PNG.
fn pixels(png: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut decoder = png::Decoder::new(Cursor::new(png));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut data = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut data).unwrap();
    (info.width, info.height, data)
}

#[test]
fn the_pictures_of_the_docs_are_what_the_program_shows() {
    let mut stale = Vec::new();
    for (name, until, scene) in PICTURES {
        let mut still = still(until, scene, SIZE);
        let title = still.title();
        let text = capture::text(still.picture());
        assert!(
            text.contains("no model"),
            "{name} does not say that it is a script"
        );
        let path = root().join("docs/images").join(name);
        let png = path.extension().is_some_and(|end| end == "png");
        let made = if png {
            capture::png(still.picture(), &title, Print::default()).unwrap()
        } else {
            capture::svg(still.picture(), &title).into_bytes()
        };
        if std::env::var_os("MASSGEN_TUI_WRITE_DOCS").is_some() {
            fs::write(&path, &made).unwrap();
        }
        let kept = fs::read(&path).unwrap_or_default();
        let same = if png {
            !kept.is_empty() && pixels(&kept) == pixels(&made)
        } else {
            kept == made
        };
        if !same {
            stale.push(name);
        }
    }
    assert!(
        stale.is_empty(),
        "{stale:?} show an older program; MASSGEN_TUI_WRITE_DOCS=1 cargo test --test it pictures"
    );
}

#[test]
fn what_the_pictures_are_for_is_on_them() {
    let text = |until, scene| capture::text(still(until, scene, SIZE).picture());
    let run = text(140, Scene::Live);
    for words in ["drafting", "voted", "dropped", "Agents"] {
        assert!(run.contains(words), "{words:?}\n{run}");
    }
    assert!(text(u64::MAX, Scene::Live).contains("Final answer"));
    assert!(text(u64::MAX, Scene::Votes).contains("agent3.2"));
}

/// The program lives through the session; then its last screen is the still of the last event, cell by cell.
#[tokio::test(start_paused = true)]
async fn the_last_screen_of_a_lived_run_is_the_still_of_its_end() {
    for (width, height) in [(40, 12), (80, 24), (140, 40)] {
        let mut app = App::start(width, height, World::default(), app::options());
        let all = events();
        for event in all.clone() {
            app.relive(event).await;
            // Long enough for a frame.
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        app.sees("answered").await;
        let lived = app.settled().await;
        let mut still = Still::new(Size::new(width, height), Theme::ansi());
        for event in all {
            still.take(event);
        }
        // Notices have passed by then.
        still.pass(Timestamp(still.now().0 + 60_000));
        let still = still.picture();
        assert_eq!(
            capture::ansi(&lived),
            capture::ansi(still),
            "{width}x{height}"
        );
        assert_eq!(&lived, still);
        app.keys("q").await;
        app.left().await;
    }
}
