//! T4 with weights: one that vanishes on the boundary leaves nothing behind there.
//!
//! For any weights wᵢ(x), one for each coordinate, at every point
//!
//! ```text
//! ½Σ wᵢ(ψᵢ − ∂ᵢlog q)² = Σ [½wᵢψᵢ² + wᵢ∂ᵢψᵢ + ψᵢ∂ᵢwᵢ] + ½Σ wᵢ(∂ᵢlog q)² − Σ ∂ᵢ(wᵢψᵢq)/q
//! ```
//!
//! The last term has for its mean the flux of the field (wᵢψᵢq) through the boundary, and that is 0 if
//! wᵢψᵢq vanishes on every piece of the boundary that is not parallel to the i-th axis.
//!
//! The page: `proofs/boundary_weights.md`.

use super::polynomials::MomentLaw;
use crate::{
    array::{Array, Linear},
    autodiff::{Dual, Tape},
    grid::{
        Exact, Number, Polynomial,
        polynomial::{Dyadic, pairings},
    },
    identity::{Sides, magnitude, number, polynomial_score::PolynomialScore},
    matrix::Matrix,
    model::Parameters,
    objective::{
        explicit,
        trace::{diagonal_of_score, of_score},
        weighted_implicit, weighted_implicit_by_coordinate,
    },
    quadrature::Rule,
};

/// xᵢ, alone.
fn coordinate(x: &Exact, i: usize) -> Exact {
    Exact::from_fn(1, 1, |_, _| x.at(0, i).clone())
}

/// ½Σ wᵢ(ψᵢ − sᵢ)²
fn weighted_explicit<A: Array>(psi: &A, data_score: &A, weight: &A) -> A {
    let gap = psi.clone() - data_score;
    (gap.clone() * gap).inner(weight) * 0.5
}

/// The identity at every point of the plane, for every ψ and w of degree 2 and every log q of degree 3;
/// with a times the slopes of the weights. The theorem says a = 1.
pub fn at_every_point(a: f64) -> [Vec<Exact>; 2] {
    let x = Exact::named("x", 1, 2);
    let psi = PolynomialScore::every(2, 2);
    let weights = PolynomialScore::named(["ω", "w"], [2, 2], 2);
    let log_q = PolynomialScore::every_function("l", 2, 3);
    let tape = Tape::new();
    let at = tape.var(&x);
    let s = log_q.on(&tape).score(&at).gradient(&[at]).remove(0);

    let (w, slope) = diagonal_of_score(|x| weights.constants().score(x), &x);
    let terms = diagonal_of_score(|x| psi.constants().score(x), &x);
    let field = |x: &Dual<Exact>| {
        let q = log_q.constants().score(x).exp().linear(Linear::Spread(2));
        weights.constants().score(x) * psi.constants().score(x) * q
    };
    let divergence = of_score(field, &x).1 * log_q.score(&x).exp().reciprocal();
    let constant = (s.clone() * &s).inner(&w) * 0.5;
    let left = weighted_explicit(&psi.score(&x), &s, &w);
    let right = weighted_implicit_by_coordinate(terms, &w, &(slope * a)) + constant - divergence;
    [vec![left], vec![right]]
}

/// 𝔼 f for independent xᵢ ~ Gamma(aᵢ, bᵢ), 𝔼xⁿ = a(a + 1) … (a + n − 1)/bⁿ: a polynomial in all aᵢ
/// and 1/bᵢ. Shapes: f (1, 1); x, a and b (1, d), letters.
fn gamma_mean(f: &Exact, x: &Exact, [a, b]: [&Exact; 2], degree: i32) -> Exact {
    let mut mean = f.clone();
    for i in 0..x.shape().1 {
        let [x, a, b] = [x, a, b].map(|letters| coordinate(letters, i));
        let (mut sum, mut moment, mut found) = (x.clone() * 0.0, x.clone() * 0.0 + 1.0, 0);
        for n in 0..=degree {
            let coefficient = mean.coefficient(&x, n);
            found += coefficient.terms();
            sum = sum + coefficient * &moment;
            moment = moment * (a.clone() + f64::from(n)) * b.clone().reciprocal();
        }
        assert!(found == mean.terms(), "a power of x outside of 0 to {degree}");
        mean = sum;
    }
    mean
}

