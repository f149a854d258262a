//! Hosted runs against the demo team: real servers on loopback, real logs.

use std::path::Path;

use super::*;
use crate::{
    config::Environment,
    demo::Speed,
    protocol::{Event, EventKind, Folder, RunEvent, Target, change},
};

fn host(folder: &Path, speed: Speed, bounds: Bounds) -> Host {
    let environment = Environment::gather([], folder, None, None);
    let services = Services::new(environment, folder.join("state"), speed);
    Host::spawn(Arc::new(services), bounds).0
}

fn demo(task: &str) -> StartRequest {
    StartRequest {
        prompt: task.to_owned(),
        team: TeamChoice::Demo(String::new()),
        ..StartRequest::default()
    }
}

async fn all(mut feed: Feed) -> Vec<Arc<Event>> {
    let mut events = Vec::new();
    while let Some(told) = feed.next().await.expect("a log") {
        match told {
            Told::Event(event) => events.push(event),
            Told::Missing { from, to } => panic!("{from:?} to {to:?} are missing"),
        }
    }
    events
}

fn numbers(events: &[Arc<Event>]) -> Vec<u64> {
    events.iter().map(|event| event.seq.0).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_followed_from_any_event_and_answered_from_its_log_afterwards() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = host(folder.path(), Speed::Max, Bounds::default());
    let run = host.start(demo("How?")).await.expect("it starts");
    let feed = host.subscribe(&run.0, Seq(1)).await.expect("a feed");
    let seen = host.ended(&run.0).await.expect("it ends");
    assert_eq!(seen.status.state, State::Answered);
    let result = seen.result.expect("a result");
    assert!(result.text.as_deref().is_some_and(|text| !text.is_empty()));
    assert_eq!(result.open, format!("massgen-tui open {run}"));
    assert!(result.winner.is_some() && result.answers.len() > 1);
    // Nobody read while it ran: far more was told than waits for a listener.
    let live = all(feed).await;
    let whole: Vec<u64> = (1..=live.len() as u64).collect();
    assert_eq!(numbers(&live), whole);
    let last = live.last().expect("events");
    assert_eq!(last.seq, seen.status.last);
    // From its log: all of it, a part of it, nothing after it.
    let stored = host.subscribe(&run.0, Seq(0)).await.expect("a feed");
    assert_eq!(all(stored).await, live);
    let later = host.subscribe("latest", Seq(5)).await.expect("a feed");
    assert_eq!(numbers(&all(later).await), whole[4..]);
    let after = host.subscribe(&run.0, Seq(last.seq.0 + 1)).await;
    assert!(all(after.expect("a feed")).await.is_empty());
    assert_eq!(host.list().await.expect("a list").len(), 1);
    // Another host of the same state knows the same.
    let other = self::host(folder.path(), Speed::Max, Bounds::default());
    let again = other.seen(&run.0).await.expect("it is there");
    assert_eq!(again.result.map(|told| told.text), Some(result.text));
    assert!(host.close().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_further_task_is_a_further_turn_of_the_same_session() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = host(folder.path(), Speed::Max, Bounds::default());
    let run = host.start(demo("One.")).await.expect("it starts");
    let first = host.ended(&run.0).await.expect("it ends").status.last;
    let next = StartRequest {
        prompt: "Two.".into(),
        after: Some(run.clone()),
        settings: vec!["timeout_settings.orchestrator_timeout_seconds=77".into()],
        ..StartRequest::default()
    };
    assert_eq!(host.start(next).await.expect("it goes on"), run);
    let feed = host.subscribe(&run.0, Seq(first.0 + 1)).await;
    let events = all(feed.expect("a feed")).await;
    assert_eq!(events.first().map(|event| event.seq.0), Some(first.0 + 1));
    let begun = events.iter().find_map(|event| match &event.kind {
        EventKind::Run(RunEvent::Started(start)) => Some(start.limits.turn_seconds),
        _ => None,
    });
    assert_eq!(begun, Some(77), "its own limits count");
    let seen = host.ended(&run.0).await.expect("it ends");
    assert_eq!(seen.result.map(|result| result.turn), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_bounded_steered_stopped_and_closed() {
    let folder = tempfile::tempdir().expect("a folder");
    let bounds = Bounds {
        runs: 2,
        ..Bounds::default()
    };
    // So slow that it never ends by itself here.
    let host = host(folder.path(), Speed::Times(0.01), bounds);
    let one = host.start(demo("One.")).await.expect("it starts");
    let two = host.start(demo("Two.")).await.expect("it starts");
    let more = host.start(demo("Three.")).await.expect_err("no room");
    assert!(more.words().contains("2 runs are at work"), "{more}");
    assert!(more.words().contains(&one.0), "{more}");
    let mut feed = host.subscribe(&one.0, Seq(1)).await.expect("a feed");
    let steer = Command::Steer {
        target: Target::All,
        text: "Be brief.".into(),
        mode: crate::protocol::SteerMode::Queue,
    };
    host.command(&one.0, steer).await.expect("it is passed on");
    loop {
        let told = feed.next().await.expect("a log").expect("an event");
        if let Told::Event(event) = told
            && let EventKind::Run(RunEvent::Steer { text, .. }) = &event.kind
        {
            assert_eq!(text, "Be brief.");
            break;
        }
    }
    let status = host.status(&one.0).await.expect("a status");
    assert_eq!(status.state, State::Running);
    assert!(host.result(&one.0).await.expect("it is there").is_none());
    assert_eq!(host.running().await.expect("runs").len(), 2);
    host.command(&one.0, Command::Stop).await.expect("it stops");
    let seen = host.ended(&one.0).await.expect("it ends");
    assert_eq!(seen.status.state, State::Stopped);
    let late = host.command(&one.0, Command::Stop).await;
    assert!(
        late.expect_err("it is over")
            .words()
            .contains("does not run here")
    );
    // What still runs is closed, and its log has an end.
    assert_eq!(host.close().await, std::slice::from_ref(&two));
    let gone = host.start(demo("Four.")).await;
    assert!(gone.expect_err("it is closed").words().contains("leaving"));
    let other = self::host(folder.path(), Speed::Max, Bounds::default());
    let state = other.status(&two.0).await.expect("a log").state;
    assert_eq!(state, State::Stopped);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_nobody_waits_for_is_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = host(folder.path(), Speed::Times(0.01), Bounds::default());
    let mut start = Box::pin(host.start(demo("One.")));
    assert!(futures_util::poll!(start.as_mut()).is_pending());
    tokio::task::yield_now().await;
    drop(start);
    // It is either never admitted or closed as soon as it runs; in both cases nothing is left at work.
    let mut begun = false;
    loop {
        let running = !host.running().await.expect("runs").is_empty();
        begun |= running;
        let known = host.list().await.expect("a list");
        if !running && (begun || known.len() == 1) {
            break;
        }
        tokio::task::yield_now().await;
    }
    host.close().await;
    assert!(host.running().await.map_or(true, |runs| runs.is_empty()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_names_is_checked() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("project");
    std::fs::create_dir_all(root.join("src")).expect("a folder");
    std::fs::write(root.join("notes.md"), "```\ncode\n```").expect("a file");
    std::fs::write(root.join("picture"), [0xFF, 0xFE]).expect("a file");
    std::fs::write(folder.path().join("secret"), "s").expect("a file");
    std::os::unix::fs::symlink(folder.path().join("secret"), root.join("link")).expect("a link");
    let bounds = Bounds {
        roots: vec![root.clone()],
        ..Bounds::default()
    };
    let host = host(folder.path(), Speed::Max, bounds);
    let ask = |change: &dyn Fn(&mut StartRequest)| {
        let mut request = demo("Task.");
        request.cwd = Some(root.clone());
        change(&mut request);
        host.start(request)
    };
    let folder_of = |path: &str| Folder {
        path: path.into(),
        access: change::Access::Read,
        protected: Vec::new(),
    };
    for (refused, told) in [
        (
            ask(&|one| one.files = vec!["../secret".into()]).await,
            "outside of what",
        ),
        (
            ask(&|one| one.files = vec!["link".into()]).await,
            "outside of what",
        ),
        (
            ask(&|one| one.files = vec!["none".into()]).await,
            "cannot be used",
        ),
        (
            ask(&|one| one.files = vec!["src".into()]).await,
            "is no file",
        ),
        (
            ask(&|one| one.files = vec!["picture".into()]).await,
            "is no text",
        ),
        (
            ask(&|one| one.folders = Some(vec![folder_of("..")])).await,
            "outside of what",
        ),
        (
            ask(&|one| one.cwd = Some("/".into())).await,
            "outside of what",
        ),
        (
            ask(&|one| one.prompt = " \n".into()).await,
            "The task is empty",
        ),
        (
            ask(&|one| one.team = TeamChoice::Demo("nope".into())).await,
            "nope",
        ),
        (
            ask(&|one| one.team = TeamChoice::Config("/etc/hostname".into())).await,
            "outside of what",
        ),
        (
            ask(&|one| one.settings = vec!["nonsense".into()]).await,
            "no `=`",
        ),
    ] {
        let failure = refused.expect_err(told);
        assert!(failure.words().contains(told), "{told}: {failure}");
    }
    let run = ask(&|one| one.files = vec!["notes.md".into()])
        .await
        .expect("it starts");
    let status = host.ended(&run.0).await.expect("it ends").status;
    assert_eq!(
        status.task,
        "Task.\n\nFile notes.md:\n\n````\n```\ncode\n```\n````"
    );
    assert!(
        host.seen("../x")
            .await
            .expect_err("no path")
            .words()
            .contains("not by a path")
    );
}

#[tokio::test]
async fn a_root_that_is_gone_allows_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let bounds = Bounds {
        roots: vec![folder.path().join("gone")],
        ..Bounds::default()
    };
    let host = host(folder.path(), Speed::Max, bounds);
    let mut request = demo("Task.");
    request.cwd = Some(folder.path().to_owned());
    let refused = host.start(request).await.expect_err("it may name nothing");
    assert!(refused.words().contains("outside of what"), "{refused}");
}
