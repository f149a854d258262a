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
        Screen::Review
        | Screen::Sessions
        | Screen::Notes
        | Screen::Compare
        | Screen::Report
        | Screen::Guide
        | Screen::Desk => prepare_room(model),
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
        Screen::Start | Screen::Live => {}
        Screen::Review => {
            if let Some(room) = &mut rooms.review {
                room.prepare(shared, regions.main);
            }
        }
        Screen::Sessions => {
            if let Some(room) = &mut rooms.sessions {
                room.prepare(shared, regions.main);
            }
        }
        Screen::Notes => {
            if let Some(room) = &mut rooms.notes {
                room.prepare(shared, regions.main);
            }
        }
        Screen::Compare => {
            if let Some(room) = &mut rooms.compare {
                room.prepare(shared, regions.main);
            }
        }
        Screen::Report => {
            if let Some(room) = &mut rooms.report {
                room.prepare(shared, regions.main);
            }
        }
        Screen::Guide => {
            if let Some(open) = &mut rooms.guide {
                open.guide.prepare(shared, regions.main);
            }
        }
        Screen::Desk => {
            if let Some(open) = &mut rooms.desk {
                open.desk.prepare(shared, regions.main);
            }
        }
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
