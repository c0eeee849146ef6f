//! Every picture of the project, one function each.
//!
//! A [`Figure`] is an entry of the catalogue [`ALL`]. Its function draws it from a [`Studio`], which
//! keeps what several figures share: the seed, and models that are trained once. What a figure
//! shows, it also says in numbers: they are printed as it is drawn.
//!
//! The modules below the catalogue are the only place that knows the plotting library.
//!
//! | module | what it draws |
//! |---|---|
//! | named like a figure | the figures of the catalogue |
//! | `studio` | none: it keeps the runs behind the figures |
//! | `panel`, `axis`, `field`, `tiles` | axes with data or fields in them, grids of small images |
//! | `film` | several canvases in turn, for what moves |
//! | `canvas`, `raster`, `palette`, `text`, `markup` | shapes, colours and words |

mod annealing;
mod axis;
mod boundary;
mod canvas;
mod contrastive_divergence;
mod curl;
mod denoising;
mod derivatives;
mod digit_samples;
mod efficiency;
mod equivalence;
mod explicit_implicit;
mod field;
mod film;
mod filters;
mod fisher_kl;
mod floor;
mod identities;
mod langevin;
mod level_losses;
mod markup;
mod mode_weights;
mod noise_scales;
mod palette;
mod panel;
mod parzen;
mod raster;
mod score_fields;
mod shapes;
mod step_size;
mod studio;
mod text;
mod tiles;
mod traces;
mod training;
mod tweedie;

pub use canvas::FigureError;
pub use studio::Studio;

use crate::experiment::Failure;
use canvas::Canvas;
use film::Film;
use std::{fmt, path::Path};

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
use Drawing::{Moving, Still};

/// An entry of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// Its name; that of its [file](Figure::file) but for the ending.
    pub name: &'static str,
    /// What it shows.
    pub shows: &'static str,
    draw: Drawing,
}

/// The catalogue.
pub const ALL: &[Figure] = &[
    Figure {
        name: "filters",
        shows: "the rows of W that a denoising autoencoder has learned from digits",
        draw: Still(filters::draw),
    },
    Figure {
        name: "denoising",
        shows: "held-out digits: clean, corrupted, and restored by the autoencoder and linearly",
        draw: Still(denoising::draw),
    },
    Figure {
        name: "training",
        shows: "DSM against epochs, with DAE/(2σ⁴) from another code path on the same curve",
        draw: Still(training::draw),
    },
    Figure {
        name: "equivalence",
        shows: "DSM = DAE/(2σ⁴) for hundreds of random models, to rounding",
        draw: Still(equivalence::draw),
    },
    Figure {
        name: "curl",
        shows: "tied, untied and sigmoid decoders: a score has no curl",
        draw: Still(curl::draw),
    },
    Figure {
        name: "explicit_implicit",
        shows: "ESM and ISM along a line in θ: parallel curves ½I(q) apart, with one minimiser",
        draw: Still(explicit_implicit::draw),
    },
    Figure {
        name: "boundary",
        shows: "what implicit score matching misses where a density ends with a step, and its repair",
        draw: Still(boundary::draw),
    },
    Figure {
        name: "floor",
        shows: "the loss of the perfect score against σ, plain and with its control variate",
        draw: Still(floor::draw),
    },
    Figure {
        name: "score_fields",
        shows: "the score of the pinwheel, and what five objectives have learned of it",
        draw: Still(score_fields::draw),
    },
    Figure {
        name: "traces",
        shows: "the cost of the exact trace by each route, and the error of random directions",
        draw: Still(traces::draw),
    },
    Figure {
        name: "tweedie",
        shows: "corrupted points and where the best denoiser sends them, with what it cannot know",
        draw: Still(tweedie::draw),
    },
    Figure {
        name: "parzen",
        shows: "the Parzen density and score of thirty points at three noise levels",
        draw: Still(parzen::draw),
    },
    Figure {
        name: "efficiency",
        shows: "score matching against maximum likelihood for exp(−θx⁴), over repeated samples",
        draw: Still(efficiency::draw),
    },
    Figure {
        name: "fisher_kl",
        shows: "the slope of KL under noise is F/2; two far modes have no F but keep their KL",
        draw: Still(fisher_kl::draw),
    },
    Figure {
        name: "langevin",
        shows: "ascent, Langevin and the Metropolis-adjusted chain from one start",
        draw: Still(langevin::draw),
    },
    Figure {
        name: "step_size",
        shows: "the variance of a chain with a fixed step, predicted and measured",
        draw: Still(step_size::draw),
    },
    Figure {
        name: "mode_weights",
        shows: "two far modes by plain and annealed Langevin: samples, weights, where they freeze",
        draw: Still(mode_weights::draw),
    },
    Figure {
        name: "shapes",
        shows: "a pinwheel, two moons and a spiral, and what annealed Langevin draws of them",
        draw: Still(shapes::draw),
    },
    Figure {
        name: "annealing",
        shows: "particles flow to the pinwheel as σ falls",
        draw: Moving(annealing::draw),
    },
    Figure {
        name: "digit_samples",
        shows: "digits out of noise, level by level, judged by numbers",
        draw: Still(digit_samples::draw),
    },
    Figure {
        name: "contrastive_divergence",
        shows: "CD-1 against implicit score matching as the step shrinks, and what a long step costs",
        draw: Still(contrastive_divergence::draw),
    },
    Figure {
        name: "derivatives",
        shows: "the sigmoid and its first six derivatives, each by differentiating the last",
        draw: Still(derivatives::draw),
    },
    Figure {
        name: "noise_scales",
        shows: "a pinwheel at four noise levels, its exact score and the learned one",
        draw: Still(noise_scales::draw),
    },
    Figure {
        name: "level_losses",
        shows: "loss, gradient noise and what is learned, level by level, for λ = σ² and λ = 1",
        draw: Still(level_losses::draw),
    },
    Figure {
        name: "identities",
        shows: "every theorem on random instances, and every counterexample far above",
        draw: Still(identities::draw),
    },
];

/// The figure of that name.
pub fn find(name: &str) -> Option<Figure> {
    ALL.iter().copied().find(|figure| figure.name == name)
}

/// Why a figure was not drawn.
#[derive(Debug)]
pub enum Error {
    /// The file could not be written, or there was something in the data that has no place.
    File(FigureError),
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
            Still(_) => "png",
            Moving(_) => "gif",
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
            Still(draw) => {
                let Picture { canvas, finding } = draw(studio)?;
                canvas.save(&path).map_err(Error::File)?;
                Ok(finding)
            }
            Moving(draw) => {
                let Motion { film, finding } = draw(studio)?;
                film.save(&path).map_err(Error::File)?;
                Ok(finding)
            }
        }
    }
}
