//! An energy, points, a step and its noise: what the theorem is evaluated on.

use crate::{
    array::{Array, Function, Linear},
    autodiff::Tape,
    density::{Density, Mixture},
    grid::Exact,
    matrix::{Matrix, noise::standard_normal},
    model::{Parameters, ScoreNetwork},
    objective::sliced::all_signs,
    quadrature::Rule,
};
use rand::{Rng, RngExt};

/// E(x) = ½⟨Px, x⟩ + ⟨c, x⟩, a Gaussian's energy, and a network on top if there is one.
#[derive(Clone, Debug)]
pub struct Energy<A> {
    /// P, (d, d).
    pub precision: A,
    /// c, (1, d).
    pub tilt: A,
    /// With one output.
    pub network: Option<ScoreNetwork<A>>,
}

impl<A: Array> Energy<A> {
    /// E(x): (n, d) → (n, 1).
    #[track_caller]
    pub fn energy(&self, x: &A) -> A {
        let quadratic = x.nn(&self.precision).inner(x) * 0.5 + x.nt(&self.tilt);
        match &self.network {
            Some(network) => quadratic + network.score(x),
            None => quadratic,
        }
    }

    /// ψ(x) = −∇E(x), by differentiation: (n, d) → (n, d).
    pub fn score(&self, x: &A) -> A {
        let tape = Tape::new();
        let (theta, x) = (self.on(&tape), tape.var(x));
        -theta.energy(&x).sum().gradient(&[x]).remove(0)
    }
}

impl Energy<Matrix> {
    /// kx²/2 on the line.
    pub fn gaussian(k: f64) -> Self {
        let number = |value| Matrix::from_rows([[value]]);
        Self { precision: number(k), tilt: number(0.0), network: None }
    }
}

impl<A> Parameters<A> for Energy<A> {
    type With<B> = Energy<B>;

    fn map<B>(self, mut f: impl FnMut(A) -> B) -> Energy<B> {
        Energy {
            precision: f(self.precision),
            tilt: f(self.tilt),
            network: self.network.map(|network| network.map(f)),
        }
    }
}

/// Points (n, d) with their weights (n, 1).
#[derive(Clone, Debug)]
pub struct Weighted<A = Matrix> {
    /// (n, d)
    pub nodes: A,
    /// (n, 1)
    pub weights: Matrix,
}

/// An energy, the data, and one Langevin step.
#[derive(Clone, Debug)]
pub struct Contrast<A = Matrix> {
    /// E(x; θ)
    pub energy: Energy<A>,
    /// q, or one point of weight 1: the theorem holds pointwise.
    pub data: Weighted<A>,
    /// ε
    pub epsilon: f64,
    /// The law of z, of mean 0 and covariance I.
    pub noise: Weighted<A>,
}

impl<A: Array> Contrast<A> {
    /// Every point of the data with every z: x and z (n·m, d), and the weight of the pair (n·m, 1).
    pub fn pairs(&self) -> (A, A, Matrix) {
        let (n, m) = (self.data.weights.rows(), self.noise.weights.rows());
        let (each, tile) = (Linear::Each(m), Linear::Tile(n));
        let weights =
            self.data.weights.clone().linear(each) * self.noise.weights.clone().linear(tile);
        (self.data.nodes.clone().linear(each), self.noise.nodes.clone().linear(tile), weights)
    }
}

impl Contrast<Exact> {
    /// A quadratic energy at one point, everything an indeterminate. z is one as well, and
    /// [`Contrast::mean`] takes the mean over it.
    pub fn every(d: usize, epsilon: f64) -> Self {
        let named = Exact::named;
        let energy = Energy { precision: named("p", d, d), tilt: named("c", 1, d), network: None };
        let [data, noise] = ["x", "z"]
            .map(|name| Weighted { nodes: named(name, 1, d), weights: Matrix::from_rows([[1.0]]) });
        Self { energy, data, epsilon, noise }
    }

    /// 𝔼 over z ~ N(0, I).
    pub fn mean(&self, values: Vec<Exact>) -> Vec<Exact> {
        values.into_iter().map(|value| value.gaussian_mean(&self.noise.nodes)).collect()
    }
}

/// Steps of the rule for z that [`Contrast::random`] begins with.
pub(super) const STEPS: usize = 32;

impl Contrast {
    /// At one point, ε from 0.01 to ¼, with P and c of size 1 and a softplus network of four units.
    ///
    /// The weights of the hidden layer have norm 1 together, so E is analytic in x up to |Im x| = π,
    /// and as a function of z up to a = π/√ε ≥ 2π. With steps of h = 9/16 the trapezoid rule leaves
    /// e^(a²/2 − 2πa/h) < 10⁻²¹ of it: N(0, 1) itself grows like e^(a²/2) off the real line.
    pub fn random(d: usize, rng: &mut impl Rng) -> Self {
        let mut network = ScoreNetwork::random(&[d, 4, 1], Function::Softplus, rng);
        let hidden = &mut network.layers[0];
        hidden.b = standard_normal(1, 4, rng);
        let norm = hidden.w.squared_norm().sum().item().sqrt();
        hidden.w = hidden.w.clone() * (1.0 / norm);
        let square: Matrix = standard_normal(d, d, rng);
        let energy = Energy {
            precision: (square.clone() + square.linear(Linear::Transpose)) * 0.5,
            tilt: standard_normal(1, d, rng),
            network: Some(network),
        };
        let epsilon = 0.01 * 25.0_f64.powf(rng.random());
        Self { energy, data: at(standard_normal(1, d, rng)), epsilon, noise: gaussian(d, STEPS) }
    }
}

/// Points (n, d) of weight 1/n.
pub fn at(points: Matrix) -> Weighted {
    let n = points.rows();
    Weighted { nodes: points, weights: Matrix::from_fn(n, 1, |_, _| 1.0 / n as f64) }
}

/// N(0, I) by the given number of steps of the trapezoid rule over ±9, on the line or in the plane.
pub(super) fn gaussian(d: usize, steps: usize) -> Weighted {
    let line = Mixture::isotropic(1, 1.0).rule(&Rule::trapezoid(-9.0, 9.0, steps));
    let Rule { nodes, weights } = if d == 1 { line } else { line.squared() };
    Weighted { nodes, weights }
}

/// All 2ᵈ vectors of signs: their mean is 0 and their covariance I, exactly.
pub fn signs(d: usize) -> Weighted {
    at(all_signs(d))
}
