//! Pages of the web, for agents that may fetch them: `http` and `https`, public addresses only.
//!
//! Which addresses a name has is asked once, and the connection goes to one of those that were looked at:
//! a name that first leads to a public place and then home gets nowhere. Proxies are not used, because
//! behind one nobody knows where a request goes. A page that has moved to another host is told, not
//! followed: leave was given for this one. Bounded in time, size and moves; no cookie, no key is sent.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, OnceLock},
    time::Duration,
};

use reqwest::{
    Response, StatusCode, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{ACCEPT, CONTENT_TYPE, LOCATION},
};
use tokio::time::timeout;

use super::trouble;

/// Time for a whole page.
const WAIT: Duration = Duration::from_secs(30);
/// Time for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Most bytes of a page; what is beyond is cut.
const MOST: usize = 2 * 1024 * 1024;
/// Moves within a host that are followed.
const MOVES: usize = 5;

/// Where pages come from.
#[derive(Clone, Debug)]
pub struct Pages {
    hosts: Arc<[String]>,
    client: Arc<OnceLock<Result<reqwest::Client, String>>>,
}

/// What stands at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its text as it came, HTML included.
    pub text: String,
    /// Whether that is HTML.
    pub markup: Markup,
    /// Whether the end is missing.
    pub whole: Whole,
}

/// How a page is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Markup {
    /// HTML.
    Html,
    /// Text of any kind.
    Plain,
}

/// Whether all of a page is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    /// All of it.
    Yes,
    /// It is longer than what is read.
    Cut,
}

impl Pages {
    /// Pages of these hosts, `docs.rs` or `*.rust-lang.org`; of all when none is named. A host of a
    /// private address has to be named exactly.
    #[must_use]
    pub fn new(hosts: &[String]) -> Self {
        let hosts = hosts.iter().map(|host| host.trim().to_ascii_lowercase());
        Self {
            hosts: hosts.collect(),
            client: Arc::default(),
        }
    }

    /// What stands at an address.
    ///
    /// # Errors
    /// Why nothing can be had, in words for a model.
    pub async fn fetch(&self, url: &str) -> Result<Page, String> {
        let late = || {
            Err(format!(
                "The page did not come within {} s.",
                WAIT.as_secs()
            ))
        };
        timeout(WAIT, self.follow(url))
            .await
            .unwrap_or_else(|_| late())
    }

