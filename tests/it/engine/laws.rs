//! What must hold of every stream of events and of every request, whatever the models do.

use std::collections::{BTreeMap, BTreeSet};

use massgen_tui::{
    protocol::{
        AgentEvent, AgentId, Event, EventKind, Message, Outcome, RunEvent, SteerState, Target,
        TeamEvent, ToolEvent,
    },
    provider::Request,
};

/// Checks a whole session, one turn or many.
#[track_caller]
pub fn check(events: &[Event], secret: &str) {
    numbers_have_no_gap(events);
    for turn in turns(events) {
        ends_once(turn);
        published_is_answered(turn);
        rounds_keep_quiet_after_their_end(turn);
        tools_finish_once(turn);
        steering_arrives_once(turn);
    }
    no_secret(events, secret);
    nobody_panicked(events);
}

/// The events of each turn; one that a further process went on with stays one.
fn turns(events: &[Event]) -> impl Iterator<Item = &[Event]> {
    let begins = |event: &Event| matches!(&event.kind, EventKind::Run(RunEvent::Started(start)) if start.resumed.is_none());
    events
        .chunk_by(move |_, next| !begins(next))
        .inspect(|turn| {
            assert!(
                matches!(turn[0].kind, EventKind::Run(RunEvent::Started(_))),
                "a turn begins with its start: {:?}",
                turn[0]
            );
        })
}

#[track_caller]
fn numbers_have_no_gap(events: &[Event]) {
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event.seq.0, index as u64 + 1, "{event:?}");
    }
}

#[track_caller]
fn ends_once(turn: &[Event]) {
    let ends = turn
        .iter()
        .filter(|event| matches!(event.kind, EventKind::Run(RunEvent::Ended(_))))
        .count();
    assert_eq!(ends, 1, "one outcome in {turn:#?}");
}

#[track_caller]
fn published_is_answered(turn: &[Event]) {
    let published = turn.iter().any(|event| {
        matches!(
            event.kind,
            EventKind::Agent {
                event: AgentEvent::Published(_),
                ..
            }
        )
    });
    for event in turn {
        if let EventKind::Run(RunEvent::Ended(outcome)) = &event.kind {
            let answered = matches!(outcome, Outcome::Answered { .. });
            assert_eq!(answered, published, "{outcome:?}");
        }
    }
}

/// Text, tools, retries and tokens belong to a running round, and to none after the outcome.
#[track_caller]
fn rounds_keep_quiet_after_their_end(turn: &[Event]) {
    let mut running = BTreeSet::new();
    for event in turn {
        let EventKind::Agent { id, event: what } = &event.kind else {
            continue;
        };
        match what {
            AgentEvent::RoundStarted { .. } => {
                assert!(running.insert(*id), "two rounds at once: {event:?}");
            }
            AgentEvent::RoundEnded { .. } => {
                assert!(running.remove(id), "ended twice: {event:?}");
            }
            AgentEvent::Delta { .. }
            | AgentEvent::Tool(_)
            | AgentEvent::Call(_)
            | AgentEvent::Nested(_)
            | AgentEvent::Usage(_) => {
                assert!(running.contains(id), "outside of a round: {event:?}");
            }
            AgentEvent::Published(_)
            | AgentEvent::Refused { .. }
            | AgentEvent::Ballot(_)
            | AgentEvent::Delivered { .. }
            | AgentEvent::Benched(_) => {}
        }
    }
    assert!(running.is_empty(), "never ended: {running:?}");
}

#[track_caller]
fn tools_finish_once(turn: &[Event]) {
    let mut open: BTreeMap<AgentId, BTreeSet<&str>> = BTreeMap::new();
    let mut seen: BTreeSet<(AgentId, &str)> = BTreeSet::new();
    for event in turn {
        let EventKind::Agent {
            id,
            event: AgentEvent::Tool(tool),
        } = &event.kind
        else {
            continue;
        };
        match tool {
            ToolEvent::Started { call, .. } => {
                assert!(seen.insert((*id, call)), "an id of its own: {event:?}");
                open.entry(*id).or_default().insert(call);
            }
            ToolEvent::Noted { call, .. } => {
                assert!(open.entry(*id).or_default().contains(call.as_str()));
            }
            ToolEvent::Finished { call, .. } => {
                assert!(open.entry(*id).or_default().remove(call.as_str()));
            }
        }
    }
}

