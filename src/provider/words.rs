//! The sentences of failures: who was asked, what it said, what to do.
//!
//! Everything a server said passes through [`quote`]: the key is masked, control characters are gone,
//! the length is bounded. Addresses are shown without user information.

use secrecy::ExposeSecret;

use crate::protocol::{Failure, FailureKind};

use super::Endpoint;

/// Longest quotation of a server's words, in characters.
const MAX_QUOTE: usize = 400;
/// Shorter keys are placeholders such as `x`; masking them would garble every sentence.
const MIN_KEY: usize = 4;

/// `openai (https://api.openai.com/v1)`.
#[must_use]
pub fn who(endpoint: &Endpoint) -> String {
    format!("{} ({})", endpoint.backend, address(&endpoint.base_url))
}

/// A base URL as people may see it: no user information, no query, no control characters.
#[must_use]
pub fn address(base_url: &str) -> String {
    let plain = base_url.split(['?', '#']).next().unwrap_or_default();
    let plain = match plain.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = authority.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}{path}")
        }
        None => plain.to_owned(),
    };
    plain
        .chars()
        .filter(|letter| !letter.is_control())
        .take(200)
        .collect()
}

/// Words of a server, fit to be shown: masked, on one line, bounded.
#[must_use]
pub fn quote(text: &str, endpoint: &Endpoint) -> String {
    let masked = mask(text, endpoint);
    let mut out = String::new();
    let mut length = 0;
    for word in masked.split(|letter: char| letter.is_whitespace() || letter.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push(' ');
            length += 1;
        }
        for letter in word.chars() {
            if length == MAX_QUOTE {
                out.push('…');
                return out;
            }
            out.push(letter);
            length += 1;
        }
    }
    out
}

/// `text` with the endpoint's key replaced.
#[must_use]
pub fn mask(text: &str, endpoint: &Endpoint) -> String {
    match &endpoint.key {
        Some(key) if key.expose_secret().len() >= MIN_KEY => {
            text.replace(key.expose_secret(), "[key]")
        }
        _ => text.to_owned(),
    }
}

/// A failure that cannot hold the key, whatever its text was made from.
#[must_use]
pub fn without_key(mut failure: Failure, endpoint: &Endpoint) -> Failure {
    failure.message = mask(&failure.message, endpoint);
    failure.hint = mask(&failure.hint, endpoint);
    failure
}

/// What a person can do about a failure of this kind, when nothing more particular is known.
#[must_use]
pub fn hint(kind: FailureKind, endpoint: &Endpoint) -> String {
    match kind {
        FailureKind::Auth => key_hint(endpoint),
        FailureKind::Quota => format!(
            "Top up the account or raise its limit at {}, or use another model.",
            endpoint.backend
        ),
        FailureKind::RateLimit => "Wait a little, or let fewer agents share this key.".to_owned(),
        FailureKind::Overloaded if endpoint.local => {
            "The server is busy or still loading the model; try again in a moment.".to_owned()
        }
        FailureKind::Overloaded => {
            "The server is busy; try again later or use another model.".to_owned()
        }
        FailureKind::Context => {
            "Shorten the task, or use a model or server setting with a larger window.".to_owned()
        }
        FailureKind::Request => {
            "Check the parameters of this backend in the configuration.".to_owned()
        }
        FailureKind::Model if endpoint.backend == "ollama" => format!(
            "Check the model's name, or fetch it with `ollama pull {}`.",
            endpoint.model
        ),
        FailureKind::Model => {
            "Check the model's name; `massgen-tui doctor` lists what the server offers.".to_owned()
        }
        FailureKind::Refused => "Put the task in other words.".to_owned(),
        FailureKind::Transient if endpoint.local => {
            "Look at the server's own log if this stays.".to_owned()
        }
        FailureKind::Transient => {
            "Try again; if it stays, look at the provider's status page.".to_owned()
        }
        FailureKind::Cancelled | FailureKind::Local | FailureKind::Team => String::new(),
    }
}

fn key_hint(endpoint: &Endpoint) -> String {
    match (&endpoint.key, &endpoint.key_variable) {
        (Some(_), Some(variable)) => format!(
            "Check that the key in {variable} is right and may use {}.",
            endpoint.model
        ),
        (Some(_), None) => format!(
            "Check that this backend's api_key is right and may use {}.",
            endpoint.model
        ),
        (None, Some(variable)) => format!("Set {variable} to a key for this server."),
        (None, None) => "This server wants a key: give the backend an api_key.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_support::endpoint;
    use super::*;

    #[test]
    fn quotations_are_harmless() {
        let endpoint = endpoint("http://h/v1");
        for (input, expected) in [
            ("  two\n words\t", "two words"),
            ("a\u{1b}[31mred", "a [31mred"),
            ("Incorrect key sk-secret-123!", "Incorrect key [key]!"),
            ("", ""),
        ] {
            assert_eq!(quote(input, &endpoint), expected);
        }
        let long = quote(&"漢".repeat(1000), &endpoint);
        assert_eq!(long.chars().count(), MAX_QUOTE + 1);
        let cut = format!("{}sk-secret-123", "x".repeat(MAX_QUOTE - 5));
        assert!(
            !quote(&cut, &endpoint).contains("sk-"),
            "masked before it is cut"
        );
    }

    #[test]
    fn addresses_hide_passwords() {
        for (input, expected) in [
            ("https://u:p@h:1/v1?key=x", "https://h:1/v1"),
            ("http://h", "http://h"),
            ("h/v1", "h/v1"),
        ] {
            assert_eq!(address(input), expected);
        }
    }

    #[test]
    fn the_key_hint_names_the_variable() {
        let mut endpoint = endpoint("http://h/v1");
        assert!(hint(FailureKind::Auth, &endpoint).contains("key in OPENAI_API_KEY"));
        endpoint.key = None;
        assert!(hint(FailureKind::Auth, &endpoint).starts_with("Set OPENAI_API_KEY"));
        endpoint.key_variable = None;
        assert!(hint(FailureKind::Auth, &endpoint).contains("api_key"));
    }
}
