//! A home of its own for Gemini CLI: the person's login and sessions, our tool server.
//!
//! It takes tool servers from settings files only, reads system settings only when root owns them,
//! and the person's own file is not ours to write. So it gets a private home in which everything of
//! the person's `.gemini` is a link, but for the settings: those are the person's with our server in
//! the place of all others.

use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::claude::PATIENCE_MS;
use super::folder::Folder;
use super::heard::SERVER;

/// Folder of its files in a home.
const FILES: &str = ".gemini";
/// The file that is not linked.
const SETTINGS: &str = "settings.json";

/// Furnishes a home in `folder` for a program that sees `env`, with our tool server when there is one,
/// and returns its path.
///
/// # Errors
/// It cannot be written.
pub fn furnish(
    folder: &Folder,
    env: &[(String, SecretString)],
    server: Option<(&str, &[String])>,
) -> io::Result<PathBuf> {
    let variable = |name: &str| {
        let found = env.iter().find(|(known, _)| known == name)?;
        Some(found.1.expose_secret()).filter(|value| !value.is_empty())
    };
    let persons = variable("GEMINI_CLI_HOME").or_else(|| variable("HOME"));
    let persons = persons.map(|home| Path::new(home).join(FILES));
    let home = folder.file("home");
    let files = home.join(FILES);
    // A launch before this one may have made it.
    std::fs::create_dir_all(&files)?;
    let entries = persons
        .as_ref()
        .and_then(|path| std::fs::read_dir(path).ok());
    for entry in entries.into_iter().flatten().flatten() {
        if entry.file_name() != SETTINGS {
            // What is there already was linked before, or is its own.
            let _ = symlink(entry.path(), files.join(entry.file_name()));
        }
    }
    let text = persons.and_then(|path| std::fs::read_to_string(path.join(SETTINGS)).ok());
    let key = variable("GEMINI_API_KEY").is_some();
    let settings = settings(text.as_deref().unwrap_or_default(), key, server);
    std::fs::write(files.join(SETTINGS), settings)?;
    Ok(home)
}

/// The person's settings with our server. Settings that cannot be read are as good as none: what they
/// say about a login then has to be in a variable.
fn settings(persons: &str, key: bool, server: Option<(&str, &[String])>) -> String {
    let read = serde_json::from_str(persons).ok();
    let mut settings: Value = read.filter(Value::is_object).unwrap_or_else(|| json!({}));
    settings["mcpServers"] = match server {
        Some((command, arguments)) => json!({ SERVER: {
            "command": command, "args": arguments, "timeout": PATIENCE_MS, "trust": true
        }}),
        None => json!({}),
    };
    // Without a choice it asks at a terminal, which is not there.
    let chosen = settings.pointer("/security/auth/selectedType").is_some();
    if key && !chosen {
        for name in ["security", "auth"] {
            let part = if name == "auth" {
                &mut settings["security"]
            } else {
                &mut settings
            };
            if !part[name].is_object() {
                part[name] = json!({});
            }
        }
        settings["security"]["auth"]["selectedType"] = "gemini-api-key".into();
    }
    settings.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(persons: &str, key: bool) -> Value {
        let words = ["agent-tools".to_owned()];
        serde_json::from_str(&settings(persons, key, Some(("/bin/x", &words)))).unwrap()
    }

    #[test]
    fn the_persons_settings_stay_but_for_the_servers() {
        let persons = r#"{"ui":{"theme":"Dark"},"mcpServers":{"mine":{"command":"m"}},
            "security":{"auth":{"selectedType":"oauth-personal"}}}"#;
        let settings = read(persons, true);
        assert_eq!(settings["ui"]["theme"], "Dark");
        assert_eq!(
            settings["security"]["auth"]["selectedType"],
            "oauth-personal"
        );
        let servers = settings["mcpServers"].as_object().unwrap();
        assert_eq!(servers.keys().collect::<Vec<_>>(), [SERVER]);
        assert_eq!(servers[SERVER]["args"], json!(["agent-tools"]));
    }

    #[test]
    fn a_key_is_the_login_where_none_was_chosen() {
        for odd in ["", "{} // note", "[1]", r#"{"security": 3}"#] {
            let settings = read(odd, true);
            let chosen = settings.pointer("/security/auth/selectedType");
            assert_eq!(chosen, Some(&json!("gemini-api-key")), "{odd}");
        }
        assert!(read("{}", false).get("security").is_none());
    }

    #[test]
    fn the_login_is_a_link_and_the_settings_are_not() {
        let person = tempfile::tempdir().unwrap();
        std::fs::create_dir(person.path().join(FILES)).unwrap();
        let own = person.path().join(FILES);
        std::fs::write(own.join("oauth_creds.json"), "login").unwrap();
        std::fs::write(own.join(SETTINGS), "{}").unwrap();
        let place = person.path().to_string_lossy().into_owned();
        let env = [("HOME".to_owned(), SecretString::from(place))];
        let folder = Folder::create().unwrap();
        for _ in 0..2 {
            let home = furnish(&folder, &env, Some(("x", &[]))).unwrap();
            let files = home.join(FILES);
            assert!(files.join("oauth_creds.json").is_symlink());
            assert!(!files.join(SETTINGS).is_symlink());
        }
        drop(folder);
        assert_eq!(
            std::fs::read_to_string(own.join("oauth_creds.json")).unwrap(),
            "login"
        );
        assert_eq!(std::fs::read_to_string(own.join(SETTINGS)).unwrap(), "{}");
    }
}
