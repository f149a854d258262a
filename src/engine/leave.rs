//! Leave for tool calls: asked at the desk, written into the record of the session.
//!
//! The policy of the run decides first where it says never or auto; otherwise the question waits in
//! the one queue with all others. Silence is a no.

use std::{path::PathBuf, sync::Arc};

use futures_util::future::{BoxFuture, FutureExt as _};
use tokio::sync::{OnceCell, mpsc, oneshot};

use super::desk::{Desk, Draft};
use crate::{
    protocol::{
        AgentId, Approval, ApprovePolicy, Decided, Permitting, QuestionKind, Reply, Timestamp,
        approval,
    },
    store::{permissions::Permissions, redact::Redactor},
    tool::{
        hands::{Approver, Recorder, Ruling},
        leave::Office,
        permit::Permits,
    },
};

/// Decisions on their way to the record.
const DEPTH: usize = 64;

/// Asks at the desk.
#[derive(Clone, Debug)]
pub struct AtDesk {
    desk: Desk,
    policy: Option<ApprovePolicy>,
    seconds: u64,
    /// The agent of the session that asks for a member of its team, and what people call the member.
    behalf: Option<(AgentId, String)>,
}

impl AtDesk {
    /// An approver over the desk of the session.
    #[must_use]
    pub fn new(desk: Desk, permitting: &Permitting) -> Self {
        Self {
            desk,
            policy: permitting.approve,
            seconds: permitting.seconds,
            behalf: None,
        }
    }

    /// The same for a member of the team in an agent's place: the agent asks, and says for whom.
    #[must_use]
    pub fn on_behalf(self, seat: AgentId, member: String) -> Self {
        Self {
            behalf: Some((seat, member)),
            ..self
        }
    }
}

impl Approver for AtDesk {
    fn ask(&self, agent: AgentId, approval: Approval) -> BoxFuture<'static, Ruling> {
        let Self {
            desk,
            policy,
            seconds,
            behalf,
        } = self.clone();
        async move {
            match policy {
                Some(ApprovePolicy::Never) => {
                    return Ruling::PolicyNo(
                        "what needs leave is refused (`--approve never`)".into(),
                    );
                }
                Some(ApprovePolicy::Auto) => return Ruling::PolicyYes,
                Some(ApprovePolicy::Ask) | None => {}
            }
            let (asker, text) = match behalf {
                None => (agent, format!("May I use {}?", approval.tool)),
                Some((seat, member)) => (
                    seat,
                    format!("May {member}, of my team, use {}?", approval.tool),
                ),
            };
            let draft = Draft {
                asker: Some(asker),
                text,
                kind: QuestionKind::Approval(Box::new(approval)),
                seconds,
            };
            match desk.ask(draft).await {
                None => Ruling::Silence,
                Some((_, Reply::Approved)) => Ruling::Once,
                Some((_, Reply::Always)) => Ruling::Always,
                Some((_, Reply::Edited(line))) => Ruling::Edited(line),
                Some((_, Reply::Rejected(why))) if why == approval::NOBODY => Ruling::PolicyNo(why),
                Some((_, Reply::Rejected(why) | Reply::Text(why))) => Ruling::No(why),
                Some((_, Reply::Skipped | Reply::Option(_))) => Ruling::No(String::new()),
            }
        }
        .boxed()
    }
}

/// For whose team it is asked.
#[derive(Clone)]
struct Behalf {
    /// The desk of the session.
    desk: Desk,
    /// The agent of the session.
    seat: AgentId,
    /// What people call the team's place.
    name: String,
}

impl Behalf {
    /// What people call a member of it.
    fn member(&self, agent: AgentId) -> String {
        format!("{}/{agent}", self.name)
    }
}

/// A record in which the decisions about a member of a team stand under the agent of the session in
/// whose place the team is, with the member's name: numbers inside teams begin anew.
#[must_use]
pub fn recorded_as(record: Arc<dyn Recorder>, seat: AgentId, member: String) -> Arc<dyn Recorder> {
    Arc::new(OfMember {
        record,
        seat,
        member,
    })
}

