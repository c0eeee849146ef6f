//! T23: annealed Langevin dynamics, its levels and its mode weights.
//!
//! The expected share of a mode is computed by quadrature, more precisely than sampling could. Chains
//! are compared with it by Monte Carlo, and each wrong rule with its own number.

use rand::SeedableRng;
use score_matching::{
    Array, Matrix,
    corruption::NoiseScales,
    density::{Density, Mixture},
    identity::{
        Sides,
        annealing::{
            START, TwoModes, equilibrium, heavy_side, noise_of_the_last_level, point_ratio,
            proportional_to_the_deviation, proportional_to_the_variance, ratio, share_of_noise,
        },
    },
    matrix::{Real, noise::Generator},
    quadrature::{Rule, converged},
    sampler::{Level, Sampler, Step, annealed, langevin, levels},
};

const U: f64 = f64::UNIT_ROUNDOFF;
const MODES: TwoModes = TwoModes::EXAMPLE;
const EPSILON: f64 = 0.1;

/// A rule for the step, from σᵢ, σ₁ and σ_L.
type Rules = fn(f64, f64, f64) -> Step;

/// The rule of the paper, and three near misses.
const RIGHT: Rules = |sigma, _, last| proportional_to_the_variance(sigma / last, EPSILON);
const WRONG: [(&str, Rules); 3] = [
    ("a step proportional to σ", |sigma, _, last| {
        proportional_to_the_deviation(sigma / last, EPSILON)
    }),
    ("the drift scaled by the level, the noise √ε at every level", |sigma, _, last| {
        noise_of_the_last_level(sigma / last, EPSILON)
    }),
    ("divided by σ₁² instead of σ_L²", |sigma, first, _| {
        proportional_to_the_variance(sigma / first, EPSILON)
    }),
];

/// How many standard errors the mean of the values is from what it should be: [`Sides::monte_carlo`]
/// allows six.
fn standard_errors(values: &[f64], expected: f64) -> f64 {
    6.0 * Sides::monte_carlo(values, expected).residual()
}

/// σ from 20 to 1, added to the components' unit variance.
fn schedule(count: usize, rule: Rules) -> Vec<Level> {
    let scales = NoiseScales::geometric(20.0, 1.0, count);
    let sigmas = scales.sigmas();
    sigmas.iter().map(|&sigma| Level { sigma, step: rule(sigma, 20.0, 1.0) }).collect()
}

fn plain() -> [Level; 1] {
    [Level { sigma: 0.0, step: Step::halved(EPSILON) }]
}

/// The mode weight that so many levels and steps recover, without drawing anything.
fn expected(levels: &[Level], steps: usize) -> f64 {
    *heavy_side(MODES, levels, steps, 1.0).last().expect("a level")
}

/// σ² I(q_σ)/d of the two modes, where they overlap and where they do not: the factor by which the
/// ratio stays below ε/(4σ_L²), with two rules; and by −𝔼[Δ log q], which knows no squared score.
#[test]
fn the_ratio_depends_on_the_level_as_far_as_the_data_have_a_width() {
    let share = |sigma: f64, steps: usize| {
        let q = MODES.plane().smoothed(sigma);
        let end = MODES.place + 9.0 * sigma.hypot(1.0);
        let rule = q.rule(&Rule::trapezoid(-end, end, steps).squared());
        let n = rule.nodes.rows();
        let hessian = q.hessian(&rule.nodes);
        let laplacian =
            Matrix::from_fn(n, 1, |i, _| hessian.at(2 * i, 0) + hessian.at(2 * i + 1, 1));
        let by_laplacian = -rule.integrate(&laplacian);
        let information = q.fisher_information(&rule);
        // The terms of the Laplacian are at most 1/v and the square of a score, some 10² of it;
        // 24 roundings of log q, which is at most 60, come with each, and a sum over the nodes.
        let tolerance = 2.0 * (n as f64 + 24.0 * 60.0) * 100.0 * U * information;
        let _ = converged(by_laplacian, information, tolerance);
        sigma * sigma * information / 2.0
    };
    let found = [20.0, 10.0, 5.0, 2.0, 1.0].map(|sigma| {
        let fine = share(sigma, 400);
        (sigma, converged(share(sigma, 200), fine, 1e-10))
    });
    println!("σ and σ² I(q_σ)/d of the two modes: {found:?}");
    for (sigma, share) in found {
        assert!(0.0 < share && share < 1.0, "at most that of a point mass: {share}");
        // The factor is the same for N(0, I), but for the modes' distance.
        assert!(share <= share_of_noise(1.0, sigma) + 1e-12);
    }
    assert!((found[0].1 - 1.0).abs() < 0.07, "σ dominates: {}", found[0].1);
    assert!((found[4].1 - 0.5).abs() < 1e-3, "σ = s: half: {}", found[4].1);
}

