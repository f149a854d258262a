//! The list of sessions as a person meets it: states at every size, keys, and laws for any keys.

use insta::assert_snapshot;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::kit::{Person, on_each};
use crate::{
    catalog::{Edit, Entry, Ground, Labels, Standing},
    protocol::{Failure, FailureKind, Member, RunId, Seq, SessionSummary, Timestamp},
    tui::{
        effect::{Done, Effect, Query, Ticket},
        model::Screen,
        msg::Msg,
        rooms,
        sessions::{
            Ask, Told,
            ask::{Found, FoundSession, Hit, Listed, Reading},
        },
    },
};

/// 2026-11-21 12:00 UTC.
const NOW: u64 = 1_795_262_400_000;
const HOUR: u64 = 3_600_000;

fn session(run: &str, outcome: &str, prompt: &str, hours: u64) -> Entry {
    let member = |name: &str, model: &str| Member {
        name: name.into(),
        model: model.into(),
    };
    let mut entry = Entry::new(SessionSummary {
        run: RunId(run.into()),
        prompt: prompt.into(),
        started_ms: NOW - hours * HOUR,
        duration_ms: 187_000,
        turns: 1,
        agents: 2,
        outcome: outcome.into(),
        winner: (outcome == "answered").then(|| "critic".to_owned()),
        cost_usd: None,
        demo: false,
        from: None,
        team: vec![member("critic", "qwen3-32b"), member("poet", "gpt-5-mini")],
        folder: "/home/ada/harbour".into(),
        files_changed: None,
        answers: 3,
    });
    entry.log = format!("/state/sessions/{run}/events.jsonl");
    entry
}

/// Seven sessions of all kinds.
pub(super) fn all() -> Vec<Entry> {
    let mut answered = session(
        "20261121-110000-aaaa",
        "answered",
        "Why is the sky blue? Answer in five sentences, and name your sources.",
        1,
    );
    answered.summary.cost_usd = Some(0.1234);
    answered.summary.files_changed = Some(4);
    answered.notes = 2;
    answered.analysed = 1;
    answered.labels.tags = ["good".to_owned(), "physics".to_owned()].into();
    let mut demo = session("20261121-100000-bbbb", "answered", "Compare three ways.", 2);
    demo.summary.demo = true;
    let crashed = session(
        "20261120-120000-cccc",
        "unfinished",
        "川について俳句を書いてください。",
        24,
    );
    let mut live = session("20261121-115900-dddd", "unfinished", "Still at it", 0);
    live.standing = Standing::Live;
    let mut theirs = session(
        "massgen-20261101-000000-000001",
        "no answer",
        "What is 2+2?",
        480,
    );
    theirs.summary.from = Some("MassGen 0.1.97".into());
    theirs.summary.winner = None;
    theirs.summary.folder = "/home/ada/elsewhere".into();
    let mut pinned = session("20261001-120000-eeee", "cancelled", "Old but dear", 1_200);
    pinned.labels.pinned = true;
    pinned.labels.name = Some("The reference run".into());
    let mut archived = session("20260901-120000-ffff", "damaged", "Broken long ago", 1_900);
    archived.labels.archived = true;
    vec![answered, demo, crashed, live, theirs, pinned, archived]
}

fn ground(here: &str) -> Ground {
    Ground {
        now: Timestamp(NOW),
        zone: TimeZone::UTC,
        here: Some(here.to_owned()),
    }
}

pub(super) fn listed(entries: Vec<Entry>) -> Told {
    Told::Listed(Ok(Listed {
        entries,
        ground: ground("/nowhere"),
    }))
}

impl Person {
    /// The world tells the list something.
    pub(super) fn told(&mut self, told: Told) -> &mut Self {
        let done = Done::Room(rooms::Told::Sessions(Box::new(told)));
        self.send(Msg::Done(Ticket(Ticket::TOP + 1), done));
        self
    }

    /// What the list asked since the last look.
    fn asks(&mut self) -> Vec<Ask> {
        let asked = self.took().into_iter().filter_map(|effect| match effect {
            Effect::Query {
                query: Query::Room(rooms::Ask::Sessions(ask)),
                ..
            } => Some(*ask),
            _ => None,
        });
        asked.collect()
    }

