//! Shapes, ordinary text, and any way of cutting either into pieces.

use proptest::prelude::*;

use super::*;
use crate::protocol::{
    AgentCard, AgentEvent, AgentId, Answer, Ballot, BallotDrop, BallotDropReason, BallotEvent,
    CallEvent, Channel, Event, EventKind, Failure, FailureKind, Label, Level, Limits,
    NoAnswerReason, Origin, Outcome, OutcomeEnd, ReviewEvent, Rules, RunEvent, RunId, Seq, SteerId,
    SteerState, Target, Timestamp, ToolEvent, TurnStart, Verdict,
};

/// Made-up keys in the shapes of real ones: the text, and what must not be left of it.
const KEYS: &[(&str, &str)] = &[
    ("sk-4f9Qb7Lz2WxT8vRm1KpYc6Hd", "4f9Qb7Lz2WxT8vRm1KpYc6Hd"),
    (
        "sk-proj-aB3_dE5-fG7hI9jK1lM3nO5pQ7rS9tU1",
        "fG7hI9jK1lM3nO5pQ7rS9tU1",
    ),
    (
        "sk-ant-api03-Zx9Yw8Vu7Ts6Rq5Po4Nm3Lk2Ji1Hg-AA",
        "Zx9Yw8Vu7Ts6Rq5Po4Nm3Lk2Ji1Hg",
    ),
    (
        "sk-or-v1-0123456789abcdef0123456789abcdef",
        "0123456789abcdef",
    ),
    (
        "AIzaSyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q",
        "SyA1b2C3d4E5f6G7h8",
    ),
    ("xai-Ab12Cd34Ef56Gh78Ij90Kl12", "Ab12Cd34Ef56"),
    ("gsk_Ab12Cd34Ef56Gh78Ij90Kl12", "Ab12Cd34Ef56"),
    ("ghp_Ab12Cd34Ef56Gh78Ij90Kl12Mn34Op56Qr78", "Ab12Cd34Ef56"),
    ("gho_Ab12Cd34Ef56Gh78Ij90Kl12Mn34Op56Qr78", "Ab12Cd34Ef56"),
    ("github_pat_11ABCDEFG0_Ab12Cd34Ef56Gh78Ij90", "Ab12Cd34Ef56"),
    ("hf_AbCdEfGhIjKlMnOpQrStUvWxYz12345678", "AbCdEfGhIj"),
    (
        "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
        "4eC39HqLyjWDarjtT1zdp7dc",
    ),
    ("npm_Ab12Cd34Ef56Gh78Ij90Kl12Mn34Op56Qr78", "Ab12Cd34Ef56"),
    ("pypi-AgEIcHlwaS5vcmcCJDA1YjA2", "AgEIcHlwaS5vcmcCJDA1YjA2"),
    (
        "dop_v1_0123456789abcdef0123456789abcdef",
        "0123456789abcdef",
    ),
    ("glsa_Ab12Cd34Ef56Gh78Ij90Kl12Mn34Op56", "Ab12Cd34Ef56"),
    ("dckr_pat_Ab12Cd34Ef56Gh78Ij90Kl12", "Ab12Cd34Ef56"),
    ("shpat_0123456789abcdef0123456789abcdef", "0123456789abcdef"),
    ("lin_api_Ab12Cd34Ef56Gh78Ij90Kl12Mn34", "Ab12Cd34Ef56"),
    ("AKIAIOSFODNN7EXAMPLE", "IOSFODNN7EXAMPLE"),
    ("xoxb-123456789012-AbCdEfGhIjKl", "123456789012"),
    (
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
        "hbGciOiJIUzI1NiJ9",
    ),
    (
        "Authorization: Bearer 9f8e7d6c5b4a39281706",
        "9f8e7d6c5b4a39281706",
    ),
    (
        "Authorization: Bearer v1.9f8e7d6c.5b4a39281706",
        "5b4a39281706",
    ),
    ("api_key=9f8e7d6c5b4a39281706", "9f8e7d6c5b4a39281706"),
    (
        "OPENAI_API_KEY=\"9f8e7d6c5b4a39281706\"",
        "9f8e7d6c5b4a39281706",
    ),
    (
        r#"{"api_key": "9f8e7d6c5b4a39281706"}"#,
        "9f8e7d6c5b4a39281706",
    ),
    (
        r#"{\"apiKey\":\"9f8e7d6c5b4a39281706\"}"#,
        "9f8e7d6c5b4a39281706",
    ),
    (
        "client_secret = '9f8e7d6c5b4a39281706'",
        "9f8e7d6c5b4a39281706",
    ),
    ("x-api-key: 9f8e7d6c5b4a39281706", "9f8e7d6c5b4a39281706"),
    ("--password=hunter22hunter22", "hunter22hunter22"),
    (
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAx\nb7Lz2WxT\n-----END RSA PRIVATE KEY-----",
        "b7Lz2WxT",
    ),
    (
        "-----BEGIN PRIVATE KEY-----\\nMIIEowIBAAKCAQEAx\\n-----END PRIVATE KEY-----\\n",
        "MIIEowIB",
    ),
];

