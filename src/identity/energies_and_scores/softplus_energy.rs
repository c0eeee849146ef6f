//! A softplus energy, some points, and nodes that integrate e^(−E): what the theorems are about.

use crate::{
    array::{Array, Linear},
    grid::Exact,
    matrix::{Matrix, noise::standard_normal},
    model::{Autoencoder, Parameters},
    quadrature::Rule,
};
use rand::{Rng, RngExt};

/// An energy E(x; θ) = −(⟨c, x⟩ − ½‖x‖² + Σⱼ softplus(⟨Wⱼ, x⟩ + bⱼ))/σ², points and nodes.
#[derive(Clone, Debug)]
pub struct SoftplusEnergy<A = Matrix> {
    /// θ = (W, b, c).
    pub model: Autoencoder<A>,
    /// σ, whose square is a temperature.
    pub sigma: f64,
    /// Points, (n, d).
    pub x: A,
    /// Where Z is summed, (m, d).
    pub nodes: A,
    /// The weights of the nodes, (m, 1).
    pub weights: A,
}

impl<A> Parameters<A> for SoftplusEnergy<A> {
    type With<B> = SoftplusEnergy<B>;

    fn map<B>(self, mut f: impl FnMut(A) -> B) -> SoftplusEnergy<B> {
        let (x, nodes, weights) = (f(self.x), f(self.nodes), f(self.weights));
        SoftplusEnergy { x, nodes, weights, model: self.model.map(f), sigma: self.sigma }
    }
}

impl<A: Array> SoftplusEnergy<A> {
    /// E(x; θ): (n, d) → (n, 1).
    pub fn energy(&self, x: &A) -> A {
        self.model.energy(x, self.sigma)
    }

    /// Z = Σᵢ wᵢ e^(−E(xᵢ)) over the nodes: (1, 1).
    pub fn partition(&self) -> A {
        (-self.energy(&self.nodes)).exp().inner(&self.weights).sum()
    }

    /// p(x) = e^(−E(x)) · (1/Z): (n, d) → (n, 1).
    pub fn probability(&self, x: &A) -> A {
        let (n, _) = x.shape();
        (-self.energy(x)).exp() * self.partition().reciprocal().linear(Linear::Tile(n))
    }
}

impl SoftplusEnergy<Exact> {
    /// Everything an indeterminate: n points in d dimensions, h hidden units, three nodes with any
    /// weights.
    pub fn every((n, d, h): (usize, usize, usize), sigma: f64) -> Self {
        let named = Exact::named;
        let model =
            Autoencoder { w: named("W", h, d), b: named("b", 1, h), c: named("c", 1, d), a: None };
        let (x, nodes, weights) = (named("x", n, d), named("y", 3, d), named("w", 3, 1));
        Self { model, sigma, x, nodes, weights }
    }
}

impl SoftplusEnergy {
    /// On the line with up to three hidden units.
    pub fn any(rng: &mut impl Rng) -> Self {
        Self::random((1, rng.random_range(1..=3)), rng)
    }

    /// d dimensions and h hidden units, θ in [−1, 1], σ from ½ to 1, four points.
    pub fn random((d, h): (usize, usize), rng: &mut impl Rng) -> Self {
        let mut uniform =
            |rows, cols| Matrix::from_fn(rows, cols, |_, _| rng.random_range(-1.0..1.0));
        let model = Autoencoder { w: uniform(h, d), b: uniform(1, h), c: uniform(1, d), a: None };
        let sigma = rng.random_range(0.5..1.0);
        Self::new(model, sigma, standard_normal(4, d, rng))
    }

    /// With the nodes of a trapezoid rule that suffices for e^(−E), on the line or in the plane.
    ///
    /// The score is (r(x) − x)/σ² with |rᵢ(x)| ≤ R = |cᵢ| + Σⱼ|Wⱼᵢ|, so beyond R in any coordinate
    /// p falls at least like a Gaussian of standard deviation σ, and nine of them are enough. The
    /// singularities of softplus next to the real axis stand at ⟨Wⱼ, x⟩ + bⱼ = ±iπ, so along an axis
    /// e^(−E) is analytic for |Im x| < a = π/|Wⱼᵢ|; the Gaussian factor asks for a step below
    /// 0.7σ. An error e^(−2πa/h) below u wants h ≤ 2πa/37.
    pub fn new(model: Autoencoder<Matrix>, sigma: f64, x: Matrix) -> Self {
        let absolute = model.clone().map(|p| super::magnitude(&p));
        let largest = |m: &Matrix| m.data().iter().copied().fold(0.0, f64::max);
        let reach = largest(&(absolute.w.clone().sum_over_samples() + &absolute.c)) + 9.0 * sigma;
        let strip = std::f64::consts::PI / largest(&absolute.w);
        let step = (std::f64::consts::TAU * strip / 37.0).min(0.6 * sigma);
        #[expect(clippy::cast_sign_loss, reason = "a positive number of steps")]
        let line = Rule::trapezoid(-reach, reach, (2.0 * reach / step).ceil() as usize);
        let Rule { nodes, weights } = if x.cols() == 1 { line } else { line.squared() };
        Self { model, sigma, x, nodes, weights }
    }

    /// W = 1, b = c = 0, σ = ½ on the line, at x = 0 and 1.
    pub fn example() -> Self {
        let [zero, one] = [0.0, 1.0].map(|x| Matrix::from_rows([[x]]));
        let model = Autoencoder { w: one, b: zero.clone(), c: zero, a: None };
        Self::new(model, 0.5, Matrix::from_rows([[0.0], [1.0]]))
    }
}
