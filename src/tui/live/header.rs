//! The rows above everything: phase, clock, answers, votes, tokens, money, the demo badge; tabs and
//! the task.
//!
//! On narrow screens the least important parts go first. The badge never goes: it says that a script
//! and no model is at work.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    Page,
    ink::{Role, Words, clip, put},
    phrase,
};
use crate::{
    protocol::{NoAnswerReason, Outcome, OutcomeEnd},
    run::Turn,
    text::width,
    tui::shared::Shared,
};

/// Words of the badge on screens of usual width.
const BADGE: &str = " DEMO · script, no model ";
/// Words of the badge on narrow screens.
const SHORT_BADGE: &str = "script, no model";
/// Columns from which the badge stands in full.
const FULL_BADGE: u16 = 60;
/// Words of the badge where nothing else fits.
const SHORTEST_BADGE: &str = "no model";
/// Columns from which the badge stands in its short form.
const SHORT_BADGE_FITS: u16 = 18;

/// Ways to say the state, the fullest first.
const WAYS: usize = 8;
/// The shortest of them that still has the word of the state.
const STATED: usize = 6;

/// What the second row shows beside the tabs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aside<'a> {
    /// The task.
    Task,
    /// A short-lived remark.
    Flash(&'a str),
    /// Which of several turns is shown: its number and how many there are.
    Turn(usize, usize),
}

/// Tabs in their order, with their word on screens of usual width and on narrow ones.
pub(super) const TABS: [(Page, &str, &str); 6] = [
    (Page::Agents, "Agents", "Agents"),
    (Page::Team, "Team", "Team"),
    (Page::Votes, "Votes", "Votes"),
    (Page::Timeline, "Timeline", "Time"),
    (Page::Cost, "Cost", "Cost"),
    (Page::Final, "Final", "Final"),
];
/// Pages whose tab stands there only while they are shown, after the others.
const MORE: [(Page, &str, &str); 4] = [
    (Page::Answers, "Answers", "Ans"),
    (Page::Calls, "Calls", "Calls"),
    (Page::About, "About", "About"),
    (Page::Metrics, "Metrics", "Metr"),
];

/// The tabs while this page is shown.
pub(super) fn tabs_with(shown: Page) -> impl Iterator<Item = (Page, &'static str, &'static str)> {
    let more = MORE.into_iter().filter(move |(page, ..)| *page == shown);
    TABS.into_iter().chain(more)
}

/// Columns from which the page is named where there is no row for tabs.
const PLACE: u16 = 36;
/// Columns from which tabs have their full words and a blank on both sides.
const FULL_TABS: u16 = 100;
/// Columns beside the tabs from which all that agents see is said.
const ALL_SIGHT: u16 = 90;

/// Which page is shown, where there is no row for tabs: `Votes `, with room `Votes 3/6 `.
/// Nothing where the state would not be told beside it any more.
pub(super) fn here(
    (page, earlier): (Page, Option<usize>),
    turn: &Turn,
    columns: u16,
    shared: &Shared,
) -> Words {
    let all = tabs_with(page).count();
    let tabs = tabs_with(page).enumerate();
    let here = tabs.filter(|(_, (tab, ..))| *tab == page).last();
    let mut words = Words::new();
    if columns < PLACE {
        return words;
    }
    if let Some((place, (_, _, short))) = here {
        words.push(Role::Accent, format!("{short} "));
        if columns >= FULL_BADGE {
            words.push(Role::Dim, format!("{}/{all} ", place + 1));
        }
    }
    if let Some(earlier) = earlier {
        words.push(Role::Info, format!("turn {earlier} "));
    }
    let badge = match columns {
        _ if shared.run.demo().is_none() => 0,
        FULL_BADGE.. => width::of(BADGE) + 1,
        _ => width::of(SHORT_BADGE) + 1,
    };
    let state = status_words(turn, shared, STATED).width();
    if words.width() + state + badge > usize::from(columns) {
        return Words::new();
    }
    words
}

