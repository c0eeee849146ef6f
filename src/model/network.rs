//! Networks of any depth: one that is a score, and one that is an energy.
//!
//! A [`ScoreNetwork`] maps ℝᵈ to ℝᵈ. It is free, so free that in general it is the gradient of
//! nothing; but it is cheap, and for two hidden layers its trace costs hardly more than its value
//! ([T28](crate::identity::traces)):
//!
//! ```text
//! ψ(x) = W₃ φ(W₂ φ(W₁x + b₁) + b₂) + b₃,   s₁, s₂ = φ′ at the two layers
//! J    = W₃ diag(s₂) W₂ diag(s₁) W₁
//! tr J = Σᵢⱼ s₂ᵢ (W₂)ᵢⱼ s₁ⱼ (W₁W₃)ⱼᵢ = s₂ᵀ [W₂ ∘ (W₁W₃)ᵀ] s₁                   (T28)
//! ```
//!
//! An [`EnergyNetwork`] maps ℝᵈ to ℝ; its score is the gradient of that, a true score, and costs a
//! differentiation.

use super::Parameters;
use crate::{
    array::{Array, Function, Linear},
    domain::positive,
    matrix::{Matrix, Real, noise::standard_normal},
};
use rand::Rng;

/// x ↦ W x + b for W (out, in) and b (1, out).
///
/// See the example of [`ScoreNetwork`].
#[derive(Clone, Debug)]
pub struct Layer<A> {
    /// W, (out, in).
    pub w: A,
    /// b, (1, out).
    pub b: A,
}

impl<A: Array> Layer<A> {
    /// W x + b: (n, in) → (n, out).
    #[track_caller]
    pub(super) fn of(&self, x: &A) -> A {
        x.nt(&self.w).add_row(&self.b)
    }
}

/// ψ(x) = W_L φ(… φ(W₁x + b₁) …) + b_L, with any number of hidden layers.
///
/// ```
/// use score_matching::{model::{ScoreNetwork, network::Layer}, prelude::*};
///
/// let layer = |w: f64| Layer { w: Matrix::from_rows([[w]]), b: Matrix::zeros(1, 1) };
/// let layers = vec![layer(2.0), layer(-1.0)]; // ψ(x) = −tanh 2x
/// let model = ScoreNetwork { layers, activation: Function::Tanh };
/// let (score, trace) = model.score_and_trace(&Matrix::zeros(1, 1));
/// assert_eq!((score.item(), trace.item()), (0.0, -2.0));
/// assert_eq!(model.score_and_trace_at_any_depth(&Matrix::zeros(1, 1)).1, trace);
///
/// let mut rng = Generator::seed_from_u64(1);
/// let wide = ScoreNetwork::<Matrix>::random(&[2, 16, 16, 2], Function::Softplus, &mut rng);
/// assert_eq!(wide.score(&Matrix::zeros(5, 2)).shape(), (5, 2));
/// ```
#[derive(Clone, Debug)]
pub struct ScoreNetwork<A> {
    /// The affine maps, first to last.
    pub layers: Vec<Layer<A>>,
    /// φ. It has to be smooth where the trace is asked for: with a kink (`Relu`) or a jump
    /// (`Heaviside`) the gradient of the trace in θ would be wrong
    /// ([T5](crate::identity::where_implicit_fails)), so the traces here refuse them. Denoising
    /// needs no trace, and takes any φ.
    pub activation: Function,
}

impl<A: Array> ScoreNetwork<A> {
    /// ψ(x): (n, d) → (n, d).
    ///
    /// # Panics
    /// If there is no layer.
    #[track_caller]
    pub fn score(&self, x: &A) -> A {
        self.after_first(self.layers.first().expect("a network has a layer").of(x))
    }

    /// The rest of the network, from what its first layer gives: (n, h) → (n, d).
    #[track_caller]
    pub(super) fn after_first(&self, y: A) -> A {
        self.layers[1..].iter().fold(y, |y, layer| layer.of(&y.apply(self.activation)))
    }

