//! The filter and the order against lists written by hand, and laws for any text.

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::protocol::{Member, RunId, Timestamp};

/// 2026-11-21 12:00 UTC.
const NOW: u64 = 1_795_262_400_000;
const DAY: u64 = 86_400_000;

fn ground() -> Ground {
    Ground {
        now: Timestamp(NOW),
        zone: TimeZone::UTC,
        here: Some("/home/me/project".into()),
    }
}

fn entry(run: &str, outcome: &str, prompt: &str) -> Entry {
    Entry::new(SessionSummary {
        run: RunId(run.to_owned()),
        prompt: prompt.to_owned(),
        started_ms: NOW,
        duration_ms: 60_000,
        turns: 1,
        agents: 2,
        outcome: outcome.to_owned(),
        winner: None,
        cost_usd: None,
        demo: false,
        from: None,
        team: Vec::new(),
        folder: String::new(),
        files_changed: None,
        answers: 0,
    })
}

/// Five sessions that differ in everything.
fn list() -> Vec<Entry> {
    let mut blue = entry("a", "answered", "Why is the sky blue?");
    blue.summary.winner = Some("Critic".into());
    blue.summary.team = vec![
        Member {
            name: "Critic".into(),
            model: "qwen3-32b".into(),
        },
        Member {
            name: "poet".into(),
            model: "gpt-5".into(),
        },
    ];
    blue.summary.cost_usd = Some(1.5);
    blue.summary.folder = "/home/me/project/sub".into();
    blue.summary.files_changed = Some(3);
    blue.labels.tags = ["good".to_owned()].into();
    let mut failed = entry("b", "no answer", "Count: the words");
    failed.summary.started_ms = NOW - 3 * DAY;
    failed.summary.cost_usd = Some(0.02);
    failed.summary.from = Some("MassGen 0.1.97".into());
    failed.summary.folder = "/home/me/project2".into();
    let mut crashed = entry("c", "unfinished", "第三の質問 ÄRGER");
    crashed.summary.started_ms = NOW - DAY;
    crashed.summary.duration_ms = 400_000;
    crashed.summary.turns = 3;
    crashed.notes = 2;
    let mut live = entry("d", "unfinished", "going on");
    live.standing = Standing::Live;
    live.labels.pinned = true;
    live.summary.started_ms = NOW - 10 * DAY;
    let mut old = entry("e", "cancelled", "old thing");
    old.summary.started_ms = NOW - 40 * DAY;
    old.summary.demo = true;
    old.labels.name = Some("Sky Report".into());
    old.analysed = 1;
    vec![blue, failed, crashed, live, old]
}

/// The sessions a filter means, in the usual order.
fn means(filter: &str) -> String {
    let filter = Filter::parse(filter, &ground()).unwrap();
    let list = list();
    let mut runs: Vec<&str> = select(&list, &filter, Sort::default(), Shown::All)
        .into_iter()
        .map(|place| list[place].summary.run.0.as_str())
        .collect();
    runs.sort_unstable();
    runs.concat()
}

#[test]
fn every_word_means_what_it_says() {
    let check = |filter: &str, expected: &str| assert_eq!(means(filter), expected, "{filter}");
    check("", "abcde");
    check("sky", "ae");
    check("SKY blue", "a");
    check("\"sky blue\"", "a");
    check("\"blue sky\"", "");
    check("\"count: the\"", "b");
    check("ärger", "c");
    check("-sky", "bcd");
    check("outcome:answered", "a");
    check("outcome:failed", "bc");
    check("outcome:no-answer,cancelled", "be");
    check("outcome:\"no answer\"", "b");
    check("outcome:crashed", "c");
    check("outcome:unfinished", "cd");
    check("-outcome:failed", "ade");
    check("winner:crit", "a");
    check("agent:POET", "a");
    check("model:qwen", "a");
    check("tag:good", "a");
    check("tag:#Good", "a");
    check("tag:goo", "");
    check("from:massgen", "b");
    check("from:ours -is:demo", "acd");
    check("cost:>1", "a");
    check("cost:<1", "b");
    check("cost:1.50", "a");
    check("cost:$0.01..0.03", "b");
    check("turns:>1", "c");
    check("turns:1", "abde");
    check("agents:>=3", "");
    check("duration:>5m", "c");
    check("duration:1m", "abde");
    check("duration:<1h30m", "abcde");
    check("files:>0", "a");
    check("notes:2", "c");
    check("since:2d", "ac");
    check("since:today", "a");
    check("until:yesterday", "bcde");
    check("since:2026-11-18 until:2026-11-18", "b");
    check("until:2026-10", "e");
    check("since:2026-11-21T12:00", "a");
    check("is:pinned", "d");
    check("is:live,analysed", "de");
    check("is:noted", "c");
    check("is:demo", "e");
    check("here:", "a");
    check("-here:", "bcde");
    check("-", "");
}

