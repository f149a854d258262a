//! Runs that are heard outside, with the real program: webhooks to loopback servers and programs, a
//! collector of OpenTelemetry, the profile.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    sync::mpsc,
    thread,
    time::Duration,
};

use massgen_tui::export::{hex, hmac};
use serde_json::{Value, json};

use crate::harness::home::Home;

/// Bounds of a wait on a machine that does much else.
const LONG: Duration = Duration::from_mins(2);

/// A server that answers with these statuses in turn, the last for ever, and gives what it was sent.
fn receiver(statuses: &'static [u16]) -> (u16, mpsc::Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (send, received) = mpsc::sync_channel(100);
    thread::spawn(move || {
        for (at, stream) in listener.incoming().enumerate() {
            let mut reader = BufReader::new(stream.unwrap());
            let (mut head, mut line) = (String::new(), String::new());
            while reader.read_line(&mut line).unwrap_or(0) > 2 {
                head.push_str(&line);
                line.clear();
            }
            let head = head.to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![
                0;
                length
                    .and_then(|length| length.trim().parse().ok())
                    .unwrap_or(0)
            ];
            reader.read_exact(&mut body).unwrap();
            let status = statuses.get(at).or(statuses.last()).unwrap();
            let answer =
                format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            reader.get_mut().write_all(answer.as_bytes()).unwrap();
            if send.send((head, String::from_utf8(body).unwrap())).is_err() {
                return;
            }
        }
    });
    (port, received)
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let mut lines = head.lines();
    lines
        .find_map(|line| line.strip_prefix(&format!("{name}: ")))
        .unwrap_or_default()
}

#[test]
fn webhooks_are_signed_tried_again_and_written_down() {
    let home = Home::new();
    let (port, received) = receiver(&[503, 200]);
    let config = home.path(".config/massgen-tui");
    fs::create_dir_all(&config).unwrap();
    let heard = home.path("heard");
    let text = format!(
        "webhooks:\n  - {{name: web, url: 'http://127.0.0.1:{port}/hook', secret_env: HOOK_SECRET}}\n  \
         - {{name: file, command: [tee, '{}'], events: [decided], content: full}}\n  \
         - {{name: gone, command: [massgen-no-such-program]}}\n",
        heard.display()
    );
    fs::write(config.join("webhooks.yaml"), text).unwrap();
    // A project says nothing about where a person's runs are told.
    let (evil, unheard) = receiver(&[200]);
    fs::write(
        home.path("massgen-tui.yaml"),
        format!("webhooks: [{{name: evil, url: 'http://127.0.0.1:{evil}/'}}]"),
    )
    .unwrap();
    let out = home
        .program()
        .env("HOOK_SECRET", "topsecret")
        .args(["run", "--demo", "--demo-speed", "max", "Very private words"])
        .output()
        .unwrap();
    assert!(out.status.success(), "{out:?}");
    let (one, first) = received.recv_timeout(LONG).unwrap();
    let (two, second) = received.recv_timeout(LONG).unwrap();
    assert_eq!(first, second, "tried again");
    let delivery = header(&one, "x-massgen-delivery");
    assert_eq!(delivery, header(&two, "x-massgen-delivery"));
    let signed = format!("{}.{second}", header(&two, "x-massgen-timestamp"));
    let signature = format!("v1={}", hex(&hmac(b"topsecret", signed.as_bytes())));
    assert_eq!(header(&two, "x-massgen-signature"), signature);
    let told: Value = serde_json::from_str(&second).unwrap();
    assert_eq!(
        (&told["event"], &told["outcome"]),
        (&json!("ended"), &json!("answered"))
    );
    assert!(!second.contains("private"), "no words unless asked for");
    let full = fs::read_to_string(&heard).unwrap();
    assert!(
        full.contains("\"decided\"") && full.contains("Very private words"),
        "{full}"
    );
    let run = told["run"].as_str().unwrap();
    let record = home.path("state/sessions").join(run).join("hooks.jsonl");
    let record = fs::read_to_string(record).unwrap();
    assert!(
        record.contains("\"hook\":\"web\"") && record.contains("\"tries\":2"),
        "{record}"
    );
    assert!(record.contains("\"came_to\":\"refused\""), "{record}");
    let told = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(told.contains("2 taken, 1 failed"), "{told}");
    assert!(!told.contains("topsecret"), "{told}");
    assert!(unheard.try_recv().is_err());
}

#[test]
fn the_first_failure_of_a_hook_is_a_warning_in_the_session() {
    let home = Home::new();
    let config = home.path(".config/massgen-tui");
    fs::create_dir_all(&config).unwrap();
    // It hears of the warning, too, and fails again: that is not told.
    let text = "webhooks:\n  - {name: gone, command: [massgen-no-such-program], \
                events: [started, published, voted, trouble]}\n";
    fs::write(config.join("webhooks.yaml"), text).unwrap();
    // Slow enough that the failure is known while the team works.
    let out = home
        .program()
        .args(["run", "--demo", "--demo-speed", "8", "Words"])
        .output()
        .unwrap();
    assert!(out.status.success(), "{out:?}");
    let sessions = fs::read_dir(home.path("state/sessions")).unwrap();
    let folder = sessions.flatten().next().unwrap().path();
    let log = fs::read_to_string(folder.join("events.jsonl")).unwrap();
    let told: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("The webhook gone"))
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("did not take `started` after 1 try"),
        "{}",
        told[0]
    );
    let record = fs::read_to_string(folder.join("hooks.jsonl")).unwrap();
    assert!(
        record.lines().count() > 2 && record.contains("\"trouble\""),
        "{record}"
    );
}

#[test]
fn a_collector_gets_traces_and_a_file_the_profile() {
    let home = Home::new();
    let (port, received) = receiver(&[200]);
    let profile = home.path("profile.json");
    let out = home
        .program()
        .env(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            format!("http://127.0.0.1:{port}"),
        )
        .args(["run", "--demo", "--demo-speed", "max", "--profile-trace"])
        .arg(&profile)
        .arg("Very private words")
        .output()
        .unwrap();
    assert!(out.status.success(), "{out:?}");
    let (head, traces) = received.recv_timeout(LONG).unwrap();
    assert!(head.starts_with("post /v1/traces"), "{head}");
    assert!(!traces.contains("private"));
    let traces: Value = serde_json::from_str(&traces).unwrap();
    let spans = traces["resourceSpans"][0]["scopeSpans"][0]["spans"]
        .as_array()
        .unwrap();
    for start in ["invoke_agent team", "invoke_agent ", "chat "] {
        assert!(
            spans
                .iter()
                .any(|span| span["name"].as_str().unwrap().starts_with(start)),
            "{start}"
        );
    }
    let (head, metrics) = received.recv_timeout(LONG).unwrap();
    assert!(head.starts_with("post /v1/metrics"), "{head}");
    assert!(metrics.contains("gen_ai.client.token.usage"));
    let mode = fs::metadata(&profile).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let profile: Value = serde_json::from_slice(&fs::read(&profile).unwrap()).unwrap();
    let names: Vec<&str> = profile["traceEvents"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|event| event["name"].as_str())
        .collect();
    assert!(names.contains(&"settings and folders") && names.contains(&"invoke_agent team"));
}
