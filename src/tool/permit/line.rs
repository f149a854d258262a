//! A shell line as far as permissions need it: the commands that it names.
//!
//! Not a shell. What is not understood for certain makes the line *not simple*, and then no pattern
//! allows it; for denying, every place where a command could begin is looked at.

/// A line that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    commands: Vec<String>,
    simple: bool,
}

/// Programs that run what they are given.
const RUNNERS: [&str; 20] = [
    "sh", "bash", "zsh", "dash", "ksh", "fish", "busybox", "env", "eval", "exec", "command",
    "builtin", "sudo", "doas", "xargs", "nohup", "nice", "time", "timeout", "setsid",
];

impl Line {
    /// Reads a line.
    #[must_use]
    pub fn read(line: &str) -> Self {
        let mut reader = Reader::default();
        reader.read(line, 0);
        Self {
            commands: reader.commands,
            simple: !reader.odd,
        }
    }

    /// The commands, words separated by one blank, when the line does nothing but run them.
    #[must_use]
    pub fn simple(&self) -> Option<&[String]> {
        self.simple.then_some(self.commands.as_slice())
    }

    /// Every command that was found, simple or not.
    #[must_use]
    pub fn commands(&self) -> &[String] {
        &self.commands
    }
}

/// Deepest nesting that is looked into.
const DEPTH: u32 = 6;

#[derive(Debug, Default)]
struct Reader {
    commands: Vec<String>,
    odd: bool,
}

impl Reader {
    fn read(&mut self, line: &str, depth: u32) {
        if depth > DEPTH {
            self.odd = true;
            return;
        }
        let mut words: Vec<String> = Vec::new();
        let mut word: Option<String> = None;
        let mut letters = line.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '\'' => {
                    let text = word.get_or_insert_default();
                    let mut closed = false;
                    for inner in letters.by_ref() {
                        if inner == '\'' {
                            closed = true;
                            break;
                        }
                        text.push(inner);
                    }
                    self.odd |= !closed;
                }
                '"' => {
                    let mut closed = false;
                    let text = word.get_or_insert_default();
                    let start = text.len();
                    while let Some(inner) = letters.next() {
                        match inner {
                            '"' => {
                                closed = true;
                                break;
                            }
                            '\\' => text.extend(letters.next()),
                            other => text.push(other),
                        }
                    }
                    let inside = text.get(start..).unwrap_or_default().to_owned();
                    self.odd |= !closed;
                    self.expansions(&inside, depth);
                }
                '\\' => word.get_or_insert_default().extend(letters.next()),
                ' ' | '\t' => words.extend(word.take()),
                ';' | '&' | '|' | '\n' | '\r' => {
                    words.extend(word.take());
                    // `&` in the background, `|&` and `;;` are read as what separates commands.
                    self.odd |= letter == '&' && letters.peek() != Some(&'&') && words.is_empty();
                    self.command(&mut words, depth);
                    if letters.peek() == Some(&letter) {
                        letters.next();
                    } else if letter == '&' {
                        self.odd = true;
                    }
                }
                '$' | '`' => {
                    self.odd = true;
                    let rest: String = letters.clone().collect();
                    self.read(rest.trim_start_matches(['(', '{']), depth + 1);
                    word.get_or_insert_default().push(letter);
                }
                '(' | ')' | '{' | '}' | '<' | '>' | '#' | '!' | '~' | '*' | '?' | '[' => {
                    let harmless = matches!(letter, '~' | '*' | '?' | '[' | '{' | '}' | '#' | '!')
                        && word.is_some();
                    // Globs and braces within a word only make more words.
                    self.odd |= !harmless && letter != '*';
                    if matches!(letter, '(' | ')') || (letter == '{' && word.is_none()) {
                        words.extend(word.take());
                        self.command(&mut words, depth);
                    } else {
                        word.get_or_insert_default().push(letter);
                    }
                }
                other => word.get_or_insert_default().push(other),
            }
        }
        words.extend(word);
        self.command(&mut words, depth);
    }

    /// Looks for commands inside double quotes.
    fn expansions(&mut self, text: &str, depth: u32) {
        for (at, mark) in text.match_indices(['$', '`']) {
            self.odd = true;
            let rest = text.get(at + mark.len()..).unwrap_or_default();
            self.read(rest.trim_start_matches(['(', '{']), depth + 1);
        }
    }

    fn command(&mut self, words: &mut Vec<String>, depth: u32) {
        let words = std::mem::take(words);
        let assigned = words
            .iter()
            .take_while(|word| word.split_once('=').is_some_and(|(name, _)| is_name(name)))
            .count();
        // What a variable holds changes what a program does.
        self.odd |= assigned > 0;
        let Some(run) = words.get(assigned..).filter(|run| !run.is_empty()) else {
            return;
        };
        self.commands.push(run.join(" "));
        let program = run
            .first()
            .map_or("", |name| name.rsplit('/').next().unwrap_or(name));
        if RUNNERS.contains(&program) {
            self.odd = true;
            for from in 1..run.len() {
                let rest = run.get(from..).unwrap_or_default();
                self.commands.push(rest.join(" "));
                if let Some(inner) = rest.first().filter(|inner| inner.contains(' ')) {
                    self.read(&inner.clone(), depth + 1);
                }
            }
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !text.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_come_apart_and_doubt_makes_them_odd() {
        for (line, simple) in [
            ("cargo test", Some(vec!["cargo test"])),
            ("a  'b c' \"d\"", Some(vec!["a b c d"])),
            ("a && b || c; d | e", Some(vec!["a", "b", "c", "d", "e"])),
            ("a\nb", Some(vec!["a", "b"])),
            ("ls *.rs", Some(vec!["ls *.rs"])),
            ("a & b", None),
            ("a $X", None),
            ("a `b`", None),
            ("a \"$(b)\"", None),
            ("a > b", None),
            ("a <<EOF", None),
            ("(a)", None),
            ("X=1 a", None),
            ("env a", None),
            ("bash -c 'a'", None),
            ("a 'b", None),
            ("a \"b", None),
            ("", Some(vec![])),
        ] {
            let read = Line::read(line);
            let simple = simple.map(|list| list.into_iter().map(str::to_owned).collect());
            assert_eq!(read.simple().map(<[String]>::to_vec), simple, "{line}");
        }
    }

    #[test]
    fn hidden_commands_are_found() {
        for line in [
            "echo $(rm -r x)",
            "echo `rm -r x`",
            "echo \"$(rm -r x)\"",
            "bash -c 'true; rm -r x'",
            "env A=1 rm -r x",
            "( rm -r x )",
            "{ rm -r x; }",
            "true &&rm -r x",
            "A=1 rm -r x",
            "r\"m\" -r x",
            "r\\m -r x",
        ] {
            let found = Line::read(line);
            assert!(
                found
                    .commands()
                    .iter()
                    .any(|command| command.starts_with("rm -r x")),
                "{line}: {found:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_line_breaks_it(line in "[a-c $`'\"\\\\|&;<>(){}=#~*\n]{0,60}") {
            let _ = Line::read(&line);
        }
    }
}
