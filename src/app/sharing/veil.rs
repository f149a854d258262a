//! What is masked in a session before it leaves: secrets, folders of people, and what the person names.
//!
//! Secrets and home folders go always: a key by its shape, or because it is one of this machine's; the
//! folder of a person becomes `~`. The rest is asked for. Every text of every event passes here once, and
//! what was masked is counted by kind and event. Text that is cut in pieces by deltas is looked at as one
//! ([`Joined`](crate::store::redact::Joined)).

use std::{cell::RefCell, collections::BTreeMap, ops::Range};

use crate::{
    export::{MaskKind, Masked},
    store::redact::{self, Hit, Redactor},
};

/// Numbers of events that are kept per kind.
const SHOWN: usize = 50;

/// What is masked on top of secrets and home folders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one for each kind that can be named"
)]
pub struct Rules {
    /// Addresses of mail.
    pub emails: bool,
    /// Every absolute path: its last part stays.
    pub paths: bool,
    /// Names of the person and the machine.
    pub names: bool,
    /// What may be a secret and has no shape of its own.
    pub suspects: bool,
    /// Words, in any case.
    pub words: Vec<String>,
}

impl Rules {
    /// Reads a list such as `emails,names,Acme`.
    ///
    /// # Errors
    /// A word too short to be masked without blanking out half the text.
    pub fn parse(list: &[String]) -> Result<Self, String> {
        let mut rules = Self::default();
        let parts = list.iter().flat_map(|list| list.split(','));
        for part in parts.map(str::trim).filter(|part| !part.is_empty()) {
            match part {
                "emails" => rules.emails = true,
                "paths" => rules.paths = true,
                "names" => rules.names = true,
                "suspects" => rules.suspects = true,
                word if word.chars().count() < 2 => {
                    return Err(format!("`{word}` is too short to be masked everywhere"));
                }
                word => rules.words.push(word.to_owned()),
            }
        }
        Ok(rules)
    }
}

/// Masks texts and counts.
pub struct Veil {
    redactor: Redactor,
    rules: Rules,
    home: Option<String>,
    names: Vec<String>,
    counts: RefCell<BTreeMap<MaskKind, (u64, Vec<u64>)>>,
    /// What may be a secret and was left: its event and what was found.
    left: RefCell<Vec<(u64, Hit)>>,
}

/// Who and where the person is.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Values of keys of this machine.
    pub secrets: Vec<String>,
    /// The person's folder.
    pub home: Option<String>,
    /// Names of the person and of the machine.
    pub names: Vec<String>,
}

impl Veil {
    /// A veil with these rules.
    #[must_use]
    pub fn new(around: &Surroundings, rules: Rules) -> Self {
        let home = around.home.clone().filter(|home| home.len() > 1);
        let usual = [
            "root",
            "user",
            "admin",
            "localhost",
            "home",
            "ubuntu",
            "runner",
        ];
        let names = around.names.iter().filter(|name| {
            name.chars().count() > 2 && !usual.contains(&name.to_ascii_lowercase().as_str())
        });
        Self {
            redactor: Redactor::new(&around.secrets),
            home: home.map(|home| home.trim_end_matches('/').to_owned()),
            names: names.cloned().collect(),
            rules,
            counts: RefCell::default(),
            left: RefCell::default(),
        }
    }

