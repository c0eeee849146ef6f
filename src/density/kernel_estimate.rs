//! The kernel density estimate of a sample (Parzen 1962): q_σ of the empirical measure.
//!
//! Put a Dirac mass 1/n on each of n points and smooth it with N(0, σ²I): that is
//! n⁻¹ Σᵢ N(x; Xᵢ, σ²I). A corrupted training point is a sample of it, so it is the density whose
//! score an unlimited model learns by denoising those n points ([T17](crate::identity::parzen)).

use super::{Density, end, mixture::softmax, within_reach};
use crate::{
    array::Array,
    domain::positive,
    matrix::{
        Matrix,
        distance::{distances, excesses},
        noise::{Generator, standard_normal},
    },
};
use rand::RngExt;
use std::f64::consts::TAU;

/// Up to this number of σ the difference of two squared distances is as good as any other way to compare:
/// what is common to both is at most 50²/2, and the 10⁻¹³ that it rounds off is the error accepted.
const NEAR: f64 = 50.0;

/// n⁻¹ Σᵢ N(x; Xᵢ, σ²I).
///
/// ```
/// use score_matching::{density::KernelEstimate, prelude::*};
///
/// let q = KernelEstimate { points: Matrix::from_rows([[-1.0], [1.0]]), sigma: 1.0 };
/// let x = Matrix::from_rows([[0.5]]);
/// let mean = q.posterior_mean(&x).item(); // (e^x − e^(−x))/(e^x + e^(−x))
/// assert!((mean - 0.5_f64.tanh()).abs() < 1e-15);
/// assert!((q.score(&x).item() - (mean - 0.5)).abs() < 1e-15); // (𝔼[X ∣ x] − x)/σ²
/// ```
#[derive(Clone, Debug)]
pub struct KernelEstimate {
    /// X, (n, d), at least one and finite.
    pub points: Matrix,
    /// The bandwidth σ, positive and finite, and 1/σ finite.
    pub sigma: f64,
}

impl KernelEstimate {
    /// # Panics
    /// If this is no estimate.
    #[track_caller]
    fn check(&self) {
        let Self { points, sigma } = self;
        assert!(points.rows() > 0, "a kernel estimate from no points");
        assert!(points.is_finite(), "a kernel estimate from points that are not finite");
        positive("the bandwidth σ", *sigma);
    }

    /// log N(x; Xᵢ, σ²I) less that of the point next to x: (m, d) → (m, n); and of this the distance
    /// over σ. Far out the squares that all have in common would drown the differences.
    #[track_caller]
    fn log_kernels(&self, x: &Matrix) -> (Matrix, Vec<f64>) {
        self.check();
        let (points, sigma) = (&self.points, self.sigma);
        let x = within_reach(x);
        let mut log = distances(&x, points);
        let mut least = Vec::with_capacity(x.rows());
        for (i, row) in log.data_mut().chunks_exact_mut(points.rows()).enumerate() {
            let nearer = |a, b| if row[b] < row[a] { b } else { a };
            let mut next = (1..row.len()).fold(0, nearer);
            let shortest = row[next] / sigma;
            least.push(shortest);
            if shortest < NEAR {
                for log in row {
                    let distance = *log / sigma;
                    *log = 0.5 * (shortest - distance) * (shortest + distance);
                }
                continue;
            }
            let x = x.select(&[i]);
            loop {
                let centre = points.select(&[next]);
                let more = excesses(&centre, &(x.clone() - &centre), points, sigma) * -0.5;
                // Equally far to rounding, and yet one may be infinitely nearer: then it is next.
                match more.data().iter().position(|&log| log == f64::INFINITY) {
                    Some(nearer) => next = nearer,
                    None => break row.copy_from_slice(more.data()),
                }
            }
        }
        (log, least)
    }

    /// 𝔼[X ∣ x̃], the mean of the points weighted by how well each explains x̃:
    /// Σᵢ softmax(−‖x̃ − Xᵢ‖²/(2σ²)) Xᵢ. Shapes: (m, d) → (m, d).
    ///
    /// It is the best of all denoisers for this sample: it knows it by heart.
    ///
    /// # Panics
    /// If there is no point, one is not finite, or σ or 1/σ is not positive and finite.
    #[track_caller]
    pub fn posterior_mean(&self, noisy: &Matrix) -> Matrix {
        softmax(&self.log_kernels(noisy).0).0.nn(&self.points)
    }
}

impl Density for KernelEstimate {
    fn dimension(&self) -> usize {
        self.points.cols()
    }

    #[track_caller]
    fn log_density(&self, x: &Matrix) -> Matrix {
        let ((n, d), sigma) = (self.points.shape(), self.sigma);
        let (log_kernels, least) = self.log_kernels(x);
        let (_, log_sum) = softmax(&log_kernels);
        let constant = d as f64 * (0.5 * TAU.ln() + sigma.ln()) + (n as f64).ln();
        let nearest = |i: usize| -0.5 * least[i] * least[i] + end(x.row(i));
        Matrix::from_fn(x.rows(), 1, |i, _| log_sum.at(i, 0) + nearest(i) - constant)
    }

    /// 𝔼[X − x ∣ x]/σ²: a mean of differences, since a difference of means would cancel far from 0.
    #[track_caller]
    fn score(&self, x: &Matrix) -> Matrix {
        let (rho, _) = softmax(&self.log_kernels(x).0);
        let mut score = Matrix::zeros(x.rows(), x.cols());
        for (i, score) in score.data_mut().chunks_exact_mut(x.cols().max(1)).enumerate() {
            for (k, &rho) in rho.row(i).iter().enumerate().filter(|(_, rho)| **rho != 0.0) {
                let point = self.points.row(k).iter().zip(x.row(i));
                score.iter_mut().zip(point).for_each(|(s, (point, x))| *s += rho * (point - x));
            }
            for s in score {
                *s = *s / self.sigma / self.sigma; // σ² may leave the range
            }
        }
        score
    }

    #[track_caller]
    fn sample(&self, n: usize, rng: &mut Generator) -> Matrix {
        self.check();
        let rows: Vec<usize> = (0..n).map(|_| rng.random_range(0..self.points.rows())).collect();
        let noise: Matrix = standard_normal(n, self.dimension(), rng);
        noise * self.sigma + self.points.select(&rows)
    }
}
