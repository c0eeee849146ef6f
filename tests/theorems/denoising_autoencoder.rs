//! T8–T11 for all shapes, noise levels and parameters.
//!
//! The equivalence DSM = DAE/(2σ⁴) is checked three times: bit for bit where nothing rounds, with
//! integers as a third witness that nothing did; to a derived bound where things round; and as a
//! polynomial identity at random points of a grid, which bounds the chance of a false theorem.
//! After each theorem stands the nearest false statement, asserted to fail by a margin.

use rand::{RngExt, SeedableRng};
use score_matching::{
    Array, Dual, Matrix,
    identity::{
        Sides,
        denoising_autoencoder::{Instance, asymmetry, equivalence, jacobian},
        enclosed,
    },
    matrix::{
        Real,
        noise::{Generator, standard_normal},
    },
    model::Parameters,
    objective,
};

fn random(shape: (usize, usize, usize), seed: u64) -> Instance {
    Instance::random(shape, &mut Generator::seed_from_u64(seed))
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
        let [left, right] = equivalence(&instance);
        assert_eq!(left, right, "shape {shape:?}");
        assert_eq!(left, in_integers(&instance), "shape {shape:?}: something rounded");
    }
    let total: usize = count.iter().sum();
    let share = count.map(|c| c as f64 / total as f64);
    assert!(share.iter().all(|&s| s > 0.1), "each activation has a fair share: {share:?}");
}

/// A power of two as an integer's unit: the values of m as multiples of 1/unit.
fn whole(m: &Matrix, unit: i128) -> Vec<i128> {
    let scaled = m.data().iter().map(|v| v * unit as f64);
    scaled.inspect(|v| assert_eq!(v.fract(), 0.0)).map(|v| v as i128).collect()
}

/// Integers times a power of two, asserting that f64 holds them exactly.
fn exact(values: &[i128], rows: usize, cols: usize, scale: f64) -> Matrix {
    assert!(values.iter().all(|v| v.abs() < 1 << 53), "over the bit budget");
    Matrix::from_vec(rows, cols, values.iter().map(|&v| v as f64 * scale).collect())
}

/// The loss and its gradients of a dyadic instance in exact integer arithmetic, written from the
/// formulas by hand: a in halves, activations in halves, their slopes in quarters, residuals in
/// eighths (W is a multiple of 1024, so a quarter of it is whole).
fn in_integers(instance: &Instance) -> Vec<Matrix> {
    let Instance { model, x, noisy, sigma } = instance;
    let ((n, d), h) = (x.shape(), model.w.rows());
    let (w, b, c) = (whole(&model.w, 1), whole(&model.b, 1), whole(&model.c, 8));
    let a = whole(model.a.as_ref().expect("weighted units"), 2);
    let (x, noisy) = (whole(x, 1), whole(noisy, 1));

    let (mut loss, mut dw, mut db) = (0, vec![0; h * d], vec![0; h]);
    let (mut dc, mut da) = (vec![0; d], vec![0; h]);
    for i in 0..n {
        let (x, noisy) = (&x[i * d..][..d], &noisy[i * d..][..d]);
        let s: Vec<i128> =
            (0..h) // 2 sigmoid
                .map(|j| {
                    1 + (b[j] + (0..d).map(|k| w[j * d + k] * noisy[k]).sum::<i128>()).signum()
                })
                .collect();
        let rho: Vec<i128> = (0..d) // 8 (r(x̃) − x)
            .map(|k| {
                let sum: i128 = (0..h).map(|j| w[j * d + k] * a[j] * s[j]).sum();
                2 * sum + c[k] - 8 * x[k]
            })
            .collect();
        loss += rho.iter().map(|r| r * r).sum::<i128>(); // 64 ‖ρ‖²
        for k in 0..d {
            dc[k] += rho[k]; // 8 ρ
        }
        for j in 0..h {
            let back: i128 = (0..d).map(|k| w[j * d + k] * rho[k]).sum(); // 8 Wρ
            let delta = a[j] * s[j] * (2 - s[j]) * back; // 64 · a h (1 − h) Wρ
            da[j] += s[j] * back; // 16 · h Wρ
            db[j] += delta;
            for k in 0..d {
                dw[j * d + k] += delta * noisy[k] + 2 * a[j] * s[j] * rho[k]; // 64 (δ x̃ᵀ + a h ρᵀ)
            }
        }
    }
    let scale = 1.0 / (n as f64 * sigma * sigma * sigma * sigma);
    vec![
        exact(&[loss], 1, 1, scale / 128.0),
        exact(&dw, h, d, scale / 64.0),
        exact(&db, 1, h, scale / 64.0),
        exact(&dc, 1, d, scale / 8.0),
        exact(&da, 1, h, scale / 16.0),
    ]
}

