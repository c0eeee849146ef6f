//! One Gaussian of a mixture, and how it compares with another.

use crate::{
    array::Array,
    density::part,
    matrix::{Matrix, cholesky::Cholesky},
};
use std::f64::consts::TAU;

/// One Gaussian of a mixture.
#[derive(Clone, Debug)]
pub(super) struct Component {
    pub(super) log_weight: f64,
    /// μ, (1, d)
    pub(super) mean: Matrix,
    /// Σ, (d, d)
    pub(super) covariance: Matrix,
    /// L with L Lᵀ = Σ, (d, d)
    pub(super) factor: Matrix,
    /// W = L⁻¹, (d, d)
    pub(super) whitening: Matrix,
    /// −½ log det(2πΣ)
    pub(super) log_norm: f64,
}

impl Component {
    #[track_caller]
    pub(super) fn new(log_weight: f64, mean: Matrix, covariance: Matrix) -> Self {
        let d = mean.cols();
        let cholesky = Cholesky::of_covariance(&covariance);
        assert!(
            covariance.cols() == d,
            "covariance of shape {:?} in {d} dimensions",
            covariance.shape()
        );
        let factor = cholesky.factor();
        let log_det: f64 = (0..d).map(|i| 2.0 * factor.at(i, i).ln()).sum();
        let whitening = cholesky.inverse_factor();
        let log_norm = -0.5 * (log_det + d as f64 * TAU.ln());
        Self { log_weight, mean, covariance, factor, whitening, log_norm }
    }

    /// (W (x − μ))ᵢ with both x and μ first multiplied by `scale`.
    #[inline]
    fn whitened(&self, i: usize, x: &[f64], mean: &[f64], scale: f64) -> f64 {
        let row = &self.whitening.row(i)[..=i];
        row.iter().zip(x).zip(mean).map(|((w, x), m)| part(*w, x * scale - m * scale)).sum()
    }

    /// log (w N(x; μ, Σ))
    pub(super) fn log_joint(&self, x: &[f64]) -> f64 {
        let whitened = (0..x.len()).map(|i| self.whitened(i, x, self.mean.data(), 1.0));
        let square: f64 = whitened.map(|r| r * r).sum();
        self.log_norm + self.log_weight - 0.5 * square
    }

    /// log (w N(x; μ, Σ)) less that of another component b, of which the residuals are r_b:
    ///
    /// ```text
    /// −½‖r‖² + ½‖r_b‖² = Σᵢ ½(r_b − r)ᵢ(r_b + r)ᵢ,   r = W(x − μ)
    /// ```
    ///
    /// and where both have the same row of W, r = r_b − δ with a δ = W(μ − μ_b) that x is not in.
    pub(super) fn log_odds(&self, b: &Self, x: &[f64]) -> f64 {
        let (mean, other) = (self.mean.data(), b.mean.data());
        let term = |i: usize, scale: f64| {
            let before = b.whitened(i, x, other, scale);
            if self.whitening.row(i) == b.whitening.row(i) {
                let shift = self.whitened(i, mean, other, scale);
                return shift * (before - 0.5 * shift);
            }
            let own = self.whitened(i, x, mean, scale);
            0.5 * (before - own) * (before + own)
        };
        // Squares of large numbers overflow, and of two the difference then is no number. A unit in
        // which they do not is found by trying: 1, 2⁶⁰⁰, 2¹⁰⁶⁰. These are 1 over them, and the last is
        // subnormal.
        let scales = [1.0, f64::from_bits(423 << 52), f64::from_bits(1 << 14)];
        let sum = |scale| ((0..x.len()).map(|i| term(i, scale)).sum::<f64>(), scale);
        let found = scales.into_iter().map(sum).find(|(sum, _)| sum.is_finite());
        let squares = found.map_or(f64::NAN, |(sum, scale)| sum / scale / scale);
        squares + (self.log_norm - b.log_norm) + (self.log_weight - b.log_weight)
    }

    /// −WᵀW (x − μ)
    pub(super) fn score(&self, x: &[f64], mean: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        for i in 0..x.len() {
            let r = self.whitened(i, x, mean, 1.0);
            let row = &self.whitening.row(i)[..=i];
            out.iter_mut().zip(row).for_each(|(out, w)| *out -= part(*w, r));
        }
    }
}
