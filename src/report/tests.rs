//! Figures of a session that was told by hand, and laws over any session.

use proptest::prelude::*;

use super::*;
use crate::protocol::{
    AgentCard, AgentEvent, Answer, Ballot, BallotDrop, BallotDropReason, BallotEvent, CallEvent,
    Channel, Cost, Decision, Failure, FailureKind, Label, Limits, Marks, Origin, OutcomeEnd,
    Policy, Purpose, Resumed, RoundEnd, Rules, Seq, TallyRow, TieBreak, Timestamp, ToolEvent,
    TurnStart,
};

/// Events at given seconds.
struct Told(Vec<Event>);

impl Told {
    fn new() -> Self {
        let card = |number: u16, name: &str| AgentCard {
            id: AgentId(number),
            name: name.into(),
            model: format!("model-{number}"),
            backend: "openai".into(),
        };
        let mut told = Self(Vec::new());
        told.run(
            0,
            RunEvent::Started(Box::new(TurnStart {
                run: RunId("20260131-120000-aaaa".into()),
                turn: 1,
                prompt: "Sort *these* | \u{1b}[2Jtwo.".into(),
                team: vec![card(1, "ann"), card(2, "bob")],
                limits: Limits::default(),
                rules: Rules::default(),
                stage: None,
                origin: Origin::Direct,
                version: "0".into(),
                cwd: "/".into(),
                places: Vec::new(),
                resumed: None,
            })),
        );
        told
    }

    fn push(&mut self, seconds: u64, kind: EventKind) {
        let seq = Seq(self.0.len() as u64 + 1);
        let at = Timestamp(1_000_000 + seconds * 1000);
        self.0.push(Event { seq, at, kind });
    }

    fn run(&mut self, seconds: u64, event: RunEvent) {
        self.push(seconds, EventKind::Run(event));
    }

    fn agent(&mut self, seconds: u64, agent: u16, event: AgentEvent) {
        let id = AgentId(agent);
        self.push(seconds, EventKind::Agent { id, event });
    }

    fn round(&mut self, seconds: u64, agent: u16, round: u32, purpose: Purpose, view: &[Label]) {
        let view = view.to_vec();
        self.agent(
            seconds,
            agent,
            AgentEvent::RoundStarted {
                round,
                purpose,
                view,
            },
        );
    }

    fn ends(&mut self, seconds: u64, agent: u16, round: u32, end: RoundEnd) {
        self.agent(seconds, agent, AgentEvent::RoundEnded { round, end });
    }

    fn answer(&mut self, seconds: u64, label: Label, text: &str) {
        let answer = Answer {
            label,
            text: text.into(),
            auto: false,
            changes: Vec::new(),
        };
        self.agent(seconds, label.agent.0, AgentEvent::Published(answer));
    }

    fn vote(&mut self, seconds: u64, voter: u16, target: Label) -> Ballot {
        let ballot = Ballot {
            voter: AgentId(voter),
            target: Some(target),
            reason: "it | is *better*".into(),
            epoch: 1,
            marks: Marks::default(),
        };
        let cast = AgentEvent::Ballot(BallotEvent::Cast(ballot.clone()));
        self.agent(seconds, voter, cast);
        ballot
    }

    fn pays(&mut self, seconds: u64, agent: u16, input: u64, usd: f64) {
        let usage = Usage {
            input,
            calls: 1,
            cost: Cost {
                usd,
                partial: false,
            },
            ..Usage::default()
        };
        self.agent(seconds, agent, AgentEvent::Usage(usage));
    }

    fn text(&mut self, seconds: u64, agent: u16) {
        let channel = Channel::Text;
        let text = "so".into();
        self.agent(seconds, agent, AgentEvent::Delta { channel, text });
    }

    fn tool(&mut self, from: u64, to: u64, agent: u16, ok: bool) {
        let call = format!("c{from}");
        self.agent(
            from,
            agent,
            AgentEvent::Tool(ToolEvent::Started {
                call: call.clone(),
                name: "run_command".into(),
                arguments: "{}".into(),
            }),
        );
        self.agent(
            to,
            agent,
            AgentEvent::Tool(ToolEvent::Finished {
                call,
                ok,
                output: "x".into(),
                elapsed_ms: (to - from) * 1000,
            }),
        );
    }
}

const ONE: Label = Label::new(AgentId(1), 1);
const TWO: Label = Label::new(AgentId(2), 1);

