//! How a vote was settled: the winner, what it is measured by, and what a plain majority would say.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::{AgentId, Label, OutcomeEnd, Policy};

/// One line of the final count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TallyRow {
    /// The answer.
    pub label: Label,
    /// Who voted for it, in agent order.
    pub voters: Vec<AgentId>,
}

/// The rule that settled the winner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TieBreak {
    /// Most ballots, no tie.
    Votes,
    /// Most approvals, no tie.
    Approvals,
    /// Last after the others were struck.
    Elimination,
    /// Most points, no tie.
    Points,
    /// Highest mean score, no tie.
    Score,
    /// A judge's choice.
    Judged,
    /// Tie: more voters other than the author.
    OtherVoters,
    /// Tie: first on more ballots.
    FirstChoices,
    /// Tie: published earlier.
    Earliest,
    /// Tie, or no ballots at all: first in the order of the team (MassGen's rule).
    TeamOrder,
    /// No ballots.
    #[serde(untagged)]
    NoVote(NoVote),
}

/// The rule that settled the winner without a single ballot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoVote {
    /// The only answer.
    OnlyAnswer,
    /// The latest answer of an agent still working.
    LatestLive,
    /// All agents are out: the latest answer of all.
    Latest,
    /// The mode takes no votes: most answers say the same.
    Agreement,
    /// The mode takes no votes: the answers are parts of one.
    Assembled,
}

impl TieBreak {
    /// How the rule reads after "won by".
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Votes => "most votes",
            Self::Approvals => "most approvals",
            Self::Elimination => "instant runoff",
            Self::Points => "most points",
            Self::Score => "highest score",
            Self::Judged => "the judge's choice",
            Self::OtherVoters => "a tie broken by votes of others",
            Self::FirstChoices => "a tie broken by first choices",
            Self::Earliest => "a tie broken by earliest publication",
            Self::TeamOrder => "standing first in the order of the team",
            Self::NoVote(NoVote::OnlyAnswer) => "being the only answer",
            Self::NoVote(NoVote::LatestLive) => "being the latest answer, no votes were cast",
            Self::NoVote(NoVote::Latest) => "being the latest answer, no agent was left to vote",
            Self::NoVote(NoVote::Agreement) => "most answers that say the same",
            Self::NoVote(NoVote::Assembled) => "being one of the parts that were put together",
        }
    }
}

/// The settled vote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The winning answer.
    pub winner: Label,
    /// The count, winner first, then by votes and label; answers without votes included.
    pub tally: Vec<TallyRow>,
    /// Agents that abstained.
    pub abstained: Vec<AgentId>,
    /// What settled it.
    pub by: TieBreak,
    /// The policy it was counted by.
    #[serde(default)]
    pub policy: Policy,
    /// What the policy gives each answer, most first; empty where votes are all there is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<Points>,
    /// Counts of an instant runoff, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rounds: Vec<Elimination>,
    /// The bar of a majority or of unanimity, and whether it was met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bar: Option<Bar>,
    /// What a plain majority over extracted answers says, whatever the policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub majority: Option<PlainMajority>,
    /// Votes that were not waited for, because they could not change the winner.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub saved_calls: u32,
    /// Why voting was over. A process that goes on from the log ends in the same way; `None` in logs of
    /// earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<OutcomeEnd>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What a policy gives an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Points {
    /// The answer.
    pub label: Label,
    /// Borda points, or a mean score of 0 to 10, in hundredths.
    pub hundredths: u64,
}

impl Points {
    /// `12`, `8.4`, `7.25`.
    #[must_use]
    pub fn words(self) -> String {
        let (whole, part) = (self.hundredths / 100, self.hundredths % 100);
        match part {
            0 => whole.to_string(),
            part if part.is_multiple_of(10) => format!("{whole}.{}", part / 10),
            part => format!("{whole}.{part:02}"),
        }
    }
}

