//! A turn that broke off with an earlier process, run to its end by this one.
//!
//! Rules, limits and the task are those it started with. What was under way with the earlier process
//! is told as over before anything new is told.

use tokio::sync::mpsc;

use super::{
    alone, bank,
    coordination::{self, Coordination, Input, Setup},
    driver::{Driver, Ended, Ways},
    history::{self, Earlier},
    ledger::{Answer, Ledger, Ticket, Tier, Wish},
    past::{Open, Recall},
    prompt::Task,
    roster::Roster,
};
use crate::{
    protocol::{
        AgentEvent, AgentId, Command, EventKind, QuestionEvent, Resumed, RunEvent, TurnStart, Usage,
    },
    provider::{
        Price,
        usage::{Tokens, priced},
    },
};

/// Goes on with a turn: [`Input::Start`] asks again whoever was at work, [`Input::Stop`] ends it with
/// what there is.
pub(super) async fn turn(
    roster: &mut Roster,
    ways: &Ways,
    open: Open,
    history: &[Earlier],
    first: Input,
    commands: &mut mpsc::Receiver<Command>,
) -> Ended {
    let mut recall = open.recall();
    // Whoever joined later is in the events.
    let agents = open.start.team.iter().map(|card| card.id).collect();
    if first != Input::Stop {
        roster.take_over(&open.start.team);
        roster.replay(&open.events);
    }
    let coordination = Coordination::resume(
        Setup {
            limits: open.start.limits.clone(),
            agents,
            rules: open.start.rules.clone(),
        },
        &open.events,
    );
    let start = TurnStart {
        // What agents are told may have been changed on the way.
        rules: coordination.rules().clone(),
        // Who ends it need not be the team that goes on with the session.
        team: match first {
            Input::Stop => open.start.team,
            _ => roster.cards(),
        },
        version: env!("CARGO_PKG_VERSION").to_owned(),
        resumed: Some(Resumed {
            times: open.start.resumed.map_or(0, |resumed| resumed.times) + 1,
            used_ms: coordination::time_used(&open.events),
        }),
        ..open.start
    };
    let ways = &alone::ways(ways, &start.rules);
    let mut ledger = Ledger::new(start.limits.clone(), start.team.len());
    ledger.recall(&open.events);
    let task = Task {
        prompt: start.prompt.clone(),
        history: history::render(history) + &alone::words(history.last(), start.rules.asked),
        step: step(&start),
        notes: std::mem::take(&mut recall.notes),
        names: super::names(roster, &start.rules),
    };
    ways.outbox
        .emit(EventKind::Run(RunEvent::Started(Box::new(start))))
        .await;
    for (id, bytes) in &recall.unpaid {
        let price = roster.find(*id).and_then(|member| member.provider.price());
        let usage = lost(&task, &recall, *bytes, price);
        if *bytes == 0 && !possible(&mut ledger, (*id, price), usage) {
            continue;
        }
        ledger.settle(*id, Ticket::Own, Some(usage));
        ways.outbox.agent(*id, AgentEvent::Usage(usage)).await;
    }
    for id in &recall.questions {
        let withdrawn = QuestionEvent::Withdrawn { id: *id };
        ways.outbox
            .emit(EventKind::Run(RunEvent::Question(withdrawn)))
            .await;
    }
    let ended = Driver::new(
        roster,
        task,
        ways.clone(),
        (coordination, bank::open(ledger, ways.outbox.clone())),
    )
    .recall(recall)
    .run(first, commands)
    .await;
    roster.settle();
    ended
}

/// What is asked for beside the task.
fn step(start: &TurnStart) -> String {
    let stage = start.stage.as_ref();
    stage.map_or_else(String::new, |stage| stage.step.clone())
}

/// Whether a call of which nothing was heard can have been made: none is that the books would refuse.
fn possible(ledger: &mut Ledger, (agent, price): (AgentId, Option<Price>), usage: Usage) -> bool {
    let wish = Wish {
        agent,
        ticket: Ticket::Own,
        // The most generous: what it was for is not known here.
        tier: Tier::Finish,
        prompt: usage.input,
        price,
    };
    !matches!(ledger.reserve(wish), Answer::Refused(_))
}

/// What a model call has cost of which the process that made it told nothing: estimated, at four
/// bytes a token, with the task and all answers as its prompt.
fn lost(task: &Task, recall: &Recall, bytes: u64, price: Option<Price>) -> Usage {
    let answers: usize = recall.answers.iter().map(|answer| answer.text.len()).sum();
    let prompt = task.prompt.len() + task.history.len() + answers;
    let tokens = Tokens {
        input: prompt as u64 / 4,
        output: bytes / 4,
        ..Tokens::default()
    };
    priced(tokens, price, true)
}
