//! A team in the place of an agent: it works, is paid for, is limited, is cut off, fails.

use std::sync::atomic::{AtomicI64, Ordering};

use massgen_tui::{
    engine::nested::NestedTeam,
    protocol::{
        Budget, Label, Mode, SteerMode, Target, Usage,
        rules::{Decomposition, Part},
    },
    provider::Shared,
};

use super::*;

/// A team of these models in one seat; the first is its voice.
fn team_of(models: Vec<Arc<dyn Provider>>, limits: Limits) -> Arc<dyn Provider> {
    let voice: Shared = Arc::clone(&models[0]);
    Arc::new(NestedTeam {
        setup: setup(models, limits),
        voice,
        redactor: Redactor::new(&["sk-below-the-surface".to_owned()]),
    })
}

/// A model that tells what each call has cost.
fn paid(inner: Arc<dyn Provider>, tokens: u64) -> Arc<dyn Provider> {
    struct Paid(Arc<dyn Provider>, u64);
    impl Provider for Paid {
        fn stream(&self, request: Request) -> BoxStream<'static, Result<StreamEvent, Failure>> {
            let usage = Usage {
                input: self.1 / 2,
                output: self.1 - self.1 / 2,
                calls: 1,
                ..Usage::default()
            };
            let told = stream::once(async move { Ok(StreamEvent::Usage(usage)) });
            told.chain(self.0.stream(request)).boxed()
        }
    }
    Arc::new(Paid(inner, tokens))
}

fn below(turn: &Turn, agent: u16) -> &massgen_tui::run::Turn {
    let state = turn.state.turn.as_ref().expect("a turn");
    let agent = state.agent(AgentId(agent)).expect("the agent");
    agent.team().expect("its team has worked")
}

fn usage_of(turn: &Turn) -> Usage {
    turn.state.turn.as_ref().expect("a turn").usage()
}

#[tokio::test(start_paused = true)]
async fn a_team_answers_as_one_agent_and_its_voice_votes() {
    let asked = Arc::new(AtomicI64::new(0));
    let count = Arc::clone(&asked);
    let voice = model(move |_, request| {
        if request.tools.is_empty() {
            say("below: two, presented")
        } else if offers(request, "vote") {
            // In the larger team the voice reads what its team has said.
            let words = format!("{:?}", request.messages);
            if words.contains("below: two, presented") {
                count.fetch_add(1, Ordering::SeqCst);
            }
            vote(10, &choices(request)[0])
        } else {
            publish(100, "below: one")
        }
    });
    let nested = team_of(
        vec![voice, plain(50, "below: two", "agent1")],
        Limits::default(),
    );
    let turn = turn(vec![nested, plain(900, "above", "agent1")]).await;
    let Outcome::Answered { winner, .. } = turn.outcome() else {
        panic!("{:?}", turn.outcome());
    };
    assert_eq!(winner.agent, AgentId(1));
    let state = turn.state.turn.as_ref().expect("a turn");
    let answer = state.answer(Label::new(AgentId(1), 1)).expect("an answer");
    assert_eq!(answer.text, "below: two, presented");
    let below = below(&turn, 1);
    assert!(below.is_over() && below.answers.len() == 2);
    assert_eq!(below.start.prompt, "the task");
    assert_eq!(asked.load(Ordering::SeqCst), 1, "one call for the vote");
    laws::check(&turn.events, "no secret");
}

#[tokio::test(start_paused = true)]
async fn everything_below_is_paid_once_above() {
    let nested = team_of(
        vec![
            paid(plain(10, "one", "agent1"), 100),
            paid(plain(20, "two", "agent1"), 100),
        ],
        Limits::default(),
    );
    let turn = turn(vec![nested, paid(plain(900, "above", "agent1"), 100)]).await;
    let below = below(&turn, 1).usage();
    let above = usage_of(&turn);
    let own: u32 = turn
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Agent {
                event: AgentEvent::Usage(usage),
                ..
            } => Some(usage.calls),
            _ => None,
        })
        .sum();
    assert_eq!(above.calls, own);
    assert!(below.calls >= 5, "two answers, two votes, a presentation");
    assert!(above.calls > below.calls);
    assert_eq!(above.input + above.output, u64::from(above.calls) * 100);
}

