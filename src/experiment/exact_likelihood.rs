//! What a score-matched energy of 64 dimensions is as a density: its likelihood and its samples,
//! both exact ([T33](crate::identity::softplus_mixture)).
//!
//! Digits, centred, in units of the noise: then σ² = 1 and a softplus energy with ten hidden units
//! is a mixture of 1024 Gaussians, whose Z is known. It is trained twice from one start and on the
//! same batches, by denoising score matching and by the likelihood itself, and judged on digits
//! that it has not seen. They are corrupted as those of the training are: the energy models the
//! smoothed density, and against that a Gaussian is measured as well, with the mean and the
//! covariance of the training digits.
//!
//! Langevin chains of the energy then have what chains in 64 dimensions never have: exact samples
//! beside them, and the total variance in closed form.

use super::{Failure, digits::SIGMA, stream};
use crate::{
    array::{Array, Linear},
    autodiff::Var,
    corruption::corrupt,
    dataset::{Digits, digits::PIXELS},
    density::{Density, Mixture, SoftplusMixture, mixture::diagonal, softplus_mixture::Expansion},
    discrepancy::{maximum_mean_discrepancy, median_distance},
    matrix::{
        Matrix,
        noise::{Generator, standard_normal},
    },
    model::Autoencoder,
    objective::denoising,
    optimizer::Adam,
    sampler::{Sampler, Step, langevin},
    statistics::Scatter,
    train::{Batches, train, train_by_rows},
};
use rand::SeedableRng;

/// Hidden units: 2¹⁰ Gaussians.
const HIDDEN: usize = 10;
/// Samples of each kind.
pub const SAMPLES: usize = 500;
/// How often exact ones are drawn, to see how their discrepancy scatters.
const DRAWS: usize = 8;
/// ε of the two Langevin chains, in units of σ².
pub const LANGEVIN: [f64; 2] = [0.1, 1.0];

const STEPS: usize = 1500;
const BATCH: usize = 100;
const RATE: f64 = 0.02;
/// How long the chains run: a Gaussian of the mixture forgets its start like e^(−t/2).
const TIME: f64 = 40.0;

/// log p of every held-out digit, corrupted, in nats: (297, 1) each.
#[derive(Clone, Debug)]
pub struct LogLikelihoods {
    /// Of the energy that was trained by denoising score matching.
    pub denoising: Matrix,
    /// Of the same energy, trained by the likelihood.
    pub likelihood: Matrix,
    /// Of the Gaussian with the mean and the covariance of the training digits and the noise.
    pub gaussian: Matrix,
    /// Of the Gaussian with their mean and total variance, the same in all directions.
    pub isotropic: Matrix,
}

/// What is measured on samples (500, 64).
#[derive(Clone, Debug)]
pub struct Judged {
    /// The samples.
    pub samples: Matrix,
    /// ‖x − 𝔼x‖², of which the mean should be the trace of the covariance.
    pub squares: Scatter,
    /// Maximum mean discrepancy to other exact samples.
    pub discrepancy: f64,
}

/// Everything that was measured.
#[derive(Clone, Debug)]
pub struct ExactLikelihood {
    /// The energy that was trained by denoising score matching.
    pub energy: SoftplusMixture,
    /// On held-out digits.
    pub held_out: LogLikelihoods,
    /// The trace of its covariance, in closed form.
    pub total_variance: f64,
    /// Exact samples, several draws.
    pub exact: Vec<Judged>,
    /// Langevin chains at the two steps.
    pub chains: Vec<Judged>,
}

impl ExactLikelihood {
    /// Trains, measures and samples.
    ///
    /// # Errors
    /// If a loss stops being finite, or a chain leaves the finite numbers.
    pub fn run(seed: u64) -> Result<Self, Failure> {
        let mut rng = stream(seed, "exact likelihood");
        let digits = Digits::load();
        let n = digits.training.rows() as f64;
        let mean = digits.training.clone().sum_over_samples() * (1.0 / n);
        let centred = |x: &Matrix| x.clone().add_row(&-mean.clone()) * (1.0 / SIGMA);
        let [training, held_out] = [&digits.training, &digits.held_out].map(centred);

        let start = Autoencoder::random(PIXELS, HIDDEN, &mut rng);
        let batches = Batches::new(training.clone(), BATCH, rng.fork());
        let energy = train_by_rows(
            start.clone(),
            &mut Adam::annealed(RATE, STEPS),
            batches.clone().take(STEPS),
            |model, x, z| denoising(|x| model.score(x, 1.0), x, &corrupt(x, z, 1.0), 1.0),
            |_| (),
        )?;
        let by_likelihood = train(
            start,
            &mut Adam::annealed(RATE, STEPS),
            batches.take(STEPS),
            |model, x, z| surprise(model, &corrupt(x, z, 1.0)),
            |_| (),
        )?;
        let [energy, by_likelihood] = [energy, by_likelihood].map(|m| SoftplusMixture::new(m, 1));

        let covariance = training.tn(&training) * (1.0 / n) + diagonal(PIXELS, 1.0);
        let variance = (0..PIXELS).map(|i| covariance.at(i, i)).sum::<f64>() / PIXELS as f64;
        let gaussian = Mixture::gaussian(Matrix::zeros(1, PIXELS), covariance);
        let noise = standard_normal(held_out.rows(), PIXELS, &mut rng);
        let noisy = corrupt(&held_out, &noise, 1.0);
        let held_out = LogLikelihoods {
            denoising: energy.log_density(&noisy),
            likelihood: by_likelihood.log_density(&noisy),
            gaussian: gaussian.log_density(&noisy),
            isotropic: Mixture::isotropic(PIXELS, variance).log_density(&noisy),
        };

        let [centre, covariance] = energy.moments();
        let others = energy.sample(SAMPLES, &mut rng);
        let bandwidth = median_distance(&others);
        let judge = |samples: Matrix| Judged {
            squares: Scatter::of(samples.clone().add_row(&-centre.clone()).squared_norm().data()),
            discrepancy: maximum_mean_discrepancy(&samples, &others, bandwidth),
            samples,
        };
        let exact = (0..DRAWS).map(|_| judge(energy.sample(SAMPLES, &mut rng))).collect();
        let start = standard_normal(SAMPLES, PIXELS, &mut rng) * variance.sqrt();
        let mut chains = vec![];
        for step in LANGEVIN {
            chains.push(judge(walk(&energy, start.clone(), step, &mut rng)?));
        }
        let total_variance = (0..PIXELS).map(|i| covariance.at(i, i)).sum();
        Ok(Self { energy, held_out, total_variance, exact, chains })
    }
}

/// −log p of noisy digits, Z and all: (n, 64) → (n, 1).
fn surprise<'t>(model: &Autoencoder<Var<'t>>, x: &Var<'t>) -> Var<'t> {
    let log_z = Expansion::whole(model, 1).log_partition(1.0);
    model.energy(x, 1.0) + log_z.linear(Linear::Tile(x.shape().0))
}

/// Where chains of the energy are after `TIME`.
fn walk(
    energy: &SoftplusMixture,
    start: Matrix,
    step: f64,
    rng: &mut Generator,
) -> Result<Matrix, Failure> {
    let steps = (TIME / step).round() as usize;
    Ok(langevin(|x| energy.score(x), start, Step::halved(step), rng).after(steps)?)
}
