//! A short session with every kind of event in it, for tests of whatever reads sessions.

use crate::protocol::{
    AgentCard, AgentEvent, AgentId, Answer, Ballot, BallotDrop, BallotDropReason, BallotEvent,
    CallEvent, Channel, Cost, Decision, Event, EventKind, Failure, FailureKind, Label, Level,
    Limits, Origin, Outcome, OutcomeEnd, Phase, Purpose, RoundEnd, Rules, RunEvent, RunId, Seq,
    SteerId, SteerState, TallyRow, Target, TieBreak, Timestamp, ToolEvent, TurnStart, Usage,
};

/// Start of the sample session, milliseconds since the epoch.
pub(crate) const STARTED: u64 = 1_795_256_130_000;

/// Numbers and times for these events: one every half second.
pub(crate) fn numbered(kinds: Vec<EventKind>) -> Vec<Event> {
    (0..)
        .zip(kinds)
        .map(|(index, kind)| Event {
            seq: Seq(index + 1),
            at: Timestamp(STARTED + index * 500),
            kind,
        })
        .collect()
}

/// An event of one agent.
pub(crate) fn agent(number: u16, event: AgentEvent) -> EventKind {
    EventKind::Agent {
        id: AgentId(number),
        event,
    }
}

/// The start of a turn of three demo agents.
pub(crate) fn started(run: &str, turn: u32, prompt: &str) -> EventKind {
    let card = |number: u16, name: &str| AgentCard {
        id: AgentId(number),
        name: name.into(),
        model: format!("{name}-model"),
        backend: "demo".into(),
    };
    EventKind::Run(RunEvent::Started(Box::new(TurnStart {
        run: RunId(run.into()),
        turn,
        prompt: prompt.into(),
        team: vec![card(1, "ada"), card(2, "brook"), card(3, "chen")],
        limits: Limits::default(),
        rules: Rules::default(),
        origin: Origin::Demo {
            scenario: "quick".into(),
        },
        version: "0.1.0".into(),
        cwd: "/home/person/project".into(),
        places: Vec::new(),
        resumed: None,
        stage: None,
    })))
}

/// An answer of an agent.
pub(crate) fn published(number: u16, revision: u32, text: &str) -> EventKind {
    agent(
        number,
        AgentEvent::Published(Answer {
            label: Label::new(AgentId(number), revision),
            text: text.into(),
            auto: false,
            changes: Vec::new(),
        }),
    )
}

/// A vote of an agent.
pub(crate) fn voted(number: u16, target: Label, reason: &str) -> EventKind {
    agent(
        number,
        AgentEvent::Ballot(BallotEvent::Cast(ballot(number, target, reason))),
    )
}

fn ballot(number: u16, target: Label, reason: &str) -> Ballot {
    Ballot {
        voter: AgentId(number),
        target: Some(target),
        reason: reason.into(),
        epoch: 1,
        marks: crate::protocol::Marks::Single,
    }
}

/// Tokens and money of one call.
pub(crate) fn usage(number: u16, usd: f64, partial: bool) -> EventKind {
    agent(
        number,
        AgentEvent::Usage(Usage {
            input: 1200,
            cached: 200,
            written: 0,
            output: 300,
            reasoning: 40,
            calls: 1,
            estimated: false,
            cost: Cost { usd, partial },
        }),
    )
}

/// The end of a turn with an answer.
pub(crate) fn ended(winner: Label, text: &str, end: OutcomeEnd) -> EventKind {
    EventKind::Run(RunEvent::Ended(Outcome::Answered {
        changes: Vec::new(),
        winner,
        text: text.into(),
        presenter: Some(winner.agent),
        end,
    }))
}

/// A whole session: three agents, an improvement that drops a vote, one agent lost, a decision.
pub(crate) fn session(run: &str) -> Vec<Event> {
    let first = Label::new(AgentId(1), 1);
    let second = Label::new(AgentId(2), 1);
    let mut kinds = vec![started(run, 1, "Why is the sky blue?\nShort, please.")];
    kinds.extend(work());
    kinds.extend(votes(first, second));
    kinds.extend(finish(second));
    numbered(kinds)
}

fn failure() -> Failure {
    Failure::new(
        FailureKind::Transient,
        "The stream of demo was cut after 12 bytes.",
    )
    .hint("It is tried again.")
}

fn work() -> Vec<EventKind> {
    vec![
        EventKind::Run(RunEvent::Phase(Phase::Work)),
        agent(
            1,
            AgentEvent::RoundStarted {
                round: 1,
                purpose: Purpose::Work,
                view: vec![],
            },
        ),
        agent(
            1,
            AgentEvent::Delta {
                channel: Channel::Thinking,
                text: "Rayleigh scattering, surely… 空".into(),
            },
        ),
        agent(
            2,
            AgentEvent::Tool(ToolEvent::Started {
                call: "call-1".into(),
                name: "grep".into(),
                arguments: r#"{"pattern":"blue"}"#.into(),
            }),
        ),
        agent(
            2,
            AgentEvent::Tool(ToolEvent::Finished {
                call: "call-1".into(),
                ok: true,
                output: "sky.txt:1: blue".into(),
                elapsed_ms: 42,
            }),
        ),
        agent(
            3,
            AgentEvent::Call(CallEvent::Retrying {
                attempt: 2,
                wait_ms: 3000,
                failure: failure(),
            }),
        ),
        published(1, 1, "Because of **scattering**."),
        agent(
            1,
            AgentEvent::RoundEnded {
                round: 1,
                end: RoundEnd::Published,
            },
        ),
        usage(1, 0.0021, false),
    ]
}

fn votes(first: Label, second: Label) -> Vec<EventKind> {
    vec![
        agent(
            2,
            AgentEvent::Delivered {
                labels: vec![first],
            },
        ),
        voted(1, first, "It is mine, and it is right."),
        published(2, 1, "Short waves scatter more: *Rayleigh*."),
        EventKind::Run(RunEvent::BallotsDropped(vec![BallotDrop {
            ballot: ballot(1, first, "It is mine, and it is right."),
            reason: BallotDropReason::NewAnswer { by: second },
        }])),
        agent(
            3,
            AgentEvent::Refused {
                act: "vote".into(),
                reason: "\"agent9\" is not on the ballot.".into(),
                setback: crate::protocol::Setback::Refused,
            },
        ),
        agent(3, AgentEvent::Benched(failure())),
        EventKind::Run(RunEvent::Steer {
            id: SteerId(1),
            target: Target::All,
            text: "Name the effect.".into(),
            state: SteerState::Queued,
        }),
        usage(2, 0.0, true),
    ]
}

fn finish(winner: Label) -> Vec<EventKind> {
    vec![
        voted(1, winner, "It names the effect."),
        voted(2, winner, "Mine is complete."),
        EventKind::Run(RunEvent::Phase(Phase::Deciding)),
        EventKind::Run(RunEvent::Decided(Decision::plain(
            winner,
            vec![
                TallyRow {
                    label: winner,
                    voters: vec![AgentId(1), AgentId(2)],
                },
                TallyRow {
                    label: Label::new(AgentId(1), 1),
                    voters: vec![],
                },
            ],
            vec![],
            TieBreak::Votes,
        ))),
        EventKind::Run(RunEvent::Phase(Phase::Presenting)),
        agent(
            2,
            AgentEvent::Delta {
                channel: Channel::Final,
                text: "Short waves scatter more.".into(),
            },
        ),
        EventKind::Run(RunEvent::Notice {
            level: Level::Warning,
            text: "chen is out.".into(),
        }),
        ended(winner, "Short waves scatter more.", OutcomeEnd::Consensus),
    ]
}
