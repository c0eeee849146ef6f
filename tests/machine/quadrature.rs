//! Rules against integrals that are known, and nodes against their definition in 50 digits.

use score_matching::{
    Matrix,
    quadrature::{Rule, double},
};

/// x^k at every node.
fn power(rule: &Rule, k: i32) -> Matrix {
    Matrix::from_fn(rule.nodes.rows(), 1, |i, _| rule.nodes.at(i, 0).powi(k))
}

#[test]
fn gauss_legendre_is_exact_to_degree_2n_minus_1() {
    for n in [1, 2, 3, 8, 33, 200] {
        let rule = Rule::gauss_legendre(0.0, 1.0, n);
        let degree = 2 * i32::try_from(n).expect("few nodes");
        for k in 0..degree {
            let value = rule.integrate(&power(&rule, k)) * f64::from(k + 1);
            // a node is off by half an ulp, its power by k times that
            let bound = f64::from(8 + k) * 4.0 * f64::EPSILON;
            assert!((value - 1.0).abs() < bound, "n = {n}, degree {k}: {value}");
        }
        let beyond = rule.integrate(&power(&rule, degree)) * f64::from(degree + 1);
        assert!(n > 8 || (beyond - 1.0).abs() > 1e-10, "n = {n}: {beyond}");
    }
}

/// n, i, 1 − x and w of P₂₀₀ and P₁₀₀₀ on (−1, 1), by Newton in 50 digits.
#[rustfmt::skip]
#[expect(clippy::unreadable_literal, reason = "a table of digits")]
const LEGENDRE: [(usize, usize, f64, f64); 6] = [
    (200, 0, 7.192871493002294e-05, 0.00018459009747129744),
    (200, 7, 0.00736703058281024, 0.0018980325049386287),
    (200, 99, 0.9921657088576936, 0.015668261715832254),
    (1000, 0, 2.8887019244894302e-06, 7.413338416432072e-06),
    (1000, 1, 1.5220367082581676e-05, 1.725676977373923e-05),
    (1000, 499, 0.9984299895199168, 0.003140018380182868),
];

/// The same of the Hermite polynomials: n, i, x and w for N(0, 1).
#[rustfmt::skip]
#[expect(clippy::unreadable_literal, reason = "a table of digits")]
const HERMITE: [(usize, usize, f64, f64); 6] = [
    (200, 0, -27.349827752266123, 1.2576313313555794e-163),
    (200, 60, -8.913150467938191, 5.230620624576117e-19),
    (200, 100, 0.1109336043783837, 0.08796970496605233),
    (500, 40, -32.59010299059381, 1.893430846573402e-232),
    (500, 100, -21.90296089082545, 4.302231969732844e-106),
    (500, 250, 0.07021306085596911, 0.05588404265289085),
];

#[test]
fn nodes_near_the_end_of_an_interval_and_their_weights_keep_all_digits() {
    for (n, i, distance, w) in LEGENDRE {
        let rule = Rule::gauss_legendre(0.0, 2.0, n);
        let from_low = n - 1 - i; // the nodes fall, and are symmetric
        let (x, weight) = (rule.nodes.at(from_low, 0), rule.weights.at(from_low, 0));
        assert!((x / distance - 1.0).abs() < 4e-15, "{n}, {i}: {x:e}");
        assert!((weight / w - 1.0).abs() < 2e-14, "{n}, {i}: {weight:e}");
        assert_eq!(weight, rule.weights.at(i, 0));
        assert_eq!(rule.nodes.at(i, 0), 2.0 - x);
    }
}

#[test]
fn nodes_of_gauss_hermite_and_their_weights_hold_as_far_as_500() {
    for n in [200, 500] {
        let rule = Rule::gauss_hermite(n);
        for (_, i, x, w) in HERMITE.into_iter().filter(|node| node.0 == n) {
            let (node, weight) = (rule.nodes.at(i, 0), rule.weights.at(i, 0));
            assert!((node - x).abs() < 1e-14, "{n}, {i}: {node:e}");
            // log h is off by x times what x is
            assert!((weight / w - 1.0).abs() < 5e-13, "{n}, {i}: {weight:e}");
        }
    }
}

#[test]
fn gauss_hermite_is_exact_to_degree_2n_minus_1() {
    for n in [1, 2, 5, 20] {
        let rule = Rule::gauss_hermite(n);
        let mut moment = 1.0; // (k − 1)!!
        let degree = 2 * i32::try_from(n).expect("few nodes");
        for k in (0..degree).step_by(2) {
            let value = rule.integrate(&power(&rule, k)) / moment;
            assert!((value - 1.0).abs() < 1e-13 * f64::from(1 + k), "n = {n}, degree {k}: {value}");
            moment *= f64::from(k + 1);
        }
        let beyond = rule.integrate(&power(&rule, degree)) / moment;
        assert!(beyond < 1.0 - 1e-7, "n = {n}: {beyond}"); // 1 − n!/(2n − 1)!!
    }
}

/// In units of 10³⁰⁰ and of 10⁻³⁰⁰, too.
#[test]
fn a_rule_does_not_care_how_long_the_interval_is() {
    for scale in [1e-300, 1.0, 1e300] {
        let (low, high) = (-scale, 2.0 * scale);
        for rule in [
            Rule::trapezoid(low, high, 7),
            Rule::gauss_legendre(low, high, 7),
            Rule::double_exponential(&[low, high], 1.0 / 16.0),
        ] {
            let ones = Matrix::from_fn(rule.nodes.rows(), 1, |_, _| 1.0);
            let length = rule.integrate(&ones) / scale;
            assert!((length - 3.0).abs() < 1e-14, "{scale}: {length}");
            let mean = rule.integrate(&(rule.nodes.clone() * (1.0 / scale))) / scale;
            assert!((mean - 1.5).abs() < 1e-14, "{scale}: {mean}"); // ∫x = (4 − 1)/2
        }
    }
}

#[test]
fn what_is_nan_at_a_node_is_nan_in_the_sum() {
    let rule = Rule::trapezoid(0.0, 1.0, 4);
    let spoilt = Matrix::from_fn(5, 1, |i, _| if i == 3 { f64::NAN } else { 0.0 });
    assert!(rule.integrate(&spoilt).is_nan());
    assert!(rule.weighted(&spoilt).integrate(&Matrix::zeros(5, 1)).is_nan());
    assert!(double(&rule, &rule, |x, _| x.clone() * f64::NAN).is_nan());
    let nothing = Rule { nodes: Matrix::zeros(0, 1), weights: Matrix::zeros(0, 1) };
    assert_eq!(double(&nothing, &rule, |x, _| x.clone()), 0.0);
}
