//! Mixtures of Gaussians: q(x) = Σₖ wₖ N(x; μₖ, Σₖ).
//!
//! They are rich enough for every picture, and everything about them is known. With Σₖ = LₖLₖᵀ and
//! Wₖ = Lₖ⁻¹, so that Wₖ(x − μₖ) is standard noise:
//!
//! ```text
//! ρₖ(x) ∝ wₖ N(x; μₖ, Σₖ), Σₖ ρₖ = 1              which component x came from
//! ∇ log q  = Σₖ ρₖ sₖ = s,  sₖ = −WₖᵀWₖ (x − μₖ)
//! ∇² log q = Σₖ ρₖ (sₖ − s)(sₖ − s)ᵀ − Σₖ ρₖ Σₖ⁻¹
//! q * N(0, σ²I) is the mixture with Σₖ + σ²I
//! ```
//!
//! ## Far out
//! At x = 10¹⁷ the exponents of two neighbours are −½ 10³⁴ both, to rounding, and at 10¹⁶⁰ both are
//! −∞; but their difference is small. So the components are compared with one of them, b, by sums
//! from which what they have in common is left out: see `Component::log_odds`. The Hessian is a mean
//! of products of differences for the same reason: a difference of means of products cancels.

mod component;

use super::{Density, end, part, within_reach};
use crate::{
    array::{Array, Linear},
    matrix::{
        Matrix,
        noise::{Generator, standard_normal},
    },
};
use component::Component;
use rand::RngExt;

/// Down to this log density the difference of two logarithms is as good as any other way to compare:
/// it rounds at 10³ · 10⁻¹⁶, and that is the error accepted.
const NEAR: f64 = -1e3;

