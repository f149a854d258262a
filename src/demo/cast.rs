//! Who says what: finds the line of a script that fits a request.
//!
//! Pure. [`Progress`] is what is remembered of one agent in one session; [`Progress::play`] reads an
//! [`Offer`] and gives the next [`Turn`]; [`Progress::commit`] is called when a reply was sent to its
//! end. A reply that was cut or dropped is not committed and comes again.
//!
//! How far an agent has got is taken from the ballot where the ballot tells it (labels with
//! revisions), because the coordinator may have refused what was said, and from the memory
//! otherwise. Whatever is asked, the answer is legal: a vote is among the choices, `new_answer` is
//! called only when it is on offer, and no text is served more than twice, so every run ends.

use std::{collections::BTreeSet, fmt::Write as _};

use serde_json::json;

use super::{
    marks,
    offer::{Ballot, Choice, Offer, Start, Task, VERDICT},
    score::Score,
    script::{Actor, Call, CallWhen, Extent, Fault, Line, Scenario, Seen, Trouble, VoteRule},
};

/// How often one answer is served before it is taken for refused.
const SERVINGS: u32 = 2;

/// Reason of a vote that no rule of the script fits.
const FALLBACK_REASON: &str = "The script has no rule for this ballot and takes its first entry.";

/// What is remembered of one agent in one session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Requests so far, failed ones included.
    calls: u32,
    /// How often each answer was sent to its end.
    served: Vec<u32>,
    /// Situations whose tool calls were made.
    called: BTreeSet<Cue>,
    /// Whether it has voted.
    voted: bool,
    /// Verdicts it has given on rounds, and on final texts.
    weighed: usize,
    reviewed: usize,
}

/// A place in the script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cue {
    /// The answer with this index.
    Answer(usize),
    /// The voting rule with this index, or the fallback.
    Vote(usize),
    /// The presentation.
    Present,
    /// An answer to another agent.
    Aside,
    /// The line of a step.
    Step,
    /// The verdict with this index.
    Weigh(usize),
    /// The verdict on a final text with this index.
    Review(usize),
}

/// What was said, to be remembered once it has been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// The tool calls before a line.
    Called(Cue),
    /// The line itself.
    Said(Cue),
}

/// The server's reaction to one request.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    /// A reply.
    Reply(Reply),
    /// An HTTP error.
    Status {
        /// Status.
        code: u16,
        /// Message.
        message: String,
        /// `Retry-After` in seconds.
        retry_after: Option<u32>,
    },
    /// Silence.
    Hang,
}

/// A reply and what it means.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// Steps.
    pub score: Score,
    /// To be remembered when all of it was sent.
    pub commit: Commit,
    /// Tokens after which the connection is closed.
    pub cut: Option<usize>,
}

impl Reply {
    /// What the reply is, for the request log.
    #[must_use]
    pub fn words(&self) -> String {
        let what = match self.commit {
            Commit::Called(_) => "tool calls".to_owned(),
            Commit::Said(Cue::Answer(index)) => format!("answer {}", index + 1),
            Commit::Said(Cue::Vote(_)) => "vote".to_owned(),
            Commit::Said(Cue::Present) => "presentation".to_owned(),
            Commit::Said(Cue::Aside) => "an answer to another agent".to_owned(),
            Commit::Said(Cue::Step) => "step".to_owned(),
            Commit::Said(Cue::Weigh(_) | Cue::Review(_)) => "verdict".to_owned(),
        };
        match self.cut {
            Some(tokens) => format!("{what}, cut after {tokens} tokens"),
            None => what,
        }
    }
}

/// One agent of a scenario, and the request it got.
struct Scene<'a> {
    scenario: &'a Scenario,
    actor: &'a Actor,
    offer: &'a Offer,
}

