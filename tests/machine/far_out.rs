//! Distances and densities far from the origin and at infinity: what is known there on paper is what the
//! program says.

use proptest::prelude::*;
use rand::SeedableRng;
use score_matching::{
    Matrix,
    density::{Density, KernelEstimate, Mixture, SoftplusMixture, mixture::diagonal},
    discrepancy::{maximum_mean_discrepancy, median_distance, nearest},
    matrix::{
        door::Door,
        noise::{Generator, standard_normal},
    },
    model::Autoencoder,
};
use std::f64::consts::TAU;

pub const INFINITY: f64 = f64::INFINITY;
pub const NAN: f64 = f64::NAN;

pub fn one(x: f64) -> Matrix {
    Matrix::from_rows([[x]])
}

fn normal(n: usize, d: usize, seed: u64) -> Matrix {
    standard_normal(n, d, &mut Generator::seed_from_u64(seed))
}

/// Equal, both not numbers, or within `roundings` half units in the last place of the right one.
#[track_caller]
pub fn near(found: f64, right: f64, roundings: f64) {
    let off = (found - right).abs() <= roundings * 0.5 * f64::EPSILON * right.abs();
    let same = found == right || (found.is_nan() && right.is_nan());
    assert!(same || off, "{found:e}, not {right:e}");
}

#[test]
fn distances_are_those_on_paper_wherever_the_points_are() {
    for door in Door::available() {
        door.within(|| {
            for offset in [0.0, 1e3, 1e8, -5e9, 1e15] {
                let x = Matrix::from_rows([[offset], [offset + 3.0]]);
                let points = Matrix::from_rows([[offset + 1.0], [offset + 2.5], [offset + 7.0]]);
                let found = nearest(&x, &points);
                assert_eq!(found.iter().map(|n| n.index).collect::<Vec<_>>(), [0, 1]);
                assert_eq!(found.iter().map(|n| n.distance).collect::<Vec<_>>(), [1.0, 0.5]);
                assert_eq!(median_distance(&points), 4.5);
            }
            // (x, y, distance), of which the squares leave the range at either end
            let pairs = [
                ([3e160, 0.0], [0.0, 4e160], 5e160),
                ([3e-200, 0.0], [0.0, -4e-200], 5e-200),
                ([5e-324, 0.0], [0.0, 0.0], 5e-324),
                ([1e308, 1.0], [0.0, 1.0], 1e308),
                ([1e160, 3.0], [1e160, 0.0], 3.0),
                ([1e300, 1e-170], [1e300, 0.0], 1e-170),
                ([INFINITY, 0.0], [1.0, 0.0], INFINITY),
                ([-INFINITY, 0.0], [INFINITY, 0.0], INFINITY),
            ];
            for (x, y, distance) in pairs {
                let [x, y] = [x, y].map(|row| Matrix::from_rows([row]));
                near(nearest(&x, &y)[0].distance, distance, 8.0);
                near(
                    median_distance(&Matrix::from_rows([x.row(0), y.row(0)].map(|r| [r[0], r[1]]))),
                    distance,
                    8.0,
                );
            }
            // Two pairs of very different size in one matrix: each has a unit of its own.
            let both = Matrix::from_rows([[0.0], [1e200]]);
            let found = nearest(&both, &Matrix::from_rows([[1e-200], [3e200]]));
            assert_eq!(found.iter().map(|n| n.distance).collect::<Vec<_>>(), [1e-200, 1e200]);
        });
    }
}

#[test]
fn a_row_is_at_0_from_itself_and_a_sample_from_itself() {
    for door in Door::available() {
        door.within(|| {
            let x = normal(300, 7, 1) + 1e6;
            assert!(
                nearest(&x, &x).iter().enumerate().all(|(i, n)| n.index == i && n.distance == 0.0)
            );
            assert_eq!(maximum_mean_discrepancy(&x, &x, 1.0), 0.0);
        });
    }
}

#[test]
fn one_number_that_is_not_is_enough_to_refuse_distances() {
    let refused = |f: fn(&Matrix)| {
        [[NAN, 0.0], [0.0, INFINITY]].into_iter().all(|row| {
            let mut x = normal(5, 2, 1);
            x.data_mut()[..2].copy_from_slice(&row);
            std::panic::catch_unwind(|| f(&x)).is_err()
        })
    };
    assert!(refused(|x| _ = nearest(&normal(1, 2, 2), &(x.clone() * x * NAN))));
    assert!(refused(|x| _ = nearest(x, x)));
    assert!(refused(|x| _ = median_distance(&Matrix::from_fn(10, 2, |i, j| x.at(i / 2, j)))));
    assert!(maximum_mean_discrepancy(&one(INFINITY), &one(0.0), 1.0).is_nan());
}

