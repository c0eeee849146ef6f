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

pub use levels::{LevelBatch, in_turn, row_by_row, sample_gradients, total_variance};

use super::{
    Claim, Sides, Theorem,
    denoising_explicit::{Terms, gaussian_noise},
    enclosed, number,
};
use crate::{
    array::{Array, Function},
    corruption::{NoiseScales, corrupt},
    density::{Density, Mixture},
    matrix::{Matrix, noise::Generator},
    model::{NoiseConditionalNetwork, Parameters},
    objective,
    objective::Weight,
    quadrature::{Rule, double},
};
use rand::{Rng, RngExt, SeedableRng};

/// The theorems of this page.
pub const THEOREMS: &[Theorem] = &[Theorem {
    number: 24,
    statement: "(1/L) Σ λ DSM_σ = (1/L) Σ λ ESM(q_σ) + floor; with λ = σ² the floor is ≤ d/2",
    claims: &[
        Claim::one("λ DSM_σ = ½‖σψ(x̃; σ) + z‖², a σ for each row", EVERY_ROW, || {
            Sides::proof(row_by_row(&LevelBatch::every(3, 8)))
        }),
        Claim::one("levels in turn are (1/L) Σ, and so the gradients", EVERY_BATCH, || {
            Sides::proof(in_turn(&LevelBatch::every(8, 4), &NoiseScales::geometric(4.0, 0.5, 4)))
        }),
        Claim::any("as computed", "random n, d, L, σ from 0.05 to 5", |rng| {
            let (batch, scales) = LevelBatch::any(rng);
            Sides::rounding(in_turn(&batch, &scales), in_turn(&enclosed(&batch), &scales))
        }),
        Claim::any("DSM against ESM and floor", LINE, |rng| {
            let (i, weight) = (Levels::any(rng), [Weight::Variance, Weight::One]);
            let (sigma, weight) = (i.any_sigma(rng), weight[usize::from(rng.random::<bool>())]);
            let score = |x: &Matrix, sigma: &Matrix| i.model.score(x, sigma);
            Sides::doubled(|fineness| level(&i.q, score, sigma, weight, fineness).sides())
        }),
        Claim::any("at the optimum, within its bounds", LINE, |rng| {
            let i = Levels::any(rng);
            let sigma = i.any_sigma(rng);
            Sides::doubled(|fineness| least_loss_within_bounds(&i.q, sigma, fineness))
        }),
    ],
    false_statements: &[
        Claim::one("levels in turn over any batch are (1/L) Σ", "4 rows for 3 levels", || {
            Sides::proof(in_turn(&LevelBatch::every(4, 2), &NoiseScales::geometric(4.0, 1.0, 3)))
        }),
        Claim::any("λ = 1 gives each level its share 1/L of the least loss", LINE, |rng| {
            let i = Levels::any(rng);
            let share = share_of_the_smallest(&i.q, &i.scales);
            let sides = [number(share), number(1.0 / LEVELS as f64)];
            Sides::integrals(sides, number(1.0), LEVELS * SMOOTHED_STEPS)
        }),
        Claim::one("the floor is that of q", FIXED, || {
            let (q, terms) = fixed();
            let of_q = least_loss(1, SIGMA, q.fisher_information(&law(&q, 1)));
            terms.against(terms.explicit + of_q)
        }),
        Claim::one("the floor has no λ", FIXED, || {
            let (_, terms) = fixed();
            terms.against(terms.explicit + terms.floor() / (SIGMA * SIGMA))
        }),
    ],
}];

const EVERY_ROW: &str = "three rows, d, h = 8, every network, x, z, σ";
const EVERY_BATCH: &str = "eight rows, d = 4, h = 8, every network, x, z; σ = 4, 2, 1, ½";
const LINE: &str = "random mixtures, levels and networks on the line";
const FIXED: &str = "a mixture and a network, σ = ½, λ = σ²";

/// The level of the fixed instance.
const SIGMA: f64 = 0.5;

/// A fixed density, and the terms of a fixed network at one level.
fn fixed() -> (Mixture, Terms) {
    let Levels { q, model, .. } = Levels::any(&mut Generator::seed_from_u64(24));
    let score = |x: &Matrix, sigma: &Matrix| model.score(x, sigma);
    let terms = level(&q, score, SIGMA, Weight::Variance, 1);
    (q, terms)
}

/// How many levels [`Levels`] has.
const LEVELS: usize = 3;
/// Its means are within ±1, its standard deviations from 0.6 to 1.
const MEAN: f64 = 1.0;
const DEVIATIONS: [f64; 2] = [0.6, 1.0];

/// A density on the line, noise scales, and a network for all of them.
#[derive(Clone, Debug)]
pub struct Levels {
    /// q
    pub q: Mixture,
    /// σ₁ > … > σ_L
    pub scales: NoiseScales,
    /// ψ(x; σ)
    pub model: NoiseConditionalNetwork<Matrix>,
}

impl Levels {
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

    /// A σ between the largest and the smallest.
    fn any_sigma(&self, rng: &mut impl Rng) -> f64 {
        let [largest, smallest] = [self.scales.sigmas()[0], self.scales.smallest()];
        smallest * (largest / smallest).powf(rng.random())
    }
}

