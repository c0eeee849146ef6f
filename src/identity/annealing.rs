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

use super::{Evidence, OldCheck, OldSides, OldTheorem, magnitude};
use crate::{
    array::Array,
    corruption,
    density::{Density, Mixture, mixture::diagonal},
    matrix::{
        Matrix, Real,
        noise::{Generator, standard_normal},
    },
    quadrature::Rule,
    sampler::{Escaped, Sampler, Step, langevin},
};
use rand::{RngExt, SeedableRng};

/// The theorems of this page.
pub const THEOREMS: &[OldTheorem] = &[OldTheorem {
    number: 23,
    statement: "with αᵢ = ε σᵢ²/σ_L² every level is the same chain on another scale",
    check: |rng| {
        let ladder = Ladder::random(rng);
        let exact = match ladder.scale_freely(proportional_to_the_variance) {
            Ok(sides) => sides.check(),
            Err(Escaped { .. }) => OldCheck::new(Evidence::Exact, f64::NAN, 0.0, 1.0, 0.0),
        };
        let width = rng.random_range(0.25..4.0);
        exact.worse(gaussian_ratio(width, ladder.sigma(), ladder.epsilon))
    },
    false_statement: "the same with a step proportional to σ",
    counterexample: |rng| {
        // For a point mass the ratio is α/(4σ²): ε/(4σ) for α = εσ, and so at most half of ε/4.
        let Ladder { power, epsilon, .. } = Ladder::random(rng);
        let at = |sigma: f64| point_ratio(sigma, Step::halved(epsilon * sigma));
        let (above, last) = (at(2.0_f64.powi(power)), at(1.0));
        OldCheck::new(Evidence::Exact, above, last, last, 0.0)
    },
}];

/// The step at noise level σ, when σ_L = 1: the rule of the theorem.
pub fn proportional_to_the_variance(sigma: f64, epsilon: f64) -> Step {
    Step::halved(epsilon * (sigma * sigma))
}

/// A level at σ = 2^power above the last one, σ_L = 1, and what its chains start from.
#[derive(Clone, Debug)]
pub struct Ladder {
    /// log₂ σ
    pub power: i32,
    /// ε
    pub epsilon: f64,
    /// The point mass, in units of σ: (1, d).
    pub mean: Matrix,
    /// Where the chains start, in units of σ: (n, d).
    pub start: Matrix,
    /// The seed of their noise.
    pub seed: u64,
}

impl Ladder {
    /// Up to eight chains in up to three dimensions, on a level at 2 to 2¹² times σ_L.
    pub fn random(rng: &mut Generator) -> Self {
        let (n, d) = (rng.random_range(1..=8), rng.random_range(1..=3));
        Self {
            power: rng.random_range(1..=12),
            epsilon: rng.random_range(0.01..1.0),
            mean: standard_normal(1, d, rng),
            start: standard_normal(n, d, rng),
            seed: rng.random(),
        }
    }

    /// σ
    pub fn sigma(&self) -> f64 {
        2.0_f64.powi(self.power)
    }

    /// Where this level's chains are after ten steps, divided by σ, for a point mass at σ times the
    /// mean; and where those of the last level are.
    ///
    /// The two must agree bit for bit: a product with a power of two does not round, so every
    /// operation of the one chain rounds as that of the other does.
    ///
    /// # Errors
    /// If a chain leaves the finite numbers, which takes a wrong rule.
    pub fn scale_freely(&self, rule: impl Fn(f64, f64) -> Step) -> Result<OldSides, Escaped> {
        const STEPS: usize = 10;
        let (n, _) = self.start.shape();
        let run = |sigma: f64| {
            let clean = Matrix::zeros(n, self.mean.cols()).add_row(&(self.mean.clone() * sigma));
            let score = |x: &Matrix| corruption::score(&clean, x, sigma);
            let mut rng = Generator::seed_from_u64(self.seed);
            let step = rule(sigma, self.epsilon);
            let last = langevin(score, self.start.clone() * sigma, step, &mut rng).after(STEPS)?;
            Ok(last * (1.0 / sigma))
        };
        let (left, right) = (run(self.sigma())?, run(1.0)?);
        let magnitude = vec![magnitude(&right)];
        Ok(OldSides { left: vec![left], right: vec![right], magnitude, roundings: 0.0 })
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

/// T23 for N(0, s²) on the line: the ratio with I(q_σ) by quadrature, and ε σ²/(4(σ² + s²)), the
/// last level being σ_L = 1.
pub fn gaussian_ratio(s: f64, sigma: f64, epsilon: f64) -> OldCheck {
    const STEPS: usize = 60; // of a Gaussian over ±9 deviations: e^(−2π² (60/18)²) is left
    let smoothed = Mixture::isotropic(1, s * s).smoothed(sigma);
    let deviation = s.hypot(sigma);
    let rule = Rule::trapezoid(-9.0 * deviation, 9.0 * deviation, STEPS);
    let information = smoothed.fisher_information(&smoothed.rule(&rule));
    let left = ratio(proportional_to_the_variance(sigma, epsilon), information, 1);
    let right = 0.25 * epsilon * share_of_noise(s, sigma);
    // All terms are positive. In each log q passes through some 24 roundings of what is at most
    // 9²/2 + 12, and the exponential makes them relative; then the sum over the nodes.
    let roundings = STEPS as f64 + 24.0 * (40.5 + 12.0);
    let tolerance = 2.0 * roundings * f64::UNIT_ROUNDOFF;
    OldCheck::new(Evidence::Quadrature, left, right, right, tolerance)
}

/// σ²/(σ² + s²) = σ² I(q_σ)/d for q = N(0, s² I): how near the level is to that of a point mass.
pub fn share_of_noise(s: f64, sigma: f64) -> f64 {
    sigma * sigma / (sigma * sigma + s * s)
}

/// The score of the mixture of components (w, μ, v), v being the variance, and of the one of c
/// times the same data: ψ(x) and c ψ_c(c x), for x (n, d). They are equal, whatever c is.
pub fn scaled_scores(components: &[(f64, Matrix, f64)], c: f64, x: &Matrix) -> OldSides {
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
    OldSides {
        left: vec![scaled(1.0).score(x)],
        right: vec![scaled(c).score(&(x.clone() * c)) * c],
        magnitude: vec![Matrix::from_fn(n, d, |i, _| terms(i))],
        // d for the sums over the dimensions, and some twenty single operations: c², Σ, its factor
        // and inverse, the logarithm of the determinant, the exponential, the sum of all.
        roundings: (components.len() + 2 * d) as f64 + 20.0,
    }
}
