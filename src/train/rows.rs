//! Training by rows: a batch is cut into pieces, each with a tape of its own.
//!
//! Where the loss of a row depends on that row alone, the loss of a batch is the mean of the losses of
//! its pieces, and its gradient the mean of theirs. A tape of a few rows stays in the second-level
//! cache, where the tape of a whole batch passes through memory at every operation; and pieces are
//! independent, so the threads share them.
//!
//! The pieces and the order in which their gradients are added, a tree, follow from the shapes alone:
//! the bits are the same on any number of threads.

use super::{Batch, LossAndGradient, NotFinite, Progress, descend};
use crate::{
    array::Array,
    autodiff::{Tape, Var},
    matrix::{Matrix, Real, buffer, threads::both},
    model::Parameters,
    optimizer::Optimizer,
};
use std::ops::Range;

/// About as many bytes of values a tape should have: as many as a second-level cache.
const TAPE: usize = 1 << 20;
/// Parameters and products of weights are on the tape of each piece again, and so is their gradient.
/// That must be little beside the piece: its rows have at least so many times as many values.
const WORTH: usize = 8;
/// So many rows are looked at beforehand; a batch that is no longer is not cut.
const LOOK: usize = 16;

/// [`train`](super::train) on an objective **by rows**: what it returns for a row depends on that row
/// of the batch and of its noise alone, as in every objective here that holds nothing of the batch's
/// length itself. The objective is then called with pieces of the batch, on several threads. Noise of
/// another length than the batch is not cut.
///
/// The same loss and gradient as by [`train`](super::train), to rounding, in less time and in bounded
/// memory; a batch that is one piece gives the same bits.
///
/// ```
/// use score_matching::{model::Autoencoder, optimizer::Sgd, prelude::*};
/// use score_matching::train::{Batches, train, train_by_rows};
///
/// let model = Autoencoder::<Matrix>::random(2, 3, &mut Generator::seed_from_u64(1));
/// let data = Matrix::from_fn(64, 2, |i, j| (i + j) as f64 / 64.0);
/// let batches = || Batches::new(data.clone(), 64, Generator::seed_from_u64(2)).take(3);
/// let sgd = || Sgd { rate: 0.1 };
/// let whole = train(model.clone(), &mut sgd(), batches(), |m, x, _| {
///     (m.reconstruct(x) - x).squared_norm()
/// }, |_| ());
/// let by_rows = train_by_rows(model, &mut sgd(), batches(), |m, x, _| {
///     (m.reconstruct(x) - x).squared_norm()
/// }, |_| ());
/// assert_eq!(by_rows.expect("finite").w, whole.expect("finite").w); // 64 rows are one piece
/// ```
///
/// # Errors
/// As [`train`](super::train).
///
/// # Panics
/// As [`train`](super::train), and if rows are seen to meet. The look is a short one: when a batch has
/// another length than the one before (as the first has), and more than 16 rows, the losses of its
/// first 16 rows are compared with those of the same rows in two parts, to half of the digits, at the
/// parameters of that step. What is too small there, or begins later, is not seen.
#[track_caller]
pub fn train_by_rows<P, T, O>(
    parameters: P,
    optimizer: &mut impl Optimizer<T>,
    batches: impl Iterator<Item = Batch<T>>,
    objective: O,
    observe: impl FnMut(Progress<'_, P>),
) -> Result<P, NotFinite>
where
    T: Real,
    P: Parameters<Matrix<T>, With<Matrix<T>> = P> + Clone + Sync,
    O: for<'t> Fn(
            &P::With<Var<'t, Matrix<T>>>,
            &Var<'t, Matrix<T>>,
            &Var<'t, Matrix<T>>,
        ) -> Var<'t, Matrix<T>>
        + Sync,
    for<'t> P::With<Var<'t, Matrix<T>>>: Parameters<Var<'t, Matrix<T>>> + Clone,
{
    descend(parameters, optimizer, batches, ByRows { objective, length: 0, piece: 0 }, observe)
}

/// By a tape for each piece.
struct ByRows<O> {
    objective: O,
    /// The length of the last batch, and of its pieces: measured again where the length changes.
    length: usize,
    piece: usize,
}

impl<P, T, O> LossAndGradient<P, T, NotFinite> for ByRows<O>
where
    T: Real,
    P: Parameters<Matrix<T>, With<Matrix<T>> = P> + Clone + Sync,
    O: for<'t> Fn(
            &P::With<Var<'t, Matrix<T>>>,
            &Var<'t, Matrix<T>>,
            &Var<'t, Matrix<T>>,
        ) -> Var<'t, Matrix<T>>
        + Sync,
    for<'t> P::With<Var<'t, Matrix<T>>>: Parameters<Var<'t, Matrix<T>>> + Clone,
{
    #[track_caller]
    fn at(
        &mut self,
        parameters: &P,
        (x, noise): &Batch<T>,
    ) -> Result<(f64, Vec<Matrix<T>>), NotFinite> {
        let rows = Rows { parameters, objective: &self.objective, x, noise };
        if self.length != x.rows() {
            (self.length, self.piece) = (x.rows(), rows.piece());
        }
        Ok(rows.loss_and_gradient(0..self.length, self.piece))
    }
}

