//! T24: one network for all noise levels, and what the weights λ(σᵢ) are for (Song and Ermon 2019).
//!
//! ```text
//! (1/L) Σ λ(σᵢ) DSM_σᵢ = (1/L) Σ λ(σᵢ) ESM(q_σᵢ) + (1/L) Σ λ(σᵢ) (d/(2σᵢ²) − ½ I(q_σᵢ))
//! ```
//!
//! The first sum on the right is least, and 0, for a network that is the score of every q_σᵢ; the
//! second does not know the network. With λ = σ² its terms are ½ (d − σ² I(q_σ)), between 0 and d/2
//! on every level.

mod levels;

pub use levels::{in_turn, one_level, sample_gradients, total_variance};

use super::{
    Evidence, OldCheck, OldTheorem,
    denoising_explicit::{TOLERANCE, Terms, gaussian_noise},
};
use crate::{
    array::{Array, Function},
    corruption::{NoiseScales, corrupt},
    density::{Density, Mixture},
    matrix::Matrix,
    model::{NoiseConditionalNetwork, Parameters},
    objective,
    quadrature::{Rule, double},
};
use rand::{Rng, RngExt};

/// The theorems of this page.
pub const THEOREMS: &[OldTheorem] = &[OldTheorem {
    number: 24,
    statement: "(1/L) Σ λ DSM_σ = (1/L) Σ λ ESM(q_σ) + floor; with λ = σ² the floor is ≤ d/2",
    check: |rng| {
        let instance = Instance::any(rng);
        let sigma = instance.scales.smallest();
        let small = levels::Dyadic::any(rng);
        unified(&instance, variance, 1)
            .check()
            .worse(least_loss_within_bounds(&instance.q, sigma))
            .worse(one_level(&small.model, &small.x, &small.noise, small.sigma).check())
    },
    false_statement: "λ = 1 treats the levels alike: of the least loss, each has its share 1/L",
    // Let t = σ₃ ≤ 0.4. The information of a mixture is at most the mean of its components', here
    // 1/(0.36 + t²), so floor(σ₃) ≥ ½ · 0.36/((0.36 + t²) t²). Above, with 𝔼(x − 𝔼x)² ≤ 2 and
    // `bounds`, floor(σ) ≤ 1/((2 + σ²) σ²): for σ₂² = σ₁σ₃ ≥ 2t that is 1/(4t(1 + t)), for σ₁ ≥ 2 it
    // is 1/24. The two over the first are (0.36 + t²)(t/(0.72(1 + t)) + t²/4.32), which grows with t
    // and is less than 0.226 at 0.4. So the share is above 1/1.226 > 0.81, and not 1/3.
    counterexample: |rng| {
        let instance = Instance::any(rng);
        let floors = instance.scales.sigmas().iter().map(|&sigma| {
            let smoothed = instance.q.smoothed(sigma);
            let information = smoothed.fisher_information(&smoothed_law(&smoothed, sigma, 1));
            objective::noise_floor(1, sigma, information)
        });
        let floors: Vec<f64> = floors.collect();
        let share = floors[LEVELS - 1] / floors.iter().sum::<f64>();
        OldCheck::new(Evidence::Quadrature, share, 1.0 / LEVELS as f64, 1.0, TOLERANCE)
    },
}];

/// λ = σ², the weight that makes all levels count.
pub fn variance(sigma: f64) -> f64 {
    sigma * sigma
}

/// λ = 1, the weight that does not.
pub fn one(_: f64) -> f64 {
    1.0
}

/// How many levels an [`Instance`] has.
const LEVELS: usize = 3;
/// Its means are within ±1, its standard deviations from 0.6 to 1.
const MEAN: f64 = 1.0;
const DEVIATIONS: [f64; 2] = [0.6, 1.0];

/// A density on the line, noise scales, and a network for all of them.
#[derive(Clone, Debug)]
pub struct Instance {
    /// q
    pub q: Mixture,
    /// σ₁ > … > σ_L
    pub scales: NoiseScales,
    /// ψ(x; σ)
    pub model: NoiseConditionalNetwork<Matrix>,
}

