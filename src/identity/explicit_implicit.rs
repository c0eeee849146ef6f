//! T2, T3, T6: explicit and implicit score matching differ by a constant (Hyvärinen 2005).
//!
//! ```text
//! T2  𝔼_q[½‖ψ − ∇ log q‖²] = 𝔼_q[½‖ψ‖² + tr ∂ψ/∂x] + ½ I(q)
//! T3  𝔼_q[⟨ψ, ∇ log q⟩ + tr ∂ψ/∂x] = 0
//! T6  𝔼_z[½‖ψ(x + σz) + z/σ‖²] = 𝔼_z[½‖ψ‖² + tr ∂ψ/∂x](x + σz) + d/(2σ²)      for every x
//! ```
//!
//! For networks, energies and mixtures the two sides are integrals, and [`Instance::rule`] gives the
//! nodes. For polynomials under a Gaussian they are integers: [`polynomial`]. The left sides never
//! see the trace, the right sides never see the score of the data.

pub mod failures;
pub mod instance;
pub mod polynomial;

pub use instance::{CleanPoint, Instance, Model};

use super::{Evidence, OldCheck, OldSides, OldTheorem, magnitude};
use crate::{
    array::Array,
    autodiff::{Dual, Tape, Var},
    density::Density,
    matrix::{Matrix, Real},
    model::Parameters,
    objective::{explicit, implicit},
    quadrature::{converged, expectation},
};
use polynomial::Field;
use rand::RngExt;

/// The theorems of this page.
pub const THEOREMS: &[OldTheorem] = &[
    OldTheorem {
        number: 2,
        statement: "ESM = ISM + ½ I(q)",
        check: |rng| {
            let instance = Instance::random(1, rng);
            doubled(|steps| equivalence(&instance, steps), 512)
        },
        false_statement: "the same with ESM written without its ½",
        counterexample: failures::without_the_half,
    },
    OldTheorem {
        number: 3,
        statement: "𝔼[⟨ψ, ∇ log q⟩ + tr ∂ψ/∂x] = 0, in integers",
        check: |rng| {
            let (d, degree) = (rng.random_range(1..=3), rng.random_range(0..=5));
            let (left, right) = polynomial::stein(&Field::random(d, degree, rng));
            let residual = if left == right { 0.0 } else { f64::INFINITY };
            OldCheck { evidence: Evidence::Exact, residual, tolerance: 0.0 }
        },
        false_statement: "the same where qψ does not vanish: Cauchy and (1 + x²) arctan x",
        counterexample: failures::heavy_tails,
    },
    OldTheorem {
        number: 6,
        statement: "around every clean point, 𝔼_z ESM = 𝔼_z ISM + d/(2σ²)",
        check: |rng| {
            let point = CleanPoint::random(1, rng);
            doubled(|steps| noisy_equivalence(&point, steps), 512)
        },
        false_statement: "the same with the target −z/σ²",
        counterexample: failures::target_over_sigma_squared,
    },
];

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
    /// How far rounding may drive the sides apart, relative to the scale: as [`OldSides`], with one
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

/// T2: ESM, and ISM + ½ I(q).
pub fn equivalence(instance: &Instance, steps: usize) -> Balance {
    let Instance { model, density, .. } = instance;
    let rule = instance.rule(steps);
    let data_score = density.score(&rule.nodes);
    let (psi, trace) = model.score_and_trace(&rule.nodes);
    let cross = magnitude(&psi.inner(&data_score));
    let terms = cross + psi.squared_norm() + magnitude(&trace) + data_score.squared_norm();
    let fisher_information = density.fisher_information(&rule);
    Balance {
        left: rule.integrate(&explicit(psi.clone(), &data_score)),
        right: rule.integrate(&implicit((psi, trace))) + 0.5 * fisher_information,
        scale: rule.integrate(&terms),
        nodes: rule.nodes.rows(),
    }
}

/// First step of the proof, at every point: ½‖ψ − s‖² and ½‖ψ‖² − ⟨ψ, s⟩ + ½‖s‖².
pub fn expanded_square(psi: &Matrix, data_score: &Matrix) -> OldSides {
    let squares = (psi.squared_norm() + data_score.squared_norm()) * 0.5;
    let (_, d) = psi.shape();
    OldSides {
        left: vec![explicit(psi.clone(), data_score)],
        right: vec![squares.clone() - psi.inner(data_score)],
        magnitude: vec![squares + magnitude(psi).inner(&magnitude(data_score))],
        roundings: d as f64 + 4.0,
    }
}

