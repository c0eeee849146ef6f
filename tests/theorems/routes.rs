//! One derivative by three routes: in reverse, in forward mode, and as a difference quotient.
//!
//! A derivative of order m is compared with the difference quotient of the derivative of order
//! m − 1, so that each order rests on the one before and the first on plain evaluation.
//!
//! No tolerance is chosen. Read with intervals, each route encloses its true value and what it
//! computes; what the quotient adds is its own truncation, which it estimates from values alone.

use score_matching::{
    Array, Dual, Matrix, Tape, Var,
    autodiff::check::{Quotient, difference},
    grid::Enclosed,
    matrix::Real,
};
use std::cell::Cell;

/// A formula of several arrays that every reading can evaluate.
///
/// It is what a closure would be, if closures could be generic.
pub trait Formula {
    /// The formula, read in `A`. The result may have any shape.
    fn read<A: Array>(&self, x: &[A]) -> A;
}

/// A direction: one array for each input of a formula.
pub type Direction<A = Matrix> = Vec<A>;

/// Dᵐ F(x)[v₁, …, vₘ] for the scalar F = Σ w ∘ f, by m reverse sweeps: (1, 1).
///
/// `weights` w makes a scalar of f: without it, a sum over symmetric entries could hide a mistake.
pub fn reverse<A: Array>(f: &impl Formula, x: &[A], weights: &A, directions: &[Direction<A>]) -> A {
    let tape = Tape::new();
    let x: Vec<Var<'_, A>> = x.iter().map(|x| tape.var(x)).collect();
    let mut scalar = f.read(&x).inner(&tape.var(weights)).sum();
    for v in directions {
        let slopes = scalar.grad(&x).into_iter().zip(v);
        let slopes = slopes.map(|(slope, v)| slope.inner(&tape.var(v)).sum());
        scalar = slopes.reduce(|a, b| a + b).expect("a formula has an input");
    }
    scalar.value()
}

/// The same derivative for m = 0, 1, 2 or 3 by nested forward mode: (1, 1).
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
        _ => panic!("orders 0 to 3, not {}: the nesting is a type", directions.len()),
    };
    match derivative {
        Some(t) => t.inner(weights).sum(),
        None => weights.constant(1, 1, |_, _| 0.0),
    }
}

fn enclosed(x: &[Matrix]) -> Vec<Enclosed> {
    x.iter().map(Enclosed::exact).collect()
}

/// One derivative Dᵐ F by its three routes, with the distances that rounding and truncation allow.
#[derive(Clone, Copy, Debug)]
pub struct Routes {
    /// By m reverse sweeps.
    pub reverse: f64,
    /// By m nested forward modes.
    pub forward: f64,
    /// As a difference quotient of Dᵐ⁻¹ F.
    pub quotient: f64,
    /// How far apart forward and reverse may lie: the widths of both intervals.
    pub rounding: f64,
    /// How far either may lie from the quotient, if F is smooth.
    pub error: f64,
    /// How much further, if it may have kinks.
    pub kink: f64,
}

impl Routes {
    /// Dᵐ F along the m given directions.
    pub fn of(f: &impl Formula, x: &[Matrix], weights: &Matrix, directions: &[Direction]) -> Self {
        let (balls, w) = (enclosed(x), Enclosed::exact(weights));
        let along: Vec<_> = directions.iter().map(|v| enclosed(v)).collect();
        let width = |y: Enclosed| y.widths().item();
        let rounding =
            width(reverse(f, &balls, &w, &along)) + width(forward(f, &balls, &w, &along));

        let ((last, before), moving) =
            (directions.split_last().expect("order at least 1"), along.last().expect("the same"));
        let widest = Cell::new(0.0_f64);
        let quotient = difference(|h| {
            let moved: Vec<_> =
                x.iter().zip(last).map(|(x, v)| x.clone() + v.clone() * h).collect();
            // x + h v has been rounded, and an interval knows it.
            let around: Vec<_> =
                balls.iter().zip(moving).map(|(x, v)| x.clone() + v.clone() * h).collect();
            let here = width(reverse(f, &around, &w, &along[..before.len()]));
            widest.set(if here <= widest.get() { widest.get() } else { here });
            reverse(f, &moved, weights, before).item()
        });
        // The quotient magnifies the errors of its values; `truncation`, computed from the same
        // values with a step twice as large, may be off by half as much and counts a fifteenth. So
        // twice is enough, also for the four roundings that the quotient makes of its own.
        let error = quotient.truncation
            + 2.0 * Quotient::MAGNIFICATION * widest.get()
            + 8.0 * f64::UNIT_ROUNDOFF * quotient.value.abs()
            + rounding;
        Self {
            reverse: reverse(f, x, weights, directions).item(),
            forward: forward(f, x, weights, directions).item(),
            quotient: quotient.value,
            rounding,
            error,
            kink: quotient.kink,
        }
    }

    /// The first two routes agree to rounding, and both with the quotient.
    ///
    /// # Errors
    /// One line with the numbers, if they do not.
    pub fn agree(&self) -> Result<(), String> {
        let near =
            |a: f64, b: f64, tolerance: f64| tolerance.is_finite() && (a - b).abs() <= tolerance;
        if !near(self.reverse, self.forward, self.rounding) {
            return Err(format!("reverse and forward differ: {self:?}"));
        }
        if !near(self.reverse, self.quotient, self.error) {
            return Err(format!("the derivative is not the limit of differences: {self:?}"));
        }
        Ok(())
    }
}
