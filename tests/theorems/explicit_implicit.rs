//! T2, T3 and T6: explicit and implicit score matching differ by a constant.
//!
//! In integers for polynomials under a Gaussian; by quadrature, to a rounding bound and with the
//! steps halved, for random networks, energies and mixtures; by Monte Carlo where there are too many
//! dimensions for a grid. Each way the nearest false rules are caught.

use proptest::prelude::*;
use rand::SeedableRng;
use score_matching::{
    Array, Dual, Matrix,
    density::{Density, Mixture},
    identity::{
        OldCheck,
        explicit_implicit::{
            CleanPoint, Instance, Model, by_parts, density_gradient, doubled, equivalence,
            expanded_square,
            failures::{heavy_tailed_terms, heavy_tails_within, leak, leaking_field},
            gradients, noisy_equivalence,
            polynomial::{
                self, Dyadic, Field, Polynomial, noisy_explicit_is_implicit, pairings, stein,
            },
        },
    },
    matrix::noise::{Generator, standard_normal},
    objective::{explicit, implicit},
    quadrature::Rule,
};

/// Steps along an axis before doubling, in one and in two dimensions: see [`Instance::rule`].
const STEPS: [usize; 2] = [512, 104];

fn instance(d: usize, seed: u64) -> Instance {
    Instance::random(d, &mut Generator::seed_from_u64(seed))
}

proptest! {
    #![proptest_config(crate::common::config(250))]

    /// T2 in one dimension.
    #[test]
    fn explicit_is_implicit_plus_half_the_fisher_information(seed: u64) {
        let instance = instance(1, seed);
        let check = doubled(|steps| equivalence(&instance, steps), STEPS[0]);
        prop_assert!(check.holds() && check.tolerance < 1e-11, "{check:?}");
    }

    /// T6 in one dimension.
    #[test]
    fn around_a_clean_point_explicit_is_implicit_plus_a_constant(seed: u64) {
        let point = CleanPoint::random(1, &mut Generator::seed_from_u64(seed));
        let check = doubled(|steps| noisy_equivalence(&point, steps), STEPS[0]);
        prop_assert!(check.holds() && check.tolerance < 1e-10, "{check:?}");
    }

    /// The steps of the proof that hold at every point.
    #[test]
    fn the_square_expands_and_q_times_its_score_is_its_gradient(seed: u64, d in 1..=2_usize) {
        let instance = instance(d, seed);
        let x = standard_normal(16, d, &mut Generator::seed_from_u64(seed)) * 2.0;
        let (psi, _) = instance.model.score_and_trace(&x);
        let square = expanded_square(&psi, &instance.density.score(&x));
        prop_assert!(square.agree(), "{} > {}", square.residual(), square.tolerance());
        let slope = density_gradient(&instance, &x);
        prop_assert!(slope.agree(), "{} > {}", slope.residual(), slope.tolerance());
    }

    /// T3 in one dimension, and the gradients of T2.
    #[test]
    fn parts_integrate_and_the_two_gradients_in_theta_are_equal(seed: u64) {
        let instance = instance(1, seed);
        let check = doubled(|steps| by_parts(&instance, steps)[0], STEPS[0]);
        prop_assert!(check.holds(), "{check:?}");
        let (coarse, fine) = (gradients(&instance, 256), gradients(&instance, 512));
        prop_assert!(fine.agree(), "{} > {}", fine.residual(), fine.tolerance());
        let mut between = fine.clone();
        between.right = coarse.left;
        prop_assert!(between.agree(), "not converged: {}", between.residual());
    }

    /// T3, T2 and T6 for polynomial scores under N(0, I), in integers.
    #[test]
    fn stein_explicit_implicit_and_the_clean_point_are_exact_on_polynomials(
        seed: u64,
        d in 1..=3_usize,
        degree in 0..=4_usize,
        x in prop::array::uniform3(-32..=32_i128),
        k in -2..=3_i32,
    ) {
        let field = Field::random(d, degree, &mut Generator::seed_from_u64(seed));
        for (left, right) in [
            stein(&field),
            polynomial::explicit_is_implicit(&field),
            noisy_explicit_is_implicit(&field, &x[..d], k),
        ] {
            prop_assert_eq!(left, right);
        }
    }
}

