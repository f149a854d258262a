//! Equal results among answers: what most of them end with.
//!
//! What an answer comes to is [`protocol::result`](crate::protocol::result)'s business.

use crate::protocol::{Label, PlainMajority, result};

/// Characters of a result that are compared: what is longer is a paragraph, compared by its beginning.
const LONGEST: usize = 80;

/// The comparable result of an answer; empty for a text without letters and digits.
#[must_use]
pub fn extract(text: &str) -> String {
    result::comparable(text).chars().take(LONGEST).collect()
}

/// What most of the answers (in order of publication) end with. Of as many the one that was
/// published first; without labels when no two share a result. `None` without answers.
#[must_use]
pub fn majority<'a>(answers: impl Iterator<Item = (Label, &'a str)>) -> Option<PlainMajority> {
    let mut groups: Vec<(String, Vec<Label>)> = Vec::new();
    let mut of = 0;
    for (label, text) in answers {
        of += 1;
        let value = extract(text);
        if value.is_empty() {
            continue;
        }
        match groups.iter_mut().find(|(known, _)| *known == value) {
            Some((_, labels)) => labels.push(label),
            None => groups.push((value, vec![label])),
        }
    }
    // The first of the largest: `max_by_key` would take the last.
    let most = groups.iter().map(|(_, labels)| labels.len()).max();
    let shared = groups
        .into_iter()
        .find(|(_, labels)| labels.len() > 1 && Some(labels.len()) == most);
    let (value, mut labels) = shared.unwrap_or_default();
    labels.sort_unstable();
    (of > 0).then_some(PlainMajority { value, labels, of })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::AgentId;

    fn vote(texts: &[&str]) -> Option<(String, Vec<u16>, u32)> {
        let labels = (1..).map(|n| Label::new(AgentId(n), 1));
        let plain = majority(labels.zip(texts.iter().copied()))?;
        let agents = plain.labels.iter().map(|label| label.agent.0).collect();
        Some((plain.value, agents, plain.of))
    }

    #[test]
    fn most_share_or_nobody_does() {
        assert_eq!(vote(&[]), None);
        assert_eq!(vote(&["1"]), Some((String::new(), vec![], 1)));
        assert_eq!(vote(&["1", "2"]), Some((String::new(), vec![], 2)));
        assert_eq!(vote(&["1", "2", "x\n2"]), Some(("2".into(), vec![2, 3], 3)));
        let tied = vote(&["b", "a", "a", "b"]);
        assert_eq!(tied, Some(("b".into(), vec![1, 4], 4)), "the first of two");
    }
}
