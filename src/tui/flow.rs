//! What happens across features: events of the engine, sending, leaving, going home, reading a log.

use std::time::Duration;

use super::{
    again, aside, browsing, comparing,
    composer::When,
    conversation, desking,
    effect::{Effect, Effects, Load, Ticket},
    giving, guiding,
    layer::{Confirm, Layer, Question, Reply},
    live::Live,
    model::{Focus, Hearers, Leaving, Model, Screen},
    noting,
    replay::Stops,
    reporting, reviewing, route,
    setup::Section,
    stored, trusting,
};
use crate::{
    protocol::{
        self, AgentEvent, Command, Event, EventKind, Failure, Level, QuestionEvent, RunEvent,
        StageEvent, SteerMode, Target, TeamEvent, address::addressed,
    },
    run::{Activity, RunState, Turn},
    text::clean,
};

/// Beat of spinners.
const SPIN: Duration = Duration::from_millis(160);

/// Beat of clocks.
const CLOCK: Duration = Duration::from_secs(1);

/// How long a stopped turn may take to end before the program leaves without it. The engine's own
/// grace is 250 ms; the rest is for its log.
const PATIENCE: Duration = Duration::from_secs(3);

/// How soon something on the screen moves by itself; `None` when nothing does.
pub(super) fn pulse(model: &Model) -> Option<Duration> {
    match model.screen {
        Screen::Start => (model.setup.launching.is_some() || model.looking()).then_some(SPIN),
        Screen::Live if stored::pulse(model).is_some() => stored::pulse(model),
        Screen::Live if model.shared.running() => Some(if spinning(&model.shared.run) {
            SPIN
        } else {
            CLOCK
        }),
        Screen::Review if reviewing::waits(model) => Some(SPIN),
        Screen::Sessions if browsing::waits(model) => Some(SPIN),
        Screen::Report if reporting::waits(model) => Some(SPIN),
        Screen::Guide if guiding::waits(model) => Some(SPIN),
        Screen::Notes if noting::waits(model) => Some(SPIN),
        Screen::Compare if comparing::waits(model) => Some(SPIN),
        Screen::Review | Screen::Notes if model.shared.running() => Some(CLOCK),
        Screen::Live
        | Screen::Review
        | Screen::Sessions
        | Screen::Notes
        | Screen::Compare
        | Screen::Report
        | Screen::Guide
        | Screen::Desk => None,
    }
}

/// True when some agent shows a spinner.
fn spinning(run: &RunState) -> bool {
    run.turn
        .iter()
        .flat_map(|turn| &turn.agents)
        .any(|agent| match agent.activity {
            Activity::Starting
            | Activity::Asked
            | Activity::Thinking
            | Activity::Writing
            | Activity::Drafting
            | Activity::Tool { .. }
            | Activity::Presenting => true,
            Activity::Retrying { .. }
            | Activity::Voted
            | Activity::Waiting
            | Activity::Away(_)
            | Activity::Done => false,
        })
}

/// Takes in one event of the engine.
pub(super) fn event(model: &mut Model, event: &Event) -> Effects {
    again::lives(model);
    let begins = model.session.fresh;
    if let EventKind::Run(RunEvent::Started(_)) = event.kind {
        if begins {
            model.session.fresh = false;
            model.shared.run = RunState::default();
            model.shared.live = true;
            model.shared.replayed = false;
            model.session.reel = None;
            model.session.stops = Stops::default();
            model.live = Live::new();
            model.keys_changed();
            model.rooms.review = None;
            model.rooms.notes = None;
            model.shared.noted.clear();
            model.shared.noted_files.clear();
            conversation::begins(model);
            model.setup.launching = None;
            model.focus = Focus::Panes;
            let _ = model.composer.take();
        }
        if model.screen == Screen::Start {
            model.screen = Screen::Live;
        }
    }
    if model.session.fresh {
        // The tail of a session that was left.
        return Effects::none();
    }
    model.shared.run.apply(event);
    model.live.apply(event, &model.shared);
    // Somebody may have noted something on a session that is continued.
    let notes = if begins {
        noting::look(model)
    } else {
        Effects::none()
    };
    reviewing::follow(model, event);
    if let EventKind::Agent {
        event: AgentEvent::Published(_),
        ..
    } = &event.kind
    {
        noting::follow(model);
    }
    if let (EventKind::Run(_), Some(turn)) = (&event.kind, &model.shared.run.turn) {
        model.layers.follow(turn);
    }
    notes.and(happened(model, event))
}

