//! What a person looks for: words, "phrases", beginnings*, -not, and where.
//!
//! Any text is a query; what has no meaning here is looked for as words. Only three things are told back:
//! a place that does not exist (`in:nowhere`), a query that says only what is not meant, and one without a
//! letter or digit. What concerns whole sessions (`outcome:failed`) is left to whoever knows sessions.

use super::words::{each_word, is_short, joints};
use crate::protocol::{Failure, FailureKind, Passage};

/// Most characters of a query that are read.
const LONGEST: usize = 2_000;
/// Most terms of a query; the rest is left out.
const MOST: usize = 32;
/// What begins a word that says where a text stands; no word of a text has it.
const MARK: char = '\u{e000}';

/// Words of `catalog::Filter` that mean sessions here as well. `agent:` means passages.
const OF_SESSIONS: [&str; 16] = [
    "outcome", "winner", "model", "tag", "from", "cost", "turns", "agents", "answers", "duration",
    "files", "notes", "since", "until", "is", "here",
];

/// A query that was understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Must all be there.
    pub(super) terms: Vec<Term>,
    /// Must not be there.
    without: Vec<Term>,
    /// One of each group must hold.
    groups: Vec<Vec<Vec<Term>>>,
    /// The words that mean whole sessions, as `catalog::Filter` reads them; often none.
    pub sessions: String,
}

/// Words that stand one behind the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    /// As they are indexed.
    pub(super) words: Vec<String>,
    /// The last one is only the beginning of a word.
    pub(super) open: bool,
}

impl Term {
    fn of(text: &str, open: bool) -> Option<Self> {
        let mut words = Vec::new();
        each_word(text, |word, _| words.push(word.to_owned()));
        (!words.is_empty()).then_some(Self { words, open })
    }

    fn mark(kind: char, word: &str, open: bool) -> Self {
        Self {
            words: vec![mark(kind, word)],
            open,
        }
    }

    /// As the index's own language has it. Words have no quotes in them.
    fn expression(&self) -> String {
        if let [word] = self.words.as_slice()
            && self.open
            && !word.starts_with(MARK)
            && is_short(word)
        {
            return format!("\"{}\"", mark('b', word));
        }
        // A beginning behind a sign; words with blanks between are not meant.
        if self.open
            && let Some(joints) = joints(&self.words)
        {
            return format!("\"{joints}\"*");
        }
        let star = if self.open { "*" } else { "" };
        format!("\"{}\"{star}", self.words.join(" "))
    }
}

/// The word that says where a text stands.
pub(super) fn mark(kind: char, word: &str) -> String {
    format!("{MARK}{kind}{word}")
}

/// The word that says what kind of passage a text is.
pub(super) fn passage_mark(passage: Passage) -> String {
    mark('p', passage.word())
}

/// A piece between blanks.
struct Piece {
    not: bool,
    key: Option<String>,
    /// Values between commas where there is a key, the text without its quotes otherwise.
    values: Vec<String>,
    raw: String,
    quoted: bool,
}

