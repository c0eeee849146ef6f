//! T1, T29: p = e^(−E)/Z, what its score does not need, and what its likelihood does.
//!
//! The partition function Z(θ) = ∫ e^(−E(x; θ)) dx stands between an energy and its density. The
//! score −∇ₓE is free of it; the gradient in θ is not, and that is why likelihood is hard.
//!
//! The energies are those of a softplus autoencoder on the line or in the plane, where Z is an
//! integral that a trapezoid rule finds to the last digits. Every check uses two rules: what is
//! normalised on one is integrated on another with half the step.

mod instance;

pub use instance::Instance;

use super::{Evidence, OldCheck, OldSides, OldTheorem, magnitude};
use crate::{
    array::{Array, Linear},
    autodiff::{
        Tape,
        check::{Quotient, difference},
    },
    density::{Boltzmann, Density, boltzmann::log_partition},
    matrix::{Matrix, Real},
    model::{Autoencoder, Parameters},
    objective::{implicit, trace},
    quadrature::{Rule, expectation},
};
use rand::RngExt;

/// The theorems of this page.
pub const THEOREMS: &[OldTheorem] = &[
    OldTheorem {
        number: 1,
        statement: "p = e^(−E)/Z is a density, and ∇ₓ log p = −∇ₓE is free of Z",
        check: |rng| {
            let instance = Instance::any(rng);
            normalisation(&instance).worse(score(&instance).check())
        },
        false_statement: "∇_θ log p = −∇_θE is free of Z as well",
        counterexample: |rng| {
            let instance = Instance::any(rng);
            bias(pointwise_parameter_score(&instance, Likelihood::Unnormalised)).check()
        },
    },
    OldTheorem {
        number: 29,
        statement: "∇_θ log Z = 𝔼_p[−∇_θE], so 𝔼_p[∇_θ log p] = 0; T = σ² is a temperature",
        check: |rng| {
            let instance = Instance::any(rng);
            let slope = log_partition_slope(&instance, &instance.direction(rng));
            let mean = mean_parameter_score(&instance, Likelihood::Normalised).check();
            let temperature = rng.random_range(0.5..2.0);
            slope.worse(mean).worse(tempered(&instance, temperature).check())
        },
        false_statement: "𝔼_p[∇_θ log p̃] = 0 for p̃ = e^(−E), without Z",
        counterexample: |rng| {
            let instance = Instance::any(rng);
            bias(mean_parameter_score(&instance, Likelihood::Unnormalised)).check()
        },
    },
];

/// log p, or log p̃ = −E, which lacks log Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likelihood {
    /// −E − log Z
    Normalised,
    /// −E
    Unnormalised,
}

/// T1: ∫p, with Z from one rule and the integral by another of half the step, and 1.
pub fn normalisation(instance: &Instance) -> OldCheck {
    let fine = instance.density().rule(&instance.rule(2)); // the weights are w p
    let area = fine.weights.clone().sum().item();
    let error = fine.integrate(&instance.density_error(&fine.nodes)) + fine.nodes.rows() as f64;
    OldCheck::new(Evidence::Quadrature, area, 1.0, 1.0, error * f64::UNIT_ROUNDOFF)
}

/// T1: ∇ₓ log p(x), by differentiating the logarithm of the normalised density e^(−E) · (1/Z), and
/// (r(x) − x)/σ², which has never heard of Z.
pub fn score(instance: &Instance) -> OldSides {
    let Instance { model, sigma, x, .. } = instance;
    let z = instance.density().log_partition().exp();
    let tape = Tape::new();
    let at = tape.var(x);
    let density = (-instance.energy(&at)).exp() * (1.0 / z);
    let absolute = model.clone().map(|p| magnitude(&p));
    let terms = absolute.decode(model.encode(x)) + magnitude(x);
    OldSides {
        left: density.ln().sum().gradient(&[at]),
        right: vec![model.score(x, *sigma)],
        magnitude: vec![terms * (1.0 / (sigma * sigma))],
        roundings: instance.roundings() + 8.0, // and through exp, 1/Z and ln
    }
}

