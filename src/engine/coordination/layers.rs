//! Barriers: everybody publishes once per layer and waits; then everybody is shown all answers.
//!
//! A layer is over when nobody is running and nobody can add to it. While a layer runs, nobody sees
//! an answer of it: what is shown is what stood at the last barrier. Votes are taken after the last
//! layer. An agent that gives up in a layer gets another chance in the next one.

use std::collections::BTreeSet;

use crate::protocol::{AgentId, Label, Mode, Phase, Purpose, RunEvent, StageEvent};

use super::{
    Coordination, extract,
    state::{FirstAnswer, Member},
};

/// Where a turn with barriers is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Barriers {
    /// The running layer, starting at 1; one above the last when all are over.
    pub layer: u32,
    /// Answers there were when it began.
    pub answers: usize,
    /// Positions of the members that have had their turn in it.
    pub done: BTreeSet<usize>,
    /// It is over and being weighed: whoever joins or comes back now begins with the next one.
    pub closed: bool,
    /// What the judge said about going on after this layer, once it has said anything.
    pub verdict: Option<Verdict>,
}

impl Default for Barriers {
    /// Before the first answer.
    fn default() -> Self {
        Self {
            layer: 1,
            answers: 0,
            done: BTreeSet::new(),
            closed: false,
            verdict: None,
        }
    }
}

/// What a judge says after a round of refinement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Another round is worth it.
    GoOn,
    /// It is not.
    Enough,
}

impl Coordination {
    /// The first layer begins.
    pub(super) fn start_layers(&mut self) {
        self.announce_layer();
    }

    fn announce_layer(&mut self) {
        if let Some(of) = self.rules().mode.layers()
            && of > 1
            && self.barriers.layer <= of
        {
            let number = self.barriers.layer;
            self.emit(RunEvent::Stage(StageEvent::Layer { number, of }));
        }
    }

    /// The layer that runs, while answers are still being written; `None` without barriers and after
    /// the last one.
    pub(super) fn layer(&self) -> Option<u32> {
        let of = self.rules().mode.layers()?;
        let open = matches!(self.phase, Phase::Work | Phase::PublishNow);
        (open && self.barriers.layer <= of).then_some(self.barriers.layer)
    }

    /// Whether the agent has had its turn in the running layer, or missed it.
    pub(super) fn waits_for_layer(&self, i: usize) -> bool {
        self.layer().is_some() && (self.barriers.closed || self.barriers.done.contains(&i))
    }

    /// The agent has had its turn in the running layer.
    pub(super) fn leave_layer(&mut self, i: usize) {
        if self.layer().is_some() {
            self.barriers.done.insert(i);
        }
    }

    /// The answers that may be shown: while a layer runs those of the last barrier, otherwise the
    /// current ones; of agents in sight, unless the reader works on a part. In label order.
    pub(super) fn on_show(&self, i: usize) -> Vec<Label> {
        if self.in_parts() {
            return self.current();
        }
        if self.layer().is_none() {
            return self.in_sight(i);
        }
        let mut latest: Vec<Label> = Vec::new();
        for answer in self.answers.iter().take(self.barriers.answers) {
            latest.retain(|label| label.agent != answer.label.agent);
            latest.push(answer.label);
        }
        latest.retain(|label| {
            self.find(label.agent)
                .is_some_and(|peer| self.sees(i, peer))
        });
        latest.sort_unstable();
        latest
    }

    /// The epoch of a view that is up to date.
    pub(super) fn epoch_on_show(&self) -> u32 {
        match self.layer() {
            Some(_) => u32::try_from(self.barriers.answers).unwrap_or(u32::MAX),
            None => self.epoch(),
        }
    }

    /// Goes to the next layer, or past the last one; false when there is none to leave. Nobody is
    /// running.
    pub(super) fn next_layer(&mut self) -> bool {
        let Some(of) = self.rules().mode.layers() else {
            return false;
        };
        if self.phase != Phase::Work || self.barriers.layer > of || self.answers.is_empty() {
            return false;
        }
        if self.asks_judge() {
            return true;
        }
        let over = self.barriers.layer;
        let early = self.early();
        let more = early.is_none()
            && self
                .everyone()
                .any(|i| self.counts(i) && !self.is_spent(i) && self.answers_left(i) > 0);
        self.barriers = Barriers {
            layer: if more { over + 1 } else { of + 1 },
            answers: self.answers.len(),
            done: BTreeSet::new(),
            closed: false,
            verdict: None,
        };
        if over < of
            && let Some(reason) = early
        {
            let rounds = over;
            self.emit(RunEvent::Stage(StageEvent::Early { rounds, reason }));
        }
        if more {
            self.another_chance();
        }
        self.announce_layer();
        true
    }

    /// Whoever gave up in the last layer is expected again.
    fn another_chance(&mut self) {
        for member in &mut self.members {
            if member.revisions == 0 && member.first == FirstAnswer::GivenUp {
                member.first = FirstAnswer::Expected;
            }
        }
    }

