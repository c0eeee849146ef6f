//! T23: annealed Langevin dynamics (Song and Ermon 2019), and what it does about far modes.
//!
//! ```text
//! αᵢ = ε σᵢ²/σ_L²,   x ← x + (αᵢ/2) ψ(x; σᵢ) + √αᵢ z
//!
//! scale        data X at level σ and step α, divided by σ, is data X/σ at level 1 and step α/σ²
//! ratio        𝔼‖drift‖²/𝔼‖noise‖² = αᵢ I(q_σᵢ)/(4d) = ε/(4σ_L²) · σᵢ² I(q_σᵢ)/d
//! N(0, s² I)   σ² I(q_σ)/d = σ²/(σ² + s²)
//! ```
//!
//! So with αᵢ ∝ σᵢ² every level is the same chain on another scale, but for the data, which shrink
//! to a point as σ grows. The mode weights that come of it are known without drawing anything: see
//! [`heavy_side`].

mod law;

pub use law::{START, TwoModes, equilibrium, first_order_bias, heavy_side};

use super::{Claim, Sides, Theorem, langevin::for_all_steps, number};
use crate::{
    array::Array,
    density::{Density, KernelEstimate, Mixture, mixture::diagonal},
    grid::Exact,
    matrix::{
        Matrix,
        noise::{Generator, standard_normal},
    },
    quadrature::Rule,
    sampler::{Escaped, Sampler, Step, langevin},
};
use rand::{RngExt, SeedableRng};

/// The theorems of this page.
pub const THEOREMS: &[Theorem] = &[Theorem {
    number: 23,
    statement: "with αᵢ = ε σᵢ²/σ_L² every level is the same chain on another scale",
    claims: &[
        Claim::one(
            "a step divided by σ does not depend on σ",
            "d = 2, every x, ψ, z, ε, σ",
            || for_all_steps(|epsilon| rescaled(proportional_to_the_variance, epsilon)),
        ),
        Claim::one(
            "𝔼‖drift‖² = α/(4v) 𝔼‖noise‖² on N(0, v)",
            "d = 2, every v, α",
            || for_all_steps(|alpha| drift_and_noise(alpha, 0.25)),
        ),
        Claim::any(
            "ten steps, bit for bit",
            "kernel estimates of 1 to 6 points, σ = 2 to 2¹²",
            |rng| {
                let ladder = Ladder::random(rng);
                ladder.scale_freely(proportional_to_the_variance).expect("steps of at most ½")
            },
        ),
        Claim::any("c ψ_cX(cx; cσ) = ψ_X(x; σ)", "mixtures in 1 to 3 dimensions", |rng| {
            let (d, count) = (rng.random_range(1..=3), rng.random_range(1..=4));
            let component = |_| {
                let mean: Matrix = standard_normal(1, d, rng);
                (rng.random_range(0.1..1.0), mean * 3.0, rng.random_range(0.1..2.0))
            };
            let components: Vec<_> = (0..count).map(component).collect();
            let c = rng.random_range(-6.0..6.0_f64).exp();
            scaled_scores(&components, c, &(standard_normal(5, d, rng) * 3.0))
        }),
        Claim::any(
            "drift to noise is ε σ²/(4(σ² + s²)) on N(0, s²)",
            "the line, s from ¼ to 4, σ up to 2¹²",
            |rng| {
                let (s, sigma) =
                    (rng.random_range(0.25..4.0), 2.0_f64.powi(rng.random_range(0..=12)));
                let epsilon = rng.random_range(0.01..1.0);
                Sides::doubled(|fineness| gaussian_ratio(s, sigma, epsilon, fineness))
            },
        ),
    ],
    false_statements: &[
        Claim::one("the same with a step proportional to σ", "d = 2, ε = 1", || {
            Sides::proof(rescaled(proportional_to_the_deviation, 1.0))
        }),
        Claim::one("the same with the noise √ε at every level", "d = 2, ε = 1", || {
            Sides::proof(rescaled(noise_of_the_last_level, 1.0))
        }),
        Claim::one("drift to noise is α/v", "d = 2, α = 1", || {
            Sides::proof(drift_and_noise(1.0, 1.0))
        }),
        Claim::one("drift to noise is ε/4 on N(0, 1) as well", "σ = 1", || {
            let epsilon = 0.1;
            Sides::doubled(|fineness| {
                let [left, _] = ratios(1.0, 1.0, epsilon, fineness);
                integrated_ratio([left, 0.25 * epsilon], fineness)
            })
        }),
    ],
}];

