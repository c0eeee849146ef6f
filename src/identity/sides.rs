//! Two sides of an identity, and how they are compared.

use super::Evidence;
use crate::{
    array::Array,
    grid::{Ball, Enclosed, Exact, Number, Polynomial},
    matrix::{Matrix, Real},
    statistics::Scatter,
};

/// Two sides of an identity, array by array: a loss and its gradients, say.
#[derive(Clone, Debug)]
pub enum Sides {
    /// Two lists of formulas, expanded.
    Formulas {
        /// One side.
        left: Vec<Exact>,
        /// The other, of the same shapes.
        right: Vec<Exact>,
    },
    /// Two lists of numbers.
    Numbers {
        /// On what the comparison rests.
        evidence: Evidence,
        /// One side.
        left: Vec<Matrix>,
        /// The other, of the same shapes.
        right: Vec<Matrix>,
        /// How far apart they may be, entry by entry.
        allowed: Vec<Matrix>,
    },
}

/// A number as a list of arrays, for sides that are one.
pub fn number(x: f64) -> Vec<Matrix> {
    vec![Matrix::from_rows([[x]])]
}

impl Sides {
    /// Two formulas read with polynomials.
    pub fn proof([left, right]: [Vec<Exact>; 2]) -> Self {
        Self::Formulas { left, right }
    }

    /// Several such proofs in one: for several values of a number, say.
    pub fn proofs(all: impl IntoIterator<Item = [Vec<Exact>; 2]>) -> Self {
        let (left, right): (Vec<_>, Vec<_>) = all.into_iter().map(|[l, r]| (l, r)).unzip();
        Self::proof([left.concat(), right.concat()])
    }

    /// Two results that must be the same bits.
    pub fn exact([left, right]: [Vec<Matrix>; 2]) -> Self {
        let allowed = left.iter().map(|l| l.clone() * 0.0).collect();
        Self::Numbers { evidence: Evidence::Exact, left, right, allowed }
    }

    /// Two formulas read with numbers, and the same two with intervals. The interval of a side holds
    /// its true value and its computed one. If the true values are equal, the intervals meet, and
    /// the computed values differ by at most both widths.
    ///
    /// Intervals that do not meet leave nothing to be allowed; a number outside of its interval
    /// leaves nothing to be said, in favour of the identity or against it.
    pub fn rounding(numbers: [Vec<Matrix>; 2], [l, r]: [Vec<Enclosed>; 2]) -> Self {
        let [left, right] = &numbers;
        let inside = |(x, within): (&Matrix, &Enclosed)| within.contains(x);
        let all = left.iter().zip(&l).all(inside) && right.iter().zip(&r).all(inside);
        let allowed = l.iter().zip(&r).map(|(a, b)| a.widths_where_they_meet(b));
        let allowed = allowed.map(|a| if all { a } else { a * f64::INFINITY }).collect();
        let [left, right] = numbers;
        Self::Numbers { evidence: Evidence::Rounding, left, right, allowed }
    }

    /// Two sums of products in which each term passes through at most K roundings. Each is off by at
    /// most K u Σ|terms| to first order, u = 2⁻⁵³ being the unit roundoff; `magnitude` is Σ|terms|.
    pub fn rounded(
        [left, right]: [Vec<Matrix>; 2],
        magnitude: Vec<Matrix>,
        roundings: f64,
    ) -> Self {
        let unit = 2.0 * roundings * f64::UNIT_ROUNDOFF;
        let allowed = magnitude.into_iter().map(|m| m * unit).collect();
        Self::Numbers { evidence: Evidence::Rounding, left, right, allowed }
    }

    /// Two integrals over that many nodes: each node may cost one rounding, and each term 64. That
    /// they have converged is shown by [`Sides::doubled`].
    pub fn integrals(sides: [Vec<Matrix>; 2], magnitude: Vec<Matrix>, nodes: usize) -> Self {
        Self::rounded(sides, magnitude, nodes as f64 + 64.0).resting_on(Evidence::Quadrature)
    }

