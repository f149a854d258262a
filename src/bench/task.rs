//! The file of tasks: one JSON object per line.
//!
//! Everything that is wrong with it is told at once, with the number of its line; nothing is run then.

use serde_json::{Map, Value};

use super::{Oracle, digest};

/// Most tasks of a file.
const MOST: usize = 100_000;
/// Longest id in characters.
const LONGEST_ID: usize = 200;
/// Longest prompt in bytes.
const LONGEST_PROMPT: usize = 4 * 1024 * 1024;
/// The keys of a task.
const KEYS: [&str; 9] = [
    "id",
    "prompt",
    "oracle",
    "answer",
    "tolerance",
    "weight",
    "tags",
    "scenario",
    "meta",
];

/// A task with a known answer.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its name, unique in the file.
    pub id: String,
    /// What the team is asked.
    pub prompt: String,
    /// Who judges the answer.
    pub oracle: Oracle,
    /// How much it counts; 1 unless the file says otherwise.
    pub weight: f64,
    /// Groups it belongs to.
    pub tags: Vec<String>,
    /// For the scripted demo team: the scenario that answers it.
    pub scenario: Option<String>,
    /// A digest of all that decides a result: prompt, oracle, answer, tolerance, scenario.
    pub hash: String,
}

/// One thing that is wrong with the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line, starting at 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// Reads all tasks.
///
/// # Errors
/// Every fault of the file, in the order of lines. A file without tasks is a fault of its first line.
pub fn read(text: &str) -> Result<Vec<Task>, Vec<Fault>> {
    let mut tasks: Vec<Task> = Vec::new();
    let mut lines = std::collections::BTreeMap::new();
    let mut faults = Vec::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let mut fault = |message: String| {
            faults.push(Fault {
                line: number,
                message,
            });
        };
        if tasks.len() == MOST {
            fault(format!("more than {MOST} tasks"));
            break;
        }
        match one(line) {
            Ok(task) => {
                if let Some(first) = lines.insert(task.id.clone(), number) {
                    fault(format!("the id {:?} is taken by line {first}", task.id));
                }
                tasks.push(task);
            }
            Err(messages) => messages.into_iter().for_each(fault),
        }
    }
    if tasks.is_empty() && faults.is_empty() {
        faults.push(Fault {
            line: 1,
            message: "there is no task in the file".into(),
        });
    }
    if faults.is_empty() {
        Ok(tasks)
    } else {
        Err(faults)
    }
}

fn one(line: &str) -> Result<Task, Vec<String>> {
    let map: Map<String, Value> =
        serde_json::from_str(line).map_err(|error| vec![format!("not a JSON object: {error}")])?;
    let mut faults: Vec<String> = map
        .keys()
        .filter(|key| !KEYS.contains(&key.as_str()))
        .map(|key| format!("{key:?} is no key of a task (other data goes under \"meta\")"))
        .collect();
    let mut note = |result: Result<(), String>| {
        if let Err(message) = result {
            faults.push(message);
        }
    };
    let id = text(&map, "id");
    note(id.as_ref().map_err(Clone::clone).and_then(|id| {
        let fine = id.chars().count() <= LONGEST_ID && !id.chars().any(char::is_control);
        fine.then_some(()).ok_or_else(|| {
            format!("\"id\" has at most {LONGEST_ID} characters and no control characters")
        })
    }));
    let prompt = text(&map, "prompt");
    note(prompt.as_ref().map_err(Clone::clone).and_then(|prompt| {
        (prompt.len() <= LONGEST_PROMPT)
            .then_some(())
            .ok_or_else(|| "\"prompt\" is longer than 4 MiB".to_owned())
    }));
    let oracle = oracle(&map);
    note(oracle.as_ref().map(|_| ()).map_err(Clone::clone));
    let weight = match map.get("weight") {
        None => Ok(1.0),
        Some(value) => value
            .as_f64()
            .filter(|weight| weight.is_finite() && *weight > 0.0 && *weight <= 1e6)
            .ok_or_else(|| "\"weight\" is a number above 0, at most 1000000".to_owned()),
    };
    note(weight.as_ref().map(|_| ()).map_err(Clone::clone));
    let tags = tags(&map);
    note(tags.as_ref().map(|_| ()).map_err(Clone::clone));
    let scenario = match map.get("scenario") {
        None => Ok(None),
        Some(_) => text(&map, "scenario").map(Some),
    };
    note(scenario.as_ref().map(|_| ()).map_err(Clone::clone));
    match (id, prompt, oracle, weight, tags, scenario) {
        (Ok(id), Ok(prompt), Ok(oracle), Ok(weight), Ok(tags), Ok(scenario))
            if faults.is_empty() =>
        {
            let parts = ["prompt", "oracle", "answer", "tolerance", "scenario"];
            let decides: Vec<_> = parts.iter().map(|key| map.get(*key)).collect();
            let hash = digest(&serde_json::to_string(&decides).unwrap_or_default());
            Ok(Task {
                id,
                prompt,
                oracle,
                weight,
                tags,
                scenario,
                hash,
            })
        }
        _ => Err(faults),
    }
}

