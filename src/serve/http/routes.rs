//! What can be asked: the types of the one table ([`super::table`]) from which dispatch, checks of
//! parameters and the `OpenAPI` document are made, so that they cannot disagree.

use super::table::ROUTES;
use crate::text::percent::decoded;

/// How something is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// To know something.
    Get,
    /// To do something.
    Post,
}

impl Verb {
    /// As it stands in a request.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// Whether the token is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// For everybody on this machine: nothing is told that the program's documentation does not tell.
    Open,
    /// With the token.
    Token,
}

/// In which form errors are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// RFC 9457.
    Problem,
    /// OpenAI's.
    OpenAi,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// The server itself.
    About(About),
    /// Runs as a whole.
    Runs(Runs),
    /// One run.
    Run(Run),
    /// OpenAI's paths.
    Chat(Chat),
}

/// Questions about the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Does it live?
    Health,
    /// Which version?
    Version,
    /// What can be asked?
    OpenApi,
    /// Which teams are there?
    Teams,
}

/// Runs as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// Start one.
    Start,
    /// List them.
    List,
}

/// One run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// How it is.
    Get,
    /// What happens.
    Events,
    /// What came of it.
    Result,
    /// As a file.
    Export,
    /// A message to its agents.
    Steer,
    /// An answer to a question of an agent.
    Answer,
    /// No more work: vote, present.
    AnswerNow,
    /// Stop.
    Stop,
    /// A further task.
    Next,
}

/// OpenAI's paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chat {
    /// Teams as models.
    Models,
    /// One of them.
    Model,
    /// A conversation.
    Completions,
}

/// Something that can be asked.
#[derive(Debug)]
pub struct Route {
    /// GET or POST.
    pub verb: Verb,
    /// Path; `{id}` is the only part that varies.
    pub path: &'static str,
    /// What it is.
    pub op: Op,
    /// Whether the token is needed.
    pub access: Access,
    /// Name for clients that are generated.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub about: &'static str,
    /// Parameters of path and query.
    pub params: &'static [Param],
    /// Schema of the body.
    pub body: Option<&'static str>,
    /// The good answer: status, media types, schema (none: any text or bytes).
    pub good: Good,
    /// Further statuses beside those that every route may give.
    pub also: &'static [u16],
}

impl Route {
    /// In which form its errors are told.
    #[must_use]
    pub fn form(&self) -> Form {
        form(self.path)
    }
}

/// In which form errors of a path are told.
#[must_use]
pub fn form(path: &str) -> Form {
    if path.starts_with("/v1/") {
        Form::OpenAi
    } else {
        Form::Problem
    }
}

/// A good answer.
#[derive(Clone, Copy, Debug)]
pub struct Good {
    /// Status.
    pub status: u16,
    /// What it is.
    pub about: &'static str,
    /// Media types.
    pub media: &'static [&'static str],
    /// Schema of JSON.
    pub schema: Option<&'static str>,
}

/// A parameter.
#[derive(Debug)]
pub struct Param {
    /// Name.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
    /// What it may be.
    pub kind: Kind,
    /// What it means.
    pub about: &'static str,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the path.
    Path,
    /// Behind the question mark.
    Query,
    /// In a header.
    Header,
}

/// What a parameter may be.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// The name of a session.
    Id,
    /// The name of a model.
    Model,
    /// What a client calls a request that it may send again.
    Key,
    /// A text of at most so many characters.
    Text(usize),
    /// A whole number.
    Whole {
        /// Least.
        min: u64,
        /// Most.
        max: u64,
    },
    /// One of these words.
    Word(&'static [&'static str]),
}

/// Longest key of a request.
pub const LONGEST_KEY: usize = 255;
/// Longest name of a session or a model.
pub const LONGEST_NAME: usize = 128;