#[test]
fn a_wrong_word_is_told_with_what_is_right() {
    let check = |filter: &str, at: &str, what: &str| {
        let wrong = Filter::parse(filter, &ground()).unwrap_err();
        assert_eq!(&filter[wrong.at.clone()], at, "{filter}: {wrong}");
        assert!(wrong.to_string().contains(what), "{filter}: {wrong}");
    };
    check("sky outcom:x", "outcom:x", "outcome:");
    check("outcome:fine", "fine", "answered");
    check("outcome:answered,fine", "fine", "answered");
    check("outcome:", "outcome:", "answered");
    check("-is:pined", "pined", "pinned");
    check("cost:much", "much", "cost:>1");
    check("cost:>", ">", "cost:>1");
    check("cost:-1", "-1", "cost:>1");
    check("cost:nan", "nan", "cost:>1");
    check("turns:1.5", "1.5", "turns:>1");
    check("duration:5", "5", "5m");
    check("since:soon", "soon", "yesterday");
    check("since:2026-13-01", "2026-13-01", "2026-11-01");
    check("since:1d,2d", "2d", "one day");
    check("tag:", "tag:", "tag:good");
    check("tag:a&b", "a&b", "&");
    check("here:there", "here:there", "no value");
    check("\"sky", "\"sky", "open");
    check("http://x", "http://x", "quotes");
    let nowhere = Ground {
        here: None,
        ..ground()
    };
    assert!(Filter::parse("here:", &nowhere).is_err());
}

#[test]
fn pinned_ones_are_on_top_and_unknown_figures_last() {
    let list = list();
    let order = |sort: &str| {
        let sort: Sort = sort.parse().unwrap();
        select(&list, &Filter::default(), sort, Shown::Usual)
            .into_iter()
            .map(|place| list[place].summary.run.0.as_str())
            .collect::<String>()
    };
    assert_eq!(order("date"), "dacbe");
    assert_eq!(order("-date"), "debca");
    assert_eq!(order("cost"), "dabce");
    assert_eq!(order("-cost"), "dbace");
    assert_eq!(order("duration"), "dcabe");
    assert_eq!(order("turns"), "dcabe");
    assert_eq!(order("name"), "dbeac");
    assert_eq!(order("outcome"), "daecb");
    assert!("price".parse::<Sort>().unwrap_err().contains("cost"));
}

#[test]
fn archived_and_deleted_ones_are_out_of_sight_until_asked_for() {
    let mut list = list();
    list[1].labels.archived = true;
    list[2].deleted = true;
    list[4].labels.archived = true;
    list[4].deleted = true;
    let seen = |text: &str, shown| {
        let filter = Filter::parse(text, &ground()).unwrap();
        let places = select(&list, &filter, Sort::default(), shown);
        let runs = places.into_iter().map(|at| list[at].summary.run.0.as_str());
        runs.collect::<String>()
    };
    assert_eq!(seen("", Shown::Usual), "da");
    assert_eq!(seen("", Shown::Archived), "dab");
    assert_eq!(seen("", Shown::All), "dacbe");
    assert_eq!(seen("is:archived", Shown::Usual), "b");
    assert_eq!(seen("is:deleted", Shown::Usual), "ce");
    assert_eq!(seen("-is:archived", Shown::Usual), "da");
    assert_eq!(Shown::Usual.next().next().next(), Shown::Usual);
}

