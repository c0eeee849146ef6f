//! T20 and T31: data that consist of points, be they a finite sample or a lattice.

use crate::{
    array::Array,
    density::{Density, KernelEstimate, Mixture},
    identity::{Evidence, OldCheck, OldSides},
    matrix::{Matrix, Real, noise::standard_normal},
    objective::implicit,
};
use rand::{Rng, RngExt};
use std::f64::consts::{PI, TAU};

/// ψ (n, d) and tr ∂ψ/∂x (n, 1) of a mixture, for [`implicit`].
pub fn score_and_trace(model: &Mixture, x: &Matrix) -> (Matrix, Matrix) {
    let (n, d) = x.shape();
    let hessian = model.hessian(x);
    let trace = |i: usize| (0..d).map(|j| hessian.at(i * d + j, j)).sum();
    (model.score(x), Matrix::from_fn(n, 1, |i, _| trace(i)))
}

/// Points and a model with two components: N(0, I), and N(X₁, s²I) on the first point.
#[derive(Clone, Debug)]
pub struct Collapse {
    /// X, (n, d).
    pub points: Matrix,
    /// s
    pub width: f64,
    /// The weight of the narrow component.
    pub weight: f64,
}

impl Collapse {
    /// 2 to 16 points of N(0, I) in up to 4 dimensions, s a power of two from 2⁻¹ down to 2⁻¹².
    pub fn any(rng: &mut impl Rng) -> Self {
        let points = standard_normal(rng.random_range(2..=16), rng.random_range(1..=4), rng);
        let width = 0.5_f64.powi(rng.random_range(1..=12));
        Self { points, width, weight: rng.random_range(0.1..0.9) }
    }

    /// The model.
    pub fn model(&self) -> Mixture {
        let (_, d) = self.points.shape();
        let scaled = |v: f64| Matrix::from_fn(d, d, |i, j| if i == j { v } else { 0.0 });
        Mixture::new([
            (1.0 - self.weight, Matrix::zeros(1, d), scaled(1.0)),
            (self.weight, self.points.select(&[0]), scaled(self.width * self.width)),
        ])
    }

    /// ISM of the model on the points: a mean over them, as in training.
    pub fn objective(&self) -> f64 {
        implicit(score_and_trace(&self.model(), &self.points)).mean().item()
    }

    /// T20: the same by hand, and Σ|terms|. With ρ the probability that x came from the narrow
    /// component, a = −(x − X₁)/s² and b = −x the scores of the two:
    ///
    /// ```text
    /// ψ    = ρ a + (1 − ρ) b
    /// tr J = −ρ d/s² − (1 − ρ) d + ρ (1 − ρ) ‖a − b‖²
    /// ```
    ///
    /// At X₁ itself a = 0 and ρ → 1, at every other point ρ → 0 faster than any power of s. So the
    /// mean over n points goes to −∞ like −d/(n s²).
    pub fn closed_form(&self) -> (f64, f64) {
        let (n, d) = self.points.shape();
        let (dims, precision) = (d as f64, (self.width * self.width).recip());
        let prior = (self.weight / (1.0 - self.weight)).ln() - dims * self.width.ln();
        let (mut sum, mut terms) = (0.0, 0.0);
        for i in 0..n {
            let x = self.points.row(i);
            let pairs = x.iter().zip(self.points.row(0));
            let (mut near, mut far, mut both) = (0.0, 0.0, 0.0); // ‖a‖², ‖b‖², ⟨a, b⟩
            for (x, centre) in pairs {
                let (a, b) = ((centre - x) * precision, -x);
                (near, far, both) = (near + a * a, far + b * b, both + a * b);
            }
            let exponent = 0.5 * near / precision; // ‖x − X₁‖²/(2s²)
            let log_odds = prior - exponent + 0.5 * far;
            let (rho, rest) = (1.0 / (1.0 + (-log_odds).exp()), 1.0 / (1.0 + log_odds.exp()));
            let squared = rho * rho * near + 2.0 * rho * rest * both + rest * rest * far;
            let trace = rho * rest * (near - 2.0 * both + far) - (rho * precision + rest) * dims;
            sum += 0.5 * squared + trace;
            // An error of the log odds moves ρ by 1 − ρ, and 1 − ρ by ρ, relatively.
            let odds = prior.abs() + exponent + 0.5 * far;
            terms += rho * (near + dims * precision) * (1.0 + rest * odds)
                + rest * (far + dims) * (1.0 + rho * odds);
        }
        (sum / n as f64, terms / n as f64)
    }
}

/// T20: the empirical ISM of a mixture with a collapsing component, and its closed form.
pub fn collapse(rng: &mut impl Rng) -> OldCheck {
    let instance = Collapse::any(rng);
    let (n, d) = instance.points.shape();
    let (right, terms) = instance.closed_form();
    // Each sum over dimensions and points, twice through the covariances, and single operations.
    // Σ|terms| of ½‖ψ‖² and of ρ(1 − ρ)‖a − b‖² are at most 1 and 2 times the magnitudes; the trace
    // of the library comes as Σρ s² − ψ², once more as much.
    let roundings = 4.0 * (n as f64 + 3.0 * d as f64 + 24.0);
    let tolerance = 2.0 * roundings * f64::UNIT_ROUNDOFF;
    OldCheck::new(Evidence::Rounding, instance.objective(), right, terms, tolerance)
}