    /// The list is open and there.
    fn browses(&mut self) -> &mut Self {
        self.find_servers(Vec::new())
            .press("f6")
            .told(listed(all()))
    }

    /// The session under the cursor.
    fn current(&self) -> Option<String> {
        let sessions = self.model.rooms.sessions.as_ref()?;
        Some(sessions.current()?.summary.run.0.clone())
    }
}

#[test]
fn the_list_while_it_is_read() {
    assert_snapshot!(on_each(|person| {
        person.press("f6");
    }));
}

#[test]
fn the_list() {
    assert_snapshot!(on_each(|person| {
        person.browses().press("down");
    }));
}

#[test]
fn the_list_with_details_where_there_is_little_room() {
    assert_snapshot!(on_each(|person| {
        person.browses().press("down down");
        if person.model.size.width < 120 {
            person.press("i");
        }
    }));
}

#[test]
fn the_list_with_marks_and_hidden_ones() {
    assert_snapshot!(on_each(|person| {
        person.browses().press("h space space down o");
        person.told(Told::Deleted(
            vec![RunId("20261121-100000-bbbb".into())],
            Vec::new(),
        ));
    }));
}

#[test]
fn nothing_there() {
    assert_snapshot!(on_each(|person| {
        person.press("f6").told(listed(Vec::new()));
    }));
}

#[test]
fn a_list_that_cannot_be_read() {
    assert_snapshot!(on_each(|person| {
        let failure = Failure::new(
            FailureKind::Local,
            "Cannot list the sessions in /state/sessions: permission denied.",
        )
        .hint("Make it writable for you, or choose another folder with --state-dir.");
        person.press("f6").told(Told::Listed(Err(failure)));
    }));
}

#[test]
fn a_filter_without_hits() {
    assert_snapshot!(on_each(|person| {
        person.browses().press("/").write("cost:>99").press("enter");
    }));
}

#[test]
fn a_filter_that_is_not_understood() {
    assert_snapshot!(on_each(|person| {
        person.browses().press("/").write("sky outcom:failed");
    }));
}

#[test]
fn tags_that_are_none() {
    assert_snapshot!(on_each(|person| {
        person.browses().press("t").write("good b&d").press("enter");
    }));
}

fn found() -> Found {
    let hit = |seq: u64, who: &str, before: &str, hit: &str, after: &str| Hit {
        seq: Some(Seq(seq)),
        who: who.into(),
        snippet: vec![
            (false, before.into()),
            (true, hit.into()),
            (false, after.into()),
        ],
    };
    Found {
        sessions: vec![
            FoundSession {
                run: RunId("20261121-110000-aaaa".into()),
                hits: vec![
                    hit(
                        12,
                        "critic · answer",
                        "…the light is ",
                        "scattered",
                        " by the air, more so …",
                    ),
                    hit(40, "poet · vote", "it says what ", "scattered", " means"),
                ],
            },
            FoundSession {
                run: RunId("20261120-120000-cccc".into()),
                hits: vec![hit(7, "poet · tool shell", "川は ", "scattered", " 光")],
            },
        ],
        more: true,
    }
}

#[test]
fn what_was_found() {
    assert_snapshot!(on_each(|person| {
        person.browses().press("s").write("scattered");
        for words in ["sc", "scattered"] {
            person.told(Told::Found(words.into(), Ok(found())));
        }
        person.told(Told::Indexed(Ok(None)));
        person.told(Told::Found("scattered".into(), Ok(found())));
        person.press("enter down");
    }));
}

#[test]
fn a_search_that_still_reads() {
    assert_snapshot!(on_each(|person| {
        person.browses().press("s").write("nothing");
        let reading = Reading { done: 120, of: 480 };
        for words in ["no", "nothing"] {
            person.told(Told::Found(words.into(), Ok(Found::default())));
        }
        person.told(Told::Indexed(Ok(Some(reading))));
    }));
}

