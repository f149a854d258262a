//! One reply as steps: tokens and waits, in the order in which they are sent.

use super::{
    pace::tokens,
    wire::{Delta, Tokens},
};

/// A step of a reply.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// One token.
    Token(Delta),
    /// A wait, in seconds at speed 1.
    Pause(f64),
}

/// A reply, ready to be played.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Steps, in order.
    pub steps: Vec<Step>,
    /// Tokens per second at speed 1.
    pub speed: f64,
    call_prefix: String,
    calls: usize,
}

/// How the text of a beat is written.
#[derive(Clone, Copy)]
enum Voice {
    Thinking,
    Text,
    /// Argument text as it is.
    Raw,
    /// Argument text inside a JSON string.
    Quoted,
}

impl Score {
    /// An empty reply; ids of its calls start with `call_prefix`.
    #[must_use]
    pub const fn new(speed: f64, call_prefix: String) -> Self {
        Self {
            steps: Vec::new(),
            speed,
            call_prefix,
            calls: 0,
        }
    }

    /// A wait.
    pub fn pause(&mut self, seconds: f64) {
        if seconds > 0.0 {
            self.steps.push(Step::Pause(seconds));
        }
    }

    /// Reasoning.
    pub fn think(&mut self, text: &str) {
        self.speak(text, Voice::Thinking);
    }

    /// Plain text.
    pub fn text(&mut self, text: &str) {
        self.speak(text, Voice::Text);
    }

    /// A tool call with these arguments (JSON text).
    pub fn call(&mut self, tool: &str, arguments: &str) {
        self.open_call(tool);
        self.speak(arguments, Voice::Raw);
    }

    /// A call of `new_answer` whose content is `text`, written token by token.
    pub fn answer(&mut self, text: &str) {
        self.open_call("new_answer");
        self.speak("{\"content\":\"", Voice::Raw);
        self.speak(text, Voice::Quoted);
        self.speak("\"}", Voice::Raw);
    }

    /// The finish reason that belongs to the reply.
    #[must_use]
    pub const fn finish(&self) -> &'static str {
        if self.calls > 0 { "tool_calls" } else { "stop" }
    }

    /// Token counts of the reply, for a prompt of `prompt` tokens.
    #[must_use]
    pub fn tokens(&self, prompt: u64) -> Tokens {
        let count = |wanted: fn(&Delta) -> bool| {
            let steps = self.steps.iter();
            steps
                .filter(|s| matches!(s, Step::Token(d) if wanted(d)))
                .count() as u64
        };
        Tokens {
            prompt,
            completion: count(|_| true),
            reasoning: count(|delta| matches!(delta, Delta::Thinking(_))),
        }
    }

    /// The deltas without the waits.
    #[must_use]
    pub fn deltas(&self) -> Vec<Delta> {
        let steps = self.steps.iter();
        steps
            .filter_map(|step| match step {
                Step::Token(delta) => Some(delta.clone()),
                Step::Pause(_) => None,
            })
            .collect()
    }

    /// Seconds the reply takes at speed 1.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        let steps = self.steps.iter();
        steps
            .map(|step| match step {
                Step::Token(_) => 1.0 / self.speed,
                Step::Pause(seconds) => *seconds,
            })
            .sum()
    }

    fn open_call(&mut self, tool: &str) {
        self.steps.push(Step::Token(Delta::Call {
            index: self.calls,
            id: format!("{}_{}", self.call_prefix, self.calls),
            name: tool.to_owned(),
        }));
        self.calls += 1;
    }

    fn speak(&mut self, text: &str, voice: Voice) {
        let mut rest = text;
        while let Some((before, seconds, after)) = next_pause(rest) {
            self.say(before, voice);
            self.pause(seconds);
            rest = after;
        }
        self.say(rest, voice);
    }

    fn say(&mut self, text: &str, voice: Voice) {
        let index = self.calls.saturating_sub(1);
        self.steps.extend(tokens(text).map(|token| {
            Step::Token(match voice {
                Voice::Thinking => Delta::Thinking(token.to_owned()),
                Voice::Text => Delta::Text(token.to_owned()),
                Voice::Raw => Delta::Arguments {
                    index,
                    fragment: token.to_owned(),
                },
                Voice::Quoted => Delta::Arguments {
                    index,
                    fragment: quoted(token),
                },
            })
        }));
    }
}

/// Splits at the first `[[pause S]]`: the text before, the seconds, the text after.
fn next_pause(text: &str) -> Option<(&str, f64, &str)> {
    let (before, marked) = text.split_once("[[pause ")?;
    let (seconds, after) = marked.split_once("]]")?;
    let seconds = seconds.parse().ok()?;
    Some((before, seconds, after))
}

/// The characters as they stand inside a JSON string, without the quotes.
fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    json.get(1..json.len().saturating_sub(1))
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn arguments(score: &Score) -> String {
        let deltas = score.deltas().into_iter();
        deltas
            .filter_map(|delta| match delta {
                Delta::Arguments { fragment, .. } => Some(fragment),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn pauses_are_taken_out_of_the_text() {
        let mut score = Score::new(10.0, "call".into());
        score.text("One[[pause 1.5]] two");
        assert_eq!(
            score.steps,
            [
                Step::Token(Delta::Text("One".into())),
                Step::Pause(1.5),
                Step::Token(Delta::Text(" two".into())),
            ]
        );
        assert!((score.seconds() - 1.7).abs() < 1e-9);
        assert_eq!(score.finish(), "stop");
        score.text("a [[pause x]] b");
        assert!(
            score.deltas().contains(&Delta::Text(" [[pa".into())),
            "kept as text"
        );
    }

    #[test]
    fn calls_are_numbered() {
        let mut score = Score::new(10.0, "call_7".into());
        score.think("Hm");
        score.call("open_answer", "{}");
        score.call("vote", "{}");
        let ids = score.deltas().into_iter().filter_map(|delta| match delta {
            Delta::Call { index, id, .. } => Some((index, id)),
            _ => None,
        });
        let ids: Vec<_> = ids.collect();
        assert_eq!(
            ids,
            [(0, "call_7_0".to_owned()), (1, "call_7_1".to_owned())]
        );
        assert_eq!(score.finish(), "tool_calls");
        assert_eq!(
            score.tokens(9),
            Tokens {
                prompt: 9,
                completion: 5,
                reasoning: 1
            }
        );
    }

    proptest! {
        #[test]
        fn an_answer_is_valid_json(text in "[^\\[]*") {
            let mut score = Score::new(10.0, "c".into());
            score.answer(&text);
            let json: serde_json::Value = serde_json::from_str(&arguments(&score)).unwrap();
            prop_assert_eq!(json["content"].as_str(), Some(text.as_str()));
        }
    }
}
