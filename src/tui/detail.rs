//! How much of an agent's work its pane shows.
//!
//! Nothing is lost at any level: pages, the log and exports have everything, and a pane that shows more
//! again shows what was left out before.

/// A level, from the least on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Detail {
    /// Rounds, answers, votes, trouble, and what the person said.
    Answers,
    /// And what agents did: tool calls, a row each, and what they read.
    Tools,
    /// And what they thought, a row each.
    #[default]
    Usual,
    /// Tool calls and thoughts in full.
    Full,
}

impl Detail {
    /// All, from the least on.
    pub const ALL: [Self; 4] = [Self::Answers, Self::Tools, Self::Usual, Self::Full];

    /// Its name in flags and files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Answers => "answers",
            Self::Tools => "tools",
            Self::Usual => "usual",
            Self::Full => "full",
        }
    }

    /// What panes show then, for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Answers => "answers, votes and trouble",
            Self::Tools => "answers, votes, trouble, and tool calls a row each",
            Self::Usual => "everything; tool calls and thoughts a row each",
            Self::Full => "everything; tool calls and thoughts in full",
        }
    }

    /// By its name.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }

    /// The next level, as long as there is one.
    #[must_use]
    pub fn more(self) -> Option<Self> {
        Self::ALL.into_iter().find(|one| *one > self)
    }

    /// The level before, as long as there is one.
    #[must_use]
    pub fn less(self) -> Option<Self> {
        Self::ALL.into_iter().rev().find(|one| *one < self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_found_by_name_and_follow_one_another() {
        for one in Detail::ALL {
            assert_eq!(Detail::find(one.word()), Some(one));
            assert!(one.more().is_none_or(|next| next.less() == Some(one)));
        }
        assert_eq!(Detail::find("loud"), None);
        assert_eq!((Detail::Answers.less(), Detail::Full.more()), (None, None));
    }
}
