//! T24: one network for all noise levels, and what the weights λ(σᵢ) are for (Song and Ermon 2019).
//!
//! ```text
//! (1/L) Σ λ(σᵢ) DSM_σᵢ = (1/L) Σ λ(σᵢ) ESM(q_σᵢ) + (1/L) Σ λ(σᵢ) (d/(2σᵢ²) − ½ I(q_σᵢ))
//! ```
//!
//! The first sum on the right is least, and 0, for a network that is the score of every q_σᵢ; the
//! second does not know the network. With λ = σ² its terms are ½ (d − σ² I(q_σ)), between 0 and d/2
//! on every level.
//!
//! The page: `proofs/noise_conditional.md`.

mod levels;

pub use levels::{LevelBatch, in_turn, row_by_row, sample_gradients, total_variance};

use super::{
    Claim, Sides, Theorem,
    denoising_explicit::{SMOOTHED_STEPS, law, mixture, smoothed_law, vincent},
    enclosed, number,
};
use crate::{
    array::{Array, Function},
    corruption::NoiseScales,
    density::{Density, Mixture},
    matrix::{Matrix, noise::Generator},
    model::{NoiseConditionalNetwork, Parameters},
    objective,
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
        Claim::any("at the optimum, within its bounds", LINE, |rng| {
            let i = Levels::any(rng);
            let [largest, smallest] = [i.scales.sigmas()[0], i.scales.smallest()];
            let sigma = smallest * (largest / smallest).powf(rng.random());
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
        Claim::one("the floor is that of q", "a mixture, σ = ½", || {
            let q = mixture(&mut Generator::seed_from_u64(24));
            let smoothed = q.smoothed(0.5);
            let of_q = objective::noise_floor(1, 0.5, q.fisher_information(&law(&q, 1)));
            vincent(|x| smoothed.score(x), &q, 0.5, 1).against(of_q)
        }),
    ],
}];

const EVERY_ROW: &str = "three rows, d, h = 8, every network, x, z, σ";
const EVERY_BATCH: &str = "eight rows, d = 4, h = 8, every network, x, z; σ = 4, 2, 1, ½";
const LINE: &str = "random mixtures and levels on the line";

/// How many levels [`Levels`] has.
const LEVELS: usize = 3;

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
    /// A [`mixture`]; three levels from σ₁ in (2, 3) to σ₃ in (0.2, 0.4); six hidden units with
    /// weights within ±2. Softplus then has its poles πR/2 from the real line at least, R² being
    /// s² + σ² with s > 0.8.
    pub fn any(rng: &mut impl Rng) -> Self {
        let [largest, smallest] = [rng.random_range(2.0..3.0), rng.random_range(0.2..0.4)];
        let scales = NoiseScales::geometric(largest, smallest, LEVELS);
        let width = rng.random_range(0.8..1.5);
        Self { q: mixture(rng), scales, model: network(1, width, rng) }
    }
}

/// A noise-conditional network [d, 6, d] with weights within ±2, all of them: a
/// [new one](NoiseConditionalNetwork::random) ends in zeros.
pub fn network(d: usize, width: f64, rng: &mut impl Rng) -> NoiseConditionalNetwork<Matrix> {
    let widths = [d, 6, d];
    let shape = NoiseConditionalNetwork::<Matrix>::random(&widths, Function::Softplus, width, rng);
    shape.map(|p| Matrix::from_fn(p.rows(), p.cols(), |_, _| rng.random_range(-2.0..2.0)))
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
/// 𝔼‖x − 𝔼x‖²/d, or anything larger. For N(0, s²I) the second is the least loss.
pub fn bounds(d: usize, sigma: f64, fisher_information: f64, width: f64) -> [f64; 2] {
    let (signal, noise) = (width * width, sigma * sigma);
    [least_loss(d, sigma, fisher_information), 0.5 * d as f64 * signal / (signal + noise)]
}

/// T24, at the optimum: DSM_σ of the exact score, over pairs, and the value that it should have,
/// from q_σ alone, brought between its bounds (where it is already, unless they are wrong).
pub fn least_loss_within_bounds(q: &Mixture, sigma: f64, fineness: usize) -> Sides {
    let smoothed = q.smoothed(sigma);
    let terms = vincent(|x| smoothed.score(x), q, sigma, fineness);
    let over_q = law(q, fineness);
    let mean = over_q.integrate(&over_q.nodes);
    let deviation = over_q.integrate(&(over_q.nodes.clone() - mean).squared_norm()).sqrt();
    let [low, high] = bounds(1, sigma, q.fisher_information(&over_q), deviation)
        .map(|bound| bound.clamp(0.0, 0.5) / (sigma * sigma));
    terms.against(terms.floor().clamp(low, high))
}
