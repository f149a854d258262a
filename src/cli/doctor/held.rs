//! What holds commands of agents, as lines: what a trial found out, never a guess.

use super::Health;
use crate::tool::sandbox::{Found, Tier};

/// The lines: how good, what, what to do.
pub fn lines(found: &Found) -> Vec<(Health, String, &'static str)> {
    let mut lines = Vec::new();
    if found.tier == Tier::Nothing {
        let why = found.why.join(" ");
        lines.push((
            Health::Warning,
            format!("NOTHING holds commands of agents here; each of them asks first. {why}"),
            "use Linux 5.13 or newer with Landlock, or install bubblewrap; see docs/sandbox.md",
        ));
        return lines;
    }
    let whole = found.tier == Tier::Bubblewrap || found.landlock.starts_with("all");
    lines.push((
        if whole { Health::Ok } else { Health::Warning },
        format!(
            "commands of agents are held by {}; landlock: {}",
            found.tier.word(),
            found.landlock
        ),
        if whole {
            ""
        } else {
            "an older kernel holds less; docs/sandbox.md says what"
        },
    ));
    let tried = [
        ("reading outside", found.tried.reading_outside),
        ("writing outside", found.tried.writing_outside),
        ("the network", found.tried.network),
        ("signals to other programs", found.tried.signals),
    ];
    let named = |prevented: bool| {
        let all = tried
            .iter()
            .filter(|(_, came)| came.is_prevented() == prevented);
        all.map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    };
    lines.push((
        Health::Ok,
        format!("tried and prevented: {}", named(true)),
        "",
    ));
    let possible = named(false);
    if !possible.is_empty() {
        lines.push((
            Health::Warning,
            format!("tried and possible: {possible}"),
            "Linux 6.12 or newer prevents it, and so does bubblewrap",
        ));
    }
    if found.tier != Tier::Bubblewrap {
        let why = match &found.bubblewrap {
            Err(why) => why.clone(),
            Ok(path) => format!("{} does not hold here", path.display()),
        };
        lines.push((Health::Ok, format!("bubblewrap is not used: {why}"), ""));
    }
    lines
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::tool::sandbox::{Attempt, Tried};

    /// A machine whose kernel has all of Landlock.
    pub fn held() -> Found {
        Found {
            tier: Tier::Landlock,
            landlock: "all of it (ABI 7)".to_owned(),
            bubblewrap: Err("bwrap is not installed".to_owned()),
            tried: Tried {
                reading_outside: Attempt::Prevented,
                writing_outside: Attempt::Prevented,
                network: Attempt::Prevented,
                signals: Attempt::Prevented,
                working: Attempt::Possible,
            },
            why: Vec::new(),
        }
    }

    #[test]
    fn what_does_not_hold_is_said_loudly() {
        let bare = Found {
            tier: Tier::Nothing,
            landlock: "no".to_owned(),
            tried: Tried::default(),
            why: vec!["landlock: This kernel has no Landlock.".to_owned()],
            ..held()
        };
        let told = lines(&bare);
        assert_eq!(told.len(), 1);
        assert!(
            told[0].0 == Health::Warning && told[0].1.starts_with("NOTHING holds"),
            "{told:?}"
        );
        let mut old = held();
        old.landlock = "part of it (ABI 1)".to_owned();
        old.tried.signals = Attempt::Possible;
        let warnings: Vec<String> = lines(&old)
            .into_iter()
            .filter(|(health, ..)| *health == Health::Warning)
            .map(|(_, text, _)| text)
            .collect();
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(
            warnings[1].ends_with("signals to other programs"),
            "{warnings:?}"
        );
    }
}
