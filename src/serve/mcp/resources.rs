//! Sessions as resources: the final answer and the figures of each, under addresses that can be told on.

use rmcp::model::{Resource, ResourceTemplate};

use super::{
    calls::Calls,
    words::{concluded, told},
};
use crate::{app::host::Seen, catalog::Entry, protocol::Failure, text::clean};

/// What stands before the ID of a session in an address.
const ADDRESS: &str = "massgen-tui://session/";
/// What these texts are.
pub const MARKDOWN: &str = "text/markdown";
/// Sessions that are listed, the newest.
const LISTED: usize = 50;
/// Longest title, in characters.
const TITLE: usize = 80;

/// What can be read of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The final answer.
    Answer,
    /// It in figures.
    Report,
}

impl Part {
    const ALL: [Self; 2] = [Self::Answer, Self::Report];

    const fn word(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Report => "report",
        }
    }

    const fn about(self) -> &'static str {
        match self {
            Self::Answer => {
                "The final answer, who won, what it cost; of a run at work, how far it is."
            }
            Self::Report => {
                "The session in figures: rounds, votes, tools, troubles, tokens and money."
            }
        }
    }
}

/// The session and the part of it that an address means; `None` when it is none of ours.
#[must_use]
pub fn meant(address: &str) -> Option<(&str, Part)> {
    let (id, part) = address.strip_prefix(ADDRESS)?.rsplit_once('/')?;
    let part = Part::ALL.into_iter().find(|one| one.word() == part)?;
    (!id.is_empty() && !id.contains('/')).then_some((id, part))
}

/// How any session is addressed.
#[must_use]
pub fn templates() -> Vec<ResourceTemplate> {
    Part::ALL
        .map(|part| {
            let address = format!("{ADDRESS}{{id}}/{}", part.word());
            ResourceTemplate::new(address, format!("session-{}", part.word()))
                .with_title(format!("The {} of a session", part.word()))
                .with_description(format!(
                    "{} id is the session's, its start or its last four letters, or latest.",
                    part.about()
                ))
                .with_mime_type(MARKDOWN)
        })
        .to_vec()
}

impl Calls {
    /// The newest sessions, each with its parts.
    ///
    /// # Errors
    /// The list of sessions cannot be read.
    pub async fn resources(&self) -> Result<Vec<Resource>, Failure> {
        let entries = self.host.filtered("").await?;
        Ok(entries.iter().take(LISTED).flat_map(listed).collect())
    }

    /// The text of a part.
    ///
    /// # Errors
    /// There is no such session, or its log cannot be read.
    pub async fn resource(&self, id: &str, part: Part) -> Result<String, Failure> {
        match part {
            Part::Answer => self.host.seen(id).await.map(|seen| ended(&seen)),
            Part::Report => self.report(id).await.map(|(_, page, _)| page),
        }
    }
}

/// What a session came to, also where that is no answer.
fn ended(seen: &Seen) -> String {
    if seen.result.is_none() {
        return told(&seen.status);
    }
    concluded(seen).map_or_else(|failure| failure.words(), |done| done.text)
}

fn listed(entry: &Entry) -> Vec<Resource> {
    let run = &entry.summary.run;
    let title: String = clean::line(entry.title()).chars().take(TITLE).collect();
    Part::ALL
        .map(|part| {
            let word = part.word();
            Resource::new(format!("{ADDRESS}{run}/{word}"), format!("{run}-{word}"))
                .with_title(format!("{title} ({word})"))
                .with_description(part.about())
                .with_mime_type(MARKDOWN)
        })
        .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_session_and_a_part() {
        for (address, what) in [
            (
                "massgen-tui://session/latest/report",
                Some(("latest", Part::Report)),
            ),
            (
                "massgen-tui://session/20260101-101010-abcd/answer",
                Some(("20260101-101010-abcd", Part::Answer)),
            ),
            ("massgen-tui://session//answer", None),
            ("massgen-tui://session/../x/answer", None),
            ("massgen-tui://session/latest", None),
            ("massgen-tui://session/latest/log", None),
            ("file:///etc/passwd", None),
        ] {
            assert_eq!(meant(address), what, "{address}");
        }
        assert_eq!(templates().len(), 2);
    }
}
