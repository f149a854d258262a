//! The fold against hand-made and random event streams.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::protocol::{
    AgentCard, AgentEvent, AgentId, Answer, Ballot, BallotDrop, BallotDropReason, BallotEvent,
    CallEvent, Channel, Decision, Event, EventKind, Failure, FailureKind, Label, Level, Limits,
    NoAnswerReason, Origin, Outcome, OutcomeEnd, Phase, Purpose, RoundEnd, Rules, RunEvent, RunId,
    Seq, SteerId, SteerState, Target, TieBreak, Timestamp, ToolEvent, TurnStart, Usage,
};

use super::{Activity, Away, Happening, RunState, Turn};

const A: AgentId = AgentId(1);
const B: AgentId = AgentId(2);

fn label(agent: AgentId, revision: u32) -> Label {
    Label::new(agent, revision)
}

fn start(turn: u32) -> RunEvent {
    let card = |id: AgentId, name: &str| AgentCard {
        id,
        name: name.into(),
        model: "m".into(),
        backend: "demo".into(),
    };
    RunEvent::Started(Box::new(TurnStart {
        run: RunId("r".into()),
        turn,
        prompt: "task".into(),
        team: vec![card(A, "ada"), card(B, "bob")],
        limits: Limits::default(),
        rules: Rules::default(),
        origin: Origin::Demo {
            scenario: "quick".into(),
        },
        version: "0".into(),
        cwd: "/".into(),
        places: Vec::new(),
        resumed: None,
        stage: None,
    }))
}

fn agent(id: AgentId, event: AgentEvent) -> EventKind {
    EventKind::Agent { id, event }
}

fn ask(id: AgentId, round: u32, purpose: Purpose) -> EventKind {
    let view = vec![];
    agent(
        id,
        AgentEvent::RoundStarted {
            round,
            purpose,
            view,
        },
    )
}

fn end(id: AgentId, round: u32, end: RoundEnd) -> EventKind {
    agent(id, AgentEvent::RoundEnded { round, end })
}

fn delta(id: AgentId, channel: Channel, text: &str) -> EventKind {
    let text = text.into();
    agent(id, AgentEvent::Delta { channel, text })
}

fn publish(label: Label, text: &str) -> EventKind {
    let text = text.into();
    let auto = false;
    agent(
        label.agent,
        AgentEvent::Published(Answer {
            label,
            text,
            auto,
            changes: Vec::new(),
        }),
    )
}

fn ballot(voter: AgentId, target: Option<Label>) -> Ballot {
    Ballot {
        voter,
        target,
        reason: "because".into(),
        epoch: 1,
        marks: crate::protocol::Marks::Single,
    }
}

fn cast(voter: AgentId, target: Option<Label>) -> EventKind {
    agent(
        voter,
        AgentEvent::Ballot(BallotEvent::Cast(ballot(voter, target))),
    )
}

fn drops(ballot: Ballot, by: Label) -> EventKind {
    let reason = BallotDropReason::NewAnswer { by };
    EventKind::Run(RunEvent::BallotsDropped(vec![BallotDrop {
        ballot,
        reason,
    }]))
}

/// Numbers events 1, 2, … and stamps them 100 ms apart.
fn stamped(kinds: Vec<EventKind>) -> Vec<Event> {
    kinds
        .into_iter()
        .zip(1..)
        .map(|(kind, n)| Event {
            seq: Seq(n),
            at: Timestamp(n * 100),
            kind,
        })
        .collect()
}

fn fold(events: &[Event]) -> RunState {
    let mut state = RunState::default();
    for event in events {
        state.apply(event);
    }
    state
}

fn turn_of(kinds: Vec<EventKind>) -> Turn {
    let mut all = vec![EventKind::Run(start(1))];
    all.extend(kinds);
    fold(&stamped(all)).turn.expect("a turn")
}

type Case = (&'static str, Vec<EventKind>, &'static str);

/// After these events agent 1 has this status.
fn check_status(cases: Vec<Case>) {
    for (name, kinds, expected) in cases {
        let turn = turn_of(kinds);
        let status = turn.agent(A).unwrap().status(Timestamp(10_000));
        assert_eq!(status, expected, "{name}");
    }
}

