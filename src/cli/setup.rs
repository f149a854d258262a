//! `massgen-tui setup`: the set-up screen, and the same without a screen for scripts.
//!
//! Without a terminal, or with `--headless`, nothing is ever asked: what is at hand and the flags decide.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{Globals, interactive, launch::Trouble, members, new};
use crate::{
    app::setup::{self as found, Found, Login, Place, Replace, Saved, Tried, attempt},
    config::Environment,
    headless::words::money,
    protocol::Failure,
    provider::http::Client,
    setup::{self, Draft, Hand, Limit, MOST_AGENTS, Origin, Write},
    text::clean,
};

/// Exit code when nothing is at hand to put a team on.
const NOTHING: u8 = 3;
/// Exit code when a member did not answer its test.
const SILENT: u8 = 4;

/// Where a configuration is saved.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Saving {
    /// Where it is saved: project (./massgen-tui.yaml), user (your settings folder), or a file. Without
    /// it the configuration is printed and nothing is written.
    #[arg(long, value_name = "WHERE")]
    pub save: Option<String>,
    /// Replace a file that is there; the old one is kept beside it, with .old behind its name.
    #[arg(long)]
    pub force: bool,
}

/// Arguments of `setup`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Without the screen: what is at hand and the flags decide (also without a terminal).
    #[arg(long)]
    pub headless: bool,
    /// What the team is for; `config new --list` lists the templates.
    #[arg(long, short, value_name = "NAME", default_value = "mixed")]
    pub template: String,
    /// A member: `id=NAME,provider=TYPE,model=ID[,base_url=URL]`; several times for several.
    #[arg(long, value_name = "FIELDS")]
    pub agent: Vec<String>,
    /// A member's model, as provider/model; several times for several.
    #[arg(long, short, value_name = "MODEL", conflicts_with = "agent")]
    pub model: Vec<String>,
    /// Most US dollars a task may cost; 0 is no limit.
    #[arg(long, value_name = "USD", allow_negative_numbers = true)]
    pub budget: Option<f64>,
    /// Most minutes a turn may take.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1440))]
    pub minutes: Option<u32>,
    /// What agents may do with the folder of a run: talk (nothing), read, write (copies of it).
    #[arg(long, value_name = "HOW", value_parser = ["talk", "read", "write"])]
    pub files: Option<String>,
    /// Where it goes.
    #[command(flatten)]
    pub saving: Saving,
    /// Try each member with one tiny call.
    #[arg(long)]
    pub test: bool,
    /// Print JSON instead of text.
    #[arg(long)]
    pub json: bool,
}

impl Args {
    /// Whether any flag says what the screen would ask.
    fn decides(&self) -> bool {
        self.headless
            || self.json
            || self.test
            || self.saving.save.is_some()
            || !self.agent.is_empty()
    }
}

/// Opens the screen, or does it; returns the exit code.
pub async fn run(globals: &Globals, args: &Args) -> u8 {
    let has_screen = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    if has_screen && !args.decides() {
        return interactive::setup(globals).await;
    }
    match headless(globals, args).await {
        Ok(code) => code,
        Err(trouble) => trouble.tell(),
    }
}

/// One member's test.
type Test = Result<Tried, Failure>;

async fn headless(globals: &Globals, args: &Args) -> Result<u8, Trouble> {
    let template = new::template(&args.template)?;
    let (client, paths, env, all, hand) = new::at_hand().await;
    let (mut draft, mut missing) = new::drafted(template, &args.model, &hand)?;
    if !args.agent.is_empty() {
        draft.agents = agents(&args.agent, &hand)?;
        missing = None;
    }
    limits(args, &mut draft)?;
    draft.theme.clone_from(&globals.looks.theme);
    if let Some(missing) = missing {
        report_nothing(args, &all, &missing);
        return Ok(NOTHING);
    }
    let origin = Origin {
        made_by: "`massgen-tui setup`".to_owned(),
        day: found::today(),
    };
    let text = setup::yaml(&draft, &hand, &origin);
    let tests = if args.test {
        tests(&client, &env, &draft).await
    } else {
        Vec::new()
    };
    let saved = match &args.saving.save {
        None => None,
        Some(words) => {
            let place = match words.as_str() {
                "project" => Place::Project,
                "user" => Place::User,
                file => Place::File(PathBuf::from(file)),
            };
            let replace = if args.saving.force {
                Replace::Kept
            } else {
                Replace::Never
            };
            let path = found::target(&place, &paths)?;
            let saved = found::save(&path, &text, replace)?;
            new::approve(globals, &paths, &env, &saved)?;
            Some(saved)
        }
    };
    let outcome = Outcome {
        all: &all,
        draft: &draft,
        hand: &hand,
        tests: &tests,
        saved: saved.as_ref(),
        text: &text,
    };
    new::say(&if args.json {
        format!("{:#}\n", outcome.json())
    } else {
        outcome.words()
    });
    let silent = tests.iter().any(Result::is_err);
    Ok(if silent { SILENT } else { 0 })
}

