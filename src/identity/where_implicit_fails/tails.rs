//! T32: densities with a score for which the expectations are infinite.
//!
//! An infinite integral has no two sides. What has two sides is the integral cut off, and its growth
//! as the cut is moved away: that is in closed form here, and it says how the mean over a sample
//! behaves, which is cut off by the sample's own extremes.

use super::edges::mean;
use crate::{
    density::Univariate,
    identity::{Evidence, OldCheck},
    matrix::{Matrix, Real},
};
use rand::{Rng, RngExt};
use std::f64::consts::FRAC_2_PI;

/// What these quadratures, of at most 820 nodes, may be off by, relative to Σ|terms|: the sum, and
/// nodes, weights and densities from exponents up to 45 each.
const TOLERANCE: f64 = 2.0 * (820.0 + 256.0) * f64::UNIT_ROUNDOFF;

/// 𝔼[f(X); X between the first and the last of the ends], for f q smooth between neighbours.
fn truncated(density: Univariate, ends: &[f64], scale: f64, f: impl Fn(f64) -> f64) -> f64 {
    let values = |x: &Matrix| Matrix::from_fn(x.rows(), 1, |i, _| f(x.at(i, 0)));
    mean(density, ends, TOLERANCE * scale, values)
}

/// A gamma density of shape a < 2, and of it only what lies beyond r: there all is finite.
#[derive(Clone, Copy, Debug)]
pub struct GammaBeyond {
    /// a
    pub shape: f64,
    /// r
    pub cut: f64,
}

impl GammaBeyond {
    /// a from 0.3 to 1.9, r from 10⁻⁶ to 10⁻¹.
    pub fn any(rng: &mut impl Rng) -> Self {
        let cut = 10.0_f64.powf(rng.random_range(-6.0..-1.0));
        Self { shape: rng.random_range(0.3..1.9), cut }
    }

    fn mean(self, f: impl Fn(f64) -> f64) -> f64 {
        let density = Univariate::Gamma { shape: self.shape };
        truncated(density, &[self.cut, f64::INFINITY], self.terms(), f)
    }

    /// 𝔼[((log q)′)²; X > r] by quadrature.
    pub fn information(self) -> f64 {
        let density = Univariate::Gamma { shape: self.shape };
        self.mean(|x| density.score_at(x) * density.score_at(x))
    }

    /// q(r), and the three terms of [`GammaBeyond::closed_form`] with P(X > r) replaced by 1.
    fn edge(self) -> (f64, [f64; 3]) {
        let Self { shape: a, cut } = self;
        let q = Univariate::Gamma { shape: a }.log_density_at(cut).exp();
        (
            q,
            [
                1.0 / (a - 2.0),
                q * (a - 3.0) / (a - 2.0),
                (a - 1.0) * (a - 1.0) * q / (cut * (2.0 - a)),
            ],
        )
    }

    /// Bounds Σ|terms| of both sides: on the side of the quadrature they are at most
    /// 2 (a − 1)² 𝔼[1/x²; x > r] + 2, and 𝔼[1/x²; x > r] ≤ q(r)/(r(2 − a)).
    fn terms(self) -> f64 {
        4.0 * self.edge().1.into_iter().map(f64::abs).sum::<f64>()
    }

    /// T32: the same by parts. (log q)′ = (a − 1)/x − 1 makes q′ and (q/x)′ combinations of q/x², q/x
    /// and q, so that two integrations leave
    ///
    /// ```text
    /// P(X > r)/(a − 2)  +  q(r) (a − 3)/(a − 2)  +  (a − 1)² q(r)/(r (2 − a))
    /// ```
    ///
    /// For a > 2 the last two vanish with r and I(q) = 1/(a − 2). For a < 2 the last grows like
    /// r^(a − 2) without bound, unless a = 1, whose score is the constant −1.
    pub fn closed_form(self) -> f64 {
        let [mass, value, growth] = self.edge().1;
        mass * self.mean(|_| 1.0) + value + growth
    }

    /// The shape that ISM prefers among gamma scores (a′ − 1)/x − 1 on what lies beyond r:
    /// a′ = 2 + 𝔼[1/x]/𝔼[1/x²]. As r → 0 it is 2, whatever a ≤ 2 is.
    pub fn best_shape(self) -> f64 {
        2.0 + self.mean(|x| 1.0 / x) / self.mean(|x| 1.0 / (x * x))
    }
}

/// T32: 𝔼[x²; |x| < R] of the Cauchy density by quadrature, in halves of (0, R).
pub fn cauchy_square(radius: f64) -> f64 {
    // Cut at 1, where the density begins to fall: near 0 and R alone the nodes are too sparse there.
    let ends = [0.0, radius.min(1.0), radius.max(1.0)];
    2.0 * truncated(Univariate::Cauchy, &ends, radius, |x| x * x)
}

/// The same in closed form: (2/π)(R − arctan R), which grows like R.
pub fn cauchy_square_in_closed_form(radius: f64) -> f64 {
    FRAC_2_PI * (radius - radius.atan())
}

/// T32: a truncated integral and its closed form, for gamma's Fisher information or Cauchy's second
/// moment.
pub fn growth(rng: &mut impl Rng) -> OldCheck {
    let check =
        |left, right, terms| OldCheck::new(Evidence::Quadrature, left, right, terms, TOLERANCE);
    if rng.random() {
        let gamma = GammaBeyond::any(rng);
        return check(gamma.information(), gamma.closed_form(), gamma.terms());
    }
    let radius = 10.0_f64.powf(rng.random_range(0.5..6.0));
    check(cauchy_square(radius), cauchy_square_in_closed_form(radius), radius)
}

/// The nearest false statement to T32: a density with a score has a Fisher information, so what
/// lies nearer to the edge than r = 10⁻³ adds nothing that matters. For a from 1.2 to 1.8 the next
/// factor of 16 about doubles it at least.
pub fn settled(rng: &mut impl Rng) -> OldCheck {
    let gamma = GammaBeyond { shape: rng.random_range(1.2..1.8), cut: 1e-3 };
    let nearer = GammaBeyond { cut: gamma.cut / 16.0, ..gamma };
    let (left, right) = (gamma.information(), nearer.information());
    OldCheck::new(Evidence::Quadrature, left, right, right, TOLERANCE)
}
