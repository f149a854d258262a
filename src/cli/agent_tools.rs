//! `massgen-tui agent-tools`: what a command-line agent starts as its tool server.
//!
//! Passes bytes between its own standard input and output and the socket of the program that runs the
//! team. Knows nothing of what they mean; ends when either side does.

use std::path::PathBuf;

use tokio::{io, net::UnixStream};

use super::{ERROR, complain};

/// Arguments of `agent-tools`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The socket.
    #[arg(long, value_name = "PATH")]
    pub socket: PathBuf,
}

/// Passes bytes until one side is through.
pub async fn run(args: &Args) -> u8 {
    let stream = match UnixStream::connect(&args.socket).await {
        Ok(stream) => stream,
        Err(error) => {
            complain(&format!(
                "No team at {}: {error}. This command is for the agents of a running team.",
                args.socket.display()
            ));
            return ERROR;
        }
    };
    let (mut read, mut write) = stream.into_split();
    let (mut input, mut output) = (io::stdin(), io::stdout());
    tokio::select! {
        _ = io::copy(&mut input, &mut write) => {}
        _ = pass(&mut read, &mut output) => {}
    }
    0
}

/// Every piece is handed over as it comes: the other side waits for it.
async fn pass(
    read: &mut (impl io::AsyncRead + Unpin),
    output: &mut (impl io::AsyncWrite + Unpin),
) -> io::Result<()> {
    use io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut bytes = [0_u8; 8192];
    loop {
        let count = read.read(&mut bytes).await?;
        let Some(new) = bytes.get(..count).filter(|new| !new.is_empty()) else {
            return Ok(());
        };
        output.write_all(new).await?;
        output.flush().await?;
    }
}
