//! The tools of one agent: what it is offered, and the way of a call past the gate.
//!
//! A tool is pinned as its server first described it: models go on reading that, and a call of a tool
//! whose description, arguments or promises changed since is asked about anew, whatever the rules say.
//! Until somebody presents, a team that plans calls only what the server says to read.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::{Arc, Weak},
};

use futures_util::{
    FutureExt as _,
    future::{BoxFuture, join_all},
};
use serde_json::{Map, Value};
use tokio::sync::watch;

use super::{
    calling::perform,
    define::{Definition, Effect},
    keeper::{Inner, Keeper, State},
    names,
};
use crate::{
    config::{AgentTools, ToolServer},
    protocol::Deed,
    text::clean,
    tool::{
        Outside, ToolResult,
        leave::{Wish, leave},
        outside::{Offer, OutsideCall, Stage},
        permit::Usual,
    },
};

/// Tools that one agent is offered at most; vendors refuse more.
const MOST: usize = 120;
/// Bytes of arguments that a person is shown.
const SHOWN: usize = 4_000;

/// Connections that all agents of a team share, by the name of their server.
#[derive(Clone)]
pub struct Shared(watch::Sender<BTreeMap<String, Keeper>>);

impl Default for Shared {
    fn default() -> Self {
        Self(watch::channel(BTreeMap::new()).0)
    }
}

impl Shared {
    fn keeper(&self, server: &ToolServer) -> Keeper {
        let mut kept = None;
        self.0.send_if_modified(|all| {
            let keeper = all
                .entry(server.name.clone())
                .or_insert_with(|| Keeper::new(server));
            kept = Some(keeper.clone());
            false
        });
        kept.unwrap_or_else(|| Keeper::new(server))
    }
}

/// How the servers of this process are.
#[derive(Clone)]
pub struct Board(watch::Sender<Vec<Seen>>);

#[derive(Clone)]
struct Seen {
    agent: String,
    server: String,
    keeper: Weak<Inner>,
}

impl Default for Board {
    fn default() -> Self {
        Self(watch::channel(Vec::new()).0)
    }
}

impl Board {
    /// Every connection that is wanted by somebody: agent, server, state.
    #[must_use]
    pub fn rows(&self) -> Vec<(String, String, State)> {
        let seen = self.0.borrow();
        let rows = seen.iter().filter_map(|seen| {
            let keeper = Keeper::again(&seen.keeper)?;
            Some((seen.agent.clone(), seen.server.clone(), keeper.state()))
        });
        rows.collect()
    }

    fn note(&self, agent: &str, server: &str, keeper: &Keeper) {
        self.0.send_modify(|seen| {
            seen.retain(|one| one.keeper.strong_count() > 0);
            seen.push(Seen {
                agent: agent.to_owned(),
                server: server.to_owned(),
                keeper: keeper.weak(),
            });
        });
    }
}

/// The outside tools of one agent.
#[derive(Clone)]
pub struct Tools(Arc<Kit>);

struct Kit {
    agent: String,
    said: AgentTools,
    shared: Shared,
    board: Board,
    places: Vec<Place>,
    book: watch::Sender<Book>,
}

/// A server and its connection.
struct Place {
    server: ToolServer,
    /// Its name for people and models.
    name: String,
    keeper: Keeper,
}

/// What has been offered, and said.
#[derive(Default)]
struct Book {
    /// By the name on offer.
    entries: BTreeMap<String, Entry>,
    /// Servers whose list was taken in.
    listed: BTreeSet<usize>,
    /// Servers whose failure was told.
    told: BTreeSet<usize>,
    told_many: bool,
}

#[derive(Clone)]
struct Entry {
    place: usize,
    /// As it was when it was first seen, or last allowed.
    pinned: Definition,
    /// It came after the server's first list.
    late: bool,
}

impl Tools {
    /// The tools of an agent; nothing is started yet. `None` without servers.
    #[must_use]
    pub fn new(agent: &str, said: &AgentTools, shared: &Shared, board: &Board) -> Option<Self> {
        if said.servers.is_empty() {
            return None;
        }
        let place = |server: &ToolServer| {
            let keeper = if server.shared {
                shared.keeper(server)
            } else {
                Keeper::new(server)
            };
            let name = clean::line(&server.name).into_owned();
            Place {
                name,
                server: server.clone(),
                keeper,
            }
        };
        let places: Vec<Place> = said.servers.iter().map(place).collect();
        Some(Self::over(agent, said, places, (shared, board)))
    }

