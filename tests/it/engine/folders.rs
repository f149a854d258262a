//! Teams on a real repository: scripted models, the whole program but its front, files looked at with
//! `git`.

mod checking;
mod leave;

use std::{fs, sync::Mutex};

use massgen_tui::{
    app::{self, Services, Team},
    config::dotenv::Environment,
    demo::Speed,
    engine::nested::NestedTeam,
    protocol::{
        Answer, Folder, Label, Permitting, QuestionEvent, QuestionKind, Reply, TurnStart,
        change::{Access, Snapshot},
    },
};

use super::*;
use crate::harness::git::git;

/// A repository of the person, and a state folder.
struct Field {
    home: tempfile::TempDir,
    services: Services,
}

impl Field {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("app");
        fs::create_dir(&root).unwrap();
        let environment = Environment::gather([], home.path(), None, None);
        let state = home.path().join("state");
        let services = Services::new(environment, state, Speed::default());
        let field = Self { home, services };
        field.git(&["init", "-q", "-b", "main"]);
        fs::write(field.root().join("a.txt"), "a\n").unwrap();
        field.git(&["add", "-A"]);
        field.git(&["commit", "-qm", "begin"]);
        field
    }

    fn root(&self) -> std::path::PathBuf {
        self.home.path().join("app")
    }

    fn git(&self, arguments: &[&str]) -> String {
        git(&self.root(), arguments)
    }

    /// Files that a snapshot changes, against its own baseline.
    fn changed(&self, snapshots: &[Snapshot]) -> Vec<String> {
        let [one] = snapshots else {
            panic!("{snapshots:?}");
        };
        let base = format!("{}^", one.commit.0);
        let base = if one.files == 0 { &one.commit.0 } else { &base };
        let names = self.git(&["diff", "--name-only", base, &one.commit.0]);
        names.lines().map(str::to_owned).collect()
    }

    fn team(&self, models: Vec<Arc<dyn Provider>>) -> Team {
        let SessionSetup {
            team: members,
            limits,
            mut rules,
            origin,
            ..
        } = setup(models, Limits::default());
        rules.working.folders = vec![Folder {
            path: self.root().display().to_string(),
            access: Access::Write,
            protected: Vec::new(),
        }];
        Team {
            members,
            limits,
            rules,
            origin,
            secrets: Vec::new(),
            inbox: None,
        }
    }

    /// Plays a session; `react` may answer events, and leaves with [`Command::Close`].
    async fn play(
        &self,
        team: Team,
        mut react: impl FnMut(&Event) -> Option<Command>,
    ) -> (RunId, Vec<Event>) {
        let (sender, mut events) = mpsc::channel(1024);
        let (run, session) = app::start(&self.services, team, "the task".into(), sender)
            .await
            .unwrap();
        let mut told = Vec::new();
        while let Some(event) = events.recv().await {
            let command = react(&event);
            told.push(event);
            if let Some(command) = command {
                session.commands.send(command).await.unwrap();
            }
        }
        session.done.await.unwrap();
        (run, told)
    }

    /// One turn, and nobody says anything.
    async fn turn(&self, team: Team) -> (RunId, Vec<Event>) {
        self.play(team, |event| over(event).then_some(Command::Close))
            .await
    }
}

fn over(event: &Event) -> bool {
    matches!(event.kind, EventKind::Run(RunEvent::Ended(_)))
}

/// A call of `write_file`.
fn write(path: &str, content: &str) -> Vec<Step> {
    let arguments = serde_json::json!({ "path": path, "content": content });
    act(10, "write_file", &arguments)
}

/// Whether the model has called a tool in this conversation.
fn has_called(request: &Request, tool: &str) -> bool {
    request.messages.iter().any(|message| {
        matches!(message, Message::Assistant { calls, .. } if calls.iter().any(|call| call.name == tool))
    })
}

fn presents(request: &Request) -> bool {
    !offers(request, "new_answer") && !offers(request, "vote")
}

/// Writes a file, publishes, votes for `favourite`, presents in words.
fn worker(path: &'static str, favourite: &'static str) -> Arc<dyn Provider> {
    model(move |_, request| {
        if presents(request) {
            say("the final word")
        } else if let Some(label) = choices(request)
            .iter()
            .find(|one| one.starts_with(favourite))
        {
            vote(10, label)
        } else if !has_called(request, "write_file") {
            write(path, "work\n")
        } else if offers(request, "new_answer") {
            publish(10, &format!("I wrote {path}."))
        } else {
            vote(10, &choices(request)[0])
        }
    })
}

