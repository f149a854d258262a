//! What agents ask the person: one card for all questions that wait, oldest first.
//!
//! The card follows the run: questions come and go while it is open, drafts of answers stay with
//! their question. Nothing waits for the card, and closing it answers nothing.

use std::collections::{BTreeMap, BTreeSet};

use ratatui::{
    Frame,
    layout::{Rect, Size},
    text::{Line, Span},
    widgets::Widget as _,
};

use super::{
    Action, Talk, Wish,
    approval::{self, Choice},
};
use crate::{
    protocol::{Command, Question, QuestionId, QuestionKind, Reply},
    run::Turn,
    text::width,
    tui::{
        layout,
        theme::Theme,
        widget::{paragraph, scrollbar, window},
    },
};

/// Cells of the card, where there is room.
const WIDEST: u16 = 76;
/// Longest typed answer, in bytes; longer ones are written in `$EDITOR`.
const LONGEST: usize = 4 * 1024;

/// The card.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Questions {
    /// Questions that wait, with the name of who asks.
    asked: Vec<(Question, String)>,
    /// Answered here, and not yet told by the run.
    sent: BTreeSet<QuestionId>,
    /// What was typed, and plans that were changed.
    drafts: BTreeMap<QuestionId, String>,
    plans: BTreeMap<QuestionId, String>,
    at: usize,
    /// The marked choice.
    cursor: usize,
    /// First row of the words in sight.
    top: usize,
    words: Vec<String>,
    /// Rows of words, those out of sight included.
    all: usize,
    choices: Vec<String>,
    area: Rect,
}

impl Questions {
    /// The card over the questions of a turn; `None` when none waits.
    pub fn new(turn: &Turn) -> Option<Self> {
        let mut card = Self::default();
        card.follow(turn);
        (!card.asked.is_empty()).then_some(card)
    }

    /// Takes in what became of the questions. The one in sight stays in sight while it waits.
    pub fn follow(&mut self, turn: &Turn) {
        let shown = self.question().map(|question| question.id);
        self.asked = turn
            .waiting()
            .filter(|asked| !self.sent.contains(&asked.question.id))
            .map(|asked| {
                let who = asked.question.asker;
                let name = who.map_or("the program", |id| turn.name(id));
                (asked.question.clone(), name.to_owned())
            })
            .collect();
        let place = self
            .asked
            .iter()
            .position(|(question, _)| Some(question.id) == shown);
        match place {
            Some(place) => self.at = place,
            None => self.go(self.at.min(self.asked.len().saturating_sub(1))),
        }
    }

    /// True when nothing is left to answer.
    pub fn is_empty(&self) -> bool {
        self.asked.is_empty()
    }

    fn question(&self) -> Option<&Question> {
        self.asked.get(self.at).map(|(question, _)| question)
    }

    fn draft(&self) -> &str {
        self.question()
            .and_then(|question| self.drafts.get(&question.id))
            .map_or("", String::as_str)
    }

    fn go(&mut self, place: usize) {
        self.at = place;
        self.cursor = 0;
        self.top = 0;
    }

    /// Words of the choices, in order.
    fn options(&self) -> Vec<String> {
        match self
            .question()
            .map(|question| (question.id, &question.kind))
        {
            Some((_, QuestionKind::Question { options })) => options.clone(),
            Some((id, QuestionKind::Plan { .. })) => {
                let approve = if self.plans.contains_key(&id) {
                    "Approve the plan as you changed it"
                } else {
                    "Approve"
                };
                let reject = if self.draft().is_empty() {
                    "Reject (type why)"
                } else {
                    "Reject with these words"
                };
                vec![approve.into(), "Change it in $EDITOR".into(), reject.into()]
            }
            Some((id, QuestionKind::Approval(approval))) => {
                approval::options(approval, self.plans.contains_key(&id), self.draft())
            }
            None => Vec::new(),
        }
    }

    /// Answers the question in sight.
    fn send(&mut self, reply: Reply) -> Wish {
        let Some(id) = self.question().map(|question| question.id) else {
            return Wish::Close;
        };
        self.sent.insert(id);
        self.drafts.remove(&id);
        self.plans.remove(&id);
        self.asked.remove(self.at);
        self.go(self.at.min(self.asked.len().saturating_sub(1)));
        let command = Command::Answer { id, reply };
        if self.asked.is_empty() {
            Wish::CloseAndSend(command)
        } else {
            Wish::Send(command)
        }
    }

