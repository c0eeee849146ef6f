//! What the runs with a noise-conditional network have in common: the training and the sampling.

use crate::{
    array::Array,
    autodiff::Var,
    corruption::{NoiseScales, denoise},
    matrix::{
        Matrix,
        noise::{Generator, standard_normal},
    },
    model::NoiseConditionalNetwork,
    objective::{Weight, noise_conditional},
    optimizer::Adam,
    sampler::{Escaped, annealed, levels},
    train::{Batch, NotFinite, train},
};

/// A network in single precision, twice as fast and precise enough for what noise is added to.
pub type Network = NoiseConditionalNetwork<Matrix<f32>>;

/// How a network is trained.
#[derive(Clone, Debug)]
pub struct Course {
    /// σ₁ > … > σ_L
    pub scales: NoiseScales,
    /// λ
    pub weight: Weight,
    /// How many steps.
    pub steps: usize,
    /// The rate at the beginning; it falls to 0.
    pub rate: f64,
}

impl Course {
    /// (1/L) Σ λ(σᵢ) ℓ(θ; σᵢ), the levels in turn along the rows of a batch: one number a row.
    ///
    /// # Panics
    /// If the rows are not a multiple of the levels, which then would not have equal shares.
    #[track_caller]
    pub fn objective<'t>(
        &self,
        model: &NoiseConditionalNetwork<Var<'t, Matrix<f32>>>,
        x: &Var<'t, Matrix<f32>>,
        noise: &Var<'t, Matrix<f32>>,
    ) -> Var<'t, Matrix<f32>> {
        let ((n, _), levels) = (x.shape(), self.scales.sigmas().len());
        assert!(n % levels == 0, "a batch of {n} for {levels} levels");
        let sigma = x.constant(n, 1, |i, _| self.scales.of_row(i));
        let score = |x: &Var<'t, Matrix<f32>>, s: &Var<'t, Matrix<f32>>| model.score(x, s);
        noise_conditional(score, x, noise, &sigma, self.weight)
    }

    /// Descends over the batches. `progress` hears the number of each step.
    ///
    /// # Errors
    /// If a loss stops being finite.
    pub fn train(
        &self,
        start: Network,
        batches: impl Iterator<Item = Batch<f32>>,
        progress: impl Fn(usize),
    ) -> Result<Network, NotFinite> {
        train(
            start,
            &mut Adam::annealed(self.rate, self.steps),
            batches.take(self.steps),
            |model, x, noise| self.objective(model, x, noise),
            |step| progress(step.number),
        )
    }
}

/// Chains on their way from noise to samples.
#[derive(Clone, Debug)]
pub struct Descent {
    /// The states (n, d) that were kept, at equal numbers of steps; the last state is one of them.
    pub states: Vec<Matrix>,
    /// The last one, without its noise.
    pub samples: Matrix,
}

/// How a network is sampled.
#[derive(Clone, Copy, Debug)]
pub struct Walk {
    /// n
    pub chains: usize,
    /// T
    pub steps_per_level: usize,
    /// ε/σ_L², the step in units of σ², the same at every level.
    pub step: f64,
    /// Every how many steps a state is kept, a divisor of T.
    pub every: usize,
}

/// Annealed Langevin dynamics from N(0, (σ₁² + s²) I), what q_σ₁ would be for a Gaussian q of width
/// s.
///
/// # Errors
/// If a chain leaves the finite numbers.
///
/// # Panics
/// If states are kept at steps that do not divide a level.
#[track_caller]
pub fn sample(
    model: &Network,
    scales: &NoiseScales,
    walk: Walk,
    rng: &mut Generator,
) -> Result<Descent, Escaped> {
    let fits = walk.steps_per_level.is_multiple_of(walk.every);
    assert!(fits, "every {} of {} steps", walk.every, walk.steps_per_level);
    let (largest, last) = (scales.sigmas()[0], scales.smallest());
    let width = (largest * largest + model.width * model.width).sqrt();
    let (_, d) = model.network.layers[0].w.shape();
    let start = standard_normal(walk.chains, d, rng) * width;
    let score = |x: &Matrix<f32>, sigma| model.score_at(x, sigma);
    let levels = levels(scales, walk.step * (last * last));
    let chains = annealed(score, start, levels, walk.steps_per_level, rng);
    let kept = chains.skip(walk.every - 1).step_by(walk.every);
    let states: Vec<_> = kept.collect::<Result<_, _>>()?;
    let end = states.last().expect("a state is kept");
    let samples = denoise(end, model.score_at(end, last), last).cast();
    Ok(Descent { states: states.iter().map(Matrix::cast).collect(), samples })
}
