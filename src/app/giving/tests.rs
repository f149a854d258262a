//! What is looked at, written, sent and stopped, with real files and a server on this machine.

use std::{fmt::Write as _, os::unix::fs::PermissionsExt as _};

use super::*;
use crate::{
    config::dotenv::Environment,
    demo::Speed,
    store::{Header, samples},
};

const RUN: &str = "20261121-101530-k3f9";

/// A state folder with the sample session, whose task is this.
fn state(root: &Path, task: &str) -> Services {
    state_in(root, task, Environment::default())
}

/// The same, in this environment.
fn state_in(root: &Path, task: &str, environment: Environment) -> Services {
    let folder = root.join("state/sessions").join(RUN);
    fs::create_dir_all(&folder).unwrap();
    let mut events = samples::session(RUN);
    events[0].kind = samples::started(RUN, 1, task);
    let mut log = serde_json::to_string(&Header::new(RunId(RUN.into()))).unwrap();
    for event in events {
        write!(log, "\n{}", serde_json::to_string(&event).unwrap()).unwrap();
    }
    fs::write(folder.join("events.jsonl"), log + "\n").unwrap();
    Services::new(environment, root.join("state"), Speed::default())
}

fn told(
    services: &Services,
    here: &Path,
    what: What,
    change: impl Fn(&mut Order),
) -> Result<News, Failure> {
    let mut order = Order {
        runs: vec![RunId(RUN.into())],
        format: Format::Html,
        turns: Turns::All,
        files: Files::With,
        suspects: Suspects::Stop,
    };
    change(&mut order);
    let ask = Ask { order, what };
    news(
        services,
        &Surroundings::default(),
        here,
        (&ask, &Work::default()),
    )
}

#[test]
fn files_are_as_large_as_was_told_and_nothing_is_replaced() {
    let root = tempfile::tempdir().unwrap();
    let services = state(root.path(), "a task in /home/mia/x");
    let here = root.path();
    for format in Format::ALL {
        let with = |order: &mut Order| order.format = format;
        let Ok(News::Look(look)) = told(&services, here, What::Look, with) else {
            panic!("{format:?}");
        };
        assert_eq!(look.masked.len(), 1, "{look:?}");
        assert!(look.suspects.is_empty(), "{look:?}");
        for end in ["", "-2"] {
            let Ok(News::Written(paths)) = told(&services, here, What::File, with) else {
                panic!("{format:?}");
            };
            let about = fs::metadata(&paths[0]).unwrap();
            assert_eq!(about.len(), look.files[0].1, "{format:?}");
            assert_eq!(about.permissions().mode() & 0o777, 0o600);
            assert!(paths[0].contains(&format!("{RUN}{end}.")), "{paths:?}");
        }
    }
    let with = |order: &mut Order| order.format = Format::Md;
    let Ok(News::Text(text)) = told(&services, here, What::Text, with) else {
        panic!("no text");
    };
    assert!(text.starts_with("# Session") && text.contains("~/x"));
    let with = |order: &mut Order| order.format = Format::Bundle;
    assert!(told(&services, here, What::Text, with).is_err());
}

#[test]
fn turns_and_files_that_stay_at_home_are_told() {
    let root = tempfile::tempdir().unwrap();
    let services = state(root.path(), "a task");
    let look = |change: fn(&mut Order)| match told(&services, root.path(), What::Look, change) {
        Ok(News::Look(look)) => look,
        other => panic!("{other:?}"),
    };
    let all = look(|_| {});
    let less = look(|order| {
        order.turns = Turns::Latest;
        order.files = Files::Without;
    });
    assert!(less.left_out.len() > all.left_out.len(), "{less:?}");
}

#[test]
fn what_may_be_a_secret_stops_it_until_it_is_masked() {
    let root = tempfile::tempdir().unwrap();
    let services = state(root.path(), "use postgres://me:hunter2x@db/x");
    let here = root.path();
    let stop = |_: &mut Order| {};
    let Ok(News::Look(look)) = told(&services, here, What::Look, stop) else {
        panic!("no look");
    };
    assert!(!look.suspects.is_empty(), "{look:?}");
    for what in [What::File, What::Text] {
        assert!(told(&services, here, what, stop).is_err());
    }
    assert_eq!(fs::read_dir(here).unwrap().count(), 1, "nothing is written");
    let mask = |order: &mut Order| order.suspects = Suspects::Mask;
    let Ok(News::Written(paths)) = told(&services, here, What::File, mask) else {
        panic!("not written");
    };
    let page = fs::read_to_string(&paths[0]).unwrap();
    assert!(!page.contains("hunter2x"));
}

