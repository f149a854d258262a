//! From records to the report: accuracies, ratios, rates, times.
//!
//! Accuracies are means over tasks (weighted), a task's own being the share of its runs that were right.
//! Their intervals count repeated runs of a task for what they are worth (`stats::worth`).

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{
    Record, Task,
    record::{Arm, End},
    stats::{self, Interval, Paired},
    verdict,
};
use crate::protocol::Usage;

/// The report of a bench.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// True when the agents were scripts: the figures say nothing about any model.
    pub scripted: bool,
    /// Tasks of the file.
    pub tasks: u64,
    /// Runs of the team and of agents alone that were planned, and how many are done.
    pub planned: u64,
    /// Runs done.
    pub done: u64,
    /// The team.
    pub team: Option<Score>,
    /// What it is measured against: single agents, then the plain majority.
    pub baselines: Vec<Score>,
    /// The team against the best single agent, and against the plain majority.
    pub comparisons: Vec<Comparison>,
    /// How the team came to its answers.
    pub rates: Rates,
    /// Mean milliseconds of a run of the team, by phase, and in all under `all`.
    pub milliseconds: BTreeMap<String, u64>,
    /// The team's accuracy by tag.
    pub tags: BTreeMap<String, Score>,
    /// In plain words.
    pub words: Vec<String>,
}

/// How often somebody was right, and at what price.
#[derive(Clone, Debug, Serialize)]
pub struct Score {
    /// Who.
    pub name: String,
    /// How that was measured.
    pub measured: Measured,
    /// Tasks with at least one run.
    pub tasks: u64,
    /// Runs.
    pub runs: u64,
    /// Share of right answers.
    pub accuracy: f64,
    /// Its 95 % interval.
    pub interval: Interval,
    /// Mean tokens of a run.
    pub tokens: f64,
    /// Mean price of a run in USD; `None` when some price is unknown.
    pub usd: Option<f64>,
}

/// Where a score comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measured {
    /// Runs of the team.
    Team,
    /// First answers within runs of the team, at what they had cost by then.
    FirstAnswers,
    /// The most frequent first answer, at the price of all first answers.
    Majority,
    /// Runs of the agent alone.
    Alone,
}

impl Measured {
    /// In a table.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Team => "runs",
            Self::FirstAnswers => "its first answers",
            Self::Majority => "of first answers",
            Self::Alone => "runs alone",
        }
    }
}

/// The team against something else on the same tasks.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Against what.
    pub kind: Against,
    /// The same in words.
    pub against: String,
    /// The difference in accuracy.
    pub paired: Paired,
    /// The team's tokens over the other's; `None` when the other used none.
    pub tokens: Option<f64>,
    /// The team's price over the other's.
    pub money: Money,
    /// Tasks in all that would show a gain of this size with a chance of 80 %.
    pub tasks_needed: Option<u64>,
    /// True when the interval is above nothing and the sign test agrees.
    pub helped: bool,
}

/// What the team is measured against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// The best single agent.
    Single,
    /// The plain majority.
    Majority,
}

/// A ratio of prices.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Money {
    /// So many times the price.
    Times(f64),
    /// The other costs nothing.
    Free,
    /// Some price is not known.
    Unknown,
}

/// Counts of what happened in the team's runs.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Rates {
    /// Runs that ended by agreement.
    pub settled: u64,
    /// Runs with an answer that a limit or the loss of agents ended.
    pub forced: u64,
    /// Runs without an answer.
    pub failed: u64,
    /// Ballots that were counted.
    pub ballots: u64,
    /// Those for the voter's own answer.
    pub self_votes: u64,
    /// Runs with counted ballots.
    pub voted: u64,
    /// Those in which the earliest counted ballot named the winner.
    pub first_vote_won: u64,
    /// Those in which several answers had the most ballots.
    pub ties: u64,
    /// Ballots that new answers made void.
    pub dropped: u64,
    /// Answers published.
    pub answers: u64,
    /// Runs in which at least one first answer was right.
    pub any_first_right: u64,
    /// First answers written after others' had been seen.
    pub dependent: u64,
    /// First answers there should be.
    pub firsts: u64,
}

/// One judged run of somebody.
struct Item<'a> {
    task: &'a str,
    correct: bool,
    usage: Usage,
}

