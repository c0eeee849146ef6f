//! Training, on one page.
//!
//! ```text
//! dataset or density → batch x (n, d) ─┐
//! generator          → noise z (n, d) ─┴→ objective(θ, x, z) → 𝔼 → loss (1, 1) → ∇_θ → optimizer → θ
//! ```
//!
//! The objective is a formula of the parameters, the batch and its noise: for denoising it forms
//! x̃ = x + σz itself. Everything on the way is exact and in the open: no clipping, no silent
//! replacement of a loss that is not finite. Such a loss is an error.
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

use crate::{
    array::Array,
    autodiff::{Tape, Var},
    density::Density,
    matrix::{
        Matrix, Real,
        noise::{Generator, standard_normal},
    },
    model::Parameters,
    optimizer::Optimizer,
};
use rand::seq::SliceRandom;
use std::{fmt, iter};

/// A batch x (n, d) and its noise z (n, d), z ~ N(0, I).
pub type Batch<T> = (Matrix<T>, Matrix<T>);

/// What has happened so far, told after every step.
#[derive(Debug)]
pub struct Progress<'a, P> {
    /// How many steps were made, from 1.
    pub number: usize,
    /// The loss on this step's batch, before the step.
    pub loss: f64,
    /// The parameters after the step.
    pub parameters: &'a P,
}

/// A loss, or at the end a parameter, that stopped being finite. The parameters that led there are
/// lost with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NotFinite {
    /// The step, from 1.
    pub step: usize,
    /// The loss there; finite if it was the last step that destroyed the parameters.
    pub loss: f64,
}

impl fmt::Display for NotFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { step, loss } = self;
        if loss.is_finite() {
            write!(f, "training ended with infinite parameters after step {step} (loss {loss})")
        } else {
            write!(f, "training stopped at step {step}: the loss is {loss}")
        }
    }
}

impl std::error::Error for NotFinite {}

/// Descends on the objective over all batches.
///
/// `objective` receives the parameters, the batch and its noise as variables of one tape and
/// returns one number a sample, (n, 1); the loss is their mean. `observe` is called after every
/// step.
///
/// # Errors
/// [`NotFinite`] as soon as a loss is infinite or not a number, or if the last step leaves such a
/// parameter.
///
/// # Panics
/// If the objective does not return a single column.
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
/// # Errors
/// That of the objective, or [`NotFinite`] as in [`train`].
///
/// # Panics
/// If the objective does not return a single column.
pub fn try_train<P, T, O, E>(
    mut parameters: P,
    optimizer: &mut impl Optimizer<T>,
    batches: impl Iterator<Item = Batch<T>>,
    mut objective: O,
    mut observe: impl FnMut(Progress<'_, P>),
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
    let mut last = NotFinite { step: 0, loss: 0.0 };
    for (index, (x, noise)) in batches.enumerate() {
        let number = index + 1;
        let tape = Tape::new();
        let variables = parameters.on(&tape);
        let loss = objective(&variables, &tape.var(&x), &tape.var(&noise))?.mean();
        let gradients = loss.gradient(&variables.into_list());
        let loss = loss.value().item();
        if !loss.is_finite() {
            return Err(NotFinite { step: number, loss }.into());
        }
        drop(tape); // it shares the parameters' buffers; now they can be updated in place
        let mut slots = gradients.iter().enumerate();
        parameters = parameters.map(|p| {
            let (slot, gradient) = slots.next().expect("one gradient for each parameter");
            optimizer.update(slot, p, gradient)
        });
        last = NotFinite { step: number, loss };
        observe(Progress { number, loss, parameters: &parameters });
    }
    let finite = parameters.clone().into_list().iter().all(Matrix::is_finite);
    if finite { Ok(parameters) } else { Err(last.into()) }
}

/// Endless batches of `size` new samples of a density, each with fresh noise: no point is seen
/// twice, so the descent is on the expectation itself and there is nothing to overfit.
pub fn fresh<T: Real>(
    density: &impl Density,
    size: usize,
    mut rng: Generator,
) -> impl Iterator<Item = Batch<T>> {
    iter::repeat_with(move || {
        let x = density.sample(size, &mut rng).cast();
        let noise = standard_normal(size, density.dimension(), &mut rng);
        (x, noise)
    })
}

/// Endless mini-batches of a dataset, in a new order in every epoch, each with fresh noise.
///
/// An epoch leaves out the rows that do not fill a batch; the order changes, so they get their turn.
#[derive(Clone, Debug)]
pub struct Batches<T: Real> {
    data: Matrix<T>,
    size: usize,
    rng: Generator,
    order: Vec<usize>,
    next: usize,
}

impl<T: Real> Batches<T> {
    /// Batches of `size` rows of `data`.
    ///
    /// # Panics
    /// If a batch would be empty or larger than the data.
    #[track_caller]
    pub fn new(data: Matrix<T>, size: usize, rng: Generator) -> Self {
        let n = data.rows();
        assert!(0 < size && size <= n, "batches of {size} from {n} rows");
        Self { data, size, rng, order: (0..n).collect(), next: n }
    }

    /// How many batches make an epoch.
    pub const fn per_epoch(&self) -> usize {
        self.order.len() / self.size
    }
}

impl<T: Real> Iterator for Batches<T> {
    type Item = Batch<T>;

    fn next(&mut self) -> Option<Batch<T>> {
        if self.next + self.size > self.order.len() {
            self.order.shuffle(&mut self.rng);
            self.next = 0;
        }
        let x = self.data.select(&self.order[self.next..][..self.size]);
        self.next += self.size;
        let noise = standard_normal(self.size, self.data.cols(), &mut self.rng);
        Some((x, noise))
    }
}
