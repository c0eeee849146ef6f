//! T38: the score of a model with latent variables, and a tight bound with a wrong slope.
//!
//! Let p(x) = Σ_h p(x, h), or the integral over h, and S(x, h) = ∇ₓ log p(x, h). Then
//!
//! ```text
//! ∇ log p(x)  = 𝔼[S | x]
//! ∇² log p(x) = 𝔼[∇S | x] + Cov(S | x)
//! ∇ₓ ELBO(x; r) = 𝔼_r S             r(h) held fixed: wrong by 𝔼_r S − 𝔼[S | x]
//! ```
//!
//! A bound that is tight to δ has a slope that is wrong by √(2vδ) at most, if S is v-sub-Gaussian given
//! x; and by as much in the [example](TightBound), however small δ is.
//!
//! A state of h enters through log p(x, h) as a function of x, of which only derivatives up to the
//! second order occur: so the proofs are about all such functions at once. Weights of a quadrature can
//! be put into log p(x, h), so they are about sums over nodes as well.
//!
//! The page: `proofs/latent_variables.md`.

mod machine;
mod tight_bound;

pub use machine::{binary, closed_form, every_state};
pub use tight_bound::TightBound;

use super::{
    Claim, Evidence, Sides, Theorem, denoising_autoencoder::Instance, enclosed, jets::BasePoint,
    number, spread,
};
use crate::{
    array::Array,
    autodiff::{Tape, Var},
    grid::Exact,
    model::Parameters,
};

/// The theorem of this page.
pub const THEOREMS: &[Theorem] = &[Theorem {
    number: 38,
    statement: "∇ log p = 𝔼[S∣x], ∇² log p = 𝔼[∇S∣x] + Cov(S∣x), ∇ELBO = 𝔼_r S for r held fixed",
    claims: &[
        Claim::one("∇ log p and ∇² log p", JETS, || {
            on_jets(|joint, x, _| marginal(joint, x, 1.0))
        }),
        Claim::one("∇ELBO − ∇ log p = 𝔼_r S − 𝔼[S∣x], r held fixed", JETS, || {
            on_jets(slope_of_a_bound)
        }),
        Claim::one(
            "h in {0, 1}³: ψ = c − x + Wᵀs, ∇ψ = −I + Wᵀ diag(s(1 − s))W",
            UNITS,
            || {
                let i = Instance::every((1, 3, 3), 1.0);
                let i = binary(i);
                Sides::proof([every_state(&i), closed_form(&i)])
            },
        ),
        Claim::one(
            "value gap a²/(2k²), slope gap a/τ²; its square is 2v times that",
            SHIFT,
            || Sides::proof(TightBound::every().gaps()),
        ),
        Claim::one("the same r, moving with x: no slope gap", SHIFT, || {
            Sides::proof(TightBound::every().amortised())
        }),
        Claim::any("h in {0, 1}ʰ: by Σ e^(log p(x, h)) over all states", "d, h = 1 to 4", |rng| {
            let shape = [(); 2].map(|()| rand::RngExt::random_range(rng, 1..=4));
            let i = binary(Instance::random((1, shape[0], shape[1]), rng));
            let both = [marginal_of_units(&i), closed_form(&i)];
            let j = enclosed(&i);
            Sides::rounding(both, [marginal_of_units(&j), closed_form(&j)])
        }),
    ],
    false_statements: &[
        Claim::one("∇² log p = 𝔼[∇S∣x], without the covariance", JETS, || {
            on_jets(|joint, x, _| marginal(joint, x, 0.0))
        }),
        Claim::one("∇ELBO = ∇ log p for r held fixed", SHIFT, || {
            Sides::proof(TightBound::every().slopes())
        }),
        Claim::one(
            "a bound that is tight to δ has a slope that is right to δ",
            "h ~ N(0, 1), x∣h ~ N(h, 1/100), at x = 3/2: δ = 101/20000",
            || {
                let example = TightBound::standard(0.1, 1.0, 1.5);
                let [reported, slope, delta] =
                    [example.reported_slope(), example.slope(), example.value_gap()].map(number);
                let evidence = Evidence::Rounding;
                Sides::Numbers { evidence, left: reported, right: slope, allowed: delta }
            },
        ),
    ],
}];

const JETS: &str = "d = 3, three states, every log p(x, h) to second order, every x and r";
const UNITS: &str = "d = 3, every W, b, c, x; posterior Πⱼ s or 1 − s";
const SHIFT: &str = "h, x on the line; every prior N(0, ·), τ, x, shift a";

