//! Programs inside a team in the place of an agent: what they want leave for waits in the one queue of
//! the session, and the record says whose it was.

use std::sync::atomic::AtomicBool;

use massgen_tui::{
    protocol::{Deed, Offered, rules::OwnRules},
    provider::{Change, Custom, Permission, Permitted},
};
use tokio::sync::Mutex as Turnstile;

use super::*;

/// A program that asks for leave once, waits, and says what it was told before it goes on.
struct Program {
    wish: &'static str,
    inner: Arc<dyn Provider>,
    asked: AtomicBool,
    say: mpsc::Sender<Permitted>,
    said: Arc<Turnstile<mpsc::Receiver<Permitted>>>,
}

fn program(wish: &'static str, inner: Arc<dyn Provider>) -> Arc<dyn Provider> {
    let (say, said) = mpsc::channel(4);
    Arc::new(Program {
        wish,
        inner,
        asked: AtomicBool::new(false),
        say,
        said: Arc::new(Turnstile::new(said)),
    })
}

impl Provider for Program {
    fn stream(&self, request: Request) -> BoxStream<'static, Result<StreamEvent, Failure>> {
        let reply = self.inner.stream(request);
        if self.asked.swap(true, Ordering::SeqCst) {
            return reply;
        }
        let permission = Permission {
            id: 7,
            tool: "Bash".into(),
            deed: Deed::Command {
                line: self.wish.into(),
                folder: ".".into(),
            },
            why: "it is not on its list".into(),
            custom: Custom::Asked,
            held: String::new(),
            change: Change::NotTaken,
        };
        let said = Arc::clone(&self.said);
        let told = async move {
            let said = said.lock().await.recv().await;
            Ok(StreamEvent::Text(format!("I was told {said:?}. ")))
        };
        stream::iter([Ok(StreamEvent::Permission(permission))])
            .chain(stream::once(told))
            .chain(reply)
            .boxed()
    }

    fn permit(&self, ask: u64, said: Permitted) {
        assert_eq!(ask, 7);
        self.say.try_send(said).unwrap();
    }
}

#[tokio::test]
async fn programs_inside_a_team_ask_in_the_one_queue_and_are_recorded_by_name() {
    let field = Field::new();
    let nested = |inner, voice| -> Arc<dyn Provider> {
        Arc::new(NestedTeam {
            setup: setup(inner, Limits::default()),
            voice,
            redactor: Redactor::new(&[]),
        })
    };
    let deeper = nested(
        vec![program("make deepest", plain(10, "deepest", "agent1"))],
        plain(10, "deep", "agent1"),
    );
    let team = nested(
        vec![program("make inner", plain(10, "inner", "agent1")), deeper],
        program("make voice", plain(10, "voice", "agent1")),
    );
    let mut team = field.team(vec![plain(10, "outer", "agent1"), team]);
    team.rules.working.folders.clear();
    let mut asked = Vec::new();
    let (run, events) = field
        .play(team, |event| match &event.kind {
            EventKind::Run(RunEvent::Question(QuestionEvent::Asked(question))) => {
                let QuestionKind::Approval(approval) = &question.kind else {
                    panic!("{question:?}");
                };
                let wish = approval.deed.target().to_owned();
                let reply = match wish.as_str() {
                    "make inner" => Reply::Rejected("not today".into()),
                    _ => Reply::Approved,
                };
                asked.push((wish, question.asker, question.text.clone()));
                let id = question.id;
                Some(Command::Answer { id, reply })
            }
            _ => over(event).then_some(Command::Close),
        })
        .await;
    asked.sort();
    let seat = Some(AgentId(2));
    let may = |who: &str| format!("May {who}, of my team, use Bash?");
    let wanted = [
        ("make deepest", seat, may("agent2/agent2/agent1")),
        ("make inner", seat, may("agent2/agent1")),
        ("make voice", seat, "May I use Bash?".to_owned()),
    ];
    assert_eq!(
        asked,
        wanted.map(|(wish, seat, text)| (wish.to_owned(), seat, text))
    );
    // What was said has reached each of them.
    let told = format!("{events:?}");
    assert!(told.contains("I was told Some(Yes)"), "{told}");
    assert!(told.contains("The person said no: not today"), "{told}");
    let mut record: Vec<_> = record(&field, &run)
        .iter()
        .map(|line| {
            let member = line["member"].as_str().unwrap_or_default();
            format!(
                "{} by {} {member}: {}",
                line["deed"]["command"]["line"].as_str().unwrap(),
                line["agent"],
                line["permission"].as_str().unwrap()
            )
        })
        .collect();
    record.sort();
    assert_eq!(
        record,
        [
            "make deepest by 2 agent2/agent2/agent1: allowed",
            "make inner by 2 agent2/agent1: denied",
            "make voice by 2 : allowed",
        ]
    );
}

#[tokio::test]
async fn lists_of_commands_hold_for_their_agent_alone() {
    let field = Field::new();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let agent = |number: u16| {
        let heard = Arc::clone(&heard);
        model(move |_, request| {
            if presents(request) {
                assert_eq!(offers(request, "run_command"), number != 2);
                return say("the final word");
            }
            if !has_called(request, "run_command") {
                let offered = offers(request, "run_command");
                heard.lock().unwrap().push(format!("{number} {offered}"));
                let line = serde_json::json!({ "command": "touch left.txt" });
                return act(10, "run_command", &line);
            }
            for why in ["must not run what fits", "runs no commands", "not today"] {
                if says(request, why) {
                    heard.lock().unwrap().push(format!("{number} {why}"));
                }
            }
            match choices(request).first() {
                Some(label) => vote(10, label),
                None => publish(10, &format!("Answer {number}, in its own words.")),
            }
        })
    };
    let mut team = field.team(vec![agent(1), agent(2), agent(3)]);
    let own = |agent: u16, commands, never: &[&str]| OwnRules {
        agent: AgentId(agent),
        commands,
        only: Vec::new(),
        never: never.iter().map(ToString::to_string).collect(),
    };
    team.rules.permitting = Permitting {
        ask: vec!["command(touch*)".into()],
        own: vec![
            own(1, Offered::Yes, &["touch .*"]),
            own(2, Offered::No, &[]),
            own(3, Offered::Yes, &["touch right.*"]),
        ],
        ..Permitting::default()
    };
    let (run, _) = field
        .play(team, |event| match &event.kind {
            EventKind::Run(RunEvent::Question(QuestionEvent::Asked(question))) => {
                assert_eq!(
                    question.asker,
                    Some(AgentId(3)),
                    "the others are not asked for"
                );
                Some(Command::Answer {
                    id: question.id,
                    reply: Reply::Rejected("not today".into()),
                })
            }
            _ => over(event).then_some(Command::Close),
        })
        .await;
    let mut heard = heard.lock().unwrap().clone();
    heard.sort();
    heard.dedup();
    assert_eq!(
        heard,
        [
            "1 must not run what fits",
            "1 true",
            "2 false",
            "2 runs no commands",
            "3 not today",
            "3 true",
        ]
    );
    let record = record(&field, &run);
    assert!(
        record.iter().all(|line| line["permission"] == "denied"),
        "{record:?}"
    );
    assert_eq!(record.len(), 3, "{record:?}");
}

/// The lines of the record of permissions.
pub(super) fn record(field: &Field, run: &RunId) -> Vec<serde_json::Value> {
    let folder = field.home.path().join("state/sessions").join(&run.0);
    let text = fs::read_to_string(folder.join("permissions.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
