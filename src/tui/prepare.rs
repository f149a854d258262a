//! Brings derived state up to date before a frame: where things are, the rows that are seen.
//!
//! Idempotent: preparing twice is preparing once. Costs what is visible, not what there is.

use super::{
    layout::{self, EditorRoom},
    model::{Focus, Model, Screen, Seen},
    route, stored,
};

/// Prepares the next frame.
pub fn prepare(model: &mut Model) {
    if layout::too_small(model.size) {
        return;
    }
    match model.screen {
        Screen::Start => prepare_start(model),
        Screen::Live => prepare_live(model),
        Screen::Review | Screen::Notes | Screen::Compare => prepare_room(model),
        Screen::Sessions => prepare_sessions(model),
        Screen::Report => prepare_report(model),
        Screen::Guide => prepare_guide(model),
        Screen::Desk => prepare_desk(model),
    }
    model.layers.prepare(&model.shared.theme, model.size);
}

fn prepare_start(model: &mut Model) {
    let rows = model.composer.rows(layout::start_editor_width(model.size));
    let (title, regions) = layout::start(model.size, rows);
    model.seen = Seen { title, regions };
    model
        .setup
        .prepare(&model.shared, model.composer.is_empty(), regions.main);
}

fn prepare_room(model: &mut Model) {
    let room = if route::editing(model) {
        EditorRoom::Open(model.composer.rows(layout::live_editor_width(model.size)))
    } else {
        EditorRoom::None
    };
    let regions = layout::live(model.size, room);
    model.seen = Seen {
        regions,
        ..Seen::default()
    };
    let (rooms, shared) = (&mut model.rooms, &model.shared);
    match model.screen {
        Screen::Start
        | Screen::Live
        | Screen::Sessions
        | Screen::Report
        | Screen::Guide
        | Screen::Desk => {}
        Screen::Review => {
            if let Some(review) = &mut rooms.review {
                review.prepare(shared, regions.main);
            }
        }
        Screen::Notes => {
            if let Some(entered) = &mut rooms.notes {
                entered.room.prepare(shared, regions.main);
            }
        }
        Screen::Compare => {
            if let Some(entered) = &mut rooms.compare {
                entered.prepare(shared, regions.main);
            }
        }
    }
}

fn prepare_sessions(model: &mut Model) {
    let regions = layout::live(model.size, EditorRoom::None);
    model.seen = Seen {
        regions,
        ..Seen::default()
    };
    if let Some(sessions) = &mut model.rooms.sessions {
        sessions.prepare(&model.shared, regions.main);
    }
}

fn prepare_report(model: &mut Model) {
    let regions = layout::live(model.size, EditorRoom::None);
    model.seen = Seen {
        regions,
        ..Seen::default()
    };
    if let Some(open) = &mut model.rooms.report {
        open.report.prepare(&model.shared, regions.main);
    }
}

fn prepare_desk(model: &mut Model) {
    let regions = layout::live(model.size, EditorRoom::None);
    model.seen = Seen {
        regions,
        ..Seen::default()
    };
    if let Some(open) = &mut model.rooms.desk {
        open.desk.prepare(&model.shared, regions.main);
    }
}

fn prepare_guide(model: &mut Model) {
    let regions = layout::live(model.size, EditorRoom::None);
    model.seen = Seen {
        regions,
        ..Seen::default()
    };
    if let Some(open) = &mut model.rooms.guide {
        open.guide.prepare(&model.shared, regions.main);
    }
}

fn prepare_live(model: &mut Model) {
    let room = if stored::moves(model) {
        // The bar stands where the quiet editor of a living session does.
        EditorRoom::Folded
    } else if !model.shared.live && model.focus != Focus::Editor {
        EditorRoom::None
    } else if model.focus == Focus::Editor || !model.composer.is_empty() {
        EditorRoom::Open(model.composer.rows(layout::live_editor_width(model.size)))
    } else {
        EditorRoom::Folded
    };
    let regions = layout::live(model.size, room);
    model.seen = Seen {
        regions,
        ..Seen::default()
    };
    model.live.prepare(&model.shared, regions.main);
}
