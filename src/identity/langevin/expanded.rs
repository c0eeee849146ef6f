//! T21 by polynomials: the sampler's own step and its own acceptance, everything an indeterminate.

use crate::{
    array::{Array, Linear},
    autodiff::{
        Dual,
        second::{AlongAxes, along_axes},
    },
    density::mixture::diagonal,
    grid::Exact,
    identity::Sides,
    sampler::{
        Step,
        metropolis::{Place, log_acceptance},
    },
};

/// An identity for every ε. The sides are polynomials in √ε whose exponents lie in 0, …, 4 or in
/// −2, …, 2, and such polynomials agree everywhere if they agree at five points: here at five where √ε
/// rounds nothing.
pub fn for_all_steps(identity: impl Fn(f64) -> [Vec<Exact>; 2]) -> Sides {
    Sides::proofs([0.0625, 0.25, 1.0, 4.0, 16.0].map(identity))
}

/// A step by (ε/2, √ε), and by (α, √(2α)) with α = ε/2.
pub(super) fn steps(epsilon: f64) -> [Vec<Exact>; 2] {
    let [x, score, z] = ["x", "ψ", "z"].map(|name| Exact::named(name, 1, 2));
    [Step::halved(epsilon), Step::doubled(0.5 * epsilon)]
        .map(|step| vec![step.take(&x, score.clone(), z.clone())])
}

/// ⟨w, x⟩ᵏ at x (1, d), for every w, with its derivatives. The powers of linear forms span the
/// polynomials of degree k: what is linear in f and holds for them holds for all of these.
fn power(x: &Exact, k: i32) -> AlongAxes<Exact> {
    let w = Dual::constant(&Dual::constant(&Exact::named("w", x.shape().1, 1)));
    let [f] = along_axes(|x| [(1..k).fold(x.nn(&w), |f, _| f * x.nn(&w))], x);
    f
}

/// ⟨∇f, ψ⟩ and Δf from the derivatives of f at one point.
fn drift_and_laplacian(f: &AlongAxes<Exact>, score: &Exact) -> (Exact, Exact) {
    let over_axes = |x: Exact| x.sum_over_samples();
    let slopes = f.first.clone() * score.clone().linear(Linear::Transpose);
    (over_axes(slopes), over_axes(f.second.clone()))
}

/// 𝔼f(x′) less what is of order ε² or more, and f + (ε/2)(Δf + ⟨∇f, ψ⟩), with √ε = r as an
/// indeterminate: a step of length ε is one of length 1 with the score εψ and the noise √ε z.
pub(super) fn expansion() -> Sides {
    let [x, score, z] = ["x", "ψ", "z"].map(|name| Exact::named(name, 1, 2));
    let r = Exact::named("r", 1, 1);
    let next = Step::halved(1.0).take(&x, (r.clone() * &r).nn(&score), r.nn(&z));
    let (mut left, mut right) = (vec![], vec![]);
    for k in 1..=4 {
        let value = |of: &AlongAxes<Exact>| of.value.clone().linear(Linear::SumEach(2)) * 0.5;
        let (here, there) = (power(&x, k), value(&power(&next, k)).gaussian_mean(&z));
        let (drift, laplacian) = drift_and_laplacian(&here, &score);
        let zero = drift.clone() * 0.0;
        left.extend((0..4).map(|order| there.coefficient(&r, order)));
        right.extend([value(&here), zero.clone(), (drift + laplacian) * 0.5, zero]);
    }
    Sides::proof([left, right])
}

/// 𝔼Δf and −𝔼⟨∇f, ∇ log p⟩ for f of degree up to 6 and x = μ + s ∘ z. Every Gaussian is of this form in
/// its own axes, and a rotation leaves Δ, ⟨∇, ∇⟩ and the degree alone.
pub(super) fn keeps_gaussians() -> Sides {
    let [mean, s, z] = ["μ", "s", "z"].map(|name| Exact::named(name, 1, 2));
    let x = s.clone() * &z + &mean;
    let score = (mean - &x) * (s.clone() * &s).reciprocal();
    Sides::proofs((1..=6).map(|k| {
        let (drift, laplacian) = drift_and_laplacian(&power(&x, k), &score);
        [vec![laplacian.gaussian_mean(&z)], vec![-drift.gaussian_mean(&z)]]
    }))
}

