//! Moments become events of ours: rounds open and close, labels are given, ballots that a newer answer
//! made void are dropped, and the vote is counted anew.

use super::{
    about::About,
    count,
    ending::Ending,
    folders::Attempt,
    moment::{Moment, What},
    steps::Steps,
};
use crate::protocol::{
    AgentCard, AgentEvent, AgentId, Answer, Ballot, BallotDrop, BallotDropReason, BallotEvent,
    CallEvent, Channel, Decision, Event, EventKind, Failure, Label, Level, Limits, Marks, Origin,
    Outcome, OutcomeEnd, Phase, Purpose, RoundEnd, Rules, RunEvent, RunId, Seq, Timestamp,
    TurnStart,
};

/// What is known before the first moment of an attempt.
pub struct Opening<'a> {
    /// Which.
    pub attempt: &'a Attempt,
    /// Task and team.
    pub about: &'a About,
    /// Names in the order of labels.
    pub names: &'a [String],
    /// Whole texts.
    pub steps: &'a Steps,
    /// When it began.
    pub began: u64,
    /// What could not be read.
    pub notes: Vec<String>,
}

/// Where a session is told.
pub struct Stage {
    run: RunId,
    events: Vec<Event>,
    now: u64,
    seats: Vec<Seat>,
    answers: u32,
    presenter: Option<AgentId>,
    finale: Option<String>,
    ending: Ending,
}

/// One agent.
struct Seat {
    id: AgentId,
    name: String,
    texts: Vec<(u32, String)>,
    round: u32,
    open: Option<Purpose>,
    current: Option<Label>,
    ballot: Option<Ballot>,
    out: bool,
    failure: Option<Failure>,
    /// Calls that failed since the last round began.
    failures: u32,
}

impl Stage {
    /// An empty stage for a session.
    pub fn new(run: RunId) -> Self {
        Self {
            run,
            events: Vec::new(),
            now: 0,
            seats: Vec::new(),
            answers: 0,
            presenter: None,
            finale: None,
            ending: Ending::default(),
        }
    }

    /// Everything that was told.
    pub fn events(self) -> Vec<Event> {
        self.events
    }

    /// Begins an attempt.
    pub fn open(&mut self, opening: Opening<'_>) {
        let Opening {
            attempt,
            about,
            names,
            steps,
            began,
            notes,
        } = opening;
        self.now = self.now.max(began);
        self.seats = names
            .iter()
            .zip(1..)
            .map(|(name, id)| Seat {
                id: AgentId(id),
                name: name.clone(),
                texts: steps
                    .numbered(name)
                    .into_iter()
                    .map(|(number, kept)| (number, kept.text.clone()))
                    .collect(),
                round: 0,
                open: None,
                current: None,
                ballot: None,
                out: false,
                failure: None,
                failures: 0,
            })
            .collect();
        (self.answers, self.presenter, self.finale) = (0, None, None);
        self.ending = Ending::of(attempt, about, steps);
        let start = self.start(attempt, about);
        self.tell(RunEvent::Started(Box::new(start)));
        self.tell(RunEvent::Phase(Phase::Work));
        if attempt.number > 1 || attempt.superseded {
            let words = format!("Attempt {} at turn {}.", attempt.number, attempt.turn);
            self.note(Level::Info, words);
        }
        for words in notes {
            self.note(Level::Warning, words);
        }
    }

    fn start(&self, attempt: &Attempt, about: &About) -> TurnStart {
        let cards = about.team.iter().filter_map(|member| {
            let or = |word: &str| {
                if word.is_empty() {
                    "unknown".to_owned()
                } else {
                    word.to_owned()
                }
            };
            Some(AgentCard {
                id: self.seats.iter().find(|seat| seat.name == member.name)?.id,
                name: member.name.clone(),
                model: or(&member.model),
                backend: or(&member.backend),
            })
        });
        let version = if about.version.is_empty() {
            "MassGen".to_owned()
        } else {
            format!("MassGen {}", about.version)
        };
        TurnStart {
            run: self.run.clone(),
            turn: attempt.turn,
            prompt: about.prompt.clone(),
            team: cards.collect(),
            limits: Limits::default(),
            rules: Rules::default(),
            stage: None,
            origin: Origin::Imported {
                program: version.clone(),
            },
            version,
            cwd: about.cwd.clone(),
            places: Vec::new(),
            resumed: None,
        }
    }

