//! Exports of hostile sessions, of any session, of large ones.

use std::{cell::Cell, collections::BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::{
    protocol::{AgentEvent, AgentId, Channel, EventKind, Seq, Timestamp, ToolEvent},
    store::{redact::texts, samples},
};

/// What a page could break on.
const HOSTILE: [&str; 9] = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1)) ![y](https://evil.example/t.png)",
    "\u{1b}]52;c;aGk=\u{7}\u{1b}[2J\u{202e}lave\u{0}",
    "\" onmouseover=\"alert(1)",
    "]]></details></pre></main><!-- ",
    "```\n</textarea>\n```",
    "&lt;script&gt; &#27;[31m",
    "| a | b |\n> quote\n# heading",
];

/// The sample session with every text of it given through `with`.
fn session(with: &dyn Fn(String) -> String) -> Vec<Event> {
    let events = samples::session("20261121-101530-k3f9").into_iter();
    events.map(|event| texts(event, with)).collect()
}

fn about() -> Particulars {
    Particulars {
        run: Some(RunId("20261121-101530-k3f9".into())),
        version: "0.1.0".into(),
        schema: 1,
        by: Some("<b>mia</b>".into()),
        damage: Some("a </p> line".into()),
        left_out: vec![LeftOut::new("<i>", "</li>")],
        masked: vec![Masked {
            kind: MaskKind::Secret,
            times: 2,
            events: vec![3],
        }],
        attachments: vec![Attachment {
            name: "patches/agent1.1-0.patch".into(),
            title: "what <agent1.1> changed".into(),
            text: "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-<b>\n+</pre><script>\n".into(),
            kind: AttachmentKind::Patch,
        }],
        remarks: vec![remark(HOSTILE[0], None)],
        ..Particulars::default()
    }
}

/// A thread of two with these words everywhere.
fn remark(words: &str, event: Option<u64>) -> Remark {
    let said = |text: &str| Words {
        author: format!("mia {words}"),
        at_ms: 1_795_256_130_000,
        edited: true,
        text: Some(text.to_owned()),
    };
    Remark {
        first: said(words),
        on: format!("answer {words}"),
        event,
        resolved: Some(format!("bo {words}")),
        replies: vec![
            said("a reply"),
            Words {
                text: None,
                ..said("")
            },
        ],
    }
}

fn exported(format: Format, events: &Vec<Event>, cut: Cut) -> String {
    exported_with(&about(), format, events, cut)
}

fn exported_with(about: &Particulars, format: Format, events: &Vec<Event>, cut: Cut) -> String {
    let run = about.run.clone().unwrap();
    let survey = survey(&run, events).unwrap();
    let mut out = Vec::new();
    write(format, events, &survey, about, cut, &mut out).unwrap();
    if format == Format::Bundle {
        return String::new();
    }
    String::from_utf8(out).unwrap()
}

/// Every tag of a page; the style and the two scripts are passed over, as a browser does.
fn tags(page: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        let end = rest[at..].find('>').expect("a tag ends") + at;
        let tag = rest[at + 1..end].to_owned();
        rest = &rest[end + 1..];
        for raw in ["script", "style"] {
            if tag.split(' ').next() == Some(raw) {
                rest = &rest[rest.find(&format!("</{raw}")).expect("it is closed")..];
            }
        }
        tags.push(tag);
    }
    tags
}

/// The tags with which pages are built, whatever is in them: those of a page of a plain session.
fn check_page(page: &str) {
    let mut open: Vec<String> = Vec::new();
    for tag in tags(page) {
        let name = tag.split(' ').next().unwrap().to_owned();
        for attribute in tag.split(' ').skip(1).filter(|part| part.contains('=')) {
            let known = [
                "class",
                "id",
                "href",
                "type",
                "value",
                "min",
                "aria-label",
                "lang",
                "charset",
                "name",
                "content",
                "http-equiv",
                "start",
                "style-src",
                "script-src",
                "width",
                "initial-scale",
            ];
            let name = attribute.split('=').next().unwrap();
            assert!(
                known.contains(&name)
                    || attribute.starts_with("'sha256-")
                    || attribute.starts_with("initial-scale"),
                "{tag}"
            );
        }
        if tag.contains("href=") {
            assert!(
                tag.contains("href=\"#"),
                "a link that leaves the page: {tag}"
            );
        }
        assert!(!tag.contains(" on"), "{tag}");
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop().as_deref(), Some(name), "{tag} of {page}"),
            None if ["!DOCTYPE", "meta", "br", "hr", "input"].contains(&name.as_str()) => {}
            None => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
    assert_eq!(
        page.matches("<script").count() - page.matches("type=\"application/json\"").count(),
        page.matches("</script>").count().saturating_sub(1).min(1)
    );
    assert!(
        page.chars().all(|c| c == '\n' || !c.is_control()),
        "no control characters"
    );
    assert!(!page.contains('\u{202e}'));
}