/// Folds records into the report. Records of tasks that are not in the list are passed over.
#[must_use]
pub fn summarise(tasks: &[Task], records: &[&Record], planned: u64, scripted: bool) -> Summary {
    let weights: BTreeMap<&str, f64> = tasks
        .iter()
        .map(|task| (task.id.as_str(), task.weight))
        .collect();
    let records: Vec<&Record> = records
        .iter()
        .copied()
        .filter(|record| weights.contains_key(record.key.task.as_str()))
        .collect();
    let team: Vec<&Record> = of_arm(&records, &Arm::Team);
    let own = items(&team);
    let mut baselines = Vec::new();
    let mut comparisons = Vec::new();
    if let Some((score, best)) = best_single(&weights, &records, &team, &mut baselines) {
        let against = format!("the best single agent ({})", score.name);
        comparisons.push(compare(&weights, &own, &best, Against::Single, against));
    }
    let majority = majority_items(&team);
    if !majority.is_empty() && team.iter().any(|record| record.firsts.len() > 1) {
        baselines.extend(score(
            "plain majority",
            Measured::Majority,
            &weights,
            &majority,
        ));
        let against = "the plain majority of first answers".to_owned();
        comparisons.push(compare(
            &weights,
            &own,
            &majority,
            Against::Majority,
            against,
        ));
    }
    let mut summary = Summary {
        scripted,
        tasks: tasks.len() as u64,
        planned,
        done: records.len() as u64,
        team: score("team", Measured::Team, &weights, &own),
        baselines,
        comparisons,
        rates: rates(&team),
        milliseconds: milliseconds(&team),
        tags: tags(tasks, &weights, &own),
        words: Vec::new(),
    };
    summary.words = verdict::words(&summary);
    summary
}

fn of_arm<'a>(records: &[&'a Record], arm: &Arm) -> Vec<&'a Record> {
    records
        .iter()
        .copied()
        .filter(|record| record.key.arm == *arm)
        .collect()
}

fn items<'a>(records: &[&'a Record]) -> Vec<Item<'a>> {
    let item = |record: &&'a Record| Item {
        task: &record.key.task,
        correct: record.correct,
        usage: record.usage,
    };
    records.iter().map(item).collect()
}

/// Scores every agent and returns the most accurate, of equals the cheapest in tokens, among those that
/// had every task the team had. Runs alone count before first answers where there are some.
fn best_single<'a>(
    weights: &BTreeMap<&str, f64>,
    records: &[&'a Record],
    team: &[&'a Record],
    baselines: &mut Vec<Score>,
) -> Option<(Score, Vec<Item<'a>>)> {
    let arms: BTreeSet<&Arm> = records.iter().map(|record| &record.key.arm).collect();
    let mut singles: Vec<(String, Measured, Vec<Item<'a>>)> = arms
        .into_iter()
        .filter_map(|arm| match arm {
            Arm::Team => None,
            Arm::Alone(name) => Some((name.clone(), Measured::Alone, items(&of_arm(records, arm)))),
        })
        .collect();
    let alone = !singles.is_empty();
    let had = by_task(&items(team)).len();
    let names: BTreeSet<&str> = team
        .iter()
        .flat_map(|record| record.firsts.iter().map(|first| first.name.as_str()))
        .collect();
    for name in names {
        let firsts = team.iter().filter_map(|record| {
            let first = record.firsts.iter().find(|first| first.name == name)?;
            Some(Item {
                task: &record.key.task,
                correct: first.correct,
                usage: first.usage,
            })
        });
        singles.push((name.to_owned(), Measured::FirstAnswers, firsts.collect()));
    }
    let mut best: Option<(Score, Vec<Item<'a>>)> = None;
    for (name, measured, items) in singles {
        let Some(score) = score(&name, measured, weights, &items) else {
            continue;
        };
        baselines.push(score.clone());
        let chosen = !alone || measured == Measured::Alone;
        if !chosen || by_task(&items).len() < had {
            continue;
        }
        let better = best.as_ref().is_none_or(|(known, _)| {
            score.accuracy > known.accuracy
                || (score.accuracy >= known.accuracy && score.tokens < known.tokens)
        });
        if better {
            best = Some((score, items));
        }
    }
    best
}

fn majority_items<'a>(team: &[&'a Record]) -> Vec<Item<'a>> {
    let item = |record: &&'a Record| Item {
        task: &record.key.task,
        correct: record.majority.is_some_and(|majority| majority.correct),
        usage: record
            .firsts
            .iter()
            .fold(Usage::default(), |sum, first| sum + first.usage),
    };
    team.iter().map(item).collect()
}

/// (right, runs) per task.
fn by_task<'a>(items: &[Item<'a>]) -> BTreeMap<&'a str, (f64, f64)> {
    let mut tasks: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for item in items {
        let (right, runs) = tasks.entry(item.task).or_default();
        *right += f64::from(u8::from(item.correct));
        *runs += 1.0;
    }
    tasks
}

fn weight(weights: &BTreeMap<&str, f64>, task: &str) -> f64 {
    weights.get(task).copied().unwrap_or(1.0)
}

