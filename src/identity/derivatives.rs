//! T27: the derivative rules are closed, so derivatives of every order exist.
//!
//! Each φ′ and each pullback is written in the operations that have a φ′ and a pullback. By
//! induction every derivative is a formula of the same vocabulary. Here that is followed through
//! the sigmoid, whose derivatives are known: with s = sigmoid(x), s′ = s − s², and so the derivative
//! of a polynomial in s is again one,
//!
//! ```text
//! P₀(s) = s,   Pₖ₊₁(s) = Pₖ′(s) (s − s²)
//! ```
//!
//! And the table of φ′ agrees with itself: two formulas of one function have the same derivatives.
//!
//! The page: `proofs/derivatives.md`.

use super::{Claim, Sides, Theorem};
use crate::{
    array::Array,
    autodiff::{Tape, Var},
    grid::{Enclosed, Exact},
    matrix::{Matrix, noise::Generator},
};
use rand::RngExt;

/// The theorem of this module.
pub const THEOREMS: &[Theorem] = &[Theorem {
    number: 27,
    statement: "every derivative is again a formula of the same vocabulary",
    claims: &[
        Claim::one("sigmoid⁽ᵏ⁾ = Pₖ(sigmoid)", "twelve orders, every x", || {
            Sides::proof(sigmoid_derivatives(12, &x(), &TRUE))
        }),
        Claim::one("two formulas of one function have the same φ′", RELATIONS, || {
            Sides::proof(relations(&x()))
        }),
        Claim::any(
            "sigmoid⁽ᵏ⁾ = Pₖ(sigmoid), as computed",
            "orders 2 to 6, five x up to 8",
            |rng| as_computed(rng, -8.0, higher, higher),
        ),
        Claim::any(
            "the same φ′, as computed",
            "φ by exp, ln, 1/x; five x from ¼ to 8",
            |rng| as_computed(rng, 0.25, compositions, compositions),
        ),
    ],
    false_statements: &[
        Claim::one(
            "the same without the inner derivative: Pₖ₊₁ = Pₖ′",
            "two orders, every x",
            || Sides::proof(sigmoid_derivatives(2, &x(), &[1.0])),
        ),
        Claim::one("the same with s′ = s + s²", "two orders, every x", || {
            Sides::proof(sigmoid_derivatives(2, &x(), &[0.0, 1.0, 1.0]))
        }),
        Claim::one(
            "softplus may be composed of log(1 + e^(−|x|)) and max(x, 0): its slope",
            "x = 0",
            || {
                let zero = Matrix::zeros(1, 1);
                Sides::rounding(composed(&zero), composed(&Enclosed::exact(&zero)))
            },
        ),
    ],
}];

const RELATIONS: &str = "tanh, softplus, ln exp, x/x, max(x, 0); three orders, every x but 0";

/// s′ = s − s²: its coefficients, lowest power first.
pub const TRUE: [f64; 3] = [0.0, 1.0, -1.0];

fn x() -> Exact {
    Exact::named("x", 1, 1)
}

/// The sides at five random points up to 8, and the same with intervals.
fn as_computed(
    rng: &mut Generator,
    least: f64,
    numbers: fn(&Matrix) -> [Vec<Matrix>; 2],
    intervals: fn(&Enclosed) -> [Vec<Enclosed>; 2],
) -> Sides {
    let x = Matrix::from_fn(5, 1, |_, _| rng.random_range(least..8.0));
    Sides::rounding(numbers(&x), intervals(&Enclosed::exact(&x)))
}

/// The derivative of f of the given order at the points x (n, 1), by differentiating again and again.
pub fn derivative<A: Array>(
    f: impl for<'t> Fn(Var<'t, A>) -> Var<'t, A>,
    order: usize,
    x: &A,
) -> A {
    let tape = Tape::new();
    let x = tape.var(x);
    // Each point is on its own, so the gradient of the sum is the derivative at every point.
    (0..order).fold(f(x), |y, _| y.sum().grad(&[x])[0]).value()
}

