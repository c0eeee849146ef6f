//! The objective row by row, level by level, and its gradients sample by sample.

use crate::{
    array::{Array, Function, Linear},
    autodiff::Tape,
    corruption::{NoiseScales, corrupt, corrupt_each},
    grid::Exact,
    matrix::{Matrix, noise::standard_normal},
    model::{NoiseConditionalNetwork, Parameters, ScoreNetwork, network::Layer},
    objective::{Weight, denoising, explicit, noise_conditional},
};
use rand::{Rng, RngExt};

/// A network for all levels, clean points and their noise.
#[derive(Clone, Debug)]
pub struct LevelBatch<A = Matrix> {
    /// ψ(x; σ)
    pub model: NoiseConditionalNetwork<A>,
    /// x, (n, d)
    pub x: A,
    /// z, (n, d)
    pub noise: A,
    /// σ for each row where the rows are free to have one, (n, 1).
    pub sigma: A,
}

impl<A> Parameters<A> for LevelBatch<A> {
    type With<B> = LevelBatch<B>;

    fn map<B>(self, mut f: impl FnMut(A) -> B) -> LevelBatch<B> {
        let [x, noise, sigma] = [self.x, self.noise, self.sigma].map(&mut f);
        LevelBatch { x, noise, sigma, model: self.model.map(f) }
    }
}

impl LevelBatch<Exact> {
    /// Everything an indeterminate: n rows of d dimensions, eight hidden units, data of width ½.
    pub fn every(n: usize, d: usize) -> Self {
        let named = Exact::named;
        let layers = vec![
            Layer { w: named("u", 8, d), b: named("a", 1, 8) },
            Layer { w: named("v", d, 8), b: named("b", 1, d) },
        ];
        let network = ScoreNetwork { layers, activation: Function::Softplus };
        let model = NoiseConditionalNetwork { network, level: named("l", 8, 1), width: 0.5 };
        Self { model, x: named("x", n, d), noise: named("z", n, d), sigma: named("σ", n, 1) }
    }
}

impl LevelBatch {
    /// Up to three rows for each of two to four levels, in up to four dimensions.
    pub fn any(rng: &mut impl Rng) -> (Self, NoiseScales) {
        let [levels, times, d] = [2..5, 1..4, 1..5].map(|range| rng.random_range(range));
        let scales =
            NoiseScales::geometric(rng.random_range(1.0..5.0), rng.random_range(0.05..0.5), levels);
        let n = levels * times;
        let (x, noise) = (standard_normal(n, d, rng), standard_normal(n, d, rng));
        let sigma = Matrix::from_fn(n, 1, |i, _| scales.of_row(i));
        let model = super::network(d, rng.random_range(0.5..2.0), rng);
        (Self { model, x, noise, sigma }, scales)
    }
}

/// T24: σ² ½‖ψ(x̃; σ) + z/σ‖² of each row, and the objective with λ = σ², which is ½‖σψ(x̃; σ) + z‖².
pub fn row_by_row<A: Array>(batch: &LevelBatch<A>) -> [Vec<A>; 2] {
    let LevelBatch { model, x, noise, sigma } = batch;
    let (_, d) = x.shape();
    let psi = model.score(&corrupt_each(x, noise, sigma), sigma);
    let target = -noise.clone() * sigma.clone().reciprocal().linear(Linear::Spread(d));
    let left = explicit(psi, &target) * Weight::Variance.of(sigma);
    let score = |x: &A, s: &A| model.score(x, s);
    [vec![left], vec![noise_conditional(score, x, noise, sigma, Weight::Variance)]]
}

/// T24: with the levels in turn along the rows, L times the mean over the batch, and Σᵢ σᵢ² DSM_σᵢ
/// over the rows of each level; and the gradients of both by all parameters. Equal if the batch is a
/// multiple of L.
///
/// # Panics
/// If there are fewer rows than levels.
#[track_caller]
pub fn in_turn<A: Array>(batch: &LevelBatch<A>, scales: &NoiseScales) -> [Vec<A>; 2] {
    let ((n, _), levels) = (batch.x.shape(), scales.sigmas().len());
    assert!(n >= levels, "{n} rows for {levels} levels");
    let tape = Tape::new();
    let LevelBatch { model, x, noise, .. } = batch.on(&tape);
    let sigma = x.constant(n, 1, |i, _| scales.of_row(i));
    let of_rows = noise_conditional(|x, s| model.score(x, s), &x, &noise, &sigma, Weight::Variance);
    let each = scales.sigmas().iter().enumerate().map(|(level, &sigma)| {
        // The rows of this level, as a product with a matrix of zeros and ones.
        let rows = (n - level).div_ceil(levels);
        let pick = x.constant(rows, n, |i, j| f64::from(u8::from(j == level + i * levels)));
        let (x, z) = (pick.nn(&x), pick.nn(&noise));
        let noisy = corrupt(&x, &z, sigma);
        denoising(|x| model.score_at(x, sigma), &x, &noisy, sigma).mean() * (sigma * sigma)
    });
    let of_levels = each.reduce(|sum, loss| sum + loss).expect("a level");
    let wrt = model.clone().into_list();
    [(of_rows.mean() * levels as f64).with_gradient(&wrt), of_levels.with_gradient(&wrt)]
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
        let tape = Tape::new();
        let model = model.on(&tape);
        let [x, z] = [x, noise].map(|rows| tape.var(&rows.select(&[i])));
        let noisy = corrupt(&x, &z, sigma);
        let loss = denoising(|x| model.score_at(x, sigma), &x, &noisy, sigma).mean();
        let gradients = loss.gradient(&model.clone().into_list());
        gradients.iter().flat_map(|g| g.data().to_vec()).collect::<Vec<f64>>()
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
