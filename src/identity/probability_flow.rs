//! T39: the probability flow, and the exact likelihood that comes of it.
//!
//! For q_t = q * N(0, tI)
//!
//! ```text
//! dx/dt = −½∇log q_t(x)                   carries q_s to q_t
//! d/dt log q_t(x_t) = ½Δ log q_t(x_t)
//! log q_s(x_s) = log q_t(x_t) − ½∫ Δ log q_u(x_u) du
//! q = N(0, v):  x_t = x √((v + t)/v)
//! ```
//!
//! The slope along the flow is proved before integration, for mixtures; what is integrated is
//! [`likelihood`], the function that a user calls.
//!
//! The page: `proofs/probability_flow.md`.

use super::{
    Claim, Evidence, Sides, Theorem, enclosed,
    fisher_kl::{Pair, Smoothed, every_mixture, log_density},
    langevin,
};
use crate::{
    array::{Array, Linear},
    autodiff::{Dual, Tape},
    density::{Density, Mixture, mixture::diagonal},
    grid::Exact,
    matrix::{Matrix, noise::Generator},
    model::Parameters,
    objective::{sliced::all_signs, trace},
    sampler::flow::{Likelihood, likelihood},
};
use rand::RngExt;

/// The theorem of this page.
pub const THEOREMS: &[Theorem] = &[Theorem {
    number: 39,
    statement: "dx/dt = −½∇log q_t carries q_s to q_t; log q_s(x_s) = log q_t(x_t) − ½∫Δ log q_u du",
    claims: &[
        Claim::one(
            "d/dt log q_t(x_t) = ½Δ log q_t(x_t)",
            "every mixture of two Gaussians in the plane",
            || Sides::proof(along_the_flow(&every_mixture(), 0.5)),
        ),
        Claim::one("x_t = x√((v + t)/v), and log q by its integral", GAUSSIAN, || {
            Sides::proof(gaussian(1))
        }),
        Claim::any("d/dt log q_t(x_t) as computed", "random mixtures in the plane", |rng| {
            let (pair, t) = (Pair::random(2, rng), rng.random_range(0.1..2.0));
            let x = Matrix::from_fn(4, 2, |_, _| rng.random_range(-2.0..2.0));
            let i = Smoothed { x, ..pair.smoothed(t, 1) };
            Sides::rounding(along_the_flow(&i, 0.5), along_the_flow(&enclosed(&i), 0.5))
        }),
        Claim::any("log q by the flow, to within what halving the steps changes", RANDOM, |rng| {
            let (q, x) = scattered(rng);
            let found = by_flow(&q, &x, &diagonal(2, 1.0), 0.25, 16);
            compared(&found, found.log_density.clone(), q.log_density(&x))
        }),
    ],
    false_statements: &[
        Claim::one("the same with dx/dt = −∇log q_t", GAUSSIAN, || Sides::proof(gaussian(2))),
        Claim::one(
            "the same with dx/dt = −∇log q_t, before integration",
            "every mixture of two Gaussians in the plane",
            || Sides::proof(along_the_flow(&every_mixture(), 1.0)),
        ),
        Claim::any("log q does not change along the flow", RANDOM, |rng| {
            let (q, x) = scattered(rng);
            let found = by_flow(&q, &x, &diagonal(2, 1.0), 0.25, 16);
            let end = q.smoothed(0.5).log_density(&found.end);
            compared(&found, end, q.log_density(&x))
        }),
        Claim::one("random directions are unbiased for q as for log q", PLANE, || {
            let (q, x) = example();
            let found = by_flow(&q, &x, &diagonal(2, 1.0), 2.0, 100);
            compared(&found, mean_over_signs(&q, &x, 2.0, 100), q.log_density(&x).exp())
        }),
    ],
}];

const GAUSSIAN: &str = "q = N(0, vI), d = 3, every v, t, x";
const RANDOM: &str = "random mixtures in the plane, t = ¼";
const PLANE: &str = "a mixture in the plane, x = (¼, ½), t = 2; all four signs";

/// A mixture and four points.
fn scattered(rng: &mut Generator) -> (Mixture, Matrix) {
    let q = langevin::mixture(2, rng);
    let x = q.sample(4, rng);
    (q, x)
}

/// The mixture of the page, and x = (¼, ½).
pub fn example() -> (Mixture, Matrix) {
    let component =
        |w, mean, covariance| (w, Matrix::from_rows([mean]), Matrix::from_rows::<2, 2>(covariance));
    let q = Mixture::new([
        component(0.4, [-1.0, 0.5], [[0.5, 0.2], [0.2, 0.3]]),
        component(0.6, [1.5, -0.25], [[0.25, -0.1], [-0.1, 0.4]]),
    ]);
    (q, Matrix::from_rows([[0.25, 0.5]]))
}