/// The ratio of what the sampler adds, on samples of q_σ: 6 standard errors. That it is ε/4 on every
/// level is false where σ is no larger than the data's own width, by more than ten.
#[test]
fn the_ratio_measured_on_samples() {
    const N: usize = 20_000;
    let mut rng = Generator::seed_from_u64(23);
    for sigma in [0.5, 1.0, 4.0] {
        let q = Mixture::isotropic(2, 1.0).smoothed(sigma);
        let step = proportional_to_the_variance(sigma, EPSILON);
        let drift = q.score(&q.sample(N, &mut rng)) * step.drift;
        let noise = 2.0 * step.noise * step.noise; // of both dimensions, exactly
        let ratios: Vec<f64> = drift.squared_norm().data().iter().map(|s| s / noise).collect();
        let right = standard_errors(&ratios, 0.25 * EPSILON * share_of_noise(1.0, sigma));
        assert!(right <= 6.0, "σ = {sigma}: {right:?}");
        let wrong = standard_errors(&ratios, 0.25 * EPSILON);
        assert!(sigma > 2.0 || wrong > 10.0, "level-independent at {sigma}: {wrong:?}");
        let information = 2.0 / (1.0 + sigma * sigma);
        assert_eq!(ratio(step, information, 2), ratio(step, 0.5 * information, 1));
    }
}

/// For a point mass each wrong rule has another ratio on every level: smaller, or larger.
#[test]
fn the_wrong_rules_change_the_ratio_from_level_to_level() {
    let at = |rule: Rules, sigma| point_ratio(sigma, rule(sigma, 20.0, 1.0));
    let right = at(RIGHT, 1.0);
    // Squares and quotients of both, and a root: some ten roundings.
    assert!((at(RIGHT, 20.0) / right - 1.0).abs() < 20.0 * U, "{right}");
    assert!((right / (0.25 * EPSILON) - 1.0).abs() < 20.0 * U, "{right}");
    let [linear, noise, first] = WRONG.map(|(_, rule)| at(rule, 20.0) / right);
    assert!((linear - 0.05).abs() < 1e-12, "20 times less: {linear}");
    assert!((noise - 400.0).abs() < 1e-9, "400 times more: {noise}");
    assert!((first - 0.0025).abs() < 1e-12, "400 times less, on every level: {first}");
}

