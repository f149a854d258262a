//! What a person can do on the live screen, as data with stable names.
//!
//! The keymap file, the command palette and the help overlay all read one table, so a name that
//! works in one works in the others. Names never change their meaning between versions; keys do.

/// One thing to do on the live screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Move the focus between agents.
    Focus(Focus),
    /// Scroll the focused pane or the open page.
    Scroll(Move),
    /// Change what the screen shows.
    Page(Show),
    /// Open and close what is folded.
    Card(Card),
    /// Search in the focused pane or the open page.
    Search(Find),
    /// Show the focused pane alone, or all panes again.
    Zoom,
    /// Copy the current answer of the focused agent, or the final answer on its page.
    Copy,
    /// Compare answers, or show only the tool calls that failed.
    Sift,
    /// Show the team that the focused agent is, or go back up.
    Inside,
    /// Write a picture of the focused pane, or of the page.
    Capture,
    /// One step back: close the search, leave the zoom, return to the panes.
    Back,
}

/// Where the focus goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Focus {
    /// The next agent, the first after the last.
    Next,
    /// The previous agent.
    Previous,
    /// The agent with this number.
    Nth(u8),
    /// The first agent of the next page of panes.
    NextPage,
    /// The first agent of the page of panes before.
    PreviousPage,
}

/// How far a view scrolls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Move {
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// A screenful up, less one row.
    PageUp,
    /// A screenful down, less one row.
    PageDown,
    /// To the first row.
    Top,
    /// To the last row, and along with what arrives.
    End,
}

/// Which page, and of which turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Show {
    /// The final answer.
    Final,
    /// The panes.
    Agents,
    /// Ballots with their reasons; again: back to the panes.
    Votes,
    /// What happened when; again: back to the panes.
    Timeline,
    /// Rules in force and the team; again: back to the panes.
    Team,
    /// Tokens and money; again: back to the panes.
    Cost,
    /// A page that has no tab; again: back to the panes.
    More(More),
    /// The next page.
    Next,
    /// The previous page.
    Previous,
    /// The turn before the one shown.
    Earlier,
    /// The turn after the one shown.
    Later,
}

/// Pages without a tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum More {
    /// Every answer, and what changed.
    Answers,
    /// Every tool call.
    Calls,
    /// Where the session ran, with what, and the files it changed.
    About,
    /// How quickly models answer, and how often they fail.
    Metrics,
}

/// Folded things: thinking, tool calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Card {
    /// Select the next one that can open.
    Next,
    /// Select the previous one.
    Previous,
    /// Open or close the selected one, or the last when none is selected.
    Toggle,
    /// Open or close all of them.
    ToggleAll,
}

/// Steps of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Find {
    /// Type what to look for.
    Open,
    /// Next hit.
    Next,
    /// Previous hit.
    Previous,
    /// End the search.
    Close,
}

