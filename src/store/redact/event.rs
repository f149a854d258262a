//! Masking of whole events.
//!
//! The matches are exhaustive on purpose: a new field with text in it does not compile until someone
//! decides here whether it can hold a secret. Names, labels and numbers made by the program cannot.

use super::Redactor;
use crate::protocol::{
    AgentCard, AgentEvent, Answer, Ballot, BallotDrop, BallotEvent, CallEvent, Event, EventKind,
    Failure, Origin, Outcome, Question, QuestionEvent, QuestionKind, Reply, Rules, RunEvent,
    TeamCommand, TeamEvent, ToolEvent, ToolNote, TurnStart, change::Workplace,
};

/// What becomes of a text.
type Change<'a> = &'a dyn Fn(String) -> String;

/// `event` with the secrets in all its texts masked.
///
/// A secret that is cut in two by deltas is not whole in either: texts of deltas must have passed a
/// [`super::StreamRedactor`] before, or [`super::Joined`] has to find it.
#[must_use]
pub fn event(redactor: &Redactor, event: Event) -> Event {
    texts(event, &|text| redactor.string(text))
}

/// The same for an event that has no number yet.
#[must_use]
pub fn kind(redactor: &Redactor, kind: EventKind) -> EventKind {
    changed(&|text| redactor.string(text), kind)
}

/// `event` with every text that can hold anything from outside given through `with`.
#[must_use]
pub fn texts(event: Event, with: Change<'_>) -> Event {
    let Event {
        seq,
        at,
        kind: happened,
    } = event;
    Event {
        seq,
        at,
        kind: changed(with, happened),
    }
}

fn changed(with: Change<'_>, kind: EventKind) -> EventKind {
    match kind {
        EventKind::Run(event) => EventKind::Run(run(with, event)),
        EventKind::Agent { id, event } => EventKind::Agent {
            id,
            event: agent(with, event),
        },
    }
}

fn run(with: Change<'_>, event: RunEvent) -> RunEvent {
    match event {
        RunEvent::Started(start) => RunEvent::Started(Box::new(turn(with, *start))),
        RunEvent::BallotsDropped(drops) => RunEvent::BallotsDropped(
            drops
                .into_iter()
                .map(
                    |BallotDrop {
                         ballot: cast,
                         reason,
                     }| BallotDrop {
                        ballot: ballot(with, cast),
                        reason,
                    },
                )
                .collect(),
        ),
        RunEvent::Steer {
            id,
            target,
            text,
            state,
        } => RunEvent::Steer {
            id,
            target,
            text: with(text),
            state,
        },
        RunEvent::Question(event) => RunEvent::Question(question(with, event)),
        RunEvent::Team(event) => RunEvent::Team(team(with, event)),
        RunEvent::Ended(outcome) => RunEvent::Ended(ended(with, outcome)),
        RunEvent::Notice { level, text } => RunEvent::Notice {
            level,
            text: with(text),
        },
        RunEvent::Stage(mut event) => {
            event.texts_mut(&mut |text| mask(with, text));
            RunEvent::Stage(event)
        }
        RunEvent::Decided(mut decision) => {
            decision.texts_mut(&mut |text| mask(with, text));
            RunEvent::Decided(decision)
        }
        RunEvent::Review(mut event) => {
            event.texts_mut(&mut |text| mask(with, text));
            RunEvent::Review(event)
        }
        event @ (RunEvent::Phase(_) | RunEvent::Budget(_)) => event,
    }
}

/// Masks a text where it is.
fn mask(with: Change<'_>, text: &mut String) {
    *text = with(std::mem::take(text));
}

fn question(with: Change<'_>, event: QuestionEvent) -> QuestionEvent {
    match event {
        QuestionEvent::Asked(Question {
            id,
            asker,
            text,
            kind,
            seconds,
        }) => QuestionEvent::Asked(Question {
            id,
            asker,
            text: with(text),
            kind: match kind {
                QuestionKind::Question { options } => QuestionKind::Question {
                    options: options.into_iter().map(with).collect(),
                },
                QuestionKind::Plan { plan } => QuestionKind::Plan { plan: with(plan) },
                QuestionKind::Approval(mut approval) => {
                    approval.texts_mut(&mut |text| mask(with, text));
                    QuestionKind::Approval(approval)
                }
            },
            seconds,
        }),
        QuestionEvent::Answered { id, reply } => QuestionEvent::Answered {
            id,
            reply: match reply {
                Reply::Text(text) => Reply::Text(with(text)),
                Reply::Edited(text) => Reply::Edited(with(text)),
                Reply::Rejected(text) => Reply::Rejected(with(text)),
                reply @ (Reply::Option(_) | Reply::Skipped | Reply::Approved | Reply::Always) => {
                    reply
                }
            },
        },
        event @ (QuestionEvent::Withdrawn { .. } | QuestionEvent::Expired { .. }) => event,
    }
}

