//! T24: what the weights λ(σᵢ) do to gradients and to trainings.
//!
//! Monte Carlo with a fixed seed and standard errors; what is learned is measured by quadrature.

use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    array::Function,
    corruption::{NoiseScales, corrupt_each},
    density::{Density, Mixture},
    experiment::noise_conditional::{Course, Network},
    identity::{
        Sides,
        denoising_explicit::{mixture, smoothed_law, vincent},
        noise_conditional::{Levels, sample_gradients},
    },
    matrix::noise::{Generator, standard_normal},
    objective::{Weight, explicit, noise_conditional},
    train::fresh,
};

fn generator(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

/// One coordinate of the gradient at λ = 1 is known: by the last bias it is gain · (ψ − t), of variance
/// s²/(σ²(s² + σ²)) (2 DSM_σ − (𝔼ψ)²). So it grows like 1/σ⁴: 1/σ² is the noise of the target and
/// 1/σ² the gain of the network.
#[test]
fn the_variance_of_the_gradient_by_the_last_bias() {
    let mut rng = generator(25);
    let Levels { q, scales, model } = Levels::any(&mut rng);
    let s = model.width;
    for &sigma in scales.sigmas() {
        let loss = vincent(|x| model.score_at(x, sigma), &q, sigma, 1).denoising;
        let smoothed = q.smoothed(sigma);
        let rule = smoothed_law(&smoothed, sigma, 1);
        let mean = rule.integrate(&model.score_at(&rule.nodes, sigma));
        let gain = s / (sigma * s.hypot(sigma));
        let predicted = gain * gain * (2.0 * loss - mean * mean);
        let (x, z) = (q.sample(4000, &mut rng), standard_normal(4000, 1, &mut rng));
        let gradients = sample_gradients(&model, &x, &z, sigma);
        let last = gradients.cols() - 1;
        let by_bias = (0..4000).map(|i| (gradients.at(i, last) - gain * mean).powi(2));
        let by_bias: Vec<f64> = by_bias.collect();
        let against = |variance| Sides::monte_carlo(&by_bias, variance);
        against(predicted).agree().unwrap_or_else(|why| panic!("{sigma}: {why}"));
        // Without the gain, on the smallest level: there it is above 0.8/(0.4 √0.8) > 2, so that the
        // wrong value is below a quarter of the right one.
        let wrong = against(predicted / gain / gain).residual();
        assert!(sigma != scales.smallest() || wrong > 2.0, "12 standard errors, not {wrong}");
    }
}

/// A training on all levels: ESM(q_σ) as a share of ½ I(q_σ), on each level, by quadrature.
#[test]
fn one_network_learns_the_scores_of_all_levels() {
    let mut rng = generator(1);
    let q = mixture(&mut rng);
    let scales = NoiseScales::geometric(3.0, 0.1, 8);
    let start = Network::random(&[1, 32, 32, 1], Function::Softplus, 1.2, &mut rng);
    let course =
        Course { scales: scales.clone(), weight: Weight::Variance, steps: 4000, rate: 1e-2 };
    let model = course.train(start, fresh(&q, 256, rng), |_| {}).expect("finite losses");
    let share = |&sigma: &f64| {
        let smoothed = q.smoothed(sigma);
        let rule = smoothed_law(&smoothed, sigma, 1);
        let found = model.score_at(&rule.nodes.cast(), sigma).cast();
        let excess = rule.integrate(&explicit(found, &smoothed.score(&rule.nodes)));
        excess / (0.5 * smoothed.fisher_information(&rule))
    };
    let shares: Vec<f64> = scales.sigmas().iter().map(share).collect();
    println!("ESM as a share of ½I(q_σ): {shares:.4?}");
    // An example with one seed. ψ = 0 has the share 1: on every level more than that is learned.
    assert!(shares.iter().all(|share| *share < 1.0), "{shares:?}");
}

/// Rules that shipped elsewhere, each caught on the same draws: the mean over the dimensions for
/// their sum, σ for σ² in the target, its sign, and λ = σ.
///
/// The loss is 0.4 χ²₃ here, with the mean 1.2. The wrong ones are off by 0.8, 0.8, 1.2 and 1.2, with
/// standard errors of 0.031 at most: more than 25 of them.
#[test]
fn wrong_rules_are_caught_by_the_least_loss() {
    let mut rng = generator(26);
    let (n, d, sigma) = (4000, 3, 0.5);
    let q = Mixture::isotropic(d, 1.0);
    let (x, z) = (q.sample(n, &mut rng), standard_normal(n, d, &mut rng));
    let column = Matrix::from_fn(n, 1, |_, _| sigma);
    let smoothed = q.smoothed(sigma);
    let losses = noise_conditional(|x, _| smoothed.score(x), &x, &z, &column, Weight::Variance);
    let least = 0.5 * d as f64 / (1.0 + sigma * sigma);
    let noisy = corrupt_each(&x, &z, &column);
    let square = sigma * sigma;
    let with_target = |target: Matrix| explicit(smoothed.score(&noisy), &target) * square;
    let wrong = [
        ("a mean over the dimensions", losses.clone() * (1.0 / d as f64)),
        ("the target over σ", with_target(z.clone() * -1.0)),
        ("the sign of the target", with_target(z.clone() * (1.0 / sigma))),
        ("λ = σ", losses.clone() * column.reciprocal()),
    ];
    let against_the_least = |values: &Matrix| Sides::monte_carlo(values.data(), least);
    against_the_least(&losses).agree().unwrap();
    for (name, values) in wrong {
        let misses = against_the_least(&values).residual();
        assert!(misses > 2.0, "{name}: 12 standard errors, not {}", 6.0 * misses);
    }
}