/// Name, help and meaning of every action.
const TABLE: [(&str, &str, Action); 47] = [
    (
        "focus-next",
        "focus the next agent",
        Action::Focus(Focus::Next),
    ),
    (
        "focus-previous",
        "focus the previous agent",
        Action::Focus(Focus::Previous),
    ),
    (
        "focus-next-page",
        "focus the agents of the next page of panes",
        Action::Focus(Focus::NextPage),
    ),
    (
        "focus-previous-page",
        "focus the agents of the page of panes before",
        Action::Focus(Focus::PreviousPage),
    ),
    ("focus-1", "focus agent 1", Action::Focus(Focus::Nth(1))),
    ("focus-2", "focus agent 2", Action::Focus(Focus::Nth(2))),
    ("focus-3", "focus agent 3", Action::Focus(Focus::Nth(3))),
    ("focus-4", "focus agent 4", Action::Focus(Focus::Nth(4))),
    ("focus-5", "focus agent 5", Action::Focus(Focus::Nth(5))),
    ("focus-6", "focus agent 6", Action::Focus(Focus::Nth(6))),
    ("focus-7", "focus agent 7", Action::Focus(Focus::Nth(7))),
    ("focus-8", "focus agent 8", Action::Focus(Focus::Nth(8))),
    ("focus-9", "focus agent 9", Action::Focus(Focus::Nth(9))),
    ("scroll-up", "scroll one row up", Action::Scroll(Move::Up)),
    (
        "scroll-down",
        "scroll one row down",
        Action::Scroll(Move::Down),
    ),
    (
        "page-up",
        "scroll a screenful up",
        Action::Scroll(Move::PageUp),
    ),
    (
        "page-down",
        "scroll a screenful down",
        Action::Scroll(Move::PageDown),
    ),
    ("top", "go to the first row", Action::Scroll(Move::Top)),
    (
        "end",
        "go to the last row and follow",
        Action::Scroll(Move::End),
    ),
    ("zoom", "show one pane alone, or all again", Action::Zoom),
    (
        "show-final",
        "show the final answer",
        Action::Page(Show::Final),
    ),
    (
        "show-agents",
        "show the agents' panes",
        Action::Page(Show::Agents),
    ),
    (
        "show-votes",
        "show all ballots with their reasons",
        Action::Page(Show::Votes),
    ),
    (
        "show-team",
        "show the team and the rules it works by",
        Action::Page(Show::Team),
    ),
    (
        "show-cost",
        "show where tokens and money went",
        Action::Page(Show::Cost),
    ),
    (
        "show-timeline",
        "show what happened when",
        Action::Page(Show::Timeline),
    ),
    (
        "show-answers",
        "show every answer and what changed",
        Action::Page(Show::More(More::Answers)),
    ),
    (
        "show-calls",
        "show every tool call",
        Action::Page(Show::More(More::Calls)),
    ),
    (
        "show-about",
        "show where it ran, with what, and the files changed",
        Action::Page(Show::More(More::About)),
    ),
    (
        "show-metrics",
        "show how quickly models answer and how often they fail",
        Action::Page(Show::More(More::Metrics)),
    ),
    (
        "sift",
        "compare the answers, or show only the calls that failed",
        Action::Sift,
    ),
    ("next-page", "show the next page", Action::Page(Show::Next)),
    (
        "previous-page",
        "show the previous page",
        Action::Page(Show::Previous),
    ),
    (
        "earlier-turn",
        "show the turn before",
        Action::Page(Show::Earlier),
    ),
    (
        "later-turn",
        "show the turn after",
        Action::Page(Show::Later),
    ),
    (
        "next-card",
        "select the next tool call or thought",
        Action::Card(Card::Next),
    ),
    (
        "previous-card",
        "select the previous tool call or thought",
        Action::Card(Card::Previous),
    ),
    (
        "toggle-card",
        "open or close the selected tool call or thought",
        Action::Card(Card::Toggle),
    ),
    (
        "toggle-all-cards",
        "open or close all tool calls and thoughts",
        Action::Card(Card::ToggleAll),
    ),
    ("search", "search in the pane", Action::Search(Find::Open)),
    (
        "search-next",
        "go to the next hit",
        Action::Search(Find::Next),
    ),
    (
        "search-previous",
        "go to the previous hit",
        Action::Search(Find::Previous),
    ),
    (
        "search-close",
        "end the search",
        Action::Search(Find::Close),
    ),
    (
        "copy-answer",
        "copy the answer of the agent, or the final one",
        Action::Copy,
    ),
    (
        "inside",
        "go into the team that the agent is, or back up",
        Action::Inside,
    ),
    (
        "capture",
        "save a picture of the pane or page alone",
        Action::Capture,
    ),
    (
        "back",
        "close the search, the zoom or the page",
        Action::Back,
    ),
];

/// Names and helps of [`TABLE`], in its order.
const NAMES: [(&str, &str); TABLE.len()] = {
    let mut names = [("", ""); TABLE.len()];
    let mut at = 0;
    while at < TABLE.len() {
        names[at] = (TABLE[at].0, TABLE[at].1);
        at += 1;
    }
    names
};

impl Action {
    /// The action of this name; `None` for a name that the live screen does not know.
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE
            .iter()
            .find(|(known, ..)| *known == name)
            .map(|(_, _, action)| *action)
    }

    /// Every name with one line of help, in the order the help overlay shows them.
    pub fn all() -> &'static [(&'static str, &'static str)] {
        &NAMES
    }

    /// The stable name.
    pub fn name(self) -> &'static str {
        TABLE
            .iter()
            .find(|(_, _, action)| *action == self)
            .map_or("", |(name, ..)| *name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_name_is_unique_and_means_its_action() {
        let mut names = HashSet::new();
        let mut actions = HashSet::new();
        for (name, help) in Action::all() {
            assert!(names.insert(*name), "{name} stands twice");
            assert!(!help.is_empty(), "{name} has no help");
            let action = Action::from_name(name).expect("a listed name");
            assert!(actions.insert(action), "{name} is a second name");
            assert_eq!(action.name(), *name);
        }
        assert_eq!(Action::from_name("no-such-thing"), None);
    }
}
