//! Model servers behind one trait.
//!
//! Pure parts turn requests into bytes and bytes into [`StreamEvent`]s; `http` is the one impure part.
//! Nothing here knows coordination or a screen. Cancelling is dropping the stream.
//!
//! - out and in: `wire`, a family per directory; `text_tools` for servers without tool calling; `adapt`
//!   for what a server refuses; `sse` (frames), `usage`, `tokens`
//! - `cli`: command-line agents in the place of models; `folders`: where they work
//! - when it fails: `classify`, `wait`, `words` (sentences), `retry` (policy)
//! - `group`: a whole team in the place of a model
//! - around it: `catalog` (prices), `listing` (models of one server), `health` (of many), `discovery` (servers nearby)

pub mod adapt;
pub mod catalog;
pub mod chain;
pub mod classify;
pub mod cli;
pub mod discovery;
pub mod folders;
pub mod group;
pub mod health;
pub mod host;
pub mod hosted;
pub mod http;
pub mod listing;
pub mod permission;
pub mod retry;
pub mod sse;
pub mod text_tools;
pub mod tokens;
pub mod usage;
pub mod wait;
pub mod wire;
pub mod words;

#[cfg(test)]
mod test_support;

use std::sync::Arc;

use futures_util::stream::BoxStream;
use serde_json::{Map, Value};

pub use crate::config::{Manners, RateLimit, ToolCalling, Wire};
use crate::protocol::{
    CallEvent, Carried, Context, Event, Failure, Message, ToolCall, ToolChoice, ToolEvent,
    ToolSpec, Usage,
};
pub use folders::{Alone, Folder, Folders, HeldBy};
pub use group::{Allowance, Errand, Group, Handed};
pub use permission::{Change, Custom, Permission, Permitted};

/// One model call.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The conversation so far, system message first.
    pub messages: Vec<Message>,
    /// Tools on offer.
    pub tools: Vec<ToolSpec>,
    /// How strongly a call is asked for.
    pub choice: ToolChoice,
}

/// What a model call yields, in order. A stream ends with `Stop` or with an error, once.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamEvent {
    /// Text of the reply.
    Text(String),
    /// Reasoning text.
    Thinking(String),
    /// A tool call begins; `index` tells calls of one reply apart. Only a later `ToolCall` makes it a
    /// call: a cut or malformed one is withdrawn by its absence.
    ToolStart {
        /// Position of the call in the reply.
        index: usize,
        /// Tool name.
        name: String,
    },
    /// More characters of the arguments of call `index`.
    ToolArguments {
        /// Position of the call in the reply.
        index: usize,
        /// The new characters.
        fragment: String,
    },
    /// A call is complete. Sent once per call, after the stream ended properly.
    ToolCall(ToolCall),
    /// What happens to the call on its way: it will be repeated, goes on elsewhere, is held back.
    Call(CallEvent),
    /// The model uses a tool of its own: a program that works by itself, not a bare model.
    Tool(ToolEvent),
    /// What the server wants back unchanged with the next request. Sent at most once, after the calls
    /// of a reply that ended properly.
    Carried(Carried),
    /// Tokens of this call, priced when the price is known. Sent at most once, before `Stop` or
    /// before the error that ends a reply midway (estimated then).
    Usage(Usage),
    /// The model asks whether it may do something; [`Provider::permit`] takes the answer. It waits, and
    /// may say more meanwhile.
    Permission(Permission),
    /// Something happened in the team that replies. Only a [`Group`] yields it; the usage in it is
    /// not told again by `Usage`.
    Nested(Box<Event>),
    /// The reply is complete.
    Stop(StopReason),
}

impl StreamEvent {
    /// True for what the model itself has said: no attempt can follow it unseen.
    #[must_use]
    pub const fn is_content(&self) -> bool {
        match self {
            Self::Text(_)
            | Self::Thinking(_)
            | Self::ToolStart { .. }
            | Self::ToolArguments { .. }
            | Self::ToolCall(_)
            | Self::Tool(_) => true,
            Self::Nested(_)
            | Self::Call(_)
            | Self::Permission(_)
            | Self::Carried(_)
            | Self::Usage(_)
            | Self::Stop(_) => false,
        }
    }
}

/// Why the model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// It was done.
    EndTurn,
    /// It called tools.
    ToolUse,
    /// It reached its output limit.
    Length,
    /// A content filter or the model itself refused.
    Refused,
}

/// A conversation to be made smaller by its server.
#[derive(Clone, Debug, PartialEq)]
pub struct Compaction {
    /// What becomes smaller, system message first; every call in it has its result.
    pub before: Vec<Message>,
    /// What has to follow it word for word.
    pub kept: Vec<Message>,
    /// Tools on offer in the conversation.
    pub tools: Vec<ToolSpec>,
}

