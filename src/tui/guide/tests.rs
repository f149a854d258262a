//! Whatever is pressed and whatever comes, the cursor stands on an item and nothing chosen is lost.

use proptest::prelude::*;
use ratatui::{Terminal, backend::TestBackend, layout::Rect};

use super::*;
use crate::{
    protocol::{Failure, FailureKind, Origin},
    setup::{Kind, Model, Way, of_backend},
    tui::{effect::Ticket, moves::Move, shared::Shared, theme::Theme},
};

fn vendor(backend: &str, name: &str) -> Way {
    let models = of_backend(backend).into_iter().map(|one| Model {
        id: one.id.clone(),
        tier: Some(one.tier),
        price: Some((1.0, 5.0)),
        context: Some(1_000_000),
        loaded: None,
    });
    Way {
        kind: Kind::Vendor,
        backend: backend.to_owned(),
        name: name.to_owned(),
        base_url: None,
        variable: Some(format!("{}_API_KEY", backend.to_uppercase())),
        models: models.collect(),
    }
}

fn local() -> Way {
    let model = |id: &str, loaded| Model {
        id: id.to_owned(),
        price: Some((0.0, 0.0)),
        loaded: Some(loaded),
        ..Model::default()
    };
    Way {
        kind: Kind::Here,
        models: vec![model("qwen3:4b", true), model("llama-4-scout", false)],
        variable: None,
        ..vendor("ollama", "Ollama")
    }
}

fn seen(mark: Mark, name: &str, note: &str, variable: Option<&str>) -> Seen {
    let help = match mark {
        Mark::Ready => "",
        Mark::Half => "Log in once with `codex login`, then look again with Ctrl-R.",
        Mark::Absent => "Enter lets you type the key; it goes into the keyring.",
    };
    Seen {
        mark,
        name: name.to_owned(),
        note: note.to_owned(),
        help: help.to_owned(),
        variable: variable.map(str::to_owned),
    }
}

fn keys(exists: bool) -> Keys {
    Keys {
        part: Part {
            rows: vec![
                seen(
                    Mark::Ready,
                    "OpenAI",
                    "OPENAI_API_KEY is set (environment)",
                    None,
                ),
                seen(
                    Mark::Absent,
                    "Anthropic",
                    "ANTHROPIC_API_KEY is not set",
                    Some("ANTHROPIC_API_KEY"),
                ),
            ],
            ways: vec![vendor("openai", "OpenAI")],
        },
        day: "2026-11-21".to_owned(),
        spots: vec![
            Spot {
                whose: "This project".to_owned(),
                path: "/home/ada/project/massgen-tui.yaml".to_owned(),
                exists,
            },
            Spot {
                whose: "Everywhere, for you".to_owned(),
                path: "/home/ada/.config/massgen-tui/config.yaml".to_owned(),
                exists: false,
            },
        ],
    }
}

/// The screen with everything found.
fn ready() -> Guide {
    let (mut guide, wishes) = Guide::open();
    assert_eq!(wishes.len(), 3);
    guide.sent(Ticket(1), &Ask::Keys);
    guide.sent(Ticket(2), &Ask::Servers);
    guide.sent(Ticket(3), &Ask::Programs);
    guide.told(Ticket(1), Told::Keys(Box::new(keys(true))));
    let servers = Part {
        rows: vec![seen(
            Mark::Ready,
            "Ollama",
            "http://127.0.0.1:11434/v1 · qwen3:4b and 1 more",
            None,
        )],
        ways: vec![local()],
    };
    guide.told(Ticket(2), Told::Part(servers));
    let programs = Part {
        rows: vec![seen(
            Mark::Half,
            "OpenAI Codex",
            "installed, but no login was found",
            None,
        )],
        ways: Vec::new(),
    };
    guide.told(Ticket(3), Told::Part(programs));
    guide
}

fn team() -> Guide {
    let mut guide = ready();
    assert_eq!(guide.update(Action::Take), []);
    assert_eq!(guide.page, Page::Purpose);
    guide.update(Action::Take);
    assert_eq!(guide.page, Page::Team);
    guide
}

/// What a screen of this size shows.
fn painted(guide: &mut Guide, (columns, rows): (u16, u16)) -> String {
    let shared = Shared::new(Theme::ansi());
    let area = Rect::new(0, 0, columns, rows);
    let mut screen = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    guide.prepare(&shared, area);
    screen
        .draw(|frame| guide.view(&shared.theme, frame, area))
        .unwrap();
    screen.backend().to_string()
}

const SIZES: [(u16, u16); 3] = [(158, 46), (78, 22), (38, 10)];

fn snap(name: &str, mut make: impl FnMut() -> Guide) {
    for size in SIZES {
        let screen = painted(&mut make(), size);
        insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), screen);
    }
}

