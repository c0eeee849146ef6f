//! The two constants of a step.

use crate::{array::Array, matrix::Real};

/// x ← x + drift · ψ(x) + noise · z: the two constants of a step.
///
/// The literature writes them in two ways, (ε/2, √ε) and (α, √(2α)). They are the same for α = ε/2,
/// bit for bit ([T21](crate::identity::langevin)). With the drift of one convention and the noise
/// of the other the chain samples p^(1/T): T = 2 for (ε/2, √(2ε)), T = ½ for (ε, √ε).
///
/// ```
/// use score_matching::{prelude::*, sampler::Step};
///
/// assert_eq!(Step::halved(0.5), Step::doubled(0.25)); // (0.25, √0.5) both
/// let [x, score, z] = [2.0, -2.0, 1.0].map(|a| Matrix::from_rows([[a]]));
/// assert_eq!(Step::ascent(0.25).take(&x, score, z).item(), 1.5); // 2 − ¼ · 2
/// ```
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
    /// Unless ε is positive and finite, and ε/2 with it.
    #[track_caller]
    pub fn halved(epsilon: f64) -> Self {
        Self { drift: 0.5 * epsilon, noise: epsilon.sqrt() }.of_length(epsilon)
    }

    /// (α, √(2α)). The root is taken of the product: √2·√α would round differently.
    ///
    /// # Panics
    /// Unless α is positive and finite, and 2α with it.
    #[track_caller]
    pub fn doubled(alpha: f64) -> Self {
        Self { drift: alpha, noise: (2.0 * alpha).sqrt() }.of_length(alpha)
    }

    /// (α, 0): gradient ascent on log p, which is Langevin at temperature 0 and samples nothing.
    ///
    /// # Panics
    /// Unless α is positive and finite.
    #[track_caller]
    pub fn ascent(alpha: f64) -> Self {
        Self { drift: alpha, noise: 0.0 }.of_length(alpha)
    }

    #[track_caller]
    fn of_length(self, length: f64) -> Self {
        let Self { drift, noise } = self;
        let fits = drift > 0.0 && drift.is_finite() && noise.is_finite();
        assert!(fits, "a step of length {length:e}: a positive finite number expected");
        self
    }

    /// Refuses a step that a precision cannot take: in f32 one of length 1e-50 would not move at all.
    #[track_caller]
    pub(super) fn check<T: Real>(self) {
        let Self { drift, noise } = self;
        let fits = drift >= 0.0 && noise >= 0.0 && T::holds(drift) && T::holds(noise);
        assert!(fits, "{self:?}: numbers from 0 that this precision has expected");
    }

    /// x + drift · ψ + noise · z: all shapes (n, d).
    #[track_caller]
    pub fn take<A: Array>(self, x: &A, score: A, z: A) -> A {
        score * self.drift + x + z * self.noise
    }
}