    /// Takes the choice with this place, from 0.
    fn pick(&mut self, place: usize) -> Wish {
        let Some(question) = self.question() else {
            return Wish::Close;
        };
        let id = question.id;
        match (&question.kind, place) {
            (QuestionKind::Question { options }, place) if place < options.len() => {
                let number = u32::try_from(place + 1).unwrap_or(u32::MAX);
                self.send(Reply::Option(number))
            }
            (QuestionKind::Plan { .. }, 0) => {
                let reply = self
                    .plans
                    .remove(&id)
                    .map_or(Reply::Approved, Reply::Edited);
                self.send(reply)
            }
            (QuestionKind::Plan { .. }, 1) => self.edit(),
            (QuestionKind::Plan { .. }, 2) => {
                let why = self.draft().trim().to_owned();
                self.send(Reply::Rejected(why))
            }
            (QuestionKind::Approval(approval), place) => {
                match approval::choices(approval).get(place) {
                    Some(Choice::Once) => {
                        let edited = self.plans.remove(&id);
                        self.send(edited.map_or(Reply::Approved, Reply::Edited))
                    }
                    Some(Choice::Always) => self.send(Reply::Always),
                    Some(Choice::Edit) => self.edit(),
                    Some(Choice::No) => {
                        let why = self.draft().trim().to_owned();
                        self.send(Reply::Rejected(why))
                    }
                    None => Wish::Nothing,
                }
            }
            (QuestionKind::Question { .. } | QuestionKind::Plan { .. }, _) => Wish::Nothing,
        }
    }

    fn edit(&self) -> Wish {
        match self
            .question()
            .map(|question| (question.id, &question.kind))
        {
            Some((id, QuestionKind::Plan { plan })) => {
                Wish::Edit(id, self.plans.get(&id).unwrap_or(plan).clone())
            }
            Some((id, QuestionKind::Question { .. })) => Wish::Edit(id, self.draft().to_owned()),
            Some((id, QuestionKind::Approval(approval))) if approval.is_editable() => {
                let line = approval.deed.target();
                Wish::Edit(
                    id,
                    self.plans.get(&id).map_or(line, String::as_str).to_owned(),
                )
            }
            Some((_, QuestionKind::Approval(_))) | None => Wish::Nothing,
        }
    }

    /// Takes in what was written in `$EDITOR` for a question.
    pub fn edited(&mut self, id: QuestionId, text: &str) {
        let Some((question, _)) = self.asked.iter().find(|(question, _)| question.id == id) else {
            return;
        };
        let text = text.trim_end_matches('\n').to_owned();
        match &question.kind {
            QuestionKind::Approval(approval)
                if approval.deed.target() == text || text.trim().is_empty() =>
            {
                self.plans.remove(&id);
            }
            QuestionKind::Approval(_) => {
                self.plans.insert(id, text);
                self.cursor = 0;
            }
            QuestionKind::Plan { plan } if *plan == text || text.trim().is_empty() => {
                self.plans.remove(&id);
            }
            QuestionKind::Plan { .. } => {
                self.plans.insert(id, text);
                // What comes next is approving what was changed.
                self.cursor = 0;
            }
            QuestionKind::Question { .. } => {
                self.drafts.insert(id, text);
            }
        }
    }

    /// A digit chooses while nothing is written; everything else is text.
    pub(super) fn type_text(&mut self, text: &str) -> Wish {
        let choice = text
            .parse::<usize>()
            .ok()
            .filter(|number| (1..=self.options().len()).contains(number));
        if let (Some(number), true) = (choice, self.draft().is_empty()) {
            return self.pick(number - 1);
        }
        if let (Some(place), true) = (self.letter(text), self.draft().is_empty()) {
            return self.pick(place);
        }
        if let Some(id) = self.question().map(|question| question.id) {
            let draft = self.drafts.entry(id).or_default();
            if draft.len() + text.len() <= LONGEST {
                draft.push_str(text);
            }
        }
        Wish::Nothing
    }

    /// The choice of a tool call that waits for leave, by its letter.
    fn letter(&self, text: &str) -> Option<usize> {
        match self.question().map(|question| &question.kind) {
            Some(QuestionKind::Approval(approval)) => approval::letter(approval, text),
            _ => None,
        }
    }

    pub(super) fn update(&mut self, action: Action) -> Wish {
        let choices = self.options().len();
        let page = self.words.len().max(1);
        match action {
            Action::Close => return Wish::Close,
            Action::Accept => return self.accept(),
            Action::Pick(number) => return self.pick(usize::from(number).wrapping_sub(1)),
            Action::Up => self.cursor = (self.cursor + choices).saturating_sub(1) % choices.max(1),
            Action::Down => self.cursor = (self.cursor + 1) % choices.max(1),
            Action::PageUp => self.top = self.top.saturating_sub(page),
            Action::PageDown => self.top = self.top.saturating_add(page),
            Action::First => self.top = 0,
            Action::Last => self.top = usize::MAX,
            Action::Erase => self.erase(),
            Action::Refresh => {}
        }
        Wish::Nothing
    }

    fn accept(&mut self) -> Wish {
        let text = self.draft().trim().to_owned();
        let plan = matches!(
            self.question().map(|question| &question.kind),
            Some(QuestionKind::Plan { .. })
        );
        let approval = matches!(
            self.question().map(|question| &question.kind),
            Some(QuestionKind::Approval(_))
        );
        if approval && !text.is_empty() {
            // Words are a reason, and a reason is only needed for a no.
            self.send(Reply::Rejected(text))
        } else if !plan && !text.is_empty() {
            self.send(Reply::Text(text))
        } else {
            self.pick(self.cursor)
        }
    }

