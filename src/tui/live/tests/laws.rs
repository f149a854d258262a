//! Laws that hold for any events, keys, mouse and sizes.

use proptest::{collection::vec, prelude::*, sample::select};
use ratatui::buffer::Buffer;

use super::stage::{Stage, ballot, dump, id, label};
use crate::{
    protocol::{
        AgentEvent, Answer, BallotEvent, CallEvent, Channel, Event, EventKind, Failure,
        FailureKind, Level, NoAnswerReason, Outcome, OutcomeEnd, Phase, Purpose, RoundEnd,
        RunEvent, Seq, SteerId, SteerState, Target, ToolEvent, Usage,
    },
    tui::{
        effect::{Done, Ticket},
        live::{Action, FIRST_TICKET, Input, Live, Page, flow::Flow, scroll::STEP},
        theme::Theme,
    },
};

const TEXTS: [&str; 14] = [
    "word ",
    "two words\n",
    "\n",
    "\n\n# Heading\n\n",
    "- item\n",
    "| a | b |\n|---|---|\n| 1 | 2 |\n",
    "```rust\nfn main() {}\n```\n",
    "```\nopen fence\n",
    "你好，世界。",
    "🌤👩‍👩‍👧‍👦",
    "a-very-long-word-without-any-place-to-break-it-and-then-some-more-of-it",
    "**bold** and `code` ",
    "é\u{301}\u{200b}",
    "",
];

/// One thing that may happen.
#[derive(Clone, Debug)]
enum Step {
    Run(RunEvent),
    Agent(u16, AgentEvent),
    Start(u16),
    Act(usize),
    Input(Input),
    Frame(u16, u16),
    Wait(u64),
    Woke(u64),
    Theme(bool),
}

fn text() -> impl Strategy<Value = String> {
    vec(select(&TEXTS[..]), 1..5).prop_map(|parts| parts.concat())
}

fn channel() -> impl Strategy<Value = Channel> {
    select(vec![
        Channel::Text,
        Channel::Thinking,
        Channel::Draft,
        Channel::Final,
    ])
}

fn failure() -> impl Strategy<Value = Failure> {
    text().prop_map(|text| Failure::new(FailureKind::Transient, text).hint("Try again."))
}

fn agent_event(number: u16) -> impl Strategy<Value = AgentEvent> {
    let purposes = vec![
        Purpose::Work,
        Purpose::Revote,
        Purpose::VoteOnly,
        Purpose::Present,
    ];
    let ends = vec![
        RoundEnd::Published,
        RoundEnd::Voted,
        RoundEnd::Failed,
        RoundEnd::Interrupted,
    ];
    let call = select(vec!["a", "b"]);
    prop_oneof![
        2 => (1u32..4, select(purposes)).prop_map(|(round, purpose)| AgentEvent::RoundStarted {
            round, purpose, view: vec![label(1, 1), label(2, 1)],
        }),
        1 => (1u32..4, select(ends)).prop_map(|(round, end)| AgentEvent::RoundEnded { round, end }),
        12 => (channel(), text()).prop_map(|(channel, text)| AgentEvent::Delta { channel, text }),
        2 => (call.clone(), text()).prop_map(|(call, text)| AgentEvent::Tool(ToolEvent::Started {
            call: call.to_owned(), name: "grep".to_owned(), arguments: text,
        })),
        2 => (call, text(), any::<bool>()).prop_map(|(call, output, ok)| {
            AgentEvent::Tool(ToolEvent::Finished { call: call.to_owned(), ok, output, elapsed_ms: 70 })
        }),
        1 => failure().prop_map(|failure| AgentEvent::Call(CallEvent::Retrying { attempt: 2, wait_ms: 900, failure })),
        1 => Just(AgentEvent::Usage(Usage { input: 10, output: 5, calls: 1, ..Usage::default() })),
        2 => (1u32..4, text(), any::<bool>()).prop_map(move |(revision, text, auto)| {
            AgentEvent::Published(Answer { label: label(number, revision), text, auto, changes: Vec::new() })
        }),
        1 => text().prop_map(|reason| AgentEvent::Refused { act: "new_answer".to_owned(), reason, setback: crate::protocol::Setback::Refused }),
        2 => (proptest::option::of((1u16..4, 1u32..3)), text()).prop_map(move |(target, reason)| {
            let target = target.map(|(agent, revision)| label(agent, revision));
            AgentEvent::Ballot(BallotEvent::Cast(ballot(number, target, &reason)))
        }),
        1 => Just(AgentEvent::Delivered { labels: vec![label(1, 1)] }),
        1 => failure().prop_map(AgentEvent::Benched),
    ]
}

