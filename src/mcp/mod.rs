//! Tools of other programs for agents: the client side of the Model Context Protocol.
//!
//! [`link`] speaks the protocol (the only place that knows the library), [`pipe`] is the transport to a
//! process, [`plain`] the one to programs that speak lines, [`seal`] the sum over a plugin's files,
//! [`keeper`] holds one connection, [`tools`] is what one agent is offered and the gate before
//! each call. Pure: [`define`] (what a server says of its tools, taken in), [`schema`], [`names`],
//! [`words`] (results as text). Everything from a server is hostile: bounded, cleaned, told as data.
//!
//! Each agent has connections of its own unless a server is `shared`. Nothing is started before an
//! agent's first call of a model, and nothing outlives the session.

mod calling;
mod define;
mod keeper;
mod link;
mod names;
mod pipe;
mod plain;
mod schema;
mod seal;
mod tools;
mod words;

pub use define::Effect;
pub use keeper::{Keeper, State};
pub use plain::rehearse;
pub use seal::sum;
pub use tools::{Board, Shared, Tools};

#[cfg(test)]
mod tests;