/// The nearest false statement to T20: since ISM = ESM − ½ I(q) ≥ −½ I(q) over a density, −d/2 for
/// N(0, I), ISM on a sample is bounded below as well. On up to 16 points that are 1 apart or more,
/// with s = 2⁻⁷, it is below −900 d.
pub fn bounded_below(rng: &mut impl Rng) -> OldCheck {
    let random = Collapse::any(rng);
    let (n, d) = random.points.shape();
    let points = Matrix::from_fn(n, d, |i, _| i as f64);
    let instance = Collapse { points, width: 0.5_f64.powi(7), ..random };
    let bound = -0.5 * d as f64;
    let tolerance = 16.0 * f64::UNIT_ROUNDOFF;
    let below = instance.objective().min(bound);
    OldCheck::new(Evidence::Rounding, below, bound, bound.abs(), tolerance)
}

/// Points on the line Δ apart, smoothed by N(0, σ²). What DSM learns from integers, pixels, counts.
#[derive(Clone, Copy, Debug)]
pub struct Lattice {
    /// Δ
    pub spacing: f64,
    /// σ
    pub sigma: f64,
}

impl Lattice {
    /// σ/Δ
    fn ratio(self) -> f64 {
        self.sigma / self.spacing
    }

    /// How many points to either side of a cell matter: beyond 9σ a kernel is below rounding.
    #[expect(clippy::cast_sign_loss, reason = "σ/Δ is positive")]
    fn reach(self) -> usize {
        (9.0 * self.ratio()).ceil() as usize + 1
    }

    /// The kernel estimate of 2K + 1 lattice points around 0.
    fn kernels(self) -> KernelEstimate {
        let reach = self.reach();
        let point = |i: usize, _| (i as f64 - reach as f64) * self.spacing;
        KernelEstimate { points: Matrix::from_fn(2 * reach + 1, 1, point), sigma: self.sigma }
    }

    /// Density (relative to 1/Δ, that of the uniform law) and score at x in the cell around 0, as
    /// sums over the points.
    pub fn by_points(self, x: f64) -> [f64; 2] {
        let (kernels, x) = (self.kernels(), Matrix::from_rows([[x]]));
        let mass = kernels.points.rows() as f64 * self.spacing;
        [mass * kernels.log_density(&x).item().exp(), kernels.score(&x).item()]
    }

    /// The same as Fourier series (Poisson's summation), each with its Σ|terms|:
    ///
    /// ```text
    /// Δ Σₖ N(x; kΔ, σ²) = 1 + 2 Σₘ e^(−2π²m²σ²/Δ²) cos(2πmx/Δ)
    /// ```
    pub fn by_waves(self, x: f64) -> ([f64; 2], [f64; 2]) {
        let decay = 2.0 * PI * PI * self.ratio() * self.ratio();
        let (mut density, mut slope) = (1.0, 0.0);
        let (mut density_terms, mut slope_terms) = (1.0, 0.0);
        // Until e^(−decay m²) is below 1e-18.
        for m in 1..=((41.5 / decay).sqrt().ceil() as i32) {
            let m = f64::from(m);
            let (size, frequency) = (2.0 * (-decay * m * m).exp(), TAU * m / self.spacing);
            density += size * (frequency * x).cos();
            slope -= size * frequency * (frequency * x).sin();
            (density_terms, slope_terms) = (density_terms + size, slope_terms + size * frequency);
        }
        let score_terms = (slope_terms + slope.abs() * density_terms / density) / density;
        ([density, slope / density], [density_terms, score_terms])
    }

    /// The largest departure from the uniform law, in units of its density, is at the points:
    /// about 2 e^(−2π²σ²/Δ²), the amplitude of the first wave.
    pub fn ripple(self) -> f64 {
        2.0 * (-2.0 * PI * PI * self.ratio() * self.ratio()).exp()
    }
}

/// T31: the smoothed lattice, its density and its score, by points and by waves.
pub fn lattice(rng: &mut impl Rng) -> OldCheck {
    let lattice = random_lattice(0.15..1.5, rng);
    let x = rng.random_range(-0.5..0.5) * lattice.spacing;
    let (left, (right, terms)) = (lattice.by_points(x), lattice.by_waves(x));
    let row = |values: [f64; 2]| vec![Matrix::from_rows([values])];
    // The exponents, up to (KΔ/σ)², are rounded as well, on the side of the points; the score there
    // is a mean of (Xₖ − x)/σ², from points up to (9 + Δ/σ) σ away.
    let far = lattice.reach() as f64 / lattice.ratio();
    let magnitude = row([terms[0] + left[0], terms[1] + far / lattice.sigma]);
    let roundings = 4.0 * lattice.reach() as f64 + 2.0 * far * far + 32.0;
    OldSides { left: row(left), right: row(right), magnitude, roundings }.check()
}

fn random_lattice(ratio: std::ops::Range<f64>, rng: &mut impl Rng) -> Lattice {
    let spacing = rng.random_range(0.1..10.0);
    Lattice { spacing, sigma: spacing * rng.random_range(ratio) }
}

/// The nearest false statement to T31: noise turns a lattice into a uniform law whatever σ is. At
/// σ ≤ 0.3 Δ the density at the points is off by 2 e^(−2π²·0.09) = 0.34 at least.
pub fn any_noise_will_do(rng: &mut impl Rng) -> OldCheck {
    let lattice = random_lattice(0.15..0.3, rng);
    let [density, _] = lattice.by_points(0.0);
    let tolerance = 2.0 * 32.0 * f64::UNIT_ROUNDOFF;
    OldCheck::new(Evidence::Rounding, density, 1.0, 1.0, tolerance)
}