/// T4 on the orthant, wᵢ = xᵢ²: both sides for gamma data in the plane of every two shapes and rates,
/// and every ψᵢ = Pᵢ(x)/xᵢ with P of degree 3. (Those of P = xᵢ are bounded at the face, and the score of
/// gamma data is the one of Pᵢ = aᵢ − 1 − bᵢxᵢ.)
pub fn gamma_in_the_plane() -> [Vec<Exact>; 2] {
    let [x, a, b] = ["x", "a", "b"].map(|name| Exact::named(name, 1, 2));
    let over = PolynomialScore::every(2, 3);
    let psi = |x: &Dual<Exact>| over.constants().score(x) * x.clone().reciprocal();
    let terms = diagonal_of_score(psi, &x);
    let (w, slope) = (x.clone() * &x, x.clone() * 2.0);
    let s = (a.clone() - 1.0) * x.clone().reciprocal() - &b;
    let left = weighted_explicit(&terms.0, &s, &w);
    let constant = (s.clone() * &s).inner(&w) * 0.5;
    let right = weighted_implicit_by_coordinate(terms, &w, &slope) + constant;
    [left, right].map(|f| vec![gamma_mean(&f, &x, [&a, &b], 6)])
}

/// For ψ = (α − 1)/x − β on gamma data: the gradient of the objective by α and β, and A(α − a, β − b) with
/// A = 𝔼(1, −x)(1, −x)ᵀ, which has the determinant a/b². So there is one minimum, at (a, b).
pub fn gamma_estimate() -> [Vec<Exact>; 2] {
    let [x, a, b, alpha, beta] = ["x", "a", "b", "α", "β"].map(|name| Exact::named(name, 1, 1));
    let tape = Tape::new();
    let [at, shape, rate] = [&x, &alpha, &beta].map(|letter| tape.var(letter));
    let psi = |x: &Dual<_>| {
        Dual::constant(&(shape - 1.0)) * x.clone().reciprocal() - Dual::constant(&rate)
    };
    let terms = diagonal_of_score(psi, &at);
    let loss = weighted_implicit_by_coordinate(terms, &(at * at), &(at * 2.0));
    let gradient = loss.gradient(&[shape, rate]);
    let left = gradient.iter().map(|f| gamma_mean(f, &x, [&a, &b], 2)).collect();
    let mean = a.clone() * b.clone().reciprocal();
    let square = mean.clone() * (a.clone() + 1.0) * b.clone().reciprocal();
    let (alpha, beta) = (alpha - a, beta - b);
    let first = alpha.clone() - beta.clone() * &mean;
    [left, vec![first, beta * square - alpha * mean]]
}

/// T4 with the weight ‖x‖² for all coordinates, on Exp(1) data in d dimensions: it vanishes in the corner
/// only, and a times the flux through the faces is added, Σᵢ 𝔼[‖x‖²ψᵢ; xᵢ = 0]. The theorem says a = 1.
pub fn through_the_faces(d: usize, a: f64) -> [Vec<Exact>; 2] {
    let x = Exact::named("x", 1, d);
    let psi = PolynomialScore::every(d, 2);
    let s = x.constant(1, d, |_, _| -1.0);
    let g = x.squared_norm();
    let flux = (0..d).map(|i| {
        let zero = |j: usize| if i == j { Polynomial::of(0.0) } else { x.at(0, j).clone() };
        let face = Exact::from_fn(1, d, |_, j| zero(j));
        coordinate(&psi.score(&face), i) * face.squared_norm()
    });
    let flux = flux.fold(g.clone() * 0.0, |sum, face| sum + face);
    let left = explicit(psi.score(&x), &s) * &g;
    let terms = of_score(|x| psi.constants().score(x), &x);
    let right =
        weighted_implicit(terms, &g, &(x.clone() * 2.0)) + s.squared_norm() * &g * 0.5 + flux * a;
    [left, right].map(|f| vec![MomentLaw::Exponential.mean(&f, &x)])
}

