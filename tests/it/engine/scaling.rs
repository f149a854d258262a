//! A team that changes while it works: seats come and go, the clock listens for silence.

use massgen_tui::protocol::{Scaling, TeamCommand, TeamEvent};

use super::*;

/// A turn under rules of growth; `react` may answer events with changes.
async fn changing(
    models: Vec<Arc<dyn Provider>>,
    scaling: Scaling,
    react: impl Fn(&Event) -> Option<TeamCommand>,
) -> Turn {
    let (sender, mut events) = mpsc::channel(1024);
    let sinks = Sinks {
        log: None,
        subscribers: vec![sender],
        redactor: Redactor::new(&[]),
        trouble: None,
        prompts: None,
    };
    let mut team = setup(models, Limits::default());
    team.rules.scaling = scaling;
    let session = engine::spawn(team, sinks, "the task".into());
    let mut turn = Turn {
        events: Vec::new(),
        state: RunState::default(),
    };
    while let Some(event) = events.recv().await {
        turn.state.apply(&event);
        if let Some(change) = react(&event) {
            let command = Command::Team(change);
            let sent = session.commands.send(command).await;
            sent.expect("the session runs");
        }
        let over = matches!(event.kind, EventKind::Run(RunEvent::Ended(_)));
        turn.events.push(event);
        if over {
            break;
        }
    }
    drop(session.commands);
    session.done.await.expect("the session ends orderly");
    laws::check(&turn.events, "no secret");
    turn
}

fn changes(turn: &Turn) -> Vec<&TeamEvent> {
    turn.events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Run(RunEvent::Team(change)) => Some(change),
            _ => None,
        })
        .collect()
}

fn started(event: &Event, agent: u16, number: u32) -> bool {
    matches!(
        &event.kind,
        EventKind::Agent {
            id: AgentId(id),
            event: AgentEvent::RoundStarted { round, .. },
        } if *id == agent && *round == number
    )
}

