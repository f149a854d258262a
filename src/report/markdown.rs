//! A report as a page that people read and that other programs render.
//!
//! Words of models, tools and logs are outside text: control characters are gone, and nothing in them is
//! Markdown here.

use std::fmt::Write as _;

use super::{Cause, Of, Report};
use crate::{
    headless::words::{count, duration, money, usd},
    protocol::{AgentId, Usage},
    text::clean,
};

/// Longest quotation, in characters.
const QUOTE: usize = 200;

/// The page.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let mut page = format!("# Session {}\n", quoted(&report.run.0));
    if report.turns.is_empty() {
        page.push_str("\nThe log holds no turn.\n");
    }
    for turn in &report.turns {
        write_turn(&mut page, turn);
    }
    page.push_str(
        "\n_Counted from the events of the log, without any model. It tells how the answer came about, \
         not whether it is right._\n",
    );
    page
}

fn write_turn(page: &mut String, turn: &Of) {
    let name = |id: AgentId| {
        let agent = turn.agents.iter().find(|agent| agent.agent == id);
        agent.map_or_else(|| id.to_string(), |agent| quoted(&agent.name))
    };
    line(
        page,
        &format!("\n## Turn {}: {}\n", turn.turn, quoted(&turn.prompt)),
    );
    let won = turn.winner.as_ref().map(|(label, agent)| {
        let (votes, of) = turn.voting.winner;
        format!(
            ", won by {label} of {} with {votes} of {of} votes",
            quoted(agent)
        )
    });
    line(
        page,
        &format!(
            "**{}**{} after {}, {}.",
            turn.outcome,
            won.unwrap_or_default(),
            duration(turn.took_ms),
            used(turn.usage)
        ),
    );
    if !turn.odd.is_empty() {
        line(page, "\n### Worth a look\n");
        for odd in &turn.odd {
            line(
                page,
                &format!("- {} [event {}]", quoted(&odd.words), odd.event),
            );
        }
    }
    table(page, "Phases", &["phase", "time", "tokens", "cost"], || {
        let rows = turn.phases.iter();
        let row = |share: &super::PhaseShare| {
            let spent = share.usage;
            vec![
                share.phase.word().to_owned(),
                duration(share.ms),
                count(spent.input + spent.output),
                money(spent.cost),
            ]
        };
        rows.map(row).collect()
    });
    agents(page, turn);
    rounds(page, turn, &name);
    votes(page, turn, &name);
    tools(page, turn, &name);
}

fn agents(page: &mut String, turn: &Of) {
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
    table(page, "Agents", &heads, || {
        let row = |agent: &super::AgentShare| {
            let lost = agent.lost.as_ref().map(|word| format!(" ({word})"));
            vec![
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
            ]
        };
        turn.agents.iter().map(row).collect()
    });
}

fn rounds(page: &mut String, turn: &Of, name: &dyn Fn(AgentId) -> String) {
    let heads = [
        "round",
        "at",
        "took",
        "because of",
        "came to",
        "tokens",
        "cost",
        "event",
    ];
    table(page, "Rounds", &heads, || {
        let row = |round: &super::Round| {
            let cause = match &round.cause {
                Cause::Start => "the task".to_owned(),
                Cause::Asked => format!("{:?}", round.purpose).to_lowercase(),
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
            vec![
                format!("{} {}", name(round.agent), round.round),
                duration(round.from_ms),
                duration(round.ms),
                cause,
                format!("{end}{nothing}"),
                count(round.usage.input + round.usage.output),
                money(round.usage.cost),
                round.event.to_string(),
            ]
        };
        turn.rounds.iter().map(row).collect()
    });
}

fn votes(page: &mut String, turn: &Of, name: &dyn Fn(AgentId) -> String) {
    table(
        page,
        "Votes",
        &["voter", "for", "counted", "why", "event"],
        || {
            let row = |edge: &super::Edge| {
                vec![
                    name(edge.voter),
                    edge.target
                        .map_or_else(|| "nobody".to_owned(), |label| label.to_string()),
                    if edge.counted { "yes" } else { "no" }.to_owned(),
                    quoted(&edge.reason),
                    edge.event.to_string(),
                ]
            };
            turn.voting.edges.iter().map(row).collect()
        },
    );
    let voting = &turn.voting;
    if voting.cast > 0 {
        line(
            page,
            &format!(
                "\n{} of {} votes were for the voter's own answer; {} of the {} that had a choice were for \
                 the answer that stood first; {} stopped counting.",
                voting.own, voting.cast, voting.first, voting.choices, voting.dropped
            ),
        );
    }
}

/// Tools, and calls of models that failed.
fn tools(page: &mut String, turn: &Of, name: &dyn Fn(AgentId) -> String) {
    table(
        page,
        "Tools",
        &["tool", "calls", "failed", "time", "longest"],
        || {
            let row = |tool: &super::Tool| {
                vec![
                    quoted(&tool.name),
                    tool.calls.to_string(),
                    tool.failures.to_string(),
                    duration(tool.ms),
                    duration(tool.longest_ms),
                ]
            };
            turn.tools.iter().map(row).collect()
        },
    );
    table(
        page,
        "Failed calls",
        &["agent", "what", "times", "waited", "lost", "first message"],
        || {
            let row = |trouble: &super::Trouble| {
                vec![
                    name(trouble.agent),
                    trouble.kind.word().to_owned(),
                    trouble.count.to_string(),
                    duration(trouble.waited_ms),
                    if trouble.lost { "yes" } else { "no" }.to_owned(),
                    quoted(&trouble.message),
                ]
            };
            turn.troubles.iter().map(row).collect()
        },
    );
}

/// A table with a heading; nothing when it has no rows.
fn table(page: &mut String, title: &str, heads: &[&str], rows: impl FnOnce() -> Vec<Vec<String>>) {
    let rows = rows();
    if rows.is_empty() {
        return;
    }
    line(page, &format!("\n### {title}\n"));
    line(page, &format!("| {} |", heads.join(" | ")));
    line(page, &format!("|{}", "---|".repeat(heads.len())));
    for row in rows {
        line(page, &format!("| {} |", row.join(" | ")));
    }
}

fn line(page: &mut String, words: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(page, "{words}");
}

fn used(usage: Usage) -> String {
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

/// Outside text within a line or a cell: one line, bounded, no Markdown.
fn quoted(text: &str) -> String {
    let text = clean::line(text);
    let mut quoted = String::new();
    for (place, c) in text.trim().chars().enumerate() {
        if place == QUOTE {
            quoted.push('…');
            break;
        }
        if c.is_ascii_punctuation() && "\\`*_{}[]<>#|~".contains(c) {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted
}
