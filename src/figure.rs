//! Every picture of the project, one function each.
//!
//! A [`Figure`] is an entry of the catalogue [`ALL`]. Its function draws it from a [`Studio`], which
//! keeps what several figures share: the seed, and models that are trained once. What a figure
//! shows, it also says in numbers: they are printed as it is drawn.
//!
//! | room | what stands there |
//! |---|---|
//! | `pictures` | the figures, each in a file of its name, and the catalogue |
//! | `tools` | what they are drawn with; the only place that knows the plotting library |
//! | `studio` | the runs behind them, which [`experiment`](crate::experiment) makes |
//!
//! ## Adding a figure
//! 1. The run behind it goes to [`experiment`](crate::experiment): a struct of numbers with names, made
//!    from a seed, so that a test can look at them.
//! 2. The drawing goes to `pictures/NAME.rs`: `pub(super) fn draw(studio: &Studio) -> Result<Picture, Error>`.
//!    `use super::prelude::*;` brings the tools. A `Canvas` is the page in logical pixels, a `Panel` its
//!    frame with two axes; what is drawn on a panel is in units of the data. `finding` is the line that is printed.
//!    `studio.generator()` and `studio.seed` are for a run of one's own, `studio.digits()?` and the like for a
//!    shared one; `?` turns the error of a training or a sampling into `Error`.
//! 3. In `pictures.rs` `mod NAME;` and a row of the catalogue, `Still NAME: "what it shows",` (`Moving` for a
//!    GIF, whose `draw` returns a `Motion`); and a section with a caption in `plots/README.md`, which a test in
//!    `tests/house/pages.rs` reads.
//! 4. A test in `pictures/series.rs` or a room of it: give it made-up numbers, all different, and see
//!    that just these are drawn; or compare what is drawn with another formula. A run that takes long stays out of it:
//!    the drawing is a function of the run, or the studio is handed one that has learned nothing. Then
//!    open the picture and look at it.
//!
//! `pictures/filters.rs` is the shortest; `pictures/evening.rs` is a whole program with four
//! pictures, told in `proofs/evening.md`.

#[expect(clippy::unnecessary_wraps, reason = "every figure has the same signature")]
mod pictures;
mod studio;
mod tools;

pub use pictures::ALL;
pub use studio::Studio;

use crate::{
    experiment::Failure,
    file::{self, FileError},
    fit::Fit,
    matrix::in_order::in_order,
};
use std::{fmt, ops::ControlFlow, path::Path};
use tools::{Canvas, Film};

/// A picture, and one line that says in numbers what it shows.
#[derive(Debug)]
struct Picture {
    canvas: Canvas,
    finding: String,
}

/// A moving one.
#[derive(Debug)]
struct Motion {
    film: Film,
    finding: String,
}

/// How a figure is drawn, and so what kind of file it is.
#[derive(Clone, Copy, Debug)]
enum Drawing {
    /// A PNG.
    Still(fn(&Studio) -> Result<Picture, Error>),
    /// A GIF.
    Moving(fn(&Studio) -> Result<Motion, Error>),
}

/// An entry of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// Its name; that of its [file](Figure::file) but for the ending.
    pub name: &'static str,
    /// What it shows.
    pub shows: &'static str,
    draw: Drawing,
}

/// The figure of that name.
pub fn find(name: &str) -> Option<Figure> {
    ALL.iter().copied().find(|figure| figure.name == name)
}

/// Why a figure was not drawn.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The file could not be written, or there was something in the data that has no place.
    File(FileError),
    /// The run behind it failed.
    Run(Failure),
}

impl<E: Into<Failure>> From<E> for Error {
    fn from(error: E) -> Self {
        Self::Run(error.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Run(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

impl Figure {
    /// The name of its file.
    pub fn file(&self) -> String {
        let ending = match self.draw {
            Drawing::Still(_) => "png",
            Drawing::Moving(_) => "gif",
        };
        format!("{}.{ending}", self.name)
    }

    /// Draws its file into `folder`, complete or not at all, and says what it shows.
    ///
    /// # Errors
    /// If the file cannot be written, or a training or a sampling fails.
    pub fn draw(&self, studio: &Studio, folder: &Path) -> Result<String, Error> {
        let path = folder.join(self.file());
        match self.draw {
            Drawing::Still(draw) => {
                let Picture { canvas, finding } = draw(studio)?;
                canvas.save(&path).map_err(Error::File)?;
                Ok(finding)
            }
            Drawing::Moving(draw) => {
                let Motion { film, finding } = draw(studio)?;
                film.save(&path).map_err(Error::File)?;
                Ok(finding)
            }
        }
    }
}

/// Makes a folder for the figures and sees that it can be written into. Of the files in it, only those go
/// that a killed run has left half written.
///
/// # Errors
/// If the folder cannot be made or written into.
pub fn prepare(folder: &Path) -> Result<(), FileError> {
    let names: Vec<&str> = ALL.iter().map(|figure| figure.name).collect();
    file::prepare(folder, &names)
}

/// Draws what is found out about a table of one's own.
///
/// # Errors
/// If the file cannot be written, or there is something that has no place.
pub fn save_fit(fit: &Fit, path: &Path) -> Result<(), FileError> {
    pictures::own_table::draw(fit).save(path)
}

/// Draws the files of many figures, as many at once as there are threads. `hear` is told in their order
/// what each shows, or why it was not drawn, and whether to go on is for it to say: after a break those
/// that are being drawn are finished, and no more are begun.
pub fn draw_all(
    figures: &[Figure],
    studio: &Studio,
    folder: &Path,
    mut hear: impl FnMut(&Figure, Result<String, Error>) -> ControlFlow<()>,
) {
    let draw = |i: usize| (&figures[i], figures[i].draw(studio, folder));
    in_order(figures.len(), draw, |(figure, finding)| hear(figure, finding));
}
