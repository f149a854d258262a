//! What keys, the mouse and answers of the world do.

use super::{
    scenes,
    stage::{Stage, id, label},
};
use crate::{
    protocol::{AgentEvent, Channel, Purpose, RunEvent, Usage},
    text::Highlighted,
    tui::{
        effect::{Done, Effect},
        live::{Input, Page, scroll::Scroll},
    },
};

fn copied(stage: &Stage) -> Option<&str> {
    stage
        .effects
        .0
        .iter()
        .rev()
        .find_map(|effect| match effect {
            Effect::Copy(text) => Some(text.as_str()),
            _ => None,
        })
}

#[test]
fn copy_takes_the_answer_in_sight_and_says_so() {
    let mut stage = scenes::voted();
    stage.act(&["focus-2", "copy-answer"]);
    assert!(copied(&stage).is_some_and(|text| text.starts_with("# Blue, and why")));
    assert!(stage.screen(80, 24).contains("copied answer agent2.1"));
    stage.effects.0.clear();
    stage.act(&["focus-3", "copy-answer"]);
    assert_eq!(copied(&stage), None);
    assert!(stage.screen(80, 24).contains("has not published an answer"));
    let mut stage = scenes::finished();
    stage.act(&["copy-answer"]);
    assert!(copied(&stage).is_some_and(|text| text.contains("Ask again when the sun sets.")));
}

#[test]
fn a_remark_goes_when_its_timer_fires_and_not_before() {
    let mut stage = scenes::voted();
    stage.act(&["copy-answer", "focus-2", "copy-answer"]);
    let timers: Vec<_> = stage
        .effects
        .0
        .iter()
        .filter_map(|effect| match effect {
            Effect::Wake { ticket, after } if after.as_secs() > 1 => Some(*ticket),
            _ => None,
        })
        .collect();
    let [first, second] = timers[..] else {
        panic!("two remarks, {timers:?}");
    };
    let _ = stage.live.done(first, Done::Woke);
    assert!(stage.screen(80, 24).contains("copied answer agent2.1"));
    let _ = stage.live.done(second, Done::Woke);
    assert!(!stage.screen(80, 24).contains("copied answer"));
}

#[test]
fn focus_goes_round_and_stays_on_the_team() {
    let mut stage = scenes::streaming();
    assert_eq!(stage.live.focused_agent(), Some(id(1)));
    stage.act(&["focus-previous"]);
    assert_eq!(stage.live.focused_agent(), Some(id(3)));
    stage.act(&["focus-next"]);
    assert_eq!(stage.live.focused_agent(), Some(id(1)));
    stage.act(&["focus-9"]);
    assert_eq!(stage.live.focused_agent(), Some(id(1)));
    stage.act(&["show-votes", "focus-next"]);
    assert_eq!(stage.live.focused_agent(), Some(id(1)));
    assert!(stage.live.shows_panes());
}

#[test]
fn the_screen_turns_to_the_final_answer_by_itself() {
    let mut stage = scenes::benched();
    assert_eq!(stage.live.page, Page::Agents);
    stage = scenes::presenting();
    assert_eq!(stage.live.page, Page::Final);
    assert_eq!(
        stage.live.flow().map(|flow| flow.scroll),
        Some(Scroll::Follow)
    );
    stage = scenes::finished();
    assert_eq!(stage.live.flow().map(|flow| flow.scroll), Some(Scroll::TOP));
    stage.act(&["back"]);
    assert!(stage.live.shows_panes());
}

#[test]
fn a_search_is_not_torn_away_by_the_end() {
    let mut stage = scenes::benched();
    stage.act(&["search"]);
    stage.answers(label(2, 1), "Blue.", None);
    assert_eq!(stage.live.page, Page::Agents);
    assert!(stage.live.capturing_text());
}

#[test]
fn searching_counts_steps_and_opens_folds() {
    let mut stage = scenes::tool();
    stage.act(&["focus-2", "search"]);
    assert!(stage.live.capturing_text());
    for letter in "rayleigh".chars() {
        let _ = stage.live.input(Input::Char(letter), &stage.shared);
    }
    // In a folded thought and in the output of a folded tool call.
    let screen = stage.screen(100, 40);
    assert!(screen.contains("/rayleigh▏  1/2"), "{screen}");
    let _ = stage.live.input(Input::Enter, &stage.shared);
    assert!(!stage.live.capturing_text());
    stage.act(&["search-next"]);
    let screen = stage.screen(100, 40);
    assert!(screen.contains("2/2"), "{screen}");
    assert!(screen.contains("Rayleigh 1871"), "{screen}");
    stage.act(&["search-next"]);
    assert!(stage.screen(100, 40).contains("1/2"));
    stage.act(&["search-previous"]);
    assert!(stage.screen(100, 40).contains("2/2"));
    stage.act(&["search-close"]);
    assert!(!stage.screen(100, 40).contains("/rayleigh"));
}

