//! The runs behind the figures: what is trained, on what, and what is measured.

pub mod chains;
pub mod contrastive_divergence;
pub mod digits;
pub mod fixed_step;
pub mod level_gradients;
pub mod mode_weights;
pub mod noise_conditional;
pub mod objectives_on_a_line;
pub mod perfect_score;
pub mod pinwheel;
pub mod sampled_digits;
pub mod sampled_shapes;
pub mod traces;

pub use chains::PinwheelChains;
pub use contrastive_divergence::ContrastiveDivergence;
pub use digits::DenoisedDigits;
pub use fixed_step::FixedStep;
pub use level_gradients::GradientVariances;
pub use mode_weights::ModeWeights;
pub use objectives_on_a_line::ObjectivesOnALine;
pub use perfect_score::PerfectLoss;
pub use pinwheel::Pinwheel;
pub use sampled_digits::SampledDigits;
pub use sampled_shapes::{LearnedShape, SampledShape};

use crate::{sampler::Escaped, train::NotFinite};
use std::fmt;

/// Why a run came to no end.
#[derive(Clone, Copy, Debug, PartialEq)]
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
