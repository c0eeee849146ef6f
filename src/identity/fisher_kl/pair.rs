//! Two mixtures of Gaussians under noise, over any reading: what the theorem is evaluated on.

use crate::{
    array::{Array, Linear},
    autodiff::{Dual, Tape},
    density::{Mixture, mixture::diagonal},
    matrix::Matrix,
    model::Parameters,
    quadrature::Rule,
};
use rand::{Rng, RngExt};
use std::f64::consts::TAU;

/// w N(μ, R diag(λ) Rᵀ), a Gaussian with its weight in a mixture. Noise of variance t turns λ into
/// λ + t and leaves the rest as it is.
#[derive(Clone, Debug)]
pub struct Gaussian<A = Matrix> {
    /// w, (1, 1).
    pub weight: A,
    /// μ, (1, d).
    pub mean: A,
    /// λ, the variances along the axes, (1, d).
    pub variances: A,
    /// R, whose columns are the axes, (d, d).
    pub axes: A,
}

impl<A> Parameters<A> for Gaussian<A> {
    type With<B> = Gaussian<B>;

    fn map<B>(self, mut f: impl FnMut(A) -> B) -> Gaussian<B> {
        Gaussian {
            weight: f(self.weight),
            mean: f(self.mean),
            variances: f(self.variances),
            axes: f(self.axes),
        }
    }
}

impl Gaussian {
    /// Along the axes of coordinates: R = I.
    pub fn new<const D: usize>(weight: f64, mean: [f64; D], variances: [f64; D]) -> Self {
        Self {
            weight: Matrix::from_rows([[weight]]),
            mean: Matrix::from_rows([mean]),
            variances: Matrix::from_rows([variances]),
            axes: diagonal(D, 1.0),
        }
    }

    /// In the plane, the same with its axes turned by an angle: orthogonal up to u, whatever the angle.
    #[must_use]
    pub fn turned(self, angle: f64) -> Self {
        let (sin, cos) = angle.sin_cos();
        Self { axes: Matrix::from_rows([[cos, -sin], [sin, cos]]), ..self }
    }
}

impl<A: Array> Gaussian<A> {
    /// log (w N(x; μ, R diag(λ + t) Rᵀ)), (m, 1).
    pub fn log_density(&self, t: &A, x: &A) -> A {
        let (_, d) = x.shape();
        let variances = t.clone().linear(Linear::Spread(d)) + &self.variances;
        let along = x.clone().add_row(&-self.mean.clone()).nn(&self.axes);
        let squares = (along.clone() * along).nt(&variances.clone().reciprocal());
        let logs = variances.ln().sum() + d as f64 * TAU.ln();
        (squares * -0.5).add_row(&(logs * -0.5 + self.weight.clone().ln()))
    }
}

/// q_t(x) = Σₖ wₖ N(x; μₖ, Σₖ + tI), (m, 1).
///
/// # Panics
/// If there is no component.
pub fn density<A: Array>(mixture: &[Gaussian<A>], t: &A, x: &A) -> A {
    let parts = mixture.iter().map(|part| part.log_density(t, x).exp());
    parts.reduce(|sum, part| sum + part).expect("a mixture has a component")
}

/// log q_t(x), (m, 1).
pub fn log_density<A: Array>(mixture: &[Gaussian<A>], t: &A, x: &A) -> A {
    match mixture {
        [one] => one.log_density(t, x), // log e^ℓ = ℓ, which polynomials do not know
        _ => density(mixture, t, x).ln(),
    }
}

/// The data q and a model p, both mixtures of Gaussians.
#[derive(Clone, Debug)]
pub struct Pair {
    /// q, over which the integrals go.
    pub q: Vec<Gaussian>,
    /// p, to which q is compared.
    pub p: Vec<Gaussian>,
}