#[test]
fn a_search_without_hits_says_so_and_goes_on_elsewhere() {
    let mut stage = scenes::voted();
    stage.act(&["search"]);
    let _ = stage
        .live
        .input(Input::Paste("relative".to_owned()), &stage.shared);
    assert!(stage.screen(160, 48).contains("no hits"));
    stage.act(&["focus-2"]);
    assert!(stage.screen(160, 48).contains("1/1"));
    let _ = stage.live.input(Input::Backspace, &stage.shared);
    assert!(stage.screen(160, 48).contains("/relativ▏"));
    let _ = stage.live.input(Input::Esc, &stage.shared);
    assert!(!stage.live.capturing_text());
}

#[test]
fn scrolling_up_stops_following_and_the_end_follows_again() {
    let mut stage = scenes::streaming();
    stage.act(&["zoom"]);
    stage.screen(60, 12);
    stage.act(&["page-up"]);
    assert!(stage.screen(60, 12).contains("more · End"));
    stage.says(1, Channel::Draft, "\nnew\n\nnewer\n");
    let screen = stage.screen(60, 12);
    assert!(screen.contains("new lines · End"), "{screen}");
    stage.live.set_end_key("G");
    assert!(stage.screen(60, 12).contains("new lines · G"));
    stage.act(&["end"]);
    let screen = stage.screen(60, 12);
    assert!(
        screen.contains("newer") && !screen.contains("· G"),
        "{screen}"
    );
    stage.says(1, Channel::Draft, "\nnewest\n");
    assert!(stage.screen(60, 12).contains("newest"));
}

#[test]
fn the_mouse_focuses_scrolls_opens_and_jumps() {
    let mut stage = scenes::tool();
    stage.screen(80, 24);
    let click = |stage: &mut Stage, column, row| {
        let _ = stage
            .live
            .input(Input::Click { column, row }, &stage.shared);
    };
    click(&mut stage, 45, 14);
    assert_eq!(stage.live.focused_agent(), Some(id(3)));
    // The second pane's third row is a card.
    let row = (0..24)
        .find(|row| {
            let screen = stage.screen(80, 24);
            screen
                .lines()
                .nth(*row)
                .is_some_and(|line| line.contains("read_file"))
        })
        .and_then(|row| u16::try_from(row).ok())
        .expect("a card");
    click(&mut stage, 5, row);
    assert_eq!(stage.live.focused_agent(), Some(id(2)));
    assert!(stage.screen(80, 24).contains("▾ ✓ read_file"));
    // The wheel scrolls what it is over, without moving the focus.
    let wheel = Input::Wheel {
        column: 5,
        row: 5,
        delta: -1,
    };
    let _ = stage.live.input(wheel, &stage.shared);
    assert_eq!(stage.live.focused_agent(), Some(id(2)));
    let screen = stage.screen(80, 24);
    assert!(screen.contains("more · End"), "{screen}");
    click(&mut stage, 75, 12);
    assert!(!stage.screen(80, 24).contains("more · End"));
    // Tabs.
    click(&mut stage, 19, 1);
    assert_eq!(stage.live.page, Page::Timeline);
    // The strip of a zoomed screen.
    stage.act(&["back", "zoom"]);
    stage.screen(80, 24);
    click(&mut stage, 40, 2);
    assert_eq!(stage.live.focused_agent(), Some(id(3)));
}

#[test]
fn earlier_turns_can_be_reached_and_left() {
    let mut stage = scenes::finished();
    stage.start(&scenes::TEAM, "And the sea?");
    assert!(stage.live.shows_panes());
    assert!(stage.screen(80, 24).contains("And the sea?"));
    stage.act(&["earlier-turn"]);
    let screen = stage.screen(80, 24);
    assert!(screen.contains("turn 1 of 2"), "{screen}");
    assert!(screen.contains("Final answer: agent2.1"), "{screen}");
    assert_eq!(stage.live.focused_agent(), None);
    stage.act(&["earlier-turn"]);
    assert!(stage.screen(80, 24).contains("this is the first turn"));
    stage.act(&["later-turn"]);
    assert_eq!(stage.live.focused_agent(), Some(id(1)));
    assert!(stage.live.shows_panes(), "the turn that runs is seen again");
}

