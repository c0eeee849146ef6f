//! T8–T11 for all shapes, noise levels and parameters.
//!
//! The equivalence DSM = DAE/(2σ⁴) is checked three times: bit for bit where nothing rounds, with
//! integers as a third witness that nothing did; to a derived bound where things round; and as a
//! polynomial identity at random points of a grid, which bounds the chance of a false theorem.
//! After each theorem stands the nearest false statement, asserted to fail by a margin.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use score_matching::{
    Array, Dual, Matrix,
    identity::{
        Sides,
        denoising_autoencoder::{
            Instance, asymmetry, energy_score, equivalence, jacobian, kernel_score,
        },
    },
    matrix::noise::{Generator, standard_normal},
    model::{Autoencoder, Parameters},
    objective,
};

mod common;

/// Up to 8 × 8 × 8.
fn shapes() -> impl Strategy<Value = (usize, usize, usize)> {
    (1..=8usize, 1..=8usize, 1..=8usize)
}

fn random(shape: (usize, usize, usize), seed: u64) -> Instance {
    Instance::random(shape, &mut Generator::seed_from_u64(seed))
}

proptest! {
    #![proptest_config(common::config(1000))]

    /// T8
    #[test]
    fn the_score_of_the_kernel_points_back_to_the_clean_point(shape in shapes(), seed: u64) {
        let sides = kernel_score(&random(shape, seed));
        prop_assert!(sides.agree(), "{} > {}", sides.residual(), sides.tolerance());
    }

    /// T9
    #[test]
    fn the_score_is_minus_the_gradient_of_the_energy(shape in shapes(), seed: u64) {
        let sides = energy_score(&random(shape, seed));
        prop_assert!(sides.agree(), "{} > {}", sides.residual(), sides.tolerance());
    }

    /// T10 where things round: loss and gradients to the derived bound.
    #[test]
    fn denoising_is_reconstruction_over_two_sigma_to_the_fourth(shape in shapes(), seed: u64) {
        let sides = equivalence(&random(shape, seed));
        prop_assert!(sides.agree(), "{} > {}", sides.residual(), sides.tolerance());
    }
}

/// T10 where nothing rounds, through the real sigmoid, against integers.
#[test]
fn denoising_is_reconstruction_over_two_sigma_to_the_fourth_bit_for_bit() {
    let mut rng = Generator::seed_from_u64(2011);
    let cases = 1000;
    let mut count = [0_usize; 3]; // activations that are 0, ½, 1
    for _ in 0..cases {
        let n = 1 << rng.random_range(0..4); // a power of two, for the mean
        let shape = (n, rng.random_range(1..=8), rng.random_range(1..=8));
        let instance = Instance::dyadic(shape, &mut rng);
        for &s in instance.model.encode(&instance.noisy).data() {
            let which = [0.0, 0.5, 1.0].iter().position(|&v| v == s);
            count[which.expect("an activation that is neither 0, ½ nor 1")] += 1;
        }
        let sides = equivalence(&instance);
        assert!(sides.are_identical(), "shape {shape:?}");
        assert_eq!(sides.left, in_integers(&instance), "shape {shape:?}: something rounded");
    }
    let total: usize = count.iter().sum();
    let share = count.map(|c| c as f64 / total as f64);
    println!("{cases} cases identical; activations 0, ½, 1: {share:.3?}");
    assert!(share.iter().all(|&s| s > 0.1), "each activation has a fair share: {share:?}");
}

