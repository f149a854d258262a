//! How the endpoints are: asking, and where the answer goes.

use super::{
    effect::{Effect, Effects, Query},
    layer::{HealthList, Layer},
    model::Model,
};

/// Opens the list and asks.
pub(super) fn open(model: &mut Model) -> Effects {
    model.layers.open(Layer::Health(HealthList::default()));
    ask(model)
}

/// Asks all endpoints.
pub(super) fn ask(model: &mut Model) -> Effects {
    let ticket = model.tickets.issue();
    model.layers.checking(ticket);
    Effects::one(Effect::Query {
        ticket,
        query: Query::Health,
    })
}
