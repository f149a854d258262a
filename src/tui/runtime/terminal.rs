//! The terminal itself: taken over on entry, given back on every way out.
//!
//! Given back also after a panic, a signal and a failed draw. Nothing is ever asked of the terminal
//! (terminals that do not answer would block the program for seconds); extended keys are switched on
//! blindly, and terminals that do not know them ignore it.

use std::io::{self, BufWriter, Stdout, Write as _};

use crossterm::{
    cursor::Show,
    event::{
        DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste,
        KeyboardEnhancementFlags, PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
    },
    execute, queue,
    style::Print,
    terminal::{
        BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
        SetTitle, disable_raw_mode, enable_raw_mode,
    },
};
use ratatui::{
    CompletedFrame, Terminal, TerminalOptions, Viewport,
    backend::CrosstermBackend,
    buffer::Buffer,
    layout::{Rect, Size},
};

use super::{
    Keys, Stage, fault,
    keyboard::{self, Gone},
};
use crate::tui::{effect::MouseReports, layout, model::Model, view::view};

/// Bytes of a frame kept before they are written; a full repaint of a large screen has about this.
const FRAME_BYTES: usize = 64 * 1024;

/// Reports of buttons and wheel in SGR form, and no motion: a moving mouse must not wake the program.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";

/// Keeps the title that the terminal had, and gives it back (XTWINOPS 22 and 23).
const KEEP_TITLE: &str = "\x1b[22;2t";
const RESTORE_TITLE: &str = "\x1b[23;2t";

/// The terminal that the program was started in.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    mouse: MouseReports,
    entered: bool,
    /// The reader of keys, until it has let go.
    reader: Option<Gone>,
}

impl Screen {
    /// Takes the terminal over.
    pub(super) fn open(mouse: MouseReports) -> io::Result<Self> {
        fault::watch(|| {
            // The panic is told in any case.
            let _ = restore();
        });
        let out = BufWriter::with_capacity(FRAME_BYTES, io::stdout());
        let area = Rect::from((ratatui::layout::Position::ORIGIN, size()));
        // A fixed viewport is resized when we say so, and is cleared without asking for the cursor.
        let options = TerminalOptions {
            viewport: Viewport::Fixed(area),
        };
        let terminal = Terminal::with_options(CrosstermBackend::new(out), options)?;
        let mut screen = Self {
            terminal,
            mouse,
            entered: false,
            reader: None,
        };
        screen.enter()?;
        Ok(screen)
    }

    fn write(&mut self, text: impl std::fmt::Display) -> io::Result<()> {
        let out = self.terminal.backend_mut();
        queue!(out, Print(text))?;
        out.flush()
    }

    /// Paints inside one synchronized update, so that no half frame is ever seen.
    fn paint<T>(
        &mut self,
        model: &Model,
        keep: impl FnOnce(&CompletedFrame<'_>) -> T,
    ) -> io::Result<T> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        let drawn = self
            .terminal
            .draw(|frame| view(model, frame))
            .map(|completed| keep(&completed));
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        drawn
    }
}

impl Stage for Screen {
    fn size(&self) -> Size {
        size()
    }

    fn input(&mut self) -> io::Result<Keys> {
        let (keys, gone) = keyboard::read()?;
        self.reader = Some(gone);
        Ok(keys)
    }

    fn quiet(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wait();
        }
    }

    fn draw(&mut self, model: &Model) -> io::Result<()> {
        self.paint(model, |_| ())
    }

    fn picture(&mut self, model: &Model) -> io::Result<Buffer> {
        self.paint(model, |completed| completed.buffer.clone())
    }

    fn resize(&mut self, size: Size) -> io::Result<()> {
        self.terminal
            .resize(Rect::new(0, 0, size.width, size.height))
    }

    fn title(&mut self, title: &str) -> io::Result<()> {
        let out = self.terminal.backend_mut();
        execute!(out, SetTitle(title))
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        let out = self.terminal.backend_mut();
        execute!(
            out,
            crossterm::clipboard::CopyToClipboard::to_clipboard_from(text)
        )
    }

    fn mouse(&mut self, mouse: MouseReports) -> io::Result<()> {
        self.mouse = mouse;
        match mouse {
            MouseReports::On => self.write(MOUSE_ON),
            MouseReports::Off => execute!(self.terminal.backend_mut(), DisableMouseCapture),
        }
    }

    fn enter(&mut self) -> io::Result<()> {
        // After a stop somebody else may have changed the mode behind our back.
        disable_raw_mode()?;
        enable_raw_mode()?;
        let out = self.terminal.backend_mut();
        queue!(out, EnterAlternateScreen, EnableBracketedPaste)?;
        if !self.entered {
            // These are kept on stacks by the terminal, so they go there once.
            queue!(
                out,
                Print(KEEP_TITLE),
                PushKeyboardEnhancementFlags(KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES)
            )?;
        }
        self.entered = true;
        if self.mouse == MouseReports::On {
            self.write(MOUSE_ON)?;
        }
        let size = size();
        self.resize(size)
    }

    fn leave(&mut self) -> io::Result<()> {
        if !self.entered {
            return Ok(());
        }
        self.entered = false;
        if fault::broken() {
            // Of a half painted frame only the beginning of its update may be left.
            return execute!(self.terminal.backend_mut(), EndSynchronizedUpdate);
        }
        // What is still in the buffer belongs before the restore.
        let flushed = self.terminal.backend_mut().flush();
        let restored = restore();
        flushed.and(restored)
    }

    fn suspend(&mut self) -> io::Result<()> {
        self.leave()?;
        // The whole group stops, as a shell expects of a job.
        rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
        self.enter()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // On the way out nobody is left to hear of a failure.
        let _ = self.leave();
        for fault in fault::take() {
            let _ = writeln!(
                io::stderr(),
                "massgen-tui: a part of the program failed: {fault}"
            );
        }
    }
}

/// The size of the terminal; a terminal that knows none has the usual one.
fn size() -> Size {
    crossterm::terminal::size().map_or(layout::FALLBACK, |(width, height)| {
        layout::effective(Size { width, height })
    })
}

/// Undoes everything that `enter` did, in reverse.
fn restore() -> io::Result<()> {
    let mut out = io::stdout();
    let written = execute!(
        out,
        PopKeyboardEnhancementFlags,
        DisableMouseCapture,
        DisableBracketedPaste,
        DisableFocusChange,
        EndSynchronizedUpdate,
        SetTitle(""),
        Print(RESTORE_TITLE),
        LeaveAlternateScreen,
        Show
    );
    let cooked = disable_raw_mode();
    written.and(cooked)
}
