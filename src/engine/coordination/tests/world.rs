//! A world around the reducer: it plays the driver, keeps its own books from the actions alone, and
//! checks every action against them. A test that merely runs a script through it has already
//! checked the laws of `docs/coordination.md`.

mod revive;
mod settled;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use crate::{
    engine::coordination::{
        Action, Ask, Brief, Cause, Change, Coordination, Input, Report, Setup, Timer, VoteWhy,
        novelty,
    },
    protocol::{
        AgentCard, AgentEvent, AgentId, Ballot, BallotDropReason, BallotEvent, BudgetEvent,
        BudgetLimit, Event, EventKind, Failure, FailureKind, Finish, Finishing, Hiding, Label,
        Limits, Mode, Origin, Outcome, Phase, Policy, Purpose, Refused, ReviewEvent, RoundEnd,
        Rules, RunEvent, RunId, Seq, Setback, StageEvent, SteerId, SteerMode, SteerState, Target,
        TeamEvent, Timestamp, TurnStart, Visibility,
    },
    run::RunState,
};

/// What the driver knows about a running round.
#[derive(Clone, Debug)]
pub struct Live {
    pub round: u32,
    pub purpose: Purpose,
    pub brief: Brief,
    pub calls: u32,
    pub interrupted: bool,
    pub updates: u32,
}

/// When a brief is given.
#[derive(Clone, Copy, Debug, PartialEq)]
enum When {
    /// With a round; `fresh` when nothing that was shown before counts.
    First { fresh: bool },
    /// Inside a round; `boundary` when nothing was wrong.
    Within { boundary: bool },
}

pub struct World {
    pub machine: Coordination,
    pub setup: Setup,
    /// Everything it was told and everything it answered.
    pub inputs: Vec<Input>,
    pub log: Vec<Action>,
    /// What the last input led to.
    pub last: Vec<Action>,
    pub live: BTreeMap<AgentId, Live>,
    /// The fold of everything emitted.
    pub fold: RunState,
    /// Everything emitted, as a log has it.
    pub events: Vec<Event>,
    pub phase: Option<Phase>,
    pub outcome: Option<Outcome>,
    pub armed: BTreeSet<Timer>,
    pub texts: Vec<(Label, String)>,
    /// Standing ballots and the number of answers there were when they were cast.
    pub standing: BTreeMap<AgentId, (Ballot, usize)>,
    pub benched: BTreeSet<AgentId>,
    pub closed: bool,
    /// Reports of running rounds.
    pub reports: usize,
    books: Books,
}

/// Readers and authors.
type Pairs = BTreeSet<(AgentId, AgentId)>;

/// Readers and authors by team and rule.
type Drawn = (Vec<AgentId>, Visibility, Rc<Pairs>);

/// What only the referee needs.
#[derive(Default)]
struct Books {
    /// What agents are not told, once that was changed.
    hidden: Option<Hiding>,
    /// Who may see whom, for which team and rule.
    graph: RefCell<Option<Drawn>>,
    /// Labels that briefs have shown.
    shown: BTreeMap<AgentId, BTreeSet<Label>>,
    /// Labels that were shown in a process that ended.
    known: BTreeMap<AgentId, BTreeSet<Label>>,
    /// Rounds started and ended.
    rounds: BTreeMap<AgentId, u32>,
    ended: BTreeMap<AgentId, u32>,
    /// Answers there were when the running layer began.
    barrier: usize,
    /// The round whose start was emitted and that must be asked next.
    announced: Option<(AgentId, u32, Purpose)>,
    /// Agents that wrote what another had published.
    agreed: BTreeSet<AgentId>,
    /// Times that the gate sent an agent back, by the number of answers.
    sent_back: BTreeMap<(AgentId, usize), u32>,
    /// The two answers of a runoff.
    runoff: Option<(Label, Label)>,
    /// Messages in briefs, and final receipts.
    told: BTreeSet<(SteerId, AgentId)>,
    receipts: BTreeMap<(SteerId, AgentId), SteerState>,
    /// Messages that a reply with content has followed.
    read: BTreeSet<(SteerId, AgentId)>,
    sent: Vec<(SteerId, Target)>,
    /// Agents that lost their conversation: with an earlier process, or to a presentation or
    /// verification.
    speechless: BTreeSet<AgentId>,
    /// Rounds that the end of a process cut off.
    again: BTreeMap<AgentId, u32>,
    /// Times the team began again, and what there was then: rounds of each agent, answers.
    attempts: u32,
    base_rounds: BTreeMap<AgentId, u32>,
    base_answers: usize,
    /// Who wrote the final text of this attempt: the author of the winner, then the presenter.
    writers: Vec<AgentId>,
    /// Everybody who ever belonged to the team, in the order of joining.
    members: Vec<AgentId>,
    /// Changes of the team that were told: each may give a round back.
    changes: usize,
    /// Agents that the person has taken away.
    away: BTreeSet<AgentId>,
    /// An agent that the rules have asked for.
    recruit: Option<(AgentId, String)>,
}

impl Books {
    /// Another attempt: caps count anew.
    fn begin_again(&mut self, answers: usize) {
        self.attempts += 1;
        // A new attempt judges afresh.
        self.sent_back.clear();
        self.again.clear();
        self.base_rounds.clone_from(&self.rounds);
        self.base_answers = answers;
        self.barrier = answers;
        self.writers.clear();
        // From now on everybody may look.
        self.agreed.extend(self.members.iter());
        self.runoff = None;
    }
}

