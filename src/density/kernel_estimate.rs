//! The kernel density estimate of a sample (Parzen 1962): q_σ of the empirical measure.
//!
//! Put a Dirac mass 1/n on each of n points and smooth it with N(0, σ²I): that is
//! n⁻¹ Σᵢ N(x; Xᵢ, σ²I). A corrupted training point is a sample of it, so it is the density whose
//! score an unlimited model learns by denoising those n points (T17).

use super::{Density, mixture::softmax, within_reach};
use crate::{
    array::Array,
    matrix::{
        Matrix,
        distance::{distances, excesses},
        noise::{Generator, standard_normal},
    },
};
use rand::RngExt;
use std::f64::consts::TAU;

/// n⁻¹ Σᵢ N(x; Xᵢ, σ²I).
#[derive(Clone, Debug)]
pub struct KernelEstimate {
    /// X, (n, d), at least one and finite.
    pub points: Matrix,
    /// The bandwidth σ, positive and finite.
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
        let valid = *sigma > 0.0 && sigma.is_finite();
        assert!(valid, "the bandwidth σ = {sigma}: a positive number expected");
    }

    /// The point next to each x (m, d), by its row; and log N(x; Xᵢ, σ²I) less that of this next one:
    /// (m, n). Far out the squares that all have in common would drown the differences.
    #[track_caller]
    fn log_kernels(&self, x: &Matrix) -> (Vec<usize>, Matrix) {
        self.check();
        let x = within_reach(x);
        let apart = distances(&x, &self.points);
        let least = |i| {
            let nearer = |best: (usize, f64), one: (usize, &f64)| {
                if *one.1 < best.1 { (one.0, *one.1) } else { best }
            };
            apart.row(i).iter().enumerate().fold((0, f64::INFINITY), nearer).0
        };
        let mut next: Vec<usize> = (0..x.rows()).map(least).collect();
        loop {
            let centres = self.points.select(&next);
            let more = excesses(&centres, &(x.clone() - &centres), &self.points, self.sigma);
            // Equally far to rounding, and yet one may be infinitely nearer: then that one is next.
            let mut settled = true;
            for (i, next) in next.iter_mut().enumerate() {
                if let Some(j) = more.row(i).iter().position(|&e| e == f64::NEG_INFINITY) {
                    (*next, settled) = (j, false);
                }
            }
            if settled {
                return (next, more * -0.5);
            }
        }
    }

    /// 𝔼[X ∣ x̃], the mean of the points weighted by how well each explains x̃:
    /// Σᵢ softmax(−‖x̃ − Xᵢ‖²/(2σ²)) Xᵢ. Shapes: (m, d) → (m, d).
    ///
    /// It is the best of all denoisers for this sample: it knows it by heart.
    ///
    /// # Panics
    /// If there is no point, one is not finite, or σ is not positive and finite.
    #[track_caller]
    pub fn posterior_mean(&self, noisy: &Matrix) -> Matrix {
        softmax(&self.log_kernels(noisy).1).0.nn(&self.points)
    }
}

impl Density for KernelEstimate {
    fn dimension(&self) -> usize {
        self.points.cols()
    }

    #[track_caller]
    fn log_density(&self, x: &Matrix) -> Matrix {
        let ((n, d), sigma) = (self.points.shape(), self.sigma);
        let (next, log_kernels) = self.log_kernels(x);
        let (_, log_sum) = softmax(&log_kernels);
        let constant = d as f64 * (0.5 * TAU.ln() + sigma.ln()) + (n as f64).ln();
        Matrix::from_fn(x.rows(), 1, |i, _| {
            let least = distances(&x.select(&[i]), &self.points.select(&[next[i]])).item() / sigma;
            log_sum.at(i, 0) - 0.5 * least * least - constant
        })
    }

    /// 𝔼[X − x ∣ x]/σ²: a mean of differences, since a difference of means would cancel far from 0.
    #[track_caller]
    fn score(&self, x: &Matrix) -> Matrix {
        let (rho, _) = softmax(&self.log_kernels(x).1);
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