    /// Integrals with their nodes (`sides(1)`) and with twice as many along each axis (`sides(2)`).
    /// Where a side has moved by more than is allowed it has not converged, and nothing may be said:
    /// the sides neither agree nor differ.
    ///
    /// # Panics
    /// If the sides are formulas.
    pub fn doubled(sides: impl Fn(usize) -> Self) -> Self {
        Self::settled(sides(1), sides(2))
    }

    /// The same for two formulas read with numbers and with intervals, as in [`Sides::rounding`]. With
    /// few nodes the numbers are enough.
    pub fn doubled_rounding<I>(
        instance: impl Fn(usize) -> I,
        numbers: impl Fn(&I) -> [Vec<Matrix>; 2],
        within: impl Fn(&I) -> [Vec<Enclosed>; 2],
    ) -> Self {
        let [coarse, fine] = [1, 2].map(instance);
        Self::settled(Self::exact(numbers(&coarse)), Self::rounding(numbers(&fine), within(&fine)))
    }

    /// The fine sides; nothing may be said where they are apart from the coarse ones.
    fn settled(coarse: Self, fine: Self) -> Self {
        let [Self::Numbers { left: l, right: r, .. }, Self::Numbers { left, right, allowed, .. }] =
            [coarse, fine]
        else {
            panic!("integrals are numbers")
        };
        let moved = |k: usize, e: usize| {
            let gap = |coarse: &[Matrix], fine: &[Matrix]| {
                (coarse[k].data()[e] - fine[k].data()[e]).abs()
            };
            gap(&l, &left).max(gap(&r, &right))
        };
        let mut settled = allowed.clone();
        for (k, array) in allowed.iter().enumerate() {
            for (e, limit) in array.data().iter().enumerate() {
                let converged = moved(k, e) <= *limit;
                settled[k].data_mut()[e] = if converged { *limit } else { f64::INFINITY };
            }
        }
        Self::Numbers { evidence: Evidence::Quadrature, left, right, allowed: settled }
    }

    /// The mean of independent values and what it should be, six standard errors apart at most.
    pub fn monte_carlo(values: &[f64], expected: f64) -> Self {
        let scatter = Scatter::of(values);
        Self::Numbers {
            evidence: Evidence::MonteCarlo,
            left: number(scatter.mean),
            right: number(expected),
            allowed: number(6.0 * scatter.standard_error()),
        }
    }

    /// The same numbers with another name for what they rest on.
    #[must_use]
    pub fn resting_on(self, evidence: Evidence) -> Self {
        match self {
            Self::Numbers { left, right, allowed, .. } => {
                Self::Numbers { evidence, left, right, allowed }
            }
            formulas @ Self::Formulas { .. } => formulas,
        }
    }

    /// On what the comparison rests.
    pub const fn evidence(&self) -> Evidence {
        match self {
            Self::Formulas { .. } => Evidence::Proof,
            Self::Numbers { evidence, .. } => *evidence,
        }
    }

    /// How many terms the expanded left side has; 0 if it is made of numbers.
    pub fn terms(&self) -> usize {
        match self {
            Self::Formulas { left, .. } => left.iter().map(Exact::terms).sum(),
            Self::Numbers { .. } => 0,
        }
    }

    /// The largest gap as a multiple of what is allowed: at most 1 if the sides agree. A gap where
    /// none is allowed is infinite, and so is anything that is not a number, on either side or in
    /// what is allowed: it must never pass for agreement.
    ///
    /// # Panics
    /// If there is nothing to compare, or the shapes differ.
    pub fn residual(&self) -> f64 {
        match self {
            Self::Formulas { .. } => {
                if self.differences().is_empty() {
                    0.0
                } else {
                    f64::INFINITY
                }
            }
            Self::Numbers { .. } => {
                let of = |(left, right, allowed): (f64, f64, f64)| match (left - right).abs() {
                    gap if !(gap.is_finite() && allowed.is_finite() && allowed >= 0.0) => {
                        f64::INFINITY
                    }
                    0.0 => 0.0,
                    _ if allowed == 0.0 => f64::INFINITY, // −0 as well
                    gap => gap / allowed,
                };
                self.entries().into_iter().map(of).fold(0.0, f64::max)
            }
        }
    }

