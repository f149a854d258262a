//! The person speaks to agents: an inbox per agent, emptied by the next brief, exactly once.

use crate::protocol::{AgentId, RunEvent, SteerId, SteerMode, SteerState, Target};

use super::Coordination;

impl Coordination {
    /// Takes in a message. A number that was taken in before is ignored.
    pub(super) fn steer(&mut self, id: SteerId, target: Target, text: &str, mode: SteerMode) {
        if self.last_steer.is_some_and(|last| id <= last) {
            return;
        }
        self.last_steer = Some(id);
        self.emit(RunEvent::Steer {
            id,
            target,
            text: text.to_owned(),
            state: SteerState::Queued,
        });
        for agent in self.addressees(target) {
            match self.find(agent).filter(|i| self.can_hear(*i)) {
                None => self.missed(id, agent),
                Some(i) => {
                    self.members[i].inbox.push((id, text.to_owned()));
                    if mode == SteerMode::Now {
                        self.interrupt(i);
                    }
                }
            }
        }
        self.advance();
    }

    fn addressees(&self, target: Target) -> Vec<AgentId> {
        match target {
            Target::All => self.members.iter().map(|member| member.id).collect(),
            Target::One(agent) => vec![agent],
        }
    }

    /// Whether a message can still reach this agent.
    fn can_hear(&self, i: usize) -> bool {
        let member = &self.members[i];
        member.is_running() || (self.coordinating() && member.is_live() && !self.is_spent(i))
    }
}
