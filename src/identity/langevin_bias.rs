//! T36: what a Langevin chain with a fixed step samples, to first order in the step.
//!
//! The chain x′ = x + (ε/2) s(x) + √ε z with s = ∇ℓ, ℓ = log p, does not keep p but
//!
//! ```text
//! p_ε = p (1 + (ε/2)(g − 𝔼_p g)) + O(ε²),      g = ¼‖s‖² + ½Δℓ
//! 𝔼f(x′) = f + ε Lf + ε² A₂f + O(ε³),          Lf = ½⟨s, ∇f⟩ + ½Δf
//! A₂f = ½L²f − ¼ (1/p) div(p ∇²ℓ ∇f) + ½⟨∇u, ∇f⟩,      u = ½g
//! ```
//!
//! The last line is an identity between derivatives of any ℓ and f at a point. Its first two terms
//! are symmetric in L²(p), and have the mean 0 under p. So all that the step does to p, and all that
//! it does to the symmetry of pairs (x, x′), comes from u.
//!
//! The page: `proofs/langevin_bias.md`.

mod chain;

pub use chain::{Chain, Waves};

use super::{
    Claim, Sides, Theorem,
    jets::{BasePoint, Germ, scaled},
    langevin::for_all_steps,
    magnitude, number,
    polynomial_score::PolynomialScore,
};
use crate::{
    array::{Array, Linear},
    autodiff::Tape,
    density::mixture::diagonal,
    grid::Exact,
    matrix::Matrix,
    sampler::Step,
};

/// The theorem of this page.
pub const THEOREMS: &[Theorem] = &[Theorem {
    number: 36,
    statement: "Langevin with a step ε samples p(1 + (ε/2)(g − 𝔼g)) + O(ε²), g = ¼‖s‖² + ½Δ log p",
    claims: &[
        Claim::one(
            "at ε² in 𝔼f(x′): ½L²f − ¼(1/p)div(p∇²ℓ∇f) + ¼⟨∇g, ∇f⟩",
            "d = 1, 2, every ℓ = log p and f, every x",
            || second_order(|s, laplacian| tilt(&s, &laplacian)),
        ),
        Claim::one("A₂*p + L*(pg/2) = 0", EVERY_DENSITY, || {
            adjoints(|s, laplacian| tilt(&s, &laplacian))
        }),
        Claim::one(
            "MMᵀ + εN = I, MN = NM for ψ = −Px, N = P(I − εP/4), so a step keeps N⁻¹",
            "d = 2, every symmetric P, ε",
            || for_all_steps(kept_covariance),
        ),
        Claim::one(
            "𝔼‖x′‖² = ‖x‖² + ε(⟨x, ψ⟩ + d + (ε/4)‖ψ‖²)",
            "d = 1, 2, 3, every x, ψ, ε",
            || for_all_steps(|epsilon| squares(epsilon, 0.25 * epsilon)),
        ),
        Claim::one("𝔼[⟨x, s⟩ + d + (ε/4)‖s‖²] = 0 under p_ε itself", LINE, || {
            virial(1.0)
        }),
    ],
    false_statements: &[
        Claim::one("A₂*p + L*(pg/2) = 0 with g = ¼‖s‖²", EVERY_DENSITY, || {
            adjoints(|s, _| s.squared_norm() * 0.25)
        }),
        Claim::one("at ε² the same with g = ¼‖s‖²", "every ℓ and f", || {
            second_order(|s, _| s.squared_norm() * 0.25)
        }),
        Claim::one(
            "the same for any drift that keeps p",
            "p = N(0, diag(1, ½)), ψ with a curl",
            curled,
        ),
        Claim::one("𝔼[⟨x, s⟩ + d] = 0 under p_ε, as under p", LINE, || virial(0.0)),
    ],
}];

const EVERY_DENSITY: &str = "d = 1, 2, every ℓ = log p, every x";
const LINE: &str = "p ∝ exp(−x²/2 + cos(x + ½)), ε = 0.2";

/// g = ¼‖s‖² + ½Δ log p from a score s (n, d) and the Laplacian (n, 1): the chain with a step ε has
/// p (1 + (ε/2)(g − 𝔼g)), to first order.
pub fn tilt<A: Array>(score: &A, laplacian: &A) -> A {
    score.squared_norm() * 0.25 + laplacian.clone() * 0.5
}

/// g as a formula of s and Δℓ, right or wrong.
type Tilt = for<'t> fn(Germ<'t>, Germ<'t>) -> Germ<'t>;

/// What stands at ε² in 𝔼f(x′) by the sampler's own step, and by the formula of the module.
fn second_order(tilt: Tilt) -> Sides {
    Sides::proofs([1, 2].map(|d| {
        let tape = Tape::new();
        let at = BasePoint::origin(&tape, d);
        let (density, f) = (at.every("ℓ", 3), at.every("f", 4));
        let s = at.gradient(density);
        let generator = |f| (s.inner(&at.gradient(f)) + at.laplacian(f)) * 0.5;
        let slope = at.gradient(f);
        let u = tilt(s, at.laplacian(density)) * 0.5;
        let right = generator(generator(f)) * 0.5
            - at.weighted_divergence(s, at.along(slope, s)) * 0.25
            + at.gradient(u).inner(&slope) * 0.5;

        // √ε = r: a step of length ε is one of length 1 with the score r²s and the noise r z.
        let [r, z] = [("r", 1), ("z", d)].map(|(name, d)| Exact::named(name, 1, d));
        let step = Step::halved(1.0);
        let next = step.take(&at.x.value(), (r.clone() * &r).nn(&s.value()), r.nn(&z));
        let there = PolynomialScore::every_function("f", d, 4).score(&next).gaussian_mean(&z);
        [vec![there.coefficient(&r, 4)], vec![right.value()]]
    }))
}