/// Whether and how an agent has voted.
#[derive(Debug, PartialEq)]
pub enum Voted {
    No,
    Abstained,
    For(Label),
}

pub fn agent(n: u16) -> AgentId {
    AgentId(n)
}

pub fn label(n: u16, revision: u32) -> Label {
    Label::new(AgentId(n), revision)
}

pub fn failure() -> Failure {
    Failure::new(FailureKind::Auth, "The key was refused.").hint("Check the key.")
}

/// A team of `n` with default limits, reusing the winning text.
pub fn team(n: u16) -> Setup {
    Setup {
        agents: (1..=n).map(AgentId).collect(),
        limits: Limits::default(),
        rules: Rules {
            finishing: Finishing {
                finish: Finish::Reuse,
                ..Finishing::default()
            },
            ..Rules::default()
        },
    }
}

/// The latest label of each author.
fn latest(texts: &[(Label, String)]) -> Vec<Label> {
    let mut latest = BTreeMap::new();
    for (label, _) in texts {
        latest.insert(label.agent, *label);
    }
    latest.into_values().collect()
}

/// Whether a turn is decided without a vote.
fn skips_voting(rules: &Rules) -> bool {
    let mode = &rules.mode;
    rules.deciding.skip_voting || mode.by_agreement() || !mode.parts().is_empty()
}

impl Books {
    /// A message: everybody is who is there when it is sent.
    fn send(&mut self, id: SteerId, target: &Target) {
        let target = match target {
            Target::All => Target::Several(self.members.clone()),
            Target::One(_) | Target::Several(_) => target.clone(),
        };
        self.sent.push((id, target));
    }

    /// Takes in a change of the team.
    fn team(&mut self, event: &TeamEvent, benched: &mut BTreeSet<AgentId>) {
        self.changes += 1;
        match event {
            TeamEvent::Added { card, .. } => self.members.push(card.id),
            TeamEvent::Retired(id) | TeamEvent::Paused(id) | TeamEvent::Overdue(id) => {
                self.away.insert(*id);
            }
            TeamEvent::Resumed(id) => {
                self.away.remove(id);
            }
            TeamEvent::Retried(id) | TeamEvent::Replaced(AgentCard { id, .. }) => {
                benched.remove(id);
                self.away.remove(id);
                self.speechless.insert(*id);
                self.agreed.remove(id);
            }
            TeamEvent::Hidden(hiding) => self.hidden = Some(*hiding),
            TeamEvent::Declined { .. } => {}
        }
    }
}

/// How an agent is called in these tests.
pub fn card(id: AgentId) -> AgentCard {
    AgentCard {
        id,
        name: format!("name{}", id.0),
        model: "m".into(),
        backend: "test".into(),
    }
}

/// The event that the driver tells first.
pub fn turn_start(setup: &Setup) -> EventKind {
    EventKind::Run(RunEvent::Started(Box::new(TurnStart {
        run: RunId("r".into()),
        turn: 1,
        prompt: "task".into(),
        team: setup.agents.iter().copied().map(card).collect(),
        limits: setup.limits.clone(),
        rules: setup.rules.clone(),
        origin: Origin::Direct,
        version: "0".into(),
        cwd: "/".into(),
        places: Vec::new(),
        resumed: None,
        stage: None,
    })))
}

/// What may be voted for. `choices` has the reader's own answer where a council leaves it out.
fn check_choices(brief: &Brief, rules: &Rules, choices: &[Label], visible: &[Label]) {
    if brief.vote.why == VoteWhy::Runoff {
        // Two answers, shown to everybody, whoever sees what otherwise.
        let stays = |label: &Label| visible.contains(label);
        assert!(brief.choices.iter().all(stays));
        // A member of a council has no choice left when the other one is its own.
        let council = matches!(rules.mode, Mode::Council { .. });
        assert!(brief.choices.len() == 2 || (council && brief.choices.len() == 1));
    } else if rules.deciding.policy == Policy::Judge && brief.choices.is_empty() {
        // Authors only write; the judge chooses.
        assert!(brief.may_publish);
    } else {
        assert_eq!(choices, visible, "choices are the visible labels");
    }
}

impl World {
    /// Starts a turn.
    pub fn new(setup: Setup) -> Self {
        let start = turn_start(&setup);
        let books = Books {
            members: setup.agents.clone(),
            ..Books::default()
        };
        let mut world = Self {
            machine: Coordination::new(setup.clone()),
            setup,
            inputs: vec![],
            log: vec![],
            last: vec![],
            live: BTreeMap::new(),
            fold: RunState::default(),
            events: vec![],
            phase: None,
            outcome: None,
            armed: BTreeSet::new(),
            texts: vec![],
            standing: BTreeMap::new(),
            benched: BTreeSet::new(),
            books,
            closed: false,
            reports: 0,
        };
        world.fold_in(start);
        world.step(Input::Start);
        world
    }

    pub fn step(&mut self, input: Input) -> &[Action] {
        // What this driver has answered already.
        if matches!(&input, Input::Team(Change::Add { why, .. }) if !why.is_empty()) {
            self.last.clear();
            return &self.last;
        }
        self.feed(input);
        while let Some((like, why)) = self.books.recruit.take() {
            let last = std::mem::take(&mut self.last);
            let card = card(self.next_agent());
            self.feed(Input::Team(Change::Add { card, like, why }));
            self.last.splice(0..0, last);
        }
        self.check_rest();
        &self.last
    }

