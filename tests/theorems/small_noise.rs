//! T15 beyond its claims: the heat flow in the plane, and where the regulariser is nearly right.

use rand::SeedableRng;
use score_matching::{
    Array, Dual, Matrix,
    density::{Density, Mixture},
    identity::{
        Sides, number,
        small_noise::{HeatFlow, NoisyMixture, Rates, STEP},
    },
    matrix::noise::Generator,
    objective::trace,
    quadrature::Rule,
};

/// In the plane J has entries beside its diagonal. Four instances, for the networks of all of them
/// have one shape.
#[test]
fn the_heat_flow_in_the_plane() {
    for seed in 0..4 {
        let instance = NoisyMixture::random(2, &mut Generator::seed_from_u64(seed));
        let agree = Sides::doubled(|k| HeatFlow::new(&instance, STEP / k as f64).sides()).agree();
        assert!(agree.is_ok(), "seed {seed}: {agree:?}");
    }
}

/// By Stein's identity 𝔼 Δ tr J = −𝔼⟨∇ log q, Δψ⟩, so at ψ = ∇ log q the last two terms cancel and
/// the rate is 𝔼‖J‖².
#[test]
fn at_the_true_score_only_the_squared_jacobian_is_left() {
    let at = |x: f64| Matrix::from_rows([[x]]);
    let q = Mixture::new([(0.4, at(-1.0), at(0.5)), (0.6, at(1.0), at(0.7))]);
    // The score as a formula: a sum of two components, weighted by a sigmoid of log odds.
    let log_odds = |x: &Dual<Dual<Dual<Matrix>>>| {
        let square = |a: f64| (x.clone() - a) * (x.clone() - a);
        square(1.0) * (-0.5 / 0.7) - square(-1.0) * (-0.5 / 0.5)
            + ((0.6 / 0.4_f64).ln() - 0.5 * (0.7 / 0.5_f64).ln())
    };
    let score = |x: &Dual<Dual<Dual<Matrix>>>| {
        let rho = log_odds(x).sigmoid();
        let (left, right) = ((x.clone() + 1.0) * (-1.0 / 0.5), (x.clone() - 1.0) * (-1.0 / 0.7));
        left.clone() + rho * (right - left)
    };
    let sides = |k: usize| {
        let rule = q.rule(&Rule::trapezoid(-9.0, 9.0, 256 * k));
        let Rates { diagonal, drift, trace, .. } =
            Rates::of(|x| trace::of_score(score, x), &rule.nodes);
        let terms = drift.squared_norm() + trace.squared_norm() + 1.0; // |t| ≤ 1 + t²
        assert!(rule.integrate(&diagonal) > 0.5, "‖J‖² is left");
        let [drift, rest] = [drift, -trace].map(|t| number(rule.integrate(&t)));
        Sides::integrals([drift, rest], number(rule.integrate(&terms)), rule.nodes.rows())
    };
    let agree = Sides::doubled(sides).agree();
    assert!(agree.is_ok(), "{agree:?}");
}
