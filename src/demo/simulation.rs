//! Plays every script against a tiny coordinator with random turns: each run must end in legal votes,
//! whoever comes first, and in the result that the script is about.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    cast::{Progress, Reply, Turn},
    library,
    offer::Offer,
    samples, scenarios,
    script::{Scenario, Trouble},
    wire::Delta,
};
use crate::protocol::Label;

/// Failures in a row after which an agent is out.
const PATIENCE: u32 = 4;

/// How the coordinator words the choices of a ballot.
#[derive(Clone, Copy, Debug)]
enum Wording {
    /// `agent2.1`, only answers that are there.
    Labels,
    /// `agent2`, all agents from the start, as `MassGen` does.
    Bare,
}

#[derive(Default)]
struct Seat {
    progress: Progress,
    published: u32,
    vote: Option<String>,
    failures: u32,
    out: bool,
    talked: bool,
    calls: Vec<String>,
}

struct Table<'a> {
    scenario: &'a Scenario,
    seats: Vec<Seat>,
    wording: Wording,
    prompt: String,
    texts: Vec<String>,
    dropped: usize,
}

impl<'a> Table<'a> {
    fn new(scenario: &'a Scenario, wording: Wording, prompt: &str) -> Self {
        let mut seats = Vec::new();
        seats.resize_with(scenario.agents.len(), Seat::default);
        Self {
            scenario,
            seats,
            wording,
            prompt: prompt.to_owned(),
            texts: Vec::new(),
            dropped: 0,
        }
    }

    fn number(&self, seat: usize) -> u16 {
        self.scenario
            .number(&self.scenario.agents[seat].name)
            .unwrap()
            .0
    }

    fn choices(&self) -> Vec<String> {
        let mut list: Vec<_> = (0..self.seats.len())
            .filter_map(|at| match self.wording {
                Wording::Bare => Some(format!("agent{}", self.number(at))),
                Wording::Labels if self.seats[at].published == 0 => None,
                Wording::Labels => Some(format!(
                    "agent{}.{}",
                    self.number(at),
                    self.seats[at].published
                )),
            })
            .collect();
        list.sort();
        list
    }

    fn request(&self, at: usize) -> Value {
        let seat = &self.seats[at];
        let function = |name: &str, parameters: Value| {
            json!({ "type": "function",
            "function": { "name": name, "parameters": parameters } })
        };
        let mut tools = vec![function("open_answer", json!({}))];
        if seat.published < 3 {
            tools.push(function("new_answer", json!({})));
        }
        let may_vote = matches!(self.wording, Wording::Bare) || seat.published > 0;
        if may_vote {
            let choices = self.choices();
            tools.push(function(
                "vote",
                json!({ "properties": { "agent_id": { "enum": choices } } }),
            ));
        }
        let mut messages = vec![json!({ "role": "user", "content": self.prompt })];
        if seat.published > 0 {
            messages.push(json!({ "role": "user", "content": "<agent1> … <end of agent1>" }));
        }
        if seat.talked {
            messages.push(json!({ "role": "assistant", "content": "x" }));
        }
        json!({ "model": "m", "messages": messages, "tools": tools })
    }

    fn play(&mut self, at: usize, request: Value) -> Turn {
        let request = serde_json::from_value(request).unwrap();
        let offer = Offer::read(&request, self.scenario);
        let actor = &self.scenario.agents[at];
        self.seats[at].progress.play(self.scenario, actor, &offer)
    }

    /// One model call of one agent and what comes of it.
    fn ask(&mut self, at: usize) {
        let request = self.request(at);
        let turn = self.play(at, request.clone());
        let whole = matches!(&turn, Turn::Reply(reply) if reply.cut.is_none());
        let Turn::Reply(reply) = turn else {
            self.failed(at);
            return;
        };
        if !whole {
            self.failed(at);
            return;
        }
        self.seats[at].failures = 0;
        self.seats[at].progress.commit(reply.commit);
        self.seats[at].talked = true;
        for (name, arguments) in calls(&reply) {
            self.seats[at].calls.push(name.clone());
            match name.as_str() {
                "new_answer" => {
                    assert!(offered(&request, "new_answer"));
                    self.seats[at].published += 1;
                    self.texts
                        .push(arguments["content"].as_str().unwrap().to_owned());
                    self.dropped += self.seats.iter().filter(|seat| seat.vote.is_some()).count();
                    self.seats.iter_mut().for_each(|seat| seat.vote = None);
                }
                "vote" => {
                    let choice = arguments["agent_id"].as_str().unwrap().to_owned();
                    assert!(self.choices().contains(&choice), "{choice}");
                    assert!(!arguments["reason"].as_str().unwrap().contains('{'));
                    self.seats[at].vote = Some(choice);
                }
                _ => {}
            }
        }
    }

    fn failed(&mut self, at: usize) {
        let seat = &mut self.seats[at];
        seat.failures += 1;
        seat.talked = false;
        seat.out = seat.failures >= PATIENCE;
    }