/// One count of an instant runoff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elimination {
    /// Ballots of each answer that is still in, most first.
    pub counts: Vec<(Label, u32)>,
    /// Ballots whose ranked answers are all out.
    pub exhausted: u32,
    /// The answer that is struck after this count; `None` in the last.
    pub out: Option<Label>,
}

/// The bar of a majority or of unanimity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// Votes needed.
    pub need: u32,
    /// Agents that could vote: live, or out with a standing ballot.
    pub of: u32,
    /// Votes of the winner.
    pub got: u32,
    /// The two answers of the runoff that was held because nobody met the bar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runoff: Option<(Label, Label)>,
}

impl Bar {
    /// Whether the winner has the votes it needs.
    #[must_use]
    pub const fn met(self) -> bool {
        self.got >= self.need
    }
}

/// What a plain majority of the answers themselves says: the short result is taken out of every
/// current answer, and the one that most of them share wins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlainMajority {
    /// The shared result as it was extracted; empty when no two answers share one.
    pub value: String,
    /// Answers with it.
    pub labels: Vec<Label>,
    /// Current answers in all.
    pub of: u32,
}

impl PlainMajority {
    /// Whether at least two answers share the result.
    #[must_use]
    pub fn exists(&self) -> bool {
        !self.labels.is_empty()
    }
}

impl Decision {
    /// A decision by votes alone.
    #[must_use]
    pub fn plain(
        winner: Label,
        tally: Vec<TallyRow>,
        abstained: Vec<AgentId>,
        by: TieBreak,
    ) -> Self {
        Self {
            winner,
            tally,
            abstained,
            by,
            policy: Policy::Plurality,
            points: Vec::new(),
            rounds: Vec::new(),
            bar: None,
            majority: None,
            saved_calls: 0,
            end: None,
        }
    }

    /// Every text in it that models wrote, for masking and cleaning.
    pub fn texts_mut(&mut self, with: &mut dyn FnMut(&mut String)) {
        if let Some(plain) = &mut self.majority {
            with(&mut plain.value);
        }
    }

    /// What the winner was measured by: `2 of 3`, `7 points`, `8.4 of 10`, `2 of 3 in count 2`; empty
    /// when nothing was counted.
    #[must_use]
    pub fn measure(&self) -> String {
        if let Some(last) = self.rounds.last() {
            let got = last
                .counts
                .iter()
                .find(|(label, _)| *label == self.winner)
                .map_or(0, |(_, votes)| *votes);
            let all = last.counts.iter().map(|(_, votes)| votes).sum::<u32>() + last.exhausted;
            return format!("{got} of {all} in count {}", self.rounds.len());
        }
        let points = self.points.iter().find(|row| row.label == self.winner);
        if let Some(points) = points {
            let words = points.words();
            return match self.policy {
                Policy::Score => format!("{words} of 10"),
                _ => format!("{words} points"),
            };
        }
        let won = self
            .tally
            .iter()
            .find(|row| row.label == self.winner)
            .map_or(0, |row| row.voters.len());
        let mut voters: Vec<_> = self.tally.iter().flat_map(|row| &row.voters).collect();
        voters.sort_unstable();
        voters.dedup();
        if voters.is_empty() {
            String::new()
        } else {
            format!("{won} of {}", voters.len())
        }
    }

    /// How it was won, after the name of the winner: `most votes (2 of 3)`.
    #[must_use]
    pub fn how(&self) -> String {
        let mut words = self.by.words().to_owned();
        let measure = self.measure();
        if !measure.is_empty() && self.by != TieBreak::Judged {
            let _ = write!(words, " ({measure})");
        }
        words
    }

