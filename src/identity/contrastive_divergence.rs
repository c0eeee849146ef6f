//! T26: contrastive divergence with a short Langevin step is implicit score matching.
//!
//! Let x⁻ = x + (ε/2) ψ(x) + √ε z, with ψ = −∇E, be one Langevin step from a point x, and a constant
//! for the gradient. Then at every x
//!
//! ```text
//! ∇_θ 𝔼[E(x) − E(x⁻)] = (ε/2) ∇_θ[½‖ψ‖² + tr J] + O(ε²)
//! ```
//!
//! For a quadratic energy the remainder is known, and all of it is proved. For any other stands an
//! identity without a remainder. The step of length s, with the drift frozen at x, is a Brownian
//! motion with drift ψ(x)/2, and Itô's formula for E along it reads
//!
//! ```text
//! 𝔼[E(x) − E(x⁻)] = ½∫₀^ε 𝔼[⟨ψ(x), ψ(xₛ)⟩ + tr J(xₛ)] ds,      xₛ = x + (s/2) ψ(x) + √s z
//! ```
//!
//! for whatever E stands outside the path. So it holds for the values and, with all points and the
//! first ψ(x) held constant, for the gradients. At s = 0 the gradient of ⟨ψ(x), ψ⟩ with one factor
//! held is that of ½‖ψ‖²: that is where the ½ comes from, and why the values do not agree.
//!
//! The page: `proofs/contrastive_divergence.md`.

mod instance;

pub use instance::{Contrast, Energy, Weighted, at, signs};

use super::{Claim, Sides, Theorem, langevin::for_all_steps, magnitude};
use crate::{
    array::{Array, Linear},
    autodiff::{Tape, Var},
    grid::Exact,
    matrix::Matrix,
    model::Parameters,
    objective::{self, trace},
    quadrature::{Rule, expectation},
    sampler::Step,
};

/// The theorem of this page.
pub const THEOREMS: &[Theorem] = &[Theorem {
    number: 26,
    statement: "CD-1 with a Langevin step ε: ∇_θ 𝔼[E(x) − E(x⁻)] = (ε/2) ∇_θ[½‖ψ‖² + tr J] + O(ε²)",
    claims: &[
        Claim::one(
            "E = ½⟨Px, x⟩ + ⟨c, x⟩: values and gradients, remainder and all",
            "d = 1, 2, 3, every P, c, x, ε",
            || {
                for_all_steps(|epsilon| {
                    let sides = [1, 2, 3].map(|d| quadratic(&Contrast::every(d, epsilon)));
                    [0, 1].map(|k| sides.iter().flat_map(|s| s[k].clone()).collect())
                })
            },
        ),
        Claim::any(
            "no remainder: the integral along the step, value and gradients",
            "a network's energy on the line, ε from 0.01 to ¼",
            |rng| along_the_step(&Contrast::random(1, rng)),
        ),
    ],
    false_statements: &[
        Claim::one("the values agree as well", EVERY, || {
            refuted(|i| {
                let mut claimed = quadratic(i)[1].clone();
                claimed[0] = claimed[0].clone() - implicit_excess(i);
                [contrastive(i), claimed]
            })
        }),
        Claim::one("the same without the remainder", EVERY, || {
            refuted(|i| [contrastive(i)[1..].to_vec(), implicit(i)[1..].to_vec()])
        }),
        Claim::one("the same with the gradient let through the sampler", EVERY, || {
            refuted(|i| [through_the_sampler(i), quadratic(i)[1].clone()])
        }),
    ],
}];

const EVERY: &str = "d = 2, every P, c, x, ε = 1";

/// Two sides that differ for quadratic energies, after the mean over z.
fn refuted(sides: fn(&Contrast<Exact>) -> [Vec<Exact>; 2]) -> Sides {
    let instance = Contrast::every(2, 1.0);
    Sides::proof(sides(&instance).map(|side| instance.mean(side)))
}

/// 𝔼[E(x) − E(x⁻)] and its gradient, the step made by (ε/2, √ε) and x⁻ a constant.
pub fn contrastive<A: Array>(instance: &Contrast<A>) -> Vec<A> {
    contrastive_by(instance, Step::halved(instance.epsilon))
}

/// The same by another step, right or wrong.
pub fn contrastive_by<A: Array>(instance: &Contrast<A>, step: Step) -> Vec<A> {
    let (x, z, weights) = instance.pairs();
    let negative = step.take(&x, instance.energy.score(&x), z);
    let tape = Tape::new();
    let (theta, x, negative) = (instance.energy.on(&tape), tape.var(&x), tape.var(&negative));
    let loss = objective::contrastive_divergence(|x| theta.energy(x), &x, &negative);
    expectation(&weights, &loss).with_gradient(&theta.into_list())
}

/// 𝔼[E(x) − E(x⁻)] and its gradient, with the gradient let through the sampler: not what contrastive
/// divergence is.
pub fn through_the_sampler<A: Array>(instance: &Contrast<A>) -> Vec<A> {
    let (x, z, weights) = instance.pairs();
    let tape = Tape::new();
    let (theta, x, z) = (instance.energy.on(&tape), tape.var(&x), tape.var(&z));
    let score = -theta.energy(&x).sum().grad(&[x])[0];
    let negative = Step::halved(instance.epsilon).take(&x, score, z);
    let loss = objective::contrastive_divergence(|x| theta.energy(x), &x, &negative);
    expectation(&weights, &loss).with_gradient(&theta.into_list())
}

