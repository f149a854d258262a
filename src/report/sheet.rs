//! A report as parts and rows, the one form behind the screen, Markdown and what a model is given.
//!
//! Words of models, tools and logs are outside text: every cell is one clean line of bounded length.

use super::{AgentShare, Cause, Edge, Habit, Of, PhaseShare, Report, Round, Tool, Trouble};
use crate::{
    headless::words::{count, duration, money, usd},
    protocol::{AgentId, Seq, Sheet, SheetPart, SheetRow, Usage},
    text::clean,
};

/// Longest quotation, in characters.
const QUOTE: usize = 200;

/// What every report ends with.
const FOOT: &str = "Counted from the events of the log, without any model. It tells how the answer came \
                    about, not whether it is right.";

/// The whole session.
#[must_use]
pub fn sheet(report: &Report) -> Sheet {
    let mut parts = Vec::new();
    if report.turns.is_empty() {
        let nothing = vec![SheetRow::words("The log holds no turn.")];
        parts.push(sentences("", nothing));
    }
    for turn in &report.turns {
        write_turn(&mut parts, turn);
    }
    if report.turns.len() > 1 && !report.habits.is_empty() {
        parts.push(SheetPart {
            title: "The session".to_owned(),
            top: true,
            ..SheetPart::default()
        });
        parts.extend(habits(&report.habits));
    }
    Sheet {
        title: format!("Session {}", quoted(&report.run.0)),
        parts,
        foot: FOOT.to_owned(),
    }
}

/// One turn of it.
#[must_use]
pub fn sheet_of(report: &Report, turn: &Of) -> Sheet {
    let mut parts = Vec::new();
    write_turn(&mut parts, turn);
    Sheet {
        title: format!("Session {}", quoted(&report.run.0)),
        parts,
        foot: FOOT.to_owned(),
    }
}

fn write_turn(parts: &mut Vec<SheetPart>, turn: &Of) {
    let won = turn.winner.as_ref().map(|(label, agent)| {
        let counted = match turn.voting.winner {
            (_, 0) => "without a vote".to_owned(),
            (votes, of) => format!("with {votes} of {of} votes"),
        };
        format!(", won by {label} of {} {counted}", quoted(agent))
    });
    let attempt = match turn.part.attempt {
        (_, 1) => String::new(),
        (one, of) => format!(" (attempt {one} of {of})"),
    };
    let mut rows = vec![SheetRow::words(format!(
        "{}{} after {}, {}.",
        turn.outcome,
        won.unwrap_or_default(),
        duration(turn.took_ms),
        used(turn.usage)
    ))];
    if let Some(words) = in_vain(turn) {
        rows.push(SheetRow::words(words));
    }
    parts.push(SheetPart {
        title: format!("Turn {}{attempt}: {}", turn.turn, quoted(&turn.prompt)),
        top: true,
        heads: Vec::new(),
        rows,
    });
    let odd = turn.odd.iter();
    let odd = odd.map(|odd| SheetRow::words(quoted(&odd.words)).at(odd.event));
    parts.push(sentences("Worth a look", odd.collect()));
    parts.push(phases(&turn.phases));
    parts.push(agents(&turn.agents));
    parts.push(rounds(turn));
    parts.extend(votes(turn));
    parts.extend(habits(&turn.voting.habits));
    parts.push(tools(&turn.tools));
    parts.push(troubles(turn));
    parts.retain(|part| part.top || !part.rows.is_empty());
}

/// What was paid for work that came to nothing, in a sentence.
fn in_vain(turn: &Of) -> Option<String> {
    let spent = turn.usage.input + turn.usage.output;
    let lost = turn.wasted.input + turn.wasted.output;
    if lost == 0 || spent == 0 {
        return None;
    }
    Some(format!(
        "{} of it, {} % of the tokens, went into work that came to nothing: rounds that failed or were \
         cut off, and votes that stopped counting.",
        wasted(turn.wasted),
        lost.saturating_mul(100) / spent
    ))
}

