//! The noise-conditional network against its formula, eq. (7) of proofs/noise_conditional.md,
//! written out number by number.

use rand::{RngExt, SeedableRng};
use score_matching::{
    Matrix,
    identity::noise_conditional::network,
    matrix::{
        Real,
        noise::{Generator, standard_normal},
    },
    model::NoiseConditionalNetwork,
};

const U: f64 = f64::UNIT_ROUNDOFF;

/// What a rule may get wrong: what f sees of x, what it sees of σ, and how it is multiplied.
#[derive(Clone, Copy)]
struct Rule {
    seen: fn(x: f64, root: f64) -> f64,
    level: fn(sigma: f64) -> f64,
    gain: fn(s: f64, sigma: f64, root: f64) -> f64,
}

const RIGHT: Rule =
    Rule { seen: |x, root| x / root, level: f64::ln, gain: |s, sigma, root| s / (sigma * root) };

/// log(1 + eˣ)
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// One row of (7), −x/R² + gain · f(seen, level) with R = √(σ² + s²), and the size of what each
/// number is made of.
fn by_hand(
    rule: Rule,
    model: &NoiseConditionalNetwork<Matrix>,
    x: &[f64],
    sigma: f64,
) -> Vec<[f64; 2]> {
    let s = model.width;
    let root = (sigma * sigma + s * s).sqrt();
    let [first, last] = &model.network.layers[..] else { panic!("one hidden layer") };
    let hidden: Vec<[f64; 2]> = (0..first.w.rows())
        .map(|j| {
            let inputs = x.iter().enumerate();
            let inputs = inputs.map(|(k, &x)| first.w.at(j, k) * (rule.seen)(x, root));
            let level = model.level.at(j, 0) * (rule.level)(sigma);
            let terms: Vec<f64> = inputs.chain([first.b.at(0, j), level]).collect();
            let size: f64 = terms.iter().map(|t| t.abs()).sum();
            [softplus(terms.iter().sum()), 1.0 + size] // softplus(y) < 1 + |y|
        })
        .collect();
    let gain = (rule.gain)(s, sigma, root);
    let output = |(i, x): (usize, &f64)| {
        let w = |j: usize| last.w.at(i, j);
        let bias = last.b.at(0, i);
        let f: f64 = hidden.iter().enumerate().map(|(j, [h, _])| w(j) * h).sum::<f64>() + bias;
        let parts = hidden.iter().enumerate().map(|(j, [_, size])| w(j).abs() * size);
        let size = parts.sum::<f64>() + bias.abs();
        [gain * f - x / (root * root), gain * size + x.abs() / (root * root)]
    };
    x.iter().enumerate().map(output).collect()
}

/// Every weight is non-zero, those of log σ too, and every row has a σ of its own, from 0.02 to 20.
///
/// Both sides round. Let the elementary functions err by 2u. 1/R is exp(½ log R⁻²) in the model,
/// with |log R⁻²| ≤ 6.1: that errs by 10u, and R here by 3u. An input of the first layer then
/// differs by 13u, after at most d + 4 ≤ 8 roundings on each side and 4u of a logarithm by 33u;
/// softplus is no steeper than 1, adds 8u, and the last layer, 8 roundings on each side, brings it
/// to 57u. The gain differs by 19u, and the product and the difference round on both sides: 80u of
/// the size.
///
/// The generators are fixed, so the margins of the wrong rules are facts: σ − log σ is 1 at least, s
/// is no larger than 0.8, and R is 1 on one of six rows at most.
#[test]
fn the_network_is_its_formula_and_no_neighbour_of_it() {
    let wrong = [
        ("σ for log σ", Rule { level: |sigma| sigma, ..RIGHT }),
        ("x for x/R", Rule { seen: |x, _| x, ..RIGHT }),
        ("a gain without s", Rule { gain: |_, sigma, root| 1.0 / (sigma * root), ..RIGHT }),
        ("a gain without R", Rule { gain: |s, sigma, _| s / sigma, ..RIGHT }),
    ];
    let (mut largest, mut least) = (0.0_f64, f64::INFINITY);
    for seed in 0..200 {
        let mut rng = Generator::seed_from_u64(seed);
        let (n, d) = (6, rng.random_range(1..=4));
        let model = network(d, rng.random_range(0.4..0.8), &mut rng);
        assert!(model.level.data().iter().all(|&level| level != 0.0));
        let x = standard_normal(n, d, &mut rng) * 3.0;
        let sigma = Matrix::from_fn(n, 1, |i, _| {
            0.02 * 1000.0_f64.powf((i as f64 + rng.random_range(0.0..1.0)) / n as f64)
        });
        let found = model.score(&x, &sigma);
        // The largest gap between the model and a rule, in units of what rounding allows.
        let gap = |rule: Rule| {
            let rows = (0..n).flat_map(|i| {
                let row: Vec<f64> = (0..d).map(|j| x.at(i, j)).collect();
                let expected = by_hand(rule, &model, &row, sigma.at(i, 0));
                let found = &found;
                expected.into_iter().enumerate().map(move |(j, [value, size])| {
                    let gap = (found.at(i, j) - value).abs() / (80.0 * U * size);
                    if gap.is_nan() { f64::INFINITY } else { gap }
                })
            });
            rows.fold(0.0, f64::max)
        };
        let right = gap(RIGHT);
        assert!(right <= 1.0, "{seed}: {right}");
        largest = largest.max(right);
        for (name, rule) in wrong {
            let miss = gap(rule);
            assert!(miss > 1e9, "{seed}, {name}: {miss:e}");
            least = least.min(miss);
        }
    }
    println!("of the bound: right {largest:.3}, wrong at least {least:.1e}");
}
