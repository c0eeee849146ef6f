//! The vocabulary: the few operations a formula may use.
//!
//! Every model and every objective in this crate is an ordinary function over `A: Array`. It is
//! written once, as on paper, and then read in many ways:
//!
//! | reading | type | what the same formula gives |
//! |---|---|---|
//! | numbers | [`Matrix`](crate::Matrix) | its value |
//! | reverse | [`Var`](crate::Var) | its value, and a tape from which gradients follow |
//! | forward | [`Dual`](crate::Dual) | its value and its derivatives along chosen directions |
//! | exact | [`Exact`](crate::grid::Exact) | itself, multiplied out: equal formulas are proved equal |
//! | enclosed | [`Enclosed`](crate::grid::Enclosed) | bounds between which its value lies |
//!
//! An array is a matrix of shape (rows, columns): **rows are samples, columns are dimensions**, a
//! scalar is (1, 1). What a reading has to supply is short, because three tables carry the rest:
//! [`Product`] (x y and its transposed forms), [`Linear`] (linear maps, each with its adjoint) and
//! [`Function`] (φ applied to every element, each with its φ′). The tables are closed: an adjoint
//! is again in the table, and a φ′ is written in the vocabulary itself. This is the whole secret
//! behind derivatives of any order ([T27](crate::identity::derivatives)): a derivative is just one
//! more formula.
//!
//! ```
//! use score_matching::{Array, Matrix, Tape};
//!
//! /// f(x) = Σ softplus(x), once for every reading
//! fn f<A: Array>(x: &A) -> A {
//!     x.clone().softplus().sum()
//! }
//!
//! let x = Matrix::from_rows([[0.0, 2.0]]);
//! assert!((f(&x).item() - 2.820_075).abs() < 1e-6); // read as numbers: its value
//!
//! let tape = Tape::new();
//! let x = tape.var(&x);
//! let slope = f(&x).gradient(&[x]).remove(0); // read as variables: its gradient, sigmoid(x)
//! assert_eq!(slope.at(0, 0), 0.5);
//! ```
//!
//! ## Implementation notes
//! Products borrow their factors, because weights are used again; elementwise operations consume
//! their left side, so that the last owner of a buffer works in place. Rust offers `A − &A` through
//! a supertrait bound but not `&A − &A`, nor `1.0 − y`: write `x.clone() - &y` and `-y + 1.0`.

mod operators;
mod tables;

pub(crate) use operators::{elements, operators, row_shape, same_shape};
pub use tables::{Function, Linear, Product};

use std::ops::{Add, Mul, Neg, Sub};

/// (rows, columns).
pub type Shape = (usize, usize);

/// `A + R`, `A − R` and `A ∘ R` (elementwise), each giving an `A`.
pub trait Arithmetic<R>:
    Sized + Add<R, Output = Self> + Sub<R, Output = Self> + Mul<R, Output = Self>
{
}

impl<A, R> Arithmetic<R> for A where
    A: Sized + Add<R, Output = A> + Sub<R, Output = A> + Mul<R, Output = A>
{
}

