//! The gate for a whole event stream: every string of every event is cleaned, none can be forgotten.
//!
//! All structs are taken apart field by field and all enums variant by variant, so a new field or
//! variant does not compile until somebody decides how it is cleaned.
//!
//! Deltas go through one [`Cleaner`] per agent and channel, so that an escape sequence cut by a
//! delta border is still one sequence. An event goes in, an event comes out, so there is no place
//! for leftovers of their own. Rule: when any other event of the agent passes, its cleaners are
//! finished and what they held back is put in front of the next delta of the same channel; when a
//! round begins it is dropped (the marks of the sequences were shown, the log has the rest). Held
//! back are at most [`super::MAX_PAYLOAD`] bytes of a sequence that never ended.

use std::collections::HashMap;

use super::{Cleaner, line, text};
use crate::protocol::{
    AgentCard, AgentEvent, AgentId, Answer, Ballot, BallotDrop, BallotEvent, CallEvent, Channel,
    Event, EventKind, Failure, Origin, Outcome, Phase, Question, QuestionEvent, QuestionKind,
    Reply, Rules, RunEvent, RunId, TeamCommand, TeamEvent, ToolEvent, ToolNote, TurnStart,
    change::Workplace,
};

/// Cleans a stream of events.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    streams: HashMap<(AgentId, Channel), Stream>,
    /// Streams of the teams that agents are.
    nested: HashMap<AgentId, Gate>,
}

/// One channel of one agent.
#[derive(Clone, Debug, Default)]
struct Stream {
    cleaner: Cleaner,
    /// Cleaned text that waits for the next delta.
    carry: String,
}

impl Gate {
    /// Cleans every string of an event.
    #[must_use]
    pub fn pass(&mut self, event: Event) -> Event {
        let Event { seq, at, mut kind } = event;
        match &mut kind {
            EventKind::Run(event) => {
                if let RunEvent::Started(_) = event {
                    self.streams.clear();
                    self.nested.clear();
                }
                run_event(event);
            }
            EventKind::Agent { id, event } => self.agent_event(*id, event),
        }
        Event { seq, at, kind }
    }

    fn agent_event(&mut self, id: AgentId, event: &mut AgentEvent) {
        match event {
            AgentEvent::Delta { channel, text } => {
                let stream = self.streams.entry((id, *channel)).or_default();
                let clean = stream.cleaner.push(text);
                *text = if stream.carry.is_empty() {
                    clean
                } else {
                    std::mem::take(&mut stream.carry) + &clean
                };
                return;
            }
            AgentEvent::Nested(inner) => {
                let blank = Event {
                    seq: inner.seq,
                    at: inner.at,
                    kind: EventKind::Run(RunEvent::Phase(Phase::Work)),
                };
                let event = std::mem::replace(&mut **inner, blank);
                **inner = self.nested.entry(id).or_default().pass(event);
                return;
            }
            AgentEvent::RoundStarted {
                round: _,
                purpose: _,
                view: _,
            } => {
                self.streams.retain(|(agent, _), _| *agent != id);
            }
            AgentEvent::RoundEnded { round: _, end: _ }
            | AgentEvent::Usage(_)
            | AgentEvent::Delivered { labels: _ } => {}
            AgentEvent::Tool(tool) => tool_event(tool),
            AgentEvent::Call(call) => call_event(call),
            AgentEvent::Benched(trouble) => failure(trouble),
            AgentEvent::Published(published) => answer(published),
            AgentEvent::Refused {
                act,
                reason,
                setback: _,
            } => {
                clean_line(act);
                clean_text(reason);
            }
            AgentEvent::Ballot(BallotEvent::Cast(cast) | BallotEvent::Auto(cast)) => ballot(cast),
        }
        for (_, stream) in self
            .streams
            .iter_mut()
            .filter(|((agent, _), _)| *agent == id)
        {
            let rest = stream.cleaner.finish();
            stream.carry.push_str(&rest);
        }
    }
}

