//! Tests of the YAML door.

use proptest::prelude::*;

use super::*;

/// Text, and code, line and column of each finding it must give.
type Case<'a> = (&'a [u8], &'a [(&'a str, u32, u32)]);

fn root(text: &str) -> Node {
    let parsed = parse(text.as_bytes());
    let notes = parsed.findings.iter().all(|one| one.code == "older-yaml");
    assert!(notes, "{text}: {:?}", parsed.findings);
    parsed.root.unwrap()
}

/// Code, line and column of each finding.
fn places(bytes: &[u8]) -> Vec<(&'static str, u32, u32)> {
    parse(bytes)
        .findings
        .iter()
        .map(|finding| (finding.code, finding.span.line, finding.span.column))
        .collect()
}

fn place(span: Span) -> (u32, u32, usize, usize) {
    (span.line, span.column, span.offset, span.len)
}

#[test]
fn keys_and_values_know_their_places() {
    let root = root(
        "a: 1\nb:\n  - x\n  - {c: 'dé', e: \"on\"}\nlong: |\n  hello\n  you\nz: &x on\nr: *x\n",
    );
    let entry = |key| root.entry(key).unwrap();
    assert_eq!(place(entry("a").key_span), (1, 1, 0, 1));
    assert_eq!(place(entry("a").value.span), (1, 4, 3, 1));
    let items = entry("b").value.items();
    assert_eq!(place(items[0].span), (3, 5, 12, 1));
    let quoted = items[1].get("c").unwrap();
    assert_eq!(
        (quoted.text(), place(quoted.span)),
        (Some("dé"), (4, 9, 22, 4))
    );
    assert_eq!(entry("long").value.text(), Some("hello\nyou\n"));
    // An alias stands where it is used, not where it was defined.
    assert_eq!(entry("r").value.kind, Kind::Bool(true));
    assert_eq!(entry("r").value.span.line, 9);
}

#[test]
fn scalars_are_read_like_massgen_reads_them() {
    for (text, kind) in [
        ("yes", Kind::Bool(true)),
        ("Off", Kind::Bool(false)),
        ("'yes'", Kind::Text("yes".into())),
        ("\"on\"", Kind::Text("on".into())),
        ("y", Kind::Text("y".into())),
        ("True", Kind::Bool(true)),
        ("~", Kind::Null),
        ("", Kind::Null),
        ("1_000", Kind::Int(1000)),
        ("012", Kind::Int(10)),
        ("1:30", Kind::Int(90)),
        ("'1:30'", Kind::Text("1:30".into())),
        ("\"012\"", Kind::Text("012".into())),
        ("1e3", Kind::Float(1000.0)),
        ("0b11 # bits", Kind::Int(3)),
        ("0x1f", Kind::Int(31)),
        ("-5", Kind::Int(-5)),
        ("2.5", Kind::Float(2.5)),
        (".inf", Kind::Float(f64::INFINITY)),
        ("99999999999999999999", Kind::Float(1e20)),
        ("2024-01-01", Kind::Text("2024-01-01".into())),
    ] {
        assert_eq!(
            root(&format!("k: {text}\n")).get("k").unwrap().kind,
            kind,
            "{text}"
        );
    }
}

#[test]
fn words_that_readers_differ_about_are_told_where_they_stand() {
    let text = "a: yes\nb: [no, 'no', \"on\", 012]\nc: &x 1:30\nd: *x\n'e': |\n  yes\n";
    let told = [
        ("older-yaml", 1, 4),
        ("older-yaml", 2, 5),
        ("older-yaml", 2, 21),
        ("older-yaml", 3, 7),
        ("older-yaml", 4, 4),
    ];
    assert_eq!(places(text.as_bytes()), told);
}

#[test]
fn merge_keys_fill_in_what_is_missing() {
    for text in [
        "base: &b {x: 1, y: 2}\nq:\n  <<: *b\n  x: 3\n",
        "base: &b {x: 1, y: 2}\nq:\n  x: 3\n  <<: *b\n",
    ] {
        let root = root(text);
        let q = root.get("q").unwrap();
        assert_eq!(q.get("x").unwrap().kind, Kind::Int(3));
        assert_eq!(q.get("y").unwrap().kind, Kind::Int(2));
    }
}

#[test]
fn json_marks_and_line_ends_do_not_matter() {
    let expected = root("{a: 1, b: [true, null]}");
    let kinds = |root: &Node| root.json();
    for text in [
        "{\n\t\"a\": 1,\n\t\"b\": [true, null]\n}\n",
        "\u{feff}a: 1\r\nb:\r\n- true\r\n- null\r\n",
        "---\na: 1\nb: [true, ~]\n",
        "%YAML 1.1\n---\na: 1\nb: [yes, ]\n...\n",
    ] {
        let got = root(text);
        if text.contains("yes") {
            assert_eq!(got.get("a").unwrap().kind, Kind::Int(1));
        } else {
            assert_eq!(kinds(&got), kinds(&expected), "{text:?}");
        }
    }
}

