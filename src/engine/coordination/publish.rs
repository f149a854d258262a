//! Publications: what is accepted, and what an accepted one changes for everybody.

use crate::protocol::{
    AgentEvent, Answer, BallotDrop, BallotDropReason, Label, RoundEnd, RunEvent, change::Snapshot,
};

use super::{
    Coordination, Likeness, Refusal, novelty,
    same::same,
    state::{FirstAnswer, Lost},
};

impl Coordination {
    /// `new_answer` was called.
    pub(super) fn publish(&mut self, i: usize, text: &str, changes: Vec<Snapshot>) {
        let text = text.trim();
        match self.objection(i, text, &changes) {
            None => self.accept(i, text.to_owned(), changes, false),
            Some(refusal) => {
                let agrees = matches!(refusal, Refusal::Duplicate(Likeness::Equal(_)));
                let member = &mut self.members[i];
                if agrees && member.revisions == 0 {
                    member.first = FirstAnswer::Agreed;
                }
                let echoes = matches!(refusal, Refusal::Duplicate(_));
                // There is no vote to agree by while a layer runs: saying the same is agreeing.
                if echoes && self.layer().is_some() {
                    self.refused(i, "new_answer", &refusal.sentence(), refusal.setback());
                    self.leave_layer(i);
                    return self.end_round(i, RoundEnd::Abstained);
                }
                self.refuse(i, "new_answer", refusal);
            }
        }
    }

    /// Publishes the plain text of an agent that has no answer and never called `new_answer`.
    /// False when there is none or it would not be accepted.
    pub(super) fn publish_for(&mut self, i: usize) -> bool {
        let member = &self.members[i];
        let Some(running) = &member.running else {
            return false;
        };
        let text = running.text.clone();
        if member.revisions > 0 || self.objection(i, &text, &[]).is_some() {
            return false;
        }
        self.accept(i, text, Vec::new(), true);
        true
    }

    /// The first reason not to accept a text. Phase and the agent's own chances come before the
    /// text: who may not publish at all need not be told about its words.
    fn objection(&self, i: usize, text: &str, changes: &[Snapshot]) -> Option<Refusal> {
        match self.publish_bar(i) {
            Some(Refusal::VotesOnly) => Some(Refusal::VotesOnly),
            _ if text.is_empty() => Some(Refusal::EmptyAnswer),
            Some(refusal) => Some(refusal),
            None if self.rules().mode.by_agreement() => None,
            None if self.in_parts() => self
                .equal_to(i, text, changes)
                .map(Likeness::Equal)
                .map(Refusal::Duplicate),
            None => self
                .equal_to(i, text, changes)
                .map(Likeness::Equal)
                .map(Refusal::Duplicate)
                .or_else(|| self.echo_of(i, text, changes)),
        }
    }

    /// The current answer with the same words, if there is one among those that this agent may see
    /// or write.
    fn equal_to(&self, i: usize, text: &str, changes: &[Snapshot]) -> Option<Label> {
        self.in_sight(i).into_iter().find(|label| {
            self.has_files(*label, changes) && self.says(*label, |known| same(known, text))
        })
    }

    /// The current answer that the agent knows and to which the text adds too little.
    fn echo_of(&self, i: usize, text: &str, changes: &[Snapshot]) -> Option<Refusal> {
        let member = &self.members[i];
        let level = self.rules().improving.novelty;
        self.in_sight(i)
            .into_iter()
            .filter(|label| label.agent == member.id || member.has_seen(*label))
            .filter(|label| self.has_files(*label, changes))
            .find_map(|of| {
                let common = novelty::echo(&self.answer(of)?.text, text, level)?;
                Some(Refusal::Duplicate(Likeness::Echo { of, common }))
            })
    }

    /// Whether the files of an answer are the same: with other files, the same words are another
    /// answer.
    fn has_files(&self, label: Label, changes: &[Snapshot]) -> bool {
        let trees = |changes: &[Snapshot]| -> Vec<_> {
            changes
                .iter()
                .map(|one| (one.context, one.tree.clone()))
                .collect()
        };
        self.answer(label)
            .is_some_and(|answer| trees(&answer.changes) == trees(changes))
    }

    fn says(&self, label: Label, test: impl Fn(&str) -> bool) -> bool {
        self.answer(label).is_some_and(|answer| test(&answer.text))
    }

    fn accept(&mut self, i: usize, text: String, changes: Vec<Snapshot>, auto: bool) {
        let member = &mut self.members[i];
        member.revisions += 1;
        let label = Label::new(member.id, member.revisions);
        let answer = Answer {
            label,
            text,
            auto,
            changes,
        };
        self.answers.push(answer.clone());
        self.voting.runoff = None;
        self.emit_of(label.agent, AgentEvent::Published(answer));
        self.drop_ballots(label);
        self.leave_layer(i);
        self.end_round(i, RoundEnd::Published);
    }

    /// Ballots of all who may see the new answer were cast without knowing it, so they stand no more.
    /// Those of agents that will never see it are as good as before.
    fn drop_ballots(&mut self, by: Label) {
        let mut drops = Vec::new();
        let author = self.find(by.agent);
        let neighbours: Vec<bool> = self
            .everyone()
            .map(|i| author.is_some_and(|author| self.sees(i, author)))
            .collect();
        for (member, neighbour) in self.members.iter_mut().zip(neighbours) {
            let names_it = member
                .ballot
                .as_ref()
                .and_then(|ballot| ballot.target)
                .is_some_and(|target| target.agent == by.agent);
            if !names_it && !neighbour {
                continue;
            }
            if let Some(ballot) = member.ballot.take() {
                if member.id != by.agent {
                    member.lost = Lost::Ballot(ballot.target);
                }
                drops.push(BallotDrop {
                    ballot,
                    reason: BallotDropReason::NewAnswer { by },
                });
            }
        }
        if !drops.is_empty() {
            self.emit(RunEvent::BallotsDropped(drops));
        }
    }
}
