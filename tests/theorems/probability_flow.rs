//! T39: the numbers of the page, the order of the method, and that a likelihood is one.

use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    array::Function,
    density::{Density, Mixture, mixture::diagonal},
    identity::{
        fitted_order,
        probability_flow::{by_flow, example, field, levels, mean_over_signs},
    },
    matrix::{
        cholesky::Cholesky,
        noise::{Generator, standard_normal},
    },
    model::{NoiseConditionalNetwork, Parameters},
    objective::{sliced::all_signs, trace},
    quadrature::Rule,
    sampler::flow::{Carried, carry, likelihood},
};

const T: f64 = 2.0;

/// x = (¼, ½) after the given number of steps, with the density where it ends.
fn carried(steps: usize) -> (Carried, f64) {
    let (q, x) = example();
    let axes = diagonal(2, 1.0);
    let carried = carry(field(&q, &axes), &x, &levels(T, steps)).expect("finite");
    let log = q.smoothed(T.sqrt()).log_density(&carried.x).item();
    (carried, log)
}

#[test]
fn the_flow_finds_the_log_density_with_order_four() {
    let (q, x) = example();
    let exact = q.log_density(&x).item();
    assert!((exact + 3.334_910_346_236_8).abs() < 5e-14, "{exact}");
    let mut errors = vec![];
    // Two digits are known.
    for (steps, written) in [(100, 5.4e-7), (200, 3.0e-8), (400, 1.7e-9), (800, 1.0e-10)] {
        let (found, log) = carried(steps);
        let error = (log - found.gain.item() - exact).abs();
        println!("{steps}: {error:.3e}");
        assert!((error / written - 1.0).abs() < 0.05, "{steps}: {error:e}");
        errors.push([steps as f64, error]);
    }
    let order = -fitted_order(&errors);
    assert!((order - 4.0).abs() < 0.2, "{order}");
    let (found, log) = carried(800);
    for (found, written) in [
        (found.x.at(0, 0), 0.117_911_35),
        (found.x.at(0, 1), 0.582_325_72),
        (log, -3.111_916_639_4),
        (found.gain.item(), 0.222_993_706_8),
    ] {
        assert!((found - written).abs() < 5e-9, "{found} {written}");
    }
}

/// The axes, or both signs of two: the mean of all quadratic forms is the trace, and the points move alike.
#[test]
fn directions_of_signs_are_right_on_average_and_far_off_each() {
    let (q, x) = example();
    // By 200 steps, which cost 3·10⁻⁸: to as many digits as are written.
    let gain = |directions: &Matrix| {
        carry(field(&q, directions), &x, &levels(T, 200)).expect("finite").gain.item()
    };
    let signs = all_signs(2);
    let single: Vec<f64> =
        (0..4).map(|i| gain(&Matrix::from_vec(1, 2, signs.row(i).to_vec()))).collect();
    // ±v are one direction.
    for (found, written) in
        [(single[0], -1.037_346_52), (single[1], 1.483_333_88), (single[3], single[0])]
    {
        assert!((found - written).abs() < 1e-8, "{single:?}");
    }
    let mean = single.iter().sum::<f64>() / 4.0;
    // Sums of 800 slopes of size 1, each times 1/100.
    assert!((mean - gain(&diagonal(2, 1.0))).abs() < 1e-12, "{single:?}");
    // By Jensen the mean of q itself is too large, here by the mean of e^(±1.2603).
    let ratio = mean_over_signs(&q, &x, T, 100).item() / q.log_density(&x).exp().item();
    let half = 0.5 * (single[1] - single[0]);
    assert!((ratio - half.cosh()).abs() < 1e-5, "{ratio}");
}

#[test]
fn without_the_half_the_density_is_wrong() {
    let (q, x) = example();
    let axes = diagonal(2, 1.0);
    let right = field(&q, &axes);
    let twice = |x: &Matrix, sigma: f64| {
        let (psi, trace) = right(x, sigma);
        (psi * 2.0, trace * 2.0)
    };
    let end = q.smoothed(T.sqrt());
    // By 400 steps to the digits of the first number, and converged.
    for (steps, written) in [(200, 0.364_057_243_3), (800, 0.364_057_280_6)] {
        let found = likelihood(twice, &end, &x, &levels(T, steps)).expect("finite");
        let off = found.log_density.item() - q.log_density(&x).item();
        println!("{steps}: {off}, {:e}", found.change.item());
        assert!((off + written).abs() < 1e-9, "{off}");
    }
    // N(0, 1) at x = 1, T = 3: log 2 − 3/2, and the variance would be 16.
    let q = Mixture::isotropic(1, 1.0);
    let doubled = |x: &Matrix, sigma: f64| {
        let precision = 2.0 / (1.0 + sigma * sigma);
        (x.clone() * -precision, Matrix::from_fn(x.rows(), 1, |_, _| -precision))
    };
    let one = Matrix::from_rows([[1.0]]);
    let found = likelihood(doubled, &q.smoothed(3.0_f64.sqrt()), &one, &levels(3.0, 400));
    let found = found.expect("finite");
    let off = found.log_density.item() - q.log_density(&one).item();
    assert!((off - (2.0_f64.ln() - 1.5)).abs() < 1e-8, "{off}");
    assert!((found.end.item() - 4.0).abs() < 1e-8, "its square is 16");
}