impl Progress {
    /// The reaction to the next request. `actor` is one of `scenario`'s agents.
    pub fn play(&mut self, scenario: &Scenario, actor: &Actor, offer: &Offer) -> Turn {
        if offer.start == Start::Notes {
            return Turn::Reply(Reply {
                score: notes(actor),
                commit: Commit::Said(Cue::Aside),
                cut: None,
            });
        }
        if offer.start == Start::Beside {
            // No part of the run: neither counted nor disturbed by the script's troubles.
            return Turn::Reply(Reply {
                score: aside(actor),
                commit: Commit::Said(Cue::Aside),
                cut: None,
            });
        }
        // A new run on the same session: a conversation without history, though this agent has
        // already acted.
        if offer.start == Start::Fresh && (self.voted || self.served.iter().any(|n| *n > 0)) {
            *self = Self::default();
        }
        self.calls = self.calls.saturating_add(1);
        let fault = actor.faults.iter().find(|fault| self.hit(fault));
        let cut = match fault.map(|fault| &fault.trouble) {
            Some(Trouble::Status {
                code,
                message,
                retry_after,
            }) => {
                return Turn::Status {
                    code: *code,
                    message: message.clone(),
                    retry_after: *retry_after,
                };
            }
            Some(Trouble::Hang {}) => return Turn::Hang,
            Some(Trouble::Cut { tokens }) => Some(*tokens),
            None => None,
        };
        let scene = Scene {
            scenario,
            actor,
            offer,
        };
        let (score, commit) = self.speak(&scene);
        Turn::Reply(Reply { score, commit, cut })
    }

    /// Remembers that a reply was sent to its end.
    pub fn commit(&mut self, commit: Commit) {
        match commit {
            Commit::Called(cue) => {
                self.called.insert(cue);
            }
            Commit::Said(Cue::Answer(index)) => {
                if self.served.len() <= index {
                    self.served.resize(index + 1, 0);
                }
                if let Some(count) = self.served.get_mut(index) {
                    *count += 1;
                }
            }
            Commit::Said(Cue::Vote(_)) => self.voted = true,
            Commit::Said(Cue::Weigh(index)) => self.weighed = index + 1,
            Commit::Said(Cue::Review(index)) => self.reviewed = index + 1,
            Commit::Said(Cue::Present | Cue::Step | Cue::Aside) => {}
        }
    }

    const fn hit(&self, fault: &Fault) -> bool {
        match fault.extent {
            Extent::Once => self.calls == fault.call,
            Extent::Onward => self.calls >= fault.call,
        }
    }

    fn speak(&self, scene: &Scene) -> (Score, Commit) {
        let publish = scene.offer.has("new_answer");
        let cue = match &scene.offer.ballot {
            None if scene.offer.has(VERDICT) => Cue::Review(self.reviewed),
            None if scene.offer.weighs => Cue::Weigh(self.weighed),
            None if publish && scene.step().is_some() => Cue::Step,
            None if !publish || self.voted => Cue::Present,
            None => Cue::Answer(self.next_answer(scene.offer.recorded)),
            Some(ballot) => match self.improvement(scene, ballot) {
                Some(index) if publish => Cue::Answer(index),
                _ => Cue::Vote(scene.rule(ballot)),
            },
        };
        let mut score = Score::new(scene.speed(cue), self.call_prefix(scene));
        if !self.called.contains(&cue) && scene.calls(cue, &mut score) {
            return (score, Commit::Called(cue));
        }
        match cue {
            Cue::Answer(index) => self.answer(scene, index, &mut score),
            Cue::Vote(index) => scene.vote(index, &mut score),
            Cue::Present | Cue::Aside => scene.present(self.latest(scene.actor), &mut score),
            Cue::Step => scene.publish_step(&mut score),
            Cue::Weigh(index) => scene.weigh(index, &mut score),
            Cue::Review(index) => scene.review(index, &mut score),
        }
        (score, Commit::Said(cue))
    }

    /// The first answer from `published` on that has not been served too often.
    fn next_answer(&self, published: usize) -> usize {
        let refused = |index: &usize| self.served.get(*index).is_some_and(|n| *n >= SERVINGS);
        let mut index = published;
        while refused(&index) {
            index += 1;
        }
        index
    }

    /// The answer to publish rather than to vote, if there is one whose time has come.
    fn improvement(&self, scene: &Scene, ballot: &Ballot) -> Option<usize> {
        let own = scene.scenario.number(&scene.actor.name);
        let published = if ballot.tells_answers() {
            own.and_then(|own| ballot.newest(own))
                .and_then(|choice| choice.revision)
                .map_or(0, |revision| revision as usize)
        } else {
            self.served.iter().filter(|count| **count > 0).count()
        };
        let index = self.next_answer(published);
        let line = scene.actor.answers.get(index)?;
        let ready = |seen: &Seen| ballot.find(scene.scenario, seen).is_some();
        let may = !line.revises || scene.offer.revises;
        (may && line.after.iter().all(ready)).then_some(index)
    }

