//! Notes in the index: found as they stand folded, wherever they came from.

use super::*;
use crate::{
    protocol::note::{Act, NoteId, NoteOn},
    store::{NOTES_FILE, NoteFolder},
};

const SECRET: &str = "sk-proj-0123456789abcdefghijklmnopqrstuvwxyz";

fn written(on: NoteOn, text: &str) -> Act {
    Act::Written {
        on,
        text: text.into(),
        reply: None,
    }
}

fn note(folder: &NoteFolder, by: &str, at: u64, note: u64, act: Act) {
    folder
        .write(by, Timestamp(at), vec![(NoteId(note), act)])
        .unwrap();
}

/// A world with a session of ours, and its notes.
fn world() -> (World, NoteFolder) {
    let mut world = World::new();
    let events = samples::numbered(vec![samples::published(1, 1, "an answer")]);
    world.ours(RUN, &events);
    let run = RunId(RUN.into());
    let notes = NoteFolder::new(world.store.beside(&run), run);
    (world, notes)
}

#[test]
fn notes_are_found_as_they_stand() {
    let (world, notes) = world();
    assert_eq!(world.find("in:note"), Vec::<String>::new());
    let event = NoteOn::Event { seq: Seq(1) };
    note(&notes, "Anna", 10, 1, written(event.clone(), "why so blue"));
    note(
        &notes,
        "Bert",
        20,
        2,
        written(NoteOn::Session, "well done all"),
    );
    let check = |query: &str, want: &[&str]| assert_eq!(world.find(query), want, "{query}");
    check("blue", &["1 Anna note: why so blue"]);
    check(
        "in:note",
        &["end Bert note: well done all", "1 Anna note: why so blue"],
    );
    check("agent:anna", &["1 Anna note: why so blue"]);
    check("answer -in:note", &["1 agent1 answer: an answer"]);
    let green = Act::Edited {
        text: "why so green".into(),
    };
    note(&notes, "Anna", 30, 1, green);
    check("blue", &[]);
    check("green", &["1 Anna note: why so green"]);
    // Only who wrote a note changes it.
    let red = Act::Edited { text: "red".into() };
    note(&notes, "Bert", 40, 1, red);
    check("red", &[]);
    let reply = Act::Written {
        on: event,
        text: "it scatters".into(),
        reply: Some(NoteId(1)),
    };
    note(&notes, "Bert", 50, 3, reply);
    note(&notes, "Anna", 60, 1, Act::Removed);
    check("green", &[]);
    check("scatters", &["1 Bert note: it scatters"]);
    check("in:note agent:anna", &[]);
}

#[test]
fn notes_go_when_they_or_their_session_do_and_are_those_of_an_index_made_anew() {
    let (mut world, notes) = world();
    world.theirs("other-1", "theirs");
    let other = RunId("other-1".into());
    let beside = NoteFolder::new(world.store.beside_imported(&other), other);
    note(
        &notes,
        "Anna",
        10,
        1,
        written(NoteOn::Session, "ours noted"),
    );
    note(
        &beside,
        "Anna",
        20,
        1,
        written(NoteOn::Session, "theirs noted"),
    );
    let mut index = world.index();
    world.update(&mut index);
    note(
        &notes,
        "Bert",
        30,
        2,
        written(NoteOn::Session, "more noted"),
    );
    world.update(&mut index);
    assert_eq!(dump(&mut index), fresh(&world));
    let found = |world: &World, index: &mut Index| {
        let hits = world.hits(index, "noted", 9).hits.into_iter();
        hits.map(|hit| hit.run.0).collect::<Vec<_>>()
    };
    assert_eq!(found(&world, &mut index), [RUN, "other-1", RUN]);
    // Only the sessions that are meant.
    let query = Query::parse("noted").unwrap();
    let within = HashSet::from([RUN.to_owned()]);
    let hits = index.find(&world.store, &query, &within, 9).unwrap().hits;
    assert_eq!(hits.len(), 2);
    fs::remove_file(world.store.beside(&RunId(RUN.into())).join(NOTES_FILE)).unwrap();
    world.update(&mut index);
    assert_eq!(found(&world, &mut index), ["other-1"]);
    note(
        &notes,
        "Bert",
        40,
        2,
        written(NoteOn::Session, "noted again"),
    );
    world.update(&mut index);
    assert_eq!(found(&world, &mut index), [RUN, "other-1"]);
    fs::remove_dir_all(world.store.beside(&RunId(RUN.into()))).unwrap();
    fs::remove_dir_all(&world.theirs[0].root).unwrap();
    world.theirs.clear();
    world.update(&mut index);
    assert_eq!(dump(&mut index), Vec::<String>::new());
}

#[test]
fn nothing_is_read_twice_and_reading_can_be_stopped() {
    let (world, notes) = world();
    let mut index = world.index();
    world.update(&mut index);
    note(&notes, "Anna", 10, 1, written(NoteOn::Session, "noted"));
    let mut update = |go: Go| {
        let mut told = 0;
        let mut watch = |_| {
            told += 1;
            go
        };
        let done = index.update(&world.store, &[], &Texts, LATE, &mut watch);
        (done.unwrap(), told)
    };
    assert_eq!(update(Go::Stop), (Go::Stop, 1));
    assert_eq!(update(Go::On), (Go::On, 2));
    assert_eq!(update(Go::On), (Go::On, 1), "only told that it is over");
}

#[test]
fn notes_of_others_do_no_harm() {
    let (mut world, _) = world();
    let file = world.store.beside(&RunId(RUN.into())).join(NOTES_FILE);
    let line = |note: u64, by: &str, seq: u64, text: &str| {
        serde_json::json!({
            "at": 10, "note": format!("{note:016x}"), "by": by,
            "act": {"written": {"on": {"about": "event", "seq": seq}, "text": text}},
        })
    };
    let mut text = String::from("{\"massgen_tui\":\"notes\",\"schema\":1,\"run\":\"another\"}\n");
    for line in [
        line(1, SECRET, 1, &format!("the key {SECRET} leaks")),
        line(
            2,
            "\u{1b}]0;x\u{7}eve",
            u64::MAX,
            "a\u{1b}[2Jb \u{e000}panswer leaks",
        ),
        line(3, "agent1", 0, "\u{202e}skael leaks"),
    ] {
        writeln!(text, "{line}").unwrap();
    }
    text.push_str("{\"at\":1,\"note\":\"no\n\0\u{fffd}\n[]\n{\"at\":10");
    world.write(&file, text.as_bytes());
    let found = world.find("leaks");
    assert_eq!(found.len(), 3);
    assert!(!found.join("\n").contains("0123456789abc"), "{found:?}");
    assert_eq!(world.find("0123456789abc*"), Vec::<String>::new());
    assert_eq!(world.find("leaks in:answer"), Vec::<String>::new());
    assert_eq!(world.find("leaks agent:agent1").len(), 1);
    // A newer format cannot be read: what is known stays until it can.
    world.write(
        &file,
        b"{\"massgen_tui\":\"notes\",\"schema\":999,\"run\":\"r\"}\n",
    );
    assert_eq!(world.find("leaks").len(), 3);
    world.write(&file, b"no notes");
    assert_eq!(world.find("leaks").len(), 0);
}
