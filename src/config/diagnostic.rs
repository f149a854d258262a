//! What is wrong with a configuration, where, and what to do about it.
//!
//! A [`Finding`] has a stable code, a place and a key path; a [`Report`] holds all findings of one
//! file in order of place and renders them for people (`file:line:column: error[code]: …`, the line,
//! a caret) or as JSON. Nothing rendered here shows a secret or a control character.

use std::fmt::Write as _;

use serde::Serialize;

use super::excerpt::{Source, clean};
use super::node::Span;

/// Weight of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The configuration cannot be run.
    Error,
    /// It runs, but probably not as meant.
    Warning,
    /// For information: a key that this version keeps but does not use, a default that was filled in.
    Note,
}

impl Severity {
    /// The word in front of the message.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One thing to say about a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Weight.
    pub severity: Severity,
    /// Stable name of the kind of finding, `kebab-case`; explained in `docs/config.md`.
    pub code: &'static str,
    /// Where; line 0 is the file as a whole.
    pub span: Span,
    /// Path of the key, `agents[0].backend.type`; empty for the file as a whole.
    pub key: String,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// What to do about it; empty when there is nothing to do.
    pub suggestion: String,
}

impl Finding {
    /// A finding without words.
    #[must_use]
    pub fn new(severity: Severity, code: &'static str, span: Span, key: &str) -> Self {
        Self {
            severity,
            code,
            span,
            key: key.to_owned(),
            message: String::new(),
            suggestion: String::new(),
        }
    }

    /// The same with a message.
    #[must_use]
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// The same with a suggestion.
    #[must_use]
    pub fn help(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = suggestion.into();
        self
    }
}

/// All findings of one file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Name and text of the file, secrets masked.
    pub source: Source,
    /// Findings by place.
    findings: Vec<Finding>,
}

/// A finding as `config check --json` writes it.
#[derive(Debug, Serialize)]
struct Record<'a> {
    severity: Severity,
    code: &'static str,
    file: &'a str,
    line: u32,
    column: u32,
    len: usize,
    key: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    suggestion: &'a str,
}

impl Report {
    /// A report with its findings put in order: by place, errors first at one place.
    #[must_use]
    pub fn new(source: Source, mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| (finding.span.offset, finding.span.line, finding.severity));
        findings.dedup();
        Self { source, findings }
    }

    /// Findings by place.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Number of findings of a weight.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    }

    /// True when the configuration cannot be run.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// `file:line:column: error[code]: message`, without excerpt and help.
    #[must_use]
    pub fn headline(&self, finding: &Finding) -> String {
        let mut line = clean(&self.source.name, 400);
        if finding.span.line > 0 {
            let _ = write!(line, ":{}:{}", finding.span.line, finding.span.column);
        }
        let _ = write!(
            line,
            ": {}[{}]: {}",
            finding.severity.word(),
            finding.code,
            clean(&finding.message, 600)
        );
        line
    }

    /// One finding for people: headline, the line with a caret under it, the suggestion. Notes are
    /// one line.
    #[must_use]
    pub fn render(&self, finding: &Finding) -> String {
        let mut text = self.headline(finding);
        if finding.severity == Severity::Note {
            if !finding.suggestion.is_empty() {
                let _ = write!(text, "; {}", clean(&finding.suggestion, 600));
            }
            return text;
        }
        if let Some(excerpt) = self.source.excerpt(finding.span) {
            text.push('\n');
            text.push_str(&excerpt);
        }
        if !finding.suggestion.is_empty() {
            let _ = write!(text, "\n  = help: {}", clean(&finding.suggestion, 600));
        }
        text
    }

    /// Findings of at least this weight for people, one after the other, ending in a line end
    /// unless empty.
    #[must_use]
    pub fn render_all(&self, least: Severity) -> String {
        let mut text = String::new();
        for finding in self.findings.iter().filter(|one| one.severity <= least) {
            text.push_str(&self.render(finding));
            text.push('\n');
        }
        text
    }

    /// Counts in words: `2 errors, 1 warning`; `no findings` for none.
    #[must_use]
    pub fn summary(&self) -> String {
        summary(
            [Severity::Error, Severity::Warning, Severity::Note].map(|one| (one, self.count(one))),
        )
    }

    /// Findings as JSON values with the fields severity, code, file, line, column, len, key,
    /// message, suggestion.
    #[must_use]
    pub fn json(&self) -> Vec<serde_json::Value> {
        self.findings
            .iter()
            .filter_map(|finding| {
                serde_json::to_value(Record {
                    severity: finding.severity,
                    code: finding.code,
                    file: &self.source.name,
                    line: finding.span.line,
                    column: finding.span.column,
                    len: finding.span.len,
                    key: &finding.key,
                    message: &finding.message,
                    suggestion: &finding.suggestion,
                })
                .ok()
            })
            .collect()
    }
}