#[test]
fn activity_follows_streams() {
    check_status(vec![
        ("nothing", vec![], "starting"),
        ("asked", vec![ask(A, 1, Purpose::Work)], "asked"),
        (
            "thinking",
            vec![ask(A, 1, Purpose::Work), delta(A, Channel::Thinking, "x")],
            "thinking",
        ),
        (
            "writing",
            vec![ask(A, 1, Purpose::Work), delta(A, Channel::Text, "x")],
            "writing",
        ),
        (
            "drafting",
            vec![ask(A, 1, Purpose::Work), delta(A, Channel::Draft, "x")],
            "drafting",
        ),
        (
            "presenting",
            vec![ask(A, 1, Purpose::Present), delta(A, Channel::Text, "x")],
            "presenting",
        ),
    ]);
}

#[test]
fn activity_follows_rounds_and_votes() {
    check_status(vec![
        (
            "between rounds",
            vec![ask(A, 1, Purpose::Work), end(A, 1, RoundEnd::Published)],
            "waiting",
        ),
        (
            "late text of a closed round",
            vec![
                ask(A, 1, Purpose::Work),
                end(A, 1, RoundEnd::Interrupted),
                delta(A, Channel::Text, "x"),
            ],
            "waiting",
        ),
        (
            "voted",
            vec![
                ask(A, 1, Purpose::Work),
                publish(label(A, 1), "t"),
                cast(A, Some(label(A, 1))),
                end(A, 1, RoundEnd::Voted),
            ],
            "voted",
        ),
        (
            "abstained",
            vec![
                ask(A, 1, Purpose::Work),
                cast(A, None),
                end(A, 1, RoundEnd::Abstained),
            ],
            "abstained",
        ),
        (
            "vote lost",
            vec![
                ask(A, 1, Purpose::Work),
                cast(A, Some(label(A, 1))),
                end(A, 1, RoundEnd::Voted),
                publish(label(B, 1), "t"),
                drops(ballot(A, Some(label(A, 1))), label(B, 1)),
            ],
            "waiting",
        ),
        (
            "refused",
            vec![
                ask(A, 1, Purpose::Work),
                delta(A, Channel::Text, "x"),
                agent(
                    A,
                    AgentEvent::Refused {
                        act: "vote".into(),
                        reason: "no".into(),
                        setback: crate::protocol::Setback::Refused,
                    },
                ),
            ],
            "asked",
        ),
        (
            "benched stays out",
            vec![
                ask(A, 1, Purpose::Work),
                agent(
                    A,
                    AgentEvent::Benched(Failure::new(FailureKind::Auth, "401")),
                ),
                end(A, 1, RoundEnd::Failed),
                delta(A, Channel::Text, "x"),
            ],
            "out: no access",
        ),
    ]);
}

#[test]
fn parallel_tools_are_shown_until_the_last_one_is_done() {
    let started = |call: &str, name: &str| {
        agent(
            A,
            AgentEvent::Tool(ToolEvent::Started {
                call: call.into(),
                name: name.into(),
                arguments: "{}".into(),
            }),
        )
    };
    let finished = |call: &str| {
        agent(
            A,
            AgentEvent::Tool(ToolEvent::Finished {
                call: call.into(),
                ok: true,
                output: String::new(),
                elapsed_ms: 1,
            }),
        )
    };
    let mut kinds = vec![
        ask(A, 1, Purpose::Work),
        started("1", "grep"),
        started("2", "read"),
        finished("2"),
    ];
    let turn = turn_of(kinds.clone());
    // `grep` started with event 3, at 300 ms.
    assert_eq!(
        turn.agents[0].status(Timestamp(4_300)),
        "tool grep 4 s".to_owned()
    );
    kinds.push(finished("1"));
    assert_eq!(turn_of(kinds).agents[0].activity, Activity::Asked);
}

#[test]
fn retry_says_how_long() {
    let turn = turn_of(vec![
        ask(A, 1, Purpose::Work),
        agent(
            A,
            AgentEvent::Call(CallEvent::Retrying {
                attempt: 2,
                wait_ms: 4_000,
                failure: Failure::new(FailureKind::Overloaded, "529"),
            }),
        ),
    ]);
    // The event came at 300 ms, so the repetition starts at 4 300 ms.
    let agent = &turn.agents[0];
    assert_eq!(
        agent.status(Timestamp(1_350)),
        "retrying in 3 s: server busy"
    );
    assert_eq!(
        agent.status(Timestamp(9_000)),
        "retrying in 0 s: server busy"
    );
    assert!(matches!(
        turn.timeline.last().unwrap().what,
        Happening::Retrying(2)
    ));
}