#[test]
fn what_was_written_before_a_failure_is_told() {
    let root = tempfile::tempdir().unwrap();
    let services = state(root.path(), "a task");
    let both = |order: &mut Order| order.runs.push(RunId("20200101-000000-none".into()));
    let failure = told(&services, root.path(), What::File, both).unwrap_err();
    assert!(
        failure.message.contains(&format!("{RUN}.html")),
        "{failure}"
    );
}

/// What was sent to a place, with the services and what was watched.
async fn sent(services: Arc<Services>, to: &str, desk: &Desk) -> Result<News, Failure> {
    let ask = asks(What::Send(to.to_owned()));
    desk.answer(services, ask).await.news
}

fn asks(what: What) -> Ask {
    let order = Order {
        runs: vec![RunId(RUN.into())],
        format: Format::Md,
        turns: Turns::All,
        files: Files::With,
        suspects: Suspects::Stop,
    };
    Ask { order, what }
}

/// A server that takes one request: its address, and what it was sent. It says it has it when `answers`.
async fn server(answers: bool) -> (String, tokio::sync::oneshot::Receiver<String>) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (told, heard) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        let mut piece = [0; 4096];
        let whole = |request: &[u8]| {
            let text = String::from_utf8_lossy(request).into_owned();
            let (head, body) = text.split_once("\r\n\r\n")?;
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                let is = name.eq_ignore_ascii_case("content-length");
                is.then(|| value.trim().parse::<usize>().ok()).flatten()
            });
            (body.len() >= length?).then(|| text.clone())
        };
        let text = loop {
            let count = stream.read(&mut piece).await.unwrap();
            request.extend_from_slice(&piece[..count]);
            if let Some(text) = whole(&request) {
                break text;
            }
        };
        told.send(text).unwrap();
        if answers {
            let answer = b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer).await.unwrap();
        } else {
            // It keeps the line until the other side leaves.
            let _ = stream.read(&mut piece).await;
        }
    });
    (format!("http://{address}/shared/"), heard)
}

#[tokio::test]
async fn it_is_sent_to_files_folders_commands_and_servers() {
    let root = tempfile::tempdir().unwrap();
    let services = Arc::new(state(root.path(), "a task"));
    let (desk, at) = (Desk::default(), |name: &str| root.path().join(name));
    let send = |to: String| {
        let (services, desk) = (Arc::clone(&services), &desk);
        async move { sent(services, &to, desk).await }
    };
    let file = at("mine.md");
    let told = send(file.display().to_string()).await;
    assert_eq!(told, Ok(News::Sent(vec![shown(&file)])));
    let page = fs::read_to_string(&file).unwrap();
    assert!(page.starts_with("# Session"), "{page}");
    // What is there stays.
    let again = send(file.display().to_string()).await.unwrap_err();
    assert!(again.message.contains("there already"), "{again}");
    fs::create_dir(at("folder")).unwrap();
    let told = send(at("folder").display().to_string()).await;
    let placed = at("folder").join(format!("{RUN}.md"));
    assert_eq!(told, Ok(News::Sent(vec![shown(&placed)])));
    assert_eq!(fs::read_to_string(placed).unwrap(), page);
    let copied = at("copied");
    let told = send(format!("| cat > '{}'; echo all there", copied.display())).await;
    assert_eq!(told, Ok(News::Sent(vec!["all there".to_owned()])));
    assert_eq!(fs::read_to_string(copied).unwrap(), page);
    let failed = send("| echo no room >&2; exit 3".to_owned()).await;
    let failed = failed.unwrap_err();
    assert!(failed.message.contains("no room"), "{failed}");
    let (address, heard) = server(true).await;
    let told = send(address.clone()).await;
    assert_eq!(told, Ok(News::Sent(vec![format!("{address}{RUN}.md")])));
    let request = heard.await.unwrap();
    assert!(request.starts_with(&format!("PUT /shared/{RUN}.md ")));
    assert!(request.ends_with(&page), "{request}");
    let kept = fs::read_dir(at("state/outgoing")).unwrap().count();
    assert_eq!(kept, 0, "what stood aside is gone");
}