fn run_event(event: &mut RunEvent) {
    match event {
        RunEvent::Started(start) => turn_start(start),
        RunEvent::Phase(_) | RunEvent::Budget(_) => {}
        RunEvent::Decided(decision) => decision.texts_mut(&mut clean_line),
        RunEvent::Review(event) => event.texts_mut(&mut clean_text),
        RunEvent::Team(event) => team_event(event),
        RunEvent::BallotsDropped(drops) => {
            for BallotDrop {
                ballot: dropped,
                reason: _,
            } in drops
            {
                ballot(dropped);
            }
        }
        RunEvent::Question(event) => question(event),
        RunEvent::Steer {
            id: _,
            target: _,
            text,
            state: _,
        }
        | RunEvent::Ended(
            Outcome::Answered {
                winner: _,
                text,
                presenter: _,
                end: _,
                changes: _,
            }
            | Outcome::NoAnswer {
                reason: _,
                message: text,
            },
        )
        | RunEvent::Notice { level: _, text } => clean_text(text),
        RunEvent::Stage(event) => event.texts_mut(&mut clean_text),
    }
}

fn question(event: &mut QuestionEvent) {
    match event {
        QuestionEvent::Asked(question) => asked(question),
        QuestionEvent::Answered {
            id: _,
            reply: Reply::Text(text) | Reply::Edited(text) | Reply::Rejected(text),
        } => clean_text(text),
        QuestionEvent::Answered {
            id: _,
            reply: Reply::Option(_) | Reply::Skipped | Reply::Approved | Reply::Always,
        }
        | QuestionEvent::Withdrawn { id: _ }
        | QuestionEvent::Expired { id: _ } => {}
    }
}

/// Cleans a question with all that can be answered.
pub fn asked(question: &mut Question) {
    let Question {
        id: _,
        asker: _,
        text,
        kind,
        seconds: _,
    } = question;
    clean_text(text);
    match kind {
        QuestionKind::Question { options } => options.iter_mut().for_each(clean_line),
        QuestionKind::Plan { plan } => clean_text(plan),
        QuestionKind::Approval(approval) => approval.texts_mut(&mut clean_text),
    }
}

fn rules_of(rules: &mut Rules) {
    rules.deciding.texts_mut(&mut clean_line);
    rules.mode.texts_mut(&mut clean_text);
    rules.scaling.texts_mut(&mut clean_line);
    rules.working.texts_mut(&mut clean_line);
    rules.context.texts_mut(&mut clean_line);
    rules.personas.texts_mut(&mut clean_text);
    rules.permitting.texts_mut(&mut clean_line);
    rules.talking.inbox.iter_mut().for_each(clean_line);
}

fn turn_start(start: &mut TurnStart) {
    let TurnStart {
        run: RunId(run),
        turn: _,
        prompt,
        team,
        limits: _,
        rules,
        stage,
        origin,
        version,
        cwd,
        places,
        resumed: _,
    } = start;
    clean_text(prompt);
    rules_of(rules);
    if let Some(stage) = stage {
        clean_line(&mut stage.title);
        clean_text(&mut stage.step);
        for event in &mut stage.settled {
            event.texts_mut(&mut clean_text);
        }
        if let Some(whole) = &mut stage.whole {
            rules_of(&mut whole.rules);
        }
    }
    for text in [run, version, cwd] {
        clean_line(text);
    }
    places.iter_mut().for_each(place);
    team.iter_mut().for_each(card);
    match origin {
        Origin::Demo { scenario: name }
        | Origin::Config { path: name }
        | Origin::Imported { program: name } => clean_line(name),
        Origin::Direct => {}
    }
}

fn card(card: &mut AgentCard) {
    let AgentCard {
        id: _,
        name,
        model,
        backend,
    } = card;
    for text in [name, model, backend] {
        clean_line(text);
    }
}

