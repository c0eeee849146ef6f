//! The rule book: what each operation computes and how adjoints flow back through it.
//!
//! Let z = op(x, y) and write ḡ for the adjoint of z, the derivative of some final number by z. By
//! the chain rule the adjoint of x is the transposed Jacobian of op applied to ḡ. This map from ḡ to
//! x̄ is the *pullback* of op; the book states it directly, never the Jacobian.
//!
//! The whole secret of higher orders stands in the signature of [`Op::pullback`]: it is generic
//! over `A: Array`. Read with numbers it costs nothing extra; read with variables the sweep itself
//! is recorded, and can be differentiated like any other formula.
//!
//! ```
//! use score_matching::{Array, Matrix, autodiff::rules::{Op, Side}};
//!
//! let [x, y, g] = [2.0, 3.0, 10.0].map(|a| Matrix::from_rows([[a]]));
//! let z = Op::Mul.value(x.clone(), &y);
//! let back = |side| Op::Mul.pullback(side, [&x, &y, &z], g.clone()).item();
//! assert_eq!((z.item(), back(Side::Left), back(Side::Right)), (6.0, 30.0, 20.0)); // x y, g y, g x
//! ```

use crate::array::{Array, Function, Linear, Product};

/// An operation of the vocabulary, as the tape remembers it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    /// An input or a constant.
    Leaf,
    /// x y, x yᵀ or xᵀ y
    Product(Product),
    /// x + y
    Add,
    /// x − y
    Sub,
    /// x ∘ y
    Mul,
    /// x + 1 y, with y a row
    AddRow,
    /// x + a
    Shift(f64),
    /// L x
    Linear(Linear),
    /// φ(x)
    Apply(Function),
}

/// Which input of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// x
    Left,
    /// y
    Right,
}

impl Op {
    /// z = op(x, y); operations of one input ignore y.
    #[track_caller]
    pub fn value<A: Array>(self, x: A, y: &A) -> A {
        match self {
            Self::Leaf => x,
            Self::Product(form) => x.product(form, y),
            Self::Add => x + y,
            Self::Sub => x - y,
            Self::Mul => x * y,
            Self::AddRow => x.add_row(y),
            Self::Shift(a) => x + a,
            Self::Linear(l) => x.linear(l),
            Self::Apply(f) => x.apply(f),
        }
    }

    /// The adjoint of one side, given the adjoint g of z = op(x, y).
    ///
    /// A side is asked for only if something depends on it: data receives no gradient work.
    #[expect(clippy::match_same_arms, reason = "a rule stands with its operation")]
    pub fn pullback<A: Array>(self, side: Side, [x, y, z]: [&A; 3], g: A) -> A {
        use Product::{Nn, Nt, Tn};
        use Side::{Left, Right};
        match (self, side) {
            // z = x y
            (Self::Product(Nn), Left) => g.nt(y),
            (Self::Product(Nn), Right) => x.tn(&g),
            // z = x yᵀ
            (Self::Product(Nt), Left) => g.nn(y),
            (Self::Product(Nt), Right) => g.tn(x),
            // z = xᵀ y
            (Self::Product(Tn), Left) => y.nt(&g),
            (Self::Product(Tn), Right) => x.nn(&g),
            // z = x ± y
            (Self::Add | Self::Sub, Left) | (Self::Add, Right) => g,
            (Self::Sub, Right) => -g,
            // z = x ∘ y
            (Self::Mul, Left) => g * y,
            (Self::Mul, Right) => g * x,
            // z = x + 1 y: every row of x has received the same y
            (Self::AddRow, Left) => g,
            (Self::AddRow, Right) => g.sum_over_samples(),
            // z = x + a
            (Self::Shift(_), Left) => g,
            // z = L x: nothing flows back from where there is nothing
            (Self::Linear(_), Left) if z.shape().0 == 0 || z.shape().1 == 0 => {
                let (rows, cols) = x.shape();
                x.constant(rows, cols, |_, _| 0.0)
            }
            (Self::Linear(l), Left) => g.linear(l.adjoint()),
            // z = φ(x)
            (Self::Apply(f), Left) => g.times_slope(f, x, z),
            (Self::Leaf, _) | (Self::Shift(_) | Self::Linear(_) | Self::Apply(_), Right) => {
                unreachable!("{self:?} has no input on this side")
            }
        }
    }
}
