//! What is held back because nobody approved it: the configuration that was found, and variables of a
//! project's `.env`.

use super::{Health, Line};
use crate::{
    app::{
        Services,
        trust::{Chosen, Refusal},
    },
    config::{Paths, clean},
};

/// Section of the lines about configurations.
const CONFIGURATION: &str = "configuration";
/// Most names in one line.
const NAMES: usize = 12;

/// The lines, each for its own section.
pub fn lines(services: &Services, paths: &Paths) -> Vec<Line> {
    let mut lines = Vec::new();
    let found = paths.default_config();
    let refused = found.and_then(|path| services.configuration(&path, Chosen::Found).err());
    if let Some(Refusal::Unapproved(asked)) = refused {
        let name = asked.name();
        lines.push(Line {
            section: CONFIGURATION,
            health: Health::Warning,
            text: format!("{name} lies in a project and is not approved; nothing of it is used"),
            help: format!("read it, then: massgen-tui config trust {name}"),
        });
    }
    for notice in &services.notices {
        lines.push(Line {
            section: CONFIGURATION,
            health: Health::Warning,
            text: clean(notice, 400),
            help: String::new(),
        });
    }
    for file in services.environment.files() {
        let mut names: Vec<String> = file.held.keys().map(|name| clean(name, 64)).collect();
        if names.is_empty() {
            continue;
        }
        let more = names.len().saturating_sub(NAMES);
        names.truncate(NAMES);
        if more > 0 {
            names.push(format!("{more} more"));
        }
        let path = clean(&file.path.display().to_string(), 300);
        lines.push(Line {
            section: "keys",
            health: Health::Warning,
            text: format!(
                "{path}: not taken, for they are no keys: {}",
                names.join(", ")
            ),
            help: format!("read it, then: massgen-tui config trust {path}"),
        });
    }
    lines
}

/// Puts lines behind the last of their section.
pub fn put(lines: &mut Vec<Line>, more: Vec<Line>) {
    for line in more {
        let behind = lines
            .iter()
            .rposition(|other| other.section == line.section);
        lines.insert(behind.map_or(lines.len(), |last| last + 1), line);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{app::trust::Trust, config::Environment, demo::Speed, store::approvals::How};

    #[test]
    fn what_nobody_approved_is_a_warning_until_it_is() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        let team = "agents: [{id: a, backend: {type: lmstudio, model: m}}]\n";
        fs::write(root.join("massgen-tui.yaml"), team).unwrap();
        fs::write(root.join(".env"), "GATEWAY=https://x\nMY_KEY=abc\n").unwrap();
        let paths = Paths {
            cwd: root.clone(),
            ..Paths::default()
        };
        let environment = Environment::gather([], &root, None, None);
        let mut services = Services::new(environment, root.join("state"), Speed::default());
        services.trust = Trust::new(&root.join("state")).into();
        let told = lines(&services, &paths);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].text.contains("is not approved") && told[0].help.contains("config trust"));
        assert!(told[1].text.ends_with("no keys: GATEWAY"), "{told:?}");
        let file = root.join("massgen-tui.yaml");
        let Err(Refusal::Unapproved(asked)) = services.configuration(&file, Chosen::Found) else {
            panic!("a question");
        };
        services
            .trust
            .approve(&file, &asked.sum, How::Approved)
            .unwrap();
        assert_eq!(lines(&services, &paths).len(), 1);
    }

    #[test]
    fn lines_stand_with_their_section() {
        let line = |section, text: &str| Line {
            section,
            health: Health::Ok,
            text: text.to_owned(),
            help: String::new(),
        };
        let mut all = vec![line("terminal", "a"), line("keys", "b"), line("files", "c")];
        put(&mut all, vec![line("keys", "d"), line("new", "e")]);
        let order: Vec<&str> = all.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(order, ["a", "b", "d", "c", "e"]);
    }
}
