//! The person speaks to agents: an inbox per agent, emptied by the next brief, exactly once.
//!
//! Every addressee of a message gets exactly one of delivered, missed and withdrawn; seen follows
//! delivered, at most once.

use crate::protocol::{AgentId, Level, RunEvent, SteerId, SteerMode, SteerState, Target};

use super::{Coordination, Report};

impl Coordination {
    /// Takes in a message. A number that was taken in before is ignored.
    pub(super) fn steer(&mut self, id: SteerId, target: &Target, text: &str, mode: SteerMode) {
        if self.last_steer.is_some_and(|last| id <= last) {
            return;
        }
        self.last_steer = Some(id);
        self.emit(RunEvent::Steer {
            id,
            target: target.clone(),
            text: text.to_owned(),
            state: SteerState::Queued,
        });
        for agent in self.addressees(target) {
            match self.find(agent).filter(|i| self.can_hear(*i)) {
                None => self.missed(id, agent),
                Some(i) => {
                    self.members[i].mail.inbox.push((id, text.to_owned()));
                    if mode == SteerMode::Now {
                        self.interrupt(i);
                    }
                }
            }
        }
        self.advance();
    }

    /// Takes a message back from everyone who has not heard it. When nobody is left to take it back
    /// from, that is told.
    pub(super) fn withdraw(&mut self, id: SteerId) {
        let mut taken = false;
        for i in self.everyone() {
            let inbox = &mut self.members[i].mail.inbox;
            let before = inbox.len();
            inbox.retain(|(message, _)| *message != id);
            if inbox.len() < before {
                taken = true;
                let agent = self.members[i].id;
                self.emit(RunEvent::Steer {
                    id,
                    target: Target::One(agent),
                    text: String::new(),
                    state: SteerState::Withdrawn(agent),
                });
            }
        }
        if !taken {
            let text = if self.last_steer.is_some_and(|last| id <= last) {
                "The message cannot be taken back: nobody is left who has not heard it."
            } else {
                "There is no such message in this turn."
            };
            self.emit(RunEvent::Notice {
                level: Level::Info,
                text: text.to_owned(),
            });
        }
    }

    /// A reply with content has seen everything that was in its conversation. What an interrupted
    /// call saw shows with the next reply, whose conversation contains it too.
    pub(super) fn note_seen(&mut self, i: usize, report: &Report) {
        let member = &self.members[i];
        let content = match report {
            Report::Publish { .. } | Report::Vote { .. } | Report::Verdict { .. } => true,
            Report::Miss { text } | Report::Presented { text } => !text.trim().is_empty(),
            Report::Boundary => member
                .running
                .as_ref()
                .is_some_and(|running| !running.interrupted),
            Report::Failed(_) | Report::Unaffordable(_) => false,
        };
        if !content {
            return;
        }
        let agent = member.id;
        for id in std::mem::take(&mut self.members[i].mail.unseen) {
            self.emit(RunEvent::Steer {
                id,
                target: Target::One(agent),
                text: String::new(),
                state: SteerState::Seen(agent),
            });
        }
    }

    /// The agents that are meant, each once; one that is not in the team is missed.
    pub(super) fn addressees(&self, target: &Target) -> Vec<AgentId> {
        match target {
            Target::All => self.members.iter().map(|member| member.id).collect(),
            Target::One(agent) => vec![*agent],
            Target::Several(agents) => {
                let agents: std::collections::BTreeSet<AgentId> = agents.iter().copied().collect();
                agents.into_iter().collect()
            }
        }
    }

    /// Whether a message can still reach this agent.
    fn can_hear(&self, i: usize) -> bool {
        let member = &self.members[i];
        member.is_running() || (self.coordinating() && member.is_live() && !self.is_spent(i))
    }
}
