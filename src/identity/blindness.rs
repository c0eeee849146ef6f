//! T35: the price of blindness. Score matching estimates the weight of two modes consistently, and with a
//! variance that grows like e^(m²/2) with their distance.
//!
//! p_w = wN(m, 1) + (1 − w)N(−m, 1) has the score ψ = −x + mT with T = tanh(β + mx), β = ½log(w/(1 − w)).
//! The weight is seen where T is neither −1 nor 1: between the modes, where hardly a point falls.
//!
//! An estimate that solves Σ s(xᵢ; w) = 0 has n var ŵ → Σ/H² with Σ = 𝔼s², H = 𝔼 ∂s/∂w, the **sandwich**;
//! for score matching s = ψψ̇ + ψ̇′, where a dot is ∂/∂w, and H = 𝔼ψ̇².
//!
//! The page: `proofs/blindness.md`.

mod asymptote;

pub use asymptote::{KAPPA_AT_EQUAL_WEIGHTS, excess, kappa, leading};

use super::{
    Claim, Sides, Theorem, exponential_families::efficiency::Estimates, magnitude, number,
};
use crate::{
    array::{Array, Function},
    autodiff::{Dual, Tape, second::along_axes},
    density::{Density, Mixture},
    grid::Exact,
    matrix::{Matrix, noise::Generator},
    objective::{implicit, trace::of_score},
    quadrature::{Rule, expectation},
};
use rand::{Rng, RngExt};

/// The theorem of this page.
pub const THEOREMS: &[Theorem] = &[Theorem {
    number: 35,
    statement: "score matching of a mode's weight: n Var ŵ → Σ/H², an efficiency like e^(−m²/2)/m",
    claims: &[
        Claim::one("∂/∂w of ½ψ² + ψ′ is −ψ̇(x + mT)", "every w, m and x", || {
            Sides::proof(estimating_function(1.0))
        }),
        Claim::any("𝔼s = 0, and 𝔼 ∂s/∂w = 𝔼ψ̇²", ANY, slope_and_curvature),
        Claim::any("e(m) is √(π/(2w(1 − w))) e^(−m²/2)/m times f(1/m²)", ANY, asymptote::rescaled),
        Claim::any("there f(0) = 1, f′(0) = −κ", "random w from 0.1 to 0.9", |rng| {
            let weight = rng.random_range(0.1..0.9);
            asymptote::expanded(weight, kappa(weight))
        }),
    ],
    false_statements: &[
        Claim::one("∂/∂w of ½ψ² + ψ′ is −ψ̇x", "every w, m and x", || {
            Sides::proof(estimating_function(0.0))
        }),
        Claim::one("n Var ŵ → 1/H, as if Σ = H", ONE, || {
            compared(ONE_MODE, |s| [s.scatter, s.curvature])
        }),
        Claim::one("consistent, and so as good as maximum likelihood", ONE, || {
            compared(ONE_MODE, |s| [s.efficiency(), 1.0])
        }),
        Claim::one("the first term of the asymptote is enough", "w = ⅘, m = 6", || {
            let far = FarModes { distance: 6.0, ..ONE_MODE };
            compared(far, |s| [s.efficiency(), leading(FarModes { distance: 6.0, ..ONE_MODE })])
        }),
        Claim::one("κ is the same for all weights", "w = ⅘", || {
            asymptote::expanded(ONE_MODE.weight, KAPPA_AT_EQUAL_WEIGHTS)
        }),
    ],
}];

const ANY: &str = "random w from 0.2 to 0.8, m from 1 to 4";
const ONE: &str = "w = ⅘, m = 1";
const ONE_MODE: FarModes = FarModes { weight: 0.8, distance: 1.0 };

/// T = tanh(β + mx): x (n, 1), β and m (1, 1) → (n, 1).
pub fn tilt<A: Array>(x: &A, [bias, distance]: [&A; 2]) -> A {
    x.nn(distance).add_row(bias).tanh()
}

/// ψ = −x + mT, of the same shapes.
pub fn score<A: Array>(x: &A, parameters: [&A; 2]) -> A {
    tilt(x, parameters).nn(parameters[1]) - x
}

