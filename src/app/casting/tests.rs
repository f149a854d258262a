//! A cast, played in a terminal, beside the stills of the same events.

use proptest::prelude::*;
use ratatui::{buffer::Buffer, style::Modifier as M};
use serde_json::Value;

use super::*;
use crate::{
    protocol::{AgentId, Channel},
    store::samples,
    tui::still::{Scene, still},
};

/// A session with text that is hard to place: wide, joined, marked.
fn events() -> Vec<Event> {
    let mut events = samples::session("20261121-101530-k3f9");
    let hard = "日本語 👍 e\u{301} ✓ ▸ Ж │ 한국어 \u{1b}[31m tabs\tand more\n\n";
    for event in &mut events {
        if let EventKind::Agent {
            event:
                AgentEvent::Delta {
                    channel: Channel::Text,
                    text,
                },
            ..
        } = &mut event.kind
        {
            text.push_str(hard);
        }
    }
    events
}

fn filmed(events: &[Event], casting: &Casting) -> (Vec<String>, Made) {
    let mut out = Vec::new();
    let mut film = Film::new(casting.clone(), &mut out);
    for event in events {
        film.take(event.clone()).unwrap();
    }
    let made = film.end().unwrap();
    let text = String::from_utf8(out).unwrap();
    (text.lines().map(str::to_owned).collect(), made)
}

fn small() -> Casting {
    Casting {
        size: Size::new(90, 28),
        ..Casting::default()
    }
}

/// What a terminal shows, cell by cell, against a screen of ours.
fn same(terminal: &vt100::Screen, screen: &Buffer) -> Result<(), String> {
    let area = screen.area;
    for y in 0..area.height {
        let mut x = 0;
        while x < area.width {
            let ours = screen.cell((x, y)).unwrap();
            let theirs = terminal.cell(y, x).unwrap();
            let text = match theirs.contents() {
                "" => " ",
                text => text,
            };
            let looks = ours.modifier;
            let is = |flag| looks.contains(flag);
            let alike = text == ours.symbol()
                && theirs.bold() == is(M::BOLD)
                && theirs.italic() == is(M::ITALIC)
                && theirs.underline() == is(M::UNDERLINED)
                && theirs.inverse() == is(M::REVERSED)
                && theirs.dim() == is(M::DIM)
                && (text == " " || theirs.fgcolor() == colour(ours.fg))
                && theirs.bgcolor() == colour(ours.bg);
            if !alike {
                return Err(format!("{x},{y}: {ours:?} is shown as {theirs:?}"));
            }
            x += if theirs.is_wide() { 2 } else { 1 };
        }
    }
    Ok(())
}

fn colour(colour: ratatui::style::Color) -> vt100::Color {
    use ratatui::style::Color as C;
    let named = [
        C::Black,
        C::Red,
        C::Green,
        C::Yellow,
        C::Blue,
        C::Magenta,
        C::Cyan,
        C::Gray,
        C::DarkGray,
        C::LightRed,
        C::LightGreen,
        C::LightYellow,
        C::LightBlue,
        C::LightMagenta,
        C::LightCyan,
        C::White,
    ];
    match colour {
        C::Reset => vt100::Color::Default,
        C::Rgb(r, g, b) => vt100::Color::Rgb(r, g, b),
        C::Indexed(index) => vt100::Color::Idx(index),
        other => {
            let place = named.iter().position(|name| *name == other).unwrap();
            vt100::Color::Idx(u8::try_from(place).unwrap())
        }
    }
}

/// Plays a cast; at each mark, and at the end, the screen.
fn played(lines: &[String], size: Size) -> Vec<vt100::Screen> {
    let cells = |count: u16| std::num::NonZero::new(count).unwrap();
    let mut terminal = vt100::Parser::new(cells(size.height), cells(size.width), 0);
    let mut seen = Vec::new();
    for line in &lines[1..] {
        let line: Value = serde_json::from_str(line).unwrap();
        match line[1].as_str().unwrap() {
            "o" => terminal.process(line[2].as_str().unwrap().as_bytes()),
            "m" => seen.push(terminal.screen().clone()),
            other => panic!("{other}"),
        }
    }
    seen.push(terminal.screen().clone());
    seen
}

/// How many events there are up to each that is marked.
fn marked(events: &[Event]) -> Vec<usize> {
    let empty = Still::new(Size::new(80, 24), Theme::ansi());
    let marks = events.iter().enumerate();
    marks
        .filter(|(_, event)| mark(event, &empty).is_some())
        .map(|(index, _)| index + 1)
        .collect()
}

