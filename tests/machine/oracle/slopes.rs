//! φ, φ′ and φ″ of every function of the vocabulary, to the last digits in both tails.

use super::{Ledger, Wide, all_numbers, column, tiny, w};
use score_matching::{Array, Matrix, Tape, array::Function, matrix::Real};

/// φ as the kernel computes it, φ′ as the rule book states it, φ″ as a tape finds it.
#[derive(Clone, Copy)]
enum Order {
    Zero,
    One,
    Two,
}

fn read<T: Real>(f: Function, order: Order, x: Matrix<T>) -> Matrix<T> {
    match order {
        Order::Zero => x.apply(f),
        Order::One => f.derivative(&x, &x.clone().apply(f)),
        Order::Two => {
            let tape = Tape::new();
            let x = tape.var(&x);
            x.apply(f).sum().grad(&[x])[0].sum().gradient(&[x]).remove(0)
        }
    }
}

/// φ, φ′, φ″ and a size; a step counts as one, since all of it is exact.
fn truth(f: Function, order: Order, x: Wide) -> (Wide, Wide) {
    let (one, slope) = (w(1.0), Wide::sigmoid_slope);
    let own = |y: Wide| (y, y.abs());
    match (f, order) {
        (Function::Exp, _) => own(x.exp()),
        (Function::Softplus, Order::Zero) => {
            own(if x.top() > 0.0 { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() })
        }
        (Function::Softplus, Order::One) | (Function::Sigmoid, Order::Zero) => own(x.sigmoid()),
        (Function::Softplus, Order::Two)
        | (Function::Sigmoid, Order::One)
        | (Function::SigmoidSlope, Order::Zero) => own(slope(x)),
        (Function::Sigmoid, Order::Two) | (Function::SigmoidSlope, Order::One) => {
            own(-slope(x) * x.times_power(-1).tanh())
        }
        (Function::SigmoidSlope, Order::Two) => {
            let (s, t) = (slope(x), x.times_power(-1).tanh());
            (s * (one - s * w(6.0)), s * (t * t + s * w(2.0)))
        }
        (Function::Tanh, Order::Zero) => own(x.tanh()),
        (Function::Tanh, Order::One) => own(slope(x * w(2.0)) * w(4.0)),
        (Function::Tanh, Order::Two) => own(slope(x * w(2.0)) * x.tanh() * w(-8.0)),
        (Function::Ln, Order::Zero) => own(x.ln()),
        (Function::Ln, Order::One) | (Function::Reciprocal, Order::Zero) => own(one / x),
        (Function::Ln, Order::Two) | (Function::Reciprocal, Order::One) => own(-one / (x * x)),
        (Function::Reciprocal, Order::Two) => own(w(2.0) / (x * x * x)),
        (Function::Relu, Order::Zero) => own(if x.top() <= 0.0 { w(0.0) } else { x }),
        (Function::Relu, Order::One) | (Function::Heaviside, Order::Zero) => {
            own(if x.top().is_nan() { x } else { w(f64::from(u8::from(x.top() > 0.0))) })
        }
        (Function::Relu | Function::Heaviside, _) => own(x * w(0.0)),
    }
}

fn name(f: Function) -> &'static str {
    match f {
        Function::Exp => "exp",
        Function::Sigmoid => "sigmoid",
        Function::SigmoidSlope => "sigmoid′",
        Function::Softplus => "softplus",
        Function::Tanh => "tanh",
        Function::Ln => "ln",
        Function::Reciprocal => "1/x",
        Function::Relu | Function::Heaviside => "relu, heaviside",
    }
}

fn all<T: Real>(ledger: &mut Ledger) {
    let mut x = all_numbers::<T>(2);
    // both tails, to where they end, and the middle; off the round numbers
    for end in [1.5, 20.0, 40.0, 110.0, 370.0, 750.0] {
        let at = |i: i32| f64::from(i) * 0.001_000_618 * end;
        x.extend((-1000..1000).map(|i| T::of(at(i)).to_f64()));
    }
    x.extend([f64::INFINITY, f64::NEG_INFINITY, f64::NAN]);
    let inputs: Vec<[f64; 1]> = x.into_iter().map(|x| [x]).collect();
    for f in Function::ALL {
        // A logarithm ends at 0; 1/x has no slope there, and a kink's is not asked for at ±∞ either.
        let fits = |[x]: &[f64; 1]| match f {
            Function::Ln => x.is_nan() || *x > 0.0,
            Function::Reciprocal => *x != 0.0,
            Function::Relu | Function::Heaviside => !x.is_infinite(),
            _ => true,
        };
        let inputs: Vec<_> = inputs.iter().copied().filter(fits).collect();
        for (order, prefix) in [(Order::Zero, ""), (Order::One, "φ′ "), (Order::Two, "φ″ ")] {
            let row = format!("{prefix}{}", name(f));
            let scale = match (f, order) {
                (Function::Tanh, Order::One) => 4.0, // a product of 4 and what is rounded already
                (Function::Tanh, Order::Two) => 8.0,
                _ => 0.0,
            };
            let oracle = |x: &[f64; 1]| {
                let (truth, size) = truth(f, order, w(x[0]));
                (truth, size + tiny::<T>() * w(scale))
            };
            ledger.judge_each::<T, _>(&row, &inputs, || read(f, order, column(&inputs, 0)), oracle);
        }
    }
}

#[test]
fn functions_and_their_slopes_keep_their_digits_in_both_tails() {
    let mut ledger = Ledger::default();
    all::<f64>(&mut ledger);
    all::<f32>(&mut ledger);
    ledger.settle();
}
