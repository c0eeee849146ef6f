//! The best affine denoiser: the yardstick that a trained model has to beat.
//!
//! Among all r(x̃) = A x̃ + k the mean squared error 𝔼‖r(x + σz) − x‖² is least for
//!
//! ```text
//! r(x̃) = μ + Σ (Σ + σ²I)⁻¹ (x̃ − μ)
//! ```
//!
//! with μ and Σ the mean and the covariance of x (N. Wiener 1949). No distribution is assumed. For
//! Gaussian x this is the posterior mean, the best of all denoisers, and (r(x̃) − x̃)/σ² is then the
//! exact score of N(μ, Σ + σ²I), the smoothed density.

use crate::{
    array::Array,
    domain::from_zero,
    matrix::{
        Matrix,
        cholesky::{Cholesky, NoSolution},
        distance::unit_of,
    },
};

/// The best affine denoiser for one noise level.
///
/// ```
/// use score_matching::{model::Wiener, prelude::*};
///
/// let data = Matrix::from_rows([[2.0], [4.0]]); // mean 3, variance 1
/// let wiener = Wiener::fit(&data, 1.0).expect("with noise it is definite");
/// let back = wiener.reconstruct(&Matrix::from_rows([[5.0]])).item();
/// assert!((back - 4.0).abs() < 1e-14); // half way to the mean, for as much noise as signal
/// ```
#[derive(Clone, Debug)]
pub struct Wiener {
    /// μ, (1, d).
    pub mean: Matrix,
    /// (Σ + σ²I)⁻¹ Σ, (d, d): what multiplies rows x̃ − μ from the right.
    pub gain: Matrix,
}

impl Wiener {
    /// From the mean and covariance (divided by n) of the rows of x (n, d).
    ///
    /// # Errors
    /// If Σ + σ²I is not positive definite, or by no more than the rounding of x: σ = 0, or far below
    /// the spread of x, with a singular Σ; or if data or their sums are not finite.
    ///
    /// # Panics
    /// If there is no row, or σ is negative or not finite.
    #[track_caller]
    pub fn fit(x: &Matrix, sigma: f64) -> Result<Self, NoSolution> {
        let (n, d) = x.shape();
        assert!(n > 0, "Wiener: a mean of no samples");
        from_zero("σ", sigma);
        // In units of the largest number, so that no square overflows; the gain has no unit.
        let unit = unit_of(x.data().iter().fold(sigma, |size, x| size.max(x.abs())));
        let (x, sigma) = (x.clone() * (1.0 / unit), sigma / unit);
        let mean = x.clone().sum_over_samples() * (1.0 / n as f64);
        let centred = x.clone().add_row(&-mean.clone());
        let covariance = centred.tn(&centred) * (1.0 / n as f64);
        let noise = Matrix::from_fn(d, d, |i, j| if i == j { sigma * sigma } else { 0.0 });
        let total = covariance.clone() + noise;
        // A centred column is known to n u of the root of its 𝔼x²: a constant one is rounding alone.
        let square = (x.clone() * &x).sum_over_samples() * (1.0 / n as f64);
        let scale = |i| total.at(i, i) + (n + 2) as f64 * f64::EPSILON * square.at(0, i);
        let gain = Cholesky::known_to(&total, n, scale)?.solve_finite(&covariance)?;
        Ok(Self { mean: mean * unit, gain })
    }

    /// r(x̃): (n, d) → (n, d).
    #[track_caller]
    pub fn reconstruct(&self, noisy: &Matrix) -> Matrix {
        let centred = noisy.clone().add_row(&-self.mean.clone());
        centred.nn(&self.gain).add_row(&self.mean)
    }
}
