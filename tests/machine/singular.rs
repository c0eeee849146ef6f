//! Singular systems are refused, at every door and however they round; all others are solved.

use proptest::prelude::*;
use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    matrix::{
        cholesky::{Cholesky, NoSolution},
        door::Door,
        noise::{Generator, standard_normal},
    },
    model::{ExponentialFamily, Monomials, Wiener},
};

fn normal(n: usize, d: usize, seed: u64) -> Matrix {
    standard_normal(n, d, &mut Generator::seed_from_u64(seed))
}

fn family_accepts(x: &Matrix, features: &Monomials) -> bool {
    ExponentialFamily::of_sample(features, x).estimate().is_ok()
}

fn everywhere(accepted: impl Fn() -> bool) -> Vec<bool> {
    Door::available().map(|door| door.within(&accepted)).collect()
}

#[track_caller]
fn refused(name: &str, accepted: impl Fn() -> bool) {
    assert!(!everywhere(accepted).contains(&true), "{name}");
}

/// A constant sample says nothing about x² beside x, whatever the constant and the count.
#[test]
fn a_constant_sample_is_refused() {
    for c in (1..50).map(|k| 0.1 * f64::from(k)) {
        for n in (1..40).chain([100, 1000, 20_000]).filter(|n| *n < 50 || c < 0.35) {
            let x = Matrix::from_fn(n, 1, |_, _| c);
            refused(&format!("{n} times {c}"), || family_accepts(&x, &Monomials::gaussian(1)));
            for size in [1e-150, 1.0, 1e150] {
                let x = Matrix::from_fn(n, 2, |i, j| if j == 0 { c } else { i as f64 } * size);
                refused("a constant column", || Wiener::fit(&x, 0.0).is_ok());
            }
        }
    }
}

proptest! {
    #![proptest_config(crate::common::config(300))]

    #[test]
    fn dependent_columns_are_refused(n in 3..300_usize, seed: u64, factor in -3.0..3.0, offset in -1e6..1e6) {
        let x = normal(n, 1, seed);
        let doubled = Matrix::from_fn(n, 2, |i, _| x.at(i, 0));
        let features = Monomials::gaussian(2);
        prop_assert!(!everywhere(|| family_accepts(&doubled, &features)).contains(&true));
        let multiple = Matrix::from_fn(n, 3, |i, j| [1.0, factor, 0.3][j] * x.at(i, 0) + offset);
        prop_assert!(!everywhere(|| Wiener::fit(&multiple, 0.0).is_ok()).contains(&true));
        // one that is the sum of two others
        let y = normal(n, 2, !seed);
        let sum = Matrix::from_fn(n, 3, |i, j| if j < 2 { y.at(i, j) } else { y.at(i, 0) + y.at(i, 1) });
        prop_assert!(!everywhere(|| Wiener::fit(&sum, 0.0).is_ok()).contains(&true));
    }

    /// Fewer samples than features; for a covariance one fewer still.
    #[test]
    fn too_few_samples_are_refused(d in 2..9_usize, seed: u64) {
        let few = |n: usize| normal(n, d, seed);
        for n in 1..=d {
            prop_assert!(!everywhere(|| Wiener::fit(&few(n), 0.0).is_ok()).contains(&true), "{n} of {d}");
        }
        let features = Monomials::gaussian(d);
        let n = (features.count() - 1) / d; // A is a sum of n d products of vectors
        prop_assert!(!everywhere(|| family_accepts(&few(n), &features)).contains(&true));
        let gram = |n: usize| Cholesky::of_sums(&few(n).tn(&few(n)), n).is_ok();
        prop_assert!(!everywhere(|| gram(d - 1)).contains(&true));
    }

    /// Q diag(λ) Qᵀ with λ from 1 to 10^(−10), in units from 2^(−300) to 2^300 that differ.
    #[test]
    fn what_is_only_ill_conditioned_is_solved(d in 1..9_usize, seed: u64, power in 0.0..10.0_f64) {
        // By Gram and Schmidt, twice.
        let mut q = normal(d, d, seed);
        for _ in 0..2 {
            for i in 0..d {
                for k in 0..i {
                    let inner: f64 = q.row(i).iter().zip(q.row(k)).map(|(a, b)| a * b).sum();
                    (0..d).for_each(|j| q.data_mut()[i * d + j] -= inner * q.at(k, j));
                }
                let norm = q.row(i).iter().map(|a| a * a).sum::<f64>().sqrt();
                (0..d).for_each(|j| q.data_mut()[i * d + j] /= norm);
            }
        }
        let lambda = |i: usize| 10.0_f64.powf(-power * i as f64 / (d.max(2) - 1) as f64);
        let unit = |i: usize| 2.0_f64.powi(300 - ((seed >> (7 * i)) % 600) as i32);
        let scaled = Matrix::from_fn(d, d, |k, j| q.at(k, j) * lambda(k).sqrt() * unit(j));
        let a = scaled.tn(&scaled);
        prop_assert!(!everywhere(|| Cholesky::of_sums(&a, d).is_ok()).contains(&false));
        let x = Cholesky::new(&a).expect("definite").solve(&a);
        prop_assert!(x.is_finite());
    }
}

