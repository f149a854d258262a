//! A stage for the live screen: events in, screens out, a clock that only moves when told.

use std::fmt::Write as _;

use ratatui::{
    Terminal,
    backend::TestBackend,
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier, Style},
};

use crate::{
    protocol::{
        AgentCard, AgentEvent, AgentId, Answer, Ballot, BallotDrop, BallotDropReason, BallotEvent,
        Channel, Decision, Event, EventKind, Failure, Label, Limits, Origin, Outcome, OutcomeEnd,
        Phase, Purpose, RoundEnd, Rules, RunEvent, RunId, Seq, TallyRow, TieBreak, Timestamp,
        ToolEvent, TurnStart, Usage,
    },
    tui::{
        effect::Effects,
        live::{Action, Live},
        shared::Shared,
        theme::Theme,
    },
};

/// When every test begins.
pub const BEGIN: u64 = 1_800_000_000_000;

/// The stage.
pub struct Stage {
    pub shared: Shared,
    pub live: Live,
    pub log: Vec<Event>,
    pub effects: Effects,
}

/// Agent `number`.
pub fn id(number: u16) -> AgentId {
    AgentId(number)
}

/// Answer `revision` of agent `number`.
pub fn label(number: u16, revision: u32) -> Label {
    Label::new(AgentId(number), revision)
}

/// Shared state before the first event.
pub fn shared() -> Shared {
    Shared {
        now: Timestamp(BEGIN),
        ..Shared::new(Theme::ansi())
    }
}

impl Stage {
    /// Nothing has happened.
    pub fn empty() -> Self {
        Self {
            shared: shared(),
            live: Live::new(),
            log: Vec::new(),
            effects: Effects::none(),
        }
    }

    /// A turn of these agents (name, model) has begun.
    pub fn new(team: &[(&str, &str)]) -> Self {
        let mut stage = Self::empty();
        stage.start(
            team,
            "Why is the sky blue? Explain it to a child, then to a physicist.",
        );
        stage
    }

    /// Another turn begins.
    pub fn start(&mut self, team: &[(&str, &str)], prompt: &str) {
        let team = (1..)
            .zip(team)
            .map(|(number, (name, model))| AgentCard {
                id: AgentId(number),
                name: (*name).to_owned(),
                model: (*model).to_owned(),
                backend: "demo".to_owned(),
            })
            .collect();
        let turn = TurnStart {
            run: RunId("20270115-080000-demo".to_owned()),
            turn: 1,
            prompt: prompt.to_owned(),
            team,
            limits: Limits::default(),
            rules: Rules::default(),
            origin: Origin::Demo {
                scenario: "test".to_owned(),
            },
            version: "0".to_owned(),
            cwd: ".".to_owned(),
            places: Vec::new(),
            resumed: None,
            stage: None,
        };
        self.run(RunEvent::Started(Box::new(turn)));
        self.run(RunEvent::Phase(Phase::Work));
    }

    /// Time passes.
    pub fn wait(&mut self, milliseconds: u64) {
        self.shared.now = Timestamp(self.shared.now.0 + milliseconds);
    }

    /// One event of the turn.
    pub fn run(&mut self, event: RunEvent) {
        self.feed(EventKind::Run(event));
    }

    /// One event of an agent.
    pub fn agent(&mut self, number: u16, event: AgentEvent) {
        self.feed(EventKind::Agent {
            id: AgentId(number),
            event,
        });
    }

    fn feed(&mut self, kind: EventKind) {
        let event = Event {
            seq: Seq(self.log.len() as u64 + 1),
            at: self.shared.now,
            kind,
        };
        self.take(&event);
        self.log.push(event);
    }

    /// Takes an event in as the program does.
    pub fn take(&mut self, event: &Event) {
        self.shared.run.apply(event);
        self.shared.now = self.shared.now.max(event.at);
        self.live.apply(event, &self.shared);
    }

    pub fn round(&mut self, number: u16, round: u32, purpose: Purpose, view: &[Label]) {
        self.agent(
            number,
            AgentEvent::RoundStarted {
                round,
                purpose,
                view: view.to_vec(),
            },
        );
    }

    pub fn ended(&mut self, number: u16, round: u32, end: RoundEnd) {
        self.agent(number, AgentEvent::RoundEnded { round, end });
    }

    pub fn says(&mut self, number: u16, channel: Channel, text: &str) {
        self.agent(
            number,
            AgentEvent::Delta {
                channel,
                text: text.to_owned(),
            },
        );
    }

    pub fn publishes(&mut self, number: u16, revision: u32, text: &str) {
        self.agent(
            number,
            AgentEvent::Published(Answer {
                label: label(number, revision),
                text: text.to_owned(),
                auto: false,
                changes: Vec::new(),
            }),
        );
    }

    pub fn votes(&mut self, number: u16, target: Option<Label>, reason: &str) {
        self.agent(
            number,
            AgentEvent::Ballot(BallotEvent::Cast(ballot(number, target, reason))),
        );
    }

    /// Ballots stop counting because of this answer.
    pub fn drops(&mut self, ballots: Vec<Ballot>, by: Label) {
        let drops = ballots
            .into_iter()
            .map(|ballot| BallotDrop {
                ballot,
                reason: BallotDropReason::NewAnswer { by },
            })
            .collect();
        self.run(RunEvent::BallotsDropped(drops));
    }

    pub fn calls(&mut self, number: u16, call: &str, name: &str, arguments: &str) {
        self.agent(
            number,
            AgentEvent::Tool(ToolEvent::Started {
                call: call.to_owned(),
                name: name.to_owned(),
                arguments: arguments.to_owned(),
            }),
        );
    }

