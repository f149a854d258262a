//! The index as a whole: what is found, and that it is the same however it came about.

mod noted;

use std::{
    collections::HashSet,
    fmt::Write as _,
    fs::{self, File, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use proptest::prelude::*;

use super::*;
use crate::{
    protocol::{
        AgentEvent, AgentId, Channel, Event, EventKind, Hits, Label, Passage, RunId, Seq,
        SessionSummary, Timestamp, ToolEvent,
    },
    store::{Header, Imported, Importer, Store, samples, summary},
};

const RUN: &str = "20260101-000000-aaaa";
/// So late that every change was long ago.
const LATE: Timestamp = Timestamp(9_000_000_000_000);

/// Logs of another program: each is a file of texts.
struct Texts;

impl Importer for Texts {
    fn watched(&self, root: &Path) -> Vec<PathBuf> {
        vec![root.join("log")]
    }

    fn summary(&self, log: &Imported) -> SessionSummary {
        summary(log.run.clone(), &[])
    }

    fn events(&self, log: &Imported) -> Result<Vec<Event>, crate::protocol::Failure> {
        let text = fs::read_to_string(log.root.join("log")).unwrap_or_default();
        let kinds = text.lines().map(|line| samples::published(1, 1, line));
        Ok(samples::numbered(kinds.collect()))
    }
}

/// A state folder and its index.
struct World {
    folder: tempfile::TempDir,
    store: Store,
    theirs: Vec<Imported>,
    written: u64,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            store: Store::open(folder.path()).unwrap(),
            folder,
            theirs: Vec::new(),
            written: 0,
        }
    }

    /// A session of ours with these events.
    fn ours(&mut self, name: &str, events: &[Event]) -> PathBuf {
        let run = RunId(name.into());
        fs::create_dir(self.store.beside(&run)).unwrap();
        let log = self.store.log(&run);
        let header = serde_json::to_string(&Header::new(run)).unwrap();
        self.write(&log, format!("{header}\n{}", lines(events)).as_bytes());
        log
    }

    fn theirs(&mut self, name: &str, text: &str) {
        let root = self.folder.path().join("theirs").join(name);
        fs::create_dir_all(&root).unwrap();
        self.write(&root.join("log"), text.as_bytes());
        let run = RunId(name.into());
        self.theirs.push(Imported { run, root });
    }

    fn append(&mut self, log: &Path, bytes: &[u8]) {
        let mut file = OpenOptions::new().append(true).open(log).unwrap();
        file.write_all(bytes).unwrap();
        self.touch(log);
    }

    fn write(&mut self, path: &Path, bytes: &[u8]) {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(path);
        file.unwrap().write_all(bytes).unwrap();
        self.touch(path);
    }

    /// Every change has a time of its own, however fast they come.
    fn touch(&mut self, path: &Path) {
        self.written += 1;
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(self.written);
        File::open(path).unwrap().set_modified(time).unwrap();
    }

    fn index(&self) -> Index {
        Index::open(self.folder.path()).unwrap()
    }

    fn update(&self, index: &mut Index) {
        let go = index.update(&self.store, &self.theirs, &Texts, LATE, &mut |_| Go::On);
        assert_eq!(go.unwrap(), Go::On);
    }

    fn hits(&self, index: &mut Index, query: &str, limit: usize) -> Hits {
        let runs = fs::read_dir(self.store.folder()).unwrap();
        let mut within: HashSet<String> = runs
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        within.extend(self.theirs.iter().map(update::key));
        let query = Query::parse(query).unwrap();
        index.find(&self.store, &query, &within, limit).unwrap()
    }

    /// What is found, one line each.
    fn find(&self, query: &str) -> Vec<String> {
        let mut index = self.index();
        self.update(&mut index);
        let hits = self.hits(&mut index, query, 100).hits;
        hits.iter()
            .map(|hit| {
                let text: String = hit.excerpt.iter().map(|bit| bit.text.as_str()).collect();
                let seq = hit.seq.map_or("end".to_owned(), |seq| seq.0.to_string());
                format!("{seq} {} {}: {text}", hit.who, hit.passage.word())
            })
            .collect()
    }
}

fn lines(events: &[Event]) -> String {
    let line = |event| serde_json::to_string(event).unwrap() + "\n";
    events.iter().map(line).collect()
}

fn delta(number: u16, channel: Channel, text: &str) -> EventKind {
    let text = text.to_owned();
    samples::agent(number, AgentEvent::Delta { channel, text })
}

fn tool(call: &str, name: &str, arguments: &str) -> AgentEvent {
    AgentEvent::Tool(ToolEvent::Started {
        call: call.into(),
        name: name.into(),
        arguments: arguments.into(),
    })
}