/// Text that looks a little like secrets and is not.
const ORDINARY: &[&str] = &[
    "The disk-based task-management-system-design uses a sk-fading-circle-loader.",
    "let api_key = settings.openai_api_key_v2;",
    "api_key=os.environ[\"OPENAI_API_KEY_2024_V1\"]",
    "Bearer authentication is described in RFC 6750, section 2.1.",
    "the bearer of 1234 shares may vote",
    "password: a required field of at least 12 characters",
    "token: str = \"\"",
    "hf_hub_download_with_progress(repo, file)",
    "https://example.org/a/very/long/path/with-many-parts/and_more/2024/11/21/index.html?id=42",
    "git commit 4f9b7d2c8a1e6f305b9c7d8e2a4f6b8c0d1e3f5a",
    "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIE\n-----END CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0B\n-----END PUBLIC KEY-----",
    "eyJ is how base64 of JSON begins",
    "fn main() { println!(\"{}\", 1.0e-3); } // sk- xai- gsk_ ghp_",
    "日本語のテキスト、絵文字 👩‍💻 と sk-",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "",
];

fn pieces(redactor: &Redactor, text: &str, cuts: &[usize]) -> String {
    let mut stream = redactor.stream();
    let mut out = String::new();
    let mut rest = text;
    for cut in cuts {
        let mut at = cut % (rest.len() + 1);
        while !rest.is_char_boundary(at) {
            at -= 1;
        }
        out.push_str(&stream.push(&rest[..at]));
        rest = &rest[at..];
    }
    out.push_str(&stream.push(rest));
    out.push_str(&stream.flush());
    out
}

#[test]
fn every_shape_is_masked_alone_and_within_text() {
    let redactor = Redactor::default();
    for (key, secret) in KEYS {
        for text in [
            (*key).to_owned(),
            format!("I use {key} here."),
            format!("({key})"),
            format!("first\n{key}\nlast"),
        ] {
            let masked = redactor.text(&text);
            assert!(!masked.contains(secret), "{text:?} became {masked:?}");
            assert!(masked.contains(MASK), "{text:?} became {masked:?}");
        }
    }
}

#[test]
fn the_vendor_stays_readable() {
    let redactor = Redactor::new(&["sk-4f9Qb7Lz2WxT8vRm1KpYc6Hd".into(), "swordfish".into()]);
    let check = |text: &str, want: &str| assert_eq!(redactor.text(text), want, "{text}");
    check(
        "key sk-ant-api03-Zx9Yw8Vu7Ts6Rq5Po4Nm3Lk2Ji1Hg-AA.",
        "key sk-ant-…[masked].",
    );
    check("api_key=9f8e7d6c5b4a39281706,", "api_key=…[masked],");
    check("Bearer 9f8e7d6c5b4a39281706", "Bearer …[masked]");
    check("a sk-4f9Qb7Lz2WxT8vRm1KpYc6Hd b", "a sk-…[masked] b");
    check("the swordfish swims", "the …[masked] swims");
    check(
        "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\nx",
        "-----BEGIN PRIVATE KEY-----…[masked]-----END PRIVATE KEY-----\nx",
    );
}

#[test]
fn ordinary_text_is_not_touched_and_not_copied_without_need() {
    let redactor = Redactor::default();
    for text in ORDINARY {
        assert_eq!(redactor.text(text), *text);
    }
    assert!(matches!(redactor.text("nothing to see"), Cow::Borrowed(_)));
}

