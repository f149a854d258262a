//! Logs that MassGen wrote, with what stands in them by hand; and logs that anything happened to.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use proptest::prelude::*;

use super::*;
use crate::{
    protocol::{AgentEvent, EventKind, Outcome, Setback, ToolEvent},
    run::{RunState, Turn},
};

/// Genuine logs, where they are at hand.
fn genuine(name: &str) -> Option<PathBuf> {
    let shared = PathBuf::from(std::env::var_os("MASSGEN_TUI_SHARED")?);
    let logs = shared
        .join("data/massgen_logs")
        .join(name)
        .join(".massgen/massgen_logs");
    let found = find(&[logs]);
    if found.is_empty() {
        println!("not at hand: {name}");
    }
    found.into_iter().next().map(|found| found.root)
}

fn folded(root: &Path) -> RunState {
    let log = read(root).unwrap();
    let mut state = RunState::default();
    for event in &log.events {
        state.apply(event);
    }
    assert_eq!(state.gaps, 0);
    state
}

/// A turn in words: what a reader of the log would say of it.
fn told(turn: &Turn) -> String {
    let mut words = format!("{}\n", turn.start.prompt);
    for agent in &turn.agents {
        let card = &agent.card;
        let _ = writeln!(
            words,
            "{} {} {} {}",
            card.id, card.name, card.model, card.backend
        );
    }
    for published in &turn.answers {
        let answer = &published.answer;
        let _ = writeln!(words, "{}: {}", answer.label, answer.text);
    }
    for drop in &turn.dropped {
        let target = drop.ballot.target.map(|label| label.to_string());
        let _ = writeln!(
            words,
            "dropped {}: {}",
            drop.ballot.voter,
            target.unwrap_or_default()
        );
    }
    if let Some(decision) = &turn.decision {
        for row in &decision.tally {
            let _ = writeln!(
                words,
                "{} has {:?}",
                row.label,
                row.voters.iter().map(|id| id.0).collect::<Vec<_>>()
            );
        }
        let _ = writeln!(words, "by {}", decision.by.words());
    }
    match &turn.outcome {
        Some(Outcome::Answered {
            winner, text, end, ..
        }) => {
            let _ = writeln!(words, "{winner} wins, {end:?}: {text}");
        }
        Some(Outcome::NoAnswer { reason, .. }) => {
            let _ = writeln!(words, "no answer: {reason:?}");
        }
        None => words += "no end\n",
    }
    let spent: f64 = turn.agents.iter().map(|agent| agent.usage.cost.usd).sum();
    let tokens: u64 = turn.agents.iter().map(|agent| agent.usage.input).sum();
    let _ = writeln!(words, "${spent:.6} for {tokens} tokens in");
    words
}

/// What each genuine log says, written by hand from its files.
const GENUINE: &str = include_str!("told.txt");

#[test]
fn genuine_logs_tell_what_stands_in_their_files() {
    for case in GENUINE.split("== ").skip(1) {
        let (name, turns) = case.split_once('\n').unwrap();
        let Some(root) = genuine(name) else { continue };
        let state = folded(&root);
        let all: Vec<String> = state.history.iter().chain(&state.turn).map(told).collect();
        assert_eq!(all.join("--\n"), turns, "{name}");
    }
}

/// A small log of our own making: two agents, a vote that came too early, a failing command.
fn made(root: &Path) {
    let attempt = root.join("turn_1/attempt_1");
    let write = |name: &str, text: &str| {
        let path = attempt.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(
        "execution_metadata.yaml",
        "query: 'Sort été.'\ntimestamp: '2026-01-31T12:00:00.000000'\nmassgen_version: 0.1.97\n\
         config:\n  agents:\n  - id: zoe\n    backend: {type: openai, model: m1}\n  \
         - id: al\n    backend: {type: claude, model: m2}\n",
    );
    write(
        "status.json",
        r#"{"finish_reason":"completed","meta":{"start_time":1769857200.0},
        "results":{"winner":"al"},"agents":{
        "zoe":{"token_usage":{"input_tokens":100,"output_tokens":5,"estimated_cost":0.5}},
        "al":{"token_usage":{"input_tokens":10,"output_tokens":5,"estimated_cost":0.0}}}}"#,
    );
    write("events.jsonl", STREAM);
    write("al/20260131_120002_000000/answer.txt", "al's answer");
    write(
        "zoe/20260131_120004_000000/answer.txt",
        "zoë's whole answer",
    );
    for (who, second) in [("al", 3), ("al", 6), ("zoe", 7)] {
        let when = format!("20260131_12000{second}_000000");
        let vote = format!(
            r#"{{"voted_for":"al","voted_for_label":"agent1.1","reason":"better",
            "timestamp":"{when}","unix_timestamp":176985720{second}.0}}"#
        );
        write(&format!("{who}/{when}/vote.json"), &vote);
    }
    write("final/al/answer.txt", "the final words");
}

