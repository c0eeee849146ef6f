//! T37: a curl costs the diffusion nothing and the chain something.
//!
//! For q = N(0, I) and the field ψ(x) = −x + Ax with Aᵀ = −A, which is no score unless A = 0,
//!
//! ```text
//! ESM(ψ) = ½‖A‖_F²
//! dX = ½ψ dt + dW   keeps q                         div(qAx) = 0: tr A = 0 and ⟨x, Ax⟩ = 0
//! a step ε          keeps N(0, Q⁻¹)                 Q = I − (ε/4)(I + AᵀA), if Q > 0
//! in a plane        variance 1/(1 − (ε/4)(1 + ω²)), A = ω times a quarter turn
//!                   long-run covariance 4/(ε(1 + ω²)) a step
//! ```
//!
//! The proofs read the sampler's own step with polynomials, ε, ω and A being indeterminates.
//!
//! The page: `proofs/curl.md`.

use super::{Claim, Sides, Theorem, spread};
use crate::{
    array::{Array, Linear},
    autodiff::Dual,
    density::mixture::diagonal,
    grid::{Exact, Number, Polynomial},
    matrix::Matrix,
    objective::{explicit, implicit, trace},
    sampler::Step,
};

/// The theorem of this page.
pub const THEOREMS: &[Theorem] = &[Theorem {
    number: 37,
    statement: "ψ = −x + Ax, Aᵀ = −A: ESM = ½‖A‖², dX keeps N(0, I), a step N(0, Q⁻¹)",
    claims: &[
        Claim::one("ESM = ½‖A‖² = ISM + d/2", EVERY, || {
            Sides::proofs([2, 3, 8].map(|d| matching(&antisymmetric(d))))
        }),
        Claim::one("div(qψ) = Δq, so dX = ½ψ dt + dW keeps q", EVERY, || {
            Sides::proofs([2, 3, 8].map(|d| stationary(&antisymmetric(d))))
        }),
        Claim::one(
            "MMᵀ + εQ = I, MQ = QM, so S = Q⁻¹ solves S = MSMᵀ + εI",
            "d = 2, 3, 8, every antisymmetric A, every ε",
            || Sides::proofs([2, 3, 8].map(|d| kept(&LinearChain::every(d)))),
        ),
        Claim::one("1/(1 − (ε/4)(1 + ω²)) is the variance that a step keeps", PLANE, || {
            let chain = LinearChain::plane();
            Sides::proof(kept_in_a_plane(&chain, &(chain.speed_up() * &chain.length() * 0.25)))
        }),
        Claim::one("4/(ε(1 + ω²)) is its covariance with all times, times I", PLANE, || {
            let chain = LinearChain::plane();
            Sides::proof(long_run(&chain, &chain.plane_precision()))
        }),
    ],
    false_statements: &[
        Claim::one("a curl costs the chain as little: variance 1/(1 − ε/4)", PLANE, || {
            let chain = LinearChain::plane();
            Sides::proof(kept_in_a_plane(&chain, &(chain.length() * 0.25)))
        }),
        Claim::one("a symmetric A of trace 0 costs the diffusion nothing", "d = 2", || {
            Sides::proof(stationary(&symmetric()))
        }),
        Claim::one("the long-run covariance is 4/(ε(1 + ω²)) variances", PLANE, || {
            let chain = LinearChain::plane();
            Sides::proof(long_run(&chain, &chain.root.constant(1, 1, |_, _| 1.0)))
        }),
    ],
}];

const EVERY: &str = "d = 2, 3, 8, every antisymmetric A, every x";
const PLANE: &str = "d = 2, every ω, ε";

/// ψ(x) = −x + Ax, A of shape (d, d): (n, d) → (n, d).
pub fn score<A: Array>(x: &A, error: &A) -> A {
    x.nt(error) - x
}

/// A with its letters above the diagonal, their negatives below, and 0 on it.
pub fn antisymmetric(d: usize) -> Exact {
    let a = Exact::named("a", d, d);
    Exact::from_fn(d, d, |i, j| match i.cmp(&j) {
        std::cmp::Ordering::Less => a.at(i, j).clone(),
        std::cmp::Ordering::Equal => Polynomial::of(0.0),
        std::cmp::Ordering::Greater => a.at(j, i).times(&Polynomial::of(-1.0)),
    })
}

/// diag(s, −s), an error with an energy: of the same ESM as a curl with ω = s.
fn symmetric() -> Exact {
    let s = Exact::named("s", 1, 1);
    let signs = s.constant(2, 2, |i, j| f64::from(u8::from(i == j)) * (1.0 - 2.0 * i as f64));
    spread(&s, 2, 2) * signs
}

/// ESM and ISM + d/2 under N(0, I), and ½‖A‖_F² for both.
fn matching(error: &Exact) -> [Vec<Exact>; 2] {
    let (_, d) = error.shape();
    let (x, lifted) = (Exact::named("x", 1, d), Dual::constant(error));
    let esm = explicit(score(&x, error), &-x.clone()).gaussian_mean(&x);
    let ism = implicit(trace::of_score(|x| score(x, &lifted), &x)).gaussian_mean(&x);
    let norm = error.squared_norm().sum() * 0.5;
    [vec![esm, ism + 0.5 * d as f64], vec![norm.clone(), norm]]
}

/// div(qψ)/q = ⟨ψ, ∇log q⟩ + tr ∂ψ/∂x and Δq/q = ‖∇log q‖² + Δ log q, for q = N(0, I) at x.
fn stationary(error: &Exact) -> [Vec<Exact>; 2] {
    let (_, d) = error.shape();
    let (x, lifted) = (Exact::named("x", 1, d), Dual::constant(error));
    let (psi, divergence) = trace::of_score(|x| score(x, &lifted), &x);
    let (of_q, laplacian) = trace::of_energy_by_forward(|x| x.squared_norm() * 0.5, &x);
    [vec![psi.inner(&of_q) + divergence], vec![of_q.squared_norm() + laplacian]]
}