#[tokio::test(start_paused = true)]
async fn a_team_cannot_spend_more_than_is_left_above() {
    for calls in [4_u32, 6, 9, 14, 30] {
        let nested = team_of(
            vec![
                paid(plain(10, "one", "agent1"), 100),
                paid(plain(20, "two", "agent2"), 100),
                paid(plain(30, "three", "agent3"), 100),
            ],
            Limits::default(),
        );
        let limits = Limits {
            budget: Budget {
                calls: Some(calls),
                ..Budget::default()
            },
            ..Limits::default()
        };
        let models = vec![nested, paid(plain(900, "above", "agent2"), 100)];
        let turn = turn_with(models, limits, |_| None).await;
        let used = usage_of(&turn);
        assert!(used.calls <= calls, "{} of {calls}", used.calls);
        assert!(
            matches!(turn.outcome(), Outcome::Answered { .. }),
            "{calls}: {:?}",
            turn.outcome()
        );
        let inherited = &below(&turn, 1).start.limits.budget;
        assert!(inherited.calls.is_some_and(|below| below < calls));
        laws::check(&turn.events, "no secret");
    }
}

#[tokio::test(start_paused = true)]
async fn a_team_without_budget_for_one_call_ends_like_an_agent_without() {
    let nested = team_of(vec![plain(10, "one", "agent1")], Limits::default());
    let limits = Limits {
        budget: Budget {
            tokens: Some(50),
            ..Budget::default()
        },
        ..Limits::default()
    };
    let turn = turn_with(vec![nested], limits, |_| None).await;
    assert!(matches!(turn.outcome(), Outcome::NoAnswer { .. }));
    let state = turn.state.turn.as_ref().expect("a turn");
    assert!(!state.record.spending.refused.is_empty());
    assert_eq!(usage_of(&turn).calls, 0);
}

#[tokio::test(start_paused = true)]
async fn a_team_that_is_lost_is_an_agent_that_is_out_and_the_others_go_on() {
    let broken = || model(|_, _| vec![(Duration::ZERO, Err(failure(FailureKind::Auth)))]);
    let nested = team_of(vec![broken(), broken()], Limits::default());
    let turn = turn(vec![nested, plain(50, "above", "agent2")]).await;
    let Outcome::Answered { winner, .. } = turn.outcome() else {
        panic!("{:?}", turn.outcome());
    };
    assert_eq!(winner.agent, AgentId(2));
    let benched = turn.events.iter().find_map(|event| match &event.kind {
        EventKind::Agent {
            id,
            event: AgentEvent::Benched(failure),
        } => Some((*id, failure)),
        _ => None,
    });
    let (id, failure) = benched.expect("the team is out");
    assert_eq!((id, failure.kind), (AgentId(1), FailureKind::Team));
    assert!(failure.message.contains("no answer"), "{failure:?}");
    laws::check(&turn.events, "no secret");
}

#[tokio::test(start_paused = true)]
async fn teams_deeper_than_the_limit_are_not_started() {
    let deep = team_of(vec![plain(10, "deep", "agent1")], Limits::default());
    let middle = team_of(vec![deep], Limits::default());
    let top = team_of(vec![middle], Limits::default());
    for (depth, answered) in [(0, false), (2, false), (3, true)] {
        let limits = Limits {
            depth,
            ..Limits::default()
        };
        let turn = turn_with(vec![Arc::clone(&top)], limits, |_| None).await;
        let got = matches!(turn.outcome(), Outcome::Answered { .. });
        assert_eq!(got, answered && depth > 2, "{depth}: {:?}", turn.outcome());
        let words = format!("{:?}", turn.events);
        assert_eq!(words.contains("deeper than the limit"), !answered);
    }
}

