//! The `vote` tool: one name, a shape per way of voting, and the words that ask for a vote.
//!
//! Shapes: `agent_id` for one answer (MassGen's), `agent_ids` for several, `ranking` from best to
//! worst, `scores` by answer and criterion. What models send is read generously: bare names, a
//! string that holds JSON, one name where a list is wanted. What it means is decided by the
//! coordination, not here.

use serde_json::{Map, Value, json};

use super::{
    coordination::{Brief, Choice, ScoreRow, VoteAsk, VoteWhy},
    workflow::VOTE,
};
use crate::protocol::{Criterion, Form, Label, ToolSpec};

/// Names and numbers of one ballot that are read; more than any team has.
const MOST: usize = 512;

/// `vote` as offered: the lists hold exactly the labels this agent can choose from.
#[must_use]
pub fn tool(choices: &[Label], ask: VoteAsk, criteria: &[Criterion]) -> ToolSpec {
    let labels: Vec<String> = choices.iter().map(Label::to_string).collect();
    let list = |about: &str| {
        json!({
            "type": "array",
            "items": { "type": "string", "enum": labels },
            "minItems": 1,
            "description": about
        })
    };
    let (about, field, value) = match ask.form {
        Form::One => (
            "Vote for the best current answer.",
            "agent_id",
            json!({
                "type": "string",
                "enum": labels,
                "description": "The label of the answer."
            }),
        ),
        Form::Several => (
            "Approve every current answer that is good enough.",
            "agent_ids",
            list("The labels of the answers you approve, the best first."),
        ),
        Form::Ranking => (
            "Rank the current answers.",
            "ranking",
            list("The labels of all answers, from best to worst."),
        ),
        Form::Scores => (
            "Score every current answer on every criterion.",
            "scores",
            scores(&labels, criteria),
        ),
    };
    let mut properties = Map::new();
    properties.insert(field.to_owned(), value);
    properties.insert(
        "reason".to_owned(),
        json!({ "type": "string", "description": "Why, in one or two sentences." }),
    );
    ToolSpec {
        name: VOTE.into(),
        description: about.into(),
        parameters: json!({
            "type": "object",
            "properties": properties,
            "required": [field, "reason"]
        }),
    }
}

fn scores(labels: &[String], criteria: &[Criterion]) -> Value {
    let names: Vec<&str> = criteria.iter().map(|c| c.name.as_str()).collect();
    let mut marks = Map::new();
    for criterion in criteria {
        let about = if criterion.meaning.is_empty() {
            "0 to 10.".to_owned()
        } else {
            format!("0 to 10. {}", criterion.meaning)
        };
        let mark = json!({ "type": "integer", "minimum": 0, "maximum": 10, "description": about });
        marks.insert(criterion.name.clone(), mark);
    }
    let row = json!({ "type": "object", "properties": marks, "required": names });
    let rows: Map<String, Value> = labels
        .iter()
        .map(|label| (label.clone(), row.clone()))
        .collect();
    json!({
        "type": "object",
        "properties": rows,
        "required": labels,
        "description": "For each answer by its label: a number from 0 (useless) to 10 (nothing to \
                        improve) for each criterion."
    })
}

/// What a call of `vote` chose, and its reason.
///
/// # Errors
/// A sentence for the model when no choice can be found in the arguments.
pub fn read(arguments: &Value) -> Result<(Choice, String), String> {
    let reason = arguments
        .get("reason")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let found = |keys: &[&str]| keys.iter().find_map(|key| arguments.get(key)).map(opened);
    let choice = if let Some(scores) = found(&["scores"]) {
        Choice::Scores(rows(&scores)?)
    } else if let Some(ranking) = found(&["ranking", "ranks"]) {
        Choice::Ranking(names(&ranking, "ranking")?)
    } else if let Some(several) = found(&["agent_ids", "labels", "approve"]) {
        Choice::Several(names(&several, "agent_ids")?)
    } else {
        match found(&["agent_id", "label"]) {
            Some(Value::String(one)) => Choice::One(one.trim().to_owned()),
            Some(Value::Number(number)) => Choice::One(number.to_string()),
            Some(list @ Value::Array(_)) => Choice::Several(names(&list, "agent_id")?),
            _ => {
                return Err(
                    "vote needs its list or label as its parameters say. Call it again.".into(),
                );
            }
        }
    };
    Ok((choice, reason))
}

/// A string that holds a JSON list or map is that list or map.
fn opened(value: &Value) -> Value {
    match value {
        Value::String(text) if text.trim_start().starts_with(['[', '{']) => {
            serde_json::from_str(text).unwrap_or_else(|_| value.clone())
        }
        other => other.clone(),
    }
}