/// Ann answers after a failed call and votes too early; Bob uses a tool; Ann wins.
pub(super) fn story() -> Vec<Event> {
    let mut told = Told::new();
    told.round(0, 1, 1, Purpose::Work, &[]);
    told.round(0, 2, 1, Purpose::Work, &[]);
    told.agent(
        2,
        1,
        AgentEvent::Call(CallEvent::Retrying {
            attempt: 2,
            wait_ms: 1500,
            failure: Failure::new(FailureKind::RateLimit, "slow | down"),
        }),
    );
    told.text(5, 1);
    told.tool(3, 7, 2, false);
    told.answer(10, ONE, "one");
    told.pays(10, 1, 100, 0.5);
    told.ends(10, 1, 1, RoundEnd::Published);
    told.round(12, 1, 2, Purpose::Work, &[ONE]);
    let early = told.vote(14, 1, ONE);
    told.pays(14, 1, 40, 0.25);
    told.ends(14, 1, 2, RoundEnd::Voted);
    told.answer(20, TWO, "two");
    told.pays(20, 2, 10, 0.0);
    told.ends(20, 2, 1, RoundEnd::Published);
    told.run(
        20,
        RunEvent::BallotsDropped(vec![BallotDrop {
            ballot: early,
            reason: BallotDropReason::NewAnswer { by: TWO },
        }]),
    );
    told.round(21, 1, 3, Purpose::Revote, &[ONE, TWO]);
    told.round(21, 2, 2, Purpose::Work, &[ONE, TWO]);
    told.vote(23, 1, ONE);
    told.ends(23, 1, 3, RoundEnd::Voted);
    told.vote(24, 2, ONE);
    told.ends(24, 2, 2, RoundEnd::Voted);
    told.run(24, RunEvent::Phase(Phase::Deciding));
    told.run(
        24,
        RunEvent::Decided(Decision {
            winner: ONE,
            tally: vec![
                TallyRow {
                    label: ONE,
                    voters: vec![AgentId(1), AgentId(2)],
                },
                TallyRow {
                    label: TWO,
                    voters: vec![],
                },
            ],
            abstained: Vec::new(),
            by: TieBreak::Votes,
            policy: Policy::default(),
            points: Vec::new(),
            rounds: Vec::new(),
            bar: None,
            majority: None,
            saved_calls: 0,
            end: None,
        }),
    );
    told.run(24, RunEvent::Phase(Phase::Presenting));
    told.round(24, 1, 4, Purpose::Present, &[]);
    told.pays(29, 1, 60, 0.25);
    told.ends(29, 1, 4, RoundEnd::Presented);
    told.run(30, RunEvent::Phase(Phase::Done));
    told.run(
        30,
        RunEvent::Ended(Outcome::Answered {
            winner: ONE,
            text: "one".into(),
            presenter: Some(AgentId(1)),
            end: OutcomeEnd::Consensus,
            changes: Vec::new(),
        }),
    );
    told.0
}

pub(super) fn report(events: &[Event]) -> Report {
    of(&RunId("20260131-120000-aaaa".into()), events)
}

#[test]
fn the_time_between_two_processes_is_nobodys_work() {
    let cut = story().iter().position(|event| event.at.0 > 1_010_000);
    let cut = cut.expect("more happens later");
    let after = |pause: u64| {
        let mut events = story();
        let first = events[0].clone();
        let at = events[cut - 1].at;
        for event in &mut events[cut..] {
            event.at.0 += pause;
        }
        let EventKind::Run(RunEvent::Started(mut start)) = first.kind else {
            panic!("a turn begins");
        };
        start.resumed = Some(Resumed {
            times: 1,
            used_ms: at.since(first.at),
        });
        let again = Event {
            seq: Seq(0),
            at: Timestamp(at.0 + pause),
            kind: EventKind::Run(RunEvent::Started(start)),
        };
        events.insert(cut, again);
        for (event, seq) in events.iter_mut().zip(1..) {
            event.seq = Seq(seq);
        }
        serde_json::to_value(report(&events)).expect("data")
    };
    assert_eq!(after(3_600_000), after(0));
}

#[test]
fn time_and_money_go_where_they_went() {
    let report = report(&story());
    let [turn] = report.turns.as_slice() else {
        panic!("one turn")
    };
    assert_eq!((turn.outcome, turn.took_ms), ("answered", 30_000));
    assert_eq!(turn.winner, Some(("agent1.1".into(), "ann".into())));
    let phases: Vec<_> = turn
        .phases
        .iter()
        .map(|one| (one.phase, one.ms, one.usage.input))
        .collect();
    assert_eq!(
        phases,
        [(Phase::Work, 24_000, 150), (Phase::Presenting, 6_000, 60)]
    );
    let [ann, bob] = turn.agents.as_slice() else {
        panic!("two agents")
    };
    assert_eq!(
        (
            ann.working_ms,
            ann.tools_ms,
            ann.retrying_ms,
            ann.waiting_ms
        ),
        (16_000, 0, 3_000, 11_000)
    );
    assert_eq!(
        (
            bob.working_ms,
            bob.tools_ms,
            bob.retrying_ms,
            bob.waiting_ms
        ),
        (19_000, 4_000, 0, 7_000)
    );
    assert_eq!(
        (ann.usage.cost.usd, ann.wasted.cost.usd),
        (1.0, 0.25),
        "the early vote"
    );
    let causes: Vec<_> = turn
        .rounds
        .iter()
        .map(|round| round.cause.clone())
        .collect();
    assert_eq!(
        causes,
        [
            Cause::Start,
            Cause::Start,
            Cause::Own,
            Cause::Answers(vec![TWO]),
            Cause::Answers(vec![ONE]),
            Cause::Asked
        ]
    );
    assert_eq!(
        (
            turn.voting.cast,
            turn.voting.own,
            turn.voting.first,
            turn.voting.choices,
            turn.voting.dropped
        ),
        (3, 2, 2, 2, 1)
    );
    let counted: Vec<bool> = turn.voting.edges.iter().map(|edge| edge.counted).collect();
    assert_eq!(counted, [false, true, true]);
    assert_eq!(
        (
            turn.tools[0].calls,
            turn.tools[0].failures,
            turn.tools[0].ms
        ),
        (1, 1, 4_000)
    );
    assert_eq!(
        (turn.troubles[0].count, turn.troubles[0].waited_ms),
        (1, 1_500)
    );
    let odd: Vec<&str> = turn.odd.iter().map(|odd| odd.words.as_str()).collect();
    assert_eq!(odd, ["Round 1 of bob took 20 s, the middle one 5 s."]);
}

