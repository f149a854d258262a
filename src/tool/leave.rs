//! Leave for a deed: the rules, then the person where they ask, and a line of record for each.

use std::sync::Arc;

use crate::{
    protocol::{AgentId, Approval, Decided, DecidedBy, Deed, Permission},
    tool::{
        hands::{Approver, Hands, Recorder, Ruling},
        permit::{Permits, Usual, Verdict, always},
    },
};

/// Who decides about the wishes of one agent.
#[derive(Clone)]
pub struct Office {
    /// Whose wishes.
    pub agent: AgentId,
    /// The rules of the run.
    pub permits: Arc<Permits>,
    /// Who is asked.
    pub person: Arc<dyn Approver>,
    /// Who writes decisions down.
    pub record: Arc<dyn Recorder>,
}

impl Hands {
    /// Who decides about what these hands do.
    pub(super) fn office(&self) -> Office {
        Office {
            agent: self.agent,
            permits: Arc::clone(&self.permits),
            person: Arc::clone(&self.person),
            record: Arc::clone(&self.record),
        }
    }
}

/// What a call is told when a person or a policy refuses.
const NEXT: &str = "Do it another way, or go on without.";

/// What may be done: the deed, or the command that the person made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leave {
    /// The deed as it is to be done.
    pub deed: Deed,
}

/// A call that wants leave.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The tool.
    pub tool: String,
    /// What it would do.
    pub deed: Deed,
    /// What is usual for it.
    pub usual: Usual,
    /// It is done as it is or not at all.
    pub fixed: bool,
    /// What holds it, in a word; empty for files.
    pub tier: &'static str,
    /// The same in a sentence, for the person.
    pub held: String,
}

/// Gets leave.
///
/// # Errors
/// Why there is none, for the model.
pub async fn leave(office: &Office, wish: Wish) -> Result<Leave, String> {
    match office.permits.judge(&wish.deed, wish.usual.clone()) {
        Verdict::Allow(by) => {
            note(office, &wish, Permission::Allowed, by, String::new()).await?;
            Ok(Leave { deed: wish.deed })
        }
        Verdict::Deny(by, why) => {
            note(office, &wish, Permission::Denied, by, why.clone()).await?;
            Err(format!("Denied: {why} {NEXT}"))
        }
        Verdict::Ask(why) => ask(office, wish, why).await,
    }
}

async fn ask(office: &Office, mut wish: Wish, why: String) -> Result<Leave, String> {
    let always = always(&wish.deed);
    let approval = Approval {
        tool: wish.tool.clone(),
        deed: wish.deed.clone(),
        why: why.clone(),
        always: always.clone(),
        held: wish.held.clone(),
        fixed: wish.fixed,
    };
    let asked = office.person.ask(office.agent, approval);
    let ruling = tokio::select! {
        biased;
        ruling = asked => ruling,
        // The person allowed the same for good, at another question: this one is withdrawn.
        by = office.permits.allowed_meanwhile(&wish.deed) => {
            note(office, &wish, Permission::Allowed, by, why).await?;
            return Ok(Leave { deed: wish.deed });
        }
    };
    let (by, no) = match ruling {
        Ruling::Once => (DecidedBy::Person, None),
        Ruling::PolicyYes => (DecidedBy::Policy, None),
        Ruling::Always => match always {
            Some(rule) => {
                office.permits.allow_always(&rule);
                (DecidedBy::Always(rule), None)
            }
            None => (DecidedBy::Person, None),
        },
        Ruling::Edited(line) => {
            if let Deed::Command { line: old, .. } = &mut wish.deed {
                *old = line;
            }
            // The person's own words are held by the floor and the denying rules, too.
            if let Verdict::Deny(by, why) = office.permits.judge(&wish.deed, Usual::Allow) {
                note(office, &wish, Permission::Denied, by, why.clone()).await?;
                return Err(format!("Denied: {why} {NEXT}"));
            }
            (DecidedBy::Person, None)
        }
        Ruling::No(reason) if reason.trim().is_empty() => {
            let told = format!("The person said no. {NEXT}");
            (DecidedBy::Person, Some((told, String::new())))
        }
        Ruling::No(reason) => {
            let told = format!("The person said no: {} {NEXT}", reason.trim());
            (DecidedBy::Person, Some((told, reason)))
        }
        Ruling::PolicyNo(reason) => {
            let told = format!("Not allowed in this run: {reason}. {NEXT}");
            (DecidedBy::Policy, Some((told, reason)))
        }
        Ruling::Silence => {
            let told = format!("Nobody gave leave in time, which means no. {NEXT}");
            (DecidedBy::Silence, Some((told, String::new())))
        }
    };
    match no {
        None => {
            note(office, &wish, Permission::Allowed, by, why).await?;
            Ok(Leave { deed: wish.deed })
        }
        Some((told, reason)) => {
            note(office, &wish, Permission::Denied, by, reason).await?;
            Err(told)
        }
    }
}

/// Writes a decision down. What cannot be written down is not done.
async fn note(
    office: &Office,
    wish: &Wish,
    permission: Permission,
    by: DecidedBy,
    why: String,
) -> Result<(), String> {
    let decided = Decided {
        agent: office.agent,
        member: String::new(),
        tool: wish.tool.clone(),
        deed: wish.deed.clone(),
        permission,
        by,
        why,
        tier: wish.tier.to_owned(),
    };
    office.record.note(decided).await.map_err(|error| {
        format!("Not done: the decision about it could not be recorded ({error}).")
    })
}
