//! Densities on the line that each break, or just keep, one of the assumptions of the theorems.
//!
//! | density | log q up to a constant | what it is for |
//! |---|---|---|
//! | quartic | −θ x⁴ | an exponential family that is no Gaussian (T19) |
//! | Laplace | −∣x∣/s | a kink: the score jumps (T5) |
//! | exponential | −λ x, x ≥ 0 | a boundary where q does not vanish (T4) |
//! | uniform | 0 on [0, 1] | two of them (T4) |
//! | Cauchy | −log(1 + x²) | tails so heavy that moments are infinite (T3, T32) |
//! | gamma | (a − 1) log x − x, x > 0 | infinite Fisher information for a ≤ 2 (T32) |
//! | logistic | −x/s − 2 log(1 + e^(−x/s)) | another smooth noise (T30) |

use super::Density;
use crate::matrix::{Matrix, noise::Generator};
use rand::RngExt;
use rand_distr::{Cauchy, Distribution, Exp, Gamma};
use std::f64::consts::PI;

/// A density on the line; the fields are its parameters, all positive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Univariate {
    /// q ∝ exp(−θ x⁴)
    Quartic {
        /// θ
        theta: f64,
    },
    /// q ∝ exp(−∣x∣/s)
    Laplace {
        /// s
        scale: f64,
    },
    /// q = λ exp(−λ x) for x ≥ 0
    Exponential {
        /// λ
        rate: f64,
    },
    /// q = 1 on [0, 1]
    Uniform,
    /// q = 1/(π (1 + x²))
    Cauchy,
    /// q ∝ x^(a−1) e^(−x) for x > 0
    Gamma {
        /// a
        shape: f64,
    },
    /// q ∝ e^(−x/s)/(1 + e^(−x/s))²
    Logistic {
        /// s
        scale: f64,
    },
}

impl Univariate {
    /// The closed interval outside of which q is 0.
    pub const fn support(self) -> (f64, f64) {
        match self {
            Self::Exponential { .. } | Self::Gamma { .. } => (0.0, f64::INFINITY),
            Self::Uniform => (0.0, 1.0),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        }
    }

    /// log q(x)
    pub fn log_density_at(self, x: f64) -> f64 {
        let (low, high) = self.support();
        if x < low || x > high {
            return f64::NEG_INFINITY;
        }
        match self {
            // ∫ exp(−θx⁴) dx = 2 Γ(5/4) θ^(−1/4)
            Self::Quartic { theta } => {
                -theta * x * x * x * x - 2.0_f64.ln() - ln_gamma(1.25) + 0.25 * theta.ln()
            }
            Self::Laplace { scale } => -x.abs() / scale - (2.0 * scale).ln(),
            Self::Exponential { rate } => rate.ln() - rate * x,
            Self::Uniform => 0.0,
            Self::Cauchy => -(PI * (1.0 + x * x)).ln(),
            Self::Gamma { shape } => (shape - 1.0) * x.ln() - x - ln_gamma(shape),
            Self::Logistic { scale } => {
                let t = x.abs() / scale; // even, and e^(−t) cannot overflow
                -t - scale.ln() - 2.0 * (-t).exp().ln_1p()
            }
        }
    }

    /// (log q)′(x); at a kink, 0.
    pub fn score_at(self, x: f64) -> f64 {
        match self {
            Self::Quartic { theta } => -4.0 * theta * x * x * x,
            Self::Laplace { .. } if x == 0.0 => 0.0,
            Self::Laplace { scale } => -x.signum() / scale,
            Self::Exponential { rate } => -rate,
            Self::Uniform => 0.0,
            Self::Cauchy => -2.0 * x / (1.0 + x * x),
            Self::Gamma { shape } => (shape - 1.0) / x - 1.0,
            Self::Logistic { scale } => -(0.5 * x / scale).tanh() / scale,
        }
    }

    fn draw(self, rng: &mut Generator) -> f64 {
        let valid = "the parameter is positive";
        match self {
            // θ x⁴ is gamma distributed with shape ¼.
            Self::Quartic { theta } => {
                let fourth: f64 = Gamma::new(0.25, 1.0 / theta).expect(valid).sample(rng);
                fourth.sqrt().sqrt() * if rng.random() { 1.0 } else { -1.0 }
            }
            Self::Laplace { scale } => {
                let size: f64 = Exp::new(1.0 / scale).expect(valid).sample(rng);
                size * if rng.random() { 1.0 } else { -1.0 }
            }
            Self::Exponential { rate } => Exp::new(rate).expect(valid).sample(rng),
            Self::Uniform => rng.random(),
            Self::Cauchy => Cauchy::new(0.0, 1.0).expect(valid).sample(rng),
            Self::Gamma { shape } => Gamma::new(shape, 1.0).expect(valid).sample(rng),
            Self::Logistic { scale } => {
                let u: f64 = rng.random_range(f64::MIN_POSITIVE..1.0);
                scale * (u / (1.0 - u)).ln()
            }
        }
    }
}

impl Density for Univariate {
    fn dimension(&self) -> usize {
        1
    }

    fn log_density(&self, x: &Matrix) -> Matrix {
        Matrix::from_fn(x.rows(), 1, |i, _| self.log_density_at(x.at(i, 0)))
    }

    fn score(&self, x: &Matrix) -> Matrix {
        Matrix::from_fn(x.rows(), 1, |i, _| self.score_at(x.at(i, 0)))
    }

    fn sample(&self, n: usize, rng: &mut Generator) -> Matrix {
        Matrix::from_fn(n, 1, |_, _| self.draw(rng))
    }
}

/// log Γ(a) for a > 0: shifted by the recurrence to a ≥ 10, then Stirling's series, whose first
/// omitted term is below 1e-16 there.
pub fn ln_gamma(a: f64) -> f64 {
    let mut shift = 0.0;
    let mut a = a;
    while a < 10.0 {
        shift += a.ln();
        a += 1.0;
    }
    let series = [
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1260.0,
        -1.0 / 1680.0,
        1.0 / 1188.0,
        -691.0 / 360_360.0,
        1.0 / 156.0,
    ];
    let inverse = 1.0 / a;
    let correction = series.iter().rev().fold(0.0, |sum, c| sum * inverse * inverse + c) * inverse;
    (a - 0.5) * a.ln() - a + 0.5 * (2.0 * PI).ln() + correction - shift
}