    /// ψ(x) and tr ∂ψ/∂x of one or two hidden layers, in closed form: shapes (n, d), (n, 1).
    ///
    /// With one layer the trace costs less than the value. With two it costs one product of
    /// batch × hidden × hidden, whatever d is, and one product of weights.
    ///
    /// # Panics
    /// If there are not one or two hidden layers, or φ has a kink or a jump.
    #[track_caller]
    pub fn score_and_trace(&self, x: &A) -> (A, A) {
        match &self.layers[..] {
            [first, second] => {
                let (y, s) = self.hidden(first, x);
                (second.of(&y), trace_of_one([&first.w, &second.w], &s))
            }
            [first, second, third] => {
                let (y1, s1) = self.hidden(first, x);
                let (y2, s2) = self.hidden(second, &y1);
                (third.of(&y2), trace_of_two([&first.w, &second.w, &third.w], [&s1, &s2]))
            }
            layers => {
                let hidden = layers.len().saturating_sub(1);
                panic!("closed forms are for 1 or 2 hidden layers, not {hidden}")
            }
        }
    }

    /// ψ(x) and tr ∂ψ/∂x of any number of hidden layers, forward: shapes (n, d), (n, 1).
    ///
    /// The d columns of each sample's Jacobian pass through the layers. The first layer gives them
    /// (columns of W₁, the same for all samples), and of the last only the diagonal is needed. So L
    /// layers cost L − 2 products of n d rows.
    ///
    /// # Panics
    /// If there is no hidden layer, x has no column, the network is not from ℝᵈ to ℝᵈ, or φ has a kink
    /// or a jump.
    #[track_caller]
    pub fn score_and_trace_at_any_depth(&self, x: &A) -> (A, A) {
        let [first, inner @ .., last] = &self.layers[..] else {
            panic!("a hidden layer expected, in {} layers", self.layers.len())
        };
        let (n, d) = x.shape();
        let for_each_sample = |w: A| w.linear(Linear::Tile(n));
        let for_each_column = |s: A| s.linear(Linear::Each(d));
        let (mut y, s) = self.hidden(first, x);
        // Row i·d + j is column j of the Jacobian at sample i.
        let mut columns =
            for_each_sample(first.w.clone().linear(Linear::Transpose)) * for_each_column(s);
        for layer in inner {
            let (above, s) = self.hidden(layer, &y);
            y = above;
            columns = columns.nt(&layer.w) * for_each_column(s);
        }
        let diagonal = columns.inner(&for_each_sample(last.w.clone()));
        (last.of(&y), diagonal.linear(Linear::SumEach(d)))
    }

    /// φ(Wx + b) and the slopes φ′(Wx + b) of a layer: both (n, out).
    #[track_caller]
    fn hidden(&self, layer: &Layer<A>, x: &A) -> (A, A) {
        let f = self.activation;
        let smooth = !matches!(f, Function::Relu | Function::Heaviside);
        assert!(smooth, "the trace of a network with {f:?}: a smooth activation expected (T5)");
        let x = layer.of(x);
        let y = x.clone().apply(f);
        let slope = f.derivative(&x, &y);
        (y, slope)
    }
}

/// tr [W₂ diag(s) W₁] = Σⱼ sⱼ ⟨row j of W₁, column j of W₂⟩ for slopes s (n, h) → (n, 1).
///
/// ```
/// use score_matching::{model::network::{trace_of_one, trace_of_two}, prelude::*};
///
/// let [a, b, c, s] = [2.0, 3.0, 5.0, 0.5].map(|w| Matrix::from_rows([[w]]));
/// assert_eq!(trace_of_one([&a, &b], &s).item(), 3.0); // 3 · ½ · 2
/// assert_eq!(trace_of_two([&a, &b, &c], [&s, &s]).item(), 7.5); // 5 · ½ · 3 · ½ · 2
/// ```
#[track_caller]
pub fn trace_of_one<A: Array>([w1, w2]: [&A; 2], s: &A) -> A {
    s.nn(&w1.inner(&w2.clone().linear(Linear::Transpose)))
}