    /// Asks agents without a vote, in the order the numbers say, until all have voted.
    fn run(&mut self, mut random: impl FnMut() -> usize) {
        for _ in 0..400 {
            let open: Vec<_> = (0..self.seats.len())
                .filter(|at| !self.seats[*at].out && self.seats[*at].vote.is_none())
                .collect();
            if open.is_empty() {
                return;
            }
            self.ask(open[random() % open.len()]);
        }
        panic!("{} does not end", self.scenario.name);
    }

    /// Votes per agent name.
    fn tally(&self) -> Vec<(String, usize)> {
        let count = |at: usize| {
            let own = format!("agent{}", self.number(at));
            let votes = self.seats.iter().filter_map(|seat| seat.vote.as_ref());
            votes
                .filter(|vote| **vote == own || vote.starts_with(&format!("{own}.")))
                .count()
        };
        (0..self.seats.len())
            .map(|at| (self.scenario.agents[at].name.clone(), count(at)))
            .collect()
    }

    fn present(&mut self, name: &str) -> String {
        let at = self
            .scenario
            .agents
            .iter()
            .position(|actor| actor.name == name)
            .unwrap();
        let messages = json!([{ "role": "user", "content": self.prompt },
                              { "role": "user", "content": "<agent1> … <end of agent1>" }]);
        let turn = self.play(at, json!({ "model": "m", "messages": messages }));
        let Turn::Reply(reply) = turn else {
            panic!("{name} cannot present")
        };
        assert_eq!(reply.score.finish(), "stop");
        text(&reply)
    }
}

fn offered(request: &Value, tool: &str) -> bool {
    let tools = request["tools"].as_array().unwrap();
    tools.iter().any(|t| t["function"]["name"] == tool)
}

fn calls(reply: &Reply) -> Vec<(String, Value)> {
    let mut calls: Vec<(String, String)> = Vec::new();
    for delta in reply.score.deltas() {
        match delta {
            Delta::Call { name, .. } => calls.push((name, String::new())),
            Delta::Arguments { index, fragment } => calls[index].1.push_str(&fragment),
            Delta::Text(_) | Delta::Thinking(_) => {}
        }
    }
    let read = |(name, json): (String, String)| (name, serde_json::from_str(&json).unwrap());
    calls.into_iter().map(read).collect()
}

fn text(reply: &Reply) -> String {
    let deltas = reply.score.deltas().into_iter();
    deltas
        .filter_map(|delta| match delta {
            Delta::Text(piece) => Some(piece),
            _ => None,
        })
        .collect()
}

/// Winner and votes that each script is about.
const ENDS: &[(&str, &str, usize)] = &[
    ("quick", "birch", 3),
    ("turnaround", "wren", 3),
    ("recovery", "flint", 3),
    ("tie", "delta", 2),
    ("markdown", "comma", 2),
    ("tools", "lathe", 3),
    ("talking", "lectern", 2),
    ("slow", "tortoise", 3),
    ("repair", "wren", 3),
    ("mosaic", "robin", 3),
    ("ranked", "ruby", 2),
    ("scores", "copper", 2),
];

fn end(name: &str) -> Option<&'static (&'static str, &'static str, usize)> {
    ENDS.iter().find(|(scenario, ..)| *scenario == name)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_order_ends_as_the_script_says(seed in proptest::collection::vec(0usize..1000, 60)) {
        for scenario in library::all().iter().filter(|one| one.settings.is_empty()) {
            let mut table = Table::new(scenario, Wording::Labels, &scenario.prompt);
            let mut order = seed.iter().cycle();
            table.run(|| *order.next().unwrap());
            let tally = table.tally();
            let (_, winner, votes) = end(&scenario.name).unwrap();
            prop_assert!(tally.contains(&((*winner).to_owned(), *votes)), "{}: {tally:?}", scenario.name);
            prop_assert!(tally.iter().all(|(_, count)| count <= votes), "{tally:?}");
            prop_assert!(table.present(winner).len() > 200);
        }
    }

    #[test]
    fn other_coordinators_get_legal_votes_too(seed in proptest::collection::vec(0usize..1000, 60)) {
        for scenario in library::all().iter().filter(|one| one.settings.is_empty()) {
            let mut table = Table::new(scenario, Wording::Bare, &scenario.prompt);
            let mut order = seed.iter().cycle();
            table.run(|| *order.next().unwrap());
            let cast: usize = table.tally().iter().map(|(_, count)| count).sum();
            let live = table.seats.iter().filter(|seat| !seat.out).count();
            prop_assert_eq!(cast, live);
            prop_assert!(table.seats.iter().all(|seat| seat.out || seat.published > 0));
        }
    }
}

/// One run in the order of the script.
fn in_order(name: &str, run: impl FnOnce(&mut Table)) {
    let scenario = library::load(name).unwrap();
    let mut table = Table::new(&scenario, Wording::Labels, &scenario.prompt);
    let mut at = 0;
    table.run(|| {
        at += 1;
        at
    });
    run(&mut table);
}

