//! Laws that hold for any sequence of messages.

use proptest::prelude::*;
use ratatui::layout::Size;

use super::{
    aside::stored,
    kit::{Person, options, servers},
};
use crate::{
    protocol::{AgentEvent, AgentId, EventKind, Failure, FailureKind, Level, Phase, RunEvent},
    tui::{
        action::{Action, Run},
        effect::{Done, Effect},
        keymap::Key,
        model::Screen,
        msg::{Input, Mouse, MouseKind, Msg},
        prepare::prepare,
        route,
    },
};

/// Something that happens to a program.
#[derive(Clone, Debug)]
enum Step {
    Key(Key),
    Act(usize),
    Text(String),
    Paste(String),
    Mouse(Mouse),
    Resize(u16, u16),
    Servers,
    Begins,
    Says(u16, String),
    Phase,
    Notice,
    Benched,
    Ends,
    /// Timers fire, the oldest first.
    Wakes,
    /// A session of the list is taken, and is there.
    Looks,
    Back,
    Frame,
}

fn keys() -> impl Strategy<Value = Key> {
    let names = [
        "enter",
        "esc",
        "tab",
        "shift-tab",
        "up",
        "down",
        "left",
        "right",
        "home",
        "end",
        "pageup",
        "pagedown",
        "backspace",
        "delete",
        "ctrl-p",
        "f1",
        "f2",
        "ctrl-c",
        "ctrl-n",
        "ctrl-x",
        "ctrl-e",
        "ctrl-t",
        "alt-enter",
        "alt-n",
        "ctrl-w",
        "ctrl-k",
        "ctrl-u",
        "ctrl-y",
        "ctrl-_",
        "ctrl-left",
        "ctrl-right",
        "alt-1",
        "?",
        ":",
        "/",
        "z",
        "v",
        "t",
        "f",
        "p",
        "i",
        "a",
        "x",
        "q",
        "n",
        "1",
        "2",
        "9",
        "o",
        "]",
        "{",
        "y",
    ];
    prop::sample::select(names.to_vec()).prop_map(|name| name.parse().expect("a key"))
}

fn steps() -> impl Strategy<Value = Step> {
    let words = prop::sample::select(vec![
        "hello ",
        "日本語",
        "👩‍👩‍👧‍👦",
        "e\u{301}",
        "\n",
        "a b\nc",
        "ﾞ",
        "🇩🇪🇫🇷",
        "x",
    ])
    .prop_map(str::to_owned);
    let mouse = (0u16..100, 0u16..50, 0..3usize).prop_map(|(column, row, kind)| Mouse {
        kind: [
            MouseKind::Click,
            MouseKind::WheelUp(2),
            MouseKind::WheelDown(3),
        ][kind],
        column,
        row,
    });
    prop_oneof![
        8 => keys().prop_map(Step::Key),
        3 => (0..200usize).prop_map(Step::Act),
        3 => words.clone().prop_map(Step::Text),
        1 => words.clone().prop_map(Step::Paste),
        2 => mouse.prop_map(Step::Mouse),
        1 => (0u16..170, 0u16..50).prop_map(|(width, height)| Step::Resize(width, height)),
        1 => Just(Step::Servers),
        1 => Just(Step::Begins),
        3 => (1u16..4, words).prop_map(|(agent, text)| Step::Says(agent, text)),
        1 => Just(Step::Phase),
        1 => Just(Step::Notice),
        1 => Just(Step::Benched),
        1 => Just(Step::Ends),
        1 => Just(Step::Wakes),
        1 => Just(Step::Looks),
        1 => Just(Step::Back),
        3 => Just(Step::Frame),
    ]
}

fn play(person: &mut Person, step: Step, turn: &mut u32) {
    match step {
        Step::Key(key) => {
            let msg = route::translate(&person.model, key);
            person.send(msg);
        }
        Step::Act(place) => {
            let all = Action::all();
            let action = all[place % all.len()].action;
            person.send(Msg::Action(action));
        }
        Step::Text(text) => {
            for c in text.chars() {
                person.send(Msg::Input(Input::Char(c)));
            }
        }
        Step::Paste(text) => person.send(Msg::Input(Input::Paste(text))),
        Step::Mouse(mouse) => person.send(Msg::Input(Input::Mouse(mouse))),
        Step::Resize(width, height) => person.send(Msg::Resized(Size { width, height })),
        Step::Servers => {
            let asked = person
                .effects
                .iter()
                .any(|effect| matches!(effect, Effect::Query { .. }));
            if asked {
                person.find_servers(servers());
            }
        }
        Step::Begins => {
            *turn += 1;
            person.begins(*turn);
        }
        Step::Says(agent, text) => {
            person.says(agent, &text);
        }
        Step::Phase => {
            person.hear(EventKind::Run(RunEvent::Phase(Phase::VoteNow)));
        }
        Step::Notice => {
            person.hear(EventKind::Run(RunEvent::Notice {
                level: Level::Error,
                text: "something 日本 failed".to_owned(),
            }));
        }
        Step::Benched => {
            person.hear(EventKind::Agent {
                id: AgentId(2),
                event: AgentEvent::Benched(Failure::new(FailureKind::Auth, "no")),
            });
        }
        Step::Ends => {
            person.ends();
        }
        Step::Wakes => {
            let timers: Vec<_> = person
                .effects
                .iter()
                .filter_map(|effect| match effect {
                    Effect::Wake { ticket, .. } => Some(*ticket),
                    _ => None,
                })
                .collect();
            person
                .effects
                .retain(|effect| !matches!(effect, Effect::Wake { .. }));
            for ticket in timers {
                person.send(Msg::Done(ticket, Done::Woke));
            }
        }
        Step::Looks => {
            person.looks_at(&stored());
        }
        Step::Back => person.send(Msg::Action(Action::Run(Run::Team))),
        Step::Frame => {
            let _ = person.sees();
        }
    }
}

proptest! {
    #[test]
    fn nothing_a_person_or_a_team_does_breaks_the_screen(
        steps in prop::collection::vec(steps(), 1..60),
    ) {
        let mut person = Person::at(80, 24, &options());
        let mut turn = 0;
        for step in steps {
            play(&mut person, step, &mut turn);
            let setup = &person.model.setup;
            prop_assert!(setup.item().is_some(), "the cursor stands on something");
        }
        let first = person.sees();
        prepare(&mut person.model);
        prop_assert_eq!(&person.painted(), &first, "preparing twice is preparing once");
        for c in first.chars() {
            prop_assert!(c == '\n' || !c.is_control(), "{c:?} on the screen");
        }
        let wide = person.model.size.width >= 6;
        if wide && person.model.shared.demo() && person.model.screen == Screen::Live {
            let told = ["no model", "DEMO", "script"].iter().any(|words| first.contains(words));
            prop_assert!(told, "the screen says that no model is at work:\n{first}");
        }
    }
}
