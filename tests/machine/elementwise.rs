//! exp, sigmoid, its slope, softplus and tanh are within 2 ulp of the truth, everywhere and behind every door.
//!
//! The truth is computed here, in double-double arithmetic (about 100 bits), by other formulas than
//! those under test: a plain series, summed until nothing changes. The argument goes in three steps:
//! the oracle agrees with known digits and identities; the functions agree with the oracle; and
//! what the oracle cannot judge (±0, ±∞, NaN) is checked by itself.

use crate::oracle::{Ledger, precision, worst};
use double_double::{Dd, error_in_ulp, exp, sigmoid, sigmoid_slope, softplus, tanh};
use rand::{Rng, SeedableRng};
use score_matching::{
    Array, Matrix,
    array::Function,
    matrix::{Real, door::Door, noise::Generator},
};

pub mod double_double;

/// A number and the power of two that belongs to it.
type Oracle = fn(f64) -> (Dd, i32);
const FUNCTIONS: [(Function, &str, Oracle); 5] = [
    (Function::Exp, "exp", exp),
    (Function::Sigmoid, "sigmoid", sigmoid),
    (Function::SigmoidSlope, "sigmoid′", sigmoid_slope),
    (Function::Softplus, "softplus", softplus),
    (Function::Tanh, "tanh", tanh),
];

#[test]
fn f64_is_within_two_ulp_everywhere() {
    let mut x = Vec::new();
    // the whole range in which some result is neither 0, 1, x nor ∞, and its ends more densely
    sweep(&mut x, -760.0, 760.0, 40_000);
    sweep(&mut x, -746.0, -707.0, 20_000); // subnormal results
    sweep(&mut x, 709.0, 710.0, 2_000); // overflow of exp
    sweep(&mut x, -41.0, -33.0, 30_000); // 1 + e⁻ˣ loses the 1
    sweep(&mut x, -25.0, 25.0, 60_000); // where networks live
    sweep(&mut x, -1.0, 1.0, 40_000);
    sweep(&mut x, 33.0, 41.0, 30_000); // 1 + e⁻ˣ loses e⁻ˣ
    sweep(&mut x, 17.0, 20.0, 10_000); // 1 − tanh is of the size of one rounding
    sweep(&mut x, 0.16, 0.22, 10_000); // k becomes −1 in tanh
    for k in -1075..=1024 {
        // next to every multiple of ½ ln 2, where r is near 0 or near its limits
        let tie = f64::from(k) * 0.5 * std::f64::consts::LN_2;
        x.extend([tie.next_down(), tie, tie.next_up(), tie * (1.0 + 1e-12)]);
    }
    for exponent in -1074..1024 {
        let power = 2f64.powi(exponent);
        x.extend([power, -power, 1.7 * power, -1.7 * power]);
    }
    let mut rng = Generator::seed_from_u64(1);
    x.extend((0..100_000).map(|_| f64::from_bits(rng.next_u64())));
    x.extend((0..100_000).map(|_| {
        // random mantissa and sign, exponent 2⁻³⁰ … 2¹⁰: the bit patterns that have work to do
        let bits = rng.next_u64();
        let exponent = 1023 - 30 + (bits >> 52) % 40;
        f64::from_bits(bits & !(0x7ff << 52) | exponent << 52)
    }));
    x.extend(special());
    assert_within_two_ulp(&x);
}

#[test]
fn f32_is_within_two_ulp_on_a_stride_of_all_bit_patterns() {
    let mut x: Vec<f32> = (0..=u32::MAX).step_by(8209).map(f32::from_bits).collect();
    let mut fine = Vec::new();
    sweep(&mut fine, -105.0, 105.0, 40_000);
    sweep(&mut fine, -20.0, 20.0, 40_000);
    sweep(&mut fine, -1.0, 1.0, 20_000);
    fine.extend(special());
    x.extend(fine.iter().map(|&x| x as f32));
    x.extend([f32::MAX, f32::MIN, f32::MIN_POSITIVE, -f32::MIN_POSITIVE]);
    x.extend([f32::from_bits(1), -f32::from_bits(1)]);
    // The exhaustive search of `oracle::exhaustive` found the largest errors next to these.
    for worst in [
        -27.378_49_f32,
        -5.197_565,
        -1.107_585_2,
        -1.102_537_6,
        -87.442_43,
        -87.442_32,
        -0.443_074_17,
        -0.451_259_3,
        0.171_737_52,
        0.173_062_86,
    ] {
        x.extend((0..64).map(|i| f32::from_bits(worst.to_bits() - 32 + i)));
    }
    assert_within_two_ulp(&x);
}

fn sweep(x: &mut Vec<f64>, from: f64, to: f64, n: u32) {
    // an irrational stretch, so that the points are not round numbers
    let step = (to - from) / f64::from(n) * 0.999_999_618_033_988_7;
    x.extend((0..n).map(|i| from + f64::from(i) * step));
}

