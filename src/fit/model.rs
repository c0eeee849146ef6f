//! What was learned of a table, in the table's own units: it draws rows, denoises rows and ranks rows.

mod text;

use super::{Learned, Rows, Table, rows::Units};
use crate::{
    corruption::{NoiseScales, denoise},
    density::{Density, Mixture},
    experiment::noise_conditional::Network,
    matrix::{Matrix, noise::Generator},
    model::Parameters,
    objective::trace,
    sampler::{Escaped, flow::carry},
};

/// The share of the numbers of a column that need no more digits than its samples have, among these first
/// rows.
const NEARLY_ALL: f64 = 0.95;
const LOOKED_AT: usize = 1000;
/// Rows that are denoised at once: the hidden units of millions would take gigabytes.
const DENOISED_AT_ONCE: usize = 10_000;
/// From one step of the flow to the next the variance of the noise changes by this factor at most.
const FACTOR: f64 = 1.3;

/// A network, and what it needs to speak of a table: names, units, noise levels.
///
/// Rows go in and come out standardised; [`Units`] change them into the table's own and back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Model {
    /// The names of the d columns.
    pub names: Vec<String>,
    /// How many digits behind the point samples have in each column: as many as nearly all of its numbers
    /// need, or `None` for all that they have.
    pub decimals: Vec<Option<u32>>,
    /// Mean and deviation of the columns.
    pub units: Units,
    /// The covariance (d, d) of standardised rows.
    pub covariance: Matrix,
    /// σ₁ > … > σ_L, in deviations of a column.
    pub scales: NoiseScales,
    /// ψ(x; σ) of standardised rows.
    pub network: Network,
}

impl Model {
    /// From a table, the rows it was divided into, and what was learned of them.
    pub fn new(table: &Table, rows: &Rows, learned: &Learned) -> Self {
        Self {
            names: table.names.clone(),
            decimals: (0..rows.x.cols()).map(|j| digits(table, j)).collect(),
            units: rows.units.clone(),
            covariance: rows.covariance.clone(),
            scales: learned.scales.clone(),
            network: learned.network.clone(),
        }
    }

    /// The Gaussian of maximum likelihood for standardised rows.
    pub fn gaussian(&self) -> Mixture {
        Mixture::gaussian(Matrix::zeros(1, self.names.len()), self.covariance.clone())
    }

    /// The law of rows with the noise of the largest level, where Gaussian and network hardly differ.
    fn noisiest(&self) -> Mixture {
        self.gaussian().smoothed(self.scales.sigmas()[0])
    }

    /// ψ(x; σ) and its exact trace: (n, d) → (n, d), (n, 1).
    pub fn field(&self, x: &Matrix, sigma: f64) -> (Matrix, Matrix) {
        let network = self.network.constants();
        let (score, trace) =
            trace::of_score_in_chunks(|x| network.score_at(x, sigma), &x.cast::<f32>());
        (score.cast(), trace.cast())
    }

    /// ψ(x; σ): (n, d) → (n, d).
    pub fn score(&self, x: &Matrix, sigma: f64) -> Matrix {
        self.network.score_at(&x.cast(), sigma).cast()
    }

    /// The noise levels of the flow, from the largest to the smallest, close enough for its steps.
    fn levels(&self) -> Vec<f64> {
        let (largest, smallest) = (self.scales.sigmas()[0], self.scales.smallest());
        let steps = (2.0 * (largest / smallest).ln() / FACTOR.ln()).ceil() as usize;
        NoiseScales::geometric(largest, smallest, steps + 1).sigmas().to_vec()
    }

    /// n rows: drawn where noise is all, carried by the [flow](carry) to where it is least, and freed of
    /// the rest. (n, d).
    ///
    /// # Errors
    /// If a row leaves the finite numbers on the way, or in the units of the table.
    pub fn sample(&self, n: usize, rng: &mut Generator) -> Result<Matrix, Escaped> {
        let start = self.noisiest().sample(n, rng);
        let field = |x: &Matrix, sigma| (self.score(x, sigma), Matrix::zeros(x.rows(), 1));
        let levels = self.levels();
        let x = carry(field, &start, &levels)?.x;
        let x = self.denoised(&x, self.scales.smallest());
        let own = self.units.own(&x);
        let lost = (0..n).filter(|&i| own.row(i).iter().any(|v| !v.is_finite()));
        match lost.clone().next() {
            Some(chain) => Err(Escaped { chain, step: levels.len(), lost: lost.count(), of: n }),
            None => Ok(x),
        }
    }

    /// The mean of the clean rows that x (n, d) may come from, if it has noise of σ
    /// ([T16](crate::identity::tweedie)).
    pub fn denoised(&self, x: &Matrix, sigma: f64) -> Matrix {
        let rows: Vec<usize> = (0..x.rows()).collect();
        let mut clean = vec![];
        for some in rows.chunks(DENOISED_AT_ONCE) {
            let noisy = x.select(some);
            clean.extend_from_slice(denoise(&noisy, self.score(&noisy, sigma), sigma).data());
        }
        Matrix::from_vec(x.rows(), x.cols(), clean)
    }

    /// log q_σ(x) at the smallest level, (n, 1): the density of [`Model::sample`] before the last
    /// noise is taken off, by the trace along the same [flow](carry)
    /// ([T39](crate::identity::probability_flow)). It is in the units of the table: −Σ log
    /// deviation is included.
    ///
    /// # Errors
    /// If a row leaves the finite numbers on the way.
    pub fn log_density(&self, x: &Matrix) -> Result<Matrix, Escaped> {
        let mut levels = self.levels();
        levels.reverse();
        let carried = carry(|x: &Matrix, sigma| self.field(x, sigma), x, &levels)?;
        let unit: f64 = self.units.deviation.data().iter().map(|deviation| deviation.ln()).sum();
        let shift = Matrix::from_fn(x.rows(), 1, |_, _| unit);
        Ok(self.noisiest().log_density(&carried.x) - carried.gain - shift)
    }
}

/// The digits behind the point that nearly all numbers of column j need.
fn digits(table: &Table, j: usize) -> Option<u32> {
    let n = table.rows.rows().min(LOOKED_AT);
    let enough = |digits: u32| {
        let places = digits as usize;
        let told = |x: f64| format!("{x:.places$}").parse() == Ok(x);
        (0..n).filter(|&i| told(table.rows.at(i, j))).count() as f64 >= NEARLY_ALL * n as f64
    };
    table.decimals[j].map(|most| (0..most).find(|digits| enough(*digits)).unwrap_or(most))
}