    /// Everything in a text that is to be masked, in order, nothing twice.
    #[must_use]
    pub fn find(&self, text: &str) -> Vec<Hit> {
        let mut all: Vec<Hit> = redact::hits(&self.redactor, text);
        if self.rules.suspects {
            for hit in &mut all {
                hit.sure = true;
            }
        }
        let mut add = |kind: MaskKind, with: &'static str, found: Vec<Range<usize>>| {
            all.extend(found.into_iter().map(|at| Hit {
                kind: kind.word().to_owned(),
                excerpt: String::new(),
                at,
                sure: true,
                with,
            }));
        };
        if self.rules.paths {
            add(MaskKind::Path, "…/", paths(text));
        }
        if let Some(home) = &self.home {
            add(MaskKind::Home, "~", folder(text, home));
        }
        add(MaskKind::Home, "~", homes(text));
        if self.rules.emails {
            add(MaskKind::Email, "[e-mail]", emails(text));
        }
        if self.rules.names {
            for name in &self.names {
                add(MaskKind::Name, "[name]", words(text, name, Border::Word));
            }
        }
        for word in &self.rules.words {
            add(MaskKind::Word, "[masked]", words(text, word, Border::Any));
        }
        // What begins first wins, of two the longer one; secrets stand first among equals.
        all.sort_by_key(|hit| (hit.at.start, usize::MAX - hit.at.end));
        let mut end = 0;
        all.retain(|hit| {
            let keep = hit.at.start >= end;
            if keep {
                end = hit.at.end;
            }
            keep
        });
        all
    }

    /// A text as it may leave; what was masked counts for this event.
    #[must_use]
    pub fn cover(&self, text: String, event: u64) -> String {
        let hits = self.find(&text);
        if hits.is_empty() {
            return text;
        }
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for hit in hits {
            if !hit.sure {
                self.left.borrow_mut().push((event, hit));
                continue;
            }
            out.push_str(text.get(from..hit.at.start).unwrap_or_default());
            out.push_str(hit.with);
            from = hit.at.end;
            self.count(&hit.kind, event);
        }
        out.push_str(text.get(from..).unwrap_or_default());
        out
    }

    /// Something was masked in an event.
    pub fn count(&self, kind: &str, event: u64) {
        let kinds = [
            MaskKind::Home,
            MaskKind::Path,
            MaskKind::Email,
            MaskKind::Name,
            MaskKind::Word,
        ];
        let known = kinds.into_iter().find(|known| known.word() == kind);
        let mut counts = self.counts.borrow_mut();
        let (times, events) = counts.entry(known.unwrap_or(MaskKind::Secret)).or_default();
        *times += 1;
        if events.len() < SHOWN && events.last() != Some(&event) {
            events.push(event);
        }
    }

    /// What was masked since the last time this was asked, by kind.
    #[must_use]
    pub fn taken(&self) -> Vec<Masked> {
        let counts = self.counts.take().into_iter();
        counts
            .map(|(kind, (times, events))| Masked {
                kind,
                times,
                events,
            })
            .collect()
    }

    /// What may be a secret and was not masked, since the last time this was asked.
    #[must_use]
    pub fn left(&self) -> Vec<(u64, Hit)> {
        self.left.take()
    }
}

/// What may stand around a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Border {
    /// Anything.
    Any,
    /// No letter and no digit.
    Word,
}

/// Where a word stands, ASCII letters in any case.
fn words(text: &str, word: &str, border: Border) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let Some(first) = word.as_bytes().first() else {
        return found;
    };
    let bytes = text.as_bytes();
    let mut at = 0;
    while at + word.len() <= bytes.len() {
        let fits = bytes
            .get(at)
            .is_some_and(|byte| byte.eq_ignore_ascii_case(first))
            && text
                .get(at..at + word.len())
                .is_some_and(|part| part.eq_ignore_ascii_case(word))
            && (border == Border::Any || is_apart(text, at, at + word.len()));
        if fits {
            found.push(at..at + word.len());
            at += word.len();
        } else {
            at += 1;
        }
    }
    found
}

fn is_apart(text: &str, start: usize, end: usize) -> bool {
    let before = text.get(..start).and_then(|text| text.chars().next_back());
    let after = text.get(end..).and_then(|text| text.chars().next());
    let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    !letter(before) && !letter(after)
}

/// Where a folder begins a path.
fn folder(text: &str, folder: &str) -> Vec<Range<usize>> {
    text.match_indices(folder)
        .filter(|(at, _)| {
            let before = text.get(..*at).and_then(|text| text.chars().next_back());
            let after = text
                .get(at + folder.len()..)
                .and_then(|text| text.chars().next());
            let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
            !before.is_some_and(|c| inside(c) || c == '/') && !after.is_some_and(inside)
        })
        .map(|(at, _)| at..at + folder.len())
        .collect()
}

/// Home folders of anybody: `/home/name`, `/Users/name`, `C:\Users\name`.
fn homes(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for start in ["/home/", "/Users/", ":\\Users\\", ":\\\\Users\\\\"] {
        for (at, _) in text.match_indices(start) {
            let rest = text.get(at + start.len()..).unwrap_or_default();
            let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
            let name = rest.find(|c: char| !part(c)).unwrap_or(rest.len());
            let letter = usize::from(start.starts_with(':') && at > 0);
            let before = text
                .get(..at - letter)
                .and_then(|text| text.chars().next_back());
            if name > 0 && !before.is_some_and(|c| part(c) || c == '/') {
                found.push(at - letter..at + start.len() + name);
            }
        }
    }
    found
}

