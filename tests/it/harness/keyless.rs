//! A model server that wants no key: our demo server behind a door that says its token for everybody.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    thread,
};

use massgen_tui::demo::{self, DemoServer, Options, Speed};

use super::beside;

/// The server; it ends with the value.
pub struct Keyless {
    /// Where it is, ending in `/v1`.
    pub base_url: String,
    _server: DemoServer,
    _runtime: tokio::runtime::Runtime,
}

impl Keyless {
    /// With the models of one scenario.
    pub fn start(scenario: &str) -> Self {
        let runtime = beside::runtime();
        let server = runtime
            .block_on(DemoServer::start_with(Options {
                speed: Speed::Max,
                scenario: Some(demo::find(scenario).unwrap()),
                ..Options::default()
            }))
            .unwrap();
        let door = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let base_url = format!("http://127.0.0.1:{}/v1", door.local_addr().unwrap().port());
        let behind = server.base_url().clone();
        let behind = behind
            .trim_start_matches("http://")
            .trim_end_matches("/v1")
            .to_owned();
        let token = server.token().to_owned();
        thread::spawn(move || {
            for guest in door.incoming().flatten() {
                let (behind, token) = (behind.clone(), token.clone());
                thread::spawn(move || pass(guest, &behind, &token));
            }
        });
        Self {
            base_url,
            _server: server,
            _runtime: runtime,
        }
    }
}

/// One request on, its answer back, then the connection ends.
fn pass(mut guest: TcpStream, behind: &str, token: &str) -> Option<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        guest.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let mut lines: Vec<&str> = head.trim_end().split("\r\n").collect();
    lines.retain(|line| {
        let name = line.split(':').next().unwrap_or_default().to_lowercase();
        !matches!(name.as_str(), "authorization" | "connection" | "host")
    });
    let head = format!(
        "{}\r\nHost: {behind}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n",
        lines.join("\r\n")
    );
    let mut server = TcpStream::connect(behind).ok()?;
    server.write_all(head.as_bytes()).ok()?;
    let (mut from, mut to) = (guest.try_clone().ok()?, server.try_clone().ok()?);
    thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
    });
    let _ = std::io::copy(&mut server, &mut guest);
    guest.shutdown(Shutdown::Both).ok()
}
