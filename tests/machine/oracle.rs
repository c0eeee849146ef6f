//! Every function of the crate that maps numbers to numbers against an independent evaluation, over
//! the whole range of exponents, in every precision and behind every door.
//!
//! The truth is computed in [`wide`] numbers, which know 100 bits and no overflow, by the formula as it
//! stands on paper. An error is measured in **units in the last place of a size**, the size being the
//! sum of the terms that the problem itself makes the result of (and |x f′(x)| where x is rounded
//! before f sees it). So what cancels on paper is forgiven, and what only the code lets cancel, overflow
//! or underflow is not. [`TABLE`] states the size and how many units are allowed; each test prints
//! the worst that it found, and where.

use rand::{Rng, SeedableRng};
use score_matching::{
    Matrix,
    matrix::{Real, door::Door, noise::Generator},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
};
pub use wide::{PI, Wide, w};

mod densities;
mod descent;
mod distances;
mod exhaustive;
mod gaussians;
mod models;
mod noise;
mod objectives;
mod rules;
mod slopes;
pub mod wide;

/// What is measured, the size whose last place is the unit, and how many units are allowed. Beside the
/// size every result may be wrong by as many of the smallest numbers.
pub const TABLE: &[(&str, &str, f64)] = &[
    ("exp", "|φ|", 2.0),
    ("sigmoid", "|φ|", 2.0),
    ("sigmoid′", "|φ|", 2.0),
    ("softplus", "|φ|", 2.0),
    ("tanh", "|φ|", 2.0),
    ("ln", "|φ|", 1.0),
    ("1/x", "|φ|", 0.5),
    ("relu, heaviside", "|φ|", 0.0),
    ("φ′ exp", "|φ′|", 2.0),
    ("φ′ sigmoid", "|φ′|", 2.0),
    ("φ′ softplus", "|φ′|", 2.0),
    ("φ′ tanh", "|φ′| + 4 of the smallest normal number", 2.0),
    ("φ′ ln", "|φ′|", 0.5),
    ("φ′ 1/x", "|φ′|", 2.0),
    ("φ′ sigmoid′", "|φ′|", 5.0),
    ("φ′ relu, heaviside", "|φ′|", 0.0),
    ("φ″ exp", "|φ″|", 2.0),
    ("φ″ sigmoid", "|φ″|", 5.0),
    ("φ″ softplus", "|φ″|", 2.0),
    ("φ″ tanh", "|φ″| + 8 of the smallest normal number", 5.0),
    ("φ″ ln", "|φ″|", 2.0),
    ("φ″ 1/x", "|φ″|", 4.0),
    ("φ″ sigmoid′", "φ′ of sigmoid (tanh² + 2 sigmoid′)", 6.0),
    ("φ″ relu, heaviside", "|φ″|", 0.0),
    ("Quartic: log q", "θx⁴ + log 2 + |log Γ(5/4)| + ¼|log θ|", 4.0),
    ("Quartic: score", "|ψ| + 4 of the smallest normal number", 3.0),
    ("Laplace: log q", "|x|/s + log 2 + |log s|", 2.0),
    ("Laplace: score", "|ψ|", 0.5),
    ("Exponential: log q", "|log λ| + λx", 2.0),
    ("Exponential: score", "|ψ|", 0.0),
    ("Uniform", "|log q|, |ψ|", 0.0),
    ("Cauchy: log q", "log π + log(1 + x²)", 2.0),
    ("Cauchy: score", "|ψ|", 3.0),
    ("Gamma: log q", "|(a − 1) log x| + x + |log Γ(a)|", 4.0),
    ("Gamma: score", "|a − 1|/x + 1", 2.0),
    ("Logistic: log q", "|x|/s + |log s| + 2 log(1 + e^(−|x|/s))", 2.0),
    ("Logistic: score", "|ψ|", 4.0),
    ("log Γ", "|log Γ(a)|", 20.0),
    ("Mixture: log q", "½rᵀΣ⁻¹r, log det Σ, log w; of the odds their share", 12.0),
    ("Mixture: score", "Σ⁻¹r by entries; of the odds their share", 6.0),
    ("Mixture: Hessian", "ρ(ssᵀ + Σ⁻¹) by entries; of the odds their share", 4.0),
    ("KernelEstimate: log q", "as Mixture", 6.0),
    ("KernelEstimate: score", "as Mixture", 6.0),
    ("KernelEstimate: 𝔼[X|x]", "ρ|X|; of the odds their share", 8.0),
    ("corruption: corrupt", "|x| + |σz|", 2.0),
    ("corruption: log density", "z² + |log σ| + log τ", 4.0),
    ("corruption: score", "|ψ|", 4.0),
    ("corruption: denoise", "|x̃| + |σ²ψ| + σ of the smallest normal number", 4.0),
    ("Kernel: log density", "Isotropic, Gaussian: z² + |log σ| + log τ", 4.0),
    ("Kernel: score", "Isotropic, Gaussian: |ψ|", 4.0),
    ("Kernel: logistic log density", "|t| + 2 log(1 + e^(−|t|)) + |log s|", 4.0),
    ("Kernel: logistic score", "|ψ|", 6.0),
    ("Kernel: sensor log density", "(|x̃| + |ax|)|x̃ − ax|/v + ½|log v| + log τ", 8.0),
    ("Kernel: sensor score", "(|x̃| + |ax|)/v", 8.0),
    ("NoiseScales", "σ (1 + |log σ₁| + |log σ_L|)", 1.0),
    ("nearest, median", "the distance", 3.0),
    ("MMD", "of its square the means of k (1 + ‖x − y‖²/h²)", 4.0),
    ("Scatter: mean", "mean of |v|", 4.0),
    ("Scatter: variance", "variance + (ε mean)²", 4.0),
    ("Scatter: deviation", "deviation + ε |mean|", 2.0),
    ("trapezoid", "|low| + |high|; the weight", 1.5),
    ("double exponential: x", "|a| + (x − a)(1 + |du/dt| |t| + |u|)", 1.5),
    ("double exponential: w", "w (1 + |du/dt| |t| + |u|)", 3.0),
    ("Gauss–Legendre: x", "the distance to the nearer end", 4.0),
    ("Gauss–Legendre: w", "n w", 1.0),
    ("Gauss–Hermite: x", "1 + |x|", 1.0),
    ("Gauss–Hermite: w", "(n + x²) w", 2.0),
    ("Sgd", "|θ| + |rate g|", 2.0),
    ("Adam", "the sum of the steps, and of those by the smallest normal m", 8.0),
    ("Langevin step", "|x| + |drift ψ| + |noise z|", 3.0),
    ("log acceptance", "its terms multiplied out", 2.0),
    ("explicit", "(|ψ| + |s|)²", 1.5),
    ("implicit, weighted", "the terms", 2.0),
    ("regularised, sliced", "the terms", 3.0),
    ("denoising", "(|ψ| + |x − x̃|/σ²)²", 4.0),
    ("with control", "ψ(x̃)² + (|ψ(x̃)| + |ψ(x)|)|z|/σ, ψ′ times |x| + |σz|", 3.0),
    ("noise-conditional", "λ(σ) (|ψ| + |z|/σ)²", 4.0),
    ("reconstruction, CD", "the terms", 1.5),
    ("model: score", "(|w|(σ + σ′(|wx| + |b|)) + |c| + |x|)/σ²", 6.0),
    ("model: trace", "(w²σ′(1 + |wx| + |b|) + 1)/σ²", 4.0),
    ("model: energy", "(½x² + |cx| + softplus + σ (|wx| + |b|))/σ²", 6.0),
    ("Wiener", "the gain; |m| + |x|", 6.0),
    ("exponential family", "θ (1 + m²/v)", 5.0),
    ("noise floor", "d/σ² + I", 1.0),
];

