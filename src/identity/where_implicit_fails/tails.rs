//! T32: densities with a score for which the expectations are infinite.
//!
//! An infinite integral has no two sides. What has two sides is the integral cut off, and its growth
//! as the cut is moved away: that is in closed form here, and it says how the mean over a sample
//! behaves, which is cut off by the sample's own extremes.

use super::edges::nodes;
use crate::{
    array::Array,
    autodiff::Tape,
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

/// A gamma density of shape a ≤ 2, and of it only what lies beyond r: there all is finite.
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

    fn mean(self, fineness: usize, f: impl Fn(f64) -> f64) -> f64 {
        let density = Univariate::Gamma { shape: self.shape };
        truncated(density, &[self.cut, f64::INFINITY], fineness, f)
    }

    /// 𝔼[((log q)′)²; X > r] by quadrature.
    pub fn information(self, fineness: usize) -> f64 {
        let density = Univariate::Gamma { shape: self.shape };
        self.mean(fineness, |x| density.score_at(x) * density.score_at(x))
    }

    /// The quadrature against a closed form: that they agree shows that it has converged.
    fn against(self, closed_form: impl Fn(Self) -> f64) -> Sides {
        let sides = [number(self.information(1)), number(closed_form(self))];
        let count = nodes(&[self.cut, f64::INFINITY], 1).nodes.rows();
        Sides::integrals(sides, number(self.terms()), count)
    }

    /// Bounds Σ|terms| of both sides: those of the integrand, and of the closed form for a < 2.
    fn terms(self) -> f64 {
        let integrand = self.mean(1, |x| ((self.shape - 1.0).abs() / x + 1.0).powi(2));
        let parts = if self.shape < 2.0 { self.edge().map(f64::abs).iter().sum() } else { 1.0 };
        integrand + parts
    }

    /// The three terms of [`GammaBeyond::closed_form`] with P(X > r) replaced by 1.
    fn edge(self) -> [f64; 3] {
        let Self { shape: a, cut } = self;
        let q = Univariate::Gamma { shape: a }.log_density_at(cut).exp();
        [1.0 / (a - 2.0), q * (a - 3.0) / (a - 2.0), (a - 1.0) * (a - 1.0) * q / (cut * (2.0 - a))]
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
        let [mass, value, growth] = self.edge();
        mass * self.mean(2, |_| 1.0) + value + growth
    }

    /// The shape that ISM prefers among gamma scores (a′ − 1)/x − 1 on what lies beyond r:
    /// a′ = 2 + 𝔼[1/x]/𝔼[1/x²]. As r → 0 it is 2, whatever a ≤ 2 is.
    pub fn best_shape(self) -> f64 {
        2.0 + self.mean(1, |x| 1.0 / x) / self.mean(1, |x| 1.0 / (x * x))
    }
}

/// E₁(r) = ∫ᵣ^∞ e⁻ˣ/x dx = −γ − log r − Σ (−r)ᵏ/(k·k!), for r ≤ 1.
pub fn exponential_integral(r: f64) -> f64 {
    let (mut sum, mut power) = (-0.577_215_664_901_532_9 - r.ln(), 1.0);
    for k in 1..=20 {
        let k = f64::from(k);
        power *= -r / k; // (−r)ᵏ/k!
        sum -= power / k;
    }
    sum
}

/// T32: for a = 2 the information beyond r is E₁(r) − (1 − r) e⁻ʳ = log(1/r) − γ − 1 + O(r).
pub fn information_of_shape_two(r: f64) -> f64 {
    exponential_integral(r) - (1.0 - r) * (-r).exp()
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
    [vec![left.value()], vec![(-(a - 2.0) * score * score * q).value()]]
}

/// T32: 𝔼[x²; |x| < R] of the Cauchy density by quadrature, in halves of (0, R).
pub fn cauchy_square(radius: f64, fineness: usize) -> f64 {
    2.0 * truncated(Univariate::Cauchy, &cauchy_ends(radius), fineness, |x| x * x)
}

/// Cut at 1, where the density begins to fall: near 0 and R alone the nodes are too sparse there.
fn cauchy_ends(radius: f64) -> [f64; 3] {
    [0.0, radius.min(1.0), radius.max(1.0)]
}

/// The same in closed form: (2/π)(R − arctan R), which grows like R.
pub fn cauchy_square_in_closed_form(radius: f64) -> f64 {
    FRAC_2_PI * (radius - radius.atan())
}

/// T32: the information of a gamma density of shape a < 2 beyond r, and its closed form.
pub fn gamma(rng: &mut impl Rng) -> Sides {
    GammaBeyond::any(rng).against(GammaBeyond::closed_form)
}

/// T32: the same for a = 2.
pub fn gamma_of_shape_two(rng: &mut impl Rng) -> Sides {
    GammaBeyond { shape: 2.0, ..GammaBeyond::any(rng) }.against(|g| information_of_shape_two(g.cut))
}

/// T32: the second moment of what the Cauchy density has within R, and its closed form.
pub fn cauchy(rng: &mut impl Rng) -> Sides {
    let radius = 10.0_f64.powf(rng.random_range(0.5..6.0));
    let sides = [cauchy_square(radius, 1), cauchy_square_in_closed_form(radius)].map(number);
    let count = nodes(&cauchy_ends(radius), 1).nodes.rows();
    Sides::integrals(sides, number(radius), count)
}

/// A false neighbour of T32: for a = 2 the information beyond r is E₁(r), which is 𝔼[1/X²; X > r].
pub fn exponential_integral_alone() -> Sides {
    GammaBeyond { shape: 2.0, cut: 1e-3 }.against(|g| exponential_integral(g.cut))
}

/// A false neighbour of T32: a density with a score has a Fisher information, so what lies nearer to
/// the edge than r = 10⁻³ adds nothing that matters.
pub fn settled() -> Sides {
    let gamma = GammaBeyond { shape: 1.5, cut: 1e-3 };
    gamma.against(|gamma| GammaBeyond { cut: gamma.cut / 16.0, ..gamma }.information(2))
}
