//! The top of `update`: each message to the part that it concerns.
//!
//! Features see their own state and [`super::shared::Shared`]; moves between them happen here and in
//! `flow`. Nothing here waits, draws or reads a clock.

use super::{
    action::{Action, App, Run},
    again, aside, browsing, checkup, comparing,
    composer::{self, Edit, Moved},
    conversation, crew, desking,
    effect::{Done, Draft, Effect, Effects, Ticket},
    flow, giving, guiding,
    keymap::Context,
    layer::{self, Help, Layer, NoticeList, Palette},
    left, live,
    model::{Focus, Leaving, Model, Screen},
    msg::{Input, Mouse, MouseKind, Msg},
    noting, playing, reporting, reviewing,
    rooms::{Act, Told},
    route,
    setup::{self, Section},
    stored, talking, trusting,
};
use crate::{protocol::Level, tui::layout};

/// Takes in one message.
pub fn update(model: &mut Model, msg: Msg) -> Effects {
    if matches!(msg, Msg::Action(_) | Msg::Input(_)) {
        model.notices.dismiss_hint();
        model.waits.prefix = None;
        let interrupt = msg == Msg::Action(Action::App(App::Interrupt));
        if model.session.leaving == Leaving::Armed && !interrupt {
            model.session.leaving = Leaving::No;
        }
    }
    let covered = model.layers.top().is_some();
    let effects = match msg {
        Msg::Action(action) => perform(model, action),
        Msg::Input(input) => take_input(model, input),
        Msg::Resized(size) => {
            model.size = layout::effective(size);
            Effects::none()
        }
        Msg::Engine(event) => aside::event(model, &event),
        Msg::Done(ticket, done) => take_answer(model, ticket, done),
    };
    conversation::settle(model);
    if !covered && model.layers.top().is_some() {
        model.notices.put_away();
    }
    effects.and(model.beat())
}

fn perform(model: &mut Model, action: Action) -> Effects {
    match action {
        Action::App(app) => perform_app(model, app),
        Action::Run(run) => perform_run(model, run),
        Action::Setup(setup) => perform_setup(model, setup),
        Action::Composer(composer) if line_is_open(model) => line_key(model, composer),
        Action::Composer(composer) => perform_composer(model, composer),
        Action::Layer(layer) if model.layers.top().is_none() => search_key(model, layer),
        Action::Layer(layer) => {
            let wish = model.layers.update(layer);
            grant(model, wish)
        }
        Action::Talk(talk) => talking::talk(model, talk),
        Action::Team(team) => crew::perform(model, team),
        Action::Live(live) => match model.screen {
            Screen::Live => model.live.update(live, &model.shared),
            Screen::Review => reviewing::live_key(model, live),
            Screen::Sessions => browsing::live_key(model, live),
            Screen::Start
            | Screen::Notes
            | Screen::Compare
            | Screen::Report
            | Screen::Guide
            | Screen::Desk => model.hint("That is for the live screen."),
        },
        Action::Room(Act::Review(review)) => reviewing::perform(model, review),
        Action::Room(Act::Replay(replay)) => playing::perform(model, replay),
        Action::Room(Act::Sessions(sessions)) => browsing::perform(model, sessions),
        Action::Room(Act::Notes(action)) => noting::perform(model, action),
        Action::Room(Act::Compare(action)) => comparing::perform(model, action),
        Action::Room(Act::Report(report)) => reporting::perform(model, report),
        Action::Room(Act::Guide(guide)) => guiding::perform(model, guide),
        Action::Room(Act::Desk(action)) => desking::perform(model, action),
    }
}

/// True while the screen takes text on a line of its own.
fn line_is_open(model: &Model) -> bool {
    let below = model.layers.top().is_none();
    below && route::base_contexts(model).first() == Some(&Context::Search)
}

/// The keys of the editor, while a line of the screen takes text.
fn line_key(model: &mut Model, action: composer::Action) -> Effects {
    if model.screen == Screen::Sessions {
        return browsing::edited(model, action);
    }
    model.hint("The words are changed at their end here: Backspace takes one back.")
}

/// The keys of a list, while the live screen takes text to search for.
fn search_key(model: &mut Model, action: layer::Action) -> Effects {
    match model.screen {
        Screen::Review => return reviewing::typed(model, action),
        Screen::Sessions => return browsing::typed(model, action),
        Screen::Start
        | Screen::Live
        | Screen::Notes
        | Screen::Compare
        | Screen::Report
        | Screen::Guide
        | Screen::Desk => {}
    }
    let input = match action {
        layer::Action::Accept => live::Input::Enter,
        layer::Action::Erase => live::Input::Backspace,
        layer::Action::Close => live::Input::Esc,
        layer::Action::Up
        | layer::Action::Down
        | layer::Action::PageUp
        | layer::Action::PageDown
        | layer::Action::First
        | layer::Action::Last
        | layer::Action::Refresh
        | layer::Action::Pick(_) => return Effects::none(),
    };
    model.live.input(input, &model.shared)
}

