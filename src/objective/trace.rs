//! The exact divergence tr ∂ψ/∂x, by composing the readings.
//!
//! Implicit score matching needs ψ *and* the trace of its Jacobian, and training needs the gradient
//! of both in θ. Every route below returns the pair (ψ, tr ∂ψ/∂x), shapes (n, d) and (n, 1), for
//! [`implicit`](super::implicit):
//!
//! | route | from | composition | reading of the result |
//! |---|---|---|---|
//! | [`of_score`] | ψ | forward, d tangents at once | any |
//! | [`of_score_by_reverse`] | ψ | reverse, d sweeps | `Var` |
//! | [`of_energy_by_reverse`] | E | reverse over reverse, d sweeps | `Var` |
//! | [`of_energy_by_mixing`] | E | reverse over forward | `Var` |
//! | [`of_energy_by_forward`] | E | forward over forward | any |
//!
//! A network of two hidden layers has a closed form that beats them all (T28), see
//! [`ScoreNetwork::score_and_trace`](crate::model::ScoreNetwork::score_and_trace).
//!
//! From an energy, ψ = −∇E and tr ∂ψ/∂x = −ΔE.

use crate::{
    array::{Array, Linear},
    autodiff::{Dual, Var},
    matrix::Real,
};

/// ψ and tr ∂ψ/∂x from the score, with the d axes as tangents under every row.
#[track_caller]
pub fn of_score<A: Array>(score: impl Fn(&Dual<A>) -> Dual<A>, x: &A) -> (A, A) {
    let (psi, diagonal) = diagonal_of_score(score, x);
    (psi, diagonal.row_sum())
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
    (value, picked.linear(Linear::SumEach(d)))
}

/// ψ and tr ∂ψ/∂x of a score by reverse mode: one sweep for each axis.
#[track_caller]
pub fn of_score_by_reverse<'t, T: Real>(
    score: impl Fn(&Var<'t, T>) -> Var<'t, T>,
    x: &Var<'t, T>,
) -> (Var<'t, T>, Var<'t, T>) {
    let psi = score(x);
    (psi, trace_by_sweeps(&psi, x))
}

/// tr ∂ψ/∂x = Σᵢ ⟨∇⟨ψ, eᵢ⟩, eᵢ⟩
fn trace_by_sweeps<'t, T: Real>(psi: &Var<'t, T>, x: &Var<'t, T>) -> Var<'t, T> {
    let (n, d) = x.shape();
    let zero = x.constant(n, 1, |_, _| 0.0);
    (0..d).fold(zero, |trace, i| {
        let axis = x.constant(n, d, |_, j| f64::from(u8::from(i == j)));
        trace + psi.inner(&axis).sum().grad(&[*x])[0].inner(&axis)
    })
}

/// ψ and tr ∂ψ/∂x from the energy: the gradient, then one sweep more for each axis.
#[track_caller]
pub fn of_energy_by_reverse<'t, T: Real>(
    energy: impl Fn(&Var<'t, T>) -> Var<'t, T>,
    x: &Var<'t, T>,
) -> (Var<'t, T>, Var<'t, T>) {
    let psi = -energy(x).sum().grad(&[*x])[0];
    (psi, trace_by_sweeps(&psi, x))
}

/// ψ and tr ∂ψ/∂x from the energy: the slopes of E along all axes by forward mode, and their
/// gradients by one reverse sweep.
///
/// Each sample stands d times, once for each axis, so that one sweep serves all axes.
#[track_caller]
pub fn of_energy_by_mixing<'t, T: Real>(
    energy: impl Fn(&Dual<Var<'t, T>>) -> Dual<Var<'t, T>>,
    x: &Var<'t, T>,
) -> (Var<'t, T>, Var<'t, T>) {
    let (_, d) = x.shape();
    let (copies, axes) = one_axis_a_row(x);
    let slopes = energy(&Dual::along(&copies, &axes)).tangents_or_zero(1); // (n·d, 1)
    let psi = -assemble(slopes, &axes);
    let rows_of_hessian = slopes.sum().grad(&[copies])[0]; // (n·d, d)
    let trace = -rows_of_hessian.inner(&axes).linear(Linear::SumEach(d));
    (psi, trace)
}

/// ψ and tr ∂ψ/∂x from the energy: forward mode twice along the same axis. Needs no tape.
#[track_caller]
pub fn of_energy_by_forward<A: Array>(
    energy: impl Fn(&Dual<Dual<A>>) -> Dual<Dual<A>>,
    x: &A,
) -> (A, A) {
    let (psi, diagonal) = diagonal_of_energy(energy, x);
    (psi, diagonal.row_sum())
}

/// ψ and the diagonal ∂ψᵢ/∂xᵢ from the energy, the same way: both (n, d).
#[track_caller]
pub fn diagonal_of_energy<A: Array>(
    energy: impl Fn(&Dual<Dual<A>>) -> Dual<Dual<A>>,
    x: &A,
) -> (A, A) {
    let (copies, axes) = one_axis_a_row(x);
    let inner = Dual::along(&copies, &axes);
    let slope = energy(&Dual::along(&inner, &Dual::constant(&axes))).tangents_or_zero(1);
    let psi = -assemble(slope.value.clone(), &axes);
    (psi, -assemble(slope.tangents_or_zero(1), &axes))
}

/// Every row of x (n, d) d times, and beside the copies the d axes: both (n·d, d).
fn one_axis_a_row<A: Array>(x: &A) -> (A, A) {
    let (n, d) = x.shape();
    let axes = x.constant(n * d, d, |r, j| f64::from(u8::from(r % d == j)));
    (x.clone().linear(Linear::Each(d)), axes)
}

/// Slopes along the axes (n·d, 1) put together as gradients (n, d).
fn assemble<A: Array>(slopes: A, axes: &A) -> A {
    let (_, d) = axes.shape();
    (slopes.linear(Linear::Spread(d)) * axes).linear(Linear::SumEach(d))
}
