//! T21: pairs (x, x′) of a chain that may be exchanged, and what a plain Langevin step does to that.
//!
//! A kernel in detailed balance with p makes x ~ p and the next state x′ exchangeable:
//! 𝔼f(x)g(x′) = 𝔼g(x)f(x′). This is a test that needs no second chain and no burn-in: one step from
//! samples of p. A plain step fails it at order ε², by a known amount.

use super::{expanded::after_one_step, place};
use crate::{
    array::{Array, Linear},
    density::Mixture,
    grid::Exact,
    identity::{Sides, magnitude},
    matrix::{Matrix, noise::Generator},
    quadrature::Rule,
    sampler::{
        Step,
        metropolis::{Place, log_proposal},
    },
};
use rand::{RngExt, seq::SliceRandom};
use std::f64::consts::{FRAC_1_SQRT_2, TAU};

/// f(x)g(x′) − g(x)f(x′) of every chain, (n, 1): its mean is 0 if x and x′ are exchangeable.
#[track_caller]
pub fn exchange(
    x: &Matrix,
    next: &Matrix,
    f: impl Fn(&Matrix) -> Matrix,
    g: impl Fn(&Matrix) -> Matrix,
) -> Matrix {
    f(x) * g(next) - g(x) * f(next)
}

/// 𝔼‖x′‖² − 𝔼‖x‖² of a step from N(0, S), S = LLᵀ any covariance, and ε²I(p)/4 = ε² tr S⁻¹/4. S⁻¹ is
/// KᵀK for K = L⁻¹, and L is triangular.
pub(super) fn longer(epsilon: f64) -> [Vec<Exact>; 2] {
    let l = Exact::named("l", 2, 2);
    let entry = |of: &Exact, i, j| Exact::from_fn(1, 1, |_, _| of.at(i, j).clone());
    let [first, across, second] = [(0, 0), (1, 0), (1, 1)].map(|(i, j)| entry(&l, i, j));
    let nothing = first.clone() * 0.0;
    let matrix = |a: &Exact, b: &Exact, c: &Exact, d: &Exact| {
        Exact::from_fn(2, 2, |i, j| [[a, b], [c, d]][i][j].at(0, 0).clone())
    };
    let (p, q) = (first.clone().reciprocal(), second.clone().reciprocal());
    let corner = -(across.clone() * &p * &q);
    let factor = matrix(&first, &nothing, &across, &second);
    let inverse = matrix(&p, &nothing, &corner, &q);
    let precision = inverse.tn(&inverse);
    let axes = factor.nn(&inverse);
    let trace = |of: Exact| of.inner(&axes).sum();
    let next = after_one_step(Step::halved(epsilon), &precision, &factor);
    let information = trace(precision) * (0.25 * epsilon * epsilon);
    [vec![trace(next - factor.nt(&factor))], vec![information]]
}

/// 𝔼[x x′³ − x³x′] of a step from N(0, v), and ¾ε²(1 − ε/(2v)).
pub(super) fn cubes(epsilon: f64) -> [Vec<Exact>; 2] {
    let [deviation, u, z] = ["s", "u", "z"].map(|name| Exact::named(name, 1, 1));
    let precision = (deviation.clone() * &deviation).reciprocal();
    let x = deviation * &u;
    let next = Step::halved(epsilon).take(&x, -(x.clone() * &precision), z.clone());
    let cube = |x: &Exact| x.clone() * x * x;
    let left = x.clone() * cube(&next) - cube(&x) * &next;
    let right = (precision * (-0.5 * epsilon) + 1.0) * (0.75 * epsilon * epsilon);
    [vec![left.gaussian_mean(&z).gaussian_mean(&u)], vec![right]]
}

/// Four states: masses p (4, 1), up to their sum, and the probabilities q of the proposals (4, 4).
#[derive(Clone, Debug)]
pub struct FourStates {
    masses: Matrix,
    proposals: Matrix,
}

impl FourStates {
    /// Powers of two throughout, so that no ratio and no sum rounds.
    pub fn random(rng: &mut Generator) -> Self {
        let mut rows = [(); 4].map(|()| [0.5, 0.25, 0.125, 0.125]);
        for row in &mut rows {
            row.shuffle(rng);
        }
        let masses = Matrix::from_fn(4, 1, |_, _| 0.5_f64.powi(rng.random_range(0..8)));
        Self { masses, proposals: Matrix::from_rows(rows) }
    }

    /// Three states of the same mass in a circle and one apart, each proposal being the next state.
    fn circle() -> Self {
        let next = |i, j| f64::from(u8::from(j == [1, 2, 0, 3][i]));
        let masses = Matrix::from_fn(4, 1, |_, _| 1.0);
        Self { masses, proposals: Matrix::from_fn(4, 4, next) }
    }

