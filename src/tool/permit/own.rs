//! What holds for the commands of one agent beside the rules of all: `MassGen`'s lists of commands.
//!
//! A pattern of what is blocked is looked for in the whole line and in every command of it; a list of
//! what is allowed has to fit every command of it, and a line that does more than run commands by name
//! is asked about besides. Nothing else than commands is judged.

use std::sync::Arc;

use regex::{Regex, RegexBuilder};

use super::{Verdict, line::Line};
use crate::protocol::{
    AgentId, DecidedBy, Deed, Offered,
    rules::{OwnRules, from_start},
};

/// Bytes that a pattern may take when it is ready for use.
const LARGEST: usize = 1 << 20;

/// The rules of one agent, ready for use.
#[derive(Clone, Debug)]
pub struct Own {
    pub(super) agent: AgentId,
    commands: Offered,
    only: Arc<[Pattern]>,
    never: Arc<[Pattern]>,
}

#[derive(Debug)]
struct Pattern {
    text: String,
    fits: Regex,
}

impl Pattern {
    fn read(text: &str) -> Result<Self, String> {
        let built = RegexBuilder::new(&from_start(text))
            .size_limit(LARGEST)
            .build();
        let fits =
            built.map_err(|error| format!("The pattern `{text}` cannot be read: {error}."))?;
        let text = text.to_owned();
        Ok(Self { text, fits })
    }
}

impl Own {
    /// Reads the rules of an agent.
    ///
    /// # Errors
    /// The first pattern that cannot be read.
    pub fn read(rules: &OwnRules) -> Result<Self, String> {
        let read = |patterns: &[String]| -> Result<Arc<[Pattern]>, String> {
            patterns.iter().map(|text| Pattern::read(text)).collect()
        };
        Ok(Self {
            agent: rules.agent,
            commands: rules.commands,
            only: read(&rules.only)?,
            never: read(&rules.never)?,
        })
    }

    /// What they say about a deed; `None`: nothing.
    pub fn judge(&self, deed: &Deed) -> Option<Verdict> {
        let Deed::Command { line, .. } = deed else {
            return None;
        };
        let deny = |rule: String, why: String| Some(Verdict::Deny(DecidedBy::Rule(rule), why));
        if !self.commands.is_yes() {
            let rule = "enable_mcp_command_line: false".to_owned();
            return deny(rule, "This agent runs no commands.".to_owned());
        }
        let read = Line::read(line);
        let commands = read.commands();
        let touches = |pattern: &&Pattern| {
            pattern.fits.is_match(line.trim())
                || commands
                    .iter()
                    .any(|command| pattern.fits.is_match(command))
        };
        if let Some(pattern) = self.never.iter().find(touches) {
            let rule = format!("command_line_blocked_commands: {}", pattern.text);
            let why = format!("This agent must not run what fits `{}`.", pattern.text);
            return deny(rule, why);
        }
        if self.only.is_empty() {
            return None;
        }
        let fits = |command: &String| self.only.iter().any(|one| one.fits.is_match(command));
        if commands.is_empty() || !commands.iter().all(fits) {
            let known: Vec<&str> = self.only.iter().map(|one| one.text.as_str()).collect();
            let why = format!("This agent runs only what fits `{}`.", known.join("`, `"));
            return deny("command_line_allowed_commands".to_owned(), why);
        }
        read.simple().is_none().then(|| {
            Verdict::Ask(
                "The agent has a list of commands, and the line does more than run some."
                    .to_owned(),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        protocol::Permitting,
        tool::permit::{Permits, Usual},
    };

    fn rules(agent: u16, commands: Offered, only: &[&str], never: &[&str]) -> OwnRules {
        let list = |all: &[&str]| all.iter().map(ToString::to_string).collect();
        OwnRules {
            agent: AgentId(agent),
            commands,
            only: list(only),
            never: list(never),
        }
    }

    fn word(permits: &Permits, line: &str) -> &'static str {
        let deed = Deed::Command {
            line: line.into(),
            folder: ".".into(),
        };
        match permits.judge(&deed, Usual::Allow) {
            Verdict::Allow(_) => "allow",
            Verdict::Ask(_) => "ask",
            Verdict::Deny(..) => "deny",
        }
    }

    #[test]
    fn lists_hold_for_their_agent_and_for_whoever_joins() {
        let permits = Permits::new(&Permitting {
            allow: vec!["command(*)".into()],
            own: vec![
                rules(1, Offered::Yes, &["git (status|diff)", "ls"], &[]),
                rules(2, Offered::Yes, &[], &["rm\\b", r".*\bcurl\b"]),
                rules(3, Offered::No, &[], &[]),
                rules(4, Offered::Yes, &[], &[]),
            ],
            ..Permitting::default()
        })
        .unwrap();
        permits.allow_always("command");
        for (agent, line, said) in [
            (1, "git status -s", "allow"),
            (1, "git diff | ls", "allow"),
            (1, "git push", "deny"),
            (1, "git status; make", "deny"),
            (1, "echo git status", "deny"),
            (1, "git diff $(make)", "deny"),
            (1, "", "deny"),
            (2, "make", "allow"),
            (2, "rm -r x", "deny"),
            (2, "make && rm x", "deny"),
            (2, "sh -c 'rm x'", "deny"),
            (2, "rmdir x", "allow"),
            (2, "echo x | xargs curl", "deny"),
            (3, "ls", "deny"),
            (4, "rm -r x", "allow"),
            (9, "ls", "deny"),
        ] {
            let own = permits.of(AgentId(agent));
            assert_eq!(word(&own, line), said, "agent {agent}: {line}");
        }
    }

    #[test]
    fn a_line_that_does_more_than_run_what_is_listed_is_asked_about() {
        let permits = Permits::new(&Permitting {
            own: vec![rules(1, Offered::Yes, &["git", "ls"], &[])],
            ..Permitting::default()
        });
        let own = permits.unwrap().of(AgentId(1));
        assert_eq!(word(&own, "ls > list.txt"), "ask");
        assert_eq!(word(&own, "ls; git log"), "allow");
    }

    #[test]
    fn a_pattern_that_cannot_be_read_stops_the_run() {
        let read = Permits::new(&Permitting {
            own: vec![rules(1, Offered::Yes, &[], &["(rm"])],
            ..Permitting::default()
        });
        assert!(read.unwrap_err().contains("`(rm` cannot be read"));
    }
}