    async fn follow(&self, url: &str) -> Result<Page, String> {
        let mut url = Url::parse(url).map_err(|error| format!("This is no address: {error}."))?;
        for _ in 0..=MOVES {
            self.allows(&url)?;
            let response = self
                .client()?
                .get(url.clone())
                .header(
                    ACCEPT,
                    "text/html, text/plain, application/json, text/*;q=0.9",
                )
                .send()
                .await
                .map_err(|error| format!("The page cannot be had: {}.", trouble::chain(&error)))?;
            let status = response.status();
            if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
                let to = moved(&url, &response)?;
                if to.host_str() != url.host_str()
                    || to.port_or_known_default() != to_port(&url, &to)
                {
                    return Err(format!("The page has moved to {to}; fetch it there."));
                }
                url = to;
                continue;
            }
            if !status.is_success() {
                return Err(format!("The server says {status}."));
            }
            return read(response).await;
        }
        Err("The page moves on and on.".to_owned())
    }

    /// Posts a text to an address under the same rules; gives the status. Redirects are not followed, and
    /// the answer's body is not read.
    ///
    /// # Errors
    /// Why there is no answer, and whether another try would end the same way.
    pub async fn post(
        &self,
        url: &str,
        headers: &[(String, String)],
        body: String,
    ) -> Result<u16, (String, bool)> {
        let never = |why: String| (why, true);
        let url = Url::parse(url).map_err(|error| never(format!("this is no address: {error}")))?;
        self.allows(&url).map_err(never)?;
        let mut request = self.client().map_err(never)?.post(url).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        match request.send().await {
            Ok(response) => Ok(response.status().as_u16()),
            Err(error) if error.is_builder() => Err(never(trouble::chain(&error.without_url()))),
            Err(error) => Err((trouble::chain(&error.without_url()), false)),
        }
    }

    fn client(&self) -> Result<&reqwest::Client, String> {
        let made = self.client.get_or_init(|| {
            // Fails only when a provider is installed already, which is as good.
            let _ = rustls::crypto::ring::default_provider().install_default();
            reqwest::Client::builder()
                .user_agent(concat!("massgen-tui/", env!("CARGO_PKG_VERSION")))
                .redirect(reqwest::redirect::Policy::none())
                .gzip(true)
                .connect_timeout(CONNECT)
                .no_proxy()
                .dns_resolver(Arc::new(Looked {
                    hosts: Arc::clone(&self.hosts),
                }))
                .build()
                .map_err(|error| trouble::chain(&error))
        });
        made.as_ref()
            .map_err(|error| format!("Pages cannot be fetched: {error}."))
    }

    /// Whether an address may be asked at all.
    fn allows(&self, url: &Url) -> Result<(), String> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err("Only http:// and https:// addresses can be fetched.".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("Addresses with a name or a password are not fetched.".to_owned());
        }
        let host = url.host_str().unwrap_or_default();
        let plain = host.trim_matches(['[', ']']).to_ascii_lowercase();
        let known = self.hosts.iter().any(|pattern| fits(pattern, &plain));
        if !self.hosts.is_empty() && !known {
            return Err(format!(
                "{host} is not among the hosts that may be asked: {}.",
                self.hosts.join(", ")
            ));
        }
        match plain.parse::<IpAddr>() {
            Ok(address) if !is_public(address) && !is_named(&self.hosts, &plain) => Err(home(host)),
            _ => Ok(()),
        }
    }
}

/// The port that a move within a host may lead to: the same, or the usual one of the new scheme.
fn to_port(from: &Url, to: &Url) -> Option<u16> {
    match (from.port(), to.port()) {
        (None, None) => to.port_or_known_default(),
        _ => from.port_or_known_default(),
    }
}

/// Where a page has moved to.
fn moved(from: &Url, response: &Response) -> Result<Url, String> {
    let to = response.headers().get(LOCATION);
    let to = to.and_then(|to| to.to_str().ok()).unwrap_or_default();
    from.join(to)
        .map_err(|_| "The page has moved, and does not say where.".to_owned())
}

async fn read(mut response: Response) -> Result<Page, String> {
    let kind = response.headers().get(CONTENT_TYPE);
    let kind = kind
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or("text/plain");
    let kind = kind.to_ascii_lowercase();
    let is_text = kind.starts_with("text/")
        || ["json", "xml", "javascript", "yaml", "toml"]
            .iter()
            .any(|word| kind.contains(word));
    if !is_text {
        return Err(format!("The page is no text but {kind}."));
    }
    let mut bytes = Vec::new();
    let mut whole = Whole::Yes;
    let failed = |error| format!("The page broke off: {}.", trouble::chain(&error));
    while let Some(piece) = response.chunk().await.map_err(failed)? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > MOST {
            bytes.truncate(MOST);
            whole = Whole::Cut;
            break;
        }
    }
    let latin = kind.contains("8859-1") || kind.contains("windows-1252");
    let text = if latin {
        bytes.iter().map(|byte| char::from(*byte)).collect()
    } else {
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let markup = if kind.contains("html") {
        Markup::Html
    } else {
        Markup::Plain
    };
    Ok(Page {
        text,
        markup,
        whole,
    })
}

/// Looks names up, and gives public addresses only.
struct Looked {
    hosts: Arc<[String]>,
}

