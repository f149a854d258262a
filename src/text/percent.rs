//! Percent-encoding, as addresses and headers carry text.

/// The text behind an encoding; `None` for what is no encoding, or no UTF-8 then.
#[must_use]
pub fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut half = || char::from(rest.next()?).to_digit(16);
            let (high, low) = (half()?, half()?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_undone_or_refused() {
        for (text, plain) in [
            ("a%3Ab%20c", Some("a:b c")),
            ("%c3%a4%2F", Some("ä/")),
            ("ä%00", Some("ä\0")),
            ("", Some("")),
            ("%", None),
            ("%4", None),
            ("%zz", None),
            ("%+1", None),
            ("%ff", None),
        ] {
            assert_eq!(decoded(text).as_deref(), plain, "{text}");
        }
    }
}
