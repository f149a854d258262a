//! Performs the reducer's actions for one turn and feeds the world back to it.
//!
//! Owns the clock (timers), the seats and their channels, and the board of published answers. Holds
//! no rule of coordination. A round that is finished has said its last word before its end is told.
//! Ends when the reducer closes; seats that do not answer within the grace are aborted.

mod checking;
mod team;
mod wording;

use std::{
    any::Any,
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot, watch},
    task::{Id, JoinError, JoinSet},
    time::Instant,
};

use self::team::Seating;
use super::{
    asking::Peers,
    bank::Bank,
    coordination::{Action, Coordination, Input, Report, Timer},
    desk::Desk,
    leave::Gate,
    ledger::Ticket,
    nested::Around,
    outbox::Outbox,
    past::Recall,
    premises::{self, Grounds},
    prompt::{Answers, Task},
    roster::Roster,
    seat::{Addressed, Directive, Seat},
};
use crate::{
    protocol::{
        AgentEvent, AgentId, Answer, BudgetEvent, Command, Decision, EventKind, Failure,
        FailureKind, Label, Outcome, RunEvent, Share, SteerId, Talking, ToolSpec, change::Snapshot,
    },
    tool::Toolbox,
};

/// Time for seats to fall silent: when rounds are finished, and after the turn is over.
const GRACE: Duration = Duration::from_millis(250);
/// Directives that may wait for one seat; the reducer never has more than a few under way.
const DIRECTIVES: usize = 16;

/// The ways out of a turn.
#[derive(Clone)]
pub(super) struct Ways {
    /// To everyone.
    pub outbox: Outbox,
    /// To the person.
    pub desk: Desk,
    /// What decides what programs may do; none inside a team that has no person.
    pub gate: Option<Gate>,
    /// Whom agents may ask.
    pub talking: Talking,
    /// What is around the task, where this is a team inside another.
    pub around: Around,
    /// The folders it works on.
    pub grounds: Grounds,
}

impl Ways {
    /// The tools of every agent.
    pub(super) fn tools(&self) -> Toolbox {
        let tools = Toolbox::standard();
        match &self.grounds {
            Some(premises) => premises.tools(&self.desk, tools),
            None => tools,
        }
    }
}

/// One turn.
pub(super) struct Driver<'a> {
    roster: &'a mut Roster,
    task: Task,
    ways: Ways,
    coordination: Coordination,
    bank: Bank,
    tools: Toolbox,
    seating: Seating,
    /// Running round of each agent, for reports on its behalf.
    rounds: BTreeMap<AgentId, u32>,
    crew: Crew,
    reports: mpsc::Receiver<Addressed>,
    answers: watch::Sender<Arc<Answers>>,
    timers: BTreeMap<Timer, Instant>,
    /// Reports on behalf of seats that are gone.
    overdue: VecDeque<Input>,
    said: Said,
}

/// What has been told and is needed again.
#[derive(Default)]
struct Said {
    /// The settled vote.
    decision: Option<Decision>,
    outcome: Option<Outcome>,
    /// The files of every answer.
    files: BTreeMap<Label, Vec<Snapshot>>,
    /// Messages of the person so far.
    steers: u32,
    /// Who presents, and what it may work with.
    presents: Option<AgentId>,
    reading: Vec<ToolSpec>,
    /// Its worktrees could not be brought to the winner's files.
    astray: Option<AgentId>,
    /// What agents had before they got the final files to check them.
    lent: BTreeMap<AgentId, Vec<Snapshot>>,
}

/// The running seats, and whose they are, to report one that panicked.
#[derive(Default)]
struct Crew {
    running: JoinSet<()>,
    owners: HashMap<Id, AgentId>,
    /// Who can be asked by others.
    peers: watch::Sender<Peers>,
}

/// How the turn ended, and whether the session goes on.
pub(super) struct Ended {
    /// The outcome that was told.
    pub outcome: Option<Outcome>,
    /// What was published, in order.
    pub answers: Vec<Answer>,
    /// The person is leaving: no further turn.
    pub close: bool,
    /// Where its tokens and money went.
    pub spent: Vec<Share>,
}

impl<'a> Driver<'a> {
    /// Seats the team.
    pub(super) fn new(
        roster: &'a mut Roster,
        task: Task,
        ways: Ways,
        (coordination, bank): (Coordination, Bank),
    ) -> Self {
        let tools = ways.tools();
        let team = roster.team().to_vec();
        let (reports_in, reports) = mpsc::channel(DIRECTIVES * team.len().max(1));
        let (answers, _) = watch::channel(Arc::new(Answers::new()));
        let mut driver = Self {
            roster,
            task,
            ways,
            coordination,
            bank,
            tools,
            seating: Seating::new(reports_in),
            rounds: BTreeMap::new(),
            crew: Crew::default(),
            reports,
            answers,
            timers: BTreeMap::new(),
            overdue: VecDeque::new(),
            said: Said::default(),
        };
        for member in team {
            driver.seat(&member);
        }
        driver
    }

