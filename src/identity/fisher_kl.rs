//! T25: the Fisher divergence is the speed at which noise destroys the Kullback–Leibler divergence.
//!
//! Let p_t and q_t be p and q smoothed by N(0, tI). Then (Lyu 2009)
//!
//! ```text
//! d/dt KL(p_t‖q_t) = −½ F(p_t‖q_t),      F(p‖q) = 𝔼_p‖∇ log p − ∇ log q‖²
//! d/dt H(p_t)      =  ½ I(p_t),          de Bruijn
//! KL(p‖q) ≤ F(p‖q)/(2ρ)                  for q = N(0, I/ρ), log-Sobolev
//! ```
//!
//! There is no ½ in F; with the ½ of [`objective::explicit`] Lyu's identity reads
//! d/dt KL = −ESM. Mixtures of Gaussians have p_t in closed form, so everything here is quadrature,
//! and derivatives are difference quotients that only evaluate KL and H.

mod pair;

pub use pair::Pair;

use super::{Evidence, OldCheck, OldTheorem};
use crate::{
    array::Array,
    autodiff::check::{Quotient, difference},
    density::Density,
    matrix::{Matrix, Real},
    objective,
    quadrature::Rule,
};
use rand::RngExt;

/// The theorems of this page.
pub const THEOREMS: &[OldTheorem] = &[OldTheorem {
    number: 25,
    statement: "d/dt KL(p_t‖q_t) = −½ F(p_t‖q_t); KL ≤ F/(2ρ) if q is Gaussian",
    check: |rng| {
        let (pair, t) = (Pair::random(1, rng), rng.random_range(0.1..2.0));
        let rho = rng.random_range(0.5..2.0);
        let bound = log_sobolev(&pair.against_gaussian(rho), rho);
        lyu(&pair, t).worse(de_bruijn(&pair, t)).worse(bound)
    },
    false_statement: "a small F makes a small KL, whatever q is",
    counterexample: |rng| {
        // KL tends to 0.193 and F to 0 like e^(−m²/2): below 10⁻⁶ for these m.
        let far = Pair::two_modes(rng.random_range(6.0..8.0), 0.8);
        log_sobolev(&far, 1.0)
    },
}];

/// KL(p‖q) = 𝔼_p[log p − log q] by a rule.
pub fn kullback_leibler(p: &impl Density, q: &impl Density, rule: &Rule) -> f64 {
    let x = &rule.nodes;
    p.rule(rule).integrate(&(p.log_density(x) - q.log_density(x)))
}

/// F(p‖q) = 𝔼_p‖∇ log p − ∇ log q‖² by a rule: twice the explicit objective.
pub fn fisher_divergence(p: &impl Density, q: &impl Density, rule: &Rule) -> f64 {
    let x = &rule.nodes;
    2.0 * p.rule(rule).integrate(&objective::explicit(q.score(x), &p.score(x)))
}

/// H(p) = −𝔼_p[log p] by a rule.
pub fn entropy(p: &impl Density, rule: &Rule) -> f64 {
    -p.rule(rule).integrate(&p.log_density(&rule.nodes))
}

/// T25, Lyu: d/dt KL(p_t‖q_t), as a difference quotient, and −½ F(p_t‖q_t), by half the step.
pub fn lyu(pair: &Pair, t: f64) -> OldCheck {
    let slope = difference(|h| {
        let later = pair.smoothed(t + h);
        kullback_leibler(&later.p, &later.q, &later.rule(1))
    });
    let now = pair.smoothed(t);
    let fisher = fisher_divergence(&now.p, &now.q, &now.rule(2));
    // Mixture::smoothed squares √t again: t itself is off by 2 u t.
    let errors = now.errors();
    let of_function = errors.kullback_leibler + t * fisher;
    compare(slope, -0.5 * fisher, of_function, 0.5 * errors.fisher_divergence)
}

/// T25, de Bruijn: d/dt H(p_t), as a difference quotient, and ½ I(p_t), by half the step.
pub fn de_bruijn(pair: &Pair, t: f64) -> OldCheck {
    let slope = difference(|h| {
        let later = pair.smoothed(t + h);
        entropy(&later.p, &later.rule(1))
    });
    let now = pair.smoothed(t);
    let rule = now.p.rule(&now.rule(2));
    let information = now.p.fisher_information(&rule);
    let errors = now.errors();
    let of_function = errors.entropy + t * information;
    compare(slope, 0.5 * information, of_function, 0.5 * errors.fisher_information)
}