fn rules_of(with: Change<'_>, rules: &mut Rules) {
    rules.deciding.texts_mut(&mut |text| mask(with, text));
    rules.mode.texts_mut(&mut |text| mask(with, text));
    rules.scaling.texts_mut(&mut |text| mask(with, text));
    rules.working.texts_mut(&mut |text| mask(with, text));
    rules.context.texts_mut(&mut |text| mask(with, text));
    rules.personas.texts_mut(&mut |text| mask(with, text));
    rules.permitting.texts_mut(&mut |text| mask(with, text));
    if let Some(inbox) = &mut rules.talking.inbox {
        mask(with, inbox);
    }
}

fn turn(with: Change<'_>, start: TurnStart) -> TurnStart {
    let TurnStart {
        run,
        turn,
        prompt,
        team,
        limits,
        mut rules,
        mut stage,
        origin,
        version,
        cwd,
        places,
        resumed,
    } = start;
    if let Some(stage) = &mut stage {
        mask(with, &mut stage.title);
        mask(with, &mut stage.step);
        for event in &mut stage.settled {
            event.texts_mut(&mut |text| mask(with, text));
        }
        if let Some(whole) = &mut stage.whole {
            rules_of(with, &mut whole.rules);
        }
    }
    rules_of(with, &mut rules);
    TurnStart {
        run,
        turn,
        prompt: with(prompt),
        team: team.into_iter().map(|card| member(with, card)).collect(),
        limits,
        rules,
        stage,
        origin: match origin {
            Origin::Config { path } => Origin::Config { path: with(path) },
            origin @ (Origin::Demo { .. } | Origin::Direct | Origin::Imported { .. }) => origin,
        },
        version,
        cwd: with(cwd),
        places: places
            .into_iter()
            .map(|place| workplace(with, place))
            .collect(),
        resumed,
    }
}

fn workplace(with: Change<'_>, place: Workplace) -> Workplace {
    let Workplace {
        context,
        path,
        root,
        access,
        head,
        base,
        tree,
        kept,
    } = place;
    Workplace {
        context,
        path: with(path),
        root: with(root),
        access,
        head: head.map(with),
        base,
        tree,
        kept,
    }
}

fn team(with: Change<'_>, event: TeamEvent) -> TeamEvent {
    match event {
        TeamEvent::Added { card, like, why } => TeamEvent::Added {
            card: member(with, card),
            like,
            why: with(why),
        },
        TeamEvent::Replaced(card) => TeamEvent::Replaced(member(with, card)),
        TeamEvent::Declined { change, reason } => TeamEvent::Declined {
            change: match change {
                TeamCommand::Add { like, model } => TeamCommand::Add {
                    like,
                    model: model.map(with),
                },
                TeamCommand::Replace { id, model } => TeamCommand::Replace {
                    id,
                    model: with(model),
                },
                change @ (TeamCommand::Retire(_)
                | TeamCommand::Pause(_)
                | TeamCommand::Resume(_)
                | TeamCommand::Retry(_)
                | TeamCommand::Hide(_)) => change,
            },
            reason: with(reason),
        },
        event @ (TeamEvent::Retired(_)
        | TeamEvent::Paused(_)
        | TeamEvent::Overdue(_)
        | TeamEvent::Resumed(_)
        | TeamEvent::Retried(_)
        | TeamEvent::Hidden(_)) => event,
    }
}

fn member(with: Change<'_>, card: AgentCard) -> AgentCard {
    let AgentCard {
        id,
        name,
        model,
        backend,
    } = card;
    AgentCard {
        id,
        name: with(name),
        model: with(model),
        backend: with(backend),
    }
}