/// The entry of a row (1, k) at place i, (1, 1).
fn entry<A: Array>(row: &A, i: usize) -> A {
    row.nt(&row.constant(1, row.shape().1, |_, j| f64::from(u8::from(i == j))))
}

/// Numbers (1, 1) as a row (1, k).
fn row<A: Array>(numbers: &[A]) -> A {
    let placed = numbers
        .iter()
        .enumerate()
        .map(|(i, x)| x.nn(&x.constant(1, numbers.len(), |_, j| f64::from(u8::from(i == j)))));
    placed.reduce(|sum, x| sum + x).expect("a state")
}

/// p(h|x) from log p(x, h): (1, k) → (1, k).
fn posterior<A: Array>(joint: &A) -> A {
    let (masses, (_, k)) = (joint.clone().exp(), joint.shape());
    masses.clone() * spread(&masses.sum().reciprocal(), 1, k)
}

/// ∇f (1, d) and ∇²f (d, d), of a number f at x (1, d).
fn derivatives<'t, A: Array>(f: Var<'t, A>, x: &Var<'t, A>) -> [Var<'t, A>; 2] {
    let (_, d) = x.shape();
    let slope = f.grad(&[*x])[0];
    let rows = (0..d).map(|i| {
        let axis = x.constant(1, d, |_, j| f64::from(u8::from(i == j)));
        axis.tn(&slope.inner(&axis).grad(&[*x])[0])
    });
    [slope, rows.reduce(|sum, row| sum + row).expect("a dimension")]
}

/// ∇ log p and ∇² log p at x (1, d): by differentiating log Σ_h p(x, h), and as means over p(h|x) of
/// what log p(x, h), (1, k), has for derivatives. `covariance` is the factor of the covariance.
fn marginal<'t, A: Array>(joint: &Var<'t, A>, x: &Var<'t, A>, covariance: f64) -> [Vec<A>; 2] {
    let ((_, k), (_, d)) = (joint.shape(), x.shape());
    let left = derivatives(joint.exp().sum().ln(), x);
    let weights = posterior(joint);
    let zero = |n| x.constant(n, d, |_, _| 0.0);
    let (mut mean, mut square, mut curvature) = (zero(1), zero(d), zero(d));
    for h in 0..k {
        let (weight, [slope, second]) = (entry(&weights, h), derivatives(entry(joint, h), x));
        let weighted = slope * spread(&weight, 1, d);
        square = square + slope.tn(&weighted);
        mean = mean + weighted;
        curvature = curvature + second * spread(&weight, d, d);
    }
    let right = [mean, curvature + (square - mean.tn(&mean)) * covariance];
    [left, right].map(|side| side.iter().map(Var::value).collect())
}

/// ∇ₓ[Σ_h r (log p(x, h) − log r)] − ∇ log p for any r that does not move, and 𝔼_r S − 𝔼[S|x].
fn slope_of_a_bound<'t, A: Array>(
    joint: &Var<'t, A>,
    x: &Var<'t, A>,
    r: &Var<'t, A>,
) -> [Vec<A>; 2] {
    let ((_, k), (_, d)) = (joint.shape(), x.shape());
    let bound = r.inner(&(*joint - r.ln()));
    let gap = bound.grad(&[*x])[0] - joint.exp().sum().ln().grad(&[*x])[0];
    let excess = *r - posterior(joint);
    let mean = (0..k).map(|h| entry(joint, h).grad(&[*x])[0] * spread(&entry(&excess, h), 1, d));
    let mean = mean.reduce(|sum, s| sum + s).expect("a state");
    [vec![gap.value()], vec![mean.value()]]
}

/// A polynomial on a tape.
type On<'t> = Var<'t, Exact>;

/// A formula of log p(x, h) for three states, each with any value, slope and curvature in x, of x and r.
fn on_jets(formula: for<'t> fn(&On<'t>, &On<'t>, &On<'t>) -> [Vec<Exact>; 2]) -> Sides {
    let tape = Tape::new();
    let (at, r) = (BasePoint::origin(&tape, 3), tape.var(&Exact::named("r", 1, 3)));
    let states = ["u", "v", "w"].map(|name| at.every(name, 2));
    Sides::proof(formula(&row(&states), &at.x, &r))
}

/// ∇ log p and ∇² log p of binary units, by differentiating log Σ_h p(x, h).
fn marginal_of_units<A: Array>(i: &Instance<A>) -> Vec<A> {
    let tape = Tape::new();
    let on = i.on(&tape);
    derivatives(machine::joint(&on).exp().sum().ln(), &on.x).map(|of_x| of_x.value()).into()
}
