//! A page's HTML as text that a model can read: headings, lists, tables, links, code. Pure.
//!
//! No parser of the whole language: tags are taken one after the other, what cannot be read is text.
//! Scripts, styles and what is not shown are left out. The words are data, cleaned of nothing but tags.

use std::fmt::Write as _;

/// Longest entity, in bytes.
const ENTITY: usize = 10;
/// Elements whose content nobody sees.
const UNSEEN: [&str; 7] = [
    "script", "style", "noscript", "template", "svg", "iframe", "head",
];
/// Elements that begin a paragraph.
const BLOCKS: [&str; 24] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "dd",
    "div",
    "dl",
    "dt",
    "figure",
    "footer",
    "form",
    "header",
    "hr",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tr",
    "ul",
    "li",
    "details",
];

/// The text of a page; its title first.
#[must_use]
pub fn text(html: &str) -> String {
    let mut page = Page::default();
    if let Some(title) = title(html) {
        let _ = write!(page.out, "# {title}");
        page.paragraph(2);
    }
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        page.words(&rest[..at]);
        rest = &rest[at..];
        let Some((tag, after)) = Tag::read(rest) else {
            // A bracket that opens nothing.
            page.words("<");
            rest = &rest[1..];
            continue;
        };
        rest = after;
        if UNSEEN.contains(&tag.name.as_str()) && !tag.closes {
            rest = behind(rest, &tag.name);
            continue;
        }
        page.tag(&tag);
    }
    page.words(rest);
    page.out.trim().to_owned()
}

/// The words of `<title>`.
fn title(html: &str) -> Option<String> {
    let lower = html.to_ascii_lowercase();
    let from = lower.find("<title")?;
    let from = from + lower.get(from..)?.find('>')? + 1;
    let to = from + lower.get(from..)?.find("</title")?;
    let words: Vec<&str> = html.get(from..to)?.split_whitespace().collect();
    let title = plain(&words.join(" "));
    (!title.is_empty()).then_some(title)
}

/// What comes after the end of an element; nothing when it has none.
fn behind<'a>(rest: &'a str, name: &str) -> &'a str {
    let lower = rest.to_ascii_lowercase();
    let mut from = 0;
    while let Some(at) = lower.get(from..).and_then(|rest| rest.find("</")) {
        let at = from + at;
        let after = lower.get(at + 2..).unwrap_or_default();
        if after.starts_with(name) {
            let end = after.find('>').map_or(rest.len(), |end| at + 2 + end + 1);
            return rest.get(end..).unwrap_or_default();
        }
        from = at + 2;
    }
    ""
}

/// One tag.
struct Tag {
    name: String,
    closes: bool,
    href: Option<String>,
    alt: Option<String>,
}

impl Tag {
    /// The tag at the beginning, and what comes after it. Comments are tags without a name.
    fn read(text: &str) -> Option<(Self, &str)> {
        let nothing = |rest| {
            let tag = Self {
                name: String::new(),
                closes: false,
                href: None,
                alt: None,
            };
            Some((tag, rest))
        };
        if let Some(comment) = text.strip_prefix("<!--") {
            let rest = comment.split_once("-->").map_or("", |(_, rest)| rest);
            return nothing(rest);
        }
        let inside = text.strip_prefix('<')?;
        let end = end_of_tag(inside)?;
        let (whole, rest) = (inside.get(..end)?, inside.get(end + 1..)?);
        if whole.starts_with(['!', '?']) {
            return nothing(rest);
        }
        let closes = whole.starts_with('/');
        let whole = whole.trim_start_matches('/');
        let name: String = whole
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .map(|letter| letter.to_ascii_lowercase())
            .collect();
        if name.is_empty() {
            return None;
        }
        let tag = Self {
            href: attribute(whole, "href"),
            alt: attribute(whole, "alt"),
            name,
            closes,
        };
        Some((tag, rest))
    }
}

/// Where a tag ends; a bracket in quotes does not end it.
fn end_of_tag(inside: &str) -> Option<usize> {
    let mut quote = None;
    for (at, letter) in inside.char_indices() {
        match (letter, quote) {
            ('>', None) => return Some(at),
            ('"' | '\'', None) => quote = Some(letter),
            (letter, Some(open)) if letter == open => quote = None,
            _ => {}
        }
    }
    // Quotes that nobody closes count for nothing.
    inside.find('>')
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let at = lower.find(&format!(" {name}="))?;
    let value = tag.get(at + name.len() + 2..)?;
    let value = match value.chars().next()? {
        quote @ ('"' | '\'') => value.get(1..)?.split(quote).next()?,
        _ => value.split_whitespace().next()?,
    };
    Some(plain(value.trim()))
}

/// A page as it is written.
#[derive(Default)]
struct Page {
    out: String,
    /// Blanks of the source stand.
    verbatim: bool,
    links: Vec<(usize, Option<String>)>,
}