/// A text that says something.
fn text(map: &Map<String, Value>, key: &str) -> Result<String, String> {
    match map.get(key) {
        None => Err(format!("{key:?} is missing")),
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.clone()),
        Some(Value::String(_)) => Err(format!("{key:?} is empty")),
        Some(_) => Err(format!("{key:?} must be a text")),
    }
}

fn tags(map: &Map<String, Value>) -> Result<Vec<String>, String> {
    let wrong = || "\"tags\" must be a list of texts".to_owned();
    let Some(value) = map.get("tags") else {
        return Ok(Vec::new());
    };
    let list = value.as_array().ok_or_else(wrong)?;
    let mut tags = list
        .iter()
        .map(|tag| tag.as_str().map(str::to_owned).ok_or_else(wrong))
        .collect::<Result<Vec<_>, _>>()?;
    tags.sort();
    tags.dedup();
    Ok(tags)
}

fn oracle(map: &Map<String, Value>) -> Result<Oracle, String> {
    let kind = match map.get("oracle") {
        None => return Err("\"oracle\" is missing: exact, regex or number".into()),
        Some(value) => value.as_str().unwrap_or_default(),
    };
    let answer = map.get("answer").ok_or("\"answer\" is missing")?;
    if kind != "number" && map.contains_key("tolerance") {
        return Err("\"tolerance\" belongs to the oracle \"number\"".into());
    }
    match kind {
        "exact" => match answer {
            Value::String(one) => Oracle::exact([one.as_str()]),
            Value::Number(one) => Oracle::exact([one.to_string().as_str()]),
            Value::Array(several) => {
                let texts: Option<Vec<&str>> = several.iter().map(Value::as_str).collect();
                Oracle::exact(texts.ok_or("\"answer\" must be a text or a list of texts")?)
            }
            _ => Err("\"answer\" must be a text or a list of texts".into()),
        },
        "regex" => Oracle::regex(
            answer
                .as_str()
                .ok_or("\"answer\" must be a pattern in quotes")?,
        ),
        "number" => {
            let read = |value: &Value| match value {
                Value::String(text) => text.trim().parse().ok(),
                other => other.as_f64(),
            };
            let value = read(answer).ok_or("\"answer\" must be a number")?;
            let tolerance = match map.get("tolerance") {
                None => 0.0,
                Some(tolerance) => read(tolerance).ok_or("\"tolerance\" must be a number")?,
            };
            Oracle::number(value, tolerance)
        }
        other => Err(format!(
            "{other:?} is no oracle; there are \"exact\", \"regex\" and \"number\""
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_tasks_is_read() {
        let text = concat!(
            "\u{feff}{\"id\":\"a\",\"prompt\":\"6*7?\",\"oracle\":\"number\",\"answer\":42}\n\n",
            "{\"id\":\"b\",\"prompt\":\"p\",\"oracle\":\"exact\",\"answer\":[\"x\",\"y\"],\"weight\":2,",
            "\"tags\":[\"t\",\"s\",\"t\"],\"meta\":{\"source\":1}}\r\n",
        );
        let tasks = read(text).expect("two tasks");
        assert_eq!(tasks.len(), 2);
        assert!(tasks[0].oracle.accepts("42"));
        assert_eq!(
            (tasks[1].weight, tasks[1].tags.clone()),
            (2.0, vec!["s".into(), "t".into()])
        );
        assert_ne!(tasks[0].hash, tasks[1].hash);
    }

    #[test]
    fn the_hash_follows_what_decides_a_result() {
        let task = |answer: &str, weight: &str| {
            let line = format!(
                "{{\"id\":\"a\",\"prompt\":\"p\",\"oracle\":\"exact\",\"answer\":\"{answer}\",\"weight\":{weight}}}"
            );
            read(&line).expect("a task").remove(0).hash
        };
        assert_eq!(task("x", "1"), task("x", "3"));
        assert_ne!(task("x", "1"), task("y", "1"));
    }

    #[test]
    fn every_fault_is_told_with_its_line() {
        let text = [
            "{\"id\":\"a\",\"prompt\":\"p\",\"oracle\":\"exact\",\"answer\":\"x\"}",
            "not json",
            "{\"id\":\"a\",\"prompt\":\"p\",\"oracle\":\"exact\",\"answer\":\"x\"}",
            "{\"id\":\"\",\"oracle\":\"guess\",\"answer\":1,\"colour\":2,\"weight\":-1,\"tags\":3}",
            "[]",
            "{\"id\":\"e\",\"prompt\":\"p\",\"oracle\":\"regex\",\"answer\":\"(\"}",
            "{\"id\":\"f\",\"prompt\":\"p\",\"oracle\":\"number\",\"answer\":\"many\"}",
            "{\"id\":\"g\",\"prompt\":\"p\",\"oracle\":\"exact\",\"answer\":\"x\",\"tolerance\":1}",
        ]
        .join("\n");
        let faults = read(&text).expect_err("faults");
        let lines: Vec<usize> = faults.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [2, 3, 4, 4, 4, 4, 4, 4, 5, 6, 7, 8], "{faults:#?}");
        assert_eq!(read("\n \n").expect_err("empty")[0].line, 1);
    }
}
