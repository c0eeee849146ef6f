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

use crate::{
    array::{Array, Linear},
    matrix::Matrix,
};
use std::f64::consts::PI;

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
    pub fn trapezoid(low: f64, high: f64, steps: usize) -> Self {
        let h = (high - low) / steps as f64;
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
    /// If the ends do not increase, or one piece has both ends at infinity.
    #[track_caller]
    pub fn double_exponential(ends: &[f64], step: f64) -> Self {
        // Where the weights fall below rounding: e^(−π sinh 3.2) = 2e-17, e^(−e^3.7) = 3e-18, and on
        // the far side of a half-line e^(−x) at x = e^4.5 = 90.
        const FINITE: [f64; 2] = [-3.2, 3.2];
        const HALF: [f64; 2] = [-3.7, 4.5];
        let sigmoid = |t: f64| 1.0 / (1.0 + (-t).exp());
        let mut pairs = Vec::new();
        for piece in ends.windows(2) {
            let (a, b) = (piece[0], piece[1]);
            assert!(a < b && (a.is_finite() || b.is_finite()), "a piece from {a} to {b}");
            let finite = a.is_finite() && b.is_finite();
            let [from, to] = if finite { FINITE } else { HALF };
            let steps = ((to - from) / step).round() as i32;
            pairs.extend((0..=steps).map(|i| {
                let t = from + step * f64::from(i);
                if finite {
                    let (s, rest) = (sigmoid(PI * t.sinh()), sigmoid(-PI * t.sinh()));
                    return (a + (b - a) * s, step * (b - a) * s * rest * PI * t.cosh());
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

    /// ∫ from `low` to `high` dx, exact for polynomials of degree up to 2n − 1.
    ///
    /// The nodes are the zeros of the Legendre polynomial Pₙ, by Newton from Tricomi's
    /// approximation cos(π(i + ¾)/(n + ½)).
    ///
    /// ```
    /// use score_matching::{Array, quadrature::Rule};
    ///
    /// let rule = Rule::gauss_legendre(0.0, 1.0, 3);
    /// let x5 = score_matching::Matrix::from_fn(3, 1, |i, _| rule.nodes.at(i, 0).powi(5));
    /// assert!((rule.integrate(&x5) - 1.0 / 6.0).abs() < 1e-15);
    /// ```
    pub fn gauss_legendre(low: f64, high: f64, n: usize) -> Self {
        // Pₙ and Pₙ′ by (k + 1) P₍ₖ₊₁₎ = (2k + 1) x Pₖ − k P₍ₖ₋₁₎.
        let legendre = |x: f64| {
            let (mut before, mut here) = (0.0, 1.0);
            for k in 0..n {
                let k = k as f64;
                let next = ((2.0 * k + 1.0) * x * here - k * before) / (k + 1.0);
                (before, here) = (here, next);
            }
            (here, n as f64 * (before - x * here) / (1.0 - x * x))
        };
        let newton = |x: f64| {
            let (p, slope) = legendre(x);
            x - p / slope
        };
        let zero = |i: usize| {
            let start = (PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
            (0..5).fold(start, |x, _| newton(x)) // three suffice: the start is good to n⁻⁴
        };
        let zeros: Vec<f64> = (0..n).map(zero).collect();
        let half = 0.5 * (high - low);
        let weight = |x: f64| {
            let (_, slope) = legendre(x);
            2.0 * half / ((1.0 - x * x) * slope * slope)
        };
        Self {
            nodes: Matrix::from_fn(n, 1, |i, _| low + half * (1.0 + zeros[i])),
            weights: Matrix::from_fn(n, 1, |i, _| weight(zeros[i])),
        }
    }

    /// 𝔼 over N(0, 1): Σ wᵢ f(xᵢ), exact for polynomials of degree up to 2n − 1.
    ///
    /// The nodes are the zeros of the Hermite function hₙ, whose recurrence
    /// h₍ₖ₊₁₎ = x √(2/(k+1)) hₖ − √(k/(k+1)) h₍ₖ₋₁₎ neither over- nor underflows for n up to a few
    /// hundred; they are bracketed by the zeros of the one before and found by bisection and Newton.
    ///
    /// ```
    /// use score_matching::{Array, quadrature::Rule};
    ///
    /// let rule = Rule::gauss_hermite(10);
    /// let x2 = rule.nodes.clone() * &rule.nodes;
    /// let x8 = x2.clone() * &x2 * &x2 * &x2;
    /// assert!((rule.integrate(&x8) - 105.0).abs() < 1e-11); // 7 · 5 · 3
    /// ```
    pub fn gauss_hermite(n: usize) -> Self {
        // In the physicists' variable t, with weight e^(−t²); x = √2 t in the end.
        let pi4 = PI.powf(-0.25);
        let hermite = |n: usize, t: f64| {
            let (mut before, mut here) = (0.0, pi4 * (-0.5 * t * t).exp());
            for k in 0..n {
                let k = k as f64;
                let next = t * (2.0 / (k + 1.0)).sqrt() * here - (k / (k + 1.0)).sqrt() * before;
                (before, here) = (here, next);
            }
            (here, before)
        };
        let mut zeros: Vec<f64> = Vec::new();
        for degree in 1..=n {
            // All zeros lie within √(2n + 1), and those of one degree separate those of the next.
            let end = (2.0 * degree as f64 + 1.0).sqrt();
            let mut fences = vec![-end];
            fences.append(&mut zeros);
            fences.push(end);
            zeros = fences
                .windows(2)
                .map(|fence| {
                    let (mut low, mut high) = (fence[0], fence[1]);
                    let rising = hermite(degree, low).0 < 0.0;
                    while (high - low) > 1e-15 * end {
                        let middle = 0.5 * (low + high);
                        if middle <= low || middle >= high {
                            break;
                        }
                        let below = hermite(degree, middle).0 < 0.0;
                        if below == rising { low = middle } else { high = middle }
                    }
                    0.5 * (low + high)
                })
                .collect();
        }
        // w = 1/(n h₍ₙ₋₁₎(t)²) · e^(−t²), normalised to a probability.
        let weight = |t: f64| {
            let (_, before) = hermite(n, t);
            (-t * t).exp() / (n as f64 * before * before)
        };
        let root2 = std::f64::consts::SQRT_2;
        let raw: Vec<f64> = zeros.iter().map(|&t| weight(t)).collect();
        let total: f64 = raw.iter().sum();
        Self {
            nodes: Matrix::from_fn(n, 1, |i, _| root2 * zeros[i]),
            weights: Matrix::from_fn(n, 1, |i, _| raw[i] / total),
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
    #[track_caller]
    pub fn around(&self, centre: &Matrix, scale: f64) -> Self {
        let nodes = self.nodes.clone() * scale;
        Self { nodes: nodes.add_row(centre), weights: self.weights.clone() }
    }
}

/// Σᵢⱼ wᵢ vⱼ f(xᵢ, zⱼ) over the nodes of two rules: 𝔼 over a clean point and its noise, say. The
/// function gets pairs of nodes row by row, x (m, d) and z (m, e), and returns (m, 1).
pub fn double(outer: &Rule, inner: &Rule, f: impl Fn(&Matrix, &Matrix) -> Matrix) -> f64 {
    // All pairs at once may be millions; blocks of this many rows stay in the cache.
    const ROWS: usize = 1 << 12;
    let (n, m) = (outer.nodes.rows(), inner.nodes.rows());
    let block = (ROWS / m).max(1);
    let starts = (0..n).step_by(block);
    let part = |start: usize| {
        let rows: Vec<usize> = (start..n.min(start + block)).collect();
        let each = |of: &Matrix| of.select(&rows).linear(Linear::Each(m));
        let tile = |of: &Matrix| of.clone().linear(Linear::Tile(rows.len()));
        let weights = each(&outer.weights) * tile(&inner.weights);
        weights.inner(&f(&each(&outer.nodes), &tile(&inner.nodes))).sum().item()
    };
    starts.map(part).sum()
}

/// Σ wᵢ fᵢ as a formula, for weights that stay numbers while f is differentiated.
#[track_caller]
pub fn expectation<A: Array>(weights: &Matrix, values: &A) -> A {
    let (m, _) = values.shape();
    let weights = values.constant(m, 1, |i, _| weights.at(i, 0));
    values.inner(&weights).linear(Linear::Fold(m))
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