    /// p(j)/p(i) · (q(i|j)/q(j|i))^a: the ratio of the Metropolis rule has a = 1.
    fn ratio(&self, i: usize, j: usize, a: i32) -> f64 {
        let (p, q) = (&self.masses, &self.proposals);
        p.at(j, 0) / p.at(i, 0) * (q.at(j, i) / q.at(i, j)).powi(a)
    }

    /// The chain that proposes by q, accepts with this probability, and else stays.
    fn kernel(&self, acceptance: impl Fn(usize, usize) -> f64) -> Matrix {
        let moves = |i: usize, j: usize| {
            if i == j { 0.0 } else { self.proposals.at(i, j) * acceptance(i, j) }
        };
        let stays = |i| 1.0 - (0..4).map(|j| moves(i, j)).sum::<f64>();
        Matrix::from_fn(4, 4, |i, j| if i == j { stays(i) } else { moves(i, j) })
    }

    /// Σᵢⱼ pᵢ Kᵢⱼ fᵢgⱼ, and the same with f and g exchanged.
    fn exchanged(&self, kernel: &Matrix, f: &Matrix, g: &Matrix) -> Sides {
        let flow = |f: &Matrix, g: &Matrix| vec![(self.masses.clone() * f).tn(&kernel.nn(g))];
        Sides::exact([flow(f, g), flow(g, f)])
    }
}

/// Four states under the Metropolis rule, f and g whole numbers.
pub(super) fn four_states(rng: &mut Generator) -> Sides {
    let states = FourStates::random(rng);
    let mut whole = || Matrix::from_fn(4, 1, |_, _| f64::from(rng.random_range(-8..=8)));
    let (f, g) = (whole(), whole());
    states.exchanged(&states.kernel(|i, j| states.ratio(i, j, 1).min(1.0)), &f, &g)
}

/// 1 at one of the four states.
fn at(state: usize) -> Matrix {
    Matrix::from_fn(4, 1, |i, _| f64::from(u8::from(i == state)))
}

/// Without the ratio of the proposals: q(0|1) = ½ and q(1|0) = ¼ on states of the same mass.
pub(super) fn without_proposals() -> Sides {
    let proposals = Matrix::from_fn(4, 4, |i, j| [0.125, 0.25, 0.125, 0.5][(j + 4 - i) % 4]);
    let states = FourStates { masses: Matrix::from_fn(4, 1, |_, _| 1.0), proposals };
    states.exchanged(&states.kernel(|i, j| states.ratio(i, j, 0).min(1.0)), &at(0), &at(1))
}

/// The circle keeps the uniform law, but goes one way round: 1 of 3 pairs is (0, 1), none is (1, 0).
pub(super) fn one_way_round() -> Sides {
    let states = FourStates::circle();
    let kernel = states.kernel(|_, _| 1.0);
    let kept = states.masses.tn(&kernel);
    assert_eq!(kept, states.masses.clone().linear(Linear::Transpose), "stationary");
    states.exchanged(&kernel, &at(0), &at(1))
}

/// On N(0, 1) with ε = ½: the accepted part of 𝔼 f(x)g(x′) and of 𝔼 g(x)f(x′), for (x², 1) and (x, x³);
/// what is rejected adds f(x)g(x) to both. `log_ratio` is that of a rule.
///
/// The rule has a kink where x′ = ±x. In u = (x + x′)/√2, v = (x − x′)/√2 these are the axes, where the
/// nodes have an end.
pub fn accepted(
    log_ratio: fn(&Place<Matrix>, &Place<Matrix>, f64) -> Matrix,
    fineness: usize,
) -> Sides {
    const EPSILON: f64 = 0.5;
    let line = Rule::double_exponential(&[-12.0, 0.0, 12.0], 1.0 / (16.0 * fineness as f64));
    let plane = line.squared();
    let [u, v] =
        [0, 1].map(|j| Matrix::from_fn(plane.nodes.rows(), 1, |i, _| plane.nodes.at(i, j)));
    let p = Mixture::isotropic(1, 1.0);
    let [here, there] = [u.clone() + &v, u - v].map(|x| place(&p, &(x * FRAC_1_SQRT_2)));
    let log_kernel = log_proposal(&here, &there, EPSILON) - 0.5 * (TAU * EPSILON).ln();
    let refused = (-log_ratio(&here, &there, EPSILON)).relu(); // −log of the acceptance
    let masses = (log_kernel - &here.energy - refused).exp() * &plane.weights;
    let [x, y] = [&here.x, &there.x];
    let cube = |x: &Matrix| x.clone() * x * x;
    let pairs = [[x.clone() * x, y.clone() * y], [x.clone() * cube(y), cube(x) * y]];
    let integral = |of: &Matrix| masses.inner(of).sum();
    let [left, right] = [0, 1].map(|side| pairs.iter().map(|pair| integral(&pair[side])).collect());
    let terms = pairs.iter().map(|pair| integral(&magnitude(&pair[0]))).collect();
    Sides::integrals([left, right], terms, plane.nodes.rows())
}
