//! The paper and the pen.
//!
//! Everything drawn is one operation, [`Canvas::fill`]: colour the points that a set of closed
//! loops winds around. A thick line is the union of one rectangle per segment and one disc per
//! joint; a disc is a polygon of many sides. The fill itself is all or nothing on a grid six times
//! finer than the page, and smooth edges come from averaging squares of that grid when the figure
//! is saved.
//!
//! Nothing drawn can fail where it is drawn. The first coordinate that is not finite is
//! remembered instead, and [`Canvas::save`] refuses to write the figure: a picture of NaN would
//! look like a picture of data.

use std::{fmt, fs, path::Path};

use plotters::prelude::{BitMapBackend, DrawingBackend};
use plotters::style::RGBAColor;

use crate::file::{FileError, replace};

use super::{
    palette::Colour,
    png::png,
    raster::{DOTS, Point, Rect, SAMPLES, SCALE, circle, segment, spans},
};

/// For tests: something that was drawn, in units of the data.
#[cfg(test)]
#[derive(Debug)]
pub(in crate::figure) struct Drawn {
    pub kind: &'static str,
    pub colour: Colour,
    pub points: Vec<Point>,
    /// Of a surface one for each point, of arrows two, of a tile its pixels.
    pub values: Vec<f64>,
}

/// What is drawn is remembered for tests.
macro_rules! note {
    ($canvas:expr, $kind:literal, $points:expr, $colour:expr) => {
        note!($canvas, $kind, $points, $colour, [])
    };
    ($canvas:expr, $kind:literal, $points:expr, $colour:expr, $values:expr) => {
        #[cfg(test)]
        $canvas.drawn.push($crate::figure::tools::canvas::Drawn {
            kind: $kind,
            colour: $colour,
            points: Vec::from($points),
            values: Vec::from($values),
        });
    };
}
pub(super) use note;

/// A white page in memory.
#[derive(Debug)]
pub struct Canvas {
    /// Width and height in samples.
    size: (u32, u32),
    /// Red, green and blue of every sample, row by row from the top.
    samples: Vec<u8>,
    /// Fills stay inside this rectangle.
    clip: Rect,
    /// The first thing that could not be drawn.
    fault: Option<String>,
    #[cfg(test)]
    pub(in crate::figure) drawn: Vec<Drawn>,
}

impl Canvas {
    /// A blank page of `width` × `height` logical pixels; the PNG has twice as many each way.
    pub fn new(width: u32, height: u32) -> Self {
        let size = (width * DOTS * SAMPLES, height * DOTS * SAMPLES);
        Self {
            size,
            samples: vec![255; 3 * size.0 as usize * size.1 as usize],
            clip: Self::page(size),
            fault: None,
            #[cfg(test)]
            drawn: Vec::new(),
        }
    }

    fn page(size: (u32, u32)) -> Rect {
        Rect::new(0.0, 0.0, f64::from(size.0) / SCALE, f64::from(size.1) / SCALE)
    }

    /// Draws with fills cut off at the edges of `inside`.
    pub fn clipped(&mut self, inside: Rect, draw: impl FnOnce(&mut Self)) {
        self.clip = Self::page(self.size).intersection(inside);
        draw(self);
        self.clip = Self::page(self.size);
    }

    /// Remembers why this figure must not be written; the first reason is the one reported.
    pub fn refuse(&mut self, reason: String) {
        self.fault.get_or_insert(reason);
    }

    /// Hands plotters' view of the page to `draw`, and an error of `draw` to [`Self::refuse`].
    pub(super) fn with_backend<E: fmt::Display>(
        &mut self,
        draw: impl FnOnce(&mut BitMapBackend<'_>) -> Result<(), E>,
    ) {
        let drawn = draw(&mut BitMapBackend::with_buffer(&mut self.samples, self.size));
        if let Err(error) = drawn {
            self.refuse(error.to_string());
        }
    }

    /// A filled polygon, which may be concave.
    pub fn polygon(&mut self, corners: &[Point], colour: Colour) {
        self.fill(&[corners.to_vec()], colour);
    }

    /// A filled rectangle.
    pub fn rectangle(&mut self, rect: Rect, colour: Colour) {
        self.polygon(&rect.corners(), colour);
    }

    /// A filled disc.
    pub fn disc(&mut self, centre: Point, radius: f64, colour: Colour) {
        self.fill(&[circle(centre, radius)], colour);
    }

    /// A line through `path`, with round joints and straight ends.
    pub fn line(&mut self, path: &[Point], width: f64, colour: Colour) {
        // Asked of the path, for a segment to nowhere has no length and would only be left out.
        if !self.on_page(path) {
            return;
        }
        let segments = path.windows(2).filter_map(|ends| segment(ends[0], ends[1], width));
        let joints = path.iter().skip(1).rev().skip(1).map(|&at| circle(at, width / 2.0));
        self.fill(&segments.chain(joints).collect::<Vec<_>>(), colour);
    }

    /// The edge of a rectangle, with square corners: for frames.
    pub fn outline(&mut self, rect: Rect, width: f64, colour: Colour) {
        // The inner loop turns the other way, so that the hole is wound around 1 − 1 = 0 times.
        let mut hole = rect.grown(-width / 2.0).corners().to_vec();
        hole.reverse();
        self.fill(&[rect.grown(width / 2.0).corners().to_vec(), hole], colour);
    }

    /// Whether all `points` are finite; the first that is not spoils the figure.
    fn on_page<'a>(&mut self, points: impl IntoIterator<Item = &'a Point>) -> bool {
        let stray = points.into_iter().find(|point| !point.iter().all(|c| c.is_finite()));
        if let Some([x, y]) = stray {
            self.refuse(format!("({x}, {y}) is no place on the page"));
        }
        stray.is_none()
    }

