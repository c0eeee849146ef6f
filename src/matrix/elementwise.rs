//! φ over slices.

use super::{Real, door::Door};
use crate::array::Function;

pub(crate) fn apply<T: Real>(_door: Door, f: Function, x: &mut [T]) {
    for x in x {
        let v = x.to_f64();
        *x = T::of(match f {
            Function::Sigmoid => 1.0 / (1.0 + (-v).exp()),
            Function::Softplus => v.max(0.0) + (-v.abs()).exp().ln_1p(),
            Function::Tanh => v.tanh(),
            Function::Exp => v.exp(),
            Function::Ln => v.ln(),
            Function::Reciprocal => 1.0 / v,
            Function::Relu => v.max(0.0),
            Function::Step => f64::from(v > 0.0),
        });
    }
}