    /// Takes over a turn that broke off.
    pub(super) fn recall(mut self, recall: Recall) -> Self {
        for answer in recall.answers {
            self.pin_up(&answer);
        }
        self.said.decision = recall.decision;
        self.said.steers = recall.steer.0;
        self
    }

    /// Runs the turn to its outcome. It begins with `first`: a start, or for a turn that broke off
    /// also a stop.
    pub(super) async fn run(
        mut self,
        first: Input,
        commands: &mut mpsc::Receiver<Command>,
    ) -> Ended {
        let mut close = false;
        let mut open = self.perform(first).await;
        while open {
            if let Some(input) = self.next(commands, &mut close).await {
                open = self.perform(input).await;
            }
        }
        self.seating.clear();
        self.crew.leave().await;
        Ended {
            outcome: self.said.outcome,
            answers: self.coordination.answers().to_vec(),
            close,
            spent: self.bank.shares().await,
        }
    }

    /// Waits for whatever happens next; `None` when it is of no concern to the reducer.
    async fn next(
        &mut self,
        commands: &mut mpsc::Receiver<Command>,
        close: &mut bool,
    ) -> Option<Input> {
        if let Some(input) = self.overdue.pop_front() {
            return Some(input);
        }
        let due = self.timers.iter().min_by_key(|(_, due)| **due);
        let due = due.map(|(timer, due)| (*timer, *due));
        let wait = async {
            match due {
                Some((timer, due)) => {
                    tokio::time::sleep_until(due).await;
                    timer
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            command = commands.recv(), if !*close => match command {
                Some(Command::Close) | None => {
                    *close = true;
                    Some(Input::Stop)
                }
                Some(command) => self.command(command).await,
            },
            Some((agent, round, report)) = self.reports.recv() => {
                Some(Input::Agent { agent, round, report })
            }
            Some((agent, words)) = self.crew.lost() => self.lost(agent, &words).await,
            timer = wait => self.due(timer),
        }
    }

    async fn command(&mut self, command: Command) -> Option<Input> {
        match command {
            Command::Steer { target, text, mode } => {
                self.said.steers += 1;
                Some(Input::Steer {
                    id: SteerId(self.said.steers),
                    target,
                    text,
                    mode,
                })
            }
            Command::Withdraw(id) => Some(Input::Withdraw(id)),
            Command::Answer { id, reply } => {
                self.ways.desk.answer(id, reply).await;
                None
            }
            Command::Team(change) => Some(self.prepare(change)),
            Command::AnswerNow => Some(Input::AnswerNow),
            Command::Stop | Command::Close => Some(Input::Stop),
            Command::FollowUp { .. } | Command::Ask { .. } => {
                self.ways
                    .outbox
                    .emit(super::notice(
                        "A turn is still running; stop it or wait before you ask the next task.",
                    ))
                    .await;
                None
            }
        }
    }

    /// A seat ended by itself: its agent is reported as failed.
    async fn lost(&mut self, agent: AgentId, words: &str) -> Option<Input> {
        self.seating.remove(agent);
        self.bank.settle(agent, Ticket::Own, None).await;
        let round = self.rounds.get(&agent).copied()?;
        Some(gone(agent, round, words))
    }

    /// Feeds one input; false when the turn is over.
    async fn perform(&mut self, input: Input) -> bool {
        let mut patience = None;
        for action in self.coordination.step(input) {
            match action {
                Action::Ask(ask) => self.ask(ask).await,
                Action::Continue {
                    agent,
                    round,
                    cause,
                    brief,
                } => {
                    let add = self.addition(agent, Some(&cause), &brief);
                    let due = self.patience(agent);
                    let directive = Directive::Continue { round, add, due };
                    self.direct(agent, round, directive).await;
                }
                Action::Interrupt { agent, round } => {
                    self.direct(agent, round, Directive::Interrupt { round })
                        .await;
                }
                Action::Finish { agent, round } => {
                    let until = *patience.get_or_insert_with(|| Instant::now() + GRACE);
                    self.finish(agent, round, until).await;
                }
                Action::Recruit { like, why } => {
                    let input = self.recruit(like, why);
                    self.overdue.push_back(input);
                }
                Action::Arm { timer, after_ms } => self.arm(timer, after_ms),
                Action::Disarm(timer) => {
                    self.timers.remove(&timer);
                }
                Action::Emit(kind) => self.emit(kind).await,
                Action::Close => return false,
            }
        }
        true
    }

    /// A wait that is longer than the clock can count never ends.
    fn arm(&mut self, timer: Timer, after_ms: u64) {
        match Instant::now().checked_add(Duration::from_millis(after_ms)) {
            Some(due) => self.timers.insert(timer, due),
            None => self.timers.remove(&timer),
        };
    }

    /// Ends a round and waits until its seat has said the last word about it. All rounds that one
    /// step ends share one grace.
    async fn finish(&mut self, agent: AgentId, round: u32, until: Instant) {
        let (done, quiet) = oneshot::channel();
        self.direct(agent, round, Directive::Finish { round, done })
            .await;
        // Late or silent for ever: the turn goes on without it.
        let _ = tokio::time::timeout_at(until, quiet).await;
    }

    async fn emit(&mut self, mut kind: EventKind) {
        match &mut kind {
            EventKind::Agent {
                event: AgentEvent::Published(answer),
                ..
            } => {
                premises::publish(&self.ways.grounds, answer, &self.ways.outbox).await;
                self.pin_up(answer);
            }
            EventKind::Run(RunEvent::Team(event)) => self.changed(event),
            EventKind::Run(RunEvent::Phase(phase)) => self.bank.phase(*phase).await,
            EventKind::Agent {
                id,
                event: AgentEvent::RoundStarted { round, purpose, .. },
            } => self.bank.begin(*id, *round, *purpose).await,
            EventKind::Run(RunEvent::Decided(decision)) => {
                self.said.decision = Some(decision.clone());
            }
            EventKind::Run(RunEvent::Ended(outcome)) => {
                self.files(outcome).await;
                self.said.outcome = Some(outcome.clone());
                // Whoever asked is gone; said before the end, which is the last word of a turn.
                self.ways.desk.clear().await;
                let spent = BudgetEvent::Spent(self.bank.shares().await);
                let spent = EventKind::Run(RunEvent::Budget(spent));
                self.ways.outbox.emit(spent).await;
            }
            _ => {}
        }
        self.ways.outbox.emit(kind).await;
    }

    /// The files that the turn ends with.
    async fn files(&self, outcome: &mut Outcome) {
        let Outcome::Answered {
            winner, presenter, ..
        } = outcome
        else {
            return;
        };
        let counts = presenter.is_some() && *presenter != self.said.astray;
        let published = self.said.files.get(winner).cloned().unwrap_or_default();
        let (grounds, outbox) = (&self.ways.grounds, &self.ways.outbox);
        premises::finish(grounds, outcome, (counts, published), outbox).await;
    }

    /// Puts an answer on the board.
    fn pin_up(&mut self, answer: &Answer) {
        let files = answer.changes.clone();
        self.said.files.insert(answer.label, files);
        let text = answer.text.clone() + &premises::footer(&answer.changes);
        let (label, text) = (answer.label, Arc::from(text));
        self.answers.send_modify(|board| {
            Arc::make_mut(board).insert(label, text);
        });
    }

    /// A seat that is gone cannot report: this is done for it.
    async fn direct(&mut self, agent: AgentId, round: u32, directive: Directive) {
        let told = match self.seating.get(agent) {
            Some(seat) => seat.send(directive).await.is_ok(),
            None => false,
        };
        if !told {
            self.overdue.push_back(gone(agent, round, ""));
        }
    }
}

impl Crew {
    fn seat(&mut self, agent: AgentId, seat: Seat) {
        let handle = self.running.spawn(seat.run());
        self.owners.insert(handle.id(), agent);
    }

    /// A seat is about to be taken by somebody else: its end is no defect.
    fn dismiss(&mut self, agent: AgentId) {
        self.owners.retain(|_, owner| *owner != agent);
    }

    /// The next seat that ends by itself, which only a defect does, and what the defect said;
    /// `None` when no seat is left.
    async fn lost(&mut self) -> Option<(AgentId, String)> {
        let (id, words) = match self.running.join_next_with_id().await? {
            Ok((id, ())) => (id, String::new()),
            Err(error) => (error.id(), panic_words(error)),
        };
        Some((self.owners.remove(&id)?, words))
    }

    /// Waits for seats that were told to end, and ends those that do not.
    async fn leave(&mut self) {
        let all = async { while self.running.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, all).await.is_err() {
            self.running.shutdown().await;
        }
    }
}

/// The report on behalf of a seat that ended by a defect; the reducer ignores it when the round is
/// over.
fn gone(agent: AgentId, round: u32, words: &str) -> Input {
    let message = match words {
        "" => "The agent's task ended unexpectedly.".to_owned(),
        words => format!("The agent's task ended unexpectedly: {words}."),
    };
    let hint = "This is a defect of the program; please report it with these words.";
    Input::Agent {
        agent,
        round,
        report: Report::Failed(Failure::new(FailureKind::Local, message).hint(hint)),
    }
}

/// What a panic said.
fn panic_words(error: JoinError) -> String {
    let payload: Box<dyn Any + Send> = match error.try_into_panic() {
        Ok(payload) => payload,
        Err(_) => return String::new(),
    };
    payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref::<&str>().map(ToString::to_string))
        .unwrap_or_default()
}
