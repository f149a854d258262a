//! What keys look like.
//!
//! A shape is a prefix that a vendor puts before its keys and a body that looks random; the prefix
//! stays readable, so that a person can tell which key it was. Sources: the vendors' own pages on
//! key formats and the public rules of secret scanners. The body must look random because prefixes
//! such as `sk-` and `hf_` also begin ordinary names.

use regex::{Captures, Regex};

/// Matches every text that one of the rules could change (and many more).
pub(super) const TRIGGER: &str = r"sk-|xai-|gsk_|gh[opsu]_|ghr_|github_pat_|glpat-|hf_|nvapi-|pplx-|[rs]k_(?:live|test)_|npm_|pypi-|dop_v1_|glsa_|dckr_pat_|shp(?:at|ca|pa|ss)_|lin_api_|xox[abeprs]-|AIza|A[KS]IA|eyJ|(?i:bearer|key|token|secret|passw)|-----BEGIN";

/// Prefixes whose body must look random.
const VENDOR: &str = r"(?-u:\b)(?<vendor>sk-(?:ant-|proj-|or-v1-|svcacct-|admin-)?|csk-|xai-|gsk_|gh[opsur]_|github_pat_|glpat-|hf_|nvapi-|pplx-|[rs]k_(?:live|test)_|npm_|pypi-|dop_v1_|glsa_|dckr_pat_|shp(?:at|ca|pa|ss)_|lin_api_)(?<body>[A-Za-z0-9_-]{16,})";
/// Prefixes that nothing else begins with.
const SURE: &str = r"(?-u:\b)(?<sure>AIza)[A-Za-z0-9_-]{30,}|(?-u:\b)(?<slack>xox[abeprs]-)[A-Za-z0-9-]{10,}|(?-u:\b)(?<aws>A[KS]IA)[0-9A-Z]{16}(?-u:\b)|(?-u:\b)(?<jwt>eyJ)[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?";
/// Names whose value is a secret, as they end.
const NAMES: &str = r"(?i:api[_-]?key|access[_-]?key|access[_-]?token|auth[_-]?token|secret[_-]?key|client[_-]?secret|private[_-]?token|password|passwd)";

/// The compiled shapes.
#[derive(Debug)]
pub(super) struct Shapes {
    secret: Option<Regex>,
    name: Option<Regex>,
    value: Option<Regex>,
}

/// A secret within a text: `start..keep` stays readable, `keep..end` is masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) start: usize,
    pub(super) keep: usize,
    pub(super) end: usize,
}

impl Shapes {
    pub(super) fn new() -> Self {
        // The expressions are constants; `the_shapes_compile` proves that none of these is `None`.
        Self {
            secret: Regex::new(&format!(
                "{VENDOR}|{SURE}|(?<assigned>{NAMES}=)(?<value>[A-Za-z0-9_+/-]{{12,}}=*)"
            ))
            .ok(),
            name: Regex::new(&format!("{NAMES}=?$")).ok(),
            value: Regex::new("^[A-Za-z0-9_+/-]{12,}=*").ok(),
        }
    }

    /// The first secret of `run` that starts at or after `from`.
    pub(super) fn find(&self, run: &str, from: usize) -> Option<Found> {
        let expression = self.secret.as_ref()?;
        let mut from = from;
        loop {
            let captures = expression.captures_at(run, from)?;
            let found = judge(&captures)?;
            if found.end > found.keep {
                return Some(found);
            }
            from = found.keep;
        }
    }

    /// True when `token` ends in a name whose value is a secret, with or without `=`.
    pub(super) fn is_name(&self, token: &str) -> bool {
        self.name.as_ref().is_some_and(|name| name.is_match(token))
    }

    /// Length of the secret at the start of a token that follows such a name.
    pub(super) fn value(&self, token: &str) -> Option<usize> {
        let value = self.value.as_ref()?.find(token)?;
        is_value(value.as_str()).then_some(value.end())
    }

    /// Length of the part of a known secret that may stay readable.
    pub(super) fn prefix(&self, secret: &str) -> usize {
        self.find(secret, 0)
            .filter(|found| found.start == 0)
            .map_or(0, |found| found.keep)
    }
}

/// Length of the secret at the start of a token that follows `Bearer`, where dots belong to it.
pub(super) fn credential(token: &str) -> Option<usize> {
    let credential = token.trim_end_matches('.');
    (credential.len() >= 12 && is_value(credential)).then_some(credential.len())
}

/// What a match means; `end == keep` says that it only looks like a secret.
fn judge(captures: &Captures<'_>) -> Option<Found> {
    let whole = captures.get(0)?;
    if let (Some(prefix), Some(body)) = (captures.name("vendor"), captures.name("body")) {
        return Some(Found {
            start: whole.start(),
            keep: prefix.end(),
            end: if is_random(body.as_str()) {
                whole.end()
            } else {
                prefix.end()
            },
        });
    }
    if let (Some(name), Some(value)) = (captures.name("assigned"), captures.name("value")) {
        return Some(Found {
            start: whole.start(),
            keep: name.end(),
            end: if is_value(value.as_str()) {
                whole.end()
            } else {
                name.end()
            },
        });
    }
    let prefix = ["sure", "slack", "aws", "jwt"]
        .iter()
        .find_map(|name| captures.name(name))?;
    Some(Found {
        start: whole.start(),
        keep: prefix.end(),
        end: whole.end(),
    })
}

/// Random characters hold digits among letters, or run on without a separator.
fn is_random(body: &str) -> bool {
    let digits = body.bytes().filter(u8::is_ascii_digit).count();
    let letters = body.bytes().filter(u8::is_ascii_alphabetic).count();
    let longest = body.split(['-', '_']).map(str::len).max().unwrap_or(0);
    (digits >= 2 && letters >= 2 && longest >= 6) || longest >= 24
}

/// A literal value rather than the name of a variable.
fn is_value(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
    let constant = value.contains('_') && !value.bytes().any(|byte| byte.is_ascii_lowercase());
    digits >= 2 && letters >= 2 && !constant && !value.starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shapes_compile() {
        let shapes = Shapes::new();
        assert!(shapes.secret.is_some() && shapes.name.is_some() && shapes.value.is_some());
        assert!(Regex::new(TRIGGER).is_ok());
    }
}
