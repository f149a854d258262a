//! Who may come in.
//!
//! The server listens on the loopback interface alone, but that keeps neither other users of the machine
//! out nor the web pages that a browser on it shows. So every request is checked in this order: the `Host`
//! names the loopback interface (a page can otherwise reach it under a name of its own, DNS rebinding), a
//! browser's `Origin` and `Sec-Fetch-Site` name no page of anybody else, and the token is right.

use std::net::SocketAddr;

use hyper::header::{self, HeaderMap};

use super::{problem::Problem, routes::Access, token::Token};

/// What is checked.
#[derive(Debug)]
pub struct Guard {
    token: Token,
    port: u16,
}

impl Guard {
    /// For a server at this address.
    #[must_use]
    pub const fn new(token: Token, address: SocketAddr) -> Self {
        Self {
            token,
            port: address.port(),
        }
    }

    /// Whether a request may be looked at further.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn admit(&self, headers: &HeaderMap, access: Access) -> Result<(), Problem> {
        self.host(headers)?;
        self.origin(headers)?;
        match access {
            Access::Open => Ok(()),
            Access::Token => self.token(headers),
        }
    }

    fn names(&self) -> [String; 3] {
        ["127.0.0.1", "localhost", "[::1]"].map(|name| format!("{name}:{}", self.port))
    }

    fn host(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let mut given = headers.get_all(header::HOST).iter();
        let host = given.next().and_then(|host| host.to_str().ok());
        let own = host.is_some_and(|host| {
            let names = self.names();
            names.iter().any(|name| host.eq_ignore_ascii_case(name))
        });
        if own && given.next().is_none() {
            return Ok(());
        }
        Err(Problem::new(
            421,
            "wrong-host",
            "This server answers to the names of the loopback interface only.",
            format!("Ask it as http://127.0.0.1:{}.", self.port),
        ))
    }

    fn origin(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let own = |origin: &str| {
            origin
                .strip_prefix("http://")
                .is_some_and(|host| self.names().iter().any(|name| name == host))
        };
        let origins = headers.get_all(header::ORIGIN).iter();
        let foreign = origins
            .map(|origin| origin.to_str().ok())
            .any(|origin| !origin.is_some_and(own));
        let site = headers.get("sec-fetch-site");
        let crossed = site.is_some_and(|site| !matches!(site.as_bytes(), b"none" | b"same-origin"));
        if !foreign && !crossed {
            return Ok(());
        }
        Err(Problem::new(
            403,
            "foreign-origin",
            "Web pages may not use this server.",
            "Call it from a program: without an Origin header.",
        ))
    }

    fn token(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let mut given = headers.get_all(header::AUTHORIZATION).iter();
        let bearer = given
            .next()
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim());
        if given.next().is_none() && bearer.is_some_and(|token| self.token.admits(token)) {
            return Ok(());
        }
        let what = match bearer {
            Some(_) => "The token is not that of this server.",
            None => "There is no token.",
        };
        let hint = "Send `Authorization: Bearer TOKEN`; the token was shown when the server started and stands in its file.";
        Err(Problem::new(401, "no-access", what, hint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_programs_with_the_token_come_in() {
        let token = Token::random().unwrap();
        let bearer = format!("Bearer {}", token.text());
        let guard = Guard::new(token, "127.0.0.1:4747".parse().unwrap());
        let right = [
            ("host", "127.0.0.1:4747"),
            ("authorization", bearer.as_str()),
        ];
        let status = |more: &[(&'static str, &str)], without: &str| {
            let mut pairs: Vec<_> = right.to_vec();
            pairs.retain(|(name, _)| *name != without);
            pairs.extend_from_slice(more);
            let admitted = guard.admit(&headers(&pairs), Access::Token);
            admitted.map_or_else(|problem| problem.status, |()| 200)
        };
        assert_eq!(status(&[], ""), 200);
        assert_eq!(status(&[("host", "LocalHost:4747")], "host"), 200);
        assert_eq!(status(&[("host", "[::1]:4747")], "host"), 200);
        for host in [
            "evil.example:4747",
            "127.0.0.1",
            "127.0.0.1:80",
            "localhost.evil.example:4747",
            "127.0.0.1.nip.io:4747",
        ] {
            assert_eq!(status(&[("host", host)], "host"), 421, "{host}");
        }
        assert_eq!(status(&[], "host"), 421);
        assert_eq!(
            status(&[("host", "127.0.0.1:4747")], ""),
            421,
            "two of them"
        );
        for origin in [
            "https://evil.example",
            "null",
            "http://127.0.0.1:3000",
            "http://localhost",
            "file://",
        ] {
            assert_eq!(status(&[("origin", origin)], ""), 403, "{origin}");
        }
        assert_eq!(status(&[("origin", "http://127.0.0.1:4747")], ""), 200);
        assert_eq!(status(&[("sec-fetch-site", "cross-site")], ""), 403);
        assert_eq!(status(&[("sec-fetch-site", "same-site")], ""), 403);
        assert_eq!(status(&[("sec-fetch-site", "none")], ""), 200);
        assert_eq!(status(&[], "authorization"), 401);
        for wrong in ["Bearer nonsense", "Bearer", "Basic eDp5", "bearer  "] {
            assert_eq!(
                status(&[("authorization", wrong)], "authorization"),
                401,
                "{wrong}"
            );
        }
        let open = guard.admit(&headers(&[("host", "localhost:4747")]), Access::Open);
        assert!(open.is_ok());
    }
}