/// ∇_θ Σᵢ wᵢ log p(xᵢ; θ) for θ = W, b, c by differentiating the formula, Z and all.
///
/// Without Z it is the gradient of Σᵢ wᵢ log p̃ = −Σᵢ wᵢ E.
pub fn parameter_score(instance: &Instance, data: &Rule, likelihood: Likelihood) -> Vec<Matrix> {
    let tape = Tape::new();
    let theta = instance.model.clone().map(|p| tape.var(&p));
    let energy = |x: &Matrix| theta.energy(&tape.var(x), instance.sigma);
    let minus = -expectation(&data.weights, &energy(&data.nodes));
    let sum = match likelihood {
        Likelihood::Unnormalised => minus,
        Likelihood::Normalised => {
            let rule = instance.rule(1);
            // −log Z is near the least energy: near enough for the exponential not to overflow.
            let lowest = -instance.density().log_partition();
            let log_z = log_partition(&energy(&rule.nodes), &rule, lowest);
            minus - log_z * data.weights.clone().sum().item()
        }
    };
    sum.gradient(&theta.into_list())
}

/// Σ|terms| of Σᵢ wᵢ ∂E/∂θ (xᵢ) for θ = W, b, c, each with the error of p, in u, for a weight: it
/// differs from node to node, and stands here instead of a number K.
fn parameter_terms(instance: &Instance, data: &Rule) -> Vec<Matrix> {
    let Instance { model, sigma, .. } = instance;
    let error = instance.density_error(&data.nodes) + 2.0 * data.nodes.rows() as f64;
    let weights = error * &data.weights * (1.0 / (sigma * sigma));
    let weighted = |m: Matrix| {
        let (_, d) = m.shape();
        m * weights.clone().linear(Linear::Spread(d))
    };
    let x = magnitude(&data.nodes);
    let hidden = weighted(model.encode(&data.nodes));
    vec![hidden.tn(&x), hidden.sum_over_samples(), weighted(x).sum_over_samples()]
}

/// T1: the mean of ∇_θ log p over the points, by differentiating the formula of the `likelihood`,
/// and −∇_θE + 𝔼_p[∇_θE]. Z makes the difference.
pub fn pointwise_parameter_score(instance: &Instance, likelihood: Likelihood) -> OldSides {
    let n = instance.x.rows();
    let weights = Matrix::from_fn(n, 1, |_, _| 1.0 / n as f64);
    let data = Rule { nodes: instance.x.clone(), weights };
    let p = instance.density().rule(&instance.rule(2));
    let slope = |rule: &Rule| parameter_score(instance, rule, Likelihood::Unnormalised);
    let both = |a: Vec<Matrix>, b: Vec<Matrix>| a.into_iter().zip(b);
    OldSides {
        left: parameter_score(instance, &data, likelihood),
        right: both(slope(&data), slope(&p)).map(|(at_x, mean)| at_x - mean).collect(),
        magnitude: both(parameter_terms(instance, &data), parameter_terms(instance, &p))
            .map(|(at_x, mean)| at_x + mean)
            .collect(),
        roundings: 1.0,
    }
}

/// T29: 𝔼_p[∇_θ log p], and 0.
pub fn mean_parameter_score(instance: &Instance, likelihood: Likelihood) -> OldSides {
    let p = instance.density().rule(&instance.rule(2));
    let left = parameter_score(instance, &p, likelihood);
    OldSides {
        right: left.iter().map(|g| g.clone() * 0.0).collect(),
        left,
        magnitude: parameter_terms(instance, &p),
        roundings: 1.0,
    }
}

/// The part of two lists (W, b, c) that belongs to b: the one in which a missing Z always shows.
///
/// For −∂E/∂bⱼ = sigmoid(zⱼ)/σ², zⱼ = ⟨Wⱼ, x⟩ + bⱼ, is positive, and so is its mean. By Jensen's
/// inequality 𝔼 sigmoid(z) ≥ e^(−𝔼 softplus(−z)) ≥ ½ e^(−𝔼|z|). On an [`Instance`] |r| ≤ 4 in every
/// coordinate, and x = r + σ²ψ with 𝔼|ψᵢ| ≤ √(−𝔼 ∂ψᵢ/∂xᵢ) ≤ 1/σ, so 𝔼|z| ≤ 2 (4 + σ) + 1 ≤ 11:
/// the miss is at least 8·10⁻⁶ of terms that are known to 10⁻¹⁰.
fn bias(mut sides: OldSides) -> OldSides {
    for list in [&mut sides.left, &mut sides.right, &mut sides.magnitude] {
        *list = vec![list.remove(1)];
    }
    sides
}