fn agents(named: &[String], hand: &Hand) -> Result<Vec<setup::Agent>, Trouble> {
    if named.len() > MOST_AGENTS {
        return Err(Trouble::Usage(format!(
            "A team that is set up has at most {MOST_AGENTS} agents; a configuration may have more."
        )));
    }
    let mut agents = Vec::new();
    for words in named {
        agents.push(members::agent(words, hand, &agents).map_err(Trouble::Usage)?);
    }
    Ok(agents)
}

fn limits(args: &Args, draft: &mut Draft) -> Result<(), Trouble> {
    if let Some(usd) = args.budget {
        let cents = (usd * 100.0).round();
        if !(0.0..=1e8).contains(&cents) || usd > 0.0 && cents < 1.0 {
            let words = "A budget is 0 for none, or 0.01 to 1000000 US dollars.";
            return Err(Trouble::Usage(words.to_owned()));
        }
        draft.cents = if cents == 0.0 {
            Limit::Open
        } else {
            Limit::Most(cents as u32)
        };
    }
    draft.minutes = args.minutes.unwrap_or(draft.minutes);
    let files = args.files.as_deref().and_then(Write::find);
    draft.write = files.unwrap_or(draft.write);
    Ok(())
}

async fn tests(client: &Client, env: &Environment, draft: &Draft) -> Vec<Test> {
    join_all(draft.agents.iter().map(|one| attempt(client, env, one))).await
}

fn report_nothing(args: &Args, all: &Found, missing: &str) {
    if args.json {
        new::say(&format!(
            "{:#}\n",
            json!({"found": found_json(all), "missing": missing, "saved": null})
        ));
    }
    super::complain(&format!("{missing} Nothing was written."));
}

/// What came of it.
struct Outcome<'a> {
    all: &'a Found,
    draft: &'a Draft,
    hand: &'a Hand,
    tests: &'a [Test],
    saved: Option<&'a Saved>,
    text: &'a str,
}

impl Outcome<'_> {
    fn json(&self) -> Value {
        let agents: Vec<Value> = self
            .draft
            .agents
            .iter()
            .enumerate()
            .map(|(place, agent)| {
                let mut value = new::agent(agent);
                let test = self.tests.get(place).map(test_json);
                value["test"] = test.unwrap_or(Value::Null);
                value
            })
            .collect();
        json!({
            "found": found_json(self.all),
            "template": self.draft.template.name(),
            "agents": agents,
            "cost": new::cost(self.draft.cost(self.hand)),
            "saved": self.saved.map(|saved| saved.path.display().to_string()),
            "old": self.saved.and_then(|saved| saved.old.as_ref()).map(|old| old.display().to_string()),
            "missing": null,
            "yaml": self.text,
        })
    }

    fn words(&self) -> String {
        let mut text = String::new();
        for (agent, test) in self.draft.agents.iter().zip(self.tests) {
            let _ = match test {
                Ok(tried) => writeln!(text, "# {}: ok, {}", agent.id, tried_words(tried)),
                Err(failure) => writeln!(text, "# {}: {}", agent.id, failure.words()),
            };
        }
        match self.saved {
            None => text.push_str(self.text),
            Some(saved) => {
                let path = saved.path.display();
                let cost = self.draft.cost(self.hand).words();
                let _ = writeln!(text, "{path}: {}; {cost}", new::team(self.draft));
                if let Some(old) = &saved.old {
                    let _ = writeln!(text, "The one before is kept as {}.", old.display());
                }
                let _ = writeln!(text, "Run it: massgen-tui run \"your task\"");
            }
        }
        clean::text(&text).into_owned()
    }
}

/// How a test went, for people.
fn tried_words(tried: &Tried) -> String {
    let seconds = tried.took_ms as f64 / 1_000.0;
    let mut words = format!("{seconds:.1} s");
    if let Some(cost) = tried.cost {
        words.push_str(", ");
        words.push_str(&money(cost));
    }
    words
}

fn test_json(test: &Test) -> Value {
    match test {
        Ok(tried) => json!({
            "ok": true,
            "took_ms": tried.took_ms,
            "usd": tried.cost.filter(|cost| !cost.partial).map(|cost| cost.usd),
        }),
        Err(failure) => json!({
            "ok": false,
            "kind": failure.kind.word(),
            "words": clean::line(&failure.words()),
        }),
    }
}

fn found_json(all: &Found) -> Value {
    let keys = all
        .keys
        .iter()
        .map(|key| json!({"provider": key.backend, "variable": key.variable, "from": key.from}));
    let servers = all.servers.iter().map(|server| {
        let models: Vec<&str> = server
            .models
            .iter()
            .map(|model| model.id.as_str())
            .collect();
        json!({
            "kind": server.kind.name(), "base_url": server.base_url,
            "needs_key": server.needs_key, "models": models,
        })
    });
    let programs = all.programs.iter().map(|program| {
        json!({
            "provider": program.backend, "path": program.path,
            "logged_in": program.login != Login::NotFound, "login": program.how,
        })
    });
    json!({
        "keys": keys.collect::<Vec<_>>(),
        "servers": servers.collect::<Vec<_>>(),
        "programs": programs.collect::<Vec<_>>(),
    })
}