/// The loss and its gradients of a dyadic instance in exact integer arithmetic, written from the
/// formulas by hand: residuals in eighths, activations in halves, their slopes in quarters.
fn in_integers(instance: &Instance) -> Vec<Matrix> {
    let whole = |m: &Matrix, unit: i128| -> Vec<i128> {
        let scaled = m.data().iter().map(|v| v * unit as f64);
        scaled.inspect(|v| assert_eq!(v.fract(), 0.0)).map(|v| v as i128).collect()
    };
    let Instance { model, x, noisy, sigma } = instance;
    let ((n, d), h) = (x.shape(), model.w.rows());
    let (w, b, c) = (whole(&model.w, 1), whole(&model.b, 1), whole(&model.c, 8));
    let (x, noisy) = (whole(x, 1), whole(noisy, 1));

    let (mut loss, mut dw, mut db, mut dc) = (0, vec![0; h * d], vec![0; h], vec![0; d]);
    for i in 0..n {
        let (x, noisy) = (&x[i * d..][..d], &noisy[i * d..][..d]);
        let s: Vec<i128> =
            (0..h) // 2 sigmoid
                .map(|j| {
                    1 + (b[j] + (0..d).map(|k| w[j * d + k] * noisy[k]).sum::<i128>()).signum()
                })
                .collect();
        let rho: Vec<i128> = (0..d) // 8 (r(x̃) − x)
            .map(|k| 4 * (0..h).map(|j| w[j * d + k] * s[j]).sum::<i128>() + c[k] - 8 * x[k])
            .collect();
        loss += rho.iter().map(|r| r * r).sum::<i128>(); // 64 ‖ρ‖²
        for k in 0..d {
            dc[k] += rho[k]; // 8 ρ
        }
        for j in 0..h {
            let back: i128 = (0..d).map(|k| w[j * d + k] * rho[k]).sum();
            let delta = s[j] * (2 - s[j]) * back; // 4 · 8 · h (1 − h) Wρ
            db[j] += delta;
            for k in 0..d {
                dw[j * d + k] += delta * noisy[k] + 2 * s[j] * rho[k]; // 32 (δ x̃ᵀ + h ρᵀ)
            }
        }
    }
    let scale = 1.0 / (n as f64 * sigma * sigma * sigma * sigma);
    let exact = |values: Vec<i128>, rows: usize, cols: usize, unit: f64| {
        assert!(values.iter().all(|v| v.abs() < 1 << 53), "over the bit budget");
        Matrix::from_vec(rows, cols, values.iter().map(|&v| v as f64 * (scale / unit)).collect())
    };
    vec![
        exact(vec![loss], 1, 1, 128.0),
        exact(dw, h, d, 32.0),
        exact(db, 1, h, 32.0),
        exact(dc, 1, d, 8.0),
    ]
}

/// T10 as a polynomial identity: with the hidden values h prescribed, both sides times 2σ⁴ are
/// polynomials of degree 4 in (W, h, c, x, x̃). If they were different polynomials, they would agree
/// at a random point of a grid with 129 values a variable with probability at most 4/129 (Schwartz
/// and Zippel).
#[test]
fn the_equivalence_is_a_polynomial_identity() {
    let mut rng = Generator::seed_from_u64(1979);
    let cases = 1000;
    for _ in 0..cases {
        let (n, d, h) = (1, rng.random_range(1..=8), rng.random_range(1..=8));
        let mut sixteenths = |rows, cols| {
            Matrix::from_fn(rows, cols, |_, _| f64::from(rng.random_range(-64..=64)) / 16.0)
        };
        let (w, b, c) = (sixteenths(h, d), Matrix::zeros(1, h), sixteenths(1, d));
        let (x, noisy, hidden) = (sixteenths(n, d), sixteenths(n, d), sixteenths(n, h));
        let model = Autoencoder { w, b, c, a: None };
        for sigma in [2.0_f64.powi(-16), 0.5, 4.0] {
            let r = |_: &Matrix| model.decode(hidden.clone());
            let score = |x: &Matrix| (r(x) - x) * (1.0 / (sigma * sigma));
            let left = objective::denoising(score, &x, &noisy, sigma);
            let scale = 0.5 / (sigma * sigma * sigma * sigma);
            let right = objective::reconstruction(r, &x, &noisy) * scale;
            assert_eq!(left, right);
        }
    }
    let bound = f64::from(cases) * (4.0_f64 / 129.0).log10();
    println!("{cases} grid points; a false identity would pass with probability 10^{bound:.0}");
}

/// One fixed instance with d = 8, h = 12, on which false statements must fail.
fn fixed() -> Instance {
    let mut instance = random((16, 8, 12), 5);
    instance.sigma = 0.5;
    instance.model.a = None;
    instance
}

