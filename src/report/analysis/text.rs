//! Measures and cuts of text that a model reads.

/// Tokens of a text, by the rule of thumb of the rest of the program: four ASCII characters or one
/// of any other script.
#[must_use]
pub fn tokens(text: &str) -> u64 {
    let ascii = text.bytes().filter(u8::is_ascii).count() as u64;
    let wide = if ascii == text.len() as u64 {
        0
    } else {
        text.chars().filter(|c| !c.is_ascii()).count() as u64
    };
    ascii.div_ceil(4) + wide
}

/// At most `most` characters of a text: its beginning and its end, and how much is between them.
pub(super) fn shortened(text: &str, most: usize) -> String {
    // Bytes are never fewer than characters, so most texts need no counting.
    if text.len() <= most {
        return text.to_owned();
    }
    let all = text.chars().count();
    if all <= most {
        return text.to_owned();
    }
    let head = most.saturating_mul(2) / 3;
    let tail = most.saturating_sub(head);
    let cut = |place: usize| {
        text.char_indices()
            .nth(place)
            .map_or(text.len(), |(at, _)| at)
    };
    let (head, tail) = (cut(head), cut(all.saturating_sub(tail)));
    format!(
        "{} […{} characters left out…] {}",
        text.get(..head).unwrap_or_default(),
        all.saturating_sub(most),
        text.get(tail..).unwrap_or_default()
    )
}
