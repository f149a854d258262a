//! What the person does with the team: keys and commands about the focused agent.

use super::{
    aside,
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
        let words = match action {
            // The same key plays a session that was opened.
            Team::Pause if !aside::works(model) => {
                "No team is at work; a session opened from the list (F6) is played."
            }
            _ => return aside::nobody(model),
        };
        return model.hint(words);
    }
    let turn = model.shared.run.turn.as_ref();
    if let (Team::Tally | Team::Names, Some(turn)) = (action, turn) {
        let mut hiding = turn.start.rules.seeing.hiding();
        match action {
            Team::Tally => hiding.tally = !hiding.tally,
            _ => hiding.identities = !hiding.identities,
        }
        return Effects::one(Effect::Engine(Command::Team(TeamCommand::Hide(hiding))));
    }
    let focused = model.live.focused_agent();
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
        Team::Tally | Team::Names => return Effects::none(),
        Team::Retire => TeamCommand::Retire(id),
        Team::Retry => TeamCommand::Retry(id),
    };
    Effects::one(Effect::Engine(Command::Team(command)))
}
