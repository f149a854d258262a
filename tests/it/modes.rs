//! The demo script of every mode, played by the built program without a terminal to its outcome.

use std::process::{Command, Stdio};

use massgen_tui::{
    protocol::{AgentId, Outcome},
    run::RunState,
    store::Store,
};

/// What a run printed and what its log folds to.
struct Ran {
    out: String,
    err: String,
    state: RunState,
    code: i32,
}

fn run(scenario: &str) -> Ran {
    run_with(scenario, &[])
}

fn run_with(scenario: &str, more: &[&str]) -> Ran {
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("state");
    let output = Command::new(env!("CARGO_BIN_EXE_massgen-tui"))
        .args(["run", "--demo", scenario, "--demo-speed", "max"])
        .args(more)
        .env_clear()
        .env("HOME", home.path())
        .env("MASSGEN_TUI_STATE_DIR", &state)
        .current_dir(home.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let store = Store::reading(&state);
    let listing = store.list(1).unwrap();
    let log = store.read(&listing.sessions[0].run).unwrap();
    let mut state = RunState::default();
    for event in &log.events {
        state.apply(event);
    }
    Ran {
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
        state,
        code: output.status.code().unwrap_or(-1),
    }
}

/// `docs/modes.md` tells what each mode costs.
#[test]
fn modes_cost_the_calls_that_their_page_says() {
    let auto = ["--set", "orchestrator.plan_approval=auto"];
    let defer = ["--set", "orchestrator.defer_voting_until_all_answered=true"];
    for (scenario, more, calls) in [
        // n = 3
        ("quick", &["--quick"][..], 2 * 3),
        ("quick", &defer, 2 * 3 + 1),
        ("refine", &[], 2 + 2),
        ("synthesize", &defer, 2 * 3 + 1),
        ("self-moa", &[], 3 + 1),
        ("relay", &[], 3 * 2 + 3 + 1),
        ("layers", &[], 3 * 2 + 1),
        ("council", &[], 2 * 3 + 1),
        ("divide", &[], 3 + 1 + 1),
        // Two rounds and two looks of the judge are one less: the last look ends it.
        ("rounds", &[], 3 * 2 + 1),
        // k = 5
        ("samples", &[], 5),
        // n = 2: a plan and two steps
        ("plan", &auto, 3 * 2 * 2 + 1),
    ] {
        let ran = run_with(scenario, more);
        assert_eq!(ran.code, 0, "{scenario}: {}", ran.err);
        let made: u32 = ran.state.turns().map(|turn| turn.usage().calls).sum();
        assert_eq!(made, calls, "{scenario} {more:?}");
    }
}

#[test]
fn a_quick_team_stops_voting_when_the_winner_is_certain() {
    let ran = run("sprint");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.starts_with("**Send less at once.**"), "{}", ran.out);
    let turn = ran.state.turn.unwrap();
    let decision = turn.decision.unwrap();
    let cast: usize = decision.tally.iter().map(|row| row.voters.len()).sum();
    // Who is slow enough to be spared depends on the machine; nobody is counted twice.
    assert_eq!(decision.saved_calls as usize + cast, 5, "{decision:?}");
    let winner = decision
        .tally
        .iter()
        .find(|row| row.label == decision.winner);
    assert_eq!(winner.unwrap().voters.len(), 3);
}

#[test]
fn layers_end_with_the_aggregators_text() {
    let ran = run("layers");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("layer 2 of 2"), "{}", ran.err);
    assert!(
        ran.out.starts_with("## A first incident runbook"),
        "{}",
        ran.out
    );
    assert_eq!(ran.state.turn.unwrap().answers.len(), 6);
}

#[test]
fn rounds_end_early_with_the_result_of_most() {
    let ran = run("rounds");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.err.contains("refinement ended after round 2"),
        "{}",
        ran.err
    );
    assert!(ran.out.contains("72 km/h"), "{}", ran.out);
    let judged = ran.err.contains("refinement 2 of 4");
    assert!(judged, "the judge let it go on once: {}", ran.err);
}

#[test]
fn samples_end_with_the_majority() {
    let ran = run("samples");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.trim_end().ends_with("Answer: 0.05"), "{}", ran.out);
    let turn = ran.state.turn.unwrap();
    assert_eq!(turn.decision.unwrap().majority.unwrap().labels.len(), 4);
}

#[test]
fn a_council_ends_with_the_chairmans_text() {
    let ran = run("council");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.err.contains("Borda count: agent2.1 by elm won"),
        "{}",
        ran.err
    );
    assert!(ran.out.starts_with("## Both"), "{}", ran.out);
}

#[test]
fn parts_are_assembled_and_the_lost_one_is_named() {
    let ran = run("parts");
    assert_eq!(ran.code, 4, "not everything was delivered: {}", ran.err);
    assert!(
        ran.out.contains("**Not delivered:**\n\n- part 3 (agent3)"),
        "{}",
        ran.out
    );
    let turn = ran.state.turn.unwrap();
    assert_eq!(turn.steps.missing.len(), 1);
    assert!(matches!(turn.outcome, Some(Outcome::Answered { .. })));
}

