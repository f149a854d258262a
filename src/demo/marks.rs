//! A scripted vote in the form that the request asks for.
//!
//! A rule names one choice; `also` and `scores` say more where more is wanted. What they leave out
//! is filled in, so that any rule is a legal ballot of any form.

use serde_json::{Map, Value, json};

use super::{
    offer::{Ballot, Form},
    script::{Scenario, VoteRule},
};

/// Score of the choice where the script gives none.
const GOOD: u8 = 8;
/// Score of the others.
const FAIR: u8 = 6;

/// The arguments of the call: `value` is the entry that is chosen.
#[must_use]
pub fn arguments(
    ballot: &Ballot,
    scenario: &Scenario,
    rule: Option<&VoteRule>,
    value: &str,
    reason: &str,
) -> Value {
    let also = rule.map_or(&[][..], |rule| &rule.also);
    let mut chosen = vec![value.to_owned()];
    for seen in also {
        if let Some(choice) = ballot.find(scenario, seen)
            && !chosen.contains(&choice.value)
        {
            chosen.push(choice.value.clone());
        }
    }
    match ballot.form {
        Form::One => json!({ "agent_id": value, "reason": reason }),
        Form::Several => json!({ "agent_ids": chosen, "reason": reason }),
        Form::Ranking => {
            for choice in ballot.choices() {
                if !chosen.contains(&choice.value) {
                    chosen.push(choice.value.clone());
                }
            }
            json!({ "ranking": chosen, "reason": reason })
        }
        Form::Scores => {
            let mut rows = Map::new();
            for choice in ballot.choices() {
                let given = rule.and_then(|rule| {
                    rule.scores.iter().find_map(|(name, scores)| {
                        (scenario.number(name) == choice.agent).then_some(scores)
                    })
                });
                let usual = if choice.value == value { GOOD } else { FAIR };
                let marks: Map<String, Value> = ballot
                    .criteria
                    .iter()
                    .enumerate()
                    .map(|(at, name)| {
                        let score = given.and_then(|scores| scores.get(at)).copied();
                        (name.clone(), json!(score.unwrap_or(usual)))
                    })
                    .collect();
                rows.insert(choice.value.clone(), Value::Object(marks));
            }
            json!({ "scores": rows, "reason": reason })
        }
    }
}