    fn over(
        agent: &str,
        said: &AgentTools,
        places: Vec<Place>,
        (shared, board): (&Shared, &Board),
    ) -> Self {
        for place in &places {
            board.note(agent, &place.name, &place.keeper);
        }
        Self(Arc::new(Kit {
            agent: agent.to_owned(),
            said: said.clone(),
            shared: shared.clone(),
            board: board.clone(),
            places,
            book: watch::channel(Book::default()).0,
        }))
    }

    /// The same over connections of a test.
    #[cfg(test)]
    pub(super) fn with(agent: &str, said: &AgentTools, keepers: Vec<Keeper>) -> Self {
        let servers = said.servers.iter().zip(keepers);
        let places = servers.map(|(server, keeper)| Place {
            name: server.name.clone(),
            server: server.clone(),
            keeper,
        });
        Self::over(
            agent,
            said,
            places.collect(),
            (&Shared::default(), &Board::default()),
        )
    }
}

impl Outside for Tools {
    fn offer(&self) -> BoxFuture<'static, Offer> {
        let kit = Arc::clone(&self.0);
        async move { kit.offer().await }.boxed()
    }

    fn knows(&self, name: &str) -> bool {
        self.0.book.borrow().entries.contains_key(name)
    }

    fn run(&self, call: OutsideCall) -> BoxFuture<'static, ToolResult> {
        let kit = Arc::clone(&self.0);
        async move { kit.run(call).await }.boxed()
    }

    fn another(&self, name: &str) -> Arc<dyn Outside> {
        let kit = &self.0;
        match Self::new(name, &kit.said, &kit.shared, &kit.board) {
            Some(other) => Arc::new(other),
            // There is no kit without servers.
            None => Arc::new(self.clone()),
        }
    }

    fn close(&self) -> BoxFuture<'static, ()> {
        let kit = Arc::clone(&self.0);
        async move {
            join_all(kit.places.iter().map(|place| place.keeper.close())).await;
        }
        .boxed()
    }
}

impl Kit {
    async fn offer(&self) -> Offer {
        let wanted = self
            .places
            .iter()
            .filter(|place| matches!(place.keeper.state(), State::Idle | State::Starting));
        // What it came to stands in the state.
        join_all(wanted.map(|place| place.keeper.reach(0))).await;
        let mut offer = Offer::default();
        self.book.send_if_modified(|book| {
            for (index, place) in self.places.iter().enumerate() {
                self.take_in(book, index, place);
                if let State::Failed(why) = place.keeper.state()
                    && book.told.insert(index)
                {
                    offer.news.push(format!(
                        "The tools of \"{}\" are not there for {}: {why}. It goes on without them.",
                        place.name, self.agent
                    ));
                }
            }
            self.specs(book, &mut offer);
            false
        });
        offer.stop = self.places.iter().find_map(|place| {
            let State::Failed(why) = place.keeper.state() else {
                return None;
            };
            let name = &place.name;
            place.server.required.then(|| {
                format!("The tool server \"{name}\" is required and cannot be used: {why}.")
            })
        });
        if offer.stop.is_some() {
            offer.news.clear();
        }
        offer
    }

    /// Takes in what a server lists now.
    fn take_in(&self, book: &mut Book, index: usize, place: &Place) {
        if matches!(
            place.keeper.state(),
            State::Idle | State::Starting | State::Failed(_)
        ) {
            return;
        }
        let late = !book.listed.insert(index);
        for tool in place.keeper.tools().iter() {
            let known = |entry: &Entry| entry.place == index && entry.pinned.name == tool.name;
            if book.entries.values().any(known) {
                continue;
            }
            let plain = names::offered(&place.name, &tool.name);
            if !self.wants(place, &tool.name, &plain) {
                continue;
            }
            let taken = |name: &str| book.entries.contains_key(name);
            let name = names::another(&place.name, &tool.name, &taken);
            let entry = Entry {
                place: index,
                pinned: tool.clone(),
                late,
            };
            book.entries.insert(name, entry);
        }
    }

    /// What of it is listed now, as it was pinned.
    fn specs(&self, book: &mut Book, offer: &mut Offer) {
        let mut left_out = 0_usize;
        for (name, entry) in &book.entries {
            let Some(place) = self.places.get(entry.place) else {
                continue;
            };
            let listed = place.keeper.tools();
            if !listed.iter().any(|tool| tool.name == entry.pinned.name) {
                continue;
            }
            if offer.specs.len() < MOST {
                offer.specs.push(entry.pinned.spec(name, &place.name));
            } else {
                left_out += 1;
            }
        }
        if left_out > 0 && !std::mem::replace(&mut book.told_many, true) {
            offer.news.push(format!(
                "{} is offered {MOST} tools of its servers; {left_out} more are left out. Name those it \
                 needs with `allowed_tools`.",
                self.agent
            ));
        }
    }

