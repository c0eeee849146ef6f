//! T26: contrastive divergence with a short Langevin step is implicit score matching.
//!
//! Let x⁻ = x + (ε/2) ψ(x) + √ε z, with ψ = −∇E, be one Langevin step from a point x, and a constant
//! for the gradient. Then at every x
//!
//! ```text
//! ∇_θ 𝔼[E(x) − E(x⁻)] = (ε/2) ∇_θ[½‖ψ‖² + tr J] + O(ε²)
//! ```
//!
//! Behind it stands an identity without a remainder. The step of length s, with the drift frozen at
//! x, is a Brownian motion with drift ψ(x)/2, and Itô's formula for E along it reads
//!
//! ```text
//! 𝔼[E(x) − E(x⁻)] = ½∫₀^ε 𝔼[⟨ψ(x), ψ(xₛ)⟩ + tr J(xₛ)] ds,      xₛ = x + (s/2) ψ(x) + √s z
//! ```
//!
//! for whatever E stands outside the path. So it holds for the values and, with all points and the
//! first ψ(x) held constant, for the gradients. At s = 0 the gradient of ⟨ψ(x), ψ⟩ with one factor
//! held is that of ½‖ψ‖²: that is where the ½ comes from, and why the values do not agree.

mod instance;

pub use instance::{Energy, Instance, at, gaussian, signs};

use super::{Evidence, OldCheck, OldSides, OldTheorem, magnitude};
use crate::{
    array::{Array, Linear},
    autodiff::{Tape, Var},
    matrix::{Matrix, noise::Generator},
    model::Parameters,
    objective::{self, trace},
    quadrature::{Rule, expectation},
    sampler::Step,
};
use rand::SeedableRng;
use std::iter::once;

/// The theorem of this page.
pub const THEOREMS: &[OldTheorem] = &[OldTheorem {
    number: 26,
    statement: "CD-1 with a Langevin step ε: ∇_θ 𝔼[E(x) − E(x⁻)] = (ε/2) ∇_θ[½‖ψ‖² + tr J] + O(ε²)",
    check: |rng| {
        let exact = quadratic(&Instance::quadratic(rng)).check();
        exact.worse(along_the_step(&Instance::any(rng), 1.0))
    },
    false_statement: "the values agree as well: 𝔼[E(x) − E(x⁻)] = (ε/2)[½‖ψ‖² + tr J] + O(ε²)",
    counterexample: |_| {
        let instance = Instance::random(2, &mut Generator::seed_from_u64(26));
        along_the_step(&instance, 0.5)
    },
}];

/// A loss and its gradient by every array of θ, as one list: the value comes first.
pub fn differentiated(
    theta: &Energy<Matrix>,
    loss: impl for<'t> Fn(&'t Tape, &Energy<Var<'t>>) -> Var<'t>,
) -> Vec<Matrix> {
    let tape = Tape::new();
    let theta = theta.clone().map(|p| tape.var(&p));
    let loss = loss(&tape, &theta);
    once(loss.value()).chain(loss.gradient(&theta.into_list())).collect()
}

/// 𝔼[E(x) − E(x⁻)] and its gradient, the step made by (ε/2, √ε) and x⁻ a constant.
pub fn contrastive(instance: &Instance) -> Vec<Matrix> {
    contrastive_by(instance, Step::halved(instance.epsilon))
}

/// The same by another step, right or wrong.
pub fn contrastive_by(instance: &Instance, step: Step) -> Vec<Matrix> {
    let (x, z, weights) = instance.pairs();
    let negative = step.take(&x, instance.energy.score(&x), z);
    differentiated(&instance.energy, |tape, theta| {
        let (x, negative) = (tape.var(&x), tape.var(&negative));
        let loss = objective::contrastive_divergence(|x| theta.energy(x), &x, &negative);
        expectation(&weights, &loss)
    })
}

/// 𝔼[E(x) − E(x⁻)] and its gradient, with the gradient let through the sampler: not what contrastive
/// divergence is.
pub fn through_the_sampler(instance: &Instance) -> Vec<Matrix> {
    let (x, z, weights) = instance.pairs();
    differentiated(&instance.energy, |tape, theta| {
        let x = tape.var(&x);
        let score = -theta.energy(&x).sum().grad(&[x])[0];
        let negative = Step::halved(instance.epsilon).take(&x, score, tape.var(&z));
        let loss = objective::contrastive_divergence(|x| theta.energy(x), &x, &negative);
        expectation(&weights, &loss)
    })
}

/// (ε/2) 𝔼[½‖ψ‖² + tr J] and its gradient.
pub fn implicit(instance: &Instance) -> Vec<Matrix> {
    first_order(instance, 1.0)
}

/// (ε/2) 𝔼[a ½‖ψ‖² + tr J] and its gradient: what the wrong rules follow, with a = 2.
pub fn first_order(instance: &Instance, a: f64) -> Vec<Matrix> {
    let Instance { energy, data, epsilon, .. } = instance;
    differentiated(energy, |tape, theta| {
        let x = tape.var(&data.nodes);
        let (psi, trace) = trace::of_energy_by_reverse(|x| theta.energy(x), &x);
        let excess = psi.squared_norm() * (0.5 * (a - 1.0));
        expectation(&data.weights, &(objective::implicit((psi, trace)) + excess)) * (0.5 * epsilon)
    })
}