/// The worst of many random checks, all of which hold, within `bound`.
fn worst(name: &str, cases: u64, bound: f64, check: impl Fn(&mut Generator) -> OldCheck) {
    let mut residual: f64 = 0.0;
    for seed in 0..cases {
        let check = check(&mut Generator::seed_from_u64(seed));
        assert!(check.holds() && check.tolerance < bound, "seed {seed}: {check:?}");
        residual = residual.max(check.residual);
    }
    println!("{name}: {cases} random instances, the largest relative residual is {residual:.1e}");
}

/// T2 in the plane.
#[test]
fn explicit_is_implicit_plus_half_the_fisher_information_in_the_plane() {
    worst("T2, d = 2", 200, 1e-9, |rng| {
        let instance = Instance::random(2, rng);
        doubled(|steps| equivalence(&instance, steps), STEPS[1])
    });
}

#[test]
fn around_a_clean_point_in_the_plane() {
    worst("T6, d = 2", 40, 1e-10, |rng| {
        let point = CleanPoint::random(2, rng);
        doubled(|steps| noisy_equivalence(&point, steps), STEPS[1])
    });
}

/// T3 in the plane, for each coordinate by itself; and the gradients.
#[test]
fn parts_integrate_coordinate_by_coordinate() {
    for i in 0..2 {
        worst(&format!("T3, coordinate {}", i + 1), 10, 1e-9, |rng| {
            let instance = Instance::random(2, rng);
            doubled(|steps| by_parts(&instance, steps)[i], STEPS[1])
        });
    }
    worst("∇T2, d = 2", 10, 1e-9, |rng| gradients(&Instance::random(2, rng), STEPS[1]).check());
}

/// Every way to put the points into pairs, one by one.
fn enumerate(points: &[usize]) -> i128 {
    let Some((_, rest)) = points.split_first() else { return 1 };
    let without = |i: usize| [&rest[..i], &rest[i + 1..]].concat();
    (0..rest.len()).map(|i| enumerate(&without(i))).sum()
}

/// The moments, three ways: counted by arcs, enumerated, and n!/(2ᵏ k!) from the series of e^(t²/2).
#[test]
fn the_moments_of_a_gaussian_count_pairings() {
    let points: Vec<usize> = (0..12).collect();
    for n in 0..=12 {
        assert_eq!(pairings(n), Some(enumerate(&points[..n])), "{n} points");
    }
    let factorial = |n: usize| (1..=n as i128).product::<i128>();
    for n in (0..=32).step_by(2) {
        assert_eq!(pairings(n), Some(factorial(n) / (factorial(n / 2) << (n / 2))), "{n} points");
        assert_eq!(pairings(n + 1), Some(0));
    }
    assert!(pairings(56).is_some() && pairings(58).is_none(), "the 56th is the last that fits");
}

/// T3 on every monomial within reach: 𝔼[x · xⁱ] = 𝔼[i xⁱ⁻¹]. By linearity this is every polynomial
/// of degree up to 55; products of moments carry it to every dimension.
#[test]
fn stein_holds_in_integers_up_to_the_56th_moment() {
    for i in 0..=55 {
        let (left, right) = stein(&Field(vec![Polynomial::monomial(vec![i], Dyadic::new(1, 0))]));
        assert_eq!(left, right, "x^{i}");
        assert_eq!(left.numerator == 0, i % 2 == 0);
    }
}

