//! Small fixes pass at every level, padding at none: by example and by law.

use proptest::prelude::*;

use super::echo;
use crate::protocol::Novelty::{self, Balanced, Lenient, Off, Strict};

const LEVELS: [Novelty; 3] = [Lenient, Balanced, Strict];

const ESSAY: &str = "\
# The Titanic

The Titanic sank in 1912 off Newfoundland, after it struck an iceberg at 23:40. About 1500 people \
died; 705 were saved by the Carpathia. The ship is safe today: it lies at a depth of 3800 metres.

| what | how much |
|---|---|
| length | 269 m |
| crew | 885 |

```python
def age(year):
    return year - 1912
```
";

/// The mildest level that refuses; `Off` when none does.
fn refused_from(known: &str, text: &str) -> Novelty {
    LEVELS
        .into_iter()
        .find(|level| echo(known, text, *level).is_some())
        .unwrap_or(Off)
}

#[test]
fn small_fixes_pass_everywhere() {
    for (from, to) in [
        ("1912 off", "1911 off"),
        ("705 were", "706 were"),
        ("| 269 m |", "| 268 m |"),
        ("Newfoundland", "Greenland"),
        ("Carpathia", "Californian"),
        ("is safe", "is not safe"),
        ("after it struck", "before it struck"),
        ("year - 1912", "year - 1912 + 1"),
        ("return year", "return abs(year)"),
        (
            "def age(year):\n",
            "def age(year):\n    if year < 1912:\n        return 0\n",
        ),
        ("    return year - 1912\n", ""),
        ("23:40", "23:41"),
    ] {
        let fixed = ESSAY.replace(from, to);
        assert_ne!(fixed, ESSAY, "{from:?} does not occur");
        assert_eq!(refused_from(ESSAY, &fixed), Off, "{from:?} to {to:?}");
    }
    for (known, fixed) in [
        ("The answer is 42.", "The answer is 43."),
        ("The capital is Sydney.", "The capital is Canberra."),
        ("x = 1", "x = 2"),
        ("Use `foo`.", "Use `bar_2`."),
        ("It is not true.", "It is true."),
        ("Sort ascending.", "Sort descending."),
        ("a <= b", "a < b"),
        ("Paris has 2, London has 9.", "Paris has 9, London has 2."),
        ("答えは5です。", "答えは6です。"),
    ] {
        assert_eq!(refused_from(known, fixed), Off, "{known:?} to {fixed:?}");
    }
}

#[test]
fn padding_reordering_and_form_pass_nowhere() {
    let padded = |from: &str, to: &str| {
        let text = ESSAY.replace(from, to);
        assert_ne!(text, ESSAY, "{from:?} does not occur");
        text
    };
    for text in [
        padded("# The Titanic", "**The Titanic**"),
        padded("The ship is", "However, the ship is indeed quite clearly"),
        padded("About 1500", "It is important to note that about 1500"),
        padded("The Titanic sank in 1912", "In 1912 the Titanic sank"),
        padded("people died", "people died, 1500 people died"),
        padded("| crew | 885 |\n", "").replace("|---|---|\n", "|---|---|\n| crew | 885 |\n"),
        format!("{ESSAY}\nIn summary, I am confident that this is a thorough and complete-as-is: 1912.\n")
            .replace("complete-as-is: ", ""),
        format!("{ESSAY}\n{ESSAY}"),
        ESSAY.to_uppercase().replace("```PYTHON", "```python"),
        padded("    return", "    # note: verified\n    return"),
    ] {
        assert_eq!(refused_from(ESSAY, &text), Lenient, "{text}");
    }
}

#[test]
fn levels_differ_where_words_change() {
    for (text, from) in [
        // One ordinary word in its place: a correction, as far as anybody can tell.
        (ESSAY.replace("struck", "rammed"), Strict),
        // An addition of a few words to a long text.
        (format!("{ESSAY}\nIts captain drowned.\n"), Balanced),
        // Half of it is gone.
        ("The Titanic sank in 1912.".to_owned(), Off),
        (
            "Something else entirely: boats, harbours and gulls.".to_owned(),
            Off,
        ),
    ] {
        assert_eq!(refused_from(ESSAY, &text), from, "{text}");
    }
    assert_eq!(refused_from("", "anything"), Off);
    assert_eq!(
        refused_from("the of and", "and of the"),
        Off,
        "nothing to judge"
    );
    assert_eq!(echo(ESSAY, ESSAY, Off), None);
    assert_eq!(echo(ESSAY, ESSAY, Lenient), Some(100));
}

#[test]
fn an_enormous_text_is_not_compared() {
    let long = "word ".repeat(60_000);
    assert_eq!(echo(&long, &long, Strict), None);
    let many = (0..20_000)
        .map(|n| n.to_string())
        .collect::<Vec<_>>()
        .join("\n");
    let _ = echo(&many, &many, Strict);
}

fn noun() -> impl Strategy<Value = String> {
    prop_oneof![
        "[b-z][a-z]{3,8}".prop_map(|word| format!("{word}ob")),
        (10_u32..999).prop_map(|number| number.to_string()),
    ]
}

fn sentence() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(noun(), 2..7)
}

fn text(sentences: &[Vec<String>]) -> String {
    let lines: Vec<String> = sentences.iter().map(|words| words.join(" ")).collect();
    lines.join(".\n")
}

proptest! {
    /// Other order, repetition, filler and form are refused by every level.
    #[test]
    fn nothing_said_twice_is_new(
        said in proptest::collection::vec(sentence(), 1..8),
        turns in any::<[u8; 8]>(),
        filler in proptest::sample::select(vec!["indeed", "really", "In summary,", "the", "**", "—", "clearly"]),
    ) {
        let known = text(&said);
        let mut other = said.clone();
        for (at, turn) in turns.iter().enumerate() {
            let count = other.len();
            other.swap(at % count, *turn as usize % count);
            let words = &mut other[*turn as usize % count];
            let length = words.len();
            match turn % 4 {
                0 => words.reverse(),
                1 => words.insert(*turn as usize % (length + 1), filler.to_owned()),
                2 => words[0] = words[0].to_uppercase(),
                _ => {
                    let again = said[*turn as usize % said.len()].clone();
                    other.push(again);
                }
            }
        }
        let padded = text(&other);
        for level in LEVELS {
            prop_assert!(echo(&known, &padded, level).is_some(), "{level:?}\n{known}\n{padded}");
        }
    }

    /// A number that was not there before, in the place of another word, passes every level.
    #[test]
    fn a_changed_number_is_new(
        said in proptest::collection::vec(sentence(), 1..8),
        place in any::<u16>(),
        number in 1_000_u32..9_999,
    ) {
        let known = text(&said);
        let mut fixed = said;
        let count = fixed.len();
        let words = &mut fixed[place as usize % count];
        let at = place as usize / 7 % words.len();
        prop_assume!(words.len() > 1 && words.iter().filter(|word| **word == words[at]).count() == 1);
        words[at] = number.to_string();
        for level in LEVELS {
            prop_assert_eq!(echo(&known, &text(&fixed), level), None, "{:?} {}", level, &known);
        }
    }

    /// Any two texts: a stricter level refuses at least as much, and nothing panics.
    #[test]
    fn stricter_is_stricter(known in "(?s).{0,80}", text in "(?s).{0,80}") {
        let refused = LEVELS.map(|level| echo(&known, &text, level).is_some());
        prop_assert!(refused.is_sorted(), "{refused:?}");
        prop_assert_eq!(echo(&known, &text, Off), None);
    }
}