proptest! {
    #![proptest_config(crate::common::config(50))]

    /// A shift by a multiple of what the coordinates are multiples of is exact, and then nothing moves.
    #[test]
    fn nothing_changes_under_a_shift(n in 1..40_usize, m in 2..40_usize, d in 1..5_usize, seed: u64, power in 0..30) {
        let rounded = |x: Matrix| Matrix::from_fn(x.rows(), d, |i, j| (x.at(i, j) * 1024.0).round() / 1024.0);
        let (x, y) = (rounded(normal(n, d, seed)), rounded(normal(m, d, !seed)));
        let by = 2.0_f64.powi(power);
        let (far_x, far_y) = (x.clone() + by, y.clone() + by);
        prop_assert_eq!(nearest(&x, &y), nearest(&far_x, &far_y));
        prop_assert_eq!(median_distance(&y), median_distance(&far_y));
        let discrepancy = maximum_mean_discrepancy(&x, &y, 0.7);
        prop_assert_eq!(discrepancy, maximum_mean_discrepancy(&far_x, &far_y, 0.7));
        let [q, far] = [&y, &far_y].map(|y| KernelEstimate { points: y.clone(), sigma: 0.7 });
        prop_assert_eq!(q.score(&x), far.score(&far_x));
        prop_assert_eq!(q.log_density(&x), far.log_density(&far_x));
    }
}

/// In other units everything is the same, or divided by the unit.
#[test]
fn a_bandwidth_may_be_of_any_size() {
    let (x, y) = (normal(20, 2, 1), normal(30, 2, 2));
    let discrepancy = maximum_mean_discrepancy(&x, &y, 0.7);
    let scores = KernelEstimate { points: y.clone(), sigma: 0.7 }.score(&x);
    for unit in [2.0_f64.powi(-1000), 2.0_f64.powi(-530), 2.0_f64.powi(530), 2.0_f64.powi(1000)] {
        let (x, y) = (x.clone() * unit, y.clone() * unit);
        near(maximum_mean_discrepancy(&x, &y, 0.7 * unit), discrepancy, 1e3); // of roots of sums
        let q = KernelEstimate { points: y, sigma: 0.7 * unit };
        for (score, expected) in q.score(&x).data().iter().zip(scores.data()) {
            assert!((score * unit - expected).abs() < 1e-13, "{unit:e}");
        }
    }
    assert_eq!(maximum_mean_discrepancy(&one(0.0), &one(1.0), 1e-200), 2.0_f64.sqrt());
}

/// One Gaussian: everything is known. The score is −x/v, the Hessian −1/v.
#[test]
fn a_gaussian_is_one_wherever_it_is_looked_at() {
    let q = Mixture::isotropic(1, 1.0);
    for x in [1.0, 1e4, 1e8, 1e10, 1e150, 1e155, -1e160, 1e300, INFINITY, -INFINITY] {
        assert_eq!(q.score(&one(x)).item(), -x);
        assert_eq!(q.hessian(&one(x)).item(), -1.0, "{x}");
        assert_eq!(q.responsibilities(&one(x)).0.item(), 1.0, "{x}");
        near(q.log_density(&one(x)).item(), -0.5 * x * x - 0.5 * TAU.ln(), 8.0);
    }
    for unseen in [q.score(&one(NAN)), q.hessian(&one(NAN)), q.log_density(&one(NAN))] {
        assert!(unseen.item().is_nan());
    }
    // narrow ones, whose precision is or is not a number itself
    near(Mixture::isotropic(1, 1e-300).score(&one(1e5)).item(), -1e305, 8.0);
    assert_eq!(Mixture::isotropic(1, 1e-300).score(&one(1e10)).item(), -INFINITY);
    near(Mixture::isotropic(1, 1e-308).score(&one(1e-160)).item(), -1e148, 8.0);
    let subnormal = Mixture::isotropic(1, 1e-320).score(&one(1e-160)).item();
    assert!((subnormal / -1e160 - 1.0).abs() < 1e-3, "{subnormal}"); // 1e-320 has three digits
    // A coordinate at infinity leaves the others alone.
    let far = Mixture::isotropic(2, 1.0).score(&Matrix::from_rows([[INFINITY, -3.0]]));
    assert_eq!(far, Matrix::from_rows([[-INFINITY, 3.0]]));
    let far = Mixture::isotropic(2, 1.0).score(&Matrix::from_rows([[1.0, NAN]]));
    assert!(far.data().iter().any(|s| s.is_nan()));
}