/// The step at noise level σ, when σ_L = 1: the rule of the theorem.
pub fn proportional_to_the_variance(sigma: f64, epsilon: f64) -> Step {
    Step::halved(epsilon * (sigma * sigma))
}

/// A near miss: a step proportional to σ.
pub fn proportional_to_the_deviation(sigma: f64, epsilon: f64) -> Step {
    Step::halved(epsilon * sigma)
}

/// Another: the drift of the level, and the noise √ε at every level.
pub fn noise_of_the_last_level(sigma: f64, epsilon: f64) -> Step {
    Step { drift: proportional_to_the_variance(sigma, epsilon).drift, ..Step::halved(epsilon) }
}

/// A step on level σ, divided by σ, and that of level 1. By (2) of the page the score of X at σx is
/// that of X/σ at x, divided by σ: an indeterminate.
///
/// σ enters the left side, times σ, in the powers 0, 1 and 2: the levels 1, 2, 4 and 8 decide for
/// all.
fn rescaled(rule: fn(f64, f64) -> Step, epsilon: f64) -> [Vec<Exact>; 2] {
    let [x, score, z] = ["x", "ψ", "z"].map(|name| Exact::named(name, 1, 2));
    let at = |sigma: f64| {
        let score = score.clone() * (1.0 / sigma);
        rule(sigma, epsilon).take(&(x.clone() * sigma), score, z.clone()) * (1.0 / sigma)
    };
    [[1.0, 2.0, 4.0, 8.0].map(at).to_vec(), [(); 4].map(|()| at(1.0)).to_vec()]
}

/// 𝔼‖drift ψ‖² on N(0, v I), and a α/v 𝔼‖noise z‖²; the truth has a = ¼. A step from 0 without noise is
/// its drift, and one without a score its noise.
fn drift_and_noise(alpha: f64, a: f64) -> [Vec<Exact>; 2] {
    let [u, z] = ["u", "z"].map(|name| Exact::named(name, 1, 2));
    let (deviation, zero) = (Exact::named("s", 1, 1), z.clone() * 0.0);
    let score = -deviation.clone().reciprocal().nn(&u); // −x/v at x = s u, v = s²
    let step = Step::halved(alpha);
    let drift = step.take(&zero, score, zero.clone()).squared_norm().gaussian_mean(&u);
    let noise = step.take(&zero, zero.clone(), z.clone()).squared_norm().gaussian_mean(&z);
    let precision = (deviation.clone() * &deviation).reciprocal();
    [vec![drift], vec![noise * precision * (a * alpha)]]
}

/// A level at σ = 2^power above the last one, σ_L = 1, and what its chains start from.
#[derive(Clone, Debug)]
pub struct Ladder {
    /// log₂ σ
    pub power: i32,
    /// ε
    pub epsilon: f64,
    /// The points of the kernel estimate, in units of σ: (m, d).
    pub points: Matrix,
    /// Where the chains start, in units of σ: (n, d).
    pub start: Matrix,
    /// The seed of their noise.
    pub seed: u64,
}

impl Ladder {
    /// Up to eight chains and six points in up to three dimensions, on a level at 2 to 2¹² times σ_L.
    pub fn random(rng: &mut Generator) -> Self {
        let (n, m, d) = (rng.random_range(1..=8), rng.random_range(1..=6), rng.random_range(1..=3));
        Self {
            power: rng.random_range(1..=12),
            epsilon: rng.random_range(0.01..1.0),
            points: standard_normal(m, d, rng),
            start: standard_normal(n, d, rng),
            seed: rng.random(),
        }
    }

    /// Where this level's chains are after ten steps, divided by σ, for points at σ times those given;
    /// and where those of the last level are.
    ///
    /// The two must agree bit for bit: a product with a power of two does not round, so every
    /// operation of the one chain rounds as that of the other does, and the softmax has the same
    /// arguments.
    ///
    /// # Errors
    /// If a chain leaves the finite numbers, which takes a wrong rule.
    pub fn scale_freely(&self, rule: impl Fn(f64, f64) -> Step) -> Result<Sides, Escaped> {
        const STEPS: usize = 10;
        let run = |sigma: f64| {
            let q = KernelEstimate { points: self.points.clone() * sigma, sigma };
            let mut rng = Generator::seed_from_u64(self.seed);
            let (start, step) = (self.start.clone() * sigma, rule(sigma, self.epsilon));
            let last = langevin(|x: &Matrix| q.score(x), start, step, &mut rng).after(STEPS)?;
            Ok(vec![last * (1.0 / sigma)])
        };
        Ok(Sides::exact([run(2.0_f64.powi(self.power))?, run(1.0)?]))
    }
}

