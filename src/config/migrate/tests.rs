//! Tests of bringing files up to date.

use super::*;

fn moved(text: &str) -> Migration {
    let once = migrate(text).unwrap_or_else(|why| panic!("{why}:\n{text}"));
    let again = migrate(&once.text).unwrap();
    assert_eq!(
        again.changes,
        Vec::<String>::new(),
        "not done at once:\n{}",
        once.text
    );
    assert_eq!(again.text, once.text);
    once
}

#[test]
fn the_first_format_becomes_agents_and_limits() {
    let got = moved(
        "# my team\nmodels:\n  - gpt-5-mini\n  - claude-opus-4-6\n  - mystery\nnum_agents: 3\nmax_rounds: 4\n\
         voting_enabled: false\nui: {display_type: simple}  # plain\n",
    );
    insta::assert_snapshot!(got.text, @r#"
    # my team
    agents:
      - id: agent1
        backend:
          type: openai
          model: "gpt-5-mini"
      - id: agent2
        backend:
          type: claude
          model: "claude-opus-4-6"
      - id: agent3
        backend:
          type: chatcompletion
          model: "mystery"
    ui: {display_type: simple}  # plain
    orchestrator:
      max_new_answers_per_agent: 4
      skip_voting: true
    "#);
    assert_eq!(got.changes.len(), 4, "{:?}", got.changes);
    assert!(got.left[0].contains("base_url"), "{:?}", got.left);
    let one = moved(
        "models: [gpt-5]\nnum_agents: 3\norchestrator:\n    skip_voting: false\nmax_rounds: 2\n",
    );
    insta::assert_snapshot!(one.text, @r#"
    agents:
      - id: agent1
        count: 3
        backend:
          type: openai
          model: "gpt-5"
    orchestrator:
        max_new_answers_per_agent: 2
        skip_voting: false
    "#);
}

#[test]
fn renamed_keys_get_their_names_moved_ones_their_places_and_dead_ones_go() {
    let got = moved(
        "task: Say hello.\nagents:\n  - id: a\n    # who it is\n    backend:\n      type: \"anthropic\" # vendor\n      \
         model: m\n      system_prompt: |\n        Be brief.\n        Be kind.\n      enforce_read_before_delete: true\n\
         orchestrator:\n  coordination_mode: parallel\n  max_turns:\n    - 1\n  coordination: {async_subagents: {enabled: \
         true}}\nui:\n  type: simple\n  logging_enabled: true\n",
    );
    insta::assert_snapshot!(got.text, @r#"
    prompt: Say hello.
    agents:
      - id: a
        # who it is
        system_message: |
          Be brief.
          Be kind.
        backend:
          type: "claude" # vendor
          model: m
    orchestrator:
      coordination_mode: voting
      coordination: {background_subagents: {enabled: true}}
    ui:
      display_type: simple
      logging_enabled: true
    "#);
    assert_eq!(got.left, Vec::<String>::new());
    assert_eq!(got.changes.len(), 8, "{:?}", got.changes);
}

#[test]
fn what_is_not_safe_is_left_and_told() {
    for (text, left) in [
        ("task: a\nprompt: b\n", "prompt"),
        ("timeout: 30\nagents: []\n", "timeout_settings"),
        (
            "checkpoint:\n  # why\n  enabled: true\nagents: []\n",
            "can go",
        ),
        ("{nlip: 1, agents: []}\n", "can go"),
        (
            "agents: [{id: a, backend: {type: vllm, model: m, system_prompt: x}}]\n",
            "beside `backend:`",
        ),
        (
            "model_configs: {a: 1}\nagents: []\n",
            "`backend:` of each agent",
        ),
        ("models: [a]\nagents: []\n", "`agents:` now"),
    ] {
        let got = migrate(text).unwrap();
        assert_eq!(got.text, text);
        assert!(got.changes.is_empty(), "{text}: {:?}", got.changes);
        assert!(
            got.left.iter().any(|one| one.contains(left)),
            "{text}: {:?}",
            got.left
        );
    }
    assert!(migrate("a: [1\n").is_err());
    let good = "agents:\n- id: a\n  backend: {type: vllm, model: m}\n";
    assert_eq!(
        migrate(good),
        Ok(Migration {
            text: good.to_owned(),
            ..Migration::default()
        })
    );
}

#[test]
fn every_file_at_hand_comes_through() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("configs")];
    if let Some(data) = std::env::var_os("MASSGEN_TUI_SHARED") {
        let data = std::path::Path::new(&data).join("data");
        folders.extend([data.join("massgen_configs"), data.join("malformed_configs")]);
    }
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if migrate(&std::fs::read_to_string(&path).unwrap()).is_ok() {
                moved(&std::fs::read_to_string(&path).unwrap());
            }
        }
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_survived(text in "[ -~\n]{0,120}") {
        let _ = migrate(&text);
    }
}
