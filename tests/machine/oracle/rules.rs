//! Nodes and weights of the quadrature rules.

use super::{Ledger, PI, Wide, w};
use score_matching::quadrature::Rule;

/// The zero of a polynomial next to x by Newton's method, from its value and slope.
fn zero(x: Wide, polynomial: impl Fn(Wide) -> (Wide, Wide)) -> Wide {
    (0..2).fold(x, |x, _| {
        let (value, slope) = polynomial(x);
        x - value / slope
    })
}

/// Pₙ and Pₙ′ by (k + 1) P₍ₖ₊₁₎ = (2k + 1) x Pₖ − k P₍ₖ₋₁₎.
fn legendre(n: usize, x: Wide) -> (Wide, Wide) {
    let (mut before, mut here) = (w(0.0), w(1.0));
    for k in 0..n {
        let k = k as f64;
        let next = (w(2.0 * k + 1.0) * x * here - w(k) * before) / w(k + 1.0);
        (before, here) = (here, next);
    }
    (here, w(n as f64) * (before - x * here) / (w(1.0) - x * x))
}

/// The probabilists' Heₙ and Heₙ′ = n Heₙ₋₁ by Heₙ₊₁ = x Heₙ − n Heₙ₋₁.
fn hermite(n: usize, x: Wide) -> (Wide, Wide) {
    let (mut before, mut here) = (w(0.0), w(1.0));
    for k in 0..n {
        (before, here) = (here, x * here - w(k as f64) * before);
    }
    (here, w(n as f64) * before)
}

#[test]
fn nodes_and_weights_of_gauss_are_those_of_their_polynomials() {
    let mut ledger = Ledger::default();
    for n in [1, 2, 3, 5, 16, 33, 150, 400] {
        let rule = Rule::gauss_legendre(0.0, 2.0, n);
        for i in 0..n {
            let (x, weight) = (rule.nodes.at(i, 0), rule.weights.at(i, 0));
            let t = zero(w(x) - w(1.0), |t| legendre(n, t));
            let (_, slope) = legendre(n, t);
            let truth = w(2.0) / ((w(1.0) - t * t) * slope * slope);
            let node = w(1.0) + t;
            ledger.judge::<f64>("Gauss–Legendre: x", x, (node, node), &(n, i));
            ledger.judge::<f64>("Gauss–Legendre: w", weight, (truth, truth * w(n as f64)), &(n, i));
            assert!(i == 0 || rule.nodes.at(i, 0) != rule.nodes.at(i - 1, 0), "{n}, {i}");
        }
    }
    for n in [1, 2, 3, 5, 16, 33, 100, 150] {
        let rule = Rule::gauss_hermite(n);
        let factorial = (1..=n).fold(w(1.0), |product, k| product * w(k as f64));
        for i in 0..n {
            let (x, weight) = (rule.nodes.at(i, 0), rule.weights.at(i, 0));
            let node = zero(w(x), |x| hermite(n, x));
            let (_, slope) = hermite(n, node);
            let truth = factorial / (slope * slope); // n!/Heₙ′²
            let size = truth * (node * node + w(n as f64));
            ledger.judge::<f64>("Gauss–Hermite: x", x, (node, node.abs() + w(1.0)), &(n, i));
            ledger.judge::<f64>("Gauss–Hermite: w", weight, (truth, size), &(n, i));
            assert!(i == 0 || rule.nodes.at(i, 0) != rule.nodes.at(i - 1, 0), "{n}, {i}");
        }
    }
    ledger.settle();
}

#[test]
fn steps_are_equal_and_ends_are_halved() {
    let mut ledger = Ledger::default();
    for (low, high, steps) in
        [(-9.0, 9.0, 60), (0.0, 1.0, 1), (-0.1, 0.7, 977), (-1e300, 1e300, 7), (1e-300, 3e-300, 9)]
    {
        let rule = Rule::trapezoid(low, high, steps);
        let h = (w(high) - w(low)) / w(steps as f64);
        for i in 0..=steps {
            let (node, weight) = (rule.nodes.at(i, 0), rule.weights.at(i, 0));
            let size = w(low).abs() + w(high).abs();
            ledger.judge::<f64>("trapezoid", node, (w(low) + h * w(i as f64), size), &(steps, i));
            let truth = if i % steps == 0 { h.times_power(-1) } else { h };
            ledger.judge::<f64>("trapezoid", weight, (truth, truth), &(steps, i));
        }
    }
    ledger.settle();
}

/// The formulas of the documentation, with t from −3.2 (or −3.7 on a half-line) in the given steps, and
/// w the derivative of x by t.
#[test]
fn a_double_exponential_rule_is_its_formula() {
    let mut ledger = Ledger::default();
    let step = 1.0 / 16.0;
    for (a, b) in
        [(0.0, 1.0), (-3.0, 5.0), (0.0, f64::INFINITY), (f64::NEG_INFINITY, 2.0), (0.0, 1e300)]
    {
        let rule = Rule::double_exponential(&[a, b], step);
        let finite = a.is_finite() && b.is_finite();
        let from = w(if finite { -3.2 } else { -3.7 });
        for i in 0..rule.nodes.rows() {
            let t = from + w(step) * w(i as f64);
            let (grow, fall) = (t.exp(), (-t).exp());
            // u, the exponent, and du/dt
            let (u, slope) = if finite {
                (PI * (grow - fall).times_power(-1), PI * (grow + fall).times_power(-1))
            } else {
                (t - fall, w(1.0) + fall)
            };
            let (y, weight) = if finite {
                let width = w(b) - w(a);
                (width * u.sigmoid(), width * u.sigmoid_slope() * slope * w(step))
            } else {
                (u.exp(), u.exp() * slope * w(step))
            };
            let (start, node) = if a.is_finite() { (w(a), w(a) + y) } else { (w(b), w(b) - y) };
            let magnified = w(1.0) + slope * t.abs() + u.abs();
            let at = (i, rule.nodes.rows());
            let size = start.abs() + y * magnified;
            ledger.judge::<f64>("double exponential: x", rule.nodes.at(i, 0), (node, size), &at);
            let size = weight * magnified;
            ledger.judge::<f64>(
                "double exponential: w",
                rule.weights.at(i, 0),
                (weight, size),
                &at,
            );
        }
    }
    ledger.settle();
}
