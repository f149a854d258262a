//! The report in plain words: whether the team helped, at what price, and how sure that is.

use super::summary::{Against, Comparison, Measured, Money, Score, Summary};

/// Fewer tasks than this say little, whatever they say.
const FEW: u64 = 30;

/// Sentences for the end of the report, the verdicts first.
#[must_use]
pub fn words(summary: &Summary) -> Vec<String> {
    let mut words = Vec::new();
    if summary.done < summary.planned {
        words.push(format!(
            "This is a partial report: {} of {} runs are done. Go on with --resume.",
            summary.done, summary.planned
        ));
    }
    words.extend(summary.comparisons.iter().map(verdict));
    let single = |comparison: &Comparison| comparison.kind == Against::Single;
    if summary.team.is_some() && !summary.comparisons.iter().any(single) {
        words.push(
            "No agent had every task that the team had, so there is no best single agent to compare with.".into(),
        );
    }
    if let Some(team) = &summary.team
        && team.tasks < FEW
    {
        words.push(format!(
            "{} tasks are few: below {FEW} the intervals are wide, and a difference has to be large to show.",
            team.tasks
        ));
    }
    let rates = &summary.rates;
    if rates.dependent > 0 {
        words.push(format!(
            "{} of {} first answers were written after others' had been seen, so they are no fair measure of an agent alone; use --baselines.",
            rates.dependent, rates.firsts
        ));
    }
    let first_answers = |score: &Score| score.measured == Measured::FirstAnswers;
    let alone = |score: &Score| score.measured == Measured::Alone;
    if summary.baselines.iter().any(first_answers) && !summary.baselines.iter().any(alone) {
        words.push(
            "Single agents are judged by their first answers in the team's own runs; --baselines runs each alone.".into(),
        );
    }
    if summary.scripted {
        words.push(
            "The agents were scripts, not models: these figures show the report and say nothing about any model.".into(),
        );
    }
    words
}

/// One comparison.
fn verdict(comparison: &Comparison) -> String {
    let Comparison {
        against, paired, ..
    } = comparison;
    let figures = format!(
        "{} points against {against}, 95 % interval {} to {}, p = {}",
        points(paired.mean),
        points(paired.interval.low),
        points(paired.interval.high),
        probability(paired.p)
    );
    let price = price(comparison);
    if comparison.helped {
        return format!("The team helped: {figures}{price}.");
    }
    let why = if paired.better == 0 && paired.worse == 0 {
        format!(
            "against {against} it made no difference on any of {} tasks{price}",
            paired.tasks
        )
    } else if paired.interval.high < 0.0 {
        format!("it was worse, {figures}{price}")
    } else if paired.mean < 0.0 {
        format!("it was rather worse, {figures}{price}")
    } else if paired.interval.low > 0.0 {
        format!("{figures}{price}; too few tasks differ to rule out chance")
    } else {
        format!("{figures}, which includes no gain{price}")
    };
    let more = match comparison.tasks_needed {
        Some(needed) if needed > paired.tasks => format!(
            " To show a gain of this size, about {} more tasks of this kind are needed ({needed} in all, for a chance of 80 %).",
            needed - paired.tasks
        ),
        Some(_) => " More tasks of this kind would make it clear.".to_owned(),
        None => " No number of tasks shows a gain that is not there.".to_owned(),
    };
    format!("The team did not help: {why}.{more}")
}

fn price(comparison: &Comparison) -> String {
    let tokens = comparison
        .tokens
        .map(|ratio| format!("{ratio:.1} times the tokens"));
    let money = match comparison.money {
        Money::Times(ratio) => Some(format!("{ratio:.1} times the money")),
        Money::Free | Money::Unknown => None,
    };
    match (tokens, money) {
        (Some(tokens), Some(money)) => format!(", at {tokens} and {money}"),
        (Some(one), None) | (None, Some(one)) => format!(", at {one}"),
        (None, None) => String::new(),
    }
}

/// A difference of shares in points, with its sign.
#[must_use]
pub fn points(difference: f64) -> String {
    // Rounded first, so that there is no "-0.0".
    let rounded = (difference * 1000.0).round() / 10.0 + 0.0;
    format!("{rounded:+.1}")
}

fn probability(p: f64) -> String {
    if p < 0.001 {
        "less than 0.001".into()
    } else {
        format!("{p:.3}")
    }
}
