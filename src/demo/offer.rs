//! What a request allows the agent to do, read from the request alone.
//!
//! The demo server knows nothing of the coordination engine: it sees a conversation and tools, as
//! any model server does, and must find its place in the script from them.

use serde_json::Value;

use super::{
    script::{Scenario, Seen},
    wire::Ask,
};
use crate::protocol::{AgentId, Label};

/// Words of the engine that ask for a verdict on a round.
const WEIGHS: &str = "end with the single word STOP";
/// The tool of who checks the final text, and the mark before its words.
pub const VERDICT: &str = "verdict";
const REVIEW: &str = "<review>";
/// Words of the engine before the labels of a ballot.
const ASKS: [&str; 4] = [
    "Vote for one of ",
    "every answer that is good enough: ",
    "best first: ",
    "every one of ",
];
/// Words of the engine that ask for notes.
const NOTES: &str = "<end of conversation> Write the notes now.";
/// What the engine says to a call that ended its round.
const RECORDED: &str = "Recorded.";

/// The meaning of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Tools by name, as offered.
    pub tools: Vec<String>,
    /// What may be voted for; `None` when voting is not offered.
    pub ballot: Option<Ballot>,
    /// The step of a mode that the words name.
    pub step: Option<String>,
    /// Whether the words ask for a verdict on the round.
    pub weighs: bool,
    /// Whether a check of the final text has asked for changes.
    pub revises: bool,
    /// Calls that ended a round of this conversation.
    pub recorded: usize,
    /// Where in a run the conversation is.
    pub start: Start,
    /// Whether the task is the one the script was written for.
    pub task: Task,
}

/// Whether the conversation can be the first of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Nobody has answered anything yet.
    Fresh,
    /// There are earlier replies or answers.
    Under,
    /// Another agent asks something; the run itself goes on elsewhere.
    Beside,
    /// Notes on a conversation that has become too long are wanted.
    Notes,
}

/// Which task the person gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// The script's sample task.
    Own,
    /// Something else, which the script cannot answer.
    Other,
}

/// The values of `agent_id` that a vote may have. Empty when the client gave no list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ballot {
    choices: Vec<Choice>,
    /// What a vote consists of.
    pub form: Form,
    /// What scores are given for.
    pub criteria: Vec<String>,
}

/// What a vote consists of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// One entry.
    #[default]
    One,
    /// Entries that are good enough.
    Several,
    /// Entries from best to worst.
    Ranking,
    /// Numbers for every entry.
    Scores,
}

/// One value, `agent2.3` or `agent2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// As written.
    pub value: String,
    /// Whose answer, when it reads as a label or an agent.
    pub agent: Option<AgentId>,
    /// Its revision; `None` for a bare agent.
    pub revision: Option<u32>,
}

impl Choice {
    fn read(value: &str) -> Self {
        let label = value.parse::<Label>().ok();
        Self {
            value: value.to_owned(),
            agent: label.map(|l| l.agent).or_else(|| value.parse().ok()),
            revision: label.map(|l| l.revision),
        }
    }
}

