//! Modes of several turns with scripted models under paused time: plans, parts, personas, and the
//! person in the middle of them.

use std::{sync::Arc, time::Duration};

use massgen_tui::{
    engine::{self, outbox::Sinks},
    protocol::{
        Command, Event, EventKind, FailureKind, Limits, Message, Mode, Outcome, OutcomeEnd,
        QuestionEvent, QuestionId, Reply, RunEvent, RunId, Stage, StageEvent,
        rules::{Approval, Decomposition, Diversity, Personas, Planning},
        stage::{Approved, Source},
    },
    provider::{Provider, Request},
    run::{Happening, RunState},
    store::{Store, redact::Redactor},
};
use tokio::sync::mpsc;

use super::{Step, choices, failure, laws, model, offers, publish, say, setup, vote};

/// All words of a request.
fn words(request: &Request) -> String {
    let texts = request.messages.iter().map(|message| match message {
        Message::System { text }
        | Message::User { text }
        | Message::Assistant { text, .. }
        | Message::Tool { text, .. } => text.as_str(),
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// A model that publishes what `script` says to the step it reads, votes for the first choice and
/// presents.
fn worker(script: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Arc<dyn Provider> {
    model(move |_, request| -> Vec<Step> {
        let words = words(request);
        if request.tools.is_empty() {
            return say("all together");
        }
        if offers(request, "vote") {
            return vote(10, &choices(request)[0]);
        }
        match script(&words) {
            Some(text) => publish(10, &text),
            None => vec![(Duration::ZERO, Err(failure(FailureKind::Auth)))],
        }
    })
}

struct Ran {
    events: Vec<Event>,
    state: RunState,
}

impl Ran {
    fn outcome(&self) -> &Outcome {
        self.state
            .turn
            .as_ref()
            .and_then(|turn| turn.last_word())
            .expect("a last word")
    }

    fn text(&self) -> (&str, OutcomeEnd) {
        match self.outcome() {
            Outcome::Answered { text, end, .. } => (text, *end),
            other @ Outcome::NoAnswer { .. } => panic!("{other:?}"),
        }
    }

    fn turns(&self) -> Vec<String> {
        let turn = |event: &Event| match &event.kind {
            EventKind::Run(RunEvent::Started(start)) => {
                Some(start.stage.as_ref().map_or_else(String::new, Stage::words))
            }
            _ => None,
        };
        self.events.iter().filter_map(turn).collect()
    }
}

/// A session to play: one task under these rules.
struct Play {
    models: Vec<Arc<dyn Provider>>,
    mode: Mode,
    personas: Personas,
    limits: Limits,
    log: Option<Store>,
}

impl Play {
    fn new(mode: Mode, models: Vec<Arc<dyn Provider>>) -> Self {
        Self {
            models,
            mode,
            personas: Personas::default(),
            limits: Limits::default(),
            log: None,
        }
    }

    /// Runs until the chain is over, or until the engine leaves; checks the laws of every stream.
    async fn run(self, react: impl Fn(&Event) -> Option<Command>) -> Ran {
        let (sender, mut events) = mpsc::channel(1024);
        let mut setup = setup(self.models, self.limits);
        setup.rules.mode = self.mode;
        setup.rules.personas = self.personas;
        let log = self
            .log
            .map(|store| store.write(setup.run.clone()).expect("a log"));
        let sinks = Sinks {
            log,
            subscribers: vec![sender],
            redactor: Redactor::new(&[]),
            trouble: None,
            prompts: None,
        };
        let session = engine::spawn(setup, sinks, "the task".into());
        let mut ran = Ran {
            events: Vec::new(),
            state: RunState::default(),
        };
        while let Some(event) = events.recv().await {
            ran.state.apply(&event);
            if let Some(command) = react(&event) {
                session.commands.send(command).await.expect("it listens");
            }
            let over = matches!(
                event.kind,
                EventKind::Run(RunEvent::Stage(StageEvent::Over { .. }))
            );
            if over {
                let _ = session.commands.try_send(Command::Close);
            }
            ran.events.push(event);
        }
        session.done.await.expect("the session ends orderly");
        laws::check(&ran.events, "no secret here");
        ran
    }
}

fn plan_worker() -> Arc<dyn Provider> {
    worker(|words| {
        Some(
            if words.contains("<step plan>") {
                "## One\n- a\n## Two\n- b"
            } else if words.contains("<step chunk 1>") {
                "first result"
            } else if words.contains("<step chunk 2>") {
                assert!(words.contains("first result"), "later chunks see results");
                "second result"
            } else {
                assert!(words.contains("<step assemble>") && words.contains("second result"));
                "both results"
            }
            .to_owned(),
        )
    })
}

fn asked(event: &Event, reply: &Reply) -> Option<Command> {
    match &event.kind {
        EventKind::Run(RunEvent::Question(QuestionEvent::Asked(question))) => {
            Some(Command::Answer {
                id: question.id,
                reply: reply.clone(),
            })
        }
        _ => None,
    }
}

fn plan() -> Mode {
    Mode::Plan(Planning::default())
}

#[tokio::test(start_paused = true)]
async fn a_plan_is_approved_and_carried_out() {
    let reply = Reply::Approved;
    let ran = Play::new(plan(), vec![plan_worker()])
        .run(|event| asked(event, &reply))
        .await;
    assert_eq!(
        ran.turns(),
        [
            "planning",
            "chunk 1 of 2: One",
            "chunk 2 of 2: Two",
            "assembling"
        ]
    );
    assert_eq!(ran.text(), ("both results", OutcomeEnd::Consensus));
}

#[tokio::test(start_paused = true)]
async fn a_changed_plan_is_carried_out_as_changed() {
    let reply = Reply::Edited("## One\nonly this".into());
    let ran = Play::new(plan(), vec![plan_worker()])
        .run(|event| asked(event, &reply))
        .await;
    assert_eq!(ran.turns(), ["planning", "chunk 1 of 1: One"]);
    assert_eq!(ran.text().0, "first result");
}

#[tokio::test(start_paused = true)]
async fn leaving_while_a_plan_waits_ends_the_session_and_says_so() {
    let ran = Play::new(plan(), vec![plan_worker()])
        .run(|event| asked(event, &Reply::Approved).map(|_| Command::Close))
        .await;
    let (text, end) = ran.text();
    assert_eq!(end, OutcomeEnd::Stopped);
    assert!(text.contains("- the plan was not carried out"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn the_answer_now_in_a_chunk_leaves_out_the_rest_and_names_it() {
    let ran = Play::new(plan(), vec![plan_worker()])
        .run(|event| {
            let in_chunk = matches!(&event.kind, EventKind::Run(RunEvent::Started(start))
            if start.stage.as_ref().is_some_and(|s| s.title == "One"));
            asked(event, &Reply::Approved).or(in_chunk.then_some(Command::AnswerNow))
        })
        .await;
    let (text, end) = ran.text();
    assert_eq!(end, OutcomeEnd::AnswerNow);
    assert!(text.starts_with("## One\n\nfirst result"), "{text}");
    assert!(text.contains("- chunk 2: Two"), "{text}");
    assert_eq!(ran.turns().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn stopping_the_plan_stops_the_task() {
    let ran = Play::new(plan(), vec![plan_worker()])
        .run(|event| {
            let begins = matches!(&event.kind, EventKind::Run(RunEvent::Started(_)));
            begins.then_some(Command::Stop)
        })
        .await;
    assert_eq!(ran.turns(), ["planning"]);
    assert!(matches!(ran.outcome(), Outcome::NoAnswer { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_team_that_is_lost_in_a_chunk_leaves_what_there_is() {
    let lost = worker(|words| match words {
        words if words.contains("<step plan>") => Some("## One\n## Two".into()),
        words if words.contains("<step chunk 1>") => Some("first result".into()),
        _ => None,
    });
    let ran = Play::new(plan(), vec![lost])
        .run(|event| asked(event, &Reply::Approved))
        .await;
    let (text, end) = ran.text();
    assert_eq!(end, OutcomeEnd::AgentsLost);
    assert!(
        text.contains("first result") && text.contains("- chunk 2: Two"),
        "{text}"
    );
}

fn divider(reply: &'static str) -> Arc<dyn Provider> {
    worker(move |words| {
        Some(if words.contains("<step divide>") {
            reply.to_owned()
        } else {
            let part = words.split("your part of it is:\n").nth(1);
            let part = part.and_then(|rest| rest.lines().next());
            format!("result of: {}", part.expect("a part"))
        })
    })
}

#[tokio::test(start_paused = true)]
async fn a_task_is_divided_by_a_coordinator() {
    let reply = r#"{"subtasks": {"agent1": {"subtask": "front"}, "agent2": {"subtask": "back", "after": ["agent1"]}}}"#;
    let mode = Mode::Parts(Decomposition::default());
    let ran = Play::new(mode, vec![divider(reply), divider(reply)])
        .run(|_| None)
        .await;
    assert_eq!(ran.turns(), ["dividing", "work"]);
    assert_eq!(ran.text(), ("all together", OutcomeEnd::Consensus));
    let turn = ran.state.turn.as_ref().expect("a turn");
    let texts: Vec<&str> = turn
        .answers
        .iter()
        .map(|one| one.answer.text.as_str())
        .collect();
    assert_eq!(texts, ["result of: front", "result of: back"]);
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_of_no_use_is_told_and_the_work_goes_on() {
    let mode = Mode::Parts(Decomposition::default());
    let models = vec![divider("I would rather not."), divider("no")];
    let ran = Play::new(mode, models).run(|_| None).await;
    assert_eq!(ran.text().0, "all together");
    let told = ran.events.iter().any(|event| {
        matches!(&event.kind, EventKind::Run(RunEvent::Stage(StageEvent::Divided { source, .. }))
            if *source == massgen_tui::protocol::stage::Source::Fallback)
    });
    assert!(told);
}

#[tokio::test(start_paused = true)]
async fn personas_shape_the_first_answer_and_are_set_aside() {
    let caster = || {
        model(move |_, request| {
            let words = words(request);
            if words.contains("<step personas>") {
                let cast = r#"{"personas": {"agent1": "You hope.", "agent2": "You doubt."}}"#;
                return publish(10, cast);
            }
            if request.tools.is_empty() {
                return say("done");
            }
            if offers(request, "vote") {
                assert!(
                    words.contains("set the given way of working aside"),
                    "{words}"
                );
                return vote(10, &choices(request)[0]);
            }
            let own = if words.contains("You hope.") {
                "hope"
            } else {
                "doubt"
            };
            assert!(words.contains("Work on the task in this way"), "{words}");
            publish(10, own)
        })
    };
    let personas = Personas {
        diversity: Some(Diversity::Perspective),
        ..Personas::default()
    };
    let mut play = Play::new(Mode::Team, vec![caster(), caster()]);
    play.personas = personas;
    let ran = play.run(|_| None).await;
    assert_eq!(ran.turns(), ["personas", "work"]);
    let turn = ran.state.turn.as_ref().expect("a turn");
    let mut texts: Vec<&str> = turn
        .answers
        .iter()
        .map(|one| one.answer.text.as_str())
        .collect();
    texts.sort_unstable();
    assert_eq!(texts, ["doubt", "hope"]);
}

/// The text of the last plan that was carried out: titles of its chunks, and how it was approved.
fn planned(ran: &Ran) -> Option<(Vec<String>, Approved)> {
    let told = ran
        .events
        .iter()
        .rev()
        .find_map(|event| match &event.kind {
            EventKind::Run(RunEvent::Stage(StageEvent::Planned { chunks, approved })) => {
                Some((chunks, *approved))
            }
            _ => None,
        })?;
    let titles = told.0.iter().map(|chunk| chunk.title.clone()).collect();
    Some((titles, told.1))
}

/// A model that writes this plan and works off whatever chunk it is given.
fn planner(text: &'static str) -> Arc<dyn Provider> {
    worker(move |words| {
        Some(match words.split("<step ").nth(1) {
            Some(step) if step.starts_with("plan") => text.to_owned(),
            Some(step) => format!("result of {}", step.split('>').next().expect("a step")),
            None => unreachable!("every turn has a step"),
        })
    })
}

#[tokio::test(start_paused = true)]
async fn a_rejected_plan_is_made_anew_with_the_objection_in_view() {
    let model = worker(|words| {
        Some(
            match words {
                words if words.contains("<step chunk") => "done",
                words if words.contains("too long") => "## Short",
                _ => "## One\n## Two\n## Three",
            }
            .to_owned(),
        )
    });
    let ran = Play::new(plan(), vec![model])
        .run(|event| match &event.kind {
            EventKind::Run(RunEvent::Question(QuestionEvent::Asked(question))) => {
                let reply = match question.id.0 {
                    1 => Reply::Rejected("too long".into()),
                    _ => Reply::Approved,
                };
                Some(Command::Answer {
                    id: question.id,
                    reply,
                })
            }
            _ => None,
        })
        .await;
    assert_eq!(ran.turns(), ["planning", "planning", "chunk 1 of 1: Short"]);
    assert_eq!(ran.text(), ("done", OutcomeEnd::Consensus));
}

#[tokio::test(start_paused = true)]
async fn a_plan_rejected_for_good_is_the_answer_and_says_so() {
    let reply = Reply::Rejected(String::new());
    let ran = Play::new(plan(), vec![plan_worker()])
        .run(|event| asked(event, &reply))
        .await;
    assert_eq!(ran.turns(), ["planning"; 3]);
    let (text, end) = ran.text();
    assert_eq!(end, OutcomeEnd::Limit);
    assert!(text.starts_with("## One"), "{text}");
    assert!(text.contains("- the plan was not carried out"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_nobody_looks_at_waits_for_a_day_and_no_longer() {
    let ran = Play::new(plan(), vec![plan_worker()]).run(|_| None).await;
    let expired = ran.events.iter().any(|event| {
        matches!(
            event.kind,
            EventKind::Run(RunEvent::Question(QuestionEvent::Expired { .. }))
        )
    });
    assert!(expired);
    assert_eq!(ran.text().1, OutcomeEnd::Limit);
    assert!(ran.text().0.contains("- the plan was not carried out"));
}

#[tokio::test(start_paused = true)]
async fn a_plan_may_be_carried_out_without_asking() {
    let mode = Mode::Plan(Planning {
        approval: Approval::Auto,
        ..Planning::default()
    });
    let ran = Play::new(mode, vec![plan_worker()]).run(|_| None).await;
    assert_eq!(ran.text().0, "both results");
    let asked = |event: &Event| matches!(event.kind, EventKind::Run(RunEvent::Question(_)));
    assert!(!ran.events.iter().any(asked));
    assert_eq!(planned(&ran).expect("a plan").1, Approved::Policy);
}

#[tokio::test(start_paused = true)]
async fn an_empty_change_is_no_plan_and_the_question_stays() {
    let ran = Play::new(plan(), vec![plan_worker()])
        .run(|event| match &event.kind {
            EventKind::Run(RunEvent::Notice { text, .. }) if text.starts_with("An empty plan") => {
                Some(Command::Answer {
                    id: QuestionId(1),
                    reply: Reply::Approved,
                })
            }
            _ => asked(event, &Reply::Edited(" \n".into())),
        })
        .await;
    assert_eq!(ran.text().0, "both results");
}

#[tokio::test(start_paused = true)]
async fn a_plan_without_form_is_one_chunk() {
    let ran = Play::new(plan(), vec![planner("I would just do it.")])
        .run(|event| asked(event, &Reply::Approved))
        .await;
    assert_eq!(ran.turns(), ["planning", "chunk 1 of 1: the whole plan"]);
    assert_eq!(ran.text(), ("result of chunk 1", OutcomeEnd::Consensus));
}

#[tokio::test(start_paused = true)]
async fn chunks_beyond_the_limit_join_the_last_one_and_its_title_says_so() {
    let mode = Mode::Plan(Planning {
        chunks: 2,
        ..Planning::default()
    });
    let ran = Play::new(mode, vec![planner("## A\n## B\n- b\n## C\n- c\n## D")])
        .run(|event| asked(event, &Reply::Approved))
        .await;
    let (titles, _) = planned(&ran).expect("a plan");
    assert_eq!(titles, ["A", "B (and 2 more)"]);
    let all = ran.events.iter().find_map(|event| match &event.kind {
        EventKind::Run(RunEvent::Stage(StageEvent::Planned { chunks, .. })) => {
            chunks.last().map(|chunk| chunk.text.clone())
        }
        _ => None,
    });
    let all = all.expect("a last chunk");
    for word in ["- b", "C", "- c", "D"] {
        assert!(all.contains(word), "nothing of the plan is lost: {all}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_chunk_of_which_nobody_says_a_word_is_named_and_the_next_one_runs() {
    let model = model(move |_, request| {
        let words = words(request);
        if words.contains("<step chunk 1>") {
            return say("")[1..].to_vec();
        }
        if request.tools.is_empty() {
            return say("said");
        }
        if offers(request, "vote") {
            return vote(10, &choices(request)[0]);
        }
        if words.contains("<step plan>") {
            publish(10, "## One\n## Two")
        } else {
            publish(10, "second result")
        }
    });
    let ran = Play::new(plan(), vec![model])
        .run(|event| asked(event, &Reply::Approved))
        .await;
    assert_eq!(
        ran.turns(),
        ["planning", "chunk 1 of 2: One", "chunk 2 of 2: Two"]
    );
    let (text, end) = ran.text();
    assert_eq!(end, OutcomeEnd::Limit);
    assert!(text.contains("second result"), "{text}");
    assert!(
        text.contains("**Not delivered:**\n\n- chunk 1: One"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn stopping_a_chunk_tells_what_is_there_and_what_is_not() {
    let ran = Play::new(plan(), vec![plan_worker()])
        .run(|event| {
            let in_second = matches!(&event.kind, EventKind::Run(RunEvent::Started(start))
                if start.stage.as_ref().is_some_and(|s| s.title == "Two"));
            asked(event, &Reply::Approved).or(in_second.then_some(Command::Stop))
        })
        .await;
    let (text, end) = ran.text();
    assert_eq!(end, OutcomeEnd::Stopped);
    assert!(text.contains("first result"), "{text}");
    assert!(text.contains("- chunk 2: Two"), "{text}");
    assert_eq!(ran.turns().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_chain_is_one_log_with_numbers_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).expect("a store");
    let mut play = Play::new(plan(), vec![plan_worker(), plan_worker()]);
    play.log = Some(store);
    let ran = play.run(|event| asked(event, &Reply::Approved)).await;
    let numbers: Vec<u32> = ran.state.turns().map(|turn| turn.start.turn).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
    let mut prompts = ran.state.turns().map(|turn| turn.start.prompt.as_str());
    assert!(prompts.all(|prompt| prompt == "the task"));
    for turn in ran.state.turns() {
        for agent in &turn.agents {
            let started = agent.round > 0;
            assert!(started, "rounds count from 1 in every turn");
        }
    }
    let store = Store::open(folder.path()).expect("a store");
    let read = store.read(&RunId("test".into())).expect("a log");
    assert_eq!(read.damage, None);
    assert_eq!(read.events, ran.events);
}

#[tokio::test(start_paused = true)]
async fn a_follow_up_sees_a_chain_as_one_task() {
    let model = worker(|words| {
        Some(
            match words {
                words if words.contains("now shorter") => {
                    assert!(words.contains("both results"), "{words}");
                    assert!(!words.contains("first result"), "one outcome: {words}");
                    if words.contains("<step plan>") {
                        "## Shorten"
                    } else {
                        "short"
                    }
                }
                words if words.contains("<step plan>") => "## One\n## Two",
                words if words.contains("<step chunk 1>") => "first result",
                words if words.contains("<step chunk 2>") => "second result",
                _ => "both results",
            }
            .to_owned(),
        )
    });
    let (sender, mut events) = mpsc::channel(1024);
    let mut setup = setup(vec![model], Limits::default());
    setup.rules.mode = Mode::Plan(Planning {
        approval: Approval::Auto,
        ..Planning::default()
    });
    let sinks = Sinks {
        log: None,
        subscribers: vec![sender],
        redactor: Redactor::new(&[]),
        trouble: None,
        prompts: None,
    };
    let session = engine::spawn(setup, sinks, "the task".into());
    let mut state = RunState::default();
    let mut tasks = 0;
    while let Some(event) = events.recv().await {
        state.apply(&event);
        let over = matches!(
            event.kind,
            EventKind::Run(RunEvent::Stage(StageEvent::Over { .. }))
        );
        if over {
            tasks += 1;
            let next = match tasks {
                1 => Command::FollowUp {
                    prompt: "now shorter".into(),
                },
                _ => Command::Close,
            };
            session.commands.send(next).await.expect("it listens");
        }
    }
    session.done.await.expect("an orderly end");
    let numbers: Vec<u32> = state.turns().map(|turn| turn.start.turn).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
    let last = state.turn.as_ref().and_then(|turn| turn.last_word());
    assert!(
        matches!(last, Some(Outcome::Answered { text, .. }) if text == "short"),
        "{last:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_circle_and_strangers_in_a_division_are_left_out() {
    let reply = r#"```json
{"subtasks": {"agent1": {"subtask": "front", "after": ["agent2"]},
 "agent2": {"subtask": "back", "after": ["agent1", "agent9"]}, "agent9": {"subtask": "roof"}}}
```"#;
    let mode = Mode::Parts(Decomposition::default());
    let ran = Play::new(mode, vec![divider(reply), divider(reply)])
        .run(|_| None)
        .await;
    assert_eq!(ran.text(), ("all together", OutcomeEnd::Consensus));
    let turn = ran.state.turn.as_ref().expect("a turn");
    let (parts, source) = turn.steps.parts.as_ref().expect("parts");
    assert_eq!(*source, Source::Completed, "a word about it is shown");
    assert_eq!(parts.len(), 2);
    assert!(parts.iter().all(|part| part.after.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn a_part_that_nobody_delivered_is_named_below_the_answer() {
    let reply = r#"{"subtasks": {"agent1": "front", "agent2": "back"}}"#;
    let lost = worker(|words| words.contains("<step divide>").then(|| "{}".into()));
    let mode = Mode::Parts(Decomposition::default());
    let ran = Play::new(mode, vec![divider(reply), lost])
        .run(|_| None)
        .await;
    let (text, end) = ran.text();
    assert_eq!(end, OutcomeEnd::Limit);
    assert!(text.starts_with("all together"), "{text}");
    assert!(
        text.contains("**Not delivered:**\n\n- part 2 (agent2): back"),
        "{text}"
    );
    let turn = ran.state.turn.as_ref().expect("a turn");
    assert_eq!(turn.steps.missing, ["part 2 (agent2): back"]);
}

#[tokio::test(start_paused = true)]
async fn personas_that_cannot_be_read_are_the_programs_own_and_a_word_says_so() {
    for reply in ["As you wish!", r#"{"personas": ["You hope."]}"#, "{"] {
        let caster = || {
            worker(move |words| {
                Some(
                    if words.contains("<step personas>") {
                        reply
                    } else {
                        assert!(words.contains("Work on the task in this way:"), "{words}");
                        "done"
                    }
                    .to_owned(),
                )
            })
        };
        let mut play = Play::new(Mode::Team, vec![caster(), caster()]);
        play.personas.diversity = Some(Diversity::Perspective);
        let ran = play.run(|_| None).await;
        assert_eq!(ran.turns(), ["personas", "work"]);
        let turn = ran.state.turn.as_ref().expect("a turn");
        let (personas, source) = turn.steps.personas.as_ref().expect("personas");
        assert_eq!((personas.len(), *source), (2, Source::Fallback));
        let told = turn.timeline.iter().any(
            |entry| matches!(&entry.what, Happening::Told(words) if words.contains("of no use")),
        );
        assert!(told, "{:?}", turn.timeline);
    }
}

#[tokio::test(start_paused = true)]
async fn the_budget_is_that_of_the_whole_task_and_what_it_did_not_pay_is_named() {
    let mode = || {
        Mode::Plan(Planning {
            approval: Approval::Auto,
            ..Planning::default()
        })
    };
    let calls = |ran: &Ran| {
        ran.state
            .turns()
            .map(|turn| turn.usage().calls)
            .sum::<u32>()
    };
    let whole = Play::new(mode(), vec![plan_worker()]).run(|_| None).await;
    let needed = calls(&whole);
    for most in 1..needed {
        let mut play = Play::new(mode(), vec![plan_worker()]);
        play.limits.budget.calls = Some(most);
        let ran = play.run(|_| None).await;
        assert!(calls(&ran) <= most, "{} of {most}", calls(&ran));
        let (text, end) = ran.text();
        assert_eq!(end, OutcomeEnd::Limit, "{most}: {text}");
        for (result, chunk) in [
            ("first result", "- chunk 1: One"),
            ("second result", "- chunk 2: Two"),
        ] {
            let missing = text.contains(chunk);
            assert_ne!(missing, text.contains(result), "{most}: {text}");
        }
    }
}