    /// The last answer that was sent, else the last there is.
    fn latest<'a>(&self, actor: &'a Actor) -> Option<&'a Line> {
        let sent = self.served.iter().rposition(|count| *count > 0);
        sent.and_then(|index| actor.answers.get(index))
            .or(actor.answers.last())
    }

    fn answer(&self, scene: &Scene, index: usize, score: &mut Score) {
        let last = scene.actor.answers.last();
        let line = scene.actor.answers.get(index);
        let Some(line) = line.or(last) else { return };
        score.pause(line.wait);
        score.think(&scene.fill(&line.think));
        score.text(&line.say);
        let mut text = String::new();
        if index == 0 && scene.offer.task == Task::Other {
            text.push_str(&scene.notice());
        }
        text.push_str(line.text.trim_end());
        if index >= scene.actor.answers.len() {
            // Not on the ballot, nothing new to say, but an answer is wanted: it must differ.
            let _ = write!(text, "\n\n*(Unchanged; said in call {}.)*", self.calls);
        }
        score.answer(&text);
    }

    fn call_prefix(&self, scene: &Scene) -> String {
        let number = scene.scenario.number(&scene.actor.name);
        format!("call_{}_{}", number.map_or(0, |id| id.0), self.calls)
    }
}

/// What an agent says to another that asks it something.
fn aside(actor: &Actor) -> Score {
    let mut score = Score::new(actor.speed, "call_aside".to_owned());
    score.text(match actor.aside.trim() {
        "" => "The script has no answer to that.",
        text => text,
    });
    score
}

/// The notes that an agent writes on a conversation that has become too long.
fn notes(actor: &Actor) -> Score {
    let mut score = Score::new(actor.speed, "call_notes".to_owned());
    score.text(match actor.notes.trim() {
        "" => "- Done: the script goes on where it was; it needs no notes.",
        text => text,
    });
    score
}

