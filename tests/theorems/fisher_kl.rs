//! T25: Fisher divergence and Kullback–Leibler divergence, on mixtures.
//!
//! What its claims leave open: that the formulas read there are the densities of the crate, the
//! inequalities on random mixtures, and how fast two far modes become invisible.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use score_matching::{
    Array, Matrix,
    density::Density,
    identity::{
        Sides,
        fisher_kl::{Pair, Smoothed, log_density, log_sobolev, mixture, over_all_noise},
    },
    matrix::{Real, noise::Generator},
    quadrature::Rule,
};
use std::f64::consts::TAU;

proptest! {
    #![proptest_config(crate::common::config(100))]

    /// The formulas for q_t and p_t against the mixtures that all other theorems use.
    #[test]
    fn the_formulas_are_the_mixtures_of_the_crate(d in 1..=2usize, seed: u64, t in 0.1..2.0_f64) {
        let mut rng = Generator::seed_from_u64(seed);
        let pair = Pair::random(d, &mut rng);
        let x = Matrix::from_fn(4, d, |_, _| rng.random_range(-2.0..2.0));
        let now = Smoothed { x: x.clone(), ..pair.smoothed(t, 1) };
        // x and the means are within ±2 and the variances above 0.36 + 0.1, so no quadratic is
        // beyond ½ · 2 · 4²/0.46 = 35, no score beyond 6/0.46 = 13, and other terms are below 5. An
        // error of a logarithm is one of two responsibilities. Inverses of covariances, whose
        // conditions are below 2, take some twenty roundings more.
        let (log, score) = (40.0, 13.0 * (1.0 + 2.0 * 40.0));
        for (parts, psi) in [&pair.q, &pair.p].into_iter().zip(now.scores()) {
            let known = mixture(parts, t);
            let formula = vec![log_density(parts, &now.t, &x), psi];
            let right = vec![known.log_density(&x), known.score(&x)];
            let terms = vec![right[0].clone() * 0.0 + log, right[1].clone() * 0.0 + score];
            let sides = Sides::rounded([formula, right], terms, 64.0);
            prop_assert!(sides.agree().is_ok(), "{:?}", sides);
        }
    }

    /// KL ≤ F/(2ρ), for p = N(0, 1/ρ).
    #[test]
    fn the_fisher_divergence_bounds_kullback_leibler_if_the_model_is_gaussian(seed: u64) {
        let mut rng = Generator::seed_from_u64(seed);
        let rho = rng.random_range(0.5..2.0);
        let pair = Pair::random(1, &mut rng).against_gaussian(rho);
        let sides = log_sobolev(&pair.smoothed(0.0, 1), rho);
        prop_assert!(sides.agree().is_ok(), "{:?}", sides);
    }

    /// KL(q_t‖p_t) ≤ 𝔼‖X − X′‖²/(2t) for independent X from q and X′ from p: why noise destroys all
    /// of KL. No rounding can matter: what the bound gives away is above the variances over 4t or so.
    #[test]
    fn noise_leaves_no_more_than_the_distance_over_the_noise(seed: u64, t in 0.1..10.0_f64) {
        let pair = Pair::random(1, &mut Generator::seed_from_u64(seed));
        let moments = [&pair.q, &pair.p].map(|parts| {
            parts.iter().fold([0.0; 2], |[mean, square], part| {
                let (w, m) = (part.weight.item(), part.mean.item());
                [mean + w * m, square + w * (m * m + part.variances.item())]
            })
        });
        let [[mean_q, square_q], [mean_p, square_p]] = moments;
        let distance = square_q + square_p - 2.0 * mean_q * mean_p;
        let divergence = pair.smoothed(t, 1).divergence().item();
        prop_assert!(divergence <= distance / (2.0 * t), "{divergence} {distance}");
    }
}

proptest! {
    #![proptest_config(crate::common::config(5))]

    /// Lyu's identity, integrated: all of KL is destroyed by noise, at half the speed F.
    #[test]
    fn kullback_leibler_is_half_the_fisher_divergence_over_all_noise(seed: u64) {
        let pair = Pair::random(1, &mut Generator::seed_from_u64(seed));
        let sides = Sides::doubled(|fineness| over_all_noise(&pair, fineness));
        prop_assert!(sides.agree().is_ok(), "{:?}", sides);
    }
}

/// Blindness: two modes with the wrong weights. As they part, the scores agree wherever there is
/// any mass: KL tends to 0.8 log 1.6 + 0.2 log 0.4, and F to 0.
///
/// The score difference is 2m (sigmoid(u + log 4) − sigmoid(u)) for u = 2mx, and near 0
/// q = e^(−m²/2 − u²/(8m²)) (0.8 e^(u/2) + 0.2 e^(−u/2))/√(2π). So
///
/// ```text
/// F = C m e^(−m²/2) ⟨e^(−u²/(8m²))⟩,   C = 2/√(2π) ∫ (0.8 e^(u/2) + 0.2 e^(−u/2)) (…)² du
/// ```
///
/// where the mean ⟨·⟩ is over the integrand of C, and lies between 1 − ⟨u²⟩/(8m²) and 1.
#[test]
fn two_far_modes_with_the_wrong_weights_have_no_fisher_divergence() {
    let line = Rule::trapezoid(-40.0, 40.0, 400); // the integrand falls like e^(−3|u|/2)
    let u = &line.nodes;
    let apart = (u.clone() + 4.0_f64.ln()).sigmoid() - u.clone().sigmoid();
    let near = (u.clone() * 0.5).exp() * 0.8 + (u.clone() * -0.5).exp() * 0.2;
    let integrand = near * apart.squared_norm();
    let c = 2.0 / TAU.sqrt() * line.integrate(&integrand);
    let spread =
        line.weighted(&integrand).integrate(&u.squared_norm()) / line.integrate(&integrand);

    let limit = 0.8 * 1.6_f64.ln() + 0.2 * 0.4_f64.ln();
    for m in [1.0, 2.0, 4.0, 6.0, 8.0] {
        let now = Pair::two_modes(m, 0.8).smoothed(0.0, 1);
        let (divergence, fisher) = (now.divergence().item(), now.fisher_divergence().item());
        println!("modes at ±{m}: KL {divergence:.6}, F {fisher:.2e}");
        let overlap = (-0.5 * m * m).exp();
        let share = fisher / (c * m * overlap);
        assert!(share < 1.0 && share > 1.0 - spread / (8.0 * m * m), "{share}");
        // In the mode at m, log(q/p) is below log 1.6 by −log(1 − ¾s) ≤ s log 4, s = sigmoid(−2mx),
        // and in the other above log 0.4 by log(1 + 3s) ≤ 3s; the mean of s is below e^(−m²/2).
        let gap = (0.8 * 4.0_f64.ln() + 0.2 * 3.0) * overlap;
        let rounding = 2.0 * (now.x.rows() as f64 + 64.0) * f64::UNIT_ROUNDOFF;
        assert!((divergence - limit).abs() <= gap + rounding, "{divergence}");
    }
}
