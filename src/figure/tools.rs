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
//! and encodes PNG and GIF. The rest is done here: shapes and smooth edges (`raster`, `canvas`), axes
//! and what is drawn on them, formulas in labels (`markup`, `text`), and files that are written
//! complete or not at all (`file`). `canvas` says why.

mod axis;
mod canvas;
mod field;
mod file;
mod film;
mod markup;
mod palette;
mod panel;
mod raster;
mod surface;
mod text;
mod tiles;

pub use axis::{Axis, extremes};
pub use canvas::Canvas;
pub use field::ArrowScale;
pub use file::{FigureError, prepare};
pub use film::Film;
pub use palette::{Colour, ColourScale, GREEN, GREY, INK, NAVY, OCHRE, RED, VIOLET, WHITE};
pub use panel::Panel;
pub use raster::{Point, Rect, points};
pub use surface::{Mesh, Surface};
pub use text::Anchor;
pub use tiles::Tiles;
