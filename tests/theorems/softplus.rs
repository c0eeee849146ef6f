//! Why softplus is a primitive, and how far repeated differentiation carries (T27).
//!
//! A composition can be right in value and wrong in slope. Where a piece has a kink, its φ′ is a
//! convention; conventions of several pieces need not add up to the slope of the whole, even where
//! the whole is smooth. And for a φ without kinks the rules go on to any order: the first six
//! derivatives of the sigmoid are polynomials in it, known in closed form.

use score_matching::{Array, Matrix, Tape, array::Function, matrix::Real};

/// log(1 + e^(−a)) + max(x, 0), which is softplus(x) if a = |x|.
fn composed<A: Array>(x: &A, absolute: A) -> A {
    ((-absolute).exp() + 1.0).ln() + x.clone().relu()
}

/// |x| = relu(x) + relu(−x): the convention relu′(0) = 0 makes |·|′(0) = 0.
fn absolute_by_relu<A: Array>(x: &A) -> A {
    x.clone().relu() + (-x.clone()).relu()
}

/// |x| = x sign(x) with sign(0) = 1: the convention |·|′(0) = 1.
fn absolute_by_sign<A: Array>(x: &A) -> A {
    let negative = (-x.clone()).apply(Function::Heaviside);
    x.clone() * (negative * -2.0 + 1.0)
}

#[test]
fn softplus_composed_of_pieces_with_kinks_has_the_right_value_and_a_wrong_slope() {
    let tape = Tape::<Matrix>::new();
    let at = |x: f64| tape.var(&Matrix::from_rows([[x]]));
    let zero = at(0.0);

    // At 0: −|·|′(0) e⁰/(1 + e⁰) + relu′(0) = −½ |·|′(0) + 0, which should be ½ and is 0 or −½.
    for (absolute, slope_found) in [(absolute_by_relu(&zero), 0.0), (absolute_by_sign(&zero), -0.5)]
    {
        let wrong = composed(&zero, absolute);
        assert_eq!(wrong.value(), zero.softplus().value());
        let slope = wrong.gradient(&[zero]).remove(0);
        assert_eq!(slope, Matrix::from_rows([[slope_found]]));
        assert!((slope.item() - 0.5).abs() >= 0.25); // far from any rounding
    }
    assert_eq!(zero.softplus().gradient(&[zero])[0], Matrix::from_rows([[0.5]]));

    // Everywhere else the composition is right: the kink alone is to blame. Both slopes are at
    // most 1, and come from fewer roundings than there are nodes.
    for x in [-2.0, -1e-9, 1e-9, 0.5, 3.0] {
        let x = at(x);
        let slope = |y: score_matching::Var| y.gradient(&[x])[0].item();
        let expected = slope(x.softplus());
        let tolerance = tape.len() as f64 * f64::UNIT_ROUNDOFF;
        assert!((slope(composed(&x, absolute_by_relu(&x))) - expected).abs() <= tolerance);
        assert!((slope(composed(&x, absolute_by_sign(&x))) - expected).abs() <= tolerance);
    }
}

/// P₁ = s − s² and Pₖ₊₁ = Pₖ′ (s − s²): the k-th derivative of s = sigmoid(x) as a polynomial in s,
/// coefficients in ascending powers.
fn polynomials() -> impl Iterator<Item = Vec<i32>> {
    std::iter::successors(Some(vec![0, 1, -1]), |p| {
        let mut next = vec![0; p.len() + 1];
        for (power, (exponent, coefficient)) in (0..).zip(p).enumerate() {
            let term = exponent * coefficient; // of s^(exponent − 1)
            next[power] += term;
            next[power + 1] -= term;
        }
        Some(next)
    })
}

#[test]
fn the_first_derivatives_of_the_sigmoid_are_the_known_polynomials() {
    let first: Vec<_> = polynomials().take(3).collect();
    // s″ = s (1 − s)(1 − 2s) and s‴ = s (1 − s)(1 − 6s + 6s²), as in every textbook
    assert_eq!(first, [vec![0, 1, -1], vec![0, 1, -3, 2], vec![0, 1, -7, 12, -6]]);
}

#[test]
fn six_gradients_of_gradients_of_the_sigmoid_are_its_six_derivatives() {
    for x in [-1.5, 0.0, 0.3, 2.0] {
        let tape = Tape::<Matrix>::new();
        let x = tape.var(&Matrix::from_rows([[x]]));
        let mut y = x.sigmoid();
        let s = y.value().item();
        for (order, polynomial) in (1..=6).zip(polynomials()) {
            y = y.grad(&[x])[0];
            let terms = (0..).zip(polynomial);
            let terms: Vec<_> = terms.map(|(power, c)| f64::from(c) * s.powi(power)).collect();
            let expected: f64 = terms.iter().sum();
            // Every node rounds once, and what it rounds is a part of the expanded polynomial.
            let size: f64 = terms.iter().map(|term| term.abs()).sum();
            let tolerance = tape.len() as f64 * f64::UNIT_ROUNDOFF * size;
            let apart = (y.value().item() - expected).abs();
            println!("order {order}: {expected:+.6}, off by {apart:.1e} of {tolerance:.1e}");
            assert!(apart <= tolerance, "order {order}: {apart:e} > {tolerance:e}");
            assert!(tolerance < 1e-7, "the comparison says something");
        }
    }
}