fn special() -> [f64; 8] {
    let (tiny, large) = (f64::from_bits(1), f64::MAX);
    [0.0, -0.0, tiny, -tiny, f64::MIN_POSITIVE, -f64::MIN_POSITIVE, large, -large]
}

/// Behind each door, as [`TABLE`](crate::oracle::TABLE) allows.
fn assert_within_two_ulp<T: Real>(x: &[T]) {
    let x: Vec<T> = x.iter().copied().filter(|x| x.to_f64().is_finite()).collect();
    let matrix = Matrix::from_vec(1, x.len(), x.clone());
    let mut ledger = Ledger::default();
    for (f, name, oracle) in FUNCTIONS {
        let truth: Vec<_> = x.iter().map(|x| oracle(x.to_f64())).collect();
        for door in Door::available() {
            let y = door.within(|| matrix.clone().apply(f));
            let error = |i: usize| error_in_ulp(y.data()[i].to_f64(), truth[i], precision::<T>());
            let (error, i) = worst(x.len(), error).expect("many numbers");
            let place = || format!("{:?} behind {door:?}: {:?}", x[i], y.data()[i]);
            ledger.enter::<T>(name, error, place);
        }
    }
    ledger.settle();
}

/// φ(x) of one number behind the current door.
fn at<T: Real>(f: Function, x: T) -> T {
    Matrix::from_vec(1, 1, vec![x]).apply(f).data()[0]
}

#[test]
fn special_values_are_exact() {
    const INF: f64 = f64::INFINITY;
    // φ, then pairs x → φ(x) that hold in both precisions
    let table: [(Function, &[(f64, f64)]); 8] = [
        (
            Function::Exp,
            &[(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, 0.0), (-1e30, 0.0), (1e30, INF)],
        ),
        (
            Function::Sigmoid,
            &[
                (0.0, 0.5),
                (-0.0, 0.5),
                (INF, 1.0),
                (-INF, 0.0),
                (1024.0, 1.0),
                (-1024.0, 0.0),
                (1e30, 1.0),
                (-1e30, 0.0),
            ],
        ),
        (
            Function::SigmoidSlope,
            &[(0.0, 0.25), (-0.0, 0.25), (INF, 0.0), (-INF, 0.0), (1e30, 0.0), (-1e30, 0.0)],
        ),
        (
            Function::Softplus,
            &[(INF, INF), (-INF, 0.0), (1e30, 1e30), (-1e30, 0.0), (1024.0, 1024.0)],
        ),
        (
            Function::Tanh,
            &[
                (0.0, 0.0),
                (-0.0, -0.0),
                (INF, 1.0),
                (-INF, -1.0),
                (1e30, 1.0),
                (1e-30, 1e-30),
                (-1e-30, -1e-30),
            ],
        ),
        (Function::Reciprocal, &[(0.0, INF), (-0.0, -INF), (INF, 0.0), (-4.0, -0.25)]),
        (Function::Relu, &[(0.0, 0.0), (-1.0, 0.0), (1.5, 1.5), (INF, INF), (-INF, 0.0)]),
        (Function::Heaviside, &[(0.0, 0.0), (-1.0, 0.0), (1e-30, 1.0), (INF, 1.0), (-INF, 0.0)]),
    ];
    for door in Door::available() {
        door.within(|| {
            for (f, pairs) in table {
                for &(x, y) in pairs {
                    let (double, single) = (at(f, x), at(f, x as f32));
                    let bits = (double.to_bits(), single.to_bits());
                    let expected = (y.to_bits(), (y as f32).to_bits());
                    assert_eq!(bits, expected, "{f:?}({x}) = {double}, {single}, {door:?}");
                }
            }
            for f in Function::ALL {
                assert!(
                    at(f, f64::NAN).is_nan() && at(f, -f32::NAN).is_nan(),
                    "{f:?}(NaN), {door:?}"
                );
            }
            assert_eq!(at(Function::Ln, 0f64).to_bits(), (-INF).to_bits());
            assert!(at(Function::Ln, -1f64).is_nan());
        });
    }
}

/// Only 0, 1, 1 and 0 outside, for every x and not just for those in the table.
#[test]
fn sigmoid_is_exactly_zero_or_one_beyond_1024() {
    for door in Door::available() {
        door.within(|| {
            let x = Matrix::<f64>::from_fn(1, 4000, |_, j| 1024.0 + 0.37 * (j as f64).powi(3));
            assert!(x.clone().sigmoid().data().iter().all(|y| y.to_bits() == 1f64.to_bits()));
            assert!((-x).sigmoid().data().iter().all(|y| y.to_bits() == 0));
        });
    }
}
