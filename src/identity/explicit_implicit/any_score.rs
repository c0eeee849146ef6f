//! Scores of every kind, and random ones.

use crate::{
    array::{Array, Function},
    autodiff::Dual,
    grid::Exact,
    identity::polynomial_score::PolynomialScore,
    matrix::{Matrix, noise::Generator},
    model::{Autoencoder, EnergyNetwork, Parameters, ScoreNetwork, network::Layer},
    objective::trace,
};
use rand::RngExt;

/// A score of any kind: a free network or polynomial, or minus the gradient of an energy.
#[derive(Clone, Debug)]
pub enum AnyScore<A> {
    /// ψ
    Network(ScoreNetwork<A>),
    /// E
    Energy(EnergyNetwork<A>),
    /// E of a denoising autoencoder, and its σ.
    Autoencoder(Autoencoder<A>, f64),
    /// ψ
    Polynomial(PolynomialScore<A>),
}

impl<A: Array> AnyScore<A> {
    /// ψ(x): (n, d) → (n, d), without a trace wherever that is possible.
    pub fn score(&self, x: &A) -> A {
        match self {
            Self::Network(network) => network.score(x),
            Self::Polynomial(polynomial) => polynomial.score(x),
            Self::Autoencoder(autoencoder, sigma) => autoencoder.score(x, *sigma),
            Self::Energy(_) => self.score_and_diagonal(x).0,
        }
    }

    /// ψ(x) and the diagonal ∂ψᵢ/∂xᵢ: both (n, d).
    pub fn score_and_diagonal(&self, x: &A) -> (A, A) {
        match self.constants() {
            AnyScore::Network(network) => trace::diagonal_of_score(|x| network.score(x), x),
            AnyScore::Polynomial(psi) => trace::diagonal_of_score(|x: &Dual<A>| psi.score(x), x),
            AnyScore::Energy(energy) => {
                let energy = energy.constants();
                trace::diagonal_of_energy(|x| energy.energy(x), x)
            }
            AnyScore::Autoencoder(autoencoder, sigma) => {
                let autoencoder = autoencoder.constants();
                trace::diagonal_of_energy(|x| autoencoder.energy(x, sigma), x)
            }
        }
    }

    /// ψ(x) and tr ∂ψ/∂x: (n, d) and (n, 1).
    pub fn score_and_trace(&self, x: &A) -> (A, A) {
        let (psi, diagonal) = self.score_and_diagonal(x);
        (psi, diagonal.sum_over_dimensions())
    }
}

impl<A> Parameters<A> for AnyScore<A> {
    type With<B> = AnyScore<B>;

    fn map<B>(self, f: impl FnMut(A) -> B) -> AnyScore<B> {
        match self {
            Self::Network(network) => AnyScore::Network(network.map(f)),
            Self::Energy(energy) => AnyScore::Energy(energy.map(f)),
            Self::Autoencoder(autoencoder, sigma) => {
                AnyScore::Autoencoder(autoencoder.map(f), sigma)
            }
            Self::Polynomial(polynomial) => AnyScore::Polynomial(polynomial.map(f)),
        }
    }
}

impl AnyScore<Exact> {
    /// Every polynomial field on ℝᵈ of such a degree at most.
    pub fn every(d: usize, degree: usize) -> Self {
        Self::Polynomial(PolynomialScore::every(d, degree))
    }
}

impl AnyScore<Matrix> {
    /// Of a random kind on ℝᵈ, one of two networks, an energy, an autoencoder; with random parameters.
    ///
    /// The entries of weights are uniform, with the variance 1/in of the usual initialisation, and
    /// so bounded: a unit tanh(⟨w, x⟩ + b) has its poles π/(2|w|) from the real axis, and how near
    /// they come decides how many nodes an integral needs.
    pub fn random(d: usize, rng: &mut Generator) -> Self {
        const HIDDEN: usize = 6;
        match rng.random_range(0..4) {
            0 => Self::Network(network(&[d, HIDDEN, d], Function::Tanh, rng)),
            1 => Self::Network(network(&[d, HIDDEN, HIDDEN, d], Function::Softplus, rng)),
            2 => {
                let network = network(&[d, HIDDEN, HIDDEN, 1], Function::Softplus, rng);
                Self::Energy(EnergyNetwork { network, width: rng.random_range(0.8..2.0) })
            }
            _ => {
                let Layer { w, b } = layer(d, HIDDEN, rng);
                let (c, a) = (uniform(1, d, 1.0, rng), rng.random::<bool>());
                let a = a.then(|| uniform(1, HIDDEN, 1.0, rng));
                Self::Autoencoder(Autoencoder { w, b, c, a }, rng.random_range(0.5..1.5))
            }
        }
    }
}

/// Independent entries, uniform on [−largest, largest].
pub(super) fn uniform(rows: usize, cols: usize, largest: f64, rng: &mut Generator) -> Matrix {
    Matrix::from_fn(rows, cols, |_, _| rng.random_range(-largest..=largest))
}

fn layer(inputs: usize, outputs: usize, rng: &mut Generator) -> Layer<Matrix> {
    let w = uniform(outputs, inputs, (3.0 / inputs as f64).sqrt(), rng);
    Layer { w, b: uniform(1, outputs, 1.0, rng) }
}

fn network(widths: &[usize], activation: Function, rng: &mut Generator) -> ScoreNetwork<Matrix> {
    let layers = widths.windows(2).map(|w| layer(w[0], w[1], rng)).collect();
    ScoreNetwork { layers, activation }
}
