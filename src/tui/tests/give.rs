//! Sessions given away from the screen: the card at every size, and all ways through it.

use insta::assert_snapshot;

use super::kit::{Person, on_each};
use crate::{
    protocol::{Failure, FailureKind, RunId},
    tui::{
        effect::{Done, Effect, Query, Ticket},
        giving::{
            Ask, Doing, Files, Format, Look, News, Order, Progress, Suspects, Told, Turns, What,
        },
        model::Focus,
        msg::Msg,
        rooms,
    },
};

const RUN: &str = "20261121-101530-k3f9";

fn ask(format: Format, suspects: Suspects, what: What) -> Ask {
    let runs = vec![RunId(RUN.to_owned())];
    Ask {
        order: Order {
            runs,
            format,
            turns: Turns::All,
            files: Files::With,
            suspects,
        },
        what,
    }
}

fn look() -> Look {
    Look {
        files: vec![(format!("{RUN}.html"), 123_456)],
        folder: "/home/ada/harbour".to_owned(),
        masked: vec![
            "secret (2 times)".to_owned(),
            "home folder (1 time)".to_owned(),
        ],
        left_out: vec![
            "what teams inside the team did (4 tool calls) (json and bundles have it)".to_owned(),
        ],
        suspects: Vec::new(),
        turns: vec![1],
    }
}

fn suspicious() -> Look {
    Look {
        suspects: vec!["event 3: password in an address: postgres://me:…@db".to_owned()],
        ..look()
    }
}

/// A session that is over, with the card open.
fn opens(person: &mut Person) {
    person.begins(1).ends();
    person.model.focus = Focus::Panes;
    person.took();
    person.press("E");
}

/// What was asked since it was last looked at.
fn asked(person: &mut Person) -> Vec<Ask> {
    let effects = person.took().into_iter();
    effects
        .filter_map(|effect| match effect {
            Effect::Query {
                query: Query::Room(rooms::Ask::Give(ask)),
                ..
            } if ask.what != What::Hear => Some(*ask),
            _ => None,
        })
        .collect()
}

fn tell(person: &mut Person, ask: Ask, news: Result<News, Failure>) {
    let told = Box::new(Told { ask, news });
    let done = Done::Room(rooms::Told::Give(told));
    person.send(Msg::Done(Ticket(Ticket::TOP), done));
}

fn looked(person: &mut Person, format: Format, suspects: Suspects, look: Look) {
    let ask = ask(format, suspects, What::Look);
    tell(person, ask, Ok(News::Look(look)));
}

#[test]
fn the_card_while_it_is_read() {
    assert_snapshot!(on_each(opens));
}

#[test]
fn the_card() {
    assert_snapshot!(on_each(|person| {
        opens(person);
        looked(person, Format::Html, Suspects::Stop, look());
    }));
}

#[test]
fn the_card_with_something_in_the_way() {
    assert_snapshot!(on_each(|person| {
        opens(person);
        looked(person, Format::Html, Suspects::Stop, suspicious());
    }));
}

#[test]
fn the_card_when_it_is_written() {
    assert_snapshot!(on_each(|person| {
        opens(person);
        looked(person, Format::Html, Suspects::Stop, look());
        person.press("enter");
        let path = format!("/home/ada/harbour/{RUN}.html");
        let ask = ask(Format::Html, Suspects::Stop, What::File);
        tell(person, ask, Ok(News::Written(vec![path])));
    }));
}

#[test]
fn a_session_is_looked_at_chosen_and_written() {
    let mut person = Person::new();
    opens(&mut person);
    let html = ask(Format::Html, Suspects::Stop, What::Look);
    assert_eq!(asked(&mut person), [html]);
    // Nothing is written unseen.
    person.press("enter");
    assert_eq!(asked(&mut person), []);
    // One look at a time: the old one is stopped, and its answer makes the card ask for the new one.
    person.press("right").press("right");
    let stops = [Format::Md, Format::Json].map(|format| ask(format, Suspects::Stop, What::Stop));
    assert_eq!(asked(&mut person), stops);
    looked(&mut person, Format::Html, Suspects::Stop, look());
    let json = ask(Format::Json, Suspects::Stop, What::Look);
    assert_eq!(asked(&mut person), [json]);
    looked(&mut person, Format::Json, Suspects::Stop, look());
    assert!(person.sees().contains("Masked: secret (2 times)"));
    person.press("enter").press("enter");
    let written = ask(Format::Json, Suspects::Stop, What::File);
    assert_eq!(asked(&mut person), std::slice::from_ref(&written), "once");
    let paths = vec!["/here/x.json".to_owned()];
    tell(&mut person, written, Ok(News::Written(paths)));
    assert!(person.sees().contains("/here/x.json"));
    person.press("enter");
    assert!(!person.sees().contains("Export"));
}