fn score(
    name: &str,
    measured: Measured,
    weights: &BTreeMap<&str, f64>,
    items: &[Item<'_>],
) -> Option<Score> {
    let tasks = by_task(items);
    let runs = items.len() as f64;
    let total: f64 = tasks.keys().map(|task| weight(weights, task)).sum();
    if total <= 0.0 {
        return None;
    }
    let right: f64 = tasks
        .iter()
        .map(|(task, (right, runs))| weight(weights, task) * right / runs)
        .sum();
    let accuracy = right / total;
    let counts: Vec<(f64, f64)> = tasks.values().copied().collect();
    let unequal =
        stats::effective(tasks.keys().map(|task| weight(weights, task))) / counts.len() as f64;
    let spent = sum(items);
    Some(Score {
        name: name.to_owned(),
        measured,
        tasks: tasks.len() as u64,
        runs: items.len() as u64,
        accuracy,
        interval: stats::wilson(accuracy, stats::worth(&counts) * unequal),
        tokens: tokens(&spent) / runs,
        usd: (!spent.cost.partial).then_some(spent.cost.usd / runs),
    })
}

fn sum(items: &[Item<'_>]) -> Usage {
    items
        .iter()
        .fold(Usage::default(), |sum, item| sum + item.usage)
}

fn tokens(usage: &Usage) -> f64 {
    usage.input.saturating_add(usage.output) as f64
}

fn compare(
    weights: &BTreeMap<&str, f64>,
    team: &[Item<'_>],
    other: &[Item<'_>],
    kind: Against,
    against: String,
) -> Comparison {
    let (ours, theirs) = (by_task(team), by_task(other));
    let common = |item: &&Item<'_>| ours.contains_key(item.task) && theirs.contains_key(item.task);
    let differences: Vec<(f64, f64)> = ours
        .iter()
        .filter_map(|(task, (right, runs))| {
            let (their_right, their_runs) = theirs.get(task)?;
            Some((
                right / runs - their_right / their_runs,
                weight(weights, task),
            ))
        })
        .collect();
    let paired = stats::paired(&differences);
    let mean = |items: &[Item<'_>], value: &dyn Fn(&Usage) -> f64| {
        let chosen: Vec<&Item<'_>> = items.iter().filter(common).collect();
        let sum: f64 = chosen.iter().map(|item| value(&item.usage)).sum();
        sum / chosen.len().max(1) as f64
    };
    let ratio = |value: &dyn Fn(&Usage) -> f64| {
        let base = mean(other, value);
        (base > 0.0).then(|| mean(team, value) / base)
    };
    let known = !sum(team).cost.partial && !sum(other).cost.partial;
    let money = match ratio(&|usage| usage.cost.usd) {
        _ if !known => Money::Unknown,
        Some(ratio) => Money::Times(ratio),
        None => Money::Free,
    };
    Comparison {
        kind,
        against,
        tokens: ratio(&tokens),
        money,
        tasks_needed: stats::needed(paired.mean, paired.spread),
        helped: paired.interval.low > 0.0 && paired.p < 0.05,
        paired,
    }
}

fn rates(team: &[&Record]) -> Rates {
    let mut rates = Rates::default();
    for record in team {
        match record.end {
            End::Settled => rates.settled += 1,
            End::Forced => rates.forced += 1,
            End::Failed => rates.failed += 1,
        }
        let vote = &record.vote;
        rates.ballots += u64::from(vote.ballots);
        rates.self_votes += u64::from(vote.own);
        rates.voted += u64::from(vote.ballots > 0);
        rates.first_vote_won += u64::from(vote.first_won == Some(true));
        rates.ties += u64::from(vote.tie);
        rates.dropped += u64::from(vote.dropped);
        rates.answers += u64::from(vote.answers);
        rates.any_first_right += u64::from(record.firsts.iter().any(|first| first.correct));
        let dependent = record
            .firsts
            .iter()
            .filter(|first| !first.independent && first.answered);
        rates.dependent += dependent.count() as u64;
        rates.firsts += record.firsts.len() as u64;
    }
    rates
}

fn milliseconds(team: &[&Record]) -> BTreeMap<String, u64> {
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    for record in team {
        for (phase, time) in &record.times.phases {
            *sums.entry(phase.clone()).or_default() += time;
        }
        *sums.entry("all".into()).or_default() += record.times.wall;
    }
    let runs = team.len().max(1) as u64;
    for sum in sums.values_mut() {
        *sum /= runs;
    }
    sums
}

fn tags(
    tasks: &[Task],
    weights: &BTreeMap<&str, f64>,
    own: &[Item<'_>],
) -> BTreeMap<String, Score> {
    let names: BTreeSet<&String> = tasks.iter().flat_map(|task| &task.tags).collect();
    names
        .into_iter()
        .filter_map(|tag| {
            let tagged: BTreeSet<&str> = tasks
                .iter()
                .filter(|task| task.tags.contains(tag))
                .map(|task| task.id.as_str())
                .collect();
            let chosen: Vec<Item<'_>> = own
                .iter()
                .filter(|item| tagged.contains(item.task))
                .map(|item| Item { ..*item })
                .collect();
            Some((tag.clone(), score(tag, Measured::Team, weights, &chosen)?))
        })
        .collect()
}
