//! The example: a bound as tight as one likes whose slope is wrong by 1.

use crate::{
    array::Array,
    autodiff::{Dual, second::along_axes},
    grid::Exact,
    identity::squared,
    model::Parameters,
};

/// x|h ~ N(h, τ²) and a prior N(0, 1/(1/k² − 1/τ²)), so that the posterior is N(xk²/τ², k²); and
/// r = N(xk²/τ² + a, k²), off by a. All numbers are (1, 1).
///
/// Here S = (h − x)/τ², with the variance v = k²/τ⁴ given x.
#[derive(Clone, Debug)]
pub struct TightBound<A> {
    /// k, the standard deviation of the posterior.
    pub width: A,
    /// τ
    pub tau: A,
    /// a
    pub shift: A,
    /// x
    pub x: A,
}

impl<A> Parameters<A> for TightBound<A> {
    type With<B> = TightBound<B>;

    fn map<B>(self, mut f: impl FnMut(A) -> B) -> TightBound<B> {
        TightBound { width: f(self.width), tau: f(self.tau), shift: f(self.shift), x: f(self.x) }
    }
}

impl<A: Array> TightBound<A> {
    /// 1/τ²
    fn precision(&self) -> A {
        squared(&self.tau).reciprocal()
    }

    /// log p(x, h) up to the constant that [`Self::log_posterior`] lacks too, once log p(x) is their
    /// difference.
    fn log_joint(&self, x: &A, h: &A) -> A {
        let prior = squared(&self.width).reciprocal() - self.precision();
        (squared(h) * prior + squared(&(x.clone() - h)) * self.precision()) * -0.5
    }

    /// xk²/τ²
    fn centre(&self, x: &A) -> A {
        x.clone() * squared(&self.width) * self.precision()
    }

    fn log_posterior(&self, x: &A, h: &A) -> A {
        squared(&(h.clone() - self.centre(x))) * squared(&self.width).reciprocal() * -0.5
    }

    /// log p(x) = −½x²(1/τ² − v), up to the same constant.
    fn log_marginal(&self, x: &A) -> A {
        squared(x) * (self.precision() - self.variance()) * -0.5
    }

    /// v = k²/τ⁴, the variance of S given x.
    fn variance(&self) -> A {
        squared(&self.width) * squared(&self.precision())
    }

    /// log p(x, h) − log r(h) at h = centre + ku, r = N(centre, k²): its mean over u ~ N(0, 1) is the
    /// bound, up to the same constant.
    fn bound(&self, x: &A, centre: &A, u: &A) -> A {
        self.log_joint(x, &(u.clone() * &self.width + centre)) + squared(u) * 0.5
    }
}

impl TightBound<Exact> {
    /// All four numbers indeterminates.
    pub fn every() -> Self {
        let [width, tau, shift, x] = ["k", "τ", "a", "x"].map(|name| Exact::named(name, 1, 1));
        Self { width, tau, shift, x }
    }

    /// The mean bound, up to the constant of log p(x) = −½x²(1/τ² − v), and its slope in x: where r moves
    /// with x, or is held fixed.
    pub fn bound_and_slope(&self, moves: bool) -> [Exact; 2] {
        let (u, lifted) = (Exact::named("u", 1, 1), self.constants());
        let x = Dual::along(&self.x, &self.x.constant(1, 1, |_, _| 1.0));
        let at = if moves { &x } else { &lifted.x };
        let centre = lifted.centre(at) + &lifted.shift;
        let bound = lifted.bound(&x, &centre, &Dual::constant(&u));
        [bound.value.clone(), bound.tangents_or_zero(1)].map(|f| f.gaussian_mean(&u))
    }

    /// log p with its first two derivatives.
    fn marginal(&self) -> [Exact; 3] {
        let lifted = self.constants().constants();
        let [log] = along_axes(|x| [lifted.log_marginal(x)], &self.x);
        [log.value, log.first, log.second]
    }

    /// Bayes' rule; the value gap; the slope gap with r held fixed, and its square; ∇² log p. And
    /// what they are.
    pub(super) fn gaps(&self) -> [Vec<Exact>; 2] {
        let h = Exact::named("h", 1, 1);
        let evidence = self.log_joint(&self.x, &h) - self.log_posterior(&self.x, &h);
        let ([log, slope, second], [bound, reported]) =
            (self.marginal(), self.bound_and_slope(false));
        let (value_gap, slope_gap) = (log.clone() - bound, reported - slope);
        let square = squared(&slope_gap);
        let delta = squared(&self.shift) * squared(&self.width).reciprocal() * 0.5;
        let twice = value_gap.clone() * self.variance() * 2.0;
        [
            vec![evidence, value_gap, slope_gap, square, second],
            vec![
                log,
                delta,
                self.shift.clone() * self.precision(),
                twice,
                self.variance() - self.precision(),
            ],
        ]
    }

    /// The slope of the bound where r moves with x, and that of log p.
    pub(super) fn amortised(&self) -> [Vec<Exact>; 2] {
        let ([_, slope, _], [_, total]) = (self.marginal(), self.bound_and_slope(true));
        [vec![total], vec![slope]]
    }

    /// The slope of the bound where r is held fixed, and that of log p.
    pub(super) fn slopes(&self) -> [Vec<Exact>; 2] {
        let ([_, slope, _], [_, reported]) = (self.marginal(), self.bound_and_slope(false));
        [vec![reported], vec![slope]]
    }
}

/// Numbers, in which nothing is differentiated: the closed forms.
impl TightBound<f64> {
    /// With the prior N(0, 1) and a = cτ², so that the slope is wrong by c: k² = τ²/(1 + τ²).
    pub fn standard(tau: f64, c: f64, x: f64) -> Self {
        let square = tau * tau;
        Self { width: (square / (1.0 + square)).sqrt(), tau, shift: c * square, x }
    }

    /// The slope of log p, −x/(1 + τ²) for the prior N(0, 1).
    pub fn slope(&self) -> f64 {
        let precision = 1.0 / (self.tau * self.tau);
        -self.x * precision * (1.0 - self.width * self.width * precision)
    }

    /// The slope of the bound with r held fixed, 𝔼_r[(h − x)/τ²].
    pub fn reported_slope(&self) -> f64 {
        let precision = 1.0 / (self.tau * self.tau);
        let centre = self.x * self.width * self.width * precision + self.shift;
        (centre - self.x) * precision
    }

    /// log p less the bound, KL(r‖p(h|x)) = a²/(2k²).
    pub fn value_gap(&self) -> f64 {
        let ratio = self.shift / self.width;
        0.5 * ratio * ratio
    }
}