fn answers(events: &[Event]) -> Vec<Answer> {
    let published = |event: &Event| match &event.kind {
        EventKind::Agent {
            event: AgentEvent::Published(answer),
            ..
        } => Some(answer.clone()),
        _ => None,
    };
    events.iter().filter_map(published).collect()
}

/// The winner and the files of the last end.
fn ended(events: &[Event]) -> (Label, Vec<Snapshot>) {
    let end = events.iter().rev().find_map(|event| match &event.kind {
        EventKind::Run(RunEvent::Ended(Outcome::Answered {
            winner, changes, ..
        })) => Some((*winner, changes.clone())),
        _ => None,
    });
    end.expect("an answer")
}

fn starts(events: &[Event]) -> Vec<TurnStart> {
    let start = |event: &Event| match &event.kind {
        EventKind::Run(RunEvent::Started(start)) => Some((**start).clone()),
        _ => None,
    };
    events.iter().filter_map(start).collect()
}

#[tokio::test]
async fn the_presenter_works_on_in_the_winners_files() {
    let field = Field::new();
    let winner = model(|_, request| {
        if presents(request) {
            assert!(offers(request, "write_file"), "{:?}", request.tools);
            return if has_called(request, "write_file") && says(request, "of the end") {
                say("the final word")
            } else {
                write("last.txt", "of the end\n")
            };
        }
        if !has_called(request, "write_file") {
            return write("won.txt", "won\n");
        }
        match choices(request)
            .iter()
            .find(|one| one.starts_with("agent1"))
        {
            Some(label) => vote(10, label),
            None => publish(10, "I won."),
        }
    });
    let team = field.team(vec![winner, worker("lost.txt", "agent1")]);
    let (run, events) = field.turn(team).await;
    let (label, changes) = ended(&events);
    assert_eq!(label.agent, AgentId(1));
    let published = answers(&events);
    let own = published.iter().find(|one| one.label == label).unwrap();
    assert_eq!(field.changed(&own.changes), ["won.txt"]);
    assert_eq!(field.changed(&changes), ["last.txt", "won.txt"]);
    let name = format!("refs/massgen-tui/{run}/final/{label}/0");
    let commit = field.git(&["rev-parse", &name]);
    assert_eq!(commit.trim(), changes[0].commit.0);
    assert_eq!(field.git(&["status", "--porcelain"]), "");
}

fn says(request: &Request, words: &str) -> bool {
    format!("{:?}", request.messages).contains(words)
}

#[tokio::test]
async fn a_presenter_that_did_not_win_works_on_the_winners_files_and_loses_nothing() {
    let field = Field::new();
    // It leaves something unfinished behind when it votes.
    let presenter = model(|_, request| {
        if presents(request) {
            return say("in other words");
        }
        match choices(request)
            .iter()
            .find(|one| one.starts_with("agent1"))
        {
            Some(_) if !says(request, "half a thought") => write("half.txt", "half a thought\n"),
            Some(label) => vote(10, label),
            None if offers(request, "new_answer") => publish(10, "Nothing of mine."),
            None => vote(10, &choices(request)[0]),
        }
    });
    let mut team = field.team(vec![worker("won.txt", "agent1"), presenter]);
    team.rules.finishing.presenter = Some(AgentId(2));
    let (run, events) = field.turn(team).await;
    let (label, changes) = ended(&events);
    assert_eq!(label.agent, AgentId(1));
    assert_eq!(field.changed(&changes), ["won.txt"]);
    let salvage = field.git(&[
        "for-each-ref",
        "--format=%(refname)",
        &format!("refs/massgen-tui/{run}/salvage"),
    ]);
    assert_eq!(salvage.lines().count(), 1, "{salvage}");
    let name = salvage.trim();
    assert_eq!(
        field.git(&["show", &format!("{name}:half.txt")]),
        "half a thought"
    );
}

