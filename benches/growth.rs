//! How a training step grows with its batch n, its dimensions d and its hidden units h, as JSON lines.
//!
//! ```text
//! cargo bench --bench growth -- --threads 2
//! ```
//!
//! DSM of a denoising autoencoder, where one of the three is doubled five times and the others stay as
//! in the middle of the bench `steps`. Twice the work should take twice the time: where it takes more,
//! a cache has become too small, and where it takes less, there is a cost that does not grow.

mod common;
#[path = "common/training.rs"]
mod training;

use common::Options;
use rand::SeedableRng;
use score_matching::{
    Matrix,
    matrix::{
        Real,
        noise::{Generator, standard_normal},
    },
    model::Autoencoder,
};
use std::collections::BTreeSet;

fn all<T: Real>(options: &Options) {
    let mut rng = Generator::seed_from_u64(1);
    let mut shapes = BTreeSet::new(); // each once, also the one in the middle
    for doubled in 0..6 {
        shapes.extend([
            (64 << doubled, 64, 256),
            (512, 8 << doubled, 256),
            (512, 64, 32 << doubled),
        ]);
    }
    for (n, d, h) in shapes.into_iter().filter(|&shape| training::needed(options, shape)) {
        let x = standard_normal::<T>(n, d, &mut rng);
        let model = Autoencoder::<Matrix<T>>::random(d, h, &mut rng);
        training::denoise(options, "growth", &x, model);
    }
}

fn main() {
    let options = Options::read(0.5);
    options.run(|| all::<f32>(&options), || all::<f64>(&options));
}