#[test]
fn at_each_mark_a_terminal_shows_the_still_of_that_event() {
    let events = events();
    let casting = small();
    let (lines, made) = filmed(&events, &casting);
    assert_eq!(made.events, events.len() as u64);
    assert_eq!(made.lines + 1, lines.len() as u64);
    let mut moments = marked(&events);
    assert!(
        moments.len() >= 5,
        "answers, ballots and the end are marked"
    );
    moments.push(events.len());
    let seen = played(&lines, casting.size);
    assert_eq!(seen.len(), moments.len());
    for (screen, count) in seen.iter().zip(moments) {
        let events = events[..count].iter().cloned();
        let still = still(events, (casting.size, casting.theme), Scene::default()).unwrap();
        if let Err(words) = same(screen, &still) {
            panic!("after {count} events: {words}");
        }
    }
}

#[test]
fn a_cast_is_what_players_read() {
    let (lines, made) = filmed(&events(), &small());
    let head: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(
        (&head["version"], &head["width"], &head["height"]),
        (&2.into(), &90.into(), &28.into())
    );
    assert!(head["title"].as_str().unwrap().contains("massgen-tui"));
    assert_eq!(
        head["theme"]["palette"]
            .as_str()
            .unwrap()
            .split(':')
            .count(),
        16
    );
    let mut before = 0.0;
    for line in &lines[1..] {
        let line: Value = serde_json::from_str(line).unwrap();
        let at = line[0].as_f64().unwrap();
        assert!(
            at >= before && at - before <= 2.0 + 1e-9,
            "{before} to {at}"
        );
        before = at;
        assert!(matches!(line[1].as_str(), Some("o" | "m")));
    }
    assert!((before - made.plays as f64 / 1_000.0).abs() < 1e-9);
    assert_eq!(filmed(&events(), &small()), (lines, made), "twice the same");
}

#[test]
fn pauses_are_cut_and_clocks_move_in_them() {
    let mut events = events();
    let half = events.len() / 2;
    for event in &mut events[half..] {
        event.at.0 += 3_600_000;
    }
    let (lines, made) = filmed(&events, &small());
    assert!(made.plays < 60_000, "{}", made.plays);
    let (_, plain) = filmed(&super::tests::events(), &small());
    assert!(made.plays <= plain.plays + 2_000);
    let last = played(&lines, small().size).pop().unwrap();
    assert!(last.contents().contains("1:00:"), "{}", last.contents());
}

#[test]
fn one_pane_fills_the_cast_and_an_unknown_one_is_told() {
    let all = events();
    let turn = still(
        all.clone(),
        (Size::new(90, 28), Theme::ansi()),
        Scene::default(),
    );
    assert!(turn.is_ok());
    let mut out = Vec::new();
    let casting = Casting {
        pane: Some("nobody".to_owned()),
        ..small()
    };
    let mut film = Film::new(casting, &mut out);
    let told = all.iter().find_map(|event| film.take(event.clone()).err());
    let told = told.unwrap().to_string();
    assert!(
        told.contains("\"nobody\"") && told.contains("there are: "),
        "{told}"
    );
    let casting = Casting {
        pane: Some(AgentId(1).0.to_string()),
        ..small()
    };
    assert!(filmed(&all, &casting).1.lines > 0);
    let none = Film::new(small(), Vec::new()).end().unwrap_err();
    assert_eq!(none.kind(), io::ErrorKind::NotFound);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_size_and_any_cut_ends_as_its_still(
        width in 1_u16..120, height in 1_u16..40, cut in 1_usize..60, slow in 0_u64..4_000,
    ) {
        let mut events = events();
        events.truncate(cut);
        for (index, event) in events.iter_mut().enumerate() {
            event.at.0 += slow * index as u64;
        }
        let casting = Casting { size: Size::new(width, height), ..Casting::default() };
        let (lines, _) = filmed(&events, &casting);
        let mut still = Still::new(casting.size, casting.theme);
        for event in events {
            still.take(event);
        }
        let last = played(&lines, casting.size).pop().unwrap();
        let still = still.picture();
        let (shown, wanted) = (last.contents(), crate::capture::text(still));
        prop_assert_eq!(same(&last, still), Ok(()), "{}\nis not\n{}", shown, wanted);
    }
}
