//! What this machine can do, to which the other benches are compared, as JSON lines.
//!
//! ```text
//! cargo bench --bench limits -- --f64 --threads 2
//! ```
//!
//! `multiply_add` computes in registers, `triad` waits for memory: a ← b + s c on arrays that no cache
//! holds, with three numbers moved for each element (a processor may read `a` before it writes there,
//! which is a fourth, and is not counted).

mod common;

use common::{Options, line, peak};
use rayon::prelude::*;
use score_matching::matrix::Real;
use std::hint::black_box;

/// Bytes of each of the three arrays.
const ARRAY: usize = 64 << 20;

fn triad<T: Real>(options: &Options) {
    let length = ARRAY / size_of::<T>();
    let [mut a, b, c] = [0.0, 1.0, 2.0].map(|value| vec![T::of(value); length]);
    let (s, part) = (black_box(T::of(0.5)), length.div_ceil(rayon::current_num_threads()));
    let seconds = options.time(|| {
        let factors = b.par_chunks(part).zip(c.par_chunks(part));
        a.par_chunks_mut(part).zip(factors).for_each(|(a, (b, c))| {
            for (a, (&b, &c)) in a.iter_mut().zip(b.iter().zip(c)) {
                *a = b + s * c;
            }
        });
        black_box(&mut a);
    });
    let rate = 3e-9 * ARRAY as f64 / seconds[0];
    line::<T>("limits", "triad", seconds, &[("gb_per_s", rate)]);
}

fn all<T: Real>(options: &Options) {
    if options.wants("multiply_add") {
        let (seconds, rate) = peak::multiply_adds::<T>(options);
        line::<T>("limits", "multiply_add", seconds, &[("gflops", rate)]);
    }
    if options.wants("triad") {
        triad::<T>(options);
    }
}

fn main() {
    let options = Options::read(0.5);
    options.run(|| all::<f32>(&options), || all::<f64>(&options));
}