struct OfMember {
    record: Arc<dyn Recorder>,
    seat: AgentId,
    member: String,
}

impl Recorder for OfMember {
    fn note(&self, decided: Decided) -> BoxFuture<'static, Result<(), String>> {
        self.record.note(Decided {
            agent: self.seat,
            member: self.member.clone(),
            ..decided
        })
    }
}

/// What decides what programs among the agents may do: the rules of the run, the person, the record.
#[derive(Clone)]
pub struct Gate {
    /// The rules, with what the person has allowed for the rest of the run.
    pub permits: Arc<Permits>,
    behalf: Option<Behalf>,
    /// Where decisions are written down.
    pub record: Arc<dyn Recorder>,
    /// What the configuration says.
    pub permitting: Arc<Permitting>,
}

impl Gate {
    /// A gate over the record of a session.
    ///
    /// # Errors
    /// A rule that cannot be read; the configuration was checked before.
    pub fn new(permitting: Permitting, record: Written) -> Result<Self, String> {
        Ok(Self {
            permits: Arc::new(Permits::new(&permitting)?),
            behalf: None,
            record: Arc::new(record),
            permitting: Arc::new(permitting),
        })
    }

    /// The rules for an agent of the session, and for whoever is in the team in its place.
    #[must_use]
    pub fn permits_of(&self, seat: AgentId) -> Arc<Permits> {
        if self.permitting.own.is_empty() {
            return Arc::clone(&self.permits);
        }
        Arc::new(self.permits.of(seat))
    }

    /// Who decides about one agent; `desk` is where the person is asked.
    #[must_use]
    pub fn office(&self, agent: AgentId, desk: Desk) -> Office {
        let record = Arc::clone(&self.record);
        Office {
            agent,
            permits: self.permits_of(self.behalf.as_ref().map_or(agent, |behalf| behalf.seat)),
            person: Arc::new(self.person(agent, desk)),
            record: match &self.behalf {
                None => record,
                Some(behalf) => recorded_as(record, behalf.seat, behalf.member(agent)),
            },
        }
    }

    /// The same for the members of a team in an agent's place: they ask at the desk of the session.
    #[must_use]
    pub(super) fn below(&self, seat: AgentId, desk: &Desk) -> Self {
        let behalf = match &self.behalf {
            None => Behalf {
                desk: desk.clone(),
                seat,
                name: seat.to_string(),
            },
            Some(above) => Behalf {
                desk: above.desk.clone(),
                seat: above.seat,
                name: format!("{}/{seat}", above.name),
            },
        };
        Self {
            behalf: Some(behalf),
            ..self.clone()
        }
    }

    fn person(&self, agent: AgentId, desk: Desk) -> AtDesk {
        match &self.behalf {
            None => AtDesk::new(desk, &self.permitting),
            Some(behalf) => AtDesk::new(behalf.desk.clone(), &self.permitting)
                .on_behalf(behalf.seat, behalf.member(agent)),
        }
    }
}

/// A decision on its way to the record, and who waits until it is there.
type Line = (Timestamp, Decided, oneshot::Sender<Result<(), String>>);

/// Writes decisions into the record of the session, on a thread that may wait. Clones write the same
/// record; it is begun with the first decision.
#[derive(Clone, Debug)]
pub struct Written(Arc<Desired>);

#[derive(Debug)]
struct Desired {
    session: PathBuf,
    redactor: Redactor,
    lines: OnceCell<mpsc::Sender<Line>>,
}

impl Written {
    /// A recorder over the record in the folder of a session.
    #[must_use]
    pub fn new(session: PathBuf, redactor: Redactor) -> Self {
        Self(Arc::new(Desired {
            session,
            redactor,
            lines: OnceCell::new(),
        }))
    }

