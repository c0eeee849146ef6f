//! The optimisers: their constants, where they refuse, what they count, and that no finite gradient
//! freezes a parameter in silence.

use crate::callers::refused;
use score_matching::{
    Matrix,
    matrix::Real,
    optimizer::{Adam, Moves, Optimizer, Quantity, Sgd},
};

fn number<T: Real>(x: f64) -> Matrix<T> {
    Matrix::from_fn(1, 1, |_, _| x)
}

/// From 1 by these gradients.
fn after<T: Real>(optimizer: &mut impl Optimizer<T>, gradients: &[f64]) -> Result<f64, Quantity> {
    let mut parameter = number::<T>(1.0);
    for &gradient in gradients {
        optimizer.update(0, &mut parameter, &number(gradient))?;
    }
    Ok(parameter.item())
}

/// The rate is 0.1 and the first step rate · g/(|g| + ε), however large the square of g is.
fn first_steps<T: Real>(gradients: &[f64]) {
    for &g in gradients {
        let found = after(&mut Adam::<T>::new(0.1), &[g]).expect("finite");
        let gap = (found - (1.0 - 0.1 * g / (g.abs() + 1e-8))).abs();
        // 1/(1 − β₂) is rounded at 1/0.001; a dozen operations on numbers up to 1.
        assert!(gap <= 12.0 * T::UNIT_ROUNDOFF + 1e-12, "{g:e}: {found}");
    }
}

#[test]
fn the_first_step_of_adam_has_the_length_of_the_rate() {
    // v̂ = g² overflows at the last ones, v = g²/1000 does not.
    first_steps::<f32>(&[1e-25, 1e-8, 1e-3, 1.0, -1.0, 1e19, 1e20, -5e20]);
    first_steps::<f64>(&[1e-170, 1e-8, 1e-3, 1.0, -1.0, 1e150, 1e155, -4e155]);
}

#[test]
fn a_gradient_whose_square_overflows_is_an_error_and_not_a_parameter_at_rest() {
    for g in [1e21, -1e21, 1e30, 3e38] {
        let mut adam = Adam::<f32>::new(0.1);
        assert_eq!(after(&mut adam, &[1.0, g]), Err(Quantity::Moment), "{g:e}");
    }
    for g in [1e157, -1e157, 1e200, 1e308] {
        let mut adam = Adam::<f64>::new(0.1);
        assert_eq!(after(&mut adam, &[1.0, g]), Err(Quantity::Moment), "{g:e}");
    }
}

fn what_is_not_finite<T: Real>() {
    for g in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let gradient = Err(Quantity::Gradient);
        assert_eq!(after(&mut Adam::<T>::new(0.1), &[1.0, g]), gradient, "{g}");
        assert_eq!(after::<T>(&mut Sgd { rate: 0.1 }, &[1.0, g]), gradient, "{g}");
    }
    let parameter = Err(Quantity::Parameter);
    // 0/0 without ε
    let mut adam = Adam::<T>::new(0.1);
    adam.epsilon = 0.0;
    assert_eq!(after(&mut adam, &[0.0]), parameter);
    assert_eq!(after(&mut Adam::<T>::new(0.1), &[0.0]), Ok(1.0), "with ε it rests");
}

#[test]
fn what_is_not_finite_is_told_by_its_name() {
    what_is_not_finite::<f32>();
    what_is_not_finite::<f64>();
    assert_eq!(after::<f32>(&mut Sgd { rate: 1e38 }, &[1e38]), Err(Quantity::Parameter));
    assert_eq!(after::<f64>(&mut Sgd { rate: 1e308 }, &[1e10]), Err(Quantity::Parameter));
    let names = [Quantity::Loss, Quantity::Gradient, Quantity::Moment, Quantity::Parameter];
    let names = names.map(|what| what.to_string());
    let [loss, gradient, square, parameter] = names.each_ref().map(String::as_str);
    assert_eq!([loss, gradient, parameter], ["the loss", "a gradient", "a parameter"]);
    assert_eq!(square, "the mean square of a gradient");
}

/// β₁ = 0.9, β₂ = 0.999 and ε = 1e-8 outside the root, by hand.
#[test]
fn the_constants_are_those_of_the_paper() {
    let near = |gradients: &[f64], by_hand: f64| {
        let found = after(&mut Adam::<f64>::new(0.1), gradients).expect("finite");
        // 1 − β₂² = 0.001999 has lost 9 bits: u/0.002 < 1e-13.
        assert!((1.0 - found - by_hand).abs() < 1e-12, "{gradients:?}: {found}");
    };
    // With g = ε the step is half the rate; inside the root √ε would make it a ten-thousandth.
    near(&[1e-8], 0.05);
    // g = 1, 0: m̂ = 0.09/0.19 and v̂ = 0.000999/0.001999
    let second = 0.09 / 0.19 / ((0.000_999_f64 / 0.001_999).sqrt() + 1e-8);
    near(&[1.0, 0.0], 0.1 / (1.0 + 1e-8) + 0.1 * second);
}