/// T4 on the uniform ball in d dimensions: 𝔼 ½g‖ψ‖² and the objective, for every ψ of degree 3, by
/// 𝔼 Πxᵢ^2kᵢ = Π(2kᵢ − 1)!!/((d + 2) … (d + 2K)), K = Σkᵢ, all times the denominator of K = 4. The weight
/// g is 1 − ‖x‖², or 1 for the false statement.
///
/// # Panics
/// Never: the degrees are 8 at most.
pub fn uniform_ball(d: usize, vanishing: bool) -> [Vec<Exact>; 2] {
    let x = Exact::named("x", 1, d);
    let psi = PolynomialScore::every(d, 3);
    let (g, slope) = if vanishing {
        (-x.squared_norm() + 1.0, x.clone() * -2.0)
    } else {
        (x.constant(1, 1, |_, _| 1.0), x.clone() * 0.0)
    };
    let moment = |powers: &[i32]| {
        let whole = |n: i32| usize::try_from(n).expect("a power of x");
        let half = whole(powers.iter().sum::<i32>()) / 2;
        assert!(half <= 4, "a moment of order {}", 2 * half);
        let pairs = powers.iter().map(|&n| pairings(whole(n)).expect("a small moment"));
        let rest = (half + 1..=4).map(|k| (d + 2 * k) as i128);
        Dyadic::whole(pairs.product::<i128>() * rest.product::<i128>())
    };
    let left = psi.score(&x).squared_norm() * &g * 0.5;
    let right = weighted_implicit(of_score(|x| psi.constants().score(x), &x), &g, &slope);
    [left, right].map(|f| vec![f.mean_by(&x, moment)])
}

/// For ψ = −2αx/(1 − ‖x‖²) on the ball with q ∝ (1 − ‖x‖²)ᵃ and the weight 1 − ‖x‖²: the objective, and
/// ((α − a)² − a²) d/a, which is least at α = a.
///
/// The point x and t = 1 − ‖x‖² are letters of their own: at x the radius of the ball is taken for
/// √(‖x‖² + t). ‖x‖²/t is the only mean, and each 𝔼xᵢ²/t = 1/(2a): ‖x‖² has a beta law.
///
/// # Panics
/// Never: the objective has no other terms.
pub fn ball_estimate(d: usize) -> [Vec<Exact>; 2] {
    let x = Exact::named("x", 1, d);
    let [t, a, alpha] = ["t", "a", "α"].map(|name| Exact::named(name, 1, 1));
    let squared_radius = Dual::constant(&(x.squared_norm() + &t));
    let psi = |x: &Dual<Exact>| {
        let g = squared_radius.clone() - x.squared_norm();
        x.clone() * (g.reciprocal() * Dual::constant(&alpha) * -2.0).linear(Linear::Spread(d))
    };
    let f = weighted_implicit(of_score(psi, &x), &t, &(x.clone() * -2.0));
    let [free, inverse] = [0, -1].map(|n| f.coefficient(&t, n));
    let (constant, square) = (free.coefficient(&x, 0), inverse.coefficient(&x, 2));
    assert!(constant.terms() + d == f.terms(), "a mean that is not known");
    let one_over_a = a.clone().reciprocal();
    let left = constant + square * &one_over_a * 0.5;
    let gap = alpha - &a;
    [vec![left], vec![(gap.clone() * gap - a.clone() * a) * one_over_a * d as f64]]
}

