//! Settings and log: what the screen shows, what it asks, that nothing typed is lost without a word.

use insta::assert_snapshot;

use super::kit::{Person, on_each};
use crate::{
    logging::Level,
    tui::{
        desk::{Ask, Change, Keep, Line, News, Setting, Told},
        effect::{Done, Effect, Query, Ticket},
        msg::Msg,
        rooms,
    },
};

fn setting(group: &'static str, title: &str, key: &str, value: &str, origin: &str) -> Setting {
    Setting {
        group,
        title: title.to_owned(),
        key: key.to_owned(),
        value: value.to_owned(),
        origin: origin.to_owned(),
        choices: Vec::new(),
        savable: true,
    }
}

fn settings() -> Vec<Setting> {
    let own = "yours /home/ada/.config/massgen-tui/config.yaml:7:9";
    let usd = setting(
        "Limits",
        "US dollars per task",
        "orchestrator.limits.usd",
        "2",
        own,
    );
    let policy = "orchestrator.policy";
    let mut policy = setting("Votes", "how votes are counted", policy, "", "");
    policy.choices = ["plurality", "majority"].map(str::to_owned).to_vec();
    let key = "agents[0].backend.model";
    let mut model = setting("Models", "scout", key, "qwen3:4b", "yours team.yaml:3:9");
    model.savable = false;
    vec![usd, policy, model]
}

fn line(number: u64, level: Level, area: &'static str, text: &str) -> Line {
    Line {
        number,
        time: format!("10:15:3{number}.250"),
        level,
        area,
        text: text.to_owned(),
    }
}

fn lines() -> Vec<Line> {
    vec![
        line(
            1,
            Level::Info,
            "config",
            "massgen-tui 0.1.0, log level debug",
        ),
        line(
            2,
            Level::Debug,
            "http",
            "POST https://api.example/v1/chat/completions 200 after 812 ms",
        ),
        line(
            3,
            Level::Warn,
            "http",
            "qwen3:4b: attempt 2 in 650 ms, for: api.example had too many requests of this key, and says that it has to rest for a while before the next one",
        ),
        line(
            4,
            Level::Error,
            "store",
            "Cannot write /full/disk: no space left on device.",
        ),
    ]
}

fn news(level: Option<Level>, lines: Vec<Line>) -> Told {
    Told::Log(News {
        level,
        lines,
        place: "/home/ada/.local/state/massgen-tui/log/massgen-tui.log".to_owned(),
    })
}

fn tell(person: &mut Person, told: Told) {
    let done = Done::Room(rooms::Told::Desk(Box::new(told)));
    person.send(Msg::Done(Ticket(Ticket::TOP), done));
}

fn asked(person: &mut Person) -> Vec<Ask> {
    let effects = person.took().into_iter();
    effects
        .filter_map(|effect| match effect {
            Effect::Query {
                query: Query::Room(rooms::Ask::Desk(ask)),
                ..
            } => Some(*ask),
            _ => None,
        })
        .collect()
}

fn on_settings() -> Person {
    let mut person = Person::new();
    person.press("f9");
    assert_eq!(asked(&mut person), [Ask::Settings]);
    tell(&mut person, Told::Settings(settings()));
    person
}

fn change(key: &str, value: &str) -> Change {
    Change {
        key: key.to_owned(),
        value: value.to_owned(),
    }
}

#[test]
fn settings_say_what_is_in_force_and_who_said_it() {
    assert_snapshot!(on_each(|person| {
        person.press("f9");
        tell(person, Told::Settings(settings()));
    }));
}

#[test]
fn a_value_is_judged_while_it_is_typed() {
    assert_snapshot!(on_each(|person| {
        person.press("f9");
        tell(person, Told::Settings(settings()));
        person.press("enter").press("x");
        let typed = change("orchestrator.limits.usd", "2x");
        let why = "`orchestrator.limits.usd` has to be a number above 0";
        tell(person, Told::Checked(typed, Some(why.to_owned())));
    }));
}

#[test]
fn the_log_on_three_screens() {
    assert_snapshot!(on_each(|person| {
        person.press("alt-l");
        tell(person, news(Some(Level::Debug), lines()));
        person.press("up");
    }));
}

