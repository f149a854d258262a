//! `massgen-tui`: one task, a team of LLM agents, a vote, an answer, in the terminal.
//!
//! One idea: a session is one ordered stream of events ([`protocol::Event`]), and everything else is
//! a fold over it. The engine emits events; the store writes them down before anyone sees them; the
//! live screen, the log browser, headless output and reports read the same stream through the same
//! fold ([`run::RunState`]).
//!
//! The modules, in reading order (arrows point upwards in this list; `tests/it/tidy.rs` checks them):
//!
//! - [`protocol`]: plain data everybody speaks.
//! - [`logging`]: the door of the program's own log.
//! - [`run`]: the fold.
//! - [`config`]: settings, MassGen's YAML, diagnostics with line and column.
//! - [`provider`]: model servers behind one trait.
//! - [`tool`]: what agents may call between their acts.
//! - [`mcp`]: tools of other programs: the client of the Model Context Protocol.
//! - [`workspace`]: git: the person's tree, worktrees of agents, snapshots, diffs.
//! - [`catalog`]: the list of sessions as data: labels, filter, order.
//! - [`store`]: the session log.
//! - [`engine`]: coordination (pure), the driver, the agents; knows no terminal.
//! - [`text`]: outside text to rows of a width; the one sanitising gate.
//! - [`setup`]: templates of teams and the commented configurations that come of them.
//! - [`capture`]: a screen buffer to text, ANSI, SVG.
//! - [`tui`]: the Elm core and its screens; knows no HTTP, disk or git.
//! - [`demo`]: the scripted team as a loopback HTTP server.
//! - [`bench`](mod@bench): tasks with known answers, records of runs, and what they say.
//! - [`export`]: a session as a page, Markdown, JSON, or one file to give away.
//! - [`hooks`]: who is told when something happens in a run, and what.
//! - [`telemetry`]: a session as traces and metrics of OpenTelemetry.
//! - [`serve`]: doors through which other programs drive runs.
//! - [`headless`], [`app`], [`cli`]: the layers that wire everything together.

pub mod app;
pub mod bench;
pub mod capture;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod demo;
pub mod engine;
pub mod export;
pub mod headless;
pub mod hooks;
pub mod logging;
pub mod massgen;
pub mod mcp;
pub mod protocol;
pub mod provider;
pub mod report;
pub mod run;
pub mod serve;
pub mod setup;
pub mod store;
pub mod telemetry;
pub mod text;
pub mod tool;
pub mod tui;
pub mod workspace;
