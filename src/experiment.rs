//! The runs behind the figures: what is trained, on what, and what is measured.

pub mod chains;
pub mod contrastive_divergence;
pub mod digits;
pub mod exact_likelihood;
pub mod fixed_step;
pub mod flow_likelihood;
pub mod level_gradients;
pub mod mode_weights;
pub mod noise_conditional;
pub mod objectives_on_a_line;
pub mod perfect_score;
pub mod pinwheel;
pub mod pipeline;
pub mod recorded_loss;
pub mod sampled_digits;
pub mod sampled_shapes;
pub mod speed;
pub mod traces;

pub use chains::PinwheelChains;
pub use contrastive_divergence::ContrastiveDivergence;
pub use digits::DenoisedDigits;
pub use exact_likelihood::ExactLikelihood;
pub use fixed_step::FixedStep;
pub use flow_likelihood::HeldOut;
pub use level_gradients::GradientVariances;
pub use mode_weights::ModeWeights;
pub use objectives_on_a_line::ObjectivesOnALine;
pub use perfect_score::PerfectLoss;
pub use pinwheel::Pinwheel;
pub use pipeline::Pipeline;
pub use recorded_loss::RecordedLoss;
pub use sampled_digits::SampledDigits;
pub use sampled_shapes::{LearnedShape, SampledShape};

use crate::{matrix::noise::Generator, sampler::Escaped, train::NotFinite};
use rand::{Rng, SeedableRng};
use std::fmt;

/// The random numbers of one part of an experiment.
///
/// Seed and name are the generator's state, each in its own place: under one seed parts of different
/// names begin in different states, and no training meets the numbers by which its model is sampled.
///
/// # Panics
/// If the name is longer than 24 bytes.
#[track_caller]
pub fn stream(seed: u64, part: &str) -> Generator {
    let mut state = <Generator as SeedableRng>::Seed::default();
    let (low, high) = state.split_at_mut(8);
    assert!(part.len() <= high.len(), "{part:?} is longer than {} bytes", high.len());
    low.copy_from_slice(&seed.to_le_bytes());
    high[..part.len()].copy_from_slice(part.as_bytes());
    let mut rng = Generator::from_seed(state);
    (0..64).for_each(|_| _ = rng.next_u64()); // until what two states have in common is mixed
    rng
}

/// Why a run came to no end.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Failure {
    /// A training failed.
    Training(NotFinite),
    /// A chain left the finite numbers.
    Sampling(Escaped),
}

impl From<NotFinite> for Failure {
    fn from(error: NotFinite) -> Self {
        Self::Training(error)
    }
}

impl From<Escaped> for Failure {
    fn from(error: Escaped) -> Self {
        Self::Sampling(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Training(error) => error.fmt(f),
            Self::Sampling(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Failure {}