/// The worst error found of each row and precision, in units, and where.
#[derive(Default)]
pub struct Ledger(BTreeMap<(usize, usize), (f64, String)>);

impl Ledger {
    /// An error of `units`, as measured by whoever calls; what is not a number is no small one.
    pub fn enter<T: Real>(&mut self, name: &str, units: f64, place: impl FnOnce() -> String) {
        let row = TABLE.iter().position(|row| row.0 == name);
        let row = row.unwrap_or_else(|| panic!("no row for {name}"));
        let units = if units.is_nan() { f64::INFINITY } else { units };
        let worst = self.0.entry((row, size_of::<T>())).or_insert((-1.0, String::new()));
        if units > worst.0 {
            *worst = (units, place());
        }
    }

    /// What was found, and what it should be: the truth and the size that its error is measured by.
    pub fn judge<T: Real>(
        &mut self,
        name: &str,
        found: f64,
        (truth, size): (Wide, Wide),
        input: &dyn Debug,
    ) {
        let place = || format!("{input:?}: {found:e}, not {:e}", truth.to_f64());
        self.enter::<T>(name, units::<T>(found, truth, size), place);
    }

    /// A column with a result for every input, behind every door.
    pub fn judge_each<T: Real, I: Debug>(
        &mut self,
        name: &str,
        inputs: &[I],
        found: impl Fn() -> Matrix<T>,
        oracle: impl Fn(&I) -> (Wide, Wide),
    ) {
        let truths: Vec<_> = inputs.iter().map(oracle).collect();
        for door in Door::available() {
            let found = door.within(&found);
            assert_eq!(found.data().len(), inputs.len(), "{name}");
            let error = |i: usize| units::<T>(found.data()[i].to_f64(), truths[i].0, truths[i].1);
            if let Some((_, i)) = worst(inputs.len(), error) {
                self.judge::<T>(name, found.data()[i].to_f64(), truths[i], &(&inputs[i], door));
            }
        }
    }

