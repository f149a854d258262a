//! Models that answer, stall, die, lie and flood as they are told to.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt as _, stream, stream::BoxStream};
use massgen_tui::{
    engine::nested::NestedTeam,
    protocol::{AgentId, Failure, ToolCall},
    provider::{
        Price, Provider, Request, Shared, StopReason, StreamEvent, tokens,
        usage::{Tokens, priced},
    },
    store::redact::Redactor,
};
use serde_json::{Map, Value, json};

use super::{
    super::{Step, act, failure, laws, ms, offers, publish, say, setup},
    SECRET,
    plan::{Account, Chair, Deed, Flood, Lie, Nature, Tool},
};

/// A model by its nature.
struct Cast {
    nature: Nature,
    calls: AtomicUsize,
    /// Most tokens by which one call went over what could be known of it when it was reserved.
    over: Arc<AtomicU64>,
}

/// Who sits in a chair.
pub fn seat(chair: &Chair, over: &Arc<AtomicU64>) -> Shared {
    match chair {
        Chair::Model(nature) => cast(nature, over),
        Chair::Team(natures, rules, limits) => {
            let models: Vec<Shared> = natures.iter().map(|nature| cast(nature, over)).collect();
            let voice = Arc::clone(&models[0]);
            let mut team = setup(models, limits.clone());
            team.rules = (**rules).clone();
            Arc::new(NestedTeam {
                setup: team,
                voice,
                redactor: Redactor::new(&[SECRET.to_owned()]),
            })
        }
    }
}

fn cast(nature: &Nature, over: &Arc<AtomicU64>) -> Shared {
    Arc::new(Cast {
        nature: nature.clone(),
        calls: AtomicUsize::new(0),
        over: Arc::clone(over),
    })
}

impl Provider for Cast {
    fn stream(&self, request: Request) -> BoxStream<'static, Result<StreamEvent, Failure>> {
        laws::check_request(&request);
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let (wait, deed) = &self.nature.deeds[call % self.nature.deeds.len()];
        let steps = self.account(perform(*wait, deed, &request), &request);
        stream::iter(steps)
            .then(|(wait, item)| async move {
                tokio::time::sleep(wait).await;
                item
            })
            .boxed()
    }

    fn with_model(&self, _: &str) -> Option<Shared> {
        Some(cast(&self.nature, &self.over))
    }

    fn price(&self) -> Option<Price> {
        self.nature.price
    }
}

impl Cast {
    /// Puts what the model tells of its tokens before the end of the reply.
    fn account(&self, mut steps: Vec<Step>, request: &Request) -> Vec<Step> {
        let pieces = steps.iter().filter_map(|(_, item)| match item {
            Ok(StreamEvent::Text(text)) => Some((text.len(), true)),
            Ok(StreamEvent::ToolStart { name, .. }) => Some((name.len(), true)),
            Ok(StreamEvent::ToolArguments { fragment, .. }) => Some((fragment.len(), true)),
            // Repeats what was streamed; counted as if it had not been.
            Ok(StreamEvent::ToolCall(call)) => Some((call.arguments.len(), false)),
            _ => None,
        });
        let pieces: Vec<(usize, bool)> = pieces.collect();
        let streamed = pieces.iter().filter(|(_, streamed)| *streamed);
        let bytes: usize = streamed.map(|(bytes, _)| bytes).sum();
        let largest = pieces.iter().map(|(bytes, _)| *bytes).max().unwrap_or(0);
        let factor = if self.nature.account == Account::Inflated {
            10
        } else {
            1
        };
        let told = Tokens {
            input: tokens::prompt(request) * factor,
            // All that a server may charge more for.
            written: tokens::prompt(request) * factor,
            output: (bytes / 4) as u64 * factor,
            ..Tokens::default()
        };
        let beyond = (told.input + told.output) / factor * (factor - 1);
        let over = (largest / 4 + 1) as u64 + beyond;
        self.over.fetch_max(over, Ordering::Relaxed);
        if self.nature.account != Account::Silent && bytes > 0 {
            let ends = |(_, item): &Step| matches!(item, Ok(StreamEvent::Stop(_)) | Err(_));
            let at = steps.iter().position(ends).unwrap_or(steps.len());
            let usage = priced(told, self.nature.price, false);
            steps.insert(at, ms(0, StreamEvent::Usage(usage)));
        }
        steps
    }
}

fn call(id: &str, name: &str, arguments: &str) -> Step {
    ms(
        1,
        StreamEvent::ToolCall(ToolCall {
            id: id.into(),
            name: name.into(),
            arguments: arguments.into(),
        }),
    )
}

fn stop() -> Step {
    ms(1, StreamEvent::Stop(StopReason::ToolUse))
}

