//! Nearest neighbours, the median distance and the maximum mean discrepancy: against the naive loops,
//! against a closed form, and against what two samples of one density must show.

use proptest::prelude::*;
use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    discrepancy::{maximum_mean_discrepancy, median_distance, nearest},
    matrix::noise::{Generator, standard_normal},
    statistics::Scatter,
};

fn normal(n: usize, d: usize, seed: u64) -> Matrix {
    standard_normal(n, d, &mut Generator::seed_from_u64(seed))
}

fn squared_distance(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// ‖x‖² + ‖y‖² − 2⟨x, y⟩ passes each of its 3d terms through at most d + 3 roundings, and so does the
/// loop; the terms sum up to at most 2(‖x‖² + ‖y‖²).
fn error_of_square(x: &[f64], y: &[f64]) -> f64 {
    let norm = |v: &[f64]| v.iter().map(|a| a * a).sum::<f64>();
    4.0 * (x.len() + 3) as f64 * f64::EPSILON * (norm(x) + norm(y))
}

proptest! {
    #![proptest_config(crate::common::config(50))]

    /// Sizes on both sides of a block of 128 rows.
    #[test]
    fn the_nearest_is_the_nearest(n in 1..150_usize, m in 1..150_usize, d in 1..5_usize, seed: u64) {
        let (x, y) = (normal(n, d, seed), normal(m, d, !seed));
        let found = nearest(&x, &y);
        prop_assert_eq!(found.len(), n);
        for (i, neighbour) in found.iter().enumerate() {
            let own = squared_distance(x.row(i), y.row(neighbour.index));
            let error = |j| error_of_square(x.row(i), y.row(j));
            prop_assert!((neighbour.distance.powi(2) - own).abs() <= error(neighbour.index));
            for j in 0..m {
                let other = squared_distance(x.row(i), y.row(j));
                prop_assert!(own <= other + error(j) + error(neighbour.index));
            }
        }
    }

    #[test]
    fn the_median_is_over_all_pairs_of_different_rows(n in 2..200_usize, d in 1..4_usize, seed: u64) {
        let x = normal(n, d, seed);
        let pairs = (0..n).flat_map(|i| (0..i).map(move |j| (i, j)));
        let mut squares: Vec<f64> =
            pairs.map(|(i, j)| squared_distance(x.row(i), x.row(j))).collect();
        squares.sort_by(f64::total_cmp);
        let middle = squares[squares.len() / 2];
        let largest = (0..n).map(|i| error_of_square(x.row(i), x.row(i))).fold(0.0, f64::max);
        prop_assert!((median_distance(&x).powi(2) - middle).abs() <= 2.0 * largest);
    }

    /// MMD² is a difference of means of numbers in [0, 1]. Each kernel value is off by at most
    /// the error of the square, over 2h²; the means add up to n m terms in blocks.
    #[test]
    fn the_discrepancy_is_the_naive_one(n in 1..200_usize, m in 1..200_usize, seed: u64, h in 0.3..3.0) {
        let (x, y) = (normal(n, 2, seed), normal(m, 2, !seed));
        let mean = |x: &Matrix, y: &Matrix| {
            let pairs = (0..x.rows()).flat_map(|i| (0..y.rows()).map(move |j| (i, j)));
            let kernel = |(i, j)| f64::exp(-squared_distance(x.row(i), y.row(j)) / (2.0 * h * h));
            pairs.map(kernel).sum::<f64>() / (x.rows() * y.rows()) as f64
        };
        let square = mean(&x, &x) + mean(&y, &y) - 2.0 * mean(&x, &y);
        let rows = |z: &Matrix| (0..z.rows()).map(|i| error_of_square(z.row(i), z.row(i))).fold(0.0, f64::max);
        let error = 4.0 * (rows(&x) + rows(&y)) / (2.0 * h * h) + (n + m) as f64 * 8.0 * f64::EPSILON;
        let found = maximum_mean_discrepancy(&x, &y, h);
        prop_assert!((found * found - square.max(0.0)).abs() <= error);
    }
}

/// For x ~ N(0, I) and y ~ N(a, I) in d dimensions and the kernel of bandwidth h the expectation of
/// k(x, y) is (h²/(h² + 2))^(d/2) exp(−‖a‖²/(2(h² + 2))). Over all pairs, with n of each, the diagonal
/// of the two means within one sample adds 2(1 − 𝔼k)/n. So does chance without a shift: both are of the
/// size of 1/n, and more points would show no smaller a share of the diagonals.
#[test]
fn the_discrepancy_of_two_gaussians_is_the_closed_form() {
    let (n, repeats, h, shift) = (250, 100, 1.5_f64, 0.7_f64);
    let same = h * h / (h * h + 2.0); // d = 2
    let across = same * (-shift * shift / (2.0 * (h * h + 2.0))).exp();
    for (a, true_square) in [(0.0, 0.0), (shift, 2.0 * (same - across))] {
        let expected = true_square + 2.0 * (1.0 - same) / n as f64;
        let squares: Vec<f64> = (0..repeats)
            .map(|seed| {
                let x = normal(n, 2, 2 * seed);
                let y = normal(n, 2, 2 * seed + 1).add_row(&Matrix::from_rows([[a, 0.0]]));
                maximum_mean_discrepancy(&x, &y, h).powi(2)
            })
            .collect();
        let scatter = Scatter::of(&squares);
        let (mean, error) = (scatter.mean, scatter.standard_error());
        assert!((mean - expected).abs() < 6.0 * error, "{mean} {expected} {error}");
        // Without the diagonals, and for another shift or none, it would be another number.
        assert!((mean - true_square).abs() > 10.0 * error || a > 0.0, "the diagonals");
        assert!(a == 0.0 || (mean - (expected - true_square)).abs() > 10.0 * error, "the shift");
    }
}

/// In another order it is the same sample; the sums are only added up differently, and of what is left
/// the root is taken. A point finds itself, at a distance that is the root of a rounded zero.
#[test]
fn a_sample_is_not_apart_from_itself() {
    let x = normal(300, 3, 1);
    let backwards: Vec<usize> = (0..300).rev().collect();
    let apart = maximum_mean_discrepancy(&x, &x.select(&backwards), 1.0);
    assert!(apart < (300.0 * f64::EPSILON).sqrt(), "{apart}");
    for (i, neighbour) in nearest(&x, &x).iter().enumerate() {
        let error = error_of_square(x.row(i), x.row(i)).sqrt();
        assert!(neighbour.index == i && neighbour.distance <= error, "{neighbour:?}");
    }
}

/// What is not a number must never look like a perfect match.
#[test]
fn what_is_not_a_number_is_not_near_anything() {
    let (x, lost) = (normal(5, 2, 1), normal(5, 2, 1) * f64::NAN);
    assert!(maximum_mean_discrepancy(&x, &lost, 1.0).is_nan());
    let panics = |f: fn(&Matrix, &Matrix)| {
        std::panic::catch_unwind(|| f(&normal(5, 2, 1), &(normal(5, 2, 1) * f64::NAN))).is_err()
    };
    assert!(panics(|x, lost| _ = nearest(x, lost)));
    assert!(panics(|x, _| _ = nearest(x, &Matrix::zeros(0, 2))));
    assert!(panics(|x, _| _ = maximum_mean_discrepancy(x, &Matrix::zeros(0, 2), 1.0)));
    assert!(panics(|x, _| _ = maximum_mean_discrepancy(x, x, 0.0)));
}

#[test]
fn the_scatter_of_three_numbers_is_that_by_hand() {
    // around their mean 3 the squares are 4, 1 and 9: 14 over 3 − 1, not over 3
    let scatter = Scatter::of(&[1.0, 2.0, 6.0]);
    assert_eq!((scatter.mean, scatter.variance), (3.0, 7.0));
    assert_eq!(scatter.deviation(), 7.0_f64.sqrt());
    assert_eq!(scatter.standard_error(), (7.0_f64 / 3.0).sqrt());
    assert!(Scatter::of(&[1.0]).variance.is_nan(), "one number has no scatter");
}