/// Polynomials are dense where it counts. With ψ_N the first N terms of the Hermite series,
///
/// |𝔼[xψ − ψ′]| = |𝔼[x(ψ − ψ_N) − (ψ − ψ_N)′]| ≤ √2 (𝔼[(ψ − ψ_N)² + (ψ − ψ_N)′²])^½
///
/// since T3 is exact for ψ_N and 𝔼x² = 1; and the right side goes to 0.
#[test]
fn stein_extends_from_polynomials_to_networks() {
    let rule = Mixture::isotropic(1, 1.0).rule(&Rule::trapezoid(-28.0, 28.0, 2048));
    let x = &rule.nodes;
    let norm = |f: &Matrix| rule.integrate(&f.squared_norm()).sqrt();
    let mut hermite = vec![Matrix::from_fn(x.rows(), 1, |_, _| 1.0), x.clone()]; // orthonormal
    for n in 1..96 {
        let next = x.clone() * &hermite[n] - hermite[n - 1].clone() * (n as f64).sqrt();
        hermite.push(next * (1.0 / (n as f64 + 1.0).sqrt()));
    }
    let slope = |n: usize| match n {
        0 => hermite[0].clone() * 0.0,
        _ => hermite[n - 1].clone() * (n as f64).sqrt(), // hₙ′ = √n hₙ₋₁
    };
    for seed in 0..20 {
        let model = Model::random(1, &mut Generator::seed_from_u64(seed));
        let (mut rest, mut rest_slope) = model.score_and_trace(x);
        let (cross, trace) = (rest.inner(x), rest_slope.clone());
        let defect = (rule.integrate(&cross) - rule.integrate(&trace)).abs();
        let mut distances = vec![];
        for (n, h) in hermite.iter().enumerate() {
            let c = rule.integrate(&rest.inner(h));
            rest = rest - h.clone() * c;
            rest_slope = rest_slope - slope(n) * c;
            distances.push(norm(&rest).hypot(norm(&rest_slope)));
        }
        let (first, last) = (distances[0], distances[distances.len() - 1]);
        assert!(distances.windows(2).all(|d| d[1] <= d[0] * (1.0 + 1e-12)), "seed {seed}");
        assert!(last < 1e-2 * first.max(norm(&trace)), "seed {seed}: {first:e} to {last:e}");
        assert!(defect <= 2.0_f64.sqrt() * last + 1e-12, "seed {seed}: {defect:e}, {last:e}");
    }
    // Without the slopes in the norm it would not do: hₙ/√n goes to 0, its slope does not.
    let n = 95;
    let shrinking = 1.0 / (n as f64).sqrt();
    assert!((norm(&hermite[n]) * shrinking - shrinking).abs() < 1e-12);
    assert!((norm(&slope(n)) * shrinking - 1.0).abs() < 1e-12);
}

/// T2 in 8 dimensions: ESM, ISM and ½‖∇ log q‖² on the same 20 000 samples. The false rules are
/// tried on the same draws.
#[test]
fn explicit_is_implicit_in_eight_dimensions() {
    let (n, d) = (20_000, 8);
    for seed in [1, 2, 4, 6, 10, 11] {
        let Instance { model, density, .. } = instance(d, seed);
        let x = density.sample(n, &mut Generator::seed_from_u64(seed));
        let (data_score, (psi, diagonal)) = (density.score(&x), model.score_and_diagonal(&x));
        let trace = diagonal.clone().sum_over_dimensions();
        let difference = |trace: &Matrix| {
            let implicit = implicit((psi.clone(), trace.clone()));
            let rest = implicit + data_score.squared_norm() * 0.5;
            let left = explicit(psi.clone(), &data_score);
            OldCheck::monte_carlo((left - rest).data(), 0.0)
        };
        let right = difference(&trace);
        assert!(right.holds(), "seed {seed}: {right:?}");
        let first = Matrix::from_fn(n, 1, |i, _| diagonal.at(i, 0));
        for (rule, wrong) in [
            ("the trace with the other sign", -trace.clone()),
            ("the trace over d", trace.clone() * (1.0 / d as f64)),
            ("the first coordinate alone", first),
        ] {
            let miss = difference(&wrong);
            println!(
                "seed {seed}: {:.1} standard errors; {rule}: {:.0}",
                right.residual, miss.residual
            );
            assert!(miss.residual > 10.0, "seed {seed}, {rule}: {miss:?}");
        }
    }
}

