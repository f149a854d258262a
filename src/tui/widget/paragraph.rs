//! Short texts of our own, broken into lines: errors, hints, questions.
//!
//! Called in `prepare`, never per frame for streamed text; that is what the text engine is for.

use crate::text::width;

/// The lines of `text` at this width, broken at spaces; longer words are cut.
pub fn paragraph(text: &str, room: u16) -> Vec<String> {
    let room = usize::from(room.max(1));
    let mut lines = Vec::new();
    for source in text.lines() {
        let mut line = String::new();
        for word in source.split(' ').filter(|word| !word.is_empty()) {
            let mut word = word;
            if !line.is_empty() && width::of(&line) + 1 + width::of(word) > room {
                lines.push(std::mem::take(&mut line));
            }
            loop {
                let cut = cut_at(word, room);
                // It fits, or it is one grapheme that is wider than there is room.
                if cut == word.len() {
                    break;
                }
                lines.push(word[..cut].to_owned());
                word = &word[cut..];
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

/// Byte offset where the first `room` cells of `word` end; at least one grapheme.
fn cut_at(word: &str, room: usize) -> usize {
    let mut used = 0;
    let mut end = 0;
    for cell in width::cells(word) {
        if end > 0 && used + cell.width > room {
            break;
        }
        used += cell.width;
        end = cell.start + cell.text.len();
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_long_words_are_cut() {
        let check = |text: &str, room: u16, lines: &[&str]| {
            assert_eq!(paragraph(text, room), lines, "{text} at {room}");
        };
        check("", 10, &[]);
        check("one two three", 7, &["one two", "three"]);
        check("one\n\ntwo", 7, &["one", "", "two"]);
        check("abcdefgh", 3, &["abc", "def", "gh"]);
        check("日本語", 4, &["日本", "語"]);
        check("日本", 1, &["日", "本"]);
        check("a bcdef", 3, &["a", "bcd", "ef"]);
    }
}
