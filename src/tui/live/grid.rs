//! Where everything stands on the live screen: pure arithmetic on rectangles.
//!
//! Panes share the body while every one of them stays legible. A larger team is a grid on a large
//! screen, page by page with the focused agent in sight; otherwise one pane takes the body. Where not
//! all panes are in sight a strip above names all agents. Every rectangle lies within the area it was
//! given.

use ratatui::layout::Rect;

/// Columns below which a pane is not legible beside others.
const PANE_COLUMNS: u16 = 36;
/// Rows below which a pane is not legible beside others.
const PANE_ROWS: u16 = 8;
/// Columns from which three panes stand side by side.
const THREE_COLUMNS: u16 = 120;
/// Agents whose panes may share the screen.
const MOST: usize = 4;
/// Columns of a pane in a grid.
const GRID_COLUMNS: u16 = 40;
/// Rows of a pane in a grid.
const GRID_ROWS: u16 = 10;
/// Panes below which a grid shows too little of a large team: one pane says more.
const GRID_LEAST: usize = 6;
/// Rows from which there is a second header row with tabs and the task.
const TWO_HEADERS: u16 = 16;
/// Rows from which there is a strip of agents above a single pane.
const STRIP: u16 = 7;
/// Rows from which votes are shown below the panes.
const VOTES: u16 = 10;
/// Rows from which dropped votes have a row of their own.
const TWO_VOTES: u16 = 20;

/// What decides the layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Number of agents.
    pub(super) agents: usize,
    /// The focused agent.
    pub(super) focus: usize,
    /// Which panes are wanted.
    pub(super) panes: Panes,
    /// Rows wanted below the panes, for votes.
    pub(super) votes: u16,
    /// Rows wanted in every pane, for its part of the task.
    pub(super) part: u16,
}

/// Which panes are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Panes {
    /// As many as are legible.
    All,
    /// The focused one.
    One,
    /// None: a page has the body.
    None,
}

/// Where everything stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Geometry {
    /// Phase, clock, totals.
    pub(super) status: Rect,
    /// Tabs and the task; empty on low screens.
    pub(super) tabs: Rect,
    /// All agents on one row; empty when their panes are in sight.
    pub(super) strip: Rect,
    /// Panes or a page.
    pub(super) body: Rect,
    /// Panes in sight: agent and place.
    pub(super) panes: Vec<(usize, Rect)>,
    /// Panes on a full page of a grid; 0 without a grid.
    pub(super) page: usize,
    /// Rows of every pane that say its part of the task.
    pub(super) part: u16,
    /// Votes below the panes; may be empty.
    pub(super) votes: Rect,
}

impl Geometry {
    /// Lays out an area.
    pub(super) fn of(area: Rect, plan: Plan) -> Self {
        let mut rest = area;
        let mut geometry = Self {
            status: take_top(&mut rest, 1),
            ..Self::default()
        };
        if area.height >= TWO_HEADERS {
            geometry.tabs = take_top(&mut rest, 1);
        }
        if plan.panes == Panes::None || plan.agents == 0 {
            geometry.body = rest;
            return geometry;
        }
        if area.height >= VOTES {
            geometry.part = plan.part;
            let most = 1 + u16::from(area.height >= TWO_VOTES);
            geometry.votes = take_bottom(&mut rest, plan.votes.min(most));
        }
        let shared = match plan.panes {
            Panes::All => shares(plan.agents, rest),
            Panes::One | Panes::None => None,
        };
        geometry.panes = if let Some(places) = shared {
            places.into_iter().enumerate().collect()
        } else if plan.panes == Panes::All
            && let Some(page) = Paging::of(plan.agents, rest)
        {
            if page.each < plan.agents {
                geometry.strip = take_top(&mut rest, 1);
            }
            geometry.page = page.each;
            page.places(plan.focus, rest)
        } else {
            if plan.agents > 1 && area.height >= STRIP {
                geometry.strip = take_top(&mut rest, 1);
            }
            vec![(plan.focus.min(plan.agents - 1), rest)]
        };
        geometry.body = rest;
        geometry
    }
}

/// Places of panes that share an area; `None` when they would not be legible.
fn shares(agents: usize, area: Rect) -> Option<Vec<Rect>> {
    let places = match agents {
        1 => return Some(vec![area]),
        2 if area.width >= 2 * PANE_COLUMNS => columns(area, 2),
        2 => rows(area, 2),
        3 if area.width >= THREE_COLUMNS => columns(area, 3),
        3 => stacked(area, &[1, 2]),
        MOST => stacked(area, &[2, 2]),
        _ => return None,
    };
    places
        .iter()
        .all(|place| place.width >= PANE_COLUMNS && place.height >= PANE_ROWS)
        .then_some(places)
}

/// A large team as a grid: how many agents on a page, in how many columns at most.
struct Paging {
    agents: usize,
    each: usize,
    columns: usize,
}

impl Paging {
    /// `None` where a grid would show too little.
    fn of(agents: usize, area: Rect) -> Option<Self> {
        // One row is the strip's.
        let rows = usize::from(area.height.saturating_sub(1) / GRID_ROWS);
        let columns = usize::from(area.width / GRID_COLUMNS);
        let most = rows * columns;
        if most < GRID_LEAST || agents <= MOST {
            return None;
        }
        // Pages of about the same size.
        let pages = agents.div_ceil(most);
        Some(Self {
            agents,
            each: agents.div_ceil(pages),
            columns,
        })
    }

