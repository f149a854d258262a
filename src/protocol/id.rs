//! Names for things: agents, answers, runs, events, moments.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// The anonymous number of an agent, starting at 1, shown to peers as `agent1`.
///
/// Numbers follow the lexicographic order of the configured names (as MassGen does), so the same
/// team always gets the same numbers and no number tells which model is behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AgentId(pub u16);

impl fmt::Display for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "agent{}", self.0)
    }
}

impl FromStr for AgentId {
    type Err = LabelParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.trim()
            .strip_prefix("agent")
            .and_then(|digits| digits.parse().ok())
            .filter(|number| *number > 0)
            .map(Self)
            .ok_or(LabelParseError)
    }
}

/// One published answer: the k-th revision of an agent, written `agent2.3`.
///
/// Labels are dense per agent, never reused, and the text behind a label never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label {
    /// Who published it.
    pub agent: AgentId,
    /// Revision, starting at 1.
    pub revision: u32,
}

impl Label {
    /// The label of revision `revision` of `agent`.
    #[must_use]
    pub const fn new(agent: AgentId, revision: u32) -> Self {
        Self { agent, revision }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.agent, self.revision)
    }
}

/// The text is neither `agentN` nor `agentN.k`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelParseError;

impl fmt::Display for LabelParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an answer label such as agent2.1")
    }
}

impl std::error::Error for LabelParseError {}

impl FromStr for Label {
    type Err = LabelParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (agent, revision) = text.trim().split_once('.').ok_or(LabelParseError)?;
        Ok(Self {
            agent: agent.parse()?,
            revision: revision
                .parse()
                .ok()
                .filter(|revision| *revision > 0)
                .ok_or(LabelParseError)?,
        })
    }
}

impl Serialize for Label {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

/// Name of a session and of its log file, for example `20261121-101530-k3f9`: sorts by start time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub String);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Position of an event in its session, starting at 1 without gaps.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Seq(pub u64);

/// Milliseconds since the Unix epoch, UTC.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// Milliseconds from `earlier` to `self`; 0 when the clock went backwards.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// One steering message of a session.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct SteerId(pub u32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_read_back_as_written() {
        let label = Label::new(AgentId(2), 3);
        assert_eq!(label.to_string(), "agent2.3");
        assert_eq!("agent2.3".parse(), Ok(label));
        for wrong in ["agent2", "agent0.1", "agent2.0", "2.3", "agent2.x", ""] {
            assert_eq!(wrong.parse::<Label>(), Err(LabelParseError), "{wrong}");
        }
    }
}