fn team_event(event: &mut TeamEvent) {
    match event {
        TeamEvent::Added {
            card: new,
            like: _,
            why,
        } => {
            card(new);
            clean_line(why);
        }
        TeamEvent::Replaced(new) => card(new),
        TeamEvent::Declined { change, reason } => {
            match change {
                TeamCommand::Add { like: _, model } => {
                    if let Some(model) = model {
                        clean_line(model);
                    }
                }
                TeamCommand::Replace { id: _, model } => clean_line(model),
                TeamCommand::Retire(_)
                | TeamCommand::Pause(_)
                | TeamCommand::Resume(_)
                | TeamCommand::Retry(_)
                | TeamCommand::Hide(_) => {}
            }
            clean_line(reason);
        }
        TeamEvent::Retired(_)
        | TeamEvent::Paused(_)
        | TeamEvent::Overdue(_)
        | TeamEvent::Resumed(_)
        | TeamEvent::Retried(_)
        | TeamEvent::Hidden(_) => {}
    }
}

fn call_event(call: &mut CallEvent) {
    match call {
        CallEvent::Retrying {
            attempt: _,
            wait_ms: _,
            failure: trouble,
        } => failure(trouble),
        CallEvent::Switched {
            to,
            failure: trouble,
        } => {
            clean_line(to);
            failure(trouble);
        }
        CallEvent::Held { held_ms: _ } | CallEvent::Loading { loading: _ } => {}
        CallEvent::Circuit { server, state: _ } => clean_line(server),
        CallEvent::Compacted {
            before: _,
            after: _,
            way: _,
            spent: _,
            instead,
            worth: _,
        } => {
            if let Some(trouble) = instead {
                failure(trouble);
            }
        }
    }
}

fn tool_event(event: &mut ToolEvent) {
    match event {
        ToolEvent::Started {
            call,
            name,
            arguments,
        } => {
            clean_line(call);
            clean_line(name);
            clean_text(arguments);
        }
        ToolEvent::Noted { call, note } => {
            clean_line(call);
            match note {
                ToolNote::Exit { code: _, cut, tier } => {
                    cut.iter_mut().for_each(clean_line);
                    clean_line(tier);
                }
                ToolNote::Change { path, diff, .. } => {
                    clean_line(path);
                    clean_text(diff);
                }
                ToolNote::Progress { words } => clean_line(words),
            }
        }
        ToolEvent::Finished {
            call,
            ok: _,
            output,
            elapsed_ms: _,
        } => {
            clean_line(call);
            clean_text(output);
        }
    }
}

fn answer(answer: &mut Answer) {
    let Answer {
        label: _,
        text,
        auto: _,
        changes,
    } = answer;
    clean_text(text);
    for snapshot in changes {
        clean_line(&mut snapshot.commit.0);
        clean_line(&mut snapshot.tree.0);
    }
}

fn place(place: &mut Workplace) {
    let Workplace {
        context: _,
        path,
        root,
        access: _,
        head,
        base,
        tree,
        kept: _,
    } = place;
    for text in [path, root, &mut base.0, &mut tree.0] {
        clean_line(text);
    }
    head.iter_mut().for_each(clean_line);
}

fn ballot(ballot: &mut Ballot) {
    let Ballot {
        voter: _,
        target: _,
        reason,
        epoch: _,
        marks: _,
    } = ballot;
    clean_text(reason);
}

fn failure(failure: &mut Failure) {
    let Failure {
        kind: _,
        message,
        hint,
        status: _,
        retry_after_ms: _,
    } = failure;
    clean_text(message);
    clean_text(hint);
}

fn clean_text(value: &mut String) {
    if let std::borrow::Cow::Owned(clean) = text(value) {
        *value = clean;
    }
}

fn clean_line(value: &mut String) {
    if let std::borrow::Cow::Owned(clean) = line(value) {
        *value = clean;
    }
}
