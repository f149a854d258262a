//! Preparing and painting the whole screen.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    Live, Target,
    flow::Flow,
    grid::{Geometry, Panes, Plan},
    header::{self, Aside},
    ink::{clip, put},
    pane::{self, Parts, Searching},
    search::Search,
    strip::Strip,
    votes,
};
use crate::{run::Turn, tui::shared::Shared};

/// Derives what `view` paints.
pub(super) fn prepare(live: &mut Live, shared: &Shared, area: Rect) {
    live.focus = live.focus.min(live.panes.len().saturating_sub(1));
    let panes = if !live.shows_panes() {
        Panes::None
    } else if live.zoom {
        Panes::One
    } else {
        Panes::All
    };
    let turn = live.turn(shared);
    let votes = match turn {
        Some(turn) if panes != Panes::None => votes::strip(turn, area.width).len(),
        _ => 0,
    };
    let plan = Plan {
        agents: live.panes.len(),
        focus: live.focus,
        panes,
        votes: u16::try_from(votes).unwrap_or(0),
        part: turn.map_or(0, |turn| {
            u16::from(!turn.start.rules.mode.parts().is_empty())
        }),
    };
    live.sight.geometry = Geometry::of(area, plan);
    live.sight.strip = turn.map_or_else(Strip::default, |turn| {
        let geometry = &live.sight.geometry;
        Strip::of(geometry.strip, turn, (live.focus, geometry.page), shared)
    });
    if let Some(turn) = turn {
        let page = live.page;
        match &mut live.earlier {
            Some((_, pages)) => pages.refresh(page, turn, shared),
            None => live.pages.refresh(page, turn, shared),
        }
    }
    lay_out(live, shared);
}

/// Lays out every column in sight.
fn lay_out(live: &mut Live, shared: &Shared) {
    let mut search = live.search.take();
    if live.shows_panes() {
        for (index, place) in live.sight.geometry.panes.clone() {
            let focused = index == live.focus;
            if let Some(pane) = live.panes.get_mut(index) {
                let search = search.as_mut().filter(|_| focused);
                let here = search
                    .as_ref()
                    .map_or(Searching::Elsewhere, |_| Searching::Here);
                let column = Parts::of(place, live.sight.geometry.part, here).column;
                column_out(&mut pane.transcript.flow, column, search, shared);
            }
        }
    } else {
        let here = search
            .as_ref()
            .map_or(Searching::Elsewhere, |_| Searching::Here);
        let column = Parts::page(live.sight.geometry.body, here).column;
        if let Some(flow) = live.flow_mut() {
            column_out(flow, column, search.as_mut(), shared);
        }
    }
    live.search = search;
    collect(live, shared);
}

/// Takes over the code that this layout found complete.
fn collect(live: &mut Live, shared: &Shared) {
    let mut found = Vec::new();
    for pane in &mut live.panes {
        let id = pane.id;
        let jobs = pane.transcript.flow.take_jobs().into_iter();
        found.extend(jobs.map(|(block, job)| (Target::Pane(id, block), job)));
    }
    let page = live.page;
    let earlier = live.earlier.as_ref().map(|(index, _)| *index);
    let target = |block| match earlier {
        Some(index) => Target::Earlier(index, page, block),
        None => Target::Page(page, block),
    };
    let pages = match &mut live.earlier {
        Some((_, pages)) => pages,
        None => &mut live.pages,
    };
    let jobs = pages.flow_mut(page).take_jobs().into_iter();
    found.extend(jobs.map(|(block, job)| (target(block), job)));
    for (_, job) in &mut found {
        job.colour = shared.theme.colour;
    }
    live.tickets.found.append(&mut found);
}

fn column_out(flow: &mut Flow, column: Rect, search: Option<&mut Search>, shared: &Shared) {
    flow.prepare(column.width.max(1), column.height, shared);
    let Some(search) = search else { return };
    let step = search.pending();
    if search.settle(flow, shared) {
        flow.prepare(column.width.max(1), column.height, shared);
        // The hits of the opened block are the same, its version is not.
        search.settle(flow, shared);
    }
    if step {
        search.reveal(flow);
    }
}

