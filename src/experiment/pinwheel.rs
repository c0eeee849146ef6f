//! One density, five objectives: the score of the pinwheel, learned by a network.
//!
//! All runs share the network's start, the stream of fresh samples and the schedule; only what they
//! minimise differs. What they reach is measured by quadrature, as the distance to the score that
//! the objective aims at, ½𝔼_q‖ψ − ∇ log q‖²: for the three that see clean points that is the score
//! of q, for denoising that of q_σ. The unit of the distance is ½I(q), what ψ = 0 would score.
//!
//! | objective | knows of q | a step costs |
//! |---|---|---|
//! | explicit | samples and the score itself, which no data come with | value |
//! | implicit | samples | value and exact trace |
//! | sliced | samples | value and one tangent |
//! | denoising | corrupted samples | value |
//! | denoising with its control variate | corrupted samples | value at x̃ and at x |

use super::stream;
use crate::{
    array::{Array, Function},
    autodiff::Var,
    corruption::corrupt,
    density::{Density, Mixture, shapes},
    matrix::{Matrix, Real, noise::standard_normal},
    model::{Parameters, ScoreNetwork},
    objective::{denoising, denoising_with_control, explicit, implicit, sliced::hutchinson},
    optimizer::Adam,
    quadrature::{Rule, converged},
    train::{NotFinite, fresh, train_by_rows},
};
use std::{sync::mpsc, thread};

/// σ of the corruption.
pub const SIGMA: f64 = 0.1;
/// Width of the two hidden layers.
pub const HIDDEN: usize = 128;

const STEPS: usize = 4000;
const BATCH: usize = 512;
const RATE: f64 = 3e-3;

/// The first layer is this much steeper than usual, and its units bend at a distance of about
/// `SPREAD` from the origin, where the arms are: with all bends at the origin, as biases of 0 put
/// them, 4000 steps are too few to carry them out there, and about twice the divergence remains.
const STEEPNESS: f64 = 2.0;
const SPREAD: f64 = 2.0;

/// Quadrature is over the square (−REACH, REACH)²: the arms lie at radius 2 and end 5.7 of their
/// standard deviations of 0.7 further out.
const REACH: f64 = 6.0;
/// Steps along a side, of 1/8: a Gaussian of standard deviation 1/4 is integrated to e^(−8π²).
const NODES: usize = 96;

/// What is minimised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// ½‖ψ − ∇ log q‖²
    Explicit,
    /// ½‖ψ‖² + tr ∂ψ/∂x, the trace in closed form ([T28](crate::identity::traces)).
    Implicit,
    /// ½‖ψ‖² + zᵀ (∂ψ/∂x) z, with the noise of the batch as direction.
    Sliced,
    /// ½‖ψ(x̃) − (x − x̃)/σ²‖²
    Denoising,
    /// The same with its control variate ([T14](crate::identity::denoising_explicit)).
    Controlled,
}

impl Method {
    /// All, in the order of the table above.
    pub const ALL: [Self; 5] =
        [Self::Explicit, Self::Implicit, Self::Sliced, Self::Denoising, Self::Controlled];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Explicit => "explicit",
            Self::Implicit => "implicit",
            Self::Sliced => "sliced",
            Self::Denoising => "denoising",
            Self::Controlled => "denoising, control variate",
        }
    }

    /// Whether it sees corrupted points only, and so learns the score of q_σ.
    pub const fn denoises(self) -> bool {
        matches!(self, Self::Denoising | Self::Controlled)
    }

    /// The objective, one number a sample: (n, d), (n, d) → (n, 1).
    fn objective<'t, T: Real>(
        self,
        q: &impl Density,
        model: &ScoreNetwork<Var<'t, Matrix<T>>>,
        x: &Var<'t, Matrix<T>>,
        noise: &Var<'t, Matrix<T>>,
    ) -> Var<'t, Matrix<T>> {
        let score = |x: &Var<'t, Matrix<T>>| model.score(x);
        match self {
            Self::Explicit => {
                let known = q.score(&x.value().cast());
                let (n, d) = x.shape();
                explicit(score(x), &x.constant(n, d, |i, j| known.at(i, j)))
            }
            Self::Implicit => implicit(model.score_and_trace(x)),
            Self::Sliced => {
                let constants = model.constants();
                implicit(hutchinson(|x| constants.score(x), x, noise))
            }
            Self::Denoising => denoising(score, x, &corrupt(x, noise, SIGMA), SIGMA),
            Self::Controlled => denoising_with_control(score, x, noise, SIGMA),
        }
    }
}

