//! One attempt: its files brought together and told in the order of time.

use super::{
    about::About,
    bills::Account,
    clock::Clock,
    file::{self, Notes},
    folders::Attempt,
    moment::{Moment, What},
    play::{Opening, Stage},
    steps::Steps,
    stream,
    tracker::{self, Part},
};

/// Tells an attempt on a stage.
pub fn tell(attempt: &Attempt, spent: &mut Account, stage: &mut Stage) {
    let mut notes = Notes::default();
    let steps = Steps::read(&attempt.folder, &mut notes);
    let mut about = About::read(attempt, &steps, &mut notes);
    let clock = about.clock(&steps);
    let mut moments = stream::moments(&attempt.stream.join("events.jsonl"), clock, &mut notes);
    let part = if moments.is_empty() {
        Part::Whole
    } else {
        Part::Rest
    };
    moments.extend(tracker::moments(&about.tracker, part));
    for moment in &moments {
        about.member(&moment.agent);
    }
    let names = names(&about);
    recover(&names, &steps, clock, &mut moments);
    let times = || moments.iter().map(|moment| moment.at).filter(|at| *at > 0);
    let began = about
        .began()
        .or_else(|| times().min())
        .or_else(|| clock.moment(&about.noted))
        .or_else(|| stamp(attempt, clock))
        .unwrap_or_default();
    let ended = times().max().unwrap_or(began).max(began);
    let metrics = file::json(&attempt.folder.join("metrics_events.json"), &mut notes);
    let metrics = metrics.unwrap_or_default();
    moments.extend(spent.moments(&about.status, &metrics, began, ended));
    // Stable: what one file tells of the same millisecond keeps its order.
    moments.sort_by_key(|moment| moment.at);
    stage.open(Opening {
        attempt,
        about: &about,
        names: &names,
        steps: &steps,
        began,
        notes: notes.0,
    });
    for moment in moments {
        stage.take(moment);
    }
    stage.close();
}

/// Names in the order of MassGen's labels: `agent2` is the second of the sorted names.
fn names(about: &About) -> Vec<String> {
    let mut names: Vec<String> = about.team.iter().map(|one| one.name.clone()).collect();
    names.sort_unstable();
    names
}

/// Answers and votes that were kept and that no story tells, because its file is cut or damaged.
fn recover(names: &[String], steps: &Steps, clock: Clock, moments: &mut Vec<Moment>) {
    let mut found = Vec::new();
    for name in names {
        let of = |what: fn(&What) -> bool| {
            let mine = moments.iter().filter(|one| one.agent == *name);
            mine.filter(|one| what(&one.what)).count()
        };
        let answers = of(|what| matches!(what, What::Answer { .. }));
        for (_, kept) in steps.numbered(name).into_iter().skip(answers) {
            let Some(at) = clock.moment(&kept.when) else {
                continue;
            };
            let text = kept.text.clone();
            let what = What::Answer { label: None, text };
            found.push(Moment::new(at, name.clone(), what));
        }
        let votes = of(|what| matches!(what, What::Vote { .. }));
        for vote in steps.votes.get(name).into_iter().flatten().skip(votes) {
            let Some(at) = vote.at.or_else(|| clock.moment(&vote.when)) else {
                continue;
            };
            let what = What::Vote {
                target: vote.target.clone(),
                label: vote.label,
                reason: vote.reason.clone(),
            };
            found.push(Moment::new(at, name.clone(), what));
        }
    }
    moments.extend(found);
}

/// The date in the name of the log.
fn stamp(attempt: &Attempt, clock: Clock) -> Option<u64> {
    let mut folders = attempt.folder.ancestors();
    folders.find_map(|folder| clock.moment(folder.file_name()?.to_str()?.strip_prefix("log_")?))
}