/// The field of the flow for a known density: ∇log q_σ, and Σ vᵀ(∇²log q_σ)v over the rows v of
/// `directions` (k, d). With the axes for directions that is Δ log q_σ.
pub fn field<'a>(
    q: &'a Mixture,
    directions: &'a Matrix,
) -> impl Fn(&Matrix, f64) -> (Matrix, Matrix) + Sync + 'a {
    move |x, sigma| {
        let (smoothed, (n, d)) = (q.smoothed(sigma), x.shape());
        let along = smoothed.hessian(x).nt(directions); // (n·d, k)
        let turned = directions.clone().linear(Linear::Transpose).linear(Linear::Tile(n));
        let quadratic = (along * turned).sum_over_dimensions().linear(Linear::SumEach(d));
        (smoothed.score(x), quadratic)
    }
}

/// Noise levels with t = σ² from 0 to the end in equal steps.
pub fn levels(end: f64, steps: usize) -> Vec<f64> {
    (0..=steps).map(|i| (end * i as f64 / steps as f64).sqrt()).collect()
}

/// log q(x) by the flow from t = 0 to the end.
///
/// # Panics
/// If a point is lost.
#[track_caller]
pub fn by_flow(q: &Mixture, x: &Matrix, directions: &Matrix, end: f64, steps: usize) -> Likelihood {
    let law = q.smoothed(end.sqrt());
    match likelihood(field(q, directions), &law, x, &levels(end, steps)) {
        Ok(found) => found,
        Err(lost) => panic!("{lost}"),
    }
}

/// The mean over all directions of signs of what each says of q(x) itself: (n, 1).
pub fn mean_over_signs(q: &Mixture, x: &Matrix, end: f64, steps: usize) -> Matrix {
    let (signs, (n, d)) = (all_signs(x.cols()), x.shape());
    let one = |i: usize| Matrix::from_vec(1, d, signs.row(i).to_vec());
    let each = (0..signs.rows()).map(|i| by_flow(q, x, &one(i), end, steps).log_density.exp());
    each.fold(Matrix::zeros(n, 1), |sum, q| sum + q) * (1.0 / signs.rows() as f64)
}

/// Two numbers a point, which may be apart by what halving the steps has changed at the worst of the
/// points: fifteen times what it has left, as a rule.
fn compared(found: &Likelihood, left: Matrix, right: Matrix) -> Sides {
    let allowed = vec![Matrix::from_fn(left.rows(), 1, |_, _| found.worst_change())];
    Sides::Numbers { evidence: Evidence::Quadrature, left: vec![left], right: vec![right], allowed }
}

/// The slope of log q_t(x_t) as t and x move, dx/dt = −c∇log q_t(x), and cΔ log q_t; for both mixtures.
pub fn along_the_flow<A: Array>(i: &Smoothed<A>, c: f64) -> [Vec<A>; 2] {
    let tape = Tape::new();
    let on = i.on(&tape);
    let (mut left, mut right) = (vec![], vec![]);
    for second in [false, true] {
        let of = if second { &on.p } else { &on.q };
        let energy = |x: &_| -log_density(of, &on.t, x);
        let (psi, laplacian) = trace::of_energy_by_reverse(energy, &on.x);
        let velocity = psi.value() * -c;
        let later = Smoothed { x: Dual::along(&i.x, &velocity), ..i.moving() };
        let of = if second { &later.p } else { &later.q };
        left.push(log_density(of, &later.t, &later.x).tangents_or_zero(1));
        right.push(laplacian.value() * c);
    }
    [left, right]
}

/// For q = N(0, b² I), t = a² − b² and dx/dt = −(p/2)∇log q_t, whose solution is x_t = x(a/b)ᵖ: its slope
/// and log q(x); (p/2)x_t/a² and log q_t(x_t) − (p/2)∫Δ log q_u du. The second holds for p = 1.
fn gaussian(p: i32) -> [Vec<Exact>; 2] {
    const D: usize = 3;
    let [a, b] = ["a", "b"].map(|name| Exact::named(name, 1, 1));
    let x = Exact::named("x", 1, D);
    // a² grows at speed 1, so a at 1/(2a).
    let later = Dual::along(&a, &(a.clone().reciprocal() * 0.5));
    let ratio = later * Dual::constant(&b).reciprocal();
    let growth = (1..p).fold(ratio.clone(), |power, _| power * &ratio);
    let carried = Dual::constant(&x) * growth.linear(Linear::Spread(D));
    let log = |x: &Exact, scale: &Exact| {
        let precision = (scale.clone() * scale).reciprocal();
        x.squared_norm() * precision * -0.5 - scale.clone().ln() * D as f64
    };
    let half = 0.5 * f64::from(p);
    let narrow = (a.clone() * &a).reciprocal().linear(Linear::Spread(D));
    // ∫Δ log q_u du = −d log((v + t)/v)
    let integral = (a.clone().ln() - b.clone().ln()) * (-2.0 * D as f64);
    let reconstructed = log(&carried.value, &a) - integral * half;
    let slope = carried.value.clone() * narrow * half;
    [vec![carried.tangents_or_zero(1), log(&x, &b)], vec![slope, reconstructed]]
}
