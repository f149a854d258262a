//! A start that is sent twice is done once: `Idempotency-Key`.
//!
//! A client that heard no answer sends the same request with the same key again and is told what the first
//! came to. A key is bound to the bytes that came with it; what was refused is forgotten, so that it can be
//! tried again. Kept in this process only: the newest [`MOST`], and every start that is under way.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use hyper::header::HeaderMap;

use super::{
    port::Begun,
    problem::Problem,
    routes::{Kind, LONGEST_KEY},
};
use crate::export::sha256;

/// The header.
const HEADER: &str = "idempotency-key";
/// Starts that are remembered.
const MOST: usize = 1024;

/// The sum over a request.
type Sum = [u8; 32];

/// Starts by key.
#[derive(Debug, Default)]
pub struct Once(Mutex<VecDeque<Known>>);

#[derive(Debug)]
struct Known {
    key: String,
    sum: Sum,
    /// What it came to; `None` while it is under way.
    begun: Option<Begun>,
}

/// What a request with a key is.
#[derive(Debug)]
pub enum Turn {
    /// The first of its key.
    First(Ticket),
    /// One that was done before.
    Again(Begun),
}

/// A start that is under way; forgotten when it is dropped without having come to anything.
#[derive(Debug)]
pub struct Ticket {
    once: Arc<Once>,
    key: String,
}

/// The key of a request, if it has one.
///
/// # Errors
/// It is no key, or there are several.
pub fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut given = headers.get_all(HEADER).iter();
    let Some(value) = given.next() else {
        return Ok(None);
    };
    let key = value.to_str().ok().filter(|key| Kind::Key.fits(key));
    match (key, given.next()) {
        (Some(key), None) => Ok(Some(key.to_owned())),
        _ => Err(Problem::wrong(
            "The `Idempotency-Key` does not fit.",
            format!(
                "Send one of 1 to {LONGEST_KEY} visible ASCII characters, for example a random UUID."
            ),
        )),
    }
}

impl Once {
    /// Whether this request is the first of its key.
    ///
    /// # Errors
    /// The first is still under way, or was another request.
    pub fn admit(self: &Arc<Self>, key: String, path: &str, body: &[u8]) -> Result<Turn, Problem> {
        let sum = sha256(&[path.as_bytes(), b"\n", body].concat());
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = known.iter().find(|one| one.key == key) {
            if before.sum != sum {
                return Err(Problem::new(
                    422,
                    "key-used",
                    "This `Idempotency-Key` was used for another request.",
                    "Take a new key for a new request; the same one only for the same path and body.",
                ));
            }
            return before.begun.clone().map(Turn::Again).ok_or_else(|| {
                Problem::new(
                    409,
                    "under-way",
                    "A request with this `Idempotency-Key` is under way.",
                    "Send it again in a moment.",
                )
            });
        }
        if known.len() >= MOST
            && let Some(oldest) = known.iter().position(|one| one.begun.is_some())
        {
            known.remove(oldest);
        }
        known.push_back(Known {
            key: key.clone(),
            sum,
            begun: None,
        });
        let once = Arc::clone(self);
        Ok(Turn::First(Ticket { once, key }))
    }
}

impl Ticket {
    /// It came to this, and will whenever it is asked for again.
    pub fn keep(self, begun: &Begun) {
        let mut known = self.once.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(one) = known.iter_mut().find(|one| one.key == self.key) {
            one.begun = Some(begun.clone());
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut known = self.once.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|one| one.key != self.key || one.begun.is_some());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{RunId, Seq};

    fn begun(run: &str) -> Begun {
        Begun {
            run: RunId(run.into()),
            after: Seq(0),
            notes: Vec::new(),
        }
    }

    #[test]
    fn the_same_request_is_done_once_and_another_is_refused() {
        let once = Arc::new(Once::default());
        let admit = |path: &str, body: &str| once.admit("k".into(), path, body.as_bytes());
        let Ok(Turn::First(first)) = admit("/runs", "{}") else {
            panic!("the first");
        };
        assert_eq!(admit("/runs", "{}").unwrap_err().status, 409);
        drop(first);
        let Ok(Turn::First(first)) = admit("/runs", "{}") else {
            panic!("what came to nothing is forgotten");
        };
        first.keep(&begun("r"));
        assert!(matches!(admit("/runs", "{}"), Ok(Turn::Again(again)) if again == begun("r")));
        assert_eq!(admit("/runs", "{ }").unwrap_err().status, 422);
        assert_eq!(admit("/runs/r/turns", "{}").unwrap_err().status, 422);
    }

    #[test]
    fn the_oldest_is_forgotten_and_never_one_under_way() {
        let once = Arc::new(Once::default());
        let Ok(Turn::First(_going)) = once.admit("going".into(), "", b"") else {
            panic!("the first");
        };
        for number in 0..MOST + 5 {
            if let Ok(Turn::First(ticket)) = once.admit(number.to_string(), "", b"") {
                ticket.keep(&begun("r"));
            }
        }
        assert!(once.0.lock().unwrap().len() <= MOST);
        assert!(matches!(
            once.admit("0".into(), "", b""),
            Ok(Turn::First(_))
        ));
        let last = (MOST + 4).to_string();
        assert!(matches!(once.admit(last, "", b""), Ok(Turn::Again(_))));
        let going = once.admit("going".into(), "", b"");
        assert_eq!(going.unwrap_err().status, 409);
    }

    #[test]
    fn a_key_is_one_visible_word() {
        let read = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(HEADER, value.parse().unwrap());
            }
            key(&headers).map_err(|problem| problem.status)
        };
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["abc"]), Ok(Some("abc".into())));
        for wrong in [&[""][..], &["a b"], &["a", "b"]] {
            assert_eq!(read(wrong), Err(400), "{wrong:?}");
        }
    }
}
