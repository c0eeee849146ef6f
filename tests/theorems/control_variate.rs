//! T14: what blows up in plain denoising as σ → 0, for a network and by Monte Carlo. For polynomial
//! scores the variances, plain and corrected, are proved in `identities.rs`.

use rand::SeedableRng;
use score_matching::{
    Array, Dual, Matrix,
    array::{Function, Linear},
    corruption::corrupt,
    identity::Sides,
    matrix::noise::{Generator, standard_normal},
    model::{Parameters, ScoreNetwork},
    objective::{self, denoising_with_control, sliced::hutchinson},
};

/// d
const D: usize = 3;
/// So small that what is left out below, relative terms of order σ, is far below the standard errors
/// of 2¹⁶ samples, of order 1/256.
const SIGMA: f64 = 1e-5;

/// A network, 2¹⁶ samples and their noise.
fn instance() -> (ScoreNetwork<Matrix>, Matrix, Matrix) {
    let (n, mut rng) = (1 << 16, Generator::seed_from_u64(14));
    let network = ScoreNetwork::random(&[D, 16, D], Function::Softplus, &mut rng);
    (network, standard_normal(n, D, &mut rng), standard_normal(n, D, &mut rng))
}

/// σ⁴ Var(loss) = Var(½‖z‖²) + O(σ) = d/2 + O(σ), and not d. Corrected, the loss is its limit,
/// ½‖ψ‖² + zᵀJz, up to O(σ).
#[test]
fn the_variance_of_a_plain_loss_is_d_over_two_sigma_to_the_fourth() {
    let (network, x, z) = instance();
    let noisy = corrupt(&x, &z, SIGMA);
    let loss = objective::denoising(|x| network.score(x), &x, &noisy, SIGMA);
    let centred = loss * (SIGMA * SIGMA) - 0.5 * D as f64;
    let squares = centred.clone() * &centred;
    let against = |variance: f64| Sides::monte_carlo(squares.data(), variance);
    against(0.5 * D as f64).agree().unwrap();
    assert!(against(D as f64).residual() > 2.0, "d/σ⁴ is 12 standard errors off");

    let corrected = denoising_with_control(|x| network.score(x), &x, &z, SIGMA);
    let constants = network.constants();
    let limit = objective::implicit(hutchinson(|x| constants.score(x), &x, &z));
    let gap = Sides::monte_carlo((corrected - limit).data(), 0.0);
    gap.agree().unwrap();
}

/// σ² 𝔼(gradient²) = 𝔼⟨ψ(x), z⟩² + O(σ) = 𝔼‖ψ‖² + O(σ), the gradient being that by a factor before
/// the score.
#[test]
fn the_variance_of_a_plain_gradient_is_of_order_one_over_sigma_squared() {
    let (network, x, z) = instance();
    // Each sample has its own factor, all 1, so that each tangent is one sample's gradient.
    let ones = Matrix::from_fn(x.rows(), 1, |_, _| 1.0);
    let factor = Dual::along(&ones, &ones).linear(Linear::Spread(D));
    let constants = network.constants();
    let (x_dual, noisy) = (Dual::constant(&x), Dual::constant(&corrupt(&x, &z, SIGMA)));
    let score = |x: &Dual<Matrix>| constants.score(x) * &factor;
    let loss = objective::denoising(score, &x_dual, &noisy, SIGMA);
    let scaled = loss.tangents_or_zero(1) * SIGMA;
    let squares = scaled.clone() * &scaled;
    let gaps = squares.clone() - network.score(&x).squared_norm();
    Sides::monte_carlo(gaps.data(), 0.0).agree().unwrap();
    assert!(Sides::monte_carlo(squares.data(), 0.0).residual() > 2.0);
}