    /// Takes in one moment.
    pub fn take(&mut self, moment: Moment) {
        self.now = self.now.max(moment.at);
        let Some(place) = self.seats.iter().position(|seat| seat.name == moment.agent) else {
            if let What::Told(level, words) = moment.what {
                self.note(level, words);
            }
            return;
        };
        match moment.what {
            What::Round => self.round(place, Purpose::Work),
            What::Seen(names) => self.seen(place, &names),
            What::Said(channel, text) => self.said(place, channel, text),
            What::Tool(tool) => self.agent(place, AgentEvent::Tool(tool)),
            What::Refused {
                act,
                reason,
                setback,
            } => self.agent(
                place,
                AgentEvent::Refused {
                    act: act.to_owned(),
                    reason,
                    setback,
                },
            ),
            What::Trouble { failure, last } => self.trouble(place, failure, last),
            What::Answer { label, text } => self.answer(place, label, text),
            What::Vote {
                target,
                label,
                reason,
            } => self.vote(place, &target, label, reason),
            What::Presents { counts } => self.presents(place, &counts),
            What::Final(text) => {
                self.presenter.get_or_insert(AgentId(0));
                self.finale = Some(text);
            }
            What::Told(level, words) => self.note(level, words),
            What::Spent(usage) => self.agent(place, AgentEvent::Usage(usage)),
        }
    }

    /// Begins a round, and ends the one before.
    fn round(&mut self, place: usize, purpose: Purpose) {
        self.rest(place, RoundEnd::Interrupted);
        let Some(seat) = self.seats.get_mut(place) else {
            return;
        };
        seat.round += 1;
        seat.failures = 0;
        seat.open = Some(purpose);
        let round = seat.round;
        self.agent(
            place,
            AgentEvent::RoundStarted {
                round,
                purpose,
                view: Vec::new(),
            },
        );
    }

    /// Ends the running round, if one runs.
    fn rest(&mut self, place: usize, end: RoundEnd) {
        let Some(seat) = self.seats.get_mut(place) else {
            return;
        };
        if seat.open.take().is_some() {
            let round = seat.round;
            self.agent(place, AgentEvent::RoundEnded { round, end });
        }
    }

    fn seen(&mut self, place: usize, names: &[String]) {
        let labels: Vec<Label> = names
            .iter()
            .filter_map(|name| {
                name.parse().ok().or_else(|| {
                    let seat = self.seats.iter().find(|seat| seat.name == *name);
                    seat.and_then(|seat| seat.current)
                })
            })
            .collect();
        if !labels.is_empty() {
            self.agent(place, AgentEvent::Delivered { labels });
        }
    }

    fn said(&mut self, place: usize, channel: Channel, text: String) {
        if !text.is_empty() {
            self.agent(place, AgentEvent::Delta { channel, text });
        }
    }

    /// A failure: of a call, or for good. The word for good hides what came before it, which is told
    /// with it.
    fn trouble(&mut self, place: usize, failure: Failure, last: bool) {
        let Some(seat) = self.seats.get_mut(place) else {
            return;
        };
        if !last {
            seat.failure = Some(failure.clone());
            seat.failures += 1;
            let call = CallEvent::Retrying {
                attempt: seat.failures + 1,
                wait_ms: 0,
                failure,
            };
            self.agent(place, AgentEvent::Call(call));
            return;
        }
        if seat.out || self.presenter.is_some() {
            return;
        }
        seat.out = true;
        let cause = seat.failure.take().map(|cause| Failure {
            message: format!(
                "{} ({})",
                cause.message.trim_end_matches('.'),
                failure.message
            ),
            ..cause
        });
        self.rest(place, RoundEnd::Failed);
        self.agent(place, AgentEvent::Benched(cause.unwrap_or(failure)));
    }

    fn answer(&mut self, place: usize, label: Option<Label>, text: String) {
        let Some(seat) = self.seats.get_mut(place) else {
            return;
        };
        let next = seat.current.map_or(1, |label| label.revision + 1);
        let number = label.map_or(next, |label| label.revision.max(next));
        let label = Label::new(seat.id, number);
        let whole = seat.texts.iter().find(|(one, _)| *one == number);
        let text = whole.map_or(text, |(_, text)| text.clone());
        seat.current = Some(label);
        self.answers += 1;
        let published = AgentEvent::Published(Answer {
            label,
            text,
            auto: false,
            changes: Vec::new(),
        });
        self.agent(place, published);
        self.rest(place, RoundEnd::Published);
        let dropped: Vec<BallotDrop> = self
            .seats
            .iter_mut()
            .filter_map(|seat| seat.ballot.take())
            .map(|ballot| BallotDrop {
                ballot,
                reason: BallotDropReason::NewAnswer { by: label },
            })
            .collect();
        if !dropped.is_empty() {
            self.tell(RunEvent::BallotsDropped(dropped));
        }
    }

    fn vote(&mut self, place: usize, target: &str, label: Option<Label>, reason: String) {
        let named = self.seats.iter().find(|seat| seat.name == target);
        let target = label.or_else(|| named.and_then(|seat| seat.current));
        let epoch = self.answers;
        let Some(seat) = self.seats.get_mut(place) else {
            return;
        };
        let ballot = Ballot {
            voter: seat.id,
            target,
            reason,
            epoch,
            marks: Marks::default(),
        };
        seat.ballot = Some(ballot.clone());
        self.agent(place, AgentEvent::Ballot(BallotEvent::Cast(ballot)));
        self.rest(place, RoundEnd::Voted);
    }

