//! Trouble of listeners, told in the session that they listen to.
//!
//! Of one kind only the first is told: a notice is an event that hooks may want to hear of, and must not
//! become a circle. A session never waits for it; what finds no room or no session stands in the records.

use tokio::sync::mpsc;

use crate::engine::Session;

/// Troubles that may wait to be told.
const WAITING: usize = 16;

/// Tells the first trouble of its kind.
#[derive(Clone, Debug)]
pub struct Teller {
    sender: mpsc::Sender<String>,
    told: bool,
}

impl Teller {
    /// One of a session, and what it tells.
    #[must_use]
    pub fn new() -> (Self, mpsc::Receiver<String>) {
        let (sender, told) = mpsc::channel(WAITING);
        let teller = Self {
            sender,
            told: false,
        };
        (teller, told)
    }

    /// Tells it, if nothing was told before.
    pub fn first(&mut self, words: impl FnOnce() -> String) {
        if !std::mem::replace(&mut self.told, true) {
            // Without room there is trouble enough on the screen.
            let _ = self.sender.try_send(words());
        }
    }
}

/// Puts what is told into the session as warnings, until nobody listens to it any more.
pub fn pass_on(told: Option<mpsc::Receiver<String>>, session: &Session) {
    if let Some(mut told) = told {
        let aside = session.aside.clone();
        tokio::spawn(async move {
            while let Some(words) = told.recv().await {
                aside.warn(words).await;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_of_its_kind_is_told() {
        let (mut one, mut told) = Teller::new();
        let mut other = one.clone();
        one.first(|| "a".to_owned());
        one.first(|| "b".to_owned());
        other.first(|| "c".to_owned());
        assert_eq!(told.try_recv().unwrap(), "a");
        assert_eq!(told.try_recv().unwrap(), "c");
        assert!(told.try_recv().is_err());
    }
}