const STREAM: &str = r#"{"timestamp":"2026-01-31T12:00:00.500","event_type":"round_start","agent_id":"al","data":{}}
{"timestamp":"2026-01-31T12:00:01.000","event_type":"round_start","agent_id":"zoe","data":{}}
{"timestamp":"2026-01-31T12:00:01.100","event_type":"thinking","agent_id":"zoe","data":{"content":"hm \u00e9"}}
{"timestamp":"2026-01-31T12:00:01.200","event_type":"tool_start","agent_id":"zoe","data":{"tool_id":"c1","tool_name":"execute_command","args":{"command":"false"}}}
{"timestamp":"2026-01-31T12:00:01.300","event_type":"tool_complete","agent_id":"zoe","data":{"tool_id":"c1","tool_name":"execute_command","result":"{\"exit_code\":1,\"stdout\":\"out\",\"stderr\":\"bad\"}","elapsed_seconds":0.1,"status":"success","is_error":false}}
{"timestamp":"2026-01-31T12:00:02.000","event_type":"answer_submitted","agent_id":"al","data":{"content":"al's ans","answer_label":"agent1.1"}}
{"timestamp":"2026-01-31T12:00:02.100","event_type":"round_start","agent_id":"al","data":{}}
{"timestamp":"2026-01-31T12:00:02.200","event_type":"context_received","agent_id":"al","data":{"context_labels":["agent1.1"]}}
{"timestamp":"2026-01-31T12:00:03.000","event_type":"vote","agent_id":"al","data":{"target_id":"al","reason":"better"}}
{"timestamp":"2026-01-31T12:00:04.000","event_type":"answer_submitted","agent_id":"zoe","data":{"content":"zo\u00eb's","answer_label":"agent2.1"}}
{"timestamp":"2026-01-31T12:00:05.000","event_type":"text","agent_id":"al","data":{"content":"\ud83d\udd04 Vote for [al] ignored (reason: x) - restarting due to new answers"}}
{"timestamp":"2026-01-31T12:00:05.100","event_type":"text","agent_id":"al","data":{"content":"\u274c Error: Error code: 429 - slow down"}}
{"timestamp":"2026-01-31T12:00:06.000","event_type":"vote","agent_id":"al","data":{"target_id":"al","reason":"better"}}
{"timestamp":"2026-01-31T12:00:07.000","event_type":"vote","agent_id":"zoe","data":{"target_id":"al","reason":"better"}}
{"timestamp":"2026-01-31T12:00:08.000","event_type":"final_presentation_start","agent_id":"al","data":{"vote_counts":{"al":2},"is_tie":false}}
{"timestamp":"2026-01-31T12:00:08.500","event_type":"final_presentation_chunk","agent_id":"al","data":{"content":"the final words"}}
{"timestamp":"2026-01-31T12:00:09.000","event_type":"final_answer","agent_id":"al","data":{"content":"the final words"}}
"#;

const TOLD: &str = "Sort été.
agent2 zoe m1 openai
agent1 al m2 claude
agent1.1: al's answer
agent2.1: zoë's whole answer
dropped agent1: agent1.1
agent1.1 has [1, 2]
agent2.1 has []
by most votes
agent1.1 wins, Consensus: the final words
$0.500000 for 110 tokens in
";

fn log() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("log_20260131_120000_000000");
    made(&root);
    (folder, root)
}

