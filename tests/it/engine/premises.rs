//! Agents that work on files: what a published answer carries, and what happens when that fails.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use futures_util::future::{BoxFuture, FutureExt as _};
use massgen_tui::{
    engine::{
        desk::Desk,
        premises::{Premises, Start},
    },
    protocol::{
        Answer, Label,
        change::{Access, ContextId, KeptIn, ObjectId, Snapshot, Workplace},
    },
    provider::Folders,
    tool::Toolbox,
};

use super::*;

/// Worktrees that hold another tree at every look.
#[derive(Default)]
struct Trees {
    looks: Mutex<BTreeMap<AgentId, u32>>,
    labelled: Mutex<Vec<(Label, Vec<Snapshot>)>>,
    begun: Mutex<Vec<Start>>,
    stood: Mutex<Vec<(AgentId, Vec<Snapshot>)>>,
    finished: Mutex<Vec<(Label, Vec<Snapshot>)>>,
    broken: bool,
}

fn object(words: &str) -> ObjectId {
    ObjectId(words.to_owned())
}

impl Premises for Trees {
    fn places(&self) -> Vec<Workplace> {
        vec![Workplace {
            context: ContextId(0),
            path: ".".into(),
            root: "/src".into(),
            access: Access::Write,
            head: Some("main".into()),
            base: object("base"),
            tree: object("tree"),
            kept: KeptIn::Repository,
        }]
    }

    fn warnings(&self) -> BoxFuture<'static, Vec<String>> {
        async { vec!["A folder of packages is left out.".to_owned()] }.boxed()
    }

    fn tools(&self, _: &Desk, tools: Toolbox) -> Toolbox {
        tools
    }

    fn folders(&self, _: AgentId) -> BoxFuture<'static, Result<Folders, Failure>> {
        async { Ok(Folders::default()) }.boxed()
    }

    fn holds(&self) -> BoxFuture<'static, bool> {
        async { true }.boxed()
    }

    fn snapshot(&self, agent: AgentId) -> BoxFuture<'static, Result<Vec<Snapshot>, Failure>> {
        let mut looks = self.looks.lock().unwrap();
        let look = looks.entry(agent).or_default();
        *look += 1;
        let snapshot = Snapshot {
            context: ContextId(0),
            commit: object(&format!("commit {agent} {look}")),
            tree: object(&format!("tree {agent} {look}")),
            files: 1,
            added: 3,
            removed: 1,
        };
        let result = if self.broken {
            Err(Failure::new(FailureKind::Local, "The disk is full."))
        } else {
            Ok(vec![snapshot])
        };
        async { result }.boxed()
    }

    fn label(
        &self,
        label: Label,
        snapshots: Vec<Snapshot>,
    ) -> BoxFuture<'static, Result<(), Failure>> {
        self.labelled.lock().unwrap().push((label, snapshots));
        async { Ok(()) }.boxed()
    }

    fn begin(&self, start: Start) -> BoxFuture<'static, Result<Option<String>, Failure>> {
        self.begun.lock().unwrap().push(start);
        async { Ok(Some("Your files have changed.".to_owned())) }.boxed()
    }

    fn stand(
        &self,
        agent: AgentId,
        snapshots: Vec<Snapshot>,
    ) -> BoxFuture<'static, Result<(), Failure>> {
        self.stood.lock().unwrap().push((agent, snapshots));
        let broken = self.broken;
        async move {
            if broken {
                Err(Failure::new(FailureKind::Local, "The disk is full."))
            } else {
                Ok(())
            }
        }
        .boxed()
    }

    fn finish(
        &self,
        winner: Label,
        snapshots: Vec<Snapshot>,
    ) -> BoxFuture<'static, Result<(), Failure>> {
        self.finished.lock().unwrap().push((winner, snapshots));
        async { Ok(()) }.boxed()
    }

    fn below(
        &self,
        _: AgentId,
        _: &Desk,
    ) -> BoxFuture<'static, Result<Arc<dyn Premises>, Failure>> {
        async { Err(Failure::new(FailureKind::Local, "The disk is full.")) }.boxed()
    }
}

