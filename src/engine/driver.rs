//! Performs the reducer's actions for one turn and feeds the world back to it.
//!
//! Owns the clock (timers), the seats and their channels, and the board of published answers. Holds
//! no rule of coordination. Ends when the reducer closes; seats that do not answer within the grace
//! are aborted.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{mpsc, watch},
    task::{Id, JoinSet},
    time::Instant,
};

use super::{
    Member,
    coordination::{Action, Ask, Brief, Cause, Coordination, Input, Report, Timer},
    outbox::Outbox,
    prompt::{self, Answers, Task},
    seat::{Addition, Addressed, Directive, Seat},
    workflow,
};
use crate::{
    protocol::{
        AgentEvent, AgentId, Command, Decision, EventKind, Failure, FailureKind, Label, Outcome,
        Purpose, RunEvent, SteerId, ToolChoice,
    },
    tool::Toolbox,
};

/// Time for seats to end by themselves after the turn is over.
const GRACE: Duration = Duration::from_millis(250);
/// Directives that may wait for one seat; the reducer never has more than a few under way.
const DIRECTIVES: usize = 16;

/// One turn.
pub(super) struct Driver<'a> {
    team: &'a [Member],
    task: Task,
    outbox: Outbox,
    coordination: Coordination,
    seats: BTreeMap<AgentId, mpsc::Sender<Directive>>,
    /// Which seat a task is, to report one that panicked.
    tasks: HashMap<Id, AgentId>,
    /// Running round of each agent, for reports on its behalf.
    rounds: BTreeMap<AgentId, u32>,
    running: JoinSet<()>,
    reports: mpsc::Receiver<Addressed>,
    answers: watch::Sender<Arc<Answers>>,
    timers: BTreeMap<Timer, Instant>,
    decision: Option<Decision>,
    outcome: Option<Outcome>,
    steers: u32,
}

/// How the turn ended, and whether the session goes on.
pub(super) struct Ended {
    /// The outcome that was told.
    pub outcome: Option<Outcome>,
    /// The person is leaving: no further turn.
    pub close: bool,
}

impl<'a> Driver<'a> {
    /// Seats the team.
    pub(super) fn new(
        team: &'a [Member],
        task: Task,
        outbox: Outbox,
        coordination: Coordination,
        tools: &Toolbox,
    ) -> Self {
        let (reports_in, reports) = mpsc::channel(DIRECTIVES * team.len().max(1));
        let (answers, board) = watch::channel(Arc::new(Answers::new()));
        let mut driver = Self {
            team,
            task,
            outbox,
            coordination,
            seats: BTreeMap::new(),
            tasks: HashMap::new(),
            rounds: BTreeMap::new(),
            running: JoinSet::new(),
            reports,
            answers,
            timers: BTreeMap::new(),
            decision: None,
            outcome: None,
            steers: 0,
        };
        for member in team {
            let (sender, directives) = mpsc::channel(DIRECTIVES);
            let seat = Seat {
                agent: member.card.id,
                provider: Arc::clone(&member.provider),
                tools: tools.clone(),
                outbox: driver.outbox.clone(),
                reports: reports_in.clone(),
                directives,
                answers: board.clone(),
            };
            let handle = driver.running.spawn(seat.run());
            driver.tasks.insert(handle.id(), member.card.id);
            driver.seats.insert(member.card.id, sender);
        }
        driver
    }

    /// Runs the turn to its outcome.
    pub(super) async fn run(mut self, commands: &mut mpsc::Receiver<Command>) -> Ended {
        let mut close = false;
        let mut open = self.perform(Input::Start).await;
        while open {
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
            let input = tokio::select! {
                biased;
                command = commands.recv(), if !close => match command {
                    Some(Command::Close) | None => {
                        close = true;
                        Some(Input::Stop)
                    }
                    Some(command) => self.command(command).await,
                },
                Some((agent, round, report)) = self.reports.recv() => {
                    Some(Input::Agent { agent, round, report })
                }
                Some(ended) = self.running.join_next_with_id() => self.lost(ended),
                timer = wait => {
                    self.timers.remove(&timer);
                    Some(Input::Elapsed(timer))
                }
            };
            if let Some(input) = input {
                open = self.perform(input).await;
            }
        }
        self.seats.clear();
        let all = async { while self.running.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, all).await.is_err() {
            self.running.shutdown().await;
        }
        Ended {
            outcome: self.outcome,
            close,
        }
    }

    async fn command(&mut self, command: Command) -> Option<Input> {
        match command {
            Command::Steer { target, text, mode } => {
                self.steers += 1;
                Some(Input::Steer {
                    id: SteerId(self.steers),
                    target,
                    text,
                    mode,
                })
            }
            Command::AnswerNow => Some(Input::AnswerNow),
            Command::Stop | Command::Close => Some(Input::Stop),
            Command::FollowUp { .. } => {
                self.outbox
                    .emit(super::notice(
                        "A turn is still running; stop it or wait before you ask the next task.",
                    ))
                    .await;
                None
            }
        }
    }

