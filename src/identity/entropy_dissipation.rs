//! T34: along Langevin dynamics the Kullback–Leibler divergence falls at the speed of explicit score
//! matching.
//!
//! Let q_t be the law of the diffusion dX = ½∇ log p dt + dW, which keeps p. Then
//!
//! ```text
//! d/dt KL(q_t‖p) = −½ F(q_t‖p) = −ESM_q_t(∇ log p),      F(q‖p) = 𝔼_q‖∇ log q − ∇ log p‖²
//! d/dt F(q_t‖p)  = −𝔼_q_t[‖∇²h‖_F² − ⟨∇h, ∇²log p ∇h⟩],  h = log(q_t/p)
//! ```
//!
//! If −∇² log p ⪰ ρI, the second line is at most −ρF (Bakry and Émery 1985). Integrated over all times
//! that is log-Sobolev, KL ≤ F/(2ρ), and with the first line KL(q_t‖p) ≤ e^(−ρt) KL(q₀‖p).
//!
//! In T25 noise moves q and p alike; here p rests. Both lines are proved *before* integration, for all
//! densities at once.
//!
//! The page: `proofs/entropy_dissipation.md`.

use super::{
    Claim, Evidence, Sides, Theorem, enclosed,
    fisher_kl::{
        Gaussian, Pair, Smoothed,
        gaussian::{Gaussians, named},
    },
    jets::{BasePoint, Germ, scaled},
    maximum,
};
use crate::{
    array::{Array, Linear},
    autodiff::Tape,
    grid::Exact,
    matrix::Matrix,
};
use rand::RngExt;

/// The theorem of this page.
pub const THEOREMS: &[Theorem] = &[Theorem {
    number: 34,
    statement: "dX = ½∇ log p dt + dW: d/dt KL(q_t‖p) = −½F = −ESM, and KL ≤ e^(−ρt)KL₀ if −∇²log p ⪰ ρI",
    claims: &[
        Claim::one("d/dt KL, before integration", EVERY_DENSITY, || dissipation(0.5)),
        Claim::one("d/dt F, before integration", EVERY_DENSITY, || curvature(0.0)),
        Claim::one("d/dt KL = −½F after integration", EVERY_GAUSSIAN, || gaussian(0.5)),
        Claim::one("d/dt KL = −ρ KL for N(m, I/ρ)", "d = 3, every m, ρ", || shifted(1.0)),
        Claim::any("d/dt KL(q_t‖p) = −½F(q_t‖p)", TWO_MODES, |rng| {
            let modes = Pair::two_modes(rng.random_range(0.3..1.5), rng.random_range(0.1..0.9));
            let pair = modes.against_gaussian(rng.random_range(0.5..1.0));
            let t = rng.random_range(0.1..2.0);
            let at_nodes = |fineness| after(&pair, t, fineness);
            Sides::doubled_rounding(at_nodes, rates, |i| rates(&enclosed(i)))
        }),
        Claim::one("KL(q_t‖p) ≤ e^(−ρt) KL(q₀‖p)", EXAMPLE, || decay(1.0)),
    ],
    false_statements: &[
        Claim::one("d/dt KL(q_t‖p) = −F(q_t‖p), before integration", EVERY_DENSITY, || {
            dissipation(1.0)
        }),
        Claim::one("d/dt KL(q_t‖p) = −F(q_t‖p)", EVERY_GAUSSIAN, || gaussian(1.0)),
        Claim::one("d/dt F as if p were flat", EVERY_DENSITY, || curvature(1.0)),
        Claim::one("d/dt KL = −2ρ KL for N(m, I/ρ)", "d = 3, every m, ρ", || shifted(2.0)),
        Claim::one("KL(q_t‖p) ≤ e^(−2ρt) KL(q₀‖p)", EXAMPLE, || decay(2.0)),
    ],
}];

const EVERY_DENSITY: &str = "d = 1, 2, every log q and log p, every x";
const EVERY_GAUSSIAN: &str = "d = 3, all means and variances";
const TWO_MODES: &str = "two random modes on the line, p = N(0, 1/ρ), ρ from ½ to 1";
const EXAMPLE: &str = "two modes, p = N(0, ½), t = ½";

/// log q and h = log(q/p) at a point, with the score of q and ∇h, and how fast log q changes. By the
/// Fokker–Planck equation ∂q/∂t = ½ div(q ∇h) that is (1/(2q)) div(q∇h).
struct Flow<'t> {
    at: BasePoint<'t>,
    h: Germ<'t>,
    score: Germ<'t>,
    slope: Germ<'t>,
    rate: Germ<'t>,
}

impl<'t> Flow<'t> {
    fn new(tape: &'t Tape<Exact>, d: usize) -> Self {
        let at = BasePoint::origin(tape, d);
        let (log_q, log_p) = (at.every("u", 3), at.every("w", 3));
        let (h, score) = (log_q - log_p, at.gradient(log_q));
        let slope = at.gradient(h);
        Self { at, h, score, slope, rate: at.weighted_divergence(score, slope) * 0.5 }
    }

