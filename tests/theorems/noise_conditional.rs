//! T24: noise-conditional training.
//!
//! Exact where it is about rows and weights, quadrature on random mixtures and networks of the line
//! where it is about expectations. The noise of gradients, and trainings, are in
//! `tests/training/level_gradients.rs`.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use score_matching::{
    Array, Matrix,
    array::Function,
    corruption::{NoiseScales, corrupt},
    density::{Density, KernelEstimate, Mixture},
    identity::{
        denoising_explicit::{TOLERANCE, Terms},
        noise_conditional::{
            Instance, answer, bounds, deviation, in_turn, law, least_loss,
            least_loss_within_bounds, level, loss_moments, network, one, one_level, smoothed_law,
            unified, variance,
        },
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

/// Multiples of 1/`grid` within ±4.
fn dyadic(n: usize, d: usize, grid: i32, rng: &mut Generator) -> Matrix {
    let limit = 4 * grid;
    Matrix::from_fn(n, d, |_, _| f64::from(rng.random_range(-limit..=limit)) / f64::from(grid))
}

/// I(q_σ) of an instance's density.
fn information(q: &Mixture, sigma: f64) -> f64 {
    let smoothed = q.smoothed(sigma);
    smoothed.fisher_information(&smoothed_law(&smoothed, sigma, 1))
}

proptest! {
    #![proptest_config(crate::common::config(25))]

    #[test]
    fn the_objective_is_the_excess_and_the_floor_of_all_levels(seed: u64) {
        let instance = Instance::any(&mut generator(seed));
        for lambda in [variance, one] {
            Terms::assert_converged(unified(&instance, lambda, 1), unified(&instance, lambda, 2));
        }
        // Not: without the floor (a loss that "never decreases"), with the floor of q in the place
        // of q_σ, or with another λ. The floor of a level is ½ · 0.36/(0.36 + σ²) at least, which is
        // above 0.34 on the smallest. The floor of q is too small by ½σ²(I(q) − I(q_σ)) on every
        // level: with I(q) ≥ ½, as the variance is at most 2, and I(q_σ) ≤ 1/(0.36 + σ²) that is
        // above 0.5 on the largest. And λ = σ²/2 misses by half of `explicit`.
        let terms = unified(&instance, variance, 1);
        let Instance { q, scales, .. } = &instance;
        let of_q = q.fisher_information(&law(q, 1));
        let floors = scales.sigmas().iter().map(|&sigma| least_loss(1, sigma, of_q));
        let floor_of_q = floors.sum::<f64>() / scales.sigmas().len() as f64;
        prop_assert!(terms.floor - floor_of_q > 0.5 / 3.0, "{} {}", terms.floor, floor_of_q);
        let half = unified(&instance, |sigma| 0.5 * sigma * sigma, 1).explicit;
        // A random network is not the score by chance.
        prop_assert!(terms.explicit > 1e-3 * terms.denoising, "{terms:?}");
        let wrong = [
            Terms { floor: 0.0, ..terms },
            Terms { floor: floor_of_q, ..terms },
            Terms { explicit: half, ..terms },
        ];
        // Measured in the size of the right terms: the floor of q may be negative.
        let size = terms.denoising + terms.explicit + terms.floor + terms.fisher_information;
        for wrong in wrong {
            let miss = (wrong.denoising - wrong.explicit - wrong.floor).abs();
            prop_assert!(miss > 1e4 * TOLERANCE * size, "{miss:e} of {size:e}");
        }
    }

    #[test]
    fn at_the_optimum_the_weighted_loss_is_at_most_half_the_dimension(seed: u64) {
        let mut rng = generator(seed);
        let Instance { q, .. } = Instance::any(&mut rng);
        let sigma = 0.2 * 15.0_f64.powf(rng.random_range(0.0..1.0));
        let check = least_loss_within_bounds(&q, sigma);
        prop_assert!(check.holds(), "{check:?}");
        // The nodes suffice: with twice as many nothing changes.
        let smoothed = q.smoothed(sigma);
        let [coarse, fine] =
            [1, 2].map(|fineness| level(&q, |x, _| smoothed.score(x), sigma, variance, fineness));
        Terms::assert_converged(coarse, fine);
        prop_assert!(fine.explicit == 0.0 && 0.0 < fine.floor && fine.floor < 0.5);
    }

    /// The perfect f is the mean of (σx/s − sz)/√(σ² + s²) given x̃; in the mean over x̃ its square
    /// is σ² ((σ² + s²) I(q_σ) − d)/s², between 0 and d, if 𝔼‖x‖² = d s².
    #[test]
    fn the_network_answers_numbers_of_unit_size(seed: u64) {
        let mut rng = generator(seed);
        let Instance { q, scales, .. } = Instance::any(&mut rng);
        let over_q = law(&q, 1);
        let s = over_q.integrate(&over_q.nodes.squared_norm()).sqrt();
        for &sigma in scales.sigmas() {
            let smoothed = q.smoothed(sigma);
            let root = s.hypot(sigma);
            let noisy = smoothed.sample(1, &mut rng);
            let (mean, _) = posterior_moments(&q, &noisy, sigma, 400);
            let noise = (noisy.clone() - &mean) * (1.0 / sigma); // 𝔼[z | x̃]
            let expected = (mean * (sigma / s) - noise * s) * (1.0 / root);
            let found = answer(&noisy, &smoothed.score(&noisy), sigma, s);
            let scale = (noisy.item().abs() + 1.0) * (1.0 / sigma + s);
            prop_assert!((found - expected).item().abs() <= TOLERANCE * scale);

            let rule = smoothed_law(&smoothed, sigma, 1);
            let f = answer(&rule.nodes, &smoothed.score(&rule.nodes), sigma, s);
            let square = rule.integrate(&f.squared_norm());
            let information = smoothed.fisher_information(&rule);
            let predicted = sigma * sigma * (root * root * information - 1.0) / (s * s);
            prop_assert!((square - predicted).abs() <= TOLERANCE * (1.0 + sigma.powi(2) / s / s));
            prop_assert!(0.0 < square && square <= 1.0 + TOLERANCE, "{square}");
        }
    }
}

proptest! {
    #![proptest_config(crate::common::config(200))]

    /// With one σ for all rows: σ² times denoising, and so are the gradients by all parameters, bit
    /// for bit, although one writes −z/σ and the other (x − x̃)/σ².
    #[test]
    fn one_level_is_lambda_times_denoising(
        seed: u64, n in 1..6_usize, d in 1..5_usize, power in -4..=3,
    ) {
        let mut rng = generator(seed);
        let (x, z) = (dyadic(n, d, 1024, &mut rng), dyadic(n, d, 1024, &mut rng));
        let sigma = 2.0_f64.powi(power);
        let model = network(d, rng.random_range(0.5..2.0), &mut rng);
        prop_assert_eq!(corrupt(&x, &z, sigma) - &x, z.clone() * sigma, "nothing rounds");
        let sides = one_level(&model, &x, &z, sigma);
        prop_assert!(sides.left.len() == 6 && sides.are_identical(), "{:?}", sides);
    }

    /// The levels in turn along the rows: over a multiple of L rows the mean is (1/L) Σᵢ.
    #[test]
    fn levels_in_turn_make_the_mean_over_the_levels(seed: u64, times in 0..4_u32, d in 1..4_usize) {
        let mut rng = generator(seed);
        let scales = NoiseScales::geometric(4.0, 0.5, 4);
        prop_assert_eq!(scales.sigmas(), [4.0, 2.0, 1.0, 0.5]);
        let n = 4_usize << times;
        let (x, z) = (dyadic(n, d, 16, &mut rng), dyadic(n, d, 16, &mut rng));
        let a = dyadic(1, 1, 4, &mut rng).item();
        let sides = in_turn(&x, &z, &scales, a);
        prop_assert!(sides.are_identical(), "{:?}", sides);
        // Nothing rounded: each term is a multiple of 2⁻¹⁷, a square of ax̃ ∈ 2⁻⁷ℤ and z/σ ∈ 2⁻⁶ℤ
        // times λ/2 ∈ 2⁻³ℤ, and the mean of n ≤ 2⁵ divides by n. In units of 2⁻²² it is an integer,
        // and so small that doubles hold all of them.
        let units = sides.left[0].item() * 2.0_f64.powi(22);
        prop_assert!(units.fract() == 0.0 && units * (n as f64) < 2.0_f64.powi(53), "{}", units);
    }

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

/// A batch that is no multiple of L favours the first levels.
#[test]
fn levels_in_turn_need_a_multiple_of_their_number() {
    let mut rng = generator(24);
    let scales = NoiseScales::geometric(4.0, 0.5, 4);
    let (x, z) = (dyadic(5, 2, 16, &mut rng), dyadic(5, 2, 16, &mut rng));
    let sides = in_turn(&x, &z, &scales, 0.25);
    let [left, right] = [&sides.left, &sides.right].map(|side| side[0].item());
    assert!((left / right - 1.0).abs() > 0.05, "{left} {right}");
}

/// Both limits, with their orders: d/2 − ½σ²I(q) + O(σ⁴) and ½ d s²/σ² + O(σ⁻⁴).
#[test]
fn the_least_loss_falls_from_half_the_dimension_to_zero() {
    let Instance { q, .. } = Instance::any(&mut generator(3));
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
    let Instance { q, .. } = Instance::any(&mut generator(3));
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
        let [mean, variance] = loss_moments(&gaussian, sigma, 1);
        assert!((mean - 0.5 * w).abs() <= TOLERANCE * (w + 1.0 / sigma.powi(2)));
        assert!((variance - 0.5 * w * w).abs() <= TOLERANCE * (w + 1.0 / sigma.powi(2)).powi(2));
    }
    let Instance { q, .. } = Instance::any(&mut generator(3));
    let [coarse, fine] = [1, 2].map(|fineness| loss_moments(&q, 0.1, fineness));
    assert!(coarse.iter().zip(fine).all(|(c, f)| (c / f - 1.0).abs() < 1e-9));
    let [mean, variance] = fine;
    let (mean, deviation) = (mean * 2.0 * 0.01, (variance * 2.0).sqrt() * 0.01);
    println!("at σ = 0.1: mean {mean:.3}/(2σ²), deviation {deviation:.3} √½/σ²");
    // 1 − σ²I(q_σ) for the mean, where I is at most the largest precision, 1/0.36; the deviation is
    // off by as much, to first order in σ².
    assert!((mean - 1.0).abs() < 0.01 / 0.36 && (deviation - 1.0).abs() < 2.0 * 0.01 / 0.36);
}
