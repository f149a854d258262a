//! Whom a person means by `1,3`, `mia` or `all`.
//!
//! Numbers are places in the team, as people see them on panes; names are the configured ones. The
//! anonymous numbers that agents use among each other are not accepted: they differ.

use super::{AgentCard, AgentId, command::Target};

/// The agents that a list names.
///
/// # Errors
/// The word that names nobody, and what could stand there.
pub fn address(list: &str, team: &[AgentCard]) -> Result<Target, String> {
    let mut agents: Vec<AgentId> = Vec::new();
    for word in list.split([',', ' ']).filter(|word| !word.is_empty()) {
        let word = word.trim_start_matches('@');
        if word.eq_ignore_ascii_case("all") {
            return Ok(Target::All);
        }
        let by_place = word
            .parse::<usize>()
            .ok()
            .and_then(|place| team.get(place.checked_sub(1)?));
        let by_name = || {
            team.iter()
                .find(|card| card.name.eq_ignore_ascii_case(word))
        };
        let card = by_place.or_else(by_name).ok_or_else(|| {
            let word = &word[..word.floor_char_boundary(40)];
            format!(
                "\"{word}\" is no agent; write 1 to {}, names, or all.",
                team.len()
            )
        })?;
        agents.push(card.id);
    }
    Target::of(agents).ok_or_else(|| "No agent is named.".to_owned())
}

/// A message that may begin with its addressees: `@1,3 look again`. Without them it has none; with a
/// word after `@` that names nobody it is a message like any other.
#[must_use]
pub fn addressed<'a>(text: &'a str, team: &[AgentCard]) -> (Option<Target>, &'a str) {
    let Some((list, rest)) = text
        .strip_prefix('@')
        .and_then(|rest| rest.split_once(char::is_whitespace))
    else {
        return (None, text);
    };
    match address(list, team) {
        Ok(target) if !rest.trim().is_empty() => (Some(target), rest.trim_start()),
        Ok(_) | Err(_) => (None, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn team() -> Vec<AgentCard> {
        [("noah", 3), ("mia", 2), ("ada", 1)]
            .map(|(name, id)| AgentCard {
                id: AgentId(id),
                name: name.into(),
                model: String::new(),
                backend: String::new(),
            })
            .into()
    }

    #[test]
    fn places_and_names_mean_agents() {
        for (list, target) in [
            ("1", Target::One(AgentId(3))),
            ("1,3", Target::Several(vec![AgentId(1), AgentId(3)])),
            (
                "Mia, noah mia",
                Target::Several(vec![AgentId(2), AgentId(3)]),
            ),
            ("all", Target::All),
        ] {
            assert_eq!(address(list, &team()), Ok(target), "{list}");
        }
        for list in ["0", "4", "agent1", "", ","] {
            assert!(address(list, &team()).is_err(), "{list}");
        }
    }

    #[test]
    fn a_message_may_begin_with_its_addressees() {
        let team = team();
        for (text, target, rest) in [
            ("look", None, "look"),
            ("@2 look", Some(Target::One(AgentId(2))), "look"),
            (
                "@mia,3  look",
                Some(Target::Several(vec![AgentId(1), AgentId(2)])),
                "look",
            ),
            ("@all\nlook", Some(Target::All), "look"),
            ("@nobody look", None, "@nobody look"),
            ("@1", None, "@1"),
            ("@1 ", None, "@1 "),
        ] {
            assert_eq!(addressed(text, &team), (target, rest), "{text}");
        }
    }
}
