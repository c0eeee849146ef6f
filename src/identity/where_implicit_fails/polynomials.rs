//! T4 and T5 for every polynomial score, by the moments of the data: what needs no quadrature.

use crate::{
    array::Array,
    autodiff::{Dual, Tape},
    grid::{Exact, polynomial::Dyadic},
    identity::polynomial_score::PolynomialScore,
    model::Parameters,
    objective::{explicit, implicit, trace::of_score, weighted_implicit},
};

/// A density on the line under which every moment is a whole number, or becomes one by a factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MomentLaw {
    /// e⁻ˣ for x > 0: 𝔼xⁿ = n!
    Exponential,
    /// 1 on [0, 1]: 𝔼xⁿ = 1/(n + 1), here times the least common multiple of 1, …, 15.
    Uniform,
}

impl MomentLaw {
    const MULTIPLE: i128 = 360_360;

    /// 𝔼 f(x) for polynomials f in one x or several independent ones, times the whole number that makes
    /// it one.
    ///
    /// # Panics
    /// If f has a power of x above 14 under the uniform law.
    pub fn mean(self, f: &Exact, x: &Exact) -> Exact {
        f.mean_by(x, |powers| {
            let moments = powers.iter().map(|&n| i128::from(n));
            Dyadic::whole(match self {
                Self::Exponential => {
                    moments.fold(Self::MULTIPLE, |m, n| m * (1..=n).product::<i128>())
                }
                Self::Uniform => moments.fold(Self::MULTIPLE, |m, n| {
                    assert!(m % (n + 1) == 0, "the moment of order {n} is not whole");
                    m / (n + 1)
                }),
            })
        })
    }

    /// (log q)′
    fn score(self) -> f64 {
        if self == Self::Exponential { -1.0 } else { 0.0 }
    }

    /// A weight that vanishes where q does not, and its slope: x² or x²(1 − x)².
    fn weight(self, x: &Exact) -> (Exact, Exact) {
        let square = x.clone() * x;
        match self {
            Self::Exponential => (square, x.clone() * 2.0),
            Self::Uniform => {
                let y = x.clone() - &square;
                (y.clone() * &y, y * 2.0 * (x.clone() * -2.0 + 1.0))
            }
        }
    }
}

/// Every polynomial of degree 5.
fn every() -> PolynomialScore<Exact> {
    PolynomialScore::every(1, 5)
}

/// ½(ψ − s)²
fn esm(psi: &PolynomialScore<Exact>, x: &Exact, s: f64) -> Exact {
    explicit(psi.score(x), &x.constant(1, 1, |_, _| s))
}

/// ½ψ² + ψ′ + ½s²
fn ism(psi: &PolynomialScore<Exact>, x: &Exact, s: f64) -> Exact {
    implicit(of_score(|x| psi.constants().score(x), x)) + 0.5 * s * s
}

/// T4: ESM and ISM + ½ I(q) − a \[qψ\] for every polynomial ψ of degree 5. The theorem says a = 1.
pub fn boundary_of_polynomials(law: MomentLaw, a: f64) -> [Vec<Exact>; 2] {
    let (x, psi, s) = (Exact::named("x", 1, 1), every(), law.score());
    let at = |end: f64| psi.score(&x.constant(1, 1, |_, _| end));
    let bracket = match law {
        MomentLaw::Exponential => -at(0.0),
        MomentLaw::Uniform => at(1.0) - at(0.0),
    };
    let right = ism(&psi, &x, s) - bracket * a;
    [vec![law.mean(&esm(&psi, &x, s), &x)], vec![law.mean(&right, &x)]]
}

