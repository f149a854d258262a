//! What the card of [`Give`] says, and how it is painted.

use ratatui::{
    Frame,
    layout::{Rect, Size},
    style::Style,
    text::{Line, Span},
    widgets::Widget as _,
};

use super::{Give, State, Tone};
use crate::{
    text::width,
    tui::{
        giving::{Doing, Files, Format, Progress, Turns},
        layout,
        theme::Theme,
        widget::{bytes, paragraph, scrollbar, window},
    },
};

/// Cells of the card, where there is room.
const WIDEST: u16 = 84;
/// Things of a kind that are listed.
const SHOWN: usize = 20;
/// Rows of a screen on which there is room for gaps, and for what a format is.
const ROOMY: u16 = 16;

impl Give {
    fn words(&self) -> Vec<(Tone, String)> {
        let mut all = Vec::new();
        match &self.state {
            State::Looking(progress) => {
                let words = progress
                    .as_ref()
                    .map_or_else(|| "Reading the session …".to_owned(), far);
                all.push((Tone::Dim, words));
            }
            State::Working(progress) => {
                let words = progress
                    .as_ref()
                    .map_or_else(|| "Reading …".to_owned(), far);
                all.push((Tone::Dim, words));
            }
            State::Stopping => all.push((Tone::Dim, "Stopping …".to_owned())),
            State::Failed(words) => all.push((Tone::Bad, words.clone())),
            State::Done(paths) if paths.is_empty() => {
                all.push((Tone::Plain, "Copied. The terminal has it now.".to_owned()));
            }
            State::Sent(said) => {
                all.push((Tone::Plain, "Sent:".to_owned()));
                all.extend(said.iter().map(|line| (Tone::Plain, line.clone())));
            }
            State::Done(paths) => {
                all.push((Tone::Plain, "Written, readable by you alone:".to_owned()));
                all.extend(paths.iter().map(|path| (Tone::Plain, path.clone())));
            }
            State::Looked(look) => {
                let size = |(_, bytes): &(String, u64)| *bytes;
                let sum = bytes(look.files.iter().map(size).sum());
                all.push(match look.files.as_slice() {
                    [(name, _)] => (Tone::Plain, format!("{name}, {sum}")),
                    files => (Tone::Plain, format!("{} files, {sum}", files.len())),
                });
                listed(
                    &mut all,
                    (Tone::Bad, "May be a secret, so nothing is written"),
                    &look.suspects,
                );
                listed(&mut all, (Tone::Dim, "Masked"), &look.masked);
                listed(&mut all, (Tone::Dim, "Not in it"), &look.left_out);
                let turns = match self.turns() {
                    Turns::All => "all turns".to_owned(),
                    Turns::Latest => "the last turn alone".to_owned(),
                    Turns::One(turn) => format!("turn {turn} alone"),
                };
                let files = match self.files {
                    Files::With => "files and diffs of agents",
                    Files::Without => "no files and diffs of agents",
                };
                all.push((Tone::Dim, format!("Chosen: {turns}, {files}")));
            }
        }
        all
    }

    fn doings(&self) -> Vec<(Tone, String)> {
        let deed = |key: &'static str, words: &str| (Tone::Key(key), words.to_owned());
        if let Some(to) = &self.to {
            return vec![
                deed("To:", &format!("{to}▏")),
                deed(
                    "",
                    "gist, snippet, a name of share.targets, a folder, a file, https://…",
                ),
                deed("Enter", "send it there"),
                deed("Esc", "another way"),
            ];
        }
        match &self.state {
            State::Looking(_) | State::Stopping => vec![deed("Esc", "leave it")],
            State::Working(_) => vec![deed("Esc", "stop it")],
            State::Done(_) | State::Sent(_) => vec![deed("Enter", "close")],
            State::Failed(_) => vec![deed("Enter", "try again"), deed("Esc", "leave it")],
            State::Looked(_) if self.blocked() => {
                vec![deed("3", "mask it"), deed("Esc", "leave it")]
            }
            State::Looked(look) => {
                let mut all = vec![deed("Enter", &format!("write it to {}", look.folder))];
                if self.can_copy() {
                    all.push(deed("2", "copy it"));
                }
                all.push(deed(
                    "6",
                    "send it elsewhere: a gist, a snippet, a file, a folder …",
                ));
                all.push(deed("4 5", "other turns, with or without files"));
                all.push(deed("Esc", "leave it"));
                all
            }
        }
    }

