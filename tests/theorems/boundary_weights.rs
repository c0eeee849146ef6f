//! T4 with weights: its numbers. What is proved stands in the claims of the theorem.

use score_matching::{
    Array, Matrix,
    identity::where_implicit_fails::{edges::minimiser, weights::Quadrant},
    objective::{implicit, weighted_implicit, weighted_implicit_by_coordinate},
    quadrature::Rule,
};

/// Digits of a reference, of which the last may be off by a half.
fn near(value: f64, reference: f64, unit: f64) {
    assert!((value - reference).abs() <= 0.5 * unit, "{value} for {reference}");
}

/// On q ∝ exp(−x − y − xy/2). The unit is the last digit that is given; rounding leaves 2·10⁻¹⁵ of terms
/// that add up to some 20.
#[test]
fn by_coordinates_both_sides_are_equal_and_by_one_weight_the_flux_through_the_faces_is_missing() {
    let each = Quadrant::new(true, 1);
    near(each.implicit, -1.553_561_606_492_89, 4e-14);
    near(each.explicit, -1.553_561_606_492_89, 4e-14);
    let one = Quadrant::new(false, 1);
    near(one.implicit - one.explicit, 7.195_665_879_971_8, 4e-12);
    near(-one.flux, 7.195_665_879_971_8, 4e-12);
}

/// On a sample ψ = −λ has λ̂ = 2Σx/Σx², 36/41 for ½, 3, 1; without the slope of the weight it is 0.
#[test]
fn the_rate_of_a_sample_is_twice_its_sum_over_its_sum_of_squares() {
    let x = Matrix::from_rows([[0.5], [3.0], [1.0]]);
    let w = x.clone() * &x;
    let loss = |lambda: f64, slope: f64| {
        let psi = (x.clone() * 0.0 - lambda, x.clone() * 0.0);
        weighted_implicit_by_coordinate(psi, &w, &(x.clone() * slope)).mean().item()
    };
    near(minimiser(|lambda| loss(lambda, 2.0)), 36.0 / 41.0, 1e-14);
    near(minimiser(|lambda| loss(lambda, 0.0)), 0.0, 1e-14);
}

/// On the ball in d dimensions with q ∝ (1 − r²)ᵃ: ψ = −2αx/(1 − r²) has α̂ = a. On the uniform ball
/// ψ = −κx has κ̂ = 0 with the weight 1 − r² and d + 2 without. By the law of r, at (r, 0, …, 0), where for
/// whole a everything is a polynomial of degree 15 at most.
#[test]
fn on_a_ball_the_weight_finds_the_exponent_and_no_weight_finds_the_dimension() {
    let line = Rule::gauss_legendre(0.0, 1.0, 12);
    let r = &line.nodes;
    let radial = |f: &dyn Fn(f64) -> f64| Matrix::from_fn(r.rows(), 1, |i, _| f(r.at(i, 0)));
    for (d, a) in [(1, 1), (2, 1), (3, 2), (8, 3)] {
        let n = f64::from(d);
        let law = |a: i32| line.weighted(&radial(&|r| r.powi(d - 1) * (1.0 - r * r).powi(a)));
        let along = |f: &dyn Fn(f64) -> f64| {
            let of = |i: usize, j: usize| if j == 0 { f(r.at(i, 0)) } else { 0.0 };
            Matrix::from_fn(r.rows(), d as usize, of)
        };
        let (gap, slope) = (radial(&|r| 1.0 - r * r), along(&|r| -2.0 * r));
        // with its trace −2α(d/(1 − r²) + 2r²/(1 − r²)²)
        let pole = |alpha: f64| {
            let trace = |g: f64| -2.0 * alpha * (n / g + 2.0 * (1.0 - g) / (g * g));
            let score = along(&|r| -2.0 * alpha * r / (1.0 - r * r));
            (score, radial(&|r| trace(1.0 - r * r)))
        };
        let loss = |alpha| law(a).integrate(&weighted_implicit(pole(alpha), &gap, &slope));
        near(minimiser(loss), f64::from(a), 1e-11);
        let linear = |kappa: f64| (along(&|r| -kappa * r), radial(&|_| -n * kappa));
        let loss = |kappa| law(0).integrate(&weighted_implicit(linear(kappa), &gap, &slope));
        near(minimiser(loss), 0.0, 1e-11);
        let plain = |kappa| law(0).integrate(&implicit(linear(kappa)));
        near(minimiser(plain), n + 2.0, 1e-11);
    }
}
