//! The vocabulary by definition, over numbers of any kind.
//!
//! [`Matrix`] is a reading made for speed. [`Grid`] is the same reading made to be read: every
//! operation is its definition, entry by entry. It asks of a [`Number`] only that it can be added,
//! multiplied and put into a φ, and the kind of number decides what a formula gives:
//!
//! | reading | its numbers | what the same formula gives |
//! |---|---|---|
//! | `Grid<f64>` | floating point | the witness: what every fast operation must equal |
//! | [`Exact`] | [`Polynomial`]s | itself, expanded: equal formulas are *proved* equal, for all parameters |
//! | [`Enclosed`] | intervals ([`Ball`]) | bounds between which the true value lies: a tolerance |
//!
//! Derivatives stand above this floor, so they can be read in these ways too: a tape of
//! polynomials proves a gradient, a tape of intervals bounds it.
//!
//! ```
//! use score_matching::{Array, grid::Exact};
//!
//! let (x, y) = (Exact::named("x", 1, 2), Exact::named("y", 1, 2));
//! let left = (x.clone() + &y).squared_norm();
//! let right = x.squared_norm() + x.inner(&y) * 2.0 + y.squared_norm();
//! assert_eq!(left, right); // ‖x + y‖² = ‖x‖² + 2⟨x, y⟩ + ‖y‖² for all x and y in the plane
//! ```

pub mod ball;
pub mod polynomial;

pub use ball::{Ball, Enclosed};
pub use polynomial::{Exact, Polynomial};

use crate::{
    array::{Array, Function, Linear, Product, Shape, elements, operators, row_shape},
    matrix::{Matrix, Real, door::Door},
};

/// What an entry of a [`Grid`] has to know.
pub trait Number: Clone {
    /// A number that stands in a formula.
    fn of(x: f64) -> Self;

    /// x + y
    #[must_use]
    fn plus(self, y: &Self) -> Self;

    /// x y
    #[must_use]
    fn times(&self, y: &Self) -> Self;

    /// φ(x)
    #[must_use]
    fn apply(&self, f: Function) -> Self;

    /// x₁ + x₂ + …, and 0 if there is none.
    fn sum(terms: impl Iterator<Item = Self>) -> Self {
        terms.reduce(|sum, term| sum.plus(&term)).unwrap_or_else(|| Self::of(0.0))
    }
}

/// Floating point, one rounding after the other. φ is the kernel of [`Matrix`]: that it is good to
/// 2 ulp is a matter of its own.
impl Number for f64 {
    fn of(x: f64) -> Self {
        x
    }
    #[inline]
    fn plus(self, y: &Self) -> Self {
        self + y
    }
    #[inline]
    fn times(&self, y: &Self) -> Self {
        self * y
    }
    fn apply(&self, f: Function) -> Self {
        let [y] = applied(f, [*self]);
        y
    }
}

/// φ of each number, by the kernel of [`Matrix`].
fn applied<const N: usize>(f: Function, mut x: [f64; N]) -> [f64; N] {
    Real::apply(Door::current(), f, None, &mut x);
    x
}

/// A matrix of such numbers, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid<N> {
    shape: Shape,
    entries: Vec<N>,
}

impl<N> Grid<N> {
    /// The entry f(i, j) at row i, column j.
    ///
    /// # Panics
    /// If there are more entries than memory can hold.
    #[track_caller]
    pub fn from_fn(rows: usize, cols: usize, mut f: impl FnMut(usize, usize) -> N) -> Self {
        let mut entries = Vec::with_capacity(elements::<N>((rows, cols)));
        let full = if cols > 0 { rows } else { 0 };
        (0..full).for_each(|i| entries.extend((0..cols).map(|j| f(i, j))));
        Self { shape: (rows, cols), entries }
    }

    /// The numbers of a matrix, each read by `f`.
    pub fn from_matrix(x: &Matrix, f: impl Fn(f64) -> N) -> Self {
        Self { shape: x.shape(), entries: x.data().iter().map(|&x| f(x)).collect() }
    }

    /// The entry at row i, column j.
    ///
    /// # Panics
    /// If there is no such row or column.
    #[track_caller]
    #[inline]
    pub fn at(&self, i: usize, j: usize) -> &N {
        assert!(i < self.shape.0 && j < self.shape.1, "({i}, {j}) of {:?}", self.shape);
        &self.entries[i * self.shape.1 + j]
    }

    /// All entries, row by row.
    pub fn entries(&self) -> &[N] {
        &self.entries
    }

    /// f of every entry.
    pub fn map<M>(&self, f: impl Fn(&N) -> M) -> Grid<M> {
        Grid { shape: self.shape, entries: self.entries.iter().map(f).collect() }
    }

    fn zip(&self, y: &Self, f: impl Fn(&N, &N) -> N) -> Self {
        let entries = self.entries.iter().zip(&y.entries).map(|(x, y)| f(x, y)).collect();
        Self { shape: self.shape, entries }
    }
}

impl<N: Number> Array for Grid<N> {
    fn shape(&self) -> Shape {
        self.shape
    }

    fn constant(&self, rows: usize, cols: usize, f: impl Fn(usize, usize) -> f64) -> Self {
        Self::from_fn(rows, cols, |i, j| N::of(f(i, j)))
    }

    /// (x y)ᵢⱼ = Σₗ xᵢₗ yₗⱼ
    fn product(&self, form: Product, y: &Self) -> Self {
        let (m, n, k) = form.sizes(self.shape, y.shape);
        let left = |i, l| if form == Product::Tn { self.at(l, i) } else { self.at(i, l) };
        let right = |l, j| if form == Product::Nt { y.at(j, l) } else { y.at(l, j) };
        Self::from_fn(m, n, |i, j| N::sum((0..k).map(|l| left(i, l).times(right(l, j)))))
    }

    fn add_row(self, row: &Self) -> Self {
        row_shape(self.shape, row.shape);
        Self::from_fn(self.shape.0, self.shape.1, |i, j| self.at(i, j).clone().plus(row.at(0, j)))
    }

    fn apply(self, f: Function) -> Self {
        self.map(|x| x.apply(f))
    }

    fn linear(self, l: Linear) -> Self {
        let ((rows, cols), n) = (l.shape(self.shape), self.shape.0);
        Self::from_fn(rows, cols, |i, j| match l {
            Linear::Scale(a) => self.at(i, j).times(&N::of(a)),
            Linear::Tile(_) => self.at(i % n, j).clone(),
            Linear::Each(k) => self.at(i / k, j).clone(),
            Linear::Spread(_) => self.at(i, 0).clone(),
            Linear::Transpose => self.at(j, i).clone(),
            Linear::Fold(k) => N::sum((0..k).map(|b| self.at(b * rows + i, j).clone())),
            Linear::SumEach(k) => N::sum((0..k).map(|b| self.at(i * k + b, j).clone())),
            Linear::RowSum(d) => N::sum((0..d).map(|b| self.at(i, b).clone())),
        })
    }
}

operators!([N: Number] Grid<N> {
    add: |x, y| x.zip(y, |x, y| x.clone().plus(y)),
    sub: |x, y| x.zip(y, |x, y| x.clone().plus(&y.times(&N::of(-1.0)))),
    mul: |x, y| x.zip(y, N::times),
    shift: |x, a| x.map(|x| x.clone().plus(&N::of(a))),
});