    pub(in crate::tui::layer) fn prepare(&mut self, size: Size) {
        let wide = WIDEST.min(size.width);
        let room = wide.saturating_sub(4).max(1);
        self.deeds = self.doings();
        let words = self.words().into_iter();
        self.body = words
            .flat_map(|(tone, words)| {
                let lines = paragraph(&words, room);
                lines.into_iter().map(move |line| (tone, line))
            })
            .collect();
        self.roomy = size.height >= ROOMY;
        // Frame and formats; what the format is, and a gap before and after the body.
        let rest = 2 + 1 + if self.roomy { 3 } else { 0 } + self.deeds.len();
        let wanted = u16::try_from(self.body.len() + rest).unwrap_or(u16::MAX);
        self.area = layout::centred(size, wide, wanted);
        self.fits = usize::from(self.area.height).saturating_sub(rest).max(1);
        self.top = self.top.min(self.body.len().saturating_sub(self.fits));
    }

    pub(in crate::tui::layer) fn view(&self, theme: &Theme, frame: &mut Frame<'_>) {
        let title = match self.runs.as_slice() {
            [run] => format!("Export {}", run.0),
            runs => format!("Export {} sessions", runs.len()),
        };
        let inner = window(&title, theme, frame, self.area);
        let room = usize::from(inner.width.saturating_sub(2));
        let formats = Format::ALL.iter().map(|format| {
            let chosen = *format == self.format();
            let style = if chosen {
                theme.strong.patch(theme.selection)
            } else {
                theme.text
            };
            let mark = if chosen { "▸" } else { " " };
            Span::styled(format!("{mark}{} ", format.name()), style)
        });
        let about = width::fit(self.format().about(), room).into_owned();
        let body = self
            .body
            .iter()
            .skip(self.top)
            .take(self.fits)
            .map(|(tone, line)| {
                let style: Style = match tone {
                    Tone::Plain | Tone::Key(_) => theme.text,
                    Tone::Dim => theme.dim,
                    Tone::Bad => theme.bad,
                };
                Line::styled(format!(" {line}"), style)
            });
        let deeds = self.deeds.iter().map(|(tone, words)| {
            let key = match tone {
                Tone::Key(key) => key,
                Tone::Plain | Tone::Dim | Tone::Bad => "",
            };
            let words = width::fit(words, room.saturating_sub(width::of(key) + 1)).into_owned();
            Line::from(vec![
                Span::styled(format!(" {key} "), theme.accent),
                Span::styled(words, theme.text),
            ])
        });
        let gap = || self.roomy.then(Line::default);
        let about = Line::styled(format!(" {about}"), theme.dim);
        let head = std::iter::once(Line::from(formats.collect::<Vec<_>>()))
            .chain(self.roomy.then_some(about))
            .chain(gap());
        let lines = head.chain(body).chain(gap()).chain(deeds);
        for (line, y) in lines.zip(inner.y..inner.bottom()) {
            let place = Rect {
                y,
                height: 1,
                ..inner
            };
            line.render(place, frame.buffer_mut());
        }
        let above = if self.roomy { 3 } else { 1 };
        let shown = Rect {
            y: inner.y.saturating_add(above),
            height: u16::try_from(self.fits).unwrap_or(u16::MAX),
            ..inner
        };
        scrollbar(
            self.body.len(),
            self.top,
            theme,
            frame,
            shown.intersection(inner),
        );
    }
}

/// How far it is.
fn far(progress: &Progress) -> String {
    let Progress {
        doing,
        done,
        of,
        nth,
        many,
    } = *progress;
    let figures = match doing {
        Doing::Reading if done == 1 => "Reading: 1 event".to_owned(),
        Doing::Reading => format!("Reading: {done} events"),
        Doing::Writing => format!("Writing: {} of {}", bytes(done), bytes(of)),
        Doing::Sending => format!("Sending: {} of {}", bytes(done), bytes(of)),
        Doing::Waiting => "Handed over; waiting for the end".to_owned(),
    };
    if many > 1 {
        format!("{figures} (session {nth} of {many}) …")
    } else {
        format!("{figures} …")
    }
}

/// A list behind its name, when there is something in it.
fn listed(all: &mut Vec<(Tone, String)>, (tone, name): (Tone, &str), what: &[String]) {
    if what.is_empty() {
        return;
    }
    let mut words = what.iter().take(SHOWN).cloned().collect::<Vec<_>>();
    if what.len() > SHOWN {
        words.push(format!("and {} more", what.len() - SHOWN));
    }
    all.push((tone, format!("{name}: {}", words.join("; "))));
}
