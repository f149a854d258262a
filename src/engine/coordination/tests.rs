//! Tests of the reducer: a world that plays driver and agents and referees every action
//! (`world`), examples per rule (`examples`, `endings`), and random play against the laws (`laws`).

mod endings;
mod examples;
mod laws;
mod world;
