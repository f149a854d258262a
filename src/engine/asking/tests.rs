//! What models write into `ask_others`, and whom it reaches.

use proptest::prelude::*;

use super::{
    read::{Asked, Whom, address, read},
    spec,
};
use crate::protocol::{AgentId, Asking, Label, Talking};

const TEAM: [AgentId; 3] = [AgentId(1), AgentId(2), AgentId(3)];

fn asked(text: &str, options: &[&str]) -> Asked {
    Asked {
        text: text.into(),
        options: options.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn both_shapes_are_read() {
    for (arguments, questions, to, waits) in [
        (
            r#"{"question":" why? ","to":["agent2"],"options":["a","b"]}"#,
            vec![asked("why?", &["a", "b"])],
            vec!["agent2"],
            true,
        ),
        (
            r#"{"question":"why?","to":"agent2, agent3","wait":false}"#,
            vec![asked("why?", &[])],
            vec!["agent2", "agent3"],
            false,
        ),
        (
            r#"{"questions":[{"text":"a?","options":[{"id":"1","label":"x"}]},"b?"],"target_agents":["agent1"]}"#,
            vec![asked("a?", &["x"]), asked("b?", &[])],
            vec!["agent1"],
            true,
        ),
    ] {
        let got = read(arguments, true).expect(arguments);
        assert_eq!(got.questions, questions, "{arguments}");
        assert_eq!(got.to, to, "{arguments}");
        assert_eq!(got.waits, waits, "{arguments}");
    }
    for (arguments, told) in [
        ("{", "not valid JSON"),
        ("{}", "\"question\" is missing"),
        (r#"{"question":"  "}"#, "\"question\" is missing"),
        (r#"{"questions":["a","b","c","d","e","f"]}"#, "at most 5"),
    ] {
        let why = read(arguments, true).expect_err(arguments);
        assert!(why.contains(told), "{why}");
    }
    let long = format!(r#"{{"question":"{}"}}"#, "é".repeat(100_000));
    assert!(read(&long, true).expect("cut").questions[0].text.len() <= 8 * 1024);
}

#[test]
fn only_who_may_be_asked_is_reached() {
    let label = Label::new(AgentId(2), 1);
    let ask = |to: &[&str], may| {
        let to: Vec<String> = to.iter().map(ToString::to_string).collect();
        address(&to, AgentId(1), may, &TEAM, |known| known == label)
    };
    let agents = |agents: Vec<(u16, Option<Label>)>, person| {
        let agents = agents.into_iter().map(|(n, label)| (AgentId(n), label));
        Ok(Whom {
            agents: agents.collect(),
            person,
        })
    };
    let both = vec![(2, None), (3, None)];
    assert_eq!(ask(&[], Asking::Both), agents(both.clone(), false));
    assert_eq!(ask(&[], Asking::Person), agents(vec![], true));
    assert_eq!(ask(&["all", "human"], Asking::Both), agents(both, true));
    assert_eq!(
        ask(&["agent2", "Agent2.1"], Asking::Agents),
        agents(vec![(2, Some(label))], false)
    );
    for (to, may, told) in [
        (&["agent1"][..], Asking::Agents, "yourself"),
        (&["agent9"], Asking::Agents, "You can ask: agent2, agent3."),
        (&["mia"], Asking::Agents, "cannot be asked"),
        (&["agent3.1"], Asking::Agents, "was not shown to you"),
        (&["person"], Asking::Agents, "person cannot be asked"),
        (&["agent2"], Asking::Person, "Agents cannot be asked"),
    ] {
        let why = ask(to, may).expect_err("refused");
        assert!(why.contains(told), "{why}");
    }
    let alone = address(&[], AgentId(1), Asking::Agents, &TEAM[..1], |_| true);
    assert!(alone.is_err());
}

#[test]
fn the_tool_is_offered_only_when_somebody_may_be_asked() {
    assert!(spec(&Talking::default()).is_none());
    for ask in [Asking::Agents, Asking::Person, Asking::Both] {
        let rules = Talking {
            ask,
            ..Talking::default()
        };
        let spec = spec(&rules).expect("offered");
        assert_eq!(spec.name, "ask_others");
        // It is in every request: it has to be short.
        let length = spec.description.len() + spec.parameters.to_string().len();
        assert!(length < 1_200, "{length} bytes");
    }
}

proptest! {
    /// Whatever a model writes is read or refused, within bounds.
    #[test]
    fn nothing_a_model_writes_is_too_much(arguments in any::<String>(), to in proptest::collection::vec("[a-z0-9. ]{0,12}", 0..4)) {
        let _ = read(&arguments, true);
        let value = serde_json::json!({"question": arguments, "to": to, "options": to});
        if let Ok(request) = read(&value.to_string(), true) {
            prop_assert!(request.questions.iter().all(|asked| asked.options.len() <= 9));
            if let Ok(whom) = address(&request.to, AgentId(1), Asking::Both, &TEAM, |_| true) {
                prop_assert!(whom.agents.iter().all(|(agent, _)| *agent != AgentId(1)));
                prop_assert!(whom.agents.len() <= 2);
            }
        }
    }
}
