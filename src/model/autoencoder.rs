//! The denoising autoencoder with tied weights, and the energy hidden in it.
//!
//! The encoder is sigmoid(W x + b), the decoder is linear and uses the same W:
//!
//! ```text
//! r(x) = Wᵀ (a ∘ sigmoid(W x + b)) + c                              reconstruction
//! E(x) = −(⟨c, x⟩ − ½‖x‖² + Σⱼ aⱼ softplus(⟨Wⱼ, x⟩ + bⱼ)) / σ²      energy
//! ψ(x) = −∇E(x) = (r(x) − x) / σ²                                   score
//! tr ∂ψ/∂x = (Σⱼ aⱼ sⱼ(1 − sⱼ) ‖Wⱼ‖² − d) / σ²                      its divergence, s the hidden units
//! ```
//!
//! The weights aⱼ of the hidden units are optional; without them aⱼ = 1. Differentiating the energy
//! uses W a second time, because the derivative of ⟨Wⱼ, x⟩ is Wⱼ: *this* is why the weights are
//! tied, and softplus′ = sigmoid is why the decoder must be linear ([T9], [T11]). A reconstruction
//! with untied weights, or with a sigmoid in the decoder, is in general the gradient of nothing.
//!
//! Reference: P. Vincent (2011), A connection between score matching and denoising autoencoders,
//! equations (15) to (18).
//!
//! [T9]: crate::identity::denoising_autoencoder
//! [T11]: crate::identity::denoising_autoencoder

use super::Parameters;
use crate::{
    array::{Array, Function, Linear},
    corruption::over_variance,
    domain::positive,
    matrix::{Matrix, Real, noise::standard_normal},
};
use rand::Rng;

/// θ = (W, b, c) and optionally a, of a tied-weight autoencoder on ℝᵈ with h hidden units.
///
/// ```
/// use score_matching::{model::Autoencoder, prelude::*};
///
/// let row = |x, y| Matrix::from_rows([[x, y]]); // two pixels, one hidden unit, σ = ½
/// let zero = Matrix::zeros(1, 1);
/// let model = Autoencoder { w: row(1.0, -1.0), b: zero, c: row(0.5, 0.0), a: None };
/// let x = row(0.5, 0.5);
/// assert_eq!(model.encode(&x).item(), 0.5); // sigmoid(0)
/// assert_eq!(model.reconstruct(&x), row(1.0, -0.5)); // ½W + c
/// assert_eq!(model.reconstruct(&x), model.decode(model.encode(&x)));
/// assert_eq!(model.score(&x, 0.5), row(2.0, -4.0)); // (r − x)/σ²
/// let (_, trace) = model.score_and_trace(&x, 0.5);
/// assert_eq!(trace.item(), -6.0); // (¼‖W‖² − 2)/σ²
/// assert_eq!(model.trace_of_slopes(&Matrix::from_rows([[0.25]])).item(), 0.5); // ¼‖W‖²
/// assert!((model.energy(&x, 0.5).item() + 4.0 * 2.0_f64.ln()).abs() < 1e-15); // ⟨c, x⟩ = ½‖x‖²
/// ```
#[derive(Clone, Debug)]
pub struct Autoencoder<A> {
    /// W, (h, d): row j is the filter of hidden unit j.
    pub w: A,
    /// b, (1, h).
    pub b: A,
    /// c, (1, d).
    pub c: A,
    /// a, (1, h), if the hidden units are weighted.
    pub a: Option<A>,
}

impl<A: Array> Autoencoder<A> {
    /// sigmoid(W x + b): (n, d) → (n, h).
    #[track_caller]
    pub fn encode(&self, x: &A) -> A {
        self.preactivation(x).sigmoid()
    }

    /// Wᵀ (a ∘ hidden) + c: (n, h) → (n, d).
    #[track_caller]
    pub fn decode(&self, hidden: A) -> A {
        let (n, _) = hidden.shape();
        let hidden = match &self.a {
            None => hidden,
            Some(a) => hidden * a.clone().linear(Linear::Tile(n)),
        };
        hidden.nn(&self.w).add_row(&self.c)
    }

    /// r(x) = Wᵀ (a ∘ sigmoid(W x + b)) + c: (n, d) → (n, d).
    #[track_caller]
    pub fn reconstruct(&self, x: &A) -> A {
        self.decode(self.encode(x))
    }

