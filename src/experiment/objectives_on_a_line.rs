//! Explicit and implicit score matching along a line in θ, from where a training starts to where it
//! ends and beyond, by quadrature ([T2](crate::identity::explicit_implicit)).

use super::stream;
use crate::{
    array::{Array, Function},
    density::{Density, Mixture},
    identity::explicit_implicit::{AnyScore, ScoreUnderMixture},
    matrix::Matrix,
    model::{Parameters, ScoreNetwork},
    objective::implicit,
    optimizer::Adam,
    train::{NotFinite, train_by_rows},
};

/// The ends of the line: 0 is where the training starts, 1 where it ends.
pub const ENDS: [f64; 2] = [-0.25, 1.75];
/// Points on the line, and steps of the quadrature at each.
pub const POINTS: usize = 251;
const NODES: usize = 1024;

const STEPS: usize = 800;
const BATCH: usize = 256;
const RATE: f64 = 0.02;

/// Both objectives at one point of the line.
#[derive(Clone, Copy, Debug)]
pub struct Objectives {
    /// (1 − t) θ₀ + t θ₁
    pub t: f64,
    /// ESM
    pub explicit: f64,
    /// ISM
    pub implicit: f64,
    /// ESM − ISM − ½I(q), relative to the summed magnitudes of the terms.
    pub residual: f64,
}

/// The objectives along the line.
#[derive(Clone, Debug)]
pub struct ObjectivesOnALine {
    /// At equal steps from end to end.
    pub points: Vec<Objectives>,
    /// ½I(q)
    pub half_information: f64,
}

impl ObjectivesOnALine {
    /// Trains a small network on a mixture of two Gaussians by implicit score matching, and measures.
    ///
    /// # Errors
    /// If the loss stops being finite.
    pub fn run(seed: u64) -> Result<Self, NotFinite> {
        let mut rng = stream(seed, "objectives on a line");
        let point = |x: f64| Matrix::from_rows([[x]]);
        let components = [(0.6, point(-1.5), point(0.5)), (0.4, point(1.2), point(0.3))];
        let density = Mixture::new(components);
        let start = AnyScore::Network(ScoreNetwork::random(&[1, 16, 1], Function::Tanh, &mut rng));
        let nothing = Matrix::zeros(1, 1); // the objective has no use for noise
        let batches = (0..STEPS).map(|_| (density.sample(BATCH, &mut rng), nothing.clone()));
        let end = train_by_rows(
            start.clone(),
            &mut Adam::annealed(RATE, STEPS),
            batches,
            |model, x, _| implicit(model.score_and_trace(x)),
            |_| (),
        )?;

        let instance = ScoreUnderMixture { psi: start.clone(), density, reach: 9.0 };
        let half_information = 0.5 * instance.density.fisher_information(&instance.rule(NODES));
        let mut law = instance.at_nodes(NODES);
        let [low, high] = ENDS;
        let at = |i| {
            let t = low + (high - low) * i as f64 / (POINTS - 1) as f64;
            law.psi = between(&start, &end, t);
            let [left, right] = law.objectives().map(|side| law.weights.inner(&side).sum().item());
            Objectives {
                t,
                explicit: left,
                implicit: right - half_information,
                residual: (left - right) / law.magnitude(),
            }
        };
        Ok(Self { points: (0..POINTS).map(at).collect(), half_information })
    }
}

/// (1 − t) θ₀ + t θ₁
fn between(start: &AnyScore<Matrix>, end: &AnyScore<Matrix>, t: f64) -> AnyScore<Matrix> {
    let mut others = end.clone().into_list().into_iter();
    start.clone().map(|p| {
        let other = others.next().expect("models of one shape");
        p * (1.0 - t) + other * t
    })
}
