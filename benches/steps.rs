//! Training steps, as JSON lines: milliseconds a step, how far the memory rises, and what a step asks of
//! the allocator once the first few are done.
//!
//! ```text
//! cargo bench --bench steps                                  # every line, f32, one thread
//! cargo bench --bench steps -- dae_dsm_b512 --f64 --secs 5   # lines that contain this, longer
//! ```
//!
//! A step draws fresh noise, finds the loss and its gradient and moves the parameters by Adam, all
//! through [`train_by_rows`](score_matching::train::train_by_rows) as a user calls it. `peak_mb` is
//! how far the memory rises that a process holds if it trains nothing else: its data and the first
//! parameters are there before. `allocations` are blocks a step, `allocated_kb` their kilobytes,
//! `large_kb` those in blocks of 16 KiB or more.

mod common;
#[path = "common/training.rs"]
mod training;

use common::Options;
use rand::SeedableRng;
use score_matching::{
    Matrix,
    array::Function,
    corruption::corrupt,
    matrix::{
        Real,
        noise::{Generator, standard_normal},
    },
    model::{Autoencoder, Parameters, ScoreNetwork},
    objective::{denoising, implicit, trace},
    train::Batch,
};
use training::{SIGMA, denoise, fresh_noise, measure, needed};

/// (batch, dimensions, hidden units) of a denoising autoencoder.
const AUTOENCODERS: [(usize, usize, usize); 5] =
    [(1024, 2, 128), (128, 64, 256), (512, 64, 256), (128, 784, 1024), (512, 784, 1024)];
/// The same of a score with two hidden layers.
const NETWORKS: [(usize, usize, usize); 2] = [(512, 16, 128), (512, 64, 256)];

/// The same x at every step, for an objective that has no use for noise.
fn no_noise<T: Real>(x: &Matrix<T>) -> impl Iterator<Item = Batch<T>> {
    std::iter::repeat((x.clone(), Matrix::zeros(1, 1)))
}

fn all<T: Real>(options: &Options) {
    let mut rng = Generator::seed_from_u64(1);
    let needed = |&shape: &_| needed(options, shape);
    for shape @ (n, d, h) in AUTOENCODERS.into_iter().filter(needed) {
        let x = standard_normal::<T>(n, d, &mut rng);
        let model = Autoencoder::<Matrix<T>>::random(d, h, &mut rng);
        denoise(options, "dae_dsm", &x, model.clone());
        measure(options, "dae_ism_closed", shape, model, no_noise(&x), |m, x, _| {
            implicit(m.score_and_trace(x, SIGMA))
        });
    }
    for shape @ (n, d, h) in NETWORKS.into_iter().filter(needed) {
        let x = standard_normal::<T>(n, d, &mut rng);
        let widths = [d, h, h, d];
        let model = ScoreNetwork::<Matrix<T>>::random(&widths, Function::Softplus, &mut rng);
        measure(options, "mlp_dsm", shape, model.clone(), fresh_noise(&x), |m, x, z| {
            denoising(|x| m.score(x), x, &corrupt(x, z, SIGMA), SIGMA)
        });
        measure(options, "mlp_ism_any_depth", shape, model.clone(), no_noise(&x), |m, x, _| {
            implicit(m.score_and_trace_at_any_depth(x))
        });
        measure(options, "mlp_ism_forward", shape, model.clone(), no_noise(&x), |m, x, _| {
            let m = m.constants();
            implicit(trace::of_score(|x| m.score(x), x))
        });
        measure(options, "mlp_ism_bilinear", shape, model, no_noise(&x), |m, x, _| {
            implicit(m.score_and_trace(x))
        });
    }
}

fn main() {
    let options = Options::read(1.0);
    options.run(|| all::<f32>(&options), || all::<f64>(&options));
}
