//! What a key costs in the list of sessions: filter and order alone, then the whole way from the key to the
//! painted screen, without a terminal.

use std::{
    collections::VecDeque,
    hint::black_box,
    time::{Duration, Instant},
};

use massgen_tui::{
    catalog::{self, Entry, Filter, Ground, Shown, Sort, SortKey},
    tui::{
        effect::{Done, Effect, Effects, Query},
        keymap::Chord,
        model::Model,
        msg::Msg,
        options::StartOptions,
        prepare::prepare,
        rooms, route,
        sessions::{Ask, Told, ask::Listed},
        theme::Theme,
        update::update,
        view::view,
    },
};
use ratatui::{Terminal, backend::TestBackend, buffer::Cell, layout::Size};

/// What is typed, letter by letter.
const TYPED: &str = "build slow outcome:answered agents:>1 -tag:old";

/// Every beginning of the filter in every order; the median and the slowest.
pub fn arranged(entries: &[Entry], ground: &Ground) -> (Duration, Duration) {
    let mut times = Vec::new();
    for end in 0..=TYPED.len() {
        for key in [
            SortKey::Date,
            SortKey::Cost,
            SortKey::Duration,
            SortKey::Agents,
            SortKey::Turns,
            SortKey::Outcome,
            SortKey::Name,
        ] {
            let began = Instant::now();
            // What is no filter yet leaves the list as it is.
            if let Ok(filter) = Filter::parse(&TYPED[..end], ground) {
                let sort = Sort {
                    key,
                    ..Sort::default()
                };
                black_box(catalog::select(entries, &filter, sort, Shown::Usual));
                times.push(began.elapsed());
            }
        }
    }
    median_and_slowest(times)
}

fn median_and_slowest(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() - 1])
}

/// The program without its loop: what the list asks is answered at once.
struct Front {
    model: Model,
    terminal: Terminal<TestBackend>,
    todo: VecDeque<Effect>,
    told: Listed,
}

impl Front {
    fn send(&mut self, msg: Msg) {
        let Effects(effects) = update(&mut self.model, msg);
        self.todo.extend(effects);
        prepare(&mut self.model);
        let Ok(_) = self.terminal.draw(|frame| view(&self.model, frame));
    }

    fn press(&mut self, key: &str) {
        let chord: Chord = key.parse().unwrap();
        let msg = route::translate(&self.model, chord.first);
        self.send(msg);
    }

    fn settle(&mut self) {
        while let Some(effect) = self.todo.pop_front() {
            if let Effect::Query {
                ticket,
                query: Query::Room(rooms::Ask::Sessions(ask)),
            } = effect
                && *ask == Ask::List
            {
                let told = Told::Listed(Ok(self.told.clone()));
                let told = rooms::Told::Sessions(Box::new(told));
                self.send(Msg::Done(ticket, Done::Room(told)));
            }
        }
    }

    fn shows(&self, words: &str) -> bool {
        let cells = self.terminal.backend().buffer().content.iter();
        cells.map(Cell::symbol).collect::<String>().contains(words)
    }
}

/// A filter is typed, and the list is walked through: the median and the slowest key.
pub fn keys(entries: Vec<Entry>, ground: Ground) -> (Duration, Duration) {
    let options = StartOptions::new(Theme::ansi());
    let (model, Effects(effects)) = Model::new(&options);
    let Ok(terminal) = Terminal::new(TestBackend::new(160, 48));
    let mut front = Front {
        model,
        terminal,
        todo: effects.into(),
        told: Listed { entries, ground },
    };
    front.send(Msg::Resized(Size::new(160, 48)));
    front.press("f6");
    front.settle();
    assert!(
        front.shows("find out why the build is slow"),
        "the list is there"
    );
    let letters = TYPED.chars().map(|letter| match letter {
        ' ' => "space".to_owned(),
        letter => letter.to_string(),
    });
    let keys = std::iter::once("/".to_owned())
        .chain(letters)
        .chain(["enter", "down", "pagedown", "end", "home"].map(str::to_owned));
    let mut times = Vec::new();
    for key in keys {
        let began = Instant::now();
        front.press(&key);
        times.push(began.elapsed());
        front.settle();
    }
    assert!(
        front.shows("find out why the build is slow"),
        "some are left"
    );
    median_and_slowest(times)
}
