//! Densities with everything known: log density, exact score, samples, and their smoothing.
//!
//! | density | dimensions | q_σ in closed form |
//! |---|---|---|
//! | [`Mixture`] of Gaussians with full covariances | any | yes, again a mixture |
//! | [`KernelEstimate`] of a sample | any | yes |
//! | [`Univariate`]: quartic, Laplace, exponential, uniform, Cauchy, gamma, logistic | 1 | no |
//! | [`Boltzmann`]: e^(−E)/Z of any energy, Z by quadrature | 1, 2 | no |
//! | [`SoftplusMixture`]: e^(−E)/Z of a softplus energy with σ² = 1/k, Z a finite sum | any | no |
//!
//! The pictures' shapes (a pinwheel, a ring, two moons) are mixtures: [`shapes`].

pub mod boltzmann;
pub mod kernel_estimate;
pub mod mixture;
pub mod shapes;
pub mod softplus_mixture;
pub mod univariate;

pub use boltzmann::Boltzmann;
pub use kernel_estimate::KernelEstimate;
pub use mixture::Mixture;
pub use softplus_mixture::SoftplusMixture;
pub use univariate::Univariate;

use crate::{
    array::Array,
    matrix::{Matrix, noise::Generator},
    quadrature::Rule,
};
use rand::RngExt;

/// A probability density q on ℝᵈ with its score.
///
/// Four methods are to be written; `rule` and `fisher_information` follow from them. q_σ is no part of the
/// trait: [`Mixture::smoothed`] and [`KernelEstimate`] have it in closed form. To check a score of one's own,
/// compare it with (log q(x + h) − log q(x − h))/(2h).
///
/// Far out the numbers are what their formulas say until they themselves leave the range: no square
/// overflows on the way. At ±∞ stands the limit, if there is one; NaN gives NaN.
/// The densities of this crate refuse a parameter outside of its domain in every
/// method.
///
/// ```
/// use score_matching::{prelude::*, quadrature::Rule};
///
/// /// N(m, 1) on the line: a density of one's own
/// struct Bell {
///     m: f64,
/// }
///
/// impl Density for Bell {
///     fn dimension(&self) -> usize {
///         1
///     }
///     fn log_density(&self, x: &Matrix) -> Matrix {
///         (x.clone() - self.m).squared_norm() * -0.5 - 0.5 * std::f64::consts::TAU.ln()
///     }
///     fn score(&self, x: &Matrix) -> Matrix {
///         -(x.clone() - self.m)
///     }
///     fn sample(&self, n: usize, rng: &mut Generator) -> Matrix {
///         standard_normal(n, 1, rng) + self.m
///     }
/// }
///
/// let q = Bell { m: 2.0 };
/// let rule = q.rule(&Rule::trapezoid(-7.0, 11.0, 60)); // q from m − 9 to m + 9
/// assert!((rule.integrate(&rule.nodes) - 2.0).abs() < 1e-13); // 𝔼x = m
/// assert!((q.fisher_information(&rule) - 1.0).abs() < 1e-13); // 1/variance
/// ```
pub trait Density {
    /// d
    fn dimension(&self) -> usize;

    /// log q(x): (n, d) → (n, 1), −∞ outside the support.
    #[track_caller]
    fn log_density(&self, x: &Matrix) -> Matrix;

    /// ∇ log q(x): (n, d) → (n, d). Outside the support it means nothing.
    #[track_caller]
    fn score(&self, x: &Matrix) -> Matrix;

    /// n independent samples: (n, d).
    #[track_caller]
    fn sample(&self, n: usize, rng: &mut Generator) -> Matrix;

    /// The rule's weights times q at its nodes: ∫ f q becomes Σ wᵢ f(xᵢ).
    #[track_caller]
    fn rule(&self, over: &Rule) -> Rule {
        over.weighted(&self.log_density(&over.nodes).exp())
    }

    /// I(q) = 𝔼_q‖∇ log q‖², the Fisher information of location, by a rule from [`Density::rule`].
    #[track_caller]
    fn fisher_information(&self, rule: &Rule) -> f64 {
        rule.integrate(&self.score(&rule.nodes).squared_norm())
    }
}

/// w v, where 0 · ∞ is 0: what has no part in a sum does not count, however large it is.
fn part(w: f64, v: f64) -> f64 {
    if w == 0.0 { 0.0 } else { w * v }
}

/// ±∞ as a number so large that a comparison there has reached its limit, for whatever is small beside
/// it: a mean of 10³⁰⁰ is not.
fn within_reach(x: &Matrix) -> Matrix {
    const FAR: f64 = 1e300;
    let near = |x: f64| if x.is_infinite() { FAR.copysign(x) } else { x };
    Matrix::from_fn(x.rows(), x.cols(), |i, j| near(x.at(i, j)))
}

/// What log q(x) is more than at a place within reach: −∞ at ±∞.
fn end(x: &[f64]) -> f64 {
    if x.iter().any(|x| x.is_infinite()) { f64::NEG_INFINITY } else { 0.0 }
}

/// n numbers at random, each i in proportion to the weight with that number.
fn drawn(weights: &[f64], n: usize, rng: &mut Generator) -> Vec<usize> {
    let mut cumulative = weights.to_vec();
    for i in 1..cumulative.len() {
        cumulative[i] += cumulative[i - 1];
    }
    // Below the whole, so that no rounding reaches one without weight at the end.
    let total = cumulative[cumulative.len() - 1];
    let last = total.next_down();
    let one = |_| {
        let u = (rng.random::<f64>() * total).min(last);
        cumulative.partition_point(|&c| c <= u)
    };
    (0..n).map(one).collect()
}
