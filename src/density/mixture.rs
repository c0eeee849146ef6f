//! Mixtures of Gaussians: q(x) = Σₖ wₖ N(x; μₖ, Σₖ).
//!
//! They are rich enough for every picture, and everything about them is known:
//!
//! ```text
//! ρₖ(x) ∝ wₖ N(x; μₖ, Σₖ), Σₖ ρₖ = 1              which component x came from
//! ∇ log q  = Σₖ ρₖ sₖ,      sₖ = −Σₖ⁻¹ (x − μₖ)
//! ∇² log q = Σₖ ρₖ (sₖ sₖᵀ − Σₖ⁻¹) − (Σₖ ρₖ sₖ)(Σₖ ρₖ sₖ)ᵀ
//! q * N(0, σ²I) is the mixture with Σₖ + σ²I
//! ```

use super::Density;
use crate::{
    array::{Array, Linear},
    matrix::{
        Matrix,
        cholesky::Cholesky,
        noise::{Generator, standard_normal},
    },
};
use rand::RngExt;
use std::f64::consts::TAU;

/// One Gaussian of a mixture.
#[derive(Clone, Debug)]
struct Component {
    log_weight: f64,
    /// μ, (1, d)
    mean: Matrix,
    /// Σ, (d, d)
    covariance: Matrix,
    /// Σ⁻¹, (d, d)
    precision: Matrix,
    /// L with L Lᵀ = Σ, (d, d)
    factor: Matrix,
    /// −½ log det(2πΣ)
    log_norm: f64,
}

/// A mixture of Gaussians with full covariances; a single Gaussian is a mixture of one.
#[derive(Clone, Debug)]
pub struct Mixture {
    components: Vec<Component>,
}

impl Mixture {
    /// N(μ, Σ) for μ (1, d) and Σ (d, d).
    ///
    /// # Panics
    /// If Σ is not symmetric positive definite.
    #[track_caller]
    pub fn gaussian(mean: Matrix, covariance: Matrix) -> Self {
        Self::new([(1.0, mean, covariance)])
    }

    /// N(0, v I) in d dimensions.
    #[track_caller]
    pub fn isotropic(d: usize, variance: f64) -> Self {
        Self::gaussian(Matrix::zeros(1, d), diagonal(d, variance))
    }

    /// From weights, means (1, d) and covariances (d, d). The weights are normalised.
    ///
    /// # Panics
    /// If there is no component, a weight is not positive, or a covariance is not symmetric
    /// positive definite.
    #[track_caller]
    pub fn new(components: impl IntoIterator<Item = (f64, Matrix, Matrix)>) -> Self {
        let components: Vec<_> = components.into_iter().collect();
        let total: f64 = components.iter().map(|c| c.0).sum();
        assert!(!components.is_empty() && total.is_finite(), "a mixture needs components");
        let component = |(weight, mean, covariance): (f64, Matrix, Matrix)| {
            assert!(weight > 0.0, "weight {weight}");
            let (_, d) = mean.shape();
            let cholesky = match Cholesky::new(&covariance) {
                Ok(cholesky) => cholesky,
                Err(error) => panic!("covariance: {error}"),
            };
            let factor = cholesky.factor();
            let log_det: f64 = (0..d).map(|i| 2.0 * factor.at(i, i).ln()).sum();
            Component {
                log_weight: (weight / total).ln(),
                precision: cholesky.solve(&diagonal(d, 1.0)),
                log_norm: -0.5 * (log_det + d as f64 * TAU.ln()),
                mean,
                covariance,
                factor,
            }
        };
        Self { components: components.into_iter().map(component).collect() }
    }

    /// q_σ = q * N(0, σ²I).
    #[must_use]
    pub fn smoothed(&self, sigma: f64) -> Self {
        let d = self.dimension();
        let wider = |c: &Component| {
            let covariance = c.covariance.clone() + diagonal(d, sigma * sigma);
            (c.log_weight.exp(), c.mean.clone(), covariance)
        };
        Self::new(self.components.iter().map(wider))
    }

    /// The weights and means of the components.
    pub fn modes(&self) -> impl Iterator<Item = (f64, &Matrix)> {
        self.components.iter().map(|c| (c.log_weight.exp(), &c.mean))
    }

