//! Polynomial scores: with every coefficient an indeterminate, a theorem about one is a theorem about
//! all.

use crate::{
    array::Array,
    grid::Exact,
    model::{Features, Monomials, Parameters},
};
use std::iter::once;

/// ψ(x) = F(x) Θ + c with monomials F.
#[derive(Clone, Debug)]
pub struct PolynomialScore<A> {
    /// F: k monomials in d variables, none of them constant.
    pub monomials: Monomials,
    /// Θ, (k, d)
    pub theta: A,
    /// c, (1, d)
    pub c: A,
}

impl PolynomialScore<Exact> {
    /// Every field on ℝᵈ whose components are polynomials of such a degree at most.
    ///
    /// ```
    /// use score_matching::{grid::Exact, identity::polynomial_score::PolynomialScore};
    ///
    /// let psi = PolynomialScore::every(2, 2).score(&Exact::named("x", 1, 2));
    /// let first = "x₁ x₂ θ₄₁ + x₁² θ₅₁ + x₂² θ₂₁ + x₁ θ₃₁ + x₂ θ₁₁ + c₁";
    /// assert_eq!(psi.at(0, 0).to_string(), first);
    /// let cubic = PolynomialScore::every(1, 3).score(&Exact::named("x", 1, 1));
    /// assert_eq!(cubic.at(0, 0).to_string(), "x³ θ₃ + x² θ₂ + x θ₁ + c");
    /// ```
    pub fn every(d: usize, degree: usize) -> Self {
        Self::named(["θ", "c"], [d, d], degree)
    }

    /// Every function on ℝᵈ that is such a polynomial: a field of one component.
    pub fn every_function(name: &str, d: usize, degree: usize) -> Self {
        Self::named([&format!("{name}′"), name], [d, 1], degree)
    }

    /// Letters for Θ and c, of the variables and the components there are.
    pub(super) fn named([theta, c]: [&str; 2], [d, components]: [usize; 2], degree: usize) -> Self {
        let mut exponents: Vec<Vec<usize>> = vec![vec![]];
        for _ in 0..d {
            let longer = |e: Vec<usize>| {
                let left = degree - e.iter().sum::<usize>();
                (0..=left).map(move |p| e.iter().copied().chain(once(p)).collect())
            };
            exponents = exponents.into_iter().flat_map(longer).collect();
        }
        exponents.retain(|e| e.iter().any(|&p| p > 0));
        let monomials = Monomials::new(exponents);
        let theta = Exact::named(theta, monomials.count(), components);
        Self { monomials, theta, c: Exact::named(c, 1, components) }
    }
}

impl<A: Array> PolynomialScore<A> {
    /// ψ(x): (n, d) → (n, d)
    pub fn score(&self, x: &A) -> A {
        self.monomials.of(x).nn(&self.theta).add_row(&self.c)
    }

    /// d
    pub fn dimension(&self) -> usize {
        self.c.shape().1
    }
}

impl<A> Parameters<A> for PolynomialScore<A> {
    type With<B> = PolynomialScore<B>;

    fn map<B>(self, mut f: impl FnMut(A) -> B) -> PolynomialScore<B> {
        PolynomialScore { theta: f(self.theta), c: f(self.c), monomials: self.monomials }
    }
}