    /// Another attempt: the last layer is played once more, with everything there is on show.
    pub(super) fn reopen_layers(&mut self) {
        self.barriers = Barriers {
            layer: self.rules().mode.layers().unwrap_or(1),
            answers: self.answers.len(),
            ..Barriers::default()
        };
    }

    /// A step that a log tells. That the last layer is over is not told: it follows.
    pub(super) fn replay_step(&mut self, event: &StageEvent) {
        let (layer, answers) = match event {
            StageEvent::Layer { number, of: _ } => (*number, self.answers.len()),
            StageEvent::Early { .. } => (u32::MAX, self.answers.len()),
            StageEvent::Divided { .. }
            | StageEvent::Cast { .. }
            | StageEvent::Planned { .. }
            | StageEvent::Missing { .. }
            | StageEvent::Over { .. } => return,
        };
        self.barriers = Barriers {
            layer,
            answers,
            done: BTreeSet::new(),
            closed: false,
            verdict: None,
        };
        if layer > 1 {
            self.another_chance();
        }
    }

    /// Why refinement ends after this round, if it does.
    fn early(&self) -> Option<String> {
        let Mode::Rounds { least, .. } = self.rules().mode else {
            return None;
        };
        if self.barriers.layer < least {
            return None;
        }
        if self.agree() {
            return Some("all answers agree".to_owned());
        }
        (self.barriers.verdict == Some(Verdict::Enough))
            .then(|| "the judge says that another round adds nothing".to_owned())
    }

    /// Whether the current answers say the same.
    fn agree(&self) -> bool {
        let mut keys = self
            .current()
            .into_iter()
            .filter_map(|label| self.answer(label))
            .map(|answer| extract::extract(&answer.text));
        match keys.next() {
            Some(first) => keys.all(|key| key == first),
            None => false,
        }
    }

    /// Asks the judge when its word is wanted and has not been heard; true when it is at work.
    fn asks_judge(&mut self) -> bool {
        let Mode::Rounds { least, most, judge } = self.rules().mode else {
            return false;
        };
        let layer = self.barriers.layer;
        if layer < least
            || layer >= most.max(least)
            || self.barriers.verdict.is_some()
            || self.current().len() < 2
            || self.agree()
        {
            return false;
        }
        let able = |i: &usize| self.is_here(*i) && !self.is_spent(*i);
        let named = judge.and_then(|id: AgentId| self.find(id)).filter(able);
        // Who published first stands in: neither the order of the team nor its numbers decide.
        let authors = self.answers.iter().map(|answer| answer.label.agent);
        let stand_in = || authors.filter_map(|id| self.find(id)).find(able);
        let Some(i) = named.or_else(stand_in) else {
            return false;
        };
        // What it sees is everything there is: the layer is over.
        self.close_layer();
        self.ask(i, Purpose::Weigh);
        true
    }

    /// All answers of the layer are there and may be shown.
    fn close_layer(&mut self) {
        self.barriers.answers = self.answers.len();
        self.barriers.closed = true;
    }

    /// What the judge said. Words that are no verdict mean another round: it is bounded anyway.
    pub(super) fn weighed(&mut self, text: &str) {
        let verdict = if says_enough(text) {
            Verdict::Enough
        } else {
            Verdict::GoOn
        };
        self.barriers.verdict = Some(verdict);
    }

    /// A round that a log tells: a judge sees the whole layer, and votes are asked for after the last.
    pub(super) fn replay_round(&mut self, purpose: Purpose) {
        match purpose {
            Purpose::Weigh => self.close_layer(),
            Purpose::VoteOnly | Purpose::Revote | Purpose::Judge => self.barriers.layer = u32::MAX,
            Purpose::Work | Purpose::Present | Purpose::Verify => {}
        }
    }

    /// Members that are at work.
    pub(super) fn somebody_runs(&self) -> bool {
        self.members.iter().any(Member::is_running)
    }
}

/// `STOP` as the last or the first word that counts.
fn says_enough(text: &str) -> bool {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_uppercase)
        .collect();
    let is = |word: Option<&String>| word.is_some_and(|word| word == "STOP");
    let on = |word: Option<&String>| word.is_some_and(|word| word == "CONTINUE");
    is(words.last()) || (is(words.first()) && !on(words.last()))
}

#[cfg(test)]
mod tests {
    use super::says_enough;

    #[test]
    fn verdicts_are_read_strictly() {
        for (text, expected) in [
            ("STOP", true),
            ("**stop**", true),
            ("They agree.\nVerdict: STOP.", true),
            ("STOP, because they agree", true),
            ("CONTINUE", false),
            ("Do not stop now: CONTINUE", false),
            ("Stop? No: continue", false),
            ("I would not stop here yet", false),
            ("", false),
        ] {
            assert_eq!(says_enough(text), expected, "{text:?}");
        }
    }
}