    /// Everybody who ever belonged to the team.
    pub fn members(&self) -> &[AgentId] {
        &self.books.members
    }

    /// A number that nobody ever had.
    pub fn next_agent(&self) -> AgentId {
        AgentId(1 + self.members().iter().map(|id| id.0).max().unwrap_or(0))
    }

    /// Model calls after which every turn is over.
    pub fn bound(&self) -> usize {
        let limits = &self.setup.limits;
        let verify = self.setup.rules.finishing.verify;
        let attempts = verify.map_or(1, |rule| rule.restarts as usize + 1);
        // Beside its rounds an agent may present and verify, once per attempt each; every change of
        // the team may give one back.
        let own = |id: &AgentId| {
            let rounds = (limits.rounds_of(*id) as usize + 2) * attempts + self.books.changes;
            rounds * limits.calls_of(*id) as usize
        };
        self.members().iter().map(own).sum()
    }

    fn feed(&mut self, input: Input) {
        let change = matches!(input, Input::Team(_)) && !self.closed;
        let reporter = match &input {
            Input::Agent { agent, round, .. } => self
                .live
                .get(agent)
                .filter(|live| live.round == *round)
                .map(|_| (*agent, *round)),
            Input::Elapsed(timer) => {
                self.armed.remove(timer);
                None
            }
            Input::Steer { id, target, .. } => {
                if !self.closed {
                    self.books.send(*id, target);
                }
                None
            }
            _ => None,
        };
        self.reports += usize::from(reporter.is_some());
        if let (
            Some((agent, _)),
            Input::Agent {
                report: Report::Unaffordable(scope),
                ..
            },
        ) = (reporter, &input)
        {
            // The driver tells it before the reducer hears of it.
            self.fold_in(EventKind::Run(RunEvent::Budget(BudgetEvent::Refused(
                Refused {
                    agent,
                    scope: *scope,
                    limit: BudgetLimit::Tokens,
                    needs: 2.0,
                    left: 1.0,
                },
            ))));
        }
        self.inputs.push(input.clone());
        let actions = self.machine.step(input);
        for action in &actions {
            self.check(action, reporter);
        }
        if let Some((agent, round)) = reporter {
            let replies = actions
                .iter()
                .filter(|action| match action {
                    Action::Continue {
                        agent: a, round: r, ..
                    }
                    | Action::Finish { agent: a, round: r } => (*a, *r) == (agent, round),
                    _ => false,
                })
                .count();
            assert_eq!(replies, 1, "every report gets one reply: {actions:?}");
        }
        if change {
            let told = actions.iter().filter(|action| {
                let Action::Emit(EventKind::Run(RunEvent::Team(event))) = action else {
                    return false;
                };
                !matches!(event, TeamEvent::Overdue(_))
            });
            assert_eq!(told.count(), 1, "every change is answered: {actions:?}");
        }
        self.log.extend(actions.iter().cloned());
        self.last = actions;
    }

    // ----- the driver's and the agents' part -----

    pub fn report(&mut self, n: u16, report: Report) -> &[Action] {
        let agent = AgentId(n);
        let round = self.live.get(&agent).map_or(0, |live| live.round);
        assert!(round > 0, "{agent} has no running round");
        self.step(Input::Agent {
            agent,
            round,
            report,
        })
    }

    pub fn publish(&mut self, n: u16, text: &str) -> &[Action] {
        let text = text.into();
        self.report(
            n,
            Report::Publish {
                text,
                changes: Vec::new(),
            },
        )
    }

    pub fn vote(&mut self, n: u16, choice: &str) -> &[Action] {
        let (choice, reason) = (choice.into(), "because".into());
        self.report(n, Report::Vote { choice, reason })
    }

    pub fn miss(&mut self, n: u16, text: &str) -> &[Action] {
        let text = text.into();
        self.report(n, Report::Miss { text })
    }

    pub fn fail(&mut self, n: u16) -> &[Action] {
        self.report(n, Report::Failed(failure()))
    }

    pub fn boundary(&mut self, n: u16) -> &[Action] {
        self.report(n, Report::Boundary)
    }

    pub fn steer(&mut self, id: u32, target: Target, mode: SteerMode) -> &[Action] {
        let text = format!("message {id}");
        self.step(Input::Steer {
            id: SteerId(id),
            target,
            text,
            mode,
        })
    }

    pub fn elapse(&mut self, timer: Timer) -> &[Action] {
        self.step(Input::Elapsed(timer))
    }

    pub fn elapse_round(&mut self, n: u16) -> &[Action] {
        let agent = AgentId(n);
        let round = self.live[&agent].round;
        self.elapse(Timer::Round { agent, round })
    }

    // ----- what tests ask -----

    /// The brief of the running round of an agent.
    pub fn brief(&self, n: u16) -> &Brief {
        &self.live[&AgentId(n)].brief
    }

    pub fn purpose(&self, n: u16) -> Option<Purpose> {
        self.live.get(&AgentId(n)).map(|live| live.purpose)
    }

    /// The reason why the running round of an agent went on, from the last input.
    pub fn cause(&self, n: u16) -> Option<&Cause> {
        self.last.iter().find_map(|action| match action {
            Action::Continue { agent, cause, .. } if agent.0 == n => Some(cause),
            _ => None,
        })
    }

