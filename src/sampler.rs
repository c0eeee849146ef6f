//! Samplers: from a score to samples.
//!
//! A score was learned in order to sample. Every sampler here needs nothing but that score (only
//! the [Metropolis correction](mod@metropolis) needs an energy as well), and each is one line:
//!
//! ```text
//! ascent      x ← x + α ψ(x)                        climbs to a mode; x₀ decides to which
//! Langevin    x ← x + (ε/2) ψ(x) + √ε z             samples p, up to a bias of order ε
//! Metropolis  the same, but some steps are refused  samples p
//! annealed    Langevin on q_σ₁, …, q_σ_L in turn    finds the modes before it resolves them
//! ```
//!
//! They differ in their [`Transition`], which takes the chains from one state to the next. The rest
//! is one iterator, [`Chains`], over the points of many independent chains. Rows are chains, so one
//! product moves many; to thin, to record and to stop, use the iterators of the standard
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
//! [`Negatives`] are short chains of a model in training, for contrastive divergence. And there is a way
//! from noise to samples without any noise on the way, the [probability flow](mod@flow), which knows the
//! likelihood of what it draws.
//!
//! A chain that leaves the finite numbers is lost: an [error](Escaped) that names the chain and the
//! step. The iterator then repeats it as long as it has steps, so no adaptor can step over it. The
//! other chains know nothing of it and go on, to the same bits: who wants them asks for the
//! [survivors](Chains::survivors).
//!
//! ```
//! use rand::SeedableRng;
//! use score_matching::{Array, Matrix, matrix::noise::Generator};
//! use score_matching::sampler::{Sampler, Step, langevin};
//!
//! // The score of e^(−x⁴/4) is too steep far out for a step of this length.
//! let score = |x: &Matrix| -(x.clone() * x * x);
//! let mut rng = Generator::seed_from_u64(1);
//! let start = Matrix::from_rows([[0.5], [100.0], [-1.0]]);
//! let mut chains = langevin(score, start, Step::halved(0.1), &mut rng);
//! let escaped = chains.by_ref().after(50).unwrap_err(); // by_ref, to ask the chains afterwards
//! assert_eq!((escaped.chain, escaped.lost, escaped.of), (1, 1, 3));
//! let (survivors, x) = chains.survivors();
//! assert_eq!((survivors, x.shape()), (vec![0, 2], (2, 1)));
//! ```

mod annealed;
mod blocks;
pub mod flow;
pub mod metropolis;
mod negatives;
mod step;

pub use annealed::{Annealed, Level, annealed, levels};
pub use metropolis::{Metropolis, metropolis};
pub use negatives::Negatives;
pub use step::Step;

use blocks::by_blocks;

use crate::{
    array::Array,
    matrix::{
        Matrix, Real,
        noise::{Generator, standard_normal},
    },
};
use std::fmt;

/// The transition of [`langevin`]: x ← x + drift · ψ(x) + noise · z. See the example of [`langevin`].
#[derive(Debug)]
pub struct Langevin<S> {
    score: S,
    step: Step,
}

/// Langevin dynamics at one step size, or ascent with [`Step::ascent`], from `start` (n, d).
///
/// `score` gives ψ(x): (n, d) → (n, d), row by row: it is asked for a few hundred chains at a time, on
/// several threads. Each step draws its own noise for all chains from `rng`.
///
/// ```
/// use score_matching::{prelude::*, sampler::{Step, langevin}};
///
/// let score = |x: &Matrix| -x.clone(); // of N(0, 1)
/// let mut rng = Generator::seed_from_u64(1);
/// let start = Matrix::from_rows([[16.0], [-16.0]]);
/// let mut climb = langevin(score, start, Step::ascent(0.5), &mut rng); // no noise: half way to 0
/// assert_eq!(climb.after(4), Ok(Matrix::from_rows([[1.0], [-1.0]])));
/// ```
///
/// # Panics
/// If the step is negative, or infinite or nothing in this precision; and on the way, if the score
/// has another shape than x.
#[track_caller]
pub fn langevin<T: Real, S: Fn(&Matrix<T>) -> Matrix<T> + Sync>(
    score: S,
    start: Matrix<T>,
    step: Step,
    rng: &mut Generator,
) -> Chains<'_, T, Langevin<impl Fn(&Matrix<T>) -> Matrix<T> + use<T, S>>> {
    step.check::<T>();
    let score = move |x: &Matrix<T>| {
        let [score] = by_blocks(x, &|x| [score(x)]);
        score
    };
    Chains::new(Langevin { score, step }, start, rng)
}

impl<T: Real, S: Fn(&Matrix<T>) -> Matrix<T>> Transition<T> for Langevin<S> {
    type State = Matrix<T>;

    fn begin(&self, x: Matrix<T>) -> Matrix<T> {
        x
    }

