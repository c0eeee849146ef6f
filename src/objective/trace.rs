//! The exact divergence tr ∂ψ/∂x, by composing the readings.
//!
//! Implicit score matching needs ψ *and* the trace of its Jacobian, and training needs the gradient
//! of both in θ. Every route below returns the pair (ψ, tr ∂ψ/∂x), shapes (n, d) and (n, 1), for
//! [`implicit`](super::implicit):
//!
//! | route | from | composition | reading of the result |
//! |---|---|---|---|
//! | [`of_score`] | ψ | forward, d tangents at once | any |
//! | [`of_score_in_chunks`] | ψ | the same, a part of the batch at a time | `Matrix` |
//! | [`of_score_by_columns`] | ψ | forward, the Jacobian column by column | any |
//! | [`of_score_by_reverse`] | ψ | reverse, d sweeps | `Var` |
//! | [`of_score_by_differences`] | ψ | none: central differences, the independent witness | any |
//! | [`of_energy_by_reverse`] | E | reverse over reverse, d sweeps | `Var` |
//! | [`of_energy_by_mixing`] | E | reverse over forward | `Var` |
//! | [`of_energy_by_forward`] | E | forward over forward | any |
//!
//! Networks of one or two hidden layers have closed forms that beat them all ([T12], [T28]), see
//! [`ScoreNetwork::score_and_trace`](crate::model::ScoreNetwork::score_and_trace) and
//! [`Autoencoder::score_and_trace`](crate::model::Autoencoder::score_and_trace). A network of any depth
//! needs less than the routes that know nothing of it, see
//! [`score_and_trace_at_any_depth`](crate::model::ScoreNetwork::score_and_trace_at_any_depth).
//!
//! The composition is that of the pair itself. A gradient in θ afterwards is one more reverse: the
//! first line, swept, is reverse over forward.
//!
//! From an energy, ψ = −∇E and tr ∂ψ/∂x = −ΔE.
//!
//! ψ(x) = −x³, coordinate by coordinate, at (1, 2): the trace is −3 − 12 by all routes, and −15 − 2h² by
//! differences.
//!
//! ```
//! use score_matching::objective::trace::{diagonal_of_energy, diagonal_of_score};
//! use score_matching::objective::trace::{of_energy_by_forward, of_energy_by_mixing};
//! use score_matching::objective::trace::{of_energy_by_reverse, of_score, of_score_by_columns};
//! use score_matching::objective::trace::{of_score_by_differences, of_score_by_reverse};
//! use score_matching::{objective::trace::of_score_in_chunks, prelude::*};
//!
//! fn energy<A: Array>(x: &A) -> A {
//!     (x.clone() * x).squared_norm() * 0.25
//! }
//! fn score<A: Array>(x: &A) -> A {
//!     -(x.clone() * x * x)
//! }
//!
//! let x = Matrix::from_rows([[1.0, 2.0]]);
//! assert_eq!(of_score(score, &x).0, Matrix::from_rows([[-1.0, -8.0]]));
//! let diagonal = Matrix::from_rows([[-3.0, -12.0]]);
//! assert_eq!(diagonal_of_score(score, &x).1, diagonal);
//! assert_eq!(diagonal_of_energy(energy, &x).1, diagonal);
//! let forward = [of_score(score, &x), of_score_in_chunks(score, &x), of_score_by_columns(score, &x)];
//! assert!(forward.iter().all(|(_, trace)| trace.item() == -15.0));
//! assert_eq!(of_energy_by_forward(energy, &x).1.item(), -15.0);
//! assert_eq!(of_score_by_differences(score, &x, 0.5).1.item(), -15.5);
//!
//! let tape = Tape::new();
//! let x = tape.var(&x);
//! let reverse = [of_score_by_reverse(score, &x), of_energy_by_reverse(energy, &x)];
//! assert!(reverse.iter().all(|(_, trace)| trace.value().item() == -15.0));
//! assert_eq!(of_energy_by_mixing(energy, &x).1.value().item(), -15.0);
//! ```
//!
//! # Kinks
//! A route differentiates where a formula is smooth. Of an energy with a kink, as a network with
//! `relu` is, the score jumps, and no route sees the jump, though it belongs to the trace: such a
//! model cannot be trained by implicit score matching ([T5]). The routes do not refuse it: a
//! formula does not tell them whether its kink is crossed, and the proof of [T5] uses them to
//! measure what is lost.
//!
//! ```
//! use score_matching::{objective::trace::of_energy_by_forward, prelude::*};
//!
//! // E(x) = |x|: ψ = −1 right of 0, and 1 left of it. The mean slope of ψ from −1 to 1 is −1.
//! let energy = |x: &Dual<Dual<Matrix>>| x.clone().relu() + (-x.clone()).relu();
//! let (score, trace) = of_energy_by_forward(energy, &Matrix::from_rows([[-1.0], [1.0]]));
//! assert_eq!(score, Matrix::from_rows([[1.0], [-1.0]]));
//! assert_eq!(trace, Matrix::zeros(2, 1)); // nothing of it
//! ```
//!
//! [T5]: crate::identity::where_implicit_fails
//! [T12]: crate::identity::traces
//! [T28]: crate::identity::traces

