//! Samplers: from a score to samples.
//!
//! A score was learned in order to sample. Every sampler here needs nothing but that score (only
//! the [Metropolis correction](mod@metropolis) needs an energy as well), and each is one line:
//!
//! ```text
//! ascent      x ← x + α ψ(x)                        climbs to a mode, and which depends on x₀
//! Langevin    x ← x + (ε/2) ψ(x) + √ε z             samples p, up to a bias of order ε
//! Metropolis  the same, and back again at times     samples p
//! annealed    Langevin on q_σ₁, …, q_σ_L in turn    finds the modes before it resolves them
//! ```
//!
//! A sampler is an endless iterator over the states of many independent chains: rows are chains,
//! so that one product moves them all, and thinning, recording and stopping are those of the
//! standard library.
//!
//! ```
//! use rand::SeedableRng;
//! use score_matching::{Array, Matrix, matrix::noise::Generator};
//! use score_matching::sampler::{Step, langevin};
//!
//! let score = |x: &Matrix| -x.clone(); // of N(0, I)
//! let start = Matrix::zeros(1000, 2); // a thousand chains in the plane
//! let mut rng = Generator::seed_from_u64(1);
//! let chains = langevin(score, start, Step::halved(0.1), &mut rng);
//! let every_tenth: Result<Vec<Matrix>, _> = chains.step_by(10).take(10).collect();
//! let last = every_tenth?.pop().expect("ten states");
//! assert!((last.squared_norm().mean().item() - 2.0).abs() < 0.3);
//! # Ok::<(), score_matching::sampler::Escaped>(())
//! ```
//!
//! [`Negatives`] are short chains of a model in training, for contrastive divergence.
//!
//! A chain that leaves the finite numbers is an [error](Escaped) that names the chain and the step.
//! The iterator
//! then repeats it as long as it has steps, so that no adaptor can step over it.

mod annealed;
pub mod metropolis;
mod negatives;

pub use annealed::{Annealed, Level, annealed, levels};
pub use metropolis::{Metropolis, metropolis};
pub use negatives::Negatives;

use crate::{
    array::Array,
    matrix::{
        Matrix, Real,
        noise::{Generator, standard_normal},
    },
};
use std::fmt;

/// x ← x + drift · ψ(x) + noise · z: the two constants of a step.
///
/// The literature writes them in two ways, (ε/2, √ε) and (α, √(2α)). They are the same for α = ε/2,
/// bit for bit (T21); a drift from one and a noise from the other is another temperature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// What the score is multiplied by.
    pub drift: f64,
    /// What z ~ N(0, I) is multiplied by.
    pub noise: f64,
}

impl Step {
    /// (ε/2, √ε)
    ///
    /// # Panics
    /// Unless ε is positive and finite.
    #[track_caller]
    pub fn halved(epsilon: f64) -> Self {
        assert!(epsilon > 0.0 && epsilon.is_finite(), "a step of length {epsilon}");
        Self { drift: 0.5 * epsilon, noise: epsilon.sqrt() }
    }

    /// (α, √(2α)). The root is taken of the product: √2·√α would round differently.
    ///
    /// # Panics
    /// Unless α is positive and finite.
    #[track_caller]
    pub fn doubled(alpha: f64) -> Self {
        assert!(alpha > 0.0 && alpha.is_finite(), "a step of length {alpha}");
        Self { drift: alpha, noise: (2.0 * alpha).sqrt() }
    }

    /// (α, 0): gradient ascent on log p, which is Langevin at temperature 0 and samples nothing.
    ///
    /// # Panics
    /// Unless α is positive and finite.
    #[track_caller]
    pub const fn ascent(alpha: f64) -> Self {
        assert!(alpha > 0.0 && alpha.is_finite(), "an ascent without a length");
        Self { drift: alpha, noise: 0.0 }
    }

    /// x + drift · ψ + noise · z: all shapes (n, d).
    #[track_caller]
    pub fn take<A: Array>(self, x: &A, score: A, z: A) -> A {
        score * self.drift + x + z * self.noise
    }
}

/// A chain has left the finite numbers: the step was too long, or the score is wrong there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Escaped {
    /// Which row, from 0.
    pub chain: usize,
    /// At which step, from 1; 0 if the start was there already.
    pub step: usize,
}

impl fmt::Display for Escaped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { chain, step } = self;
        write!(f, "sampling stopped: chain {chain} left the finite numbers at step {step}")
    }
}

impl std::error::Error for Escaped {}

/// Langevin dynamics at one step size (or ascent, with [`Step::ascent`]); see [`langevin`].
#[derive(Debug)]
pub struct Langevin<'r, T: Real, S> {
    score: S,
    step: Step,
    chains: Chains<'r, T>,
}

/// The states after 1, 2, … steps from `start` (n, d), without end.
///
/// `score` gives ψ(x): (n, d) → (n, d). Each step draws its own noise for all chains from `rng`.
pub fn langevin<T: Real, S: Fn(&Matrix<T>) -> Matrix<T>>(
    score: S,
    start: Matrix<T>,
    step: Step,
    rng: &mut Generator,
) -> Langevin<'_, T, S> {
    Langevin { score, step, chains: Chains::new(start, rng) }
}

impl<T: Real, S: Fn(&Matrix<T>) -> Matrix<T>> Iterator for Langevin<'_, T, S> {
    type Item = Result<Matrix<T>, Escaped>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.chains.advance(&self.score, self.step))
    }
}

/// What a sampler can do besides being an iterator.
pub trait Sampler<T: Real>: Iterator<Item = Result<Matrix<T>, Escaped>> + Sized {
    /// The state after so many steps, (n, d).
    ///
    /// # Errors
    /// If a chain has left the finite numbers on the way.
    ///
    /// # Panics
    /// If `steps` is 0, or more than the sampler has.
    #[track_caller]
    fn after(mut self, steps: usize) -> Result<Matrix<T>, Escaped> {
        assert!(steps > 0, "after 0 steps there is the start");
        match self.nth(steps - 1) {
            Some(state) => state,
            None => panic!("the schedule has fewer than {steps} steps"),
        }
    }
}

impl<T: Real, I: Iterator<Item = Result<Matrix<T>, Escaped>>> Sampler<T> for I {}

/// Where the chains are, or where one of them got lost.
#[derive(Debug)]
struct Chains<'r, T: Real> {
    state: Result<Matrix<T>, Escaped>,
    steps: usize,
    rng: &'r mut Generator,
}

impl<'r, T: Real> Chains<'r, T> {
    fn new(start: Matrix<T>, rng: &'r mut Generator) -> Self {
        Self { state: finite(start, 0), steps: 0, rng }
    }

    /// One step of all chains.
    fn advance(
        &mut self,
        score: impl FnOnce(&Matrix<T>) -> Matrix<T>,
        step: Step,
    ) -> Result<Matrix<T>, Escaped> {
        if let Ok(x) = &self.state {
            self.steps += 1;
            let (n, d) = x.shape();
            let z = if step.noise == 0.0 {
                Matrix::zeros(n, d) // ascent has no use for noise
            } else {
                standard_normal(n, d, self.rng)
            };
            self.state = finite(step.take(x, score(x), z), self.steps);
        }
        self.state.clone()
    }
}

/// The state, if all of it is finite.
fn finite<T: Real>(x: Matrix<T>, step: usize) -> Result<Matrix<T>, Escaped> {
    let lost = |i: &usize| x.row(*i).iter().any(|x| !x.to_f64().is_finite());
    if x.is_finite() {
        return Ok(x);
    }
    let chain = (0..x.rows()).find(lost).expect("some element is not finite");
    Err(Escaped { chain, step })
}
