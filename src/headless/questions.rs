//! What happens to questions when nobody sits before the screen.
//!
//! Without a rule they wait when there is an inbox that could answer them, and are skipped when
//! there is none, so that no run stands still for nothing.

use crate::protocol::{
    ApprovePolicy, Command, Event, EventKind, Question, QuestionEvent, QuestionKind,
    QuestionPolicy, Reply, RunEvent, approval,
};
use crate::run::RunState;

/// Whether somebody can answer, other than through an inbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Presence {
    /// Nobody is there.
    #[default]
    Nobody,
    /// A person or their program hears the questions and can answer them.
    Somebody,
}

/// What the policy makes of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This answer.
    Answer(Command),
    /// The turn is stopped; this is why.
    Fail(String),
}

/// The verdict about an event that `state` has already taken in; `None` when it is no question or
/// waits for somebody.
pub fn judge(event: &Event, state: &RunState, presence: Presence) -> Option<Verdict> {
    let EventKind::Run(RunEvent::Question(QuestionEvent::Asked(question))) = &event.kind else {
        return None;
    };
    let turn = state.turn.as_ref()?;
    let talking = &turn.start.rules.talking;
    let heard = talking.inbox.is_some() || presence == Presence::Somebody;
    if matches!(question.kind, QuestionKind::Approval(_)) {
        let waits = match turn.start.rules.permitting.approve {
            Some(ApprovePolicy::Ask) => true,
            // Never and auto are decided before anybody is asked.
            Some(ApprovePolicy::Never | ApprovePolicy::Auto) => false,
            None => heard,
        };
        let reply = Reply::Rejected(approval::NOBODY.to_owned());
        let id = question.id;
        return (!waits).then_some(Verdict::Answer(Command::Answer { id, reply }));
    }
    let policy = talking.questions.unwrap_or(if heard {
        QuestionPolicy::Wait
    } else {
        QuestionPolicy::Skip
    });
    let reply = match policy {
        QuestionPolicy::Wait => return None,
        QuestionPolicy::Skip => Reply::Skipped,
        QuestionPolicy::First => first(question),
        QuestionPolicy::Fail => {
            let who = question.asker.map_or("The program", |id| turn.name(id));
            return Some(Verdict::Fail(format!(
                "{who} asks, and nobody is here to answer: {} Choose --questions skip or first, or \
                 answer through --inbox DIR with --questions wait.",
                question.text.trim()
            )));
        }
    };
    let id = question.id;
    Some(Verdict::Answer(Command::Answer { id, reply }))
}

fn first(question: &Question) -> Reply {
    match &question.kind {
        QuestionKind::Question { options } if options.is_empty() => Reply::Skipped,
        QuestionKind::Question { .. } => Reply::Option(1),
        QuestionKind::Plan { .. } => Reply::Approved,
        QuestionKind::Approval(_) => Reply::Rejected(approval::NOBODY.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        protocol::{AgentId, QuestionId},
        store::samples,
    };

    fn judged(policy: Option<QuestionPolicy>, inbox: bool, kind: QuestionKind) -> Option<Verdict> {
        let mut start = samples::started("r", 1, "task");
        if let EventKind::Run(RunEvent::Started(start)) = &mut start {
            start.rules.talking.questions = policy;
            start.rules.talking.inbox = inbox.then(|| "box".into());
        }
        let asked = EventKind::Run(RunEvent::Question(QuestionEvent::Asked(Question {
            id: QuestionId(1),
            asker: Some(AgentId(1)),
            text: "Which?".into(),
            kind,
            seconds: 60,
        })));
        let events = samples::numbered(vec![start, asked]);
        let mut state = RunState::default();
        for event in &events {
            state.apply(event);
        }
        let alone = judge(&events[1], &state, Presence::Nobody);
        // Somebody there is as good as an inbox.
        let heard = judge(&events[1], &state, Presence::Somebody);
        assert!(!inbox || alone == heard, "{alone:?} {heard:?}");
        alone
    }

    #[test]
    fn nobody_there_never_means_standing_still_for_nothing() {
        use QuestionPolicy::{Fail, First, Skip, Wait};
        let choice = || QuestionKind::Question {
            options: vec!["a".into()],
        };
        let open = || QuestionKind::Question { options: vec![] };
        let plan = || QuestionKind::Plan { plan: "p".into() };
        let leave = || {
            QuestionKind::Approval(Box::new(crate::protocol::Approval {
                tool: "run_command".into(),
                deed: crate::protocol::Deed::Other { words: "x".into() },
                why: String::new(),
                always: None,
                held: String::new(),
                fixed: false,
            }))
        };
        let no = || Reply::Rejected(approval::NOBODY.into());
        let answer = |reply| {
            let id = QuestionId(1);
            Some(Verdict::Answer(Command::Answer { id, reply }))
        };
        for (policy, inbox, kind, verdict) in [
            (None, false, choice(), answer(Reply::Skipped)),
            (None, true, choice(), None),
            (Some(Wait), false, choice(), None),
            (Some(Skip), true, plan(), answer(Reply::Skipped)),
            (Some(First), false, choice(), answer(Reply::Option(1))),
            (Some(First), false, open(), answer(Reply::Skipped)),
            (Some(First), false, plan(), answer(Reply::Approved)),
            (Some(First), false, leave(), answer(no())),
            (Some(Skip), true, leave(), None),
            (Some(Fail), false, leave(), answer(no())),
        ] {
            assert_eq!(judged(policy, inbox, kind), verdict, "{policy:?} {inbox}");
        }
        let Some(Verdict::Fail(why)) = judged(Some(Fail), false, open()) else {
            panic!("it fails");
        };
        assert!(
            why.starts_with("ada asks, and nobody is here to answer: Which?"),
            "{why}"
        );
    }
}