/// ∂/∂β of ½ψ² + ψ′, and −(x + a mT) ∂ψ/∂β. The theorem says a = 1. ∂/∂w has dβ/dw = 1/(2w(1 − w))
/// more, on both sides.
fn estimating_function(a: f64) -> [Vec<Exact>; 2] {
    let [x, b, m] = ["x", "b", "m"].map(|name| Exact::named(name, 1, 1));
    let tape = Tape::new();
    let [at, bias, distance] = [&x, &b, &m].map(|letter| tape.var(letter));
    let psi = |x: &Dual<_>| score(x, [&Dual::constant(&bias), &Dual::constant(&distance)]);
    let left = implicit(of_score(psi, &at)).gradient(&[bias]);
    let slope = score(&at, [&bias, &distance]).gradient(&[bias]).remove(0);
    let right = -slope * (tilt(&x, [&b, &m]).nn(&m) * a + &x);
    [left, vec![right]]
}

/// wN(m, 1) + (1 − w)N(−m, 1).
#[derive(Clone, Copy, Debug)]
pub struct FarModes {
    /// w
    pub weight: f64,
    /// m, half of how far the modes are apart.
    pub distance: f64,
}

/// What the variances of the estimates of w are made of.
#[derive(Clone, Copy, Debug)]
pub struct Sandwich {
    /// H = 𝔼ψ̇²
    pub curvature: f64,
    /// Σ = 𝔼s²
    pub scatter: f64,
    /// The Fisher information of w, 𝔼(∂log p_w/∂w)².
    pub information: f64,
}

impl Sandwich {
    /// Σ/H², the limit of n Var ŵ for score matching.
    pub fn variance(&self) -> f64 {
        self.scatter / (self.curvature * self.curvature)
    }

    /// The limit for maximum likelihood over it.
    pub fn efficiency(&self) -> f64 {
        1.0 / (self.information * self.variance())
    }
}

impl FarModes {
    /// From random numbers in the ranges of the claims.
    fn any(rng: &mut impl Rng) -> Self {
        Self { weight: rng.random_range(0.2..0.8), distance: rng.random_range(1.0..4.0) }
    }

    /// β = ½log(w/(1 − w))
    pub fn bias(self) -> f64 {
        0.5 * (self.weight / (1.0 - self.weight)).ln()
    }

    /// w(1 − w)
    pub fn spread(self) -> f64 {
        self.weight * (1.0 - self.weight)
    }

    /// p_w
    pub fn density(self) -> Mixture {
        let mode =
            |weight, mean: f64| (weight, Matrix::from_rows([[mean]]), Matrix::from_rows([[1.0]]));
        let Self { weight, distance } = self;
        Mixture::new([mode(weight, distance), mode(1.0 - weight, -distance)])
    }

    /// Expectations over p_w. T has its poles π/(2m) off the line, so that steps of 1/(6m) err by
    /// e^(−6π²) = 2·10⁻²⁶, times (2π · 6)³ as those of (1 − T²)² p_w are of the third order.
    pub fn law(self, fineness: usize) -> Rule {
        let reach = self.distance + 9.0;
        let steps = (12.0 * reach * self.distance.max(1.0)).ceil() as usize;
        self.density().rule(&Rule::trapezoid(-reach, reach, steps * fineness))
    }

    /// T, and 1 − T² with all its digits where T is nearly ±1.
    fn tilts(self, x: &Matrix) -> [Matrix; 2] {
        let u = x.clone() * self.distance + self.bias();
        [u.clone().tanh(), (u * 2.0).apply(Function::SigmoidSlope) * 4.0]
    }

    /// By quadrature over p_w, with s in the short form of the theorem.
    pub fn sandwich(self, law: &Rule) -> Sandwich {
        let (x, m, spread) = (&law.nodes, self.distance, self.spread());
        let [t, hump] = self.tilts(x);
        let slope = hump * (0.5 * m / spread); // ψ̇
        let s = slope.clone() * (t.clone() * m + x);
        // ρ/w − (1 − ρ)/(1 − w), where ρ = (1 + T)/2 is the share of the first mode at x
        let likelihood = (t + (1.0 - 2.0 * self.weight)) * (0.5 / spread);
        let mean = |f: &Matrix| law.integrate(&f.squared_norm());
        Sandwich { curvature: mean(&slope), scatter: mean(&s), information: mean(&likelihood) }
    }