#[test]
fn a_final_text_is_sent_back_once_and_then_accepted() {
    let ran = run("verify");
    assert_eq!(ran.code, 0, "{}", ran.err);
    for words in [
        "hazel verifies the final answer (attempt 1 of 3)",
        "hazel asks for changes: For an even number of values",
        "attempt 2 of 3 begins: linden",
        "hazel accepted the answer: Odd, even and empty lists checked by hand.",
    ] {
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
    }
    assert!(ran.out.contains("raise ValueError"), "{}", ran.out);
    let turn = ran.state.turn.unwrap();
    let verdicts: Vec<bool> = (turn.record.reviews.verdicts.iter())
        .map(|verdict| verdict.accept)
        .collect();
    assert_eq!(verdicts, [false, true]);
}

#[test]
fn a_text_that_is_never_accepted_stands_after_the_last_attempt_and_a_word_says_so() {
    let ran = run_with("verify", &["--verify=0"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("hazel asks for changes"), "{}", ran.err);
    assert!(!ran.err.contains("begins: linden"), "{}", ran.err);
    assert!(
        ran.out.contains("ordered[len(ordered) // 2]"),
        "{}",
        ran.out
    );
}

#[test]
fn a_task_is_divided_and_its_parts_are_assembled() {
    let ran = run("divide");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("turn 1, dividing: pine"), "{}", ran.err);
    assert!(
        ran.err.contains("parts (made by the coordinator)"),
        "{}",
        ran.err
    );
    assert!(ran.out.starts_with("## Moving up one floor"), "{}", ran.out);
    assert_eq!(
        ran.out.matches("## ").count(),
        1,
        "only the last outcome is printed"
    );
    let turn = ran.state.turn.unwrap();
    assert_eq!(turn.part(AgentId(3)).unwrap().number, 3);
    assert!(turn.steps.over && turn.is_last());
    assert_eq!(ran.state.history.len(), 1);
}

#[test]
fn personas_are_made_and_the_team_works_with_them() {
    let ran = run("personas");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let turn = ran.state.turn.unwrap();
    assert_eq!(turn.start.rules.personas.given.len(), 3);
    assert!(
        ran.err.contains("3 personas, made by the coordinator"),
        "{}",
        ran.err
    );
}

#[test]
fn a_plan_is_carried_out_chunk_by_chunk() {
    let ran = run_with("plan", &["--set", "orchestrator.plan_approval=auto"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.err.contains("chunk 2 of 2: Plan the hour"),
        "{}",
        ran.err
    );
    assert!(
        ran.out.starts_with("## An hour with error messages"),
        "{}",
        ran.out
    );
    assert_eq!(ran.state.history.len(), 3);
}

#[test]
fn a_plan_is_approved_by_the_policy_for_questions() {
    let ran = run_with("plan", &["--set", "orchestrator.questions=first"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.err.contains("plan approved as it is: Collect examples"),
        "{}",
        ran.err
    );
}

#[test]
fn a_plan_that_nobody_approves_is_the_answer_and_says_so() {
    let ran = run("plan");
    assert_eq!(ran.code, 4, "{}", ran.err);
    assert!(ran.out.starts_with("## Collect examples"), "{}", ran.out);
    assert!(
        ran.out
            .contains("**Not delivered:**\n\n- the plan was not carried out"),
        "{}",
        ran.out
    );
}

#[test]
fn a_price_makes_a_money_limit_hold_before_the_call() {
    let price = [
        "--set",
        "orchestrator.limits.price.input=3",
        "--set",
        "orchestrator.limits.price.output=15",
    ];
    let ran = run_with("quick", &[&price[..], &["--max-usd", "0.001"]].concat());
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("was refused a call"), "{}", ran.err);
    assert!(ran.err.contains("money limit"), "{}", ran.err);
    let ran = run_with("quick", &[&price[..], &["--max-usd", "100"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(!ran.err.contains("was refused a call"), "{}", ran.err);
}

#[test]
fn a_team_inside_a_team_answers_and_votes_as_one_agent() {
    let ran = run("teams");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let turn = ran.state.turn.as_ref().unwrap();
    let Some(Outcome::Answered { winner, .. }) = &turn.outcome else {
        panic!("{}", ran.err);
    };
    assert_eq!(turn.name(winner.agent), "cove");
    assert!(ran.out.contains("Measure first"), "{}", ran.out);
    let cove = turn.agent(winner.agent).unwrap();
    assert_eq!(cove.card.model, "team of 3");
    let team = cove.team().unwrap();
    assert!(matches!(team.outcome, Some(Outcome::Answered { .. })));
    assert!(
        ran.err
            .contains("cove › a team of its own begins: dune, edge, fern")
    );
    // Every call inside, and its voice: once for its vote, once to present.
    assert!(cove.usage.calls > team.usage().calls);
    assert_eq!(turn.usage().calls, ran.state.usage().calls);
}
