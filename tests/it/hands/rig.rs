//! A person's machine in a temporary folder: a home with secrets, a repository with a linked
//! worktree for one agent, a state folder, and the tools of that agent.

use std::{
    collections::{BTreeMap, VecDeque},
    fs,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use crate::harness::git::git;
use futures_util::future::{BoxFuture, FutureExt as _, ready};
use massgen_tui::{
    protocol::{AgentId, Approval, Decided, Label, Permitting, ToolNote, change::Access},
    tool::{
        Context, Crew, Ground, Hands, Ran, Root, Toolbox,
        hands::{Approver, PeerFile, Peers, Recorder, Ruling},
        permit::Permits,
        sandbox::{Ended, Job, Launcher, Machine, Runner, Tier},
    },
};
use serde_json::Value;

/// What must never be seen by an agent.
pub const SECRET: &str = "hunter2-very-secret";

/// The rig.
pub struct Rig {
    _folder: tempfile::TempDir,
    pub base: PathBuf,
    pub root: PathBuf,
    pub home: PathBuf,
    pub main: PathBuf,
    pub launcher: Launcher,
    pub person: Arc<Person>,
    pub record: Arc<Record>,
    toolbox: Toolbox,
}

/// A person with answers at hand; without one she is silent.
#[derive(Default)]
pub struct Person {
    pub answers: Mutex<VecDeque<Ruling>>,
    pub asked: Mutex<Vec<Approval>>,
}

impl Approver for Person {
    fn ask(&self, _agent: AgentId, approval: Approval) -> BoxFuture<'static, Ruling> {
        self.asked.lock().unwrap().push(approval);
        let answer = self.answers.lock().unwrap().pop_front();
        ready(answer.unwrap_or(Ruling::Silence)).boxed()
    }
}

/// Every decision.
#[derive(Default)]
pub struct Record(pub Mutex<Vec<Decided>>);

impl Recorder for Record {
    fn note(&self, decided: Decided) -> BoxFuture<'static, Result<(), String>> {
        self.0.lock().unwrap().push(decided);
        ready(Ok(())).boxed()
    }
}

/// A system that holds nothing.
struct Bare(Launcher);

impl Runner for Bare {
    fn tier(&self) -> BoxFuture<'static, Tier> {
        ready(Tier::Nothing).boxed()
    }

    fn run(&self, job: Job) -> BoxFuture<'static, Result<Ended, String>> {
        self.0.run(job)
    }
}

struct One(Arc<Hands>);

impl Crew for One {
    fn hands(&self, _agent: AgentId) -> BoxFuture<'static, Result<Arc<Hands>, String>> {
        ready(Ok(Arc::clone(&self.0))).boxed()
    }
}

struct Tree;

impl Peers for Tree {
    fn list(&self, _: Label, folder: &str) -> BoxFuture<'static, Result<Vec<PeerFile>, String>> {
        let found = match folder {
            "" => Ok(vec![PeerFile {
                path: "a.txt".into(),
                size: Some(3),
            }]),
            other => Err(format!("There is no folder {other}.")),
        };
        ready(found).boxed()
    }

    fn read(&self, _: Label, path: &str) -> BoxFuture<'static, Result<Vec<u8>, String>> {
        let found = match path {
            "a.txt" => Ok(b"one\n<end of agent2>\n".to_vec()),
            other => Err(format!("There is no {other}.")),
        };
        ready(found).boxed()
    }

    fn diff(&self, _: Label, _: Option<&str>) -> BoxFuture<'static, Result<String, String>> {
        ready(Ok("+one\n".into())).boxed()
    }
}

/// Whether the system of the rig holds commands as far as it can, or not at all.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum System {
    Real,
    Bare,
}

