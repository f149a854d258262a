//! The last row: a notice, or the keys that matter now.

use ratatui::{Frame, layout::Rect, style::Style, text::Span, widgets::Widget as _};

use super::{
    action::{Action, App, Run},
    again, aside, browsing, comparing,
    composer::{self, When},
    desking, guiding,
    keymap::Chord,
    layer, live,
    model::{Focus, Model, Screen},
    notes, noting, playing, replay, reporting, reviewing,
    rooms::Act,
    route,
    setup::{self, Section},
    stored,
    widget::{Hint, Weight, hints},
};
use crate::text::width;

/// Paints the row.
pub(super) fn view(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.shared.theme;
    let place = Rect {
        x: area.x + 1.min(area.width),
        width: area.width.saturating_sub(1),
        ..area
    };
    let (place, badge) = questions(model, place);
    let (place, team) = team(model, place);
    let line = match model.notices.shown() {
        Some(notice) => {
            let contexts = route::contexts(model);
            let key = model
                .keymap
                .key_for(&contexts, Action::App(App::Notices))
                .map(|key| key.to_string());
            notice.line(theme, place.width, key.as_deref())
        }
        None => hints(&current(model), theme, place.width),
    };
    line.render(place, frame.buffer_mut());
    for (badge, area) in badge.into_iter().chain(team) {
        badge.render(area, frame.buffer_mut());
    }
}

/// Cells that a notice has at least, whatever else stands in the row but questions.
const LEAST: usize = 24;