fn output(call: &str, output: &str) -> AgentEvent {
    AgentEvent::Tool(ToolEvent::Finished {
        call: call.into(),
        ok: true,
        output: output.into(),
        elapsed_ms: 1,
    })
}

/// Everything in an index: passages and the place of every word, without the numbers that depend on when
/// it came in.
fn dump(index: &mut Index) -> Vec<String> {
    index
        .db
        .with(|sql| {
            sql.execute_batch(
                "CREATE VIRTUAL TABLE IF NOT EXISTS temp.places USING fts5vocab(main, words, instance)",
            )?;
            let mut select = sql.prepare(
                "SELECT s.key, p.seq, p.at, p.kind, p.path, p.who, p.part, p.start, p.stop, p.unfinished,
                        t.text, v.offset, v.term
                 FROM places v LEFT JOIN passages p ON p.id = v.doc LEFT JOIN sources s ON s.id = p.source
                      LEFT JOIN texts t ON t.id = p.id",
            )?;
            let rows = select.query_map([], |row| {
                let term: String = row.get(12)?;
                let mut line = String::new();
                for column in 0..12 {
                    write!(line, "{:?} ", row.get_ref(column)?).unwrap();
                }
                Ok((term, line))
            })?;
            let rows: Vec<(String, String)> = rows.collect::<Result<_, _>>()?;
            let own = put::source_mark(1).replace('1', "");
            let mut rows: Vec<String> = rows
                .into_iter()
                .filter(|(term, _)| !term.starts_with(&own))
                .map(|(term, line)| format!("{line}{term}"))
                .collect();
            rows.sort();
            Ok(rows)
        })
        .unwrap()
}

/// What an index made from nothing holds.
fn fresh(world: &World) -> Vec<String> {
    let mut index = Index {
        db: Db::nameless(PLAN).unwrap(),
    };
    world.update(&mut index);
    dump(&mut index)
}

#[test]
fn every_kind_of_words_is_found_where_it_stands() {
    let mut world = World::new();
    let mut kinds = vec![
        samples::started(RUN, 1, "Why is the sky blue?"),
        delta(1, Channel::Thinking, "maybe scat"),
        delta(2, Channel::Text, "I look at the wave"),
        delta(1, Channel::Thinking, "tering of light"),
        delta(2, Channel::Text, "lengths, 東"),
        delta(2, Channel::Text, "京 first"),
        samples::agent(
            1,
            tool(
                "c1",
                "run_shell",
                r#"{"command":"grep\nrayleigh notes.txt"}"#,
            ),
        ),
        samples::agent(1, output("c1", "no such file")),
        delta(1, Channel::Draft, "A published draft"),
        samples::published(1, 1, "A published draft, whole"),
        delta(3, Channel::Draft, "never handed in"),
        samples::voted(2, Label::new(AgentId(1), 1), "most convincing"),
    ];
    let inner = samples::numbered(vec![
        samples::started("r", 1, "inner task"),
        delta(2, Channel::Text, "from within"),
    ]);
    for event in inner {
        kinds.push(samples::agent(2, AgentEvent::Nested(Box::new(event))));
    }
    world.ours(RUN, &samples::numbered(kinds));
    world.theirs("other-1", "the answer of others\nmore");
    let check = |query: &str, want: &[&str]| assert_eq!(world.find(query), want, "{query}");
    check("sky", &["1  prompt: Why is the sky blue?"]);
    check("scattering", &["2 ada thinking: maybe scattering of light"]);
    check(
        "wavelengths",
        &["3 brook text: I look at the wavelengths, 東京 first"],
    );
    check(
        "東京",
        &["3 brook text: I look at the wavelengths, 東京 first"],
    );
    check("京東", &[]);
    check(
        "rayleigh",
        &["7 ada tool: run_shell command: grep rayleigh notes.txt "],
    );
    check("file tool:shell", &["8 ada tool: no such file"]);
    check("draft", &["10 ada answer: A published draft, whole"]);
    check("handed", &["11 chen text: never handed in"]);
    check("convinc*", &["12 brook vote: most convincing"]);
    check("convinc", &[]);
    check("within", &["14 brook › brook text: from within"]);
    check("\"answer of\"", &["1 agent1 answer: the answer of others"]);
    check("\"of answer\"", &[]);
    check("more", &["2 agent1 answer: more"]);
    check("in:vote", &["12 brook vote: most convincing"]);
    check(
        "agent:brook in:text",
        &[
            "14 brook › brook text: from within",
            "3 brook text: I look at the wavelengths, 東京 first",
        ],
    );
    check("look -wave*", &[]);
    check("SKY Blue why", &["1  prompt: Why is the sky blue?"]);
}