    /// Whether the two sides agree.
    ///
    /// # Errors
    /// One line that says where they differ and by how much: for formulas, by which polynomial.
    pub fn agree(&self) -> Result<(), String> {
        match self.residual() {
            residual if residual <= 1.0 => Ok(()),
            residual => Err(match self.differences().first() {
                Some((place, difference)) => format!("{place}: left − right = {difference}"),
                None => format!("{:?}: {residual:.2} times what is allowed", self.evidence()),
            }),
        }
    }

    /// Whether the two sides differ, and clearly: formulas at a point where the interval of their
    /// difference does not contain 0, bits by half of the larger number, means by ten standard
    /// errors, and other numbers by ten times what is allowed, in one entry at least. All numbers are
    /// finite: what has overflowed refutes nothing.
    pub fn differ_clearly(&self) -> bool {
        let clearly = |&(left, right, allowed): &(f64, f64, f64)| {
            let gap = (left - right).abs();
            match self.evidence() {
                Evidence::Exact => gap > 0.0 && gap >= 0.5 * left.abs().max(right.abs()),
                Evidence::MonteCarlo => gap > 10.0 / 6.0 * allowed,
                _ => gap > 10.0 * allowed,
            }
        };
        match self {
            Self::Formulas { .. } => {
                // Polynomials may differ because a relation is not known. Numbers decide.
                let at_a_point = |(_, p): &(String, Polynomial)| p.read(&some_number);
                self.differences().iter().map(at_a_point).any(|d: Ball| d.low > 0.0 || d.high < 0.0)
            }
            Self::Numbers { .. } => {
                let entries = self.entries();
                let finite =
                    |(l, r, a): &(f64, f64, f64)| (l - r).is_finite() && a.is_finite() && *a >= 0.0;
                entries.iter().all(finite) && entries.iter().any(clearly)
            }
        }
    }

    /// Left, right and what is allowed, entry by entry.
    #[track_caller]
    fn entries(&self) -> Vec<(f64, f64, f64)> {
        let Self::Numbers { left, right, allowed, .. } = self else { return vec![] };
        same_shapes(left, right);
        same_shapes(left, allowed);
        let arrays = left.iter().zip(right).zip(allowed);
        let entries = |((l, r), a): ((&Matrix, &Matrix), &Matrix)| {
            let pairs = l.data().iter().zip(r.data()).zip(a.data());
            pairs.map(|((l, r), a)| (*l, *r, *a)).collect::<Vec<_>>()
        };
        arrays.flat_map(entries).collect()
    }

    /// Where two formulas differ, and their difference there.
    #[track_caller]
    fn differences(&self) -> Vec<(String, Polynomial)> {
        let Self::Formulas { left, right } = self else { return vec![] };
        same_shapes(left, right);
        let mut found = vec![];
        for (k, (l, r)) in left.iter().zip(right).enumerate() {
            let places = l.entries().iter().zip(r.entries()).enumerate();
            for (e, (l, r)) in places.filter(|(_, (l, r))| l != r) {
                let difference = l.clone().plus(&r.times(&Polynomial::of(-1.0)));
                found.push((format!("array {k}, entry {e}"), difference));
            }
        }
        found
    }
}

/// A number for each letter: between ½ and 3/2, in 64ths, by its name.
fn some_number(letter: &str) -> Ball {
    let hash = letter.bytes().fold(7_u32, |h, b| h.wrapping_mul(31).wrapping_add(b.into()));
    Ball::of(0.5 + f64::from(hash % 64) / 64.0)
}

#[track_caller]
fn same_shapes<A: Array, B: Array>(left: &[A], right: &[B]) {
    assert!(left.iter().any(|a| a.shape().0 * a.shape().1 > 0), "nothing to compare");
    let (l, r): (Vec<_>, Vec<_>) =
        (left.iter().map(Array::shape).collect(), right.iter().map(Array::shape).collect());
    assert_eq!(l, r, "the shapes of the two sides");
}