#[test]
fn the_cursor_stays_with_its_session() {
    let mut person = Person::new();
    person.browses();
    assert_eq!(
        person.current().as_deref(),
        Some("20261001-120000-eeee"),
        "pinned on top"
    );
    person.press("down down");
    assert_eq!(person.current().as_deref(), Some("20261121-110000-aaaa"));
    let mut later = all();
    later.insert(0, session("20261121-115959-zzzz", "answered", "Newer", 0));
    person.told(listed(later));
    assert_eq!(person.current().as_deref(), Some("20261121-110000-aaaa"));
    person.press("/").write("is:pinned");
    assert_eq!(person.current().as_deref(), Some("20261001-120000-eeee"));
    person.press("esc");
    assert!(person.sees().contains("7 of 8"), "{}", person.sees());
}

#[test]
fn labels_are_asked_for_and_shown_when_they_are_written() {
    let mut person = Person::new();
    person.browses().press("down down");
    let run = RunId("20261121-110000-aaaa".into());
    let _ = person.asks();
    person.press("e").write("My run").press("enter");
    let named = Ask::Edit(vec![run.clone()], vec![Edit::Name("My run".into())]);
    assert_eq!(person.asks(), [named]);
    person.press("t").write("+new -good").press("enter");
    let edits = vec![Edit::Tag("new".into()), Edit::Untag("good".into())];
    assert_eq!(person.asks(), [Ask::Edit(vec![run.clone()], edits)]);
    person.press("p");
    assert_eq!(
        person.asks(),
        [Ask::Edit(vec![run.clone()], vec![Edit::Pinned(true)])]
    );
    let labels = Labels {
        name: Some("My run".into()),
        pinned: true,
        ..Labels::default()
    };
    person.told(Told::Edited(vec![(run.clone(), labels)], Vec::new()));
    assert_eq!(
        person.current(),
        Some(run.0.clone()),
        "the cursor stays with it"
    );
    assert!(person.sees().contains("My run"));
    person.press("p");
    assert_eq!(
        person.asks(),
        [Ask::Edit(vec![run], vec![Edit::Pinned(false)])]
    );
}

#[test]
fn several_are_deleted_and_come_back() {
    let mut person = Person::new();
    person.browses().press("end up space space");
    let _ = person.asks();
    person.press("d");
    let asks = person.asks();
    let [Ask::Delete(runs)] = asks.as_slice() else {
        panic!("{asks:?}");
    };
    assert_eq!(runs.len(), 2);
    person.told(Told::Deleted(runs.clone(), Vec::new()));
    assert!(
        person
            .bottom()
            .contains("2 sessions deleted; u gets them back."),
        "{}",
        person.bottom()
    );
    assert!(person.sees().contains("1 archived, 2 deleted not shown"));
    person.press("u");
    assert_eq!(person.asks(), [Ask::Undelete(runs.clone())]);
    person.told(Told::Undeleted(runs.clone(), Vec::new()));
    assert!(person.sees().contains("6 of 7"));
    person.press("u");
    assert!(person.bottom().contains("Nothing was deleted here"));
    // What was deleted before the program started is found by looking for it.
    person
        .told(Told::Deleted(runs.clone(), Vec::new()))
        .press("h h end");
    person.press("u");
    assert!(matches!(person.asks().as_slice(), [Ask::Undelete(_)]));
    let failure = Failure::new(FailureKind::Local, "Session x is still being written.");
    person.told(Told::Deleted(Vec::new(), vec![failure]));
    assert!(person.bottom().contains("still being written"));
}

#[test]
fn a_project_whose_sessions_are_all_out_of_sight_says_so() {
    let mut person = Person::new();
    let here = "/home/ada/harbour";
    person
        .find_servers(Vec::new())
        .press("f6")
        .told(Told::Listed(Ok(Listed {
            entries: all(),
            ground: ground(here),
        })));
    let own = all().into_iter().filter(|entry| entry.is_in(here));
    let own: Vec<RunId> = own.map(|entry| entry.summary.run).collect();
    assert!(own.len() < all().len());
    let words = format!("{} deleted not shown", own.len());
    person.told(Told::Deleted(own, Vec::new()));
    let seen = person.sees();
    assert!(
        seen.contains("All sessions of this project are archived or deleted."),
        "{seen}"
    );
    assert!(seen.contains(&words), "of this project alone: {seen}");
    person.press("h h");
    assert!(!person.sees().contains("archived or deleted."));
}