/// What is told about an event.
fn happened(model: &mut Model, event: &Event) -> Effects {
    match &event.kind {
        EventKind::Run(RunEvent::Question(QuestionEvent::Asked(question))) => {
            asked(model, question)
        }
        EventKind::Run(RunEvent::Notice { level, text }) => {
            model.tell(*level, text.lines().next().unwrap_or_default())
        }
        EventKind::Run(RunEvent::Team(TeamEvent::Declined { change, reason })) => {
            let words = format!("Cannot {}: {reason}", change.words());
            model.tell(Level::Warning, words)
        }
        EventKind::Run(RunEvent::Team(TeamEvent::Hidden(hiding))) => {
            let words = format!("Agents, from their next prompts on: {}.", hiding.words());
            model.tell(Level::Info, words)
        }
        EventKind::Run(RunEvent::Ended(_) | RunEvent::Stage(StageEvent::Over { .. }))
            if !model.shared.running() =>
        {
            ended(model)
        }
        EventKind::Run(_) | EventKind::Agent { .. } => Effects::none(),
    }
}

/// A question came in: said once, counted on the last row, and nobody has to look.
fn asked(model: &mut Model, question: &protocol::Question) -> Effects {
    let turn = model.shared.run.turn.as_ref();
    let who = match (question.asker, turn) {
        (Some(id), Some(turn)) => turn.name(id).to_owned(),
        _ => "the program".to_owned(),
    };
    let words = question.text.lines().next().unwrap_or_default();
    model.tell(Level::Info, format!("{who} asks you: {words}"))
}

fn ended(model: &mut Model) -> Effects {
    match model.session.leaving {
        Leaving::Stopping => Effects::one(Effect::Exit),
        Leaving::No | Leaving::Armed => {
            if model.layers.question().is_some() {
                // What it asked about is over.
                model.layers.close();
            }
            if model.focus == Focus::Editor && !model.composer.is_empty() {
                let words = "The turn has ended: Enter would start the next one with this text.";
                return model
                    .tell(Level::Info, words)
                    .and(conversation::ended(model));
            }
            conversation::ended(model)
        }
    }
}

/// Sends what is written: to the agents at work, or as the next task.
pub(super) fn send(model: &mut Model, when: When) -> Effects {
    if model.screen == Screen::Start {
        return model.hint("Enter on the start screen runs the task.");
    }
    if !model.shared.live {
        return again::next_task(model);
    }
    if !model.shared.running() {
        return match model.composer.take() {
            Some(prompt) => {
                model.focus = Focus::Panes;
                Effects::one(Effect::Engine(Command::FollowUp { prompt }))
            }
            None => match conversation::resume(model) {
                Some(sent) => {
                    model.focus = Focus::Panes;
                    sent
                }
                None => model.hint("Type the next task first."),
            },
        };
    }
    let chosen = match (model.session.hearers, model.live.focused_agent()) {
        (Hearers::Focused, Some(agent)) => Target::One(agent),
        (Hearers::All | Hearers::Focused, _) => Target::All,
    };
    let mode = match when {
        When::Queue => SteerMode::Queue,
        When::Now => SteerMode::Now,
    };
    let Some(text) = model.composer.take() else {
        return model.hint("Type what the agents should hear first.");
    };
    let team = model.shared.run.turn.as_ref();
    let team = team.map_or_else(Vec::new, Turn::cards);
    let (target, text) = match addressed(&text, &team) {
        (Some(target), rest) => (target, rest.to_owned()),
        (None, _) => (chosen, text),
    };
    let words = match (&target, mode) {
        (Target::All, SteerMode::Queue) => "Sent; every agent hears it at its next safe point.",
        (Target::All, SteerMode::Now) => "Sent; every agent is interrupted for it.",
        (Target::Several(_), SteerMode::Queue) => {
            "Sent; these agents hear it at their next safe point."
        }
        (Target::Several(_), SteerMode::Now) => "Sent; these agents are interrupted for it.",
        (Target::One(_), SteerMode::Queue) => "Sent; the agent hears it at its next safe point.",
        (Target::One(_), SteerMode::Now) => "Sent; the agent is interrupted for it.",
    };
    Effects::one(Effect::Engine(Command::Steer { target, text, mode })).and(model.hint(words))
}

