//! A draft as a configuration that people can read and change: every part with a comment, no key of
//! anybody, nothing that a check would complain about.

use std::fmt::Write as _;

use super::{Agent, Cost, Draft, Hand, Kind, Limit, Write, dated};

/// Cells of a comment line.
const WIDE: usize = 96;

/// Where a file comes from, for its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The command or the screen that made it.
    pub made_by: String,
    /// The day, `2026-11-20`.
    pub day: String,
}

/// The configuration.
#[must_use]
pub fn yaml(draft: &Draft, hand: &Hand, origin: &Origin) -> String {
    let mut out = String::new();
    head(&mut out, draft, hand, origin);
    out.push_str("agents:\n");
    for agent in &draft.agents {
        member(&mut out, agent, hand);
    }
    rules(&mut out, draft);
    out
}

fn head(out: &mut String, draft: &Draft, hand: &Hand, origin: &Origin) {
    let title = draft.template.name();
    comment(out, 0, &format!("{title}: {}", draft.template.purpose()));
    let money = match draft.cost(hand) {
        Cost::Unknown => "What a task costs is not known for all of these models.".to_owned(),
        Cost::Free => "Nothing is paid by the token.".to_owned(),
        about @ Cost::About(..) => {
            format!("An estimate with these models: {}.", about.words())
        }
    };
    comment(out, 0, &money);
    let made = format!(
        "Made by {} on {}; suggested models are of {}. Change any line, then: massgen-tui config check",
        origin.made_by,
        origin.day,
        dated()
    );
    comment(out, 0, &made);
    out.push('\n');
}

fn member(out: &mut String, agent: &Agent, hand: &Hand) {
    let way = hand.way(&agent.backend, agent.base_url.as_deref());
    let about = match way.map(|way| (way, way.kind)) {
        Some((way, Kind::Vendor)) => match &way.variable {
            Some(variable) => format!("{}; its key is read from {variable}.", way.name),
            None => format!("{}.", way.name),
        },
        Some((way, Kind::Here)) => format!("{} on this machine; no key.", way.name),
        Some((way, Kind::Program)) => format!("{} with its own login and its own tools.", way.name),
        None => String::new(),
    };
    if !about.is_empty() {
        comment(out, 2, &about);
    }
    let _ = writeln!(out, "  - id: {}", scalar(&agent.id));
    out.push_str("    backend:\n");
    let _ = writeln!(out, "      type: {}", scalar(&agent.backend));
    if let Some(model) = &agent.model {
        let _ = writeln!(out, "      model: {}", scalar(model));
    }
    if let Some(url) = &agent.base_url {
        let _ = writeln!(out, "      base_url: {}", scalar(url));
    }
    if let Some(duty) = &agent.duty {
        let _ = writeln!(out, "    system_message: {}", scalar(duty));
    }
}

fn rules(out: &mut String, draft: &Draft) {
    out.push_str("\norchestrator:\n");
    for (words, line) in draft.template.wanted().rules {
        comment(out, 2, words);
        let _ = writeln!(out, "  {line}");
    }
    match draft.write {
        Write::Talk => comment(
            out,
            2,
            "Agents only talk. To let them look at the folder of a run, or change copies of it: \
             context_paths: [{path: ., permission: read}], or write.",
        ),
        Write::Read => folder(out, "Agents look at the folder of the run.", "read"),
        Write::Change => folder(
            out,
            "Every agent changes a copy of the folder of the run; you review what wins before \
             anything is applied.",
            "write",
        ),
    }
    match draft.cents {
        Limit::Open => comment(
            out,
            2,
            "No limit of money; limits: {usd: 0.50} sets one for each task.",
        ),
        Limit::Most(cents) => {
            comment(
                out,
                2,
                "A task may cost this much in US dollars; the best answer so far stands when it is \
                 used up.",
            );
            let _ = writeln!(out, "  limits: {{usd: {}.{:02}}}", cents / 100, cents % 100);
        }
    }
    out.push_str("\ntimeout_settings:\n");
    let minutes = draft.minutes.max(1);
    let plural = if minutes == 1 { "minute" } else { "minutes" };
    comment(out, 2, &format!("A turn takes at most {minutes} {plural}."));
    let _ = writeln!(
        out,
        "  orchestrator_timeout_seconds: {}",
        minutes.saturating_mul(60)
    );
    if let Some(theme) = &draft.theme {
        out.push_str("\nui:\n");
        comment(
            out,
            2,
            "Colours of the screen; what is saved on its page of settings (F9) counts more.",
        );
        let _ = writeln!(out, "  theme: {}", scalar(theme));
    }
}

fn folder(out: &mut String, words: &str, permission: &str) {
    comment(out, 2, words);
    out.push_str("  context_paths:\n    - path: .\n");
    let _ = writeln!(out, "      permission: {permission}");
}

/// Words as comment lines.
fn comment(out: &mut String, indent: usize, words: &str) {
    let room = WIDE.saturating_sub(indent + 2);
    let mut line = String::new();
    let mut flush = |line: &mut String| {
        if !line.is_empty() {
            let _ = writeln!(out, "{:indent$}# {line}", "");
            line.clear();
        }
    };
    for word in words.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
            flush(&mut line);
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    flush(&mut line);
}

/// A text as a YAML scalar on one line: bare where that is the same in every YAML, else in double quotes.
fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let word = matches!(
        text.to_ascii_lowercase().as_str(),
        "true" | "false" | "yes" | "no" | "on" | "off" | "null" | "y" | "n"
    );
    if begins && !word && text.chars().all(plain) {
        return text.to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::Template;

    #[test]
    fn a_theme_is_written_when_one_was_chosen() {
        let origin = Origin {
            made_by: "a test".to_owned(),
            day: "2026-11-22".to_owned(),
        };
        let hand = Hand::default();
        let (mut draft, _) = Draft::of(Template::Mixed, &hand);
        assert!(!yaml(&draft, &hand, &origin).contains("ui:"));
        draft.theme = Some("light".to_owned());
        assert!(yaml(&draft, &hand, &origin).ends_with("\n  theme: light\n"));
    }

    #[test]
    fn scalars_stay_what_they_are() {
        for (text, written) in [
            ("gpt-6.1-sol", "gpt-6.1-sol"),
            ("qwen3:4b", "\"qwen3:4b\""),
            ("no", "\"no\""),
            ("1.5", "\"1.5\""),
            ("a \"b\" \\ c\n", "\"a \\\"b\\\" \\\\ c\\n\""),
            ("", "\"\""),
            ("x\u{1}", "\"x\\u0001\""),
        ] {
            assert_eq!(scalar(text), written);
        }
    }
}
