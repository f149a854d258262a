//! One use of `ask_others` under way.
//!
//! A task of its own, so that its asker can wait for it, go on without it, or cut it off. It ends by
//! itself when its time is up; dropping the [`Errand`] ends it as well.

use std::fmt::Write as _;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::{sync::oneshot, task::JoinHandle};

use super::{read::Asked, side::Side};
use crate::{
    engine::desk::{Desk, Draft},
    protocol::{AgentId, QuestionKind, Reply, Usage},
};

/// Everything one errand needs.
pub struct Plan {
    /// Who asks.
    pub asker: AgentId,
    /// What.
    pub questions: Vec<Asked>,
    /// Where the person is asked, if they are.
    pub person: Option<Desk>,
    /// Agents that are asked.
    pub sides: Vec<Side>,
    /// Time for all answers.
    pub seconds: u64,
    /// Whether the agent waits.
    pub waits: bool,
}

/// What an errand came to.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Text for the asker; the words of other agents in it are fenced.
    pub text: String,
    /// What the answers of agents cost.
    pub usages: Vec<Usage>,
}

/// An errand under way.
#[derive(Debug)]
pub struct Errand {
    /// Whether its asker waits for it.
    pub waits: bool,
    task: JoinHandle<Told>,
    /// Dropping it cuts the errand off.
    cut: oneshot::Sender<()>,
}

impl Errand {
    /// Sends it off.
    #[must_use]
    pub fn begin(plan: Plan) -> Self {
        let (cut, over) = oneshot::channel();
        Self {
            waits: plan.waits,
            task: tokio::spawn(run(plan, over)),
            cut,
        }
    }

    /// True when it has come to its end.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.task.is_finished()
    }

    /// Waits for its end. Dropping the future changes nothing.
    pub async fn ended(&mut self) {
        // Taken in by `told`.
        self.cut.closed().await;
    }

    /// What it came to, once it is over.
    pub async fn told(self) -> Told {
        self.task.await.unwrap_or_default()
    }

    /// Cuts it off and says what it came to so far.
    pub async fn cut(self) -> Told {
        drop(self.cut);
        self.task.await.unwrap_or_default()
    }
}

async fn run(plan: Plan, mut cut: oneshot::Receiver<()>) -> Told {
    let Plan {
        asker,
        questions,
        person,
        mut sides,
        seconds,
        waits: _,
    } = plan;
    let mut told = Told::default();
    let mut answers = None;
    let all = async {
        let to_person = async {
            if let Some(desk) = &person {
                answers = Some(ask_person(asker, &questions, desk, seconds).await);
            }
        };
        let to_agents = tokio::time::timeout(
            Duration::from_secs(seconds),
            join_all(sides.iter_mut().map(Side::run)),
        );
        let _ = tokio::join!(to_person, to_agents);
    };
    let interrupted = tokio::select! {
        () = all => false,
        _ = &mut cut => true,
    };
    if interrupted {
        told.text
            .push_str("You were interrupted before all answers had come.\n");
    }
    if person.is_some() {
        told.text.push_str(
            answers
                .as_deref()
                .unwrap_or("The person has not answered.\n"),
        );
    }
    for side in sides {
        let (text, usage) = side.finish().await;
        told.text.push_str(&text);
        told.usages.extend(usage);
    }
    told
}

/// All questions at once: none waits for another.
async fn ask_person(asker: AgentId, questions: &[Asked], desk: &Desk, seconds: u64) -> String {
    let asked = questions.iter().map(|question| {
        desk.ask(Draft {
            asker: Some(asker),
            text: question.text.clone(),
            kind: QuestionKind::Question {
                options: question.options.clone(),
            },
            seconds,
        })
    });
    let mut text = String::new();
    for (question, answer) in questions.iter().zip(join_all(asked).await) {
        if questions.len() > 1 {
            let _ = writeln!(text, "You asked: {}", question.text);
        }
        let _ = match answer {
            Some((_, Reply::Skipped)) => {
                writeln!(text, "The person leaves this to you: decide for yourself.")
            }
            Some((question, reply)) => {
                writeln!(text, "The person answers: {}", question.words(&reply))
            }
            None => writeln!(
                text,
                "No answer: nobody answered in time. Go on with what you think is best."
            ),
        };
    }
    text
}
