//! One agent's pane as a fold over the same events as the run: blocks in the order of their making.
//!
//! A delta touches the last block only; finished blocks never change again, except that a draft
//! gets its label when it is published and a tool call its end. Folding merged deltas gives the same
//! blocks as folding the single ones: cuts depend on the text, never on how it was delivered.

mod tools;

use std::collections::HashMap;

use super::{
    block::{Block, Draft, Fold, Head, Part},
    flow::{BYTES, Flow},
    ink::{Role, Words},
    phrase::{self, clean},
    scroll::Scroll,
};
use crate::{
    protocol::{
        AgentEvent, AgentId, Answer, Ballot, BallotDrop, BallotEvent, CallEvent, Channel, Failure,
        Label, Purpose, RoundEnd, Setback, Timestamp,
    },
    run::{Away, Turn, compacted},
};

/// Bytes of one block before its stream goes on in another, so that old text can be dropped in
/// parts.
const BLOCK: usize = 256 * 1024;
/// Line ends of one block before its stream goes on in another.
const LINES: usize = 8_000;

/// One agent's pane.
#[derive(Clone, Debug)]
pub(super) struct Transcript {
    /// Its blocks.
    pub(super) flow: Flow,
    /// The stream that is being written: its channel and block.
    stream: Option<(Channel, u64)>,
    /// Blocks of the answer that is being written or waits for its label.
    draft: Vec<u64>,
    /// The call that wrote it is over: a draft that begins now is another one.
    written: bool,
    /// Blocks of plain text of this round.
    said: Vec<u64>,
    /// Tool calls that run.
    tools: HashMap<String, u64>,
}

impl Transcript {
    /// An empty pane.
    pub(super) fn new() -> Self {
        Self {
            flow: Flow::new(Scroll::Follow),
            stream: None,
            draft: Vec::new(),
            written: false,
            said: Vec::new(),
            tools: HashMap::new(),
        }
    }

    fn call(&mut self, call: &CallEvent) {
        self.called();
        let words = match call {
            CallEvent::Compacted {
                before,
                after,
                way,
                spent,
                instead,
                ..
            } => {
                let words = compacted((*before, *after), *way, spent, instead.as_ref());
                let role = match instead {
                    Some(_) => Role::Warn,
                    None => Role::Dim,
                };
                return self.aside("↧", role, &format!("conversation made smaller: {words}"));
            }
            CallEvent::Retrying {
                attempt,
                wait_ms,
                failure,
            } => format!(
                "attempt {attempt} in {}: {}, {}",
                phrase::span(*wait_ms),
                failure.kind.word(),
                phrase::failure(failure)
            ),
            CallEvent::Switched { to, failure } => format!(
                "goes on with {to}: {}, {}",
                failure.kind.word(),
                phrase::failure(failure)
            ),
            CallEvent::Circuit { server, state } => state.words(server),
            CallEvent::Loading { loading } => loading.words(),
            CallEvent::Held { held_ms } => format!(
                "waits {} for the rate limit of its key",
                phrase::span(*held_ms)
            ),
        };
        self.note("↻", Role::Warn, &words);
    }

    /// Takes in one event of this agent.
    pub(super) fn apply(&mut self, event: &AgentEvent, at: Timestamp, turn: &Turn) {
        match event {
            AgentEvent::RoundStarted {
                round,
                purpose,
                view,
            } => self.round(*round, *purpose, view),
            AgentEvent::RoundEnded { round, end } => self.round_ended(*round, *end),
            AgentEvent::Delta { channel, text } => self.delta(*channel, text),
            AgentEvent::Tool(tool) => self.tool(tool, at),
            AgentEvent::Call(call) => self.call(call),
            AgentEvent::Usage(_) => self.called(),
            AgentEvent::Published(answer) => self.published(answer),
            AgentEvent::Refused {
                act,
                reason,
                setback,
            } => self.refused(act, reason, *setback),
            AgentEvent::Ballot(ballot) => self.ballot(ballot, turn),
            AgentEvent::Delivered { labels } => {
                self.aside("↓", Role::Dim, &format!("read {}", listed(labels)));
            }
            AgentEvent::Benched(failure) => self.benched(failure),
            // Told by `inside`, and shown on a screen of its own.
            AgentEvent::Nested(_) => {}
        }
    }

    /// Something worth a line happened in the team that this agent is.
    pub(super) fn inside(&mut self, words: &str) {
        self.note("▸", Role::Dim, words);
    }

    /// The agent's place in the team changed.
    pub(super) fn changed(&mut self, away: Option<&Away>, words: &str) {
        let (sign, role) = match away {
            Some(away) => (away.glyph(), Role::Warn),
            None => ("+", Role::Accent),
        };
        self.note(sign, role, words);
    }

