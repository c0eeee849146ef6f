//! The noise floor: what a denoising loss cannot go below.
//!
//! The clean point cannot be known from the corrupted one, so even the perfect denoiser
//! r*(x̃) = 𝔼[x∣x̃] leaves an error, and DSM_σ ≥ 𝔼‖𝔼[x∣x̃] − x‖²/(2σ⁴) for every model. A loss
//! printed without it "never decreases". The floor of a data density is seldom known, but that of
//! the *training sample* always is: there x is one of n known points, and 𝔼[x∣x̃] is their mean,
//! weighted by how well each explains x̃.

use crate::{
    array::{Array, Linear},
    matrix::Matrix,
};

/// 𝔼[x∣x̃] when x is uniform on the rows of `points` (n, d): Σᵢ wᵢ pointᵢ with weights
/// w = softmax(−‖x̃ − pointᵢ‖²/(2σ²)). Shapes: x̃ (m, d) → (m, d).
///
/// (r*(x̃) − x̃)/σ² is the score of the kernel density estimate with bandwidth σ: a model that
/// reached this floor would have memorised its training points.
#[track_caller]
pub fn posterior_mean(points: &Matrix, noisy: &Matrix, sigma: f64) -> Matrix {
    let scale = 1.0 / (sigma * sigma);
    // −‖x̃ − p‖²/(2σ²) up to the ‖x̃‖² that all weights of a row share.
    let half_norms = points.squared_norm() * -0.5;
    let log_weights = noisy.nt(points).add_row(&half_norms.linear(Linear::Transpose));
    let log_weights = log_weights * scale;
    let largest: Vec<f64> = (0..noisy.rows())
        .map(|i| log_weights.row(i).iter().copied().fold(f64::MIN, f64::max))
        .collect();
    // Subtracting the largest exponent first keeps the weights from underflowing all at once.
    let shift = Matrix::from_fn(noisy.rows(), points.rows(), |i, _| largest[i]);
    let weights = (log_weights - shift).exp();
    let norm = weights.clone().row_sum().reciprocal().linear(Linear::Spread(points.cols()));
    weights.nn(points) * norm
}
