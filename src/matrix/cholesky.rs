//! Symmetric positive definite systems, by the factor A = L Lᵀ.
//!
//! ## When is a matrix singular?
//! In exact arithmetic a singular A has a pivot 0. In floating point rounding leaves something there,
//! as often positive as not, and a test for a positive pivot lets half of the singular matrices pass.
//! But a pivot is also a value of the quadratic form:
//!
//! ```text
//! aᵢᵢ − Σⱼ lᵢⱼ² = vᵀA v,   vᵢ = 1,   v₍ⱼ<ᵢ₎ = −A₍<ᵢ₎⁻¹ a₍<ᵢ₎,ᵢ
//! ```
//!
//! Let each element of A be known up to γ √(aᵢᵢaⱼⱼ). Then the form is known up to γ (Σⱼ |vⱼ| √aⱼⱼ)²,
//! and a pivot that is not larger may be 0. The elimination itself contributes (i + 1) u to γ (Higham
//! 2002, theorem 10.3); where A is a sum of k products, as xᵀx is, the sum contributes k u, by Cauchy
//! and Schwarz relative to the same roots. The test does not depend on the units of the coordinates.

use super::Matrix;
use crate::array::Array;
use std::fmt;

/// The lower triangular L with L Lᵀ = A.
#[derive(Clone, Debug)]
pub struct Cholesky {
    n: usize,
    /// Row-major; above the diagonal zero.
    l: Vec<f64>,
}

/// A matrix that is not positive definite has no factor; nor has, in f64, one that is so nearly
/// singular that the difference is rounding.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct NotPositiveDefinite {
    /// Where the factorisation stopped.
    pub row: usize,
    /// What stood there instead of a positive number that is more than rounding.
    pub pivot: f64,
}

impl fmt::Display for NotPositiveDefinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not positive definite: pivot {} in row {}", self.pivot, self.row)
    }
}

impl std::error::Error for NotPositiveDefinite {}

/// Why A x = b has no solution in numbers.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum NoSolution {
    /// A is singular, as far as rounding can tell.
    Singular(NotPositiveDefinite),
    /// The solution is too large for an f64.
    TooLarge,
}

impl fmt::Display for NoSolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Singular(why) => why.fmt(f),
            Self::TooLarge => write!(f, "the solution is too large for an f64"),
        }
    }
}

impl std::error::Error for NoSolution {}