/// A density that is no product, on the positive quadrant, q ∝ exp(−x − y − xy/2), and no gradient for ψ.
#[derive(Clone, Copy, Debug)]
pub struct Quadrant {
    /// ½𝔼Σ wᵢ(ψᵢ − ∂ᵢlog q)² − ½𝔼Σ wᵢ(∂ᵢlog q)²
    pub explicit: f64,
    /// The objective.
    pub implicit: f64,
    /// What it lacks: Σᵢ ∫wᵢψᵢq over the face xᵢ = 0.
    pub flux: f64,
    /// The summed sizes of all terms.
    size: f64,
    /// The number of nodes.
    nodes: usize,
}

impl Quadrant {
    /// With the weight xᵢ² for each coordinate, or ‖x‖² for both.
    pub fn new(each: bool, fineness: usize) -> Self {
        let line = Rule::double_exponential(&[0.0, f64::INFINITY], 1.0 / (16 * fineness) as f64);
        let plane = line.squared();
        let x = &plane.nodes;
        let rows = |x: &Matrix, f: &dyn Fn(f64, f64) -> [f64; 2]| {
            Matrix::from_fn(x.rows(), 2, |i, j| f(x.at(i, 0), x.at(i, 1))[j])
        };
        let score = |x: f64, y: f64| [-1.5 + 0.3 * x.sin(), -0.5 - 0.2 * x * (-y).exp()];
        let mass = |x: &Matrix| {
            Matrix::from_fn(x.rows(), 1, |i, _| {
                (-x.at(i, 0) - x.at(i, 1) - 0.5 * x.at(i, 0) * x.at(i, 1)).exp()
            })
        };
        let law = plane.weighted(&mass(x));
        let mean = |f: &Matrix| law.integrate(f) / law.weights.clone().sum().item();
        let s = rows(x, &|x, y| [-1.0 - 0.5 * y, -1.0 - 0.5 * x]);
        let w = rows(x, &|x, y| if each { [x * x, y * y] } else { [x * x + y * y; 2] });
        let slope = x.clone() * 2.0;
        let psi = rows(x, &score);
        let diagonal = rows(x, &|x, y| [0.3 * x.cos(), 0.2 * x * (-y).exp()]);
        let constant = (s.clone() * &s).inner(&w) * 0.5;
        let flux = if each {
            0.0
        } else {
            let zero = Matrix::zeros(line.nodes.rows(), 1);
            let faces = [[&zero, &line.nodes], [&line.nodes, &zero]];
            let each = faces.iter().enumerate().map(|(i, [x, y])| {
                let at = Matrix::from_fn(zero.rows(), 2, |k, j| [x, y][j].at(k, 0));
                let psi = rows(&at, &score);
                let psi = Matrix::from_fn(zero.rows(), 1, |k, _| psi.at(k, i));
                line.integrate(&(mass(&at) * at.squared_norm() * psi))
            });
            each.sum::<f64>() / law.weights.clone().sum().item()
        };
        let size = magnitude(&diagonal).inner(&w) + magnitude(&psi).inner(&slope);
        let size = size + psi.squared_norm() * w.clone().sum_over_dimensions() * 2.0;
        Self {
            explicit: mean(&(weighted_explicit(&psi, &s, &w) - &constant)),
            implicit: mean(&weighted_implicit_by_coordinate((psi, diagonal), &w, &slope)),
            flux,
            size: mean(&(size + constant * 4.0)) + flux.abs(),
            nodes: x.rows(),
        }
    }
}

/// T4 on the [`Quadrant`], by both weights.
pub fn on_the_quadrant() -> Sides {
    Sides::doubled(|fineness| {
        let both = [true, false].map(|each| Quadrant::new(each, fineness));
        let of = |f: fn(&Quadrant) -> f64| both.iter().map(|q| number(f(q)).remove(0)).collect();
        let sides = [of(|q| q.explicit), of(|q| q.implicit + q.flux)];
        Sides::integrals(sides, of(|q| q.size), both[0].nodes)
    })
}
