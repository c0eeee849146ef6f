//! Rules whose nodes are the zeros of orthogonal polynomials.

use super::{Rule, count, length};
use crate::matrix::Matrix;
use std::f64::consts::PI;

impl Rule {
    /// ∫ from `low` to `high` dx, exact for polynomials of degree up to 2n − 1.
    ///
    /// The nodes are the zeros of the Legendre polynomial Pₙ, by Newton from Tricomi's
    /// approximation cos(π(i + ¾)/(n + ½)), and found as distances from the nearer end, so that those
    /// and the weights are precise also where the nodes crowd: up to n = 1000 to 2 · 10⁻¹⁴ of each.
    ///
    /// ```
    /// use score_matching::{Array, quadrature::Rule};
    ///
    /// let rule = Rule::gauss_legendre(0.0, 1.0, 3);
    /// let x5 = score_matching::Matrix::from_fn(3, 1, |i, _| rule.nodes.at(i, 0).powi(5));
    /// assert!((rule.integrate(&x5) - 1.0 / 6.0).abs() < 1e-15);
    /// ```
    ///
    /// # Panics
    /// If n is not from 1 to 1000, or the interval is not finite or its ends do not increase.
    #[track_caller]
    pub fn gauss_legendre(low: f64, high: f64, n: usize) -> Self {
        let half = 0.5 * length(low, high);
        count("nodes", n, 1000);
        // Pₙ and Pₙ′ at x = 1 − y. The recurrence (k + 1) P₍ₖ₊₁₎ = (2k + 1) x Pₖ − k P₍ₖ₋₁₎ is written for
        // the steps Pₖ − P₍ₖ₋₁₎: near the end they are small, and as differences they would cancel.
        let legendre = |y: f64| {
            let (mut step, mut here) = (0.0, 1.0);
            for k in 0..n {
                let k = k as f64;
                step = (k * step - (2.0 * k + 1.0) * y * here) / (k + 1.0);
                here += step;
            }
            (here, n as f64 * (y * here - step) / (y * (2.0 - y)))
        };
        let newton = |y: f64| {
            let (p, slope) = legendre(y);
            y + p / slope
        };
        let distance = |i: usize| {
            let angle = PI * (i as f64 + 0.75) / (n as f64 + 0.5);
            let start = 2.0 * (0.5 * angle).sin().powi(2); // 1 − cos
            // Three steps suffice, for the start is good to n⁻⁴; the others cost nothing that counts.
            (0..5).fold(start, |y, _| newton(y))
        };
        let distances: Vec<f64> = (0..n.div_ceil(2)).map(distance).collect();
        let weight = |y: f64| {
            let (_, slope) = legendre(y);
            2.0 * half / (y * (2.0 - y) * slope * slope)
        };
        let nearer = |i: usize| distances[i.min(n - 1 - i)];
        let node = |i: usize| match half * nearer(i) {
            from_end if 2 * i < n => high - from_end,
            from_end => low + from_end,
        };
        Self {
            nodes: Matrix::from_fn(n, 1, |i, _| node(i)),
            weights: Matrix::from_fn(n, 1, |i, _| weight(nearer(i))),
        }
    }

    /// 𝔼 over N(0, 1): Σ wᵢ f(xᵢ), exact for polynomials of degree up to 2n − 1.
    ///
    /// The nodes are the zeros of the Hermite polynomial hₙ, scaled to 𝔼hₙ² = 1 by the recurrence
    /// √(k+1) h₍ₖ₊₁₎ = x hₖ − √k h₍ₖ₋₁₎. They are found by bisection, for h₀(x), …, hₙ(x) changes its sign
    /// as often as hₙ has zeros beyond x (Sturm), and by last steps of Newton, hₙ′ = √n h₍ₙ₋₁₎; the
    /// weights are 1/(n h₍ₙ₋₁₎²).
    ///
    /// ```
    /// use score_matching::{Array, quadrature::Rule};
    ///
    /// let rule = Rule::gauss_hermite(10);
    /// let x2 = rule.nodes.clone() * &rule.nodes;
    /// let x8 = x2.clone() * &x2 * &x2 * &x2;
    /// assert!((rule.integrate(&x8) - 105.0).abs() < 1e-11); // 7 · 5 · 3
    /// ```
    ///
    /// # Panics
    /// If n is not from 1 to 500: at the outermost node hₙ grows like e^(n), and would overflow at 700.
    #[track_caller]
    pub fn gauss_hermite(n: usize) -> Self {
        count("nodes", n, 500);
        // hₙ(x), h₍ₙ₋₁₎(x), and how often the sign has changed on the way
        let hermite = |x: f64| {
            let (mut before, mut here, mut changes) = (0.0, 1.0_f64, 0);
            for k in 0..n {
                let k = k as f64;
                let next = (x * here - k.sqrt() * before) / (k + 1.0).sqrt();
                changes += usize::from((next < 0.0) != (here < 0.0));
                (before, here) = (here, next);
            }
            (here, before, changes)
        };
        let end = (4.0 * n as f64 + 2.0).sqrt(); // all zeros lie within
        let bisected = |i: usize| {
            let (mut low, mut high) = (-end, end);
            while high - low > 1e-8 * end {
                let middle = 0.5 * (low + high);
                let (.., beyond) = hermite(middle);
                if beyond >= n - i { low = middle } else { high = middle }
            }
            0.5 * (low + high)
        };
        // A step turns an error e into x e²/2. Bisection leaves 10⁻⁸ of the end at most; at n = 500 one
        // step leaves up to 10⁻¹², and the second only rounding.
        let newton = |x: f64| {
            let (value, before, _) = hermite(x);
            x - value / ((n as f64).sqrt() * before)
        };
        let nodes: Vec<f64> = (0..n).map(|i| newton(newton(bisected(i)))).collect();
        let weight = |x: f64| {
            let (_, before, _) = hermite(x);
            1.0 / (n as f64 * before) / before // the square might be too large
        };
        Self {
            nodes: Matrix::from_fn(n, 1, |i, _| nodes[i]),
            weights: Matrix::from_fn(n, 1, |i, _| weight(nodes[i])),
        }
    }
}
