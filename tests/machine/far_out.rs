//! Densities and distances far from the origin, at the edge of a support and at infinity: what is known
//! there on paper is what the program says.

use proptest::prelude::*;
use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    density::{
        Boltzmann, Density, KernelEstimate, Mixture,
        Univariate::{self, Cauchy, Exponential, Gamma, Laplace, Logistic, Quartic, Uniform},
        mixture::diagonal,
        univariate::ln_gamma,
    },
    discrepancy::{maximum_mean_discrepancy, median_distance, nearest},
    matrix::{
        door::Door,
        noise::{Generator, standard_normal},
    },
    quadrature::Rule,
    statistics::Scatter,
};
use std::f64::consts::{PI, TAU};

const INFINITY: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

fn one(x: f64) -> Matrix {
    Matrix::from_rows([[x]])
}

fn normal(n: usize, d: usize, seed: u64) -> Matrix {
    standard_normal(n, d, &mut Generator::seed_from_u64(seed))
}

/// Equal, both not numbers, or within `roundings` half units in the last place of the right one.
#[track_caller]
fn near(found: f64, right: f64, roundings: f64) {
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

/// (density, x, log q(x), score), at the edges and far out; mpmath agrees.
#[test]
fn densities_on_the_line_are_right_at_their_edges_and_far_out() {
    let cases = [
        (Gamma { shape: 1.0 }, 0.0, 0.0, -1.0),
        (Gamma { shape: 1.0 }, -0.0, 0.0, -1.0),
        (Gamma { shape: 2.0 }, 0.0, -INFINITY, INFINITY),
        (Gamma { shape: 2.0 }, -0.0, -INFINITY, INFINITY),
        (Gamma { shape: 0.5 }, 0.0, INFINITY, -INFINITY),
        (Gamma { shape: 0.5 }, INFINITY, -INFINITY, -1.0),
        (Gamma { shape: 1.0 }, INFINITY, -INFINITY, -1.0),
        (Gamma { shape: 2.0 }, INFINITY, -INFINITY, -1.0),
        (Gamma { shape: 2.0 }, 1e300, -1e300, -1.0),
        (Exponential { rate: 1.0 }, 0.0, 0.0, -1.0),
        (Exponential { rate: 2.0 }, INFINITY, -INFINITY, -2.0),
        (Uniform, 0.0, 0.0, 0.0),
        (Uniform, 1.0, 0.0, 0.0),
        (Cauchy, 1e200, -922.178_767_083_467_7, -2e-200),
        (Cauchy, -1e308, -2.0 * 308.0 * 10.0_f64.ln() - PI.ln(), 2e-308),
        (Cauchy, 1e-200, -PI.ln(), -2e-200),
        (Cauchy, INFINITY, -INFINITY, 0.0),
        (Logistic { scale: 1.0 }, 1e308, -1e308, -1.0),
        (Logistic { scale: 1.0 }, -800.0, -800.0, 1.0),
        (Logistic { scale: 1e-300 }, INFINITY, -INFINITY, -1e300),
        (Laplace { scale: 1e308 }, 0.0, -309.0 * 10.0_f64.ln() + 5.0_f64.ln(), 0.0),
        (Laplace { scale: 1e-308 }, 0.0, 308.0 * 10.0_f64.ln() - 2.0_f64.ln(), 0.0),
        (Laplace { scale: 2.0 }, -INFINITY, -INFINITY, 0.5),
        (Quartic { theta: 1e-300 }, 1e100, -1e100, -4.0),
        (
            Quartic { theta: 1e308 },
            1e-77,
            -1.0 - 2.0_f64.ln() - ln_gamma(1.25) + 77.0 * 10.0_f64.ln(),
            -4e77,
        ),
        (Quartic { theta: 1.0 }, INFINITY, -INFINITY, -INFINITY),
    ];
    for (q, x, log, score) in cases {
        println!("{q:?} at {x}");
        near(q.log_density_at(x), log, 32.0);
        near(q.score_at(x), score, 16.0);
        assert_eq!(q.log_density(&one(x)).item(), q.log_density_at(x));
        assert!(q.log_density_at(NAN).is_nan() && q.score_at(NAN).is_nan());
    }
    for (q, x) in [
        (Uniform, -1e-300),
        (Uniform, 1.1),
        (Exponential { rate: 1.0 }, -1e-300),
        (Gamma { shape: 1.0 }, -1.0),
    ] {
        assert_eq!(q.log_density_at(x), -INFINITY);
    }
}

#[test]
fn samples_are_finite_where_the_truth_is() {
    let extremes: [Univariate; 9] = [
        Quartic { theta: 1e-310 },
        Quartic { theta: 1e308 },
        Laplace { scale: 1e306 },
        Laplace { scale: 1e-310 },
        Exponential { rate: 1e-306 },
        Exponential { rate: 1e308 },
        Logistic { scale: 1e305 },
        Gamma { shape: 1e300 },
        Gamma { shape: 1e-3 },
    ];
    for q in extremes {
        let sample = q.sample(1000, &mut Generator::seed_from_u64(1));
        assert!(sample.is_finite(), "{q:?}");
        let size = Scatter::of(sample.data()).deviation();
        let expected = match q {
            // 𝔼x² = Γ(¾)/Γ(¼)/√θ
            Quartic { theta } => 0.337_989_f64.sqrt() / theta.sqrt().sqrt(),
            Laplace { scale } => 2.0_f64.sqrt() * scale,
            Exponential { rate } => 1.0 / rate,
            Logistic { scale } => PI / 3.0_f64.sqrt() * scale,
            Gamma { .. } => size,
            Uniform | Cauchy => unreachable!("not among them"),
        };
        // Of 1000 the deviation is within a third; of the gamma laws one has rare large values, and the
        // other one's deviation is less than the distance of two f64.
        if !matches!(q, Gamma { .. }) {
            assert!((size / expected - 1.0).abs() < 0.34, "{q:?}: {size:e} {expected:e}");
        }
    }
}

/// By mpmath, to 20 digits, at the f64 nearest to the a written here.
#[test]
fn ln_gamma_has_all_its_digits_also_at_its_zeros() {
    let known = [
        (0.001, 6.907_178_885_383_853),
        (0.25, 1.288_022_524_698_077_4),
        (0.4999, 0.572_561_318_604_118_4),
        (0.75, 0.203_280_951_431_295_38),
        (0.9999, 5.772_979_156_119_386e-5),
        (1.000_000_01, -5.772_156_531_688_512e-9),
        (1.3, -0.108_174_809_507_860_49),
        (1.5, -0.120_782_237_635_245_22),
        (1.9, -0.038_984_275_923_083_36),
        (2.000_000_1, 4.227_843_666_532_498e-8),
        (2.3, 0.154_189_454_959_630_46),
        (2.5, 0.284_682_870_472_919_2),
        (2.75, 0.475_214_666_914_937_13),
        (3.0, std::f64::consts::LN_2),
        (5.5, 3.957_813_967_618_716_5),
        (9.4, 11.470_116_682_344_32),
        (9.6, 11.909_660_154_858_76),
        (12.3, 18.238_983_407_092_245),
        (100.5, 361.435_540_467_777_6),
        (1e10, 220_258_509_288.810_58),
        (1e-300, 690.775_527_898_213_7),
        (1e300, 6.897_755_278_982_137e302),
        (1.0, 0.0),
        (2.0, 0.0),
        (INFINITY, INFINITY),
        (1e306, INFINITY),
    ];
    for (a, right) in known {
        println!("{a}");
        near(ln_gamma(a), right, 32.0);
    }
    assert!(ln_gamma(NAN).is_nan());
}

#[test]
fn an_energy_may_be_infinite_but_not_everywhere_and_never_not_a_number() {
    let rule = || Rule::trapezoid(-1.0, 1.0, 4);
    // ∞ where x < 0 and 10³⁰⁸ at 0: half a box, whose e^(−E) alone would underflow
    let half = Boltzmann::new(|x| (-*x).relu() * 1e308 * 1e10 + 700.0, rule());
    assert!(half.log_partition().is_finite());
    let sample = half.sample(100, &mut Generator::seed_from_u64(1));
    assert!(sample.data().iter().all(|&x| x >= 0.0));
    assert_eq!(half.log_density(&one(-0.5)).item(), -INFINITY);
    let refused = |shift: f64, weight: f64| {
        let rule = Rule { weights: rule().weights * weight, ..rule() };
        std::panic::catch_unwind(|| Boltzmann::new(move |x| x.squared_norm() + shift, rule))
            .is_err()
    };
    assert!(!refused(0.0, 1.0) && !refused(1e300, 1.0));
    assert!(refused(NAN, 1.0) && refused(INFINITY, 1.0) && refused(-INFINITY, 1.0));
    assert!(refused(0.0, 0.0) && refused(0.0, -1.0) && refused(0.0, NAN));
}

#[test]
fn a_scatter_has_no_units() {
    for unit in [1.0, 2.0_f64.powi(-700), 2.0_f64.powi(700), 2.0_f64.powi(1020)] {
        let scatter = Scatter::of(&[1.0, 2.0, 6.0].map(|v| v * unit));
        assert_eq!((scatter.mean, scatter.deviation()), (3.0 * unit, 7.0_f64.sqrt() * unit));
        assert_eq!(scatter.standard_error(), (7.0_f64 / 3.0).sqrt() * unit);
    }
    assert_eq!(Scatter::of(&[1.7e308, 1.7e308]).mean, 1.7e308);
    assert!(Scatter::of(&[]).mean.is_nan() && Scatter::of(&[1.0, NAN]).variance.is_nan());
}
