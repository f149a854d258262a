//! Tool calls in a pane: one block each, from its begin to its end.

use super::{
    super::{
        block::{Block, Fold, Head, Part},
        card::{self, Tool},
        ink::Role,
    },
    Transcript,
};
use crate::protocol::{Timestamp, ToolEvent};

impl Transcript {
    pub(super) fn tool(&mut self, event: &ToolEvent, at: Timestamp) {
        match event {
            ToolEvent::Started {
                call,
                name,
                arguments,
            } => {
                self.close();
                let tool = Tool::new(name, arguments, at);
                let mut block = Block::plain(Head::Tool(Box::new(tool)), Role::Dim)
                    .indented(2)
                    .folded(Fold::Usual)
                    .about(Part::Deed);
                block.push(&card::arguments_text(arguments));
                let id = self.flow.push(block);
                self.tools.insert(call.clone(), id);
            }
            ToolEvent::Noted { call, note } => {
                if let Some(id) = self.tools.get(call) {
                    self.flow.edit(*id, |block| {
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
                if let Some(id) = self.tools.remove(call) {
                    self.flow.edit(id, |block| {
                        if let Head::Tool(tool) = &mut block.head {
                            tool.finish(*ok, *elapsed_ms);
                        }
                        block.push(&card::output_text(output));
                        block.finish();
                    });
                }
            }
        }
    }
}
