//! Contrastive divergence against implicit score matching: how far their gradients are apart as the
//! step of the chain shrinks, and what is learned with a long one
//! ([T26](crate::identity::contrastive_divergence)).

use super::{Failure, stream};
use crate::{
    density::Mixture,
    identity::contrastive_divergence::{
        Contrast, Energy, angle, at, contrastive, distance, implicit, through_the_sampler,
    },
    matrix::{
        Matrix,
        noise::{Generator, standard_normal},
    },
    objective,
    optimizer::Adam,
    sampler::Negatives,
    statistics::Scatter,
    train::{fresh, try_train},
};
use rand::SeedableRng;

/// How many random energies, half of them on the line and half in the plane.
pub const ENERGIES: usize = 8;
/// The longest step; each next one is half as long.
const LONGEST: f64 = 0.25;
/// How many steps.
const HALVINGS: i32 = 9;

/// The steps of the trainings.
const EPSILONS: [f64; 5] = [0.1, 0.3, 0.5, 0.7, 0.9];
/// Samples in a batch, and persistent chains.
const BATCH: usize = 256;
/// Trainings for each number.
pub const TRAININGS: usize = 6;
const STEPS: usize = 500;

/// How far a gradient is from that of implicit score matching, (ε/2) ∇ISM.
#[derive(Clone, Copy, Debug)]
pub struct Gap {
    /// ‖difference‖
    pub distance: f64,
    /// In degrees.
    pub angle: f64,
}

impl Gap {
    fn between(gradient: &[Matrix], implicit: &[Matrix]) -> Self {
        let angle = angle(gradient, implicit).to_degrees();
        Self { distance: distance(gradient, implicit), angle }
    }
}

/// The gaps of one energy at one step.
#[derive(Clone, Copy, Debug)]
pub struct Gaps {
    /// ε
    pub epsilon: f64,
    /// Of CD-1, where the negatives are constants.
    pub contrastive: Gap,
    /// Of the bug: the gradient let through the sampler.
    pub through: Gap,
}

/// How the negatives are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipe {
    /// CD-1
    One,
    /// CD-5
    Five,
    /// Persistent chains, five steps for each batch.
    Persistent,
}

impl Recipe {
    /// All three.
    pub const ALL: [Self; 3] = [Self::One, Self::Five, Self::Persistent];

    fn negatives(self, epsilon: f64, mut rng: Generator) -> Negatives<f64> {
        match self {
            Self::One => Negatives::from_data(1, epsilon, rng),
            Self::Five => Negatives::from_data(5, epsilon, rng),
            Self::Persistent => {
                let start = standard_normal(BATCH, 1, &mut rng);
                Negatives::persistent(start, 5, epsilon, rng)
            }
        }
    }
}

/// The precision k of E = kx²/2, learned from samples of N(0, 1).
#[derive(Clone, Copy, Debug)]
pub struct Precision {
    /// How the negatives were made.
    pub recipe: Recipe,
    /// ε
    pub epsilon: f64,
    /// k over several trainings.
    pub learned: Scatter,
}

/// The precision at which a step ε leaves the variance of the data: k (1 − εk/4) = 1.
pub fn fixed_point(epsilon: f64) -> f64 {
    2.0 / (1.0 + (1.0 - epsilon).sqrt())
}

/// Everything measured.
#[derive(Clone, Debug)]
pub struct ContrastiveDivergence {
    /// For each energy its gaps, from the longest step to the shortest.
    pub energies: Vec<Vec<Gaps>>,
    /// For each recipe, at every step.
    pub precisions: Vec<Precision>,
}

impl ContrastiveDivergence {
    /// Measures the gradients, and trains.
    ///
    /// # Errors
    /// If a loss stops being finite, or a chain leaves the finite numbers.
    pub fn run(seed: u64) -> Result<Self, Failure> {
        let mut rng = stream(seed, "contrastive divergence");
        let random = |which| {
            let d = 1 + which % 2;
            let instance = Contrast::random(d, &mut rng);
            Contrast { data: at(standard_normal(16, d, &mut rng)), ..instance }
        };
        let instances: Vec<Contrast> = (0..ENERGIES).map(random).collect();
        let mut precisions = vec![];
        for recipe in Recipe::ALL {
            for epsilon in EPSILONS {
                let once = |_| learn(recipe, epsilon, &mut rng);
                let all = (0..TRAININGS).map(once).collect::<Result<Vec<f64>, _>>()?;
                precisions.push(Precision { recipe, epsilon, learned: Scatter::of(&all) });
            }
        }
        Ok(Self { energies: instances.iter().map(gaps).collect(), precisions })
    }
}

/// The gaps of one energy at all steps.
fn gaps(instance: &Contrast) -> Vec<Gaps> {
    let at = |k| {
        let epsilon = LONGEST * 0.5_f64.powi(k);
        let instance = Contrast { epsilon, ..instance.clone() };
        let implicit = implicit(&instance);
        let gap = |gradient: &[Matrix]| Gap::between(gradient, &implicit);
        Gaps {
            epsilon,
            contrastive: gap(&contrastive(&instance)),
            through: gap(&through_the_sampler(&instance)),
        }
    };
    (0..HALVINGS).map(at).collect()
}

/// k after a training on fresh samples of N(0, 1).
fn learn(recipe: Recipe, epsilon: f64, rng: &mut Generator) -> Result<f64, Failure> {
    let [own, batches] = [rng.fork(), rng.fork()];
    let mut negatives = recipe.negatives(epsilon, own);
    let trained = try_train(
        Energy::gaussian(1.0),
        &mut Adam::annealed(0.05, STEPS),
        fresh(&Mixture::isotropic(1, 1.0), BATCH, batches).take(STEPS),
        |model, x, _| {
            let energy = |x: &_| model.energy(x);
            let negative = negatives.draw(energy, x)?;
            Ok::<_, Failure>(objective::contrastive_divergence(energy, x, &negative))
        },
        |_| (),
    )?;
    Ok(trained.precision.item())
}
