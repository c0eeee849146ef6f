//! A table of one's own: what score matching learns of it, honestly judged.
//!
//! ```text
//! file → Table → Rows ─┬ training rows ──→ a network for all noise levels ─┐
//!                      ├ validation rows → when to stop ───────────────────┴→ Model → samples, denoised
//!                      └ test rows ─────────────────────→ Verdict ←───────────┘        rows, densities
//! ```
//!
//! What stands here is for data that nobody has checked: every mistake in them is refused, with its place,
//! and what is learned is judged by rows that it has not seen, beside a Gaussian.
//!
//! ```no_run
//! use score_matching::fit::{Fit, Table};
//! use std::path::Path;
//!
//! let table = Table::read(Path::new("wine.csv"), None)?;
//! let fit = Fit::of(&table, 0.25, 1, |_, _| ())?;
//! println!("{}{}", fit.verdict, fit.verdict.sentence());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
pub mod learning;
pub mod model;
pub mod results;
pub mod rows;
pub mod table;
pub mod verdict;

pub use error::{FitError, InputError};
pub use learning::{Learned, learn};
pub use model::Model;
pub use rows::Rows;
pub use table::Table;
pub use verdict::Verdict;

use crate::{
    array::Array,
    experiment::{Failure, stream},
    matrix::{Matrix, noise::Generator},
};

/// Rows whose density is computed before progress is told again.
const RANKED_AT_ONCE: usize = 500;

/// All that is found out about a table.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Fit {
    /// The rows in three parts.
    pub rows: Rows,
    /// The network and its learning curves.
    pub learned: Learned,
    /// The same network in the table's units.
    pub model: Model,
    /// As many samples as rows, standardised.
    pub samples: Matrix,
    /// log q_σ of each row at the smallest level, (n, 1), in the order of the table.
    pub log_density: Matrix,
    /// What the test rows say.
    pub verdict: Verdict,
}

impl Fit {
    /// Divides, learns, samples, ranks and judges. `hold_out` is the share of the test rows; `progress`
    /// hears what goes on, and the share of it that is done.
    ///
    /// # Errors
    /// If the table cannot be learned from (see [`Rows::divide`]), or numbers leave the finite ones.
    ///
    /// # Panics
    /// If the share is not between 0 and 1.
    #[track_caller]
    pub fn of(
        table: &Table,
        hold_out: f64,
        seed: u64,
        progress: impl Fn(&str, f64),
    ) -> Result<Self, FitError> {
        Self::of_rows(table, Rows::divide(table, hold_out, seed)?, seed, progress)
    }

    /// The same for a table that is divided already.
    ///
    /// # Errors
    /// If numbers leave the finite ones.
    ///
    /// # Panics
    /// If the rows are not those of the table.
    #[track_caller]
    pub fn of_rows(
        table: &Table,
        rows: Rows,
        seed: u64,
        progress: impl Fn(&str, f64),
    ) -> Result<Self, FitError> {
        let (shape, expected) = (rows.x.shape(), table.rows.shape());
        assert!(shape == expected, "rows of shape {shape:?}, a table of shape {expected:?}");
        let learned =
            learn(&rows, seed, |done| progress("learning", done)).map_err(Failure::from)?;
        let model = Model::new(table, &rows, &learned);
        let n = table.rows.rows();
        let samples = model.sample(n, &mut sampling(seed)).map_err(Failure::from)?;
        let verdict = Verdict::of(&rows, &model, &samples, seed);
        let x = model.units.standardised(&table.rows);
        let mut log_density = vec![];
        for some in (0..n).collect::<Vec<_>>().chunks(RANKED_AT_ONCE) {
            let found = model.log_density(&x.select(some)).map_err(Failure::from)?;
            log_density.extend_from_slice(found.data());
            progress("ranking", log_density.len() as f64 / n as f64);
        }
        let log_density = Matrix::from_vec(n, 1, log_density);
        Ok(Self { rows, learned, model, samples, log_density, verdict })
    }
}

/// The random numbers of [`Fit::samples`].
pub fn sampling(seed: u64) -> Generator {
    stream(seed, "fit samples")
}
