//! Flags for limits and rules: each is short for one key of the configuration.
//!
//! They are read by the same reader as a file, so a flag and its key cannot disagree about what is
//! allowed. Whatever has no flag is reached by `--set`.

use clap::Args;

use crate::config::Overlay;

/// Limits and rules of the run.
#[derive(Clone, Debug, Default, PartialEq, Args)]
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
    /// How the team works together: team, layers, `mixture_of_agents`, `self_moa`, `self_consistency`,
    /// rounds, council, decomposition or plan (docs/modes.md).
    #[arg(long, value_name = "NAME")]
    pub mode: Option<String>,
    /// How votes are counted: plurality, majority, unanimity, approval, ranked, borda, score or judge.
    #[arg(long, value_name = "NAME")]
    pub policy: Option<String>,
    /// One answer each, one vote, the winning text as it is.
    #[arg(long)]
    pub quick: bool,
    /// Have an agent that did not write the final text check it; `--verify=2` lets it send the team
    /// back twice.
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "0")]
    pub verify: Option<u32>,
    /// US dollars the whole task may cost; a call that could cost more is not made.
    #[arg(long, value_name = "USD")]
    pub max_usd: Option<f64>,
    /// Tokens the whole task may take, prompts and replies together.
    #[arg(long, value_name = "N")]
    pub max_tokens: Option<u64>,
    /// Whose answers an agent sees: all, `after_own`, ring or islands.
    #[arg(long, value_name = "WHO")]
    pub visibility: Option<String>,
    /// What a new answer must bring: off, lenient, balanced or strict.
    #[arg(long, value_name = "LEVEL")]
    pub novelty: Option<String>,
    /// Agents that may join when the vote is split.
    #[arg(long, value_name = "N")]
    pub add_on_split: Option<u32>,
    /// Seconds without a sign of life after which an agent counts as stalled; 0: never.
    #[arg(long, value_name = "S")]
    pub stall: Option<u64>,
    /// Where agents work.
    #[command(flatten)]
    pub work: WorkArgs,
    /// Who answers.
    #[command(flatten)]
    pub away: AwayArgs,
}

/// Where agents work.
#[derive(Clone, Debug, Default, PartialEq, Args)]
pub struct WorkArgs {
    /// Give agents this folder: rw, a copy of it that they may change and you take from; ro, to look
    /// at.
    #[arg(long, value_name = "rw|ro", value_parser = ["rw", "ro", "write", "read"])]
    pub cwd_context: Option<String>,
}

/// Who answers agents that ask.
#[derive(Clone, Debug, Default, PartialEq, Args)]
pub struct AwayArgs {
    /// A folder whose files are messages to the agents and answers to their questions.
    #[arg(long, value_name = "DIR")]
    pub inbox: Option<String>,
    /// What happens to questions when nobody is there: skip, first, wait or fail.
    #[arg(long, value_name = "POLICY", value_parser = ["skip", "first", "wait", "fail"])]
    pub questions: Option<String>,
    /// What happens to tool calls that need leave: never, ask (the person, the inbox) or auto (all but
    /// what is denied).
    #[arg(long, value_name = "POLICY", value_parser = ["never", "ask", "auto"])]
    pub approve: Option<String>,
}

