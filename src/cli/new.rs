//! `massgen-tui config new`: a commented configuration from a template, with the models that are at hand.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Globals, launch::Trouble, members};
use crate::{
    app::{
        setup::{self as found, Place, Replace},
        trust::Trust,
    },
    config::{Environment, Paths},
    provider::http::Client,
    setup::{self, Draft, Hand, Origin, Template},
    text::clean,
};

/// Arguments of `config new`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// What it is for: research, code-review, bug-hunt, writing, benchmark, local-only, mixed, cheap
    #[arg(long, short, value_name = "NAME", default_value = "mixed")]
    pub template: String,
    /// A member's model, as provider/model; several times for several members
    #[arg(long, short, value_name = "MODEL")]
    pub model: Vec<String>,
    /// Where to write it; `-` prints it
    #[arg(long, short, value_name = "FILE", default_value = "massgen-tui.yaml")]
    pub output: PathBuf,
    /// Replace a file that is there; the old one is kept beside it, with .old behind its name
    #[arg(long)]
    pub force: bool,
    /// List the templates instead, with the members that each would have here
    #[arg(long)]
    pub list: bool,
    /// With --list: JSON instead of text
    #[arg(long, requires = "list")]
    pub json: bool,
}

/// Writes it, or lists; returns the exit code.
pub async fn run(globals: &Globals, args: &Args) -> u8 {
    match act(globals, args).await {
        Ok(()) => 0,
        Err(trouble) => trouble.tell(),
    }
}

/// What is at hand, and where.
pub(super) async fn at_hand() -> (Client, Paths, Environment, found::Found, Hand) {
    let (paths, env) = found::surroundings();
    let client = Client::new();
    let all = found::look(&client, &env).await;
    let hand = found::hand(&client, &env, &all).await;
    (client, paths, env, all, hand)
}

async fn act(globals: &Globals, args: &Args) -> Result<(), Trouble> {
    let template = template(&args.template)?;
    let (_, paths, env, _, hand) = at_hand().await;
    if args.list {
        let text = if args.json {
            format!("{:#}\n", listed_json(&hand))
        } else {
            listed(&hand)
        };
        say(&text);
        return Ok(());
    }
    let (draft, missing) = drafted(template, &args.model, &hand)?;
    let origin = Origin {
        made_by: format!("`massgen-tui config new --template {}`", template.name()),
        day: found::today(),
    };
    let text = setup::yaml(&draft, &hand, &origin);
    if args.output == Path::new("-") {
        say(&text);
    } else {
        let place = Place::File(args.output.clone());
        let path = found::target(&place, &paths)?;
        let replace = if args.force {
            Replace::Kept
        } else {
            Replace::Never
        };
        let saved = found::save(&path, &text, replace)?;
        approve(globals, &paths, &env, &saved)?;
        say(&written(&saved, &draft, &hand));
    }
    if let Some(missing) = missing {
        super::complain(&missing);
    }
    Ok(())
}

/// What was written on the person's order is approved.
pub(super) fn approve(
    globals: &Globals,
    paths: &Paths,
    env: &Environment,
    saved: &found::Saved,
) -> Result<(), Trouble> {
    let state = paths
        .state_dir(globals.state_dir.as_deref(), None)
        .map_err(|error| Trouble::Usage(format!("{error}.")))?;
    let trust = Trust::new(&state).owning(paths);
    Ok(found::approve(&trust, &saved.path, env)?)
}

/// The template of this name.
pub(super) fn template(name: &str) -> Result<Template, Trouble> {
    Template::find(name).ok_or_else(|| {
        Trouble::Usage(format!(
            "There is no template \"{name}\". There are: {}.",
            Template::names()
        ))
    })
}

/// The draft of a template, with these models where some are named.
pub(super) fn drafted(
    template: Template,
    models: &[String],
    hand: &Hand,
) -> Result<(Draft, Option<String>), Trouble> {
    let (mut draft, missing) = Draft::of(template, hand);
    if models.is_empty() {
        return Ok((draft, missing));
    }
    let places: Vec<setup::Place> = models
        .iter()
        .map(|model| members::place(model, hand))
        .collect::<Result<_, _>>()
        .map_err(Trouble::Usage)?;
    // One model for all members, or one for each.
    let count = match places.len() {
        1 => template.wanted().agents,
        more => more.min(setup::MOST_AGENTS),
    };
    draft.agents = setup::seated(template, &places, count);
    Ok((draft, None))
}

/// What was written, and what to do with it.
fn written(saved: &found::Saved, draft: &Draft, hand: &Hand) -> String {
    let path = saved.path.display();
    let mut text = format!("{path}: {}, {}\n", team(draft), draft.cost(hand).words());
    if let Some(old) = &saved.old {
        let _ = writeln!(text, "The one before is kept as {}.", old.display());
    }
    let _ = writeln!(text, "Run it: massgen-tui --config {path} \"your task\"");
    clean::text(&text).into_owned()
}

/// The members in one line.
pub(super) fn team(draft: &Draft) -> String {
    let member = |agent: &setup::Agent| {
        let model = agent.model.as_deref().unwrap_or("its own model");
        format!("{} ({}/{model})", agent.id, agent.backend)
    };
    let members: Vec<String> = draft.agents.iter().map(member).collect();
    members.join(", ")
}

fn listed(hand: &Hand) -> String {
    let mut text = String::new();
    for template in Template::ALL {
        let (draft, missing) = Draft::of(template, hand);
        let _ = writeln!(text, "{}\n  {}", template.name(), template.purpose());
        if let Some(needs) = template.needs() {
            let _ = writeln!(text, "  needs {needs}");
        }
        if let Some(missing) = missing {
            let _ = writeln!(text, "  nothing at hand: {missing}");
        } else {
            let cost = draft.cost(hand).words();
            let _ = writeln!(text, "  here: {}\n  {cost}", team(&draft));
        }
    }
    let _ = writeln!(
        text,
        "\nSuggested models are of {}; `massgen-tui models` lists what servers offer now.",
        setup::dated()
    );
    clean::text(&text).into_owned()
}

fn listed_json(hand: &Hand) -> Value {
    let templates: Vec<Value> = Template::ALL
        .into_iter()
        .map(|template| {
            let (draft, missing) = Draft::of(template, hand);
            json!({
                "name": template.name(),
                "purpose": template.purpose(),
                "needs": template.needs(),
                "agents": draft.agents.iter().map(agent).collect::<Vec<_>>(),
                "files": draft.write.word(),
                "cost": cost(draft.cost(hand)),
                "missing": missing,
            })
        })
        .collect();
    json!({"models_dated": setup::dated(), "templates": templates})
}

/// A member as JSON.
pub(super) fn agent(agent: &setup::Agent) -> Value {
    json!({
        "id": agent.id,
        "provider": agent.backend,
        "model": agent.model,
        "base_url": agent.base_url,
    })
}

/// An estimate as JSON: USD of a task; `null` when it is not known.
pub(super) fn cost(cost: setup::Cost) -> Value {
    match cost {
        setup::Cost::About(low, high) => json!({"from": low, "to": high}),
        setup::Cost::Free => json!({"from": 0.0, "to": 0.0}),
        setup::Cost::Unknown => Value::Null,
    }
}

/// Onto standard output; a reader that went away has seen what it wanted.
pub(super) fn say(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}
