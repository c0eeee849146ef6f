//! T13: what random directions estimate, and how well.
//!
//! Over signs every expectation is an average of 2ᵈ numbers, so mean and variance are exact. Over
//! Gaussian directions and over the sphere they are sampled: within 6 standard errors, while on the
//! same draws the nearest false statement misses by 10.

use proptest::prelude::*;
use rand::SeedableRng;
use score_matching::{
    Array, Dual, Matrix,
    array::{Function, Linear},
    identity::{
        OldCheck,
        traces::{
            Instance, by_hand,
            probes::{Field, exactly, over_all_signs, with_unit_norm},
        },
    },
    matrix::{Real, noise::Generator},
    model::Parameters,
    objective::{
        implicit,
        sliced::{Probe, all_signs, hutchinson, sliced},
    },
};

#[allow(dead_code, reason = "what is compared there belongs to tests/theorems/formulas.rs")]
use crate::rounding::{ORDER, Rounded};
use std::cmp::Ordering;

fn generator(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

proptest! {
    #![proptest_config(crate::common::config(200))]

    /// Up to 1024 vectors of signs, whole numbers: nothing rounds, and nothing is sampled.
    #[test]
    fn over_all_signs_mean_and_variance_are_exact(d in 1..=10_usize, seed: u64) {
        let field = Field::whole(d, &mut generator(seed));
        prop_assert!(exactly(&field).holds(), "{:?}", over_all_signs(&field));
        prop_assert_eq!(over_all_signs(&field).left[..4].to_vec(), in_integers(&field));
    }

    /// Unit vectors give tr A/d: exactly a 1/d of it where √d is whole.
    #[test]
    fn directions_of_unit_norm_give_the_trace_over_d(seed: u64) {
        let field = Field::whole(4, &mut generator(seed));
        let unit = all_signs(4) * 0.5;
        prop_assert_eq!(field.quadratic(&unit).mean().item(), field.trace() / 4.0);
    }

    /// At every point of a network: 𝔼 over all signs is implicit score matching, with the exact
    /// norm (the variance-reduced form) and without.
    #[test]
    fn sliced_score_matching_has_implicit_score_matching_for_its_mean(seed: u64) {
        let Instance { network, x } = Instance::any(2, &mut generator(seed));
        let [exact, _] = by_hand::network(&network, &x);
        let ((n, d), lifted) = (x.shape(), network.clone().map(|p| Dual::constant(&p)));
        let v = all_signs(d).linear(Linear::Tile(n));
        let reduced = implicit(hutchinson(|x| lifted.score(x), &x, &v));
        let plain = sliced(|x| lifted.score(x), &x, &v);
        let bound = network.map(|p| Dual::constant(&Rounded::exact(&p)));
        let (x, v) = (Rounded::exact(&x), Rounded::exact(&v));
        let bounds = [
            implicit(hutchinson(|x| bound.score(x), &x, &v)),
            sliced(|x| bound.score(x), &x, &v),
        ];
        for (found, bound) in [reduced, plain].iter().zip(bounds) {
            for i in 0..n {
                let gap = (found.at(i, 0) - exact[2].at(i, 0)).abs();
                let allowed = ORDER * f64::UNIT_ROUNDOFF * bound.error.at(i, 0);
                prop_assert!(gap <= allowed, "{gap:e} > {allowed:e}");
            }
        }
    }
}

/// Mean and variance over all signs of both estimates, in integers: twice ½(vᵀp)² is whole.
fn in_integers(field: &Field) -> Vec<Matrix> {
    let d = field.dimension();
    let whole = |v: f64| {
        assert_eq!(v.fract(), 0.0);
        v as i128
    };
    let (a, p) = (|i, k| whole(field.a.at(i, k)), |i| whole(field.p.at(0, i)));
    let (mut quadratic, mut both) = (vec![], vec![]); // doubled
    for bits in 0..1_u32 << d {
        let sign = |i: usize| if bits >> i & 1 == 0 { 1 } else { -1 };
        let q: i128 = (0..d)
            .flat_map(|i| (0..d).map(move |k| (i, k)))
            .map(|(i, k)| sign(i) * a(i, k) * sign(k))
            .sum();
        let along: i128 = (0..d).map(|i| sign(i) * p(i)).sum();
        quadratic.push(2 * q);
        both.push(along * along + 2 * q);
    }
    // N² var = N Σq² − (Σq)², N = 2ᵈ, and a factor 4 for the doubling
    let moments = |values: &[i128]| {
        let count = values.len() as i128;
        let (sum, squares): (i128, i128) =
            (values.iter().sum(), values.iter().map(|v| v * v).sum());
        let number = |value: i128, unit: f64| {
            let odd = value >> value.trailing_zeros().min(126);
            assert!(odd.abs() < 1 << 53, "over the bit budget");
            Matrix::from_rows([[value as f64 / unit]])
        };
        let n = count as f64;
        [number(sum, 2.0 * n), number(count * squares - sum * sum, 4.0 * n * n)]
    };
    [moments(&quadratic), moments(&both)].concat()
}

/// A matrix far from symmetric, and whose diagonal is neither 0 nor constant.
fn lopsided() -> Field {
    let a = Matrix::from_fn(6, 6, |i, j| match i.cmp(&j) {
        Ordering::Less => ((i * 7 + j * 3) % 5) as f64,
        Ordering::Equal => i as f64 + 1.0,
        Ordering::Greater => -3.0,
    });
    Field { a, p: Matrix::from_rows([[2.0, -4.0, 0.0, 6.0, -2.0, 4.0]]) }
}

const DRAWS: usize = 200_000;
const LAWS: [Probe; 3] = [Probe::Rademacher, Probe::Gaussian, Probe::Sphere];

/// (q − μ)², whose mean is the variance.
fn squares(values: &Matrix, mean: f64) -> Vec<f64> {
    values.data().iter().map(|q| (q - mean) * (q - mean)).collect()
}

/// Monte Carlo, seed 13, 2·10⁵ directions of each law.
#[test]
fn every_law_has_the_trace_for_its_mean_and_its_own_variance() {
    let field = lopsided();
    for law in LAWS {
        let v = law.draw(DRAWS, 6, &mut generator(13));
        let estimates = [
            (field.quadratic(&v), field.trace(), field.a.clone()),
            (field.sliced(&v), field.implicit(), field.with_square()),
        ];
        for (values, mean, form) in estimates {
            let check = OldCheck::monte_carlo(values.data(), mean);
            assert!(check.holds(), "mean, {law:?}: {check:?}");
            let squares = squares(&values, mean);
            let check = OldCheck::monte_carlo(&squares, law.variance(&form));
            println!(
                "{law:?}: variance {:.1}, {:.1} standard errors",
                law.variance(&form),
                check.residual
            );
            assert!(check.holds(), "variance, {law:?}: {check:?}");
        }
    }
}

/// The false neighbours, on the same draws: at least 10 standard errors off.
#[test]
fn false_means_and_variances_are_caught() {
    let field = lopsided();
    let (trace, all) = (field.trace(), field.a.squared_norm().sum().item());
    let diagonal: f64 = (0..6).map(|i| field.a.at(i, i).powi(2)).sum();
    for law in LAWS {
        let v = law.draw(DRAWS, 6, &mut generator(13));
        let values = field.quadratic(&v);
        let off = |values: &[f64], wrong: f64| {
            let check = OldCheck::monte_carlo(values, wrong);
            println!("{law:?}: {:.0} standard errors", check.residual);
            assert!(check.residual > 10.0, "{law:?}: {check:?}");
        };
        let unit = v.clone() * (1.0 / 6.0_f64.sqrt());
        off(field.quadratic(&unit).data(), trace); // of unit norm, in the mean
        let squares = squares(&values, trace);
        // A in place of its symmetric part
        off(
            &squares,
            match law {
                Probe::Rademacher => 2.0 * (all - diagonal),
                Probe::Gaussian => 2.0 * all,
                Probe::Sphere => 2.0 * 6.0 / 8.0 * (all - trace * trace / 6.0),
            },
        );
        // one law's variance taken for another's
        for other in LAWS.into_iter().filter(|other| *other != law) {
            off(&squares, other.variance(&field.a));
        }
    }
}

/// tr A/d in place of tr A: off by 1 − 1/d.
#[test]
fn unit_norm_misses_by_all_but_one_dth() {
    let miss = with_unit_norm(&lopsided()).residual;
    assert!((miss - 5.0 / 6.0).abs() < 1e-12, "{miss}");
}

/// Without the trace the value is another one: the checks above see the Jacobian.
#[test]
fn the_mean_of_the_norm_alone_is_not_implicit_score_matching() {
    let instance = Instance::random((4, &[3, 6, 5, 3]), Function::Tanh, &mut generator(4));
    let [exact, _] = by_hand::network(&instance.network, &instance.x);
    let norm = exact[0].squared_norm() * 0.5;
    let miss = (norm - &exact[2]).squared_norm().sum().item().sqrt();
    assert!(miss > 0.1, "{miss}");
}