/// (ε/2) 𝔼[½‖ψ‖² + tr J] and its gradient.
pub fn implicit<A: Array>(instance: &Contrast<A>) -> Vec<A> {
    first_order(instance, 1.0)
}

/// (ε/2) 𝔼[a ½‖ψ‖² + tr J] and its gradient: what the wrong rules follow, with a = 2.
pub fn first_order<A: Array>(instance: &Contrast<A>, a: f64) -> Vec<A> {
    let Contrast { energy, data, epsilon, .. } = instance;
    let tape = Tape::new();
    let (theta, x) = (energy.on(&tape), tape.var(&data.nodes));
    let (psi, trace) = trace::of_energy_by_reverse(|x| theta.energy(x), &x);
    let excess = psi.squared_norm() * (0.5 * (a - 1.0));
    let loss = expectation(&data.weights, &(objective::implicit((psi, trace)) + excess));
    (loss * (0.5 * epsilon)).with_gradient(&theta.into_list())
}

/// (ε/4) 𝔼‖ψ‖²: what the values have too much for implicit score matching.
fn implicit_excess<A: Array>(instance: &Contrast<A>) -> A {
    first_order(instance, 2.0)[0].clone() - &first_order(instance, 1.0)[0]
}

/// E = ½⟨Px, x⟩ + ⟨c, x⟩ at a point, where the remainder is known:
///
/// ```text
/// 𝔼[E(x) − E(x⁻)] = (ε/2)(‖ψ‖² + tr J) − (ε²/8) ⟨Pψ, ψ⟩
///             ∇_P = (ε/2) ∇_P[½‖ψ‖² + tr J] − (ε²/8) ψψᵀ
///             ∇_c = (ε/2) ∇_c[½‖ψ‖² + tr J]
/// ```
///
/// The right side is made of ψ and its trace and has no noise in it.
pub fn quadratic(instance: &Contrast<Exact>) -> [Vec<Exact>; 2] {
    let Contrast { energy, data, epsilon, .. } = instance;
    let (psi, second) = (energy.score(&data.nodes), 0.125 * epsilon * epsilon);
    let mut right = implicit(instance);
    let value_remainder = psi.nn(&energy.precision).inner(&psi) * second;
    right[0] = first_order(instance, 2.0)[0].clone() - value_remainder;
    right[1] = right[1].clone() - psi.tn(&psi) * second;
    [instance.mean(contrastive(instance)), right]
}

/// ½∫₀^ε 𝔼[⟨ψ(x), ψ(xₛ)⟩ + tr J(xₛ)] ds and its gradient, with x, xₛ and ψ(x) held, by the given number of points
/// s.
fn integrated(instance: &Contrast, times: usize) -> Vec<Matrix> {
    let (x, z, weights) = instance.pairs();
    let psi = instance.energy.score(&x);
    let rule = Rule::gauss_legendre(0.0, instance.epsilon, times);
    let at = |s: &f64| Step::halved(*s).take(&x, psi.clone(), z.clone());
    let path: Vec<f64> = rule.nodes.data().iter().flat_map(|s| at(s).data().to_vec()).collect();
    let path = Matrix::from_vec(times * x.rows(), x.cols(), path);
    let weights = rule.weights.linear(Linear::Each(x.rows())) * weights.linear(Linear::Tile(times));
    let tape = Tape::new();
    let (theta, path) = (instance.energy.on(&tape), tape.var(&path));
    let held: Var<'_> = tape.var(&psi.linear(Linear::Tile(times)));
    let (psi, trace) = trace::of_energy_by_reverse(|x| theta.energy(x), &path);
    let loss = expectation(&weights, &(psi.inner(&held) + trace)) * 0.5;
    loss.with_gradient(&theta.into_list())
}

/// Σ|terms| of [`contrastive`], those of E with every parameter and coordinate made positive.
fn summed_terms(instance: &Contrast) -> Vec<Matrix> {
    let (x, z, weights) = instance.pairs();
    let negative = Step::halved(instance.epsilon).take(&x, instance.energy.score(&x), z);
    let tape = Tape::new();
    let theta = instance.energy.clone().map(|p| tape.var(&magnitude(&p)));
    let energy = |x: &Matrix| theta.energy(&tape.var(&magnitude(x)));
    expectation(&weights, &(energy(&x) + energy(&negative))).with_gradient(&theta.into_list())
}

/// T26 without a remainder: [`contrastive`] and its integral along the step, values and gradients.
pub fn along_the_step(instance: &Contrast) -> Sides {
    // The integrand is as smooth in s, which is at most ¼, as E is in x.
    const TIMES: usize = 6;
    Sides::doubled(|fineness| {
        let noise = instance::gaussian(instance.data.nodes.cols(), fineness * instance::STEPS);
        let finer = Contrast { noise, ..instance.clone() };
        let sides = [contrastive(&finer), integrated(&finer, fineness * TIMES)];
        let nodes = fineness * TIMES * finer.noise.nodes.rows();
        Sides::integrals(sides, summed_terms(&finer), nodes)
    })
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
