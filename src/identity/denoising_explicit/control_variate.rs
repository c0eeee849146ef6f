//! T14: the terms that make denoising blow up as σ → 0 have known means, and can be taken off.

use crate::{
    array::{Array, Function},
    corruption::corrupt,
    identity::{OldSides, magnitude},
    matrix::{Matrix, noise::standard_normal},
    model::{Parameters, ScoreNetwork},
    objective,
};
use rand::{Rng, RngExt};

/// A score network of any shape, a batch and its noise.
#[derive(Clone, Debug)]
pub struct Corrupted {
    /// ψ.
    pub network: ScoreNetwork<Matrix>,
    /// Clean points x, (n, d).
    pub x: Matrix,
    /// z, (n, d).
    pub noise: Matrix,
    /// σ.
    pub sigma: f64,
}

impl Corrupted {
    /// Up to eight points in up to eight dimensions, everything Gaussian, σ from 0.001 to 2.
    pub fn any(rng: &mut impl Rng) -> Self {
        let [n, d, h] = [(); 3].map(|()| rng.random_range(1..=8));
        Self::random((n, d, h), 0.001 * 2000.0_f64.powf(rng.random()), rng)
    }

    /// n samples in d dimensions, two layers of h hidden units.
    pub fn random((n, d, h): (usize, usize, usize), sigma: f64, rng: &mut impl Rng) -> Self {
        let shape = ScoreNetwork::<Matrix>::random(&[d, h, h, d], Function::Softplus, rng);
        Self {
            network: shape.map(|p| standard_normal(p.rows(), p.cols(), rng)),
            x: standard_normal(n, d, rng),
            noise: standard_normal(n, d, rng),
            sigma,
        }
    }

    /// ½‖ψ(x̃) + z/σ‖² of every sample: (n, 1).
    pub fn plain(&self) -> Matrix {
        let Self { network, x, noise, sigma } = self;
        objective::denoising(|x| network.score(x), x, &corrupt(x, noise, *sigma), *sigma)
    }

    /// The same less what is known of it, in cancelled form: (n, 1).
    pub fn corrected(&self) -> Matrix {
        let Self { network, x, noise, sigma } = self;
        objective::denoising_with_control(|x| network.score(x), x, noise, *sigma)
    }
}

/// T14: plain denoising less ⟨ψ(x), z⟩/σ and ‖z‖²/(2σ²), and its cancelled form, per sample.
pub fn control_variate(instance: &Corrupted) -> OldSides {
    let Corrupted { network, x, noise, sigma } = instance;
    let (_, d) = x.shape();
    let (inverse, variance) = (1.0 / sigma, sigma * sigma);
    let at_clean = network.score(x).inner(noise) * inverse;
    let square = noise.squared_norm() * (0.5 / variance);

    // Σ|terms|. The target (x − x̃)/σ² carries the rounding of x̃, which is relative to |x| + σ|z|.
    let noisy = corrupt(x, noise, *sigma);
    let target = (magnitude(x) * 2.0 + magnitude(noise) * *sigma) * (1.0 / variance);
    let sum = magnitude(&network.score(&noisy)) + target;
    let cross = (sum.clone() + magnitude(&network.score(x))).inner(&magnitude(noise)) * inverse;
    OldSides {
        left: vec![instance.plain() - at_clean - square.clone()],
        right: vec![instance.corrected()],
        magnitude: vec![sum.squared_norm() * 0.5 + cross + square],
        // Both factors of a square carry eight (two in x̃, the difference, σ², its inverse, the
        // product, the sum with ψ, and the square itself); then d additions and the last four.
        roundings: 2.0 * 8.0 + d as f64 + 4.0,
    }
}
