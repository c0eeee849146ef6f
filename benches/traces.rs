//! The exact divergence of a score by all routes: milliseconds for ψ and tr ∂ψ/∂x of a batch.
//!
//! ```text
//! cargo bench --bench traces -- closed --threads 2
//! ```
//!
//! A network of two hidden layers of 128, value and trace, no gradient in θ, as JSON lines. `closed` is
//! the closed form of T28. Forward tangents are stacked in chunks, which stay in the cache. The reverse
//! sweeps are read as numbers, which records nothing: recorded for a gradient they take longer.

mod common;

use common::{Options, line};
use rand::SeedableRng;
use score_matching::{
    Array, Matrix, Tape,
    array::Function,
    matrix::{Real, noise::Generator, noise::standard_normal},
    model::{Parameters, ScoreNetwork},
    objective::trace,
};
use std::hint::black_box;

const BATCH: usize = 64;
const HIDDEN: usize = 128;
const DIMENSIONS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

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

fn all<T: Real>(options: &Options) {
    let (n, h) = (BATCH, HIDDEN);
    for d in DIMENSIONS {
        let shape = format!("b{n}_d{d}_h{h}");
        let mut rng = Generator::seed_from_u64(1);
        let network = ScoreNetwork::random(&[d, h, h, d], Function::Softplus, &mut rng);
        let x: Matrix<T> = standard_normal(n, d, &mut rng);
        let dual = network.constants();
        let routes: [(&str, &dyn Fn()); 7] = [
            ("score", &|| drop(black_box(network.score(&x)))),
            ("trace_closed", &|| drop(black_box(network.score_and_trace(&x)))),
            ("trace_any_depth", &|| drop(black_box(network.score_and_trace_at_any_depth(&x)))),
            ("trace_forward_in_chunks", &|| {
                drop(black_box(trace::of_score_in_chunks(|x| dual.score(x), &x)));
            }),
            ("trace_by_columns", &|| {
                drop(black_box(trace::of_score_by_columns(|x| dual.score(x), &x)));
            }),
            ("trace_reverse", &|| drop(black_box(sweeps(&network, &x)))),
            ("trace_by_differences", &|| {
                drop(black_box(trace::of_score_by_differences(|x| network.score(x), &x, 1e-3)));
            }),
        ];
        for (route, run) in routes {
            if options.wants(&format!("{route}_{shape}")) {
                line::<T>(route, &shape, options.time(run), &[("n", n as f64), ("d", d as f64)]);
            }
        }
    }
}

fn main() {
    let options = Options::read(0.5);
    options.run(|| all::<f32>(&options), || all::<f64>(&options));
}