impl Kind {
    /// Whether a value fits.
    #[must_use]
    pub fn fits(self, value: &str) -> bool {
        let named = |also: &str| {
            !value.is_empty()
                && value.len() <= LONGEST_NAME
                && value
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || also.contains(c))
        };
        match self {
            Self::Id => named("._-"),
            Self::Model => named("._:/-"),
            Self::Key => {
                (1..=LONGEST_KEY).contains(&value.len())
                    && value.bytes().all(|byte| byte.is_ascii_graphic())
            }
            Self::Text(longest) => value.chars().count() <= longest,
            Self::Whole { min, max } => {
                let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
                digits
                    && value
                        .parse()
                        .is_ok_and(|number| (min..=max).contains(&number))
            }
            Self::Word(words) => words.contains(&value),
        }
    }
}

/// A path that exists, or what stands in its way.
#[derive(Debug)]
pub enum Found {
    /// This, with the part that varies.
    Route(&'static Route, Option<String>),
    /// Only these methods.
    Methods(Vec<&'static str>),
    /// Nothing.
    Nothing,
}

/// What a method and a path mean.
#[must_use]
pub fn find(method: &str, path: &str) -> Found {
    let mut allowed = Vec::new();
    for route in ROUTES {
        let Some(Varying(id)) = matched(route, path) else {
            continue;
        };
        if route.verb.name() == method {
            return Found::Route(route, id);
        }
        allowed.push(route.verb.name());
    }
    if allowed.is_empty() {
        Found::Nothing
    } else {
        Found::Methods(allowed)
    }
}

/// The part of a path that varies, where one does.
struct Varying(Option<String>);

/// `Some` when the path is that of the route, with the part that varies.
fn matched(route: &Route, path: &str) -> Option<Varying> {
    let Some((before, after)) = route.path.split_once("{id}") else {
        return (route.path == path).then_some(Varying(None));
    };
    let id = path.strip_prefix(before)?.strip_suffix(after)?;
    let id = decoded(id)?;
    let param = route.params.iter().find(|param| param.name == "id")?;
    param.kind.fits(&id).then_some(Varying(Some(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_their_routes() {
        let named = |method: &str, path: &str| match find(method, path) {
            Found::Route(route, id) => format!("{} {}", route.name, id.unwrap_or_default()),
            Found::Methods(methods) => methods.join(", "),
            Found::Nothing => "nothing".to_owned(),
        };
        for (method, path, expected) in [
            ("GET", "/health", "health "),
            ("POST", "/health", "GET"),
            ("PUT", "/api/v1/runs", "GET, POST"),
            (
                "GET",
                "/api/v1/runs/20261121-1-abcd",
                "getRun 20261121-1-abcd",
            ),
            ("GET", "/api/v1/runs/a/events", "streamEvents a"),
            ("GET", "/api/v1/runs/a%2Fb", "nothing"),
            ("GET", "/api/v1/runs/..%2f..%2fetc/events", "nothing"),
            ("GET", "/api/v1/runs//events", "nothing"),
            ("GET", "/v1/models/demo%3Aquick", "getModel demo:quick"),
            ("GET", "/v1/models/demo:quick", "getModel demo:quick"),
            ("GET", "/v1/models/team/mixed", "getModel team/mixed"),
            ("GET", "/v1/models/team%2Fmixed", "getModel team/mixed"),
            ("POST", "/api/v1/runs/a/turns", "nextTurn a"),
            ("GET", "/api/v1/runs/", "nothing"),
            ("GET", "/", "nothing"),
        ] {
            assert_eq!(named(method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn values_fit_or_not() {
        let whole = Kind::Whole { min: 1, max: 10 };
        for (kind, value, fits) in [
            (whole, "1", true),
            (whole, "10", true),
            (whole, "11", false),
            (whole, "0", false),
            (whole, "+1", false),
            (whole, "", false),
            (Kind::Text(2), "äö", true),
            (Kind::Text(2), "abc", false),
            (Kind::Word(&["a", "b"]), "b", true),
            (Kind::Word(&["a", "b"]), "", false),
            (Kind::Id, "a:b", false),
            (Kind::Model, "a:b", true),
            (Kind::Key, "8e03978e-40d5-43dd-bc93-6894a57f9324", true),
            (Kind::Key, "", false),
            (Kind::Key, "a b", false),
            (Kind::Key, "ä", false),
        ] {
            assert_eq!(kind.fits(value), fits, "{kind:?} {value:?}");
        }
    }
}
