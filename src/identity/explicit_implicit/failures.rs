//! Where T2, T3 and T6 stop being true, each on a family with a margin.

use super::{Balance, CleanPoint, Instance, Model, equivalence};
use crate::{
    array::{Array, Linear},
    density::{Density, Univariate},
    identity::{OldCheck, magnitude},
    matrix::{Matrix, noise::Generator},
    objective::{explicit, implicit, trace},
    quadrature::Rule,
};
use rand::RngExt;
use std::f64::consts::TAU;

/// T2 with 𝔼‖ψ − ∇ log q‖² for ESM: wrong by ESM.
///
/// With ψ = c − x, c = 3, and the mean m of q in [−1, 1], ESM ≥ ½‖𝔼ψ − 𝔼∇ log q‖² = ½(3 − m)² ≥ 2.
pub fn without_the_half(rng: &mut Generator) -> OldCheck {
    let mut instance = Instance::random(1, rng);
    instance.model = Model::linear(Matrix::from_rows([[3.0]]), 1.0);
    let mut balance = equivalence(&instance, 1024);
    balance.left *= 2.0;
    balance.check()
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
pub fn heavy_tails(rng: &mut Generator) -> OldCheck {
    heavy_tails_within(rng.random_range(1.0..16.0)).check()
}

/// The same for one r: 𝔼[⟨ψ, ∇ log q⟩; |x| < r] and −𝔼[ψ′; |x| < r].
pub fn heavy_tails_within(r: f64) -> Balance {
    // In t = arctan x the density is constant, dx = (1 + x²) dt.
    let line = Rule::trapezoid(-r.atan(), r.atan(), 1024);
    let nodes = Matrix::from_fn(line.nodes.rows(), 1, |i, _| line.nodes.at(i, 0).tan());
    let rule = Rule { weights: line.weights * (nodes.squared_norm() + 1.0), nodes };
    let rule = Univariate::Cauchy.rule(&rule);
    let (cross, slope) = heavy_tailed_terms(&rule.nodes);
    Balance {
        left: rule.integrate(&cross),
        right: -rule.integrate(&slope),
        scale: rule.integrate(&(magnitude(&cross) + magnitude(&slope))),
        nodes: rule.nodes.rows(),
    }
}

/// x/(1 + ‖x‖²), a field that vanishes at infinity and yet carries 2π out of the plane:
/// (n, 2) → (n, 2).
pub fn leaking_field<A: Array>(x: &A) -> A {
    let (_, d) = x.shape();
    x.clone() * (x.squared_norm() + 1.0).reciprocal().linear(Linear::Spread(d))
}

/// ∫ div of [`leaking_field`] over the plane, and the 2π that it is not 0 by.
///
/// In polar coordinates with r = e^t: dx = r² dt dφ, and the integrand 4π r²/(1 + r²)² decays like
/// e^(−2|t|). Along φ it is constant, so a few directions serve.
pub fn leak(steps: usize) -> Balance {
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
    Balance { left, right: TAU, scale: left.abs() + TAU, nodes: n }
}

/// T6 with the target −z/σ² for −z/σ, at σ = ½.
///
/// The left side becomes 𝔼[½‖ψ‖²] + 𝔼[tr ∂ψ/∂x]/σ + d/(2σ⁴), the right one stays. With the trace
/// −1/s² of ψ = (c − x)/s², s ≥ 1, they differ by 6 − 1/s² ≥ 5.
pub fn target_over_sigma_squared(rng: &mut Generator) -> OldCheck {
    let sigma = 0.5;
    let model = Model::linear(Matrix::zeros(1, 1), rng.random_range(1.0..2.0));
    let point = CleanPoint { model, sigma, ..CleanPoint::random(1, rng) };
    let (rule, noisy) = point.rule(1024);
    let target = rule.nodes.clone() * (-1.0 / (sigma * sigma));
    let (psi, trace) = point.model.score_and_trace(&noisy);
    let terms = psi.squared_norm() + target.squared_norm() + magnitude(&trace);
    let balance = Balance {
        left: rule.integrate(&explicit(psi.clone(), &target)),
        right: rule.integrate(&implicit((psi, trace))) + 0.5 / (sigma * sigma),
        scale: rule.integrate(&terms),
        nodes: noisy.rows(),
    };
    balance.check()
}