/// T4: ½ 𝔼 w (ψ − s)² and 𝔼[½wψ² + wψ′ + a w′ψ] + ½ 𝔼 w s² for every polynomial ψ of degree 5 and the
/// weight of the law. The theorem says a = 1.
pub fn weighted_polynomials(law: MomentLaw, a: f64) -> [Vec<Exact>; 2] {
    let (x, psi, s) = (Exact::named("x", 1, 1), every(), law.score());
    let (w, slope) = law.weight(&x);
    let terms = of_score(|x| psi.constants().score(x), &x);
    let right = weighted_implicit(terms, &w, &(slope * a)) + w.clone() * (0.5 * s * s);
    [vec![law.mean(&(esm(&psi, &x, s) * &w), &x)], vec![law.mean(&right, &x)]]
}

/// 𝔼 f over Laplace data e^(−|x|)/2, for f = l below c and r above, polynomials in x: from c ≥ 0 and
/// Q = e^(−c), and with u exponential,
///
/// ```text
/// ½ 𝔼 l(−u) + ½ (𝔼 l(u) − Q 𝔼 l(c + u)) + ½ Q 𝔼 r(c + u)
/// ```
///
/// l and r get the nodes and the score of the data there. What comes back is to be averaged over u.
fn laplace<A: Array>(
    c: &A,
    q: &A,
    u: &A,
    left: impl Fn(&A, f64) -> A,
    right: impl Fn(&A, f64) -> A,
) -> A {
    let beyond = u.clone() + c;
    let moved = right(&beyond, -1.0) - left(&beyond, -1.0);
    (left(&-u.clone(), 1.0) + left(u, -1.0) + moved * q) * 0.5
}

/// T5: ESM and ISM + ½ I(q) + a q(c) δ on Laplace data, for all scores that are one polynomial of
/// degree 5 below c and another above. The theorem says a = 1.
pub fn jump_of_polynomials(a: f64) -> [Vec<Exact>; 2] {
    let [c, q, u] = ["c₀", "Q", "u"].map(|name| Exact::named(name, 1, 1));
    let l = every();
    let r =
        PolynomialScore { theta: Exact::named("ρ", 5, 1), c: Exact::named("r", 1, 1), ..every() };
    let edge = q.clone() * (r.score(&c) - l.score(&c)) * (0.5 * a);
    let left = laplace(&c, &q, &u, |x, s| esm(&l, x, s), |x, s| esm(&r, x, s));
    let right = laplace(&c, &q, &u, |x, s| ism(&l, x, s), |x, s| ism(&r, x, s)) + edge;
    [left, right].map(|f| vec![MomentLaw::Exponential.mean(&f, &u)])
}

/// T5: ∂_b ISM on Laplace data as it is, and as a tape gives it + a q(−b) w, for every
/// ψ(x) = w relu(x + b) + g(x) with b ≤ 0 and g a polynomial of degree 5. The theorem says a = 1.
///
/// As it is, the nodes c + u move with the kink at c = −b; on the tape of a training they stay.
pub fn kink_of_polynomials(a: f64) -> [Vec<Exact>; 2] {
    let [w, b, u] = ["w", "b", "u"].map(|name| Exact::named(name, 1, 1));
    let slope = |moving: bool| {
        let tape = Tape::new();
        let [bias, weight, nodes] = [&b, &w, &u].map(|p| tape.var(p));
        let at = if moving { bias } else { tape.var(&b) };
        let g = every().on(&tape).constants();
        let (dual_bias, weight) = (Dual::constant(&bias), Dual::constant(&weight));
        let below = |x: &_, _: f64| implicit(of_score(|x| g.score(x), x));
        let above = |x: &_, _: f64| {
            let psi = |x: &Dual<_>| (x.clone() + &dual_bias) * &weight + g.score(x);
            implicit(of_score(psi, x))
        };
        laplace(&-at, &at.exp(), &nodes, below, above).gradient(&[bias]).remove(0)
    };
    let lost = w.clone() * b.clone().exp() * (0.5 * a);
    [slope(true), slope(false) + lost].map(|f| vec![MomentLaw::Exponential.mean(&f, &u)])
}