    /// Both estimates of w from a sample x (n, 1) of p_w, each by Newton's method from the true weight.
    /// That of score matching runs in β, where 𝔼s = 0 reads 𝔼(1 − T²)(x + mT) = 0.
    ///
    /// # Panics
    /// If one does not converge: the sample is too small, or says nothing of the weight.
    pub fn estimates(self, x: &Matrix) -> Estimates {
        let m = self.distance;
        let score_matching = newton(self.bias(), |bias| {
            x.data().iter().fold([0.0; 2], |[f, slope], &x| {
                let t = (bias + m * x).tanh();
                let (hump, s) = (1.0 - t * t, x + m * t);
                [f + hump * s, slope + hump * (m * hump - 2.0 * t * s)]
            })
        });
        let odds: Vec<f64> = x.data().iter().map(|x| (2.0 * m * x).exp()).collect();
        let likelihood = newton(self.weight, |w| {
            odds.iter().fold([0.0; 2], |[f, slope], r| {
                let a = (r - 1.0) / (w * r + 1.0 - w);
                [f + a, slope - a * a]
            })
        });
        Estimates { score_matching: 1.0 / (1.0 + (-2.0 * score_matching).exp()), likelihood }
    }

    /// The estimates from independent samples of size n.
    pub fn repeated(self, n: usize, repetitions: usize, rng: &mut Generator) -> Vec<Estimates> {
        let density = self.density();
        (0..repetitions).map(|_| self.estimates(&density.sample(n, rng))).collect()
    }
}

/// Where f = 0, from f and f′.
#[track_caller]
fn newton(start: f64, f: impl Fn(f64) -> [f64; 2]) -> f64 {
    let mut at = start;
    for _ in 0..50 {
        let [value, slope] = f(at);
        let step = value / slope;
        at -= step;
        if step.abs() < 1e-10 {
            return at;
        }
    }
    panic!("from {start} no zero was found: the last number was {at}")
}

/// Two functions of the sandwich, as exact as its integrals: in the efficiency all three meet, of terms
/// without a minus sign but for (x + mT)².
fn compared(modes: FarModes, of: fn(&Sandwich) -> [f64; 2]) -> Sides {
    Sides::doubled(|fineness| {
        let law = modes.law(fineness);
        let [left, right] = of(&modes.sandwich(&law));
        let size = 4.0 * (left.abs() + right.abs());
        Sides::integrals([number(left), number(right)], number(size), law.nodes.rows())
    })
}

/// The first two derivatives by w of ISM = 𝔼[½ψ² + ψ′] over p_w, by forward mode, against 0 and 𝔼ψ̇².
fn slope_and_curvature(rng: &mut Generator) -> Sides {
    let modes = FarModes::any(rng);
    let FarModes { weight: w, distance: m } = modes;
    Sides::doubled(|fineness| {
        let law = modes.law(fineness);
        let x = &law.nodes;
        let ism = |w: &Dual<Dual<Matrix>>| {
            let x = Dual::constant(&Dual::constant(x));
            let bias = (w.clone().ln() - (-w.clone() + 1.0).ln()) * 0.5;
            let bias = Dual::constant(&bias);
            let distance = bias.constant(1, 1, |_, _| m);
            let pair = of_score(|x: &Dual<_>| score(x, [&bias, &distance]), &x);
            [expectation(&law.weights, &implicit(pair))]
        };
        let [ism] = along_axes(ism, &Matrix::from_rows([[w]]));
        // With ψ̇ = mT′, |ψ̇′| ≤ 2mψ̇, |ψ̈| ≤ cψ̇ and |ψ̈′| ≤ 3mcψ̇.
        let [_, hump] = modes.tilts(x);
        let slope = hump * (0.5 * m / modes.spread());
        let psi =
            magnitude(&score(x, [&Matrix::from_rows([[modes.bias()]]), &Matrix::from_rows([[m]])]));
        let c = (1.0 + (2.0 * w - 1.0).abs()) / modes.spread();
        let terms = law.integrate(&((psi + 3.0 * m) * &slope));
        let curvature = modes.sandwich(&law).curvature;
        Sides::integrals(
            [vec![ism.first, ism.second], [number(0.0), number(curvature)].concat()],
            [number(terms), number(c * terms + curvature)].concat(),
            x.rows(),
        )
    })
}
