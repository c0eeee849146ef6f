//! The exact divergence of a score by all routes: milliseconds for ψ and tr ∂ψ/∂x of a batch.
//!
//! ```text
//! cargo bench --bench traces -- b512_d64 --threads 2
//! ```
//!
//! A network of two hidden layers, value and trace, no gradient in θ, as JSON lines. `closed` is the
//! closed form of T28.
//!
//! Stacked forward tangents of the whole batch would take 32 MiB in single precision for each
//! intermediate result at 512 × 64 × 256, so they are measured in chunks. The reverse sweeps are
//! read as numbers, which records nothing: recorded for a gradient they take longer, and some
//! 10 MiB of tape for each axis.

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

/// (batch, dimensions, hidden units)
const SHAPES: [(usize, usize, usize); 3] = [(1024, 2, 128), (512, 16, 128), (512, 64, 256)];

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
    for (n, d, h) in SHAPES {
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
                line::<T>(route, &shape, options.time(run), &[]);
            }
        }
    }
}

fn main() {
    let options = Options::read(0.5);
    options.run(|| all::<f32>(&options), || all::<f64>(&options));
}
