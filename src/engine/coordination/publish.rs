//! Publications: what is accepted, and what an accepted one changes for everybody.

use crate::protocol::{
    AgentEvent, Answer, BallotDrop, BallotDropReason, Label, RoundEnd, RunEvent,
};

use super::{
    Coordination, Refusal,
    state::{FirstAnswer, Lost},
};

impl Coordination {
    /// `new_answer` was called.
    pub(super) fn publish(&mut self, i: usize, text: &str) {
        let text = text.trim();
        match self.objection(i, text) {
            None => self.accept(i, text.to_owned(), false),
            Some(refusal) => {
                let agrees = matches!(refusal, Refusal::Duplicate(_));
                let member = &mut self.members[i];
                if agrees && member.revisions == 0 {
                    member.first = FirstAnswer::Agreed;
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
        if member.revisions > 0 || self.objection(i, &text).is_some() {
            return false;
        }
        self.accept(i, text, true);
        true
    }

    /// The first reason not to accept a text. Phase and the agent's own chances come before the
    /// text: who may not publish at all need not be told about its words.
    fn objection(&self, i: usize, text: &str) -> Option<Refusal> {
        match self.publish_bar(i) {
            Some(Refusal::VotesOnly) => Some(Refusal::VotesOnly),
            _ if text.is_empty() => Some(Refusal::EmptyAnswer),
            Some(refusal) => Some(refusal),
            None => self.equal_to(text).map(Refusal::Duplicate),
        }
    }

    /// The current answer with the same words, if there is one.
    fn equal_to(&self, text: &str) -> Option<Label> {
        self.members
            .iter()
            .filter_map(|member| self.answer(member.current()?))
            .find(|answer| answer.text.split_whitespace().eq(text.split_whitespace()))
            .map(|answer| answer.label)
    }

    fn accept(&mut self, i: usize, text: String, auto: bool) {
        let member = &mut self.members[i];
        member.revisions += 1;
        let label = Label::new(member.id, member.revisions);
        let answer = Answer { label, text, auto };
        self.answers.push(answer.clone());
        self.voting.runoff = None;
        self.emit_of(label.agent, AgentEvent::Published(answer));
        self.drop_ballots(label);
        self.end_round(i, RoundEnd::Published);
    }

    /// Every ballot was cast without knowing the new answer, so none stands any more.
    fn drop_ballots(&mut self, by: Label) {
        let mut drops = Vec::new();
        for member in &mut self.members {
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
