//! The secret that keeps other programs of this machine out of the demo server.
//!
//! 128 bits as hexadecimal digits, new for every server. `fastrand`, the generator this program uses
//! elsewhere, is predictable from its outputs and so no source for secrets; the operating system is
//! asked instead.

use std::{
    collections::hash_map::RandomState,
    fmt::Write as _,
    fs::File,
    hash::{BuildHasher as _, Hasher as _},
    io::Read as _,
};

/// A new random token, 32 hexadecimal digits.
#[must_use]
pub fn random() -> String {
    let mut text = String::with_capacity(32);
    for byte in os_bytes().unwrap_or_else(hasher_bytes) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// True when both are equal; looks at every byte whatever differs.
#[must_use]
pub fn matches(given: &str, expected: &str) -> bool {
    given.len() == expected.len()
        && given
            .bytes()
            .zip(expected.bytes())
            .fold(0, |difference, (a, b)| difference | (a ^ b))
            == 0
}

/// The kernel's generator, where it is a file.
fn os_bytes() -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .ok()
        .map(|()| bytes)
}

/// Elsewhere: the keys of std's hash maps come from the operating system once per thread, and what
/// is taken here is their `SipHash` output, which does not tell the keys.
fn hasher_bytes() -> [u8; 16] {
    let state = RandomState::new();
    let half = |salt: u8| {
        let mut hasher = state.build_hasher();
        hasher.write_u8(salt);
        hasher.finish()
    };
    ((u128::from(half(1)) << 64) | u128::from(half(2))).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_compare() {
        let (one, two) = (random(), random());
        assert_eq!(one.len(), 32);
        assert!(one.bytes().all(|b| b.is_ascii_hexdigit()));
        assert_ne!(one, two);
        assert!(matches(&one, &one.clone()));
        assert!(!matches(&one, &two));
        assert!(!matches(&one, &one[..31]));
        assert_ne!(hasher_bytes(), hasher_bytes());
    }
}