fn perform_app(model: &mut Model, app: App) -> Effects {
    match app {
        App::Help => {
            let help = Help::new(&model.keymap, &route::base_contexts(model));
            model.layers.open(Layer::Help(help));
        }
        App::Palette => {
            let palette = Palette::new(&model.keymap, &route::command_contexts(model));
            model.layers.open(Layer::Palette(palette));
        }
        App::Notices => {
            let list = NoticeList::new(&model.notices);
            model.layers.open(Layer::Notices(list));
        }
        App::Health => return checkup::open(model),
        App::Quit => return flow::quit(model),
        App::Interrupt => return flow::interrupt(model),
        App::Suspend => return Effects::one(Effect::Suspend),
        App::Repaint => return Effects::one(Effect::Repaint),
        App::Capture => {
            let ticket = model.tickets.issue();
            return Effects::one(Effect::Capture { ticket, part: None });
        }
        App::Mouse => {
            model.session.mouse = model.session.mouse.toggled();
            let words = match model.session.mouse {
                super::effect::MouseReports::On => "The mouse scrolls and focuses again.",
                super::effect::MouseReports::Off => "The mouse selects text; keys scroll.",
            };
            return Effects::one(Effect::Mouse(model.session.mouse)).and(model.hint(words));
        }
        App::Home => return flow::home(model),
        App::Left => return left::open(model),
    }
    Effects::none()
}

fn perform_run(model: &mut Model, run: Run) -> Effects {
    match run {
        Run::AnswerNow => flow::answer_now(model),
        Run::Stop => flow::ask_to_stop(model),
        Run::Compose if model.screen == Screen::Start => {
            model.setup.focus = Section::Editor;
            Effects::none()
        }
        Run::Compose if stored::moves(model) => stored::refuse(model),
        Run::Compose if aside::refuses(model, Action::Run(run)) => aside::busy(model),
        Run::Compose => {
            model.focus = Focus::Editor;
            Effects::none()
        }
        Run::Resume if model.screen == Screen::Start => {
            let wish = model.setup.resume();
            grant_setup(model, wish)
        }
        Run::Resume => again::resume(model),
        Run::Prompts if model.screen == Screen::Start => guiding::prompts(model),
        Run::Prompts => model.hint("That is for the start screen."),
        Run::Review => reviewing::open(model),
        Run::Report => reporting::open(model),
        Run::LeaveOut => conversation::leave_out(model),
        Run::Export => giving::open(model),
        Run::Team => aside::back(model),
        Run::Panes => {
            model.focus = Focus::Panes;
            Effects::none()
        }
    }
}

fn perform_setup(model: &mut Model, action: setup::Action) -> Effects {
    if model.screen != Screen::Start {
        return model.hint("That is for the start screen.");
    }
    let wish = model.setup.update(action);
    grant_setup(model, wish)
}

fn grant_setup(model: &mut Model, wish: setup::Wish) -> Effects {
    match wish {
        setup::Wish::Nothing => Effects::none(),
        setup::Wish::Write(text) => {
            model.composer.set(&text);
            Effects::none()
        }
        setup::Wish::Run if model.setup.launching.is_some() => model.hint("The team is starting."),
        setup::Wish::Run | setup::Wish::Resume(_) if aside::works(model) => aside::busy(model),
        setup::Wish::Run => match model.setup.launch(&model.composer.text()) {
            Ok(launch) => model.start(launch),
            Err(missing) => model.hint(missing),
        },
        setup::Wish::Discover if model.looking() => model.hint("Still looking."),
        setup::Wish::Discover => model.discover(),
        setup::Wish::Open(_) | setup::Wish::Resume(_) if model.setup.launching.is_some() => {
            model.hint("The team is starting.")
        }
        setup::Wish::Resume(run) => {
            let opened = model.open(run);
            model.waits.resume = model.waits.open;
            opened
        }
        setup::Wish::Open(run) => browsing::open(model, run, None),
        setup::Wish::Tell(text) => model.hint(text),
    }
}