impl Query {
    /// Reads what a person typed.
    ///
    /// # Errors
    /// Nothing is asked for, or a place that does not exist.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let text: String = text.chars().take(LONGEST).collect();
        let mut query = Self::default();
        let mut sessions = Vec::new();
        for piece in pieces(&text).into_iter().take(MOST) {
            let key = piece.key.as_deref().map(str::to_lowercase);
            match key.as_deref() {
                Some("in") => {
                    let groups = piece.values.iter().map(|value| passage(value));
                    let groups = groups.collect::<Result<_, _>>()?;
                    query.add(piece.not, groups);
                }
                Some("agent") => query.add(piece.not, marks('a', &piece.values)),
                Some("tool") => query.add(piece.not, marks('t', &piece.values)),
                Some(key) if OF_SESSIONS.contains(&key) => sessions.push(piece.raw),
                Some(_) | None => query.words(&piece),
            }
        }
        query.sessions = sessions.join(" ");
        if query.terms.is_empty() && query.groups.is_empty() {
            return Err(nothing_asked());
        }
        Ok(query)
    }

    fn words(&mut self, piece: &Piece) {
        let text = piece.values.first().map_or("", String::as_str);
        let open = !piece.quoted && text.ends_with('*');
        let Some(term) = Term::of(text, open) else {
            return;
        };
        if piece.not {
            self.without.push(term);
        } else {
            self.terms.push(term);
        }
    }

    fn add(&mut self, not: bool, group: Vec<Vec<Term>>) {
        if group.is_empty() {
            return;
        }
        if not {
            // Of several words of a name all must hold, so that one of them is enough to leave it in.
            self.without
                .extend(group.into_iter().filter_map(|mut all| all.pop()));
        } else {
            self.groups.push(group);
        }
    }

    /// As the index's own language has it; `within` are the marks of the sessions that are meant, when
    /// these are few.
    pub(super) fn expression(&self, within: &[String]) -> String {
        let mut all: Vec<String> = self.terms.iter().map(Term::expression).collect();
        for group in &self.groups {
            let each = group.iter().map(|all| {
                let all: Vec<String> = all.iter().map(Term::expression).collect();
                format!("({})", all.join(" AND "))
            });
            all.push(format!("({})", each.collect::<Vec<_>>().join(" OR ")));
        }
        if !within.is_empty() {
            let each: Vec<String> = within.iter().map(|mark| format!("\"{mark}\"")).collect();
            all.push(format!("({})", each.join(" OR ")));
        }
        let mut expression = format!("({})", all.join(" AND "));
        if !self.without.is_empty() {
            let each: Vec<String> = self.without.iter().map(Term::expression).collect();
            expression = format!("{expression} NOT ({})", each.join(" OR "));
        }
        expression
    }
}

/// Names of agents and tools: every word of a value begins one of the name.
fn marks(kind: char, values: &[String]) -> Vec<Vec<Term>> {
    let terms = values.iter().map(|value| {
        let mut all = Vec::new();
        each_word(value, |word, _| {
            // `agent2` is not the beginning of `agent21`.
            let number = word.strip_prefix("agent");
            let whole = number.is_some_and(|number| number.parse::<u16>().is_ok());
            all.push(Term::mark(kind, word, !whole));
        });
        all
    });
    terms.filter(|all| !all.is_empty()).collect()
}

fn passage(value: &str) -> Result<Vec<Term>, Failure> {
    let value = value.trim().to_lowercase();
    let found = Passage::ALL
        .into_iter()
        .find(|passage| passage.word() == value || format!("{}s", passage.word()) == value);
    let Some(found) = found else {
        let words = Passage::ALL.map(Passage::word).join(", ");
        return Err(Failure::new(
            FailureKind::Local,
            format!("in:{value} is no place to look in."),
        )
        .hint(format!("There are {words}.")));
    };
    Ok(vec![Term {
        words: vec![passage_mark(found)],
        open: false,
    }])
}

fn nothing_asked() -> Failure {
    Failure::new(
        FailureKind::Local,
        "Nothing to look for: at least one word is needed.",
    )
    .hint(
        "For example: deadlock \"shared state\" retr* -test agent:critic in:answer outcome:failed",
    )
}

/// Cuts at blanks that are not quoted. A quote that is not closed goes to the end.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut raw = String::new();
    let mut quoted = false;
    for c in text.chars().chain([' ']) {
        if c == '"' {
            quoted = !quoted;
        }
        if c.is_whitespace() && !quoted {
            pieces.extend(piece(&raw));
            raw.clear();
        } else {
            raw.push(c);
        }
    }
    pieces.extend(piece(raw.trim_end()));
    pieces
}

