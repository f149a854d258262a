//! What the reducer remembers, and the one door in: [`Coordination::step`].
//!
//! Invariants: at most one ballot per member, and a standing ballot always names a current answer
//! (a publication drops the ballots of all who may see it); `seen` never runs ahead of what a brief showed; a member
//! has at most one running round; nothing is emitted after [`Action::Close`].

use std::collections::{BTreeMap, BTreeSet};

use crate::protocol::{
    AgentEvent, AgentId, Answer, Ballot, Criterion, EventKind, Failure, Label, Limits, OutcomeEnd,
    Phase, Purpose, Rules, RunEvent, SteerId,
};

use super::{
    Action, Input, Setup, Timer,
    finish::Settled,
    layers::Barriers,
    members::{Presence, Recruits, Standing, Turn},
    replay::Torn,
    verify::Attempts,
};

/// The coordination of one turn: a pure state machine.
///
/// Feed it [`Input`]s, perform the [`Action`]s it returns in their order. It never waits, reads no
/// clock and has no randomness: the same inputs give the same actions.
#[derive(Clone, Debug)]
pub struct Coordination {
    pub(super) setup: Setup,
    pub(super) stage: Stage,
    pub(super) phase: Phase,
    pub(super) members: Vec<Member>,
    /// Every accepted answer in order of publication; its length is the epoch.
    pub(super) answers: Vec<Answer>,
    pub(super) armed: BTreeSet<Timer>,
    pub(super) ending: Ending,
    pub(super) voting: Voting,
    pub(super) attempts: Attempts,
    pub(super) last_steer: Option<SteerId>,
    /// What a turn that broke off has left to finish.
    pub(super) torn: Option<Box<Torn>>,
    pub(super) barriers: Barriers,
    pub(super) recruits: Recruits,
    out: Vec<Action>,
}

/// How the turn comes to its end.
#[derive(Clone, Debug, Default)]
pub(super) struct Ending {
    /// Why coordination has to end, once somebody or something forced it.
    pub forced: Option<OutcomeEnd>,
    pub settled: Option<Settled>,
}

/// The person's words to an agent.
#[derive(Clone, Debug, Default)]
pub(super) struct Mail {
    /// Not yet delivered.
    pub inbox: Vec<(SteerId, String)>,
    /// Delivered, and no reply with content has followed yet.
    pub unseen: Vec<SteerId>,
    /// Delivered in this turn, for a conversation that starts over.
    pub heard: Vec<(SteerId, String)>,
}

/// How far the vote has got.
#[derive(Clone, Debug, Default)]
pub(super) struct Voting {
    /// The two answers between which a runoff is held.
    pub runoff: Option<(Label, Label)>,
    /// Votes that are not waited for.
    pub saved_calls: u32,
    /// Agents that the gate sent back to improve, and the epoch at which it did.
    pub sent_back: BTreeSet<(AgentId, u32)>,
}

/// Life of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Before [`Input::Start`].
    New,
    /// Read back from the log of a turn that broke off, before [`Input::Start`] or [`Input::Stop`].
    Broken,
    /// Between start and close.
    Running,
    /// After [`Action::Close`].
    Closed,
}

/// One agent of the team.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub id: AgentId,
    /// Why it is out, if it is.
    pub benched: Option<Failure>,
    /// Rounds started so far.
    pub rounds: u32,
    /// What belongs to this attempt.
    pub stint: Stint,
    pub running: Option<Running>,
    /// The latest revision of each author that a brief has shown to this agent.
    pub seen: BTreeMap<AgentId, u32>,
    /// The epoch of its view: publications there were when it was last brought up to date.
    pub epoch: u32,
    /// Answers published.
    pub revisions: u32,
    pub ballot: Option<Ballot>,
    pub lost: Lost,
    pub first: FirstAnswer,
    /// What the person says to it.
    pub mail: Mail,
    /// Where it stands with the person.
    pub standing: Standing,
}

