//! Every density is what it says: it integrates to 1, its score is the slope of its logarithm, its
//! samples have its moments, its smoothing is the convolution with a Gaussian.
//!
//! The integrals see only the log density, the slopes are difference quotients, and the moments of
//! samples are held against integrals: four ways in, none through another's code.

use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    autodiff::{
        Var,
        check::{Quotient, difference},
    },
    corruption,
    density::{
        Boltzmann, Density, KernelEstimate, Mixture, SoftplusMixture, Univariate, shapes,
        univariate::ln_gamma,
    },
    identity::{Sides, number},
    matrix::{
        Real,
        noise::{Generator, standard_normal},
    },
    model::Autoencoder,
    quadrature::Rule,
};

const UNIVARIATE: [Univariate; 9] = [
    Univariate::Quartic { theta: 0.7 },
    Univariate::Laplace { scale: 0.8 },
    Univariate::Exponential { rate: 1.7 },
    Univariate::Uniform,
    Univariate::Cauchy,
    Univariate::Gamma { shape: 0.5 },
    Univariate::Gamma { shape: 1.5 },
    Univariate::Gamma { shape: 4.0 },
    Univariate::Logistic { scale: 0.6 },
];

fn generator(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

/// ∫ dx over the support. On a half line x = ±eᵗ: then every one of these densities, however heavy
/// its tail or steep its end, is analytic in t and decays at both ends. No kink or jump lies inside.
fn line(q: Univariate, steps: usize) -> Rule {
    if q == Univariate::Uniform {
        return Rule::trapezoid(0.0, 1.0, steps);
    }
    let t = Rule::trapezoid(-80.0, 40.0, steps);
    let x = t.nodes.exp();
    let weights = t.weights * &x;
    if q.support().0 == 0.0 {
        return Rule { nodes: x, weights };
    }
    let m = x.rows();
    let sign = |i| if i < m { 1.0 } else { -1.0 };
    Rule {
        nodes: Matrix::from_fn(2 * m, 1, |i, _| sign(i) * x.at(i % m, 0)),
        weights: Matrix::from_fn(2 * m, 1, |i, _| weights.at(i % m, 0)),
    }
}

/// With steps of h = 1/10 over `fineness`. The narrowest Gaussian has s = 0.15, beside a factor of 0.4
/// in a convolution 0.14; the rule errs by about 2 exp(−2π² s²/h²), which is below 10⁻¹⁶.
fn plane(limit: f64, fineness: usize) -> Rule {
    Rule::trapezoid(-limit, limit, 20 * fineness * limit as usize).squared()
}

/// E(x) = ½‖x‖² + Σ softplus(2x)
fn energy<'t>(x: &Var<'t>) -> Var<'t> {
    x.squared_norm() * 0.5 + (*x * 2.0).softplus().sum_over_dimensions()
}

/// Three points on the line or in the plane.
fn estimate(d: usize) -> KernelEstimate {
    KernelEstimate { points: standard_normal(3, d, &mut generator(d as u64)), sigma: 0.5 }
}

/// Every density of the plane, with a name.
fn planar() -> Vec<(&'static str, Box<dyn Density>)> {
    vec![
        ("pinwheel", Box::new(shapes::pinwheel())),
        ("ring", Box::new(shapes::ring())),
        ("two moons", Box::new(shapes::two_moons())),
        ("smoothed pinwheel", Box::new(shapes::pinwheel().smoothed(0.5))),
        ("Parzen", Box::new(estimate(2))),
        ("Boltzmann", Box::new(Boltzmann::new(energy, plane(9.0, 1)))),
        (
            "softplus",
            Box::new(SoftplusMixture::new(Autoencoder::random(2, 3, &mut generator(1)), 2)),
        ),
    ]
}

/// ∫q = 1, with a fineness of 1 and of 2.
#[track_caller]
fn integrates_to_one(name: &str, q: &(impl Density + ?Sized), over: impl Fn(usize) -> Rule) {
    mass_is(1.0, q, over).agree().unwrap_or_else(|why| panic!("{name}: {why}"));
}

fn mass_is(expected: f64, q: &(impl Density + ?Sized), over: impl Fn(usize) -> Rule) -> Sides {
    Sides::doubled(|fineness| {
        let rule = over(fineness);
        let mass = rule.weights.tn(&q.log_density(&rule.nodes).exp());
        Sides::integrals([vec![mass.clone()], number(expected)], vec![mass], rule.nodes.rows())
    })
}

