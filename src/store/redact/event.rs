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

/// `event` with the secrets in all its texts masked.
///
/// A secret that is cut in two by deltas is not whole in either: texts of deltas must have passed a
/// [`super::StreamRedactor`] before.
#[must_use]
pub fn event(redactor: &Redactor, event: Event) -> Event {
    let Event {
        seq,
        at,
        kind: happened,
    } = event;
    Event {
        seq,
        at,
        kind: kind(redactor, happened),
    }
}

/// The same for an event that has no number yet.
#[must_use]
pub fn kind(redactor: &Redactor, kind: EventKind) -> EventKind {
    match kind {
        EventKind::Run(event) => EventKind::Run(run(redactor, event)),
        EventKind::Agent { id, event } => EventKind::Agent {
            id,
            event: agent(redactor, event),
        },
    }
}

fn run(redactor: &Redactor, event: RunEvent) -> RunEvent {
    match event {
        RunEvent::Started(start) => RunEvent::Started(Box::new(turn(redactor, *start))),
        RunEvent::BallotsDropped(drops) => RunEvent::BallotsDropped(
            drops
                .into_iter()
                .map(
                    |BallotDrop {
                         ballot: cast,
                         reason,
                     }| BallotDrop {
                        ballot: ballot(redactor, cast),
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
            text: redactor.string(text),
            state,
        },
        RunEvent::Question(event) => RunEvent::Question(question(redactor, event)),
        RunEvent::Team(event) => RunEvent::Team(team(redactor, event)),
        RunEvent::Ended(outcome) => RunEvent::Ended(ended(redactor, outcome)),
        RunEvent::Notice { level, text } => RunEvent::Notice {
            level,
            text: redactor.string(text),
        },
        RunEvent::Stage(mut event) => {
            event.texts_mut(&mut |text| mask(redactor, text));
            RunEvent::Stage(event)
        }
        RunEvent::Decided(mut decision) => {
            decision.texts_mut(&mut |text| mask(redactor, text));
            RunEvent::Decided(decision)
        }
        RunEvent::Review(mut event) => {
            event.texts_mut(&mut |text| mask(redactor, text));
            RunEvent::Review(event)
        }
        event @ (RunEvent::Phase(_) | RunEvent::Budget(_)) => event,
    }
}

/// Masks a text where it is.
fn mask(redactor: &Redactor, text: &mut String) {
    *text = redactor.string(std::mem::take(text));
}

fn question(redactor: &Redactor, event: QuestionEvent) -> QuestionEvent {
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
            text: redactor.string(text),
            kind: match kind {
                QuestionKind::Question { options } => QuestionKind::Question {
                    options: options
                        .into_iter()
                        .map(|option| redactor.string(option))
                        .collect(),
                },
                QuestionKind::Plan { plan } => QuestionKind::Plan {
                    plan: redactor.string(plan),
                },
                QuestionKind::Approval(mut approval) => {
                    approval.texts_mut(&mut |text| mask(redactor, text));
                    QuestionKind::Approval(approval)
                }
            },
            seconds,
        }),
        QuestionEvent::Answered { id, reply } => QuestionEvent::Answered {
            id,
            reply: match reply {
                Reply::Text(text) => Reply::Text(redactor.string(text)),
                Reply::Edited(text) => Reply::Edited(redactor.string(text)),
                Reply::Rejected(text) => Reply::Rejected(redactor.string(text)),
                reply @ (Reply::Option(_) | Reply::Skipped | Reply::Approved | Reply::Always) => {
                    reply
                }
            },
        },
        event @ (QuestionEvent::Withdrawn { .. } | QuestionEvent::Expired { .. }) => event,
    }
}

fn rules_of(redactor: &Redactor, rules: &mut Rules) {
    rules.deciding.texts_mut(&mut |text| mask(redactor, text));
    rules.mode.texts_mut(&mut |text| mask(redactor, text));
    rules.scaling.texts_mut(&mut |text| mask(redactor, text));
    rules.working.texts_mut(&mut |text| mask(redactor, text));
    rules.context.texts_mut(&mut |text| mask(redactor, text));
    rules.personas.texts_mut(&mut |text| mask(redactor, text));
    rules.permitting.texts_mut(&mut |text| mask(redactor, text));
    if let Some(inbox) = &mut rules.talking.inbox {
        mask(redactor, inbox);
    }
}

fn turn(redactor: &Redactor, start: TurnStart) -> TurnStart {
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
        mask(redactor, &mut stage.title);
        mask(redactor, &mut stage.step);
        for event in &mut stage.settled {
            event.texts_mut(&mut |text| mask(redactor, text));
        }
        if let Some(whole) = &mut stage.whole {
            rules_of(redactor, &mut whole.rules);
        }
    }
    rules_of(redactor, &mut rules);
    TurnStart {
        run,
        turn,
        prompt: redactor.string(prompt),
        team: team
            .into_iter()
            .map(|card| member(redactor, card))
            .collect(),
        limits,
        rules,
        stage,
        origin: match origin {
            Origin::Config { path } => Origin::Config {
                path: redactor.string(path),
            },
            origin @ (Origin::Demo { .. } | Origin::Direct | Origin::Imported { .. }) => origin,
        },
        version,
        cwd: redactor.string(cwd),
        places: places
            .into_iter()
            .map(|place| workplace(redactor, place))
            .collect(),
        resumed,
    }
}

fn workplace(redactor: &Redactor, place: Workplace) -> Workplace {
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
        path: redactor.string(path),
        root: redactor.string(root),
        access,
        head: head.map(|head| redactor.string(head)),
        base,
        tree,
        kept,
    }
}

