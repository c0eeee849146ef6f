//! What stands behind T2, T3 and T6 beyond their claims: the plane, the moments that the proofs rest
//! on, the way from polynomials to networks, and how much the counterexamples miss by.

use rand::SeedableRng;
use score_matching::{
    Dual, Matrix,
    grid::polynomial::pairings,
    identity::{
        Sides,
        explicit_implicit::{
            AnyScore, KINDS, ScoreAroundPoint, ScoreUnderMixture, density_gradient, equivalence,
            failures::{heavy_tailed_terms, heavy_tails_within, leak, leaking_field},
            hermite::approximation,
            integrals_by_parts, noisy_equivalence,
        },
    },
    matrix::noise::{Generator, standard_normal},
};

/// Steps along each axis of the plane before doubling: see [`ScoreUnderMixture::rule`].
const STEPS: usize = 104;

/// T2 with its gradients, T3 coordinate by coordinate and T6 in the plane. A formula that is wrong is
/// wrong on almost every instance, so what counts are the kinds: each kind of score, three times, under
/// two components or three.
#[test]
fn in_the_plane() {
    for (kind, seed) in (0..KINDS).flat_map(|kind| (0..3).map(move |seed| (kind, seed))) {
        let mut rng = Generator::seed_from_u64(seed);
        let components = 2 + seed as usize % 2;
        let psi = AnyScore::of_kind(kind, 2, &mut rng);
        let instance = ScoreUnderMixture::with(psi.clone(), components, 2, &mut rng);
        let laws = [1, 2].map(|k| instance.at_nodes(k * STEPS));
        let t2 = Sides::doubled(|k| laws[k - 1].integrals(equivalence(&laws[k - 1])));
        let t3 = Sides::doubled(|k| integrals_by_parts(&laws[k - 1]));
        let t6 = Sides::doubled(|k| {
            let around = ScoreAroundPoint::random(psi.clone(), 2, k * STEPS, &mut rng.clone());
            around.law().integrals(noisy_equivalence(&around))
        });
        for (theorem, sides) in [("T2", t2), ("T3", t3), ("T6", t6)] {
            let agree = sides.agree();
            assert!(agree.is_ok(), "{theorem}, kind {kind}, {components} components: {agree:?}");
        }
    }
}

/// q ∇ log q = ∇q, at every point.
#[test]
fn q_times_its_score_is_its_gradient() {
    for seed in 0..200 {
        let mut rng = Generator::seed_from_u64(seed);
        let d = 1 + seed as usize % 2;
        let instance = ScoreUnderMixture::random(d, &mut rng);
        let agree = density_gradient(&instance, &(standard_normal(16, d, &mut rng) * 2.0)).agree();
        assert!(agree.is_ok(), "seed {seed}: {agree:?}");
    }
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

/// Partial sums of the Hermite series approach a network with their slopes, and the defect of T3 is
/// below √2 times what is left.
#[test]
fn stein_extends_from_polynomials_to_networks() {
    const TERMS: usize = 96;
    for seed in 0..20 {
        let psi = AnyScore::random(1, &mut Generator::seed_from_u64(seed));
        let near = approximation(&psi, TERMS);
        let (first, last) = (near.distances[0], near.distances[TERMS - 1]);
        // The basis is orthogonal in this norm too, so a distance cannot grow but by rounding.
        let rounding = 1.0 + 1e-12;
        assert!(near.distances.windows(2).all(|d| d[1] <= d[0] * rounding), "seed {seed}");
        // With poles at a distance a of 0.4 the terms fall as e^(−a √(2n)) = e^(−5.5) = 4·10⁻³.
        assert!(last < 1e-2 * first, "seed {seed}: {first:e} to {last:e}");
        assert!(near.defect <= 2.0_f64.sqrt() * last + near.rounding, "seed {seed}: {near:?}");
        assert!(near.rounding < 1e-10, "{near:?}");
    }
}

/// T3's counterexample: under a Cauchy density the integrand is 1 at every point, and its mean over
/// [−r, r] is what is left at the ends.
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
        let boundary = 2.0 / std::f64::consts::PI * r.atan(); // [qψ] from −r to r
        let agree = Sides::doubled(|k| heavy_tails_within(r, 1024 * k, boundary)).agree();
        assert!(agree.is_ok(), "r = {r}: {agree:?}");
    }
}

/// Decay of qψ alone is not enough: x/(1 + ‖x‖²) → 0, but 2πr/(1 + r²) · r goes through a circle.
#[test]
fn a_field_that_vanishes_may_still_leak() {
    let agree = Sides::doubled(|k| leak(512 * k, std::f64::consts::TAU)).agree();
    assert!(agree.is_ok(), "{agree:?}");
    let far = Matrix::from_rows([[1e6, 0.0], [0.0, -1e6]]);
    assert!(leaking_field(&Dual::constant(&far)).value.data().iter().all(|v| v.abs() <= 1e-6));
}