/// A difference quotient against the slope it should have; errors of the function and of the slope
/// in u.
fn compare(quotient: Quotient, slope: f64, of_function: f64, of_slope: f64) -> OldCheck {
    let rounding = Quotient::MAGNIFICATION * of_function + of_slope;
    let tolerance = quotient.truncation + rounding * f64::UNIT_ROUNDOFF;
    OldCheck::new(Evidence::Quadrature, quotient.value, slope, slope.abs(), tolerance / slope.abs())
}

/// T25, log-Sobolev: KL(p‖q) and F(p‖q)/(2ρ), which is at least as large if q = N(0, I/ρ). The two
/// sides are the larger of both, and the second.
pub fn log_sobolev(pair: &Pair, rho: f64) -> OldCheck {
    let (coarse, fine) = (pair.rule(1), pair.rule(2));
    let divergence = kullback_leibler(&pair.p, &pair.q, &coarse);
    let bound = fisher_divergence(&pair.p, &pair.q, &fine) / (2.0 * rho);
    let errors = pair.errors();
    let rounding = errors.kullback_leibler + errors.fisher_divergence / (2.0 * rho);
    let tolerance = rounding * f64::UNIT_ROUNDOFF;
    OldCheck::new(Evidence::Quadrature, divergence.max(bound), bound, 1.0, tolerance)
}

/// T25, a step of log-Sobolev: F(p_t‖q_t) and (v/(v + t))² F(p‖q), at least as large if
/// q = N(0, v I). The two sides are the larger of both, and the second.
pub fn contraction(pair: &Pair, variance: f64, t: f64) -> OldCheck {
    let later = pair.smoothed(t);
    let factor = (variance / (variance + t)).powi(2);
    let fisher = fisher_divergence(&later.p, &later.q, &later.rule(1));
    let bound = factor * fisher_divergence(&pair.p, &pair.q, &pair.rule(2));
    let of_bound = factor * pair.errors().fisher_divergence + 8.0 * bound;
    let rounding = later.errors().fisher_divergence + of_bound;
    let tolerance = rounding * f64::UNIT_ROUNDOFF;
    OldCheck::new(Evidence::Quadrature, fisher.max(bound), bound, 1.0, tolerance)
}

/// ½ ∫₀^∞ F(p_t‖q_t) dt, which is KL(p‖q) by Lyu's identity, since noise destroys all of it.
///
/// In s = log t the integrand t F decays like e^(−|s|) on both sides and is analytic for
/// |Im s| < π/2, where t has a positive real part; a step of π²/40 then leaves e^(−40).
pub fn integrated_fisher(pair: &Pair) -> f64 {
    let step = std::f64::consts::PI.powi(2) / 40.0;
    let times = Rule::trapezoid(-160.0 * step, 160.0 * step, 320);
    let speed = Matrix::from_fn(times.nodes.rows(), 1, |i, _| {
        let t = times.nodes.at(i, 0).exp();
        let Pair { p, q, .. } = &pair.smoothed(t);
        0.5 * t * fisher_divergence(p, q, &pair.smoothed(t).rule(1))
    });
    times.integrate(&speed)
}

/// 𝔼[f(X) | Y = y] for Y = X + √t Z with X from the density of the pair's p, by its rule.
pub fn posterior_mean(pair: &Pair, t: f64, y: &Matrix, f: impl Fn(&Matrix) -> Matrix) -> Matrix {
    let rule = pair.p.rule(&pair.rule(2));
    let values = f(&rule.nodes);
    let mean = |row: usize| {
        let away = rule.nodes.clone().add_row(&-y.select(&[row]));
        let near = rule.weighted(&(away.squared_norm() * (-0.5 / t)).exp());
        near.weights.tn(&values) * (1.0 / near.weights.clone().sum().item())
    };
    let means: Vec<Matrix> = (0..y.rows()).map(mean).collect();
    Matrix::from_fn(y.rows(), values.cols(), |i, j| means[i].at(0, j))
}