#[test]
fn a_log_that_is_off_says_how_to_turn_it_on() {
    assert_snapshot!(on_each(|person| {
        person.press("alt-l");
        tell(person, news(None, Vec::new()));
    }));
    let mut person = Person::new();
    person.press("alt-l");
    tell(&mut person, news(None, Vec::new()));
    asked(&mut person);
    person.press("l");
    assert_eq!(
        asked(&mut person),
        [Ask::Level(Some(Level::Debug)), Ask::Log(0)]
    );
    tell(&mut person, news(Some(Level::Debug), lines()));
    person.press("l");
    assert_eq!(asked(&mut person), [Ask::Level(None), Ask::Log(4)]);
}

#[test]
fn a_change_is_asked_for_once_and_told() {
    let mut person = on_settings();
    person.press("enter").press("backspace").press("5");
    let typed = change("orchestrator.limits.usd", "5");
    let checks = asked(&mut person);
    assert_eq!(checks.last(), Some(&Ask::Check(typed.clone())));
    tell(&mut person, Told::Checked(typed.clone(), None));
    assert!(person.sees().contains("It can be used"));
    person.press("ctrl-s");
    assert_eq!(asked(&mut person), [Ask::Change(typed, Keep::Saved)]);
    person.press("enter");
    assert!(person.sees().contains("Still at work"));
    tell(
        &mut person,
        Told::Changed(Ok(("Saved.".into(), settings()))),
    );
    assert!(person.sees().contains("Saved."));
    person.press("u");
    assert_eq!(asked(&mut person), [Ask::Undo]);
}

#[test]
fn what_cannot_be_used_or_saved_stays_on_the_line() {
    let mut person = on_settings();
    person.press("enter").press("x");
    let typed = change("orchestrator.limits.usd", "2x");
    tell(&mut person, Told::Checked(typed, Some("No number.".into())));
    asked(&mut person);
    person.press("enter");
    assert_eq!(asked(&mut person), []);
    assert!(person.sees().contains("2x"), "{}", person.sees());
    // A model belongs to the team's own file.
    let mut person = on_settings();
    person.press("end").press("enter").press("x");
    let typed = change("agents[0].backend.model", "qwen3:4bx");
    tell(&mut person, Told::Checked(typed.clone(), None));
    asked(&mut person);
    person.press("ctrl-s");
    assert_eq!(asked(&mut person), []);
    person.press("enter");
    assert_eq!(asked(&mut person), [Ask::Change(typed, Keep::Run)]);
}

#[test]
fn esc_asks_before_it_drops_what_was_typed() {
    let mut person = on_settings();
    person.press("enter").press("7").press("esc");
    assert!(
        person.sees().contains("Esc again drops it"),
        "{}",
        person.sees()
    );
    assert!(person.sees().contains("27"));
    person.press("esc");
    assert!(!person.sees().contains("27"));
    person.press("esc");
    assert!(!person.sees().contains("Settings"), "it is left");
}

#[test]
fn choices_are_walked_through() {
    let mut person = on_settings();
    person.press("down").press("enter").press("down");
    let first = Ask::Check(change("orchestrator.policy", "plurality"));
    assert_eq!(asked(&mut person), [first]);
    person.press("down");
    let second = Ask::Check(change("orchestrator.policy", "majority"));
    assert_eq!(asked(&mut person), [second]);
}

#[test]
fn the_log_is_narrowed_copied_and_followed() {
    let mut person = Person::new();
    person.press("alt-l");
    asked(&mut person);
    tell(&mut person, news(Some(Level::Debug), lines()));
    assert!(person.sees().contains("follows"));
    // Levels in turn: from all of them to errors alone.
    person.press("v");
    assert!(!person.sees().contains("812 ms") && person.sees().contains("full/disk"));
    person.press("v");
    assert!(person.sees().contains("attempt 2"));
    for _ in 0..3 {
        person.press("v");
    }
    person.press("/").write("HTTP post");
    assert!(person.sees().contains("1 of 4 lines"), "{}", person.sees());
    person.press("enter").press("y");
    let copied = person.took().into_iter().find_map(|effect| match effect {
        Effect::Copy(text) => Some(text),
        _ => None,
    });
    let copied = copied.expect("something is copied");
    assert!(
        copied.starts_with("10:15:32.250 debug http    POST"),
        "{copied}"
    );
    assert_eq!(copied.lines().count(), 1);
    person.press("/").press("esc").press("home");
    tell(
        &mut person,
        news(
            Some(Level::Debug),
            vec![line(5, Level::Info, "run", "more")],
        ),
    );
    assert!(!person.sees().contains("follows"), "the place is kept");
    person.press("end");
    assert!(person.sees().contains("follows") && person.sees().contains("more"));
}