use crate::{
    array::{Array, Linear, Shape},
    autodiff::{
        Dual, Var,
        second::{along_axes, one_axis_a_row},
    },
    domain::positive,
    matrix::{Matrix, Real},
};

/// Tangents that travel together in [`of_score_in_chunks`]: enough rows for products to run at full
/// speed, few enough for 256 hidden units in double precision to take 4 MiB.
const TANGENTS: usize = 1 << 11;

/// ψ and tr ∂ψ/∂x from the score, with the d axes as tangents under every row.
#[track_caller]
pub fn of_score<A: Array>(score: impl Fn(&Dual<A>) -> Dual<A>, x: &A) -> (A, A) {
    let (psi, diagonal) = diagonal_of_score(score, x);
    (psi, diagonal.sum_over_dimensions())
}

/// ψ and the diagonal ∂ψᵢ/∂xᵢ, for what needs more than their sum: both (n, d).
#[track_caller]
pub fn diagonal_of_score<A: Array>(score: impl Fn(&Dual<A>) -> Dual<A>, x: &A) -> (A, A) {
    let (_, d) = x.shape();
    let axes = Dual::axes(x);
    let psi = score(&axes);
    let value = psi.value.clone();
    // Row i·d + j holds ∂ψ/∂xⱼ of sample i; component j of it is on the diagonal.
    let picked = psi.tangents_or_zero(d) * axes.tangents_or_zero(d);
    (value, over_axes(picked, x.shape()))
}

/// The same numbers as [`of_score`], to rounding, in bounded memory.
///
/// The d tangents of all n samples at once are n·d rows of hidden units: for 512 × 64 × 256 in
/// single precision 32 MiB for each intermediate result, and a dozen of those are alive at a time.
/// Samples do not meet in the formula, so here a few at a time pass through it. (A gradient in θ
/// over a batch is such a sum as well: one tape for each chunk.)
#[track_caller]
pub fn of_score_in_chunks<T: Real>(
    score: impl Fn(&Dual<Matrix<T>>) -> Dual<Matrix<T>>,
    x: &Matrix<T>,
) -> (Matrix<T>, Matrix<T>) {
    let (n, d) = x.shape();
    let samples: Vec<usize> = (0..n).collect();
    let (mut psi, mut trace) = (Vec::with_capacity(n * d), Vec::with_capacity(n));
    for chunk in samples.chunks((TANGENTS / d.max(1)).max(1)) {
        let (value, divergence) = of_score(&score, &x.select(chunk));
        psi.extend_from_slice(value.data());
        trace.extend_from_slice(divergence.data());
    }
    (Matrix::from_vec(n, d, psi), Matrix::from_vec(n, 1, trace))
}

/// ψ and tr ∂ψ/∂x from the Jacobian, assembled column by column: one forward pass for each axis.
#[track_caller]
pub fn of_score_by_columns<A: Array>(score: impl Fn(&Dual<A>) -> Dual<A>, x: &A) -> (A, A) {
    let (n, d) = x.shape();
    let psi = score(&Dual::constant(x)).value;
    let trace = (0..d).fold(x.constant(n, 1, |_, _| 0.0), |trace, j| {
        let axis = axis(x, j);
        let column = score(&Dual::along(x, &axis)).tangents_or_zero(1); // ∂ψ/∂xⱼ
        trace + column.inner(&axis)
    });
    (psi, trace)
}

/// ψ and Σⱼ (ψⱼ(x + h eⱼ) − ψⱼ(x − h eⱼ))/(2h), which is tr ∂ψ/∂x up to O(h²) for a step h.
///
/// # Panics
/// If h is no positive number.
#[track_caller]
pub fn of_score_by_differences<A: Array>(score: impl Fn(&A) -> A, x: &A, step: f64) -> (A, A) {
    let (n, d) = x.shape();
    let step = positive("h", step);
    let difference = (0..d).fold(x.constant(n, 1, |_, _| 0.0), |sum, j| {
        let axis = axis(x, j);
        let at = |h: f64| score(&(x.clone() + axis.clone() * h));
        sum + (at(step) - at(-step)).inner(&axis)
    });
    (score(x), difference * (0.5 / step))
}

