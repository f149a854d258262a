//! Just enough of a Rust reader for the rules: code without comments and strings, test code marked,
//! items with their lengths, paths with their roots. Not a parser: it relies on formatted code that
//! compiles.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// One source file.
pub struct Source {
    /// Path below the package, with `/`.
    pub path: String,
    /// The file as it is.
    pub text: String,
    /// The same with comments, literals and test code blanked; lines stay where they are.
    pub code: String,
}

/// An item in braces.
#[derive(Debug, PartialEq, Eq)]
pub struct Item {
    pub name: String,
    /// Line of its keyword, from 1.
    pub line: usize,
    /// Lines from its keyword to its closing brace.
    pub lines: usize,
    /// Entries of the outermost level of its body: variants or fields.
    pub entries: usize,
}

/// All Rust files below `folder`, sorted, without those that only tests include.
pub fn sources(root: &Path, folder: &str) -> Vec<Source> {
    let mut paths = Vec::new();
    collect(&root.join(folder), &mut paths);
    paths.sort();
    let files: Vec<(PathBuf, String)> = paths
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .filter_map(|path| fs::read_to_string(&path).ok().map(|text| (path, text)))
        .collect();
    let test_only: Vec<PathBuf> = files
        .iter()
        .flat_map(|(path, text)| test_modules(path, text))
        .collect();
    files
        .into_iter()
        .filter(|(path, _)| !test_only.iter().any(|only| path.starts_with(only)))
        .map(|(path, text)| Source {
            path: relative(root, &path),
            code: without_tests(&blank(&text)),
            text,
        })
        .collect()
}

/// Every file below `folder`.
pub fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, into);
        } else {
            into.push(path);
        }
    }
}

/// `path` below `root`, with `/`.
pub fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root)
        .unwrap_or(path)
        .to_string_lossy()
        .replace('\\', "/")
}

/// Files and folders of modules that `text` declares behind `#[cfg(test)]`.
fn test_modules(path: &Path, text: &str) -> Vec<PathBuf> {
    let folder = match path.file_name().and_then(|name| name.to_str()) {
        Some("mod.rs" | "lib.rs" | "main.rs") => path.with_file_name(""),
        _ => path.with_extension(""),
    };
    let mut found = Vec::new();
    for (at, _) in text.match_indices("#[cfg(test)]") {
        let mut explicit = None;
        for line in text[at..].lines().skip(1).map(str::trim) {
            if let Some(name) = line.strip_prefix("#[path = \"") {
                explicit = name.split('"').next();
            } else if let Some(name) = module_name(line) {
                if let Some(file) = explicit {
                    found.push(path.with_file_name(file));
                } else {
                    found.push(folder.join(name).with_extension("rs"));
                    found.push(folder.join(name));
                }
                break;
            } else if !line.starts_with("#[") && !line.starts_with("//") {
                break;
            }
        }
    }
    found
}

/// The name in `mod name;` with any visibility.
fn module_name(line: &str) -> Option<&str> {
    let declaration = line.strip_suffix(';')?;
    let (visibility, name) = declaration.rsplit_once("mod ")?;
    (visibility.is_empty() || visibility.starts_with("pub")).then_some(name)
}

/// Replaces comments and the insides of literals by blanks; line breaks stay.
pub fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let end = literal_end(bytes, at);
        if end > at {
            out.extend(
                bytes[at..end]
                    .iter()
                    .map(|byte| if *byte == b'\n' { b'\n' } else { b' ' }),
            );
            at = end;
        } else {
            // Bytes above ASCII stand only in literals and comments of our code.
            out.push(if bytes[at].is_ascii() {
                bytes[at]
            } else {
                b' '
            });
            at += 1;
        }
    }
    String::from_utf8(out).expect("ASCII only")
}

/// End of the comment or literal that starts at `at`; `at` itself when none does.
fn literal_end(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    if rest.starts_with(b"//") {
        return at
            + rest
                .iter()
                .position(|byte| *byte == b'\n')
                .unwrap_or(rest.len());
    }
    if rest.starts_with(b"/*") {
        return at + block_comment(rest);
    }
    if let Some(length) = raw_string(bytes, at) {
        return at + length;
    }
    match rest[0] {
        b'"' => at + quoted(rest, b'"'),
        b'\'' if rest.get(1) == Some(&b'\\') || char_literal(rest) => at + quoted(rest, b'\''),
        _ => at,
    }
}

