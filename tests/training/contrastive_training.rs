//! Contrastive divergence as a training: CD-1, CD-k and persistent chains, and what the length of the
//! step costs (T26).
//!
//! What was learned is compared with the data by quadrature, or with the fixed point that theory
//! gives. At p = q only an exact chain leaves the model alone.

use crate::bumps::{bumps, share};
use rand::SeedableRng;
use score_matching::{
    Array, Matrix, Tape,
    array::Function,
    density::{Density, Mixture, boltzmann::log_partition},
    experiment::Failure,
    identity::{Sides, contrastive_divergence::Energy},
    matrix::{
        Real,
        noise::{Generator, standard_normal},
    },
    model::{EnergyNetwork, Parameters, ScoreNetwork},
    objective::contrastive_divergence,
    optimizer::Adam,
    quadrature::{Rule, converged, expectation},
    sampler::{
        Escaped, Negatives, Sampler, Step, langevin,
        metropolis::{Place, log_acceptance, metropolis},
    },
    train::{NotFinite, fresh, train, try_train},
};

fn generator(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

/// How many standard errors the mean of the values is from what it should be: [`Sides::monte_carlo`]
/// allows six.
fn standard_errors(values: &[f64], expected: f64) -> f64 {
    6.0 * Sides::monte_carlo(values, expected).residual()
}

fn scalar(value: f64) -> Matrix {
    Matrix::from_rows([[value]])
}

/// k learned for E = kx²/2 from N(0, 1), in 48 independent trainings: with 47 degrees of
/// freedom six standard errors are a false alarm of probability 3·10⁻⁷, by Student's law.
fn learned_precisions(negatives: impl Fn(Matrix, Generator) -> Negatives<f64>) -> Vec<f64> {
    const STEPS: usize = 600;
    let q = Mixture::isotropic(1, 1.0);
    let learned = (0..48).map(|seed| {
        let mut rng = generator(seed);
        let mut negatives = negatives(q.sample(256, &mut rng), generator(100 + seed));
        let trained = train(
            Energy::gaussian(0.5),
            &mut Adam::annealed(0.05, STEPS),
            fresh(&q, 256, rng).take(STEPS),
            |model, x, _| {
                let negative = negatives.draw(|x| model.energy(x), x).expect("finite chains");
                contrastive_divergence(|x| model.energy(x), x, &negative)
            },
            |_| (),
        );
        trained.expect("finite losses").precision.item()
    });
    learned.collect()
}

/// A step of ε = ½ is long for N(0, 1). CD-1, CD-5 and persistent chains all learn the model whose
/// chain at this step has the variance of the data, k = (2/ε)(1 − √(1 − ε)) = 1.17, and not k = 1.
#[test]
fn every_kind_of_chain_learns_the_precision_that_its_own_bias_makes_up_for() {
    let epsilon: f64 = 0.5;
    let fixed = 2.0 / epsilon * (1.0 - (1.0 - epsilon).sqrt());
    let kinds: [(&str, &dyn Fn(Matrix, Generator) -> Negatives<f64>); 3] = [
        ("CD-1", &|_, rng| Negatives::from_data(1, epsilon, rng)),
        ("CD-5", &|_, rng| Negatives::from_data(5, epsilon, rng)),
        ("persistent", &|start, rng| Negatives::persistent(start, 1, epsilon, rng)),
    ];
    for (name, negatives) in kinds {
        let learned = learned_precisions(negatives);
        let (right, wrong) = (standard_errors(&learned, fixed), standard_errors(&learned, 1.0));
        let mean = learned.iter().sum::<f64>() / learned.len() as f64;
        println!(
            "{name}: k = {mean:.4}, {right:.1} standard errors from {fixed:.4}, {wrong:.0} from 1"
        );
        assert!(right <= 6.0, "{name}: {right:?}");
        assert!(wrong > 10.0, "{name}: {wrong:?}");
    }
}

/// The share of 𝔼_q‖∇ log q‖² that is left.
fn left_over(model: &EnergyNetwork<Matrix>) -> f64 {
    share(&bumps(), |x| {
        let tape = Tape::new();
        let (theta, x) = (model.on(&tape), tape.var(x));
        -theta.energy(&x).sum().gradient(&[x]).remove(0)
    })
}

/// KL(q‖p) = 𝔼_q[log q + E] + log Z, by quadrature.
fn divergence(model: &EnergyNetwork<Matrix>) -> f64 {
    let q = bumps();
    let at = |steps| {
        let rule = Rule::trapezoid(-16.0, 16.0, steps);
        let tape = Tape::new();
        let energy = model.on(&tape).energy(&tape.var(&rule.nodes)).value();
        let gap = q.log_density(&rule.nodes) + &energy;
        q.rule(&rule).integrate(&gap) + log_partition(&energy, &rule, 0.0).item()
    };
    converged(at(600), at(1200), 1e-9)
}

/// Trained on fresh batches of the bumps; `sign` −1 is the bug.
fn trained(
    model: EnergyNetwork<Matrix>,
    mut negatives: Negatives<f64>,
    steps: usize,
    sign: f64,
) -> EnergyNetwork<Matrix> {
    let q = bumps();
    let result = train(
        model,
        &mut Adam::annealed(0.03, steps),
        fresh(&q, 512, generator(1)).take(steps),
        |model, x, _| {
            let negative = negatives.draw(|x| model.energy(x), x).expect("finite chains");
            contrastive_divergence(|x| model.energy(x), x, &negative) * sign
        },
        |_| (),
    );
    result.expect("finite losses")
}

/// One network, three trainings. Persistent chains go on from what CD-1 has left, and bring the
/// divergence down, since theirs is the gradient of the likelihood up to the bias of the chain. They
/// must keep up with a model that moves: from random weights they take several times as long.
#[test]
fn an_energy_network_learns_the_score_by_contrastive_divergence() {
    let network = ScoreNetwork::random(&[1, 16, 1], Function::Softplus, &mut generator(1));
    let model = EnergyNetwork { network, width: 2.0 };
    let from_data = |k, epsilon| Negatives::from_data(k, epsilon, generator(3));
    let start = standard_normal(512, 1, &mut generator(2));
    let persistent = Negatives::persistent(start, 10, 0.2, generator(3));
    let one = trained(model.clone(), from_data(1, 0.1), 1000, 1.0);
    let five = trained(model.clone(), from_data(5, 0.02), 1000, 1.0);
    let begun = trained(model.clone(), from_data(1, 0.1), 300, 1.0);
    let refined = trained(begun.clone(), persistent, 700, 1.0);
    let flipped = trained(model.clone(), from_data(1, 0.1), 30, -1.0);
    let flipped = left_over(&flipped);
    let [untrained, one, five, begun, refined] =
        [model, one, five, begun, refined].map(|m| (left_over(&m), divergence(&m)));
    println!("share of the Fisher divergence that is left, and KL(q‖p):");
    println!("  untrained {untrained:.4?}; the sign turned round {flipped:.1}");
    println!("  CD-1 {one:.4?}, CD-5 {five:.4?}, 300 steps {begun:.4?}, persistent {refined:.4?}");
    // The thresholds are chosen for this example, with its network and its seeds; none is derived.
    assert!(untrained.0 > 0.5 && flipped > 1.0);
    assert!(one.0 < 0.05 && five.0 < 0.05 && one.1 < 0.01 && five.1 < 0.01);
    assert!(refined.0 < 0.12 && refined.0 < begun.0 && refined.1 < 0.5 * begun.1);
}

/// x⁻ are the states of the sampler, to the bit, with new noise at every call; persistent chains go
/// on, and the others begin again; one that escapes is an error.
#[test]
fn negatives_are_langevin_chains_of_the_model() {
    let (epsilon, x) = (0.1, standard_normal(50, 1, &mut generator(1)));
    let score = |x: &Matrix| -x.clone();
    let draw = |negatives: &mut Negatives<f64>| {
        let tape = Tape::new();
        negatives.draw(|x| x.squared_norm() * 0.5, &tape.var(&x)).map(|x| x.value())
    };
    let after = |steps, start: &Matrix, rng: &mut Generator| {
        langevin(score, start.clone(), Step::halved(epsilon), rng).after(steps).expect("finite")
    };
    let mut rng = generator(2);
    let mut from_data = Negatives::from_data(3, epsilon, generator(2));
    for _ in 0..2 {
        assert_eq!(draw(&mut from_data), Ok(after(3, &x, &mut rng)));
    }
    let (mut rng, mut chains) = (generator(2), Matrix::zeros(50, 1));
    let mut persistent = Negatives::persistent(chains.clone(), 3, epsilon, generator(2));
    for _ in 0..2 {
        chains = after(3, &chains, &mut rng);
        assert_eq!(draw(&mut persistent), Ok(chains.clone()));
    }
    let mut escaping = Negatives::persistent(x.clone() * 1e300, 2, 1e10, generator(2));
    assert_eq!(draw(&mut escaping), Err(Escaped { chain: 0, step: 1 }));

    // An energy from which they escape leaves persistent chains where they were: the next draw goes
    // on from there, with new noise.
    let steep = 1e200;
    let (tape, score) = (Tape::new(), |x: &Matrix| -x.clone() * steep);
    let escaped = persistent.draw(|x| x.squared_norm() * (0.5 * steep), &tape.var(&x));
    let own = langevin(score, chains.clone(), Step::halved(epsilon), &mut rng).after(3);
    assert_eq!(escaped.map(|x| x.value()), own);
    assert!(own.is_err(), "they escape");
    assert_eq!(draw(&mut persistent), Ok(after(3, &chains, &mut rng)));
}

/// A chain that escapes ends the training with its own error, and before the step; a loss that is
/// not finite still ends it as it does without chains.
#[test]
fn an_objective_that_fails_ends_the_training_with_its_error() {
    // What the energy is multiplied by in the third batch, for the chains and for the loss: with a
    // score beyond all numbers every chain escapes at once, the first in the first place.
    let cases = [
        ([f64::INFINITY, 1.0], Failure::Sampling(Escaped { chain: 0, step: 1 })),
        ([1.0, f64::INFINITY], Failure::Training(NotFinite { step: 3, loss: f64::INFINITY })),
    ];
    for ([steep, large], expected) in cases {
        let mut negatives = Negatives::from_data(1, 0.1, generator(2));
        let (mut asked, mut told) = (0, 0);
        let result = try_train(
            Energy::gaussian(1.0),
            &mut Adam::new(0.01),
            fresh(&Mixture::isotropic(1, 1.0), 8, generator(1)).take(5),
            |model, x, _| {
                asked += 1;
                let [steep, large] = if asked == 3 { [steep, large] } else { [1.0, 1.0] };
                negatives.draw(|x| model.energy(x) * steep, x)?;
                Ok(model.energy(x) * large)
            },
            |step| told = step.number,
        );
        assert_eq!((result.err(), asked, told), (Some(expected), 3, 2));
    }
}

/// At p = q the expected gradient should vanish. By detailed balance the flow from x to x′ equals the
/// flow back, so on any grid that treats x and x′ alike the terms of the adjusted chain cancel in
/// pairs: rounding is all that is left. An unadjusted chain moves, and so does one whose correction
/// forgets that the proposal is not symmetric.
#[test]
fn at_the_truth_only_the_adjusted_chain_leaves_the_model_alone() {
    let (epsilon, nodes) = (0.5, 161);
    let network = ScoreNetwork::random(&[1, 4, 1], Function::Softplus, &mut generator(1));
    let model = Energy { precision: scalar(1.0), tilt: scalar(0.5), network: Some(network) };
    let rule = Rule::trapezoid(-8.0, 8.0, nodes - 1);
    let pick = |which: fn(usize, usize) -> usize| {
        let rows: Vec<usize> = (0..nodes * nodes).map(|i| which(i, nodes)).collect();
        let tape = Tape::new();
        let x = rule.nodes.select(&rows);
        let energy = model.on(&tape).energy(&tape.var(&x)).value();
        (Place { score: model.score(&x), x, energy }, rule.weights.select(&rows))
    };
    let ((here, weight), (there, other)) = (pick(|i, n| i / n), pick(|i, n| i % n));
    let noise = there.x.clone() - &here.x - here.score.clone() * (0.5 * epsilon);
    let joint = -here.energy.clone() - noise.squared_norm() * (0.5 / epsilon); // log p(x) k(x′|x)
    let gradient = |log_accepted: &Matrix| {
        let least = -(-log_accepted.clone()).relu(); // log min(1, ·)
        let weights = (joint.clone() + &least).exp() * &weight * &other;
        let tape = Tape::new();
        let theta = model.on(&tape);
        let (x, negative) = (tape.var(&here.x), tape.var(&there.x));
        let loss = contrastive_divergence(|x| theta.energy(x), &x, &negative);
        let terms = theta.energy(&x) + theta.energy(&negative);
        let [loss, terms] = [loss, terms]
            .map(|of| expectation(&weights, &of).gradient(&[theta.precision])[0].item());
        loss / terms
    };
    let adjusted = gradient(&log_acceptance(&here, &there, epsilon));
    let unadjusted = gradient(&(here.energy.clone() * 0.0));
    let asymmetric = gradient(&(here.energy.clone() - &there.energy));
    println!("adjusted {adjusted:.1e}, unadjusted {unadjusted:.1e}, asymmetric {asymmetric:.1e}");
    // a sum of nodes² terms, and exponents up to 100 whose errors are errors of the terms
    let rounding = 2.0 * ((nodes * nodes) as f64 + 64.0 * 100.0) * f64::UNIT_ROUNDOFF;
    assert!(adjusted.abs() < rounding, "{adjusted:e}");
    assert!(unadjusted.abs() > 1e-3 && asymmetric.abs() > 1e-3);
}

/// The same by chains: 40 000 of them at p = q = N(0, 1), one step of ε = 1. Of ∂ₖE = x²/2 the
/// adjusted chain keeps the mean, the unadjusted one raises it by ε²/8.
#[test]
fn at_the_truth_the_adjusted_chain_keeps_the_mean_of_the_gradient() {
    let (n, epsilon) = (40_000, 1.0);
    let x = standard_normal(n, 1, &mut generator(1));
    let change = |negative: Matrix| -> Vec<f64> {
        ((x.squared_norm() - negative.squared_norm()) * 0.5).data().to_vec()
    };
    let potential = |x: &Matrix| (x.squared_norm() * 0.5, -x.clone());
    let adjusted = metropolis(potential, x.clone(), epsilon, &mut generator(2)).after(1);
    let adjusted = change(adjusted.expect("finite"));
    let step = Step::halved(epsilon);
    let unadjusted = langevin(|x: &Matrix| -x.clone(), x.clone(), step, &mut generator(2)).after(1);
    let unadjusted = change(unadjusted.expect("finite"));
    let kept = standard_errors(&adjusted, 0.0);
    let moved = standard_errors(&unadjusted, -epsilon * epsilon / 8.0);
    let false_rest = standard_errors(&unadjusted, 0.0);
    println!(
        "adjusted {kept:.1} standard errors from 0; unadjusted {moved:.1} from −ε²/8 and {false_rest:.0} from 0"
    );
    assert!(kept <= 6.0 && moved <= 6.0 && false_rest > 10.0);
}