/// eⱼ under every sample of x: (n, d).
fn axis<A: Array>(x: &A, j: usize) -> A {
    let (n, d) = x.shape();
    x.constant(n, d, |_, k| f64::from(u8::from(j == k)))
}

/// ψ and tr ∂ψ/∂x of a score by reverse mode: one sweep for each axis.
#[track_caller]
pub fn of_score_by_reverse<'t, A: Array>(
    score: impl Fn(&Var<'t, A>) -> Var<'t, A>,
    x: &Var<'t, A>,
) -> (Var<'t, A>, Var<'t, A>) {
    let psi = score(x);
    (psi, trace_by_sweeps(&psi, x))
}

/// tr ∂ψ/∂x = Σᵢ ⟨∇⟨ψ, eᵢ⟩, eᵢ⟩
fn trace_by_sweeps<'t, A: Array>(psi: &Var<'t, A>, x: &Var<'t, A>) -> Var<'t, A> {
    let (n, d) = x.shape();
    let zero = x.constant(n, 1, |_, _| 0.0);
    (0..d).fold(zero, |trace, i| {
        let axis = axis(x, i);
        trace + psi.inner(&axis).sum().grad(&[*x])[0].inner(&axis)
    })
}

/// ψ and tr ∂ψ/∂x from the energy: the gradient, then one sweep more for each axis.
#[track_caller]
pub fn of_energy_by_reverse<'t, A: Array>(
    energy: impl Fn(&Var<'t, A>) -> Var<'t, A>,
    x: &Var<'t, A>,
) -> (Var<'t, A>, Var<'t, A>) {
    let psi = -energy(x).sum().grad(&[*x])[0];
    (psi, trace_by_sweeps(&psi, x))
}

/// ψ and tr ∂ψ/∂x from the energy: the slopes of E along all axes by forward mode, and their
/// gradients by one reverse sweep.
///
/// Each sample stands d times, once for each axis, so that one sweep serves all axes.
#[track_caller]
pub fn of_energy_by_mixing<'t, A: Array>(
    energy: impl Fn(&Dual<Var<'t, A>>) -> Dual<Var<'t, A>>,
    x: &Var<'t, A>,
) -> (Var<'t, A>, Var<'t, A>) {
    let (copies, axes) = one_axis_a_row(x);
    let slopes = energy(&Dual::along(&copies, &axes)).tangents_or_zero(1); // (n·d, 1)
    let psi = -assemble(slopes, &axes, x.shape());
    let rows_of_hessian = slopes.sum().grad(&[copies])[0]; // (n·d, d)
    let trace = -over_axes(rows_of_hessian.inner(&axes), x.shape());
    (psi, trace)
}

/// ψ and tr ∂ψ/∂x from the energy: forward mode twice along the same axis. Needs no tape.
#[track_caller]
pub fn of_energy_by_forward<A: Array>(
    energy: impl Fn(&Dual<Dual<A>>) -> Dual<Dual<A>>,
    x: &A,
) -> (A, A) {
    let (psi, diagonal) = diagonal_of_energy(energy, x);
    (psi, diagonal.sum_over_dimensions())
}

/// ψ and the diagonal ∂ψᵢ/∂xᵢ from the energy, the same way: both (n, d).
#[track_caller]
pub fn diagonal_of_energy<A: Array>(
    energy: impl Fn(&Dual<Dual<A>>) -> Dual<Dual<A>>,
    x: &A,
) -> (A, A) {
    let (_, axes) = one_axis_a_row(x);
    let [energy] = along_axes(|x| [energy(x)], x);
    (-assemble(energy.first, &axes, x.shape()), -assemble(energy.second, &axes, x.shape()))
}

/// Slopes along the axes (n·d, 1) put together as gradients (n, d).
fn assemble<A: Array>(slopes: A, axes: &A, (n, d): Shape) -> A {
    over_axes(slopes.linear(Linear::Spread(d)) * axes, (n, d))
}

/// The sum over the d axes of each of n samples: (n·d, m) → (n, m). In no dimensions it is 0, and
/// only x can say of how many samples.
fn over_axes<A: Array>(along: A, (n, d): Shape) -> A {
    if d > 0 {
        return along.linear(Linear::SumEach(d));
    }
    let (_, m) = along.shape();
    along.constant(n, m, |_, _| 0.0)
}