#[test]
fn a_look_that_nobody_waits_for_is_stopped() {
    let stopped = || Failure::new(FailureKind::Cancelled, "Stopped; nothing was left behind.");
    let html = |what| ask(Format::Html, Suspects::Stop, what);
    for key in ["esc", "ctrl-c"] {
        let mut person = Person::new();
        opens(&mut person);
        assert_eq!(asked(&mut person), [html(What::Look)]);
        person.press(key);
        assert!(!person.sees().contains("Export"), "the card is closed");
        assert_eq!(asked(&mut person), [html(What::Stop)], "{key}");
        // Nobody is bothered with its end.
        person.press("esc");
        let before = person.sees();
        tell(&mut person, html(What::Look), Err(stopped()));
        assert_eq!(person.sees(), before, "{key}");
    }
    // Once it has looked, there is nothing to stop.
    let mut person = Person::new();
    opens(&mut person);
    looked(&mut person, Format::Html, Suspects::Stop, look());
    asked(&mut person);
    person.press("esc");
    assert_eq!(asked(&mut person), []);
    // Away and back again while the first look ends: it is looked at anew.
    let mut person = Person::new();
    opens(&mut person);
    person.press("right left");
    asked(&mut person);
    tell(&mut person, html(What::Look), Err(stopped()));
    assert_eq!(asked(&mut person), [html(What::Look)]);
    assert!(person.sees().contains("Reading the session"));
    looked(&mut person, Format::Html, Suspects::Stop, look());
    assert!(person.sees().contains("Masked: secret"));
}

#[test]
fn turns_and_files_are_chosen_and_looked_at_anew() {
    let mut person = Person::new();
    opens(&mut person);
    looked(&mut person, Format::Html, Suspects::Stop, look());
    asked(&mut person);
    person.press("4");
    let mut wanted = ask(Format::Html, Suspects::Stop, What::Look);
    wanted.order.turns = Turns::Latest;
    assert_eq!(asked(&mut person), std::slice::from_ref(&wanted));
    tell(&mut person, wanted.clone(), Ok(News::Look(look())));
    assert!(
        person.sees().contains("the last turn alone"),
        "{}",
        person.sees()
    );
    person.press("5");
    wanted.order.files = Files::Without;
    assert_eq!(asked(&mut person), std::slice::from_ref(&wanted));
    tell(&mut person, wanted, Ok(News::Look(look())));
    // A bundle holds a whole session. The one before it was chosen first: its look is not waited for.
    person.press("end left");
    let mut bundle = ask(Format::Cast, Suspects::Stop, What::Look);
    bundle.order.files = Files::Without;
    bundle.order.turns = Turns::Latest;
    let looked_at = bundle.clone();
    bundle.order.format = Format::Bundle;
    bundle.order.turns = Turns::All;
    let stop = Ask {
        what: What::Stop,
        ..bundle.clone()
    };
    assert_eq!(asked(&mut person), [looked_at.clone(), stop]);
    tell(&mut person, looked_at, Ok(News::Look(look())));
    assert_eq!(asked(&mut person), [bundle]);
    person.press("4");
    assert!(
        person.bottom().contains("whole session"),
        "{}",
        person.bottom()
    );
}

#[test]
fn a_place_is_typed_and_it_is_sent_there() {
    let mut person = Person::new();
    opens(&mut person);
    looked(&mut person, Format::Html, Suspects::Stop, look());
    asked(&mut person);
    person.press("6 enter");
    assert!(
        person.bottom().contains("Type a place"),
        "{}",
        person.bottom()
    );
    // Letters that are keys elsewhere are text here.
    person
        .write("qny")
        .press("backspace backspace backspace")
        .write("gist");
    assert!(person.sees().contains("To: gist"), "{}", person.sees());
    person.press("enter");
    let send = ask(Format::Html, Suspects::Stop, What::Send("gist".to_owned()));
    assert_eq!(asked(&mut person), std::slice::from_ref(&send));
    let said = vec!["https://gist.example/1".to_owned()];
    tell(&mut person, send, Ok(News::Sent(said)));
    assert!(
        person.sees().contains("https://gist.example/1"),
        "{}",
        person.sees()
    );
    person.press("enter E");
    looked(&mut person, Format::Html, Suspects::Stop, suspicious());
    asked(&mut person);
    person.press("6").write("gist").press("enter");
    assert_eq!(
        asked(&mut person),
        [],
        "nothing is sent while something may be a secret"
    );
}

#[test]
fn what_may_be_a_secret_has_to_be_masked_first() {
    let mut person = Person::new();
    opens(&mut person);
    looked(&mut person, Format::Html, Suspects::Stop, suspicious());
    asked(&mut person);
    person.press("enter").press("1").press("2");
    assert_eq!(asked(&mut person), []);
    person.press("3");
    let masked = ask(Format::Html, Suspects::Mask, What::Look);
    assert_eq!(asked(&mut person), [masked]);
    looked(&mut person, Format::Html, Suspects::Mask, look());
    person.press("2");
    let text = ask(Format::Html, Suspects::Mask, What::Text);
    assert_eq!(asked(&mut person), std::slice::from_ref(&text));
    tell(&mut person, text, Ok(News::Text("<html>".to_owned())));
    let copied = person.took().into_iter();
    assert_eq!(
        copied
            .filter(|effect| *effect == Effect::Copy("<html>".to_owned()))
            .count(),
        1
    );
}

