//! Painting of one agent's pane: a title row that says who and what, the column, a border with the
//! scrollbar's thumb.
//!
//! The focused pane has a heavy frame and a mark, so it is known without colour. When the title is
//! too narrow, the least important parts go first: model, cost, tokens, label.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{
    flow::Flow,
    grid::{take_bottom, take_top},
    ink::{Role, Words, clip, put},
    phrase::{self, clean},
    search::{Hits, Search},
};
use crate::{
    run::{Activity, AgentState, Turn},
    text::width,
    tui::{detail::Detail, shared::Shared},
};

/// Columns below which a pane has no frame.
const FRAME: u16 = 24;

/// What a pane needs to know about its surroundings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    /// The pane has the focus.
    pub(super) focused: bool,
    /// Rows that say the agent's part of the task.
    pub(super) part: u16,
    /// The search in it.
    pub(super) search: Option<&'a Search>,
    /// The key that jumps to the end.
    pub(super) end_key: &'a str,
}

/// Where the parts of a pane stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    /// Who and what.
    pub(super) title: Rect,
    /// The agent's part of the task; may be empty.
    pub(super) part: Rect,
    /// The column.
    pub(super) column: Rect,
    /// Right border with the thumb; may be empty.
    pub(super) border: Rect,
    /// The search line; may be empty.
    pub(super) search: Rect,
}

impl Parts {
    /// Divides a pane.
    pub(super) fn of(place: Rect, part: u16, searching: Searching) -> Self {
        let mut rest = place;
        let title = take_top(&mut rest, 1);
        let mut parts = Self::under(title, rest, searching);
        parts.part = take_top(&mut parts.column, part);
        parts
    }

    /// Divides a page, which has no title.
    pub(super) fn page(place: Rect, searching: Searching) -> Self {
        Self::under(
            Rect::new(place.x, place.y, place.width, 0),
            place,
            searching,
        )
    }

    fn under(title: Rect, rest: Rect, searching: Searching) -> Self {
        let mut column = rest;
        let mut border = Rect::new(rest.right(), rest.y, 0, rest.height);
        if rest.width >= FRAME {
            border = Rect::new(rest.right() - 1, rest.y, 1, rest.height);
            column.x += 1;
            column.width -= 3;
        }
        let search = match searching {
            Searching::Here => take_bottom(&mut column, 1),
            Searching::Elsewhere => Rect::default(),
        };
        Self {
            title,
            part: Rect::default(),
            column,
            border,
            search,
        }
    }
}

/// Whether a column has the search line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Searching {
    /// It has.
    Here,
    /// It has not.
    Elsewhere,
}

/// Paints a pane.
pub(super) fn paint(
    buffer: &mut Buffer,
    place: Rect,
    flow: &Flow,
    who: (&AgentState, &Turn),
    frame: Frame<'_>,
    shared: &Shared,
) {
    let searching = match frame.search {
        Some(_) => Searching::Here,
        None => Searching::Elsewhere,
    };
    let parts = Parts::of(place, frame.part, searching);
    title(buffer, parts.title, who, frame, shared);
    column(buffer, parts, flow, frame, shared);
    let (agent, turn) = who;
    if let Some(words) = turn.part_words(agent.card.id) {
        let place = parts.part;
        let words = Words::of(Role::Info, clean(&words));
        words.paint(buffer, place.x, place.y, place.width, &shared.theme);
    }
    let waiting = match agent.activity {
        // A log that ends here: nobody is asking any more.
        _ if !shared.lively() => return,
        Activity::Starting => "starting…",
        Activity::Asked => "asking…",
        Activity::Thinking if shared.detail < Detail::Usual => "thinking…",
        Activity::Tool { .. } if shared.detail < Detail::Tools => "using a tool…",
        Activity::Waiting if turn.sits_out(agent.card.id) => {
            "not asked in this turn; waits for the next one"
        }
        Activity::Thinking
        | Activity::Writing
        | Activity::Drafting
        | Activity::Tool { .. }
        | Activity::Retrying { .. }
        | Activity::Voted
        | Activity::Waiting
        | Activity::Presenting
        | Activity::Away(_)
        | Activity::Done => return,
    };
    // In the first free row, so that an agent that is only waited for does not look dead.
    let free = parts.column.height.saturating_sub(1).into();
    if flow.total() <= free {
        let mut rest = parts.column;
        take_top(&mut rest, u16::try_from(flow.total()).unwrap_or(0));
        put(buffer, rest, waiting, shared.theme.dim);
    }
}

/// Paints a column with its border, pill and search line.
pub(super) fn column(
    buffer: &mut Buffer,
    parts: Parts,
    flow: &Flow,
    frame: Frame<'_>,
    shared: &Shared,
) {
    let nothing = Hits::default();
    let hits = frame.search.map_or(&nothing, |search| &search.hits);
    flow.paint(buffer, parts.column, shared, hits);
    border(buffer, parts.border, flow, frame, shared);
    pill(buffer, parts.column, flow, frame.end_key, shared);
    if let Some(search) = frame.search {
        search_line(buffer, parts.search, search, shared);
    }
}

fn lines(frame: Frame<'_>, shared: &Shared) -> (&'static str, &'static str, &'static str, Style) {
    if frame.focused {
        ("━", "┃", "┓", shared.theme.border_focus)
    } else {
        ("─", "│", "┐", shared.theme.border)
    }
}

