//! Which turns: `2`, `1-3`, `2-`, `1,4`, `latest`.
//!
//! Turns are known by their number, as screens show it; a turn that MassGen began anew has the number twice
//! and is taken with all its attempts. What comes before the first turn belongs to it.

use std::{io, str::FromStr};

use super::Tape;
use crate::protocol::{Event, EventKind, RunEvent};

/// Turns that are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Selection {
    /// Every one.
    #[default]
    All,
    /// The last one.
    Latest,
    /// Those within one of these spans, ends included.
    Spans(Vec<(u32, u32)>),
}

/// What was written does not name turns.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no turns; write 2, 1-3, 2-, 1,4 or latest")]
pub struct SelectionError(String);

impl FromStr for Selection {
    type Err = SelectionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || SelectionError(text.to_owned());
        match text.trim() {
            "all" => return Ok(Self::All),
            "latest" => return Ok(Self::Latest),
            _ => {}
        }
        let number = |digits: &str| match digits.trim().parse::<u32>() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(wrong()),
        };
        let span = |part: &str| match part.split_once('-') {
            None => number(part).map(|one| (one, one)),
            Some((from, to)) if to.trim().is_empty() => Ok((number(from)?, u32::MAX)),
            Some((from, to)) => {
                let (from, to) = (number(from)?, number(to)?);
                if from <= to {
                    Ok((from, to))
                } else {
                    Err(wrong())
                }
            }
        };
        text.split(',')
            .map(span)
            .collect::<Result<_, _>>()
            .map(Self::Spans)
    }
}

impl Selection {
    /// The same with the last turn named by its number: `turns` are the numbers of all, in order.
    #[must_use]
    pub fn settled(self, turns: &[u32]) -> Self {
        match (self, turns.last()) {
            (Self::Latest, Some(last)) => Self::Spans(vec![(*last, *last)]),
            (selection, _) => selection,
        }
    }

    /// Whether a turn is wanted.
    #[must_use]
    pub fn takes(&self, turn: u32) -> bool {
        match self {
            Self::All | Self::Latest => true,
            Self::Spans(spans) => spans.iter().any(|(from, to)| (*from..=*to).contains(&turn)),
        }
    }

    /// Plays the events of the wanted turns.
    ///
    /// # Errors
    /// As the tape does.
    pub fn play(
        &self,
        tape: &dyn Tape,
        each: &mut dyn FnMut(Event) -> io::Result<()>,
    ) -> io::Result<()> {
        if matches!(self, Self::All | Self::Latest) {
            return tape.play(each);
        }
        let mut before: Vec<Event> = Vec::new();
        let mut taken: Option<bool> = None;
        tape.play(&mut |event| {
            if let EventKind::Run(RunEvent::Started(start)) = &event.kind {
                let takes = self.takes(start.turn);
                let first = taken.replace(takes).is_none();
                let before = std::mem::take(&mut before);
                if first && takes {
                    before.into_iter().try_for_each(&mut *each)?;
                }
            }
            match taken {
                Some(true) => each(event),
                // A log begins with its first turn; what little stands before it is bounded.
                None if before.len() < 100 => {
                    before.push(event);
                    Ok(())
                }
                Some(false) | None => Ok(()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_named_as_people_do() {
        for (text, takes) in [
            ("2", vec![2]),
            ("1-3", vec![1, 2, 3]),
            ("3-", vec![3, 4]),
            ("1, 4", vec![1, 4]),
            ("all", vec![1, 2, 3, 4]),
            ("latest", vec![4]),
        ] {
            let selection: Selection = text.parse().unwrap();
            let selection = selection.settled(&[1, 2, 3, 4]);
            let got: Vec<u32> = (1..=4).filter(|turn| selection.takes(*turn)).collect();
            assert_eq!(got, takes, "{text}");
        }
        for wrong in ["", "0", "3-1", "x", "1-x", "-2", "1,,2"] {
            assert!(wrong.parse::<Selection>().is_err(), "{wrong}");
        }
    }
}
