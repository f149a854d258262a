//! From a request to an answer: who may come in, what is meant, who does it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::{
    Request,
    body::Incoming,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use serde_json::json;
use tokio::time::timeout;

use super::{
    chat, conversation,
    guard::Guard,
    input,
    once::{self, Once, Turn},
    openapi,
    port::{Begun, ExportAsk, ListAsk, Runs as Port, Scope, Wish},
    problem::Problem,
    query::Query,
    reply::{self, Reply},
    routes::{self, About, Access, Chat, Found, Op, Route, Run, Runs},
    running, view,
};
use crate::{
    protocol::{Command, RunId},
    store,
};

/// Largest body of a request.
pub const BODY_LIMIT: usize = 4 * 1024 * 1024;
/// Time for a body to come.
const BODY_TIME: Duration = Duration::from_secs(30);
/// Sessions in a list when nothing is said.
const LISTED: usize = 50;

/// What all connections share.
pub struct House {
    guard: Guard,
    address: SocketAddr,
    runs: Arc<dyn Port>,
    once: Arc<Once>,
}

/// What a request says, after it was admitted and checked.
struct Call {
    route: &'static Route,
    path: String,
    id: Option<String>,
    query: Query,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Call {
    fn run(&self) -> RunId {
        RunId(self.id.clone().unwrap_or_default())
    }
}

impl House {
    /// A house at this address.
    #[must_use]
    pub fn new(guard: Guard, address: SocketAddr, runs: Arc<dyn Port>) -> Self {
        Self {
            guard,
            address,
            runs,
            once: Arc::default(),
        }
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request<Incoming>) -> Reply {
        let form = routes::form(request.uri().path());
        match self.perform(request).await {
            Ok(reply) => reply,
            Err(problem) => reply::problem(&problem, form),
        }
    }

    async fn perform(&self, request: Request<Incoming>) -> Result<Reply, Problem> {
        let found = routes::find(request.method().as_str(), request.uri().path());
        let access = match &found {
            Found::Route(route, _) => route.access,
            Found::Methods(_) | Found::Nothing => Access::Token,
        };
        self.guard.admit(request.headers(), access)?;
        let (route, id) = match found {
            Found::Route(route, id) => (route, id),
            Found::Methods(allow) => {
                let hint = format!("It takes {}.", allow.join(", "));
                let mut problem =
                    Problem::new(405, "wrong-method", "This path takes another method.", hint);
                problem.allow = allow;
                return Err(problem);
            }
            Found::Nothing => {
                let hint = "/openapi.json has all paths.";
                return Err(Problem::new(
                    404,
                    "not-found",
                    "There is no such path.",
                    hint,
                ));
            }
        };
        let query = Query::read(route.params, request.uri().query().unwrap_or_default())?;
        let headers = request.headers().clone();
        let path = request.uri().path().to_owned();
        let body = match route.body {
            Some(_) => body(request).await?,
            None => Vec::new(),
        };
        let call = Call {
            route,
            path,
            id,
            query,
            headers,
            body,
        };
        match route.op {
            Op::About(about) => self.about(about).await,
            Op::Runs(what) => self.runs(what, &call).await,
            Op::Run(what) => self.run(what, &call).await,
            Op::Chat(what) => self.chat(what, &call).await,
        }
    }

    async fn about(&self, about: About) -> Result<Reply, Problem> {
        let body = match about {
            About::Health => json!({"status": "ok"}),
            About::Version => json!({
                "program": "massgen-tui",
                "version": env!("CARGO_PKG_VERSION"),
                "events": store::SCHEMA,
            }),
            About::OpenApi => openapi::document(&format!("http://{}", self.address)),
            About::Teams => view::teams(&self.runs.teams().await?),
        };
        Ok(reply::json(200, &body))
    }

    async fn runs(&self, what: Runs, call: &Call) -> Result<Reply, Problem> {
        match what {
            Runs::List => {
                let ask = ListAsk {
                    filter: call.query.text("filter").unwrap_or_default().to_owned(),
                    scope: match call.query.text("state") {
                        Some("running") => Scope::Running,
                        Some("stored") => Scope::Stored,
                        _ => Scope::All,
                    },
                    limit: call
                        .query
                        .whole("limit")
                        .map_or(LISTED, |limit| limit as usize),
                };
                Ok(reply::json(200, &view::list(&self.runs.list(ask).await?)))
            }
            Runs::Start => {
                let wish = input::read::<input::StartRun>(&call.body)?.wish()?;
                self.start(call, wish).await
            }
        }
    }