impl Scene<'_> {
    /// The rule that fits the ballot; one past the last when none does.
    fn rule(&self, ballot: &Ballot) -> usize {
        let there = |seen: &Seen| ballot.find(self.scenario, seen).is_some();
        let rules = self.actor.votes.iter();
        let fits = |rule: &VoteRule| there(&rule.choice) && rule.when.iter().all(there);
        rules.take_while(|rule| !fits(rule)).count()
    }

    fn line(&self, cue: Cue) -> Option<&Line> {
        match cue {
            Cue::Answer(index) => self.actor.answers.get(index),
            Cue::Vote(_) | Cue::Aside | Cue::Weigh(_) | Cue::Review(_) => None,
            Cue::Present => self.actor.present.as_ref(),
            Cue::Step => self.step(),
        }
    }

    fn speed(&self, cue: Cue) -> f64 {
        let own = self.line(cue).and_then(|line| line.speed);
        own.unwrap_or(self.actor.speed)
    }

    /// Writes the tool calls that go before a line; false when there are none to make.
    fn calls(&self, cue: Cue, score: &mut Score) -> bool {
        let calls: &[Call] = match cue {
            Cue::Answer(_)
            | Cue::Present
            | Cue::Aside
            | Cue::Step
            | Cue::Weigh(_)
            | Cue::Review(_) => self.line(cue).map_or(&[], |line| &line.calls),
            Cue::Vote(index) => self.actor.votes.get(index).map_or(&[], |rule| &rule.calls),
        };
        let mut made = false;
        for call in calls {
            let may = match call.when {
                CallWhen::Offered => self.offer.has(&call.tool),
                CallWhen::Always => !self.offer.tools.is_empty(),
            };
            if may && self.fillable(&call.arguments) {
                score.call(&call.tool, &self.fill(&call.arguments));
                made = true;
            }
        }
        made
    }

    fn vote(&self, index: usize, score: &mut Score) {
        let none = Ballot::default();
        let ballot = self.offer.ballot.as_ref().unwrap_or(&none);
        let rule = self.actor.votes.get(index);
        let found = rule.and_then(|rule| ballot.find(self.scenario, &rule.choice));
        let value = found
            .or_else(|| ballot.first())
            .map(|choice| choice.value.clone());
        // Without a list of choices any agent is legal: the one of the first rule is meant.
        let value = value.or_else(|| {
            let first = self.actor.votes.first()?;
            self.scenario
                .number(&first.choice.name)
                .map(|id| id.to_string())
        });
        let reason = rule.map(|rule| self.fill(&rule.reason));
        if let Some(rule) = rule {
            score.pause(rule.wait);
            score.think(&self.fill(&rule.think));
        }
        let value = value.unwrap_or_else(|| "agent1".into());
        let reason = reason.unwrap_or_else(|| FALLBACK_REASON.into());
        let arguments = marks::arguments(ballot, self.scenario, rule, &value, &reason);
        score.call("vote", &arguments.to_string());
    }

    /// The line of the step that the request names.
    fn step(&self) -> Option<&Line> {
        self.actor.steps.get(self.offer.step.as_ref()?)
    }

    fn publish_step(&self, score: &mut Score) {
        let Some(line) = self.step() else { return };
        score.pause(line.wait);
        score.think(&line.think);
        score.text(&line.say);
        score.answer(line.text.trim_end());
    }

    fn weigh(&self, index: usize, score: &mut Score) {
        let verdicts = &self.actor.verdicts;
        let verdict = verdicts.get(index).or_else(|| verdicts.last());
        score.text(verdict.map_or(
            "Nothing speaks against another round. CONTINUE",
            String::as_str,
        ));
    }

    /// Calls `verdict`; a script without one lets every text stand.
    fn review(&self, index: usize, score: &mut Score) {
        let reviews = &self.actor.reviews;
        let Some(review) = reviews.get(index).or_else(|| reviews.last()) else {
            let accept =
                json!({ "accept": true, "instructions": "The script finds nothing wrong." });
            score.call(VERDICT, &accept.to_string());
            return;
        };
        score.pause(review.wait);
        score.think(&self.fill(&review.think));
        let numbers = review
            .agents
            .iter()
            .filter_map(|name| self.scenario.number(name));
        let agents: Vec<String> = numbers.map(|id| id.to_string()).collect();
        let verdict = json!({
            "accept": review.accept,
            "instructions": self.fill(&review.instructions),
            "agents": agents,
        });
        score.call(VERDICT, &verdict.to_string());
    }

    fn present(&self, latest: Option<&Line>, score: &mut Score) {
        let Some(line) = self.actor.present.as_ref().or(latest) else {
            return;
        };
        let mut text = String::new();
        if self.offer.task == Task::Other {
            text.push_str(&self.notice());
        }
        text.push_str(line.text.trim_end());
        score.pause(line.wait);
        score.think(&line.think);
        if self.offer.has("new_answer") {
            score.answer(&text);
        } else {
            score.text(&text);
        }
    }

    /// Puts what peers are called in place of `{name}`: the label on the ballot, or the number of an
    /// agent that is not on it.
    fn fill(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for actor in &self.scenario.agents {
            let mark = format!("{{{}}}", actor.name);
            if filled.contains(&mark) {
                let number = self.scenario.number(&actor.name).map(|id| id.to_string());
                let label = self
                    .on_ballot(&actor.name)
                    .map(|choice| choice.value.clone());
                filled = filled.replace(&mark, &label.or(number).unwrap_or_default());
            }
        }
        filled
    }

    /// True when every agent named as `{name}` is on the ballot.
    fn fillable(&self, text: &str) -> bool {
        let agents = self.scenario.agents.iter();
        let mut named = agents.filter(|actor| text.contains(&format!("{{{}}}", actor.name)));
        named.all(|actor| self.on_ballot(&actor.name).is_some())
    }

    fn on_ballot(&self, name: &str) -> Option<&Choice> {
        let number = self.scenario.number(name)?;
        self.offer.ballot.as_ref()?.newest(number)
    }

    /// Said first when the person gave another task than the script's.
    fn notice(&self) -> String {
        let task: Vec<_> = self.scenario.prompt.split_whitespace().collect();
        format!(
            "> **This is a script; no model is at work.** It cannot read the task that was given \
             and plays its sample task instead: *{}*\n\n",
            task.join(" ")
        )
    }
}