/// The objective at the rows of a batch.
struct Rows<'a, P, T: Real, O> {
    parameters: &'a P,
    objective: &'a O,
    x: &'a Matrix<T>,
    noise: &'a Matrix<T>,
}

impl<P, T, O> Rows<'_, P, T, O>
where
    T: Real,
    P: Parameters<Matrix<T>, With<Matrix<T>> = P> + Clone + Sync,
    O: for<'t> Fn(
            &P::With<Var<'t, Matrix<T>>>,
            &Var<'t, Matrix<T>>,
            &Var<'t, Matrix<T>>,
        ) -> Var<'t, Matrix<T>>
        + Sync,
    for<'t> P::With<Var<'t, Matrix<T>>>: Parameters<Var<'t, Matrix<T>>> + Clone,
{
    /// How many rows a piece has: enough to be worth its gradient, else as many as the cache can hold.
    #[track_caller]
    fn piece(&self) -> usize {
        let n = self.x.rows();
        if n <= LOOK {
            return n;
        }
        let (losses, on_tape) = self.losses(0..LOOK);
        // Not two halves: what depends on the place of a row is to be seen as well.
        let [seven, nine] = [0..7, 7..LOOK].map(|part| self.losses(part));
        // Against the largest loss, since a small one may be what is left of large terms. Half of the
        // digits: rounding is far below that, and rows that meet are above it. What is not finite in
        // both is the training's error.
        let size = losses.iter().map(|a| a.abs()).filter(|a| a.is_finite()).fold(0.0, f64::max);
        let near = |a: f64, b: f64| {
            !(a.is_finite() || b.is_finite()) || (a - b).abs() <= T::UNIT_ROUNDOFF.sqrt() * size
        };
        for (i, (&among, &part)) in losses.iter().zip(seven.0.iter().chain(&nine.0)).enumerate() {
            assert!(
                near(among, part),
                "not by rows: row {i} has the loss {among} among {LOOK}, {part} among fewer"
            );
        }
        let a_row = (on_tape.saturating_sub(seven.1) / (LOOK - 7)).max(1);
        // What the tape of each piece has again: the parameters, and products of weights.
        let once = on_tape.saturating_sub(LOOK * a_row);
        let piece = (TAPE / size_of::<T>() / a_row).max(WORTH * once / a_row).max(1);
        // At least that long, and about 2ᵏ of them, so that the tree is even.
        n.div_ceil(1 << (n / piece).max(1).ilog2())
    }

    /// The losses of some rows, and how many numbers their tape has.
    #[track_caller]
    fn losses(&self, rows: Range<usize>) -> (Vec<f64>, usize) {
        let tape = Tape::new();
        let each = self.recorded(&tape, rows.clone()).1;
        let found = each.shape().0;
        assert!(found == rows.len(), "not by rows: {found} losses of {} rows", rows.len());
        each.mean(); // refuses more than a column here, at the caller's line
        let (each, on_tape) = (each.value(), tape.numbers());
        drop(tape);
        buffer::release::<T>(); // pieces mostly have other lengths, and a row may have a megabyte
        ((0..each.rows()).map(|i| each.at(i, 0)).collect(), on_tape)
    }

    #[track_caller]
    fn recorded<'t>(
        &self,
        tape: &'t Tape<Matrix<T>>,
        rows: Range<usize>,
    ) -> (P::With<Var<'t, Matrix<T>>>, Var<'t, Matrix<T>>) {
        let variables = self.parameters.on(tape);
        let n = self.x.rows();
        // The noise of an objective that has no use for any may be of another length.
        let [x, noise] = [self.x, self.noise].map(|x| match x.rows() {
            length if length == n && rows.len() < n => {
                tape.var(&x.select(&rows.clone().collect::<Vec<_>>()))
            }
            _ => tape.var(x),
        });
        let each = (self.objective)(&variables, &x, &noise);
        (variables, each)
    }

    /// What these rows contribute to the loss of the batch and to its gradient.
    #[track_caller]
    fn loss_and_gradient(&self, rows: Range<usize>, piece: usize) -> (f64, Vec<Matrix<T>>) {
        let n = self.x.rows();
        if rows.len() <= piece {
            let tape = Tape::new();
            let share = rows.len() as f64 / n as f64;
            let (variables, each) = self.recorded(&tape, rows);
            let mean = each.mean();
            let loss = if share == 1.0 { mean } else { mean * share };
            return (loss.value().item(), loss.gradient(&variables.into_list()));
        }
        let half = rows.start + rows.len().div_ceil(piece).next_power_of_two() / 2 * piece;
        let ((loss, gradient), (other_loss, other)) = both(
            || self.loss_and_gradient(rows.start..half, piece),
            || self.loss_and_gradient(half..rows.end, piece),
        );
        (loss + other_loss, gradient.into_iter().zip(&other).map(|(g, other)| g + other).collect())
    }
}
