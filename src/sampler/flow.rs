//! The probability flow: from one noise level to another without noise, and the likelihood that comes
//! of it (Song et al. 2021; [T39](crate::identity::probability_flow)).
//!
//! With t = σ² for the variance of the noise, and ψ(x; σ) the score of q_σ = q * N(0, σ²I),
//!
//! ```text
//! dx/dt = −½ψ(x; σ)                     carries q_s to q_t, and back: dx/dσ = −σψ(x; σ)
//! d/dt log q_t(x_t) = ½ tr ∂ψ/∂x
//! ```
//!
//! so that log q_s(x) is log q_t at the other end less ½∫ tr ∂ψ/∂x dt on the way. This is exact, up to the
//! steps: four evaluations each, of the classical Runge–Kutta method in t.
//!
//! Of a ψ that is learned it is the likelihood of the model that draws a point from the law at the end
//! and lets the flow carry it back: a density that integrates to 1, whether or not ψ is a score.

use super::{Escaped, blocks::by_blocks, is_finite};
use crate::{array::Array, density::Density, matrix::Matrix};

/// Points that the flow has carried. See the example of [`carry`].
#[derive(Clone, Debug)]
pub struct Carried {
    /// Where they are, (n, d).
    pub x: Matrix,
    /// ½∫ tr ∂ψ/∂x dt along the way of each, (n, 1): the increase of log q.
    pub gain: Matrix,
}

/// Carries x (n, d) along dx/dt = −½ψ, from the first of the noise levels σ to the last: up to more
/// noise, or down to less.
///
/// `field` gives ψ(x; σ) and tr ∂ψ/∂x, (n, d) and (n, 1), by any route of
/// [`trace`](crate::objective::trace), or an estimate of it along fixed directions, as
/// [`hutchinson`](crate::objective::sliced::hutchinson); row by row, for a few hundred points at a time,
/// on several threads. Between two neighbouring levels there is one step, in t = σ².
///
/// ```
/// use score_matching::{Array, Matrix, sampler::flow::carry};
///
/// // q = N(0, 1): x_t = x √(1 + t), and log q falls by ½ log(1 + t)
/// let field = |x: &Matrix, sigma: f64| {
///     let precision = 1.0 / (1.0 + sigma * sigma);
///     (x.clone() * -precision, Matrix::from_fn(x.rows(), 1, |_, _| -precision))
/// };
/// let levels: Vec<f64> = (0..=100).map(|i| (0.03 * f64::from(i)).sqrt()).collect();
/// let carried = carry(field, &Matrix::from_rows([[1.0]]), &levels)?;
/// assert!((carried.x.item() - 2.0).abs() < 1e-8);
/// assert!((carried.gain.item() + 2.0_f64.ln()).abs() < 1e-8);
/// # Ok::<(), score_matching::sampler::Escaped>(())
/// ```
///
/// # Errors
/// If a point, or its gain, leaves the finite numbers. The error counts the steps.
///
/// # Panics
/// If there are fewer than two levels, one is negative or its square is not finite, or they neither rise
/// nor fall; and if ψ or the trace has another shape.
#[track_caller]
pub fn carry(
    field: impl Fn(&Matrix, f64) -> (Matrix, Matrix) + Sync,
    x: &Matrix,
    sigmas: &[f64],
) -> Result<Carried, Escaped> {
    let times: Vec<f64> = sigmas.iter().map(|sigma| sigma * sigma).collect();
    let levels = sigmas.iter().all(|sigma| *sigma >= 0.0) && times.iter().all(|t| t.is_finite());
    let [rise, fall] = [f64::lt, f64::gt].map(|way| times.windows(2).all(|t| way(&t[0], &t[1])));
    assert!(
        times.len() > 1 && levels && (rise || fall),
        "noise levels {sigmas:?}: two or more from 0 on expected, rising or falling"
    );
    if let Some(first) = (x.rows() > 0).then(|| x.select(&[0])) {
        let (psi, trace) = field(&first, sigmas[0]);
        let (shapes, right) = ([psi.shape(), trace.shape()], [first.shape(), (1, 1)]);
        assert!(shapes == right, "score and trace are {shapes:?}, expected {right:?}");
    }
    let slope = |x: &Matrix, t: f64| {
        let (psi, trace) = field(x, t.sqrt());
        [psi * -0.5, trace * 0.5]
    };
    let mut carried = Carried { x: x.clone(), gain: Matrix::zeros(x.rows(), 1) };
    carried.all_finite(0)?;
    for (taken, t) in times.windows(2).enumerate() {
        let [x, gain] = by_blocks(&carried.x, &|x| step(slope, x, [t[0], t[1]]));
        carried = Carried { x, gain: carried.gain + gain };
        carried.all_finite(taken + 1)?;
    }
    Ok(carried)
}

