//! Paints a prepared model: the screen, the editor, the last row, the overlays.

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::{Block, BorderType, Widget as _},
};

use super::{
    composer::Look,
    conversation, layout,
    model::{Focus, Hearers, Model, Screen},
    route, status, stored,
    widget::demo_badge,
};
use crate::{
    protocol::{Target, address::address},
    text::width,
};

/// Paints the frame.
pub fn view(model: &Model, frame: &mut Frame<'_>) {
    if layout::too_small(model.size) {
        too_small(model, frame);
        return;
    }
    let theme = &model.shared.theme;
    let regions = model.seen.regions;
    match model.screen {
        Screen::Start => {
            model
                .setup
                .view(theme, frame, model.seen.title, regions.main);
            task_editor(model, frame);
        }
        Screen::Live => {
            model.live.view(&model.shared, frame, regions.main);
            if !stored::view(model, frame.buffer_mut()) {
                message_editor(model, frame);
            }
        }
        Screen::Review => {
            if let Some(review) = &model.rooms.review {
                review.view(&model.shared, frame.buffer_mut(), regions.main);
            }
            message_editor(model, frame);
        }
        Screen::Sessions => {
            if let Some(sessions) = &model.rooms.sessions {
                sessions.view(theme, frame, regions.main);
            }
        }
        Screen::Notes => {
            if let Some(notes) = &model.rooms.notes {
                notes.view(&model.shared, frame, regions.main);
            }
            message_editor(model, frame);
        }
        Screen::Compare => {
            if let Some(compare) = &model.rooms.compare {
                compare.view(&model.shared, frame, regions.main);
            }
        }
        Screen::Desk => {
            if let Some(open) = &model.rooms.desk {
                open.desk.view(theme, frame, regions.main);
            }
        }
        Screen::Guide => {
            if let Some(open) = &model.rooms.guide {
                open.guide.view(theme, frame, regions.main);
            }
        }
        Screen::Report => {
            if let Some(report) = &model.rooms.report {
                report.view(&model.shared, frame);
            }
        }
    }
    status::view(model, frame, regions.status);
    model.layers.view(theme, frame);
}

/// Nothing fits; say so, and how to leave.
fn too_small(model: &Model, frame: &mut Frame<'_>) {
    let theme = &model.shared.theme;
    let area = frame.area();
    let mut lines = vec![
        Line::styled("terminal too small", theme.warn),
        Line::styled(
            format!(
                "{}x{}, needs {}x{}",
                model.size.width,
                model.size.height,
                layout::SMALLEST.width,
                layout::SMALLEST.height
            ),
            theme.dim,
        ),
        Line::styled("Ctrl-C twice leaves", theme.dim),
    ];
    if model.shared.demo() {
        lines.insert(0, Line::from(demo_badge(theme, area.width)));
    }
    for (line, y) in lines.into_iter().zip(area.y..area.bottom()) {
        line.render(
            Rect {
                y,
                height: 1,
                ..area
            },
            frame.buffer_mut(),
        );
    }
}

fn task_editor(model: &Model, frame: &mut Frame<'_>) {
    let theme = &model.shared.theme;
    let regions = model.seen.regions;
    let focused = route::editing(model);
    let style = if focused {
        theme.border_focus
    } else {
        theme.border
    };
    Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(style)
        // The frame below may be dimmed.
        .title(Line::styled(
            conversation::title(model),
            Style::reset().patch(theme.strong),
        ))
        .render(regions.composer, frame.buffer_mut());
    let look = Look {
        placeholder: "What should the team work on?".to_owned(),
        dim: theme.dim,
        focused: focused && model.layers.top().is_none(),
    };
    model.composer.view(&look, frame, regions.editor);
}

