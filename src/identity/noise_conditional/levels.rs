//! The objective row by row: exact in arithmetic, and its gradients sample by sample.

use crate::{
    array::Array,
    autodiff::{Tape, Var},
    corruption::{NoiseScales, corrupt},
    identity::{OldSides, magnitude},
    matrix::Matrix,
    model::{NoiseConditionalNetwork, Parameters},
    objective::{denoising, noise_conditional},
};
use rand::{Rng, RngExt};

/// A network, and points and noise on which x + σz and z/σ are exact: multiples of 2⁻¹⁰ within ±4,
/// with σ a power of two from 2⁻⁴ to 2³.
#[derive(Clone, Debug)]
pub(super) struct Dyadic {
    pub model: NoiseConditionalNetwork<Matrix>,
    pub x: Matrix,
    pub noise: Matrix,
    pub sigma: f64,
}

impl Dyadic {
    pub fn any(rng: &mut impl Rng) -> Self {
        let (n, d) = (rng.random_range(1..=6), rng.random_range(1..=4));
        let mut points =
            || Matrix::from_fn(n, d, |_, _| f64::from(rng.random_range(-4096..=4096)) / 1024.0);
        let (x, noise) = (points(), points());
        let sigma = 2.0_f64.powi(rng.random_range(-4..=3));
        Self { model: super::network(d, rng.random_range(0.5..2.0), rng), x, noise, sigma }
    }
}

/// T24: with one σ in all rows the objective is σ² times denoising at that σ, row by row, and so are
/// the gradients of its mean by all parameters.
///
/// One side writes the target as −z/σ, the other as (x − x̃)/σ². Where x + σz is exact and σ a power
/// of two both are exact, and multiplying by σ² rounds nothing: the two sides are the same bits,
/// through the whole network. Elsewhere they differ by rounding, and this check may fail.
pub fn one_level(
    model: &NoiseConditionalNetwork<Matrix>,
    x: &Matrix,
    noise: &Matrix,
    sigma: f64,
) -> OldSides {
    let square = sigma * sigma;
    let left = with_gradients(model, x, |model, x| {
        let column = x.constant(x.shape().0, 1, |_, _| sigma);
        noise_conditional(|x, s| model.score(x, s), x, &like(x, noise), &column, |s| *s * s)
    });
    let right = with_gradients(model, x, |model, x| {
        let noisy = corrupt(x, &like(x, noise), sigma);
        denoising(|x| model.score_at(x, sigma), x, &noisy, sigma) * square
    });
    let magnitude = left.iter().map(magnitude).collect();
    OldSides { left, right, magnitude, roundings: 0.0 }
}

/// A matrix of numbers as a constant in the reading of x.
fn like<A: Array>(x: &A, matrix: &Matrix) -> A {
    let (n, d) = matrix.shape();
    x.constant(n, d, |i, j| matrix.at(i, j))
}

/// One number a row, and the gradients of their mean.
fn with_gradients(
    model: &NoiseConditionalNetwork<Matrix>,
    x: &Matrix,
    objective: impl for<'t> Fn(&NoiseConditionalNetwork<Var<'t>>, &Var<'t>) -> Var<'t>,
) -> Vec<Matrix> {
    let tape = Tape::new();
    let variables = model.clone().map(|p| tape.var(&p));
    let losses = objective(&variables, &tape.var(x));
    let mut all = vec![losses.value()];
    all.extend(losses.mean().gradient(&variables.into_list()));
    all
}

/// T24: with the levels in turn along the rows, the mean over the batch, and (1/L) Σᵢ of the means
/// over the rows of each level, for ψ(x; σ) = −a x and λ = σ². Equal if the batch is a multiple of
/// L, and to the bit if nothing rounds.
///
/// # Panics
/// If there are fewer rows than levels.
pub fn in_turn(x: &Matrix, noise: &Matrix, scales: &NoiseScales, a: f64) -> OldSides {
    let (n, levels) = (x.rows(), scales.sigmas().len());
    assert!(n >= levels, "{n} rows for {levels} levels");
    let sigma = Matrix::from_fn(n, 1, |i, _| scales.of_row(i));
    let score = |x: &Matrix, _: &Matrix| x.clone() * -a;
    let left = noise_conditional(score, x, noise, &sigma, |s| s.clone() * s).mean();
    let each = scales.sigmas().iter().enumerate().map(|(level, &sigma)| {
        let rows: Vec<usize> = (level..n).step_by(levels).collect();
        let (x, z) = (x.select(&rows), noise.select(&rows));
        let loss = denoising(|x| x.clone() * -a, &x, &corrupt(&x, &z, sigma), sigma).mean();
        loss * (sigma * sigma)
    });
    let sum = each.fold(Matrix::zeros(1, 1), |sum, loss| sum + loss);
    let right = sum * (1.0 / levels as f64);
    OldSides {
        magnitude: vec![magnitude(&left)],
        left: vec![left],
        right: vec![right],
        roundings: 0.0,
    }
}

/// The gradient by all parameters of each row's ½‖ψ(x̃; σ) − (x − x̃)/σ²‖², λ = 1: (n, parameters).
/// With another λ it is λ times that.
pub fn sample_gradients(
    model: &NoiseConditionalNetwork<Matrix>,
    x: &Matrix,
    noise: &Matrix,
    sigma: f64,
) -> Matrix {
    let row = |i: usize| {
        let (x, z) = (x.select(&[i]), noise.select(&[i]));
        let noisy = corrupt(&x, &z, sigma);
        let gradients = with_gradients(model, &noisy, |model, noisy| {
            denoising(|x| model.score_at(x, sigma), &like(noisy, &x), noisy, sigma)
        });
        let numbers = gradients[1..].iter().flat_map(|g| g.data().to_vec());
        numbers.collect::<Vec<f64>>()
    };
    let rows: Vec<Vec<f64>> = (0..x.rows()).map(row).collect();
    Matrix::from_fn(rows.len(), rows[0].len(), |i, j| rows[i][j])
}

/// The variances of all columns together, over the rows: 𝔼‖g − 𝔼g‖².
pub fn total_variance(gradients: &Matrix) -> f64 {
    let n = gradients.rows() as f64;
    let mean = gradients.clone().sum_over_samples() * (1.0 / n);
    let squares = gradients.clone().add_row(&-mean).squared_norm();
    squares.sum().item() / (n - 1.0)
}