/// Paints the status row.
pub(super) fn status(
    buffer: &mut Buffer,
    row: Rect,
    (turn, remark): (Option<&Turn>, Option<&str>),
    shared: &Shared,
) {
    let mut row = clip(buffer, row);
    if row.is_empty() {
        return;
    }
    if shared.run.demo().is_some() {
        let badge = match row.width {
            FULL_BADGE.. => BADGE,
            SHORT_BADGE_FITS.. => SHORT_BADGE,
            _ => SHORTEST_BADGE,
        };
        let taken = u16::try_from(width::of(badge))
            .unwrap_or(row.width)
            .min(row.width);
        let place = Rect::new(row.right() - taken, row.y, taken, 1);
        put(buffer, place, badge, shared.theme.demo);
        row.width = (row.width - taken).saturating_sub(1);
    }
    if let Some(text) = remark {
        Words::of(Role::Accent, text).paint(buffer, row.x, row.y, row.width, &shared.theme);
        return;
    }
    let Some(turn) = turn else {
        let words = Words::of(Role::Accent, phrase::spinner(shared)).and(Role::Text, " starting…");
        words.paint(buffer, row.x, row.y, row.width, &shared.theme);
        return;
    };
    let mut words = Words::new();
    for way in 0..=WAYS {
        words = status_words(turn, shared, way);
        if words.width() <= usize::from(row.width) {
            break;
        }
    }
    words.paint(buffer, row.x, row.y, row.width, &shared.theme);
}

fn status_words(turn: &Turn, shared: &Shared, shortened: usize) -> Words {
    let (sign, word, role) = phase(turn, shared);
    let mut words = Words::of(role, sign);
    // The step outlives the word while there is work, as turns of a chain are told apart by it; who
    // is waited for is more than where.
    let step = match shortened {
        0..4 => turn.step_words(),
        _ => turn.step_brief(),
    };
    let stepping = turn.outcome.is_none() && !step.is_empty();
    if shortened < 5 {
        words.push(role, format!(" {word}"));
    } else if shortened < 6 || (shortened < 7 && !stepping) {
        let first = word.split(" (").next().unwrap_or(word);
        words.push(role, format!(" {first}"));
    }
    if !shared.live
        && let Some((word, short)) = shared.flaw.words()
    {
        words.push(
            Role::Warn,
            match shortened {
                0..7 => format!(" · {word}"),
                _ => format!(" {short}"),
            },
        );
    }
    if shared.followed && !shared.live {
        let word = match shortened {
            0..4 => " · running in another process, followed",
            4..7 => " · runs elsewhere",
            _ => " elsewhere",
        };
        words.push(Role::Info, word);
    }
    if !step.is_empty() && (shortened < 6 || (shortened < 8 && stepping)) {
        let between = if shortened < 6 { " · " } else { " " };
        words.push(Role::Info, format!("{between}{}", phrase::clean(&step)));
    }
    if shortened < 7 || (shortened < 8 && !stepping) {
        let elapsed = phrase::clock(turn.elapsed(shared.now));
        words.push(Role::Text, format!(" {elapsed}"));
    }
    let usage = turn.usage();
    let streamed: u64 = turn.agents.iter().map(|agent| agent.streamed).sum();
    let answers = turn.current_labels().len() as u64;
    if shortened < 1 {
        let answers = phrase::count(answers, "answer", "answers");
        words.push(Role::Dim, format!(" · {answers}"));
    }
    vote_words(&mut words, turn, shortened);
    let attempts = &turn.record.reviews;
    if shortened < 4 && attempts.of > 1 {
        let words_of = format!(" · attempt {} of {}", attempts.attempt, attempts.of);
        words.push(Role::Info, words_of);
    }
    if !turn.record.spending.refused.is_empty() {
        words.push(Role::Warn, " · budget used up");
    }
    let tokens = phrase::total(usage, streamed);
    if shortened < 2 && tokens > 0 {
        words.push(Role::Dim, format!(" · {} tokens", phrase::tokens(tokens)));
    }
    let limits = turn.spent_of_limit();
    let money = phrase::money(usage);
    if shortened < 4 && !limits.is_empty() {
        let role = if turn.record.spending.refused.is_empty() {
            Role::Dim
        } else {
            Role::Warn
        };
        words.push(role, format!(" · {}", limits.join(", ")));
    } else if shortened < 4 && !money.is_empty() {
        words.push(Role::Dim, format!(" · {money}"));
    }
    words
}

/// How many have voted, or that a judge decides.
fn vote_words(words: &mut Words, turn: &Turn, shortened: usize) {
    let votes = turn
        .agents
        .iter()
        .filter(|agent| agent.ballot.is_some())
        .count();
    let voters = turn
        .agents
        .iter()
        .filter(|agent| agent.ballot.is_some() || agent.is_waited_for())
        .count();
    if voters == 0 || !turn.votes_are_taken() {
        // Nobody is left to vote, or nobody is asked to.
    } else if turn.is_judged() {
        let word = if votes > 0 {
            "judged"
        } else {
            "a judge decides"
        };
        if shortened < 3 {
            words.push(Role::Dim, format!(" · {word}"));
        }
    } else if shortened < 3 {
        words.push(Role::Dim, format!(" · votes {votes} of {voters}"));
    } else if shortened < 6 {
        words.push(Role::Dim, format!(" · ✓{votes}/{voters}"));
    }
}

