//! Questions before something that cannot be taken back.

use ratatui::{
    Frame,
    layout::{Rect, Size},
    text::{Line, Span},
    widgets::Widget as _,
};

use super::{Action, Wish};
use crate::tui::{
    layout,
    theme::Theme,
    trusting::Leave,
    widget::{paragraph, window},
};

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Leave while the team is at work?
    Leave,
    /// Stop the turn?
    Stop,
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Stop the turn, keep the best answer, then leave.
    StopAndLeave,
    /// Leave this instant.
    LeaveNow,
    /// Stop the turn.
    Stop,
    /// Go on as before.
    Stay,
    /// May a configuration of a project be used.
    Trust(Leave),
}

impl Question {
    const fn title(self) -> &'static str {
        match self {
            Self::Leave => "Leave?",
            Self::Stop => "Stop?",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Leave => {
                "The team is still at work. What was published so far is kept in the session log."
            }
            Self::Stop => "The agents are cut short. The best published answer stands.",
        }
    }

    /// Answers with their words, the first one marked.
    const fn replies(self) -> &'static [(Reply, &'static str)] {
        match self {
            Self::Leave => &[
                (Reply::StopAndLeave, "Stop and leave, keep the answer"),
                (Reply::LeaveNow, "Leave at once (Ctrl-C again)"),
                (Reply::Stay, "Stay"),
            ],
            Self::Stop => &[(Reply::Stop, "Stop the run"), (Reply::Stay, "Go on")],
        }
    }
}

/// A question and the marked answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirm {
    /// What is asked.
    pub question: Question,
    cursor: usize,
    lines: Vec<String>,
    area: Rect,
}

impl Confirm {
    /// Asks, with the first answer marked.
    pub fn new(question: Question) -> Self {
        Self {
            question,
            cursor: 0,
            lines: Vec::new(),
            area: Rect::ZERO,
        }
    }

    pub(super) fn update(&mut self, action: Action) -> Wish {
        let replies = self.question.replies();
        let total = replies.len();
        match action {
            Action::Close => return Wish::Close,
            Action::Accept => return answer(replies, self.cursor),
            Action::Pick(number) => {
                return answer(replies, usize::from(number).wrapping_sub(1));
            }
            Action::Up => self.cursor = (self.cursor + total - 1) % total,
            Action::Down => self.cursor = (self.cursor + 1) % total,
            Action::First | Action::PageUp => self.cursor = 0,
            Action::Last | Action::PageDown => self.cursor = total - 1,
            Action::Erase | Action::Refresh => {}
        }
        Wish::Nothing
    }

    pub(super) fn prepare(&mut self, size: Size) {
        let width = 60.min(size.width);
        self.lines = paragraph(self.question.text(), width.saturating_sub(4));
        let rows = self.lines.len() + 1 + self.question.replies().len() + 2;
        let height = u16::try_from(rows).unwrap_or(u16::MAX);
        self.area = layout::centred(size, width, height);
        // Where the box is too low for everything, the answers matter more than the words.
        let room = usize::from(self.area.height.saturating_sub(2));
        let words = room.saturating_sub(self.question.replies().len() + 1);
        self.lines.truncate(words);
    }

    pub(super) fn view(&self, theme: &Theme, frame: &mut Frame<'_>) {
        let inner = window(self.question.title(), theme, frame, self.area);
        let text = self
            .lines
            .iter()
            .map(|line| Line::styled(format!(" {line}"), theme.text));
        let gap = (!self.lines.is_empty()).then(Line::default);
        let replies = self
            .question
            .replies()
            .iter()
            .enumerate()
            .map(|(place, (_, words))| {
                let marked = place == self.cursor;
                let line = Line::from(vec![
                    Span::styled(if marked { " ▸ " } else { "   " }, theme.accent),
                    Span::styled(format!("{} ", place + 1), theme.accent),
                    Span::styled(*words, if marked { theme.strong } else { theme.text }),
                ]);
                if marked {
                    line.patch_style(theme.selection)
                } else {
                    line
                }
            });
        for (line, y) in text.chain(gap).chain(replies).zip(inner.y..inner.bottom()) {
            line.render(
                Rect {
                    y,
                    height: 1,
                    ..inner
                },
                frame.buffer_mut(),
            );
        }
    }
}

fn answer(replies: &[(Reply, &'static str)], place: usize) -> Wish {
    replies
        .get(place)
        .map_or(Wish::Nothing, |(reply, _)| Wish::Answer(*reply))
}
