//! How many decisions the reducer takes per second: whole settled turns at 3, 10, 32 and 200 agents.
//!
//! `cargo bench --bench reducer`. In a turn every agent publishes once and everybody votes for the first
//! answer: `agents` publications, as many votes, and a presentation that is skipped. The baseline of the
//! same run does the least that a coordination without laws could do: it keeps texts and ballots in
//! vectors and counts. The items are reports, so divan shows reports per second; a row's time is one
//! decision.

// A bench that cannot run fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use divan::{Bencher, black_box, counter::ItemsCount};
use massgen_tui::{
    engine::coordination::{Action, Coordination, Input, Report, Setup},
    protocol::{AgentId, Finish, Finishing, Limits, Rules},
};

const TEAMS: [u16; 4] = [3, 10, 32, 200];

fn main() {
    divan::main();
}

fn setup(agents: u16) -> Setup {
    Setup {
        agents: (1..=agents).map(AgentId).collect(),
        limits: Limits {
            answers_total: u32::from(agents) * 3,
            ..Limits::default()
        },
        rules: Rules {
            finishing: Finishing {
                finish: Finish::Reuse,
                ..Finishing::default()
            },
            ..Rules::default()
        },
    }
}

/// Rounds that are asked for and not yet answered.
fn asked(actions: &[Action], open: &mut Vec<(AgentId, u32, bool)>) {
    for action in actions {
        if let Action::Ask(ask) = action {
            open.push((ask.agent, ask.round, ask.brief.choices.is_empty()));
        }
        if let Action::Continue {
            agent,
            round,
            brief,
            ..
        } = action
        {
            open.push((*agent, *round, brief.choices.is_empty()));
        }
    }
}

/// Plays a turn to its decision and returns the number of reports it took.
fn turn(setup: Setup) -> usize {
    let mut machine = Coordination::new(setup);
    let mut open = Vec::new();
    asked(&machine.step(Input::Start), &mut open);
    let mut reports = 0;
    // First answers come first, as in a team whose members are about equally fast.
    while !machine.is_closed() {
        let next = open.iter().position(|(.., writes)| *writes).unwrap_or(0);
        let (agent, round, writes) = open.swap_remove(next);
        let report = if writes {
            let text = format!("The answer of {agent}, as long as an answer in a test is.");
            Report::Publish {
                text,
                changes: Vec::new(),
            }
        } else {
            Report::Vote {
                choice: "agent1.1".to_owned().into(),
                reason: "It is the best.".to_owned(),
            }
        };
        let input = Input::Agent {
            agent,
            round,
            report,
        };
        asked(&machine.step(input), &mut open);
        reports += 1;
    }
    reports
}

/// A whole settled turn.
#[divan::bench(args = TEAMS)]
fn decision(bencher: Bencher<'_, '_>, agents: u16) {
    let reports = turn(setup(agents));
    bencher
        .counter(ItemsCount::new(reports))
        .with_inputs(|| setup(agents))
        .bench_values(turn);
}

/// The baseline: vectors and a count, no laws.
#[divan::bench(args = TEAMS)]
fn bare_count(bencher: Bencher<'_, '_>, agents: u16) {
    bencher
        .counter(ItemsCount::new(2 * usize::from(agents)))
        .bench(|| {
            let mut texts = Vec::new();
            for agent in 1..=black_box(agents) {
                let agent = AgentId(agent);
                texts.push(format!(
                    "The answer of {agent}, as long as an answer in a test is."
                ));
            }
            let mut votes = vec![0_u32; texts.len()];
            let mut ballots = Vec::new();
            for voter in 0..texts.len() {
                ballots.push((voter, "agent1.1".to_owned(), "It is the best.".to_owned()));
                votes[0] += 1;
            }
            let winner = votes.iter().enumerate().max_by_key(|(_, votes)| **votes);
            black_box((winner.map(|(place, _)| texts[place].clone()), ballots))
        });
}
