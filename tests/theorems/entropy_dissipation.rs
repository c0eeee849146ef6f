//! T34 in numbers, on 0.3 N(−1, ¼) + 0.7 N(3/2, ½) and p = N(0, ½).

use score_matching::{
    identity::{
        entropy_dissipation::{after, example, rates, relaxed},
        fisher_kl::Pair,
    },
    quadrature::{Rule, converged},
};

fn close(found: f64, expected: f64, within: f64) {
    println!("{found:.13}");
    assert!((found - expected).abs() <= within, "{found:.15}, expected {expected:.15}");
}

/// By nodes that suffice, and by twice as many.
fn at(t: f64, of: fn(f64, usize) -> f64) -> f64 {
    converged(of(t, 1), of(t, 2), 1e-13)
}

fn divergence(t: f64, fineness: usize) -> f64 {
    relaxed(&after(&example(), t, fineness)).divergence().item()
}

fn fisher(t: f64, fineness: usize) -> f64 {
    relaxed(&after(&example(), t, fineness)).fisher_divergence().item()
}

#[test]
fn the_divergence_falls_at_half_the_fisher_divergence() {
    const DIGITS: f64 = 1e-12;
    let start = at(0.0, divergence);
    close(start, 1.342_751_788_466_0, DIGITS);
    close(at(0.0, fisher), 7.148_236_762_332_3, DIGITS);
    let half = at(0.5, divergence);
    close(half, 0.355_072_019_845_9, DIGITS);
    let [slope, speed] = rates(&after(&example(), 0.5, 1)).map(|side| side[0].item());
    close(slope, -0.931_427_043_994_9, DIGITS);
    close(speed, -0.931_427_043_994_9, DIGITS);
    close(2.0 * speed - slope, -0.931_427_044_0, 1e-10); // what −F is off by
    // Five points, 5·10⁻³ apart: h⁴/30 of the fifth derivative, less than 10³ here.
    let h = 5e-3;
    let [a, b, c, d] = [-2.0, -1.0, 1.0, 2.0].map(|k| divergence(0.5 + k * h, 1));
    close((a - 8.0 * b + 8.0 * c - d) / (12.0 * h), slope, 1e3 * h.powi(4) / 30.0);

    let bound = (-1.0_f64).exp() * start;
    close(bound, 0.493_970_777_572_9, DIGITS);
    let wrong = (-2.0_f64).exp() * start;
    close(wrong, 0.181_721_693_6, 1e-10);
    close(half - wrong, 0.173_350_326_2, 1e-10);
}

#[test]
fn what_is_lost_is_the_integral_of_the_speed() {
    let rule = Rule::gauss_legendre(0.0, 1.0, 40);
    let speeds = rule.nodes.data().iter().map(|t| 0.5 * fisher(*t, 1));
    let integral: f64 = speeds.zip(rule.weights.data()).map(|(speed, w)| speed * w).sum();
    close(integral, 1.242_467_900_487_2, 1e-12);
    close(at(0.0, divergence) - at(1.0, divergence), integral, 1e-12);
}

#[test]
#[should_panic(expected = "p has 2 components: one Gaussian expected")]
fn towards_a_mixture_the_law_has_no_closed_form() {
    let _ = relaxed(&after(&Pair::two_modes(1.0, 0.8), 0.5, 1));
}
