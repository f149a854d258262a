//! A program in a pseudo-terminal: what it writes, when, and what the screen then shows.
//!
//! A reader thread stamps every piece of output as it arrives and does nothing else, so that the time
//! it takes to interpret the output is not counted. Interpreting is done by [`Terminal::pump`], when
//! somebody looks.

use std::{
    io::{Read as _, Write},
    num::NonZeroU16,
    path::Path,
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Columns of the terminal.
pub const COLUMNS: u16 = 160;

/// Rows of the terminal.
pub const ROWS: u16 = 48;

/// A running program and its screen.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    pieces: Receiver<(Instant, Vec<u8>)>,
    parser: vt100::Parser,
    /// When the program was started.
    pub started: Instant,
    /// Arrival of the first byte.
    pub first_byte: Option<Instant>,
    /// Bytes written by the program so far.
    pub bytes: u64,
    _master: Box<dyn MasterPty + Send>,
}

/// A program and its arguments.
pub struct Program<'a> {
    /// Path.
    pub path: &'a Path,
    /// Arguments.
    pub arguments: Vec<String>,
    /// Home and state folder; the environment is otherwise empty.
    pub home: &'a Path,
    /// Further variables.
    pub variables: Vec<(&'static str, String)>,
}

impl Terminal {
    /// Starts a program.
    pub fn start(program: &Program) -> Self {
        let size = PtySize {
            rows: ROWS,
            cols: COLUMNS,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system()
            .openpty(size)
            .expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(program.path);
        command.args(&program.arguments);
        command.cwd(program.home);
        command.env_clear();
        let home = program.home.display().to_string();
        for (name, value) in [
            ("HOME", home.as_str()),
            ("MASSGEN_TUI_STATE_DIR", home.as_str()),
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("TERM", "xterm-256color"),
            ("COLORTERM", "truecolor"),
            ("LANG", "C.UTF-8"),
        ] {
            command.env(name, value);
        }
        for (name, value) in &program.variables {
            command.env(name, value);
        }
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let writer = pair.master.take_writer().expect("a writer");
        let (send, pieces) = mpsc::sync_channel(1 << 16);
        let started = Instant::now();
        let child = pair
            .slave
            .spawn_command(command)
            .expect("the program starts");
        drop(pair.slave);
        thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(count) = reader.read(&mut buffer) {
                if count == 0
                    || send
                        .send((Instant::now(), buffer[..count].to_vec()))
                        .is_err()
                {
                    break;
                }
            }
        });
        let side = |length| NonZeroU16::new(length).expect("not zero");
        Self {
            child,
            writer,
            pieces,
            parser: vt100::Parser::new(side(ROWS), side(COLUMNS), 0),
            started,
            first_byte: None,
            bytes: 0,
            _master: pair.master,
        }
    }

    /// Process id.
    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("a process id")
    }

    /// The screen as text.
    pub fn screen(&self) -> String {
        self.parser.screen().contents()
    }

    /// Types keys; returns the moment before.
    pub fn press(&mut self, keys: &[u8]) -> Instant {
        let now = Instant::now();
        self.writer.write_all(keys).expect("the program reads");
        self.writer.flush().expect("the program reads");
        now
    }

    /// Reads on until the screen fulfils `wanted`; the arrival of the output that did it. `None` when
    /// the time is up or the program has ended.
    pub fn wait_for(
        &mut self,
        limit: Duration,
        mut wanted: impl FnMut(&str) -> bool,
    ) -> Option<Instant> {
        let end = Instant::now() + limit;
        loop {
            let left = end.checked_duration_since(Instant::now())?;
            let at = match self.pieces.recv_timeout(left) {
                Ok((at, piece)) => {
                    self.take(at, &piece);
                    at
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
            };
            if wanted(&self.screen()) {
                return Some(at);
            }
        }
    }

    /// Reads for so long.
    pub fn pump(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            match self.pieces.recv_timeout(left) {
                Ok((at, piece)) => self.take(at, &piece),
                Err(RecvTimeoutError::Timeout) => return,
                // The program has ended; there is nothing more to come.
                Err(RecvTimeoutError::Disconnected) => {
                    thread::sleep(left);
                    return;
                }
            }
        }
    }

    /// Interprets output, and answers the questions that every terminal answers.
    fn take(&mut self, at: Instant, piece: &[u8]) {
        self.first_byte.get_or_insert(at);
        self.bytes += piece.len() as u64;
        self.parser.process(piece);
        for (question, answer) in [
            (&b"\x1b[c"[..], &b"\x1b[?62;22c"[..]),
            (b"\x1b[6n", b"\x1b[1;1R"),
            (b"\x1b[?u", b"\x1b[?0u"),
        ] {
            if piece.windows(question.len()).any(|part| part == question) {
                // A program that has ended meanwhile needs no answer.
                let _ = self.writer.write_all(answer);
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
