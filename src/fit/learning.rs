//! The training: one network for all noise levels, stopped where the validation rows say.

use super::Rows;
use crate::{
    array::{Array, Function},
    corruption::NoiseScales,
    discrepancy::median_distance,
    experiment::{
        noise_conditional::{Course, Network},
        stream,
    },
    matrix::{
        Matrix,
        distance::distances,
        noise::{Generator, standard_normal},
    },
    model::Parameters,
    objective::{Weight, noise_conditional},
    optimizer::Adam,
    train::{Batches, NotFinite, train},
};
use std::cell::Cell;

/// L
const LEVELS: usize = 10;
/// The least that the smallest level may be, and the most, in deviations of a column: a network of this
/// size learns nothing below, and above it would not see the shape of the data.
const SMALLEST: [f64; 2] = [0.02, 0.5];
/// Units of each of the two hidden layers.
const HIDDEN: usize = 128;
/// The most rows of a batch, a multiple of the levels.
const BATCH: usize = 500;
/// The most steps, and the rate at the beginning; it falls to 0 over all of them.
const STEPS: usize = 8000;
const RATE: f64 = 2e-3;
/// What is kept is not the network of one step but a running mean over about this number of steps: it is less
/// noisy (Polyak and Juditsky 1992).
const AVERAGED: f64 = 200.0;
/// The validation rows are asked after this number of steps, again and again.
const EVERY: usize = 100;
/// The training ends when the validation loss has not fallen for this number of steps.
const PATIENCE: usize = 1500;
/// The most validation rows that are asked, and the most rows that are compared in pairs.
const MOST_VALIDATION: usize = 1000;
pub(super) const MOST_PAIRS: usize = 2000;

/// A point of the learning curves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Checked {
    /// How many steps were made.
    pub step: usize,
    /// The mean over the levels of σ² DSM, on the batches since the last point.
    pub training: f64,
    /// The same on the validation rows, always with the same noise.
    pub validation: f64,
}

/// A network, and how it came to be.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Learned {
    /// ψ(x; σ) of standardised rows, in single precision.
    pub network: Network,
    /// σ₁ > … > σ_L, in deviations of a column.
    pub scales: NoiseScales,
    /// The learning curves.
    pub curves: Vec<Checked>,
    /// The step with the least validation loss, where the network is taken from.
    pub best: usize,
}

/// Learns the training rows by the [noise-conditional objective](noise_conditional) with λ = σ².
/// `progress` hears the share of the steps that were made.
///
/// # Errors
/// If a loss stops being finite.
pub fn learn(rows: &Rows, seed: u64, progress: impl Fn(f64)) -> Result<Learned, NotFinite> {
    let [training, validation, _] = rows.divided();
    let (n, d) = training.shape();
    let scales = scales(&training);
    let mut rng = stream(seed, "fit training");
    let start = Network::random(&[d, HIDDEN, HIDDEN, d], Function::Softplus, 1.0, &mut rng);
    let course =
        Course { scales: scales.clone(), weight: Weight::Variance, steps: STEPS, rate: RATE };
    let batches = Batches::new(training.cast(), (n / LEVELS * LEVELS).min(BATCH), rng);
    let asked = Validation::of(&validation, &scales, &mut stream(seed, "fit validation"));

    let (mut curves, mut losses) = (vec![], 0.0);
    let mut mean = start.clone();
    let mut best = (f64::INFINITY, 0, start.clone());
    let enough = Cell::new(false);
    train(
        start,
        &mut Adam::annealed(RATE, STEPS),
        batches.take(STEPS).take_while(|_| !enough.get()),
        |network, x, noise| course.objective(network, x, noise),
        |step| {
            losses += step.loss;
            mean = averaged(mean.clone(), step.parameters);
            if step.number % EVERY > 0 {
                return;
            }
            let validation = asked.loss(&mean);
            let training = std::mem::take(&mut losses) / EVERY as f64;
            curves.push(Checked { step: step.number, training, validation });
            if validation < best.0 {
                best = (validation, step.number, mean.clone());
            }
            enough.set(step.number - best.1 >= PATIENCE);
            progress(if enough.get() { 1.0 } else { step.number as f64 / STEPS as f64 });
        },
    )?;
    let (_, best, network) = best;
    Ok(Learned { network, scales, curves, best })
}

/// mean + (now − mean)/n for n = [`AVERAGED`], array by array.
fn averaged(mean: Network, now: &Network) -> Network {
    let mut now = now.clone().into_list().into_iter();
    mean.map(|mean| {
        let now = now.next().expect("two networks of the same arrays");
        (now - &mean) * (1.0 / AVERAGED) + &mean
    })
}

/// From twice the width of the rows (n, d) down to half the distance to the nearest neighbour, both for one
/// coordinate. At the largest no part of the bulk is far from another (rows many deviations out may be); at
/// the smallest a row is told from its neighbours.
fn scales(x: &Matrix) -> NoiseScales {
    let few = first(x, MOST_PAIRS);
    let root = (few.cols() as f64).sqrt();
    let apart = distances(&few, &few);
    let nearest = |i: usize| {
        let others = apart.row(i).iter().filter(|distance| **distance > 0.0); // not itself, nor a twin
        others.fold(f64::INFINITY, |least, distance| least.min(*distance))
    };
    let mut gaps: Vec<f64> = (0..few.rows()).map(nearest).collect();
    gaps.sort_by(f64::total_cmp);
    let smallest = 0.5 * gaps[gaps.len() / 2] / root;
    let width = median_distance(&few) / (2.0_f64.sqrt() * root); // two rows differ by √2 deviations
    NoiseScales::geometric(2.0 * width.max(0.5), smallest.clamp(SMALLEST[0], SMALLEST[1]), LEVELS)
}

/// The first rows of x, no more than `most`.
pub(super) fn first(x: &Matrix, most: usize) -> Matrix {
    x.select(&(0..x.rows().min(most)).collect::<Vec<_>>())
}

/// Rows at every level, with noise that stays the same.
struct Validation {
    x: Matrix<f32>,
    noise: Matrix<f32>,
    sigma: Matrix<f32>,
}

impl Validation {
    fn of(x: &Matrix, scales: &NoiseScales, rng: &mut Generator) -> Self {
        let (n, d) = (x.rows().min(MOST_VALIDATION) * LEVELS, x.cols());
        let x = x.select(&(0..n).map(|i| i / LEVELS).collect::<Vec<_>>()).cast();
        let sigma = Matrix::from_fn(n, 1, |i, _| scales.of_row(i));
        Self { x, noise: standard_normal(n, d, rng), sigma }
    }

    fn loss(&self, network: &Network) -> f64 {
        let Self { x, noise, sigma } = self;
        noise_conditional(|x, s| network.score(x, s), x, noise, sigma, Weight::Variance)
            .mean()
            .item()
    }
}
