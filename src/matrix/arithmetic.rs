//! x + y, x − y, x ∘ y, x + 1 y, x + a and a x over slices, behind a door.
//!
//! Each is one loop over memory, so a door's wide registers are all that it can use. There is nothing
//! to fuse: the bits are the same behind every door.

use super::{
    Real,
    door::{Door, Instructions, Loop},
};

/// What becomes of the numbers x. A y is at least as long as x; what it has beyond is not read.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a, T> {
    /// x + y
    Add(&'a [T]),
    /// x − y
    Sub(&'a [T]),
    /// x ∘ y
    Mul(&'a [T]),
    /// y added to each row of x, which has rows of this length
    AddRow(&'a [T]),
    /// x + a
    Shift(T),
    /// a x
    Scale(T),
}

/// Changes x behind the given door.
pub(crate) fn change<T: Real>(door: Door, change: Change<'_, T>, x: &mut [T]) {
    door.enter(InPlace { change, x });
}

struct InPlace<'a, T> {
    change: Change<'a, T>,
    x: &'a mut [T],
}

impl<T: Real> Loop for InPlace<'_, T> {
    type Output = ();

    /// The change is chosen once and not per element: each arm is a loop of its own.
    #[inline(always)]
    fn run<I: Instructions>(self) {
        let x = self.x;
        match self.change {
            Change::Add(y) => zip(x, y, |x, y| x + y),
            Change::Sub(y) => zip(x, y, |x, y| x - y),
            Change::Mul(y) => zip(x, y, |x, y| x * y),
            Change::AddRow(row) => {
                x.chunks_exact_mut(row.len().max(1)).for_each(|x| zip(x, row, |x, y| x + y));
            }
            Change::Shift(a) => x.iter_mut().for_each(|x| *x += a),
            Change::Scale(a) => x.iter_mut().for_each(|x| *x = a * *x),
        }
    }
}

#[inline(always)]
fn zip<T: Real>(x: &mut [T], y: &[T], f: impl Fn(T, T) -> T) {
    debug_assert!(y.len() >= x.len());
    x.iter_mut().zip(y).for_each(|(x, &y)| *x = f(*x, y));
}
