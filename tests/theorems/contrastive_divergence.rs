//! T26: the orders of what contrastive divergence, and the rules that are mistaken for it, miss.

use rand::SeedableRng;
use score_matching::{
    Matrix,
    identity::{
        contrastive_divergence::{
            Contrast, Weighted, angle, contrastive, contrastive_by, distance, first_order,
            implicit, signs, through_the_sampler,
        },
        fitted_order,
        langevin::swapped,
    },
    matrix::noise::Generator,
};

/// What is measured of an instance, its name and its order in ε.
type Measure = (&'static str, f64, fn(&Contrast) -> f64);

fn value(list: &[Matrix]) -> f64 {
    list[0].item()
}

fn twice_the_drift(i: &Contrast) -> Vec<Matrix> {
    contrastive_by(i, swapped(i.epsilon)[1])
}

/// (ε/2) 𝔼[‖ψ‖² + tr J], the ½ being lost.
fn whole(i: &Contrast) -> Vec<Matrix> {
    first_order(i, 2.0)
}

fn by_signs(i: &Contrast) -> Vec<Matrix> {
    contrastive(&Contrast { noise: signs(i.data.nodes.cols()), ..i.clone() })
}

/// z = 2 with probability 1/5 and −½ else.
fn by_skewed_noise(i: &Contrast) -> Vec<Matrix> {
    let column = |a: f64, b: f64| Matrix::from_rows([[a], [b]]);
    let noise = Weighted { nodes: column(2.0, -0.5), weights: column(0.2, 0.8) };
    contrastive(&Contrast { noise, ..i.clone() })
}

const MEASURES: [Measure; 9] = [
    ("CD-1", 2.0, |i| distance(&contrastive(i), &implicit(i))),
    ("its angle", 1.0, |i| angle(&contrastive(i), &implicit(i))),
    ("its value", 1.0, |i| (value(&contrastive(i)) - value(&implicit(i))).abs()),
    ("its value, to [‖ψ‖² + tr J]", 2.0, |i| {
        (value(&contrastive(i)) - value(&whole(i))).abs()
    }),
    ("signs for z", 2.0, |i| distance(&by_signs(i), &implicit(i))),
    ("through the sampler", 1.0, |i| distance(&through_the_sampler(i), &implicit(i))),
    ("the same, to [‖ψ‖² + tr J]", 2.0, |i| distance(&through_the_sampler(i), &whole(i))),
    ("twice the drift", 1.0, |i| distance(&twice_the_drift(i), &implicit(i))),
    ("the same, to [‖ψ‖² + tr J]", 2.0, |i| distance(&twice_the_drift(i), &whole(i))),
];

/// A skewed z leaves ε^(3/2) 𝔼z³/6 times ∂³ₓ∇_θE, on the line.
const SKEWED: Measure = ("skewed z", 1.5, |i| distance(&by_skewed_noise(i), &contrastive(i)));

/// All expansions are in powers of √ε, so an order is a multiple of ½, and ¼ decides.
///
/// The energies are the first two of a generator whose seed is the number of the theorem.
#[test]
fn what_is_missed_has_its_order_in_the_step() {
    let mut rng = Generator::seed_from_u64(26);
    for d in [1, 2] {
        let instance = Contrast::random(d, &mut rng);
        for (name, expected, measure) in MEASURES.into_iter().chain((d == 1).then_some(SKEWED)) {
            let points = [32.0, 64.0, 128.0, 256.0, 512.0, 1024.0].map(|inverse| {
                let epsilon = 1.0 / inverse;
                [epsilon, measure(&Contrast { epsilon, ..instance.clone() })]
            });
            let order = fitted_order(&points);
            println!("d = {d}, {name}: {order:.3}");
            assert!((order - expected).abs() < 0.25, "d = {d}, {name}: order {order}");
        }
    }
}