/// A model that never comes to an end, and counts the streams of it that are open.
fn endless(open: &Arc<AtomicI64>) -> Arc<dyn Provider> {
    struct Endless(Arc<AtomicI64>);
    struct Held(Arc<AtomicI64>);
    impl Drop for Held {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }
    impl Provider for Endless {
        fn stream(&self, _: Request) -> BoxStream<'static, Result<StreamEvent, Failure>> {
            self.0.fetch_add(1, Ordering::SeqCst);
            let held = Held(Arc::clone(&self.0));
            stream::unfold(held, |held| async move {
                tokio::time::sleep(Duration::from_millis(100)).await;
                Some((Ok(StreamEvent::Thinking("still at it ".into())), held))
            })
            .boxed()
        }
    }
    Arc::new(Endless(Arc::clone(open)))
}

/// Whatever ends the call of a team ends everything below, two levels down too.
#[tokio::test(start_paused = true)]
async fn nothing_is_left_running_when_a_team_is_cut_off_at_any_moment() {
    for after in [1_usize, 2, 3, 5, 8, 13, 40, 120] {
        for command in [
            Command::Stop,
            Command::AnswerNow,
            Command::Team(massgen_tui::protocol::TeamCommand::Retire(AgentId(1))),
            Command::Team(massgen_tui::protocol::TeamCommand::Pause(AgentId(1))),
        ] {
            let open = Arc::new(AtomicI64::new(0));
            let deep = team_of(vec![endless(&open), endless(&open)], Limits::default());
            let nested = team_of(vec![endless(&open), deep], Limits::default());
            let seen = AtomicI64::new(0);
            let wanted = i64::try_from(after).expect("a small number");
            let models = vec![nested, plain(50, "above", "agent2")];
            let turn = turn_with(models, Limits::default(), |event| {
                let nested = matches!(
                    event.kind,
                    EventKind::Agent {
                        event: AgentEvent::Nested(_),
                        ..
                    }
                );
                let count = seen.fetch_add(i64::from(nested), Ordering::SeqCst);
                (nested && count + 1 == wanted).then(|| command.clone())
            })
            .await;
            assert!(seen.load(Ordering::SeqCst) >= wanted, "{after} {command:?}");
            assert_eq!(open.load(Ordering::SeqCst), 0, "{after} {command:?}");
            assert!(below(&turn, 1).is_over(), "{after} {command:?}");
            let agent = turn.state.turn.as_ref().and_then(|t| t.agent(AgentId(1)));
            // What was streamed below is in the account, estimated.
            if after >= 120 && !matches!(command, Command::Stop | Command::AnswerNow) {
                assert!(agent.expect("the team").usage.output > 0, "{command:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_team_answers_before_the_larger_team_stops_waiting() {
    let open = Arc::new(AtomicI64::new(0));
    let nested = team_of(
        vec![plain(100, "below in time", "agent1"), endless(&open)],
        Limits::default(),
    );
    let limits = Limits {
        round_seconds: 60,
        ..Limits::default()
    };
    let turn = turn_with(vec![nested], limits, |_| None).await;
    let published = turn.count(|event| matches!(event, AgentEvent::Published(_)));
    assert_eq!(published, 1, "{:?}", turn.outcome());
    let state = turn.state.turn.as_ref().expect("a turn");
    assert!(!state.answers[0].answer.auto, "it is the team's own");
    let below = below(&turn, 1);
    assert!(below.start.limits.turn_seconds <= 33);
    assert_eq!(open.load(Ordering::SeqCst), 0);
    assert!(state.agents[0].ballot.is_some() || state.outcome.is_some());
}

#[tokio::test(start_paused = true)]
async fn words_for_the_team_reach_its_members() {
    let heard = Arc::new(AtomicI64::new(0));
    let member = |heard: Arc<AtomicI64>| {
        model(move |_, request| {
            if format!("{:?}", request.messages).contains("mind the gap") {
                heard.fetch_add(1, Ordering::SeqCst);
            }
            if request.tools.is_empty() {
                say("the final word")
            } else if offers(request, "vote") {
                vote(10, &choices(request)[0])
            } else {
                publish(60_000, "slow")
            }
        })
    };
    let nested = team_of(
        vec![member(Arc::clone(&heard)), member(Arc::clone(&heard))],
        Limits::default(),
    );
    let told = AtomicI64::new(0);
    let turn = turn_with(vec![nested], Limits::default(), |event| {
        let nested = matches!(
            event.kind,
            EventKind::Agent {
                event: AgentEvent::Nested(_),
                ..
            }
        );
        (nested && told.fetch_add(1, Ordering::SeqCst) == 4).then(|| Command::Steer {
            target: Target::All,
            text: "mind the gap".into(),
            mode: SteerMode::Now,
        })
    })
    .await;
    assert!(matches!(turn.outcome(), Outcome::Answered { .. }));
    assert!(heard.load(Ordering::SeqCst) >= 2, "both members heard it");
    laws::check(&turn.events, "no secret");
}

#[tokio::test(start_paused = true)]
async fn secrets_below_are_masked_also_when_they_come_in_pieces() {
    let leaky = model(|_, request| {
        if offers(request, "new_answer") && !offers(request, "vote") {
            let mut steps = vec![
                ms(10, StreamEvent::Text("the key is sk-below-".into())),
                ms(100, StreamEvent::Text("the-surface, keep it".into())),
            ];
            steps.extend(publish(10, "one"));
            steps
        } else if offers(request, "vote") {
            vote(10, &choices(request)[0])
        } else {
            say("the final word")
        }
    });
    let nested = team_of(vec![leaky], Limits::default());
    let turn = turn(vec![nested]).await;
    assert!(matches!(turn.outcome(), Outcome::Answered { .. }));
    let words = format!("{:?}", turn.events);
    assert!(words.contains("[masked]") && !words.contains("the-surface"));
}

/// What the larger team knows reaches the members as data under other names.
#[tokio::test(start_paused = true)]
async fn members_see_the_larger_team_as_outsiders() {
    let seen = Arc::new(AtomicI64::new(0));
    let count = Arc::clone(&seen);
    let member = model(move |_, request| {
        let words = format!("{:?}", request.messages);
        if words.contains("part 1")
            && words.contains("<outside2>")
            && words.contains("<end of outside2>")
        {
            assert!(!words.contains("<agent2>\\ntwo"), "{words}");
            count.fetch_add(1, Ordering::SeqCst);
        }
        if offers(request, "vote") && !offers(request, "new_answer") {
            vote(10, &choices(request)[0])
        } else if offers(request, "new_answer") {
            publish(10, &format!("one {}", words.len()))
        } else {
            say("the final word")
        }
    });
    let nested = team_of(vec![member], Limits::default());
    let (sender, mut events) = mpsc::channel(1024);
    let sinks = Sinks {
        log: None,
        subscribers: vec![sender],
        redactor: Redactor::new(&[]),
        trouble: None,
        prompts: None,
    };
    let mut team = setup(vec![nested, plain(1, "two", "agent1")], Limits::default());
    let part = |agent, after: &[u16]| Part {
        agent: AgentId(agent),
        text: format!("part {agent}"),
        after: after.iter().copied().map(AgentId).collect(),
    };
    team.rules.mode = Mode::Parts(Decomposition {
        parts: vec![part(1, &[2]), part(2, &[])],
        ..Decomposition::default()
    });
    let session = engine::spawn(team, sinks, "the task".into());
    let mut all = Vec::new();
    while let Some(event) = events.recv().await {
        let over = matches!(event.kind, EventKind::Run(RunEvent::Ended(_)));
        all.push(event);
        if over {
            break;
        }
    }
    drop(session.commands);
    session.done.await.expect("the session ends orderly");
    assert!(seen.load(Ordering::SeqCst) > 0);
    laws::check(&all, "no secret");
}
