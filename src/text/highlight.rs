//! Syntax highlighting: the only door to syntect and two-face.
//!
//! Pure CPU work, meant to be called off the UI path, once per finished block. Grammars are loaded
//! on first use and shared. Colours are roles on the 16 ANSI colours, never RGB: the user's palette
//! decides how a keyword looks. Under `NO_COLOR` roles become bold and italic.
//!
//! Invariants: one line out per line in, with the same text; an unknown language, an odd grammar or
//! a line beyond 4 KiB gives plain text, never an error.
//!
//! Not here: which blocks are worth it (guards in [`super::stream`]).

use std::{str::FromStr, sync::OnceLock};

use ratatui::{
    style::{Color as Ansi, Modifier, Style},
    text::{Line, Span},
};
use syntect::{
    easy::HighlightLines,
    highlighting::{Color, ScopeSelectors, StyleModifier, Theme, ThemeItem, ThemeSettings},
    parsing::{SyntaxReference, SyntaxSet},
};

use super::{HighlightJob, Highlighted};

/// Longest line, in bytes, that is highlighted; regular expressions are slow on longer ones.
const MAX_LINE: usize = 4096;

/// What a piece of code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Role {
    Plain,
    Comment,
    Text,
    Keyword,
    Constant,
    Function,
    Type,
    Attribute,
    Inserted,
    Deleted,
}

/// Scopes by role, in the naming of text editors' grammars (<https://macromates.com/manual/en/language_grammars>).
/// More specific selectors win, whatever the order.
const SCOPES: [(Role, &str); 10] = [
    (Role::Comment, "comment, punctuation.definition.comment"),
    (
        Role::Text,
        "string, punctuation.definition.string, markup.raw, markup.inline.raw",
    ),
    (
        Role::Keyword,
        "keyword, storage, storage.type.function, variable.language, support.type.property-name.css, entity.name.tag, \
         markup.heading, keyword.operator.word",
    ),
    (
        Role::Plain,
        "keyword.operator, punctuation, keyword.operator.assignment, meta.template.expression, string source",
    ),
    (
        Role::Constant,
        "constant, constant.character.escape, constant.other.placeholder, markup.list, constant.numeric",
    ),
    (
        Role::Function,
        "entity.name.function, support.function, variable.function, entity.name.section, meta.function-call.generic",
    ),
    (
        Role::Type,
        "entity.name.type, entity.name.class, entity.name.struct, entity.name.enum, entity.name.trait, \
         entity.name.impl, entity.name.namespace, support.type, support.class, storage.type.numeric, \
         entity.other.inherited-class",
    ),
    (
        Role::Attribute,
        "entity.other.attribute-name, variable.parameter, variable.annotation, meta.annotation, \
         meta.mapping.key string, entity.name.tag.yaml, support.type.property-name, entity.name.label, entity.name.lifetime, \
         support.macro, entity.name.macro, variable.other.readwrite.shell",
    ),
    (Role::Inserted, "markup.inserted"),
    (Role::Deleted, "markup.deleted"),
];

/// Language words that models write and the grammars do not know.
const ALIASES: [(&str, &str); 14] = [
    ("jsonc", "json"),
    ("json5", "json"),
    ("jsonl", "json"),
    ("console", "sh"),
    ("shell-session", "sh"),
    ("shellscript", "sh"),
    ("zsh", "sh"),
    ("golang", "go"),
    ("c++", "cpp"),
    ("csharp", "cs"),
    ("mjs", "js"),
    ("cjs", "js"),
    ("postgresql", "sql"),
    ("plpgsql", "sql"),
];

/// Highlights a code block.
#[must_use]
pub fn highlight(job: &HighlightJob) -> Highlighted {
    let grammars = grammars();
    let lines = match syntax(grammars, &job.language) {
        Some(syntax) => paint(job, grammars, syntax),
        None => job.source.lines().map(plain).collect(),
    };
    Highlighted {
        block: job.block,
        lines,
    }
}