#[test]
fn labels_take_one_change_at_a_time() {
    let mut labels = Labels::default();
    assert!(labels.is_empty());
    labels.edit(&Edit::Name("  a name ".into())).unwrap();
    labels.edit(&Edit::Tag("#Good".into())).unwrap();
    labels.edit(&Edit::Tag("good".into())).unwrap();
    labels.edit(&Edit::Pinned(true)).unwrap();
    assert_eq!(labels.name.as_deref(), Some("a name"));
    assert_eq!(labels.tags, ["good".to_owned()].into());
    let text = serde_json::to_string(&labels).unwrap();
    assert_eq!(text, r#"{"name":"a name","tags":["good"],"pinned":true}"#);
    assert_eq!(serde_json::from_str::<Labels>(&text).unwrap(), labels);
    assert_eq!(
        serde_json::from_str::<Labels>("{}").unwrap(),
        Labels::default()
    );
    labels.edit(&Edit::Untag("GOOD".into())).unwrap();
    labels.edit(&Edit::Name(" ".into())).unwrap();
    labels.edit(&Edit::Pinned(false)).unwrap();
    assert!(labels.is_empty());
    labels.edit(&Edit::Name("x".repeat(1_000))).unwrap();
    assert_eq!(labels.name.map(|name| name.len()), Some(LONGEST_NAME));
    let check = |word: &str, expected: Result<&str, TagError>| {
        assert_eq!(tag(word), expected.map(str::to_owned), "{word:?}");
    };
    check("#v1.2/a_b-c", Ok("v1.2/a_b-c"));
    check("Größe", Ok("größe"));
    check("two words", Err(TagError::Character(' ')));
    check("-x", Err(TagError::Character('-')));
    check("#", Err(TagError::Empty));
    check("..", Err(TagError::Empty));
    check("\u{1b}[31m", Err(TagError::Character('\u{1b}')));
    check(&"x".repeat(33), Err(TagError::TooLong));
}

proptest! {
    /// Whatever is typed: words or an error with a place in the text.
    #[test]
    fn any_text_is_read_or_refused(text in "[a-zA-Z:\\-\"<>=., é日0-9$]{0,40}") {
        match Filter::parse(&text, &ground()) {
            Ok(filter) => {
                prop_assert_eq!(filter.is_empty(), text.trim().is_empty());
            }
            Err(wrong) => {
                prop_assert!(text.get(wrong.at.clone()).is_some(), "{:?}", wrong.at);
                prop_assert!(!wrong.what.is_empty() && !wrong.hint.is_empty());
            }
        }
    }

    /// A word and its opposite share the list between them; two words mean what both mean.
    #[test]
    fn a_minus_is_the_rest(
        one in prop::sample::select(WORDS),
        other in prop::sample::select(WORDS),
    ) {
        let (with, without) = (means(one), means(&format!("-{one}")));
        let mut all: Vec<char> = with.chars().chain(without.chars()).collect();
        all.sort_unstable();
        prop_assert_eq!(all.iter().collect::<String>(), "abcde");
        let theirs = means(other);
        let both: String = with.chars().filter(|run| theirs.contains(*run)).collect();
        prop_assert_eq!(means(&format!("{one} {other}")), both);
    }

    /// The order is one: whatever order the list came in, it comes out the same, and complete.
    #[test]
    fn the_order_does_not_depend_on_the_list(
        list in Just(list()).prop_shuffle(),
        key in prop::sample::select(&SortKey::ALL[..]),
        reversed in any::<bool>(),
    ) {
        let sort = if reversed { Sort::by(key).reversed() } else { Sort::by(key) };
        let names = |list: &[Entry]| -> Vec<RunId> {
            let places = select(list, &Filter::default(), sort, Shown::All);
            places.into_iter().map(|at| list[at].summary.run.clone()).collect()
        };
        prop_assert_eq!(names(&list), names(&self::list()));
    }
}

const WORDS: &[&str] = &[
    "sky",
    "outcome:failed",
    "is:live",
    "from:ours",
    "cost:>1",
    "turns:1",
    "since:2d",
    "until:2026-11-18",
    "here:",
    "tag:good",
    "agent:poet",
    "\"the words\"",
];
