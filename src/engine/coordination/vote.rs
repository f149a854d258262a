//! Votes: what a written choice means, and whether it may be cast.

use crate::protocol::{
    AgentEvent, AgentId, Ballot, BallotDrop, BallotDropReason, BallotEvent, Label, Phase, RoundEnd,
    RunEvent,
};

use super::{Coordination, Refusal};

/// Characters of a nonsensical choice that are repeated to the model.
const ECHO: usize = 80;

impl Coordination {
    /// `vote` was called.
    pub(super) fn vote(&mut self, i: usize, choice: &str, reason: String) {
        match self.ballot_target(i, choice) {
            Ok(label) => self.cast(i, label, reason),
            Err(refusal) => self.refuse(i, "vote", refusal),
        }
    }

    /// The label a choice stands for, if this agent may vote for it now.
    fn ballot_target(&self, i: usize, choice: &str) -> Result<Label, Refusal> {
        if !self.voting_open() || !self.may_look(i) || self.answers.is_empty() {
            return Err(Refusal::NothingToVoteFor);
        }
        let unknown = || Refusal::UnknownChoice(choice.trim().chars().take(ECHO).collect());
        let (agent, revision) = parse(choice).ok_or_else(unknown)?;
        let current = self
            .find(agent)
            .and_then(|peer| self.members[peer].current())
            .ok_or_else(unknown)?;
        match revision {
            Some(revision) if revision > current.revision => return Err(unknown()),
            Some(revision) if revision < current.revision => {
                return Err(Refusal::Superseded(current));
            }
            Some(_) | None => {}
        }
        // While there is time everybody judges the whole set; under time pressure it is enough to
        // have seen what one votes for.
        let sees_enough = match self.phase {
            Phase::Work => self.news(i).is_empty(),
            _ => self.members[i].has_seen(current),
        };
        if sees_enough {
            Ok(current)
        } else {
            Err(Refusal::Unseen)
        }
    }

    fn cast(&mut self, i: usize, target: Label, reason: String) {
        let member = &mut self.members[i];
        let voter = member.id;
        let ballot = Ballot {
            voter,
            target: Some(target),
            reason,
            epoch: member.epoch,
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

/// Reads `agent2.1`, `agent2`, `2.1` or `2`, in any case, with quotes or angle brackets around it:
/// models copy labels the way they are displayed.
pub(super) fn parse(choice: &str) -> Option<(AgentId, Option<u32>)> {
    let text = choice
        .trim_matches(|c: char| c.is_whitespace() || "\"'`<>[]()*".contains(c))
        .to_lowercase();
    let number = text.strip_prefix("agent").unwrap_or(&text);
    let number = number.trim_start_matches([' ', '_', '-']);
    let (agent, revision) = match number.split_once('.') {
        Some((agent, revision)) => (agent, Some(digits(revision)?)),
        None => (number, None),
    };
    let agent = u16::try_from(digits(agent)?).ok()?;
    Some((AgentId(agent), revision))
}

/// A number above zero in plain digits.
fn digits(text: &str) -> Option<u32> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(())?;
    text.parse().ok().filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read_the_way_models_write_them() {
        let agent = AgentId(2);
        for (text, expected) in [
            ("agent2.1", Some((agent, Some(1)))),
            ("agent2", Some((agent, None))),
            (" Agent2 ", Some((agent, None))),
            ("`agent2.3`", Some((agent, Some(3)))),
            ("<agent2>", Some((agent, None))),
            ("agent_2", Some((agent, None))),
            ("agent 2", Some((agent, None))),
            ("2", Some((agent, None))),
            ("2.1", Some((agent, Some(1)))),
            ("", None),
            ("agent", None),
            ("agent0", None),
            ("agent2.0", None),
            ("agent2.", None),
            ("agent2.1.1", None),
            ("agent-+2", None),
            ("agent99999", None),
            ("agent2.99999999999", None),
            ("bob", None),
        ] {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }
}
