//! The whole front without a terminal: its real loop, a stage that paints into memory, a world that
//! writes down what it was asked. Keys go in, named conditions are waited for, screens come out.
//! Meant for paused time, so that waiting costs nothing and an idle program is seen to be idle.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use crossterm::event::{Event as Terminal, KeyCode, KeyEvent, KeyModifiers};
use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream};
use massgen_tui::{
    capture,
    protocol::{Command, Event, EventKind, Failure, FailureKind, Mark, Seq, Timestamp},
    tui::{
        ExitSummary, LeftTold, StartOptions,
        effect::{Done, Launch, MouseReports, Query, Stored},
        model::Model,
        notes,
        options::{DemoScenario, Sample},
        ports::{Picture, Ports},
        replay::{Piece, Reading, Rest},
        rooms::{Ask, Told},
        runtime::{self, Keys, Stage},
        theme::Theme,
        view::view,
    },
};
use ratatui::{Terminal as Painter, backend::TestBackend, buffer::Buffer, layout::Size};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};

/// Longest wait for a condition; in paused time it passes as soon as nothing happens any more.
const PATIENCE: Duration = Duration::from_mins(1);

/// What the world was asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// To start a session.
    Launch(Launch),
    /// This of the session.
    Command(Command),
    /// To keep a picture; its text.
    Picture(String),
}

/// A world that writes down what it is asked.
#[derive(Default)]
pub struct World {
    asked: Mutex<Vec<Asked>>,
    /// What goes wrong when a session is started.
    refuses: Option<Failure>,
    /// The stored session, whichever is asked for.
    log: Vec<Event>,
}

fn nothing() -> Failure {
    Failure::new(FailureKind::Local, "There is nothing of the kind.")
}

/// Events of a stored session in one piece.
const PIECE: usize = 100;

impl World {
    /// A world that starts no session.
    pub fn refusing(failure: Failure) -> Self {
        Self {
            refuses: Some(failure),
            ..Self::default()
        }
    }

    /// A world with a stored session.
    pub fn holding(log: Vec<Event>) -> Self {
        Self {
            log,
            ..Self::default()
        }
    }

    /// The part of the stored session that begins there.
    pub fn piece(&self, reading: &Reading) -> Piece {
        let from = usize::try_from(reading.from.offset).expect("a place");
        let to = (from + PIECE).min(self.log.len());
        Piece {
            run: reading.run.clone(),
            from: reading.from.clone(),
            events: self.log[from..to].to_vec(),
            next: Mark {
                offset: to as u64,
                seq: to as u64,
                ..Mark::default()
            },
            length: self.log.len() as u64,
            rest: if to == self.log.len() {
                Rest::End
            } else {
                Rest::More
            },
        }
    }

    fn note(&self, asked: Asked) {
        self.asked.lock().expect("no panic before").push(asked);
    }
}

impl Ports for World {
    fn launch(&self, launch: Launch) -> BoxFuture<'static, Result<(), Failure>> {
        self.note(Asked::Launch(launch));
        let answer = self.refuses.clone().map_or(Ok(()), Err);
        async move { answer }.boxed()
    }

    fn command(&self, command: Command) {
        self.note(Asked::Command(command));
    }

    fn query(&self, query: Query) -> BoxFuture<'static, Done> {
        let done = match query {
            Query::Health => Done::Health(Vec::new()),
            Query::Discover => Done::Discovered(Vec::new()),
            Query::Sessions => Done::Sessions(Ok(Stored::default())),
            Query::Open(reading) => Done::Opened(Ok(Box::new(self.piece(&reading)))),
            Query::Left(_) => Done::Left(LeftTold::Tidied(None)),
            // Nor does any of them look through sessions.
            Query::Room(Ask::Sessions(_)) => {
                Done::LaunchFailed(Failure::new(FailureKind::Local, "There is no list."))
            }
            Query::Room(Ask::Notes(ask)) => Done::Room(Told::Notes(Box::new(notes::Told {
                run: ask.run,
                news: Ok(notes::News::Book(Arc::default())),
            }))),
            Query::Room(Ask::Compare(_)) => Done::Room(Told::Compare(Box::new(Err(nothing())))),
            // No session of these tests works on a folder.
            Query::Room(Ask::Review(_)) => Done::Room(Told::Review(Box::new(Err(nothing())))),
            Query::Room(Ask::Report(_)) => Done::Room(Told::Report(Box::new(
                massgen_tui::tui::report::Told::Papers(Err(nothing())),
            ))),
            // Nothing is set up in them either.
            Query::Room(Ask::Guide(_)) => Done::Room(Told::Guide(Box::new(
                massgen_tui::tui::guide::Told::Prompts(Vec::new(), Vec::new()),
            ))),
            Query::Room(Ask::Give(ask)) => {
                let news = Err(nothing());
                let told = massgen_tui::tui::giving::Told { ask: *ask, news };
                Done::Room(Told::Give(Box::new(told)))
            }
            Query::Room(Ask::Desk(_)) => Done::Room(Told::Desk(Box::new(
                massgen_tui::tui::desk::Told::Settings(Vec::new()),
            ))),
            // Nor is a configuration of a project in the way of any.
            Query::Room(Ask::Trust(_)) => Done::Room(Told::Trust(Box::new(
                massgen_tui::tui::trusting::Told::Failed(nothing()),
            ))),
        };
        async move {
            tokio::time::sleep(Duration::from_millis(200)).await;
            done
        }
        .boxed()
    }

    fn save_capture(&self, picture: Picture) -> BoxFuture<'static, Result<String, Failure>> {
        self.note(Asked::Picture(capture::text(&picture.buffer)));
        async { Ok("picture.png".to_owned()) }.boxed()
    }
}

