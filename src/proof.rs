//! What the proof pages use: one `use score_matching::proof::*;` and the page reads like the paper.
//!
//! The pages are Markdown with Rust between the equations. They are documentation tests of this
//! crate, so `cargo test` runs every step of every proof.

pub use crate::{
    corruption::{self, corrupt},
    grid::Exact,
    identity::denoising_autoencoder::{Instance, equivalence, jacobian, path_integral},
    identity::{Sides, explicit_implicit},
    model::{Autoencoder, Wiener},
    objective::{denoising, explicit, implicit, reconstruction},
    prelude::*,
};

use crate::matrix::Real;

/// A matrix of independent N(0, 1) numbers, the same for the same seed.
pub fn normal(rows: usize, cols: usize, seed: u64) -> Matrix {
    standard_normal(rows, cols, &mut Generator::seed_from_u64(seed))
}

/// The example by hand of the page `pipeline`: two pixels, one hidden unit, σ = ½, z = (−1, 1), and
/// numbers that nothing rounds.
pub fn two_pixels() -> Instance {
    let rows = Matrix::from_rows;
    let model = Autoencoder {
        w: rows([[1.0, -1.0]]),
        b: Matrix::zeros(1, 1),
        c: rows([[0.5, 0.0]]),
        a: None,
    };
    Instance { model, x: rows([[1.0, 0.0]]), noisy: rows([[0.5, 0.5]]), sigma: 0.5 }
}

/// Asserts that two matrices agree to rounding, and names the equation if they do not.
///
/// The difference may be 1024 u of the largest element, u = 2⁻⁵³: enough for the sums of a few
/// dozen terms on a page. Bounds that are derived term by term, for all shapes, are in the tests.
///
/// # Panics
/// If they differ by more, or in shape.
#[track_caller]
pub fn near(left: &Matrix, right: &Matrix, equation: &str) {
    let gap = distance(left, right);
    let allowed = 1024.0 * f64::UNIT_ROUNDOFF;
    assert!(gap <= allowed, "{equation}: the sides differ by {gap:e} of the largest element");
}

/// Asserts that two matrices are far apart: by at least `margin` of the largest element.
///
/// # Panics
/// If they are nearer, or differ in shape.
#[track_caller]
pub fn far(left: &Matrix, right: &Matrix, margin: f64, statement: &str) {
    let gap = distance(left, right);
    assert!(gap >= margin, "{statement}: the sides differ by {gap:e} of the largest element only");
}

/// max |left − right| / max(|left|, |right|)
#[track_caller]
fn distance(left: &Matrix, right: &Matrix) -> f64 {
    let largest = |m: &Matrix| m.data().iter().map(|x| x.abs()).fold(0.0, f64::max);
    let scale = largest(left).max(largest(right));
    let gap = largest(&(left.clone() - right));
    if gap == 0.0 { 0.0 } else { gap / scale }
}
