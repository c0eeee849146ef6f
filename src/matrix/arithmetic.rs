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

impl<T> Change<'_, T> {
    /// The length of a piece must be a multiple of this: where a row is added, each piece begins with a row.
    pub(super) fn unit(&self) -> usize {
        match self {
            Self::AddRow(row) => row.len().max(1),
            _ => 1,
        }
    }
}

/// Numbers of a row that is repeated: a row of 5 stands there 12 times.
const MANY: usize = 64;

/// out ← x changed, or out itself changed where there is no x, behind the given door.
pub(crate) fn change<T: Real>(door: Door, change: Change<'_, T>, x: Option<&[T]>, out: &mut [T]) {
    door.enter(Changed { change, x, out });
}

struct Changed<'a, T> {
    change: Change<'a, T>,
    x: Option<&'a [T]>,
    out: &'a mut [T],
}

impl<T: Real> Loop for Changed<'_, T> {
    type Output = ();

    /// The change is chosen once and not per element: each arm is a loop of its own.
    #[inline(always)]
    fn run<I: Instructions>(self) {
        let Self { change, x, out } = self;
        match change {
            Change::Add(y) => zip(x, y, out, |x, y| x + y),
            Change::Sub(y) => zip(x, y, out, |x, y| x - y),
            Change::Mul(y) => zip(x, y, out, |x, y| x * y),
            Change::AddRow(row) => {
                // A short row is repeated: vectors take many numbers at once.
                let mut many = [T::default(); MANY];
                let d = row.len().max(1);
                let whole = MANY / d * d;
                many[..whole].chunks_exact_mut(d).for_each(|y| y.copy_from_slice(row));
                let rows = if d < MANY { &many[..whole] } else { row };
                for (i, out) in out.chunks_mut(rows.len().max(1)).enumerate() {
                    zip(x.map(|x| &x[i * rows.len()..]), rows, out, |x, y| x + y);
                }
            }
            Change::Shift(a) => map(x, out, |x| x + a),
            Change::Scale(a) => map(x, out, |x| a * x),
        }
    }
}

/// out ← f(x, y), or f(out, y) where there is no x.
#[inline(always)]
fn zip<T: Real>(x: Option<&[T]>, y: &[T], out: &mut [T], f: impl Fn(T, T) -> T) {
    debug_assert!(y.len() >= out.len());
    match x {
        None => out.iter_mut().zip(y).for_each(|(out, &y)| *out = f(*out, y)),
        Some(x) => out.iter_mut().zip(x).zip(y).for_each(|((out, &x), &y)| *out = f(x, y)),
    }
}

/// out ← f(x), or f(out) where there is no x.
#[inline(always)]
fn map<T: Real>(x: Option<&[T]>, out: &mut [T], f: impl Fn(T) -> T) {
    match x {
        None => out.iter_mut().for_each(|out| *out = f(*out)),
        Some(x) => out.iter_mut().zip(x).for_each(|(out, &x)| *out = f(x)),
    }
}