    /// (1/q) div(q v), which integrates to 0 over q.
    fn nothing(&self, v: Germ<'t>) -> Germ<'t> {
        self.at.weighted_divergence(self.score, v)
    }
}

/// The two sides in one and two dimensions.
fn both(sides: impl Fn(Flow<'_>) -> [Exact; 2]) -> Sides {
    Sides::proofs([1, 2].map(|d| sides(Flow::new(&Tape::new(), d)).map(|side| vec![side])))
}

/// (1/q) ∂(qh)/∂t and (1/q) div(q j) − a‖∇h‖², j = ½(h + 1)∇h; the truth has a = ½.
fn dissipation(a: f64) -> Sides {
    both(|c| {
        let left = c.rate * (c.h + 1.0);
        let flux = scaled(c.slope, c.h + 1.0) * 0.5;
        [left, c.nothing(flux) - c.slope.squared_norm() * a].map(|side| side.value())
    })
}

/// (1/q) ∂(q‖∇h‖²)/∂t and (1/q) div(q k) − ‖∇²h‖² + ⟨∇h, ∇²log p ∇h⟩, k = ½(‖∇h‖²∇h + ∇‖∇h‖²). The
/// curvature of p is that of q less that of h; `flat` of it is left out.
fn curvature(flat: f64) -> Sides {
    both(|c| {
        let square = c.slope.squared_norm();
        let left = c.rate * square + c.slope.inner(&c.at.gradient(c.rate)) * 2.0;
        let flux = (scaled(c.slope, square) + c.at.gradient(square)) * 0.5;
        // Σᵢ ‖∇∂ᵢh‖²
        let rows = c.at.by_components(c.slope, |part| c.at.gradient(part).squared_norm());
        let bend = c.slope.inner(&c.at.along(c.slope, c.score - c.slope));
        let right = c.nothing(flux) - rows.sum_over_dimensions() + bend * (1.0 - flat);
        [left, right].map(|side| side.value())
    })
}

/// d/dt KL(q_t‖p) along the diffusion of p = N(b, diag(s²)), from q = N(a, diag(r²)): a moves at
/// −½(a − b)/s² and r² at 1 − r²/s².
fn slope_on_gaussians(i: &Gaussians) -> Exact {
    let [q, p] = i.laws();
    let precision = p.variances.clone().reciprocal();
    let pull = (q.mean.clone() - &p.mean) * &precision * -0.5;
    let widen = -(q.variances.clone() * precision) + 1.0;
    let [slope, _] = i.slopes([pull, widen, p.variances.clone() * 0.0]);
    slope
}

/// d/dt KL and −a F; the truth has a = ½.
fn gaussian(factor: f64) -> Sides {
    let i = Gaussians::of(named());
    Sides::proof([vec![slope_on_gaussians(&i)], vec![i.fisher_divergence() * -factor]])
}

/// d/dt KL and −c KL/s² for q₀ = N(a, s²I), p = N(b, s²I); the truth has c = 1.
fn shifted(c: f64) -> Sides {
    let ([a, b, ..], one) = (named(), Exact::named("s", 1, 1));
    let s = one.clone().linear(Linear::Spread(3));
    let i = Gaussians::of([a, b, s.clone(), s]);
    let precision = (one.clone() * one).reciprocal();
    Sides::proof([vec![slope_on_gaussians(&i)], vec![i.divergence() * precision * -c]])
}

/// q₀ and p with t = 0 there being time t of the diffusion: what [`relaxed`] expects, at nodes that are
/// fine enough for q₀ and p, and so for all that lies between.
pub fn after(pair: &Pair, t: f64, fineness: usize) -> Smoothed {
    Smoothed { t: Matrix::from_rows([[t]]), ..pair.smoothed(0.0, fineness) }
}

/// q_t and p for p = N(0, diag(v)) and a mixture q₀ along the same axes, where t is the time of the
/// diffusion: means shrink by e^(−t/(2v)), and variances go to v like e^(−t/v).
///
/// # Panics
/// If p has not one component.
#[track_caller]
pub fn relaxed<A: Array>(i: &Smoothed<A>) -> Smoothed<A> {
    assert!(i.p.len() == 1, "p has {} components: one Gaussian expected", i.p.len());
    let v = &i.p[0].variances;
    let (_, d) = v.shape();
    let time = i.t.clone().linear(Linear::Spread(d)) * v.clone().reciprocal();
    let keep = (time * -0.5).exp();
    let component = |part: &Gaussian<A>| Gaussian {
        mean: part.mean.clone() * &keep,
        variances: (part.variances.clone() - v) * &keep * &keep + v,
        ..part.clone()
    };
    let q = i.q.iter().map(component).collect();
    Smoothed { q, t: i.t.constant(1, 1, |_, _| 0.0), ..i.clone() }
}

/// d/dt KL(q_t‖p) by moving t, and −½F(q_t‖p).
pub fn rates<A: Array>(i: &Smoothed<A>) -> [Vec<A>; 2] {
    let slope = relaxed(&i.moving()).divergence().tangents_or_zero(1);
    [vec![slope], vec![relaxed(i).fisher_divergence() * -0.5]]
}

/// 0.3 N(−1, ¼) + 0.7 N(3/2, ½) and p = N(0, ½), so ρ = 2.
pub fn example() -> Pair {
    let q = vec![Gaussian::new(0.3, [-1.0], [0.25]), Gaussian::new(0.7, [1.5], [0.5])];
    Pair { q, p: vec![] }.against_gaussian(2.0)
}

/// KL(q_t‖p) and e^(−cρt) KL(q₀‖p), which is as large at least for c = 1: the sides are the larger of
/// both, and the second.
fn decay(c: f64) -> Sides {
    fn sides<A: Array>(i: &Smoothed<A>, c: f64) -> [Vec<A>; 2] {
        let rho = i.p[0].variances.clone().reciprocal();
        let start = Smoothed { t: i.t.constant(1, 1, |_, _| 0.0), ..i.clone() };
        let bound = (rho * &i.t * -c).exp() * start.divergence();
        [vec![maximum(relaxed(i).divergence(), &bound)], vec![bound]]
    }
    let i = after(&example(), 0.5, 1);
    Sides::rounding(sides(&i, c), sides(&enclosed(&i), c)).resting_on(Evidence::Quadrature)
}