/// tr [W₃ diag(s₂) W₂ diag(s₁) W₁] = s₂ᵀ [W₂ ∘ (W₁W₃)ᵀ] s₁ for slopes s₁ (n, h₁) and s₂ (n, h₂)
/// → (n, 1): [T28](crate::identity::traces). See the example of [`trace_of_one`].
#[track_caller]
pub fn trace_of_two<A: Array>([w1, w2, w3]: [&A; 3], [s1, s2]: [&A; 2]) -> A {
    let m = w1.nn(w3).linear(Linear::Transpose) * w2;
    s1.nt(&m).inner(s2)
}

impl<T: Real> ScoreNetwork<Matrix<T>> {
    /// Of the given widths, input and output included: [2, 128, 128, 2]. Weights are N(0, 1/in),
    /// biases 0.
    ///
    /// # Panics
    /// If there are fewer than two widths, or one of them is 0.
    #[track_caller]
    pub fn random(widths: &[usize], activation: Function, rng: &mut impl Rng) -> Self {
        assert!(widths.len() > 1, "widths {widths:?}: an input and an output expected");
        assert!(!widths.contains(&0), "widths {widths:?}: one unit of each at least");
        let layer = |w: &[usize]| Layer {
            w: standard_normal(w[1], w[0], rng) * (1.0 / (w[0] as f64).sqrt()),
            b: Matrix::zeros(1, w[1]),
        };
        Self { layers: widths.windows(2).map(layer).collect(), activation }
    }
}

impl<A> Parameters<A> for ScoreNetwork<A> {
    type With<B> = ScoreNetwork<B>;

    fn map<B>(self, mut f: impl FnMut(A) -> B) -> ScoreNetwork<B> {
        let layers = self.layers.into_iter().map(|Layer { w, b }| Layer { w: f(w), b: f(b) });
        ScoreNetwork { layers: layers.collect(), activation: self.activation }
    }
}

/// E(x) = ½‖x‖²/s² + W_L φ(… φ(W₁x + b₁) …) + b_L with one output.
///
/// The first term confines it: with a softplus network, which grows linearly, Z is finite.
///
/// ```
/// use score_matching::{model::{EnergyNetwork, ScoreNetwork, network::Layer}, prelude::*};
///
/// // E(x) = ½(x/2)² + 3x
/// let layer = Layer { w: Matrix::from_rows([[3.0]]), b: Matrix::zeros(1, 1) };
/// let network = ScoreNetwork { layers: vec![layer], activation: Function::Softplus };
/// let model = EnergyNetwork { network, width: 2.0 };
/// let x = Matrix::from_rows([[4.0]]);
/// assert_eq!(model.energy(&x).item(), 14.0);
/// assert_eq!(model.score_of(|model, x| model.energy(x), &x).item(), -4.0); // −x/4 − 3
/// ```
#[derive(Clone, Debug)]
pub struct EnergyNetwork<A> {
    /// A network with one output.
    pub network: ScoreNetwork<A>,
    /// s, fixed.
    pub width: f64,
}

impl<A: Array> EnergyNetwork<A> {
    /// E(x): (n, d) → (n, 1). Its score and their trace follow by differentiation.
    ///
    /// # Panics
    /// If s is no positive number.
    #[track_caller]
    pub fn energy(&self, x: &A) -> A {
        let scaled = x.clone() * (1.0 / positive("s", self.width)); // s² might be 0
        self.network.score(x) + scaled.squared_norm() * 0.5
    }
}

impl<A> Parameters<A> for EnergyNetwork<A> {
    type With<B> = EnergyNetwork<B>;

    fn map<B>(self, f: impl FnMut(A) -> B) -> EnergyNetwork<B> {
        EnergyNetwork { network: self.network.map(f), width: self.width }
    }
}