fn run_event() -> impl Strategy<Value = RunEvent> {
    let states = vec![
        SteerState::Queued,
        SteerState::Delivered(id(1)),
        SteerState::Missed(id(2)),
    ];
    prop_oneof![
        select(vec![Phase::VoteNow, Phase::Deciding, Phase::Presenting]).prop_map(RunEvent::Phase),
        (text(), select(states)).prop_map(|(text, state)| RunEvent::Steer {
            id: SteerId(1),
            target: Target::All,
            text,
            state
        }),
        text().prop_map(|text| RunEvent::Notice {
            level: Level::Warning,
            text
        }),
        text().prop_map(|text| RunEvent::Ended(Outcome::Answered {
            changes: Vec::new(),
            winner: label(1, 1),
            text,
            presenter: None,
            end: OutcomeEnd::Limit,
        })),
        text().prop_map(|message| RunEvent::Ended(Outcome::NoAnswer {
            reason: NoAnswerReason::AllFailed,
            message,
        })),
    ]
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        select(vec!['a', 'o', ' ', '世', 'W']).prop_map(Input::Char),
        Just(Input::Backspace),
        Just(Input::Enter),
        Just(Input::Esc),
        (0u16..110, 0u16..50).prop_map(|(column, row)| Input::Click { column, row }),
        (0u16..110, 0u16..50, -3i32..4).prop_map(|(column, row, delta)| Input::Wheel {
            column,
            row,
            delta
        }),
        text().prop_map(Input::Paste),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => (1u16..6).prop_flat_map(|number| {
            agent_event(number).prop_map(move |event| Step::Agent(number, event))
        }),
        3 => run_event().prop_map(Step::Run),
        1 => (1u16..7).prop_map(Step::Start),
        8 => (0..Action::all().len()).prop_map(Step::Act),
        5 => input().prop_map(Step::Input),
        5 => (0u16..110, 0u16..50).prop_map(|(columns, rows)| Step::Frame(columns, rows)),
        1 => (0u64..5_000).prop_map(Step::Wait),
        1 => (0u64..20).prop_map(Step::Woke),
        1 => any::<bool>().prop_map(Step::Theme),
    ]
}

fn start(stage: &mut Stage, agents: u16) {
    let names: Vec<String> = (1..=agents).map(|number| format!("n{number}")).collect();
    let team: Vec<_> = names.iter().map(|name| (name.as_str(), "m")).collect();
    stage.start(&team, "task");
}

fn perform(stage: &mut Stage, step: Step) {
    match step {
        Step::Run(event) => stage.run(event),
        Step::Agent(number, event) => stage.agent(number, event),
        Step::Start(agents) => start(stage, agents),
        Step::Act(index) => stage.act(&[Action::all()[index].0]),
        Step::Input(input) => {
            let _ = stage.live.input(input, &stage.shared);
        }
        Step::Frame(columns, rows) => {
            let _ = stage.buffer(columns, rows);
        }
        Step::Wait(milliseconds) => stage.wait(milliseconds),
        Step::Woke(ticket) => {
            let _ = stage.live.done(Ticket(FIRST_TICKET + ticket), Done::Woke);
        }
        Step::Theme(colour) => {
            stage.shared.theme = if colour {
                Theme::ansi()
            } else {
                Theme::plain()
            };
        }
    }
}

