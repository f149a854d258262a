//! Sending a finished file to a target.
//!
//! The file stands on the disk, private, while it is sent, and is removed by whoever made it. Keys come from
//! the environment and are told to nobody else. A request that cannot have arrived, or may be repeated
//! without harm, is tried again twice; whoever drops the future ends it.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::Command,
    time::sleep,
};

use super::{
    s3::{self, Account},
    targets::Target,
};
use crate::{
    config::dotenv::Environment,
    export::{Format, base64},
    protocol::{Failure, FailureKind},
    provider::http::upload::{Content, Sent, Upload, send},
};

/// Waits before a second and a third attempt.
const WAITS: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];
/// Largest file that goes to a gist, a snippet or the clipboard.
const LARGEST_TEXT: u64 = 10_000_000;
/// Most output of a command that is kept.
const OUTPUT: u64 = 64 * 1024;

/// A file that is sent.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// Where it lies.
    pub path: PathBuf,
    /// The name it has there.
    pub name: String,
    /// What it is.
    pub format: Format,
    /// What it is about, for a description.
    pub title: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// Whether one that is there may be replaced.
    pub replace: bool,
    /// Where a command may complain.
    pub voice: Voice,
}

/// Where a command may complain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// On the terminal, as it goes.
    Terminal,
    /// Nowhere: a screen is there. The end of it is told when the command fails.
    Kept,
}

/// Where it went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// The address to look at it, if there is one.
    pub url: Option<String>,
    /// What a command said.
    pub said: String,
}

/// Sends a parcel to any target but a file and the clipboard; `at` is now in milliseconds since the epoch.
///
/// # Errors
/// A key that is missing, no connection, a server that refuses, a command that fails.
pub async fn deliver(
    parcel: &Parcel,
    target: &Target,
    environment: &Environment,
    at: u64,
    sent: &Arc<AtomicU64>,
) -> Result<Delivered, Failure> {
    match target {
        Target::Gist => gist(parcel, environment, sent).await,
        Target::Snippet => snippet(parcel, environment, sent).await,
        Target::S3 { bucket, key } => {
            bucket_put(parcel, (bucket, key), environment, at, sent).await
        }
        Target::WebDav(url) => webdav(parcel, url, environment, sent).await,
        Target::Command(command) => shell(parcel, command).await,
        Target::File(_) | Target::Clipboard => Err(local("This target needs no sending.")),
    }
}

async fn gist(
    parcel: &Parcel,
    environment: &Environment,
    sent: &Arc<AtomicU64>,
) -> Result<Delivered, Failure> {
    let text = text(parcel, "A gist")?;
    let token = ["GH_TOKEN", "GITHUB_TOKEN"]
        .iter()
        .find_map(|name| environment.get(name));
    let Some(token) = token else {
        let path = parcel.path.display().to_string();
        let words = [
            "gist",
            "create",
            "--desc",
            parcel.title.as_str(),
            "--filename",
            parcel.name.as_str(),
            path.as_str(),
        ];
        return program("gh", &words, "GH_TOKEN", parcel.voice).await;
    };
    let base = environment
        .get("GITHUB_API_URL")
        .unwrap_or_else(|| "https://api.github.com".to_owned());
    let body = json!({
        "description": parcel.title, "public": false,
        "files": { parcel.name.as_str(): { "content": text } },
    });
    let upload = Upload {
        method: "POST",
        url: format!("{}/gists", base.trim_end_matches('/')),
        headers: vec![
            ("authorization".into(), format!("Bearer {token}")),
            ("accept".into(), "application/vnd.github+json".into()),
            ("content-type".into(), "application/json".into()),
        ],
        body: Content::Text(body.to_string()),
    };
    let answer = tried(upload, "GitHub", Repeat::OnlyUnsent, sent).await?;
    address(&answer, "html_url", "GitHub")
}

async fn snippet(
    parcel: &Parcel,
    environment: &Environment,
    sent: &Arc<AtomicU64>,
) -> Result<Delivered, Failure> {
    let text = text(parcel, "A snippet")?;
    let Some(token) = environment.get("GITLAB_TOKEN") else {
        let path = parcel.path.display().to_string();
        let words = [
            "snippet",
            "create",
            "--personal",
            "--visibility",
            "private",
            "--title",
            parcel.title.as_str(),
            "--filename",
            parcel.name.as_str(),
            path.as_str(),
        ];
        return program("glab", &words, "GITLAB_TOKEN", parcel.voice).await;
    };
    let base = environment
        .get("GITLAB_URL")
        .unwrap_or_else(|| "https://gitlab.com".to_owned());
    let body = json!({
        "title": parcel.title, "visibility": "private",
        "files": [{ "file_path": parcel.name, "content": text }],
    });
    let upload = Upload {
        method: "POST",
        url: format!("{}/api/v4/snippets", base.trim_end_matches('/')),
        headers: vec![
            ("private-token".into(), token),
            ("content-type".into(), "application/json".into()),
        ],
        body: Content::Text(body.to_string()),
    };
    let answer = tried(upload, "GitLab", Repeat::OnlyUnsent, sent).await?;
    address(&answer, "web_url", "GitLab")
}