/// A trained network and how near it came.
#[derive(Clone, Debug)]
pub struct FittedField {
    /// How it was trained.
    pub method: Method,
    /// The network.
    pub model: ScoreNetwork<Matrix>,
    /// ½𝔼‖ψ − ∇ log q‖², with q_σ in the place of q for what denoises.
    pub divergence: f64,
    /// ½I(q), or ½I(q_σ): the same for ψ = 0.
    pub scale: f64,
}

impl FittedField {
    /// The divergence as a share of ½I.
    pub fn share(&self) -> f64 {
        self.divergence / self.scale
    }
}

/// The density and the five fits.
#[derive(Clone, Debug)]
pub struct Pinwheel {
    /// q
    pub density: Mixture,
    /// One for each of [`Method::ALL`].
    pub fits: Vec<FittedField>,
}

impl Pinwheel {
    /// Trains and measures all. `progress` hears the fraction done.
    ///
    /// Each training is a thread; none knows of the others, so the bits do not depend on how many
    /// run at once.
    ///
    /// # Errors
    /// If a loss stops being finite.
    ///
    /// # Panics
    /// If the quadrature has not converged.
    pub fn run(seed: u64, progress: impl Fn(f64)) -> Result<Self, NotFinite> {
        let density = shapes::pinwheel();
        let (told, heard) = mpsc::channel();
        let fits = thread::scope(|scope| {
            let trainings = Method::ALL.map(|method| {
                let (density, told) = (&density, told.clone());
                scope.spawn(move || fit(method, density, seed, || _ = told.send(())))
            });
            drop(told); // the last to be dropped ends the loop below
            let total = (STEPS * Method::ALL.len()) as f64;
            heard.iter().enumerate().for_each(|(done, ())| progress((done + 1) as f64 / total));
            let fits = trainings.map(|training| training.join().expect("no training panics"));
            fits.into_iter().collect::<Result<_, _>>()
        })?;
        Ok(Self { density, fits })
    }
}

/// Trains by one method; `step` is called at every step.
fn fit(method: Method, q: &Mixture, seed: u64, step: impl Fn()) -> Result<FittedField, NotFinite> {
    let mut rng = stream(seed, "pinwheel");
    let widths = [2, HIDDEN, HIDDEN, 2];
    let mut start = ScoreNetwork::<Matrix<f32>>::random(&widths, Function::Softplus, &mut rng);
    let first = &mut start.layers[0];
    first.w = first.w.clone() * STEEPNESS;
    first.b = standard_normal(1, HIDDEN, &mut rng) * (STEEPNESS * SPREAD);
    let trained = train_by_rows(
        start,
        &mut Adam::annealed(RATE, STEPS),
        fresh(q, BATCH, rng).take(STEPS),
        |model, x, noise| method.objective(q, model, x, noise),
        |_| step(),
    )?;
    let model = trained.map(|p| p.cast());
    let target = if method.denoises() { q.smoothed(SIGMA) } else { q.clone() };
    let measure = |steps| {
        let rule = target.rule(&Rule::trapezoid(-REACH, REACH, steps).squared());
        let gap = explicit(model.score(&rule.nodes), &target.score(&rule.nodes));
        [rule.integrate(&gap), 0.5 * target.fisher_information(&rule)]
    };
    let (coarse, fine) = (measure(NODES), measure(2 * NODES));
    // Percentages are told with one decimal.
    let [divergence, scale] = [0, 1].map(|i| converged(coarse[i], fine[i], 1e-4 * fine[1]));
    Ok(FittedField { method, model, divergence, scale })
}
