//! What a client hears while a call runs: progress of the call, and log messages.

use std::{
    sync::atomic::{AtomicU8, Ordering},
    time::Duration,
};

use rmcp::{
    Peer, RoleServer,
    model::{
        LoggingLevel, LoggingMessageNotificationParam, ProgressNotificationParam, ProgressToken,
    },
    service::RequestContext,
};
use serde_json::json;
use tokio::time::timeout;

/// Longest wait for a client that does not read; what it misses is in the log.
const PATIENCE: Duration = Duration::from_secs(2);

/// Progress of one call, when the client wants to hear it.
pub struct Progress {
    token: Option<ProgressToken>,
    told: u64,
}

impl Progress {
    /// Of this request.
    pub fn new(context: &RequestContext<RoleServer>) -> Self {
        Self {
            token: context.meta.get_progress_token(),
            told: 0,
        }
    }

    /// How many pieces were told.
    pub const fn told(&self) -> u64 {
        self.told
    }
}

/// From which weight on log messages are sent.
pub struct Logged(AtomicU8);

impl Default for Logged {
    fn default() -> Self {
        Self(AtomicU8::new(weight(LoggingLevel::Notice)))
    }
}

impl Logged {
    /// The client's wish.
    pub fn set(&self, level: LoggingLevel) {
        self.0.store(weight(level), Ordering::Relaxed);
    }

    fn wants(&self, level: LoggingLevel) -> bool {
        weight(level) >= self.0.load(Ordering::Relaxed)
    }
}

const fn weight(level: LoggingLevel) -> u8 {
    match level {
        LoggingLevel::Debug => 0,
        LoggingLevel::Info => 1,
        LoggingLevel::Notice => 2,
        LoggingLevel::Warning => 3,
        LoggingLevel::Error => 4,
        LoggingLevel::Critical => 5,
        LoggingLevel::Alert => 6,
        LoggingLevel::Emergency => 7,
    }
}

/// Where news of a call go.
pub struct News {
    /// Progress.
    pub progress: Progress,
    /// Log messages.
    pub logged: std::sync::Arc<Logged>,
    /// The client.
    pub peer: Peer<RoleServer>,
}

impl News {
    /// Tells how the call goes. A client that does not read misses it.
    pub async fn progress(&mut self, message: String) {
        let Some(token) = self.progress.token.clone() else {
            return;
        };
        self.progress.told += 1;
        let news = ProgressNotificationParam::new(token, self.progress.told as f64);
        let news = news.with_message(message);
        let _ = timeout(PATIENCE, self.peer.notify_progress(news)).await;
    }

    /// A log message.
    pub async fn log(&self, level: LoggingLevel, message: &str) {
        if !self.logged.wants(level) {
            return;
        }
        let news = LoggingMessageNotificationParam::new(level, json!({ "message": message }));
        let news = news.with_logger("massgen-tui");
        let _ = timeout(PATIENCE, self.peer.notify_logging_message(news)).await;
    }
}