    /// Whether the configuration lets the agent have a tool.
    fn wants(&self, place: &Place, tool: &str, offered: &str) -> bool {
        let fits = |patterns: &[String]| {
            patterns.iter().any(|pattern| {
                let whole = [tool, offered].contains(&pattern.as_str());
                let start = pattern.strip_suffix('*');
                whole
                    || start
                        .is_some_and(|start| tool.starts_with(start) || offered.starts_with(start))
            })
        };
        let only = |list: &Option<Vec<String>>| list.as_ref().is_none_or(|list| fits(list));
        only(&place.server.only)
            && only(&self.said.only)
            && !fits(&place.server.never)
            && !fits(&self.said.never)
    }

    async fn run(&self, call: OutsideCall) -> ToolResult {
        let found = self.book.borrow().entries.get(&call.name).cloned();
        let unknown = || "This tool is not on offer.".to_owned();
        let entry = found.ok_or_else(unknown)?;
        let place = self.places.get(entry.place).ok_or_else(unknown)?;
        let listed = place.keeper.tools();
        let now = listed.iter().find(|tool| tool.name == entry.pinned.name);
        let now =
            now.ok_or_else(|| format!("{} does not offer this tool any more.", place.name))?;
        let changed = if entry.late {
            format!(
                "{} offers this tool only since the run began: {}",
                place.name, now.description
            )
        } else {
            let difference = entry.pinned.difference(now);
            if difference.is_empty() {
                difference
            } else {
                format!(
                    "{} has changed this tool since the run began: {difference}",
                    place.name
                )
            }
        };
        let safe = now.effect == Effect::Reads && changed.is_empty();
        if self.said.planning && call.stage == Stage::Working && !safe {
            return Err(format!(
                "Not done: the team is planning, and {} may change something. Say in your answer which \
                 calls you would make and with what; whoever presents can make them.",
                call.name
            ));
        }
        let arguments = arguments(&call.arguments)?;
        self.ask(&call, (place, now), &arguments, &changed).await?;
        if !changed.is_empty() {
            self.book.send_modify(|book| {
                if let Some(entry) = book.entries.get_mut(&call.name) {
                    entry.pinned = now.clone();
                    entry.late = false;
                }
            });
        }
        perform(
            (&place.name, &place.keeper),
            now,
            &arguments,
            &call.progress,
        )
        .await
    }

    /// Gets leave for a call.
    async fn ask(
        &self,
        call: &OutsideCall,
        (place, tool): (&Place, &Definition),
        arguments: &Map<String, Value>,
        changed: &str,
    ) -> Result<(), String> {
        let name = &place.name;
        let usual = match tool.effect {
            _ if !changed.is_empty() => Usual::Ask(format!(
                "{name} says something else of this tool than before."
            )),
            Effect::Reads => Usual::Allow,
            Effect::Changes => Usual::Ask(format!("{name} says that this changes something.")),
            Effect::Destroys => Usual::Ask(format!("{name} says that this may destroy something.")),
            Effect::Unknown => Usual::Ask(format!(
                "{name} does not say whether this changes anything."
            )),
        };
        let Some(office) = &call.office else {
            return match usual {
                Usual::Allow => Ok(()),
                Usual::Ask(_) => {
                    Err("Nobody can be asked here, which means no. Go on without.".to_owned())
                }
            };
        };
        let shown = format!("{:#}", Value::Object(arguments.clone()));
        let shown = clean::text(&shown);
        let mut shown = shown.into_owned();
        if shown.len() > SHOWN {
            let left = shown.len() - SHOWN;
            shown.truncate(shown.floor_char_boundary(SHOWN));
            let _ = write!(shown, "\n… {left} bytes more");
        }
        let wish = Wish {
            tool: call.name.clone(),
            deed: Deed::Tool {
                tool: call.name.clone(),
                arguments: shown,
                changed: changed.to_owned(),
            },
            usual,
            fixed: false,
            tier: "",
            held: "Nothing of massgen-tui holds what the server does.".to_owned(),
        };
        leave(office, wish).await.map(|_| ())
    }
}

/// Arguments as an object.
fn arguments(text: &str) -> Result<Map<String, Value>, String> {
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(arguments)) => Ok(arguments),
        Ok(_) => Err("The arguments must be a JSON object.".to_owned()),
        Err(error) => Err(format!("The arguments are not valid JSON: {error}.")),
    }
}