impl Pair {
    /// Two mixtures of two or three components each. On the line means are in [−2, 2] and standard
    /// deviations from 0.6 to 1.2; in the plane, where nodes are many, in [−1, 1]² and from 0.8 to
    /// 1.1 along turned axes.
    ///
    /// # Panics
    /// If d is neither 1 nor 2.
    pub fn random(d: usize, rng: &mut impl Rng) -> Self {
        let (reach, low, high) = if d == 1 { (2.0, 0.6, 1.2) } else { (1.0, 0.8, 1.1) };
        let gaussian = |rng: &mut _| {
            let weight = RngExt::random_range(rng, 0.2..1.0);
            let mut mean = || RngExt::random_range(rng, -reach..reach);
            let means = [mean(), mean()];
            let mut variance = || RngExt::random_range(rng, low * low..high * high);
            let variances = [variance(), variance()];
            match d {
                1 => Gaussian::new(weight, [means[0]], [variances[0]]),
                2 => {
                    let angle = RngExt::random_range(rng, 0.0..3.0);
                    Gaussian::new(weight, means, variances).turned(angle)
                }
                _ => panic!("on the line or in the plane, not in {d} dimensions"),
            }
        };
        let mut mixture = || normalised((0..rng.random_range(2..=3)).map(|_| gaussian(rng)));
        Self { q: mixture(), p: mixture() }
    }

    /// N(m, 1) and N(−m, 1), with weights (w, 1 − w) in q and (½, ½) in p.
    pub fn two_modes(m: f64, w: f64) -> Self {
        let modes =
            |w: f64| vec![Gaussian::new(w, [m], [1.0]), Gaussian::new(1.0 - w, [-m], [1.0])];
        Self { q: modes(w), p: modes(0.5) }
    }

    /// q and N(0, I/ρ) on the line.
    #[must_use]
    pub fn against_gaussian(self, rho: f64) -> Self {
        Self { p: vec![Gaussian::new(1.0, [0.0], [1.0 / rho])], ..self }
    }

    /// q_t and p_t, at the nodes of [`Pair::rule`].
    pub fn smoothed(&self, t: f64, fineness: usize) -> Smoothed {
        let Rule { nodes, weights } = self.rule(t, fineness);
        let (q, p) = (self.q.clone(), self.p.clone());
        Smoothed { q, p, t: Matrix::from_rows([[t]]), x: nodes, weights }
    }

    /// A trapezoid rule for q_t and p_t, with `fineness` times the nodes that suffice.
    ///
    /// A Gaussian factor of variance v asks for a step below 0.7 √v. The logarithms are singular
    /// where the density vanishes: two equal components at distance 2r do so at a distance πv/(2r)
    /// from the real line, where a trapezoid rule needs h ≤ 2π/37 of that to be off by less than u.
    /// On the line, where variances differ by a factor of four, zeros come nearer, so h is half that.
    pub fn rule(&self, t: f64, fineness: usize) -> Rule {
        let largest =
            |of: fn(&Gaussian) -> &Matrix| self.all(of).fold(0.0, |a: f64, b| a.max(b.abs()));
        let (reach, widest) = (largest(|part| &part.mean), largest(|part| &part.variances) + t);
        let narrowest = self.narrowest() + t;
        let end = reach + 9.0 * widest.sqrt();
        let line = self.q[0].mean.cols() == 1;
        let share = if line { 0.125 } else { 0.25 };
        let step = (0.5 * narrowest.sqrt()).min(share * narrowest / reach);
        #[expect(clippy::cast_sign_loss, reason = "a positive number of steps")]
        let steps = (2.0 * end / step).ceil() as usize * fineness;
        let rule = Rule::trapezoid(-end, end, steps);
        if line { rule } else { rule.squared() }
    }

    /// The smallest variance.
    pub fn narrowest(&self) -> f64 {
        self.all(|part| &part.variances).fold(f64::INFINITY, f64::min)
    }

    /// The numbers of all components.
    fn all(&self, of: fn(&Gaussian) -> &Matrix) -> impl Iterator<Item = f64> {
        self.q.iter().chain(&self.p).flat_map(move |part| of(part).data().iter().copied())
    }
}

fn normalised(parts: impl Iterator<Item = Gaussian>) -> Vec<Gaussian> {
    let parts: Vec<_> = parts.collect();
    let total: f64 = parts.iter().map(|part| part.weight.item()).sum();
    parts.into_iter().map(|part| Gaussian { weight: part.weight * (1.0 / total), ..part }).collect()
}

