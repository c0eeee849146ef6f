//! All 2³² numbers of single precision.

use super::Ledger;
use rayon::prelude::*;
use score_matching::{Array, Matrix, array::Function, matrix::door::Door};

/// φ in double precision: some 2⁻⁵² of it, which is 2⁻²⁹ of an ulp of the result in single.
const FUNCTIONS: [(Function, &str, fn(f64) -> f64); 5] = [
    (Function::Exp, "exp", f64::exp),
    (Function::Sigmoid, "sigmoid", |x| 1.0 / (1.0 + (-x).exp())),
    (Function::SigmoidSlope, "sigmoid′", |x| {
        let u = (-x.abs()).exp();
        u / ((1.0 + u) * (1.0 + u))
    }),
    (Function::Softplus, "softplus", |x| x.max(0.0) + (-x.abs()).exp().ln_1p()),
    (Function::Tanh, "tanh", f64::tanh),
];

/// In ulp of the truth in single precision. Past the end of the range, ∞ is the next number.
fn error(found: f32, truth: f64) -> f64 {
    if truth >= 2f64.powi(128) {
        return if found == f32::INFINITY { 0.0 } else { f64::INFINITY };
    }
    let leading = (truth.to_bits() >> 52 & 0x7ff) as i32 - 1023;
    let found = if found == f32::INFINITY { 2f64.powi(128) } else { f64::from(found) };
    ((found - truth) * 2f64.powi(23 - leading.max(-126))).abs()
}

/// Minutes. `cargo test --release --test machine exhaustive -- --ignored --nocapture`
#[test]
#[ignore = "takes minutes; the numbers that it prints stand in the documentation of matrix::elementwise"]
fn every_single_precision_number_is_within_two_ulp() {
    const PIECE: u32 = 1 << 14;
    let mut ledger = Ledger::default();
    for (f, name, truth) in FUNCTIONS {
        let doors: Vec<Door> = Door::available().collect();
        let piece = |k: u32| {
            let x: Vec<f32> = (0..PIECE).map(|i| f32::from_bits(k * PIECE + i)).collect();
            let truths: Vec<f64> = x.iter().map(|&x| truth(f64::from(x))).collect();
            let matrix = Matrix::from_vec(1, x.len(), x.clone());
            let worst = |door: &Door| {
                let y = door.within(|| matrix.clone().apply(f));
                let errors = x.iter().zip(y.data()).zip(&truths).map(|((&x, &y), &truth)| {
                    let nan = if y.is_nan() == x.is_nan() { 0.0 } else { f64::INFINITY };
                    (if truth.is_nan() { nan } else { error(y, truth) }, x)
                });
                errors.fold((-1.0, 0.0), |worst, e| if e.0 > worst.0 { e } else { worst })
            };
            doors.iter().map(worst).collect::<Vec<(f64, f32)>>()
        };
        let larger = |a: Vec<(f64, f32)>, b: Vec<(f64, f32)>| -> Vec<_> {
            a.into_iter().zip(b).map(|(a, b)| if b.0 > a.0 { b } else { a }).collect()
        };
        let pieces = (0..=u32::MAX / PIECE).into_par_iter().map(piece);
        let worst = pieces.reduce(|| vec![(-1.0, 0.0); doors.len()], larger);
        for (door, (units, x)) in doors.iter().zip(worst) {
            println!("{name} {}: {units:.4} ulp at {x:?}", door.name());
            ledger.enter::<f32>(name, units, || format!("{x:?} {door:?}"));
        }
    }
    ledger.settle();
}
