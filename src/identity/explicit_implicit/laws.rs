//! The laws under which ψ is compared with ∇ log q, as nodes with weights.

use super::any_score::{AnyScore, uniform};
use crate::{
    array::{Array, Linear},
    autodiff::Tape,
    corruption,
    density::{Density, Mixture},
    grid::{Exact, Number, Polynomial},
    identity::{Sides, magnitude},
    matrix::{Matrix, noise::Generator},
    model::Parameters,
    objective::{self, Weight},
    quadrature::Rule,
};
use rand::RngExt;

/// A score ψ and a law q, given by nodes: 𝔼_q f is Σ wᵢ f(xᵢ).
///
/// Read with numbers the nodes are those of a quadrature. Read with polynomials there is one node, a
/// point x of which every coordinate is an indeterminate, and the expectation is taken afterwards.
#[derive(Clone, Debug)]
pub struct ScoreUnderLaw<A = Matrix> {
    /// ψ
    pub psi: AnyScore<A>,
    /// x, (n, d)
    pub x: A,
    /// s = ∇ log q at x, (n, d)
    pub data_score: A,
    /// w, (n, 1)
    pub weights: A,
}

impl<A> Parameters<A> for ScoreUnderLaw<A> {
    type With<B> = ScoreUnderLaw<B>;

    fn map<B>(self, mut f: impl FnMut(A) -> B) -> ScoreUnderLaw<B> {
        let [x, data_score, weights] = [self.x, self.data_score, self.weights].map(&mut f);
        ScoreUnderLaw { psi: self.psi.map(f), x, data_score, weights }
    }
}

impl<A: Array> ScoreUnderLaw<A> {
    /// What T2 integrates: ½‖ψ − s‖², and ½‖ψ‖² + tr J + ½‖s‖². (n, 1) each.
    pub fn objectives(&self) -> [A; 2] {
        let left = objective::explicit(self.psi.score(&self.x), &self.data_score);
        let right = objective::implicit(self.psi.score_and_trace(&self.x));
        [left, right + self.data_score.squared_norm() * 0.5]
    }
}

/// z, the standard normal point of which every Gaussian point is made.
pub(super) fn standard_point(d: usize) -> Exact {
    Exact::named("z", 1, d)
}

impl ScoreUnderLaw<Exact> {
    /// Under every Gaussian with independent coordinates, x = μ + s z: every mean μ, every s.
    ///
    /// That is every Gaussian. Rotated axes make a covariance diagonal; they turn a polynomial field
    /// into one of the same degree, and change neither norms nor traces.
    pub fn every(d: usize, degree: usize) -> Self {
        let (mean, deviation) = (Exact::named("μ", 1, d), Exact::named("s", 1, d));
        Self::gaussian(AnyScore::every(d, degree), &mean, &deviation)
    }

    /// Under N(0, 1).
    pub fn standard(degree: usize) -> Self {
        let number = |x: f64| Exact::from_fn(1, 1, |_, _| Polynomial::of(x));
        Self::gaussian(AnyScore::every(1, degree), &number(0.0), &number(1.0))
    }

    fn gaussian(psi: AnyScore<Exact>, mean: &Exact, deviation: &Exact) -> Self {
        let z = standard_point(mean.shape().1);
        let data_score = -(z.clone() * &deviation.clone().reciprocal());
        let weights = z.constant(1, 1, |_, _| 1.0);
        Self { psi, x: z * deviation + mean, data_score, weights }
    }
}

impl ScoreUnderLaw {
    /// 𝔼 Σ|terms| of what the two sides of T2 are made of.
    pub fn magnitude(&self) -> f64 {
        let (psi, trace) = self.psi.score_and_trace(&self.x);
        let signed = magnitude(&psi.inner(&self.data_score)) + magnitude(&trace);
        let terms = signed + psi.squared_norm() + self.data_score.squared_norm();
        self.weights.inner(&terms).sum().item()
    }