#[test]
fn words_and_glyphs_are_distinct() {
    let failure = Failure::new(FailureKind::Auth, "x");
    let all = [
        Activity::Starting,
        Activity::Asked,
        Activity::Thinking,
        Activity::Writing,
        Activity::Drafting,
        Activity::Tool { name: "t".into() },
        Activity::Retrying {
            until: Timestamp(0),
            attempt: 2,
            failure: failure.clone(),
        },
        Activity::Voted,
        Activity::Waiting,
        Activity::Presenting,
        Activity::Away(Away::Failed(failure)),
        Activity::Done,
    ];
    let words: BTreeSet<_> = all.iter().map(Activity::word).collect();
    let glyphs: BTreeSet<_> = all.iter().map(Activity::glyph).collect();
    assert_eq!((words.len(), glyphs.len()), (all.len(), all.len()));
    assert!(glyphs.iter().all(|glyph| glyph.chars().count() == 1));
}

#[test]
fn standing_counts_only_ballots_that_stand_for_current_answers() {
    let mut kinds = vec![
        publish(label(A, 1), "one"),
        publish(label(B, 1), "two"),
        cast(A, Some(label(B, 1))),
        cast(B, Some(label(B, 1))),
    ];
    let rows = turn_of(kinds.clone()).standing();
    assert_eq!(rows[0].label, label(B, 1));
    assert_eq!(rows[0].voters, [A, B]);
    assert_eq!((rows[1].label, rows[1].voters.len()), (label(A, 1), 0));

    // Voting again replaces, it does not add.
    kinds.push(cast(B, Some(label(A, 1))));
    let turn = turn_of(kinds.clone());
    let count: usize = turn.standing().iter().map(|row| row.voters.len()).sum();
    assert_eq!(count, 2);
    assert_eq!(turn.dropped[0].reason, BallotDropReason::Replaced);
    // Equal counts: label order.
    assert_eq!(turn.standing()[0].label, label(A, 1));

    // A new revision makes ballots for the old one stale even before they are reported dropped.
    kinds.push(publish(label(B, 2), "three"));
    let turn = turn_of(kinds.clone());
    assert_eq!(turn.current_labels(), [label(A, 1), label(B, 2)]);
    assert!(turn.standing().iter().all(|row| row.label != label(B, 1)));
    kinds.push(drops(ballot(A, Some(label(B, 1))), label(B, 2)));
    kinds.push(drops(ballot(B, Some(label(A, 1))), label(B, 2)));
    let turn = turn_of(kinds);
    assert!(turn.standing().iter().all(|row| row.voters.is_empty()));
    assert_eq!(turn.dropped.len(), 3);
    assert_eq!(
        turn.timeline.last().unwrap().what,
        Happening::BallotsDropped(1, label(B, 2))
    );
}

#[test]
fn the_text_behind_a_label_never_changes() {
    let turn = turn_of(vec![
        publish(label(A, 1), "first"),
        publish(label(A, 1), "second"),
    ]);
    assert_eq!(turn.answers.len(), 1);
    assert_eq!(turn.answer(label(A, 1)).unwrap().text, "first");
    assert_eq!(turn.answer(label(A, 2)), None);
}

#[test]
fn a_ballot_in_the_name_of_another_agent_is_ignored() {
    let forged = agent(
        A,
        AgentEvent::Ballot(BallotEvent::Cast(ballot(B, Some(label(A, 1))))),
    );
    let turn = turn_of(vec![publish(label(A, 1), "t"), forged]);
    assert!(turn.agents.iter().all(|agent| agent.ballot.is_none()));
}

#[test]
fn duplicates_are_ignored_and_gaps_are_counted() {
    let events = stamped(vec![
        EventKind::Run(start(1)),
        publish(label(A, 1), "t"),
        cast(A, Some(label(A, 1))),
        cast(B, Some(label(A, 1))),
    ]);
    let mut twice = RunState::default();
    for event in &events {
        twice.apply(event);
        twice.apply(event);
    }
    assert_eq!(twice, fold(&events));
    assert_eq!(twice.gaps, 0);
    let damaged = fold(&[events[0].clone(), events[3].clone()]);
    assert_eq!((damaged.gaps, damaged.last_seq), (2, 4));
    // Events before any turn are harmless.
    assert_eq!(fold(&events[1..]).turn, None);
}