    /// A ballot of this agent stopped counting.
    pub(super) fn dropped(&mut self, drop: &BallotDrop) {
        let what = match drop.ballot.target {
            Some(label) => format!("vote for {label}"),
            None => "abstention".to_owned(),
        };
        let why = drop.reason.words();
        self.note("⊘", Role::Warn, &format!("{what} dropped: {why}"));
    }

    /// The person said something to this agent.
    pub(super) fn steered(&mut self, text: &str) {
        self.called();
        self.note("»", Role::Info, &format!("you: {text}"));
    }

    /// The person said something that this agent never heard.
    pub(super) fn missed(&mut self, text: &str) {
        self.note("»", Role::Warn, &format!("you, not heard: {text}"));
    }

    /// The turn is over: nothing is being written any more.
    pub(super) fn end(&mut self) {
        self.settle();
    }

    fn round(&mut self, round: u32, purpose: Purpose, view: &[Label]) {
        self.settle();
        let mut words = Words::of(Role::Accent, format!("round {round}"))
            .and(Role::Dim, format!(" · {}", phrase::purpose(purpose)));
        if !view.is_empty() {
            words.push(Role::Dim, format!(" · sees {}", listed(view)));
        }
        let mut block = Block::row(words);
        if !self.flow.is_empty() {
            block = block.apart();
        }
        self.flow.push(block);
    }

    fn round_ended(&mut self, round: u32, end: RoundEnd) {
        self.settle();
        match end {
            RoundEnd::Failed => self.note("✗", Role::Bad, &format!("round {round} failed")),
            RoundEnd::Interrupted => self.note("⊘", Role::Dim, &format!("round {round} cut off")),
            RoundEnd::Published
            | RoundEnd::Voted
            | RoundEnd::Abstained
            | RoundEnd::Weighed
            | RoundEnd::Presented
            | RoundEnd::Verified => {}
        }
    }

    /// Ends whatever is open: streams, drafts, tool calls.
    fn settle(&mut self) {
        self.close();
        self.mark_draft(Draft::Left);
        self.draft.clear();
        self.said.clear();
        for (_, id) in self.tools.drain() {
            self.flow.edit(id, |block| {
                if let Head::Tool(tool) = &mut block.head {
                    tool.cut();
                }
            });
        }
    }

    /// Ends the stream that is being written.
    fn close(&mut self) {
        if let Some((_, id)) = self.stream.take() {
            self.flow.edit(id, Block::finish);
        }
    }

    /// A model call is over, cut off or complete; the next one begins from the first word.
    fn called(&mut self) {
        self.close();
        self.written = true;
    }

    fn note(&mut self, sign: &'static str, role: Role, text: &str) {
        self.close();
        self.flow.push(Block::note(sign, role, bounded(text)));
    }

    /// A remark that a reader of answers can do without.
    fn aside(&mut self, sign: &'static str, role: Role, text: &str) {
        self.close();
        let note = Block::note(sign, role, bounded(text));
        self.flow.push(note.about(Part::Deed));
    }

    fn delta(&mut self, channel: Channel, text: &str) {
        let mut text = text;
        let going = self.stream.is_some_and(|(old, _)| old == channel);
        if !going {
            // A stream that begins with line ends begins with its first line.
            text = text.trim_start_matches(['\n', '\r']);
        }
        while !text.is_empty() {
            let id = self.stream_block(channel);
            let room = self.flow.block(id).map_or((BLOCK, LINES), |block| {
                (
                    BLOCK.saturating_sub(block.bytes),
                    LINES.saturating_sub(block.lines),
                )
            });
            let fits = cut(text, room);
            let (now, later) = text.split_at(fits);
            self.flow.edit(id, |block| block.push(now));
            text = later;
            if !text.is_empty() {
                self.close();
            }
        }
    }

    /// The block that takes text of this channel, a new one when needed.
    fn stream_block(&mut self, channel: Channel) -> u64 {
        if let Some((old, id)) = self.stream
            && old == channel
        {
            return id;
        }
        self.close();
        if std::mem::take(&mut self.written) {
            self.mark_draft(Draft::Left);
            self.draft.clear();
        }
        let again = channel == Channel::Draft && !self.draft.is_empty();
        let block = match channel {
            Channel::Text => Block::markdown(Head::None),
            Channel::Thinking => Block::plain(Head::Thinking, Role::Dim)
                .indented(2)
                .folded(Fold::Usual)
                .about(Part::Thought),
            Channel::Draft if again => Block::markdown(Head::None),
            Channel::Draft => Block::markdown(Head::Draft(Draft::Writing)),
            Channel::Final => Block::markdown(Head::Words(Words::of(Role::Ok, "★ final answer"))),
        };
        let id = self.flow.push(block.writing());
        match channel {
            Channel::Draft => self.draft.push(id),
            Channel::Text => self.said.push(id),
            Channel::Thinking | Channel::Final => {}
        }
        self.stream = Some((channel, id));
        id
    }

