//! Gaussian corruption: x̃ = x + σz with z ~ N(0, I).
//!
//! As a conditional density of x̃ given x it is the kernel
//!
//! ```text
//! log q_σ(x̃|x) = −‖x̃ − x‖²/(2σ²) − (d/2) log(2πσ²)
//! ∇_x̃ log q_σ(x̃|x) = (x − x̃)/σ²                         (T8)
//! ```
//!
//! The score ([T8](crate::identity::denoising_autoencoder)) points *from the corrupted point back
//! to the clean one*. Written the other way round, (x̃ − x)/σ², a model learns the negative of the
//! score and the energy comes out inverted: a frequent mistake in published code.
//!
//! Noise of other shapes is a [`Kernel`], and noise at several levels has [`NoiseScales`].
//!
//! A σ that is a number is to be positive, and with σ = 0 only [`corrupt`] makes sense. A σ that is an
//! array is not looked at: beyond its domain a formula gives what its operations give.
//!
//! ```
//! use score_matching::corruption::{corrupt, corrupt_each, denoise, log_density, score};
//! use score_matching::prelude::*;
//!
//! let row = |x, y| Matrix::from_rows([[x, y]]);
//! let (x, z) = (row(1.0, 0.0), row(-1.0, 1.0));
//! let noisy = corrupt(&x, &z, 0.5);
//! assert_eq!(noisy, row(0.5, 0.5)); // x + σz
//! assert_eq!(noisy, corrupt_each(&x, &z, &Matrix::from_rows([[0.5]]))); // a σ for each row
//! assert_eq!(score(&x, &noisy, 0.5), row(2.0, -2.0)); // (x − x̃)/σ² = −z/σ
//! assert_eq!(denoise(&noisy, score(&x, &noisy, 0.5), 0.5), x); // back again
//! let log = log_density(&x, &noisy, 0.5).item(); // −½‖z‖² − log 2πσ²
//! assert!((log + 1.0 + (0.5 * std::f64::consts::PI).ln()).abs() < 1e-14);
//! ```

mod kernel;
mod scales;

pub use kernel::Kernel;
pub use scales::NoiseScales;

use crate::{
    array::{Array, Linear},
    domain::{from_zero, positive},
};
use std::f64::consts::TAU;

/// x̃ = x + σz: (n, d), (n, d) → (n, d).
///
/// # Panics
/// If σ is negative or not finite.
#[track_caller]
pub fn corrupt<A: Array>(x: &A, noise: &A, sigma: f64) -> A {
    noise.clone() * from_zero("σ", sigma) + x
}

/// x̃ = x + σz with a σ for each row: (n, d), (n, d), (n, 1) → (n, d).
#[track_caller]
pub fn corrupt_each<A: Array>(x: &A, noise: &A, sigma: &A) -> A {
    let (_, d) = x.shape();
    noise.clone() * sigma.clone().linear(Linear::Spread(d)) + x
}

/// x̃ + σ² ψ(x̃), the mean of the clean points that x̃ may come from if ψ is the score of q_σ (Tweedie,
/// [T16](crate::identity::tweedie)): (n, d), (n, d) → (n, d).
///
/// # Panics
/// If σ is no positive number.
#[track_caller]
pub fn denoise<A: Array>(noisy: &A, score: A, sigma: f64) -> A {
    positive("σ", sigma);
    score * sigma * sigma + noisy
}

/// log q_σ(x̃|x), x first: (n, d), (n, d) → (n, 1).
///
/// # Panics
/// If σ is no positive number.
#[track_caller]
pub fn log_density<A: Array>(x: &A, noisy: &A, sigma: f64) -> A {
    let (_, d) = x.shape();
    let change = (noisy.clone() - x) * (1.0 / positive("σ", sigma));
    change.squared_norm() * -0.5 - d as f64 * (sigma.ln() + 0.5 * TAU.ln())
}

/// ∇_x̃ log q_σ(x̃|x) = (x − x̃)/σ², x first: (n, d), (n, d) → (n, d).
///
/// # Panics
/// If σ is no positive number.
#[track_caller]
pub fn score<A: Array>(x: &A, noisy: &A, sigma: f64) -> A {
    over_variance(x.clone() - noisy, sigma)
}

/// y/σ², divided by σ twice: of data that come in units of 10⁻²¹ neither σ² nor 1/σ² is a number in
/// single precision, and the quotient is one.
///
/// # Panics
/// If σ is no positive number.
#[track_caller]
pub(crate) fn over_variance<A: Array>(y: A, sigma: f64) -> A {
    let inverse = 1.0 / positive("σ", sigma);
    y * inverse * inverse
}