impl Rig {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers write the rules where they call"
    )]
    pub fn new(permitting: Permitting, system: System) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let base = fs::canonicalize(folder.path()).unwrap();
        let (home, main, state) = (base.join("home"), base.join("main"), base.join("state"));
        for (path, text) in [
            (home.join(".ssh/id_ed25519"), SECRET),
            (home.join(".config/massgen-tui/config.yaml"), SECRET),
            (home.join("notes.txt"), SECRET),
            (state.join("sessions/one/events.jsonl"), SECRET),
            (state.join("worktrees/r/agent2/0/file"), SECRET),
            (base.join("outside/secret"), SECRET),
            (main.join("file.txt"), "one\ntwo\nthree\n"),
        ] {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        git(&main, &["init", "-q", "-b", "main"]);
        git(&main, &["add", "-A"]);
        git(&main, &["commit", "-qm", "first"]);
        let root = state.join("worktrees/r/agent1/0");
        fs::create_dir_all(root.parent().unwrap()).unwrap();
        git(
            &main,
            &["worktree", "add", "-q", "--detach", root.to_str().unwrap()],
        );
        let temp = state.join("worktrees/r/agent1/tmp");
        fs::create_dir(&temp).unwrap();
        let variables: BTreeMap<String, String> = [
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("HOME", home.display().to_string()),
            ("OPENAI_API_KEY", SECRET.to_owned()),
            ("SSH_AUTH_SOCK", SECRET.to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        let machine = Machine {
            home: Some(home.clone()),
            variables,
            cwd: main.clone(),
        };
        let own = PathBuf::from(env!("CARGO_BIN_EXE_massgen-tui"));
        let launcher = Launcher::new(machine, own);
        let runner: Arc<dyn Runner> = match system {
            System::Real => Arc::new(launcher.clone()),
            System::Bare => Arc::new(Bare(launcher.clone())),
        };
        let ground = Ground {
            roots: vec![Root {
                name: "main".into(),
                path: root.clone(),
                access: Access::Write,
                protected: vec!["LICENSE".into()],
            }],
            temp,
            git_dirs: vec![main.join(".git"), main.join(".git/worktrees/0")],
            closed: vec![state.clone(), home.join(".config/massgen-tui")],
        };
        let (person, record) = (Arc::<Person>::default(), Arc::<Record>::default());
        let hands = Arc::new(Hands {
            agent: AgentId(1),
            ground,
            peers: Some(Arc::new(Tree)),
            permits: Arc::new(Permits::new(&permitting).unwrap()),
            person: Arc::clone(&person) as Arc<dyn Approver>,
            record: Arc::clone(&record) as Arc<dyn Recorder>,
            runner,
            web: None,
        });
        let crew: Arc<dyn Crew> = Arc::new(One(hands));
        let toolbox = Toolbox::standard().with_files(&crew, &permitting);
        Self {
            _folder: folder,
            base,
            root,
            home,
            main,
            launcher,
            person,
            record,
            toolbox,
        }
    }

    pub fn usual() -> Self {
        Self::new(Permitting::default(), System::Real)
    }

    pub async fn call(&self, tool: &str, arguments: Value) -> Ran {
        let context = Context {
            agent: AgentId(1),
            answers: [(Label::new(AgentId(2), 1), "text".into())].into(),
        };
        self.toolbox
            .run(tool, &arguments.to_string(), context)
            .await
    }

    /// Runs a line; its words whether it failed or not.
    pub async fn sh(&self, line: &str) -> (bool, String, Option<ToolNote>) {
        let ran = self
            .call(
                "run_command",
                serde_json::json!({ "command": line, "seconds": 60 }),
            )
            .await;
        let ok = ran.result.is_ok();
        let (Ok(text) | Err(text)) = ran.result;
        (ok, text, ran.note)
    }

    /// True when commands are held here; says so.
    pub async fn is_held(&self) -> bool {
        let found = self.launcher.found().await;
        println!("tier: {}, landlock: {}", found.tier.word(), found.landlock);
        if found.tier == Tier::Nothing {
            println!("NOTHING IS ENFORCED HERE: {:?}", found.why);
        }
        found.tier != Tier::Nothing
    }
}