#[test]
fn a_beginning_behind_a_sign_is_found_where_only_signs_stand_between() {
    let mut world = World::new();
    let texts = [
        "call snake_case_now here",
        "call Snake.Cat there",
        "a snake catches mice",
        "crates::snake::crawl",
        "no_snake",
        "snake_x x_case",
        "snake_\ncase",
        "北京tower_bell",
    ];
    let kinds = texts.map(|text| samples::published(1, 1, text));
    let mut events = samples::numbered(kinds.to_vec());
    for (event, label) in events.iter_mut().zip(1..) {
        // Answers with one label would be one.
        event.kind = samples::published(label, 1, texts[usize::from(label) - 1]);
    }
    world.ours(RUN, &events);
    let check = |query: &str, want: &[usize]| {
        let found: Vec<String> = world.find(query);
        let numbers: Vec<usize> = found
            .iter()
            .map(|hit| hit.split(' ').next().unwrap().parse().unwrap())
            .collect();
        assert_eq!(numbers, want, "{query}");
    };
    check("snake_c*", &[4, 2, 1]);
    check("snake_ca*", &[2, 1]);
    check("snake::case*", &[1]);
    check("snake_case_n*", &[1]);
    // Chains do not go on with one another.
    check("snake_x_c*", &[]);
    check("here -snake_c*", &[]);
    check("call -snake_case_n*", &[2]);
    check("京tow*", &[8]);
    check("北京tow*", &[8]);
    check("snake_case", &[7, 1]);
}

#[test]
fn newest_first_and_no_more_than_wanted() {
    let mut world = World::new();
    for day in [2, 3, 1] {
        let name = format!("2026010{day}-000000-aaaa");
        let mut events = samples::numbered(vec![samples::published(1, 1, "same words")]);
        events[0].at = Timestamp(day * 86_400_000);
        world.ours(&name, &events);
    }
    let mut index = world.index();
    world.update(&mut index);
    let runs = |hits: Hits| -> (Vec<u64>, bool) {
        let days = hits.hits.iter().map(|hit| hit.at.0 / 86_400_000);
        (days.collect(), hits.more)
    };
    assert_eq!(runs(world.hits(&mut index, "words", 2)), (vec![3, 2], true));
    assert_eq!(
        runs(world.hits(&mut index, "words", 3)),
        (vec![3, 2, 1], false)
    );
    let query = Query::parse("words").unwrap();
    let within = HashSet::from(["20260102-000000-aaaa".to_owned()]);
    let hits = index.find(&world.store, &query, &within, 9).unwrap();
    assert_eq!(runs(hits), (vec![2], false));
    let nowhere = index
        .find(&world.store, &query, &HashSet::new(), 9)
        .unwrap();
    assert_eq!(nowhere, Hits::default());
}

#[test]
fn a_session_that_grows_shrinks_or_goes_is_followed() {
    let mut world = World::new();
    let text = |text: &str| delta(1, Channel::Text, text);
    let events = samples::numbered(vec![text("first hal"), text("f second"), text(" third")]);
    let log = world.ours(RUN, &events[..1]);
    let check = |world: &World, query: &str, count: usize| {
        assert_eq!(world.find(query).len(), count, "{query}");
    };
    check(&world, "hal", 1);
    let next = lines(&events[1..2]);
    let (some, rest) = next.split_at(20);
    world.append(&log, some.as_bytes());
    check(&world, "hal", 1);
    world.append(&log, rest.as_bytes());
    check(&world, "hal", 0);
    check(&world, "half", 1);
    world.append(&log, lines(&events[2..]).as_bytes());
    check(&world, "\"second third\"", 1);
    let header = serde_json::to_string(&Header::new(RunId(RUN.into()))).unwrap();
    let other = samples::numbered(vec![text("instead")]);
    world.write(&log, format!("{header}\n{}", lines(&other)).as_bytes());
    check(&world, "half", 0);
    check(&world, "instead", 1);
    fs::remove_dir_all(log.parent().unwrap()).unwrap();
    check(&world, "instead", 0);
    let mut index = world.index();
    assert_eq!(
        dump(&mut index),
        Vec::<String>::new(),
        "nothing is left of it"
    );
}

