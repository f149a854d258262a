//! Leave for a deed: the rules, then the person where they ask, and a line of record for each.

use crate::{
    protocol::{Approval, Decided, DecidedBy, Deed, Permission},
    tool::{
        hands::{Hands, Ruling},
        permit::{Usual, Verdict, always},
    },
};

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
    pub tool: &'static str,
    /// What it would do.
    pub deed: Deed,
    /// What is usual for it.
    pub usual: Usual,
    /// What holds it, in a word; empty for files.
    pub tier: &'static str,
    /// The same in a sentence, for the person.
    pub held: String,
}

/// Gets leave.
///
/// # Errors
/// Why there is none, for the model.
pub async fn leave(hands: &Hands, wish: Wish) -> Result<Leave, String> {
    match hands.permits.judge(&wish.deed, wish.usual.clone()) {
        Verdict::Allow(by) => {
            note(hands, &wish, Permission::Allowed, by, String::new()).await?;
            Ok(Leave { deed: wish.deed })
        }
        Verdict::Deny(by, why) => {
            note(hands, &wish, Permission::Denied, by, why.clone()).await?;
            Err(format!("Denied: {why} {NEXT}"))
        }
        Verdict::Ask(why) => ask(hands, wish, why).await,
    }
}

async fn ask(hands: &Hands, mut wish: Wish, why: String) -> Result<Leave, String> {
    let always = always(&wish.deed);
    let approval = Approval {
        tool: wish.tool.to_owned(),
        deed: wish.deed.clone(),
        why: why.clone(),
        always: always.clone(),
        held: wish.held.clone(),
    };
    let (by, no) = match hands.person.ask(hands.agent, approval).await {
        Ruling::Once => (DecidedBy::Person, None),
        Ruling::PolicyYes => (DecidedBy::Policy, None),
        Ruling::Always => match always {
            Some(rule) => {
                hands.permits.allow_always(&rule);
                (DecidedBy::Always(rule), None)
            }
            None => (DecidedBy::Person, None),
        },
        Ruling::Edited(line) => {
            if let Deed::Command { line: old, .. } = &mut wish.deed {
                *old = line;
            }
            // The person's own words are held by the floor and the denying rules, too.
            if let Verdict::Deny(by, why) = hands.permits.judge(&wish.deed, Usual::Allow) {
                note(hands, &wish, Permission::Denied, by, why.clone()).await?;
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
            note(hands, &wish, Permission::Allowed, by, why).await?;
            Ok(Leave { deed: wish.deed })
        }
        Some((told, reason)) => {
            note(hands, &wish, Permission::Denied, by, reason).await?;
            Err(told)
        }
    }
}

/// Writes a decision down. What cannot be written down is not done.
async fn note(
    hands: &Hands,
    wish: &Wish,
    permission: Permission,
    by: DecidedBy,
    why: String,
) -> Result<(), String> {
    let decided = Decided {
        agent: hands.agent,
        tool: wish.tool.to_owned(),
        deed: wish.deed.clone(),
        permission,
        by,
        why,
        tier: wish.tier.to_owned(),
    };
    hands.record.note(decided).await.map_err(|error| {
        format!("Not done: the decision about it could not be recorded ({error}).")
    })
}