/// A model on a server, ready to be asked.
pub trait Provider: Send + Sync + 'static {
    /// Asks once. Retries before the first content are inside; after it an error ends the stream.
    fn stream(&self, request: Request) -> BoxStream<'static, Result<StreamEvent, Failure>>;

    /// Asks beside the conversation: neither question nor answer become part of it. For a bare model
    /// every call stands by itself.
    fn aside(&self, request: Request) -> BoxStream<'static, Result<StreamEvent, Failure>> {
        self.stream(request)
    }

    /// Answers a [`StreamEvent::Permission`].
    fn permit(&self, _ask: u64, _said: Permitted) {}

    /// The same server, asked for another model; `None` where there is no model to exchange.
    fn with_model(&self, _model: &str) -> Option<Shared> {
        None
    }

    /// One of its own for a seat: a program keeps a conversation and works in folders, so no two seats
    /// share one. `None` for a bare model, which seats share.
    fn seated(&self) -> Option<Shared> {
        None
    }

    /// The program that it is, when it is one that brings tools of its own.
    fn program(&self) -> Option<Alone> {
        None
    }

    /// Puts a program into the folders of its seat, before it is asked for the first time. A bare
    /// model has no use for them.
    fn place(&self, _folders: Folders) {}

    /// What its tokens cost, when that is known: prices a reply that was cut off before the server
    /// told its tokens.
    fn price(&self) -> Option<Price> {
        None
    }

    /// Its window as far as it is known, and what is to be done before a conversation fills it.
    fn context(&self) -> Context {
        Context::default()
    }

    /// Has the server make a conversation smaller in its own form, which comes as
    /// [`StreamEvent::Carried`] and stands as a mark after what it covers. `None` where the server
    /// does no such thing.
    fn compact(
        &self,
        _work: Compaction,
    ) -> Option<BoxStream<'static, Result<StreamEvent, Failure>>> {
        None
    }

    /// False when it cannot read what another server, or another model, made of the conversation: the
    /// newest mark in `messages`.
    fn reads(&self, _messages: &[Message]) -> bool {
        true
    }

    /// The team in the place of a model, when it is one. [`Provider::stream`] is then its voice: one
    /// model that speaks for it.
    fn group(&self) -> Option<&dyn Group> {
        None
    }
}

/// Where and how to reach one model: plain data, from configuration, flags or discovery.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Backend name for people and messages: `openai`, `lmstudio`, `demo` …
    pub backend: String,
    /// Which API it speaks.
    pub wire: Wire,
    /// Base URL without the path of the call.
    pub base_url: String,
    /// Model id to send.
    pub model: String,
    /// Bearer key.
    pub key: Option<secrecy::SecretString>,
    /// Name of the environment variable the key comes from, for error hints.
    pub key_variable: Option<String>,
    /// Extra request fields, passed through unchanged (`temperature`, `reasoning_effort` …).
    pub parameters: Map<String, Value>,
    /// How tools are offered.
    pub tool_calling: ToolCalling,
    /// True for servers on this machine: shorter connect, much longer first-byte timeout.
    pub local: bool,
    /// USD per million tokens, when known.
    pub price: Option<Price>,
    /// What the plan of its key allows.
    pub rate_limit: RateLimit,
    /// How it is asked beyond the usual.
    pub manners: Manners,
    /// Its window where somebody has said it, and how full a conversation may get.
    pub context: Context,
}

/// USD per million tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    /// Prompt tokens.
    pub input: f64,
    /// Prompt tokens read from the provider's cache.
    pub cached: f64,
    /// Prompt tokens written to the provider's cache.
    pub written: f64,
    /// Completion tokens.
    pub output: f64,
    /// What holds for the whole call when its prompt is long.
    pub long: Option<LongPrice>,
}

impl Price {
    /// A price without exceptions: what is written to a cache costs what is read afresh.
    #[must_use]
    pub const fn flat(input: f64, cached: f64, output: f64) -> Self {
        Self {
            input,
            cached,
            written: input,
            output,
            long: None,
        }
    }

    /// What a prompt token and a reply token of a call cost at most, when its prompt has this many.
    #[must_use]
    pub fn dearest(&self, prompt: u64) -> (f64, f64) {
        let input = self.input.max(self.cached).max(self.written);
        match self.long.filter(|long| prompt > long.above) {
            // As priced by `usage`: the surcharge on writing is that on reading afresh.
            Some(long) => {
                let more = long.input / self.input.max(f64::MIN_POSITIVE);
                let written = self.written * more;
                (long.input.max(long.cached).max(written), long.output)
            }
            None => (input, self.output),
        }
    }
}

/// Prices of a call with a long prompt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LongPrice {
    /// Prompts of more tokens than this are long.
    pub above: u64,
    /// Prompt tokens.
    pub input: f64,
    /// Prompt tokens read from the provider's cache.
    pub cached: f64,
    /// Completion tokens.
    pub output: f64,
}

/// A provider that can be shared between agents.
pub type Shared = Arc<dyn Provider>;