#[test]
fn a_hostile_session_is_only_text() {
    for hostile in HOSTILE {
        let events = session(&|text| format!("{hostile}{text}{hostile}"));
        for cut in [
            Cut::Nothing,
            Cut::Replay,
            Cut::Streams,
            Cut::Outputs,
            Cut::Files,
        ] {
            check_page(&exported(Format::Html, &events, cut));
            let page = exported(Format::Md, &events, cut);
            assert!(page.chars().all(|c| c == '\n' || !c.is_control()));
            let json = exported(Format::Json, &events, cut);
            serde_json::from_str::<serde_json::Value>(&json).unwrap();
            exported(Format::Bundle, &events, cut);
        }
    }
}

#[test]
fn notes_stand_at_what_they_are_on_and_are_only_text() {
    let events = session(&|text| text);
    let is_answer = |event: &&Event| {
        matches!(
            &event.kind,
            EventKind::Agent {
                event: AgentEvent::Published(_),
                ..
            }
        )
    };
    let answer = events.iter().find(is_answer).unwrap().seq.0;
    for hostile in HOSTILE {
        let places = [Some(answer), Some(1), Some(u64::MAX), None];
        let about = Particulars {
            remarks: places.map(|event| remark(hostile, event)).to_vec(),
            ..about()
        };
        check_page(&exported_with(&about, Format::Html, &events, Cut::Nothing));
        let md = exported_with(&about, Format::Md, &events, Cut::Nothing);
        assert!(md.chars().all(|c| c == '\n' || !c.is_control()));
        let json = exported_with(&about, Format::Json, &events, Cut::Nothing);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["notes"][0]["text"], hostile);
        assert_eq!(json["notes"][0]["event"], answer);
        assert_eq!(json["notes"][3]["replies"][0]["text"], "a reply");
    }
    let about = Particulars {
        remarks: vec![remark("why?", Some(answer)), remark("when?", None)],
        ..about()
    };
    let page = exported_with(&about, Format::Html, &events, Cut::Nothing);
    let at = |word: &str| page.find(word).unwrap_or_else(|| panic!("{word}"));
    let (answers, timeline) = (at("id=\"answers-1\""), at("id=\"timeline-1\""));
    assert!(
        (answers..timeline).contains(&at("<p>why?</p>")),
        "at the answer"
    );
    assert!(at("href=\"#note-1\"") > timeline, "and in the timeline");
    assert!(at("id=\"note-2\"") > at("id=\"notes\""));
    assert!(page.contains("resolved</span> by bo") && page.contains("taken back"));
    let md = exported_with(&about, Format::Md, &events, Cut::Nothing);
    let at = |word: &str| md.find(word).unwrap_or_else(|| panic!("{word}"));
    assert!(at("### All answers") < at("> why?") && at("> why?") < at("Timeline"));
    assert!(at("> when?") > at("## Notes") && md.contains("resolved by bo"));
    assert!(md.contains("↳ **mia why?**") && md.contains("taken back"));
}

#[test]
fn teams_inside_teams_are_told_where_they_are_left_out() {
    let events = session(&|text| text);
    let is_call = |event: &&Event| {
        matches!(
            &event.kind,
            EventKind::Agent {
                event: AgentEvent::Tool(ToolEvent::Started { .. }),
                ..
            }
        )
    };
    let mut inner = events.iter().find(is_call).unwrap().clone();
    let last = events.last().unwrap().clone();
    for _ in 0..2 {
        inner = Event {
            seq: Seq(last.seq.0 + 1),
            at: last.at,
            kind: EventKind::Agent {
                id: AgentId(1),
                event: AgentEvent::Nested(Box::new(inner)),
            },
        };
    }
    let told = "what teams inside the team did (1 tool call)";
    for (format, there) in [
        (Format::Html, true),
        (Format::Md, true),
        (Format::Json, false),
    ] {
        let without = exported(format, &events, Cut::Nothing);
        assert!(!without.contains("teams inside the team"), "{format:?}");
        let mut with = events.clone();
        with.push(inner.clone());
        let page = exported(format, &with, Cut::Nothing).replace('\\', "");
        assert_eq!(page.contains(told), there, "{format:?}");
    }
}

#[test]
fn the_page_holds_everything_there_is() {
    let page = exported(Format::Html, &session(&|text| text), Cut::Nothing);
    for told in [
        "Final answer",
        "Votes",
        "All answers",
        "Timeline",
        "Tools",
        "Files",
        "Time and cost",
        "Notes",
        "replay-data",
        "About this file",
        "ada-model",
        "dropped: ",
        "Not in this file",
    ] {
        assert!(page.contains(told), "{told}");
    }
    let md = exported(Format::Md, &session(&|text| text), Cut::Nothing);
    for told in [
        "### Final answer",
        "### Votes",
        "## Tools",
        "## Files",
        "## Notes",
        "- not in it: ",
    ] {
        assert!(md.contains(told), "{told}");
    }
    let json = exported(Format::Json, &session(&|text| text), Cut::Nothing);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["version"], JSON_VERSION);
    assert_eq!(
        json["events"].as_array().unwrap().len(),
        samples::session("x").len()
    );
}