/// What the two rules leave of the integrals of [`along_the_step`], relative to [`summed_terms`]:
/// see [`Instance::random`]. Not derived, but measured: the tests double the nodes of each rule, and
/// ask that no value moves by more.
pub const TRUNCATION: f64 = 1e-13;

/// Points s in (0, ε), with ε ≤ ¼: the integrand is smooth in s, and the tests see that they suffice.
pub const TIMES: usize = 6;

/// ½∫₀^ε 𝔼[a ⟨ψ(x), ψ(xₛ)⟩ + tr J(xₛ)] ds and its gradient, with x, xₛ and ψ(x) held; the truth has
/// a = 1.
pub fn integrated(instance: &Instance, a: f64) -> Vec<Matrix> {
    integrated_by(instance, a, TIMES)
}

/// The same by so many points s.
pub fn integrated_by(instance: &Instance, a: f64, count: usize) -> Vec<Matrix> {
    let (x, z, weights) = instance.pairs();
    let psi = instance.energy.score(&x);
    let times = Rule::gauss_legendre(0.0, instance.epsilon, count);
    let at = |s: &f64| Step::halved(*s).take(&x, psi.clone(), z.clone());
    let path: Vec<f64> = times.nodes.data().iter().flat_map(|s| at(s).data().to_vec()).collect();
    let path = Matrix::from_vec(count * x.rows(), x.cols(), path);
    let weights =
        times.weights.linear(Linear::Each(x.rows())) * weights.linear(Linear::Tile(count));
    let held = psi.linear(Linear::Tile(count)) * a;
    differentiated(&instance.energy, |tape, theta| {
        let (held, path) = (tape.var(&held), tape.var(&path));
        let (psi, trace) = trace::of_energy_by_reverse(|x| theta.energy(x), &path);
        expectation(&weights, &(psi.inner(&held) + trace)) * 0.5
    })
}

/// Σ|terms| of [`contrastive`], those of E with every parameter and coordinate made positive.
pub fn summed_terms(instance: &Instance) -> Vec<Matrix> {
    let (x, z, weights) = instance.pairs();
    let negative = Step::halved(instance.epsilon).take(&x, instance.energy.score(&x), z);
    let absolute = instance.energy.clone().map(|p| magnitude(&p));
    differentiated(&absolute, |tape, theta| {
        let energy = |x: &Matrix| theta.energy(&tape.var(&magnitude(x)));
        expectation(&weights, &(energy(&x) + energy(&negative)))
    })
}

/// T26 without a remainder: [`contrastive`] and [`integrated`], values and gradients.
///
/// Measured by [`summed_terms`]: a rounding for each node and 64 inside a term, and what the rules
/// leave.
pub fn along_the_step(instance: &Instance, a: f64) -> OldCheck {
    let nodes = (TIMES * instance.data.nodes.rows() * instance.noise.nodes.rows()) as f64;
    let (left, right) = (contrastive(instance), integrated(instance, a));
    let magnitude = summed_terms(instance);
    let sides = OldSides { left, right, magnitude, roundings: nodes + 64.0 };
    let check = sides.check();
    let tolerance = check.tolerance + 2.0 * TRUNCATION;
    OldCheck { evidence: Evidence::Quadrature, tolerance, ..check }
}

/// T26 for E = ½⟨Px, x⟩ + ⟨c, x⟩ at one point, where the remainder is known, and with all signs for z
/// nothing rounds:
///
/// ```text
/// 𝔼[E(x) − E(x⁻)] = (ε/2)(‖ψ‖² + tr J) − (ε²/8) ⟨Pψ, ψ⟩
///             ∇_P = (ε/2) ∇_P[½‖ψ‖² + tr J] − (ε²/8) ψψᵀ
///             ∇_c = (ε/2) ∇_c[½‖ψ‖² + tr J]
/// ```
pub fn quadratic(instance: &Instance) -> OldSides {
    let Instance { energy, data, epsilon, .. } = instance;
    let psi = energy.score(&data.nodes);
    let second = epsilon * epsilon * 0.125;
    let mut right = first_order(instance, 2.0);
    right[0] = right[0].clone() - psi.nn(&energy.precision).inner(&psi) * second;
    let first = implicit(instance);
    right[1] = first[1].clone() - psi.tn(&psi) * second;
    right[2] = first[2].clone();
    let left = contrastive(instance);
    OldSides { magnitude: left.iter().map(magnitude).collect(), left, right, roundings: 0.0 }
}

/// The Euclidean norm of two gradients' difference; the values, which come first, are left out.
pub fn distance(left: &[Matrix], right: &[Matrix]) -> f64 {
    let difference = |(l, r): (&Matrix, &Matrix)| l.clone() - r;
    let gap: Vec<Matrix> = left.iter().zip(right).map(difference).collect();
    inner(&gap, &gap).sqrt()
}

/// The angle between two gradients, in radians.
///
/// By the chord between the unit vectors, 2 sin(angle/2): the cosine of a small angle rounds to 1.
pub fn angle(left: &[Matrix], right: &[Matrix]) -> f64 {
    let unit = |list: &[Matrix]| -> Vec<Matrix> {
        let norm = inner(list, list).sqrt();
        list.iter().map(|m| m.clone() * (1.0 / norm)).collect()
    };
    2.0 * (0.5 * distance(&unit(left), &unit(right))).min(1.0).asin()
}

/// ⟨left, right⟩ of two gradients without the values that come first.
fn inner(left: &[Matrix], right: &[Matrix]) -> f64 {
    left.iter().zip(right).skip(1).map(|(l, r)| l.inner(r).sum().item()).sum()
}