    pub fn ballot(&self, n: u16) -> Voted {
        match self.standing.get(&AgentId(n)) {
            None => Voted::No,
            Some((ballot, _)) => ballot.target.map_or(Voted::Abstained, Voted::For),
        }
    }

    pub fn receipt(&self, id: u32, n: u16) -> Option<SteerState> {
        self.books.receipts.get(&(SteerId(id), AgentId(n))).copied()
    }

    /// Numbers of all messages.
    pub fn books_sent(&self) -> Vec<SteerId> {
        self.books.sent.iter().map(|(id, _)| *id).collect()
    }

    /// Agents of the team that a message was meant for and that have no receipt.
    pub fn outstanding(&self, id: SteerId) -> usize {
        self.books
            .sent
            .iter()
            .filter(|(sent, _)| *sent == id)
            .flat_map(|(_, target)| {
                let meant = |agent: &&AgentId| target.includes(**agent);
                self.members().iter().filter(meant)
            })
            .filter(|agent| !self.books.receipts.contains_key(&(id, **agent)))
            .count()
    }

    pub fn current(&self) -> Vec<Label> {
        latest(&self.texts)
    }

    // ----- the referee -----

    /// Who may see whom, drawn from the rules alone: pairs of reader and author.
    fn graph(&self) -> Rc<Pairs> {
        let visibility = self.setup.rules.seeing.visibility;
        let mut drawn = self.books.graph.borrow_mut();
        // Drawing it takes the square of the team, and it is asked for at every step.
        match &*drawn {
            Some((team, by, pairs)) if *team == self.books.members && *by == visibility => {
                Rc::clone(pairs)
            }
            _ => {
                let pairs = Rc::new(self.draw_graph());
                *drawn = Some((self.books.members.clone(), visibility, Rc::clone(&pairs)));
                pairs
            }
        }
    }

    fn draw_graph(&self) -> Pairs {
        let team = self.books.members.clone();
        let mut groups: Vec<Vec<AgentId>> = team.iter().map(|id| vec![*id]).collect();
        match self.setup.rules.seeing.visibility {
            Visibility::All | Visibility::AfterOwn => groups.push(team),
            Visibility::Ring => {
                groups.extend(team.windows(2).map(<[AgentId]>::to_vec));
                groups.push(vec![team[0], team[team.len() - 1]]);
            }
            Visibility::Islands { neighbours } => {
                let islands: Vec<_> = team.chunks(neighbours.max(1) as usize + 1).collect();
                let bridges: Vec<_> = islands.iter().map(|island| island[0]).collect();
                groups.extend(islands.iter().map(|island| island.to_vec()));
                groups.extend(bridges.windows(2).map(<[AgentId]>::to_vec));
                groups.push(vec![bridges[0], bridges[bridges.len() - 1]]);
            }
        }
        let mut pairs = BTreeSet::new();
        for group in &groups {
            for reader in group {
                pairs.extend(group.iter().map(|author| (*reader, *author)));
            }
        }
        pairs
    }

    fn check(&mut self, action: &Action, reporter: Option<(AgentId, u32)>) {
        assert!(!self.closed, "after close: {action:?}");
        match action {
            Action::Ask(ask) => self.check_ask(ask),
            Action::Continue {
                agent,
                round,
                cause,
                brief,
            } => {
                assert_eq!(
                    reporter,
                    Some((*agent, *round)),
                    "only a report is continued"
                );
                self.check_midstream(*agent, cause, brief);
                let live = self.live.get_mut(agent).expect("running");
                live.calls += 1;
                live.interrupted = false;
                assert!(live.calls <= self.setup.limits.calls_of(*agent));
                let boundary = *cause == Cause::Boundary;
                self.check_brief(*agent, brief, When::Within { boundary });
            }
            Action::Interrupt { agent, round } => {
                let live = self.live.get_mut(agent).expect("running");
                assert_eq!(live.round, *round);
                assert!(!live.interrupted, "interrupted twice");
                live.interrupted = true;
            }
            Action::Finish { agent, round } => {
                let live = self.live.remove(agent).expect("running");
                assert_eq!(live.round, *round);
            }
            Action::Arm { timer, after_ms } => {
                assert!(*after_ms > 0 || self.setup.limits.turn_seconds == 0);
                self.armed.insert(*timer);
            }
            Action::Disarm(timer) => assert!(self.armed.remove(timer), "{timer:?} was not armed"),
            Action::Recruit { like, why } => self.check_recruit(*like, why),
            Action::Emit(kind) => self.check_event(kind),
            Action::Close => {
                assert!(self.armed.is_empty(), "timers at close: {:?}", self.armed);
                assert!(self.live.is_empty(), "rounds at close");
                assert!(self.outcome.is_some(), "no outcome at close");
                self.closed = true;
            }
        }
    }

