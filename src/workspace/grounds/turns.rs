//! Further turns, and teams inside teams: a new baseline, what worktrees begin with, whose they are.
//!
//! A worktree follows a new beginning when its agent works again, not before: so a beginning costs
//! nothing for those who only talk, and what they had is salvaged when it would go.

use super::{Grounds, Place, base};
use crate::{
    protocol::{
        AgentId, Label,
        change::{Access, ContextId, Snapshot},
    },
    workspace::{Inner, Start, Trouble, TroubleKind, Watch, names, refs},
};

/// The first number of members of teams inside teams; a team of the session is smaller.
const FIRST: u16 = 1001;

/// What a further turn begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewed {
    /// The person's files are as they were: the baseline stands.
    Same,
    /// They changed: there is a new baseline.
    New,
}

impl Grounds {
    /// Looks at the person's files again. Where anything differs from the baseline, all folders get a new
    /// one; older baselines stay under `earlier/`. Nothing of a worktree changes yet: see [`Self::start_over`].
    ///
    /// # Errors
    ///
    /// A folder cannot be read, or another repository keeps it now; the old baselines stand then.
    pub fn renew(&mut self, watch: Watch<'_>) -> Result<Renewed, Trouble> {
        let mut places = self.manifest.places.clone();
        let mut news = Renewed::Same;
        for kept in &mut places {
            if kept.place.access == Access::Read {
                continue;
            }
            let context = kept.place.context;
            let place = Place {
                path: kept.place.path.clone().into(),
                access: kept.place.access,
                untracked: kept.untracked,
                include: Vec::new(),
                beside: kept.beside,
            };
            let run = self.manifest.run.clone();
            let again = (&place, kept.renewed + 1);
            let fresh = base::lay(&self.state, &run, context, again, watch)?;
            if (&fresh.git_dir, &fresh.root, &fresh.inside)
                != (&kept.git_dir, &kept.root, &kept.inside)
            {
                return Err(Trouble::new(
                    TroubleKind::Refused,
                    "another repository keeps this folder now",
                    kept.place.path.clone(),
                    "Start a new session for it.",
                ));
            }
            if fresh.place.tree != kept.place.tree {
                news = Renewed::New;
            }
            *kept = fresh;
        }
        if news == Renewed::New {
            self.manifest.places = places;
            self.save()?;
            self.places = super::open::workplaces(&self.manifest);
            self.keep_bases()?;
        }
        Ok(news)
    }

    /// A team begins anew: with these files, and the baseline where there are none. `team` is in whose
    /// place it is, `None` the team of the session.
    ///
    /// # Errors
    ///
    /// The record cannot be written.
    pub fn start_over(
        &mut self,
        team: Option<AgentId>,
        files: Vec<Snapshot>,
    ) -> Result<(), Trouble> {
        let starts = &mut self.manifest.starts;
        match starts.iter_mut().find(|start| start.team == team) {
            Some(start) => {
                start.begun += 1;
                start.files = files;
            }
            None => starts.push(Start {
                team,
                begun: 1,
                files,
            }),
        }
        self.save()
    }

    /// The number under which a member of the team in an agent's place has its worktrees; always the
    /// same one.
    ///
    /// # Errors
    ///
    /// The record cannot be written, or is full.
    pub fn inner(&mut self, team: AgentId, member: AgentId) -> Result<AgentId, Trouble> {
        let all = &mut self.manifest.nested;
        let known = all
            .iter()
            .find(|one| (one.team, one.member) == (team, member));
        if let Some(known) = known {
            return Ok(known.number);
        }
        let taken = u16::try_from(all.len()).ok();
        let number = taken.and_then(|taken| FIRST.checked_add(taken));
        let number = number.map(AgentId).ok_or_else(|| {
            Trouble::new(
                TroubleKind::TooLarge,
                "there are too many agents",
                self.manifest.run.to_string(),
                "Start a new session.",
            )
        })?;
        all.push(Inner {
            number,
            team,
            member,
        });
        self.save()?;
        Ok(number)
    }

    /// Keeps the files that a turn ended with, by the answer that won.
    ///
    /// # Errors
    ///
    /// A ref cannot be written.
    pub fn finish(&mut self, winner: Label, snapshots: &[Snapshot]) -> Result<(), Trouble> {
        for snapshot in snapshots {
            let repo = self.repo(snapshot.context)?;
            let run = &self.manifest.run;
            let name = refs::finish(run, winner, snapshot.context);
            refs::keep(repo.git(), run, &name, names::oid(&snapshot.commit)?)?;
        }
        Ok(())
    }

    /// How often this agent's team has begun.
    pub(super) fn begun(&self, agent: AgentId) -> u32 {
        self.start_of(agent).map_or(0, |start| start.begun)
    }

    /// What this agent's worktree of a folder begins with; `None` is the baseline.
    pub(super) fn start(&self, agent: AgentId, context: ContextId) -> Option<Snapshot> {
        let files = &self.start_of(agent)?.files;
        files.iter().find(|one| one.context == context).cloned()
    }

    fn start_of(&self, agent: AgentId) -> Option<&Start> {
        let nested = &self.manifest.nested;
        let team = nested.iter().find(|one| one.number == agent);
        let team = team.map(|one| one.team);
        let starts = &self.manifest.starts;
        starts.iter().find(|start| start.team == team)
    }
}