fn perform(wait: u64, deed: &Deed, request: &Request) -> Vec<Step> {
    let text = |text: &str| ms(wait, StreamEvent::Text(text.into()));
    match deed {
        Deed::Fail(kind) => vec![(Duration::from_millis(wait), Err(failure(*kind)))],
        Deed::Cut(kind) => vec![text("half a"), (Duration::ZERO, Err(failure(*kind)))],
        Deed::Vanish => vec![text("and th")],
        Deed::Hang => vec![ms(u64::from(u32::MAX), StreamEvent::Text("late".into()))],
        Deed::Flood(flood) => swamp(wait, flood, request),
        Deed::Talk(_) if request.tools.is_empty() => say("STOP"),
        _ if request.tools.is_empty() => say("the final word"),
        Deed::Publish(n) => publish(wait, &format!("answer {n}")),
        Deed::Vote(n) => ballot(wait, *n, request),
        Deed::Lie(lie) => invent(wait, lie),
        Deed::Talk(n) => say(&format!("just words {n}")),
        Deed::Tool(Tool::Open) => act(wait, "open_answer", &json!({ "label": "agent1" })),
        Deed::Tool(Tool::Ask(person)) => {
            let to = if *person {
                json!(["person"])
            } else {
                json!([])
            };
            act(
                wait,
                "ask_others",
                &json!({ "question": "why?", "to": to, "options": ["yes", "no"] }),
            )
        }
        Deed::TellSecret(size) => {
            let letters: Vec<char> = format!("it is {SECRET}, really").chars().collect();
            let pieces = letters.chunks(*size);
            let mut steps: Vec<Step> = pieces.map(|p| text(&String::from_iter(p))).collect();
            if offers(request, "new_answer") {
                steps.extend(publish(1, &format!("say {SECRET}")));
            } else {
                steps.push(stop());
            }
            steps
        }
    }
}

/// A ballot in the form that is asked for; a verdict where one is wanted.
fn ballot(wait: u64, n: usize, request: &Request) -> Vec<Step> {
    if offers(request, "verdict") {
        let arguments = json!({ "accept": n.is_multiple_of(2), "instructions": "once more" });
        return act(wait, "verdict", &arguments);
    }
    let tool = request.tools.iter().find(|tool| tool.name == "vote");
    let Some(fields) = tool.map(|tool| &tool.parameters["properties"]) else {
        return publish(wait, &format!("instead of vote {n}"));
    };
    let turned = |labels: &Value| {
        let mut labels = labels.as_array().cloned().unwrap_or_default();
        let by = n % labels.len().max(1);
        labels.rotate_left(by);
        labels
    };
    let mut arguments = Map::new();
    if let Some(labels) = fields.pointer("/agent_id/enum") {
        let first = turned(labels).first().cloned();
        arguments.insert("agent_id".into(), first.unwrap_or_default());
    }
    for list in ["agent_ids", "ranking"] {
        if let Some(labels) = fields.pointer(&format!("/{list}/items/enum")) {
            arguments.insert(list.into(), turned(labels).into());
        }
    }
    if let Some(rows) = fields
        .pointer("/scores/properties")
        .and_then(Value::as_object)
    {
        let row = |(place, (label, row)): (usize, (&String, &Value))| {
            let names = row["properties"].as_object().into_iter().flatten();
            let marks: Map<String, Value> = names
                .map(|(name, _)| (name.clone(), json!((n * 3 + place) % 11)))
                .collect();
            (label.clone(), Value::from(marks))
        };
        let scores: Map<String, Value> = rows.iter().enumerate().map(row).collect();
        arguments.insert("scores".into(), scores.into());
    }
    arguments.insert("reason".into(), "it is right".into());
    act(wait, "vote", &arguments.into())
}

fn invent(wait: u64, lie: &Lie) -> Vec<Step> {
    let vote = |label: &str| act(wait, "vote", &json!({ "agent_id": label }));
    match lie {
        Lie::Label(agent, revision) => vote(&format!("{}.{revision}", AgentId(*agent))),
        Lie::Words => vote("the third one; ignore the others"),
        Lie::BrokenArguments => vec![call("c", "new_answer", "{\"content\": \"ha"), stop()],
        Lie::Everything => vec![
            ms(wait, StreamEvent::Text("several things".into())),
            call("c1", "open_answer", ""),
            call("c2", "vote", "{\"agent_id\": \"agent1\"}"),
            call("c3", "new_answer", "{\"content\": \"all at once\"}"),
            call("c4", "no_such_tool", "[]"),
            stop(),
        ],
    }
}

fn swamp(wait: u64, flood: &Flood, request: &Request) -> Vec<Step> {
    let mut steps = vec![ms(wait, StreamEvent::Text("on and on ".into()))];
    match flood {
        Flood::Pieces => {
            steps.extend((0..80).map(|n| {
                let text = format!("and {n} more of the same words ");
                ms(1, StreamEvent::Text(text))
            }));
        }
        Flood::Answer if offers(request, "new_answer") => {
            steps.extend(publish(1, &"flood ".repeat(6_000)));
            return steps;
        }
        Flood::Answer => steps.push(ms(1, StreamEvent::Text("flood ".repeat(6_000)))),
        Flood::Calls if request.tools.is_empty() => {}
        Flood::Calls => {
            let arguments = "{\"label\": \"agent1\"}";
            steps.extend((0..12).map(|n| call(&format!("c{n}"), "open_answer", arguments)));
        }
    }
    steps.push(stop());
    steps
}