#[tokio::test]
async fn a_look_is_stopped_and_the_next_one_is_not() {
    let root = tempfile::tempdir().unwrap();
    let services = Arc::new(state(root.path(), "a task"));
    let desk = Desk::default();
    // Nothing is done before somebody waits for it.
    let look = desk.answer(Arc::clone(&services), asks(What::Look));
    let stop = desk.answer(Arc::clone(&services), asks(What::Stop)).await;
    assert_eq!(stop.news, Ok(News::Stopping));
    let failure = look.await.news.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Cancelled, "{failure}");
    let look = desk.answer(services, asks(What::Look)).await;
    assert!(matches!(look.news, Ok(News::Look(_))), "{look:?}");
}

#[tokio::test]
async fn it_is_sent_to_a_bucket() {
    let root = tempfile::tempdir().unwrap();
    let (address, heard) = server(true).await;
    let base = address.trim_end_matches("/shared/").to_owned();
    let process = [
        ("AWS_ACCESS_KEY_ID", "AKIDTESTONLY".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "no-real-secret-at-all".to_owned()),
        ("AWS_ENDPOINT_URL", base.clone()),
    ];
    let process = process.map(|(name, value)| (name.to_owned(), value));
    let environment = Environment::gather(process, root.path(), None, None);
    let services = Arc::new(state_in(root.path(), "a task", environment));
    let desk = Desk::default();
    let told = sent(Arc::clone(&services), "s3://box/a b/", &desk).await;
    let url = format!("{base}/box/a%20b/{RUN}.md");
    assert_eq!(told, Ok(News::Sent(vec![url])));
    let request = heard.await.unwrap();
    let line = format!("PUT /box/a%20b/{RUN}.md ");
    assert!(request.starts_with(&line), "{request}");
    assert!(request.contains("AWS4-HMAC-SHA256 Credential=AKIDTESTONLY/"));
    assert!(
        !request.contains("no-real-secret"),
        "the secret signs and stays"
    );
    // Without a key the card says which ones it wants.
    let services = Arc::new(state(root.path(), "a task"));
    let failure = sent(services, "s3://box/", &desk).await.unwrap_err();
    assert!(failure.words().contains("AWS_ACCESS_KEY_ID"), "{failure}");
}

#[tokio::test]
async fn who_stops_it_finds_nothing_left_behind() {
    let root = tempfile::tempdir().unwrap();
    let services = Arc::new(state(root.path(), "a task"));
    let here = root.path().to_owned();
    // After it was read, before it is written.
    let around = Surroundings::default();
    let work = Work::default();
    let order = order(&RunId(RUN.into()), &asks(What::File).order, &work.watch);
    let prepared =
        sharing::prepare(&services.shelf(), &services.state_dir, &around, &order).unwrap();
    work.watch.stop();
    let failure = work.told(write(&prepared, &here).unwrap_err());
    assert_eq!(failure.kind, FailureKind::Cancelled);
    let read = sharing::prepare(&services.shelf(), &services.state_dir, &around, &order);
    assert!(read.is_err(), "nor is it read any further");
    assert_eq!(fs::read_dir(&here).unwrap().count(), 1, "no part of it");
    // While it is sent.
    let (desk, (address, heard)) = (Desk::default(), server(false).await);
    let sending = tokio::spawn(desk.answer(Arc::clone(&services), asks(What::Send(address))));
    heard.await.unwrap();
    let told = desk.answer(Arc::clone(&services), asks(What::Hear)).await;
    let Ok(News::Progress(progress)) = told.news else {
        panic!("{told:?}");
    };
    assert_eq!(
        (progress.doing, progress.nth, progress.many),
        (Doing::Sending, 1, 1)
    );
    assert!(progress.of > 0 && progress.done == progress.of);
    let told = desk.answer(services, asks(What::Stop)).await;
    assert_eq!(told.news, Ok(News::Stopping));
    let failure = sending.await.unwrap().news.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Cancelled);
    let kept = fs::read_dir(here.join("state/outgoing")).unwrap().count();
    assert_eq!(kept, 0);
}