/// The intervals are not so wide that an error could hide in them.
#[test]
fn a_relative_error_of_1e_12_is_seen() {
    let seen = (0..100).filter(|&seed| {
        let i = random((8, 8, 8), seed);
        let [mut left, right] = equivalence(&i);
        left[0] = left[0].clone() * (1.0 + 1e-12);
        Sides::rounding([left, right], equivalence(&enclosed(&i))).agree().is_err()
    });
    assert!(seen.count() >= 99);
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
    let [left, _] = equivalence(instance);
    (wrong / left[0].item() - 1.0).abs()
}

/// DAE_σ of any reconstruction over 2σ⁴.
fn over_two_sigma_4(instance: &Instance, r: impl Fn(&Matrix) -> Matrix) -> f64 {
    let Instance { x, noisy, sigma, .. } = instance;
    objective::reconstruction(r, x, noisy).mean().item() / (2.0 * sigma * sigma * sigma * sigma)
}

#[test]
fn not_over_two_sigma_squared() {
    let instance = fixed();
    let Instance { model, x, noisy, sigma } = &instance;
    let dae = objective::reconstruction(|x| model.reconstruct(x), x, noisy).mean().item();
    assert!(miss(&instance, dae / (2.0 * sigma * sigma)) > 0.7); // off by σ² = ¼
}

/// The identity holds for every reconstruction with its own ψ. What fails is that the *energy*
/// belongs to an autoencoder with a sigmoid in the decoder, or with other weights there.
#[test]
fn the_energy_is_not_that_of_a_sigmoid_decoder() {
    let instance = fixed();
    let wrong = over_two_sigma_4(&instance, |x| instance.model.reconstruct(x).sigmoid());
    assert!(miss(&instance, wrong) > 0.1, "{}", miss(&instance, wrong));
}

#[test]
fn the_energy_is_not_that_of_untied_weights() {
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
    // r − x̃ and x − x̃ round alike, so the loss is 0.
    assert!(right == 0.0 && wrong > 10.0, "{right} {wrong}");
}

/// T11's counterexamples: a field that is the gradient of nothing.
#[test]
fn untied_weights_or_a_sigmoid_decoder_give_no_score() {
    let Instance { model, noisy, .. } = fixed();
    let m = model.map(|p| Dual::constant(&p));
    let v = standard_normal::<f64>(12, 8, &mut Generator::seed_from_u64(6));
    let v = Dual::constant(&v);
    let untied = jacobian(|x| m.encode(x).nn(&v).add_row(&m.c), &noisy);
    let sigmoid = jacobian(|x| m.reconstruct(x).sigmoid(), &noisy);
    let tied = jacobian(|x| m.reconstruct(x), &noisy);
    // Entries ij and ji are sums of the same 12 products, relative to the largest entry.
    assert!(asymmetry(&tied) < 2.0 * (12.0 + 8.0) * f64::UNIT_ROUNDOFF);
    assert!(asymmetry(&untied) > 0.3);
    assert!(asymmetry(&sigmoid) > 0.1);
}
