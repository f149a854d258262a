//! What will be sent to whom, and what it may cost: everything that can be known before.

use super::{super::Services, models::form};
use crate::{
    headless::words::{count, usd},
    protocol::{Event, Failure, FailureKind},
    provider::{
        Endpoint, Price, Provider as _, Request, catalog, http::HttpProvider, tokens, usage,
    },
    report::{
        Of, Report,
        analysis::{self, Ask, Evidence, Form, LEAST_WINDOW},
    },
};

/// Window that is taken for granted where nobody says one: elsewhere, and on this machine.
const ASSUMED: [u64; 2] = [32_768, 8_192];
/// Longest reply that is asked for, reasoning included, in tokens.
const REPLY: u64 = 16_000;
/// What a reply usually takes, in tokens.
const USUAL: u64 = 2_000;

/// A model that can be asked.
#[derive(Clone, Debug)]
pub struct Analyst {
    /// Backend, for people and files.
    pub provider: String,
    /// Model, for people and files.
    pub model: String,
    /// How it is reached.
    pub endpoint: Endpoint,
    /// Its window in tokens.
    pub window: u64,
    /// Whether that is known or assumed.
    pub window_known: bool,
    /// What it costs.
    pub price: Option<Price>,
    /// The form in which it is asked first.
    pub form: Form,
    /// It is a script, no model.
    pub scripted: bool,
}

impl Analyst {
    /// What is known of an endpoint.
    #[must_use]
    pub fn new(services: &Services, endpoint: Endpoint) -> Self {
        let provider = HttpProvider::new(services.client.clone(), endpoint.clone());
        let window = provider.context().window;
        let [far, near] = ASSUMED;
        Self {
            provider: endpoint.backend.clone(),
            model: endpoint.model.clone(),
            window: window.unwrap_or(if endpoint.local { near } else { far }),
            window_known: window.is_some(),
            price: provider.price(),
            form: form(&endpoint),
            scripted: false,
            endpoint,
        }
    }

    /// `openai/gpt-5-mini`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.provider, self.model)
    }

    /// The longest reply that is asked for, in tokens.
    #[must_use]
    pub fn reply(&self) -> u64 {
        let entry = catalog::find(&self.endpoint.backend, &self.endpoint.model);
        let most = entry.and_then(|entry| entry.max_output).unwrap_or(REPLY);
        most.min(REPLY).min(self.window / 4)
    }
}

/// An analysis that can be started.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Who is asked.
    pub analyst: Analyst,
    /// About which turn: number and attempt.
    pub turn: (u32, u32),
    /// What it is shown.
    pub evidence: Evidence,
    /// What is sent first.
    pub ask: Ask,
    /// What it may cost.
    pub money: Money,
}

impl Plan {
    /// Whether it stays within so many US dollars.
    ///
    /// # Errors
    /// Of kind `Request`: it may cost more, or its price is not known.
    pub fn affordable(&self, limit: f64) -> Result<(), Failure> {
        let name = self.analyst.name();
        let what = match self.money.most {
            Some(most) if most <= limit => return Ok(()),
            Some(most) => format!(
                "{name} may cost up to {}, more than the {} that it may. Nothing was sent.",
                usd(most),
                usd(limit)
            ),
            None => format!(
                "The price of {name} is not known, so no limit of money can be kept. Nothing was sent."
            ),
        };
        Err(Failure::new(FailureKind::Request, what))
    }
}

/// What a call may cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Money {
    /// Prompt tokens, estimated.
    pub tokens: u64,
    /// USD for that prompt and a usual reply; `None` when the price is not known.
    pub about: Option<f64>,
    /// USD at most: the longest reply that is asked for.
    pub most: Option<f64>,
}

impl Money {
    /// For a prompt of so many tokens.
    #[must_use]
    pub fn of(price: Option<Price>, tokens: u64, longest: u64) -> Self {
        let about = price.map(|price| {
            let spent = usage::Tokens {
                input: tokens,
                output: USUAL.min(longest),
                ..usage::Tokens::default()
            };
            usage::priced(spent, Some(price), true).cost.usd
        });
        let most = price.map(|price| {
            // The count of tokens is a rule of thumb, good to a quarter.
            let (input, output) = price.dearest(tokens + tokens / 4);
            ((tokens + tokens / 4) as f64 * input + longest as f64 * output) / 1_000_000.0
        });
        Self {
            tokens,
            about,
            most,
        }
    }

    /// In words: `about 12,345 tokens, about $0.0042, at most $0.01`.
    #[must_use]
    pub fn words(self) -> String {
        let tokens = count(self.tokens);
        match (self.about, self.most) {
            (Some(about), Some(most)) if most > 0.0 => format!(
                "about {tokens} tokens to send, about {}, at most {}",
                usd(about),
                usd(most)
            ),
            (Some(_), _) => format!("about {tokens} tokens to send, free of charge"),
            (None, _) => format!("about {tokens} tokens to send, price unknown"),
        }
    }
}

/// Plans the analysis of a turn.
///
/// # Errors
/// The model's window is too small.
pub fn plan(
    analyst: Analyst,
    report: &Report,
    turn: &Of,
    events: &[Event],
) -> Result<Plan, Failure> {
    let reply = analyst.reply();
    let evidence = analysis::evidence(report, turn, events, analyst.window, reply);
    let evidence = evidence.map_err(|_| {
        let message = format!(
            "{} reads {} tokens; a log needs {} at least.",
            analyst.name(),
            count(analyst.window),
            count(LEAST_WINDOW)
        );
        Failure::new(FailureKind::Context, message).hint("Pick a model with a larger window.")
    })?;
    let ask = analysis::ask(&evidence, analyst.form);
    let tokens = tokens::prompt(&request(&ask));
    Ok(Plan {
        money: Money::of(analyst.price, tokens, reply),
        turn: (turn.turn, turn.part.attempt.0),
        analyst,
        evidence,
        ask,
    })
}

/// The request of an ask.
pub(super) fn request(ask: &Ask) -> Request {
    Request {
        messages: ask.messages.clone(),
        tools: ask.tools.clone(),
        choice: ask.choice,
    }
}
