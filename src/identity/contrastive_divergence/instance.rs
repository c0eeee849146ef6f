//! An energy, points, a step and its noise: what the theorem is evaluated on.

use crate::{
    array::{Array, Function, Linear},
    autodiff::Tape,
    matrix::{Matrix, noise::standard_normal},
    model::{Parameters, ScoreNetwork},
    objective::sliced::all_signs,
    quadrature::Rule,
};
use rand::{Rng, RngExt};

/// E(x) = ½⟨Px, x⟩ + ⟨c, x⟩, a Gaussian's energy, and a network on top if there is one.
#[derive(Clone, Debug)]
pub struct Energy<A> {
    /// P, (d, d), symmetric.
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
}

impl Energy<Matrix> {
    /// kx²/2 on the line.
    pub fn gaussian(k: f64) -> Self {
        let number = |value| Matrix::from_rows([[value]]);
        Self { precision: number(k), tilt: number(0.0), network: None }
    }

    /// ψ(x) = −∇E(x), as numbers: (n, d) → (n, d).
    pub fn score(&self, x: &Matrix) -> Matrix {
        let tape = Tape::new();
        let theta = self.clone().map(|p| tape.var(&p));
        let x = tape.var(x);
        -theta.energy(&x).sum().gradient(&[x]).remove(0)
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

/// An energy, the data, and one Langevin step.
#[derive(Clone, Debug)]
pub struct Instance {
    /// E(x; θ)
    pub energy: Energy<Matrix>,
    /// q, or one point of weight 1: the theorem holds pointwise.
    pub data: Rule,
    /// ε
    pub epsilon: f64,
    /// The law of z, of mean 0 and covariance I.
    pub noise: Rule,
}

impl Instance {
    /// On the line, and one time in four in the plane.
    pub fn any(rng: &mut impl Rng) -> Self {
        let d = if rng.random_ratio(1, 4) { 2 } else { 1 };
        Self::random(d, rng)
    }

    /// At one point, ε from 0.01 to ¼, with P and c of size 1 and a softplus network of four units.
    ///
    /// The weights of the hidden layer have norm 1 together, so E is analytic in x up to |Im x| = π,
    /// and as a function of z up to π/√ε ≥ 2π. For Hermite nodes that is wide: 16 on each axis were
    /// found to leave less than [`TRUNCATION`](super::TRUNCATION).
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
        Self { energy, data: at(standard_normal(1, d, rng)), epsilon, noise: gaussian(d, 16) }
    }

    /// Without a network, at one point, in up to three dimensions, and in dyadic numbers: P and c in
    /// quarters up to 2, x in eighths up to 4, √ε in sixteenths up to ½; z runs over all signs. Then
    /// |ψ| ≤ 26, in 2⁻⁵, so |x⁻| < 8, in 2⁻¹⁴; the largest sum, Σ Pᵢⱼ x⁻ᵢ x⁻ⱼ, is below 2¹¹, in
    /// 2⁻³⁰, and eight of them with their weights take 3 bits more: 44 of 53.
    pub fn quadratic(rng: &mut impl Rng) -> Self {
        let d = rng.random_range(1..=3);
        let mut whole = |rows, cols, largest: i32| {
            Matrix::from_fn(rows, cols, |_, _| f64::from(rng.random_range(-largest..=largest)))
        };
        let upper = whole(d, d, 8) * 0.25;
        let precision = Matrix::from_fn(d, d, |i, j| upper.at(i.min(j), i.max(j)));
        let (tilt, x) = (whole(1, d, 8) * 0.25, whole(1, d, 32) * 0.125);
        let root = f64::from(rng.random_range(1..=8)) / 16.0;
        Self {
            energy: Energy { precision, tilt, network: None },
            data: at(x),
            epsilon: root * root,
            noise: signs(d),
        }
    }

    /// Every point of the data with every z: x and z (n·m, d), and the weight of the pair (n·m, 1).
    pub fn pairs(&self) -> (Matrix, Matrix, Matrix) {
        let (n, m) = (self.data.nodes.rows(), self.noise.nodes.rows());
        let each = |of: &Matrix| of.clone().linear(Linear::Each(m));
        let tile = |of: &Matrix| of.clone().linear(Linear::Tile(n));
        let weights = each(&self.data.weights) * tile(&self.noise.weights);
        (each(&self.data.nodes), tile(&self.noise.nodes), weights)
    }
}

/// Points (n, d) of weight 1/n.
pub fn at(points: Matrix) -> Rule {
    let n = points.rows();
    Rule { nodes: points, weights: Matrix::from_fn(n, 1, |_, _| 1.0 / n as f64) }
}

/// N(0, I) by so many Hermite nodes on each axis, on the line or in the plane.
pub fn gaussian(d: usize, nodes: usize) -> Rule {
    let line = Rule::gauss_hermite(nodes);
    if d == 1 { line } else { line.squared() }
}

/// All 2ᵈ vectors of signs: their mean is 0 and their covariance I, exactly.
pub fn signs(d: usize) -> Rule {
    at(all_signs(d))
}