#[test]
fn what_is_wrong_has_a_place() {
    let deep = format!("a: {}{}", "[".repeat(100), "]".repeat(100));
    let bomb: String = std::iter::once("a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned())
        .chain((1..12).map(|level| {
            let below = format!("*a{}", level - 1);
            format!("a{level}: &a{level} [{}]\n", vec![below; 9].join(","))
        }))
        .collect();
    let cases: &[Case] = &[
        (b"", &[("empty-file", 0, 0)]),
        (b"# only\n\n---\n", &[("empty-file", 0, 0)]),
        (b"- a\n", &[("not-a-map", 1, 1)]),
        (b"text", &[("not-a-map", 1, 1)]),
        (b"a: 1\nb: 2\na: 3\n", &[("duplicate-key", 3, 1)]),
        (b"a: 1\n---\nb: 2\n", &[("multiple-documents", 3, 1)]),
        (b"agents:\n\t- id: x\n", &[("syntax", 2, 2)]),
        (b"a: Note: be brief\n", &[("syntax", 1, 8)]),
        (b"x: 1\na: \"foo\nb: 1\n", &[("syntax", 2, 4)]),
        (b"a: 'foo", &[("syntax", 1, 4)]),
        (b"a: [1, 2\n", &[("syntax", 1, 4)]),
        (b"a: *nope\n", &[("syntax", 1, 4)]),
        (b"a: &a [*a]\n", &[("syntax", 1, 8)]),
        (b"? [a]\n: b\n", &[("syntax", 1, 3)]),
        (b"a: ok\nb: \xff\n", &[("not-utf8", 2, 4)]),
        (b"\xff\xfea\0", &[("not-utf8", 0, 0)]),
        (b"a: \x01b\n", &[("syntax", 1, 4)]),
        (deep.as_bytes(), &[("too-complex", 1, 52)]),
    ];
    for (bytes, expected) in cases {
        assert_eq!(
            &places(bytes),
            expected,
            "{:?}",
            String::from_utf8_lossy(bytes)
        );
    }
    assert_eq!(places(bomb.as_bytes())[0].0, "too-complex");
    assert_eq!(places(&vec![b'a'; MAX_BYTES + 1])[0].0, "too-large");
}

#[test]
fn slips_get_a_hint() {
    for (text, help) in [
        ("agents:\n\t- id: x\n", "line 2 is indented with a tab"),
        ("a: Note: be brief\n", "must be quoted: \"Note: be brief\""),
        ("a: @x\n", "quote the value"),
    ] {
        let parsed = parse(text.as_bytes());
        let got = &parsed.findings[0].suggestion;
        assert!(got.contains(help), "{text:?}: {got}");
    }
}

#[test]
fn a_hint_repeats_no_secret() {
    for text in [
        "api_key: my: own key\n",
        "a:\n- 'auth-token': @own key\n",
        "password: `own key`\n",
    ] {
        let parsed = parse(text.as_bytes());
        let got = &parsed.findings[0].suggestion;
        assert!(
            got.contains("quote") && !got.contains("own"),
            "{text:?}: {got}"
        );
    }
}

#[test]
fn a_file_of_very_many_keys_is_none_of_ours() {
    let lines: Vec<String> = (0..30_000).map(|key| format!("k{key}: 1\n")).collect();
    assert_eq!(places(lines.concat().as_bytes())[0].0, "too-complex");
}

#[test]
fn the_last_of_two_equal_keys_counts() {
    let parsed = parse(b"a: {x: 1, x: 2}\na: {y: 3}\n");
    let root = parsed.root.unwrap();
    assert_eq!(root.entries().len(), 1);
    assert!(root.get("a").unwrap().get("y").is_some());
    assert_eq!(parsed.findings.len(), 2);
    assert!(parsed.findings[1].message.contains("line 1"));
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn any_yaml_like_text_is_survived(text in "([-a-z{}\\[\\],:?&*!|>'\"%@`#~. \t\n0-9]|<<: ){0,200}") {
        let parsed = parse(text.as_bytes());
        for finding in &parsed.findings {
            prop_assert!(finding.span.line as usize <= text.split('\n').count() + 1);
        }
    }

    #[test]
    fn spans_point_at_what_they_name(keys in proptest::collection::btree_set("[a-zé]{1,8}[0-9]", 1..8)) {
        let lines: Vec<String> = keys.iter().map(|key| format!("{key}: 'v'\n")).collect();
        let text = lines.concat();
        let parsed = parse(text.as_bytes());
        let chars: Vec<char> = parsed.text.chars().collect();
        let root = parsed.root.unwrap();
        prop_assert_eq!(root.entries().len(), keys.len());
        for entry in root.entries() {
            let at = entry.key_span;
            let named: String = chars[at.offset..at.offset + at.len].iter().collect();
            prop_assert_eq!(&named, &entry.key);
        }
    }
}
