//! T4, T5, T20, T31, T32: the limits, minimisers and rates behind them, and the plain way caught.

use rand::SeedableRng;
use score_matching::{
    Array, Dual, Matrix,
    density::{Density, Mixture, Univariate},
    identity::where_implicit_fails::{
        atoms::{Collapse, Lattice, objective, score_and_trace},
        edges::{
            Parts, SmoothScore, boundary_term, constant, double_square, jump, minimiser, nodes,
            pieces, square, weighted,
        },
        kinks::Kinked,
        tails::{GammaBeyond, information_of_shape_two},
    },
    matrix::noise::Generator,
    objective::implicit,
};

const EXPONENTIAL: Univariate = Univariate::Exponential { rate: 1.0 };

#[test]
fn the_gap_of_the_exponential_density_is_one_half_minus_lambda() {
    for lambda in [0.0, 0.5, 1.0, 3.0] {
        let scale = (1.0 + lambda) * (1.0 + lambda);
        let nodes = nodes(&pieces(EXPONENTIAL, &[]), 1);
        let parts = Parts::of(EXPONENTIAL, &nodes, |x| constant(x, -lambda));
        assert!((parts.explicit - parts.implicit - (0.5 - lambda)).abs() < 1e-13 * scale);
        // The boundary term with the other sign is caught, and so is its absence.
        let edge = boundary_term(EXPONENTIAL, |_| -lambda);
        assert_eq!(edge, -lambda);
        let flipped = parts.implicit + parts.half_information - edge;
        assert!(lambda == 0.0 || (parts.explicit - flipped).abs() > 0.99);
    }
}

#[test]
fn plain_implicit_takes_the_uniform_density_for_a_slope_of_minus_three() {
    let line = |a: f64| move |x: &Dual<Matrix>| x.clone() * a;
    let nodes = nodes(&pieces(Univariate::Uniform, &[]), 1);
    let parts = |a: f64| Parts::of(Univariate::Uniform, &nodes, line(a));
    assert!((minimiser(|a| parts(a).implicit) + 3.0).abs() < 1e-12);
    assert!(minimiser(|a| parts(a).explicit).abs() < 1e-12);
    let repaired = |a: f64| weighted(Univariate::Uniform, double_square, line(a));
    assert!(minimiser(repaired).abs() < 1e-10); // the curvature is 1/105
    // A shipped kind of slip: the weight without the term of its slope.
    let without = |x| [double_square(x)[0], 0.0];
    let wrong = minimiser(|a| weighted(Univariate::Uniform, without, line(a)));
    assert!((wrong + 3.5).abs() < 1e-10, "{wrong}"); // −(1/30)/(1/105)
}

#[test]
fn plain_implicit_finds_no_rate_and_the_weighted_one_the_true_rate() {
    for rate in [0.5, 1.0, 1.7] {
        let density = Univariate::Exponential { rate };
        let minus = |lambda: f64| move |x: &Dual<Matrix>| constant(x, -lambda);
        let nodes = nodes(&pieces(density, &[]), 1);
        let plain = minimiser(|l| Parts::of(density, &nodes, minus(l)).implicit);
        let repaired = minimiser(|l| weighted(density, square, minus(l)));
        assert!(plain.abs() < 1e-11, "{plain}");
        assert!((repaired - rate).abs() < 1e-11, "{repaired}"); // 2 m₁/m₂
        // A weight that does not vanish at the boundary repairs nothing.
        let wrong = minimiser(|l| weighted(density, |x| [1.0 + x, 1.0], minus(l)));
        assert!((wrong - rate).abs() > 0.1, "{wrong}"); // 1/(1 + m₁)
    }
}

