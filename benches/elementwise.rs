//! Nanoseconds per element of the elementary functions and of Gaussian noise, as JSON lines.
//!
//! ```text
//! cargo bench --bench elementwise -- tanh --f64
//! ```
//!
//! `matrix` is `x.clone().exp()`, so it includes the result's memory. `scalar` is the same formula in
//! a loop over the standard library, from one slice into another.

mod common;

use common::{Options, line};
use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    array::Function,
    matrix::{
        Real,
        noise::{Generator, standard_normal},
    },
};
use std::hint::black_box;

const LENGTHS: [usize; 2] = [1000, 1_000_000];

/// Two lines for each length n: φ of n elements spread over (−6, 6).
fn function<T: Real>(options: &Options, f: Function, scalar: impl Fn(T) -> T) {
    for n in LENGTHS {
        let spread = |j: usize| (j as f64 * 0.618_033_988_7).fract() * 12.0 - 6.0;
        let (x, mut out) = (Matrix::<T>::from_fn(1, n, |_, j| spread(j)), vec![T::default(); n]);
        let contenders: [(&str, &mut dyn FnMut()); 2] = [
            ("matrix", &mut || drop(black_box(black_box(&x).clone().apply(f)))),
            ("scalar", &mut || {
                for (out, &x) in out.iter_mut().zip(black_box(&x).data()) {
                    *out = scalar(x);
                }
                black_box(&mut out);
            }),
        ];
        for (way, call) in contenders {
            let name = format!("{f:?} {way}").to_lowercase();
            per_element::<T>(options, &name, n, call);
        }
    }
}

fn per_element<T: Real>(options: &Options, name: &str, n: usize, call: impl FnMut()) {
    if options.wants(name) {
        let seconds = options.time(call);
        let nanoseconds = 1e9 * seconds[0] / n as f64;
        line::<T>(name, &format!("n{n}"), seconds, &[("ns_per_elem", nanoseconds)]);
    }
}

fn noise<T: Real>(options: &Options) {
    let mut rng = Generator::seed_from_u64(0);
    for n in LENGTHS {
        let draw = || drop(black_box(standard_normal::<T>(n, 1, &mut rng)));
        per_element::<T>(options, "noise", n, draw);
    }
}

/// The formulas over the standard library are methods of each precision, and of no common trait.
macro_rules! all {
    ($precision:ident, $options:expr) => {{
        function($options, Function::Exp, $precision::exp);
        function($options, Function::Sigmoid, |x: $precision| 1.0 / (1.0 + (-x).exp()));
        function($options, Function::Softplus, |x: $precision| {
            x.max(0.0) + (-x.abs()).exp().ln_1p()
        });
        function($options, Function::Tanh, $precision::tanh);
        noise::<$precision>($options);
    }};
}

fn main() {
    let options = Options::read(0.3);
    options.run(|| all!(f32, &options), || all!(f64, &options));
}
