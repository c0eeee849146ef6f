//! T25 for Gaussians, every number about them an indeterminate: the integrals are moments, and the
//! identities are proved *after* integration.

use super::{Gaussian, Smoothed};
use crate::{
    array::{Array, Linear},
    autodiff::Dual,
    grid::Exact,
    identity::squared,
    model::Parameters,
};

/// q = N(a, diag(r²)) and p = N(b, diag(s²)) at x = a + r z, z ~ N(0, I).
///
/// The noise is in r and s already: for all of them is for all t.
pub struct Gaussians {
    pair: Smoothed<Exact>,
    z: Exact,
}

/// a, b, r, s in three dimensions, (1, 3) each.
pub fn named() -> [Exact; 4] {
    ["a", "b", "r", "s"].map(|name| Exact::named(name, 1, 3))
}

impl Gaussians {
    /// From a, b, r, s, (1, 3) each.
    pub fn of([a, b, r, s]: [Exact; 4]) -> Self {
        let z = Exact::named("z", 1, 3);
        let number = |x| z.constant(1, 1, |_, _| x);
        let gaussian = |mean: Exact, scale: &Exact| Gaussian {
            weight: number(1.0),
            mean,
            variances: squared(scale),
            axes: z.constant(3, 3, |i, j| f64::from(u8::from(i == j))),
        };
        let x = z.clone() * &r + &a;
        let (q, p) = (vec![gaussian(a, &r)], vec![gaussian(b, &s)]);
        Self { pair: Smoothed { q, p, t: number(0.0), weights: number(0.0), x }, z }
    }

    /// d/dt KL(q‖p) and d/dt H(q), from the speeds of a, r² and s², (1, 3) each: r moves at half that of
    /// r² over r, and the point a + r z with it.
    pub fn slopes(&self, [mean, wide, narrow]: [Exact; 3]) -> [Exact; 2] {
        let (Smoothed { x, .. }, [q, p]) = (&self.pair, self.laws());
        // z/(2r) = r z/(2r²)
        let drift = (x.clone() - &q.mean) * q.variances.clone().reciprocal() * &wide * 0.5 + &mean;
        let mut moving = Smoothed { x: Dual::along(x, &drift), ..self.pair.constants() };
        moving.q[0].mean = Dual::along(&q.mean, &mean);
        moving.q[0].variances = Dual::along(&q.variances, &wide);
        moving.p[0].variances = Dual::along(&p.variances, &narrow);
        let [log_q, log_p] = moving.log_densities();
        [log_q.clone() - log_p, -log_q].map(|f| self.mean(&f.tangents_or_zero(1)))
    }

    /// The same as noise comes to both: r² and s² move at speed 1.
    fn under_noise(&self) -> [Exact; 2] {
        self.slopes([0.0, 1.0, 1.0].map(|speed| self.z.constant(1, 3, |_, _| speed)))
    }

    /// q and p
    pub fn laws(&self) -> [&Gaussian<Exact>; 2] {
        [&self.pair.q[0], &self.pair.p[0]]
    }

    /// 𝔼 f(x)
    fn mean(&self, f: &Exact) -> Exact {
        f.gaussian_mean(&self.z)
    }

    /// KL(q‖p)
    pub fn divergence(&self) -> Exact {
        let [log_q, log_p] = self.pair.log_densities();
        self.mean(&(log_q - log_p))
    }

    /// F(q‖p)
    pub fn fisher_divergence(&self) -> Exact {
        self.mean(&self.pair.score_difference().squared_norm())
    }

    /// I(q)
    fn fisher_information(&self) -> Exact {
        let [of_q, _] = self.pair.scores();
        self.mean(&of_q.squared_norm())
    }
}

/// d/dt KL(q_t‖p_t) and d/dt H(q_t); −½ F and ½ I, times a factor that should be 1.
pub(super) fn lyu(factor: f64) -> [Vec<Exact>; 2] {
    let i = Gaussians::of(named());
    let right = [i.fisher_divergence() * (-0.5 * factor), i.fisher_information() * (0.5 * factor)];
    [i.under_noise().into(), right.into()]
}

/// d/dt KL(q_t‖p_t) and −½ F(p_t‖q_t).
pub(super) fn exchanged() -> [Vec<Exact>; 2] {
    let [a, b, r, s] = named();
    let [slope, _] = Gaussians::of([a.clone(), b.clone(), r.clone(), s.clone()]).under_noise();
    [vec![slope], vec![Gaussians::of([b, a, s, r]).fisher_divergence() * -0.5]]
}

/// d/dt KL(q_t‖p_t) and d/dt H(q_t); −½ Σ ((r² − s²)²/(r² s⁴) + (a − b)²/s⁴) and ½ Σ 1/r².
pub(super) fn closed_form() -> [Vec<Exact>; 2] {
    let [a, b, r, s] = named();
    let narrow = squared(&squared(&s)).reciprocal();
    let widths = squared(&(squared(&r) - squared(&s))) * squared(&r).reciprocal();
    let right = ((widths + squared(&(a - b))) * narrow).sum_over_dimensions() * -0.5;
    let information = squared(&r).reciprocal().sum_over_dimensions();
    [Gaussians::of(named()).under_noise().into(), vec![right, information * 0.5]]
}

/// KL(q‖p) for p = N(b, v I), and ½ v F less ½ Σ (v/r² − 1 − log(v/r²)), of which no term is negative.
pub(super) fn log_sobolev() -> [Vec<Exact>; 2] {
    let [a, b, r, _] = named();
    let v = squared(&Exact::named("s", 1, 1));
    let s = Exact::named("s", 1, 1).linear(Linear::Spread(3));
    let i = Gaussians::of([a, b, r.clone(), s.clone()]);
    let (wide, narrow) = (squared(&s), squared(&r));
    let logs = wide.clone().ln() - narrow.clone().ln();
    let rest = (wide * narrow.reciprocal() - 1.0 - logs).sum_over_dimensions();
    [vec![i.divergence()], vec![(i.fisher_divergence() * v - rest) * 0.5]]
}