/// Sign, word and colour of where the turn is.
fn phase(turn: &Turn, shared: &Shared) -> (&'static str, &'static str, Role) {
    let last = shared.run.turn.as_ref().map(|last| last.start.turn);
    let between = turn.is_over() && !turn.is_last() && last == Some(turn.start.turn);
    match &turn.outcome {
        Some(_) if between && !shared.lively() => ("⊘", "unfinished (log ends here)", Role::Warn),
        Some(_) if between && turn.waiting().count() > 0 => ("?", "waits for you", Role::Warn),
        Some(_) if between => (phrase::spinner(shared), "next step", Role::Accent),
        Some(Outcome::Answered {
            end: OutcomeEnd::Stopped,
            ..
        }) => ("■", "stopped (best answer so far)", Role::Warn),
        Some(Outcome::Answered {
            end: OutcomeEnd::AgentsLost,
            ..
        }) => ("■", "answered (agents lost)", Role::Warn),
        Some(Outcome::Answered { .. }) => ("■", "answered", Role::Ok),
        Some(Outcome::NoAnswer { reason, .. }) => match reason {
            NoAnswerReason::Cancelled => ("■", "stopped", Role::Warn),
            NoAnswerReason::AllFailed | NoAnswerReason::Limit => ("✗", "no answer", Role::Bad),
        },
        None if !shared.lively() => ("⊘", "unfinished (log ends here)", Role::Warn),
        None => (phrase::spinner(shared), turn.phase.word(), Role::Accent),
    }
}

/// The tabs as they are written.
fn words(row: Rect, shown: Page) -> impl Iterator<Item = (Page, String)> {
    let full = row.width >= FULL_TABS;
    tabs_with(shown).map(move |(page, word, short)| {
        let words = if full {
            format!(" {word} ")
        } else {
            format!(" {short}")
        };
        (page, words)
    })
}

/// Places of the tabs.
pub(super) fn tabs(row: Rect, shown: Page) -> Vec<(Page, Rect)> {
    let mut x = row.x;
    let mut places = Vec::new();
    for (page, word) in words(row, shown) {
        let taken = u16::try_from(word.len()).unwrap_or(0);
        if row.is_empty() || x + taken > row.right() {
            break;
        }
        places.push((page, Rect::new(x, row.y, taken, 1)));
        x += taken;
    }
    places
}

/// Paints tabs and what stands beside them.
pub(super) fn second(
    buffer: &mut Buffer,
    row: Rect,
    shown: Page,
    aside: Aside<'_>,
    (turn, shared): (&Turn, &Shared),
) {
    let row = clip(buffer, row);
    if let Aside::Flash(text) = aside {
        let beside = tabs(row, shown)
            .last()
            .map_or(row.x, |(_, place)| place.right());
        let room = usize::from(row.right().saturating_sub(beside));
        if width::of(text) + 3 > room {
            // It is there for seconds only; the tabs come back.
            let words = Words::of(Role::Dim, " ").and(Role::Accent, text);
            words.paint(buffer, row.x, row.y, row.width, &shared.theme);
            return;
        }
    }
    let mut x = row.x;
    for (page, place) in tabs(row, shown) {
        let word = words(row, shown)
            .find(|(tab, _)| *tab == page)
            .map_or_else(String::new, |(_, word)| word);
        let style = if page == shown {
            shared.theme.accent.patch(shared.theme.selection)
        } else {
            shared.theme.dim
        };
        put(buffer, place, &word, style);
        x = place.right();
    }
    let rest = Rect::new(
        x.saturating_add(1).min(row.right()),
        row.y,
        row.right().saturating_sub(x.saturating_add(1)),
        row.height,
    );
    let words = match aside {
        Aside::Task => {
            let sight = if rest.width >= ALL_SIGHT {
                turn.sight_words()
            } else {
                turn.special_sight()
            };
            let mut words = Words::of(Role::Dim, "│ ");
            if !sight.is_empty() {
                words.push(Role::Info, sight);
                words.push(Role::Dim, " │ ");
            }
            words.and(Role::Text, phrase::clean(&turn.start.prompt))
        }
        Aside::Flash(text) => Words::of(Role::Dim, "│ ").and(Role::Accent, text),
        Aside::Turn(number, all) => Words::of(Role::Dim, "│ ")
            .and(Role::Warn, format!("turn {number} of {all} "))
            .and(Role::Text, phrase::clean(&turn.start.prompt)),
    };
    if !rest.is_empty() {
        words.paint(buffer, rest.x, rest.y, rest.width, &shared.theme);
    }
}
