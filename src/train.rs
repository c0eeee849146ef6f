//! Training, on one page.
//!
//! ```text
//! dataset or density → batch x (n, d) ─┐
//! generator          → noise z (n, d) ─┴→ objective(θ, x, z) → 𝔼 → loss (1, 1) → ∇_θ → optimizer → θ
//! ```
//!
//! The objective is a formula of the parameters, the batch and its noise: for denoising it forms
//! x̃ = x + σz itself. Everything on the way is exact and in the open: no clipping, no silent
//! replacement of what is not finite. A loss, a gradient or a parameter that is not finite is an
//! error that names the step, and each step tells how many numbers it has moved. Where the loss of a
//! row depends on that row alone, [`train_by_rows`] does the same in less time and memory.
//!
//! ```
//! use rand::SeedableRng;
//! use score_matching::matrix::{Matrix, noise::{Generator, standard_normal}};
//! use score_matching::{corruption::corrupt, model::Autoencoder, objective::denoising};
//! use score_matching::{optimizer::Adam, train::{Batches, train}};
//!
//! let mut rng = Generator::seed_from_u64(1);
//! let data: Matrix = standard_normal(256, 2, &mut rng);
//! let model = Autoencoder::random(2, 8, &mut rng);
//! let batches = Batches::new(data, 64, rng);
//! let sigma = 0.5;
//! let mut losses = vec![];
//! let trained = train(
//!     model,
//!     &mut Adam::new(1e-2),
//!     batches.take(200),
//!     |model, x, z| denoising(|x| model.score(x, sigma), x, &corrupt(x, z, sigma), sigma),
//!     |step| losses.push(step.loss),
//! );
//! assert!(trained.is_ok());
//! assert!(losses[199] < 0.5 * losses[0]);
//! ```

mod batches;
mod rows;

pub use batches::{Batch, Batches, fresh};
pub use rows::train_by_rows;

use crate::{
    array::Array,
    autodiff::{Tape, Var},
    matrix::{Matrix, Real},
    model::Parameters,
    optimizer::{Moves, Optimizer, Quantity},
};
use std::fmt;

/// What has happened so far, told after every step. See the example of [`train`].
#[derive(Debug)]
pub struct Progress<'a, P> {
    /// How many steps were made, from 1.
    pub number: usize,
    /// The loss on this step's batch, before the step.
    pub loss: f64,
    /// How many numbers of the parameters the step has moved.
    pub moves: Moves,
    /// The parameters after the step.
    pub parameters: &'a P,
}

/// Something in a training stopped being finite. The parameters that led there are lost with it.
///
/// ```
/// use score_matching::{model::Autoencoder, optimizer::Sgd, prelude::*};
/// use score_matching::train::{Batch, NotFinite, train};
///
/// let model = Autoencoder::random(1, 1, &mut Generator::seed_from_u64(1));
/// let batch: Batch<f64> = (Matrix::from_rows([[f64::INFINITY]]), Matrix::zeros(1, 1));
/// let batches = [batch].into_iter();
/// let trained = train(model, &mut Sgd { rate: 0.1 }, batches, |_, x, _| x.squared_norm(), |_| ());
/// let error: NotFinite = trained.unwrap_err();
/// assert_eq!(error.to_string(), "training stopped at step 1: the loss is inf");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct NotFinite {
    /// The step, from 1.
    pub step: usize,
    /// The loss there, before the step.
    pub loss: f64,
    /// The first that was not finite, in the order loss, gradient, moment, parameter.
    pub what: Quantity,
}

impl fmt::Display for NotFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { step, loss, what } = self;
        match what {
            Quantity::Loss => write!(f, "training stopped at step {step}: the loss is {loss}"),
            _ => write!(f, "training stopped at step {step}: {what} is not finite (loss {loss})"),
        }
    }
}

impl std::error::Error for NotFinite {}

/// Descends on the objective over all batches.
///
/// `objective` receives the parameters, the batch and its noise as variables of one tape and
/// returns one number a sample, (n, 1); the loss is their mean. `observe` is called after every
/// step. Without batches the parameters come back as they were.
///
/// # Errors
/// [`NotFinite`] at the first step at which the loss, the gradient, a moment of the optimiser or a
/// parameter after the step is infinite or not a number.
///
/// # Panics
/// If the objective does not return a single column, or the optimiser has a constant outside its
/// domain ([`Optimizer::check`]).
#[track_caller]
pub fn train<P, T, O>(
    parameters: P,
    optimizer: &mut impl Optimizer<T>,
    batches: impl Iterator<Item = Batch<T>>,
    mut objective: O,
    observe: impl FnMut(Progress<'_, P>),
) -> Result<P, NotFinite>
where
    T: Real,
    P: Parameters<Matrix<T>, With<Matrix<T>> = P> + Clone,
    O: for<'t> FnMut(
        &P::With<Var<'t, Matrix<T>>>,
        &Var<'t, Matrix<T>>,
        &Var<'t, Matrix<T>>,
    ) -> Var<'t, Matrix<T>>,
    for<'t> P::With<Var<'t, Matrix<T>>>: Parameters<Var<'t, Matrix<T>>> + Clone,
{
    try_train(parameters, optimizer, batches, |p, x, noise| Ok(objective(p, x, noise)), observe)
}