/// Whether a ballot of the agent was dropped since it was last asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// No.
    Nothing,
    /// Yes, and this was its choice (`None`: it had abstained).
    Ballot(Option<Label>),
}

/// How far an agent is from a first answer of its own, as long as it has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FirstAnswer {
    /// It is expected to write one without seeing those of others.
    Expected,
    /// It wrote, on its own, what another agent had published, or the first attempt is over: it may
    /// look now.
    Agreed,
    /// It had its chance and used it up: from now on it can only judge.
    GivenUp,
}

/// What an agent has in this attempt: its conversation, caps and chances.
#[derive(Clone, Debug, Default)]
pub(super) struct Stint {
    /// It has a conversation that the next round can continue.
    pub talking: bool,
    /// What it was shown in conversations that are lost.
    pub known: BTreeSet<Label>,
    /// Rounds of earlier attempts: caps hold per attempt.
    pub base_rounds: u32,
    /// Answers of earlier attempts.
    pub base_revisions: u32,
    /// Those of them that the end of a process cut off, which do not count under the cap.
    pub again: u32,
    /// Instructions of a verification that it has not been told yet.
    pub revise: Option<String>,
    /// What its own budget still allows, in all attempts.
    pub funds: Funds,
}

/// What the budget of an agent still allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Funds {
    /// Any call.
    #[default]
    Open,
    /// Calls for votes.
    VoteOnly,
    /// No call.
    Empty,
}

/// A running round.
#[derive(Clone, Debug)]
pub(super) struct Running {
    pub round: u32,
    pub purpose: Purpose,
    /// Refused acts of this round that were the agent's own doing.
    pub refusals: u32,
    /// Model calls of this round, the running one included.
    pub calls: u32,
    /// Replies without a terminal call.
    pub misses: u32,
    /// The longest of those replies.
    pub text: String,
    /// Its time was up once already.
    pub overdue: bool,
    /// An interrupt is under way.
    pub interrupted: bool,
    /// It has not reported for so long that it holds nobody back.
    pub silent: bool,
    /// Times that answers arrived in the middle of it.
    pub updates: u32,
}