fn piece(raw: &str) -> Option<Piece> {
    let (not, rest) = match raw.strip_prefix('-') {
        Some(rest) if !rest.is_empty() => (true, rest),
        _ => (false, raw),
    };
    if rest.is_empty() {
        return None;
    }
    let quoted = rest.starts_with('"');
    let plain = |text: &str| text.replace('"', " ");
    let key = match rest.split_once(':') {
        Some((key, value)) if !quoted && is_key(key) => Some((key, value)),
        _ => None,
    };
    Some(match key {
        Some((key, value)) => Piece {
            not,
            key: Some(key.to_owned()),
            values: value
                .split(',')
                .map(plain)
                .filter(|value| !value.trim().is_empty())
                .collect(),
            raw: raw.to_owned(),
            quoted: false,
        },
        None => Piece {
            not,
            key: None,
            values: vec![plain(rest)],
            raw: raw.to_owned(),
            quoted,
        },
    })
}

fn is_key(key: &str) -> bool {
    let key = key.to_lowercase();
    matches!(key.as_str(), "in" | "agent" | "tool") || OF_SESSIONS.contains(&key.as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The expression with a visible sign for marks.
    fn shown(text: &str) -> String {
        match Query::parse(text) {
            Ok(query) => {
                let expression = query.expression(&[]);
                expression.replace(MARK, "@").replace('\u{e001}', "+")
            }
            Err(failure) => failure.message,
        }
    }

    #[test]
    fn what_people_type() {
        let check = |text: &str, want: &str| assert_eq!(shown(text), want, "{text:?}");
        check("race condition", r#"("race" AND "condition")"#);
        check("\"race condition\"", r#"("race condition")"#);
        check("\"race cond", r#"("race cond")"#);
        check("dead*", r#"("dead"*)"#);
        check("\"dead*\"", r#"("dead")"#);
        check("a -b -\"c d\"", r#"("a") NOT ("b" OR "c d")"#);
        check("snake_case std::fs", r#"("snake case" AND "std fs")"#);
        check(
            "snake_c* std::fs::re*",
            r#"("snake+c"* AND "std+fs fs+re"*)"#,
        );
        check("東京 東京*", r#"("東 京" AND "東 京"*)"#);
        check(
            "x in:answer,votes agent:\"the critic\" tool:run_",
            r#"("x" AND (("@panswer") OR ("@pvote")) AND (("@athe"* AND "@acritic"*)) AND (("@trun"*)))"#,
        );
        check("agent:agent2", r#"((("@aagent2")))"#);
        check("x -in:tool", r#"("x") NOT ("@ptool")"#);
        check(
            "OR AND NOT NEAR(",
            r#"("or" AND "and" AND "not" AND "near")"#,
        );
        check("x in:nowhere", "in:nowhere is no place to look in.");
        for nothing in [
            "",
            "  ",
            "-",
            "--",
            "*",
            "-x",
            "outcome:failed",
            "!?",
            "agent:",
            "\"\"",
        ] {
            check(nothing, "Nothing to look for: at least one word is needed.");
        }
    }

    #[test]
    fn words_about_sessions_are_left_to_others() {
        let query = Query::parse("x outcome:failed -tag:good cost:>1 http://y").unwrap();
        assert_eq!(query.sessions, "outcome:failed -tag:good cost:>1");
        assert_eq!(query.expression(&[]), r#"("x" AND "http y")"#);
        let query = Query::parse("x tag:\"a b\" since:2d").unwrap();
        assert_eq!(query.sessions, "tag:\"a b\" since:2d");
    }

    proptest! {
        #[test]
        fn nothing_breaks_out_of_its_quotes(text in "\\PC{0,60}|[-\"*:()a in:]{0,40}") {
            if let Ok(query) = Query::parse(&text) {
                let expression = query.expression(&[]);
                prop_assert_eq!(expression.matches('"').count() % 2, 0);
                let outside: String = expression.split('"').step_by(2).collect();
                prop_assert!(outside.chars().all(|c| " ()*ANDORT".contains(c)), "{}", expression);
            }
        }
    }
}
