//! `backend.cwd`, with the built program against the demo server: a team makes files in an empty folder of
//! its session, and nothing of the person's is touched.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use massgen_tui::{
    demo::{DemoServer, Speed},
    protocol::{AgentEvent, Event, EventKind, RunEvent, ToolEvent, TurnStart, change::KeptIn},
    store::Store,
};

use crate::harness::{beside, git::git};

/// Scripts that make files, also where nothing is to begin with; robin, who makes `check.sh`, wins.
const TEAM: [&str; 3] = ["dove", "lark", "robin"];

/// A demo server, a folder that the program is started in, and a home with its state.
struct World {
    server: DemoServer,
    _runtime: tokio::runtime::Runtime,
    _root: tempfile::TempDir,
    project: PathBuf,
    state: PathBuf,
}

impl World {
    fn new() -> Self {
        let runtime = beside::runtime();
        let server = runtime.block_on(DemoServer::start(Speed::Max)).unwrap();
        let root = tempfile::tempdir().unwrap();
        let path = root.path().canonicalize().unwrap();
        let project = path.join("project");
        fs::create_dir(&project).unwrap();
        fs::write(project.join("mine.txt"), "mine\n").unwrap();
        Self {
            server,
            _runtime: runtime,
            _root: root,
            project,
            state: path.join("state"),
        }
    }

    /// A configuration of the scripted team; `cwd` of each agent, empty for none.
    fn team(&self, cwd: [&str; 3], rest: &str) -> PathBuf {
        let url = self.server.session();
        let agents = TEAM.iter().zip(cwd).map(|(name, cwd)| {
            let cwd = match cwd {
                "" => String::new(),
                cwd => format!(", cwd: '{cwd}'"),
            };
            format!(
                "  - id: {name}\n    backend: {{type: chatcompletion, model: script-{name}-mosaic, \
                 base_url: '{url}', api_key: {}{cwd}}}\n",
                self.server.token()
            )
        });
        let agents: String = agents.collect();
        let path = self.state.with_file_name("team.yaml");
        fs::write(&path, format!("agents:\n{agents}{rest}")).unwrap();
        path
    }

    fn program(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_massgen-tui"))
            .args(arguments)
            .env_clear()
            .env("HOME", self.state.with_file_name("home"))
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("MASSGEN_TUI_STATE_DIR", &self.state)
            .current_dir(&self.project)
            .output()
            .unwrap()
    }

    /// Runs a team to its end; what was told on the way.
    fn run(&self, config: &Path, more: &[&str]) -> String {
        let mut words = vec!["run", "--config", config.to_str().unwrap()];
        words.extend(more);
        words.push("Make it kind.");
        let output = self.program(&words);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{told}");
        told
    }

    fn log(&self) -> Vec<Event> {
        let store = Store::reading(&self.state);
        let listing = store.list(1).unwrap();
        store.read(&listing.sessions[0].run).unwrap().events
    }

    /// What is in the person's folder.
    fn files(&self) -> Vec<String> {
        names(&self.project)
    }

    /// The folder of the latest session.
    fn own(&self) -> PathBuf {
        self.own_of(&start(&self.log()).run.0)
    }

