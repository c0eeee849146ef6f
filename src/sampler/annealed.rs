//! Annealed Langevin dynamics (Song and Ermon 2019, algorithm 1).
//!
//! ```text
//! for i = 1 … L                        from the largest σ to the smallest
//!     αᵢ = ε σᵢ²/σ_L²
//!     T times   x ← x + (αᵢ/2) ψ(x; σᵢ) + √αᵢ z
//! ```
//!
//! At a large σ the modes of q_σ have run into each other and a chain finds its share of each; as σ
//! falls they part again, each with the chains that belong to it. With αᵢ ∝ σᵢ² every level is the
//! same chain on another scale ([T23](crate::identity::annealing)).

use super::{Chains, Langevin, Step, Transition, blocks::by_blocks};
use crate::{
    corruption::NoiseScales,
    matrix::{Matrix, Real, noise::Generator},
};

/// One noise level of a schedule.
///
/// See the example of [`levels`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// σᵢ
    pub sigma: f64,
    /// The step taken there.
    pub step: Step,
}

/// The schedule of the paper, αᵢ = ε σᵢ²/σ_L²: ε is the step at the smallest level.
///
/// ```
/// use score_matching::corruption::NoiseScales;
/// use score_matching::sampler::{Level, Step, levels};
///
/// let schedule = levels(&NoiseScales::geometric(2.0, 1.0, 2), 0.5);
/// assert_eq!(schedule[0], Level { sigma: 2.0, step: Step::halved(2.0) }); // ½ · 2²/1²
/// assert_eq!(schedule[1], Level { sigma: 1.0, step: Step::halved(0.5) });
/// ```
///
/// # Panics
/// Unless every αᵢ is positive and finite, and σᵢ/σ_L with it.
#[track_caller]
pub fn levels(scales: &NoiseScales, epsilon: f64) -> Vec<Level> {
    let mut levels = Vec::new();
    for &sigma in scales.sigmas() {
        let ratio = sigma / scales.smallest(); // at the last level exactly 1
        let alpha = epsilon * ratio * ratio; // from ε on: the square alone may be too large
        let fits = alpha > 0.0 && alpha.is_finite();
        assert!(
            fits,
            "levels: ε = {epsilon:e} makes a step of {alpha:e} at σ = {sigma:e}: \
             a positive finite one expected"
        );
        levels.push(Level { sigma, step: Step::halved(alpha) });
    }
    levels
}

/// The transition of [`annealed`]: that of Langevin, for the score and the step of the level.
/// See the example of [`annealed`].
#[derive(Debug)]
pub struct Annealed<S> {
    score: S,
    levels: Vec<Level>,
    steps_per_level: usize,
}

/// Annealed Langevin dynamics from `start` (n, d): T steps on every level in turn, L·T in all.
///
/// `score` gives ψ(x; σ): (n, d) → (n, d), asked as by [`langevin`](super::langevin). At the end the
/// samples still carry noise of the last level; [`denoise`](crate::corruption::denoise) takes it off.
///
/// ```
/// use rand::SeedableRng;
/// use score_matching::{Array, Matrix, matrix::noise::Generator};
/// use score_matching::corruption::{NoiseScales, denoise};
/// use score_matching::sampler::{Sampler, annealed, levels};
///
/// // Data at ±1: the score of q_σ is (tanh(x/σ²) − x)/σ².
/// let score = |x: &Matrix, sigma: f64| {
///     let precision = 1.0 / (sigma * sigma);
///     ((x.clone() * precision).tanh() - x) * precision
/// };
/// let scales = NoiseScales::geometric(2.0, 0.1, 8);
/// let mut rng = Generator::seed_from_u64(1);
/// let schedule = levels(&scales, 0.1 * 0.1 * 0.1);
/// let x = annealed(score, Matrix::zeros(500, 1), schedule, 50, &mut rng).after(8 * 50)?;
/// let x = denoise(&x, score(&x, 0.1), 0.1);
/// assert!(x.data().iter().all(|x| (x.abs() - 1.0).abs() < 1e-6)); // back at the data
/// assert!(x.mean().item().abs() < 0.27); // and half of them at each: 6/√500
/// # Ok::<(), score_matching::sampler::Escaped>(())
/// ```
///
/// # Panics
/// As [`langevin`](super::langevin), for each of the levels.
#[track_caller]
pub fn annealed<T: Real, S: Fn(&Matrix<T>, f64) -> Matrix<T> + Sync>(
    score: S,
    start: Matrix<T>,
    levels: Vec<Level>,
    steps_per_level: usize,
    rng: &mut Generator,
) -> Chains<'_, T, Annealed<impl Fn(&Matrix<T>, f64) -> Matrix<T> + use<T, S>>> {
    for level in &levels {
        level.step.check::<T>();
    }
    let score = move |x: &Matrix<T>, sigma| {
        let [score] = by_blocks(x, &|x| [score(x, sigma)]);
        score
    };
    Chains::new(Annealed { score, levels, steps_per_level }, start, rng)
}

impl<T: Real, S: Fn(&Matrix<T>, f64) -> Matrix<T>> Transition<T> for Annealed<S> {
    type State = Matrix<T>;

    fn begin(&self, x: Matrix<T>) -> Matrix<T> {
        x
    }

    #[track_caller]
    fn step(&mut self, x: &Matrix<T>, taken: usize, rng: &mut Generator) -> Matrix<T> {
        let Level { sigma, step } = self.levels[taken / self.steps_per_level];
        Langevin { score: |x: &Matrix<T>| (self.score)(x, sigma), step }.step(x, taken, rng)
    }

    fn steps(&self) -> Option<usize> {
        Some(self.levels.len().saturating_mul(self.steps_per_level))
    }
}
