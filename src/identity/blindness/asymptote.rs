//! T35 for modes that are far apart, in the variable u = β + mx in which T = tanh u.
//!
//! p_w = 2√(w(1 − w)) e^(−m²/2) cosh(u) φ(x), so H and Σ are integrals over sech³u with a factor
//! φ(x) = φ((u − β)/m) that becomes flat:
//!
//! ```text
//! e(m) = √(π/(2w(1 − w))) e^(−m²/2)/m · f(1/m²),   f(ε) = h²/(2πs) · 1/(w(1 − w)I_F)
//! h(ε) = ∫ sech³u e^(−ε(u−β)²/2) du,   s(ε) = ∫ sech³u (T + ε(u − β))² e^(−ε(u−β)²/2) du
//! ```
//!
//! The last factor is 1 but for O(e^(−m²/2)): who sees both modes apart counts.

use super::FarModes;
use crate::{
    array::Array,
    autodiff::Dual,
    identity::{Sides, number},
    matrix::{Matrix, noise::Generator},
    quadrature::{Rule, expectation},
};
use std::f64::consts::PI;

/// 4/3 + π²/8: κ for w = ½, and what is false for others.
pub const KAPPA_AT_EQUAL_WEIGHTS: f64 = 4.0 / 3.0 + PI * PI / 8.0;

/// κ = 4/3 + π²/8 + ⅛log²(w/(1 − w)), the next coefficient: e(m) ≈ leading · (1 − κ/m²).
pub fn kappa(weight: f64) -> f64 {
    let bias = FarModes { weight, distance: 1.0 }.bias();
    KAPPA_AT_EQUAL_WEIGHTS + 0.5 * bias * bias
}

/// √(π/(2w(1 − w))) e^(−m²/2)/m
pub fn leading(modes: FarModes) -> f64 {
    let m = modes.distance;
    (0.5 * PI / modes.spread()).sqrt() * (-0.5 * m * m).exp() / m
}

/// ∫ du f(u) sech³u: e^(−3·14) is nothing, and the steps are ⅙, as those of `FarModes::law` in this variable.
fn hump(fineness: usize) -> Rule {
    let line = Rule::trapezoid(-14.0, 14.0, 168 * fineness);
    let sech = |u: f64| 1.0 / u.cosh();
    let cube = Matrix::from_fn(line.nodes.rows(), 1, |i, _| sech(line.nodes.at(i, 0)).powi(3));
    line.weighted(&cube)
}

/// h²/(2πs) at ε, (1, 1) → (1, 1).
pub fn excess<A: Array>(epsilon: &A, bias: f64, fineness: usize) -> A {
    let rule = hump(fineness);
    let u = rule.nodes.lift(epsilon);
    let apart = u.clone() - bias; // mx
    let weight = ((apart.clone() * &apart * -0.5).nn(epsilon)).exp();
    let root = apart.nn(epsilon) + u.tanh();
    let h = expectation(&rule.weights, &weight);
    let s = expectation(&rule.weights, &(root.clone() * root * weight));
    h.clone() * h * s.reciprocal() * (0.5 / PI)
}

/// The efficiency by integrals over p_w, and by integrals over u.
pub(super) fn rescaled(rng: &mut Generator) -> Sides {
    let modes = FarModes::any(rng);
    Sides::doubled(|fineness| {
        let law = modes.law(fineness);
        let sandwich = modes.sandwich(&law);
        let m = modes.distance;
        let epsilon = Matrix::from_rows([[1.0 / (m * m)]]);
        let seen = 1.0 / (modes.spread() * sandwich.information);
        let right = leading(modes) * seen * excess(&epsilon, modes.bias(), fineness).item();
        let left = sandwich.efficiency();
        // (T + ε(u − β))² ≤ 2(T² + ε²(u − β)²), of which the second is 2 at most where sech³u is anything.
        Sides::integrals([number(left), number(right)], number(8.0 * left), law.nodes.rows())
    })
}

/// f and f′ at ε = 0 by forward mode, with what is exponentially small left out, against 1 and −κ.
pub(super) fn expanded(weight: f64, kappa: f64) -> Sides {
    let bias = FarModes { weight, distance: 1.0 }.bias();
    Sides::doubled(|fineness| {
        let f = excess(&Dual::axes(&Matrix::from_rows([[0.0]])), bias, fineness);
        let left = [f.value.item(), f.tangents_or_zero(1).item()];
        // f′ has three terms, h′, s′ by the root and s′ by the weight, that add up to 3κ at most.
        let [left, right, size] = [left, [1.0, -kappa], [3.0, 3.0 * kappa]]
            .map(|pair| vec![Matrix::from_fn(2, 1, |i, _| pair[i])]);
        Sides::integrals([left, right], size, 168 * fineness)
    })
}