/// A word at the end of the row, and where it stands.
type Badge = (Span<'static>, Rect);

/// Cuts a badge off the end of the row, when there is room for it.
fn badge(row: Rect, words: String, style: Style) -> (Rect, Option<Badge>) {
    let cells = u16::try_from(width::of(&words)).unwrap_or(u16::MAX);
    if cells > row.width {
        return (row, None);
    }
    let rest = row.width - cells;
    let place = Rect {
        x: row.x + rest,
        width: cells,
        ..row
    };
    let row = Rect { width: rest, ..row };
    (row, Some((Span::styled(words, style), place)))
}

/// The team at work, while another session is on the screen.
fn team(model: &Model, row: Rect) -> (Rect, Option<Badge>) {
    let Some([long, short]) = aside::words(model) else {
        return (row, None);
    };
    // The keys of the screen want some room, too; what is told wants it more.
    let fits = usize::from(row.width) >= 3 * width::of(&long);
    let words = if fits { long } else { short };
    let left = usize::from(row.width).saturating_sub(width::of(&words));
    if left < LEAST && model.notices.shown().is_some() {
        return (row, None);
    }
    badge(row, words, model.shared.theme.accent)
}

/// How many questions wait, at the end of the row; in sight whatever else is said.
fn questions(model: &Model, row: Rect) -> (Rect, Option<Badge>) {
    let team = aside::team(model);
    let turn = team.run.turn.as_ref().filter(|_| team.live);
    let words = match turn.map_or(0, |turn| turn.waiting().count()) {
        0 => return (row, None),
        1 => "1 question".to_owned(),
        count => format!("{count} questions"),
    };
    // On the card itself the key would only close it.
    let open = matches!(model.layers.top(), Some(layer::Layer::Questions(_)));
    let action = Action::Talk(layer::Talk::Questions);
    let key = model.keymap.key_for(&route::contexts(model), action);
    let key = key
        .filter(|_| !open)
        .map_or_else(String::new, |key| format!(" {key}"));
    let words = format!(" ? {words}{key} ");
    badge(row, words, model.shared.theme.warn)
}

/// The keys that matter now, the most useful first.
fn current(model: &Model) -> Vec<Hint> {
    let wanted: &[(Action, &'static str)] = match (model.layers.top(), model.screen) {
        (Some(layer::Layer::Confirm(_)), _) => &[
            (Action::Layer(layer::Action::Accept), "take"),
            (Action::Layer(layer::Action::Down), "next"),
            (Action::Layer(layer::Action::Close), "stay"),
        ],
        (Some(layer::Layer::Questions(_)), _) => &[
            (Action::Layer(layer::Action::Accept), "answer"),
            (Action::Talk(layer::Talk::Skip), "skip"),
            (Action::Talk(layer::Talk::Next), "next"),
            (Action::Layer(layer::Action::Close), "later"),
            (Action::Layer(layer::Action::PageDown), "page"),
        ],
        (Some(layer::Layer::Messages(_)), _) => &[
            (Action::Talk(layer::Talk::Withdraw), "take back"),
            (Action::Layer(layer::Action::Down), "down"),
            (Action::Layer(layer::Action::Close), "close"),
        ],
        (Some(layer::Layer::Health(_)), _) => &[
            (Action::Layer(layer::Action::Refresh), "ask again"),
            (Action::Layer(layer::Action::Close), "close"),
            (Action::Layer(layer::Action::Down), "down"),
            (Action::Layer(layer::Action::PageDown), "page"),
        ],
        (Some(layer::Layer::Crew(_) | layer::Layer::Palette(_) | layer::Layer::Prompts(_)), _) => {
            &[
                (Action::Layer(layer::Action::Accept), "take"),
                (Action::Layer(layer::Action::Down), "down"),
                (Action::Layer(layer::Action::Close), "close"),
            ]
        }
        (Some(_), _) => &[
            (Action::Layer(layer::Action::Close), "close"),
            (Action::Layer(layer::Action::Down), "down"),
            (Action::Layer(layer::Action::PageDown), "page"),
        ],
        (None, Screen::Start) => start(model),
        (None, Screen::Live) => on_live(model),
        (None, Screen::Review) => reviewing::hints(model),
        (None, Screen::Sessions) => browsing::hints(model),
        (None, Screen::Notes) => noting::hints(model),
        (None, Screen::Compare) => comparing::hints(),
        (None, Screen::Report) => reporting::hints(model),
        (None, Screen::Guide) => guiding::hints(model),
        (None, Screen::Desk) => desking::hints(model),
    };
    let contexts = route::contexts(model);
    let panes =
        model.layers.top().is_none() && model.screen == Screen::Live && model.focus == Focus::Panes;
    let inside = (panes && !model.live.capturing_text() && model.live.leads_inside())
        .then_some((Action::Live(live::Action::Inside), "in and out of the team"));
    let mut hints: Vec<Hint> = inside
        .iter()
        .chain(wanted)
        .filter(|(action, _)| !aside::refuses(model, *action))
        .filter_map(|(action, does)| {
            let key = model.keymap.key_for(&contexts, *action)?;
            Some(Hint {
                key: Chord::to_string(&key),
                does,
                weight: weight(*action),
            })
        })
        .collect();
    if panes && let Some(review) = reviewing::offer(model) {
        hints.insert(0, review);
    }
    hints
}

/// How to get help and how to leave stay in sight the longest.
const fn weight(action: Action) -> Weight {
    match action {
        Action::App(App::Help | App::Quit | App::Interrupt) => Weight::Last,
        _ => Weight::Usual,
    }
}

fn start(model: &Model) -> &'static [(Action, &'static str)] {
    match model.setup.focus {
        Section::Editor if model.setup.unfinished().is_some() => &[
            (Action::Setup(setup::Action::Run), "run"),
            (Action::Setup(setup::Action::NextSection), "teams, samples"),
            (Action::Run(Run::Resume), "resume last"),
            (Action::App(App::Help), "keys"),
            (Action::App(App::Interrupt), "leave"),
        ],
        Section::Editor => &[
            (Action::Setup(setup::Action::Run), "run"),
            (Action::Setup(setup::Action::NextSection), "teams, samples"),
            (
                Action::Composer(composer::Action::Edit(composer::Edit::Newline)),
                "new line",
            ),
            (Action::App(App::Help), "keys"),
            (Action::App(App::Interrupt), "leave"),
        ],
        Section::Lists => &[
            (Action::Setup(setup::Action::Choose), "take"),
            (Action::Setup(setup::Action::NextSection), "next part"),
            (
                Action::Setup(setup::Action::Adjust(setup::Step::More)),
                "change",
            ),
            (Action::Setup(setup::Action::Editor), "task"),
            (Action::App(App::Help), "keys"),
            (Action::App(App::Quit), "leave"),
        ],
    }
}