/// N(±a, v): the odds are e^(2ax/v), so far out the near one has everything.
#[test]
fn of_two_modes_the_near_one_has_everything_far_out() {
    let place = |a: f64| Matrix::from_rows([[a, 0.0]]);
    let two = Mixture::new([-1.0, 1.0].map(|a| (0.5, place(a), diagonal(2, 1.0))));
    for x in [1e3, 1e8, 1e16, 1e17, 1e155, 1e160, 1e300, INFINITY] {
        for side in [-1.0, 1.0] {
            let at = Matrix::from_rows([[side * x, 0.0]]);
            let own = usize::from(side > 0.0);
            assert_eq!(two.responsibilities(&at).0.at(0, own), 1.0, "{x}");
            near(two.score(&at).at(0, 0), side * (1.0 - x), 4.0);
            assert_eq!(two.hessian(&at), diagonal(2, -1.0), "{x}");
        }
        // Between them, however far, both have half, and log q bends up: −1 + a²/v = 0.
        let between = Matrix::from_rows([[0.0, x]]);
        assert_eq!(two.responsibilities(&between).0, Matrix::from_rows([[0.5; 2]]), "{x}");
        assert_eq!(two.hessian(&between), Matrix::from_rows([[0.0, 0.0], [0.0, -1.0]]), "{x}");
        assert_eq!(two.score(&between), Matrix::from_rows([[0.0, -x]]), "{x}");
    }
    // log odds of log 3 at a place where the exponents are 10¹⁶ and more
    for x in [1e8, 1e12, 1e100] {
        let narrow = 3.0_f64.ln() / (4.0 * x);
        let q = Mixture::new([-narrow, narrow].map(|a| (0.5, place(a), diagonal(2, 1.0))));
        near(q.responsibilities(&Matrix::from_rows([[2.0 * x, x]])).0.at(0, 1), 0.75, 16.0);
    }
    // So does the wider one of two in one place, whatever the weights.
    let of = |weight, variance| (weight, Matrix::zeros(1, 1), diagonal(1, variance));
    let wide = Mixture::new([of(1e9, 1.0), of(1e-9, 4.0)]);
    for x in [1e3, 1e155, 1e200, 1e300, INFINITY] {
        assert_eq!(wide.responsibilities(&one(x)).0, Matrix::from_rows([[0.0, 1.0]]), "{x}");
        assert_eq!(wide.score(&one(x)).item(), -x / 4.0);
        assert_eq!(wide.hessian(&one(x)).item(), -0.25);
    }
}

/// A kernel estimate is the mixture of its kernels: also where the nearest point is so by less than
/// the last digit of its distance.
#[test]
fn a_kernel_estimate_far_out_knows_its_nearest_point() {
    for unit in [1.0, 1e-160, 1e160] {
        let points = Matrix::from_rows([[-1.0], [0.5], [1.0]]) * unit;
        let q = KernelEstimate { points, sigma: unit };
        for x in [1e3, 1e8, 1e17, 1e140] {
            for side in [-1.0, 1.0] {
                let at = one(side * x * unit);
                assert_eq!(q.posterior_mean(&at).item(), side * unit, "{x}");
                near(q.score(&at).item(), side * (1.0 - x) / unit, 8.0);
            }
        }
        for side in [-1.0, 1.0] {
            assert_eq!(q.posterior_mean(&one(side * INFINITY)).item(), side * unit);
            assert_eq!(q.score(&one(side * INFINITY)).item(), -side * INFINITY);
            assert_eq!(q.log_density(&one(side * INFINITY)).item(), -INFINITY);
        }
        assert!(q.score(&one(NAN)).item().is_nan() && q.log_density(&one(NAN)).item().is_nan());
    }
    // Their squares overflow, their distances are the same to rounding, and yet one is nearer.
    let q = KernelEstimate { points: Matrix::from_rows([[-1e180], [1e180]]), sigma: 1.0 };
    assert_eq!(q.posterior_mean(&one(1e200)).item(), 1e180);
    near(
        KernelEstimate { points: one(0.0), sigma: 1e-160 }.log_density(&one(0.0)).item(),
        160.0 * 10.0_f64.ln() - 0.5 * TAU.ln(),
        8.0,
    );
}

/// One hidden unit that is on where x is positive: there N(1, ½) is left, and N(0, ½) on the other side.
#[test]
fn a_softplus_energy_far_out_is_one_gaussian() {
    let model = Autoencoder { w: one(1.0), b: one(0.0), c: one(0.0), a: None };
    let q = SoftplusMixture::new(model, 2);
    for x in [1e3, 1e8, 1e150, 1e200, 1e300, INFINITY] {
        near(q.score(&one(x)).item(), 2.0 * (1.0 - x), 8.0);
        near(q.score(&one(-x)).item(), 2.0 * x, 8.0);
        near(q.log_density(&one(-x)).item(), -x * x - q.log_partition(), 8.0);
        near(q.log_density(&one(x)).item(), x * (2.0 - x) - q.log_partition(), 8.0);
    }
    assert!(q.score(&one(NAN)).item().is_nan() && q.log_density(&one(NAN)).item().is_nan());
}