/// Counts in words, zeros left out.
#[must_use]
pub fn summary(counts: [(Severity, usize); 3]) -> String {
    let parts: Vec<String> = counts
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| {
            let plural = if count == 1 { "" } else { "s" };
            format!("{count} {}{plural}", severity.word())
        })
        .collect();
    if parts.is_empty() {
        "no findings".to_owned()
    } else {
        parts.join(", ")
    }
}

/// The candidate most like `word`, when it is like enough to be a slip of the pen.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = fold(word);
    let letters = Letters::of(&folded);
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let other = fold(candidate);
            // Most candidates share too few letters to be worth a comparison.
            let most = letters.most_alike(&folded, &other);
            (most > 0.8).then(|| (strsim::jaro_winkler(&folded, &other), candidate))
        })
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// How often each letter is in a word; letters beyond ASCII share places.
struct Letters {
    counts: [u8; 128],
    len: usize,
}

impl Letters {
    fn of(word: &str) -> Self {
        let mut counts = [0; 128];
        for c in word.chars() {
            if let Some(count) = counts.get_mut(c as usize % 128) {
                *count += 1;
            }
        }
        let len = word.chars().count();
        Self { counts, len }
    }

    /// More than the Jaro-Winkler likeness of `word`, whose letters these are, to another can be.
    fn most_alike(&self, word: &str, other: &str) -> f64 {
        let mut left = self.counts;
        let (mut shared, mut len) = (0_usize, 0_usize);
        for c in other.chars() {
            len += 1;
            if let Some(count) = left.get_mut(c as usize % 128)
                && *count > 0
            {
                *count -= 1;
                shared += 1;
            }
        }
        if self.len == 0 || len == 0 {
            return 0.0;
        }
        let shared = shared as f64;
        let alike = (shared / self.len as f64 + shared / len as f64 + 1.0) / 3.0;
        let start = word
            .chars()
            .zip(other.chars())
            .take(4)
            .take_while(|(a, b)| a == b);
        // A little more, against rounding.
        alike + 0.1 * start.count() as f64 * (1.0 - alike) + 1e-9
    }
}

/// True when the two differ by no more than what a slip of the pen changes: two edits, one for short
/// words; case, `-` and `_` do not count.
#[must_use]
pub fn is_slip(word: &str, candidate: &str) -> bool {
    let (word, candidate) = (fold(word), fold(candidate));
    let edits = strsim::damerau_levenshtein(&word, &candidate);
    edits <= if candidate.chars().count() < 6 { 1 } else { 2 }
}

/// Case and separators away. Long words are cut: comparing is quadratic.
fn fold(word: &str) -> String {
    word.chars()
        .take(80)
        .filter(|c| !matches!(c, '_' | '-' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_key() {
        let keys = ["agents", "agent", "orchestrator", "timeout_settings", "ui"];
        for (word, key) in [
            ("agnets", Some("agents")),
            ("orchestrater", Some("orchestrator")),
            ("timeoutSettings", Some("timeout_settings")),
            ("zzz", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, keys), key, "{word}");
        }
        assert!(is_slip("orchestrater", "orchestrator"));
        assert!(is_slip("system-message", "system_message"));
        assert!(!is_slip(
            "max_new_answers_per_round",
            "max_new_answers_per_agent"
        ));
        assert!(!is_slip("io", "ui"));
    }

    #[test]
    fn what_is_passed_over_would_not_have_been_near() {
        let keys: Vec<&str> = crate::config::schema::scopes()
            .values()
            .flat_map(|keys| keys.keys().map(String::as_str))
            .collect();
        for word in keys
            .iter()
            .take(120)
            .chain(&["", "é", "agnets", "sytem", "ззз", "x-y z"])
        {
            let folded = fold(word);
            for key in &keys {
                let other = fold(key);
                let alike = strsim::jaro_winkler(&folded, &other);
                let most = Letters::of(&folded).most_alike(&folded, &other);
                assert!(
                    alike <= most || folded.is_empty(),
                    "{word} {key}: {alike} > {most}"
                );
            }
        }
    }

    #[test]
    fn counts_read_like_words() {
        use Severity::{Error, Note, Warning};
        assert_eq!(
            summary([(Error, 1), (Warning, 0), (Note, 2)]),
            "1 error, 2 notes"
        );
        assert_eq!(
            summary([(Error, 0), (Warning, 0), (Note, 0)]),
            "no findings"
        );
    }
}
