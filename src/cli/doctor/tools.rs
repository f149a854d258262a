//! The tool servers of the configuration that a run would use, and the person's plugins: each is
//! started once, and ended.

use super::{Health, Line};
use crate::{
    app::{Services, toolservers, trust::Chosen},
    cli::launch,
    config::Paths,
};

/// A line for each.
pub async fn lines(services: &Services, paths: &Paths) -> Vec<Line> {
    // Why a configuration cannot be used was said where configurations are.
    let path = paths.default_config();
    let team = path.and_then(|path| launch::configuration(&path, Chosen::Found, services).ok());
    let tried = toolservers::tried(services, team.as_ref()).await;
    tried
        .into_iter()
        .map(|(name, said)| line(&name, said))
        .collect()
}

fn line(name: &str, said: Result<usize, String>) -> Line {
    let (health, text, help) = match said {
        Ok(0) => (Health::Warning, format!("{name} has no tools"), ""),
        Ok(1) => (Health::Ok, format!("{name} has 1 tool"), ""),
        Ok(count) => (Health::Ok, format!("{name} has {count} tools"), ""),
        Err(why) => (
            Health::Warning,
            format!("{name} cannot be used: {why}"),
            "start its command by hand, or see docs/mcp.md and docs/plugins.md",
        ),
    };
    Line {
        section: "tool servers",
        health,
        text,
        help: help.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_came_to_is_a_line() {
        assert_eq!(line("a", Ok(3)).text, "a has 3 tools");
        let failed = line("a", Err("it ended".into()));
        assert!(failed.health == Health::Warning && failed.text.contains("it ended"));
    }
}