fn perform_composer(model: &mut Model, action: composer::Action) -> Effects {
    match action {
        composer::Action::Submit(when) => flow::send(model, when),
        composer::Action::Target => flow::next_hearers(model),
        composer::Action::Editor => {
            let ticket = model.tickets.issue();
            model.waits.edit = Some(ticket);
            Effects::one(Effect::Edit {
                ticket,
                text: model.composer.text(),
                draft: Draft::Prose,
            })
        }
        composer::Action::Edit(edit) => {
            edit_text(model, edit);
            Effects::none()
        }
    }
}

fn edit_text(model: &mut Model, edit: Edit) {
    if model.composer.edit(edit) == Moved::PastEnd && model.screen == Screen::Start {
        model.setup.enter_lists();
    }
}

pub(super) fn grant(model: &mut Model, wish: layer::Wish) -> Effects {
    match wish {
        layer::Wish::Nothing => Effects::none(),
        layer::Wish::Close => {
            let written = model.layers.written();
            let stopped = giving::closing(model);
            model.layers.close();
            let told = written.map(|written| write_task(model, &written));
            stopped.and(told.unwrap_or_default())
        }
        layer::Wish::Perform(action) => {
            model.layers.close();
            perform(model, action)
        }
        layer::Wish::Answer(reply) => {
            model.layers.close();
            flow::answer(model, reply)
        }
        layer::Wish::Send(command) => Effects::one(Effect::Engine(command)),
        layer::Wish::CloseAndSend(command) => {
            model.layers.close();
            Effects::one(Effect::Engine(command))
        }
        layer::Wish::Edit(id, text) => {
            let ticket = model.tickets.issue();
            model.waits.answer = Some((ticket, id));
            Effects::one(Effect::Edit {
                ticket,
                text,
                draft: Draft::Prose,
            })
        }
        layer::Wish::Tell(words) => model.hint(words),
        layer::Wish::CheckUp => checkup::ask(model),
        layer::Wish::Left(ask) => left::ask(model, ask),
        layer::Wish::Give(ask) => giving::ask(model, ask),
        layer::Wish::Open(run) => {
            model.layers.close();
            browsing::open(model, run, None)
        }
    }
}

/// A prompt that was filled in goes into the task editor.
fn write_task(model: &mut Model, written: &layer::Written) -> Effects {
    model.composer.set(&written.text);
    model.setup.focus = Section::Editor;
    model.session.later = conversation::Later::new(written.later.clone());
    match written.later.len() {
        0 => Effects::none(),
        more => model.hint(format!(
            "The first of {} tasks; each of the others follows when the one before is answered.",
            more + 1
        )),
    }
}

fn take_input(model: &mut Model, input: Input) -> Effects {
    match input {
        Input::Char(c) => type_text(model, c.encode_utf8(&mut [0; 4])),
        Input::Paste(text) => type_text(model, &text),
        Input::Mouse(mouse) => take_mouse(model, mouse),
        Input::Prefix(key) => {
            model.waits.prefix = Some(key);
            model.hint(format!("{key} …"))
        }
        Input::Unbound(key) if desking::pressed(model, key) => Effects::none(),
        Input::Unbound(key) => model.hint(format!("{key} has no meaning here · F1 shows all keys")),
    }
}

/// Text for whatever has the focus; where nothing takes text, the editor does.
fn type_text(model: &mut Model, text: &str) -> Effects {
    if model.layers.top().is_some() {
        return match model.layers.type_text(text) {
            Some(wish) => grant(model, wish),
            None => model.hint("Nothing takes text here."),
        };
    }
    match model.screen {
        Screen::Start => model.setup.focus = Section::Editor,
        Screen::Live if model.live.capturing_text() && model.focus == Focus::Panes => {
            return model
                .live
                .input(live::Input::Paste(text.to_owned()), &model.shared);
        }
        Screen::Live if stored::moves(model) => return stored::refuse(model),
        Screen::Live if aside::refuses(model, Action::Run(Run::Compose)) => {
            return aside::busy(model);
        }
        Screen::Live => model.focus = Focus::Editor,
        Screen::Review if !route::editing(model) => return reviewing::type_text(model, text),
        Screen::Sessions => return browsing::type_text(model, text),
        Screen::Notes | Screen::Compare if !route::editing(model) => {
            return model.hint("Nothing takes text here.");
        }
        Screen::Review | Screen::Notes | Screen::Compare => {}
        Screen::Report => return reporting::type_text(model, text),
        Screen::Guide => return guiding::type_text(model, text),
        Screen::Desk => return desking::type_text(model, text),
    }
    let taken = model.composer.insert(text);
    if taken < text.len() {
        return model.hint(format!(
            "The editor holds 256 KiB; {} bytes were left out.",
            text.len() - taken
        ));
    }
    Effects::none()
}