    /// A seat ended by itself: only a defect does that. Its agent is reported as failed.
    fn lost(&mut self, ended: Result<(Id, ()), tokio::task::JoinError>) -> Option<Input> {
        let id = match &ended {
            Ok((id, ())) => *id,
            Err(error) => error.id(),
        };
        let agent = self.tasks.remove(&id)?;
        Some(Input::Agent {
            agent,
            round: self.rounds.get(&agent).copied()?,
            report: Report::Failed(
                Failure::new(FailureKind::Local, "The agent's task ended unexpectedly.")
                    .hint("This is a defect of the program; the session log has the details."),
            ),
        })
    }

    /// Feeds one input; false when the turn is over.
    async fn perform(&mut self, input: Input) -> bool {
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
                    self.direct(agent, Directive::Continue { round, add }).await;
                }
                Action::Interrupt { agent, round } => {
                    self.direct(agent, Directive::Interrupt { round }).await;
                }
                Action::Finish { agent, round } => {
                    self.direct(agent, Directive::Finish { round }).await;
                }
                Action::Arm { timer, after_ms } => {
                    let due = Instant::now() + Duration::from_millis(after_ms);
                    self.timers.insert(timer, due);
                }
                Action::Disarm(timer) => {
                    self.timers.remove(&timer);
                }
                Action::Emit(kind) => self.emit(kind).await,
                Action::Close => return false,
            }
        }
        true
    }

    async fn emit(&mut self, kind: EventKind) {
        match &kind {
            EventKind::Agent {
                event: AgentEvent::Published(answer),
                ..
            } => {
                let (label, text) = (answer.label, Arc::from(answer.text.as_str()));
                self.answers.send_modify(|board| {
                    Arc::make_mut(board).insert(label, text);
                });
            }
            EventKind::Run(RunEvent::Decided(decision)) => self.decision = Some(decision.clone()),
            EventKind::Run(RunEvent::Ended(outcome)) => self.outcome = Some(outcome.clone()),
            _ => {}
        }
        self.outbox.emit(kind).await;
    }

    async fn ask(&mut self, ask: Ask) {
        let system = self
            .team
            .iter()
            .find(|member| member.card.id == ask.agent)
            .and_then(|member| member.system.as_deref());
        self.rounds.insert(ask.agent, ask.round);
        let add = match (ask.purpose, ask.fresh, ask.winner) {
            (Purpose::Present, _, Some(winner)) => self.present(ask.agent, &ask.brief, winner),
            (_, true, _) => {
                let answers = Arc::clone(&self.answers.borrow());
                let text = prompt::opening(&self.task, ask.agent, &ask.brief, &answers);
                self.offer(text, &ask.brief)
            }
            (_, false, _) => self.addition(ask.agent, None, &ask.brief),
        };
        let fresh = ask
            .fresh
            .then(|| prompt::system(ask.agent, system, ask.purpose));
        let directive = Directive::Ask {
            round: ask.round,
            purpose: ask.purpose,
            fresh,
            add,
        };
        self.direct(ask.agent, directive).await;
    }

    fn present(&self, agent: AgentId, brief: &Brief, winner: Label) -> Addition {
        let answers = Arc::clone(&self.answers.borrow());
        let decision = self.decision.as_ref();
        Addition {
            text: prompt::presentation(&self.task, agent, brief, winner, decision, &answers),
            shown: brief.news.clone(),
            tools: Vec::new(),
            choice: ToolChoice::None,
        }
    }

    fn addition(&self, agent: AgentId, cause: Option<&Cause>, brief: &Brief) -> Addition {
        let answers = Arc::clone(&self.answers.borrow());
        let text = prompt::continuation(cause, agent, brief, &answers);
        self.offer(text, brief)
    }

    fn offer(&self, text: String, brief: &Brief) -> Addition {
        let mut tools = Vec::new();
        if brief.may_publish {
            tools.push(workflow::new_answer());
        }
        if !brief.choices.is_empty() {
            tools.push(workflow::vote(&brief.choices));
        }
        tools.extend(Toolbox::standard().specs());
        Addition {
            text,
            shown: brief.news.clone(),
            tools,
            choice: ToolChoice::Required,
        }
    }

    /// A seat that is gone was already reported by [`Self::lost`].
    async fn direct(&self, agent: AgentId, directive: Directive) {
        if let Some(seat) = self.seats.get(&agent) {
            let _ = seat.send(directive).await;
        }
    }
}