#[test]
fn short_values_and_placeholders_are_no_secrets() {
    let redactor = Redactor::new(&[
        "abc".into(),
        " ollama ".into(),
        "LM-Studio".into(),
        String::new(),
    ]);
    for text in ["abc", "run ollama here", "lm-studio", "LM-Studio"] {
        assert_eq!(redactor.text(text), text);
    }
}

#[test]
fn a_known_value_may_hold_any_characters() {
    let redactor = Redactor::new(&[
        "pass word!".into(),
        "päss: 日本".into(),
        "pass word!!".into(),
    ]);
    assert_eq!(redactor.text("is it pass word!?"), "is it …[masked]?");
    assert_eq!(redactor.text("is it pass word!!?"), "is it …[masked]?");
    assert_eq!(redactor.text("<päss: 日本>"), "<…[masked]>");
    assert_eq!(
        pieces(&redactor, "is it pass word!", &[10, 1, 1, 1]),
        "is it …[masked]"
    );
}

#[test]
fn a_secret_longer_than_the_window_is_masked_to_its_end() {
    let redactor = Redactor::default();
    let body = "Ab3dE6gH9".repeat(100);
    for text in [
        format!("x sk-{body} y"),
        format!("x {}/sk-{body} y", "path".repeat(63)),
        format!("x eyJhbGciOiJIUzI1NiJ9.eyJ{body}.{body} y"),
        format!("x Bearer {body} y"),
        format!("x -----BEGIN PRIVATE KEY-----{body}-----END PRIVATE KEY----- y"),
    ] {
        let masked = redactor.text(&text);
        assert!(!masked.contains("gH9Ab3"), "{masked}");
        assert!(
            masked.starts_with("x ") && masked.ends_with(" y"),
            "{masked}"
        );
    }
}

#[test]
fn a_long_run_without_a_secret_passes_whole() {
    let redactor = Redactor::default();
    let text = format!("data:image/png;base64,{}", "iVBORw0KGgo/".repeat(400));
    assert_eq!(redactor.text(&text), text);
    assert_eq!(pieces(&redactor, &text, &[1000, 1, 300, 255]), text);
}

#[test]
fn a_key_that_never_ends_swallows_no_more_than_a_key() {
    let redactor = Redactor::default();
    let text = format!(
        "-----BEGIN PRIVATE KEY-----\n{}the end",
        "words of prose \n".repeat(4000)
    );
    assert!(redactor.text(&text).ends_with("the end"));
}

#[test]
fn masking_twice_changes_nothing() {
    let redactor = Redactor::new(&["swordfish".into()]);
    for (key, _) in KEYS {
        let once = redactor.text(key).into_owned();
        assert_eq!(redactor.text(&once), once);
    }
}

const SECRET: &str = "sword fish";

fn secret() -> String {
    format!("a {SECRET} b")
}

fn secret_ballot() -> Ballot {
    Ballot {
        voter: AgentId(2),
        target: None,
        reason: secret(),
        epoch: 1,
        marks: crate::protocol::Marks::Single,
    }
}

/// Every event of a run with text in it.
fn run_events() -> Vec<RunEvent> {
    vec![
        RunEvent::Started(Box::new(TurnStart {
            run: RunId("r".into()),
            turn: 1,
            prompt: secret(),
            team: vec![AgentCard {
                id: AgentId(1),
                name: secret(),
                model: secret(),
                backend: secret(),
            }],
            limits: Limits::default(),
            rules: Rules::default(),
            origin: Origin::Config { path: secret() },
            version: "1".into(),
            cwd: secret(),
            places: Vec::new(),
            resumed: None,
            stage: None,
        })),
        RunEvent::BallotsDropped(vec![BallotDrop {
            ballot: secret_ballot(),
            reason: BallotDropReason::Replaced,
        }]),
        RunEvent::Steer {
            id: SteerId(1),
            target: Target::All,
            text: secret(),
            state: SteerState::Queued,
        },
        RunEvent::Ended(Outcome::Answered {
            changes: Vec::new(),
            winner: Label::new(AgentId(1), 1),
            text: secret(),
            presenter: None,
            end: OutcomeEnd::Consensus,
        }),
        RunEvent::Ended(Outcome::NoAnswer {
            reason: NoAnswerReason::AllFailed,
            message: secret(),
        }),
        RunEvent::Notice {
            level: Level::Info,
            text: secret(),
        },
        RunEvent::Review(ReviewEvent::Skipped { why: secret() }),
        RunEvent::Review(ReviewEvent::Verdict(Verdict {
            by: AgentId(1),
            attempt: 1,
            accept: false,
            instructions: secret(),
            agents: vec![],
        })),
    ]
}

