//! Tests of the even form.

use std::path::Path;

use proptest::prelude::*;

use super::*;

fn even(text: &str) -> String {
    let once = format(text).unwrap_or_else(|why| panic!("{why}:\n{text}"));
    assert_eq!(
        format(&once).as_ref(),
        Ok(&once),
        "not the same a second time:\n{text}"
    );
    once
}

#[test]
fn indentation_is_even_and_comments_stay_with_their_keys() {
    let text = "\
# A team.

agents:
# the fast one
-   backend:
        model: m   # small
        # which server
        type: vllm
    id: a
    # the end of a
-   id: b
    backend: {type: vllm,
      model: m}
    system_message: |
         Be brief.
           Really.

    subtask: >-
     long
     words
# what holds for all
orchestrator:
      max_new_answers_per_agent: 2
      # nothing else


ui:
# last
";
    insta::assert_snapshot!(even(text), @r"
    # A team.

    agents:
      # the fast one
      - id: a
        backend:
          model: m   # small
          # which server
          type: vllm
        # the end of a
      - id: b
        backend: {type: vllm,
          model: m}
        system_message: |
          Be brief.
            Really.

        subtask: >-
          long
          words
    # what holds for all
    orchestrator:
      max_new_answers_per_agent: 2
      # nothing else

    ui:
    # last
    ");
}

#[test]
fn keys_people_look_for_come_first_unless_a_comment_or_an_anchor_would_suffer() {
    let plain = "ui: {}\nagents:\n  - id: a\n    backend:\n      top_p: 1\n      model: m\n      type: vllm\n";
    assert_eq!(
        even(plain),
        "agents:\n  - id: a\n    backend:\n      type: vllm\n      model: m\n      top_p: 1\nui: {}\n"
    );
    for text in [
        "# head of the file\nui: {}\nagents: []\n",
        "ui: {}\n\n# a section\n\nagents: []\n",
        "ui: &u {}\nagents: []\nx: *u\n",
    ] {
        assert_eq!(even(text), text);
    }
}

#[test]
fn forms_that_could_lose_something_are_left_alone_with_the_reason() {
    for (text, why) in [
        ("a: [1\n", "config check"),
        ("- a\n", "config check"),
        ("a: 1\na: 2\n", "config check"),
        ("? a\n: 1\n", "no plain words"),
        ("%YAML 1.1\n---\na: 1\n", "directives"),
        ("{a: 1, b: 2}\n", "not JSON"),
    ] {
        let got = format(text);
        assert!(
            got.as_ref().is_err_and(|got| got.contains(why)),
            "{text}: {got:?}"
        );
    }
    assert_eq!(even("---\na:   1\n"), "---\na:   1\n");
    assert_eq!(
        even("{\"b\":1,\"a\":[true]}"),
        "{\n  \"b\": 1,\n  \"a\": [\n    true\n  ]\n}\n"
    );
    assert_eq!(even("a: 1\r\nb:\r\n- 2"), "a: 1\nb:\n  - 2\n");
}

#[test]
fn every_file_of_ours_can_be_formatted_and_most_of_massgens() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![
        root.join("configs"),
        root.join("tests/fixtures/config/valid"),
    ];
    if let Some(data) = std::env::var_os("MASSGEN_TUI_SHARED") {
        folders.push(Path::new(&data).join("data/massgen_configs"));
    }
    let (mut whole, mut left) = (0, Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            match format(&text) {
                Ok(once) => {
                    assert_eq!(format(&once), Ok(once), "{}", path.display());
                    whole += 1;
                }
                Err(why) => left.push(format!("{}: {why}", path.display())),
            }
        }
    }
    assert!(
        left.len() * 20 <= whole,
        "{whole} are formatted, not these:\n{}",
        left.join("\n")
    );
}

/// Trees in block form with comments, blank lines and uneven indentation.
fn tree() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "1",
        "x",
        "'it''s'",
        "\"a # b\"",
        "[1, 2]",
        "{k: v}",
        "yes",
        "",
        "a b c  # words",
        "http://x/y",
        "|\n%   block\n%    text",
        ">-\n%  folded\n\n%  words",
    ]);
    let leaf = (leaf, any::<bool>()).prop_map(|(text, comment)| {
        let comment = if comment && !text.contains(['\n', '#']) {
            " # why"
        } else {
            ""
        };
        format!(" {text}{comment}")
    });
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            (
                prop::collection::vec(inner.clone(), 1..5),
                1..5_usize,
                0..4_u8
            )
                .prop_map(|(values, by, mark)| below(
                    &values,
                    by,
                    mark,
                    |index| format!("key{index}:")
                )),
            (prop::collection::vec(inner, 1..4), 1..4_usize, 0..4_u8)
                .prop_map(|(values, by, mark)| below(&values, by, mark, |_| "-".to_owned())),
        ]
    })
}

/// Values one level deeper; `%` stands for the indentation of the level.
fn below(values: &[String], by: usize, mark: u8, name: impl Fn(usize) -> String) -> String {
    let pad = " ".repeat(by);
    let mut text = String::new();
    for (index, value) in values.iter().enumerate() {
        match mark {
            0 => text.extend(["\n%", &pad, "# about it"]),
            1 => text.push('\n'),
            _ => {}
        }
        let value = value.replace('%', &format!("%{pad}"));
        text.extend(["\n%", &pad, &name(index), &value]);
    }
    text
}

proptest! {
    #[test]
    fn what_is_formatted_stays_so_and_means_the_same(value in tree()) {
        let text = format!("top:{}\nlast: 1\n", value.replace('%', ""));
        if let Ok(once) = format(&text) {
            prop_assert_eq!(format(&once), Ok(once.clone()));
            prop_assert_eq!(yaml::sound(&once).map(|node| values(&node)), yaml::sound(&text).map(|node| values(&node)));
        }
    }

    #[test]
    fn any_text_is_survived(text in "[ -~\n]{0,120}") {
        let _ = format(&text);
    }
}
