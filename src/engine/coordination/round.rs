//! The life of a round: ask, go on, end. Every round that is asked ends exactly once.

use crate::protocol::{
    AgentEvent, AgentId, Ballot, BallotEvent, Failure, Finish, Label, Marks, Purpose, RoundEnd,
    RunEvent, SteerId, SteerState, Target,
};

use super::{
    Action, Ask, Brief, Cause, Coordination, Timer,
    state::{FirstAnswer, Running},
    view::Delivery,
};

impl Coordination {
    /// Starts a coordination round.
    pub(super) fn ask(&mut self, i: usize, purpose: Purpose) {
        let fresh = !std::mem::replace(&mut self.members[i].stint.talking, true);
        if fresh {
            let member = &mut self.members[i];
            let seen = std::mem::take(&mut member.seen);
            let labels = seen
                .into_iter()
                .map(|(agent, revision)| Label::new(agent, revision));
            member.stint.known.extend(labels);
        }
        let round = self.open(i, purpose);
        let mut brief = self.brief(i, Delivery::Due);
        if fresh {
            // A conversation that starts over repeats what the agent heard in the one before, and
            // tells what it was shown there.
            let member = &self.members[i];
            brief.steering.clone_from(&member.mail.heard);
            brief.again = brief
                .news
                .extract_if(.., |label| member.stint.known.contains(label))
                .collect();
        }
        let id = self.members[i].id;
        let view = self.in_view(i);
        self.start_round(i, view);
        self.listen(i);
        self.arm(
            Timer::Round { agent: id, round },
            self.setup.limits.round_seconds_of(id).saturating_mul(1000),
        );
        if let Some(seconds) = self.rules().scaling.stall_seconds {
            self.arm(
                Timer::Stall { agent: id, round },
                seconds.max(1).saturating_mul(1000),
            );
        }
        self.act(Action::Ask(Ask {
            agent: id,
            round,
            purpose,
            fresh,
            winner: None,
            review: None,
            brief,
        }));
    }

    /// Starts the presentation: a new conversation, so everything there is to know is in its brief,
    /// steering that was heard in earlier rounds included.
    pub(super) fn ask_to_present(&mut self, i: usize, winner: Label) {
        let round = self.open(i, Purpose::Present);
        let mut news = self.current();
        let whole = self.rules().finishing.finish == Finish::Synthesize;
        let sighted = self.in_sight(i);
        news.retain(|label| whole || *label == winner || sighted.contains(label));
        self.arrange(i, &mut news);
        let view = news.clone();
        // The winning answer is there in full, and so is whatever the presenter never saw.
        let again: Vec<_> = news
            .extract_if(.., |label| {
                !whole && *label != winner && self.members[i].has_seen(*label)
            })
            .collect();
        let epoch = self.epoch();
        let steering = self.heard(i);
        let member = &mut self.members[i];
        member.stint.talking = false;
        member.epoch = epoch;
        for label in &news {
            member.seen.insert(label.agent, label.revision);
        }
        let agent = member.id;
        self.start_round(i, view);
        self.act(Action::Ask(Ask {
            agent,
            round,
            purpose: Purpose::Present,
            fresh: true,
            winner: Some(winner),
            review: None,
            brief: Brief {
                news,
                steering,
                again,
                ..Brief::default()
            },
        }));
    }

    /// Everything the person said that this agent was told, what waits in its inbox included.
    pub(super) fn heard(&mut self, i: usize) -> Vec<(SteerId, String)> {
        self.take_steering(i);
        self.members[i].mail.heard.clone()
    }

    /// Opens a round and returns its number.
    pub(super) fn open(&mut self, i: usize, purpose: Purpose) -> u32 {
        let member = &mut self.members[i];
        member.rounds += 1;
        member.running = Some(Running {
            round: member.rounds,
            purpose,
            refusals: 0,
            calls: 1,
            misses: 0,
            text: String::new(),
            overdue: false,
            interrupted: false,
            silent: false,
            updates: 0,
        });
        member.rounds
    }

    /// The event comes before the request, so that no text precedes it in the log.
    pub(super) fn start_round(&mut self, i: usize, view: Vec<Label>) {
        let member = &self.members[i];
        if let Some(running) = &member.running {
            let (id, round, purpose) = (member.id, running.round, running.purpose);
            self.emit_of(
                id,
                AgentEvent::RoundStarted {
                    round,
                    purpose,
                    view,
                },
            );
        }
    }

