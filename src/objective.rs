//! Objectives: functionals of a score, as in the papers.
//!
//! An objective takes a score (a function of x), or the pair (ψ, tr ∂ψ/∂x) that any route of
//! [`trace`] produces. It does not know which model the score belongs to. It returns one number a
//! sample, (n, 1); the expectation is the caller's: `.mean()` over a sample, or the weighted sum of
//! a quadrature, [`expectation`](crate::quadrature::expectation).
//!
//! | objective | formula |
//! |---|---|
//! | [`explicit`] | ½‖ψ(x) − ∇ log q(x)‖² |
//! | [`implicit`] | ½‖ψ(x)‖² + tr ∂ψ/∂x |
//! | [`weighted_implicit`] | ½ w‖ψ‖² + w tr ∂ψ/∂x + ⟨∇w, ψ⟩ |
//! | [`weighted_implicit_by_coordinate`] | Σᵢ [½ wᵢψᵢ² + wᵢ ∂ψᵢ/∂xᵢ + ψᵢ ∂wᵢ/∂xᵢ] |
//! | [`regularised`] | implicit + λ Σᵢ (∂ψᵢ/∂xᵢ)² |
//! | [`sliced`](sliced::sliced) | ½(vᵀψ)² + vᵀ (∂ψ/∂x) v |
//! | [`denoising`] | ½‖ψ(x̃) − ∇ log q_σ(x̃∣x)‖² |
//! | [`denoising_by`] | ½‖ψ(x̃) − ∇ log K(x̃∣x)‖², any kernel |
//! | [`denoising_with_control`] | the same less two terms of known mean, so that σ → 0 is harmless |
//! | [`noise_conditional`] | λ(σ) ½‖ψ(x̃; σ) − (x − x̃)/σ²‖², each sample at its own level |
//! | [`reconstruction`] | ‖r(x̃) − x‖² |
//! | [`contrastive_divergence`] | E(x) − E(x⁻) |
//!
//! With ψ(x̃) = (r(x̃) − x̃)/σ² [`denoising`] is [`reconstruction`] divided by 2σ⁴
//! ([T10](crate::identity::denoising_autoencoder)).
//!
//! A denoising loss does not go to zero: even the perfect score leaves a **noise floor**, because
//! the clean point cannot be known from the corrupted one. A loss printed without it "never
//! decreases"; where it is known it belongs beside the loss, see [`noise_floor`].
//!
//! # By hand
//! ψ(x) = −2x at the one point x = 3, with the trace −2:
//!
//! ```
//! use score_matching::objective::{explicit, implicit, regularised, weighted_implicit};
//! use score_matching::{objective::weighted_implicit_by_coordinate, prelude::*};
//!
//! let at = |x: f64| Matrix::from_rows([[x]]);
//! let pair = || (at(-6.0), at(-2.0)); // ψ and its trace
//! let (weight, slope) = (at(9.0), at(6.0)); // w = x² and its slope 2x
//! assert_eq!(explicit(at(-6.0), &at(-3.0)).item(), 4.5); // of data with the score −x
//! assert_eq!(implicit(pair()).item(), 16.0); // 18 − 2
//! assert_eq!(weighted_implicit(pair(), &weight, &slope).item(), 108.0); // 9 · 16 − 6 · 6
//! assert_eq!(weighted_implicit_by_coordinate(pair(), &weight, &slope).item(), 108.0);
//! assert_eq!(regularised(at(-6.0), &at(-2.0), 0.5).item(), 18.0); // 16 + ½ · 2²
//! ```
//!
//! ψ(x) = −x at x = 1, corrupted by z = 2 with σ = ½ to x̃ = 2:
//!
//! ```
//! use score_matching::objective::{contrastive_divergence, denoising, denoising_by};
//! use score_matching::objective::{Weight, denoising_with_control, noise_conditional, noise_floor};
//! use score_matching::{corruption::Kernel, objective::reconstruction, prelude::*};
//!
//! let at = |x: f64| Matrix::from_rows([[x]]);
//! let (x, z, noisy, sigma) = (at(1.0), at(2.0), at(2.0), 0.5);
//! let psi = |x: &Matrix| -x.clone();
//! assert_eq!(denoising(psi, &x, &noisy, sigma).item(), 2.0); // ½(−2 + z/σ)²
//! assert_eq!(denoising_by(&Kernel::Isotropic { sigma }, psi, &x, &noisy).item(), 2.0);
//! assert_eq!(denoising_with_control(psi, &x, &z, sigma).item(), -2.0); // 2 + (−2 + 1) z/σ
//! let each = noise_conditional(|x, _| psi(x), &x, &z, &at(sigma), Weight::Variance);
//! assert_eq!(each.item(), 2.0 * Weight::Variance.of(&at(sigma)).item()); // σ² times it
//! assert_eq!(reconstruction(|x| x.clone() * 0.25, &x, &noisy).item(), 0.25); // (½ − 1)²
//! assert_eq!(contrastive_divergence(|x| x.squared_norm() * 0.5, &x, &noisy).item(), -1.5);
//! assert_eq!(noise_floor(1, sigma, 0.8), 1.6); // for N(0, 1): I(q_σ) = 1/1.25
//! ```

