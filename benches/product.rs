//! Speed of the matrix product, by form and shape, as JSON lines.
//!
//! ```text
//! cargo bench --bench product -- "nt sq512" --threads 2
//! ```

mod common;

use common::{Options, line};
use score_matching::{Array, Matrix, array::Product, matrix::Real};
use std::hint::black_box;

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

fn measure<T: Real>(
    options: &Options,
    shape: &str,
    form: Product,
    (m, n, k): (usize, usize, usize),
) {
    let name = format!("{form:?} {shape}").to_lowercase();
    if !options.wants(&name) {
        return;
    }
    let matrix = |rows, cols| {
        Matrix::<T>::from_fn(rows, cols, |i, j| ((i * 31 + j * 17) % 97) as f64 / 97.0 - 0.5)
    };
    let (x, y) = match form {
        Product::Nn => (matrix(m, k), matrix(k, n)),
        Product::Nt => (matrix(m, k), matrix(n, k)),
        Product::Tn => (matrix(k, m), matrix(k, n)),
    };
    let seconds = options.time(|| drop(black_box(black_box(&x).product(form, black_box(&y)))));
    let gflops = 2e-9 * (m * n * k) as f64 / seconds[0];
    line::<T>("product", &name, seconds, &[("gflops", gflops)]);
}

fn all<T: Real>(options: &Options) {
    for n in [64, 128, 256, 512, 1024] {
        for form in Product::ALL {
            measure::<T>(options, &format!("sq{n}"), form, (n, n, n));
        }
    }
    for (b, d, h) in STEPS {
        let shape = format!("{b}x{d}x{h}");
        measure::<T>(options, &shape, Product::Nt, (b, h, d)); // x Wᵀ, the way in
        measure::<T>(options, &shape, Product::Nn, (b, d, h)); // h W, the way out
        measure::<T>(options, &shape, Product::Tn, (h, d, b)); // ∇W, of the way in
        measure::<T>(options, &shape, Product::Tn, (d, h, b)); // ∇W, of the way out
    }
}

fn main() {
    let options = Options::read(0.15);
    options.run(|| all::<f32>(&options), || all::<f64>(&options));
}
