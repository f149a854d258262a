//! The one table of what can be asked.

use super::routes::{About, Access, Chat, Good, Kind, Op, Param, Place, Route, Run, Runs, Verb};

const ID: Param = Param {
    name: "id",
    place: Place::Path,
    kind: Kind::Id,
    about: "Id of the session, its start, or `latest`.",
};
/// Sent again with the same key, a request is done once.
const KEY: Param = Param {
    name: "idempotency-key",
    place: Place::Header,
    kind: Kind::Key,
    about: "A word of the client's own for this request. Sent again with the same key and body it starts nothing and gives what the first came to.",
};
const JSON: &[&str] = &["application/json"];

const fn json(about: &'static str, schema: &'static str) -> Good {
    Good {
        status: 200,
        about,
        media: JSON,
        schema: Some(schema),
    }
}

const fn taken(about: &'static str) -> Good {
    Good {
        status: 202,
        about,
        media: JSON,
        schema: Some("Taken"),
    }
}

const STARTED: Good = Good {
    status: 201,
    about: "It runs.",
    media: JSON,
    schema: Some("Started"),
};

/// A route that is asked with GET and the token, without a body.
const fn get(
    path: &'static str,
    op: Op,
    name: &'static str,
    about: &'static str,
    good: Good,
) -> Route {
    Route {
        verb: Verb::Get,
        path,
        op,
        access: Access::Token,
        name,
        about,
        params: &[],
        body: None,
        good,
        also: &[],
    }
}

/// A route that does something to a run.
const fn post(
    path: &'static str,
    op: Op,
    name: &'static str,
    about: &'static str,
    good: Good,
) -> Route {
    Route {
        verb: Verb::Post,
        params: &[ID],
        also: &[404, 409],
        ..get(path, op, name, about, good)
    }
}