/// 𝔼x′x′ᵀ after one step from x = Lu, u ~ N(0, I), for ψ(x) = −Px. Rows are points, so P and L stand
/// on the right, transposed.
pub(super) fn after_one_step(step: Step, precision: &Exact, factor: &Exact) -> Exact {
    let [u, z] = ["u", "z"].map(|name| Exact::named(name, 1, precision.shape().0));
    let x = u.nt(factor);
    let next = step.take(&x, -x.nn(precision), z.clone());
    next.tn(&next).gaussian_mean(&u).gaussian_mean(&z)
}

/// [`after_one_step`], and AᵀSA + εI with S = LLᵀ and A = I − (ε/2)P.
pub(super) fn covariances(step: Step, epsilon: f64) -> [Vec<Exact>; 2] {
    let [precision, factor] = ["p", "l"].map(|name| Exact::named(name, 2, 2));
    let identity = diagonal(2, 1.0).lift(&precision);
    let keep = identity.clone() - precision.clone() * (0.5 * epsilon);
    let covariance = factor.nt(&factor);
    let next = keep.tn(&covariance).nn(&keep) + identity * epsilon;
    [vec![after_one_step(step, &precision, &factor)], vec![next]]
}

/// On N(0, v) a step takes the variance a² to some A a² + B. That s = v/D is kept, D = 1 − δ/v, means
/// Av + BD = v. The truth has δ = ε/4.
pub(super) fn kept_variance(epsilon: f64, delta: f64) -> [Vec<Exact>; 2] {
    let [v, a] = ["v", "a"].map(|name| Exact::named(name, 1, 1));
    let next = after_one_step(Step::halved(epsilon), &v.clone().reciprocal(), &a);
    let divisor = v.clone().reciprocal() * -delta + 1.0;
    let kept = next.coefficient(&a, 2) * &v + next.coefficient(&a, 0) * divisor;
    [vec![kept], vec![v]]
}

/// log [p(x) k(x′|x)] + ratio and log [p(x′) k(x|x′)], so that a = min(1, e^ratio) makes the flow
/// there and the flow back the smaller of the two. E and ψ are indeterminates at both points.
pub(super) fn balance(
    epsilon: f64,
    ratio: impl Fn(&Place<Exact>, &Place<Exact>, f64) -> Exact,
) -> [Vec<Exact>; 2] {
    let place = |x: &str, e: &str, psi: &str| {
        let (x, energy, score) =
            (Exact::named(x, 1, 2), Exact::named(e, 1, 1), Exact::named(psi, 1, 2));
        Place { x, energy, score }
    };
    let (here, there) = (place("x", "E", "ψ"), place("x′", "E′", "ψ′"));
    // −‖x′ − x − (ε/2)ψ‖²/(2ε), multiplied out
    let flow = |from: &Place<Exact>, to: &Place<Exact>| {
        let way = to.x.clone() - &from.x;
        let kernel = way.squared_norm() * (-0.5 / epsilon) + way.inner(&from.score) * 0.5
            - from.score.squared_norm() * (0.125 * epsilon);
        kernel - &from.energy
    };
    [vec![flow(&here, &there) + ratio(&here, &there, epsilon)], vec![flow(&there, &here)]]
}

/// The sampler's log ratio on N(0, v I), and −ε(‖x′‖² − ‖x‖²)/(8v²).
pub(super) fn acceptance_on_gaussians(epsilon: f64) -> [Vec<Exact>; 2] {
    let precision = Exact::named("v", 1, 1).reciprocal();
    let place = |x: &Exact| Place {
        x: x.clone(),
        energy: x.squared_norm() * &precision * 0.5,
        score: -precision.nn(x),
    };
    let [here, there] = ["x", "x′"].map(|name| Exact::named(name, 1, 2));
    let gap = there.squared_norm() - here.squared_norm();
    let right = gap * &precision * &precision * (-0.125 * epsilon);
    [vec![log_acceptance(&place(&here), &place(&there), epsilon)], vec![right]]
}