#[test]
fn what_is_here() {
    snap("found", ready);
    snap("looking", || {
        let (mut guide, _) = Guide::open();
        guide.sent(Ticket(1), &Ask::Keys);
        guide.sent(Ticket(2), &Ask::Servers);
        guide.sent(Ticket(3), &Ask::Programs);
        guide
    });
    snap("nothing", || {
        let mut guide = ready();
        let mut none = keys(false);
        none.part.rows.remove(0);
        none.part.ways.clear();
        guide.told(Ticket(1), Told::Keys(Box::new(none)));
        guide.servers = Load::Ready(Part::default());
        guide.programs = Load::Ready(Part::default());
        guide
    });
}

#[test]
fn a_key_is_dots() {
    let typing = || {
        let mut guide = ready();
        // Below the way on stand the keys that are missing.
        guide.update(Action::Move(Move::Down));
        guide.update(Action::Take);
        assert_eq!(guide.place(), Place::Typing);
        assert!(guide.type_text("sk-secret \n"));
        guide
    };
    snap("key", typing);
    let mut guide = typing();
    let wishes = guide.update(Action::Take);
    let [Wish::Ask(ask @ Ask::Keep { variable, key, .. })] = wishes.as_slice() else {
        panic!("{wishes:?}");
    };
    assert_eq!(
        (variable.as_str(), key.0.as_str()),
        ("ANTHROPIC_API_KEY", "sk-secret")
    );
    assert!(ask.writes() && !format!("{guide:?}{ask:?}").contains("secret"));
    // Without a keyring the next Enter uses the file.
    guide.told(
        Ticket(9),
        Told::Kept(Err("There is no keyring.".to_owned())),
    );
    assert!(painted(&mut guide, SIZES[1]).contains("There is no keyring."));
    let wishes = guide.update(Action::Take);
    assert!(matches!(
        wishes.as_slice(),
        [Wish::Ask(Ask::Keep {
            store: Store::File,
            ..
        })]
    ));
    let wishes = guide.told(Ticket(9), Told::Kept(Ok("the file".to_owned())));
    assert_eq!((guide.place(), wishes.len()), (Place::Main, 2));
}

#[test]
fn purposes_and_the_team() {
    snap("purposes", || {
        let mut guide = ready();
        guide.update(Action::Take);
        guide
    });
    snap("team", || {
        let mut guide = team();
        let failure = Failure::new(FailureKind::Auth, "OpenAI refused the key.")
            .hint("Check OPENAI_API_KEY.");
        guide.tried(0, Ticket(7));
        guide.tried(1, Ticket(8));
        guide.told(Ticket(7), Told::Tried(Err(failure)));
        guide.told(
            Ticket(8),
            Told::Tried(Ok("answers in 0.8 s · $0.0001".to_owned())),
        );
        guide
    });
    let mut guide = team();
    let names = |guide: &Guide| -> Vec<String> {
        let agents = &guide.draft.as_ref().unwrap().agents;
        agents.iter().map(|agent| agent.id.clone()).collect()
    };
    assert_eq!(names(&guide), ["gpt", "ollama"]);
    guide.update(Action::Add);
    assert_eq!(guide.place(), Place::Typing);
    guide.type_text("scout");
    guide.update(Action::Take);
    assert_eq!(names(&guide), ["gpt", "ollama", "ollama-2"]);
    guide.update(Action::Move(Move::First));
    guide.update(Action::Remove);
    assert_eq!(names(&guide), ["ollama", "ollama-2"]);
    // Back and forth nothing is lost, and the same purpose taken again keeps the team.
    guide.update(Action::Back);
    guide.update(Action::Take);
    assert_eq!(names(&guide), ["ollama", "ollama-2"]);
}

#[test]
fn a_model_is_picked_by_typing() {
    let picking = || {
        let mut guide = team();
        guide.update(Action::Move(Move::First));
        let wishes = guide.update(Action::Take);
        assert!(matches!(wishes.as_slice(), [Wish::Ask(Ask::Models(_))]));
        guide
    };
    snap("models", picking);
    let mut guide = picking();
    guide.type_text("openai/of-tomorrow");
    assert!(painted(&mut guide, SIZES[1]).contains("0 of 5 models"));
    guide.update(Action::Take);
    assert_eq!(
        guide.agent(0).unwrap().model.as_deref(),
        Some("of-tomorrow")
    );
    let mut guide = picking();
    guide.type_text("nobody");
    assert!(matches!(
        guide.update(Action::Take).as_slice(),
        [Wish::Hint(_)]
    ));
    guide.update(Action::Back);
    assert_eq!(guide.place(), Place::Main);
}

#[test]
fn tries_are_stopped() {
    let mut guide = team();
    let wishes = guide.update(Action::Test);
    assert_eq!(wishes, [Wish::Try(0), Wish::Try(1)]);
    guide.tried(0, Ticket(7));
    guide.tried(1, Ticket(8));
    assert!(guide.waits() && guide.is_trying());
    let wishes = guide.update(Action::Back);
    assert!(wishes.contains(&Wish::Ask(Ask::Stop)));
    // A late answer changes nothing.
    guide.told(Ticket(7), Told::Tried(Ok("x".to_owned())));
    assert_eq!(guide.trials, [Trial::Stopped, Trial::Stopped]);
    assert_eq!(guide.page, Page::Team);
}

