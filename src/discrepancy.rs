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
    array::Array,
    domain::positive,
    matrix::{
        Matrix,
        distance::{distances, squared_distances},
    },
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

/// The nearest of `points` (m, d) to each row of x (n, d), the first of several.
///
/// From an infinite coordinate everything finite is infinitely far.
///
/// # Panics
/// If there are no points, the dimensions differ, or some distance is not a number: a coordinate is
/// not, or two are the same infinity.
#[track_caller]
pub fn nearest(x: &Matrix, points: &Matrix) -> Vec<Neighbour> {
    assert!(points.rows() > 0, "the nearest of no points");
    let mut found = Vec::with_capacity(x.rows());
    for block in blocks(x) {
        let distances = distances(&block, points);
        for i in 0..distances.rows() {
            let mut nearest = Neighbour { index: 0, distance: f64::INFINITY };
            for (index, &distance) in distances.row(i).iter().enumerate() {
                assert!(!distance.is_nan(), "a distance that is not a number, to row {index}");
                if distance < nearest.distance {
                    nearest = Neighbour { index, distance };
                }
            }
            found.push(nearest);
        }
    }
    found
}

/// The median distance between two different rows of x (n, d), the upper one of two in the middle:
/// the usual bandwidth of a kernel.
///
/// # Panics
/// If there are fewer than two rows, or some distance is not a number, as in [`nearest`].
#[track_caller]
pub fn median_distance(x: &Matrix) -> f64 {
    let n = x.rows();
    assert!(n > 1, "a distance needs two rows, not {n}");
    let mut all = Vec::with_capacity(n * (n - 1) / 2);
    for (b, block) in blocks(x).enumerate() {
        let distances = distances(&block, x);
        let below = (0..distances.rows()).map(|i| &distances.row(i)[..b * BLOCK + i]);
        below.for_each(|row| all.extend_from_slice(row));
    }
    assert!(!all.iter().any(|d| d.is_nan()), "a distance that is not a number");
    let middle = all.len() / 2;
    *all.select_nth_unstable_by(middle, f64::total_cmp).1
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
/// It depends on differences alone and does not change under a shift of both. Of a sample and itself
/// it is 0; in another order the sums round differently, and the root makes 10⁻⁸ of 10⁻¹⁶.
///
/// Shapes: x (n, d), y (m, d), bandwidth h. What is not a finite number in x or y makes this not a
/// number.
///
/// # Panics
/// If a sample is empty, the dimensions differ, or h or 1/h is not positive and finite.
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
    assert!(x.cols() == y.cols(), "samples of shapes {:?} and {:?}", x.shape(), y.shape());
    positive("bandwidth", bandwidth);
    let mean = |x: &Matrix, y: &Matrix| {
        // The differences are divided by h before they are squared: h² may leave the range.
        let kernel = |block| (squared_distances(&block, y, bandwidth) * -0.5).exp().sum().item();
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
