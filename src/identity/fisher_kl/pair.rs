//! Two mixtures of Gaussians, with a rule that integrates over them, and with bounds of the rounding
//! errors: what the theorems are evaluated on.

use crate::{
    array::Array,
    density::{Density, Mixture},
    identity::magnitude,
    matrix::Matrix,
    quadrature::Rule,
};
use rand::{Rng, RngExt};

/// Two mixtures of Gaussians with bounds that tell how to integrate over them.
#[derive(Clone, Debug)]
pub struct Pair {
    /// p, over which the integrals go.
    pub p: Mixture,
    /// q, to which p is compared.
    pub q: Mixture,
    /// No coordinate of a mean is larger.
    pub reach: f64,
    /// No variance of a component, in any direction, is smaller.
    pub narrowest: f64,
    /// And none is larger.
    pub widest: f64,
}

impl Pair {
    /// Two mixtures of two or three components each. On the line means are in [−2, 2] and standard
    /// deviations from 0.6 to 1.2; in the plane, where nodes are many, in [−1, 1]² and from 0.8 to
    /// 1.1 along rotated axes.
    pub fn random(d: usize, rng: &mut impl Rng) -> Self {
        let (reach, low, high) = if d == 1 { (2.0, 0.6, 1.2) } else { (1.0, 0.8, 1.1) };
        let mut mixture = || {
            let components = rng.random_range(2..=3);
            Mixture::new((0..components).map(|_| {
                let mean = Matrix::from_fn(1, d, |_, _| rng.random_range(-reach..reach));
                let variances = [(); 2].map(|()| rng.random_range(low * low..high * high));
                (
                    rng.random_range(0.2..1.0),
                    mean,
                    rotated(d, variances, rng.random_range(0.0..3.0)),
                )
            }))
        };
        Self { p: mixture(), q: mixture(), reach, narrowest: low * low, widest: high * high }
    }

    /// Two N(±m, 1), with weights (w, 1 − w) in p and (½, ½) in q.
    pub fn two_modes(m: f64, w: f64) -> Self {
        let modes = |w: f64| {
            let mode = |w, m| (w, Matrix::from_rows([[m]]), Matrix::from_rows([[1.0]]));
            Mixture::new([mode(w, m), mode(1.0 - w, -m)])
        };
        Self { p: modes(w), q: modes(0.5), reach: m, narrowest: 1.0, widest: 1.0 }
    }

    /// p and N(0, I/ρ).
    #[must_use]
    pub fn against_gaussian(&self, rho: f64) -> Self {
        Self {
            p: self.p.clone(),
            q: Mixture::isotropic(self.p.dimension(), 1.0 / rho),
            reach: self.reach,
            narrowest: self.narrowest.min(1.0 / rho),
            widest: self.widest.max(1.0 / rho),
        }
    }

    /// p_t and q_t.
    #[must_use]
    pub fn smoothed(&self, t: f64) -> Self {
        let Self { p, q, reach, narrowest, widest } = self;
        let [p, q] = [p, q].map(|density| density.smoothed(t.sqrt()));
        Self { p, q, reach: *reach, narrowest: narrowest + t, widest: widest + t }
    }

    /// A trapezoid rule for p and q, with `refinement` times the nodes that suffice.
    ///
    /// A Gaussian factor of variance v asks for a step below 0.7 √v. The logarithms are singular
    /// where the density vanishes: two equal components at distance 2r do so at a distance πv/(2r)
    /// from the real line, where a trapezoid rule needs h ≤ 2π/37 of that to be off by less than u.
    pub fn rule(&self, refinement: usize) -> Rule {
        let Self { reach, narrowest, widest, .. } = self;
        let end = reach + 9.0 * widest.sqrt();
        let step = (0.5 * narrowest.sqrt()).min(0.25 * narrowest / reach);
        #[expect(clippy::cast_sign_loss, reason = "a positive number of steps")]
        let steps = (2.0 * end / step).ceil() as usize * refinement;
        let line = Rule::trapezoid(-end, end, steps);
        if self.p.dimension() == 1 { line } else { line.squared() }
    }
}

/// The covariance with eigenvalues a and b whose first axis is turned by `angle`; on the line, a.
fn rotated(d: usize, [a, b]: [f64; 2], angle: f64) -> Matrix {
    let (sin, cos) = angle.sin_cos();
    let cross = (a - b) * sin * cos;
    match d {
        1 => Matrix::from_rows([[a]]),
        2 => Matrix::from_rows([
            [a * cos * cos + b * sin * sin, cross],
            [cross, a * sin * sin + b * cos * cos],
        ]),
        _ => panic!("on the line or in the plane, not in {d} dimensions"),
    }
}

/// Bounds of the rounding errors, in u, of integrals over p by [`Pair::rule`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Errors {
    pub kullback_leibler: f64,
    pub entropy: f64,
    pub fisher_divergence: f64,
    pub fisher_information: f64,
}

impl Pair {
    /// For rules with up to twice the nodes that suffice.
    ///
    /// An error of log p is a relative error of p and, twice, of the responsibilities ρₖ, of which
    /// the score is Σₖ ρₖ sₖ with |sₖ| ≤ (‖x‖ + ‖μₖ‖)/(smallest variance). The sum adds a rounding
    /// for each node.
    pub(super) fn errors(&self) -> Errors {
        let rule = self.rule(2);
        let (x, over_p) = (&rule.nodes, self.p.rule(&rule));
        let (m, d) = x.shape();
        let mean = |values: Matrix| over_p.integrate(&values);
        let (log_p, log_q) = (self.p.log_density(x), self.q.log_density(x));
        let (error_p, error_q) = (log_error(&log_p), log_error(&log_q));
        let of_sum = error_p.clone() + (m + 8) as f64;
        let root = |squares: &Matrix| Matrix::from_fn(m, 1, |i, _| squares.at(i, 0).sqrt());
        let far = (d as f64).sqrt() * self.reach;
        let steepest = (root(&x.squared_norm()) + far) * (4.0 / self.narrowest);

        let integral = |values: &Matrix, error: &Matrix| {
            mean(of_sum.clone() * magnitude(values)) + mean(error.clone())
        };
        let squared = |vectors: &Matrix, error: &Matrix| {
            let squares = vectors.squared_norm();
            let error = root(&squares) * error * &steepest; // 2‖v‖ · 2 error · |s|
            integral(&squares, &error)
        };
        let (score_p, score_q) = (self.p.score(x), self.q.score(x));
        let of_both = error_p.clone() + &error_q;
        Errors {
            kullback_leibler: integral(&(log_p.clone() - &log_q), &of_both),
            entropy: integral(&log_p, &error_p),
            fisher_divergence: squared(&(score_p.clone() - &score_q), &of_both),
            fisher_information: squared(&score_p, &error_p),
        }
    }
}

/// A bound, in u, of the error of log p = log Σₖ exp(ℓₖ), ℓₖ = log wₖ − ½ log det 2πΣₖ − ½‖·‖²: (n, 1).
///
/// Each term of ℓₖ passes through about ten roundings to the precision matrix, ten more to ℓₖ, and
/// a few in exp (2 ulp), sum and logarithm. The quadratic term is log wₖ − ½ log det 2πΣₖ − ℓₖ, and
/// for the components that count ℓₖ is log p or little less: Σₖ ρₖ |ℓₖ| ≤ |log p| + log K. With
/// weights above 0.09 and variances between 0.3 and 4 the constants are below
/// 2 (2.5 + 3) + log 3 ≈ 12.
fn log_error(log_density: &Matrix) -> Matrix {
    (magnitude(log_density) + 12.0) * 24.0
}
