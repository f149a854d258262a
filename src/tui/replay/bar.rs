//! The row below a stored session that is read or played: what it does, where it is, and a track to click.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::Widget as _,
};

use super::{Goal, Kind, Reel, Rest};
use crate::{protocol::Timestamp, text::width, tui::theme::Theme};

/// Fewest columns of a track that is worth having.
const SHORTEST: u16 = 8;
const DAY: i64 = 86_400;

/// What is painted.
#[derive(Clone, Copy, Debug)]
pub struct Bar<'a> {
    /// The session.
    pub reel: &'a Reel,
    /// Seconds that clocks here are ahead of UTC.
    pub zone: i32,
}

/// The place in a session of `events` events that a click on this column of the track means.
#[must_use]
pub fn seek(track: Rect, column: u16, events: usize) -> Option<usize> {
    let inside = (track.x..track.right()).contains(&column);
    let last = usize::from(track.width).saturating_sub(1).max(1);
    inside.then(|| (usize::from(column - track.x) * events).div_ceil(last))
}

impl Bar<'_> {
    /// Words before and after the track.
    fn words(&self) -> (String, String) {
        let reel = self.reel;
        let all = reel.tape.ticks().last().map_or(0, |tick| tick.seq);
        let more = if reel.tape.rest() == Rest::More {
            "+"
        } else {
            ""
        };
        let here = reel.tape.tick(reel.at.saturating_sub(1));
        let seq = here.filter(|_| reel.at > 0).map_or(0, |tick| tick.seq);
        let Some(player) = &reel.player else {
            let words = format!("reading {} %", reel.percent());
            return (words, format!("event {seq} of {all}{more}"));
        };
        let time = clock(player.clock, self.zone);
        let place = format!("event {seq} of {all}{more}, {time}");
        if reel.seeks {
            return ("‖ looking for a change".to_owned(), place);
        }
        if reel.is_under_way() && !player.playing {
            let there = match reel.goal {
                Goal::At(place) => reel.at * 100 / place.max(1),
                Goal::Seq(_) | Goal::End => reel.tape.percent() as usize,
            };
            return (format!("‖ going there, {} %", there.min(100)), place);
        }
        let state = if player.playing {
            format!("▶ {}x", player.speed())
        } else {
            format!("‖ {}x", player.speed())
        };
        let state = match player.skipped {
            Some(gap) => format!("{state} · quiet {} skipped", span(gap)),
            None => state,
        };
        let at = if player.playing { "" } else { "at " };
        (state, format!("{at}{place}"))
    }

    /// Where the track is in this row; empty where there is no room for one.
    #[must_use]
    pub fn track(&self, area: Rect) -> Rect {
        let (before, after) = self.words();
        let taken = width::of(&before) + width::of(&after) + 4;
        let taken = u16::try_from(taken).unwrap_or(u16::MAX);
        let room = area.width.saturating_sub(taken);
        if room < SHORTEST {
            return Rect::default();
        }
        let x = area.x + 2 + u16::try_from(width::of(&before)).unwrap_or(0);
        Rect::new(x, area.y, room, 1)
    }

    /// Paints the row.
    pub fn paint(&self, buffer: &mut Buffer, area: Rect, theme: &Theme) {
        let (before, after) = self.words();
        let track = self.track(area);
        let mut spans = vec![
            Span::raw(" "),
            Span::styled(before, theme.accent),
            Span::raw(" "),
        ];
        if !track.is_empty() {
            spans.extend(self.cells(usize::from(track.width), theme));
            spans.push(Span::raw(" "));
        }
        spans.push(Span::styled(after, theme.strong));
        Line::from(spans).render(Rect { height: 1, ..area }, buffer);
    }

    fn cells(&self, columns: usize, theme: &Theme) -> Vec<Span<'static>> {
        let reel = self.reel;
        let events = reel.tape.len().max(1);
        let last = columns.saturating_sub(1).max(1);
        if reel.player.is_none() {
            // Nobody knows yet where the end is: the track says how far opening is.
            let here = usize::try_from(reel.percent()).unwrap_or(0) * last / 100;
            let cell = |column| {
                if column < here {
                    Span::styled("━", theme.accent)
                } else {
                    Span::styled("─", theme.dim)
                }
            };
            return (0..columns).map(cell).collect();
        }
        let mut found: Vec<Option<Kind>> = vec![None; columns];
        for (index, kind) in reel.tape.marks() {
            if let Some(cell) = found.get_mut((index + 1) * last / events) {
                *cell = Some(cell.map_or(*kind, |old| more_telling(old, *kind)));
            }
        }
        let here = reel.at * last / events;
        let cell = |(column, kind): (usize, Option<Kind>)| {
            let (sign, style) = match kind {
                _ if column == here => ("●", theme.accent),
                Some(kind) => sign(kind, theme),
                None if column < here => ("━", theme.accent),
                None => ("─", theme.dim),
            };
            Span::styled(sign, style)
        };
        found.into_iter().enumerate().map(cell).collect()
    }
}

/// Of two events in one cell, the one to show.
const fn more_telling(one: Kind, other: Kind) -> Kind {
    if rank(one) >= rank(other) { one } else { other }
}

const fn rank(kind: Kind) -> u8 {
    match kind {
        Kind::Decision => 5,
        Kind::Error => 4,
        Kind::Answer => 3,
        Kind::Vote => 2,
        Kind::Step => 1,
        Kind::Stream => 0,
    }
}

const fn sign(kind: Kind, theme: &Theme) -> (&'static str, Style) {
    match kind {
        Kind::Decision => ("★", theme.ok),
        Kind::Error => ("!", theme.bad),
        Kind::Answer => ("✎", theme.accent),
        Kind::Vote => ("✓", theme.ok),
        Kind::Step | Kind::Stream => ("─", theme.dim),
    }
}

/// Time of day.
fn clock(at: Timestamp, zone: i32) -> String {
    let seconds = i64::try_from(at.0 / 1000).unwrap_or(0) + i64::from(zone);
    let seconds = seconds.rem_euclid(DAY);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}", seconds % 60)
}

/// `40 s`, `2 min`, `3 h`.
fn span(milliseconds: u64) -> String {
    match milliseconds / 1000 {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}
