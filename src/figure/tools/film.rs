//! Pictures that move: an animated GIF.
//!
//! A GIF frame has at most 256 colours. Chosen for each frame anew they would flicker, so all frames
//! share one small palette: the colours of the figures, each in its tints from the colour itself to
//! white paper, as the averaging of edges makes them.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;

use plotters::prelude::{BitMapBackend, DrawingBackend};

use crate::file::{FileError, replace};

use super::{
    canvas::Canvas,
    palette::{Colour, GREY, INK, NAVY, RED, WHITE},
};

/// The colours that a film may use.
const COLOURS: [Colour; 4] = [INK, GREY, NAVY, RED];
/// Tints of each, white included: with four colours well below the 256 that a frame may have.
const TINTS: usize = 54;

/// Frames of one size, shown one after another for ever.
#[derive(Debug)]
pub struct Film {
    size: (u32, u32),
    /// Red, green and blue of every pixel, for each frame.
    frames: Vec<Vec<u8>>,
    /// How long a frame stays, in milliseconds.
    delay: u32,
    /// How long the last one does.
    rest: u32,
    palette: Vec<[u8; 3]>,
    /// The palette's nearest colour to one that was met.
    nearest: HashMap<[u8; 3], [u8; 3]>,
    /// Why this film must not be written.
    fault: Option<String>,
    /// For tests: what was drawn on each.
    #[cfg(test)]
    pub(in crate::figure) drawn: Vec<Vec<super::canvas::Drawn>>,
}

impl Film {
    /// Of `width` × `height` pixels, as many as logical ones.
    pub fn new(width: u32, height: u32, delay: u32) -> Self {
        let tint = |colour: Colour, i| WHITE.towards(colour, i as f64 / (TINTS - 1) as f64).rgb();
        let palette = COLOURS.iter().flat_map(|&c| (0..TINTS).map(move |i| tint(c, i))).collect();
        let (size, nearest) = ((width, height), HashMap::new());
        Self {
            size,
            frames: vec![],
            delay,
            rest: delay,
            palette,
            nearest,
            fault: None,
            #[cfg(test)]
            drawn: vec![],
        }
    }

    /// Draws one more frame.
    pub fn frame(&mut self, draw: impl FnOnce(&mut Canvas)) {
        let mut canvas = Canvas::new(self.size.0, self.size.1);
        draw(&mut canvas);
        if let Some(fault) = canvas.fault() {
            self.fault.get_or_insert(format!("frame {}: {fault}", self.frames.len() + 1));
        }
        let mut pixels = canvas.at_one_dot();
        for pixel in pixels.chunks_exact_mut(3) {
            let met = [pixel[0], pixel[1], pixel[2]];
            let palette = &self.palette;
            let nearest = self.nearest.entry(met).or_insert_with(|| nearest(palette, met));
            pixel.copy_from_slice(nearest);
        }
        self.frames.push(pixels);
        #[cfg(test)]
        self.drawn.push(canvas.drawn);
    }

    /// Lets the last frame stay for `rest` milliseconds.
    pub const fn rest(&mut self, rest: u32) {
        self.rest = rest;
    }

    /// Writes the film to `path` as GIF, complete or not at all.
    ///
    /// # Errors
    ///
    /// If something drawn was not finite, or if the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), FileError> {
        let pixels = self.frames.iter().map(|frame| frame.len() / 3).sum();
        replace(path, self.fault.as_deref(), pixels, |file| {
            let mut backend = BitMapBackend::gif(file, self.size, self.delay)?;
            let mut last = 0;
            for frame in &self.frames {
                backend.blit_bitmap((0, 0), self.size, frame)?;
                // Nothing is buffered: here the next frame begins.
                last = fs::metadata(file)?.len();
                backend.present()?;
            }
            drop(backend);
            Ok(hold(file, last, self.rest)?)
        })
    }
}

/// Gives the frame that begins at byte `start` a delay of its own, which plotters does not offer.
///
/// A frame begins with a block of eight bytes: 21 F9 04, flags, the delay in hundredths of a second as
/// two bytes, and two more.
fn hold(film: &Path, start: u64, delay: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).open(film)?;
    file.seek(SeekFrom::Start(start))?;
    let mut head = [0; 4];
    file.read_exact(&mut head)?;
    if head[..3] != [0x21, 0xf9, 4] {
        return Err(io::Error::new(
            ErrorKind::InvalidData,
            "no frame begins where the last one should",
        ));
    }
    let hundredths = u16::try_from(delay / 10).unwrap_or(u16::MAX);
    file.write_all(&hundredths.to_le_bytes())
}

/// The colour of the palette that is the least squares away.
fn nearest(palette: &[[u8; 3]], met: [u8; 3]) -> [u8; 3] {
    let distance = |&c: &[u8; 3]| -> i32 {
        c.iter().zip(met).map(|(&a, b)| (i32::from(a) - i32::from(b)).pow(2)).sum()
    };
    palette.iter().copied().min_by_key(distance).expect("a palette has colours")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_of_a_figure_is_in_the_palette_and_it_fits_a_gif() {
        let film = Film::new(4, 4, 100);
        assert!(film.palette.len() <= 256);
        for colour in COLOURS.into_iter().chain([WHITE]) {
            assert_eq!(nearest(&film.palette, colour.rgb()), colour.rgb());
        }
    }

    #[test]
    fn a_frame_that_cannot_be_drawn_is_named() {
        let mut film = Film::new(4, 4, 100);
        film.frame(|_| ());
        film.frame(|canvas| canvas.disc([f64::NAN, 0.0], 1.0, INK));
        let error = film.save(&std::env::temp_dir().join("not-to-be-written.gif")).unwrap_err();
        assert!(error.reason.starts_with("frame 2: (NaN"), "{}", error.reason);
    }
    #[test]
    fn the_last_frame_rests() {
        let mut film = Film::new(4, 4, 100);
        for colour in [RED, NAVY, INK] {
            film.frame(|canvas| canvas.disc([2.0, 2.0], 1.0, colour));
        }
        film.rest(2500);
        let path = std::env::temp_dir().join(format!("rest-{}.gif", std::process::id()));
        film.save(&path).unwrap();
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(path).unwrap();
        let heads = bytes.windows(6).filter(|head| head[..3] == [0x21, 0xf9, 4]);
        assert_eq!(
            heads.map(|head| [head[4], head[5]]).collect::<Vec<_>>(),
            [[10, 0], [10, 0], [250, 0]]
        );
    }
}
