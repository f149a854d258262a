//! What a crash left behind, and what nobody needs any more: the worktrees of all sessions, for the
//! start screen and for runs without one.

use std::time::SystemTime;

use super::{Services, ground::failure};
use crate::{
    protocol::{Failure, Left, RunId, Timestamp},
    store::Store,
    tui::{LeftAsk, LeftTold},
    workspace::{self, Held, LeftoverKind, Mode, Scope, Swept, Trouble, unwatched},
};

/// Answers the screen. Blocking.
pub(super) fn answer(services: &Services, ask: LeftAsk) -> LeftTold {
    let state = &services.state_dir;
    let done =
        |words: Result<String, Trouble>| LeftTold::Done(words.map_err(|trouble| failure(&trouble)));
    match ask {
        LeftAsk::List => LeftTold::Listed(listed(services, |_| ())),
        LeftAsk::Weigh => LeftTold::Listed(listed(services, |held| held.weigh(state))),
        LeftAsk::Tidy => LeftTold::Tidied(tidied(services)),
        LeftAsk::Keep(run) => done(workspace::keep(state, &run).map(|files| kept(&run, files))),
        LeftAsk::WriteOut(run) => done(
            workspace::write_out(state, &run, &unwatched)
                .map(|to| format!("The files of session {run} are in {}.", to.display())),
        ),
        LeftAsk::Clear(run) => done(workspace::prune(state, &run, Scope::Trees, &unwatched).map(
            |pruned| {
                let mut words = format!("{} worktrees of {run} removed.", pruned.trees);
                if !pruned.salvaged.is_empty() {
                    words.push_str(" Put by: ");
                    words.push_str(&pruned.salvaged.join("; "));
                }
                words
            },
        )),
    }
}

fn kept(run: &RunId, files: u32) -> String {
    let files = match files {
        1 => "1 changed file".to_owned(),
        _ => format!("{files} changed files"),
    };
    format!("Session {run} is closed; {files} of its agents are kept as snapshots.")
}

fn listed(services: &Services, weigh: impl Fn(&mut Held)) -> Result<Vec<Left>, Failure> {
    let mut all =
        workspace::left_behind(&services.state_dir).map_err(|trouble| failure(&trouble))?;
    all.iter_mut().for_each(weigh);
    // The latest first.
    all.sort_by_key(|held| std::cmp::Reverse(held.touched));
    Ok(all.into_iter().map(left).collect())
}

fn left(held: Held) -> Left {
    Left {
        trees: held.trees.len(),
        files: held.trees.iter().filter_map(|tree| tree.changed).sum(),
        touched: Timestamp(held.touched * 1000),
        run: held.run,
        folders: held.places,
        bytes: held.bytes,
    }
}

/// Clears away what nobody needs any more; says what went, if anything did. Blocking.
pub fn tidied(services: &Services) -> Option<String> {
    let (state, keeping) = (&services.state_dir, services.keeping);
    // Told when they were deleted, so not again; what cannot be removed now is tried next time.
    let _ = Store::reading(state).sweep_trash(crate::engine::outbox::now());
    match workspace::housekeep(state, keeping, SystemTime::now(), Mode::Clear, &unwatched) {
        Ok(swept) => words(&swept),
        Err(trouble) => Some(format!(
            "Old worktrees could not be cleared away: {trouble}"
        )),
    }
}

/// How many sessions were cut off and left worktrees. Blocking, and quick.
pub fn left_behind(services: &Services) -> usize {
    workspace::left_behind(&services.state_dir).map_or(0, |all| all.len())
}

/// What the person may look for and not find: worktrees, samples and copies, not temporary files.
fn words(swept: &Swept) -> Option<String> {
    let mut words = Vec::new();
    if !swept.going.is_empty() {
        let trees: usize = swept.going.iter().map(|chore| chore.trees).sum();
        let sessions = match swept.going.len() {
            1 => "1 ended session".to_owned(),
            count => format!("{count} ended sessions"),
        };
        words.push(format!(
            "Cleared away {trees} worktrees of {sessions}, {} MiB; their snapshots stay \
             (`massgen-tui worktrees list`).",
            swept.freed() >> 20
        ));
    }
    for kind in [LeftoverKind::Sample, LeftoverKind::Applied] {
        let count = swept.leftovers.iter().filter(|left| left.kind == kind);
        match count.count() {
            0 => {}
            1 => words.push(format!("Cleared away {}.", kind.words())),
            count => words.push(format!("Cleared away {} ({count} times).", kind.words())),
        }
    }
    (!words.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{Chore, Leftover, Ripe};

    #[test]
    fn what_went_is_told_but_for_temporary_files() {
        let left = |kind| Leftover {
            kind,
            path: "/x".into(),
        };
        let temporary = vec![left(LeftoverKind::Temporary)];
        let mut swept = Swept {
            leftovers: temporary,
            ..Swept::default()
        };
        assert_eq!(words(&swept), None);
        let more = [LeftoverKind::Applied, LeftoverKind::Sample];
        swept.leftovers.extend(more.map(left));
        swept.leftovers.push(left(LeftoverKind::Applied));
        assert_eq!(
            words(&swept).unwrap(),
            "Cleared away the sample of an old demo session. Cleared away the copies of an old \
             application (2 times)."
        );
        swept.leftovers.clear();
        swept.going.push(Chore {
            run: RunId("r".into()),
            trees: 3,
            bytes: 2 << 20,
            why: Ripe::Room,
        });
        assert_eq!(
            words(&swept).unwrap(),
            "Cleared away 3 worktrees of 1 ended session, 2 MiB; their snapshots stay \
             (`massgen-tui worktrees list`)."
        );
    }
}