/// In f32 β₂ itself is 1 here, and 1 − β₂ is not 0.
#[test]
fn one_less_beta_is_taken_before_it_is_rounded() {
    let mut adam = Adam::<f32>::new(0.1);
    adam.beta2 = 1.0 - 1e-9;
    let found = after(&mut adam, &[1.0]).expect("finite");
    assert!((found - 0.9).abs() < 1e-6, "{found}");
}

fn constants_are_refused<T: Real>(vanishing: f64, huge: f64) {
    let step = |change: &dyn Fn(&mut Adam<T>)| {
        let mut adam = Adam::<T>::new(0.1);
        change(&mut adam);
        _ = adam.update(0, &mut number(1.0), &number(1.0));
    };
    for beta in [1.0, -0.1, 1.5, f64::NAN, f64::INFINITY] {
        refused("β₁ = ", || step(&|adam| adam.beta1 = beta));
        refused("β₂ = ", || step(&|adam| adam.beta2 = beta));
    }
    for bad in [-1.0, f64::NAN, f64::INFINITY, vanishing, huge] {
        refused("ε = ", || step(&|adam| adam.epsilon = bad));
        refused("a rate of ", || step(&|adam| adam.rate = bad));
        refused("a rate of ", || _ = Adam::<T>::new(bad));
        refused("a rate of ", || _ = Adam::<T>::annealed(bad, 3));
        refused("a rate of ", || {
            _ = Sgd { rate: bad }.update(0, &mut number::<T>(1.0), &number(1.0));
        });
    }
    refused("an annealing over 0 steps", || _ = Adam::<T>::annealed(0.1, 0));
    refused("an annealing over 0 steps", || step(&|adam| adam.horizon = Some(0)));
    // The edges of the domain.
    step(&|adam| (adam.rate, adam.beta1, adam.beta2, adam.epsilon) = (0.0, 0.0, 0.0, 0.0));
}

#[test]
fn constants_outside_their_domain_are_refused_where_they_are_used() {
    constants_are_refused::<f32>(1e-50, 1e39);
    constants_are_refused::<f64>(-1e-300, f64::NEG_INFINITY);
}

#[test]
fn shapes_and_slots_that_do_not_fit_are_refused() {
    let mut adam = Adam::<f64>::new(0.1);
    adam.update(0, &mut number(1.0), &number(1.0)).expect("finite");
    let row = || Matrix::<f64>::zeros(1, 2);
    refused("a parameter of (1, 1) · its gradient of (1, 2)", || {
        _ = adam.clone().update(0, &mut number(1.0), &row());
    });
    refused("in slot 0, which has been (1, 1)", || _ = adam.clone().update(0, &mut row(), &row()));
    refused("slot 2 after 1 slots", || _ = adam.clone().update(2, &mut row(), &row()));
    refused("a parameter of (1, 1) · its gradient of (1, 2)", || {
        _ = Sgd { rate: 0.1 }.update(0, &mut number(1.0), &row());
    });
}

/// What one step counts: three numbers, of which one moves by its gradient, one has none, and the
/// gradient of one is below ε.
#[test]
fn a_step_counts_what_it_moves() {
    let start = || Matrix::<f32>::from_fn(1, 3, |_, _| 1.0);
    let gradient = Matrix::from_fn(1, 3, |_, j| [1.0, 0.0, 1e-9][j]);
    let adam = Adam::<f32>::new(0.1).update(0, &mut start(), &gradient);
    assert_eq!(adam, Ok(Moves { numbers: 3, moved: 2, by_epsilon: 1 }));
    let sgd = |rate| Sgd { rate }.update(0, &mut start(), &gradient);
    // A rate · g below 2⁻²⁵ is lost in 1 − rate · g.
    assert_eq!(sgd(0.1), Ok(Moves { numbers: 3, moved: 1, by_epsilon: 0 }));
    assert_eq!(sgd(1e-8), Ok(Moves { numbers: 3, moved: 0, by_epsilon: 0 }));
    let sum = sgd(0.1).expect("finite") + adam.expect("finite");
    assert_eq!(sum, Moves { numbers: 6, moved: 3, by_epsilon: 1 });
}

/// Odd lengths and long ones are counted whole.
#[test]
fn every_number_is_counted() {
    for n in [0, 1, 7, 4097, 70_001] {
        let mut parameter = Matrix::<f64>::zeros(n, 1);
        let gradient = Matrix::from_fn(n, 1, |i, _| [1.0, 0.0][i % 2]);
        let moves = Adam::new(0.1).update(0, &mut parameter, &gradient);
        assert_eq!(moves, Ok(Moves { numbers: n, moved: n.div_ceil(2), by_epsilon: 0 }));
        let last = Matrix::from_fn(n, 1, |i, _| if i + 1 == n { 1e200 } else { 1.0 });
        let lost = Adam::new(0.1).update(0, &mut parameter, &last);
        assert_eq!(lost.err(), (n > 0).then_some(Quantity::Moment));
    }
}
