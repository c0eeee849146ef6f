//! T24: noise-conditional training, what stands beside the theorem: limits, the network's
//! parametrisation, Gaussians in closed form.
//!
//! The theorem itself is in `identities.rs`. The noise of gradients, and trainings, are in
//! `tests/training/level_gradients.rs`.

use proptest::prelude::*;
use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    array::Function,
    density::{Density, KernelEstimate, Mixture},
    identity::{
        Sides,
        noise_conditional::{
            Levels, Moments, answer, bounds, deviation, law, least_loss, loss_moments, smoothed_law,
        },
        number,
        tweedie::posterior_moments,
    },
    matrix::{
        Real,
        noise::{Generator, standard_normal},
    },
    model::NoiseConditionalNetwork,
    quadrature::Rule,
};

const U: f64 = f64::UNIT_ROUNDOFF;

fn generator(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

/// I(q_σ) of an instance's density.
fn information(q: &Mixture, sigma: f64) -> f64 {
    let smoothed = q.smoothed(sigma);
    smoothed.fisher_information(&smoothed_law(&smoothed, sigma, 1))
}

proptest! {
    #![proptest_config(crate::common::config(25))]

    /// The perfect f is the mean of (σx/s − sz)/√(σ² + s²) given x̃; in the mean over x̃ its square
    /// is σ² ((σ² + s²) I(q_σ) − d)/s², between 0 and d, if 𝔼‖x‖² = d s².
    #[test]
    fn the_network_answers_numbers_of_unit_size(seed: u64) {
        let mut rng = generator(seed);
        let Levels { q, scales, .. } = Levels::any(&mut rng);
        let over_q = law(&q, 1);
        let s = over_q.integrate(&over_q.nodes.squared_norm()).sqrt();
        for &sigma in scales.sigmas() {
            let smoothed = q.smoothed(sigma);
            let root = s.hypot(sigma);
            let noisy = smoothed.sample(1, &mut rng);
            let found = answer(&noisy, &smoothed.score(&noisy), sigma, s);
            let scale = number((noisy.item().abs() + 1.0) * (1.0 / sigma + s));
            let pointwise = Sides::doubled(|fineness| {
                let nodes = 400 * fineness;
                let (mean, _) = posterior_moments(&q, &noisy, sigma, nodes);
                let noise = (noisy.clone() - &mean) * (1.0 / sigma); // 𝔼[z | x̃]
                let expected = (mean * (sigma / s) - noise * s) * (1.0 / root);
                Sides::integrals([vec![found.clone()], vec![expected]], scale.clone(), nodes)
            });
            prop_assert!(pointwise.agree().is_ok(), "{:?}", pointwise);

            // The mean square and its value, brought between 0 and 1.
            let in_the_mean = Sides::doubled(|fineness| {
                let rule = smoothed_law(&smoothed, sigma, fineness);
                let f = answer(&rule.nodes, &smoothed.score(&rule.nodes), sigma, s);
                let square = rule.integrate(&f.squared_norm());
                let information = smoothed.fisher_information(&rule);
                let predicted = sigma * sigma * (root * root * information - 1.0) / (s * s);
                let sides = [number(square), number(predicted.clamp(0.0, 1.0))];
                let magnitude = number(2.0 * (root / s).powi(2));
                Sides::integrals(sides, magnitude, rule.nodes.rows())
            });
            prop_assert!(in_the_mean.agree().is_ok(), "{:?}", in_the_mean);
        }
    }
}

proptest! {
    #![proptest_config(crate::common::config(200))]

    /// Without a network, f = 0: the score of N(0, (s² + σ²) I), which is q_σ for q = N(0, s² I).
    #[test]
    fn a_network_without_an_answer_is_the_score_of_a_gaussian(
        seed: u64, d in 1..5_usize, s in 0.2..3.0_f64, sigma in 0.02..20.0_f64,
    ) {
        let mut rng = generator(seed);
        let mut model = NoiseConditionalNetwork::random(&[d, 5, d], Function::Tanh, s, &mut rng);
        let x: Matrix = standard_normal(4, d, &mut rng) * 3.0;
        let expected = Mixture::isotropic(d, s * s).smoothed(sigma).score(&x);
        let found = model.score_at(&x, sigma);
        for (found, expected) in found.data().iter().zip(expected.data()) {
            // σ² + s² with 3 roundings each, its reciprocal, a Cholesky root squared, the product;
            // the other coordinates enter the mixture's product with zeros.
            prop_assert!((found - expected).abs() <= 24.0 * U * expected.abs());
        }
        // And with an answer b it is that much more: ψ = −x/R² + s/(σR) b.
        model.network.layers[1].b = standard_normal(1, d, &mut rng);
        let answered = answer(&x, &model.score_at(&x, sigma), sigma, s);
        let expected = Matrix::zeros(4, d).add_row(&model.network.layers[1].b);
        for (i, (found, b)) in answered.data().iter().zip(expected.data()).enumerate() {
            // x/R² is taken off and added again, times σR/s. 1/R is exp(½ log R⁻²): the logarithm is
            // at most 8 in size, so that errs by 8 and a few u.
            let off = x.data()[i].abs() * sigma / (s * s.hypot(sigma));
            prop_assert!((found - b).abs() <= 40.0 * U * (b.abs() + off));
        }
    }

    /// For a Gaussian with the variances cᵢ the least loss is ½ Σ cᵢ/(cᵢ + σ²): d/2 for σ → 0 and 0
    /// for σ → ∞, each coordinate at its own σ.
    #[test]
    fn the_least_loss_of_a_gaussian_counts_the_coordinates_wider_than_the_noise(
        c in prop::collection::vec(0.01..100.0_f64, 1..6), sigma in 0.01..100.0_f64,
    ) {
        let d = c.len();
        let information = |t: f64| c.iter().map(|c| 1.0 / (c + t)).sum::<f64>();
        let loss = least_loss(d, sigma, information(sigma * sigma));
        let expected: f64 = c.iter().map(|c| 0.5 * c / (c + sigma * sigma)).sum();
        // d/σ² − I cancels where σ² is large; everything here is a sum of d terms.
        let rounding = (2 * d + 12) as f64 * U * d as f64;
        prop_assert!((loss - expected).abs() <= rounding);
        let width = (c.iter().sum::<f64>() / d as f64).sqrt();
        let [low, high] = bounds(d, sigma, information(0.0), width);
        prop_assert!(low <= loss + rounding && loss <= high + rounding && high < 0.5 * d as f64);
    }
}

/// Both limits, with their orders: d/2 − ½σ²I(q) + O(σ⁴) and ½ d s²/σ² + O(σ⁻⁴).
#[test]
fn the_least_loss_falls_from_half_the_dimension_to_zero() {
    let Levels { q, .. } = Levels::any(&mut generator(3));
    let over_q = law(&q, 1);
    let (of_q, s) = (q.fisher_information(&over_q), deviation(&over_q));
    for sigma in [0.01, 0.02, 0.04] {
        let missing = 0.5 - least_loss(1, sigma, information(&q, sigma));
        let ratio = missing / (0.5 * sigma * sigma * of_q);
        // I(q_σ) = I(q) − σ²𝔼(∂² log q)² + …, and on these scores that is below 10 I(q).
        assert!(ratio < 1.0 && 1.0 - ratio < 10.0 * sigma * sigma, "{sigma}: {ratio}");
    }
    for sigma in [10.0, 20.0, 40.0] {
        let ratio = least_loss(1, sigma, information(&q, sigma)) / (0.5 * (s / sigma).powi(2));
        assert!(ratio < 1.0 && 1.0 - ratio < 2.0 * (s / sigma).powi(2), "{sigma}: {ratio}");
    }
}

/// "The weighted loss goes to d/2 as σ → 0" needs a density: of points nothing is left, for between
/// them the noise is no secret. And "the loss goes to 0" is wrong for a density.
#[test]
fn the_limit_counts_the_dimensions_of_the_data() {
    let points = KernelEstimate { points: Matrix::from_rows([[-1.0], [1.0]]), sigma: 0.2 };
    let rule = points.rule(&Rule::trapezoid(-3.0, 3.0, 1200));
    let of_points = least_loss(1, 0.2, points.fisher_information(&rule));
    let Levels { q, .. } = Levels::any(&mut generator(3));
    let of_density = least_loss(1, 0.2, information(&q, 0.2));
    assert!(of_points < 1e-4 && of_density > 0.45, "{of_points} {of_density}");
}

/// The loss of one sample at the optimum: mean ½dw and deviation √(d/2) w with w = s²/(σ²(s² + σ²))
/// for a Gaussian, and for a mixture as σ → 0 with w = 1/σ².
#[test]
fn with_lambda_one_the_loss_and_its_scatter_grow_like_the_inverse_square_of_the_noise() {
    let gaussian = Mixture::isotropic(1, 0.64);
    for sigma in [0.2, 0.8, 2.0] {
        let w = 0.64 / (sigma * sigma * (0.64 + sigma * sigma));
        let size = w + 1.0 / (sigma * sigma);
        let sides = Sides::doubled(|fineness| {
            let Moments { mean, variance, nodes } = loss_moments(&gaussian, sigma, fineness);
            let [found, expected] = [[mean, variance], [0.5 * w, 0.5 * w * w]]
                .map(|pair| vec![Matrix::from_rows([pair])]);
            let magnitude = vec![Matrix::from_rows([[size, size * size]])];
            Sides::integrals([found, expected], magnitude, nodes)
        });
        sides.agree().unwrap();
    }
    let Levels { q, .. } = Levels::any(&mut generator(3));
    let Moments { mean, variance, .. } = loss_moments(&q, 0.1, 2);
    let (mean, deviation) = (mean * 2.0 * 0.01, (variance * 2.0).sqrt() * 0.01);
    println!("at σ = 0.1: mean {mean:.3}/(2σ²), deviation {deviation:.3} √½/σ²");
    // 1 − σ²I(q_σ) for the mean, where I is at most the largest precision, 1/0.36; the deviation is
    // off by as much, to first order in σ².
    assert!((mean - 1.0).abs() < 0.01 / 0.36 && (deviation - 1.0).abs() < 2.0 * 0.01 / 0.36);
}
