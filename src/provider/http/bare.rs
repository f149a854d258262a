//! A client for servers that are no model servers: same library, same TLS, none of the rest.

use std::time::Duration;

use reqwest::{Url, redirect::Policy};

use super::trouble;

/// Time for a connection.
const CONNECT: Duration = Duration::from_secs(15);

/// A client for one address. Redirects are not followed: headers with keys go where they were meant to.
/// Addresses of this machine are reached without a proxy.
///
/// # Errors
/// No address that can be asked, or no client.
pub fn client(url: &str) -> Result<reqwest::Client, String> {
    let url = Url::parse(url).map_err(|error| format!("this is no address: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("only http:// and https:// addresses can be reached".to_owned());
    }
    let host = url.host_str().unwrap_or_default();
    let local = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    // Fails only when a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("massgen-tui/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .connect_timeout(CONNECT);
    if local {
        builder = builder.no_proxy();
    }
    if url.scheme() == "http" {
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(|error| trouble::chain(&error))
}
