//! Tools of these tests: a person at a keyboard, a team that does as told, a look at the screen.

use ratatui::{Terminal, backend::TestBackend, layout::Size};

use crate::{
    capture,
    protocol::{
        AgentCard, AgentEvent, AgentId, Answer, Channel, Discovered, Event, EventKind, Label,
        Limits, ModelInfo, Origin, Outcome, OutcomeEnd, Purpose, Rules, RunEvent, RunId, Seq,
        ServerKind, SessionSummary, Timestamp, TurnStart,
    },
    tui::{
        effect::{Done, Effect, Effects, Query, Stored, Ticket},
        keymap::Chord,
        model::Model,
        msg::{Input, Msg},
        options::{DemoScenario, Sample, StartOptions, TeamSummary},
        prepare::prepare,
        route,
        theme::Theme,
        update::update,
        view::view,
    },
};

/// A program in a test.
pub struct Person {
    pub model: Model,
    /// Effects since they were last looked at.
    pub effects: Vec<Effect>,
    seq: u64,
}

/// Options with two scenarios and three samples.
pub fn options() -> StartOptions {
    let scenario = |name: &str, title: &str| DemoScenario {
        name: name.to_owned(),
        title: title.to_owned(),
        agents: 3,
    };
    let sample = |prompt: &str, scenario: Option<&str>| Sample {
        prompt: prompt.to_owned(),
        scenario: scenario.map(str::to_owned),
    };
    StartOptions {
        demo_scenarios: vec![
            scenario("quick", "a quick unanimous vote"),
            scenario("turnaround", "an improvement turns the vote"),
        ],
        samples: vec![
            sample(
                "Why is the sky blue? Answer in five sentences.",
                Some("quick"),
            ),
            sample("Compare three ways to store passwords.", Some("turnaround")),
            sample("川について俳句を書いてください。", None),
        ],
        version: "0.0.0".to_owned(),
        ..StartOptions::new(Theme::ansi())
    }
}

/// A configured team of two.
pub fn configured() -> TeamSummary {
    TeamSummary {
        title: "team.yaml".to_owned(),
        agents: vec![
            ("ada".to_owned(), "large-1".to_owned()),
            ("bob".to_owned(), "small-2".to_owned()),
        ],
        origin: Origin::Config {
            path: "team.yaml".to_owned(),
        },
    }
}

/// Two servers: one with three models, one that wants a key.
pub fn servers() -> Vec<Discovered> {
    let model = |id: &str, loaded| ModelInfo {
        id: id.to_owned(),
        context: None,
        loaded: Some(loaded),
    };
    vec![
        Discovered {
            kind: ServerKind::LmStudio,
            base_url: "http://localhost:1234/v1".to_owned(),
            models: vec![
                model("river-8b-instruct", true),
                model("lake-3b", false),
                model(
                    "ocean-70b-with-a-name-that-is-far-too-long-for-a-narrow-screen",
                    false,
                ),
            ],
            needs_key: false,
        },
        Discovered {
            kind: ServerKind::Vllm,
            base_url: "http://localhost:8000/v1".to_owned(),
            models: Vec::new(),
            needs_key: true,
        },
    ]
}

/// What a person sees after `act`, on a screen of each size.
pub fn on_each(mut act: impl FnMut(&mut Person)) -> String {
    [(40, 12), (80, 24), (160, 48)]
        .map(|(width, height)| {
            let mut person = Person::at(width, height, &options());
            act(&mut person);
            format!("{width}x{height}\n{}", person.sees())
        })
        .join("\n")
}

impl Person {
    /// Sits down at a screen of this size.
    pub fn at(width: u16, height: u16, options: &StartOptions) -> Self {
        let (model, effects) = Model::new(options);
        let mut person = Self {
            model,
            effects: effects.0,
            seq: 0,
        };
        person.send(Msg::Resized(Size { width, height }));
        person
    }

    /// At a usual screen.
    pub fn new() -> Self {
        Self::at(80, 24, &options())
    }

    pub fn send(&mut self, msg: Msg) {
        let Effects(effects) = update(&mut self.model, msg);
        self.effects.extend(effects);
    }

    /// Presses keys, named as in the keymap file, with spaces between.
    pub fn press(&mut self, keys: &str) -> &mut Self {
        for name in keys.split(' ') {
            let chord: Chord = name.parse().expect("a key");
            let msg = route::translate(&self.model, chord.first);
            self.send(msg);
        }
        self
    }

