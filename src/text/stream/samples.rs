//! Markdown made for property tests: pieces that are likely to meet each other badly.

use proptest::prelude::*;

/// Markdown of any shape, past the gate.
pub(crate) fn markdown() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zäß日👍]{1,12}".prop_map(|word| word + " "),
        3 => Just("\n".to_owned()),
        4 => Just("\n\n".to_owned()),
        1 => prop_oneof![
            Just("# Head "), Just("\n---\n"), Just("==="), Just("- item "), Just("\n- [x] task "),
            Just("\n  - nested "), Just("1. one "), Just("\n2) two "), Just("\n   cont "), Just("> quote "),
            Just("\n\n"), Just("    code "), Just("\t"),
        ].prop_map(str::to_owned),
        1 => prop_oneof![
            Just("```"), Just("```rust\n"), Just("\n```\n"), Just("~~~~"), Just("  ```\n"), Just("````\n"),
            Just("let x = 1;\n"), Just("\n\n\n"),
        ].prop_map(str::to_owned),
        1 => prop_oneof![
            Just("| a | b |\n|--|:-:|\n"), Just("| 1 | 日本 |\n"), Just("|--"), Just("|"), Just("| x "),
            Just("**bold** "), Just("*emph"), Just("`code` "), Just("~~no~~ "), Just("[l](u) "),
            Just("<b>"), Just("\n<div>\n"), Just("</div>\n"), Just("<!-- "), Just("-->"), Just("\\"), Just("&amp;"),
            Just("e\u{301}"), Just("👩‍👩‍👧‍👦"),
        ].prop_map(str::to_owned),
    ];
    proptest::collection::vec(piece, 0..40)
        .prop_map(|pieces| crate::text::clean::text(&pieces.concat()).into_owned())
}
