//! Theorems as functions: each gives the two sides of an identity, computed independently.
//!
//! A [`Theorem`] is its statement, its claims and its nearest false statements. A [`Claim`] is two
//! formulas and an instance: [`Sides`]. Wherever it can be, the formulas are written *over any
//! reading*, and the reading decides what they give: polynomials prove them, numbers are drawn in a
//! figure, intervals bound how far rounding may drive the numbers apart
//! ([`denoising_autoencoder`] shows all three).
//!
//! [`all`] is the list. The tests quantify over it, the proof pages walk through it.
//!
//! | module | theorems |
//! |---|---|
//! | [`energies_and_scores`] | T1, T29 an energy, its score, and the partition function between them |
//! | [`explicit_implicit`] | T2, T3, T6 explicit and implicit score matching differ by a constant |
//! | [`where_implicit_fails`] | T4, T5, T20, T31, T32 boundaries, kinks, finite and discrete data, infinite expectations |
//! | [`denoising_explicit`] | T7, T14, T18, T30 denoising is explicit matching of the smoothed density |
//! | [`denoising_autoencoder`] | T8–T11 a denoising autoencoder is a score model |
//! | [`traces`] | T12, T13, T28 the divergence of a score: six routes, random directions |
//! | [`small_noise`] | T15 a little noise, and the regulariser |
//! | [`tweedie`], [`parzen`] | T16 the best denoiser knows the score, T17 and the sample by heart |
//! | [`exponential_families`] | T19 fitted by one linear solve |
//! | [`annealing`] | T23 annealed Langevin dynamics, and what it does about far modes |
//! | [`langevin`] | T21, T22 what Langevin dynamics samples, and ascent does not |
//! | [`entropy_dissipation`] | T34 how fast Langevin dynamics forgets, and that this is explicit score matching |
//! | [`langevin_bias`] | T36 the law of a chain with a fixed step, to first order |
//! | [`noise_conditional`] | T24 one network for all noise levels, and the weights of the levels |
//! | [`fisher_kl`] | T25 Fisher divergence and Kullback–Leibler divergence |
//! | [`contrastive_divergence`] | T26 contrastive divergence is implicit score matching, for short steps |
//! | [`derivatives`] | T27 derivatives of every order |
//! | [`blindness`] | T35 what score matching pays for the weights of far modes |
//! | [`curl`] | T37 what a field that is no gradient costs a diffusion, and a chain |
//! | [`latent_variables`] | T38 the score of a model with latent variables; a tight bound with a wrong slope |
//! | [`probability_flow`] | T39 from noise level to noise level without noise, and the exact likelihood |
//! | [`softplus_mixture`] | T33 a softplus energy with σ² = 1/k is a mixture of Gaussians |
//!
//! **How close is equal?** That depends on the [`Evidence`], of which there are five kinds. Each
//! theorem lists its strongest evidence first. Weaker claims follow where they reach further: to
//! networks and mixtures where the proof has polynomials, to floating point where it has formulas.

pub mod annealing;
pub mod blindness;
pub mod contrastive_divergence;
pub mod curl;
pub mod denoising_autoencoder;
pub mod denoising_explicit;
pub mod derivatives;
pub mod energies_and_scores;
pub mod entropy_dissipation;
pub mod explicit_implicit;
pub mod exponential_families;
pub mod fisher_kl;
pub mod jets;
pub mod langevin;
pub mod langevin_bias;
pub mod latent_variables;
pub mod noise_conditional;
pub mod parzen;
pub mod polynomial_score;
pub mod probability_flow;
pub mod small_noise;
pub mod softplus_mixture;
pub mod traces;
pub mod tweedie;
pub mod where_implicit_fails;

mod evidence;
mod sides;

pub use evidence::Evidence;
pub use sides::{Sides, number};

use crate::{
    array::{Array, Linear},
    grid::Enclosed,
    matrix::{Matrix, noise::Generator},
    model::Parameters,
};

