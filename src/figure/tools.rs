//! The drawing tools: from numbers and words to the file of a figure.
//!
//! | tool | what it draws |
//! |---|---|
//! | [`Panel`], [`Axis`] | data on a frame with two axes |
//! | [`Surface`], [`Mesh`], [`ArrowScale`] | functions and vector fields of the plane, on a panel |
//! | [`Tiles`] | small images side by side |
//! | [`Film`] | several canvases in turn, for what moves |
//! | [`Canvas`], [`Rect`] | filled shapes, lines and [`text`] anywhere on the page |
//! | [`palette`] | the few colours, and scales that turn numbers into colours |
//!
//! This is the only room that knows plotters. It blends spans of pixels, draws glyphs from our fonts,
//! and encodes GIF. The rest is done here: shapes and smooth edges (`raster`, `canvas`), axes
//! and what is drawn on them, formulas in labels (`markup`, `text`), and PNG files (`png`).
//!
//! ## Why plotters does no more
//! Its charts were tried on two figures, on a bitmap 6 and 12 times finer than the page. They take as
//! many lines, and these would be lost (the places are those of plotters 0.3.7 and its backend 0.3.7):
//!
//! - **A curve that leaves the frame.** Each point outside is moved to the edge by itself, so the curve
//!   runs along the frame: a false picture (`element/mod.rs:272`). Here it is cut where it leaves.
//! - **Wide lines that cross themselves.** A line is one polygon, filled where it is wound around an
//!   odd number of times, so crossings are white holes (`rasterizer/polygon.rs:173`), and sharp turns
//!   throw long spikes (`rasterizer/path.rs:74` caps the outer corner alone). Cutting the curve into
//!   pieces cures both for opaque colours only: transparent ones are then painted twice.
//! - **Places between pixels.** Coordinates and widths are whole numbers.
//! - **Ticks within a decade.** A logarithmic axis begins at its first power of ten
//!   (`logarithmic.rs:231`), so that 0.02 … 0.09 has none.
//! - **Points that are no numbers.** NaN is drawn, somewhere. Here it spoils the figure, and is told.

mod axis;
mod canvas;
mod field;
mod film;
mod markup;
mod palette;
mod panel;
#[cfg(test)]
mod places;
mod png;
mod raster;
mod surface;
mod text;
mod tiles;

pub use axis::Axis;
pub use canvas::Canvas;
#[cfg(test)]
pub(in crate::figure) use canvas::Drawn;
pub use field::{ArrowScale, two_digits};
pub use film::Film;
pub use markup::plain;
pub use palette::{Colour, ColourScale, GREEN, GREY, INK, NAVY, OCHRE, RED, VIOLET, WHITE};
pub use panel::Panel;
pub use raster::{Point, Rect, extremes, points};
pub use surface::{Mesh, Surface};
pub use text::Anchor;
pub use tiles::Tiles;