    /// The vote is settled: it is counted from the ballots that stand.
    fn presents(&mut self, place: usize, counts: &[(String, u64)]) {
        let Some((id, winner)) = self
            .seats
            .get(place)
            .and_then(|seat| Some((seat.id, seat.current?)))
        else {
            return;
        };
        if self.presenter.is_some() {
            return;
        }
        self.presenter = Some(id);
        for place in 0..self.seats.len() {
            self.rest(place, RoundEnd::Interrupted);
        }
        let decision = self.count(winner);
        let other = counts.iter().any(|(name, count)| {
            let seat = self.seats.iter().find(|seat| seat.name == *name);
            let label = seat.and_then(|seat| seat.current);
            let row = decision.tally.iter().find(|row| Some(row.label) == label);
            row.is_none_or(|row| row.voters.len() as u64 != *count)
        });
        self.tell(RunEvent::Phase(Phase::Deciding));
        self.tell(RunEvent::Decided(decision));
        if other {
            let words = "MassGen counted other votes than those that stand in this log.";
            self.note(Level::Warning, words.to_owned());
        }
        self.tell(RunEvent::Phase(Phase::Presenting));
        self.round(place, Purpose::Present);
    }

    fn count(&self, winner: Label) -> Decision {
        let current = self.seats.iter().filter_map(|seat| seat.current);
        let ballots = self.seats.iter().filter_map(|seat| seat.ballot.as_ref());
        count::decision(winner, current, &ballots)
    }

    /// Ends the attempt, if the log knows an end.
    pub fn close(&mut self) {
        let named = self.ending.winner.clone();
        let winner = self
            .presenter
            .filter(|id| id.0 > 0)
            .and_then(|id| self.seats.iter().find(|seat| seat.id == id))
            .or_else(|| {
                self.seats
                    .iter()
                    .find(|seat| Some(&seat.name) == named.as_ref())
            })
            .and_then(|seat| Some((seat.id, seat.current?)));
        let outcome = match winner {
            Some((id, winner)) if self.finale.is_some() || self.ending.over() => {
                if self.presenter.is_none() {
                    let decision = self.count(winner);
                    self.tell(RunEvent::Decided(decision));
                }
                let kept = self.ending.text.take().or_else(|| self.finale.take());
                let own = || self.text(winner);
                Some(Outcome::Answered {
                    changes: Vec::new(),
                    winner,
                    text: kept.filter(|text| !text.is_empty()).unwrap_or_else(own),
                    presenter: self.presenter.map(|_| id),
                    end: self.end(),
                })
            }
            _ => self
                .ending
                .no_answer(self.seats.iter().all(|seat| seat.round == 0)),
        };
        let Some(outcome) = outcome else { return };
        for place in 0..self.seats.len() {
            let presented =
                self.seats.get(place).and_then(|seat| seat.open) == Some(Purpose::Present);
            self.rest(
                place,
                if presented {
                    RoundEnd::Presented
                } else {
                    RoundEnd::Interrupted
                },
            );
        }
        self.tell(RunEvent::Phase(Phase::Done));
        self.tell(RunEvent::Ended(outcome));
    }

    /// Why the turn ended when it did.
    fn end(&self) -> OutcomeEnd {
        if self.ending.finish == "timeout" {
            OutcomeEnd::Limit
        } else if self.seats.iter().all(|seat| seat.out) {
            OutcomeEnd::AgentsLost
        } else {
            OutcomeEnd::Consensus
        }
    }

    /// The text of an answer that was told.
    fn text(&self, label: Label) -> String {
        let told = self
            .events
            .iter()
            .rev()
            .find_map(|event| match &event.kind {
                EventKind::Agent {
                    event: AgentEvent::Published(answer),
                    ..
                } if answer.label == label => Some(answer.text.clone()),
                _ => None,
            });
        told.unwrap_or_default()
    }

    fn note(&mut self, level: Level, text: String) {
        self.tell(RunEvent::Notice { level, text });
    }

    fn agent(&mut self, place: usize, event: AgentEvent) {
        if let Some(id) = self.seats.get(place).map(|seat| seat.id) {
            self.push(EventKind::Agent { id, event });
        }
    }

    fn tell(&mut self, event: RunEvent) {
        self.push(EventKind::Run(event));
    }

    fn push(&mut self, kind: EventKind) {
        self.events.push(Event {
            seq: Seq(self.events.len() as u64 + 1),
            at: Timestamp(self.now),
            kind,
        });
    }
}
