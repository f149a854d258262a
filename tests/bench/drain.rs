//! The baseline of a run: a client that asks the same server for the same streams and does no more
//! than print what it gets, as `cat` would. What it costs, nobody can save.

use std::{
    io::{self, Read as _, Write as _},
    net::TcpStream,
    thread,
};

/// Asks each model once and prints the raw replies. `host` is `127.0.0.1:PORT`.
pub fn run(host: &str, token: &str, models: &[String]) -> ! {
    thread::scope(|scope| {
        for model in models {
            scope.spawn(move || {
                // A baseline that fails shows as a missing figure.
                let _ = stream(host, token, model);
            });
        }
    });
    println!("\nDRAINED");
    // Its figures are read from /proc while it lives; whoever started it ends it.
    loop {
        thread::park();
    }
}

fn stream(host: &str, token: &str, model: &str) -> io::Result<()> {
    let body = format!(
        "{{\"model\":\"{model}\",\"stream\":true,\"messages\":[{{\"role\":\"user\",\"content\":\"x\"}}],\
         \"tools\":[{{\"type\":\"function\",\"function\":{{\"name\":\"new_answer\"}}}}]}}"
    );
    let mut socket = TcpStream::connect(host)?;
    write!(
        socket,
        "POST /s/drain/v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = socket.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        io::stdout().lock().write_all(&buffer[..count])?;
    }
}
