//! Intervals as numbers: what a formula gives lies between their ends.
//!
//! Read with intervals, a formula encloses two numbers at once: its true value, and the value that
//! [`Matrix`] computes, whatever the order of its sums and whether or not it fuses a product with a
//! sum. So the width of the interval is a tolerance that nobody had to derive: two formulas that
//! are equal differ, as computed, by at most the sum of their widths.
//!
//! Every end is rounded outwards (Moore 1966). The bound holds for one instance. It forgets that two
//! intervals come from one number (x − x is not 0), so widths grow with every operation.

use super::{Grid, Number, applied};
use crate::{
    array::{Array, Function},
    matrix::{Matrix, Real},
};

/// The reading.
pub type Enclosed = Grid<Ball>;

impl Enclosed {
    /// Numbers that are known exactly: parameters and data.
    pub fn exact(x: &Matrix) -> Self {
        Self::from_matrix(x, |x| Ball { low: x, high: x })
    }

    /// How far apart the ends are, entry by entry.
    pub fn widths(&self) -> Matrix {
        let (rows, cols) = self.shape;
        Matrix::from_vec(rows, cols, self.entries.iter().map(|b| b.high - b.low).collect())
    }

    /// The sum of the widths of two intervals, entry by entry, and 0 where they do not meet.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn widths_where_they_meet(&self, other: &Self) -> Matrix {
        assert_eq!(self.shape, other.shape, "two sides");
        let (rows, cols) = self.shape;
        let pairs = self.entries.iter().zip(&other.entries);
        let width = |(a, b): (&Ball, &Ball)| {
            let meet = a.low.max(b.low) <= a.high.min(b.high);
            if meet { (a.high - a.low) + (b.high - b.low) } else { 0.0 }
        };
        Matrix::from_vec(rows, cols, pairs.map(width).collect())
    }

    /// Whether every entry of x lies between the ends.
    pub fn contains(&self, x: &Matrix) -> bool {
        let inside = |(b, x): (&Ball, &f64)| b.low <= *x && *x <= b.high;
        self.shape == x.shape() && self.entries.iter().zip(x.data()).all(inside)
    }
}

/// All numbers from `low` to `high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ball {
    /// The least.
    pub low: f64,
    /// The largest.
    pub high: f64,
}

impl Ball {
    const EVERYTHING: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY };

    /// Wider on both sides by some units in the last place.
    fn wider(self, units: usize) -> Self {
        (0..units).fold(self, |b, _| Self { low: b.low.next_down(), high: b.high.next_up() })
    }

    /// The largest magnitude.
    fn size(self) -> f64 {
        self.low.abs().max(self.high.abs())
    }
}

/// A lower bound of x + lost, the number that was rounded to x; lost is not a number where it is
/// unknown.
fn below((x, lost): (f64, f64)) -> f64 {
    if lost >= 0.0 { x } else { x.next_down() }
}

/// An upper bound.
fn above((x, lost): (f64, f64)) -> f64 {
    if lost <= 0.0 { x } else { x.next_up() }
}

impl Number for Ball {
    /// A number in a formula is meant as it stands if it is short, like 2 or −¾. A longer one has
    /// been computed, like 1/σ⁴ or 1/n, by at most four roundings. So no number of a formula may come
    /// from a cancellation, nor be short by accident, as 1/0.1 is.
    fn of(x: f64) -> Self {
        let short = x.to_bits().trailing_zeros() >= 32;
        Self { low: x, high: x }.wider(if short { 0 } else { 5 })
    }

    #[inline]
    fn plus(self, y: &Self) -> Self {
        // What the sum s of a and b has lost is itself a number (Knuth 1969).
        let sum = |a: f64, b: f64| {
            let s = a + b;
            let t = s - a;
            (s, (a - (s - t)) + (b - t))
        };
        Self { low: below(sum(self.low, y.low)), high: above(sum(self.high, y.high)) }
    }

    #[inline]
    fn times(&self, y: &Self) -> Self {
        let ends = [(self.low, y.low), (self.low, y.high), (self.high, y.low), (self.high, y.high)];
        // A product loses a number too, which a fused multiply-add finds, unless it is too small.
        let products = ends.map(|(a, b)| {
            let p = a * b;
            let tiny = p.abs() < 2.0 * f64::MIN_POSITIVE / f64::EPSILON && a != 0.0 && b != 0.0;
            (p, if tiny { f64::NAN } else { a.mul_add(b, -p) })
        });
        if products.iter().any(|(p, _)| p.is_nan()) {
            return Self::EVERYTHING; // 0 · ∞
        }
        Self {
            low: products.map(below).into_iter().fold(f64::INFINITY, f64::min),
            high: products.map(above).into_iter().fold(f64::NEG_INFINITY, f64::max),
        }
    }

    fn apply(&self, f: Function) -> Self {
        let [a, b] = applied(f, [self.low, self.high]);
        match f {
            Function::Relu | Function::Heaviside => Self { low: a, high: b },
            Function::Reciprocal if self.low <= 0.0 && self.high >= 0.0 => Self::EVERYTHING,
            Function::Reciprocal => Self { low: b, high: a }.wider(1),
            // Even, and it falls on both sides of 0.
            Function::SigmoidSlope => {
                let across = self.low <= 0.0 && self.high >= 0.0;
                let ends =
                    Self { low: a.min(b), high: if across { 0.25 } else { a.max(b) } }.wider(6);
                Self { low: ends.low.max(0.0), ..ends }
            }
            // All others increase. A kernel is off by 2 ulp at an end, and by 2 inside; just above a
            // power of two the last of these steps are half as long.
            Function::Tanh | Function::Ln => Self { low: a, high: b }.wider(6),
            _ => {
                let wide = Self { low: a, high: b }.wider(6);
                Self { low: wide.low.max(0.0), ..wide }
            }
        }
    }

    /// In any order, a sum of k terms is off by at most (k − 1) u Σ|terms| to first order (Higham
    /// 2002, § 4.2); the k-th pays for the higher orders.
    fn sum(terms: impl Iterator<Item = Self>) -> Self {
        let (mut sum, mut size, mut k) = (Self { low: 0.0, high: 0.0 }, 0.0, 0.0);
        for term in terms {
            sum = sum.plus(&term);
            size += term.size();
            k += 1.0;
        }
        let slack = if k > 1.0 { k * f64::UNIT_ROUNDOFF * size } else { 0.0 };
        sum.plus(&Self { low: -slack, high: slack })
    }
}
