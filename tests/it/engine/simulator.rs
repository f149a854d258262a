//! Random teams under paused time: whatever models and people do, the laws hold.
//!
//! The real driver, seats, bank and log; only the models are scripted. Policies, modes, limits, prices,
//! teams in the place of agents and what the person does are drawn at random (`plan`); the models
//! answer, stall, die, lie and flood (`cast`). Of every session: each turn ends within the computed
//! bound of virtual time, every answer that was published is in the fold, what was used is within the
//! limits, the log read back gives the same state and winner; and some are cut anywhere and resumed.

mod cast;
mod plan;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use massgen_tui::{
    engine::{self, Begin, Past, Session, SessionSetup, outbox::Sinks},
    protocol::{
        AgentEvent, AgentId, Budget, Command, Event, EventKind, Label, Limits, Mode, Outcome,
        QuestionEvent, Rules, RunEvent, RunId, StageEvent, TeamEvent, ToolEvent, TurnStart, Usage,
    },
    run::RunState,
    store::{self, Store, redact::Redactor},
};
use proptest::prelude::*;
use tokio::{sync::mpsc, time::Instant};

use self::plan::{Account, Chair, Deed, Nature, Plan, plans};
use super::{laws, setup};

const SECRET: &str = "swordfish-4711";
/// How long a plan waits for its approval.
const DAY: Duration = Duration::from_hours(24);

/// What was heard of a session, and when.
struct Heard {
    events: Vec<Event>,
    at: Vec<Duration>,
    state: RunState,
    took: Duration,
}

/// The team of a plan, and by how many tokens one call of it may go over its reservation.
fn team(plan: &Plan, run: &RunId) -> (SessionSetup, Arc<AtomicU64>) {
    let over = Arc::new(AtomicU64::new(0));
    let seats = plan.chairs.iter().map(|chair| cast::seat(chair, &over));
    let mut team = setup(seats.collect(), plan.limits.clone());
    team.run = run.clone();
    team.rules = plan.rules.clone();
    (team, over)
}

fn sinks(log: Option<store::WriterHandle>) -> (Sinks, mpsc::Receiver<Event>) {
    let (sender, events) = mpsc::channel(8);
    let sinks = Sinks {
        log,
        subscribers: vec![sender],
        redactor: Redactor::new(&[SECRET.to_owned()]),
        trouble: None,
        prompts: None,
    };
    (sinks, events)
}

/// Listens to the end; closes the session when nothing of its task follows.
async fn listen(
    plan: &Plan,
    session: Session,
    mut events: mpsc::Receiver<Event>,
    mut state: RunState,
) -> Heard {
    let commands = session.commands.clone();
    let words = plan.commands.clone();
    let person = tokio::spawn(async move {
        for (wait, command) in words {
            tokio::time::sleep(Duration::from_millis(wait)).await;
            let _ = commands.send(command).await;
        }
    });
    let begun = Instant::now();
    let (mut all, mut at) = (Vec::new(), Vec::new());
    while let Some(event) = events.recv().await {
        tokio::time::sleep(Duration::from_millis(plan.reader_ms)).await;
        state.apply(&event);
        if state
            .turn
            .as_ref()
            .is_some_and(massgen_tui::run::Turn::is_last)
        {
            let _ = session.commands.try_send(Command::Close);
        }
        all.push(event);
        at.push(begun.elapsed());
    }
    person.abort();
    session.done.await.expect("the session ends orderly");
    Heard {
        events: all,
        at,
        state,
        took: begun.elapsed(),
    }
}

async fn live(plan: &Plan, store: &Store) {
    let run = store::new_run_id(0);
    let (team, over) = team(plan, &run);
    let (sinks, events) = sinks(Some(store.write(run.clone()).expect("a log")));
    let session = engine::spawn(team, sinks, format!("what is {SECRET}?"));
    let heard = listen(plan, session, events, RunState::default()).await;
    laws::check(&heard.events, SECRET);
    ends_in_time(plan, &heard);
    nothing_is_lost(&heard.events, &heard.state);
    limits_hold(plan, &heard.events, over.load(Ordering::Relaxed));
    let read = store.read(&run).expect("a log that opens");
    assert_eq!(read.damage, None);
    for (read, heard) in read.events.iter().zip(&heard.events) {
        assert_eq!(read, heard, "the log is the run");
    }
    assert_eq!(read.events.len(), heard.events.len());
    folds_the_same(&read.events, &heard.state);
    if let Some(cut) = plan.cut {
        let length = 1 + usize::from(cut) * (heard.events.len() - 1) / 1000;
        let over = over.load(Ordering::Relaxed);
        resumes(plan, &heard.events[..length], over).await;
    }
}

