//! Generated teams for measuring: `bench` (3 agents, 5000 tokens each), `bench-800`, `bench-16x5000`.
//!
//! Each agent streams so many tokens of mixed Markdown, some of it reasoning, most of it plain text,
//! the last part as its answer; then all vote for the first. Written at one token per second, so the
//! speed setting is the number of tokens per second. The same name always gives the same text.

use std::fmt::Write as _;

use super::{
    pace::tokens,
    script::{Actor, Line, Scenario, Seen, VoteRule},
};

/// Most agents of a generated team.
const MOST_AGENTS: usize = 32;

/// Most tokens per agent.
const MOST_TOKENS: usize = 200_000;

/// Size of a generated team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Agents.
    pub agents: usize,
    /// Tokens each, before the vote.
    pub tokens: usize,
}

impl Size {
    /// Reads the name of a bench team; `None` when it is none or too large.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let default = Self {
            agents: 3,
            tokens: 5000,
        };
        let rest = name.strip_prefix("bench")?;
        if rest.is_empty() {
            return Some(default);
        }
        let rest = rest.strip_prefix('-')?;
        let size = match rest.split_once('x') {
            None => Self {
                tokens: rest.parse().ok()?,
                ..default
            },
            Some((agents, "")) => Self {
                agents: agents.parse().ok()?,
                ..default
            },
            Some((agents, tokens)) => Self {
                agents: agents.parse().ok()?,
                tokens: tokens.parse().ok()?,
            },
        };
        let fits =
            (1..=MOST_AGENTS).contains(&size.agents) && (100..=MOST_TOKENS).contains(&size.tokens);
        fits.then_some(size)
    }

    /// The name that [`Size::parse`] reads as this size.
    #[must_use]
    pub fn name(self) -> String {
        format!("bench-{}x{}", self.agents, self.tokens)
    }

    /// The team.
    #[must_use]
    pub fn scenario(self) -> Scenario {
        Scenario {
            settings: String::new(),
            files: std::collections::BTreeMap::new(),
            name: self.name(),
            title: "Measuring".into(),
            about: format!("{} agents stream {} tokens each.", self.agents, self.tokens),
            prompt: "Measure this program.".into(),
            agents: (1..=self.agents).map(|number| self.actor(number)).collect(),
        }
    }

    fn actor(self, number: usize) -> Actor {
        let mut source = Source(number as u64);
        let (think, answer) = (self.tokens / 20, self.tokens / 5);
        let line = Line {
            think: source.prose(think),
            say: source.markdown(self.tokens - think - answer),
            text: source.markdown(answer),
            ..Line::default()
        };
        let present = Line {
            text: format!(
                "BENCH-DONE\n\nThe answer of agent {number} stands; its text was streamed above."
            ),
            ..Line::default()
        };
        let vote = VoteRule {
            choice: Seen {
                name: agent_name(1),
                revision: 1,
            },
            when: Vec::new(),
            wait: 0.0,
            think: String::new(),
            calls: Vec::new(),
            also: Vec::new(),
            scores: std::collections::BTreeMap::new(),
            reason: "All votes of this script go to the first agent.".into(),
        };
        Actor {
            aside: String::new(),
            notes: String::new(),
            steps: std::collections::BTreeMap::new(),
            verdicts: Vec::new(),
            reviews: Vec::new(),
            name: agent_name(number),
            model: format!("demo/{}/{}", self.name(), agent_name(number)),
            speed: 1.0,
            answers: vec![line],
            votes: vec![vote],
            present: Some(present),
            faults: Vec::new(),
            team: None,
        }
    }
}

fn agent_name(number: usize) -> String {
    format!("bench-{number:02}")
}

/// Words of the generated text.
const WORDS: &[&str] = &[
    "the",
    "queue",
    "holds",
    "a",
    "bounded",
    "number",
    "of",
    "requests",
    "and",
    "each",
    "reader",
    "takes",
    "one",
    "at",
    "time",
    "so",
    "memory",
    "stays",
    "flat",
    "while",
    "latency",
    "grows",
    "with",
    "load",
    "**never**",
    "`drop`",
    "silently",
    "because",
    "clients",
    "retry",
    "later",
    "which",
    "is",
    "*cheaper*",
    "than",
    "waiting",
    "for",
    "ever",
    "in",
    "line",
];