impl RuleArgs {
    /// Named flags that were given: flag, key, value as YAML.
    fn named(&self) -> Vec<(&'static str, &'static str, String)> {
        // A text in quotes, whatever it looks like.
        let text = |text: &Option<String>| {
            let quoted = |text: &String| serde_json::Value::from(text.as_str()).to_string();
            text.as_ref().map(quoted)
        };
        let number = |number: Option<u64>| number.map(|number| number.to_string());
        let small = |value: Option<u32>| number(value.map(u64::from));
        let all = [
            (
                "--max-answers",
                "orchestrator.max_new_answers_per_agent",
                small(self.max_answers),
            ),
            (
                "--max-seconds",
                "timeout_settings.orchestrator_timeout_seconds",
                number(self.max_seconds),
            ),
            ("--mode", "orchestrator.mode", text(&self.mode)),
            ("--policy", "orchestrator.policy", text(&self.policy)),
            (
                "--quick",
                "orchestrator.quick",
                self.quick.then(|| "true".to_owned()),
            ),
            (
                "--verify",
                "orchestrator.verify.restarts",
                small(self.verify),
            ),
            (
                "--max-usd",
                "orchestrator.limits.usd",
                self.max_usd.map(|usd| usd.to_string()),
            ),
            (
                "--max-tokens",
                "orchestrator.limits.tokens",
                number(self.max_tokens),
            ),
            (
                "--visibility",
                "orchestrator.visibility",
                text(&self.visibility),
            ),
            (
                "--novelty",
                "orchestrator.answer_novelty_requirement",
                text(&self.novelty),
            ),
            (
                "--add-on-split",
                "orchestrator.add_on_split",
                small(self.add_on_split),
            ),
            ("--stall", "orchestrator.stall_seconds", number(self.stall)),
            (
                "--cwd-context",
                "orchestrator.context_paths",
                self.work.cwd_context.as_deref().map(here),
            ),
            ("--inbox", "orchestrator.inbox", text(&self.away.inbox)),
            (
                "--questions",
                "orchestrator.questions",
                self.away.questions.clone(),
            ),
            (
                "--approve",
                "orchestrator.permissions.approve",
                self.away.approve.clone(),
            ),
        ];
        let given = all
            .into_iter()
            .filter_map(|(flag, key, value)| Some((flag, key, value?)));
        given.collect()
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

/// The folder of `--cwd-context`, as a list of one.
fn here(access: &str) -> String {
    let permission = match access {
        "rw" | "write" => "write",
        _ => "read",
    };
    format!("[{{path: ., permission: {permission}}}]")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::protocol::{Limits, Mode, Novelty, Policy, Rules, Verify, Visibility};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        rules: RuleArgs,
        task: Option<String>,
    }

    fn read(words: &[&str]) -> Result<(Limits, Rules, Option<String>), String> {
        let line = Line::try_parse_from([&["x"], words].concat()).map_err(|e| e.to_string())?;
        let names = ["ada".to_owned(), "bo".to_owned()];
        let (limits, rules) = line.rules.overlay()?.rules("", &names);
        Ok((limits, rules, line.task))
    }

    #[test]
    fn every_flag_is_its_key() {
        let (limits, rules, task) = read(&[
            "--policy",
            "borda",
            "--max-usd",
            "0.25",
            "--max-tokens",
            "9000",
            "--visibility",
            "ring",
            "--novelty",
            "strict",
            "--add-on-split",
            "2",
            "--stall",
            "45",
            "--verify",
            "the task",
        ])
        .unwrap();
        assert_eq!(rules.deciding.policy, Policy::Borda);
        assert_eq!(limits.budget.usd, Some(0.25));
        assert_eq!(limits.budget.tokens, Some(9000));
        assert_eq!(rules.seeing.visibility, Visibility::Ring);
        assert_eq!(rules.improving.novelty, Novelty::Strict);
        assert_eq!(rules.scaling.add_on_split, 2);
        assert_eq!(rules.scaling.stall_seconds, Some(45));
        assert_eq!(rules.finishing.verify, Some(Verify::default()));
        assert_eq!(
            task.as_deref(),
            Some("the task"),
            "no flag swallows the task"
        );
        let (_, rules, _) = read(&["--verify=2", "--mode", "council"]).unwrap();
        assert_eq!(
            rules.finishing.verify.map(|verify| verify.restarts),
            Some(2)
        );
        assert_eq!(rules.mode, Mode::Council { chairman: None });
        let (limits, ..) = read(&["--quick"]).unwrap();
        assert_eq!(limits.answers_per_agent, 1);
        let (_, rules, _) = read(&["--cwd-context", "rw"]).unwrap();
        let folders = &rules.working.folders;
        assert_eq!(folders.len(), 1);
        assert_eq!(
            (folders[0].path.as_str(), folders[0].access),
            (".", crate::protocol::change::Access::Write)
        );
    }

    #[test]
    fn a_flag_wins_over_a_setting_and_is_checked_like_a_file() {
        let (_, rules, _) =
            read(&["--set", "orchestrator.policy=score", "--policy", "ranked"]).unwrap();
        assert_eq!(rules.deciding.policy, Policy::InstantRunoff);
        for (words, told) in [
            (["--policy", "dictator"], "--policy"),
            (["--mode", "counsil"], "council"),
            (["--max-usd=-1", "--quick"], "--max-usd"),
            (["--novelty", "lots"], "--novelty"),
        ] {
            let trouble = read(&words).unwrap_err();
            assert!(trouble.contains(told), "{trouble}");
        }
    }
}