impl Page {
    fn words(&mut self, source: &str) {
        let text = plain(source);
        if self.verbatim {
            self.out.push_str(&text);
            return;
        }
        if text.starts_with(char::is_whitespace) {
            self.blank();
        }
        let mut first = true;
        for word in text.split_whitespace() {
            if !std::mem::take(&mut first) {
                self.out.push(' ');
            }
            self.out.push_str(word);
        }
        if !first && text.ends_with(char::is_whitespace) {
            self.blank();
        }
    }

    fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with([' ', '\n']) {
            self.out.push(' ');
        }
    }

    /// Ends the line, with `ends` line ends in all.
    fn paragraph(&mut self, ends: usize) {
        while self.out.ends_with(' ') {
            self.out.pop();
        }
        if self.out.is_empty() {
            return;
        }
        let there = self
            .out
            .bytes()
            .rev()
            .take_while(|byte| *byte == b'\n')
            .count();
        self.out.push_str(&"\n".repeat(ends.saturating_sub(there)));
    }

    fn tag(&mut self, tag: &Tag) {
        match (tag.name.as_str(), tag.closes) {
            ("br", _) => self.out.push('\n'),
            ("h1" | "h2" | "h3" | "h4" | "h5" | "h6", false) => {
                self.paragraph(2);
                let digit = tag.name.as_bytes().get(1);
                let depth = digit.map_or(1, |digit| usize::from(digit - b'0'));
                let _ = write!(self.out, "{} ", "#".repeat(depth));
            }
            ("h1" | "h2" | "h3" | "h4" | "h5" | "h6", true) => self.paragraph(2),
            ("li", false) => {
                self.paragraph(1);
                self.out.push_str("- ");
            }
            ("td" | "th", true) => self.out.push_str(" | "),
            ("pre", false) => {
                self.paragraph(2);
                self.out.push_str("```\n");
                self.verbatim = true;
            }
            ("pre", true) => {
                self.verbatim = false;
                self.paragraph(1);
                self.out.push_str("```\n\n");
            }
            ("a", false) => self.links.push((self.out.len(), tag.href.clone())),
            ("a", true) => self.link(),
            ("img", _) => {
                if let Some(alt) = tag.alt.as_ref().filter(|alt| !alt.is_empty()) {
                    let _ = write!(self.out, "[{alt}]");
                }
            }
            ("p" | "table" | "ul" | "ol" | "blockquote" | "section" | "article", _) => {
                self.paragraph(2);
            }
            (name, _) if BLOCKS.contains(&name) => self.paragraph(1),
            _ => {}
        }
    }

    /// A link ends: its address stands behind its words when it says more than they do.
    fn link(&mut self) {
        let Some((from, Some(href))) = self.links.pop() else {
            return;
        };
        let words = self.out.get(from..).unwrap_or_default().trim();
        let leads = href.starts_with("http") || href.starts_with('/');
        if leads && !words.is_empty() && words != href {
            let _ = write!(self.out, " ({href})");
        }
    }
}

/// Entities as letters.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(ENTITY).position(|byte| byte == b';');
        let letter = end.and_then(|end| entity(rest.get(1..end)?).map(|letter| (letter, end)));
        if let Some((letter, end)) = letter {
            out.push(letter);
            rest = &rest[end + 1..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let hex = number.strip_prefix(['x', 'X']);
        let code = match hex {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|letter| !letter.is_control());
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "copy" => '©',
        "laquo" => '«',
        "raquo" => '»',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "bull" => '•',
        "middot" => '·',
        "times" => '×',
        "rarr" => '→',
        "larr" => '←',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::text;

    #[test]
    fn pages_become_text() {
        for (html, expected) in [
            ("plain words", "plain words"),
            ("<p>One\n  two</p><p>three</p>", "One two\n\nthree"),
            (
                "<head><title>A &amp; B</title><style>p{}</style></head><body><h2>Part</h2>x",
                "# A & B\n\n## Part\n\nx",
            ),
            ("a<script>if (1 < 2) { '</p>' }</script>b", "ab"),
            ("<ul><li>one<li>two</ul>", "- one\n- two"),
            (
                "<a href=\"https://docs.rs/x\">docs</a> and <a href='#top'>up</a>",
                "docs (https://docs.rs/x) and up",
            ),
            ("<pre>a\n  b</pre>after", "```\na\n  b\n```\n\nafter"),
            ("<tr><td>1</td><td>2</td></tr>", "1 | 2 |"),
            (
                "1 < 2 && 3 &gt; 2 &#65;&#x42; &unknown;",
                "1 < 2 && 3 > 2 AB &unknown;",
            ),
            ("<img alt=\"a cat\"><br>x<!-- <p>no</p> -->", "[a cat]\nx"),
            ("<a title=\"1 > 0\" href=/x>y</a>", "y (/x)"),
            ("<script>never closed", ""),
            ("<", "<"),
        ] {
            assert_eq!(text(html), expected, "{html}");
        }
    }

    proptest! {
        #[test]
        fn no_page_breaks_it(html in "[<>/a-c!&;#\" =\\-é]{0,60}|\\PC{0,60}") {
            let _ = text(&html);
        }
    }
}
