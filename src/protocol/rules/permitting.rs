//! What agents may do with files and commands, and who is asked.
//!
//! The rules are `MassGen`'s `action(pattern)`; the floor that none of them lifts is not here, because
//! nobody can change it.

use serde::{Deserialize, Serialize};

use crate::protocol::AgentId;

/// What agents may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Permitting {
    /// Rules that allow.
    pub allow: Vec<String>,
    /// Rules that ask first.
    pub ask: Vec<String>,
    /// Rules that deny; they win.
    pub deny: Vec<String>,
    /// What happens to calls that need leave when nobody is there; `None`: wait where somebody could
    /// answer, refuse where nobody can.
    pub approve: Option<ApprovePolicy>,
    /// Seconds that a call waits for leave.
    pub seconds: u64,
    /// Whether agents run commands.
    pub commands: Offered,
    /// Whether agents fetch pages.
    pub web_fetch: Offered,
    /// Hosts that may be asked for pages, by pattern; all public ones when none is named. Of a private
    /// network only those that are named exactly.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub web_hosts: Vec<String>,
    /// Whether commands reach the network.
    pub network: Network,
    /// Further folders that commands may read.
    pub read: Vec<String>,
    /// Longest time of one command, in seconds.
    pub command_seconds: u64,
    /// Until somebody presents, tools of servers change nothing: the words that agents are told then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planning: Option<String>,
    /// What holds for single agents beside; when there is anything, every agent of the configuration is
    /// in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub own: Vec<OwnRules>,
}

/// What holds for the commands of one agent beside the rules of all. Patterns are regular expressions
/// that have to fit from the first letter of a command, as in `MassGen` ([`from_start`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnRules {
    /// Whose.
    pub agent: AgentId,
    /// Whether it runs commands.
    pub commands: Offered,
    /// It runs these only; all of them where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// It never runs these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub never: Vec<String>,
}

impl OwnRules {
    /// True when it says something.
    #[must_use]
    pub const fn holds(&self) -> bool {
        !self.commands.is_yes() || !self.only.is_empty() || !self.never.is_empty()
    }
}

/// A pattern of [`OwnRules`] as the regular expression that it is.
#[must_use]
pub fn from_start(pattern: &str) -> String {
    format!("^(?:{pattern})")
}

impl Default for Permitting {
    /// Commands in the sandbox without network, no pages, 300 s to answer, 600 s per command.
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            ask: Vec::new(),
            deny: Vec::new(),
            approve: None,
            seconds: 300,
            commands: Offered::Yes,
            web_fetch: Offered::No,
            web_hosts: Vec::new(),
            network: Network::Off,
            read: Vec::new(),
            command_seconds: 600,
            planning: None,
            own: Vec::new(),
        }
    }
}

/// What rules speak about.
const ACTIONS: [&str; 6] = ["command", "read_file", "write_file", "read_url", "mcp", "*"];

/// Why a rule cannot be read; `None` when it can.
#[must_use]
pub fn objection(rule: &str) -> Option<String> {
    let rule = rule.trim();
    let (action, rest) = rule.split_once('(').unwrap_or((rule, ")"));
    if !ACTIONS.contains(&action.trim()) {
        let known = ACTIONS.join(", ");
        return Some(format!(
            "\"{action}\" is no action; rules begin with one of {known}"
        ));
    }
    (!rest.ends_with(')'))
        .then(|| format!("\"{rule}\" has no closing bracket; write `action(pattern)`"))
}

impl Permitting {
    /// True when nothing was set.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// Whether an agent runs commands. One that has joined is held to what holds for any other.
    #[must_use]
    pub fn runs_commands(&self, agent: AgentId) -> bool {
        let known = self.own.iter().any(|own| own.agent == agent);
        let mut held = self.own.iter().filter(|own| !known || own.agent == agent);
        self.commands.is_yes() && held.all(|own| own.commands.is_yes())
    }

    /// Calls `change` with every text in it.
    pub fn texts_mut(&mut self, change: &mut dyn FnMut(&mut String)) {
        let rules = self.allow.iter_mut().chain(&mut self.ask);
        let rules = rules
            .chain(&mut self.deny)
            .chain(&mut self.read)
            .chain(&mut self.web_hosts)
            .chain(&mut self.planning)
            .chain(
                self.own
                    .iter_mut()
                    .flat_map(|own| own.only.iter_mut().chain(&mut own.never)),
            );
        rules.for_each(change);
    }
}

/// Whether a tool is offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Offered {
    /// It is.
    Yes,
    /// It is not.
    #[default]
    No,
}

impl Offered {
    /// True when it is.
    #[must_use]
    pub const fn is_yes(self) -> bool {
        matches!(self, Self::Yes)
    }
}

/// Whether commands reach the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// They do not, not even this machine.
    #[default]
    Off,
    /// They do.
    On,
}

/// What happens to calls that need leave when nobody is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovePolicy {
    /// They are refused.
    Never,
    /// They wait for the inbox until their time is up.
    Ask,
    /// They are done, within the floor and the denying rules.
    Auto,
}

impl ApprovePolicy {
    /// The policy with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "never" | "deny-all" => Self::Never,
            "ask" => Self::Ask,
            "auto" | "allow-all" => Self::Auto,
            _ => return None,
        })
    }
}
