//! T20 and T31: data that consist of points, be they a finite sample or a lattice.

use crate::{
    array::{Array, Linear},
    autodiff::Tape,
    density::{Density, KernelEstimate, Mixture, mixture::diagonal},
    grid::Exact,
    identity::{Sides, enclosed, maximum},
    matrix::{Matrix, noise::standard_normal},
    model::Parameters,
    objective::{implicit, trace::of_energy_by_reverse},
};
use rand::{Rng, RngExt};
use std::f64::consts::{PI, TAU};

/// Points and a model with two components: N(0, I), and N(X₁, s²I) on the first point.
#[derive(Clone, Debug)]
pub struct Collapse<A = Matrix> {
    /// X, (n, d).
    pub points: A,
    /// X₁, (1, d).
    pub centre: A,
    /// 1/s², (1, 1).
    pub precision: A,
    /// log w/(1 − w) − d log s for the weight w of the narrow component, (1, 1).
    pub prior: A,
}

impl<A> Parameters<A> for Collapse<A> {
    type With<B> = Collapse<B>;

    fn map<B>(self, mut f: impl FnMut(A) -> B) -> Collapse<B> {
        Collapse {
            points: f(self.points),
            centre: f(self.centre),
            precision: f(self.precision),
            prior: f(self.prior),
        }
    }
}

impl Collapse<Exact> {
    /// Everything an indeterminate: n points in d dimensions.
    pub fn every(n: usize, d: usize) -> Self {
        let named = Exact::named;
        let (precision, prior) = (named("τ", 1, 1), named("π", 1, 1));
        Self { points: named("x", n, d), centre: named("X", 1, d), precision, prior }
    }
}

impl Collapse {
    /// With components of width s, the narrow one with weight w.
    pub fn new(points: Matrix, width: f64, weight: f64) -> Self {
        let one = |x: f64| Matrix::from_rows([[x]]);
        let prior = (weight / (1.0 - weight)).ln() - points.cols() as f64 * width.ln();
        let centre = points.select(&[0]);
        Self { points, centre, precision: one((width * width).recip()), prior: one(prior) }
    }

    /// 2 to 16 points of N(0, I) in up to 4 dimensions, s a power of two from 2⁻¹ down to 2⁻¹².
    pub fn any(rng: &mut impl Rng) -> Self {
        let points = standard_normal(rng.random_range(2..=16), rng.random_range(1..=4), rng);
        let width = 0.5_f64.powi(rng.random_range(1..=12));
        Self::new(points, width, rng.random_range(0.1..0.9))
    }
}

impl<A: Array> Collapse<A> {
    /// log of the odds that x came from the narrow component: (n, d) → (n, 1).
    fn log_odds(&self, x: &A) -> A {
        let (n, _) = x.shape();
        let near = x.clone().add_row(&-self.centre.clone()).squared_norm().nn(&self.precision);
        (x.squared_norm() - near) * 0.5 + self.prior.clone().linear(Linear::Tile(n))
    }

    /// −log p up to a constant: (1 − w) e^(−‖x‖²/2) taken out of the sum, log(1 + odds) is left.
    pub fn energy(&self, x: &A) -> A {
        x.squared_norm() * 0.5 - self.log_odds(x).softplus()
    }

    /// ISM at the points by hand. With ρ the probability that x came from the narrow component,
    /// a = −(x − X₁)/s² and b = −x the scores of the two:
    ///
    /// ```text
    /// ψ    = ρ a + (1 − ρ) b
    /// tr J = −ρ d/s² − (1 − ρ) d + ρ (1 − ρ) ‖a − b‖²
    /// ```
    ///
    /// At X₁ itself a = 0 and ρ → 1, at every other point ρ → 0 faster than any power of s. So the
    /// mean over n points goes to −∞ like −d/(n s²). `moving` is 1; with 0 ρ is held fixed.
    fn closed_form(&self, moving: f64) -> A {
        let (n, d) = self.points.shape();
        let rho = self.log_odds(&self.points).sigmoid();
        let precisions = self.precision.clone().linear(Linear::Tile(n));
        let wide = |column: &A| column.clone().linear(Linear::Spread(d));
        let away = self.points.clone().add_row(&-self.centre.clone());
        let (a, b) = (-away * wide(&precisions), -self.points.clone());
        let rest = -rho.clone() + 1.0;
        let apart = (a.clone() - &b).squared_norm();
        let trace = (rho.clone() * &precisions + &rest) * -(d as f64)
            + rho.clone() * &rest * apart * moving;
        implicit((a * wide(&rho) + b * wide(&rest), trace)).mean()
    }
}

/// T20: ISM of the model on the points, by differentiating the logarithm of its density twice.
pub fn objective<A: Array>(i: &Collapse<A>) -> A {
    let tape = Tape::new();
    let on = i.on(&tape);
    implicit(of_energy_by_reverse(|x| on.energy(x), &on.points)).mean().value()
}

/// T20: the empirical ISM of a mixture with a collapsing component, and its closed form. The theorem
/// says `moving` = 1; with 0 the odds are held fixed.
pub fn collapse<A: Array>(i: &Collapse<A>, moving: f64) -> [Vec<A>; 2] {
    [vec![objective(i)], vec![i.closed_form(moving)]]
}

