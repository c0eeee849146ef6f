//! Noise of other shapes. Any smooth conditional density K(x̃|x) corrupts, and denoising works with
//! each, as long as the target is the score of the kernel that made the noise
//! ([T30](crate::identity::denoising_explicit)).

use crate::{
    array::Array,
    domain::positive,
    matrix::{Matrix, cholesky::Cholesky},
};

/// A conditional density K(x̃|x) of x̃ given x, every kind with its own standard noise z.
///
/// ```
/// use score_matching::{corruption::Kernel, prelude::*};
///
/// let row = |x, y| Matrix::from_rows([[x, y]]);
/// let kernel = Kernel::gaussian(&Matrix::from_rows([[4.0, 0.0], [0.0, 1.0]])); // N(x, C)
/// let (x, z) = (row(1.0, 1.0), row(1.0, -1.0));
/// let noisy = kernel.corrupt(&x, &z);
/// assert_eq!(noisy, row(3.0, 0.0));
/// assert_eq!(kernel.score(&x, &noisy), row(-0.5, 1.0)); // C⁻¹(x − x̃)
/// assert_eq!(kernel.fisher_information(&x).item(), 1.25); // tr C⁻¹
/// let log = kernel.log_density(&x, &noisy).item(); // −½‖z‖² − log 2π√(det C)
/// assert!((log + 1.0 + (4.0 * std::f64::consts::PI).ln()).abs() < 1e-14);
/// ```
///
/// # Panics
/// Every method, if a width (σ or s) is no positive number.
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
        /// L⁻¹, (d, d): C⁻¹ itself may be too large for the arrays that it is to be used with.
        inverse: Matrix,
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
        Self::Gaussian { factor: cholesky.factor(), inverse: cholesky.inverse_factor() }
    }

    /// x̃ from x and standard noise z: (n, d), (n, d) → (n, d).
    #[track_caller]
    pub fn corrupt<A: Array>(&self, x: &A, noise: &A) -> A {
        match self {
            Self::Isotropic { sigma } => super::corrupt(x, noise, positive("σ", *sigma)),
            Self::Logistic { scale } => super::corrupt(x, noise, positive("s", *scale)),
            Self::Gaussian { factor, .. } => noise.nt(&factor.lift(x)) + x,
            Self::SignalDependent { gain, floor, slope } => {
                deviation(x, *floor, *slope) * noise + x.clone() * *gain
            }
        }
    }

    /// log K(x̃|x), x first: (n, d), (n, d) → (n, 1).
    #[track_caller]
    pub fn log_density<A: Array>(&self, x: &A, noisy: &A) -> A {
        let (_, d) = x.shape();
        let half_log_tau = 0.5 * std::f64::consts::TAU.ln();
        match self {
            Self::Isotropic { sigma } => super::log_density(x, noisy, *sigma),
            Self::Gaussian { factor, inverse } => {
                let z = (noisy.clone() - x).nt(&inverse.lift(x));
                let log_det: f64 = (0..d).map(|i| factor.at(i, i).ln()).sum(); // ½ log det C
                z.squared_norm() * -0.5 - (log_det + d as f64 * half_log_tau)
            }
            Self::Logistic { scale } => {
                // −t − 2 log(1 + e⁻ᵗ) − log s = −softplus(t) − softplus(−t) − log s
                let t = (noisy.clone() - x) * (1.0 / positive("s", *scale));
                -(t.clone().softplus() + (-t).softplus()).sum_over_dimensions()
                    - d as f64 * scale.ln()
            }
            Self::SignalDependent { gain, floor, slope } => {
                let deviation = deviation(x, *floor, *slope);
                let z = (noisy.clone() - x.clone() * *gain) * deviation.clone().reciprocal();
                let logs = deviation.ln().sum_over_dimensions() + d as f64 * half_log_tau;
                z.squared_norm() * -0.5 - logs
            }
        }
    }

    /// ∇_x̃ log K(x̃|x), x first: (n, d), (n, d) → (n, d).
    #[track_caller]
    pub fn score<A: Array>(&self, x: &A, noisy: &A) -> A {
        match self {
            Self::Isotropic { sigma } => super::score(x, noisy, *sigma),
            Self::Gaussian { inverse, .. } => {
                let inverse = inverse.lift(x);
                (x.clone() - noisy).nt(&inverse).nn(&inverse)
            }
            Self::Logistic { scale } => {
                let inverse = 1.0 / positive("s", *scale);
                ((x.clone() - noisy) * (0.5 * inverse)).tanh() * inverse
            }
            Self::SignalDependent { gain, floor, slope } => {
                let inverse = deviation(x, *floor, *slope).reciprocal();
                (x.clone() * *gain - noisy) * &inverse * inverse
            }
        }
    }

    /// I(K(·|x)) = 𝔼[‖∇ log K(x̃|x)‖² | x]: d/σ², tr C⁻¹, d/(3s²) and Σ 1/(s² + b²xⱼ²). Only the last
    /// depends on x. Shapes: (n, d) → (n, 1).
    #[track_caller]
    pub fn fisher_information<A: Array>(&self, x: &A) -> A {
        let (n, d) = x.shape();
        let always = |information: f64| x.constant(n, 1, |_, _| information);
        let each = d as f64;
        match self {
            Self::Isotropic { sigma } => always(each / positive("σ", *sigma) / sigma),
            Self::Gaussian { inverse, .. } => always(inverse.squared_norm().sum().item()),
            Self::Logistic { scale } => always(each / 3.0 / positive("s", *scale) / scale),
            Self::SignalDependent { floor, slope, .. } => {
                deviation(x, *floor, *slope).reciprocal().squared_norm()
            }
        }
    }
}

/// √(s² + b²x²), elementwise, as m √((s/m)² + (bx/m)²) with m = s + |bx|: of numbers that are no
/// more than 1 the squares do not overflow, and their sum is at least ½.
#[track_caller]
fn deviation<A: Array>(x: &A, floor: f64, slope: f64) -> A {
    positive("s", floor);
    assert!(slope.is_finite(), "b = {slope}: a finite number expected");
    let signal = x.clone() * slope;
    let size = signal.clone().relu() + (-signal.clone()).relu(); // |bx|
    let m = size.clone() + floor;
    let share = size * m.clone().reciprocal();
    let rest = -share.clone() + 1.0; // s/m
    let square = share.clone() * &share + rest.clone() * &rest;
    (square.ln() * 0.5).exp() * m
}