#[test]
fn the_pointwise_trace_fits_no_laplace_density() {
    let density = Univariate::Laplace { scale: 1.0 };
    let nodes = nodes(&pieces(density, &[0.0]), 1);
    let psi = |lambda: f64| move |x: &Dual<Matrix>| jump(x, 0.0, -2.0 * lambda) + lambda;
    let pointwise = |l: f64| Parts::of(density, &nodes, psi(l)).implicit;
    // 𝔼[−2λ δ] = −2λ q(0) = −λ
    let distributional = |l: f64| pointwise(l) - 2.0 * l * density.log_density_at(0.0).exp();
    assert!(minimiser(pointwise).abs() < 1e-12);
    assert!((minimiser(distributional) - 1.0).abs() < 1e-12);
}

/// For w = 1, b = 0 the tape has 𝔼 relu(x) = log 2 = 0.693; ¼ is lost, and differences of the
/// integral find log 2 + ¼ = 0.943.
#[test]
fn the_gradient_of_a_relu_score_lacks_the_moving_kink() {
    let kinked = |bias| Kinked { weight: 1.0, bias, rest: SmoothScore::zero() };
    let (truth, tape) = (kinked(0.0).slope(1), kinked(0.0).slope_by_tape(1));
    assert!((truth - 2.0_f64.ln() - 0.25).abs() < 1e-12, "{truth}");
    assert!((tape - 2.0_f64.ln()).abs() < 1e-12, "{tape}");
    // Central differences: the error is h²/6 times a third derivative below 2, and rounding u/h.
    let h = 1e-4;
    let difference = (kinked(h).value() - kinked(-h).value()) / (2.0 * h);
    assert!((difference - truth).abs() < h * h, "{difference}");
    println!(
        "∂_b ISM of relu(x + b) at 0: {truth:.4}, by differences {difference:.4}, by tape {tape:.4}"
    );
}

#[test]
fn a_collapsing_component_has_slope_minus_two() {
    let points = Matrix::from_rows([[0.3, -0.2], [1.1, 0.4], [-0.6, 0.9], [0.1, -1.5]]);
    let at = |k: i32| {
        let width = 0.5_f64.powi(k);
        objective(&Collapse::new(points.clone(), width, 0.5)).item()
    };
    let slope = (at(12) / at(8)).log2() / 4.0; // of −ISM against 1/s
    assert!((slope - 2.0).abs() < 1e-3, "{slope}");
    let (n, d, s) = (4.0, 2.0, 0.5_f64.powi(12));
    assert!((at(12) * n * s * s / d + 1.0).abs() < 1e-6);
    println!("ISM on 4 points: {:.3e} at s = 2⁻¹²", at(12));
}

/// T31: on a lattice even infinitely many data are atoms. A model with a component on every point
/// has ISM = −d/s² exactly: s is a power of two, and the other components underflow.
#[test]
fn on_a_lattice_implicit_is_unbounded_bit_for_bit() {
    for (d, k) in [(1, 6), (2, 7), (3, 20)] {
        let width = 0.5_f64.powi(k);
        let points = Matrix::from_fn(5, d, |i, j| (i * (j + 1)) as f64);
        let covariance = Matrix::from_fn(d, d, |i, j| if i == j { width * width } else { 0.0 });
        let component = |i: usize| (1.0, points.select(&[i]), covariance.clone());
        let model = Mixture::new((0..5).map(component));
        let objective = implicit(score_and_trace(&model, &points));
        assert!(objective.data().iter().all(|&v| v == -(d as f64) / (width * width)));
    }
}

#[test]
fn the_ripple_of_a_smoothed_lattice_dies_between_a_quarter_and_one_spacing() {
    let ripple = |sigma: f64| {
        let lattice = Lattice { spacing: 1.0, sigma };
        (0..=50)
            .map(|i| (lattice.by_points(f64::from(i) / 100.0)[0] - 1.0).abs())
            .fold(0.0, f64::max)
    };
    for (sigma, expected) in [(0.25, 0.5968), (0.5, 0.014_38), (1.0, 5.351e-9)] {
        let (measured, first) = (ripple(sigma), Lattice { spacing: 1.0, sigma }.ripple());
        println!("σ = {sigma} Δ: ripple {measured:.3e}, first wave {first:.3e}");
        assert!((measured / expected - 1.0).abs() < 1e-3, "{measured}");
        // What is left out begins with the second wave, smaller by e^(−6π²σ²/Δ²) = 0.025 at most.
        assert!((first / measured - 1.0).abs() < 0.025, "{first}");
    }
}