#[test]
fn every_density_integrates_to_one() {
    for q in UNIVARIATE {
        integrates_to_one(&format!("{q:?}"), &q, |fineness| line(q, 6000 * fineness));
    }
    let nodes = |fineness| Rule::trapezoid(-9.0, 9.0, 200 * fineness);
    integrates_to_one("Parzen", &estimate(1), nodes);
    for (name, q) in planar() {
        integrates_to_one(name, &*q, |fineness| plane(9.0, fineness));
    }
    let wide = mass_is(1.01, &Mixture::isotropic(2, 1.02), |fineness| plane(9.0, fineness));
    assert!(wide.differ_clearly(), "1 % more would be seen");
}

/// ∇ log q at the rows of x against difference quotients of log q along the axes.
#[track_caller]
fn score_is_the_slope(name: &str, q: &(impl Density + ?Sized), x: &Matrix) {
    let (score, log) = (q.score(x), q.log_density(x));
    for (i, j) in (0..x.rows()).flat_map(|i| (0..x.cols()).map(move |j| (i, j))) {
        let row = x.select(&[i]);
        let step = |h: f64| Matrix::from_fn(1, x.cols(), |_, k| if k == j { h } else { 0.0 });
        let found = difference(|h| q.log_density(&(row.clone() + step(h))).item());
        // Some sixty roundings in log q, of terms not much larger than itself and its slope.
        let terms = 1.0 + log.at(i, 0).abs() + score.at(i, j).abs();
        let allowed = found.truncation + Quotient::MAGNIFICATION * 64.0 * f64::EPSILON * terms;
        let gap = (found.value - score.at(i, j)).abs();
        assert!(gap <= allowed, "{name} at {:?}: {gap:e} > {allowed:e}", row.data());
        // The check says something: an error of one part in ten thousand would be seen.
        assert!(allowed < 1e-4 * terms, "{name} at {:?}: {allowed:e} shows nothing", row.data());
    }
}

#[test]
fn every_score_is_the_slope_of_its_log_density() {
    for q in UNIVARIATE {
        let inside = Matrix::from_rows([[0.35], [0.6], [0.9]]);
        score_is_the_slope(&format!("{q:?}"), &q, &inside);
        if q.support().0 < 0.0 {
            score_is_the_slope(&format!("{q:?}"), &q, &(inside * -2.0));
        }
    }
    for (name, q) in planar() {
        score_is_the_slope(name, &*q, &(standard_normal(20, 2, &mut generator(1)) * 1.5));
    }
    score_is_the_slope("Parzen", &estimate(5), &standard_normal(5, 5, &mut generator(2)));
}

/// Means of functions of a sample against integrals: within 6 standard errors, and 10 % more would
/// be at least 10 away.
#[track_caller]
fn samples_agree(name: &str, q: &(impl Density + ?Sized), over: &Rule, f: &[fn(&[f64]) -> f64]) {
    let sample = q.sample(200_000, &mut generator(7));
    let rule = over.weighted(&q.log_density(&over.nodes).exp());
    for (which, f) in f.iter().enumerate() {
        let of = |x: &Matrix| Matrix::from_fn(x.rows(), 1, |i, _| f(x.row(i)));
        let (values, expected) = (of(&sample), rule.integrate(&of(&rule.nodes)));
        let right = Sides::monte_carlo(values.data(), expected);
        right.agree().unwrap_or_else(|why| panic!("{name}, statistic {which}: {why}"));
        // Only the even ones are far from 0.
        if which == 0 {
            let wrong = Sides::monte_carlo(values.data(), 1.1 * expected);
            assert!(wrong.differ_clearly(), "{name}: 10 % more is only {wrong:?} away");
        }
    }
}

#[test]
fn samples_have_the_mean_and_the_covariance_of_their_density() {
    let bounded: [fn(&[f64]) -> f64; 2] = [|x| 1.0 / (1.0 + x[0] * x[0]), |x| x[0].tanh()];
    let moments: [fn(&[f64]) -> f64; 2] = [|x| x[0] * x[0], |x| x[0]];
    for q in UNIVARIATE {
        let (name, over) = (format!("{q:?}"), line(q, 6000));
        samples_agree(&name, &q, &over, &bounded);
        if q != Univariate::Cauchy {
            samples_agree(&name, &q, &over, &moments); // a Cauchy variable has none
        }
    }
    let all: [fn(&[f64]) -> f64; 5] =
        [|x| x[0] * x[0], |x| x[1] * x[1], |x| x[0] * x[1], |x| x[0], |x| x[1]];
    for (name, q) in planar() {
        samples_agree(name, &*q, &plane(9.0, 1), &all);
    }
}

