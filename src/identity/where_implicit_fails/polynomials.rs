//! T4 and T5 for every polynomial score, by the moments of the data: what needs no quadrature.

use crate::{
    array::{Array, Linear},
    autodiff::Dual,
    grid::{Exact, polynomial::Dyadic},
    objective::{explicit, implicit, trace::of_score, weighted_implicit},
};

/// A polynomial with any coefficients, c₀ + c₁x + … of degree 5, in any reading of x (n, 1).
///
/// # Panics
/// If there is no coefficient.
pub fn polynomial<A: Array>(coefficients: &[A], x: &A) -> A {
    let (n, _) = x.shape();
    let rows = |c: &A| c.clone().linear(Linear::Tile(n));
    let (last, rest) = coefficients.split_last().expect("a coefficient");
    rest.iter().rev().fold(rows(last), |sum, c| sum * x + rows(c))
}

/// Coefficients of such a polynomial.
pub fn coefficients(name: &str) -> Vec<Exact> {
    (0..6).map(|k| Exact::named(&format!("{name}{k}"), 1, 1)).collect()
}

fn constants(coefficients: &[Exact]) -> Vec<Dual<Exact>> {
    coefficients.iter().map(Dual::constant).collect()
}

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

    /// 𝔼 f(x) for polynomials f in x, times the whole number that makes it one.
    ///
    /// # Panics
    /// If f has a power of x above 14 under the uniform law.
    pub fn mean(self, f: &Exact, x: &Exact) -> Exact {
        f.mean_by(x, |powers| {
            let n: i32 = powers.iter().sum();
            Dyadic::whole(match self {
                Self::Exponential => Self::MULTIPLE * (1..=i128::from(n)).product::<i128>(),
                Self::Uniform => {
                    let n = i128::from(n) + 1;
                    assert!(Self::MULTIPLE % n == 0, "the moment of order {n} is not whole");
                    Self::MULTIPLE / n
                }
            })
        })
    }

    /// (log q)′
    fn score(self) -> f64 {
        if self == Self::Exponential { -1.0 } else { 0.0 }
    }
}

/// T4: 2 ESM and 2 ISM + I(q) − 2 a \[qψ\] for every polynomial ψ of degree 5. The theorem says a = 1.
pub fn boundary_of_polynomials(law: MomentLaw, a: f64) -> [Vec<Exact>; 2] {
    let (x, c) = (Exact::named("x", 1, 1), coefficients("c"));
    let at = |x: f64| polynomial(&c, &c[0].constant(1, 1, |_, _| x));
    let bracket = match law {
        MomentLaw::Exponential => -at(0.0),
        MomentLaw::Uniform => at(1.0) - at(0.0),
    };
    let data = x.constant(1, 1, |_, _| law.score());
    let constants = constants(&c);
    let right = implicit(of_score(|x| polynomial(&constants, x), &x)) + data.squared_norm() * 0.5;
    [
        vec![law.mean(&explicit(polynomial(&c, &x), &data), &x)],
        vec![law.mean(&(right - bracket * a), &x)],
    ]
}

/// T4: ½ 𝔼 w (ψ − s)² and 𝔼[½wψ² + wψ′ + a w′ψ] + ½ 𝔼 w s² for every polynomial ψ of degree 5 and the
/// weight of the law, [`square`] or [`double_square`]. The theorem says a = 1.
pub fn weighted_polynomials(law: MomentLaw, a: f64) -> [Vec<Exact>; 2] {
    let (x, c) = (Exact::named("x", 1, 1), coefficients("c"));
    let square = x.clone() * &x;
    let (w, slope) = match law {
        MomentLaw::Exponential => (square, x.clone() * 2.0),
        MomentLaw::Uniform => {
            let y = x.clone() - &square;
            (y.clone() * &y, y * 2.0 * (x.clone() * -2.0 + 1.0))
        }
    };
    let data = x.constant(1, 1, |_, _| law.score());
    let constants = constants(&c);
    let terms = of_score(|x| polynomial(&constants, x), &x);
    let right = weighted_implicit(terms, &w, &(slope * a)) + data.squared_norm() * &w * 0.5;
    [vec![law.mean(&(explicit(polynomial(&c, &x), &data) * &w), &x)], vec![law.mean(&right, &x)]]
}

/// 𝔼 f over Laplace data e^(−|x|)/2, for f = l below c and r above, polynomials in x: from c ≥ 0 and
/// Q = e^(−c), and with u exponential,
///
/// ```text
/// ½ 𝔼 l(−u) + ½ (𝔼 l(u) − Q 𝔼 l(c + u)) + ½ Q 𝔼 r(c + u)
/// ```
///
/// l and r get the nodes and the score of the data there. What comes back is to be averaged over u.
pub fn laplace<A: Array>(
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
    let [c, q, u] = ["c", "Q", "u"].map(|name| Exact::named(name, 1, 1));
    let both = ["l", "r"].map(coefficients);
    let [l, r] = &both;
    let duals = both.clone().map(|p| constants(&p));
    let mean = |f: Exact| MomentLaw::Exponential.mean(&f, &u);
    let data = |x: &Exact, s: f64| x.constant(1, 1, |_, _| s);
    let of = |k: usize| {
        let (psi, dual) = (&both[k], &duals[k]);
        let explicit = |x: &Exact, s| explicit(polynomial(psi, x), &data(x, s));
        let implicit =
            |x: &Exact, s: f64| implicit(of_score(|x| polynomial(dual, x), x)) + 0.5 * s * s;
        (explicit, implicit)
    };
    let ((el, il), (er, ir)) = (of(0), of(1));
    let height = polynomial(r, &c) - polynomial(l, &c);
    let edge = q.clone() * height * (0.5 * a);
    [vec![mean(laplace(&c, &q, &u, el, er))], vec![mean(laplace(&c, &q, &u, il, ir) + edge)]]
}
