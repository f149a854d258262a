//! Pictures decoded again and looked at pixel by pixel.

use proptest::prelude::*;
use ratatui::{
    layout::Rect,
    style::{Color, Style as Look},
};

use super::*;

/// A decoded picture.
struct Picture {
    width: u32,
    height: u32,
    pixels: Vec<Rgb>,
}

impl Picture {
    fn of(buffer: &Buffer, print: Print) -> Self {
        let bytes = png(buffer, "a title", print).unwrap();
        let mut decoder = ::png::Decoder::new(io::Cursor::new(bytes));
        decoder.set_transformations(::png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut data = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut data).unwrap();
        assert_eq!(info.color_type, ::png::ColorType::Rgb);
        let pixels = data.chunks(3).map(|rgb| (rgb[0], rgb[1], rgb[2]));
        Self {
            width: info.width,
            height: info.height,
            pixels: pixels.collect(),
        }
    }

    fn at(&self, x: u32, y: u32) -> Rgb {
        self.pixels[(y * self.width + x) as usize]
    }

    /// The pixels of a cell at scale 1.
    fn cell(&self, column: u32, row: u32) -> Vec<Rgb> {
        let (left, top) = (MARGIN + column * WIDTH, MARGIN + row * HEIGHT);
        let places = (top..top + HEIGHT).flat_map(|y| (left..left + WIDTH).map(move |x| (x, y)));
        places.map(|(x, y)| self.at(x, y)).collect()
    }
}

const SMALL: Print = Print {
    tone: Tone::Dark,
    scale: 1,
};

fn lines(rows: &[&str]) -> Buffer {
    Buffer::with_lines(rows.iter().copied())
}

fn mask(cluster: &str, cells: u32) -> Mask {
    Maker::default().make(cluster, Style::default(), (cells, 2))
}

#[test]
fn lines_go_on_from_cell_to_cell() {
    let fg = Palette::of(Tone::Dark).foreground;
    for scale in 1..=Print::LARGEST {
        let print = Print {
            scale,
            ..Print::default()
        };
        let picture = Picture::of(&lines(&["┌───┐", "│ █ │", "└───┘"]), print);
        let scale = u32::from(scale);
        let at = |x: u32, y: u32| picture.at((MARGIN + x) * scale, (MARGIN + y) * scale);
        // Along the upper line from corner to corner, and down the left one.
        assert!((4..5 * WIDTH - 4).all(|x| at(x, 8) == fg));
        assert!((8..2 * HEIGHT + 9).all(|y| at(4, y) == fg));
        assert!((HEIGHT..2 * HEIGHT).all(|y| (2 * WIDTH..3 * WIDTH).all(|x| at(x, y) == fg)));
    }
}

#[test]
fn rounded_corners_meet_their_lines() {
    for (corner, across, down) in [
        ('╭', 8.5, 17.5),
        ('╮', 0.5, 17.5),
        ('╯', 0.5, 0.5),
        ('╰', 8.5, 0.5),
    ] {
        let shape = crate::capture::geometry::shape(corner).unwrap();
        assert!(
            shape.covers(across, 8.5),
            "{corner} meets the line beside it"
        );
        assert!(
            shape.covers(4.5, down),
            "{corner} meets the line above or below"
        );
        assert!(!shape.covers(9.0 - across, 8.5) && !shape.covers(4.5, 18.0 - down));
        assert!(!shape.covers(4.5, 8.5), "{corner} is round");
    }
}

#[test]
fn paths_and_points_tell_the_same_shape() {
    for code in (0x2500..=0x259F).chain(0x2800..=0x28FF) {
        let shape = crate::capture::geometry::shape(char::from_u32(code).unwrap()).unwrap();
        let path = shape.path(0, 0);
        if path.contains(['A', 'L']) {
            continue;
        }
        let numbers = |part: &str| -> Vec<u32> {
            let parts = part.split(|c: char| !c.is_ascii_digit());
            parts.filter_map(|number| number.parse().ok()).collect()
        };
        let rects: Vec<Vec<u32>> = path.split('M').skip(1).map(numbers).collect();
        for (x, y) in (0..WIDTH).flat_map(|x| (0..HEIGHT).map(move |y| (x, y))) {
            let inside = rects.iter().any(|rect| {
                (rect[0]..rect[0] + rect[2]).contains(&x)
                    && (rect[1]..rect[1] + rect[3]).contains(&y)
            });
            assert_eq!(
                shape.covers(x as f32 + 0.5, y as f32 + 0.5),
                inside,
                "{code:x}"
            );
        }
    }
}

#[test]
fn letters_are_letters() {
    let masks: Vec<Mask> = ["A", "B", "é", "Ж", "λ", "e\u{301}", "✓", "x"]
        .iter()
        .map(|letter| mask(letter, 1))
        .collect();
    for (index, one) in masks.iter().enumerate() {
        assert_ne!(*one, Mask::clone(&mask(" ", 1)));
        assert_ne!(*one, mask("\u{E000}", 1), "no letter is a box");
        assert!(masks[index + 1..].iter().all(|other| other != one));
    }
    let bold = Style::of(Modifier::BOLD);
    let italic = Style::of(Modifier::ITALIC);
    let mut maker = Maker::default();
    let of = |style, maker: &mut Maker| maker.make("A", style, (1, 2));
    assert_ne!(of(bold, &mut maker), masks[0]);
    assert_ne!(of(italic, &mut maker), masks[0]);
}