    /// Begins to write; ends with the last clone. A record that cannot be opened takes nothing, and
    /// says so each time.
    fn begin(&self) -> mpsc::Sender<Line> {
        let (sender, mut lines): (_, mpsc::Receiver<Line>) = mpsc::channel(DEPTH);
        let (session, redactor) = (self.0.session.clone(), self.0.redactor.clone());
        tokio::task::spawn_blocking(move || {
            let mut record = Permissions::open(&session, redactor);
            while let Some((at, decided, done)) = lines.blocking_recv() {
                let written = match &mut record {
                    Ok(record) => record.note(at, decided).map_err(|error| error.to_string()),
                    Err(failure) => Err(failure.message.clone()),
                };
                // Nobody waits any more when the call was cut off.
                let _ = done.send(written);
            }
        });
        sender
    }
}

impl Recorder for Written {
    fn note(&self, decided: Decided) -> BoxFuture<'static, Result<(), String>> {
        let this = self.clone();
        async move {
            let sender = this.0.lines.get_or_init(|| async { this.begin() }).await;
            let (done, written) = oneshot::channel();
            let gone = || "its writer is gone".to_owned();
            let line = (super::outbox::now(), decided, done);
            sender.send(line).await.map_err(|_| gone())?;
            written.await.map_err(|_| gone())?
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::{
            desk,
            outbox::{self, Sinks},
        },
        protocol::{Deed, EventKind, QuestionEvent, QuestionId, RunEvent, Seq},
        store::redact::Redactor,
    };

    fn call() -> Approval {
        Approval {
            tool: "run_command".into(),
            deed: Deed::Command {
                line: "make".into(),
                folder: ".".into(),
            },
            why: "a rule".into(),
            always: None,
            held: String::new(),
            fixed: false,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_waits_at_the_desk_and_silence_is_no() {
        let (sender, mut events) = mpsc::channel(64);
        let (outbox, _) = outbox::start(
            Sinks {
                log: None,
                subscribers: vec![sender],
                redactor: Redactor::default(),
                trouble: None,
                prompts: None,
            },
            Seq::default(),
        );
        let desk = desk::start(outbox, QuestionId::default());
        let person = AtDesk::new(desk.clone(), &Permitting::default());
        for (reply, ruling) in [
            (Some(Reply::Approved), Ruling::Once),
            (
                Some(Reply::Edited("ls".into())),
                Ruling::Edited("ls".into()),
            ),
            (
                Some(Reply::Rejected("why".into())),
                Ruling::No("why".into()),
            ),
            (Some(Reply::Skipped), Ruling::No(String::new())),
            (
                Some(Reply::Rejected(approval::NOBODY.into())),
                Ruling::PolicyNo(approval::NOBODY.into()),
            ),
            (None, Ruling::Silence),
        ] {
            let asked = tokio::spawn(person.ask(AgentId(1), call()));
            let id = loop {
                let kind = events.recv().await.unwrap().kind;
                if let EventKind::Run(RunEvent::Question(QuestionEvent::Asked(question))) = kind {
                    break question.id;
                }
            };
            if let Some(reply) = reply {
                desk.answer(id, reply).await;
            }
            assert_eq!(asked.await.unwrap(), ruling);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_policy_decides_before_anybody_is_asked() {
        let (outbox, _) = outbox::start(
            Sinks {
                log: None,
                subscribers: Vec::new(),
                redactor: Redactor::default(),
                trouble: None,
                prompts: None,
            },
            Seq::default(),
        );
        let desk = desk::start(outbox, QuestionId::default());
        let with = |policy| Permitting {
            approve: Some(policy),
            ..Permitting::default()
        };
        let never = AtDesk::new(desk.clone(), &with(ApprovePolicy::Never));
        assert!(matches!(
            never.ask(AgentId(1), call()).await,
            Ruling::PolicyNo(_)
        ));
        let auto = AtDesk::new(desk, &with(ApprovePolicy::Auto));
        assert_eq!(auto.ask(AgentId(1), call()).await, Ruling::PolicyYes);
    }
}
