//! The first line of a session log and the version of what follows.
//!
//! A log is read by every later version of the program. A change of the event types that old logs
//! would not survive raises [`SCHEMA`] by one and adds one step to [`STEPS`] that turns an event of
//! the version before into one of the next. A log of a newer schema is refused with a clear word.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::protocol::{Event, Failure, FailureKind, RunId};

/// Version of the event format this program writes.
pub const SCHEMA: u32 = 1;

/// One step of an upgrade: an event of one schema as an event of the next.
type Step = fn(Value) -> Value;

/// `STEPS[n]` turns an event of schema `n + 1` into one of schema `n + 2`.
const STEPS: [Step; SCHEMA as usize - 1] = [];

/// Value of the header's first field.
const MARK: &str = "session";

/// First line of every session log, and of headless JSON output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Always `session`: tells these files from any other JSON lines.
    pub massgen_tui: String,
    /// Version of the event format.
    pub schema: u32,
    /// Version of the program that wrote it.
    pub version: String,
    /// The session.
    pub run: RunId,
}

impl Header {
    /// The header this program writes.
    #[must_use]
    pub fn new(run: RunId) -> Self {
        Self {
            massgen_tui: MARK.to_owned(),
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            run,
        }
    }

    /// Reads a header line; `None` when the line is not one.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        serde_json::from_slice::<Self>(line)
            .ok()
            .filter(|header| header.massgen_tui == MARK)
    }

    /// Refuses what this program cannot read.
    ///
    /// # Errors
    /// A schema that is newer than [`SCHEMA`], or 0, which never existed.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if (1..=SCHEMA).contains(&self.schema) {
            return Ok(());
        }
        Err(Failure::new(
            FailureKind::Local,
            format!(
                "Session {} has log format {} (written by massgen-tui {}); this program ({}) reads formats 1 to {SCHEMA}.",
                self.run,
                self.schema,
                self.version,
                env!("CARGO_PKG_VERSION"),
            ),
        )
        .hint("Update massgen-tui to open it."))
    }
}

/// Reads one event line of a log with this schema; `None` when it is not an event.
pub(super) fn parse_event(schema: u32, line: &[u8]) -> Option<Event> {
    if schema == SCHEMA {
        return serde_json::from_slice(line).ok();
    }
    let value = serde_json::from_slice(line).ok()?;
    serde_json::from_value(upgrade(&STEPS, schema, value)).ok()
}

/// Applies every step from `schema` to the newest.
fn upgrade(steps: &[Step], schema: u32, event: Value) -> Value {
    steps
        .iter()
        .skip((schema as usize).saturating_sub(1))
        .fold(event, |event, step| step(event))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_one_json_object_in_a_fixed_order() {
        let header = Header::new(RunId("20261121-101530-k3f9".into()));
        let line = serde_json::to_string(&header).unwrap();
        assert!(
            line.starts_with(r#"{"massgen_tui":"session","schema":1,"version":""#),
            "{line}"
        );
        assert_eq!(Header::parse(line.as_bytes()), Some(header));
    }

    #[test]
    fn other_json_is_not_a_header() {
        for line in [
            "",
            "{}",
            "[]",
            r#"{"massgen_tui":"config","schema":1,"version":"1","run":"r"}"#,
        ] {
            assert_eq!(Header::parse(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn a_newer_schema_is_refused_with_advice() {
        let mut header = Header::new(RunId("r".into()));
        header.schema = SCHEMA + 1;
        let failure = header.check().unwrap_err();
        assert!(failure.hint.contains("Update"), "{failure}");
        header.schema = 0;
        assert!(header.check().is_err());
    }

    #[test]
    fn an_old_event_takes_every_step_after_its_schema() {
        let steps: [Step; 2] = [
            |event| Value::String(format!("{}a", event.as_str().unwrap_or_default())),
            |event| Value::String(format!("{}b", event.as_str().unwrap_or_default())),
        ];
        assert_eq!(upgrade(&steps, 1, "-".into()), "-ab");
        assert_eq!(upgrade(&steps, 2, "-".into()), "-b");
        assert_eq!(upgrade(&steps, 3, "-".into()), "-");
    }
}
