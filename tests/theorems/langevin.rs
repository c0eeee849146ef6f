//! T21: the analysis behind the bias of a step, margins, and the Metropolis rule among wrong ones.
//!
//! Measured over many chains in `stationary_variance.rs`.

use proptest::prelude::*;
use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    density::{Density, Mixture, mixture::diagonal},
    identity::{
        Sides,
        langevin::{
            Smooth, biased_variance, conventions, generator, mixture, place, stationary_variance,
            variances,
        },
    },
    matrix::{
        Real,
        cholesky::Cholesky,
        noise::{Generator, standard_normal},
    },
    quadrature::Rule,
    sampler::{
        Step,
        metropolis::{log_acceptance, log_proposal},
    },
};

const U: f64 = f64::UNIT_ROUNDOFF;

proptest! {
    #![proptest_config(crate::common::config(200))]

    /// For every ε whose half is a normal number, from the smallest to the largest.
    #[test]
    fn both_conventions_are_one_chain_bit_for_bit(
        seed: u64, exponent in -1020..1020_i32, m in 1.0..2.0_f64
    ) {
        let mut rng = Generator::seed_from_u64(seed);
        let [x, score, z] = [(); 3].map(|()| standard_normal(4, 3, &mut rng));
        let epsilon = m * 2.0_f64.powi(exponent);
        // The constants themselves: in a sum a far larger term would hide a rounded one.
        prop_assert_eq!(Step::halved(epsilon), Step::doubled(0.5 * epsilon));
        let sides = conventions(&x, &score, &z, epsilon);
        prop_assert!(sides.agree().is_ok(), "{:?}", sides);
        // In the wrong convention (α, √(2α)) with α = ε, both constants are others.
        prop_assert_ne!(Step::doubled(m), Step::halved(m));
    }

    /// The recursion contracts by (1 − ε/(2v))², so its rounding errors add up to at most
    /// 8 u/(1 − that); the closed form passes through 8 roundings, magnified by as much at 1 − ε/(4v).
    #[test]
    fn the_stationary_variance_is_v_over_one_minus_epsilon_over_4v(
        v in 0.1..10.0_f64, share in 0.02..3.98_f64
    ) {
        let epsilon = share * v;
        let step = Step::halved(epsilon);
        let keep = 1.0 - 0.5 * share;
        let found = variances(step, v).nth(2000).expect("without end");
        let formula = biased_variance(v, epsilon);
        let solved = stationary_variance(step, v).expect("it converges");
        let allowed = 16.0 * U / (1.0 - keep * keep) + keep.powi(4000);
        prop_assert!((found / formula - 1.0).abs() <= allowed, "{found} {formula}");
        prop_assert!((solved / formula - 1.0).abs() <= allowed, "{solved} {formula}");
        // a fixed step does not sample p: off by ε/(4v)/(1 − ε/(4v)) of v
        prop_assert!((found / v - 1.0) >= 0.25 * share * (1.0 - 1e-9));
    }

    #[test]
    fn from_four_v_on_the_variance_grows_without_end(v in 0.1..10.0_f64, beyond in 0.0..4.0_f64) {
        let step = Step::halved((4.0 + beyond) * v);
        prop_assert_eq!(stationary_variance(step, v), None);
        let path: Vec<f64> = variances(step, v).take(50).collect();
        // each time by ε at least
        let noise = step.noise * step.noise;
        prop_assert!(path.windows(2).all(|w| w[1] - w[0] >= noise * (1.0 - 1e-9)), "{:?}", path);
    }

    /// In any dimension, direction by direction: S = (P − (ε/4) P²)⁻¹ with P = Σ⁻¹ solves
    /// S = A S Aᵀ + ε I, A = I − (ε/2) P.
    #[test]
    fn the_stationary_covariance_solves_its_equation(seed: u64, share in 0.1..3.5_f64) {
        let mut rng = Generator::seed_from_u64(seed);
        let root = standard_normal::<f64>(3, 3, &mut rng);
        let p = root.tn(&root) + diagonal(3, 1.0);
        let largest = p.data().iter().map(|x| x.abs()).sum::<f64>(); // above the largest eigenvalue
        let epsilon = share / largest;
        let inverse = p.clone() - p.nn(&p) * (0.25 * epsilon);
        let s = Cholesky::new(&inverse).expect("stable").solve(&diagonal(3, 1.0));
        let a = diagonal(3, 1.0) - p * (0.5 * epsilon);
        let gap = a.nn(&s).nt(&a) + diagonal(3, epsilon) - &s;
        let worst = gap.data().iter().fold(0.0_f64, |m, x| m.max(x.abs()));
        // A solve is backward stable: S is off by 16 u ‖S‖² ‖P‖ at most, and ‖S‖ ≤ 8 as P ≥ 1.
        prop_assert!(worst <= 64.0 * U * (1.0 + 64.0 * largest), "{worst}");
    }

    /// So the two acceptances have exactly the ratio that detailed balance asks for.
    #[test]
    fn the_ratio_has_the_other_sign_on_the_way_back_to_the_last_bit(
        seed: u64, epsilon in 0.05..2.0_f64, d in 1..=3_usize
    ) {
        let mut rng = Generator::seed_from_u64(seed);
        let p = mixture(d, &mut rng);
        let [here, there] = [(); 2].map(|()| place(&p, &p.sample(1, &mut rng)));
        let ways = [(&here, &there), (&there, &here)];
        let [forth, back] = ways.map(|(a, b)| log_acceptance(a, b, epsilon));
        prop_assert_eq!(forth, -back);
    }
}