/// 𝔼f(x_T) over q, by Gauss–Hermite rules for its components; a point of q is μ + Lz.
#[test]
fn the_flow_carries_the_moments() {
    let (q, _) = example();
    let axes = diagonal(2, 1.0);
    let right = field(&q, &axes);
    let twice = |x: &Matrix, sigma: f64| {
        let (psi, trace) = right(x, sigma);
        (psi * 2.0, trace)
    };
    let moments = |nodes: usize, steps: usize, double: bool| {
        let plane = Rule::gauss_hermite(nodes).squared();
        let covariances = [[[0.5, 0.2], [0.2, 0.3]], [[0.25, -0.1], [-0.1, 0.4]]];
        let parts = q.modes().zip(covariances).map(|((weight, mean), covariance)| {
            let factor = Cholesky::of_covariance(&Matrix::from_rows(covariance)).factor();
            let start = plane.nodes.nt(&factor).add_row(mean);
            let levels = levels(T, steps);
            let end =
                if double { carry(twice, &start, &levels) } else { carry(&right, &start, &levels) };
            let x = end.expect("finite").x;
            let products = Matrix::from_fn(x.rows(), 1, |i, _| (x.at(i, 0) * x.at(i, 1)).powi(2));
            [x.squared_norm(), products].map(|f| weight * plane.integrate(&f))
        });
        parts.fold([0.0; 2], |sum, part| [sum[0] + part[0], sum[1] + part[1]])
    };
    let (coarse, fine) = (moments(16, 40, false), moments(24, 80, false));
    println!("{coarse:?} {fine:?}");
    // Of q_T: 2.5975 + 2T, and by the moments of Gaussians.
    for (k, exact) in [6.5975, 10.19275].into_iter().enumerate() {
        let moved = (fine[k] - coarse[k]).abs();
        assert!((fine[k] - exact).abs() <= moved + 1e-9 && moved < 1e-3 * exact, "{fine:?}");
    }
    let [square, _] = moments(16, 40, true);
    assert!((square - 33.59).abs() < 0.01, "{square}");
}

/// Where nothing has been learned the field is the gradient of nothing, and yet what the flow says is a
/// density: its integral is 1. An error of log p is a relative one of p.
#[test]
fn whatever_the_network_its_likelihood_is_a_density() {
    let mut rng = Generator::seed_from_u64(39);
    let widths = [2, 8, 2];
    let mut model: NoiseConditionalNetwork<Matrix> =
        NoiseConditionalNetwork::random(&widths, Function::Tanh, 1.0, &mut rng);
    model.network.layers[1].w = standard_normal(2, 8, &mut rng) * 0.3;
    let lifted = model.constants();
    let jacobian = |x: &Matrix| trace::of_score(|x| lifted.score_at(x, 0.5), x);
    assert!(jacobian(&Matrix::zeros(1, 2)).1.item().is_finite());
    let field = |x: &Matrix, sigma| trace::of_score(|x| lifted.score_at(x, sigma), x);
    // From σ = ½ to 3, twenty levels.
    let sigmas: Vec<f64> = (0..20).map(|i| 0.5 * 6.0_f64.powf(f64::from(i) / 19.0)).collect();
    let end = Mixture::isotropic(2, 10.0);
    let mass = |steps: usize| {
        let rule = Rule::trapezoid(-9.0, 9.0, steps).squared();
        let found = likelihood(field, &end, &rule.nodes, &sigmas).expect("finite");
        let worst = found.worst_change();
        (rule.integrate(&found.log_density.exp()), worst)
    };
    let ((coarse, _), (fine, change)) = (mass(36), mass(72));
    println!("{coarse} {fine} {change:e}");
    assert!(change < 1e-3 && (fine - coarse).abs() < 1e-3, "{coarse} {fine} {change:e}");
    assert!((fine - 1.0).abs() <= change + (fine - coarse).abs(), "{fine}");
}

#[test]
fn what_the_steps_cost_is_told() {
    let (q, x) = example();
    for steps in [25, 50, 100] {
        let found = by_flow(&q, &x, &diagonal(2, 1.0), T, steps);
        let error = (found.log_density - q.log_density(&x)).item().abs();
        let told = found.change.item();
        println!("{steps}: {error:.2e}, told {told:.2e}");
        assert!(error < 0.2 * told, "{steps}: {error:e} {told:e}");
    }
}
