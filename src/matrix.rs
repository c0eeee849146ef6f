//! Numbers: a dense row-major matrix, the plain reading of every formula.
//!
//! This floor alone knows threads, vector instructions and memory. Above it there are formulas.
//!
//! | module | what it does |
//! |---|---|
//! | [`product`] | x y, x yᵀ, xᵀ y: in blocks, packed where that pays |
//! | [`arithmetic`] | +, −, ∘ and their like over slices |
//! | [`elementwise`] | exp, sigmoid, softplus, tanh, … over slices, within 2 ulp |
//! | [`door`] | one safe loop, compiled for several instruction sets |
//! | [`noise`] | Gaussian noise, the same bits on any number of threads |
//! | [`cholesky`] | symmetric positive definite systems |
//! | `distance` | ‖x − y‖ between the rows of two matrices |
//!
//! ## Implementation notes
//! A [`Matrix`] shares its buffer: a clone costs a counter, and an elementwise operation works in
//! place exactly when it holds the last owner. Formulas can therefore consume and clone freely.

pub mod arithmetic;
mod blocks;
pub(crate) mod buffer;
pub mod cholesky;
pub(crate) mod distance;
pub mod door;
pub mod elementwise;
#[cfg(feature = "figures")]
pub(crate) mod in_order;
mod linear;
pub mod noise;
mod pack;
pub mod product;
mod real;
mod thin;
pub(crate) mod threads;
mod tile;
pub use real::Real;

use crate::array::{
    Array, Function, Linear, Product, Shape, elements, operators, row_shape, same_shape,
};
use arithmetic::Change;
use buffer::Buffer;
use door::Door;
use std::{fmt, sync::Arc};
use threads::{CHUNK, PARALLEL, PARALLEL_FUNCTIONS, in_pieces};

/// A row-major matrix of shape (rows, columns); rows are samples, columns are dimensions. To make one
/// with more elements than memory can hold is a panic at the caller's line.
///
/// ```
/// use score_matching::{Array, Matrix};
///
/// let x = Matrix::from_rows([[1.0, 2.0], [3.0, 4.0]]);
/// assert_eq!(x.nt(&x), Matrix::from_rows([[5.0, 11.0], [11.0, 25.0]]));
/// assert_eq!((x * 2.0 - 1.0).sum().item(), 16.0);
/// ```
#[derive(Clone)]
pub struct Matrix<T: Real = f64> {
    rows: usize,
    cols: usize,
    data: Arc<Buffer<T>>,
}

impl Matrix {
    /// From its rows, in double precision; [`Matrix::cast`] gives the other.
    pub fn from_rows<const N: usize, const D: usize>(rows: [[f64; D]; N]) -> Self {
        Self::from_vec(N, D, rows.concat())
    }
}

impl<T: Real> Matrix<T> {
    /// The matrix with f(i, j) at row i, column j.
    #[track_caller]
    pub fn from_fn(rows: usize, cols: usize, mut f: impl FnMut(usize, usize) -> f64) -> Self {
        Self::build(rows, cols, |out| {
            let rows = out.chunks_exact_mut(cols.max(1)).enumerate();
            rows.for_each(|(i, row)| (0..cols).for_each(|j| row[j] = T::of(f(i, j))));
        })
    }

    /// From its elements in row-major order.
    ///
    /// # Panics
    /// If there are not rows × cols elements.
    #[track_caller]
    pub fn from_vec(rows: usize, cols: usize, values: Vec<T>) -> Self {
        assert!(
            values.len() == elements::<T>((rows, cols)),
            "{} values for {:?}: rows × columns expected",
            values.len(),
            (rows, cols)
        );
        Self { rows, cols, data: Arc::new(Buffer::from_vec(values)) }
    }

    /// All zero.
    #[track_caller]
    pub fn zeros(rows: usize, cols: usize) -> Self {
        Self::build(rows, cols, |out| out.fill(T::default()))
    }

    /// The number of rows.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns.
    pub const fn cols(&self) -> usize {
        self.cols
    }

    /// The elements in row-major order.
    #[inline]
    pub fn data(&self) -> &[T] {
        self.data.as_slice()
    }

    /// The elements, to be changed; copied first if the buffer has another owner.
    ///
    /// # Panics
    /// Never: the copy has one owner.
    pub fn data_mut(&mut self) -> &mut [T] {
        if Arc::get_mut(&mut self.data).is_none() {
            *self = Self::build(self.rows, self.cols, |out| out.copy_from_slice(self.data()));
        }
        Arc::get_mut(&mut self.data).expect("no other owner").as_mut_slice()
    }

    /// Row i, a slice of length d.
    ///
    /// # Panics
    /// If there is no such row.
    #[track_caller]
    #[inline]
    pub fn row(&self, i: usize) -> &[T] {
        assert!(i < self.rows, "row {i} of {:?}", self.shape());
        &self.data()[i * self.cols..][..self.cols]
    }

    /// The element at row i, column j.
    #[track_caller]
    #[inline]
    pub fn at(&self, i: usize, j: usize) -> f64 {
        self.row(i)[j].to_f64()
    }

    /// The same numbers as a constant that lives where x lives: [`Array::constant`].
    pub fn lift<A: Array>(&self, x: &A) -> A {
        x.constant(self.rows, self.cols, |i, j| self.at(i, j))
    }

    /// The number in a (1, 1) matrix.
    ///
    /// # Panics
    /// If it is not (1, 1).
    #[track_caller]
    pub fn item(&self) -> f64 {
        assert!(self.shape() == (1, 1), "item of {:?}: a scalar (1, 1) expected", self.shape());
        self.at(0, 0)
    }

