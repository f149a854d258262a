//! Beginning a ground, and taking one up again.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use super::{Grounds, Place, base};
use crate::{
    protocol::{
        AgentId, RunId,
        change::{Access, ContextId, Workplace},
    },
    workspace::{
        Manifest, Repo, TreeStage, Trouble, TroubleKind, Watch, admin, beneath, manifest, names,
        refs, unwatched,
    },
};

/// Most folders of one run.
const PLACES: usize = 64;

impl Grounds {
    /// Begins the ground of a run: a baseline of every folder, and the record of it.
    ///
    /// # Errors
    ///
    /// A folder cannot be used; nothing is left behind then but objects that git collects.
    pub fn lay(state: &Path, run: &RunId, places: &[Place]) -> Result<Self, Trouble> {
        Self::lay_watched(state, run, places, &unwatched)
    }

    /// [`Self::lay`], watched.
    pub fn lay_watched(
        state: &Path,
        run: &RunId,
        places: &[Place],
        watch: Watch<'_>,
    ) -> Result<Self, Trouble> {
        refs::check(run)?;
        if places.len() > PLACES {
            return Err(Trouble::new(
                TroubleKind::TooLarge,
                format!("{} folders are too many for one session", places.len()),
                run.to_string(),
                "Name at most 64.",
            ));
        }
        let state = absolute(state)?;
        let folder = manifest::folder(&state, run);
        manifest::make_private(&folder)?;
        let lock = manifest::lock(&state, run)?;
        if folder.join("manifest.json").exists() {
            return Err(Trouble::new(
                TroubleKind::Refused,
                "this session has its worktrees already",
                run.to_string(),
                "Open them again instead.",
            ));
        }
        let mut record = Manifest::new(run.clone());
        for (number, place) in places.iter().enumerate() {
            let context = ContextId(number as u16);
            match base::lay(&state, run, context, (place, 0), watch) {
                Ok(kept) => record.places.push(kept),
                Err(trouble) => {
                    // The reason why it failed is told; what cannot be removed is listed as left.
                    let _ = beneath::remove_tree(&folder, &unwatched);
                    return Err(trouble);
                }
            }
        }
        record.write(&state)?;
        let grounds = Self {
            places: workplaces(&record),
            state,
            manifest: record,
            making: BTreeMap::new(),
            lock: Arc::new(lock),
        };
        grounds.keep_bases()?;
        Ok(grounds)
    }

    /// Takes the ground of a run up again, after an orderly end or a kill: what was half made or half
    /// removed is cleared away, everything else is as it was.
    ///
    /// # Errors
    ///
    /// [`TroubleKind::Missing`] without a record, [`TroubleKind::Busy`] while another process has it.
    pub fn reopen(state: &Path, run: &RunId) -> Result<Self, Trouble> {
        let state = absolute(state)?;
        Manifest::read(&state, run)?;
        let lock = manifest::lock(&state, run)?;
        let mut record = Manifest::read(&state, run)?;
        record.closed = false;
        let mut grounds = Self {
            places: workplaces(&record),
            state,
            manifest: record,
            making: BTreeMap::new(),
            lock: Arc::new(lock),
        };
        grounds.clear_halves(None, &unwatched)?;
        grounds.keep_bases()?;
        grounds.save()?;
        Ok(grounds)
    }

    /// Points the refs at the baselines: the record names them, so this can be done again.
    pub(super) fn keep_bases(&self) -> Result<(), Trouble> {
        for place in &self.manifest.places {
            if place.place.access == Access::Write {
                let repo = Repo::open_kept(&self.manifest, place.place.context)?;
                refs::unlock(repo.git(), &self.manifest.run);
                let name = refs::base(&self.manifest.run, place.place.context);
                let run = &self.manifest.run;
                refs::keep(repo.git(), run, &name, names::oid(&place.place.base)?)?;
            }
        }
        Ok(())
    }

    /// Clears away worktrees that were never given to anyone, and those whose removal had begun: those
    /// of one agent, or all.
    pub(in crate::workspace) fn clear_halves(
        &mut self,
        agent: Option<AgentId>,
        watch: Watch<'_>,
    ) -> Result<(), Trouble> {
        let halves: Vec<_> = self
            .manifest
            .trees
            .iter()
            .filter(|tree| tree.stage != TreeStage::Ready)
            .filter(|tree| agent.is_none_or(|agent| agent == tree.agent))
            .cloned()
            .collect();
        for tree in halves {
            let run = &self.manifest.run;
            let path = manifest::tree(&self.state, run, tree.agent, tree.context);
            beneath::remove_tree(&path, watch)?;
            let place = self.manifest.place(tree.context)?;
            admin::forget(place.common_dir(), &tree.admin, watch)?;
            self.manifest.trees.retain(|kept| *kept != tree);
            if tree.stage == TreeStage::Removing {
                // Its removal began when all of it was kept.
                self.manifest.gone.push(tree);
            }
            self.save()?;
        }
        Ok(())
    }

    pub(in crate::workspace) const fn record(&mut self) -> &mut Manifest {
        &mut self.manifest
    }
}

pub(super) fn workplaces(record: &Manifest) -> Vec<Workplace> {
    record
        .places
        .iter()
        .map(|kept| kept.place.clone())
        .collect()
}

/// The state folder as an absolute path: worktrees are named by it in other places.
fn absolute(state: &Path) -> Result<std::path::PathBuf, Trouble> {
    manifest::make_private(state)?;
    state
        .canonicalize()
        .map_err(|error| Trouble::io("cannot open the state folder", state, &error))
}
