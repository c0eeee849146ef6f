//! Where T2, T3 and T6 stop being true.

use super::{ScoreAroundPoint, ScoreUnderLaw, mean};
use crate::{
    array::{Array, Linear},
    density::{Density, Univariate},
    grid::Exact,
    identity::{Sides, magnitude, number},
    matrix::{Matrix, noise::Generator},
    objective::{self, trace},
    quadrature::Rule,
};
use rand::RngExt;
use std::f64::consts::TAU;

/// What the two sides of T2 are made of, before the expectation.
#[derive(Debug)]
pub(super) struct Parts {
    pub psi: Exact,
    pub data_score: Exact,
    diagonal: Exact,
}

impl Parts {
    pub fn explicit(&self) -> Exact {
        objective::explicit(self.psi.clone(), &self.data_score)
    }

    /// ½‖s‖²
    pub fn half_information(&self) -> Exact {
        self.data_score.squared_norm() * 0.5
    }

    /// ½‖ψ‖² + tr J + ½‖s‖²
    pub fn implicit(&self) -> Exact {
        self.implicit_with(self.trace())
    }

    /// The same with another trace.
    pub fn implicit_with(&self, trace: Exact) -> Exact {
        objective::implicit((self.psi.clone(), trace)) + self.half_information()
    }

    pub fn trace(&self) -> Exact {
        self.diagonal.clone().sum_over_dimensions()
    }

    /// ∂ψ₁/∂x₁
    pub fn first_slope(&self) -> Exact {
        Exact::from_fn(1, 1, |_, _| self.diagonal.at(0, 0).clone())
    }
}

/// A false identity for every cubic ψ in the plane under every Gaussian.
pub(super) fn refuted(claim: fn(&Parts) -> [Exact; 2]) -> Sides {
    let law = ScoreUnderLaw::every(2, 3);
    let (psi, diagonal) = law.psi.score_and_diagonal(&law.x);
    let sides = claim(&Parts { psi, diagonal, data_score: law.data_score });
    Sides::proof(mean(2, sides.map(|side| vec![side])))
}

/// A false identity around every clean point in the plane, made from the two sides of T6.
pub(super) fn refuted_around_a_point(
    claim: fn(&ScoreAroundPoint<Exact>, [Exact; 2]) -> [Exact; 2],
) -> Sides {
    let around = ScoreAroundPoint::every(2, 3);
    let sides = claim(&around, around.objectives());
    Sides::proof(mean(2, sides.map(|side| vec![side])))
}

/// ψ = (1 + x²) arctan x under a Cauchy density, where qψ tends to ±½: ⟨ψ, ∇ log q⟩ and ψ′.
///
/// ```text
/// −2x/(1 + x²) · (1 + x²) arctan x + (2x arctan x + 1) = 1      at every x
/// ```
pub fn heavy_tailed_terms(x: &Matrix) -> (Matrix, Matrix) {
    let at = |f: fn(f64) -> f64| Matrix::from_fn(x.rows(), 1, |i, _| f(x.at(i, 0)));
    let psi = at(|x| (1.0 + x * x) * x.atan());
    (psi * Univariate::Cauchy.score(x), at(|x| 2.0 * x * x.atan() + 1.0))
}

/// T3 for that ψ, on [−r, r] with 1 ≤ r ≤ 16: instead of 0 it is the mass (2/π) arctan r ≥ ½ there.
pub(super) fn heavy_tails(rng: &mut Generator) -> Sides {
    heavy_tails_within(rng.random_range(1.0..16.0), 1024, 0.0)
}

/// 𝔼[⟨ψ, ∇ log q⟩ + ψ′; |x| < r] for that ψ, by the given number of steps, and what is claimed for it.
pub fn heavy_tails_within(r: f64, steps: usize, claimed: f64) -> Sides {
    // In t = arctan x the density is constant, dx = (1 + x²) dt.
    let line = Rule::trapezoid(-r.atan(), r.atan(), steps);
    let nodes = Matrix::from_fn(line.nodes.rows(), 1, |i, _| line.nodes.at(i, 0).tan());
    let rule = Rule { weights: line.weights * (nodes.squared_norm() + 1.0), nodes };
    let rule = Univariate::Cauchy.rule(&rule);
    let (cross, slope) = heavy_tailed_terms(&rule.nodes);
    let terms = rule.integrate(&(magnitude(&cross) + magnitude(&slope)));
    let left = rule.integrate(&(cross + slope));
    Sides::integrals([number(left), number(claimed)], number(terms), rule.nodes.rows())
}

/// x/(1 + ‖x‖²), a field that vanishes at infinity and yet carries 2π out of the plane:
/// (n, 2) → (n, 2).
pub fn leaking_field<A: Array>(x: &A) -> A {
    let (_, d) = x.shape();
    x.clone() * (x.squared_norm() + 1.0).reciprocal().linear(Linear::Spread(d))
}

/// ∫ div of [`leaking_field`] over the plane, by the given number of steps, and what is claimed for it.
///
/// In polar coordinates with r = e^t: dx = r² dt dφ, and the integrand 4π r²/(1 + r²)² decays like
/// e^(−2|t|), so that 10⁻¹⁷ are left out beyond |t| = 20. Along φ it is constant: a few directions do.
pub fn leak(steps: usize, claimed: f64) -> Sides {
    const DIRECTIONS: usize = 8;
    let line = Rule::trapezoid(-20.0, 20.0, steps);
    let n = line.nodes.rows() * DIRECTIONS;
    let polar = |row: usize| {
        let angle = TAU * (row % DIRECTIONS) as f64 / DIRECTIONS as f64;
        (line.nodes.at(row / DIRECTIONS, 0).exp(), [angle.cos(), angle.sin()])
    };
    let nodes = Matrix::from_fn(n, 2, |row, i| polar(row).0 * polar(row).1[i]);
    let weights = Matrix::from_fn(n, 1, |row, _| {
        let (r, _) = polar(row);
        line.weights.at(row / DIRECTIONS, 0) * r * r * TAU / DIRECTIONS as f64
    });
    let rule = Rule { nodes, weights };
    let (_, divergence) = trace::of_score(leaking_field, &rule.nodes);
    let left = rule.integrate(&divergence);
    let terms = rule.integrate(&magnitude(&divergence)) + TAU;
    Sides::integrals([number(left), number(claimed)], number(terms), n)
}
