//! Deterministic integration, precise enough to serve as evidence.
//!
//! | rule | for | converges |
//! |---|---|---|
//! | [`Rule::trapezoid`] | analytic functions that decay, over ±9 standard deviations | geometrically |
//! | [`Rule::double_exponential`] | analytic functions on intervals whose ends matter, and half-lines | geometrically |
//! | [`Rule::gauss_legendre`] | analytic functions on an interval | exact to degree 2n − 1 |
//! | [`Rule::gauss_hermite`] | 𝔼 over N(0, 1) of polynomials and of what is close to them | exact to degree 2n − 1 |
//!
//! The trapezoid rule is the poor relation of the textbooks only on intervals with ends that
//! matter. For a function that is analytic in a strip of half-width a around the real line and
//! negligible beyond the ends, its error is about exp(−2πa/h): halving the step h squares it
//! (Trefethen and Weideman 2014). Sharp networks have a small a and want a small h; Gauss–Hermite
//! nodes, being polynomial, then converge too slowly.
//!
//! A single number from a quadrature is no evidence, because nothing in it tells its error. So
//! checks integrate twice, with h and h/2, and require that the first was already at rounding
//! level: [`converged`].

mod gauss;

use crate::{
    array::{Array, Linear},
    domain::positive,
    matrix::Matrix,
};
use std::f64::consts::PI;

/// The length of an interval.
///
/// # Panics
/// If the ends do not increase, or it is not finite.
#[track_caller]
fn length(low: f64, high: f64) -> f64 {
    let length = high - low;
    assert!(
        low < high && length.is_finite(),
        "from {low:?} to {high:?}: a finite interval expected"
    );
    length
}

/// The number of nodes or steps that was asked for.
///
/// # Panics
/// If there are none, or more than are known to be computed precisely.
#[track_caller]
fn count(name: &str, n: usize, most: usize) -> usize {
    assert!((1..=most).contains(&n), "{n} {name}: 1 to {most} expected");
    n
}

/// Nodes x (m, d) and weights w (m, 1): ∫ f ≈ Σ wᵢ f(xᵢ).
#[derive(Clone, Debug)]
pub struct Rule {
    /// (m, d)
    pub nodes: Matrix,
    /// (m, 1)
    pub weights: Matrix,
}

impl Rule {
    /// ∫ from `low` to `high` dx by m equal steps: weights h, and h/2 at both ends.
    ///
    /// ```
    /// use score_matching::{Array, quadrature::Rule};
    ///
    /// let rule = Rule::trapezoid(-9.0, 9.0, 60);
    /// let gauss = |x: &score_matching::Matrix| (x.squared_norm() * -0.5).exp();
    /// let area = rule.integrate(&gauss(&rule.nodes));
    /// assert!((area - std::f64::consts::TAU.sqrt()).abs() < 1e-14);
    /// ```
    ///
    /// # Panics
    /// If there is no step, or the interval is not finite or its ends do not increase.
    #[track_caller]
    pub fn trapezoid(low: f64, high: f64, steps: usize) -> Self {
        let h = length(low, high) / count("steps", steps, usize::MAX - 1) as f64;
        let nodes = Matrix::from_fn(steps + 1, 1, |i, _| low + h * i as f64);
        let weight = |i| if i == 0 || i == steps { 0.5 * h } else { h };
        Self { nodes, weights: Matrix::from_fn(steps + 1, 1, |i, _| weight(i)) }
    }

    /// ∫ over the pieces between neighbouring `ends`, of which the first and the last may be
    /// infinite, by the trapezoid rule in a variable t that carries the ends to infinity (Takahasi
    /// and Mori 1974):
    ///
    /// ```text
    /// (a, b)   x = a + (b − a) sigmoid(π sinh t)
    /// (a, ∞)   x = a + exp(t − e^(−t))               for what decays like e^(−x)
    /// ```
    ///
    /// An end may be a boundary, a jump, a kink or an integrable singularity: the convergence stays
    /// geometric, because f need not be analytic there.
    ///
    /// ```
    /// use score_matching::{Array, quadrature::Rule};
    ///
    /// let rule = Rule::double_exponential(&[0.0, 2.0, f64::INFINITY], 1.0 / 16.0);
    /// let x = &rule.nodes;
    /// let kinked = (x.clone() - 2.0).relu() * (-x.clone()).exp();
    /// assert!((rule.integrate(&kinked) - (-2.0_f64).exp()).abs() < 1e-15);
    /// ```
    ///
    /// # Panics
    /// If there is no piece, the ends do not increase, or one piece has both ends at infinity or is
    /// longer than the largest number; if the step is not between 10⁻⁶ and 1.
    #[track_caller]
    pub fn double_exponential(ends: &[f64], step: f64) -> Self {
        // Where the weights fall below rounding: e^(−π sinh 3.2) = 2e-17, e^(−e^3.7) = 3e-18, and on
        // the far side of a half-line e^(−x) at x = e^4.5 = 90.
        const FINITE: [f64; 2] = [-3.2, 3.2];
        const HALF: [f64; 2] = [-3.7, 4.5];
        // With a longer step three nodes would be left, with a shorter one many millions.
        assert!((1e-6..=1.0).contains(&step), "step = {step:?}: 1e-6 to 1 expected");
        assert!(ends.len() > 1, "ends {ends:?}: two expected at least");
        let sigmoid = |t: f64| 1.0 / (1.0 + (-t).exp());
        let mut pairs = Vec::new();
        for piece in ends.windows(2) {
            let (a, b) = (piece[0], piece[1]);
            let finite = !(a < b && a.is_finite() != b.is_finite());
            let ([from, to], width) =
                if finite { (FINITE, length(a, b)) } else { (HALF, f64::INFINITY) };
            let steps = ((to - from) / step).round() as i32;
            pairs.extend((0..=steps).map(|i| {
                let t = from + step * f64::from(i);
                if finite {
                    let (s, rest) = (sigmoid(PI * t.sinh()), sigmoid(-PI * t.sinh()));
                    return (a + width * s, step * width * s * rest * PI * t.cosh());
                }
                let y = (t - (-t).exp()).exp();
                let x = if a.is_finite() { a + y } else { b - y };
                (x, step * y * (1.0 + (-t).exp()))
            }));
        }
        Self {
            nodes: Matrix::from_fn(pairs.len(), 1, |i, _| pairs[i].0),
            weights: Matrix::from_fn(pairs.len(), 1, |i, _| pairs[i].1),
        }
    }

