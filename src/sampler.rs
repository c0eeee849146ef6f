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
//! They differ in their [`Transition`], which takes the chains from one state to the next. The rest
//! is one iterator, [`Chains`], over the points of many independent chains. Rows are chains, so one
//! product moves them all; to thin, to record and to stop, use the iterators of the standard
//! library.
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
//! The iterator then repeats it as long as it has steps, so no adaptor can step over it.

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
/// bit for bit (T21). Mixing the drift of one convention with the noise of the other samples p^(1/T)
/// with T ≠ 1.
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

/// The transition of [`langevin`]: x ← x + drift · ψ(x) + noise · z.
#[derive(Debug)]
pub struct Langevin<S> {
    score: S,
    step: Step,
}

/// Langevin dynamics at one step size, or ascent with [`Step::ascent`], from `start` (n, d).
///
/// `score` gives ψ(x): (n, d) → (n, d). Each step draws its own noise for all chains from `rng`.
pub fn langevin<T: Real, S: Fn(&Matrix<T>) -> Matrix<T>>(
    score: S,
    start: Matrix<T>,
    step: Step,
    rng: &mut Generator,
) -> Chains<'_, T, Langevin<S>> {
    Chains::new(Langevin { score, step }, start, rng)
}

impl<T: Real, S: Fn(&Matrix<T>) -> Matrix<T>> Transition<T> for Langevin<S> {
    type State = Matrix<T>;

    fn begin(&self, x: Matrix<T>) -> Matrix<T> {
        x
    }

    fn step(&mut self, x: &Matrix<T>, _: usize, rng: &mut Generator) -> Result<Matrix<T>, usize> {
        let (n, d) = x.shape();
        let z = if self.step.noise == 0.0 {
            Matrix::zeros(n, d) // ascent has no use for noise
        } else {
            standard_normal(n, d, rng)
        };
        finite(self.step.take(x, (self.score)(x), z))
    }
}

/// How chains move: what the samplers differ in.
pub trait Transition<T: Real> {
    /// Where the chains are, (n, d), and what the next step needs to know about it.
    type State: Clone + Into<Matrix<T>>;

    /// The state of chains at x (n, d) that have not moved yet.
    fn begin(&self, x: Matrix<T>) -> Self::State;

    /// One step of all chains, after `taken` steps.
    ///
    /// # Errors
    /// The first chain that leaves the finite numbers.
    fn step(
        &mut self,
        state: &Self::State,
        taken: usize,
        rng: &mut Generator,
    ) -> Result<Self::State, usize>;
}

/// Chains on their way: the iterator behind every sampler, over the points (n, d) after 1, 2, …
/// steps, without end.
#[derive(Debug)]
pub struct Chains<'r, T: Real, M: Transition<T>> {
    transition: M,
    state: Result<M::State, Escaped>,
    taken: usize,
    rng: &'r mut Generator,
}

impl<'r, T: Real, M: Transition<T>> Chains<'r, T, M> {
    fn new(transition: M, start: Matrix<T>, rng: &'r mut Generator) -> Self {
        let state = finite(start).map(|x| transition.begin(x));
        let state = state.map_err(|chain| Escaped { chain, step: 0 });
        Self { transition, state, taken: 0, rng }
    }
}

impl<T: Real, M: Transition<T>> Iterator for Chains<'_, T, M> {
    type Item = Result<Matrix<T>, Escaped>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Ok(state) = &self.state {
            let next = self.transition.step(state, self.taken, self.rng);
            self.taken += 1;
            self.state = next.map_err(|chain| Escaped { chain, step: self.taken });
        }
        Some(self.state.clone().map(Into::into))
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

/// x, if all of it is finite; else the first row that is not.
fn finite<T: Real>(x: Matrix<T>) -> Result<Matrix<T>, usize> {
    let lost = |&i: &usize| !x.row(i).iter().all(|x| x.to_f64().is_finite());
    (0..x.rows()).find(lost).map_or(Ok(x), Err)
}

/// What a sampler can do in addition to being an iterator.
pub trait Sampler<T: Real>: Iterator<Item = Result<Matrix<T>, Escaped>> + Sized {
    /// The points after the given number of steps, (n, d).
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
            Some(points) => points,
            None => panic!("the schedule has fewer than {steps} steps"),
        }
    }
}

impl<T: Real, I: Iterator<Item = Result<Matrix<T>, Escaped>>> Sampler<T> for I {}