/// Events of agents that are wanted.
fn count(log: &Log, wanted: fn(&AgentEvent) -> bool) -> usize {
    let events = log.events.iter().filter(|event| match &event.kind {
        EventKind::Agent { event, .. } => wanted(event),
        EventKind::Run(_) => false,
    });
    events.count()
}

#[test]
fn a_log_is_told_once_and_in_order() {
    let (_folder, root) = log();
    let log = read(&root).unwrap();
    assert_eq!(log.run.0, "massgen-20260131-120000-000000");
    assert!(is_named(&log.run));
    for inner in ["turn_1", "turn_1/attempt_1"] {
        assert_eq!(read(&root.join(inner)).unwrap(), log, "{inner}");
        assert!(holds(&root.join(inner)), "{inner}");
    }
    assert!(log.events.is_sorted_by_key(|event| (event.at, event.seq)));
    let began = log.events.first().unwrap().at.0;
    assert_eq!(began, 1_769_857_200_000, "12:00 here is 11:00 in UTC");
    let turn = folded(&root).turn.unwrap();
    assert_eq!(told(&turn), TOLD);
    assert!(
        turn.agents.iter().any(|agent| agent.usage.cost.partial),
        "no price is no 0"
    );
    assert_eq!(turn.record.notices, []);
    // Rules that its log does not tell are not made up.
    assert_eq!(turn.sight_words(), "log of MassGen 0.1.97");
    assert_eq!(turn.rule_words().len(), 1);
    let looks_again = |event: &AgentEvent| match event {
        AgentEvent::Refused { setback, .. } => *setback == Setback::LooksAgain,
        _ => false,
    };
    assert_eq!(count(&log, looks_again), 1);
    let called = |event: &AgentEvent| matches!(event, AgentEvent::Call(_));
    assert_eq!(count(&log, called), 1, "the failure is a failure");
    let failed = |event: &AgentEvent| match event {
        AgentEvent::Tool(ToolEvent::Finished { ok, output, .. }) => !ok && output == "out\nbad",
        _ => false,
    };
    assert_eq!(count(&log, failed), 1, "exit code 1 is no success");
    let started = |event: &AgentEvent| matches!(event, AgentEvent::RoundStarted { .. });
    let ended = |event: &AgentEvent| matches!(event, AgentEvent::RoundEnded { .. });
    assert_eq!((count(&log, started), count(&log, ended)), (4, 4));
}

#[test]
fn a_process_that_went_on_left_its_stream_in_another_turn() {
    let (_folder, root) = log();
    let (one, two) = (root.join("turn_1/attempt_1"), root.join("turn_2/attempt_1"));
    fs::create_dir_all(two.parent().unwrap()).unwrap();
    fs::rename(&one, &two).unwrap();
    fs::create_dir_all(&one).unwrap();
    for name in ["events.jsonl", "execution_metadata.yaml"] {
        fs::rename(two.join(name), one.join(name)).unwrap();
    }
    let state = folded(&root);
    assert!(state.history.is_empty());
    let turn = state.turn.unwrap();
    assert_eq!((turn.start.turn, told(&turn).as_str()), (2, TOLD));
}

#[test]
fn an_attempt_that_another_took_the_place_of_is_told_and_ended() {
    let (_folder, root) = log();
    let one = root.join("turn_1/attempt_1");
    fs::rename(&one, root.join("turn_1/attempt_10")).unwrap();
    made(&root);
    fs::remove_dir_all(one.join("final")).unwrap();
    fs::remove_file(one.join("status.json")).unwrap();
    let stream: String = STREAM.split_inclusive('\n').take(8).collect();
    fs::write(one.join("events.jsonl"), stream).unwrap();
    let state = folded(&root);
    let (first, last) = (state.history.first().unwrap(), state.turn.as_ref().unwrap());
    assert!(matches!(first.outcome, Some(Outcome::NoAnswer { .. })));
    assert_eq!((first.start.turn, last.start.turn), (1, 1));
    assert_eq!(told(last), TOLD);
}