fn ended(with: Change<'_>, outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Answered {
            winner,
            text,
            presenter,
            end,
            changes,
        } => Outcome::Answered {
            winner,
            text: with(text),
            presenter,
            end,
            changes,
        },
        Outcome::NoAnswer { reason, message } => Outcome::NoAnswer {
            reason,
            message: with(message),
        },
    }
}

fn agent(with: Change<'_>, event: AgentEvent) -> AgentEvent {
    match event {
        AgentEvent::Delta { channel, text } => AgentEvent::Delta {
            channel,
            text: with(text),
        },
        AgentEvent::Tool(event) => AgentEvent::Tool(tool(with, event)),
        AgentEvent::Call(event) => AgentEvent::Call(call(with, event)),
        AgentEvent::Published(Answer {
            label,
            text,
            auto,
            changes,
        }) => AgentEvent::Published(Answer {
            label,
            text: with(text),
            auto,
            changes,
        }),
        AgentEvent::Refused {
            act,
            reason,
            setback,
        } => AgentEvent::Refused {
            setback,
            act,
            reason: with(reason),
        },
        AgentEvent::Ballot(BallotEvent::Cast(cast)) => {
            AgentEvent::Ballot(BallotEvent::Cast(ballot(with, cast)))
        }
        AgentEvent::Ballot(BallotEvent::Auto(cast)) => {
            AgentEvent::Ballot(BallotEvent::Auto(ballot(with, cast)))
        }
        AgentEvent::Nested(inner) => AgentEvent::Nested(Box::new(texts(*inner, with))),
        AgentEvent::Benched(failure) => AgentEvent::Benched(failed(with, failure)),
        event @ (AgentEvent::RoundStarted { .. }
        | AgentEvent::RoundEnded { .. }
        | AgentEvent::Usage(_)
        | AgentEvent::Delivered { .. }) => event,
    }
}

fn tool(with: Change<'_>, event: ToolEvent) -> ToolEvent {
    match event {
        ToolEvent::Started {
            call,
            name,
            arguments,
        } => ToolEvent::Started {
            call,
            name: with(name),
            arguments: with(arguments),
        },
        ToolEvent::Noted { call, note } => ToolEvent::Noted {
            call,
            note: match note {
                ToolNote::Exit { code, cut, tier } => ToolNote::Exit {
                    code,
                    cut: cut.map(with),
                    tier,
                },
                ToolNote::Change {
                    path,
                    diff,
                    added,
                    removed,
                } => ToolNote::Change {
                    path: with(path),
                    diff: with(diff),
                    added,
                    removed,
                },
                ToolNote::Progress { words } => ToolNote::Progress { words: with(words) },
            },
        },
        ToolEvent::Finished {
            call,
            ok,
            output,
            elapsed_ms,
        } => ToolEvent::Finished {
            call,
            ok,
            output: with(output),
            elapsed_ms,
        },
    }
}

fn ballot(with: Change<'_>, ballot: Ballot) -> Ballot {
    let Ballot {
        voter,
        target,
        reason,
        epoch,
        marks,
    } = ballot;
    Ballot {
        voter,
        target,
        reason: with(reason),
        epoch,
        marks,
    }
}

fn call(with: Change<'_>, event: CallEvent) -> CallEvent {
    match event {
        CallEvent::Retrying {
            attempt,
            wait_ms,
            failure,
        } => CallEvent::Retrying {
            attempt,
            wait_ms,
            failure: failed(with, failure),
        },
        CallEvent::Switched { to, failure } => CallEvent::Switched {
            to: with(to),
            failure: failed(with, failure),
        },
        CallEvent::Held { held_ms } => CallEvent::Held { held_ms },
        CallEvent::Loading { loading } => CallEvent::Loading { loading },
        CallEvent::Circuit { server, state } => CallEvent::Circuit {
            server: with(server),
            state,
        },
        CallEvent::Compacted {
            before,
            after,
            way,
            spent,
            instead,
            worth,
        } => CallEvent::Compacted {
            before,
            after,
            way,
            spent,
            instead: instead.map(|failure| failed(with, failure)),
            worth,
        },
    }
}

fn failed(with: Change<'_>, failure: Failure) -> Failure {
    let Failure {
        kind,
        message,
        hint,
        status,
        retry_after_ms,
    } = failure;
    Failure {
        kind,
        message: with(message),
        hint: with(hint),
        status,
        retry_after_ms,
    }
}