/// q_t or p_t as a density of the crate, which shares no step with [`log_density`]: it adds tI to the
/// covariances and factors them.
pub fn mixture(parts: &[Gaussian], t: f64) -> Mixture {
    let part = |part: &Gaussian| {
        let Gaussian { weight, mean, variances, axes } = part;
        let (_, d) = mean.shape();
        let scaled = axes.clone() * variances.clone().linear(Linear::Tile(d));
        (weight.item(), mean.clone(), scaled.nt(axes))
    };
    Mixture::new(parts.iter().map(part)).smoothed(t.sqrt())
}

/// A [`Pair`] under noise of variance t, read at the nodes of a rule or at any other points.
#[derive(Clone, Debug)]
pub struct Smoothed<A = Matrix> {
    /// The components of q.
    pub q: Vec<Gaussian<A>>,
    /// The components of p.
    pub p: Vec<Gaussian<A>>,
    /// t, (1, 1).
    pub t: A,
    /// The points, (m, d).
    pub x: A,
    /// The weights of a rule whose nodes they are, (m, 1).
    pub weights: A,
}

impl<A> Parameters<A> for Smoothed<A> {
    type With<B> = Smoothed<B>;

    fn map<B>(self, mut f: impl FnMut(A) -> B) -> Smoothed<B> {
        let mut all = |parts: Vec<Gaussian<A>>| -> Vec<Gaussian<B>> {
            parts.into_iter().map(|part| part.map(&mut f)).collect()
        };
        let (q, p) = (all(self.q), all(self.p));
        Smoothed { q, p, t: f(self.t), x: f(self.x), weights: f(self.weights) }
    }
}

impl<A: Array> Smoothed<A> {
    /// log q_t and log p_t at the points, (m, 1) each.
    pub fn log_densities(&self) -> [A; 2] {
        [&self.q, &self.p].map(|mixture| log_density(mixture, &self.t, &self.x))
    }

    /// ∇log q_t and ∇log p_t at the points, by reverse mode, (m, d) each.
    pub fn scores(&self) -> [A; 2] {
        let tape = Tape::new();
        let on = self.on(&tape);
        on.log_densities().map(|log| log.sum().gradient(&[on.x]).remove(0))
    }

    /// ∇log q_t − ∇log p_t at the points, (m, d).
    pub fn score_difference(&self) -> A {
        let [of_q, of_p] = self.scores();
        of_q - of_p
    }

    /// The same as time begins to pass: t moves, and nothing else.
    pub fn moving(&self) -> Smoothed<Dual<A>>
    where
        Self: Clone,
    {
        let one = self.t.constant(1, 1, |_, _| 1.0);
        Smoothed { t: Dual::along(&self.t, &one), ..self.constants() }
    }

    /// 𝔼_q_t f for the values f (m, 1) at the nodes: (1, 1).
    pub fn mean(&self, f: &A) -> A {
        (log_density(&self.q, &self.t, &self.x).exp() * &self.weights).inner(f).sum()
    }

    /// KL(q_t‖p_t) = 𝔼[log q_t − log p_t] and H(q_t) = −𝔼[log q_t], (1, 1) each.
    pub fn entropies(&self) -> [A; 2] {
        let [log_q, log_p] = self.log_densities();
        let masses = log_q.clone().exp() * &self.weights;
        [masses.inner(&(log_q.clone() - log_p)).sum(), -masses.inner(&log_q).sum()]
    }

    /// F(q_t‖p_t) = 𝔼‖∇log q_t − ∇log p_t‖² and I(q_t) = 𝔼‖∇log q_t‖², (1, 1) each.
    pub fn fisher(&self) -> [A; 2] {
        let [of_q, of_p] = self.scores();
        [of_q.clone() - of_p, of_q].map(|psi| self.mean(&psi.squared_norm()))
    }

    /// KL(q_t‖p_t), (1, 1).
    pub fn divergence(&self) -> A {
        let [divergence, _] = self.entropies();
        divergence
    }

    /// F(q_t‖p_t), (1, 1).
    pub fn fisher_divergence(&self) -> A {
        let [divergence, _] = self.fisher();
        divergence
    }
}
