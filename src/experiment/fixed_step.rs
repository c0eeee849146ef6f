//! The variance at which chains of a fixed step settle on N(0, v), plain and Metropolis-adjusted
//! ([T21](crate::identity::langevin)).

use super::stream;
use crate::{
    array::Array,
    matrix::{
        Matrix,
        noise::{Generator, standard_normal},
    },
    sampler::{Escaped, Sampler, Step, langevin, metropolis},
    statistics::Scatter,
};

/// v; steps are in units of it.
pub const V: f64 = 1.0;
/// Chains for each step size.
pub const CHAINS: usize = 20_000;
/// Step sizes.
pub const EPSILONS: [f64; 8] = [0.1, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5];
/// Steps of each chain.
const STEPS: usize = 100;

/// The squares x² of all chains after their last step, at one step size.
#[derive(Clone, Copy, Debug)]
pub struct FixedStep {
    /// ε
    pub epsilon: f64,
    /// Of Langevin chains.
    pub plain: Scatter,
    /// Of Metropolis-adjusted ones.
    pub adjusted: Scatter,
    /// The share of accepted proposals of the latter.
    pub acceptance: f64,
}

impl FixedStep {
    /// Measured at each of [`EPSILONS`]. All chains start from N(0, v) itself.
    ///
    /// # Errors
    /// Never at these steps; the chains may leave the finite numbers at others.
    pub fn measure(seed: u64) -> Result<Vec<Self>, Escaped> {
        let mut rng = stream(seed, "fixed step");
        EPSILONS.iter().map(|&epsilon| Self::at(epsilon, &mut rng)).collect()
    }

    fn at(epsilon: f64, rng: &mut Generator) -> Result<Self, Escaped> {
        let start = standard_normal(CHAINS, 1, rng) * V.sqrt();
        let score = |x: &Matrix| x.clone() * (-1.0 / V);
        let plain = langevin(score, start.clone(), Step::halved(epsilon), rng).after(STEPS)?;
        let potential = |x: &Matrix| (x.squared_norm() * (0.5 / V), score(x));
        let mut chains = metropolis(potential, start, epsilon, rng);
        let adjusted = chains.by_ref().after(STEPS)?;
        let acceptance = chains.acceptance();
        let [plain, adjusted] = [plain, adjusted].map(|x| Scatter::of(x.squared_norm().data()));
        Ok(Self { epsilon, plain, adjusted, acceptance })
    }
}