    /// Both variables by this rule: a rule in the plane with m² nodes.
    ///
    /// # Panics
    /// If the rule is not one-dimensional.
    #[track_caller]
    pub fn squared(&self) -> Self {
        let (m, d) = self.nodes.shape();
        assert!(d == 1, "a plane is made of two lines, not of {d} dimensions");
        let pick = |i: usize, j: usize| if j == 0 { i / m } else { i % m };
        Self {
            nodes: Matrix::from_fn(m * m, 2, |i, j| self.nodes.at(pick(i, j), 0)),
            weights: Matrix::from_fn(m * m, 1, |i, _| {
                self.weights.at(pick(i, 0), 0) * self.weights.at(pick(i, 1), 0)
            }),
        }
    }

    /// Σ wᵢ fᵢ for the values f (m, 1) at the nodes.
    #[track_caller]
    pub fn integrate(&self, values: &Matrix) -> f64 {
        self.weights.inner(values).sum().item()
    }

    /// The weights times a density's values at the nodes: what turns ∫ f q into Σ wᵢ fᵢ.
    #[track_caller]
    pub fn weighted(&self, density: &Matrix) -> Self {
        Self { nodes: self.nodes.clone(), weights: self.weights.clone() * density }
    }

    /// The nodes x moved to centre + scale · x, with the weights as they are: 𝔼 over
    /// N(centre, scale²) from one over N(0, 1). The centre is (1, d).
    ///
    /// # Panics
    /// If the scale is no positive number.
    #[track_caller]
    pub fn around(&self, centre: &Matrix, scale: f64) -> Self {
        let nodes = self.nodes.clone() * positive("scale", scale);
        Self { nodes: nodes.add_row(centre), weights: self.weights.clone() }
    }
}

/// Σᵢⱼ wᵢ vⱼ f(xᵢ, zⱼ) over the nodes of two rules: 𝔼 over a clean point and its noise, say. The
/// function gets pairs of nodes row by row, x (m, d) and z (m, e), and returns (m, 1).
#[track_caller]
pub fn double(outer: &Rule, inner: &Rule, f: impl Fn(&Matrix, &Matrix) -> Matrix) -> f64 {
    // All pairs at once may be millions; blocks of this many rows stay in the cache.
    const ROWS: usize = 1 << 12;
    let (n, m) = (outer.nodes.rows(), inner.nodes.rows());
    let block = (ROWS / m.max(1)).max(1);
    let mut sum = 0.0;
    for start in (0..n).step_by(block) {
        let rows: Vec<usize> = (start..n.min(start + block)).collect();
        let each = |of: &Matrix| of.select(&rows).linear(Linear::Each(m));
        let tile = |of: &Matrix| of.clone().linear(Linear::Tile(rows.len()));
        let weights = each(&outer.weights) * tile(&inner.weights);
        sum += weights.inner(&f(&each(&outer.nodes), &tile(&inner.nodes))).sum().item();
    }
    sum
}

/// Σ wᵢ fᵢ as a formula, for weights that stay numbers while f is differentiated.
#[track_caller]
pub fn expectation<A: Array>(weights: &Matrix, values: &A) -> A {
    values.inner(&weights.lift(values)).sum_over_samples()
}

/// The finer of two values of one integral, if the coarser was within `tolerance` of it.
///
/// # Panics
/// If it was not: the nodes are too few to prove anything.
#[track_caller]
pub fn converged(coarse: f64, fine: f64, tolerance: f64) -> f64 {
    let gap = (coarse - fine).abs();
    assert!(gap <= tolerance, "the quadrature has not converged: {coarse} against {fine}");
    fine
}