    #[track_caller]
    fn step(&mut self, x: &Matrix<T>, _: usize, rng: &mut Generator) -> Matrix<T> {
        let (n, d) = x.shape();
        let z = if self.step.noise == 0.0 {
            Matrix::zeros(n, d) // ascent has no use for noise
        } else {
            standard_normal(n, d, rng)
        };
        let score = (self.score)(x);
        assert!(score.shape() == (n, d), "the score of {:?} is {:?}", (n, d), score.shape());
        self.step.take(x, score, z) // ±∞ and NaN stay what they are, whatever is added
    }
}

/// How chains move: what the samplers differ in. [`Chains`] call it; see the example of [`langevin`].
pub trait Transition<T: Real> {
    /// Where the chains are, (n, d), and what the next step needs to know about it.
    type State: Clone + Into<Matrix<T>>;

    /// The state of chains at x (n, d) that have not moved yet.
    fn begin(&self, x: Matrix<T>) -> Self::State;

    /// One step of all chains, after `taken` steps. A row is a chain and knows nothing of the others:
    /// one that is lost, at a point that is not finite, stays lost and changes no bit of them.
    #[track_caller]
    fn step(&mut self, state: &Self::State, taken: usize, rng: &mut Generator) -> Self::State;

    /// How many steps there are; `None`, if there is no end.
    fn steps(&self) -> Option<usize> {
        None
    }
}

/// Chains on their way: the iterator behind every sampler, over the points (n, d) after 1, 2, …
/// steps.
///
/// From the step on that loses a chain it gives that error, and moves the others nevertheless.
/// See the example of [`langevin`].
#[derive(Debug)]
pub struct Chains<'r, T: Real, M: Transition<T>> {
    transition: M,
    state: M::State,
    taken: usize,
    escaped: Option<Escaped>,
    rng: &'r mut Generator,
}

impl<'r, T: Real, M: Transition<T>> Chains<'r, T, M> {
    #[track_caller]
    fn new(transition: M, start: Matrix<T>, rng: &'r mut Generator) -> Self {
        let state = transition.begin(start);
        let mut chains = Self { transition, state, taken: 0, escaped: None, rng };
        chains.count_lost();
        chains
    }

    /// Where the chains are, (n, d), those that are lost too.
    fn points(&self) -> Matrix<T> {
        self.state.clone().into()
    }

    /// The chains that are not lost: their numbers, from 0, and where they are, (survivors, d).
    pub fn survivors(&self) -> (Vec<usize>, Matrix<T>) {
        let x = self.points();
        let chains: Vec<usize> = (0..x.rows()).filter(|&i| is_finite(x.row(i))).collect();
        let survivors = x.select(&chains);
        (chains, survivors)
    }

    fn count_lost(&mut self) {
        let x = self.points();
        if x.is_finite() {
            return;
        }
        let lost: Vec<usize> = (0..x.rows()).filter(|&i| !is_finite(x.row(i))).collect();
        let first = Escaped { chain: lost[0], step: self.taken, lost: 0, of: x.rows() };
        self.escaped.get_or_insert(first).lost = lost.len();
    }
}

impl<T: Real, M: Transition<T>> Iterator for Chains<'_, T, M> {
    type Item = Result<Matrix<T>, Escaped>;

    #[track_caller]
    fn next(&mut self) -> Option<Self::Item> {
        if self.transition.steps() == Some(self.taken) {
            return None;
        }
        self.state = self.transition.step(&self.state, self.taken, self.rng);
        self.taken += 1;
        self.count_lost();
        Some(self.escaped.map_or_else(|| Ok(self.points()), Err))
    }
}

/// Chains have left the finite numbers: the step was too long, or the score is wrong there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Escaped {
    /// Which row was the first, from 0.
    pub chain: usize,
    /// At which step it was, from 1; 0 if the start was there already.
    pub step: usize,
    /// How many are lost by now.
    pub lost: usize,
    /// How many chains there are.
    pub of: usize,
}

impl fmt::Display for Escaped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { chain, step, lost, of } = self;
        write!(f, "sampling failed: chain {chain} left the finite numbers at step {step}; ")?;
        write!(f, "lost so far: {lost} of {of}")
    }
}

impl std::error::Error for Escaped {}

fn is_finite<T: Real>(row: &[T]) -> bool {
    row.iter().all(|x| x.to_f64().is_finite())
}

/// What a sampler can do in addition to being an iterator. See the example of [`langevin`].
pub trait Sampler<T: Real>: Iterator<Item = Result<Matrix<T>, Escaped>> + Sized {
    /// The points after the given number of steps, (n, d).
    ///
    /// # Errors
    /// If a chain has left the finite numbers on the way. All of the steps are made nevertheless.
    ///
    /// # Panics
    /// If `steps` is 0, or more than the sampler has.
    #[track_caller]
    fn after(mut self, steps: usize) -> Result<Matrix<T>, Escaped> {
        assert!(steps > 0, "after 0 steps there is the start");
        let mut last = None;
        for _ in 0..steps {
            last = self.next(); // not `nth`, through which `track_caller` does not reach
        }
        match last {
            Some(points) => points,
            None => panic!("the schedule has fewer than {steps} steps"),
        }
    }
}

impl<T: Real, I: Iterator<Item = Result<Matrix<T>, Escaped>>> Sampler<T> for I {}
