//! The review screen as a person uses it, over a repository in memory.

use std::{collections::HashMap, sync::Arc};

use super::kit::{Person, options, started};
use crate::{
    protocol::{
        AgentEvent, AgentId, Answer, Ballot, BallotEvent, Command, EventKind, Failure, FailureKind,
        Label, Marks, Outcome, OutcomeEnd, RunEvent,
        change::{
            Access, Applied, ApplyId, Body, Built, ChangeKind, ChangeSet, Clash, ContextId,
            Destination, DiffLine, Drift, DriftState, FileChange, FileDiff, FileMode, Hunk, KeptIn,
            LineEnd, LineKind, ObjectId, Part, Preview, Provenance, RepoPath, ReviewNotes,
            Selection, Side, Snapshot, Workplace,
        },
    },
    tui::{
        effect::{Done, Effect, Query, Ticket},
        keymap::Keymap,
        model::Screen,
        msg::{Input, Mouse, MouseKind, Msg},
        review::{Ask, ChangedSince, Content, Later, News, Raw, TakenBack, Told, What},
        reviewing, rooms,
    },
};

fn id(name: &str) -> ObjectId {
    ObjectId(name.to_owned())
}

/// What goes wrong.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Day {
    /// Nothing.
    #[default]
    Good,
    /// The repository cannot be read.
    Broken,
    /// The folder changes while it is applied to, once.
    Moves,
    /// It has.
    Moved,
    /// The disk is full.
    Full,
}

/// Trees and files in memory; what a person's answers are made of.
#[derive(Clone, Default)]
struct Shelf {
    sets: HashMap<String, Vec<FileChange>>,
    files: HashMap<String, (String, String)>,
    kept: Option<ReviewNotes>,
    notes: ReviewNotes,
    built: Vec<Selection>,
    applied: Vec<(Selection, Destination)>,
    drift: Vec<Drift>,
    clashes: Vec<Clash>,
    /// Files changed after they were applied.
    changed: Vec<RepoPath>,
    undone: Vec<Later>,
    day: Day,
    /// How often the notes were written.
    writes: usize,
}