/// A₂*p and −L*(pu), u = ½g, both over p, for the drift b = ½s.
fn adjoints(tilt: Tilt) -> Sides {
    Sides::proofs([1, 2].map(|d| {
        let tape = Tape::new();
        let at = BasePoint::origin(&tape, d);
        let density = at.every("ℓ", 4);
        let s = at.gradient(density);
        both_adjoints(at, s, s * 0.5, tilt(s, at.laplacian(density)) * 0.5)
    }))
}

/// (1/p)A₂*p and −(1/p)L*(pu) for any drift b, from their definitions:
///
/// ```text
/// A₂*p = ½∂ᵢ∂ⱼ(bᵢbⱼp) − ½Δ∂ᵢ(bᵢp) + ⅛Δ²p        L*(pu) = −∂ᵢ(bᵢpu) + ½Δ(pu)
/// ```
fn both_adjoints<'t>(at: BasePoint<'t>, s: Germ<'t>, b: Germ<'t>, u: Germ<'t>) -> [Vec<Exact>; 2] {
    let divergence = |v| at.weighted_divergence(s, v);
    let laplacian = |f| at.weighted_laplacian(s, f);
    let transport = divergence(at.by_components(b, |component| divergence(scaled(b, component))));
    let spread = laplacian(divergence(b));
    let twice = laplacian(divergence(s)); // (1/p)Δp = (1/p)div(ps)
    let left = transport * 0.5 - spread * 0.5 + twice * 0.125;
    let right = divergence(scaled(b, u)) - laplacian(u) * 0.5;
    [left, right].map(|side| vec![side.value()])
}

/// The same for p = N(0, diag(1, ½)) and the drift ½ψ, ψ = −(I + S)Px, which keeps p: S is a quarter
/// turn, so that p ∇log p turned by it has no divergence. g is ½‖ψ/2‖² + ½div ψ/2 doubled.
fn curled() -> Sides {
    let tape = Tape::new();
    let at = BasePoint::at(&tape, &Exact::named("x", 1, 2));
    let constant = |rows: [[f64; 2]; 2]| at.x.constant(2, 2, |i, j| rows[i][j]);
    let s = at.x.nn(&constant([[-1.0, 0.0], [0.0, -2.0]]));
    let psi = s.nn(&constant([[1.0, -1.0], [1.0, 1.0]])); // rows are points: (I + S)ᵀ
    let kept = at.weighted_divergence(s, psi).value();
    let whole = at.weighted_divergence(s, s).value();
    assert_eq!(kept, whole, "L*p = 0 for ψ as for s");
    let u = tilt(&psi, &at.divergence(psi)) * 0.5;
    Sides::proof(both_adjoints(at, s, psi * 0.5, u))
}

/// MMᵀ + εN and MN; I and NM, for N = P(I − εP/4) and x′ = Mx + √ε z.
fn kept_covariance(epsilon: f64) -> [Vec<Exact>; 2] {
    let p = Exact::named("p", 2, 2);
    let p = p.clone() + p.linear(Linear::Transpose);
    let axes = diagonal(2, 1.0).lift(&p);
    let m = Step::halved(epsilon).take(&axes, -p.clone(), axes.clone() * 0.0);
    let n = p.clone() - p.nn(&p) * (0.25 * epsilon);
    [vec![m.nt(&m) + n.clone() * epsilon, m.nn(&n)], vec![axes, n.nn(&m)]]
}

/// 𝔼‖x′‖² by the sampler's own step, and ‖x‖² + ε(⟨x, ψ⟩ + d + a‖ψ‖²); the truth has a = ε/4.
fn squares(epsilon: f64, a: f64) -> [Vec<Exact>; 2] {
    let sides = [1, 2, 3].map(|d| {
        let [x, psi, z] = ["x", "ψ", "z"].map(|name| Exact::named(name, 1, d));
        let next = Step::halved(epsilon).take(&x, psi.clone(), z.clone());
        let gain = x.inner(&psi) + d as f64 + psi.squared_norm() * a;
        [next.squared_norm().gaussian_mean(&z), x.squared_norm() + gain * epsilon]
    });
    [0, 1].map(|k| sides.iter().map(|s| s[k].clone()).collect())
}

/// 𝔼[⟨x, s⟩ + a (ε/4)‖s‖²] and −d under the law that the chain keeps; the truth has a = 1.
fn virial(a: f64) -> Sides {
    Sides::doubled(|fineness| {
        let waves = Waves::line();
        let chain = Chain::new(&waves, 0.2, 2.0 * fineness as f64);
        let law = chain.stationary(100.0);
        let (x, s) = (&chain.nodes, waves.score(&chain.nodes));
        let (work, squares) = (x.inner(&s), s.squared_norm() * (0.05 * a));
        let terms = law.clone() * (magnitude(&work) + &squares);
        let left: Matrix = law.clone() * (work + squares);
        Sides::integrals([vec![left.sum()], number(-1.0)], vec![terms.sum()], x.rows())
    })
}
