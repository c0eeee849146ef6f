//! Digits out of noise: a noise-conditional network, sampled by annealed Langevin dynamics, and
//! judged by numbers.
//!
//! Whether a sample is a digit is asked of digits that the training never saw, in terms of how far
//! those are from the training digits themselves:
//!
//! | question | answer |
//! |---|---|
//! | is it natural? | the nearest held-out digit is closer than the 99th percentile of these distances |
//! | is it a copy? | the nearest training digit is closer than the 1st percentile |
//! | are all classes there? | the label of the nearest training digit |
//! | is the law right? | maximum mean discrepancy (MMD) to the held-out digits, beside that of training digits |
//!
//! None of them suffices alone. The mean of all digits is a grey blot, and yet it is near enough to
//! everything to count as natural, and no copy: it is the classes and the law that find it out.
//!
//! For comparison Vincent's softplus energy, which knows one noise level only, is sampled by plain
//! Langevin dynamics with as many steps of the same length, in units of its σ.

use super::{
    Failure,
    digits::SIGMA,
    noise_conditional::{Course, Descent, Network, Walk, sample},
    stream,
};
use crate::{
    array::{Array, Function},
    corruption::{NoiseScales, denoise},
    dataset::{Digits, digits::PIXELS},
    discrepancy::{maximum_mean_discrepancy, median_distance, nearest},
    matrix::{
        Matrix,
        noise::{Generator, standard_normal},
    },
    model::Autoencoder,
    objective::Weight,
    sampler::{Sampler, Step, langevin},
    statistics::Scatter,
    train::{Batches, NotFinite},
};
use rand::{SeedableRng, seq::SliceRandom};
use std::iter;

/// Samples that are drawn and judged.
pub const SAMPLES: usize = 500;
/// How often training digits are drawn, to see how their discrepancy scatters.
pub const DRAWS: usize = 20;
/// T, the steps on a level.
pub const STEPS_PER_LEVEL: usize = 50;

/// From noise that leaves nothing of a digit down to less than one step of grey, 1/16.
const LARGEST: f64 = 2.0;
const SMALLEST: f64 = 0.05;
const LEVELS: usize = 10;
/// The step as a share of σ², at every level: 50 × 0.1/2 = 2.5 relaxation times of what has the
/// width of the noise. Twice as many steps, or longer ones, bring the samples nearer to the training
/// digits, and some of them too near.
const STEP: f64 = 0.1;

const HIDDEN: usize = 384;
const STEPS: usize = 6000;
const BATCH: usize = 250; // the same number of rows for each of the ten levels
const RATE: f64 = 1e-3;

/// What the numbers say of a set of samples.
#[derive(Clone, Copy, Debug)]
pub struct Judgement {
    /// The share that is near a held-out digit.
    pub natural: f64,
    /// The share that is a copy of a training digit.
    pub copies: f64,
    /// The share of each class, by the nearest training digit.
    pub classes: [f64; 10],
    /// Maximum mean discrepancy to the held-out digits.
    pub discrepancy: f64,
}

/// The network, its samples, and those of the energy.
#[derive(Clone, Debug)]
pub struct SampledDigits {
    /// σ₁ > … > σ_L
    pub scales: NoiseScales,
    /// The chains on their way, and the samples (500, 64), in the units of the digits.
    pub descent: Descent,
    /// What the numbers say of the samples.
    pub judgement: Judgement,
    /// Samples of Vincent's softplus energy, (500, 64).
    pub energy_samples: Matrix,
    /// What the numbers say of those.
    pub energy_judgement: Judgement,
    /// What they say of 500 training digits, the first of several draws. That all of them are copies
    /// is no surprise.
    pub training_judgement: Judgement,
    /// The discrepancies of several draws of 500 training digits to the held-out ones.
    pub training_discrepancies: Scatter,
    /// The same when all digits are shuffled before they are divided: training and held-out digits
    /// are of somewhat different laws, and this is what one law has.
    pub shuffled_discrepancies: Scatter,
}