/// All agents, or the focused one.
pub(super) fn next_hearers(model: &mut Model) -> Effects {
    if !model.shared.running() {
        return model.hint("The next task is for the whole team.");
    }
    model.session.hearers = match model.session.hearers {
        Hearers::All => Hearers::Focused,
        Hearers::Focused => Hearers::All,
    };
    Effects::none()
}

/// Asks the team to wrap up.
pub(super) fn answer_now(model: &mut Model) -> Effects {
    if !model.shared.running() {
        return aside::nobody(model);
    }
    let told = model.hint("Asked the team to wrap up and decide.");
    Effects::one(Effect::Engine(Command::AnswerNow)).and(told)
}

/// Asks before the turn is stopped.
pub(super) fn ask_to_stop(model: &mut Model) -> Effects {
    if !model.shared.running() {
        return aside::nobody(model);
    }
    ask(model, Question::Stop)
}

fn ask(model: &mut Model, question: Question) -> Effects {
    model.layers.open(Layer::Confirm(Confirm::new(question)));
    Effects::none()
}

/// Performs the answer to a question.
pub(super) fn answer(model: &mut Model, reply: Reply) -> Effects {
    match reply {
        Reply::Stay => Effects::none(),
        Reply::Trust(leave) => trusting::answer(model, leave),
        Reply::Stop => {
            conversation::hold(model);
            let told = model.hint("Stopping; the best published answer stands.");
            Effects::one(Effect::Engine(Command::Stop)).and(told)
        }
        Reply::StopAndLeave if aside::works(model) => {
            let ticket = model.tickets.issue();
            model.waits.leave = Some(ticket);
            model.session.leaving = Leaving::Stopping;
            let told = model.hint("Stopping, then leaving; Ctrl-C leaves at once.");
            Effects::one(Effect::Engine(Command::Stop))
                .and(Effects::one(Effect::Wake {
                    ticket,
                    after: PATIENCE,
                }))
                .and(told)
        }
        Reply::StopAndLeave | Reply::LeaveNow => Effects::one(Effect::Exit),
    }
}

/// Leaves, after a question while a team is at work.
pub(super) fn quit(model: &mut Model) -> Effects {
    if model.session.leaving == Leaving::Stopping || !aside::works(model) {
        return Effects::one(Effect::Exit);
    }
    ask(model, Question::Leave)
}

/// Ctrl-C: the nearest thing that can be interrupted. Twice always leaves.
pub(super) fn interrupt(model: &mut Model) -> Effects {
    let asked = model.layers.question() == Some(Question::Leave);
    if asked || model.session.leaving != Leaving::No {
        return Effects::one(Effect::Exit);
    }
    if aside::works(model) {
        model.layers.clear();
        return ask(model, Question::Leave);
    }
    model.session.leaving = Leaving::Armed;
    if model.layers.top().is_some() {
        let stopped = giving::closing(model);
        model.layers.close();
        return stopped.and(model.hint("Ctrl-C again leaves."));
    }
    if route::editing(model) && !model.composer.is_empty() {
        model.composer.clear();
        return model.hint("Cleared. Ctrl-C again leaves.");
    }
    model.hint("Ctrl-C again leaves.")
}