/// False rules for the right side of T2 on ψ = (3 − x)/σ², whose trace is −2/σ²: each misses by a
/// known amount.
#[test]
fn not_with_another_trace_or_another_half() {
    let mut instance = instance(2, 5);
    instance.model = Model::linear(Matrix::from_rows([[3.0, 3.0]]), 1.0);
    let rule = instance.rule(2 * STEPS[1]);
    let data_score = instance.density.score(&rule.nodes);
    let (psi, diagonal) = instance.model.score_and_diagonal(&rule.nodes);
    let information = instance.density.fisher_information(&rule);
    let esm = rule.integrate(&explicit(psi.clone(), &data_score));
    let ism = |trace: &Matrix| rule.integrate(&implicit((psi.clone(), trace.clone())));
    let trace = diagonal.clone().sum_over_dimensions();
    let miss = |wrong: f64| (esm - wrong).abs();
    let first = Matrix::from_fn(trace.rows(), 1, |i, _| diagonal.at(i, 0));
    let clamp = |m: &Matrix| Matrix::from_fn(m.rows(), 2, |i, j| m.at(i, j).clamp(-1.0, 1.0));
    let clamped = rule.integrate(&implicit((clamp(&psi), trace.clone())));

    assert!(miss(ism(&trace) + 0.5 * information) < 1e-10, "the truth");
    assert!(miss(ism(&-trace.clone()) + 0.5 * information) > 3.9, "the trace with the other sign");
    assert!(miss(ism(&first) + 0.5 * information) > 0.9, "the first coordinate alone");
    assert!(miss(ism(&(trace.clone() * 0.5)) + 0.5 * information) > 0.9, "the trace over d");
    assert!(miss(ism(&trace) + information) > 0.5, "I(q) without its half");
    assert!(miss(ism(&trace)) > 0.5, "the constant left out");
    assert!(miss(0.5 * (ism(&trace) + 0.5 * information)) > 2.0, "a mean over the dimensions");
    assert!(miss(clamped + 0.5 * information) > 1.0, "a score that is clamped silently");
    // Without its half ESM is 2 ISM + I(q), and not ISM + ½ I(q).
    let without_half = rule.integrate(&(psi.clone() - &data_score).squared_norm());
    assert!((without_half - 2.0 * ism(&trace) - information).abs() < 1e-10);
    assert!((without_half - ism(&trace) - 0.5 * information).abs() > 4.0);
}

/// The false rules in integers: ψ = x has 𝔼 tr ∂ψ/∂x = d.
#[test]
fn not_with_another_sign_or_factor_in_integers() {
    let field = Field((0..3).map(|i| Polynomial::variable(i, 3)).collect());
    assert_eq!(stein(&field), (Dyadic::new(3, 0), Dyadic::new(3, 0)));
    let (left, right) = polynomial::explicit_is_implicit(&field);
    assert_eq!((left, right), (Dyadic::new(12, 0), Dyadic::new(12, 0))); // ‖2x‖², ‖x‖² + 2·3 + ‖x‖²
}

/// T3's counterexample: under a Cauchy density the integrand is 1 at every point.
#[test]
fn heavy_tails_leave_a_boundary_term() {
    let x = Matrix::from_fn(2001, 1, |i, _| 0.01 * (i as f64 - 1000.0));
    let (cross, slope) = heavy_tailed_terms(&x);
    for (cross, slope) in cross.data().iter().zip(slope.data()) {
        // Ten roundings of a term.
        assert!(
            (cross + slope - 1.0).abs() <= 10.0 * f64::EPSILON * (1.0 + 2.0 * slope),
            "{slope}"
        );
    }
    for r in [1.0_f64, 10.0, 100.0] {
        let balance = heavy_tails_within(r);
        let boundary = 2.0 / std::f64::consts::PI * r.atan(); // [qψ] from −r to r
        assert!((balance.left - balance.right - boundary).abs() < 1e-12 * balance.scale);
    }
}

/// Decay of qψ alone is not enough: x/(1 + ‖x‖²) → 0, but 2πr/(1 + r²) · r goes through a circle.
#[test]
fn a_field_that_vanishes_may_still_leak() {
    let check = doubled(leak, 512);
    assert!(check.holds(), "{check:?}");
    assert!(leak(512).left > 6.0, "not 0");
    let far = Matrix::from_rows([[1e6, 0.0], [0.0, -1e6]]);
    assert!(leaking_field(&Dual::constant(&far)).value.data().iter().all(|v| v.abs() <= 1e-6));
}
