//! Votes: what a written choice means, and whether it may be cast.

use crate::protocol::{
    AgentEvent, Ballot, BallotDrop, BallotDropReason, BallotEvent, Form, Label, Marks, Phase,
    RoundEnd, RunEvent, Scores,
};

use super::{
    BadBallot, Choice, Coordination, Refusal, ScoreRow, choice,
    policy::{self, Judgement},
};

/// Characters of a nonsensical choice that are repeated to the model.
const ECHO: usize = 80;
/// The highest score.
const TOP: i64 = 10;

impl Coordination {
    /// `vote` was called.
    pub(super) fn vote(&mut self, i: usize, choice: &Choice, reason: String) {
        match self.marks(i, choice) {
            Ok((target, marks)) => match self.sent_back(i, &marks) {
                None => self.cast(i, target, marks, reason),
                Some(refusal) => self.refuse(i, "vote", refusal),
            },
            Err(refusal) => self.refuse(i, "vote", refusal),
        }
    }

    /// The top choice and the marks that a choice stands for, if this agent may vote so now.
    fn marks(&self, i: usize, choice: &Choice) -> Result<(Label, Marks), Refusal> {
        if self.choices(i).is_empty() {
            return Err(Refusal::NothingToVoteFor);
        }
        let form = self.vote_ask(i).form;
        let bad = |field| Err(Refusal::BadBallot(BadBallot::Shape(field)));
        let (labels, marks): (_, fn(Vec<Label>) -> Marks) = match (form, choice) {
            (Form::One, Choice::One(text)) => (self.one(i, text)?, |_| Marks::Single),
            // Who sends more than was asked for means the first.
            (Form::One, Choice::Several(texts) | Choice::Ranking(texts)) => {
                let first = texts.first().map_or("", String::as_str);
                (self.one(i, first)?, |_| Marks::Single)
            }
            (Form::One, Choice::Scores(_)) => return bad("agent_id"),
            (Form::Several, Choice::One(text)) => (self.one(i, text)?, Marks::Approve),
            (Form::Several, Choice::Several(texts)) => {
                let mut labels = self.several(i, texts)?;
                let mut known = Vec::new();
                labels.retain(|label| {
                    !known.contains(label) && {
                        known.push(*label);
                        true
                    }
                });
                (labels, Marks::Approve)
            }
            (Form::Several, Choice::Ranking(_) | Choice::Scores(_)) => return bad("agent_ids"),
            (Form::Ranking, Choice::One(text)) => (self.one(i, text)?, Marks::Rank),
            (Form::Ranking, Choice::Ranking(texts)) => {
                let labels = self.several(i, texts)?;
                if let Some(label) = twice(&labels) {
                    return Err(Refusal::BadBallot(BadBallot::Twice(label)));
                }
                (labels, Marks::Rank)
            }
            (Form::Ranking, Choice::Several(_) | Choice::Scores(_)) => return bad("ranking"),
            (Form::Scores, Choice::Scores(rows)) => return self.scores(i, rows),
            (Form::Scores, _) => return bad("scores"),
        };
        self.sees_enough(i, &labels)?;
        let top = labels.first().copied();
        let top = top.ok_or(Refusal::BadBallot(BadBallot::Empty))?;
        Ok((top, marks(labels)))
    }

    fn one(&self, i: usize, text: &str) -> Result<Vec<Label>, Refusal> {
        Ok(vec![self.label(i, text)?])
    }

    fn several(&self, i: usize, texts: &[String]) -> Result<Vec<Label>, Refusal> {
        texts.iter().map(|text| self.label(i, text)).collect()
    }

    /// The current answer that a text names, if it is on the ballot of this agent.
    fn label(&self, i: usize, text: &str) -> Result<Label, Refusal> {
        let unknown = || Refusal::UnknownChoice(text.trim().chars().take(ECHO).collect());
        let (agent, revision) = choice::parse(text).ok_or_else(unknown)?;
        let current = self
            .find(agent)
            .and_then(|peer| self.members[peer].current())
            .filter(|label| self.is_in_sight(i, *label))
            .ok_or_else(unknown)?;
        match revision {
            Some(revision) if revision > current.revision => return Err(unknown()),
            Some(revision) if revision < current.revision => {
                return Err(Refusal::Superseded(current));
            }
            Some(_) | None => {}
        }
        if self.choices(i).contains(&current) {
            Ok(current)
        } else {
            Err(unknown())
        }
    }

