//! Calculus for every smooth function at once.
//!
//! Of a function, an identity between derivatives up to the order k at one point sees these derivatives
//! only. Let the point be 0, and the function a polynomial of degree k with an indeterminate for
//! each coefficient. Then its derivatives at 0 are those indeterminates times factorials, and so any
//! numbers at all. Hence an identity that holds for these polynomials at 0 holds for every smooth
//! function, at every point.

use super::polynomial_score::PolynomialScore;
use crate::{
    array::{Array, Linear},
    autodiff::{Tape, Var},
    grid::{Exact, Number, Polynomial},
    model::Parameters,
    objective::trace,
};

/// A function (1, 1) or a field (1, d) near the point: what stands on its tape has all derivatives.
pub type Germ<'t> = Var<'t, Exact>;

/// A point, and the derivatives of functions there.
#[derive(Clone, Copy, Debug)]
pub struct BasePoint<'t> {
    tape: &'t Tape<Exact>,
    /// (1, d)
    pub x: Germ<'t>,
}

impl<'t> BasePoint<'t> {
    /// 0 in ℝᵈ.
    pub fn origin(tape: &'t Tape<Exact>, d: usize) -> Self {
        Self::at(tape, &Exact::from_fn(1, d, |_, _| Polynomial::of(0.0)))
    }

    /// Any point (1, d).
    pub fn at(tape: &'t Tape<Exact>, x: &Exact) -> Self {
        Self { tape, x: tape.var(x) }
    }

    /// Every smooth function, by its derivatives up to a degree.
    pub fn every(self, name: &str, degree: usize) -> Germ<'t> {
        let (_, d) = self.x.shape();
        PolynomialScore::every_function(name, d, degree).on(self.tape).score(&self.x)
    }

    /// ∇f
    pub fn gradient(self, f: Germ<'t>) -> Germ<'t> {
        f.sum().grad(&[self.x])[0]
    }

    /// Δf
    pub fn laplacian(self, f: Germ<'t>) -> Germ<'t> {
        self.divergence(self.gradient(f))
    }

    /// div v
    pub fn divergence(self, v: Germ<'t>) -> Germ<'t> {
        let (_, divergence) = trace::of_score_by_reverse(|_| v, &self.x);
        divergence
    }

    /// (1/p) div(p v) = div v + ⟨∇ log p, v⟩ for a density p with this score.
    pub fn weighted_divergence(self, score: Germ<'t>, v: Germ<'t>) -> Germ<'t> {
        self.divergence(v) + score.inner(&v)
    }

    /// (1/p) Δ(p f)
    pub fn weighted_laplacian(self, score: Germ<'t>, f: Germ<'t>) -> Germ<'t> {
        self.weighted_divergence(score, self.gradient(f) + scaled(score, f))
    }

    /// The field whose component i is f(vᵢ).
    pub fn by_components(self, v: Germ<'t>, f: impl Fn(Germ<'t>) -> Germ<'t>) -> Germ<'t> {
        let (_, d) = v.shape();
        let axis = |i: usize| v.constant(1, d, |_, j| f64::from(u8::from(i == j)));
        let part = |i: usize| scaled(axis(i), f(v.inner(&axis(i))));
        (1..d).fold(part(0), |sum, i| sum + part(i))
    }

    /// (v · ∇) w: how the field w changes along v.
    pub fn along(self, v: Germ<'t>, w: Germ<'t>) -> Germ<'t> {
        self.by_components(w, |component| self.gradient(component).inner(&v))
    }
}

/// f v, a function times a field.
pub fn scaled<'t>(v: Germ<'t>, f: Germ<'t>) -> Germ<'t> {
    let (_, d) = v.shape();
    v * f.linear(Linear::Spread(d))
}
