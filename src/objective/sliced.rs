//! Estimates of the trace along random directions: Hutchinson's, and sliced score matching.
//!
//! For a random v with 𝔼[v vᵀ] = I, 𝔼[vᵀ J v] = tr J (Hutchinson 1989). One direction costs one
//! forward tangent instead of d. Three laws of v have this property; their variances differ
//! ([T13](crate::identity::traces)):
//!
//! | law | var(vᵀ A v) for a symmetric A; of any other A its symmetric part counts |
//! |---|---|
//! | [`Rademacher`](Probe::Rademacher), signs | 2(‖A‖² − Σ aᵢᵢ²) |
//! | [`Gaussian`](Probe::Gaussian) | 2‖A‖² |
//! | [`Sphere`](Probe::Sphere) of radius √d | 2d/(d + 2) · (‖A‖² − (tr A)²/d) |
//!
//! Unit vectors do *not*: they give tr J/d, a mistake that has been shipped.
//!
//! ```
//! use score_matching::objective::sliced::{Probe, all_signs, hutchinson, sliced};
//! use score_matching::prelude::*;
//!
//! let m = Matrix::from_rows([[1.0, 3.0], [1.0, 2.0]]); // ψ(x) = Mᵀx, of trace 3
//! let psi = |x: &Dual<Matrix>| x.nn(&Dual::constant(&m));
//! let (x, v) = (Matrix::zeros(1, 2), all_signs(2)); // four directions for one sample
//! assert_eq!(hutchinson(psi, &x, &v).1.item(), 3.0); // vᵀMv is 7 or −1
//! assert_eq!(Probe::Rademacher.variance(&m).item(), 16.0); // 3 ± 4
//! assert_eq!(sliced(psi, &x, &v).item(), 3.0); // ψ(0) = 0
//! let v: Matrix = Probe::Sphere.draw(5, 2, &mut Generator::seed_from_u64(1));
//! assert!(v.squared_norm().data().iter().all(|square| (square - 2.0).abs() < 1e-14));
//! ```

use crate::{
    array::{Array, Linear},
    autodiff::Dual,
    matrix::{Matrix, Real, noise::standard_normal},
};
use rand::{Rng, RngExt};

/// A law of directions v with 𝔼[v vᵀ] = I.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// Independent signs ±1.
    Rademacher,
    /// N(0, I).
    Gaussian,
    /// Uniform on the sphere of radius √d.
    Sphere,
}

impl Probe {
    /// n·k directions, k for each of n samples: (n·k, d).
    #[track_caller]
    pub fn draw<T: Real>(self, rows: usize, d: usize, rng: &mut impl Rng) -> Matrix<T> {
        match self {
            Self::Rademacher => {
                Matrix::from_fn(rows, d, |_, _| if rng.random() { 1.0 } else { -1.0 })
            }
            Self::Gaussian => standard_normal(rows, d, rng),
            Self::Sphere => {
                let z = standard_normal::<T>(rows, d, rng);
                let norm = z.squared_norm();
                Matrix::from_fn(rows, d, |i, j| z.at(i, j) * (d as f64 / norm.at(i, 0)).sqrt())
            }
        }
    }

    /// var(vᵀ A v) of one direction, for any A, (d, d) → (1, 1): vᵀ A v sees only S = (A + Aᵀ)/2.
    ///
    /// With A = J it is the variance of [`hutchinson`], with A = J + ½ψψᵀ that of [`sliced`].
    #[track_caller]
    pub fn variance<A: Array>(self, a: &A) -> A {
        let (n, d) = a.shape();
        let s = (a.clone() + a.clone().linear(Linear::Transpose)) * 0.5;
        let diagonal = s.clone() * a.constant(n, d, |i, j| f64::from(u8::from(i == j)));
        let d = d as f64;
        let all = s.squared_norm().sum(); // ‖S‖²
        match self {
            Self::Rademacher => (all - diagonal.squared_norm().sum()) * 2.0,
            Self::Gaussian => all * 2.0,
            Self::Sphere => {
                let trace = diagonal.sum();
                (all * d - trace.squared_norm()) * (2.0 / (d + 2.0))
            }
        }
    }
}

/// All 2ᵈ vectors of signs, one a row: their average is an expectation over
/// [`Rademacher`](Probe::Rademacher) directions without any sampling.
///
/// # Panics
/// If they are more than memory can hold.
#[track_caller]
pub fn all_signs(d: usize) -> Matrix {
    let all = u32::try_from(d).ok().and_then(|d| 1_usize.checked_shl(d)).unwrap_or(usize::MAX);
    Matrix::from_fn(all, d, |i, j| if i >> j & 1 == 0 { 1.0 } else { -1.0 })
}

/// ψ(x) and vᵀ (∂ψ/∂x) v, averaged over the k directions of every sample: shapes x (n, d) and
/// v (n·k, d) → (n, d) and (n, 1). In place of the exact pair of [`trace`](super::trace).
///
/// # Panics
/// If the directions do not fit, as [`Dual::along`]; every sample needs one at least.
#[track_caller]
pub fn hutchinson<A: Array>(score: impl Fn(&Dual<A>) -> Dual<A>, x: &A, v: &A) -> (A, A) {
    let moving = Dual::along(x, v);
    let (k, psi) = (moving.k(), score(&moving));
    let value = psi.value.clone();
    let quadratic = psi.tangents_or_zero(k).inner(v);
    (value, quadratic.linear(Linear::SumEach(k)) * (1.0 / k as f64))
}

/// ½(vᵀψ)² + vᵀ J v, sliced score matching without variance reduction (Song et al. 2019),
/// averaged over the k directions of every sample: (n, 1).
///
/// With [`hutchinson`] and [`implicit`](super::implicit) the first term is the exact ½‖ψ‖²: that is
/// their variance-reduced form.
///
/// # Panics
/// As [`hutchinson`].
#[track_caller]
pub fn sliced<A: Array>(score: impl Fn(&Dual<A>) -> Dual<A>, x: &A, v: &A) -> A {
    let k = Dual::along(x, v).k();
    let (value, quadratic) = hutchinson(score, x, v);
    let along = value.linear(Linear::Each(k)).inner(v);
    (along.clone() * along).linear(Linear::SumEach(k)) * (0.5 / k as f64) + quadratic
}
