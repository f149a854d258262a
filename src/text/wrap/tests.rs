//! Tables of wrapped text; properties of any wrap.

use proptest::prelude::*;

use super::*;

fn wrapped(text: &str, columns: u16) -> Vec<String> {
    rows(
        &[Run::new(text, Style::new(), 0)],
        columns,
        &Indent::default(),
    )
    .iter()
    .map(Row::text)
    .collect()
}

fn check(text: &str, columns: u16, expected: &[&str]) {
    assert_eq!(wrapped(text, columns), expected, "{text:?} at {columns}");
}

#[test]
fn words_spaces_and_long_words() {
    check("", 10, &[""]);
    check("the quick brown fox", 10, &["the quick", "brown fox"]);
    check("the quick  brown fox  ", 9, &["the quick", "brown fox"]);
    check("  indented text here", 10, &["  indented", "text here"]);
    check("            deep", 8, &["    deep"]);
    check("abcdefghijkl", 5, &["abcde", "fghij", "kl"]);
    check("a abcdefghijkl", 5, &["a", "abcde", "fghij", "kl"]);
    check("don’t stop", 5, &["don’t", "stop"]);
}

#[test]
fn urls_and_paths_stay_whole_or_break_at_joints() {
    check(
        "see https://a.example/b now",
        19,
        &["see", "https://a.example/b", "now"],
    );
    check(
        "https://a.example/one/two/three",
        14,
        &["https://a.", "example/one/", "two/three"],
    );
    check(
        "src/text/markdown/mod.rs",
        12,
        &["src/text/", "markdown/", "mod.rs"],
    );
}

#[test]
fn cjk_breaks_anywhere_but_at_punctuation() {
    check("日本語、テスト。", 6, &["日本", "語、テ", "スト。"]);
    check("「日本語」です", 6, &["「日本", "語」で", "す"]);
    check("한국어 문장입니다", 8, &["한국어", "문장입니", "다"]);
    check("日本", 1, &["…", "…"]);
}

#[test]
fn clusters_are_never_cut() {
    check("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 3, &["👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦"]);
    check(
        "e\u{301}e\u{301}e\u{301}",
        2,
        &["e\u{301}e\u{301}", "e\u{301}"],
    );
}

#[test]
fn indent_hangs_and_gives_way() {
    let indent = Indent {
        first: vec!["• ".into()],
        rest: vec!["  ".into()],
    };
    let run = Run::new("one two three", Style::new(), 5);
    let made = rows(std::slice::from_ref(&run), 9, &indent);
    assert_eq!(
        made.iter().map(Row::text).collect::<Vec<_>>(),
        ["• one two", "  three"]
    );
    assert_eq!(made.iter().map(|row| row.at).collect::<Vec<_>>(), [5, 13]);
    assert_eq!(rows(&[run], 2, &indent)[0].text(), "on");
}

#[test]
fn styles_go_on_over_breaks() {
    let bold = Style::new().add_modifier(ratatui::style::Modifier::BOLD);
    let made = rows(
        &[
            Run::new("plain bo", Style::new(), 0),
            Run::new("ld text", bold, 8),
        ],
        9,
        &Indent::default(),
    );
    assert_eq!(made[0].text(), "plain");
    assert_eq!(made[1].text(), "bold text");
    assert_eq!(made[1].line.spans[1].style, bold);
}

#[test]
fn ten_megabytes_in_one_line_are_one_pass() {
    let line = "x".repeat(1 << 20);
    let mut count = 0;
    let mut longest = 0;
    wrap(
        &[Run::new(line.as_str(), Style::new(), 0)],
        80,
        &Indent::default(),
        Breaks::Words,
        &mut |row| {
            count += 1;
            longest = longest.max(row.width());
        },
    );
    assert_eq!((count, longest), ((1 << 20) / 80 + 1, 80));
}

fn words() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z]{1,12}",
        Just(" ".to_owned()),
        Just("  ".to_owned()),
        Just("日本語。".to_owned()),
        Just("https://x.example/a/b?c=d&e".to_owned()),
        Just("👩‍👩‍👧‍👦".to_owned()),
        Just("’".to_owned()),
        Just("「".to_owned()),
        Just("e\u{301}".to_owned()),
        Just("ﾊﾟ".to_owned()),
        Just("🇩🇪".to_owned()),
        Just("क्षि".to_owned()),
    ];
    proptest::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

fn solid(text: &str) -> String {
    text.chars().filter(|c| *c != ' ').collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_fit_and_lose_nothing(text in words(), columns in 1u16..30, cut in 0usize..40) {
        let at = text.char_indices().map(|(at, _)| at).nth(cut).unwrap_or(text.len());
        let (left, right) = text.split_at(at);
        let runs = [Run::new(left, Style::new(), 0), Run::new(right, Style::new().add_modifier(ratatui::style::Modifier::BOLD), left.len() as u64)];
        let made = rows(&runs, columns, &Indent::default());
        for row in &made {
            prop_assert!(row.width() <= usize::from(columns), "{:?}", row.text());
        }
        prop_assert!(made.windows(2).all(|pair| pair[0].at <= pair[1].at));
        if columns >= 6 {
            let joined: String = made.iter().map(Row::text).collect();
            prop_assert_eq!(solid(&joined), solid(&text));
        }
    }

    #[test]
    fn wrapping_can_be_resumed_at_any_row(text in words(), columns in 2u16..30) {
        let whole = rows(&[Run::new(text.as_str(), Style::new(), 0)], columns, &Indent::default());
        for (index, row) in whole.iter().enumerate() {
            let rest = &text[usize::try_from(row.at).unwrap()..];
            let again = rows(&[Run::new(rest, Style::new(), row.at)], columns, &Indent::default());
            prop_assert_eq!(&whole[index..], &again[..]);
        }
    }

    #[test]
    fn painted_cells_are_counted_cells(text in words()) {
        use ratatui::{buffer::Buffer, layout::Rect};
        let mut buffer = Buffer::empty(Rect::new(0, 0, 1000, 1));
        let (x, _) = buffer.set_stringn(0, 0, &text, 1000, Style::new());
        prop_assert_eq!(usize::from(x), width::of(&text));
    }
}