#[test]
fn logs_of_others_are_read_again_when_they_change_and_forgotten_when_they_go() {
    let mut world = World::new();
    world.theirs("other-1", "one");
    assert_eq!(world.find("one").len(), 1);
    let root = world.theirs[0].root.clone();
    world.write(&root.join("log"), b"two");
    assert_eq!((world.find("one").len(), world.find("two").len()), (0, 1));
    let out_of_sight = std::mem::take(&mut world.theirs);
    assert_eq!(world.find("two").len(), 0);
    world.theirs = out_of_sight;
    assert_eq!(world.find("two").len(), 1);
    fs::remove_dir_all(root).unwrap();
    let mut index = world.index();
    world.theirs.clear();
    world.update(&mut index);
    assert_eq!(dump(&mut index), Vec::<String>::new());
}

#[test]
fn an_update_that_is_stopped_goes_on_where_it_was() {
    let mut world = World::new();
    for number in 0..5 {
        let events = samples::numbered(vec![samples::published(1, 1, "words")]);
        world.ours(&format!("2026010{number}-000000-aaaa"), &events);
    }
    let mut index = world.index();
    for found in 0..5 {
        assert_eq!(world.hits(&mut index, "words", 9).hits.len(), found);
        let mut left = 1;
        let mut watch = |progress: Progress| {
            assert_eq!((progress.logs >= found, progress.of_logs), (true, 5));
            left -= 1;
            // Once to begin a log, once to see that it is done.
            if left < -1 { Go::Stop } else { Go::On }
        };
        let go = index
            .update(&world.store, &[], &Texts, LATE, &mut watch)
            .unwrap();
        assert_eq!(go, if found < 4 { Go::Stop } else { Go::On });
    }
    assert_eq!(world.hits(&mut index, "words", 9).hits.len(), 5);
}

#[test]
fn what_cannot_be_read_is_no_trouble() {
    let mut world = World::new();
    let good = samples::numbered(vec![samples::published(1, 1, "good words")]);
    let log = world.ours("20260101-000000-good", &good);
    let newer = r#"{"massgen_tui":"session","schema":999,"version":"9","run":"r"}"#;
    let events = lines(&good);
    for (name, text) in [
        ("20260101-000000-newr", format!("{newer}\n{events}")),
        ("20260101-000000-empt", String::new()),
        ("20260101-000000-junk", "\0\0\n\u{fffd}\nno log".to_owned()),
        ("20260101-000000-head", events.clone()),
        (
            "20260101-000000-hole",
            format!("{{\"massgen_tui\n{events}rubbish\n{events}"),
        ),
    ] {
        let run = RunId(name.into());
        fs::create_dir(world.store.beside(&run)).unwrap();
        world.write(&world.store.log(&run).clone(), text.as_bytes());
    }
    assert_eq!(world.find("good").len(), 4);
    // A log that is gone when its words are shown.
    let mut index = world.index();
    world.update(&mut index);
    fs::write(log, "gone").unwrap();
    let hits = world.hits(&mut index, "good", 9).hits;
    assert_eq!(hits.iter().filter(|hit| hit.excerpt.is_empty()).count(), 1);
}

#[test]
fn long_texts_are_found_from_end_to_end() {
    let mut world = World::new();
    let filler = "filler ".repeat(60_000);
    let mut kinds = vec![samples::published(1, 1, &format!("first {filler} last"))];
    for number in 0..3_000 {
        kinds.push(delta(
            1,
            Channel::Text,
            &format!("{}stream{number}", "abcdefghi ".repeat(10)),
        ));
        kinds.push(delta(2, Channel::Thinking, " other"));
    }
    world.ours(RUN, &samples::numbered(kinds));
    for word in [
        "first",
        "last",
        "stream0abcdefghi",
        "stream1499abcdefghi",
        "stream2999",
    ] {
        let hits = world.find(word);
        assert_eq!(hits.len(), 1, "{word}");
        assert!(hits[0].contains(word), "{hits:?}");
    }
}

#[test]
fn two_at_once_and_a_broken_file_do_no_harm() {
    let mut world = World::new();
    let mut events = Vec::new();
    for number in 0..40 {
        events.push(samples::published(1, number, "words of many"));
        let log = world.ours(
            &format!("202601{number:02}-000000-aaaa"),
            &samples::numbered(events.clone()),
        );
        drop(log);
    }
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| world.update(&mut world.index()));
        }
    });
    let expected = fresh(&world);
    assert_eq!(dump(&mut world.index()), expected);
    let path = world.folder.path().join("index/search-3.db");
    let mut bytes = fs::read(&path).unwrap();
    for byte in bytes.iter_mut().skip(4096).step_by(7) {
        *byte ^= 0x5a;
    }
    fs::write(&path, bytes).unwrap();
    let mut index = world.index();
    world.update(&mut index);
    // What is broken shows when it is looked at.
    let _ = world.hits(&mut index, "words", 9);
    world.update(&mut index);
    assert_eq!(dump(&mut index), expected);
}

