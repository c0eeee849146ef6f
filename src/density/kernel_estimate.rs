//! The kernel density estimate of a sample (Parzen 1962): q_σ of the empirical measure.
//!
//! Put a Dirac mass 1/n on each of n points and smooth it with N(0, σ²I): that is
//! n⁻¹ Σᵢ N(x; Xᵢ, σ²I). A corrupted training point is a sample of it, so it is the density whose
//! score an unlimited model learns by denoising those n points (T17).

use super::{Density, mixture::softmax};
use crate::{
    array::{Array, Linear},
    matrix::{
        Matrix,
        noise::{Generator, standard_normal},
    },
};
use rand::RngExt;
use std::f64::consts::TAU;

/// n⁻¹ Σᵢ N(x; Xᵢ, σ²I).
#[derive(Clone, Debug)]
pub struct KernelEstimate {
    /// X, (n, d).
    pub points: Matrix,
    /// The bandwidth σ.
    pub sigma: f64,
}

impl KernelEstimate {
    /// log N(x; Xᵢ, σ²I) without the normalising constant: (m, n).
    fn log_kernels(&self, x: &Matrix) -> Matrix {
        let n = self.points.rows();
        // Measured from the first point: far from the origin the squares below would cancel.
        let origin = -self.points.select(&[0]);
        let (x, points) = (x.clone().add_row(&origin), self.points.clone().add_row(&origin));
        // −‖x − X‖²/2 = ⟨x, X⟩ − ‖X‖²/2 − ‖x‖²/2
        let inner = x.nt(&points);
        let points = (points.squared_norm() * -0.5).linear(Linear::Transpose);
        let own = (x.squared_norm() * -0.5).linear(Linear::Spread(n));
        (inner.add_row(&points) + own) * (1.0 / (self.sigma * self.sigma))
    }

    /// 𝔼[X ∣ x̃], the mean of the points weighted by how well each explains x̃:
    /// Σᵢ softmax(−‖x̃ − Xᵢ‖²/(2σ²)) Xᵢ. Shapes: (m, d) → (m, d).
    ///
    /// It is the best of all denoisers for this sample: it knows it by heart.
    #[track_caller]
    pub fn posterior_mean(&self, noisy: &Matrix) -> Matrix {
        softmax(&self.log_kernels(noisy)).0.nn(&self.points)
    }
}

impl Density for KernelEstimate {
    fn dimension(&self) -> usize {
        self.points.cols()
    }

    fn log_density(&self, x: &Matrix) -> Matrix {
        let (n, d) = self.points.shape();
        let (_, log_sum) = softmax(&self.log_kernels(x));
        log_sum - (0.5 * d as f64 * (TAU * self.sigma * self.sigma).ln() + (n as f64).ln())
    }

    /// (𝔼[X ∣ x] − x)/σ²
    fn score(&self, x: &Matrix) -> Matrix {
        (self.posterior_mean(x) - x) * (1.0 / (self.sigma * self.sigma))
    }

    fn sample(&self, n: usize, rng: &mut Generator) -> Matrix {
        let rows: Vec<usize> = (0..n).map(|_| rng.random_range(0..self.points.rows())).collect();
        let noise: Matrix = standard_normal(n, self.dimension(), rng);
        noise * self.sigma + self.points.select(&rows)
    }
}