/// Labels in a list, or in a text that separates them by commas, `>` or line ends.
fn names(value: &Value, field: &str) -> Result<Vec<String>, String> {
    let wrong = || format!("\"{field}\" must be a list of labels. Call it again.");
    let texts: Vec<String> = match value {
        Value::Array(items) => items
            .iter()
            .map(|item| match item {
                Value::String(text) => Some(text.trim().to_owned()),
                Value::Number(number) => Some(number.to_string()),
                Value::Object(map) => map
                    .get("agent_id")
                    .or_else(|| map.get("label"))
                    .and_then(Value::as_str)
                    .map(|text| text.trim().to_owned()),
                Value::Null | Value::Bool(_) | Value::Array(_) => None,
            })
            .collect::<Option<_>>()
            .ok_or_else(wrong)?,
        Value::String(text) => text
            .split([',', '>', '\n'])
            .map(|part| part.trim().to_owned())
            .filter(|part| !part.is_empty())
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return Err(wrong()),
    };
    if texts.len() > MOST {
        return Err(wrong());
    }
    Ok(texts)
}

/// `{label: {criterion: number}}`; a criterion may also be `{"score": number}`, and rows may be a
/// list of objects with `agent_id`.
fn rows(value: &Value) -> Result<Vec<ScoreRow>, String> {
    const WRONG: &str = "\"scores\" must hold a number from 0 to 10 for every criterion of every answer. \
                         Call it again.";
    let named: Vec<(String, Value)> = match value {
        Value::Object(map) => map
            .iter()
            .map(|(label, row)| (label.clone(), opened(row)))
            .collect(),
        Value::Array(items) => items
            .iter()
            .map(|item| {
                let label = item
                    .get("agent_id")
                    .or_else(|| item.get("label"))?
                    .as_str()?;
                let row = item.get("scores").map_or_else(|| item.clone(), opened);
                Some((label.to_owned(), row))
            })
            .collect::<Option<_>>()
            .ok_or(WRONG)?,
        _ => return Err(WRONG.into()),
    };
    if named.len() > MOST {
        return Err(WRONG.into());
    }
    named
        .into_iter()
        .map(|(label, row)| {
            let row = row.as_object().ok_or(WRONG)?;
            let marks = row
                .iter()
                .filter(|(name, _)| !matches!(name.as_str(), "agent_id" | "label" | "reason"))
                .map(|(name, mark)| Some((name.clone(), number(mark)?)))
                .take(MOST)
                .collect::<Option<_>>()
                .ok_or(WRONG)?;
            Ok((label, marks))
        })
        .collect()
}

/// A score as a whole number, halves up. What is far outside stays outside.
fn number(mark: &Value) -> Option<i64> {
    let value = match mark {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text
            .trim()
            .trim_end_matches("/10")
            .trim()
            .parse::<f64>()
            .ok()?,
        Value::Object(map) => return number(map.get("score").or_else(|| map.get("value"))?),
        Value::Null | Value::Bool(_) | Value::Array(_) => return None,
    };
    value
        .is_finite()
        .then(|| (value + 0.5).floor().clamp(-1.0, 11.0) as i64)
}

/// The sentence that asks for the vote, without what else may be done.
#[must_use]
pub fn request(brief: &Brief) -> String {
    let labels: Vec<String> = brief.choices.iter().map(Label::to_string).collect();
    let labels = labels.join(", ");
    let ask = match brief.vote.form {
        Form::One => format!("Vote for one of {labels}"),
        Form::Several => format!("Approve with `vote` every answer that is good enough: {labels}"),
        Form::Ranking => format!("Rank with `vote`, best first: {labels}"),
        Form::Scores => {
            format!(
                "Score with `vote` every one of {labels} on every criterion, as a strict reviewer"
            )
        }
    };
    match brief.vote.why {
        VoteWhy::Usual => ask,
        VoteWhy::Runoff => format!(
            "No answer has the votes it needs. The two that lead go into a runoff; this vote \
             decides. {ask}"
        ),
        VoteWhy::Judge => format!(
            "You are the judge of this task, and your choice decides. Check the answers for \
             yourself; being long, sure of itself or first says nothing for an answer. {ask}"
        ),
    }
}