/// Each addressee gets one receipt: delivered, missed or withdrawn; seen only after delivered.
#[track_caller]
fn steering_arrives_once(turn: &[Event]) {
    let mut team: Vec<AgentId> = turn
        .iter()
        .find_map(|event| match &event.kind {
            EventKind::Run(RunEvent::Started(start)) => {
                Some(start.team.iter().map(|card| card.id).collect())
            }
            _ => None,
        })
        .unwrap_or_default();
    let mut expected = BTreeSet::new();
    let mut delivered = BTreeSet::new();
    for event in turn {
        if let EventKind::Run(RunEvent::Team(TeamEvent::Added { card, .. })) = &event.kind {
            team.push(card.id);
        }
        let EventKind::Run(RunEvent::Steer {
            id, target, state, ..
        }) = &event.kind
        else {
            continue;
        };
        match state {
            SteerState::Queued => match target {
                Target::All => expected.extend(team.iter().map(|agent| (*id, *agent))),
                Target::One(agent) => {
                    expected.insert((*id, *agent));
                }
                Target::Several(agents) => {
                    expected.extend(agents.iter().map(|agent| (*id, *agent)));
                }
            },
            SteerState::Delivered(agent)
            | SteerState::Missed(agent)
            | SteerState::Withdrawn(agent) => {
                assert!(
                    expected.remove(&(*id, *agent)),
                    "twice, or to nobody: {event:?}"
                );
                if matches!(state, SteerState::Delivered(_)) {
                    delivered.insert((*id, *agent));
                }
            }
            SteerState::Seen(agent) => {
                let known = delivered.remove(&(*id, *agent));
                assert!(known, "seen twice, or before it was delivered: {event:?}");
            }
        }
    }
    assert!(expected.is_empty(), "no receipt: {expected:?}");
}

/// Neither in one event nor put together from the pieces of a stream.
#[track_caller]
fn no_secret(events: &[Event], secret: &str) {
    let mut streams: BTreeMap<(AgentId, String), String> = BTreeMap::new();
    for event in events {
        let written = serde_json::to_string(event).expect("plain data");
        assert!(!written.contains(secret), "{written}");
        if let EventKind::Agent {
            id,
            event: AgentEvent::Delta { channel, text },
        } = &event.kind
        {
            let stream = streams.entry((*id, format!("{channel:?}"))).or_default();
            stream.push_str(text);
        }
    }
    for stream in streams.values() {
        assert!(!stream.contains(secret), "{stream}");
    }
}

#[track_caller]
fn nobody_panicked(events: &[Event]) {
    for event in events {
        if let EventKind::Agent {
            event: AgentEvent::Benched(failure),
            ..
        } = &event.kind
        {
            assert!(!failure.message.contains("unexpectedly"), "{failure}");
        }
    }
}

/// What servers insist on.
#[track_caller]
pub fn check_request(request: &Request) {
    let mut open: Vec<&str> = Vec::new();
    let mut before = None;
    for (index, message) in request.messages.iter().enumerate() {
        match message {
            Message::System { .. } => assert_eq!(index, 0, "one system message, first"),
            Message::User { text } => {
                assert!(open.is_empty(), "unanswered calls {open:?}");
                assert_ne!(before, Some("user"), "two messages of the user in a row");
                assert!(!text.trim().is_empty(), "an empty message");
                before = Some("user");
            }
            Message::Assistant { text, calls, .. } => {
                assert!(open.is_empty(), "unanswered calls {open:?}");
                assert!(!text.trim().is_empty() || !calls.is_empty());
                open = calls.iter().map(|call| call.id.as_str()).collect();
                before = Some("assistant");
            }
            Message::Tool { call_id, .. } => {
                let at = open.iter().position(|id| id == call_id);
                open.remove(at.expect("a result for an open call"));
                before = Some("tool");
            }
        }
    }
    assert!(open.is_empty(), "unanswered calls {open:?}");
    assert!(
        matches!(before, Some("user" | "tool")),
        "it is the model's turn"
    );
}