/// A false neighbour of T20: since ISM = ESM − ½ I(q) ≥ −½ I(q) over a density, −d/2 for N(0, I), ISM
/// on a sample is bounded below as well. On four points of the plane with s = 2⁻⁷.
pub fn bounded_below() -> Sides {
    let i = Collapse::new(Matrix::from_fn(4, 2, |i, _| i as f64), 0.5_f64.powi(7), 0.5);
    Sides::rounding(not_below(&i), not_below(&enclosed(&i)))
}

/// max(ISM, −1) and ISM.
fn not_below<A: Array>(i: &Collapse<A>) -> [Vec<A>; 2] {
    let ism = objective(i);
    let bound = ism.constant(1, 1, |_, _| -1.0);
    [vec![maximum(ism.clone(), &bound)], vec![ism]]
}

/// T31: on a lattice even infinitely many data are atoms. A model with a component of width s on
/// every point has ISM = −d/s² there; bit for bit, since s is a power of two and the other components
/// underflow.
pub fn on_a_lattice() -> Sides {
    let of = |d: usize| {
        let precision = 2.0_f64.powi(12);
        let points = Matrix::from_fn(5, d, |i, j| (i * (j + 1)) as f64);
        let component = |i: usize| (1.0, points.select(&[i]), diagonal(d, 1.0 / precision));
        let model = Mixture::new((0..5).map(component));
        let hessian = model.hessian(&points);
        let trace = |i: usize, _| (0..d).map(|j| hessian.at(i * d + j, j)).sum();
        let ism = implicit((model.score(&points), Matrix::from_fn(5, 1, trace)));
        (ism, Matrix::from_fn(5, 1, |_, _| -(d as f64) * precision))
    };
    let (left, right) = (1..=3).map(of).unzip();
    Sides::exact([left, right])
}

/// The lattice of the whole numbers, smoothed by N(0, σ²): what DSM learns from integers, pixels,
/// counts. The spacing Δ is the unit.
#[derive(Clone, Copy, Debug)]
pub struct Lattice {
    /// σ/Δ
    pub sigma: f64,
}

impl Lattice {
    /// How many points to either side of a cell matter: beyond 9σ a kernel is below rounding.
    fn reach(self) -> f64 {
        (9.0 * self.sigma).ceil() + 1.0
    }

    /// Density (relative to that of the uniform law) and score at x in the cell around 0, as sums
    /// over the points.
    pub fn by_points(self, x: f64) -> [f64; 2] {
        let (reach, sigma) = (self.reach(), self.sigma);
        #[expect(clippy::cast_sign_loss, reason = "a positive number of points")]
        let points = Matrix::from_fn(2 * reach as usize + 1, 1, |i, _| i as f64 - reach);
        let (count, x) = (points.rows() as f64, Matrix::from_rows([[x]]));
        let kernels = KernelEstimate { points, sigma };
        [count * kernels.log_density(&x).item().exp(), kernels.score(&x).item()]
    }

    /// The same as Fourier series (Poisson's summation), each with its Σ|terms|:
    ///
    /// ```text
    /// Σₖ N(x; k, σ²) = 1 + 2 Σₘ e^(−2π²m²σ²) cos(2πmx)
    /// ```
    pub fn by_waves(self, x: f64) -> ([f64; 2], [f64; 2]) {
        let decay = 2.0 * PI * PI * self.sigma * self.sigma;
        let (mut density, mut slope) = (1.0, 0.0);
        let (mut density_terms, mut slope_terms) = (1.0, 0.0);
        // Until e^(−decay m²) is below 1e-18.
        for m in 1..=((41.5 / decay).sqrt().ceil() as i32) {
            let m = f64::from(m);
            let (size, frequency) = (2.0 * (-decay * m * m).exp(), TAU * m);
            density += size * (frequency * x).cos();
            slope -= size * frequency * (frequency * x).sin();
            (density_terms, slope_terms) = (density_terms + size, slope_terms + size * frequency);
        }
        let score_terms = (slope_terms + slope.abs() * density_terms / density) / density;
        ([density, slope / density], [density_terms, score_terms])
    }

    /// Density and score at x by points, and what is claimed of the first of them or of both.
    ///
    /// A kernel's exponent, up to (K/σ)²/2 for K points to a side, is rounded four times, and 2K + 1
    /// kernels are summed. The score is a mean of (Xₖ − x)/σ² from points up to K away.
    fn compared(self, x: f64, claimed: &[f64]) -> Sides {
        let (left, (_, terms)) = (self.by_points(x), self.by_waves(x));
        let (reach, far) = (self.reach(), self.reach() / self.sigma);
        let magnitude = [terms[0] + left[0], terms[1] + far / self.sigma];
        let row = |values: &[f64]| vec![Matrix::from_vec(1, claimed.len(), values.to_vec())];
        let both = [row(&left[..claimed.len()]), row(claimed)];
        let roundings = 4.0 * reach + 2.0 * far * far + 32.0;
        Sides::rounded(both, row(&magnitude[..claimed.len()]), roundings)
    }
}

/// T31: the smoothed lattice, its density and its score, by points and by waves.
pub fn lattice(rng: &mut impl Rng) -> Sides {
    let lattice = Lattice { sigma: rng.random_range(0.15..1.5) };
    let x = rng.random_range(-0.5..0.5);
    lattice.compared(x, &lattice.by_waves(x).0)
}

/// A false neighbour of T31: noise turns a lattice into a uniform law whatever σ is. At σ = 0.3 Δ the
/// density at the points is off by 2 e^(−2π²·0.09) = 0.34.
pub fn any_noise_will_do() -> Sides {
    Lattice { sigma: 0.3 }.compared(0.0, &[1.0])
}
