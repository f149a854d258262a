//! What is allowed, asked about and denied.
//!
//! In this order, the first that speaks decides: the floor (denied, whatever else says so), denying
//! rules, what the agent's own lists of commands deny, what the person allowed for the rest of the run, asking rules, allowing rules, what is
//! usual for the tool. Pure but for the list of what the person allowed. A prompt is no boundary:
//! the sandbox is; rules only say what is worth a question.

mod floor;
mod line;
mod own;
mod rule;

use std::sync::Arc;

use tokio::sync::watch;

use own::Own;
pub use rule::{Rule, always};

use crate::protocol::{AgentId, DecidedBy, Deed, Permitting};

/// Rules of one run. Clones of the [`Arc`] around it share what the person allowed.
#[derive(Clone, Debug)]
pub struct Permits {
    allow: Vec<Rule>,
    ask: Vec<Rule>,
    deny: Vec<Rule>,
    /// What holds for single agents.
    own: Vec<Own>,
    /// What of it holds here.
    held: Vec<Own>,
    always: watch::Sender<Arc<Vec<Rule>>>,
}

impl Default for Permits {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            ask: Vec::new(),
            deny: Vec::new(),
            own: Vec::new(),
            held: Vec::new(),
            always: watch::channel(Arc::default()).0,
        }
    }
}

/// What the rules say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Do it.
    Allow(DecidedBy),
    /// Ask first, for this reason.
    Ask(String),
    /// Do not, for this reason.
    Deny(DecidedBy, String),
}

/// What is usual for a tool where no rule speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Usual {
    /// It is done.
    Allow,
    /// It is asked about, for this reason.
    Ask(String),
}

impl Permits {
    /// The rules of a run.
    ///
    /// # Errors
    /// The first rule that cannot be read. The configuration is checked with [`Rule::read`] before.
    pub fn new(permitting: &Permitting) -> Result<Self, String> {
        let read = |rules: &[String]| -> Result<Vec<Rule>, String> {
            rules.iter().map(|rule| Rule::read(rule)).collect()
        };
        Ok(Self {
            allow: read(&permitting.allow)?,
            ask: read(&permitting.ask)?,
            deny: read(&permitting.deny)?,
            own: permitting
                .own
                .iter()
                .map(Own::read)
                .collect::<Result<_, _>>()?,
            ..Self::default()
        })
    }

    /// The rules as they are for one agent. One that joined later is held to what holds for any other;
    /// what the person allows is shared.
    #[must_use]
    pub fn of(&self, agent: AgentId) -> Self {
        let known = self.own.iter().any(|own| own.agent == agent);
        let held = self.own.iter().filter(|own| !known || own.agent == agent);
        Self {
            held: held.cloned().collect(),
            ..self.clone()
        }
    }

    /// What they say about a deed.
    #[must_use]
    pub fn judge(&self, deed: &Deed, usual: Usual) -> Verdict {
        if let Some(why) = floor::denies(deed) {
            return Verdict::Deny(DecidedBy::Floor, why);
        }
        let named = |rule: &Rule| DecidedBy::Rule(rule.text().to_owned());
        if let Some(rule) = self.deny.iter().find(|rule| rule.touches(deed)) {
            let why = format!("The rule `{}` denies it.", rule.text());
            return Verdict::Deny(named(rule), why);
        }
        let own: Vec<Verdict> = self.held.iter().filter_map(|own| own.judge(deed)).collect();
        let denied = |said: &&Verdict| matches!(said, Verdict::Deny(..));
        if let Some(said) = own.iter().find(denied) {
            return said.clone();
        }
        let always = Arc::clone(&self.always.borrow());
        if let Some(rule) = always.iter().find(|rule| rule.covers(deed)) {
            return Verdict::Allow(DecidedBy::Always(rule.text().to_owned()));
        }
        if let Some(said) = own.first() {
            return said.clone();
        }
        if let Some(rule) = self.ask.iter().find(|rule| rule.touches(deed)) {
            return Verdict::Ask(format!("The rule `{}` asks first.", rule.text()));
        }
        if let Some(rule) = self.allow.iter().find(|rule| rule.covers(deed)) {
            return Verdict::Allow(named(rule));
        }
        match usual {
            Usual::Allow => Verdict::Allow(DecidedBy::Usual),
            Usual::Ask(why) => Verdict::Ask(why),
        }
    }

    /// Waits until the person allows a deed for the rest of the run, at whatever question.
    pub async fn allowed_meanwhile(&self, deed: &Deed) -> DecidedBy {
        let mut always = self.always.subscribe();
        loop {
            let judged = self.judge(deed, Usual::Ask(String::new()));
            if let Verdict::Allow(by @ DecidedBy::Always(_)) = judged {
                return by;
            }
            if always.changed().await.is_err() {
                // Nobody is left who could allow anything.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Allows whatever a rule covers for the rest of the run.
    pub fn allow_always(&self, rule: &str) {
        if let Ok(rule) = Rule::read(rule) {
            self.always.send_modify(|rules| {
                let mut all = rules.to_vec();
                all.push(rule);
                *rules = Arc::new(all);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(line: &str) -> Deed {
        Deed::Command {
            line: line.into(),
            folder: "app".into(),
        }
    }

    fn permits(allow: &[&str], ask: &[&str], deny: &[&str]) -> Permits {
        let list = |rules: &[&str]| rules.iter().map(ToString::to_string).collect();
        Permits::new(&Permitting {
            allow: list(allow),
            ask: list(ask),
            deny: list(deny),
            ..Permitting::default()
        })
        .unwrap()
    }

    #[test]
    fn deny_wins_and_the_floor_wins_over_all() {
        let word = |permits: &Permits, line: &str, usual: Usual| match permits
            .judge(&command(line), usual)
        {
            Verdict::Allow(_) => "allow",
            Verdict::Ask(_) => "ask",
            Verdict::Deny(DecidedBy::Floor, _) => "floor",
            Verdict::Deny(..) => "deny",
        };
        let ask = || Usual::Ask("no sandbox".into());
        let rules = permits(
            &["command(git *)", "*"],
            &["command(git push*)"],
            &["command(git clean*)"],
        );
        assert_eq!(word(&rules, "git log", ask()), "allow");
        assert_eq!(word(&rules, "git push", ask()), "ask");
        assert_eq!(word(&rules, "git clean -fdx", Usual::Allow), "deny");
        assert_eq!(
            word(&rules, "git log; git clean -fdx", Usual::Allow),
            "deny"
        );
        assert_eq!(word(&rules, "rm -rf /", Usual::Allow), "floor");
        rules.allow_always("command(git push*)");
        assert_eq!(
            word(&rules, "git push", ask()),
            "allow",
            "the person said so"
        );
        rules.allow_always("*");
        assert_eq!(word(&rules, "git clean -fdx", ask()), "deny");
        assert_eq!(word(&rules, "rm -rf ~", ask()), "floor");
        let none = Permits::default();
        assert_eq!(word(&none, "make", Usual::Allow), "allow");
        assert_eq!(word(&none, "make", ask()), "ask");
    }
}