/// One step of the classical Runge–Kutta method for x′ = v(x, t), with the integral of another
/// function g(x, t) on the way: `slope` gives v and g.
fn step(
    slope: impl Fn(&Matrix, f64) -> [Matrix; 2],
    x: &Matrix,
    [from, to]: [f64; 2],
) -> [Matrix; 2] {
    let (h, middle) = (to - from, 0.5 * (from + to));
    let [v1, g1] = slope(x, from);
    let [v2, g2] = slope(&(v1.clone() * (0.5 * h) + x), middle);
    let [v3, g3] = slope(&(v2.clone() * (0.5 * h) + x), middle);
    let [v4, g4] = slope(&(v3.clone() * h + x), to);
    let mean = |[k1, k2, k3, k4]: [Matrix; 4]| (k1 + (k2 + k3) * 2.0 + k4) * (h / 6.0);
    [mean([v1, v2, v3, v4]) + x, mean([g1, g2, g3, g4])]
}

impl Carried {
    /// Refuses to go on with a point that is lost.
    fn all_finite(&self, step: usize) -> Result<(), Escaped> {
        let of = self.x.rows();
        let lost = |&i: &usize| !(is_finite(self.x.row(i)) && is_finite(self.gain.row(i)));
        let lost: Vec<usize> = (0..of).filter(lost).collect();
        match lost.first() {
            Some(&chain) => Err(Escaped { chain, step, lost: lost.len(), of }),
            None => Ok(()),
        }
    }
}

/// The likelihood of points, and how far the steps may have led it astray.
/// See the example of [`likelihood`].
#[derive(Clone, Debug)]
pub struct Likelihood {
    /// log q_s(x), (n, 1).
    pub log_density: Matrix,
    /// By how much it changed when every step was halved, (n, 1). The method is of order 4: where steps
    /// are short enough for that, what is left is a fifteenth of this.
    pub change: Matrix,
    /// Where the points were carried, (n, d).
    pub end: Matrix,
}

impl Likelihood {
    /// The largest change of all points.
    pub fn worst_change(&self) -> f64 {
        self.change.data().iter().fold(0.0, |worst, change| worst.max(*change))
    }
}

/// log q_s(x) = log q_t(x_t) − ½∫ tr ∂ψ/∂x dt by the flow from the first of the noise levels to the last,
/// where the law is `end`: (n, d) → (n, 1). See [`carry`] for `field` and the levels. It is computed by
/// the steps between these levels and again by steps of half their length, which count.
///
/// ```
/// use score_matching::{Array, Matrix, corruption::NoiseScales, density::Mixture, model};
/// use score_matching::{array::Function, matrix::noise::Generator, objective::trace};
/// use score_matching::sampler::flow::likelihood;
/// use model::{NoiseConditionalNetwork, Parameters};
/// use rand::SeedableRng;
///
/// // A network that has learned nothing yet: its score is that of N(0, (1 + σ²) I).
/// let mut rng = Generator::seed_from_u64(1);
/// let model: NoiseConditionalNetwork<Matrix> =
///     NoiseConditionalNetwork::random(&[2, 8, 2], Function::Softplus, 1.0, &mut rng);
/// let lifted = model.constants();
/// let field = |x: &Matrix, sigma| trace::of_score(|x| lifted.score_at(x, sigma), x);
/// let mut levels = NoiseScales::geometric(4.0, 0.05, 40).sigmas().to_vec();
/// levels.reverse(); // from the data to the noise
/// let (x, end) = (Matrix::from_rows([[0.5, -1.0]]), Mixture::isotropic(2, 17.0));
/// let found = likelihood(field, &end, &x, &levels)?;
/// let v = 1.0 + 0.05_f64.powi(2);
/// let exact = -0.5 * 1.25 / v - (std::f64::consts::TAU * v).ln();
/// assert!((found.log_density.item() - exact).abs() < found.change.item());
/// assert!(found.worst_change() < 1e-4);
/// # Ok::<(), score_matching::sampler::Escaped>(())
/// ```
///
/// # Errors
/// As [`carry`].
///
/// # Panics
/// As [`carry`].
#[track_caller]
pub fn likelihood(
    field: impl Fn(&Matrix, f64) -> (Matrix, Matrix) + Sync,
    end: &impl Density,
    x: &Matrix,
    sigmas: &[f64],
) -> Result<Likelihood, Escaped> {
    let log_density = |carried: &Carried| end.log_density(&carried.x) - &carried.gain;
    let coarse = carry(&field, x, sigmas)?;
    let middle = |pair: &[f64]| [pair[0], (0.5 * (pair[0] * pair[0] + pair[1] * pair[1])).sqrt()];
    let last = sigmas[sigmas.len() - 1];
    let halved: Vec<f64> = sigmas.windows(2).flat_map(middle).chain([last]).collect();
    let fine = carry(&field, x, &halved)?;
    let found = log_density(&fine);
    let change = found.clone() - log_density(&coarse);
    let change = Matrix::from_fn(x.rows(), 1, |i, _| change.at(i, 0).abs());
    Ok(Likelihood { log_density: found, change, end: fine.x })
}
