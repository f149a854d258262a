//! Where a session can be given to, as it is written: `gist`, `snippet`, `clipboard`, `s3://bucket/place/`,
//! `https://…` (`PUT`), `| command`, a file or a folder, or a name of `share.targets`.

use std::{collections::BTreeMap, fmt, path::PathBuf};

/// A place for a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file or a folder.
    File(PathBuf),
    /// The clipboard of the terminal.
    Clipboard,
    /// A secret gist of GitHub.
    Gist,
    /// A private snippet of GitLab.
    Snippet,
    /// A bucket of S3 or of what speaks like it, and the key or its beginning.
    S3 {
        /// The bucket.
        bucket: String,
        /// The key; with a slash at its end the file's name goes behind it.
        key: String,
    },
    /// An address that takes `PUT`.
    WebDav(String),
    /// A command of the shell, with the file on its standard input or as `{file}`.
    Command(String),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Clipboard => f.write_str("the clipboard"),
            Self::Gist => f.write_str("a secret gist of GitHub"),
            Self::Snippet => f.write_str("a private snippet of GitLab"),
            Self::S3 { bucket, key } => write!(f, "s3://{bucket}/{key}"),
            Self::WebDav(url) => f.write_str(url),
            Self::Command(command) => write!(f, "the command `{command}`"),
        }
    }
}

impl Target {
    /// Reads a target; names of the configuration come first.
    ///
    /// # Errors
    /// It is empty, an address with a password in it, or a bucket without a name.
    pub fn parse(text: &str, named: &BTreeMap<String, String>) -> Result<Self, String> {
        match named.get(text.trim()) {
            // A name leads to a place, never to another name.
            Some(place) => Self::plain(place),
            None => Self::plain(text),
        }
    }

    fn plain(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Some(command) = text.strip_prefix('|') {
            let command = command.trim();
            return if command.is_empty() {
                Err("the command behind | is missing".to_owned())
            } else {
                Ok(Self::Command(command.to_owned()))
            };
        }
        if let Some(place) = text.strip_prefix("s3://") {
            let (bucket, key) = place.split_once('/').unwrap_or((place, ""));
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            if bucket.is_empty() || !bucket.chars().all(plain) {
                return Err(format!(
                    "`{text}` names no bucket; write s3://bucket/place/"
                ));
            }
            return Ok(Self::S3 {
                bucket: bucket.to_owned(),
                key: key.to_owned(),
            });
        }
        if text.starts_with("http://") || text.starts_with("https://") {
            let host = text.split('/').nth(2).unwrap_or_default();
            if host.contains('@') {
                return Err("an address with a password in it is not used; set WEBDAV_USER and WEBDAV_PASSWORD".to_owned());
            }
            return Ok(Self::WebDav(text.to_owned()));
        }
        match text {
            "" => Err("no target was given".to_owned()),
            "clipboard" => Ok(Self::Clipboard),
            "gist" | "github" => Ok(Self::Gist),
            "snippet" | "gitlab" => Ok(Self::Snippet),
            text if text.contains("://") => Err(format!(
                "`{text}` is no target; write gist, snippet, clipboard, s3://…, https://…, \"| command\", a path or a name of share.targets"
            )),
            path => Ok(Self::File(PathBuf::from(path))),
        }
    }

    /// Whether it leads away from this machine, or to somebody who may carry it away.
    #[must_use]
    pub const fn leaves(&self) -> bool {
        !matches!(self, Self::File(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_as_people_write_them() {
        let named: BTreeMap<String, String> = [
            ("team".to_owned(), "https://dav.example/s/".to_owned()),
            ("loop".to_owned(), "team".to_owned()),
        ]
        .into();
        let s3 = |bucket: &str, key: &str| Target::S3 {
            bucket: bucket.into(),
            key: key.into(),
        };
        for (text, target) in [
            ("gist", Target::Gist),
            ("gitlab", Target::Snippet),
            ("clipboard", Target::Clipboard),
            ("team", Target::WebDav("https://dav.example/s/".into())),
            ("loop", Target::File("team".into())),
            ("s3://b/p/q/", s3("b", "p/q/")),
            ("s3://b", s3("b", "")),
            (
                "| scp {file} host:",
                Target::Command("scp {file} host:".into()),
            ),
            ("./out/", Target::File("./out/".into())),
        ] {
            assert_eq!(Target::parse(text, &named), Ok(target), "{text}");
        }
        for wrong in [
            "",
            "|",
            "s3://",
            "s3://a b/x",
            "https://me:pw@h/x",
            "ftp://h/x",
        ] {
            assert!(Target::parse(wrong, &named).is_err(), "{wrong}");
        }
    }
}
