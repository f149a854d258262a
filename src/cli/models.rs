//! `massgen-tui models`: what could be asked, from the table and from the servers themselves.
//!
//! Rows of the table come first by vendor; a model that a server lists and the table does not know
//! has no price, and says so.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use serde::Serialize;

use super::{Globals, launch, rules::RuleArgs};
use crate::{
    app::endpoints,
    config::backends,
    protocol::ModelInfo,
    provider::{catalog, discovery, listing},
};

/// Time for the list of one server.
const BOUND: Duration = Duration::from_secs(3);

/// Arguments of `models`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only models whose id holds this.
    pub search: Option<String>,
    /// Only this backend: openai, claude, lmstudio …
    #[arg(long, value_name = "NAME")]
    pub provider: Option<String>,
    /// Ask no server: the table alone.
    #[arg(long)]
    pub offline: bool,
    /// Print JSON instead of text.
    #[arg(long)]
    pub json: bool,
}

/// One model.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Row {
    /// Backend type in configurations, or the vendor when it has none of its own.
    backend: String,
    id: String,
    context: Option<u64>,
    max_output: Option<u64>,
    #[serde(flatten)]
    price: Prices,
    #[serde(flatten)]
    can: Abilities,
    /// Whether a key is there or none is wanted.
    key: bool,
    /// The variable that holds it; `null` where none is wanted.
    key_variable: Option<String>,
    /// Whether a server lists it now; `null` when none was asked.
    live: Option<bool>,
    loaded: Option<bool>,
    deprecated_after: Option<String>,
}

/// USD per million tokens; `null` is unknown.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
struct Prices {
    input: Option<f64>,
    cached_input: Option<f64>,
    /// Tokens written to the provider's cache.
    cache_write: Option<f64>,
    output: Option<f64>,
    /// Prices of the whole call when its prompt is long.
    long: Option<Long>,
}

/// What a model can; `null` where nobody says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
struct Abilities {
    tools: Option<bool>,
    reasoning: Option<bool>,
    vision: Option<bool>,
    /// Whether a call of a tool can be demanded of it.
    forced_tools: Option<bool>,
}

/// Prices of a call with a long prompt, in USD per million tokens.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Long {
    /// Prompts of more tokens than this are long.
    above: u64,
    input: Option<f64>,
    cached_input: Option<f64>,
    output: Option<f64>,
}

impl Long {
    fn of(entry: &catalog::Entry) -> Option<Self> {
        entry.long.as_ref().map(|long| Self {
            above: long.tokens,
            input: long.input,
            cached_input: long.cached_input,
            output: long.output,
        })
    }
}

