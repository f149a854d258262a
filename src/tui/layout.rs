//! Where things are: pure rectangles, used by update (hit tests), prepare and view alike.

use ratatui::layout::{Position, Rect, Size};

/// Size assumed when a terminal reports none (a pseudo-terminal that nobody sized is 0x0).
pub const FALLBACK: Size = Size::new(80, 24);

/// Smallest screen that shows more than a request to enlarge it.
pub const SMALLEST: Size = Size::new(24, 8);

/// Widest column of the start screen; wider lines are hard to read.
const COLUMN: u16 = 100;

/// The rectangles of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Regions {
    /// Start screen or live screen.
    pub main: Rect,
    /// The text of the editor; empty when there is none.
    pub editor: Rect,
    /// What surrounds the editor: its frame, or its rule and margin.
    pub composer: Rect,
    /// The last row: hints or a notice, and the badge.
    pub status: Rect,
}

/// How the live screen shows its editor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EditorRoom {
    /// Not at all: nobody would hear.
    None,
    /// One quiet row.
    Folded,
    /// A rule and this many rows.
    Open(u16),
}

/// True when the screen is too small to work on.
pub fn too_small(size: Size) -> bool {
    size.width < SMALLEST.width || size.height < SMALLEST.height
}

/// The size to work with.
pub fn effective(size: Size) -> Size {
    if size.width == 0 || size.height == 0 {
        FALLBACK
    } else {
        size
    }
}

/// Regions of the live screen.
pub fn live(size: Size, room: EditorRoom) -> Regions {
    let whole = Rect::new(0, 0, size.width, size.height);
    let (rest, status) = split_bottom(whole, 1);
    let wanted = match room {
        EditorRoom::None => 0,
        EditorRoom::Folded => 1,
        // The panes keep at least half of a small screen.
        EditorRoom::Open(rows) => (rows + 1).min((rest.height / 2).max(2)),
    };
    let (main, composer) = split_bottom(rest, wanted);
    let rule = u16::from(matches!(room, EditorRoom::Open(_)));
    let editor = Rect {
        x: composer.x + 2,
        y: composer.y + rule.min(composer.height),
        width: composer.width.saturating_sub(2),
        height: composer.height.saturating_sub(rule),
    };
    Regions {
        main,
        editor,
        composer,
        status,
    }
}

/// Regions of the start screen: `main` is the column for the lists, the title stands above the
/// editor, from the top of the screen.
pub fn start(size: Size, rows: u16) -> (Rect, Regions) {
    let whole = Rect::new(0, 0, size.width, size.height);
    let (rest, status) = split_bottom(whole, 1);
    let width = rest.width.min(COLUMN);
    let margin = (rest.width - width) / 2;
    // On a tall screen the content does not cling to the top.
    let air = rest.height.saturating_sub(30) / 3;
    let column = Rect {
        x: rest.x + margin,
        y: rest.y + air,
        width,
        height: rest.height - air,
    };
    let title_rows = match column.height {
        0..=11 => 1,
        12..=17 => 2,
        _ => 4,
    };
    let (title, below) = split_top(column, title_rows);
    let rows = rows.min((below.height / 2).saturating_sub(2).max(1));
    let (composer, main) = split_top(below, rows + 2);
    let editor = Rect {
        x: composer.x + 2,
        y: composer.y + 1,
        width: composer.width.saturating_sub(4),
        height: composer.height.saturating_sub(2),
    };
    (
        title,
        Regions {
            main,
            editor,
            composer,
            status,
        },
    )
}

/// Width of the editor on the start screen.
pub fn start_editor_width(size: Size) -> u16 {
    size.width.min(COLUMN).saturating_sub(4)
}

/// Width of the editor on the live screen.
pub fn live_editor_width(size: Size) -> u16 {
    size.width.saturating_sub(2)
}

/// A box in the middle of the screen, at most this large, one cell from the edges where there is
/// room. The first and the last row stay free: they say whose session this is, and which keys work.
pub fn centred(size: Size, width: u16, height: u16) -> Rect {
    let edge = |have: u16| if have > 30 { have - 2 } else { have };
    let width = width.min(edge(size.width));
    let room = size.height.saturating_sub(2);
    let height = height.min(room);
    Rect {
        x: (size.width - width) / 2,
        y: 1.min(size.height) + (room - height) / 2,
        width,
        height,
    }
}

/// True when the position lies in the rectangle.
pub fn hit(area: Rect, column: u16, row: u16) -> bool {
    area.contains(Position { x: column, y: row })
}

fn split_bottom(area: Rect, height: u16) -> (Rect, Rect) {
    let height = height.min(area.height);
    let rest = Rect {
        height: area.height - height,
        ..area
    };
    let bottom = Rect {
        y: rest.bottom(),
        height,
        ..area
    };
    (rest, bottom)
}

fn split_top(area: Rect, height: u16) -> (Rect, Rect) {
    let height = height.min(area.height);
    let top = Rect { height, ..area };
    let rest = Rect {
        y: top.bottom(),
        height: area.height - height,
        ..area
    };
    (top, rest)
}
