//! Forward mode: a value that carries its derivatives along k directions.
//!
//! Write x + δ v with δ² = 0. Any smooth f gives f(x + δ v) = f(x) + δ f′(x) v, so arithmetic on
//! such pairs computes derivatives along v beside the values. Here one value carries k directions
//! at once: for the Jacobian of a score all d axes travel together, as one large product instead of
//! d small ones.
//!
//! ```text
//! value   (n, d)      x₁              row i has its k tangents
//!                     x₂              at rows i·k … i·k + k − 1
//! tangents (n·k, d)   v₁₁ … v₁ₖ, v₂₁ … v₂ₖ
//! ```
//!
//! ```
//! use score_matching::{Array, Dual, Matrix};
//!
//! let x = Matrix::from_rows([[0.5, -1.0]]);
//! let y = Dual::axes(&x).tanh(); // ∂ tanh(xᵢ)/∂xⱼ, a diagonal Jacobian
//! let t = 1.0 - 0.5_f64.tanh().powi(2);
//! assert!((y.tangents.unwrap().at(0, 0) - t).abs() < 1e-15);
//! ```
//!
//! ## Implementation notes
//! The tangents of one sample lie next to each other (and not in k blocks, each of all samples):
//! then sums over samples, tiling and products by a weight act on tangents as they act on values.
//! The right factor of a product may carry at most one tangent per row.
//!
//! Readings nest as types (`Dual<Dual<A>>`), so that the two δ of a second derivative can never be
//! taken for one another.

use crate::array::{Array, Function, Linear, Product, Shape, operators};

/// A value (n, d) with k tangents (n·k, d) interleaved under its rows; see the [module](self).
///
/// ```
/// use score_matching::{Array, Dual, Matrix};
///
/// let x = Matrix::from_rows([[3.0, 1.0]]);
/// let directions = Matrix::from_rows([[1.0, 0.0], [1.0, 2.0]]); // two, under the one row
/// let y = Dual::along(&x, &directions).squared_norm(); // its slopes are 2⟨x, v⟩
/// assert_eq!((y.k(), y.value.item()), (2, 10.0));
/// assert_eq!(y.tangents_or_zero(2), Matrix::from_rows([[6.0], [10.0]]));
/// assert!(Dual::constant(&x).tangents.is_none()); // it depends on nothing
/// ```
#[derive(Clone, Debug)]
pub struct Dual<A> {
    /// f(x).
    pub value: A,
    /// f′(x) v for the k directions of every row; `None` for what does not depend on x.
    pub tangents: Option<A>,
}

impl<A: Array> Dual<A> {
    /// A value that depends on nothing.
    pub fn constant(value: &A) -> Self {
        Self { value: value.clone(), tangents: None }
    }

    /// x moving along k given directions under every row.
    ///
    /// # Panics
    /// If the directions (n·k, d) do not fit x (n, d), or if there are samples but no directions.
    #[track_caller]
    pub fn along(x: &A, directions: &A) -> Self {
        let ((n, d), (nk, e)) = (x.shape(), directions.shape());
        let fits = if n == 0 { nk == 0 } else { nk > 0 && nk % n == 0 };
        assert!(
            d == e && fits,
            "along: x of {:?} · directions of {:?}: k rows of {d} under each of {n} expected",
            (n, d),
            (nk, e)
        );
        Self { value: x.clone(), tangents: Some(directions.clone()) }
    }

    /// x moving along all d axes: the tangents of f(x) are then the columns of its Jacobian. In no
    /// dimensions nothing moves.
    #[track_caller]
    pub fn axes(x: &A) -> Self {
        let (n, d) = x.shape();
        if d == 0 {
            return Self::constant(x);
        }
        let axes = x.constant(n * d, d, |r, j| f64::from(u8::from(r % d == j)));
        Self::along(x, &axes)
    }

    /// The tangents, zero if there are none.
    ///
    /// `k` says how many there would be.
    #[track_caller]
    pub fn tangents_or_zero(self, k: usize) -> A {
        let (nk, d) = Linear::Each(k).shape(self.value.shape());
        match self.tangents {
            Some(tangents) => tangents,
            None => self.value.constant(nk, d, |_, _| 0.0),
        }
    }

