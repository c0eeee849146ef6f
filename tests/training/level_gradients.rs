//! T24: what the weights λ(σᵢ) do to gradients and to trainings.
//!
//! Monte Carlo with a fixed seed and standard errors; what is learned is measured by quadrature.

use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    array::Function,
    corruption::{NoiseScales, corrupt_each},
    density::{Density, Mixture},
    experiment::noise_conditional::{Course, Network, Weight},
    identity::{
        OldCheck,
        noise_conditional::{
            Instance, level, network, one, sample_gradients, smoothed_law, total_variance,
        },
    },
    matrix::noise::{Generator, standard_normal},
    model::Parameters,
    objective::{explicit, noise_conditional},
    train::fresh,
};

fn generator(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

/// The shares of the levels in the variance of the gradient, for λ = σ² and λ = 1, from `parts`
/// independent samples.
fn shares(per_level: &[(f64, Vec<f64>)], part: usize) -> [Vec<f64>; 2] {
    [4, 0].map(|power| {
        let terms = per_level.iter().map(|(sigma, v)| sigma.powi(power) * v[part]);
        let terms: Vec<f64> = terms.collect();
        let total: f64 = terms.iter().sum();
        terms.iter().map(|t| t / total).collect()
    })
}

/// The gradient of a level at λ = 1 has a variance ∝ 1/σ⁴: 1/σ² is the noise of the target and 1/σ²
/// the gain of the network. With λ = σ² the levels are alike.
#[test]
fn the_smallest_level_drowns_the_gradient_unless_lambda_is_the_variance() {
    const PARTS: usize = 16;
    let mut rng = generator(24);
    let q = Mixture::isotropic(2, 1.0);
    let scales = NoiseScales::geometric(4.0, 0.05, 10);
    let model = network(2, 1.0, &mut rng).map(|p| p * 0.25);
    let per_level: Vec<(f64, Vec<f64>)> = scales
        .sigmas()
        .iter()
        .map(|&sigma| {
            let mut part = || {
                let (x, z) = (q.sample(100, &mut rng), standard_normal(100, 2, &mut rng));
                total_variance(&sample_gradients(&model, &x, &z, sigma))
            };
            (sigma, (0..PARTS).map(|_| part()).collect())
        })
        .collect();
    let parts: Vec<[Vec<f64>; 2]> = (0..PARTS).map(|part| shares(&per_level, part)).collect();
    let smallest =
        [0, 1].map(|lambda| -> Vec<f64> { parts.iter().map(|p| p[lambda][9]).collect() });
    let mean = smallest.each_ref().map(|s| s.iter().sum::<f64>() / PARTS as f64);
    println!("share of the smallest level: λ = σ² {:.3}, λ = 1 {:.3}", mean[0], mean[1]);
    // A geometric series of ratio (4/0.05)^(−4/9) would leave 1 − 0.143 to its largest term.
    assert!(mean[1] > 0.8 && mean[0] < 0.25, "{mean:?}");
    assert!(OldCheck::monte_carlo(&smallest[1], 0.1).residual > 10.0, "not alike");
}

/// One coordinate of that gradient is known: by the last bias it is gain · (ψ − t), of variance
/// s²/(σ²(s² + σ²)) (2 DSM_σ − (𝔼ψ)²).
#[test]
fn the_variance_of_the_gradient_by_the_last_bias() {
    let mut rng = generator(25);
    let Instance { q, scales, model } = Instance::any(&mut rng);
    let s = model.width;
    let mut values = vec![];
    for &sigma in scales.sigmas() {
        let score = |x: &Matrix, sigma: &Matrix| model.score(x, sigma);
        let loss = level(&q, score, sigma, one, 1).denoising;
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
        let check = OldCheck::monte_carlo(&by_bias, predicted);
        assert!(check.holds(), "{sigma}: {check:?}");
        assert!(
            OldCheck::monte_carlo(&by_bias, predicted / gain / gain).residual > 10.0 || gain < 1.3
        );
        values.push(predicted);
    }
    assert!(values[2] > 10.0 * values[0], "{values:?}");
}

/// The same training twice, with λ = σ² and with λ = 1: ESM(q_σ) as a share of ½ I(q_σ), on each
/// level, by quadrature.
#[test]
fn one_network_learns_the_scores_of_all_levels() {
    let q =
        Mixture::new([(0.7, -1.0, 0.25), (0.3, 1.2, 0.36)].map(|(w, m, v): (f64, f64, f64)| {
            (w, Matrix::from_rows([[m]]), Matrix::from_rows([[v]]))
        }));
    let scales = NoiseScales::geometric(3.0, 0.1, 8);
    // σ² ESM(q_σ), and ½ σ² I(q_σ), on each level
    let trained = |weight| -> Vec<[f64; 2]> {
        let mut rng = generator(1);
        let start = Network::random(&[1, 32, 32, 1], Function::Softplus, 1.2, &mut rng);
        let course = Course { scales: scales.clone(), weight, steps: 4000, rate: 1e-2 };
        let model = course.train(start, fresh(&q, 256, rng), |_| {}).expect("finite losses");
        let measure = |&sigma: &f64| {
            let smoothed = q.smoothed(sigma);
            let rule = smoothed_law(&smoothed, sigma, 1);
            let found = model.score_at(&rule.nodes.cast(), sigma).cast();
            let excess = rule.integrate(&explicit(found, &smoothed.score(&rule.nodes)));
            [excess, 0.5 * smoothed.fisher_information(&rule)].map(|loss| sigma * sigma * loss)
        };
        scales.sigmas().iter().map(measure).collect()
    };
    let [weighted, plain] = [trained(Weight::Variance), trained(Weight::One)];
    let shares = |run: &[[f64; 2]]| -> Vec<f64> {
        run.iter().map(|[excess, scale]| 100.0 * excess / scale).collect()
    };
    let total = |run: &[[f64; 2]]| run.iter().map(|[excess, _]| excess).sum::<f64>() / 8.0;
    for (name, run) in [("λ = σ²", &weighted), ("λ = 1 ", &plain)] {
        println!("{name}: {:.2?} % of ½I(q_σ), (1/L) Σ σ²ESM {:.2e}", shares(run), total(run));
    }
    let (of_weighted, of_plain) = (shares(&weighted), shares(&plain));
    assert!(of_weighted[..7].iter().all(|&share| share < 2.0) && of_weighted[7] < 10.0);
    // λ = 1 may win on the smallest level. It pays with all that are well above it.
    assert!((0..6).all(|level| of_plain[level] > 1.5 * of_weighted[level]), "{of_plain:?}");
    assert!(total(&plain) > 3.0 * total(&weighted));
}

/// Rules that shipped elsewhere, each caught on the same draws: the mean over the dimensions for
/// their sum, σ for σ² in the target, and its sign.
#[test]
fn wrong_rules_are_caught_by_the_least_loss() {
    let mut rng = generator(26);
    let (n, d, sigma) = (4000, 3, 0.5);
    let q = Mixture::isotropic(d, 1.0);
    let (x, z) = (q.sample(n, &mut rng), standard_normal(n, d, &mut rng));
    let column = Matrix::from_fn(n, 1, |_, _| sigma);
    let smoothed = q.smoothed(sigma);
    let losses = noise_conditional(|x, _| smoothed.score(x), &x, &z, &column, |s| s.clone() * s);
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
    let right = OldCheck::monte_carlo(losses.data(), least);
    assert!(right.holds(), "{right:?}");
    for (name, values) in wrong {
        let check = OldCheck::monte_carlo(values.data(), least);
        assert!(check.residual > 10.0, "{name}: {check:?}");
    }
}
