//! The templates: what each is for, whom it wants, how its members work together.

use super::{Limit, Tier, Write};

/// A kind of work with a team that fits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Template {
    /// A question with an answer that has to hold.
    Research,
    /// Findings about code, nothing is changed.
    CodeReview,
    /// A defect is found and mended.
    BugHunt,
    /// A text that people read.
    Writing,
    /// Tasks with known answers.
    Benchmark,
    /// Nothing leaves this machine.
    LocalOnly,
    /// Everything that is at hand, one of each.
    Mixed,
    /// As little money as possible.
    Cheap,
}

/// Whom a template takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// Vendors; without one, servers here; without one, programs.
    Any,
    /// Servers here only.
    Here,
    /// One of each.
    Everything,
}

/// What a template wants.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Members.
    pub agents: usize,
    /// How able they are.
    pub tier: Tier,
    /// Where they come from.
    pub(super) from: From,
    /// Names and duties; empty where all do the same.
    pub duties: &'static [(&'static str, &'static str)],
    /// Keys under `orchestrator`: a comment, and the line.
    pub rules: &'static [(&'static str, &'static str)],
    /// What they may do with the folder.
    pub write: Write,
    /// Most US cents a task may cost.
    pub cents: Limit,
    /// Most minutes a turn may take.
    pub minutes: u32,
}

impl Template {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 8] = [
        Self::Mixed,
        Self::Research,
        Self::CodeReview,
        Self::BugHunt,
        Self::Writing,
        Self::Benchmark,
        Self::LocalOnly,
        Self::Cheap,
    ];

    /// What it is called in flags.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Research => "research",
            Self::CodeReview => "code-review",
            Self::BugHunt => "bug-hunt",
            Self::Writing => "writing",
            Self::Benchmark => "benchmark",
            Self::LocalOnly => "local-only",
            Self::Mixed => "mixed",
            Self::Cheap => "cheap",
        }
    }

    /// By its name; blanks and underscores count as hyphens.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        let name = name.trim().to_lowercase().replace([' ', '_'], "-");
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// All names in one line.
    #[must_use]
    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    /// What it is for, in one sentence.
    #[must_use]
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Research => "A question whose answer has to hold: breadth, sources, doubt.",
            Self::CodeReview => {
                "Code is read three ways; all findings in one list, nothing changed."
            }
            Self::BugHunt => {
                "A defect is found and mended in copies; another agent checks the result."
            }
            Self::Writing => {
                "A text for people: substance, style, the reader's eye; the best of all."
            }
            Self::Benchmark => "Tasks with known answers: five tries, the majority, no files.",
            Self::LocalOnly => "Models on this machine only; nothing leaves it, nothing is paid.",
            Self::Mixed => "One of each that is at hand: they answer, improve and vote.",
            Self::Cheap => "The smallest models, one answer each, one vote, five cents at most.",
        }
    }

    /// What it needs, where that is not just any model.
    #[must_use]
    pub const fn needs(self) -> Option<&'static str> {
        match self {
            Self::LocalOnly => Some("a model server on this machine"),
            Self::BugHunt => Some("a folder under git"),
            Self::Research
            | Self::CodeReview
            | Self::Writing
            | Self::Benchmark
            | Self::Mixed
            | Self::Cheap => None,
        }
    }

    /// Whom and what it wants.
    #[must_use]
    pub const fn wanted(self) -> Wanted {
        match self {
            Self::Research => Wanted {
                tier: Tier::Strong,
                duties: RESEARCH,
                rules: &[
                    INDEPENDENT,
                    (
                        "The winner writes one answer out of all, with what the others found.",
                        "final_answer_strategy: synthesize",
                    ),
                ],
                cents: Limit::Most(100),
                ..TALK
            },
            Self::CodeReview => Wanted {
                duties: REVIEW,
                rules: &[
                    INDEPENDENT,
                    (
                        "One list out of all findings, so that nothing found once gets lost.",
                        "final_answer_strategy: synthesize",
                    ),
                ],
                write: Write::Read,
                cents: Limit::Most(100),
                ..TALK
            },
            Self::BugHunt => Wanted {
                agents: 2,
                tier: Tier::Strong,
                rules: &[(
                    "An agent that did not write the result checks it, and may send it back once.",
                    "verify: {restarts: 1}",
                )],
                write: Write::Change,
                cents: Limit::Most(200),
                minutes: 30,
                ..TALK
            },
            Self::Writing => Wanted {
                tier: Tier::Strong,
                duties: WRITING,
                rules: &[
                    (
                        "Ranks say more about taste than single votes.",
                        "policy: ranked",
                    ),
                    (
                        "Each may improve its text once after it has read the others.",
                        "max_new_answers_per_agent: 2",
                    ),
                ],
                ..TALK
            },
            Self::Benchmark | Self::LocalOnly | Self::Mixed | Self::Cheap => self.plain(),
        }
    }

    /// Those whose members all do the same.
    const fn plain(self) -> Wanted {
        match self {
            Self::Benchmark => Wanted {
                agents: 1,
                rules: &[
                    (
                        "Independent tries; the result that most of them have wins.",
                        "mode: self_consistency",
                    ),
                    ("Tries of each agent.", "samples: 5"),
                ],
                minutes: 10,
                ..TALK
            },
            Self::LocalOnly => Wanted {
                agents: 2,
                from: From::Here,
                duties: PAIR,
                rules: &[INDEPENDENT],
                cents: Limit::Open,
                minutes: 60,
                ..TALK
            },
            Self::Mixed => Wanted {
                from: From::Everything,
                rules: &[INDEPENDENT],
                ..TALK
            },
            Self::Cheap => Wanted {
                tier: Tier::Cheap,
                rules: &[
                    (
                        "One answer each, one vote, the winning text as it is.",
                        "quick: true",
                    ),
                    (
                        "The vote ends when the leader cannot be overtaken.",
                        "early_stop: true",
                    ),
                ],
                cents: Limit::Most(5),
                minutes: 5,
                ..TALK
            },
            Self::Research | Self::CodeReview | Self::BugHunt | Self::Writing => TALK,
        }
    }
}