    /// Answers a report with a further call, or resolves the round when it has had its calls. A
    /// round in which nothing is left to do ends.
    pub(super) fn go_on(&mut self, i: usize, cause: Cause) {
        let limit = self.calls_limit(i);
        let Some(running) = &mut self.members[i].running else {
            return;
        };
        running.interrupted = false;
        if running.calls >= limit {
            return self.resolve(i, "no model calls left in this round");
        }
        running.calls += 1;
        let (round, purpose) = (running.round, running.purpose);
        let serves = matches!(purpose, Purpose::Present | Purpose::Verify | Purpose::Weigh);
        if !serves && !self.has_offer(i) {
            return self.end_round(i, RoundEnd::Interrupted);
        }
        let brief = match purpose {
            Purpose::Present | Purpose::Verify | Purpose::Weigh => Brief {
                verifies: purpose == Purpose::Verify,
                steering: self.take_steering(i),
                ..Brief::default()
            },
            Purpose::Work | Purpose::Revote | Purpose::VoteOnly | Purpose::Judge => {
                self.listen(i);
                let delivery = self.delivery(i, &cause);
                self.brief(i, delivery)
            }
        };
        self.announce(i, &brief.news);
        self.act(Action::Continue {
            agent: self.members[i].id,
            round,
            cause,
            brief,
        });
    }

    /// From here on the agent counts as heard, until it has been silent for too long.
    fn listen(&mut self, i: usize) {
        let improving = &self.rules().improving;
        let seconds = improving.silent_seconds;
        if improving.lead.is_none() || seconds == 0 || seconds >= self.setup.limits.round_seconds {
            return;
        }
        let agent = self.members[i].id;
        if let Some(running) = &mut self.members[i].running {
            running.silent = false;
            let round = running.round;
            let timer = Timer::Silence { agent, round };
            self.arm(timer, seconds.saturating_mul(1000));
        }
    }

    /// Cuts the running call of a round short; the agent reports a boundary.
    pub(super) fn interrupt(&mut self, i: usize) {
        let member = &mut self.members[i];
        let agent = member.id;
        if let Some(running) = &mut member.running
            && !running.interrupted
        {
            running.interrupted = true;
            let round = running.round;
            self.act(Action::Interrupt { agent, round });
        }
    }

    /// Ends the running round, if there is one.
    pub(super) fn end_round(&mut self, i: usize, end: RoundEnd) {
        let agent = self.members[i].id;
        if let Some(Running { round, .. }) = self.members[i].running.take() {
            self.disarm(Timer::Round { agent, round });
            self.disarm(Timer::Silence { agent, round });
            self.disarm(Timer::Stall { agent, round });
            self.act(Action::Finish { agent, round });
            self.emit_of(agent, AgentEvent::RoundEnded { round, end });
        }
    }

    /// Ends all running rounds.
    pub(super) fn end_all_rounds(&mut self) {
        for i in self.everyone() {
            self.end_round(i, RoundEnd::Interrupted);
        }
    }

    /// The engine ends a round that does not end itself: text becomes the first answer, otherwise
    /// the agent abstains.
    pub(super) fn resolve(&mut self, i: usize, why: &str) {
        match self.members[i]
            .running
            .as_ref()
            .map(|running| running.purpose)
        {
            Some(Purpose::Present) => return self.presented(i, ""),
            Some(Purpose::Weigh) => return self.judge_is_done(i, ""),
            Some(Purpose::Verify) => return self.give_up_verifying(i),
            _ => {}
        }
        if !self.publish_for(i) {
            self.abstain(i, why);
        }
    }

    /// Ends the round without an answer or a vote. A ballot that stands keeps standing; otherwise
    /// an abstention is recorded, once votes are taken.
    pub(super) fn abstain(&mut self, i: usize, why: &str) {
        if self.members[i].revisions == 0 {
            self.members[i].first = FirstAnswer::GivenUp;
        }
        self.leave_layer(i);
        if self.members[i].ballot.is_some() {
            return self.end_round(i, RoundEnd::Interrupted);
        }
        self.cast_abstention(i, why);
        self.end_round(i, RoundEnd::Abstained);
    }

    /// Records an abstention of an agent without ballot, if votes are taken.
    pub(super) fn cast_abstention(&mut self, i: usize, why: &str) {
        if !self.voting_open() {
            return;
        }
        let member = &mut self.members[i];
        let id = member.id;
        let ballot = Ballot {
            voter: id,
            target: None,
            reason: why.to_owned(),
            epoch: member.epoch,
            marks: Marks::Single,
        };
        member.ballot = Some(ballot.clone());
        self.emit_of(id, AgentEvent::Ballot(BallotEvent::Auto(ballot)));
    }

    /// The agent is out. Its answers stay eligible and its ballot keeps standing.
    pub(super) fn bench(&mut self, i: usize, failure: Failure) {
        self.end_round(i, RoundEnd::Failed);
        let id = self.members[i].id;
        self.members[i].benched = Some(failure.clone());
        self.emit_of(id, AgentEvent::Benched(failure));
        self.miss_steering(i);
    }

    /// Whatever the agent has not heard by now it will not hear.
    pub(super) fn miss_steering(&mut self, i: usize) {
        let id = self.members[i].id;
        for (message, _) in std::mem::take(&mut self.members[i].mail.inbox) {
            self.missed(message, id);
        }
    }

    /// Says that an agent will not hear a message.
    pub(super) fn missed(&mut self, message: SteerId, agent: AgentId) {
        self.emit(RunEvent::Steer {
            id: message,
            target: Target::One(agent),
            text: String::new(),
            state: SteerState::Missed(agent),
        });
    }
}
