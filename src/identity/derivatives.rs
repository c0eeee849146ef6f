//! T27: the derivative rules are closed, so derivatives of every order exist.
//!
//! Each φ′ and each pullback is written in the operations that have a φ′ and a pullback. By
//! induction every derivative is a formula of the same vocabulary. Here that is followed through
//! six orders of the sigmoid, whose derivatives are known: with s = sigmoid(x), s′ = s − s², and so
//! the derivative of a polynomial in s is again one,
//!
//! ```text
//! P₀(s) = s,   Pₖ₊₁(s) = Pₖ′(s) (s − s²)
//! ```

use super::{Evidence, OldCheck, OldSides, OldTheorem};
use crate::{
    array::{Array, Function},
    autodiff::{Tape, Var},
    matrix::Matrix,
};
use rand::{Rng, RngExt};

/// The theorem of this module.
pub const THEOREMS: &[OldTheorem] = &[OldTheorem {
    number: 27,
    statement: "every derivative is again a formula: six orders of the sigmoid",
    check: |rng| {
        let order = rng.random_range(1..=6);
        sigmoid_derivative(order, &points(rng)).check()
    },
    false_statement: "softplus may be composed of log(1 + e^(−|x|)) and max(x, 0): its slope at 0",
    counterexample: |_| {
        let slope = slope_at_zero(|x| composed_softplus(x));
        // The slope is one of 0, ½ and 1 up to a rounding.
        OldCheck::new(Evidence::Rounding, slope, 0.5, 1.0, f64::EPSILON)
    },
}];

fn points(rng: &mut impl Rng) -> Matrix {
    Matrix::from_fn(5, 1, |_, _| rng.random_range(-8.0..8.0))
}

/// The coefficients of Pₖ in s, lowest power first. With `sign` = −1 these are the derivatives of
/// the sigmoid; with +1, for s′ = s + s², the same sums without their cancellation.
fn polynomial(order: usize, sign: f64) -> Vec<f64> {
    (0..order).fold(vec![0.0, 1.0], |p, _| {
        let mut next = vec![0.0; p.len() + 1];
        for (i, c) in p.iter().enumerate().skip(1) {
            let slope = c * i as f64;
            next[i] += slope; // c i s^(i−1) · s
            next[i + 1] += sign * slope; // c i s^(i−1) · (∓ s²)
        }
        next
    })
}

/// The derivative of the sigmoid of the given order at the points x (n, 1), in closed form.
pub fn sigmoid_derivative_in_closed_form(order: usize, x: &Matrix) -> Matrix {
    evaluate(&polynomial(order, -1.0), &x.clone().sigmoid())
}

fn evaluate(coefficients: &[f64], s: &Matrix) -> Matrix {
    let zero = Matrix::zeros(s.rows(), s.cols());
    coefficients.iter().rev().fold(zero, |sum, &c| sum * s + c)
}

/// The derivative of φ of the given order at the points x (n, 1), by differentiating so many times.
pub fn derivative(f: Function, order: usize, x: &Matrix) -> Matrix {
    let tape = Tape::new();
    let x = tape.var(x);
    // Each point is on its own, so the gradient of the sum is the derivative at every point.
    let nth = (0..order).fold(x.apply(f), |y: Var<'_>, _| y.sum().grad(&[x])[0]);
    nth.value()
}

/// The derivative of the sigmoid of the given order, by the tape and in closed form.
pub fn sigmoid_derivative(order: usize, x: &Matrix) -> OldSides {
    OldSides {
        left: vec![derivative(Function::Sigmoid, order, x)],
        right: vec![sigmoid_derivative_in_closed_form(order, x)],
        magnitude: vec![evaluate(&polynomial(order, 1.0), &x.clone().sigmoid())],
        // A differentiation multiplies each term by s and by 1 − s, itself rounded, and adds it to
        // others: six roundings an order on the tape. Horner's rule has two a coefficient.
        roundings: 6.0 * order as f64 + 2.0 * (order as f64 + 2.0),
    }
}

/// log(1 + e^(−|x|)) + max(x, 0), with |x| = max(x, 0) + max(−x, 0): equal to softplus everywhere.
pub fn composed_softplus<A: Array>(x: &A) -> A {
    let absolute = x.clone().relu() + (-x.clone()).relu();
    ((-absolute).exp() + 1.0).ln() + x.clone().relu()
}

/// f′(0), by the tape.
pub fn slope_at_zero(f: impl for<'t> Fn(&Var<'t>) -> Var<'t>) -> f64 {
    let tape = Tape::new();
    let x = tape.var(&Matrix::zeros(1, 1));
    f(&x).gradient(&[x])[0].item()
}
