//! Performs actions on the review's own state.

use super::{
    Action, Focus, Page, Review, Since, Step, View, Wish, Wishes, files,
    paint::Blanks,
    sheet::{Item, Order},
};
use crate::tui::effect::Load;

/// Cells of a step to the side.
const SIDE: usize = 8;

impl Review {
    /// Performs an action.
    pub fn update(&mut self, action: Action) -> Wishes {
        if !matches!(self.page, Page::Diff) {
            return self.on_page(action);
        }
        match action {
            Action::Move(step) => self.step(step),
            Action::Go(go) => self.go(go),
            Action::View(view) => self.look(view),
            Action::Find(find) => self.find(find),
            Action::Take(take) => self.take(take),
            Action::Say(say) => self.say(say),
            Action::Turn(turn) => self.turn(turn),
            Action::Step(Step::Build) => self.begin_build(),
            Action::Step(Step::Undo) => self.undo(),
            Action::Step(Step::Back) => self.back(),
        }
    }

    /// The nearest thing that can be put away; at last the screen.
    fn back(&mut self) -> Wishes {
        if self.cancel() {
            return hint("Not waited for any more; {newest} asks again.");
        }
        if let Some(pane) = self.pane_mut()
            && pane.anchor.take().is_some()
        {
            return Wishes::new();
        }
        if !self.typing.needle.is_empty() {
            self.typing.needle.clear();
            return Wishes::new();
        }
        if !self.files.filter().is_empty() {
            self.files.narrow("");
            return vec![Wish::Do(self.show_file())];
        }
        if self.at.compare {
            return self.look(View::Compare);
        }
        self.look_back();
        vec![Wish::Do(self.keep_now()), Wish::Leave]
    }

    fn look(&mut self, view: View) -> Wishes {
        match view {
            View::Focus => {
                self.at.focus = match self.at.focus {
                    Focus::Files if self.desk.panes.is_empty() => {
                        return hint("There are no lines here.");
                    }
                    Focus::Files => Focus::Lines,
                    Focus::Lines => Focus::Files,
                };
                Wishes::new()
            }
            View::Open => self.open_this(),
            View::Split => {
                self.look.order = match self.look.order {
                    Order::Unified => Order::Split,
                    Order::Split => Order::Unified,
                };
                let order = self.look.order;
                for pane in &mut self.desk.panes {
                    if pane.file().is_some() {
                        pane.relaid(|sheet| sheet.reorder(order));
                    }
                }
                hint(match order {
                    Order::Unified => "Unified.",
                    Order::Split => "Before and after side by side.",
                })
            }
            View::Wrap => {
                self.look.wrap = !self.look.wrap;
                self.look.skip = 0;
                hint(if self.look.wrap {
                    "Long lines take several rows."
                } else {
                    "Long lines are cut; {left} {right} scroll."
                })
            }
            View::Blanks => {
                self.look.blanks = match self.look.blanks {
                    Blanks::Hidden => Blanks::Seen,
                    Blanks::Seen => Blanks::Hidden,
                };
                hint(match self.look.blanks {
                    Blanks::Seen => "Blanks are dots; changes of blanks alone are dim.",
                    Blanks::Hidden => "Blanks are blank.",
                })
            }
            View::More => self.unfold(true),
            View::Less => self.unfold(false),
            View::Tree => {
                self.files.toggle_form();
                vec![Wish::Do(self.show_file())]
            }
            View::Left => {
                if self.look.skip == 0 {
                    self.at.focus = Focus::Files;
                }
                self.look.skip = self.look.skip.saturating_sub(SIDE);
                Wishes::new()
            }
            View::Right if self.at.focus == Focus::Files => self.look(View::Focus),
            View::Right if self.look.wrap => hint("Long lines are wrapped; {wrap} cuts them."),
            View::Right => {
                self.look.skip += SIDE;
                Wishes::new()
            }
            View::Compare => self.compare(),
            View::Since => self.since(),
        }
    }

    fn open_this(&mut self) -> Wishes {
        if self.at.focus == Focus::Files {
            if matches!(self.files.line(), Some(files::Line::Folder { .. })) {
                self.files.toggle_folder();
                return Wishes::new();
            }
            return self.look(View::Focus);
        }
        let Some(pane) = self.pane_mut() else {
            return Wishes::new();
        };
        match pane.sheet.item(pane.cursor) {
            Some(Item::Fold { gap, .. }) => {
                if pane.sheet.unfold(gap) {
                    Wishes::new()
                } else {
                    hint("These lines cannot be shown: the file is too large.")
                }
            }
            Some(Item::Note(id)) => self.change_comment(id),
            Some(Item::Head(_)) => {
                hint("{take} takes the hunk, {edit} edits it, {comment} comments.")
            }
            Some(Item::Row { .. } | Item::Same { .. }) | None => {
                hint("{take} takes the line, {comment} comments on it, {range} begins a range.")
            }
        }
    }

    fn unfold(&mut self, more: bool) -> Wishes {
        self.at.focus = Focus::Lines;
        let Some(pane) = self.pane_mut() else {
            return hint("There are no lines here.");
        };
        let mut changed = true;
        pane.relaid(|sheet| {
            if more {
                changed = sheet.unfold_all();
            } else {
                sheet.fold_all();
            }
        });
        if changed {
            Wishes::new()
        } else {
            hint("All lines that there are are shown.")
        }
    }

    fn compare(&mut self) -> Wishes {
        self.at.compare = !self.at.compare;
        if !self.at.compare {
            let column = self.pane().map(|pane| pane.agent);
            self.desk.panes.clear();
            self.at.agent = column.unwrap_or(self.at.agent);
            return vec![Wish::Do(self.show_tree())];
        }
        if self.at.since == Since::LastLook {
            self.at.since = Since::Start;
        }
        let asked = self.ask_all();
        self.at.focus = Focus::Lines;
        let shown = self.show_file();
        vec![
            Wish::Do(asked.and(shown)),
            Wish::Hint(
                "Each agent's version of this file; {agent-1}-{agent-9} go to a column.".to_owned(),
            ),
        ]
    }

    fn since(&mut self) -> Wishes {
        let key = (self.at.agent, self.at.context);
        self.at.since = match self.at.since {
            Since::LastLook => Since::Start,
            Since::Start => match self.course.before.get(&key) {
                None => return hint("You have not looked at this agent's files before."),
                Some(tree) if Some(tree) == self.tree(self.at.agent) => {
                    return hint("Nothing has changed since you last looked.");
                }
                Some(_) => Since::LastLook,
            },
        };
        self.at.compare = false;
        let words = match self.at.since {
            Since::Start => "All changes since the session began.",
            Since::LastLook => "Only what changed since you last looked.",
        };
        vec![Wish::Do(self.show_tree()), Wish::Hint(words.to_owned())]
    }

    /// True when there is nothing to show and nothing on its way.
    pub(super) fn is_cancelled(&self) -> bool {
        matches!(self.load, Load::Idle)
    }
}

fn hint(words: &str) -> Wishes {
    vec![Wish::Hint(words.to_owned())]
}