/// Gathers and prints; returns the exit code.
pub async fn run(globals: &Globals, args: &Args) -> u8 {
    let (services, _) = match launch::services(globals, "1", &RuleArgs::default()) {
        Ok(found) => found,
        Err(trouble) => return trouble.tell(),
    };
    let wanted = match args
        .provider
        .as_deref()
        .map(|name| (name, backends::find(name)))
    {
        None => None,
        Some((_, Some(backend))) => Some(backend.r#type.clone()),
        Some((name, None)) => {
            let near = backends::nearest_type(name);
            let near = near.map_or_else(String::new, |near| format!(" Did you mean {near}?"));
            let words = format!("There is no backend named \"{name}\".{near}");
            return launch::Trouble::Usage(words).tell();
        }
    };
    let keyed = endpoints::of_vendors(&services);
    let has_key = |backend: &str| keyed.iter().any(|one| one.endpoint.backend == backend);
    let mut rows: Vec<Row> = catalog::entries()
        .iter()
        .map(|entry| from_table(entry, has_key))
        .collect();
    if !args.offline {
        let targets = discovery::Targets::from_env(|name| services.environment.get(name));
        let asked = keyed.iter().filter(|one| {
            let backend = &one.endpoint.backend;
            wanted.as_ref().is_none_or(|wanted| wanted == backend)
        });
        let lists = asked.map(|one| async {
            let list = listing::list(&services.client, &one.endpoint);
            let list = tokio::time::timeout(BOUND, list).await;
            (one.endpoint.backend.clone(), list)
        });
        let (nearby, lists) = tokio::join!(
            discovery::discover(&services.client, &targets),
            futures_util::future::join_all(lists)
        );
        for (backend, list) in lists {
            match list {
                Ok(Ok(models)) => merge(&mut rows, &backend, &models, true),
                Ok(Err(failure)) => super::complain(&failure.words()),
                Err(_) => super::complain(&format!("{backend} did not list its models in time.")),
            }
        }
        for server in nearby {
            let backend = endpoints::of_server(&server).endpoint.backend;
            merge(&mut rows, &backend, &server.models, false);
        }
    }
    let search = args.search.as_deref().unwrap_or_default().to_lowercase();
    rows.retain(|row| {
        row.id.to_lowercase().contains(&search)
            && wanted.as_ref().is_none_or(|wanted| *wanted == row.backend)
    });
    let text = if args.json {
        format!("{:#}\n", serde_json::json!({ "models": rows }))
    } else {
        table(&rows)
    };
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    0
}

fn from_table(entry: &catalog::Entry, has_key: impl Fn(&str) -> bool) -> Row {
    let backend = backends::find(&entry.provider)
        .map_or_else(|| entry.provider.clone(), |backend| backend.r#type.clone());
    Row {
        key: has_key(&backend),
        key_variable: backends::find(&backend).and_then(|backend| backend.keys.first().cloned()),
        backend,
        id: entry.id.clone(),
        context: entry.context,
        max_output: entry.max_output,
        price: Prices {
            input: entry.input,
            cached_input: entry.cached_input,
            cache_write: entry.cache_write,
            output: entry.output,
            long: Long::of(entry),
        },
        can: Abilities {
            tools: Some(entry.tools),
            reasoning: Some(entry.reasoning),
            vision: Some(entry.vision),
            forced_tools: entry.forced_tools,
        },
        live: None,
        loaded: None,
        deprecated_after: entry.deprecated_after.clone(),
    }
}

/// Notes what a server lists; `priced` servers are vendors', the others are this machine's and free.
fn merge(rows: &mut Vec<Row>, backend: &str, models: &[ModelInfo], priced: bool) {
    for row in rows.iter_mut().filter(|row| row.backend == backend) {
        row.live = Some(models.iter().any(|model| model.id == row.id));
    }
    for model in models {
        let known = rows
            .iter_mut()
            .find(|row| row.backend == backend && row.id == model.id);
        if let Some(row) = known {
            // What the server has in force is truer than what the table says.
            row.context = model.context.or(row.context);
            row.loaded = model.loaded;
            continue;
        }
        // A dated name, or one with a prefix, is the model it is named after.
        if let Some(entry) = priced.then(|| catalog::find(backend, &model.id)).flatten() {
            rows.push(Row {
                id: model.id.clone(),
                context: model.context.or(entry.context),
                live: Some(true),
                loaded: model.loaded,
                ..from_table(entry, |_| true)
            });
            continue;
        }
        let free = (!priced).then_some(0.0);
        rows.push(Row {
            backend: backend.to_owned(),
            id: model.id.clone(),
            context: model.context,
            max_output: None,
            price: Prices {
                input: free,
                cached_input: free,
                cache_write: free,
                output: free,
                long: None,
            },
            can: Abilities::default(),
            key: true,
            key_variable: priced
                .then(|| backends::find(backend)?.keys.first().cloned())
                .flatten(),
            live: Some(true),
            loaded: model.loaded,
            deprecated_after: None,
        });
    }
}

/// The rows for people.
fn table(rows: &[Row]) -> String {
    if rows.is_empty() {
        return "No model fits.\n".to_owned();
    }
    let widest = |text: fn(&Row) -> &str| rows.iter().map(|row| text(row).chars().count()).max();
    let backend = widest(|row| row.backend.as_str()).unwrap_or(0).max(7);
    let id = widest(|row| row.id.as_str()).unwrap_or(0).clamp(5, 60);
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{:<backend$}  {:<id$}  {:>7}  {:>20}  can",
        "backend", "model", "window", "USD per M in/out"
    );
    for row in rows {
        let window = row.context.map_or_else(|| "?".to_owned(), tokens);
        let price = match (row.price.input, row.price.output) {
            (Some(input), Some(output)) => format!("{input} / {output}"),
            _ => "price unknown".to_owned(),
        };
        let mut can: Vec<String> = [
            (row.can.tools, "tools"),
            (row.can.reasoning, "reasons"),
            (row.can.vision, "sees"),
        ]
        .into_iter()
        .filter(|(able, _)| *able == Some(true))
        .map(|(_, word)| word.to_owned())
        .collect();
        if !row.key {
            can.push("no key".to_owned());
        }
        if row.live == Some(true) {
            can.push("listed".to_owned());
        }
        if row.loaded == Some(true) {
            can.push("loaded".to_owned());
        }
        can.extend(
            row.deprecated_after
                .iter()
                .map(|day| format!("until {day}")),
        );
        let _ = writeln!(
            out,
            "{:<backend$}  {:<id$}  {window:>7}  {price:>20}  {}",
            row.backend,
            row.id,
            can.join(", ")
        );
    }
    crate::text::clean::text(&out).into_owned()
}

fn tokens(count: u64) -> String {
    match count {
        0..10_000 => count.to_string(),
        10_000..1_000_000 => format!("{}k", count / 1_000),
        _ => format!("{:.2}M", count as f64 / 1_000_000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_lists_is_joined_with_the_table() {
        let mut rows: Vec<Row> = catalog::entries()
            .iter()
            .filter(|entry| entry.provider == "openai")
            .map(|entry| from_table(entry, |backend| backend == "openai"))
            .collect();
        let known = rows[0].id.clone();
        let count = rows.len();
        let model = |id: &str| ModelInfo {
            id: id.to_owned(),
            context: None,
            loaded: None,
        };
        merge(
            &mut rows,
            "openai",
            &[model(&known), model("gpt-of-tomorrow")],
            true,
        );
        assert_eq!(rows.len(), count + 1);
        assert_eq!(rows[0].live, Some(true));
        assert_eq!(rows[1].live, Some(false));
        let text = table(&rows);
        let new = text.lines().find(|line| line.contains("gpt-of-tomorrow"));
        assert!(
            new.is_some_and(|line| line.contains("price unknown")),
            "{text}"
        );
        let dated = format!("{known}-2031-01-31");
        if let Some(entry) = catalog::find("openai", &dated) {
            merge(&mut rows, "openai", &[model(&dated)], true);
            let row = rows.last().expect("a row");
            assert_eq!(
                (row.id.as_str(), row.price.input),
                (dated.as_str(), entry.input)
            );
        }
        merge(&mut rows, "ollama", &[model("llama")], false);
        assert_eq!(rows.last().and_then(|row| row.price.input), Some(0.0));
    }

    #[test]
    fn every_price_of_the_table_is_told() {
        let has = |wanted: fn(&catalog::Entry) -> bool| {
            let entry = catalog::entries().iter().find(|entry| wanted(entry));
            from_table(entry.expect("one in the table"), |_| false)
        };
        let row = serde_json::to_value(has(|entry| entry.long.is_some())).expect("JSON");
        assert!(
            row["long"]["above"].as_u64().is_some_and(|above| above > 0),
            "{row}"
        );
        assert!(
            row["long"]["input"].is_number() && row["key"] == false,
            "{row}"
        );
        let row = serde_json::to_value(has(|entry| entry.cache_write.is_some())).expect("JSON");
        assert!(
            row["cache_write"].is_number() && row["tools"].is_boolean(),
            "{row}"
        );
    }

    #[test]
    fn windows_in_short() {
        for (count, short) in [(512, "512"), (128_000, "128k"), (1_048_576, "1.05M")] {
            assert_eq!(tokens(count), short);
        }
    }
}
