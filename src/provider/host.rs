//! Host names inside base URLs, as far as vendors are told apart by them.

/// Host name of a base URL, without port and user information.
#[must_use]
pub fn host(base_url: &str) -> &str {
    let rest = base_url
        .split_once("://")
        .map_or(base_url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let address = authority.rsplit('@').next().unwrap_or_default();
    if let Some(v6) = address.strip_prefix('[') {
        return v6.split(']').next().unwrap_or_default();
    }
    address.split(':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for (url, expected) in [
            ("https://api.openai.com/v1", "api.openai.com"),
            ("http://127.0.0.1:1234/v1", "127.0.0.1"),
            ("http://[::1]:8000", "::1"),
            ("https://user:pass@h.example:1/x", "h.example"),
            ("api.mistral.ai", "api.mistral.ai"),
            ("", ""),
        ] {
            assert_eq!(host(url), expected, "{url}");
        }
    }
}
