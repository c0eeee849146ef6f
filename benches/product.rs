//! Speed of the matrix product in GFLOP/s, by form and shape, in both precisions.
//!
//! ```text
//! cargo bench --bench product                         # everything, on one thread
//! cargo bench --bench product -- "nt sq512"           # lines that contain this
//! RAYON_NUM_THREADS=2 SCORE_MATCHING_DOOR=avx2 cargo bench --bench product
//! ```
//!
//! A line is the *best* of many runs: whatever else the machine does can only make a run slower.
//! Even so, compare only numbers from one sitting.

use score_matching::{
    Array, Matrix,
    array::Product,
    matrix::{Real, door::Door},
};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// How long each line is measured for.
const PATIENCE: Duration = Duration::from_millis(150);

/// (batch, dimensions, hidden units) of the training steps whose products are measured.
const STEPS: [(usize, usize, usize); 7] = [
    (1024, 2, 128), // toy data
    (512, 16, 128),
    (128, 64, 256), // digits
    (512, 64, 256),
    (128, 784, 256),
    (128, 784, 1024),
    (512, 784, 1024),
];

fn gflops<T: Real>(form: Product, (m, n, k): (usize, usize, usize)) -> f64 {
    let matrix = |rows, cols| {
        Matrix::<T>::from_fn(rows, cols, |i, j| ((i * 31 + j * 17) % 97) as f64 / 97.0 - 0.5)
    };
    let (x, y) = match form {
        Product::Nn => (matrix(m, k), matrix(k, n)),
        Product::Nt => (matrix(m, k), matrix(n, k)),
        Product::Tn => (matrix(k, m), matrix(k, n)),
    };
    // Small products are repeated to some 100 µs, so that reading the clock does not count.
    let work = 2.0 * (m * n * k) as f64;
    let repeats = 1 + 10_000_000 / (2 * m * n * k);
    let mut best = f64::INFINITY;
    let begin = Instant::now();
    while begin.elapsed() < PATIENCE {
        let start = Instant::now();
        for _ in 0..repeats {
            black_box(black_box(&x).product(form, black_box(&y)));
        }
        best = best.min(start.elapsed().as_secs_f64() / repeats as f64);
    }
    work / best / 1e9
}

fn main() {
    // Cargo passes `--bench` along; the first word is the pattern.
    let pattern = std::env::args().skip(1).find(|word| !word.starts_with('-')).unwrap_or_default();
    let threads = std::env::var("RAYON_NUM_THREADS").ok().and_then(|n| n.parse().ok());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(1)).build();
    pool.expect("a pool of threads").install(|| {
        println!("door {}, threads {}", Door::current().name(), rayon::current_num_threads());
        println!("{:<22}{:>5}{:>5}{:>5}{:>9}{:>9}", "form shape", "m", "n", "k", "f32", "f64");
        let line = |shape: &str, form: Product, sizes @ (m, n, k)| {
            let name = format!("{form:?} {shape}").to_lowercase();
            if name.contains(&pattern) {
                let (single, double) = (gflops::<f32>(form, sizes), gflops::<f64>(form, sizes));
                println!("{name:<22}{m:>5}{n:>5}{k:>5}{single:>9.1}{double:>9.1}");
            }
        };
        for n in [64, 128, 256, 512, 1024] {
            for form in Product::ALL {
                line(&format!("sq{n}"), form, (n, n, n));
            }
        }
        for (b, d, h) in STEPS {
            let shape = format!("{b}x{d}x{h}");
            line(&shape, Product::Nt, (b, h, d)); // x Wᵀ, the way in
            line(&shape, Product::Nn, (b, d, h)); // h W, the way out
            line(&shape, Product::Tn, (h, d, b)); // ∇W, of the way in
            line(&shape, Product::Tn, (d, h, b)); // ∇W, of the way out
        }
    });
}
