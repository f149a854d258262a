//! Files on their way out, to servers that a person named: one request, its body streamed from the disk.
//!
//! No model is asked here and no key of a model is sent; whoever builds the [`Upload`] says which headers go
//! along. Redirects are not followed: what is sent goes where it was said to go. Bounded in time between
//! two pieces, never in all: a large file on a slow line is no trouble.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::stream;
use reqwest::{Body, Method, header::HeaderMap};
use tokio::{fs::File, io::AsyncReadExt as _, time::timeout};

use super::{client::read_some, trouble};

/// Time for a connection.
const CONNECT: Duration = Duration::from_secs(15);
/// Time without any progress, and for the answer after the last byte.
const SILENCE: Duration = Duration::from_mins(2);
/// Most bytes of an answer.
const ANSWER: usize = 1024 * 1024;
/// Bytes that are read in one step.
const STEP: usize = 64 * 1024;

/// What is sent.
#[derive(Clone, Debug)]
pub struct Upload {
    /// `PUT` or `POST`.
    pub method: &'static str,
    /// Where to.
    pub url: String,
    /// Headers; they may hold a key, and are not told in any error.
    pub headers: Vec<(String, String)>,
    /// The bytes.
    pub body: Content,
}

/// What a request holds.
#[derive(Clone, Debug)]
pub enum Content {
    /// A file of this length.
    File(PathBuf, u64),
    /// A text.
    Text(String),
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Status code.
    pub status: u16,
    /// Body.
    pub body: String,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// In words.
    pub words: String,
    /// Whether nothing can have arrived: no connection was made.
    pub unsent: bool,
}

/// Sends; `sent` counts the bytes that are on their way.
///
/// # Errors
/// No connection, a file that cannot be read, silence. Any status is an answer.
pub async fn send(upload: Upload, sent: Arc<AtomicU64>) -> Result<Sent, Lost> {
    let lost = |words: String| Lost {
        words,
        unsent: true,
    };
    // Fails only when a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let local = reqwest::Url::parse(&upload.url)
        .map_err(|error| lost(format!("{} is no address: {error}", upload.url)))?
        .host_str()
        .is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"));
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("massgen-tui/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE);
    if local {
        builder = builder.no_proxy();
    }
    if upload.url.starts_with("http://") {
        builder = builder.tls_certs_only([]);
    }
    let client = builder
        .build()
        .map_err(|error| lost(trouble::chain(&error)))?;
    let method = Method::from_bytes(upload.method.as_bytes()).unwrap_or(Method::PUT);
    let mut headers = HeaderMap::new();
    for (name, value) in &upload.headers {
        let pair = name
            .parse::<reqwest::header::HeaderName>()
            .ok()
            .zip(value.parse().ok());
        let Some((name, value)) = pair else {
            return Err(lost(format!("the value for {name} cannot be sent")));
        };
        headers.insert(name, value);
    }
    let mut request = client.request(method, &upload.url).headers(headers);
    request = match upload.body {
        Content::Text(text) => {
            sent.store(text.len() as u64, Ordering::Relaxed);
            request.body(text)
        }
        Content::File(path, length) => {
            let file = File::open(&path)
                .await
                .map_err(|error| lost(format!("{} cannot be read: {error}", path.display())))?;
            request
                .header(reqwest::header::CONTENT_LENGTH, length)
                .body(streamed(file, Arc::clone(&sent)))
        }
    };
    let response = request.send().await.map_err(|error| Lost {
        words: trouble::chain(&error.without_url()),
        unsent: false,
    });
    let response = match response {
        Ok(response) => response,
        Err(mut lost) => {
            lost.unsent = sent.load(Ordering::Relaxed) == 0;
            return Err(lost);
        }
    };
    let status = response.status().as_u16();
    let body = timeout(SILENCE, read_some(response, ANSWER)).await;
    Ok(Sent {
        status,
        body: body.unwrap_or_default(),
    })
}

/// A file, piece by piece.
fn streamed(file: File, sent: Arc<AtomicU64>) -> Body {
    let pieces = stream::unfold((file, sent), |(mut file, sent)| async move {
        let mut piece = vec![0; STEP];
        match file.read(&mut piece).await {
            Ok(0) => None,
            Ok(count) => {
                piece.truncate(count);
                sent.fetch_add(count as u64, Ordering::Relaxed);
                Some((Ok(piece), (file, sent)))
            }
            Err(error) => Some((Err(error), (file, sent))),
        }
    });
    Body::wrap_stream(pieces)
}