fn paint(job: &HighlightJob, grammars: &SyntaxSet, syntax: &SyntaxReference) -> Vec<Line<'static>> {
    let mut state = HighlightLines::new(syntax, theme());
    let mut out = Vec::new();
    let mut buffer = String::new();
    for line in job.source.lines() {
        if line.len() > MAX_LINE {
            out.push(plain(line));
            continue;
        }
        // The grammars expect a line break at the end of each line.
        buffer.clear();
        buffer.push_str(line);
        buffer.push('\n');
        let Ok(pieces) = state.highlight_line(&buffer, grammars) else {
            out.push(plain(line));
            continue;
        };
        let mut spans: Vec<Span<'static>> = Vec::new();
        for (style, text) in pieces {
            let text = text.trim_end_matches('\n');
            let style = role_style(style.foreground.r, job.colour);
            match spans.last_mut() {
                Some(last) if last.style == style => last.content.to_mut().push_str(text),
                _ if text.is_empty() => {}
                _ => spans.push(Span::styled(text.to_owned(), style)),
            }
        }
        out.push(Line::from(spans));
    }
    out
}

fn plain(line: &str) -> Line<'static> {
    if line.is_empty() {
        Line::default()
    } else {
        Line::from(Span::raw(line.to_owned()))
    }
}

/// The style of a role, given as its number.
fn role_style(role: u8, colour: bool) -> Style {
    let role = SCOPES
        .iter()
        .map(|(role, _)| *role)
        .find(|known| *known as u8 == role);
    let (ansi, modifier) = match role.unwrap_or(Role::Plain) {
        Role::Plain => return Style::new(),
        // No colour: "bright black" is the background of several palettes.
        Role::Comment if colour => return Style::new().add_modifier(Modifier::DIM),
        Role::Comment => return Style::new().add_modifier(Modifier::ITALIC),
        Role::Text | Role::Inserted => (Ansi::Green, Modifier::empty()),
        Role::Keyword => (Ansi::Magenta, Modifier::BOLD),
        Role::Constant => (Ansi::LightRed, Modifier::empty()),
        Role::Function => (Ansi::Blue, Modifier::empty()),
        Role::Type => (Ansi::Yellow, Modifier::empty()),
        Role::Attribute => (Ansi::Cyan, Modifier::empty()),
        Role::Deleted => (Ansi::Red, Modifier::empty()),
    };
    if colour {
        Style::new().fg(ansi)
    } else {
        Style::new().add_modifier(modifier)
    }
}

fn syntax<'a>(grammars: &'a SyntaxSet, language: &str) -> Option<&'a SyntaxReference> {
    let word = language.trim().to_ascii_lowercase();
    let word = ALIASES
        .iter()
        .find(|(alias, _)| *alias == word)
        .map_or(&*word, |(_, name)| name);
    if word.is_empty() || matches!(word, "text" | "txt" | "plain" | "plaintext") {
        return None;
    }
    grammars.find_syntax_by_token(word)
}

/// The grammars, loaded on first use.
fn grammars() -> &'static SyntaxSet {
    static GRAMMARS: OnceLock<SyntaxSet> = OnceLock::new();
    GRAMMARS.get_or_init(two_face::syntax::extra_newlines)
}