/// q_σ(x̃) = ∫ q(x) N(x̃; x, σ²I) dx, and ∇² log q is the slope of the score.
#[test]
fn a_smoothed_mixture_is_the_convolution_and_its_hessian_the_slope_of_its_score() {
    let (q, sigma) = (shapes::two_moons(), 0.4);
    let smoothed = q.smoothed(sigma);
    let noisy: Matrix = standard_normal(8, 2, &mut generator(3));
    let log = smoothed.log_density(&noisy);
    let hessian = smoothed.hessian(&noisy);
    let rules = [1, 2].map(|fineness| q.rule(&plane(7.0, fineness)));
    for i in 0..noisy.rows() {
        let at = noisy.select(&[i]);
        let convolution = Sides::doubled(|fineness| {
            let rule = &rules[fineness - 1];
            let there = Matrix::from_fn(rule.nodes.rows(), 2, |_, j| at.at(0, j));
            let value = rule.integrate(&corruption::log_density(&rule.nodes, &there, sigma).exp());
            let sides = [number(log.at(i, 0).exp()), number(value)];
            Sides::integrals(sides, number(value), rule.nodes.rows())
        });
        assert_eq!(convolution.agree(), Ok(()));
        for (j, k) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let step = |h: f64| Matrix::from_fn(1, 2, |_, l| if l == k { h } else { 0.0 });
            let found = difference(|h| smoothed.score(&(at.clone() + step(h))).at(0, j));
            let allowed = found.truncation + Quotient::MAGNIFICATION * 1e3 * f64::EPSILON;
            let gap = (found.value - hessian.at(2 * i + j, k)).abs();
            assert!(gap <= allowed && allowed < 1e-6, "({j}, {k}): {gap:e} > {allowed:e}");
        }
    }
}

/// Z in closed form: of ½‖x‖²/v it is (2πv)^(d/2).
#[test]
fn the_partition_function_of_a_gaussian_energy_is_known() {
    const VARIANCE: f64 = 0.8;
    // e^(−800) would underflow: the constant has to be taken out first.
    fn energy<'t>(x: &Var<'t>) -> Var<'t> {
        x.squared_norm() * (0.5 / VARIANCE) + 800.0
    }
    let log_two_pi_v = (std::f64::consts::TAU * VARIANCE).ln();
    for d in [1, 2] {
        let sides = Sides::doubled(|fineness| {
            let line = Rule::trapezoid(-9.0, 9.0, 100 * fineness);
            let rule = if d == 1 { line } else { line.squared() };
            let (nodes, q) = (rule.nodes.rows(), Boltzmann::new(energy, rule));
            // Z over e^(−800), whose exponent is a number of that size.
            let log = number(q.log_partition());
            let expected = number(0.5 * f64::from(d) * log_two_pi_v - 800.0);
            Sides::integrals([log, expected], number(800.0), nodes)
        });
        assert_eq!(sides.agree(), Ok(()));
    }
}

/// The chord of an arc of radius r is 2r sin(half its angle).
#[test]
fn the_strokes_of_a_shape_stand_evenly_along_its_curves() {
    let even = |q: &Mixture, strokes: usize, radius: f64, arc: f64| {
        let means: Vec<&Matrix> = q.modes().map(|(_, mean)| mean).collect();
        let distance =
            |i: usize, j: usize| (means[i].clone() - means[j]).squared_norm().sum().item().sqrt();
        for start in (0..means.len()).step_by(strokes) {
            for (i, j) in (0..strokes).flat_map(|i| (0..strokes).map(move |j| (i, j))) {
                let chord = 2.0 * radius * (0.5 * arc * i.abs_diff(j) as f64).sin().abs();
                assert!((distance(start + i, start + j) - chord).abs() < 1e-14, "{i} and {j}");
            }
        }
    };
    let (turn, half) = (std::f64::consts::TAU, std::f64::consts::PI);
    even(&shapes::pinwheel(), 5, 2.0, turn / 5.0);
    even(&shapes::ring(), 16, 2.0, turn / 16.0);
    even(&shapes::two_moons(), 7, 1.6, half / 6.0);
}

/// Γ(a) = (a − 1)!, which is an f64 up to 18!. Of Stirling's terms a ln a passes through 3 roundings,
/// the sums through 3 more, and the logarithm here through 2: together below 5u (a ln a + a + 1), and
/// twice that where some ten logarithms bring a up to 10.
#[test]
fn ln_gamma_is_the_logarithm_of_a_factorial() {
    let off = |a: f64, gamma: f64, factor: f64| {
        let size = a.max(10.0) * a.max(10.0).ln() + a.max(10.0) + 1.0;
        let (gap, allowed) = (ln_gamma(a) - gamma.ln(), factor * 5.0 * f64::UNIT_ROUNDOFF * size);
        assert!(gap.abs() <= allowed, "Γ({a}): {gap:e} > {allowed:e}");
    };
    let factorial = |n: i32| (1..=n).map(f64::from).product::<f64>();
    (10..=19).for_each(|a| off(a.into(), factorial(a - 1), 1.0));
    (1..10).for_each(|a| off(a.into(), factorial(a - 1), 2.0));
    off(0.5, std::f64::consts::PI.sqrt(), 2.0);
}
