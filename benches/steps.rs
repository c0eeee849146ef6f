//! Training steps, as JSON lines: milliseconds a step, and how far the memory rose.
//!
//! ```text
//! cargo bench --bench steps                                  # every line, f32, one thread
//! cargo bench --bench steps -- dae_dsm_b512 --f64 --secs 5   # lines that contain this, longer
//! RAYON_NUM_THREADS=2 cargo bench --bench steps
//! ```
//!
//! A step draws fresh noise, finds the loss and its gradient and moves the parameters by Adam, all
//! through [`train_by_rows`] as a user calls it. `best_ms` is the fastest of all steps: whatever else
//! the machine does can only make one slower. Even so, compare only numbers from one sitting.

use rand::SeedableRng;
use score_matching::{
    Matrix, Var,
    array::Function,
    corruption::corrupt,
    matrix::{
        Real,
        door::Door,
        noise::{Generator, standard_normal},
    },
    model::{Autoencoder, Parameters, ScoreNetwork},
    objective::{denoising, implicit, trace},
    optimizer::Adam,
    train::{Batch, train_by_rows},
};
use std::time::{Duration, Instant};

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
    kilobytes.map_or(f64::NAN, |kilobytes| kilobytes / 1e3)
}

fn forget_peak() {
    _ = std::fs::write("/proc/self/clear_refs", "5"); // where there is no such file, NaN is told
}

struct Options {
    only: String,
    double: bool,
    time: Duration,
}

impl Options {
    fn read() -> Self {
        let mut options = Self { only: String::new(), double: false, time: Duration::from_secs(1) };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            match &word[..] {
                "--bench" => {} // cargo's own
                "--f64" => options.double = true,
                "--secs" => {
                    let seconds = words.next().and_then(|word| word.parse().ok());
                    options.time = Duration::from_secs_f64(seconds.expect("--secs and a number"));
                }
                _ => options.only = word,
            }
        }
        options
    }

    /// Trains for the time, and prints the line.
    fn measure<P, T, O>(
        &self,
        name: &str,
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
        if !name.contains(&self.only) {
            return;
        }
        forget_peak();
        let (held, begin, mut start, mut times) =
            (peak_megabytes(), Instant::now(), Instant::now(), vec![]);
        let going = |&(step, _): &(usize, _)| step < 2 || begin.elapsed() < self.time;
        let batches = batches.enumerate().take_while(going).map(|(_, batch)| batch);
        let trained = train_by_rows(model, &mut Adam::new(1e-3), batches, objective, |_| {
            times.push(start.elapsed().as_secs_f64());
            start = Instant::now();
        });
        assert!(trained.is_ok(), "{name}: the loss stays finite");
        times.remove(0); // in which the pieces were measured and the pool was filled
        times.sort_by(f64::total_cmp);
        let [best, median] = [0, times.len() / 2].map(|i| 1e3 * times[i]);
        let megabytes = peak_megabytes() - held;
        println!(
            "{{\"bench\":\"{name}\",\"peer\":\"ours\",\"dtype\":\"{}\",\"threads\":{},\"door\":\"{}\",\
             \"best_ms\":{best:.4},\"median_ms\":{median:.4},\"peak_mb\":{megabytes:.1}}}",
            if self.double { "f64" } else { "f32" },
            rayon::current_num_threads(),
            Door::current().name(),
        );
    }
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
        options.measure(&format!("dae_dsm_{shape}"), model.clone(), fresh_noise(&x), |m, x, z| {
            denoising(|x| m.score(x, SIGMA), x, &corrupt(x, z, SIGMA), SIGMA)
        });
        options.measure(&format!("dae_ism_closed_{shape}"), model, no_noise(&x), |m, x, _| {
            implicit(m.score_and_trace(x, SIGMA))
        });
    }
    for (n, d, h) in NETWORKS {
        let x = standard_normal::<T>(n, d, &mut rng);
        let widths = [d, h, h, d];
        let model = ScoreNetwork::<Matrix<T>>::random(&widths, Function::Softplus, &mut rng);
        let shape = format!("b{n}_d{d}_h{h}");
        options.measure(&format!("mlp_dsm_{shape}"), model.clone(), fresh_noise(&x), |m, x, z| {
            denoising(|x| m.score(x), x, &corrupt(x, z, SIGMA), SIGMA)
        });
        options.measure(
            &format!("mlp_ism_any_depth_{shape}"),
            model.clone(),
            no_noise(&x),
            |m, x, _| implicit(m.score_and_trace_at_any_depth(x)),
        );
        options.measure(
            &format!("mlp_ism_forward_{shape}"),
            model.clone(),
            no_noise(&x),
            |m, x, _| {
                let m = m.constants();
                implicit(trace::of_score(|x| m.score(x), x))
            },
        );
        options.measure(&format!("mlp_ism_bilinear_{shape}"), model, no_noise(&x), |m, x, _| {
            implicit(m.score_and_trace(x))
        });
    }
}

fn main() {
    let options = Options::read();
    let threads = std::env::var("RAYON_NUM_THREADS")
        .ok()
        .map(|n| n.parse().expect("RAYON_NUM_THREADS: a number"));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(1)).build_global();
    pool.expect("a pool of threads");
    if options.double { all::<f64>(&options) } else { all::<f32>(&options) }
}