#[test]
fn the_same_session_gives_the_same_bytes() {
    let events = session(&|text| text);
    for format in [Format::Html, Format::Md, Format::Json] {
        assert_eq!(
            exported(format, &events, Cut::Nothing),
            exported(format, &events, Cut::Nothing)
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn any_stream_of_events_can_be_exported(
        words in "([a-z<>/\"'&;#*`|\\[\\]() \n\u{1b}\u{202e}]|</script>|```|javascript:){0,12}",
        order in prop::collection::vec(0_usize..60, 0..60),
    ) {
        let all = session(&|text| format!("{words}{text}"));
        let events: Vec<Event> = order.iter().filter_map(|place| all.get(*place).cloned()).enumerate()
            .map(|(place, mut event)| { event.seq = Seq(place as u64 + 1); event }).collect();
        check_page(&exported(Format::Html, &events, Cut::Nothing));
        exported(Format::Md, &events, Cut::Streams);
        let json = exported(Format::Json, &events, Cut::Nothing);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
        exported(Format::Bundle, &events, Cut::Nothing);
    }
}

/// A session of any size that stands nowhere: its events are made as they are played.
struct Long {
    calls: u64,
    output: usize,
    /// Events that were played and are still held by whoever took them cannot be counted, bytes can.
    played: Cell<u64>,
}

impl Tape for Long {
    fn play(&self, each: &mut dyn FnMut(Event) -> io::Result<()>) -> io::Result<()> {
        let head = samples::session("20261121-101530-k3f9");
        each(head[0].clone())?;
        for call in 0..self.calls {
            let tool = |seq: u64, event| Event {
                seq: Seq(seq),
                at: Timestamp(samples::STARTED + seq * 10),
                kind: EventKind::Agent {
                    id: AgentId(1),
                    event,
                },
            };
            let output = "0123456789abcdef".repeat(self.output / 16);
            self.played.set(self.played.get() + output.len() as u64);
            each(tool(
                3 * call + 2,
                AgentEvent::Delta {
                    channel: Channel::Text,
                    text: "some words ".repeat(20),
                },
            ))?;
            each(tool(
                3 * call + 3,
                AgentEvent::Tool(ToolEvent::Started {
                    call: call.to_string(),
                    name: "read".into(),
                    arguments: "{}".into(),
                }),
            ))?;
            each(tool(
                3 * call + 4,
                AgentEvent::Tool(ToolEvent::Finished {
                    call: call.to_string(),
                    ok: true,
                    output,
                    elapsed_ms: 3,
                }),
            ))?;
        }
        Ok(())
    }
}

/// Counts what is written, and how much of the tape had been played at most without anything written.
struct Meter<'a> {
    tape: &'a Long,
    bytes: u64,
    widest: u64,
    at: u64,
}

impl Write for Meter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += bytes.len() as u64;
        self.widest = self.widest.max(self.tape.played.get() - self.at);
        self.at = self.tape.played.get();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_large_session_is_written_as_it_is_read() {
    let tape = Long {
        calls: 800,
        output: 64 * 1024,
        played: Cell::new(0),
    };
    let about = about();
    let survey = survey(about.run.as_ref().unwrap(), &tape).unwrap();
    assert!(tape.played.get() > 50_000_000, "50 MB");
    for format in [Format::Json, Format::Html] {
        let mut meter = Meter {
            tape: &tape,
            bytes: 0,
            widest: 0,
            at: tape.played.get(),
        };
        write(format, &tape, &survey, &about, Cut::Nothing, &mut meter).unwrap();
        assert!(meter.bytes > 50_000_000, "{format:?}: {}", meter.bytes);
        // The replay passes over outputs; all else is written before the next call is read.
        let pause = if format == Format::Html {
            60_000_000
        } else {
            1_000_000
        };
        assert!(
            meter.widest < pause,
            "{format:?} held {} bytes back",
            meter.widest
        );
    }
}

#[test]
fn what_does_not_fit_gives_way_and_is_told() {
    let tape = Long {
        calls: 40,
        output: 32 * 1024,
        played: Cell::new(0),
    };
    let about = about();
    let survey = survey(about.run.as_ref().unwrap(), &tape).unwrap();
    let sizes: BTreeSet<u64> = [1_000_000_u64, 400_000, 60_000].into();
    for most in sizes {
        let (cut, bytes) = fit(Format::Html, &tape, &survey, &about, Some(most)).unwrap();
        assert!(
            bytes <= most && cut > Cut::Nothing,
            "{most}: {cut:?} {bytes}"
        );
        let mut out = Vec::new();
        write(Format::Html, &tape, &survey, &about, cut, &mut out).unwrap();
        assert_eq!(out.len() as u64, bytes);
        let page = String::from_utf8(out).unwrap();
        for gone in cut.left_out(Format::Html, &survey, &about) {
            assert!(page.contains(&gone.what), "{}", gone.what);
        }
    }
    let error = fit(Format::Html, &tape, &survey, &about, Some(100)).unwrap_err();
    assert!(error.to_string().contains("bytes"), "{error}");
}
