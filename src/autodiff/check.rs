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

/// Directions, one matrix for each input of a formula.
pub type Direction = Vec<Matrix>;

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

/// The same derivative for m = 1, 2 or 3 by nested forward mode.
///
/// # Panics
/// For other orders: the nesting is a type.
pub fn forward(f: &impl Formula, x: &[Matrix], weights: &Matrix, directions: &[Direction]) -> f64 {
    fn lift<A: Array>(x: &[A], v: &[A]) -> Vec<Dual<A>> {
        x.iter().zip(v).map(|(x, v)| Dual::along(x, v)).collect()
    }
    fn constants<A: Array>(v: &[A]) -> Vec<Dual<A>> {
        v.iter().map(Dual::constant).collect()
    }
    let derivative = match directions {
        [v] => f.read(&lift(x, v)).tangents,
        [v, w] => {
            let x = lift(&lift(x, v), &constants(w));
            f.read(&x).tangents.and_then(|t| t.tangents)
        }
        [u, v, w] => {
            let x = lift(&lift(&lift(x, u), &constants(v)), &constants(&constants(w)));
            f.read(&x).tangents.and_then(|t| t.tangents).and_then(|t| t.tangents)
        }
        _ => panic!("orders 1 to 3, not {}", directions.len()),
    };
    derivative.map_or(0.0, |t| t.inner(weights).sum().item())
}

/// f′(0) by the five-point difference quotient, of error h⁴ f⁽⁵⁾/30.
///
/// With h = 2⁻¹⁰ and values of size s the error is about s (3·10⁻¹⁴ f⁽⁵⁾ + 3·10⁻¹³): truncation
/// h⁴/30, and rounding 1.5 u/h times a few units.
pub fn difference(f: impl Fn(f64) -> f64) -> f64 {
    let h = 1.0 / 1024.0;
    (8.0 * (f(h) - f(-h)) - (f(2.0 * h) - f(-2.0 * h))) / (12.0 * h)
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
) -> f64 {
    let (last, before) = directions.split_last().expect("order at least 1");
    difference(|h| {
        let x: Vec<_> = x.iter().zip(last).map(|(x, v)| x.clone() + v.clone() * h).collect();
        reverse(f, &x, weights, before)
    })
}
