//! The page with the final answer: who won and how, the text, the count, who saw it otherwise, who
//! was lost, notices, the timeline.
//!
//! While the winner presents, the text streams here. The text is laid out once; what stands around
//! it is made again when the run moves on. Earlier turns of a session get the same page.

use super::{
    block::{Block, Head},
    files,
    flow::Flow,
    ink::Role,
    phrase::{self, clean, clock},
    scroll::Scroll,
    spending, timeline,
    transcript::{because, name},
    votes,
};
use crate::{
    protocol::{
        AgentId, Decision, Finish, Label, Level, NoAnswerReason, NoVote, Outcome, OutcomeEnd,
        Phase, TallyRow, TieBreak,
    },
    run::{Activity, Away, Turn},
    tui::shared::Shared,
};

/// The row that says what is below.
const HEADLINE: u64 = 0;
/// The final text.
const TEXT: u64 = 1;
/// Where everything around the text begins.
const REST: u64 = 2;

/// The page.
#[derive(Clone, Debug)]
pub(super) struct Finale {
    /// Its column.
    pub(super) flow: Flow,
    /// True once the text is complete.
    settled: bool,
}

impl Finale {
    /// A page without text.
    pub(super) fn new() -> Self {
        let mut flow = Flow::new(Scroll::TOP);
        flow.push(Block::note("", Role::Text, ""));
        flow.push(Block::markdown(Head::None).writing());
        Self {
            flow,
            settled: false,
        }
    }

    /// The page of a turn that is over.
    pub(super) fn of(turn: &Turn) -> Self {
        let mut page = Self::new();
        if let Some(outcome) = &turn.outcome {
            page.settle(outcome);
        }
        page
    }

    /// The winner begins to present; what an earlier attempt said is gone.
    pub(super) fn begin(&mut self) {
        self.flow
            .replace(TEXT, Block::markdown(Head::None).apart().writing());
        self.flow.scroll = Scroll::Follow;
        self.settled = false;
    }

    /// More of the final text.
    pub(super) fn stream(&mut self, text: &str) {
        if !self.settled {
            self.flow.edit(TEXT, |block| block.push(text));
        }
    }

    /// The turn is over. What has been streamed stays as it is when it is the final text.
    pub(super) fn settle(&mut self, outcome: &Outcome) {
        self.settled = true;
        match outcome {
            Outcome::Answered { text, .. } => {
                let streamed = self
                    .flow
                    .block(TEXT)
                    .is_some_and(|block| block.text().trim() == text.trim());
                if streamed {
                    self.flow.edit(TEXT, Block::finish);
                } else {
                    let block = Block::markdown(Head::None).apart().saying(text);
                    self.flow.replace(TEXT, block);
                }
            }
            Outcome::NoAnswer { message, .. } => {
                let block = Block::plain(Head::None, Role::Strong).apart();
                self.flow.replace(TEXT, block.saying(message));
            }
        }
        if self.flow.scroll == Scroll::Follow {
            self.flow.scroll = Scroll::TOP;
        }
    }

    /// Makes everything around the text again.
    pub(super) fn dress(&mut self, turn: &Turn, shared: &Shared) {
        let (sign, role, text) = headline(turn, shared);
        self.flow.replace(HEADLINE, Block::note(sign, role, &text));
        self.flow.truncate(REST);
        let over = turn.is_over();
        if turn.phase == Phase::Presenting && !over && shared.lively() {
            // The text is growing and its end is followed: nothing may stand below it.
            return;
        }
        let flow = &mut self.flow;
        files::rows(flow, turn);
        if let Some(decision) = &turn.decision {
            votes::heading(flow, Role::Accent, &votes::title(turn, "Votes"));
            if turn.votes_are_taken() {
                count(flow, turn, &decision.tally);
            } else {
                flow.push(Block::note("·", Role::Dim, turn.why_no_votes()));
            }
            super::count::settled(flow, turn, decision);
            dissent(flow, turn, decision);
        } else if !turn.answers.is_empty() {
            votes::heading(flow, Role::Accent, &votes::title(turn, "Votes so far"));
            if !turn.votes_are_taken() {
                flow.push(Block::note("·", Role::Dim, turn.why_no_votes()));
            }
            count(flow, turn, &turn.standing());
        }
        lost(flow, turn);
        spending::reviews(flow, turn);
        notices(flow, turn);
        spending::summary(flow, turn);
        if over || !shared.lively() {
            votes::heading(flow, Role::Accent, "Timeline");
            timeline::rows(flow, turn, shared);
        }
    }
}

/// What the first row says.
fn headline(turn: &Turn, shared: &Shared) -> (&'static str, Role, String) {
    match &turn.outcome {
        Some(Outcome::Answered {
            winner,
            presenter,
            end,
            ..
        }) => {
            let what = match &turn.start.stage {
                Some(stage) if !turn.is_last() => format!("Result of {}", stage.words()),
                _ => "Final answer".to_owned(),
            };
            let made = made(turn, *winner, *presenter);
            let (role, checked) = checked(turn);
            (
                "★",
                role,
                format!("{what}: {made}{checked}{}", ending(*end)),
            )
        }
        Some(Outcome::NoAnswer { reason, .. }) => {
            let why = match reason {
                NoAnswerReason::AllFailed => "every agent failed",
                NoAnswerReason::Limit => "a limit was reached before anybody published one",
                NoAnswerReason::Cancelled => "stopped before anybody published one",
            };
            ("✗", Role::Bad, format!("No answer: {why}"))
        }
        None if !shared.lively() => (
            "⊘",
            Role::Warn,
            "Unfinished: the log ends here, before a final answer.".to_owned(),
        ),
        None if turn.phase == Phase::Presenting => {
            let who = turn
                .agents
                .iter()
                .find(|agent| agent.activity == Activity::Presenting)
                .map_or_else(|| "The winner".to_owned(), |agent| clean(&agent.card.name));
            let winner = turn
                .decision
                .as_ref()
                .map_or_else(String::new, |decision| format!(" {}", decision.winner));
            let parts = !turn.start.rules.mode.parts().is_empty();
            let text = match turn.start.rules.finishing.finish {
                _ if parts => format!("{who} puts the parts together…"),
                Finish::Synthesize => format!("{who} writes one answer out of all…"),
                Finish::Present | Finish::Reuse => format!("{who} presents{winner}…"),
            };
            ("★", Role::Ok, text)
        }
        None if turn.phase == Phase::Verifying => {
            let by = turn.record.reviews.asked.map(|by| name(turn, by));
            let who = by.unwrap_or_else(|| "Another agent".to_owned());
            ("·", Role::Accent, format!("{who} verifies this text…"))
        }
        None => (
            "·",
            Role::Dim,
            format!("No final answer yet: {}.", turn.phase.word()),
        ),
    }
}

