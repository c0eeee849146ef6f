//! Two far modes by plain and by annealed Langevin dynamics: which share of the chains ends at the
//! larger one, sampled and by the exact law of the chains ([T23](crate::identity::annealing)).

use super::stream;
use crate::{
    corruption::NoiseScales,
    density::{Density, Mixture},
    identity::annealing::{TwoModes, heavy_side},
    matrix::{Matrix, noise::Generator},
    sampler::{Escaped, Level, Sampler, Step, annealed, langevin, levels},
};

/// The modes.
pub const MODES: TwoModes = TwoModes::EXAMPLE;
/// The noise from which is annealed; the last level has σ = 1.
pub const LARGEST: f64 = 20.0;
/// Chains behind each number: the standard errors are at most a third of a percent.
pub const CHAINS: usize = 24_000;
/// Steps of plain Langevin.
pub const PLAIN: usize = 1000;
/// L of the schedules.
pub const LEVELS: [usize; 4] = [20, 10, 5, 2];
/// T of the schedules.
pub const STEPS: [usize; 3] = [10, 30, 100];

/// ε
const EPSILON: f64 = 0.1;
/// Nodes for the law of the chains: half of what rounding deserves is enough for the eye.
const FINENESS: f64 = 0.5;

/// Where chains ended.
#[derive(Clone, Debug)]
pub struct Ends {
    /// ([`CHAINS`], 2)
    pub states: Matrix,
    /// The share of them at the larger mode.
    pub share: f64,
}

impl Ends {
    fn of(states: Matrix) -> Self {
        Self { share: TwoModes::counted(&states), states }
    }

    /// The standard error of the share.
    pub fn error(&self) -> f64 {
        (self.share * (1.0 - self.share) / self.states.rows() as f64).sqrt()
    }
}

/// A schedule and where it led.
#[derive(Clone, Debug)]
pub struct Annealing {
    /// L
    pub levels: usize,
    /// T
    pub steps: usize,
    /// The chains.
    pub ends: Ends,
}

/// All chains.
#[derive(Clone, Debug)]
pub struct ModeWeights {
    /// Of plain Langevin.
    pub plain: Ends,
    /// For each of [`LEVELS`] each of [`STEPS`].
    pub annealed: Vec<Annealing>,
}

impl ModeWeights {
    /// Runs all chains. `progress` hears the fraction done.
    ///
    /// # Errors
    /// If a chain leaves the finite numbers.
    pub fn run(seed: u64, progress: impl Fn(f64)) -> Result<Self, Escaped> {
        let mut rng = stream(seed, "mode weights");
        let q = MODES.plane();
        let start = TwoModes::start(CHAINS, &mut rng);
        let plain = langevin(|x: &Matrix| q.score(x), start, Step::halved(EPSILON), &mut rng);
        let plain = Ends::of(plain.after(PLAIN)?);
        let all: usize = LEVELS.iter().flat_map(|l| STEPS.map(|t| l * t)).sum();
        let (mut done, mut runs) = (0, vec![]);
        for levels in LEVELS {
            for steps in STEPS {
                // The generator runs on: neighbours must not err alike.
                let ends = Ends::of(anneal(&q, levels, steps, &mut rng)?);
                runs.push(Annealing { levels, steps, ends });
                done += levels * steps;
                progress(done as f64 / all as f64);
            }
        }
        Ok(Self { plain, annealed: runs })
    }

    /// The run of L levels of T steps.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn annealed(&self, levels: usize, steps: usize) -> &Annealing {
        let mut all = self.annealed.iter();
        all.find(|run| run.levels == levels && run.steps == steps).expect("a schedule of the table")
    }
}

/// From σ = 20 to 1 in L levels.
pub fn schedule(count: usize) -> Vec<Level> {
    levels(&NoiseScales::geometric(LARGEST, 1.0, count), EPSILON)
}

/// The exact share at the larger mode after every level of a schedule.
pub fn shares(levels: &[Level], steps: usize) -> Vec<f64> {
    heavy_side(MODES, levels, steps, FINENESS)
}

/// The exact share at the end of L levels of T steps.
pub fn annealed_share(levels: usize, steps: usize) -> f64 {
    shares(&schedule(levels), steps)[levels - 1]
}

/// The exact share at the end of plain Langevin.
pub fn plain_share() -> f64 {
    shares(&[Level { sigma: 0.0, step: Step::halved(EPSILON) }], PLAIN)[0]
}

fn anneal(
    q: &Mixture,
    levels: usize,
    steps: usize,
    rng: &mut Generator,
) -> Result<Matrix, Escaped> {
    let start = TwoModes::start(CHAINS, rng);
    let score = |x: &Matrix, sigma: f64| q.smoothed(sigma).score(x);
    annealed(score, start, schedule(levels), steps, rng).after(levels * steps)
}
