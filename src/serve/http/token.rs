//! The secret that keeps other users of this machine, and web pages, out of the server.
//!
//! 256 bits from the operating system as hexadecimal digits. A file that holds one is private (0600, of
//! the person, no link) or it is not used.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

/// Shortest token that is taken from a file.
const SHORTEST: usize = 32;
/// Longest token that is taken from a file.
const LONGEST: u64 = 512;
/// Bytes of a new token.
const BYTES: usize = 32;

/// A token. Does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

impl Token {
    /// A new one.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn random() -> io::Result<Self> {
        let mut bytes = [0_u8; BYTES];
        File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        Ok(Self(bytes.iter().fold(String::new(), |mut text, byte| {
            for half in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(u32::from(half), 16));
            }
            text
        })))
    }

    /// The token of a file, or a new one that is written there.
    ///
    /// # Errors
    /// A file that others may read, that is a link or is not the person's own, or holds no token.
    pub fn of_file(path: &Path) -> Result<Self, String> {
        let told = |error: io::Error| format!("{}: {error}", path.display());
        match fs::symlink_metadata(path) {
            Ok(about) => {
                if !about.is_file() {
                    return Err(format!("{} is no plain file", path.display()));
                }
                if about.permissions().mode() & 0o077 != 0 {
                    let path = path.display();
                    return Err(format!(
                        "{path} can be read by others; make it private (chmod 600 {path}) after putting another token in, or remove it"
                    ));
                }
                if about.uid() != rustix::process::geteuid().as_raw() {
                    return Err(format!("{} belongs to somebody else", path.display()));
                }
                let mut text = String::new();
                let file = File::open(path).map_err(told)?;
                file.take(LONGEST).read_to_string(&mut text).map_err(told)?;
                Self::given(text.trim()).ok_or_else(|| {
                    format!(
                        "{} holds no token: one line of at least {SHORTEST} letters and digits; remove it and a new one is made",
                        path.display()
                    )
                })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let token = Self::random().map_err(told)?;
                token.keep(path).map_err(told)?;
                Ok(token)
            }
            Err(error) => Err(told(error)),
        }
    }

    /// A token that was given, when it can be one.
    #[must_use]
    pub fn given(text: &str) -> Option<Self> {
        let fits = text.len() >= SHORTEST && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }

    fn keep(&self, path: &Path) -> io::Result<()> {
        let mut file = private(path)?;
        writeln!(file, "{}", self.0)?;
        file.sync_all()
    }

    /// The token itself, for showing it once.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// True when `given` is this token; looks at every byte whatever differs.
    #[must_use]
    pub fn admits(&self, given: &str) -> bool {
        given.len() == self.0.len()
            && given
                .bytes()
                .zip(self.0.bytes())
                .fold(0, |difference, (one, other)| difference | (one ^ other))
                == 0
    }
}

/// A new private file; one that is there stays as it is.
///
/// # Errors
/// It is there already, or the folder cannot be written.
pub fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_compare() {
        let (one, other) = (Token::random().unwrap(), Token::random().unwrap());
        assert_eq!(one.text().len(), 64);
        assert!(one.text().bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(one, other);
        assert!(one.admits(one.text()));
        assert!(!one.admits(other.text()));
        assert!(!one.admits(&one.text()[..63]));
        assert!(!one.admits(""));
        assert_eq!(format!("{one:?}"), "Token");
    }

    #[test]
    fn a_file_is_private_or_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let made = Token::of_file(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(Token::of_file(&path).unwrap(), made, "it is used again");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let told = Token::of_file(&path).unwrap_err();
        assert!(told.contains("chmod 600"), "{told}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "short\n").unwrap();
        assert!(Token::of_file(&path).unwrap_err().contains("no token"));
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(Token::of_file(&link).unwrap_err().contains("plain file"));
    }
}
