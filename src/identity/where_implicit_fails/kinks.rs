//! T5: a kink of the score keeps the value of ISM, but not the gradient that a tape takes of it.

use super::{
    edges::{SmoothScore, nodes, pieces},
    polynomials::{MomentLaw, coefficients, laplace, polynomial},
};
use crate::{
    array::Array,
    autodiff::{Dual, Tape},
    density::{Density, Univariate},
    grid::Exact,
    identity::{Sides, number},
    matrix::Matrix,
    objective::{implicit, trace::of_score},
    quadrature::expectation,
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
        let rule = nodes(&pieces(Self::DATA, &[-self.bias, 0.0]), 1);
        let values = self.integrand(&rule.nodes, &Matrix::from_rows([[self.bias]]));
        Self::DATA.rule(&rule).integrate(&values)
    }

    /// ∂_b ISM as a tape gives it: the nodes of the integral, as the points of a sample, stay.
    pub fn slope_by_tape(&self, fineness: usize) -> f64 {
        let ends = pieces(Self::DATA, &[-self.bias, 0.0]);
        let rule = Self::DATA.rule(&nodes(&ends, fineness));
        let tape = Tape::new();
        let bias = tape.var(&Matrix::from_rows([[self.bias]]));
        let values = self.integrand(&tape.var(&rule.nodes), &bias);
        expectation(&rule.weights, &values).gradient(&[bias])[0].item()
    }

    /// ∂_b ISM as it is: the same integral in the variable y = x + b, in which the kink rests at 0
    /// and the density moves. Now everything that depends on b is smooth in b, and the tape is
    /// right.
    pub fn slope(&self, fineness: usize) -> f64 {
        let rule = nodes(&pieces(Self::DATA, &[0.0, self.bias]), fineness);
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
    fn check(&self) -> Sides {
        let [value, slope, curvature] = self.rest.bounds();
        let w = self.weight.abs();
        // 𝔼|x + b| and 𝔼(x + b)² of the standard logistic: 2 log 2 + |b| at most, and π²/3 + b².
        let first = 2.0 * 2.0_f64.ln() + self.bias.abs();
        let second = std::f64::consts::PI.powi(2) / 3.0 + self.bias * self.bias;
        let (steep, high) = (slope + w, value + w * first);
        let square = value * value + 2.0 * value * w * first + w * w * second;
        // |ψ ∂ψ| + |ψ″| as b moves the nodes, and (½ψ² + |ψ′|) |(log q)′| as it moves the density.
        let magnitude = high * (steep + w) + curvature + 0.5 * square + steep + w;
        Sides::doubled(|fineness| {
            let count = nodes(&pieces(Self::DATA, &[0.0, self.bias]), fineness).nodes.rows();
            let right = self.slope_by_tape(fineness) + self.lost();
            let sides = [number(self.slope(fineness)), number(right)];
            Sides::integrals(sides, number(magnitude), count)
        })
    }
}

/// T5: a kink keeps the value of ISM but not the gradient that a tape takes of it.
pub fn at_a_kink(rng: &mut impl Rng) -> Sides {
    Kinked::any(rng).check()
}

/// T5: ∂_b ISM on Laplace data as it is, and as a tape gives it + a q(−b) w, for every
/// ψ(x) = w relu(x + b) + g(x) with b ≤ 0 and g a polynomial of degree 5. The theorem says a = 1.
///
/// As it is, the nodes c + u move with the kink at c = −b; on the tape of a training they stay.
pub fn kink_of_polynomials(a: f64) -> [Vec<Exact>; 2] {
    let [w, b, u] = ["w", "b", "u"].map(|name| Exact::named(name, 1, 1));
    let g = coefficients("g");
    let slope = |moving: bool| {
        let tape = Tape::new();
        let (bias, u) = (tape.var(&b), tape.var(&u));
        let (weight, g) = (tape.var(&w), g.iter().map(|c| tape.var(c)).collect::<Vec<_>>());
        let at = if moving { bias } else { tape.var(&b) };
        let duals: Vec<_> = g.iter().map(Dual::constant).collect();
        let (bias, weight) = (Dual::constant(&bias), Dual::constant(&weight));
        let below = |x: &_, _: f64| implicit(of_score(|x| polynomial(&duals, x), x));
        let above = |x: &_, _: f64| {
            let psi = |x: &Dual<_>| (x.clone() + &bias) * &weight + polynomial(&duals, x);
            implicit(of_score(psi, x))
        };
        laplace(&-at, &at.exp(), &u, below, above).gradient(&[bias.value]).remove(0)
    };
    let lost = w.clone() * b.clone().exp() * (0.5 * a);
    let mean = |f: Exact| MomentLaw::Exponential.mean(&f, &u);
    [vec![mean(slope(true))], vec![mean(slope(false) + lost)]]
}
