//! T16, T17: Tweedie's formulas against Bayes' formula, and what denoising a finite sample learns.
//!
//! Integrals are computed twice, with the second step half the first. After each theorem stands the
//! nearest false statement, asserted to fail by a margin.

use proptest::prelude::*;
use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    array::{Function, Linear},
    corruption::corrupt,
    density::{Density, KernelEstimate, Mixture, shapes},
    identity::{
        Sides,
        parzen::{denoising_on, variation, wave},
        tweedie::{orthogonality, posterior_moments, tweedie_moments},
    },
    matrix::noise::{Generator, standard_normal},
    model::{ScoreNetwork, Wiener},
    objective::{denoising, noise_floor},
    optimizer::Adam,
    quadrature::{Rule, converged},
    train::{Batches, train},
};

fn generator(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

/// The largest |x − y| relative to the largest |y|.
fn apart(x: &Matrix, y: &Matrix) -> f64 {
    let largest = |m: &Matrix| m.data().iter().fold(0.0, |l: f64, v| l.max(v.abs()));
    largest(&(x.clone() - y)) / largest(y)
}

/// T16's neighbours, on one instance: each misses the posterior's moments by more than a tenth.
#[test]
fn tweedie_has_no_other_sign_power_or_density() {
    let (q, sigma) = (shapes::two_moons(), 0.6);
    let noisy = Matrix::from_rows([[0.3, -0.5]]);
    let variance = sigma * sigma;
    let (mean, covariance) = posterior_moments(&q, &noisy, sigma, 240);
    let smoothed = q.smoothed(sigma);
    let (score, hessian) = (smoothed.score(&noisy), smoothed.hessian(&noisy));
    let identity = Matrix::from_rows([[1.0, 0.0], [0.0, 1.0]]);

    let step = mean - &noisy;
    for (right, name) in [
        (score.clone() * -variance, "the score turned round"),
        (score.clone() * sigma, "σ for σ²"),
        (q.score(&noisy) * variance, "the score of q"),
        (q.smoothed(2.0 * sigma).score(&noisy) * variance, "the score at another σ"),
    ] {
        assert!(apart(&right, &step) > 0.1, "{name}: {}", apart(&right, &step));
    }
    assert!(apart(&(score * variance), &step) < 1e-10);
    for (right, name) in [
        (identity.clone() - hessian.clone() * variance, "the Hessian's sign"),
        (identity.clone() + &hessian, "without the inner σ²"),
        (identity.clone() + q.hessian(&noisy) * variance, "the Hessian of log q"),
        (identity.clone(), "the covariance of the noise"),
    ] {
        let right = right * variance;
        assert!(apart(&right, &covariance) > 0.1, "{name}: {}", apart(&right, &covariance));
    }
    assert!(apart(&((identity + hessian * variance) * variance), &covariance) < 1e-10);
}

/// T16: the best denoiser cannot know the clean point. A loss measured against the pair's own target
/// (x − x̃)/σ² stops at d/(2σ²) − ½I(q_σ), and never at 0.
#[test]
fn the_optimal_score_is_not_the_target_of_each_pair() {
    let (q, sigma, n) = (shapes::ring(), 0.5, 20_000);
    let mut rng = generator(16);
    let x = q.sample(n, &mut rng);
    let noisy = corrupt(&x, &standard_normal(n, 2, &mut rng), sigma);
    let smoothed = q.smoothed(sigma);
    let losses = denoising(|x| smoothed.score(x), &x, &noisy, sigma);
    let grid = Rule::trapezoid(-7.0, 7.0, 140).squared();
    let floor = noise_floor(2, sigma, smoothed.fisher_information(&smoothed.rule(&grid)));
    let expected = |loss| Sides::monte_carlo(losses.data(), loss);
    assert_eq!(expected(floor).agree(), Ok(()));
    // Ten standard errors, of which six are allowed.
    assert!(expected(0.0).residual() > 10.0 / 6.0, "{}", expected(0.0).residual());
}

/// Alain and Bengio (2014): (r*(x) − x)/σ² → ∇log q(x), with an error of order σ². The order is
/// measured by halving σ three times; the best denoiser r* is the quadrature's.
#[test]
fn as_the_noise_vanishes_the_best_denoiser_shows_the_score_of_the_data() {
    let number = |v: f64| Matrix::from_rows([[v]]);
    let q = Mixture::new(
        [(0.6, -1.0, 0.9), (0.4, 1.2, 0.5)].map(|(w, m, v)| (w, number(m), number(v))),
    );
    for at in [-1.7, -0.3, 0.4, 2.0] {
        let x = Matrix::from_rows([[at]]);
        let error = |sigma: f64| {
            let (mean, _) = posterior_moments(&q, &x, sigma, 240);
            ((mean - &x) * (1.0 / (sigma * sigma)) - q.score(&x)).item().abs()
        };
        let orders: Vec<f64> =
            [0.1, 0.05, 0.025].iter().map(|&s| (error(s) / error(0.5 * s)).log2()).collect();
        println!("x = {at}: error {:.1e} at σ = 0.0125, orders {orders:.3?}", error(0.0125));
        // The next term of the error is of order σ⁴: each halving brings the order four times
        // closer to 2.
        assert!((orders[2] - 2.0).abs() < 0.02, "{orders:?}");
    }
}

proptest! {
    #![proptest_config(crate::common::config(300))]

    /// T16 for second moments alone: no Gaussian is assumed.
    #[test]
    fn the_best_affine_denoiser_leaves_errors_orthogonal_to_what_it_sees(
        (n, d) in (2..=12usize, 1..=6usize), sigma in 0.1..2.0, seed: u64,
    ) {
        let x = standard_normal(n, d, &mut generator(seed));
        prop_assert_eq!(orthogonality(&x, sigma).agree(), Ok(()));
    }

    /// For a Gaussian the best affine denoiser is Tweedie's.
    #[test]
    fn the_best_denoiser_of_a_gaussian_is_affine(d in 1..=5usize, sigma in 0.2..2.0, seed: u64) {
        let mut rng = generator(seed);
        let x: Matrix = standard_normal(4 * d, d, &mut rng);
        let wiener = Wiener::fit(&x, sigma).expect("positive definite");
        let centred = x.clone().add_row(&-wiener.mean.clone());
        let covariance = centred.tn(&centred) * (1.0 / x.rows() as f64);
        let smoothed = Mixture::gaussian(wiener.mean.clone(), covariance).smoothed(sigma);
        let noisy: Matrix = standard_normal(1, d, &mut rng) * 2.0;
        let (mean, _) = tweedie_moments(&smoothed, &noisy, sigma);
        // Two Cholesky solves of one system: (3d + 1) d u times its condition, at most 1 + tr Σ/σ².
        let condition = 1.0 + x.squared_norm().sum().item() / x.rows() as f64 / (sigma * sigma);
        let allowed = 2.0 * (d * (3 * d + 1) + 8) as f64 * condition * f64::EPSILON;
        let scale = 1.0 + noisy.squared_norm().item().sqrt();
        let gap = (wiener.reconstruct(&noisy) - mean).squared_norm().item().sqrt();
        prop_assert!(gap <= allowed * scale, "{gap:e} > {:e}", allowed * scale);
    }
}

/// Three points of the plane, whose smoothing at σ = ½ is far from a single hill.
fn triangle() -> KernelEstimate {
    let points = Matrix::from_rows([[-1.0, -0.6], [1.0, -0.6], [0.0, 1.1]]);
    KernelEstimate { points, sigma: 0.5 }
}

/// T17: the exact parabola DSM(ψ* + εδ) = DSM(ψ*) + ½ε²𝔼‖δ‖², along a network as direction; and
/// DSM(ψ*) is the noise floor of the sample.
#[test]
fn around_the_parzen_score_the_objective_is_a_parabola() {
    let sample = KernelEstimate { points: Matrix::from_rows([[-1.0], [0.2], [0.9]]), sigma: 0.6 };
    let network: ScoreNetwork<Matrix> =
        ScoreNetwork::random(&[1, 8, 1], Function::Softplus, &mut generator(17));
    let psi = |x: &Matrix| sample.score(x);
    let wave = wave(1, &mut generator(18));
    for eta in [-2.0, -0.1, 0.01, 1.0] {
        for delta in [&|x: &Matrix| network.score(x), &wave as &dyn Fn(&Matrix) -> Matrix] {
            let sides = Sides::doubled(|k| variation(&sample, psi, delta, eta, 400 * k));
            assert_eq!(sides.agree(), Ok(()), "η = {eta}");
        }
    }
    let [coarse, fine] = [400, 800].map(|steps| denoising_on(&sample, psi, steps));
    let dsm = converged(coarse, fine, 1e-12);
    let information = |steps| {
        let rule = sample.rule(&Rule::trapezoid(-7.0, 7.0, steps));
        sample.fisher_information(&rule)
    };
    let floor = noise_floor(1, 0.6, converged(information(400), information(800), 1e-12));
    println!("DSM of the optimum {dsm:.12}, floor {floor:.12}");
    assert!((dsm - floor).abs() < 1e-12 * dsm);
}

/// T17's neighbours: the Parzen score at another bandwidth loses a stated share of ½I, and its first
/// variation does not vanish.
#[test]
fn not_the_parzen_score_at_another_bandwidth() {
    let sample = triangle();
    // The narrowest score has poles at πσ²/8 ≈ 0.1 from the real plane, four steps away.
    let grid = sample.rule(&Rule::trapezoid(-6.0, 6.0, 480).squared());
    let half_information = 0.5 * sample.fisher_information(&grid);
    let least = denoising_on(&sample, |x| sample.score(x), 480);
    for factor in [0.5, 0.8, 1.25, 2.0] {
        let other = KernelEstimate { sigma: factor * sample.sigma, ..sample.clone() };
        let excess = denoising_on(&sample, |x| other.score(x), 480) - least;
        let distance = other.score(&grid.nodes) - sample.score(&grid.nodes);
        let predicted = 0.5 * grid.integrate(&distance.squared_norm());
        println!("bandwidth {factor}σ: {:.1} % of ½I lost", 100.0 * excess / half_information);
        assert!((excess - predicted).abs() < 1e-9 * predicted, "{excess} {predicted}");
        assert!(excess > 0.05 * half_information, "{factor}: {excess}");
    }
}

/// T17: a network with room enough, trained on three points, approaches their Parzen score. It
/// learns the sample by heart.
#[test]
fn a_large_network_trained_on_three_points_approaches_their_parzen_score() {
    let sample = triangle();
    let KernelEstimate { points, sigma } = sample.clone();
    let mut rng = generator(3);
    let network: ScoreNetwork<Matrix> =
        ScoreNetwork::random(&[2, 64, 64, 2], Function::Tanh, &mut rng);
    let steps = 800;
    let batches = Batches::new(points.linear(Linear::Tile(128)), 384, rng);
    let trained = train(
        network.clone(),
        &mut Adam::annealed(1e-2, steps),
        batches.take(steps),
        |model, x, z| denoising(|x| model.score(x), x, &corrupt(x, z, sigma), sigma),
        |_| {},
    )
    .expect("a finite loss");
    let grid = sample.rule(&Rule::trapezoid(-5.0, 5.0, 120).squared());
    let half_information = 0.5 * sample.fisher_information(&grid);
    let share = |network: &ScoreNetwork<Matrix>, bandwidth: f64| {
        let estimate = KernelEstimate { sigma: bandwidth, ..sample.clone() };
        let distance = network.score(&grid.nodes) - estimate.score(&grid.nodes);
        0.5 * grid.integrate(&distance.squared_norm()) / half_information
    };
    let (before, after) = (share(&network, sigma), share(&trained, sigma));
    let others = [0.5, 2.0].map(|factor| share(&trained, factor * sigma));
    println!("distance to the Parzen score in ½I: {before:.3}, trained {after:.4}; {others:.3?}");
    assert!(after < 0.02 && before > 0.5, "{after}");
    assert!(others.iter().all(|other| *other > 10.0 * after), "{others:?}");
}

/// The estimate does not care where the origin is.
#[test]
fn the_parzen_score_moves_with_its_sample() {
    let sample = triangle();
    let x: Matrix = standard_normal(50, 2, &mut generator(5));
    let away = Matrix::from_rows([[4096.0, -8192.0]]);
    let moved = KernelEstimate { points: sample.points.clone().add_row(&away), sigma: 0.5 };
    // x + away is rounded to 2⁻⁴⁰ at worst, and the slope of the score is below 25.
    let gap = moved.score(&x.clone().add_row(&away)) - sample.score(&x);
    let largest = gap.data().iter().fold(0.0, |l: f64, v| l.max(v.abs()));
    assert!(largest < 100.0 * 2.0_f64.powi(-40), "{largest:e}");
}