/// The operations a formula may use; see the [module](self) for the idea.
///
/// Besides the methods below an array has `+`, `-`, `*` with another array of the same shape
/// (elementwise) or with a number, and unary `-`. Columns are picked, and weighed by a parameter, by
/// products:
///
/// ```
/// use score_matching::prelude::*;
///
/// let x = Matrix::from_rows([[1.0, 10.0], [2.0, 20.0]]);
/// let second = x.constant(2, 1, |i, _| if i == 1 { 1.0 } else { 0.0 });
/// let column = x.nn(&second); // (n, 2) · (2, 1)
/// assert_eq!(column, Matrix::from_rows([[10.0], [20.0]]));
/// let k = Matrix::from_rows([[3.0]]); // one number that is learned
/// assert_eq!(column.nn(&k), Matrix::from_rows([[30.0], [60.0]])); // (n, 1) · (1, 1)
/// ```
///
/// # Panics
/// Every operation panics, at the caller's line, if the shapes do not fit, and names the
/// formula, both shapes and what would fit: `x yᵀ: (100, 64) · (64, 32): y with 64 columns expected`.
pub trait Array:
    Clone + Neg<Output = Self> + Arithmetic<f64> + Arithmetic<Self> + for<'a> Arithmetic<&'a Self>
{
    /// (rows, columns).
    fn shape(&self) -> Shape;

    /// A constant that lives where `self` lives (on the same tape, in the same precision).
    #[track_caller]
    fn constant(&self, rows: usize, cols: usize, f: impl Fn(usize, usize) -> f64) -> Self;

    /// x y, x yᵀ or xᵀ y, by the given form.
    #[track_caller]
    fn product(&self, form: Product, y: &Self) -> Self;

    /// x + 1 row: adds the (1, d) `row` to each of the n rows.
    #[track_caller]
    fn add_row(self, row: &Self) -> Self;

    /// φ(x), elementwise.
    fn apply(self, f: Function) -> Self;

    /// φ(x), and also φ′(x) if this reading can compute it at little extra cost. Both have the same bits as
    /// when they are computed alone.
    fn with_slope(self, f: Function) -> (Self, Option<Self>) {
        (self.apply(f), None)
    }

    /// L x.
    #[track_caller]
    fn linear(self, l: Linear) -> Self;

    /// g ∘ φ′(x), given x and y = φ(x): what flows back through φ. A reading may compute both factors
    /// at once.
    #[track_caller]
    fn times_slope(self, f: Function, x: &Self, y: &Self) -> Self {
        self * f.derivative(x, y)
    }

    /// x y: (m, k), (k, n) → (m, n).
    #[track_caller]
    fn nn(&self, y: &Self) -> Self {
        self.product(Product::Nn, y)
    }
    /// x yᵀ: (m, k), (n, k) → (m, n).
    #[track_caller]
    fn nt(&self, y: &Self) -> Self {
        self.product(Product::Nt, y)
    }
    /// xᵀ y: (k, m), (k, n) → (m, n).
    #[track_caller]
    fn tn(&self, y: &Self) -> Self {
        self.product(Product::Tn, y)
    }

    /// sigmoid(x) = 1 / (1 + e⁻ˣ).
    fn sigmoid(self) -> Self {
        self.apply(Function::Sigmoid)
    }
    /// softplus(x) = log(1 + eˣ).
    fn softplus(self) -> Self {
        self.apply(Function::Softplus)
    }
    /// tanh(x).
    fn tanh(self) -> Self {
        self.apply(Function::Tanh)
    }
    /// eˣ.
    fn exp(self) -> Self {
        self.apply(Function::Exp)
    }
    /// Natural logarithm.
    fn ln(self) -> Self {
        self.apply(Function::Ln)
    }
    /// 1 / x.
    fn reciprocal(self) -> Self {
        self.apply(Function::Reciprocal)
    }
    /// max(x, 0).
    fn relu(self) -> Self {
        self.apply(Function::Relu)
    }

    /// Sum over the samples: (n, d) → (1, d), zeros if there are none.
    fn sum_over_samples(self) -> Self {
        let (n, _) = self.shape();
        self.linear(Linear::Fold(n))
    }
    /// Sum over the dimensions: (n, d) → (n, 1).
    fn sum_over_dimensions(self) -> Self {
        let (_, d) = self.shape();
        self.linear(Linear::RowSum(d))
    }
    /// Sum of all elements: (n, d) → (1, 1).
    fn sum(self) -> Self {
        self.sum_over_dimensions().sum_over_samples()
    }
    /// ‖x‖² of every sample: (n, d) → (n, 1).
    fn squared_norm(&self) -> Self {
        (self.clone() * self).sum_over_dimensions()
    }
    /// ⟨x, y⟩ of every pair of samples: (n, d), (n, d) → (n, 1).
    #[track_caller]
    fn inner(&self, y: &Self) -> Self {
        (self.clone() * y).sum_over_dimensions()
    }
    /// 𝔼, the mean over the samples of one number each: (n, 1) → (1, 1).
    ///
    /// Only a single column is accepted: a mean that also divides by the dimension is a well-known
    /// way to get a wrong factor into an objective.
    ///
    /// # Panics
    /// If there is another number of columns, or no sample: the mean of none is not a number.
    #[track_caller]
    fn mean(self) -> Self {
        let (n, d) = self.shape();
        assert!(d == 1, "mean: one number a sample expected, got shape {:?}", (n, d));
        assert!(n > 0, "mean: of no samples");
        // First by a power of two, without rounding, so that the sum does not leave the range.
        let whole = n.next_power_of_two() as f64;
        (self * (1.0 / whole)).sum_over_samples() * (whole / n as f64)
    }
}
