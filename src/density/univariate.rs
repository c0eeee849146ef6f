//! Densities on the line that each break, or just keep, one of the assumptions of the theorems.
//!
//! | density | log q up to a constant | what it is for |
//! |---|---|---|
//! | quartic | −θ x⁴ | an exponential family that is no Gaussian ([T19]) |
//! | Laplace | −∣x∣/s | a kink: the score jumps ([T5]) |
//! | exponential | −λ x, x ≥ 0 | a boundary where q does not vanish ([T4]) |
//! | uniform | 0 on [0, 1] | two of them ([T4]) |
//! | Cauchy | −log(1 + x²) | tails so heavy that moments are infinite ([T3], [T32]) |
//! | gamma | (a − 1) log x − x, x > 0 | infinite Fisher information for a ≤ 2 ([T32]) |
//! | logistic | −x/s − 2 log(1 + e^(−x/s)) | another smooth noise ([T30]) |
//!
//! [T3]: crate::identity::explicit_implicit
//! [T4]: crate::identity::where_implicit_fails
//! [T5]: crate::identity::where_implicit_fails
//! [T19]: crate::identity::exponential_families
//! [T30]: crate::identity::denoising_explicit
//! [T32]: crate::identity::where_implicit_fails

use super::Density;
use crate::{
    array::Array,
    matrix::{Matrix, noise::Generator},
};
use rand::RngExt;
use rand_distr::{Cauchy, Distribution, Exp1, Gamma};
use std::f64::consts::{LN_2, PI};