#[test]
fn the_next_turn_moves_the_old_one_into_history() {
    let outcome = Outcome::Answered {
        changes: Vec::new(),
        winner: label(A, 1),
        text: "t".into(),
        presenter: None,
        end: OutcomeEnd::Consensus,
    };
    let state = fold(&stamped(vec![
        EventKind::Run(start(1)),
        publish(label(A, 1), "t"),
        agent(
            A,
            AgentEvent::Usage(Usage {
                output: 5,
                ..Usage::default()
            }),
        ),
        EventKind::Run(RunEvent::Ended(outcome.clone())),
        EventKind::Run(start(2)),
    ]));
    assert_eq!(state.history.len(), 1);
    assert_eq!(state.history[0].outcome, Some(outcome));
    assert_eq!(state.history[0].elapsed(Timestamp(9_999)), 300);
    assert_eq!(state.turn.as_ref().unwrap().start.turn, 2);
    assert!(state.turn.as_ref().unwrap().answers.is_empty());
    assert_eq!(state.usage().output, 5);
    assert!(!state.is_over());
    assert_eq!(state.demo(), Some("quick"));
    assert!(RunState::default().is_over());
}

#[test]
fn the_end_settles_everybody() {
    let turn = turn_of(vec![
        ask(A, 1, Purpose::Work),
        agent(
            B,
            AgentEvent::Benched(Failure::new(FailureKind::Model, "404")),
        ),
        EventKind::Run(RunEvent::Ended(Outcome::NoAnswer {
            reason: NoAnswerReason::Cancelled,
            message: "stopped".into(),
        })),
        delta(A, Channel::Text, "late"),
        ask(A, 2, Purpose::Work),
    ]);
    assert_eq!(turn.phase, Phase::Done);
    assert_eq!(turn.agents[0].activity, Activity::Done);
    assert_eq!(turn.agents[1].activity.word(), "out");
    assert_eq!(
        turn.sentence(turn.timeline.last().unwrap()),
        "ended without an answer"
    );
}

#[test]
fn timeline_reads_as_sentences() {
    let turn = turn_of(vec![
        EventKind::Run(RunEvent::Phase(Phase::Work)),
        publish(label(B, 1), "t"),
        cast(A, Some(label(B, 1))),
        cast(B, None),
        EventKind::Run(RunEvent::Steer {
            id: SteerId(1),
            target: Target::All,
            text: "shorter".into(),
            state: SteerState::Queued,
        }),
        EventKind::Run(RunEvent::Steer {
            id: SteerId(1),
            target: Target::All,
            text: String::new(),
            state: SteerState::Delivered(A),
        }),
        EventKind::Run(RunEvent::Notice {
            level: Level::Info,
            text: "hm".into(),
        }),
        EventKind::Run(RunEvent::Phase(Phase::Deciding)),
        EventKind::Run(RunEvent::Decided(Decision::plain(
            label(B, 1),
            vec![],
            vec![],
            TieBreak::Votes,
        ))),
    ]);
    let lines: Vec<_> = turn.timeline.iter().map(|e| turn.sentence(e)).collect();
    assert_eq!(
        lines,
        [
            "started",
            "bob published agent2.1",
            "ada voted for agent2.1",
            "bob abstained",
            "you spoke",
            "phase: counting",
            "agent2.1 by bob won",
        ]
    );
    assert_eq!(turn.steering[0].text, "shorter");
    assert_eq!(turn.steering[0].receipts.len(), 2);
    assert_eq!(turn.record.notices.len(), 1);
    assert_eq!(turn.abstained(), [B]);
    assert_eq!(turn.name(AgentId(9)), "unknown agent");
}

fn any_channel() -> impl Strategy<Value = Channel> {
    prop_oneof![
        Just(Channel::Text),
        Just(Channel::Thinking),
        Just(Channel::Draft),
        Just(Channel::Final),
    ]
}