    /// Prints the table of what was found and demands that all of it is allowed.
    #[track_caller]
    pub fn settle(self) {
        let mut failures = Vec::new();
        for ((row, bytes), (units, place)) in self.0 {
            let (name, size, allowed) = TABLE[row];
            let line = format!(
                "{name:30} f{:2} {units:8.3} of {allowed:4} ulp of {size}\n{:>34} {place}",
                8 * bytes,
                "at"
            );
            println!("{line}");
            if units > allowed {
                failures.push(line);
            }
        }
        assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    }
}

/// The worst of n errors, of which none is negative, and whose it is.
pub fn worst(n: usize, error: impl Fn(usize) -> f64) -> Option<(f64, usize)> {
    (0..n).map(|i| (error(i), i)).max_by(|a, b| a.0.total_cmp(&b.0))
}

/// Bits of the mantissa and exponent of the smallest number.
pub fn precision<T: Real>() -> (i32, i32) {
    if size_of::<T>() == 8 { (53, -1074) } else { (24, -149) }
}

/// The smallest normal number.
pub fn tiny<T: Real>() -> Wide {
    let (bits, smallest) = precision::<T>();
    w(1.0).times_power(smallest + bits - 1)
}

/// |found − truth| in the last place of the size, which is at least the smallest number. ∞ counts as
/// the number after the largest, and is forgiven in the last two powers of two: a square may overflow
/// before it is halved.
fn units<T: Real>(found: f64, truth: Wide, size: Wide) -> f64 {
    let (bits, smallest) = precision::<T>();
    let top = 3 - bits - smallest; // 1024 or 128
    let same = |yes: bool| if yes { 0.0 } else { f64::INFINITY };
    if truth.top().is_nan() || found.is_nan() {
        return same(truth.top().is_nan() && found.is_nan());
    }
    let beyond = truth.top().is_infinite() || truth.e >= top - 2;
    if beyond && found.is_infinite() || truth.top().is_infinite() {
        return same(found == f64::INFINITY.copysign(truth.top()));
    }
    let leading = if size.top() == 0.0 { truth.e } else { truth.e.max(size.e) };
    let unit = (leading - bits + 1).max(smallest);
    let found = match found {
        f64::INFINITY => w(1.0).times_power(top),
        f64::NEG_INFINITY => w(-1.0).times_power(top),
        _ => w(found),
    };
    (found - truth).times_power(-unit).to_f64().abs()
}

/// Numbers of a precision, of both signs: some at one in `every` exponents from 2^low to 2^high, round
/// ones and as many of random bits; ±0, 1, 2 and their neighbours.
pub fn numbers<T: Real>(low: i32, high: i32, every: usize) -> Vec<f64> {
    let (_, smallest) = precision::<T>();
    let mut rng = Generator::seed_from_u64(1);
    let mut x = Vec::new();
    for (i, e) in (low.max(smallest)..high).step_by(every).enumerate() {
        let random = f64::from_bits(rng.next_u64() >> 12 | 0x3ff << 52);
        let power = w(1.0).times_power(e).to_f64();
        let plain = [1.0, 1.999_999_9, 1.25, 1.5][i % 4];
        x.extend([plain, -plain, random, -random].map(|m| T::of(m * power).to_f64()));
    }
    let epsilon = 2.0 * T::UNIT_ROUNDOFF;
    x.extend([0.0, -0.0, 1.0, 1.0 + epsilon, 1.0 - epsilon / 2.0, 2.0, 2.0 - epsilon, 0.5]);
    x
}

/// All exponents.
pub fn all_numbers<T: Real>(every: usize) -> Vec<f64> {
    let (bits, smallest) = precision::<T>();
    numbers::<T>(smallest, 3 - bits - smallest, every)
}

/// Column k of the inputs.
pub fn column<T: Real, const K: usize>(inputs: &[[f64; K]], k: usize) -> Matrix<T> {
    Matrix::from_fn(inputs.len(), 1, |i, _| inputs[i][k])
}

/// Every row belongs to one name.
#[test]
fn the_table_has_no_name_twice() {
    let names: BTreeSet<_> = TABLE.iter().map(|row| row.0).collect();
    assert_eq!(names.len(), TABLE.len());
}
