//! Tables of markdown and the rows it becomes.

use proptest::prelude::*;

use super::*;

fn rendered(source: &str, columns: u16) -> Vec<String> {
    let styles = TextStyles::default();
    let context = Context {
        columns,
        styles: &styles,
        base: 0,
        definitions: &HashMap::new(),
        highlights: &Highlights::new(),
    };
    let mut out = Vec::new();
    for block in render(source, &context).blocks {
        if !out.is_empty() {
            out.push(String::new());
        }
        out.extend(block.rows.iter().map(Row::text));
    }
    out
}

#[track_caller]
fn check(source: &str, columns: u16, expected: &[&str]) {
    assert_eq!(rendered(source, columns), expected, "{source}");
}

#[test]
fn paragraphs_headings_rules() {
    check(
        "# Title\ntext *with* **marks**\nnext line\n\n---\nend",
        30,
        &[
            "Title",
            "",
            "text with marks",
            "next line",
            "",
            &"─".repeat(30),
            "",
            "end",
        ],
    );
}

#[test]
fn lists() {
    check(
        "- one\n- two words put here\n  - nested\n    1. deep\n- [x] done\n- [ ] open",
        14,
        &[
            "• one",
            "• two words",
            "  put here",
            "  ◦ nested",
            "    1. deep",
            "• [x] done",
            "• [ ] open",
        ],
    );
    check(
        "3. three\n4. four\n\n   more",
        20,
        &["3. three", "", "4. four", "", "   more"],
    );
    check("-\n- x", 20, &["• ", "• x"]);
    check(
        "1. run:\n   ```sh\n   ls\n   ```\n2. stop",
        20,
        &["1. run:", "   ┌ sh", "   │ ls", "2. stop"],
    );
}

#[test]
fn quotes() {
    check(
        "> one\n> two\n>\n> - three",
        20,
        &["▎ one", "▎ two", "▎ ", "▎ • three"],
    );
}

#[test]
fn code_is_cut_with_a_mark_and_loses_nothing() {
    check(
        "```rust\nlet x = 1;\n\n    deep_indent();\n```",
        14,
        &["┌ rust", "│ let x = 1;", "│ ", "│     deep_ind", "↪ ent();"],
    );
    check("    indented\n    code", 20, &["│ indented", "│ code"]);
    check("```\nnarrow\n```", 4, &["narr", "ow"]);
}

#[test]
fn tables_fit_shrink_and_give_way() {
    let table = "| name | n |\n|:--|--:|\n| a | 1 |\n| long name | 22 |";
    check(
        table,
        30,
        &[
            "┌───────────┬────┐",
            "│ name      │  n │",
            "├───────────┼────┤",
            "│ a         │  1 │",
            "│ long name │ 22 │",
            "└───────────┴────┘",
        ],
    );
    check(
        table,
        16,
        &[
            "┌─────────┬────┐",
            "│ name    │  n │",
            "├─────────┼────┤",
            "│ a       │  1 │",
            "├┄┄┄┄┄┄┄┄┄┼┄┄┄┄┤",
            "│ long    │ 22 │",
            "│ name    │    │",
            "└─────────┴────┘",
        ],
    );
    check(
        table,
        12,
        &["▪ name: a", "  n: 1", "▪ name: long", "  name", "  n: 22"],
    );
    check(
        "| 日本 | b |\n|--|--|\n| x<br>y | 👍 |",
        30,
        &[
            "┌──────┬────┐",
            "│ 日本 │ b  │",
            "├──────┼────┤",
            "│ x    │ 👍 │",
            "│ y    │    │",
            "└──────┴────┘",
        ],
    );
}

#[test]
fn links_show_where_they_lead() {
    check(
        "[text](https://a.example) <https://b.example> ![alt](c.png)",
        80,
        &["text (https://a.example) https://b.example alt (c.png)"],
    );
    check(
        "[a][x]\n\n[x]: https://x.example",
        40,
        &["a (https://x.example)"],
    );
}

#[test]
fn html_is_text() {
    check(
        "a <b>bold</b>\n\n<div>\nblock\n</div>",
        40,
        &["a <b>bold</b>", "", "<div>", "block", "</div>"],
    );
}

#[test]
fn decoded_characters_pass_the_gate() {
    check("a&#27;[31m &#x202e;b &#10; c", 40, &["a␛[31m ⇄b", " c"]);
    for row in rendered("[x](<&#27;]0;t&#7;> \"y\") `&#27;`", 60) {
        assert!(!row.contains(char::is_control), "{row:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_always_fit(source in super::super::stream::samples::markdown(), columns in 1u16..60) {
        for row in rendered(&source, columns) {
            prop_assert!(super::super::width::of(&row) <= usize::from(columns), "{row:?} {columns}");
            prop_assert!(!row.contains(char::is_control), "{row:?}");
        }
    }
}
