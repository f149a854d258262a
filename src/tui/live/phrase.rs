//! Small phrases of the screen: counts, spans of time, tokens, money, states.
//!
//! Everything that comes from outside and stands on one row passes [`clean`].

use super::ink::{Role, Words};
use crate::{
    protocol::{Failure, Purpose, Usage},
    run::{self, Activity, AgentState, Away, Progress, Turn},
    text,
    tui::shared::Shared,
};

/// Frames of the mark that moves while something runs.
const FRAMES: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
/// Names listed before the rest is only counted.
const NAMES: usize = 2;

/// Outside text as one clean line; line ends and tabs become spaces.
pub(super) fn clean(outside: &str) -> String {
    if outside.contains(['\n', '\r', '\t']) {
        let words: Vec<_> = outside.split_whitespace().collect();
        text::clean::line(&words.join(" ")).into_owned()
    } else {
        text::clean::line(outside).into_owned()
    }
}

/// `1 word`, `340 words`.
pub(super) fn count(number: u64, one: &str, many: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{number} {many}")
    }
}

/// The mark of something that runs; still in a session read from the log.
pub(super) fn spinner(shared: &Shared) -> &'static str {
    if !shared.lively() {
        return FRAMES[0];
    }
    let frame = shared.tick % FRAMES.len() as u64;
    usize::try_from(frame)
        .ok()
        .and_then(|frame| FRAMES.get(frame))
        .copied()
        .unwrap_or(FRAMES[0])
}

/// A short span: `0.4 s`, `12 s`, `3 min 5 s`.
pub(super) fn span(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match seconds {
        0..10 => format!("{seconds}.{} s", milliseconds % 1000 / 100),
        10..120 => format!("{seconds} s"),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// A clock: `0:07`, `12:34`, `1:02:03`.
pub(super) fn clock(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours == 0 {
        format!("{minutes}:{seconds:02}")
    } else {
        format!("{hours}:{minutes:02}:{seconds:02}")
    }
}

/// Tokens: `950`, `1.2k`, `34k`, `1.2M`.
pub(super) fn tokens(number: u64) -> String {
    run::short(number)
}

/// All tokens of an agent or a turn, those streamed since the last report included.
pub(super) fn total(usage: Usage, streamed: u64) -> u64 {
    usage.input + usage.output + streamed
}

/// What went wrong and, on a row of its own, what to do.
pub(super) fn failure(failure: &Failure) -> String {
    if failure.hint.is_empty() {
        failure.message.clone()
    } else {
        format!("{}\n→ {}", failure.message, failure.hint)
    }
}

/// `$0.00`, `$0.0031`, `≥$0.0031` when a part has no known price, `price unknown` when no part has one; nothing
/// before the first call.
pub(super) fn money(usage: Usage) -> String {
    if usage.calls == 0 {
        return String::new();
    }
    let usd = usage.cost.usd;
    let sum = run::usd(usd);
    match (usage.cost.partial, usd > 0.0) {
        (false, _) => sum,
        (true, true) => format!("≥{sum}"),
        (true, false) => "price unknown".to_owned(),
    }
}

/// What a round asks for, in words.
pub(super) const fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Work => "work",
        Purpose::Revote => "vote again",
        Purpose::VoteOnly => "vote now",
        Purpose::Judge => "judge the answers",
        Purpose::Weigh => "judge the round",
        Purpose::Present => "present the answer",
        Purpose::Verify => "verify the answer",
    }
}

/// The colour of a state.
pub(super) const fn role(agent: &AgentState) -> Role {
    if agent.leave.is_some() {
        // The person is waited for.
        return Role::Warn;
    }
    match &agent.activity {
        Activity::Starting
        | Activity::Asked
        | Activity::Waiting
        | Activity::Done
        | Activity::Away(Away::Retired) => Role::Dim,
        Activity::Thinking | Activity::Writing | Activity::Tool { .. } => Role::Accent,
        Activity::Drafting | Activity::Presenting | Activity::Voted => Role::Ok,
        Activity::Retrying { .. } | Activity::Away(Away::Paused | Away::Overdue) => Role::Warn,
        Activity::Away(Away::Failed(_)) => Role::Bad,
    }
}

