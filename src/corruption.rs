//! Gaussian corruption: x̃ = x + σz with z ~ N(0, I).
//!
//! As a conditional density of x̃ given x it is the kernel
//!
//! ```text
//! log q_σ(x̃|x) = −‖x̃ − x‖²/(2σ²) − (d/2) log(2πσ²)
//! ∇_x̃ log q_σ(x̃|x) = (x − x̃)/σ²                         (T8)
//! ```
//!
//! The score points *from the corrupted point back to the clean one*. Written the other way round,
//! (x̃ − x)/σ², a model learns the negative of the score and the energy comes out inverted: a
//! frequent mistake in published code.
//!
//! Noise of other shapes is a [`Kernel`].

mod kernel;

pub use kernel::Kernel;

use crate::array::Array;

/// x̃ = x + σz: (n, d), (n, d) → (n, d).
#[track_caller]
pub fn corrupt<A: Array>(x: &A, noise: &A, sigma: f64) -> A {
    noise.clone() * sigma + x
}

/// log q_σ(x̃|x), x first: (n, d), (n, d) → (n, 1).
#[track_caller]
pub fn log_density<A: Array>(x: &A, noisy: &A, sigma: f64) -> A {
    let (_, d) = x.shape();
    let variance = sigma * sigma;
    let log_norm = 0.5 * d as f64 * (std::f64::consts::TAU * variance).ln();
    (noisy.clone() - x).squared_norm() * (-0.5 / variance) - log_norm
}

/// ∇_x̃ log q_σ(x̃|x) = (x − x̃)/σ², x first: (n, d), (n, d) → (n, d).
#[track_caller]
pub fn score<A: Array>(x: &A, noisy: &A, sigma: f64) -> A {
    (x.clone() - noisy) * (1.0 / (sigma * sigma))
}