/// A mixture of Gaussians with full covariances; a single Gaussian is a mixture of one.
///
/// ```
/// use score_matching::{density::{Mixture, mixture::diagonal}, prelude::*};
///
/// let at = |x: f64| Matrix::from_rows([[x]]);
/// // ½N(−1, 1) + ½N(1, 1), with the score tanh x − x and its slope −tanh² x
/// let q = Mixture::new([(1.0, at(-1.0), at(1.0)), (1.0, at(1.0), at(1.0))]);
/// assert!((q.score(&at(2.0)).item() - (2.0_f64.tanh() - 2.0)).abs() < 1e-15);
/// assert!((q.hessian(&at(2.0)).item() + 2.0_f64.tanh().powi(2)).abs() < 1e-15);
/// assert_eq!(q.responsibilities(&at(0.0)).0, Matrix::from_rows([[0.5, 0.5]]));
/// assert!(q.modes().all(|(weight, mean)| weight == 0.5 && mean.item().abs() == 1.0));
/// assert!((q.density(&at(0.0)).ln().item() - q.log_density(&at(0.0)).item()).abs() < 1e-15);
///
/// let wide = Mixture::isotropic(1, 9.0).smoothed(4.0); // N(0, 9 + 16)
/// assert!((wide.score(&at(50.0)).item() + 2.0).abs() < 1e-15);
/// let plane = Mixture::gaussian(Matrix::zeros(1, 2), diagonal(2, 4.0)); // N(0, 4 I)
/// assert_eq!(plane.score(&Matrix::from_rows([[4.0, 8.0]])), Matrix::from_rows([[-1.0, -2.0]]));
/// ```
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
    /// If there is no component, a weight is not positive and finite, a mean is not one finite row, the
    /// dimensions differ, or a covariance is not symmetric positive definite, up to rounding.
    #[track_caller]
    pub fn new(components: impl IntoIterator<Item = (f64, Matrix, Matrix)>) -> Self {
        let given: Vec<_> = components.into_iter().collect();
        assert!(!given.is_empty(), "a mixture needs components");
        let d = given[0].1.cols();
        let heaviest = given.iter().fold(0.0, |w: f64, c| w.max(c.0));
        let total: f64 = given.iter().map(|c| c.0 / heaviest).sum(); // the sum itself may overflow
        let mut components = Vec::with_capacity(given.len());
        for (weight, mean, covariance) in given {
            let positive = weight > 0.0 && weight.is_finite();
            assert!(positive, "weight {weight}: a positive number expected");
            let row = mean.shape() == (1, d) && d > 0 && mean.is_finite();
            assert!(row, "mean {mean:?}: a finite row of {d} expected");
            let log_weight = (weight / heaviest).ln() - total.ln();
            components.push(Component::new(log_weight, mean, covariance));
        }
        Self { components }
    }

    /// q_σ = q * N(0, σ²I).
    ///
    /// # Panics
    /// If σ is negative or σ² is not finite.
    #[must_use]
    #[track_caller]
    pub fn smoothed(&self, sigma: f64) -> Self {
        let variance = sigma * sigma;
        assert!(sigma >= 0.0 && variance.is_finite(), "σ = {sigma}: a number from 0 on expected");
        let mut components = Vec::with_capacity(self.components.len());
        for c in &self.components {
            let covariance = c.covariance.clone() + diagonal(self.dimension(), variance);
            components.push(Component::new(c.log_weight, c.mean.clone(), covariance));
        }
        Self { components }
    }

    /// The weights and means of the components.
    pub fn modes(&self) -> impl Iterator<Item = (f64, &Matrix)> {
        self.components.iter().map(|c| (c.log_weight.exp(), &c.mean))
    }

    /// q(x) as a formula, (n, d) → (n, 1), to be differentiated. Where q underflows
    /// this is 0; the logarithm is not.
    pub fn density<A: Array>(&self, x: &A) -> A {
        let parts = self.components.iter().map(|c| {
            let centred = x.clone().add_row(&-c.mean.lift(x));
            let quadratic = centred.nt(&c.whitening.lift(x)).squared_norm();
            (quadratic * -0.5 + (c.log_norm + c.log_weight)).exp()
        });
        let zero = x.constant(x.shape().0, 1, |_, _| 0.0);
        parts.fold(zero, |sum, part| sum + part)
    }

    /// For one x the component b to compare with, its log (w_b N(x; μ_b, Σ_b)), and in `odds` those of
    /// all components less this.
    fn compare(&self, x: &[f64], odds: &mut [f64]) -> (usize, f64) {
        odds.iter_mut().zip(&self.components).for_each(|(odds, c)| *odds = c.log_joint(x));
        let likeliest = |b, k| if odds[k] > odds[b] { k } else { b };
        let mut b = (1..odds.len()).fold(0, likeliest);
        let log_joint = odds[b];
        if log_joint > NEAR {
            for odds in odds {
                *odds -= log_joint;
            }
            return (b, log_joint);
        }
        loop {
            let base = &self.components[b];
            odds.iter_mut().zip(&self.components).for_each(|(o, c)| *o = c.log_odds(base, x));
            // Equal to rounding, and yet one may be infinitely likelier: then that one it is.
            match odds.iter().position(|&odds| odds == f64::INFINITY) {
                Some(better) => b = better,
                None => return (b, log_joint),
            }
        }
    }

    /// Of every row of x: the component to compare with, ρ, and log q.
    #[track_caller]
    fn posterior(&self, x: &Matrix) -> (Vec<usize>, Matrix, Matrix) {
        let (d, k) = (self.dimension(), self.components.len());
        assert!(x.cols() == d, "x of shape {:?} for a density in {d} dimensions", x.shape());
        let mut odds = Matrix::zeros(x.rows(), k);
        let near = within_reach(x);
        let rows = odds.data_mut().chunks_exact_mut(k).enumerate();
        let (bases, logs): (Vec<usize>, Vec<f64>) =
            rows.map(|(i, odds)| self.compare(near.row(i), odds)).unzip();
        let (rho, log_sum) = softmax(&odds);
        let log = |i: usize, _| logs[i] + log_sum.at(i, 0) + end(x.row(i));
        (bases, rho, Matrix::from_fn(x.rows(), 1, log))
    }

    /// ρ: (n, K), rows summing to 1; and log q: (n, 1).
    #[track_caller]
    pub fn responsibilities(&self, x: &Matrix) -> (Matrix, Matrix) {
        let (_, rho, log) = self.posterior(x);
        (rho, log)
    }

    /// For every row ∇ log q and all sₖ less it, of which the last (K, d) is only lent to `use_them`;
    /// first the rows that are compared with the first component, then those with the next.
    #[track_caller]
    fn pulls(&self, x: &Matrix, mut use_them: impl FnMut(usize, &Matrix, &[f64], &[f64])) {
        let (d, k) = (self.dimension(), self.components.len());
        let (bases, rho, _) = self.posterior(x);
        let (mut own, mut mean) = (vec![0.0; d], vec![0.0; d]);
        let (mut fixed, mut apart) = (vec![0.0; k * d], vec![0.0; k * d]);
        for b in (0..k).filter(|b| bases.contains(b)) {
            let base = &self.components[b];
            // Where both have one covariance, sₖ − s_b does not depend on x.
            let alike = |c: &Component| c.whitening == base.whitening;
            let alike: Vec<bool> = self.components.iter().map(alike).collect();
            for (c, fixed) in self.components.iter().zip(fixed.chunks_exact_mut(d)) {
                c.score(base.mean.data(), c.mean.data(), fixed);
            }
            for i in (0..x.rows()).filter(|&i| bases[i] == b) {
                base.score(x.row(i), base.mean.data(), &mut own);
                mean.fill(0.0);
                apart.copy_from_slice(&fixed);
                for (k, apart) in apart.chunks_exact_mut(d).enumerate() {
                    if !alike[k] {
                        let c = &self.components[k];
                        c.score(x.row(i), c.mean.data(), apart);
                        apart.iter_mut().zip(&own).for_each(|(s, own)| *s -= own);
                    }
                    let rho = rho.at(i, k);
                    mean.iter_mut().zip(&*apart).for_each(|(mean, s)| *mean += part(rho, *s));
                }
                own.iter_mut().zip(&mean).for_each(|(own, mean)| *own += mean);
                for apart in apart.chunks_exact_mut(d) {
                    apart.iter_mut().zip(&mean).for_each(|(s, mean)| *s -= mean);
                }
                use_them(i, &rho, &own, &apart);
            }
        }
    }

    /// ∇² log q(x), stacked: (n·d, d).
    #[track_caller]
    pub fn hessian(&self, x: &Matrix) -> Matrix {
        let d = self.dimension();
        let precisions: Vec<Matrix> =
            self.components.iter().map(|c| c.whitening.tn(&c.whitening)).collect();
        let mut out = Matrix::zeros(x.rows() * d, d);
        let entries = out.data_mut();
        self.pulls(x, |sample, rho, _, apart| {
            for (ij, out) in entries[sample * d * d..][..d * d].iter_mut().enumerate() {
                let (i, j) = (ij / d, ij % d);
                let of = |(k, s): (usize, &[f64])| {
                    part(rho.at(sample, k), s[i] * s[j] - precisions[k].at(i, j))
                };
                *out = apart.chunks_exact(d).enumerate().map(of).sum();
            }
        });
        out
    }
}

impl Density for Mixture {
    fn dimension(&self) -> usize {
        self.components[0].mean.cols()
    }

    #[track_caller]
    fn log_density(&self, x: &Matrix) -> Matrix {
        self.posterior(x).2
    }

    #[track_caller]
    fn score(&self, x: &Matrix) -> Matrix {
        let mut out = Matrix::zeros(x.rows(), x.cols());
        let (d, rows) = (self.dimension(), out.data_mut());
        self.pulls(x, |i, _, score, _| rows[i * d..][..d].copy_from_slice(score));
        out
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