    /// The rows with the given indices, in that order: a mini-batch.
    #[track_caller]
    pub fn select(&self, rows: &[usize]) -> Self {
        for &i in rows {
            self.row(i); // here and not in the closure, through which `track_caller` does not reach
        }
        Self::build(rows.len(), self.cols, |out| {
            for (out, &i) in out.chunks_exact_mut(self.cols.max(1)).zip(rows) {
                out.copy_from_slice(self.row(i));
            }
        })
    }

    /// The same numbers in another precision.
    pub fn cast<U: Real>(&self) -> Matrix<U> {
        Matrix::build(self.rows, self.cols, |out| {
            out.iter_mut().zip(self.data()).for_each(|(out, x)| *out = U::of(x.to_f64()));
        })
    }

    /// Whether every element is finite.
    pub fn is_finite(&self) -> bool {
        self.data().iter().all(|x| x.to_f64().is_finite())
    }

    /// A new matrix, filled by `f`, which must write every element.
    #[track_caller]
    fn build(rows: usize, cols: usize, f: impl FnOnce(&mut [T])) -> Self {
        let mut buffer = Buffer::scratch(elements::<T>((rows, cols)));
        f(buffer.as_mut_slice());
        Self { rows, cols, data: Arc::new(buffer) }
    }

    /// Changes all elements, piece by piece, on all threads from a length of `parallel` on. The length of a
    /// piece is a multiple of `unit`. It works in place if this is the last owner, else from the old buffer into
    /// a new one. `f` gets the index of the first element, the old piece (none if in place), and the new one.
    fn rewrite(
        mut self,
        unit: usize,
        parallel: usize,
        f: impl Fn(usize, Option<&[T]>, &mut [T]) + Sync,
    ) -> Self {
        let chunk = (CHUNK / unit).max(1) * unit;
        let long = self.data().len() >= parallel;
        if let Some(buffer) = Arc::get_mut(&mut self.data) {
            in_pieces(buffer.as_mut_slice(), chunk, long, |start, x| f(start, None, x));
            return self;
        }
        let old = self.data();
        Self::build(self.rows, self.cols, |out| {
            in_pieces(out, chunk, long, |start, x| f(start, Some(&old[start..][..x.len()]), x));
        })
    }

    /// The change of each piece, behind the door of the calling thread.
    fn change<'a>(self, change: impl Fn(usize) -> Change<'a, T> + Sync) -> Self {
        let door = Door::current(); // asked here, since a choice belongs to this thread
        self.rewrite(change(0).unit(), PARALLEL, |start, x, out| {
            T::change(door, change(start), x, out);
        })
    }
}

impl<T: Real> Array for Matrix<T> {
    fn shape(&self) -> Shape {
        (self.rows, self.cols)
    }

    fn constant(&self, rows: usize, cols: usize, f: impl Fn(usize, usize) -> f64) -> Self {
        Self::from_fn(rows, cols, f)
    }

    fn product(&self, form: Product, y: &Self) -> Self {
        let sizes @ (m, n, _) = form.sizes(self.shape(), y.shape());
        Self::build(m, n, |out| {
            T::multiply(Door::current(), form, sizes, [self.data(), y.data()], out);
        })
    }

    fn add_row(self, row: &Self) -> Self {
        row_shape(self.shape(), row.shape());
        if self.rows == 1 {
            return self + row; // the threads can share this sum; by `AddRow` a row is never cut
        }
        self.change(|_| Change::AddRow(row.data()))
    }

    fn apply(self, f: Function) -> Self {
        let door = Door::current();
        self.rewrite(1, PARALLEL_FUNCTIONS, |_, x, out| T::apply(door, f, x, out))
    }

    fn with_slope(self, f: Function) -> (Self, Option<Self>) {
        let both = |(y, slope)| (y, Some(slope));
        if f == Function::Sigmoid { both(self.sigmoid_and_slope()) } else { (self.apply(f), None) }
    }

    fn times_slope(self, f: Function, x: &Self, y: &Self) -> Self {
        same_shape("x ∘ y", self.shape(), x.shape());
        same_shape("x ∘ y", self.shape(), y.shape());
        let door = Door::current();
        self.rewrite(1, PARALLEL_FUNCTIONS, |start, old, g| {
            if let Some(old) = old {
                g.copy_from_slice(old); // it stays in the first-level cache
            }
            T::times_slope(door, f, [x, y].map(|x| &x.data()[start..]), g);
        })
    }

    fn linear(self, l: Linear) -> Self {
        let (rows, cols) = l.shape(self.shape());
        match l {
            Linear::Scale(a) => self.change(|_| Change::Scale(T::of(a))),
            Linear::RowSum(1) | Linear::Spread(1) => self,
            _ => Self::build(rows, cols, |out| linear::apply(l, &self, out)),
        }
    }
}

operators!([T: Real] Matrix<T> {
    add: |x, y| x.change(|start| Change::Add(&y.data()[start..])),
    sub: |x, y| x.change(|start| Change::Sub(&y.data()[start..])),
    mul: |x, y| x.change(|start| Change::Mul(&y.data()[start..])),
    shift: |x, a| x.change(|_| Change::Shift(T::of(a))),
});

impl<T: Real> PartialEq for Matrix<T> {
    fn eq(&self, other: &Self) -> bool {
        self.shape() == other.shape() && self.data() == other.data()
    }
}

impl<T: Real> fmt::Debug for Matrix<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Matrix {:?}", self.shape())?;
        (0..self.rows).try_for_each(|i| writeln!(f, "  {:?}", self.row(i)))
    }
}