#[test]
fn wide_clusters_are_drawn_and_stay_in_their_cells() {
    let unknown = mask("\u{10FFFD}", 2);
    for cluster in ["日", "語", "한", "あ", "，", "👍", "🚀", "😀", "⚠\u{FE0F}"] {
        let drawn = mask(cluster, 2);
        assert_ne!(drawn, unknown, "{cluster}");
        let inked = |rows: &Mask, from: usize, to: usize| {
            rows.rows()
                .any(|row| row[from..to].iter().any(|share| *share > 0))
        };
        assert!(inked(&drawn, 0, 18) || inked(&drawn, 18, 36), "{cluster}");
    }
    // A woman and a computer are drawn as the woman, skin has no tone, a flag is its letters.
    assert_eq!(mask("👩\u{200D}💻", 2), mask("👩", 2));
    assert_eq!(mask("👍🏽", 2), mask("👍", 2));
    assert_ne!(mask("🇩🇪", 2), mask("🇫🇷", 2));
    let picture = Picture::of(&lines(&["a日b", "a  b"]), SMALL);
    for column in [0, 3] {
        assert_eq!(picture.cell(column, 0), picture.cell(column, 1));
    }
    assert_ne!(picture.cell(1, 0), picture.cell(1, 1));
    assert_ne!(picture.cell(2, 0), picture.cell(2, 1));
}

#[test]
fn every_page_of_the_bitmaps_unpacks() {
    let mut bitmaps = bitmap::Bitmaps::default();
    let all = (0..0x2_0000).filter_map(char::from_u32);
    let drawn = all.filter(|c| bitmaps.glyph(*c).is_some()).count();
    assert_eq!(drawn, 69_897, "as many as assets/fonts/README.md says");
    let i = bitmaps.glyph('日').unwrap();
    assert_eq!(i.width, 16);
    assert!(!i.at(-1, 3) && !i.at(16, 3) && !i.at(3, 16) && !i.at(3, -1));
}

#[test]
fn colours_are_those_of_the_cells() {
    let mut buffer = Buffer::empty(Rect::new(0, 0, 40, 10));
    for (index, cell) in buffer.content.iter_mut().enumerate() {
        let (r, g) = ((index % 40) as u8 * 6, (index / 40) as u8 * 20);
        cell.set_style(Look::new().bg(Color::Rgb(r, g, 99)));
    }
    let picture = Picture::of(&buffer, SMALL);
    assert_eq!((picture.width, picture.height), pixels(40, 10, 1));
    for (x, y) in [(0, 0), (39, 9), (20, 4)] {
        let colour = (x as u8 * 6, y as u8 * 20, 99);
        assert!(picture.cell(x, y).iter().all(|pixel| *pixel == colour));
    }
    let light = Print {
        tone: Tone::Light,
        ..SMALL
    };
    assert_eq!(
        Picture::of(&lines(&["a"]), light).at(0, 0),
        (0xfb, 0xfb, 0xf8)
    );
}

#[test]
fn lines_under_and_through_text_are_drawn() {
    let mut buffer = Buffer::empty(Rect::new(0, 0, 3, 1));
    let both = Modifier::UNDERLINED | Modifier::CROSSED_OUT;
    buffer.set_string(
        0,
        0,
        "a b",
        Look::new().fg(Color::Rgb(1, 2, 3)).add_modifier(both),
    );
    let picture = Picture::of(&buffer, SMALL);
    for x in MARGIN..MARGIN + 3 * WIDTH {
        assert_eq!(picture.at(x, MARGIN + BASELINE + 2), (1, 2, 3));
        assert_eq!(picture.at(x, MARGIN + HEIGHT / 2), (1, 2, 3));
    }
}

#[test]
fn the_same_screen_gives_the_same_bytes_and_a_huge_one_is_refused() {
    let buffer = lines(&["╭ 日本 ╮", "Hello 👍"]);
    let print = Print::default();
    assert_eq!(
        png(&buffer, "t", print).unwrap(),
        png(&buffer, "t", print).unwrap()
    );
    let huge = Buffer::empty(Rect::new(0, 0, 1_000, 60));
    assert!(png(&huge, "t", print).is_ok());
    let huge = Buffer::empty(Rect::new(0, 0, 1_000, 1_000));
    let refused = png(&huge, "t", print).unwrap_err().to_string();
    assert!(refused.contains("18036 by 36036"), "{refused}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_buffer_has_a_picture(
        (width, height) in (0_u16..30, 0_u16..6),
        texts in proptest::collection::vec((0_u16..30, 0_u16..6, "\\PC{0,12}|[─-╿▀-▟⠀-⣿👍日e\u{301}\u{200D}]{0,8}"), 0..8),
        colours in proptest::collection::vec((any::<u8>(), any::<u8>(), any::<u16>()), 8),
        symbol in any::<char>(),
        scale in 0_u8..6,
    ) {
        let mut buffer = Buffer::empty(Rect::new(3, 2, width, height));
        for ((x, y, text), (fg, bg, modifier)) in texts.iter().zip(&colours) {
            if *x < width && *y < height {
                let look = Look::new().fg(Color::Indexed(*fg)).bg(Color::Indexed(*bg));
                let look = look.add_modifier(Modifier::from_bits_truncate(*modifier));
                buffer.set_string(3 + x, 2 + y, text, look);
            }
        }
        if let Some(cell) = buffer.content.first_mut() {
            cell.set_char(symbol);
        }
        let print = Print { tone: Tone::Light, scale };
        let picture = Picture::of(&buffer, print);
        prop_assert_eq!((picture.width, picture.height), pixels(width, height, scale));
    }
}