    fn check_ask(&mut self, ask: &Ask) {
        let id = ask.agent;
        assert_eq!(
            self.books.announced.take(),
            Some((id, ask.round, ask.purpose)),
            "RoundStarted comes first"
        );
        let present = ask.purpose == Purpose::Present;
        let serves = present || ask.purpose == Purpose::Verify;
        let speechless = self.books.speechless.remove(&id);
        assert_eq!(ask.fresh, ask.round == 1 || serves || speechless);
        assert_eq!(ask.winner.is_some(), present);
        assert_eq!(ask.review.is_some(), ask.purpose == Purpose::Verify);
        if let Some(review) = &ask.review {
            // Who presented nothing has written nothing.
            let winner = self.books.writers[0];
            let mut own = self.texts.iter().filter(|(label, _)| label.agent == winner);
            let reused = own.any(|(_, text)| *text == review.text);
            let joined = review.text.starts_with("## Part ");
            let reused = reused || (!self.setup.rules.mode.parts().is_empty() && joined);
            assert!(reused || !self.books.writers.contains(&id), "its own text");
        }
        if serves {
            self.books.speechless.insert(id);
        } else {
            let again = self.books.again.get(&id).copied().unwrap_or_default();
            let base = self.books.base_rounds.get(&id).copied().unwrap_or_default();
            let most = self.setup.limits.rounds_of(id) as usize + self.books.changes;
            assert!((ask.round - again - base) as usize <= most);
            if speechless {
                let shown = self.books.shown.remove(&id).unwrap_or_default();
                self.books.known.entry(id).or_default().extend(shown);
            }
        }
        let live = Live {
            round: ask.round,
            purpose: ask.purpose,
            brief: Brief::default(),
            calls: 1,
            interrupted: false,
            updates: 0,
        };
        assert!(self.live.insert(id, live).is_none(), "one round at a time");
        self.check_brief(id, &ask.brief, When::First { fresh: ask.fresh });
    }

    /// Answers arrive in the middle of a round as often as the rules allow, no more.
    fn check_midstream(&mut self, id: AgentId, cause: &Cause, brief: &Brief) {
        assert!(
            brief.again.is_empty(),
            "only a conversation's beginning repeats"
        );
        let live = self.live.get_mut(&id).expect("running");
        if !brief.news.is_empty() {
            let most = self.setup.rules.seeing.midstream;
            let within = most.is_none_or(|most| live.updates < most);
            // Whoever can only vote has to know what for.
            assert!(within || *cause != Cause::Boundary || !brief.may_publish);
            live.updates += 1;
        }
    }

    /// What a brief may show this agent: in an open layer what the last one left behind.
    fn on_show(&self, id: AgentId, open_layer: bool, current: &[Label]) -> Vec<Label> {
        if !open_layer {
            return current.to_vec();
        }
        let graph = self.graph();
        let mut labels = latest(&self.texts[..self.books.barrier]);
        labels.retain(|label| graph.contains(&(id, label.agent)));
        labels
    }

    /// What agents are not told now.
    pub fn hiding(&self) -> Hiding {
        let first = self.setup.rules.seeing.hiding();
        self.books.hidden.unwrap_or(first)
    }

    /// What a brief says of the vote so far, and of answers that the reader knows.
    fn check_told(&self, id: AgentId, brief: &Brief) {
        let hiding = self.hiding();
        for votes in &brief.votes {
            assert!(!hiding.tally, "the tally is hidden");
            assert!(
                votes.voters.is_empty() || !hiding.identities,
                "ballots are secret"
            );
            let cast = self
                .standing
                .values()
                .filter(|(b, _)| b.target == Some(votes.label));
            assert_eq!(cast.count(), votes.count as usize);
        }
        for label in &brief.again {
            let knows = |books: &BTreeMap<AgentId, BTreeSet<Label>>| {
                books.get(&id).is_some_and(|labels| labels.contains(label))
            };
            let known = knows(&self.books.shown) || knows(&self.books.known);
            assert!(
                known && !brief.news.contains(label),
                "{label} is told as known to {id}"
            );
        }
    }

