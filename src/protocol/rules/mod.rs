//! The rules of a turn: how the team improves, sees, decides and finishes.
//!
//! Plain data from flags and files, told once at the beginning of each turn, so that a log says by
//! which rules it was played. One file per question that a rule answers. Defaults are the product's;
//! every field has one, so that logs of older versions read on.

mod alone;
mod context;
mod deciding;
mod finishing;
mod improving;
mod mode;
mod permitting;
mod personas;
mod policy;
mod scaling;
mod seeing;
mod talking;
mod working;

use serde::{Deserialize, Serialize};

use super::AgentId;

pub use context::Context;
pub use deciding::{Criterion, Deciding, Gate};
pub use finishing::{Finish, Finishing, Verify};
pub use improving::{Improving, Novelty};
pub use mode::{Approval, Decomposition, Mode, Part, Planning, circle};
pub use permitting::{
    ApprovePolicy, Network, Offered, OwnRules, Permitting, from_start, objection,
};
pub use personas::{AfterFirst, Diversity, Persona, Personas};
pub use policy::{Form, Policy};
pub use scaling::Scaling;
pub use seeing::{Hiding, Seeing, Visibility};
pub use talking::{Asking, Degree, QuestionPolicy, Talking};
pub use working::{Folder, Isolation, Own, Untracked, Working};

/// All rules of a turn. Limits are told beside them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rules {
    /// When and how votes become a winner.
    pub deciding: Deciding,
    /// What counts as a new answer.
    pub improving: Improving,
    /// Who is shown what.
    pub seeing: Seeing,
    /// How the winner becomes the final answer.
    pub finishing: Finishing,
    /// How the team works together.
    pub mode: Mode,
    /// Whom agents may ask.
    pub talking: Talking,
    /// What makes its agents differ.
    pub personas: Personas,
    /// How the team grows and shrinks.
    pub scaling: Scaling,
    /// How full a conversation may get.
    #[serde(skip_serializing_if = "Context::is_usual")]
    pub context: Context,
    /// What agents may do with files and commands.
    #[serde(skip_serializing_if = "Permitting::is_usual")]
    pub permitting: Permitting,
    /// Which folders it works on.
    #[serde(skip_serializing_if = "Working::is_nowhere")]
    pub working: Working,
    /// The one agent that is asked in this turn; the others wait. `None`: everybody is. Of one turn
    /// only: no configuration says it and no later turn takes it over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<AgentId>,
}