    /// Types text, key by key.
    pub fn write(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            let name = if c == ' ' {
                "space".to_owned()
            } else {
                c.to_string()
            };
            self.press(&name);
        }
        self
    }

    pub fn paste(&mut self, text: &str) -> &mut Self {
        self.send(Msg::Input(Input::Paste(text.to_owned())));
        self
    }

    /// Effects since the last call, without timers.
    pub fn took(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
            .into_iter()
            .filter(|effect| !matches!(effect, Effect::Wake { .. }))
            .collect()
    }

    /// The ticket of the search for servers.
    pub fn search(&self) -> Ticket {
        self.effects
            .iter()
            .find_map(|effect| match effect {
                Effect::Query {
                    ticket,
                    query: Query::Discover,
                } => Some(*ticket),
                _ => None,
            })
            .expect("a search is under way")
    }

    pub fn find_servers(&mut self, servers: Vec<Discovered>) -> &mut Self {
        let ticket = self.search();
        self.send(Msg::Done(ticket, Done::Discovered(servers)));
        self
    }

    /// Two stored sessions are found.
    pub fn list_sessions(&mut self, ticket: Ticket) -> &mut Self {
        let session = |run: &str, outcome: &str, prompt: &str| SessionSummary {
            run: RunId(run.to_owned()),
            prompt: prompt.to_owned(),
            started_ms: 0,
            duration_ms: 9_000,
            turns: 1,
            agents: 3,
            outcome: outcome.to_owned(),
            winner: None,
            cost_usd: None,
            demo: outcome == "answered",
            from: None,
            team: Vec::new(),
            folder: String::new(),
            files_changed: None,
            answers: 0,
        };
        let sessions = vec![
            session("run-1", "answered", "Why is the sky blue?\nIn short."),
            session("run-2", "unfinished", "空はなぜ青いのですか。"),
        ];
        let stored = Stored {
            total: sessions.len(),
            sessions,
        };
        self.send(Msg::Done(ticket, Done::Sessions(Ok(stored))));
        self
    }

    /// The engine tells something.
    pub fn hear(&mut self, kind: EventKind) -> &mut Self {
        let event = self.event(kind);
        self.send(Msg::Engine(Box::new(event)));
        self
    }

    pub fn event(&mut self, kind: EventKind) -> Event {
        self.seq += 1;
        Event {
            seq: Seq(self.seq),
            at: Timestamp(1_000 * self.seq),
            kind,
        }
    }

    /// The engine goes on where another person's log ends.
    pub fn continue_after(&mut self, log: &Self) {
        self.seq = log.seq;
    }

    /// A team of two begins.
    pub fn begins(&mut self, turn: u32) -> &mut Self {
        self.hear(started(turn));
        for agent in [1, 2] {
            self.hear(EventKind::Agent {
                id: AgentId(agent),
                event: AgentEvent::RoundStarted {
                    round: 1,
                    purpose: Purpose::Work,
                    view: Vec::new(),
                },
            });
        }
        self
    }

    /// An agent says something.
    pub fn says(&mut self, agent: u16, text: &str) -> &mut Self {
        self.hear(EventKind::Agent {
            id: AgentId(agent),
            event: AgentEvent::Delta {
                channel: Channel::Text,
                text: text.to_owned(),
            },
        })
    }

    /// The turn ends with an answer.
    pub fn ends(&mut self) -> &mut Self {
        let label = Label::new(AgentId(1), 1);
        self.hear(EventKind::Agent {
            id: AgentId(1),
            event: AgentEvent::Published(Answer {
                label,
                text: "Because of scattering.".to_owned(),
                auto: false,
                changes: Vec::new(),
            }),
        });
        self.hear(EventKind::Run(RunEvent::Ended(Outcome::Answered {
            changes: Vec::new(),
            winner: label,
            text: "Because of scattering.".to_owned(),
            presenter: Some(AgentId(1)),
            end: OutcomeEnd::Consensus,
        })))
    }

    /// What stands on the screen.
    pub fn sees(&mut self) -> String {
        prepare(&mut self.model);
        self.painted()
    }

    /// What `view` paints without preparing.
    pub fn painted(&self) -> String {
        let Size { width, height } = self.model.size;
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a backend");
        terminal
            .draw(|frame| view(&self.model, frame))
            .expect("nothing can fail");
        capture::text(terminal.backend().buffer())
    }

    /// The last row.
    pub fn bottom(&mut self) -> String {
        self.sees().lines().last().unwrap_or_default().to_owned()
    }
}

/// The first event of a turn of the demo team.
pub fn started(turn: u32) -> EventKind {
    let card = |number: u16, name: &str| AgentCard {
        id: AgentId(number),
        name: name.to_owned(),
        model: "scripted".to_owned(),
        backend: "demo".to_owned(),
    };
    EventKind::Run(RunEvent::Started(Box::new(TurnStart {
        run: RunId("20261121-101530-k3f9".to_owned()),
        turn,
        prompt: "Why is the sky blue?".to_owned(),
        team: vec![card(1, "ada"), card(2, "bob")],
        limits: Limits::default(),
        rules: Rules::default(),
        origin: Origin::Demo {
            scenario: "quick".to_owned(),
        },
        version: "0.0.0".to_owned(),
        cwd: "/home/someone".to_owned(),
        places: Vec::new(),
        resumed: None,
        stage: None,
    })))
}