fn message_editor(model: &Model, frame: &mut Frame<'_>) {
    let theme = &model.shared.theme;
    let regions = model.seen.regions;
    if regions.composer.is_empty() {
        return;
    }
    let room = matches!(model.screen, Screen::Review | Screen::Notes);
    let focused = model.focus == Focus::Editor || room;
    let open = regions.editor.y > regions.composer.y;
    if open {
        rule(model, frame);
    }
    let prompt = if focused { theme.accent } else { theme.dim };
    let mark = Rect {
        y: regions.editor.y,
        height: 1,
        ..regions.composer
    };
    Span::styled("› ", prompt).render(mark, frame.buffer_mut());
    let look = Look {
        placeholder: placeholder(model),
        dim: theme.dim,
        focused: focused && model.layers.top().is_none(),
    };
    model.composer.view(&look, frame, regions.editor);
}

/// The rule above an open editor says who hears.
fn rule(model: &Model, frame: &mut Frame<'_>) {
    let theme = &model.shared.theme;
    let area = model.seen.regions.composer;
    let style = if route::editing(model) {
        theme.border_focus
    } else {
        theme.border
    };
    let words = if let (Screen::Review, Some(review)) = (model.screen, &model.rooms.review) {
        format!(" {} ", review.rule())
    } else if let (Screen::Notes, Some(notes)) = (model.screen, &model.rooms.notes) {
        format!(" {} ", notes.rule(&model.shared.run))
    } else if model.shared.running() {
        format!(" to {} ", hearers(model))
    } else {
        " next task for this team ".to_owned()
    };
    let words = width::fit(&words, usize::from(area.width.saturating_sub(4))).into_owned();
    let rest = usize::from(area.width).saturating_sub(2 + width::of(&words));
    Line::from(vec![
        Span::styled("──", style),
        Span::styled(words, theme.accent),
        Span::styled("─".repeat(rest), style),
    ])
    .render(Rect { height: 1, ..area }, frame.buffer_mut());
}

fn placeholder(model: &Model) -> String {
    if matches!(model.screen, Screen::Review | Screen::Notes) {
        return "Enter notes it, Alt-Enter begins a new line, Esc leaves it".to_owned();
    }
    let focused = model.focus == Focus::Editor;
    let steers = model.shared.running() && focused;
    if let Some(words) = conversation::placeholder(model).filter(|_| !steers) {
        return words;
    }
    match (model.shared.running(), focused) {
        (true, true) => {
            "What should they hear? Enter queues it, Alt-N interrupts, @1,3 chooses".to_owned()
        }
        (true, false) if model.shared.run.is_over() => between(model),
        (true, false) => format!("i writes to {}", hearers(model)),
        (false, true) => "What should the team do next?".to_owned(),
        (false, false) => "i writes the next task for this team".to_owned(),
    }
}

/// What holds a task up that takes several turns.
fn between(model: &Model) -> String {
    let waiting = model.shared.run.turn.as_ref();
    match waiting.map_or(0, |turn| turn.waiting().count()) {
        0 => "the next step begins…".to_owned(),
        _ => "nobody is at work until you answer (F3)".to_owned(),
    }
}

/// Who hears a message, for people. Names at its beginning count more than what was chosen.
fn hearers(model: &Model) -> String {
    let chosen = chosen(model);
    let text = model.composer.text();
    let list = text
        .strip_prefix('@')
        .and_then(|rest| rest.split(char::is_whitespace).next());
    let (Some(list), Some(turn)) = (list, &model.shared.run.turn) else {
        return chosen;
    };
    match address(list, &turn.cards()) {
        Ok(Target::All) => "all agents".to_owned(),
        Ok(Target::One(agent)) => turn.name(agent).to_owned(),
        Ok(Target::Several(agents)) => {
            let names: Vec<_> = agents.iter().map(|agent| turn.name(*agent)).collect();
            names.join(", ")
        }
        // While it is being typed there is nothing to say yet.
        Err(_) if list.is_empty() => chosen,
        Err(_) => format!("{chosen}, @{} names nobody", width::fit(list, 20)),
    }
}

/// Who was chosen to hear it.
fn chosen(model: &Model) -> String {
    let focused = model.live.focused_agent();
    match (model.session.hearers, focused, &model.shared.run.turn) {
        (Hearers::Focused, Some(agent), Some(turn)) => turn.name(agent).to_owned(),
        (Hearers::All | Hearers::Focused, _, _) => "all agents".to_owned(),
    }
}