#[test]
fn what_fails_is_told_and_what_ends_after_leaving_too() {
    let mut person = Person::new();
    opens(&mut person);
    let first = ask(Format::Html, Suspects::Stop, What::Look);
    let gone = Failure::new(FailureKind::Local, "The log is gone.");
    tell(&mut person, first.clone(), Err(gone.clone()));
    assert!(person.sees().contains("The log is gone."));
    asked(&mut person);
    person.press("enter");
    assert_eq!(asked(&mut person), [first]);
    looked(&mut person, Format::Html, Suspects::Stop, look());
    person.press("enter").press("esc").press("esc");
    assert!(!person.sees().contains("Stopping"));
    let file = ask(Format::Html, Suspects::Stop, What::File);
    let paths = vec!["/here/x.html".to_owned()];
    tell(&mut person, file.clone(), Ok(News::Written(paths)));
    assert!(person.sees().contains("Written: /here/x.html"));
    tell(&mut person, file, Err(gone));
    assert!(person.sees().contains("The log is gone."));
}

#[test]
fn it_tells_how_far_it_is_and_is_stopped() {
    let mut person = Person::new();
    opens(&mut person);
    let progress = Progress {
        done: 500,
        ..Progress::default()
    };
    for (format, shown) in [(Format::Md, false), (Format::Html, true)] {
        let hear = ask(format, Suspects::Stop, What::Hear);
        tell(&mut person, hear, Ok(News::Progress(progress)));
        let seen = person.sees();
        assert_eq!(seen.contains("Reading: 500 events …"), shown, "{seen}");
    }
    looked(&mut person, Format::Html, Suspects::Stop, look());
    asked(&mut person);
    person.press("enter");
    let far = |person: &mut Person, doing, done, many| {
        let progress = Progress {
            doing,
            done,
            of: 9_000_000,
            nth: 1,
            many,
        };
        let hear = ask(Format::Html, Suspects::Stop, What::Hear);
        tell(person, hear, Ok(News::Progress(progress)));
        person.sees()
    };
    let heard = |person: &mut Person| {
        let effects = person.took().into_iter();
        let hear = |effect: &Effect| matches!(effect, Effect::Query { query: Query::Room(rooms::Ask::Give(ask)), .. } if ask.what == What::Hear);
        effects.filter(hear).count()
    };
    assert_eq!(heard(&mut person), 1);
    let seen = far(&mut person, Doing::Reading, 12_000, 1);
    assert!(seen.contains("Reading: 12000 events …"), "{seen}");
    assert_eq!(heard(&mut person), 1, "it goes on asking");
    let seen = far(&mut person, Doing::Writing, 3_000_000, 2);
    assert!(
        seen.contains("Writing: 2 MiB of 8 MiB (session 1 of 2) …"),
        "{seen}"
    );
    person.took();
    person.press("esc");
    let stop = ask(Format::Html, Suspects::Stop, What::Stop);
    assert_eq!(asked(&mut person), [stop]);
    let seen = far(&mut person, Doing::Writing, 4_000_000, 1);
    assert!(seen.contains("Stopping …"), "{seen}");
    assert_eq!(heard(&mut person), 0);
    let file = ask(Format::Html, Suspects::Stop, What::File);
    let stopped = Failure::new(FailureKind::Cancelled, "Stopped; nothing was left behind.");
    tell(&mut person, file, Err(stopped));
    assert!(person.sees().contains("nothing was left behind"));
}

#[test]
fn single_turns_are_chosen_too() {
    let mut person = Person::new();
    opens(&mut person);
    let long = || Look {
        turns: vec![1, 2, 3],
        ..look()
    };
    looked(&mut person, Format::Html, Suspects::Stop, long());
    asked(&mut person);
    let mut chosen = Vec::new();
    for _ in 0..4 {
        person.press("4");
        let wanted = asked(&mut person).remove(0);
        chosen.push(wanted.order.turns);
        tell(&mut person, wanted, Ok(News::Look(long())));
    }
    let wanted = [Turns::Latest, Turns::One(1), Turns::One(2), Turns::All];
    assert_eq!(chosen, wanted);
}

#[test]
fn a_team_at_work_is_not_exported() {
    let mut person = Person::new();
    person.begins(1);
    person.model.focus = Focus::Panes;
    person.took();
    person.press("E");
    assert_eq!(asked(&mut person), []);
    assert!(person.sees().contains("still at work"));
}
