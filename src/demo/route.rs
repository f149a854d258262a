//! Where a request goes: paths, models, and the script's reaction, without any socket.
//!
//! Paths are those of real servers, either plain (`/v1/…`, `/v1beta/…`) or below `/s/<session>`, which keeps runs
//! apart that share one server. Which scenario is played follows from the model id alone.

use std::sync::Arc;

use serde_json::Value;

use super::{
    analyst,
    cast::{Commit, Cue, Reply, Turn},
    director::{Director, Part},
    guest, library,
    offer::Offer,
    pace::Speed,
    player::Setting,
    score::Score,
    script::{Actor, Scenario},
    wire::{self, Ask, Family, Frames, WireMessage},
};

/// Session of requests whose path names none.
const COMMON: &str = "common";

/// Longest session name taken from a path.
const SESSION_CHARS: usize = 64;

/// A known path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Session.
    pub session: String,
    /// What is asked for.
    pub place: Place,
    /// In which API.
    pub family: Family,
}

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `/models`
    Models,
    /// `/models/ID`
    Model(String),
    /// A call of a model; the model itself where the path names it.
    Call(Option<String>),
    /// A conversation to be made smaller.
    Compact,
}

impl Route {
    /// Reads a path; `None` when there is nothing there.
    #[must_use]
    pub fn read(path: &str) -> Option<Self> {
        let (session, rest) = match path.strip_prefix("/s/") {
            Some(below) => below.split_once('/')?,
            None => (COMMON, path.strip_prefix('/')?),
        };
        if session.is_empty() || session.len() > SESSION_CHARS {
            return None;
        }
        let (family, place) = match rest.split_once('/')? {
            ("v1", "models") => (Family::Chat, Place::Models),
            ("v1", "chat/completions") => (Family::Chat, Place::Call(None)),
            ("v1", "responses") => (Family::Responses, Place::Call(None)),
            ("v1", "responses/compact") => (Family::Responses, Place::Compact),
            ("v1", "messages") => (Family::Messages, Place::Call(None)),
            ("v1", other) => {
                let model = other.strip_prefix("models/")?.to_owned();
                (Family::Chat, Place::Model(model))
            }
            ("v1beta", "models") => (Family::Gemini, Place::Models),
            ("v1beta", other) => {
                let model = other.strip_prefix("models/")?;
                let place = match model.strip_suffix(":streamGenerateContent") {
                    Some(model) => Place::Call(Some(model.to_owned())),
                    None => Place::Model(model.to_owned()),
                };
                (Family::Gemini, place)
            }
            _ => return None,
        };
        Some(Self {
            session: session.to_owned(),
            place,
            family,
        })
    }
}

/// An error answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: Value,
    /// `Retry-After` in seconds.
    pub retry_after: Option<u32>,
}

impl Refusal {
    /// An error of the request, in the shape of a family.
    #[must_use]
    pub fn new(family: Family, status: u16, message: &str, code: &str) -> Self {
        let kind = "invalid_request_error";
        Self {
            status,
            body: wire::error(family, status, message, kind, Some(code)),
            retry_after: None,
        }
    }
}

/// What to answer to a call of a model.
#[derive(Debug)]
pub enum Answer {
    /// A stream of frames.
    Stream(Reply, Setting),
    /// One object.
    Whole {
        /// The reply.
        reply: Reply,
        /// Its body.
        body: Value,
        /// For the commit.
        setting: Setting,
    },
    /// An error.
    Refused(Refusal),
    /// Nothing, ever.
    Silence,
}

/// The script behind the server.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Memory of the sessions.
    pub director: Director,
    /// Pace.
    pub speed: Speed,
    /// The only scenario; any when `None`.
    pub scenario: Option<Arc<Scenario>>,
}

impl Stage {
    /// Ids of the models on offer: the agents of the only scenario, or those of all.
    #[must_use]
    pub fn models(&self) -> Vec<String> {
        let scenarios = self
            .scenario
            .as_ref()
            .map_or(library::all(), std::slice::from_ref);
        scenarios.iter().flat_map(|one| one.models()).collect()
    }

    /// The scenario and the agent that a model id names: its `script-…` id, which is unique, or
    /// `demo/<scenario>/<agent>`.
    fn cast(&self, model: &str) -> Option<(Arc<Scenario>, String)> {
        if let Some(path) = model.strip_prefix("demo/") {
            let (scenario, agent) = path.split_once('/')?;
            let scenario = match &self.scenario {
                Some(only) => Some(Arc::clone(only)).filter(|only| only.name == scenario),
                None => library::load(scenario),
            }?;
            let named = |actor: &&Actor| actor.name == agent;
            let agent = scenario.agents.iter().find(named)?.name.clone();
            return Some((scenario, agent));
        }
        let scenarios = self
            .scenario
            .as_ref()
            .map_or(library::all(), std::slice::from_ref);
        scenarios.iter().find_map(|scenario| {
            let (scenario, agent) = scenario.cast(model)?;
            Some((Arc::new(scenario), agent))
        })
    }

    /// Makes a conversation smaller, as far as a script can: the first words stay, and a mark stands for
    /// all the rest. The script itself forgets nothing.
    ///
    /// # Errors
    /// The request is none, or no script has its model.
    pub fn compact(&self, family: Family, body: &[u8], number: u64) -> Result<Value, Refusal> {
        let request: Value = serde_json::from_slice(body).map_err(|error| {
            let message = format!("We could not read the JSON body of your request: {error}");
            Refusal::new(family, 400, &message, "invalid_json")
        })?;
        let model = request["model"].as_str().unwrap_or_default();
        if self.cast(model).is_none() {
            let model: String = model.chars().take(80).collect();
            let message = format!("The model `{model}` does not exist; GET /v1/models lists all.");
            return Err(Refusal::new(family, 404, &message, "model_not_found"));
        }
        wire::compacted(family, &request, number)
            .map_err(|message| Refusal::new(family, 400, &message, "invalid_request"))
    }

