//! Shapes in the plane out of noise: a noise-conditional network for each, sampled by annealed
//! Langevin dynamics.
//!
//! The densities are known, so the samples can be held against fresh ones: by the share of each
//! component, and by the maximum mean discrepancy beside that of two fresh samples. And the learned
//! score can be held against the exact one on every level, by quadrature.

use super::{
    noise_conditional::{Course, Descent, Network, Walk, sample},
    stream,
};
use crate::{
    array::{Array, Function},
    corruption::NoiseScales,
    density::{Density, Mixture},
    discrepancy::{maximum_mean_discrepancy, median_distance},
    matrix::{Matrix, noise::Generator},
    objective::{Weight, explicit},
    quadrature::{Rule, converged},
    sampler::Escaped,
    statistics::Scatter,
    train::{NotFinite, fresh},
};

/// Samples that are drawn and judged.
pub const SAMPLES: usize = 5000;
/// T, the steps on a level.
pub const STEPS_PER_LEVEL: usize = 100;

/// The data are about 1.5 wide: at the largest σ they are one cloud, at the smallest the noise is
/// less than half the narrowest stroke.
const LARGEST: f64 = 4.0;
const SMALLEST: f64 = 0.05;
const LEVELS: usize = 10;
/// ε/σ_L²: at the last level a chain moves by a third of the noise. The bias of the
/// step is of this order.
const STEP: f64 = 0.1;

const HIDDEN: usize = 128;
const STEPS: usize = 8000;
const BATCH: usize = 500; // the same number of rows for each of the ten levels
const RATE: f64 = 2e-3;
/// The first layer is this much steeper than usual: arms are narrower than the data are wide.
const STEEPNESS: f64 = 2.0;
/// Steps of a quadrature along a side, of about 1/8 at the smallest σ: as long as the narrowest stroke
/// is wide, so that a Gaussian of that width is integrated to e^(−2π²).
const NODES: usize = 112;
/// Fresh samples that the samples are compared with, and as many pairs of others.
pub const FRESH: usize = 8;

/// A density, and the network that has learned its score at every noise level.
#[derive(Clone, Debug)]
pub struct LearnedShape {
    /// q
    pub density: Mixture,
    /// σ₁ > … > σ_L
    pub scales: NoiseScales,
    /// ψ(x; σ)
    pub model: Network,
}

/// Samples of the network, and what the numbers say of them.
#[derive(Clone, Debug)]
pub struct SampledShape {
    /// The chains on their way, and the samples (5000, 2).
    pub descent: Descent,
    /// The share of each component of the mixture.
    pub shares: Vec<f64>,
    /// Maximum mean discrepancy between the samples and several fresh ones.
    pub discrepancy: Scatter,
    /// The same between two fresh ones, of several pairs.
    pub fresh_discrepancy: Scatter,
}

/// How near a learned score is on one level, in the units of λ = σ².
#[derive(Clone, Copy, Debug)]
pub struct LevelFit {
    /// σ
    pub sigma: f64,
    /// σ² ESM(q_σ): what the loss on this level is above its least value.
    pub excess: f64,
    /// ½ σ² I(q_σ): the same for ψ = 0.
    pub scale: f64,
}

impl LevelFit {
    /// The excess as a share of what ψ = 0 would have.
    pub fn share(&self) -> f64 {
        self.excess / self.scale
    }

    /// The least value of σ² DSM_σ in d dimensions, ½ d − ½ σ² I(q_σ)
    /// ([T24](crate::identity::noise_conditional)).
    pub fn least(&self, d: usize) -> f64 {
        0.5 * d as f64 - self.scale
    }
}

/// The noise scales of all shapes.
pub fn scales() -> NoiseScales {
    NoiseScales::geometric(LARGEST, SMALLEST, LEVELS)
}