/// Three members that talk, where a template says nothing else.
const TALK: Wanted = Wanted {
    agents: 3,
    tier: Tier::Balanced,
    from: From::Any,
    duties: &[],
    rules: &[],
    write: Write::Talk,
    cents: Limit::Most(50),
    minutes: 15,
};

const INDEPENDENT: (&str, &str) = (
    "Nobody votes before everybody has answered once.",
    "defer_voting_until_all_answered: true",
);

const RESEARCH: &[(&str, &str)] = &[
    (
        "breadth",
        "Cover the whole question: competing explanations, figures with their dates, what is disputed.",
    ),
    (
        "sources",
        "Say for every claim where it comes from and how sure that is; leave out what you cannot support.",
    ),
    (
        "doubt",
        "Look for what would show the obvious answer to be wrong, and say what it would take to know.",
    ),
];

const REVIEW: &[(&str, &str)] = &[
    (
        "correctness",
        "Look for wrong results: edge cases, errors that are swallowed, races, broken promises to callers.",
    ),
    (
        "safety",
        "Look for what an attacker or a bad day could do: inputs, paths, secrets, limits, resources.",
    ),
    (
        "upkeep",
        "Look for what makes the next change hard: unclear names, doubled logic, missing or weak tests.",
    ),
];

const WRITING: &[(&str, &str)] = &[
    (
        "substance",
        "Get the content right and whole first; every sentence says something.",
    ),
    (
        "style",
        "Care for rhythm, order and plain words; cut what does not earn its place.",
    ),
    (
        "reader",
        "Write for somebody who is busy and knows nothing of the matter yet.",
    ),
];

const PAIR: &[(&str, &str)] = &[
    (
        "careful",
        "Work step by step and check your result before you give it.",
    ),
    (
        "brisk",
        "Find the shortest way to a right answer, and say why it is right.",
    ),
];