#[test]
fn every_source_is_a_script() {
    assert_eq!(library::all().len(), library::SOURCES.len());
    let mut models = Vec::new();
    for (name, yaml) in library::SOURCES {
        let scenario = Scenario::parse(yaml).unwrap();
        assert_eq!(scenario.name, *name);
        // Scripts of modes are played by the engine, in `tests/it`.
        let own = !scenario.settings.is_empty();
        assert!(own || end(name).is_some(), "{name} has no expected end");
        models.extend(scenario.models());
    }
    let count = models.len();
    models.sort();
    models.dedup();
    assert_eq!(
        models.len(),
        count,
        "model ids are unique among all scripts"
    );
}

#[test]
fn samples_are_tasks_of_scripts() {
    let scenarios = scenarios();
    assert_eq!(samples().len(), 3);
    for sample in samples() {
        let info = scenarios
            .iter()
            .find(|info| info.name == sample.scenario)
            .unwrap();
        assert_eq!(info.prompt, sample.prompt);
    }
    assert_eq!(scenarios[0].name, super::DEFAULT);
}

#[test]
fn no_script_claims_to_be_a_model() {
    for (name, yaml) in library::SOURCES {
        let text = yaml.to_lowercase();
        for claim in [
            "as an ai",
            "language model",
            "gpt",
            "claude",
            "gemini",
            "llama",
            "i am a model",
        ] {
            assert!(!text.contains(claim), "{name}: {claim}");
        }
    }
}

#[test]
fn the_turnaround_drops_votes() {
    in_order("turnaround", |table| {
        assert!(table.dropped > 0);
        assert_eq!(table.seats[2].published, 2);
    });
}

#[test]
fn the_recovery_mends_two_and_loses_one() {
    in_order("recovery", |table| {
        let out: Vec<_> = table.seats.iter().map(|seat| seat.out).collect();
        assert_eq!(out, [false, false, false, true]);
    });
    let scenario = library::load("recovery").unwrap();
    let faults = scenario.agents.iter().flat_map(|actor| &actor.faults);
    assert!(
        faults
            .clone()
            .any(|fault| matches!(fault.trouble, Trouble::Cut { .. }))
    );
    assert_eq!(faults.count(), 3);
}

#[test]
fn the_tools_script_calls_tools() {
    in_order("tools", |table| {
        let calls: Vec<_> = table
            .seats
            .iter()
            .flat_map(|seat| seat.calls.clone())
            .collect();
        assert!(calls.iter().any(|name| name == "calculator"));
        assert!(
            calls.iter().filter(|name| *name == "open_answer").count() >= 3,
            "{calls:?}"
        );
    });
}

#[test]
fn another_task_is_answered_with_a_notice() {
    let scenario = library::load("quick").unwrap();
    let mut table = Table::new(&scenario, Wording::Labels, "Write a poem about rain.");
    let mut at = 0;
    table.run(|| {
        at += 1;
        at
    });
    for text in &table.texts {
        assert!(text.starts_with("> **This is a script"), "{text}");
    }
    assert!(table.present("birch").starts_with("> **This is a script"));
    in_order("quick", |table| {
        assert!(
            table
                .texts
                .iter()
                .all(|text| !text.contains("This is a script"))
        );
    });
}

#[test]
fn a_bench_team_votes_for_its_first() {
    in_order("bench-4x400", |table| {
        assert_eq!(table.tally()[0], ("bench-01".to_owned(), 4));
        assert!("agent1.1".parse::<Label>().is_ok());
    });
}

#[test]
fn a_second_run_on_the_same_session_starts_anew() {
    in_order("quick", |table| {
        for seat in &mut table.seats {
            let progress = std::mem::take(&mut seat.progress);
            *seat = Seat {
                progress,
                ..Seat::default()
            };
        }
        let first = table.texts.clone();
        table.texts.clear();
        let mut at = 0;
        table.run(|| {
            at += 1;
            at
        });
        assert_eq!(table.texts, first);
    });
}

#[test]
fn an_answer_that_is_refused_is_followed_by_another() {
    let scenario = library::load("quick").unwrap();
    let mut table = Table::new(&scenario, Wording::Labels, &scenario.prompt);
    let mut texts = Vec::new();
    for _ in 0..5 {
        table.ask(0);
        table.seats[0].published = 0;
        texts.push(table.texts.pop().unwrap());
    }
    assert_eq!(texts[0], texts[1], "asked again, as if it had been lost");
    assert_ne!(texts[1], texts[2], "then it must differ");
    assert_ne!(texts[3], texts[4]);
}

#[test]
fn finding_a_scenario() {
    assert_eq!(super::find("tie").unwrap().agents.len(), 4);
    assert_eq!(super::find("bench-16x").unwrap().agents.len(), 16);
    let failure = super::find("tye").unwrap_err();
    assert!(failure.to_string().contains("tie"), "{failure}");
}