impl From<NotPositiveDefinite> for NoSolution {
    fn from(why: NotPositiveDefinite) -> Self {
        Self::Singular(why)
    }
}

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
    /// If a pivot is not a positive number, or so small that it may be rounding.
    ///
    /// # Panics
    /// If A is not square.
    #[track_caller]
    pub fn new(a: &Matrix) -> Result<Self, NotPositiveDefinite> {
        Self::of_sums(a, 1)
    }

    /// Factors xᵀx, or another matrix whose elements are sums of so many products: the more there are,
    /// the more of a pivot may be rounding.
    ///
    /// # Errors
    /// If a pivot is not a positive number, or so small that it may be rounding.
    ///
    /// # Panics
    /// If A is not square.
    #[track_caller]
    pub fn of_sums(a: &Matrix, terms: usize) -> Result<Self, NotPositiveDefinite> {
        Self::known_to(a, terms, |i| a.at(i, i))
    }

    /// Factors A + E, where only A is known, and |eᵢⱼ| is at most k u √(sᵢsⱼ) for k = `terms`.
    #[track_caller]
    pub(crate) fn known_to(
        a: &Matrix,
        terms: usize,
        scale: impl Fn(usize) -> f64,
    ) -> Result<Self, NotPositiveDefinite> {
        let n = a.rows();
        assert!(a.cols() == n, "cholesky of shape {:?}: a square expected", (n, a.cols()));
        // n for the elimination, and 2 to spare; twice the bound, u being half of this.
        let gamma = (terms + n + 2) as f64 * f64::EPSILON;
        let roots: Vec<f64> = (0..n).map(|i| scale(i).sqrt()).collect();
        let mut l = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..=i {
                let (row_i, row_j) = (&l[i * n..][..j], &l[j * n..][..j]);
                let sum: f64 = row_i.iter().zip(row_j).map(|(x, y)| x * y).sum();
                let rest = a.at(i, j) - sum;
                if i > j {
                    l[i * n + j] = rest / l[j * n + j];
                    continue;
                }
                // v without its signs' meaning, by Lᵀv = l from below.
                let mut v = l[i * n..][..i].to_vec();
                for k in (0..i).rev() {
                    v[k] /= l[k * n + k];
                    for m in 0..k {
                        v[m] -= l[k * n + m] * v[k];
                    }
                }
                let sizes = v.iter().zip(&roots).map(|(v, root)| v.abs() * root);
                let size = roots[i] + sizes.sum::<f64>();
                // Divided twice, for the square may leave the range. NaN is no more than anything.
                if !(rest.is_finite() && rest / size / size > gamma) {
                    return Err(NotPositiveDefinite { row: i, pivot: rest });
                }
                l[i * n + i] = rest.sqrt();
            }
        }
        Ok(Self { n, l })
    }

    /// Factors the covariance of a Gaussian.
    ///
    /// # Panics
    /// If it is not square, finite, symmetric and positive definite: symmetric up to the rounding of a
    /// product of n factors, |cᵢⱼ − cⱼᵢ| ≤ (n + 4) ε √(cᵢᵢcⱼⱼ). The lower triangle is then taken.
    #[track_caller]
    pub fn of_covariance(covariance: &Matrix) -> Self {
        let (n, d) = covariance.shape();
        assert!(n == d, "covariance of shape {:?}: a square expected", (n, d));
        assert!(covariance.is_finite(), "covariance: finite numbers expected, got {covariance:?}");
        let c = |i, j| covariance.at(i, j);
        for (i, j) in (0..n).flat_map(|i| (0..i).map(move |j| (i, j))) {
            let rounding =
                (n + 4) as f64 * f64::EPSILON * c(i, i).abs().sqrt() * c(j, j).abs().sqrt();
            let symmetric = (c(i, j) - c(j, i)).abs() <= rounding;
            assert!(
                symmetric,
                "covariance: not symmetric: {} and {} at ({i}, {j})",
                c(i, j),
                c(j, i)
            );
        }
        match Self::new(covariance) {
            Ok(cholesky) => cholesky,
            Err(error) => panic!("covariance: {error}"),
        }
    }

    /// L, (n, n).
    pub fn factor(&self) -> Matrix {
        Matrix::from_vec(self.n, self.n, self.l.clone())
    }

    /// L⁻¹, (n, n).
    pub fn inverse_factor(&self) -> Matrix {
        let n = self.n;
        let mut x = Matrix::from_fn(n, n, |i, j| f64::from(u8::from(i == j)));
        (0..n).for_each(|i| self.eliminate(x.data_mut(), i, 0..i, |i, j| (i, j)));
        x
    }

    /// A⁻¹ B for B of shape (n, m), by L Y = B and Lᵀ X = Y.
    ///
    /// # Panics
    /// If B has not n rows.
    #[track_caller]
    pub fn solve(&self, b: &Matrix) -> Matrix {
        let (n, m) = (self.n, b.cols());
        assert!(
            b.rows() == n,
            "A x = b: {:?} · {:?}: b with {n} rows expected",
            (n, n),
            (b.rows(), m)
        );
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

    /// As [`Cholesky::solve`].
    ///
    /// # Errors
    /// If the solution leaves the range of an f64.
    #[track_caller]
    pub(crate) fn solve_finite(&self, b: &Matrix) -> Result<Matrix, NoSolution> {
        let x = self.solve(b);
        if x.is_finite() { Ok(x) } else { Err(NoSolution::TooLarge) }
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
