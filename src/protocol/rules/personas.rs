//! Roles and personas: what makes the agents of a team differ.
//!
//! A role stays; a persona steers an agent while it works alone, so that first answers differ, and
//! is dropped, softened or kept once it has seen what others wrote (`MassGen`'s `persona_generator`).

use serde::{Deserialize, Serialize};

use crate::protocol::AgentId;

/// Roles and personas of a team.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Personas {
    /// Given or made ones, at most one per agent.
    pub given: Vec<Persona>,
    /// How personas are made for agents without one; `None`: they are not.
    pub diversity: Option<Diversity>,
    /// Hints for making them.
    pub guidelines: String,
    /// What becomes of a persona when its agent has seen other answers.
    pub after: AfterFirst,
    /// Made personas are kept for later turns of the session.
    pub persist: bool,
}

/// What makes one agent special.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Persona {
    /// Who.
    pub agent: AgentId,
    /// What it stands for, for the whole turn.
    #[serde(default)]
    pub role: String,
    /// How it goes about the task before it has seen other answers.
    #[serde(default)]
    pub text: String,
}

/// In what made personas differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Diversity {
    /// Different views of the problem.
    #[default]
    Perspective,
    /// Different kinds of solution.
    Implementation,
    /// Different ways of working.
    Methodology,
}

/// What becomes of a persona when its agent has seen other answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterFirst {
    /// It is set aside.
    #[default]
    Drop,
    /// It is a preference from then on.
    Soften,
    /// It stays.
    Keep,
}

impl Persona {
    /// Every text in it, for masking and cleaning.
    pub fn texts_mut(&mut self, each: &mut dyn FnMut(&mut String)) {
        let Self {
            agent: _,
            role,
            text,
        } = self;
        each(role);
        each(text);
    }
}

impl Personas {
    /// Every text in it, for masking and cleaning.
    pub fn texts_mut(&mut self, each: &mut dyn FnMut(&mut String)) {
        let Self {
            given,
            diversity: _,
            guidelines,
            after: _,
            persist: _,
        } = self;
        for one in given {
            one.texts_mut(each);
        }
        each(guidelines);
    }

    /// The persona of an agent.
    #[must_use]
    pub fn of(&self, agent: AgentId) -> Option<&Persona> {
        self.given.iter().find(|persona| persona.agent == agent)
    }
}