/// A density on the line; the fields are its parameters, all positive and finite: every method panics
/// at a parameter that is not.
///
/// ```
/// use score_matching::density::Univariate;
///
/// let laplace = Univariate::Laplace { scale: 2.0 }; // e^(−|x|/2)/4
/// assert_eq!((laplace.score_at(3.0), laplace.score_at(-3.0)), (-0.5, 0.5));
/// assert_eq!(laplace.log_density_at(4.0), -2.0 - 4.0_f64.ln());
/// assert_eq!(Univariate::Uniform.support(), (0.0, 1.0));
/// ```
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
    #[track_caller]
    fn check(self) {
        let (name, value) = match self {
            Self::Quartic { theta } => ("θ", theta),
            Self::Laplace { scale } | Self::Logistic { scale } => ("s", scale),
            Self::Exponential { rate } => ("λ", rate),
            Self::Gamma { shape } => ("a", shape),
            Self::Uniform | Self::Cauchy => return,
        };
        let valid = value > 0.0 && value.is_finite();
        assert!(valid, "{name} = {value} in {self:?}: a positive number expected");
    }

    /// The closed interval outside of which q is 0.
    pub const fn support(self) -> (f64, f64) {
        match self {
            Self::Exponential { .. } | Self::Gamma { .. } => (0.0, f64::INFINITY),
            Self::Uniform => (0.0, 1.0),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        }
    }

    /// log q(x). At an end of the support it is the limit from inside, and so it is at ±∞.
    ///
    /// # Panics
    /// If the parameter is not positive and finite.
    #[track_caller]
    pub fn log_density_at(self, x: f64) -> f64 {
        self.check();
        let (low, high) = self.support();
        if x.is_nan() {
            return x;
        }
        if x < low || x > high {
            return f64::NEG_INFINITY;
        }
        match self {
            // ∫ exp(−θx⁴) dx = 2 Γ(5/4) θ^(−1/4). From θ to θx⁴ the product goes in one direction, so
            // that it leaves the range only with the result.
            Self::Quartic { theta } => {
                -theta * x * x * x * x - LN_2 - ln_gamma(1.25) + 0.25 * theta.ln()
            }
            Self::Laplace { scale } => -x.abs() / scale - (LN_2 + scale.ln()),
            Self::Exponential { rate } => rate.ln() - rate * x,
            Self::Uniform => 0.0,
            // log(1 + x²) with the larger of 1 and |x| taken out, and t the smaller over the larger
            Self::Cauchy => {
                let t = x.abs().min(1.0 / x.abs());
                -PI.ln() - 2.0 * x.abs().max(1.0).ln() - (t * t).ln_1p()
            }
            // At the ends 0 · log 0 is 0, and x outgrows its logarithm.
            Self::Gamma { shape: 1.0 } => -x,
            Self::Gamma { .. } if x == f64::INFINITY => f64::NEG_INFINITY,
            Self::Gamma { shape } => (shape - 1.0) * x.ln() - x - ln_gamma(shape),
            Self::Logistic { scale } => {
                let t = x.abs() / scale; // even, and e^(−t) cannot overflow
                -t - scale.ln() - 2.0 * (-t).exp().ln_1p()
            }
        }
    }

    /// (log q)′(x); at a kink 0, and at an end of the support the limit from inside. Outside it is
    /// what the formula says there, and means nothing.
    ///
    /// # Panics
    /// If the parameter is not positive and finite.
    #[track_caller]
    pub fn score_at(self, x: f64) -> f64 {
        self.check();
        if x.is_nan() {
            return x;
        }
        match self {
            Self::Quartic { theta } => -theta * x * x * x * 4.0,
            Self::Laplace { .. } if x == 0.0 => 0.0,
            Self::Laplace { scale } => -x.signum() / scale,
            Self::Exponential { rate } => -rate,
            Self::Uniform => 0.0,
            // x/(1 + x²) does not change when x becomes 1/x, and of the two one has no large square.
            Self::Cauchy => {
                let t = x.abs().min(1.0 / x.abs());
                (-2.0 * t / (1.0 + t * t)).copysign(-x)
            }
            Self::Gamma { shape: 1.0 } => -1.0, // also at 0
            Self::Gamma { shape } => (shape - 1.0) / (x + 0.0) - 1.0, // −0 is 0 from the right
            Self::Logistic { scale } => -(x / scale * 0.5).tanh() / scale,
        }
    }

    fn draw(self, rng: &mut Generator) -> f64 {
        let gamma = |shape, rng: &mut Generator| -> f64 {
            Gamma::new(shape, 1.0).expect("the shape is positive").sample(rng)
        };
        let sign = |rng: &mut Generator| if rng.random() { 1.0 } else { -1.0 };
        match self {
            // θ x⁴ is gamma distributed with shape ¼.
            Self::Quartic { theta } => {
                let size = gamma(0.25, rng).sqrt().sqrt() / theta.sqrt().sqrt();
                size * sign(rng)
            }
            Self::Laplace { scale } => {
                let size: f64 = Exp1.sample(rng);
                size * scale * sign(rng)
            }
            Self::Exponential { rate } => {
                let size: f64 = Exp1.sample(rng);
                size / rate
            }
            Self::Uniform => rng.random(),
            Self::Cauchy => Cauchy::new(0.0, 1.0).expect("the scale is positive").sample(rng),
            Self::Gamma { shape } => gamma(shape, rng),
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

    #[track_caller]
    fn log_density(&self, x: &Matrix) -> Matrix {
        self.check();
        assert!(x.cols() == 1, "x of shape {:?} for a density on the line", x.shape());
        Matrix::from_fn(x.rows(), 1, |i, _| self.log_density_at(x.at(i, 0)))
    }

    #[track_caller]
    fn score(&self, x: &Matrix) -> Matrix {
        self.check();
        assert!(x.cols() == 1, "x of shape {:?} for a density on the line", x.shape());
        Matrix::from_fn(x.rows(), 1, |i, _| self.score_at(x.at(i, 0)))
    }

    #[track_caller]
    fn sample(&self, n: usize, rng: &mut Generator) -> Matrix {
        self.check();
        Matrix::from_fn(n, 1, |_, _| self.draw(rng))
    }
}

/// Stirling's series c(a) = Σ cₖ a^(1−2k), of which the first omitted term is below 1e-16 for a ≥ 9.5.
const STIRLING: [f64; 7] = [
    1.0 / 12.0,
    -1.0 / 360.0,
    1.0 / 1260.0,
    -1.0 / 1680.0,
    1.0 / 1188.0,
    -691.0 / 360_360.0,
    1.0 / 156.0,
];

/// log Γ(a), to some 1e-15 of its value, also near its zeros 1 and 2: below 9.5 by the recurrence from
/// a number within ½ of 1, above by Stirling's series.
///
/// ```
/// use score_matching::density::univariate::ln_gamma;
///
/// assert!((ln_gamma(5.0) - 24.0_f64.ln()).abs() < 1e-15); // Γ(5) = 4!
/// ```
///
/// # Panics
/// If a ≤ 0, where Γ has poles and negative values. What is not a number gives itself.
#[track_caller]
pub fn ln_gamma(a: f64) -> f64 {
    assert!(a > 0.0 || a.is_nan(), "log Γ of {a}: a positive number expected");
    if a < 0.5 {
        return ln_gamma_beside(1, a) - a.ln();
    }
    if a < 9.5 {
        let k = a.round();
        let (z, zero) = (a - k, k.min(2.0) as u32);
        let factors = (zero..k as u32).map(|i| (f64::from(i) + z).ln()); // of Γ(k + z)/Γ(zero + z)
        return ln_gamma_beside(zero, z) + factors.sum::<f64>();
    }
    let p = a.recip();
    let correction = STIRLING.iter().rev().fold(0.0, |sum, c| sum * p * p + c) * p;
    // a (log a − 1), and at ∞ this alone
    a * (a.ln() - 1.0) - 0.5 * (a.ln().min(f64::MAX) - (2.0 * PI).ln()) + correction
}

/// log Γ(k + z) for k = 1 or 2 and |z| ≤ ½, as z times something, so that at its zero it has all its
/// digits. With A = 10
///
/// ```text
/// log Γ(k + z) = log Γ(A + z) − log Γ(A) − Σᵢ log(1 + z/i),   i = k, …, A − 1
/// ```
///
/// where Stirling's formula is subtracted from itself: a log a by log(1 + z/A), and the polynomial c
/// by its divided difference. Of every logarithm log(1 + u) = u + R(u) the first terms are gathered,
/// for together they are a tenth of what each is.
fn ln_gamma_beside(k: u32, z: f64) -> f64 {
    const A: f64 = 10.0;
    // c(A + z) − c(A) at p = 1/(A + z) and q = 1/A, for which p − q = −z p q
    let (p, q) = (1.0 / (A + z), 1.0 / A);
    let horner = |(slope, value): (f64, f64), c: &f64| {
        // P ↦ c + r² P: the divided difference is p² P[p, q] + (p + q) P(q)
        (p * p * slope + (p + q) * value, q * q * value + c)
    };
    let (slope, value) = STIRLING.iter().rev().fold((0.0, 0.0), horner);
    let correction = -z * p * q * (p * slope + value); // of r P(r)
    let rest = |u: f64| u.ln_1p() - u; // R
    let harmonic: f64 = (k..10).map(|i| 1.0 / f64::from(i)).sum();
    let linear = z * (A.ln() - harmonic + (z - 0.5) / A);
    let rests: f64 = (k..10).map(|i| rest(z / f64::from(i))).sum();
    linear + (A + z - 0.5) * rest(z / A) + correction - rests
}
