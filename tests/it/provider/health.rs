//! Health checks over real sockets: every state, all at once, none longer than the bound.

use std::time::Duration;

use massgen_tui::protocol::{HealthOf, HealthState};
use massgen_tui::provider::health::{Subject, check};

use super::{client_with, endpoint, patient};
use crate::harness::sse_server::Server;

/// Long enough for a busy machine; only the silent server waits for it.
const BOUND: Duration = Duration::from_secs(2);

fn subject(base_url: String) -> Subject {
    Subject {
        of: HealthOf::Team,
        name: "a".to_owned(),
        endpoint: endpoint(base_url),
        has_model: true,
        optional_key: false,
    }
}

#[tokio::test]
async fn every_state_has_its_word() {
    let table = [
        (200, r#"{"data":[{"id":"test-model"}]}"#, HealthState::Up),
        (
            200,
            r#"{"data":[{"id":"test-mode"}]}"#,
            HealthState::NoModel,
        ),
        (200, "<html>login</html>", HealthState::Strange),
        (404, "{}", HealthState::Strange),
        (
            401,
            r#"{"error":{"code":"invalid_api_key"}}"#,
            HealthState::KeyRefused,
        ),
        (429, "{}", HealthState::Busy),
        (500, "{}", HealthState::Down),
    ];
    let (mut subjects, mut servers) = (Vec::new(), Vec::new());
    for (status, body, _) in table {
        let server = Server::start().await;
        subjects.push(subject(server.base_url()));
        servers.push(server.serve(vec![("/v1/models", status, body.to_owned())]));
    }
    let mut keyless = subjects[0].clone();
    keyless.endpoint.key = None;
    subjects.push(keyless);
    let gone = Server::start().await;
    subjects.push(subject(gone.base_url()));
    drop(gone);
    let silent = Server::start().await;
    subjects.push(subject(silent.base_url()));
    let rows = check(&client_with(patient()), subjects, BOUND).await;
    let states: Vec<HealthState> = rows.iter().map(|row| row.state).collect();
    let mut expected: Vec<HealthState> = table.iter().map(|row| row.2).collect();
    expected.extend([HealthState::NoKey, HealthState::Down, HealthState::Slow]);
    assert_eq!(states, expected);
    for row in &rows {
        assert_eq!(row.hint.is_empty(), row.state == HealthState::Up, "{row:?}");
        assert!(!format!("{row:?}").contains(super::KEY), "the key leaks");
    }
    assert!(rows[1].hint.contains("test-mode"), "{:?}", rows[1]);
    for server in servers {
        server.abort();
    }
}