#[test]
fn units_do_not_matter() {
    let accepted = [
        Matrix::from_rows([[1e-200, 0.0], [0.0, 1e200]]),
        Matrix::from_rows([[1e300, 1e300], [1e300, 2e300]]),
        Matrix::from_rows([[1e-300, 1e-300], [1e-300, 2e-300]]),
        Matrix::from_rows([[1e-320]]),
    ];
    for a in accepted {
        let solved = Cholesky::new(&a).expect("definite").solve(&a);
        let identity = Matrix::from_fn(a.rows(), a.rows(), |i, j| f64::from(u8::from(i == j)));
        let off = (solved - identity).squared_norm().sum().item();
        assert!(off < 1e-28, "{off}");
    }
    let rejected = [
        [[1e300, 1e300], [1e300, 1e300]],
        [[1e-300, 1e-300], [1e-300, 1e-300]],
        [[1.0, 1.0], [1.0, 1.0 + f64::EPSILON]],
        [[1.0, 0.0], [0.0, 0.0]],
        [[1.0, 2.0], [2.0, 1.0]],
        [[f64::NAN, 0.0], [0.0, 1.0]],
        [[f64::INFINITY, 0.0], [0.0, 1.0]],
        [[1.0, f64::INFINITY], [f64::INFINITY, 1.0]],
    ];
    for a in rejected {
        assert!(Cholesky::new(&Matrix::from_rows(a)).is_err(), "{a:?}");
    }
}

/// The pivot that is refused is the value of the form at a v with large elements: a test relative to
/// the diagonal alone would take it for a number.
#[test]
fn a_late_pivot_is_held_against_all_that_it_cancels() {
    for (n, k) in (8..14_usize).flat_map(|n| (0..20).map(move |k| (n, k))) {
        // Powers 1, x, …, of fewer points than powers: rank n − 1.
        let power = |x: f64, j| (0..j).fold(1.0, |power, _| power * x);
        let x = Matrix::from_fn(n - 1, n, |i, j| power(0.3 + 0.05 * (i + k) as f64, j));
        refused("powers of too few points", || Cholesky::of_sums(&x.tn(&x), n).is_ok());
    }
}

/// The rounding of the elimination grows with n. The first n − 2 rows are those of the identity, the
/// last is three times the one before, and all their sums have n − 2 equal terms: these round in one
/// direction for long. The pivot that is left is more than the data's own rounding explains.
#[test]
fn the_rounding_of_a_long_elimination_is_not_a_pivot() {
    let n = 300;
    let mut most: f64 = 0.0;
    for k in 1..20 {
        // 34 bits, so that 3c and 9a are exact.
        let c = f64::from((0.05 * f64::from(k)) as f32) + 2.0_f64.powi(-33);
        let a = f64::from(((n - 2) as f64 * c * c * (1.0 + 1e-6)) as f32);
        let matrix = Matrix::from_fn(n, n, |i, j| {
            let triple = |i: usize| if i == n - 1 { 3.0 } else { 1.0 };
            match (i.min(j) < n - 2, i.max(j) < n - 2) {
                (true, true) => f64::from(u8::from(i == j)),
                (true, false) => triple(i.max(j)) * c,
                _ => triple(i) * triple(j) * a,
            }
        });
        let error = Cholesky::new(&matrix).expect_err("one row is three times another");
        assert_eq!(error.row, n - 1);
        // √9a of the row itself and 3 √a of the one before: the pivot is known up to γ 36 a.
        most = most.max(error.pivot / (36.0 * a));
    }
    // Were γ one product's, a pivot would have been taken for a number.
    assert!(most > f64::EPSILON, "{most}");
}

/// The spread of a column is known far better than its mean.
#[test]
fn a_small_spread_about_a_large_mean_is_solved() {
    for spread in [1e-3, 1e-6, 1e-9] {
        let x = Matrix::from_fn(10, 1, |i, _| 1.0 + i as f64 * spread);
        let fit = Wiener::fit(&x, 0.0).expect("not constant");
        assert!((fit.gain.item() - 1.0).abs() < 4.0 * f64::EPSILON, "{spread}");
    }
}

#[test]
fn the_affine_denoiser_has_no_units() {
    let x = Matrix::from_rows([[1.0, 0.0], [2.0, 5.0], [4.0, -1.0]]);
    let plain = Wiener::fit(&x, 0.5).expect("definite");
    for unit in [2.0_f64.powi(-1000), 2.0_f64.powi(-600), 2.0_f64.powi(600), 2.0_f64.powi(1000)] {
        let fit = Wiener::fit(&(x.clone() * unit), 0.5 * unit).expect("definite");
        assert_eq!((fit.gain, fit.mean), (plain.gain.clone(), plain.mean.clone() * unit));
    }
    // Far out the covariance is the same.
    let moved = Wiener::fit(&(x + 1024.0), 0.5).expect("definite");
    assert!((moved.gain - plain.gain).squared_norm().sum().item() < 1e-24);
}

#[test]
fn data_that_are_not_finite_or_become_so_are_an_error() {
    for lost in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(Wiener::fit(&Matrix::from_rows([[1.0], [lost]]), 1.0).is_err());
        assert!(!family_accepts(&Matrix::from_rows([[1.0], [lost]]), &Monomials::quartic()));
    }
    for large in [1e60, 1e200, 1e-60, 1e-200] {
        assert!(!family_accepts(
            &(Matrix::from_rows([[1.0], [2.0]]) * large),
            &Monomials::quartic()
        ));
    }
}

#[test]
fn a_solution_that_is_too_large_is_another_error_than_a_singular_system() {
    let diagonal = |a: f64| Matrix::from_rows([[1.0, 0.0], [0.0, a]]);
    let estimate = |a: f64| {
        let b = Matrix::from_rows([[1.0], [1e200]]);
        ExponentialFamily { a: diagonal(a), b, terms: 1 }.estimate()
    };
    assert_eq!(estimate(4.0), Ok(Matrix::from_rows([[-1.0], [-1e200 / 4.0]])));
    assert_eq!(estimate(1e-200), Err(NoSolution::TooLarge));
    let Err(NoSolution::Singular(why)) = estimate(0.0) else { panic!("a singular system") };
    assert_eq!((why.row, why.pivot), (1, 0.0));
}
