//! From flags to services and a team: what every subcommand that starts or opens a session needs.

use std::{fmt, path::Path, sync::Arc};

use super::{Globals, TeamArgs, config_cmd, layering, rules::RuleArgs};
use crate::{
    app::{
        Services, Source,
        listening::Listeners,
        settings::{self, Settings},
        trust::{Chosen, Standing, Trust},
    },
    config::{self, BackendConfig, Paths, layers::ReadFile},
    demo::{self, Speed},
    engine::outbox,
    logging::{Area, Level, tell},
    protocol::{Failure, FailureKind},
    provider::listing,
};

/// Most model names in a message.
const SHOWN_MODELS: usize = 12;

/// Why nothing was started.
#[derive(Debug)]
pub enum Trouble {
    /// The command line or the configuration is wrong: exit code 2.
    Usage(String),
    /// Something else failed: exit code 1.
    Failed(Failure),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) => f.write_str(text),
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

impl Trouble {
    /// Says it on stderr and returns the exit code.
    #[must_use]
    pub fn tell(&self) -> u8 {
        super::complain(&self.to_string());
        match self {
            Self::Usage(_) => super::USAGE,
            Self::Failed(_) => super::ERROR,
        }
    }
}

/// Services over the folders and the environment of this process.
///
/// # Errors
/// No folder for state, a demo speed that is none, a setting that is wrong.
pub fn services(
    globals: &Globals,
    demo_speed: &str,
    rules: &RuleArgs,
) -> Result<(Arc<Services>, Paths), Trouble> {
    let begun = outbox::now();
    let overlay = rules.overlay().map_err(Trouble::Usage)?;
    let (paths, environment) = config_cmd::surroundings();
    let speed: Speed = demo_speed
        .parse()
        .map_err(|error| Trouble::Usage(format!("{error}.")))?;
    let state = paths
        .state_dir(globals.state_dir.as_deref(), None)
        .map_err(|error| Trouble::Usage(format!("{error}.")))?;
    let trust = Trust::new(&state).owning(&paths).all(globals.trust_config);
    let approved = |file: &ReadFile| {
        let files = std::slice::from_ref(file);
        !matches!(trust.of(&file.path, files), Standing::Unapproved { .. })
    };
    let environment = environment.released(&approved);
    let mut overlay = overlay;
    globals.looks.add(&mut overlay).map_err(Trouble::Usage)?;
    overlay
        .environment(environment.all_of_process())
        .map_err(Trouble::Usage)?;
    let mut troubles = overlay.troubles().into_iter();
    if let Some(trouble) = troubles.next() {
        return Err(Trouble::Usage(format!("{trouble}.")));
    }
    let unwritten = globals.log.begin(&state, &environment.secrets());
    let left_out: Vec<String> = environment.troubles().collect();
    let layers = layering::gather(&paths, &environment, &trust, globals.profile.as_deref());
    let mut services = Services::new(environment, state, speed);
    let own = paths.config.as_ref();
    services.own.settings = Settings::saved_in(own.map(|own| own.join(settings::FILE)));
    services.notices = layers.notices;
    services.notices.extend(unwritten);
    services.notices.extend(left_out);
    services.trust = trust.into();
    services.overlay = overlay.over(layers.stack);
    services.own.keys = own.map(|own| own.join(settings::KEYS));
    services.own.plugins = paths.config.as_ref().map(|own| own.join("plugins"));
    services.dump_prompts.clone_from(&globals.dump_prompts);
    services.keeping = globals.keep.keeping();
    let (mut listeners, troubles) = Listeners::gather(&paths, &services.environment);
    for trouble in troubles {
        super::complain(&trouble);
    }
    if let Some(file) = &globals.profile_trace {
        listeners.profile(file.clone());
    }
    listeners.phase("settings and folders", begun);
    services.listeners = listeners;
    for notice in &services.notices {
        tell(Level::Warn, Area::Config, || notice.clone());
    }
    Ok((Arc::new(services), paths))
}

/// Seconds that clocks here are ahead of UTC now.
#[must_use]
pub fn zone() -> i32 {
    jiff::Zoned::now().offset().seconds()
}

/// The team that the flags name; `None` when they name none.
///
/// # Errors
/// An unknown scenario, a broken configuration, a model that cannot be reached.
pub async fn named(
    args: &TeamArgs,
    services: &Services,
    paths: &Paths,
) -> Result<Option<Source>, Trouble> {
    if let Some(name) = &args.demo {
        let name = if name.is_empty() { demo::DEFAULT } else { name };
        demo::find(name).map_err(|failure| usage(&failure))?;
        return Ok(Some(Source::Demo(name.to_owned())));
    }
    if let Some(name) = &args.config {
        let path = paths
            .named_config(name)
            .map_err(|error| Trouble::Usage(format!("{error}.")))?;
        return configuration(&path, Chosen::ByHand, services).map(Some);
    }
    if args.base_url.is_some() || !args.model.is_empty() {
        return backends(args, services).await.map(Some);
    }
    Ok(None)
}

/// A failure that is the command line's own: its words without its class.
fn usage(failure: &Failure) -> Trouble {
    Trouble::Usage(failure.words())
}

/// The team of a configuration file.
///
/// # Errors
/// Every finding of a file that cannot be run, with line and column; a file of a project that nobody
/// approved, with what it would do.
pub fn configuration(path: &Path, chosen: Chosen, services: &Services) -> Result<Source, Trouble> {
    let config = services.configuration(path, chosen);
    config
        .map(Source::Config)
        .map_err(|refusal| Trouble::Usage(refusal.words()))
}

async fn backends(args: &TeamArgs, services: &Services) -> Result<Source, Trouble> {
    if let Some(words) = services.overlay.stack().missing(None) {
        return Err(Trouble::Usage(format!("--profile: {words}.")));
    }
    let models = if args.model.is_empty() {
        vec![only_model(args, services).await?]
    } else {
        args.model.clone()
    };
    models
        .iter()
        .map(|model| backend(args, model, services))
        .collect::<Result<_, _>>()
        .map(Source::Backends)
}

/// One model at the address and with the key of the flags.
fn backend(args: &TeamArgs, model: &str, services: &Services) -> Result<BackendConfig, Trouble> {
    let mut backend = services
        .backend(args.base_url.as_deref(), Some(model))
        .map_err(|failure| usage(&failure))?;
    backend.tool_calling = match args.tool_calling.as_str() {
        "native" => config::ToolCalling::Native,
        "text" => config::ToolCalling::Text,
        _ => config::ToolCalling::Auto,
    };
    Ok(backend)
}

/// The model of a server that has just one.
async fn only_model(args: &TeamArgs, services: &Services) -> Result<String, Trouble> {
    let endpoint = crate::app::endpoint(&backend(args, "-", services)?);
    let mut models = listing::list(&services.client, &endpoint).await?;
    if models.len() == 1 {
        return Ok(models.swap_remove(0).id);
    }
    let names: Vec<&str> = models
        .iter()
        .take(SHOWN_MODELS)
        .map(|model| model.id.as_str())
        .collect();
    let failure = if names.is_empty() {
        Failure::new(FailureKind::Model, "The server lists no model.")
            .hint("Load one there, or name one with --model NAME.")
    } else {
        Failure::new(
            FailureKind::Model,
            format!("The server has {} models.", models.len()),
        )
        .hint(format!(
            "Choose with --model NAME (several times for several agents): {}{}.",
            names.join(", "),
            if models.len() > names.len() {
                " …"
            } else {
                ""
            }
        ))
    };
    Err(usage(&failure))
}
