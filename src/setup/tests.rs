//! Laws of templates: whatever is at hand, a team comes out whose names differ and whose text is the same
//! each time.

use proptest::prelude::*;

use super::*;

/// A vendor with its curated models.
fn vendor(backend: &str) -> Way {
    let models = of_backend(backend);
    Way {
        kind: Kind::Vendor,
        backend: backend.to_owned(),
        name: backend.to_uppercase(),
        base_url: None,
        variable: Some(format!("{}_API_KEY", backend.to_uppercase())),
        models: models
            .into_iter()
            .map(|one| Model {
                id: one.id.clone(),
                tier: Some(one.tier),
                price: Some((1.0, 5.0)),
                ..Model::default()
            })
            .collect(),
    }
}

fn here(backend: &str, models: &[&str]) -> Way {
    let model = |id: &&str| Model {
        id: (*id).to_owned(),
        ..Model::default()
    };
    Way {
        kind: Kind::Here,
        models: models.iter().map(model).collect(),
        variable: None,
        ..vendor(backend)
    }
}

fn program(backend: &str) -> Way {
    Way {
        kind: Kind::Program,
        ..here(backend, &[])
    }
}

fn ids(chosen: &Chosen) -> Vec<String> {
    let one = |agent: &Agent| {
        let model = agent.model.as_deref().unwrap_or("-");
        format!("{}={}/{model}", agent.id, agent.backend)
    };
    chosen.agents.iter().map(one).collect()
}

#[test]
fn members_come_from_what_is_at_hand() {
    let hand = |ways: &[Way]| Hand {
        ways: ways.to_vec(),
    };
    let full = hand(&[
        vendor("openai"),
        vendor("claude"),
        here("ollama", &["qwen3:4b"]),
        program("codex"),
    ]);
    for (template, hand, expected) in [
        (
            Template::Mixed,
            &full,
            vec![
                "gpt=openai/gpt-6.1-terra",
                "claude=claude/claude-sonnet-5-5",
                "ollama=ollama/qwen3:4b",
                "codex=codex/-",
            ],
        ),
        (
            Template::Research,
            &full,
            vec![
                "breadth=openai/gpt-6.1-sol",
                "sources=claude/claude-opus-5-5",
                "doubt=openai/gpt-6.1-sol",
            ],
        ),
        (
            Template::LocalOnly,
            &full,
            vec!["careful=ollama/qwen3:4b", "brisk=ollama/qwen3:4b"],
        ),
        (
            Template::Cheap,
            &hand(&[vendor("gemini")]),
            vec![
                "gemini=gemini/gemini-3.5-flash-lite",
                "gemini-2=gemini/gemini-3.5-flash-lite",
                "gemini-3=gemini/gemini-3.5-flash-lite",
            ],
        ),
        (
            Template::BugHunt,
            &hand(&[program("codex"), program("claude_code")]),
            vec!["codex=codex/-", "claude-code=claude_code/-"],
        ),
        (
            Template::Writing,
            &hand(&[here("lmstudio", &["a", "b"])]),
            vec![
                "substance=lmstudio/a",
                "style=lmstudio/a",
                "reader=lmstudio/a",
            ],
        ),
    ] {
        let chosen = members(template, hand);
        assert_eq!(ids(&chosen), expected, "{}", template.name());
        assert_eq!(chosen.missing, None);
    }
}

#[test]
fn with_nothing_at_hand_it_says_what_to_get() {
    for template in Template::ALL {
        let chosen = members(template, &Hand::default());
        let missing = chosen.missing.expect("a sentence");
        let server = template == Template::LocalOnly;
        assert_eq!(missing.contains("Ollama"), server, "{missing}");
        assert_eq!(missing.contains("OPENAI_API_KEY"), !server, "{missing}");
        assert!(!chosen.agents.is_empty());
    }
}

#[test]
fn estimates_say_what_is_not_known() {
    let hand = Hand {
        ways: vec![vendor("openai"), here("ollama", &["m"]), program("codex")],
    };
    let words = |template| Draft::of(template, &hand).0.cost(&hand).words();
    assert_eq!(words(Template::LocalOnly), "nothing is paid by the token");
    assert_eq!(words(Template::Mixed), "price unknown");
    // Three agents, two calls each: 2 000 tokens in and 600 out, up to 6 000 and 1 500.
    assert_eq!(words(Template::Cheap), "about $0.03 to $0.08 a task");
    assert_eq!(
        cost(&[(0.01, 0.02)], Write::Talk).words(),
        "about less than $0.001 to less than $0.001 a task"
    );
}

#[test]
fn names_are_found_however_they_are_written() {
    for template in Template::ALL {
        assert_eq!(Template::find(template.name()), Some(template));
    }
    assert_eq!(Template::find(" Code Review "), Some(Template::CodeReview));
    assert_eq!(Template::find("bug_hunt"), Some(Template::BugHunt));
    assert_eq!(Template::find("nothing"), None);
}

#[test]
fn a_file_reads_like_this() {
    let hand = Hand {
        ways: vec![vendor("openai"), here("ollama", &["qwen3:4b"])],
    };
    let origin = Origin {
        made_by: "`massgen-tui config new --template code-review`".to_owned(),
        day: "2026-11-21".to_owned(),
    };
    let (draft, _) = Draft::of(Template::CodeReview, &hand);
    insta::assert_snapshot!(yaml(&draft, &hand, &origin));
}

proptest! {
    #[test]
    fn every_team_can_be_told_apart(
        vendors in prop::sample::subsequence(
            vec!["openai", "claude", "gemini", "grok", "groq", "zai"], 0..=6),
        servers in prop::collection::vec(0_usize..3, 0..3),
        programs in prop::sample::subsequence(vec!["claude_code", "codex", "gemini_cli"], 0..=3),
    ) {
        let mut ways: Vec<Way> = vendors.iter().map(|name| vendor(name)).collect();
        for (place, models) in servers.iter().enumerate() {
            let names = ["x:1", "y", "z"];
            ways.push(here(["ollama", "lmstudio", "vllm"][place], &names[..*models]));
        }
        ways.extend(programs.iter().map(|name| program(name)));
        let hand = Hand { ways };
        for template in Template::ALL {
            let (draft, missing) = Draft::of(template, &hand);
            prop_assert!((1..=MOST_AGENTS).contains(&draft.agents.len()));
            let mut ids: Vec<&str> = draft.agents.iter().map(|one| one.id.as_str()).collect();
            ids.sort_unstable();
            let count = ids.len();
            ids.dedup();
            prop_assert_eq!(ids.len(), count);
            let usable = fitting(template, &hand).is_empty();
            prop_assert_eq!(missing.is_some(), usable);
            let origin = Origin { made_by: "a test".to_owned(), day: "2026-11-21".to_owned() };
            let text = yaml(&draft, &hand, &origin);
            prop_assert!(text.lines().all(|line| line.chars().count() <= 240));
        }
    }
}