    fn check_brief(&mut self, id: AgentId, brief: &Brief, when: When) {
        let fresh = when == When::First { fresh: true };
        let purpose = self.live[&id].purpose;
        let present = matches!(purpose, Purpose::Present | Purpose::Verify);
        let mut current = self.current();
        // A runoff and a judge are for all.
        let in_parts = !self.setup.rules.mode.parts().is_empty();
        let author = brief.vote.why == VoteWhy::Judge && brief.choices.is_empty();
        if !present && !in_parts && (author || brief.vote.why == VoteWhy::Usual) {
            let graph = self.graph();
            current.retain(|label| graph.contains(&(id, label.agent)));
        }
        let seeing = &self.setup.rules.seeing;
        self.check_told(id, brief);
        let has_own = current.iter().any(|label| label.agent == id);
        let open_layer = self.setup.rules.mode.layers().is_some() && brief.may_publish;
        let on_show = self.on_show(id, open_layer, &current);
        let shown = self.books.shown.entry(id).or_default();
        shown.extend(&brief.again);
        for news in &brief.news {
            assert!(on_show.contains(news), "{news} is not on show for {id}");
            assert!(shown.insert(*news) || fresh, "{news} shown twice to {id}");
        }
        if let Some(own) = brief.news.iter().position(|label| label.agent == id) {
            assert_eq!(own + 1, brief.news.len(), "own answer last");
        }
        let mode = &self.setup.rules.mode;
        if let Some(part) = mode.parts().iter().find(|part| part.agent == id)
            && !present
        {
            let basis = |news: &Label| part.after.contains(&news.agent);
            assert!(brief.news.iter().all(basis), "shown what is no basis");
        }
        let later = open_layer && self.books.barrier > 0;
        let independent = !has_own
            && brief.may_publish
            && !self.books.agreed.contains(&id)
            && !later
            && mode.parts().is_empty()
            && seeing.visibility != Visibility::All;
        if independent {
            assert!(brief.news.is_empty(), "first answers are independent");
        }
        let visible: Vec<_> = current
            .iter()
            .filter(|label| shown.contains(label))
            .copied()
            .collect();
        let rules = &self.setup.rules;
        let mut choices = brief.choices.clone();
        if matches!(mode, Mode::Council { .. }) && self.current().len() > 1 && !choices.is_empty() {
            assert!(choices.iter().all(|label| label.agent != id), "own answer");
            choices.extend(visible.iter().filter(|label| label.agent == id));
            choices.sort_unstable();
        }
        let judge = purpose == Purpose::Weigh;
        if present || judge || skips_voting(rules) || independent || open_layer {
            assert!(brief.choices.is_empty());
        } else if let Some((one, other)) = self.books.runoff {
            let mut finalists = vec![one, other];
            finalists.sort_unstable();
            choices.retain(|label| finalists.contains(label));
            assert_eq!(choices, finalists, "a runoff is between two");
            assert!(finalists.iter().all(|label| visible.contains(label)));
        } else if rules.deciding.policy == Policy::Judge && purpose != Purpose::Judge {
            assert!(brief.choices.is_empty(), "only the judge chooses");
        } else if !brief.choices.is_empty() || !rules.deciding.defer_voting {
            check_choices(brief, rules, &choices, &visible);
            let may_wait = seeing.midstream.is_some()
                && brief.may_publish
                && when == When::Within { boundary: true };
            if !may_wait && brief.vote.why != VoteWhy::Runoff {
                assert_eq!(visible, current, "a brief brings the reader up to date");
            }
        }
        if !present && !judge {
            assert!(
                brief.may_publish || !brief.choices.is_empty(),
                "nothing to do"
            );
        }
        if brief.may_publish {
            assert!(brief.answers_left > 0);
        }
        for (message, _) in &brief.steering {
            assert!(
                self.books.told.insert((*message, id)) || fresh,
                "{message:?} told twice"
            );
        }
        self.live.get_mut(&id).expect("running").brief = brief.clone();
    }

    fn check_event(&mut self, kind: &EventKind) {
        match kind {
            EventKind::Run(event) => self.check_run_event(event),
            EventKind::Agent { id, event } => self.check_agent_event(*id, event),
        }
        self.fold_in(kind.clone());
    }