/// A noise-conditional network [d, 6, d] with weights within ±2, all of them: a
/// [new one](NoiseConditionalNetwork::random) ends in zeros.
pub fn network(d: usize, width: f64, rng: &mut impl Rng) -> NoiseConditionalNetwork<Matrix> {
    let widths = [d, 6, d];
    let shape = NoiseConditionalNetwork::<Matrix>::random(&widths, Function::Softplus, width, rng);
    shape.map(|p| Matrix::from_fn(p.rows(), p.cols(), |_, _| rng.random_range(-2.0..2.0)))
}

/// The law of x of [`Levels`] by quadrature. In the product with the noise the poles of the score ask
/// for steps below 2π 0.56/37 = 0.095.
pub fn law(q: &Mixture, fineness: usize) -> Rule {
    let reach = MEAN + 9.0 * DEVIATIONS[1];
    q.rule(&Rule::trapezoid(-reach, reach, 240 * fineness))
}

const SMOOTHED_STEPS: usize = 600;

/// The law of its x̃ by quadrature.
pub fn smoothed_law(smoothed: &Mixture, sigma: f64, fineness: usize) -> Rule {
    let reach = MEAN + 9.0 * DEVIATIONS[1].hypot(sigma);
    smoothed.rule(&Rule::trapezoid(-reach, reach, SMOOTHED_STEPS * fineness))
}

/// The terms of λ DSM_σ = λ ESM(q_σ) + λ floor for a score ψ(x; σ) on the line, at one level. The
/// left side is [`objective::noise_conditional`], over pairs of a clean point and its noise.
pub fn level(
    q: &Mixture,
    score: impl Fn(&Matrix, &Matrix) -> Matrix,
    sigma: f64,
    weight: Weight,
    fineness: usize,
) -> Terms {
    let column = |like: &Matrix| like.constant(like.rows(), 1, |_, _| sigma);
    let (clean, noise) = (law(q, fineness), gaussian_noise(90 * fineness));
    let denoising = double(&clean, &noise, |x, z| {
        objective::noise_conditional(&score, x, z, &column(x), |s| weight.of(s))
    });
    let smoothed = q.smoothed(sigma);
    let rule = smoothed_law(&smoothed, sigma, fineness);
    let found = score(&rule.nodes, &column(&rule.nodes));
    let right = Terms {
        denoising: 0.0,
        explicit: rule.integrate(&objective::explicit(found, &smoothed.score(&rule.nodes))),
        kernel_information: 1.0 / (sigma * sigma),
        fisher_information: smoothed.fisher_information(&rule),
        nodes: clean.nodes.rows() * noise.nodes.rows(),
    };
    Terms { denoising, ..right.weighted(weight.of(&Matrix::from_rows([[sigma]])).item()) }
}

/// The share of the smallest level in Σ (d/(2σᵢ²) − ½ I(q_σᵢ)), the least loss for λ = 1.
pub fn share_of_the_smallest(q: &Mixture, scales: &NoiseScales) -> f64 {
    let floors = scales.sigmas().iter().map(|&sigma| {
        let smoothed = q.smoothed(sigma);
        let information = smoothed.fisher_information(&smoothed_law(&smoothed, sigma, 1));
        objective::noise_floor(1, sigma, information)
    });
    let floors: Vec<f64> = floors.collect();
    floors[floors.len() - 1] / floors.iter().sum::<f64>()
}

/// ½ (d − σ² I(q_σ)), the least value of σ² DSM_σ over all functions.
pub fn least_loss(d: usize, sigma: f64, fisher_information: f64) -> f64 {
    sigma * sigma * objective::noise_floor(d, sigma, fisher_information)
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
pub fn least_loss_within_bounds(q: &Mixture, sigma: f64, fineness: usize) -> Sides {
    let smoothed = q.smoothed(sigma);
    let terms = level(q, |x, _| smoothed.score(x), sigma, Weight::Variance, fineness);
    let over_q = law(q, fineness);
    let [low, high] = bounds(1, sigma, q.fisher_information(&over_q), deviation(&over_q));
    terms.against(terms.floor().clamp(low.max(0.0), high.min(0.5)))
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

/// Of the loss of the exact score at one level, with λ = 1, on the line.
#[derive(Clone, Copy, Debug)]
pub struct Moments {
    /// Its mean.
    pub mean: f64,
    /// Its variance.
    pub variance: f64,
    /// The number of pairs of a point and its noise that were added.
    pub nodes: usize,
}

/// Mean and variance of that loss by quadrature.
pub fn loss_moments(q: &Mixture, sigma: f64, fineness: usize) -> Moments {
    let (smoothed, clean) = (q.smoothed(sigma), law(q, fineness));
    let noise = gaussian_noise(90 * fineness);
    let [mean, square] = [1, 2].map(|power: i32| {
        double(&clean, &noise, |x, z| {
            let noisy = corrupt(x, z, sigma);
            let loss = objective::denoising(|x| smoothed.score(x), x, &noisy, sigma);
            (1..power).fold(loss.clone(), |product, _| product * &loss)
        })
    });
    let nodes = clean.nodes.rows() * noise.nodes.rows();
    Moments { mean, variance: square - mean * mean, nodes }
}