    /// The page with the focused agent.
    fn places(&self, focus: usize, area: Rect) -> Vec<(usize, Rect)> {
        let first = focus.min(self.agents - 1) / self.each * self.each;
        let count = self.each.min(self.agents - first);
        let lines = count.div_ceil(self.columns).max(1);
        let counts: Vec<u16> = (0..lines)
            .map(|line| count / lines + usize::from(line < count % lines))
            .filter_map(|count| u16::try_from(count).ok())
            .collect();
        (first..).zip(stacked(area, &counts)).collect()
    }
}

/// Rows of panes, each with this many panes.
fn stacked(area: Rect, counts: &[u16]) -> Vec<Rect> {
    let parts = u16::try_from(counts.len()).unwrap_or(1);
    rows(area, parts)
        .into_iter()
        .zip(counts)
        .flat_map(|(row, count)| columns(row, *count))
        .collect()
}

/// Equal columns; the first ones get what does not divide.
fn columns(area: Rect, parts: u16) -> Vec<Rect> {
    pieces(area.width, parts)
        .map(|(from, size)| Rect::new(area.x + from, area.y, size, area.height))
        .collect()
}

/// Equal rows; the first ones get what does not divide.
fn rows(area: Rect, parts: u16) -> Vec<Rect> {
    pieces(area.height, parts)
        .map(|(from, size)| Rect::new(area.x, area.y + from, area.width, size))
        .collect()
}

fn pieces(whole: u16, parts: u16) -> impl Iterator<Item = (u16, u16)> {
    let parts = parts.max(1);
    (0..parts).scan(0, move |from, part| {
        let size = whole / parts + u16::from(part < whole % parts);
        let piece = (*from, size);
        *from += size;
        Some(piece)
    })
}

/// Cuts rows off the top.
pub(super) fn take_top(area: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    let top = Rect::new(area.x, area.y, area.width, rows);
    area.y += rows;
    area.height -= rows;
    top
}

/// Cuts rows off the bottom.
pub(super) fn take_bottom(area: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    area.height -= rows;
    Rect::new(area.x, area.y + area.height, area.width, rows)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plan(agents: usize) -> Plan {
        Plan {
            agents,
            focus: 0,
            panes: Panes::All,
            votes: 0,
            part: 0,
        }
    }

    #[test]
    fn panes_share_the_screen_while_they_are_legible() {
        for (agents, columns, rows, panes) in [
            (1, 40, 12, 1),
            (2, 80, 24, 2),
            (2, 60, 24, 2),
            (2, 60, 12, 1),
            (3, 160, 48, 3),
            (3, 80, 24, 3),
            (3, 80, 14, 1),
            (4, 80, 24, 4),
            (4, 60, 40, 1),
            (5, 160, 48, 5),
            (5, 100, 30, 1),
            (9, 120, 40, 9),
            (16, 160, 48, 16),
            (20, 160, 48, 10),
            (32, 160, 48, 16),
            (32, 80, 24, 1),
            (100, 160, 48, 15),
        ] {
            let geometry = Geometry::of(Rect::new(0, 0, columns, rows), plan(agents));
            assert_eq!(
                geometry.panes.len(),
                panes,
                "{agents} agents on {columns}x{rows}"
            );
            assert_eq!(geometry.strip.is_empty(), panes == agents);
        }
    }

    #[test]
    fn the_focused_agent_is_on_the_page_and_every_agent_on_one() {
        for agents in [5, 17, 32, 100] {
            let area = Rect::new(0, 0, 160, 48);
            for focus in 0..agents {
                let plan = Plan {
                    focus,
                    ..plan(agents)
                };
                let panes = Geometry::of(area, plan).panes;
                assert!(panes.iter().any(|(agent, _)| *agent == focus));
                assert!(panes.iter().all(|(agent, place)| *agent < agents
                    && place.width >= PANE_COLUMNS
                    && place.height >= PANE_ROWS));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn everything_lies_within_the_area_and_nothing_overlaps(
            (x, y, width, height) in (0u16..5, 0u16..5, 0u16..200, 0u16..80),
            agents in 0usize..40,
            focus in 0usize..41,
            panes in prop_oneof![Just(Panes::All), Just(Panes::One), Just(Panes::None)],
            votes in 0u16..4,
        ) {
            let area = Rect::new(x, y, width, height);
            let geometry = Geometry::of(area, Plan { agents, focus, panes, votes, part: 0 });
            let mut places = vec![geometry.status, geometry.tabs, geometry.strip, geometry.votes];
            places.extend(geometry.panes.iter().map(|(_, place)| *place));
            places.retain(|place| !place.is_empty());
            for (index, place) in places.iter().enumerate() {
                prop_assert_eq!(area.intersection(*place), *place);
                for other in &places[..index] {
                    prop_assert!(place.intersection(*other).is_empty(), "{:?} {:?}", place, other);
                }
            }
        }
    }
}
