//! A density on the line, and how far a learned score is from its own.

use score_matching::{
    Matrix,
    density::{Density, Mixture},
    objective::explicit,
    quadrature::{Rule, converged},
};

/// Two bumps of different weight and width, so that a score learned with the wrong sign, scale or
/// smoothing is another function.
pub fn bumps() -> Mixture {
    let bump = |weight, mean: f64, variance: f64| {
        (weight, Matrix::from_rows([[mean]]), Matrix::from_rows([[variance]]))
    };
    Mixture::new([bump(0.6, -1.0, 0.3), bump(0.4, 1.2, 0.5)])
}

/// ½𝔼_q‖ψ − ∇ log q‖² / ½I(q), by a trapezoid rule that has converged.
pub fn share(q: &Mixture, score: impl Fn(&Matrix) -> Matrix) -> f64 {
    let at = |steps| {
        let rule = q.rule(&Rule::trapezoid(-8.0, 8.0, steps));
        let gap = explicit(score(&rule.nodes), &q.score(&rule.nodes));
        rule.integrate(&gap) / (0.5 * q.fisher_information(&rule))
    };
    converged(at(300), at(600), 1e-6)
}