impl Ballot {
    fn read(parameters: &Value) -> Self {
        let fields = &parameters["properties"];
        let texts = |list: &Value| -> Vec<String> {
            let texts = list.as_array().into_iter().flatten();
            texts.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let mut criteria = Vec::new();
        let (values, form) = if fields["scores"].is_object() {
            let scores = &fields["scores"];
            if let Some(row) = scores["properties"]
                .as_object()
                .and_then(|rows| rows.values().next())
            {
                criteria = texts(&row["required"]);
            }
            (&scores["required"], Form::Scores)
        } else if fields["ranking"].is_object() {
            (&fields["ranking"]["items"]["enum"], Form::Ranking)
        } else if fields["agent_ids"].is_object() {
            (&fields["agent_ids"]["items"]["enum"], Form::Several)
        } else {
            (&fields["agent_id"]["enum"], Form::One)
        };
        let values = values.as_array().into_iter().flatten();
        Self {
            choices: values.filter_map(Value::as_str).map(Choice::read).collect(),
            form,
            criteria,
        }
    }

    /// The ballot, with the entries of the words that asked for the vote where the tool lists none:
    /// some clients list their tools once, before there is anything to vote for.
    fn or_as_said(mut self, request: &Ask) -> Self {
        if self.choices.is_empty() {
            let heard = request
                .messages
                .iter()
                .filter(|message| matches!(message.role.as_str(), "user" | "tool"));
            let said = heard.rev().find_map(|message| listed(&message.text()));
            self.choices = said.unwrap_or_default();
        }
        self
    }

    /// The newest entry of an agent.
    #[must_use]
    pub fn newest(&self, agent: AgentId) -> Option<&Choice> {
        self.choices
            .iter()
            .filter(|choice| choice.agent == Some(agent))
            .max_by_key(|choice| choice.revision)
    }

    /// The entry meant, when it is there and new enough. A bare agent counts as any revision.
    #[must_use]
    pub fn find(&self, scenario: &Scenario, seen: &Seen) -> Option<&Choice> {
        self.newest(scenario.number(&seen.name)?)
            .filter(|choice| choice.revision.is_none_or(|r| r >= seen.revision))
    }

    /// Every entry.
    #[must_use]
    pub fn choices(&self) -> &[Choice] {
        &self.choices
    }

    /// The first entry.
    #[must_use]
    pub fn first(&self) -> Option<&Choice> {
        self.choices.first()
    }

    /// True when entries name answers, not just agents: then the ballot tells who has published.
    #[must_use]
    pub fn tells_answers(&self) -> bool {
        self.choices.iter().any(|choice| choice.revision.is_some())
    }
}

/// How the question of another agent begins.
const ASIDE: &str = "Aside: another agent asks you";

impl Offer {
    /// Reads a request to an agent of `scenario`.
    #[must_use]
    pub fn read(request: &Ask, scenario: &Scenario) -> Self {
        let off = request.tool_choice == "none";
        let functions = request.tools.iter().map(|tool| &tool.function);
        let now = request.messages.last().filter(|last| last.role == "tool");
        let now = now.and_then(|last| instead(&last.text()));
        let offered = |name: &str| {
            now.as_ref()
                .is_none_or(|now| now.iter().any(|one| one == name))
        };
        let functions: Vec<_> = functions
            .filter(|function| !off && offered(&function.name))
            .collect();
        let vote = functions.iter().find(|function| function.name == "vote");
        let spoke = request
            .messages
            .iter()
            .any(|message| matches!(message.role.as_str(), "assistant" | "tool"));
        // Only what the person's side says: a system message may explain the answer blocks.
        let said: Vec<_> = request
            .messages
            .iter()
            .filter(|message| message.role == "user")
            .map(|message| squeeze(&message.text()))
            .collect();
        let checks = functions.iter().any(|function| function.name == VERDICT);
        let under = spoke || checks || said.iter().any(|text| text.contains("<end of agent"));
        let prompt = squeeze(&scenario.prompt);
        // Earlier turns of a conversation may hold the sample task; the last mark begins this one.
        let task = |text: &String| {
            text.rsplit("<task>")
                .next()
                .is_some_and(|t| t.contains(&prompt))
        };
        let own = said.iter().any(task);
        let last = said.last().map_or("", String::as_str);
        let results = request.messages.iter().filter(|m| m.role == "tool");
        Self {
            step: said.iter().rev().find_map(|text| step(text)),
            weighs: last.contains(WEIGHS),
            revises: said.iter().any(|text| text.contains(REVIEW)),
            recorded: results.filter(|m| m.text() == RECORDED).count(),
            tools: functions.iter().map(|f| f.name.clone()).collect(),
            ballot: vote.map(|f| Ballot::read(&f.parameters).or_as_said(request)),
            start: if last.contains(NOTES) {
                Start::Notes
            } else if off && said.last().is_some_and(|text| text.contains(ASIDE)) {
                Start::Beside
            } else if under {
                Start::Under
            } else {
                Start::Fresh
            },
            task: if own { Task::Own } else { Task::Other },
        }
    }

    /// True when the tool may be called.
    #[must_use]
    pub fn has(&self, tool: &str) -> bool {
        self.tools.iter().any(|name| name == tool)
    }
}

/// The tools that are on offer in the place of one that is not, by the words of the refusal: some
/// clients list their tools once.
fn instead(text: &str) -> Option<Vec<String>> {
    let (_, rest) = text.rsplit_once(" is not on offer now. ")?;
    let names = rest.strip_prefix("Use one of: ").unwrap_or_default();
    let names = names.split(['.', ',']).map(|name| name.trim().to_owned());
    Some(names.filter(|name| !name.is_empty()).collect())
}

/// The labels behind the last words that ask for a vote.
fn listed(text: &str) -> Option<Vec<Choice>> {
    let text = squeeze(text);
    let after = ASKS
        .iter()
        .filter_map(|words| Some(text.rfind(words)? + words.len()))
        .max()?;
    let words = text.get(after..)?.split(' ');
    let labels = words.map(|word| word.trim_end_matches([',', '.', ';']));
    let labels = labels.take_while(|word| word.parse::<Label>().is_ok());
    let choices: Vec<Choice> = labels.map(Choice::read).collect();
    (!choices.is_empty()).then_some(choices)
}

/// The name between the marks of a step.
fn step(text: &str) -> Option<String> {
    let (_, rest) = text.rsplit_once("<step ")?;
    let (name, _) = rest.split_once('>')?;
    Some(name.trim().to_owned())
}

/// The text with every run of blanks as one space, so that line breaks do not matter.
fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn scenario() -> Scenario {
        let agent = |name: &str| {
            json!({ "name": name, "model": format!("script-{name}"), "speed": 1,
                    "answers": [{ "text": "x" }], "votes": [{ "for": name, "reason": "r" }] })
        };
        let yaml = json!({ "name": "s", "title": "t", "about": "a", "prompt": "Do\nit  now",
                           "agents": [agent("birch"), agent("alder")] });
        Scenario::parse(&yaml.to_string()).unwrap()
    }

