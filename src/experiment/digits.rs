//! A denoising autoencoder on the digits, measured against the best linear denoiser.
//!
//! Pixels lie in [0, 1] and the noise has σ = 0.25, about the standard deviation of a pixel. The
//! model trains on 1500 digits by the denoising objective. On 297 digits that it has never seen its
//! squared error is compared with that of the [`Wiener`] denoiser, which knows the mean and the
//! covariance of the same 1500: both receive the same 20 corruptions of every digit.

use super::stream;
use crate::{
    array::Array,
    autodiff::Tape,
    corruption::corrupt,
    dataset::{Digits, digits::PIXELS},
    density::KernelEstimate,
    matrix::{
        Matrix,
        noise::{Generator, standard_normal},
    },
    model::{Autoencoder, Parameters, Wiener},
    objective::{denoising, reconstruction},
    optimizer::Adam,
    statistics::Scatter,
    train::{Batches, NotFinite, train_by_rows},
};

/// σ of the corruption.
pub const SIGMA: f64 = 0.25;
/// Hidden units.
pub const HIDDEN: usize = 128;
/// Corruptions of every held-out digit.
pub const DRAWS: usize = 20;

/// How long the model of the figures trains.
pub const EPOCHS: usize = 1000;
const BATCH: usize = 100;
const RATE: f64 = 0.01;

/// The loss on a whole set under one fixed corruption, by two code paths.
#[derive(Clone, Copy, Debug)]
pub struct Loss {
    /// DSM_σ, from the energy.
    pub denoising: f64,
    /// DAE_σ/(2σ⁴), from the reconstruction.
    pub reconstruction: f64,
}

impl Loss {
    /// On digits x and their corruptions x̃, both (n, 64). The first path takes the gradient of the energy
    /// on a tape and never sees the reconstruction.
    pub fn of(model: &Autoencoder<Matrix>, x: &Matrix, noisy: &Matrix) -> Self {
        let sigma4 = SIGMA * SIGMA * SIGMA * SIGMA;
        let score = |x: &Matrix| {
            let tape = Tape::new();
            let x = tape.var(x);
            let energy = model.on(&tape).energy(&x, SIGMA);
            -energy.sum().gradient(&[x]).remove(0)
        };
        let error = reconstruction(|x| model.reconstruct(x), x, noisy);
        Self {
            denoising: denoising(score, x, noisy, SIGMA).mean().item(),
            reconstruction: error.mean().item() / (2.0 * sigma4),
        }
    }
}

/// One point of the loss curve.
#[derive(Clone, Copy, Debug)]
pub struct CurvePoint {
    /// Epochs so far, from 0.
    pub epoch: f64,
    /// On the digits that it learns from.
    pub training: Loss,
    /// On digits that it has never seen.
    pub held_out: Loss,
}

/// The trained model and everything measured on it.
#[derive(Clone, Debug)]
pub struct DenoisedDigits {
    /// The data.
    pub digits: Digits,
    /// The trained autoencoder.
    pub model: Autoencoder<Matrix>,
    /// The best linear denoiser.
    pub wiener: Wiener,
    /// The loss, more densely at the beginning.
    pub curve: Vec<CurvePoint>,
    /// DSM_σ of the best linear denoiser on the held-out digits, under the corruption of the curve.
    pub linear: f64,
    /// The noise floor of the training sample: what a model that knew all 1500 by heart would
    /// reach on them.
    pub floor: f64,
    /// Squared errors on the held-out digits.
    pub comparison: Comparison,
}

/// Squared errors ‖r(x̃) − x‖², summed over the pixels, mean over digits and corruptions.
#[derive(Clone, Copy, Debug)]
pub struct Comparison {
    /// Of the corrupted digits themselves; 64 σ² is expected.
    pub corrupted: f64,
    /// Of the best linear denoiser.
    pub linear: f64,
    /// Of the autoencoder.
    pub autoencoder: f64,
    /// Standard error of linear − autoencoder, over the digits.
    pub standard_error: f64,
}