/// [`train`] on an objective that can fail, as one does that runs chains of the model
/// ([`Negatives`](crate::sampler::Negatives)): the training ends with its error, before the step.
///
/// ```
/// use score_matching::{model::Autoencoder, optimizer::Sgd, prelude::*};
/// use score_matching::train::{Batches, try_train};
///
/// let mut rng = Generator::seed_from_u64(1);
/// let model = Autoencoder::<Matrix>::random(1, 1, &mut rng);
/// let batches = Batches::new(Matrix::zeros(4, 1), 2, rng);
/// let trained = try_train(model, &mut Sgd { rate: 0.1 }, batches, |_, _, _| {
///     Err::<_, Box<dyn std::error::Error>>("all chains are lost".into())
/// }, |_| ());
/// assert_eq!(trained.unwrap_err().to_string(), "all chains are lost");
/// ```
///
/// # Errors
/// That of the objective, or [`NotFinite`] as in [`train`].
///
/// # Panics
/// As [`train`].
#[track_caller]
pub fn try_train<P, T, O, E>(
    parameters: P,
    optimizer: &mut impl Optimizer<T>,
    batches: impl Iterator<Item = Batch<T>>,
    objective: O,
    observe: impl FnMut(Progress<'_, P>),
) -> Result<P, E>
where
    T: Real,
    E: From<NotFinite>,
    P: Parameters<Matrix<T>, With<Matrix<T>> = P> + Clone,
    O: for<'t> FnMut(
        &P::With<Var<'t, Matrix<T>>>,
        &Var<'t, Matrix<T>>,
        &Var<'t, Matrix<T>>,
    ) -> Result<Var<'t, Matrix<T>>, E>,
    for<'t> P::With<Var<'t, Matrix<T>>>: Parameters<Var<'t, Matrix<T>>> + Clone,
{
    descend(parameters, optimizer, batches, Whole(objective), observe)
}

/// How the loss of a batch and its gradient by each parameter are computed.
trait LossAndGradient<P, T: Real, E> {
    #[track_caller]
    fn at(&mut self, parameters: &P, batch: &Batch<T>) -> Result<(f64, Vec<Matrix<T>>), E>;
}

/// By one tape for the whole batch.
struct Whole<O>(O);

impl<P, T, O, E> LossAndGradient<P, T, E> for Whole<O>
where
    T: Real,
    P: Parameters<Matrix<T>, With<Matrix<T>> = P> + Clone,
    O: for<'t> FnMut(
        &P::With<Var<'t, Matrix<T>>>,
        &Var<'t, Matrix<T>>,
        &Var<'t, Matrix<T>>,
    ) -> Result<Var<'t, Matrix<T>>, E>,
    for<'t> P::With<Var<'t, Matrix<T>>>: Parameters<Var<'t, Matrix<T>>> + Clone,
{
    #[track_caller]
    fn at(&mut self, parameters: &P, (x, noise): &Batch<T>) -> Result<(f64, Vec<Matrix<T>>), E> {
        let tape = Tape::new();
        let variables = parameters.on(&tape);
        let loss = (self.0)(&variables, &tape.var(x), &tape.var(noise))?.mean();
        Ok((loss.value().item(), loss.gradient(&variables.into_list())))
    }
}

/// The loop of every training: loss and gradient, step, report.
#[track_caller]
fn descend<P, T, E>(
    mut parameters: P,
    optimizer: &mut impl Optimizer<T>,
    batches: impl Iterator<Item = Batch<T>>,
    mut loss: impl LossAndGradient<P, T, E>,
    mut observe: impl FnMut(Progress<'_, P>),
) -> Result<P, E>
where
    T: Real,
    E: From<NotFinite>,
    P: Parameters<Matrix<T>, With<Matrix<T>> = P>,
{
    optimizer.check();
    for (index, batch) in batches.enumerate() {
        let number = index + 1;
        let (loss, gradients) = loss.at(&parameters, &batch)?;
        let failed = |what| NotFinite { step: number, loss, what };
        if !loss.is_finite() {
            return Err(failed(Quantity::Loss).into());
        }
        let mut slots = gradients.iter().enumerate();
        let mut moves = Ok(Moves::default());
        parameters = parameters.map(|mut p| {
            let (slot, gradient) = slots.next().expect("one gradient for each parameter");
            moves = moves.and_then(|sum| Ok(sum + optimizer.update(slot, &mut p, gradient)?));
            p
        });
        let moves = moves.map_err(failed)?;
        observe(Progress { number, loss, moves, parameters: &parameters });
    }
    Ok(parameters)
}
