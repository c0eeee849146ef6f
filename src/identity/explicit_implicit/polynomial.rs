//! T2, T3 and T6 for polynomial scores under N(0, I), in integers: nothing rounds, nothing is
//! sampled.
//!
//! The 𝔼 of a polynomial is a sum of products of moments, and 𝔼(xⁿ) is the number of ways to put
//! n points into pairs: the series of 𝔼 e^(tx) = e^(t²/2) has n!/(2ᵏ k!) at tⁿ/n!, with k = n/2.
//! [`pairings`] counts them without that formula, and above all without 𝔼[xⁿ⁺¹] = n 𝔼[xⁿ⁻¹], which
//! is Stein's identity itself.

use crate::matrix::noise::Generator;
use rand::RngExt;
use std::{collections::BTreeMap, iter::once};

/// The number of ways to put n points into pairs: 1, 0, 1, 0, 3, 0, 15, … The largest even n for
/// which it fits is 56.
///
/// The points are passed from left to right, with an arc from each to its partner. A point either
/// opens an arc or closes one of those that are open:
///
/// ```text
/// ways(open) ← ways(open − 1) + (open + 1) ways(open + 1)
/// ```
pub fn pairings(n: usize) -> Option<i128> {
    let mut ways = vec![1_i128]; // by the number of open arcs
    for passed in 1..=n {
        let from = |open: usize| ways.get(open).copied().unwrap_or(0);
        // What is open must find a partner among the points that are left.
        let most = passed.min(n - passed);
        let next = (0..=most).map(|open| {
            let opened = if open == 0 { 0 } else { from(open - 1) };
            let closed = from(open + 1).checked_mul(open as i128 + 1)?;
            opened.checked_add(closed)
        });
        ways = next.collect::<Option<_>>()?;
    }
    Some(ways[0])
}

/// c/2ˢ with c odd, or 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dyadic {
    /// c
    pub numerator: i128,
    /// s
    pub shift: i32,
}

impl Dyadic {
    /// c/2ˢ
    pub const fn new(numerator: i128, shift: i32) -> Self {
        if numerator == 0 {
            return Self { numerator: 0, shift: 0 };
        }
        let twos = numerator.trailing_zeros();
        Self { numerator: numerator >> twos, shift: shift - twos.cast_signed() }
    }
}

/// Σ cₐ x₁^a₁ … x_d^a_d / 2ˢ with whole cₐ.
#[derive(Clone, Debug)]
pub struct Polynomial {
    /// cₐ by the exponents a.
    terms: BTreeMap<Vec<usize>, i128>,
    /// s
    shift: i32,
}

impl Polynomial {
    /// c x₁^a₁ … x_d^a_d / 2ˢ
    pub fn monomial(exponents: Vec<usize>, coefficient: Dyadic) -> Self {
        let Dyadic { numerator, shift } = coefficient;
        Self { terms: BTreeMap::from([(exponents, numerator)]), shift }
    }

    /// xᵢ, one of d variables.
    pub fn variable(i: usize, d: usize) -> Self {
        Self::monomial((0..d).map(|j| usize::from(i == j)).collect(), Dyadic::new(1, 0))
    }

    /// Every monomial of degree up to `degree` in d variables, with whole random coefficients.
    pub fn random(d: usize, degree: usize, rng: &mut Generator) -> Self {
        let mut exponents = vec![vec![]];
        for _ in 0..d {
            exponents = exponents
                .into_iter()
                .flat_map(|a: Vec<usize>| {
                    let left = degree - a.iter().sum::<usize>();
                    (0..=left).map(move |e| a.iter().copied().chain(once(e)).collect())
                })
                .collect();
        }
        let terms = exponents.into_iter().map(|a| (a, rng.random_range(-9..=9))).collect();
        Self { terms, shift: 0 }
    }

    /// The same over a larger power of two.
    fn over(&self, shift: i32) -> impl Iterator<Item = (&Vec<usize>, i128)> {
        let factor = 1_i128 << (shift - self.shift);
        self.terms.iter().map(move |(a, c)| (a, fits(c.checked_mul(factor))))
    }