    /// ψ(x) = (r(x) − x) / σ²: (n, d) → (n, d).
    ///
    /// # Panics
    /// If σ is no positive number.
    #[track_caller]
    pub fn score(&self, x: &A, sigma: f64) -> A {
        over_variance(self.reconstruct(x) - x, sigma)
    }

    /// ψ(x) and tr ∂ψ/∂x = (Σⱼ aⱼ sⱼ(1 − sⱼ) ‖Wⱼ‖² − d)/σ² with s = sigmoid(W x + b): (n, d) → (n, d)
    /// and (n, 1).
    ///
    /// The slopes meet nothing but d numbers a unit, so the trace costs less than the value
    /// ([T12](crate::identity::traces)).
    ///
    /// # Panics
    /// If σ is no positive number.
    #[track_caller]
    pub fn score_and_trace(&self, x: &A, sigma: f64) -> (A, A) {
        let (_, d) = x.shape();
        let inside = self.preactivation(x);
        let s = inside.clone().sigmoid();
        let slopes = Function::Sigmoid.derivative(&inside, &s);
        let trace = over_variance(self.trace_of_slopes(&slopes) - d as f64, sigma);
        (over_variance(self.decode(s) - x, sigma), trace)
    }

    /// tr [Wᵀ diag(a ∘ s′) W] = Σⱼ aⱼ s′ⱼ ‖Wⱼ‖² for slopes s′ of the hidden units: (n, h) → (n, 1).
    #[track_caller]
    pub fn trace_of_slopes(&self, slopes: &A) -> A {
        let squared_norms = self.w.squared_norm(); // (h, 1)
        slopes.nn(&match &self.a {
            None => squared_norms,
            Some(a) => squared_norms * a.clone().linear(Linear::Transpose),
        })
    }

    /// E(x) = −(⟨c, x⟩ − ½‖x‖² + Σⱼ aⱼ softplus(⟨Wⱼ, x⟩ + bⱼ)) / σ²: (n, d) → (n, 1). Each factor of
    /// a product is divided by σ on its own, because the product of two small numbers may be none.
    ///
    /// # Panics
    /// If σ is no positive number.
    #[track_caller]
    pub fn energy(&self, x: &A, sigma: f64) -> A {
        let inverse = 1.0 / positive("σ", sigma);
        let hidden = self.preactivation(x).softplus();
        let hidden = match &self.a {
            None => hidden.sum_over_dimensions(),
            Some(a) => hidden.nt(a),
        };
        let [x, c] = [x, &self.c].map(|y| y.clone() * inverse);
        x.squared_norm() * 0.5 - x.nt(&c) - over_variance(hidden, sigma)
    }

    /// W x + b: (n, d) → (n, h).
    #[track_caller]
    fn preactivation(&self, x: &A) -> A {
        x.nt(&self.w).add_row(&self.b)
    }
}

impl<T: Real> Autoencoder<Matrix<T>> {
    /// W with independent N(0, 1/d) entries, so that pre-activations of unit data have variance 1;
    /// b = c = 0 and no a.
    ///
    /// ```
    /// use score_matching::{model::Autoencoder, prelude::*};
    ///
    /// let mut rng = Generator::seed_from_u64(1);
    /// let model: Autoencoder<Matrix> = Autoencoder::random(64, 32, &mut rng);
    /// assert_eq!(model.into_list().iter().map(|p| p.data().len()).sum::<usize>(), 32 * 64 + 32 + 64);
    /// ```
    ///
    /// # Panics
    /// If d or h is 0.
    #[track_caller]
    pub fn random(d: usize, h: usize, rng: &mut impl Rng) -> Self {
        assert!(d > 0 && h > 0, "{d} dimensions and {h} hidden units: one of each at least");
        let w = standard_normal(h, d, rng) * (1.0 / (d as f64).sqrt());
        Self { w, b: Matrix::zeros(1, h), c: Matrix::zeros(1, d), a: None }
    }
}

impl<A> Parameters<A> for Autoencoder<A> {
    type With<B> = Autoencoder<B>;

    fn map<B>(self, mut f: impl FnMut(A) -> B) -> Autoencoder<B> {
        Autoencoder { w: f(self.w), b: f(self.b), c: f(self.c), a: self.a.map(f) }
    }
}