#[test]
fn what_is_odd_is_said_with_its_event() {
    let mut events = story();
    let cut = events.len() - 3;
    events.truncate(cut);
    let odd = report(&events).turns.remove(0).odd;
    let last = events.last().unwrap().seq.0;
    assert_eq!(odd.len(), 2);
    assert_eq!(
        (odd[1].event, odd[1].words.as_str()),
        (last, "The log stops before the turn has an end.")
    );
    // The same log, while somebody writes it, only goes on.
    let running = report(&events).still_written().turns.remove(0);
    assert_eq!((running.outcome, running.odd.len()), ("running", 1));
    let ended = report(&story());
    assert_eq!(ended.clone().still_written(), ended);
    assert!(report(&[]).turns.is_empty());
    assert!(markdown(&report(&[])).contains("no turn"));
}

#[test]
fn the_page_holds_the_figures_and_nothing_else_is_markdown() {
    insta::assert_snapshot!(markdown(&report(&story())));
}

proptest! {
    /// Whatever part of a session is read: its times fit into it, and its money is that of its agents.
    #[test]
    fn parts_of_a_session_add_up(drop in prop::collection::vec(any::<bool>(), 40)) {
        let events: Vec<Event> = (story().into_iter().zip(drop))
            .filter(|(event, dropped)| event.seq.0 == 1 || !*dropped)
            .map(|(event, _)| event)
            .collect();
        let report = report(&events);
        for turn in &report.turns {
            for agent in &turn.agents {
                let busy = agent.working_ms + agent.tools_ms + agent.retrying_ms;
                prop_assert!(busy + agent.waiting_ms >= turn.took_ms);
                prop_assert!(agent.wasted.input <= agent.usage.input);
            }
            let phases: u64 = turn.phases.iter().map(|phase| phase.ms).sum();
            prop_assert!(phases <= turn.took_ms + 1);
            let rounds: u64 = turn.rounds.iter().map(|round| round.usage.input).sum();
            prop_assert!(rounds <= turn.usage.input);
            for edge in turn.voting.edges.iter().filter(|edge| edge.counted) {
                prop_assert!(edge.target.is_some());
            }
        }
        let _ = markdown(&report);
    }
}

/// The page of metrics and the report count the same calls, tokens, failures and waits.
fn agrees_with_metrics(events: &[Event]) -> Result<(), TestCaseError> {
    let report = of(&RunId("r".into()), events);
    let mut state = RunState::default();
    for event in events {
        state.apply(event);
    }
    for (turn, figures) in state.turns().zip(&report.turns) {
        let places: Vec<_> = turn.record.metrics.places().cloned().collect();
        let all = crate::run::Metrics::sum(&places);
        prop_assert_eq!(all.usage.calls, figures.usage.calls);
        prop_assert_eq!(all.usage.input, figures.usage.input);
        prop_assert_eq!(all.usage.output, figures.usage.output);
        for errors in &all.errors {
            let told = figures
                .troubles
                .iter()
                .filter(|one| one.kind == errors.kind);
            let (count, waited) = told.fold((0, 0), |(count, waited), one| {
                (count + one.count as u64, waited + one.waited_ms)
            });
            prop_assert_eq!((errors.count, errors.waited_ms), (count, waited));
        }
        let kinds: std::collections::HashSet<_> =
            figures.troubles.iter().map(|one| one.kind).collect();
        prop_assert_eq!(kinds.len(), all.errors.len());
        for place in &places {
            prop_assert!(place.whole.count() <= place.usage.calls as usize);
        }
    }
    Ok(())
}

#[test]
fn the_screen_of_metrics_says_the_same() {
    agrees_with_metrics(&story()).unwrap();
    let mut state = RunState::default();
    for event in story() {
        state.apply(&event);
    }
    let metrics = &state.turn.as_ref().unwrap().record.metrics;
    let ann = metrics.places().next().unwrap();
    assert_eq!((ann.model.as_str(), ann.retries), ("model-1", 1));
    assert_eq!(ann.waited_ms(), 1500);
}