    /// While there is time everybody judges the whole set; under time pressure it is enough to have
    /// seen what one votes for.
    fn sees_enough(&self, i: usize, labels: &[Label]) -> Result<(), Refusal> {
        let enough = match self.phase {
            Phase::Work => self.news(i).is_empty(),
            _ => labels.iter().all(|label| self.members[i].has_seen(*label)),
        };
        if enough { Ok(()) } else { Err(Refusal::Unseen) }
    }

    /// Scores of every answer in view on every criterion; what else is scored is left out.
    fn scores(&self, i: usize, rows: &[ScoreRow]) -> Result<(Label, Marks), Refusal> {
        let bad = |bad| Err(Refusal::BadBallot(bad));
        if rows.is_empty() {
            return bad(BadBallot::Empty);
        }
        let criteria = self.rules().deciding.criteria();
        let mut scored: Vec<Scores> = Vec::new();
        for (text, given) in rows {
            let label = self.label(i, text)?;
            if scored.iter().any(|row| row.label == label) {
                return bad(BadBallot::Twice(label));
            }
            let mut scores = Vec::new();
            for criterion in &criteria {
                let score = given
                    .iter()
                    .find(|(name, _)| name.trim().eq_ignore_ascii_case(criterion.name.trim()));
                let Some((_, score)) = score else {
                    return bad(BadBallot::NoScore(label, criterion.name.clone()));
                };
                match u8::try_from(*score) {
                    Ok(small) if *score <= TOP => scores.push(small),
                    _ => return bad(BadBallot::OutOfRange(label, criterion.name.clone())),
                }
            }
            scored.push(Scores { label, scores });
        }
        let labels: Vec<_> = scored.iter().map(|row| row.label).collect();
        self.sees_enough(i, &labels)?;
        if let Some(label) = self.choices(i).iter().find(|label| !labels.contains(label)) {
            return bad(BadBallot::Unscored(*label));
        }
        let order = self.current_in_order();
        scored.sort_by_key(|row| order.iter().position(|label| *label == row.label));
        let best = policy::best_of(&criteria, &scored, self.members[i].id);
        let Some(best) = best.map(|row| row.label) else {
            return bad(BadBallot::Empty);
        };
        Ok((best, Marks::Score(scored)))
    }

    /// The gate: a voter whose own scores say that nothing is good enough improves instead, as long
    /// as it can. Once per set of answers: who insists, votes.
    fn sent_back(&mut self, i: usize, marks: &Marks) -> Option<Refusal> {
        let Marks::Score(rows) = marks else {
            return None;
        };
        let deciding = &self.rules().deciding;
        let gate = deciding.gate()?;
        let epoch = self.epoch();
        if self.publish_bar(i).is_some()
            || self.voting.sent_back.contains(&(self.members[i].id, epoch))
        {
            return None;
        }
        let criteria = deciding.criteria();
        let best = policy::best_of(&criteria, rows, self.members[i].id)?;
        match policy::judge(gate, &criteria, best, self.answers_left(i)) {
            Judgement::Vote => None,
            Judgement::Improve { best, mean, bar } => {
                let id = self.members[i].id;
                self.voting.sent_back.insert((id, epoch));
                Some(Refusal::BelowBar { best, mean, bar })
            }
        }
    }

    fn cast(&mut self, i: usize, target: Label, marks: Marks, reason: String) {
        let member = &mut self.members[i];
        let voter = member.id;
        let ballot = Ballot {
            voter,
            target: Some(target),
            reason,
            epoch: member.epoch,
            marks,
        };
        if let Some(old) = member.ballot.replace(ballot.clone()) {
            self.emit(RunEvent::BallotsDropped(vec![BallotDrop {
                ballot: old,
                reason: BallotDropReason::Replaced,
            }]));
        }
        self.emit_of(voter, AgentEvent::Ballot(BallotEvent::Cast(ballot)));
        self.end_round(i, RoundEnd::Voted);
    }
}

/// The first label that is in a list twice.
fn twice(labels: &[Label]) -> Option<Label> {
    labels
        .iter()
        .enumerate()
        .find(|(at, label)| labels.iter().take(*at).any(|earlier| earlier == *label))
        .map(|(_, label)| *label)
}