/// A theme whose colours are role numbers, to be translated by [`role_style`].
fn theme() -> &'static Theme {
    static THEME: OnceLock<Theme> = OnceLock::new();
    THEME.get_or_init(|| {
        let number = |role: Role| Color {
            r: role as u8,
            g: 0,
            b: 0,
            a: 255,
        };
        let scopes = SCOPES.iter().filter_map(|(role, selectors)| {
            let scope = ScopeSelectors::from_str(selectors).ok()?;
            let style = StyleModifier {
                foreground: Some(number(*role)),
                ..StyleModifier::default()
            };
            Some(ThemeItem { scope, style })
        });
        Theme {
            scopes: scopes.collect(),
            settings: ThemeSettings {
                foreground: Some(number(Role::Plain)),
                ..ThemeSettings::default()
            },
            ..Theme::default()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(language: &str, source: &str) -> HighlightJob {
        HighlightJob {
            block: 7,
            language: language.to_owned(),
            source: source.into(),
            colour: true,
        }
    }

    fn texts(answer: &Highlighted) -> Vec<String> {
        answer
            .lines
            .iter()
            .map(|line| line.spans.iter().map(|span| &*span.content).collect())
            .collect()
    }

    fn style_of(answer: &Highlighted, word: &str) -> Option<Style> {
        let mut spans = answer.lines.iter().flat_map(|line| &line.spans);
        spans
            .find(|span| span.content.trim() == word)
            .map(|span| span.style)
    }

    #[test]
    fn roles_become_ansi_colours() {
        let ansi = |colour| Style::new().fg(colour);
        let quiet = Style::new().add_modifier(Modifier::DIM);
        for (language, source, word, style) in [
            (
                "rust",
                "// note\nfn main() { let x = \"s\"; }\n",
                "// note",
                quiet,
            ),
            (
                "rust",
                "fn main() { let x = \"s\"; }\n",
                "fn",
                ansi(Ansi::Magenta),
            ),
            (
                "rust",
                "fn main() { let x = \"s\"; }\n",
                "main",
                ansi(Ansi::Blue),
            ),
            (
                "rust",
                "fn main() { let x = \"s\"; }\n",
                "\"s\"",
                ansi(Ansi::Green),
            ),
            (
                "Python",
                "def f():\n    return 42\n",
                "42",
                ansi(Ansi::LightRed),
            ),
            ("ts", "const a: number = 1;\n", "const", ansi(Ansi::Magenta)),
            ("toml", "# c\nkey = 1\n", "# c", quiet),
            (
                "jsonc",
                "{\"a\": \"text\"}\n",
                "\"text\"",
                ansi(Ansi::Green),
            ),
            ("bash", "# hi\necho x\n", "# hi", quiet),
        ] {
            let answer = highlight(&job(language, source));
            assert_eq!(
                style_of(&answer, word),
                Some(style),
                "{language} {word}: {:?}",
                answer.lines
            );
            assert_eq!(texts(&answer), source.lines().collect::<Vec<_>>());
        }
    }

    #[test]
    fn unknown_languages_and_long_lines_are_plain() {
        let answer = highlight(&job("klingon", "qapla'\n\nx"));
        assert_eq!(texts(&answer), ["qapla'", "", "x"]);
        assert_eq!(answer.block, 7);
        let long = format!(
            "fn x() {{}}\nlet y = \"{}\";\nfn z() {{}}",
            "a".repeat(MAX_LINE)
        );
        let answer = highlight(&job("rust", &long));
        assert_eq!(answer.lines[1].spans.len(), 1);
        assert_eq!(texts(&answer), long.lines().collect::<Vec<_>>());
    }

    #[test]
    fn without_colour_there_is_none() {
        let job = HighlightJob {
            colour: false,
            ..job("rust", "// note\nfn main() {}\n")
        };
        let answer = highlight(&job);
        let styles: Vec<Style> = answer
            .lines
            .iter()
            .flat_map(|line| line.spans.iter().map(|s| s.style))
            .collect();
        assert!(
            styles
                .iter()
                .all(|style| style.fg.is_none() && style.bg.is_none())
        );
        assert!(
            styles
                .iter()
                .any(|style| style.add_modifier.contains(Modifier::BOLD))
        );
    }

    #[test]
    fn every_selector_and_alias_is_known() {
        assert_eq!(theme().scopes.len(), SCOPES.len());
        for (alias, name) in ALIASES {
            assert!(syntax(grammars(), alias).is_some(), "{alias} -> {name}");
        }
        for language in [
            "rust",
            "python",
            "typescript",
            "tsx",
            "jsx",
            "go",
            "java",
            "c",
            "cpp",
            "dockerfile",
            "yaml",
            "sql",
            "diff",
            "html",
            "css",
            "kotlin",
            "swift",
            "ruby",
            "php",
            "lua",
            "zig",
            "nix",
            "makefile",
            "xml",
            "markdown",
            "sh",
            "powershell",
        ] {
            assert!(syntax(grammars(), language).is_some(), "{language}");
        }
    }
}
