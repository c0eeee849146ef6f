//! Whose noise is in the gradient: the share of each noise level in its variance, for a network that
//! was trained at all of them ([T24](crate::identity::noise_conditional)).

use super::{LearnedShape, stream};
use crate::{
    density::Density,
    identity::noise_conditional::{sample_gradients, total_variance},
    matrix::{Matrix, noise::standard_normal},
    model::Parameters,
    objective::Weight,
    statistics::Scatter,
};

/// Samples on each level from which the variance is estimated, in several parts: their scatter is its
/// standard error.
const SAMPLES: usize = 240;
const PARTS: usize = 8;

/// The total variance of the gradient of one sample at λ = 1: for each part one number a level.
#[derive(Clone, Debug)]
pub struct GradientVariances {
    /// σ₁ > … > σ_L: (L, 1).
    pub sigmas: Matrix,
    /// (L, 1) each.
    parts: Vec<Matrix>,
}

impl GradientVariances {
    /// Of a trained network, on fresh samples.
    pub fn of(learned: &LearnedShape, seed: u64) -> Self {
        let mut rng = stream(seed, "level gradients");
        let (model, d) = (learned.model.clone().map(|p| p.cast()), learned.density.dimension());
        let mut at = |&sigma: &f64| {
            let mut part = || {
                let n = SAMPLES / PARTS;
                let (x, z) = (learned.density.sample(n, &mut rng), standard_normal(n, d, &mut rng));
                total_variance(&sample_gradients(&model, &x, &z, sigma))
            };
            std::array::from_fn::<f64, PARTS, _>(|_| part())
        };
        let sigmas = learned.scales.sigmas();
        let levels: Vec<_> = sigmas.iter().map(&mut at).collect();
        let part = |k| Matrix::from_fn(levels.len(), 1, |i, _| levels[i][k]);
        let parts = (0..PARTS).map(part).collect();
        Self { sigmas: Matrix::from_vec(sigmas.len(), 1, sigmas.to_vec()), parts }
    }

    /// The share of each level in the variance of the gradient when the levels are weighted by λ.
    pub fn shares(&self, weight: Weight) -> Vec<Scatter> {
        let lambda = weight.of(&self.sigmas);
        let share = |part: &Matrix| {
            let terms = lambda.clone() * &lambda * part;
            let total: f64 = terms.data().iter().sum();
            terms * (1.0 / total)
        };
        let parts: Vec<Matrix> = self.parts.iter().map(share).collect();
        let level = |i| parts.iter().map(|part| part.at(i, 0)).collect::<Vec<f64>>();
        (0..self.sigmas.rows()).map(|i| Scatter::of(&level(i))).collect()
    }
}