impl Instance {
    /// Two Gaussians with means in ±1 and standard deviations from 0.6 to 1; three levels from σ₁ in
    /// (2, 3) to σ₃ in (0.2, 0.4); six hidden units with weights within ±2.
    ///
    /// The bounds let a fixed number of nodes serve every instance. The score of q_σ has poles where
    /// two components cancel, at least π 0.6²/2 > 0.56 from the real line; the network's softplus
    /// has them π s/2 from it at least, s being 0.8 or more.
    pub fn any(rng: &mut impl Rng) -> Self {
        let component = |rng: &mut dyn Rng| {
            let deviation: f64 = rng.random_range(DEVIATIONS[0]..DEVIATIONS[1]);
            let mean = Matrix::from_rows([[rng.random_range(-MEAN..MEAN)]]);
            (rng.random_range(0.2..0.8), mean, Matrix::from_rows([[deviation * deviation]]))
        };
        let q = Mixture::new([component(rng), component(rng)]);
        let [largest, smallest] = [rng.random_range(2.0..3.0), rng.random_range(0.2..0.4)];
        let scales = NoiseScales::geometric(largest, smallest, LEVELS);
        let width = rng.random_range(0.8..1.5);
        Self { q, scales, model: network(1, width, rng) }
    }
}

/// A noise-conditional network [d, 6, d] with weights within ±2, all of them: a
/// [new one](NoiseConditionalNetwork::random) ends in zeros.
pub fn network(d: usize, width: f64, rng: &mut impl Rng) -> NoiseConditionalNetwork<Matrix> {
    let widths = [d, 6, d];
    let shape = NoiseConditionalNetwork::<Matrix>::random(&widths, Function::Softplus, width, rng);
    shape.map(|p| Matrix::from_fn(p.rows(), p.cols(), |_, _| rng.random_range(-2.0..2.0)))
}

/// The law of an [`Instance`]'s x by quadrature. In the product with the noise the poles of the score ask for steps
/// below 2π 0.56/37 = 0.095.
pub fn law(q: &Mixture, fineness: usize) -> Rule {
    let reach = MEAN + 9.0 * DEVIATIONS[1];
    q.rule(&Rule::trapezoid(-reach, reach, 240 * fineness))
}

/// The law of its x̃ by quadrature.
pub fn smoothed_law(smoothed: &Mixture, sigma: f64, fineness: usize) -> Rule {
    let reach = MEAN + 9.0 * DEVIATIONS[1].hypot(sigma);
    smoothed.rule(&Rule::trapezoid(-reach, reach, 600 * fineness))
}

/// The terms of λ DSM_σ = λ ESM(q_σ) + λ floor for a score ψ(x; σ) on the line, at one level. The
/// left side is [`objective::noise_conditional`], over pairs of a clean point and its noise.
pub fn level(
    q: &Mixture,
    score: impl Fn(&Matrix, &Matrix) -> Matrix,
    sigma: f64,
    lambda: fn(f64) -> f64,
    fineness: usize,
) -> Terms {
    let column = |value: f64, like: &Matrix| like.constant(like.rows(), 1, |_, _| value);
    let weight = lambda(sigma);
    let denoising = double(&law(q, fineness), &gaussian_noise(1, 90 * fineness), |x, z| {
        let weight = |s: &Matrix| column(weight, s);
        objective::noise_conditional(&score, x, z, &column(sigma, x), weight)
    });
    let smoothed = q.smoothed(sigma);
    let rule = smoothed_law(&smoothed, sigma, fineness);
    let found = score(&rule.nodes, &column(sigma, &rule.nodes));
    let explicit = rule.integrate(&objective::explicit(found, &smoothed.score(&rule.nodes)));
    let information = smoothed.fisher_information(&rule);
    Terms {
        denoising,
        explicit: weight * explicit,
        floor: weight * objective::noise_floor(1, sigma, information),
        fisher_information: weight * information,
    }
}