#[tokio::test]
async fn a_further_turn_shows_its_own_changes_only() {
    let field = Field::new();
    let one = |path1: &'static str, path2: &'static str| {
        model(move |_, request| {
            let path = if says(request, "the next task") {
                path2
            } else {
                path1
            };
            if presents(request) {
                return say("the final word");
            }
            if !has_called(request, "write_file") {
                return write(path, "work\n");
            }
            match choices(request)
                .iter()
                .find(|one| one.starts_with("agent1"))
            {
                Some(label) => vote(10, label),
                None if offers(request, "new_answer") => publish(10, path),
                None => vote(10, &choices(request)[0]),
            }
        })
    };
    let team = field.team(vec![one("one.txt", "two.txt"), one("x.txt", "y.txt")]);
    let root = field.root();
    let mut turns = 0;
    let (run, events) = field
        .play(team, |event| {
            if !over(event) {
                return None;
            }
            turns += 1;
            match turns {
                1 => {
                    // The person takes the result over and goes on by hand.
                    fs::write(root.join("one.txt"), "work\n").unwrap();
                    fs::write(root.join("a.txt"), "by hand\n").unwrap();
                }
                2 => {}
                _ => return Some(Command::Close),
            }
            Some(Command::FollowUp {
                prompt: format!("the next task, number {turns}"),
            })
        })
        .await;
    let starts = starts(&events);
    assert_eq!(starts.len(), 3);
    assert_ne!(starts[0].places[0].tree, starts[1].places[0].tree);
    // Nobody touched anything between the second and the third.
    assert_eq!(starts[1].places, starts[2].places);
    let ends: Vec<usize> = events
        .iter()
        .enumerate()
        .filter(|(_, event)| over(event))
        .map(|(at, _)| at)
        .collect();
    let (first, second) = (&events[..=ends[0]], &events[ends[0]..=ends[1]]);
    assert_eq!(field.changed(&ended(first).1), ["one.txt"]);
    assert_eq!(field.changed(&ended(second).1), ["two.txt"]);
    // The third begins with what the second ended with.
    assert_eq!(field.changed(&ended(&events).1), ["two.txt"]);
    for answer in answers(second) {
        assert!(
            !field
                .changed(&answer.changes)
                .contains(&"one.txt".to_owned())
        );
    }
    let told = events.iter().any(|event| {
        matches!(&event.kind, EventKind::Run(RunEvent::Notice { text, .. })
            if text.contains("Your files have changed"))
    });
    assert!(told);
    // The first turn can still be looked at, against its own baseline, whatever git collects.
    field.git(&["gc", "-q", "--prune=now"]);
    let (_, old) = ended(first);
    let names = field.git(&[
        "diff",
        "--name-only",
        &starts[0].places[0].base.0,
        &old[0].commit.0,
    ]);
    assert_eq!(names, "one.txt");
    let refs = field.git(&["for-each-ref", "--format=%(refname)"]);
    let ours = format!("refs/massgen-tui/{run}/");
    assert!(
        refs.lines()
            .all(|name| name == "refs/heads/main" || name.starts_with(&ours))
    );
}

#[tokio::test]
async fn one_that_is_asked_alone_works_on_in_its_own_files() {
    let field = Field::new();
    let calls = Arc::new(Mutex::new(Vec::new()));
    let one = |number: u16, first: &'static str| {
        let calls = Arc::clone(&calls);
        model(move |_, request| {
            let later = says(request, "work it in") || says(request, "and on");
            if says(request, "<task>\\nwork it in") {
                calls.lock().unwrap().push(number);
            }
            if presents(request) {
                return say("the final word");
            }
            if !has_called(request, "write_file") {
                return write(if later { "more.txt" } else { first }, "work\n");
            }
            let favourite = choices(request)
                .iter()
                .position(|one| one.starts_with("agent1"));
            match favourite {
                Some(at) => vote(10, &choices(request)[at]),
                None if offers(request, "new_answer") => publish(10, &format!("done by {number}")),
                None => vote(10, &choices(request)[0]),
            }
        })
    };
    let team = field.team(vec![one(1, "won.txt"), one(2, "own.txt")]);
    let mut turns = 0;
    let (_, events) = field
        .play(team, |event| {
            if !over(event) {
                return None;
            }
            turns += 1;
            Some(match turns {
                1 => Command::Ask {
                    agent: AgentId(2),
                    prompt: "work it in".into(),
                },
                2 => Command::FollowUp {
                    prompt: "and on".into(),
                },
                _ => Command::Close,
            })
        })
        .await;
    let ends: Vec<usize> = (0..events.len()).filter(|at| over(&events[*at])).collect();
    let (label, files) = ended(&events[..=ends[0]]);
    assert_eq!(label.agent, AgentId(1));
    assert_eq!(field.changed(&files), ["won.txt"]);
    // It goes on from what it had written itself, and not from what won.
    let (label, files) = ended(&events[ends[0]..=ends[1]]);
    assert_eq!(label.agent, AgentId(2));
    assert_eq!(field.changed(&files), ["more.txt", "own.txt"]);
    let published = answers(&events[ends[0]..=ends[1]]);
    assert_eq!(published.len(), 1);
    assert_eq!(
        field.changed(&published[0].changes),
        ["more.txt", "own.txt"]
    );
    let asked = calls.lock().unwrap();
    assert!(
        !asked.is_empty() && asked.iter().all(|number| *number == 2),
        "{asked:?}"
    );
    // Everybody goes on from there.
    let last = answers(&events[ends[1]..]);
    let both = |id: u16| last.iter().find(|one| one.label.agent == AgentId(id));
    for id in [1, 2] {
        let answer = both(id).expect("the whole team works again");
        assert_eq!(field.changed(&answer.changes), ["more.txt", "own.txt"]);
    }
    assert_eq!(field.git(&["status", "--porcelain"]), "");
}