impl LearnedShape {
    /// Learns a density in the plane from fresh samples, with λ as given. `progress` hears the
    /// fraction done.
    ///
    /// # Errors
    /// If a loss stops being finite.
    pub fn train(
        density: Mixture,
        weight: Weight,
        seed: u64,
        progress: impl Fn(f64),
    ) -> Result<Self, NotFinite> {
        let mut rng = stream(seed, "shapes: training");
        let x = density.sample(SAMPLES, &mut rng);
        let width = (0.5 * x.squared_norm().mean().item()).sqrt();
        let widths = [2, HIDDEN, HIDDEN, 2];
        let mut start = Network::random(&widths, Function::Softplus, width, &mut rng);
        let first = &mut start.network.layers[0];
        first.w = first.w.clone() * STEEPNESS;
        let course = Course { scales: scales(), weight, steps: STEPS, rate: RATE };
        let batches = fresh(&density, BATCH, rng);
        let model = course.train(start, batches, |step| progress(step as f64 / STEPS as f64))?;
        Ok(Self { density, scales: course.scales, model })
    }

    /// Holds the learned score against that of q_σ, on every level.
    ///
    /// # Panics
    /// If the quadrature has not converged.
    pub fn fits(&self) -> Vec<LevelFit> {
        self.scales.sigmas().iter().map(|&sigma| self.fit(sigma)).collect()
    }

    /// Holds the learned score against that of q_σ, on one level.
    ///
    /// # Panics
    /// If the quadrature has not converged.
    pub fn fit(&self, sigma: f64) -> LevelFit {
        let smoothed = self.density.smoothed(sigma);
        // The shapes reach out to 2.7 and are at most 0.7 wide there.
        let reach = 2.7 + 6.0 * 0.7_f64.hypot(sigma);
        let measure = |steps| {
            let rule = smoothed.rule(&Rule::trapezoid(-reach, reach, steps).squared());
            let found = self.model.score_at(&rule.nodes.cast(), sigma).cast();
            let gap = explicit(found, &smoothed.score(&rule.nodes));
            [rule.integrate(&gap), 0.5 * smoothed.fisher_information(&rule)]
        };
        let (coarse, fine) = (measure(NODES), measure(2 * NODES));
        // Percentages are told with two digits.
        let [excess, scale] =
            [0, 1].map(|i| sigma * sigma * converged(coarse[i], fine[i], 1e-4 * fine[1]));
        LevelFit { sigma, excess, scale }
    }

    /// Runs `chains` from pure noise to samples and keeps the state after `every` steps again and again.
    ///
    /// # Errors
    /// If a chain leaves the finite numbers.
    pub fn descend(
        &self,
        chains: usize,
        every: usize,
        rng: &mut Generator,
    ) -> Result<Descent, Escaped> {
        let walk = Walk { chains, steps_per_level: STEPS_PER_LEVEL, step: STEP, every };
        sample(&self.model, &self.scales, walk, rng)
    }

    /// Samples and judges.
    ///
    /// # Errors
    /// If a chain leaves the finite numbers.
    pub fn sample(&self, seed: u64) -> Result<SampledShape, Escaped> {
        let mut rng = stream(seed, "shapes: samples");
        let descent = self.descend(SAMPLES, STEPS_PER_LEVEL, &mut rng)?;
        let fresh: Vec<Matrix> =
            (0..2 * FRESH).map(|_| self.density.sample(SAMPLES, &mut rng)).collect();
        let bandwidth = median_distance(&fresh[0]);
        let between = |x: &Matrix, y: &Matrix| maximum_mean_discrepancy(x, y, bandwidth);
        let found: Vec<f64> = fresh[..FRESH].iter().map(|x| between(&descent.samples, x)).collect();
        let pairs: Vec<f64> =
            fresh.chunks_exact(2).map(|pair| between(&pair[0], &pair[1])).collect();
        let (responsibilities, _) = self.density.responsibilities(&descent.samples);
        let shares = responsibilities.sum_over_samples() * (1.0 / SAMPLES as f64);
        Ok(SampledShape {
            shares: shares.data().to_vec(),
            discrepancy: Scatter::of(&found),
            fresh_discrepancy: Scatter::of(&pairs),
            descent,
        })
    }
}