/// Every event of an agent with text in it.
fn agent_events() -> Vec<AgentEvent> {
    let failure = Failure::new(FailureKind::Auth, secret()).hint(secret());
    vec![
        AgentEvent::Delta {
            channel: Channel::Text,
            text: secret(),
        },
        AgentEvent::Tool(ToolEvent::Started {
            call: "c".into(),
            name: secret(),
            arguments: secret(),
        }),
        AgentEvent::Tool(ToolEvent::Finished {
            call: "c".into(),
            ok: true,
            output: secret(),
            elapsed_ms: 1,
        }),
        AgentEvent::Call(CallEvent::Retrying {
            attempt: 2,
            wait_ms: 1,
            failure: failure.clone(),
        }),
        AgentEvent::Published(Answer {
            label: Label::new(AgentId(1), 1),
            text: secret(),
            auto: false,
            changes: Vec::new(),
        }),
        AgentEvent::Refused {
            act: "vote".into(),
            reason: secret(),
            setback: crate::protocol::Setback::Refused,
        },
        AgentEvent::Ballot(BallotEvent::Cast(secret_ballot())),
        AgentEvent::Ballot(BallotEvent::Auto(secret_ballot())),
        AgentEvent::Benched(failure),
    ]
}

#[test]
fn all_texts_of_an_event_are_masked() {
    let id = AgentId(1);
    let of_agent = agent_events()
        .into_iter()
        .map(|event| EventKind::Agent { id, event });
    let redactor = Redactor::new(&[SECRET.to_owned()]);
    for kind in run_events().into_iter().map(EventKind::Run).chain(of_agent) {
        let before = Event {
            seq: Seq(1),
            at: Timestamp(1),
            kind,
        };
        let json = serde_json::to_string(&before).unwrap();
        let after = serde_json::to_string(&event(&redactor, before)).unwrap();
        assert_eq!(after, json.replace(SECRET, MASK));
    }
}

fn material() -> impl Strategy<Value = String> {
    let keys: Vec<String> = KEYS.iter().map(|(key, _)| (*key).to_owned()).collect();
    let words: Vec<String> = ORDINARY.iter().map(|text| (*text).to_owned()).collect();
    let part = prop_oneof![
        prop::sample::select(keys),
        prop::sample::select(words),
        prop::sample::select(vec![
            "sk-",
            "Bearer ",
            "api_key=",
            "-----BEGIN PRIVATE KEY-----",
            "-----END PRIVATE KEY-----",
            "eyJ",
            "swordfish",
            "sword",
            "fish bone",
            " ",
            "\n",
            "=",
            "\"",
            "日",
            ".",
            "KEY-----",
        ])
        .prop_map(str::to_owned),
        "[a-zA-Z0-9_./+=-]{0,400}",
        "\\PC{0,20}",
    ];
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_pieces_give_what_the_whole_gives(
        text in material(),
        cuts in prop::collection::vec(0usize..300, 0..40),
    ) {
        let redactor = Redactor::new(&["swordfish".into(), "fish bone".into(), "swordfish bone!".into()]);
        prop_assert_eq!(pieces(&redactor, &text, &cuts), redactor.text(&text));
    }

    #[test]
    fn the_fast_path_agrees_with_the_slow_one(text in material()) {
        let redactor = Redactor::new(&["swordfish".into()]);
        prop_assert_eq!(pieces(&redactor, &text, &[]), redactor.text(&text));
    }

    #[test]
    fn words_stay_words(text in "[a-z ,.\n]{0,400}") {
        let redactor = Redactor::default();
        prop_assert_eq!(redactor.text(&text), text.as_str());
    }
}
