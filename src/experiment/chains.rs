//! Three ways from one point of the pinwheel: ascent, Langevin dynamics, and the Metropolis-adjusted
//! chain ([T21], [T22]).
//!
//! [T21]: crate::identity::langevin
//! [T22]: crate::identity::langevin

use super::stream;
use crate::{
    array::Array,
    density::{Density, Mixture, shapes},
    identity::langevin::ascend,
    matrix::Matrix,
    quadrature::Rule,
    sampler::{Escaped, Sampler, Step, langevin, metropolis},
};
use std::iter::once;

/// Where all chains start: not in the very middle, where the score vanishes and rounding would choose
/// the arm.
pub const START: [f64; 2] = [0.5, 0.2];
/// Chains behind the shares, and steps of each.
pub const CHAINS: usize = 2000;
/// Steps of each.
pub const LONG: usize = 3000;
/// Steps of the single paths.
const STEPS: usize = 600;
/// ε, of which ascent takes the half as well. Across an arm, where v = 0.0625, the variance of a fixed
/// step is 1/(1 − ε/(4v)) = 1.3 times v.
const EPSILON: f64 = 0.06;

/// The line along which p has this share of its highest value: what lies outside it tells how wide a
/// cloud of points is.
pub const LINE: f64 = 0.1;

/// Paths, and where many chains end.
#[derive(Clone, Debug)]
pub struct PinwheelChains {
    /// p
    pub density: Mixture,
    /// The states of one chain, its start first: by ascent, by Langevin dynamics, and adjusted.
    pub paths: [Vec<[f64; 2]>; 3],
    /// Where ascent ends, (1, 2).
    pub mode: Matrix,
    /// The share of each arm after many Langevin steps, (1, 5).
    pub plain: Matrix,
    /// The same for the adjusted chains.
    pub adjusted: Matrix,
    /// The share of proposals that those accepted.
    pub acceptance: f64,
    /// The share outside the [`LINE`]: of the Langevin chains, of the adjusted ones, and of p.
    pub outside: [f64; 3],
}

impl PinwheelChains {
    /// Runs all chains.
    ///
    /// # Errors
    /// If a chain leaves the finite numbers.
    pub fn run(seed: u64) -> Result<Self, Escaped> {
        let p = shapes::pinwheel();
        let score = |x: &Matrix| p.score(x);
        let potential = |x: &Matrix| (-p.log_density(x), p.score(x));
        let start = |chains| Matrix::from_fn(chains, 2, |_, j| START[j]);
        let step = Step::halved(EPSILON);
        let mut rng = stream(seed, "chains");
        let paths = [
            path(langevin(score, start(1), Step::ascent(step.drift), &mut rng))?, // draws no noise
            path(langevin(score, start(1), step, &mut rng))?,
            path(metropolis(potential, start(1), EPSILON, &mut rng))?,
        ];
        let mode = ascend(&p, start(1), step.drift, STEPS)?;
        let many = langevin(score, start(CHAINS), step, &mut rng).after(LONG)?;
        let mut chains = metropolis(potential, start(CHAINS), EPSILON, &mut rng);
        let adjusted = chains.by_ref().after(LONG)?;
        let acceptance = chains.acceptance();
        drop(chains); // it has borrowed p
        let outside = outside(&p, &p.log_density(&mode), [&many, &adjusted]);
        let [plain, adjusted] = [many, adjusted].map(|x| {
            let (responsibilities, _) = p.responsibilities(&x);
            responsibilities.sum_over_samples() * (1.0 / CHAINS as f64)
        });
        Ok(Self { paths, mode, plain, adjusted, acceptance, outside, density: p })
    }
}

/// The share outside the [`LINE`] of two sets of points, and of p by a fine grid: the arms are 0.25 wide
/// and reach out to 4. All arms are alike, so every mode is as high as this one.
fn outside(p: &Mixture, mode: &Matrix, points: [&Matrix; 2]) -> [f64; 3] {
    let line = mode.item() + LINE.ln();
    let beyond = |x: &Matrix| {
        let log = p.log_density(x);
        Matrix::from_fn(x.rows(), 1, |i, _| f64::from(u8::from(log.at(i, 0) < line)))
    };
    let [plain, adjusted] = points.map(|x| beyond(x).mean().item());
    let law = p.rule(&Rule::trapezoid(-7.0, 7.0, 700).squared());
    [plain, adjusted, law.integrate(&beyond(&law.nodes))]
}

/// The start and the states of the first chain.
fn path(chains: impl Iterator<Item = Result<Matrix, Escaped>>) -> Result<Vec<[f64; 2]>, Escaped> {
    let states = chains.take(STEPS).map(|x| x.map(|x| [x.at(0, 0), x.at(0, 1)]));
    once(Ok(START)).chain(states).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For N(0, I) in the plane p is a tenth of its highest value where e^(−r²/2) = 0.1, and that is also
    /// the share beyond r. The grid is off by the cells on this circle, 2πr · √2 · 0.02 · 0.1/(2π) < 0.007.
    #[test]
    fn a_tenth_of_a_gaussian_lies_outside_its_line() {
        let p = Mixture::isotropic(2, 1.0);
        let [inside, beyond] = [2.1, 2.2].map(|x| Matrix::from_rows([[x, 0.0]]));
        let top = p.log_density(&Matrix::zeros(1, 2));
        let [plain, adjusted, law] = outside(&p, &top, [&inside, &beyond]);
        assert_eq!([plain, adjusted], [0.0, 1.0]);
        assert!((law - LINE).abs() < 0.007, "{law}");
    }
}
