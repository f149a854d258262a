//! Tests of the reducer: a world that plays driver and agents and referees every action
//! (`world`), examples per rule (`examples`, `endings`), random play against the laws (`laws`), and whole
//! turns in virtual time by the thousand (`simulator`).

mod alone;
mod deciding;
mod endings;
mod examples;
mod laws;
mod modes;
mod renamed;
mod resume;
mod simulator;
mod votes;
mod world;
