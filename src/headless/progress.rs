//! One event as one line of progress, or none.

use crate::{
    protocol::{
        AgentEvent, Ballot, BallotEvent, BudgetEvent, CallEvent, Event, EventKind, Level, Outcome,
        Phase, Policy, QuestionEvent, QuestionKind, RunEvent, Setback, SteerId, SteerState,
        ToolEvent,
    },
    run::{RunState, Turn, compacted},
    text::clean,
};

use super::{Progress, words};

/// Longest line in characters, time included.
const LONGEST: usize = 200;
/// Longest line about something that went wrong: what to do stands at its end.
const LONGEST_TROUBLE: usize = 1000;

/// The line for an event that `state` has already taken in.
pub fn line(event: &Event, state: &RunState, progress: Progress) -> Option<String> {
    let turn = state.turn.as_ref()?;
    if progress == Progress::Hidden && !is_trouble(&event.kind) {
        return None;
    }
    let words = of_any(event, turn)?;
    let time = words::duration(turn.time(event.at));
    let longest = if is_trouble(&event.kind) {
        LONGEST_TROUBLE
    } else {
        LONGEST
    };
    Some(cut(&format!("{time:>7}  {words}"), longest))
}

/// What happened; in a team that an agent is, the names of both: `team › mia published agent1.1`.
fn of_any(event: &Event, turn: &Turn) -> Option<String> {
    match &event.kind {
        EventKind::Run(event) => of_run(event, turn),
        EventKind::Agent { id, event } => {
            let who = turn.name(*id);
            match event {
                AgentEvent::Nested(inner) => {
                    let below = turn.agent(*id)?.nested.as_ref()?.turn.as_ref()?;
                    Some(format!("{who} › {}", of_inside(inner, below)?))
                }
                event => Some(format!("{who} {}", of_agent(event)?)),
            }
        }
    }
}

/// What happened inside a team; its beginning in few words, its money only as the agent's.
fn of_inside(event: &Event, turn: &Turn) -> Option<String> {
    match &event.kind {
        EventKind::Run(RunEvent::Started(start)) => {
            let names: Vec<&str> = start.team.iter().map(|card| card.name.as_str()).collect();
            Some(format!("a team of its own begins: {}", names.join(", ")))
        }
        EventKind::Run(RunEvent::Budget(BudgetEvent::Forecast(_) | BudgetEvent::Spent(_))) => None,
        _ => of_any(event, turn),
    }
}

/// True for what is told even without progress lines.
fn is_trouble(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Run(
            RunEvent::Ended(Outcome::NoAnswer { .. })
                | RunEvent::Notice {
                    level: Level::Error,
                    ..
                }
        ) | EventKind::Agent {
            event: AgentEvent::Benched(_),
            ..
        }
    )
}

fn of_run(event: &RunEvent, turn: &Turn) -> Option<String> {
    Some(match event {
        RunEvent::Started(start) => {
            let names: Vec<&str> = start.team.iter().map(|card| card.name.as_str()).collect();
            let script = match &start.origin {
                crate::protocol::Origin::Demo { scenario } => {
                    format!(" (demo \"{scenario}\": a script, no model)")
                }
                crate::protocol::Origin::Config { .. }
                | crate::protocol::Origin::Direct
                | crate::protocol::Origin::Imported { .. } => String::new(),
            };
            let again = if start.resumed.is_some() {
                " goes on"
            } else {
                ""
            };
            let stage = start
                .stage
                .as_ref()
                .map_or_else(String::new, |stage| format!(", {}", stage.words()));
            let sight = match turn.special_sight() {
                sight if sight.is_empty() => sight,
                sight => format!(" · {sight}"),
            };
            format!(
                "session {}, turn {}{stage}{again}: {}{script}{sight}",
                start.run,
                start.turn,
                names.join(", ")
            )
        }
        RunEvent::Phase(Phase::Work | Phase::Done) => return None,
        RunEvent::Phase(phase) => format!("phase: {}", phase.word()),
        RunEvent::BallotsDropped(drops) => format!(
            "{} stopped counting",
            words::counted(drops.len() as u64, "vote")
        ),
        RunEvent::Steer {
            text,
            state: SteerState::Queued,
            ..
        } => format!("you said: {text}"),
        RunEvent::Steer { id, state, .. } => receipt(*id, *state, turn)?,
        RunEvent::Question(event) => question(event, turn),
        RunEvent::Team(change) => turn.change(change),
        RunEvent::Decided(decision) => {
            let won = format!(
                "{} by {} won by {}",
                decision.winner,
                turn.name(decision.winner.agent),
                decision.how(),
            );
            let policy = match decision.policy {
                Policy::Plurality => String::new(),
                policy => format!("{}: ", policy.word()),
            };
            let remarks = decision.remarks().join(" ");
            match remarks.as_str() {
                "" => format!("{policy}{won}"),
                remarks => format!("{policy}{won}. {remarks}"),
            }
        }
        RunEvent::Budget(event) => turn.budget_words(event),
        RunEvent::Review(event) => turn.review_words(event),
        RunEvent::Ended(outcome) => ended(outcome, turn),
        RunEvent::Stage(event) => turn.stage_sentence(event)?,
        RunEvent::Notice { level, text } => match level {
            Level::Info => text.clone(),
            Level::Warning => format!("warning: {text}"),
            Level::Error => format!("error: {text}"),
        },
    })
}

