//! Noise of other shapes. Any smooth conditional density K(x̃|x) corrupts, and denoising works with
//! each, as long as the target is the score of the kernel that made the noise (T30).

use crate::{
    array::Array,
    matrix::{Matrix, cholesky::Cholesky},
};

/// A conditional density K(x̃|x) of x̃ given x, every kind with its own standard noise z.
#[derive(Clone, Debug)]
pub enum Kernel {
    /// N(x, σ²I), with z ~ N(0, I) and x̃ = x + σz.
    Isotropic {
        /// σ
        sigma: f64,
    },
    /// N(x, C), with z ~ N(0, I) and x̃ = x + Lz.
    Gaussian {
        /// L with L Lᵀ = C, (d, d).
        factor: Matrix,
        /// C⁻¹, (d, d).
        precision: Matrix,
    },
    /// Every coordinate logistic, with z of density e⁻ᶻ/(1 + e⁻ᶻ)² and x̃ = x + sz.
    Logistic {
        /// s
        scale: f64,
    },
    /// Every coordinate N(ax, s² + b²x²), as a sensor has it whose noise grows with the signal: with
    /// z ~ N(0, I) and x̃ = ax + √(s² + b²x²) z.
    SignalDependent {
        /// a
        gain: f64,
        /// s
        floor: f64,
        /// b
        slope: f64,
    },
}

impl Kernel {
    /// N(x, C).
    ///
    /// # Panics
    /// If C (d, d) is not symmetric positive definite.
    #[track_caller]
    pub fn gaussian(covariance: &Matrix) -> Self {
        let cholesky = Cholesky::of_covariance(covariance);
        let d = covariance.rows();
        let identity = Matrix::from_fn(d, d, |i, j| f64::from(u8::from(i == j)));
        Self::Gaussian { factor: cholesky.factor(), precision: cholesky.solve(&identity) }
    }

    /// x̃ from x and standard noise z: (n, d), (n, d) → (n, d).
    #[track_caller]
    pub fn corrupt<A: Array>(&self, x: &A, noise: &A) -> A {
        match self {
            Self::Isotropic { sigma: scale } | Self::Logistic { scale } => {
                super::corrupt(x, noise, *scale)
            }
            Self::Gaussian { factor, .. } => noise.nt(&factor.lift(x)) + x,
            Self::SignalDependent { gain, floor, slope } => {
                let deviation = (variance(x, *floor, *slope).ln() * 0.5).exp();
                deviation * noise + x.clone() * *gain
            }
        }
    }

    /// log K(x̃|x), x first: (n, d), (n, d) → (n, 1).
    #[track_caller]
    pub fn log_density<A: Array>(&self, x: &A, noisy: &A) -> A {
        let (_, d) = x.shape();
        match self {
            Self::Isotropic { sigma } => super::log_density(x, noisy, *sigma),
            Self::Gaussian { factor, precision } => {
                let change = noisy.clone() - x;
                let log_det: f64 = (0..d).map(|i| factor.at(i, i).ln()).sum(); // ½ log det C
                let log_norm = log_det + 0.5 * d as f64 * std::f64::consts::TAU.ln();
                change.nn(&precision.lift(x)).inner(&change) * -0.5 - log_norm
            }
            Self::Logistic { scale } => {
                // −t − 2 log(1 + e⁻ᵗ) − log s = −softplus(t) − softplus(−t) − log s
                let t = (noisy.clone() - x) * (1.0 / scale);
                -(t.clone().softplus() + (-t).softplus()).sum_over_dimensions()
                    - d as f64 * scale.ln()
            }
            Self::SignalDependent { gain, floor, slope } => {
                let variance = variance(x, *floor, *slope);
                let change = noisy.clone() - x.clone() * *gain;
                let square = change.clone() * &change * variance.clone().reciprocal();
                (square + variance.ln() + std::f64::consts::TAU.ln()).sum_over_dimensions() * -0.5
            }
        }
    }

    /// ∇_x̃ log K(x̃|x), x first: (n, d), (n, d) → (n, d).
    #[track_caller]
    pub fn score<A: Array>(&self, x: &A, noisy: &A) -> A {
        match self {
            Self::Isotropic { sigma } => super::score(x, noisy, *sigma),
            Self::Gaussian { precision, .. } => (x.clone() - noisy).nn(&precision.lift(x)),
            Self::Logistic { scale } => {
                ((x.clone() - noisy) * (0.5 / scale)).tanh() * (1.0 / scale)
            }
            Self::SignalDependent { gain, floor, slope } => {
                (x.clone() * *gain - noisy) * variance(x, *floor, *slope).reciprocal()
            }
        }
    }

    /// I(K(·|x)) = 𝔼[‖∇ log K(x̃|x)‖² | x]: d/σ², tr C⁻¹, d/(3s²) and Σ 1/(s² + b²xⱼ²). Only the last
    /// depends on x. Shapes: (n, d) → (n, 1).
    pub fn fisher_information<A: Array>(&self, x: &A) -> A {
        let (n, d) = x.shape();
        let always = |information: f64| x.constant(n, 1, |_, _| information);
        match self {
            Self::Isotropic { sigma } => always(d as f64 / (sigma * sigma)),
            Self::Gaussian { precision, .. } => always((0..d).map(|i| precision.at(i, i)).sum()),
            Self::Logistic { scale } => always(d as f64 / (3.0 * scale * scale)),
            Self::SignalDependent { floor, slope, .. } => {
                variance(x, *floor, *slope).reciprocal().sum_over_dimensions()
            }
        }
    }
}

/// s² + b²x², elementwise.
fn variance<A: Array>(x: &A, floor: f64, slope: f64) -> A {
    x.clone() * x * (slope * slope) + floor * floor
}