    fn erase(&mut self) {
        if let Some(id) = self.question().map(|question| question.id)
            && let Some(draft) = self.drafts.get_mut(&id)
        {
            let last = width::cells(draft).last().map_or(0, |cell| cell.start);
            draft.truncate(last);
        }
    }

    pub(super) fn talk(&mut self, talk: Talk) -> Wish {
        let total = self.asked.len().max(1);
        match talk {
            Talk::Next => self.go((self.at + 1) % total),
            Talk::Previous => self.go((self.at + total - 1) % total),
            Talk::Skip => return self.send(Reply::Skipped),
            Talk::Editor => return self.edit(),
            Talk::Questions => return Wish::Close,
            Talk::Messages | Talk::Withdraw => {}
        }
        Wish::Nothing
    }

    pub(super) fn prepare(&mut self, size: Size) {
        let wide = WIDEST.min(size.width);
        // Frame, a blank before the words and the scrollbar after them.
        let room = layout::centred(size, wide, size.height)
            .width
            .saturating_sub(4);
        let mut words = Vec::new();
        if let Some(question) = self.question() {
            words = paragraph(&question.text, room);
            if let QuestionKind::Plan { plan } = &question.kind {
                let plan = self.plans.get(&question.id).unwrap_or(plan);
                words.push(String::new());
                words.extend(paragraph(plan, room));
            }
            if let QuestionKind::Approval(approval) = &question.kind {
                let edited = self.plans.get(&question.id).map(String::as_str);
                for text in approval::told(approval, edited) {
                    words.extend(paragraph(&text, room));
                }
            }
        }
        self.choices = self.options();
        self.cursor = self.cursor.min(self.choices.len().saturating_sub(1));
        // Frame, and the line for typed words.
        let fixed = self.choices.len() + 3;
        let wanted = u16::try_from(words.len() + fixed).unwrap_or(u16::MAX);
        self.area = layout::centred(size, wide, wanted);
        let rows = usize::from(self.area.height).saturating_sub(fixed).max(1);
        self.all = words.len();
        self.top = self.top.min(words.len().saturating_sub(rows));
        self.words = words.into_iter().skip(self.top).take(rows).collect();
    }

    pub(super) fn view(&self, theme: &Theme, frame: &mut Frame<'_>) {
        let Some((question, who)) = self.asked.get(self.at) else {
            return;
        };
        let what = match question.kind {
            QuestionKind::Question { .. } => "asks",
            QuestionKind::Plan { .. } => "has a plan",
            QuestionKind::Approval(_) => "asks for leave",
        };
        let id = question.id;
        let title = match self.asked.len() {
            1 => format!("{who} {what} · {id}"),
            total => format!("{who} {what} · {id} · {} of {total}", self.at + 1),
        };
        let room = usize::from(self.area.width.saturating_sub(4));
        let inner = window(&width::fit(&title, room), theme, frame, self.area);
        let words = self
            .words
            .iter()
            .map(|line| Line::styled(format!(" {line}"), theme.text));
        let writing = !self.draft().is_empty();
        let choices = self.choices.iter().enumerate().map(|(place, words)| {
            let marked = place == self.cursor && !writing;
            let words = width::fit(words, room.saturating_sub(4)).into_owned();
            let line = Line::from(vec![
                Span::styled(if marked { " ▸ " } else { "   " }, theme.accent),
                Span::styled(format!("{} ", place + 1), theme.accent),
                Span::styled(words, if marked { theme.strong } else { theme.text }),
            ]);
            if marked {
                line.patch_style(theme.selection)
            } else {
                line
            }
        });
        let said = Rect {
            height: u16::try_from(self.words.len()).unwrap_or(inner.height),
            ..inner
        };
        let lines: Vec<Line<'_>> = words.chain(choices).collect();
        // The typed words keep their line whatever happens above.
        let last = inner.bottom().saturating_sub(1);
        for (line, y) in lines.into_iter().zip(inner.y..last) {
            line.render(row(inner, y), frame.buffer_mut());
        }
        scrollbar(self.all, self.top, theme, frame, said.intersection(inner));
        if inner.height > 0 {
            self.typed(room, theme)
                .render(row(inner, last), frame.buffer_mut());
        }
    }

    /// The end of the typed words, or what could be typed.
    fn typed(&self, room: usize, theme: &Theme) -> Line<'static> {
        let draft = self.draft().replace('\n', " ");
        if draft.is_empty() {
            let hint = match self.question().map(|question| &question.kind) {
                Some(QuestionKind::Approval(approval)) => approval::hint(approval),
                _ => " › or type an answer; Ctrl-K skips",
            };
            return Line::styled(hint, theme.dim);
        }
        let room = room.saturating_sub(3).max(1);
        let mut start = 0;
        for cell in width::cells(&draft) {
            if width::of(&draft[start..]) <= room {
                break;
            }
            start = cell.start;
        }
        Line::from(vec![
            Span::styled(" › ", theme.accent),
            Span::styled(draft[start..].to_owned(), theme.strong),
            Span::styled("▏", theme.accent),
        ])
    }
}

fn row(area: Rect, y: u16) -> Rect {
    Rect {
        y,
        height: 1,
        ..area
    }
}