/// What the stage shows and how often it painted.
#[derive(Default)]
struct Seen {
    frames: AtomicUsize,
    title: Mutex<String>,
    /// The last frame.
    frame: Mutex<Option<Buffer>>,
    /// The terminal is gone: nothing can be painted.
    gone: std::sync::atomic::AtomicBool,
}

struct Canvas {
    painter: Painter<TestBackend>,
    keys: Arc<tokio::sync::Mutex<mpsc::Receiver<io::Result<Terminal>>>>,
    screen: watch::Sender<String>,
    seen: Arc<Seen>,
}

impl Stage for Canvas {
    fn size(&self) -> Size {
        let area = self.painter.backend().buffer().area;
        Size::new(area.width, area.height)
    }

    fn input(&mut self) -> io::Result<Keys> {
        let keys = Arc::clone(&self.keys);
        Ok(stream::unfold(keys, |keys| async move {
            let event = keys.lock().await.recv().await?;
            Some((event, keys))
        })
        .boxed())
    }

    fn quiet(&mut self) {}

    fn draw(&mut self, model: &Model) -> io::Result<()> {
        self.picture(model).map(|_| ())
    }

    fn picture(&mut self, model: &Model) -> io::Result<Buffer> {
        if self.seen.gone.load(Ordering::Relaxed) {
            return Err(io::Error::other("the terminal is gone"));
        }
        let Ok(painted) = self.painter.draw(|frame| view(model, frame));
        let buffer = painted.buffer.clone();
        self.seen.frames.fetch_add(1, Ordering::Relaxed);
        *self.seen.frame.lock().expect("no panic before") = Some(buffer.clone());
        self.screen.send_replace(capture::text(&buffer));
        Ok(buffer)
    }

    fn resize(&mut self, size: Size) -> io::Result<()> {
        self.painter.backend_mut().resize(size.width, size.height);
        Ok(())
    }

    fn title(&mut self, title: &str) -> io::Result<()> {
        title.clone_into(&mut self.seen.title.lock().expect("no panic before"));
        Ok(())
    }