    fn read(request: Value) -> Offer {
        Offer::read(&serde_json::from_value(request).unwrap(), &scenario())
    }

    fn vote_tool(values: &Value) -> Value {
        json!({ "type": "function", "function": { "name": "vote", "parameters": {
            "type": "object", "properties": { "agent_id": { "type": "string", "enum": values } } } } })
    }

    #[test]
    fn tools_and_ballot_are_read() {
        let offer = read(json!({ "model": "m",
            "messages": [{ "role": "user", "content": [{ "type": "text", "text": "Please do it now!" }] }],
            "tools": [{ "type": "function", "function": { "name": "new_answer" } },
                      vote_tool(&json!(["agent1.1", "agent2.2", "agent2.1"]))] }));
        assert!(offer.has("new_answer") && !offer.has("open_answer"));
        assert_eq!(offer.task, Task::Other, "case matters");
        assert_eq!(offer.start, Start::Fresh);
        let ballot = offer.ballot.unwrap();
        assert!(ballot.tells_answers());
        let find = |text: &str| {
            let seen = Seen::try_from(text.to_owned()).unwrap();
            ballot.find(&scenario(), &seen).map(|c| c.value.clone())
        };
        assert_eq!(find("alder").as_deref(), Some("agent1.1"));
        assert_eq!(find("birch").as_deref(), Some("agent2.2"));
        assert_eq!(find("alder.2"), None);
    }

    #[test]
    fn a_ballot_without_a_list_is_the_one_that_was_asked_for() {
        let said = |text: &str| {
            let offer = read(json!({ "model": "m", "messages": [
                { "role": "user", "content": "Vote for one of agent2.1." },
                { "role": "tool", "content": text }],
                "tools": [{ "type": "function", "function": { "name": "vote" } }] }));
            let ballot = offer.ballot.unwrap();
            let values = ballot.choices().iter().map(|choice| choice.value.clone());
            values.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            said("Now. Vote for one of agent1.1, agent3.2. Or else."),
            "agent1.1 agent3.2"
        );
        assert_eq!(
            said("Rank with `vote`, best first: agent1.1, agent2.2"),
            "agent1.1 agent2.2"
        );
        assert_eq!(said("Recorded."), "agent2.1");
    }

    #[test]
    fn what_was_refused_is_not_on_offer() {
        let tools = |text: &str| {
            let tools = ["new_answer", "vote", "read_peer"]
                .map(|name| json!({ "type": "function", "function": { "name": name } }));
            let messages = json!([{ "role": "tool", "content": text }]);
            let offer = read(json!({ "model": "m", "messages": messages, "tools": tools }));
            offer.tools.join(" ")
        };
        assert_eq!(tools("Recorded."), "new_answer vote read_peer");
        assert_eq!(
            tools("Output: vote is not on offer now. Use one of: read_peer."),
            "read_peer"
        );
        assert_eq!(
            tools("vote is not on offer now. Answer in plain words."),
            ""
        );
    }

    #[test]
    fn the_place_in_the_run_is_read() {
        let system = json!({ "role": "system", "content": "<agent1> … <end of agent1>" });
        let user = json!({ "role": "user", "content": "Task: Do it now" });
        let fresh = read(json!({ "model": "m", "messages": [system, user] }));
        assert_eq!((fresh.start, fresh.task), (Start::Fresh, Task::Own));
        assert_eq!(fresh.ballot, None);
        for later in [
            json!({ "role": "assistant", "content": null }),
            json!({ "role": "user", "content": "<agent1> x <end of agent1>" }),
        ] {
            let under = read(json!({ "model": "m", "messages": [system, user, later] }));
            assert_eq!(under.start, Start::Under);
        }
        let next = read(json!({ "model": "m", "messages": [{ "role": "user",
            "content": "<earlier task> Do it now <end of earlier task> <task> More! <end of task>" }] }));
        assert_eq!((next.start, next.task), (Start::Fresh, Task::Other));
    }

    #[test]
    fn tools_that_may_not_be_called_are_not_on_offer() {
        let offer = read(json!({ "model": "m", "messages": [], "tool_choice": "none",
                                 "tools": [vote_tool(&json!(["agent1"]))] }));
        assert_eq!((offer.tools.len(), offer.ballot), (0, None));
        let bare = read(json!({ "model": "m", "messages": [],
                                "tools": [vote_tool(&json!(["agent1", "agent2"]))] }));
        assert!(!bare.ballot.unwrap().tells_answers());
    }
}
