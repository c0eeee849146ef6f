//! The loss of the perfect score: DSM_σ of ∇ log q_σ itself for a pinwheel, sampled with and without
//! its control variate, and by quadrature ([T7], [T14]).
//!
//! [T7]: crate::identity::denoising_explicit
//! [T14]: crate::identity::denoising_explicit

use super::stream;
use crate::{
    corruption::corrupt,
    density::{Density, Mixture, shapes},
    matrix::{
        Matrix,
        noise::{Generator, standard_normal},
    },
    objective::{denoising, denoising_with_control, noise_floor},
    quadrature::Rule,
    statistics::Scatter,
};

/// Samples in a batch.
pub const BATCH: usize = 512;
/// Batches at each noise level.
pub const BATCHES: usize = 64;
/// Steps of the quadrature along a side.
const NODES: usize = 200;

/// What the perfect score scores at one σ.
#[derive(Clone, Copy, Debug)]
pub struct PerfectLoss {
    /// σ
    pub sigma: f64,
    /// d/(2σ²) − ½I(q_σ), by quadrature.
    pub floor: f64,
    /// d/(2σ²), the part of the floor that is known without q.
    pub known: f64,
    /// The means of the batches.
    pub plain: Scatter,
    /// The same with the control variate, which takes the known part off.
    pub corrected: Scatter,
}

impl PerfectLoss {
    /// Measured at each of the noise levels.
    pub fn measure(sigmas: &[f64], seed: u64) -> Vec<Self> {
        let (q, mut rng) = (shapes::pinwheel(), stream(seed, "perfect score"));
        sigmas.iter().map(|&sigma| Self::at(&q, sigma, &mut rng)).collect()
    }

    fn at(q: &Mixture, sigma: f64, rng: &mut Generator) -> Self {
        let (n, d) = (BATCH * BATCHES, q.dimension());
        let (x, z) = (q.sample(n, rng), standard_normal(n, d, rng));
        let smoothed = q.smoothed(sigma);
        let score = |x: &Matrix| smoothed.score(x);
        let plain = denoising(score, &x, &corrupt(&x, &z, sigma), sigma);
        let corrected = denoising_with_control(score, &x, &z, sigma);
        Self {
            sigma,
            floor: floor(sigma),
            known: noise_floor(d, sigma, 0.0),
            plain: over_batches(&plain),
            corrected: over_batches(&corrected),
        }
    }
}

/// d/(2σ²) − ½I(q_σ) of the pinwheel, by quadrature.
pub fn floor(sigma: f64) -> f64 {
    let q = shapes::pinwheel();
    let smoothed = q.smoothed(sigma);
    // The arms reach out to 3, and nothing is left beyond nine standard deviations.
    let reach = 3.0 + 9.0 * (0.5 + sigma * sigma).sqrt();
    let rule = smoothed.rule(&Rule::trapezoid(-reach, reach, NODES).squared());
    noise_floor(q.dimension(), sigma, smoothed.fisher_information(&rule))
}

/// The means of the batches, from one number a sample.
fn over_batches(values: &Matrix) -> Scatter {
    let mean = |batch: &[f64]| batch.iter().sum::<f64>() / batch.len() as f64;
    Scatter::of(&values.data().chunks(BATCH).map(mean).collect::<Vec<f64>>())
}