/// A process that ended here: another one goes on from its log and loses nothing.
async fn resumes(plan: &Plan, log: &[Event], before: u64) {
    let past = Past::read(log);
    if !past.is_open() {
        return;
    }
    let mut state = RunState::default();
    for event in log {
        state.apply(event);
    }
    let (team, over) = team(plan, &RunId("test".into()));
    let (sinks, events) = sinks(None);
    let session = engine::begin(team, sinks, Begin::Resume(Box::new(past)));
    let heard = listen(plan, session, events, state).await;
    ends_in_time(plan, &heard);
    let whole: Vec<Event> = log.iter().chain(&heard.events).cloned().collect();
    laws::check(&whole, SECRET);
    nothing_is_lost(&whole, &heard.state);
    let over = over.load(Ordering::Relaxed).max(before);
    limits_hold(plan, &whole, over);
    folds_the_same(&whole, &heard.state);
}

/// Longest virtual time of a turn, as `docs/coordination.md` has it.
fn bound(start: &TurnStart) -> Duration {
    let (limits, verify) = (&start.limits, start.rules.finishing.verify);
    let servants = if verify.is_some() { 4 } else { 2 };
    let seconds = limits.turn_seconds + 2 * limits.vote_seconds + servants * limits.present_seconds;
    Duration::from_secs(seconds * u64::from(verify.map_or(1, |rule| rule.restarts + 1)))
}

fn started(event: &Event) -> Option<&TurnStart> {
    match &event.kind {
        EventKind::Run(RunEvent::Started(start)) => Some(start),
        _ => None,
    }
}

/// Every turn ends within its bound, and so does the whole.
fn ends_in_time(plan: &Plan, heard: &Heard) {
    // A slow reader slows the team: each event may have waited for it.
    let lag = Duration::from_millis(plan.reader_ms);
    let mut whole = Duration::ZERO;
    let mut since = None;
    for (index, (event, at)) in heard.events.iter().zip(&heard.at).enumerate() {
        if let Some(start) = started(event) {
            let bound = bound(start);
            since = Some((index, *at, bound));
            whole += bound;
        }
        let asked = matches!(
            event.kind,
            EventKind::Run(RunEvent::Question(QuestionEvent::Asked(_)))
        );
        if asked && matches!(plan.rules.mode, Mode::Plan(_)) {
            whole += DAY;
        }
        if let (EventKind::Run(RunEvent::Ended(_)), Some((first, from, bound))) =
            (&event.kind, since)
        {
            let lag = lag * u32::try_from(index - first + 16).expect("a short log");
            let took = at.saturating_sub(from);
            assert!(took <= bound + lag, "{took:?}, {bound:?} allowed");
        }
    }
    let lag = lag * u32::try_from(heard.events.len() + 16).expect("a short log");
    assert!(heard.took <= whole + lag, "{:?} of {whole:?}", heard.took);
    let tasks = 1 + plan.commands.len();
    let stages = match &plan.rules.mode {
        Mode::Plan(planning) => 4 + planning.chunks as usize,
        Mode::Parts(_) => 2,
        _ => 1,
    };
    let turns = heard.events.iter().filter(|e| started(e).is_some()).count();
    assert!(turns <= tasks * (stages + 1), "{turns} turns");
}

/// Every answer that was ever published stands in the fold of its turn with its words, and a turn
/// that has one is answered.
fn nothing_is_lost(events: &[Event], state: &RunState) {
    assert_eq!(state.gaps, 0);
    let mut turn = 0;
    let mut published: BTreeMap<u32, Vec<(Label, &str)>> = BTreeMap::new();
    for event in events {
        match &event.kind {
            EventKind::Run(RunEvent::Started(start)) => turn = start.turn,
            EventKind::Agent {
                event: AgentEvent::Published(answer),
                ..
            } => {
                let all = published.entry(turn).or_default();
                let new = all.iter().all(|(label, _)| *label != answer.label);
                assert!(new, "{} is there twice", answer.label);
                all.push((answer.label, &answer.text));
            }
            EventKind::Run(RunEvent::Ended(outcome)) => {
                let any = published.contains_key(&turn);
                let answered = matches!(outcome, Outcome::Answered { .. });
                assert_eq!(answered, any, "{outcome:?}");
            }
            _ => {}
        }
    }
    let last = state.turn.as_ref().expect("a turn");
    assert!(last.outcome.is_some(), "it has ended");
    let kept = last.answers.iter();
    let kept: Vec<_> = kept
        .map(|p| (p.answer.label, p.answer.text.as_str()))
        .collect();
    assert_eq!(kept, published.remove(&turn).unwrap_or_default());
}

/// Tokens, money, calls and tool calls of every task stay within the team's limits and those of its
/// agents, but for what running calls used beyond what could be known of them.
fn limits_hold(plan: &Plan, events: &[Event], over: u64) {
    let mut models = plan.models();
    for event in events {
        if let EventKind::Run(RunEvent::Team(TeamEvent::Added { .. })) = &event.kind {
            models += 4;
        }
    }
    // Whoever may ask pays for several calls at a time.
    let asks = |rules: &Rules| rules.talking.ask.agents();
    let nested = plan.chairs.iter().any(|chair| match chair {
        Chair::Model(_) => false,
        Chair::Team(_, rules, _) => asks(rules),
    });
    if asks(&plan.rules) || nested {
        models *= models;
    }
    let slack = over * models as u64;
    for task in tasks(events) {
        within(&plan.limits.budget, None, task, slack);
        for own in &plan.limits.agents {
            within(&own.budget, Some(own.agent), task, slack);
        }
    }
}

