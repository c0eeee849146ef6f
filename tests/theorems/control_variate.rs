//! T14: denoising with its control variates has the same mean, a bounded variance, and a limit.
//!
//! Per sample it is an identity of polynomials, exact on dyadic inputs. The rest are statements on
//! orders in σ, fitted on σ from 0.001 to 0.1: if e(σ) = A σᵖ (1 + R(σ)) with |R| ≤ r, then the
//! fitted slope is p to within Σ|w| · log(1/(1 − r)), w being the weights of the fit. A is computed
//! apart, by differentiation.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use score_matching::{
    Array, Dual, Matrix,
    array::{Function, Linear},
    corruption::corrupt,
    density::Density,
    identity::{
        OldCheck,
        denoising_explicit::{Corrupted, Instance, TOLERANCE, control_variate, gaussian_noise},
    },
    matrix::noise::{Generator, standard_normal},
    model::{Parameters, ScoreNetwork},
    objective::{self, denoising_with_control, sliced::hutchinson, trace},
    quadrature::{Rule, double},
};

fn generator(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

proptest! {
    #![proptest_config(crate::common::config(1000))]

    #[test]
    fn what_is_taken_off_a_sample_is_what_the_cancelled_form_leaves_out(seed: u64) {
        let sides = control_variate(&Corrupted::any(&mut generator(seed)));
        prop_assert!(sides.agree(), "{} > {}", sides.residual(), sides.tolerance());
    }
}

proptest! {
    #![proptest_config(crate::common::config(50))]

    /// The terms taken off have the means 0 and d/(2σ²).
    #[test]
    fn the_mean_is_that_of_plain_denoising_less_a_constant(seed: u64) {
        let Instance { q, sigma, network } = Instance::any(&mut generator(seed));
        let clean = q.rule(&Rule::trapezoid(-15.0, 15.0, 150));
        let (score, noise) = (|x: &Matrix| network.score(x), gaussian_noise(1, 90));
        let plain = double(&clean, &noise, |x, z| {
            objective::denoising(score, x, &corrupt(x, z, sigma), sigma)
        });
        let corrected =
            double(&clean, &noise, |x, z| denoising_with_control(score, x, z, sigma));
        let constant = 0.5 / (sigma * sigma);
        let gap = (plain - corrected - constant).abs() / (plain + constant);
        prop_assert!(gap < TOLERANCE, "{gap}");
    }
}

/// With ψ = ¼ x∘x − x, x and z in quarters and σ a power of two, nothing rounds, so both sides agree
/// bit for bit. As polynomials of degree 4 in the entries of x and z (for each σ) they would agree at
/// a random point of the grid of 17 values with probability at most 4/17, were they different.
#[test]
fn the_cancelled_form_is_exact_on_dyadic_inputs() {
    let mut rng = generator(14);
    let cases = 1000;
    let score = |x: &Matrix| x.clone() * x * 0.25 - x;
    for _ in 0..cases {
        let d = 8; // all trials of one polynomial; smaller d are its restriction to zeros
        let mut quarters =
            || Matrix::from_fn(4, d, |_, _| f64::from(rng.random_range(-8..=8)) * 0.25);
        let (x, z) = (quarters(), quarters());
        for sigma in [0.25_f64, 0.5, 1.0, 2.0] {
            let plain = objective::denoising(score, &x, &corrupt(&x, &z, sigma), sigma);
            let left = plain.clone()
                - score(&x).inner(&z) * (1.0 / sigma)
                - z.squared_norm() * (0.5 / (sigma * sigma));
            assert_eq!(left, denoising_with_control(score, &x, &z, sigma));
            // The bit budget: x̃ is in 16ths and ψ in 1024ths, so the loss is a whole number of
            // 2⁻²¹; it is the largest of all the terms and stays far below 2⁵³ of them.
            let units = plain * 2.0_f64.powi(21);
            assert!(units.data().iter().all(|u| u.fract() == 0.0 && *u < 2.0_f64.powi(45)));
        }
    }
    // The four rows and the levels of σ are not counted: 10^… bounds a false identity for this ψ.
    assert!(f64::from(cases) * (4.0_f64 / 17.0).log10() < -600.0);
}

/// Nine noise levels from 0.001 to 0.1.
fn sigmas() -> Vec<f64> {
    (0..9).map(|k| 1e-3 * 10.0_f64.powf(0.25 * f64::from(k))).collect()
}

/// The slope of log e against log σ by least squares, and Σ|w|.
fn slope(errors: &[f64]) -> (f64, f64) {
    let x: Vec<f64> = sigmas().iter().map(|s| s.ln()).collect();
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    let square: f64 = x.iter().map(|x| (x - mean).powi(2)).sum();
    let weights = x.iter().map(|x| (x - mean) / square);
    let total = weights.clone().map(f64::abs).sum();
    (weights.zip(errors).map(|(w, e)| w * e.ln()).sum(), total)
}

/// Asserts that e = A σᵖ (1 + R) has the slope p.
fn has_order(order: i32, errors: &[f64], coefficient: f64) {
    let remainder = |(e, s): (&f64, f64)| (e / (coefficient * s.powi(order)) - 1.0).abs();
    let remainders: Vec<f64> = errors.iter().zip(sigmas()).map(remainder).collect();
    let largest = remainders.iter().copied().fold(0.0, f64::max);
    let (slope, weights) = slope(errors);
    let allowed = weights * -(1.0 - largest).ln();
    println!("order {order}: slope {slope:.4}, allowed ± {allowed:.4}");
    assert!((slope - f64::from(order)).abs() <= allowed);
    assert!(allowed < 0.25, "nearer to this order than to any other");
    assert!(remainders[0] < 0.01, "A is the coefficient: {remainders:?}");
}

/// A tame network, 64 samples and their noise.
fn fixed(d: usize) -> (ScoreNetwork<Matrix>, Matrix, Matrix) {
    let mut rng = generator(14);
    let network = ScoreNetwork::random(&[d, 16, d], Function::Softplus, &mut rng);
    (network, standard_normal(64, d, &mut rng), standard_normal(64, d, &mut rng))
}

/// The limit ½‖ψ‖² + zᵀJz: sliced score matching with the noise for a direction.
fn limit(network: &ScoreNetwork<Matrix>, x: &Matrix, z: &Matrix) -> Matrix {
    let lifted = network.clone().map(|p| Dual::constant(&p));
    objective::implicit(hutchinson(|x| lifted.score(x), x, z))
}

/// The error of a sample is σ (⟨ψ, Jz⟩ + ½⟨z, ∂²ψ[z, z]⟩) + O(σ²).
#[test]
fn a_sample_tends_to_sliced_score_matching_with_order_one() {
    let (network, x, z) = fixed(3);
    let twice = network.clone().map(|p| Dual::constant(&Dual::constant(&p)));
    let line = Dual::along(&Dual::along(&x, &z), &Dual::constant(&z));
    let psi = twice.score(&line);
    let value = psi.value.value.clone();
    let slopes = psi.tangents_or_zero(1);
    let (along, curvature) = (slopes.value.clone(), slopes.tangents_or_zero(1));
    let first = value.inner(&along) + curvature.inner(&z) * 0.5;
    let rms = |m: &Matrix| m.squared_norm().mean().item().sqrt();

    let target = limit(&network, &x, &z);
    let error = |s| denoising_with_control(|x| network.score(x), &x, &z, s) - &target;
    let errors: Vec<f64> = sigmas().into_iter().map(|s| rms(&error(s))).collect();
    has_order(1, &errors, rms(&first));
}

/// In expectation the odd orders vanish, z being symmetric; the coefficient of σ² is
/// ½ 𝔼[ψ′² + ψψ″ + ψ‴] on the line.
#[test]
fn the_expectation_tends_to_implicit_score_matching_with_order_two() {
    let (network, ..) = fixed(1);
    let q = Instance::any(&mut generator(2)).q;
    let clean = q.rule(&Rule::trapezoid(-15.0, 15.0, 150));
    let ones = clean.nodes.constant(clean.nodes.rows(), 1, |_, _| 1.0);
    let one = Dual::constant(&ones);
    let line = Dual::along(&Dual::along(&clean.nodes, &ones), &one);
    let line = Dual::along(&line, &Dual::constant(&one));
    let thrice = network.clone().map(|p| Dual::constant(&Dual::constant(&Dual::constant(&p))));
    let psi = thrice.score(&line);
    let value = psi.value.value.value.clone();
    let first = psi.tangents_or_zero(1);
    let slope = first.value.value.clone();
    let second = first.tangents_or_zero(1);
    let curvature = second.value.clone();
    let third = second.tangents_or_zero(1);
    let terms = slope.squared_norm() + value.inner(&curvature) + third;
    let coefficient = 0.5 * clean.integrate(&terms);

    let lifted = network.clone().map(|p| Dual::constant(&p));
    let pair = trace::of_score(|x| lifted.score(x), &clean.nodes);
    let implicit = clean.integrate(&objective::implicit(pair));
    let noise = gaussian_noise(1, 90);
    let corrected =
        |s| double(&clean, &noise, |x, z| denoising_with_control(|x| network.score(x), x, z, s));
    let errors: Vec<f64> = sigmas().into_iter().map(|s| (corrected(s) - implicit).abs()).collect();
    has_order(2, &errors, coefficient.abs());
}

fn variance(values: &Matrix) -> f64 {
    let mean = values.clone().mean().item();
    (values.clone() - mean).squared_norm().mean().item()
}

/// Monte Carlo (n = 2¹⁶, d = 3, seed 14): the variance of a sample's loss, and of its gradient by a
/// factor before the score, for plain and corrected denoising.
#[test]
fn plain_denoising_blows_up_with_small_noise_and_the_corrected_one_does_not() {
    let (n, d, mut rng) = (1 << 16, 3, generator(14));
    let (network, ..) = fixed(d);
    let (x, z) = (standard_normal(n, d, &mut rng), standard_normal(n, d, &mut rng));
    // Each sample has its own factor, all 1, so that each tangent is one sample's gradient.
    let ones = Matrix::from_fn(n, 1, |_, _| 1.0);
    let factor = Dual::along(&ones, &ones).linear(Linear::Spread(d));
    let lifted = network.clone().map(|p| Dual::constant(&p));
    let score = |x: &Dual<Matrix>| lifted.score(x) * &factor;
    let (x_dual, z_dual) = (Dual::constant(&x), Dual::constant(&z));
    let pair = |loss: Dual<Matrix>| [loss.value.clone(), loss.tangents_or_zero(1)];
    let plain = |s| pair(objective::denoising(score, &x_dual, &corrupt(&x_dual, &z_dual, s), s));
    let corrected = |s| pair(denoising_with_control(score, &x_dual, &z_dual, s));
    let variances = |of: &dyn Fn(f64) -> [Matrix; 2], which: usize| -> Vec<f64> {
        sigmas().into_iter().map(|s| variance(&of(s)[which])).collect()
    };

    let limits = variance(&limit(&network, &x, &z));
    for (which, order) in [(0, 4), (1, 2)] {
        let (plain, corrected) = (variances(&plain, which), variances(&corrected, which));
        println!(
            "variance σ⁻{order}: plain {:.1e} … {:.1e}, corrected {:.3} … {:.3}",
            plain[0], plain[8], corrected[0], corrected[8]
        );
        // The counterexample: no control variate at σ = 0.01.
        assert!(plain[4] > 1e3 * corrected[4]);
        let (fit, _) = slope(&plain);
        assert!((fit + f64::from(order)).abs() < 0.05, "slope {fit}");
        let (least, most) =
            corrected.iter().fold((f64::MAX, 0.0_f64), |(a, b), &v| (a.min(v), b.max(v)));
        assert!(most < 1.5 * least, "bounded: {corrected:?}");
        if which == 0 {
            // |√var(a) − √var(b)| ≤ √𝔼(a − b)², which is of order σ
            assert!((corrected[0] / limits - 1.0).abs() < 0.02);
        }
    }

    // The constants, at σ = 0.001: σ⁴ var(loss) = var(½‖z‖²) + O(σ²) = d/2 + O(σ²), and
    // σ² 𝔼(gradient²) = 𝔼⟨ψ(x), z⟩² + O(σ²) = 𝔼‖ψ‖² + O(σ²).
    let s: f64 = 1e-3;
    let [loss, gradient] = plain(s);
    let centred = loss * (s * s) - 0.5 * d as f64;
    let squares = centred.clone() * &centred;
    let of_loss = OldCheck::monte_carlo(squares.data(), 0.5 * d as f64);
    let scaled = gradient * s;
    let gaps = scaled.clone() * &scaled - network.score(&x).squared_norm();
    let of_gradient = OldCheck::monte_carlo(gaps.data(), 0.0);
    println!("constants: {:.1} and {:.1} standard errors", of_loss.residual, of_gradient.residual);
    assert!(of_loss.holds() && of_gradient.holds());
    let wrong = OldCheck::monte_carlo(squares.data(), d as f64); // d/σ⁴ for d/(2σ⁴)
    assert!(wrong.residual > 10.0);
}