/// Back to the start screen; the session that was on the screen is closed.
pub(super) fn home(model: &mut Model) -> Effects {
    if model.screen == Screen::Start {
        model.setup.focus = Section::Editor;
        return model.hint("This is the start screen.");
    }
    if model.shared.running() {
        return model.hint("The team is at work; stop it first (x).");
    }
    if aside::works(model) {
        return aside::busy(model);
    }
    let close = if model.shared.live {
        Effects::one(Effect::Engine(Command::Close))
    } else {
        aside::close(model)
    };
    let kept = reviewing::farewell(model);
    model.screen = Screen::Start;
    model.setup.focus = Section::Editor;
    model.session.fresh = true;
    model.session.hearers = Hearers::All;
    model.session.later = conversation::Later::default();
    // A draft from before a session was looked at is still wanted.
    if model.shared.live {
        model.composer.clear();
    }
    model.shared.run = RunState::default();
    model.shared.live = true;
    model.shared.replayed = false;
    model.session.reel = None;
    model.session.stops = Stops::default();
    model.live = Live::new();
    model.keys_changed();
    model.rooms.review = None;
    model.rooms.notes = None;
    model.shared.noted.clear();
    let search = match model.setup.servers {
        Load::Idle | Load::Failed(_) => model.discover(),
        Load::Loading(_) | Load::Ready(_) => Effects::none(),
    };
    let sessions = model.list_sessions();
    close.and(kept).and(search).and(sessions)
}

/// A launch could not be started: say so on the start screen, with other teams on offer.
pub(super) fn launch_failed(model: &mut Model, ticket: Ticket, failure: Failure) -> Effects {
    if let Some(told) = again::failed(model, ticket, &failure) {
        return told;
    }
    model.setup.failed(ticket, failure);
    match model.setup.servers {
        Load::Idle => {
            let servers = model.discover();
            servers.and(model.list_sessions())
        }
        Load::Loading(_) | Load::Ready(_) | Load::Failed(_) => Effects::none(),
    }
}

/// A timer fired.
pub(super) fn woke(model: &mut Model, ticket: Ticket) -> Effects {
    if model.waits.beat == Some(ticket) {
        model.waits.beat = None;
        model.shared.tick = model.shared.tick.wrapping_add(1);
        return stored::beat(model);
    }
    if let Some(effects) = stored::woke(model, ticket) {
        return effects;
    }
    if model.waits.leave == Some(ticket) {
        return Effects::one(Effect::Exit);
    }
    if let Some(effects) = browsing::woke(model, ticket) {
        return effects;
    }
    if let Some(effects) = desking::woke(model, ticket) {
        return effects;
    }
    if ticket.is_top() {
        let _ = model.notices.woke(ticket);
        return Effects::none();
    }
    let woke = super::effect::Done::Woke;
    let aside = aside::done(model, ticket, &woke);
    model.live.done(ticket, woke).and(aside)
}

/// The text is back from `$EDITOR`.
pub(super) fn edited(
    model: &mut Model,
    ticket: Ticket,
    result: Result<Option<String>, Failure>,
) -> Effects {
    if let Some((_, id)) = model
        .waits
        .answer
        .take_if(|(waiting, _)| *waiting == ticket)
    {
        return match result {
            Ok(Some(text)) => {
                model.layers.edited(id, &clean::text(&text));
                Effects::none()
            }
            Ok(None) => model.hint("The text was left as it was."),
            Err(failure) => model.tell(Level::Error, format!("The editor failed: {failure}")),
        };
    }
    if model.waits.edit != Some(ticket) {
        return Effects::none();
    }
    model.waits.edit = None;
    match result {
        Ok(Some(text)) => {
            model.composer.set(text.trim_end_matches('\n'));
            Effects::none()
        }
        Ok(None) => model.hint("The text was left as it was."),
        Err(failure) => model.tell(Level::Error, format!("The editor failed: {failure}")),
    }
}