    /// Two sides of T2 or T6 and their gradients in θ, as integrals over these nodes.
    ///
    /// Σ|terms| of the losses is exact. For the gradients it is taken from below: the largest entries
    /// of the gradients of ‖ψ‖², ⟨ψ, s⟩ and tr J, of which both sides are made.
    pub fn integrals(&self, sides: [Vec<Matrix>; 2]) -> Sides {
        let tape = Tape::new();
        let ScoreUnderLaw { psi, x, data_score, weights } = self.on(&tape);
        let (value, trace) = psi.score_and_trace(&x);
        let theta = psi.into_list();
        let parts = [value.squared_norm(), value.inner(&data_score), trace];

        let largest = |arrays: Vec<Matrix>| {
            arrays.iter().flat_map(Matrix::data).fold(0.0, |m: f64, x| m.max(x.abs()))
        };
        let gradients = parts.map(|part| largest(part.inner(&weights).sum().gradient(&theta)));
        let slope: f64 = gradients.iter().sum();

        let loss = self.magnitude();
        let scale = |k: usize| if k == 0 { loss } else { slope };
        let filled = |(k, m): (usize, &Matrix)| m.constant(m.rows(), m.cols(), |_, _| scale(k));
        let scales = sides[0].iter().enumerate().map(filled).collect();
        Sides::integrals(sides, scales, self.x.rows())
    }
}

/// A score ψ and a clean point with Gaussian noise around it; nodes as in [`ScoreUnderLaw`].
#[derive(Clone, Debug)]
pub struct ScoreAroundPoint<A = Matrix> {
    /// ψ
    pub psi: AnyScore<A>,
    /// x, (1, d)
    pub x: A,
    /// σ, (1, 1)
    pub sigma: A,
    /// z, (n, d)
    pub z: A,
    /// The weights of the nodes z, (n, 1).
    pub weights: A,
}

impl<A> Parameters<A> for ScoreAroundPoint<A> {
    type With<B> = ScoreAroundPoint<B>;

    fn map<B>(self, mut f: impl FnMut(A) -> B) -> ScoreAroundPoint<B> {
        let [x, sigma, z, weights] = [self.x, self.sigma, self.z, self.weights].map(&mut f);
        ScoreAroundPoint { psi: self.psi.map(f), x, sigma, z, weights }
    }
}

impl<A: Array> ScoreAroundPoint<A> {
    /// x and σ, once for each node: (n, d) and (n, 1).
    fn spread(&self) -> [A; 2] {
        let (n, _) = self.z.shape();
        [&self.x, &self.sigma].map(|a| a.clone().linear(Linear::Each(n)))
    }

    /// What T6 integrates: ½‖ψ(x̃) + z/σ‖², and (½‖ψ‖² + tr J)(x̃) + d/(2σ²). (n, 1) each.
    pub fn objectives(&self) -> [A; 2] {
        let ([x, sigma], (_, d)) = (self.spread(), self.z.shape());
        let psi = |x: &A, _: &A| self.psi.score(x);
        let left = objective::noise_conditional(psi, &x, &self.z, &sigma, Weight::One);
        [left, self.implicit() + sigma.reciprocal().squared_norm() * (0.5 * d as f64)]
    }

    /// (½‖ψ‖² + tr J)(x̃), (n, 1)
    pub fn implicit(&self) -> A {
        let [x, sigma] = self.spread();
        let noisy = corruption::corrupt_each(&x, &self.z, &sigma);
        objective::implicit(self.psi.score_and_trace(&noisy))
    }

    /// ½‖ψ(x̃) + z/σ²‖², a frequent slip that goes unnoticed at σ = 1: (n, 1)
    pub fn explicit_with_target_over_sigma_squared(&self) -> A {
        let ([_, sigma], (_, d)) = (self.spread(), self.z.shape());
        let law = self.law();
        let target = law.data_score * sigma.reciprocal().linear(Linear::Spread(d));
        objective::explicit(self.psi.score(&law.x), &target)
    }

    /// The same as a law of x̃: N(x, σ²I), whose score is −z/σ.
    pub fn law(&self) -> ScoreUnderLaw<A> {
        let ([x, sigma], (_, d)) = (self.spread(), self.z.shape());
        let target = -self.z.clone() * sigma.clone().reciprocal().linear(Linear::Spread(d));
        ScoreUnderLaw {
            psi: self.psi.clone(),
            x: corruption::corrupt_each(&x, &self.z, &sigma),
            data_score: target,
            weights: self.weights.clone(),
        }
    }
}

impl ScoreAroundPoint<Exact> {
    /// Every polynomial ψ, every x and every σ.
    pub fn every(d: usize, degree: usize) -> Self {
        let z = standard_point(d);
        let (x, sigma) = (Exact::named("x", 1, d), Exact::named("σ", 1, 1));
        let weights = z.constant(1, 1, |_, _| 1.0);
        Self { psi: AnyScore::every(d, degree), x, sigma, z, weights }
    }
}