    /// What else there is to say about it, one sentence each: a bar that was missed, a runoff, the
    /// plain majority, votes that were saved.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if let Some(bar) = self.bar {
            if let Some((one, other)) = bar.runoff {
                remarks.push(format!("A runoff between {one} and {other} was held."));
            }
            if !bar.met() {
                remarks.push(format!(
                    "No {}: {} of the {} votes needed, so most votes decided.",
                    self.policy.word(),
                    bar.got,
                    bar.need
                ));
            }
        }
        // One answer alone, and parts that differ by design, have no majority to be measured by.
        let parts = self.by == TieBreak::NoVote(NoVote::Assembled);
        if let Some(plain) = self
            .majority
            .as_ref()
            .filter(|plain| plain.of > 1 && !parts)
        {
            remarks.push(plain_words(plain, self.winner));
        }
        if self.saved_calls > 0 {
            let (votes, they) = match self.saved_calls {
                1 => ("1 more vote".to_owned(), "it"),
                many => (format!("{many} more votes"), "they"),
            };
            remarks.push(format!(
                "{votes} saved: {they} could not have changed the winner."
            ));
        }
        remarks
    }
}

fn plain_words(plain: &PlainMajority, winner: Label) -> String {
    if !plain.exists() {
        return format!(
            "Plain majority: none, the {} answers end differently.",
            plain.of
        );
    }
    let agrees = if plain.labels.contains(&winner) {
        "as the winner says"
    } else {
        "the winner says otherwise"
    };
    format!(
        "Plain majority: \"{}\" in {} of {} answers, {agrees}.",
        plain.value,
        plain.labels.len(),
        plain.of
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(agent: u16) -> Label {
        Label::new(AgentId(agent), 1)
    }

    fn decision() -> Decision {
        let row = |agent, voters: &[u16]| TallyRow {
            label: label(agent),
            voters: voters.iter().copied().map(AgentId).collect(),
        };
        Decision {
            winner: label(1),
            tally: vec![row(1, &[1, 2]), row(2, &[3])],
            abstained: vec![],
            by: TieBreak::Votes,
            policy: Policy::Plurality,
            points: vec![],
            rounds: vec![],
            bar: None,
            majority: None,
            saved_calls: 0,
            end: None,
        }
    }

    #[test]
    fn a_decision_says_what_it_is_measured_by() {
        let mut settled = decision();
        assert_eq!(settled.how(), "most votes (2 of 3)");
        settled.policy = Policy::Score;
        settled.by = TieBreak::Score;
        settled.points = vec![Points {
            label: label(1),
            hundredths: 840,
        }];
        assert_eq!(settled.how(), "highest score (8.4 of 10)");
        settled.policy = Policy::Borda;
        settled.points[0].hundredths = 700;
        assert_eq!(settled.measure(), "7 points");
        settled.rounds = vec![Elimination {
            counts: vec![(label(1), 2), (label(2), 1)],
            exhausted: 1,
            out: None,
        }];
        assert_eq!(settled.measure(), "2 of 4 in count 1");
    }

    #[test]
    fn remarks_name_what_a_count_does_not_show() {
        let mut settled = decision();
        assert!(settled.remarks().is_empty());
        settled.policy = Policy::Unanimity;
        settled.bar = Some(Bar {
            need: 3,
            of: 3,
            got: 2,
            runoff: Some((label(1), label(2))),
        });
        settled.majority = Some(PlainMajority {
            value: "42".into(),
            labels: vec![label(2), label(3)],
            of: 3,
        });
        settled.saved_calls = 1;
        assert_eq!(
            settled.remarks(),
            [
                "A runoff between agent1.1 and agent2.1 was held.",
                "No unanimity: 2 of the 3 votes needed, so most votes decided.",
                "Plain majority: \"42\" in 2 of 3 answers, the winner says otherwise.",
                "1 more vote saved: it could not have changed the winner.",
            ]
        );
    }

    #[test]
    fn a_decision_of_an_older_log_reads() {
        let old = r#"{"winner":"agent1.1","tally":[],"abstained":[],"by":"other_voters"}"#;
        let read: Decision = serde_json::from_str(old).expect("reads");
        assert_eq!(read.policy, Policy::Plurality);
        assert_eq!(read.remarks(), Vec::<String>::new());
    }
}
