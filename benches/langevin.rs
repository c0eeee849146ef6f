//! Langevin dynamics: seconds for 10⁴ chains × 1000 steps in the plane, through a network with two
//! hidden layers of 128 softplus units.
//!
//! ```text
//! cargo bench --bench langevin                   # one thread
//! RAYON_NUM_THREADS=2 cargo bench --bench langevin
//! ```
//!
//! A line is measured on a tenth of the steps, the best of three runs, and told for all of them. All
//! chains can move together, or a block of them at a time, whose activations then stay in a nearer
//! cache. The share of the noise is what drawing alone takes.

use rand::SeedableRng;
use score_matching::{
    Matrix,
    array::Function,
    matrix::{Real, door::Door, noise::Generator, noise::standard_normal},
    model::ScoreNetwork,
    sampler::{Sampler, Step, langevin},
};
use std::{hint::black_box, time::Instant};

const CHAINS: usize = 10_000;
const STEPS: usize = 1000;
const MEASURED: usize = 100;
const HIDDEN: usize = 128;

/// Seconds for all the steps, the best of three runs over the measured ones.
fn seconds(mut run: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        let start = Instant::now();
        run();
        best = best.min(start.elapsed().as_secs_f64());
    }
    best * (STEPS / MEASURED) as f64
}

fn measure<T: Real>(precision: &str) {
    let mut rng = Generator::seed_from_u64(1);
    let widths = [2, HIDDEN, HIDDEN, 2];
    let network = ScoreNetwork::<Matrix<T>>::random(&widths, Function::Softplus, &mut rng);
    let noise = seconds(|| {
        for _ in 0..MEASURED {
            black_box(standard_normal::<T>(CHAINS, 2, &mut rng));
        }
    });
    for block in [CHAINS, 1000, 250] {
        let time = seconds(|| {
            for _ in 0..CHAINS / block {
                let start = Matrix::zeros(block, 2);
                let score = |x: &Matrix<T>| network.score(x);
                let chains = langevin(score, start, Step::halved(1e-2), &mut rng);
                black_box(chains.after(MEASURED).expect("a short step"));
            }
        });
        let share = 100.0 * noise / time;
        println!("{precision} {block:>6} chains at a time {time:>8.2} s   noise {share:>4.1} %");
    }
}

fn main() {
    let threads = std::env::var("RAYON_NUM_THREADS").ok().and_then(|n| n.parse().ok());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(1)).build();
    pool.expect("a pool of threads").install(|| {
        println!("door {}, threads {}", Door::current().name(), rayon::current_num_threads());
        measure::<f32>("f32");
        measure::<f64>("f64");
    });
}
