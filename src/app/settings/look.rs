//! How the screen looks, and the person's keys: read when it begins, and when a setting changes.

use std::{io::Read as _, path::Path};

use super::Services;
use crate::{
    config::clean,
    protocol::{Failure, FailureKind},
    store,
    tui::{
        desk::Bind,
        detail::Detail,
        keymap::{self, Keymap},
        options::Look,
        theme::Named,
    },
};

/// Name of the file of the person's keys.
pub const KEYS: &str = "keymap.toml";
/// Largest file of keys that is read.
const MOST_BYTES: u64 = 256 * 1024;

impl Services {
    /// How the screen looks, by all settings; and what is wrong with those, a sentence each. Without a
    /// word about the theme, `NO_COLOR` takes the colours away.
    #[must_use]
    pub fn look_now(&self) -> (Look, Vec<String>) {
        let said = self.overlay_now().looks();
        let mut troubles = Vec::new();
        let mut unknown = |what: &str, word: &str, all: &str| {
            let word = clean(word, 40);
            troubles.push(format!("{what} is not \"{word}\"; it is one of: {all}."));
        };
        let theme = said.theme.and_then(|word| {
            let found = Named::find(&word);
            if found.is_none() {
                unknown("ui.theme", &word, &Named::ALL.map(Named::word).join(", "));
            }
            found
        });
        let detail = said.verbosity.and_then(|word| {
            let found = Detail::find(&word);
            if found.is_none() {
                let all = Detail::ALL.map(Detail::word).join(", ");
                unknown("ui.verbosity", &word, &all);
            }
            found
        });
        let colourless = self.environment.process("NO_COLOR");
        let usual = if colourless.is_some_and(|value| !value.is_empty()) {
            Named::Plain
        } else {
            Named::Terminal
        };
        let look = Look {
            theme: theme.unwrap_or(usual).theme(),
            detail: detail.unwrap_or_default(),
        };
        (look, troubles)
    }

    /// The person's keys as their file has them; empty without one.
    ///
    /// # Errors
    /// The file cannot be read; as a sentence.
    pub fn own_keys(&self) -> Result<String, String> {
        match &self.own.keys {
            Some(file) => read(file).map_err(|failure| failure.words()),
            None => Ok(String::new()),
        }
    }
}

fn read(file: &Path) -> Result<String, Failure> {
    let trouble = |why: &str| {
        let name = clean(&file.display().to_string(), 300);
        let message = format!("{name} cannot be read: {why}.");
        Failure::new(FailureKind::Local, message).hint("The program's own keys are used.")
    };
    let mut text = String::new();
    match std::fs::File::open(file) {
        Ok(open) => open
            .take(MOST_BYTES + 1)
            .read_to_string(&mut text)
            .map_err(|error| trouble(&error.to_string()))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(text),
        Err(error) => return Err(trouble(&error.to_string())),
    };
    if text.len() as u64 > MOST_BYTES {
        return Err(trouble("it is too large"));
    }
    Ok(text)
}

/// Writes keys into the person's file; says what there is to say about it.
pub(super) fn bind(services: &Services, bind: &Bind) -> Result<String, Failure> {
    let Some(file) = &services.own.keys else {
        let message = "There is no folder for settings on this machine.";
        return Err(Failure::new(FailureKind::Local, message));
    };
    let old = read(file)?;
    let (context, entry) = (bind.binding.context, &bind.binding.entry);
    let new = keymap::written(&old, context, &entry.name, bind.keys.as_deref());
    let name = clean(&file.display().to_string(), 300);
    if new != old {
        let before = Keymap::with_own(&old).problems().len();
        let after = Keymap::with_own(&new);
        if let (true, Some(problem)) = (after.problems().len() > before, after.problems().last()) {
            let message = format!("It was not written: in {name}, {problem}.");
            return Err(Failure::new(FailureKind::Local, message).hint("Look at the file."));
        }
        store::replace_private(file, new.as_bytes())?;
    }
    Ok(match &bind.keys {
        Some(_) => format!("Saved in {name}."),
        None => "It has the program's own keys again.".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Environment, demo::Speed, tui::keymap::Context};

    fn services(folder: &Path, variables: &[(&str, &str)]) -> Services {
        let process: Vec<(String, String)> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let environment = Environment::gather(process, folder, None, None);
        let mut services = Services::new(environment, folder.join("state"), Speed::default());
        services.own.keys = Some(folder.join(KEYS));
        services
    }

    #[test]
    fn the_look_is_what_was_said_and_no_color_only_speaks_first() {
        let folder = tempfile::tempdir().unwrap();
        let mut services = services(folder.path(), &[("NO_COLOR", "1")]);
        let (look, troubles) = services.look_now();
        assert_eq!(look.theme, Named::Plain.theme());
        assert_eq!((look.detail, troubles.len()), (Detail::Usual, 0));
        services.overlay.set("ui.theme=light").unwrap();
        services.overlay.set("ui.verbosity=loud").unwrap();
        let (look, troubles) = services.look_now();
        assert_eq!(look.theme, Named::Light.theme());
        assert_eq!(look.detail, Detail::Usual);
        assert!(
            troubles[0].contains("answers, tools, usual, full"),
            "{troubles:?}"
        );
    }

    #[test]
    fn keys_are_written_among_the_persons_own_lines() {
        let folder = tempfile::tempdir().unwrap();
        let services = services(folder.path(), &[]);
        assert_eq!(services.own_keys().as_deref(), Ok(""));
        let keymap = Keymap::builtin();
        let all = keymap.bindings().iter();
        let help = all
            .clone()
            .find(|one| one.entry.name == "app.help")
            .unwrap();
        let ask = |keys: Option<&str>| Bind {
            binding: help.clone(),
            keys: keys.map(|key| vec![key.parse().unwrap()]),
        };
        assert_eq!(help.context, Context::Command);
        bind(&services, &ask(Some("f10"))).unwrap();
        let text = services.own_keys().unwrap();
        assert!(
            text.contains("[command]\n\"app.help\" = [\"f10\"]\n"),
            "{text}"
        );
        let file = folder.path().join(KEYS);
        std::fs::write(&file, format!("# mine\n{text}")).unwrap();
        bind(&services, &ask(None)).unwrap();
        let text = services.own_keys().unwrap();
        assert!(
            text.starts_with("# mine\n") && !text.contains("f10"),
            "{text}"
        );
        std::fs::write(&file, [0xff]).unwrap();
        assert!(services.own_keys().is_err() && bind(&services, &ask(Some("f10"))).is_err());
        assert_eq!(
            std::fs::read(&file).unwrap(),
            [0xff],
            "what cannot be read is not replaced"
        );
    }
}