#[test]
fn archiving_says_how_it_is_undone_from_here() {
    let mut person = Person::new();
    person.browses().press("a");
    assert!(person.bottom().contains("h shows archived ones"));
    person.press("h a");
    let said = person.bottom();
    assert!(said.contains("a again brings it back"), "{said}");
}

#[test]
fn the_marked_ones_are_exported_else_the_one_under_the_cursor() {
    let exported = |person: &mut Person| -> Vec<RunId> {
        person.took();
        person.press("E");
        let asked = person.took().into_iter().find_map(|effect| match effect {
            Effect::Query {
                query: Query::Room(rooms::Ask::Give(ask)),
                ..
            } => Some(ask.order.runs),
            _ => None,
        });
        asked.expect("a look is asked for")
    };
    let mut person = Person::new();
    person.browses();
    let under = person.current().unwrap();
    assert_eq!(exported(&mut person), [RunId(under)]);
    person.press("esc").press("end up space space");
    assert_eq!(exported(&mut person).len(), 2);
    assert!(person.sees().contains("Export 2 sessions"));
}

#[test]
fn a_list_that_was_asked_before_a_change_is_asked_again() {
    let mut person = Person::new();
    person.browses().press("ctrl-r");
    assert_eq!(person.asks(), [Ask::List, Ask::List]);
    let run = RunId("20261121-110000-aaaa".into());
    person.told(Told::Deleted(vec![run], Vec::new()));
    person.told(listed(all()));
    assert_eq!(person.asks(), [Ask::List]);
}

#[test]
fn it_is_asked_again_only_while_something_is_written() {
    let mut person = Person::new();
    person.browses();
    let wake = |person: &mut Person| {
        let wakes =
            std::mem::take(&mut person.effects)
                .into_iter()
                .filter_map(|effect| match effect {
                    Effect::Wake { ticket, after } if after.as_secs() == 2 => Some(ticket),
                    _ => None,
                });
        wakes.last()
    };
    let ticket = wake(&mut person).expect("one session is live");
    person.send(Msg::Done(ticket, Done::Woke));
    assert_eq!(person.asks(), [Ask::List]);
    let mut quiet = all();
    quiet.retain(|entry| entry.standing == Standing::Over);
    person.told(listed(quiet));
    assert_eq!(wake(&mut person), None, "nothing moves, nothing is drawn");
    // Out of sight, nobody asks either.
    person.told(listed(all()));
    let ticket = wake(&mut person).expect("live again");
    person.press("esc");
    person.send(Msg::Done(ticket, Done::Woke));
    assert_eq!(person.asks(), []);
    assert_eq!(wake(&mut person), None);
}

#[test]
fn a_team_at_work_goes_on_behind_the_list() {
    let mut person = Person::new();
    person.begins(1).press("f6").told(listed(all()));
    assert_eq!(person.model.screen, Screen::Sessions);
    assert!(person.sees().contains("your team is at work"));
    assert!(person.sees().contains("no model"), "the badge stays");
    person.says(1, "a word from ada").press("f6");
    assert_eq!(person.model.screen, Screen::Live);
    assert!(person.sees().contains("a word from ada"));
    person.press("L").ends().press("esc");
    assert_eq!(person.model.screen, Screen::Live);
}

#[test]
fn words_that_changed_are_not_answered_by_old_answers() {
    let mut person = Person::new();
    person.browses();
    let _ = person.asks();
    person.press("s").write("sca");
    let first = [Ask::Index, Ask::Find("sc".into())];
    assert_eq!(person.asks(), first, "one question at a time");
    person.told(Told::Found("sc".into(), Ok(found())));
    assert!(person.sees().contains("Searching"), "{}", person.sees());
    assert_eq!(person.asks(), [Ask::Find("sca".into())]);
    person.told(Told::Found("sca".into(), Ok(found())));
    assert!(person.sees().contains("2 sessions"));
    // As long as somebody searches, logs are read on, and what is new is looked for.
    let reading = Reading { done: 1, of: 2 };
    person.told(Told::Indexed(Ok(Some(reading))));
    assert_eq!(person.asks(), [Ask::Find("sca".into()), Ask::Index]);
    person.told(Told::Indexed(Ok(None)));
    assert_eq!(person.asks(), [], "the last question is not answered yet");
    person.told(Told::Found("sca".into(), Ok(found())));
    assert_eq!(
        person.asks(),
        [Ask::Find("sca".into())],
        "more was read since"
    );
    person.told(Told::Found("sca".into(), Ok(found())));
    assert_eq!(person.asks(), []);
    person.press("enter down enter");
    let opened = person.took();
    assert!(!opened.is_empty(), "a hit opens");
}

