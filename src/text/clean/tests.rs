//! Tables of attacks and of text that must survive; properties of the gate.

use proptest::prelude::*;

use super::*;
use crate::protocol::{
    AgentEvent, AgentId, Channel, Event, EventKind, Failure, FailureKind, Level, Phase, RunEvent,
    Seq, Timestamp, ToolEvent,
};

fn check(outside: &str, expected: &str) {
    assert_eq!(text(outside), expected, "{outside:?}");
}

#[test]
fn attacks_leave_a_mark_and_nothing_else() {
    for (outside, expected) in [
        ("a\x1b[31mred\x1b[0m", "a␛red␛"),
        ("\x1b]0;evil title\x07ok", "␛ok"),
        (
            "\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\",
            "␛link␛",
        ),
        ("\x1b]52;c;cm0gLXJm\x1b\\paste", "␛paste"),
        ("\x1bPq#0;2;0;0;0\x1b\\sixel", "␛sixel"),
        ("\x1b_apc\x1b\\\x1b^pm\x1b\\\x1bXsos\u{9c}.", "␛␛␛."),
        ("\x1bcreset \x1b(B \x1b#8", "␛reset ␛ ␛"),
        ("\x1b]0;broken\x1b[2Joff", "␛␛off"),
        ("\u{9b}31m c1", "\u{fffd}31m c1"),
        ("bell\x07 null\0 del\x7f back\x08", "bell␇ null␀ del␡ back␈"),
        (
            "if x \u{202e}}\u{2066}// admin\u{2069}",
            "if x ⇄}⇄// admin⇄",
        ),
        ("pass\u{200b}word\u{feff}\u{2060}\u{ad}", "password"),
        ("hi\u{e0041}\u{e0042}\u{e007f}", "hi"),
        ("a\u{fe0f}\u{fe01}\u{e0100}b", "ab"),
        ("😀\u{fe0f}\u{fe0f}\u{e0101}", "😀\u{fe0f}"),
        ("a\u{200d}b", "ab"),
        ("\x1b[12", "␛12"),
        ("end\x1b", "end␛"),
        ("\x1b]0;cut", "␛0;cut"),
        ("\x1b[31\nm", "␛31\nm"),
    ] {
        check(outside, expected);
    }
}

#[test]
fn honest_text_survives() {
    for honest in [
        "plain\n  text",
        "Grüße, naïve café — “quotes” …",
        "日本語と한국어と中文、ﾊﾟﾋﾟﾌﾟ",
        "עִבְרִית العَرَبِيَّة",
        "हिन्दी क्‍ष தமிழ் ภาษาไทย",
        "می‌خواهم",
        "👩‍👩‍👧‍👦 👍🏽 👩🏽‍🚀 🏳️‍🌈 ❤️‍🔥 1️⃣ 🇩🇪",
        "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f} Scotland",
        "e\u{301} ạ\u{302}",
        "┌─┐│█▓⠿",
    ] {
        check(honest, honest);
    }
}

#[test]
fn tabs_and_line_ends() {
    check("a\tb\n\tc\r\nd\re\r\r\nf", "a   b\n    c\nd\ne\n\nf");
    check("日\tx", "日  x");
    check("a\u{2028}b", "a\nb");
    assert_eq!(line("two\nlines\r\n"), "two␤lines");
    assert_eq!(line("name\n"), "name");
    assert_eq!(line("a\tb"), "a   b");
}

#[test]
fn mark_floods_are_capped() {
    let zalgo = format!("Z{}!", "\u{301}".repeat(500));
    check(&zalgo, &format!("Z{}!", "\u{301}".repeat(8)));
    let tones = format!("a{}", "🏽".repeat(100));
    check(&tones, &format!("a{}", "🏽".repeat(8)));
    let family = ["👩"; 100].join("\u{200d}");
    let longest = width::cells(&text(&family))
        .map(|cell| cell.text.matches('👩').count())
        .max();
    assert_eq!(
        longest,
        Some(9),
        "long chains of joined emoji are broken up"
    );
}

#[test]
fn an_endless_sequence_becomes_text() {
    let mut cleaner = Cleaner::default();
    let mut out = cleaner.push("\x1b]0;");
    for _ in 0..1000 {
        out += &cleaner.push("0123456789");
    }
    out += &cleaner.finish();
    assert_eq!(out, format!("␛0;{}", "0123456789".repeat(1000)));
}

/// What must never come out.
fn forbidden(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{61C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{2028}' | '\u{2029}')
}

/// Pieces that are likely to meet each other badly.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\x1b"),
        Just("\x1b["),
        Just("\x1b]"),
        Just("\x1bP"),
        Just("\\"),
        Just("\x07"),
        Just("\u{9c}"),
        Just("\u{9b}"),
        Just("31m"),
        Just("\t"),
        Just("\r"),
        Just("\n"),
        Just("\u{200d}"),
        Just("\u{200c}"),
        Just("\u{fe0f}"),
        Just("\u{301}"),
        Just("👩"),
        Just("🏽"),
        Just("🏴"),
        Just("\u{e0067}"),
        Just("\u{e0062}\u{e0065}"),
        Just("\u{e007f}"),
        Just("क"),
        Just("्"),
        Just("ि"),
        Just("日"),
        Just("a"),
        Just(" "),
        Just("\u{202e}"),
        Just("\u{feff}"),
        Just("1"),
        Just("\u{20e3}"),
        Just("ﾞ"),
        Just("\u{e0101}"),
        Just("\x18"),
    ];
    let odd = proptest::char::any().prop_map(|c| c.to_string());
    proptest::collection::vec(
        prop_oneof![8 => piece.prop_map(str::to_owned), 1 => odd],
        0..40,
    )
    .prop_map(|pieces| pieces.concat())
}

