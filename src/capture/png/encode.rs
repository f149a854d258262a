//! Pixels, and the file they become. The only door to the crate `png`.

use std::{collections::HashMap, io};

use png::{BitDepth, ColorType, DeflateCompression, Encoder, Filter};

use super::super::palette::Rgb;

/// Colours that a palette holds.
const COLOURS: usize = 256;

/// A picture being painted.
pub(super) struct Canvas {
    width: u32,
    height: u32,
    pixels: Vec<Rgb>,
}

impl Canvas {
    /// A picture of one colour.
    pub(super) fn new(width: u32, height: u32, colour: Rgb) -> Self {
        let count = width as usize * height as usize;
        Self {
            width,
            height,
            pixels: vec![colour; count],
        }
    }

    fn row(&mut self, y: u32) -> &mut [Rgb] {
        let width = self.width as usize;
        let from = y as usize * width;
        self.pixels.get_mut(from..from + width).unwrap_or_default()
    }

    /// Sets a pixel; one outside is none.
    pub(super) fn put(&mut self, x: u32, y: u32, colour: Rgb) {
        if let Some(pixel) = self.row(y).get_mut(x as usize) {
            *pixel = colour;
        }
    }

    /// Fills a rectangle, as far as it lies within.
    pub(super) fn fill(&mut self, x: u32, y: u32, (width, height): (u32, u32), colour: Rgb) {
        let (from, to) = (
            x.min(self.width) as usize,
            (x + width).min(self.width) as usize,
        );
        for y in y..(y + height).min(self.height) {
            if let Some(pixels) = self.row(y).get_mut(from..to) {
                pixels.fill(colour);
            }
        }
    }

    /// The file.
    pub(super) fn encode(&self, title: &str) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        let mut encoder = Encoder::new(&mut out, self.width, self.height);
        encoder.set_depth(BitDepth::Eight);
        // As small as it gets without becoming slow.
        encoder.set_deflate_compression(DeflateCompression::Level(2));
        encoder.add_itxt_chunk("Title".to_owned(), title.to_owned())?;
        encoder.add_itxt_chunk("Software".to_owned(), "massgen-tui".to_owned())?;
        let data = if let Some((palette, indices)) = self.indexed() {
            encoder.set_color(ColorType::Indexed);
            encoder.set_palette(palette);
            encoder.set_filter(Filter::NoFilter);
            indices
        } else {
            encoder.set_color(ColorType::Rgb);
            encoder.set_filter(Filter::Up);
            let bytes = self.pixels.iter().flat_map(|(r, g, b)| [*r, *g, *b]);
            bytes.collect()
        };
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&data)?;
        writer.finish()?;
        Ok(out)
    }

    /// The palette and the places in it; `None` where there are too many colours.
    fn indexed(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let mut places: HashMap<Rgb, u8> = HashMap::new();
        let mut palette = Vec::new();
        let mut indices = Vec::with_capacity(self.pixels.len());
        // Neighbours mostly have one colour.
        let mut last: Option<(Rgb, u8)> = None;
        for &pixel in &self.pixels {
            let index = match last {
                Some((colour, index)) if colour == pixel => index,
                _ => match places.get(&pixel) {
                    Some(index) => *index,
                    None if places.len() == COLOURS => return None,
                    None => {
                        let index = u8::try_from(places.len()).ok()?;
                        places.insert(pixel, index);
                        palette.extend([pixel.0, pixel.1, pixel.2]);
                        index
                    }
                },
            };
            last = Some((pixel, index));
            indices.push(index);
        }
        Some((palette, indices))
    }
}