impl Resolve for Looked {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_ascii_lowercase();
        let named = is_named(&self.hosts, &host);
        Box::pin(async move {
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            let found: Vec<SocketAddr> = found
                .filter(|address| named || is_public(address.ip()))
                .collect();
            if found.is_empty() {
                return Err(home(&host).into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

fn home(host: &str) -> String {
    format!(
        "{host} is on this machine or in its network, and not among the hosts that may be asked"
    )
}

/// Whether a host is named exactly.
fn is_named(hosts: &[String], host: &str) -> bool {
    hosts.iter().any(|named| named == host)
}

/// Whether a pattern is for a host: its name, or `*.` and the end of it.
fn fits(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(end) => host
            .strip_suffix(end)
            .is_some_and(|rest| rest.ends_with('.') && rest.len() > 1),
        None => pattern == "*" || pattern == host,
    }
}

/// Whether an address belongs to the public internet.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let special = address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || first == 0
        || first >= 240
        || (first == 100 && (64..128).contains(&second))
        || (first == 192 && second == 0 && third == 0)
        || (first == 198 && (18..20).contains(&second));
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    let low = Ipv4Addr::from((u32::from(parts[6]) << 16) | u32::from(parts[7]));
    // Addresses that carry one of the old kind lead where that leads.
    match parts {
        [0, 0, 0, 0, 0, 0 | 0xffff, _, _] | [0x64, 0xff9b, 0, 0, 0, 0, _, _] => is_public_v4(low),
        [0x2002, high, next, ..] => {
            is_public_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(next)))
        }
        // What is given out to the public, but for the parts that are not.
        [first, second, ..] => {
            (0x2000..0x4000).contains(&first)
                && !(first == 0x2001 && (second == 0xdb8 || second < 0x200))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_internet_is_public() {
        for (address, public) in [
            ("8.8.8.8", true),
            ("127.0.0.1", false),
            ("10.1.2.3", false),
            ("172.16.0.1", false),
            ("192.168.1.1", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("0.0.0.0", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("::1", false),
            ("::", false),
            ("fe80::1", false),
            ("fd00::1", false),
            ("ff02::1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:8.8.8.8", true),
            ("64:ff9b::a00:1", false),
            ("2002:7f00:1::", false),
            ("2001:db8::1", false),
            ("2606:4700::1111", true),
        ] {
            assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        }
    }

    #[test]
    fn hosts_by_pattern() {
        for (pattern, host, fits) in [
            ("docs.rs", "docs.rs", true),
            ("docs.rs", "evil-docs.rs", false),
            ("*.rust-lang.org", "doc.rust-lang.org", true),
            ("*.rust-lang.org", "rust-lang.org", false),
            ("*.rust-lang.org", "evilrust-lang.org", false),
            ("*", "anything", true),
        ] {
            assert_eq!(super::fits(pattern, host), fits, "{pattern} {host}");
        }
    }

    #[test]
    fn what_is_not_asked_says_why() {
        let pages = Pages::new(&["docs.rs".into(), "*".into()]);
        let none = Pages::new(&[]);
        for (pages, url, told) in [
            (&none, "http://127.0.0.1/", "on this machine"),
            (&none, "http://[::1]/", "on this machine"),
            (&none, "http://2130706433/", "on this machine"),
            (&none, "http://0x7f.1/", "on this machine"),
            (&none, "ftp://docs.rs/", "Only http"),
            (&none, "file:///etc/passwd", "Only http"),
            (&none, "http://me:secret@docs.rs/", "a password"),
            (&pages, "http://192.168.0.1/", "on this machine"),
        ] {
            let why = pages.allows(&Url::parse(url).unwrap()).unwrap_err();
            assert!(why.contains(told), "{url}: {why}");
        }
        let few = Pages::new(&["docs.rs".into()]);
        let other = Url::parse("https://example.com/").unwrap();
        assert!(few.allows(&other).unwrap_err().contains("docs.rs"));
        assert!(
            few.allows(&Url::parse("https://docs.rs/x").unwrap())
                .is_ok()
        );
    }
}