async fn play(trees: &Arc<Trees>, models: Vec<Arc<dyn Provider>>) -> Vec<Event> {
    let (sender, mut events) = mpsc::channel(1024);
    let sinks = Sinks {
        log: None,
        subscribers: vec![sender],
        redactor: Redactor::new(&[]),
        trouble: None,
        prompts: None,
    };
    let mut setup = setup(models, Limits::default());
    setup.grounds = Some(Arc::clone(trees) as Arc<dyn Premises>);
    let session = engine::spawn(setup, sinks, "the task".into());
    let mut told = Vec::new();
    while let Some(event) = events.recv().await {
        let over = matches!(event.kind, EventKind::Run(RunEvent::Ended(_)));
        told.push(event);
        if over {
            session.commands.send(Command::Close).await.unwrap();
        }
    }
    session.done.await.unwrap();
    told
}

fn answers(events: &[Event]) -> Vec<Answer> {
    let published = |event: &Event| match &event.kind {
        EventKind::Agent {
            event: AgentEvent::Published(answer),
            ..
        } => Some(answer.clone()),
        _ => None,
    };
    events.iter().filter_map(published).collect()
}

#[tokio::test(start_paused = true)]
async fn an_answer_carries_the_files_of_its_moment_under_its_label() {
    let trees = Arc::new(Trees::default());
    let reader = model(|_, request| {
        if request.tools.is_empty() {
            return say("final");
        }
        match choices(request).first() {
            Some(label) => vote(10, label),
            None => publish(500, "I looked."),
        }
    });
    let events = play(&trees, vec![plain(10, "one", "agent1"), reader]).await;
    let Some(EventKind::Run(RunEvent::Started(start))) = events.first().map(|one| &one.kind) else {
        panic!("{:?}", events.first());
    };
    assert_eq!(start.places, trees.places());
    let warned = |event: &Event| {
        matches!(&event.kind, EventKind::Run(RunEvent::Notice { text, .. })
            if text.contains("left out"))
    };
    assert_eq!(events.iter().filter(|event| warned(event)).count(), 1);
    let told: Vec<(Label, Vec<Snapshot>)> = answers(&events)
        .into_iter()
        .map(|answer| (answer.label, answer.changes))
        .collect();
    assert!(!told.is_empty());
    assert!(told.iter().all(|(_, changes)| changes.len() == 1));
    assert_eq!(told, *trees.labelled.lock().unwrap());

    // Whoever presents is given the winner's files; what it has at the end is what the turn ends with.
    let [(presenter, given)] = trees.stood.lock().unwrap().clone().try_into().unwrap();
    let [(winner, last)] = trees.finished.lock().unwrap().clone().try_into().unwrap();
    let published = told.iter().find(|(label, _)| *label == winner).unwrap();
    assert_eq!((presenter, &given), (winner.agent, &published.1));
    assert_ne!(last, given, "the presenter worked on");
    let ended = events.iter().find_map(|event| match &event.kind {
        EventKind::Run(RunEvent::Ended(Outcome::Answered { changes, .. })) => Some(changes),
        _ => None,
    });
    assert_eq!(ended, Some(&last));
}

#[tokio::test(start_paused = true)]
async fn the_same_words_with_other_files_are_another_answer() {
    let trees = Arc::new(Trees::default());
    let stubborn = model(|call, request| match call {
        0 | 1 if offers(request, "new_answer") => publish(10, "Fixed it."),
        _ if request.tools.is_empty() => say("final"),
        _ => vote(10, choices(request).last().expect("an answer")),
    });
    let slow = plain(5_000, "two", "agent1");
    let events = play(&trees, vec![stubborn, slow]).await;
    let own: Vec<Answer> = answers(&events)
        .into_iter()
        .filter(|answer| answer.label.agent == AgentId(1))
        .collect();
    assert_eq!(own.len(), 2, "{own:?}");
    assert_ne!(own[0].changes, own[1].changes);
}

#[tokio::test(start_paused = true)]
async fn files_that_cannot_be_kept_are_told_and_the_answer_stands() {
    let trees = Arc::new(Trees {
        broken: true,
        ..Trees::default()
    });
    let events = play(&trees, vec![plain(10, "one", "agent1")]).await;
    let all = answers(&events);
    assert_eq!(all.len(), 1);
    assert!(all[0].changes.is_empty());
    let told = events.iter().any(|event| {
        matches!(&event.kind, EventKind::Run(RunEvent::Notice { text, .. })
            if text.contains("could not be kept") && text.contains("disk is full"))
    });
    assert!(told);
}
