//! Training steps, as JSON lines: milliseconds a step, and how far the memory rose.
//!
//! ```text
//! cargo bench --bench steps                                  # every line, f32, one thread
//! cargo bench --bench steps -- dae_dsm_b512 --f64 --secs 5   # lines that contain this, longer
//! ```
//!
//! A step draws fresh noise, finds the loss and its gradient and moves the parameters by Adam, all
//! through [`train_by_rows`] as a user calls it.

mod common;

use common::{Options, line, quantiles};
use rand::SeedableRng;
use score_matching::{
    Matrix, Var,
    array::Function,
    corruption::corrupt,
    matrix::{
        Real,
        noise::{Generator, standard_normal},
    },
    model::{Autoencoder, Parameters, ScoreNetwork},
    objective::{denoising, implicit, trace},
    optimizer::Adam,
    train::{Batch, train_by_rows},
};
use std::time::Instant;

const SIGMA: f64 = 0.5;

/// (batch, dimensions, hidden units) of a denoising autoencoder.
const AUTOENCODERS: [(usize, usize, usize); 5] =
    [(1024, 2, 128), (128, 64, 256), (512, 64, 256), (128, 784, 1024), (512, 784, 1024)];
/// The same of a score with two hidden layers.
const NETWORKS: [(usize, usize, usize); 2] = [(512, 16, 128), (512, 64, 256)];

/// The most memory that was resident since the last [`forget_peak`], in MB; Linux alone tells.
fn peak_megabytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.map_or(f64::NAN, |kilobytes| kilobytes * 1.024e-3) // the kernel's kB is 1024 bytes
}

fn forget_peak() {
    _ = std::fs::write("/proc/self/clear_refs", "5"); // without such a file the line has no peak_mb
}

/// Trains for the time, and prints the line.
#[expect(clippy::too_many_arguments, reason = "a line of the bench is all of them")]
fn measure<P, T, O>(
    options: &Options,
    name: &str,
    shape: &str,
    model: P,
    batches: impl Iterator<Item = Batch<T>>,
    objective: O,
) where
    T: Real,
    P: Parameters<Matrix<T>, With<Matrix<T>> = P> + Clone + Sync,
    O: for<'t> Fn(
            &P::With<Var<'t, Matrix<T>>>,
            &Var<'t, Matrix<T>>,
            &Var<'t, Matrix<T>>,
        ) -> Var<'t, Matrix<T>>
        + Sync,
    for<'t> P::With<Var<'t, Matrix<T>>>: Parameters<Var<'t, Matrix<T>>> + Clone,
{
    if !options.wants(&format!("{name}_{shape}")) {
        return;
    }
    forget_peak();
    let (held, begin, mut start, mut times) =
        (peak_megabytes(), Instant::now(), Instant::now(), vec![]);
    let going = |&(step, _): &(usize, _)| step < 2 || begin.elapsed() < options.time;
    let batches = batches.enumerate().take_while(going).map(|(_, batch)| batch);
    let trained = train_by_rows(model, &mut Adam::new(1e-3), batches, objective, |_| {
        times.push(start.elapsed().as_secs_f64());
        start = Instant::now();
    });
    assert!(trained.is_ok(), "{name}: the loss stays finite");
    times.remove(0); // in which the pieces were measured and the pool was filled
    let megabytes = peak_megabytes() - held;
    line::<T>(name, shape, quantiles(times), &[("peak_mb", megabytes)]);
}

/// The same x at every step, with fresh noise.
fn fresh_noise<T: Real>(x: &Matrix<T>) -> impl Iterator<Item = Batch<T>> {
    let (x, mut rng) = (x.clone(), Generator::seed_from_u64(3));
    std::iter::repeat_with(move || (x.clone(), standard_normal(x.rows(), x.cols(), &mut rng)))
}

/// The same x at every step, for an objective that has no use for noise.
fn no_noise<T: Real>(x: &Matrix<T>) -> impl Iterator<Item = Batch<T>> {
    std::iter::repeat((x.clone(), Matrix::zeros(1, 1)))
}

fn all<T: Real>(options: &Options) {
    let mut rng = Generator::seed_from_u64(1);
    for (n, d, h) in AUTOENCODERS {
        let x = standard_normal::<T>(n, d, &mut rng);
        let model = Autoencoder::<Matrix<T>>::random(d, h, &mut rng);
        let shape = format!("b{n}_d{d}_h{h}");
        measure(options, "dae_dsm", &shape, model.clone(), fresh_noise(&x), |m, x, z| {
            denoising(|x| m.score(x, SIGMA), x, &corrupt(x, z, SIGMA), SIGMA)
        });
        measure(options, "dae_ism_closed", &shape, model, no_noise(&x), |m, x, _| {
            implicit(m.score_and_trace(x, SIGMA))
        });
    }
    for (n, d, h) in NETWORKS {
        let x = standard_normal::<T>(n, d, &mut rng);
        let widths = [d, h, h, d];
        let model = ScoreNetwork::<Matrix<T>>::random(&widths, Function::Softplus, &mut rng);
        let shape = format!("b{n}_d{d}_h{h}");
        measure(options, "mlp_dsm", &shape, model.clone(), fresh_noise(&x), |m, x, z| {
            denoising(|x| m.score(x), x, &corrupt(x, z, SIGMA), SIGMA)
        });
        measure(options, "mlp_ism_any_depth", &shape, model.clone(), no_noise(&x), |m, x, _| {
            implicit(m.score_and_trace_at_any_depth(x))
        });
        measure(options, "mlp_ism_forward", &shape, model.clone(), no_noise(&x), |m, x, _| {
            let m = m.constants();
            implicit(trace::of_score(|x| m.score(x), x))
        });
        measure(options, "mlp_ism_bilinear", &shape, model, no_noise(&x), |m, x, _| {
            implicit(m.score_and_trace(x))
        });
    }
}

fn main() {
    let options = Options::read(1.0);
    options.run(|| all::<f32>(&options), || all::<f64>(&options));
}