/// Below σ = Δ/4 the score that DSM learns is that of spikes, ±Δ/(2σ²) half way, and not 0.
#[test]
fn little_noise_on_a_lattice_teaches_the_spikes() {
    let (lattice, x) = (Lattice { spacing: 1.0, sigma: 0.1 }, 0.25);
    let [_, score] = lattice.by_points(x);
    assert!((score + x / 0.01).abs() < 1e-8, "{score}"); // the nearest point alone
}

/// For a = 2 the information is infinite as well, but only like log(1/r): here −γ − 1 + 3 log 10 up to
/// O(r), of which E₁(r) alone lacks the 1.
#[test]
fn the_information_of_shape_two_grows_like_a_logarithm() {
    let known = 5.333_537_864_803; // twelve decimals
    let found = GammaBeyond { shape: 2.0, cut: 1e-3 }.information(1);
    assert!((found - known).abs() < 1e-12, "{found}");
    assert!((information_of_shape_two(1e-3) - known).abs() < 1e-12);
}

#[test]
fn implicit_takes_every_gamma_shape_below_two_for_two() {
    for shape in [0.5, 1.2, 1.5] {
        let best = |cut| GammaBeyond { shape, cut }.best_shape();
        assert!(best(1e-6) < best(1e-3) && (best(1e-6) - 2.0).abs() < 0.01, "{}", best(1e-6));
    }
    // a > 2: no truncation needed, 𝔼[1/x]/𝔼[1/x²] = a − 2. Here by samples: both moments exist with
    // their variances for a = 6.
    let n = 100_000;
    let mut rng = Generator::seed_from_u64(1);
    let fit = |shape: f64, rng: &mut Generator| {
        let x = Univariate::Gamma { shape }.sample(n, rng);
        let mean = |f: fn(f64) -> f64| x.data().iter().map(|&v| f(v)).sum::<f64>() / n as f64;
        (2.0 + mean(|v| 1.0 / v) / mean(|v| 1.0 / (v * v)), mean(|v| v))
    };
    let (sound, _) = fit(6.0, &mut rng);
    let (wrong, weighted) = fit(1.5, &mut rng);
    println!(
        "{n} samples: gamma 6 fitted as {sound:.3}; gamma 1.5 as {wrong:.3}, weighted {weighted:.3}"
    );
    assert!((sound - 6.0).abs() < 0.1);
    // Weighted by x², ISM is least at the mean, with standard error √(a/n).
    let error = (1.5 / n as f64).sqrt();
    assert!((weighted - 1.5).abs() < 6.0 * error && (wrong - 1.5).abs() > 10.0 * error);
    assert!((wrong - 2.0).abs() < 0.1, "{wrong}");
}

/// ψ = −ax on Cauchy data: the empirical ISM is least at a = 1/mean(x²), and the mean grows like n.
/// The median over 31 repetitions falls with slope −1; its own scatter is about 0.3 at either end
/// of three decades.
#[test]
fn a_mean_of_squares_of_the_cauchy_density_never_settles() {
    let mut rng = Generator::seed_from_u64(2);
    let mut median = |n: usize| {
        let mut best: Vec<f64> = (0..31)
            .map(|_| n as f64 / Univariate::Cauchy.sample(n, &mut rng).squared_norm().sum().item())
            .collect();
        best.sort_by(f64::total_cmp);
        best[15]
    };
    let slope = (median(30_000) / median(30)).log10() / 3.0;
    println!("the fitted slope a falls like n^{slope:.2}");
    assert!((slope + 1.0).abs() < 0.2, "{slope}");
}
