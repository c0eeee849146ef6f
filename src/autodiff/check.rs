//! Differences: the independent witness for every derivative.
//!
//! A derivative rule and the formula it belongs to can be wrong in the same way; a difference
//! quotient only evaluates the formula. A derivative of order m is checked as the difference
//! quotient of the derivative of order m − 1, so that each order rests on the one before and the
//! first on plain evaluation.

use super::{Dual, Tape, Var};
use crate::{array::Array, matrix::Matrix};

/// A formula of several arrays that every reading can evaluate.
///
/// It is what a closure would be, if closures could be generic.
pub trait Formula {
    /// The formula, read in `A`. The result may have any shape.
    fn read<A: Array>(&self, x: &[A]) -> A;
}

/// A direction: one array for each input of a formula.
pub type Direction<A = Matrix> = Vec<A>;

/// Dᵐ F(x)[v₁, …, vₘ] for the scalar F = Σ w ∘ f, by m reverse sweeps.
///
/// `weights` w makes a scalar of f: without it, a sum over symmetric entries could hide a mistake.
///
/// # Panics
/// If the formula has no input.
pub fn reverse(f: &impl Formula, x: &[Matrix], weights: &Matrix, directions: &[Direction]) -> f64 {
    let tape = Tape::new();
    let x: Vec<Var> = x.iter().map(|x| tape.var(x)).collect();
    let mut scalar = f.read(&x).inner(&tape.var(weights)).sum();
    for v in directions {
        let slopes = scalar.grad(&x).into_iter().zip(v);
        scalar = slopes
            .map(|(slope, v)| slope.inner(&tape.var(v)).sum())
            .reduce(|a, b| a + b)
            .expect("a formula has an input");
    }
    scalar.value().item()
}

/// The same derivative for m = 0, 1, 2 or 3 by nested forward mode, in any reading: (1, 1).
///
/// # Panics
/// For other orders: the nesting is a type.
pub fn forward<A: Array>(f: &impl Formula, x: &[A], weights: &A, directions: &[Direction<A>]) -> A {
    fn lift<A: Array>(x: &[A], v: &[A]) -> Vec<Dual<A>> {
        x.iter().zip(v).map(|(x, v)| Dual::along(x, v)).collect()
    }
    fn constants<A: Array>(v: &[A]) -> Vec<Dual<A>> {
        v.iter().map(Dual::constant).collect()
    }
    let derivative = match directions {
        [] => Some(f.read(x)),
        [v] => f.read(&lift(x, v)).tangents,
        [v, w] => {
            let x = lift(&lift(x, v), &constants(w));
            f.read(&x).tangents.and_then(|t| t.tangents)
        }
        [u, v, w] => {
            let x = lift(&lift(&lift(x, u), &constants(v)), &constants(&constants(w)));
            f.read(&x).tangents.and_then(|t| t.tangents).and_then(|t| t.tangents)
        }
        _ => panic!("orders 0 to 3, not {}", directions.len()),
    };
    match derivative {
        Some(t) => t.inner(weights).sum(),
        None => weights.constant(1, 1, |_, _| 0.0),
    }
}

/// A difference quotient, with an estimate of its own error.
#[derive(Clone, Copy, Debug)]
pub struct Quotient {
    /// D(h), close to the derivative.
    pub value: f64,
    /// |D(2h) − D(h)|, about fifteen times the error of D(h): its order is h⁴, and 2⁴ − 1 = 15.
    ///
    /// It comes from values of the function alone, so no wrong rule can loosen it.
    pub truncation: f64,
    /// |S(2h) − 4 S(h)|/h, where S(h) = f(h) + f(−h) − 2 f(0).
    ///
    /// Small, about h³ f⁽⁴⁾, where f is smooth, and as large as the jump of f′ if there is a kink in
    /// between, even one that lies in the middle and so escapes `truncation`.
    pub kink: f64,
}

impl Quotient {
    /// The step h: small enough for the next order of the error, h⁶, to be lost in rounding.
    pub const STEP: f64 = 1.0 / 1024.0;
    /// By how much D(h) magnifies an error of f: the sum (8 + 8 + 1 + 1)/(12 h) of its weights.
    pub const MAGNIFICATION: f64 = 1.5 / Self::STEP;
}

/// f′(0) by the five-point quotient D(h) = (8 (f(h) − f(−h)) − (f(2h) − f(−2h))) / (12 h), whose
/// truncation error is h⁴ f⁽⁵⁾/30.
pub fn difference(f: impl Fn(f64) -> f64) -> Quotient {
    let h = Quotient::STEP;
    let pairs = [1.0, 2.0, 4.0].map(|k| (f(k * h), f(-k * h)));
    let odd = pairs.map(|(right, left)| right - left);
    let value = (8.0 * odd[0] - odd[1]) / (12.0 * h);
    let coarse = (8.0 * odd[1] - odd[2]) / (24.0 * h);
    let middle = f(0.0);
    let even = pairs.map(|(right, left)| (right - middle) + (left - middle));
    let kink = (even[1] - 4.0 * even[0]).abs() / h;
    Quotient { value, truncation: (coarse - value).abs(), kink }
}

/// Dᵐ F(x)[v₁, …, vₘ] as the difference quotient of Dᵐ⁻¹ F(x)[v₁, …, vₘ₋₁] along vₘ.
///
/// # Panics
/// If there is no direction.
pub fn by_difference(
    f: &impl Formula,
    x: &[Matrix],
    weights: &Matrix,
    directions: &[Direction],
) -> Quotient {
    let (last, before) = directions.split_last().expect("order at least 1");
    difference(|h| {
        let x: Vec<_> = x.iter().zip(last).map(|(x, v)| x.clone() + v.clone() * h).collect();
        reverse(f, &x, weights, before)
    })
}