/// A diff by lines that stand on both sides in order.
fn diff(old: &str, new: &str) -> FileDiff {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let mut lines = Vec::new();
    let (mut i, mut j) = (0, 0);
    let line = |kind, text: &str| DiffLine {
        kind,
        text: text.to_owned(),
        end: LineEnd::Lf,
    };
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push(line(LineKind::Context, old[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < old.len() && !new[j..].contains(&old[i]) {
            lines.push(line(LineKind::Removed, old[i]));
            i += 1;
        } else {
            lines.push(line(LineKind::Added, new[j]));
            j += 1;
        }
    }
    FileDiff {
        hunks: vec![Hunk {
            old_start: u32::from(!old.is_empty()),
            old_lines: old.len() as u32,
            new_start: u32::from(!new.is_empty()),
            new_lines: new.len() as u32,
            heading: "fn main".to_owned(),
            lines,
        }],
    }
}

fn side(blob: &str) -> Option<Side> {
    (!blob.is_empty()).then(|| Side {
        mode: FileMode::File,
        blob: id(blob),
        size: 1_234,
    })
}

fn change(path: &str, kind: ChangeKind, old: &str, new: &str, body: Body) -> FileChange {
    FileChange {
        path: path.into(),
        was: None,
        kind,
        old: side(old),
        new: side(new),
        body,
        added: 2,
        removed: 1,
    }
}

const OLD: &str = "fn main() {\n    let count = 1;\n    println!(\"{count}\");\n}\n";
const ADA: &str = "fn main() {\n    let count = 2;\n    println!(\"{count}\");\n    finish();\n}\n";
const BOB: &str = "fn main() {\n    let total = 1;\n    println!(\"{total}\");\n}\n";

impl Shelf {
    /// Two agents, several kinds of files.
    fn usual() -> Self {
        let mut shelf = Self::default();
        let file = |path: &str, old: &str, new: &str| {
            change(path, ChangeKind::Modified, old, new, Body::Text)
        };
        let ada = vec![
            change(
                "assets/logo.png",
                ChangeKind::Modified,
                "p0",
                "p1",
                Body::Binary,
            ),
            change(
                "data/huge.csv",
                ChangeKind::Modified,
                "h0",
                "h1",
                Body::Huge,
            ),
            file("src/main.rs", "m0", "m1"),
            change("src/new.rs", ChangeKind::Added, "", "n1", Body::Text),
            change("src/old.rs", ChangeKind::Deleted, "o0", "", Body::Text),
        ];
        shelf.sets.insert("ada".to_owned(), ada);
        shelf
            .sets
            .insert("bob".to_owned(), vec![file("src/main.rs", "m0", "m2")]);
        for (blob, text) in [
            ("m0", OLD),
            ("m1", ADA),
            ("m2", BOB),
            ("n1", "pub fn new() {}\n"),
            ("o0", "pub fn old() {}\n"),
        ] {
            shelf
                .files
                .insert(blob.to_owned(), (text.to_owned(), String::new()));
        }
        shelf
    }

    fn text(&self, side: Option<&Side>) -> String {
        let found = side.and_then(|side| self.files.get(&side.blob.0));
        found.map(|(text, _)| text.clone()).unwrap_or_default()
    }

    /// The person's tree.
    fn ours(&self) -> ObjectId {
        id(if self.day == Day::Moved {
            "moved"
        } else {
            "ours"
        })
    }

    fn undo(&mut self, id: ApplyId, later: Later) -> News {
        self.undone.push(later);
        if later == Later::Ask && !self.changed.is_empty() {
            let files = self.changed.clone();
            return News::Changed(Box::new(ChangedSince { id, files }));
        }
        News::Undone(Box::new(TakenBack {
            id,
            files: vec!["src/main.rs".into()],
            kept: if later == Later::Leave {
                self.changed.clone()
            } else {
                Vec::new()
            },
            conflicts: Vec::new(),
            already: false,
        }))
    }

    fn answer(&mut self, ask: Ask) -> Told {
        if self.day == Day::Broken {
            return Err(
                Failure::new(FailureKind::Local, "The tree cannot be read (base).")
                    .hint("Run git fsck."),
            );
        }
        Ok(match ask.what {
            What::Notes => News::Notes(Box::new(self.notes.clone())),
            What::Keep(notes) => {
                self.writes += 1;
                self.kept = Some(*notes);
                News::Kept
            }
            What::Changes {
                context,
                base,
                tree,
            } => {
                let set = ChangeSet {
                    context,
                    files: self.sets.get(&tree.0).cloned().unwrap_or_default(),
                    base,
                    tree,
                };
                News::Changes(Arc::new(set), Vec::new())
            }
            What::File { change, .. } => {
                let (old, new) = (
                    self.text(change.old.as_ref()),
                    self.text(change.new.as_ref()),
                );
                let lines = |text: &str| {
                    Some(Arc::new(
                        text.lines().map(str::to_owned).collect::<Vec<_>>(),
                    ))
                };
                let content = Content {
                    diff: diff(&old, &new),
                    old: lines(&old),
                    new: lines(&new),
                };
                News::File(Arc::new(content.cleaned()))
            }
            What::Raw { change, .. } => {
                let (old, new) = (
                    self.text(change.old.as_ref()),
                    self.text(change.new.as_ref()),
                );
                News::Raw(Box::new(Raw {
                    diff: diff(&old, &new),
                    old,
                    new,
                }))
            }
            What::Build(selection) => {
                let mut files: Vec<Provenance> = Vec::new();
                for pick in &selection.picks {
                    match files.iter_mut().find(|file| file.path == pick.path) {
                        Some(file) => file.agents.push(pick.from.agent),
                        None => files.push(Provenance {
                            path: pick.path.clone(),
                            agents: vec![pick.from.agent],
                        }),
                    }
                }
                self.built.push(*selection);
                News::Built(Box::new(Built {
                    tree: id("built"),
                    provenance: files,
                    clashes: self.clashes.clone(),
                }))
            }
            What::Preview { selection, .. } => News::Preview(Box::new(Preview {
                context: selection.context,
                files: selection
                    .picks
                    .iter()
                    .map(|pick| pick.path.clone())
                    .collect(),
                drift: self.drift.clone(),
                ours: self.ours(),
                stops: Vec::new(),
            })),
            What::Apply {
                selection,
                to,
                preview,
                ..
            } => {
                if self.day == Day::Moves {
                    self.day = Day::Moved;
                }
                if preview.ours != self.ours() || self.day == Day::Full {
                    return Err(Failure::new(FailureKind::Local, "It could not be written."));
                }
                self.applied.push((*selection, to.clone()));
                News::Applied(Box::new(applied(to, preview.files)))
            }
            What::Undo { id, later } => self.undo(id, later),
        })
    }
}

fn applied(to: Destination, files: Vec<RepoPath>) -> Applied {
    Applied {
        id: ApplyId("a1".to_owned()),
        context: ContextId(0),
        to,
        files,
        conflicts: Vec::new(),
        commit: None,
    }
}

/// A person whose questions the shelf answers at once.
struct Reviewer {
    person: Person,
    shelf: Shelf,
    /// Effects that no question was.
    other: Vec<Effect>,
    /// Timers of the review.
    timers: Vec<Ticket>,
}

fn publish(number: u16, revision: u32, tree: &str, files: u32) -> EventKind {
    EventKind::Agent {
        id: AgentId(number),
        event: AgentEvent::Published(Answer {
            label: Label::new(AgentId(number), revision),
            text: format!("The {tree} answer.\n\nIt counts."),
            auto: false,
            changes: vec![Snapshot {
                context: ContextId(0),
                commit: id("commit"),
                tree: id(tree),
                files,
                added: 5,
                removed: 2,
            }],
        }),
    }
}

impl Reviewer {
    fn at(width: u16, height: u16, shelf: Shelf) -> Self {
        let mut person = Person::at(width, height, &options());
        let EventKind::Run(RunEvent::Started(mut start)) = started(1) else {
            panic!("a start");
        };
        start.places = vec![Workplace {
            context: ContextId(0),
            path: "/home/someone/code".to_owned(),
            root: "/home/someone/code".to_owned(),
            access: Access::Write,
            head: Some("main".to_owned()),
            base: id("0123456789abcdef"),
            tree: id("base"),
            kept: KeptIn::Repository,
        }];
        person.hear(EventKind::Run(RunEvent::Started(start)));
        person.hear(publish(1, 1, "ada", 5));
        person.hear(publish(2, 1, "bob", 1));
        let ballot = Ballot {
            voter: AgentId(2),
            target: Some(Label::new(AgentId(1), 1)),
            reason: "It counts.".to_owned(),
            epoch: 2,
            marks: Marks::default(),
        };
        person.hear(EventKind::Agent {
            id: AgentId(2),
            event: AgentEvent::Ballot(BallotEvent::Cast(ballot)),
        });
        let mut reviewer = Self {
            person,
            shelf,
            other: Vec::new(),
            timers: Vec::new(),
        };
        reviewer.serve();
        reviewer.other.clear();
        reviewer
    }

    fn ended(mut self) -> Self {
        let label = Label::new(AgentId(1), 1);
        self.person
            .hear(EventKind::Run(RunEvent::Ended(Outcome::Answered {
                changes: Vec::new(),
                winner: label,
                text: "It counts.".to_owned(),
                presenter: None,
                end: OutcomeEnd::Consensus,
            })));
        self
    }

    /// Answers every question until there are none.
    fn serve(&mut self) {
        loop {
            let effects = std::mem::take(&mut self.person.effects);
            let mut asked = false;
            for effect in effects {
                match effect {
                    Effect::Query {
                        ticket,
                        query: Query::Room(rooms::Ask::Review(ask)),
                    } => {
                        asked = true;
                        let told = self.shelf.answer(*ask);
                        self.person.send(Msg::Done(
                            ticket,
                            Done::Room(rooms::Told::Review(Box::new(told))),
                        ));
                    }
                    Effect::Highlight { ticket, job } => {
                        let done = Done::Highlighted(crate::text::highlight::highlight(&job));
                        self.person.send(Msg::Done(ticket, done));
                    }
                    Effect::Wake { ticket, .. } if ticket.is_review() => self.timers.push(ticket),
                    Effect::Wake { .. } => {}
                    other => self.other.push(other),
                }
            }
            if !asked {
                return;
            }
        }
    }

    fn press(&mut self, keys: &str) -> &mut Self {
        for key in keys.split(' ') {
            self.person.press(key);
            self.serve();
        }
        self
    }

    fn write(&mut self, text: &str) -> &mut Self {
        self.person.write(text);
        self.serve();
        self
    }

    fn sees(&mut self) -> String {
        self.person.sees()
    }

    /// Opens the review of the usual shelf.
    fn open(width: u16, height: u16) -> Self {
        let mut reviewer = Self::at(width, height, Shelf::usual());
        reviewer.press("w");
        assert_eq!(reviewer.person.model.screen, Screen::Review);
        reviewer
    }

    /// The line of the file list with a path.
    fn row(&mut self, path: &str) -> String {
        let screen = self.sees();
        let mut rows = screen
            .lines()
            .map(|line| line.split('│').next().unwrap_or_default());
        let row = rows.find(|line| line.contains(path));
        row.unwrap_or_else(|| panic!("{path} in\n{screen}"))
            .to_owned()
    }

    fn go_to_file(&mut self, path: &str) -> &mut Self {
        self.press("g");
        for _ in 0..20 {
            if self
                .sees()
                .lines()
                .any(|line| line.starts_with('▸') && line.contains(path))
            {
                return self;
            }
            self.press("j");
        }
        panic!("{path} in\n{}", self.sees());
    }
}

#[test]
fn screens() {
    for (width, height) in [(140, 24), (80, 24), (40, 12)] {
        let mut reviewer = Reviewer::open(width, height);
        let mut shots = String::new();
        let mut shot = |name: &str, reviewer: &mut Reviewer| {
            shots.extend(["== ", name, "\n", &reviewer.sees(), "\n"]);
        };
        shot("files", &mut reviewer);
        reviewer.go_to_file("src/main.rs").press("tab ] j j space");
        shot("lines, one taken", &mut reviewer);
        reviewer.press("s");
        shot("side by side", &mut reviewer);
        reviewer.press("s x");
        shot("compared", &mut reviewer);
        reviewer.press("x tab").go_to_file("logo.png").press("tab");
        shot("binary", &mut reviewer);
        reviewer.press("tab").go_to_file("huge.csv").press("tab");
        shot("huge", &mut reviewer);
        reviewer.press("tab").go_to_file("answer").press("tab");
        shot("answer", &mut reviewer);
        reviewer.press("tab t");
        shot("tree", &mut reviewer);
        reviewer.press("t a b");
        shot("built", &mut reviewer);
        reviewer.press("enter");
        shot("asked", &mut reviewer);
        reviewer.press("enter");
        shot("written", &mut reviewer);
        reviewer.press("U");
        shot("taken back", &mut reviewer);
        insta::assert_snapshot!(format!("review_{width}x{height}"), shots);
    }
}

#[test]
fn states_without_files() {
    let mut shots = String::new();
    let mut shot = |name: &str, reviewer: &mut Reviewer| {
        shots.extend(["== ", name, "\n", &reviewer.sees(), "\n"]);
    };
    let mut empty = Reviewer::at(80, 12, Shelf::default());
    empty.press("w");
    shot("no changes", &mut empty);
    let mut broken = Reviewer::at(
        80,
        12,
        Shelf {
            day: Day::Broken,
            ..Shelf::usual()
        },
    );
    broken.press("w");
    shot("failed", &mut broken);
    let mut slow = Reviewer::at(80, 12, Shelf::usual());
    slow.person.press("w");
    shot("loading", &mut slow);
    slow.person.press("esc");
    shot("cancelled", &mut slow);
    slow.press("u");
    shot("asked again", &mut slow);
    insta::assert_snapshot!(shots);
}

#[test]
fn a_session_without_folders_says_so() {
    let mut person = Person::new();
    person.begins(1);
    person.press("w");
    assert!(person.bottom().contains("no folder"), "{}", person.bottom());
    assert_eq!(person.model.screen, Screen::Live);
}

#[test]
fn the_offer_stands_on_the_live_screen() {
    let mut reviewer = Reviewer::at(120, 24, Shelf::usual());
    let screen = reviewer.sees();
    assert!(screen.contains("w review changes"), "{screen}");
    let mut reviewer = reviewer.ended();
    assert!(reviewer.sees().contains("w review changes"));
    reviewer.press("w");
    assert!(reviewer.sees().contains("working tree"));
    reviewer.press("q");
    assert_eq!(reviewer.person.model.screen, Screen::Live);
}

#[test]
fn files_hunks_lines_and_ranges_are_taken_and_left() {
    let mut reviewer = Reviewer::open(100, 24);
    reviewer.go_to_file("src/main.rs").press("space");
    assert!(reviewer.row("src/main.rs").contains('●'));
    reviewer.press("k space");
    assert!(reviewer.row("src/main.rs").contains('○'));
    reviewer.go_to_file("src/main.rs").press("tab h");
    assert!(
        reviewer.row("src/main.rs").contains('●'),
        "all hunks are the whole"
    );
    reviewer.press("h g j j space");
    assert!(
        reviewer.row("src/main.rs").contains('◐'),
        "{}",
        reviewer.sees()
    );
    reviewer.press("F");
    assert!(reviewer.row("src/main.rs").contains('●'));
    reviewer.press("F g v G space");
    assert!(
        reviewer.row("src/main.rs").contains('●'),
        "a range over all lines"
    );
    reviewer.press("tab a b");
    let built = reviewer.shelf.built.last().expect("something was built");
    assert_eq!(built.picks.len(), 5);
    assert!(built.picks.iter().all(|pick| pick.part == Part::Whole));
}

#[test]
fn parts_of_two_agents_come_together() {
    let mut reviewer = Reviewer::open(100, 24);
    reviewer
        .go_to_file("src/new.rs")
        .press("space 2")
        .go_to_file("src/main.rs")
        .press("space b");
    let picks = &reviewer
        .shelf
        .built
        .last()
        .expect("something was built")
        .picks;
    let from: Vec<(u16, String)> = picks
        .iter()
        .map(|pick| (pick.from.agent.0, pick.path.to_string()))
        .collect();
    assert_eq!(
        from,
        [(1, "src/new.rs".to_owned()), (2, "src/main.rs".to_owned())]
    );
    assert!(reviewer.sees().contains("bob"));
}

#[test]
fn a_review_is_kept_and_taken_up_again() {
    let mut reviewer = Reviewer::open(100, 24);
    reviewer.go_to_file("src/new.rs").press("space k r");
    reviewer.go_to_file("src/main.rs").press("tab g j j c");
    reviewer.write("Why two?").press("enter q");
    let kept = reviewer.shelf.kept.clone().expect("it was kept");
    assert_eq!(kept.reviewed.len(), 1);
    assert_eq!(kept.picks.len(), 1);
    assert_eq!(kept.comments.len(), 1);
    assert_eq!(kept.looked.len(), 1);
    let mut again = Reviewer::at(
        100,
        24,
        Shelf {
            notes: kept.clone(),
            ..Shelf::usual()
        },
    );
    again.press("w");
    assert!(again.row("src/new.rs").contains("●"), "{}", again.sees());
    assert!(
        again.sees().contains("4 of 5 to review"),
        "{}",
        again.sees()
    );
    assert!(again.sees().contains("1 unsent"));
    // The agent has changed the file since: the marks no longer hold, and the person is told.
    let mut shelf = Shelf {
        notes: kept,
        ..Shelf::usual()
    };
    for file in shelf.sets.get_mut("ada").expect("files") {
        file.new = file.new.take().map(|side| Side {
            blob: id("other"),
            ..side
        });
    }
    let mut changed = Reviewer::at(100, 24, shelf);
    changed.press("w");
    assert!(
        changed.sees().contains("5 of 5 to review"),
        "{}",
        changed.sees()
    );
    assert!(changed.row("src/new.rs").contains('○'));
    assert!(
        changed.sees().contains("not taken any more"),
        "{}",
        changed.sees()
    );
}

#[test]
fn comments_are_sent_as_one_message() {
    let mut reviewer = Reviewer::open(100, 24);
    reviewer.go_to_file("src/main.rs").press("tab g j j c");
    assert!(
        reviewer
            .sees()
            .contains("issue on src/main.rs:2 (agent1.1, removed)"),
        "{}",
        reviewer.sees()
    );
    reviewer.write("Why two?").press("enter");
    assert!(
        reviewer.sees().contains("┃ Why two?"),
        "{}",
        reviewer.sees()
    );
    reviewer
        .press("C tab")
        .write("Needs a test.")
        .press("enter S");
    let screen = reviewer.sees();
    assert!(screen.contains("the winner, ada"), "{screen}");
    reviewer.press("enter");
    let sent = reviewer.other.iter().find_map(|effect| match effect {
        Effect::Engine(Command::Steer { target, text, .. }) => Some((target.clone(), text.clone())),
        _ => None,
    });
    let (target, text) = sent.expect("it was sent");
    assert!(target.includes(AgentId(1)) && !target.includes(AgentId(2)));
    insta::assert_snapshot!("comments_as_a_message", text);
    reviewer.press("S");
    assert!(reviewer.sees().contains("All comments were sent"));
}

#[test]
fn comments_on_an_answer_begin_the_next_turn() {
    let mut reviewer = Reviewer::at(100, 24, Shelf::usual()).ended();
    reviewer.press("w").go_to_file("answer").press("tab c");
    reviewer.write("Say why.").press("enter S down enter");
    let prompt = reviewer.other.iter().find_map(|effect| match effect {
        Effect::Engine(Command::FollowUp { prompt }) => Some(prompt.clone()),
        _ => None,
    });
    let prompt = prompt.expect("a next turn");
    assert!(prompt.contains("answer agent1.1:1"), "{prompt}");
    assert!(prompt.contains("The ada answer."), "{prompt}");
    assert_eq!(reviewer.person.model.screen, Screen::Live);
}

#[test]
fn a_draft_survives_a_comment() {
    let mut reviewer = Reviewer::at(100, 24, Shelf::usual());
    reviewer.press("i").write("half a thought").press("esc w");
    reviewer
        .go_to_file("src/main.rs")
        .press("C")
        .write("x")
        .press("esc q i");
    assert_eq!(reviewer.person.model.composer.text(), "half a thought");
}

#[test]
fn a_hunk_is_edited_in_the_editor() {
    let mut reviewer = Reviewer::open(100, 24);
    reviewer.go_to_file("src/main.rs").press("tab g e");
    let edit = reviewer.other.iter().find_map(|effect| match effect {
        Effect::Edit { ticket, text, .. } => Some((*ticket, text.clone())),
        _ => None,
    });
    let (ticket, text) = edit.expect("the editor");
    assert_eq!(text, ADA);
    let mine = ADA.replace("count = 2", "count = 3");
    reviewer
        .person
        .send(Msg::Done(ticket, Done::Edited(Ok(Some(mine.clone())))));
    reviewer.serve();
    reviewer.press("b");
    let picks = &reviewer.shelf.built.last().expect("a result").picks;
    assert_eq!(picks[0].part, Part::Edited(mine));
}

#[test]
fn what_stands_in_the_way_is_shown_before_anything_is_written() {
    let clash = Clash {
        path: "src/main.rs".into(),
        agents: vec![AgentId(1), AgentId(2)],
        lines: (2, 2),
        why: "Both change line 2.".to_owned(),
    };
    let drift = |path: &str, state| Drift {
        path: path.into(),
        state,
    };
    let shelf = Shelf {
        clashes: vec![clash],
        drift: vec![
            drift("src/new.rs", DriftState::Conflict),
            drift("src/old.rs", DriftState::Choice),
        ],
        ..Shelf::usual()
    };
    let mut reviewer = Reviewer::at(100, 24, shelf);
    reviewer.press("w a b");
    let screen = reviewer.sees();
    assert!(screen.contains("Both change line 2."), "{screen}");
    reviewer.press("enter");
    let screen = reviewer.sees();
    assert!(screen.contains("with conflict markers"), "{screen}");
    assert!(screen.contains("Decide about 1 file first"), "{screen}");
    reviewer.press("enter");
    assert!(reviewer.shelf.applied.is_empty(), "a choice is waited for");
    reviewer.press("j space");
    let screen = reviewer.sees();
    assert!(screen.contains("yours stays"), "{screen}");
    reviewer.press("enter");
    assert_eq!(reviewer.shelf.applied.len(), 1);
}

#[test]
fn destinations_have_their_fields() {
    let mut reviewer = Reviewer::open(100, 24);
    reviewer.press("a b j j j e");
    assert!(
        reviewer.sees().contains("name of the new branch"),
        "{}",
        reviewer.sees()
    );
    reviewer
        .press("ctrl-u")
        .write("fix/count")
        .press("enter enter enter");
    let (_, to) = reviewer.shelf.applied.last().expect("it was applied");
    assert!(
        matches!(to, Destination::Branch { name, .. } if name == "fix/count"),
        "{to:?}"
    );
    assert_eq!(
        reviewer
            .shelf
            .kept
            .as_ref()
            .map(|notes| notes.applied.len()),
        Some(1)
    );
    reviewer.press("enter U");
    assert_eq!(
        reviewer
            .shelf
            .kept
            .as_ref()
            .map(|notes| notes.applied.len()),
        Some(0)
    );
}

#[test]
fn newer_work_is_offered_and_the_last_look_remembered() {
    let mut reviewer = Reviewer::open(110, 24);
    reviewer
        .shelf
        .sets
        .insert("ada2".to_owned(), Shelf::usual().sets["bob"].clone());
    reviewer.press("L");
    assert!(
        reviewer.sees().contains("not looked at"),
        "{}",
        reviewer.sees()
    );
    reviewer.press("q w");
    reviewer.person.hear(publish(1, 2, "ada2", 1));
    reviewer.serve();
    let screen = reviewer.sees();
    assert!(
        screen.contains("u: newer work") && screen.contains("5 files"),
        "{screen}"
    );
    reviewer.press("u");
    let screen = reviewer.sees();
    assert!(
        screen.contains("agent1.2") && !screen.contains("logo.png"),
        "{screen}"
    );
}

#[test]
fn searching_and_filtering() {
    let mut reviewer = Reviewer::open(100, 24);
    reviewer.press("f").write("NEW");
    assert!(!reviewer.sees().contains("logo.png"));
    reviewer.press("enter esc");
    assert!(reviewer.sees().contains("logo.png"));
    reviewer
        .go_to_file("src/main.rs")
        .press("/")
        .write("finish")
        .press("enter");
    let screen = reviewer.sees();
    let marked = screen
        .lines()
        .find(|line| line.contains("▸") && line.contains("finish"));
    assert!(marked.is_some(), "{screen}");
    reviewer.press("/").write("nowhere").press("enter");
    assert!(reviewer.sees().contains("Not found"), "{}", reviewer.sees());
}

#[test]
fn the_mouse_scrolls_and_chooses() {
    let mut reviewer = Reviewer::open(100, 24);
    let wheel = |kind, column, row| Msg::Input(Input::Mouse(Mouse { kind, column, row }));
    reviewer.sees();
    reviewer.person.send(wheel(MouseKind::Click, 4, 5));
    reviewer.serve();
    let screen = reviewer.sees();
    assert!(
        screen
            .lines()
            .nth(5)
            .is_some_and(|line| line.starts_with('▸')),
        "{screen}"
    );
    reviewer.person.send(wheel(MouseKind::WheelDown(1), 60, 8));
    reviewer.serve();
    reviewer.sees();
}

#[test]
fn hostile_text_is_harmless() {
    let mut shelf = Shelf::usual();
    let nasty = "a\u{1b}[31mred\u{202e}x\r\nline\twith\ttabs\n".to_owned() + &"x".repeat(100_000);
    shelf.files.insert("m1".to_owned(), (nasty, String::new()));
    shelf.sets.get_mut("ada").expect("files")[2].path =
        crate::protocol::change::RepoPath::new(b"src/\x1b]0;title\x07\xff.rs".as_slice());
    let mut reviewer = Reviewer::at(80, 24, shelf);
    reviewer.press("w j j tab W g G");
    let screen = reviewer.sees();
    assert!(
        !screen.contains('\u{1b}') && !screen.contains('\u{202e}'),
        "{screen}"
    );
}

#[test]
fn words_name_the_keys_of_the_keymap_and_go_with_the_next_key() {
    let mut reviewer = Reviewer::at(100, 24, Shelf::usual());
    let keymap = include_str!("../../../assets/keymap.toml");
    let keymap = keymap.replace("\"review.build\" = [\"b\"]", "\"review.build\" = [\"B\"]");
    let keymap = keymap.replace("\"review.take\" = [\"space\"]", "\"review.take\" = [\"z\"]");
    reviewer.person.model.keymap = Keymap::parse(&keymap);
    reviewer.press("w a");
    assert!(
        reviewer
            .person
            .bottom()
            .contains("taken; B builds the result."),
        "{}",
        reviewer.person.bottom()
    );
    // The list of keys is back with the next key.
    reviewer.press("j");
    assert!(
        reviewer.person.bottom().contains("z take"),
        "{}",
        reviewer.person.bottom()
    );
    reviewer.press("a B");
    assert!(
        reviewer
            .person
            .bottom()
            .contains("z takes a file, hunk or line"),
        "{}",
        reviewer.person.bottom()
    );
    // Also while something is written or searched for, nothing of the key before is left.
    reviewer.press("B /");
    assert!(!reviewer.person.bottom().contains("takes a file"));
    assert!(
        reviewer.person.bottom().contains("Enter done"),
        "{}",
        reviewer.person.bottom()
    );
    reviewer
        .press("esc tab")
        .go_to_file("src/main.rs")
        .press("a C");
    assert!(
        reviewer.person.bottom().contains("Enter note it"),
        "{}",
        reviewer.person.bottom()
    );
}

#[test]
fn the_header_shows_folder_base_head_and_target_at_every_size() {
    for (width, height) in [(160, 48), (100, 24), (80, 24), (60, 20), (40, 12)] {
        let mut reviewer = Reviewer::open(width, height);
        for word in ["code", "base 0123456", "HEAD main", "target working tree"] {
            let screen = reviewer.sees();
            let head: String = screen.lines().take(3).collect();
            assert!(head.contains(word), "{word} at {width}x{height}:\n{screen}");
        }
        reviewer.press("a b j j j");
        let screen = reviewer.sees();
        let head: String = screen.lines().take(3).collect();
        assert!(
            head.contains("target branch massgen/"),
            "{width}x{height}:\n{screen}"
        );
    }
}

#[test]
fn marks_are_written_together_and_words_at_once() {
    let mut reviewer = Reviewer::open(100, 24);
    reviewer.press("r r r space a");
    assert_eq!(reviewer.shelf.writes, 0, "a moment is waited for");
    let timers = reviewer.timers.clone();
    let [timer] = timers.as_slice() else {
        panic!("one timer: {timers:?}");
    };
    reviewer.person.send(Msg::Done(*timer, Done::Woke));
    reviewer.serve();
    assert_eq!(reviewer.shelf.writes, 1);
    let kept = reviewer.shelf.kept.clone().expect("it was kept");
    assert_eq!((kept.reviewed.len(), kept.picks.len()), (3, 5));
    reviewer
        .go_to_file("src/main.rs")
        .press("C")
        .write("Why?")
        .press("enter");
    assert_eq!(reviewer.shelf.writes, 2, "words are kept at once");
    // What is marked last is kept when the session is closed.
    reviewer.press("r");
    let effects = reviewing::farewell(&mut reviewer.person.model);
    assert_eq!(effects.0.len(), 1);
}

#[test]
fn what_was_changed_since_is_asked_about_before_it_is_taken_back() {
    for (keys, later) in [("enter", Later::Leave), ("down enter", Later::Merge)] {
        let shelf = Shelf {
            changed: vec!["src/main.rs".into()],
            ..Shelf::usual()
        };
        let mut reviewer = Reviewer::at(100, 24, shelf);
        reviewer.press("w a b enter enter U");
        let screen = reviewer.sees();
        assert!(screen.contains("you changed 1 file since"), "{screen}");
        assert!(screen.contains("src/main.rs"), "{screen}");
        reviewer.press("esc U").press(keys);
        assert_eq!(reviewer.shelf.undone, [Later::Ask, Later::Ask, later]);
        let screen = reviewer.sees();
        assert!(screen.contains("Taken back: 1 file as before."), "{screen}");
        assert_eq!(
            screen.contains("they stay as they are"),
            later == Later::Leave
        );
        reviewer.press("enter U");
        assert!(reviewer.person.bottom().contains("Nothing was applied"));
    }
}

#[test]
fn a_folder_that_changes_while_it_is_applied_to_is_shown_anew() {
    let conflict = Drift {
        path: "src/old.rs".into(),
        state: DriftState::Choice,
    };
    let shelf = Shelf {
        day: Day::Moves,
        drift: vec![conflict],
        ..Shelf::usual()
    };
    let mut reviewer = Reviewer::at(100, 24, shelf);
    reviewer.press("w a b enter space space enter");
    let screen = reviewer.sees();
    assert!(
        screen.contains("your folder has changed since you looked"),
        "{screen}"
    );
    assert!(reviewer.shelf.applied.is_empty());
    assert!(
        screen.contains("Decide about 1 file first"),
        "what was decided is asked anew: {screen}"
    );
    reviewer.press("space enter");
    assert_eq!(reviewer.shelf.applied.len(), 1, "{}", reviewer.sees());

    // Where the folder is the same, the failure is all there is to say.
    let shelf = Shelf {
        day: Day::Full,
        ..Shelf::usual()
    };
    let mut reviewer = Reviewer::at(100, 24, shelf);
    reviewer.press("w a b enter enter");
    let screen = reviewer.sees();
    assert!(screen.contains("It could not be written."), "{screen}");
    assert!(screen.contains("Nothing was written"), "{screen}");
}

#[test]
fn a_hunk_comes_back_from_the_editor_in_every_way() {
    let failed = Failure::new(FailureKind::Local, "vi ended with exit code 1.");
    for (back, part, words) in [
        (Ok(None), None, "The hunk was left as it was."),
        (Err(failed), None, "The editor failed"),
        (
            Ok(Some(String::new())),
            Some(Part::Edited(String::new())),
            "Your version of the hunk is taken",
        ),
    ] {
        let mut reviewer = Reviewer::open(100, 24);
        reviewer.go_to_file("src/main.rs").press("tab g e");
        let ticket = reviewer.other.iter().find_map(|effect| match effect {
            Effect::Edit { ticket, .. } => Some(*ticket),
            _ => None,
        });
        let ticket = ticket.expect("the editor");
        let done = Msg::Done(ticket, Done::Edited(back));
        reviewer.person.send(done.clone());
        reviewer.serve();
        assert!(
            reviewer.person.bottom().contains(words),
            "{}",
            reviewer.person.bottom()
        );
        reviewer.press("q w");
        let picks = reviewer.shelf.kept.clone().unwrap_or_default().picks;
        let parts = picks.into_iter().map(|picked| picked.pick.part).next();
        assert_eq!(parts, part, "{words}");
        // A second answer to the same question is nobody's.
        reviewer.person.send(done);
    }
}

#[test]
fn whom_comments_reach_is_said_before_they_are_sent() {
    for ended in [false, true] {
        let mut reviewer = Reviewer::at(100, 30, Shelf::usual());
        if ended {
            reviewer = reviewer.ended();
        }
        reviewer.press("w").go_to_file("src/main.rs").press("C");
        reviewer.write("Needs a test.").press("enter S");
        let screen = reviewer.sees();
        let words = if ended {
            "A new round in which only this agent is asked"
        } else {
            "Nobody else hears it"
        };
        assert!(screen.contains(words), "{screen}");
        assert_eq!(
            screen.contains("For agent1 alone, whose changes"),
            ended,
            "{screen}"
        );
        reviewer.press("down");
        let screen = reviewer.sees();
        assert!(
            !screen.contains("For agent1 alone, whose changes"),
            "{screen}"
        );
        reviewer.press("up enter");
        let text = reviewer.other.iter().find_map(|effect| match effect {
            Effect::Engine(Command::Ask { agent, prompt }) => {
                assert_eq!(*agent, AgentId(1));
                Some(prompt.clone())
            }
            Effect::Engine(Command::Steer { text, .. }) => Some(text.clone()),
            _ => None,
        });
        let text = text.expect("it is sent");
        assert_eq!(text.starts_with("For agent1"), ended, "{text}");
        assert!(text.contains("Needs a test."));
    }
}

#[test]
fn leave_is_given_while_one_reviews() {
    for way in ["", "/", "c", "v", "enter"] {
        let mut reviewer = Reviewer::open(140, 30);
        if !way.is_empty() {
            reviewer.press(way);
        }
        reviewer.other.clear();
        reviewer.person.hear(EventKind::Run(RunEvent::Question(
            crate::protocol::QuestionEvent::Asked(crate::protocol::Question {
                id: crate::protocol::QuestionId(1),
                asker: Some(AgentId(2)),
                text: "May I use write_file?".into(),
                kind: crate::protocol::QuestionKind::Approval(Box::new(
                    crate::protocol::Approval {
                        tool: "write_file".into(),
                        deed: crate::protocol::Deed::Write {
                            path: "src/secret.rs".into(),
                            diff: String::new(),
                        },
                        why: "A rule asks first.".into(),
                        always: None,
                        held: String::new(),
                        fixed: false,
                    },
                )),
                seconds: 60,
            }),
        )));
        reviewer.press("f3");
        let screen = reviewer.sees();
        assert!(screen.contains("src/secret.rs"), "after {way:?}:\n{screen}");
        reviewer.write("y");
        let said = reviewer.other.iter().any(|effect| {
            matches!(effect, Effect::Engine(Command::Answer { reply, .. })
                if *reply == crate::protocol::Reply::Approved)
        });
        assert!(said, "after {way:?}: {:?}", reviewer.other);
        assert_eq!(
            reviewer.person.model.screen,
            Screen::Review,
            "after {way:?}"
        );
    }
}
