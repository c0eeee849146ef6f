//! T38: the numbers of the page, by sums over states and by quadrature; and the bound on what a tight
//! bound may get wrong.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use score_matching::{
    Array, Matrix,
    identity::{
        denoising_autoencoder::Instance,
        latent_variables::{TightBound, binary, closed_form, every_state},
    },
    matrix::noise::Generator,
    model::Autoencoder,
    quadrature::Rule,
};
use std::f64::consts::TAU;

/// Two units in the plane. The numbers are rounded to eight digits.
#[test]
fn two_binary_units_have_the_score_and_the_hessian_of_the_page() {
    let model = Autoencoder {
        w: Matrix::from_rows([[1.0, -0.5], [0.5, 1.0]]),
        b: Matrix::from_rows([[-0.5, 0.25]]),
        c: Matrix::from_rows([[1.0 / 3.0, -0.25]]),
        a: None,
    };
    let x = Matrix::from_rows([[0.5, -0.75]]);
    let i = Instance { model, x: x.clone(), noisy: x, sigma: 1.0 };
    let score = Matrix::from_rows([[0.644_911_68, 0.641_490_2]]);
    let hessian = Matrix::from_rows([[-0.697_053_58, 0.002_360_59], [0.002_360_59, -0.693_512_69]]);
    for found in [every_state(&i), closed_form(&i)] {
        for (found, written) in found.iter().zip([&score, &hessian]) {
            let gap = (found.clone() - written).squared_norm().sum().item().sqrt();
            assert!(gap < 1e-8, "{found:?}");
        }
    }
}

/// log p(x) and the bound by r = N(centre, k²), by the trapezoid rule over h, which is wide enough for
/// twelve deviations of r and of the posterior.
fn by_quadrature(example: &TightBound<f64>, x: f64, centre: f64) -> [f64; 2] {
    let (tau, k) = (example.tau, example.width);
    let rule = Rule::trapezoid(centre - 14.0 * k, centre + 14.0 * k, 400);
    let log = |x: f64, scale: f64| -0.5 * (x / scale).powi(2) - 0.5 * (TAU * scale * scale).ln();
    let nodes = rule.nodes.data().iter().zip(rule.weights.data());
    let (mut mass, mut bound) = (0.0, 0.0);
    for (h, weight) in nodes {
        let (joint, log_r) = (log(*h, 1.0) + log(x - h, tau), log(h - centre, k));
        mass += weight * joint.exp();
        bound += weight * log_r.exp() * (joint - log_r);
    }
    [mass.ln(), bound]
}

/// The bound is a polynomial of degree 2 in x, whether r moves or not, and so is log p: a central
/// difference is its slope. The steps of the rule are 0.07 k, so what it leaves is e^(−2π²/0.07²).
#[test]
fn the_bound_is_tight_and_its_slope_is_wrong_by_one() {
    for (tau, delta) in [(0.1, 101.0 / 20_000.0), (0.01, 10_001.0 / 2e8)] {
        let (x, step) = (1.5, 0.25 * tau);
        let example = TightBound::standard(tau, 1.0, x);
        let centre = |x: f64| x / (1.0 + tau * tau) + example.shift;
        let [log, bound] = by_quadrature(&example, x, centre(x));
        // Sums of 400 terms, of which none is larger than a hundred.
        assert!((log - bound - delta).abs() < 1e-12, "{} {delta}", log - bound);
        assert!((example.value_gap() / delta - 1.0).abs() < 1e-14);
        let slope = |which: usize, moves: bool| {
            let at = |x: f64| {
                by_quadrature(&example, x, centre(if moves { x } else { example.x }))[which]
            };
            (at(x + step) - at(x - step)) / (2.0 * step)
        };
        let rounding = 1e-12 / step;
        assert!((slope(0, true) - example.slope()).abs() < rounding, "{}", slope(0, true));
        assert!((slope(1, false) - example.reported_slope()).abs() < rounding);
        assert!((example.reported_slope() - example.slope() - 1.0).abs() < 1e-11);
        // The same r, moving with x.
        assert!((slope(1, true) - slope(0, true)).abs() < rounding, "{}", slope(1, true));
    }
    let example = TightBound::standard(0.1, 1.0, 1.5);
    assert!((example.slope() + 150.0 / 101.0).abs() < 1e-13);
    assert!((example.reported_slope() + 49.0 / 101.0).abs() < 1e-13);
}

proptest! {
    #![proptest_config(crate::common::config(200))]

    /// Along an axis S = c − x + Wᵀh takes values in an interval of length Σⱼ|Wⱼᵢ|, so by Hoeffding's
    /// lemma it is v-sub-Gaussian for v = (Σⱼ|Wⱼᵢ|)²/4, under whatever law.
    #[test]
    fn no_slope_is_wrong_by_more_than_the_bound_allows(seed: u64) {
        let mut rng = Generator::seed_from_u64(seed);
        let [d, h] = [(); 2].map(|()| rng.random_range(1..=3));
        let Instance { model, x, .. } = binary(Instance::random((1, d, h), &mut rng));
        let s = model.encode(&x);
        let on = |state: usize, j: usize| state >> j & 1 == 1;
        let states = 0..1_usize << h;
        let posterior: Vec<f64> = states.clone().map(|state| {
            (0..h).map(|j| if on(state, j) { s.at(0, j) } else { 1.0 - s.at(0, j) }).product()
        }).collect();
        let masses: Vec<f64> = states.clone().map(|_| rng.random_range(0.05..1.0)).collect();
        let total: f64 = masses.iter().sum();
        let gap: f64 = states.clone().map(|state| {
            let r = masses[state] / total;
            r * (r / posterior[state]).ln()
        }).sum();
        for i in 0..d {
            let slope: f64 = states.clone().map(|state| {
                let units: f64 = (0..h).filter(|&j| on(state, j)).map(|j| model.w.at(j, i)).sum();
                (masses[state] / total - posterior[state]) * units
            }).sum();
            let range: f64 = (0..h).map(|j| model.w.at(j, i).abs()).sum();
            prop_assert!(slope * slope <= 0.5 * range * range * gap * (1.0 + 1e-9) + 1e-15);
        }
    }
}
