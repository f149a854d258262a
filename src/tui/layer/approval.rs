//! A tool call that waits for leave, on the card of questions: its words, its choices, their letters.
//!
//! Pure. Whatever is not one of the letters is the beginning of a reason, and a reason refuses.

use crate::protocol::{Approval, Deed};

/// What can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// Yes, this once.
    Once,
    /// Yes, and whatever the rule covers for the rest of the run.
    Always,
    /// Change the command first.
    Edit,
    /// No.
    No,
}

impl Choice {
    const fn letter(self) -> &'static str {
        match self {
            Self::Once => "y",
            Self::Always => "a",
            Self::Edit => "e",
            Self::No => "n",
        }
    }
}

/// What can be said to a call, in the order of the card.
pub(super) fn choices(approval: &Approval) -> Vec<Choice> {
    let mut choices = vec![Choice::Once];
    choices.extend(approval.always.as_ref().map(|_| Choice::Always));
    if approval.is_editable() {
        choices.push(Choice::Edit);
    }
    choices.push(Choice::No);
    choices
}

/// The choices in words.
pub(super) fn options(approval: &Approval, edited: bool, draft: &str) -> Vec<String> {
    let words = |choice: &Choice| match choice {
        Choice::Once if edited => "Yes, as you changed it (y)".to_owned(),
        Choice::Once => "Yes, this once (y)".to_owned(),
        Choice::Always => {
            let rule = approval.always.as_deref().unwrap_or_default();
            format!("Always in this run: {rule} (a)")
        }
        Choice::Edit => "Change it in $EDITOR (e)".to_owned(),
        Choice::No if draft.trim().is_empty() => "No (n, or type why)".to_owned(),
        Choice::No => "No, with these words (Enter)".to_owned(),
    };
    choices(approval).iter().map(words).collect()
}

/// The place of the choice with this letter.
pub(super) fn letter(approval: &Approval, text: &str) -> Option<usize> {
    choices(approval)
        .iter()
        .position(|choice| choice.letter() == text)
}

/// What the line for typed words says while it is empty.
pub(super) const fn hint(approval: &Approval) -> &'static str {
    match (approval.always.is_some(), approval.is_editable()) {
        (true, true) => " › y once · a always · e edit · n no · or type why not",
        (true, false) => " › y once · a always · n no · or type why not",
        (false, true) => " › y once · e edit · n no · or type why not",
        (false, false) => " › y once · n no · or type why not",
    }
}

/// The paragraphs below the question; `edited` is the command as the person changed it.
pub(super) fn told(approval: &Approval, edited: Option<&str>) -> Vec<String> {
    let mut told = vec![String::new()];
    match &approval.deed {
        Deed::Command { line, folder } => {
            told.push(format!("$ {}", edited.unwrap_or(line)));
            told.push(format!("in {folder}"));
        }
        Deed::Write { path, diff } => {
            told.push(path.clone());
            if !diff.is_empty() {
                told.push(diff.clone());
            }
        }
        Deed::Read { path } => told.push(path.clone()),
        Deed::Fetch { url } => told.push(url.clone()),
        Deed::Tool {
            tool: _,
            arguments,
            changed,
        } => {
            told.push(arguments.clone());
            if !changed.is_empty() {
                told.push(changed.clone());
            }
        }
        Deed::Other { words } => told.push(words.clone()),
    }
    told.push(String::new());
    told.push(approval.why.clone());
    if !approval.held.is_empty() {
        told.push(approval.held.clone());
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(deed: Deed, always: Option<&str>) -> Approval {
        Approval {
            tool: "run_command".into(),
            deed,
            why: "because".into(),
            always: always.map(str::to_owned),
            held: String::new(),
            fixed: false,
        }
    }

    #[test]
    fn only_what_can_be_said_has_a_letter() {
        let command = || Deed::Command {
            line: "make".into(),
            folder: "app".into(),
        };
        let page = || Deed::Fetch {
            url: "https://example.org".into(),
        };
        for (deed, always, letters) in [
            (command(), Some("command(make)"), "yaen"),
            (command(), None, "yen"),
            (page(), Some("read_url(*)"), "yan"),
            (page(), None, "yn"),
        ] {
            let call = call(deed, always);
            let known: String = ["y", "a", "e", "n"]
                .into_iter()
                .filter(|text| letter(&call, text).is_some())
                .collect();
            assert_eq!(known, letters);
            assert_eq!(options(&call, false, "").len(), letters.len());
            assert_eq!(letter(&call, "x"), None);
        }
    }

    #[test]
    fn the_exact_command_is_told_and_so_is_the_changed_one() {
        let call = call(
            Deed::Command {
                line: "rm -r out".into(),
                folder: "app".into(),
            },
            None,
        );
        assert!(told(&call, None).contains(&"$ rm -r out".to_owned()));
        assert!(told(&call, Some("ls")).contains(&"$ ls".to_owned()));
    }
}