pub mod sliced;
pub mod trace;

use crate::{
    array::{Array, Linear},
    corruption::{self, Kernel},
    domain::{from_zero, positive},
};

/// ½‖ψ(x) − ∇ log q(x)‖², explicit score matching (Hyvärinen 2005, equation 2): half the Fisher
/// divergence. It needs the score of the data, which only a known density has.
///
/// Shapes: both scores (n, d) → (n, 1).
#[track_caller]
pub fn explicit<A: Array>(score: A, data_score: &A) -> A {
    (score - data_score).squared_norm() * 0.5
}

/// ½‖ψ(x̃) − (x − x̃)/σ²‖², denoising score matching (Vincent 2011).
///
/// Shapes: x and x̃ (n, d) → (n, 1).
///
/// # Panics
/// If σ is no positive number.
#[track_caller]
pub fn denoising<A: Array>(score: impl Fn(&A) -> A, x: &A, noisy: &A, sigma: f64) -> A {
    explicit(score(noisy), &corruption::score(x, noisy, sigma))
}

/// ½‖ψ(x̃) − ∇ log K(x̃|x)‖², denoising score matching with any noise
/// ([T30](crate::identity::denoising_explicit)): the score of the kernel stands where [`explicit`]
/// has that of the data.
///
/// Shapes: x and x̃ (n, d) → (n, 1).
///
/// # Panics
/// If the width of the kernel is no positive number.
#[track_caller]
pub fn denoising_by<A: Array>(kernel: &Kernel, score: impl Fn(&A) -> A, x: &A, noisy: &A) -> A {
    explicit(score(noisy), &kernel.score(x, noisy))
}

/// ‖r(x̃) − x‖², the objective of a denoising autoencoder (Vincent et al. 2010; Vincent 2011).
///
/// Shapes: x and x̃ (n, d) → (n, 1). A sum over the d dimensions, not a mean.
#[track_caller]
pub fn reconstruction<A: Array>(reconstruct: impl Fn(&A) -> A, x: &A, noisy: &A) -> A {
    (reconstruct(noisy) - x).squared_norm()
}

/// ½‖ψ‖² + tr ∂ψ/∂x, implicit score matching (Hyvärinen 2005, equation 4).
///
/// Shapes: ψ (n, d) and its trace (n, 1) → (n, 1).
#[track_caller]
pub fn implicit<A: Array>((score, trace): (A, A)) -> A {
    score.squared_norm() * 0.5 + trace
}

/// ½ w‖ψ‖² + w tr ∂ψ/∂x + ⟨∇w, ψ⟩, implicit score matching with a weight w(x) ≥ 0 that vanishes
/// where q does not: the boundary term of the integration by parts is gone
/// ([T4](crate::identity::where_implicit_fails)). It has to vanish on all of the boundary: ‖x‖²
/// does so on the half-line, but not on the faces of an orthant in more dimensions, for which there
/// is [`weighted_implicit_by_coordinate`].
///
/// Shapes: ψ (n, d) and its trace (n, 1), w (n, 1), ∇w (n, d) → (n, 1).
#[track_caller]
pub fn weighted_implicit<A: Array>((score, trace): (A, A), weight: &A, slope: &A) -> A {
    let drift = score.inner(slope);
    implicit((score, trace)) * weight + drift
}

/// Σᵢ [½ wᵢψᵢ² + wᵢ ∂ψᵢ/∂xᵢ + ψᵢ ∂wᵢ/∂xᵢ], implicit score matching with a weight for each coordinate:
/// wᵢ = xᵢ² for data on the positive orthant (Hyvärinen 2007). A weight wᵢ has to vanish only on
/// the faces that the i-th axis crosses ([T4](crate::identity::where_implicit_fails)). With all wᵢ
/// the same it is [`weighted_implicit`], a later form.
///
/// Shapes: ψ, the diagonal of its Jacobian as [`trace::diagonal_of_score`] gives it, w and its
/// diagonal, all (n, d) → (n, 1).
#[track_caller]
pub fn weighted_implicit_by_coordinate<A: Array>(
    (score, diagonal): (A, A),
    weight: &A,
    slope: &A,
) -> A {
    let drift = score.inner(slope);
    (score.clone() * score * 0.5 + diagonal).inner(weight) + drift
}

