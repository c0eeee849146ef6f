//! What the identities are checked on: models of every kind, mixtures, and clean points.

use crate::{
    array::{Array, Function},
    autodiff::Dual,
    density::{Density, Mixture},
    matrix::{Matrix, noise::Generator},
    model::{Autoencoder, EnergyNetwork, Parameters, ScoreNetwork, network::Layer},
    objective::trace,
    quadrature::Rule,
};
use rand::RngExt;

/// A score of any kind: a free network, or minus the gradient of an energy.
#[derive(Clone, Debug)]
pub enum Model<A> {
    /// ψ
    Network(ScoreNetwork<A>),
    /// E
    Energy(EnergyNetwork<A>),
    /// E of a denoising autoencoder, and its σ.
    Autoencoder(Autoencoder<A>, f64),
}

impl<A: Array> Model<A> {
    /// ψ(x) and the diagonal ∂ψᵢ/∂xᵢ: both (n, d).
    pub fn score_and_diagonal(&self, x: &A) -> (A, A) {
        let lift = |p| Dual::constant(&p);
        let lift2 = |p| Dual::constant(&Dual::constant(&p));
        match self.clone() {
            Self::Network(network) => {
                let network = network.map(lift);
                trace::diagonal_of_score(|x| network.score(x), x)
            }
            Self::Energy(energy) => {
                let energy = energy.map(lift2);
                trace::diagonal_of_energy(|x| energy.energy(x), x)
            }
            Self::Autoencoder(autoencoder, sigma) => {
                let autoencoder = autoencoder.map(lift2);
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

impl<A> Parameters<A> for Model<A> {
    type With<B> = Model<B>;

    fn map<B>(self, f: impl FnMut(A) -> B) -> Model<B> {
        match self {
            Self::Network(network) => Model::Network(network.map(f)),
            Self::Energy(energy) => Model::Energy(energy.map(f)),
            Self::Autoencoder(autoencoder, sigma) => Model::Autoencoder(autoencoder.map(f), sigma),
        }
    }
}

impl Model<Matrix> {
    /// Of a random kind on ℝᵈ.
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

    /// ψ(x) = (c − x)/σ², whose trace is −d/σ² everywhere: for counterexamples with a margin.
    pub fn linear(c: Matrix, sigma: f64) -> Self {
        let (w, b) = (Matrix::zeros(1, c.cols()), Matrix::zeros(1, 1));
        Self::Autoencoder(Autoencoder { w, b, c, a: None }, sigma)
    }
}

/// Independent entries, uniform on [−largest, largest].
fn uniform(rows: usize, cols: usize, largest: f64, rng: &mut Generator) -> Matrix {
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

/// Standard deviations of the components of a random mixture.
const NARROW: f64 = 0.7;
const WIDE: f64 = 1.1;

/// A model and the density of the data.
#[derive(Clone, Debug)]
pub struct Instance {
    /// ψ
    pub model: Model<Matrix>,
    /// q
    pub density: Mixture,
    /// Nine standard deviations around every component lie within [−reach, reach]ᵈ: outside there
    /// is less than 10⁻¹⁸ of q.
    pub reach: f64,
}

impl Instance {
    /// A random model, and a mixture of two or three Gaussians in d dimensions, each with standard
    /// deviations from 0.7 to 1.1 along random axes around a mean in [−1, 1]ᵈ.
    pub fn random(d: usize, rng: &mut Generator) -> Self {
        let (model, components) = (Model::random(d, rng), rng.random_range(2..=3));
        let components = (0..components).map(|_| {
            let (mean, along) = (uniform(1, d, 1.0, rng), uniform(1, d, 1.0, rng));
            // NARROW² I + c v vᵀ, with the largest eigenvalue NARROW² + c‖v‖² ≤ WIDE².
            let stretch = (WIDE * WIDE - NARROW * NARROW) / d as f64;
            let round = Matrix::from_fn(d, d, |i, j| if i == j { NARROW * NARROW } else { 0.0 });
            (rng.random_range(1.0..3.0), mean, along.tn(&along) * stretch + round)
        });
        Self { model, density: Mixture::new(components), reach: 1.0 + 9.0 * WIDE }
    }

    /// The largest entry that the inverse covariance of a component of a random mixture can have.
    pub const fn largest_precision(&self) -> f64 {
        1.0 / (NARROW * NARROW)
    }

    /// The trapezoid rule of so many steps along each axis, times q: Σ wᵢ f(xᵢ) is 𝔼_q f.
    ///
    /// The integrands are analytic around the real axis, up to the poles of the model and to the
    /// complex zeros of q, where ∇ log q has its own. Two components whose scores differ by s have
    /// zeros π/s away; here s is about 4 in the bad cases. At a distance a of 0.8 and with steps of
    /// 22/104 the error is e^(−2πa/h) ≈ 5·10⁻¹¹ times what is left of q so far from its modes, and
    /// twice as many steps square it. In the plane 88 steps do not pass [`doubled`](super::doubled).
    ///
    /// # Panics
    /// In other than one or two dimensions.
    #[track_caller]
    pub fn rule(&self, steps: usize) -> Rule {
        self.density.rule(&plane(self.density.dimension(), self.reach, steps))
    }
}

/// The trapezoid rule on [−reach, reach]ᵈ for d = 1, 2.
#[track_caller]
fn plane(d: usize, reach: f64, steps: usize) -> Rule {
    let line = Rule::trapezoid(-reach, reach, steps);
    match d {
        1 => line,
        2 => line.squared(),
        _ => panic!("quadrature in {d} dimensions"),
    }
}

/// A model, a clean point, and the noise around it.
#[derive(Clone, Debug)]
pub struct CleanPoint {
    /// ψ
    pub model: Model<Matrix>,
    /// x, (1, d)
    pub x: Matrix,
    /// σ
    pub sigma: f64,
}

impl CleanPoint {
    /// A random model and point, with σ from 0.05 to 1.
    pub fn random(d: usize, rng: &mut Generator) -> Self {
        let model = Model::random(d, rng);
        Self { model, x: uniform(1, d, 2.0, rng), sigma: 0.05_f64.powf(rng.random()) }
    }

    /// The trapezoid rule for 𝔼_z over ±9, and x̃ = x + σz at its nodes.
    pub fn rule(&self, steps: usize) -> (Rule, Matrix) {
        let (_, d) = self.x.shape();
        let rule = Mixture::isotropic(d, 1.0).rule(&plane(d, 9.0, steps));
        let noisy = rule.around(&self.x, self.sigma).nodes;
        (rule, noisy)
    }
}