/// What stands beside the request where an agent may improve: how good is good enough. Empty when
/// the configuration does not say, or when the gate holds the bar itself.
#[must_use]
pub fn standard(ask: VoteAsk) -> String {
    match (ask.form, ask.bar) {
        (Form::One | Form::Several | Form::Ranking, Some(bar)) if bar > 0 => format!(
            " Publish again only when you would give the best answer less than {}.{} of 10.",
            bar / 10,
            bar % 10
        ),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::AgentId;

    fn ask(form: Form) -> VoteAsk {
        VoteAsk {
            form,
            ..VoteAsk::default()
        }
    }

    #[test]
    fn every_list_holds_exactly_the_choices() {
        let labels = [Label::new(AgentId(1), 2), Label::new(AgentId(3), 1)];
        let texts = json!(["agent1.2", "agent3.1"]);
        let fields =
            |form| tool(&labels, ask(form), &Criterion::usual()).parameters["properties"].clone();
        assert_eq!(fields(Form::One)["agent_id"]["enum"], texts);
        assert_eq!(fields(Form::Several)["agent_ids"]["items"]["enum"], texts);
        assert_eq!(fields(Form::Ranking)["ranking"]["items"]["enum"], texts);
        let scores = fields(Form::Scores)["scores"].clone();
        assert_eq!(scores["required"], texts);
        let row = &scores["properties"]["agent3.1"];
        assert_eq!(row["required"], json!(["correct", "complete", "clear"]));
    }

    #[test]
    fn reads_what_models_send() {
        let several =
            |texts: &[&str]| Choice::Several(texts.iter().map(ToString::to_string).collect());
        let ranking =
            |texts: &[&str]| Choice::Ranking(texts.iter().map(ToString::to_string).collect());
        let scores = |rows: &[(&str, &str, i64)]| {
            let row = |(label, name, mark): &(&str, &str, i64)| {
                ((*label).to_owned(), vec![((*name).to_owned(), *mark)])
            };
            Choice::Scores(rows.iter().map(row).collect())
        };
        for (arguments, expected) in [
            (json!({"agent_id": " agent1.2 "}), "agent1.2".into()),
            (json!({"label": "agent1"}), "agent1".into()),
            (json!({"agent_id": 2}), "2".into()),
            (json!({"agent_id": ["agent1"]}), several(&["agent1"])),
            (
                json!({"agent_ids": ["agent1", " 2 "]}),
                several(&["agent1", "2"]),
            ),
            (
                json!({"agent_ids": "agent1, agent2"}),
                several(&["agent1", "agent2"]),
            ),
            (json!({"agent_ids": "[\"agent1\"]"}), several(&["agent1"])),
            (json!({"ranking": ["a", "b"]}), ranking(&["a", "b"])),
            (json!({"ranking": "a > b"}), ranking(&["a", "b"])),
            (
                json!({"ranking": [{"agent_id": "a"}, {"label": "b"}]}),
                ranking(&["a", "b"]),
            ),
            (json!({"ranking": []}), ranking(&[])),
            (json!({"scores": {"a": {"x": 7}}}), scores(&[("a", "x", 7)])),
            (
                json!({"scores": {"a": {"x": 6.5}}}),
                scores(&[("a", "x", 7)]),
            ),
            (
                json!({"scores": {"a": {"x": "8/10"}}}),
                scores(&[("a", "x", 8)]),
            ),
            (
                json!({"scores": {"a": {"x": {"score": 3, "reasoning": "r"}}}}),
                scores(&[("a", "x", 3)]),
            ),
            (
                json!({"scores": {"a": {"x": 1e300}}}),
                scores(&[("a", "x", 11)]),
            ),
            (
                json!({"scores": {"a": {"x": -4}}}),
                scores(&[("a", "x", -1)]),
            ),
            (
                json!({"scores": "{\"a\": {\"x\": 1}}"}),
                scores(&[("a", "x", 1)]),
            ),
            (
                json!({"scores": [{"agent_id": "a", "x": 2}]}),
                scores(&[("a", "x", 2)]),
            ),
        ] {
            assert_eq!(
                read(&arguments),
                Ok((expected, String::new())),
                "{arguments}"
            );
        }
        for broken in [
            json!({}),
            json!({"agent_id": null}),
            json!({"ranking": 7}),
            json!({"ranking": [[]]}),
            json!({"agent_ids": {"a": 1}}),
            json!({"scores": 3}),
            json!({"scores": {"a": 3}}),
            json!({"scores": {"a": {"x": "good"}}}),
            json!({"scores": {"a": {"x": null}}}),
            json!("agent1"),
        ] {
            let told = read(&broken).expect_err("cannot be counted");
            assert!(told.ends_with("Call it again."), "{told}");
        }
    }
}
