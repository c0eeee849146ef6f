//! The exact divergence of a score by all routes: milliseconds for ψ and tr ∂ψ/∂x of a batch.
//!
//! ```text
//! cargo bench --bench traces                   # one thread
//! RAYON_NUM_THREADS=2 cargo bench --bench traces
//! ```
//!
//! A network of two hidden layers, value and trace, no gradient in θ. A line is the best of at least
//! three runs; compare only numbers from one sitting. The last column is how many times longer a
//! route takes than the closed form of T28.
//!
//! Stacked forward tangents of the whole batch would take 32 MiB in single precision for each
//! intermediate result at 512 × 64 × 256, so they are measured in chunks. The reverse sweeps are
//! read as numbers, which records nothing: recorded for a gradient they take longer, and some
//! 10 MiB of tape for each axis.

use rand::SeedableRng;
use score_matching::{
    Array, Matrix, Tape,
    array::Function,
    matrix::{Real, door::Door, noise::Generator, noise::standard_normal},
    model::{Parameters, ScoreNetwork},
    objective::trace,
};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// How long each route is measured for.
const PATIENCE: Duration = Duration::from_millis(500);

/// (batch, dimensions, hidden units)
const SHAPES: [(usize, usize, usize); 3] = [(1024, 2, 128), (512, 16, 128), (512, 64, 256)];

/// Seconds, the best of at least three runs.
fn seconds<R>(mut run: impl FnMut() -> R) -> f64 {
    let begin = Instant::now();
    let mut times = vec![];
    while times.len() < 3 || begin.elapsed() < PATIENCE {
        let start = Instant::now();
        black_box(run());
        times.push(start.elapsed().as_secs_f64());
    }
    times.into_iter().fold(f64::INFINITY, f64::min)
}

/// d reverse sweeps as numbers: (n, 1).
fn sweeps<T: Real>(network: &ScoreNetwork<Matrix<T>>, x: &Matrix<T>) -> Matrix<T> {
    let (n, d) = x.shape();
    let tape = Tape::new();
    let variable = tape.var(x);
    let psi = network.on(&tape).score(&variable);
    (0..d).fold(Matrix::zeros(n, 1), |sum, i| {
        let axis = x.constant(n, d, |_, j| f64::from(u8::from(i == j)));
        let row = psi.inner(&tape.var(&axis)).sum().gradient(&[variable]).remove(0);
        sum + row.inner(&axis)
    })
}

fn measure<T: Real>(precision: &str) {
    for (n, d, h) in SHAPES {
        let mut rng = Generator::seed_from_u64(1);
        let network = ScoreNetwork::random(&[d, h, h, d], Function::Softplus, &mut rng);
        let x: Matrix<T> = standard_normal(n, d, &mut rng);
        let dual = network.constants();
        let closed = seconds(|| network.score_and_trace(&x));
        let line = |route: &str, time: f64| {
            let (ms, ratio) = (1e3 * time, time / closed);
            println!("{precision} {n:>5}x{d:<3}x{h:<4} {route:<32}{ms:>10.2}{ratio:>9.1}");
        };
        line("value alone", seconds(|| network.score(&x)));
        line("closed form (T28)", closed);
        let forward = || trace::of_score_in_chunks(|x| dual.score(x), &x);
        line("forward, all axes, in chunks", seconds(forward));
        let columns = || trace::of_score_by_columns(|x| dual.score(x), &x);
        line("forward, column by column", seconds(columns));
        line("reverse, d sweeps", seconds(|| sweeps(&network, &x)));
        let differences = || trace::of_score_by_differences(|x| network.score(x), &x, 1e-3);
        line("central differences", seconds(differences));
    }
}

fn main() {
    let threads = std::env::var("RAYON_NUM_THREADS").ok().and_then(|n| n.parse().ok());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(1)).build();
    pool.expect("a pool of threads").install(|| {
        println!("door {}, threads {}", Door::current().name(), rayon::current_num_threads());
        println!("{:<20}{:<32}{:>10}{:>9}", "precision shape", "route", "ms", "ratio");
        measure::<f32>("f32");
        measure::<f64>("f64");
    });
}
