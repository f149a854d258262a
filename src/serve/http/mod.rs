//! `massgen-tui serve`: runs over HTTP for programs of this machine, and teams as models for clients that
//! speak `OpenAI`'s chat completions.
//!
//! Listens on the loopback interface alone, wants a random token, and refuses foreign names and web pages
//! ([`guard`]). Everything is bounded: connections, heads, bodies, times. A client that is slow or gone
//! slows no run: events come from the port, which reads on from the log. What can be asked stands in one
//! table ([`table`]) from which the `OpenAPI` document is made. docs/api.md tells the rest.

mod chat;
mod conversation;
mod guard;
mod handle;
mod input;
mod listen;
mod once;
mod openapi;
mod patient;
pub mod port;
mod problem;
mod query;
mod reply;
mod routes;
mod running;
mod schema;
mod sse;
mod table;
mod token;
mod view;

pub use handle::BODY_LIMIT;
pub use listen::{Options, Server};
pub use token::{Token, private};
