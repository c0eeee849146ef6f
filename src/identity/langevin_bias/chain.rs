//! A chain as an operator on laws: the truth that an expansion in the step is compared with.

use super::tilt;
use crate::{
    array::{Array, Linear},
    matrix::Matrix,
    quadrature::Rule,
    sampler::Step,
};
use std::f64::consts::TAU;

/// log p = −‖x‖²/2 + Σₖ aₖ cos(⟨wₖ, x⟩ + φₖ) up to a constant: an entire function, with
/// bounded derivatives from the second on.
#[derive(Clone, Debug)]
pub struct Waves {
    /// a, (1, m)
    amplitudes: Matrix,
    /// w, (m, d)
    vectors: Matrix,
    /// φ, (1, m)
    phases: Matrix,
}

impl Waves {
    /// −x²/2 + cos(x + ½)
    pub fn line() -> Self {
        let number = |x| Matrix::from_rows([[x]]);
        Self { amplitudes: number(1.0), vectors: number(1.0), phases: number(0.5) }
    }

    /// −‖x‖²/2 + ½ cos(x₁ + x₂ + 0.3) + 0.3 sin x₁ cos x₂, the last as 0.15 sin(x₁ ± x₂).
    pub fn plane() -> Self {
        Self {
            amplitudes: Matrix::from_rows([[0.5, 0.15, 0.15]]),
            vectors: Matrix::from_rows([[1.0, 1.0], [1.0, 1.0], [1.0, -1.0]]),
            phases: Matrix::from_rows([[0.3, -TAU / 4.0, -TAU / 4.0]]),
        }
    }

    /// aₖ f(⟨wₖ, x⟩ + φₖ): (n, d) → (n, m)
    fn waves(&self, x: &Matrix, f: fn(f64) -> f64) -> Matrix {
        let phases = x.nt(&self.vectors).add_row(&self.phases);
        let wave = |i, k| self.amplitudes.at(0, k) * f(phases.at(i, k));
        Matrix::from_fn(x.rows(), phases.cols(), wave)
    }

    /// log p up to a constant: (n, d) → (n, 1).
    pub fn log_density(&self, x: &Matrix) -> Matrix {
        x.squared_norm() * -0.5 + self.waves(x, f64::cos).sum_over_dimensions()
    }

    /// ∇ log p: (n, d) → (n, d).
    pub fn score(&self, x: &Matrix) -> Matrix {
        -(self.waves(x, f64::sin).nn(&self.vectors) + x)
    }

    /// Δ log p: (n, d) → (n, 1).
    pub fn laplacian(&self, x: &Matrix) -> Matrix {
        let squares = self.vectors.squared_norm();
        -(self.waves(x, f64::cos).nn(&squares) + x.cols() as f64)
    }
}

/// One step of the chain from every node of a grid to every other, on the line or in the plane.
///
/// The grid has n nodes to a deviation √ε of the noise. A law that has taken a step and the kernel of the
/// next one are both averaged by such noise, so the spectrum of their product falls like e^(−εk²/4),
/// and the trapezoid rule leaves e^(−π²n²): 10⁻¹⁷ for n = 2, and 10⁻⁹ for n = 1.45.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The nodes, (n, d).
    pub nodes: Matrix,
    /// The masses of p, (n, 1).
    pub density: Matrix,
    /// The masses that p would have to first order in the step, (n, 1).
    pub predicted: Matrix,
    epsilon: f64,
    /// Along each axis what a chain at a node brings to each of the axis' nodes: (n, m) each; on the
    /// line the second is (n, 1), of ones.
    arrivals: [Matrix; 2],
}

impl Chain {
    /// With a step ε, and this number of nodes to a deviation of its noise. On the line they reach to ±9, where p
    /// is 10⁻¹⁷ of its maximum; in the plane, where they are many, to ±6.5 and 10⁻⁹.
    ///
    /// # Panics
    /// If ε is not positive and finite.
    #[track_caller]
    pub fn new(waves: &Waves, epsilon: f64, to_a_deviation: f64) -> Self {
        let step = Step::halved(epsilon);
        let plane = waves.vectors.cols() == 2;
        let reach = if plane { 6.5 } else { 9.0 };
        let steps = (2.0 * reach * to_a_deviation / step.noise).ceil() as usize;
        let axis = Rule::trapezoid(-reach, reach, steps);
        let nodes = if plane { axis.squared().nodes } else { axis.nodes.clone() };
        let score = waves.score(&nodes);
        let centres = step.take(&nodes, score.clone(), nodes.clone() * 0.0);
        let share = axis.weights.at(1, 0) / step.noise / TAU.sqrt();
        let arrivals = [0, 1].map(|j| {
            if j == 1 && !plane {
                return Matrix::from_fn(nodes.rows(), 1, |_, _| 1.0);
            }
            let off = |i, k| (axis.nodes.at(k, 0) - centres.at(i, j)) / step.noise;
            let exponent =
                Matrix::from_fn(nodes.rows(), steps + 1, |i, k| -0.5 * off(i, k).powi(2));
            exponent.exp() * share
        });
        let density = normalised(waves.log_density(&nodes).exp());
        let g = tilt(&score, &waves.laplacian(&nodes));
        let mean = density.inner(&g).sum().item();
        let predicted = ((g - mean) * step.drift + 1.0) * &density;
        Self { nodes, density, predicted, epsilon, arrivals }
    }

    /// The law after one step: masses (n, 1) → (n, 1).
    pub fn after(&self, law: &Matrix) -> Matrix {
        let [first, second] = &self.arrivals;
        let there = law.clone().linear(Linear::Spread(second.cols())) * second;
        Matrix::from_vec(law.rows(), 1, first.tn(&there).data().to_vec())
    }

    /// 𝔼[f(x′) | x] at every node x: (n, 1) → (n, 1).
    pub fn expected(&self, f: &Matrix) -> Matrix {
        let [first, second] = &self.arrivals;
        let table = Matrix::from_vec(first.cols(), second.cols(), f.data().to_vec());
        first.nn(&table).inner(second)
    }

    /// The law p_ε that the chain keeps, this number of units of time away from the predicted one; a chain on
    /// N(0, I) forgets e^(−t/2) of what is off.
    pub fn stationary(&self, time: f64) -> Matrix {
        let steps = (time / self.epsilon) as usize;
        (0..steps).fold(self.predicted.clone(), |law, _| normalised(self.after(&law)))
    }

    /// 𝔼[f(x)g(x′) − g(x)f(x′)] for x from this law: how far the pair is from being exchangeable.
    pub fn exchange(&self, law: &Matrix, f: &Matrix, g: &Matrix) -> f64 {
        let flow = |f: &Matrix, g: &Matrix| (law.clone() * f).inner(&self.expected(g));
        (flow(f, g) - flow(g, f)).sum().item()
    }
}

/// Masses that add up to 1.
fn normalised(law: Matrix) -> Matrix {
    let total = law.clone().sum().item();
    law * (1.0 / total)
}
