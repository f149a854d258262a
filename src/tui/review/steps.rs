//! What the world says about a result on its way: built, previewed, written, refused, taken back.

use super::{
    News, Page, Review, Told, What, Wish, Wishes, asks::Wait, finish::Stage, undoing::Deciding,
};
use crate::protocol::{Failure, Level, change::Preview};

impl Review {
    /// A step is done.
    pub(super) fn stepped(&mut self, told: Told) -> Wishes {
        let mut wishes = Wishes::new();
        match told {
            Ok(News::Built(built)) => {
                if let Page::Finish(finish) = &mut self.page {
                    finish.built = Some(*built);
                }
                self.set_stage(Stage::Choosing);
            }
            Ok(News::Preview(preview)) => wishes.extend(self.previewed(preview)),
            Ok(News::Applied(applied)) => {
                self.book.applied.push((*applied).clone());
                self.book.revision += 1;
                self.set_stage(Stage::Done(applied));
                wishes.push(Wish::Do(self.keep_now()));
            }
            Ok(News::Undone(undone)) => {
                self.book.applied.retain(|applied| applied.id != undone.id);
                self.book.revision += 1;
                self.set_stage(Stage::Undone(undone));
                wishes.push(Wish::Do(self.keep_now()));
            }
            Ok(News::Changed(changed)) => {
                self.set_stage(Stage::Deciding(Box::new(Deciding::new(*changed))));
            }
            Ok(_) => {}
            Err(failure) => wishes.extend(self.failed(failure)),
        }
        wishes
    }

    /// What applying would do is known, for the first time or anew.
    fn previewed(&mut self, preview: Box<Preview>) -> Wishes {
        let Page::Finish(finish) = &mut self.page else {
            return Wishes::new();
        };
        match finish.refused.take() {
            Some((failure, seen)) if seen == preview => self.over(failure),
            refused => {
                if refused.is_some() {
                    // What was decided was about files as they were.
                    finish.decisions.clear();
                    finish.moved = true;
                }
                self.set_stage(Stage::Asking(preview));
                Wishes::new()
            }
        }
    }

    /// A step failed. When nothing was written, the folder may be another one by now: it is looked at
    /// anew, and only when it is the same the failure is all there is to say.
    fn failed(&mut self, failure: Failure) -> Wishes {
        let Page::Finish(finish) = &mut self.page else {
            return vec![Wish::Tell(Level::Error, failure.to_string())];
        };
        if let Some((first, _)) = finish.refused.take() {
            return self.over(first);
        }
        if let Stage::Applying(_, seen) = &finish.stage {
            finish.refused = Some((failure, seen.clone()));
            return self.look_anew();
        }
        self.over(failure)
    }

    fn over(&mut self, failure: Failure) -> Wishes {
        let told = Wish::Tell(Level::Error, failure.to_string());
        self.set_stage(Stage::Failed(failure));
        vec![told]
    }

    pub(super) fn look_anew(&mut self) -> Wishes {
        let Page::Finish(finish) = &self.page else {
            return Wishes::new();
        };
        let what = What::Preview {
            selection: Box::new(finish.selection.clone()),
            to: finish.destination(),
            labels: self.labels(),
        };
        let (ticket, effects) = self.query(Wait::Step, what);
        self.set_stage(Stage::Previewing(ticket));
        vec![Wish::Do(effects)]
    }
}
