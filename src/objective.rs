//! Objectives: functionals of a score, as in the papers.
//!
//! An objective takes a score (a function of x), or the pair (ψ, tr ∂ψ/∂x) that any route of
//! [`trace`] produces, and returns the mean over the samples as a (1, 1) array. It does not know
//! which model the score belongs to.
//!
//! | objective | formula |
//! |---|---|
//! | [`denoising`] | 𝔼[½‖ψ(x̃) − ∇ log q_σ(x̃∣x)‖²] |
//! | [`reconstruction`] | 𝔼‖r(x̃) − x‖² |
//! | [`implicit`] | 𝔼[½‖ψ(x)‖² + tr ∂ψ/∂x] |
//!
//! With ψ(x̃) = (r(x̃) − x̃)/σ² the first is the second divided by 2σ⁴ (T10): the proof is in
//! `proofs/denoising_autoencoder.md`.
//!
//! A denoising loss does not go to zero: even the perfect score leaves a **noise floor**. Where it
//! is known it belongs beside the loss, see [`floor`].

pub mod floor;
pub mod trace;

use crate::{array::Array, corruption};

/// DSM_σ = 𝔼[½‖ψ(x̃) − (x − x̃)/σ²‖²], denoising score matching (Vincent 2011, equation 9).
///
/// Shapes: x and x̃ (n, d) → (1, 1).
#[track_caller]
pub fn denoising<A: Array>(score: impl Fn(&A) -> A, x: &A, noisy: &A, sigma: f64) -> A {
    let target = corruption::score(noisy, x, sigma);
    ((score(noisy) - target).squared_norm() * 0.5).mean()
}

/// DAE_σ = 𝔼‖r(x̃) − x‖², the objective of a denoising autoencoder (Vincent 2011, equation 2).
///
/// Shapes: x and x̃ (n, d) → (1, 1). A sum over the d dimensions, not a mean.
#[track_caller]
pub fn reconstruction<A: Array>(reconstruct: impl Fn(&A) -> A, x: &A, noisy: &A) -> A {
    (reconstruct(noisy) - x).squared_norm().mean()
}

/// ISM = 𝔼[½‖ψ‖² + tr ∂ψ/∂x], implicit score matching (Hyvärinen 2005, equation 4).
///
/// Shapes: ψ (n, d) and its trace (n, 1) → (1, 1).
#[track_caller]
pub fn implicit<A: Array>((score, trace): (A, A)) -> A {
    (score.squared_norm() * 0.5 + trace).mean()
}
