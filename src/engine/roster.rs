//! The team of a session as it changes: who belongs to it, and which numbers were ever used.
//!
//! An agent that was retired stays until the turn is over, because its answers do; the next turn
//! begins without it, unless nobody else is left.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::Member;
use crate::protocol::{AgentCard, AgentId, Event, EventKind, RunEvent, TeamEvent};

/// The team of a session.
#[derive(Clone)]
pub struct Roster {
    team: Vec<Member>,
    /// Highest number ever given.
    last: u16,
    retired: BTreeSet<AgentId>,
    /// How often each was seated in this turn, by this process and by earlier ones at most.
    seated: BTreeMap<AgentId, u32>,
    /// Processes that this turn has ended with.
    before: u32,
    /// A member that coordination has been offered and has not accepted yet.
    candidate: Option<Member>,
}

impl Roster {
    /// A team at its beginning.
    #[must_use]
    pub fn new(team: Vec<Member>) -> Self {
        let last = team.iter().map(|member| member.card.id.0).max();
        Self {
            team,
            last: last.unwrap_or(0),
            retired: BTreeSet::new(),
            seated: BTreeMap::new(),
            before: 0,
            candidate: None,
        }
    }

    /// Everybody, in the order of the configuration, then of joining.
    #[must_use]
    pub fn team(&self) -> &[Member] {
        &self.team
    }

    /// Everybody as people see them.
    #[must_use]
    pub fn cards(&self) -> Vec<AgentCard> {
        self.team.iter().map(|member| member.card.clone()).collect()
    }

    /// The team with which a turn of an earlier process began: whoever joined, was replaced or left in
    /// turns before it did so for good. A newcomer is like the member with its model; whoever cannot
    /// be had any more is missed when its seat is looked for.
    pub fn take_over(&mut self, began: &[AgentCard]) {
        for card in began {
            let prepared = match self.find(card.id) {
                Some(member) if member.card.model == card.model => continue,
                Some(_) => self.exchange(card.id, &card.model),
                None => {
                    let same = |member: &&Member| member.card.model == card.model;
                    let like = self.team.iter().find(same).or_else(|| self.team.first());
                    match like.map(|member| member.card.id) {
                        Some(like) => self.another(like, Some(&card.model)),
                        None => continue,
                    }
                }
            };
            let Some(mut member) = prepared.ok().and_then(|_| self.candidate.take()) else {
                continue;
            };
            member.card = card.clone();
            self.last = self.last.max(card.id.0);
            match self.team.iter_mut().find(|old| old.card.id == card.id) {
                Some(old) => *old = member,
                None => self.team.push(member),
            }
        }
        let stays = |member: &Member| began.iter().any(|card| card.id == member.card.id);
        if self.team.iter().any(stays) {
            self.team.retain(stays);
        }
    }

