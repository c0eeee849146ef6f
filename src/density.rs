//! Densities with everything known: log density, exact score, samples, and their smoothing.
//!
//! | density | dimensions | q_σ in closed form |
//! |---|---|---|
//! | [`Mixture`] of Gaussians with full covariances | any | yes, again a mixture |
//! | [`KernelEstimate`] of a sample | any | yes |
//! | [`Univariate`]: quartic, Laplace, exponential, uniform, Cauchy, gamma, logistic | 1 | no |
//! | [`Boltzmann`]: e^(−E)/Z of any energy, Z by quadrature | 1, 2 | no |
//!
//! The pictures' shapes (a pinwheel, a ring, two moons) are mixtures: [`shapes`].

pub mod boltzmann;
pub mod kernel_estimate;
pub mod mixture;
pub mod shapes;
pub mod univariate;

pub use boltzmann::Boltzmann;
pub use kernel_estimate::KernelEstimate;
pub use mixture::Mixture;
pub use univariate::Univariate;

use crate::{
    array::Array,
    matrix::{Matrix, noise::Generator},
    quadrature::Rule,
};

/// A probability density q on ℝᵈ with its score.
pub trait Density {
    /// d
    fn dimension(&self) -> usize;

    /// log q(x): (n, d) → (n, 1), −∞ outside the support.
    fn log_density(&self, x: &Matrix) -> Matrix;

    /// ∇ log q(x): (n, d) → (n, d). Outside the support it means nothing.
    fn score(&self, x: &Matrix) -> Matrix;

    /// n independent samples: (n, d).
    fn sample(&self, n: usize, rng: &mut Generator) -> Matrix;

    /// The rule's weights times q at its nodes: ∫ f q becomes Σ wᵢ f(xᵢ).
    fn rule(&self, over: &Rule) -> Rule {
        over.weighted(&self.log_density(&over.nodes).exp())
    }

    /// I(q) = 𝔼_q‖∇ log q‖², the Fisher information of location, by a rule from [`Density::rule`].
    fn fisher_information(&self, rule: &Rule) -> f64 {
        rule.integrate(&self.score(&rule.nodes).squared_norm())
    }
}
