//! T23: the weights of two far modes after annealing, by the law of the chains and by chains.

use rand::SeedableRng;
use score_matching::{
    Matrix,
    corruption::NoiseScales,
    density::Density,
    identity::{
        Sides,
        annealing::{
            START, TwoModes, equilibrium, first_order_bias, heavy_side, noise_of_the_last_level,
            proportional_to_the_deviation, proportional_to_the_variance,
        },
    },
    matrix::noise::Generator,
    sampler::{Level, Sampler, Step, annealed, levels},
};

const MODES: TwoModes = TwoModes::EXAMPLE;
const EPSILON: f64 = 0.1;

/// σ from 20 to 1, added to the components' unit variance.
fn schedule(count: usize, rule: impl Fn(f64) -> Step) -> Vec<Level> {
    let scales = NoiseScales::geometric(20.0, 1.0, count);
    scales.sigmas().iter().map(|&sigma| Level { sigma, step: rule(sigma) }).collect()
}

fn right(sigma: f64) -> Step {
    proportional_to_the_variance(sigma, EPSILON)
}

/// The share of the larger mode after the last level.
fn weight(levels: &[Level], steps: usize, fineness: f64) -> f64 {
    heavy_side(MODES, levels, steps, fineness)[levels.len() - 1]
}

/// Every entry of the page's table, to the three digits that it prints. The law is computed with half
/// the nodes; with all of them it differs by a fiftieth of that, which is seen where there are few steps.
#[test]
fn the_table_of_the_page() {
    const PRINTED: f64 = 5e-4;
    const CONVERGED: f64 = PRINTED / 50.0;
    let table = [
        (2, [0.569, 0.585, 0.586, 0.586]),
        (5, [0.692, 0.756, 0.777, 0.786]),
        (10, [0.752, 0.783, 0.793, 0.797]),
        (20, [0.777, 0.792, 0.797, 0.799]),
        (40, [0.788, 0.796, 0.798, 0.799]),
    ];
    for (count, row) in table {
        for (steps, page) in [30, 100, 300, 1000].into_iter().zip(row) {
            let levels = schedule(count, right);
            let found = weight(&levels, steps, 0.5);
            assert!(
                (found - page).abs() <= PRINTED + CONVERGED,
                "L = {count}, T = {steps}: {found}"
            );
            if steps == 30 {
                let fine = weight(&levels, steps, 1.0);
                assert!((found - fine).abs() < CONVERGED, "{found} with half the nodes of {fine}");
            }
        }
    }
}

/// The law of a step is q_σ up to (α/2) g to first order, with a remainder of second order. Orders are
/// whole here, so ½ decides.
#[test]
fn the_step_biases_the_weight_to_first_order() {
    let remainder = |epsilon: f64| {
        let sigma = 5.0;
        let level = Level { sigma, step: proportional_to_the_variance(sigma, epsilon) };
        let steps = (100.0 / epsilon) as usize; // e^(−100/4) of the start is left
        weight(&[level], steps, 2.0) - equilibrium(MODES, sigma) - first_order_bias(MODES, &level)
    };
    let order = (remainder(0.1) / remainder(0.05)).log2();
    println!("order {order:.3}");
    assert!((order - 2.0).abs() < 0.5, "order {order}");
}

/// The chain across the diagonal is linear: v ← (1 − drift/s²)² v + noise², from that of the start.
fn variance_across(levels: &[Level], steps: usize) -> f64 {
    let each = levels.iter().flat_map(|level| std::iter::repeat_n(level, steps));
    each.fold(START * START / 3.0, |v, Level { sigma, step }| {
        let pull = step.drift / (1.0 + sigma * sigma);
        (1.0 - pull).powi(2) * v + step.noise * step.noise
    })
}

/// The rules of the page with their laws, to the digits that it prints, and chains by the right one.
///
/// A standard error of the share is √(w(1 − w)/N). The nearest wrong rule is 0.067 off, and that is 16
/// standard errors for N = 9700: within 6 of the right law, the chains are 10 or more from every other.
#[test]
fn chains_recover_the_weights_and_wrong_rules_would_not() {
    const N: usize = 10_000;
    const STEPS: usize = 100;
    let levels = levels(&NoiseScales::geometric(20.0, 1.0, 10), EPSILON);
    assert_eq!(levels, schedule(10, right));
    let mut rng = Generator::seed_from_u64(23);
    let start = TwoModes::start(N, &mut rng);
    let score = |x: &Matrix, sigma: f64| MODES.plane().smoothed(sigma).score(x);
    let x = annealed(score, start, levels.clone(), STEPS, &mut rng).after(levels.len() * STEPS);
    let x = x.expect("finite");
    let each = |of: fn(f64, f64) -> f64| -> Vec<f64> {
        (0..N).map(|i| of(x.at(i, 0), x.at(i, 1))).collect()
    };
    let across = each(|a, b| 0.5 * (a - b).powi(2));
    let heavy = each(|a, b| f64::from(u8::from(a + b > 0.0)));
    assert_eq!(Sides::monte_carlo(&across, variance_across(&levels, STEPS)).agree(), Ok(()));

    let rules: [(fn(f64) -> Step, f64, f64, f64); 4] = [
        (right, 0.783, 2.03, 0.005),
        (|sigma| proportional_to_the_deviation(sigma, EPSILON), 0.716, 2.03, 0.005),
        (|sigma| noise_of_the_last_level(sigma, EPSILON), 1.0, 2.02, 0.005),
        (|sigma| proportional_to_the_variance(sigma / 20.0, EPSILON), 0.526, 34.4, 0.05),
    ];
    for (i, (rule, share, variance, printed)) in rules.into_iter().enumerate() {
        let levels = schedule(10, rule);
        let (law, found) = (weight(&levels, STEPS, 0.5), variance_across(&levels, STEPS));
        assert!(
            (law - share).abs() <= 5e-4 && (found - variance).abs() <= printed,
            "{law} {found}"
        );
        let sides = Sides::monte_carlo(&heavy, law);
        println!("rule {i}: {law:.4}, {:.1} times six standard errors", sides.residual());
        assert!(if i == 0 { sides.agree().is_ok() } else { sides.differ_clearly() }, "rule {i}");
    }
}