    /// Colours every sample whose centre the loops wind around a number of times that is not 0.
    ///
    /// Loops that turn the same way therefore unite, and overlap costs no second coat.
    pub fn fill(&mut self, loops: &[Vec<Point>], colour: Colour) {
        if !self.on_page(loops.iter().flatten()) {
            return;
        }
        let spans = spans(loops, self.clip);
        let colour = RGBAColor::from(colour);
        self.with_backend(|backend| {
            for (row, from, to) in spans {
                backend.draw_rect((from, row), (to, row + 1), &colour, true)?;
            }
            backend.present()
        });
    }

    /// Writes the page to `path` as PNG, complete or not at all.
    ///
    /// # Errors
    ///
    /// If something drawn was not finite, or if the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), FileError> {
        let size = (self.size.0 / SAMPLES, self.size.1 / SAMPLES);
        let pixels = self.averaged(SAMPLES);
        replace(path, self.fault(), pixels.len(), |file| Ok(fs::write(file, png(size, &pixels))?))
    }

    /// Why this page must not be written, if there is a reason.
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// The page at one pixel for each logical one, for films.
    pub fn at_one_dot(&self) -> Vec<u8> {
        self.averaged(DOTS * SAMPLES)
    }

    /// The mean of each square of `side` × `side` samples: a box filter.
    fn averaged(&self, side: u32) -> Vec<u8> {
        let count = side * side;
        let side = side as usize;
        let row_bytes = 3 * self.size.0 as usize;
        let mut pixels = Vec::with_capacity(self.samples.len() / (side * side));
        for rows in self.samples.chunks_exact(side * row_bytes) {
            for x in (0..row_bytes).step_by(3 * side) {
                for channel in 0..3 {
                    let across = x + channel..x + 3 * side;
                    let square = rows
                        .chunks_exact(row_bytes)
                        .flat_map(|row| row[across.clone()].iter().step_by(3));
                    let sum: u32 = square.map(|&sample| u32::from(sample)).sum();
                    let mean = (sum + count / 2) / count;
                    pixels.push(mean as u8);
                }
            }
        }
        pixels
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::tools::palette::NAVY;
    use std::path::PathBuf;

    #[test]
    fn a_transparent_line_that_crosses_itself_has_one_shade() {
        let mut canvas = Canvas::new(20, 20);
        let knot = [[2.0, 2.0], [18.0, 18.0], [18.0, 2.0], [2.0, 18.0]];
        canvas.line(&knot, 3.0, NAVY.alpha(0.5));
        let red = |x: u32, y: u32| canvas.samples[3 * (x + y * canvas.size.0) as usize];
        // Halfway from white to navy, where the line crosses itself, in a joint, and elsewhere.
        // plotters' two ways of blending a span may round differently, by 1.
        let half = NAVY.rgb()[0].midpoint(255);
        for [x, y] in [[60, 60], [105, 109], [30, 30]] {
            assert!(red(x, y).abs_diff(half) <= 1, "{} at ({x}, {y})", red(x, y));
        }
    }

    #[test]
    fn an_edge_through_a_pixel_of_the_png_leaves_the_share_of_white_beside_it() {
        let mut canvas = Canvas::new(2, 1);
        // Five thirds of the four columns: one black, one with 2 of 3 columns of samples black.
        canvas.rectangle(Rect::new(0.0, 0.0, 5.0 / 6.0, 1.0), Colour::hex(0));
        let row: Vec<u8> = canvas.averaged(SAMPLES).chunks(3).map(|rgb| rgb[0]).take(4).collect();
        assert_eq!(row, [0, 85, 255, 255]);
    }

    /// A file of this process's own.
    fn place(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("canvas-{}-{name}", std::process::id()))
    }

    #[test]
    fn a_saved_figure_is_a_png() {
        let path = place("dot.png");
        let mut canvas = Canvas::new(10, 8);
        canvas.disc([5.0, 4.0], 3.0, NAVY);
        canvas.save(&path).unwrap();
        let bytes = fs::read(&path).unwrap();
        // Signature; then length and name of the header, and the size in pixels.
        assert_eq!(bytes[..8], *b"\x89PNG\r\n\x1a\n");
        assert_eq!(bytes[16..24], [0, 0, 0, 20, 0, 0, 0, 16]);
        Canvas::new(10, 8).save(&path).unwrap();
        assert_ne!(fs::read(&path).unwrap(), bytes, "the dot must be in the file");
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_coordinate_that_is_not_finite_refuses_the_figure_and_spares_the_old_one() {
        let path = place("spared.png");
        fs::write(&path, "yesterday's").unwrap();
        let mut canvas = Canvas::new(4, 4);
        canvas.line(&[[0.0, 0.0], [1.0, f64::NAN]], 1.0, NAVY);
        canvas.disc([f64::INFINITY, 0.0], 1.0, NAVY);
        assert_eq!(canvas.save(&path).unwrap_err().reason, "(1, NaN) is no place on the page");
        assert_eq!(fs::read(&path).unwrap(), b"yesterday's");
        fs::remove_file(&path).unwrap();
    }
}
