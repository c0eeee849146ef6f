//! A training as a bench measures it: how long a step takes, how far the memory rises, and what is
//! asked of the allocator.

#[path = "counting.rs"]
mod counting;

use crate::common::{Options, line, quantiles};
use counting::ASKED;
use rand::SeedableRng;
use score_matching::{
    Matrix, Var,
    corruption::corrupt,
    matrix::{
        Real,
        noise::{Generator, standard_normal},
    },
    model::{Autoencoder, Parameters},
    objective::denoising,
    optimizer::Adam,
    train::{Batch, train_by_rows},
};
use std::{sync::atomic::Ordering::Relaxed, time::Instant};

pub const SIGMA: f64 = 0.5;

/// The first step measures the pieces and fills the pool, and those after it find their buffers. What
/// is asked for is counted from here on.
const WARM: usize = 5;

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

/// Asked for so far: blocks, kilobytes, and kilobytes in blocks of 16 KiB or more.
fn asked() -> [f64; 3] {
    let [blocks, bytes, large] = [0, 1, 2].map(|i| ASKED[i].load(Relaxed) as f64);
    [blocks, 1e-3 * bytes, 1e-3 * large]
}

/// A shape as a line names it.
fn shape_name((n, d, h): (usize, usize, usize)) -> String {
    format!("b{n}_d{d}_h{h}")
}

/// Whether a line of this shape may be asked for, so that its data is needed.
pub fn needed(options: &Options, shape: (usize, usize, usize)) -> bool {
    options.wants_some(&shape_name(shape))
}

/// Trains for the time, and prints the line. The shape is (batch, dimensions, hidden units).
#[expect(clippy::too_many_arguments, reason = "a line of the bench is all of them")]
pub fn measure<P, T, O>(
    options: &Options,
    name: &str,
    (n, d, h): (usize, usize, usize),
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
    let shape = shape_name((n, d, h));
    let line_name = format!("{name}_{shape}");
    if !options.wants(&line_name) {
        return;
    }
    let mut times = Vec::with_capacity(1 << 17); // growing would count as the step's own
    forget_peak();
    let (held, begin, mut start) = (peak_megabytes(), Instant::now(), Instant::now());
    let [mut first, mut last] = [asked(); 2];
    let going = |&(step, _): &(usize, _)| step < WARM + 3 || begin.elapsed() < options.time;
    let batches = batches.enumerate().take_while(going).map(|(_, batch)| batch);
    let trained = train_by_rows(model, &mut Adam::new(1e-3), batches, objective, |step| {
        times.push(start.elapsed().as_secs_f64());
        last = asked();
        if step.number == WARM {
            first = last;
        }
        start = Instant::now();
    });
    assert!(trained.is_ok(), "{name}: the loss stays finite");
    if options.alone {
        println!("{}", peak_megabytes() - held);
        return;
    }
    times.remove(0); // in which the pieces were measured and the pool was filled
    let counted = (times.len() + 1 - WARM) as f64;
    let others = [
        ("n", n as f64),
        ("d", d as f64),
        ("h", h as f64),
        ("peak_mb", Options::number_alone(&line_name)),
        ("allocations", (last[0] - first[0]) / counted),
        ("allocated_kb", (last[1] - first[1]) / counted),
        ("large_kb", (last[2] - first[2]) / counted),
    ];
    line::<T>(name, &shape, quantiles(times), &others);
}

/// Measures DSM of a denoising autoencoder.
pub fn denoise<T: Real>(
    options: &Options,
    name: &str,
    x: &Matrix<T>,
    model: Autoencoder<Matrix<T>>,
) {
    let (h, d) = (model.w.rows(), model.w.cols());
    measure(options, name, (x.rows(), d, h), model, fresh_noise(x), |m, x, z| {
        denoising(|x| m.score(x, SIGMA), x, &corrupt(x, z, SIGMA), SIGMA)
    });
}

/// The same x at every step, with fresh noise.
pub fn fresh_noise<T: Real>(x: &Matrix<T>) -> impl Iterator<Item = Batch<T>> {
    let (x, mut rng) = (x.clone(), Generator::seed_from_u64(3));
    std::iter::repeat_with(move || (x.clone(), standard_normal(x.rows(), x.cols(), &mut rng)))
}