/// 𝔼‖drift ψ(x)‖²/𝔼‖noise z‖² of a step on a density of which I is known.
pub fn ratio(step: Step, fisher_information: f64, d: usize) -> f64 {
    let (drift, noise) = (step.drift * step.drift, step.noise * step.noise);
    drift * fisher_information / (noise * d as f64)
}

/// The same for a point mass, where q_σ = N(μ, σ² I) and I = d/σ².
pub fn point_ratio(sigma: f64, step: Step) -> f64 {
    ratio(step, 1.0 / (sigma * sigma), 1)
}

/// Of a Gaussian over ±9 deviations this leaves e^(−2π² (60/18)²), nothing.
const STEPS: usize = 60;

/// The ratio with I(q_σ) by quadrature for N(0, s²) on the line, and ε σ²/(4(σ² + s²)); σ_L = 1.
fn ratios(s: f64, sigma: f64, epsilon: f64, fineness: usize) -> [f64; 2] {
    let smoothed = Mixture::isotropic(1, s * s).smoothed(sigma);
    let end = 9.0 * s.hypot(sigma);
    let rule = Rule::trapezoid(-end, end, STEPS * fineness);
    let information = smoothed.fisher_information(&smoothed.rule(&rule));
    let left = ratio(proportional_to_the_variance(sigma, epsilon), information, 1);
    [left, 0.25 * epsilon * share_of_noise(s, sigma)]
}

/// All terms are positive, and relative to their sum each log q, which passes through some 24
/// roundings of what is at most 9²/2 + 12, counts as that many roundings.
fn integrated_ratio([left, right]: [f64; 2], fineness: usize) -> Sides {
    let roundings = (STEPS * fineness) as f64 + 24.0 * (40.5 + 12.0);
    Sides::rounded([number(left), number(right)], number(right), roundings)
        .resting_on(super::Evidence::Quadrature)
}

/// T23 for N(0, s²) on the line: the ratio by quadrature, and by its formula.
pub fn gaussian_ratio(s: f64, sigma: f64, epsilon: f64, fineness: usize) -> Sides {
    integrated_ratio(ratios(s, sigma, epsilon, fineness), fineness)
}

/// σ²/(σ² + s²) = σ² I(q_σ)/d for q = N(0, s² I): how near the level is to that of a point mass.
pub fn share_of_noise(s: f64, sigma: f64) -> f64 {
    sigma * sigma / (sigma * sigma + s * s)
}

/// The score of the mixture of components (w, μ, v), v being the variance, and of the one of c
/// times the same data: ψ(x) and c ψ_c(c x), for x (n, d). They are equal, whatever c is.
pub fn scaled_scores(components: &[(f64, Matrix, f64)], c: f64, x: &Matrix) -> Sides {
    let (n, d) = x.shape();
    let scaled = |c: f64| {
        let parts = components.iter();
        Mixture::new(parts.map(|(w, mean, v)| (*w, mean.clone() * c, diagonal(d, v * (c * c)))))
    };
    // The responsibilities carry the errors of their logarithms, and are multiplied by scores.
    let terms = |i: usize| {
        let of = |(w, mean, v): &(f64, Matrix, f64)| {
            let away = (0..d).map(|j| (x.at(i, j).abs() + mean.at(0, j).abs()).powi(2));
            let square = away.sum::<f64>() / v;
            let constants = w.ln().abs() + d as f64 * ((c * c * v).ln().abs() + v.ln().abs() + 2.0);
            ((square / v).sqrt(), square + constants + 1.0)
        };
        let largest = |pick: fn(&(f64, f64)) -> f64| {
            components.iter().map(|c| pick(&of(c))).fold(0.0, f64::max)
        };
        largest(|terms| terms.0) * largest(|terms| terms.1)
    };
    let sides = [vec![scaled(1.0).score(x)], vec![scaled(c).score(&(x.clone() * c)) * c]];
    // d for the sums over the dimensions, and some twenty single operations: c², Σ, its factor and
    // inverse, the logarithm of the determinant, the exponential, the sum of all.
    let roundings = (components.len() + 2 * d) as f64 + 20.0;
    Sides::rounded(sides, vec![Matrix::from_fn(n, d, |i, _| terms(i))], roundings)
}