fn published(turn: &Turn, agent: u16) -> bool {
    let folded = turn.state.turn.as_ref().expect("a turn");
    let agent = folded.agent(AgentId(agent)).expect("an agent");
    agent.current.is_some()
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_joins_answers_votes_and_counts() {
    let models = vec![plain(1_000, "one", "agent1"), plain(1_500, "two", "agent1")];
    let turn = changing(models, Scaling::default(), |event| {
        started(event, 2, 1).then_some(TeamCommand::Add {
            like: AgentId(2),
            model: None,
        })
    })
    .await;
    let [TeamEvent::Added { card, like, why }] = changes(&turn)[..] else {
        panic!("{:?}", changes(&turn));
    };
    assert_eq!((card.id, *like, why.as_str()), (AgentId(3), AgentId(2), ""));
    assert_eq!(card.name, "name2 #2");
    // It wrote what its like had written, so it looked and voted.
    let folded = turn.state.turn.as_ref().expect("a turn");
    let decision = folded.decision.as_ref().expect("a vote");
    assert_eq!(decision.tally[0].voters.len(), 3, "{decision:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pause_cuts_the_call_and_goes_on_in_the_same_conversation() {
    let heard = Arc::new(AtomicUsize::new(0));
    let messages = Arc::clone(&heard);
    let talker = model(move |call, request| {
        if call == 0 {
            let mut steps = vec![ms(10, StreamEvent::Text("half a thought".into()))];
            steps.extend(publish(60_000, "too late"));
            return steps;
        }
        let kept = request.messages.iter().any(|message| {
            matches!(message, Message::Assistant { text, .. } if text.contains("half a thought"))
        });
        messages.fetch_add(usize::from(kept), Ordering::Relaxed);
        match choices(request).first() {
            Some(label) => vote(10, label),
            None => publish(10, "in time"),
        }
    });
    let models = vec![talker, plain(500, "two", "agent1")];
    let turn = changing(models, Scaling::default(), |event| match &event.kind {
        EventKind::Agent {
            id: AgentId(1),
            event: AgentEvent::Delta { .. },
        } => Some(TeamCommand::Pause(AgentId(1))),
        EventKind::Agent {
            id: AgentId(2),
            event: AgentEvent::Published(_),
        } => Some(TeamCommand::Resume(AgentId(1))),
        _ => None,
    })
    .await;
    let told = changes(&turn);
    assert!(told.contains(&&TeamEvent::Paused(AgentId(1))), "{told:?}");
    assert!(told.contains(&&TeamEvent::Resumed(AgentId(1))), "{told:?}");
    assert!(published(&turn, 1), "it goes on");
    assert!(heard.load(Ordering::Relaxed) > 0, "its words were kept");
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_ever_for_an_agent_that_is_paused() {
    let models = vec![plain(60_000, "one", "agent2"), plain(500, "two", "agent2")];
    let turn = changing(models, Scaling::default(), |event| {
        started(event, 1, 1).then_some(TeamCommand::Pause(AgentId(1)))
    })
    .await;
    assert!(changes(&turn).contains(&&TeamEvent::Overdue(AgentId(1))));
    assert!(!published(&turn, 1));
    assert!(matches!(turn.outcome(), Outcome::Answered { winner, .. } if winner.agent.0 == 2));
}

#[tokio::test(start_paused = true)]
async fn who_is_out_comes_back_and_who_cannot_be_exchanged_is_told() {
    let weak = model(|call, request| match (call, choices(request).first()) {
        (0, _) => vec![(Duration::ZERO, Err(failure(FailureKind::Auth)))],
        (_, Some(label)) => vote(10, label),
        (_, None) => publish(10, "second attempt"),
    });
    let models = vec![weak, plain(5_000, "two", "agent2")];
    let turn = changing(models, Scaling::default(), |event| match &event.kind {
        EventKind::Agent {
            id: AgentId(1),
            event: AgentEvent::Benched(_),
        } => Some(TeamCommand::Retry(AgentId(1))),
        EventKind::Run(RunEvent::Team(TeamEvent::Retried(_))) => Some(TeamCommand::Replace {
            id: AgentId(2),
            model: "other".into(),
        }),
        _ => None,
    })
    .await;
    assert!(published(&turn, 1));
    let declined = changes(&turn).into_iter().any(|change| {
        matches!(change, TeamEvent::Declined { reason, .. } if reason.contains("nothing else"))
    });
    assert!(
        declined,
        "a scripted model has no other: {:?}",
        changes(&turn)
    );
}

#[tokio::test(start_paused = true)]
async fn silence_benches_and_speech_does_not() {
    let chatty = model(|_, request| {
        if let Some(label) = choices(request).first() {
            return vote(10, label);
        }
        let word = |_| ms(20_000, StreamEvent::Text("hm ".into()));
        let mut steps: Vec<Step> = (0..10).map(word).collect();
        steps.extend(publish(10, "slow but sure"));
        steps
    });
    let silent = model(|_, _| publish(10_000_000, "never"));
    let scaling = Scaling {
        stall_seconds: Some(30),
        ..Scaling::default()
    };
    let turn = changing(vec![chatty, silent], scaling, |_| None).await;
    assert!(published(&turn, 1), "it spoke all the time");
    let out = turn.events.iter().any(|event| {
        matches!(&event.kind, EventKind::Agent { id: AgentId(2), event: AgentEvent::Benched(failure) }
            if failure.message == "No output for 30 s.")
    });
    assert!(out);
}

#[tokio::test(start_paused = true)]
async fn a_split_vote_brings_one_more() {
    let stubborn = |own: &'static str, text: &'static str| plain(100, text, own);
    let models = vec![stubborn("agent1", "one"), stubborn("agent2", "two")];
    let scaling = Scaling {
        add_on_split: 1,
        add_like: Some("name2".into()),
        ..Scaling::default()
    };
    let turn = changing(models, scaling, |_| None).await;
    let [TeamEvent::Added { card, like, why }] = changes(&turn)[..] else {
        panic!("{:?}", changes(&turn));
    };
    assert_eq!((card.id, *like), (AgentId(3), AgentId(2)));
    assert_eq!(why, "the votes are split");
    assert!(matches!(turn.outcome(), Outcome::Answered { winner, .. } if winner.agent.0 == 2));
}

#[tokio::test(start_paused = true)]
async fn two_hundred_agents_settle() {
    const TEAM: u16 = 200;
    let models = (1..=TEAM)
        .map(|n| {
            model(move |_, request| match choices(request).last() {
                _ if request.tools.is_empty() => say("the final word"),
                Some(label) if !offers(request, "new_answer") || n > 5 => vote(50, label),
                _ => publish(u64::from(n), &format!("answer number {n}")),
            })
        })
        .collect();
    let (sender, mut events) = mpsc::channel(1024);
    let sinks = Sinks {
        log: None,
        subscribers: vec![sender],
        redactor: Redactor::new(&[]),
        trouble: None,
        prompts: None,
    };
    let limits = Limits {
        answers_per_agent: 1,
        answers_total: 200,
        ..Limits::default()
    };
    let session = engine::spawn(setup(models, limits), sinks, "the task".into());
    let mut state = RunState::default();
    while !state
        .turn
        .as_ref()
        .is_some_and(massgen_tui::run::Turn::is_over)
    {
        let event = events.recv().await.expect("the turn ends first");
        state.apply(&event);
    }
    drop(session.commands);
    let turn = state.turn.expect("a turn");
    assert_eq!(turn.agents.len(), 200);
    assert_eq!(turn.answers.len(), 200);
    let decision = turn.decision.expect("a vote");
    let votes: usize = decision.tally.iter().map(|row| row.voters.len()).sum();
    assert_eq!(votes, 200);
}

/// Servers number the calls of every reply anew, so the next model in a seat comes with the same ids.
#[tokio::test(start_paused = true)]
async fn calls_of_the_next_model_in_a_seat_are_told_apart() {
    struct Curious;
    impl Provider for Curious {
        fn stream(&self, request: Request) -> BoxStream<'static, Result<StreamEvent, Failure>> {
            let script = model(|_, request| match choices(request).first() {
                Some(label) => vote(10, label),
                None => act(10, "open_answer", &serde_json::json!({ "label": "agent1" })),
            });
            script.stream(request)
        }
        fn with_model(&self, _: &str) -> Option<massgen_tui::provider::Shared> {
            Some(Arc::new(Self))
        }
    }
    let models: Vec<Arc<dyn Provider>> = vec![Arc::new(Curious), plain(900, "two", "agent2")];
    let turn = changing(models, Scaling::default(), |event| match &event.kind {
        EventKind::Agent {
            id: AgentId(1),
            event: AgentEvent::Tool(massgen_tui::protocol::ToolEvent::Finished { call, .. }),
        } if call == "call-open_answer" => Some(TeamCommand::Replace {
            id: AgentId(1),
            model: "another".into(),
        }),
        _ => None,
    })
    .await;
    let told = changes(&turn);
    assert!(matches!(told[..], [TeamEvent::Replaced(_)]), "{told:?}");
    let words = format!("{:?}", turn.events);
    assert!(words.contains("call-open_answer~1"), "it called again");
}