#[test]
fn without_a_stream_the_coordination_is_the_story() {
    let (_folder, root) = log();
    let attempt = root.join("turn_1/attempt_1");
    fs::remove_file(attempt.join("events.jsonl")).unwrap();
    fs::write(
        attempt.join("coordination_events.json"),
        r#"{"session_metadata":{"agent_ids":["zoe","al"]},"events":[
        {"timestamp":1769857201,"event_type":"context_received","agent_id":"al","context":{"available_answer_labels":[]}},
        {"timestamp":1769857202,"event_type":"new_answer","agent_id":"al","context":{"label":"agent1.1"}},
        {"timestamp":1769857203,"event_type":"vote_cast","agent_id":"al","context":{"voted_for":"al","reason":"better"}},
        {"timestamp":1769857204,"event_type":"new_answer","agent_id":"zoe","context":{"label":"agent2.1"}},
        {"timestamp":1769857206,"event_type":"vote_cast","agent_id":"al","context":{"voted_for":"al","reason":"better"}},
        {"timestamp":1769857207,"event_type":"vote_cast","agent_id":"zoe","context":{"voted_for":"al","reason":"better"}},
        {"timestamp":1769857208,"event_type":"final_agent_selected","agent_id":"al","context":{}},
        {"timestamp":1769857209,"event_type":"final_answer","agent_id":"al","context":{}}]}"#,
    )
    .unwrap();
    assert_eq!(told(&folded(&root).turn.unwrap()), TOLD);
}

#[test]
fn what_is_no_log_is_refused_and_links_are_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    assert!(read(&folder.path().join("nothing")).is_err());
    let refused = read(folder.path()).unwrap_err();
    assert!(refused.message.contains("no log of MassGen"), "{refused}");
    let (_keep, root) = log();
    std::os::unix::fs::symlink(&root, folder.path().join("log_1")).unwrap();
    assert_eq!(find(&[folder.path().to_owned()]), []);
    let answer = root.join("turn_1/attempt_1/al/20260131_120002_000000/answer.txt");
    fs::remove_file(&answer).unwrap();
    fs::write(folder.path().join("secret"), "secret").unwrap();
    std::os::unix::fs::symlink(folder.path().join("secret"), &answer).unwrap();
    let turn = folded(&root).turn.unwrap();
    assert!(
        told(&turn).contains("agent1.1: al's ans\n"),
        "{}",
        told(&turn)
    );
    let mut notices = turn.record.notices.iter();
    assert!(notices.any(|(_, _, words)| words.contains("answer.txt")));
}

/// Files of the made log that may be damaged.
const FILES: [&str; 5] = [
    "events.jsonl",
    "status.json",
    "execution_metadata.yaml",
    "al/20260131_120002_000000/answer.txt",
    "zoe/20260131_120007_000000/vote.json",
];

proptest! {
    #[test]
    fn a_log_cut_anywhere_opens_with_all_that_was_kept(
        file in 0..FILES.len(),
        at in any::<prop::sample::Index>(),
    ) {
        let (_folder, root) = log();
        let path = root.join("turn_1/attempt_1").join(FILES[file]);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..at.index(bytes.len())]).unwrap();
        let turn = folded(&root).turn.unwrap();
        prop_assert_eq!(turn.answers.len(), 2);
        let answered = matches!(turn.outcome, Some(Outcome::Answered { .. }));
        prop_assert!(answered);
        if file != 2 {
            prop_assert_eq!(turn.start.prompt.as_str(), "Sort été.");
        }
        let decision = turn.decision.as_ref().unwrap();
        prop_assert_eq!(decision.tally[0].voters.len(), 2, "{:?}", turn.record.notices);
    }

    #[test]
    fn a_damaged_line_costs_that_line_and_is_told(line in 0_usize..17, junk in "\\PC{0,40}") {
        let (_folder, root) = log();
        let mut lines: Vec<&str> = STREAM.lines().collect();
        let junk = format!("{{{junk}");
        lines[line] = &junk;
        fs::write(root.join("turn_1/attempt_1/events.jsonl"), lines.join("\n")).unwrap();
        let turn = folded(&root).turn.unwrap();
        prop_assert_eq!(turn.answers.len(), 2);
        let finished = matches!(
            &turn.outcome,
            Some(Outcome::Answered { text, .. }) if text == "the final words"
        );
        prop_assert!(finished);
        let mut notices = turn.record.notices.iter();
        prop_assert!(notices.any(|(_, _, words)| words.contains("1 line is damaged")));
    }
}