/// The ridge of the density between the basins of the modes, on the diagonal.
fn ridge() -> f64 {
    let score = |u: f64| MODES.diagonal().score(&Matrix::from_rows([[u]])).item();
    let (mut low, mut high) = (-1.0, 1.0); // the score points away from the ridge
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if score(middle) < 0.0 { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// Plain Langevin recovers the area of the basin of the start, and twice the nodes agree.
#[test]
fn plain_langevin_recovers_the_basin_of_the_start() {
    let weight = expected(&plain(), 1000);
    converged(weight, *heavy_side(MODES, &plain(), 1000, 2.0).last().expect("one"), 1e-11);
    let end = START * std::f64::consts::SQRT_2;
    let below = (end + ridge()).powi(2) / (2.0 * end * end); // of a triangle
    println!("plain: {weight:.6}, the basin's area {:.6}, ridge at {:.4}", 1.0 - below, ridge());
    assert!((weight - (1.0 - below)).abs() < 1e-3, "{weight} {below}");
    assert!((0.46..0.56).contains(&weight) && (weight - 0.8).abs() > 0.25);
}

/// The weight grows with the number of levels and of steps, towards 0.8.
#[test]
fn annealing_tends_to_the_right_weight_as_levels_and_steps_grow() {
    let at = |levels, steps| expected(&schedule(levels, RIGHT), steps);
    let table = [5, 10, 20].map(|l| [30, 100, 300].map(|t| at(l, t)));
    println!("weights for L = 5, 10, 20 and T = 30, 100, 300: {table:.5?}");
    assert!(table.iter().all(|row| row.is_sorted()), "it grows with T");
    assert!((0..3).all(|t| table.iter().map(|row| row[t]).is_sorted()), "it grows with L");
    // Half the nodes: the table in tests/theorems/annealing_law.rs shows that they are enough.
    let most = heavy_side(MODES, &schedule(40, RIGHT), 300, 0.5)[39];
    let middle = table[1][1];
    println!("L = 10, T = 100: {middle:.6}; L = 40, T = 300: {most:.6}");
    let twice = heavy_side(MODES, &schedule(10, RIGHT), 100, 2.0)[9];
    converged(middle, twice, 1e-10);
    assert!((middle - 0.78).abs() < 0.005 && (most - 0.795).abs() < 0.01);
    assert!(0.8 - most < 0.002 && most < 0.8, "nearer than 0.795: {most}");
}

/// What is missing is frozen in. A chain has the share of q_σ only while it can still cross.
#[test]
fn the_weights_freeze_before_the_modes_have_parted() {
    let shares = heavy_side(MODES, &schedule(10, RIGHT), 100, 1.0);
    println!("after each level {shares:.4?}");
    let last = shares[9];
    assert!(shares[8..].iter().all(|share| (share - last).abs() < 3e-4), "frozen");
    let scales = NoiseScales::geometric(20.0, 1.0, 10);
    let at = |i: usize| equilibrium(MODES, scales.sigmas()[i]);
    assert!((shares[3] - at(3)).abs() < 0.01, "still in equilibrium: {} {}", shares[3], at(3));
    assert!(at(9) - last > 0.017, "and no longer: {last}");
    // From σ = 20 to σ = 1 in one stride nothing is left to cross: the equilibrium of σ = 20.
    let stride = expected(&schedule(2, RIGHT), 1000);
    assert!((stride - at(0)).abs() < 0.005 && 0.8 - stride > 0.2, "{stride}");
}

/// The chain across the diagonal is linear: v ← (1 − drift/s²)² v + noise², from that of the start.
fn variance_across(levels: &[Level], steps: usize) -> f64 {
    let each = levels.iter().flat_map(|level| std::iter::repeat_n(level, steps));
    each.fold(START * START / 3.0, |v, Level { sigma, step }| {
        let pull = step.drift / (1.0 + sigma * sigma);
        (1.0 - pull).powi(2) * v + step.noise * step.noise
    })
}

/// The last level of three rules is the same chain. It forgets all but 0.975²⁰⁰ = 0.0063 of the
/// variance before it, which is at most 1 from its own. The third wrong rule has steps too short to
/// feel the score: it diffuses almost freely, from 64/3 by Σα, and 2Σ(pull) of that at most is lost.
#[test]
fn the_variance_across_is_that_of_the_last_level_or_of_free_diffusion() {
    const STEPS: usize = 100;
    let [right, linear, cold, short] = [RIGHT, WRONG[0].1, WRONG[1].1, WRONG[2].1]
        .map(|rule| variance_across(&schedule(10, rule), STEPS));
    println!("variances across {right:.4}, wrong {linear:.4}, {cold:.4}, {short:.4}");
    let pull = 0.5 * EPSILON / 2.0;
    let own = EPSILON / (pull * (2.0 - pull));
    let forgotten = (1.0 - pull).powi(200);
    for (found, page) in [(right, 2.031), (linear, 2.031), (cold, 2.022)] {
        assert!((found - own).abs() < forgotten, "{found} and {own}");
        assert!((found - page).abs() < 6e-4, "{found}");
    }
    let levels = schedule(10, WRONG[2].1);
    let sum = |of: fn(&Level) -> f64| levels.iter().map(of).sum::<f64>() * STEPS as f64;
    let free = START * START / 3.0 + sum(|level| level.step.noise.powi(2));
    let lost = 2.0 * sum(|level| level.step.drift / (1.0 + level.sigma * level.sigma));
    println!("free {free:.3}, of which at most {lost:.3} is lost");
    assert!((free - 41.88).abs() < 0.01 && lost < 0.25, "{free} {lost}");
    assert!((1.0 - lost) * free < short && short < free && (short - 34.35).abs() < 6e-3, "{short}");
}

/// With annealing, with each wrong rule on the same draws, and without.
#[test]
fn chains_recover_the_weights_and_wrong_rules_do_not() {
    const N: usize = 6000;
    const STEPS: usize = 100;
    let q = MODES.plane();
    let run = |levels: &[Level]| {
        let mut rng = Generator::seed_from_u64(2);
        let start = TwoModes::start(N, &mut rng);
        let score = |x: &Matrix, sigma: f64| q.smoothed(sigma).score(x);
        let x = annealed(score, start, levels.to_vec(), STEPS, &mut rng);
        let x = x.after(levels.len() * STEPS).expect("finite");
        let across = (0..N).map(|i| 0.5 * (x.at(i, 0) - x.at(i, 1)).powi(2)).collect::<Vec<_>>();
        (TwoModes::counted(&x), across)
    };
    let error = |weight: f64| (weight * (1.0 - weight) / N as f64).sqrt();

    assert_eq!(schedule(10, RIGHT), levels(&NoiseScales::geometric(20.0, 1.0, 10), EPSILON));
    let levels = schedule(10, RIGHT);
    let (weight, across) = run(&levels);
    let law = expected(&levels, STEPS);
    println!("annealed: {weight:.4} ± {:.4}, law {law:.4}", error(law));
    assert!((weight - law).abs() <= 6.0 * error(law), "{weight} {law}");
    let variance = standard_errors(&across, variance_across(&levels, STEPS));
    assert!(variance <= 6.0, "{variance:?}");

    for (name, rule) in WRONG {
        let levels = schedule(10, rule);
        let (wrong, wrong_across) = run(&levels);
        // Coarser nodes err by less than 10⁻⁴, which is little beside a standard error.
        let own = heavy_side(MODES, &levels, STEPS, 0.5)[levels.len() - 1];
        println!("{name}: {wrong:.4} ± {:.4}, law {own:.4}", error(own));
        // Or by one chain: beside a weight of nearly 1 the law of the count is not normal.
        let allowed = 6.0 * error(own) + 1.0 / N as f64;
        assert!((wrong - own).abs() <= allowed, "{name}: {wrong} {own}");
        assert!((wrong - law).abs() >= 10.0 * error(law), "{name} is caught: {wrong}");
        let variance = standard_errors(&wrong_across, variance_across(&levels, STEPS));
        assert!(variance <= 6.0, "{name}: {variance:?}");
    }

    let mut rng = Generator::seed_from_u64(2);
    let start = TwoModes::start(N, &mut rng);
    let plain_chains = langevin(|x: &Matrix| q.score(x), start, Step::halved(EPSILON), &mut rng);
    let weight = TwoModes::counted(&plain_chains.after(1000).expect("finite"));
    let law = expected(&plain(), 1000);
    println!("plain: {weight:.4} ± {:.4}, law {law:.4}", error(law));
    assert!((weight - law).abs() <= 6.0 * error(law) && (0.46..0.56).contains(&weight), "{weight}");
    assert!((weight - 0.8).abs() >= 10.0 * error(law), "not the weight of the mode");
}
