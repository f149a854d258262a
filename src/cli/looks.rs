//! Flags of the screen's look: short for `--set ui.theme=…` and `--set ui.verbosity=…`, on every command
//! that shows it.

use crate::{
    config::Overlay,
    tui::{detail::Detail, theme::Named},
};

/// How the screen looks.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct LookArgs {
    /// Colours of the screen, for this run.
    #[arg(
        long,
        value_name = "NAME",
        global = true,
        value_parser = Named::ALL.map(Named::word),
    )]
    pub theme: Option<String>,
    /// How much of an agent's work its pane shows, for this run.
    #[arg(
        long,
        value_name = "LEVEL",
        global = true,
        value_parser = Detail::ALL.map(Detail::word),
    )]
    pub verbosity: Option<String>,
}

impl LookArgs {
    /// Lays them over the configuration.
    ///
    /// # Errors
    /// As for [`Overlay::add`]; not with what the parser lets through.
    pub fn add(&self, overlay: &mut Overlay) -> Result<(), String> {
        for (flag, key, value) in [
            ("--theme", "ui.theme", &self.theme),
            ("--verbosity", "ui.verbosity", &self.verbosity),
        ] {
            if let Some(value) = value {
                overlay.add(flag, key, value)?;
            }
        }
        Ok(())
    }
}