fn take_mouse(model: &mut Model, mouse: Mouse) -> Effects {
    if model.layers.top().is_some() {
        let (action, times) = match mouse.kind {
            MouseKind::WheelUp(notches) => (layer::Action::Up, notches),
            MouseKind::WheelDown(notches) => (layer::Action::Down, notches),
            MouseKind::Click => return Effects::none(),
        };
        for _ in 0..times {
            let _ = model.layers.update(action);
        }
        return Effects::none();
    }
    let regions = model.seen.regions;
    let click = mouse.kind == MouseKind::Click;
    if layout::hit(regions.composer, mouse.column, mouse.row) {
        if stored::moves(model) && model.screen == Screen::Live {
            return playing::mouse(model, mouse);
        }
        if click && matches!(model.screen, Screen::Start | Screen::Live) {
            return perform_run(model, Run::Compose);
        }
        return Effects::none();
    }
    if !layout::hit(regions.main, mouse.column, mouse.row) {
        return Effects::none();
    }
    match model.screen {
        Screen::Start if click => {
            let wish = model.setup.click(usize::from(mouse.row - regions.main.y));
            grant_setup(model, wish)
        }
        Screen::Start => {
            let (action, times) = match mouse.kind {
                MouseKind::WheelUp(notches) => (setup::Action::Up, notches),
                MouseKind::WheelDown(notches) => (setup::Action::Down, notches),
                MouseKind::Click => return Effects::none(),
            };
            model.setup.focus = Section::Lists;
            for _ in 0..times {
                let _ = model.setup.update(action);
            }
            Effects::none()
        }
        Screen::Review => reviewing::mouse(model, mouse),
        Screen::Sessions => browsing::mouse(model, mouse),
        Screen::Notes => noting::mouse(model, mouse),
        Screen::Compare => comparing::mouse(model, mouse),
        Screen::Report => reporting::mouse(model, mouse),
        Screen::Guide => guiding::mouse(model, mouse),
        Screen::Desk => desking::mouse(model, mouse),
        Screen::Live => {
            if click {
                model.focus = Focus::Panes;
            }
            model.live.input(live_mouse(mouse), &model.shared)
        }
    }
}

fn take_answer(model: &mut Model, ticket: Ticket, done: Done) -> Effects {
    if ticket.is_review() {
        return reviewing::done(model, ticket, done);
    }
    match done {
        Done::Discovered(servers) => {
            model.setup.found_servers(ticket, servers);
            Effects::none()
        }
        Done::Health(rows) => {
            model.layers.checked(ticket, rows);
            Effects::none()
        }
        Done::Opened(piece) => stored::told(model, ticket, piece),
        Done::Sessions(Err(failure)) => model.tell(Level::Error, failure.to_string()),
        Done::Sessions(Ok(sessions)) => {
            model.setup.found_sessions(ticket, sessions);
            Effects::none()
        }
        Done::Woke => flow::woke(model, ticket),
        Done::Captured(Ok(path)) => model.tell(Level::Info, format!("Picture saved: {path}")),
        Done::Captured(Err(failure)) => {
            model.tell(Level::Error, format!("No picture was saved: {failure}"))
        }
        Done::Edited(result) => flow::edited(model, ticket, result),
        Done::LaunchFailed(failure) => flow::launch_failed(model, ticket, failure),
        Done::Highlighted(_) => {
            let aside = aside::done(model, ticket, &done);
            model.live.done(ticket, done).and(aside)
        }
        // Only the review screen asks for these, with its own tickets.
        Done::Room(Told::Review(_)) => Effects::none(),
        Done::Room(Told::Sessions(told)) => browsing::told(model, *told),
        Done::Room(Told::Notes(told)) => noting::told(model, *told),
        Done::Room(Told::Compare(told)) => comparing::told(model, *told),
        Done::Room(Told::Report(told)) => reporting::told(model, ticket, *told),
        Done::Room(Told::Guide(told)) => guiding::told(model, ticket, *told),
        Done::Room(Told::Desk(told)) => desking::told(model, *told),
        Done::Room(Told::Give(told)) => giving::told(model, *told),
        Done::Room(Told::Trust(told)) => trusting::told(model, *told),
        Done::Left(told) => left::told(model, told),
    }
}

/// A mouse report for the live screen.
fn live_mouse(mouse: Mouse) -> live::Input {
    let Mouse { kind, column, row } = mouse;
    match kind {
        MouseKind::Click => live::Input::Click { column, row },
        MouseKind::WheelUp(notches) => live::Input::Wheel {
            column,
            row,
            delta: -i32::from(notches),
        },
        MouseKind::WheelDown(notches) => live::Input::Wheel {
            column,
            row,
            delta: i32::from(notches),
        },
    }
}
