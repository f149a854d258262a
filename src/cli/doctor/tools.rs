//! The tool servers of the configuration that a run would use: each is started once, and ended.

use super::{Health, Line};
use crate::{
    app::{Services, toolservers, trust::Chosen},
    cli::launch,
    config::Paths,
};

/// A line for each; none without a configuration that may be used.
pub async fn lines(services: &Services, paths: &Paths) -> Vec<Line> {
    let Some(path) = paths.default_config() else {
        return Vec::new();
    };
    // Why it cannot be used was said where configurations are.
    let Ok(team) = launch::configuration(&path, Chosen::Found, services) else {
        return Vec::new();
    };
    let tried = toolservers::tried(&team).await;
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
            "start its command by hand, or see docs/mcp.md",
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
