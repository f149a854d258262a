//! Pictures of small screens, looked at as text; the geometry as numbers.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier, Style},
};

use super::*;

fn screen() -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 3));
    buffer.set_string(0, 0, "╭──────────╮", Style::new().fg(Color::DarkGray));
    buffer.set_string(0, 1, "│", Style::new().fg(Color::DarkGray));
    buffer.set_string(
        2,
        1,
        "a<b",
        Style::new().fg(Color::Green).add_modifier(Modifier::BOLD),
    );
    buffer.set_string(6, 1, "日👍", Style::new());
    buffer.set_string(11, 1, "│", Style::new().fg(Color::DarkGray));
    buffer.set_string(
        0,
        2,
        "ok",
        Style::new().bg(Color::Indexed(22)).fg(Color::Rgb(1, 2, 3)),
    );
    buffer
}

#[test]
fn text_has_rows_and_no_trailing_spaces() {
    assert_eq!(text(&screen()), "╭──────────╮\n│ a<b 日👍 │\nok\n");
}

#[test]
fn ansi_sets_and_resets() {
    assert_eq!(
        ansi(&screen()),
        "\x1b[0;90m╭──────────╮\x1b[0m\n\
         \x1b[0;90m│\x1b[0m \x1b[0;1;32ma<b\x1b[0m 日👍 \x1b[0;90m│\x1b[0m\n\
         \x1b[0;38;2;1;2;3;48;5;22mok\x1b[0m\n"
    );
}

#[test]
fn ansi_looks_the_same_when_it_is_read_again() {
    let size = |cells| std::num::NonZero::new(cells).unwrap();
    let mut parser = vt100::Parser::new(size(3), size(12), 0);
    parser.process(ansi(&screen()).replace('\n', "\r\n").trim_end().as_bytes());
    assert_eq!(
        parser.screen().contents().trim_end(),
        text(&screen()).trim_end()
    );
    let cell = parser.screen().cell(1, 2).unwrap();
    assert_eq!(
        (cell.contents(), cell.bold(), cell.fgcolor()),
        ("a", true, vt100::Color::Idx(2))
    );
}

#[test]
fn control_characters_in_cells_are_defused() {
    let mut buffer = Buffer::empty(Rect::new(0, 0, 3, 1));
    buffer[(0, 0)].set_symbol("\x1b[2J");
    buffer[(1, 0)].set_symbol("");
    for picture in [text(&buffer), svg(&buffer, "\x07")] {
        assert!(
            !picture.contains(|c: char| c.is_control() && c != '\n'),
            "{picture:?}"
        );
    }
    assert_eq!(text(&buffer), "\u{fffd}\u{fffd}\n");
}

#[test]
fn svg_is_escaped_and_aligned() {
    let picture = svg(&screen(), "<script>alert('x')</script>");
    assert!(!picture.contains("<script"));
    assert!(picture.contains("<title>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;</title>"));
    // Two columns in, one row down, three cells wide.
    assert!(picture.contains("<text x=\"27\" textLength=\"27\" lengthAdjust=\"spacingAndGlyphs\" y=\"41\" fill=\"#8ac16f\" font-weight=\"bold\">a&lt;b</text>"), "{picture}");
    // The wide cluster covers columns 6 and 7; its middle is the border between them.
    assert!(
        picture.contains("<text x=\"72\" text-anchor=\"middle\" y=\"41\">日</text>"),
        "{picture}"
    );
    assert_eq!(
        picture.matches("<text").count(),
        picture.matches("</text>").count()
    );
    assert!(
        picture
            .starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"126\" height=\"72\"")
    );
}

#[test]
fn shapes_stay_in_their_cells() {
    for code in (0x2500..=0x259F).chain(0x2800..=0x28FF) {
        let c = char::from_u32(code).unwrap();
        let shape = geometry::shape(c).unwrap().path(100, 200);
        assert!(code == 0x2800 || !shape.is_empty(), "{c}");
        for (x, y) in corners(&shape) {
            assert!(
                (100..=109).contains(&x) && (200..=218).contains(&y),
                "{c} {shape}"
            );
        }
    }
    assert!(geometry::shape('a').is_none());
}

/// Corners of the rectangles of a path.
fn corners(path: &str) -> Vec<(u32, u32)> {
    let mut out = Vec::new();
    for part in path
        .split('M')
        .filter(|part| part.contains('h') && !part.contains(['A', 'L']))
    {
        let numbers: Vec<u32> = part
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|number| number.parse().ok())
            .collect();
        let [x, y, width, height, _] = numbers[..] else {
            panic!("{part}")
        };
        out.extend([(x, y), (x + width, y + height)]);
    }
    out
}

#[test]
fn lines_meet_at_the_borders_of_cells() {
    let rects = |c: char| geometry::shape(c).unwrap().path(0, 0);
    assert_eq!(rects('─'), "M0 8h5v1h-5zM4 8h5v1h-5z");
    assert_eq!(rects('│'), "M4 0h1v9h-1zM4 8h1v10h-1z");
    assert_eq!(rects('┏'), "M3 7h3v11h-3zM3 7h6v3h-6z");
    assert_eq!(rects('█'), "M0 0h9v18h-9z");
    assert_eq!(rects('▄'), "M0 9h9v9h-9z");
    assert_eq!(rects('▌'), "M0 0h5v18h-5z");
    assert_eq!(rects('╭'), "M4 18V13A5 5 0 0 1 9 8V9A4 4 0 0 0 5 13V18z");
}