fn last() -> Guide {
    let mut guide = team();
    guide.update(Action::Next);
    guide.update(Action::Move(Move::First));
    guide.update(Action::More);
    guide.update(Action::Next);
    assert_eq!(guide.page, Page::Save);
    guide
}

#[test]
fn limits_and_the_file() {
    snap("limits", || {
        let mut guide = team();
        guide.update(Action::Next);
        guide
    });
    snap("save", last);
    snap("replace", || {
        let mut guide = last();
        assert_eq!(guide.update(Action::Take), []);
        guide
    });
}

#[test]
fn a_theme_is_seen_at_once_and_stays_with_another_purpose() {
    let mut guide = team();
    guide.update(Action::Next);
    guide.update(Action::Move(Move::Up));
    assert_eq!(guide.item(), Some(pages::Item::Theme));
    assert!(!guide.text().unwrap().contains("theme"));
    let wishes = guide.update(Action::Less);
    assert!(matches!(wishes.as_slice(), [Wish::Hint(words)] if words.contains("ends")));
    for theme in [Named::Terminal, Named::Dark] {
        assert_eq!(guide.update(Action::More), [Wish::Theme(Some(theme))]);
    }
    assert!(painted(&mut guide, SIZES[1]).contains("‹ dark ›"));
    // Another purpose is another team on the same screen.
    guide.update(Action::Back);
    guide.update(Action::Back);
    guide.update(Action::Move(Move::Down));
    guide.update(Action::Take);
    assert!(guide.text().unwrap().contains("\n  theme: dark\n"));
    guide.update(Action::Next);
    for theme in [Some(Named::Terminal), None] {
        assert_eq!(guide.update(Action::Less), [Wish::Theme(theme)]);
    }
    assert!(!guide.has_theme());
}

#[test]
fn the_file_is_read_to_its_end() {
    let mut guide = last();
    assert!(!painted(&mut guide, SIZES[1]).contains("orchestrator_timeout_seconds"));
    for _ in 0..4 {
        guide.update(Action::Move(Move::PageDown));
        painted(&mut guide, SIZES[1]);
    }
    assert!(painted(&mut guide, SIZES[1]).contains("orchestrator_timeout_seconds"));
    guide.update(Action::Move(Move::Up));
    assert!(painted(&mut guide, SIZES[1]).contains("This project"));
}

#[test]
fn nothing_is_replaced_before_a_second_enter() {
    let mut guide = last();
    assert_eq!(guide.update(Action::Take), []);
    let wishes = guide.update(Action::Take);
    let [
        Wish::Ask(Ask::Save {
            path,
            text,
            replace,
        }),
    ] = wishes.as_slice()
    else {
        panic!("{wishes:?}");
    };
    assert!(path.ends_with("massgen-tui.yaml") && *replace);
    assert!(text.contains("permission: read") && text.contains("qwen3:4b"));
    let mut guide = last();
    guide.update(Action::Move(Move::Down));
    let wishes = guide.update(Action::Take);
    assert!(matches!(
        wishes.as_slice(),
        [Wish::Ask(Ask::Save { replace: false, .. })]
    ));
    let team = TeamSummary {
        title: "config.yaml".to_owned(),
        agents: Vec::new(),
        origin: Origin::Direct,
    };
    let saved = Saved {
        path: "/home/ada/.config/massgen-tui/config.yaml".to_owned(),
        old: None,
        team: team.clone(),
        given: crate::tui::options::Given::Folders(1),
    };
    guide.told(Ticket(9), Told::Saved(Ok(Box::new(saved.clone()))));
    assert!(painted(&mut guide, SIZES[2]).contains("Saved"));
    snap("saved", || {
        let mut guide = last();
        guide.told(Ticket(9), Told::Saved(Ok(Box::new(saved.clone()))));
        guide
    });
    assert_eq!(
        guide.update(Action::Take),
        [Wish::Start(team, crate::tui::options::Given::Folders(1))]
    );
}

proptest! {
    #[test]
    fn any_keys_keep_the_screen_whole(
        presses in prop::collection::vec(0..Action::TABLE.len(), 0..60),
        columns in 20_u16..170,
        rows in 3_u16..50,
    ) {
        let mut guide = ready();
        let mut ticket = 10;
        for press in presses {
            let (_, _, action) = Action::TABLE[press];
            for wish in guide.update(action) {
                ticket += 1;
                match wish {
                    Wish::Ask(ask) => guide.sent(Ticket(ticket), &ask),
                    Wish::Try(place) => guide.tried(place, Ticket(ticket)),
                    _ => {}
                }
            }
            let screen = painted(&mut guide, (columns, rows));
            prop_assert!(!screen.is_empty());
            prop_assert!(guide.cursor() < guide.items().len().max(1));
            if let Some(draft) = &guide.draft {
                prop_assert!((1..=5).contains(&draft.agents.len()));
                prop_assert_eq!(draft.agents.len(), guide.trials.len());
            }
        }
    }
}