impl Coordination {
    /// A machine that waits for [`Input::Start`].
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        let members = setup.agents.iter().copied().map(Member::new).collect();
        let asked = setup.rules.asked;
        let mut machine = Self {
            setup,
            stage: Stage::New,
            phase: Phase::Work,
            members,
            answers: Vec::new(),
            armed: BTreeSet::new(),
            ending: Ending::default(),
            voting: Voting::default(),
            attempts: Attempts::default(),
            last_steer: None,
            torn: None,
            barriers: Barriers::default(),
            recruits: Recruits::default(),
            out: Vec::new(),
        };
        if let Some(i) = asked.and_then(|id| machine.find(id)) {
            machine.ask_alone(i);
        }
        machine
    }

    /// Takes in one input and says what has to be done about it. Inputs that come too late (a round
    /// that is over, a timer that was stopped, anything after the close) change nothing.
    #[must_use]
    pub fn step(&mut self, input: Input) -> Vec<Action> {
        match (self.stage, input) {
            (Stage::New, Input::Start) => self.start(),
            (Stage::Broken, Input::Start) => self.go_on_again(),
            (Stage::Broken, Input::Stop) => self.stop_broken(),
            (
                Stage::Running,
                Input::Agent {
                    agent,
                    round,
                    report,
                },
            ) => {
                self.report(agent, round, report);
            }
            (Stage::Running, Input::Elapsed(timer)) => self.elapsed(timer),
            (
                Stage::Running,
                Input::Steer {
                    id,
                    target,
                    text,
                    mode,
                },
            ) => self.steer(id, &target, &text, mode),
            (Stage::Running, Input::Withdraw(id)) => self.withdraw(id),
            (Stage::Running, Input::Team(change)) => self.change(change),
            (Stage::Running, Input::AnswerNow) => self.answer_now(),
            (Stage::Running, Input::Stop) => self.stop(),
            (Stage::New | Stage::Broken | Stage::Closed, _) | (Stage::Running, Input::Start) => {}
        }
        std::mem::take(&mut self.out)
    }

    /// The phase of the turn.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// True after [`Action::Close`].
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.stage == Stage::Closed
    }

    /// Every accepted answer in order of publication.
    #[must_use]
    pub fn answers(&self) -> &[Answer] {
        &self.answers
    }

    /// The answer behind a label, current or not.
    #[must_use]
    pub fn answer(&self, label: Label) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.label == label)
    }

    /// What answers are scored on.
    #[must_use]
    pub fn criteria(&self) -> Vec<Criterion> {
        self.rules().deciding.criteria()
    }

    /// The standing ballots in configuration order, abstentions included.
    pub fn ballots(&self) -> impl Iterator<Item = &Ballot> + Clone {
        self.members.iter().filter_map(|m| m.ballot.as_ref())
    }

    /// The rules of the turn.
    #[must_use]
    pub const fn rules(&self) -> &Rules {
        &self.setup.rules
    }

    /// The limits of the turn.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.setup.limits
    }

    /// Number of publications so far.
    pub(super) fn epoch(&self) -> u32 {
        self.answers.len() as u32
    }

    pub(super) fn find(&self, id: AgentId) -> Option<usize> {
        self.members.iter().position(|member| member.id == id)
    }

    /// Positions of all members.
    pub(super) fn everyone(&self) -> std::ops::Range<usize> {
        0..self.members.len()
    }

    /// Whether agents are still publishing or voting.
    pub(super) fn coordinating(&self) -> bool {
        self.stage == Stage::Running
            && matches!(self.phase, Phase::Work | Phase::PublishNow | Phase::VoteNow)
    }

    /// Whether this step has told somebody to go on: its round cannot end in the same step.
    pub(super) fn has_continued(&self) -> bool {
        let goes_on = |action: &Action| matches!(action, Action::Continue { .. });
        self.out.iter().any(goes_on)
    }

    pub(super) fn act(&mut self, action: Action) {
        self.out.push(action);
    }

    pub(super) fn emit(&mut self, event: RunEvent) {
        self.out.push(Action::Emit(EventKind::Run(event)));
    }

    pub(super) fn emit_of(&mut self, id: AgentId, event: AgentEvent) {
        self.out.push(Action::Emit(EventKind::Agent { id, event }));
    }

    pub(super) fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.emit(RunEvent::Phase(phase));
    }

    pub(super) fn arm(&mut self, timer: Timer, after_ms: u64) {
        self.armed.insert(timer);
        self.act(Action::Arm { timer, after_ms });
    }

    pub(super) fn disarm(&mut self, timer: Timer) {
        if self.armed.remove(&timer) {
            self.act(Action::Disarm(timer));
        }
    }
}

impl Member {
    pub fn new(id: AgentId) -> Self {
        Self {
            id,
            benched: None,
            rounds: 0,
            stint: Stint::default(),
            running: None,
            seen: BTreeMap::new(),
            epoch: 0,
            revisions: 0,
            ballot: None,
            lost: Lost::Nothing,
            first: FirstAnswer::Expected,
            mail: Mail::default(),
            standing: Standing::default(),
        }
    }

    /// Answers published in this attempt.
    pub fn revised(&self) -> u32 {
        self.revisions.saturating_sub(self.stint.base_revisions)
    }

    pub fn is_live(&self) -> bool {
        self.benched.is_none()
            && self.standing.presence != Presence::Retired
            && self.standing.turn == Turn::Its
    }

    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Its current answer.
    pub fn current(&self) -> Option<Label> {
        (self.revisions > 0).then(|| Label::new(self.id, self.revisions))
    }

    /// Whether a brief has shown it this label or a later one of the same author.
    pub fn has_seen(&self, label: Label) -> bool {
        self.seen
            .get(&label.agent)
            .is_some_and(|revision| *revision >= label.revision)
    }
}