/// The derivative of the sigmoid of the given order in closed form: Pₖ(s), if s′ is the polynomial
/// `slope` in s.
pub fn closed_form<A: Array>(order: usize, x: &A, slope: &[f64]) -> A {
    let differentiated = |p: Vec<f64>, _| {
        let mut next = vec![0.0; p.len() + slope.len() - 2];
        for (i, c) in p.iter().enumerate().skip(1) {
            for (j, b) in slope.iter().enumerate() {
                next[i - 1 + j] += c * i as f64 * b; // c i s^(i−1) · b s^j
            }
        }
        next
    };
    let p = (0..order).fold(vec![0.0, 1.0], differentiated);
    let (s, (n, d)) = (x.clone().sigmoid(), x.shape());
    p.iter().rev().fold(x.constant(n, d, |_, _| 0.0), |sum, &c| sum * &s + c)
}

/// All derivatives of the sigmoid up to an order, by the tape and in [`closed_form`].
pub fn sigmoid_derivatives<A: Array>(orders: usize, x: &A, slope: &[f64]) -> [Vec<A>; 2] {
    let (left, right) =
        (1..=orders).map(|k| (derivative(|x| x.sigmoid(), k, x), closed_form(k, x, slope))).unzip();
    [left, right]
}

/// Orders 2 to 6: that the slope is (1 − s) s is what polynomials are told.
fn higher<A: Array>(x: &A) -> [Vec<A>; 2] {
    sigmoid_derivatives(6, x, &TRUE).map(|side| side[1..].to_vec())
}

/// A formula of one variable on a tape.
type Function1<A> = for<'t> fn(Var<'t, A>) -> Var<'t, A>;

/// Three derivatives of both formulas of each pair.
fn three_orders<A: Array>(pairs: &[[Function1<A>; 2]], x: &A) -> [Vec<A>; 2] {
    [0, 1]
        .map(|side| pairs.iter().flat_map(|f| (1..=3).map(|k| derivative(f[side], k, x))).collect())
}

/// Derivatives of functions that polynomials know to be one: see [`crate::grid::polynomial`].
pub fn relations<A: Array>(x: &A) -> [Vec<A>; 2] {
    let pairs: [[Function1<A>; 2]; 5] = [
        [|x| x.tanh(), |x| (x * 2.0).sigmoid() * 2.0 - 1.0],
        [|x| x.softplus(), |x| x + (-x).softplus()],
        [|x| x.exp().ln(), |x| x],
        [|x| x * x.reciprocal(), |x| x * 0.0 + 1.0],
        [|x| x.relu(), |x| x * x.apply(crate::array::Function::Heaviside)],
    ];
    three_orders(&pairs, x)
}

/// Derivatives of functions that are one for x > 0, though polynomials do not know it: every φ is
/// tied to exp, ln and 1/x, and those to each other.
pub fn compositions<A: Array>(x: &A) -> [Vec<A>; 2] {
    let pairs: [[Function1<A>; 2]; 6] = [
        [|x| x.sigmoid(), |x| ((-x).exp() + 1.0).reciprocal()],
        [|x| x.softplus(), |x| (x.exp() + 1.0).ln()],
        [|x| x.tanh(), |x| -(((x * 2.0).exp() + 1.0).reciprocal() * 2.0) + 1.0],
        [|x| x.ln().exp(), |x| x.exp().ln()],
        [|x| x.reciprocal(), |x| (-x.ln()).exp()],
        [|x| x.ln(), |x| -x.reciprocal().ln()],
    ];
    three_orders(&pairs, x)
}

/// log(1 + e^(−|x|)) + max(x, 0), with |x| = max(x, 0) + max(−x, 0): equal to softplus everywhere.
pub fn composed_softplus<A: Array>(x: &A) -> A {
    let absolute = x.clone().relu() + (-x.clone()).relu();
    ((-absolute).exp() + 1.0).ln() + x.clone().relu()
}

/// The slope of [`composed_softplus`] and that of softplus, by the tape.
pub fn composed<A: Array>(x: &A) -> [Vec<A>; 2] {
    [vec![derivative(|x| composed_softplus(&x), 1, x)], vec![derivative(|x| x.softplus(), 1, x)]]
}
