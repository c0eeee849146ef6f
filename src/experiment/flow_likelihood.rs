//! The likelihood of a learned density on held-out points, beside the true one.
//!
//! The points are drawn from q_σ_L, the data under the smallest noise that the network knows, whose
//! density is known. The flow takes them to σ₁, and there the law is to be told: N(0, (σ₁² + s²) I), from
//! which the chains of the gallery start, and with it the model is a density of its own; or q_σ₁, which
//! only a known density has.

use super::{LearnedShape, stream};
use crate::{
    corruption::NoiseScales,
    density::{Density, Mixture},
    matrix::Matrix,
    model::Parameters,
    objective::trace,
    sampler::{
        Escaped,
        flow::{Likelihood, likelihood},
    },
    statistics::Scatter,
};

/// What is told of held-out points, in nats.
#[derive(Clone, Copy, Debug)]
pub struct HeldOut {
    /// log q_σ_L
    pub known: Scatter,
    /// log p of the model, which is N(0, (σ₁² + s²) I) at σ₁.
    pub learned: Scatter,
    /// log q_σ_L − log p. Its mean estimates KL(q_σ_L‖p), which is not negative.
    pub gap: Scatter,
    /// The same for the model that is q_σ₁ at σ₁.
    pub gap_from_known_end: Scatter,
    /// By how much log p changed when the steps were halved, at the worst of the points.
    pub change: f64,
}

impl LearnedShape {
    /// Draws n points and asks both, with the given number of steps of equal ratio from σ_L to σ₁.
    ///
    /// # Errors
    /// If a point leaves the finite numbers.
    ///
    /// # Panics
    /// If there is no step.
    #[track_caller]
    pub fn held_out(&self, n: usize, steps: usize, seed: u64) -> Result<HeldOut, Escaped> {
        let (largest, smallest) = (self.scales.sigmas()[0], self.scales.smallest());
        let law = self.density.smoothed(smallest);
        let x = law.sample(n, &mut stream(seed, "shapes: held out"));
        let width = self.model.width;
        let start = Mixture::isotropic(law.dimension(), largest * largest + width * width);
        // In double precision, for the rounding of single would hide what the steps cost.
        let model = self.model.clone().map(|weights| weights.cast::<f64>()).constants();
        let field = |x: &Matrix, sigma| trace::of_score(|x| model.score_at(x, sigma), x);
        let mut levels = NoiseScales::geometric(largest, smallest, steps + 1).sigmas().to_vec();
        levels.reverse();
        let found = likelihood(field, &start, &x, &levels)?;
        let change = found.worst_change();
        let Likelihood { log_density, end, .. } = found;
        let known = law.log_density(&x);
        let gap = known.clone() - &log_density;
        let correction = start.log_density(&end) - self.density.smoothed(largest).log_density(&end);
        let scatter = |values: &Matrix| Scatter::of(values.data());
        Ok(HeldOut {
            known: scatter(&known),
            learned: scatter(&log_density),
            gap_from_known_end: scatter(&(gap.clone() + correction)),
            gap: scatter(&gap),
            change,
        })
    }
}
