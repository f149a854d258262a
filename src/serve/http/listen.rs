//! Connections: HTTP/1.1 on the loopback interface, bounded in number, size and time.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::{JoinHandle, JoinSet},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{guard::Guard, handle::House, patient::Patient, port::Runs, token::Token};
use crate::protocol::{Failure, FailureKind};

/// Time for the head of a request, and for another request on an idle connection.
const HEAD: Duration = Duration::from_secs(30);
/// Time for a client to take anything at all of what it is given.
const TAKE: Duration = Duration::from_mins(1);
/// Time for what is going on when the server ends.
const GRACE: Duration = Duration::from_secs(3);
/// What a connection too many is told.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n";

/// How to run a server.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; a loopback address. Port 0 takes a free one.
    pub address: SocketAddr,
    /// The token every request needs.
    pub token: Token,
    /// Connections at the same time.
    pub connections: usize,
}

/// A running server. Dropping it ends it at once.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts it on the current tokio runtime.
    ///
    /// # Errors
    /// An address that is not of the loopback interface, or cannot be had.
    pub async fn start(options: Options, runs: Arc<dyn Runs>) -> Result<Self, Failure> {
        let wanted = options.address;
        if !wanted.ip().is_loopback() {
            let message = format!("{} is no address of the loopback interface.", wanted.ip());
            return Err(Failure::new(FailureKind::Request, message).hint(
                "Only 127.0.0.1 and ::1 are listened on. From another machine, come through ssh -L.",
            ));
        }
        let trouble = |error: std::io::Error| {
            let message = format!("{wanted} cannot be listened on: {error}.");
            Failure::new(FailureKind::Local, message)
                .hint("Choose another port with --port, or 0 for any free one.")
        };
        let listener = TcpListener::bind(wanted).await.map_err(trouble)?;
        let address = listener.local_addr().map_err(trouble)?;
        let house = House::new(Guard::new(options.token, address), address, runs);
        let stop = CancellationToken::new();
        let room = Arc::new(Semaphore::new(options.connections.max(1)));
        let task = tokio::spawn(accept(listener, Arc::new(house), room, stop.clone()));
        Ok(Self {
            address,
            stop,
            task: Some(task),
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address for clients.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Takes no more connections, lets answers that are under way be finished for a moment, and ends.
    pub async fn close(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            // It ends by itself within its grace.
            let _ = task.await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn accept(
    listener: TcpListener,
    house: Arc<House>,
    room: Arc<Semaphore>,
    stop: CancellationToken,
) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let Ok(permit) = Arc::clone(&room).try_acquire_owned() else {
                    // Whether it reads this or not, it is not served.
                    let _ = stream.try_write(FULL);
                    continue;
                };
                let (house, stop) = (Arc::clone(&house), stop.clone());
                connections.spawn(async move {
                    serve(stream, house, stop).await;
                    drop(permit);
                });
            }
            // Too many open files: a moment later there may be fewer.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(GRACE, all).await;
}

async fn serve(stream: TcpStream, house: Arc<House>, stop: CancellationToken) {
    // Small frames must leave at once; without it they wait for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let house = Arc::clone(&house);
        async move { Ok::<_, Infallible>(house.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(Patient::new(stream, TAKE)), service);
    let mut connection = std::pin::pin!(connection);
    // An error here is a client that left or was too slow: it ends the connection, as meant.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