/// Every column that can be seen now or after a key.
fn flows(live: &mut Live) -> Vec<&mut Flow> {
    let mut flows: Vec<&mut Flow> = live
        .panes
        .iter_mut()
        .map(|pane| &mut pane.transcript.flow)
        .collect();
    // Three pages cannot be borrowed at once; the one in sight is the one that matters.
    match &mut live.earlier {
        Some((_, pages)) => flows.push(pages.flow_mut(live.page)),
        None => flows.push(live.pages.flow_mut(live.page)),
    }
    flows
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn anything_may_happen(
        agents in 1u16..7,
        steps in vec(step(), 1..90),
        (columns, rows) in (1u16..110, 1u16..50),
    ) {
        let mut stage = Stage::empty();
        let _ = stage.buffer(columns, rows);
        start(&mut stage, agents);
        for step in steps {
            perform(&mut stage, step);
        }
        let once = stage.buffer(columns, rows);
        // Focus and scroll are legal.
        prop_assert!(stage.live.focus < stage.live.panes.len());
        prop_assert!(stage.live.page != Page::Agents || stage.live.flow().is_some());
        // A column out of sight is settled when it is shown again.
        if let Some(flow) = stage.live.flow() {
            let lowest = flow.total().saturating_sub(flow.height);
            let slack = if flow.is_growing() { STEP - 1 } else { 0 };
            prop_assert!(flow.top <= lowest + slack);
            let seen = flow.height == 0 || flow.top < flow.total().max(1);
            prop_assert!(seen, "the last row is in sight");
        }
        // Painting changes nothing, preparing twice is preparing once.
        prop_assert_eq!(&stage.paint(columns, rows), &once);
        prop_assert_eq!(&stage.buffer(columns, rows), &once);
        // Whatever is derived can be derived again.
        let theme = stage.shared.theme;
        for flow in flows(&mut stage.live) {
            flow.forget(&theme);
        }
        prop_assert_eq!(&stage.buffer(columns, rows), &once);
        // No control character reaches a cell.
        for cell in &once.content {
            prop_assert!(!cell.symbol().contains(char::is_control), "{:?}", cell.symbol());
        }
    }

    #[test]
    fn how_text_was_cut_does_not_matter(
        events in vec(agent_event(1), 1..40),
        cuts in vec(0usize..40, 1..30),
        columns in 8u16..90,
    ) {
        let mut whole = Stage::new(&[("mia", "m"), ("ravi", "n")]);
        let mut pieces = Stage::new(&[("mia", "m"), ("ravi", "n")]);
        let mut cuts = cuts.into_iter().cycle();
        for event in events {
            match &event {
                AgentEvent::Delta { channel, text } => {
                    let mut rest = text.as_str();
                    while !rest.is_empty() {
                        let at = rest.ceil_char_boundary(cuts.next().unwrap_or(1).clamp(1, rest.len()));
                        let (now, later) = rest.split_at(at);
                        pieces.says(1, *channel, now);
                        rest = later;
                    }
                }
                _ => pieces.agent(1, event.clone()),
            }
            whole.agent(1, event);
        }
        prop_assert_eq!(dump(&mut whole, 0, columns), dump(&mut pieces, 0, columns));
    }

    #[test]
    fn a_pinned_view_keeps_its_text(
        // More than fits, so that there is something to scroll.
        before in vec(1usize..30, 8..30),
        after in vec(1usize..30, 1..10),
        up in 1usize..40,
        other in 10u16..100,
    ) {
        let line = |words: &usize| format!("{}\n\n", "word ".repeat(*words).trim_end());
        let mut stage = Stage::new(&[("mia", "m")]);
        for words in &before {
            stage.says(1, Channel::Thinking, &line(words));
            stage.says(1, Channel::Text, &line(words));
        }
        stage.screen(60, 12);
        stage.act(&["scroll-up"]);
        for _ in 1..up {
            stage.act(&["scroll-up"]);
        }
        // All but header, title, border and the mark at the bottom.
        let body = |buffer: &Buffer| -> Vec<String> {
            (2..11)
                .map(|y| (0..58).map(|x| buffer[(x, y)].symbol()).collect())
                .collect()
        };
        let pinned = body(&stage.buffer(60, 12));
        for words in &after {
            stage.says(1, Channel::Text, &line(words));
        }
        prop_assert_eq!(&pinned, &body(&stage.buffer(60, 12)));
        // There and back again: the first row in sight is still part of what was the first row.
        stage.screen(other, 12);
        let back = body(&stage.buffer(60, 12));
        prop_assert!(
            back == pinned || back[0..4].contains(&pinned[0]) || pinned[0..4].contains(&back[0]),
            "{pinned:#?} {back:#?}"
        );
    }
}

#[test]
fn a_log_read_back_looks_as_it_was_lived() {
    let mut lived = super::scenes::finished();
    let mut read = Stage::empty();
    for event in lived.log.clone() {
        read.take(&event);
    }
    read.shared.now = lived.shared.now;
    lived.live.flash = None;
    read.live.flash = None;
    for (columns, rows) in [(80, 24), (160, 48)] {
        assert_eq!(read.screen(columns, rows), lived.screen(columns, rows));
    }
}

#[test]
fn the_gate_and_the_panes_keep_escapes_off_the_screen() {
    let mut gate = crate::text::clean::Gate::default();
    let mut stage = Stage::new(&[("mia\u{1b}[31m\u{202e}", "m")]);
    let evil = "\u{1b}]52;c;aGk=\u{7}\u{1b}[2Jhello\u{202e}\u{7f}\u{9b}31m";
    let events = [
        AgentEvent::Delta {
            channel: Channel::Text,
            text: evil.to_owned(),
        },
        AgentEvent::Tool(ToolEvent::Started {
            call: "a".to_owned(),
            name: evil.to_owned(),
            arguments: evil.to_owned(),
        }),
        AgentEvent::Benched(Failure::new(FailureKind::Transient, evil)),
    ];
    for event in events {
        let whole = Event {
            seq: Seq(stage.log.len() as u64 + 1),
            at: stage.shared.now,
            kind: EventKind::Agent { id: id(1), event },
        };
        let clean = gate.pass(whole);
        stage.take(&clean);
        stage.log.push(clean);
    }
    let screen = stage.screen(80, 24);
    assert!(screen.contains("hello"), "{screen}");
    for bad in ['\u{1b}', '\u{202e}', '\u{7f}', '\u{9b}', '\u{7}'] {
        assert!(!screen.contains(bad), "{bad:?} in {screen}");
    }
    assert!(!screen.contains("[2J"), "{screen}");
}