fn team(redactor: &Redactor, event: TeamEvent) -> TeamEvent {
    match event {
        TeamEvent::Added { card, like, why } => TeamEvent::Added {
            card: member(redactor, card),
            like,
            why: redactor.string(why),
        },
        TeamEvent::Replaced(card) => TeamEvent::Replaced(member(redactor, card)),
        TeamEvent::Declined { change, reason } => TeamEvent::Declined {
            change: match change {
                TeamCommand::Add { like, model } => TeamCommand::Add {
                    like,
                    model: model.map(|model| redactor.string(model)),
                },
                TeamCommand::Replace { id, model } => TeamCommand::Replace {
                    id,
                    model: redactor.string(model),
                },
                change @ (TeamCommand::Retire(_)
                | TeamCommand::Pause(_)
                | TeamCommand::Resume(_)
                | TeamCommand::Retry(_)
                | TeamCommand::Hide(_)) => change,
            },
            reason: redactor.string(reason),
        },
        event @ (TeamEvent::Retired(_)
        | TeamEvent::Paused(_)
        | TeamEvent::Overdue(_)
        | TeamEvent::Resumed(_)
        | TeamEvent::Retried(_)
        | TeamEvent::Hidden(_)) => event,
    }
}

fn member(redactor: &Redactor, card: AgentCard) -> AgentCard {
    let AgentCard {
        id,
        name,
        model,
        backend,
    } = card;
    AgentCard {
        id,
        name: redactor.string(name),
        model: redactor.string(model),
        backend: redactor.string(backend),
    }
}

fn ended(redactor: &Redactor, outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Answered {
            winner,
            text,
            presenter,
            end,
            changes,
        } => Outcome::Answered {
            winner,
            text: redactor.string(text),
            presenter,
            end,
            changes,
        },
        Outcome::NoAnswer { reason, message } => Outcome::NoAnswer {
            reason,
            message: redactor.string(message),
        },
    }
}

fn agent(redactor: &Redactor, event: AgentEvent) -> AgentEvent {
    match event {
        AgentEvent::Delta { channel, text } => AgentEvent::Delta {
            channel,
            text: redactor.string(text),
        },
        AgentEvent::Tool(event) => AgentEvent::Tool(tool(redactor, event)),
        AgentEvent::Call(event) => AgentEvent::Call(call(redactor, event)),
        AgentEvent::Published(Answer {
            label,
            text,
            auto,
            changes,
        }) => AgentEvent::Published(Answer {
            label,
            text: redactor.string(text),
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
            reason: redactor.string(reason),
        },
        AgentEvent::Ballot(BallotEvent::Cast(cast)) => {
            AgentEvent::Ballot(BallotEvent::Cast(ballot(redactor, cast)))
        }
        AgentEvent::Ballot(BallotEvent::Auto(cast)) => {
            AgentEvent::Ballot(BallotEvent::Auto(ballot(redactor, cast)))
        }
        AgentEvent::Nested(inner) => AgentEvent::Nested(Box::new(self::event(redactor, *inner))),
        AgentEvent::Benched(failure) => AgentEvent::Benched(failed(redactor, failure)),
        event @ (AgentEvent::RoundStarted { .. }
        | AgentEvent::RoundEnded { .. }
        | AgentEvent::Usage(_)
        | AgentEvent::Delivered { .. }) => event,
    }
}

fn tool(redactor: &Redactor, event: ToolEvent) -> ToolEvent {
    match event {
        ToolEvent::Started {
            call,
            name,
            arguments,
        } => ToolEvent::Started {
            call,
            name: redactor.string(name),
            arguments: redactor.string(arguments),
        },
        ToolEvent::Noted { call, note } => ToolEvent::Noted {
            call,
            note: match note {
                ToolNote::Exit { code, cut, tier } => ToolNote::Exit {
                    code,
                    cut: cut.map(|cut| redactor.string(cut)),
                    tier,
                },
                ToolNote::Change {
                    path,
                    diff,
                    added,
                    removed,
                } => ToolNote::Change {
                    path: redactor.string(path),
                    diff: redactor.string(diff),
                    added,
                    removed,
                },
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
            output: redactor.string(output),
            elapsed_ms,
        },
    }
}

fn ballot(redactor: &Redactor, ballot: Ballot) -> Ballot {
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
        reason: redactor.string(reason),
        epoch,
        marks,
    }
}

fn call(redactor: &Redactor, event: CallEvent) -> CallEvent {
    match event {
        CallEvent::Retrying {
            attempt,
            wait_ms,
            failure,
        } => CallEvent::Retrying {
            attempt,
            wait_ms,
            failure: failed(redactor, failure),
        },
        CallEvent::Switched { to, failure } => CallEvent::Switched {
            to: redactor.string(to),
            failure: failed(redactor, failure),
        },
        CallEvent::Held { held_ms } => CallEvent::Held { held_ms },
        CallEvent::Loading { loading } => CallEvent::Loading { loading },
        CallEvent::Circuit { server, state } => CallEvent::Circuit {
            server: redactor.string(server),
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
            instead: instead.map(|failure| failed(redactor, failure)),
            worth,
        },
    }
}

fn failed(redactor: &Redactor, failure: Failure) -> Failure {
    let Failure {
        kind,
        message,
        hint,
        status,
        retry_after_ms,
    } = failure;
    Failure {
        kind,
        message: redactor.string(message),
        hint: redactor.string(hint),
        status,
        retry_after_ms,
    }
}