    /// p + r
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let shift = self.shift.max(other.shift);
        let mut terms = BTreeMap::new();
        for (a, c) in self.over(shift).chain(other.over(shift)) {
            let sum = terms.entry(a.clone()).or_insert(0);
            *sum = fits(c.checked_add(*sum));
        }
        Self { terms, shift }
    }

    /// p r
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        let mut terms = BTreeMap::new();
        for (a, c) in &self.terms {
            for (b, e) in &other.terms {
                let exponents: Vec<usize> = a.iter().zip(b).map(|(a, b)| a + b).collect();
                let sum = terms.entry(exponents).or_insert(0);
                *sum = fits(c.checked_mul(*e).and_then(|product| product.checked_add(*sum)));
            }
        }
        Self { terms, shift: self.shift + other.shift }
    }

    /// p/2ˢ
    #[must_use]
    pub fn halved(&self, times: i32) -> Self {
        Self { terms: self.terms.clone(), shift: self.shift + times }
    }

    /// ∂p/∂xᵢ
    #[must_use]
    pub fn derivative(&self, i: usize) -> Self {
        let lower = |(a, c): (&Vec<usize>, &i128)| {
            let mut b = a.clone();
            b[i] = a[i].checked_sub(1)?;
            Some((b, fits(c.checked_mul(a[i] as i128))))
        };
        Self { terms: self.terms.iter().filter_map(lower).collect(), shift: self.shift }
    }

    /// p(y₁, …, y_d) for polynomials y.
    #[must_use]
    pub fn of(&self, y: &[Self]) -> Self {
        let d = y.len();
        let zero = Self { terms: BTreeMap::new(), shift: 0 };
        self.terms.iter().fold(zero, |sum, (a, &c)| {
            let factors = y.iter().zip(a).flat_map(|(y, &a)| (0..a).map(move |_| y));
            let coefficient = Self::monomial(vec![0; d], Dyadic::new(c, self.shift));
            sum.plus(&factors.fold(coefficient, |product, y| product.times(y)))
        })
    }

    /// 𝔼 p(x) over x ~ N(0, I): the coordinates are independent, so moments multiply.
    pub fn mean(&self) -> Dyadic {
        let moment = |a: &Vec<usize>| {
            a.iter().try_fold(1_i128, |product, &a| product.checked_mul(pairings(a)?))
        };
        let terms = self.terms.iter().map(|(a, c)| moment(a).and_then(|m| m.checked_mul(*c)));
        let sum = terms.fold(0_i128, |sum, term| fits(sum.checked_add(fits(term))));
        Dyadic::new(sum, self.shift)
    }
}

/// An integer that has not overflowed.
#[track_caller]
fn fits(value: Option<i128>) -> i128 {
    value.expect("the integers fit 127 bits")
}

/// Two sides in integers.
pub type Exactly = (Dyadic, Dyadic);

/// A polynomial ψ on ℝᵈ, component by component.
#[derive(Clone, Debug)]
pub struct Field(pub Vec<Polynomial>);

impl Field {
    /// Every component random, of the given degree.
    pub fn random(d: usize, degree: usize, rng: &mut Generator) -> Self {
        Self((0..d).map(|_| Polynomial::random(d, degree, rng)).collect())
    }

    /// ⟨ψ, φ⟩
    fn inner(&self, other: &Self) -> Polynomial {
        sum(self.0.iter().zip(&other.0).map(|(p, r)| p.times(r)))
    }

    /// ψ + φ
    fn plus(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(p, r)| p.plus(r)).collect())
    }

    /// tr ∂ψ/∂x
    fn trace(&self) -> Polynomial {
        sum(self.0.iter().enumerate().map(|(i, p)| p.derivative(i)))
    }

    /// x ↦ x
    fn identity(d: usize) -> Self {
        Self((0..d).map(|i| Polynomial::variable(i, d)).collect())
    }
}

/// The sum of at least one polynomial.
fn sum(terms: impl Iterator<Item = Polynomial>) -> Polynomial {
    terms.reduce(|sum, term| sum.plus(&term)).expect("a field has a component")
}

/// T3 for q = N(0, I), where ∇ log q = −x: 𝔼⟨x, ψ⟩ and 𝔼 tr ∂ψ/∂x.
pub fn stein(field: &Field) -> Exactly {
    let x = Field::identity(field.0.len());
    (x.inner(field).mean(), field.trace().mean())
}

/// T2 for q = N(0, I), twice both sides: 𝔼‖ψ + x‖² and 𝔼[‖ψ‖² + 2 tr ∂ψ/∂x] + I(q), where
/// I(q) = 𝔼‖x‖².
pub fn explicit_is_implicit(field: &Field) -> Exactly {
    let x = Field::identity(field.0.len());
    let difference = field.plus(&x);
    let implicit = field.inner(field).plus(&field.trace().halved(-1));
    (difference.inner(&difference).mean(), implicit.plus(&x.inner(&x)).mean())
}

/// T6 for x in sixteenths and σ = 2⁻ᵏ, twice both sides: 𝔼‖ψ(x + σz) + z/σ‖² and
/// 𝔼[‖ψ‖² + 2 tr ∂ψ/∂x](x + σz) + d/σ².
pub fn noisy_explicit_is_implicit(field: &Field, sixteenths: &[i128], k: i32) -> Exactly {
    let d = field.0.len();
    let z = Field::identity(d);
    let constant = |c| Polynomial::monomial(vec![0; d], c);
    let noisy: Vec<Polynomial> = (z.0.iter().zip(sixteenths))
        .map(|(z, &x)| z.halved(k).plus(&constant(Dyadic::new(x, 4))))
        .collect();
    let psi = Field(field.0.iter().map(|p| p.of(&noisy)).collect());
    let difference = psi.plus(&Field(z.0.iter().map(|z| z.halved(-k)).collect()));
    let implicit = psi.inner(&psi).plus(&field.trace().of(&noisy).halved(-1));
    let right = implicit.plus(&constant(Dyadic::new(d as i128, -2 * k)));
    (difference.inner(&difference).mean(), right.mean())
}
