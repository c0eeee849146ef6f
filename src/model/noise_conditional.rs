//! One network for the scores of all noise levels (Song and Ermon 2019).
//!
//! ```text
//! ψ(x; σ) = −x/(σ² + s²) + s/(σ √(σ² + s²)) · f(x/√(σ² + s²), log σ)
//! ```
//!
//! The data are to have mean 0 (subtract it, and add it to the samples) and s for the standard
//! deviation of a coordinate. The first term is the score of q_σ if q were N(0, s²I): exact where the noise dominates, and it
//! brings a chain home from anywhere. The network f supplies the rest. It sees its input at unit
//! width on every level, and what it has to answer is of unit size on every level too: with
//! x̃ = x + σz the perfect f is the mean of (σx/s − sz)/√(σ² + s²) given x̃ (Karras et al. 2022,
//! table 1, for data of width s).
//!
//! The noise level enters as one more input of the first layer.

use super::{Parameters, ScoreNetwork};
use crate::{
    array::{Array, Function, Linear},
    domain::positive,
    matrix::{Matrix, Real, noise::standard_normal},
};
use rand::Rng;

/// ψ(x; σ) for every σ > 0, see the [module](self).
///
/// ```
/// use score_matching::{model::NoiseConditionalNetwork, prelude::*};
///
/// // Before training the score is that of N(0, (σ² + s²) I): here s = 3, and σ = 4.
/// let (widths, mut rng) = ([2, 8, 2], Generator::seed_from_u64(1));
/// let model = NoiseConditionalNetwork::random(&widths, Function::Softplus, 3.0, &mut rng);
/// let x = Matrix::from_rows([[25.0, 50.0]]);
/// let score = model.score_at(&x, 4.0);
/// assert!((score.clone() + x.clone() * 0.04).data().iter().all(|gap| gap.abs() < 1e-15));
/// assert_eq!(model.score(&x, &Matrix::from_rows([[4.0]])), score); // a σ for each row
/// ```
#[derive(Clone, Debug)]
pub struct NoiseConditionalNetwork<A> {
    /// f, as a function of x alone.
    pub network: ScoreNetwork<A>,
    /// How the units of the first layer move with log σ, (h, 1).
    pub level: A,
    /// s, the width of the data, fixed: the standard deviation of a coordinate.
    pub width: f64,
}

impl<A: Array> NoiseConditionalNetwork<A> {
    /// ψ(x; σ), a σ for each row: (n, d), (n, 1) → (n, d).
    ///
    /// With t = σ/s and R = s√(1 + t²) it is (f/t − x/R)/R: numbers of ordinary size in whatever units
    /// the data come, where σ² + s² might be 0 or ∞. Where σ is not positive this is NaN or ±∞.
    ///
    /// # Panics
    /// If the network has no layer, or s is no positive number.
    #[track_caller]
    pub fn score(&self, x: &A, sigma: &A) -> A {
        let (_, d) = x.shape();
        let per_width = 1.0 / positive("s", self.width);
        let t = sigma.clone() * per_width;
        // 1/√(1 + t²) = exp(−½ log(1 + e^(2 log t))), without the square of t
        let shrink = ((t.clone().ln() * 2.0).softplus() * -0.5).exp();
        let spread = |column: A| column.linear(Linear::Spread(d));
        let inverse = spread(shrink * per_width); // 1/R

        let seen = x.clone() * &inverse;
        let first = self.network.layers.first().expect("a network has a layer");
        let f = self.network.after_first(first.of(&seen) + sigma.clone().ln().nt(&self.level));
        (f * spread(t.reciprocal()) - seen) * inverse
    }

    /// ψ(x; σ), one σ for all rows: (n, d) → (n, d).
    ///
    /// # Panics
    /// As [`Self::score`], or if σ is no positive number.
    #[track_caller]
    pub fn score_at(&self, x: &A, sigma: f64) -> A {
        let (n, _) = x.shape();
        positive("σ", sigma);
        self.score(x, &x.constant(n, 1, |_, _| sigma))
    }
}

impl<T: Real> NoiseConditionalNetwork<Matrix<T>> {
    /// Of the given widths, input and output included, for data of width s.
    ///
    /// The last layer is 0, so that training begins at the Gaussian.
    ///
    /// # Panics
    /// If there are fewer than two widths, one of them is 0, or s is no positive number.
    #[track_caller]
    pub fn random(widths: &[usize], activation: Function, s: f64, rng: &mut impl Rng) -> Self {
        positive("s", s);
        let mut network = ScoreNetwork::random(widths, activation, rng);
        let last = network.layers.last_mut().expect("two widths make a layer");
        last.w = Matrix::zeros(last.w.rows(), last.w.cols());
        Self { network, level: standard_normal(widths[1], 1, rng), width: s }
    }
}

impl<A> Parameters<A> for NoiseConditionalNetwork<A> {
    type With<B> = NoiseConditionalNetwork<B>;

    fn map<B>(self, mut f: impl FnMut(A) -> B) -> NoiseConditionalNetwork<B> {
        let level = f(self.level);
        NoiseConditionalNetwork { network: self.network.map(f), level, width: self.width }
    }
}
