//! An analysis as parts and rows: each claim with the events it rests on below it.

use super::{Analysis, Claim, Found, Topic};
use crate::{
    headless::words::{count, duration, moment, money},
    protocol::{Seq, Sheet, SheetPart, SheetRow, Timestamp},
};

/// What every analysis ends with.
const FOOT: &str = "Words of a model about a log. Events were checked to be there, not to prove what is \
                    said. Whether an answer is right is not known here.";

/// One analysis. `words` knows what an event is; `stale` is what to say of its age.
#[must_use]
pub fn sheet(
    analysis: &Analysis,
    stale: Option<&str>,
    words: &dyn Fn(u64) -> Option<String>,
) -> Sheet {
    let mut parts = vec![head(analysis, stale)];
    if !analysis.summary.is_empty() {
        let mut rows = vec![SheetRow::words(analysis.summary.clone())];
        if super::check::judges(&analysis.summary) {
            rows.push(below(JUDGED));
        }
        parts.push(part("Summary", rows));
    }
    for topic in Topic::ALL {
        let claims = analysis.claims.iter().filter(|claim| claim.topic == topic);
        let rows: Vec<SheetRow> = claims.flat_map(|claim| rows(claim, words)).collect();
        if !rows.is_empty() {
            parts.push(part(topic.title(), rows));
        }
    }
    Sheet {
        title: format!("Analysis by {}", analysis.by.name()),
        parts,
        foot: FOOT.to_owned(),
    }
}

const JUDGED: &str = "judges an answer; no log knows whether one is right";

fn head(analysis: &Analysis, stale: Option<&str>) -> SheetPart {
    let (of, by, seen) = (&analysis.of, &analysis.by, analysis.seen);
    let attempt = if of.attempt > 1 {
        format!(", attempt {}", of.attempt)
    } else {
        String::new()
    };
    let mut rows = vec![SheetRow::words(format!(
        "{} · {} · {} tokens in, {} out · {}",
        moment(Timestamp(by.at_ms)),
        duration(by.took_ms),
        count(by.usage.input),
        count(by.usage.output),
        money(by.usage.cost),
    ))];
    if by.scripted {
        rows.push(SheetRow::words(
            "A script of the demo wrote this to show the way; no model read the log.",
        ));
    }
    rows.extend(stale.map(SheetRow::words));
    if seen.percent() < 100 {
        rows.push(SheetRow::words(format!(
            "The log was condensed to {} % for this model; {} events were left out.",
            seen.percent(),
            count(seen.left_out)
        )));
    }
    rows.extend(analysis.shape.words().map(SheetRow::words));
    SheetPart {
        title: format!("Turn {}{attempt} by {}", of.turn, by.name()),
        top: true,
        heads: Vec::new(),
        rows,
    }
}

fn rows(claim: &Claim, words: &dyn Fn(u64) -> Option<String>) -> Vec<SheetRow> {
    let mut rows = vec![SheetRow::words(claim.text.clone())];
    if claim.judges {
        rows.push(below(JUDGED));
    }
    if claim.cites.is_empty() {
        rows.push(below("rests on no event"));
    }
    for cited in &claim.cites {
        let number = cited.event;
        rows.push(match cited.found {
            Found::No => below(&format!("e{number}: not found in the log")),
            Found::Yes | Found::NotShown => {
                let shown = match cited.found {
                    Found::NotShown => " (the model was not shown it)",
                    Found::Yes | Found::No => "",
                };
                let what = words(number).unwrap_or_default();
                let mut row = below(&format!("e{number}{shown} {what}"));
                row.event = Some(Seq(number));
                row
            }
        });
    }
    // A claim opens where its first event is.
    let first = rows.iter().find_map(|row| row.event);
    if let Some(row) = rows.first_mut() {
        row.event = first;
    }
    rows
}

fn below(words: &str) -> SheetRow {
    SheetRow {
        depth: 1,
        ..SheetRow::words(words)
    }
}

fn part(title: &str, rows: Vec<SheetRow>) -> SheetPart {
    SheetPart {
        title: title.to_owned(),
        top: false,
        heads: Vec::new(),
        rows,
    }
}

/// Several analyses of one turn, one row each.
#[must_use]
pub fn columns(analyses: &[Analysis]) -> SheetPart {
    let row = |analysis: &Analysis| {
        let cites = analysis.claims.iter().flat_map(|claim| &claim.cites);
        let (mut all, mut lost) = (0, 0);
        for cited in cites {
            all += 1;
            lost += usize::from(cited.found == Found::No);
        }
        let judging = analysis.claims.iter().filter(|claim| claim.judges).count();
        SheetRow {
            cells: vec![
                analysis.by.name(),
                analysis.of.turn.to_string(),
                analysis.claims.len().to_string(),
                format!("{} of {all}", all - lost),
                judging.to_string(),
                count(analysis.by.usage.input + analysis.by.usage.output),
                money(analysis.by.usage.cost),
            ],
            event: None,
            depth: 0,
        }
    };
    let heads = [
        "model",
        "turn",
        "claims",
        "events found",
        "judging",
        "tokens",
        "cost",
    ];
    SheetPart {
        title: "Analyses".to_owned(),
        top: false,
        heads: heads.map(str::to_owned).into(),
        rows: analyses.iter().map(row).collect(),
    }
}
