//! From polynomials to networks: both sides of T3 are continuous where polynomials are dense.
//!
//! For q = N(0, 1) and any polynomials ψ_N, for which T3 is proved,
//!
//! ```text
//! |𝔼[xψ − ψ′]| = |𝔼[x(ψ − ψ_N) − (ψ − ψ_N)′]| ≤ √2 ‖ψ − ψ_N‖₁,    ‖ψ‖₁² = 𝔼[ψ² + ψ′²]
//! ```
//!
//! by Cauchy and Schwarz with 𝔼x² = 1.

use super::AnyScore;
use crate::{
    array::Array,
    density::{Density, Mixture},
    matrix::{Matrix, Real},
    quadrature::Rule,
};

/// How near the first Hermite polynomials come to a score on the line.
#[derive(Clone, Debug)]
pub struct Approximation {
    /// |𝔼[xψ − ψ′]|
    pub defect: f64,
    /// How far rounding alone may drive it from 0.
    pub rounding: f64,
    /// ‖ψ − ψ_N‖₁ for N = 1, 2, …, where ψ_N = Σ_{n < N} 𝔼[ψhₙ] hₙ.
    pub distances: Vec<f64>,
}

/// The first `terms` partial sums of the Hermite series of ψ.
pub fn approximation(psi: &AnyScore<Matrix>, terms: usize) -> Approximation {
    let rule = Mixture::isotropic(1, 1.0).rule(&Rule::trapezoid(-28.0, 28.0, 2048));
    let x = &rule.nodes;
    let norm = |f: &Matrix| rule.integrate(&f.squared_norm()).sqrt();
    let (mut rest, mut slope) = psi.score_and_trace(x);
    let cross = rest.inner(x);
    let size = rule.integrate(&(cross.squared_norm() + slope.squared_norm())).sqrt();
    let mut found = Approximation {
        defect: rule.integrate(&(cross - &slope)).abs(),
        rounding: 2.0 * (x.rows() as f64 + 64.0) * f64::UNIT_ROUNDOFF * size,
        distances: vec![],
    };
    // h₀ = 1, h₍ₙ₊₁₎ = (x hₙ − √n h₍ₙ₋₁₎)/√(n + 1), orthonormal, and hₙ′ = √n h₍ₙ₋₁₎.
    let (mut before, mut here) = (x.clone() * 0.0, x.clone() * 0.0 + 1.0);
    for n in 0..terms {
        let root = (n as f64).sqrt();
        let c = rule.integrate(&rest.inner(&here));
        rest = rest - here.clone() * c;
        slope = slope - before.clone() * (c * root);
        found.distances.push(norm(&rest).hypot(norm(&slope)));
        let next = (x.clone() * &here - before * root) * (1.0 / (n as f64 + 1.0).sqrt());
        (before, here) = (here, next);
    }
    found
}
