//! What repeating a call and going on elsewhere cost of our own time: the time of a call that fails
//! first, without its waits, beside that of one that does not, over real sockets in the same run.
//!
//! `cargo bench --bench retries`. The bar is 5 ms more per failed attempt; the bench ends with an error
//! above it. The waits are those that the calls tell (`retrying in …`).

// A bench that cannot run fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use massgen_tui::protocol::{CallEvent, Context, Message, ToolChoice};
use massgen_tui::provider::chain::{Chain, Link};
use massgen_tui::provider::http::{Client, HttpProvider, Timeouts};
use massgen_tui::provider::retry::Policy;
use massgen_tui::provider::{
    Endpoint, Provider, RateLimit, Request, Shared, StreamEvent, ToolCalling, Wire,
};
use serde_json::{Map, Value};

/// Calls of each kind; the median counts.
const CALLS: usize = 40;
/// The bar for one failed attempt, in milliseconds.
const BAR: f64 = 5.0;

/// How the server answers.
#[derive(Clone, Copy)]
enum Manner {
    /// Every call is served.
    Well,
    /// Every second call is served, the others hear 529.
    BusyFirst,
    /// No call is served.
    NoMoney,
}

fn serve(manner: Manner) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().flatten().enumerate() {
            answer(stream, manner, number);
        }
    });
    format!("http://{address}/v1")
}

fn answer(mut stream: TcpStream, manner: Manner, number: usize) {
    let (mut request, mut piece) = (Vec::new(), [0_u8; 8192]);
    loop {
        let count = stream.read(&mut piece).unwrap_or(0);
        request.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&request).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            assert!(count > 0, "a whole request");
            continue;
        };
        let length = head.split("content-length: ").nth(1).unwrap_or("0");
        let length: usize = length.lines().next().unwrap().trim().parse().unwrap();
        if body.len() >= length {
            break;
        }
    }
    let (status, kind, body) = match manner {
        Manner::BusyFirst if number.is_multiple_of(2) => (
            "529 Busy",
            "application/json",
            r#"{"error":{"message":"overloaded"}}"#,
        ),
        Manner::NoMoney => (
            "402 Payment Required",
            "application/json",
            r#"{"error":{"message":"insufficient balance"}}"#,
        ),
        Manner::Well | Manner::BusyFirst => (
            "200 OK",
            "text/event-stream",
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
        ),
    };
    let length = body.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
}

fn provider(client: &Client, base_url: String) -> HttpProvider {
    let endpoint = Endpoint {
        backend: "bench".into(),
        wire: Wire::Chat,
        base_url,
        model: "bench".into(),
        key: None,
        key_variable: None,
        parameters: Map::<String, Value>::new(),
        tool_calling: ToolCalling::Native,
        local: true,
        price: None,
        rate_limit: RateLimit::default(),
        context: Context::default(),
        manners: massgen_tui::provider::Manners::default(),
    };
    HttpProvider::new(client.clone(), endpoint)
}

/// The time of one call without its waits, and how often it was repeated or went on elsewhere.
async fn once(provider: &dyn Provider) -> (Duration, u32) {
    let request = Request {
        messages: vec![Message::User { text: "Q".into() }],
        tools: Vec::new(),
        choice: ToolChoice::Auto,
    };
    let (mut waited, mut failed, mut served) = (0, 0, false);
    let begun = Instant::now();
    let mut stream = provider.stream(request);
    while let Some(item) = stream.next().await {
        match item.expect("the call is served in the end") {
            StreamEvent::Call(CallEvent::Retrying { wait_ms, .. }) => {
                waited += wait_ms;
                failed += 1;
            }
            StreamEvent::Call(CallEvent::Switched { .. }) => failed += 1,
            StreamEvent::Stop(_) => served = true,
            _ => {}
        }
    }
    assert!(served);
    (
        begun
            .elapsed()
            .saturating_sub(Duration::from_millis(waited)),
        failed,
    )
}

/// The median in milliseconds of calls that each fail `failures` times.
async fn median(name: &str, failures: u32, mut make: impl FnMut() -> Shared) -> f64 {
    let mut times = Vec::new();
    for _ in 0..CALLS {
        let provider = make();
        let (time, failed) = once(provider.as_ref()).await;
        assert_eq!(failed, failures, "{name}");
        times.push(time.as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let policy = Policy {
        base_ms: 2,
        overloaded_base_ms: 2,
        spread_ms: 0,
        ..Policy::default()
    };
    let client = Client::with(Timeouts::default(), policy);
    let (well, busy, poor) = (
        serve(Manner::Well),
        serve(Manner::BusyFirst),
        serve(Manner::NoMoney),
    );
    let plain = |base: &str| -> Shared { Arc::new(provider(&client, base.to_owned())) };
    // The first connection pays for what all share.
    once(plain(&well).as_ref()).await;
    let bare = median("bare", 0, || plain(&well)).await;
    let repeated = median("repeated", 1, || plain(&busy)).await;
    let elsewhere = median("elsewhere", 1, || {
        let link = |name: &str, base: &str| Link {
            name: name.into(),
            provider: plain(base),
        };
        Arc::new(Chain::new(vec![link("one", &poor), link("two", &well)], 1))
    })
    .await;
    println!("| call | ms without waits | more than bare |\n|---|---:|---:|");
    println!("| served at once | {bare:.2} | |");
    let mut fine = true;
    for (name, time) in [
        ("529, repeated once", repeated),
        ("402, goes on elsewhere", elsewhere),
    ] {
        let more = time - bare;
        fine &= more < BAR;
        println!("| {name} | {time:.2} | {more:.2} |");
    }
    assert!(fine, "the bar is {BAR} ms more for a failed attempt");
}