/// One thing that happens to a log.
#[derive(Clone, Debug)]
enum Deed {
    Append(Vec<u8>),
    Torn(usize),
    Cut(usize),
    Damage(usize, u8),
    Look,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        6 => proptest::collection::vec(any::<u8>(), 1..8).prop_map(Deed::Append),
        1 => (0..80_usize).prop_map(Deed::Torn),
        1 => (0..400_usize).prop_map(Deed::Cut),
        1 => (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Deed::Damage(at, byte)),
        3 => Just(Deed::Look),
    ]
}

/// An event by its kind; words go on from one delta to the next.
fn kind(choice: u8, number: u64) -> EventKind {
    let agent = u16::from(choice % 3) + 1;
    let call = format!("c{}", choice % 2);
    match choice / 3 % 14 {
        0 => samples::started(RUN, 1, "task at hand"),
        1..=4 => delta(agent, Channel::Text, &format!(" w{number}")),
        5 => delta(agent, Channel::Thinking, &format!("t{number}")),
        6 => delta(agent, Channel::Draft, "draft "),
        7 => delta(agent, Channel::Final, "final "),
        8 => samples::published(agent, 1, &format!("answer {number}")),
        9 => samples::agent(agent, tool(&call, &format!("tool{number}"), "{}")),
        10 => samples::agent(agent, output(&call, &format!("output {number}"))),
        11 => samples::voted(agent, Label::new(AgentId(1), 1), "reason"),
        12 => samples::ended(
            Label::new(AgentId(agent), 1),
            "the end",
            crate::protocol::OutcomeEnd::Consensus,
        ),
        _ => samples::agent(
            agent,
            AgentEvent::Nested(Box::new(Event {
                seq: Seq(number),
                at: Timestamp(number),
                kind: delta(2, Channel::Text, &format!("n{number} ")),
            })),
        ),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn however_it_came_about_it_is_the_index_made_from_nothing(deeds in proptest::collection::vec(deed(), 1..25)) {
        let mut world = World::new();
        let log = world.ours(RUN, &[]);
        let mut index = world.index();
        let mut number = 0;
        for deed in deeds {
            match deed {
                Deed::Append(choices) => {
                    let mut events = Vec::new();
                    for choice in choices {
                        number += 1;
                        let at = Timestamp(number * 10);
                        events.push(Event { seq: Seq(number), at, kind: kind(choice, number) });
                    }
                    world.append(&log, lines(&events).as_bytes());
                }
                Deed::Torn(bytes) => {
                    let event = Event { seq: Seq(number + 1), at: Timestamp(1), kind: kind(3, number) };
                    let line = lines(&[event]);
                    let torn = &line.as_bytes()[..bytes.min(line.len())];
                    world.append(&log, torn);
                }
                Deed::Cut(bytes) => {
                    let whole = fs::read(&log).unwrap();
                    let length = whole.len().saturating_sub(bytes);
                    OpenOptions::new().write(true).open(&log).unwrap().set_len(length as u64).unwrap();
                    world.touch(&log);
                    world.update(&mut index);
                }
                Deed::Damage(at, byte) => {
                    // What is changed in the middle and grows before anyone looks is not noticed.
                    world.update(&mut index);
                    let mut whole = fs::read(&log).unwrap();
                    let length = whole.len().max(1);
                    if let Some(place) = whole.get_mut(at % length) {
                        *place = byte;
                    }
                    world.write(&log, &whole);
                    world.update(&mut index);
                }
                Deed::Look => world.update(&mut index),
            }
        }
        world.update(&mut index);
        let incremental = dump(&mut index);
        prop_assert_eq!(&incremental, &fresh(&world));
        // Every passage can be read again where it stands.
        for passage in Passage::ALL {
            for hit in world.hits(&mut index, &format!("in:{}", passage.word()), 1_000).hits {
                prop_assert!(!hit.excerpt.is_empty(), "{:?}", hit);
            }
        }
    }

    #[test]
    fn no_query_is_an_error_of_the_index(text in "\\PC{0,40}|[-\"*:^+()\\{\\}ANDORTE a0]{0,40}") {
        let mut world = World::new();
        world.ours(RUN, &samples::session(RUN));
        let mut index = world.index();
        world.update(&mut index);
        if let Ok(query) = Query::parse(&text) {
            let within = HashSet::from([RUN.to_owned()]);
            prop_assert!(index.find(&world.store, &query, &within, 5).is_ok(), "{}", text);
        }
    }
}
