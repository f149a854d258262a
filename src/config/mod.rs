//! Configuration: MassGen's YAML as it is, read with places, checked as a whole, turned into plain
//! data.
//!
//! Text goes through [`yaml`] into a tree of [`node`]s, is checked against the key tables of
//! [`schema`] and the cross-key [`rules`], and [`load`](mod@load) builds a [`Config`] from it.
//! Everything that is wrong becomes a [`Finding`] with file, line, column and the nearest known key;
//! all of them are reported at once. Keys that MassGen knows and this version does not use are kept
//! and reported, never an error. [`dotenv`] and [`paths`] say where variables and files come from.
//! Knows nothing of engine or screen; the process environment comes in as an argument.

mod agents;
pub mod backends;
mod budget;
mod check;
mod context;
mod contradictions;
mod deciding;
pub mod diagnostic;
pub mod dotenv;
mod endpoint;
mod excerpt;
mod expand;
mod explain;
mod finishing;
mod format;
mod holding;
pub mod hooking;
mod hosted;
mod json_schema;
pub mod layers;
mod limits;
mod load;
mod manners;
mod migrate;
mod model;
pub mod models;
mod modes;
mod node;
mod overlay;
mod owning;
mod params;
pub mod paths;
mod permitting;
pub mod plugins;
pub mod program;
mod replacing;
mod rules;
mod scalars;
mod scaling;
pub mod schema;
mod seeing;
pub mod servers;
pub mod sharing;
mod talking;
mod teams;
mod ways;
pub mod words;
mod working;
pub mod yaml;

pub use context::ContextSaid;
pub use diagnostic::{Finding, Report, Severity, nearest};
pub use dotenv::Environment;
pub use excerpt::{Source, clean, looks_secret};
pub use explain::{explain, places, said};
pub use format::format;
pub use json_schema::json_schema;
pub use load::{Env, Loaded, Purpose, direct, load, load_bytes, load_file, load_file_with};
pub use migrate::{Migration, diff, migrate};
pub use model::{
    AgentConfig, BackendConfig, BackoffSaid, CircuitSaid, Config, HostedTool, Kept, Manners,
    RateLimit, ToolCalling, Wire,
};
pub use node::{Entry, Kind, Node, Span};
pub use overlay::{Looks, Overlay};
pub use paths::Paths;
pub use program::{Dialect, Program};
pub use replacing::replaced;
pub use servers::{AgentTools, ToolServer};