fn phases(phases: &[PhaseShare]) -> SheetPart {
    let row = |share: &PhaseShare| {
        cells([
            share.phase.word().to_owned(),
            duration(share.ms),
            count(share.usage.input + share.usage.output),
            money(share.usage.cost),
        ])
    };
    let heads = ["phase", "time", "tokens", "cost"];
    table("Phases", &heads, phases.iter().map(row).collect())
}

fn agents(agents: &[AgentShare]) -> SheetPart {
    let heads = [
        "agent",
        "model",
        "worked",
        "tools",
        "retrying",
        "waited",
        "rounds",
        "answers",
        "tokens",
        "cost",
        "came to nothing",
    ];
    let row = |agent: &AgentShare| {
        let lost = agent.lost.as_ref().map(|word| format!(" ({word})"));
        cells([
            format!("{}{}", quoted(&agent.name), lost.unwrap_or_default()),
            quoted(&agent.model),
            duration(agent.working_ms),
            duration(agent.tools_ms),
            duration(agent.retrying_ms),
            duration(agent.waiting_ms),
            agent.rounds.to_string(),
            agent.answers.to_string(),
            count(agent.usage.input + agent.usage.output),
            money(agent.usage.cost),
            wasted(agent.wasted),
        ])
    };
    table("Agents", &heads, agents.iter().map(row).collect())
}

fn rounds(turn: &Of) -> SheetPart {
    let heads = [
        "round",
        "at",
        "took",
        "because of",
        "came to",
        "tokens",
        "cost",
    ];
    let row = |round: &Round| {
        let cause = match &round.cause {
            Cause::Start => "the task".to_owned(),
            Cause::Asked => format!("{:?}", round.purpose).to_lowercase(),
            Cause::Own => "its own answer".to_owned(),
            Cause::Again => "no result before".to_owned(),
            Cause::Answers(labels) => {
                let labels: Vec<String> = labels.iter().map(ToString::to_string).collect();
                labels.join(", ")
            }
        };
        let end = round.end.map_or_else(
            || "no end".to_owned(),
            |end| format!("{end:?}").to_lowercase(),
        );
        let nothing = if round.wasted { " (in vain)" } else { "" };
        let row = cells([
            format!("{} {}", name(turn, round.agent), round.round),
            duration(round.from_ms),
            duration(round.ms),
            cause,
            format!("{end}{nothing}"),
            count(round.usage.input + round.usage.output),
            // What was not counted has no price either.
            match round.usage.input + round.usage.output {
                0 => "-".to_owned(),
                _ => money(round.usage.cost),
            },
        ]);
        row.at(round.event)
    };
    table("Rounds", &heads, turn.rounds.iter().map(row).collect())
}

/// Who voted for whom, and the habits behind it.
fn votes(turn: &Of) -> [SheetPart; 2] {
    let row = |edge: &Edge| {
        let target = edge.target;
        let target = target.map_or_else(|| "nobody".to_owned(), |label| label.to_string());
        let row = cells([
            name(turn, edge.voter),
            target,
            if edge.counted { "yes" } else { "no" }.to_owned(),
            quoted(&edge.reason),
        ]);
        row.at(edge.event)
    };
    let voting = &turn.voting;
    let heads = ["voter", "for", "counted", "why"];
    let edges = table("Votes", &heads, voting.edges.iter().map(row).collect());
    let mut told = Vec::new();
    if voting.cast > 0 {
        told.push(SheetRow::words(format!(
            "{} of {} votes were for the voter's own answer; {} of the {} that had a choice were for the \
             answer that stood first; {} stopped counting.",
            voting.own, voting.cast, voting.first, voting.choices, voting.dropped
        )));
    }
    if let Some(won) = voting.first_won {
        let words = if won {
            "The answer that got the first vote won."
        } else {
            "The answer that got the first vote did not win."
        };
        told.push(SheetRow::words(words));
    }
    [edges, sentences("Habits of voting", told)]
}

