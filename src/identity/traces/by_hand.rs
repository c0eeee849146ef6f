//! Implicit score matching and its gradient, differentiated on paper.
//!
//! No derivative below is taken by the machine, and [`implicit`](crate::objective::implicit) is not
//! called: what the routes compute is compared with what stands here, element by element.
//!
//! Every formula is also read with each number replaced by its magnitude and each minus by a plus.
//! It then gives Σ|terms|, the scale of the rounding errors ([`OldSides`](crate::identity::OldSides)).

use crate::{
    array::{Array, Function, Linear},
    identity::magnitude,
    matrix::Matrix,
    model::{Autoencoder, Parameters, ScoreNetwork},
};

/// A hidden layer: φ, φ′ and φ″ of its pre-activations, (n, h) each.
struct Hidden {
    value: Matrix,
    slope: Matrix,
    curvature: Matrix,
}

impl Hidden {
    /// At the pre-activations u.
    ///
    /// # Panics
    /// For an activation that is not smooth.
    fn at(activation: Function, u: &Matrix) -> Self {
        let y = u.clone().apply(activation);
        let logistic = |y: &Matrix| (-y.clone() + 1.0) * y; // sigmoid′ = (1 − sigmoid) sigmoid
        let (slope, curvature) = match activation {
            Function::Sigmoid => (logistic(&y), (y.clone() * -2.0 + 1.0) * logistic(&y)),
            Function::Softplus => (u.clone().sigmoid(), logistic(&u.clone().sigmoid())),
            Function::Tanh => {
                let slope = -(y.clone() * &y) + 1.0;
                (slope.clone(), y.clone() * slope * -2.0)
            }
            _ => panic!("{activation:?} is no activation of a score"),
        };
        Self { value: y, slope, curvature }
    }

    /// Σ|terms| of the three, if those of u are `size`.
    ///
    /// An error of u is passed on by the next derivative, and for the three activations
    /// |φ′|, |φ″| ≤ 1 and |φ‴| ≤ 2: hence `size` itself, and twice that, beside the terms.
    fn terms(activation: Function, u: &Matrix, size: &Matrix) -> Self {
        let y = magnitude(&u.clone().apply(activation));
        let logistic = |y: &Matrix| (y.clone() + 1.0) * y;
        let (slope, curvature) = match activation {
            Function::Sigmoid => (logistic(&y), (y.clone() * 2.0 + 1.0) * logistic(&y)),
            Function::Softplus => (u.clone().sigmoid(), logistic(&u.clone().sigmoid())),
            _ => {
                let slope = y.clone() * &y + 1.0;
                (slope.clone(), y.clone() * slope * 2.0)
            }
        };
        Self { value: y + size, slope: slope + size, curvature: curvature + size.clone() * 2.0 }
    }
}

/// A formula, or the sum of the magnitudes of its terms.
#[derive(Clone, Copy, PartialEq)]
enum Reading {
    Formula,
    Terms,
}

/// ψ, tr J, ½‖ψ‖² + tr J of every sample, and the gradients of its mean.
type Quantities = Vec<Matrix>;

/// [`Quantities`] for ψ(x) = W₂ φ(W₁x + b₁) + b₂ + ρ, tr J = Σⱼ sⱼ mⱼ + τ, mⱼ = (W₁)ⱼ · (W₂)ʲ, where
/// ρ and τ do not depend on θ:
///
/// ```text
/// δ = s ∘ W₂ᵀψ + φ″ ∘ m
/// ∂W₁ = δ xᵀ + diag(s) W₂ᵀ    ∂b₁ = δ    ∂W₂ = ψ yᵀ + W₁ᵀ diag(s)    ∂b₂ = ψ
/// ```
fn one_layer(
    [w1, w2, b2]: [&Matrix; 3],
    (rho, tau): (Matrix, f64),
    x: &Matrix,
    hidden: &Hidden,
) -> Quantities {
    let Hidden { value: y, slope: s, curvature } = hidden;
    let ((n, d), w2_transposed) = (x.shape(), w2.clone().linear(Linear::Transpose));
    let m = w1.inner(&w2_transposed).linear(Linear::Transpose); // (1, h)
    let psi = y.nt(w2).add_row(b2) + rho;
    let trace = s.nt(&m) + tau;
    let each = psi.squared_norm() * 0.5 + &trace;
    let delta = psi.nn(w2) * s + curvature.clone() * m.linear(Linear::Tile(n));
    let slopes = s.clone().sum_over_samples().linear(Linear::Transpose).linear(Linear::Spread(d)); // (h, d)
    let gradients = [
        delta.tn(x) + w2_transposed * &slopes,
        delta.sum_over_samples(),
        psi.tn(y) + (slopes * w1).linear(Linear::Transpose),
        psi.clone().sum_over_samples(),
    ];
    let means = gradients.into_iter().map(|g| g * (1.0 / n as f64));
    [psi, trace, each].into_iter().chain(means).collect()
}