    fn own_of(&self, run: &str) -> PathBuf {
        self.state.join("sessions").join(run).join("files")
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The beginning of the last turn.
fn start(log: &[Event]) -> TurnStart {
    let starts = log.iter().rev().find_map(|event| match &event.kind {
        EventKind::Run(RunEvent::Started(start)) => Some((**start).clone()),
        _ => None,
    });
    starts.unwrap()
}

/// The tools that an agent ran.
fn ran(log: &[Event], agent: u16) -> Vec<String> {
    let tools = log.iter().filter_map(|event| match &event.kind {
        EventKind::Agent {
            id,
            event: AgentEvent::Tool(ToolEvent::Started { name, .. }),
        } if id.0 == agent => Some(name.clone()),
        _ => None,
    });
    tools.collect()
}

#[test]
fn a_team_with_folders_of_its_own_makes_files_in_an_empty_one() {
    let world = World::new();
    let config = world.team(["workspace1", "workspace2", "../workspace3"], "");
    let told = world.run(&config, &[]);
    let (log, own) = (world.log(), world.own());
    let places = start(&log).places;
    assert_eq!(places.len(), 1);
    assert_eq!(places[0].path, own.display().to_string());
    assert_eq!(names(&own), ["check.sh"], "the winner's files: {told}");
    assert!(told.contains(&own.display().to_string()), "{told}");
    assert_eq!(world.files(), ["mine.txt"], "nothing of the person's");
    let above = names(world.project.parent().unwrap());
    assert_eq!(above, ["project", "state", "team.yaml"]);
    // The others' files are looked at, also when there is nothing of the person's to compare with.
    assert!(ran(&log, 1).contains(&"read_peer".to_owned()));

    let told = world.program(&["run", "--continue", "latest", "Once more."]);
    let told = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(!told.contains("Your files have changed"), "{told}");
    assert_eq!(start(&world.log()).turn, 2, "{told}");
    assert_eq!(world.own(), own);

    let undone = world.program(&["undo"]);
    assert_eq!(undone.status.code(), Some(0));
}

#[test]
fn the_folder_is_in_nobodys_repository_and_can_be_left_empty() {
    let world = World::new();
    // The state lies inside a repository, as it does where a home is kept under version control.
    let home = world.state.parent().unwrap();
    git(home, &["init", "-q"]);
    let rest = "orchestrator: {coordination: {write_mode: worktree}}\n";
    let config = world.team(["w", "w", "w"], rest);
    let told = world.run(&config, &["--apply", "never"]);
    let place = start(&world.log()).places.remove(0);
    assert_eq!((place.kept, place.head), (KeptIn::Shadow, None));
    assert!(told.contains("nothing was applied"), "{told}");
    assert!(!told.contains("cannot be written here"), "{told}");
    assert_eq!(names(&world.own()), Vec::<String>::new());
    let refs = git(home, &["for-each-ref"]);
    assert_eq!(refs, "", "no ref in a repository of the person's");
}

#[test]
fn nothing_of_it_is_left_when_the_session_is_deleted_for_good() {
    let world = World::new();
    let config = world.team(["w", "w", "w"], "");
    world.run(&config, &[]);
    let run = start(&world.log()).run.0;
    let shadows = world.state.join("shadows");
    assert_eq!(names(&shadows).len(), 1);
    let prune = ["worktrees", "prune", "--keep-days", "0"];
    for arguments in [
        // The worktrees of an ended session go; it can be gone on with.
        &prune[..],
        &prune,
        &["run", "--continue", "latest", "Once more."],
        &prune,
        &["logs", "delete", &run],
        &prune,
    ] {
        let output = world.program(arguments);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert_eq!(names(&shadows).len(), 1, "{arguments:?}: {output:?}");
    }
    world.program(&["logs", "empty-trash", "--yes"]);
    let told = world.program(&prune);
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(
        told.contains("the repository of a deleted session removed"),
        "{told}"
    );
    assert_eq!(names(&shadows), Vec::<String>::new());
    assert!(!world.own_of(&run).exists());
}

#[test]
fn only_agents_with_a_folder_get_tools_for_files() {
    let world = World::new();
    let config = world.team(["", "", "w"], "");
    world.run(&config, &[]);
    let log = world.log();
    assert!(ran(&log, 3).contains(&"write_file".to_owned()));
    for agent in [1, 2] {
        let tools = ran(&log, agent);
        assert!(tools.iter().all(|tool| tool == "read_peer"), "{tools:?}");
    }
    assert_eq!(names(&world.own()), ["check.sh"]);
}

#[test]
fn a_folder_of_the_persons_is_changed_in_copies_only() {
    let world = World::new();
    let theirs = world.project.display().to_string();
    let config = world.team([&theirs, &theirs, &theirs], "");
    let told = world.run(&config, &[]);
    assert_eq!(start(&world.log()).places[0].path, theirs);
    assert_eq!(world.files(), ["mine.txt"], "{told}");
    assert!(told.contains("The patch: "), "{told}");

    let given = "orchestrator: {context_paths: [{path: ., permission: write}]}\n";
    world.run(&world.team(["w", "w", "w"], given), &["--apply", "auto"]);
    assert_eq!(
        world.files(),
        ["check.sh", "mine.txt"],
        "the folder that was given"
    );
}

/// A file of MassGen's own, which is only told where its models are.
#[test]
fn a_file_that_massgen_ships_runs_as_it_is() {
    let Some(shared) = std::env::var_os("MASSGEN_TUI_SHARED") else {
        return;
    };
    let file = "data/massgen_configs/tools/filesystem/grok4_gpt5_gemini_filesystem.yaml";
    let file = PathBuf::from(shared).join(file);
    let world = World::new();
    let (url, token) = (world.server.session(), world.server.token().to_owned());
    let mut sets = Vec::new();
    for (place, name) in TEAM.iter().enumerate() {
        for (key, value) in [
            ("type", "chatcompletion"),
            ("base_url", url.as_str()),
            ("api_key", token.as_str()),
            ("model", &format!("script-{name}-mosaic")),
        ] {
            sets.push("--set".to_owned());
            sets.push(format!("agents[{place}].backend.{key}={value}"));
        }
    }
    let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
    let told = world.run(&file, &sets);
    let own = world.own();
    assert_eq!(
        start(&world.log()).places[0].path,
        own.display().to_string()
    );
    assert!(told.contains("in the folder of this session"), "{told}");
    assert!(!names(&own).is_empty());
    assert_eq!(world.files(), ["mine.txt"]);
}