/// How often each model votes for itself and for whatever stands first.
fn habits(habits: &[Habit]) -> Option<SheetPart> {
    let row = |habit: &Habit| {
        cells([
            quoted(&habit.model),
            habit.cast.to_string(),
            rate(habit.own, habit.cast),
            rate(habit.first, habit.choices),
            habit.dropped.to_string(),
        ])
    };
    let heads = [
        "model",
        "votes",
        "for its own answer",
        "for what stood first",
        "stopped counting",
    ];
    let part = table("Voting by model", &heads, habits.iter().map(row).collect());
    (!part.rows.is_empty()).then_some(part)
}

fn rate(part: usize, of: usize) -> String {
    if of == 0 {
        return "-".to_owned();
    }
    format!("{part} of {of} ({} %)", part * 100 / of)
}

fn tools(tools: &[Tool]) -> SheetPart {
    let heads = ["tool", "calls", "failed", "time", "longest"];
    let row = |tool: &Tool| {
        let mut row = cells([
            quoted(&tool.name),
            tool.calls.to_string(),
            tool.failures.to_string(),
            duration(tool.ms),
            duration(tool.longest_ms),
        ]);
        row.event = tool.failed_events.first().copied().map(Seq);
        row
    };
    table("Tools", &heads, tools.iter().map(row).collect())
}

/// Calls of models that failed.
fn troubles(turn: &Of) -> SheetPart {
    let heads = ["agent", "what", "times", "waited", "lost", "first message"];
    let row = |trouble: &Trouble| {
        let mut row = cells([
            name(turn, trouble.agent),
            trouble.kind.word().to_owned(),
            trouble.count.to_string(),
            duration(trouble.waited_ms),
            if trouble.lost { "yes" } else { "no" }.to_owned(),
            quoted(&trouble.message),
        ]);
        row.event = trouble.events.first().copied().map(Seq);
        row
    };
    table(
        "Failed calls",
        &heads,
        turn.troubles.iter().map(row).collect(),
    )
}

fn name(turn: &Of, id: AgentId) -> String {
    let agent = turn.agents.iter().find(|agent| agent.agent == id);
    agent.map_or_else(|| id.to_string(), |agent| quoted(&agent.name))
}

fn table(title: &str, heads: &[&str], rows: Vec<SheetRow>) -> SheetPart {
    SheetPart {
        title: title.to_owned(),
        top: false,
        heads: heads.iter().map(|&head| head.to_owned()).collect(),
        rows,
    }
}

fn sentences(title: &str, rows: Vec<SheetRow>) -> SheetPart {
    table(title, &[], rows)
}

fn cells<const N: usize>(cells: [String; N]) -> SheetRow {
    SheetRow {
        cells: cells.into(),
        event: None,
        depth: 0,
    }
}

fn used(usage: Usage) -> String {
    // Logs of other programs may not tell any; that is not the same as none.
    if usage.input + usage.output == 0 {
        let price = if usage.cost.partial {
            ", price unknown"
        } else {
            ""
        };
        return format!("no tokens counted{price}");
    }
    let tokens = count(usage.input + usage.output);
    format!("{tokens} tokens, {}", money(usage.cost))
}

fn wasted(usage: Usage) -> String {
    match (usage.input + usage.output, usage.cost.usd > 0.0) {
        (0, _) => "-".to_owned(),
        (_, true) => usd(usage.cost.usd),
        (tokens, false) => format!("{} tokens", count(tokens)),
    }
}

/// Outside text within a line or a cell: one clean line, bounded.
pub(super) fn quoted(text: &str) -> String {
    let text = clean::line(text);
    let text = text.trim();
    match text.char_indices().nth(QUOTE) {
        Some((cut, _)) => format!("{}…", text.get(..cut).unwrap_or_default()),
        None => text.to_owned(),
    }
}
