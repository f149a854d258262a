//! Laws of taking conversations apart and putting them together.

use proptest::prelude::*;

use super::*;
use crate::protocol::ToolCall;

/// One reply of a made-up conversation.
#[derive(Clone, Debug)]
enum Act {
    Says(usize),
    Reads(usize, usize),
    Publishes(usize),
    Votes,
    Marked,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (0_usize..4000).prop_map(Act::Says),
        (1_usize..4, 0_usize..4000).prop_map(|(calls, long)| Act::Reads(calls, long)),
        (0_usize..4000).prop_map(Act::Publishes),
        Just(Act::Votes),
        Just(Act::Marked),
    ]
}

fn call(id: String, name: &str, arguments: String) -> ToolCall {
    ToolCall {
        id,
        name: name.into(),
        arguments,
    }
}

fn conversation(acts: &[Act]) -> Vec<Message> {
    let mut messages = vec![
        Message::System { text: "s".into() },
        Message::User {
            text: "the task of the person".into(),
        },
    ];
    for (at, act) in acts.iter().enumerate() {
        let (text, calls, result) = match act {
            Act::Says(long) => ("é".repeat(*long), vec![], 0),
            Act::Reads(calls, long) => {
                let calls = 0..*calls;
                let calls = calls.map(|n| call(format!("{at}-{n}"), "open_answer", "{}".into()));
                (String::new(), calls.collect(), *long)
            }
            Act::Publishes(long) => {
                let content = format!("{{\"content\":\"{}\"}}", "a".repeat(*long + 1));
                let calls = vec![call(format!("{at}"), "new_answer", content)];
                (String::new(), calls, 5)
            }
            Act::Votes => {
                let arguments = format!("{{\"agent_id\":\"agent1\",\"reason\":\"r{at}\"}}");
                (
                    String::new(),
                    vec![call(format!("{at}"), "vote", arguments)],
                    5,
                )
            }
            Act::Marked => {
                messages.push(mark(Carried {
                    origin: "o".into(),
                    items: vec![],
                }));
                continue;
            }
        };
        let silent = calls.is_empty();
        messages.push(Message::Assistant {
            text: if silent { format!("said {text}") } else { text },
            calls: calls.clone(),
            carried: None,
        });
        for call in calls {
            messages.push(Message::Tool {
                call_id: call.id,
                name: call.name,
                text: "r".repeat(result),
            });
        }
        if silent {
            messages.push(Message::User {
                text: format!("go on {at}"),
            });
        }
    }
    messages
}

/// Every call is followed by its results, every result follows its call, nobody speaks twice.
fn is_sound(messages: &[Message]) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    let mut last_user = false;
    for message in messages {
        match message {
            Message::Tool { call_id, .. } => {
                let at = open.iter().position(|id| id == call_id);
                open.remove(at.ok_or("a result without a call")?);
                last_user = false;
            }
            Message::Assistant { calls, .. } => {
                if !open.is_empty() {
                    return Err("a call without a result".into());
                }
                open = calls.iter().map(|call| call.id.as_str()).collect();
                last_user = false;
            }
            Message::User { .. } if last_user => return Err("two users".into()),
            Message::User { .. } => last_user = true,
            Message::System { .. } => {}
        }
    }
    open.is_empty().then_some(()).ok_or_else(|| "open".into())
}

fn all_text(messages: &[Message]) -> String {
    serde_json::to_string(messages).unwrap_or_default()
}

proptest! {
    #[test]
    fn what_matters_stays_and_no_call_loses_its_result(
        acts in proptest::collection::vec(act(), 0..24),
        tail in 0_u64..3000,
        most in 0_u64..4000,
    ) {
        let messages = conversation(&acts);
        let words = [
            "The person who asked adds:\nno tabs".to_owned(),
            "Current answer agent2.1:\n<agent2>\nx\n<end of agent2>".to_owned(),
            "the task of the person".to_owned(),
        ];
        let Some(plan) = split(&messages, tail) else { return Ok(()) };
        prop_assert!(!plan.tail.is_empty() && !plan.middle.is_empty());
        let whole: Vec<Message> = plan.before().into_iter().chain(plan.tail.clone()).collect();
        prop_assert_eq!(&whole, &messages, "nothing is lost by taking it apart");
        let noted = plan.with_notes("notes", &words);
        prop_assert!(is_sound(&noted).is_ok(), "{:?}", is_sound(&noted));
        let nothing = Carried { origin: "o".into(), items: vec![] };
        let marked = is_sound(&plan.with_mark(nothing));
        prop_assert!(marked.is_ok());
        let short = shorten(noted.clone(), most);
        prop_assert!(is_sound(&short).is_ok());
        prop_assert!(tokens::conversation(&short, &[]) <= tokens::conversation(&noted, &[]));
        for result in [&noted, &short] {
            let text = all_text(result);
            prop_assert!(text.contains("no tabs") && text.contains("<end of agent2>"));
            prop_assert_eq!(text.matches("the task of the person").count(), 1);
            prop_assert_eq!(&result[..2], &messages[..2]);
            prop_assert_eq!(result.last().map(std::mem::discriminant), messages.last().map(std::mem::discriminant));
            for message in &messages {
                let Message::Assistant { calls, .. } = message else { continue };
                for call in calls.iter().filter(|call| call.name != "open_answer") {
                    let kept = result.iter().any(|message| matches!(message,
                        Message::Assistant { calls, .. } if calls.contains(call)));
                    prop_assert!(kept, "{call:?}");
                }
            }
        }
        // Notes of notes: what was kept once is kept again.
        if let Some(again) = split(&noted, tail) {
            let twice = again.with_notes("notes", &words);
            prop_assert!(is_sound(&twice).is_ok());
            prop_assert!(all_text(&twice).contains("no tabs"));
        }
    }

    #[test]
    fn ends_never_grow_and_never_cut_a_letter(text in "(a|é|漢|\n){0,4000}", end in 0_u64..600) {
        let short = ends(&text, end);
        if weight(&text) <= 2 * end {
            prop_assert_eq!(short, text);
        } else {
            prop_assert!(weight(&short) <= 2 * end + 16, "{} of {}", weight(&short), end);
        }
    }
}

#[test]
fn nothing_between_means_nothing_to_do() {
    for acts in [&[][..], &[Act::Says(9000)], &[Act::Marked, Act::Votes]] {
        assert_eq!(split(&conversation(acts), 10), None, "{acts:?}");
    }
}