/// ½‖ψ‖² + tr ∂ψ/∂x + λ Σᵢ (∂ψᵢ/∂xᵢ)², regularised score matching (Kingma and LeCun 2010). The
/// regulariser belongs inside the expectation.
///
/// Shapes: ψ (n, d) and the diagonal of ∂ψ/∂x (n, d) → (n, 1).
///
/// # Panics
/// If λ is negative or not finite.
#[track_caller]
pub fn regularised<A: Array>(score: A, diagonal: &A, lambda: f64) -> A {
    let regulariser = diagonal.squared_norm() * from_zero("λ", lambda);
    implicit((score, diagonal.clone().sum_over_dimensions())) + regulariser
}

/// ½‖ψ(x + σz) + z/σ‖² − ⟨ψ(x), z⟩/σ − ‖z‖²/(2σ²), denoising with its control variates
/// ([T14](crate::identity::denoising_explicit)).
///
/// The two terms taken off have known means, 0 and d/(2σ²), but carry the variance that makes plain
/// denoising blow up as σ → 0. What remains tends to ½‖ψ‖² + zᵀ J z, sliced score matching. It is
/// evaluated in cancelled form,
///
/// ```text
/// ½‖ψ(x̃)‖² + ⟨ψ(x̃) − ψ(x), z⟩/σ
/// ```
///
/// and not as a difference of terms of size 1/σ². Shapes: x and z (n, d) → (n, 1).
///
/// # Panics
/// If σ is no positive number.
#[track_caller]
pub fn denoising_with_control<A: Array>(
    score: impl Fn(&A) -> A,
    x: &A,
    noise: &A,
    sigma: f64,
) -> A {
    let inverse = 1.0 / positive("σ", sigma);
    let at_noisy = score(&corruption::corrupt(x, noise, sigma));
    let change = at_noisy.clone() - score(x);
    at_noisy.squared_norm() * 0.5 + change.inner(noise) * inverse
}

/// λ(σ) ½‖ψ(x̃; σ) − (x − x̃)/σ²‖² with a σ for each sample: noise-conditional denoising (Song and
/// Ermon 2019, equation 6; [T24](crate::identity::noise_conditional)). Written with the noise,
/// (x − x̃)/σ² = −z/σ.
///
/// The choice of the paper is λ(σ) = σ²: then the loss of the perfect score is at most d/2 on every
/// level. With λ = 1 nearly all noise of the gradient comes from the smallest level. The weight goes
/// inside the norm, ½‖σψ + z‖² and ½‖ψ + z/σ‖²: for data in very small units σ² would underflow
/// and ψ² overflow.
///
/// Shapes: x and z (n, d), σ (n, 1) → (n, 1).
#[track_caller]
pub fn noise_conditional<A: Array>(
    score: impl Fn(&A, &A) -> A,
    x: &A,
    noise: &A,
    sigma: &A,
    lambda: Weight,
) -> A {
    let (_, d) = x.shape();
    let spread = |column: A| column.linear(Linear::Spread(d));
    let psi = score(&corruption::corrupt_each(x, noise, sigma), sigma);
    let residual = match lambda {
        Weight::Variance => psi * spread(sigma.clone()) + noise,
        Weight::One => noise.clone() * spread(sigma.clone().reciprocal()) + psi,
    };
    residual.squared_norm() * 0.5
}

/// E(x) − E(x⁻), contrastive divergence (Hinton 2002): lower the energy of the data, raise it where
/// the model's own chain goes from there. x⁻ is what k Langevin steps made of x (or of a chain that
/// persists), and it is a constant: no gradient flows through the sampler.
///
/// Only the gradient means something. For one step of length ε it is (ε/2) ∇ISM + O(ε²)
/// ([T26](crate::identity::contrastive_divergence)); the value is not a loss that falls.
///
/// Shapes: x (n, d) and x⁻ (n, d), as many of the one as of the other → (n, 1).
#[track_caller]
pub fn contrastive_divergence<A: Array>(energy: impl Fn(&A) -> A, x: &A, negative: &A) -> A {
    energy(x) - energy(negative)
}

/// d/(2σ²) − ½ I(q_σ), the least value of DSM_σ over all functions
/// ([T7](crate::identity::denoising_explicit)), from the Fisher information I(q_σ) = 𝔼‖∇ log q_σ‖²
/// of the smoothed density.
///
/// # Panics
/// If σ is no positive number.
#[track_caller]
pub fn noise_floor(d: usize, sigma: f64, fisher_information: f64) -> f64 {
    0.5 * (d as f64 / positive("σ", sigma) / sigma - fisher_information)
}

/// λ(σ), the weight of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// λ = σ²
    Variance,
    /// λ = 1
    One,
}

impl Weight {
    /// λ(σ): (n, 1) → (n, 1).
    pub fn of<A: Array>(self, sigma: &A) -> A {
        match self {
            Self::Variance => sigma.clone() * sigma,
            Self::One => sigma.constant(sigma.shape().0, 1, |_, _| 1.0),
        }
    }
}
