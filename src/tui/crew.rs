//! What the person does with the team: keys and commands about the focused agent.

use super::{
    effect::{Effect, Effects},
    layer::{Crew, Layer, Team},
    model::Model,
};
use crate::{
    protocol::{Command, TeamCommand},
    run::{Activity, Away},
};

/// Performs an action on the focused agent.
pub(super) fn perform(model: &mut Model, action: Team) -> Effects {
    if !model.shared.live || !model.shared.running() {
        return model.hint("No team is at work.");
    }
    let focused = model.live.focused_agent();
    let turn = model.shared.run.turn.as_ref();
    let Some(agent) = turn.zip(focused).and_then(|(turn, id)| turn.agent(id)) else {
        return model.hint("Focus an agent first.");
    };
    let id = agent.card.id;
    let command = match action {
        Team::Card | Team::Add | Team::Replace => {
            let card = Crew::new(agent, action);
            model.layers.open(Layer::Crew(card));
            return Effects::none();
        }
        Team::Pause => match agent.activity {
            Activity::Away(Away::Paused | Away::Overdue) => TeamCommand::Resume(id),
            _ => TeamCommand::Pause(id),
        },
        Team::Retire => TeamCommand::Retire(id),
        Team::Retry => TeamCommand::Retry(id),
    };
    Effects::one(Effect::Engine(Command::Team(command)))
}
