//! Langevin dynamics: 10⁴ chains × 1000 steps in the plane, through a network with two hidden layers
//! of 128 softplus units, as JSON lines.
//!
//! ```text
//! cargo bench --bench langevin -- --threads 2
//! ```
//!
//! A line is measured on a tenth of the steps, the best of three runs or more, and told for all of them. The
//! chains move in blocks by themselves; 250 at a time, as a caller would cut them, are for comparison.

mod common;

use common::{Options, line};
use rand::SeedableRng;
use score_matching::{
    Matrix,
    array::Function,
    matrix::{Real, noise::Generator},
    model::ScoreNetwork,
    sampler::{Sampler, Step, langevin},
};
use std::hint::black_box;

const CHAINS: usize = 10_000;
const STEPS: usize = 1000;
const MEASURED: usize = 100;
const HIDDEN: usize = 128;

fn all<T: Real>(options: &Options) {
    let mut rng = Generator::seed_from_u64(1);
    let widths = [2, HIDDEN, HIDDEN, 2];
    let network = ScoreNetwork::<Matrix<T>>::random(&widths, Function::Softplus, &mut rng);
    for (name, block) in [("langevin", CHAINS), ("langevin_chunk250", 250)] {
        if !options.wants(name) {
            continue;
        }
        let seconds = options.time(|| {
            for _ in 0..CHAINS / block {
                let start = Matrix::zeros(block, 2);
                let score = |x: &Matrix<T>| network.score(x);
                let chains = langevin(score, start, Step::halved(1e-2), &mut rng);
                black_box(chains.after(MEASURED).expect("a short step"));
            }
        });
        let seconds = seconds.map(|s| s * (STEPS / MEASURED) as f64);
        line::<T>(name, &format!("n{CHAINS}_t{STEPS}_h{HIDDEN}"), seconds, &[]);
    }
}

fn main() {
    let options = Options::read(0.0);
    options.run(|| all::<f32>(&options), || all::<f64>(&options));
}