    fn mark_draft(&mut self, draft: Draft) {
        if let Some(first) = self.draft.first() {
            self.flow.edit(*first, |block| {
                block.head = Head::Draft(draft);
                block.version += 1;
            });
        }
    }

    fn refused(&mut self, act: &str, reason: &str, setback: Setback) {
        self.close();
        match setback {
            Setback::Refused => {}
            Setback::LooksAgain | Setback::Improves => {
                return self.note("↺", Role::Info, &format!("{}: {reason}", setback.word()));
            }
        }
        let what = match act {
            "new_answer" => {
                self.mark_draft(Draft::Refused);
                self.draft.clear();
                "answer".to_owned()
            }
            other => clean(other),
        };
        self.note("!", Role::Warn, &format!("{what} not accepted: {reason}"));
    }

    /// An answer was accepted. The text that is already in the pane gets the label; nothing is
    /// shown twice.
    fn published(&mut self, answer: &Answer) {
        self.close();
        let head = if answer.auto {
            Draft::Auto(answer.label)
        } else {
            Draft::Published(answer.label)
        };
        let candidates = if self.draft.is_empty() {
            std::mem::take(&mut self.said)
        } else {
            std::mem::take(&mut self.draft)
        };
        let shown = candidates
            .iter()
            .filter_map(|id| self.flow.block(*id))
            .map(Block::text)
            .collect::<String>();
        let last = candidates.last().copied();
        let relabel = if same(&shown, &answer.text) {
            candidates.first().copied()
        } else {
            last.filter(|id| {
                self.flow
                    .block(*id)
                    .is_some_and(|block| same(block.text(), &answer.text))
            })
        };
        let relabel = relabel.or_else(|| {
            // What was streamed differs from what was accepted: the accepted text takes its place.
            let draft = candidates.first().copied().filter(|id| {
                matches!(
                    self.flow.block(*id).map(|block| &block.head),
                    Some(Head::Draft(_))
                )
            })?;
            for id in candidates.iter().skip(1) {
                self.flow.edit(*id, |block| block.replace(""));
            }
            self.flow
                .edit(draft, |block| block.replace(bounded(&answer.text)))?;
            Some(draft)
        });
        let labelled = relabel.and_then(|id| {
            self.flow.edit(id, |block| {
                block.head = Head::Draft(head);
                block.version += 1;
            })
        });
        if labelled.is_none() {
            self.flow
                .push(Block::markdown(Head::Draft(head)).saying(bounded(&answer.text)));
        }
    }

    fn ballot(&mut self, event: &BallotEvent, turn: &Turn) {
        let (ballot, auto) = match event {
            BallotEvent::Cast(ballot) => (ballot, ""),
            BallotEvent::Auto(ballot) => (ballot, " (no usable vote)"),
        };
        let sign = if ballot.target.is_some() {
            "✓"
        } else {
            "○"
        };
        let text = format!("{}{auto}{}", choice(ballot, turn), because(&ballot.reason));
        self.note(sign, Role::Ok, &text);
    }

    fn benched(&mut self, failure: &Failure) {
        self.settle();
        let head = Words::of(Role::Bad, format!("✗ out: {}", failure.kind.word()));
        let text = phrase::failure(failure);
        self.flow.push(
            Block::plain(Head::Words(head), Role::Text)
                .indented(2)
                .saying(bounded(&text)),
        );
    }
}

/// `votes agent1.2 (mia)`, `abstains`.
fn choice(ballot: &Ballot, turn: &Turn) -> String {
    match ballot.target {
        Some(label) => format!("votes {label} ({})", name(turn, label.agent)),
        None => "abstains".to_owned(),
    }
}

/// The configured name of an agent, clean.
pub(super) fn name(turn: &Turn, id: AgentId) -> String {
    clean(turn.name(id))
}

/// `: reason`, or nothing without one.
pub(super) fn because(reason: &str) -> String {
    let reason = reason.trim();
    if reason.is_empty() {
        String::new()
    } else {
        format!(": {reason}")
    }
}

/// Labels one after the other.
pub(super) fn listed(labels: &[Label]) -> String {
    labels
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Whether two texts are the same to a reader.
fn same(shown: &str, accepted: &str) -> bool {
    let shown = shown.trim();
    !shown.is_empty()
        && (shown == accepted.trim() || shown == crate::text::clean::text(accepted).trim())
}

/// The part of a text that one block can hold.
fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(BYTES / 4)]
}

/// Bytes of `text` that fit into a block with room for this many bytes and line ends.
fn cut(text: &str, (bytes, lines): (usize, usize)) -> usize {
    if lines == 0 {
        return 0;
    }
    let by_bytes = if text.len() <= bytes {
        text.len()
    } else {
        text.floor_char_boundary(bytes)
    };
    let by_lines = text
        .match_indices('\n')
        .nth(lines - 1)
        .map_or(text.len(), |(at, _)| at + 1);
    by_bytes.min(by_lines)
}