/// [`Quantities`] for two hidden layers, with M = W₂ ∘ (W₁W₃)ᵀ, G = s₂ s₁ᵀ, Q = G ∘ W₂:
///
/// ```text
/// δ₂ = s₂ ∘ W₃ᵀψ + φ₂″ ∘ M s₁    δ₁ = s₁ ∘ W₂ᵀδ₂ + φ₁″ ∘ Mᵀs₂
/// ∂W₁ = δ₁ xᵀ + QᵀW₃ᵀ    ∂W₂ = δ₂ y₁ᵀ + G ∘ (W₁W₃)ᵀ    ∂W₃ = ψ y₂ᵀ + W₁ᵀQᵀ
/// ```
fn two_layers(
    [w1, w2, w3, b3]: [&Matrix; 4],
    x: &Matrix,
    [first, second]: [&Hidden; 2],
) -> Quantities {
    let transposed = |m: &Matrix| m.clone().linear(Linear::Transpose);
    let ((s1, s2), n) = ((&first.slope, &second.slope), x.rows());
    let around = transposed(&w1.nn(w3)); // (h₂, h₁)
    let m = around.clone() * w2;
    let psi = second.value.nt(w3).add_row(b3);
    let trace = s1.nt(&m).inner(s2);
    let each = psi.squared_norm() * 0.5 + &trace;
    let delta2 = psi.nn(w3) * s2 + s1.nt(&m) * &second.curvature;
    let delta1 = delta2.nn(w2) * s1 + s2.nn(&m) * &first.curvature;
    let g = s2.tn(s1);
    let q = g.clone() * w2;
    let gradients = [
        delta1.tn(x) + q.tn(&transposed(w3)),
        delta1.sum_over_samples(),
        delta2.tn(&first.value) + g * &around,
        delta2.sum_over_samples(),
        psi.tn(&second.value) + w1.tn(&transposed(&q)),
        psi.clone().sum_over_samples(),
    ];
    let means = gradients.into_iter().map(|g| g * (1.0 / n as f64));
    [psi, trace, each].into_iter().chain(means).collect()
}

/// The quantities of a network of one or two hidden layers, and Σ|terms| of them.
///
/// # Panics
/// For any other depth.
pub fn network(network: &ScoreNetwork<Matrix>, x: &Matrix) -> [Quantities; 2] {
    let absolute = network.clone().map(|p| magnitude(&p));
    let size = magnitude(x);
    let affine = |m: &ScoreNetwork<Matrix>, i: usize, x: &Matrix| {
        x.nt(&m.layers[i].w).add_row(&m.layers[i].b)
    };
    let u = affine(network, 0, x);
    let first = Hidden::at(network.activation, &u);
    let first_terms = Hidden::terms(network.activation, &u, &affine(&absolute, 0, &size));
    let nothing = || (Matrix::zeros(x.rows(), x.cols()), 0.0);
    let weights = |m: &ScoreNetwork<Matrix>, i: usize| m.layers[i].w.clone();
    match network.layers.len() {
        2 => [(network, x, &first), (&absolute, &size, &first_terms)].map(|(m, x, hidden)| {
            one_layer([&weights(m, 0), &weights(m, 1), &m.layers[1].b], nothing(), x, hidden)
        }),
        3 => {
            let u = affine(network, 1, &first.value);
            let second = Hidden::at(network.activation, &u);
            let size2 = affine(&absolute, 1, &first_terms.value);
            let second_terms = Hidden::terms(network.activation, &u, &size2);
            [(network, x, [&first, &second]), (&absolute, &size, [&first_terms, &second_terms])]
                .map(|(m, x, hidden)| {
                    let [w1, w2, w3] = [0, 1, 2].map(|i| weights(m, i));
                    two_layers([&w1, &w2, &w3, &m.layers[2].b], x, hidden)
                })
        }
        layers => panic!("by hand for 1 or 2 hidden layers, not {}", layers - 1),
    }
}

/// The quantities of an autoencoder's score (Wᵀ(a ∘ sigmoid(W x + b)) + c − x)/σ², and Σ|terms|.
///
/// It is a network of one layer with W₁ = W, W₂ = Wᵀ diag(a)/σ², b₂ = c/σ² and ρ = −x/σ²,
/// τ = −d/σ²; the chain rule brings the two halves of W together.
pub fn autoencoder(model: &Autoencoder<Matrix>, x: &Matrix, sigma: f64) -> [Quantities; 2] {
    [Reading::Formula, Reading::Terms].map(|reading| autoencoder_as(reading, model, x, sigma))
}

fn autoencoder_as(
    reading: Reading,
    model: &Autoencoder<Matrix>,
    x: &Matrix,
    sigma: f64,
) -> Quantities {
    let (scale, (_, d), (h, _)) = (1.0 / (sigma * sigma), x.shape(), model.w.shape());
    let affine = |m: &Autoencoder<Matrix>, x: &Matrix| x.nt(&m.w).add_row(&m.b);
    let u = affine(model, x);
    let (model, x, hidden, sign) = match reading {
        Reading::Formula => (model.clone(), x.clone(), Hidden::at(Function::Sigmoid, &u), -1.0),
        Reading::Terms => {
            let absolute = model.clone().map(|p| magnitude(&p));
            let x = magnitude(x);
            let hidden = Hidden::terms(Function::Sigmoid, &u, &affine(&absolute, &x));
            (absolute, x, hidden, 1.0)
        }
    };
    let a = model.a.clone().unwrap_or_else(|| Matrix::from_fn(1, h, |_, _| 1.0));
    let a_column = a.linear(Linear::Transpose).linear(Linear::Spread(d)) * scale; // (h, d)
    let w2 = (model.w.clone() * &a_column).linear(Linear::Transpose);
    let rest = (x.clone() * (sign * scale), sign * scale * d as f64);
    let mut all = one_layer([&model.w, &w2, &(model.c.clone() * scale)], rest, &x, &hidden);
    let b2 = all.pop().expect("∂b₂");
    let back = all.pop().expect("∂W₂").linear(Linear::Transpose);
    all[3] = all[3].clone() + back.clone() * &a_column;
    all.push(b2 * scale);
    if model.a.is_some() {
        all.push((back.inner(&model.w) * scale).linear(Linear::Transpose));
    }
    all
}
