//! What happened, as rows: outcome, time, money, votes, tools, trouble.

use super::Known;
use crate::{
    headless::words::{count, counted, duration, moment, money, usd},
    protocol::{
        FailureKind, Origin, Outcome, OutcomeEnd, Phase, Timestamp, Usage,
        comparison::{Cell, Row, Section},
    },
    report::{AgentShare, Of},
    run::Turn,
    text::clean,
};

/// Phases in which time passes.
const PHASES: [Phase; 6] = [
    Phase::Work,
    Phase::PublishNow,
    Phase::VoteNow,
    Phase::Deciding,
    Phase::Presenting,
    Phase::Verifying,
];

/// The name of a figure, and how it is had from a part of a report.
type Part<T> = (&'static str, fn(&T) -> u64);

/// A row of these cells. What differs is what a person sees to differ: 0.02 s and 0.04 s are both `0.0s`.
pub(super) fn row(name: impl Into<String>, cells: Vec<Cell>) -> Row {
    let differs = cells.windows(2).any(|pair| match pair {
        [one, other] => one.words != other.words,
        _ => false,
    });
    Row {
        name: name.into(),
        cells,
        differs,
    }
}

/// Outside words as a cell.
pub(super) fn cell(words: &str) -> Cell {
    Cell {
        words: clean::line(words).trim().to_owned(),
        figure: None,
    }
}

fn number(number: u64) -> Cell {
    Cell {
        words: count(number),
        figure: Some(number as f64),
    }
}

fn time(ms: u64) -> Cell {
    Cell {
        words: duration(ms),
        figure: Some(ms as f64),
    }
}

/// Money; a sum that lacks a price is words only.
fn spent(usage: Usage) -> Cell {
    Cell {
        words: money(usage.cost),
        figure: (!usage.cost.partial).then_some(usage.cost.usd),
    }
}

/// The sections about what happened.
pub(super) fn of(known: &[Known<'_>]) -> Vec<Section> {
    let mut sections = vec![outcome(known), turns(known), times(known), costs(known)];
    sections.extend([votes(known), tools(known), trouble(known)]);
    sections.retain(|section| !section.rows.is_empty());
    sections
}

fn section(title: &str, rows: Vec<Row>) -> Section {
    Section {
        title: title.to_owned(),
        rows,
        remark: String::new(),
    }
}

/// A row with what each session says.
fn each(known: &[Known<'_>], name: &str, cell: impl Fn(&Known<'_>) -> Cell) -> Row {
    row(name, known.iter().map(cell).collect())
}

/// A row with what each session's last turn says.
fn last(known: &[Known<'_>], name: &str, of: impl Fn(&Turn) -> Cell) -> Row {
    each(known, name, |one| one.last().map(&of).unwrap_or_default())
}

fn outcome(known: &[Known<'_>]) -> Section {
    let first_lines = |text: &str| {
        let mut lines = text.trim().lines();
        let first = lines.next().unwrap_or_default();
        cell(&if lines.next().is_some() {
            format!("{first} …")
        } else {
            first.to_owned()
        })
    };
    let mut rows = vec![
        each(known, "task", |one| {
            let mut turns = one.state.turns();
            turns
                .next()
                .map_or_else(Cell::default, |turn| first_lines(&turn.start.prompt))
        }),
        last(known, "run by", |turn| cell(&origin(turn))),
        each(known, "started", |one| {
            let began = one.state.turns().next().map(|turn| turn.started);
            began.map_or_else(Cell::default, |at| cell(&moment(Timestamp(at.0))))
        }),
        each(known, "turns", |one| {
            number(one.state.turns().count() as u64)
        }),
        last(known, "agents", |turn| number(turn.agents.len() as u64)),
        last(known, "outcome", |turn| cell(word(turn))),
        last(known, "ended by", |turn| cell(end(turn))),
        last(known, "winner", |turn| {
            winner(turn).map_or_else(Cell::default, |(label, name)| {
                cell(&format!("{name} ({label})"))
            })
        }),
        last(known, "winner's model", |turn| {
            let model = turn.decision.as_ref().map(|decision| decision.winner.agent);
            let model = model.or_else(|| answered(turn).map(|label| label.agent));
            let agent = model.and_then(|id| turn.agent(id));
            agent.map_or_else(Cell::default, |agent| cell(&agent.card.model))
        }),
        last(known, "presented by", |turn| match &turn.outcome {
            Some(Outcome::Answered { presenter, .. }) => match presenter {
                Some(id) => cell(turn.name(*id)),
                None => cell("nobody: as published"),
            },
            Some(Outcome::NoAnswer { .. }) | None => Cell::default(),
        }),
    ];
    rows.push(each(known, "answer", |one| {
        let text = one.answer();
        if text.is_empty() {
            return Cell::default();
        }
        let words = text.split_whitespace().count() as u64;
        let lines = text.lines().count() as u64;
        Cell {
            words: format!("{}, {}", counted(words, "word"), counted(lines, "line")),
            figure: None,
        }
    }));
    section("Outcome", rows)
}

fn origin(turn: &Turn) -> String {
    match &turn.start.origin {
        Origin::Demo { scenario } => format!("demo team, {scenario}"),
        Origin::Imported { program } => program.clone(),
        Origin::Config { .. } | Origin::Direct => format!("massgen-tui {}", turn.start.version),
    }
}

fn word(turn: &Turn) -> &'static str {
    match &turn.outcome {
        Some(Outcome::Answered { .. }) => "answered",
        Some(Outcome::NoAnswer { .. }) => "no answer",
        None => "unfinished",
    }
}

fn end(turn: &Turn) -> &'static str {
    match &turn.outcome {
        Some(Outcome::Answered { end, .. }) => match end {
            OutcomeEnd::Consensus => "agreement",
            OutcomeEnd::Limit => "a limit",
            OutcomeEnd::AnswerNow => "the person, who wanted an answer",
            OutcomeEnd::Stopped => "the person, who stopped it",
            OutcomeEnd::AgentsLost => "the loss of every agent",
        },
        Some(Outcome::NoAnswer { .. }) | None => "",
    }
}

fn answered(turn: &Turn) -> Option<crate::protocol::Label> {
    match &turn.outcome {
        Some(Outcome::Answered { winner, .. }) => Some(*winner),
        Some(Outcome::NoAnswer { .. }) | None => None,
    }
}

fn winner(turn: &Turn) -> Option<(String, String)> {
    answered(turn).map(|label| (label.to_string(), turn.name(label.agent).to_owned()))
}

/// A row per turn, when a session has several.
fn turns(known: &[Known<'_>]) -> Section {
    let most = known.iter().map(|one| one.report.turns.len()).max();
    let most = most.filter(|most| *most > 1).unwrap_or_default();
    let rows = (0..most).map(|place| {
        let told = |of: &Of| {
            let won = of.winner.as_ref().map(|(_, name)| format!(" by {name}"));
            cell(&format!(
                "{}{} in {}, {}",
                of.outcome,
                won.unwrap_or_default(),
                duration(of.took_ms),
                money(of.usage.cost)
            ))
        };
        each(known, &format!("turn {}", place + 1), |one| {
            one.report.turns.get(place).map(told).unwrap_or_default()
        })
    });
    section("Turns", rows.collect())
}

/// The sum of something over the turns of a session.
fn sum(known: &Known<'_>, of: impl Fn(&Of) -> u64) -> u64 {
    known.report.turns.iter().map(of).sum()
}

fn times(known: &[Known<'_>]) -> Section {
    let mut rows = vec![each(known, "all turns", |one| {
        time(sum(one, |of| of.took_ms))
    })];
    for phase in PHASES {
        let in_phase = |of: &Of| -> u64 {
            let shares = of.phases.iter().filter(|share| share.phase == phase);
            shares.map(|share| share.ms).sum()
        };
        if known.iter().any(|one| sum(one, in_phase) > 0) {
            rows.push(each(known, phase.word(), |one| time(sum(one, in_phase))));
        }
    }
    let parts: [Part<AgentShare>; 4] = [
        ("agents at work, summed", |share| share.working_ms),
        ("agents in tools, summed", |share| share.tools_ms),
        ("agents repeating calls, summed", |share| share.retrying_ms),
        ("agents waiting, summed", |share| share.waiting_ms),
    ];
    for (name, part) in parts {
        let all = |of: &Of| of.agents.iter().map(part).sum();
        if known.iter().any(|one| sum(one, all) > 0) {
            rows.push(each(known, name, |one| time(sum(one, all))));
        }
    }
    section("Time", rows)
}

fn usage(known: &Known<'_>) -> Usage {
    let turns = known.report.turns.iter();
    turns.fold(Usage::default(), |sum, of| sum + of.usage)
}

fn costs(known: &[Known<'_>]) -> Section {
    let mut rows = vec![each(known, "all turns", |one| spent(usage(one)))];
    for phase in PHASES {
        let in_phase = |one: &Known<'_>| {
            let shares = one.report.turns.iter().flat_map(|of| &of.phases);
            let shares = shares.filter(|share| share.phase == phase);
            shares.fold(Usage::default(), |sum, share| sum + share.usage)
        };
        if known.iter().any(|one| in_phase(one).calls > 0) {
            rows.push(each(known, &format!("while {}", phase.word()), |one| {
                spent(in_phase(one))
            }));
        }
    }
    rows.push(each(known, "spent on what came to nothing", |one| {
        let turns = one.report.turns.iter();
        let wasted = turns.fold(Usage::default(), |sum, of| sum + of.wasted);
        match wasted.calls {
            0 => Cell {
                words: usd(0.0),
                figure: Some(0.0),
            },
            _ => spent(wasted),
        }
    }));
    let tokens: [Part<Usage>; 5] = [
        ("tokens in", |usage| usage.input),
        ("of these from a cache", |usage| usage.cached),
        ("tokens out", |usage| usage.output),
        ("of these reasoning", |usage| usage.reasoning),
        ("model calls", |usage| u64::from(usage.calls)),
    ];
    for (name, part) in tokens {
        rows.push(each(known, name, |one| number(part(&usage(one)))));
    }
    section("Cost", rows)
}

fn votes(known: &[Known<'_>]) -> Section {
    let counts: [Part<Of>; 7] = [
        ("rounds", |of| of.rounds.len() as u64),
        ("rounds that came to nothing", |of| {
            of.rounds.iter().filter(|round| round.wasted).count() as u64
        }),
        ("answers", |of| {
            of.agents.iter().map(|agent| agent.answers as u64).sum()
        }),
        ("votes cast", |of| of.voting.cast as u64),
        ("votes that stopped counting", |of| of.voting.dropped as u64),
        ("votes for the own answer", |of| of.voting.own as u64),
        ("votes for what stood first", |of| of.voting.first as u64),
    ];
    let mut rows: Vec<Row> = (counts.into_iter())
        .map(|(name, part)| each(known, name, |one| number(sum(one, part))))
        .collect();
    rows.push(each(known, "votes for the winner", |one| {
        let (votes, all) = one
            .report
            .turns
            .last()
            .map_or((0, 0), |of| of.voting.winner);
        match all {
            0 => Cell::default(),
            _ => cell(&format!("{votes} of {all}")),
        }
    }));
    for place in 0.. {
        let share = |one: &Known<'_>| {
            let tally = one.last()?.decision.as_ref()?.tally.get(place)?;
            let name = one.last()?.name(tally.label.agent);
            Some(format!("{name} ({}): {}", tally.label, tally.voters.len()))
        };
        if !known.iter().any(|one| share(one).is_some()) {
            break;
        }
        rows.push(each(
            known,
            &format!("place {} in the count", place + 1),
            |one| share(one).map(|words| cell(&words)).unwrap_or_default(),
        ));
    }
    section("Rounds and votes", rows)
}

fn tools(known: &[Known<'_>]) -> Section {
    let mut names: Vec<&str> = Vec::new();
    for tool in known
        .iter()
        .flat_map(|one| &one.report.turns)
        .flat_map(|of| &of.tools)
    {
        if !names.contains(&tool.name.as_str()) {
            names.push(&tool.name);
        }
    }
    if names.is_empty() {
        return section("Tools", Vec::new());
    }
    let total = |one: &Known<'_>, name: Option<&str>| {
        let tools = one.report.turns.iter().flat_map(|of| &of.tools);
        let tools = tools.filter(|tool| name.is_none_or(|name| tool.name == name));
        tools.fold((0, 0, 0), |(calls, failed, ms), tool| {
            (
                calls + tool.calls as u64,
                failed + tool.failures as u64,
                ms + tool.ms,
            )
        })
    };
    let told = |(calls, failed, ms): (u64, u64, u64)| match (calls, failed) {
        (0, _) => Cell::default(),
        (calls, 0) => cell(&format!("{}, {}", count(calls), duration(ms))),
        (calls, failed) => cell(&format!(
            "{}, {} failed, {}",
            count(calls),
            count(failed),
            duration(ms)
        )),
    };
    let mut rows = vec![each(known, "all calls", |one| told(total(one, None)))];
    rows.extend(names.into_iter().map(|name| {
        let row = each(known, name, |one| told(total(one, Some(name))));
        Row {
            name: clean::line(name).into_owned(),
            ..row
        }
    }));
    section("Tools", rows)
}

fn trouble(known: &[Known<'_>]) -> Section {
    let troubles = |one: &Known<'_>, kind: Option<FailureKind>| -> u64 {
        let all = one.report.turns.iter().flat_map(|of| &of.troubles);
        let all = all.filter(|trouble| kind.is_none_or(|kind| trouble.kind == kind));
        all.map(|trouble| trouble.count as u64).sum()
    };
    let mut kinds: Vec<FailureKind> = Vec::new();
    for trouble in known
        .iter()
        .flat_map(|one| &one.report.turns)
        .flat_map(|of| &of.troubles)
    {
        if !kinds.contains(&trouble.kind) {
            kinds.push(trouble.kind);
        }
    }
    let mut rows = vec![each(known, "failed calls", |one| {
        number(troubles(one, None))
    })];
    for kind in kinds {
        rows.push(each(known, kind.word(), |one| {
            number(troubles(one, Some(kind)))
        }));
    }
    rows.push(each(known, "agents lost", |one| {
        let agents = one.report.turns.iter().flat_map(|of| &of.agents);
        number(agents.filter(|agent| agent.lost.is_some()).count() as u64)
    }));
    rows.push(each(known, "worth a look", |one| {
        number(sum(one, |of| of.odd.len() as u64))
    }));
    if known.iter().any(|one| one.subject.damage.is_some()) {
        rows.push(each(known, "damage of the log", |one| {
            cell(one.subject.damage.unwrap_or("none"))
        }));
    }
    section("Trouble", rows)
}