#[tokio::test]
async fn a_team_in_a_seat_has_worktrees_and_its_files_are_the_seats_answer() {
    let field = Field::new();
    let inner = vec![worker("inner.txt", "agent1"), worker("other.txt", "agent1")];
    let voice = worker("never.txt", "agent1");
    let nested: Arc<dyn Provider> = Arc::new(NestedTeam {
        setup: setup(inner, Limits::default()),
        voice,
        redactor: Redactor::new(&[]),
    });
    let mut team = field.team(vec![nested, worker("outer.txt", "agent1")]);
    team.rules.permitting = Permitting {
        ask: vec!["write_file(inner.txt)".into()],
        ..Permitting::default()
    };
    let asked = Mutex::new(Vec::new());
    let (run, events) = field
        .play(team, |event| match &event.kind {
            EventKind::Run(RunEvent::Question(QuestionEvent::Asked(question))) => {
                asked.lock().unwrap().push(question.clone());
                Some(Command::Answer {
                    id: question.id,
                    reply: Reply::Approved,
                })
            }
            _ => over(event).then_some(Command::Close),
        })
        .await;
    let (label, changes) = ended(&events);
    assert_eq!(label.agent, AgentId(1));
    assert_eq!(field.changed(&changes), ["inner.txt"]);
    let published = answers(&events);
    let of = |agent: u16| {
        let mine = published.iter().find(|one| one.label.agent.0 == agent);
        field.changed(&mine.unwrap().changes)
    };
    assert_eq!(
        (of(1), of(2)),
        (vec!["inner.txt".to_owned()], vec!["outer.txt".to_owned()])
    );
    // One queue: the seat asks, and says for whom.
    let [question] = <[_; 1]>::try_from(asked.into_inner().unwrap()).unwrap();
    assert_eq!(question.asker, Some(AgentId(1)));
    assert!(question.text.contains("agent1/agent1"), "{}", question.text);
    assert!(matches!(question.kind, QuestionKind::Approval(_)));
    // The members' own answers have their trees under numbers of their own.
    let refs = field.git(&["for-each-ref", "--format=%(refname)"]);
    for name in ["agent1.1/0", "agent2.1/0", "agent1001.1/0", "agent1002.1/0"] {
        assert!(
            refs.contains(&format!("refs/massgen-tui/{run}/{name}")),
            "{name}: {refs}"
        );
    }
    let theirs = field.git(&[
        "show",
        "--name-only",
        "--format=",
        &format!("refs/massgen-tui/{run}/agent1002.1/0"),
    ]);
    assert_eq!(theirs, "other.txt");
    // Numbers inside the team begin anew: a name in full says whose a decision was.
    let mut whose: Vec<_> = leave::record(&field, &run)
        .iter()
        .map(|line| format!("{} {}", line["agent"], line["member"]))
        .collect();
    whose.sort();
    assert_eq!(
        whose,
        [r#"1 "agent1/agent1""#, r#"1 "agent1/agent2""#, "2 null",]
    );
}

#[tokio::test]
async fn always_answers_the_same_question_of_others() {
    let field = Field::new();
    let mut team = field.team(vec![
        worker("same.txt", "agent1"),
        worker("same.txt", "agent1"),
    ]);
    team.rules.permitting.ask = vec!["write_file(*.txt)".into()];
    let mut asked = Vec::new();
    let mut withdrawn = Vec::new();
    let (run, events) = field
        .play(team, |event| match &event.kind {
            EventKind::Run(RunEvent::Question(QuestionEvent::Asked(question))) => {
                asked.push(question.id);
                // Both wait before anything is said.
                (asked.len() == 2).then(|| Command::Answer {
                    id: asked[0],
                    reply: Reply::Always,
                })
            }
            EventKind::Run(RunEvent::Question(QuestionEvent::Withdrawn { id })) => {
                withdrawn.push(*id);
                None
            }
            _ => over(event).then_some(Command::Close),
        })
        .await;
    assert_eq!((asked.len(), withdrawn.as_slice()), (2, &asked[1..]));
    for answer in answers(&events) {
        assert_eq!(field.changed(&answer.changes), ["same.txt"]);
    }
    let record = field
        .home
        .path()
        .join("state/sessions")
        .join(&run.0)
        .join("permissions.jsonl");
    let record = fs::read_to_string(record).unwrap();
    assert_eq!(
        record.matches("write_file(same.txt)").count(),
        2,
        "{record}"
    );
}

/// A call of `web_fetch`, then an answer with what came of it.
fn reader(url: String) -> Arc<dyn Provider> {
    model(move |_, request| {
        if presents(request) {
            say("the final word")
        } else if !has_called(request, "web_fetch") {
            act(10, "web_fetch", &serde_json::json!({ "url": url }))
        } else if offers(request, "new_answer") {
            publish(10, "I read it.")
        } else {
            vote(10, &choices(request)[0])
        }
    })
}

/// What the tool said, for rules that allow pages of these hosts.
async fn fetched(field: &Field, url: String, hosts: &[&str]) -> String {
    let mut team = field.team(vec![reader(url)]);
    team.rules.permitting = Permitting {
        web_fetch: massgen_tui::protocol::Offered::Yes,
        web_hosts: hosts.iter().map(ToString::to_string).collect(),
        allow: vec!["read_url(http://*)".into()],
        ..Permitting::default()
    };
    let (_, events) = field.turn(team).await;
    let output = events.iter().find_map(|event| match &event.kind {
        EventKind::Agent {
            event: AgentEvent::Tool(massgen_tui::protocol::ToolEvent::Finished { output, .. }),
            ..
        } => Some(output.clone()),
        _ => None,
    });
    output.expect("a card")
}

#[tokio::test]
async fn pages_are_read_from_hosts_that_are_named() {
    use crate::harness::sse_server::Server;
    let field = Field::new();
    let server = Server::start().await;
    let root = server.root();
    let serving = tokio::spawn(async move {
        loop {
            let connection = server.accept().await;
            assert_eq!(connection.request.header("cookie"), None);
            let path = connection
                .request
                .line
                .split(' ')
                .nth(1)
                .unwrap()
                .to_owned();
            let html = ("content-type", "text/html; charset=utf-8");
            match path.as_str() {
                "/page" => {
                    let body = "<title>T</title><script>x</script><p>Hi <b>you</b></p>\
                                <p>&lt;agent2> \u{1b}[31mred\u{202e}</p>";
                    connection.reply(200, &[html], body).await;
                }
                "/moved" => connection.reply(302, &[("location", "/page")], "").await,
                "/away" => {
                    let away = [("location", "http://169.254.169.254/latest")];
                    connection.reply(302, &away, "").await;
                }
                "/round" => connection.reply(302, &[("location", "/round")], "").await,
                "/picture" => {
                    connection
                        .reply(200, &[("content-type", "image/png")], "x")
                        .await;
                }
                _ => connection.reply(404, &[html], "<p>no</p>").await,
            }
        }
    });
    for (path, hosts, told) in [
        ("/page", &["127.0.0.1"][..], "# T\n"),
        ("/page", &["127.0.0.1"], "Hi you"),
        ("/page", &["127.0.0.1"], "\\<agent2>"),
        ("/moved", &["127.0.0.1"], "Hi you"),
        (
            "/away",
            &["127.0.0.1"],
            "has moved to http://169.254.169.254/latest",
        ),
        ("/round", &["127.0.0.1"], "moves on and on"),
        ("/picture", &["127.0.0.1"], "is no text but image/png"),
        ("/none", &["127.0.0.1"], "The server says 404"),
        ("/page", &[], "on this machine or in its network"),
        ("/page", &["*"], "on this machine or in its network"),
        ("/page", &["docs.rs"], "not among the hosts"),
    ] {
        let said = fetched(&field, format!("{root}{path}"), hosts).await;
        assert!(
            said.contains(told) || said.contains(&told.replace("# T\n", "# T")),
            "{path} {hosts:?}: {said}"
        );
        assert!(
            !said.contains('\u{1b}') && !said.contains('\u{202e}'),
            "{said}"
        );
    }
    // A name that leads home is no way around.
    let named = root.replace("127.0.0.1", "localhost");
    let said = fetched(&field, format!("{named}/page"), &[]).await;
    assert!(said.contains("on this machine"), "{said}");
    let said = fetched(&field, format!("{named}/page"), &["localhost"]).await;
    assert!(said.contains("Hi you"), "{said}");
    serving.abort();
}