fn within(budget: &Budget, agent: Option<AgentId>, task: &[Event], slack: u64) {
    let mut used = Usage::default();
    let mut tools = 0;
    for event in task {
        let EventKind::Agent { id, event } = &event.kind else {
            continue;
        };
        if agent.is_some_and(|agent| agent != *id) {
            continue;
        }
        match event {
            AgentEvent::Usage(usage) => used += *usage,
            AgentEvent::Tool(ToolEvent::Finished { output, .. }) => {
                tools += u32::from(!output.ends_with("finish without tools."));
            }
            _ => {}
        }
    }
    let whose = agent.map_or("the team".to_owned(), |agent| agent.to_string());
    if let Some(calls) = budget.calls {
        assert!(used.calls <= calls, "{whose}: {} of {calls}", used.calls);
    }
    if let Some(most) = budget.tool_calls {
        assert!(tools <= most, "{whose}: {tools} of {most} tool calls");
    }
    if let Some(tokens) = budget.tokens {
        let all = used.input + used.output;
        assert!(
            all <= tokens + slack,
            "{whose}: {all} of {tokens} + {slack}"
        );
    }
    if let Some(usd) = budget.usd {
        // The dearest token of `plan` costs 80 dollars a million.
        let most = usd + slack as f64 * 80e-6 + 1e-9;
        assert!(used.cost.usd <= most, "{whose}: {} of {usd}", used.cost.usd);
    }
}

/// The events of each task: one turn, or a chain of turns.
fn tasks(events: &[Event]) -> Vec<&[Event]> {
    let mut cuts = Vec::new();
    let mut chained = false;
    for (index, event) in events.iter().enumerate() {
        if let Some(start) = started(event)
            && start.resumed.is_none()
            && !(chained && start.stage.is_some())
        {
            chained = start.stage.is_some();
            cuts.push(index);
        }
        if let EventKind::Run(RunEvent::Stage(StageEvent::Over { .. })) = &event.kind {
            chained = false;
        }
    }
    let ends = cuts.iter().skip(1).copied().chain([events.len()]);
    cuts.iter()
        .zip(ends)
        .map(|(from, to)| &events[*from..to])
        .collect()
}

/// The log, written as lines and read back, gives the state and the winner that were lived.
fn folds_the_same(log: &[Event], lived: &RunState) {
    let mut state = RunState::default();
    for event in log {
        let line = serde_json::to_string(event).expect("plain data");
        let read: Event = serde_json::from_str(&line).expect("what was written can be read");
        assert_eq!(&read, event);
        state.apply(&read);
    }
    assert!(&state == lived, "the log gives another state");
    let winner = |state: &RunState| {
        let turn = state.turn.as_ref()?;
        turn.decision.as_ref().map(|decision| decision.winner)
    };
    assert_eq!(winner(&state), winner(lived));
}

/// Sessions of a plain test run; `PROPTEST_CASES` says another number.
fn sessions() -> ProptestConfig {
    let usual = ProptestConfig::default();
    let cases = match std::env::var_os("PROPTEST_CASES") {
        Some(_) => usual.cases,
        None => 96,
    };
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..usual
    }
}

proptest! {
    #![proptest_config(sessions())]
    #[test]
    fn whatever_happens_the_laws_hold(plan in plans()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a store");
        runtime.block_on(live(&plan, &store));
    }
}

/// Killed before its first call, which no budget allowed: the next process invents no call.
#[tokio::test(start_paused = true)]
async fn a_call_that_no_budget_allowed_is_not_paid_for_by_the_next_process() {
    let mut limits = Limits::default();
    limits.budget.calls = Some(0);
    let spent = |events: &[Event]| -> u32 {
        let calls = events.iter().filter_map(|event| match &event.kind {
            EventKind::Agent {
                event: AgentEvent::Usage(usage),
                ..
            } => Some(usage.calls),
            _ => None,
        });
        calls.sum()
    };
    let plan = Plan {
        chairs: vec![Chair::Model(Nature {
            deeds: vec![(5, Deed::Publish(0))],
            account: Account::Honest,
            price: None,
        })],
        commands: Vec::new(),
        reader_ms: 0,
        limits,
        rules: Rules::default(),
        cut: None,
    };
    let team = || team(&plan, &RunId("test".into())).0;
    let (told, events) = sinks(None);
    let session = engine::spawn(team(), told, "the task".into());
    let heard = listen(&plan, session, events, RunState::default()).await;
    assert_eq!(spent(&heard.events), 0);
    for length in 1..heard.events.len() {
        let log = &heard.events[..length];
        let (told, events) = sinks(None);
        let past = Box::new(Past::read(log));
        let session = engine::begin(team(), told, Begin::Resume(past));
        let heard = listen(&plan, session, events, RunState::default()).await;
        assert_eq!(spent(&heard.events), 0, "cut after {length}");
    }
}
