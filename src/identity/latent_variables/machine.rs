//! Binary units: p(x, h) ∝ exp(⟨c, x⟩ − ½‖x‖² + hᵀ(Wx + b)), h in {0, 1}ʰ, whose energy of x alone is
//! that of the tied autoencoder at σ = 1.

use crate::{
    array::{Array, Linear},
    identity::{
        denoising_autoencoder::{Instance, jacobian},
        spread,
    },
    model::{Autoencoder, Parameters},
};

/// The same at σ = 1 and without weights of the hidden units.
pub fn binary<A: Array>(i: Instance<A>) -> Instance<A> {
    Instance { model: Autoencoder { a: None, ..i.model }, sigma: 1.0, ..i }
}

/// All states h, one a row: (2ʰ, h).
fn states<A: Array>(b: &A) -> A {
    let (_, h) = b.shape();
    b.constant(1 << h, h, |state, j| f64::from(u8::from(state >> j & 1 == 1)))
}

/// log p(x, h) up to a constant for all states, at x (1, d): (1, 2ʰ).
pub(super) fn joint<A: Array>(i: &Instance<A>) -> A {
    let Autoencoder { w, b, c, .. } = &i.model;
    let states = states(b);
    let alone = i.x.nt(c) - i.x.squared_norm() * 0.5;
    spread(&alone, 1, states.shape().0) + i.x.nt(w).add_row(b).nt(&states)
}

/// ψ = c − x + Wᵀs with s = sigmoid(Wx + b), and its Jacobian −I + Wᵀ diag(s(1 − s))W.
pub fn closed_form<A: Array>(i: &Instance<A>) -> Vec<A> {
    let lifted = i.model.constants();
    vec![i.model.score(&i.x, i.sigma), jacobian(|x| lifted.score(x, i.sigma), &i.x)]
}

/// 𝔼[S|x] and 𝔼[∇S|x] + Cov(S|x) with S = c − x + Wᵀh and ∇S = −I, over all states: given x the units
/// are independent, and each is 1 with the probability s.
pub fn every_state<A: Array>(i: &Instance<A>) -> Vec<A> {
    let ((_, d), states) = (i.x.shape(), states(&i.model.b));
    let (k, h) = states.shape();
    let s = i.model.encode(&i.x).linear(Linear::Tile(k));
    let off = |x: &A| -x.clone() + 1.0;
    let each = states.clone() * &s + off(&states) * off(&s);
    let column = |j: usize| each.nn(&s.constant(h, 1, |l, _| f64::from(u8::from(l == j))));
    let weights = (1..h).fold(column(0), |product, j| product * column(j));

    let slopes = i.model.decode(states) - i.x.clone().linear(Linear::Tile(k));
    let weighted = slopes.clone() * weights.linear(Linear::Spread(d));
    let mean = weighted.clone().sum_over_samples();
    let covariance = slopes.tn(&weighted) - mean.tn(&mean);
    let identity = mean.constant(d, d, |i, j| f64::from(u8::from(i == j)));
    vec![mean, covariance - identity]
}