impl DenoisedDigits {
    /// Trains for this number of epochs and measures. `progress` hears the fraction done.
    ///
    /// # Errors
    /// If the loss stops being finite.
    ///
    /// # Panics
    /// Never: the digits' covariance plus σ²I is positive definite.
    pub fn run(seed: u64, epochs: usize, progress: impl Fn(f64)) -> Result<Self, NotFinite> {
        let digits = Digits::load();
        let wiener = Wiener::fit(&digits.training, SIGMA).expect("σ²I is positive definite");
        let mut rng = stream(seed, "digits");
        let training = Corrupted::new(&digits.training, 1, &mut rng);
        let held_out = Corrupted::new(&digits.held_out, 1, &mut rng);
        let twenty = Corrupted::new(&digits.held_out, DRAWS, &mut rng);

        // Trained in single precision, measured in double.
        let start = Autoencoder::<Matrix<f32>>::random(PIXELS, HIDDEN, &mut rng);
        let batches = Batches::new(digits.training.cast::<f32>(), BATCH, rng);
        let per_epoch = batches.per_epoch();
        let steps = epochs * per_epoch;
        let measure = |step: usize, model: &Autoencoder<Matrix<f32>>| {
            let model = model.clone().map(|p| p.cast());
            CurvePoint {
                epoch: step as f64 / per_epoch as f64,
                training: training.loss(&model),
                held_out: held_out.loss(&model),
            }
        };
        let mut curve = vec![measure(0, &start)];
        let model = train_by_rows(
            start,
            &mut Adam::annealed(RATE, steps),
            batches.take(steps),
            |model, x, z| denoising(|x| model.score(x, SIGMA), x, &corrupt(x, z, SIGMA), SIGMA),
            |step| {
                // Each point a quarter later than the one before.
                let last = curve.last().map_or(0.0, |point| point.epoch);
                let epoch = step.number as f64 / per_epoch as f64;
                if epoch >= (last * 1.25).max(0.25) || step.number == steps {
                    curve.push(measure(step.number, step.parameters));
                    progress(step.number as f64 / steps as f64);
                }
            },
        )?;
        let model = model.map(|p| p.cast());

        let dsm = 0.5 / (SIGMA * SIGMA * SIGMA * SIGMA);
        let memory = KernelEstimate { points: digits.training.clone(), sigma: SIGMA };
        Ok(Self {
            linear: held_out.error(|noisy| wiener.reconstruct(noisy)) * dsm,
            floor: training.error(|noisy| memory.posterior_mean(noisy)) * dsm,
            comparison: twenty.compare(&model, &wiener),
            digits,
            model,
            wiener,
            curve,
        })
    }
}

/// Clean digits and their corruptions.
struct Corrupted {
    x: Matrix,
    noisy: Matrix,
}

impl Corrupted {
    /// Every row of x, `draws` times.
    fn new(x: &Matrix, draws: usize, rng: &mut Generator) -> Self {
        let rows: Vec<usize> = (0..x.rows()).flat_map(|i| [i].repeat(draws)).collect();
        let x = x.select(&rows);
        let noisy = corrupt(&x, &standard_normal(x.rows(), x.cols(), rng), SIGMA);
        Self { x, noisy }
    }

    fn loss(&self, model: &Autoencoder<Matrix>) -> Loss {
        Loss::of(model, &self.x, &self.noisy)
    }

    fn error(&self, denoiser: impl Fn(&Matrix) -> Matrix) -> f64 {
        reconstruction(denoiser, &self.x, &self.noisy).mean().item()
    }

    fn compare(&self, model: &Autoencoder<Matrix>, wiener: &Wiener) -> Comparison {
        let difference = reconstruction(|x| wiener.reconstruct(x), &self.x, &self.noisy)
            - reconstruction(|x| model.reconstruct(x), &self.x, &self.noisy);
        // The corruptions of one digit are not independent of each other; the digits are.
        let digits: Vec<f64> = difference
            .data()
            .chunks_exact(DRAWS)
            .map(|draws| draws.iter().sum::<f64>() / DRAWS as f64)
            .collect();
        Comparison {
            corrupted: self.error(Clone::clone),
            linear: self.error(|x| wiener.reconstruct(x)),
            autoencoder: self.error(|x| model.reconstruct(x)),
            standard_error: Scatter::of(&digits).standard_error(),
        }
    }
}
