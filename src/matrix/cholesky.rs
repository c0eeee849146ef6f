//! Symmetric positive definite systems, by the factor A = L Lᵀ.

use super::Matrix;
use std::fmt;

/// The lower triangular L with L Lᵀ = A.
#[derive(Clone, Debug)]
pub struct Cholesky {
    n: usize,
    /// Row-major; above the diagonal zero.
    l: Vec<f64>,
}

/// A matrix that is not positive definite has no factor.
#[derive(Clone, Debug, PartialEq)]
pub struct NotPositiveDefinite {
    /// Where the factorisation stopped.
    pub row: usize,
    /// What stood there instead of a positive number.
    pub pivot: f64,
}

impl fmt::Display for NotPositiveDefinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not positive definite: pivot {} in row {}", self.pivot, self.row)
    }
}

impl std::error::Error for NotPositiveDefinite {}

impl Cholesky {
    /// Factors the symmetric (n, n) matrix A, of which the lower triangle is read.
    ///
    /// ```
    /// use score_matching::{Array, Matrix, matrix::cholesky::Cholesky};
    ///
    /// let a = Matrix::from_rows([[4.0, 2.0], [2.0, 5.0]]);
    /// let x = Cholesky::new(&a).unwrap().solve(&Matrix::from_rows([[8.0], [8.0]]));
    /// assert_eq!(x, Matrix::from_rows([[1.5], [1.0]]));
    /// ```
    ///
    /// # Errors
    /// If a pivot is not a positive number.
    ///
    /// # Panics
    /// If A is not square.
    #[track_caller]
    pub fn new(a: &Matrix) -> Result<Self, NotPositiveDefinite> {
        let n = a.rows();
        assert!(a.cols() == n, "cholesky of shape {:?}", (n, a.cols()));
        let mut l = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..=i {
                let (row_i, row_j) = (&l[i * n..][..j], &l[j * n..][..j]);
                let sum: f64 = row_i.iter().zip(row_j).map(|(x, y)| x * y).sum();
                let rest = a.at(i, j) - sum;
                l[i * n + j] = if i > j {
                    rest / l[j * n + j]
                } else if rest > 0.0 {
                    rest.sqrt()
                } else {
                    return Err(NotPositiveDefinite { row: i, pivot: rest });
                };
            }
        }
        Ok(Self { n, l })
    }

    /// L, (n, n).
    pub fn factor(&self) -> Matrix {
        Matrix::from_vec(self.n, self.n, self.l.clone())
    }

    /// A⁻¹ B for B of shape (n, m), by L Y = B and Lᵀ X = Y.
    ///
    /// # Panics
    /// If B has not n rows.
    #[track_caller]
    pub fn solve(&self, b: &Matrix) -> Matrix {
        let (n, m) = (self.n, b.cols());
        assert!(b.rows() == n, "solve: {:?} · {:?}", (n, n), (b.rows(), m));
        let mut x = b.data().to_vec();
        let (forward, backward) = (0..n, (0..n).rev());
        for i in forward {
            self.eliminate(&mut x, i, 0..i, |i, j| (i, j));
        }
        for i in backward {
            self.eliminate(&mut x, i, i + 1..n, |i, j| (j, i));
        }
        Matrix::from_vec(n, m, x)
    }

    /// Row i of x ← (row i − Σⱼ l(i, j) row j) / l(i, i), with `at` reading L or Lᵀ.
    fn eliminate(
        &self,
        x: &mut [f64],
        i: usize,
        others: std::ops::Range<usize>,
        at: fn(usize, usize) -> (usize, usize),
    ) {
        let m = x.len() / self.n;
        let l = |i, j| {
            let (row, col) = at(i, j);
            self.l[row * self.n + col]
        };
        for column in 0..m {
            let sum: f64 = others.clone().map(|j| l(i, j) * x[j * m + column]).sum();
            x[i * m + column] = (x[i * m + column] - sum) / l(i, i);
        }
    }
}