    /// Answers a call of a model, and tells in a few words how. `number` makes ids unique.
    pub async fn call(&self, route: &Route, body: &[u8], number: u64) -> (Answer, String) {
        let family = route.family;
        let model = match &route.place {
            Place::Call(model) => model.as_deref(),
            Place::Models | Place::Model(_) | Place::Compact => None,
        };
        let request = match Ask::read(family, model, body) {
            Ok(request) => request,
            Err(error) => {
                let message = format!("We could not read the JSON body of your request: {error}");
                let refusal = Refusal::new(family, 400, &message, "invalid_json");
                return (Answer::Refused(refusal), "unreadable body".into());
            }
        };
        let prefix = || format!("call_{number}");
        if analyst::is_meant(&request.model) {
            let score = analyst::reply(&request, prefix());
            let note = "the script that reads logs".to_owned();
            return (self.apart(route, &request, number, score), note);
        }
        if guest::is_meant(&request.model) {
            let score = guest::reply(&request, prefix());
            let note = "the script that calls a team".to_owned();
            return (self.apart(route, &request, number, score), note);
        }
        let Some((scenario, agent)) = self.cast(&request.model) else {
            let model: String = request.model.chars().take(80).collect();
            let message = format!("The model `{model}` does not exist; GET /v1/models lists all.");
            let refusal = Refusal::new(family, 404, &message, "model_not_found");
            return (Answer::Refused(refusal), format!("unknown model {model:?}"));
        };
        let who = format!("{}/{agent}", scenario.name);
        let part = Part {
            session: route.session.clone(),
            scenario: scenario.name.clone(),
            agent,
        };
        let offer = Offer::read(&request, &scenario);
        let ledger = self.director.ledger(part.clone());
        let turn = self.director.play(part, scenario, offer).await;
        let note = match &turn {
            None => format!("{who}: stopping"),
            Some(Turn::Hang) => format!("{who}: silence"),
            Some(Turn::Status { code, .. }) => format!("{who}: scripted status {code}"),
            Some(Turn::Reply(reply)) => format!("{who}: {}", reply.words()),
        };
        let setting = Setting {
            frames: Frames::new(family, &request, number),
            prompt_tokens: prompt_tokens(&request),
            ledger,
            speed: self.speed,
        };
        (perform(turn, family, &request, setting), note)
    }

    /// The reply of a script that is no part of a team and remembers nothing.
    fn apart(&self, route: &Route, request: &Ask, number: u64, score: Score) -> Answer {
        let reply = Reply {
            score,
            commit: Commit::Said(Cue::Aside),
            cut: None,
        };
        let part = Part {
            session: route.session.clone(),
            scenario: request.model.clone(),
            agent: String::new(),
        };
        let setting = Setting {
            frames: Frames::new(route.family, request, number),
            prompt_tokens: prompt_tokens(request),
            ledger: self.director.ledger(part),
            speed: self.speed,
        };
        perform(Some(Turn::Reply(reply)), route.family, request, setting)
    }
}

fn perform(turn: Option<Turn>, family: Family, request: &Ask, setting: Setting) -> Answer {
    match turn {
        None => {
            let message = "The demo server is stopping.";
            Answer::Refused(Refusal::new(family, 503, message, "stopping"))
        }
        Some(Turn::Hang) => Answer::Silence,
        Some(Turn::Status {
            code,
            message,
            retry_after,
        }) => Answer::Refused(Refusal {
            status: code,
            body: wire::status_error(family, code, &message),
            retry_after,
        }),
        Some(Turn::Reply(reply)) if request.stream => Answer::Stream(reply, setting),
        Some(Turn::Reply(reply)) => {
            let body = setting.frames.clone().whole(
                &reply.score.deltas(),
                reply.score.finish(),
                reply.score.tokens(setting.prompt_tokens),
            );
            Answer::Whole {
                reply,
                body,
                setting,
            }
        }
    }
}

/// Characters of the conversation divided by four, less what is left out.
fn prompt_tokens(request: &Ask) -> u64 {
    let texts = request.messages.iter().map(WireMessage::text);
    let all = texts.map(|text| text.chars().count() as u64).sum::<u64>() / 4;
    all.saturating_sub(request.left_out())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read() {
        let route = |path: &str| Route::read(path);
        let plain = route("/v1/models").unwrap();
        assert_eq!(plain.session, COMMON);
        assert_eq!(plain.place, Place::Models);
        let named = route("/s/7/v1/chat/completions").unwrap();
        assert_eq!(named.session, "7");
        assert_eq!(
            (named.place, named.family),
            (Place::Call(None), Family::Chat)
        );
        let model = route("/v1/models/demo/quick/birch").unwrap();
        assert_eq!(model.place, Place::Model("demo/quick/birch".into()));
        for (path, family) in [
            ("/v1/responses", Family::Responses),
            ("/s/7/v1/messages", Family::Messages),
        ] {
            assert_eq!(route(path).unwrap().family, family, "{path}");
        }
        let google = route("/v1beta/models/script-a:streamGenerateContent").unwrap();
        assert_eq!(google.place, Place::Call(Some("script-a".into())));
        assert_eq!(
            route("/s/7/v1/responses/compact").unwrap().place,
            Place::Compact
        );
        for nothing in [
            "/",
            "",
            "/v1",
            "/v2/models",
            "/s/v1/models",
            "/s//v1/models",
        ] {
            assert_eq!(route(nothing), None, "{nothing}");
        }
    }
}
