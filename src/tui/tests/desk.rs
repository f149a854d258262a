//! Settings and log: what the screen shows, what it asks, that nothing typed is lost without a word.

use insta::assert_snapshot;

use super::kit::{Person, on_each};
use crate::{
    logging::Level,
    tui::{
        desk::{Ask, Bind, Change, Changed, Keep, Line, News, Setting, Told},
        detail::Detail,
        effect::{Done, Effect, Query, Ticket},
        msg::Msg,
        options::Look,
        rooms,
        theme::Named,
    },
};

fn setting(group: &'static str, title: &str, key: &str, value: &str, origin: &str) -> Setting {
    Setting {
        group,
        title: title.to_owned(),
        key: key.to_owned(),
        means: "What it is for.".to_owned(),
        value: value.to_owned(),
        usual: "usual one".to_owned(),
        origin: origin.to_owned(),
        choices: Vec::new(),
        unsaved: None,
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
    model.unsaved =
        Some("`agents[0].backend.model` is the variable ${MODEL}; change that.".to_owned());
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
        Told::Changed(Ok(changed(Named::Terminal, Detail::Usual))),
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
    // This model cannot be written where it stands.
    let mut person = on_settings();
    person.press("end").press("enter").press("x");
    let typed = change("agents[0].backend.model", "qwen3:4bx");
    tell(&mut person, Told::Checked(typed.clone(), None));
    asked(&mut person);
    person.press("ctrl-s");
    assert_eq!(asked(&mut person), []);
    assert!(
        person.sees().contains("is the variable"),
        "{}",
        person.sees()
    );
    person.press("enter");
    assert_eq!(asked(&mut person), [Ask::Change(typed, Keep::Run)]);
}

fn changed(theme: Named, detail: Detail) -> Box<Changed> {
    Box::new(Changed {
        words: "Saved.".into(),
        settings: settings(),
        look: Look {
            theme: theme.theme(),
            detail,
        },
        team: None,
    })
}

#[test]
fn a_theme_and_what_panes_show_count_at_once() {
    let mut person = on_settings();
    let told = changed(Named::Light, Detail::Answers);
    tell(&mut person, Told::Changed(Ok(told)));
    assert_eq!(person.model.shared.theme, Named::Light.theme());
    assert_eq!(person.model.shared.detail, Detail::Answers);
}

#[test]
fn panes_show_more_and_less_by_a_key_and_the_settings_know() {
    let mut person = Person::new();
    person.begins(1);
    asked(&mut person);
    person.press("-");
    assert_eq!(person.model.shared.detail, Detail::Tools);
    let change = |value: &str| Ask::Change(change("ui.verbosity", value), Keep::Run);
    assert_eq!(asked(&mut person), [change("tools")]);
    person.press("-").press("-");
    assert_eq!(asked(&mut person), [change("answers")]);
    assert!(person.sees().contains("already"), "{}", person.sees());
    // A late answer to the first step takes nothing back.
    let late = changed(Named::Terminal, Detail::Tools);
    tell(&mut person, Told::Changed(Ok(late)));
    assert_eq!(person.model.shared.detail, Detail::Answers);
}

/// The page of keys, narrowed by these words.
fn on_keys(words: &str) -> Person {
    let mut person = Person::new();
    person.press("alt-k").press("/").write(words).press("enter");
    person
}

#[test]
fn keys_on_three_screens() {
    let seen = on_each(|person| {
        person.press("alt-k").press("/").write("log").press("enter");
        person.press("down").press("enter").press("f5");
    });
    // How many actions there are is another matter.
    let rows = seen.lines().filter(|row| !row.contains("actions ·"));
    assert_snapshot!(rows.collect::<Vec<_>>().join("\n"));
}

#[test]
fn other_keys_count_at_once_and_are_given_back() {
    let mut person = on_keys("app.health");
    assert!(person.sees().contains("1 of"), "{}", person.sees());
    person.press("enter").press("f10").press("enter");
    assert_eq!(asked(&mut person), [], "nothing is saved");
    person.press("esc").press("f5");
    assert!(
        !person.sees().contains("F10"),
        "F5 is nobody's now: {}",
        person.sees()
    );
    person.press("f10");
    assert!(person.model.layers.top().is_some(), "it checks up now");
    let mut person = on_keys("app.health");
    person.press("enter").write("alt-h, f5").press("ctrl-s");
    let asks = asked(&mut person);
    let [Ask::Bind(bind)] = &asks[..] else {
        panic!("{asks:?}");
    };
    let names: Vec<String> = bind.keys.iter().flatten().map(|key| key.name()).collect();
    assert_eq!(names, ["alt-h", "f5"]);
    let told = Told::Bound(bind.clone(), Ok("Saved in keymap.toml.".to_owned()));
    tell(&mut person, told);
    assert!(
        person.sees().contains("Alt-H or F5 · yours"),
        "{}",
        person.sees()
    );
    person.press("backspace");
    let asks = asked(&mut person);
    assert!(
        matches!(&asks[..], [Ask::Bind(Bind { keys: None, .. })]),
        "{asks:?}"
    );
    let [Ask::Bind(bind)] = &asks[..] else {
        panic!("{asks:?}");
    };
    tell(
        &mut person,
        Told::Bound(bind.clone(), Ok("Again.".to_owned())),
    );
    assert!(!person.sees().contains("yours"), "{}", person.sees());
}

#[test]
fn keys_that_cannot_be_are_told_while_they_are_typed() {
    let mut person = on_keys("app.health");
    person.press("enter").press("f1");
    assert!(
        person.sees().contains("already means here: show all keys"),
        "{}",
        person.sees()
    );
    person.press("enter");
    assert!(
        person.sees().contains("F1") || person.sees().contains("f1"),
        "the line stays"
    );
    person
        .press("backspace")
        .press("backspace")
        .write("hyper-x");
    assert!(
        person.sees().contains("no key is called hyper-x"),
        "{}",
        person.sees()
    );
    person.press("esc").press("enter").press("z");
    assert!(
        person.sees().contains("keeps another meaning in"),
        "{}",
        person.sees()
    );
    assert_eq!(asked(&mut person), []);
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
