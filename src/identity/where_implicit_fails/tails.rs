//! T32: densities with a score for which the expectations are infinite.
//!
//! An infinite integral has no two sides. What has two sides is the integral cut off, and its growth
//! as the cut is moved away: that is in closed form here, and it says how the mean over a sample
//! behaves, which is cut off by the sample's own extremes.

use super::edges::nodes;
use crate::{
    array::Array,
    autodiff::{Tape, Var},
    density::{Density, Univariate},
    grid::Exact,
    identity::{Sides, number},
    matrix::Matrix,
};
use rand::{Rng, RngExt};
use std::f64::consts::FRAC_2_PI;

/// 𝔼[f(X); X between the first and the last of the ends], for f q smooth between neighbours.
fn truncated(density: Univariate, ends: &[f64], fineness: usize, f: impl Fn(f64) -> f64) -> f64 {
    let nodes = nodes(ends, fineness);
    let x = &nodes.nodes;
    density.rule(&nodes).integrate(&Matrix::from_fn(x.rows(), 1, |i, _| f(x.at(i, 0))))
}

/// A gamma density of shape a, and of it only what lies beyond r: there all is finite.
#[derive(Clone, Copy, Debug)]
pub struct GammaBeyond {
    /// a
    pub shape: f64,
    /// r
    pub cut: f64,
}

impl GammaBeyond {
    const fn density(self) -> Univariate {
        Univariate::Gamma { shape: self.shape }
    }

    const fn ends(self) -> [f64; 2] {
        [self.cut, f64::INFINITY]
    }

    fn mean(self, fineness: usize, f: impl Fn(f64) -> f64) -> f64 {
        truncated(self.density(), &self.ends(), fineness, f)
    }

    /// 𝔼[((log q)′)²; X > r] by quadrature.
    pub fn information(self, fineness: usize) -> f64 {
        self.mean(fineness, |x| self.density().score_at(x).powi(2))
    }

    /// T32: the same by parts. (log q)′ = (a − 1)/x − 1 makes q′ and (q/x)′ combinations of q/x², q/x
    /// and q, so that two integrations leave the sum of
    ///
    /// ```text
    /// P(X > r)/(a − 2)  +  q(r) (a − 3)/(a − 2)  +  (a − 1)² q(r)/(r (2 − a))
    /// ```
    ///
    /// For a > 2 the last two vanish with r and I(q) = 1/(a − 2). For a < 2 the last grows like
    /// r^(a − 2) without bound, unless a = 1, whose score is the constant −1.
    pub fn closed_form(self, fineness: usize) -> [f64; 3] {
        let Self { shape: a, cut } = self;
        let q = self.density().log_density_at(cut).exp();
        let mass = self.mean(fineness, |_| 1.0);
        [mass / (a - 2.0), q * (a - 3.0) / (a - 2.0), (a - 1.0).powi(2) * q / (cut * (2.0 - a))]
    }

    /// The information by quadrature, and what is claimed of it.
    fn against(self, claimed: impl Fn(usize) -> f64) -> Sides {
        let terms = self.mean(1, |x| ((self.shape - 1.0).abs() / x + 1.0).powi(2))
            + self.closed_form(1).map(f64::abs).iter().sum::<f64>();
        Sides::doubled(|fineness| {
            let sides = [self.information(fineness), claimed(fineness)].map(number);
            Sides::integrals(sides, number(terms), nodes(&self.ends(), fineness).nodes.rows())
        })
    }

    /// The shape that ISM prefers among gamma scores (a′ − 1)/x − 1 on what lies beyond r:
    /// a′ = 2 + 𝔼[1/x]/𝔼[1/x²]. As r → 0 it is 2, whatever a ≤ 2 is.
    pub fn best_shape(self) -> f64 {
        2.0 + self.mean(1, |x| 1.0 / x) / self.mean(1, |x| 1.0 / (x * x))
    }
}

/// T32: the closed form, differentiated by r: with q = e^((a − 1) log r − r), for every a and r,
///
/// ```text
/// d/dr ((a − 3) q − (a − 1)² q/r) − q   and   −(a − 2) ((a − 1)/r − 1)² q
/// ```
///
/// The sides of the closed form, times a − 2, vanish at infinity; so they are equal if these are.
/// (A factor 1/Γ(a) is common to all.)
pub fn slope_of_closed_form() -> [Vec<Exact>; 2] {
    let tape = Tape::new();
    let [a, r] = ["a", "r"].map(|name| tape.var(&Exact::named(name, 1, 1)));
    let q = ((a - 1.0) * r.ln() - r).exp();
    let inverse = r.reciprocal();
    let parts = (a - 3.0) * q - (a - 1.0) * (a - 1.0) * q * inverse;
    let score = (a - 1.0) * inverse - 1.0;
    let left = parts.grad(&[r])[0] - q;
    [left, -(a - 2.0) * score * score * q].map(|side: Var<_>| vec![side.value()])
}

/// T32 for a = 2, in the same way: the information beyond r is E₁(r) − b (1 − r) e⁻ʳ with
/// E₁(r) = ∫ᵣ^∞ e⁻ˣ/x dx. The theorem says b = 1.
///
/// ```text
/// −e⁻ʳ/r − b d/dr (1 − r) e⁻ʳ   and   −(1/r − 1)² r e⁻ʳ
/// ```
pub fn slope_of_shape_two(b: f64) -> [Vec<Exact>; 2] {
    let tape = Tape::new();
    let r = tape.var(&Exact::named("r", 1, 1));
    let (decay, inverse) = ((-r).exp(), r.reciprocal());
    let rest = ((-r + 1.0) * decay).grad(&[r])[0];
    let score = inverse - 1.0;
    [-decay * inverse - rest * b, -score * score * r * decay].map(|side: Var<_>| vec![side.value()])
}

/// T32: the information of a gamma density of shape a < 2 beyond r, and its closed form.
pub fn gamma(rng: &mut impl Rng) -> Sides {
    let (shape, cut) = (rng.random_range(0.3..1.9), 10.0_f64.powf(rng.random_range(-6.0..-1.0)));
    let gamma = GammaBeyond { shape, cut };
    gamma.against(|fineness| gamma.closed_form(fineness).iter().sum())
}

/// T32: 𝔼[x²; |x| < R] of the Cauchy density by quadrature, in halves of (−R, R), and (2/π)(R − arctan R),
/// which grows like R.
pub fn cauchy(rng: &mut impl Rng) -> Sides {
    let radius = 10.0_f64.powf(rng.random_range(0.5..6.0));
    // Cut at 1, where the density begins to fall: near 0 and R alone the nodes are too sparse there.
    let ends = [0.0, 1.0, radius];
    Sides::doubled(|fineness| {
        let square = 2.0 * truncated(Univariate::Cauchy, &ends, fineness, |x| x * x);
        let sides = [square, FRAC_2_PI * (radius - radius.atan())].map(number);
        // (2/π)(R + π/2) < R for the least R.
        Sides::integrals(sides, number(radius), nodes(&ends, fineness).nodes.rows())
    })
}

/// A false neighbour of T32: a density with a score has a Fisher information, so what lies nearer to
/// the edge than r = 10⁻³ adds nothing that matters.
pub fn settled() -> Sides {
    let gamma = GammaBeyond { shape: 1.5, cut: 1e-3 };
    gamma.against(|fineness| GammaBeyond { cut: gamma.cut / 16.0, ..gamma }.information(fineness))
}