#[test]
fn code_is_highlighted_once_and_the_colours_arrive() {
    let mut stage = scenes::voted();
    stage.screen(160, 48);
    let effects = stage.live.found();
    let [Effect::Highlight { ticket, job }] = &effects.0[..] else {
        panic!("one code block in sight: {effects:?}");
    };
    assert_eq!(job.language, "python");
    assert!(job.source.contains("def rayleigh"));
    let lines = job
        .source
        .lines()
        .map(|line| {
            let colour = ratatui::style::Color::Magenta;
            ratatui::text::Span::styled(line.to_owned(), colour).into()
        })
        .collect();
    let answer = Done::Highlighted(Highlighted {
        block: job.block,
        lines,
    });
    let _ = stage.live.done(*ticket, answer);
    let buffer = stage.buffer(160, 48);
    let coloured = buffer
        .content
        .iter()
        .filter(|cell| cell.fg == ratatui::style::Color::Magenta)
        .count();
    assert!(coloured > 20, "{coloured} cells");
    assert!(stage.live.found().0.is_empty());
}

#[test]
fn an_answer_about_another_turn_is_dropped() {
    let mut stage = scenes::voted();
    stage.screen(160, 48);
    let effects = stage.live.found();
    let Some(Effect::Highlight { ticket, job }) = effects.0.first() else {
        panic!("a code block: {effects:?}");
    };
    stage.start(&scenes::TEAM, "next");
    let before = stage.screen(160, 48);
    let answer = Highlighted {
        block: job.block,
        lines: Vec::new(),
    };
    let _ = stage.live.done(*ticket, Done::Highlighted(answer));
    assert_eq!(stage.screen(160, 48), before);
}

#[test]
fn the_demo_badge_is_on_every_screen() {
    let stages = vec![
        scenes::starting(),
        scenes::voted(),
        scenes::finished(),
        scenes::no_answer(),
    ];
    for mut stage in stages {
        for (columns, rows) in [(20, 5), (40, 12), (80, 24), (160, 48)] {
            let screen = stage.screen(columns, rows);
            assert!(screen.contains("no model"), "{columns}x{rows}\n{screen}");
            assert!(screen.contains("script"), "{columns}x{rows}\n{screen}");
        }
    }
}

#[test]
fn a_notice_is_kept_for_the_end() {
    let mut stage = scenes::voted();
    stage.run(RunEvent::Notice {
        level: crate::protocol::Level::Warning,
        text: "The budget is half used.".to_owned(),
    });
    stage.answers(label(2, 1), "Blue.", None);
    assert!(
        stage
            .screen(160, 48)
            .contains("0:05 The budget is half used.")
    );
}

#[test]
fn a_draft_after_a_cut_call_is_another_draft() {
    let mut stage = scenes::voted();
    stage.round(1, 2, Purpose::Work, &[]);
    stage.says(1, Channel::Draft, "Half an answ");
    stage.agent(1, AgentEvent::Usage(Usage::default()));
    stage.says(1, Channel::Draft, "A whole answer");
    let screen = stage.screen(160, 48);
    assert!(screen.contains("draft, not published"), "{screen}");
    assert!(screen.contains("drafting answer"), "{screen}");
    assert!(!screen.contains("answA"), "{screen}");
    stage.agent(1, AgentEvent::Usage(Usage::default()));
    stage.publishes(1, 2, "A whole answer");
    let screen = stage.screen(160, 48);
    assert!(screen.contains("answer agent1.2"), "{screen}");
    assert_eq!(screen.matches("A whole answer").count(), 1, "{screen}");
}

#[test]
fn a_key_without_an_effect_says_so() {
    let mut stage = scenes::starting();
    for (action, words) in [
        ("search-next", "nothing is searched for"),
        ("toggle-card", "no thought or tool call"),
        ("focus-9", "no agent 9"),
    ] {
        stage.act(&[action]);
        let screen = stage.screen(80, 24);
        assert!(screen.contains(words), "{action}\n{screen}");
    }
}

#[test]
fn a_large_team_is_turned_over_page_by_page() {
    let names: Vec<String> = (1..=32).map(|number| format!("agent-{number}")).collect();
    let team: Vec<_> = names.iter().map(|name| (name.as_str(), "model")).collect();
    let mut stage = Stage::new(&team);
    let seen = |stage: &mut Stage| {
        let screen = stage.screen(160, 48);
        let titles = names
            .iter()
            .filter(|name| screen.contains(&format!(" {name} model")));
        (titles.count(), stage.live.focused_agent())
    };
    assert_eq!(seen(&mut stage), (16, Some(id(1))));
    for (action, focus) in [
        ("focus-next-page", 17),
        ("focus-next-page", 1),
        ("focus-previous-page", 17),
        ("focus-previous", 16),
        ("focus-previous-page", 17),
        ("focus-previous-page", 1),
    ] {
        stage.act(&[action]);
        assert_eq!(seen(&mut stage), (16, Some(id(focus))), "{action}");
    }
    // Where one pane is in sight, a page is ten agents.
    stage.screen(80, 24);
    stage.act(&["focus-next-page"]);
    assert_eq!(stage.live.focused_agent(), Some(id(11)));
}