/// Whose text it is and how it came to be the final one.
fn made(turn: &Turn, winner: Label, presenter: Option<AgentId>) -> String {
    let by = |id| name(turn, id);
    let count = turn.decision.as_ref().map_or(0, |one| one.tally.len()) as u64;
    let parts = |one: &Decision| one.by == TieBreak::NoVote(NoVote::Assembled);
    if turn.decision.as_ref().is_some_and(parts) && count > 1 {
        let parts = phrase::count(count, "part", "parts");
        return match presenter {
            Some(id) => format!("{parts}, put together by {}", by(id)),
            None => format!("{parts}, one after the other"),
        };
    }
    let won = turn.decision.as_ref().map_or_else(String::new, won);
    let best = format!("{winner} by {}{won}", by(winner.agent));
    match presenter {
        Some(id) if turn.start.rules.finishing.finish == Finish::Synthesize && count > 1 => {
            let text = format!("written by {} out of {count} answers", by(id));
            if turn.votes_are_taken() {
                format!("{text}; {best}")
            } else {
                text
            }
        }
        Some(id) => format!("{best}, presented by {}", by(id)),
        None => best,
    }
}

/// What a verification came to, and the colour of the whole.
fn checked(turn: &Turn) -> (Role, String) {
    let reviews = &turn.record.reviews;
    match reviews.verdicts.last() {
        _ if reviews.skipped.is_some() => (Role::Warn, ", not verified".to_owned()),
        None => (Role::Ok, String::new()),
        Some(verdict) => {
            let by = name(turn, verdict.by);
            let attempt = match verdict.attempt {
                0 | 1 => String::new(),
                later => format!(" at attempt {later}"),
            };
            if verdict.accept {
                (Role::Ok, format!(", accepted by {by}{attempt}"))
            } else {
                (Role::Warn, format!(", not accepted by {by}{attempt}"))
            }
        }
    }
}

/// `, won by most votes (2 of 3)`, `, won by highest score (8.4 of 10)`.
fn won(decision: &Decision) -> String {
    format!(", won by {}", decision.how())
}

/// Why the turn ended when that is not simply that all had voted.
const fn ending(end: OutcomeEnd) -> &'static str {
    match end {
        OutcomeEnd::Consensus => "",
        OutcomeEnd::Limit => " · a limit was reached",
        OutcomeEnd::AnswerNow => " · you asked for an answer now",
        OutcomeEnd::Stopped => " · you stopped the run",
        OutcomeEnd::AgentsLost => " · every agent was lost",
    }
}

fn count(flow: &mut Flow, turn: &Turn, rows: &[TallyRow]) {
    for row in rows {
        let mut words = votes::count(turn, row);
        let voters = votes::names(turn, &row.voters);
        if !voters.is_empty() {
            words.push(Role::Dim, format!("  {voters}"));
        }
        flow.push(Block::row(words));
    }
}

/// Who voted for something else, and why; who abstained.
fn dissent(flow: &mut Flow, turn: &Turn, decision: &Decision) {
    let others: Vec<_> = turn
        .ballots()
        .filter(|ballot| ballot.target.is_some_and(|label| label != decision.winner))
        .collect();
    if !others.is_empty() {
        votes::heading(flow, Role::Accent, "Dissent");
        for ballot in others {
            let label = ballot
                .target
                .map_or_else(String::new, |label| label.to_string());
            let who = name(turn, ballot.voter);
            let text = format!("{who} for {label}{}", because(&ballot.reason));
            flow.push(Block::note("≠", Role::Text, &text));
        }
    }
    votes::abstentions(flow, turn);
}

/// Agents that were lost, with the reason and what to do.
fn lost(flow: &mut Flow, turn: &Turn) {
    let mut first = true;
    for agent in &turn.agents {
        if let Activity::Away(Away::Failed(failure)) = &agent.activity {
            if first {
                votes::heading(flow, Role::Accent, "Lost on the way");
                first = false;
            }
            let text = format!(
                "{}, {}: {}",
                clean(&agent.card.name),
                failure.kind.word(),
                phrase::failure(failure)
            );
            flow.push(Block::note("✗", Role::Bad, &text));
        }
    }
}

fn notices(flow: &mut Flow, turn: &Turn) {
    if turn.record.notices.is_empty() {
        return;
    }
    votes::heading(flow, Role::Accent, "Notices");
    for (at, level, text) in &turn.record.notices {
        let (sign, role) = match level {
            Level::Info => ("i", Role::Text),
            Level::Warning => ("!", Role::Warn),
            Level::Error => ("✗", Role::Bad),
        };
        let when = clock(turn.time(*at));
        flow.push(Block::note(sign, role, &format!("{when} {text}")));
    }
}