/// The sign of a state; it moves while the agent is at work.
pub(super) fn glyph(agent: &AgentState, shared: &Shared) -> &'static str {
    let moves = matches!(
        agent.activity,
        Activity::Asked | Activity::Thinking | Activity::Writing | Activity::Tool { .. }
    );
    if moves && shared.lively() && agent.leave.is_none() {
        spinner(shared)
    } else {
        agent.glyph()
    }
}

/// What an agent does and what it waits for: `tool grep 4 s`, `voted, waits for mia`.
pub(super) fn status(agent: &AgentState, turn: &Turn, shared: &Shared) -> String {
    let words = clean(&agent.status(shared.now));
    let since = shared.now.since(agent.since) / 1000;
    if agent.activity == Activity::Asked && shared.lively() && since >= 2 {
        return format!("{words} {since} s ago");
    }
    let waits = matches!(agent.activity, Activity::Voted | Activity::Waiting);
    if !waits || agent.leave.is_some() || turn.is_over() {
        return words;
    }
    if turn.sits_out(agent.card.id) && agent.activity == Activity::Waiting {
        return "waits for the next turn".to_owned();
    }
    let begin = if agent.activity == Activity::Waiting {
        String::new()
    } else {
        format!("{words}, ")
    };
    let others: Vec<_> = match turn.part(agent.card.id).map(|part| part.progress) {
        Some(Progress::Open { waits_for }) if !waits_for.is_empty() => {
            waits_for.into_iter().map(clean).collect()
        }
        _ => turn
            .agents
            .iter()
            .filter(|other| other.card.id != agent.card.id && other.activity.is_working())
            .map(|other| clean(&other.card.name))
            .collect(),
    };
    match others.as_slice() {
        [] => words,
        names if names.len() <= NAMES => format!("{begin}waits for {}", names.join(" and ")),
        names => format!("{begin}waits for {} agents", names.len()),
    }
}

/// The state of an agent as sign and words.
pub(super) fn state(agent: &AgentState, turn: &Turn, shared: &Shared) -> Words {
    let (role, glyph) = (role(agent), glyph(agent, shared));
    Words::of(role, glyph)
        .and(role, " ")
        .and(role, status(agent, turn, shared))
}

/// The same without reasons and names: `retrying in 3 s`.
pub(super) fn brief_state(agent: &AgentState, turn: &Turn, shared: &Shared) -> Words {
    let (role, glyph) = (role(agent), glyph(agent, shared));
    let words = status(agent, turn, shared);
    let brief = words
        .split_once(": ")
        .or_else(|| words.split_once(", "))
        .map_or(words.as_str(), |(brief, _)| brief);
    Words::of(role, glyph).and(role, " ").and(role, brief)
}

/// The words of a state alone, for narrow places.
pub(super) fn short_state(agent: &AgentState, shared: &Shared) -> Words {
    let role = role(agent);
    Words::of(role, glyph(agent, shared))
        .and(role, " ")
        .and(role, agent.word())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Cost;

    #[test]
    fn numbers_stay_short() {
        for (number, words) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1.0k"),
            (1_290, "1.2k"),
            (10_000, "10k"),
            (999_999, "999k"),
            (1_250_000, "1.2M"),
        ] {
            assert_eq!(tokens(number), words);
        }
        assert_eq!(span(430), "0.4 s");
        assert_eq!(span(12_900), "12 s");
        assert_eq!(span(185_000), "3 min 5 s");
        assert_eq!(clock(7_000), "0:07");
        assert_eq!(clock(3_723_000), "1:02:03");
    }

    #[test]
    fn an_unknown_price_is_never_nothing() {
        let usage = |usd, partial, calls| Usage {
            calls,
            cost: Cost { usd, partial },
            ..Usage::default()
        };
        assert_eq!(money(usage(0.0, false, 0)), "");
        assert_eq!(money(usage(0.0, true, 1)), "price unknown");
        assert_eq!(money(usage(0.0, false, 1)), "$0.00");
        assert_eq!(money(usage(0.00312, false, 1)), "$0.0031");
        assert_eq!(money(usage(0.00312, true, 2)), "≥$0.0031");
        assert_eq!(money(usage(2.0, false, 2)), "$2.00");
    }
}
