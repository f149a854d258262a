//! Words for the model about the mode of the turn, its part and its persona.
//!
//! What holds for the whole turn stands behind the stable system prompt; what changes with the step
//! stands in the brief. Texts of the configuration and of coordinators are fenced as data by the
//! caller's marks or stand under a heading of ours.

use std::fmt::Write as _;

use super::{coordination::Aim, premises};
use crate::protocol::{
    AgentId, Mode, Purpose, Rules,
    rules::{AfterFirst, Persona},
};

/// What an agent should know of how the team works, below the system prompt; empty for a free team.
#[must_use]
pub fn system(rules: &Rules, agent: AgentId, purpose: Purpose) -> String {
    let mut text = String::new();
    let persona = rules.personas.of(agent);
    if let Some(role) = persona.map(|one| one.role.trim()).filter(|r| !r.is_empty()) {
        let _ = write!(text, "\nYour role in the team:\n{role}\n");
    }
    if purpose == Purpose::Present && rules.permitting.planning.is_some() {
        text.push_str(
            "\nThe team has planned and changed nothing. You may now make the calls that the answer plans, \
             as far as you are given leave; say what was done and what was not.\n",
        );
    }
    if purpose == Purpose::Present {
        if rules.mode.parts().is_empty() {
            return text;
        }
        text.push_str(
            "\nEvery agent worked on a part of the task. Put the parts together into one answer to \
             the whole task: fill what falls between them and settle what contradicts. Where a part \
             is missing, say so plainly and do not invent it.\n",
        );
        return text;
    }
    if let Some(words) = persona.map(|one| one.text.trim()).filter(|t| !t.is_empty()) {
        let _ = write!(text, "\nWork on the task in this way:\n{words}\n");
    }
    if let Some(words) = &rules.permitting.planning {
        text.push_str(
            "\nThis team plans first: tools of servers that may change something are blocked until somebody \
             presents. Say in your answer which calls you would make, in which order, and with what.\n",
        );
        if !words.is_empty() {
            let _ = writeln!(text, "{words}");
        }
    }
    // Whoever checks is told of the files with what is to be checked.
    if purpose != Purpose::Verify {
        text.push_str(&premises::words(&rules.working, agent));
    }
    match &rules.mode {
        Mode::Team | Mode::Plan(_) => {}
        Mode::Layers { layers, .. } => {
            let _ = write!(
                text,
                "\nThis team works in {layers} layers: in each one everybody publishes one answer, \
                 then everybody sees all answers and writes a better one. Votes come last.\n"
            );
        }
        Mode::Rounds { .. } => text.push_str(
            "\nThis team refines in rounds: in each one everybody publishes one answer, then sees \
             all answers. Nobody votes: the answer that most agents give wins. End yours with a line \
             `Answer: …` that holds the bare result. Publish again even if your answer stays.\n",
        ),
        Mode::Samples => text.push_str(
            "\nYou work alone and publish one answer; nobody votes. The result that most agents \
             give wins, so end your answer with a line `Answer: …` that holds the bare result.\n",
        ),
        Mode::Council { .. } => text.push_str(
            "\nThis team is a council: everybody publishes one answer, then judges the anonymous \
             answers of the others, never its own. A chairman writes the final answer.\n",
        ),
        Mode::Parts(_) => part(&mut text, rules, agent),
    }
    text
}

fn part(text: &mut String, rules: &Rules, agent: AgentId) {
    let parts = rules.mode.parts();
    let Some(own) = parts.iter().find(|part| part.agent == agent) else {
        return;
    };
    let _ = write!(
        text,
        "\nThe task is divided, and your part of it is:\n{}\n\nPublish the result of your part, and \
         of nothing else, with one `new_answer`; nobody votes. A presenter puts all parts together.\n",
        own.text.trim()
    );
    let others = parts.iter().filter(|part| part.agent != agent);
    for (at, other) in others.enumerate() {
        if at == 0 {
            text.push_str("\nThe parts of the others:\n");
        }
        let words: Vec<&str> = other.text.split_whitespace().collect();
        let _ = writeln!(text, "- {}: {}", other.agent, words.join(" "));
    }
}

/// What is said once an agent with a persona has seen answers of others; empty without a persona.
#[must_use]
pub fn after_persona(persona: Option<&Persona>, after: AfterFirst) -> &'static str {
    let has = persona.is_some_and(|one| !one.text.trim().is_empty());
    match after {
        AfterFirst::Drop if has => {
            "From here on set the given way of working aside: judge and write as an impartial \
             expert.\n"
        }
        AfterFirst::Soften if has => {
            "From here on the given way of working is a preference only: take what is best, \
             wherever it comes from.\n"
        }
        AfterFirst::Drop | AfterFirst::Soften | AfterFirst::Keep => "",
    }
}

/// What an agent is asked for by this step; `None` when the offer itself says it.
#[must_use]
pub const fn request(aim: Aim) -> Option<&'static str> {
    match aim {
        Aim::Free => None,
        Aim::Refine => Some(
            "Compare the answers above: keep what is right, drop what is wrong, fill what is \
             missing. Publish your answer of this round with `new_answer`.",
        ),
        Aim::Part => Some("Work on your part and publish it with `new_answer`."),
        Aim::Weigh => Some(
            "Another round of refinement costs time and money. Would it change the result? Reply in \
             plain words, and end with the single word STOP if the answers above agree in \
             substance or will not get better, or CONTINUE if another round is worth it.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::rules::{Decomposition, Part, Personas};

    #[test]
    fn an_agent_knows_its_part_and_those_of_the_others() {
        let part = |agent, text: &str| Part {
            agent: AgentId(agent),
            text: text.into(),
            after: Vec::new(),
        };
        let rules = Rules {
            mode: Mode::Parts(Decomposition {
                parts: vec![part(1, "the front"), part(2, "the\nback")],
                ..Decomposition::default()
            }),
            ..Rules::default()
        };
        let text = system(&rules, AgentId(1), Purpose::Work);
        assert!(text.contains("your part of it is:\nthe front\n"), "{text}");
        assert!(text.contains("- agent2: the back\n"), "{text}");
        let presenter = system(&rules, AgentId(1), Purpose::Present);
        assert!(presenter.contains("Put the parts together"), "{presenter}");
    }

    #[test]
    fn a_free_team_has_nothing_to_know_and_a_presenter_no_persona() {
        let mut rules = Rules::default();
        assert_eq!(system(&rules, AgentId(1), Purpose::Work), "");
        rules.personas = Personas {
            given: vec![Persona {
                agent: AgentId(1),
                role: "critic".into(),
                text: "doubt everything".into(),
            }],
            ..Personas::default()
        };
        let work = system(&rules, AgentId(1), Purpose::Work);
        assert!(work.contains("critic") && work.contains("doubt everything"));
        let present = system(&rules, AgentId(1), Purpose::Present);
        assert!(present.contains("critic") && !present.contains("doubt"));
        assert_eq!(system(&rules, AgentId(2), Purpose::Work), "");
    }
}