    /// Starts what is asked for, with a key only once.
    async fn start(&self, call: &Call, wish: Wish) -> Result<Reply, Problem> {
        let status = call.route.good.status;
        let Some(key) = once::key(&call.headers)? else {
            return Ok(started(status, &self.runs.start(wish).await?));
        };
        match self.once.admit(key, &call.path, &call.body)? {
            Turn::First(ticket) => {
                let begun = self.runs.start(wish).await?;
                ticket.keep(&begun);
                Ok(started(status, &begun))
            }
            Turn::Again(begun) => {
                let mut reply = started(status, &begun);
                let replayed = HeaderName::from_static("idempotent-replayed");
                let value = HeaderValue::from_static("true");
                reply.headers_mut().insert(replayed, value);
                Ok(reply)
            }
        }
    }

    async fn run(&self, what: Run, call: &Call) -> Result<Reply, Problem> {
        let run = call.run();
        let command = match what {
            Run::Get => {
                let picture = self.runs.get(run).await?;
                return Ok(reply::json(200, &view::run(&picture)));
            }
            Run::Events => {
                let seen = running::seen(&call.query, &call.headers);
                return running::events(self.runs.as_ref(), run, seen).await;
            }
            Run::Result => {
                let wait = Duration::from_secs(call.query.whole("wait").unwrap_or_default());
                let picture = running::waited(self.runs.as_ref(), &run, wait).await?;
                return Ok(reply::json(
                    200,
                    &view::result(&picture.summary.run, &picture),
                ));
            }
            Run::Export => {
                let text = |name| call.query.text(name).unwrap_or_default().to_owned();
                let ask = ExportAsk {
                    run,
                    format: text("format"),
                    turns: text("turns"),
                    redact: text("redact"),
                };
                return Ok(reply::file(self.runs.export(ask).await?));
            }
            Run::Steer => input::read::<input::Steer>(&call.body)?.command()?,
            Run::Answer => {
                let (id, reply) = input::read::<input::Answer>(&call.body)?.parts();
                running::is_asked(self.runs.as_ref(), &run, id, &reply).await?;
                Command::Answer { id, reply }
            }
            Run::AnswerNow => Command::AnswerNow,
            Run::Stop => Command::Stop,
            Run::Next => {
                let wish = input::read::<input::StartRun>(&call.body)?.turn_of(run)?;
                return self.start(call, wish).await;
            }
        };
        let run = self.runs.command(run, command).await?;
        let body = json!({"id": run, "taken": true});
        Ok(reply::json(call.route.good.status, &body))
    }

    async fn chat(&self, what: Chat, call: &Call) -> Result<Reply, Problem> {
        match what {
            Chat::Models => {
                let teams = self.runs.teams().await?;
                let names = teams.iter().map(|team| team.id.as_str());
                Ok(reply::json(200, &chat::models(names)))
            }
            Chat::Model => {
                let name = call.id.as_deref().unwrap_or_default();
                let teams = self.runs.teams().await?;
                if !teams.iter().any(|team| team.id == name) {
                    return Err(conversation::unknown(name));
                }
                Ok(reply::json(200, &chat::model(name)))
            }
            Chat::Completions => {
                let asked = input::read::<chat::Ask>(&call.body)?.asked()?;
                conversation::answer(Arc::clone(&self.runs), asked).await
            }
        }
    }
}

/// A turn that has begun, and where it can be followed.
fn started(status: u16, begun: &Begun) -> Reply {
    let path = format!("/api/v1/runs/{}", begun.run);
    let body = json!({"id": begun.run, "after": begun.after, "notes": begun.notes, "links": {
        "self": path,
        "events": format!("{path}/events"),
        "result": format!("{path}/result"),
        "stop": format!("{path}/stop"),
    }});
    let mut reply = reply::json(status, &body);
    if let Ok(value) = path.parse() {
        reply.headers_mut().insert(header::LOCATION, value);
    }
    reply
}

/// The body of a request, when it is JSON of a bounded size that comes in time.
async fn body(request: Request<Incoming>) -> Result<Vec<u8>, Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let media = kind.split(';').next().unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(
            415,
            "no-json",
            "The body is not said to be JSON.",
            "Send `Content-Type: application/json`.",
        ));
    }
    let large = || {
        let detail = format!("The body is larger than {} MiB.", BODY_LIMIT >> 20);
        Problem::new(
            413,
            "too-large",
            detail,
            "Put long texts into files of a folder.",
        )
    };
    let told = request.headers().get(header::CONTENT_LENGTH);
    let told = told.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if told.is_some_and(|length| length > BODY_LIMIT) {
        return Err(large());
    }
    let collected = Limited::new(request.into_body(), BODY_LIMIT).collect();
    match timeout(BODY_TIME, collected).await {
        Ok(Ok(body)) => Ok(body.to_bytes().to_vec()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(large()),
        Ok(Err(error)) => Err(Problem::wrong(
            format!("The body broke off: {error}."),
            "Send it again.",
        )),
        Err(_) => Err(Problem::new(
            408,
            "too-slow",
            "The body did not come in time.",
            "Send it again.",
        )),
    }
}