    /// How many tangents a row has; without a row or a tangent, one.
    pub fn k(&self) -> usize {
        self.tangents.as_ref().map_or(1, |t| per_row(t, &self.value))
    }

    /// The tangent of a factor whose rows are summed over: there is room for one only.
    #[track_caller]
    fn single(&self) -> Option<&A> {
        assert!(self.k() == 1, "this factor of a product carries {} tangents, not one", self.k());
        self.tangents.as_ref()
    }
}

/// How many rows of t stand under each row of x.
fn per_row<A: Array>(t: &A, x: &A) -> usize {
    (t.shape().0 / x.shape().0.max(1)).max(1)
}

/// The sum of two tangents, either of which may be absent.
#[track_caller]
fn plus<A: Array>(a: Option<A>, b: Option<A>) -> Option<A> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a + b),
        (a, b) => a.or(b),
    }
}

/// t ∘ x, where every row of x meets its k tangents.
fn times<A: Array>(t: Option<A>, x: &A) -> Option<A> {
    let t = t?;
    let k = per_row(&t, x);
    Some(if k == 1 { t * x } else { t * x.clone().linear(Linear::Each(k)) })
}

impl<A: Array> Array for Dual<A> {
    fn shape(&self) -> Shape {
        self.value.shape()
    }

    fn constant(&self, rows: usize, cols: usize, f: impl Fn(usize, usize) -> f64) -> Self {
        Self { value: self.value.constant(rows, cols, f), tangents: None }
    }

    /// (x + δ v)(y + δ w) = x y + δ (v y + x w), and so for the transposed forms.
    fn product(&self, form: Product, y: &Self) -> Self {
        let value = self.value.product(form, &y.value);
        // Only x y and x yᵀ act on x row by row, and so on the k tangents under each row.
        let left = if form == Product::Tn { self.single() } else { self.tangents.as_ref() };
        let left = left.map(|v| v.product(form, &y.value));
        let right = y.single().map(|w| self.value.product(form, w));
        Self { value, tangents: plus(left, right) }
    }

    fn add_row(self, row: &Self) -> Self {
        let (n, _) = self.shape();
        let value = self.value.add_row(&row.value);
        let below = row.tangents.clone().map(|t| t.linear(Linear::Tile(n)));
        Self { value, tangents: plus(self.tangents, below) }
    }

    /// φ(x + δ v) = φ(x) + δ φ′(x) ∘ v
    fn apply(self, f: Function) -> Self {
        let Some(v) = self.tangents else {
            return Self { value: self.value.apply(f), tangents: None };
        };
        let (value, slope) = self.value.clone().with_slope(f);
        let slope = slope.unwrap_or_else(|| f.derivative(&self.value, &value));
        Self { value, tangents: times(Some(v), &slope) }
    }

    /// L(x + δ v) = L x + δ L v. A sum of no blocks does not move: of how many tangents it would
    /// be zero, an empty batch cannot say.
    fn linear(self, l: Linear) -> Self {
        let row_by_row = !matches!(l, Linear::Each(_) | Linear::SumEach(_) | Linear::Transpose);
        assert!(row_by_row || self.k() == 1, "{l:?} of a value with {} tangents a row", self.k());
        let moving = self.tangents.filter(|_| l != Linear::Fold(0));
        Self { value: self.value.linear(l), tangents: moving.map(|v| v.linear(l)) }
    }
}

operators!([A: Array] Dual<A> {
    add: |x, y| {
        Self { value: x.value + &y.value, tangents: plus(x.tangents, y.tangents.clone()) }
    },
    sub: |x, y| {
        let minus = y.tangents.clone().map(|w| -w);
        Self { value: x.value - &y.value, tangents: plus(x.tangents, minus) }
    },
    // (x + δ v) ∘ (y + δ w) = x ∘ y + δ (v ∘ y + w ∘ x)
    mul: |x, y| {
        let left = times(x.tangents, &y.value);
        let right = times(y.tangents.clone(), &x.value);
        Self { value: x.value * &y.value, tangents: plus(left, right) }
    },
    shift: |x, a| Self { value: x.value + a, tangents: x.tangents },
});
