//! One digit through the whole pipeline: what every step of score matching makes of it.
//!
//! ```text
//! x ──→ x̃ = x + σz ──→ s = sigmoid(W x̃ + b) ──→ r = Wᵀ s + c ──→ ψ = (r − x̃)/σ² ──→ DSM = DAE/(2σ⁴)
//!                                                                                         │
//! r(y) ←── y ←── y + (ε/2) ψ(y) + √ε z, many times ←── θ = (W, b, c) ←── Adam ←── ∇_θ DSM ←┘
//! ```
//!
//! The other experiments average over many digits and many corruptions. Here there is one of each, so
//! that every number can be followed from its digit to its sample. The model is a trained one, and the
//! digit one that it has never seen.

use super::{
    Failure,
    digits::{Loss, SIGMA},
    stream,
};
use crate::{
    array::Array,
    autodiff::Tape,
    corruption::corrupt,
    dataset::Digits,
    discrepancy::{Neighbour, nearest},
    matrix::{Matrix, noise::standard_normal},
    model::{Autoencoder, Parameters},
    objective::{denoising, reconstruction},
    optimizer::Adam,
    sampler::{Step, langevin},
    train::train,
};
use rand::RngExt;
use std::iter;

/// The rate of the step of Adam. It is short, so that the loss changes by about what its gradient says.
pub const RATE: f64 = 1e-4;
/// ε of the chain, as long as for the samples of the energy in
/// [`sampled_digits`](super::sampled_digits).
pub const EPSILON: f64 = 0.1 * SIGMA * SIGMA;
/// The steps of the chain after which it is looked at. They are few: a long chain at one noise level
/// loses its digit, see [`sampled_digits`](super::sampled_digits) for the remedy.
pub const STEPS: [usize; 4] = [1, 3, 10, 30];

/// One digit, and what each step made of it. A row has d = 64 pixels and the model h hidden units.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// Which of the held-out digits it is.
    pub row: usize,
    /// What it shows, 0 to 9.
    pub label: u8,
    /// x, the digit: (1, d).
    pub clean: Matrix,
    /// z ~ N(0, I): (1, d).
    pub noise: Matrix,
    /// x̃ = x + σz: (1, d).
    pub noisy: Matrix,
    /// s = sigmoid(W x̃ + b): (1, h).
    pub hidden: Matrix,
    /// r(x̃) = Wᵀ s + c: (1, d).
    pub reconstruction: Matrix,
    /// ψ(x̃) = (r(x̃) − x̃)/σ²: (1, d).
    pub score: Matrix,
    /// ‖r(x̃) − x‖², what a denoising autoencoder minimises.
    pub squared_error: f64,
    /// DSM, from the energy, and DAE/(2σ⁴), from the reconstruction.
    pub loss: Loss,
    /// ∇_θ DSM, shaped like θ.
    pub gradient: Autoencoder<Matrix>,
    /// θ after one step of Adam.
    pub moved: Autoencoder<Matrix>,
    /// DSM at the moved θ, for the same x and z.
    pub moved_loss: f64,
    /// y, where a chain that starts at x̃ is after [`STEPS`] steps, by the score of the moved θ: each
    /// (1, d).
    pub walk: [Matrix; 4],
    /// r(y) at the last of them by the moved θ, the sample without its noise: (1, d).
    pub sample: Matrix,
    /// The training digit that is nearest to the sample.
    pub neighbour: Neighbour,
}

impl Pipeline {
    /// Takes one held-out digit through `model`, trained at noise [`SIGMA`]. The seed chooses the digit,
    /// its noise and that of the chain.
    ///
    /// # Errors
    /// If a loss, a gradient or a parameter is not finite, or the chain leaves the finite numbers.
    pub fn of(digits: &Digits, model: &Autoencoder<Matrix>, seed: u64) -> Result<Self, Failure> {
        let row = stream(seed, "pipeline: digit").random_range(0..digits.held_out.rows());
        let clean = digits.held_out.select(&[row]);
        let noise = standard_normal(1, clean.cols(), &mut stream(seed, "pipeline: noise"));
        let noisy = corrupt(&clean, &noise, SIGMA);
        let hidden = model.encode(&noisy);
        let squared_error = reconstruction(|x| model.reconstruct(x), &clean, &noisy).item();

        let batch = iter::once((clean.clone(), noise.clone()));
        let moved = train(
            model.clone(),
            &mut Adam::new(RATE),
            batch,
            |model, x, z| dsm(model, x, z),
            |_| (),
        )?;

        let mut rng = stream(seed, "pipeline: chain");
        let step = Step::halved(EPSILON);
        let chain = langevin(|y| moved.score(y, SIGMA), noisy.clone(), step, &mut rng);
        let states: Vec<Matrix> = chain.take(STEPS[3]).collect::<Result<_, _>>()?;
        let walk = STEPS.map(|step| states[step - 1].clone());
        let sample = moved.reconstruct(&walk[3]);

        Ok(Self {
            row,
            label: digits.held_out_labels[row],
            reconstruction: model.decode(hidden.clone()),
            score: model.score(&noisy, SIGMA),
            squared_error,
            loss: Loss::of(model, &clean, &noisy),
            gradient: gradient(model, &clean, &noise),
            moved_loss: dsm(&moved, &clean, &noise).item(),
            neighbour: nearest(&sample, &digits.training)[0],
            clean,
            noise,
            noisy,
            hidden,
            moved,
            walk,
            sample,
        })
    }
}

/// What is minimised: (n, d), (n, d) → (n, 1).
fn dsm<A: Array>(model: &Autoencoder<A>, x: &A, z: &A) -> A {
    denoising(|x| model.score(x, SIGMA), x, &corrupt(x, z, SIGMA), SIGMA)
}

/// ∇_θ DSM.
fn gradient(model: &Autoencoder<Matrix>, x: &Matrix, z: &Matrix) -> Autoencoder<Matrix> {
    let tape = Tape::new();
    let theta = model.on(&tape);
    let loss = dsm(&theta, &tape.var(x), &tape.var(z)).mean();
    let mut gradients = loss.gradient(&theta.clone().into_list()).into_iter();
    theta.map(|_| gradients.next().expect("one gradient for each array"))
}
