//! Masks secrets before anybody sees them: known values, and whatever has the shape of a key.
//!
//! Events are masked once, where they leave the engine; log, screen, headless output and reports
//! all get the masked form. Text that streams in pieces goes through [`StreamRedactor`], which holds
//! back what may be the start of a secret: any way of cutting a text into pieces gives the same
//! result as the whole. Ordinary text stays as it is.
//!
//! Only secrets that can be recognised are masked; an unknown password in prose is not.

mod event;
mod find;
mod joined;
mod shapes;
mod stream;

pub use event::{event, kind, texts};
pub use find::{Finder, Hit, hits, suspects};
pub use joined::{Cuts, Joined};
pub use stream::StreamRedactor;

use std::{borrow::Cow, sync::Arc};

use regex::Regex;

use shapes::Shapes;

/// Shortest known value that is masked, in characters: shorter ones would blank out ordinary words.
const SHORTEST: usize = 6;
/// What stands for the masked part.
const MASK: &str = "…[masked]";
/// Words people put where a local server wants any key at all; masking them would only blank out
/// the server's name.
const PLACEHOLDERS: [&str; 10] = [
    "ollama",
    "lm-studio",
    "lmstudio",
    "llama.cpp",
    "llamacpp",
    "sglang",
    "not-needed",
    "no-key-needed",
    "no-key-required",
    "your-api-key",
];

/// Masks secrets. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Redactor {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Known secrets, longest first.
    known: Vec<String>,
    shapes: Shapes,
    /// Matches whenever masking could change a text; mostly it does not, and that is the fast path.
    trigger: Option<Regex>,
}

impl Redactor {
    /// A redactor for these secret values (API keys as read from the environment and the
    /// configuration) and for every shape it knows. Values shorter than 6 characters and
    /// placeholders such as `ollama` are not secrets.
    #[must_use]
    pub fn new(known: &[String]) -> Self {
        let mut known: Vec<String> = known
            .iter()
            .map(|secret| secret.trim())
            .filter(|secret| secret.chars().count() >= SHORTEST)
            .filter(|secret| {
                !PLACEHOLDERS
                    .iter()
                    .any(|word| word.eq_ignore_ascii_case(secret))
            })
            .map(str::to_owned)
            .collect();
        known.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        known.dedup();
        let mut trigger: Vec<String> = known.iter().map(|secret| regex::escape(secret)).collect();
        trigger.push(shapes::TRIGGER.to_owned());
        Self {
            inner: Arc::new(Inner {
                // Too many or too long values for one expression: then every text takes the slow path.
                trigger: Regex::new(&trigger.join("|")).ok(),
                known,
                shapes: Shapes::new(),
            }),
        }
    }

    /// `text` with its secrets masked; borrowed when there are none.
    #[must_use]
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let quiet = self
            .inner
            .trigger
            .as_ref()
            .is_some_and(|trigger| !trigger.is_match(text));
        if quiet {
            return Cow::Borrowed(text);
        }
        let mut stream = self.stream();
        let mut masked = stream.push(text);
        masked.push_str(&stream.flush());
        if masked == text {
            Cow::Borrowed(text)
        } else {
            Cow::Owned(masked)
        }
    }

    /// A masker for a text that arrives in pieces; one per agent and channel.
    #[must_use]
    pub fn stream(&self) -> StreamRedactor {
        StreamRedactor::new(self)
    }

    /// `text` with its secrets masked, for owned strings.
    fn string(&self, text: String) -> String {
        match self.text(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(masked) => masked,
        }
    }
}

impl Default for Redactor {
    /// A redactor that knows shapes only.
    fn default() -> Self {
        Self::new(&[])
    }
}

#[cfg(test)]
mod tests;