/// The folders of absolute paths, all but the last part of each.
fn paths(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find('/')) {
        let at = from + at;
        let rest = text.get(at..).unwrap_or_default();
        let part =
            |c: char| c.is_alphanumeric() || matches!(c, '/' | '_' | '-' | '.' | '@' | '+' | '~');
        let length = rest.find(|c: char| !part(c)).unwrap_or(rest.len());
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let begins = !before.is_some_and(|c| part(c) || c == ':' && rest.starts_with("//"));
        let path = rest.get(..length).unwrap_or_default();
        let last = path.trim_end_matches('/').rfind('/').unwrap_or(0);
        if begins && last > 0 && !path.starts_with("//") {
            found.push(at..at + last + 1);
        }
        from = at + length.max(1);
    }
    found
}

/// Addresses of mail.
fn emails(text: &str) -> Vec<Range<usize>> {
    let local = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-');
    let host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let mut found = Vec::new();
    for (at, _) in text.match_indices('@') {
        let (before, after) = (
            text.get(..at).unwrap_or_default(),
            text.get(at + 1..).unwrap_or_default(),
        );
        let start = before
            .char_indices()
            .rev()
            .take_while(|(_, c)| local(*c))
            .last()
            .map_or(at, |(start, _)| start);
        let length = after.find(|c: char| !host(c)).unwrap_or(after.len());
        let domain = after
            .get(..length)
            .unwrap_or_default()
            .trim_end_matches(['.', '-']);
        let top = domain.rsplit('.').next().unwrap_or_default();
        let whole = domain.contains('.')
            && top.len() > 1
            && top.bytes().all(|byte| byte.is_ascii_alphabetic());
        if start < at && whole {
            found.push(start..at + 1 + domain.len());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(rules: &[&str], text: &str) -> String {
        let around = Surroundings {
            secrets: vec!["own-secret-of-this-machine".into()],
            home: Some("/srv/people/mia".into()),
            names: vec!["mia".into(), "root".into()],
        };
        let rules: Vec<String> = rules.iter().map(|rule| (*rule).to_owned()).collect();
        Veil::new(&around, Rules::parse(&rules).unwrap()).cover(text.to_owned(), 1)
    }

    #[test]
    fn what_is_masked() {
        for (rules, text, expected) in [
            (
                &[][..],
                "plain mia@x.org /etc/passwd",
                "plain mia@x.org /etc/passwd",
            ),
            (
                &[],
                "/srv/people/mia/p and /srv/people/miasma",
                "~/p and /srv/people/miasma",
            ),
            (&[], "in /home/person/project", "in ~/project"),
            (&[], r"C:\Users\mia\x", r"~\x"),
            (&[], r"C:\\Users\\mia\\x", r"~\\x"),
            (&[], "own-secret-of-this-machine", "…[masked]"),
            (&[], "https://a.b/home/page", "https://a.b/home/page"),
            (
                &["paths"],
                "see /etc/ssl/cert.pem, /tmp",
                "see …/cert.pem, /tmp",
            ),
            (&["paths"], "https://a.b/c/d", "https://a.b/c/d"),
            (&["paths"], "/srv/people/mia/p/x.rs", "…/x.rs"),
            (&["emails"], "to mia.b+x@mail.example.org.", "to [e-mail]."),
            (&["emails"], "@someone a@b", "@someone a@b"),
            (
                &["names"],
                "Mia, MIA and miasma; root",
                "[name], [name] and miasma; root",
            ),
            (
                &["Acme,Bolt"],
                "acme's ACMEs bolt",
                "[masked]'s [masked]s [masked]",
            ),
            (&["é9"], "xé9y", "x[masked]y"),
            (
                &["suspects"],
                "postgres://me:hunter2x@db/x",
                "postgres://me:…[masked]@db/x",
            ),
            (
                &[],
                "postgres://me:hunter2x@db/x",
                "postgres://me:hunter2x@db/x",
            ),
        ] {
            assert_eq!(covered(rules, text), expected, "{rules:?} {text}");
        }
        assert!(Rules::parse(&["x".into()]).is_err());
    }

    #[test]
    fn what_was_masked_is_counted_and_what_was_left_is_told() {
        let veil = Veil::new(&Surroundings::default(), Rules::default());
        for event in [3, 3, 5] {
            let _ = veil.cover(
                "AKIAIOSFODNN7EXAMPLE in /home/x/y ftp://a:b1c2d3@h".into(),
                event,
            );
        }
        let taken = veil.taken();
        let row = |kind| {
            taken
                .iter()
                .find(|row| row.kind == kind)
                .map(|row| (row.times, row.events.clone()))
        };
        assert_eq!(row(MaskKind::Secret), Some((3, vec![3, 5])));
        assert_eq!(row(MaskKind::Home), Some((3, vec![3, 5])));
        assert_eq!(veil.left().len(), 3);
        assert!(veil.taken().is_empty() && veil.left().is_empty());
    }
}
