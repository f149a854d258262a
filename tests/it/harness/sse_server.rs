//! A raw HTTP server on loopback whose every byte the test releases.
//!
//! [`Server::accept`] waits for one request and hands the connection over; what is sent, in which
//! pieces, and whether the connection is closed or cut is up to the test. No timers, no threads.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A listening server.
pub struct Server {
    listener: TcpListener,
}

/// A request as it came over the wire.
#[derive(Debug)]
pub struct Received {
    /// Method and path, for example `POST /v1/chat/completions`.
    pub line: String,
    /// Header lines, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body text.
    pub body: String,
}

impl Received {
    /// Value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }
}

/// An accepted connection with its request.
pub struct Connection {
    /// What was asked.
    pub request: Received,
    stream: TcpStream,
}

impl Server {
    /// Listens on a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        Self { listener }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn root(&self) -> String {
        let address = self.listener.local_addr().expect("an address");
        format!("http://{address}")
    }

    /// The root with `/v1`.
    pub fn base_url(&self) -> String {
        format!("{}/v1", self.root())
    }

    /// The next connection before anything was read from it.
    pub async fn accept_raw(&self) -> TcpStream {
        let (stream, _) = self.listener.accept().await.expect("a connection");
        stream
    }

    /// The next connection with its request read.
    pub async fn accept(&self) -> Connection {
        let mut stream = self.accept_raw().await;
        let request = read_request(&mut stream).await.expect("a request");
        Connection { request, stream }
    }

    /// The next connection with its request read; `None` for one whose client went away first.
    pub async fn accept_if_asked(&self) -> Option<Connection> {
        let mut stream = self.accept_raw().await;
        let request = read_request(&mut stream).await.ok()?;
        Some(Connection { request, stream })
    }

    /// Answers every request from a table of path and (status, body) until dropped; unknown paths
    /// are 404.
    pub fn serve(self, routes: Vec<(&'static str, u16, String)>) -> tokio::task::JoinHandle<()> {
        tokio::spawn(async move {
            loop {
                let connection = self.accept().await;
                let path = connection
                    .request
                    .line
                    .split(' ')
                    .nth(1)
                    .unwrap_or_default();
                let (status, body) = routes
                    .iter()
                    .find(|(route, _, _)| *route == path)
                    .map_or((404, "not found"), |(_, status, body)| (*status, body));
                connection.reply(status, &[], body).await;
            }
        })
    }
}

impl Connection {
    /// A whole answer, then the end of the connection.
    pub async fn reply(mut self, status: u16, headers: &[(&str, &str)], body: &str) {
        let mut head = format!(
            "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n",
            body.len()
        );
        for (name, value) in headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        self.write(format!("{head}\r\n{body}").as_bytes()).await;
    }

    /// The head of a chunked event stream.
    pub async fn open(&mut self) {
        self.open_as("text/event-stream").await;
    }

    /// The head of a chunked answer of some type.
    pub async fn open_as(&mut self, content_type: &str) {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n"
        );
        self.write(head.as_bytes()).await;
    }

    /// One chunk. False when the other side is gone.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        let bytes = bytes.as_ref();
        let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
        chunk.extend_from_slice(bytes);
        chunk.extend_from_slice(b"\r\n");
        self.stream.write_all(&chunk).await.is_ok() && self.stream.flush().await.is_ok()
    }

    /// The proper end of a chunked answer.
    pub async fn finish(mut self) {
        self.write(b"0\r\n\r\n").await;
    }

    /// The connection breaks off here.
    pub fn cut(self) {
        drop(self.stream);
    }

    /// Waits until the other side has closed the connection.
    pub async fn closed(mut self) {
        let mut buffer = [0; 256];
        while !matches!(self.stream.read(&mut buffer).await, Ok(0) | Err(_)) {}
    }

    async fn write(&mut self, bytes: &[u8]) {
        self.stream
            .write_all(bytes)
            .await
            .expect("the client listens");
        self.stream.flush().await.expect("the client listens");
    }
}

async fn read_request(stream: &mut TcpStream) -> io::Result<Received> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        read_more(stream, &mut bytes).await?;
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let mut lines = head.split("\r\n");
    let line = lines.next().unwrap_or_default();
    let line = line.rsplit_once(' ').map_or(line, |(start, _)| start);
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .map_or(0, |(_, value)| value.parse().expect("a length"));
    while bytes.len() < head_end + 4 + length {
        read_more(stream, &mut bytes).await?;
    }
    Ok(Received {
        line: line.to_owned(),
        headers,
        body: String::from_utf8_lossy(&bytes[head_end + 4..]).into_owned(),
    })
}

async fn read_more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = [0; 4096];
    match stream.read(&mut buffer).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => {
            bytes.extend_from_slice(&buffer[..count]);
            Ok(())
        }
    }
}
