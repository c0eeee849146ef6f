//! σ(x) and σ′(x) in one pass.
//!
//! Both begin with 1 + e⁻ˣ. In one loop the compiler sees that and computes it once, so that both
//! together take little longer than the slope alone.

use super::{Elementary, sigmoid, sigmoid_slope};
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
            *y = sigmoid::<I, T>(x);
            *slope = sigmoid_slope::<I, T>(x);
        }
    }
}

impl<T: Real> Matrix<T> {
    /// σ(x) and σ′(x), the same bits as each for itself.
    pub(in crate::matrix) fn sigmoid_and_slope(&self) -> (Self, Option<Self>) {
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
        (y, slope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::Function;

    /// Also where a piece ends, where threads share the pieces, and beyond where digits are.
    #[test]
    fn both_together_have_the_bits_of_each_for_itself() {
        let far = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e-310, 740.0, -740.0];
        let bits = |x: &Matrix| x.data().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        for shape in [(0, 3), (1, 1), (2, 4), (1, CHUNK + 3), (3, PARALLEL_FUNCTIONS / 2)] {
            let x = Matrix::from_fn(shape.0, shape.1, |i, j| match far.get(j) {
                Some(&x) if i == 0 => x,
                _ => 40.0 * ((i + 3 * j) as f64).sin(),
            });
            for door in Door::available() {
                door.within(|| {
                    let (y, slope) = x.clone().with_slope(Function::Sigmoid);
                    let alone =
                        [Function::Sigmoid, Function::SigmoidSlope].map(|f| x.clone().apply(f));
                    assert_eq!(bits(&y), bits(&alone[0]), "{shape:?} {door:?}");
                    let slope = slope.expect("it comes with the sigmoid");
                    assert_eq!(bits(&slope), bits(&alone[1]), "{shape:?} {door:?}");
                });
            }
        }
    }
}
