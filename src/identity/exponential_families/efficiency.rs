//! What score matching pays for not knowing the partition function: exp(−θx⁴).
//!
//! Both estimates solve 𝔼 g(x; θ) = 0 over the sample, and for such an estimate n var θ̂ tends to
//! the sandwich 𝔼(g²)/(𝔼 ∂g/∂θ)². With M_j = 𝔼(xʲ) at θ = 1, where θx⁴ is gamma distributed with
//! shape ¼ and M₆ = ¾M₂:
//!
//! | | g | n var θ̂/θ² |
//! |---|---|---|
//! | maximum likelihood | 1/(4θ) − x⁴ | 4 |
//! | score matching | 16θx⁶ − 12x² | (256 M₁₂ − 384 M₈ + 144 M₄)/(16 M₆)² = 96/(12 M₂)² |
//!
//! The ratio is 6 M₂² = 6 (Γ(¾)/Γ(¼))² ≈ 0.685: with score matching a sample of 1000 is worth what
//! 685 are worth with maximum likelihood.

use crate::{
    array::Array,
    autodiff::second::along_axes,
    density::{Density, Univariate, univariate::ln_gamma},
    identity::{Sides, number},
    matrix::{Matrix, noise::Generator},
    model::{ExponentialFamily, Features, Monomials},
    quadrature::Rule,
};
use rand::{Rng, RngExt};

/// n var θ̂/θ² of maximum likelihood, in the limit: 4.
pub const LIKELIHOOD_VARIANCE: f64 = 4.0;

/// Steps of the quadrature: with h = 0.06 at θ = 1 it has long converged.
pub const STEPS: usize = 80;

/// 6 (Γ(¾)/Γ(¼))², in closed form.
pub fn by_gamma() -> f64 {
    6.0 * (2.0 * (ln_gamma(0.75) - ln_gamma(0.25))).exp()
}

/// θ from 0.1 to 10.
pub(super) fn random_theta(rng: &mut impl Rng) -> f64 {
    10.0_f64.powf(rng.random_range(-1.0..1.0))
}

/// Expectations over exp(−θx⁴).
fn rule(theta: f64, steps: usize) -> Rule {
    let end = (40.0 / theta).sqrt().sqrt(); // e^(−40) is nothing
    Univariate::Quartic { theta }.rule(&Rule::trapezoid(-end, end, steps))
}

/// T19: with the weights of a quadrature for those of a sample, θ̂ is the true θ.
///
/// # Panics
/// Never: the density has slopes.
pub fn consistency(rng: &mut impl Rng) -> Sides {
    let theta = random_theta(rng);
    Sides::doubled(|fineness| {
        let rule = rule(theta, fineness * STEPS);
        let family = ExponentialFamily::new(&Monomials::quartic(), &rule.nodes, &rule.weights);
        let estimate = -family.estimate().expect("a density with slopes");
        // 12 M₂/(16 M₆): no term of either has a minus sign.
        Sides::integrals([vec![estimate], number(theta)], number(2.0 * theta), 2 * STEPS)
    })
}

/// [`by_gamma`] from the sandwich formula for any features, here x⁴, with expectations by quadrature
/// and ∇F and ΔF by differentiation.
pub fn by_quadrature(theta: f64, steps: usize) -> f64 {
    let rule = rule(theta, steps);
    let x = &rule.nodes;
    let [f] = along_axes(|x| [Monomials::quartic().of(x)], x);
    let hessian = f.first.clone() * &f.first; // ∂g/∂θ
    let g = hessian.clone() * -theta + f.second;
    let bread = rule.integrate(&hessian);
    let score_matching = rule.integrate(&g.squared_norm()) / (bread * bread);
    let centred = f.value.clone() - rule.integrate(&f.value);
    let likelihood = 1.0 / rule.integrate(&centred.squared_norm());
    likelihood / score_matching
}

/// Both estimates of one sample.
#[derive(Clone, Copy, Debug)]
pub struct Estimates {
    /// By score matching.
    pub score_matching: f64,
    /// By maximum likelihood.
    pub likelihood: f64,
}

impl Estimates {
    /// Of θ, from a sample (n, 1): ¾ m₂/m₆, since ISM is 8θ²m₆ − 12θm₂, and 1/(4 m₄), since the log
    /// likelihood is ¼ log θ − θm₄.
    fn of(x: &Matrix) -> Self {
        let square = x.clone() * x;
        let fourth = square.clone() * &square;
        let sixth = fourth.clone() * &square;
        let [m_2, m_4, m_6] = [square, fourth, sixth].map(|power| power.mean().item());
        Self { score_matching: 0.75 * m_2 / m_6, likelihood: 0.25 / m_4 }
    }

    /// From independent samples of size n at θ = 1; θ̂/θ has the same law for every θ.
    pub fn repeated(n: usize, repetitions: usize, rng: &mut Generator) -> Vec<Self> {
        let q = Univariate::Quartic { theta: 1.0 };
        (0..repetitions).map(|_| Self::of(&q.sample(n, rng))).collect()
    }
}

/// A number from a simulation with its standard error.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// The number.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
}

/// The variances of both estimates, and their ratio.
#[derive(Clone, Copy, Debug)]
pub struct Variances {
    /// Of the estimate by score matching.
    pub score_matching: Measured,
    /// Of that by maximum likelihood.
    pub likelihood: Measured,
    /// The second over the first.
    pub efficiency: Measured,
}

impl Variances {
    /// A variance is a mean of squares (t − t̄)², and so has a standard error; that of the ratio is
    /// the standard error of its linearisation, in which the two estimates of one sample stay
    /// paired: what they share cancels.
    pub fn of(estimates: &[Estimates]) -> Self {
        let n = estimates.len() as f64;
        let mean = |of: &dyn Fn(&Estimates) -> f64| estimates.iter().map(of).sum::<f64>() / n;
        let centres = [mean(&|e| e.score_matching), mean(&|e| e.likelihood)];
        let square = |e: &Estimates| (e.score_matching - centres[0]).powi(2);
        let likelihood_square = |e: &Estimates| (e.likelihood - centres[1]).powi(2);
        let (s, l) = (mean(&square), mean(&likelihood_square));
        let error = |deviation: &dyn Fn(&Estimates) -> f64| {
            (mean(&|e| deviation(e).powi(2)) / (n - 1.0)).sqrt()
        };
        let unbiased = n / (n - 1.0);
        Self {
            score_matching: Measured { value: s * unbiased, error: error(&|e| square(e) - s) },
            likelihood: Measured {
                value: l * unbiased,
                error: error(&|e| likelihood_square(e) - l),
            },
            efficiency: Measured {
                value: l / s,
                error: l / s * error(&|e| likelihood_square(e) / l - square(e) / s),
            },
        }
    }
}

/// var θ̂/θ² of maximum likelihood for samples of n > 8, exactly: Σ θx⁴ is gamma distributed with
/// shape a = n/4, so θ̂/θ = a/Σθx⁴ has the variance a²/((a − 1)²(a − 2)).
pub fn likelihood_variance(n: f64) -> f64 {
    let a = n / 4.0;
    a * a / ((a - 1.0) * (a - 1.0) * (a - 2.0))
}
