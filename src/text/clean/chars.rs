//! Which characters may pass the gate, and how. Tables of the Unicode Standard 16, written as ranges.

use unicode_segmentation::UnicodeSegmentation;

use super::{super::width, BIDI_MARK};

/// What the gate does with a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Passes and begins a cluster.
    Plain,
    /// Line feed, line or paragraph separator.
    Newline,
    /// Carriage return.
    Return,
    /// Horizontal tab.
    Tab,
    /// ESC.
    Escape,
    /// Becomes another, visible character.
    Picture(char),
    /// Goes away.
    Hidden,
    /// Attaches to the base before it.
    Mark,
    /// Chooses a glyph variant of the base before it.
    Selector,
    /// ZWJ or ZWNJ.
    Joiner,
    /// Tag character of emoji flag sequences.
    Tag,
}

/// Judges one character.
pub(super) fn class(c: char) -> Class {
    match c {
        ' '..='~' => Class::Plain,
        '\n' | '\u{2028}' | '\u{2029}' => Class::Newline,
        '\r' => Class::Return,
        '\t' => Class::Tab,
        '\x1B' => Class::Escape,
        '\0'..='\x1F' => Class::Picture(picture(c)),
        '\x7F' => Class::Picture('␡'),
        '\u{80}'..='\u{9F}' => Class::Picture(char::REPLACEMENT_CHARACTER),
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
            Class::Picture(BIDI_MARK)
        }
        '\u{200C}' | '\u{200D}' => Class::Joiner,
        '\u{180B}'..='\u{180D}'
        | '\u{180F}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{E0100}'..='\u{E01EF}' => Class::Selector,
        '\u{E0020}'..='\u{E007F}' => Class::Tag,
        _ if hidden(c) => Class::Hidden,
        _ if u32::from(c) & 0xFFFE == 0xFFFE || matches!(c, '\u{FDD0}'..='\u{FDEF}') => {
            Class::Picture(char::REPLACEMENT_CHARACTER)
        }
        _ if width::character(c) == 0 || attaches(c) => Class::Mark,
        _ => Class::Plain,
    }
}

/// True for characters that pass whatever stands around them.
pub(super) fn inert(c: char) -> bool {
    matches!(c, ' '..='~') || (c > '\u{A0}' && class(c) == Class::Plain)
}

/// Whether a joiner between these two does something: between emoji (ZWJ), or in scripts whose
/// letters change shape (both joiners).
pub(super) fn joined(base: char, joiner: char, next: char) -> bool {
    (joiner == '\u{200D}' && pictographic(base) && pictographic(next))
        || (shaping(base) && shaping(next))
}

/// Whether a base character can have this variation selector.
pub(super) fn selects(base: char, selector: char) -> bool {
    match selector {
        '\u{FE0E}' | '\u{FE0F}' => matches!(base, '0'..='9' | '#' | '*') || pictographic(base),
        '\u{180B}'..='\u{180F}' => matches!(base, '\u{1800}'..='\u{18AF}'),
        _ => base > '\u{FF}',
    }
}

/// The Control Pictures block mirrors C0.
fn picture(c: char) -> char {
    char::from_u32(0x2400 + u32::from(c)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Characters without a shape that can hide or split words: format controls and fillers.
fn hidden(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180E}'
        | '\u{200B}' | '\u{2060}'..='\u{2065}' | '\u{206A}'..='\u{206F}' | '\u{3164}'
        | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{13430}'..='\u{1343F}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E001F}' | '\u{E0080}'..='\u{E00FF}' | '\u{E01F0}'..='\u{E0FFF}')
}

/// Characters with a width that still belong to the cluster before them: spacing vowel signs,
/// emoji skin tones, halfwidth sound marks.
fn attaches(c: char) -> bool {
    let candidate = c >= '\u{900}'
        && !matches!(c, '\u{2000}'..='\u{2FFF}' | '\u{3040}'..='\u{A7FF}' | '\u{AC00}'..='\u{FDFF}');
    candidate && one_cluster(&['a', c])
}

/// UAX 29 rule GB11 joins exactly the `Extended_Pictographic` characters.
fn pictographic(c: char) -> bool {
    c > '\u{A8}' && one_cluster(&[c, '\u{200D}', '\u{A9}'])
}

fn one_cluster(chars: &[char]) -> bool {
    let text: String = chars.iter().collect();
    text.graphemes(true).nth(1).is_none()
}

/// Scripts with cursive joining or conjuncts: Arabic to Vedic, the Indic blocks above U+A800, and
/// the Brahmic blocks of plane 1.
fn shaping(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{1CFF}' | '\u{A800}'..='\u{ABFF}' | '\u{11000}'..='\u{11FFF}')
}