/// What happened to a message of the person.
fn receipt(id: SteerId, state: SteerState, turn: &Turn) -> Option<String> {
    let (agent, what) = match state {
        SteerState::Queued => return None,
        SteerState::Delivered(agent) => (agent, "was given"),
        SteerState::Seen(agent) => (agent, "has read"),
        SteerState::Missed(agent) => (agent, "missed"),
        SteerState::Withdrawn(agent) => (agent, "will not hear"),
    };
    Some(format!("{} {what} your message {}", turn.name(agent), id.0))
}

fn question(event: &QuestionEvent, turn: &Turn) -> String {
    let asked = |id| turn.questions.iter().find(|known| known.question.id == id);
    match event {
        QuestionEvent::Asked(question) => {
            let who = question.asker.map_or("the program", |id| turn.name(id));
            match &question.kind {
                QuestionKind::Question { options } if options.is_empty() => {
                    format!("{who} asks you ({}): {}", question.id, question.text)
                }
                QuestionKind::Question { options } => {
                    let options: Vec<String> = (1..)
                        .zip(options)
                        .map(|(number, option)| format!("{number} {option}"))
                        .collect();
                    let options = options.join("; ");
                    format!(
                        "{who} asks you ({}): {} [{options}]",
                        question.id, question.text
                    )
                }
                QuestionKind::Approval(approval) => format!(
                    "{who} wants to use {} ({}): {} [{}]",
                    approval.tool,
                    question.id,
                    approval.deed.target(),
                    approval.why
                ),
                QuestionKind::Plan { .. } => {
                    format!(
                        "{who} has a plan for you ({}): {}",
                        question.id, question.text
                    )
                }
            }
        }
        QuestionEvent::Answered { id, reply } => {
            let words = asked(*id).map_or("answered", |asked| asked.question.words(reply));
            format!("answer to {id}: {words}")
        }
        QuestionEvent::Withdrawn { id } => format!("{id} was withdrawn: whoever asked is done"),
        QuestionEvent::Expired { id } => format!("{id} was not answered in time"),
    }
}

fn ended(outcome: &Outcome, turn: &Turn) -> String {
    let usage = turn.usage();
    let spent = format!(
        "{}, {}",
        words::counted(usage.input + usage.output, "token"),
        words::money(usage.cost)
    );
    let smaller = turn.record.spending.compactions.all().words();
    let spent = match smaller {
        Some(words) => format!("{spent}; conversations made smaller {words}"),
        None => spent,
    };
    match outcome {
        Outcome::Answered { .. } => format!("answered ({spent})"),
        Outcome::NoAnswer { message, .. } => format!("no answer: {message} ({spent})"),
    }
}

fn of_agent(event: &AgentEvent) -> Option<String> {
    Some(match event {
        AgentEvent::Tool(ToolEvent::Started { name, .. }) => format!("runs {name}"),
        AgentEvent::Tool(ToolEvent::Finished {
            ok: false, output, ..
        }) => format!("got an error from its tool: {output}"),
        AgentEvent::Call(CallEvent::Switched { to, failure }) => {
            format!("goes on with {to}: {}", failure.message)
        }
        AgentEvent::Call(CallEvent::Compacted {
            before,
            after,
            way,
            spent,
            instead,
            ..
        }) => format!(
            "made its conversation smaller: {}",
            compacted((*before, *after), *way, spent, instead.as_ref())
        ),
        AgentEvent::Call(CallEvent::Circuit { server, state }) => state.words(server),
        AgentEvent::Call(CallEvent::Loading { loading }) => loading.words(),
        AgentEvent::Call(CallEvent::Held { held_ms }) => format!(
            "waits {} for the rate limit of its key",
            words::duration(*held_ms)
        ),
        AgentEvent::Call(CallEvent::Retrying {
            attempt,
            wait_ms,
            failure,
        }) => format!(
            "tries again in {} (attempt {attempt}): {}",
            words::duration(*wait_ms),
            failure.message
        ),
        AgentEvent::Published(answer) => format!(
            "published {} ({})",
            answer.label,
            words::counted(answer.text.chars().count() as u64, "character")
        ),
        AgentEvent::Refused {
            act,
            reason,
            setback,
        } => match setback {
            Setback::Refused => format!("{} ({act}): {reason}", setback.word()),
            Setback::LooksAgain | Setback::Improves => format!("{}: {reason}", setback.word()),
        },
        AgentEvent::Ballot(BallotEvent::Cast(ballot) | BallotEvent::Auto(ballot)) => voted(ballot),
        AgentEvent::Benched(failure) => format!("is out: {}", failure.words()),
        AgentEvent::RoundStarted { .. }
        | AgentEvent::RoundEnded { .. }
        | AgentEvent::Delta { .. }
        | AgentEvent::Tool(ToolEvent::Noted { .. } | ToolEvent::Finished { ok: true, .. })
        | AgentEvent::Usage(_)
        | AgentEvent::Nested(_)
        | AgentEvent::Delivered { .. } => return None,
    })
}

fn voted(ballot: &Ballot) -> String {
    let act = match ballot.target {
        Some(label) => format!("voted for {label}"),
        None => "abstained".to_owned(),
    };
    if ballot.reason.is_empty() {
        act
    } else {
        format!("{act}: {}", ballot.reason)
    }
}

/// Clean, on one line, and not longer than can be read.
fn cut(line: &str, longest: usize) -> String {
    let line = clean::line(line);
    if line.chars().count() <= longest {
        return line.trim_end().to_owned();
    }
    let mut short: String = line.chars().take(longest - 1).collect();
    short.push('…');
    short
}