fn cut(whole: &str, sizes: &[usize]) -> Vec<String> {
    let mut chunks = vec![String::new()];
    let mut sizes = sizes.iter().cycle();
    let mut left = sizes.next().copied().unwrap_or(1);
    for c in whole.chars() {
        if left == 0 {
            chunks.push(String::new());
            left = sizes.next().copied().unwrap_or(1);
        }
        left = left.saturating_sub(1);
        chunks.last_mut().unwrap().push(c);
    }
    chunks
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_forbidden_comes_out(outside in pieces()) {
        let clean = text(&outside).into_owned();
        prop_assert!(!clean.contains(forbidden), "{clean:?}");
        let one = line(&outside).into_owned();
        prop_assert!(!one.contains(|c| forbidden(c) || c == '\n'), "{one:?}");
    }

    #[test]
    fn any_chunks_give_the_whole(outside in pieces(), sizes in proptest::collection::vec(1usize..6, 1..5)) {
        let mut cleaner = Cleaner::default();
        let mut out = String::new();
        for chunk in cut(&outside, &sizes) {
            out += &cleaner.push(&chunk);
        }
        out += &cleaner.finish();
        prop_assert_eq!(out, text(&outside).into_owned());
    }

    #[test]
    fn clean_text_stays_as_it_is(outside in pieces()) {
        let once = text(&outside).into_owned();
        prop_assert_eq!(&*text(&once), &once);
        let once = line(&outside).into_owned();
        prop_assert_eq!(&*line(&once), &once);
    }

    #[test]
    fn no_cluster_carries_a_flood(outside in pieces()) {
        for cell in width::cells(&text(&outside)) {
            let marks = cell.text.chars().filter(|c| *c == '\u{301}').count();
            prop_assert!(marks <= usize::from(MAX_MARKS), "{:?}", cell.text);
        }
    }
}

fn agent(event: AgentEvent) -> Event {
    Event {
        seq: Seq(1),
        at: Timestamp(0),
        kind: EventKind::Agent {
            id: AgentId(1),
            event,
        },
    }
}

fn delta(text: &str) -> Event {
    agent(AgentEvent::Delta {
        channel: Channel::Text,
        text: text.to_owned(),
    })
}

fn delta_text(event: Event) -> String {
    match event.kind {
        EventKind::Agent {
            event: AgentEvent::Delta { text, .. },
            ..
        } => text,
        other => panic!("not a delta: {other:?}"),
    }
}

fn usage() -> Event {
    agent(AgentEvent::Usage(crate::protocol::Usage::default()))
}

#[test]
fn a_sequence_over_two_deltas_is_one() {
    let mut gate = Gate::default();
    assert_eq!(delta_text(gate.pass(delta("a\x1b]0;ti"))), "a␛");
    assert_eq!(delta_text(gate.pass(delta("tle\x07b"))), "b");
}

#[test]
fn what_was_held_back_stands_before_the_next_delta() {
    let mut gate = Gate::default();
    assert_eq!(delta_text(gate.pass(delta("a\x1b]0;held"))), "a␛");
    let _ = gate.pass(usage());
    assert_eq!(delta_text(gate.pass(delta(" b"))), "0;held b");
    assert_eq!(delta_text(gate.pass(delta("\x1b]gone"))), "␛");
    let _ = gate.pass(agent(AgentEvent::RoundStarted {
        round: 2,
        purpose: crate::protocol::Purpose::Work,
        view: Vec::new(),
    }));
    assert_eq!(delta_text(gate.pass(delta("fresh"))), "fresh");
}

#[test]
fn every_kind_of_string_is_cleaned() {
    let evil = "x\x1b[2J\ny";
    let failure = Failure::new(FailureKind::Transient, evil).hint(evil);
    let events = [
        agent(AgentEvent::Tool(ToolEvent::Started {
            call: evil.into(),
            name: evil.into(),
            arguments: evil.into(),
        })),
        agent(AgentEvent::Tool(ToolEvent::Finished {
            call: evil.into(),
            ok: true,
            output: evil.into(),
            elapsed_ms: 1,
        })),
        agent(AgentEvent::Benched(failure)),
        agent(AgentEvent::Refused {
            act: evil.into(),
            reason: evil.into(),
            setback: crate::protocol::Setback::Refused,
        }),
        Event {
            seq: Seq(1),
            at: Timestamp(0),
            kind: EventKind::Run(RunEvent::Notice {
                level: Level::Info,
                text: evil.into(),
            }),
        },
        Event {
            seq: Seq(1),
            at: Timestamp(0),
            kind: EventKind::Run(RunEvent::Phase(Phase::Work)),
        },
    ];
    let mut gate = Gate::default();
    for event in events {
        let json = serde_json::to_string(&gate.pass(event)).unwrap();
        assert!(!json.contains("\\u001b") && !json.contains("[2J"), "{json}");
    }
}