    /// q(x) as a formula, (n, d) → (n, 1), for whoever wants to differentiate it. Where q underflows
    /// this is 0; the logarithm is not.
    pub fn density<A: Array>(&self, x: &A) -> A {
        let parts = self.components.iter().map(|c| {
            let constant = |m: &Matrix| x.constant(m.rows(), m.cols(), |i, j| m.at(i, j));
            let centred = x.clone().add_row(&-constant(&c.mean));
            let quadratic = centred.nn(&constant(&c.precision)).inner(&centred);
            (quadratic * -0.5 + (c.log_norm + c.log_weight)).exp()
        });
        let zero = x.constant(x.shape().0, 1, |_, _| 0.0);
        parts.fold(zero, |sum, part| sum + part)
    }

    /// log (wₖ N(x; μₖ, Σₖ)) of every component: (n, K).
    fn log_joint(&self, x: &Matrix) -> Matrix {
        let columns: Vec<Matrix> = self
            .components
            .iter()
            .map(|c| {
                let centred = x.clone().add_row(&-c.mean.clone());
                let quadratic = centred.nn(&c.precision).inner(&centred);
                quadratic * -0.5 + (c.log_norm + c.log_weight)
            })
            .collect();
        Matrix::from_fn(x.rows(), columns.len(), |i, k| columns[k].at(i, 0))
    }

    /// ρ: (n, K), rows summing to 1; and log q: (n, 1).
    pub fn responsibilities(&self, x: &Matrix) -> (Matrix, Matrix) {
        softmax(&self.log_joint(x))
    }

    /// ∇² log q(x), stacked: (n·d, d).
    pub fn hessian(&self, x: &Matrix) -> Matrix {
        let (n, d) = x.shape();
        let (rho, _) = self.responsibilities(x);
        let score = self.score(x);
        let parts: Vec<Matrix> = self.components.iter().map(|c| c.score(x)).collect();
        Matrix::from_fn(n * d, d, |row, j| {
            let (sample, i) = (row / d, row % d);
            let sum: f64 = (0..parts.len())
                .map(|k| {
                    let s = &parts[k];
                    let outer = s.at(sample, i) * s.at(sample, j);
                    rho.at(sample, k) * (outer - self.components[k].precision.at(i, j))
                })
                .sum();
            sum - score.at(sample, i) * score.at(sample, j)
        })
    }
}

impl Component {
    /// −Σ⁻¹ (x − μ): (n, d)
    fn score(&self, x: &Matrix) -> Matrix {
        -x.clone().add_row(&-self.mean.clone()).nn(&self.precision)
    }
}

impl Density for Mixture {
    fn dimension(&self) -> usize {
        self.components[0].mean.cols()
    }

    fn log_density(&self, x: &Matrix) -> Matrix {
        self.responsibilities(x).1
    }

    fn score(&self, x: &Matrix) -> Matrix {
        let (n, d) = x.shape();
        let (rho, _) = self.responsibilities(x);
        self.components.iter().enumerate().fold(Matrix::zeros(n, d), |sum, (k, c)| {
            let weight = Matrix::from_fn(n, 1, |i, _| rho.at(i, k));
            sum + c.score(x) * weight.linear(Linear::Spread(d))
        })
    }

    fn sample(&self, n: usize, rng: &mut Generator) -> Matrix {
        let d = self.dimension();
        let z: Matrix = standard_normal(n, d, rng);
        let mut out = Matrix::zeros(n, d);
        for (i, row) in out.data_mut().chunks_exact_mut(d).enumerate() {
            let mut u: f64 = rng.random();
            let found = self.components.iter().find(|c| {
                u -= c.log_weight.exp();
                u < 0.0
            });
            // The weights add up to 1 only to rounding: what is left belongs to the last.
            let c = found.unwrap_or(&self.components[self.components.len() - 1]);
            for (j, out) in row.iter_mut().enumerate() {
                let noise: f64 = (0..=j).map(|k| c.factor.at(j, k) * z.at(i, k)).sum();
                *out = c.mean.at(0, j) + noise;
            }
        }
        out
    }
}

/// a I
pub fn diagonal(d: usize, a: f64) -> Matrix {
    Matrix::from_fn(d, d, |i, j| if i == j { a } else { 0.0 })
}

/// Row by row, from logarithms a (n, K): e^a / Σ e^a, and log Σ e^a (n, 1). The largest is taken
/// out first, so that far away from everything not all of them underflow.
pub(super) fn softmax(log: &Matrix) -> (Matrix, Matrix) {
    let (n, k) = log.shape();
    let largest = Matrix::from_fn(n, 1, |i, _| log.row(i).iter().copied().fold(f64::MIN, f64::max));
    let shifted = (log.clone() - largest.clone().linear(Linear::Spread(k))).exp();
    let sum = shifted.clone().sum_over_dimensions();
    (shifted * sum.clone().reciprocal().linear(Linear::Spread(k)), sum.ln() + largest)
}
