//! How far samples are from data, when only samples are known.
//!
//! | measure | asks |
//! |---|---|
//! | [`nearest`] | is each sample near some point of the data, and not a copy of one? |
//! | [`maximum_mean_discrepancy`] | could both have come from one density? |
//!
//! Both are read against what two samples of the data themselves would show;
//! [`Scatter`](crate::statistics::Scatter) says how sure a mean of such numbers is.

use crate::{
    array::{Array, Linear},
    matrix::Matrix,
};

/// Rows whose distances are computed at once: a block of a few megabytes.
const BLOCK: usize = 128;

/// A neighbour: which row, and how far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// The row among the points searched.
    pub index: usize,
    /// The Euclidean distance.
    pub distance: f64,
}

/// The nearest of `points` (m, d) to each row of x (n, d).
///
/// # Panics
/// If there are no points, the dimensions differ, or some coordinate is not a number.
#[track_caller]
pub fn nearest(x: &Matrix, points: &Matrix) -> Vec<Neighbour> {
    assert!(points.rows() > 0, "the nearest of no points");
    let mut found = Vec::with_capacity(x.rows());
    for squares in blocks(x).map(|block| squared_distances(&block, points)) {
        found.extend((0..squares.rows()).map(|i| {
            let row = squares.row(i).iter().enumerate();
            let (index, square) = row.min_by(|a, b| a.1.total_cmp(b.1)).expect("some points");
            assert!(!square.is_nan(), "a coordinate is not a number");
            Neighbour { index, distance: square.sqrt() }
        }));
    }
    found
}

/// The median distance between two different rows of x (n, d), the upper one of two in the middle:
/// the usual bandwidth of a kernel.
///
/// # Panics
/// If there are fewer than two rows.
#[track_caller]
pub fn median_distance(x: &Matrix) -> f64 {
    let n = x.rows();
    assert!(n > 1, "a distance needs two rows, not {n}");
    let mut squares = Vec::with_capacity(n * (n - 1) / 2);
    for (b, block) in blocks(x).enumerate() {
        let distances = squared_distances(&block, x);
        let below = (0..distances.rows()).map(|i| &distances.row(i)[..b * BLOCK + i]);
        below.for_each(|row| squares.extend_from_slice(row));
    }
    let middle = squares.len() / 2;
    squares.select_nth_unstable_by(middle, f64::total_cmp).1.sqrt()
}

/// The maximum mean discrepancy between two samples, for the kernel k(x, y) = exp(−‖x − y‖²/(2h²)):
///
/// ```text
/// MMD² = mean k(xᵢ, xⱼ) + mean k(yᵢ, yⱼ) − 2 mean k(xᵢ, yⱼ)
/// ```
///
/// the distance of the two empirical laws in the kernel's Hilbert space, over all pairs and so never
/// negative. It is the distance itself that is returned, not its square. Two samples of one density
/// are about √(1/n + 1/m) apart, times the root of 1 less the mean kernel (Gretton et al. 2012).
///
/// Shapes: x (n, d), y (m, d), bandwidth h. What is not a number in x or y is not a number here.
///
/// # Panics
/// If a sample is empty, the dimensions differ, or h is not positive.
///
/// ```
/// use score_matching::{Matrix, discrepancy::maximum_mean_discrepancy};
///
/// let (here, there) = (Matrix::from_rows([[0.0]]), Matrix::from_rows([[1.0]]));
/// let far = maximum_mean_discrepancy(&here, &there, 1.0);
/// assert!((far * far - 2.0 * (1.0 - (-0.5_f64).exp())).abs() < 1e-12);
/// ```
#[track_caller]
pub fn maximum_mean_discrepancy(x: &Matrix, y: &Matrix, bandwidth: f64) -> f64 {
    assert!(x.rows() > 0 && y.rows() > 0, "from {} to {} samples", x.rows(), y.rows());
    assert!(bandwidth > 0.0, "bandwidth {bandwidth}");
    let mean = |x: &Matrix, y: &Matrix| {
        let kernel = |block: Matrix| {
            (squared_distances(&block, y) * (-0.5 / (bandwidth * bandwidth))).exp().sum().item()
        };
        blocks(x).map(kernel).sum::<f64>() / (x.rows() * y.rows()) as f64
    };
    let square = mean(x, x) + mean(y, y) - 2.0 * mean(x, y);
    // Rounding may leave a negative square for two samples that are the same.
    if square < 0.0 { 0.0 } else { square.sqrt() }
}

/// The rows of x, a block at a time.
fn blocks(x: &Matrix) -> impl Iterator<Item = Matrix> {
    let rows: Vec<usize> = (0..x.rows()).collect();
    (0..x.rows().div_ceil(BLOCK)).map(move |b| {
        let end = rows.len().min((b + 1) * BLOCK);
        x.select(&rows[b * BLOCK..end])
    })
}

/// ‖xᵢ − yⱼ‖² = ‖xᵢ‖² + ‖yⱼ‖² − 2⟨xᵢ, yⱼ⟩: (n, d), (m, d) → (n, m).
#[track_caller]
fn squared_distances(x: &Matrix, y: &Matrix) -> Matrix {
    let squares = x.nt(y) * -2.0 + x.squared_norm().linear(Linear::Spread(y.rows()));
    // A point's distance to itself may round below 0.
    squares.add_row(&y.squared_norm().linear(Linear::Transpose)).relu()
}