fn any_kind() -> impl Strategy<Value = EventKind> {
    let id = prop_oneof![Just(A), Just(B), Just(AgentId(7))];
    let tag = (1_u16..4, 1_u32..3).prop_map(|(a, r)| label(AgentId(a), r));
    prop_oneof![
        12 => (id.clone(), any_channel(), "[a-zß漢]{0,9}")
            .prop_map(|(id, channel, text)| delta(id, channel, &text)),
        2 => (id.clone(), 1_u32..4).prop_map(|(id, round)| ask(id, round, Purpose::Work)),
        1 => id.clone().prop_map(|id| ask(id, 1, Purpose::Present)),
        1 => (id.clone(), 1_u32..4).prop_map(|(id, round)| end(id, round, RoundEnd::Voted)),
        1 => tag.clone().prop_map(|tag| publish(tag, "t")),
        1 => (id.clone(), tag.clone()).prop_map(|(id, tag)| cast(id, Some(tag))),
        1 => (id.clone(), tag.clone(), tag)
            .prop_map(|(id, target, by)| drops(ballot(id, Some(target)), by)),
        1 => id.clone().prop_map(|id| agent(id, AgentEvent::Usage(Usage { output: 3, calls: 1, ..Usage::default() }))),
        1 => id.prop_map(|id| agent(id, AgentEvent::Benched(Failure::new(FailureKind::Transient, "x")))),
        1 => Just(agent(A, AgentEvent::Refused { act: "vote".into(), reason: "no".into(), setback: crate::protocol::Setback::LooksAgain })),
        1 => Just(EventKind::Run(RunEvent::Phase(Phase::VoteNow))),
        1 => Just(EventKind::Run(start(1))),
        1 => Just(EventKind::Run(RunEvent::Ended(Outcome::NoAnswer {
            reason: NoAnswerReason::Limit, message: String::new() }))),
    ]
}

/// Merges neighbouring deltas of one agent and channel, as the outbox does: events of other agents
/// may lie between, events of the same agent or of the whole turn may not.
fn merged(events: &[Event]) -> Vec<Event> {
    let mut out: Vec<Event> = Vec::new();
    for event in events {
        if let EventKind::Agent {
            id,
            event: AgentEvent::Delta { channel, text },
        } = &event.kind
        {
            let before = out.iter_mut().rev().find(|old| match &old.kind {
                EventKind::Run(_) => true,
                EventKind::Agent { id: other, .. } => other == id,
            });
            if let Some(Event {
                kind:
                    EventKind::Agent {
                        event:
                            AgentEvent::Delta {
                                channel: same,
                                text: all,
                            },
                        ..
                    },
                ..
            }) = before
                && same == channel
            {
                all.push_str(text);
                continue;
            }
        }
        out.push(event.clone());
    }
    for (event, n) in out.iter_mut().zip(1..) {
        event.seq = Seq(n);
    }
    out
}

/// Positions in the log differ between a merged and a raw log; nothing else may.
fn without_positions(mut state: RunState) -> RunState {
    state.last_seq = 0;
    for turn in state.history.iter_mut().chain(&mut state.turn) {
        for entry in &mut turn.timeline {
            entry.seq = 0;
        }
        turn.record.causes.forget_positions();
    }
    state
}

proptest! {
    #[test]
    fn folding_merged_deltas_is_folding_raw_deltas(
        kinds in proptest::collection::vec(any_kind(), 0..60),
    ) {
        let mut all = vec![EventKind::Run(start(1))];
        all.extend(kinds);
        let raw = stamped(all);
        prop_assert_eq!(
            without_positions(fold(&merged(&raw))),
            without_positions(fold(&raw))
        );
    }

    #[test]
    fn any_stream_keeps_the_count_honest(
        kinds in proptest::collection::vec(any_kind(), 0..60),
    ) {
        let mut all = vec![EventKind::Run(start(1))];
        all.extend(kinds);
        let mut state = RunState::default();
        for event in stamped(all) {
            let before = state.turn.as_ref().map(Turn::standing);
            state.apply(&event);
            let turn = state.turn.as_ref().unwrap();
            match &event.kind {
                EventKind::Run(RunEvent::BallotsDropped(drops)) => {
                    for drop in drops {
                        let voter = turn.agent(drop.ballot.voter);
                        prop_assert!(voter.is_none_or(|voter| voter.ballot.is_none()));
                    }
                }
                EventKind::Agent { event: AgentEvent::Published(_) | AgentEvent::Ballot(_), .. }
                | EventKind::Run(RunEvent::Started(_)) => {}
                _ => prop_assert_eq!(before, Some(turn.standing())),
            }
            let rows = turn.standing();
            let voters: Vec<_> = rows.iter().flat_map(|row| &row.voters).collect();
            let distinct: BTreeSet<_> = voters.iter().collect();
            prop_assert_eq!(voters.len(), distinct.len(), "one ballot each");
            prop_assert!(rows.is_sorted_by(|a, b| a.voters.len() >= b.voters.len()));
            let labels = turn.current_labels();
            prop_assert!(rows.iter().all(|row| labels.contains(&row.label)));
        }
    }
}