fn title(
    buffer: &mut Buffer,
    row: Rect,
    who: (&AgentState, &Turn),
    frame: Frame<'_>,
    shared: &Shared,
) {
    let row = clip(buffer, row);
    if row.is_empty() {
        return;
    }
    let (level, _, corner, style) = lines(frame, shared);
    let framed = row.width >= FRAME;
    let mut inner = row;
    if framed {
        put(buffer, row, &level.repeat(usize::from(row.width)), style);
        put(
            buffer,
            Rect::new(row.right() - 1, row.y, 1, 1),
            corner,
            style,
        );
        inner = Rect::new(row.x + 1, row.y, row.width - 3, 1);
    }
    let (left, right) = title_words(who, frame, usize::from(inner.width), shared);
    let used = left.paint(buffer, inner.x, inner.y, inner.width, &shared.theme);
    let rest = Rect::new(inner.x + used, inner.y, inner.width - used, 1);
    right.paint_right(buffer, rest, &shared.theme);
}

/// Left and right part of the title, shortened until they fit.
fn title_words(
    (agent, turn): (&AgentState, &Turn),
    frame: Frame<'_>,
    room: usize,
    shared: &Shared,
) -> (Words, Words) {
    /// Steps of giving parts up.
    const STEPS: usize = 6;
    let mark = if frame.focused { "▸" } else { " " };
    let name_role = if frame.focused {
        Role::Accent
    } else {
        Role::Strong
    };
    let name = clean(&agent.card.name);
    let mut fallback = (Words::new(), Words::new());
    for given_up in 0..=STEPS {
        let mut left = Words::of(Role::Accent, mark)
            .and(Role::Dim, agent.card.id.0.to_string())
            .and(Role::Dim, " ")
            .and(name_role, name.as_str());
        let mut right = Words::of(Role::Text, " ");
        if given_up < 1 {
            left.push(Role::Dim, format!(" {}", clean(&agent.card.model)));
        }
        if given_up < 5
            && let Some(label) = agent.current
        {
            left.push(Role::Info, format!(" {label}"));
            let seq = turn.published_by(label).map(|seq| seq.0);
            if let Some(notes) = seq.and_then(|seq| shared.noted.get(&seq)) {
                left.push(Role::Warn, format!(" ✍{notes}"));
            }
        }
        left.push(Role::Text, " ");
        right.append(match given_up {
            0..3 => phrase::state(agent, turn, shared),
            3..6 => phrase::brief_state(agent, turn, shared),
            _ => phrase::short_state(agent, shared),
        });
        let tokens = phrase::total(agent.usage, agent.streamed);
        if given_up < 4 && tokens > 0 {
            right.push(Role::Dim, format!(" · {} tok", phrase::tokens(tokens)));
        }
        let money = phrase::money(agent.usage);
        if given_up < 2 && !money.is_empty() {
            right.push(Role::Dim, format!(" · {money}"));
        }
        right.push(Role::Text, " ");
        let free = room.saturating_sub(right.width());
        if left.width() <= free {
            return (left, right);
        }
        fallback = (left, right);
    }
    // Not even the short state fits beside the name: the name is cut, the state stays.
    let (_, right) = fallback;
    let left_room = room.saturating_sub(right.width() + 4);
    let left = Words::of(Role::Accent, mark)
        .and(Role::Dim, agent.card.id.0.to_string())
        .and(Role::Dim, " ")
        .and(name_role, width::fit(&name, left_room).into_owned());
    (left, right)
}

fn border(buffer: &mut Buffer, area: Rect, flow: &Flow, frame: Frame<'_>, shared: &Shared) {
    let area = clip(buffer, area);
    let (_, upright, _, style) = lines(frame, shared);
    for y in area.top()..area.bottom() {
        put(buffer, Rect::new(area.x, y, area.width, 1), upright, style);
    }
    if let Some((at, size)) = flow.thumb(area.height) {
        for y in area.top() + at..(area.top() + at + size).min(area.bottom()) {
            put(buffer, Rect::new(area.x, y, area.width, 1), "█", style);
        }
    }
}

/// Where the mark of what is below stands, and its words.
pub(super) fn pill_place(flow: &Flow, column: Rect, key: &str) -> Option<(Rect, String)> {
    let (below, new) = flow.below();
    if below == 0 || column.height < 2 {
        return None;
    }
    let text = if new > 0 {
        let lines = phrase::count(new as u64, "new line", "new lines");
        format!(" ↓ {lines} · {key} ")
    } else {
        format!(" ↓ {below} more · {key} ")
    };
    let taken = u16::try_from(width::of(&text)).ok()?;
    (taken <= column.width).then(|| {
        let place = Rect::new(column.right() - taken, column.bottom() - 1, taken, 1);
        (place, text)
    })
}

/// Says how much is below, and the key that goes there.
fn pill(buffer: &mut Buffer, column: Rect, flow: &Flow, key: &str, shared: &Shared) {
    if let Some((place, text)) = pill_place(flow, column, key) {
        let (_, new) = flow.below();
        let style = if new > 0 {
            shared.theme.accent.patch(shared.theme.selection)
        } else {
            shared.theme.dim
        };
        put(buffer, place, &text, style);
    }
}

fn search_line(buffer: &mut Buffer, row: Rect, search: &Search, shared: &Shared) {
    let row = clip(buffer, row);
    buffer.set_style(row, shared.theme.text);
    let mut words = Words::of(Role::Accent, "/").and(Role::Strong, search.needle.as_str());
    if search.editing {
        words.push(Role::Accent, "▏");
    }
    words.push(Role::Dim, format!("  {}", search.standing()));
    words.paint(buffer, row.x, row.y, row.width, &shared.theme);
}