async fn bucket_put(
    parcel: &Parcel,
    (bucket, key): (&str, &str),
    environment: &Environment,
    at: u64,
    sent: &Arc<AtomicU64>,
) -> Result<Delivered, Failure> {
    let get = |names: &[&str]| names.iter().find_map(|name| environment.get(name));
    let (Some(id), Some(secret)) = (get(&["AWS_ACCESS_KEY_ID"]), get(&["AWS_SECRET_ACCESS_KEY"]))
    else {
        return Err(local("There is no key for S3.")
            .hint("Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_ENDPOINT_URL for another server than Amazon's."));
    };
    let account = Account {
        key: id,
        secret,
        session: get(&["AWS_SESSION_TOKEN"]),
        region: get(&["AWS_REGION", "AWS_DEFAULT_REGION"])
            .unwrap_or_else(|| "us-east-1".to_owned()),
        endpoint: get(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]),
    };
    let key = if key.is_empty() || key.ends_with('/') {
        format!("{key}{}", parcel.name)
    } else {
        key.to_owned()
    };
    let at = moment(at);
    let signed = s3::put(
        &account,
        (bucket, &key),
        (&at, &parcel.sha256),
        parcel.format.mime(),
    );
    let mut headers = signed.headers;
    if !parcel.replace {
        headers.push(("if-none-match".into(), "*".into()));
    }
    let upload = Upload {
        method: "PUT",
        url: signed.url.clone(),
        headers,
        body: Content::File(parcel.path.clone(), parcel.bytes),
    };
    let answer = tried(upload, "S3", Repeat::Harmless, sent).await?;
    accepted(&answer, "S3")?;
    Ok(Delivered {
        url: Some(signed.url),
        said: String::new(),
    })
}

async fn webdav(
    parcel: &Parcel,
    url: &str,
    environment: &Environment,
    sent: &Arc<AtomicU64>,
) -> Result<Delivered, Failure> {
    let url = if url.ends_with('/') {
        format!("{url}{}", parcel.name)
    } else {
        url.to_owned()
    };
    let mut headers = vec![("content-type".to_owned(), parcel.format.mime().to_owned())];
    if let Some(user) = environment.get("WEBDAV_USER") {
        let password = environment.get("WEBDAV_PASSWORD").unwrap_or_default();
        let pair = base64(format!("{user}:{password}").as_bytes());
        headers.push(("authorization".to_owned(), format!("Basic {pair}")));
    }
    if !parcel.replace {
        headers.push(("if-none-match".to_owned(), "*".to_owned()));
    }
    let upload = Upload {
        method: "PUT",
        url: url.clone(),
        headers,
        body: Content::File(parcel.path.clone(), parcel.bytes),
    };
    let host = url.split('/').nth(2).unwrap_or("the server").to_owned();
    let answer = tried(upload, &host, Repeat::Harmless, sent).await?;
    accepted(&answer, &host)?;
    Ok(Delivered {
        url: Some(url),
        said: String::new(),
    })
}

/// A command of the shell: its own words, with the file on standard input or as `{file}`.
async fn shell(parcel: &Parcel, command: &str) -> Result<Delivered, Failure> {
    let quoted = format!(
        "'{}'",
        parcel.path.display().to_string().replace('\'', "'\\''")
    );
    let line = command.replace("{file}", &quoted);
    let input = if line == command {
        let file = std::fs::File::open(&parcel.path)
            .map_err(|error| local(format!("The file cannot be read: {error}.")))?;
        Stdio::from(file)
    } else {
        Stdio::null()
    };
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(&line).stdin(input);
    ran(shell, command, parcel.voice).await
}

/// The person's own client of a host.
async fn program(
    name: &str,
    words: &[&str],
    variable: &str,
    voice: Voice,
) -> Result<Delivered, Failure> {
    let mut command = Command::new(name);
    command.args(words).stdin(Stdio::null());
    ran(command, name, voice).await.map_err(|failure| {
        failure.hint(format!(
            "Log in with `{name} auth login`, or set {variable} to a token that may write."
        ))
    })
}

