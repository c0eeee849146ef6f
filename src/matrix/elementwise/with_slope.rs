//! σ(x) and σ′(x) in one pass.
//!
//! σ′(x) = σ(x) σ(−x) needs σ(x) anyway. So both together cost only one store more than the slope alone.

use super::{Elementary, formulas};
use crate::{
    array::Array,
    matrix::{
        Matrix, Real,
        door::{Door, Instructions, Loop},
        threads::{CHUNK, PARALLEL_FUNCTIONS, in_pieces},
    },
};

/// y ← σ(x) and slope ← σ′(x), behind the given door.
pub(crate) fn sigmoid_and_slope<T: Elementary>(door: Door, x: &[T], [y, slope]: [&mut [T]; 2]) {
    door.enter(SigmoidAndSlope { x, y, slope });
}

struct SigmoidAndSlope<'a, T> {
    x: &'a [T],
    y: &'a mut [T],
    slope: &'a mut [T],
}

impl<T: Elementary> Loop for SigmoidAndSlope<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Instructions>(self) {
        for ((y, slope), &x) in self.y.iter_mut().zip(self.slope).zip(self.x) {
            [*y, *slope] = formulas::sigmoid_and_slope::<I, T>(x);
        }
    }
}

impl<T: Real> Matrix<T> {
    /// σ(x) and σ′(x), the same bits as each for itself.
    pub(in crate::matrix) fn sigmoid_and_slope(&self) -> (Self, Self) {
        let (door, (rows, cols)) = (Door::current(), self.shape());
        let mut slope = None;
        let y = Self::build(rows, cols, |y| {
            slope = Some(Self::build(rows, cols, |slope| {
                let outputs = y.chunks_mut(CHUNK).zip(slope.chunks_mut(CHUNK));
                let mut pieces: Vec<_> = self.data().chunks(CHUNK).zip(outputs).collect();
                let long = self.data().len() >= PARALLEL_FUNCTIONS;
                in_pieces(&mut pieces, 1, long, |_, piece| {
                    for (x, (y, slope)) in piece {
                        T::sigmoid_and_slope(door, x, [y, slope]);
                    }
                });
            }));
        });
        (y, slope.expect("it is built with y"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::{Function, Shape};

    /// The bits of each number. Every NaN counts as the same, whatever its bits.
    fn bits<T: Real>(x: &Matrix<T>) -> Vec<Option<u64>> {
        let number = |x: &T| Some(x.to_f64()).filter(|x| !x.is_nan()).map(f64::to_bits);
        x.data().iter().map(number).collect()
    }

    fn both_have_the_bits_of_each<T: Real>(shape: Shape) {
        let far = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e-310, 740.0, -740.0];
        let x = Matrix::<T>::from_fn(shape.0, shape.1, |i, j| match far.get(j) {
            Some(&x) if i == 0 => x,
            _ => 40.0 * ((i + 3 * j) as f64).sin(),
        });
        for door in Door::available() {
            door.within(|| {
                let (y, slope) = x.clone().with_slope(Function::Sigmoid);
                let slope = slope.expect("it comes with the sigmoid");
                let alone = |f| bits(&x.clone().apply(f));
                assert_eq!(bits(&y), alone(Function::Sigmoid), "{shape:?} {door:?}");
                assert_eq!(bits(&slope), alone(Function::SigmoidSlope), "{shape:?} {door:?}");
            });
        }
    }

    /// Also at the end of a piece, on several threads, and for 0, ±∞, NaN and numbers far out.
    #[test]
    fn both_together_have_the_bits_of_each_for_itself() {
        for shape in [(0, 3), (1, 1), (2, 4), (1, CHUNK + 3), (3, PARALLEL_FUNCTIONS / 2)] {
            both_have_the_bits_of_each::<f64>(shape);
            both_have_the_bits_of_each::<f32>(shape);
        }
    }
}