/// A small deterministic generator (the multiplier and increment are Knuth's for MMIX).
struct Source(u64);

impl Source {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }

    fn words(&mut self, count: usize) -> String {
        let mut text = String::new();
        for at in 0..count {
            if at > 0 {
                text.push(' ');
            }
            let word = WORDS
                .get(self.below(WORDS.len()))
                .copied()
                .unwrap_or_default();
            text.push_str(word);
        }
        text
    }

    /// Paragraphs of `budget` tokens.
    fn prose(&mut self, budget: usize) -> String {
        self.fill(budget, |source, text| {
            let count = 20 + source.below(40);
            let _ = write!(text, "{}.\n\n", source.words(count));
        })
    }

    /// Markdown of `budget` tokens: all kinds of blocks, and now and then a very long line.
    fn markdown(&mut self, budget: usize) -> String {
        let mut block = 0;
        self.fill(budget, |source, text| {
            source.block(block, text);
            block += 1;
        })
    }

    fn block(&mut self, number: usize, text: &mut String) {
        let _ = match number % 8 {
            0 => write!(text, "## {}\n\n", self.words(5)),
            1 | 5 => write!(text, "{}.\n\n", self.words(60)),
            2 => write!(
                text,
                "- {}\n- {}\n  1. {}\n  2. {}\n\n",
                self.words(9),
                self.words(12),
                self.words(7),
                self.words(14)
            ),
            3 => write!(
                text,
                "```rust\nfn step_{number}(queue: &mut Vec<u32>) -> Option<u32> {{\n    \
                 // {}\n    let next = queue.pop()?;\n    (next > {number}).then_some(next)\n}}\n```\n\n",
                self.words(6)
            ),
            4 => write!(
                text,
                "| name | {} | limit |\n|---|---|---:|\n| a | {} | {number} |\n| b | {} | {} |\n\n",
                self.words(1),
                self.words(3),
                self.words(4),
                number * 7
            ),
            6 => write!(
                text,
                "> {} 日本語の文字列も 🦀 数えます。\n\n",
                self.words(12)
            ),
            _ => write!(text, "{}\n\n", self.words(400).replace(' ', "_")),
        };
    }

    /// Adds pieces until there are `budget` tokens, then cuts to exactly as many.
    fn fill(&mut self, budget: usize, mut add: impl FnMut(&mut Self, &mut String)) -> String {
        let mut text = String::new();
        // A token has at least one byte, so this many bytes are never too few to stop in time.
        while text.len() < budget * 6 {
            add(self, &mut text);
        }
        let length = tokens(&text).take(budget).map(str::len).sum();
        text.truncate(length);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_give_sizes() {
        let size = |agents, tokens| Some(Size { agents, tokens });
        assert_eq!(Size::parse("bench"), size(3, 5000));
        assert_eq!(Size::parse("bench-800"), size(3, 800));
        assert_eq!(Size::parse("bench-16x"), size(16, 5000));
        assert_eq!(Size::parse("bench-16x2000"), size(16, 2000));
        for wrong in [
            "quick",
            "bench-",
            "bench-x",
            "bench-0",
            "bench-99x",
            "benchmark",
            "bench-1e9",
        ] {
            assert_eq!(Size::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_text_has_the_promised_length_and_is_always_the_same() {
        let size = Size::parse("bench-5000").unwrap();
        let scenario = size.scenario();
        assert_eq!(scenario, size.scenario());
        assert_eq!(Size::parse(&scenario.name), Some(size));
        let texts: Vec<_> = scenario
            .agents
            .iter()
            .map(|actor| {
                let line = &actor.answers[0];
                let count = [&line.think, &line.say, &line.text]
                    .map(|text| tokens(text).count())
                    .iter()
                    .sum::<usize>();
                assert_eq!(count, 5000);
                line.say.clone()
            })
            .collect();
        assert_ne!(texts[0], texts[1]);
        assert!(
            texts[0].lines().any(|line| line.chars().count() > 1500),
            "a very long line"
        );
        assert!(texts[0].contains("```rust") && texts[0].contains("|---|"));
    }
}
