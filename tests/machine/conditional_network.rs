//! The noise-conditional network is its formula, eq. (7) of proofs/noise_conditional.md, for all
//! parameters, points and noise levels: two layers, two rows with a σ each, in the plane.
//!
//! R stands in it as s exp(½ softplus(2 log(σ/s))); that this is √(σ² + s²) is seen in numbers.

use rand::SeedableRng;
use score_matching::{
    Array,
    array::Linear,
    grid::Exact,
    identity::noise_conditional::network,
    matrix::noise::Generator,
    model::{NoiseConditionalNetwork, Parameters},
};

/// What may go wrong: what f sees of x, what it sees of σ, and by what it is multiplied. s/R is an
/// indeterminate of its own, exp(−½ softplus(2 log(σ/s))).
struct Rule {
    seen: fn(x: Exact, root: Exact) -> Exact,
    level: fn(sigma: Exact) -> Exact,
    gain: fn(s: f64, sigma: Exact, root: Exact) -> Exact,
}

const RIGHT: Rule = Rule {
    seen: |x, inverse_root| x * inverse_root,
    level: Array::ln,
    gain: |s, sigma, inverse_root| sigma.reciprocal() * inverse_root * s,
};

/// −xᵢ/R² + gain · f(seen, level), R² = σ² + s².
fn formula(rule: &Rule, model: &NoiseConditionalNetwork<Exact>, x: &Exact, sigma: &Exact) -> Exact {
    let (_, d) = x.shape();
    let s = model.width;
    let shrink = (((sigma.clone() * (1.0 / s)).ln() * 2.0).softplus() * -0.5).exp();
    let inverse_root = shrink * (1.0 / s);
    let wide = |column: &Exact| column.clone().linear(Linear::Spread(d));
    let [first, last] = &model.network.layers[..] else { panic!("one hidden layer") };
    let level = (rule.level)(sigma.clone()).nt(&model.level);
    let inputs = (rule.seen)(x.clone(), wide(&inverse_root)).nt(&first.w).add_row(&first.b);
    let f = (inputs + level).softplus().nt(&last.w).add_row(&last.b);
    let precision = inverse_root.clone() * &inverse_root;
    f * wide(&(rule.gain)(s, sigma.clone(), inverse_root)) - x.clone() * wide(&precision)
}

#[test]
fn the_network_is_its_formula_and_no_neighbour_of_it() {
    let mut names = ('a'..='z').map(|letter| letter.to_string());
    let model = network(2, 0.5, &mut Generator::seed_from_u64(1))
        .map(|p| Exact::named(&names.next().expect("a letter"), p.rows(), p.cols()));
    let (x, sigma) = (Exact::named("x", 2, 2), Exact::named("σ", 2, 1));
    let found = model.score(&x, &sigma);
    assert_eq!(found, formula(&RIGHT, &model, &x, &sigma));
    for (name, wrong) in [
        ("σ for log σ", Rule { level: |sigma| sigma, ..RIGHT }),
        ("x for x/R", Rule { seen: |x, _| x, ..RIGHT }),
        ("a gain without s", Rule { gain: |_, sigma, root| sigma.reciprocal() * root, ..RIGHT }),
        ("a gain without R", Rule { gain: |s, sigma, _| sigma.reciprocal() * s, ..RIGHT }),
    ] {
        assert_ne!(found, formula(&wrong, &model, &x, &sigma), "{name}");
    }
}