async fn ran(mut command: Command, name: &str, voice: Voice) -> Result<Delivered, Failure> {
    let trouble = |error: std::io::Error| {
        let words = if error.kind() == std::io::ErrorKind::NotFound {
            format!("`{name}` is not installed.")
        } else {
            format!("`{name}` cannot be run: {error}.")
        };
        local(words)
    };
    command
        .stdout(Stdio::piped())
        .stderr(match voice {
            Voice::Terminal => Stdio::inherit(),
            Voice::Kept => Stdio::piped(),
        })
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(trouble)?;
    let (out, complaints) = (child.stdout.take(), child.stderr.take());
    let (said, complaints) = futures_util::future::try_join(heard(out), heard(complaints))
        .await
        .map_err(trouble)?;
    let status = child.wait().await.map_err(trouble)?;
    if !status.success() {
        let last = complaints
            .lines()
            .rev()
            .find(|line| !line.trim().is_empty());
        let last = crate::text::clean::line(last.unwrap_or_default()).into_owned();
        let last: String = last.trim().chars().take(200).collect();
        return Err(local(match last.as_str() {
            "" => format!("`{name}` failed ({status})."),
            last => format!("`{name}` failed ({status}): {last}"),
        }));
    }
    let url = said
        .split_whitespace()
        .find(|word| word.starts_with("https://") || word.starts_with("http://"));
    Ok(Delivered {
        url: url.map(str::to_owned),
        said,
    })
}

/// The beginning of what a command writes. What is beyond is read, so that the command does not wait for
/// it, and thrown away.
async fn heard(from: Option<impl AsyncRead + Unpin>) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        let mut from = from.take(OUTPUT);
        from.read_to_end(&mut bytes).await?;
        tokio::io::copy(&mut from.into_inner(), &mut tokio::io::sink()).await?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// What may be repeated.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repeat {
    /// Anything: the same request twice is the same file.
    Harmless,
    /// What cannot have arrived.
    OnlyUnsent,
}

/// Sends, again when that is sane.
async fn tried(
    upload: Upload,
    whom: &str,
    repeat: Repeat,
    sent: &Arc<AtomicU64>,
) -> Result<Sent, Failure> {
    let mut waits = WAITS.iter();
    loop {
        sent.store(0, Ordering::Relaxed);
        let (again, failure) = match send(upload.clone(), Arc::clone(sent)).await {
            Ok(answer) if matches!(answer.status, 429 | 500 | 502..=504) => {
                let again = repeat == Repeat::Harmless || answer.status == 429;
                (again, refused(&answer, whom))
            }
            Ok(answer) => return Ok(answer),
            Err(lost) => (
                lost.unsent || repeat == Repeat::Harmless,
                Failure::new(
                    FailureKind::Transient,
                    format!("{whom} cannot be reached: {}.", lost.words),
                )
                .hint("Check the address and the network, then try again."),
            ),
        };
        match waits.next() {
            Some(wait) if again => sleep(*wait).await,
            _ => return Err(failure),
        }
    }
}

/// Refuses what is no success.
fn accepted(answer: &Sent, whom: &str) -> Result<(), Failure> {
    if (200..300).contains(&answer.status) {
        Ok(())
    } else {
        Err(refused(answer, whom))
    }
}

fn refused(answer: &Sent, whom: &str) -> Failure {
    let said: String = answer.body.split_whitespace().collect::<Vec<_>>().join(" ");
    let said: String = crate::text::clean::line(&said).chars().take(200).collect();
    let hint = match answer.status {
        401 | 403 => {
            "Check the token or password in the environment, and whether it may write there."
        }
        404 | 409 => "The place does not exist: make the folder or bucket first.",
        412 => "Something of that name is there already; --force replaces it.",
        413 | 507 => "It is too large for that place; --max-size makes it smaller.",
        _ => "Try again later, or give it to another target.",
    };
    let mut failure = Failure::new(
        FailureKind::Request,
        format!("{whom} did not take it (status {}): {said}", answer.status),
    )
    .hint(hint);
    failure.status = Some(answer.status);
    failure
}

/// The address that an answer names.
fn address(answer: &Sent, field: &str, whom: &str) -> Result<Delivered, Failure> {
    accepted(answer, whom)?;
    let value: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let url = value.get(field).and_then(Value::as_str);
    Ok(Delivered {
        url: url.map(|url| crate::text::clean::line(url).into_owned()),
        said: String::new(),
    })
}

/// The words of a parcel for a place that takes text only.
fn text(parcel: &Parcel, place: &str) -> Result<String, Failure> {
    if !parcel.format.is_text() {
        return Err(
            local(format!("{place} holds text only, and a bundle is none."))
                .hint("Take --format html, md or json, or another target."),
        );
    }
    if parcel.bytes > LARGEST_TEXT {
        return Err(local(format!("{place} holds at most 10 MB."))
            .hint("--max-size 10MB makes it fit; s3://, https:// and files take any size."));
    }
    read(&parcel.path)
}

/// A finished file as text.
///
/// # Errors
/// It cannot be read.
pub fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| local(format!("The file cannot be read: {error}.")))
}

/// A moment as S3 wants it.
fn moment(ms: u64) -> String {
    i64::try_from(ms)
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .map_or_else(String::new, |at| at.strftime("%Y%m%dT%H%M%SZ").to_string())
}

fn local(message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Local, message)
}