    /// Repeats the changes that an earlier process has told.
    pub fn replay<'a>(&mut self, events: impl IntoIterator<Item = &'a Event>) {
        for event in events {
            let change = match &event.kind {
                EventKind::Run(RunEvent::Team(change)) => change,
                EventKind::Run(RunEvent::Started(_)) => {
                    self.before += 1;
                    continue;
                }
                EventKind::Run(_) | EventKind::Agent { .. } => continue,
            };
            if let TeamEvent::Replaced(AgentCard { id, .. }) | TeamEvent::Retried(id) = change {
                self.sit(*id);
            }
            // Whoever cannot be had any more is missed when its seat is looked for.
            let prepared = match change {
                TeamEvent::Added { card, like, .. } => {
                    self.another(*like, Some(&card.model)).map(|_| card.clone())
                }
                TeamEvent::Replaced(card) => self.exchange(card.id, &card.model),
                _ => Err(String::new()),
            };
            if let (Ok(card), Some(member)) = (prepared, &mut self.candidate) {
                member.card = card;
            }
            self.note(change);
        }
    }

    /// The member with this number.
    #[must_use]
    pub fn find(&self, id: AgentId) -> Option<&Member> {
        self.team.iter().find(|member| member.card.id == id)
    }

    /// The member with this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Member> {
        self.team.iter().find(|member| member.card.name == name)
    }

    /// Prepares one more member, like another.
    ///
    /// # Errors
    /// Why there can be none, for the person.
    pub fn another(&mut self, like: AgentId, model: Option<&str>) -> Result<AgentCard, String> {
        let id = self.last.checked_add(1).ok_or("no number is left")?;
        let mut member = self.like(like, model)?;
        member.card.id = AgentId(id);
        member.card.name = self.free_name(&member.card.name);
        member.tools = member.tools.map(|tools| tools.another(&member.card.name));
        let card = member.card.clone();
        self.candidate = Some(member);
        Ok(card)
    }

    /// Prepares another model for a seat.
    ///
    /// # Errors
    /// Why that cannot be, for the person.
    pub fn exchange(&mut self, id: AgentId, model: &str) -> Result<AgentCard, String> {
        let member = self.like(id, Some(model))?;
        let card = member.card.clone();
        self.candidate = Some(member);
        Ok(card)
    }

    /// Takes in what coordination decided; the member that has to be seated, if any.
    pub fn note(&mut self, event: &TeamEvent) -> Option<Member> {
        match event {
            TeamEvent::Added { card, .. } => {
                let member = self.candidate.take().filter(|new| new.card == *card)?;
                self.last = self.last.max(card.id.0);
                self.team.push(member.clone());
                Some(member)
            }
            TeamEvent::Replaced(card) => {
                let new = self.candidate.take().filter(|new| new.card == *card)?;
                self.retired.remove(&card.id);
                let seat = self.team.iter_mut().find(|old| old.card.id == card.id)?;
                *seat = new.clone();
                Some(new)
            }
            TeamEvent::Retired(id) => {
                self.retired.insert(*id);
                None
            }
            TeamEvent::Retried(id) => {
                self.retired.remove(id);
                None
            }
            TeamEvent::Declined { .. } => {
                self.candidate = None;
                None
            }
            TeamEvent::Paused(_)
            | TeamEvent::Overdue(_)
            | TeamEvent::Resumed(_)
            | TeamEvent::Hidden(_) => None,
        }
    }

    /// An agent is seated: a number that no seat of it in this turn had before.
    pub fn sit(&mut self, agent: AgentId) -> u32 {
        let seated = self.seated.entry(agent).or_default();
        *seated += 1;
        self.before + *seated - 1
    }

    /// The turn is over: who was retired leaves.
    pub fn settle(&mut self) {
        self.seated.clear();
        self.before = 0;
        let retired = std::mem::take(&mut self.retired);
        if self.team.iter().any(|m| !retired.contains(&m.card.id)) {
            self.team.retain(|m| !retired.contains(&m.card.id));
        }
    }

    fn like(&self, like: AgentId, model: Option<&str>) -> Result<Member, String> {
        let old = self
            .find(like)
            .ok_or_else(|| "there is no such agent".to_owned())?;
        let mut member = old.clone();
        if let Some(model) = model.map(str::trim)
            && model != old.card.model
        {
            if model.is_empty() {
                return Err("no model was named".to_owned());
            }
            member.provider = old
                .provider
                .with_model(model)
                .ok_or("nothing else can sit in its place")?;
            model.clone_into(&mut member.card.model);
        } else {
            member.provider = Arc::clone(&old.provider);
        }
        Ok(member)
    }

    /// `finch`, then `finch #2`, `finch #3` …
    fn free_name(&self, like: &str) -> String {
        let base = match like.rsplit_once(" #") {
            Some((base, count)) if count.parse::<u32>().is_ok() => base,
            _ => like,
        };
        // One of so many names is free.
        (2..=self.team.len() + 2)
            .map(|count| format!("{base} #{count}"))
            .find(|name| self.named(name).is_none())
            .unwrap_or_else(|| base.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream::{self, BoxStream, StreamExt as _};

    use super::*;
    use crate::{
        protocol::Failure,
        provider::{Provider, Request, Shared, StreamEvent},
    };

    struct Mute;

    impl Provider for Mute {
        fn stream(&self, _: Request) -> BoxStream<'static, Result<StreamEvent, Failure>> {
            stream::empty().boxed()
        }

        fn with_model(&self, _: &str) -> Option<Shared> {
            Some(Arc::new(Self))
        }
    }

    fn card(id: u16, name: &str, model: &str) -> AgentCard {
        AgentCard {
            id: AgentId(id),
            name: name.into(),
            model: model.into(),
            backend: "test".into(),
        }
    }

    fn member(card: AgentCard) -> Member {
        Member {
            card,
            system: None,
            provider: Arc::new(Mute),
            tools: None,
        }
    }

    #[test]
    fn changes_of_earlier_turns_are_there_in_another_process() {
        let configured = [
            card(1, "finch", "a"),
            card(2, "heron", "b"),
            card(3, "wren", "c"),
        ];
        let mut roster = Roster::new(configured.map(member).to_vec());
        // heron left, wren got another model, a second finch joined.
        let began = [
            card(1, "finch", "a"),
            card(3, "wren", "d"),
            card(4, "finch #2", "a"),
        ];
        roster.take_over(&began);
        assert_eq!(roster.cards(), began);
        let next = roster.another(AgentId(1), None).unwrap();
        assert_eq!((next.id, next.name.as_str()), (AgentId(5), "finch #3"));
    }
}
