//! A reading that knows its rounding errors, so that no tolerance has to be guessed.
//!
//! Beside its value a [`Rounded`] carries its *size*, the sum of the magnitudes of all products that
//! make it up, and from it a bound of its error in units of u, the unit roundoff. This is running
//! error analysis (N. Higham, Accuracy and Stability of Numerical Algorithms, § 3.3) with one
//! change: a rounding counts with the size of a number, not with the number itself, which may have
//! cancelled. Forward and reverse mode add up the same products in different orders, cancel at
//! different places, and have this bound in common.
//!
//! Because derivatives are formulas too, `Dual<Rounded>` bounds the error of a derivative, and
//! `Dual<Dual<Rounded>>` that of a second one.

use score_matching::{
    Array, Matrix,
    array::{Function, Linear, Product, Shape},
};
use std::ops::{Add, Mul, Neg, Sub};

/// Roundings of one elementwise function: its kernels promise 2 ulp, which is 4 u, and the naive
/// formulas, of three operations, need no more than twice that.
const FUNCTION: f64 = 8.0;
/// A reverse sweep multiplies and adds again on the way back, so its products may be rounded twice
/// as often as in forward mode; and the two results may err in opposite directions.
pub const ORDER: f64 = 4.0;

/// A value with its size and a bound of its error in units of u.
#[derive(Clone, Debug)]
pub struct Rounded {
    /// The number.
    pub value: Matrix,
    /// The sum of the magnitudes of what it was added up from.
    pub size: Matrix,
    /// The bound.
    pub error: Matrix,
}

fn abs(x: &Matrix) -> Matrix {
    Matrix::from_fn(x.rows(), x.cols(), |i, j| x.at(i, j).abs())
}

impl Rounded {
    /// A number given exactly.
    pub fn exact(value: &Matrix) -> Self {
        let error = Matrix::zeros(value.rows(), value.cols());
        Self { value: value.clone(), size: abs(value), error }
    }

    /// `value`, to which the errors of its inputs have been passed on as `error`, computed in a last
    /// step of `count` roundings.
    fn step(value: Matrix, size: Matrix, error: Matrix, count: f64) -> Self {
        let error = error + size.clone() * count;
        Self { value, size, error }
    }
}

impl Array for Rounded {
    fn shape(&self) -> Shape {
        self.value.shape()
    }
    fn constant(&self, rows: usize, cols: usize, f: impl Fn(usize, usize) -> f64) -> Self {
        Self::exact(&Matrix::from_fn(rows, cols, f))
    }
    fn product(&self, form: Product, y: &Self) -> Self {
        let (_, _, k) = form.sizes(self.shape(), y.shape());
        let of = |x: &Matrix, y: &Matrix| x.product(form, y);
        let error = of(&self.error, &y.size) + of(&self.size, &y.error);
        Self::step(of(&self.value, &y.value), of(&self.size, &y.size), error, k as f64)
    }
    fn add_row(self, row: &Self) -> Self {
        let size = self.size.add_row(&row.size);
        Self::step(self.value.add_row(&row.value), size, self.error.add_row(&row.error), 1.0)
    }
    fn apply(self, f: Function) -> Self {
        let value = self.value.clone().apply(f);
        let error = abs(&f.derivative(&self.value, &value)) * self.error;
        let size = abs(&value);
        Self::step(value, size, error, FUNCTION)
    }
    fn linear(self, l: Linear) -> Self {
        // L with |a| for a, and how often it rounds
        let (magnitude, count) = match l {
            Linear::Scale(a) => (Linear::Scale(a.abs()), 1),
            Linear::Fold(k) | Linear::SumEach(k) | Linear::RowSum(k) => (l, k),
            Linear::Tile(_) | Linear::Each(_) | Linear::Spread(_) | Linear::Transpose => (l, 0),
        };
        let (size, error) = (self.size.linear(magnitude), self.error.linear(magnitude));
        Self::step(self.value.linear(l), size, error, count as f64)
    }
}

/// The operators, each from its size and from how it passes the errors of its two sides on.
macro_rules! operators {
    ($($Op:ident $op:ident: $size:expr, $error:expr;)*) => { $(
        impl $Op<&Self> for Rounded {
            type Output = Self;
            fn $op(self, y: &Self) -> Self {
                let [size, error]: [fn(&Self, &Self) -> Matrix; 2] = [$size, $error];
                let (size, error) = (size(&self, y), error(&self, y));
                Self::step(self.value.$op(&y.value), size, error, 1.0)
            }
        }
        impl $Op for Rounded {
            type Output = Self;
            fn $op(self, y: Self) -> Self {
                self.$op(&y)
            }
        }
    )* };
}
operators! {
    Add add: |x, y| x.size.clone() + &y.size, |x, y| x.error.clone() + &y.error;
    Sub sub: |x, y| x.size.clone() + &y.size, |x, y| x.error.clone() + &y.error;
    Mul mul: |x, y| x.size.clone() * &y.size,
        |x, y| x.error.clone() * &y.size + x.size.clone() * &y.error;
}
impl Add<f64> for Rounded {
    type Output = Self;
    fn add(self, a: f64) -> Self {
        Self::step(self.value + a, self.size + a.abs(), self.error, 1.0)
    }
}
impl Sub<f64> for Rounded {
    type Output = Self;
    fn sub(self, a: f64) -> Self {
        self + -a
    }
}
impl Mul<f64> for Rounded {
    type Output = Self;
    fn mul(self, a: f64) -> Self {
        self.linear(Linear::Scale(a))
    }
}
impl Neg for Rounded {
    type Output = Self;
    fn neg(self) -> Self {
        Self { value: -self.value, ..self }
    }
}
