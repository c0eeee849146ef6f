//! Shapes in the plane for pictures and trainings; each is a mixture, so its score is exact.
//!
//! ```
//! use score_matching::density::shapes::{pinwheel, ring, spiral, two_moons};
//!
//! let strokes = [pinwheel(), ring(), spiral(), two_moons()].map(|shape| shape.modes().count());
//! assert_eq!(strokes, [5, 16, 24, 14]);
//! ```

use super::Mixture;
use crate::matrix::Matrix;
use std::f64::consts::{PI, TAU};

/// Gaussians with standard deviations `long` along an angle and `short` across it.
fn strokes(strokes: impl Iterator<Item = ([f64; 2], f64)>, long: f64, short: f64) -> Mixture {
    Mixture::new(strokes.map(|(centre, angle)| {
        let (sin, cos) = angle.sin_cos();
        let (a, b) = (long * long, short * short);
        let cross = (a - b) * sin * cos;
        let covariance = Matrix::from_rows([
            [a * cos * cos + b * sin * sin, cross],
            [cross, a * sin * sin + b * cos * cos],
        ]);
        (1.0, Matrix::from_rows([centre]), covariance)
    }))
}

/// Five arms at radius 2, each a Gaussian with standard deviations 0.7 along and 0.25 across; one
/// stands on top. Each is turned by 0.65 from the tangent, so that it points at the next one's side
/// and the arms chase each other.
pub fn pinwheel() -> Mixture {
    let arm = |k: usize| {
        let angle = TAU * k as f64 / 5.0 + 0.5 * PI;
        ([2.0 * angle.cos(), 2.0 * angle.sin()], angle + 0.5 * PI - 0.65)
    };
    strokes((0..5).map(arm), 0.7, 0.25)
}

/// Sixteen Gaussians along a circle of radius 2.
pub fn ring() -> Mixture {
    let arc = |k: usize| {
        let angle = TAU * k as f64 / 16.0;
        ([2.0 * angle.cos(), 2.0 * angle.sin()], angle + 0.5 * PI)
    };
    strokes((0..16).map(arc), 0.35, 0.15)
}

/// Twenty-four Gaussians along an Archimedean spiral, from radius 0.9 to radius 2.7 in a bit more
/// than one turn; the windings are 1.5 apart.
pub fn spiral() -> Mixture {
    let end = 1.75 * TAU;
    let arc = |k: usize| {
        // The length of the spiral grows like the square of its angle.
        let angle = end * ((k + 3) as f64 / 26.0).sqrt();
        let radius = 2.7 * angle / end;
        ([radius * angle.cos(), radius * angle.sin()], angle + angle.atan())
    };
    strokes((0..24).map(arc), 0.35, 0.12)
}

/// Two interleaved half circles of seven Gaussians each; the horn of one ends in the middle of the
/// other, touching nothing.
pub fn two_moons() -> Mixture {
    let arc = |k: usize| {
        let (moon, place) = (k / 7, k % 7);
        let angle = PI * place as f64 / 6.0;
        let (x, y) = (1.6 * angle.cos(), 1.6 * angle.sin());
        if moon == 0 {
            ([x - 0.8, y - 0.15], angle + 0.5 * PI)
        } else {
            ([0.8 - x, 0.15 - y], angle + 0.5 * PI)
        }
    };
    strokes((0..14).map(arc), 0.35, 0.15)
}
