//! Nanoseconds per element of the elementary functions and of Gaussian noise.
//!
//! `cargo bench --bench elementwise`; `SCORE_MATCHING_DOOR` chooses the door. Functions run on one
//! thread and in three ways: `slice` is the loop alone, in place; `matrix` is `x.clone().exp()`, so
//! it includes the result's memory; `scalar` is the same formula in a loop over the standard library
//! from one slice into another, and `ratio` says how much slower that is than `matrix`.
//!
//! Every figure is the best of many calls, and the three take turns. Even so only ratios of one run
//! mean much: clocks and neighbours change from minute to minute.

use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    array::Function,
    matrix::{
        Real,
        door::Door,
        elementwise::Operand,
        noise::{Generator, standard_normal},
    },
};
use std::{hint::black_box, time::Instant};

fn main() {
    println!("door {}, ns per element", Door::current().name());
    println!("{:<14} {:>8} {:>8} {:>8} {:>8} {:>6}", "", "n", "slice", "matrix", "scalar", "ratio");
    on_threads(1, || {
        for n in [1000, 1_000_000] {
            function(n, Function::Exp, f32::exp);
            function(n, Function::Sigmoid, |x: f32| 1.0 / (1.0 + (-x).exp()));
            function(n, Function::Softplus, |x: f32| x.max(0.0) + (-x.abs()).exp().ln_1p());
            function(n, Function::Tanh, f32::tanh);
            function(n, Function::Exp, f64::exp);
            function(n, Function::Sigmoid, |x: f64| 1.0 / (1.0 + (-x).exp()));
            function(n, Function::Softplus, |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p());
            function(n, Function::Tanh, f64::tanh);
        }
    });
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    for threads in if all > 1 { vec![1, all] } else { vec![1] } {
        on_threads(threads, || {
            for n in [1000, 1_000_000] {
                noise::<f32>(n, threads);
                noise::<f64>(n, threads);
            }
        });
    }
}

/// One line for φ at n elements spread over (−6, 6).
fn function<T: Real>(n: usize, f: Function, scalar: impl Fn(T) -> T) {
    let x = Matrix::<T>::from_fn(1, n, |_, j| (j as f64 * 0.618_033_988_7).fract() * 12.0 - 6.0);
    let (mut in_place, mut out) = (x.data().to_vec(), vec![T::default(); n]);
    let [slice, matrix, scalar] = best([
        &mut || {
            // again and again on its own results: nothing branches, so the values do not matter
            T::apply(Door::current(), f, Operand::InPlace, &mut in_place);
            black_box(&mut in_place);
        },
        &mut || drop(black_box(black_box(&x).clone().apply(f))),
        &mut || {
            for (out, &x) in out.iter_mut().zip(black_box(&x).data()) {
                *out = scalar(x);
            }
            black_box(&mut out);
        },
    ])
    .map(|seconds| seconds * 1e9 / n as f64);
    let (name, ratio) = (format!("{f:?} {}", std::any::type_name::<T>()), scalar / matrix);
    println!("{name:<14} {n:>8} {slice:>8.3} {matrix:>8.3} {scalar:>8.3} {ratio:>6.1}");
}

/// One line for the drawing of an (n, 1) matrix of noise.
fn noise<T: Real>(n: usize, threads: usize) {
    let mut rng = Generator::seed_from_u64(0);
    let [seconds] = best([&mut || drop(black_box(standard_normal::<T>(n, 1, &mut rng)))]);
    let (name, time) = (format!("noise {}", std::any::type_name::<T>()), seconds * 1e9 / n as f64);
    println!("{name:<14} {n:>8} {:>8} {time:>8.3}   on {threads} thread(s)", "");
}

/// The shortest time of a call of each contender, in seconds; they take turns for half a second.
fn best<const N: usize>(mut contenders: [&mut dyn FnMut(); N]) -> [f64; N] {
    let mut best = [f64::INFINITY; N];
    let start = Instant::now();
    while start.elapsed().as_secs_f64() < 0.5 {
        for (call, best) in contenders.iter_mut().zip(&mut best) {
            // Short calls are timed in batches, so that reading the clock does not count.
            let (mut calls, begin) = (0, Instant::now());
            while begin.elapsed().as_micros() < 200 {
                (0..8).for_each(|_| call());
                calls += 8;
            }
            *best = best.min(begin.elapsed().as_secs_f64() / f64::from(calls));
        }
    }
    best
}

fn on_threads(threads: usize, f: impl FnOnce() + Send) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.expect("threads can be started").install(f);
}