    pub fn returns(&mut self, number: u16, call: &str, ok: bool, output: &str, elapsed_ms: u64) {
        self.agent(
            number,
            AgentEvent::Tool(ToolEvent::Finished {
                call: call.to_owned(),
                ok,
                output: output.to_owned(),
                elapsed_ms,
            }),
        );
    }

    pub fn pays(&mut self, number: u16, input: u64, output: u64, usd: f64) {
        let mut usage = Usage {
            input,
            output,
            calls: 1,
            ..Usage::default()
        };
        usage.cost.usd = usd;
        usage.cost.partial = usd == 0.0;
        self.agent(number, AgentEvent::Usage(usage));
    }

    pub fn fails(&mut self, number: u16, failure: Failure) {
        self.agent(number, AgentEvent::Benched(failure));
    }

    /// The vote is settled and the winner asked to present.
    pub fn decides(&mut self, winner: Label, tally: &[(Label, &[u16])], by: TieBreak) {
        self.run(RunEvent::Phase(Phase::Deciding));
        let tally = tally
            .iter()
            .map(|(label, voters)| TallyRow {
                label: *label,
                voters: voters.iter().copied().map(AgentId).collect(),
            })
            .collect();
        self.run(RunEvent::Decided(Decision::plain(
            winner,
            tally,
            Vec::new(),
            by,
        )));
    }

    /// The turn ends with an answer.
    pub fn answers(&mut self, winner: Label, text: &str, presenter: Option<u16>) {
        self.run(RunEvent::Ended(Outcome::Answered {
            changes: Vec::new(),
            winner,
            text: text.to_owned(),
            presenter: presenter.map(AgentId),
            end: OutcomeEnd::Consensus,
        }));
    }

    /// Does these actions by name.
    pub fn act(&mut self, names: &[&str]) {
        for name in names {
            let action = Action::from_name(name).expect("a name of the table");
            let effects = self.live.update(action, &self.shared);
            self.effects = std::mem::take(&mut self.effects).and(effects);
        }
    }

    /// Prepares and paints.
    pub fn buffer(&mut self, columns: u16, rows: u16) -> Buffer {
        let area = Rect::new(0, 0, columns, rows);
        self.live.prepare(&self.shared, area);
        self.paint(columns, rows)
    }

    /// Paints what was prepared.
    pub fn paint(&mut self, columns: u16, rows: u16) -> Buffer {
        let area = Rect::new(0, 0, columns, rows);
        let mut terminal =
            Terminal::new(TestBackend::new(columns, rows)).expect("a terminal in memory");
        let (live, shared) = (&self.live, &self.shared);
        terminal
            .draw(|frame| live.view(shared, frame, area))
            .expect("painting in memory");
        terminal.backend().buffer().clone()
    }

    /// The screen as text.
    pub fn screen(&mut self, columns: u16, rows: u16) -> String {
        text_of(&self.buffer(columns, rows))
    }
}

/// A ballot.
pub fn ballot(number: u16, target: Option<Label>, reason: &str) -> Ballot {
    Ballot {
        voter: AgentId(number),
        target,
        reason: reason.to_owned(),
        epoch: 1,
        marks: crate::protocol::Marks::Single,
    }
}

/// The text of a buffer; wide characters take their two columns.
pub fn text_of(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let mut row = String::new();
        let mut skip = 0;
        for x in buffer.area.left()..buffer.area.right() {
            let symbol = buffer[(x, y)].symbol();
            if skip > 0 {
                skip -= 1;
                continue;
            }
            skip = crate::text::width::of(symbol).saturating_sub(1);
            row.push_str(symbol);
        }
        out.push_str(row.trim_end());
        out.push('\n');
    }
    out
}

/// The styles of a buffer: one letter per cell, and what each letter stands for.
pub fn styles_of(buffer: &Buffer) -> String {
    let mut known: Vec<Style> = Vec::new();
    let mut out = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let mut row = String::new();
        for x in buffer.area.left()..buffer.area.right() {
            let cell = &buffer[(x, y)];
            let style = cell.style();
            let shows = style.bg.is_some_and(|colour| colour != Color::Reset)
                || style.add_modifier.contains(Modifier::REVERSED);
            let plain = cell.symbol() == " " && !shows;
            if plain {
                row.push(' ');
                continue;
            }
            let place = known.iter().position(|other| *other == style);
            let place = place.unwrap_or_else(|| {
                known.push(style);
                known.len() - 1
            });
            row.push(char::from(b'a' + u8::try_from(place).expect("few styles")));
        }
        out.push_str(row.trim_end());
        out.push('\n');
    }
    for (letter, style) in ('a'..).zip(known) {
        let mut words = format!("{:?}", style.fg.unwrap_or_default());
        if style.bg.is_some_and(|colour| colour != Color::Reset) {
            words = format!("{words} on {:?}", style.bg.unwrap_or_default());
        }
        let _ = writeln!(out, "{letter} {words} {:?}", style.add_modifier);
    }
    out
}

/// All rows of an agent's pane at this width.
pub fn dump(stage: &mut Stage, pane: usize, columns: u16) -> String {
    let shared = &stage.shared;
    let flow = &mut stage.live.panes[pane].transcript.flow;
    flow.prepare(columns, 1, shared);
    let rows = u16::try_from(flow.total()).unwrap_or(u16::MAX);
    let saved = (flow.scroll, flow.top);
    flow.top = 0;
    let area = Rect::new(0, 0, columns, rows.min(u16::MAX / columns.max(1)));
    let mut buffer = Buffer::empty(area);
    flow.paint(
        &mut buffer,
        area,
        shared,
        &crate::tui::live::search::Hits::default(),
    );
    (flow.scroll, flow.top) = saved;
    text_of(&buffer)
}