impl ScoreAroundPoint {
    /// A random point in [−2, 2]ᵈ and σ from 0.05 to 1, with the nodes of ±9 in the given number of steps.
    pub fn random(psi: AnyScore<Matrix>, d: usize, steps: usize, rng: &mut Generator) -> Self {
        let rule = Mixture::isotropic(d, 1.0).rule(&plane(d, 9.0, steps));
        let sigma = Matrix::from_rows([[0.05_f64.powf(rng.random())]]);
        let (z, weights) = (rule.nodes, rule.weights);
        Self { psi, x: uniform(1, d, 2.0, rng), sigma, z, weights }
    }
}

/// Standard deviations of the components of a random mixture.
const NARROW: f64 = 0.7;
const WIDE: f64 = 1.1;

/// A score, and data from a mixture of Gaussians.
#[derive(Clone, Debug)]
pub struct ScoreUnderMixture {
    /// ψ
    pub psi: AnyScore<Matrix>,
    /// q
    pub density: Mixture,
    /// Nine standard deviations around every component lie within [−reach, reach]ᵈ: outside there
    /// is less than 10⁻¹⁸ of q.
    pub reach: f64,
}

impl ScoreUnderMixture {
    /// A score of a random kind, and two or three Gaussians, each with standard deviations from 0.7 to
    /// 1.1 along random axes around a mean in [−1, 1]ᵈ.
    pub fn random(d: usize, rng: &mut Generator) -> Self {
        let psi = AnyScore::random(d, rng);
        let components = (0..rng.random_range(2..=3)).map(|_| {
            let (mean, along) = (uniform(1, d, 1.0, rng), uniform(1, d, 1.0, rng));
            // NARROW² I + c v vᵀ, with the largest eigenvalue NARROW² + c‖v‖² ≤ WIDE².
            let stretch = (WIDE * WIDE - NARROW * NARROW) / d as f64;
            let round = Matrix::from_fn(d, d, |i, j| if i == j { NARROW * NARROW } else { 0.0 });
            (rng.random_range(1.0..3.0), mean, along.tn(&along) * stretch + round)
        });
        Self { psi, density: Mixture::new(components), reach: 1.0 + 9.0 * WIDE }
    }

    /// The trapezoid rule of the given number of steps along each axis, times q: Σ wᵢ f(xᵢ) is 𝔼_q f.
    ///
    /// The integrands are analytic near the real axis. The nearest poles are those of the network and
    /// those of ∇ log q, at a distance of about 0.8 (q has complex zeros between its components). At
    /// step 22/104 the error is about e^(−2π · 0.8 · 104/22) = 5·10⁻¹¹, times what is left of q so
    /// far from its modes, and halving the step squares it.
    ///
    /// # Panics
    /// In other than one or two dimensions.
    #[track_caller]
    pub fn rule(&self, steps: usize) -> Rule {
        self.density.rule(&plane(self.density.dimension(), self.reach, steps))
    }

    /// The same with its nodes, without those whose weight is below 2⁻⁷⁰ = 10⁻²¹, which is about half
    /// of them in the plane. Terms are below 10³ there (‖s‖ is at most reach/0.7² = 22), so even
    /// 4·10⁴ of them add 4·10⁻¹⁴, a hundredth of what the others may lose by rounding.
    pub fn at_nodes(&self, steps: usize) -> ScoreUnderLaw {
        let rule = self.rule(steps);
        let weights = rule.weights.data().iter().enumerate();
        let kept: Vec<usize> =
            weights.filter(|(_, w)| **w >= 2.0_f64.powi(-70)).map(|(i, _)| i).collect();
        let (x, weights) = (rule.nodes.select(&kept), rule.weights.select(&kept));
        let data_score = self.density.score(&x);
        ScoreUnderLaw { psi: self.psi.clone(), x, data_score, weights }
    }
}

/// The trapezoid rule on [−reach, reach]ᵈ for d = 1, 2.
#[track_caller]
fn plane(d: usize, reach: f64, steps: usize) -> Rule {
    let line = Rule::trapezoid(-reach, reach, steps);
    match d {
        1 => line,
        2 => line.squared(),
        _ => panic!("quadrature in {d} dimensions"),
    }
}
