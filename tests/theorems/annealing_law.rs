//! T23: the shares of the modes by the law of the chain alone, without drawing anything: the table of
//! the page, and the bias of the step.

use score_matching::{
    corruption::NoiseScales,
    identity::annealing::{
        TwoModes, equilibrium, first_order_bias, heavy_side, proportional_to_the_variance,
    },
    sampler::{Level, levels},
};

const MODES: TwoModes = TwoModes::EXAMPLE;

fn share(count: usize, steps: usize, epsilon: f64, fineness: f64) -> f64 {
    let schedule = levels(&NoiseScales::geometric(20.0, 1.0, count), epsilon);
    heavy_side(MODES, &schedule, steps, fineness)[count - 1]
}

/// Every entry of the page's table, to the three digits that it prints. Half the nodes are enough:
/// where the full number is quick, it agrees.
#[test]
fn the_table_of_the_page() {
    const STEPS: [usize; 4] = [30, 100, 300, 1000];
    let table = [
        (2, [0.569, 0.585, 0.586, 0.586]),
        (5, [0.692, 0.756, 0.777, 0.786]),
        (10, [0.752, 0.783, 0.793, 0.797]),
        (20, [0.777, 0.792, 0.797, 0.799]),
        (40, [0.788, 0.796, 0.798, 0.799]),
    ];
    for (count, row) in table {
        for (steps, page) in STEPS.into_iter().zip(row) {
            let found = share(count, steps, 0.1, 0.5);
            assert!((found - page).abs() < 5.1e-4, "L = {count}, T = {steps}: {found}");
            if steps <= 300 {
                let fine = share(count, steps, 0.1, 1.0);
                assert!((found - fine).abs() < 1e-5, "{found} with half the nodes of {fine}");
            }
        }
    }
}

/// The weights freeze from a law that is not quite q_σ: the step has a bias of its own, to first order (α/2) g,
/// with a remainder of second order.
#[test]
fn the_step_biases_the_weight_to_first_order() {
    let remainder = |epsilon: f64| {
        let sigma = 5.0;
        let level = Level { sigma, step: proportional_to_the_variance(sigma, epsilon) };
        let steps = (100.0 / epsilon) as usize; // e^(−100/4) of the start is left
        let share = heavy_side(MODES, &[level], steps, 2.0)[0];
        let bias = first_order_bias(MODES, &level);
        let found = share - equilibrium(MODES, sigma);
        println!("ε = {epsilon}: bias {found:.3e}, to first order {bias:.3e}");
        found - bias
    };
    let order = (remainder(0.1) / remainder(0.05)).log2();
    assert!((order - 2.0).abs() < 0.2, "order {order}");
}