proptest! {
    #![proptest_config(crate::common::config(2))]

    #[test]
    fn the_generator_has_the_mean_zero_in_the_plane(seed: u64) {
        let mut rng = Generator::seed_from_u64(seed);
        let (p, f) = (mixture(2, &mut rng), Smooth::random(2, &mut rng));
        let sides = Sides::doubled(|fineness| generator(&p, &f, fineness));
        prop_assert!(sides.agree().is_ok(), "{:?}", sides.agree());
    }
}

/// 𝔼_p f after a step less 𝔼_p f before, ΣΣ p(x) k(x′|x) a(x′|x) (f(x′) − f(x)), for a rule a of the
/// log ratio and its parts; and the same with |f(x′) − f(x)|.
///
/// On one grid for x and x′, detailed balance makes the sum vanish term against term, although a has
/// kinks.
fn change(accept: impl Fn(f64, f64) -> f64) -> (f64, f64) {
    let at = |w: f64, m: f64| (w, Matrix::from_rows([[m]]), Matrix::from_rows([[0.6]]));
    let p = Mixture::new([at(0.7, -1.0), at(0.3, 1.5)]);
    let rule = p.rule(&Rule::trapezoid(-9.0, 9.0, 240));
    let epsilon: f64 = 0.5;
    let places: Vec<_> =
        (0..rule.nodes.rows()).map(|i| place(&p, &rule.nodes.select(&[i]))).collect();
    let (mut sum, mut size) = (0.0, 0.0);
    for (i, here) in places.iter().enumerate() {
        for there in &places {
            let ratio = log_acceptance(here, there, epsilon).item();
            let of_energy = (here.energy.clone() - &there.energy).item();
            let kernel = (log_proposal(here, there, epsilon).item()
                - 0.5 * (std::f64::consts::TAU * epsilon).ln())
            .exp();
            let (x, y) = (here.x.item(), there.x.item());
            let weight = rule.weights.at(i, 0) * kernel * accept(ratio, of_energy) * 18.0 / 240.0;
            sum += weight * (y * y - x * x);
            size += weight * (y * y - x * x).abs();
        }
    }
    (sum, size)
}

/// Forgetting that the proposal is not symmetric, min(1, p(x′)/p(x)), moves 𝔼 x² in one step by more
/// than 1 % of all that is moved; and so does accepting everything.
#[test]
fn the_metropolis_rule_keeps_p_and_wrong_rules_do_not() {
    let (kept, size) = change(|ratio, _| ratio.exp().min(1.0));
    // The ratio has terms up to (18 + ψε)²/ε < 2000 in size where the kernel is not negligible at all.
    assert!(kept.abs() <= 2.0 * 32.0 * 2000.0 * U * size, "{kept} of {size}");
    let (symmetric, _) = change(|_, of_energy| of_energy.exp().min(1.0));
    let (unadjusted, _) = change(|_, _| 1.0);
    println!(
        "change of 𝔼x²: {kept:.1e}; proposal forgotten {symmetric:.4}, unadjusted {unadjusted:.4}; of {size:.4}"
    );
    assert!(symmetric.abs() > 0.01 * size, "{symmetric} of {size}");
    assert!(unadjusted.abs() > 0.01 * size, "{unadjusted} of {size}");
}
