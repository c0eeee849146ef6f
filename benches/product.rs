//! Speed of the matrix product, by form and shape, as JSON lines.
//!
//! ```text
//! cargo bench --bench product -- "nt sq512" --threads 2
//! ```
//!
//! `share` is the part of what multiply-adds in registers reach on the same threads. That peak is
//! measured at the start of each run, since a processor is not equally fast on all days. The figure divides
//! by that of the bench `limits`, of which each round of a sitting has one.

mod common;

use common::{Options, line, peak};
use score_matching::{Array, Matrix, array::Product, matrix::Real};
use std::hint::black_box;

/// Square matrices, two of them ragged: their sides are no multiples of anything that is packed.
const SQUARES: [usize; 8] = [33, 64, 100, 128, 256, 512, 1024, 2048];
/// x (m, k) times y (k, n): one more ragged, and a vector on the left and on the right.
const OTHERS: [(usize, usize, usize); 3] = [(96, 33, 77), (1, 1024, 1024), (1024, 1024, 1)];
/// (batch, dimensions, hidden units) of the training steps whose products are measured.
const STEPS: [(usize, usize, usize); 7] = [
    (1024, 2, 128), // toy data
    (1024, 10, 64),
    (512, 16, 128),
    (128, 64, 256), // digits
    (512, 64, 256),
    (128, 784, 1024),
    (512, 784, 1024),
];

fn measure<T: Real>(
    options: &Options,
    peak: f64,
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
    line::<T>("product", &name, seconds, &[("gflops", gflops), ("share", gflops / peak)]);
}

fn all<T: Real>(options: &Options) {
    let (_, peak) = peak::multiply_adds::<T>(options);
    for n in SQUARES {
        for form in Product::ALL {
            measure::<T>(options, peak, &format!("sq{n}"), form, (n, n, n));
        }
    }
    for (m, k, n) in OTHERS {
        let shape = format!("{m}x{k}x{n}");
        for form in Product::ALL {
            measure::<T>(options, peak, &shape, form, (m, n, k));
        }
    }
    for (b, d, h) in STEPS {
        let shape = format!("b{b}_d{d}_h{h}");
        measure::<T>(options, peak, &shape, Product::Nt, (b, h, d)); // x Wᵀ, the way in
        measure::<T>(options, peak, &shape, Product::Nn, (b, d, h)); // h W, the way out
        measure::<T>(options, peak, &shape, Product::Tn, (h, d, b)); // ∇W, of the way in
        let exchanged = format!("b{b}_h{h}_d{d}");
        measure::<T>(options, peak, &exchanged, Product::Tn, (d, h, b)); // ∇W, of the way out
    }
}

fn main() {
    let options = Options::read(0.15);
    options.run(|| all::<f32>(&options), || all::<f64>(&options));
}
