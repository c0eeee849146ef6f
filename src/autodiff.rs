//! Derivatives, of any order, from the formula alone.
//!
//! | module | what it holds |
//! |---|---|
//! | [`rules`] | the rule book: every operation and, beside it, its pullback |
//! | [`tape`] | reverse mode: [`Var`], a formula that remembers how it was computed |
//! | [`dual`] | forward mode: [`Dual`], a value with its derivatives along k directions |
//! | [`second`] | first and second derivatives along all axes at once, from [`Dual`] of [`Dual`] |
//! | [`check`] | differences, the independent witness |
//!
//! The readings compose. Read "A over B" as: differentiate with B, then differentiate the result with
//! A. Reverse over reverse is `grad` of `grad`; reverse over forward is `Dual<Var>` followed by a sweep; forward over forward
//! is `Dual<Dual<Matrix>>`, and a sweep of `Dual<Dual<Var>>` is reverse over forward over forward.
//! So the exact trace of a Hessian *and its gradient in θ*, which implicit score matching needs,
//! follow from the energy alone:
//!
//! ```
//! use score_matching::{Array, Matrix, Tape};
//!
//! let tape = Tape::new();
//! let x = tape.var(&Matrix::from_rows([[2.0]]));
//! let y = x * x * x; // x³
//! let first = y.grad(&[x])[0]; // 3x², again a variable
//! let second = first.grad(&[x])[0]; // 6x
//! let third = second.grad(&[x])[0]; // 6
//! assert_eq!([y, first, second, third].map(|v| v.value().item()), [8.0, 12.0, 12.0, 6.0]);
//! ```

pub mod check;
pub mod dual;
pub mod rules;
pub mod second;
pub mod tape;

pub use dual::Dual;
pub use tape::{Tape, Var};
