//! The secret that keeps other users of this machine, and web pages, out of the server.
//!
//! 256 bits from the operating system as hexadecimal digits. A file that holds one is private (0600, of
//! the person, no link) or it is not used.

use std::{
    fs::{File, OpenOptions},
    hint::black_box,
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use rustix::{fs::OFlags, io::Errno};

/// Shortest token that is taken from a file.
const SHORTEST: usize = 32;
/// Longest token that is taken from a file.
const LONGEST: u64 = 512;
/// Bytes of a new token.
const BYTES: usize = 32;

/// A token. Does not print itself, and is compared by [`Token::admits`] alone.
#[derive(Clone)]
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
        match open(path) {
            Ok(file) => Self::read(file, path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let token = Self::random().map_err(told)?;
                token.keep(path).map_err(told)?;
                Ok(token)
            }
            Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
                Err(format!("{} is a link and no plain file", path.display()))
            }
            Err(error) => Err(told(error)),
        }
    }

    /// What is asked of the file that was opened cannot change until it is read.
    fn read(file: File, path: &Path) -> Result<Self, String> {
        let told = |error: io::Error| format!("{}: {error}", path.display());
        let about = file.metadata().map_err(told)?;
        let path_shown = path.display();
        if !about.is_file() {
            return Err(format!("{path_shown} is no plain file"));
        }
        if about.permissions().mode() & 0o077 != 0 {
            return Err(format!(
                "{path_shown} can be read by others; make it private (chmod 600 {path_shown}) after putting another token in, or remove it"
            ));
        }
        if about.uid() != rustix::process::geteuid().as_raw() {
            return Err(format!("{path_shown} belongs to somebody else"));
        }
        let mut text = String::new();
        file.take(LONGEST + 1)
            .read_to_string(&mut text)
            .map_err(told)?;
        let whole = Some(text.trim()).filter(|_| text.len() as u64 <= LONGEST);
        whole.and_then(Self::given).ok_or_else(|| {
            format!(
                "{path_shown} holds no token: one line of {SHORTEST} to {LONGEST} letters and digits; remove it and a new one is made"
            )
        })
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

    /// True when `given` is this token; takes as long whichever bytes differ.
    #[must_use]
    pub fn admits(&self, given: &str) -> bool {
        let pairs = given.bytes().zip(self.0.bytes());
        let difference = pairs.fold(0, |difference, (one, other)| difference | (one ^ other));
        // Nothing is known of the comparison that could end it early.
        given.len() == self.0.len() && black_box(difference) == 0
    }
}

/// Opens a file that is no link; a pipe without a writer does not hold it up.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
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
    use std::fs;

    use super::*;

    #[test]
    fn tokens_differ_and_compare() {
        let (one, other) = (Token::random().unwrap(), Token::random().unwrap());
        assert_eq!(one.text().len(), 64);
        assert!(one.text().bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(one.text(), other.text());
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
        assert_eq!(
            Token::of_file(&path).unwrap().text(),
            made.text(),
            "it is used again"
        );
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let told = Token::of_file(&path).unwrap_err();
        assert!(told.contains("chmod 600"), "{told}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "short\n").unwrap();
        assert!(Token::of_file(&path).unwrap_err().contains("no token"));
        fs::write(&path, "a".repeat(513)).unwrap();
        let told = Token::of_file(&path).unwrap_err();
        assert!(told.contains("32 to 512"), "never a part of it: {told}");
        let told = Token::of_file(folder.path()).unwrap_err();
        assert!(told.contains("plain file"), "{told}");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(Token::of_file(&link).unwrap_err().contains("plain file"));
    }
}