/// Second step, at every point: ∇q, by differentiating q, and q ∇ log q.
pub fn density_gradient(instance: &Instance, x: &Matrix) -> OldSides {
    let (n, d) = x.shape();
    let Instance { density, .. } = instance;
    let slopes = density.density(&Dual::axes(x)).tangents_or_zero(d);
    let (q, score) = (density.density(x), density.score(x));
    // A component is e^(−Q) with Q = ½⟨c, Pc⟩, c = x − μ, and no entry of P above p. Where Q rounds
    // by u Q, its exponential rounds by so much more; then comes the factor Pc.
    let p = instance.largest_precision();
    let size = |i| {
        let c = x.row(i).iter().map(|x| x.abs() + 1.0).sum::<f64>();
        q.at(i, 0) * (1.0 + p * c * c) * p * c
    };
    OldSides {
        left: vec![Matrix::from_fn(n, d, |i, j| slopes.at(i * d + j, 0))],
        right: vec![Matrix::from_fn(n, d, |i, j| q.at(i, 0) * score.at(i, j))],
        magnitude: vec![Matrix::from_fn(n, d, |i, _| size(i))],
        roundings: 4.0 * d as f64 + 16.0,
    }
}

/// Third step, T3 coordinate by coordinate: 𝔼[ψᵢ ∂ᵢ log q] and −𝔼[∂ᵢψᵢ] for every i.
pub fn by_parts(instance: &Instance, steps: usize) -> Vec<Balance> {
    let Instance { model, density, .. } = instance;
    let rule = instance.rule(steps);
    let (psi, diagonal) = model.score_and_diagonal(&rule.nodes);
    let cross = psi * density.score(&rule.nodes);
    let (nodes, d) = rule.nodes.shape();
    let column = |m: &Matrix, i: usize| Matrix::from_fn(nodes, 1, |row, _| m.at(row, i));
    let balance = |i| {
        let (cross, slope) = (column(&cross, i), column(&diagonal, i));
        Balance {
            left: rule.integrate(&cross),
            right: -rule.integrate(&slope),
            scale: rule.integrate(&(magnitude(&cross) + magnitude(&slope))),
            nodes,
        }
    };
    (0..d).map(balance).collect()
}

/// ∇_θ of both sides of T2, array by array: the gradients of ESM and of ISM, each by the tape, with
/// the weights of the quadrature as numbers.
pub fn gradients(instance: &Instance, steps: usize) -> OldSides {
    let Instance { model, density, .. } = instance;
    let rule = instance.rule(steps);
    let tape = Tape::new();
    let theta = model.clone().map(|p| tape.var(&p));
    let data_score = tape.var(&density.score(&rule.nodes));
    let (psi, trace) = theta.score_and_trace(&tape.var(&rule.nodes));
    let theta = theta.into_list();
    let gradient = |of: Var| -> Vec<Matrix> { expectation(&rule.weights, &of).gradient(&theta) };

    // Σ|terms| from below: the largest entries of the gradients of what the two sides are made of.
    let largest = |arrays: Vec<Matrix>| {
        arrays.iter().flat_map(Matrix::data).fold(0.0, |m: f64, x| m.max(x.abs()))
    };
    let parts = [psi.squared_norm(), psi.inner(&data_score), trace];
    let scale: f64 = parts.into_iter().map(|part| largest(gradient(part))).sum();
    let left = gradient(explicit(psi, &data_score));
    OldSides {
        magnitude: left.iter().map(|g| Matrix::from_fn(g.rows(), g.cols(), |_, _| scale)).collect(),
        left,
        right: gradient(implicit((psi, trace))),
        roundings: rule.nodes.rows() as f64 + 64.0,
    }
}

/// T6: 𝔼_z[½‖ψ(x̃) + z/σ‖²], and 𝔼_z[½‖ψ‖² + tr ∂ψ/∂x](x̃) + d/(2σ²), for x̃ = x + σz.
pub fn noisy_equivalence(point: &CleanPoint, steps: usize) -> Balance {
    let CleanPoint { model, sigma, .. } = point;
    let (rule, noisy) = point.rule(steps);
    let (nodes, d) = noisy.shape();
    let target = rule.nodes.clone() * (-1.0 / sigma);
    let (psi, trace) = model.score_and_trace(&noisy);
    let cross = magnitude(&psi.inner(&target));
    let terms = cross + psi.squared_norm() + magnitude(&trace) + target.squared_norm();
    Balance {
        left: rule.integrate(&explicit(psi.clone(), &target)),
        right: rule.integrate(&implicit((psi, trace))) + 0.5 * d as f64 / (sigma * sigma),
        scale: rule.integrate(&terms),
        nodes,
    }
}
