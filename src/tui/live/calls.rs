//! The page with every tool call of a turn: who, what, with which arguments, what came of it, how long it took.
//!
//! Kept as it happens, because the fold of a run does not keep output. Bounded as every column is; calls that
//! failed stand in a column of their own, so that they stay when others are dropped.

use std::collections::HashMap;

use super::{
    block::{Block, Fold, Head},
    card::{self, Tool},
    flow::Flow,
    ink::Role,
    scroll::Scroll,
};
use crate::protocol::{AgentId, Timestamp, ToolEvent};

/// Number of the block that says what the page shows.
const CAPTION: u64 = 0;

/// Which calls are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Which {
    /// All of them.
    #[default]
    All,
    /// Those that failed.
    Failed,
}

/// All calls of a turn.
#[derive(Clone, Debug)]
pub(super) struct Calls {
    all: Flow,
    failed: Flow,
    /// What is shown.
    pub(super) which: Which,
    running: HashMap<(AgentId, String), u64>,
    made: u64,
    wrong: u64,
}

impl Calls {
    /// Before the first call.
    pub(super) fn new() -> Self {
        let mut calls = Self {
            all: Flow::new(Scroll::TOP),
            failed: Flow::new(Scroll::TOP),
            which: Which::All,
            running: HashMap::new(),
            made: 0,
            wrong: 0,
        };
        calls.all.push(Block::note("·", Role::Dim, ""));
        calls.failed.push(Block::note("·", Role::Dim, ""));
        calls.caption();
        calls
    }

    /// For an earlier turn whose calls there was no room for.
    pub(super) fn unknown() -> Self {
        let mut calls = Self::new();
        let words = "The calls of this turn are no longer on the screen: later ones took the room. Play the \
                     session again to see them as they were, or read them with `massgen-tui logs show`.";
        for flow in [&mut calls.all, &mut calls.failed] {
            flow.replace(CAPTION, Block::note("·", Role::Dim, words));
        }
        calls
    }

    fn caption(&mut self) {
        let words = match (self.made, self.wrong) {
            (0, _) => "No tool was called in this turn.".to_owned(),
            (made, 0) => format!("{made} tool calls, none failed · Enter opens one"),
            (made, wrong) => format!(
                "{made} tool calls, {wrong} failed · Enter opens one · U shows those that failed"
            ),
        };
        self.all
            .replace(CAPTION, Block::note("·", Role::Dim, &words));
        let words = match self.wrong {
            0 => "No tool call failed · U shows all".to_owned(),
            wrong => format!("{wrong} of {} tool calls failed · U shows all", self.made),
        };
        self.failed
            .replace(CAPTION, Block::note("·", Role::Warn, &words));
    }

    /// Takes in an event of a call.
    pub(super) fn take(&mut self, (id, who): (AgentId, &str), event: &ToolEvent, at: Timestamp) {
        match event {
            ToolEvent::Started {
                call,
                name,
                arguments,
            } => {
                let tool = Tool::new(&format!("{who} · {name}"), arguments, at);
                let mut block = Block::plain(Head::Tool(Box::new(tool)), Role::Dim)
                    .indented(2)
                    .folded(Fold::Closed);
                block.push(&card::arguments_text(arguments));
                let block = self.all.push(block);
                self.running.insert((id, call.clone()), block);
                self.made += 1;
                self.caption();
            }
            ToolEvent::Noted { call, note } => {
                if let Some(block) = self.running.get(&(id, call.clone())) {
                    self.all.edit(*block, |block| {
                        if let Head::Tool(tool) = &mut block.head {
                            let more = tool.note(note);
                            block.push(&more);
                        }
                    });
                }
            }
            ToolEvent::Finished {
                call,
                ok,
                output,
                elapsed_ms,
            } => {
                if let Some(block) = self.running.remove(&(id, call.clone())) {
                    self.finish(block, *ok, output, *elapsed_ms);
                }
            }
        }
    }

    fn finish(&mut self, block: u64, ok: bool, output: &str, elapsed_ms: u64) {
        let known = self.all.edit(block, |block| {
            let Head::Tool(tool) = &mut block.head else {
                return None;
            };
            tool.finish(ok, elapsed_ms);
            let tool = tool.clone();
            block.push(&card::output_text(output));
            block.finish();
            Some((tool, block.text().to_owned()))
        });
        if ok {
            return;
        }
        self.wrong += 1;
        if let Some((tool, text)) = known.flatten() {
            let block = Block::plain(Head::Tool(tool), Role::Dim)
                .indented(2)
                .folded(Fold::Open);
            self.failed.push(block.saying(&text));
        }
        self.caption();
    }

    /// Whatever runs of this agent, or of all, has no end.
    pub(super) fn cut(&mut self, whose: Option<AgentId>) {
        let all = &mut self.all;
        self.running.retain(|(id, _), block| {
            if whose.is_some_and(|whose| whose != *id) {
                return true;
            }
            all.edit(*block, |block| {
                if let Head::Tool(tool) = &mut block.head {
                    tool.cut();
                }
                block.finish();
            });
            false
        });
    }

    /// Bytes that this holds and an earlier copy of it does not.
    pub(super) fn beside(&self, earlier: Option<&Self>) -> usize {
        self.all.beside(earlier.map(|calls| &calls.all))
            + self.failed.beside(earlier.map(|calls| &calls.failed))
    }

    /// What is shown.
    pub(super) const fn flow(&self) -> &Flow {
        match self.which {
            Which::All => &self.all,
            Which::Failed => &self.failed,
        }
    }

    /// The same, to change it.
    pub(super) const fn flow_mut(&mut self) -> &mut Flow {
        match self.which {
            Which::All => &mut self.all,
            Which::Failed => &mut self.failed,
        }
    }
}