/// T29: the slope of log Z(θ + h v) at h = 0 as a difference quotient, which only evaluates Z, and
/// 𝔼_p[−⟨∇_θE, v⟩].
pub fn log_partition_slope(instance: &Instance, direction: &Autoencoder<Matrix>) -> OldCheck {
    let direction = direction.clone().into_list();
    let left = difference(|h| {
        let mut along = direction.iter();
        let mut moved = instance.clone();
        moved.model = moved.model.map(|p| match along.next() {
            Some(v) => p + v.clone() * h,
            None => p,
        });
        Boltzmann::new(|x| moved.energy(x), instance.rule(1)).log_partition()
    });
    let p = instance.density().rule(&instance.rule(2));
    let dot = |list: Vec<Matrix>, v: fn(&Matrix) -> Matrix| -> f64 {
        list.iter().zip(&direction).map(|(g, w)| g.inner(&v(w)).sum().item()).sum()
    };
    let right = dot(parameter_score(instance, &p, Likelihood::Unnormalised), Matrix::clone);
    let rounding = dot(parameter_terms(instance, &p), magnitude)
        + Quotient::MAGNIFICATION * instance.log_partition_error();
    let tolerance = left.truncation + rounding * f64::UNIT_ROUNDOFF;
    OldCheck::new(Evidence::Quadrature, left.value, right, 1.0, tolerance)
}

/// T29: log p at the temperature T σ², and (log p)/T less its own log partition function: p^(1/T)
/// normalised again.
pub fn tempered(instance: &Instance, temperature: f64) -> OldSides {
    let warm = Instance { sigma: instance.sigma * temperature.sqrt(), ..instance.clone() };
    let rule = if temperature > 1.0 { warm.rule(2) } else { instance.rule(2) };
    let (p, warm_p, x) = (instance.density(), warm.density(), &instance.x);
    let power = |x: &Matrix| p.log_density(x) * (1.0 / temperature);
    let log_z = log_partition(&-power(&rule.nodes), &rule, 0.0).item();
    let error = |x: &Matrix| instance.density_error(x) * (1.0 / temperature);
    let of_z = warm_p.rule(&rule).integrate(&error(&rule.nodes)) + rule.nodes.rows() as f64;
    OldSides {
        left: vec![warm_p.log_density(x)],
        right: vec![power(x) - log_z],
        magnitude: vec![warm.density_error(x) + error(x) + of_z],
        roundings: 1.0,
    }
}

/// T29: implicit score matching at the points and its gradients by W, b, c, with the energy E and
/// with E + ‖θ‖². That changes Z by the factor e^(−‖θ‖²), and not one bit here.
pub fn implicit_without_partition(instance: &Instance) -> OldSides {
    let side = |shifted: bool| {
        let tape = Tape::new();
        let theta = instance.model.clone().map(|p| tape.var(&p));
        let x = tape.var(&instance.x);
        let all = theta.clone().into_list();
        let loss = trace::of_energy_by_reverse(
            |x| {
                let energy = theta.energy(x, instance.sigma);
                if !shifted {
                    return energy;
                }
                let rows = Linear::Tile(x.shape().0);
                all.iter().fold(energy, |sum, p| sum + p.squared_norm().sum().linear(rows))
            },
            &x,
        );
        let loss = implicit(loss).mean();
        std::iter::once(loss.value()).chain(loss.gradient(&all)).collect::<Vec<_>>()
    };
    let left = side(false);
    OldSides {
        magnitude: left.iter().map(magnitude).collect(),
        left,
        right: side(true),
        roundings: 0.0,
    }
}