    fn copy(&mut self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn mouse(&mut self, _: MouseReports) -> io::Result<()> {
        Ok(())
    }

    fn enter(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn leave(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A running program.
pub struct App {
    keys: mpsc::Sender<io::Result<Terminal>>,
    events: mpsc::Sender<Event>,
    screen: watch::Receiver<String>,
    seen: Arc<Seen>,
    world: Arc<World>,
    task: JoinHandle<io::Result<ExitSummary>>,
    seq: u64,
}

/// Options with one scenario and one sample.
pub fn options() -> StartOptions {
    StartOptions {
        demo_scenarios: vec![DemoScenario {
            name: "quick".to_owned(),
            title: "a quick vote".to_owned(),
            agents: 2,
        }],
        samples: vec![Sample {
            prompt: "Why is the sky blue?".to_owned(),
            scenario: None,
        }],
        ..StartOptions::new(Theme::ansi())
    }
}

impl App {
    /// Starts the program on a screen of this size.
    pub fn start(width: u16, height: u16, world: World, options: StartOptions) -> Self {
        let world = Arc::new(world);
        let ports: Arc<dyn Ports> = Arc::clone(&world) as _;
        Self::over(width, height, (world, ports), options)
    }

    /// Starts the program over a world that does things, and is not asked here what it was asked.
    pub fn start_in(width: u16, height: u16, ports: Arc<dyn Ports>, options: StartOptions) -> Self {
        Self::over(width, height, (Arc::default(), ports), options)
    }

    fn over(
        width: u16,
        height: u16,
        (world, ports): (Arc<World>, Arc<dyn Ports>),
        options: StartOptions,
    ) -> Self {
        let (keys, received) = mpsc::channel(1024);
        let (events, engine) = mpsc::channel(4096);
        let (screen, seen_screen) = watch::channel(String::new());
        let seen = Arc::new(Seen::default());
        let Ok(painter) = Painter::new(TestBackend::new(width, height));
        let canvas = Canvas {
            painter,
            keys: Arc::new(tokio::sync::Mutex::new(received)),
            screen,
            seen: Arc::clone(&seen),
        };
        let task = tokio::spawn(runtime::drive(canvas, ports, engine, options));
        Self {
            keys,
            events,
            screen: seen_screen,
            seen,
            world,
            task,
            seq: 0,
        }
    }

    /// Presses one key without modifiers.
    pub async fn press(&self, code: KeyCode) {
        self.send(Terminal::Key(KeyEvent::new(code, KeyModifiers::NONE)))
            .await;
    }

    /// Presses Ctrl and a letter.
    pub async fn control(&self, letter: char) {
        let key = KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL);
        self.send(Terminal::Key(key)).await;
    }

    /// Presses keys, one after the other: characters, and names of others between blanks.
    pub async fn keys(&self, keys: &str) {
        for key in keys.split(' ') {
            let code = match key {
                "enter" => KeyCode::Enter,
                "esc" => KeyCode::Esc,
                "tab" => KeyCode::Tab,
                "space" => KeyCode::Char(' '),
                "down" => KeyCode::Down,
                word => KeyCode::Char(word.chars().next().expect("a key")),
            };
            self.press(code).await;
        }
    }

    /// Types text.
    pub async fn write(&self, text: &str) {
        for c in text.chars() {
            self.press(KeyCode::Char(c)).await;
        }
    }

    /// A terminal event of any kind.
    pub async fn send(&self, event: Terminal) {
        self.keys
            .send(Ok(event))
            .await
            .expect("the program reads keys");
    }

    /// The engine tells something.
    pub async fn hear(&mut self, kind: EventKind) {
        self.seq += 1;
        let event = Event {
            seq: Seq(self.seq),
            at: Timestamp(self.seq),
            kind,
        };
        self.events
            .send(event)
            .await
            .expect("the program takes events");
    }

    /// The engine tells what it told once.
    pub async fn relive(&self, event: Event) {
        self.events
            .send(event)
            .await
            .expect("the program takes events");
    }

    /// The last frame, once nothing moves any more.
    pub async fn settled(&self) -> Buffer {
        // Paused time passes only while everybody waits.
        tokio::time::sleep(PATIENCE).await;
        let frame = self.seen.frame.lock().expect("no panic before");
        frame.clone().expect("something was painted")
    }

    /// Waits until the screen shows these words, and returns it.
    pub async fn sees(&mut self, words: &str) -> String {
        let found = tokio::time::timeout(
            PATIENCE,
            self.screen.wait_for(|screen| screen.contains(words)),
        )
        .await;
        let found = found.map(|seen| seen.map(|screen| screen.clone()));
        match found {
            Ok(Ok(screen)) => screen,
            Ok(Err(_)) => panic!("the program ended before it showed {words:?}"),
            Err(tokio::time::error::Elapsed { .. }) => panic!(
                "{words:?} is not on the screen:\n{}",
                self.screen.borrow().as_str()
            ),
        }
    }

    /// Waits until the world was asked something that fits, and returns everything asked so far.
    pub async fn asks(&self, fits: impl Fn(&Asked) -> bool) -> Vec<Asked> {
        let waited = async {
            loop {
                let asked = self.world.asked.lock().expect("no panic before").clone();
                if asked.iter().any(&fits) {
                    return asked;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waited)
            .await
            .expect("the world is asked")
    }

    /// Frames painted so far.
    pub fn frames(&self) -> usize {
        self.seen.frames.load(Ordering::Relaxed)
    }

    /// The title of the terminal.
    pub fn title(&self) -> String {
        self.seen.title.lock().expect("no panic before").clone()
    }

    /// Takes the terminal away: nothing can be painted any more.
    pub fn lose_terminal(&self) {
        self.seen.gone.store(true, Ordering::Relaxed);
    }

    /// Waits until the program has left.
    pub async fn left(self) -> ExitSummary {
        tokio::time::timeout(PATIENCE, self.task)
            .await
            .expect("the program leaves")
            .expect("the loop does not panic")
            .expect("signals can be heard")
    }
}