impl SampledDigits {
    /// Trains, samples and judges. `energy` is a denoising autoencoder that was trained on the same
    /// digits at noise [`SIGMA`]. `progress` hears the fraction of the training done.
    ///
    /// # Errors
    /// If a loss stops being finite, or a chain leaves the finite numbers.
    pub fn run(
        seed: u64,
        digits: &Digits,
        energy: &Autoencoder<Matrix>,
        progress: impl Fn(f64),
    ) -> Result<Self, Failure> {
        let mut rng = stream(seed, "sampled digits");
        let mean =
            digits.training.clone().sum_over_samples() * (1.0 / digits.training.rows() as f64);
        let centred = digits.training.clone().add_row(&-mean.clone());
        let width = (centred.squared_norm().mean().item() / PIXELS as f64).sqrt();

        let scales = NoiseScales::geometric(LARGEST, SMALLEST, LEVELS);
        let model = learn(&centred, width, &scales, progress, &mut rng)?;
        let every = STEPS_PER_LEVEL;
        let walk = Walk { chains: SAMPLES, steps_per_level: STEPS_PER_LEVEL, step: STEP, every };
        let Descent { states, samples } = sample(&model, &scales, walk, &mut rng)?;
        let states = states.into_iter().map(|x| x.add_row(&mean)).collect();
        let descent = Descent { states, samples: samples.add_row(&mean) };

        let start =
            standard_normal(SAMPLES, PIXELS, &mut rng) * (width * width + SIGMA * SIGMA).sqrt();
        let step = Step::halved(STEP * (SIGMA * SIGMA));
        let chains = langevin(|x| energy.score(x, SIGMA), start.add_row(&mean), step, &mut rng);
        let noisy = chains.after(LEVELS * STEPS_PER_LEVEL)?;
        let energy_samples = denoise(&noisy, energy.score(&noisy, SIGMA), SIGMA);

        let yardstick = Yardstick::of(digits);
        let draws: Vec<Judgement> =
            (0..DRAWS).map(|_| yardstick.judge(&shuffled(&digits.training, &mut rng)[0])).collect();
        let discrepancies: Vec<f64> = draws.iter().map(|judgement| judgement.discrepancy).collect();
        let all = digits.all();
        let divided = || {
            let [some, others] = shuffled(&all, &mut rng);
            let held_out: Vec<usize> = (0..digits.held_out.rows()).collect();
            maximum_mean_discrepancy(&some, &others.select(&held_out), yardstick.bandwidth)
        };
        let shuffled_discrepancies: Vec<f64> = iter::repeat_with(divided).take(DRAWS).collect();
        Ok(Self {
            judgement: yardstick.judge(&descent.samples),
            energy_judgement: yardstick.judge(&energy_samples),
            training_judgement: draws[0],
            training_discrepancies: Scatter::of(&discrepancies),
            shuffled_discrepancies: Scatter::of(&shuffled_discrepancies),
            scales,
            descent,
            energy_samples,
        })
    }
}

/// 500 rows of x in a random order, and the rest.
fn shuffled(x: &Matrix, rng: &mut Generator) -> [Matrix; 2] {
    let mut order: Vec<usize> = (0..x.rows()).collect();
    order.shuffle(rng);
    let (some, others) = order.split_at(SAMPLES);
    [some, others].map(|rows| x.select(rows))
}

/// Trains a noise-conditional network on centred digits (n, 64).
fn learn(
    centred: &Matrix,
    width: f64,
    scales: &NoiseScales,
    progress: impl Fn(f64),
    rng: &mut Generator,
) -> Result<Network, NotFinite> {
    let widths = [PIXELS, HIDDEN, HIDDEN, PIXELS];
    let start = Network::random(&widths, Function::Softplus, width, rng);
    // A stream of its own: the chains must not meet the noise of the training again.
    let batches = Batches::new(centred.cast(), BATCH, rng.fork());
    let course =
        Course { scales: scales.clone(), weight: Weight::Variance, steps: STEPS, rate: RATE };
    course.train(start, batches, |step| progress(step as f64 / STEPS as f64))
}

/// The distances that are usual between digits.
#[derive(Clone, Debug)]
pub struct Yardstick<'a> {
    digits: &'a Digits,
    /// 99 % of the held-out digits are nearer than this to a training digit.
    pub far: f64,
    /// 1 % are nearer than this.
    pub close: f64,
    bandwidth: f64,
}

impl<'a> Yardstick<'a> {
    /// From the held-out digits to the training digits.
    pub fn of(digits: &'a Digits) -> Self {
        let neighbours = nearest(&digits.held_out, &digits.training);
        let mut distances: Vec<f64> = neighbours.iter().map(|n| n.distance).collect();
        distances.sort_by(f64::total_cmp);
        let percentile = |p: usize| distances[distances.len() * p / 100];
        let bandwidth = median_distance(&digits.held_out);
        Self { digits, far: percentile(99), close: percentile(1), bandwidth }
    }

    /// Judges samples (n, 64).
    pub fn judge(&self, samples: &Matrix) -> Judgement {
        let share = |count: usize| count as f64 / samples.rows() as f64;
        let to_held_out = nearest(samples, &self.digits.held_out);
        let to_training = nearest(samples, &self.digits.training);
        let label = |index: usize| usize::from(self.digits.training_labels[index]);
        let of_class = |class| to_training.iter().filter(|n| label(n.index) == class).count();
        let held_out = &self.digits.held_out;
        Judgement {
            natural: share(to_held_out.iter().filter(|n| n.distance < self.far).count()),
            copies: share(to_training.iter().filter(|n| n.distance < self.close).count()),
            classes: std::array::from_fn(|class| share(of_class(class))),
            discrepancy: maximum_mean_discrepancy(samples, held_out, self.bandwidth),
        }
    }
}