fn block_comment(rest: &[u8]) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    at
}

/// Length of `r"…"`, `r#"…"#` and their byte forms.
fn raw_string(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..];
    if at > 0 && is_word(bytes[at - 1]) {
        return None;
    }
    let start = usize::from(rest.starts_with(b"b"));
    if rest.get(start) != Some(&b'r') {
        return None;
    }
    let hashes = rest[start + 1..]
        .iter()
        .take_while(|byte| **byte == b'#')
        .count();
    let open = start + 1 + hashes;
    if rest.get(open) != Some(&b'"') {
        return None;
    }
    let mut close = vec![b'"'];
    close.resize(1 + hashes, b'#');
    let body = &rest[open + 1..];
    let length = body
        .windows(close.len())
        .position(|window| window == close)
        .unwrap_or(body.len());
    Some(open + 1 + length + close.len())
}

fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// True for `'x'`, false for the lifetime `'x`.
fn char_literal(rest: &[u8]) -> bool {
    let text = &rest[1..rest.len().min(6)];
    let width = match text.first() {
        Some(0xf0..) => 4,
        Some(0xe0..) => 3,
        Some(0xc0..) => 2,
        _ => 1,
    };
    text.get(width) == Some(&b'\'')
}

pub fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Blanks every item behind `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    let mut out = code.as_bytes().to_vec();
    for (at, _) in code.match_indices("#[cfg(test)]") {
        let end = item_end(code, at);
        for byte in &mut out[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    }
    String::from_utf8(out).expect("ASCII only")
}

/// End of the item that starts at `at`: its `;` or its closing brace.
fn item_end(code: &str, at: usize) -> usize {
    let mut depth = 0_usize;
    for (offset, byte) in code.bytes().enumerate().skip(at) {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && byte == b'}' {
                    return offset + 1;
                }
            }
            b';' if depth == 0 => return offset + 1,
            _ => {}
        }
    }
    code.len()
}

/// Every `keyword name … { … }` of blanked code.
pub fn items(code: &str, keyword: &str) -> Vec<Item> {
    let pattern = format!("{keyword} ");
    let mut found = Vec::new();
    for (at, _) in code.match_indices(&pattern) {
        if at > 0 && is_word(code.as_bytes()[at - 1]) {
            continue;
        }
        let name: String = code[at + pattern.len()..]
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect();
        let end = item_end(code, at);
        if name.is_empty() || !code[..end].ends_with('}') {
            continue;
        }
        found.push(Item {
            name,
            line: 1 + code[..at].matches('\n').count(),
            lines: 1 + code[at..end].matches('\n').count(),
            entries: entries(&code[at..end]),
        });
    }
    found
}

/// Parts between commas at the outermost level of the braces.
fn entries(item: &str) -> usize {
    let Some(open) = item.find('{') else { return 0 };
    let body = &item[open + 1..item.len() - 1];
    let (mut depth, mut count, mut filled) = (0_usize, 0, false);
    for byte in body.bytes() {
        match byte {
            b'{' | b'(' | b'[' | b'<' => depth += 1,
            b'}' | b')' | b']' | b'>' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                count += usize::from(filled);
                filled = false;
                continue;
            }
            _ => {}
        }
        filled |= !byte.is_ascii_whitespace();
    }
    count + usize::from(filled)
}

/// Modules, as full paths below the crate, that the code of `path` names by `crate::…` or
/// `super::…`.
pub fn references(path: &str, code: &str) -> Vec<String> {
    let own = module_of(path);
    let mut found = Vec::new();
    for (at, _) in code.match_indices("::") {
        let word_start = code[..at]
            .rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .map_or(0, |index| index + 1);
        let before = &code[..word_start];
        let mut base = match &code[word_start..at] {
            "crate" if !before.ends_with("::") => Vec::new(),
            "super" if !before.ends_with("::") => {
                let mut base = own.clone();
                base.pop();
                base
            }
            _ => continue,
        };
        let mut rest = &code[at + 2..];
        while let Some(further) = rest.strip_prefix("super::") {
            base.pop();
            rest = further;
        }
        let mut paths = Vec::new();
        expand(rest, &base.join("::"), &mut paths);
        found.extend(paths);
    }
    found.sort();
    found.dedup();
    found
}

/// The module a file is.
pub fn module_of(path: &str) -> Vec<String> {
    let trimmed = path
        .trim_start_matches("src/")
        .trim_end_matches(".rs")
        .trim_end_matches("/mod");
    if matches!(trimmed, "lib" | "main") {
        return Vec::new();
    }
    trimmed.split('/').map(str::to_owned).collect()
}

/// The paths of a use tree such as `a::{b, c::d}`; returns what follows it.
fn expand<'a>(tree: &'a str, base: &str, into: &mut Vec<String>) -> &'a str {
    let tree = tree.trim_start();
    let join = |segment: &str| {
        if base.is_empty() {
            segment.to_owned()
        } else {
            format!("{base}::{segment}")
        }
    };
    if let Some(mut rest) = tree.strip_prefix('{') {
        loop {
            rest = expand(rest, base, into).trim_start();
            match rest.strip_prefix(',') {
                Some(further) if !further.trim_start().starts_with('}') => rest = further,
                Some(further) => return further.trim_start().strip_prefix('}').unwrap_or(further),
                None => return rest.strip_prefix('}').unwrap_or(rest),
            }
        }
    }
    let end = tree
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(tree.len());
    if end == 0 {
        into.push(base.to_owned());
        return tree.strip_prefix('*').unwrap_or(tree);
    }
    let here = join(&tree[..end]);
    if let Some(rest) = tree[end..].strip_prefix("::") {
        return expand(rest, &here, into);
    }
    into.push(here);
    let rest = tree[end..].trim_start();
    match rest.strip_prefix("as ") {
        Some(renamed) => {
            renamed.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_')
        }
        None => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked() {
        let check = |text: &str, want: &str| assert_eq!(blank(text), want, "{text}");
        check("a // b\nc", "a     \nc");
        check("a /* b /* c */ d */ e", "a                   e");
        check(r#"f("x\"y", 'c', '\'')"#, "f(      ,    ,     )");
        check(r##"f(r#"a"b"#, b"c")"##, "f(        , b   )");
        check("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}");
        check("let c = '日'; let d = '{';", "let c =      ; let d =    ;");
    }

    #[test]
    fn test_code_is_no_production_code() {
        let code =
            blank("fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() { \"}\"; }\n}\nfn c() {}\n");
        let names: Vec<String> = items(&without_tests(&code), "fn")
            .into_iter()
            .map(|item| item.name)
            .collect();
        assert_eq!(names, ["a", "c"]);
        let found = test_modules(
            Path::new("src/a/mod.rs"),
            "#[cfg(test)]\nmod tests;\n#[cfg(test)]\n#[path = \"b_tests.rs\"]\nmod more;\nmod real;\n",
        );
        assert!(found.contains(&PathBuf::from("src/a/tests.rs")));
        assert!(found.contains(&PathBuf::from("src/a/b_tests.rs")));
        assert!(!found.iter().any(|path| path.ends_with("real.rs")));
    }

    #[test]
    fn items_are_measured() {
        let code = blank(
            "struct A {\n    /// x, y\n    a: Map<K, V>,\n    b: (u8, u8),\n}\nenum B { X, Y(u8, u8), Z { a: u8 } }\nstruct C;\nfn f() {\n    g();\n}\n",
        );
        let measure = |keyword: &str| -> Vec<(String, usize, usize, usize)> {
            items(&code, keyword)
                .into_iter()
                .map(|item| (item.name, item.line, item.lines, item.entries))
                .collect()
        };
        assert_eq!(measure("struct"), [("A".into(), 1, 5, 2)]);
        assert_eq!(measure("enum"), [("B".into(), 6, 1, 3)]);
        assert_eq!(measure("fn"), [("f".into(), 8, 3, 1)]);
    }

    #[test]
    fn paths_are_traced_to_the_crate() {
        let check = |path: &str, code: &str, want: &[&str]| {
            assert_eq!(references(path, code), want, "{path}: {code}");
        };
        check(
            "src/a/b.rs",
            "use crate::{c, d::{e, f as g}, h::*};",
            &["c", "d::e", "d::f", "h"],
        );
        check("src/a/b.rs", "let x = crate::c::D::new();", &["c::D::new"]);
        check("src/a/b.rs", "use super::{x, y::z};", &["a::x", "a::y::z"]);
        check("src/a/b.rs", "use super::super::z;", &["z"]);
        check("src/a/mod.rs", "use super::z;", &["z"]);
        check("src/a/b.rs", "pub(super) fn f() { std::mem::take(x) }", &[]);
    }
}