/// T24: the terms of the unified objective, means over the levels.
pub fn unified(instance: &Instance, lambda: fn(f64) -> f64, fineness: usize) -> Terms {
    let Instance { q, scales, model } = instance;
    let score = |x: &Matrix, sigma: &Matrix| model.score(x, sigma);
    let sigmas = scales.sigmas();
    let terms: Vec<Terms> =
        sigmas.iter().map(|&sigma| level(q, score, sigma, lambda, fineness)).collect();
    let mean = |of: fn(&Terms) -> f64| terms.iter().map(of).sum::<f64>() / sigmas.len() as f64;
    Terms {
        denoising: mean(|t| t.denoising),
        explicit: mean(|t| t.explicit),
        floor: mean(|t| t.floor),
        fisher_information: mean(|t| t.fisher_information),
    }
}

/// ½ (d − σ² I(q_σ)), the least value of σ² DSM_σ over all functions.
pub fn least_loss(d: usize, sigma: f64, fisher_information: f64) -> f64 {
    variance(sigma) * objective::noise_floor(d, sigma, fisher_information)
}

/// ½ (d − σ² I(q)) and ½ d s²/(s² + σ²), between which the [least loss](least_loss) lies; s² is
/// 𝔼‖x − 𝔼x‖²/d, or anything larger. The first is sharp as σ → 0, the second as σ → ∞, and for
/// N(0, s²I) it is the least loss.
pub fn bounds(d: usize, sigma: f64, fisher_information: f64, width: f64) -> [f64; 2] {
    let (signal, noise) = (width * width, sigma * sigma);
    [least_loss(d, sigma, fisher_information), 0.5 * d as f64 * signal / (signal + noise)]
}

/// T24, at the optimum: σ² DSM_σ of the exact score, over pairs, and the value that it should have,
/// from q_σ alone, brought between its bounds (where it is already, unless they are wrong).
pub fn least_loss_within_bounds(q: &Mixture, sigma: f64) -> OldCheck {
    let smoothed = q.smoothed(sigma);
    let loss = level(q, |x, _| smoothed.score(x), sigma, variance, 1).denoising;
    let information = smoothed.fisher_information(&smoothed_law(&smoothed, sigma, 1));
    let over_q = law(q, 1);
    let [low, high] = bounds(1, sigma, q.fisher_information(&over_q), deviation(&over_q));
    let predicted = least_loss(1, sigma, information).clamp(low.max(0.0), high.min(0.5));
    OldCheck::new(Evidence::Quadrature, loss, predicted, 0.5, TOLERANCE)
}

/// s with s² = 𝔼‖x − 𝔼x‖²/d, from the law of x.
pub fn deviation(law: &Rule) -> f64 {
    let (_, d) = law.nodes.shape();
    let mean = law.weights.tn(&law.nodes);
    let centred = law.nodes.clone().add_row(&-mean);
    (law.integrate(&centred.squared_norm()) / d as f64).sqrt()
}

/// f of the [network](crate::model::noise_conditional) that makes ψ(x; σ) a given score: what it
/// has to answer. (n, d), (n, d) → (n, d).
pub fn answer(x: &Matrix, score: &Matrix, sigma: f64, width: f64) -> Matrix {
    let total = width * width + sigma * sigma;
    (x.clone() * (1.0 / total) + score) * (sigma * total.sqrt() / width)
}

/// Mean and variance of the loss of the exact score at one level, with λ = 1, on the line.
pub fn loss_moments(q: &Mixture, sigma: f64, fineness: usize) -> [f64; 2] {
    let smoothed = q.smoothed(sigma);
    let moment = |power: i32| {
        double(&law(q, fineness), &gaussian_noise(1, 90 * fineness), |x, z| {
            let noisy = corrupt(x, z, sigma);
            let loss = objective::denoising(|x| smoothed.score(x), x, &noisy, sigma);
            (0..power - 1).fold(loss.clone(), |product, _| product * &loss)
        })
    };
    let [mean, square] = [1, 2].map(moment);
    [mean, square - mean * mean]
}
