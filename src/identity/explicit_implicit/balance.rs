//! Two integrals that should be equal, as numbers.

use crate::{
    identity::{Evidence, OldCheck},
    matrix::Real,
    quadrature::converged,
};

/// Two integrals that should be equal, with what they are made of.
#[derive(Clone, Copy, Debug)]
pub struct Balance {
    /// One side.
    pub left: f64,
    /// The other.
    pub right: f64,
    /// 𝔼 Σ|terms| of both.
    pub scale: f64,
    /// How many nodes were added up.
    pub nodes: usize,
}

impl Balance {
    /// How far rounding may drive the sides apart, relative to the scale: as [`OldSides`](crate::identity::OldSides), with one
    /// rounding for each node, and 64 inside a term.
    pub fn tolerance(&self) -> f64 {
        2.0 * (self.nodes as f64 + 64.0) * f64::UNIT_ROUNDOFF
    }

    /// |left − right| against it.
    pub fn check(&self) -> OldCheck {
        let Self { left, right, scale, .. } = *self;
        OldCheck::new(Evidence::Quadrature, left, right, scale, self.tolerance())
    }
}

/// The identity with twice as many steps, after seeing that both of its sides had converged before.
///
/// # Panics
/// If they had not.
#[track_caller]
pub fn doubled(identity: impl Fn(usize) -> Balance, steps: usize) -> OldCheck {
    let (coarse, fine) = (identity(steps), identity(2 * steps));
    let allowed = fine.tolerance() * fine.scale;
    converged(coarse.left, fine.left, allowed);
    converged(coarse.right, fine.right, allowed);
    fine.check()
}