/// The pages of a turn that is over.
const PAGES: [(Action, &str); 6] = [
    (
        Action::Live(live::Action::Page(live::Show::Final)),
        "answer",
    ),
    (
        Action::Live(live::Action::Page(live::Show::Agents)),
        "agents",
    ),
    (Action::Live(live::Action::Page(live::Show::Votes)), "votes"),
    (
        Action::Live(live::Action::Page(live::Show::Timeline)),
        "timeline",
    ),
    (Action::Live(live::Action::Page(live::Show::Team)), "team"),
    (Action::Live(live::Action::Page(live::Show::Cost)), "cost"),
];

/// What is done with a session that is over.
const PLAY: (Action, &str) = (Action::Room(Act::Replay(replay::Action::Start)), "play");
const NOTES: (Action, &str) = (
    Action::Room(Act::Notes(notes::Action::Here(notes::Here::Open))),
    "notes",
);
const GIVE: (Action, &str) = (Action::Run(Run::Export), "export");

/// The keys of the editor on the live screen.
fn in_editor(model: &Model) -> &'static [(Action, &'static str)] {
    if model.shared.running() {
        &[
            (
                Action::Composer(composer::Action::Submit(When::Queue)),
                "queue",
            ),
            (
                Action::Composer(composer::Action::Submit(When::Now)),
                "interrupt",
            ),
            (Action::Composer(composer::Action::Target), "to whom"),
            (Action::Run(Run::Panes), "panes"),
            (Action::App(App::Help), "keys"),
        ]
    } else {
        &[
            (
                Action::Composer(composer::Action::Submit(When::Queue)),
                "run",
            ),
            (Action::Run(Run::Panes), "panes"),
            (Action::App(App::Help), "keys"),
        ]
    }
}

fn on_live(model: &Model) -> &'static [(Action, &'static str)] {
    match model.focus {
        Focus::Editor => in_editor(model),
        Focus::Panes if model.live.capturing_text() => &[
            (
                Action::Live(live::Action::Search(live::Find::Next)),
                "next hit",
            ),
            (
                Action::Live(live::Action::Search(live::Find::Close)),
                "end the search",
            ),
        ],
        Focus::Panes if model.shared.running() => &[
            (
                Action::Live(live::Action::Focus(live::Focus::Next)),
                "agent",
            ),
            (Action::Live(live::Action::Zoom), "zoom"),
            (Action::Live(live::Action::Page(live::Show::Votes)), "votes"),
            (Action::Run(Run::Compose), "write"),
            (Action::Run(Run::AnswerNow), "answer now"),
            (Action::Run(Run::Stop), "stop"),
            PAGES[4],
            PAGES[5],
            (Action::App(App::Help), "keys"),
            (Action::App(App::Quit), "leave"),
        ],
        Focus::Panes if model.shared.live => &[
            PAGES[0],
            PAGES[1],
            PAGES[2],
            PAGES[3],
            (Action::Run(Run::Compose), "next task"),
            NOTES,
            GIVE,
            (Action::App(App::Home), "new session"),
            PAGES[4],
            PAGES[5],
            (Action::App(App::Help), "keys"),
            (Action::App(App::Quit), "leave"),
        ],
        Focus::Panes if stored::reads(model) => playing::READING,
        Focus::Panes if stored::moves(model) => playing::HINTS,
        Focus::Panes if again::broke_off(model) => &[
            PAGES[0],
            PAGES[1],
            PAGES[2],
            PAGES[3],
            (Action::Run(Run::Resume), "go on with it"),
            PLAY,
            NOTES,
            GIVE,
            (Action::Run(Run::Compose), "next task"),
            (Action::App(App::Home), "start screen"),
            PAGES[4],
            PAGES[5],
            (Action::App(App::Help), "keys"),
            (Action::App(App::Quit), "leave"),
        ],
        Focus::Panes => &[
            PAGES[0],
            PAGES[1],
            PAGES[2],
            PAGES[3],
            PLAY,
            NOTES,
            GIVE,
            (Action::Run(Run::Compose), "next task"),
            (Action::App(App::Home), "start screen"),
            PAGES[4],
            PAGES[5],
            (Action::App(App::Help), "keys"),
            (Action::App(App::Quit), "leave"),
        ],
    }
}
