//! Flags for limits and rules: each is short for one key of the configuration.
//!
//! They are read by the same reader as a file, so a flag and its key cannot disagree about what is
//! allowed. Whatever has no flag is reached by `--set`.

use clap::Args;

use crate::config::Overlay;

/// Limits and rules of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct RuleArgs {
    /// Set any key of the configuration, for example `--set orchestrator.skip_voting=true`; wins over
    /// the file, several times for several keys.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Answers one agent may publish.
    #[arg(long, value_name = "N")]
    pub max_answers: Option<u32>,
    /// Seconds for the whole turn; then the team wraps up.
    #[arg(long, value_name = "S")]
    pub max_seconds: Option<u64>,
    /// A folder whose files are messages to the agents and answers to their questions.
    #[arg(long, value_name = "DIR")]
    pub inbox: Option<String>,
    /// What happens to questions when nobody is there: skip, first, wait or fail.
    #[arg(long, value_name = "POLICY", value_parser = ["skip", "first", "wait", "fail"])]
    pub questions: Option<String>,
}

impl RuleArgs {
    /// Named flags that were given: flag, key, value.
    fn named(&self) -> Vec<(&'static str, &'static str, String)> {
        let mut named = Vec::new();
        if let Some(most) = self.max_answers {
            named.push((
                "--max-answers",
                "orchestrator.max_new_answers_per_agent",
                most.to_string(),
            ));
        }
        if let Some(seconds) = self.max_seconds {
            named.push((
                "--max-seconds",
                "timeout_settings.orchestrator_timeout_seconds",
                seconds.to_string(),
            ));
        }
        if let Some(folder) = &self.inbox {
            // A text in quotes, whatever it looks like.
            let quoted = serde_json::Value::from(folder.as_str()).to_string();
            named.push(("--inbox", "orchestrator.inbox", quoted));
        }
        if let Some(policy) = &self.questions {
            named.push(("--questions", "orchestrator.questions", policy.clone()));
        }
        named
    }

    /// The settings that these flags stand for. A named flag wins over `--set`.
    ///
    /// # Errors
    /// What is wrong with them, a line each.
    pub fn overlay(&self) -> Result<Overlay, String> {
        let mut overlay = Overlay::default();
        let mut troubles = Vec::new();
        for text in &self.set {
            troubles.extend(overlay.set(text).err());
        }
        for (flag, key, value) in self.named() {
            troubles.extend(overlay.add(&format!("{flag} {value}"), key, &value).err());
        }
        troubles.extend(overlay.troubles());
        if troubles.is_empty() {
            Ok(overlay)
        } else {
            Err(troubles.join("\n"))
        }
    }
}
