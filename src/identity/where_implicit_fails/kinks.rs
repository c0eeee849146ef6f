//! T5: a kink of the score keeps the value of ISM, but not the gradient that a tape takes of it.

use super::edges::{STEP, SmoothScore, pieces, tolerance};
use crate::{
    array::Array,
    autodiff::{Dual, Tape},
    density::{Density, Univariate},
    identity::{Evidence, OldCheck},
    matrix::Matrix,
    objective::{implicit, trace::of_score},
    quadrature::{Rule, converged, expectation},
};
use rand::{Rng, RngExt};

/// A score with one kink on the line, ψ(x) = w relu(x + b) + g(x), and standard logistic data.
#[derive(Clone, Debug)]
pub struct Kinked {
    /// w
    pub weight: f64,
    /// b; the kink is at −b.
    pub bias: f64,
    /// g
    pub rest: SmoothScore,
}

impl Kinked {
    const DATA: Univariate = Univariate::Logistic { scale: 1.0 };

    /// Everything random.
    pub fn any(rng: &mut impl Rng) -> Self {
        let (weight, bias) = (rng.random_range(-2.0..2.0), rng.random_range(-3.0..3.0));
        Self { weight, bias, rest: SmoothScore::any(rng) }
    }

    /// ½ψ² + ψ′ at every x (n, 1), by forward mode, as a formula in b (1, 1).
    fn integrand<A: Array>(&self, x: &A, bias: &A) -> A {
        let bias = Dual::constant(bias);
        let psi = |x: &Dual<A>| x.clone().add_row(&bias).relu() * self.weight + self.rest.of(x);
        implicit(of_score(psi, x))
    }

    /// ISM, for differences.
    pub fn value(&self) -> f64 {
        let rule = Rule::double_exponential(&pieces(Self::DATA, &[-self.bias, 0.0]), STEP);
        let values = self.integrand(&rule.nodes, &Matrix::from_rows([[self.bias]]));
        Self::DATA.rule(&rule).integrate(&values)
    }

    /// ∂_b ISM as a tape gives it: the nodes of the integral, as the points of a sample, stay.
    pub fn slope_by_tape(&self, step: f64) -> f64 {
        let ends = pieces(Self::DATA, &[-self.bias, 0.0]);
        let rule = Self::DATA.rule(&Rule::double_exponential(&ends, step));
        let tape = Tape::new();
        let bias = tape.var(&Matrix::from_rows([[self.bias]]));
        let values = self.integrand(&tape.var(&rule.nodes), &bias);
        expectation(&rule.weights, &values).gradient(&[bias])[0].item()
    }

    /// ∂_b ISM as it is: the same integral in the variable y = x + b, in which the kink rests at 0
    /// and the density moves. Now everything that depends on b is smooth in b, and the tape is
    /// right.
    pub fn slope(&self, step: f64) -> f64 {
        let rule = Rule::double_exponential(&pieces(Self::DATA, &[0.0, self.bias]), step);
        let tape = Tape::new();
        let bias = tape.var(&Matrix::from_rows([[self.bias]]));
        let x = tape.var(&rule.nodes).add_row(&-bias);
        let density = x.sigmoid() * (-x).sigmoid(); // of the standard logistic
        let values = self.integrand(&x, &bias) * density;
        expectation(&rule.weights, &values).gradient(&[bias])[0].item()
    }

    /// q(−b) w: what the tape loses. When the kink moves left by db, ψ′ grows by w on [−b − db, −b],
    /// an interval of probability q(−b) db; pointwise, nothing has changed anywhere.
    pub fn lost(&self) -> f64 {
        Self::DATA.log_density_at(-self.bias).exp() * self.weight
    }

    /// ∂_b ISM = its tape's + q(−b) w.
    fn check(&self) -> OldCheck {
        let [value, slope, curvature] = self.rest.bounds();
        let w = self.weight.abs();
        // 𝔼|x + b| and 𝔼(x + b)² of the standard logistic: 2 log 2 + |b| at most, and π²/3 + b².
        let first = 2.0 * 2.0_f64.ln() + self.bias.abs();
        let second = std::f64::consts::PI.powi(2) / 3.0 + self.bias * self.bias;
        let (steep, high) = (slope + w, value + w * first);
        let square = value * value + 2.0 * value * w * first + w * w * second;
        // |ψ ∂ψ| + |ψ″| as b moves the nodes, and (½ψ² + |ψ′|) |(log q)′| as it moves the density.
        let scale = high * (steep + w) + curvature + 0.5 * square + steep + w;
        let nodes = Rule::double_exponential(&pieces(Self::DATA, &[0.0, self.bias]), 0.5 * STEP)
            .nodes
            .rows();
        let tolerance = tolerance(nodes);
        let settled = |f: &dyn Fn(f64) -> f64| converged(f(STEP), f(0.5 * STEP), tolerance * scale);
        let left = settled(&|step| self.slope(step));
        let right = settled(&|step| self.slope_by_tape(step)) + self.lost();
        OldCheck::new(Evidence::Quadrature, left, right, scale, tolerance)
    }
}

/// T5: a kink keeps the value of ISM but not the gradient that a tape takes of it.
pub fn at_a_kink(rng: &mut impl Rng) -> OldCheck {
    Kinked::any(rng).check()
}