/// |wrong/right − 1| for the value of DAE-like losses against DSM.
fn miss(instance: &Instance, wrong: f64) -> f64 {
    let Sides { left, .. } = equivalence(instance);
    (wrong / left[0].item() - 1.0).abs()
}

/// DAE_σ of any reconstruction over 2σ⁴.
fn over_two_sigma_4(instance: &Instance, r: impl Fn(&Matrix) -> Matrix) -> f64 {
    let Instance { x, noisy, sigma, .. } = instance;
    objective::reconstruction(r, x, noisy).mean().item() / (2.0 * sigma.powi(4))
}

#[test]
fn not_over_two_sigma_squared() {
    let instance = fixed();
    let Instance { model, x, noisy, sigma } = &instance;
    let dae = objective::reconstruction(|x| model.reconstruct(x), x, noisy).mean().item();
    assert!(miss(&instance, dae / (2.0 * sigma * sigma)) > 0.7); // off by σ² = ¼
}

#[test]
fn not_without_the_half() {
    let instance = fixed();
    let right = over_two_sigma_4(&instance, |x| instance.model.reconstruct(x));
    assert!(miss(&instance, 2.0 * right) > 0.9);
}

#[test]
fn not_with_a_sigmoid_in_the_decoder() {
    let instance = fixed();
    let wrong = over_two_sigma_4(&instance, |x| instance.model.reconstruct(x).sigmoid());
    assert!(miss(&instance, wrong) > 0.1, "{}", miss(&instance, wrong));
}

#[test]
fn not_with_untied_weights() {
    let instance = fixed();
    let model = &instance.model;
    let v = standard_normal::<f64>(12, 8, &mut Generator::seed_from_u64(6));
    let wrong = over_two_sigma_4(&instance, |x| model.encode(x).nn(&v).add_row(&model.c));
    assert!(miss(&instance, wrong) > 0.1, "{}", miss(&instance, wrong));
}

#[test]
fn not_with_another_sigma_in_the_model() {
    let instance = fixed();
    let Instance { model, x, noisy, sigma } = &instance;
    let wrong =
        objective::denoising(|x| model.score(x, 2.0 * sigma), x, noisy, *sigma).mean().item();
    assert!(miss(&instance, wrong) > 0.1, "{}", miss(&instance, wrong));
}

/// A model that reconstructs perfectly (all data in one point c, W = 0) has no loss; with the
/// target turned round it would have 2‖z‖²/σ² a sample.
#[test]
fn not_with_the_target_pointing_away_from_the_clean_point() {
    let mut instance = fixed();
    let (n, d) = instance.x.shape();
    instance.model.w = instance.model.w * 0.0;
    instance.x = Matrix::zeros(n, d).add_row(&instance.model.c);
    let Instance { model, x, noisy, sigma } = &instance;
    let psi = model.score(noisy, *sigma);
    let right = objective::denoising(|_| psi.clone(), x, noisy, *sigma).mean().item();
    let turned = (noisy.clone() - x) * (1.0 / (sigma * sigma));
    let wrong = ((psi - turned).squared_norm() * 0.5).mean().item();
    assert!(right < 1e-25 * wrong && wrong > 10.0, "{right} {wrong}");
}

/// T11's counterexamples: a field that is the gradient of nothing.
#[test]
fn untied_weights_or_a_sigmoid_decoder_give_no_score() {
    let Instance { model, noisy, .. } = fixed();
    let m = model.clone().map(|p| Dual::constant(&p));
    let v = standard_normal::<f64>(12, 8, &mut Generator::seed_from_u64(6));
    let v = Dual::constant(&v);
    let untied = jacobian(|x| m.encode(x).nn(&v).add_row(&m.c), &noisy);
    let sigmoid = jacobian(|x| m.reconstruct(x).sigmoid(), &noisy);
    let tied = jacobian(|x| m.reconstruct(x), &noisy);
    println!(
        "asymmetry: tied {:.1e}, untied {:.2}, sigmoid decoder {:.2}",
        asymmetry(&tied),
        asymmetry(&untied),
        asymmetry(&sigmoid)
    );
    assert!(asymmetry(&tied) < 1e-14);
    assert!(asymmetry(&untied) > 0.3);
    assert!(asymmetry(&sigmoid) > 0.1);
}
