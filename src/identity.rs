//! Theorems as functions: each returns the two sides of an identity, computed independently.
//!
//! The tests quantify over them, the proof pages walk through them, a figure draws their residuals.
//!
//! | theorem | function |
//! |---|---|
//! | T8, the kernel's score | [`denoising_autoencoder::kernel_score`] |
//! | T9, energy and score of the autoencoder | [`denoising_autoencoder::energy_score`] |
//! | T10, DSM ≡ DAE/(2σ⁴) | [`denoising_autoencoder::equivalence`] |
//! | T11, a score has a symmetric Jacobian | [`denoising_autoencoder::jacobian`] |
//!
//! **How close is equal?** Two ways of computing one number in floating point differ by rounding.
//! If both are built of sums of products in which each term passes through at most K roundings,
//! each is off by at most K u Σ|terms| to first order, u being the unit roundoff. So two sides agree
//! if |left − right| ≤ 2 K u Σ|terms|. [`Sides`] carries K and Σ|terms|: nothing is tuned.

pub mod denoising_autoencoder;

use crate::{
    array::Array,
    matrix::{Matrix, Real},
};

/// The two sides of an identity, array by array (a loss and its gradients, say).
#[derive(Clone, Debug)]
pub struct Sides {
    /// One side.
    pub left: Vec<Matrix>,
    /// The other side, of the same shapes.
    pub right: Vec<Matrix>,
    /// Σ|terms| of every element.
    pub magnitude: Vec<Matrix>,
    /// K, how many roundings a term passes through at most.
    pub roundings: f64,
}

impl Sides {
    /// Whether both sides agree bit for bit.
    pub fn are_identical(&self) -> bool {
        self.left == self.right
    }

    /// The largest |left − right|/Σ|terms|, in units of u. What is 0 on both sides counts as 0.
    ///
    /// Not a number on either side gives infinity: it must never pass for agreement.
    pub fn residual(&self) -> f64 {
        let arrays = self.left.iter().zip(&self.right).zip(&self.magnitude);
        let elements = arrays.flat_map(|((l, r), m)| l.data().iter().zip(r.data()).zip(m.data()));
        elements
            .map(|((l, r), m)| match (l - r).abs() {
                0.0 => 0.0,
                gap if gap.is_finite() => gap / m / f64::UNIT_ROUNDOFF,
                _ => f64::INFINITY,
            })
            .fold(0.0, f64::max)
    }

    /// What [`Sides::residual`] may at most be: 2 K.
    pub fn tolerance(&self) -> f64 {
        2.0 * self.roundings
    }

    /// Whether both sides agree to rounding.
    pub fn agree(&self) -> bool {
        self.residual() <= self.tolerance()
    }
}

/// |x|, elementwise.
fn magnitude(x: &Matrix) -> Matrix {
    x.clone().relu() + (-x.clone()).relu()
}