    fn check_run_event(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Started(_) | RunEvent::Budget(_) => panic!("the driver says that"),
            RunEvent::Phase(phase) => {
                assert!(
                    self.phase < Some(*phase),
                    "{phase:?} after {:?}",
                    self.phase
                );
                self.phase = Some(*phase);
            }
            RunEvent::BallotsDropped(drops) => {
                assert!(!drops.is_empty());
                for drop in drops {
                    if let BallotDropReason::Runoff { one, other } = drop.reason {
                        self.books.runoff = Some((one, other));
                    }
                    let (old, _) = self.standing.remove(&drop.ballot.voter).expect("stood");
                    assert_eq!(old, drop.ballot);
                    if let BallotDropReason::NewAnswer { by } = drop.reason {
                        assert_eq!(self.texts.last().map(|(label, _)| *label), Some(by));
                        let seen = self.graph().contains(&(drop.ballot.voter, by.agent));
                        // A team that has grown may have moved its author out of sight.
                        let target = drop.ballot.target.map(|label| label.agent);
                        let replaced = target == Some(by.agent);
                        assert!(seen || replaced, "{by} concerns {} not", drop.ballot.voter);
                    }
                }
            }
            RunEvent::Steer { id, state, .. } => {
                self.check_receipt(*id, *state);
            }
            RunEvent::Decided(decision) => {
                self.books.writers = vec![decision.winner.agent];
                self.check_decision(decision);
            }
            RunEvent::Review(event) => self.check_review(event),
            RunEvent::Ended(outcome) => {
                let answered = matches!(outcome, Outcome::Answered { .. });
                assert_eq!(answered, !self.texts.is_empty(), "published means answered");
                if let Outcome::Answered { text, .. } = outcome {
                    for (part, n) in self.setup.rules.mode.parts().iter().zip(1..) {
                        let there = self.texts.iter().any(|(l, _)| l.agent == part.agent);
                        let named = text.contains(&format!("- part {n} ("));
                        assert_eq!(there, !named, "missing parts are named: {text}");
                    }
                }
                assert!(self.outcome.replace(outcome.clone()).is_none());
            }
            RunEvent::Stage(StageEvent::Layer { .. }) => self.books.barrier = self.texts.len(),
            RunEvent::Team(event) => self.check_team(event),
            RunEvent::Stage(_) | RunEvent::Notice { .. } => {}
            RunEvent::Question(_) => panic!("the desk says that"),
        }
    }

    fn check_team(&mut self, event: &TeamEvent) {
        match event {
            TeamEvent::Added { card, .. } => {
                let new = self.members().iter().all(|id| *id < card.id);
                assert!(new, "{} was somebody's number", card.id);
                assert!(self.members().len() < self.setup.rules.scaling.agents as usize);
                assert_eq!(self.phase, Some(Phase::Work));
            }
            TeamEvent::Retired(id) | TeamEvent::Paused(id) => {
                assert!(!self.live.contains_key(id), "its round is over");
            }
            TeamEvent::Resumed(id) => assert!(self.books.away.contains(id)),
            TeamEvent::Retried(id) => {
                assert!(self.books.away.contains(id) || self.benched.contains(id));
            }
            TeamEvent::Overdue(_) | TeamEvent::Replaced(_) => {}
            TeamEvent::Hidden(hiding) => {
                assert_ne!(self.hiding(), *hiding, "a change");
            }
            TeamEvent::Declined { reason, .. } => assert!(!reason.is_empty()),
        }
        self.books.team(event, &mut self.benched);
    }

    /// The rules may ask for somebody only while they allow it, and when the votes are split.
    fn check_recruit(&mut self, like: AgentId, why: &str) {
        assert!(self.setup.rules.scaling.add_on_split > 0);
        assert!(!why.is_empty());
        let ballots = self.standing.values();
        let cast: Vec<_> = ballots.filter_map(|(ballot, _)| ballot.target).collect();
        for label in self.current() {
            let votes = cast.iter().filter(|target| **target == label).count();
            assert!(votes * 2 <= cast.len(), "{label} has a majority");
        }
        self.books.recruit = Some((like, why.to_owned()));
    }

    fn check_receipt(&mut self, id: SteerId, state: SteerState) {
        match state {
            SteerState::Queued => {}
            SteerState::Delivered(agent)
            | SteerState::Missed(agent)
            | SteerState::Withdrawn(agent) => {
                let old = self.books.receipts.insert((id, agent), state);
                assert_eq!(old, None, "one receipt per message and agent");
            }
            SteerState::Seen(agent) => {
                let delivered = self.books.receipts.get(&(id, agent));
                assert_eq!(delivered, Some(&SteerState::Delivered(agent)));
                assert!(self.books.read.insert((id, agent)), "seen once");
            }
        }
    }

    fn check_review(&mut self, event: &ReviewEvent) {
        let rule = self.setup.rules.finishing.verify.expect("asked for");
        match event {
            ReviewEvent::Asked { by, attempt, of } => {
                assert_eq!(self.phase, Some(Phase::Verifying));
                assert_ne!(self.books.writers.first(), Some(by), "its own answer won");
                assert_eq!(
                    (*attempt, *of),
                    (self.books.attempts + 1, rule.restarts + 1)
                );
            }
            ReviewEvent::Verdict(verdict) => assert_eq!(verdict.attempt, self.books.attempts + 1),
            ReviewEvent::Skipped { why } => assert!(!why.is_empty()),
            ReviewEvent::Again {
                attempt,
                of,
                agents,
            } => {
                self.books.begin_again(self.texts.len());
                assert_eq!(
                    (*attempt, *of),
                    (self.books.attempts + 1, rule.restarts + 1)
                );
                assert!(attempt <= of && !agents.is_empty());
                assert!(agents.iter().all(|id| !self.benched.contains(id)));
                assert_eq!(self.phase.take(), Some(Phase::Verifying));
            }
        }
    }

    fn check_agent_event(&mut self, id: AgentId, event: &AgentEvent) {
        match event {
            AgentEvent::RoundStarted {
                round,
                purpose,
                view,
            } => {
                assert!(!self.benched.contains(&id), "{id} is out");
                assert!(!self.books.away.contains(&id), "{id} is away");
                let rounds = self.books.rounds.entry(id).or_default();
                *rounds += 1;
                assert_eq!(rounds, round, "rounds are dense");
                assert!(view.iter().all(|label| self.current().contains(label)));
                assert_eq!(self.books.announced.replace((id, *round, *purpose)), None);
            }
            AgentEvent::RoundEnded { round, end } => {
                if *end == RoundEnd::Presented {
                    self.books.writers.push(id);
                }
                let ended = self.books.ended.entry(id).or_default();
                *ended += 1;
                assert_eq!(ended, round, "each round ends once");
                assert!(!self.live.contains_key(&id), "finished before it is over");
            }
            AgentEvent::Published(answer) => self.check_published(id, answer),
            AgentEvent::Ballot(BallotEvent::Cast(ballot)) => {
                let target = ballot.target.expect("a cast ballot has a target");
                assert!(self.current().contains(&target), "{target} is not current");
                assert!(
                    self.books.shown[&id].contains(&target),
                    "{target} was not in view"
                );
                self.stand(id, ballot);
            }
            AgentEvent::Ballot(BallotEvent::Auto(ballot)) => {
                assert_eq!(ballot.target, None);
                self.stand(id, ballot);
            }
            AgentEvent::Benched(_) => {
                assert!(self.benched.insert(id), "benched once");
            }
            AgentEvent::Refused {
                act,
                reason,
                setback,
            } => {
                assert!(!reason.is_empty());
                if *setback == Setback::Improves {
                    let times = self
                        .books
                        .sent_back
                        .entry((id, self.texts.len()))
                        .or_default();
                    *times += 1;
                    assert_eq!(*times, 1, "sent back once per set of answers");
                }
                if act == "new_answer" && reason.contains("equals the current answer") {
                    self.books.agreed.insert(id);
                }
            }
            AgentEvent::Delivered { labels } => assert!(!labels.is_empty()),
            AgentEvent::Delta { .. }
            | AgentEvent::Nested(_)
            | AgentEvent::Tool(_)
            | AgentEvent::Call(_)
            | AgentEvent::Usage(_) => panic!("the driver says that"),
        }
    }

    fn check_published(&mut self, id: AgentId, answer: &crate::protocol::Answer) {
        assert!(matches!(self.phase, Some(Phase::Work | Phase::PublishNow)));
        let own = self.texts.iter().filter(|(l, _)| l.agent == id).count() as u32;
        assert_eq!(answer.label, Label::new(id, own + 1), "labels are dense");
        let limits = &self.setup.limits;
        let base = self.books.base_answers;
        let new = self.texts.iter().skip(base).filter(|(l, _)| l.agent == id);
        let new = new.count() as u32;
        assert!(new < limits.answers_of(id));
        assert!(((self.texts.len() - base) as u32) < limits.answers_total);
        if let Some(gate) = self.setup.rules.deciding.gate() {
            assert!(new <= gate.budget, "improvements have a budget");
        }
        self.books.runoff = None;
        assert!(!answer.auto || own == 0);
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(!words(&answer.text).is_empty());
        let mode = &self.setup.rules.mode;
        if mode.layers().is_some() {
            let layer = &self.texts[self.books.barrier..];
            assert!(layer.iter().all(|(l, _)| l.agent != id), "once per layer");
        }
        let (graph, level) = (self.graph(), self.setup.rules.improving.novelty);
        let mut current = self.current();
        current.retain(|label| graph.contains(&(id, label.agent)));
        for current in current {
            if mode.by_agreement() {
                break;
            }
            let (_, text) = self.texts.iter().find(|(l, _)| *l == current).unwrap();
            assert_ne!(words(text), words(&answer.text), "equal to {current}");
            let shown = self.books.shown.get(&id);
            if !mode.parts().is_empty() {
                continue;
            }
            if current.agent == id || shown.is_some_and(|shown| shown.contains(&current)) {
                let echo = novelty::echo(text, &answer.text, level);
                assert_eq!(
                    echo, None,
                    "adds nothing to {current}: {text:?} {:?}",
                    answer.text
                );
            }
        }
        self.texts.push((answer.label, answer.text.clone()));
    }

    fn stand(&mut self, id: AgentId, ballot: &Ballot) {
        assert_eq!(ballot.voter, id);
        assert!(
            !skips_voting(&self.setup.rules),
            "no ballots without voting"
        );
        let entry = (ballot.clone(), self.texts.len());
        assert!(self.standing.insert(id, entry).is_none(), "one ballot each");
    }

    /// What has to hold between inputs.
    fn check_rest(&mut self) {
        assert_eq!(self.books.announced, None, "a started round is asked");
        let graph = self.graph();
        for (ballot, answers) in self.standing.values() {
            let since = &self.texts[*answers..];
            let unseen = since
                .iter()
                .all(|(label, _)| !graph.contains(&(ballot.voter, label.agent)));
            assert!(unseen, "{ballot:?} survived an answer");
        }
        let paused = self
            .armed
            .iter()
            .any(|timer| matches!(timer, Timer::Pause(_)));
        assert!(self.closed || !self.live.is_empty() || paused, "stalled");
        for (key, state) in &self.books.receipts {
            let told = self.books.told.contains(key);
            assert_eq!(told, matches!(state, SteerState::Delivered(_)), "{key:?}");
        }
        if self.closed {
            assert_eq!(self.books.rounds, self.books.ended, "every round ended");
            for (id, target) in &self.books.sent {
                for agent in self.members() {
                    let meant = target.includes(*agent);
                    assert!(!meant || self.books.receipts.contains_key(&(*id, *agent)));
                }
            }
        }
        self.compare();
    }

    /// The fold of the events, the machine and these books tell the same.
    fn compare(&self) {
        let turn = self.fold.turn.as_ref().expect("a turn");
        assert_eq!(self.fold.gaps, 0);
        let folded: Vec<_> = turn.answers.iter().map(|p| p.answer.clone()).collect();
        assert_eq!(folded, self.machine.answers());
        assert_eq!(turn.current_labels(), self.current());
        let folded: BTreeMap<_, _> = turn
            .agents
            .iter()
            .filter_map(|agent| Some((agent.card.id, agent.ballot.clone()?)))
            .collect();
        let books: BTreeMap<_, _> = self
            .standing
            .iter()
            .map(|(id, (ballot, _))| (*id, ballot.clone()))
            .collect();
        let machine: BTreeMap<_, _> = self
            .machine
            .ballots()
            .map(|ballot| (ballot.voter, ballot.clone()))
            .collect();
        assert_eq!(folded, books);
        assert_eq!(machine, books);
        assert_eq!(self.phase, Some(self.machine.phase()));
        assert_eq!(turn.phase, self.machine.phase());
        assert_eq!(self.closed, self.machine.is_closed());
        assert_eq!(turn.outcome, self.outcome);
        if let Some(decision) = &turn.decision {
            let count = |rows: &[crate::protocol::TallyRow]| -> BTreeMap<_, _> {
                rows.iter()
                    .map(|row| (row.label, row.voters.clone()))
                    .collect()
            };
            assert_eq!(count(&turn.standing()), count(&decision.tally));
            assert_eq!(turn.abstained(), decision.abstained);
        }
    }

    fn fold_in(&mut self, kind: EventKind) {
        let seq = self.fold.last_seq + 1;
        self.events.push(Event {
            seq: Seq(seq),
            at: Timestamp(seq),
            kind,
        });
        self.fold.apply(&self.events[self.events.len() - 1]);
    }
}
