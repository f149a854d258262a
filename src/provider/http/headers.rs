//! The headers of a request: those of its family, its key, those of the configuration, its betas.

use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use secrecy::ExposeSecret as _;

use super::super::Endpoint;
use super::super::wire::{self, KeyHeader};
use super::super::words::who;
use crate::protocol::{Failure, FailureKind};

/// Header of a vendor's betas.
const BETAS: &str = "anthropic-beta";

/// A request with the headers of its family, its key, and those of the configuration.
pub(super) fn dressed(
    mut request: reqwest::RequestBuilder,
    endpoint: &Endpoint,
    betas: &[&str],
) -> Result<reqwest::RequestBuilder, Failure> {
    for (name, value) in wire::headers(endpoint.wire) {
        request = request.header(*name, *value);
    }
    if let Some((name, value)) = credential(endpoint)? {
        request = request.header(name, value);
    }
    let mut said = "";
    for (name, value) in &endpoint.manners.headers {
        if name == BETAS {
            said = value.expose_secret();
        } else {
            request = request.header(name, value.expose_secret());
        }
    }
    let betas = with_betas(said, betas);
    if !betas.is_empty() {
        request = request.header(BETAS, betas);
    }
    Ok(request)
}

/// The betas of a request: those of the configuration, and what else it needs.
fn with_betas(said: &str, betas: &[&str]) -> String {
    let missing = betas.iter().filter(|beta| !said.contains(**beta)).copied();
    let said = Some(said).filter(|said| !said.is_empty());
    said.into_iter()
        .chain(missing)
        .collect::<Vec<_>>()
        .join(",")
}

/// The key in the header where the family wants it.
fn credential(endpoint: &Endpoint) -> Result<Option<(HeaderName, HeaderValue)>, Failure> {
    let Some(key) = &endpoint.key else {
        return Ok(None);
    };
    let key = key.expose_secret().trim();
    if key.is_empty() {
        return Ok(None);
    }
    let style = match endpoint.backend.as_str() {
        // A bearer token means somebody's login there.
        "azure_openai" => KeyHeader::Named("api-key"),
        _ => wire::key_header(endpoint.wire),
    };
    let (name, text) = match style {
        KeyHeader::Bearer => (AUTHORIZATION, format!("Bearer {key}")),
        KeyHeader::Named(name) => (HeaderName::from_static(name), key.to_owned()),
    };
    let mut value = HeaderValue::from_str(&text).map_err(|_| {
        let message = format!("the key for {} cannot be sent in a header", who(endpoint));
        let place = endpoint
            .key_variable
            .as_deref()
            .unwrap_or("the backend's api_key");
        Failure::new(FailureKind::Auth, message).hint(format!(
            "Check {place}: it holds a line break or control character."
        ))
    })?;
    value.set_sensitive(true);
    Ok(Some((name, value)))
}

#[cfg(test)]
mod tests {
    use super::super::super::test_support::endpoint;
    use super::*;

    #[test]
    fn betas_are_told_once_in_one_header() {
        for (said, needed, all) in [
            ("", &[][..], ""),
            ("a,b", &[], "a,b"),
            ("", &["c", "d"], "c,d"),
            ("a,c", &["c", "d"], "a,c,d"),
        ] {
            assert_eq!(with_betas(said, needed), all);
        }
    }

    #[test]
    fn keys_make_headers() {
        let mut endpoint = endpoint("http://h");
        let value = credential(&endpoint).expect("a good key").expect("a key");
        let (name, value) = value;
        assert_eq!(name, AUTHORIZATION);
        assert!(value.is_sensitive());
        endpoint.key = Some("a\u{1}b".to_owned().into());
        let failure = credential(&endpoint).expect_err("a control character");
        assert!(failure.hint.contains("OPENAI_API_KEY"), "{failure}");
        endpoint.key = Some("  ".to_owned().into());
        assert_eq!(credential(&endpoint).expect("no key"), None);
    }
}