/// A statement of the crate: what is claimed, and the nearest statements that are false.
///
/// Both are the same thing, a [`Claim`]: two sides, and the instance on which they are compared. The
/// sides of a claim agree; those of a false statement differ, and clearly.
#[derive(Clone, Copy, Debug)]
pub struct Theorem {
    /// Its number, as in T10.
    pub number: u8,
    /// The theorem in one line.
    pub statement: &'static str,
    /// What of it is checked, the strongest evidence first.
    pub claims: &'static [Claim],
    /// The nearest false statements: a check that cannot fail proves nothing.
    pub false_statements: &'static [Claim],
}

/// Two sides that are compared.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// What is said of the two sides, in one line.
    pub statement: &'static str,
    /// For what it is checked: shapes, and what is arbitrary there.
    pub on: &'static str,
    /// The two sides.
    pub instances: Instances,
}

/// On what a claim is checked.
#[derive(Clone, Copy, Debug)]
pub enum Instances {
    /// Once: nothing in it is random, or the formulas speak for all.
    One(fn() -> Sides),
    /// On a random instance: it must hold for every state of the generator.
    Any(fn(&mut Generator) -> Sides),
}

impl Claim {
    /// A claim that is checked once.
    pub const fn one(statement: &'static str, on: &'static str, sides: fn() -> Sides) -> Self {
        Self { statement, on, instances: Instances::One(sides) }
    }

    /// A claim that is checked on random instances.
    pub const fn any(
        statement: &'static str,
        on: &'static str,
        sides: fn(&mut Generator) -> Sides,
    ) -> Self {
        Self { statement, on, instances: Instances::Any(sides) }
    }

    /// The two sides, on an instance from the generator if there is more than one.
    pub fn sides(&self, rng: &mut Generator) -> Sides {
        match self.instances {
            Instances::One(sides) => sides(),
            Instances::Any(sides) => sides(rng),
        }
    }
}

/// Every theorem, in the order of the numbers.
pub fn all() -> Vec<Theorem> {
    let mut all = [
        annealing::THEOREMS,
        blindness::THEOREMS,
        contrastive_divergence::THEOREMS,
        curl::THEOREMS,
        denoising_autoencoder::THEOREMS,
        denoising_explicit::THEOREMS,
        derivatives::THEOREMS,
        energies_and_scores::THEOREMS,
        entropy_dissipation::THEOREMS,
        explicit_implicit::THEOREMS,
        exponential_families::THEOREMS,
        fisher_kl::THEOREMS,
        langevin::THEOREMS,
        langevin_bias::THEOREMS,
        latent_variables::THEOREMS,
        noise_conditional::THEOREMS,
        parzen::THEOREMS,
        probability_flow::THEOREMS,
        small_noise::THEOREMS,
        softplus_mixture::THEOREMS,
        traces::THEOREMS,
        tweedie::THEOREMS,
        where_implicit_fails::THEOREMS,
    ]
    .concat();
    all.sort_by_key(|theorem| theorem.number);
    all
}

/// The p of y ∝ xᵖ, from points (x, y): the slope of log y against log x by least squares.
pub fn fitted_order(points: &[[f64; 2]]) -> f64 {
    let mean =
        |of: &dyn Fn(&[f64; 2]) -> f64| points.iter().map(of).sum::<f64>() / points.len() as f64;
    let (x, y) = (mean(&|p| p[0].ln()), mean(&|p| p[1].ln()));
    let covariance = mean(&|p| (p[0].ln() - x) * (p[1].ln() - y));
    covariance / mean(&|p| (p[0].ln() - x).powi(2))
}

/// What an identity is evaluated on, read with intervals.
pub fn enclosed<P: Parameters<Matrix> + Clone>(instance: &P) -> P::With<Enclosed> {
    instance.clone().map(|x| Enclosed::exact(&x))
}

/// max(x, y), elementwise: x ≥ y says that it is x.
fn maximum<A: Array>(x: A, y: &A) -> A {
    (x - y).relu() + y
}

/// x², elementwise.
fn squared<A: Array>(x: &A) -> A {
    x.clone() * x
}

/// A number everywhere: (1, 1) → (n, d).
fn spread<A: Array>(number: &A, n: usize, d: usize) -> A {
    number.clone().linear(Linear::Tile(n)).linear(Linear::Spread(d))
}

/// |x|, elementwise.
fn magnitude(x: &Matrix) -> Matrix {
    x.clone().relu() + (-x.clone()).relu()
}