#[test]
fn a_line_is_changed_in_its_middle() {
    let mut person = Person::new();
    person.browses();
    let _ = person.asks();
    person.told(listed(all()));
    person.press("/").write("cost:>1 outcome:failed");
    person.press("ctrl-left ctrl-w home").write("agent:ada ");
    assert!(
        person.sees().contains("filter: agent:ada outcome:failed"),
        "{}",
        person.sees()
    );
    person.press("end backspace ctrl-u").write("x");
    assert!(person.sees().contains("filter: x"), "{}", person.sees());
    person.press("esc s").write("sky blue").press("home");
    person.press("delete delete left").write("f");
    assert!(
        person.sees().contains("search: fy blue"),
        "{}",
        person.sees()
    );
    insta::assert_snapshot!(
        "the_cursor_in_a_line",
        on_each(|person| {
            person.browses();
            person.told(listed(all()));
            person
                .press("/")
                .write("outcome:failed cost:>1 agent:someone since:yesterday");
            person.press("home right right");
        })
    );
}

/// Keys of the list, and what may be typed.
const KEYS: &[&str] = &[
    "up",
    "down",
    "pageup",
    "pagedown",
    "home",
    "end",
    "space",
    "*",
    "-",
    "/",
    "s",
    "o",
    "O",
    "m",
    "h",
    "i",
    "e",
    "t",
    "p",
    "a",
    "d",
    "u",
    "r",
    "y",
    "ctrl-r",
    "esc",
    "enter",
    "f6",
    "backspace",
    "left",
    "ctrl-left",
    "delete",
    "ctrl-w",
    "ctrl-k",
    "x",
    ":",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is pressed and told: the cursor stands on a listed session or there is none, marks
    /// are of sessions that are there, nothing gets lost, and every size can be painted.
    #[test]
    fn any_keys_keep_the_list_legal(
        keys in prop::collection::vec(prop::sample::select(KEYS), 0..40),
        size in prop::sample::select(&[(24_u16, 8_u16), (40, 12), (80, 24), (160, 48)][..]),
        fewer in 0_usize..7,
    ) {
        let mut person = Person::at(size.0, size.1, &super::kit::options());
        person.browses();
        for (place, key) in keys.iter().enumerate() {
            person.press(key);
            for ask in person.asks() {
                let told = match ask {
                    Ask::List if place % 2 == 0 => listed(all()),
                    Ask::List => listed(all().split_off(fewer)),
                    Ask::Delete(runs) => Told::Deleted(runs, Vec::new()),
                    Ask::Undelete(runs) => Told::Undeleted(runs, Vec::new()),
                    Ask::Edit(runs, edits) => {
                        let mut labels = Labels::default();
                        for edit in &edits {
                            let _ = labels.edit(edit);
                        }
                        let labels = runs.into_iter().map(|run| (run, labels.clone()));
                        Told::Edited(labels.collect(), Vec::new())
                    }
                    Ask::Find(words) => Told::Found(words, Ok(found())),
                    Ask::Index => Told::Indexed(Ok(None)),
                };
                person.told(told);
            }
            let before = person.sees();
            prop_assert_eq!(&before, &person.sees(), "preparing twice is preparing once");
            let sessions = person.model.rooms.sessions.as_ref().expect("it was opened");
            let there: Vec<&RunId> = sessions.entries().iter().map(|one| &one.summary.run).collect();
            prop_assert!(sessions.marked().iter().all(|run| there.contains(&run)));
            prop_assert_eq!(sessions.current().is_none(), sessions.listed_now() == 0);
        }
    }
}
