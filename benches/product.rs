//! Speed of the matrix product on one thread, GFLOP/s, by form and shape.
//!
//! `cargo bench --bench product [-- PATTERN]`

use score_matching::Array;
use score_matching::array::Product;
use score_matching::matrix::{Matrix, Real, door::Door};
use std::{hint::black_box, time::Instant};

fn gflops<T: Real>(form: Product, m: usize, n: usize, k: usize) -> f64 {
    let value = |i: usize, j: usize| ((i * 31 + j * 17) % 97) as f64 / 97.0 - 0.5;
    let (x, y) = match form {
        Product::Nn => ((m, k), (k, n)),
        Product::Nt => ((m, k), (n, k)),
        Product::Tn => ((k, m), (k, n)),
    };
    let x = Matrix::<T>::from_fn(x.0, x.1, value);
    let y = Matrix::<T>::from_fn(y.0, y.1, value);
    let work = 2.0 * (m * n * k) as f64;
    let repeats = (2e7 / work).ceil() as usize;
    let start = Instant::now();
    let mut best = f64::INFINITY;
    let mut times = 0;
    while times < 5 || (start.elapsed().as_secs_f64() < 0.15) {
        let start = Instant::now();
        for _ in 0..repeats {
            black_box(black_box(&x).product(form, black_box(&y)));
        }
        best = best.min(start.elapsed().as_secs_f64() / repeats as f64);
        times += 1;
    }
    work / best / 1e9
}

fn main() {
    let pattern = std::env::args().skip(1).find(|a| !a.starts_with('-')).unwrap_or_default();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(
            std::env::var("RAYON_NUM_THREADS").ok().and_then(|n| n.parse().ok()).unwrap_or(1),
        )
        .build()
        .unwrap();
    println!("door {:?}", Door::current());
    println!("{:<22}{:>5}{:>5}{:>5}{:>8}{:>8}", "form shape", "m", "n", "k", "f32", "f64");
    let line = |name: &str, form: Product, m, n, k| {
        let label = format!("{form:?} {name}").to_lowercase();
        if label.contains(&pattern) {
            let (single, double) =
                pool.install(|| (gflops::<f32>(form, m, n, k), gflops::<f64>(form, m, n, k)));
            println!("{label:<22}{m:>5}{n:>5}{k:>5}{single:>8.1}{double:>8.1}");
        }
    };
    for n in [64, 128, 256, 512, 1024] {
        for form in Product::ALL {
            line(&format!("sq{n}"), form, n, n, n);
        }
    }
    for (b, d, h) in [
        (1024, 2, 128),
        (512, 16, 128),
        (128, 64, 256),
        (512, 64, 256),
        (128, 784, 256),
        (128, 784, 1024),
        (512, 784, 1024),
    ] {
        let name = format!("{b}x{d}x{h}");
        line(&name, Product::Nt, b, h, d);
        line(&name, Product::Nn, b, d, h);
        line(&name, Product::Tn, h, d, b);
        line(&name, Product::Tn, d, h, b);
    }
}
