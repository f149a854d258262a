//! What the screens look like, at the sizes that matter.

use insta::assert_snapshot;

use super::kit::{Person, configured, options, servers};
use crate::{
    protocol::{Failure, FailureKind},
    tui::{
        effect::{Done, Effect, Query},
        msg::Msg,
        options::StartOptions,
    },
};

/// Width and height of a small, a usual and a large screen.
const SIZES: [(u16, u16); 3] = [(40, 12), (80, 24), (160, 48)];

fn on_each(options: &StartOptions, act: impl FnMut(&mut Person)) -> String {
    parts_of_each(options, act, str::to_owned)
}

/// Only a part of each screen, where the rest is somebody else's to test.
fn parts_of_each(
    options: &StartOptions,
    mut act: impl FnMut(&mut Person),
    part: impl Fn(&str) -> String,
) -> String {
    SIZES
        .into_iter()
        .map(|(width, height)| {
            let mut person = Person::at(width, height, options);
            act(&mut person);
            format!("{width}x{height}\n{}", part(&person.sees()))
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// The last rows.
fn bottom(screen: &str) -> String {
    let rows: Vec<_> = screen.lines().collect();
    rows[rows.len() - 3..].join("\n")
}

/// The box of the overlay, and the last row.
fn overlay(screen: &str) -> String {
    let rows: Vec<Vec<char>> = screen.lines().map(|row| row.chars().collect()).collect();
    let corner = |corner: char| {
        rows.iter().enumerate().find_map(|(y, row)| {
            let x = row.iter().position(|c| *c == corner)?;
            Some((x, y))
        })
    };
    let ((left, top), (right, bottom)) = (corner('╭').expect("a box"), corner('╯').expect("a box"));
    let cut = |row: &Vec<char>| row[left..=right].iter().collect::<String>();
    let mut cut: Vec<_> = rows[top..=bottom].iter().map(cut).collect();
    cut.push(screen.lines().last().unwrap_or_default().to_owned());
    cut.join("\n")
}

#[test]
fn start_while_looking() {
    assert_snapshot!(on_each(&options(), |_| ()));
}

#[test]
fn start_without_servers() {
    assert_snapshot!(on_each(&options(), |person| {
        person.find_servers(Vec::new());
    }));
}

#[test]
fn start_with_recent_sessions() {
    assert_snapshot!(on_each(&options(), |person| {
        let ticket = person.effects.iter().find_map(|effect| match effect {
            Effect::Query {
                ticket,
                query: Query::Sessions,
            } => Some(*ticket),
            _ => None,
        });
        person
            .find_servers(Vec::new())
            .list_sessions(ticket.expect("sessions are asked for"))
            .press("tab tab tab");
    }));
}

#[test]
fn start_with_servers() {
    assert_snapshot!(on_each(&options(), |person| {
        person.find_servers(servers()).press("tab down");
    }));
}

#[test]
fn start_with_a_configured_team_and_a_long_task() {
    let options = StartOptions {
        configured: Some(configured()),
        folder: "/home/ada/projects/harbour".to_owned(),
        ..options()
    };
    assert_snapshot!(on_each(&options, |person| {
        person.find_servers(Vec::new());
        person.paste("First line of the task\nand 日本語 in the second, which is long enough to wrap on a small screen\n\nlast");
    }));
}

#[test]
fn start_after_a_failed_launch() {
    assert_snapshot!(on_each(&options(), |person| {
        person.find_servers(Vec::new()).press("alt-1 enter");
        let ticket = person.effects.iter().find_map(|effect| match effect {
            Effect::Launch { ticket, .. } => Some(*ticket),
            _ => None,
        });
        let failure = Failure::new(
            FailureKind::Auth,
            "The server at http://localhost:1234/v1 answered 401: invalid key.",
        )
        .hint("Set OPENAI_API_KEY, or pick another team.");
        person.send(Msg::Done(
            ticket.expect("a launch"),
            Done::LaunchFailed(failure),
        ));
    }));
}

#[test]
fn help() {
    assert_snapshot!(parts_of_each(
        &options(),
        |person| {
            person.find_servers(Vec::new()).begins(1).press("f1");
        },
        overlay
    ));
}

#[test]
fn help_narrowed() {
    assert_snapshot!(on_each(&options(), |person| {
        person.find_servers(Vec::new()).press("f1").write("agent");
    }));
}

#[test]
fn palette() {
    assert_snapshot!(parts_of_each(
        &options(),
        |person| {
            person
                .find_servers(Vec::new())
                .begins(1)
                .press("ctrl-p")
                .write("sh")
                .press("down");
        },
        overlay
    ));
}

#[test]
fn leave() {
    assert_snapshot!(parts_of_each(
        &options(),
        |person| {
            person.find_servers(Vec::new()).begins(1).press("q down");
        },
        overlay
    ));
}

#[test]
fn writing_to_the_agents() {
    assert_snapshot!(parts_of_each(
        &options(),
        |person| {
            person
                .find_servers(Vec::new())
                .begins(1)
                .says(1, "Light scatters.")
                .press("i")
                .write("be brief and do not forget the sunset");
        },
        bottom
    ));
}

#[test]
fn too_small() {
    let screens: Vec<_> = [(23, 7), (20, 5), (12, 2), (1, 1)]
        .into_iter()
        .map(|(width, height)| {
            let mut person = Person::at(width, height, &options());
            person.begins(1).press("i").write("still alive");
            format!("{width}x{height}\n{}", person.sees())
        })
        .collect();
    assert_snapshot!(screens.join("\n"));
}