/// All that can be asked.
pub static ROUTES: &[Route] = &[
    Route {
        access: Access::Open,
        ..get(
            "/health",
            Op::About(About::Health),
            "health",
            "Whether the server lives.",
            json("It does.", "Health"),
        )
    },
    Route {
        access: Access::Open,
        ..get(
            "/openapi.json",
            Op::About(About::OpenApi),
            "openapi",
            "This document.",
            json("OpenAPI 3.1.", "Document"),
        )
    },
    get(
        "/api/v1/version",
        Op::About(About::Version),
        "version",
        "Version of the program and of its events.",
        json("Versions.", "Version"),
    ),
    get(
        "/api/v1/teams",
        Op::About(About::Teams),
        "teams",
        "The teams that can be started by name.",
        json("Teams.", "Teams"),
    ),
    Route {
        params: &[
            Param {
                name: "filter",
                place: Place::Query,
                kind: Kind::Text(500),
                about: "Words as for `logs list --filter`, for example `outcome:answered since:2d`.",
            },
            Param {
                name: "state",
                place: Place::Query,
                kind: Kind::Word(&["running", "stored", "all"]),
                about: "Runs of this server, sessions that are over, or both (default).",
            },
            Param {
                name: "limit",
                place: Place::Query,
                kind: Kind::Whole { min: 1, max: 1000 },
                about: "Most sessions; 50 without it.",
            },
        ],
        ..get(
            "/api/v1/runs",
            Op::Runs(Runs::List),
            "listRuns",
            "Runs and stored sessions, newest first.",
            json("Sessions.", "RunList"),
        )
    },
    Route {
        verb: Verb::Post,
        params: &[KEY],
        body: Some("StartRun"),
        also: &[404, 409, 422, 429],
        ..get(
            "/api/v1/runs",
            Op::Runs(Runs::Start),
            "startRun",
            "Starts a run.",
            STARTED,
        )
    },
    Route {
        params: &[ID],
        also: &[404],
        ..get(
            "/api/v1/runs/{id}",
            Op::Run(Run::Get),
            "getRun",
            "How a run is now.",
            json("The session.", "Run"),
        )
    },
    Route {
        params: &[
            ID,
            Param {
                name: "after",
                place: Place::Query,
                kind: Kind::Whole {
                    min: 0,
                    max: u64::MAX >> 11,
                },
                about: "Number of the last event that is known already; 0 for all.",
            },
            Param {
                name: "last-event-id",
                place: Place::Header,
                kind: Kind::Text(100),
                about: "The same, as clients of server-sent events send it when they come again.",
            },
        ],
        also: &[204, 404],
        ..get(
            "/api/v1/runs/{id}/events",
            Op::Run(Run::Events),
            "streamEvents",
            "What happens in a run, as server-sent events whose id is the event's number. Ends with an event `end`; 204 when there is nothing further to come.",
            Good {
                status: 200,
                about: "Events.",
                media: &["text/event-stream"],
                schema: None,
            },
        )
    },
    Route {
        params: &[
            ID,
            Param {
                name: "wait",
                place: Place::Query,
                kind: Kind::Whole { min: 0, max: 600 },
                about: "Most seconds to wait for the end.",
            },
        ],
        also: &[404],
        ..get(
            "/api/v1/runs/{id}/result",
            Op::Run(Run::Result),
            "getResult",
            "What came of a run.",
            json("The result so far.", "Result"),
        )
    },
    Route {
        params: &[
            ID,
            Param {
                name: "format",
                place: Place::Query,
                kind: Kind::Word(&["html", "md", "json", "bundle", "cast"]),
                about: "As `massgen-tui export`; html without it.",
            },
            Param {
                name: "turns",
                place: Place::Query,
                kind: Kind::Text(100),
                about: "Which turns: 2, 1-3, 2-, 1,4 or latest.",
            },
            Param {
                name: "redact",
                place: Place::Query,
                kind: Kind::Text(200),
                about: "What is masked beside secrets and home folders: emails, paths, names, suspects, with commas.",
            },
        ],
        also: &[404],
        ..get(
            "/api/v1/runs/{id}/export",
            Op::Run(Run::Export),
            "exportRun",
            "A session as a file. 403 when something in it may be a secret that is not masked.",
            Good {
                status: 200,
                about: "The file.",
                media: &[
                    "text/html; charset=utf-8",
                    "text/markdown; charset=utf-8",
                    "application/json",
                    "application/gzip",
                    "application/x-asciicast",
                ],
                schema: None,
            },
        )
    },
    Route {
        params: &[ID, KEY],
        body: Some("NextTurn"),
        also: &[404, 409, 422, 429],
        ..post(
            "/api/v1/runs/{id}/turns",
            Op::Run(Run::Next),
            "nextTurn",
            "Gives a session that is over a further task: its next turn.",
            STARTED,
        )
    },
    Route {
        body: Some("Steer"),
        ..post(
            "/api/v1/runs/{id}/steer",
            Op::Run(Run::Steer),
            "steer",
            "A message to agents of a running run.",
            taken("It is on its way; events tell how far it gets."),
        )
    },
    Route {
        body: Some("Answer"),
        also: &[404, 409, 422],
        ..post(
            "/api/v1/runs/{id}/answer",
            Op::Run(Run::Answer),
            "answerQuestion",
            "Answers a question that an agent asked the person.",
            taken("It was passed on."),
        )
    },
    post(
        "/api/v1/runs/{id}/answer-now",
        Op::Run(Run::AnswerNow),
        "answerNow",
        "Ends the work: what there is is voted on and presented.",
        taken("It was passed on."),
    ),
    post(
        "/api/v1/runs/{id}/stop",
        Op::Run(Run::Stop),
        "stopRun",
        "Stops a run; published answers are kept.",
        taken("It was passed on."),
    ),
    get(
        "/v1/models",
        Op::Chat(Chat::Models),
        "listModels",
        "Teams, as OpenAI's clients read models.",
        json("Teams.", "Models"),
    ),
    Route {
        params: &[Param {
            name: "id",
            place: Place::Path,
            kind: Kind::Model,
            about: "Name of a team.",
        }],
        also: &[404],
        ..get(
            "/v1/models/{id}",
            Op::Chat(Chat::Model),
            "getModel",
            "A team, as OpenAI's clients read models.",
            json("The team.", "Model"),
        )
    },
    Route {
        verb: Verb::Post,
        body: Some("ChatRequest"),
        also: &[404, 429, 500],
        ..get(
            "/v1/chat/completions",
            Op::Chat(Chat::Completions),
            "chat",
            "A conversation with a team: its last message is the task. With `stream`, server-sent events.",
            Good {
                status: 200,
                about: "The final answer.",
                media: &["application/json", "text/event-stream"],
                schema: Some("ChatCompletion"),
            },
        )
    },
];