/// Whether the focused column has the search line.
pub(super) fn searching(live: &Live, here: Searching) -> Searching {
    match live.search {
        Some(_) => here,
        None => Searching::Elsewhere,
    }
}

/// Paints everything.
pub(super) fn view(live: &Live, shared: &Shared, buffer: &mut Buffer, area: Rect) {
    let area = clip(buffer, area);
    if area.is_empty() {
        return;
    }
    let geometry = &live.sight.geometry;
    let turn = live.turn(shared);
    // Without a second row, a remark takes the place of the state; the badge stays.
    let remark = live.flash.as_ref().filter(|_| geometry.tabs.is_empty());
    let remark = remark.map(|(_, text)| text.as_str());
    let mut status = geometry.status;
    if geometry.tabs.is_empty()
        && !live.shows_panes()
        && remark.is_none()
        && let Some(turn) = turn
    {
        let earlier = live.earlier.as_ref().map(|(index, _)| index + 1);
        let words = header::here((live.page, earlier), turn, status.width, shared);
        let used = words.paint(buffer, status.x, status.y, status.width, &shared.theme);
        status.x += used;
        status.width = status.width.saturating_sub(used);
    }
    header::status(buffer, status, (turn, remark), shared);
    let Some(turn) = turn else {
        let text = if shared.lively() {
            "asking the team…"
        } else {
            "This session holds no events."
        };
        let body = geometry.body;
        let row = Rect::new(
            body.x,
            body.y + body.height / 2,
            body.width,
            body.height.min(1),
        );
        let width = u16::try_from(text.chars().count())
            .unwrap_or(0)
            .min(row.width);
        let row = Rect::new(row.x + (row.width - width) / 2, row.y, width, row.height);
        put(buffer, row, text, shared.theme.dim);
        return;
    };
    if !geometry.tabs.is_empty() {
        header::second(
            buffer,
            geometry.tabs,
            live.page,
            aside(live, shared),
            (turn, shared),
        );
    }
    if live.shows_panes() {
        panes(live, turn, shared, buffer);
    } else if let Some(flow) = live.flow() {
        let parts = Parts::page(geometry.body, searching(live, Searching::Here));
        pane::column(buffer, parts, flow, frame(live, true), shared);
    }
}

fn aside<'a>(live: &'a Live, shared: &Shared) -> Aside<'a> {
    match (&live.flash, &live.earlier) {
        (Some((_, text)), _) => Aside::Flash(text),
        (None, Some((index, _))) => Aside::Turn(index + 1, shared.run.turns().count()),
        (None, None) => Aside::Task,
    }
}

fn frame(live: &Live, focused: bool) -> pane::Frame<'_> {
    pane::Frame {
        focused,
        part: live.sight.geometry.part,
        search: live.search.as_ref().filter(|_| focused),
        end_key: &live.end_key,
    }
}

fn panes(live: &Live, turn: &Turn, shared: &Shared, buffer: &mut Buffer) {
    let geometry = &live.sight.geometry;
    live.sight
        .strip
        .paint(buffer, geometry.strip, (turn, live.focus), shared);
    for (index, place) in &geometry.panes {
        let (Some(pane), Some(agent)) = (live.panes.get(*index), turn.agents.get(*index)) else {
            continue;
        };
        let frame = frame(live, *index == live.focus);
        let flow = &pane.transcript.flow;
        pane::paint(buffer, *place, flow, (agent, turn), frame, shared);
    }
    let area = geometry.votes;
    let rows = votes::strip(turn, area.width);
    for (y, row) in (area.top()..area.bottom()).zip(&rows) {
        row.paint(buffer, area.x, y, area.width, &shared.theme);
    }
}
