//! The report as a table for the terminal.

use super::{
    summary::{Comparison, Money, Rates, Score, Summary},
    verdict::points,
};

/// The report.
#[must_use]
pub fn render(summary: &Summary) -> String {
    let mut text = String::new();
    let mut line = |words: &str| {
        text.push_str(words);
        text.push('\n');
    };
    if summary.scripted {
        line("SCRIPTED DEMO TEAM: no model was asked.\n");
    }
    line(&format!(
        "{} tasks, {} of {} runs done",
        summary.tasks, summary.done, summary.planned
    ));
    let mut rows = vec![
        [
            "",
            "measured by",
            "right",
            "95 % interval",
            "runs",
            "tokens a run",
            "USD a run",
        ]
        .map(str::to_owned),
    ];
    rows.extend(summary.team.iter().chain(&summary.baselines).map(score_row));
    line("");
    line(&aligned(&rows));
    if !summary.comparisons.is_empty() {
        line(&aligned(&comparison_rows(&summary.comparisons)));
    }
    if summary.team.is_some() {
        line(&aligned(&rate_rows(&summary.rates)));
        line(&aligned(&time_rows(summary)));
    }
    if !summary.tags.is_empty() {
        let mut rows = vec![["tag", "right", "95 % interval", "runs"].map(str::to_owned)];
        rows.extend(summary.tags.iter().map(|(tag, score)| {
            [
                tag.clone(),
                percent(score.accuracy),
                interval(score),
                score.runs.to_string(),
            ]
        }));
        line(&aligned(&rows));
    }
    for words in &summary.words {
        line(words);
    }
    text
}

fn comparison_rows(comparisons: &[Comparison]) -> Vec<[String; 7]> {
    let ratio = |ratio: Option<f64>| {
        ratio.map_or_else(|| "unknown".into(), |ratio| format!("{ratio:.2} x"))
    };
    let heads = [
        "team against",
        "points",
        "95 % interval",
        "better/worse",
        "p",
        "tokens",
        "money",
    ];
    let rows = comparisons.iter().map(|one| {
        [
            one.against.clone(),
            points(one.paired.mean),
            format!(
                "{} to {}",
                points(one.paired.interval.low),
                points(one.paired.interval.high)
            ),
            format!("{}/{}", one.paired.better, one.paired.worse),
            format!("{:.3}", one.paired.p),
            ratio(one.tokens),
            match one.money {
                Money::Times(times) => ratio(Some(times)),
                Money::Free => "free".into(),
                Money::Unknown => "unknown".into(),
            },
        ]
    });
    std::iter::once(heads.map(str::to_owned))
        .chain(rows)
        .collect()
}

fn score_row(score: &Score) -> [String; 7] {
    [
        score.name.clone(),
        score.measured.words().to_owned(),
        percent(score.accuracy),
        interval(score),
        score.runs.to_string(),
        format!("{:.0}", score.tokens),
        score
            .usd
            .map_or_else(|| "unknown".into(), |usd| format!("{usd:.4}")),
    ]
}

fn rate_rows(rates: &Rates) -> Vec<[String; 3]> {
    let runs = rates.settled + rates.forced + rates.failed;
    let share = |name: &str, part: u64, of: u64| {
        let percent = if of == 0 {
            "-".into()
        } else {
            percent(part as f64 / of as f64)
        };
        [name.to_owned(), percent, format!("{part} of {of}")]
    };
    vec![
        ["runs of the team", "", ""].map(str::to_owned),
        share("settled", rates.settled, runs),
        share("forced by a limit or a loss", rates.forced, runs),
        share("failed", rates.failed, runs),
        share(
            "ballots for the own answer",
            rates.self_votes,
            rates.ballots,
        ),
        share("first counted vote won", rates.first_vote_won, rates.voted),
        share("ties", rates.ties, rates.voted),
        share("some first answer right", rates.any_first_right, runs),
    ]
}

fn time_rows(summary: &Summary) -> Vec<[String; 2]> {
    let mut rows = vec![["mean time".to_owned(), String::new()]];
    let seconds = |time: u64| format!("{:.1} s", time as f64 / 1000.0);
    rows.extend(
        summary
            .milliseconds
            .iter()
            .map(|(phase, time)| [phase.clone(), seconds(*time)]),
    );
    rows
}

fn interval(score: &Score) -> String {
    format!(
        "{} to {}",
        percent(score.interval.low),
        percent(score.interval.high)
    )
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Columns as wide as their widest cell, the first to the left, the others to the right.
fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |text: &str| text.chars().count();
    let mut widths = [0; N];
    for row in rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = (*widest).max(width(cell));
        }
    }
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, widest)) in row.iter().zip(widths).enumerate() {
            let pad = " ".repeat(widest - width(cell));
            if column == 0 {
                line.extend([cell, pad.as_str()]);
            } else {
                line.extend(["  ", pad.as_str(), cell]);
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
