//! The program as a person meets it: real loop, keys in, screens out, a world that answers.

use std::time::Duration;

use crossterm::event::{Event as Terminal, KeyCode};
use massgen_tui::{
    protocol::{
        AgentCard, AgentEvent, AgentId, Answer, Channel, Command, EventKind, Failure, FailureKind,
        Label, Limits, Origin, Outcome, OutcomeEnd, Rules, RunEvent, RunId, TurnStart,
    },
    tui::{
        ExitReason,
        effect::{Here, Launch, TeamChoice},
    },
};

use crate::harness::app::{App, Asked, World, options};

fn started() -> EventKind {
    EventKind::Run(RunEvent::Started(Box::new(TurnStart {
        run: RunId("20261121-101530-k3f9".to_owned()),
        turn: 1,
        prompt: "Why is the sky blue?".to_owned(),
        team: [(1, "ada"), (2, "bob")]
            .into_iter()
            .map(|(number, name)| AgentCard {
                id: AgentId(number),
                name: name.to_owned(),
                model: "scripted".to_owned(),
                backend: "demo".to_owned(),
            })
            .collect(),
        limits: Limits::default(),
        rules: Rules::default(),
        origin: Origin::Demo {
            scenario: "quick".to_owned(),
        },
        version: "0.0.0".to_owned(),
        cwd: "/home/someone".to_owned(),
        places: Vec::new(),
        resumed: None,
        stage: None,
    })))
}

fn says(agent: u16, text: &str) -> EventKind {
    EventKind::Agent {
        id: AgentId(agent),
        event: AgentEvent::Delta {
            channel: Channel::Text,
            text: text.to_owned(),
        },
    }
}

fn ended() -> EventKind {
    EventKind::Run(RunEvent::Ended(Outcome::Answered {
        changes: Vec::new(),
        winner: Label::new(AgentId(1), 1),
        text: "Because of scattering.".to_owned(),
        presenter: None,
        end: OutcomeEnd::Stopped,
    }))
}

fn is_command(asked: &Asked, wanted: &Command) -> bool {
    matches!(asked, Asked::Command(command) if command == wanted)
}

#[tokio::test(start_paused = true)]
async fn a_task_is_typed_run_watched_and_left() {
    let mut app = App::start(100, 30, World::default(), options());
    app.sees("looking for local servers").await;
    app.sees("no local model server found").await;
    app.write("Why is the sky blue?").await;
    app.press(KeyCode::Enter).await;
    let asked = app.asks(|asked| matches!(asked, Asked::Launch(_))).await;
    assert_eq!(
        asked,
        [Asked::Launch(Launch {
            team: TeamChoice::Demo {
                scenario: "quick".to_owned()
            },
            prompt: "Why is the sky blue?".to_owned(),
            folder: Here::AsSaid,
        })]
    );

    app.hear(started()).await;
    app.hear(says(1, "Light scatters in the air.")).await;
    let screen = app.sees("Light scatters in the air.").await;
    assert!(screen.contains("no model"), "{screen}");
    assert!(app.title().contains("Why is the sky blue?"));

    app.press(KeyCode::Char('q')).await;
    app.sees("Leave?").await;
    app.press(KeyCode::Enter).await;
    app.asks(|asked| is_command(asked, &Command::Stop)).await;
    app.hear(EventKind::Agent {
        id: AgentId(1),
        event: AgentEvent::Published(Answer {
            label: Label::new(AgentId(1), 1),
            text: "Because of scattering.".to_owned(),
            auto: false,
            changes: Vec::new(),
        }),
    })
    .await;
    app.hear(ended()).await;
    let summary = app.left().await;
    assert_eq!(
        summary.final_answer.as_deref(),
        Some("Because of scattering.")
    );
    assert_eq!(
        summary.session,
        Some(RunId("20261121-101530-k3f9".to_owned()))
    );
    assert_eq!(summary.reason, ExitReason::Person);
    assert!(summary.demo && !summary.stored);
}

#[tokio::test(start_paused = true)]
async fn an_idle_screen_paints_nothing_and_wakes_for_nothing() {
    let mut app = App::start(80, 24, World::default(), options());
    app.sees("no local model server found").await;
    // The beat that was under way when the search ended.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let before = app.frames();
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!(app.frames(), before);
    app.press(KeyCode::Char('x')).await;
    app.sees("│ x").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(app.frames(), before + 1, "one key, one frame");
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_events_is_painted_in_few_frames() {
    let mut app = App::start(120, 40, World::default(), options());
    app.hear(started()).await;
    app.sees("ada").await;
    let before = app.frames();
    for number in 0..2_000 {
        app.hear(says(1 + number % 2, &format!("word{number} ")))
            .await;
    }
    app.sees("word1999").await;
    let painted = app.frames() - before;
    assert!(painted < 40, "{painted} frames");
}

#[tokio::test(start_paused = true)]
async fn hostile_text_reaches_the_screen_without_its_sting() {
    let mut app = App::start(100, 30, World::default(), options());
    app.hear(started()).await;
    app.hear(says(1, "before \u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}after"))
        .await;
    let screen = app.sees("after").await;
    assert!(
        screen.chars().all(|c| c == '\n' || !c.is_control()),
        "{screen:?}"
    );
    assert!(!screen.contains('\u{202e}'));
    assert!(!app.title().contains("owned"));
}

#[tokio::test(start_paused = true)]
async fn a_failed_launch_is_told_on_the_start_screen() {
    let refuses = Failure::new(FailureKind::Auth, "The server said 401.").hint("Set a key.");
    let mut app = App::start(80, 24, World::refusing(refuses), options());
    app.press(KeyCode::Enter).await;
    let screen = app.sees("The server said 401.").await;
    assert!(screen.contains("Set a key."));
    assert!(screen.contains("Why is the sky blue?"), "the task is kept");
    app.control('c').await;
    app.control('c').await;
    app.control('c').await;
    assert_eq!(app.left().await.reason, ExitReason::Person);
}

#[tokio::test(start_paused = true)]
async fn a_lost_terminal_ends_the_program_in_order() {
    let mut app = App::start(80, 24, World::default(), options());
    app.hear(started()).await;
    app.sees("ada").await;
    app.lose_terminal();
    app.hear(says(1, "into the void")).await;
    app.asks(|asked| is_command(asked, &Command::Close)).await;
    assert_eq!(app.left().await.reason, ExitReason::TerminalLost);
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_sizes_settles_on_the_last() {
    let mut app = App::start(80, 24, World::default(), options());
    app.sees("no local model server found").await;
    for width in (20..150).rev() {
        app.send(Terminal::Resize(width, 30)).await;
    }
    app.sees("too small").await;
    app.send(Terminal::Resize(0, 0)).await;
    app.sees("Try one of these").await;
}

#[tokio::test(start_paused = true)]
async fn a_picture_is_taken_of_what_is_seen() {
    let mut app = App::start(80, 24, World::default(), options());
    app.sees("no local model server found").await;
    app.press(KeyCode::F(12)).await;
    app.sees("Picture saved: picture.png").await;
    let asked = app.asks(|asked| matches!(asked, Asked::Picture(_))).await;
    let [Asked::Picture(text)] = asked.as_slice() else {
        panic!("{asked:?}");
    };
    assert!(text.contains("What should the team work on?"));
}