/// The chain x′ = x + (ε/2)ψ(x) + √ε z = Mx + √ε z for ψ = −x + Ax.
#[derive(Clone, Debug)]
pub struct LinearChain<A = Matrix> {
    /// A, (d, d).
    pub error: A,
    /// √ε, (1, 1).
    pub root: A,
}

impl LinearChain<Exact> {
    /// With every antisymmetric A.
    pub fn every(d: usize) -> Self {
        Self { error: antisymmetric(d), root: Exact::named("r", 1, 1) }
    }

    /// A turn with the angular velocity ω.
    pub fn plane() -> Self {
        let (omega, root) = (Exact::named("ω", 1, 1), Exact::named("r", 1, 1));
        Self { error: quarter_turn(&omega), root }
    }
}

/// ω times a quarter turn, from ω (1, 1).
fn quarter_turn<A: Array>(omega: &A) -> A {
    let turn = omega.constant(2, 2, |i, j| j as f64 - i as f64);
    -spread(omega, 2, 2) * turn
}

impl LinearChain {
    /// In the plane, with numbers for ω and ε.
    pub fn turning(omega: f64, epsilon: f64) -> Self {
        let number = |x: f64| Matrix::from_rows([[x]]);
        Self { error: quarter_turn(&number(omega)), root: number(epsilon.sqrt()) }
    }
}

impl<A: Array> LinearChain<A> {
    /// One step of the sampler, from x with the noise z: (n, d), (n, d) → (n, d). A step of length ε is
    /// one of length 1 with the score εψ and the noise √ε z.
    pub fn step(&self, x: &A, z: &A) -> A {
        let (n, d) = x.shape();
        let psi = score(x, &self.error) * spread(&self.length(), n, d);
        Step::halved(1.0).take(x, psi, z.clone() * spread(&self.root, n, d))
    }

    /// ε, (1, 1).
    pub fn length(&self) -> A {
        self.root.clone() * &self.root
    }

    /// M, by stepping from the d axes without noise: (d, d).
    pub fn matrix(&self) -> A {
        let axes = self.identity();
        self.step(&axes, &(axes.clone() * 0.0)).linear(Linear::Transpose)
    }

    /// Q = I − (ε/4)(I + AᵀA), the precision that is claimed: (d, d).
    pub fn precision(&self) -> A {
        let (d, _) = self.error.shape();
        let both = self.identity() + self.error.tn(&self.error);
        self.identity() - both * spread(&self.length(), d, d) * 0.25
    }

    fn identity(&self) -> A {
        diagonal(self.error.shape().0, 1.0).lift(&self.error)
    }

    /// 1 + ω² = 1 + ½‖A‖_F² in a plane, (1, 1). A mean of a coordinate over n steps has the variance
    /// 4/(nε(1 + ω²)) for large n.
    pub fn speed_up(&self) -> A {
        self.error.squared_norm().sum() * 0.5 + 1.0
    }

    /// 1 − (ε/4)(1 + ω²), (1, 1): 1 over the variance in a plane, which exists if this is positive.
    pub fn plane_precision(&self) -> A {
        -(self.speed_up() * &self.length() * 0.25) + 1.0
    }
}

/// MMᵀ + εQ and MQ; I and QM.
pub fn kept<A: Array>(chain: &LinearChain<A>) -> [Vec<A>; 2] {
    let (m, q) = (chain.matrix(), chain.precision());
    let (d, _) = q.shape();
    let sum = m.nt(&m) + q.clone() * spread(&chain.length(), d, d);
    [vec![sum, m.nn(&q)], vec![chain.identity(), q.nn(&m)]]
}

/// From x = au, u ~ N(0, I), a step leads to a covariance a²B + C. That I/D is kept, D = 1 − δ, means
/// B + DC = I.
fn kept_in_a_plane(chain: &LinearChain<Exact>, delta: &Exact) -> [Vec<Exact>; 2] {
    let ([u, z], a) = (["u", "z"].map(|name| Exact::named(name, 1, 2)), Exact::named("a", 1, 1));
    let next = chain.step(&(u.clone() * spread(&a, 1, 2)), &z);
    let covariance = next.tn(&next).gaussian_mean(&u).gaussian_mean(&z);
    let divisor = spread(&(-delta.clone() + 1.0), 2, 2);
    let left = covariance.coefficient(&a, 2) + covariance.coefficient(&a, 0) * divisor;
    [vec![left], vec![chain.identity()]]
}

/// Let x be stationary with the covariance S = I/D, and G = S + Σₖ (MᵏS + SMᵏᵀ), k from 1 on. Then
///
/// ```text
/// (I − M) G (I − M)ᵀ = (I − M) S (I − M)ᵀ + M S (I − M)ᵀ + (I − M) S Mᵀ
/// ```
///
/// For G = 4/(ε(1 + ω²)) I the sides are this, times D ε(1 + ω²); `precision` is D.
fn long_run(chain: &LinearChain<Exact>, precision: &Exact) -> [Vec<Exact>; 2] {
    let m = chain.matrix();
    let rest = chain.identity() - &m;
    let square = rest.nt(&rest);
    let all = square.clone() + m.nt(&rest) + rest.nt(&m);
    let left = square * spread(precision, 2, 2) * 4.0;
    [vec![left], vec![all * spread(&(chain.speed_up() * &chain.length()), 2, 2)]]
}
